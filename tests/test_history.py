"""Undo and redo: snapshots that nothing loses."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from napari_delineate.history import History

numbers = st.integers(0, 3)
histories = st.builds(
    History,
    numbers,
    st.lists(numbers).map(tuple),
    st.lists(numbers).map(tuple),
)


@given(histories, numbers)
def test_undo_takes_back_a_push(history, value):
    pushed = history.push(value)
    if value != history.present:
        assert pushed.present == value
        assert pushed.undo().present == history.present
        assert pushed.undo().past == history.past
        assert pushed.future == ()


@given(histories)
def test_redo_takes_back_undo_and_undo_redo(history):
    assert history.undo().redo() == history if history.past else history.undo() is history
    assert history.redo().undo() == history if history.future else history.redo() is history


@given(histories)
def test_pushing_what_is_there_is_no_change(history):
    assert history.push(history.present) is history


@given(histories, numbers)
def test_replacing_adds_no_step_to_undo(history, value):
    replaced = history.replace(value)
    assert (replaced.present, replaced.past, replaced.future) == (value, history.past, ())


@given(histories)
def test_undo_and_redo_lose_nothing(history):
    every = (*history.past, history.present, *history.future)
    for step in (history.undo(), history.redo()):
        assert (*step.past, step.present, *step.future) == every


class AgainstALine(RuleBasedStateMachine):
    """Compare with a plain list and a place in it."""

    def __init__(self):
        super().__init__()
        self.history, self.line, self.place = History(0), [0], 0

    @rule(value=numbers)
    def push(self, value):
        self.history = self.history.push(value)
        if value != self.line[self.place]:
            self.line = [*self.line[: self.place + 1], value]
            self.place += 1

    @rule()
    def undo(self):
        self.history, self.place = self.history.undo(), max(self.place - 1, 0)

    @rule()
    def redo(self):
        self.history = self.history.redo()
        self.place = min(self.place + 1, len(self.line) - 1)

    def teardown(self):
        assert self.history.present == self.line[self.place]
        assert list(self.history.past) == self.line[: self.place]
        assert list(self.history.future) == self.line[self.place + 1 :]


test_any_sequence_is_a_walk_along_a_line = AgainstALine.TestCase
