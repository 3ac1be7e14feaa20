"""Gaussians that are far wider than the image: memory does not grow, the result is right."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_delineate import filters, voxels


@pytest.fixture
def image():
    return np.random.default_rng(0).random((5, 7))


@pytest.mark.parametrize("sigma", [1500.0, 20_000.0])
def test_a_wide_gaussian_is_that_of_scipy(image, sigma):
    expected = ndimage.gaussian_filter(image, sigma, mode="nearest", truncate=4)
    assert np.allclose(filters.gaussian(image, sigma=voxels(sigma)), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("shape", [(5, 7), (3, 5, 7)])
def test_the_widest_gaussian_is_the_mean_of_the_corners(shape):
    image = np.random.default_rng(0).random(shape)
    corners = image[tuple(np.ix_(*([0, -1] for _ in shape)))]
    found = filters.gaussian(image, sigma=voxels(999_999_999))
    assert np.allclose(found, corners.mean(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("sigma", [0.5, 3.0, 50.0, 1000.0])
def test_other_gaussians_stay_bit_for_bit(image, sigma):
    expected = ndimage.gaussian_filter(image, sigma, mode="nearest", truncate=4)
    assert np.array_equal(filters.gaussian(image, sigma=voxels(sigma)), expected)


def test_a_derivative_that_is_far_wider_than_the_image_is_refused(image):
    with pytest.raises(ValueError, match="far wider than the image"):
        filters.laplacian_of_gaussian(image, sigma=voxels(999_999_999))
