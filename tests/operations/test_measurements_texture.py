"""Textures equal those of mahotas, grains those of their sizes."""

from __future__ import annotations

import mahotas
import numpy as np
import pytest
from scipy import ndimage
from skimage.morphology import ball, disk, reconstruction

from napari_delineate import measurements, voxels
from napari_delineate.kernels.object_textures import FEATURES
from tests import inputs


def blobs(shape, number=5):
    random = np.random.default_rng(number)
    noise = ndimage.gaussian_filter(random.random(shape), 2)
    labels = ndimage.label(noise > np.quantile(noise, 0.6 if len(shape) == 2 else 0.8))[0]
    image = random.integers(0, 16, shape)
    return labels.astype(np.int32), image.astype(np.uint8)


def mahotas_haralick(labels, image, number, distance):
    box = ndimage.find_objects(labels)[number - 1]
    inside = np.where(labels[box] == number, image[box] + 1, 0)
    return mahotas.features.haralick(
        inside, ignore_zeros=True, distance=distance, use_x_minus_y_variance=True
    )


@pytest.mark.parametrize("distance", [1, 3])
@pytest.mark.parametrize("shape", [(60, 70), (24, 40, 44)], ids=str)
def test_haralick_numbers_equal_mahotas(shape, distance):
    labels, image = blobs(shape)
    table = measurements.measure_texture(
        labels, [image], distance=distance, levels=16, minimum=0, maximum=16
    )
    compared = 0
    for row, number in enumerate(table["label"]):
        try:
            expected = mahotas_haralick(labels, image, number, distance).mean(axis=0)
        except ValueError:  # no pair in some direction
            continue
        compared += 1
        np.testing.assert_allclose(table.loc[row, list(FEATURES)].to_numpy(float), expected, 1e-8)
    assert compared > 3


def test_each_direction_equals_mahotas():
    labels, image = blobs((60, 70))
    table = measurements.measure_texture(
        labels, [image], distance=1, levels=16, minimum=0, maximum=16, directions="each"
    )
    number = int(np.bincount(labels.ravel())[1:].argmax()) + 1
    row = table.set_index("label").loc[number]
    # Here: right, down and left, down, down and right; there: right, both down, down, ...
    expected = mahotas_haralick(labels, image, number, 1)[[0, 3, 2, 1]]
    found = [[row[f"{name}-{way}"] for name in FEATURES] for way in range(4)]
    np.testing.assert_allclose(found, expected, 1e-8)


def test_a_chessboard_and_stripes():
    """Known by hand: neighbours along an axis differ, over corners they are the same."""
    labels = np.ones((20, 20), int)
    chess = np.indices((20, 20)).sum(axis=0) % 2
    table = measurements.measure_texture(labels, [chess], distance=1, levels=2, directions="each")
    assert [table[f"contrast-{way}"][0] for way in range(4)] == [1, 0, 1, 0]
    assert table["correlation-0"][0] == pytest.approx(-1)
    assert table["correlation-1"][0] == pytest.approx(1, abs=0.01)
    assert table["entropy-0"][0] == pytest.approx(1)
    assert table["angular_second_moment-0"][0] == pytest.approx(0.5)
    assert table["inverse_difference_moment-0"][0] == pytest.approx(0.5)


def test_a_physical_distance_is_the_same_on_stretched_voxels():
    random = np.random.default_rng(2)
    coarse = random.integers(0, 8, (6, 12, 12))
    labels = np.ones(coarse.shape, int)
    plain = measurements.measure_texture(labels, [coarse], distance=1, levels=8)
    fine = np.repeat(np.repeat(coarse, 4, 1), 4, 2)
    stretched = measurements.measure_texture(
        np.ones(fine.shape, int), [fine], distance=4, levels=8, spacing=(4, 1, 1)
    )
    np.testing.assert_allclose(
        stretched[list(FEATURES)].to_numpy(), plain[list(FEATURES)].to_numpy(), rtol=1e-9
    )


def test_textures_do_not_change_with_numbers_places_and_other_objects():
    labels, image = blobs((40, 50))
    range_ = {"minimum": 0, "maximum": 16, "levels": 16}
    table = measurements.measure_texture(labels, [image], **range_)
    moved = measurements.measure_texture(
        np.roll(np.pad(1000 - labels, 20) * np.pad(labels > 0, 20), 7, 0),
        [np.roll(np.pad(image, 20), 7, 0)],
        **range_,
    )
    same = moved[::-1].reset_index(drop=True)
    assert same.drop(columns="label").equals(table.drop(columns="label"))


def test_small_objects_have_no_texture_and_constant_ones_no_contrast():
    labels = np.zeros((9, 9), int)
    labels[0, 0], labels[3:9, 3:9] = 1, 2
    table = measurements.measure_texture(labels, [np.full((9, 9), 5)], distance=1)
    assert table.loc[0, list(FEATURES)].isna().all()
    assert table.loc[1, ["contrast", "entropy", "correlation"]].tolist() == [0, 0, 1]


def test_constant_objects_of_any_size_have_exactly_no_texture():
    # 1 / pairs is rounded: sums of shares are not always 1.
    labels = np.tri(120, 130, 10, np.int32) * np.arange(1, 121)[:, np.newaxis]
    table = measurements.measure_texture(labels, [np.full(labels.shape, 7)], distance=1)
    exact = {"angular_second_moment": 1, "correlation": 1, "inverse_difference_moment": 1}
    for name in FEATURES:
        if not name.startswith("sum_average"):
            assert (table[name] == exact.get(name, 0)).all(), name


def test_levels_in_the_wrong_order_are_refused():
    labels, image = inputs.labels(2), inputs.image(2)
    with pytest.raises(ValueError, match=r"maximum must be above minimum \(5.0\); got 5.0"):
        measurements.measure_texture(labels, [image], minimum=5, maximum=5)


@pytest.mark.parametrize("operation", ["measure_texture", "measure_granularity"])
def test_channels_are_measured_one_by_one(operation):
    measure = getattr(measurements, operation)
    labels, first, second = inputs.labels(2), inputs.image(2), inputs.image(2, 2)
    both = measure(labels, [first, second])
    for number, image in enumerate((first, second)):
        alone = measure(labels, [image]).drop(columns="label")
        names = [f"{name}-{number}" for name in alone]
        assert both[names].set_axis(alone.columns, axis=1).equals(alone)
    none = measure(np.zeros_like(labels), [first, second])
    assert len(none) == 0
    assert none.columns.tolist() == both.columns.tolist()
    assert none.attrs == both.attrs


# Granularity


@pytest.mark.parametrize("shape", [(50, 60), (16, 24, 26)], ids=str)
def test_granularity_equals_its_definition(shape):
    """Erosions and reconstructions of scikit-image, means of scipy."""
    labels, _ = blobs(shape)
    random = np.random.default_rng(1)
    image = ndimage.gaussian_filter(random.random(shape), 1).astype(np.float32)
    table = measurements.measure_granularity(labels, [image], steps=4, step=1, background_radius=6)
    footprint = disk(6) if len(shape) == 2 else ball(6)
    cross = ndimage.generate_binary_structure(len(shape), 1)
    pixels = image - ndimage.grey_opening(image, footprint=footprint)
    numbers = table["label"].to_numpy()
    start = before = ndimage.mean(pixels, labels, numbers)
    eroded = pixels
    for size in range(1, 5):
        eroded = ndimage.grey_erosion(eroded, footprint=cross)
        left = reconstruction(eroded, pixels, footprint=cross)
        after = ndimage.mean(left, labels, numbers)
        expected = 100 * (before - after) / start
        np.testing.assert_allclose(table[f"granularity-{size}"], expected, rtol=1e-3, atol=1e-3)
        before = after


def test_squares_are_lost_at_half_their_width():
    image = np.zeros((60, 60))
    labels = np.zeros((60, 60), int)
    for number, width in enumerate((1, 3, 5, 7), 1):
        place = 14 * number - 10
        image[place : place + width, 20 : 20 + width] = number
        labels[place - 2 : place + width + 2, 16:30] = number
    table = measurements.measure_granularity(labels, [image], steps=5, step=1, background_radius=0)
    found = table.drop(columns="label").to_numpy()
    np.testing.assert_allclose(found, 100 * np.eye(4, 5), atol=1e-4)
    assert set(table.attrs["units"].values()) == {"", "%"}


def test_grains_of_stretched_voxels_have_their_physical_size():
    z, y, x = np.indices((64, 64, 64))
    image = sum(
        ((z - 32) ** 2 + (y - a) ** 2 + (x - b) ** 2 <= 36) for a in (16, 48) for b in (16, 48)
    ).astype(float)
    settings = {"steps": 6, "step": 4.0, "background_radius": voxels(0)}
    labels = np.ones(image.shape, int)
    fine = measurements.measure_granularity(labels, [image], **settings)
    flat = measurements.measure_granularity(
        labels[::4], [image[::4]], spacing=(4, 1, 1), **settings
    )
    names = fine.columns.drop("label")
    np.testing.assert_allclose(flat[names], fine[names], atol=8)
    assert fine[names].to_numpy().argmax() == flat[names].to_numpy().argmax()


def test_nothing_without_its_background_has_no_grains():
    labels = inputs.labels(2)
    table = measurements.measure_granularity(labels, [np.full(labels.shape, 9)])
    assert table.drop(columns="label").isna().all(axis=None)


def test_steps_far_below_the_voxel_are_refused():
    with pytest.raises(ValueError, match="step must be at least a tenth of the finest voxel"):
        measurements.measure_granularity(inputs.labels(2), [inputs.image(2)], step=0.01)
