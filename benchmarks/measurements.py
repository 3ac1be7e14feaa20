"""Time measurements beside regionprops_table and loops over objects, for the same columns.

    .venv/bin/python -m benchmarks.measurements [--repeats 3] [--size small]

Both sides are run turn by turn on the same input; the table, in Markdown, shows medians,
their ratio, and whether the columns are equal. Times are of the processor, all threads
together, because machines are shared; only the ratios mean something.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import mahotas
import numpy as np
from scipy import ndimage
from skimage.measure import regionprops, regionprops_table

from napari_delineate import measurements
from napari_delineate.kernels.object_textures import FEATURES

SHAPE = "area centroid bbox equivalent_diameter_area axis_major_length axis_minor_length extent"
SHAPE += " euler_number"
SHAPE_2D = " area_convex solidity eccentricity orientation perimeter perimeter_crofton"
INTENSITY = " intensity_mean intensity_std intensity_min intensity_max"
MOMENTS = "moments moments_central moments_normalized"
QUARTERS = "intensity_lower_quartile", "intensity_median", "intensity_upper_quartile"
LEVELS = 32


class Pair(NamedTuple):
    """Hold a measurement and what gives the same columns otherwise."""

    ours: Callable[[Any, Any], Any]
    peer: Callable[[Any, Any], Any]


def grid(ndim: int, side: int, number: int) -> tuple[Any, Any]:
    """Return ellipses (ellipsoids) of many sizes in a grid, and an image."""
    random = np.random.default_rng(1)
    shape = (number * side,) * 2 if ndim == 2 else (2 * side, number * side, number * side)
    labels = np.zeros(shape, np.int32)
    offsets = np.indices((side,) * ndim) - side // 2
    for count, place in enumerate(np.ndindex(*(size // side for size in shape)), 1):
        radii = random.uniform(0.25, 0.48, (ndim,) + (1,) * ndim) * side
        box = tuple(slice(side * at, side * (at + 1)) for at in place)
        labels[box][((offsets / radii) ** 2).sum(axis=0) <= 1] = count
    image = ndimage.gaussian_filter(random.random(shape), 1.0)
    return labels, (image * 60000).astype(np.uint16)


def table(names: str, with_image: bool = True) -> Callable[[Any, Any], Any]:
    return lambda labels, image: regionprops_table(
        labels, image if with_image else None, properties=names.split(), separator="-"
    )


def shape_and_intensity(labels: Any, image: Any) -> Any:
    names = SHAPE + INTENSITY + (SHAPE_2D if labels.ndim == 2 else "")
    return table(names)(labels, image)


def shape_of(labels: Any, image: Any) -> Any:
    return table(SHAPE + (SHAPE_2D if labels.ndim == 2 else ""), False)(labels, image)


def radii(labels: Any, _: Any) -> Any:
    found = []
    for one in regionprops(labels):
        inside = np.pad(one.image, 1)
        depth = ndimage.distance_transform_edt(inside)[inside]
        found.append((depth.max(), depth.mean(), np.median(depth)))
    return dict(
        zip(("maximum_radius", "mean_radius", "median_radius"), np.transpose(found), strict=True)
    )


def quarters(labels: Any, image: Any) -> Any:
    found = [
        np.quantile(one.image_intensity[one.image], (0.25, 0.5, 0.75))
        for one in regionprops(labels, image)
    ]
    rest = table("intensity_mean intensity_std intensity_min intensity_max centroid_weighted")
    return dict(zip(QUARTERS, np.transpose(found), strict=True)) | rest(labels, image)


def textures(labels: Any, image: Any) -> Any:
    grey = image // (65536 // LEVELS)
    found = []
    for one in regionprops(labels, grey):
        inside = np.where(one.image, one.image_intensity.astype(int) + 1, 0)
        numbers = mahotas.features.haralick(
            inside, ignore_zeros=True, distance=1, use_x_minus_y_variance=True
        )
        found.append(numbers.mean(axis=0))
    return dict(zip(FEATURES, np.transpose(found), strict=True))


def texture(labels: Any, image: Any) -> Any:
    return measurements.measure_texture(
        labels, [image], distance=1, levels=LEVELS, minimum=0, maximum=65536
    )


PAIRS = {
    "shape and intensity": Pair(measurements.measure, shape_and_intensity),
    "shape": Pair(lambda labels, _: measurements.measure(labels), shape_of),
    "moments": Pair(
        lambda labels, _: measurements.measure(labels, moments=True),
        lambda labels, image: shape_of(labels, image) | table(MOMENTS, False)(labels, image),
    ),
    "inertia": Pair(
        lambda labels, _: measurements.measure(labels, inertia=True),
        lambda labels, image: (
            shape_of(labels, image)
            | table("inertia_tensor inertia_tensor_eigvals", False)(labels, image)
        ),
    ),
    "radii": Pair(
        lambda labels, _: measurements.measure(labels, radii=True),
        lambda labels, image: shape_of(labels, image) | radii(labels, image),
    ),
    "intensity with quartiles": Pair(
        lambda labels, image: measurements.measure_intensity(labels, [image]), quarters
    ),
    "texture, 32 levels (mahotas)": Pair(texture, textures),
}


def equal(found: Any, expected: Any) -> bool:
    """Tell whether all columns are equal up to rounding."""
    for name, values in expected.items():
        given = found[name].to_numpy(float)
        if name == "orientation":  # a line points both ways
            given, values = np.sin(given - values), np.zeros(len(values))
        size = np.abs(values[np.isfinite(values)]).max(initial=0)
        if not np.allclose(given, values, 1e-5, 1e-6 * size + 1e-9, equal_nan=True):
            return False
    return True


def seconds(call: Callable[[Any, Any], Any], inputs: tuple[Any, Any]) -> float:
    start = time.process_time()
    call(*inputs)
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--size", choices=["full", "small"], default="full")
    options = parser.parse_args()
    many = 50 if options.size == "full" else 6
    few = 12 if options.size == "full" else 3
    for ndim, side, number in ((2, 41, many), (3, 32, few)):
        inputs = grid(ndim, side, number)
        shape = " × ".join(map(str, inputs[0].shape))
        print(f"\n### {inputs[0].max()} objects in {shape}\n")
        print("| columns | here | peer | ratio | results |\n| --- | ---: | ---: | ---: | --- |")
        for name, pair in PAIRS.items():
            same = equal(pair.ours(*inputs), pair.peer(*inputs))
            times = [
                [seconds(call, inputs) for call in (pair.ours, pair.peer)]
                for _ in range(options.repeats)
            ]
            here, there = map(statistics.median, zip(*times, strict=True))
            verdict = "equal" if same else "DIFFERENT"
            print(
                f"| {name} | {here:.3f} s | {there:.3f} s | {there / here:.1f} | {verdict} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
