"""Projections and single slices against numpy."""

from __future__ import annotations

import numpy as np
import pytest

from napari_delineate import filters

FUNCTIONS = {
    "maximum": np.max,
    "mean": np.mean,
    "sum": np.sum,
    "minimum": np.min,
    "median": np.median,
    "standard deviation": np.std,
}
DTYPES = ["?", "u1", "i2", "u4", "i8", "f4", "f8"]


def stack(dtype):
    random = np.random.default_rng(0)
    return (random.random((6, 7, 8)) * (2 if dtype == "?" else 100)).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("method", FUNCTIONS)
def test_projections_equal_numpy(method, dtype):
    image = stack(dtype)
    for axis, place in (("z", 0), ("y", 1), ("x", 2)):
        found = filters.project(image, method=method, axis=axis)
        expected = FUNCTIONS[method](image.astype(float), axis=place)
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    if method in ("maximum", "minimum"):
        assert found.dtype == image.dtype
    elif method == "sum":
        assert found.dtype == {"f": "f8", "i": "i8"}.get(image.dtype.kind, "u8")
    else:
        assert found.dtype == ("f4" if dtype == "f4" else "f8")


@pytest.mark.parametrize("method", [one for one in FUNCTIONS if one != "standard deviation"])
def test_a_2d_image_is_one_slice(method):
    image = stack("f8")[0]
    assert np.array_equal(filters.project(image, method=method), image)
    assert np.array_equal(filters.pick_slice(image), image)


def test_a_2d_image_is_not_projected_onto_a_line():
    for function in (filters.project, filters.pick_slice):
        with pytest.raises(ValueError, match="axis must be 'z' for a 2D image"):
            function(np.zeros((3, 4)), axis="y")


def test_sums_never_wrap():
    image = np.full((4, 2, 2), 2**62, np.int64)
    with pytest.raises(ValueError, match="sum may not fit int64"):
        filters.project(image, method="sum")
    assert (filters.project(image[:1], method="sum") == 2**62).all()
    assert (filters.project(np.full((300, 2, 2), 255, np.uint8), method="sum") == 76500).all()
    with pytest.raises(ValueError, match="does not fit its dtype float64"):
        filters.project(np.full((4, 2, 2), 1e308), method="sum")


@pytest.mark.parametrize(("axis", "place"), [("z", 0), ("y", 1), ("x", 2)])
def test_slices_equal_indexing(axis, place):
    image = stack("u1")
    for index in range(image.shape[place]):
        found = filters.pick_slice(image, index=index, axis=axis)
        assert np.array_equal(found, image.take(index, place))
    with pytest.raises(ValueError, match=f"the last slice along {axis}; got 9"):
        filters.pick_slice(image, index=9, axis=axis)
