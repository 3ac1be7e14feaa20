"""What is known of objects is what the pixels say, wherever they are counted and edited."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from napari_delineate.annotation import object_index, objects
from napari_delineate.annotation.edits import Edit, apart, change_of, joined, put
from napari_delineate.annotation.object_index import ObjectIndex, count_tile, tiles_of

SHAPES = [(50,), (17, 30), (5, 17, 30), (3, 4, 9, 11), (1, 1), (0, 4)]


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks and tiles of few pixels, so that small labels have many."""
    blocks = {1: (1, 1, 1, 8), 2: (1, 1, 4, 8), 3: (1, 2, 4, 8), 4: (1, 2, 4, 8)}
    monkeypatch.setattr(object_index, "_BLOCKS", blocks)
    monkeypatch.setattr(object_index, "_TILE", 200)


def check(index: ObjectIndex, labels: np.ndarray) -> None:
    numbers = [int(number) for number in np.unique(labels) if number]
    assert index.numbers == tuple(numbers)
    assert len(index) == len(numbers)
    for number in numbers:
        assert number in index
        places = np.argwhere(labels == number)
        assert index.size(number) == len(places)
        sides = zip(index.box(number), places.min(axis=0), places.max(axis=0), strict=True)
        assert all(side.start <= low and high < side.stop for side, low, high in sides)
    covered = np.zeros(labels.shape, int)
    for box in index.boxes(numbers[:3]):
        covered[box] += 1
    assert covered.max(initial=0) <= 1  # boxes do not meet
    assert covered[np.isin(labels, numbers[:3])].all()
    for axis in range(labels.ndim):
        others = tuple(other for other in range(labels.ndim) if other != axis)
        np.testing.assert_array_equal(index.filled(axis), np.count_nonzero(labels, axis=others))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("dtype", "factor"), [("u1", 1), (">i4", 3), ("i8", 2**50), ("u8", 2**23)])
def test_objects_are_known_after_any_edits(small_blocks, shape, dtype, factor):
    random = np.random.default_rng(len(shape))
    labels = (random.integers(0, 20, shape) * (random.random(shape) < 0.2)).astype(dtype) * factor
    index = ObjectIndex(labels)
    check(index, labels)
    for _ in range(4 if labels.size else 0):
        starts = [int(random.integers(0, size)) for size in shape]
        box = tuple(
            slice(start, int(random.integers(start, size)) + 1)
            for start, size in zip(starts, shape, strict=True)
        )
        wanted = random.integers(0, 4, labels[box].shape).astype(dtype) * factor
        change = change_of(labels, Edit(box, wanted))
        put(labels, change.positions, change.after)
        index.note(change)
        check(index, labels)


def test_tiles_are_all_of_the_labels_once(small_blocks):
    labels = np.random.default_rng(0).integers(0, 9, (5, 17, 30))
    covered = np.zeros(labels.shape, int)
    for tile in tiles_of(labels.shape):
        covered[tile] += 1
    assert len(tiles_of(labels.shape)) > 10
    assert (covered == 1).all()
    counted = [count_tile(labels, tile) for tile in tiles_of(labels.shape)]
    assert ObjectIndex(labels, counted).numbers == tuple(range(1, 9))


def test_numbers_of_no_objects_are_refused():
    with pytest.raises(ValueError, match="must not be negative, the smallest is -3"):
        ObjectIndex(np.array([[1, -3]]))
    with pytest.raises(ValueError, match="up to 2\\*\\*63 - 1"):
        ObjectIndex(np.array([[1, 2**63]], np.uint64))
    with pytest.raises(ValueError, match="one to four axes; these have 5"):
        ObjectIndex(np.zeros((1, 2, 1, 3, 1), int))


def test_a_long_thin_object_is_edited_without_the_box_around_it():
    labels = np.zeros((64, 512, 512), np.uint8)
    line = np.linspace(0, np.array(labels.shape) - 1, 3000).round().astype(int)
    labels[tuple(line.T)] = 7
    labels[30:34, 250:260, 250:260] = 9
    expected = np.where(np.isin(labels, [7, 9]), 5, labels)
    index = ObjectIndex(labels)
    assert index.box(7) == (slice(0, 64), slice(0, 512), slice(0, 512))
    tracemalloc.start()
    edits = objects.renumber(labels, [7, 9], 5, index.boxes([7, 9]))
    (together,) = apart(edits)
    change = joined([change_of(labels, edit) for edit in together])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < labels.nbytes / 40
    # A position takes eight bytes, what was there and what is there one each.
    assert change.nbytes == 10 * np.count_nonzero(expected)
    put(labels, change.positions, change.after)
    index.note(change)
    np.testing.assert_array_equal(labels, expected)
    assert (index.numbers, index.size(5)) == ((5,), np.count_nonzero(expected))


def test_what_is_in_no_box_or_locked_is_not_renumbered():
    labels = np.array([[1, 1, 0, 2, 3]])
    first, last = (slice(0, 1), slice(0, 2)), (slice(0, 1), slice(3, 5))
    edits = objects.renumber(labels, [1, 3], 0, [first, last])
    assert [edit.labels.tolist() for edit in edits] == [[[0, 0]], [[0]]]
    for numbers, new, boxes, locked, message in (
        ([1, 2], 0, [first], (), "no object 2 at this place"),
        ([1, 0], 2, [first], (), "no object 0 at this place"),
        ([1], 2, [first], (2,), "object 2 is locked"),
        ([1], 2, [first], (1,), "object 1 is locked"),
        ([1], 2**63, [first], (), "is none"),
    ):
        with pytest.raises(ValueError, match=message):
            objects.renumber(labels, numbers, new, boxes, locked=locked)
