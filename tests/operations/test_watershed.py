"""Floods equal scikit-image's pixel for pixel, also where several seeds tie."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage.morphology import local_maxima, local_minima
from skimage.segmentation import watershed

from napari_delineate import segmentation
from napari_delineate.kernels.watershed import flood_flat, flood_levels

LEVELS = st.sampled_from(["?", "u1", "i2", "u2", "i4", "f4", "f8"])


@st.composite
def floods(draw):
    """An image with few levels, so that there are plateaus; seeds that tie; a mask."""
    shape = draw(hnp.array_shapes(min_dims=2, max_dims=3, max_side=9))
    dtype = np.dtype(draw(LEVELS))
    image = draw(hnp.arrays(np.int8, shape, elements=st.integers(0, 5), fill=st.nothing()))
    image = (
        (image > 2) if dtype.kind == "b" else (image * draw(st.sampled_from([1, 7]))).astype(dtype)
    )
    seeds = draw(hnp.arrays(np.int32, shape, elements=st.sampled_from([0, 0, 0, 0, 1, 2, 3])))
    mask = draw(st.none() | hnp.arrays(bool, shape))
    return image, seeds, mask, draw(st.integers(1, len(shape)))


@settings(max_examples=150, deadline=None)
@given(floods())
def test_flood_equals_scikit_image(flood):
    image, seeds, mask, connectivity = flood
    expected = watershed(image, seeds, mask=mask, connectivity=connectivity)
    found = flood_levels(image, seeds, mask, connectivity)
    assert found.dtype == np.int32
    assert np.array_equal(found, expected)


@settings(max_examples=100, deadline=None)
@given(floods())
def test_flat_flood_equals_scikit_image_on_a_constant_image(flood):
    image, seeds, mask, connectivity = flood
    expected = watershed(np.zeros(image.shape), seeds, mask=mask, connectivity=connectivity)
    assert np.array_equal(flood_flat(seeds, mask, connectivity), expected)


def smooth(shape, dtype, sigma=2, seed=0):
    image = np.random.default_rng(seed).random(shape)
    image = ndimage.gaussian_filter(image, sigma)
    image = (image - image.min()) / np.ptp(image)
    return (image * (1 if np.dtype(dtype).kind == "f" else 60)).astype(dtype)


@pytest.mark.parametrize("shape", [(150, 170), (20, 40, 50)])
@pytest.mark.parametrize("dtype", ["u1", "u2", "f4", "f8"])
@pytest.mark.parametrize("few", [False, True], ids=["all minima", "few seeds"])
def test_flood_equals_scikit_image_on_smooth_images(shape, dtype, few):
    # Thousands of intervals and heaps that have to grow; seeds that tie only in integers.
    image = smooth(shape, dtype)
    seeds = ndimage.label(local_minima(image))[0].astype(np.int32)
    if few:
        seeds[seeds % 7 != 1] = 0
    mask = smooth(shape, "f8", 4, 1) > 0.4
    for allowed in (None, mask):
        expected = watershed(image, seeds, mask=allowed)
        assert np.array_equal(flood_levels(image, seeds, allowed), expected)


@pytest.mark.parametrize("factor", [1e-320, 1e-30, 1e30, 1.7e308])
def test_flood_takes_levels_of_any_size(factor):
    image = (smooth((40, 40), "f8") * 2 - 1) * factor
    seeds = ndimage.label(local_minima(image))[0].astype(np.int32)
    assert np.array_equal(flood_levels(image, seeds), watershed(image, seeds))


@pytest.mark.parametrize(
    "path",
    ["published/membrane2d.tif", "published/blobs.tif", "nuclei3d_gt/gonuclear_ovule_1135.tif"],
)
def test_flood_equals_scikit_image_on_real_images(shared_image, path):
    image = shared_image(path)[..., :60, :60] if "3d" in path else shared_image(path)
    seeds = ndimage.label(local_minima(ndimage.gaussian_filter(image, 2)))[0].astype(np.int32)
    assert np.array_equal(flood_levels(image, seeds), watershed(image, seeds))


def test_voronoi_otsu_floods_as_scikit_image_does(shared_image):
    from skimage.filters import gaussian, threshold_otsu

    image = shared_image("published/blobs.tif")
    outline = gaussian(image, 2)
    mask = outline > threshold_otsu(outline)
    spots = local_maxima(gaussian(image, 3.5)) & mask
    seeds = ndimage.label(spots, np.ones((3, 3)))[0]
    expected = watershed(mask, seeds, mask=mask)
    found = segmentation.voronoi_otsu_labeling(image, spot_sigma=3.5, outline_sigma=2)
    assert np.array_equal(found, expected)
