"""Filters that remove noise, compared with other libraries and with what they promise."""

from __future__ import annotations

import platform

import numpy as np
import pytest
from skimage import filters as skfilters

from napari_delineate import building_blocks, filters
from tests.operations.test_filters import noise

# On other processors the compilers of libraries round a product and a sum once, not twice.
ROUNDS_TWICE = platform.machine() in ("x86_64", "AMD64")


def assert_same_digits(found, expected):
    assert found.dtype == expected.dtype
    if ROUNDS_TWICE:
        assert np.array_equal(found, expected)
    else:
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7 * np.abs(expected).max())


# Gaussian


@pytest.mark.parametrize("dtype", ["?", "u1", "i1", "u2", "i2", "u4", "i8", "u8", "f4", "f8"])
@pytest.mark.parametrize("shape", [(40, 37), (9, 21, 18)], ids=str)
def test_gaussian_has_the_digits_of_scikit_image(shape, dtype):
    image = noise(*shape, dtype=dtype)
    for sigma in (1, 2, 3.5, 10):
        assert_same_digits(
            filters.gaussian(image, sigma=sigma), skfilters.gaussian(image, sigma=sigma)
        )


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 30), (30, 1), (1, 1, 1), (1, 9, 20), (9, 1, 20), (9, 20, 1)], ids=str
)
def test_gaussian_has_the_digits_of_scikit_image_along_single_pixels(shape):
    image = noise(*shape, dtype=np.float32)
    for sigma in (0.3, 2, 40):
        assert_same_digits(
            filters.gaussian(image, sigma=sigma), skfilters.gaussian(image, sigma=sigma)
        )


@pytest.mark.parametrize("sigma", [(0, 2, 3), (2, 0, 3), (2, 3, 0), (0, 0, 2), (0.05, 1, 0)])
def test_gaussian_has_the_digits_of_scikit_image_where_an_axis_stays(sigma):
    image = noise(9, 20, 21, dtype=np.uint16)
    assert_same_digits(
        building_blocks.gaussian(image, sigma), skfilters.gaussian(image, sigma=sigma)
    )


@pytest.mark.parametrize("shape", [(371, 383), (3, 219, 230), (230, 219, 3)], ids=str)
@pytest.mark.parametrize("dtype", ["u2", "f4"])
def test_gaussian_has_the_digits_of_scikit_image_in_several_threads(shape, dtype):
    image = noise(*shape, dtype=dtype)
    assert_same_digits(filters.gaussian(image, sigma=3), skfilters.gaussian(image, sigma=3))
