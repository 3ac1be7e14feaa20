"""Make several changes one entry of the history."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from napari_delineate._napari.session import Session

__all__ = ["one_entry"]


@contextmanager
def one_entry(session: Session) -> Iterator[None]:
    """Make all that is recorded meanwhile one entry of the history, which one undo takes back.

    Parameters
    ----------
    session : Session
        The session. What was recorded before an error stays, as one entry too.
    """
    before = session.history
    try:
        yield
    finally:
        if len(session.history.past) > len(before.past) + 1:
            session.history = before.push(session.workflow)
            session.changed.emit()
