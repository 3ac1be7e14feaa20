"""Wrong pixels and stripes that were put on images, and what is left of both."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from napari_delineate import filters


@pytest.mark.parametrize("which", ["bright", "dark", "both"])
@pytest.mark.parametrize("spacing", [(1, 1, 1), (2, 1, 1)], ids=str)
def test_wrong_pixels_are_replaced_and_no_others(which, spacing):
    clean = np.random.default_rng(0).normal(1000, 5, (8, 20, 20)).astype(np.int16)
    image = clean.copy()
    image[3, 5, 5], image[4, 15, 12] = 3000, -3000
    cleaned = filters.remove_outliers(image, threshold=500, which=which, spacing=spacing)
    for place, side in (((3, 5, 5), "bright"), ((4, 15, 12), "dark")):
        if which in (side, "both"):
            assert abs(int(cleaned[place]) - 1000) < 20
        else:
            assert cleaned[place] == image[place]
        cleaned[place] = image[place]
    assert np.array_equal(cleaned, image)


@given(arrays("i8", (4, 5)), st.integers(0, 2**62))
def test_large_whole_numbers_are_compared_exactly(image, threshold):
    cross = ndimage.generate_binary_structure(2, 1)
    median = ndimage.median_filter(image, footprint=cross)
    differences = np.abs(image.astype(object) - median.astype(object))
    expected = np.where((differences > float(threshold)).astype(bool), median, image)
    found = filters.remove_outliers(image, radius=1, threshold=float(threshold))
    assert np.array_equal(found, expected)


def test_no_threshold_is_the_median():
    image = np.random.default_rng(0).integers(0, 255, (20, 21)).astype(np.uint8)
    found = filters.remove_outliers(image, radius=2, threshold=0)
    assert np.array_equal(found, filters.median(image, radius=2))


@pytest.mark.parametrize("direction", ["horizontal", "vertical"])
@pytest.mark.parametrize("spacing", [(1, 1, 1), (4, 1, 2)], ids=str)
def test_stripes_are_what_two_blurs_of_scipy_tell_apart(direction, spacing):
    image = np.random.default_rng(0).random((3, 40, 50))
    long, wide = (2, 1) if direction == "horizontal" else (1, 2)
    blurred = ndimage.gaussian_filter1d(image, 12 / spacing[long], long, mode="nearest")
    broad = ndimage.gaussian_filter1d(blurred, 3 / spacing[wide], wide, mode="nearest")
    found = filters.suppress_stripes(
        image, direction=direction, width=3, length=12, spacing=spacing
    )
    np.testing.assert_allclose(found, image - blurred + broad, atol=1e-9)


def test_stripes_go_and_waves_along_them_and_a_slope_stay():
    y, x = np.mgrid[:120, :120]
    clean = np.sin(x * 2 * np.pi / 10) + y / 50
    stripes = np.sin(y * 2 * np.pi / 4)
    found = filters.suppress_stripes(clean + stripes, width=5, length=30)
    assert np.abs(found - clean)[30:-30].max() < 0.01  # the stripes had 1
