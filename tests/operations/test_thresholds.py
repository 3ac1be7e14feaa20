"""Thresholds of whole images: ImageJ's methods, ranges, hysteresis, several classes."""

from __future__ import annotations

import itertools
from typing import get_args, get_type_hints

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  # as its documentation has it
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage import data, filters

from napari_delineate import segmentation
from napari_delineate.thresholds.classes import class_limits
from napari_delineate.thresholds.global_levels import global_level
from napari_delineate.thresholds.histograms import histogram_of
from napari_delineate.thresholds.levels import intensity_levels

METHODS = get_args(get_type_hints(segmentation.threshold.__wrapped__)["method"])
PICKY = ("intermodes", "min_error", "minimum")
"""Methods that need a certain histogram."""
ITK = {
    "huang2": sitk.HuangThresholdImageFilter,
    "intermodes": sitk.IntermodesThresholdImageFilter,
    "max_entropy": sitk.MaximumEntropyThresholdImageFilter,
    "min_error": sitk.KittlerIllingworthThresholdImageFilter,
    "moments": sitk.MomentsThresholdImageFilter,
    "renyi_entropy": sitk.RenyiEntropyThresholdImageFilter,
    "shanbhag": sitk.ShanbhagThresholdImageFilter,
}


def two_modes(shape=(60, 70), dtype=np.uint8, seed=0):
    """Two overlapping normal distributions, from 0 to 255 somewhere."""
    random = np.random.default_rng(seed)
    image = np.where(random.random(shape) < 0.3, random.normal(150, 18, shape), 0)
    image = np.where(image == 0, random.normal(70, 12, shape), image)
    image.flat[:2] = 0, 255
    return np.clip(np.rint(image), 0, 255).astype(dtype)


def itk_level(image, method, bins):
    found = ITK[method]()
    found.SetNumberOfHistogramBins(bins)
    found.Execute(sitk.GetImageFromArray(image))
    return found.GetThreshold()


# Against ITK and scikit-image


@pytest.mark.parametrize("method", ITK)
@pytest.mark.parametrize("ndim", [2, 3])
def test_levels_are_those_of_itk(method, ndim):
    image = two_modes((60, 70) if ndim == 2 else (6, 30, 30))
    level = itk_level(image, method, 256)
    assert abs(global_level(image, method) - level) <= 1


@pytest.mark.parametrize("method", ITK)
def test_levels_are_those_of_itk_on_a_photograph(method):
    image = data.camera()
    assert abs(global_level(image, method) - itk_level(image, method, 256)) <= 1


@pytest.mark.parametrize("method", ["max_entropy", "moments", "shanbhag"])
def test_levels_of_16_bits_are_those_of_itk(method):
    image = two_modes().astype(np.uint16) * 16 + np.arange(70, dtype=np.uint16) % 16
    level = itk_level(image, method, int(np.ptp(image)) + 1)
    assert abs(global_level(image, method) - level) <= 1


@pytest.mark.parametrize("method", ["isodata", "li", "mean", "minimum", "otsu", "triangle", "yen"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_levels_are_those_of_scikit_image(method, dtype):
    image = two_modes(dtype=dtype)
    if np.dtype(dtype).kind == "f":
        image += np.random.default_rng(1).random(image.shape).astype(dtype)
    level = getattr(filters, f"threshold_{method}")(image)
    assert np.array_equal(segmentation.threshold(image, method=method), image > level)


# Against definitions, computed the slow way


def entropy(shares):
    shares = shares[shares > 0] / shares.sum()
    return -(shares * np.log(shares)).sum()


def slow_level(counts, method):
    """Find the threshold of a histogram as its paper (or ImageJ) defines it."""
    places = np.arange(len(counts))
    scores = []
    for t in range(len(counts) - 1):
        dark, bright = counts[: t + 1], counts[t + 1 :]
        if method == "percentile":
            scores.append(-abs(dark.sum() / counts.sum() - 0.5))
        elif method == "max_entropy":
            scores.append(entropy(dark) + entropy(bright))
        elif method == "otsu":
            means = (
                np.average(places[: t + 1], weights=dark),
                np.average(places[t + 1 :], weights=bright),
            )
            scores.append(dark.sum() * bright.sum() * (means[0] - means[1]) ** 2)
        elif method == "shanbhag":
            information = []
            for part in (dark, bright[::-1]):
                shares = part / counts.sum()
                before = np.cumsum(shares) - shares
                half = 0.5 / shares.sum()
                information.append(-half * (shares * np.log(1 - half * before)).sum())
            scores.append(-abs(information[0] - information[1]))
        elif method == "huang":
            doubt = 0.0
            for part, where in ((dark, places[: t + 1]), (bright, places[t + 1 :])):
                distance = np.abs(where - np.average(where, weights=part)) / places[-1]
                belongs = 1 / (1 + distance)
                rest = np.where(belongs < 1, 1 - belongs, 1)
                doubt -= (part * (belongs * np.log(belongs) + rest * np.log(rest))).sum()
            scores.append(-doubt)
    return int(np.argmax(scores))


@pytest.mark.parametrize("method", ["percentile", "max_entropy", "otsu", "shanbhag", "huang"])
@pytest.mark.parametrize("seed", range(4))
def test_levels_follow_their_definitions(method, seed):
    random = np.random.default_rng(seed)
    counts = random.integers(0, 40, 23) * (random.random(23) > 0.3)
    counts[[0, -1]] = 3, 5
    image = random.permutation(np.repeat(np.arange(23), counts)).astype(np.uint16)[None] + 7
    assert global_level(image, method) == slow_level(counts, method) + 7


def test_moments_of_two_intensities_are_those_of_the_image():
    image = two_modes().astype(float)
    level = global_level(two_modes(), "moments")
    share = (image <= level).mean()
    # Two intensities with these shares can have the first two moments, and so nearly the third.
    low = image.mean() - image.std() * np.sqrt((1 - share) / share)
    high = image.mean() + image.std() * np.sqrt(share / (1 - share))
    third = share * low**3 + (1 - share) * high**3
    assert third == pytest.approx((image**3).mean(), rel=2e-3)


def test_min_error_is_where_the_normal_distributions_cross():
    random = np.random.default_rng(5)
    values = np.concatenate([random.normal(60, 8, 70_000), random.normal(140, 20, 30_000)])
    image = np.clip(np.rint(values), 0, 255).astype(np.uint8)[None]
    x = np.arange(60, 140)
    dark = 0.7 / 8 * np.exp(-(((x - 60) / 8) ** 2) / 2)
    bright = 0.3 / 20 * np.exp(-(((x - 140) / 20) ** 2) / 2)
    assert abs(global_level(image, "min_error") - x[np.argmax(bright > dark)]) <= 4


def test_default_is_isodata_without_what_is_erased_or_stands_out():
    image = two_modes()
    plain = global_level(image, "default")
    below, above = image[image <= plain], image[image > plain]
    assert abs(plain - (below.mean() + above.mean()) / 2) <= 1.5
    erased = np.concatenate([image, np.zeros_like(image)])
    assert global_level(erased, "default") == plain
    saturated = np.concatenate([image, np.full_like(image, 255)])
    assert global_level(saturated, "default") == plain
    assert global_level(erased, "isodata") < plain - 10
    # One level with many pixels counts as if it had 1.5 times those of the next.
    stands_out = np.concatenate([image, np.full((600, 70), 70, np.uint8)])
    assert abs(global_level(stands_out, "default") - plain) < 5


def test_renyi_entropy_lies_between_the_thresholds_of_three_orders():
    image = data.camera()
    counts = histogram_of(image.ravel()).counts
    shares = counts / counts.sum()
    best = []
    for order in (0.5, 1, 2):
        scores = []
        for t in range(len(shares) - 1):
            parts = shares[: t + 1], shares[t + 1 :]
            if order == 1:
                scores.append(sum(map(entropy, parts)))
            else:
                scores.append(
                    sum(np.log(((one / one.sum()) ** order).sum()) / (1 - order) for one in parts)
                )
        best.append(int(np.argmax(scores)) + int(image.min()))
    assert min(best) <= global_level(image, "renyi_entropy") <= max(best)


# What every method promises


@pytest.mark.parametrize("method", METHODS)
def test_levels_follow_shifts_and_dtypes(method):
    image = two_modes()
    image[0, :2] = image[1, :2]  # no extremes, which have a meaning in bytes
    mask = segmentation.threshold(image, method=method)
    assert 0 < mask.sum() < mask.size
    for other in (
        image.astype(np.uint16),
        image.astype(np.int16) - 100,
        image.astype(np.uint64) + (2**63),
        image.astype(np.int64) - 2**62,
    ):
        found = segmentation.threshold(other, method=method)
        if method == "default":  # bytes have other extremes
            assert (found != mask).mean() < 0.01
        else:
            assert np.array_equal(found, mask)
    dark = segmentation.threshold(image, method=method, objects="dark")
    assert np.array_equal(dark, ~mask)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("factor", [1e-30, 1.0, 1e30, 1e300])
def test_floats_of_any_size_have_the_same_objects(method, factor):
    image = two_modes(dtype=np.float64) + 1
    image += np.random.default_rng(2).random(image.shape)
    expected = segmentation.threshold(image, method=method)
    found = segmentation.threshold(image * factor, method=method)
    assert (found != expected).mean() < 0.01  # bins are rounded


@pytest.mark.parametrize("method", METHODS)
def test_only_the_mask_counts_for_the_level(method):
    image = two_modes()
    inside = np.zeros(image.shape, bool)
    inside[:, :40] = True
    other = image.copy()
    other[:, 40:] = np.arange(30) * 8
    expected = segmentation.threshold(np.ascontiguousarray(image[:, :40]), method=method)
    for one in (image, other):
        found = segmentation.threshold(one, inside, method=method)
        assert np.array_equal(found[:, :40], expected)
        assert np.array_equal(found[:, 40:], one[:, 40:] > global_level(image[:, :40], method))


def test_a_mask_of_nothing_or_of_one_intensity_gives_nothing():
    image = two_modes()
    mask = np.zeros(image.shape, bool)
    for objects in ("bright", "dark"):
        assert not segmentation.threshold(image, mask, objects=objects).any()
        assert not segmentation.threshold(image, image == 70, objects=objects).any()
        assert not segmentation.threshold(np.full((5, 5), 3), objects=objects).any()
    assert not segmentation.multi_otsu(image, mask).any()
    assert not segmentation.robust_background_threshold(image, mask).any()


def test_one_histogram_for_a_stack_or_for_each_slice():
    planes = [two_modes(seed=seed) // (seed + 1) for seed in range(3)]
    stack = np.stack([*planes, np.full_like(planes[0], 9)])
    inside = np.ones(stack.shape, bool)
    inside[:, :5] = False
    per_slice = segmentation.threshold(stack, inside, histogram="slice")
    for found, plane, mask in zip(per_slice, stack, inside, strict=True):
        assert np.array_equal(found, segmentation.threshold(plane, mask))
    whole = segmentation.threshold(stack)
    assert np.array_equal(whole, stack > filters.threshold_otsu(stack))
    stack[1] = np.arange(70)
    with pytest.raises(ValueError, match=r"slice 1: method 'minimum' finds no threshold"):
        segmentation.threshold(stack, method="minimum", histogram="slice")


@pytest.mark.parametrize("method", PICKY)
def test_a_method_that_can_not_work_says_what_would(method):
    image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    if method == "min_error":
        image = (image > 100).astype(np.uint8)
    with pytest.raises(ValueError, match=f"method '{method}' finds no .*; try 'otsu', 'li'"):
        segmentation.threshold(image, method=method)


@pytest.mark.parametrize("method", [one for one in METHODS if one not in PICKY])
@given(
    image=hnp.arrays(
        st.sampled_from([np.uint8, np.int16, np.float32]),
        hnp.array_shapes(min_dims=2, max_dims=3, max_side=6),
        elements=st.integers(0, 20),
    )
)
@settings(max_examples=25, deadline=None)
def test_all_other_methods_work_on_every_image(method, image):
    mask = segmentation.threshold(image, method=method)
    if image.min() == image.max():
        assert not mask.any()
    else:  # the darkest pixels are background, and what is foreground is brighter
        assert not mask[image == image.min()].any()
        assert image[mask].min(initial=255) > image[~mask].max()


@pytest.mark.parametrize("method", ["huang", "huang2"])
def test_the_search_for_the_least_doubt_skips_nothing_of_note(method):
    image = two_modes((40, 50)).astype(np.uint16) * 10
    image += np.random.default_rng(1).integers(0, 10, image.shape).astype(np.uint16)
    counts = histogram_of(image.ravel()).counts
    expected = slow_level(counts, "huang") + image.min()
    assert abs(int(global_level(image, method)) - int(expected)) <= 0.01 * len(counts)


# Ranges and hysteresis


def test_a_range_includes_its_ends():
    image = np.arange(12).reshape(3, 4)
    found = segmentation.manual_threshold(image, lower=3, upper=7)
    assert np.array_equal(found, (image >= 3) & (image <= 7))
    outside = segmentation.manual_threshold(image, lower=3, upper=7, side="outside")
    assert np.array_equal(outside, ~found)
    assert segmentation.manual_threshold(image, lower=2.5)[0].tolist() == [False] * 3 + [True]
    assert segmentation.manual_threshold(image).all()
    large = np.array([[2**63 - 1, 2**63 + 1]], np.uint64)
    assert segmentation.manual_threshold(large, lower=2.0**63).tolist() == [[False, True]]
    single = np.array([[0.1, 0.3]], np.float32)  # 0.1 as 32 bits is more than as 64
    assert segmentation.manual_threshold(single, upper=0.1).tolist() == [[False, False]]
    with pytest.raises(ValueError, match="lower must be at most upper"):
        segmentation.manual_threshold(image, lower=3, upper=2)


@pytest.mark.parametrize("ndim", [2, 3])
def test_hysteresis_is_that_of_scikit_image(ndim):
    random = np.random.default_rng(4)
    image = ndimage.gaussian_filter(random.random((30,) * ndim), 1)
    low, high = np.quantile(image, [0.6, 0.95])
    expected = filters.apply_hysteresis_threshold(image, low, high)
    found = segmentation.hysteresis_threshold(image, low=low, high=high, connectivity="face")
    assert np.array_equal(found, expected)
    assert 0 < found.sum() < (image > low).sum()
    full = segmentation.hysteresis_threshold(image, low=low, high=high)
    assert (full >= found).all()


def test_hysteresis_takes_two_of_otsus_thresholds_by_default():
    image = data.coins()
    low, high = filters.threshold_multiotsu(image, 3)
    expected = segmentation.hysteresis_threshold(image, low=float(low), high=float(high))
    assert np.array_equal(segmentation.hysteresis_threshold(image), expected)
    with pytest.raises(ValueError, match="low must be at most high"):
        segmentation.hysteresis_threshold(image, low=9, high=8)


# Several classes


@pytest.mark.parametrize("classes", [2, 3, 4])
def test_classes_are_those_of_scikit_image(classes):
    for image in (two_modes(), data.coins()[::3, ::3]):
        limits = filters.threshold_multiotsu(image, classes)
        found = segmentation.multi_otsu(image, classes=classes)
        assert np.array_equal(found, np.digitize(image, limits, right=True))


@pytest.mark.parametrize("classes", [3, 4, 5])
def test_no_other_classes_have_more_variance_between_them(classes):
    image = np.random.default_rng(classes).integers(0, 14, (9, 9)) ** 2
    levels = np.unique(image)
    best = 0.0
    for limits in itertools.combinations(levels[:-1], classes - 1):
        labels = np.digitize(image, limits, right=True)
        best = max(
            best, sum((labels == n).sum() * image[labels == n].mean() ** 2 for n in range(classes))
        )
    labels = segmentation.multi_otsu(image, classes=classes)
    found = sum((labels == n).sum() * image[labels == n].mean() ** 2 for n in range(classes))
    assert found == pytest.approx(best, rel=1e-12)


def test_fewer_intensities_than_classes_are_each_a_class():
    image = np.array([[5, 900, 7, 7]])
    assert segmentation.multi_otsu(image, classes=5).tolist() == [[0, 2, 1, 1]]
    assert not segmentation.multi_otsu(np.full((4, 4), 8)).any()


@pytest.mark.parametrize("dtype", ["u1", "f4", "f8"])
def test_there_is_a_limit_less_than_intensities_where_these_are_fewer_than_classes(dtype):
    image = np.random.default_rng(0).integers(0, 3, (20, 21)).astype(dtype)
    assert class_limits(intensity_levels(image), 5).tolist() == [0, 1]


def test_classes_of_a_mask_are_applied_to_all():
    image = two_modes()
    mask = np.zeros(image.shape, bool)
    mask[:30] = True
    found = segmentation.multi_otsu(image, mask)
    limits = filters.threshold_multiotsu(image[:30], 3)
    assert np.array_equal(found, np.digitize(image, limits, right=True))


# Robust background


def test_robust_background_marks_what_stands_out():
    random = np.random.default_rng(8)
    image = random.normal(100, 5, (80, 80))
    image[20:24, 20:24] += 60
    found = segmentation.robust_background_threshold(image, number_of_deviations=6)
    assert np.array_equal(found, image > 140)


@pytest.mark.parametrize("method", [one for one in METHODS if one not in ("mean", "shanbhag")])
def test_real_nuclei_are_found(shared_image, method):
    image = shared_image("published/BBBC022_IXMtest_A02_s9_ch0.tif")
    if method == "minimum":  # without noise there are two modes
        image = ndimage.gaussian_filter(image, 2)[:300, :400]
    share = segmentation.threshold(image, method=method).mean()
    if method == "percentile":
        assert share == pytest.approx(0.5, abs=0.02)
    else:  # the nuclei cover a tenth, and their haze a little more
        assert 0.01 < share < 0.35


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("step", [None, 0.1, 7.0])
def test_pixels_are_counted_in_the_bins_of_numpy(dtype, step):
    pixels = np.random.default_rng(0).normal(5, 40, 20_000)
    pixels = (pixels if step is None else np.round(pixels / step) * step).astype(dtype)
    counts, edges = np.histogram(pixels, 256)
    found = histogram_of(pixels)
    np.testing.assert_array_equal(found.counts, counts)
    np.testing.assert_array_equal(found.centres, (edges[1:] + edges[:-1]) / 2)
