"""Find the place in a layer that the pointer means, in the 3D view on what lies behind it."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Labels
from napari.layers.labels._labels_utils import first_nonzero_coordinate
from numpy.typing import NDArray

from napari_delineate._napari.layers import level_0

__all__ = ["Aim"]

_INSIDE = 0.49
"""How far from the middle of a voxel a place in it lies at most."""


class Aim:
    """Follow the pointer, and know how deep it was while the button is down."""

    def __init__(self) -> None:
        self._last: NDArray[np.float64] | None = None  # the last place, in world coordinates

    def begin(self) -> None:
        """Forget how deep the pointer was: the button goes down."""
        self._last = None

    def place(self, layer: Labels, event: Any, *, beyond: bool) -> NDArray[np.float64] | None:
        """Return the place that the pointer means.

        Parameters
        ----------
        layer : napari.layers.Labels
            The layer.
        event : object
            napari's event: its type, and in the 3D view the way that one looks.
        beyond : bool
            Whether places beside objects are meant in the 3D view, too: as deep as the last
            object was, or else in the middle of the layer.

        Returns
        -------
        ndarray of float or None
            The place in pixels of the layer; None where nothing is there. The button goes up
            at the last place there.
        """
        displayed = layer._slice_input.displayed
        if len(displayed) == 2:
            return np.asarray(layer.world_to_data(event.position), float)
        eye = np.asarray(event.position, float)[-layer.ndim :]
        way = np.asarray(event.view_direction, float)[-layer.ndim :]
        start, end = layer.get_ray_intersections(event.position, event.view_direction, displayed)
        if start is not None and end is not None:
            # As in napari, but at full size, whatever scale is shown.
            voxel = first_nonzero_coordinate(level_0(layer), start, end)
            if voxel is not None:
                self._last = np.asarray(layer.data_to_world(voxel), float)
                # Exactly under the pointer, so that lines are as straight as they are drawn.
                at = np.asarray(layer.world_to_data(_beside(eye, way, self._last)), float)
                return np.clip(at, voxel - _INSIDE, voxel + _INSIDE)
        if beyond:
            middle = (np.asarray(level_0(layer).shape, float) - 1) / 2
            deep = layer.data_to_world(middle) if self._last is None else self._last
            return np.asarray(layer.world_to_data(_beside(eye, way, np.asarray(deep))), float)
        if event.type == "mouse_release" and self._last is not None:
            return np.asarray(layer.world_to_data(self._last), float)
        return None


def _beside(
    eye: NDArray[np.float64], way: NDArray[np.float64], place: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the point of a line of sight that is next to a place."""
    length = float(way @ way)
    return eye + way * float((place - eye) @ way) / length if length else place
