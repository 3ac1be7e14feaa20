"""Tools for whole objects: merge, delete, fill, smooth, grow, shrink, take apart."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate._napari.annotating.scene import Scene
from napari_delineate._napari.annotating.tool import (
    ClickTool,
    LineTool,
    Place,
    check_slice,
    labels_along,
)
from napari_delineate.annotation import objects
from napari_delineate.annotation.edits import Edit

__all__ = [
    "Delete",
    "FillHoles",
    "Grow",
    "KeepComponent",
    "Merge",
    "SeparateComponents",
    "Shrink",
    "Smooth",
]


class Merge(LineTool):
    """Merge the objects that a stroke crosses, or that are clicked one after the other."""

    name, title, key = "merge", "Merge", "J"
    hint = "Draw a stroke across the objects, or click them one by one and press Enter."

    def __init__(self, *given: object) -> None:
        super().__init__(*given)
        self._clicked: dict[int, NDArray[np.float64]] = {}
        self._clicked_in: Scene | None = None

    def draw(self, scene: Scene, line: NDArray[np.float64]) -> None:
        self._show_clicked()
        numbers = labels_along(scene, list(line))
        if len(numbers) > 1:
            self._merge(scene, numbers)
        elif numbers:
            if self._clicked_in is not None:
                check_slice(self._clicked_in, scene, "the objects were clicked")
            self._clicked_in = scene
            self._clicked[numbers[0]] = line[-1]
            self._show_clicked()
            listed = ", ".join(map(str, self._clicked))
            self.hand.said.emit(f"To merge: {listed}. Click more, then press Enter.", False)
        else:
            raise ValueError("there is no object under the stroke; draw it across objects")

    def accept(self) -> None:
        numbers, scene = list(self._clicked), self._clicked_in
        self._forget()
        if scene is None or len(numbers) < 2:
            raise ValueError("click at least two objects before you press Enter")
        self._merge(scene, numbers)

    def cancel(self) -> bool:
        is_forgotten = self._forget()
        return super().cancel() or is_forgotten

    def _show_clicked(self) -> None:
        if self._clicked_in is not None:
            self.overlay.points(self._clicked_in, list(self._clicked.values()))

    def _forget(self) -> bool:
        had = bool(self._clicked)
        self._clicked, self._clicked_in = {}, None
        self.overlay.clear()
        return had

    def _merge(self, scene: Scene, numbers: list[int]) -> None:
        self._forget()
        first, *others = numbers
        boxes = self.hand.boxes(scene, others)
        edits = objects.renumber(scene.labels, others, first, boxes, **self.guards)
        listed = ", ".join(map(str, numbers[:-1])) + f" and {numbers[-1]}"
        self.hand.edit(scene, edits, f"Merge objects {listed}")


class Delete(ClickTool):
    """Erase an object."""

    name, title, key, verb = "delete", "Delete", "D", "Delete"
    hint = "Click an object to erase it."

    def edit_of(self, place: Place) -> list[Edit]:
        boxes = self.hand.boxes(place.scene, [place.label])
        return objects.renumber(place.scene.labels, [place.label], 0, boxes, **self.guards)


class FillHoles(ClickTool):
    """Fill what an object encloses."""

    name, title, key, verb = "fill_holes", "Fill holes", "H", "Fill"
    hint = "Click an object to fill its holes."

    def edit_of(self, place: Place) -> Edit:
        return objects.fill_holes(
            place.scene.labels, place.label, self.box_of(place), **self.protection
        )


class KeepComponent(ClickTool):
    """Keep the clicked part of an object."""

    name, title, key, verb = "keep_component", "Keep part", "K", "Keep one part of"
    hint = "Click the part of an object that is to stay; its other parts are erased."
    settings_from = ((objects.keep_component, ("connectivity",)),)

    def edit_of(self, place: Place) -> Edit:
        return objects.keep_component(
            place.scene.labels,
            place.label,
            place.at.tolist(),
            self.box_of(place),
            **self.values,
            **self.guards,
        )


class SeparateComponents(ClickTool):
    """Make the parts of an object objects of their own."""

    name, title, key, verb = "separate", "Separate parts", "Shift-K", "Separate the parts of"
    hint = "Click an object of several parts; each part gets a number of its own."
    settings_from = ((objects.separate_components, ("connectivity",)),)

    def edit_of(self, place: Place) -> Edit:
        return objects.separate_components(
            place.scene.labels,
            place.label,
            self.box_of(place),
            new_number=self.hand.new_number(),
            **self.values,
            **self.guards,
        )


class _Reshape(ClickTool):
    """Change the outline of an object, with a setting that is a length."""

    def edit_of(self, place: Place) -> Edit:
        ((function, _),) = self.settings_from
        scene = place.scene
        edit: Edit = function(
            scene.labels,
            place.label,
            self.box_of(place),
            spacing=scene.spacing,
            **self.values,
            **self.around,
        )
        return edit

    @property
    def around(self) -> dict[str, Any]:
        """What the edit leaves alone."""
        return self.protection


class Smooth(_Reshape):
    """Smooth the outline of an object."""

    name, title, key, verb = "smooth", "Smooth", "O", "Smooth"
    hint = "Click an object to smooth its outline."
    settings_from = ((objects.smooth, ("radius",)),)


class Grow(_Reshape):
    """Grow an object."""

    name, title, key, verb = "grow", "Grow", "G", "Grow"
    hint = "Click an object to grow it."
    settings_from = ((objects.grow, ("distance",)),)


class Shrink(_Reshape):
    """Shrink an object."""

    name, title, key, verb = "shrink", "Shrink", "Shift-G", "Shrink"
    hint = "Click an object to shrink it."
    settings_from = ((objects.shrink, ("distance",)),)

    @property
    def around(self) -> dict[str, Any]:
        return self.guards
