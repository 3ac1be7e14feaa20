"""Time the tools that change objects, on objects of 100,000 pixels in large labels.

    .venv/bin/python -m benchmarks.object_tools [--only NAME ...]

The labels are 4096 × 4096 and 256 × 1024 × 1024, full of touching objects. Each tool is asked
as a click would: the edit, and what it changes. Milliseconds are those of the processor, of
all threads together, because machines are shared. What compiles has been called before. The
median of several runs counts.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from napari_delineate.annotation import objects, slices, splitting
from napari_delineate.annotation.edits import Edit, bounding_box, change_of
from napari_delineate.annotation.object_index import ObjectIndex
from napari_delineate.types import voxels


class Scene:
    """Hold labels full of balls with a hole, an image of them, and two that touch."""

    def __init__(self, shape: tuple[int, ...], width: int) -> None:
        half = width // 2
        grid = np.ogrid[tuple(slice(-half, half) for _ in shape)]
        away = sum((axis + 0.5) ** 2 for axis in grid)
        ball = (away < half**2) & (away > 16)
        self.labels = np.zeros(shape, np.int32)
        number = 0
        for place in np.ndindex(*(size // width for size in shape)):
            number += 1
            box = tuple(slice(at * width, (at + 1) * width) for at in place)
            self.labels[box][ball] = number
        self.image = (self.labels > 0).view(np.uint8)
        self.index = ObjectIndex(self.labels)
        self.number = number // 2 + 2
        box = self.index.box(self.number)
        assert box is not None
        self.box = box
        corner = tuple(side.start for side in box)
        self.labels[corner] = self.number  # a part of its own
        self.middle = np.array([(side.start + side.stop) / 2 for side in box])
        self.new = self.index.new_number()
        self.stack = self.labels, self.image, self.box
        if len(shape) == 2:
            frames = np.stack([self.labels, np.zeros_like(self.labels)])
            self.stack = frames, np.stack([self.image] * 2), (slice(0, 2), *self.box)

    def near(self, *aside: float) -> Any:
        """Return a place some pixels away from the middle, along the last axes."""
        return self.middle + np.array((0,) * (len(self.middle) - len(aside)) + aside)


SCENES = {
    "2D 4096 × 4096": lambda: Scene((4096, 4096), 364),
    "3D 256 × 1024 × 1024": lambda: Scene((256, 1024, 1024), 60),
}

Tool = Callable[[Scene], Edit]


def merge(s: Scene) -> Edit:
    boxes = [box for box in (s.index.box(s.number - 1), s.box) if box is not None]
    return objects.merge(s.labels, [s.number - 1, s.number], bounding_box(boxes))


def split_by_line(s: Scene) -> Edit:
    line = np.linspace(s.near(-200, -9), s.near(150, 9), 300)
    return splitting.split_by_line(s.labels, s.number, line, s.box, new_number=s.new)


def split_by_points(s: Scene) -> Edit:
    points = [s.near(0, -12), s.near(0, 12), s.near(14, 0)]
    return splitting.split_by_points(s.labels, s.number, points, s.box, new_number=s.new)


def propagate(s: Scene) -> Edit:
    """Copy the object in a slice (an image is a frame) to the next one, and adapt it."""
    labels, image, box = s.stack
    place = int(s.middle[0]) if s.labels.ndim == 3 else 0
    return slices.propagate(
        labels, [s.number], place, place + 1, box, image, replace=True, follow=True
    )


TOOLS: dict[str, Tool] = {
    "merge": merge,
    "delete": lambda s: objects.delete(s.labels, [s.number], s.box),
    "relabel": lambda s: objects.relabel(s.labels, s.number, s.new, s.box),
    "fill holes": lambda s: objects.fill_holes(s.labels, s.number, s.box),
    "keep part": lambda s: objects.keep_component(s.labels, s.number, s.near(20), s.box),
    "separate parts": lambda s: objects.separate_components(
        s.labels, s.number, s.box, new_number=s.new
    ),
    "smooth by 2": lambda s: objects.smooth(s.labels, s.number, s.box, radius=voxels(2)),
    "grow by 3": lambda s: objects.grow(s.labels, s.number, s.box, distance=voxels(3)),
    "shrink by 3": lambda s: objects.shrink(s.labels, s.number, s.box, distance=voxels(3)),
    "split by line": split_by_line,
    "split by points": split_by_points,
    "split by shape": lambda s: splitting.split_by_shape(
        s.labels, s.number, s.box, new_number=s.new, parts=2
    ),
    "cut with plane": lambda s: splitting.cut_with_plane(
        s.labels, s.number, s.middle, np.ones(s.labels.ndim), s.box, new_number=s.new
    ),
    "propagate": propagate,
}


def timed(tool: Tool, scene: Scene, repeats: int) -> tuple[float, float]:
    """Return the milliseconds of an edit, and those of finding what it changes."""
    tool(scene)
    labels = scene.stack[0] if tool is propagate else scene.labels
    edits, changes = [], []
    for _ in range(repeats):
        start = time.process_time()
        edit = tool(scene)
        between = time.process_time()
        change_of(labels, edit)
        edits.append(between - start)
        changes.append(time.process_time() - between)
    return statistics.median(edits) * 1000, statistics.median(changes) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=TOOLS, default=list(TOOLS), metavar="NAME")
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    columns = {}
    for title, make in SCENES.items():
        scene = make()
        columns[title] = {name: timed(TOOLS[name], scene, given.repeats) for name in given.only}
    print("| tool | " + " | ".join(columns) + " |")
    print("| --- | " + " | ".join("---:" for _ in columns) + " |")
    for name in given.only:
        cells = (f"{one[name][0]:.1f} + {one[name][1]:.1f} ms" for one in columns.values())
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
