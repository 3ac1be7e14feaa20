"""Settings that people of other systems know do here what their names say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_delineate import segmentation, voxels


def discs(shape, *circles):
    y, x = np.ogrid[tuple(map(slice, shape))]
    rows = [np.hypot(y - row, x - column) <= radius for row, column, radius in circles]
    return np.logical_or.reduce(rows)


def test_regional_seeds_are_all_maxima_and_local_ones_lie_apart():
    mask = discs((40, 60), (20, 16, 10), (20, 32, 10), (20, 46, 6))
    regional = segmentation.distance_transform_watershed(mask, seeds="regional", sigma=1)
    assert regional.max() == 3
    numbers = [
        segmentation.distance_transform_watershed(mask, sigma=1, minimum_distance=apart).max()
        for apart in (4, 15, 20, 40)
    ]
    assert numbers[0] == 3
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[-1] == 1


def test_cell_detection_blurs_single_pixels_away_by_its_median():
    image = np.zeros((60, 60))
    image[np.hypot(*np.ogrid[-30:30, -30:30]) < 8] = 1
    # A camera's wrong pixels, each bright enough for a nucleus of its own.
    image[10, 10] = image[50, 12] = 100
    options = {"sigma": 2.0, "threshold": 0.2, "background_radius": 0, "minimum_diameter": 1}
    spoiled = segmentation.detect_cells(image, **options).nuclei
    cleaned = segmentation.detect_cells(image, median_radius=voxels(2), **options).nuclei
    assert spoiled.max() > 1
    assert cleaned.max() == 1
    assert cleaned[30, 30] == 1


def test_smooth_boundaries_have_fewer_corners_and_the_same_place():
    random = np.random.default_rng(0)
    image = np.exp(-(np.hypot(*np.ogrid[-30:30, -30:30]) ** 2) / 200)
    image += random.normal(0, 0.15, image.shape)
    options = {"sigma": 1.5, "threshold": 0.3, "background_radius": 0, "cell_expansion": 0}
    rough = segmentation.detect_cells(image, smooth_boundaries=False, **options).nuclei > 0
    smooth = segmentation.detect_cells(image, **options).nuclei > 0

    def border(mask):
        return sum(np.count_nonzero(np.diff(mask, axis=axis)) for axis in (0, 1))

    assert rough.any()
    assert border(smooth) / np.sqrt(smooth.sum()) < border(rough) / np.sqrt(rough.sum())
    assert (rough & smooth).sum() > 0.8 * rough.sum()


@pytest.mark.parametrize("method", ["growcut", "watershed", "masking"])
def test_local_threshold_stays_in_its_region(method):
    image = discs((40, 60), (20, 16, 10), (20, 44, 10)) * 100.0
    region = np.zeros(image.shape, bool)
    region[:, :30] = True
    points = np.array([[20.0, 16.0]])
    found = segmentation.local_threshold_at_points(
        image, points, region, lower=50, minimum_diameter=3, method=method
    )
    assert found[20, 16]
    assert not found[~region].any()


def test_seeds_grow_only_over_the_intensities_allowed():
    image = np.tile(np.repeat([10.0, 20.0, 30.0], 10), (5, 1))
    seeds = np.zeros(image.shape, int)
    seeds[2, 2], seeds[2, 15] = 1, 2
    found = segmentation.grow_from_seeds(image, seeds, lower=15, upper=25)
    assert np.array_equal(found > 0, image == 20)
    assert set(np.unique(found)) == {0, 2}
    everywhere = segmentation.grow_from_seeds(image, seeds)
    assert (everywhere > 0).all()


def test_a_point_marks_what_is_connected_within_a_mask():
    image = np.full((9, 20), 7)
    mask = np.ones(image.shape, bool)
    mask[:, 10] = False
    found = segmentation.connected_threshold(image, np.array([[4.0, 3.0]]), mask, lower=5, upper=9)
    assert np.array_equal(found, mask & (np.arange(20) < 10))


def test_maxima_of_primary_objects_can_be_smoothed_and_kept_apart_by_hand():
    random = np.random.default_rng(0)
    bell = np.exp(-(np.hypot(*np.ogrid[-20:20, -20:20]) ** 2) / 200)
    image = ndimage.gaussian_filter(bell + random.normal(0, 0.1, bell.shape), 1)
    options = {
        "threshold": 0.3,
        "threshold_smoothing": 0,
        "minimum_diameter": 4,
        "maximum_diameter": 60,
        "discard_outside_diameters": False,
        "coarse_maxima": False,
        "discard_border": False,
    }

    def number(smoothing, apart):
        return segmentation.identify_primary_objects(
            image, maxima_smoothing=smoothing, maxima_distance=apart, **options
        ).objects.max()

    assert number(0, 1) > number(0, 8) >= number(0, 30)
    assert number(0, 1) > number(8, 1)
