"""After any sequence of tools, undo and redo, labels and what is known of objects agree."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_delineate.annotation import objects, slices, splitting
from napari_delineate.annotation.edits import (
    Change,
    Edit,
    bounding_box,
    change_of,
    joined,
    place_in,
    put,
    take_back,
)
from napari_delineate.annotation.object_index import ObjectIndex
from tests.annotation.applying import small_labels


class Session:
    """Labels that are edited, with what a person knows and may take back."""

    def __init__(self, labels: np.ndarray) -> None:
        self.labels = labels
        self.first = labels.tobytes()
        self.locked = (3,) if (labels == 3).any() else ()
        self.locked_pixels = np.isin(labels, self.locked)
        self.index = ObjectIndex(labels)
        self.past: list[Change] = []
        self.future: list[Change] = []

    def edit(self, edit: Edit) -> None:
        change = change_of(self.labels, edit)
        self.apply(change)
        self.past.append(change)
        self.future.clear()

    def apply(self, change: Change) -> None:
        put(self.labels, change.positions, change.after)
        self.index.note(change)
        self.check()

    def undo(self) -> None:
        if self.past:
            self.future.append(self.past.pop())
            self.apply(take_back(self.future[-1]))

    def redo(self) -> None:
        if self.future:
            self.past.append(self.future.pop())
            self.apply(self.past[-1])

    def check(self) -> None:
        fresh = ObjectIndex(self.labels)
        assert self.index.numbers == fresh.numbers
        for number in fresh.numbers:
            assert self.index.size(number) == fresh.size(number)
            held, exact = self.index.box(number), fresh.box(number)
            assert all(
                a.start <= b.start and b.stop <= a.stop for a, b in zip(held, exact, strict=True)
            )
        assert self.index.new_number() not in fresh
        np.testing.assert_array_equal(np.isin(self.labels, self.locked), self.locked_pixels)


def places_of(labels: np.ndarray, number: int) -> np.ndarray:
    return np.argwhere(labels == number)


def one_object(tool: Callable[..., Edit], **settings: object) -> Callable[..., Edit]:
    def use(s: Session, numbers: list[int], random: np.random.Generator, **guards) -> Edit:
        return tool(s.labels, numbers[0], s.index.box(numbers[0]), **settings, **guards)

    return use


def new_one(tool: Callable[..., Edit], **settings: object) -> Callable[..., Edit]:
    def use(s: Session, numbers: list[int], random: np.random.Generator, **guards) -> Edit:
        guards.pop("preserve")
        new = s.index.new_number()
        box = s.index.box(numbers[0])
        return tool(s.labels, numbers[0], box, new_number=new, **settings, **guards)

    return use


def merge(s, numbers, random, *, locked, preserve):
    box = bounding_box([s.index.box(number) for number in numbers])
    return objects.merge(s.labels, numbers, box, locked=locked)


def delete(s, numbers, random, *, locked, preserve):
    return objects.delete(s.labels, numbers[:1], s.index.box(numbers[0]), locked=locked)


def shrink(s, numbers, random, *, locked, preserve):
    return objects.shrink(s.labels, numbers[0], s.index.box(numbers[0]), locked=locked)


def relabel(s, numbers, random, *, locked, preserve):
    new = s.index.new_number()
    return objects.relabel(s.labels, numbers[0], new, s.index.box(numbers[0]), locked=locked)


def keep(s, numbers, random, *, locked, preserve):
    point = random.permutation(places_of(s.labels, numbers[0]))[0]
    box = s.index.box(numbers[0])
    return objects.keep_component(s.labels, numbers[0], point, box, locked=locked)


def split_by_line(s, numbers, random, *, locked, preserve):
    line = random.uniform(-1, max(s.labels.shape), (3, s.labels.ndim))
    return splitting.split_by_line(
        s.labels,
        numbers[0],
        line,
        s.index.box(numbers[0]),
        new_number=s.index.new_number(),
        axis=int(random.integers(s.labels.ndim)),
        locked=locked,
    )


def split_by_points(s, numbers, random, *, locked, preserve):
    points = random.permutation(places_of(s.labels, numbers[0]))[:3]
    return splitting.split_by_points(
        s.labels,
        numbers[0],
        points,
        s.index.box(numbers[0]),
        new_number=s.index.new_number(),
        locked=locked,
    )


def cut_with_plane(s, numbers, random, *, locked, preserve):
    point = random.uniform(0, s.labels.shape)
    return splitting.cut_with_plane(
        s.labels,
        numbers[0],
        point,
        random.normal(size=s.labels.ndim),
        s.index.box(numbers[0]),
        new_number=s.index.new_number(),
        locked=locked,
    )


def carried(tool):
    def use(s, numbers, random, **guards):
        axis = int(random.integers(s.labels.ndim))
        source, target = random.integers(s.labels.shape[axis], size=2).tolist()
        box = bounding_box([s.index.box(number) for number in numbers])
        replace = bool(random.integers(2))
        if tool is slices.copy_to:
            return tool(
                s.labels, numbers, source, [target], box, axis=axis, replace=replace, **guards
            )
        image = random.random(s.labels.shape)
        return tool(
            s.labels, numbers, source, target, box, image, axis=axis, replace=replace, **guards
        )

    return use


def in_a_slice(s, numbers, random, **guards):
    """Grow an object in one slice of a stack, as a person does who edits in 2D."""
    place = int(random.choice(places_of(s.labels, numbers[0])[:, 0]))
    box = s.index.box(numbers[0])
    if s.labels.ndim == 2:
        return objects.grow(s.labels, numbers[0], box, distance=2, **guards)
    view = (place, slice(None), slice(None))
    return place_in(objects.grow(s.labels[view], numbers[0], box[1:], **guards), view)


TOOLS = {
    "merge": merge,
    "delete": delete,
    "relabel": relabel,
    "fill_holes": one_object(objects.fill_holes),
    "keep_component": keep,
    "separate_components": new_one(objects.separate_components),
    "smooth": one_object(objects.smooth),
    "grow": one_object(objects.grow, distance=2),
    "shrink": shrink,
    "in_a_slice": in_a_slice,
    "split_by_line": split_by_line,
    "split_by_points": split_by_points,
    "split_by_shape": new_one(splitting.split_by_shape, parts=2),
    "cut_with_plane": cut_with_plane,
    "interpolate": one_object(slices.interpolate),
    "copy_to": carried(slices.copy_to),
    "propagate": carried(slices.propagate),
}


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["undo", "redo", *TOOLS, *TOOLS]), st.integers(0, 2**16), st.booleans()
    ),
    min_size=3,
    max_size=15,
)


@given(small_labels(), STEPS)
@settings(max_examples=40, deadline=None)
def test_a_sequence_of_tools_is_taken_back_bit_for_bit(labels, steps):
    edit_and_take_back(labels, steps)


@pytest.mark.slow
@given(small_labels(largest=5), STEPS)
@settings(max_examples=1000, deadline=None)
def test_any_sequence_of_tools_is_taken_back_bit_for_bit(labels, steps):
    edit_and_take_back(labels, steps)


def edit_and_take_back(labels, steps):
    session = Session(labels)
    for name, seed, preserve in steps:
        if name == "undo":
            session.undo()
        elif name == "redo":
            session.redo()
        elif session.index.numbers:
            random = np.random.default_rng(seed)
            numbers = random.permutation(session.index.numbers)[:2].tolist()
            try:
                edit = TOOLS[name](
                    session, numbers, random, locked=session.locked, preserve=preserve
                )
            except ValueError:
                continue
            session.edit(edit)
    last = session.labels.tobytes()
    steps_back = len(session.past)
    together = joined(session.past) if session.past else None
    while session.past:
        session.undo()
    assert session.labels.tobytes() == session.first
    for _ in range(steps_back):
        session.redo()
    assert session.labels.tobytes() == last
    if together is not None:  # all edits as one
        session.apply(take_back(together))
        assert session.labels.tobytes() == session.first


@pytest.mark.parametrize("name", TOOLS)
def test_every_tool_works_at_least_once(name):
    """The sequences above do not only meet refusals."""
    random = np.random.default_rng(0)
    for seed in range(200):
        labels = np.random.default_rng(seed).integers(0, 3, (3, 3, 3)).astype(np.int32)
        labels = labels.repeat(2, 0).repeat(2, 1).repeat(2, 2)
        labels[::3, 1::2] = 0
        labels[:3, :3, :3] = 1
        labels[1, 1, 1] = 0
        session = Session(labels)
        try:
            edit = TOOLS[name](session, [1, 2], random, locked=session.locked, preserve=True)
        except ValueError:
            continue
        session.edit(edit)
        return
    raise AssertionError(name)


def test_numbers_that_labels_can_not_hold_are_not_cut_short():
    labels = np.zeros((2, 3), np.uint8)
    box = (slice(0, 2), slice(1, 3))
    with pytest.raises(ValueError, match="of the type uint8 can not hold the number 300"):
        change_of(labels, Edit(box, np.full((2, 2), 300, np.int32)))
    change = change_of(labels, Edit(box, np.full((2, 2), 255, np.int32)))
    assert change.positions.tolist() == [1, 2, 4, 5]
    assert change.after.dtype == np.uint8


def test_large_edits_are_compared_piece_by_piece():
    random = np.random.default_rng(0)
    labels = random.integers(0, 3, (1100, 1200)).astype(np.uint8)
    box = (slice(5, 1100), slice(7, 1190))
    wanted = random.integers(0, 3, (1095, 1183)).astype(np.uint8)
    after = labels.copy()
    after[box] = wanted
    change = change_of(labels, Edit(box, wanted))
    np.testing.assert_array_equal(change.positions, np.flatnonzero(labels != after))
    put(labels, change.positions, change.after)
    np.testing.assert_array_equal(labels, after)
