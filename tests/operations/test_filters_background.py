"""Backgrounds against scipy, closed forms and light that is known."""

from __future__ import annotations

import numpy as np
import pytest
from centrosome.bg_compensate import MODE_BRIGHT, MODE_DARK, MODE_GRAY, backgr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage import data

from napari_delineate import filters
from napari_delineate.building_blocks import offsets_within


def smooth(shape, dtype="f8", seed=0):
    random = np.random.default_rng(seed)
    image = ndimage.gaussian_filter(random.random(shape), 1)
    return ((image - image.min()) / np.ptp(image) * 200).astype(dtype)


@pytest.mark.parametrize("dtype", ["u1", "i2", "f4"])
@pytest.mark.parametrize("ndim", [2, 3])
def test_black_tophat_equals_scipy(ndim, dtype):
    image = smooth((9, 30, 31)[-ndim:], dtype)
    found = filters.black_tophat(image, radius=4.0, spacing=(4.0, 1.0, 1.0)[-ndim:])
    ball = offsets_within((1.0, 4.0, 4.0)[-ndim:], "ball")
    assert found.dtype == image.dtype
    assert np.array_equal(found, ndimage.black_tophat(image, footprint=ball))


@pytest.mark.parametrize(
    "function",
    [filters.tophat_by_reconstruction, filters.subtract_background, filters.subtract_paraboloid],
)
@pytest.mark.parametrize("dtype", ["u1", "i2", "f8"])
def test_a_light_background_is_a_dark_one_turned(function, dtype):
    image = smooth((30, 31), "u1").astype(dtype)
    turned = (255 - image.astype(int)).astype(dtype) if dtype == "u1" else -image
    found = function(image, radius=4, background="light")
    assert found.dtype == image.dtype
    np.testing.assert_allclose(found, function(turned, radius=4), atol=1e-9)
    assert (found >= 0).all()


def test_ground_of_any_level_is_removed_whole_by_reconstruction():
    """An opening leaves dots in the corners of plateaus, a reconstruction does not."""
    image = np.zeros((60, 60), np.uint8)
    image[10:50, 20:55] = 40
    spots = np.zeros_like(image)
    spots[30:33, 30:33] = spots[5:8, 5:8] = 100
    found = filters.tophat_by_reconstruction(image + spots, radius=6)
    assert np.array_equal(found, spots)
    assert filters.white_tophat(image + spots, radius=6)[10, 20] > 0


def brute_paraboloid(image, radius, spacing):
    """The opening by definition: all pixels against all."""
    unit = min(spacing)
    places = np.argwhere(np.ones(image.shape)) * np.array(spacing) / unit
    squares = ((places[:, None] - places[None]) ** 2).sum(axis=-1) / (2 * radius / unit)
    eroded = (image.ravel()[None] + squares).min(axis=1)
    return (eroded[None] - squares).max(axis=1).reshape(image.shape)


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from([(9, 11), (1, 7), (4, 6, 5)]),
    st.floats(0.5, 30),
    st.integers(0, 9),
    st.sampled_from([(1.0, 1.0, 1.0), (4.0, 1.0, 1.0), (2.0, 0.5, 0.25)]),
)
def test_paraboloid_is_the_opening_by_definition(shape, radius, seed, spacing):
    image = np.random.default_rng(seed).random(shape) * 50
    spacing = spacing[-len(shape) :]
    found = filters.subtract_paraboloid(image, radius=radius, spacing=spacing)
    np.testing.assert_allclose(found, image - brute_paraboloid(image, radius, spacing), atol=1e-6)


def test_a_paraboloid_is_as_curved_as_the_ball():
    image = smooth((60, 60), "f8") / 400  # hills that are flat for a ball of radius 20
    y, x = np.mgrid[-12:13, -12:13]
    ball = np.sqrt(20**2 - y**2 - x**2) - 20
    opened = ndimage.grey_opening(image, structure=ball, mode="nearest")
    found = filters.subtract_paraboloid(image, radius=20)
    inside = (slice(20, -20),) * 2
    np.testing.assert_allclose(found[inside], (image - opened)[inside], atol=0.02)


@pytest.mark.parametrize("dtype", ["u1", "i2", "u8", "f4"])
def test_a_paraboloid_itself_is_background(dtype):
    y, x = np.mgrid[-20:21, -20:21]
    image = (150 - (y**2 + x**2) / 40).astype(dtype)
    spot = np.zeros_like(image)
    spot[18:21, 25:28] = 50
    found = filters.subtract_paraboloid(image + spot, radius=20)
    assert found.dtype == image.dtype
    assert np.abs(found.astype(float) - spot).max() <= (1 if dtype != "f4" else 1e-3)


@pytest.mark.parametrize("shape", [(40, 50), (9, 20, 24)])
def test_light_that_is_a_polynomial_is_found_exactly(shape):
    axes = np.meshgrid(*[np.linspace(-1, 1, size) for size in shape], indexing="ij")
    light = 3 + axes[0] - 0.5 * axes[-1] + 0.7 * axes[-1] ** 2 - 0.6 * axes[0] * axes[-1]
    found = filters.correct_illumination(20 * light, method="polynomial")
    np.testing.assert_allclose(found.illumination, light / light.mean())
    np.testing.assert_allclose(found.corrected, 20 * light.mean())
    found = filters.correct_illumination(light, method="polynomial", correction="subtract")
    np.testing.assert_allclose(found.corrected, light.mean())
    assert abs(found.illumination.mean()) < 1e-9


@pytest.mark.parametrize("method", ["gaussian", "polynomial"])
def test_shading_that_was_put_on_an_image_is_taken_away(method):
    coins = data.coins()[:256, :256].astype(float)
    y, x = np.mgrid[-1:1:256j, -1:1:256j]
    shading = np.exp(-(y**2 + x**2) / 5)
    plain = filters.correct_illumination(coins, method=method).corrected
    found = filters.correct_illumination(coins * shading, method=method).corrected
    before = np.corrcoef((coins * shading).ravel(), plain.ravel())[0, 1]
    after = np.corrcoef(found.ravel(), plain.ravel())[0, 1]
    assert after > 0.97
    assert after > before


def test_dark_corners_are_not_divided_by_nothing():
    image = np.zeros((40, 40))
    image[20, 20] = 1
    found = filters.correct_illumination(image, sigma=2)
    assert np.isfinite(found.corrected).all()
    assert found.illumination.min() == pytest.approx(0.02 * found.illumination.max())


@pytest.mark.parametrize(
    "function",
    [
        filters.white_tophat,
        filters.black_tophat,
        filters.tophat_by_reconstruction,
        filters.subtract_background,
        filters.subtract_paraboloid,
        filters.enhance_dark_holes,
    ],
    ids=lambda function: function.__name__,
)
@pytest.mark.parametrize("dtype", ["i1", "i2", "i4"])
def test_differences_that_no_signed_integer_holds_are_refused(function, dtype):
    """Without a sign they fit; with one they would come back below 0."""
    limits = np.iinfo(dtype)
    unsigned = np.zeros((20, 21), f"u{dtype[1]}")
    unsigned[9:12, 9:12] = np.iinfo(unsigned.dtype).max
    if function in (filters.black_tophat, filters.enhance_dark_holes):
        unsigned = ~unsigned
    assert function(unsigned).max() == np.iinfo(unsigned.dtype).max
    image = (unsigned.astype(np.int64) + limits.min).astype(dtype)
    with pytest.raises(ValueError, match=f"a difference does not fit its dtype {image.dtype}"):
        function(image)
    half = image // 2
    assert function(half).dtype == dtype
    # A ball enters a gap by less than one grey level.
    assert function(half).max() == pytest.approx(half.max() - int(half.min()), abs=1)


def spotted(shape, seed=0):
    """Return a light that changes slowly, and an image of it with bright blocks and noise."""
    random = np.random.default_rng(seed)
    axes = np.meshgrid(*[np.linspace(-1, 1, size) for size in shape], indexing="ij")
    light = 50 + 12 * axes[-1] - 9 * axes[-2] ** 2 + 5 * axes[0] * axes[-1]
    objects = np.kron(
        random.random([size // 6 for size in shape]) > 0.9, np.ones((6,) * len(shape))
    )
    return light, light + 40 * objects + random.normal(0, 0.5, shape), objects > 0


@pytest.mark.parametrize(
    ("objects", "mode", "points", "masked"),
    [
        ("bright", MODE_DARK, 5, False),
        ("dark", MODE_BRIGHT, 4, True),
        ("both", MODE_GRAY, 6, False),
    ],
)
def test_splines_are_those_of_centrosome(objects, mode, points, masked):
    _, image, _ = spotted((36, 48))
    if objects == "dark":
        image = 200 - image
    mask = np.zeros(image.shape, bool)
    mask[:, 6:44] = True
    mask = mask if masked else np.ones_like(mask)
    expected = backgr(image, mask, mode, thresh=2.5, splinepoints=points, scale=1)
    found = filters.correct_illumination_by_splines(
        image, mask, points=points, objects=objects, threshold=2.5, correction="subtract"
    ).illumination
    difference = (found - expected)[mask]
    assert np.ptp(difference) < 1e-3 * np.ptp(expected[mask])


@pytest.mark.parametrize("shape", [(60, 66), (18, 48, 54)], ids=str)
def test_splines_find_the_light_behind_objects(shape):
    light, image, objects = spotted(shape)
    found = filters.correct_illumination_by_splines(image, points=4)
    np.testing.assert_allclose(found.illumination, light / light.mean(), rtol=0.02)
    even = found.corrected[~objects]
    assert even.std() < 0.15 * image[~objects].std()
    everywhere = filters.correct_illumination(image, method="polynomial").illumination
    off = np.abs(everywhere - light / light.mean()).max()
    assert np.abs(found.illumination - light / light.mean()).max() < off


@pytest.mark.parametrize("shape", [(40, 50), (9, 20, 24), (1, 30, 20), (2, 30, 20)], ids=str)
def test_splines_are_exact_for_polynomials_of_the_third_degree(shape):
    axes = np.meshgrid(*[np.linspace(-1, 1, n) if n > 1 else [0] for n in shape], indexing="ij")
    light = 3 + axes[0] - 0.5 * axes[-1] ** 3 + 0.7 * axes[-1] ** 2 * axes[-2]
    found = filters.correct_illumination_by_splines(1e200 * light, correction="divide")
    np.testing.assert_allclose(found.illumination, light / light.mean(), rtol=1e-6)
    np.testing.assert_allclose(found.corrected, 1e200 * light.mean(), rtol=1e-6)


def test_splines_say_where_there_is_no_background():
    image = np.random.default_rng(0).normal(size=(30, 30))
    nowhere = filters.correct_illumination_by_splines(image, np.zeros(image.shape, bool))
    assert np.array_equal(nowhere.corrected, image)
    with pytest.raises(ValueError, match="less than 1 % of the pixels are background"):
        filters.correct_illumination_by_splines(
            image, objects="both", threshold=0.5, maximum_iterations=1000, convergence=0
        )
