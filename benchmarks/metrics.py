"""Time comparisons of segmentations beside what their peers call, in one run.

    .venv/bin/python -m benchmarks.metrics [--repeats 3] [--objects 500 5000 50000]

The peers are `the-segmentation-game` (sparse Jaccard index) and `stardist` (matching); where
one can not be imported, its column says so. Each side runs in a process of its own, which may
take 10 GB of memory at most, on the same images; the tables show medians of times, their
ratio (above 1: the operation is faster), and by how much memory the process grew. A second
table has what else compares objects, for which time and memory should grow with the image.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import edt
import numpy as np

from benchmarks.toolbox import largest
from napari_delineate import metrics, voxels
from napari_delineate.contours import contours_of

Pair = tuple[np.ndarray, np.ndarray]
MEMORY = 10 * 2**30
SPACING = (2.0, 0.5, 0.5)
SAMPLE = 5
"""How many objects the whole-image way is timed on."""


def planar(objects: int) -> Pair:
    """Return boxes with gaps, numbered without gaps, and the same, shifted, one in ten missing."""
    per_side = int(np.ceil(np.sqrt(objects)))
    pitch = max(2048 // per_side, 16)
    numbers = np.arange(1, per_side * per_side + 1).reshape(per_side, per_side)
    numbers[numbers > objects] = 0
    reference = np.kron(numbers, np.ones((pitch, pitch), np.int32)).astype(np.int32)
    reference[::pitch] = reference[:, ::pitch] = 0
    labels = np.roll(reference, (1, 2), (0, 1))
    labels[labels % 10 == 5] = 0
    return reference, np.searchsorted(np.unique(labels), labels).astype(np.int32)


def volume() -> Pair:
    """Return 200 ellipsoids in 64 × 512 × 512 voxels, and the same, shifted."""
    reference = np.zeros((64, 512, 512), np.int32)
    grid = np.indices((28, 44, 44)) - np.array([14, 22, 22]).reshape(3, 1, 1, 1)
    inside = ((grid / np.array([13, 20, 20]).reshape(3, 1, 1, 1)) ** 2).sum(axis=0) < 1
    number = 0
    for z in (2, 34):
        for y, x in np.ndindex(10, 10):
            number += 1
            box = reference[z : z + 28, 2 + 50 * y : 46 + 50 * y, 2 + 50 * x : 46 + 50 * x]
            box[inside] = number
    return reference, np.roll(reference, (1, 2, 1), (0, 1, 2))


def game(reference: np.ndarray, labels: np.ndarray) -> float:
    from the_segmentation_game.metrics import jaccard_index_sparse

    return float(jaccard_index_sparse(reference, labels))


def stardist(reference: np.ndarray, labels: np.ndarray) -> float:
    from stardist.matching import matching

    return float(matching(reference, labels, thresh=0.5).accuracy)


def whole_image(reference: np.ndarray, labels: np.ndarray) -> list[float]:
    """Measure the mean distance of some contours with two transforms of the image for each."""
    found = []
    for number in range(1, SAMPLE + 1):
        first, second = contours_of(reference == number), contours_of(labels == number)
        one = edt.edt(~second, anisotropy=SPACING, parallel=0)[first]
        other = edt.edt(~first, anisotropy=SPACING, parallel=0)[second]
        found.append(float(one.mean() + other.mean()) / 2)
    return found


def in_boxes(reference: np.ndarray, labels: np.ndarray) -> list[float]:
    table = metrics.compare_outlines(reference, labels, spacing=SPACING)
    return list(table["mean_average_surface_distance"][:SAMPLE])


def by_centroids(reference: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    # So far that every object may have several partners.
    return metrics.detection_scores(
        reference, labels, criterion="centroid distance", distance=voxels(20)
    )


ALONE: dict[str, Callable[..., Any]] = {
    "detection_scores": metrics.detection_scores,
    "detection_scores by centroid distance": by_centroids,
    "panoptic_quality": metrics.panoptic_quality,
    "aggregated_jaccard": metrics.aggregated_jaccard,
    "mean_average_precision": metrics.mean_average_precision,
    "variation_of_information": metrics.variation_of_information,
}
SIDES: dict[str, Callable[..., Any]] = {
    **ALONE,
    "sparse_jaccard": metrics.sparse_jaccard,
    "the-segmentation-game": game,
    "average_precision": metrics.average_precision,
    "stardist.matching": stardist,
    "compare_outlines": in_boxes,
    "whole image": whole_image,
}


def _forget_largest() -> float:
    """Return how much memory this process has now; the most is counted from here."""
    Path("/proc/self/clear_refs").write_text("5")
    return largest()


def measure_here(side: str, objects: int, repeats: int) -> dict[str, Any]:
    """Run one side in this process, first on a little to import and compile everything."""
    SIDES[side](*(one[:20, :60, :60] for one in volume()) if not objects else planar(9))
    images = planar(objects) if objects else volume()
    gc.collect()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    before, seconds = _forget_largest(), []
    for _ in range(repeats):
        start = time.perf_counter()
        try:
            result = SIDES[side](*images)
        except MemoryError:
            return {"failed": "out of memory"}
        seconds.append(time.perf_counter() - start)
    factor = int(images[0].max()) / SAMPLE if side == "whole image" else 1
    return {
        "seconds": statistics.median(seconds) * factor,
        "memory": largest() - before,
        "result": result,
    }


def measure(side: str, objects: int, repeats: int) -> dict[str, Any]:
    """Run one side in a new process; say in a few words what went wrong."""
    command = [sys.executable, "-m", "benchmarks.metrics", "--measure", side]
    command += [str(objects), str(repeats)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode == 0:
        return dict(json.loads(run.stdout.splitlines()[-1]))
    lines = run.stderr.splitlines() or [f"exit {run.returncode}"]
    return {"failed": "not installed" if "ModuleNotFoundError" in lines[-1] else lines[-1][:60]}


def row(name: str, ours: str, peer: str, objects: int, repeats: int) -> str:
    here, there = measure(ours, objects, repeats), measure(peer, objects, min(repeats, 3))
    if "failed" in here:
        raise RuntimeError(here["failed"])
    cells = [name, f"{here['seconds']:.3f} s"]
    if "failed" in there:
        cells += [there["failed"], "", f"{here['memory']:.0f} MB", "", ""]
    else:
        equal = np.allclose(here["result"], there["result"], rtol=1e-5)
        cells += [
            f"{there['seconds']:.3f} s",
            f"{there['seconds'] / here['seconds']:.1f}",
            f"{here['memory']:.0f} MB",
            f"{there['memory']:.0f} MB",
            "equal" if equal else "DIFFERENT",
        ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--objects", nargs="*", type=int, default=[500, 5000, 50000])
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        side, objects, repeats = options.measure
        print(json.dumps(measure_here(side, int(objects), int(repeats))))
        return
    print("| comparison | here | peer | ratio | memory here | memory peer | results |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | --- |", flush=True)
    for ours, peer in (
        ("sparse_jaccard", "the-segmentation-game"),
        ("average_precision", "stardist.matching"),
    ):
        for objects in options.objects:
            name = f"{ours}, {objects:,} objects, beside {peer}"
            print(row(name, ours, peer, objects, options.repeats), flush=True)
    name = "outlines of 200 objects in 64 × 512 × 512, beside the whole image for each"
    print(row(name, "compare_outlines", "whole image", 0, options.repeats), flush=True)
    heads = [f"{objects:,} objects" for objects in options.objects]
    print(f"\n| comparison | {' | '.join(heads)} |\n| --- |{' ---: |' * len(heads)}", flush=True)
    for name in ALONE:
        found = [measure(name, objects, options.repeats) for objects in options.objects]
        cells = [f"{one['seconds']:.3f} s, {one['memory']:.0f} MB" for one in found]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
