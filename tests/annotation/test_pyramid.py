"""Smaller scales follow the full size, however they were made, and come back with it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.transform import resize

from napari_delineate.annotation.edits import Change, Edit, change_of, take_back
from napari_delineate.annotation.pyramid import Pyramid

zarr = pytest.importorskip("zarr")


def blobs(shape, seed=0, count=40):
    random = np.random.default_rng(seed)
    labels = np.zeros(shape, np.int32)
    for number in range(1, count + 1):
        box = [int(random.integers(0, max(size - 3, 1))) for size in shape]
        labels[tuple(slice(at, at + int(random.integers(3, 14))) for at in box)] = number
    return labels


def first_of_two(labels):
    return [labels, *(labels[(slice(None, None, 2**n),) * labels.ndim].copy() for n in (1, 2, 3))]


def last_of_two(labels):
    levels = [labels]
    for _ in range(3):
        levels.append(levels[-1][(slice(1, None, 2),) * labels.ndim].copy())
    return levels


def only_planes(labels):
    """As in the files that we write: along depth nothing is left out."""
    return [labels, *(labels[..., :: 2**n, :: 2**n].copy() for n in (1, 2, 3))]


def resized(labels):
    """As scikit-image resizes labels, straight from the full size."""
    levels = [labels]
    for step in (2, 4, 8):
        shape = tuple(size // step for size in labels.shape)
        made = resize(labels, shape, order=0, preserve_range=True, anti_aliasing=False)
        levels.append(made.astype(labels.dtype))
    return levels


EVEN, ODD = [(96, 128), (24, 40, 48)], [(97, 131), (17, 43, 49)]
WAYS = [
    *((way, shape) for way in (first_of_two, last_of_two, only_planes) for shape in EVEN + ODD),
    # Of other shapes, scikit-image takes neither every n-th pixel nor the nearest one.
    *((resized, shape) for shape in EVEN),
]


def random_change(labels, random):
    box = []
    for size in labels.shape:
        start = int(random.integers(0, size))
        box.append(slice(start, min(start + int(random.integers(1, 30)), size)))
    held = np.asarray(labels[tuple(box)])
    wanted = np.where(random.random(held.shape) < 0.7, int(random.integers(0, 60)), held)
    return change_of(labels, Edit(tuple(box), wanted.astype(labels.dtype)))


@pytest.mark.parametrize(("way", "shape"), WAYS)
def test_all_scales_are_as_if_made_anew(way, shape):
    labels = blobs(shape)
    first = [level.copy() for level in way(labels)]
    pyramid = Pyramid(way(labels))
    random, done = np.random.default_rng(1), []
    for _ in range(6):
        change = random_change(pyramid.levels[0], random)
        pyramid.write(change)
        done.append(change)
        for held, made in zip(pyramid.levels, way(pyramid.levels[0].copy()), strict=True):
            np.testing.assert_array_equal(held, made)
    other = pyramid.with_labels(blobs(shape, 9).astype(np.uint64))
    for held, made in zip(other.levels, way(blobs(shape, 9)), strict=True):
        assert held.dtype == np.uint64
        np.testing.assert_array_equal(held, made)
    for change in reversed(done):
        pyramid.write(take_back(change))
    for held, before in zip(pyramid.levels, first, strict=True):
        assert held.tobytes() == before.tobytes()


def what_most_say(labels):
    """A pyramid of most frequent labels, which no sampling gives."""
    levels = [labels]
    for _ in range(2):
        above = levels[-1]
        rows, columns = (size // 2 * 2 for size in above.shape)
        quads = np.stack([above[i:rows:2, j:columns:2] for i in (0, 1) for j in (0, 1)])
        counts = (quads[:, None] == quads[None]).sum(1)
        levels.append(np.take_along_axis(quads, counts.argmax(0)[None], 0)[0])
    return levels


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.lists(st.booleans(), min_size=2, max_size=8))
def test_scales_made_otherwise_come_back_bit_for_bit(seed, ways):
    random = np.random.default_rng(seed)
    first = what_most_say(blobs((40, 52), seed, 20))
    pyramid = Pyramid([level.copy() for level in first])
    past: list[Change] = []
    future: list[Change] = []
    states = {0: [level.copy() for level in first]}
    for is_undo in ways:
        if is_undo and past:
            future.append(past.pop())
            pyramid.write(take_back(future[-1]))
        elif future:
            past.append(future.pop())
            pyramid.write(past[-1])
        else:
            past.append(random_change(pyramid.levels[0], random))
            pyramid.write(past[-1])
        known = states.setdefault(len(past), [level.copy() for level in pyramid.levels])
        for held, expected in zip(pyramid.levels, known, strict=True):
            np.testing.assert_array_equal(held, expected)
    while past:
        pyramid.write(take_back(past.pop()))
    for held, before in zip(pyramid.levels, first, strict=True):
        assert held.tobytes() == before.tobytes()


def test_scales_made_otherwise_come_back_with_all_their_labels():
    first = what_most_say(blobs((40, 52)))
    pyramid = Pyramid(first)
    back = pyramid.with_labels(blobs((40, 52), 5)).with_labels(first[0].astype(np.int64))
    for held, before in zip(back.levels, first, strict=True):
        assert held.dtype == np.int64
        np.testing.assert_array_equal(held, before)


def test_scales_of_a_zarr_array_follow(tmp_path):
    labels = blobs((12, 40, 50))
    levels = only_planes(labels)
    group = zarr.create_group(tmp_path / "labels.zarr")
    stored = []
    for rank, level in enumerate(levels):
        array = group.create_array(
            str(rank), shape=level.shape, chunks=(8, 32, 32), dtype=level.dtype
        )
        array[...] = level
        stored.append(array)
    pyramid = Pyramid(stored)
    random = np.random.default_rng(2)
    changes = []
    for _ in range(2):
        changes.append(random_change(stored[0], random))
        pyramid.write(changes[-1])
    for held, made in zip(stored, only_planes(stored[0][...]), strict=True):
        np.testing.assert_array_equal(held[...], made)
    for change in reversed(changes):
        pyramid.write(take_back(change))
    for held, before in zip(stored, levels, strict=True):
        np.testing.assert_array_equal(held[...], before)


def test_empty_labels_are_sampled_from_the_first_pixel():
    pyramid = Pyramid(first_of_two(np.zeros((33, 41), np.uint8)))
    change = random_change(pyramid.levels[0], np.random.default_rng(3))
    pyramid.write(change)
    for held, made in zip(pyramid.levels, first_of_two(pyramid.levels[0]), strict=True):
        np.testing.assert_array_equal(held, made)


def test_what_are_no_scales_is_refused():
    with pytest.raises(ValueError, match="no scales of each other"):
        Pyramid([np.zeros((4, 4), int), np.zeros((2, 8), int)])
