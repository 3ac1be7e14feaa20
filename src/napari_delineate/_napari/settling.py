"""Settle the copies of large labels when nobody paints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer

from napari_delineate._napari.drawings import is_being_edited

if TYPE_CHECKING:
    from napari_delineate._napari.session import Session

__all__ = ["Settling"]

_OFTEN = 50
"""Milliseconds after which is looked again whether a copy is ready."""


class Settling(QObject):
    """Finish the copies of labels that are painted on while they are copied.

    Parameters
    ----------
    session : Session
        The session; its store holds the copies.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._timer = QTimer(self, singleShot=True, interval=_OFTEN)
        self._timer.timeout.connect(self._on_time)
        session.changed.connect(self._on_changed)

    def _on_changed(self) -> None:
        session = self._session
        copying = {version.rpartition("@")[0] for version in session.store.copying}
        if not copying:
            return
        used = (str(one.version) for one in session.workflow.inputs.values())
        if copying <= {version.rpartition("@")[0] for version in used}:
            self._timer.start()
        else:
            # Nobody records what is painted on labels that are not of the workflow.
            session.store.settle()

    def _on_time(self) -> None:
        session = self._session
        if is_being_edited(session.viewer) or not all(session.store.copying.values()):
            self._timer.start()
            return
        session.record_edits(lenient=True)
        session.store.settle()
