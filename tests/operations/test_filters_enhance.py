"""Filters that make structures stand out, compared with geometry and other libraries."""

from __future__ import annotations

import numpy as np
import pytest
from centrosome.filter import line_integration
from scipy import ndimage
from skimage import exposure
from skimage import filters as skfilters

from napari_delineate import filters
from tests.operations.test_filters import ANISOTROPIC, ellipsoid, noise


def ball(shape, centre, radius, spacing):
    """The voxels whose centre lies within a physical distance of a voxel."""
    grid = np.ogrid[tuple(slice(0, n) for n in shape)]
    squares = sum(
        ((axis - place) * size) ** 2
        for axis, place, size in zip(grid, centre, spacing, strict=True)
    )
    return squares <= radius**2


# Contrast


@pytest.mark.parametrize("dtype", ["u1", "u2"])
@pytest.mark.parametrize("shape", [(60, 70), (12, 30, 31)], ids=str)
def test_adaptive_equalization_equals_scikit_image(shape, dtype):
    image = noise(*shape, dtype=dtype)
    size = [min(16, length) for length in shape]
    expected = exposure.equalize_adapthist(image, size, clip_limit=0.02)
    found = filters.adaptive_histogram_equalization(image, window=16, clip_limit=0.02)
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("dtype", ["i2", "i8", "f4", "f8"])
def test_adaptive_equalization_does_not_depend_on_range_or_dtype(dtype):
    image = np.random.default_rng(0).integers(0, 2000, (60, 70))
    image.flat[:2] = 0, 2000
    expected = filters.adaptive_histogram_equalization((image * 32).astype(np.uint16))
    found = filters.adaptive_histogram_equalization((image - 1000).astype(dtype))
    assert np.abs(found - expected).mean() < 0.002  # levels are rounded to 16 bits


def test_adaptive_equalization_evens_out_a_slope():
    random = np.random.default_rng(0)
    texture = random.normal(0, 1, (128, 128))
    image = 100 + texture * np.linspace(1, 20, 128)
    found = filters.adaptive_histogram_equalization(image, window=24, clip_limit=0.5)
    left, right = found[:, 10:30].std(), found[:, -30:-10].std()
    assert right < 1.3 * left
    assert image[:, -30:-10].std() > 4 * image[:, 10:30].std()


def test_unsharp_mask_agrees_with_scikit_image():
    image = noise(30, 31)
    expected = skfilters.unsharp_mask(image, radius=1.5, amount=2.5, preserve_range=True)
    found = filters.unsharp_mask(image, sigma=1.5, amount=2.5)
    inside = (slice(7, -7),) * 2  # scikit-image reflects at borders
    np.testing.assert_allclose(found[inside], expected[inside], rtol=0, atol=1e-10)


def test_unsharp_mask_of_0_changes_nothing():
    image = noise(9, 10, 11)
    assert np.array_equal(filters.unsharp_mask(image, amount=0), image)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), ANISOTROPIC], ids=str)
def test_local_normalization_is_what_it_says(spacing):
    image = noise(12, 30, 31)
    per_axis = [3.0 / size for size in spacing]
    mean = ndimage.gaussian_filter(image, per_axis, mode="nearest")
    squares = ndimage.gaussian_filter(image**2, per_axis, mode="nearest")
    expected = (image - mean) / np.sqrt(squares - mean**2)
    found = filters.local_normalization(image, sigma=3.0, spacing=spacing)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8)


def test_local_normalization_does_not_depend_on_brightness_and_contrast():
    image = noise(30, 31)
    expected = filters.local_normalization(image)
    np.testing.assert_allclose(filters.local_normalization(5 * image + 300), expected, atol=1e-8)
    np.testing.assert_allclose(filters.local_normalization(-image), -expected, atol=1e-8)


@pytest.mark.parametrize("function", [filters.local_normalization, filters.standard_deviation])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_a_constant_image_has_no_texture(function, dtype):
    for value in (0.7, 1e6, -3.3):
        assert not function(np.full((20, 21), value, dtype)).any()


@pytest.mark.parametrize("shape", ["ball", "box"])
@pytest.mark.parametrize("spacing", [(1.0, 1.0), ANISOTROPIC], ids=str)
def test_standard_deviation_is_that_of_the_neighbourhood(spacing, shape):
    image = noise(*(7, 10, 11)[-len(spacing) :])
    footprint = ellipsoid(*(2.5 / size for size in spacing))
    if shape == "box":
        footprint = np.ones_like(footprint)
    expected = ndimage.generic_filter(image, np.std, footprint=footprint, mode="reflect")
    found = filters.standard_deviation(image, radius=2.5, shape=shape, spacing=spacing)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


# Shapes


@pytest.mark.parametrize("dtype", ["u1", "i4", "f4"])
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (1.0, 1.0, 1.0), (2.0, 1.0, 1.0)], ids=str)
def test_dark_holes_of_one_size_are_kept_wholly(spacing, dtype):
    shape = (60, 90) if len(spacing) == 2 else (20, 30, 66)
    middle = tuple(n // 2 for n in shape[:-1])
    image = np.full(shape, 100, dtype)
    small, fitting, large = (
        ball(shape, (*middle, place), radius, spacing)
        for place, radius in ((8, 1.2), (24, 4.2), (48, 9.2))
    )
    image[small], image[fitting], image[large] = 20, 40, 30
    found = filters.enhance_dark_holes(
        image, minimum_radius=2.0, maximum_radius=6.0, spacing=spacing
    )
    assert found.dtype == image.dtype
    assert np.array_equal(found, np.where(fitting, 60, 0))


def test_dark_holes_agree_with_cellprofiler_where_balls_and_diamonds_do():
    enhance = pytest.importorskip("centrosome.filter").enhance_dark_holes
    image = np.full((60, 60), 0.9)
    for row, side in ((5, 3), (15, 5), (30, 21)):
        image[row : row + side, 20 : 20 + side] = 0.2
    expected = enhance(image, 1, 4)
    found = filters.enhance_dark_holes(image, minimum_radius=1, maximum_radius=4)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert found.any()


def test_dark_holes_do_not_depend_on_a_constant():
    image = np.random.default_rng(0).integers(0, 50, (30, 31))
    expected = filters.enhance_dark_holes(image)
    assert expected.any()
    assert np.array_equal(filters.enhance_dark_holes(image + 2**40), expected)


@pytest.mark.parametrize("contrast", [1, -1])
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (2.0, 1.0, 1.0)], ids=str)
def test_circles_are_found_at_their_centre_by_their_radius(spacing, contrast):
    shape = (50, 70) if len(spacing) == 2 else (24, 40, 60)
    centres = [(22, 18), (25, 50)] if len(spacing) == 2 else [(11, 18, 18), (12, 20, 46)]
    image = np.zeros(shape)
    for centre, radius in zip(centres, (6, 9), strict=True):
        image[ball(shape, centre, radius, spacing)] = contrast
    for centre, radius in zip(centres, (6, 9), strict=True):
        found = filters.enhance_circles(image, radius=radius, sigma=1.0, spacing=spacing)
        assert np.unravel_index(np.argmax(found), shape) == centre


def test_radii_in_the_wrong_order_are_refused():
    with pytest.raises(ValueError, match="maximum_radius must be at least minimum_radius"):
        filters.enhance_dark_holes(np.zeros((9, 9)), minimum_radius=3, maximum_radius=2)


@pytest.mark.parametrize("spacing", [(1, 1), (3, 1)], ids=str)
def test_the_weighted_deviation_is_that_of_a_weighted_mean(spacing):
    image = np.random.default_rng(0).random((20, 21))
    sigma = [2 / size for size in spacing]
    mean = ndimage.gaussian_filter(image, sigma, mode="nearest")
    expected = np.sqrt(ndimage.gaussian_filter(image**2, sigma, mode="nearest") - mean**2)
    found = filters.weighted_standard_deviation(image, sigma=2, spacing=spacing)
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_the_weighted_deviation_of_waves_is_known_and_of_a_constant_0():
    wave = np.sin(np.arange(200) * 2 * np.pi / 8) * np.ones((3, 1))
    found = filters.weighted_standard_deviation(wave, sigma=8)
    np.testing.assert_allclose(found[:, 60:140], np.sqrt(0.5), rtol=1e-5)
    assert not filters.weighted_standard_deviation(np.full((9, 9), 0.1), sigma=2).any()


# Differential interference contrast


@pytest.mark.parametrize("angle", [0, 90, 180, 270, 30, 45, -60, 200])
def test_dic_is_integrated_as_in_centrosome(angle):
    # Of other sizes centrosome cuts out a part that lies half a pixel off.
    size = next(
        n
        for n in range(60, 80)
        if (len(ndimage.rotate(ndimage.rotate(np.eye(n), -angle), angle)) - n) % 2 == 0
    )
    random = np.random.default_rng(3)
    image = ndimage.gaussian_filter(random.normal(size=(size, size)), 3)
    for decay, sigma in ((0.95, 2.0), (0.8, 0.0)):
        expected = line_integration(image, angle, decay, sigma)
        found = filters.enhance_dic(
            image, angle=angle, decay_length=-1 / np.log(decay), sigma=sigma
        )
        np.testing.assert_allclose(found, expected, atol=1e-9 * np.ptp(image))


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 1.0), (4.0, 1.0, 1.0)], ids=str)
@pytest.mark.parametrize("angle", [0, 90, -135, 60])
def test_slopes_of_bumps_become_bumps_again(angle, spacing):
    shape = (3,) * (len(spacing) - 2) + (120, 90)
    y, x = (n * size for n, size in zip(np.indices(shape)[-2:], spacing[-2:], strict=True))
    middle = y.max() * 0.55, x.max() * 0.45
    away = y - middle[0], x - middle[1]
    bump = np.exp(-(away[0] ** 2 + away[1] ** 2) / (2 * 5.0**2))
    direction = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    slope = -(away[0] * direction[0] + away[1] * direction[1]) * bump
    found = filters.enhance_dic(
        slope.astype(np.float32), angle=angle, decay_length=500.0, sigma=0, spacing=spacing
    )
    assert found.dtype == np.float32
    assert found.max() == pytest.approx(slope.max())
    expected = bump / np.ptp(bump) * np.ptp(slope)
    np.testing.assert_allclose(found - found.min(), expected, atol=0.03 * np.ptp(slope))


def test_dic_of_a_constant_is_0_and_a_length_of_0_is_refused():
    assert not filters.enhance_dic(np.full((9, 9), 7)).any()
    with pytest.raises(ValueError, match="decay_length must be more than 0"):
        filters.enhance_dic(np.eye(9), decay_length=0)
