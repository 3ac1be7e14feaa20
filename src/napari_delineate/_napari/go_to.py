"""Move camera and sliders to a part of a layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import napari
import numpy as np
from napari.layers import Layer

from napari_delineate._napari.layers import place_of
from napari_delineate._napari.visible import camera_and_size

__all__ = ["box_of", "go_to_box"]

_AROUND = 6
"""How many times as wide as an object its surroundings are that are shown at most."""


def box_of(layer: Layer, at: Mapping[str, int], number: int) -> tuple[list[int], list[int]] | None:
    """Return the first and the last pixel of an object along the axes in space.

    Parameters
    ----------
    layer : napari.layers.Labels
        Labels.
    at : mapping of str to int
        The index along each axis that is looped, by its letter.
    number : int
        The object.

    Returns
    -------
    (list of int, list of int) or None
        The ends of the box; None where the object is not there.
    """
    place = tuple(at.get(letter, slice(None)) for letter in place_of(layer).axes)
    inside = np.asarray(layer.data[place]) == number
    if not inside.any():
        return None
    every = set(range(inside.ndim))
    along = [np.flatnonzero(inside.any(axis=tuple(every - {axis}))) for axis in sorted(every)]
    return [int(one[0]) for one in along], [int(one[-1]) for one in along]


def go_to_box(
    viewer: napari.Viewer,
    layer: Layer,
    at: Mapping[str, int],
    low: Sequence[int],
    high: Sequence[int],
) -> None:
    """Show a box of a layer in the middle of the screen, not smaller than before.

    Parameters
    ----------
    viewer : napari.Viewer
        The viewer.
    layer : napari.layers.Layer
        A layer on a grid.
    at : mapping of str to int
        The index along each axis that is looped, by its letter.
    low, high : sequence of int
        The first and the last pixel along the axes in space.
    """
    axes = place_of(layer).axes
    space = iter(zip(low, high, strict=True))
    ends = [(at[letter],) * 2 if letter in at else next(space) for letter in axes]
    first, last = (np.array(end, float) for end in zip(*ends, strict=True))
    middle = np.asarray(layer.data_to_world((first + last) / 2), float)
    extent = np.abs(
        np.asarray(layer.data_to_world(last + 0.5)) - np.asarray(layer.data_to_world(first - 0.5))
    )
    missing = viewer.dims.ndim - layer.ndim
    for axis, position in enumerate(middle, missing):
        if axis not in viewer.dims.displayed:
            viewer.dims.set_point(axis, position)
    camera, size = camera_and_size(viewer)
    shown = [axis - missing for axis in viewer.dims.displayed if axis >= missing]
    center = np.array(camera.center, float)
    center[-len(shown) :] = middle[shown]
    camera.center = tuple(center)
    nearest = min(size) / (_AROUND * max(float(extent[shown].max()), 1e-12))
    camera.zoom = max(camera.zoom, nearest)
