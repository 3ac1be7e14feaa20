"""Labels that are not in memory are read part by part, each chunk once, and found the same."""

from __future__ import annotations

import numpy as np
import pytest

from napari_delineate.annotation import objects
from napari_delineate.annotation.edits import Edit, change_of, put, slabs, take_back
from napari_delineate.annotation.object_index import ObjectIndex

zarr = pytest.importorskip("zarr")


@pytest.fixture(scope="module")
def labels():
    random = np.random.default_rng(0)
    labels = np.zeros((20, 90, 100), np.int32)
    for number in range(1, 60):
        corner = [int(random.integers(0, size - 2)) for size in labels.shape]
        labels[tuple(slice(at, at + int(random.integers(2, 40))) for at in corner)] = number
    labels[5, 5, 5] = 2**30  # above what a table holds
    return labels


@pytest.fixture(params=["zarr", "dask", "memory map"])
def stored(request, labels, tmp_path):
    if request.param == "zarr":
        array = zarr.create_array(
            tmp_path / "labels.zarr", shape=labels.shape, chunks=(7, 32, 32), dtype=labels.dtype
        )
        array[...] = labels
        return array
    if request.param == "dask":
        return pytest.importorskip("dask.array").from_array(labels, chunks=(7, 32, 32))
    mapped = np.lib.format.open_memmap(
        tmp_path / "labels.npy", mode="w+", dtype=labels.dtype, shape=labels.shape
    )
    mapped[...] = labels
    return mapped


def test_objects_are_the_same_wherever_labels_are_kept(labels, stored, monkeypatch):
    monkeypatch.setattr("napari_delineate.annotation.edits._CACHED", 1000)
    known, found = ObjectIndex(labels), ObjectIndex(stored)
    assert found.numbers == known.numbers
    for number in known.numbers:
        assert (found.size(number), found.box(number)) == (known.size(number), known.box(number))
    assert found.new_number() == known.new_number()


def test_edits_are_the_same_wherever_labels_are_kept(labels, stored, monkeypatch):
    monkeypatch.setattr("napari_delineate.annotation.edits._CACHED", 1000)
    index = ObjectIndex(labels)
    for number in (3, 17, 44):
        for tool in (objects.grow, objects.smooth):
            edit = tool(stored, number, index.box(number))
            expected = tool(labels, number, index.box(number))
            assert edit.box == expected.box
            np.testing.assert_array_equal(edit.labels, expected.labels)
        change = change_of(stored, edit)
        for found, wanted in zip(change, change_of(labels, expected), strict=True):
            np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("kind", ["zarr", "memory map"])
def test_what_is_written_to_a_file_is_taken_back(labels, kind, tmp_path):
    if kind == "zarr":
        stored = zarr.create_array(
            tmp_path / "labels.zarr", shape=labels.shape, chunks=(7, 32, 32), dtype=labels.dtype
        )
    else:
        stored = np.lib.format.open_memmap(
            tmp_path / "labels.npy", mode="w+", dtype=labels.dtype, shape=labels.shape
        )
    stored[...] = labels
    edit = Edit((slice(3, 12), slice(20, 70), slice(10, 90)), np.full((9, 50, 80), 7, np.int32))
    change = change_of(stored, edit)
    put(stored, change.positions, change.after)
    expected = labels.copy()
    expected[edit.box] = 7
    np.testing.assert_array_equal(stored[...], expected)
    undo = take_back(change)
    put(stored, undo.positions, undo.after)
    assert np.asarray(stored[...]).tobytes() == labels.tobytes()


def test_chunks_are_not_cut():
    class Stored:
        chunks = (7, 32, 32)

    box = (slice(3, 40), slice(0, 2000), slice(0, 2000))
    cuts = [slab[0] for slab in slabs(box, Stored())]
    assert [(cut.start, cut.stop) for cut in cuts] == [
        (3, 7), (7, 14), (14, 21), (21, 28), (28, 35), (35, 40),
    ]  # fmt: skip
    assert [slab[0].stop for slab in slabs((slice(5, 5), slice(0, 3)))] == [5]
    assert len(list(slabs(box))) == 37
