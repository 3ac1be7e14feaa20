"""Tools across slices and frames: fill between them, and copy objects from one to the next."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Annotated, ClassVar

import numpy as np

from napari_delineate._napari.annotating.scene import Scene
from napari_delineate._napari.annotating.tool import Place, Tool
from napari_delineate.annotation import slices
from napari_delineate.annotation.edits import Edit, bounding_box
from napari_delineate.types import Range

__all__ = ["CopyToSlices", "Interpolate", "Propagate"]


class _AcrossSlices(Tool, ABC):
    """Do something with the object that is clicked, along the slider."""

    group: ClassVar[str] = "Slices and frames"
    needs_depth: ClassVar[bool] = True
    takes_volumes: ClassVar[bool] = True

    def press(self, place: Place) -> None:
        if not place.label:
            raise ValueError("there is no object at this place; click on one")
        scene = self.hand.stack(with_image=self.looks_at_image, with_volumes=self.takes_volumes)
        self.act(scene, place)

    @abstractmethod
    def act(self, scene: Scene, place: Place) -> None:
        """Edit the object along the slider."""

    def box_with(self, scene: Scene, label: int, targets: list[int]) -> tuple[slice, ...]:
        """Return a box that holds an object, and the slices it is to be in."""
        box = list(self.hand.box(scene, [label]))
        reach = slice(min(targets), max(targets) + 1)
        (box[scene.depth_axis],) = bounding_box([(box[scene.depth_axis],), (reach,)])
        return tuple(box)

    def next_slice(self, scene: Scene, place: Place) -> int:
        """Return the slice behind that shown, with Shift that before it."""
        target = scene.slice_shown + (-1 if place.shift else 1)
        if not 0 <= target < scene.labels.shape[scene.depth_axis]:
            raise ValueError("there is no further slice in this direction")
        return target


class Interpolate(_AcrossSlices):
    """Fill an object between the slices in which it was drawn."""

    name, title, key = "interpolate", "Fill between slices", "I"
    hint = "Draw an object in some slices, then click it: the slices between are filled."
    takes_volumes = False

    def act(self, scene: Scene, place: Place) -> None:
        edit = slices.interpolate(
            scene.labels,
            place.label,
            self.hand.box(scene, [place.label]),
            axis=scene.depth_axis,
            spacing=scene.spacing,
            **self.protection,
        )
        if not self.hand.edit(scene, edit, f"Fill object {place.label} between slices"):
            self.hand.said.emit(f"Object {place.label} has no gaps between slices.", False)


class CopyToSlices(_AcrossSlices):
    """Copy an object to the next slices or frames."""

    name, title, key = "copy_slices", "Copy to slices", "Y"
    hint = "Click an object to copy it to the next slices or frames; with Shift to those before."

    @staticmethod
    def _settings(*, slices: Annotated[int, Range(1, 10_000)] = 1) -> None:
        """Say what a person chooses.

        Parameters
        ----------
        slices : int
            To how many slices or frames the object is copied.
        """

    settings_from = ((_settings, ("slices",)),)

    def act(self, scene: Scene, place: Place) -> None:
        first = self.next_slice(scene, place)
        step = -1 if place.shift else 1
        last = scene.slice_shown + step * self.values["slices"]
        last = int(np.clip(last, 0, scene.labels.shape[scene.depth_axis] - 1))
        targets = list(range(first, last + step, step))
        edit = slices.copy_to(
            scene.labels,
            [place.label],
            scene.slice_shown,
            targets,
            self.box_with(scene, place.label, [scene.slice_shown, *targets]),
            axis=scene.depth_axis,
            **self.protection,
        )
        plural = "slice" if len(targets) == 1 else f"{len(targets)} slices"
        if self.hand.edit(scene, edit, f"Copy object {place.label} to {plural}"):
            self.hand.go_to_slice(scene, targets[0])


class Propagate(_AcrossSlices):
    """Find an object again in the next slice or frame."""

    name, title, key = "propagate", "Follow to next slice", "Shift-Y"
    hint = (
        "Click an object to find it again in the next slice or frame of the image; with Shift "
        "in the one before."
    )
    looks_at_image = True
    settings_from = ((slices.propagate, ("reach", "follow")),)

    def act(self, scene: Scene, place: Place) -> None:
        target = self.next_slice(scene, place)
        edit: Edit = slices.propagate(
            scene.labels,
            [place.label],
            scene.slice_shown,
            target,
            self.box_with(scene, place.label, [scene.slice_shown, target]),
            scene.image,
            axis=scene.depth_axis,
            spacing=scene.spacing,
            **self.values,
            **self.protection,
        )
        if self.hand.edit(scene, edit, f"Follow object {place.label} to the next slice"):
            self.hand.go_to_slice(scene, target)
