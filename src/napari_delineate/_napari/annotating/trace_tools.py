"""The tool that traces edges between clicks: intelligent scissors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate._napari.annotating.image_tools import FoundObject
from napari_delineate._napari.annotating.scene import Scene
from napari_delineate._napari.annotating.tool import Place, check_slice
from napari_delineate.annotation import edges
from napari_delineate.annotation.edges import EdgeMap, Wires

__all__ = ["TraceEdges"]

_NEAR = 0.012
"""Share of what is on the screen within which a click closes the outline."""


class TraceEdges(FoundObject):
    """Trace edges or membranes between clicks, and make an object of what they enclose."""

    name, title, key = "trace", "Trace edges", "T"
    hint = (
        "Click along the edge of an object: the line follows the edge to the pointer. A click on "
        "the first point, or Enter, closes it; Esc takes the last click back."
    )
    settings_from = ((edges.edge_map, ("outlines", "sigma")),)

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._scene: Scene | None = None
        self._map: EdgeMap | None = None
        self._wires: Wires | None = None
        self._parts: list[NDArray[Any]] = []  # from each click to the next
        self._clicks: list[tuple[int, ...]] = []
        self._number = 0

    def press(self, place: Place) -> None:
        if self._scene is None:
            self._scene, self._number = place.scene, self.number_for(place)
            self._prepare()
        check_slice(self._scene, place.scene, "the outline was begun")
        assert self._map is not None
        if len(self._clicks) > 2 and self._is_at_start(place):
            self.accept()
            return
        pixel = edges.snapped(self._map, place.at.tolist())
        if self._wires is not None:
            self._parts.append(self._wires.to(pixel))
        self._clicks.append(pixel)
        self._wires = edges.wires_from(self._map, pixel)
        self._show(None)

    def hover(self, place: Place) -> None:
        if self._wires is not None and self._scene is not None:
            inside = all(
                side.start <= at + 0.5 < side.stop
                for at, side in zip(place.at, self._wires.window, strict=True)
            )
            self._show(self._wires.to(place.at.tolist()) if inside else None)

    def drag(self, place: Place) -> None:
        self.hover(place)

    def change(self) -> None:
        if self._clicks:
            self._prepare()
            assert self._map is not None
            self._wires = edges.wires_from(self._map, self._clicks[-1])

    def accept(self) -> None:
        scene, wires = self._scene, self._wires
        if scene is None or wires is None or len(self._clicks) < 2:
            raise ValueError("click at least two places of an edge before you press Enter")
        outline = np.concatenate([*self._parts, wires.to(self._clicks[0])])
        number = self._number
        self._forget()
        edit = edges.outlined_object(scene.labels, outline, number, **self.protection)
        if self.hand.edit(scene, edit, f"Trace object {number}"):
            self.select(number)

    def cancel(self) -> bool:
        if not self._clicks:
            return False
        self._clicks.pop()
        if not self._clicks:
            self._forget()
            return True
        self._parts.pop()
        assert self._map is not None
        self._wires = edges.wires_from(self._map, self._clicks[-1])
        self._show(None)
        return True

    def close(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self._scene = self._map = self._wires = None
        self._parts, self._clicks = [], []
        self.overlay.clear()

    def _prepare(self) -> None:
        scene = self._scene
        assert scene is not None
        window = list(scene.window)
        if len(window) == 3:  # an outline lies in one slice
            window[scene.depth_axis] = slice(scene.slice_shown, scene.slice_shown + 1)
        self._map = edges.edge_map(scene.image, tuple(window), spacing=scene.spacing, **self.values)

    def _show(self, wire: NDArray[Any] | None) -> None:
        assert self._scene is not None
        paths = [*self._parts, *([] if wire is None else [wire])]
        self.overlay.lines(self._scene, paths)
        self.overlay.points(self._scene, self._clicks)

    def _is_at_start(self, place: Place) -> bool:
        reach = _NEAR * max(side.stop - side.start for side in place.scene.window)
        away = np.abs(np.asarray(self._clicks[0]) - place.at).max()
        return bool(away <= max(reach, 0.5))
