"""Corrections whose objects are gone are left out, kept as painted, or attached to others."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_delineate import map_over
from napari_delineate.annotation.conflicts import (
    attach,
    conflicts_of,
    keep_as_painted,
    leave_out,
)
from napari_delineate.postprocessing import apply_corrections
from napari_delineate.postprocessing.corrections import record_corrections


def discs(*places, shape=(40, 60), radius=5):
    """Objects numbered in the order of their places."""
    labels = np.zeros(shape, np.int32)
    for number, (row, column) in enumerate(places, 1):
        rows, columns = np.ogrid[: shape[0], : shape[1]]
        labels[np.hypot(rows - row, columns - column) <= radius] = number
    return labels


def quiet(labels, corrections):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return apply_corrections(labels, corrections)


def strict(labels, corrections):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return apply_corrections(labels, corrections)


BEFORE = discs((10, 10), (10, 40), (30, 10), (30, 40))
NOW = discs((10, 10), (30, 10), (30, 40), (10, 54))  # the second is gone, another one is new


def deleted():
    return record_corrections(BEFORE, np.where(BEFORE == 2, 0, BEFORE))


def test_a_deleted_object_that_is_gone_is_a_conflict():
    (conflict,) = conflicts_of(NOW, deleted())
    assert (conflict.number, str(conflict), conflict.frame) == (2, "deleted", ())
    assert np.array_equal(conflict.was, np.flatnonzero(BEFORE == 2))


def test_what_is_left_out_is_a_conflict_no_more():
    (conflict,) = conflicts_of(NOW, deleted())
    left = leave_out(deleted(), conflict)
    assert not len(left.pixels)
    assert not len(left.touched_pixels)
    assert np.array_equal(strict(NOW, left), NOW)


def test_what_is_kept_as_painted_erases_what_is_there_now():
    (conflict,) = conflicts_of(NOW, deleted())
    found = strict(NOW, keep_as_painted(deleted(), conflict))
    assert np.array_equal(found, np.where(BEFORE == 2, 0, NOW))


def test_what_is_attached_deletes_all_of_the_other_object():
    (conflict,) = conflicts_of(NOW, deleted())
    found = strict(NOW, attach(deleted(), conflict, NOW, 4))
    assert np.array_equal(found, np.where(NOW == 4, 0, NOW))


def test_a_merge_is_attached_to_another_object():
    merged = record_corrections(BEFORE, np.where(BEFORE == 2, 1, BEFORE))
    (conflict,) = conflicts_of(NOW, merged)
    assert str(conflict) == "merged into 1"
    found = strict(NOW, attach(merged, conflict, NOW, 4))
    assert np.array_equal(found, np.where(NOW == 4, 1, NOW))


def test_what_was_painted_onto_an_object_goes_with_the_other_one():
    after = BEFORE.copy()
    after[10, 46:50] = 2
    painted = record_corrections(BEFORE, after)
    (conflict,) = conflicts_of(NOW, painted)
    assert str(conflict) == "4 pixels added"
    found = strict(NOW, attach(painted, conflict, NOW, 4))
    wanted = NOW.copy()
    wanted[10, 46:50] = 4
    assert np.array_equal(found, wanted)
    kept = strict(NOW, keep_as_painted(painted, conflict))
    assert (kept[10, 46:50] == kept[10, 46]).all()
    assert kept[10, 46] not in (0, *NOW.flat)


def test_what_was_erased_of_a_part_is_erased_of_the_other_one_only():
    after = BEFORE.copy()
    after[10, 35:60] = 0
    painted = record_corrections(BEFORE, after)
    now = discs((10, 10), (30, 10), (30, 40), (10, 47))
    (conflict,) = conflicts_of(now, painted)
    found = strict(now, attach(painted, conflict, now, 4))
    wanted = now.copy()
    wanted[(BEFORE == 2) & (now == 4) & (np.arange(40)[:, None] == 10)] = 0
    assert np.array_equal(found, wanted)


def test_objects_that_are_not_there_or_taken_are_refused():
    changed = np.where(BEFORE == 2, 0, BEFORE)
    changed[changed == 1] = 0
    corrections = record_corrections(BEFORE, changed)
    (conflict,) = conflicts_of(NOW, corrections)
    with pytest.raises(ValueError, match="no object 77"):
        attach(corrections, conflict, NOW, 77)
    with pytest.raises(ValueError, match="other corrections belong"):
        attach(corrections, conflict, NOW, 1)


def test_in_movies_only_the_frame_is_concerned_in_which_the_object_is_gone():
    before = np.stack([BEFORE] * 3)
    now = np.stack([BEFORE, NOW, BEFORE])
    after = before.copy()
    after[:2][before[:2] == 2] = 0
    corrections = record_corrections(before, after)
    (conflict,) = conflicts_of(now, corrections, (0,))
    assert (conflict.number, conflict.frame) == (2, ((0, 1),))

    def applied(corrections):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return map_over(apply_corrections, "T", now, corrections, axes=("TYX", "TYX"))

    wanted = after.copy()
    wanted[1] = NOW
    assert np.array_equal(applied(leave_out(corrections, conflict)), wanted)
    wanted[1] = np.where(NOW == 4, 0, NOW)
    assert np.array_equal(applied(attach(corrections, conflict, now, 4)), wanted)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), solid=st.booleans())
def test_leaving_all_conflicts_out_changes_nothing(seed, solid):
    random = np.random.default_rng(seed)
    shape = (4, 8, 9) if solid else (9, 10)
    before = np.repeat(random.integers(0, 5, shape[:-1]), shape[-1], -1).reshape(shape)
    after = before.copy()
    places = random.integers(0, before.size, 12)
    after.reshape(-1)[places] = random.integers(0, 7, 12)
    after[after == random.integers(1, 5)] = 0
    corrections = record_corrections(before, after)
    now = before.copy()
    now[now == random.integers(1, 5)] = 0
    now.reshape(-1)[: now.size // 3] = random.integers(0, 3)
    shown = quiet(now, corrections)
    while conflicts := conflicts_of(now, corrections):
        corrections = leave_out(corrections, conflicts[0])
    left = strict(now, corrections)
    pairs = np.unique(np.stack([left.ravel(), shown.ravel()]), axis=1)
    assert all(len(np.unique(row)) == len(row) for row in pairs)  # new objects may be renumbered
    there = pairs[:, np.isin(pairs[0], now)]
    assert np.array_equal(there[0], there[1])
