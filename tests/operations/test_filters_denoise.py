"""Filters that remove noise, compared with other libraries and with what they promise."""

from __future__ import annotations

import itertools
import platform

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage import filters as skfilters
from skimage import restoration

from napari_delineate import building_blocks, denoising, filters
from tests.operations.test_filters import ANISOTROPIC, ellipsoid, noise

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


# Neighbourhoods


@pytest.mark.parametrize("dtype", ["?", "u1", "i2", "f4"])
@pytest.mark.parametrize("shape", [(21, 22), (7, 11, 12)], ids=str)
def test_percentile_equals_scipy(shape, dtype):
    image = noise(*shape, dtype=dtype)
    footprint = ellipsoid(*(2,) * len(shape))
    for rank in (0, 20, 50, 100):
        expected = ndimage.percentile_filter(image, rank, footprint=footprint)
        found = filters.percentile(image, percentile=rank)
        assert found.dtype == image.dtype
        assert np.array_equal(found, expected)


def test_percentile_of_50_is_the_median_in_physical_units():
    image = noise(7, 11, 12)
    options = {"radius": 2.5, "spacing": ANISOTROPIC}
    assert np.array_equal(filters.percentile(image, **options), filters.median(image, **options))


@pytest.mark.parametrize("shape", ["ball", "box"])
@pytest.mark.parametrize("radii", [(2, 3), (1, 2, 4), (0, 2, 2), (3.5, 1, 0)], ids=str)
def test_mean_equals_equal_weights(radii, shape):
    image = noise(*(9, 13, 14)[-len(radii) :])
    footprint = ellipsoid(*radii)
    if shape == "box":
        footprint = np.ones_like(footprint)
    expected = ndimage.correlate(image, footprint / footprint.sum(), mode="reflect")
    spacing = tuple(6 / (radius or 0.1) for radius in radii)
    found = filters.mean(image, radius=6.0, shape=shape, spacing=spacing)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_mean_scales_integers_as_the_gaussian_does(dtype):
    image = noise(20, 21, dtype=dtype)
    image[:] = image.flat[0]
    found = filters.mean(image)
    assert found.dtype == filters.gaussian(image).dtype
    np.testing.assert_allclose(found, filters.gaussian(image), rtol=1e-6)


# Frequencies


@pytest.mark.parametrize("shape", [(30, 31), (31, 30), (8, 13, 14), (1, 20), (20, 1)], ids=str)
@pytest.mark.parametrize("kind", ["low pass", "high pass"])
@pytest.mark.parametrize("dtype", ["u1", "f4", "f8"])
def test_butterworth_equals_scikit_image(shape, kind, dtype):
    image = noise(*shape, dtype=dtype)
    expected = skfilters.butterworth(
        image, cutoff_frequency_ratio=0.07, high_pass=kind == "high pass", order=3
    )
    found = filters.butterworth(image, kind=kind, cutoff=0.07, order=3)
    assert found.dtype == (np.float32 if dtype == "f4" else np.float64)
    np.testing.assert_allclose(
        found, expected, rtol=0, atol=(1e-5 if dtype == "f4" else 1e-12) * np.abs(image).max()
    )


def test_butterworth_gives_the_published_figures(shared_image):
    blobs = shared_image("published/blobs.tif")
    found = filters.butterworth(blobs, kind="high pass", cutoff=0.005)
    assert found.min() == pytest.approx(-96.58654585576524, abs=1e-11)
    assert found.max() == pytest.approx(149.81466333449177, abs=1e-11)


def test_butterworth_passes_physical_frequencies():
    # A wave of 8 µm along z, y or x, sampled every 2, 1 and 1 µm.
    spacing, shape = (2.0, 1.0, 1.0), (16, 32, 32)
    for axis, (size, step) in enumerate(zip(shape, spacing, strict=True)):
        wave = np.cos(2 * np.pi * np.arange(size) * step / 8)
        image = np.broadcast_to(wave.reshape([-1 if i == axis else 1 for i in range(3)]), shape)
        found = filters.butterworth(image, cutoff=1 / 8, spacing=spacing)
        np.testing.assert_allclose(found, image / 2, atol=1e-12)


# Edges stay


def two_halves(*shape, level=0.1, seed=0):
    """Dark on the left, bright on the right, with noise; and without."""
    clean = np.zeros(shape)
    clean[..., shape[-1] // 2 :] = 1
    return clean + np.random.default_rng(seed).normal(0, level, shape), clean


@pytest.mark.parametrize("level", [0.01, 0.1, 3])
@pytest.mark.parametrize("shape", [(100, 110), (5, 50, 60)], ids=str)
def test_noise_is_estimated(shape, level):
    image, _ = two_halves(*shape, level=level)
    assert denoising.noise_level(image) == pytest.approx(level, rel=0.05)


@pytest.mark.parametrize(
    "function",
    [
        filters.bilateral,
        filters.total_variation,
        filters.non_local_means,
        filters.wavelet_denoising,
        filters.anisotropic_diffusion,
    ],
    ids=lambda function: function.__name__,
)
class TestEdgePreserving:
    @pytest.mark.parametrize("shape", [(60, 70), (12, 30, 31)], ids=str)
    def test_removes_most_of_the_noise_with_defaults(self, function, shape):
        for level in (0.02, 0.1):
            image, clean = two_halves(*shape, level=level)
            found = function(image)
            assert np.abs(found - clean).mean() < 0.5 * np.abs(image - clean).mean()
            # A Gaussian of the same size has a broad edge instead.
            assert np.abs(found - clean).max() < 0.5

    def test_does_the_same_whatever_the_range(self, function):
        image, _ = two_halves(30, 31)
        np.testing.assert_allclose(function(image * 1000), function(image) * 1000, rtol=1e-9)

    def test_changes_nothing_without_noise(self, function):
        _, clean = two_halves(20, 21, level=0)
        np.testing.assert_allclose(function(clean), clean, rtol=0, atol=1e-15)

    def test_swaps_axes_with_their_spacing(self, function):
        image, _ = two_halves(9, 14, 15)
        expected = function(image, spacing=(2.0, 1.0, 1.5))
        level = denoising.noise_level(image)
        # What is estimated from the image looks along the last two axes.
        settings = {
            filters.bilateral: {"intensity_sigma": 3 * level},
            filters.total_variation: {"weight": 2 * level},
            filters.anisotropic_diffusion: {"contrast": 3 * level},
        }.get(function, {"noise": level})
        turned = function(image.transpose(2, 0, 1), spacing=(1.5, 2.0, 1.0), **settings)
        np.testing.assert_allclose(turned.transpose(1, 2, 0), expected, rtol=0, atol=1e-12)


def weighted_mean(image, reach, weigh):
    """The mean over a box of neighbours, with weights from offsets and shifted images."""
    padded = np.pad(image, [(entry, entry) for entry in reach], mode="edge")
    total, weights = np.zeros(image.shape), np.zeros(image.shape)
    for offset in itertools.product(*(range(-entry, entry + 1) for entry in reach)):
        other = padded[
            tuple(
                slice(entry + step, entry + step + size)
                for entry, step, size in zip(reach, offset, image.shape, strict=True)
            )
        ]
        weight = weigh(np.array(offset), other)
        total += weight * other
        weights += weight
    return total / weights


# skimage.restoration.denoise_bilateral reads its weights of the distance one voxel off.
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (2.0, 1.0, 0.5)], ids=str)
@pytest.mark.parametrize(("sigma", "similar"), [(1.0, 0.2), (2.0, 0.05), (1.5, 0.5)])
def test_bilateral_is_what_its_paper_defines(sigma, similar, spacing):
    image, _ = two_halves(*(5, 14, 15)[-len(spacing) :])

    def weigh(offset, other):
        near = np.exp(-((offset * spacing) ** 2).sum() / (2 * sigma**2))
        return near * np.exp(-((other - image) ** 2) / (2 * similar**2))

    expected = weighted_mean(image, [int(np.ceil(3 * sigma / size)) for size in spacing], weigh)
    found = filters.bilateral(image, sigma=sigma, intensity_sigma=similar, spacing=spacing)
    np.testing.assert_allclose(found, expected, rtol=0, atol=3e-4)


def test_bilateral_of_a_large_difference_is_a_gaussian():
    image = noise(12, 30, 31) / 1000
    found = filters.bilateral(image, sigma=2.0, intensity_sigma=1e6, spacing=ANISOTROPIC)
    per_axis = [2.0 / size for size in ANISOTROPIC]
    expected = image
    for axis, sigma in enumerate(per_axis):
        expected = ndimage.gaussian_filter1d(
            expected, sigma, axis, mode="nearest", radius=int(np.ceil(3 * sigma))
        )
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-7)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("shape", [(30, 31), (8, 15, 16)], ids=str)
def test_total_variation_equals_scikit_image(shape, dtype):
    image = two_halves(*shape)[0].astype(dtype)
    for weight in (0.02, 0.3):
        expected = restoration.denoise_tv_chambolle(image, weight=weight)
        found = filters.total_variation(image, weight=weight)
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, atol=2e-4 if dtype == "f4" else 1e-10)


def test_total_variation_minimises_what_it_says():
    image, _ = two_halves(15, 16)
    spacing = (2.0, 1.0)

    def energy(result, weight=0.2):
        down = np.diff(result, axis=0, append=result[-1:]) / 2.0
        right = np.diff(result, axis=1, append=result[:, -1:])
        return ((result - image) ** 2).sum() / 2 + weight * np.hypot(down, right).sum()

    found = filters.total_variation(
        image, weight=0.2, tolerance=0, maximum_iterations=3000, spacing=spacing
    )
    lowest = energy(found)
    random = np.random.default_rng(1)
    for size in (0.3, 0.01):
        for _ in range(20):
            assert energy(found + size * random.normal(0, 1, image.shape)) > lowest
    for other in (image, np.full_like(image, image.mean()), filters.gaussian(image, sigma=1)):
        assert energy(other) > lowest


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (2.0, 1.0, 1.0)], ids=str)
def test_non_local_means_is_what_its_paper_defines(spacing):
    image, _ = two_halves(*(8, 20, 21)[-len(spacing) :])
    patch = [int(2 / size) for size in spacing]

    def weigh(offset, other):
        squares = ndimage.uniform_filter((other - image) ** 2, [2 * entry + 1 for entry in patch])
        return np.exp(-np.maximum(squares - 2 * 0.1**2, 0) / 0.08**2)

    expected = weighted_mean(image, [int(3 / size) for size in spacing], weigh)
    found = filters.non_local_means(image, noise=0.1, strength=0.8, spacing=spacing)
    inside = tuple(slice(int(5 / size), -int(5 / size)) for size in spacing)
    np.testing.assert_allclose(found[inside], expected[inside], rtol=0, atol=1e-9)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_noise_that_is_no_number_any_more_changes_nothing(dtype):
    image = np.random.default_rng(0).random((9, 9)).astype(dtype)
    for level in (1e-12, 1e-20, 1e-160, 1e-200, 5e-324):
        assert np.array_equal(filters.non_local_means(image, noise=level), image)


@pytest.mark.parametrize("shape", [(60, 61), (20, 21, 22)], ids=str)
def test_non_local_means_comes_near_to_scikit_image(shape):
    image, clean = two_halves(*shape)
    other = restoration.denoise_nl_means(
        image, patch_size=5, patch_distance=3, h=0.08, sigma=0.1, fast_mode=True
    )
    found = filters.non_local_means(image, noise=0.1, strength=0.8)
    assert np.abs(found - other).mean() < 0.1 * np.abs(image - clean).mean()
    assert np.abs(found - clean).mean() < 1.05 * np.abs(other - clean).mean()


def test_wavelets_of_a_threshold_of_0_add_up_to_the_image():
    image = noise(9, 20, 21)
    for kind in ("hard", "soft"):
        found = filters.wavelet_denoising(image, threshold=0, kind=kind, spacing=ANISOTROPIC)
        np.testing.assert_allclose(found, image, rtol=0, atol=1e-11)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (4.0, 1.0, 1.0)], ids=str)
def test_wavelets_know_how_strong_noise_is_at_every_level(spacing):
    image = np.random.default_rng(0).normal(0, 1, (40, 128, 128))
    smooth, blur = image, [np.ones(1)] * 3
    for scale in range(3):
        weights = [denoising.spline_weights(2**scale, size) for size in spacing]
        smoother, blurrier = smooth, []
        for axis, (old, one) in enumerate(zip(blur, weights, strict=True)):
            if one is None:
                blurrier.append(old)
                continue
            smoother = ndimage.correlate1d(smoother, one, axis, mode="wrap")
            blurrier.append(np.convolve(old, one))
        found = denoising.norm_of_difference(blur, blurrier)
        assert found == pytest.approx((smooth - smoother).std(), rel=0.05)
        smooth, blur = smoother, blurrier


def test_wavelets_leave_coarse_axes_alone_at_fine_levels():
    assert denoising.spline_weights(2, 4.0) is None
    weights = denoising.spline_weights(8, 4.0)  # 8 finest voxels are 2 coarse ones
    assert list(np.flatnonzero(weights)) == [0, 2, 4, 6, 8]
    assert weights.sum() == 1


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 1.0, 1.0)], ids=str)
def test_diffusion_without_edges_is_a_gaussian(spacing):
    image = np.zeros((31, 41, 41))
    image[15, 20, 20] = 1
    found = filters.anisotropic_diffusion(image, sigma=4.0, contrast=1e6, spacing=spacing)
    expected = filters.gaussian(image, sigma=4.0, spacing=spacing)
    assert np.abs(found - expected).max() < 0.05 * expected.max()
    coordinates = np.meshgrid(
        *[(np.arange(n) - n // 2) * s for n, s in zip(image.shape, spacing, strict=True)],
        indexing="ij",
    )
    for axis in coordinates:  # heat spreads with the same variance along every axis
        assert (found * axis**2).sum() == pytest.approx(16, rel=0.02)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), contrast=st.floats(1e-3, 10), sigma=st.floats(0.1, 4))
def test_diffusion_keeps_the_mean_and_the_range(seed, contrast, sigma):
    image = np.random.default_rng(seed).normal(0, 1, (5, 9, 10))
    found = filters.anisotropic_diffusion(
        image, contrast=contrast, sigma=sigma, spacing=(2.0, 1.0, 0.7)
    )
    assert found.mean() == pytest.approx(image.mean(), abs=1e-12)
    assert found.min() >= image.min() - 1e-12
    assert found.max() <= image.max() + 1e-12


# Kuwahara


def kuwahara_by_definition(image, reach):
    """Look at every window of every pixel, in a loop."""
    padded = np.pad(image.astype(float), [(n, n) for n in reach], mode="symmetric")
    result = np.empty(image.shape)
    for place in np.ndindex(image.shape):
        windows = {
            starts: padded[
                tuple(
                    slice(at + start, at + start + n + 1)
                    for at, start, n in zip(place, starts, reach, strict=True)
                )
            ]
            for starts in itertools.product(*({0, n} for n in reach))
        }
        variances = {starts: window.var() for starts, window in windows.items()}
        lowest = min(variances.values())
        result[place] = np.mean(
            [windows[s].mean() for s, v in variances.items() if v <= lowest * (1 + 1e-9) + 1e-18]
        )
    return result


@pytest.mark.parametrize("shape", [(14, 17), (6, 9, 8), (1, 7, 9)], ids=str)
def test_kuwahara_is_what_its_paper_defines(shape):
    bumps = noise(*shape, dtype=np.uint8)
    few = bumps // 100  # many windows are as even as others
    for image, scale in ((bumps, 255), (few, 255), (bumps / 7, 1)):
        for radius in (1, 2):
            found = filters.kuwahara(image, radius=radius)
            expected = kuwahara_by_definition(image, (radius,) * len(shape)) / scale
            np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


def test_kuwahara_reaches_as_far_in_coarse_slices():
    image = noise(7, 14, 12, dtype=np.uint16)
    found = filters.kuwahara(image, radius=2.0, spacing=(2.0, 0.5, 1.0))
    np.testing.assert_allclose(found, kuwahara_by_definition(image, (1, 4, 2)) / 65535, rtol=1e-12)
    slices = filters.kuwahara(image, radius=2.0, spacing=(4.0, 1.0, 1.0))
    for found, image_slice in zip(slices, image, strict=True):
        assert np.array_equal(found, filters.kuwahara(image_slice, radius=2.0))


def test_kuwahara_keeps_edges_and_commutes_with_mirrors():
    step = np.zeros((20, 20), np.float32)
    step[:, 9:] = 1
    assert np.array_equal(filters.kuwahara(step, radius=3), step)
    noisy = step + noise(20, 20, dtype=np.float32) * 0.1
    smoothed = filters.kuwahara(noisy, radius=3)
    assert smoothed.dtype == np.float32
    assert smoothed[:, :9].std() < noisy[:, :9].std() / 2
    image = noise(15, 16, dtype=np.uint8) // 60
    for axis in (0, 1):
        mirrored = filters.kuwahara(np.flip(image, axis))
        assert np.array_equal(mirrored, np.flip(filters.kuwahara(image), axis))
    with pytest.raises(ValueError, match="so large that the result does not fit"):
        filters.kuwahara(np.full((9, 9), 1e200))
