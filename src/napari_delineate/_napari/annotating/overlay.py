"""Draw over a layer what a tool is about to do: lines, points and filled pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import napari
import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray

from napari_delineate._napari.annotating.scene import Scene, pixel_at
from napari_delineate._napari.layers import level_0

__all__ = ["Overlay"]

_ABOVE = 1_000_000
"""Order of drawing that comes after all layers."""
_LINE = (1.0, 1.0, 1.0, 1.0)
_FILL = 0.55
"""Opacity of pixels that are filled."""
_WIDTH, _SIZE = 2, 9
"""Pixels of the screen that lines are wide, and points large."""


class Overlay:
    """Draw in the coordinates of what is edited of a layer; nothing of the layer changes.

    What was drawn is hidden while another slice is shown.

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
        self._starts: dict[str, tuple[float, ...]] = {}  # where visuals begin in the layer
        self._drawn: dict[str, Callable[[], None]] = {}  # draws visuals again
        if layer.multiscale:
            layer.events.set_data.connect(self._on_tile)
        events = viewer.dims.events
        self._turns = (events.current_step, events.order, events.ndisplay)
        for event in self._turns:
            event.connect(self._on_turn)

    def lines(
        self, scene: Scene, paths: Sequence[NDArray[Any]], colors: Sequence[Any] | None = None
    ) -> None:
        """Draw paths of (N, D) points of the scene, with a colour each; none to draw none."""
        colors = [_LINE] * len(paths) if colors is None else colors
        shades = [
            color for path, color in zip(paths, colors, strict=True) for _ in range(len(path))
        ]
        self._drawn["lines"] = partial(self.lines, scene, paths, colors)
        if not shades or not self._is_here(scene):
            self._hide("lines")
            return
        points = np.concatenate(paths)
        connected = np.ones(len(points), bool)
        connected[np.cumsum([len(path) for path in paths]) - 1] = False
        starts = np.flatnonzero(connected)
        visual = self._visual("lines")
        visual.set_data(
            pos=self._on_canvas(scene, points),
            connect=np.stack([starts, starts + 1], 1),
            color=np.array(shades, np.float32),
        )
        self._place("lines")
        visual.visible = True

    def points(self, scene: Scene, places: Any, colors: Any = _LINE) -> None:
        """Draw (N, D) points of the scene, with one colour or one each; none to draw none."""
        self._drawn["points"] = partial(self.points, scene, places, colors)
        if not len(places) or not self._is_here(scene):
            self._hide("points")
            return
        visual = self._visual("points")
        visual.set_data(
            self._on_canvas(scene, np.asarray(places, float)),
            face_color=np.asarray(colors, float),
            edge_color=(0, 0, 0, 1),
            size=_SIZE,
        )
        self._place("points")
        visual.visible = True

    def labels(self, scene: Scene, window: Sequence[slice], found: NDArray[Any]) -> None:
        """Fill pixels of a window of the scene in the colours of the labels that they get.

        Parameters
        ----------
        scene : Scene
            What is edited.
        window : sequence of slice
            The window, one slice per axis of the scene.
        found : ndarray of int, in the shape of the window
            The labels, 0 for what is not filled.
        """
        self._drawn["labels"] = partial(self.labels, scene, window, found)
        plane, shown = self._plane(scene, window, found)
        if plane is None or not self._is_here(scene):
            self._hide("labels")  # a volume is not filled before it is done
            return
        if shown[0] > shown[1]:
            plane = plane.T
        numbers, ranks = np.unique(plane, return_inverse=True)
        colors = np.zeros((len(numbers), 4), np.float32)
        for rank, number in enumerate(numbers.tolist()):
            if number:
                known = self._layer.get_color(number)
                colors[rank] = (*(_LINE if known is None else known)[:3], _FILL)
        visual = self._visual("labels")
        visual.set_data(colors[ranks.reshape(plane.shape)])
        self._starts["labels"] = tuple(window[axis].start - 0.5 for axis in shown)
        self._place("labels")
        visual.visible = True

    def outline(self, scene: Scene, window: Sequence[slice], mask: NDArray[Any]) -> None:
        """Draw the outlines of pixels of a window of the scene, of which a slice is shown."""
        from skimage.measure import find_contours

        plane, shown = self._plane(scene, window, mask)
        paths = []
        if plane is not None:
            for contour in find_contours(np.pad(plane.astype(float), 1), 0.5):
                path = np.zeros((len(contour), len(window)))
                taken = contour if shown[0] < shown[1] else contour[:, ::-1]
                corner = [window[axis].start - 1 for axis in sorted(shown)]
                path[:, sorted(shown)] = taken + corner
                paths.append(path)
        self.lines(scene, paths)
        self._drawn["lines"] = partial(self.outline, scene, window, mask)

    def clear(self) -> None:
        """Draw nothing."""
        self._drawn.clear()
        for name in self._visuals:
            self._hide(name)

    def remove(self) -> None:
        """Take everything out of the canvas."""
        if self._layer.multiscale:
            self._layer.events.set_data.disconnect(self._on_tile)
        for event in self._turns:
            event.disconnect(self._on_turn)
        for visual in self._visuals.values():
            visual.parent = None
        self._visuals.clear()

    def _plane(
        self, scene: Scene, window: Sequence[slice], found: NDArray[Any]
    ) -> tuple[NDArray[Any] | None, list[int]]:
        """Return what is shown of a window, None where that is no slice, and its axes."""
        shown = self._shown_axes(scene)
        if len(shown) != 2:
            return None, shown
        at = self._layer.world_to_data(self._viewer.dims.point[-self._layer.ndim :])
        taken: list[Any] = []
        for axis, side in enumerate(window):
            place = int(np.floor(at[scene.kept[axis]] + 0.5)) - side.start
            if axis not in shown and not 0 <= place < side.stop - side.start:
                return None, shown
            taken.append(slice(None) if axis in shown else place)
        return found[tuple(taken)], shown

    def _shown_axes(self, scene: Scene) -> list[int]:
        """Return the axes of the scene that are on the screen, as they stand there."""
        missing = self._viewer.dims.ndim - self._layer.ndim
        displayed = [axis - missing for axis in self._viewer.dims.displayed]
        return [scene.kept.index(axis) for axis in displayed if axis in scene.kept]

    def _on_canvas(self, scene: Scene, points: NDArray[Any]) -> NDArray[np.float32]:
        """Return points as the canvas takes them: x first."""
        shown = np.asarray(points, np.float32)[:, self._shown_axes(scene)]
        return np.ascontiguousarray(shown[:, ::-1])

    def _on_turn(self, _: Any) -> None:
        """Show what belongs to the slice that is shown now."""
        for draw in list(self._drawn.values()):
            draw()

    def _is_here(self, scene: Scene) -> bool:
        """Tell whether what is edited in a scene is on the screen."""
        shape = level_0(self._layer).shape
        at = self._layer.world_to_data(self._viewer.dims.point[-self._layer.ndim :])
        return len(self._shown_axes(scene)) == self._viewer.dims.ndisplay and all(
            isinstance(taken, slice) or taken == pixel_at(place, size)
            for taken, place, size in zip(scene.view, at, shape, strict=True)
        )

    def _on_tile(self, _: Any) -> None:
        for name in self._visuals:
            self._place(name)

    def _place(self, name: str) -> None:
        """Put a visual where its place in the layer is on the canvas."""
        from vispy.visuals.transforms import STTransform

        # Of labels at several scales, napari draws a tile; its pixels are the unit of the canvas.
        tile, displayed = self._layer._transforms["tile2data"], self._layer._slice_input.displayed
        unit = np.asarray(tile.scale)[displayed]
        corner = np.asarray(tile.translate)[displayed]
        # In 2D, napari lets pixels begin at whole numbers, and in 3D have their middles there.
        middle = 0.5 if len(displayed) == 2 else (1 - unit) / 2
        start = np.asarray(self._starts.get(name, (0,) * len(displayed)))
        shift = (start + middle - corner) / unit
        self._visuals[name].transform = STTransform(scale=1 / unit[::-1], translate=shift[::-1])

    def _hide(self, name: str) -> None:
        if name in self._visuals:
            self._visuals[name].visible = False

    def _visual(self, name: str) -> Any:
        if name not in self._visuals:
            from vispy.scene import visuals

            if name == "lines":
                visual: Any = visuals.Line(width=_WIDTH, method="gl")
            elif name == "points":
                visual = visuals.Markers()
            else:
                visual = visuals.Image(np.zeros((1, 1, 4), np.float32), interpolation="nearest")
            canvas: Any = self._viewer.window._qt_viewer.canvas
            visual.parent = canvas.layer_to_visual[self._layer].node
            visual.order = _ABOVE
            visual.set_gl_state("translucent", depth_test=False)
            self._visuals[name] = visual
        return self._visuals[name]
