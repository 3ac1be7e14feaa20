"""Keep one session for every viewer."""

from __future__ import annotations

import weakref

import napari
from qtpy.compat import isalive
from qtpy.QtCore import QObject, QThread, Signal

from napari_delineate._napari.session import Session

__all__ = ["session_of"]

_sessions: dict[int, Session] = {}


class _Ends(QObject):
    """Close sessions in the thread that made this, whichever thread asks for it."""

    wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.wanted.connect(self._close)

    def _close(self, session: Session) -> None:
        session.close()


_ends: list[_Ends] = []


def session_of(viewer: napari.Viewer) -> Session:
    """Return the session of a viewer; the first call makes it.

    Parameters
    ----------
    viewer : napari.Viewer
        The viewer.

    Returns
    -------
    Session
        Its session. It ends with the viewer.
    """
    # Menu commands hand over a proxy of the viewer.
    viewer = getattr(viewer, "__wrapped__", viewer)
    known = _sessions.get(id(viewer))
    if known is None:
        if not _ends:
            _ends.append(_Ends())
        known = _sessions[id(viewer)] = Session(viewer)
        weakref.finalize(viewer, _end, id(viewer))
    return known


def _end(key: int) -> None:
    """Close a session whose viewer was collected, which may happen in any thread."""
    session = _sessions.pop(key, None)
    if session is None:
        return
    (ends,) = _ends
    # Where Python ends there is no event loop that would hear of it.
    if isalive(ends) and QThread.currentThread() is not ends.thread():
        ends.wanted.emit(session)
    else:
        session.close()
