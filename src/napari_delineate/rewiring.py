"""Rewire workflows: insert, move, duplicate and take out steps in the middle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from napari_delineate import catalogue
from napari_delineate.catalogue import UnknownNameError
from napari_delineate.steps import Step, Wiring, names_in, passed_on, renamed
from napari_delineate.workflow import Workflow, WorkflowInput

__all__ = [
    "computed_part",
    "duplicate",
    "insert",
    "is_computed_alike",
    "move",
    "put_in",
    "rewire",
    "take_out",
    "without_unused_inputs",
]


def insert(
    workflow: Workflow, operation: str, value: str, parameters: Mapping[str, Any] | None = None
) -> Workflow:
    """Return a workflow with a step behind a value, which what used the value now uses.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    operation : str
        Id of an operation whose one required input takes the value.
    value : str
        Name of an input or output.
    parameters : mapping of str to literal, optional
        Settings that differ from their defaults.

    Returns
    -------
    Workflow
        The new workflow. Steps that can not work on what the new step gives still use
        the value itself.

    Raises
    ------
    ValueError, TypeError
        If the operation does not take the value, or needs more than one.

    Examples
    --------
    >>> from napari_delineate.types import Kind
    >>> from napari_delineate.workflow import WorkflowInput
    >>> workflow = Workflow().add_input("coins", WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0)))
    >>> workflow = workflow.add("segmentation.threshold", {"image": "coins"})
    >>> insert(workflow, "filters.median", "coins").step("threshold").sources
    ('denoised',)
    """
    found = catalogue.find(operation)
    added = workflow.add(operation, {found.inputs[0].name: value}, parameters)
    return put_in(workflow, added.steps[-1], value)


def duplicate(workflow: Workflow, name: str) -> Workflow:
    """Return a workflow in which a step and all that needs it are there twice.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    name : str
        Name of the step where the branch begins.

    Returns
    -------
    Workflow
        The new workflow; the copies are its last steps, and their outputs have new names.

    Examples
    --------
    >>> from napari_delineate.types import Kind
    >>> from napari_delineate.workflow import WorkflowInput
    >>> workflow = Workflow().add_input("coins", WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0)))
    >>> workflow = workflow.add("segmentation.threshold", {"image": "coins"})
    >>> [step.outputs for step in duplicate(workflow, "threshold").steps]
    [('mask',), ('mask_2',)]
    """
    copies: dict[str, str] = {}
    for copied in (name, *workflow.dependants(name)):
        step = workflow.step(copied)
        wired = renamed(step.inputs, copies)
        names: list[str] = []
        for output in step.outputs:
            names.append(workflow.unique_name(output, names))
        workflow = workflow.add(
            step.operation, wired, step.parameters, over=step.over, outputs=tuple(names)
        )
        if step.bypassed:
            workflow = workflow.change(workflow.steps[-1].name, bypassed=True)
        copies.update(zip(step.outputs, names, strict=True))
    return workflow


def take_out(workflow: Workflow, name: str) -> Workflow:
    """Return a workflow without a step; what used its output uses what it worked on.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    name : str
        Name of the step.

    Returns
    -------
    Workflow
        The new workflow.

    Raises
    ------
    ValueError
        If other steps need the step and it works on nothing that could take the place of
        what it gives.
    """
    if not workflow.dependants(name):
        return workflow.remove(name)
    step = workflow.step(name)
    source = passed_on(step, workflow.values)
    if source is None:
        raise ValueError(
            f"step {name!r} can not be taken out alone: the steps after it can not work on "
            "what it works on"
        )
    steps = tuple(
        replace(one, inputs=renamed(one.inputs, {step.outputs[0]: source}))
        for one in workflow.steps
        if one.name != name
    )
    return replace(workflow, steps=steps)


def move(workflow: Workflow, name: str, value: str) -> Workflow:
    """Return a workflow in which a step is taken out and put in behind a value.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    name : str
        Name of the step.
    value : str
        Name of an input, or of an output of another step.

    Returns
    -------
    Workflow
        The new workflow.

    Raises
    ------
    ValueError, TypeError
        If the step can not be taken out, or can not work there.
    """
    step = workflow.step(name)
    if value in step.outputs:
        raise ValueError(f"step {name!r} can not work on what it gives itself")
    left = take_out(workflow, name)
    entry = catalogue.find(step.operation).inputs[0]
    wired = {**step.inputs, entry.name: (value,) if entry.variable else value}
    added = left.add(
        step.operation, wired, step.parameters, name=step.name, outputs=step.outputs
    ).change(name, bypassed=step.bypassed)
    return put_in(left, added.steps[-1], value)


def put_in(workflow: Workflow, step: Step, value: str) -> Workflow:
    """Return a workflow with a step behind a value, which what used the value now uses.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    step : Step
        A step that uses the value; nothing in the workflow has its names yet.
    value : str
        Name of an input or output.

    Returns
    -------
    Workflow
        The new workflow. Steps that can not work on what the new step gives still use
        the value itself.
    """
    maker = workflow.maker(value)
    place = 0 if maker is None else workflow.steps.index(maker) + 1
    # What else the step needs may be made later.
    for source in step.sources:
        other = workflow.maker(source)
        place = max(place, 0 if other is None else workflow.steps.index(other) + 1)
    result = replace(workflow, steps=(*workflow.steps[:place], step, *workflow.steps[place:]))
    for user in workflow.steps[place:]:
        if value in user.sources:
            wired = renamed(user.inputs, {value: step.outputs[0]})
            try:
                result = replace(
                    result,
                    steps=tuple(
                        replace(one, inputs=wired) if one.name == user.name else one
                        for one in result.steps
                    ),
                )
            except (TypeError, ValueError):
                continue  # it can not work on what the step gives
    return result


def rewire(workflow: Workflow, name: str, inputs: Wiring) -> Workflow:
    """Return a workflow in which a step works on other values, also on those made later.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    name : str
        Name of the step.
    inputs : mapping of str to str, sequence of str or None
        The inputs that change.

    Returns
    -------
    Workflow
        The new workflow; steps stand later where they must.

    Raises
    ------
    ValueError, TypeError
        If a value needs what the step gives, or does not fit.
    """
    step = workflow.step(name)
    needing = {name, *workflow.dependants(name)}
    for wired in inputs.values():
        for source in names_in(wired):
            maker = workflow.maker(source)
            if maker is not None and maker.name in needing:
                raise ValueError(f"step {name!r} can not work on {source!r}, which needs it")
    first = [one for one in workflow.steps if one.name not in needing]
    later = [one for one in workflow.steps if one.name in needing]
    try:
        return workflow.change(name, inputs=inputs)
    except UnknownNameError:
        reordered = replace(workflow, steps=(*first, *later))
        return reordered.change(step.name, inputs=inputs)


def without_unused_inputs(workflow: Workflow) -> Workflow:
    """Return a workflow without the inputs that no step takes and nobody annotates or reviews.

    Parameters
    ----------
    workflow : Workflow
        The workflow.

    Returns
    -------
    Workflow
        The same one where every input is used.

    Examples
    --------
    >>> from napari_delineate.steps import WorkflowInput
    >>> from napari_delineate.types import Kind
    >>> image = WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0))
    >>> workflow = Workflow().add_input("used", image).add_input("unused", image)
    >>> workflow = workflow.add("filters.gaussian", {"image": "used"})
    >>> list(without_unused_inputs(workflow).inputs)
    ['used']
    """
    reviewed = workflow.reviews
    return _with_inputs(
        workflow, lambda name, described: name in reviewed or described.annotation is not None
    )


def is_computed_alike(first: Workflow, second: Workflow) -> bool:
    """Tell whether two workflows differ at most in reviews, and annotations that no step takes."""
    return computed_part(first) == computed_part(second)


def computed_part(workflow: Workflow) -> Workflow:
    """Return what of a workflow is computed: its steps, and the inputs that they take."""
    if workflow.reviews:
        workflow = replace(workflow, reviews={})
    return _with_inputs(workflow, lambda *_: False)


def _with_inputs(workflow: Workflow, is_kept: Callable[[str, WorkflowInput], bool]) -> Workflow:
    """Return a workflow with the inputs that steps take, and others that are kept."""
    used = {source for step in workflow.steps for source in step.sources}
    left = {
        name: one for name, one in workflow.inputs.items() if name in used or is_kept(name, one)
    }
    return workflow if len(left) == len(workflow.inputs) else replace(workflow, inputs=left)
