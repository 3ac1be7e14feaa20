"""Apply an edit, and check what holds for every edit."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import ndimage

from napari_delineate.annotation.edits import Edit, change_of, put, take_back


def applied(labels: np.ndarray, edit: Edit, locked=()) -> np.ndarray:
    """Return the labels after an edit that changes something, and can be taken back."""
    assert len(edit.box) == labels.ndim
    assert edit.labels.shape == tuple(side.stop - side.start for side in edit.box)
    assert all(0 <= side.start < side.stop for side in edit.box)
    assert all(np.array([side.stop for side in edit.box]) <= labels.shape)
    result = labels.copy()
    change = change_of(result, edit)
    assert len(change.positions)
    put(result, change.positions, change.after)
    np.testing.assert_array_equal(result[edit.box], edit.labels)
    for number in locked:
        np.testing.assert_array_equal(result == number, labels == number)
    back = result.copy()
    undo = take_back(change)
    put(back, undo.positions, undo.after)
    assert back.tobytes() == labels.tobytes()
    return result


def box_of(labels: np.ndarray, *numbers: int) -> tuple[slice, ...]:
    """Return the smallest box around objects."""
    return ndimage.find_objects(np.isin(labels, numbers).astype(np.int8))[0]


def whole(labels: np.ndarray) -> tuple[slice, ...]:
    return tuple(slice(0, size) for size in labels.shape)


@st.composite
def small_labels(draw: st.DrawFn, axes: int | None = None, largest: int = 3) -> np.ndarray:
    """Draw labels in which objects touch, lie in others and fall apart; object 1 is there."""
    count = draw(st.sampled_from([2, 3])) if axes is None else axes
    sides = st.integers(3, 12) if count == 2 else st.integers(1, 7)
    shape = tuple(draw(st.lists(sides, min_size=count, max_size=count)))
    dtype = draw(st.sampled_from([np.uint8, np.int32, np.uint64]))
    coarse = draw(
        arrays.arrays(
            np.uint8,
            tuple(-(-size // 2) for size in shape),
            elements=st.integers(0, largest),
            fill=st.just(0),
        )
    )
    labels = coarse
    for axis in range(count):
        labels = np.repeat(labels, 2, axis=axis)
    labels = labels[tuple(map(slice, shape))].astype(dtype)
    noise = draw(st.integers(0, 2**16))
    random = np.random.default_rng(noise)
    spots = random.random(shape) < draw(st.sampled_from([0, 0.1, 0.3]))
    labels[spots] = random.integers(0, largest + 1, int(spots.sum()))
    labels.reshape(-1)[draw(st.integers(0, labels.size - 1))] = 1
    return labels
