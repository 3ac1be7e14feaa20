"""Active contours, compared with scikit-image and with geometry."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage.segmentation import (
    inverse_gaussian_gradient,
    morphological_chan_vese,
    morphological_geodesic_active_contour,
)

from napari_delineate import building_blocks, filters, segmentation

# scikit-image smooths by turns in two ways, and goes on where the last call ended: all calls
# here smooth an even number of times, so that each begins in the same way.
SHAPES = [(40, 47), (14, 22, 25)]


def blobs(shape, seed=0):
    """Return bright blobs with noise, and a rough guess of where they are."""
    random = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(random.normal(size=shape), 4)
    image = 100.0 * (smooth > smooth.std()) + random.normal(0, 15, shape)
    start = np.zeros(shape, bool)
    start[tuple(slice(n // 4, -n // 4) for n in shape)] = True
    return image, start


def ellipsoid(shape, spacing, radius):
    grid = np.ogrid[tuple(slice(0, n) for n in shape)]
    return (
        sum(
            ((axis - (n - 1) / 2) * size) ** 2
            for axis, n, size in zip(grid, shape, spacing, strict=True)
        )
        <= radius**2
    )


def overlap(first, second):
    return 2 * (first & second).sum() / (first.sum() + second.sum())


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(
    ("iterations", "smoothing"), [(1, 0), (7, 0), (2, 1), (10, 1), (60, 1), (7, 2), (120, 3)]
)
@pytest.mark.slow
def test_chan_vese_is_that_of_scikit_image(shape, iterations, smoothing):
    image, start = blobs(shape)
    for weights in ((1, 1), (1, 3)):
        expected = morphological_chan_vese(
            building_blocks.stretched(image), iterations, start, smoothing, *weights
        )
        found = segmentation.chan_vese(
            image,
            start,
            inside_weight=weights[0],
            outside_weight=weights[1],
            smoothing=smoothing,
            maximum_iterations=iterations,
        )
        assert np.array_equal(found, expected > 0)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("balloon", "force"), [("none", 0), ("grow", 1), ("shrink", -1)])
@pytest.mark.parametrize(("iterations", "smoothing"), [(5, 0), (4, 1), (40, 1), (7, 2)])
@pytest.mark.parametrize("threshold", [None, 0.7])
def test_geodesic_contours_are_those_of_scikit_image(
    shape, balloon, force, iterations, smoothing, threshold
):
    image, start = blobs(shape)
    # Their own images of edges differ: the slope comes from other differences of neighbours.
    slope = filters.gradient_magnitude(building_blocks.stretched(image), sigma=2)
    edges = 1 / np.sqrt(1 + 20 * slope)
    expected = morphological_geodesic_active_contour(
        edges, iterations, start, smoothing, threshold or "auto", force
    )
    found = segmentation.geodesic_active_contour(
        image,
        start,
        balloon=balloon,
        smoothing=smoothing,
        threshold=threshold,
        maximum_iterations=iterations,
    )
    assert np.array_equal(found, expected > 0)


def test_edges_are_nearly_those_of_scikit_image():
    image = 100 * ellipsoid((60, 60), (1, 1), 15)
    start = ellipsoid((60, 60), (1, 1), 5)
    edges = inverse_gaussian_gradient(image / 100, alpha=20 * 3, sigma=3)
    expected = morphological_geodesic_active_contour(edges, 60, start, 1, 0.5, 1)
    found = segmentation.geodesic_active_contour(
        image, start, sigma=3, balloon="grow", threshold=0.5, maximum_iterations=60
    )
    assert overlap(found, expected > 0) > 0.99


@pytest.mark.parametrize("shape", [(70, 70), (40, 40, 40)], ids=str)
def test_balls_are_found_from_inside_and_from_around(shape):
    spacing = (1.0,) * len(shape)
    radius = 20 if len(shape) == 2 else 13
    ball = ellipsoid(shape, spacing, radius)
    image = ball * 50 + np.random.default_rng(0).normal(0, 5, shape)
    inside = ellipsoid(shape, spacing, radius / 2)
    around = ellipsoid(shape, spacing, radius * 1.3)
    for start, balloon in ((inside, "grow"), (around, "shrink")):
        assert overlap(segmentation.chan_vese(image, start), ball) > 0.97
        found = segmentation.geodesic_active_contour(image, start, balloon=balloon, threshold=0.5)
        assert overlap(found, ball) > 0.9


@pytest.mark.parametrize(
    ("shape", "spacing"), [((40, 80), (2.0, 1.0)), ((20, 60, 60), (3.0, 1.0, 1.0))], ids=str
)
def test_balls_in_coarse_slices_are_found_where_nothing_is_smoothed(shape, spacing):
    ball = ellipsoid(shape, spacing, 20)
    start = ellipsoid(shape, spacing, 15)
    image = ball * 50.0
    assert np.array_equal(segmentation.chan_vese(image, start, smoothing=0), ball)
    # The edge of a blurred ball lies about sigma ** 2 / radius further inside, in a disk half.
    found = segmentation.geodesic_active_contour(
        image, start, sigma=3.0, smoothing=0, spacing=spacing
    )
    edge = 20 - (len(shape) - 1) / 2 * 3.0**2 / 20
    assert overlap(found, ellipsoid(shape, spacing, edge)) > 0.97


def test_contours_do_not_depend_on_gain_offset_and_mirrors():
    image, start = blobs((40, 47))
    for function in (segmentation.chan_vese, segmentation.geodesic_active_contour):
        found = function(image, start)
        assert np.array_equal(function(4 * image + 2048, start), found)
        mirrored = function(np.flip(image, 1).copy(), np.flip(start, 1).copy())
        assert overlap(np.flip(mirrored, 1), found) > 0.999
        assert not function(image, np.zeros_like(start)).any()
