"""Turn polygons and runs of pixels into labels."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.arrays import label_dtype
from napari_delineate.axes import spatial_axes
from napari_delineate.files.annotations.annotation import (
    AXES,
    AnnotatedLabels,
    Colour,
    Wanted,
    check_shape,
    check_size,
    sides,
)
from napari_delineate.files.annotations.outlines import Polygon
from napari_delineate.files.annotations.statement import Statement, read_meaning

__all__ = ["ANY_STACK", "Drawing", "paint", "ring"]

ANY_STACK = "?"
"""The axis of a place in a stack that its file does not name."""

_MOST_WORK = 2e10
"""Pixels and crossings that are looked at, all drawings together: about a minute."""

_COST_OF_A_PLANE = 1000.0
"""What a drawing costs in each plane that it lies in, in pixels."""

_FARTHEST = 1e9


@dataclass
class Drawing:
    """Hold one shape of a file: polygons, or runs of pixels down the columns.

    Attributes
    ----------
    polygons : list of Polygon
        Corners as (x, y), pixel (0, 0) from 0 to 1.
    runs : ndarray, optional
        Lengths of runs of pixels outside and inside, in place of polygons.
    number : int, optional
        The object that it belongs to; one of its own where that is not stated.
    plane : dict of str to int
        Where it lies along the axes before Y and X, from 0; everywhere along those missing.
    object_class, name : str
        What it is; empty where that is not stated.
    """

    polygons: list[Polygon] = field(default_factory=list)
    runs: NDArray[Any] | None = None
    number: int | None = None
    plane: dict[str, int] = field(default_factory=dict)
    object_class: str = ""
    name: str = ""


def ring(corners: Any) -> NDArray[np.float64]:
    """Return corners as an array of (x, y); `ValueError` where they are none."""
    try:
        array = np.asarray(corners, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("corners of a polygon must be pairs of numbers") from None
    if array.ndim != 2 or array.shape[1] < 2:
        raise ValueError("corners of a polygon must be pairs of numbers")
    array = array[:, :2]
    if not (np.abs(array) <= _FARTHEST).all():  # neither is NaN
        raise ValueError(f"coordinates must be numbers from -{_FARTHEST:.0e} to {_FARTHEST:.0e}")
    return array


def paint(
    path: Path,
    drawings: Sequence[Drawing],
    wanted: Wanted,
    stated: Statement | None = None,
    shape: tuple[int, ...] | None = None,
    colours: dict[str, Colour] | None = None,
) -> AnnotatedLabels:
    """Paint drawings, later ones on top.

    Parameters
    ----------
    path : Path
        The file that they come from, for messages.
    drawings : sequence of Drawing
        The drawings.
    wanted : Wanted
        What is known beside the file.
    stated : Statement, optional
        What the file states.
    shape : tuple of int, optional
        Shape that the file states, where it states nothing else.
    colours : dict, optional
        Colours of the classes.

    Returns
    -------
    AnnotatedLabels
        The annotation. A pixel belongs to a drawing that its centre lies in.

    Raises
    ------
    ValueError
        If the shape is not that wanted, or a place lies on an axis that there is not.

    Warns
    -----
    UserWarning
        If drawings overlap, lie outside or have no pixel, or the shape had to be guessed.
    """
    axes, shape = _grid(path, drawings, wanted, stated, shape)
    check_size(shape)
    ranges = [_ranges(drawing, axes, shape, stated) for drawing in drawings]
    _check_work(drawings, ranges, shape)
    numbers = _numbers(drawings)
    labels = np.zeros(shape, label_dtype(max(numbers, default=0)))
    overlapping, sizes = _fill(labels, drawings, numbers, ranges)
    _warn(path, overlapping, sizes, numbers)
    spacing, units = wanted.spacing, wanted.units
    if stated is not None and len(stated.spacing or ()) == len(spatial_axes(axes)):
        spacing, units = stated.spacing or spacing, stated.units
    classes: dict[int, str] = {}
    names: dict[int, str] = {}
    for number, drawing in zip(numbers, drawings, strict=True):
        if drawing.object_class:
            classes.setdefault(number, drawing.object_class)
        if drawing.name:
            names.setdefault(number, drawing.name)
    meaning = read_meaning({}) if stated is None else stated.meaning
    meaning["classes"] = meaning["classes"] | classes
    for name, colour in (colours or {}).items():
        meaning["colours"].setdefault(name, colour)
    return AnnotatedLabels.of(labels, axes, spacing, units, names=names, **meaning)


def _grid(
    path: Path,
    drawings: Sequence[Drawing],
    wanted: Wanted,
    stated: Statement | None,
    shape: tuple[int, ...] | None,
) -> tuple[str, tuple[int, ...]]:
    """Return the axes and the shape of the annotation."""
    found = shape if stated is None else stated.shape
    asked = wanted.shape
    if found is not None:
        check_shape(found, wanted)
    used: dict[str, set[int]] = {}
    for drawing in drawings:
        for letter, place in drawing.plane.items():
            used.setdefault(letter, set()).add(place)
    if wanted.axes is not None:
        axes = wanted.axes
    elif stated is not None:
        axes = stated.axes
    else:
        ndim = None if found is None and asked is None else len(found or asked or ())
        axes = _likely_axes({letter for letter, places in used.items() if max(places) > 0}, ndim)
    size = found or asked
    if size is None and not drawings:
        raise ValueError("it holds no areas, and does not state the size of its image")
    if size is None:
        size = _reach(drawings, axes)
        warnings.warn(
            f"{path} does not state the size of its image; it is taken as {sides(size)}, as far "
            "as its shapes reach",
            stacklevel=4,
        )
    if len(size) != len(axes) or axes not in AXES:
        raise ValueError(f"the axes {axes} do not fit an image of the shape {sides(size)}")
    there = {*axes, ANY_STACK} if len(axes) > 2 else set(axes)
    missing = [one for one, places in used.items() if one not in there and len(places) > 1]
    if missing and stated is None:
        along = "a stack" if missing[0] == ANY_STACK else missing[0]
        raise ValueError(
            f"it has shapes at several places along {along}, the image has the axes {axes}; open "
            "it beside the stack or movie that it belongs to"
        )
    return axes, tuple(size)


def _likely_axes(used: set[str], ndim: int | None) -> str:
    if ndim is None:
        ndim = 2 + max(len(used & {"T", "Z"}), ANY_STACK in used)
    if ndim == 3:
        return "TYX" if "T" in used and "Z" not in used else "ZYX"
    return "TZYX"[-ndim:] if 2 <= ndim <= 4 else "YX"


def _reach(drawings: Sequence[Drawing], axes: str) -> tuple[int, ...]:
    """Return the smallest shape that all drawings fit into."""
    far = [1, 1]
    for drawing in drawings:
        for polygon in drawing.polygons:
            if len(polygon[0]):
                x, y = polygon[0].max(axis=0)
                far = [max(far[0], math.ceil(y)), max(far[1], math.ceil(x))]
    before = [
        1 + max((_place(one.plane, letter, axes, axes) or 0 for one in drawings), default=0)
        for letter in axes[:-2]
    ]
    return (*before, *far)


def _place(plane: dict[str, int], letter: str, axes: str, stated: str) -> int | None:
    """Return where a plane lies along an axis, which the file may call by another letter."""
    own = stated[axes.index(letter)] if len(stated) == len(axes) else letter
    place = plane.get(own)
    return plane.get(ANY_STACK) if place is None and len(axes) == 3 else place


def _ranges(
    drawing: Drawing, axes: str, shape: tuple[int, ...], stated: Statement | None
) -> list[range]:
    """Return the places of a drawing along the axes before Y and X; none where it is outside."""
    if ANY_STACK in drawing.plane and len(axes) == 4:
        # As ImageJ counts: the place in the whole stack.
        frame, depth = divmod(drawing.plane[ANY_STACK], shape[1])
        places: list[int | None] = [frame, depth]
    else:
        letters = axes if stated is None else stated.axes
        places = [_place(drawing.plane, letter, axes, letters) for letter in axes[:-2]]
    return [
        range(side) if place is None else range(place, min(place + 1, side))
        for place, side in zip(places, shape, strict=False)
    ]


def _numbers(drawings: Sequence[Drawing]) -> list[int]:
    """Return the number of each drawing's object, new ones above those that are stated."""
    highest = max((one.number for one in drawings if one.number is not None), default=0)
    numbers = []
    for drawing in drawings:
        highest += drawing.number is None
        numbers.append(highest if drawing.number is None else drawing.number)
    return numbers


def _check_work(
    drawings: Sequence[Drawing], ranges: list[list[range]], shape: tuple[int, ...]
) -> None:
    """Refuse drawings that only a file made to stop a program has."""
    height, width = shape[-2:]
    work = 0.0
    for drawing, along in zip(drawings, ranges, strict=True):
        once = _COST_OF_A_PLANE
        if drawing.runs is not None:
            once += float(drawing.runs[1::2].sum()) + len(drawing.runs)
        for polygon in drawing.polygons:
            corners = np.concatenate(polygon)
            rows = np.clip(corners[:, 1], 0, height)
            columns = np.clip(corners[:, 0], 0, width)
            once += float(np.ptp(rows) + 1) * float(np.ptp(columns) + 1)
            once += float(np.abs(np.diff(rows)).sum()) + len(rows)
        work += once * math.prod(len(one) for one in along)
    if work > _MOST_WORK:
        raise ValueError(
            f"its {len(drawings)} shapes cover the image of {width} x {height} pixels again and "
            "again; it is no annotation of objects"
        )


def _fill(
    labels: NDArray[Any],
    drawings: Sequence[Drawing],
    numbers: list[int],
    ranges: list[list[range]],
) -> tuple[int, NDArray[np.int64]]:
    """Paint; return how many pixels are in several objects, and those of each drawing."""
    from napari_delineate.kernels.pixel_rings import fill_runs

    inside: dict[tuple[int, ...], list[int]] = {}
    for which, along in enumerate(ranges):
        for index in itertools.product(*along):
            inside.setdefault(index, []).append(which)
    sizes = np.zeros(len(drawings), np.int64)
    overlapping = 0
    for index, chosen in inside.items():
        plane = labels[index]
        several = np.zeros(plane.shape, np.bool_)
        # Polygons are filled together as far as no runs lie between them.
        for has_runs, group in itertools.groupby(
            chosen, lambda which: drawings[which].runs is not None
        ):
            batch = list(group)
            if not has_runs:
                _fill_polygons(plane, drawings, batch, numbers, several, sizes)
                continue
            for which in batch:
                number = labels.dtype.type(numbers[which])
                sizes[which] += fill_runs(plane, drawings[which].runs, number, several)
        overlapping += int(np.count_nonzero(several))
    return overlapping, sizes


def _fill_polygons(
    plane: NDArray[Any],
    drawings: Sequence[Drawing],
    batch: list[int],
    numbers: list[int],
    several: NDArray[np.bool_],
    sizes: NDArray[np.int64],
) -> None:
    """Paint polygons into a plane and count their pixels."""
    from napari_delineate.kernels.pixel_rings import fill_rings

    rings: list[NDArray[Any]] = []
    last, owners = [], []
    for which in batch:
        for polygon in drawings[which].polygons:
            rings += polygon
            last.append(len(rings))
            owners.append(which)
    if rings:
        ends = np.cumsum([len(one) for one in rings], dtype=np.int64)
        own = np.array([numbers[which] for which in owners], plane.dtype)
        corners = np.concatenate(rings, dtype=np.float64)
        found = fill_rings(plane, corners, ends, np.array(last), own, several)
        np.add.at(sizes, owners, found)


def _warn(path: Path, overlapping: int, sizes: NDArray[np.int64], numbers: list[int]) -> None:
    totals: dict[int, int] = {}
    for number, size in zip(numbers, sizes.tolist(), strict=True):
        totals[number] = totals.get(number, 0) + size
    lost = sum(total == 0 for total in totals.values())
    if overlapping:
        warnings.warn(
            f"{path}: {overlapping:,} pixels lie in several objects; labels hold one, so that the "
            "later in the file lies on top",
            stacklevel=4,
        )
    if lost:
        warnings.warn(
            f"{path}: {lost:,} of {len(totals):,} objects lie outside the image or hold no centre "
            "of a pixel, and are left out",
            stacklevel=4,
        )
