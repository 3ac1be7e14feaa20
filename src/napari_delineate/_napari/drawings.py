"""Turn what is drawn in layers of shapes into values, and values into what can be drawn on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels, Layer, Points, Shapes
from numpy.typing import NDArray
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication

from napari_delineate._napari.scales import is_drawn_on
from napari_delineate.arrays import stack_paths

__all__ = [
    "Drawing",
    "drawing_of",
    "is_being_drawn",
    "is_being_edited",
    "paths_of",
    "put_back",
    "show_paths",
    "to_draw",
]

_ELLIPSE = 64
"""Number of vertices that an ellipse gets."""

_CLOSED = ("polygon", "rectangle", "ellipse")


@dataclass(frozen=True)
class Drawing:
    """Hold what was drawn in a layer just as it was, in its own coordinates.

    Attributes
    ----------
    data : tuple of ndarray
        The vertices of each shape; for points, one array of all.
    types : tuple of str
        What each shape is, as napari names it; none for points.
    """

    data: tuple[NDArray[Any], ...]
    types: tuple[str, ...]


def drawing_of(layer: Layer) -> Drawing | None:
    """Return what is drawn in a layer of points or shapes, None for another layer."""
    if isinstance(layer, Points):
        return Drawing((np.array(layer.data),), ())
    if isinstance(layer, Shapes):
        return Drawing(tuple(np.array(one) for one in layer.data), tuple(layer.shape_type))
    return None


def put_back(layer: Layer, drawing: Drawing) -> None:
    """Show in a layer what was drawn in it before."""
    if isinstance(layer, Points):
        layer.data = drawing.data[0].copy()
    else:
        _set_shapes(layer, zip(drawing.data, drawing.types, strict=True))


def is_being_drawn(layer: Layer) -> bool:
    """Tell whether a shape is begun in a layer that is not finished."""
    return bool(getattr(layer, "_is_creating", False))


def is_being_edited(viewer: ViewerModel) -> bool:
    """Tell whether a person draws or paints in the selected layer just now."""
    layer = viewer.layers.selection.active
    if not isinstance(layer, Labels | Points | Shapes):
        return False
    if is_drawn_on(layer):
        return True
    pressed = QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton
    return is_being_drawn(layer) or (pressed and str(layer.mode) != "pan_zoom")


def paths_of(layer: Shapes) -> NDArray[np.float64]:
    """Return the shapes of a layer as paths, in its own coordinates.

    Parameters
    ----------
    layer : napari.layers.Shapes
        The layer. Ellipses get many vertices.

    Returns
    -------
    (N, V, D) ndarray of float64
        The vertices. Polygons, rectangles and ellipses end where they begin; shapes with
        fewer vertices repeat their last one.
    """
    paths = []
    for drawn, kind in zip(layer.data, layer.shape_type, strict=True):
        vertices = _round(drawn) if kind == "ellipse" else np.asarray(drawn, float)
        paths.append(np.concatenate([vertices, vertices[:1]]) if kind in _CLOSED else vertices)
    return stack_paths(paths, layer.ndim)


def to_draw(paths: Sequence[NDArray[Any]]) -> list[tuple[NDArray[Any], str]]:
    """Return the shapes that paths are, as napari takes them.

    Parameters
    ----------
    paths : (N, V, D) ndarray
        The vertices.

    Returns
    -------
    list of (ndarray, str)
        Vertices without repeated ones, and what they are: a polygon where they end where
        they begin, otherwise a line or a path.
    """
    drawn = []
    for path in paths:
        moves = np.flatnonzero((path[1:] != path[:-1]).any(axis=1))
        vertices = path[: moves[-1] + 2] if len(moves) else path[[0, 0]]
        if len(vertices) > 3 and np.array_equal(vertices[0], vertices[-1]):
            drawn.append((vertices[:-1], "polygon"))
        else:
            drawn.append((vertices, "line" if len(vertices) == 2 else "path"))
    return drawn


def show_paths(layer: Shapes, paths: Sequence[NDArray[Any]]) -> None:
    """Show paths in a layer in place of what is drawn in it."""
    _set_shapes(layer, to_draw(paths))


def _set_shapes(layer: Shapes, shapes: Iterable[tuple[NDArray[Any], str]]) -> None:
    layer.data = [(vertices.copy(), kind) for vertices, kind in shapes]


def _round(corners: Any) -> NDArray[np.float64]:
    """Return the outline of an ellipse in the box of some corners."""
    corners = np.asarray(corners, float)
    middle = corners.mean(axis=0)
    first, second = (corners[1] - corners[0]) / 2, (corners[3] - corners[0]) / 2
    angles = np.arange(_ELLIPSE)[:, None] * (2 * np.pi / _ELLIPSE)
    return np.asarray(middle + np.cos(angles) * first + np.sin(angles) * second)
