"""Local thresholds, against definitions computed the slow way, mahotas and scikit-image."""

from __future__ import annotations

import itertools

import mahotas
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage import data, filters

from napari_delineate import segmentation, voxels

SYMMETRIC = {
    "mean": (segmentation.local_threshold, {"method": "mean", "offset": 3.0}),
    "median": (segmentation.local_threshold, {"method": "median", "offset": 3.0}),
    "midgrey": (segmentation.local_threshold, {"method": "midgrey", "offset": 3.0}),
    "contrast": (segmentation.local_contrast_threshold, {}),
    "niblack": (segmentation.niblack_threshold, {"weight": 0.4, "offset": 2.0}),
}
"""Methods that find dark objects as bright ones in the negative."""
ONE_SIDED = {
    "bernsen": (segmentation.bernsen_threshold, {"contrast": 20.0}),
    "sauvola": (segmentation.sauvola_threshold, {"weight": 0.3}),
    "phansalkar": (segmentation.phansalkar_threshold, {}),
}
ALL = {**SYMMETRIC, **ONE_SIDED, "otsu": (segmentation.local_otsu_threshold, {})}
each = pytest.mark.parametrize("method", ALL)


def slow_mask(image, method, window_shape, radius, spacing, objects="bright"):
    """Compare every pixel with the pixels around it, one after the other."""
    voxel_radius = [radius / one for one in spacing]
    pad = [int(np.floor(one + 1e-9)) for one in voxel_radius]
    wide = np.pad(image.astype(float), [(one, one) for one in pad], mode="symmetric")
    steps = np.stack(np.meshgrid(*(np.arange(-one, one + 1) for one in pad), indexing="ij"), -1)
    inside = np.ones(steps.shape[:-1], bool)
    if window_shape == "ball":
        inside = (steps * np.array(spacing) ** 1.0 / radius) ** 2
        inside = inside.sum(axis=-1) <= 1 + 1e-9
    low, high = float(image.min()), float(image.max())
    is_bytes = image.dtype == np.uint8
    full = 256 if is_bytes else high - low
    result = np.zeros(image.shape, bool)
    for place in itertools.product(*map(range, image.shape)):
        window = wide[tuple(slice(one, one + 2 * p + 1) for one, p in zip(place, pad, strict=True))]
        window = window[inside]
        pixel, mean, deviation = float(image[place]), window.mean(), window.std()
        middle = (window.min() + window.max()) / 2
        sign = 1 if objects == "bright" else -1
        if method in ("mean", "median", "midgrey"):
            level = {"mean": mean, "median": np.median(window), "midgrey": middle}[method]
            result[place] = sign * (pixel - level) > 3 + 1e-7
        elif method == "contrast":
            result[place] = sign * (pixel - middle) > 1e-7
        elif method == "niblack":
            result[place] = sign * (pixel - mean) > 0.4 * deviation + 2 + 1e-7
        elif method == "bernsen":
            if window.max() - window.min() < 20:
                bright = middle >= (128 if is_bytes else (low + high) / 2)
            else:
                bright = pixel >= middle
            result[place] = bright if objects == "bright" else not bright
        elif method == "sauvola":
            bright = pixel > mean * (1 + 0.3 * (deviation / (full / 2) - 1)) + 1e-7
            result[place] = bright if objects == "bright" else not bright
        else:
            scale, zero = (255, 0) if is_bytes else (high - low, low)
            mean, deviation = (mean - zero) / scale, deviation / scale
            level = mean * (1 + 2 * np.exp(-10 * mean) + 0.25 * (deviation / 0.5 - 1))
            bright = (pixel - zero) / scale > level + 1e-9
            result[place] = bright if objects == "bright" else not bright
    return result


@pytest.mark.parametrize("method", [one for one in ALL if one != "otsu"])
@pytest.mark.parametrize("shape", ["box", "ball"])
@pytest.mark.parametrize(
    ("size", "spacing"),
    [((11, 12), (1.0, 1.0)), ((6, 7, 8), (1.0, 1.0, 1.0)), ((5, 7, 8), (4.0, 1.0, 1.0))],
    ids=str,
)
def test_masks_follow_their_definitions(method, shape, size, spacing):
    function, given_settings = ALL[method]
    random = np.random.default_rng(len(size))
    for dtype, objects in itertools.product((np.uint8, np.int16, np.float32), ("bright", "dark")):
        image = random.integers(0, 120, size)
        image[:3] //= 8  # a part without contrast
        image = image.astype(dtype) - (np.dtype(dtype).kind == "i") * 30
        radius = 4.0 if spacing[0] > 1 else 2.0
        found = function(
            image, radius=radius, shape=shape, objects=objects, spacing=spacing, **given_settings
        )
        expected = slow_mask(image, method, shape, radius, spacing, objects)
        assert np.array_equal(found, expected), (dtype, objects)


def test_niblack_and_sauvola_are_those_of_scikit_image_with_another_sign():
    image = data.coins()[:150, :160]
    inside = (slice(7, -7),) * 2  # scikit-image mirrors its borders in another way
    level = filters.threshold_niblack(image, 15, k=-0.3)
    found = segmentation.niblack_threshold(image, radius=7, weight=0.3)
    assert np.array_equal(found[inside], (image > level)[inside])
    level = filters.threshold_sauvola(image, 15, k=0.2, r=90)
    found = segmentation.sauvola_threshold(image, radius=7, weight=0.2, dynamic_range=90)
    assert np.array_equal(found[inside], (image > level)[inside])


def test_bernsen_is_that_of_mahotas():
    image = data.coins()[:120, :130]
    expected = mahotas.thresholding.bernsen(image, 6, 40, 128)
    found = segmentation.bernsen_threshold(image, radius=6, shape="ball", contrast=40)
    inside = (slice(7, -7),) * 2
    # mahotas rounds the middle down, and has its own disk.
    assert (found[inside] != expected[inside]).mean() < 0.05


def test_local_otsu_of_a_window_over_everything_is_that_of_the_image():
    image = np.random.default_rng(2).integers(0, 255, (15, 17)).astype(np.uint8)
    image[:, :9] //= 3
    found = segmentation.local_otsu_threshold(image, radius=40)
    assert np.array_equal(found, image > filters.rank.otsu(image, np.ones((81, 81)))[0, 0])
    assert (found != (image > filters.threshold_otsu(image))).mean() < 0.01


def test_local_otsu_takes_read_only_bytes_and_marks_nothing_where_it_is_flat():
    image = np.full((20, 30), 90, np.uint8)
    image[8:12, 5:9] = 200
    image.flags.writeable = False
    found = segmentation.local_otsu_threshold(image, radius=3)
    assert np.array_equal(found, image == 200)
    dark = segmentation.local_otsu_threshold(255 - image, radius=3, objects="dark")
    assert np.array_equal(dark, image == 200)
    assert not segmentation.local_otsu_threshold(image, radius=0).any()


@pytest.mark.parametrize("method", SYMMETRIC)
def test_dark_objects_are_bright_in_the_negative(method):
    function, given_settings = SYMMETRIC[method]
    image = data.coins()[:60, :70].astype(np.int16)
    dark = function(image, radius=5, objects="dark", **given_settings)
    assert np.array_equal(dark, function(-image, radius=5, **given_settings))
    assert not (dark & function(image, radius=5, **given_settings)).any()


@each
@given(
    image=hnp.arrays(
        st.sampled_from([np.uint8, np.float64]),
        hnp.array_shapes(min_dims=2, max_dims=3, max_side=7),
        elements=st.integers(0, 250),
    ),
    axis=st.integers(0, 1),
)
@settings(max_examples=15, deadline=None)
def test_mirrored_images_have_mirrored_masks(method, image, axis):
    function, _ = ALL[method]
    found = function(image, radius=2)
    assert np.array_equal(function(np.flip(image, axis), radius=2), np.flip(found, axis))
    assert not function(np.full_like(image, image.flat[0]), radius=2).any()
    assert not function(np.full_like(image, image.flat[0]), radius=2, objects="dark").any()


@pytest.mark.parametrize("method", SYMMETRIC)
@pytest.mark.parametrize("value", [0.1, 1 / 3, 1e-20, 12345.678])
def test_flat_parts_hold_no_noise_of_rounding(method, value):
    function, given_settings = ALL[method]
    zero = {name: 0.0 for name in ("offset", "weight") if name in given_settings}
    image = np.full((40, 50), value)
    image[:20] = value * 7
    for objects in ("bright", "dark"):
        found = function(image, radius=3, objects=objects, **{**given_settings, **zero})
        assert not found[:16].any()
        assert not found[24:].any()


@pytest.mark.parametrize("method", [*SYMMETRIC, "bernsen", "otsu"])
def test_uneven_light_does_not_hide_objects(method):
    y, x = np.ogrid[:90, :90]
    truth = ((y % 18 - 9) ** 2 + (x % 18 - 9) ** 2) <= 20
    image = (20 + x + 60 * truth + 0 * y).astype(np.uint8)
    function, _ = ALL[method]
    found = function(image, radius=voxels(9))
    overlap = (found & truth).sum() / (found | truth).sum()
    assert overlap > 0.6
    whole = image > filters.threshold_otsu(image)
    assert overlap > (whole & truth).sum() / (whole | truth).sum()


@pytest.mark.parametrize("method", ["sauvola", "phansalkar"])
def test_dark_text_on_a_shaded_page_is_found(method):
    y, x = np.ogrid[:90, :90]
    truth = (y % 12 < 2) & (x % 9 < 6) & (y > 10) & (y < 80)
    image = ((100 + 1.5 * x + 0 * y) * np.where(truth, 0.5, 1)).astype(np.uint8)
    function, _ = ALL[method]
    found = function(image, radius=8, objects="dark")
    assert (found & truth).sum() / (found | truth).sum() > 0.9
