"""Undo and redo: snapshots of one immutable value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["History"]

T = TypeVar("T")


@dataclass(frozen=True)
class History(Generic[T]):
    """Hold a value together with what it was and what was undone.

    Every method returns a new history.

    Attributes
    ----------
    present : T
        The value now.
    past : tuple of T
        Earlier values, oldest first.
    future : tuple of T
        Undone values, the next to redo first.

    Examples
    --------
    >>> history = History(1).push(2).push(3).undo()
    >>> history.present, history.redo().present
    (2, 3)
    """

    present: T
    past: tuple[T, ...] = ()
    future: tuple[T, ...] = ()

    def push(self, value: T) -> History[T]:
        """Return a history with a new present; equal values are no change."""
        if value == self.present:
            return self
        return History(value, (*self.past, self.present))

    def replace(self, value: T) -> History[T]:
        """Return a history whose present is another value, as while a slider is dragged."""
        return History(value, self.past)

    def amend(self, value: T) -> History[T]:
        """Return a history whose present is another value, which is no change of its own."""
        return History(value, self.past, self.future)

    def undo(self) -> History[T]:
        """Return a history one step back, unchanged where there is none."""
        if not self.past:
            return self
        return History(self.past[-1], self.past[:-1], (self.present, *self.future))

    def redo(self) -> History[T]:
        """Return a history one step forward, unchanged where there is none."""
        if not self.future:
            return self
        return History(self.future[0], (*self.past, self.present), self.future[1:])
