"""Move camera and sliders to a part of a layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import napari
import numpy as np
from napari.layers import Layer

from napari_delineate._napari.layers import place_of
from napari_delineate._napari.visible import camera_and_size

__all__ = ["go_to_box"]

_AROUND = 6
"""How many times as wide as an object its surroundings are that are shown at most."""
_FEWEST_PIXELS = 60
"""How many pixels are shown at least: nobody recognises a tiny object without its surroundings."""
_MARGIN = 1.5
"""How many times as wide as an object what is shown is at least."""


def go_to_box(
    viewer: napari.Viewer,
    layer: Layer,
    at: Mapping[str, int],
    low: Sequence[int],
    high: Sequence[int],
) -> None:
    """Show a box of a layer in the middle of the screen, as large as before where it fits.

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
    wide = max(float(extent[shown].max()), 1e-12)
    pixel = float((extent / (last - first + 1))[shown].max())
    farthest = min(size) / max(_AROUND * wide, _FEWEST_PIXELS * pixel)
    camera.zoom = min(max(camera.zoom, farthest), max(min(size) / (_MARGIN * wide), farthest))
