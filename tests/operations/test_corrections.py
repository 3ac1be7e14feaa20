"""Corrections made by hand survive that the labels are computed anew."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_delineate import segmentation
from napari_delineate.postprocessing import apply_corrections
from napari_delineate.postprocessing.corrections import match_objects, record_corrections
from napari_delineate.types import Corrections
from tests.inputs import same_objects

shapes = hnp.array_shapes(min_dims=2, max_dims=3, max_side=5)


@st.composite
def edits(draw, largest=5):
    """Labels, and the same after random strokes, deletions and merges."""
    shape = draw(shapes)
    before = draw(hnp.arrays(np.int32, shape, elements=st.integers(0, 3)))
    after = before.copy()
    for _ in range(draw(st.integers(0, 4))):
        number = draw(st.integers(0, largest))
        if draw(st.booleans()):
            after[before == draw(st.integers(1, 3))] = number
        else:
            after[draw(hnp.arrays(bool, shape))] = number
    return before, after


def renumbered(labels, numbers):
    """Give the objects other numbers: the object n gets numbers[n]."""
    return np.concatenate([[0], numbers])[labels]


@settings(max_examples=150, deadline=None)
@given(edited=edits())
def test_corrections_applied_to_the_same_labels_give_the_edited_labels(edited):
    before, after = edited
    found = apply_corrections(before, record_corrections(before, after))
    assert same_objects(found, after)
    # Objects that were there keep their numbers.
    kept = np.isin(after, before)
    assert np.array_equal(found[kept], after[kept])


@settings(max_examples=150, deadline=None)
@given(edited=edits(), numbers=st.permutations([1, 2, 3, 4, 5, 6, 2**31 + 7]))
def test_corrections_find_their_objects_under_other_numbers(edited, numbers):
    before, after = edited
    corrections = record_corrections(before, after)
    now = renumbered(before, numbers[:3])
    assert same_objects(apply_corrections(now, corrections), after)


@settings(max_examples=100, deadline=None)
@given(edited=edits())
def test_the_dense_form_gives_the_edited_labels(edited):
    before, after = edited
    changes = np.where(before == after, -1, after)
    assert same_objects(apply_corrections(before, changes), after)


@given(edited=edits())
@settings(deadline=None)
def test_corrections_hold_only_what_changed(edited):
    before, after = edited
    corrections = record_corrections(before, after)
    assert np.array_equal(corrections.pixels, np.flatnonzero(before != after))
    untouched = np.setdiff1d(before, [before[before != after], after[before != after]])
    assert not np.isin(corrections.touched_labels, untouched).any()


def test_no_change_is_no_correction():
    labels = np.array([[1, 1, 0, 2]])
    corrections = record_corrections(labels, labels)
    assert len(corrections.pixels) == len(corrections.touched_pixels) == 0
    assert np.array_equal(apply_corrections(labels, corrections), labels)


def test_minus_one_leaves_a_pixel_and_zero_erases_it():
    labels = np.array([[1, 1, 2, 2], [0, 0, 2, 2]])
    changes = np.array([[-1, 3, 0, -1], [3, -1, -1, -1]])
    found = apply_corrections(labels, changes)
    assert found.tolist() == [[1, 3, 0, 2], [3, 0, 2, 2]]


@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "i8", "u1", "u8"])
def test_the_dense_form_takes_every_integer_dtype(dtype):
    labels = np.array([[1, 1, 2, 0]], np.int32)
    changes = np.array([[1, 1, 2, 7]], dtype)
    found = apply_corrections(labels, changes)
    assert found.dtype == np.int32
    assert found.tolist() == [[1, 1, 2, 7]]


def test_a_new_object_gets_a_number_above_all_others_when_its_own_is_taken():
    before = np.array([[1, 1, 0, 0, 0, 0]])
    after = np.array([[1, 1, 0, 2, 2, 0]])
    now = np.array([[1, 1, 0, 0, 0, 5]])
    found = apply_corrections(now, record_corrections(before, after))
    assert found.tolist() == [[1, 1, 0, 6, 6, 5]]


def test_two_new_objects_stay_two():
    before = np.array([[1, 0, 0, 0, 0]])
    after = np.array([[1, 0, 2, 0, 3]])
    found = apply_corrections(before + 8 * (before > 0), record_corrections(before, after))
    assert found.tolist() == [[9, 0, 10, 0, 11]]


def test_large_numbers_of_other_objects_survive():
    # The corrections themselves would fit 32 bits.
    labels = np.array([[2**31 + 10, 2**31 + 10, 0, 4, 4]])
    found = apply_corrections(labels, np.array([[-1, -1, -1, -1, 0]]))
    assert found.tolist() == [[2**31 + 10, 2**31 + 10, 0, 4, 0]]


def test_a_deleted_object_is_deleted_whole_after_it_grew():
    before = np.array([[0, 0, 3, 3, 3, 0, 1]])
    after = np.where(before == 3, 0, before)
    now = np.array([[0, 7, 7, 7, 7, 0, 2]])
    found = apply_corrections(now, record_corrections(before, after))
    assert found.tolist() == [[0, 0, 0, 0, 0, 0, 2]]


def test_merged_objects_are_merged_whole_after_they_grew():
    before = np.array([[3, 3, 3, 3, 0, 1, 1, 1]])
    after = np.where(before == 3, 1, before)
    now = np.array([[5, 5, 5, 5, 5, 2, 2, 2]])
    found = apply_corrections(now, record_corrections(before, after))
    assert found.tolist() == [[2] * 8]


def test_what_was_drawn_lies_on_top_of_a_deleted_object_that_grew():
    before = np.array([[1, 1, 1, 1, 0, 0]])
    after = np.array([[0, 0, 0, 0, 2, 2]])
    now = np.array([[1, 1, 1, 1, 1, 0]])
    found = apply_corrections(now, record_corrections(before, after))
    assert found.tolist() == [[0, 0, 0, 0, 2, 2]]


def test_changes_of_an_object_that_is_gone_are_not_applied_and_warned_of():
    before = np.array([[1, 1, 0, 2, 2, 0, 0]])
    after = np.array([[1, 1, 1, 2, 2, 2, 0]])
    now = np.array([[4, 4, 0, 0, 0, 0, 0]])
    corrections = record_corrections(before, after)
    with pytest.warns(UserWarning, match=r"1 corrected objects are not there .*number 2"):
        found = apply_corrections(now, corrections)
    assert found.tolist() == [[4, 4, 4, 0, 0, 0, 0]]


def test_an_object_split_in_halves_is_not_found_again():
    before = np.array([[1, 1, 1, 1, 0]])
    after = np.array([[1, 1, 1, 1, 1]])
    now = np.array([[1, 1, 2, 2, 0]])
    with pytest.warns(UserWarning, match="not there any more"):
        found = apply_corrections(now, record_corrections(before, after))
    assert np.array_equal(found, now)


def test_an_object_is_the_same_above_half_of_the_union():
    before = np.zeros((1, 30), int)
    before[0, :10] = 1
    after = np.where(before == 1, 0, before)
    corrections = record_corrections(before, after)
    for shift in range(11):
        now = np.roll(before, shift)
        found, lost = match_objects(now, corrections)
        overlap = (10 - shift) / (10 + shift)
        assert (found, lost) == (({1: 1}, ()) if overlap > 0.5 else ({}, (1,)))


@given(shape=shapes, data=st.data())
@settings(deadline=None)
def test_every_object_matches_at_most_one(shape, data):
    labels = hnp.arrays(np.int32, shape, elements=st.integers(0, 4))
    before, now = data.draw(labels), data.draw(labels)
    corrections = record_corrections(before, np.zeros_like(before))
    found, lost = match_objects(now, corrections)
    assert len(set(found.values())) == len(found)
    assert set(found) | set(lost) == set(np.unique(before[before > 0]).tolist())
    for old, new in found.items():
        union = np.sum((before == old) | (now == new))
        assert np.sum((before == old) & (now == new)) / union > 0.5


@pytest.mark.parametrize("dense", [False, True])
def test_corrections_of_another_shape_are_refused(dense):
    labels = np.ones((3, 4), int)
    corrections = np.full((3, 5), -1) if dense else record_corrections(labels, labels * 0)
    with pytest.raises(ValueError, match=r"corrections were made on .*shape \(3, [45]\)"):
        apply_corrections(labels if dense else labels[:, :3], corrections)


def test_recording_refuses_different_shapes():
    with pytest.raises(ValueError, match="must have the same shape"):
        record_corrections(np.ones((2, 2), int), np.ones((2, 3), int))


@pytest.mark.parametrize("wrong", ["nonsense", np.ones((2, 2)), [1, 2]])
def test_other_things_than_corrections_are_refused(wrong):
    with pytest.raises(TypeError, match="corrections must be Corrections, or an integer array"):
        apply_corrections(np.ones((2, 2), int), wrong)


GOOD = Corrections((2, 3), *map(np.array, ([1, 4], [0, 7], [0, 1], [3, 3])))


def test_the_corrections_to_be_spoiled_are_good():
    labels = np.array([[3, 3, 0], [0, 0, 0]])
    assert apply_corrections(labels, GOOD).tolist() == [[3, 0, 0], [0, 7, 0]]


@pytest.mark.parametrize(
    ("field", "wrong", "message"),
    [
        ("shape", (2, 0), "shape must hold whole numbers from 1 up"),
        ("shape", (2, 3.0), "shape must hold whole numbers from 1 up"),
        ("shape", (), "shape must hold whole numbers from 1 up"),
        ("pixels", [1, 6], "pixels must be from 0 to 5, it holds 6"),
        ("pixels", [-1, 4], "pixels must be from 0 to 5, it holds -1"),
        ("pixels", [4, 1], "the pixels of labels must be sorted, each once"),
        ("pixels", [4, 4], "the pixels of labels must be sorted, each once"),
        ("pixels", [1], "labels must be one number for each of the 1 pixels, there are 2"),
        ("pixels", [[1], [4]], "pixels must have the shape"),
        ("labels", [0, -2], "labels must be from -1 to 2**63 - 1, it holds -2"),
        ("labels", np.array([0, 2**63], np.uint64), "labels must be from -1 to 2**63 - 1"),
        ("labels", [0], "labels must be one number for each of the 2 pixels, there are 1"),
        ("touched_pixels", [0, 6], "touched_pixels must be from 0 to 5, it holds 6"),
        ("touched_pixels", [1, 0], "the pixels of touched_labels must be sorted, each once"),
        ("touched_labels", [3, 0], "touched_labels must be from 1 to 2**63 - 1, it holds 0"),
        ("touched_labels", [3], "touched_labels must be one number for each of the 2 pixels"),
    ],
)
def test_damaged_corrections_are_refused(field, wrong, message):
    wrong = wrong if field == "shape" else np.asarray(wrong)
    with pytest.raises(ValueError, match=re.escape(f"corrections: {message}")):
        apply_corrections(np.zeros((2, 3), int), GOOD._replace(**{field: wrong}))


@pytest.mark.parametrize("field", ["pixels", "labels", "touched_pixels", "touched_labels"])
def test_corrections_that_are_no_whole_numbers_are_refused(field):
    wrong = GOOD._replace(**{field: getattr(GOOD, field).astype(float)})
    with pytest.raises(TypeError, match=f"corrections: {field} must be whole numbers"):
        apply_corrections(np.zeros((2, 3), int), wrong)


def test_the_dense_form_refuses_what_has_no_meaning():
    with pytest.raises(ValueError, match=r"corrections must be from -1 to .* it holds -2"):
        apply_corrections(np.zeros((2, 2), int), np.array([[0, -1], [-2, 5]]))
    with pytest.raises(ValueError, match="corrections must be from -1 to"):
        apply_corrections(np.zeros((2, 2), int), np.full((2, 2), 2**63, np.uint64))


# The case that corrections are for: a setting upstream changes, and so do most numbers.


@pytest.fixture
def blobs(shared_image):
    return shared_image("published/blobs.tif")


@pytest.fixture
def recomputed(blobs):
    """Labels, and the labels after the sigma of the spots went from 3.5 to 3.2."""
    return [
        segmentation.voronoi_otsu_labeling(blobs, spot_sigma=sigma, outline_sigma=1)
        for sigma in (3.5, 3.2)
    ]


def counterparts(before, now):
    """Objects that are still there, found pixel by pixel: from old to new number."""
    found = {}
    for old in range(1, before.max() + 1):
        new = np.bincount(now[before == old]).argmax()
        union = np.sum((before == old) | (now == new))
        if new and np.sum((before == old) & (now == new)) > 0.9 * union:
            found[old] = new
    return found


def test_corrections_survive_a_change_of_the_setting_before_them(recomputed):
    before, now = recomputed
    same = counterparts(before, now)
    changed = {old: new for old, new in same.items() if old != new}
    assert len(changed) > 40  # else this would show little

    # Four edits of objects whose numbers change, in places that are far apart.
    deleted, merged, into, extended = list(changed)[::10][:4]
    after = before.copy()
    after[before == deleted] = 0
    after[before == merged] = into
    background = np.argwhere((before == 0) & (now == 0))
    at = np.argwhere(before == extended).mean(axis=0)
    stroke = tuple(background[np.linalg.norm(background - at, axis=1).argsort()[:20]].T)
    after[stroke] = extended
    corner = (slice(0, 2), slice(0, 2))
    after[corner] = before.max() + 1

    found = apply_corrections(now, record_corrections(before, after))
    number_of = {old: found[now == new] for old, new in same.items()}
    assert (number_of[deleted] == 0).all()
    assert set(number_of[merged]) == set(number_of[into]) == {same[into]}
    assert (found[stroke] == same[extended]).all()
    drawn = found[corner]
    assert (drawn == drawn[0, 0]).all()
    assert drawn[0, 0] > now.max()
    # Nothing else changed.
    edited = np.isin(now, [same[deleted], same[merged]])
    edited[stroke] = edited[corner] = True
    assert np.array_equal(found[~edited], now[~edited])


def test_corrections_of_objects_that_fell_apart_are_not_applied(blobs, recomputed):
    before = recomputed[0]
    now = segmentation.voronoi_otsu_labeling(blobs, spot_sigma=1, outline_sigma=1)
    apart = [
        old
        for old in range(1, before.max() + 1)
        if np.bincount(now[before == old]).max() < 0.5 * np.sum(before == old)
    ]
    assert len(apart) > 5
    after = np.where(np.isin(before, apart), 0, before)
    with pytest.warns(UserWarning, match=f"{len(apart)} corrected objects are not there"):
        found = apply_corrections(now, record_corrections(before, after))
    assert np.array_equal(found, now)
