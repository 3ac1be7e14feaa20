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
def test_a_wave_is_weakened_by_the_factor_that_is_documented(direction):
    size, across, along = 64, 20, 2
    places = (np.arange(size) + 0.5) * np.pi / size
    wave = np.outer(np.cos(across * places), np.cos(along * places))
    expected = 1 - np.exp(-((30 * along / 128) ** 2) / 2) * (
        1 - np.exp(-((4 * across / 128) ** 2) / 2)
    )
    image = wave if direction == "horizontal" else wave.T
    found = filters.suppress_stripes(image, direction=direction, width=4, length=30)
    np.testing.assert_allclose(found, image * expected, atol=1e-12)


def test_stripes_that_were_put_on_an_image_go_and_the_image_stays():
    random = np.random.default_rng(0)
    clean = ndimage.gaussian_filter(random.random((128, 128)), 3)
    clean = (clean - clean.mean()) / clean.std()
    stripes = random.normal(0, 1, (128, 1)) * np.ones((1, 128))
    found = filters.suppress_stripes(clean + stripes, width=40, length=300)
    assert np.std(found - clean) < 0.35  # the stripes had 1
    assert np.corrcoef(found.ravel(), clean.ravel())[0, 1] > 0.93
    assert np.isclose(found.mean(), (clean + stripes).mean())


def test_stripes_are_as_wide_and_long_in_physical_units():
    image = np.random.default_rng(0).random((40, 50))
    one = filters.suppress_stripes(image, width=3, length=20, spacing=(0.5, 2))
    other = filters.suppress_stripes(image, width=6, length=10, direction="horizontal")
    np.testing.assert_allclose(one, other)


def test_slices_are_treated_one_by_one_and_sizes_of_nothing_refused():
    volume = np.random.default_rng(0).random((3, 20, 30))
    found = filters.suppress_stripes(volume)
    assert np.allclose(found[1], filters.suppress_stripes(volume[1]))
    with pytest.raises(ValueError, match="width must be more than 0"):
        filters.suppress_stripes(volume, width=0)
