"""Hold annotated images, and score what a workflow makes of them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from napari_delineate.engine import Engine, StepError
from napari_delineate.steps import WorkflowInput
from napari_delineate.tuning.goals import Goal
from napari_delineate.types import Kind
from napari_delineate.values import Value, fingerprint
from napari_delineate.variants import upstream
from napari_delineate.workflow import Workflow

__all__ = ["Case", "CaseError", "Scorer", "check_apart", "split"]


class CaseError(ValueError):
    """Say why an image and its annotation can not be scored, whatever the parameters are."""


@dataclass(frozen=True, eq=False)
class Case:
    """Hold an annotated image.

    Attributes
    ----------
    name : str
        What it is called, for instance the name of its file.
    values : mapping of str to Value
        A value for every input of the workflow.
    annotation : Value
        What is right: labels or a mask, on the grid of the result.
    """

    name: str
    values: Mapping[str, Value]
    annotation: Value

    def fingerprint(self) -> tuple[str, ...]:
        """Return texts that are equal only for equal values, whatever the annotation is."""
        return tuple(fingerprint(self.values[name].data) for name in sorted(self.values))


def split(
    cases: Sequence[Case], held_out: int | Sequence[str] = 0, *, seed: int = 0
) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """Divide annotated images into those for fitting and those kept aside.

    Parameters
    ----------
    cases : sequence of Case
        Annotated images.
    held_out : int or sequence of str
        How many are kept aside, drawn by chance, or their names.
    seed : int
        What makes the draw the same again.

    Returns
    -------
    fitting, held_out : tuple of Case
        Both in the order given.

    Raises
    ------
    ValueError
        If nothing would be left to fit, or a name is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> image = Value.of(np.zeros((4, 4)), Kind.IMAGE)
    >>> labels = Value.of(np.zeros((4, 4), int), Kind.LABELS)
    >>> cases = [Case(name, {"image": image}, labels) for name in "abcd"]
    >>> fitting, held_out = split(cases, 1)
    >>> len(fitting), len(held_out)
    (3, 1)
    """
    names = [case.name for case in cases]
    if isinstance(held_out, int):
        if not 0 <= held_out < len(names):
            raise ValueError(
                f"{held_out} of {len(names)} annotated images can not be kept aside: at least "
                "one is needed to fit"
            )
        places = random.Random(seed).sample(range(len(names)), held_out)  # noqa: S311
    else:
        unknown = [name for name in held_out if name not in names]
        if unknown:
            raise ValueError(f"there is no annotated image {unknown[0]!r}")
        places = [place for place, name in enumerate(names) if name in held_out]
        if len(places) == len(names):
            raise ValueError("all annotated images are kept aside: at least one is needed to fit")
    return (
        tuple(case for place, case in enumerate(cases) if place not in places),
        tuple(case for place, case in enumerate(cases) if place in places),
    )


def check_apart(fitted: Sequence[Case], held_out: Sequence[Case]) -> None:
    """Refuse images with their annotations that are both for fitting and kept aside.

    Raises
    ------
    ValueError
        If there is one: its score would promise too much.
    """
    if not held_out:
        return

    def key(case: Case) -> tuple[str, ...]:
        return (*case.fingerprint(), fingerprint(case.annotation.data))

    seen = {key(case): case.name for case in fitted}
    for case in held_out:
        if key(case) in seen:
            raise ValueError(
                f"{case.name!r} is kept aside and is the same as {seen[key(case)]!r}, which is "
                "fitted to: what is kept aside must be new to the search"
            )


class Scorer:
    """Score variants of a workflow on annotated images.

    What no parameter changes is computed once for each image and kept, however many images
    there are and however little an engine remembers.

    Parameters
    ----------
    workflow : Workflow
        The workflow as it is.
    steps : iterable of str
        Names of the steps of which parameters may change.
    goal : Goal
        The score.
    result : str
        Name of the value that is scored.
    engine : Engine
        Where steps run.

    Raises
    ------
    ValueError
        If a step does not change the result.
    """

    def __init__(
        self, workflow: Workflow, steps: Sequence[str], goal: Goal, result: str, engine: Engine
    ) -> None:
        self._workflow, self._goal, self._result, self._engine = workflow, goal, result, engine
        part = upstream(workflow, [result])
        needed = {step.name for step in part.steps}
        useless = [name for name in steps if name not in needed]
        if useless:
            raise ValueError(f"the settings of {useless[0]!r} do not change {result!r}")
        behind = {one for name in steps for one in (name, *workflow.dependants(name))}
        moving = [step for step in part.steps if step.name in behind]
        self._moving = [step.name for step in moving]
        made = {name for step in moving for name in step.outputs}
        sources = dict.fromkeys(name for step in moving for name in step.sources)
        self._start = [name for name in sources if name not in made]
        self._known: dict[Case, dict[str, Value]] = {}
        self._fits: set[Case] = set()

    def score(self, case: Case, workflow: Workflow) -> float:
        """Return the score of a variant of the workflow on an image.

        Parameters
        ----------
        case : Case
            An annotated image.
        workflow : Workflow
            The workflow with other parameters.

        Returns
        -------
        float
            The score.

        Raises
        ------
        CaseError
            If the image can not be scored, whatever the parameters are.
        StepError, TypeError, ValueError
            If a step refuses these parameters.
        """
        known = self._upstream(case)
        steps = tuple(workflow.step(name) for name in self._moving)
        inputs = {name: _described(value) for name, value in known.items()}
        rest = replace(workflow, steps=steps, inputs=inputs)
        annotation = case.annotation
        if case not in self._fits:
            found = self._engine.run(rest, known, wanted=[self._result])[self._result]
            _check_place(case, found)
            self._fits.add(case)
        whole, name, wanted = self._goal.attached(rest, self._result, _described(annotation))
        results = self._engine.run(whole, {**known, name: annotation}, wanted=[wanted])
        return self._goal.read(results[wanted].data, annotation)

    def check(self, case: Case) -> None:
        """Refuse what is no annotation, or says nothing; `CaseError` says why."""
        _check_annotation(case, self._goal)
        try:
            self._goal.attached(self._workflow, self._result, _described(case.annotation))
        except TypeError as error:
            raise CaseError(f"{case.name}: {error}") from error

    def _upstream(self, case: Case) -> dict[str, Value]:
        """Return what no parameter changes."""
        if case not in self._known:
            try:
                results = self._engine.run(self._workflow, case.values, wanted=self._start)
            except (StepError, TypeError, ValueError) as error:
                raise CaseError(f"{case.name}: {error}") from error
            self._known[case] = {name: results[name] for name in self._start}
        return self._known[case]


def _described(value: Value) -> WorkflowInput:
    return WorkflowInput(value.kind, value.axes, value.spacing, value.units)


def _check_annotation(case: Case, goal: Goal) -> None:
    """Refuse what is no annotation, or says nothing."""
    data = np.asarray(case.annotation.data)
    if data.dtype.kind not in "biu":
        raise CaseError(
            f"the annotation of {case.name!r} must hold labels, which are whole numbers; its dtype "
            f"is {data.dtype}"
        )
    if data.size and data.min() < 0:
        raise CaseError(f"the annotation of {case.name!r} holds labels below 0: {data.min()}")
    if goal.annotation == "sparse" and not data.any():
        raise CaseError(f"the annotation of {case.name!r} is empty: outline some objects in it")
    if goal.annotation == "scribbles":
        has_both = case.annotation.kind is not Kind.MASK and (data == 1).any() and (data > 1).any()
        if not has_both:
            raise CaseError(
                f"the strokes of {case.name!r} must tell two things apart: paint background with "
                "label 1 and objects with label 2"
            )


def _check_place(case: Case, result: Value) -> None:
    """Refuse an annotation that does not lie on the grid of the result."""
    given = case.annotation
    start = f"the annotation of {case.name!r} has"
    if given.axes != result.axes:
        raise CaseError(f"{start} the axes {given.axes}, what is fitted has {result.axes}")
    if given.data.shape != result.data.shape:
        sizes = [" × ".join(map(str, one.data.shape)) for one in (given, result)]
        raise CaseError(
            f"the annotation of {case.name!r} must have the same shape as what is fitted, "
            f"{sizes[1]}; it has {sizes[0]}"
        )
    is_near = np.allclose(given.spacing, result.spacing, rtol=1e-3, atol=0)
    if given.units != result.units or not is_near:
        sizes = [" × ".join(f"{one:g}" for one in value.spacing) for value in (given, result)]
        raise CaseError(
            f"{start} voxels of {sizes[0]} {given.units}, what is fitted of {sizes[1]} "
            f"{result.units}; give both the same"
        )
