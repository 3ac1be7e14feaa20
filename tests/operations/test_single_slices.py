"""A stack of one slice gives what the slice gives: an axis of one pixel has no border."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.draw import disk

from napari_delineate import postprocessing, segmentation

Z = pytest.mark.parametrize("depth", [1.0, 3.0])


def ring():
    mask = np.zeros((9, 9), bool)
    mask[2:7, 2:7] = True
    mask[4, 4] = False
    return mask


@Z
def test_particles_have_holes_and_touch_edges_in_the_slice_only(depth):
    spacing = (depth, 1.0, 1.0)
    filled = segmentation.analyze_particles(ring()[None], include_holes=True, spacing=spacing)
    assert int((filled.labels > 0).sum()) == 25
    inner = segmentation.analyze_particles(ring()[None], exclude_on_edges=True, spacing=spacing)
    assert inner.labels.max() == 1


@Z
def test_contours_of_equal_brightness_are_filled(depth):
    mask = segmentation.level_tracing(
        ring()[None].astype(np.uint8), [[0, 2, 2]], spacing=(depth, 1.0, 1.0)
    )
    assert int(mask.sum()) == 25


@Z
def test_maxima_and_seeds_are_not_on_an_edge(depth):
    spacing = (depth, 1.0, 1.0)
    image = np.zeros((1, 20, 20))
    image[0, 10, 10] = 100
    assert len(segmentation.find_maxima(image, exclude_on_edges=True, spacing=spacing).points) == 1
    split = segmentation.distance_transform_watershed(
        ring()[None], exclude_border=2, spacing=spacing
    )
    assert split.max() == 1


@Z
def test_objects_are_split_at_narrow_places(depth):
    # Disks that meet near column 37, far from the middle between the points, column 32.
    mask = np.zeros((40, 70), int)
    mask[disk((20, 20), 18)] = mask[disk((20, 44), 9)] = 1
    points = np.array([[20.0, 20.0], [20.0, 44.0]])
    flat = postprocessing.split_by_points(mask, points)
    stack = postprocessing.split_by_points(
        mask[None], np.insert(points, 0, 0, axis=1), spacing=(depth, 1.0, 1.0)
    )
    assert np.array_equal(stack[0], flat)
    cut = int(np.argmax(flat[20] == 2))
    assert 36 <= cut <= 39


def test_an_object_that_the_image_cuts_is_split_as_if_it_went_on():
    # Half of two disks: the border of the image is no outline.
    mask = np.zeros((41, 70), int)
    for centre in ((20, 20), (20, 46)):
        mask[disk(centre, 15)] = 1
    points = np.array([[20.0, 20.0], [20.0, 55.0]])
    whole = postprocessing.split_by_points(mask, points)
    half = postprocessing.split_by_points(mask[20:], points - [20.0, 0.0])
    assert np.array_equal(half, whole[20:])


@Z
def test_seeds_flood_as_on_square_pixels(depth):
    random = np.random.default_rng(2)
    image = np.kron(random.random((6, 7)), np.ones((5, 5)))
    flat = segmentation.voronoi_otsu_labeling(image, spot_sigma=1, outline_sigma=1)
    stack = segmentation.voronoi_otsu_labeling(
        image[None], spot_sigma=1, outline_sigma=1, spacing=(depth, 1.0, 1.0)
    )
    assert np.array_equal(stack[0], flat)


@pytest.mark.parametrize("depth", [1.0, 2000.0])
def test_a_hole_is_narrow_or_wide_whatever_the_distance_of_slices(depth):
    # The disk of 1951 pixels with the hole is smaller than a disk of 49, without it larger.
    image = np.zeros((1, 60, 60))
    image[0][disk((30, 30), 25)] = 9
    image[0][disk((30, 30), 6)] = 0
    found = segmentation.identify_primary_objects(
        image,
        minimum_diameter=8,
        maximum_diameter=49,
        threshold=4.5,
        threshold_smoothing=0,
        spacing=(depth, 1.0, 1.0),
    )
    assert found.summary["too_large"].tolist() == [1]
