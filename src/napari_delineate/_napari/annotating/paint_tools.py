"""The brush for labels on which napari does not paint."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_delineate._napari.annotating.tool import Place, Tool
from napari_delineate._napari.scales import Stroke
from napari_delineate.annotation import painting

__all__ = ["Brush"]

_ANGLES = np.linspace(0, 2 * np.pi, 33)
"""Where the circle that shows the brush has its corners."""


class Brush(Tool):
    """Paint the selected object, or erase it."""

    name, title, key, group = "brush", "Brush", "Shift-P", "Paint"
    hint = "Draw to paint with the layer's label and brush size; with Ctrl it erases."
    is_for_scales: ClassVar[bool] = True

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._stroke: Stroke | None = None
        self._begun: Place | None = None
        self._last: NDArray[np.float64] = np.zeros(0)

    def press(self, place: Place) -> None:
        self._stroke = self.hand.begin_stroke(place.scene)
        self._begun, self._last = place, place.at
        try:
            self.drag(place)
        except ValueError:
            self.cancel()
            raise

    def drag(self, place: Place) -> None:
        begun, layer = self._begun, self.hand.layer
        if self._stroke is None or begun is None or layer is None:
            return
        if place.scene.view != begun.scene.view:
            return  # another slice is shown
        number = int(layer.selected_label)
        edit = painting.paint(
            begun.scene.labels,
            [self._last.tolist(), place.at.tolist()],
            max(number, 1),
            size=int(layer.brush_size),
            erase=begun.control or not number,
            spacing=begun.scene.spacing,
            **self.protection,
        )
        self._last = place.at
        if edit is not None:
            self._stroke.add(begun.scene.lifted(edit))
        self.hover(place)

    def hover(self, place: Place) -> None:
        layer = self.hand.layer
        if layer is None or place.direction is not None:
            return
        scene, count = place.scene, len(place.at)
        row, column = (axis for axis in range(count) if count == 2 or axis != scene.depth_axis)
        reach = (layer.brush_size // 2 + 0.5) * min(scene.spacing) / np.array(scene.spacing)
        circle = np.repeat(place.at[None], len(_ANGLES), axis=0)
        circle[:, row] += np.sin(_ANGLES) * reach[row]
        circle[:, column] += np.cos(_ANGLES) * reach[column]
        self.overlay.lines(scene, [circle])

    def release(self, _: Place) -> None:
        stroke, begun, layer = self._stroke, self._begun, self.hand.layer
        self._stroke = self._begun = None
        if stroke is None or begun is None or layer is None:
            return
        number = int(layer.selected_label)
        is_erasing = begun.control or not number
        self.hand.end_stroke(stroke, "Erase" if is_erasing else f"Paint object {number}")

    def cancel(self) -> bool:
        stroke, self._stroke = self._stroke, None
        self._begun = None
        if stroke is not None:
            stroke.abandon()
        self.overlay.clear()
        return stroke is not None
