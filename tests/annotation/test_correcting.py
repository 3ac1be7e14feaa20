"""Corrections are recorded stroke by stroke as they are from all pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_delineate.annotation.correcting import Correcting
from napari_delineate.postprocessing.corrections import record_corrections


def same(found, wanted):
    return all(
        np.array_equal(a, b) and np.asarray(a).dtype == np.asarray(b).dtype
        for a, b in zip(found, wanted, strict=True)
    )


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.sampled_from([(7, 9), (3, 5, 6), (2, 3, 4, 5), (2, 1, 3, 4, 5)]),
    dtype=st.sampled_from([np.uint8, np.int32, np.uint64]),
)
def test_strokes_are_recorded_as_all_pixels_are(seed, shape, dtype):
    random = np.random.default_rng(seed)
    before = random.integers(0, 5, shape).astype(dtype)
    after = before.copy()
    correcting = Correcting(before)
    for _ in range(6):
        places = np.unique(random.integers(0, before.size, random.integers(1, 8)))
        after.reshape(-1)[places] = random.integers(0, 8, len(places))
        correcting.note(places)
        assert same(correcting.record(after), record_corrections(before, after))


def test_what_was_written_unseen_is_found_once_it_is_said():
    before = np.repeat(np.arange(4), 5).reshape(4, 5)
    after = before.copy()
    correcting = Correcting(before)
    correcting.record(after)
    after[2, 2:4] = 9
    correcting.forget()
    assert same(correcting.record(after), record_corrections(before, after))


def test_labels_that_are_not_contiguous_are_recorded():
    before = np.asfortranarray(np.repeat(np.arange(4), 5).reshape(4, 5))
    after = np.asfortranarray(before.copy())
    correcting = Correcting(before)
    correcting.record(after)
    after[1, 1] = 3
    correcting.note(np.array([6]))
    assert same(correcting.record(after), record_corrections(before, after))


def test_another_shape_is_refused():
    with pytest.raises(ValueError, match="same shape"):
        Correcting(np.zeros((2, 3), int)).record(np.zeros((3, 2), int))
