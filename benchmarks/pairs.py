"""Operations beside what their peers call: plain functions of scikit-image and scipy.

The peers are plugins such as napari-segment-blobs-and-things-with-membranes, whose functions
are a few lines of scikit-image and scipy. The same lines stand here, so that both sides get
the same input in one process. Where a peer's lines give another result, the lines here are
those that give the same, which are never more work than the peer's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage import filters as skimage_filters
from skimage import measure as skimage_measure
from skimage import morphology
from skimage import segmentation as skimage_segmentation

from napari_delineate import filters, measurements, postprocessing, segmentation

_SHAPE = (
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
_SHAPE_2D = (
    "area_convex",
    "solidity",
    "eccentricity",
    "orientation",
    "perimeter",
    "perimeter_crofton",
)
_INTENSITY = ("intensity_mean", "intensity_std", "intensity_min", "intensity_max")


class Scene(NamedTuple):
    """Hold what the operations are given."""

    image: NDArray[Any]
    mask: NDArray[Any]
    holes: NDArray[Any]
    specks: NDArray[Any]
    seeds: NDArray[Any]
    labels: NDArray[Any]
    inner: NDArray[Any]


def scene(image: NDArray[Any]) -> Scene:
    """Make the inputs of every pair from one image."""
    random = np.random.default_rng(1)
    smooth = skimage_filters.gaussian(image, 2)
    mask = smooth > skimage_filters.threshold_otsu(smooth)
    labels = segmentation.voronoi_otsu_labeling(image, spot_sigma=4, outline_sigma=2)
    dots = random.random(image.shape) < 0.002
    spots = morphology.local_maxima(skimage_filters.gaussian(image, 4)) & mask
    return Scene(
        image,
        mask,
        mask & ~dots,
        mask | dots,
        skimage_measure.label(spots).astype(np.int32),
        labels,
        3 * postprocessing.clear_border(labels),
    )


class Pair(NamedTuple):
    """Hold an operation and a function of the peers that gives the same."""

    ours: Callable[[Scene], Any]
    peer: Callable[[Scene], Any]
    same: Callable[[Any, Any], bool]


def same_objects(labels: Any, others: Any) -> bool:
    """Tell whether two label images hold the same objects, whatever their numbers."""
    both = np.unique(np.stack([np.ravel(labels), np.ravel(others)]), axis=1)
    return len(both[0]) == len(np.unique(both[0])) == len(np.unique(both[1]))


def close(image: Any, other: Any) -> bool:
    """Tell whether two images are equal up to the rounding of their floats."""
    exact = np.float32 if np.float32 in (image.dtype, other.dtype) else np.float64
    scale = float(np.abs(other).max()) or 1.0
    rounding = 2e-5 if exact == np.float32 else 1e-9
    return bool(np.allclose(image, other, rtol=0, atol=rounding * scale))


def _same_columns(table: Any, columns: Any) -> bool:
    # A line at a right angle points both ways.
    return all(
        np.allclose(np.sin(table[name] - values), 0)
        if name == "orientation"
        else np.allclose(table[name], values)
        for name, values in columns.items()
    )


def _voronoi_otsu(s: Scene) -> Any:
    spots = skimage_filters.gaussian(s.image, 4)
    outline = skimage_filters.gaussian(s.image, 2)
    mask = outline > skimage_filters.threshold_otsu(outline)
    seeds = skimage_measure.label(morphology.local_maxima(spots) * mask)
    return skimage_segmentation.watershed(mask, seeds, mask=mask)


def _gauss_otsu(s: Scene) -> Any:
    outline = skimage_filters.gaussian(s.image, 2)
    return skimage_measure.label(outline > skimage_filters.threshold_otsu(outline))


def _split(s: Scene) -> Any:
    distance = ndimage.distance_transform_edt(s.mask)
    smooth = skimage_filters.gaussian(distance, 3.5)
    seeds = skimage_measure.label(morphology.local_maxima(smooth) & s.mask)
    return skimage_segmentation.watershed(-smooth, seeds, mask=s.mask)


def _local_minima_watershed(s: Scene) -> Any:
    spots = skimage_filters.gaussian(s.image, 10)
    seeds = skimage_measure.label(morphology.local_minima(spots))
    return skimage_segmentation.watershed(skimage_filters.gaussian(s.image, 1), seeds)


def _measure(s: Scene) -> Any:
    names = _SHAPE + _INTENSITY + (_SHAPE_2D if s.image.ndim == 2 else ())
    return skimage_measure.regionprops_table(s.inner, s.image, properties=names, separator="-")


def _peaks(s: Scene) -> Any:
    smooth = skimage_filters.gaussian(s.image, 4)
    return skimage_measure.label(morphology.local_maxima(smooth))


def _deviation(s: Scene) -> Any:
    pixels = s.image / np.iinfo(s.image.dtype).max
    mean = ndimage.uniform_filter(pixels, 5)
    variance = ndimage.uniform_filter(pixels**2, 5) - mean**2
    return np.sqrt(np.maximum(variance, 0))


def _inner_outlines(s: Scene) -> Any:
    lines = skimage_segmentation.find_boundaries(s.labels, 1, mode="inner")
    return np.where(lines, s.labels, 0)


def _close_to_deviation(image: Any, other: Any) -> bool:
    # Where nothing varies, the root of a rounding is all that is left.
    return bool(np.allclose(image, other, atol=1e-6))


HEADLINE: dict[str, Pair] = {
    "voronoi_otsu_labeling": Pair(
        lambda s: segmentation.voronoi_otsu_labeling(s.image, spot_sigma=4, outline_sigma=2),
        _voronoi_otsu,
        np.array_equal,
    ),
    "gauss_otsu_labeling": Pair(
        lambda s: segmentation.gauss_otsu_labeling(s.image, outline_sigma=2),
        _gauss_otsu,
        np.array_equal,
    ),
    "split_touching_objects": Pair(
        lambda s: postprocessing.split_touching_objects(s.mask, sigma=3.5),
        _split,
        same_objects,
    ),
    "seeded_watershed": Pair(
        lambda s: segmentation.seeded_watershed(s.image, s.seeds),
        lambda s: skimage_segmentation.watershed(s.image, s.seeds),
        np.array_equal,
    ),
    "expand_labels": Pair(
        lambda s: postprocessing.expand_labels(s.labels, distance=5),
        lambda s: skimage_segmentation.expand_labels(s.labels, 5),
        np.array_equal,
    ),
    "fill_holes": Pair(
        lambda s: postprocessing.fill_holes(s.holes),
        lambda s: ndimage.binary_fill_holes(s.holes),
        np.array_equal,
    ),
    "clear_border": Pair(
        lambda s: postprocessing.clear_border(s.labels),
        lambda s: skimage_segmentation.clear_border(s.labels),
        np.array_equal,
    ),
    "filter_by_size": Pair(
        lambda s: postprocessing.filter_by_size(s.labels, minimum=600),
        lambda s: morphology.remove_small_objects(s.labels, max_size=599),
        np.array_equal,
    ),
    "relabel_sequential": Pair(
        lambda s: postprocessing.relabel_sequential(s.inner),
        lambda s: skimage_segmentation.relabel_sequential(s.inner)[0],
        np.array_equal,
    ),
    "measure": Pair(
        lambda s: measurements.measure(s.inner, s.image),
        _measure,
        _same_columns,
    ),
    "remove_small_objects": Pair(
        lambda s: postprocessing.remove_small_objects(s.specks, minimum_size=64),
        lambda s: morphology.remove_small_objects(
            s.specks, max_size=63, connectivity=s.specks.ndim
        ),
        np.array_equal,
    ),
}
"""The operations whose geometric mean is the goal."""

OTHERS: dict[str, Pair] = {
    "seeded_watershed in a mask": Pair(
        lambda s: segmentation.seeded_watershed(s.image, s.seeds, s.mask),
        lambda s: skimage_segmentation.watershed(s.image, s.seeds, mask=s.mask),
        np.array_equal,
    ),
    "seeded_watershed, blurred": Pair(
        lambda s: segmentation.seeded_watershed(ndimage.gaussian_filter(s.image, 1), s.seeds),
        lambda s: skimage_segmentation.watershed(ndimage.gaussian_filter(s.image, 1), s.seeds),
        np.array_equal,
    ),
    "local_minima_seeded_watershed": Pair(
        lambda s: segmentation.local_minima_seeded_watershed(
            s.image, spot_sigma=10, outline_sigma=1
        ),
        _local_minima_watershed,
        np.array_equal,
    ),
    "local_maxima": Pair(
        lambda s: segmentation.local_maxima(s.image, sigma=4).labels,
        _peaks,
        np.array_equal,
    ),
    "label_connected_components": Pair(
        lambda s: segmentation.label_connected_components(s.specks),
        lambda s: skimage_measure.label(s.specks),
        np.array_equal,
    ),
    "threshold, Otsu": Pair(
        lambda s: segmentation.threshold(s.image),
        lambda s: s.image > skimage_filters.threshold_otsu(s.image),
        np.array_equal,
    ),
    "local_threshold": Pair(
        lambda s: segmentation.local_threshold(s.image, radius=15),
        lambda s: s.image > ndimage.uniform_filter(s.image.astype(float), 31),
        lambda a, b: bool(np.mean(a != b) < 1e-4),
    ),
    "gaussian": Pair(
        lambda s: filters.gaussian(s.image, sigma=2),
        lambda s: skimage_filters.gaussian(s.image, 2),
        close,
    ),
    "median": Pair(
        lambda s: filters.median(s.image),
        lambda s: ndimage.median_filter(
            s.image, footprint=ndimage.generate_binary_structure(s.image.ndim, 1)
        ),
        np.array_equal,
    ),
    "median, box": Pair(
        lambda s: filters.median(s.image, radius=2, shape="box"),
        lambda s: ndimage.median_filter(s.image, size=5),
        np.array_equal,
    ),
    "mean, box": Pair(
        lambda s: filters.mean(s.image, radius=2, shape="box"),
        lambda s: ndimage.uniform_filter(s.image.astype(float), 5),
        lambda a, b: close(a * np.iinfo(np.uint16).max, b),
    ),
    "butterworth": Pair(
        lambda s: filters.butterworth(s.image, cutoff=0.1),
        lambda s: skimage_filters.butterworth(s.image.astype(float), 0.1, False),
        close,
    ),
    "standard_deviation, box": Pair(
        lambda s: filters.standard_deviation(s.image, radius=2, shape="box"),
        _deviation,
        _close_to_deviation,
    ),
    "white_tophat, box": Pair(
        lambda s: filters.white_tophat(s.image, radius=2, shape="box"),
        lambda s: ndimage.white_tophat(s.image, size=5),
        np.array_equal,
    ),
    "white_tophat": Pair(
        lambda s: filters.white_tophat(s.image, radius=5),
        lambda s: ndimage.white_tophat(
            s.image,
            footprint=morphology.disk(5) if s.image.ndim == 2 else morphology.ball(5),
        ),
        np.array_equal,
    ),
    "erosion, box": Pair(
        lambda s: filters.erosion(s.image, radius=2, shape="box"),
        lambda s: ndimage.minimum_filter(s.image, size=5),
        np.array_equal,
    ),
    "dilation, box": Pair(
        lambda s: filters.dilation(s.image, radius=2, shape="box"),
        lambda s: ndimage.maximum_filter(s.image, size=5),
        np.array_equal,
    ),
    "sobel": Pair(
        lambda s: filters.sobel(s.image),
        lambda s: skimage_filters.sobel(s.image),
        close,
    ),
    "difference_of_gaussians": Pair(
        lambda s: filters.difference_of_gaussians(s.image, low_sigma=1, high_sigma=8),
        lambda s: skimage_filters.difference_of_gaussians(s.image, 1, 8),
        close,
    ),
    "binary_erosion": Pair(
        lambda s: postprocessing.binary_erosion(s.mask, radius=2),
        lambda s: ndimage.binary_erosion(
            s.mask,
            morphology.disk(2) if s.mask.ndim == 2 else morphology.ball(2),
            border_value=1,
        ),
        np.array_equal,
    ),
    "outline_labels": Pair(
        lambda s: postprocessing.outline_labels(s.labels),
        _inner_outlines,
        np.array_equal,
    ),
    "skeletonize": Pair(
        lambda s: postprocessing.skeletonize(s.mask),
        lambda s: morphology.skeletonize(s.mask),
        np.array_equal,
    ),
}

PAIRS = HEADLINE | OTHERS
