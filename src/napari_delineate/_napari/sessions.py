"""Keep one session for every viewer."""

from __future__ import annotations

import weakref

import napari

from napari_delineate._napari.session import Session

__all__ = ["session_of"]

_sessions: dict[int, Session] = {}


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
        known = _sessions[id(viewer)] = Session(viewer)
        weakref.finalize(viewer, _end, id(viewer))
    return known


def _end(key: int) -> None:
    session = _sessions.pop(key, None)
    if session is not None:
        session.close()
