"""Edges, curvature and tubes, compared with calculus and with scikit-image and scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import ndimage
from skimage import feature
from skimage import filters as skfilters

from napari_delineate import filters, voxels
from tests.operations.test_filters import noise

SPACINGS = [(1.0, 1.0, 1.0), (4.0, 1.0, 1.0), (0.7, 0.25, 0.25)]
DERIVATIVES = [
    filters.gradient_magnitude,
    filters.laplacian_of_gaussian,
    filters.hessian_eigenvalues,
    filters.sato,
    filters.frangi,
    filters.meijering,
    filters.sobel,
]
TUBES = [filters.sato, filters.frangi, filters.meijering]
each = pytest.mark.parametrize("function", DERIVATIVES, ids=lambda function: function.__name__)
each_tube = pytest.mark.parametrize("function", TUBES, ids=lambda function: function.__name__)
each_spacing = pytest.mark.parametrize("spacing", SPACINGS, ids=str)


def grid(shape, spacing):
    """Physical coordinates of the voxels, 0 in the middle."""
    return np.meshgrid(
        *[(np.arange(n) - n // 2) * s for n, s in zip(shape, spacing, strict=True)],
        indexing="ij",
    )


# Calculus


@each_spacing
@pytest.mark.parametrize("sigma", [0.5, 1.0, 2.0])
def test_a_slope_has_its_steepness_whatever_the_voxels(spacing, sigma):
    z, y, x = grid((41, 91, 91), spacing)
    found = filters.gradient_magnitude(2 * z - y + 2 * x, sigma=sigma, spacing=spacing)
    assert found[20, 45, 45] == pytest.approx(3 * sigma)


@each_spacing
@pytest.mark.parametrize("sigma", [0.5, 1.0, 2.0])
def test_a_parabola_has_its_curvature_whatever_the_voxels(spacing, sigma):
    z, y, x = grid((41, 91, 91), spacing)
    image = 3 * z**2 + y**2 - 2 * x**2  # second derivatives 6, 2, -4
    laplacian = filters.laplacian_of_gaussian(image, sigma=sigma, spacing=spacing)
    assert laplacian[20, 45, 45] == pytest.approx(4 * sigma**2)
    for which, expected in (("largest", 6), ("middle", 2), ("smallest", -4)):
        found = filters.hessian_eigenvalues(image, which=which, sigma=sigma, spacing=spacing)
        assert found[20, 45, 45] == pytest.approx(expected * sigma**2)


def test_a_saddle_in_the_plane_has_the_curvature_of_its_diagonals():
    y, x = grid((61, 61), (1.0, 1.0))
    image = 5 * y * x  # curves by 5 along one diagonal and -5 along the other
    for which, sign in (("largest", 1), ("smallest", -1)):
        found = filters.hessian_eigenvalues(image, which=which, sigma=2)
        assert found[30, 30] == pytest.approx(sign * 5 * 4)


@each_spacing
def test_the_laplacian_of_a_bell_is_known(spacing):
    width, sigma = (4.0, 4.0) if spacing[0] > 1 else (2.0, 1.5)
    coordinates = grid((31, 81, 81), spacing)
    image = np.exp(-sum(axis**2 for axis in coordinates) / (2 * width**2))
    found = filters.laplacian_of_gaussian(image, sigma=sigma, spacing=spacing)
    total = width**2 + sigma**2  # the variance after the blur
    expected = -3 * sigma**2 / total * (width**2 / total) ** 1.5
    tolerance = 0.01 if spacing[0] > 1 else 0.002  # voxels as large as sigma miss some
    assert found[15, 40, 40] == pytest.approx(expected, rel=tolerance)


@pytest.mark.parametrize(("ndim", "factor"), [(2, math.sqrt(2)), (3, math.sqrt(3))])
def test_the_laplacian_answers_most_at_the_radius_that_is_documented(ndim, factor):
    radius = 6.0
    ball = sum(axis**2 for axis in grid((41,) * ndim, (1,) * ndim)) <= radius**2
    sigmas = np.arange(2.5, 6, 0.25)
    middle = (20,) * ndim
    answers = [-filters.laplacian_of_gaussian(ball, sigma=s)[middle] for s in sigmas]
    assert sigmas[np.argmax(answers)] == pytest.approx(radius / factor, abs=0.3)


@each
def test_a_constant_image_has_neither_edges_nor_tubes(function):
    for value in (0.7, 1e9, -3.0):
        found = function(np.full((9, 20, 21), value))
        assert np.abs(found).max() <= 1e-14 * abs(value)


@each
def test_axes_may_be_swapped_and_mirrored(function):
    image = noise(20, 21, 22)
    expected = function(image, spacing=(2.0, 1.0, 0.5))
    swapped = function(image.transpose(2, 0, 1), spacing=(0.5, 2.0, 1.0)).transpose(1, 2, 0)
    np.testing.assert_allclose(swapped, expected, rtol=0, atol=1e-10 * np.abs(expected).max())
    mirrored = function(image[::-1, :, ::-1], spacing=(2.0, 1.0, 0.5))[::-1, :, ::-1]
    np.testing.assert_allclose(mirrored, expected, rtol=0, atol=1e-10 * np.abs(expected).max())


@pytest.mark.parametrize("function", [f for f in DERIVATIVES if f is not filters.frangi])
def test_numbers_too_large_are_refused(function):
    image = np.zeros((20, 20))
    image[::2] = 1.7e308
    image[1::2] = -1.7e308
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="so large"):
        function(image)


# Libraries


def assert_close(found, expected, tolerance):
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * np.abs(expected).max())


@pytest.mark.parametrize("shape", [(60, 50), (20, 31, 32)], ids=str)
@pytest.mark.parametrize("sigma", [1.5, 3])
def test_derivatives_agree_with_scipy(shape, sigma):
    image = ndimage.gaussian_filter(noise(*shape), 1)
    options = {"mode": "nearest", "truncate": 8}
    assert_close(
        filters.laplacian_of_gaussian(image, sigma=sigma),
        sigma**2 * ndimage.gaussian_laplace(image, sigma, **options),
        1e-3,
    )
    assert_close(
        filters.gradient_magnitude(image, sigma=sigma),
        sigma * ndimage.gaussian_gradient_magnitude(image, sigma, **options),
        1e-3,
    )


@pytest.mark.parametrize("dtype", ["?", "u1", "u2", "i2", "f4", "f8"])
@pytest.mark.parametrize("shape", [(30, 31), (9, 14, 15)], ids=str)
def test_sobel_equals_scikit_image(shape, dtype):
    image = noise(*shape, dtype=dtype)
    expected = skfilters.sobel(image)
    found = filters.sobel(image)
    assert found.dtype == expected.dtype
    assert_close(found, expected, 1e-6 if dtype == "f4" else 1e-13)


def test_sobel_divides_by_the_length_of_a_coarse_voxel():
    z, y, x = grid((9, 20, 20), (4.0, 1.0, 1.0))
    for slope in (z, y, x):
        found = filters.sobel(slope, spacing=(4.0, 1.0, 1.0))
        assert found[4, 10, 10] == pytest.approx(2 / math.sqrt(3))


@pytest.mark.parametrize("shape", [(60, 50), (20, 31, 32)], ids=str)
def test_eigenvalues_agree_with_scikit_image(shape):
    image = ndimage.gaussian_filter(noise(*shape), 1)
    elements = feature.hessian_matrix(image, 2, mode="nearest", use_gaussian_derivatives=True)
    expected = 4 * feature.hessian_matrix_eigvals(elements)
    names = ["largest", "smallest"] if len(shape) == 2 else ["largest", "middle", "smallest"]
    inside = (slice(6, -6),) * len(shape)  # it blurs twice, which differs at borders
    for name, one in zip(names, expected, strict=True):
        found = filters.hessian_eigenvalues(image, which=name, sigma=2)
        assert_close(found[inside], one[inside], 2e-3)


def test_eigenvalues_of_a_volume_in_parts_equal_those_of_the_whole(monkeypatch):
    from napari_delineate import curvature

    image = noise(23, 14, 15)
    expected = filters.hessian_eigenvalues(image, which="middle", sigma=1)
    monkeypatch.setattr(curvature, "_SLAB", 4 * 14 * 15)
    assert np.array_equal(filters.hessian_eigenvalues(image, which="middle", sigma=1), expected)


@each_tube
@pytest.mark.parametrize("objects", ["bright", "dark"])
@pytest.mark.parametrize("shape", [(70, 60), (12, 25, 26)], ids=str)
def test_tubes_agree_with_scikit_image(function, objects, shape):
    image = np.pad(ndimage.gaussian_filter(noise(*shape), 1.5), 15, mode="edge")
    # At several scales, scikit-image's Frangi filter takes the first one's strength for all.
    sigmas = [2.0] if function is filters.frangi else [1.5, 2.5]
    expected = getattr(skfilters, function.__name__)(
        image, sigmas=sigmas, black_ridges=objects == "dark", mode="nearest"
    )
    found = function(
        image,
        minimum_sigma=sigmas[0],
        maximum_sigma=sigmas[-1],
        number_of_scales=len(sigmas),
        objects=objects,
    )
    inside = (slice(10, -10),) * len(shape)  # it blurs twice, which differs at borders
    found, expected = found[inside], expected[inside]
    # Frangi's jumps where an eigenvalue changes its sign.
    assert (np.abs(found - expected) <= 0.01 * expected.max()).mean() > 0.999


# Tubes


@each_tube
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_tube_looks_alike_along_every_axis_of_anisotropic_voxels(function, axis):
    spacing = (4.0, 1.0, 1.0)
    shape = tuple(round(80 / size) + 1 for size in spacing)
    coordinates = grid(shape, spacing)
    squares = sum(c**2 for other, c in enumerate(coordinates) if other != axis)
    image = np.exp(-squares / (2 * 4.0**2))  # sampled well by voxels of 4
    found = function(
        image, minimum_sigma=4.0, number_of_scales=1, maximum_sigma=4.0, spacing=spacing
    )
    middle = tuple(n // 2 for n in shape)
    # A blurred bell of variance 2 * 4^2 curves by -1 / 4 across, in units of sigma^-2.
    expected = {filters.sato: 0.25, filters.meijering: 1.0}.get(function)
    if expected is not None:
        assert found[middle] == pytest.approx(expected, rel=0.02)
    else:
        assert found[middle] > 0.7


@each_tube
def test_bright_tubes_of_an_image_are_dark_tubes_of_its_negative(function):
    image = noise(30, 31, dtype=np.float32)
    np.testing.assert_array_equal(function(image), function(-image, objects="dark"))


def test_spots_and_sheets_are_no_tubes_for_frangi():
    coordinates = grid((41, 41, 41), (1, 1, 1))
    z, y, x = (axis**2 for axis in coordinates)
    middle = (20, 20, 20)
    answers = {}
    for name, squares in {"tube": y + x, "spot": z + y + x, "sheet": x}.items():
        image = np.exp(-squares / (2 * 2.0**2))
        answers[name] = filters.frangi(image, minimum_sigma=2, maximum_sigma=2, number_of_scales=1)[
            middle
        ]
    assert answers["tube"] > 0.7
    assert answers["spot"] < 0.3 * answers["tube"]
    assert answers["sheet"] < 0.1 * answers["tube"]


# Settings


@pytest.mark.parametrize("function", [filters.gradient_magnitude, filters.laplacian_of_gaussian])
def test_derivatives_without_blur_are_refused(function):
    with pytest.raises(ValueError, match="sigma must be more than 0"):
        function(np.zeros((5, 5)), sigma=0)


def test_a_plane_has_no_middle_eigenvalue():
    with pytest.raises(ValueError, match="which must be 'largest' or 'smallest'"):
        filters.hessian_eigenvalues(np.zeros((5, 5)), which="middle")


@each_tube
def test_scales_in_the_wrong_order_are_refused(function):
    with pytest.raises(ValueError, match=r"maximum_sigma must be at least minimum_sigma \(3"):
        function(np.zeros((5, 5)), minimum_sigma=3, maximum_sigma=voxels(2))


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e150, 1e300])
@pytest.mark.parametrize("operation", [filters.sobel, filters.gradient_magnitude])
def test_slopes_whose_squares_do_not_fit_are_measured(operation, scale):
    image = noise(20, 30)
    np.testing.assert_allclose(operation(image * scale), operation(image) * scale, rtol=1e-9)
