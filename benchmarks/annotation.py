"""Time what an annotator feels, in a real window with the event loop running.

    xvfb-run -a .venv/bin/python -m benchmarks.annotation [--only 2D 3D] [--kept memory zarr scales]

Labels of 4096 × 4096 and of 256 × 1024 × 1024 hold some 4,000 objects, in int32; in memory, in a
Zarr array on disk (chunks of 512 × 512 and of 64 × 256 × 256, compressed as Zarr does), or in
memory at several scales, on which napari does not paint. A stroke of
ten dabs is painted as napari's brush paints it, by napari alone and with the Annotate dock
open; objects, also long thin ones, are merged, split and deleted; all is undone and redone; the
magic wand and scribbles are shown for what is in view. Each is called in the event loop, and then
events are worked off: milliseconds of the GUI thread (its processor time, and by the clock) until
it is idle. The median counts, and beside it the first call.

Machines are shared: processor time means something, and ratios.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from typing import Any

import napari
import numpy as np
from qtpy.QtCore import QThreadPool
from qtpy.QtWidgets import QApplication

from napari_delineate._napari.annotate_dock import AnnotateDock
from napari_delineate.annotation import objects, painting, splitting
from napari_delineate.annotation.edits import Edit
from napari_delineate.annotation.scribbles import BACKGROUND, OBJECT, Scribbling
from napari_delineate.annotation.wand import Wand

SHAPES = {"2D": (4096, 4096), "3D": (256, 1024, 1024)}
CHUNKS = {2: (512, 512), 3: (64, 256, 256)}
KEPT = ("memory", "zarr", "scales")
OBJECTS = 4000
SIZE = 25
THIN = 20
"""Lines from corner to corner, which lie in a box as large as all."""


def labels_of(shape: tuple[int, ...]) -> Any:
    labels = np.zeros(shape, np.int32)
    random = np.random.default_rng(0)
    for number in range(1, OBJECTS + 1):
        corner = [int(random.integers(0, size - SIZE)) for size in shape]
        labels[tuple(slice(at, at + SIZE) for at in corner)] = number
    for number in range(THIN):
        line = np.linspace(0, np.array(shape) - 1, 2 * max(shape)).round().astype(int)
        line[:, -1] = np.clip(line[:, -1] + 9 * number, 0, shape[-1] - 1)
        labels[tuple(line.T)] = OBJECTS + 1 + number
    return labels


def kept(labels: Any, how: str, folder: str) -> Any:
    """Return labels in memory, in a Zarr array, or at several scales."""
    if how == "scales":
        return [labels[(slice(None, None, 2**level),) * labels.ndim].copy() for level in range(4)]
    if how == "memory":
        return labels
    import zarr

    array = zarr.create_array(
        f"{folder}/labels.zarr", shape=labels.shape, chunks=CHUNKS[labels.ndim], dtype=labels.dtype
    )
    array[...] = labels
    return array


def work_off() -> None:
    for _ in range(3):
        QApplication.processEvents()


def rest(seconds: float = 0.1) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        QApplication.processEvents()
        time.sleep(0.005)


def timed(act: Callable[[int], Any], repeats: int = 9) -> tuple[float, float, float]:
    """Return milliseconds: processor time and clock (medians), and the first by the clock."""
    spent, clock = [], []
    for turn in range(repeats):
        rest()
        start, begun = time.thread_time(), time.perf_counter()
        act(turn)
        work_off()
        spent.append(1000 * (time.thread_time() - start))
        clock.append(1000 * (time.perf_counter() - begun))
    return statistics.median(spent), statistics.median(clock), clock[0]


def stroke(layer: Any) -> Callable[[int], None]:
    middle = [size // 2 for size in layer.data.shape]

    def paint(turn: int) -> None:
        layer.mode, layer.brush_size = "paint", 20
        with layer.block_history():
            for dab in range(10):
                row, column = middle[-2] + 5 * dab, middle[-1] + 17 * turn
                layer.paint((*middle[:-2], row, column), OBJECTS + 1000 + turn)

    return paint


def brush(dock: AnnotateDock) -> Callable[[int], None]:
    """Return what paints the same stroke with our brush, for labels at several scales."""
    hand = dock.hand

    def paint(turn: int) -> None:
        scene = hand.scene()
        middle = [size // 2 for size in scene.labels.shape]
        drawn = hand.begin_stroke(scene)
        for dab in range(10):
            point = (*middle[:-2], middle[-2] + 5 * dab, middle[-1] + 17 * turn)
            edit = painting.paint(scene.labels, [point] * 2, OBJECTS + 1000 + turn, size=20)
            assert edit is not None
            drawn.add(scene.lifted(edit))
        hand.end_stroke(drawn, "stroke")

    return paint


def edit(dock: AnnotateDock, tool: Callable[..., Edit], numbers: list[int]) -> None:
    hand = dock.hand
    scene = hand.whole()
    hand.edit(scene, tool(scene.labels, hand.box(scene, numbers)), "edit")


def renumber(dock: AnnotateDock, numbers: list[int], new_number: int) -> None:
    hand = dock.hand
    scene = hand.whole()
    boxes = hand.boxes(scene, numbers)
    hand.edit(scene, objects.renumber(scene.labels, numbers, new_number, boxes), "edit")


def measure(shape: tuple[int, ...], how: str, folder: str) -> dict[str, tuple[float, float, float]]:
    viewer = napari.Viewer()
    image = np.random.default_rng(1).integers(0, 99, shape, np.uint8)
    axes = ("z", "y", "x")[-len(shape) :]
    viewer.add_image(image, axis_labels=axes)
    labels = kept(labels_of(shape), how, folder)
    layer = viewer.add_labels(labels, multiscale=how == "scales", axis_labels=axes)
    viewer.camera.zoom = 1
    rest(1)
    found = {}
    if layer.editable:
        found["a stroke, napari alone"] = timed(stroke(layer))
    start = time.perf_counter()
    dock = AnnotateDock(viewer)
    viewer.window.add_dock_widget(dock, name="Annotate", area="right")
    dock.choice.choose(layer)
    work_off()
    opened = 1000 * (time.perf_counter() - start)
    found["open the dock"] = (opened, opened, opened)
    start = time.perf_counter()
    assert dock.hand.objects
    counted = opened + 1000 * (time.perf_counter() - start)
    found["until its objects are counted"] = (counted, counted, counted)
    rest(1)
    session, hand = dock.session, dock.hand
    if layer.editable:
        found["a stroke, with the dock"] = timed(stroke(layer))
        found["undo a stroke"] = timed(lambda _: session.undo())
        found["redo a stroke"] = timed(lambda _: session.redo())
    else:
        found["a stroke of the brush"] = timed(brush(dock))
    near = [number for number in hand.objects.numbers if number <= OBJECTS]

    def merge(turn: int) -> None:
        renumber(dock, near[2 * turn + 1 : 2 * turn + 2], near[2 * turn])

    def delete(turn: int) -> None:
        renumber(dock, near[100 + turn : 101 + turn], 0)

    def delete_thin(turn: int) -> None:
        renumber(dock, [OBJECTS + 1 + turn], 0)

    def split(turn: int) -> None:
        number = near[200 + turn]
        box = hand.objects.box(number)
        assert box is not None
        row = (box[-2].start + box[-2].stop) // 2
        before = [side.start for side in box[:-2]]
        line = [(*before, row, box[-1].start - 3), (*before, row, box[-1].stop + 3)]
        new = hand.new_number()

        def tool(labels: Any, box: tuple[slice, ...]) -> Edit:
            return splitting.split_by_line(labels, number, line, box, new_number=new)

        edit(dock, tool, [number])

    found |= {"merge two": timed(merge), "delete": timed(delete), "split": timed(split)}
    found["delete a long thin one"] = timed(delete_thin)
    found["undo of these"] = timed(lambda _: session.undo())
    hand.image = viewer.layers[0]
    scene = hand.scene(with_image=True)
    view = scene.window
    point = [(side.start + side.stop) // 2 for side in view]
    found["magic wand, press"] = timed(
        lambda turn: Wand(scene.image, point, view).mask(20.0 + turn, fill_holes=False)
    )
    lines = np.zeros(scene.image.shape, np.uint8)
    lines[point[0] - 5 : point[0] + 5, point[1]] = OBJECT
    lines[point[0] - 20 : point[0] + 20, point[1] + 30] = BACKGROUND
    scribbling = Scribbling(scene.image, view)
    found["scribble, line"] = timed(lambda _: scribbling.mask(lines))
    dock.stop()
    QThreadPool.globalInstance().waitForDone()  # what is saved in the background
    work_off()
    viewer.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--kept", nargs="+", choices=KEPT, default=["memory"])
    asked = parser.parse_args()
    for name, how in ((name, how) for name in asked.only for how in asked.kept):
        print(f"| {name} {' × '.join(map(str, SHAPES[name]))}, {how} | processor | clock | first |")
        print("| --- | ---: | ---: | ---: |")
        with tempfile.TemporaryDirectory() as folder:
            for title, (spent, clock, first) in measure(SHAPES[name], how, folder).items():
                print(f"| {title} | {spent:.1f} ms | {clock:.1f} ms | {first:.1f} ms |", flush=True)


if __name__ == "__main__":
    main()
