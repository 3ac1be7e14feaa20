"""Change how surface layers look: colours, range, cuts, and one object among others."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Surface
from numpy.typing import NDArray

from napari_delineate.palette import DIVERGING, SEQUENTIAL, colormap_of, range_of

__all__ = [
    "COLORMAPS",
    "clip",
    "clipped_at",
    "colour_well",
    "dim_others",
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


def colour_well(layer: Surface) -> None:
    """Give a layer of measured values colours and a range that suit them."""
    low, high = range_of(layer.vertex_values)
    values = layer.vertex_values
    layer.colormap = colormap_of((low, high))
    limits = (min(low, float(np.nanmin(values))), max(high, float(np.nanmax(values))))
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
    vertices = layer.vertices[:, -3:]
    low, high = vertices.min(axis=0), vertices.max(axis=0)
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


def dim_others(layer: Surface, numbers: NDArray[Any], number: int | None) -> None:
    """Let one object keep its colour and take it from all others; None gives it back to all.

    Parameters
    ----------
    layer : Surface
        The layer.
    numbers : (N,) ndarray
        The object of each vertex.
    number : int or None
        The object.
    """
    if number is None:
        if layer.vertex_colors is not None:
            layer.vertex_colors = None
        return
    low, high = layer.contrast_limits
    shown = np.clip((np.asarray(layer.vertex_values, float) - low) / ((high - low) or 1), 0, 1)
    colours = np.array(layer.colormap.map(shown), np.float32)
    others = np.asarray(numbers) != number
    colours[others, :3] = _GREY + _VARIED * colours[others, :3].mean(axis=1, keepdims=True)
    layer.vertex_colors = colours


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
    return int(found[1])
