"""Outlines and skeletons: other libraries, closed forms, and laws that must hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage import morphology
from skimage.measure import euler_number, label
from skimage.segmentation import find_boundaries

from napari_delineate import postprocessing, segmentation
from tests.inputs import same_objects
from tests.operations.test_masks import ball, blobs, small_masks
from tests.operations.test_postprocessing import small_labels


@settings(deadline=None)
@given(labels=small_labels())
def test_thin_inner_outlines_are_the_boundaries_of_scikit_image(labels):
    expected = find_boundaries(labels, connectivity=1, mode="inner")
    found = postprocessing.outline_labels(labels)
    assert np.array_equal(found, np.where(expected, labels, 0))
    mask = labels > 0
    expected = find_boundaries(mask, connectivity=1, mode="inner")
    assert np.array_equal(postprocessing.outline(mask), expected)


@settings(deadline=None)
@given(mask=small_masks, thickness=st.sampled_from([0, 1, 1.5, 2]), stretch=st.sampled_from([1, 2]))
def test_outlines_are_what_a_ball_adds_or_removes(mask, thickness, stretch):
    spacing = (float(stretch),) + (1.0,) * (mask.ndim - 1)
    footprint = ball(thickness, spacing)
    grown = ndimage.binary_dilation(mask, footprint)
    shrunken = ndimage.binary_erosion(mask, footprint, border_value=1)
    options = {"thickness": thickness, "spacing": spacing}
    outer = postprocessing.outline(mask, side="outer", **options)
    inner = postprocessing.outline(mask, side="inner", **options)
    assert np.array_equal(outer, grown & ~mask)
    assert np.array_equal(inner, mask & ~shrunken)
    # A single object has the outline of its mask.
    for side, expected in (("outer", outer), ("inner", inner)):
        found = postprocessing.outline_labels(mask * 7, side=side, **options)
        assert np.array_equal(found, expected * 7)


@settings(deadline=None)
@given(labels=small_labels(), thickness=st.sampled_from([0, 1, 2.5]))
def test_outlines_are_what_shrinking_and_growing_leave(labels, thickness):
    shrunken = postprocessing.shrink_labels(labels, distance=thickness)
    inner = postprocessing.outline_labels(labels, thickness=thickness)
    assert np.array_equal(inner + shrunken, labels)
    grown = postprocessing.expand_labels(labels, distance=thickness)
    outer = postprocessing.outline_labels(labels, thickness=thickness, side="outer")
    assert np.array_equal(outer + labels, grown)


def test_the_rim_of_a_ball_has_the_volume_of_a_shell_in_coarse_slices():
    depth, height, width = np.ogrid[:31, :121, :121]
    mask = (4 * (depth - 15)) ** 2 + (height - 60) ** 2 + (width - 60) ** 2 <= 40**2
    rim = postprocessing.outline(mask, thickness=10, spacing=(4, 1, 1))
    assert 4 * rim.sum() == pytest.approx(4 / 3 * np.pi * (40**3 - 30**3), rel=0.05)


@settings(deadline=None)
@given(labels=small_labels())
def test_separate_objects_do_not_touch_and_lose_only_what_touched(labels):
    found = postprocessing.separate_touching(labels)
    size = (3,) * labels.ndim
    highest = ndimage.maximum_filter(found, size, mode="constant")
    lowest = ndimage.minimum_filter(np.where(found > 0, found, 99), size, mode="constant", cval=99)
    assert ((highest == lowest) | (highest == 0))[found > 0].all()
    touches = ndimage.maximum_filter(labels, size, mode="constant") > labels
    assert np.array_equal(found, np.where(touches, 0, labels))


def test_a_mask_of_separate_objects_holds_the_same_objects():
    labels = np.kron(np.arange(1, 26).reshape(5, 5), np.ones((6, 6), int))
    found = postprocessing.separate_touching(labels)
    assert same_objects(found, segmentation.label_connected_components(found > 0))
    assert len(np.unique(found)) == 26


# Skeletons


@pytest.mark.parametrize("shape", [(60, 61), (20, 21, 22)])
def test_skeletons_equal_those_of_scikit_image(shape):
    mask = blobs(shape)
    found = postprocessing.skeletonize(mask)
    assert np.array_equal(found, morphology.skeletonize(mask))
    # The shape in the sense of topology stays.
    assert euler_number(found, mask.ndim) == euler_number(mask, mask.ndim)
    assert label(found, connectivity=mask.ndim).max() == label(mask, connectivity=mask.ndim).max()


def test_the_medial_axis_is_that_of_scikit_image_in_2d_only():
    mask = blobs((60, 61))
    found = postprocessing.skeletonize(mask, method="medial axis")
    assert np.array_equal(found, morphology.medial_axis(mask, rng=0))
    assert np.array_equal(postprocessing.skeletonize(mask[None], method="medial axis")[0], found)
    with pytest.raises(ValueError, match="'medial axis' works on 2D images only; take 'thinning'"):
        postprocessing.skeletonize(np.stack([mask, mask]), method="medial axis")


def test_the_skeleton_of_a_bar_is_its_middle():
    for shape, bar in (
        ((21, 61), (slice(5, 16), slice(5, 56))),
        ((21, 21, 61), (slice(5, 16), slice(5, 16), slice(5, 56))),
    ):
        mask = np.zeros(shape, bool)
        mask[bar] = True
        places = np.argwhere(postprocessing.skeletonize(mask))
        middle = places[(places[:, -1] > 15) & (places[:, -1] < 46)]
        assert (middle[:, :-1] == 10).all()
        assert middle[:, -1].tolist() == list(range(16, 46))


def test_each_object_has_its_own_skeleton():
    labels = np.zeros((30, 60), int)
    labels[5:25, 5:30], labels[5:25, 30:55] = 3, 8  # they touch
    found = postprocessing.skeletonize_labels(labels)
    for number in (3, 8):
        assert np.array_equal(found == number, morphology.skeletonize(labels == number))


@pytest.mark.parametrize("shape", [(2, 1, 2), (2, 2, 2), (3, 1, 2)], ids=str)
def test_small_blocks_of_which_the_library_leaves_nothing_keep_a_voxel(shape):
    mask = np.zeros((9, 9, 9), bool)
    mask[tuple(slice(2, 2 + size) for size in shape)] = True
    mask[7, 1:8, 7] = True
    found = postprocessing.skeletonize(mask)
    assert (found <= mask).all()
    assert found[:6].sum() == 1
    assert found[7].sum() > 1


@settings(deadline=None, max_examples=30)
@given(labels=small_labels())
def test_skeletons_lie_in_their_objects(labels):
    found = postprocessing.skeletonize_labels(labels)
    assert np.array_equal(found[found > 0], labels[found > 0])
    assert set(np.unique(found)) | {0} == set(np.unique(labels)) | {0}


def test_the_points_of_a_cross_and_of_a_ring():
    cross = np.zeros((5, 21, 21), bool)
    cross[2, 10, 2:19] = cross[2, 4:15, 10] = True
    found = postprocessing.skeleton_points(cross, spacing=(4, 1, 0.5))
    assert found.branch_points.tolist() == [[8, 10, 5]]
    assert sorted(found.end_points.tolist()) == [[8, 4, 5], [8, 10, 1], [8, 10, 9], [8, 14, 5]]
    ring = np.zeros((20, 20), bool)
    ring[5, 6:14] = ring[14, 6:14] = ring[6:14, 5] = ring[6:14, 14] = True
    found = postprocessing.skeleton_points(ring)
    assert found.end_points.shape == found.branch_points.shape == (0, 2)


@settings(deadline=None)
@given(mask=small_masks)
def test_ends_and_branches_count_neighbours(mask):
    counts = ndimage.convolve(mask.astype(int), np.ones((3,) * mask.ndim, int), mode="constant") - 1
    found = postprocessing.skeleton_points(mask)
    assert np.array_equal(found.end_points, np.argwhere(mask & (counts == 1)))
    groups, number = ndimage.label(mask & (counts >= 3), np.ones((3,) * mask.ndim))
    expected = [np.argwhere(groups == n).mean(axis=0) for n in range(1, number + 1)]
    assert len(found.branch_points) == number
    for centre in expected:
        assert np.isclose(found.branch_points, centre).all(axis=1).any()
