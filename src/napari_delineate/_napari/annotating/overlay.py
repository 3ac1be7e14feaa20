"""Draw over a layer what a tool is about to do: lines, points and a mask."""

from __future__ import annotations

from typing import Any

import napari
import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray

__all__ = ["Overlay"]

_ABOVE = 1_000_000
"""Order of drawing that comes after all layers."""
_LINE = (1.0, 1.0, 1.0, 1.0)
_MASK = (1.0, 1.0, 1.0, 0.45)


class Overlay:
    """Draw in the coordinates of what is edited of a layer; nothing of the layer changes.

    Parameters
    ----------
    viewer : napari.Viewer
        The viewer.
    layer : Labels
        The layer.
    """

    def __init__(self, viewer: napari.Viewer, layer: Labels) -> None:
        self._viewer, self._layer = viewer, layer
        self._visuals: dict[str, Any] = {}

    def lines(self, paths: list[NDArray[Any]], color: tuple[float, ...] = _LINE) -> None:
        """Draw paths of (N, 2) or (N, 3) points; none to draw none."""
        paths = [path for path in paths if len(path) > 1]
        if not paths:
            self._hide("lines")
            return
        points = np.concatenate(paths)
        connected = np.ones(len(points), bool)
        connected[np.cumsum([len(path) for path in paths]) - 1] = False
        starts = np.flatnonzero(connected)
        visual = self._visual("lines")
        visual.set_data(
            pos=_to_canvas(points), connect=np.stack([starts, starts + 1], 1), color=color
        )
        visual.visible = True

    def points(self, places: NDArray[Any], colors: NDArray[Any] | None = None) -> None:
        """Draw (N, 2) or (N, 3) points; none to draw none."""
        if not len(places):
            self._hide("points")
            return
        visual = self._visual("points")
        shown = np.array(_LINE) if colors is None else colors
        visual.set_data(
            _to_canvas(np.asarray(places, float)),
            face_color=shown,
            edge_color=(0, 0, 0, 1),
            size=9,
        )
        visual.visible = True

    def mask(
        self,
        mask: NDArray[np.bool_] | None,
        corner: tuple[int, int] = (0, 0),
        color: tuple[float, ...] = _MASK,
    ) -> None:
        """Fill the pixels of a (Y, X) mask, whose first pixel lies at a corner."""
        if mask is None or not mask.any() or self._viewer.dims.ndisplay != 2:
            self._hide("mask")
            return
        from vispy.visuals.transforms import STTransform

        visual = self._visual("mask")
        picture = np.zeros((*mask.shape, 4), np.float32)
        picture[mask] = color
        visual.set_data(picture)
        visual.transform = STTransform(translate=(corner[1] - 0.5, corner[0] - 0.5))
        visual.visible = True

    def clear(self) -> None:
        """Draw nothing."""
        for name in self._visuals:
            self._hide(name)

    def remove(self) -> None:
        """Take everything out of the canvas."""
        for visual in self._visuals.values():
            visual.parent = None
        self._visuals.clear()

    def _hide(self, name: str) -> None:
        if name in self._visuals:
            self._visuals[name].visible = False

    def _visual(self, name: str) -> Any:
        if name not in self._visuals:
            from vispy.scene import visuals

            makers: dict[str, Any] = {
                "lines": lambda: visuals.Line(width=2, method="gl", antialias=False),
                "points": lambda: visuals.Markers(),
                "mask": lambda: visuals.Image(
                    np.zeros((1, 1, 4), np.float32), interpolation="nearest"
                ),
            }
            visual = makers[name]()
            canvas: Any = self._viewer.window._qt_viewer.canvas
            visual.parent = canvas.layer_to_visual[self._layer].node
            visual.order = _ABOVE
            visual.set_gl_state("translucent", depth_test=False)
            self._visuals[name] = visual
        return self._visuals[name]


def _to_canvas(points: NDArray[Any]) -> NDArray[np.float32]:
    """Return points as the canvas takes them: x first."""
    return np.ascontiguousarray(np.asarray(points, np.float32)[:, ::-1])
