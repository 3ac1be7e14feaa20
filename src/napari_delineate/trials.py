"""Compute variants of a step on a region, one after the other, and draw what they give."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from napari_delineate.engine import Engine, Progress
from napari_delineate.lineage import Lineage
from napari_delineate.previews import count_in_words, draw, is_drawn
from napari_delineate.regions import Region, crop, grow, halo_of, relative, shape_of
from napari_delineate.steps import Step, WorkflowInput
from napari_delineate.types import Kind
from napari_delineate.values import Value
from napari_delineate.variants import Variant
from napari_delineate.workflow import Workflow

__all__ = ["Sight", "Trial", "backdrop", "isolate", "try_out"]

_COUNT = "segmentation.label_connected_components"
_WIDEST_HALO = 4
"""How many times the voxels of the region may be computed, so that its borders are exact."""


@dataclass(frozen=True, eq=False)
class Sight:
    """Hold what a person looks at.

    Attributes
    ----------
    values : mapping of str to Value
        Whole values that the step works on, by name.
    over : Value or None
        A whole image to draw results over.
    region : mapping of str to (int, int)
        The part that is computed.
    place : mapping of str to int
        The slice that is drawn, for axes that are not in the picture.
    shown : str
        The two axes in the picture, from top to bottom first.
    """

    values: Mapping[str, Value]
    over: Value | None
    region: Region
    place: Mapping[str, int]
    shown: str = "YX"


@dataclass(frozen=True, eq=False)
class Trial:
    """Say how far the trial of a variant is.

    Attributes
    ----------
    index : int
        Number of the variant.
    is_done : bool
        Whether it is computed, or has failed.
    picture : (N, M, 3) ndarray of uint8 or None
        What it gave; None for what can not be drawn.
    count : str
        How much it gave, for instance "42 objects".
    seconds : float
        The time it took.
    error : str
        Why it failed.
    """

    index: int
    is_done: bool = False
    picture: NDArray[np.uint8] | None = None
    count: str = ""
    seconds: float = 0.0
    error: str = ""


def try_out(
    engine: Engine,
    variants: Sequence[Variant],
    sight: Sight,
    size: int,
    check: Callable[[], None],
) -> Iterator[Trial]:
    """Compute variants on a region, in their order.

    Parameters
    ----------
    engine : Engine
        Where they are computed; it remembers results.
    variants : sequence of Variant
        The variants.
    sight : Sight
        What they work on, and what is drawn.
    size : int
        Number of pixels along the longer side of pictures.
    check : callable
        Is called often; it raises `CancelledError` to end it all.

    Yields
    ------
    Trial
        For each variant one when it begins, and one when it is done.
    """
    parts: dict[str, Value] = {}
    region: Region | None = None  # that of the parts; the next variant often needs the same
    over = None if sight.over is None else _part(sight.over, sight.region)
    place = {
        letter: index - sight.region.get(letter, (0, 0))[0] for letter, index in sight.place.items()
    }
    for index, variant in enumerate(variants):
        yield Trial(index)
        step = variant.workflow.step(variant.step)
        outer = _outer(step, sight)
        if outer != region:
            region, parts = outer, {name: _part(one, outer) for name, one in sight.values.items()}
        workflow, counted = _with_count(isolate(variant, parts))

        def on_progress(_: Progress) -> None:
            check()

        try:
            results = engine.run(workflow, parts, progress=on_progress, keep_going=True)
        except (RuntimeError, TypeError, ValueError) as error:
            yield Trial(index, is_done=True, error=_sentence(str(error)))
            continue
        if step.name in results.errors:
            failure = str(results.errors[step.name]).partition(" failed: ")[2]
            yield Trial(index, is_done=True, error=_sentence(failure))
            continue
        value = _cut(results[step.outputs[0]], parts, relative(sight.region, outer))
        below = over if over is not None and _is_on(over, value) else None
        picture = draw(value, size, below, place, sight.shown) if is_drawn(value.kind) else None
        count = ""
        if counted in results:
            labels = _cut(results[counted], parts, relative(sight.region, outer))
            count = count_in_words(labels)
        check()
        seconds = results.reports[step.name].seconds
        yield Trial(index, True, picture, count, seconds)


def isolate(variant: Variant, values: Mapping[str, Value]) -> Workflow:
    """Return a workflow of the varied step alone, which starts from known values.

    Parameters
    ----------
    variant : Variant
        The variant.
    values : mapping of str to Value
        What the step works on.

    Returns
    -------
    Workflow
        The step; its sources are inputs.
    """
    step = variant.workflow.step(variant.step)
    known = {name: values[name] for name in step.sources}
    inputs = {
        name: WorkflowInput(one.kind, one.axes, one.spacing, one.units)
        for name, one in known.items()
    }
    return replace(variant.workflow, steps=(step,), inputs=inputs)


def backdrop(workflow: Workflow, step: str) -> str | None:
    """Return the image that shows best what a step worked on.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    step : str
        Name of the step.

    Returns
    -------
    str or None
        Name of the nearest image, in grey or colours, that what the step works on was made
        from and that is on the same grid; None if there is none.

    Examples
    --------
    >>> workflow = Workflow().add_input("coins", WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0)))
    >>> workflow = workflow.add("segmentation.gauss_otsu_labeling", {"image": "coins"})
    >>> workflow = workflow.add("postprocessing.clear_border", {"labels": "labels"})
    >>> backdrop(workflow, "clear_border")
    'coins'
    """
    grids = Lineage(workflow).grids
    waiting = list(workflow.step(step).sources)
    home, seen = grids[waiting[0]], set[str]()
    while waiting:
        name = waiting.pop(0)
        if name in seen:
            continue
        seen.add(name)
        if workflow.values[name].kind in (Kind.IMAGE, Kind.RGB) and grids[name] == home:
            return name
        maker = workflow.maker(name)
        waiting += () if maker is None else maker.sources
    return None


def _with_count(workflow: Workflow) -> tuple[Workflow, str]:
    """Return a workflow that also finds the objects to be counted, and their name."""
    output = workflow.steps[0].outputs[0]
    if workflow.values[output].kind is not Kind.MASK:
        return workflow, output
    workflow = workflow.add(_COUNT, {"mask": output}, over=workflow.steps[0].over)
    return workflow, workflow.steps[-1].outputs[0]


def _outer(step: Step, sight: Sight) -> Region:
    """Return the region that is computed: with a halo, if that makes it exact and fits."""
    first = next((one for one in sight.values.values() if one.kind.is_grid), None)
    halo = None if first is None else halo_of(step, first.axes, first.spacing)
    if first is None or halo is None:
        return sight.region
    shape = shape_of(first)
    whole = {letter: (0, size) for letter, size in shape.items()} | dict(sight.region)
    outer = grow(whole, halo, shape)
    return outer if _size(outer) <= _WIDEST_HALO * _size(whole) else sight.region


def _size(region: Region) -> int:
    size = 1
    for start, stop in region.values():
        size *= stop - start
    return size


def _part(value: Value, region: Region) -> Value:
    """Return a part of a value that lies in memory in one piece: it is used several times."""
    part = crop(value, region)
    if part.kind.is_grid:
        part = replace(part, data=np.ascontiguousarray(part.data))
    return part


def _cut(value: Value, parts: Mapping[str, Value], region: Region) -> Value:
    """Cut the halo off a result, unless its grid is another one."""
    on_grid = next((one for one in parts.values() if one.kind.is_grid), None)
    if on_grid is None or (value.kind.is_grid and not _is_on(on_grid, value)):
        return value
    return crop(value, region)


def _is_on(grid: Value, value: Value) -> bool:
    """Tell whether a value is on the grid of another; points and surfaces lie in any."""
    return not value.kind.is_grid or shape_of(grid) == shape_of(value)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
