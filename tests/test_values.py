"""Values with their axes and voxel size, and fingerprints of their content."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from napari_delineate.types import Corrections, Kind, Surface
from napari_delineate.values import Value, fingerprint
from tests import inputs

SURFACE = Surface(np.eye(3), np.array([[0, 1, 2]]), np.ones(3))

some_arrays = arrays.arrays(
    st.sampled_from(["?", "u1", "<i4", "<u8", "<f4", "<f8"]),
    arrays.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4),
)


class Lazy:
    """An array that is not in memory yet, as viewers hold them."""

    def __init__(self, array):
        self.array, self.shape, self.dtype, self.ndim = array, array.shape, array.dtype, array.ndim

    def __array__(self, dtype=None, copy=None):
        return np.array(self.array, dtype)

    def __repr__(self):
        return f"lazy {self.shape}"


@pytest.mark.parametrize(
    ("shape", "kind", "axes"),
    [
        ((4, 5), Kind.IMAGE, "YX"),
        ((3, 4, 5), Kind.LABELS, "ZYX"),
        ((4, 5, 3), Kind.RGB, "YXS"),
        ((2, 4, 5, 4), Kind.RGB, "ZYXS"),
        ((7, 2), Kind.POINTS, "YX"),
        ((7, 3), Kind.POINTS, "ZYX"),
    ],
)
def test_axes_follow_the_shape(shape, kind, axes):
    value = Value.of(np.zeros(shape), kind)
    assert value.axes == axes
    assert value.spacing == (1.0,) * (len(axes) - axes.count("S"))


def test_axes_of_other_values():
    corrections = inputs.value(Kind.CORRECTIONS, 2)
    assert Value.of(corrections, Kind.CORRECTIONS).axes == "YX"
    assert Value.of(inputs.value(Kind.CORRECTIONS, 3), Kind.CORRECTIONS).axes == "ZYX"
    assert Value.of(np.zeros((2, 4, 5), int), Kind.CORRECTIONS).axes == "ZYX"
    assert Value.of(np.zeros((4, 5), int), Kind.CORRECTIONS).axes == "YX"
    assert Value.of(SURFACE, Kind.SURFACE).axes == "ZYX"
    assert Value.of(pd.DataFrame(), Kind.TABLE).axes == ""
    assert Value.of(0.5, Kind.SCORES).axes == ""


@pytest.mark.parametrize(
    ("axes", "spacing", "message"),
    [
        ("YX", 1.0, r"the axes 'YX' do not fit an array of the shape \(2, 4, 5\): it has 3 axes"),
        ("TXY", 1.0, "in the order Z, Y, X"),
        ("TYX", (1, 1, 1), "spacing must be one number or 2 numbers"),
        ("TYX", 0, "spacing must hold finite numbers above 0"),
    ],
)
def test_what_does_not_fit_is_refused(axes, spacing, message):
    with pytest.raises(ValueError, match=message):
        Value.of(np.zeros((2, 4, 5)), Kind.IMAGE, axes, spacing)


def test_the_axes_of_four_dimensions_must_be_given():
    with pytest.raises(ValueError, match=r"\(2, 3, 4, 5\) must be given, for instance TYX"):
        Value.of(np.zeros((2, 3, 4, 5)), Kind.IMAGE)


def test_surfaces_are_made_of_any_tuple():
    assert isinstance(Value.of(tuple(SURFACE), Kind.SURFACE).data, Surface)


def test_memory_is_counted():
    assert Value.of(np.zeros((4, 5), np.float32), Kind.IMAGE).nbytes == 80
    assert Value.of(SURFACE, Kind.SURFACE).nbytes == sum(part.nbytes for part in SURFACE)
    assert Value.of(pd.DataFrame({"a": np.zeros(100)}), Kind.TABLE).nbytes >= 800
    assert Value.of(0.5, Kind.SCORES).nbytes == 0


def test_frozen_values_can_not_be_written_to_but_the_original_can():
    image = np.zeros((4, 5))
    frozen = Value.of(image, Kind.IMAGE).frozen()
    with pytest.raises(ValueError, match="read-only"):
        frozen.data[0, 0] = 1
    image[0, 0] = 1
    surface = Value.of(SURFACE, Kind.SURFACE).frozen().data
    assert isinstance(surface, Surface)
    assert not any(part.flags.writeable for part in surface)
    corrections = Value.of(inputs.value(Kind.CORRECTIONS, 2), Kind.CORRECTIONS).frozen().data
    assert isinstance(corrections, Corrections)
    assert not corrections.pixels.flags.writeable


# Fingerprints


@given(some_arrays)
def test_a_fingerprint_is_that_of_dtype_shape_and_bytes(array):
    content = f"{array.dtype.str} {array.shape}".encode() + array.tobytes()
    assert fingerprint(array) == f"sha256:{hashlib.sha256(content).hexdigest()[:16]}"


@given(some_arrays)
def test_a_fingerprint_does_not_depend_on_how_an_array_lies_in_memory(array):
    expected = fingerprint(array)
    assert fingerprint(array.copy()) == expected
    assert fingerprint(np.asfortranarray(array)) == expected
    assert fingerprint(array.astype(array.dtype.newbyteorder(">"))) == expected
    assert fingerprint(np.repeat(array, 2, axis=-1)[..., ::2]) == expected
    array.flags.writeable = False
    assert fingerprint(array) == expected


@given(some_arrays.filter(lambda array: array.size), st.data())
def test_a_fingerprint_changes_with_every_bit(array, data):
    changed = array.copy()
    place = data.draw(st.integers(0, changed.nbytes - 1))
    flat = changed.reshape(-1).view(np.uint8)
    flat[place] ^= 1
    assert fingerprint(changed) != fingerprint(array)


def test_a_fingerprint_changes_with_shape_and_dtype():
    array = np.zeros((4, 4), np.uint8)
    others = [array.reshape(2, 8), array.astype(np.int8), array.view(np.uint16), array[:0]]
    assert len({fingerprint(one) for one in [array, *others]}) == 5


def test_fingerprints_of_other_values_change_with_their_parts():
    corrections = inputs.value(Kind.CORRECTIONS, 2)
    table = pd.DataFrame({"a": [1.0, 2.0], "text": ["x", "y"]})
    with_units = table.copy()
    with_units.attrs["units"] = {"a": "µm"}
    values = [
        SURFACE,
        SURFACE._replace(values=np.zeros(3)),
        SURFACE._replace(faces=np.array([[0, 2, 1]])),
        corrections,
        corrections._replace(labels=corrections.labels + 1),
        corrections._replace(shape=(1, *corrections.shape)),
        table,
        table.assign(a=[1.0, 3.0]),
        table.assign(text=["x", "z"]),
        table.rename(columns={"a": "b"}),
        with_units,
        0.5,
        0.25,
    ]
    assert len({fingerprint(one) for one in values}) == len(values)
    assert fingerprint(table.copy()) == fingerprint(table)


def test_a_fingerprint_of_a_value_changes_with_all_that_travels_with_it():
    image = np.eye(4)
    values = [
        Value.of(image, Kind.IMAGE),
        Value.of(image, Kind.IMAGE, spacing=0.5),
        Value.of(image, Kind.IMAGE, units="micrometer"),
        Value.of(image.astype(int), Kind.LABELS),
        Value.of(image[..., np.newaxis], Kind.IMAGE, "YXT"),
    ]
    assert len({value.fingerprint() for value in values}) == len(values)
    assert Value.of(image.copy(), Kind.IMAGE).fingerprint() == values[0].fingerprint()


def test_arrays_that_are_not_in_memory_have_the_fingerprint_of_their_content():
    # Two of one shape would otherwise share their results.
    image = np.arange(12).reshape(3, 4)
    assert fingerprint(Lazy(image)) == fingerprint(image)
    assert Value.of(Lazy(image), Kind.IMAGE).fingerprint() == (
        Value.of(image, Kind.IMAGE).fingerprint()
    )
