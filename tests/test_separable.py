"""Filters along one axis after the other give what scipy gives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_delineate.separable import box_mean


@pytest.mark.parametrize("mode", ["reflect", "mirror"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize(
    ("shape", "sizes"),
    [
        ((40, 31), (5, 3)),
        ((40, 31), (1, 7)),
        ((40, 31), (9, 1)),
        ((40, 31), (1, 1)),
        ((3, 2), (11, 15)),
        ((1, 30), (3, 3)),
        ((7, 20, 30), (3, 5, 7)),
        ((7, 20, 30), (1, 5, 1)),
        ((400, 600), (31, 31)),
        ((9, 130, 140), (5, 5, 5)),
    ],
)
def test_a_box_mean_has_the_digits_of_scipy(shape, sizes, dtype, mode):
    image = (np.random.default_rng(0).normal(size=shape) * 50 + 99).astype(dtype)
    single = dtype == np.float32
    output = np.float32 if single else np.float64
    found = box_mean(image, sizes, mode, output)
    assert found.dtype == output
    np.testing.assert_array_equal(
        found, ndimage.uniform_filter(image, sizes, mode=mode, output=output)
    )


def test_a_box_mean_leaves_its_input_alone():
    image = np.arange(12.0).reshape(3, 4)
    image.flags.writeable = False
    assert box_mean(image, (3, 3))[1, 1] == image[:, :3].mean()
