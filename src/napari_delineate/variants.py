"""Vary one step of a workflow: other algorithms in its place, or other settings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from napari_delineate import catalogue
from napari_delineate.signatures import Setting
from napari_delineate.types import Quantity, Voxels
from napari_delineate.wording import spaced, value_in_words
from napari_delineate.workflow import Workflow

__all__ = [
    "Variant",
    "alternatives",
    "replacements",
    "sensible_values",
    "sweep",
    "take",
    "upstream",
]

_DIGITS = 3
_FIRST_GUESS = {Quantity.LENGTH: Voxels(1.0), Quantity.SIZE: Voxels(100.0)}
"""What a length or size that is not used yet is tried with."""


@dataclass(frozen=True)
class Variant:
    """Hold a workflow in which one step is another.

    Attributes
    ----------
    title : str
        What is different, in few words: it tells the variants of a step apart.
    detail : str
        The settings of the step in words.
    workflow : Workflow
        The step and those that it needs.
    step : str
        Name of the step.
    """

    title: str
    detail: str
    workflow: Workflow
    step: str


def alternatives(workflow: Workflow, step: str) -> tuple[Variant, ...]:
    """Return all operations of the category of a step that can take its place.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    step : str
        Name of the step.

    Returns
    -------
    tuple of Variant
        The step as it is first, then the others in the order of the catalogue. An
        operation with choices is there once for each, the other settings as they are.

    Examples
    --------
    >>> from napari_delineate.types import Kind
    >>> from napari_delineate.workflow import WorkflowInput
    >>> workflow = Workflow().add_input("coins", WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0)))
    >>> workflow = workflow.add("filters.gaussian", {"image": "coins"}, {"sigma": 3.0})
    >>> [variant.title for variant in alternatives(workflow, "gaussian")][:3]
    ['Gaussian', 'Median: ball', 'Median: box']
    """
    changed = [_used(workflow, step), *_replaced(workflow, step)]
    return tuple(
        _variant(title, one, step) for some in changed for title, one in _choices(some, step)
    )


def replacements(workflow: Workflow, step: str) -> tuple[str, ...]:
    """Return the ids of the operations of the category of a step that can take its place.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    step : str
        Name of the step.

    Returns
    -------
    tuple of str
        The present operation first, then the others in the order of the catalogue.

    Examples
    --------
    >>> from napari_delineate.types import Kind
    >>> from napari_delineate.workflow import WorkflowInput
    >>> workflow = Workflow().add_input("coins", WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0)))
    >>> workflow = workflow.add("filters.gaussian", {"image": "coins"})
    >>> replacements(workflow, "gaussian")[:2]
    ('filters.gaussian', 'filters.median')
    """
    return tuple(one.step(step).operation for one in (workflow, *_replaced(workflow, step)))


def sweep(
    workflow: Workflow,
    step: str,
    setting: str,
    values: Sequence[Any],
    second: str | None = None,
    second_values: Sequence[Any] = (),
) -> tuple[Variant, ...]:
    """Return a step with several values of one or two of its settings.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    step : str
        Name of the step.
    setting : str
        Name of the setting that varies.
    values : sequence
        Its values.
    second : str, optional
        Name of another setting that varies.
    second_values : sequence
        Its values.

    Returns
    -------
    tuple of Variant
        One for each value; with a second setting, all its values with the first value of
        the first setting, then with the next.

    Raises
    ------
    TypeError, ValueError
        If there is no such setting, or it does not allow a value.

    Examples
    --------
    >>> from napari_delineate.types import Kind, voxels
    >>> from napari_delineate.workflow import WorkflowInput
    >>> workflow = Workflow().add_input("coins", WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0)))
    >>> workflow = workflow.add("filters.gaussian", {"image": "coins"})
    >>> [one.title for one in sweep(workflow, "gaussian", "sigma", [voxels(2), voxels(4)])]
    ['2 px', '4 px']
    """
    start = _used(workflow, step)
    settings = {one.name: one for one in catalogue.find(start.step(step).operation).settings}
    seconds: Sequence[dict[str, Any]] = [{}]
    if second is not None:
        seconds = [{second: value} for value in second_values]
    variants = []
    for parameters in ({setting: value, **other} for value in values for other in seconds):
        changed = start.change(step, parameters=parameters)
        words = (
            value_in_words(changed, step, settings[name], changed.step(step).parameters[name])
            for name in parameters
        )
        variants.append(_variant(", ".join(words), changed, step))
    return tuple(variants)


def sensible_values(setting: Setting, value: Any, count: int = 5) -> tuple[Any, ...]:
    """Return values of a setting that are worth a try, the present one among them.

    Parameters
    ----------
    setting : Setting
        The setting.
    value : Any
        Its present value.
    count : int
        How many numbers are returned.

    Returns
    -------
    tuple
        All choices; both of yes and no; numbers between two limits in equal steps; other
        numbers doubled and halved, sizes as if lengths were. Fewer where the range does
        not hold as many, and the present value alone where nothing is known to try.

    Examples
    --------
    >>> sensible_values(Setting("sigma", float, 1.0), 3.0)
    (0.75, 1.5, 3.0, 6.0, 12.0)
    """
    if setting.choices:
        return setting.choices
    if setting.type is bool:
        return (False, True)
    if setting.type is str:
        return (value,)
    if value is None:
        guess = _FIRST_GUESS.get(setting.quantity) if setting.quantity is not None else None
        if guess is None:
            return (None,)
        return (None, *_numbers(setting, guess, count - 1))
    return tuple(_numbers(setting, value, count))


def upstream(workflow: Workflow, names: Iterable[str]) -> Workflow:
    """Return the part of a workflow that some values need.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    names : iterable of str
        Names of values.

    Returns
    -------
    Workflow
        Their inputs and steps.

    Examples
    --------
    >>> from napari_delineate.types import Kind
    >>> from napari_delineate.workflow import WorkflowInput
    >>> workflow = Workflow().add_input("coins", WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0)))
    >>> workflow = workflow.add("filters.median", {"image": "coins"})
    >>> workflow = workflow.add("segmentation.threshold", {"image": "denoised"})
    >>> [step.name for step in upstream(workflow, ["denoised"]).steps]
    ['median']
    """
    needed, steps = set(names), []
    for step in reversed(workflow.steps):
        if needed.intersection(step.outputs):
            needed.update(step.sources)
            steps.append(step)
    inputs = {name: one for name, one in workflow.inputs.items() if name in needed}
    return replace(workflow, steps=tuple(steps[::-1]), inputs=inputs)


def take(workflow: Workflow, variant: Variant) -> Workflow:
    """Return a workflow in which a step is that of a variant.

    Parameters
    ----------
    workflow : Workflow
        The workflow that the variant was made from.
    variant : Variant
        The variant.

    Returns
    -------
    Workflow
        The new workflow.

    Raises
    ------
    UnknownNameError
        If the workflow has no such step any more.
    TypeError, ValueError
        If the workflow is another by now, and the step does not fit.

    Examples
    --------
    >>> from napari_delineate.types import Kind
    >>> from napari_delineate.workflow import WorkflowInput
    >>> workflow = Workflow().add_input("coins", WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0)))
    >>> workflow = workflow.add("segmentation.threshold", {"image": "coins"})
    >>> variant = alternatives(workflow, "threshold")[6]
    >>> take(workflow, variant).step("threshold").parameters["method"]
    'li'
    """
    old, new = workflow.step(variant.step), variant.workflow.step(variant.step)
    return replace(workflow, steps=tuple(new if one is old else one for one in workflow.steps))


def _replaced(workflow: Workflow, step: str) -> Iterator[Workflow]:
    """Return a workflow with each other operation of the category in the place of a step."""
    present = catalogue.find(workflow.step(step).operation)
    for operation in catalogue.operations():
        if operation.category != present.category or operation is present:
            continue
        try:
            yield workflow.replace(step, operation.id)
        except (TypeError, ValueError):
            continue  # it works on something else, or gives less than later steps use


def _used(workflow: Workflow, step: str) -> Workflow:
    """Return a workflow in which a step is not bypassed."""
    return workflow.change(step, bypassed=False)


def _choices(workflow: Workflow, step: str) -> Iterator[tuple[str, Workflow]]:
    """Return a workflow as it is, then with each other choice of a setting of a step.

    The titles show the choice of the first setting that has choices, such as the method, or
    else the one that was changed, with the name of its setting.
    """
    found = workflow.step(step)
    operation = catalogue.find(found.operation)
    settings = [setting for setting in operation.settings if setting.choices]
    if not settings:
        yield operation.title, workflow
        return
    yield f"{operation.title}: {found.parameters[settings[0].name]}", workflow
    for setting in settings:
        name = "" if setting is settings[0] else f"{spaced(setting.name)} "
        for choice in setting.choices:
            if choice != found.parameters[setting.name]:
                changed = workflow.change(step, parameters={setting.name: choice})
                yield f"{operation.title}: {name}{choice}", changed


def _variant(title: str, workflow: Workflow, step: str) -> Variant:
    found = workflow.step(step)
    settings = catalogue.find(found.operation).settings
    detail = " · ".join(
        f"{spaced(one.name)} {value_in_words(workflow, step, one, found.parameters[one.name])}"
        for one in settings
    )
    return Variant(title, detail, upstream(workflow, found.outputs), step)


def _numbers(setting: Setting, value: Any, count: int) -> list[Any]:
    """Return numbers around one, in order; the unit stays."""
    number = value.number if isinstance(value, Voxels) else value
    low, high = setting.range.minimum, setting.range.maximum
    found = {number}
    if setting.type is float and math.isfinite(low) and math.isfinite(high):
        steps = [low + (high - low) * index / max(count - 1, 1) for index in range(count)]
        nearest = min(steps, key=lambda one: abs(one - number))
        others = (_rounded(one) for one in steps if one != nearest)
        found.update(one for one in others if one in setting.range)
    else:
        factor = 4 if setting.quantity is Quantity.SIZE else 2
        for candidate in _around(number, factor, count):
            one = round(candidate) if setting.type is int else _rounded(candidate)
            if len(found) < count and one in setting.range:
                found.add(one)
    return [Voxels(one) if isinstance(value, Voxels) else one for one in sorted(found)]


def _around(number: float, factor: int, count: int) -> Iterator[float]:
    """Return numbers around one: divided and multiplied again and again, then neighbours."""
    if number == 0:
        yield from (float(factor**power) for power in range(count))
    for power in range(1, 10 * count):
        yield number / factor**power
        yield number * factor**power
    # A short range of whole numbers may hold few that are double or half.
    for distance in range(1, count + 1):
        yield number + distance
        yield number - distance


def _rounded(number: float) -> float:
    return float(f"{number:.{_DIGITS}g}")
