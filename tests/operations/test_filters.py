"""Filters give what scikit-image and scipy give, with physical lengths."""

from __future__ import annotations

import numpy as np
import pytest
import skimage
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage import color
from skimage import filters as skfilters
from skimage.restoration import rolling_ball

from napari_delineate import filters, voxels
from tests import inputs

ANISOTROPIC = (2.5, 1.0, 0.5)


def noise(*shape, dtype=np.float64, seed=0):
    """Random pixels that use the whole range of small integers, and negative floats."""
    random = np.random.default_rng(seed)
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return random.random(shape) > 0.5
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        low, high = max(limits.min, -(2**40)), min(limits.max, 2**40)
        return random.integers(low, high, shape, dtype, endpoint=True)
    return random.normal(0, 100, shape).astype(dtype)


def half_noise(*shape, dtype, seed=0):
    """The same, where all differences of signed integers fit their dtype."""
    image = noise(*shape, dtype=dtype, seed=seed)
    return image // 2 if image.dtype.kind == "i" else image


def ellipsoid(*radii):
    """The voxels whose centre lies in an ellipsoid, written as its definition."""
    grid = np.meshgrid(*[np.arange(-int(r), int(r) + 1) for r in radii], indexing="ij")
    return sum((axis / max(r, 1)) ** 2 for axis, r in zip(grid, radii, strict=True)) <= 1 + 1e-9


# Gaussian


@pytest.mark.parametrize("dtype", ["?", "u1", "i2", "u2", "i4", "f4", "f8"])
def test_gaussian_equals_scikit_image(dtype):
    image = noise(9, 20, 21, dtype=dtype)
    found = filters.gaussian(image, sigma=1.5)
    expected = skfilters.gaussian(image, sigma=1.5)
    assert found.dtype == expected.dtype
    assert np.array_equal(found, expected)


def test_gaussian_counts_sigma_in_physical_units():
    image = noise(9, 20, 21)
    found = filters.gaussian(image, sigma=2.5, spacing=ANISOTROPIC)
    assert np.array_equal(found, skfilters.gaussian(image, sigma=(1.0, 2.5, 5.0)))


def test_gaussian_in_voxels_counts_the_finest_voxel():
    image = noise(9, 20, 21)
    found = filters.gaussian(image, sigma=voxels(5), spacing=ANISOTROPIC)
    assert np.array_equal(found, skfilters.gaussian(image, sigma=(1.0, 2.5, 5.0)))


def test_gaussian_of_a_point_is_the_bell_curve():
    image = np.zeros((61, 61))
    image[30, 30] = 1
    y, x = np.ogrid[-30:31, -30:31]
    # The filter ends at 4 sigma, where the bell has 0.03 % of its height of 0.01 left.
    bell = np.exp(-(y**2 + x**2) / (2 * 4**2)) / (2 * np.pi * 4**2)
    np.testing.assert_allclose(filters.gaussian(image, sigma=4), bell, rtol=0, atol=4e-6)


@pytest.mark.parametrize("spacing", [1.0, ANISOTROPIC])
def test_gaussian_of_sigma_0_changes_nothing(spacing):
    image = noise(5, 6, 7)
    assert np.array_equal(filters.gaussian(image, sigma=0, spacing=spacing), image)


def test_gaussian_leaves_a_constant_image_exactly_constant():
    # Otherwise rounding would become objects in the segmentations that blur first.
    for value in (0.1, 1 / 3, 7e5 + 0.1):
        blurred = filters.gaussian(np.full((9, 20, 21), value), sigma=3.3)
        assert blurred.min() == blurred.max()


def test_gaussian_of_one_slice_is_that_of_the_2d_image():
    image = noise(20, 21)
    np.testing.assert_allclose(
        filters.gaussian(image[None], sigma=2)[0], filters.gaussian(image, sigma=2), atol=1e-12
    )


# Difference of Gaussians


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4", "f8"])
def test_difference_of_gaussians_equals_scikit_image(dtype):
    image = noise(30, 31, dtype=dtype)
    found = filters.difference_of_gaussians(image, low_sigma=1, high_sigma=4)
    expected = skfilters.difference_of_gaussians(image, 1, 4)
    assert found.dtype == expected.dtype
    assert np.array_equal(found, expected)


def test_difference_of_gaussians_counts_in_physical_units():
    image = noise(9, 20, 21)
    found = filters.difference_of_gaussians(image, low_sigma=1, high_sigma=5, spacing=ANISOTROPIC)
    expected = skfilters.difference_of_gaussians(image, (0.4, 1, 2), (2, 5, 10))
    assert np.array_equal(found, expected)


LARGEST = [(dtype, np.finfo(dtype).max) for dtype in (np.float32, np.float64)]


@pytest.mark.parametrize(("dtype", "largest"), LARGEST)
def test_the_largest_floats_are_blurred_as_smaller_ones_are(dtype, largest):
    image = np.random.default_rng(0).choice([-1, 0.5, 1], (20, 21)).astype(dtype)
    found = filters.gaussian(image * largest, sigma=1.5)
    assert found.dtype == dtype
    np.testing.assert_allclose(found / largest, filters.gaussian(image, sigma=1.5), atol=1e-6)


@pytest.mark.parametrize(("dtype", "largest"), LARGEST)
@pytest.mark.parametrize(
    "function",
    [filters.difference_of_gaussians, filters.white_tophat, filters.subtract_background],
    ids=lambda function: function.__name__,
)
def test_differences_that_no_float_holds_are_refused(function, dtype, largest):
    image = np.full((9, 9), -largest, dtype)
    image[4, 4] = largest
    settings = {"low_sigma": 0} if function is filters.difference_of_gaussians else {}
    with pytest.raises(ValueError, match="image holds numbers so large that a difference"):
        function(image, **settings)
    assert np.isfinite(function(image / 8, **settings)).all()


def test_difference_of_gaussians_refuses_sigmas_in_the_wrong_order():
    with pytest.raises(ValueError, match="high_sigma must be at least low_sigma"):
        filters.difference_of_gaussians(noise(5, 5), low_sigma=3, high_sigma=2)


# Median


@pytest.mark.parametrize("dtype", ["?", "u1", "i2", "i4", "f4", "f8"])
@pytest.mark.parametrize("shape", [(20, 21), (6, 12, 13)])
def test_median_equals_scipy_with_a_ball(shape, dtype):
    image = noise(*shape, dtype=dtype)
    footprint = ellipsoid(*(2,) * len(shape))
    expected = ndimage.median_filter(image.astype(float), footprint=footprint).astype(dtype)
    found = filters.median(image, radius=2)
    assert found.dtype == image.dtype
    assert np.array_equal(found, expected)


def test_median_ball_is_an_ellipsoid_of_voxels_on_anisotropic_ones():
    image = noise(9, 14, 15)
    expected = ndimage.median_filter(image, footprint=ellipsoid(1, 2.5, 5))
    assert np.array_equal(filters.median(image, radius=2.5, spacing=ANISOTROPIC), expected)


def test_median_box_reaches_the_radius_along_every_axis():
    image = noise(9, 14, 15)
    expected = ndimage.median_filter(image, size=(3, 5, 11))
    found = filters.median(image, radius=2.5, shape="box", spacing=ANISOTROPIC)
    assert np.array_equal(found, expected)


def test_median_of_less_than_a_voxel_counts_only_the_slice():
    image = noise(6, 12, 13)
    found = filters.median(image, radius=1, spacing=(3, 1, 1))
    assert np.array_equal(found, np.stack([filters.median(plane, radius=1) for plane in image]))


# White top-hat


@pytest.mark.parametrize("radius", [0, 1, 2, 3.7, 9])
@pytest.mark.parametrize("dtype", ["u1", "i2", "u8", "f4", "f8"])
def test_white_tophat_equals_scipy_with_a_ball(dtype, radius):
    image = half_noise(24, 25, dtype=dtype)
    expected = ndimage.white_tophat(image, footprint=ellipsoid(radius, radius))
    found = filters.white_tophat(image, radius=radius)
    assert found.dtype == expected.dtype
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("radius", [1, 2.5, 4])
@pytest.mark.parametrize("dtype", ["u2", "f4"])
def test_white_tophat_equals_scipy_in_3d(dtype, radius):
    image = noise(7, 15, 16, dtype=dtype)
    expected = ndimage.white_tophat(image, footprint=ellipsoid(radius, radius, radius))
    assert np.array_equal(filters.white_tophat(image, radius=radius), expected)


@pytest.mark.parametrize("dtype", ["i4", "f8"])
def test_white_tophat_with_an_ellipsoid_on_anisotropic_voxels(dtype):
    image = half_noise(9, 14, 15, dtype=dtype)
    expected = ndimage.white_tophat(image, footprint=ellipsoid(1, 2.5, 5))
    assert np.array_equal(filters.white_tophat(image, radius=2.5, spacing=ANISOTROPIC), expected)


@pytest.mark.parametrize("shape", [(24, 25), (7, 15, 16)])
@pytest.mark.parametrize("dtype", ["u1", "f8"])
def test_white_tophat_equals_scipy_with_a_box(dtype, shape):
    image = noise(*shape, dtype=dtype)
    expected = ndimage.white_tophat(image, size=(7,) * len(shape))
    assert np.array_equal(filters.white_tophat(image, radius=3, shape="box"), expected)


def test_white_tophat_of_booleans_is_what_the_opening_removes():
    image = noise(24, 25, dtype=bool)
    opened = ndimage.grey_opening(image.astype(np.uint8), footprint=ellipsoid(2, 2)) > 0
    found = filters.white_tophat(image, radius=2)
    assert found.dtype == bool
    assert np.array_equal(found, image & ~opened)


def test_white_tophat_takes_a_ball_larger_than_the_image():
    image = noise(7, 6)
    expected = ndimage.white_tophat(image, footprint=ellipsoid(20, 20))
    assert np.array_equal(filters.white_tophat(image, radius=20), expected)


def test_white_tophat_keeps_spots_and_removes_a_slope():
    y, x = np.mgrid[:40, :50]
    slope = y + 2 * x
    spots = 50 * ((y % 20 == 10) & (x % 20 == 10))
    found = filters.white_tophat(slope + spots, radius=2)[4:-4, 4:-4]
    # Every pixel of a slope lies under some ball that touches it from below.
    assert (found[spots[4:-4, 4:-4] == 0] == 0).all()
    # Without the spot's own pixel, the next step of the slope carries the ball.
    assert found[spots[4:-4, 4:-4] > 0].min() >= 50 - 2


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_white_tophat_equals_scipy_for_any_radius_and_spacing(data):
    ndim = data.draw(st.sampled_from([2, 3]))
    shape = tuple(data.draw(st.integers(1, 9)) for _ in range(ndim))
    radii = tuple(data.draw(st.integers(0, 16)) / 4 for _ in range(ndim))
    image = half_noise(*shape, dtype=np.int16, seed=data.draw(st.integers(0, 99)))
    spacing = tuple(1 / max(radius, 1 / 8) for radius in radii)
    # A radius of 1 is `radii` voxels, or an eighth of one, which is none.
    expected = ndimage.white_tophat(image, footprint=ellipsoid(*radii))
    assert np.array_equal(filters.white_tophat(image, radius=1, spacing=spacing), expected)


# Footprints larger than the image

FOOTPRINTS = [
    (filters.median, {"shape": "ball"}),
    (filters.median, {"shape": "box"}),
    (filters.white_tophat, {"shape": "ball"}),
    (filters.white_tophat, {"shape": "box"}),
    (filters.subtract_background, {}),
]


@pytest.mark.parametrize(("function", "shape"), FOOTPRINTS)
def test_a_radius_far_beyond_the_image_is_refused(function, shape):
    image = noise(7, 30)
    message = "radius is 500 voxels, the image has only 30 along its longest axis; give at most 100"
    with pytest.raises(ValueError, match=message):
        function(image, radius=voxels(500), **shape)
    # It is counted in voxels: 5 along the coarse axis are 500 along the fine one.
    with pytest.raises(ValueError, match="radius is 500 voxels"):
        function(image, radius=5, spacing=(1, 0.01), **shape)
    # On small images, what fits the memory is allowed.
    assert function(image[:1, :2], radius=60, **shape).shape == (1, 2)


# Rolling ball


@pytest.mark.parametrize(
    ("dtype", "zero"), [("u8", 2**64 - 61), ("i8", 2**63 - 61), ("i8", -(2**63)), ("u8", 2**53 + 1)]
)
def test_subtract_background_of_huge_whole_numbers_is_exact(dtype, zero):
    small = np.random.default_rng(0).integers(0, 61, (20, 21))
    # In integers of Python, which have no limit.
    image = (small.astype(object) + zero).astype(dtype)
    expected = filters.subtract_background(small, radius=4)
    found = filters.subtract_background(image, radius=4)
    assert found.dtype == dtype
    assert np.array_equal(found, expected)


def test_subtract_background_refuses_whole_numbers_that_are_too_far_apart():
    image = np.array([[0, 1], [2, 2**53 + 2]])
    with pytest.raises(ValueError, match=f"whole numbers from 0 to {2**53 + 2}, too far apart"):
        filters.subtract_background(image)


@pytest.mark.parametrize("radius", [1, 2.5, 5])
@pytest.mark.parametrize("dtype", ["u1", "u2", "i4", "f4", "f8"])
def test_subtract_background_equals_scikit_image(dtype, radius):
    image = half_noise(20, 21, dtype=dtype)
    expected = image - rolling_ball(image, radius=radius)
    found = filters.subtract_background(image, radius=radius)
    assert found.dtype == image.dtype
    assert np.array_equal(found, expected)


def test_subtract_background_equals_scikit_image_in_3d():
    image = noise(6, 12, 13, dtype=np.uint16)
    expected = image - rolling_ball(image, radius=3)
    assert np.array_equal(filters.subtract_background(image, radius=3), expected)


@pytest.mark.parametrize("unit", [1.0, 0.1, 0.65])
def test_subtract_background_rolls_a_ball_in_physical_space(unit):
    """The kernel spelled out: heights of a ball of 6 over voxels of 3 by 1 by 1.5."""
    image = noise(6, 12, 13, dtype=np.uint16)
    spacing = np.array([3.0, 1.0, 1.5])
    heights = np.full((5, 13, 9), np.inf)
    for index in np.ndindex(heights.shape):
        distance = np.linalg.norm((np.array(index) - (2, 6, 4)) * spacing)
        if distance <= 6:
            heights[index] = np.sqrt(36 - distance**2)
    expected = image - rolling_ball(image, kernel=heights)
    found = filters.subtract_background(image, radius=6 * unit, spacing=tuple(unit * spacing))
    assert np.array_equal(found, expected)


def test_subtract_background_removes_a_constant_and_keeps_small_spots():
    image = np.full((40, 40), 100.0)
    image[10:13, 10:13] = 160
    found = filters.subtract_background(image, radius=15)
    assert found[30, 30] == 0
    # The ball enters a gap of 3 pixels by less than a pixel's height.
    assert found[11, 11] == pytest.approx(60, abs=1)


# Colours


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4", "f8"])
@pytest.mark.parametrize("colours", [3, 4])
def test_rgb_to_gray_equals_scikit_image_and_ignores_alpha(dtype, colours):
    image = np.abs(noise(5, 8, 9, colours, dtype=dtype))
    expected = color.rgb2gray(image[..., :3])
    found = filters.rgb_to_gray(image)
    assert found.shape == (5, 8, 9)
    assert found.dtype == expected.dtype
    # A matrix product, as scikit-image has it, rounds differently.
    np.testing.assert_allclose(found, expected, rtol=4 * np.finfo(found.dtype).eps)


@pytest.mark.parametrize("dtype", ["u1", "f4", "f8"])
def test_rgb_to_gray_gives_each_pixel_the_same_in_an_image_of_any_shape(dtype):
    image = np.abs(noise(37, 41, 3, dtype=dtype))
    whole = filters.rgb_to_gray(image)
    for size in range(1, 9):
        assert np.array_equal(filters.rgb_to_gray(image[:size, :1]), whole[:size, :1])
        assert np.array_equal(filters.rgb_to_gray(image[:1, :size]), whole[:1, :size])


def test_rgb_to_gray_of_gray_is_gray():
    gray = noise(8, 9, dtype=np.uint8)
    found = filters.rgb_to_gray(np.stack([gray] * 3, axis=-1))
    # The weights of the colours add up to 1.
    np.testing.assert_allclose(found, gray / 255, atol=1e-12)


def test_rgb_to_gray_of_a_photograph_is_between_its_colours():
    photograph = skimage.data.immunohistochemistry()[:64, :64]
    gray = filters.rgb_to_gray(photograph) * 255
    assert (gray >= photograph.min(axis=-1) - 1e-9).all()
    assert (gray <= photograph.max(axis=-1) + 1e-9).all()


# Rescaling


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("spacing", [(4, 1, 1), (1, 1, 0.25), (0.7, 0.3, 0.2), (2.5, 1, 0.5)])
def test_rescaling_keeps_a_linear_ramp_linear_at_its_physical_places(spacing, dtype):
    places = [np.arange(n) * s for n, s in zip((6, 8, 9), spacing, strict=True)]
    z, y, x = np.meshgrid(*places, indexing="ij")
    image = (3 * z - 2 * y + 0.5 * x + 7).astype(dtype)
    found = filters.rescale_isotropic(image, spacing=spacing)
    step = min(spacing)
    z, y, x = np.indices(found.shape) * step
    assert found.dtype == dtype
    np.testing.assert_allclose(found, 3 * z - 2 * y + 0.5 * x + 7, rtol=2e-6, atol=2e-5)
    # It ends at the last pixel that lies inside the image.
    for size, old, spaced in zip(found.shape, image.shape, spacing, strict=True):
        assert (size - 1) * step <= (old - 1) * spaced + 1e-9 < size * step


@pytest.mark.parametrize("dtype", ["?", "u1", "i2", "u2", "i4", "u4", "i8", "u8"])
def test_rescaling_keeps_the_dtype_and_the_pixels_that_stay(dtype):
    image = noise(5, 6, 7, dtype=dtype)
    found = filters.rescale_isotropic(image, spacing=(3, 1, 1))
    assert found.dtype == image.dtype
    assert np.array_equal(found[::3], image)


@pytest.mark.parametrize("dtype", ["i8", "u8"])
def test_rescaling_keeps_the_largest_integers(dtype):
    # The largest is no float64, the next one above it does not fit the dtype.
    largest = np.iinfo(dtype).max
    found = filters.rescale_isotropic(np.full((3, 4), largest, dtype), spacing=(2, 1))
    assert found.min() >= largest - 2**11


def test_rescaling_rounds_integers_to_the_nearest():
    image = np.array([[0, 0], [10, 13]], np.uint8)
    found = filters.rescale_isotropic(image, spacing=(4, 1))
    assert found.tolist() == [[0, 0], [2, 3], [5, 6], [8, 10], [10, 13]]


@pytest.mark.parametrize("spacing", [1.0, 0.1, (0.3, 0.3, 0.3)])
def test_rescaling_leaves_isotropic_images_as_they_are(spacing):
    image = noise(5, 6, 7)
    found = filters.rescale_isotropic(image, spacing=spacing)
    assert np.array_equal(found, image)
    assert not np.shares_memory(found, image)


def test_filters_commute_with_mirroring():
    image = inputs.image(3)
    for operation in (
        filters.median,
        filters.white_tophat,
        filters.subtract_background,
    ):
        expected = operation(image, radius=3, spacing=(2, 1, 1))
        found = operation(image[::-1, :, ::-1], radius=3, spacing=(2, 1, 1))
        assert np.array_equal(found[::-1, :, ::-1], expected)
