"""Tools that split objects: along a line, between points, by their shape, with a plane."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate._napari.annotating.scene import Scene
from napari_delineate._napari.annotating.tool import (
    ClickTool,
    LineTool,
    Place,
    Tool,
    check_slice,
    labels_along,
)
from napari_delineate.annotation import splitting
from napari_delineate.annotation.edits import Edit

__all__ = ["CutPlane", "SplitByLine", "SplitByPoints", "SplitByShape"]


class SplitByLine(LineTool):
    """Split the objects that a line is drawn across."""

    name, title, key, group = "split_line", "Split along line", "S", "Split"
    hint = "Draw a line across one or several objects; each becomes two."

    def draw(self, scene: Scene, line: NDArray[np.float64]) -> None:
        edits: list[Edit] = []
        problem, number = None, self.hand.new_number()
        for label in labels_along(scene, list(line)):
            try:
                edits.append(self._split(scene, label, line, number + len(edits)))
            except ValueError as error:
                problem = problem or error
        if edits:
            plural = "object" if len(edits) == 1 else f"{len(edits)} objects"
            self.hand.edit(scene, edits, f"Split {plural}")
        else:
            raise problem or ValueError("there is no object under the line; draw it across one")

    def _split(self, scene: Scene, label: int, line: NDArray[np.float64], number: int) -> Edit:
        return splitting.split_by_line(
            scene.labels,
            label,
            line,
            self.hand.box(scene, [label]),
            new_number=number,
            axis=scene.depth_axis,
            spacing=scene.spacing,
            **self.guards,
        )


class CutPlane(LineTool):
    """Cut an object of a volume with a plane through a line and the direction of view."""

    name, title, key, group = "cut_plane", "Cut with plane", "U", "Split"
    hint = (
        "Draw a line across an object of a volume: a plane through the line, in the direction "
        "in which you look, cuts it in two."
    )
    needs_depth = True

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._direction: NDArray[np.float64] | None = None

    def press(self, place: Place) -> None:
        self._direction = place.direction
        super().press(place)

    def draw(self, scene: Scene, line: NDArray[np.float64]) -> None:
        if line.shape[1] != 3:
            raise ValueError("a plane cuts volumes: tick Edit in 3D first")
        labels = labels_along(scene, list(line))
        if not labels:
            raise ValueError("there is no object under the line; draw it across one")
        direction = self._direction
        if direction is None:
            direction = np.eye(3)[scene.depth_axis]
        edge = np.stack([line[0], line[-1]])
        normal = splitting.normal_of_plane(edge, direction.tolist(), scene.spacing)
        edits = [
            splitting.cut_with_plane(
                scene.labels,
                label,
                line[0].tolist(),
                normal.tolist(),
                self.hand.box(scene, [label]),
                new_number=self.hand.new_number() + rank,
                spacing=scene.spacing,
                **self.guards,
            )
            for rank, label in enumerate(labels)
        ]
        plural = "object" if len(edits) == 1 else f"{len(edits)} objects"
        self.hand.edit(scene, edits, f"Cut {plural} with a plane")


class SplitByPoints(Tool):
    """Split an object between points."""

    name, title, key, group = "split_points", "Split between points", "Shift-S", "Split"
    hint = "Click one point in each part of an object, then press Enter."
    settings_from = ((splitting.split_by_points, ("method",)),)

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._points: list[NDArray[np.float64]] = []
        self._label = 0
        self._scene: Scene | None = None

    def press(self, place: Place) -> None:
        if not place.label:
            raise ValueError("there is no object at this place; click into one")
        if self._points and self._scene is not None:
            check_slice(self._scene, place.scene, "the points lie")
        if self._points and place.label != self._label:
            raise ValueError(
                f"all points must lie in object {self._label}; press Enter to split it first, "
                "or Esc to begin anew"
            )
        self._scene, self._label = place.scene, place.label
        self._points.append(place.at)
        self.overlay.points(place.scene, self._points)
        count = len(self._points)
        self.hand.said.emit(
            f"{count} points; press Enter to split." if count > 1 else "Click the next point.",
            False,
        )

    def accept(self) -> None:
        points, label, scene = self._points, self._label, self._scene
        if scene is None or len(points) < 2:
            raise ValueError("click at least two points in an object before you press Enter")
        self.cancel()
        edit = splitting.split_by_points(
            scene.labels,
            label,
            np.array(points),
            self.hand.box(scene, [label]),
            new_number=self.hand.new_number(),
            spacing=scene.spacing,
            **self.values,
            **self.guards,
        )
        self.hand.edit(scene, edit, f"Split object {label} in {len(points)}")

    def cancel(self) -> bool:
        had, self._points = bool(self._points), []
        self.overlay.clear()
        return had


class SplitByShape(ClickTool):
    """Split an object where it is narrow."""

    name, title, key, group = "split_shape", "Split by shape", "Shift-D", "Split"
    hint = "Click an object to split it where it is narrow."
    verb = "Split"
    settings_from = ((splitting.split_by_shape, ("parts", "prominence")),)

    def edit_of(self, place: Place) -> Edit:
        return splitting.split_by_shape(
            place.scene.labels,
            place.label,
            self.box_of(place),
            new_number=self.hand.new_number(),
            spacing=place.scene.spacing,
            **self.values,
            **self.guards,
        )
