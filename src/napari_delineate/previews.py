"""Draw small pictures of values as arrays of colours, quickly and without figures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.axes import spatial_axes
from napari_delineate.palette import colours_of_numbers, colours_of_values, object_numbers
from napari_delineate.types import Kind
from napari_delineate.values import Value

__all__ = ["count_in_words", "draw", "is_drawn"]

_ACCENT = (255, 90, 54)
"""The colour of points and masks, as their layers have it."""
_WIDTH_OF_LINES = 1 / 160
"""Width of outlines as a share of the picture."""
_DOTS_PER_SIDE = 64
"""Dots that one side of a shape is drawn with."""
_MOST_SAMPLES = 5_000_000
"""Points that the triangles of a surface are drawn with, about half a second."""


def is_drawn(kind: Kind) -> bool:
    """Tell whether there are pictures of values of a kind."""
    return kind.is_grid or kind in (Kind.POINTS, Kind.SHAPES, Kind.SURFACE)


def draw(
    value: Value,
    size: int,
    over: Value | None = None,
    place: Mapping[str, int] | None = None,
    shown: str = "YX",
) -> NDArray[np.uint8]:
    """Return a picture of a value.

    Parameters
    ----------
    value : Value
        Images and colours are shown as they are; labels and masks as outlines over an
        image, or filled without one; points as dots, shapes as lines, surfaces shaded.
    size : int
        Number of pixels along the longer side of the picture.
    over : Value, optional
        An image on the same grid to draw over.
    place : mapping of str to int, optional
        The slice that is shown, for axes that are not in the picture. Along other axes
        the brightest pixels and the highest numbers are shown.
    shown : str
        The two axes in the picture, from top to bottom first.

    Returns
    -------
    (N, M, 3) ndarray of uint8
        The picture, as high and wide as the grid is in space.

    Examples
    --------
    >>> labels = Value.of(np.kron([[0, 1], [0, 2]], np.ones((4, 8), int)), Kind.LABELS)
    >>> draw(labels, 32).shape
    (16, 32, 3)
    """
    place = place or {}
    if value.kind is Kind.SURFACE:
        return _draw_surface(value, size, shown)
    if value.kind is Kind.SHAPES:
        value = _as_dots(value)
    grid = over if over is not None and not value.kind.is_grid else value
    if not grid.kind.is_grid:
        return _draw_points(value, _empty(value, size, shown), None, place, shown)
    rows, columns = _lattice(grid, size, shown)
    below = value if over is None or value.kind in (Kind.IMAGE, Kind.RGB) else over
    picture = _draw_image(below, rows, columns, place, shown)
    if value.kind is Kind.POINTS:
        return _draw_points(value, picture, grid, place, shown)
    if value.kind in (Kind.LABELS, Kind.MASK):
        numbers = _sample(_plane(value, place, shown).astype(np.int64), rows, columns, "maximum")
        if below is not value:
            numbers = np.where(_is_outline(numbers), numbers, 0)
        painted = numbers > 0
        if value.kind is Kind.MASK:
            picture[painted] = _ACCENT if below is not value else 255
        else:
            picture[painted] = colours_of_numbers(numbers[painted]) * 255
    return picture


def count_in_words(value: Value) -> str:
    """Say how much a value holds.

    Parameters
    ----------
    value : Value
        A mask, labels, points, shapes, a surface, a table or scores.

    Returns
    -------
    str
        For instance "42 objects"; nothing for images.

    Examples
    --------
    >>> count_in_words(Value.of(np.array([[0, 7], [7, 9]]), Kind.LABELS))
    '2 objects'
    >>> count_in_words(Value.of(0.875, Kind.SCORES))
    '0.875'
    """
    if value.kind is Kind.LABELS:
        return _count(_number_of_objects(value.data), "object")
    if value.kind is Kind.MASK:
        if not value.data.size:
            return ""
        return f"{100 * np.count_nonzero(value.data) / value.data.size:.3g} % of the pixels"
    if value.kind is Kind.POINTS:
        return _count(len(value.data), "point")
    if value.kind is Kind.SHAPES:
        return _count(len(value.data), "shape")
    if value.kind is Kind.SURFACE:
        return _count(len(value.data.faces), "triangle")
    if value.kind is Kind.TABLE:
        return _count(len(value.data), "row")
    if value.kind is Kind.SCORES and isinstance(value.data, Mapping):
        name, score = next(iter(value.data.items()))  # the one that matters most is the first
        return f"{name.replace('_', ' ')} {float(score):.3g}"
    if value.kind is Kind.SCORES:
        return f"{float(value.data):.3g}"
    return ""


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def _number_of_objects(labels: NDArray[Any]) -> int:
    if not labels.size:
        return 0
    highest = int(labels.max())
    if highest > max(labels.size, 2**16):
        numbers = np.unique(labels)
        return int((numbers > 0).sum())
    present = np.zeros(highest + 1, bool)
    # Along a row a label repeats: looking where it changes is enough, and much quicker.
    flat = labels.reshape(-1)
    present[flat[0]] = True
    present[flat[1:][flat[1:] != flat[:-1]]] = True
    return int(present[1:].sum())


def _lattice(grid: Value, size: int, shown: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first row and column of the grid that each pixel of a picture stands for."""
    lengths = dict(zip(grid.axes, grid.data.shape, strict=True))
    spacing = dict(zip(spatial_axes(grid.axes), grid.spacing, strict=True))
    extent = [lengths[letter] * spacing[letter] for letter in shown]
    pixels = [max(1, round(size * length / max(extent))) for length in extent]
    rows, columns = (
        np.arange(number) * lengths[letter] // number
        for number, letter in zip(pixels, shown, strict=True)
    )
    return rows, columns


def _plane(value: Value, place: Mapping[str, int], shown: str) -> NDArray[Any]:
    """Return one slice of a grid, as it lies in the picture; colours come last."""
    array, axes = value.data, value.axes
    for letter in value.axes:
        if letter in f"{shown}S":
            continue
        axis = axes.index(letter)
        if letter in place:
            array = array.take(min(max(place[letter], 0), array.shape[axis] - 1), axis)
        else:
            array = array.max(axis)
        axes = axes.replace(letter, "")
    in_picture = shown + "S" * ("S" in axes)
    return np.asarray(array.transpose([axes.index(letter) for letter in in_picture]))


def _sample(
    plane: NDArray[Any], rows: NDArray[Any], columns: NDArray[Any], how: str
) -> NDArray[Any]:
    """Return what the pixels of a picture hold: means, or maxima that keep small objects."""
    if how == "maximum":
        high = np.maximum.reduceat(plane, rows, axis=0)
        return np.asarray(np.maximum.reduceat(high, columns, axis=1))
    total = np.add.reduceat(np.add.reduceat(plane, rows, axis=0), columns, axis=1)
    heights = np.maximum(np.diff(rows, append=plane.shape[0]), 1)
    widths = np.maximum(np.diff(columns, append=plane.shape[1]), 1)
    counts = np.outer(heights, widths)
    return np.asarray(total / counts.reshape(counts.shape + (1,) * (plane.ndim - 2)))


def _draw_image(
    value: Value,
    rows: NDArray[Any],
    columns: NDArray[Any],
    place: Mapping[str, int],
    shown: str,
) -> NDArray[np.uint8]:
    """Draw an image in grey or in colours; labels and masks leave it black."""
    if value.kind in (Kind.LABELS, Kind.MASK):
        return np.zeros((len(rows), len(columns), 3), np.uint8)
    plane = _plane(value, place, shown)
    if value.kind is Kind.RGB:
        plane = plane[..., :3]
        full = 255 if plane.dtype == np.uint8 else max(float(plane.max(initial=0)), 1e-12)
        colours = _sample(plane.astype(np.float32) / full, rows, columns, "mean")
        return np.asarray(np.clip(colours, 0, 1) * 255, np.uint8)
    gray = _sample(plane.astype(np.float64), rows, columns, "mean")
    known = gray[np.isfinite(gray)]
    if not known.size:
        return np.zeros((*gray.shape, 3), np.uint8)
    low, high = np.percentile(known, (0.5, 99.8))
    if low == high:
        low, high = known.min(), known.max()
    scaled = (np.nan_to_num(gray, nan=low, posinf=high, neginf=low) - low) / (high - low or 1)
    levels = np.asarray(np.clip(scaled, 0, 1) * 255, np.uint8)
    return np.repeat(levels[..., None], 3, axis=-1)


def _is_outline(numbers: NDArray[Any]) -> NDArray[np.bool_]:
    """Mark the pixels of objects that lie beside another number."""
    edge = np.zeros(numbers.shape, bool)
    width = max(1, round(max(numbers.shape) * _WIDTH_OF_LINES))
    for step in range(1, width + 1):
        for axis in (0, 1):
            first = tuple(slice(None, -step) if axis == one else slice(None) for one in (0, 1))
            second = tuple(slice(step, None) if axis == one else slice(None) for one in (0, 1))
            differs = numbers[first] != numbers[second]
            edge[first] |= differs
            edge[second] |= differs
    return edge & (numbers > 0)


def _empty(value: Value, size: int, shown: str) -> NDArray[np.uint8]:
    """Return a black picture as large as the points reach."""
    extent = [max(float(value.data[:, value.axes.index(one)].max(initial=1)), 1) for one in shown]
    pixels = [max(1, round(size * length / max(extent))) for length in extent]
    return np.zeros((*pixels, 3), np.uint8)


def _as_dots(shapes: Value) -> Value:
    """Return points along the lines of shapes, as many as make them look drawn through."""
    paths = np.asarray(shapes.data, float)
    starts, ends = paths[:, :-1, None], paths[:, 1:, None]
    along = np.linspace(0, 1, _DOTS_PER_SIDE)[:, None]
    dots = (starts + along * (ends - starts)).reshape(-1, paths.shape[-1])
    every = np.unique(np.concatenate([paths[:, 0], dots]), axis=0)
    return replace(shapes, data=every, kind=Kind.POINTS)


def _draw_points(
    value: Value,
    picture: NDArray[np.uint8],
    grid: Value | None,
    place: Mapping[str, int],
    shown: str,
) -> NDArray[np.uint8]:
    """Draw a dot with a dark edge for each point that lies in the slice."""
    spacing = dict(zip(spatial_axes(value.axes), value.spacing, strict=True))
    pixels = np.floor(value.data / [spacing.get(one, 1.0) for one in value.axes] + 0.5)
    here = np.ones(len(pixels), bool)
    for column, letter in enumerate(value.axes):
        if letter in place and letter not in shown:
            here &= pixels[:, column] == place[letter]
    centres = []
    for axis, letter in enumerate(shown):
        column = value.axes.index(letter)
        length = pixels[:, column].max(initial=0) + 1
        if grid is not None:
            length = grid.data.shape[grid.axes.index(letter)]
        middles = value.data[here, column] / spacing[letter] + 0.5
        centres.append(middles / length * picture.shape[axis])
    # Many points get small dots, so that they do not cover all.
    radius = max(1.0, min(1 / 64, 0.25 / math.sqrt(here.sum() or 1)) * max(picture.shape))
    steps = np.arange(-math.ceil(radius) - 1, math.ceil(radius) + 2)
    offsets = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)
    distances = np.hypot(*offsets.T)
    for limit, ink in ((radius + 1, (0, 0, 0)), (radius, _ACCENT)):
        dots = np.stack(centres, axis=-1)[:, None].astype(int) + offsets[distances <= limit]
        dots = dots.reshape(-1, 2)
        dots = dots[((dots >= 0) & (dots < picture.shape[:2])).all(axis=1)]
        picture[dots[:, 0], dots[:, 1]] = ink
    return picture


def _draw_surface(value: Value, size: int, shown: str) -> NDArray[np.uint8]:
    """Draw the triangles that face the eye, brighter where they do so more."""
    vertices, faces, values = value.data
    axes = [value.axes.index(letter) for letter in shown]
    depth = value.axes.index(next(one for one in "ZYX" if one not in shown))
    if not len(faces):
        return np.zeros((size, size, 3), np.uint8)
    flat = np.asarray(vertices[:, axes], float)
    low, extent = flat.min(axis=0), np.ptp(flat, axis=0)
    unit = size / max(*extent, 1e-12)
    shape = np.maximum(np.ceil(extent * unit).astype(int), 1)
    corners = np.concatenate([(flat - low) * unit, vertices[:, [depth]]], axis=1)[faces]
    edges = np.diff(corners * [1, 1, unit], axis=1)
    normals = np.cross(edges[:, 0], edges[:, 1])
    shade = np.abs(normals[:, 2]) / np.maximum(np.linalg.norm(normals, axis=1), 1e-12)
    if len(object_numbers(values)):
        numbers = np.unique(values, return_inverse=True)[1][faces[:, 0]] + 1
        colours = colours_of_numbers(numbers)
    else:
        colours = colours_of_values(values)[faces[:, 0], :3]
    inks = 255 * colours * (0.25 + 0.75 * shade[:, None])
    longest = float(np.abs(edges[..., :2]).max())
    steps = min(math.ceil(longest), math.isqrt(2 * _MOST_SAMPLES // len(faces))) + 1
    first, second = np.meshgrid(*[np.linspace(0, 1, steps + 1)] * 2, indexing="ij")
    inside = first + second <= 1
    weights = np.stack([1 - first - second, first, second], axis=-1)[inside]
    picture = np.zeros((*shape, 3), np.uint8)
    nearest = np.full(shape, np.inf)
    for weight in weights:
        rows, columns, depths = np.einsum("c,fcd->df", weight, corners)
        places = tuple(
            np.minimum(one.astype(int), number - 1)
            for one, number in zip((rows, columns), shape, strict=True)
        )
        np.minimum.at(nearest, places, depths)
        seen = depths <= nearest[places]
        picture[places[0][seen], places[1][seen]] = inks[seen]
    return picture
