"""Time the tools that make objects of an image, in large images, with what is in view.

    .venv/bin/python -m benchmarks.annotation_tools [--only NAME ...]

The images are 4096 × 4096 and 256 × 1024 × 1024. In view are 1000 × 1000 pixels of the first
and of a slice of the second; tools in space get a window of 48 × 192 × 192. Each tool is asked
as a hand would: what is prepared once when it is taken up or the button goes down, what is
answered with each move, and the edit at the end.

Milliseconds are those of the processor, of all threads together, because machines are shared.
What compiles has been called before. The median of several runs counts.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.images import blobs
from napari_delineate.annotation.box import box_object
from napari_delineate.annotation.edges import edge_map, outlined_object, snapped, wires_from
from napari_delineate.annotation.scribbles import (
    BACKGROUND,
    OBJECT,
    Scribbling,
    scribbled_object,
)
from napari_delineate.annotation.seeds import Seed, landscape_of, seeded_objects
from napari_delineate.annotation.wand import Wand, level_object, wand_object

Timed = Iterator[tuple[str, Callable[[], Any]]]


@dataclass
class Scene:
    """Hold an image, labels, what is in view, and the brightest place there."""

    image: Any
    labels: Any
    view: tuple[slice, ...]

    def __post_init__(self) -> None:
        part = self.image[self.view]
        inner = tuple(
            slice(size // 4, size - size // 4) if size > 1 else slice(0, 1) for size in part.shape
        )
        low = [side.start for side in inner]
        at = np.unravel_index(part[inner].argmax(), part[inner].shape)
        self.point = tuple(
            int(a + b + side.start) for a, b, side in zip(at, low, self.view, strict=True)
        )
        self.contrast = float(part.max()) - float(np.median(part))

    def around(self, *reach: int) -> tuple[slice, ...]:
        """Return a box around the place."""
        far = (0,) * (len(self.point) - len(reach)) + reach
        return tuple(slice(at - by, at + by + 1) for at, by in zip(self.point, far, strict=True))


def plane() -> Scene:
    image = np.tile(blobs((1024, 1024), 450), (4, 4))
    return Scene(image, np.zeros(image.shape, np.int32), (slice(1500, 2500), slice(1200, 2200)))


def _volume() -> Any:
    return np.tile(blobs((64, 256, 256), 100), (4, 4, 4))


def slice_of_volume() -> Scene:
    image = _volume()[100]
    labels = np.zeros((256, 1024, 1024), np.int32)[100]
    return Scene(image, labels, (slice(10, 1010), slice(10, 1010)))


def volume() -> Scene:
    image = _volume()
    view = (slice(90, 138), slice(400, 592), slice(400, 592))
    return Scene(image, np.zeros(image.shape, np.int32), view)


SCENES = {
    "2D 4096 × 4096, 1000 × 1000 in view": plane,
    "a slice of 3D 256 × 1024 × 1024, 1000 × 1000 in view": slice_of_volume,
    "3D 256 × 1024 × 1024, a window of 48 × 192 × 192": volume,
}


def wand(s: Scene) -> Timed:
    yield "press", lambda: Wand(s.image, s.point, s.view).mask(0.2 * s.contrast)
    near = Wand(s.image, s.point, s.view)
    near.mask(0.2 * s.contrast)
    far = iter(np.linspace(0.25, 0.95, 20) * s.contrast)
    yield "drag by 1/28 of the contrast", lambda: near.mask(next(far))
    yield "all at once", lambda: Wand(s.image, s.point, s.view).mask(10 * s.contrast)
    yield "edit", lambda: wand_object(s.labels, near, 0.6 * s.contrast, 1, fill_holes=True)


def level(s: Scene) -> Timed:
    yield "edit", lambda: level_object(s.labels, s.image, s.point, s.view, 1)


def seeds(s: Scene) -> Timed:
    random = np.random.default_rng(0)
    some = [Seed(s.point, 1)]
    for number in range(2, 21):
        at = tuple(int(random.integers(side.start, side.stop)) for side in s.view)
        some.append(Seed(at, number))
    for outlines in ("brightness", "membranes"):
        yield f"{outlines}: prepare", lambda o=outlines: landscape_of(s.image, s.view, outlines=o)
        land = landscape_of(s.image, s.view, outlines=outlines)
        yield f"{outlines}: 20 seeds", lambda at=land: seeded_objects(s.labels, at, some)


def box(s: Scene) -> Timed:
    reach = (12, 25, 25)[-s.image.ndim :]
    yield "edit", lambda: box_object(s.labels, s.image, s.around(*reach), 1)


def scribbles(s: Scene) -> Timed:
    lines = np.zeros(s.image.shape, np.uint8)
    lines[s.around(6)] = OBJECT
    around = s.around(25, 1)
    for turn in (-30, 30):
        aside = slice(around[-1].start + turn, around[-1].stop + turn)
        lines[(*around[:-1], aside)] = BACKGROUND
    for method in ("random walk", "graph cut", "grow cut"):
        yield f"{method}: prepare", lambda m=method: Scribbling(s.image, s.view, method=m)
        known = Scribbling(s.image, s.view, method=method)
        yield f"{method}: line", lambda k=known: scribbled_object(s.labels, k, lines, 1)


def live_wire(s: Scene) -> Timed:
    view = (*(slice(at, at + 1) for at in s.point[:-2]), *s.view[-2:])
    yield "prepare", lambda: edge_map(s.image, view)
    found = edge_map(s.image, view)
    click = snapped(found, s.point, 20)
    yield "click", lambda: wires_from(found, click)
    wires = wires_from(found, click)
    corners = [
        (*s.point[:-2], view[-2].start + 5, view[-1].start + 5),
        (*s.point[:-2], view[-2].start + 5, view[-1].stop - 5),
    ]
    yield "move", lambda: wires.to(corners[0])
    outline = np.concatenate([wires.to(corners[0]), wires.to(corners[1])[::-1]])
    yield "edit", lambda: outlined_object(s.labels, outline, 1)


TOOLS: dict[str, Callable[[Scene], Timed]] = {
    "magic wand": wand,
    "level tracing": level,
    "seeds": seeds,
    "box": box,
    "scribbles": scribbles,
    "live wire": live_wire,
}


def timed(tool: Callable[[Scene], Timed], scene: Scene, repeats: int) -> dict[str, float]:
    """Return the milliseconds of each thing that a tool does."""
    found: dict[str, float] = {}
    for name, act in tool(scene):
        act()
        spent = []
        for _ in range(repeats):
            start = time.process_time()
            act()
            spent.append(time.process_time() - start)
        found[name] = statistics.median(spent) * 1000
    return found


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
    first = next(iter(columns.values()))
    for name in given.only:
        for act in first[name]:
            cells = (f"{column[name][act]:.1f} ms" for column in columns.values())
            print(f"| {name}, {act} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
