"""The tool that floods the image from clicked seeds."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_delineate._napari.annotating.image_tools import FoundObject, holds_all
from napari_delineate._napari.annotating.scene import Scene
from napari_delineate._napari.annotating.tool import Place, check_slice
from napari_delineate.annotation import seeds
from napari_delineate.annotation.seeds import Landscape, Seed

__all__ = ["SeededObjects"]

_NEAR = 0.015
"""Share of what is on the screen within which a click meets a seed."""
_BACKGROUND = (0.2, 0.2, 0.2, 1.0)


class SeededObjects(FoundObject):
    """Make objects by a watershed from clicked seeds."""

    name, title, key = "seeds", "Seeds", "A"
    hint = (
        "Click into each object; Shift adds a seed to the last object, Ctrl sets one in the "
        "background, and a click on a seed removes it. Enter makes the objects."
    )
    settings_from = (
        (seeds.landscape_of, ("outlines", "sigma")),
        (seeds.grow_seeds, ("share",)),
    )

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._seeds: list[Seed] = []
        self._scene: Scene | None = None
        self._landscape: Landscape | None = None

    def press(self, place: Place) -> None:
        if self._scene is None:
            self._scene = place.scene
        check_slice(self._scene, place.scene, "the seeds lie")
        near = self._seed_at(place)
        if near is not None:
            self._seeds.remove(near)
        else:
            last = max((seed.number for seed in self._seeds), default=0)
            number = last + 1 if last else self.number_for(place)
            if place.shift and last:
                number = last
            elif place.control:
                number = 0
            self._seeds.append(Seed(tuple(place.at.tolist()), number))
        if not self._seeds:
            self.cancel()
            return
        points = [np.asarray(seed.point) for seed in self._seeds]
        if self._landscape is None or not holds_all(self._landscape.window, points):
            self._prepare()
        self._preview()

    def change(self) -> None:
        if self._seeds:
            self._prepare()
            self._preview()

    def accept(self) -> None:
        found, landscape, scene = self._seeds, self._landscape, self._scene
        if scene is None or landscape is None:
            raise ValueError("click into an object before you press Enter")
        values = self.values
        edit = seeds.seeded_objects(
            scene.labels, landscape, found, share=values["share"], **self.protection
        )
        self.cancel()
        numbers = sorted({seed.number for seed in found if seed.number})
        plural = "object" if len(numbers) == 1 else f"{len(numbers)} objects"
        if self.hand.edit(scene, edit, f"Grow {plural} from seeds"):
            self.select(numbers[-1])
            self.say_if_cut(scene, landscape.window, edit)

    def cancel(self) -> bool:
        had, self._seeds = bool(self._seeds), []
        self._scene = self._landscape = None
        self.overlay.clear()
        return had

    def _prepare(self) -> None:
        assert self._scene is not None
        values, scene = self.values, self._scene
        self._landscape = seeds.landscape_of(
            scene.image,
            scene.window_around([np.asarray(seed.point) for seed in self._seeds]),
            outlines=values["outlines"],
            sigma=values["sigma"],
            spacing=scene.spacing,
        )

    def _preview(self) -> None:
        assert self._scene is not None
        assert self._landscape is not None
        scene, landscape = self._scene, self._landscape
        layer = self.hand.layer
        assert layer is not None
        colors = [
            layer.get_color(seed.number) if seed.number else _BACKGROUND for seed in self._seeds
        ]
        self.overlay.points(scene, [seed.point for seed in self._seeds], np.array(colors, float))
        if any(seed.number for seed in self._seeds):
            edit = seeds.seeded_objects(
                scene.labels,
                landscape,
                self._seeds,
                share=self.values["share"],
                **self.protection,
            )
            numbers = {seed.number for seed in self._seeds if seed.number}
            self.overlay.labels(
                scene, edit.box, np.where(np.isin(edit.labels, list(numbers)), edit.labels, 0)
            )

    def _seed_at(self, place: Place) -> Seed | None:
        """Return the seed that a click meets."""
        reach = _NEAR * max(side.stop - side.start for side in place.scene.window)
        for seed in self._seeds:
            if np.abs(np.asarray(seed.point) - place.at).max() <= max(reach, 0.5):
                return seed
        return None
