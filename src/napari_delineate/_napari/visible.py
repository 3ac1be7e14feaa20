"""Tell which part of a layer is on the screen."""

from __future__ import annotations

from typing import Any

import napari
import numpy as np
from napari.layers import Layer
from numpy.typing import NDArray

from napari_delineate._napari.layers import place_of
from napari_delineate.axes import looped_axes, spatial_axes

__all__ = [
    "camera_and_size",
    "camera_of",
    "displayed_axes",
    "overlays_of",
    "shown_region",
    "visible_centre",
    "visible_region",
]


def visible_region(viewer: napari.Viewer, layer: Layer) -> dict[str, tuple[int, int]] | None:
    """Return the part of a layer's grid that a person looks at.

    Parameters
    ----------
    viewer : napari.Viewer
        The viewer.
    layer : napari.layers.Layer
        An image or labels of the viewer, whether it is shown or hidden.

    Returns
    -------
    dict of str to (int, int), or None
        For each axis the first pixel and the one behind the last: along axes on the
        screen what can be seen at least in part, in the 3D view all of them; along an
        axis in space that has a slider a block around it that is as deep as the view is
        wide; of other axes the index now. None if nothing of the layer is there.

    Raises
    ------
    LayerError
        If the axes of the layer are not known.
    """
    region = shown_region(viewer, layer)
    if region is None:
        return None
    axes, on_screen = place_of(layer).axes, displayed_axes(viewer, layer)
    shape = dict(zip(axes, layer.data.shape, strict=False))  # colours have no letter
    scale = dict(zip(axes, np.abs(layer.scale), strict=True))
    seen = [(region[letter][1] - region[letter][0]) * scale[letter] for letter in on_screen]
    for letter in spatial_axes(axes):
        if letter not in on_screen and seen:
            middle = sum(region[letter]) / 2
            half = max(seen) / scale[letter] / 2
            start, stop = _pixels(middle - 0.5 - half, middle - 0.5 + half)
            region[letter] = max(start, 0), min(stop, shape[letter])
    return region


def shown_region(viewer: napari.Viewer, layer: Layer) -> dict[str, tuple[int, int]] | None:
    """Return the pixels of a layer that are on the screen.

    Parameters
    ----------
    viewer : napari.Viewer
        The viewer.
    layer : napari.layers.Layer
        An image or labels of the viewer, whether it is shown or hidden.

    Returns
    -------
    dict of str to (int, int), or None
        As `visible_region`, but along axes with a slider only the index now.

    Raises
    ------
    LayerError
        If the axes of the layer are not known.
    """
    axes = place_of(layer).axes
    low, high = _window(viewer, layer)
    on_screen = displayed_axes(viewer, layer)
    shape = dict(zip(axes, layer.data.shape, strict=False))  # colours have no letter
    region = {}
    for letter, first, last in zip(axes, low, high, strict=True):
        whole = letter in on_screen and viewer.dims.ndisplay == 3
        start, stop = (0, shape[letter]) if whole else _pixels(first, last)
        region[letter] = max(start, 0), min(stop, shape[letter])
    return region if all(start < stop for start, stop in region.values()) else None


def visible_centre(viewer: napari.Viewer, layer: Layer) -> dict[str, int]:
    """Return the pixel of a layer in the middle of the screen, where the sliders are.

    Parameters
    ----------
    viewer : napari.Viewer
        The viewer.
    layer : napari.layers.Layer
        An image or labels of the viewer.

    Returns
    -------
    dict of str to int
        For each axis the index of the pixel; it may lie outside of the grid.
    """
    middle = np.mean(_window(viewer, layer), axis=0)
    pixels = np.floor(middle + 0.5).astype(int).tolist()
    return dict(zip(place_of(layer).axes, pixels, strict=True))


def displayed_axes(viewer: napari.Viewer, layer: Layer) -> str:
    """Return the axes in space of a layer that lie on the screen, from top to bottom first.

    Parameters
    ----------
    viewer : napari.Viewer
        The viewer.
    layer : napari.layers.Layer
        An image or labels of the viewer.

    Returns
    -------
    str
        For instance "YX", or "XZ" where the axes were transposed.
    """
    axes = place_of(layer).axes
    missing = viewer.dims.ndim - layer.ndim
    letters = (axes[axis - missing] for axis in viewer.dims.displayed if axis >= missing)
    return "".join(letter for letter in letters if letter not in looped_axes(axes))


def _window(viewer: napari.Viewer, layer: Layer) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the corners of the canvas in coordinates of the data; sliders have no width."""
    camera, size = camera_and_size(viewer)
    first = np.array(viewer.dims.point, float)
    last = first.copy()
    on_screen = list(viewer.dims.displayed[-2:])
    middle, half = np.array(camera.center[-2:]), np.array(size) / camera.zoom / 2
    first[on_screen], last[on_screen] = middle - half, middle + half
    corners = np.array([layer.world_to_data(corner) for corner in (first, last)])
    return corners.min(axis=0), corners.max(axis=0)


def camera_and_size(viewer: napari.Viewer) -> tuple[Any, tuple[float, float]]:
    """Return the camera, and height and width of the canvas that an image has."""
    if hasattr(viewer, "scene"):
        return camera_of(viewer), viewer.canvas.viewbox_size(viewer.layers)
    return camera_of(viewer), viewer._canvas_size  # napari before 0.9


def camera_of(viewer: napari.Viewer) -> Any:
    """Return the camera of a viewer, which napari before 0.9 has in another place."""
    return viewer.scene.camera if hasattr(viewer, "scene") else viewer.camera


def overlays_of(viewer: napari.Viewer) -> Any:
    """Return what holds scale bar and axes: before napari 0.9 the viewer itself."""
    return viewer.canvas.overlays if hasattr(viewer, "scene") else viewer


def _pixels(first: float, last: float) -> tuple[int, int]:
    """Return the pixels that a range meets; a pixel reaches half a pixel to each side."""
    start = int(np.floor(first + 0.5))
    return start, max(int(np.ceil(last + 0.5)), start + 1)
