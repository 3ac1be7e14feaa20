"""Tools that find an object in the image: magic wand, level tracing, threshold in a box."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_delineate._napari.annotating.scene import Scene
from napari_delineate._napari.annotating.tool import Place, Tool
from napari_delineate.annotation import box, wand
from napari_delineate.annotation.edits import Edit
from napari_delineate.annotation.wand import Wand
from napari_delineate.types import Range

__all__ = ["FoundObject", "LevelTracing", "MagicWand", "ObjectInBox", "holds_all"]


class FoundObject(Tool):
    """Make what is found in the image a new object; with Shift, add it to the selected one."""

    group: ClassVar[str] = "From the image"
    looks_at_image: ClassVar[bool] = True

    def number_for(self, place: Place) -> int:
        """Return the number that what is found gets."""
        layer = self.hand.layer
        if layer is not None and place.shift and layer.selected_label:
            return int(layer.selected_label)
        if layer is not None and self.hand.annotation.semantic:
            return int(layer.selected_label)
        return self.hand.new_number()

    def select(self, number: int) -> None:
        """Let the new object be the selected one, so that more can be added to it."""
        if self.hand.layer is not None:
            self.hand.layer.selected_label = number

    def say_if_cut(self, scene: Scene, window: Sequence[slice], edit: Edit) -> None:
        """Say that an object may go on where a volume was not looked at."""
        sides = zip(edit.box, window, scene.window, strict=True)
        if any(
            (found.start == seen.start > shown.start) or (found.stop == seen.stop < shown.stop)
            for found, seen, shown in sides
        ):
            self.hand.said.emit(
                "The object may reach farther than was looked at: zoom in, or add to it at its "
                "end with Shift.",
                False,
            )


class MagicWand(FoundObject):
    """Flood from a click over pixels of similar intensity."""

    name, title, key = "wand", "Magic wand", "W"
    hint = (
        "Press in an object and drag to the right for more, to the left for less. With Shift it "
        "is added to the selected object."
    )

    @staticmethod
    def _settings(*, tolerance: Annotated[float, Range(0, 1)] = 0.1) -> None:
        """Say what a person chooses.

        Parameters
        ----------
        tolerance : float
            How much intensities may differ from that at the click, from 0 to 1, the largest
            difference on the screen. Dragging changes it.
        """

    settings_from = (
        (_settings, ("tolerance",)),
        (wand.wand_object, ("fill_holes",)),
        (Wand, ("sigma",)),
    )

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._wand: Wand | None = None
        self._start: Place | None = None
        self._number = 0
        self._share = 0.0

    def press(self, place: Place) -> None:
        scene = place.scene
        self._wand = Wand(
            scene.image,
            place.at.tolist(),
            scene.window_around([place.at]),
            sigma=self.values["sigma"],
            spacing=scene.spacing,
        )
        self._start, self._number = place, self.number_for(place)
        self._share = self.values["tolerance"]
        self._preview()

    def drag(self, place: Place) -> None:
        start = self._start
        if self._wand is None or start is None:
            return
        axis = start.scene.column_axis
        side = start.scene.window[axis]
        moved = (place.at[axis] - start.at[axis]) / max(side.stop - side.start, 1)
        self._share = float(np.clip(self.values["tolerance"] + moved, 0, 1))
        self._preview()

    def release(self, _: Place) -> None:
        found, start = self._wand, self._start
        if found is None or start is None:
            return
        self.choose("tolerance", self._share)
        tolerance = self._tolerance()
        self.cancel()
        edit = wand.wand_object(
            start.scene.labels,
            found,
            tolerance,
            self._number,
            fill_holes=self.values["fill_holes"],
            **self.protection,
        )
        if self.hand.edit(start.scene, edit, f"Magic wand for object {self._number}"):
            self.select(self._number)
            self.say_if_cut(start.scene, found.window, edit)

    def cancel(self) -> bool:
        had, self._wand = self._wand is not None, None
        self.overlay.clear()
        return had

    def _tolerance(self) -> float:
        assert self._wand is not None
        return self._share * self._wand.largest_tolerance

    def _preview(self) -> None:
        assert self._wand is not None
        assert self._start is not None
        mask = self._wand.mask(self._tolerance(), fill_holes=self.values["fill_holes"])
        self.overlay.labels(self._start.scene, self._wand.window, mask * self._number)
        self.hand.said.emit(f"Tolerance {self._tolerance():.4g}", False)


class LevelTracing(FoundObject):
    """Take what is as bright as the pointer's place, or brighter."""

    name, title, key = "level", "Level tracing", "Shift-W"
    hint = (
        "Press at the border of an object and move: all that is connected and as bright or "
        "brighter is taken when you let go."
    )
    settings_from = ((wand.level_mask, ("side", "sigma")),)

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._number = 0

    def press(self, place: Place) -> None:
        self._number = self.number_for(place)
        self.drag(place)

    def drag(self, place: Place) -> None:
        scene = place.scene
        if not self._number or not scene.holds(place.at):
            return
        window = scene.window_around([place.at])
        mask = wand.level_mask(
            scene.image, place.at.tolist(), window, spacing=scene.spacing, **self.values
        )
        self.overlay.labels(scene, window, mask * self._number)

    def release(self, place: Place) -> None:
        number, scene = self._number, place.scene
        self.cancel()
        if not number:
            return
        window = scene.window_around([place.at])
        edit = wand.level_object(
            scene.labels,
            scene.image,
            place.at.tolist(),
            window,
            number,
            spacing=scene.spacing,
            **self.values,
            **self.protection,
        )
        if self.hand.edit(scene, edit, f"Level tracing for object {number}"):
            self.select(number)
            self.say_if_cut(scene, window, edit)

    def cancel(self) -> bool:
        had, self._number = bool(self._number), 0
        self.overlay.clear()
        return had


class ObjectInBox(FoundObject):
    """Find the object in a box."""

    name, title, key = "box", "Object in box", "R"
    hint = (
        "Draw a box around an object; it is found in there. With Shift it is added to the "
        "selected object."
    )
    settings_from = ((box.box_mask, ("side", "sigma")),)

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._start: Place | None = None

    def press(self, place: Place) -> None:
        self._start = place

    def drag(self, place: Place) -> None:
        if self._start is not None:
            self.overlay.lines(place.scene, [_frame(place.scene, self._start.at, place.at)])

    def release(self, place: Place) -> None:
        start = self._start
        self.cancel()
        if start is None:
            return
        scene, number = start.scene, self.number_for(start)
        edit = box.box_object(
            scene.labels,
            scene.image,
            _box(scene, start.at, place.at),
            number,
            spacing=scene.spacing,
            **self.values,
            **self.protection,
        )
        if self.hand.edit(scene, edit, f"Object {number} in a box"):
            self.select(number)

    def cancel(self) -> bool:
        had, self._start = self._start is not None, None
        self.overlay.clear()
        return had


def holds_all(window: Sequence[slice], points: Iterable[NDArray[np.float64]]) -> bool:
    """Tell whether all points lie in a window."""
    return all(
        side.start <= at + 0.5 < side.stop
        for point in points
        for at, side in zip(point, window, strict=True)
    )


def _box(scene: Scene, first: NDArray[np.float64], last: NDArray[np.float64]) -> tuple[slice, ...]:
    """Return the box between two corners; in a volume it is as deep as it is wide."""
    low = np.floor(np.minimum(first, last) + 0.5).astype(int)
    high = np.floor(np.maximum(first, last) + 0.5).astype(int)
    if len(low) == 3:
        axis = scene.depth_axis
        sides = [other for other in range(3) if other != axis]
        width = np.mean([(high[side] - low[side] + 1) * scene.spacing[side] for side in sides])
        half = int(np.ceil(width / scene.spacing[axis] / 2))
        low[axis] -= half
        high[axis] += half
    sizes = scene.labels.shape
    starts = np.clip(low, 0, np.array(sizes) - 1)
    stops = np.clip(high + 1, starts + 1, sizes)
    return tuple(slice(int(a), int(b)) for a, b in zip(starts, stops, strict=True))


def _frame(
    scene: Scene, first: NDArray[np.float64], last: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the closed outline of the box in the plane that is shown."""
    row, column = (
        axis for axis in range(len(first)) if len(first) == 2 or axis != scene.depth_axis
    )
    corners = np.repeat(np.asarray(first, float)[None], 5, axis=0)
    corners[1:3, column] = last[column]
    corners[2:4, row] = last[row]
    return corners
