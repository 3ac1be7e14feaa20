"""The tool that parts object and background by scribbles."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate._napari.annotating.image_tools import FoundObject, holds_all
from napari_delineate._napari.annotating.scene import Scene
from napari_delineate._napari.annotating.tool import Place, check_slice
from napari_delineate.annotation import scribbles
from napari_delineate.annotation.scribbles import BACKGROUND, OBJECT, Scribbling

__all__ = ["Scribble"]

_PAUSE = 0.15
"""Seconds at least between two previews while a line is drawn."""
_LONGEST = 0.3
"""Seconds that a preview may take to be made while a line is drawn, not only behind it."""
_COLORS = {OBJECT: (1.0, 1.0, 1.0, 1.0), BACKGROUND: (0.1, 0.1, 0.1, 1.0)}


class Scribble(FoundObject):
    """Make an object by scribbles in it and in the background."""

    name, title, key = "scribble", "Scribble", "C"
    hint = (
        "Draw lines in the object, and with Ctrl in the background. Enter makes the object; "
        "with Shift the first line adds to the selected one."
    )
    settings_from = ((Scribbling, ("method", "sigma", "beta")),)

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._scene: Scene | None = None
        self._scribbling: Scribbling | None = None
        self._drawn: NDArray[np.uint8] | None = None
        self._lines: list[tuple[int, list[NDArray[np.float64]]]] = []
        self._number = 0
        self._took = 0.0
        self._when = 0.0

    def press(self, place: Place) -> None:
        if self._scene is None:
            self._scene, self._number = place.scene, self.number_for(place)
            self._drawn = np.zeros(place.scene.labels.shape, np.uint8)
        check_slice(self._scene, place.scene, "the lines lie")
        self._lines.append((BACKGROUND if place.control else OBJECT, [place.at]))
        self._draw(place.at, place.at)
        self._prepare_if_needed()

    def drag(self, place: Place) -> None:
        if not self._lines:
            return
        line = self._lines[-1][1]
        self._draw(line[-1], place.at)
        line.append(place.at)
        self._show_lines()
        if self._took < _LONGEST and time.monotonic() - self._when > _PAUSE:
            self._preview()

    def release(self, _: Place) -> None:
        if self._lines:
            self._show_lines()
            self._preview()

    def change(self) -> None:
        if self._scene is not None and self._scribbling is not None:
            self._prepare(self._scribbling.window)
            self._preview()

    def accept(self) -> None:
        scene, found, drawn, number = self._scene, self._scribbling, self._drawn, self._number
        if scene is None or found is None or drawn is None:
            raise ValueError("draw a line in the object before you press Enter")
        edit = scribbles.scribbled_object(scene.labels, found, drawn, number, **self.protection)
        self.cancel()
        if self.hand.edit(scene, edit, f"Scribble object {number}"):
            self.select(number)
            self.say_if_cut(scene, found.window, edit)

    def cancel(self) -> bool:
        had, self._lines = bool(self._lines), []
        self._scene = self._scribbling = self._drawn = None
        self.overlay.clear()
        return had

    def _prepare_if_needed(self) -> None:
        """Look at what the lines are drawn in, unless that is known."""
        assert self._scene is not None
        points = [point for _, line in self._lines for point in line]
        if self._scribbling is not None and holds_all(self._scribbling.window, points):
            return
        window = self._scene.window_around(points)
        if self._scribbling is None or self._scribbling.window != window:
            self._prepare(window)

    def _prepare(self, window: tuple[slice, ...]) -> None:
        assert self._scene is not None
        self._scribbling = Scribbling(
            self._scene.image, window, spacing=self._scene.spacing, **self.values
        )

    def _draw(self, start: NDArray[np.float64], end: NDArray[np.float64]) -> None:
        """Mark the pixels of a piece of the last line, one pixel to each side."""
        assert self._drawn is not None
        assert self._scene is not None
        side, shape = self._lines[-1][0], self._drawn.shape
        count = int(np.ceil(np.abs(end - start).max() * 2)) + 1
        for share in np.linspace(0, 1, count):
            pixel = np.floor(start + share * (end - start) + 0.5).astype(int)
            thick = [
                int(axis != self._scene.depth_axis or len(shape) == 2) for axis in range(len(shape))
            ]
            box = tuple(
                slice(max(at - more, 0), max(at + more + 1, 0))
                for at, more in zip(pixel.tolist(), thick, strict=True)
            )
            self._drawn[box] = side

    def _show_lines(self) -> None:
        assert self._scene is not None
        paths = [np.array(line) for _, line in self._lines]
        self.overlay.lines(self._scene, paths, [_COLORS[side] for side, _ in self._lines])

    def _preview(self) -> None:
        assert self._scribbling is not None
        assert self._scene is not None
        if not any(side == OBJECT for side, _ in self._lines):
            return
        start = time.monotonic()
        self._prepare_if_needed()
        mask = self._scribbling.mask(self._drawn)
        self.overlay.labels(self._scene, self._scribbling.window, mask * self._number)
        self._when = time.monotonic()
        self._took = self._when - start
