"""Cropping, resampling and binning against geometry, scipy and scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage
from skimage.measure import block_reduce

from napari_delineate import filters, voxels

SPACING = (4.0, 1.0, 1.0)


def noise(*shape, dtype="f8"):
    return (np.random.default_rng(0).random(shape) * 200).astype(dtype)


def ramp(shape, spacing=1.0):
    """An image whose intensities are a linear function of the place."""
    places = np.indices(shape).astype(float) * np.reshape(spacing, (-1,) + (1,) * len(shape))
    return np.tensordot(np.arange(1, len(shape) + 1), places, 1)


@pytest.mark.parametrize("interpolation", ["linear", "cubic"])
def test_finer_voxels_lie_between_the_old_ones(interpolation):
    image = ramp((5, 9, 10), SPACING)
    found = filters.resample(image, voxel_size=0.5, interpolation=interpolation, spacing=SPACING)
    assert found.shape == (33, 17, 19)
    expected = ramp(found.shape, (0.5, 0.5, 0.5))
    inside = (slice(8, -8),) * 3 if interpolation == "cubic" else ...  # splines end in a constant
    tolerance = 0.5 if interpolation == "cubic" else 1e-9
    np.testing.assert_allclose(found[inside], expected[inside], atol=tolerance)


def test_a_ball_keeps_its_volume_and_place_whatever_the_voxels():
    z, y, x = np.ogrid[:25, :80, :80]
    ball = (4 * (z - 12)) ** 2 + (y - 40) ** 2 + (x - 30) ** 2 <= 20**2
    found = filters.resample(ball.astype(np.float32), voxel_size=voxels(2), spacing=SPACING)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.sum() * 2**3, 4 / 3 * np.pi * 20**3, rtol=0.03)
    np.testing.assert_allclose(2 * np.array(ndimage.center_of_mass(found)), (48, 40, 30), atol=0.1)
    labels = filters.resample_labels(ball.astype(int) * 7, voxel_size=2.0, spacing=SPACING)
    assert labels.shape == found.shape
    assert set(np.unique(labels)) == {0, 7}
    np.testing.assert_allclose((labels > 0).sum() * 2**3, 4 / 3 * np.pi * 20**3, rtol=0.03)


@pytest.mark.parametrize("dtype", ["?", "u1", "i8", "f4"])
def test_half_as_many_pixels_are_every_second_one(dtype):
    image = noise(5, 8, 9, dtype=dtype)
    found = filters.rescale(image, z_factor=0.5, interpolation="nearest")
    assert found.dtype == image.dtype
    assert np.array_equal(found, image[::2, ::2, ::2])


@given(st.floats(0.2, 3), st.floats(0.2, 3))
def test_labels_are_those_of_the_nearest_voxel(y_factor, x_factor):
    labels = np.random.default_rng(0).integers(0, 2**31, (7, 9))
    found = filters.rescale_labels(labels, y_factor=y_factor, x_factor=x_factor)
    assert found.dtype == np.int32
    for axis, factor in ((0, y_factor), (1, x_factor)):
        # The last voxel begins no more than one before the end.
        assert (found.shape[axis] - 1) / factor <= labels.shape[axis] - 1 + 1e-6
        assert found.shape[axis] / factor > labels.shape[axis] - 1
    for row, column in np.ndindex(found.shape):
        y, x = row / y_factor, column / x_factor
        near = labels[[int(np.floor(y + 0.5 - 1e-9)), int(np.floor(y + 0.5 + 1e-9))],][
            :, [int(np.floor(x + 0.5 - 1e-9)), min(int(np.floor(x + 0.5 + 1e-9)), 8)]
        ]
        assert found[row, column] in near


def test_images_and_labels_rescale_to_the_same_grid():
    labels = (noise(6, 31, 33) > 100).astype(np.int32)
    for factor in (0.3, 0.5, 0.77, 1.4):
        settings = {"z_factor": factor, "y_factor": factor, "x_factor": 1.0}
        image = filters.rescale(labels.astype(float), interpolation="nearest", **settings)
        assert np.array_equal(image, filters.rescale_labels(labels, **settings))


def test_fine_stripes_do_not_become_coarse_ones():
    stripes = np.tile([0.0, 1.0], (40, 40))
    assert np.ptp(filters.rescale(stripes, interpolation="nearest")) == 0
    found = filters.rescale(stripes, x_factor=0.45, y_factor=1.0)[:, 3:-3]
    assert np.ptp(found) < 0.5
    assert abs(found.mean() - 0.5) < 0.02


def test_a_constant_image_stays_constant():
    for interpolation in ("linear", "cubic", "nearest"):
        found = filters.rescale(
            np.full((9, 10), 255, np.uint8), y_factor=1.7, interpolation=interpolation
        )
        assert (found == 255).all()


@pytest.mark.parametrize(
    ("method", "function"), [("mean", np.mean), ("maximum", np.max), ("minimum", np.min)]
)
@pytest.mark.parametrize("dtype", ["u1", "i4", "f4", "f8"])
def test_whole_blocks_equal_scikit_image(method, function, dtype):
    image = noise(4, 12, 15, dtype=dtype)
    found = filters.bin_voxels(image, z_size=2, y_size=3, x_size=5, method=method)
    np.testing.assert_allclose(found, block_reduce(image, (2, 3, 5), function), rtol=1e-6)
    if method != "mean":
        assert found.dtype == image.dtype


def test_blocks_at_the_end_have_fewer_voxels():
    image = noise(7, 10)
    found = filters.bin_voxels(image, y_size=3, x_size=4)
    assert found.shape == (3, 3)
    np.testing.assert_allclose(found[2, 2], image[6:, 8:].mean())
    np.testing.assert_allclose(found[0, 2], image[:3, 8:].mean())
    np.testing.assert_allclose(filters.bin_voxels(image, y_size=99, x_size=99), image.mean())


def test_means_of_the_largest_floats_are_finite():
    largest = np.full((4, 4), np.finfo(float).max)
    np.testing.assert_allclose(filters.bin_voxels(largest), largest[:2, :2])


@pytest.mark.parametrize("function", [filters.crop, filters.crop_labels])
def test_boxes_equal_indexing(function):
    image = noise(5, 8, 9, dtype="i4")
    found = function(image, z_start=1, z_stop=3, y_start=2, x_stop=100)
    assert np.array_equal(found, image[1:3, 2:])
    assert np.array_equal(function(image[0], z_start=7, y_stop=3), image[0, :3])
    for wrong in ({"y_start": 8}, {"x_start": 3, "x_stop": 3}):
        with pytest.raises(ValueError, match=r"[yx]_start must be below"):
            function(image, **wrong)
