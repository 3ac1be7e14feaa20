"""CellProfiler's threshold, against the libraries that CellProfiler computes it with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from centrosome import smooth
from centrosome import threshold as centrosome_threshold
from scipy import ndimage
from skimage import data, filters

from napari_delineate.thresholds.cellprofiler import (
    ThresholdSettings,
    cellprofiler_threshold,
    foreground,
    threshold_levels,
)
from napari_delineate.thresholds.levels import intensity_levels
from napari_delineate.thresholds.robust_background import RobustBackground, robust_background_level
from napari_delineate.types import voxels

ISOTROPIC = (1.0, 1.0)
METHODS = "minimum_cross_entropy", "otsu", "otsu_three_classes", "robust_background"


@pytest.fixture(scope="module")
def coins():
    """The coins as 16 bits, without zeros."""
    return data.coins()[:250, :330].astype(np.uint16) * 7 + 300


def disk_mask(image):
    y, x = np.ogrid[: image.shape[0], : image.shape[1]]
    return (y - 120) ** 2 + (x - 160) ** 2 < 110**2


def level_of(image, method, mask=None, **settings):
    return threshold_levels(image, mask, ThresholdSettings(method=method, **settings), ISOTROPIC)[1]


@pytest.mark.parametrize("masked", [False, True])
def test_global_levels_are_those_of_scikit_image(coins, masked):
    mask = disk_mask(coins) if masked else None
    pixels = (coins[mask] if masked else coins.ravel()) / 65535.0  # as CellProfiler reads it
    expected = {
        "minimum_cross_entropy": filters.threshold_li(pixels, tolerance=0.5 / 65535),
        "otsu": filters.threshold_otsu(pixels),
        "otsu_three_classes": filters.threshold_multiotsu(pixels, 3, nbins=128)[0],
    }
    for method, level in expected.items():
        found = level_of(coins, method, mask)
        assert found == pytest.approx(level * 65535, rel=1e-9), method
    high = level_of(coins, "otsu_three_classes", mask, middle_class="background")
    assert high == pytest.approx(
        filters.threshold_multiotsu(pixels, 3, nbins=128)[1] * 65535, rel=1e-9
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int64, np.float32, np.float64])
def test_levels_move_with_the_image(dtype):
    image = data.coins()[::3, ::3] // 4
    for method in METHODS:
        expected = level_of(image.astype(np.float64), method)
        assert level_of(image.astype(dtype), method) == pytest.approx(expected, rel=1e-6)
        shifted = (image.astype(int) - 40).astype(dtype) if np.dtype(dtype).kind != "u" else None
        if shifted is not None:
            assert level_of(shifted, method) == pytest.approx(expected - 40, rel=1e-6, abs=1e-4)


@pytest.mark.parametrize("average", ["mean", "median"])
@pytest.mark.parametrize("deviation", ["standard_deviation", "median_absolute_deviation"])
@pytest.mark.parametrize("dtype", [np.uint16, np.float64])
def test_robust_background_is_that_of_centrosome(coins, average, deviation, dtype):
    image = coins.astype(dtype)
    functions = {
        "mean": np.mean,
        "median": np.median,
        "standard_deviation": np.std,
        "median_absolute_deviation": centrosome_threshold.mad,
    }
    expected = centrosome_threshold.get_robust_background_threshold(
        image, None, 0.1, 0.2, 1.5, functions[average], functions[deviation]
    )
    settings = RobustBackground(0.1, 0.2, average, deviation, 1.5)
    found = robust_background_level(intensity_levels(image), settings)
    assert found == pytest.approx(expected, rel=1e-12)


def test_the_mode_is_where_most_pixels_are():
    random = np.random.default_rng(3)
    image = np.concatenate([random.normal(100, 2, 9000), random.uniform(50, 1000, 1000)])
    settings = RobustBackground(0.0, 0.0, "mode", number_of_deviations=0)
    assert robust_background_level(intensity_levels(image), settings) == pytest.approx(100, abs=6)


@pytest.mark.parametrize("window", [25, 40, 60, 120])
@pytest.mark.parametrize("masked", [False, True])
def test_adaptive_levels_are_those_of_centrosome(coins, window, masked):
    mask = np.ones(coins.shape, bool)
    mask[:, :7] = not masked
    mask[100:110] = not masked
    local, guide = centrosome_threshold.get_threshold(
        "RobustBackground", "Adaptive", coins / 65535.0, mask, None, 0.0, 1.0, 1.1, window
    )
    settings = ThresholdSettings(
        "adaptive", "robust_background", voxels(window), correction_factor=1.1
    )
    found, found_guide = threshold_levels(coins, mask if masked else None, settings, ISOTROPIC)
    assert found_guide / 65535 == pytest.approx(guide, rel=1e-12)
    np.testing.assert_allclose(found / 65535, local, rtol=1e-9)


def test_sauvola_is_that_of_scikit_image(coins):
    local = filters.threshold_sauvola(coins / 65535.0, 51, k=0.2, r=1.0)
    guide = filters.threshold_li(coins / 65535.0, tolerance=0.5 / 65535)
    settings = ThresholdSettings("adaptive", "sauvola", voxels(50))
    found, _ = threshold_levels(coins, None, settings, ISOTROPIC)
    np.testing.assert_allclose(found / 65535, np.clip(local, 0.7 * guide, 1.5 * guide), rtol=1e-9)


def test_local_levels_stay_near_the_guide_and_within_the_bounds(coins):
    settings = ThresholdSettings("adaptive", "otsu", voxels(20))
    level, guide = threshold_levels(coins, None, settings, ISOTROPIC)
    assert level.min() >= 0.7 * guide
    assert level.max() <= 1.5 * guide
    assert np.ptp(level) > 0
    bounded = replace(settings, lower_bound=guide * 0.9, upper_bound=guide * 1.2)
    level, _ = threshold_levels(coins, None, bounded, ISOTROPIC)
    assert (level.min(), level.max()) == (guide * 0.9, guide * 1.2)


def test_adaptive_finds_objects_under_uneven_light_where_global_does_not():
    z, y, x = np.ogrid[:24, :120, :120]
    light = 1 + x / 30 + 0 * y + 0 * z
    truth = ((z % 12 - 6) ** 2 + (y % 20 - 10) ** 2 + (x % 20 - 10) ** 2) < 25
    image = (100 * light * (1 + 0.5 * truth)).astype(np.uint16)
    found = {}
    for strategy in ("global", "adaptive"):
        settings = ThresholdSettings(strategy, "otsu", voxels(20))
        mask = cellprofiler_threshold(image, None, settings, (1.0, 1.0, 1.0)).mask
        found[strategy] = (mask & truth).sum() / (mask | truth).sum()
    assert found["global"] < 0.2
    assert found["adaptive"] > 2 * found["global"]


def test_planes_twice_as_far_apart_give_half_as_many_blocks():
    image = np.random.default_rng(0).integers(1, 99, (32, 64, 64)).astype(np.uint8)
    image[::2] = image[1::2]  # doubled planes
    settings = ThresholdSettings("adaptive", "otsu", 16.0)
    fine, _ = threshold_levels(image, None, settings, (1.0, 1.0, 1.0))
    coarse, _ = threshold_levels(image[::2], None, settings, (2.0, 1.0, 1.0))
    np.testing.assert_allclose((fine[::2] + fine[1::2]) / 2, coarse, rtol=0.02)


@pytest.mark.parametrize("masked", [False, True])
def test_smoothing_is_that_of_centrosome(coins, masked):
    mask = disk_mask(coins) if masked else None
    everywhere = np.ones(coins.shape, bool) if mask is None else mask
    blurred = smooth.smooth_with_function_and_mask(
        coins / 65535.0,
        lambda image: ndimage.gaussian_filter(image, 1.3488 / 0.6744 / 2, mode="constant"),
        everywhere,
    )
    level = float(np.median(coins)) + 0.37
    found = foreground(coins, level, mask, voxels(1.3488), ISOTROPIC)
    assert np.array_equal(found, (blurred >= level / 65535) & everywhere)


def test_logarithm_is_that_of_centrosome(coins):
    image = coins.astype(np.float64)
    logarithms, scale = centrosome_threshold.log_transform(image)
    expected = centrosome_threshold.inverse_log_transform(filters.threshold_otsu(logarithms), scale)
    assert level_of(coins, "otsu", log_transform=True) == pytest.approx(expected, rel=1e-9)
    with pytest.raises(ValueError, match=r"log_transform must be False .* negative"):
        level_of(image - 1000, "otsu", log_transform=True)


def test_what_is_outside_the_mask_changes_nothing(coins):
    mask = disk_mask(coins)
    other = np.where(mask, coins, 60_000).astype(np.uint16)
    for strategy in ("global", "adaptive"):
        for method in METHODS:
            settings = ThresholdSettings(
                strategy, method, log_transform=True, smoothing_scale=voxels(1.3488)
            )
            first = cellprofiler_threshold(coins, mask, settings, ISOTROPIC)
            second = cellprofiler_threshold(other, mask, settings, ISOTROPIC)
            assert np.array_equal(first.mask, second.mask)
            assert not first.mask[~mask].any()
            assert first.guide == second.guide


def test_images_without_contrast_have_no_foreground():
    settings = ThresholdSettings()
    assert not cellprofiler_threshold(np.full((9, 9), 7), None, settings, ISOTROPIC).mask.any()
    image = np.arange(81).reshape(9, 9)
    nothing = np.zeros((9, 9), bool)
    assert not cellprofiler_threshold(image, nothing, settings, ISOTROPIC).mask.any()


@pytest.mark.parametrize("window", [1, 7, 1000])
@pytest.mark.parametrize("method", [*METHODS, "sauvola"])
def test_any_window_works_on_any_shape(window, method):
    image = np.random.default_rng(0).integers(5, 9, (3, 1, 17)).astype(np.float32)
    settings = ThresholdSettings("adaptive", method, voxels(window))
    assert cellprofiler_threshold(image, None, settings, (1.0, 1.0, 1.0)).mask.shape == image.shape


def test_refuses_settings_that_contradict():
    with pytest.raises(ValueError, match=r"'sauvola' .* needs the strategy 'adaptive'"):
        ThresholdSettings(method="sauvola")
    with pytest.raises(ValueError, match=r"lower_bound must be at most upper_bound \(2\); got 3"):
        ThresholdSettings(lower_bound=3, upper_bound=2)
    with pytest.raises(ValueError, match="less than 1 together"):
        RobustBackground(0.5, 0.5)
