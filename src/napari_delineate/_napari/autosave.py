"""Keep a session on disk while it runs, so that a crash loses nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from napari.qt.threading import create_worker
from napari.utils.notifications import show_warning
from qtpy.compat import isalive
from qtpy.QtCore import QObject, QTimer

from napari_delineate._napari.outcomes import Outcome, outcome_of
from napari_delineate.files import FileError
from napari_delineate.recovery import Crashed, Recovery

if TYPE_CHECKING:
    from napari_delineate._napari.session import Session

__all__ = ["Autosave"]

_PAUSE = 2000
"""Milliseconds without a further change after which the session is saved."""

_REST = 10
"""Of large sessions: how many times as long as saving took the next one is waited for."""


class Autosave(QObject):
    """Save a session in the background after it changed; remove it when it is closed.

    Parameters
    ----------
    session : Session
        The session.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._recovery = Recovery()
        self._worker: Any = None
        self._began = 0.0
        self._has_failed = False
        self._replaced: list[Crashed] = []
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE)
        self._pause.timeout.connect(self.save)
        session.changed.connect(self._pause.start)

    def replace(self, crashed: Crashed) -> None:
        """Remove a session that was restored into this one, once this one is saved."""
        self._replaced.append(crashed)

    def save(self) -> None:
        """Save the session as it is now."""
        if self._session.running or self._worker is not None:
            self._pause.start()  # when it is quiet
            return
        workflow = self._session.workflow
        self._began = time.monotonic()
        self._worker = create_worker(
            outcome_of,
            self._save,
            workflow,
            _start_thread=True,
            _connect={"returned": self._on_saved, "finished": self._on_finished},
        )

    def _save(self, workflow: Any) -> None:
        """Write the session; this runs in a thread."""
        self._recovery.save(*self._session.snapshot(workflow))
        while self._replaced:
            self._replaced.pop().discard()

    def _on_saved(self, outcome: Outcome) -> None:
        if outcome.error is not None and not self._has_failed:
            show_warning(f"Delineate can not keep this session for a crash: {outcome.sentence}")
        self._has_failed = outcome.error is not None

    def _on_finished(self) -> None:
        self._worker = None
        took = 1000 * (time.monotonic() - self._began)
        self._pause.setInterval(max(_PAUSE, int(_REST * took)))

    def close(self) -> None:
        """Forget the session: it has ended as it should."""
        if isalive(self._pause):
            self._pause.stop()
        try:
            self._recovery.discard()
        except FileError as error:
            show_warning(str(error))
