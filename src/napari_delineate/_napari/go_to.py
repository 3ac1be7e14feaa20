"""Move camera and sliders to an object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import napari
import numpy as np
from napari.layers import Labels, Layer
from numpy.typing import NDArray

from napari_delineate._napari.layers import axes_of, level_0, place_of
from napari_delineate._napari.visible import camera_and_size, displayed_axes, shown_region

__all__ = ["box_of", "go_to", "index_along"]

_AROUND = 6
"""How many times as wide as an object its surroundings are that are shown at most."""
_FEWEST_PIXELS = 60
"""How many pixels are shown at least: nobody recognises a tiny object without its surroundings."""
_MARGIN = 1.5
"""How many times as wide as an object what is shown is at least."""

Box = tuple[Sequence[int], Sequence[int]]


def box_of(layer: Labels, number: int, at: Mapping[str, int]) -> Box | None:
    """Return where an object is in a layer.

    Parameters
    ----------
    layer : Labels
        The layer, whose axes are known.
    number : int
        The object.
    at : mapping of str to int
        The index along axes whose every place has objects of its own, by their letters.

    Returns
    -------
    (sequence of int, sequence of int), or None
        The first and the last pixel along the other axes; None where it is not there.
    """
    chosen = tuple(at.get(letter, slice(None)) for letter in place_of(layer).axes)
    return _box(level_0(layer)[chosen], number)


def go_to(
    viewer: napari.Viewer, layer: Layer, box: Box, at: Mapping[str, int], *, is_near: bool = False
) -> None:
    """Turn the sliders to an object, and the camera where it is not on the screen.

    In 3D the camera turns around the object. The zoom stays.

    Parameters
    ----------
    viewer : napari.Viewer
        The viewer.
    layer : napari.layers.Layer
        A layer on a grid. Its axes are known where some are looped, or it is not near.
    box : (sequence of int, sequence of int)
        The first and the last pixel of the object along all axes that `at` does not name.
    at : mapping of str to int
        Where it is along the others, by their letters; those that the layer lacks are looked
        for in other layers.
    is_near : bool
        Whether the object comes to the middle of the screen, and as near as it can be looked at
        well.
    """
    space = iter(zip(*box, strict=True))
    # Where no axis is looped, nobody needs to know what they are.
    axes = place_of(layer).axes if at else " " * layer.ndim
    ends = [(at[letter],) * 2 if letter in at else next(space) for letter in axes]
    first, last = (np.array(end, float) for end in zip(*ends, strict=True))
    middle = (first + last) // 2  # a pixel
    place = np.asarray(layer.data_to_world((first + last) / 2 if is_near else middle), float)
    missing = viewer.dims.ndim - layer.ndim
    for letter in set(at) - set(axes):
        _turn(viewer, letter, at[letter])
    for axis, position in enumerate(place, missing):
        if axis not in viewer.dims.displayed:
            viewer.dims.set_point(axis, position)
    shown = [axis - missing for axis in viewer.dims.displayed if axis >= missing]
    if not is_near and len(shown) == 2 and _is_on_screen(viewer, layer, middle):
        return
    camera, size = camera_and_size(viewer)
    center = np.array(camera.center, float)
    center[-len(shown) :] = place[shown]
    camera.center = tuple(center)
    if is_near:
        corners = layer.data_to_world(last + 0.5), layer.data_to_world(first - 0.5)
        extent = np.abs(np.subtract(*corners))
        wide = max(float(extent[shown].max()), 1e-12)
        pixel = float((extent / (last - first + 1))[shown].max())
        farthest = min(size) / max(_AROUND * wide, _FEWEST_PIXELS * pixel)
        camera.zoom = min(max(camera.zoom, farthest), max(min(size) / (_MARGIN * wide), farthest))


def index_along(viewer: napari.Viewer, letter: str, layer: Layer) -> int | None:
    """Return where the slider of an axis is.

    Parameters
    ----------
    viewer : napari.Viewer
        The viewer.
    letter : str
        The axis.
    layer : napari.layers.Layer
        The layer that is looked at; others tell where it lacks the axis.

    Returns
    -------
    int or None
        The index; None where nothing has the axis, or it lies on the screen.
    """
    for one in (layer, *viewer.layers):
        axes = axes_of(one) or ""
        if letter in axes:
            axis = axes.index(letter)
            missing = viewer.dims.ndim - one.ndim
            if axis + missing in viewer.dims.displayed:
                return None
            return int(np.rint(one.world_to_data(viewer.dims.point)[axis]))
    return None


def _turn(viewer: napari.Viewer, letter: str, index: int) -> None:
    """Turn the slider of an axis that some layer has."""
    for layer in viewer.layers:
        axes = axes_of(layer) or ""
        if letter in axes:
            axis, missing = axes.index(letter), viewer.dims.ndim - layer.ndim
            position = np.zeros(layer.ndim)
            position[axis] = index
            viewer.dims.set_point(axis + missing, layer.data_to_world(position)[axis])
            return


def _box(data: Any, number: int) -> Box | None:
    """Return where an object is in an array, plane by plane to spare memory."""
    if data.ndim > 2:
        boxes = [(index, _box(plane, number)) for index, plane in enumerate(data)]
        there = [(index, box) for index, box in boxes if box is not None]
        if not there:
            return None
        lows, highs = zip(*(box for _, box in there), strict=True)
        low, high = np.min(lows, axis=0), np.max(highs, axis=0)
        return [there[0][0], *map(int, low)], [there[-1][0], *map(int, high)]
    inside = np.asarray(data) == number
    if not inside.any():
        return None
    lines = [np.flatnonzero(inside.any(axis=1 - axis)) for axis in range(2)]
    return [int(line[0]) for line in lines], [int(line[-1]) for line in lines]


def _is_on_screen(viewer: napari.Viewer, layer: Layer, place: NDArray[Any]) -> bool:
    """Tell whether the canvas shows a place in a layer, given in pixels."""
    region = shown_region(viewer, layer)
    at = dict(zip(place_of(layer).axes, place, strict=True))
    return region is not None and all(
        region[letter][0] <= at[letter] < region[letter][1]
        for letter in displayed_axes(viewer, layer)
    )
