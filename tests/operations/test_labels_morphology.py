"""Shrinking, opening, closing, filling: each object as if it were alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage import morphology

from napari_delineate import postprocessing, voxels
from tests.operations.test_masks import ball, blobs
from tests.operations.test_postprocessing import random_labels, small_labels

stretches = st.sampled_from([1.0, 2.0, 4.0])
radii = st.sampled_from([1, 1.5, 2, 2.5])


def per_axis(labels, stretch):
    return (stretch,) + (1.0,) * (labels.ndim - 1)


def alone(labels, function):
    """Apply a function of a mask to each object; leave out what several would get."""
    claims = {n: function(labels == n) for n in np.unique(labels[labels > 0]).tolist()}
    result = labels.copy()
    for number, claim in claims.items():
        result[(labels == number) & ~claim] = 0
        result[claim & (labels == 0)] = number
    several = np.sum([np.zeros(labels.shape, int), *claims.values()], axis=0) > 1
    result[several & (labels == 0)] = 0
    return result


@settings(deadline=None)
@given(labels=small_labels(), radius=radii, stretch=stretches)
def test_each_object_shrinks_and_opens_as_if_it_were_alone(labels, radius, stretch):
    spacing = per_axis(labels, stretch)
    footprint = ball(radius, spacing)

    def eroded(mask):
        return ndimage.binary_erosion(mask, footprint, border_value=1)

    found = postprocessing.shrink_labels(labels, distance=radius, spacing=spacing)
    assert np.array_equal(found, alone(labels, eroded))
    found = postprocessing.open_labels(labels, radius=radius, spacing=spacing)
    expected = alone(labels, lambda mask: ndimage.binary_dilation(eroded(mask), footprint))
    assert np.array_equal(found, expected)


@settings(deadline=None)
@given(labels=small_labels(), radius=radii, stretch=stretches)
def test_each_object_closes_as_if_it_were_alone(labels, radius, stretch):
    spacing = per_axis(labels, stretch)
    footprint = ball(radius, spacing)

    def closed(mask):
        dilated = ndimage.binary_dilation(mask, footprint)
        return ndimage.binary_erosion(dilated, footprint, border_value=1)

    found = postprocessing.close_labels(labels, radius=radius, spacing=spacing)
    assert np.array_equal(found, alone(labels, closed))


@settings(deadline=None)
@given(labels=small_labels(), distance=st.sampled_from([0, 1, 2, 100]))
def test_an_object_that_would_vanish_keeps_its_innermost_pixel(labels, distance):
    plain = postprocessing.shrink_labels(labels, distance=distance)
    kept = postprocessing.shrink_labels(labels, distance=distance, keep_a_pixel=True)
    assert set(np.unique(kept)) | {0} == set(np.unique(labels)) | {0}
    for number in np.unique(labels[labels > 0]):
        if (plain == number).any():
            assert np.array_equal(kept == number, plain == number)
            continue
        inside = labels == number
        assert (kept == number).sum() == 1
        if not inside.all():
            depth = ndimage.distance_transform_edt(inside)
            assert depth[kept == number] == depth.max()


def test_growing_back_after_shrinking_gives_a_ball_its_size():
    depth, height, width = np.ogrid[:21, :81, :81]
    labels = 3 * ((4 * (depth - 10)) ** 2 + (height - 40) ** 2 + (width - 40) ** 2 <= 30**2)
    shrunken = postprocessing.shrink_labels(labels, distance=10, spacing=(4, 1, 1))
    assert 4 * (shrunken == 3).sum() == pytest.approx(4 / 3 * np.pi * 20**3, rel=0.05)


# Holes


@settings(deadline=None)
@given(labels=small_labels(largest=2, max_side=8))
def test_holes_in_one_object_are_filled_and_others_not(labels):
    expected = labels.copy()
    flat, target = np.squeeze(labels), np.squeeze(expected)
    if flat.ndim > 1:
        parts, number = ndimage.label(flat == 0)
        for part in range(1, number + 1):
            inside = parts == part
            padded = np.pad(inside, 1)
            around = ndimage.binary_dilation(padded) & ~padded
            # What lies around a hole is one object, not the outside of the image.
            neighbours = set(np.pad(flat, 1, constant_values=-1)[around].tolist())
            if len(neighbours) == 1 and neighbours != {-1}:
                target[inside] = neighbours.pop()
    assert np.array_equal(postprocessing.fill_holes_in_labels(labels), expected)


@pytest.mark.parametrize("size", [None, 2, 5])
@pytest.mark.parametrize("shape", [(60, 61), (20, 21, 22)])
def test_holes_of_a_single_object_are_those_of_a_mask(shape, size):
    mask = np.random.default_rng(0).random(shape) < 0.65
    expected = postprocessing.fill_holes(mask, maximum_size=size)
    assert (expected & ~mask).any()
    found = postprocessing.fill_holes_in_labels(mask * 7, maximum_size=size)
    assert np.array_equal(found, expected * 7)


def test_the_size_of_a_hole_is_physical():
    labels = np.full((5, 9, 9), 4)
    labels[2, 2, 2], labels[2, 5, 4:6] = 0, 0
    found = postprocessing.fill_holes_in_labels(labels, maximum_size=0.6, spacing=(2, 0.5, 0.5))
    assert (found == 0).sum() == 2
    # Cubes as wide as the finest voxel size have an eighth of a unit.
    found = postprocessing.fill_holes_in_labels(
        labels, maximum_size=voxels(8), spacing=(2, 0.5, 0.5)
    )
    assert (found == 0).sum() == 0


# Hulls


@pytest.mark.parametrize("shape", [(40, 41), (12, 20, 21)])
@pytest.mark.parametrize("seed", range(4))
def test_the_convex_hull_of_a_mask_equals_that_of_scikit_image(shape, seed):
    mask = blobs(shape, seed, share=0.02)
    expected = morphology.convex_hull_image(mask, offset_coordinates=False, tolerance=1e-7)
    assert np.array_equal(postprocessing.convex_hull(mask), expected)


@settings(deadline=None)
@given(labels=small_labels(largest=1, max_side=5))
def test_a_convex_hull_holds_the_pixels_that_a_linear_program_finds(labels):
    from scipy.optimize import linprog

    points = np.argwhere(labels)
    found = postprocessing.convex_hull(labels)
    if not len(points):
        assert not found.any()
        return
    # A pixel lies in the hull if it is a mean of foreground pixels with some weights.
    equations = np.vstack([points.T, np.ones(len(points))])
    for place in np.argwhere(labels == 0)[::5]:
        result = linprog(np.zeros(len(points)), A_eq=equations, b_eq=[*place, 1])
        assert found[tuple(place)] == (result.status == 0)
    assert found[labels > 0].all()


def test_convex_hulls_are_those_of_each_object():
    labels = random_labels((60, 61), density=0.05)
    labels = postprocessing.filter_by_size(labels, minimum=4)
    expected = alone(
        labels,
        lambda mask: morphology.convex_hull_image(mask, offset_coordinates=False, tolerance=1e-7),
    )
    assert (expected != labels).any()
    assert np.array_equal(postprocessing.convex_hulls(labels), expected)


def test_the_hull_of_the_corners_of_a_box_is_the_box():
    for shape in ((5, 7), (4, 5, 6), (1, 5, 7), (1, 1, 6)):
        labels = np.zeros(shape, int)
        for corner in np.ndindex((2,) * len(shape)):
            labels[tuple(-one for one in corner)] = 2
        assert (postprocessing.convex_hulls(labels) == 2).all()
