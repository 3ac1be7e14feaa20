"""What was made by hand is kept, every version, whatever happens to the original."""

from __future__ import annotations

import threading
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from napari_delineate.annotation.edits import Edit, change_of
from napari_delineate.store import Store
from napari_delineate.types import Kind, Surface
from napari_delineate.values import Value, fingerprint
from tests import inputs
from tests.test_values import Lazy


def labels(array) -> Value:
    return Value.of(array, Kind.LABELS)


def test_a_version_is_what_was_put():
    store = Store()
    value = Value.of(np.eye(4, dtype=int), Kind.LABELS, "YX", (2.0, 0.5), "micrometer")
    found = store.get(store.put("seeds", value))
    assert np.array_equal(found.data, value.data)
    assert (found.axes, found.spacing, found.units) == ("YX", (2.0, 0.5), "micrometer")
    assert not found.data.flags.writeable


def test_versions_survive_edits_of_the_original():
    store, array = Store(), np.zeros((4, 4), int)
    versions = []
    for number in range(4):
        array[number] = number  # a stroke, in place
        versions.append(store.put("seeds", labels(array)))
    store.compact()
    array[:] = 9
    sums = [int(store.get(version).data.sum()) for version in versions]
    assert sums == [0, 4, 12, 24]


def test_parts_of_surfaces_and_corrections_are_copied_too():
    store = Store()
    surface = Surface(np.eye(3), np.array([[0, 1, 2]]), np.ones(3))
    version = store.put("mesh", Value.of(surface, Kind.SURFACE))
    surface.vertices[:] = 9
    assert np.array_equal(store.get(version).data.vertices, np.eye(3))
    corrections = inputs.value(Kind.CORRECTIONS, 2)
    version = store.put("changes", Value.of(corrections, Kind.CORRECTIONS))
    expected = corrections.labels.copy()
    corrections.labels[:] = 77
    try:
        assert np.array_equal(store.get(version).data.labels, expected)
    finally:
        corrections.labels[:] = expected  # it is shared by all tests


def test_what_nobody_edits_need_not_be_copied():
    store, array = Store(), np.zeros((4, 4), int)
    version = store.put("seeds", labels(array), copy=False)
    assert np.shares_memory(store.get(version).data, array)


def test_versions_of_several_names_do_not_mix():
    store = Store()
    first = store.put("a", labels(np.zeros((3, 3), int)))
    second = store.put("b", labels(np.ones((3, 3), int)))
    store.put("a", labels(np.full((3, 3), 2)))
    store.compact()
    assert store.get(first).data.max() == 0
    assert store.get(second).data.max() == 1
    assert first in store
    assert "c@1" not in store
    with pytest.raises(KeyError):
        store.get("c@1")


def test_many_small_edits_take_little_memory_and_none_is_lost():
    store, array = Store(), np.zeros((512, 512), np.int32)
    random, versions, places = np.random.default_rng(0), [], []
    for number in range(1, 1501):
        place = tuple(random.integers(0, 500, 2))
        array[place[0] : place[0] + 5, place[1] : place[1] + 5] = number
        places.append(place)
        versions.append(store.put("seeds", labels(array)))
        store.compact()
    assert store.nbytes < 3 * array.nbytes  # 1500 copies would be 1500 times
    replayed = np.zeros_like(array)
    for number, (version, place) in enumerate(zip(versions, places, strict=True), 1):
        replayed[place[0] : place[0] + 5, place[1] : place[1] + 5] = number
        if number in (1, 2, 500, 1499, 1500):
            assert np.array_equal(store.get(version).data, replayed)


def test_a_thousand_edits_of_a_large_volume_take_the_memory_of_what_they_changed():
    store, array = Store(), np.zeros((512, 512, 512), np.uint8)
    first = now = store.put_live("annotation", labels(array))
    store.settle()
    corners = np.random.default_rng(0).integers(0, 500, (1000, 3))
    tracemalloc.start()
    for number, (z, y, x) in enumerate(corners):
        box = (slice(z, z + 10), slice(y, y + 10), slice(x, x + 10))
        change = change_of(array, Edit(box, np.full((10, 10, 10), number % 255 + 1, np.uint8)))
        array[box] = number % 255 + 1
        now = store.put_change(now, change)
        store.compact()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # A position takes eight bytes, what was there and what is there one each.
    assert store.nbytes - array.nbytes <= 1000 * 1000 * 10
    assert taken < 1.2 * 1000 * 1000 * 10
    back = store.change_between(now, first)
    array.reshape(-1)[back.positions] = back.after
    assert not array.any()


def test_large_changes_are_kept_whole():
    store, random = Store(), np.random.default_rng(0)
    given = [random.integers(0, 255, (64, 64), dtype=np.uint8) for _ in range(5)]
    versions = [store.put("image", labels(array)) for array in given]
    store.compact()
    assert store.nbytes == sum(array.nbytes for array in given)
    for version, array in zip(versions, given, strict=True):
        assert np.array_equal(store.get(version).data, array)


def test_a_version_of_another_shape_or_dtype_is_kept_whole():
    store = Store()
    given = [np.zeros((4, 4), int), np.zeros((4, 5), int), np.zeros((4, 5), np.uint8)]
    versions = [store.put("seeds", labels(array)) for array in given]
    store.compact()
    for version, array in zip(versions, given, strict=True):
        assert store.get(version).data.dtype == array.dtype
        assert store.get(version).data.shape == array.shape


def test_a_version_keeps_the_axes_and_voxel_size_that_it_had():
    store, array = Store(), np.zeros((4, 4), int)
    first = store.put("seeds", Value.of(array, Kind.LABELS, spacing=0.5))
    store.put("seeds", Value.of(array, Kind.LABELS, spacing=2.0))
    store.compact()
    assert store.get(first).spacing == (0.5, 0.5)


def test_arrays_that_are_not_in_memory_are_loaded_once_and_kept():
    store, array = Store(), np.arange(12).reshape(3, 4)
    version = store.put("image", Value.of(Lazy(array), Kind.IMAGE), copy=False)
    assert isinstance(store.get(version).data, Lazy)
    loaded = store.load(version)
    assert np.array_equal(loaded.data, array)
    assert store.get(version).data is store.load(version).data is loaded.data


same_shape = st.sampled_from(["?", "u1", "<i8", "<f4", "<f8"]).flatmap(
    lambda dtype: st.lists(arrays.arrays(dtype, (3, 4)), min_size=1, max_size=6)
)


@settings(max_examples=60)
@given(same_shape, st.lists(st.integers(0, 5), max_size=6))
def test_every_version_is_exact_to_the_bit(given_arrays, compact_after):
    # NaN, minus zero and the payload of a NaN included.
    store, versions = Store(), []
    for number, array in enumerate(given_arrays):
        versions.append(store.put("image", Value.of(array, Kind.IMAGE)))
        if number in compact_after:
            store.compact()
    store.compact()
    for version, array in zip(versions, given_arrays, strict=True):
        assert fingerprint(store.get(version).data) == fingerprint(array)


def test_minus_zero_stays_minus_zero():
    store = Store()
    first = store.put("image", Value.of(np.full((3, 4), -0.0), Kind.IMAGE))
    store.put("image", Value.of(np.zeros((3, 4)), Kind.IMAGE))
    store.compact()
    assert np.signbit(store.get(first).data).all()


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 9)), max_size=20), st.integers(0, 20))
def test_small_edits_are_exact(edits, compact_at):
    store, array, versions, expected = Store(), np.zeros((10, 10), np.uint8), [], []
    for number, (place, value) in enumerate(edits):
        array.flat[place] = value
        versions.append(store.put("seeds", labels(array)))
        expected.append(array.copy())
        if number == compact_at:
            store.compact()
    store.compact()
    for version, before in zip(versions, expected, strict=True):
        assert np.array_equal(store.get(version).data, before)


def test_compacting_in_another_thread_disturbs_nothing():
    store, array, expected = Store(), np.zeros((64, 64), np.int32), {}
    stop, problems = threading.Event(), []

    def compact():
        while not stop.is_set():
            try:
                store.compact()
            except Exception as error:
                problems.append(error)

    thread = threading.Thread(target=compact)
    thread.start()
    for number in range(200):
        array.flat[number * 7] = number
        version = store.put(f"name{number % 20}", labels(array))
        expected[version] = array.sum()
        assert store.get(version).data.sum() == expected[version]
    stop.set()
    thread.join()
    assert not problems
    assert {version: store.get(version).data.sum() for version in expected} == expected
