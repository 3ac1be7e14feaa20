"""Keeping and removing objects: other libraries, closed forms, and laws that must hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage import segmentation as sksegmentation
from skimage.measure import label, regionprops_table

from napari_delineate import measurements, object_numbers, postprocessing, voxels
from napari_delineate.measurements.objects import MEASUREMENTS
from tests.operations.test_postprocessing import random_labels, small_labels

# Counting and renumbering


@settings(deadline=None)
@given(labels=small_labels(largest=2**20))
def test_pixels_are_counted_as_numpy_counts_them(labels):
    for given_labels in (labels % 7, labels, labels.astype(np.int64) * 2**40):
        numbers, counts = object_numbers.count_pixels(given_labels)
        expected = np.unique(given_labels, return_counts=True)
        assert np.array_equal(numbers, expected[0])
        assert np.array_equal(counts, expected[1])


@settings(deadline=None)
@given(labels=small_labels(largest=9), factor=st.sampled_from([1, 2**20, 2**50]))
def test_renumbering_is_a_lookup_for_small_and_huge_numbers(labels, factor):
    wide = labels.astype(np.int64) * factor
    named = np.unique(wide[labels % 3 == 1])
    new = np.arange(len(named), dtype=np.int64) * factor
    table = dict(zip(named.tolist(), new.tolist(), strict=True))
    expected = [table.get(number, 0) for number in wide.ravel().tolist()]
    assert object_numbers.renumber(wide, named, new).ravel().tolist() == expected


# Borders

SIDES = {
    "first_slice": (0, 0),
    "last_slice": (0, -1),
    "top": (1, 0),
    "bottom": (1, -1),
    "left": (2, 0),
    "right": (2, -1),
}


@pytest.mark.parametrize("side", SIDES)
def test_each_side_of_the_border_removes_the_objects_that_touch_it(side):
    labels = random_labels((9, 20, 21), density=0.2)
    axis, end = SIDES[side]
    on_side = np.unique(np.take(labels, end, axis))
    expected = np.where(np.isin(labels, on_side), 0, labels)
    assert expected.any()
    assert not np.array_equal(expected, labels)
    only = {**dict.fromkeys(SIDES, False), side: True}
    assert np.array_equal(postprocessing.clear_border(labels, **only), expected)


def test_sides_of_a_2d_image_are_rows_and_columns():
    labels = np.array([[1, 0, 2], [3, 0, 4], [5, 0, 6]])
    for side, left in (("top", {3, 4, 5, 6}), ("right", {1, 3, 5})):
        only = {**dict.fromkeys(SIDES, False), side: True}
        assert set(np.unique(postprocessing.clear_border(labels, **only))) - {0} == left


@pytest.mark.parametrize("buffer", [0, 1, 2])
def test_a_buffer_in_voxels_equals_that_of_scikit_image(buffer):
    labels = label(random_labels((60, 61), density=0.1))
    expected = sksegmentation.clear_border(labels, buffer_size=buffer)
    assert expected.any()
    assert np.array_equal(postprocessing.clear_border(labels, buffer=voxels(buffer)), expected)


def test_a_buffer_is_a_physical_distance():
    # One object per voxel of a line through the middle along each axis.
    labels = np.zeros((9, 31, 31), int)
    labels[:, 15, 15] = np.arange(1, 10)
    labels[4, :, 15] = np.arange(101, 132)
    kept = postprocessing.clear_border(labels, buffer=8, spacing=(4, 1, 1))
    # Voxels whose centres lie within 8 of the outermost: 3 slices, and 9 rows, on each side.
    assert set(kept[:, 15, 15]) == {0, 4, 6, 116}
    assert set(kept[4, :, 15]) == {0, *range(110, 123)}


def test_objects_that_reach_out_of_a_mask_are_removed_as_in_scikit_image():
    labels = label(random_labels((60, 61), density=0.2))
    rows, columns = np.ogrid[:60, :61]
    mask = (rows - 30) ** 2 + (columns - 30) ** 2 < 25**2
    expected = sksegmentation.clear_border(labels, mask=mask)
    assert expected.any()
    assert np.array_equal(postprocessing.clear_border(labels, mask), expected)


def test_the_buffer_applies_to_the_mask_too():
    labels = np.zeros((40, 40), int)
    labels[20, 10], labels[20, 14], labels[20, 20] = 1, 2, 3
    mask = np.zeros((40, 40), bool)
    mask[:, 10:] = True
    for buffer, left in ((0, {1, 2, 3}), (1, {2, 3}), (5, {3})):
        kept = postprocessing.clear_border(labels, mask, buffer=buffer)
        assert set(np.unique(kept)) - {0} == left


# Measurements


@pytest.mark.parametrize("shape", [(40, 41), (9, 20, 21)])
@pytest.mark.parametrize("name", ["area", "extent", "axis_major_length", "intensity_max"])
def test_filter_by_measurement_keeps_what_regionprops_measures(shape, name):
    labels = random_labels(shape, density=0.2)
    image = np.random.default_rng(1).integers(0, 1000, shape)
    table = regionprops_table(labels, image, properties=("label", name))
    low, high = np.quantile(table[name], [0.3, 0.8])
    within = table["label"][(table[name] >= low) & (table[name] <= high)]
    assert 0 < len(within) < len(table["label"])
    found = postprocessing.filter_by_measurement(
        labels, image, measurement=name, minimum=low, maximum=high
    )
    assert np.array_equal(found, np.where(np.isin(labels, within), labels, 0))


def test_filter_by_measurement_agrees_with_filter_by_size():
    labels = random_labels((9, 20, 21), density=0.2)
    spacing = (2, 0.5, 0.5)
    expected = postprocessing.filter_by_size(labels, minimum=3, maximum=6, spacing=spacing)
    found = postprocessing.filter_by_measurement(labels, minimum=3, maximum=6, spacing=spacing)
    assert expected.any()
    assert np.array_equal(found, expected)


def test_every_measurement_that_can_be_chosen_is_a_column():
    labels, image = random_labels((40, 41)), np.ones((40, 41))
    assert set(MEASUREMENTS) < set(measurements.measure(labels, image))
    for name in MEASUREMENTS:
        found = postprocessing.filter_by_measurement(labels, image, measurement=name)
        assert np.array_equal(found, labels)


def test_filter_by_measurement_says_what_is_missing():
    labels = random_labels((9, 20, 21))
    with pytest.raises(ValueError, match="'intensity_mean' needs an image"):
        postprocessing.filter_by_measurement(labels, measurement="intensity_mean")
    with pytest.raises(ValueError, match="'solidity' is not defined for images of 3 axes"):
        postprocessing.filter_by_measurement(labels, measurement="solidity")
    with pytest.raises(ValueError, match="maximum must be at least minimum"):
        postprocessing.filter_by_measurement(labels, minimum=2, maximum=1)


# Overlap and size


@settings(deadline=None)
@given(labels=small_labels(), data=st.data())
def test_filter_by_overlap_compares_the_share_of_each_object(labels, data):
    mask = data.draw(hnp.arrays(bool, labels.shape))
    low = data.draw(st.sampled_from([0.0, 0.25, 0.5, 1.0]))
    high = data.draw(st.sampled_from([value for value in (0.0, 0.5, 0.75, 1.0) if value >= low]))
    expected = labels.copy()
    for number in np.unique(labels[labels > 0]):
        share = mask[labels == number].mean()
        if not low <= share <= high:
            expected[labels == number] = 0
    found = postprocessing.filter_by_overlap(labels, mask, minimum=low, maximum=high)
    assert np.array_equal(found, expected)


@settings(deadline=None)
@given(labels=small_labels(largest=9), number=st.integers(1, 10))
def test_the_largest_objects_are_no_smaller_than_the_others(labels, number):
    kept = postprocessing.keep_largest_objects(labels, number=number)
    sizes = np.bincount(labels.ravel(), minlength=10)
    sizes[0] = 0
    left = set(np.unique(kept)) - {0}
    assert len(left) == min(number, np.count_nonzero(sizes))
    removed = [sizes[n] for n in range(10) if n not in left]
    assert min((sizes[n] for n in left), default=0) >= max(removed) or not left
    assert np.array_equal(kept, np.where(np.isin(labels, list(left)), labels, 0))


@settings(deadline=None)
@given(labels=small_labels(largest=3), connectivity=st.sampled_from(["full", "face"]))
def test_the_largest_part_of_each_object_is_kept(labels, connectivity):
    structure = ndimage.generate_binary_structure(
        labels.ndim, labels.ndim if connectivity == "full" else 1
    )
    expected = np.zeros_like(labels)
    for number in np.unique(labels[labels > 0]):
        parts, _ = ndimage.label(labels == number, structure)
        expected[parts == 1 + np.argmax(np.bincount(parts.ravel())[1:])] = number
    found = postprocessing.keep_largest_parts(labels, connectivity=connectivity)
    assert np.array_equal(found, expected)
