"""Time the main route beside plain scikit-image and scipy doing the same, in one run.

    .venv/bin/python -m benchmarks.route [--repeats 5]

Each step is run by both, turn by turn; the table shows medians and their ratio (above 1: this
package is faster). Machines differ and are shared: only the ratios mean something. Results are
compared too, and a step whose results differ is marked.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import ndimage
from skimage import filters as skimage_filters
from skimage import measure, morphology
from skimage.segmentation import clear_border, watershed

from benchmarks.images import CASES
from napari_delineate import filters, measurements, postprocessing, segmentation, surfaces

SHAPE = (
    "label",
    "area",
    "centroid",
    "bbox",
    "equivalent_diameter_area",
    "axis_major_length",
    "axis_minor_length",
    "extent",
    "euler_number",
)
SHAPE_2D = (
    "area_convex",
    "solidity",
    "eccentricity",
    "orientation",
    "perimeter",
    "perimeter_crofton",
)
INTENSITY = ("intensity_mean", "intensity_std", "intensity_min", "intensity_max")


def plain_voronoi_otsu(image: Any) -> Any:
    spots = skimage_filters.gaussian(image, 4)
    outline = skimage_filters.gaussian(image, 2)
    mask = outline > skimage_filters.threshold_otsu(outline)
    seeds = measure.label(morphology.local_maxima(spots) & mask)
    return watershed(mask, seeds, mask=mask)


def plain_surfaces(labels: Any) -> Any:
    parts = []
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is not None:
            inside = np.pad(labels[box] == number, 1)
            vertices, faces, _, _ = measure.marching_cubes(inside.astype(np.uint8), 0.5)
            parts.append((vertices + [side.start - 1 for side in box], faces))
    return parts


def steps(image: Any) -> list[tuple[str, Callable[[], Any], Callable[[], Any], Any]]:
    """Return name, our call, the plain call and how to compare, for each step."""
    tophat = morphology.disk(10) if image.ndim == 2 else None
    cross = ndimage.generate_binary_structure(image.ndim, 1)
    labels = segmentation.voronoi_otsu_labeling(image, spot_sigma=4, outline_sigma=2)
    columns = SHAPE + INTENSITY + (SHAPE_2D if image.ndim == 2 else ())
    inner = postprocessing.clear_border(labels)
    found: list[tuple[str, Callable[[], Any], Callable[[], Any], Any]] = [
        (
            "median",
            lambda: filters.median(image),
            lambda: ndimage.median_filter(image, footprint=cross),
            np.array_equal,
        ),
        (
            "voronoi_otsu_labeling",
            lambda: segmentation.voronoi_otsu_labeling(image, spot_sigma=4, outline_sigma=2),
            lambda: plain_voronoi_otsu(image),
            np.array_equal,
        ),
        (
            "clear_border",
            lambda: postprocessing.clear_border(labels),
            lambda: clear_border(labels),
            np.array_equal,
        ),
        (
            "measure",
            lambda: measurements.measure(inner, image),
            lambda: measure.regionprops_table(inner, image, properties=columns),
            lambda a, b: np.allclose(a["area"], b["area"]),
        ),
    ]
    if tophat is not None:
        found.insert(
            1,
            (
                "white_tophat",
                lambda: filters.white_tophat(image),
                lambda: ndimage.white_tophat(image, footprint=tophat),
                np.array_equal,
            ),
        )
    else:
        found.append(
            (
                "labels_to_surface",
                lambda: surfaces.labels_to_surface(inner),
                lambda: plain_surfaces(inner),
                lambda a, b: len(a.faces) == sum(len(faces) for _, faces in b),
            )
        )
    return found


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    print(f"{'image':<20} {'step':<24} {'here':>9} {'plain':>9} {'ratio':>7}  results")
    for name, make in CASES.items():
        image = make()
        totals = [0.0, 0.0]
        for step, ours, plain, same in steps(image):
            times: tuple[list[float], list[float]] = ([], [])
            ours(), plain()  # warm up: imports, caches
            for _ in range(repeats):
                seconds, result = timed(ours)
                times[0].append(seconds)
                seconds, expected = timed(plain)
                times[1].append(seconds)
            here, there = map(statistics.median, times)
            totals[0] += here
            totals[1] += there
            verdict = "equal" if same(result, expected) else "DIFFERENT"
            print(
                f"{name:<20} {step:<24} {here:8.3f}s {there:8.3f}s {there / here:6.2f}x  {verdict}"
            )
        here, there = totals
        print(f"{name:<20} {'the route':<24} {here:8.3f}s {there:8.3f}s {there / here:6.2f}x\n")


if __name__ == "__main__":
    main()
