"""Cut values to a region of their grid, so that a part of an image can be computed alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from napari_delineate import catalogue
from napari_delineate.axes import spatial_axes
from napari_delineate.declaration import Scope
from napari_delineate.steps import Step
from napari_delineate.types import Corrections, Kind, Surface
from napari_delineate.values import Value

__all__ = ["Region", "crop", "grow", "halo_of", "limit", "place_in", "relative", "shape_of"]

Region: TypeAlias = Mapping[str, tuple[int, int]]
"""For letters of axes the first pixel, and the one behind the last; other axes are whole."""

_WITHOUT_PLACE = (Kind.TABLE, Kind.SCORES, Kind.MODEL)


def shape_of(value: Value) -> dict[str, int]:
    """Return how many pixels the grid of a value has along each axis.

    Parameters
    ----------
    value : Value
        An image, mask, labels or corrections.

    Returns
    -------
    dict of str to int
        For each letter of the axes but S the number of pixels.

    Examples
    --------
    >>> shape_of(Value.of(np.zeros((4, 6)), Kind.IMAGE))
    {'Y': 4, 'X': 6}
    """
    sizes = zip(value.axes, value.data.shape, strict=True)
    return {letter: int(size) for letter, size in sizes if letter != "S"}


def crop(value: Value, region: Region) -> Value:
    """Return the part of a value that lies in a region.

    Parameters
    ----------
    value : Value
        Any value. Tables, scores and models have no place: they stay as they are.
    region : mapping of str to (int, int)
        The region. Axes that the value does not have are ignored.

    Returns
    -------
    Value
        The part, as if its grid began at the first pixel of the region. Arrays are views
        where that is possible. Of surfaces, the triangles are left that lie inside; of
        shapes, those are left whole whose bounding boxes reach into it.

    Raises
    ------
    ValueError
        If the region is empty, or reaches beyond the grid.

    Examples
    --------
    >>> image = Value.of(np.arange(24).reshape(4, 6), Kind.IMAGE)
    >>> crop(image, {"Y": (1, 3), "X": (0, 2)}).data.tolist()
    [[6, 7], [12, 13]]
    """
    if value.kind in _WITHOUT_PLACE:
        return value
    if value.kind is Kind.SHAPES:
        reaching = _reaching(value.data, value, region)
        return replace(value, data=_shifted(value.data[reaching], value, region))
    if value.kind is Kind.POINTS:
        inside = _inside(value.data, value, region)
        return replace(value, data=_shifted(value.data[inside], value, region))
    if value.kind is Kind.SURFACE:
        return replace(value, data=_crop_surface(value, region))
    for letter, size in shape_of(value).items():
        start, stop = region.get(letter, (0, size))
        if not 0 <= start < stop <= size:
            raise ValueError(
                f"the region {start} to {stop} along {letter} must hold a pixel and lie between "
                f"0 and {size}"
            )
    if isinstance(value.data, Corrections):
        return replace(value, data=_crop_corrections(value, region))
    parts = (slice(*region.get(letter, (None, None))) for letter in value.axes)
    return replace(value, data=value.data[tuple(parts)])


def place_in(value: Value, part: Value, region: Region) -> Value:
    """Return a copy of a value with a region replaced.

    Parameters
    ----------
    value : Value
        An image, mask or labels.
    part : Value
        What it is to be in the region; same dtype.
    region : mapping of str to (int, int)
        The region.

    Returns
    -------
    Value
        The new value.

    Examples
    --------
    >>> whole, part = np.zeros((2, 3)), np.ones((2, 1))
    >>> values = (Value.of(one, Kind.IMAGE) for one in (whole, part))
    >>> place_in(*values, {"X": (1, 2)}).data.tolist()
    [[0.0, 1.0, 0.0], [0.0, 1.0, 0.0]]
    """
    data = value.data.copy()
    data[tuple(slice(*region.get(letter, (None, None))) for letter in value.axes)] = part.data
    return replace(value, data=data)


def grow(
    region: Region, halo: Mapping[str, int], shape: Mapping[str, int]
) -> dict[str, tuple[int, int]]:
    """Return a region with a margin, as far as the grid reaches.

    Parameters
    ----------
    region : mapping of str to (int, int)
        The region.
    halo : mapping of str to int
        The margin in pixels; 0 along axes that are not named.
    shape : mapping of str to int
        Number of pixels of the grid along each axis.

    Returns
    -------
    dict of str to (int, int)
        The larger region.

    Examples
    --------
    >>> grow({"Y": (1, 3), "X": (4, 6)}, {"Y": 2, "X": 1}, {"Y": 9, "X": 9})
    {'Y': (0, 5), 'X': (3, 7)}
    """
    return {
        letter: (
            max(start - halo.get(letter, 0), 0),
            min(stop + halo.get(letter, 0), shape[letter]),
        )
        for letter, (start, stop) in region.items()
    }


def relative(region: Region, outer: Region) -> dict[str, tuple[int, int]]:
    """Return a region counted from the first pixel of another one around it.

    Parameters
    ----------
    region, outer : mapping of str to (int, int)
        The regions.

    Returns
    -------
    dict of str to (int, int)
        What `crop` takes to cut the region from what was cropped to the outer one.

    Examples
    --------
    >>> relative({"Y": (1, 3), "X": (4, 6)}, {"Y": (0, 5), "X": (3, 7)})
    {'Y': (1, 3), 'X': (1, 3)}
    """
    starts = {letter: start for letter, (start, _) in outer.items()}
    return {
        letter: (start - starts.get(letter, 0), stop - starts.get(letter, 0))
        for letter, (start, stop) in region.items()
    }


def limit(
    region: Region,
    shape: Mapping[str, int],
    budget: float,
    centre: Mapping[str, int] | None = None,
) -> dict[str, tuple[int, int]]:
    """Shrink a region until it has no more than some number of voxels.

    Depth goes first, then height and width together; one pixel is left along each axis,
    and other axes stay as they are.

    Parameters
    ----------
    region : mapping of str to (int, int)
        The region.
    shape : mapping of str to int
        Number of pixels of the grid along each axis.
    budget : float
        The number of voxels.
    centre : mapping of str to int, optional
        The pixel around which it shrinks; by default the middle of the region.

    Returns
    -------
    dict of str to (int, int)
        The region, with an entry for every axis of the grid.

    Examples
    --------
    >>> limit({"Y": (0, 10), "X": (0, 10)}, {"Z": 9, "Y": 10, "X": 90}, 300, {"Z": 6})
    {'Z': (5, 8), 'Y': (0, 10), 'X': (0, 10)}
    """
    limited = {letter: region.get(letter, (0, size)) for letter, size in shape.items()}
    lengths = {letter: stop - start for letter, (start, stop) in limited.items()}

    def most(letter: str) -> int:
        """Return how long an axis can be, the others as they are."""
        others = math.prod(size for other, size in lengths.items() if other != letter)
        return max(1, min(lengths[letter], int(budget // others)))

    if "Z" in lengths:
        lengths["Z"] = most("Z")
    if math.prod(lengths.values()) > budget:
        share = math.sqrt(budget / math.prod(lengths.values()))
        lengths["Y"] = max(1, int(lengths["Y"] * share))
        lengths["X"] = most("X")
        lengths["Y"] = most("Y")
    for letter, length in lengths.items():
        start, stop = limited[letter]
        middle = (centre or {}).get(letter, (start + stop) // 2)
        first = min(max(middle - length // 2, start), stop - length)
        limited[letter] = (first, first + length)
    return limited


def halo_of(step: Step, axes: str, spacing: tuple[float, ...]) -> dict[str, int] | None:
    """Return how far the result of a step looks beyond a region.

    Parameters
    ----------
    step : Step
        The step.
    axes : str
        Axes of the value that it works on.
    spacing : tuple of float
        Voxel size of the value along its axes in space.

    Returns
    -------
    dict of str to int or None
        The margin in pixels along each axis, with which the region comes out as in the
        whole image; None where no margin is enough.

    Examples
    --------
    >>> from napari_delineate.types import voxels
    >>> step = Step("blur", "filters.gaussian", {"image": "a"}, ("b",), {"sigma": voxels(2)}, "T")
    >>> halo_of(step, "TZYX", (2.0, 1.0, 1.0))
    {'T': 0, 'Z': 4, 'Y': 8, 'X': 8}
    """
    halo = dict.fromkeys(axes.replace("S", ""), 0)
    if step.bypassed:
        return halo
    locality = catalogue.find(step.operation).declaration.locality
    if isinstance(locality, Scope):
        return None
    sizes = dict(zip(spatial_axes(axes), spacing, strict=True))
    here = {letter: size for letter, size in sizes.items() if letter not in step.over}
    widths = locality(spacing=tuple(here.values()), **step.parameters)
    return halo | dict(zip(here, widths, strict=True))


def _sizes(value: Value) -> NDArray[np.float64]:
    """Return how much a pixel measures in each column of coordinates: indices count as 1."""
    sizes = dict(zip(spatial_axes(value.axes), value.spacing, strict=True))
    return np.array([sizes.get(letter, 1.0) for letter in value.axes])


def _inside(rows: NDArray[Any], value: Value, region: Region) -> NDArray[np.bool_]:
    """Mark the coordinates that lie in pixels of a region; pixels are around their centres."""
    pixels = np.floor(np.asarray(rows) / _sizes(value) + 0.5)
    inside = np.ones(len(pixels), bool)
    for column, letter in enumerate(value.axes):
        start, stop = region.get(letter, (-math.inf, math.inf))
        inside &= (pixels[:, column] >= start) & (pixels[:, column] < stop)
    return inside


def _reaching(paths: NDArray[Any], value: Value, region: Region) -> NDArray[np.bool_]:
    """Mark the shapes whose bounding boxes reach into a region.

    They are not cut: lines that end at a border are other lines, and operations leave out
    what lies beyond the grid.
    """
    pixels = np.floor(np.asarray(paths) / _sizes(value) + 0.5)
    lowest, highest = pixels.min(axis=1), pixels.max(axis=1)
    reaching = np.ones(len(pixels), bool)
    for column, letter in enumerate(value.axes):
        start, stop = region.get(letter, (-math.inf, math.inf))
        reaching &= (highest[:, column] >= start) & (lowest[:, column] < stop)
    return reaching


def _shifted(rows: NDArray[Any], value: Value, region: Region) -> NDArray[Any]:
    """Return coordinates counted from the first pixel of a region."""
    starts = [region.get(letter, (0, 0))[0] for letter in value.axes]
    shifted = rows - np.asarray(starts) * _sizes(value)
    return np.asarray(shifted, rows.dtype if rows.dtype.kind == "f" else float)


def _crop_surface(value: Value, region: Region) -> Surface:
    vertices, faces, values = value.data
    inside = _inside(vertices, value, region)
    numbers = np.cumsum(inside) - 1
    kept = numbers[faces[inside[faces].all(axis=1)]].astype(faces.dtype)
    return Surface(_shifted(vertices[inside], value, region), kept, values[inside])


def _crop_corrections(value: Value, region: Region) -> Corrections:
    shape = value.data.shape
    ranges = [region.get(letter, (0, size)) for letter, size in shape_of(value).items()]
    new_shape = tuple(stop - start for start, stop in ranges)

    def cut(pixels: NDArray[Any], labels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        places = np.unravel_index(pixels, shape)
        inside = np.ones(len(pixels), bool)
        for place, (start, stop) in zip(places, ranges, strict=True):
            inside &= (place >= start) & (place < stop)
        moved = tuple(
            place[inside] - start for place, (start, _) in zip(places, ranges, strict=True)
        )
        return np.asarray(np.ravel_multi_index(moved, new_shape), np.int64), labels[inside]

    pixels, labels, touched_pixels, touched_labels = value.data[1:]
    return Corrections(new_shape, *cut(pixels, labels), *cut(touched_pixels, touched_labels))
