"""Compute a part of an image first, where that gives just what the whole gives there."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

from napari_delineate import catalogue
from napari_delineate.engine import Engine, Results
from napari_delineate.regions import Region, crop, grow, halo_of, relative, shape_of
from napari_delineate.steps import Step, WorkflowInput
from napari_delineate.types import Kind
from napari_delineate.values import Value
from napari_delineate.workflow import Workflow

__all__ = ["compute_region", "outdated"]

_SMALL = 0.1
"""Share of an image above which its part is not computed first."""
_QUICK = 0.5
"""Seconds below which the whole is not worth waiting for with a part."""


def outdated(before: Workflow, after: Workflow, changed: Collection[str] = ()) -> set[str]:
    """Return the steps of a workflow whose results those of another one do not tell.

    Parameters
    ----------
    before : Workflow
        The workflow that was computed.
    after : Workflow
        The workflow now.
    changed : collection of str
        Inputs that are no longer what the workflow knows.

    Returns
    -------
    set of str
        Names of steps of `after`.

    Examples
    --------
    >>> workflow = Workflow().add_input("coins", WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0)))
    >>> workflow = workflow.add("filters.median", {"image": "coins"})
    >>> changed = workflow.add("segmentation.threshold", {"image": "denoised"})
    >>> outdated(workflow, changed)
    {'threshold'}
    >>> sorted(outdated(changed, changed, {"coins"}))
    ['median', 'threshold']
    """
    same_device = before.device == after.device
    known = {step.name: step for step in before.steps if same_device}
    doubtful = {name for name, one in after.inputs.items() if before.inputs.get(name) != one}
    doubtful.update(changed)
    found = set()
    for step in after.steps:
        if known.get(step.name) != step or doubtful.intersection(step.sources):
            found.add(step.name)
            doubtful.update(step.outputs)
    return found


def compute_region(
    engine: Engine,
    before: Workflow,
    after: Workflow,
    results: Results,
    inputs: Mapping[str, Value],
    region: Region,
) -> dict[str, Value]:
    """Compute what a change gives within a region, where that is exact and saves time.

    Only images are computed, by steps whose operation says how far a pixel of its result
    looks; they are given that much more than the region.

    Parameters
    ----------
    engine : Engine
        Computes.
    before, after : Workflow
        The workflow that was computed, and the workflow now.
    results : Results
        The results of the former.
    inputs : mapping of str to Value
        The inputs of the latter.
    region : mapping of str to (int, int)
        The region, in pixels along the axes that it limits.

    Returns
    -------
    dict of str to Value
        For each such image, what it is in the region; empty if it is not worth it.

    Raises
    ------
    CancelledError
        If the engine is cancelled meanwhile.
    """
    changed = outdated(before, after)
    known = dict(inputs)
    for step in after.steps:
        if step.name not in changed:
            known.update({name: results[name] for name in step.outputs if name in results})
    steps, halo, grid = _local_steps(after, changed, known)
    seconds = sum(
        results.reports[step.name].seconds for step in steps if step.name in results.reports
    )
    if grid is None or seconds < _QUICK:
        return {}
    region = {letter: limits for letter, limits in region.items() if letter in grid.axes}
    outer = grow(region, halo, shape_of(grid))
    if _share(outer, grid) > _SMALL:
        return {}
    sources = {name for step in steps for name in step.sources}.intersection(known)
    part = Workflow(
        steps,
        {
            name: WorkflowInput(one.kind, one.axes, one.spacing, one.units)
            for name, one in known.items()
            if name in sources
        },
        after.device,
    )
    cropped = {name: crop(known[name], outer) for name in sources}
    found = engine.run(part, cropped, keep_going=True)
    inner = relative(region, outer)
    made = [name for step in steps for name in step.outputs if name in found]
    return {name: crop(found[name], inner) for name in made}


def _local_steps(
    workflow: Workflow, changed: set[str], known: Mapping[str, Value]
) -> tuple[tuple[Step, ...], dict[str, int], Value | None]:
    """Return the changed steps that can be computed in a region, how far they look, and a grid."""
    steps: list[Step] = []
    halo: dict[str, int] = {}
    grids: dict[str, Value] = {}
    for step in workflow.steps:
        operation = catalogue.find(step.operation)
        sources = [grids.get(name, known.get(name)) for name in step.sources]
        if (
            step.name not in changed
            or step.bypassed
            or operation.declaration.changes_grid
            or any(output.kind is not Kind.IMAGE for output in operation.outputs)
        ):
            continue
        values = [one for one in sources if one is not None and one.kind.is_grid]
        if len(values) < len(sources) or len({one.axes for one in values}) > 1:
            continue
        own = halo_of(step, values[0].axes, values[0].spacing)
        if own is None:
            continue
        steps.append(step)
        for letter, length in own.items():
            halo[letter] = halo.get(letter, 0) + length
        grids.update(dict.fromkeys(step.outputs, values[0]))
    return tuple(steps), halo, next(iter(grids.values()), None)


def _share(region: Region, grid: Value) -> float:
    """Return how much of a grid a region covers."""
    shape = shape_of(grid)
    covered = (
        (region[letter][1] - region[letter][0]) / length if letter in region else 1.0
        for letter, length in shape.items()
    )
    return math.prod(covered)
