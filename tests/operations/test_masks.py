"""Masks to masks: footprints, other libraries, closed forms, and laws that must hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage import morphology

from napari_delineate import postprocessing, voxels

small_masks = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=3, max_side=8))
FOOTPRINTS = {
    "binary_erosion": (ndimage.binary_erosion, {"border_value": 1}),
    "binary_dilation": (ndimage.binary_dilation, {}),
}


def blobs(shape, seed=0, share=0.5):
    smooth = ndimage.gaussian_filter(np.random.default_rng(seed).random(shape), 1.5)
    return smooth > np.quantile(smooth, 1 - share)


def ball(radius, spacing):
    reach = [int(radius / size + 1e-9) for size in spacing]
    steps = np.indices([2 * n + 1 for n in reach]).T - reach
    return (((steps * spacing) ** 2).sum(axis=-1) <= radius**2 * (1 + 1e-9)).T


@pytest.mark.parametrize("radius", [0, 0.9, 1, 1.5, 2, 3.7, 12])
@pytest.mark.parametrize(
    ("shape", "spacing"),
    [((40, 41), (1, 1)), ((40, 41), (3, 1)), ((9, 20, 21), (1, 1, 1)), ((9, 20, 21), (4, 1, 1))],
)
@pytest.mark.parametrize("name", FOOTPRINTS)
def test_erosion_and_dilation_equal_those_with_a_ball_as_footprint(name, shape, spacing, radius):
    mask = blobs(shape)
    function, options = FOOTPRINTS[name]
    expected = function(mask, ball(radius, spacing), **options)
    found = getattr(postprocessing, name)(mask, radius=radius, spacing=spacing)
    assert np.array_equal(found, expected)


@settings(deadline=None)
@given(
    mask=small_masks,
    radius=st.sampled_from([1, 1.5, 2, 2.5]),
    stretch=st.sampled_from([1.0, 2.0, 4.0]),
)
def test_opening_and_closing_equal_those_with_a_ball_as_footprint(mask, radius, stretch):
    spacing = (stretch,) + (1.0,) * (mask.ndim - 1)
    footprint = ball(radius, spacing)
    eroded = ndimage.binary_erosion(mask, footprint, border_value=1)
    opened = postprocessing.binary_opening(mask, radius=radius, spacing=spacing)
    assert np.array_equal(opened, ndimage.binary_dilation(eroded, footprint))
    dilated = ndimage.binary_dilation(mask, footprint)
    closed = postprocessing.binary_closing(mask, radius=radius, spacing=spacing)
    assert np.array_equal(closed, ndimage.binary_erosion(dilated, footprint, border_value=1))


@pytest.mark.parametrize("name", ["erosion", "dilation", "opening", "closing"])
def test_masks_change_as_in_scikit_image(name):
    mask = blobs((60, 61))
    expected = getattr(morphology, f"isotropic_{name}")(mask, 2.5, spacing=(2, 1))
    found = getattr(postprocessing, f"binary_{name}")(mask, radius=2.5, spacing=(2, 1))
    assert np.array_equal(found, expected)


@settings(deadline=None)
@given(mask=small_masks, radius=st.sampled_from([1, 1.5, 2, 5]))
def test_opening_and_closing_are_dual_ordered_and_settle_at_once(mask, radius):
    opened = postprocessing.binary_opening(mask, radius=radius)
    closed = postprocessing.binary_closing(mask, radius=radius)
    assert not (opened & ~mask).any()
    assert not (mask & ~closed).any()
    assert np.array_equal(opened, ~postprocessing.binary_closing(~mask, radius=radius))
    assert np.array_equal(postprocessing.binary_opening(opened, radius=radius), opened)
    assert np.array_equal(postprocessing.binary_closing(closed, radius=radius), closed)


@pytest.mark.parametrize("unit", [0.1, 0.3, 1 / 3, 0.65, 0.7, 123.4])
def test_whole_voxels_at_any_spacing(unit):
    mask = np.zeros((1, 41), bool)
    mask[0, 20] = True
    for number in range(1, 15):
        for radius in (voxels(number), round(number * unit, 12)):
            grown = postprocessing.binary_dilation(mask, radius=radius, spacing=unit)
            assert grown.sum() == 2 * number + 1
            shrunk = postprocessing.binary_erosion(grown, radius=radius, spacing=unit)
            assert np.array_equal(shrunk, mask)


def test_a_ball_grows_and_shrinks_to_its_volume_in_coarse_slices():
    depth, height, width = np.ogrid[:31, :121, :121]
    away = (4 * (depth - 15)) ** 2 + (height - 60) ** 2 + (width - 60) ** 2
    mask = away <= 30**2
    for name, radius in (("binary_dilation", 40), ("binary_erosion", 20)):
        found = getattr(postprocessing, name)(mask, radius=10, spacing=(4, 1, 1))
        assert 4 * found.sum() == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.05)


# Holes and specks


@settings(deadline=None)
@given(mask=small_masks)
def test_fill_holes_equals_scipy(mask):
    # An axis of one pixel does not open holes here, so that a single slice can be used.
    flat = np.squeeze(mask)
    expected = ndimage.binary_fill_holes(flat) if flat.ndim > 1 else flat
    found = postprocessing.fill_holes(mask)
    assert np.array_equal(found, expected.reshape(mask.shape))


@pytest.mark.parametrize("shape", [(60, 61), (20, 21, 22)])
@pytest.mark.parametrize("size", [1, 3, 10])
def test_holes_up_to_a_size_are_those_of_scikit_image_that_are_enclosed(shape, size):
    mask = np.random.default_rng(0).random(shape) < 0.6
    enclosed = ndimage.binary_fill_holes(mask)
    expected = morphology.remove_small_holes(mask, max_size=size, connectivity=1) & enclosed
    assert (expected & ~mask).any()
    assert np.array_equal(postprocessing.fill_holes(mask, maximum_size=size), expected)


@pytest.mark.parametrize("shape", [(60, 61), (20, 21, 22)])
@pytest.mark.parametrize("connectivity", ["full", "face"])
def test_remove_small_objects_equals_scikit_image(shape, connectivity):
    mask = np.random.default_rng(0).random(shape) < 0.15
    neighbours = len(shape) if connectivity == "full" else 1
    expected = morphology.remove_small_objects(mask, max_size=2, connectivity=neighbours)
    assert expected.any()
    found = postprocessing.remove_small_objects(mask, minimum_size=3, connectivity=connectivity)
    assert np.array_equal(found, expected)


def test_sizes_are_areas_and_volumes_in_physical_units():
    mask = np.zeros((4, 10, 10), bool)
    mask[0, 0, :5] = True  # 5 voxels of 2 * 0.5 * 0.5 are 2.5
    mask[2, 3:5, 3:6] = True  # 6 are 3
    kept = postprocessing.remove_small_objects(mask, minimum_size=2.6, spacing=(2, 0.5, 0.5))
    assert kept.sum() == 6
    hollow = np.ones((5, 9, 9), bool)
    hollow[2, 2, 2], hollow[2, 5, 4:6] = False, False
    filled = postprocessing.fill_holes(hollow, maximum_size=0.6, spacing=(2, 0.5, 0.5))
    assert (~filled).sum() == 2


@settings(deadline=None)
@given(mask=small_masks, number=st.integers(1, 5), connectivity=st.sampled_from(["full", "face"]))
def test_the_largest_components_are_kept(mask, number, connectivity):
    structure = ndimage.generate_binary_structure(
        mask.ndim, mask.ndim if connectivity == "full" else 1
    )
    parts, count = ndimage.label(mask, structure)
    sizes = sorted(np.bincount(parts.ravel())[1:].tolist(), reverse=True)
    found = postprocessing.keep_largest_components(mask, number=number, connectivity=connectivity)
    left, left_count = ndimage.label(found, structure)
    assert left_count == min(number, count)
    assert sorted(np.bincount(left.ravel())[1:].tolist(), reverse=True) == sizes[:number]
    assert not (found & ~mask).any()


# Smoothing


@settings(deadline=None)
@given(mask=small_masks, radius=st.sampled_from([0, 1, 1.5, 2, 3]), stretch=st.sampled_from([1, 2]))
def test_smooth_mask_is_the_majority_of_a_ball(mask, radius, stretch):
    spacing = (float(stretch),) + (1.0,) * (mask.ndim - 1)
    signs = np.where(mask, 1, -1)
    votes = ndimage.convolve(signs, ball(radius, spacing).astype(int), mode="constant")
    expected = np.where(votes == 0, mask, votes > 0)
    assert np.array_equal(
        postprocessing.smooth_mask(mask, radius=radius, spacing=spacing), expected
    )


def test_smooth_mask_is_the_median_filter_inside_the_image():
    mask = blobs((40, 41))
    expected = ndimage.median_filter(mask.astype(np.uint8), footprint=ball(3, (1, 1))) > 0
    found = postprocessing.smooth_mask(mask, radius=3)
    assert np.array_equal(found[3:-3, 3:-3], expected[3:-3, 3:-3])
