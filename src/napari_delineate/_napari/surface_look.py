"""Change how surface layers look: colours, range, cuts, and one object among others."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
from napari.layers import Surface
from numpy.typing import NDArray

from napari_delineate.palette import (
    DIVERGING,
    SEQUENTIAL,
    colormap_of,
    object_numbers,
    range_of,
)

__all__ = [
    "COLORMAPS",
    "KnownObjects",
    "clip",
    "clipped_at",
    "colour_well",
    "dimmed",
    "triangle_at",
]

COLORMAPS = (
    "turbo",
    SEQUENTIAL,
    "magma",
    "inferno",
    "plasma",
    "twilight_shifted",
    DIVERGING,
    "gray",
)
"""Colours that can be told apart on a shaded surface, by their names in napari."""

_GREY, _VARIED = 0.3, 0.2
"""Brightness of what is not looked at, and how much of its own brightness stays in it."""


_LEVELS = 4096
"""Colours that values are told apart by."""


class KnownObjects:
    """Know the objects that values are numbers of, without looking twice at an array.

    A dock asks whenever anything changes, and to find the numbers among millions takes long.
    """

    def __init__(self) -> None:
        self._known: list[tuple[weakref.ref[Any], NDArray[np.int64]]] = []

    def of(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """Return what `palette.object_numbers` finds; none for values that vary in time."""
        for known, numbers in self._known:
            if known() is values:
                return numbers
        numbers = object_numbers(values)
        # Two: a coloured surface, and the one before that says what its objects are.
        self._known = [(weakref.ref(values), numbers), *self._known[:1]]
        return numbers

    def forget(self) -> None:
        """Look again: an array may have been written over."""
        self._known = []


def colour_well(layer: Surface) -> None:
    """Give a layer of measured values colours and a range that suit them."""
    low, high = range_of(layer.vertex_values)
    values = layer.vertex_values
    layer.colormap = colormap_of((low, high))
    known = values[np.isfinite(values)]
    limits = (float(known.min(initial=low)), float(known.max(initial=high)))
    layer.contrast_limits_range = limits
    layer.contrast_limits = (low, high)


def clip(layer: Surface, axis: int, share: float, *, is_flipped: bool) -> None:
    """Show only what lies on one side of a plane.

    Parameters
    ----------
    layer : Surface
        The layer.
    axis : int
        The axis in space that the plane is perpendicular to: 0 for z, 1 for y, 2 for x.
    share : float
        Where the plane lies between the ends of the surface, 0 to 1.
    is_flipped : bool
        Whether the side that comes first along the axis is shown, not the other.
    """
    # Column by column: numpy takes ten times as long along rows of three.
    columns = layer.vertices.T[-3:]
    low, high = (np.array([find(one) for one in columns]) for find in (np.min, np.max))
    position = (low + high) / 2
    position[axis] = low[axis] + share * (high[axis] - low[axis])
    normal = np.zeros(3)
    normal[axis] = -1 if is_flipped else 1
    layer.experimental_clipping_planes = [
        {"position": tuple(position), "normal": tuple(normal), "enabled": True}
    ]


def clipped_at(layer: Surface) -> tuple[int, float, bool] | None:
    """Return axis, place and side of the plane that cuts a layer, None if there is none."""
    planes = [plane for plane in layer.experimental_clipping_planes if plane.enabled]
    if not planes:
        return None
    normal, position = np.asarray(planes[0].normal), np.asarray(planes[0].position)
    axis = int(np.abs(normal).argmax())
    along = layer.vertices[:, -3 + axis]
    low, high = float(along.min()), float(along.max())
    share = (position[axis] - low) / (high - low) if high > low else 0.5
    return axis, float(np.clip(share, 0, 1)), bool(normal[axis] < 0)


def dimmed(
    layer: Surface, numbers: NDArray[Any], number: int, own: NDArray[Any] | None
) -> NDArray[np.float32]:
    """Return colours in which one object keeps its own and all others are grey.

    Parameters
    ----------
    layer : Surface
        The layer.
    numbers : (N,) ndarray
        The object of each vertex.
    number : int
        The object.
    own : (N, 3 or 4) ndarray or None
        The colours of the vertices, None if they are those of the values.

    Returns
    -------
    (N, 3 or 4) ndarray of float32
        The colours.
    """
    if own is None:
        low, high = layer.contrast_limits
        shares = (np.asarray(layer.vertex_values, float) - low) / ((high - low) or 1)
        places = np.nan_to_num(np.clip(shares, 0, 1)) * (_LEVELS - 1)
        table = np.asarray(layer.colormap.map(np.linspace(0, 1, _LEVELS)), np.float32)
        own = table[places.round().astype(np.int32)]
    colours = np.array(own, np.float32)
    brightness = colours[:, :3] @ np.full(3, _VARIED / 3, np.float32) + np.float32(_GREY)
    others = np.asarray(numbers) != number
    for channel in range(3):
        np.copyto(colours[:, channel], brightness, where=others)
    return colours


def triangle_at(layer: Surface, event: Any) -> int | None:
    """Return the triangle below the pointer of a mouse event in 3D, None beside the surface."""
    found = layer.get_value(
        event.position,
        view_direction=event.view_direction,
        dims_displayed=event.dims_displayed,
        world=True,
    )
    if not isinstance(found, tuple) or found[1] is None:
        return None
    return _among_all(layer, event, int(found[1]))


def _among_all(layer: Surface, event: Any, shown: int) -> int:
    """Return the number among all triangles of one among those that are in the slice now."""
    missing = len(event.position) - layer.ndim
    hidden = [axis for axis in range(layer.ndim) if axis + missing not in event.dims_displayed]
    if not hidden:
        return shown
    point = np.asarray(layer.world_to_data(event.position))[hidden]
    # napari shows what lies half a step or less before or after the slider.
    is_in = (np.abs(layer.vertices[:, hidden] - point) <= 0.5).all(axis=1)
    return int(np.flatnonzero(is_in[layer.faces].all(axis=1))[shown])
