"""Labels that people go on to paint on are copied later, and every version is exact."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_delineate import live_copies
from napari_delineate.annotation.edits import Change, put, take_back
from napari_delineate.store import Store
from napari_delineate.types import Kind
from napari_delineate.values import Value

SHAPE = (6, 4, 5)


def painted(array, positions, number) -> Change:
    flat, where = array.reshape(-1), np.unique(positions)
    change = Change(
        where.astype(np.int64), flat[where].copy(), np.full(len(where), number, array.dtype)
    )
    put(array, change.positions, change.after)
    return change


@pytest.fixture
def slowly(monkeypatch):
    """Copy a part each time that it is said, so that what is painted meanwhile is seen or not."""
    go = threading.Semaphore(0)

    def parts(box):
        for at in range(box[0].stop):
            go.acquire()
            yield (slice(at, at + 1), *box[1:])

    monkeypatch.setattr(live_copies, "slabs", parts)
    return go


strokes = st.lists(
    st.tuples(
        st.integers(0, 2),  # parts copied before it
        st.booleans(),  # whether the last stroke is undone instead
        st.lists(st.integers(0, 119), min_size=1, max_size=30),
        st.integers(0, 9),
    ),
    max_size=12,
)


@settings(max_examples=80)
@given(strokes, st.integers(0, 12), st.randoms(use_true_random=False))
def test_every_version_is_exact_whatever_is_painted_meanwhile(done, settled_after, random):
    go = threading.Semaphore(0)

    def parts(box):
        for at in range(box[0].stop):
            go.acquire()
            yield (slice(at, at + 1), *box[1:])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live_copies, "slabs", parts)
        store = Store()
        start = np.random.default_rng(random.randrange(99)).integers(0, 5, SHAPE).astype(np.int32)
        start[random.randrange(6)] = 0
        array = start.copy()
        now = store.put_live("labels", Value.of(array, Kind.LABELS))
        wanted, way = {now: start}, [(now, None)]
        for count, (copied, is_undo, positions, number) in enumerate(done):
            for _ in range(copied):
                go.release()
            if is_undo and len(way) > 1:
                put(array, way[-1][1].positions, take_back(way[-1][1]).after)
                way.pop()
            else:
                change = painted(array, positions, number)
                version = store.put_change(way[-1][0], change)
                wanted[version] = array.copy()
                way.append((version, change))
            if count == settled_after:
                for _ in range(6):
                    go.release()
                store.settle()
        for _ in range(6):
            go.release()
        store.compact()  # what is not settled is left
        store.settle()
        store.compact()
        array[:] = 77
        for version, expected in wanted.items():
            found = store.get(version).data
            assert np.array_equal(found, expected)
            assert found.dtype == expected.dtype
            assert not found.flags.writeable or found.base is None


def test_other_threads_wait_until_it_is_settled(slowly):
    store, array, found = Store(), np.ones(SHAPE, np.uint8), []
    version = store.put_live("labels", Value.of(array, Kind.LABELS))
    later = store.put_change(version, painted(array, [0, 119], 7))
    reader = threading.Thread(target=lambda: found.append(store.load(version).data.sum()))
    reader.start()
    for _ in range(6):
        slowly.release()
    while not all(store.copying.values()):
        time.sleep(0.001)
    assert not found
    store.settle()
    reader.join(5)
    assert found == [120]
    assert store.get(later).data.sum() == 132
    assert store.copying == {}


def test_who_put_it_need_not_wait_for_others(slowly):
    store, array = Store(), np.arange(120, dtype=np.int16).reshape(SHAPE)
    version = store.put_live("labels", Value.of(array, Kind.LABELS))
    for _ in range(6):
        slowly.release()
    assert np.array_equal(store.get(version).data, np.arange(120).reshape(SHAPE))
    assert store.copying == {}
