"""Show what a step did to a surface, before and after."""

from __future__ import annotations

from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_delineate._napari.session import Session
from napari_delineate._napari.surface_changes import surface_changes_of
from napari_delineate._napari.widgets import Message
from napari_delineate._napari.widgets.change_table import ChangeTable
from napari_delineate.consequences import has_opened, lines_of

__all__ = ["ChangePanel"]

_OPENED = (
    "The surface was closed and is open now, so it has no volume. Undo this step, or add "
    "Fill surface holes after it."
)


class ChangePanel(QWidget):
    """Say what a step did to the surface that it worked on; nothing for other steps.

    Parameters
    ----------
    session : Session
        The session.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._changes = surface_changes_of(session)
        self._step: str | None = None
        self.table = ChangeTable()
        self.message = Message()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.message)
        layout.addWidget(self.table)
        self._changes.known.connect(self._on_known)
        session.finished.connect(self._refresh)
        self.hide()

    def show_step(self, step: str | None) -> None:
        """Say what a step did; None for no step."""
        self._step = step
        self._refresh()

    def stop(self) -> None:
        """Follow the session no longer."""
        self._changes.known.disconnect(self._on_known)
        self._session.finished.disconnect(self._refresh)

    def _on_known(self, step: str) -> None:
        if step == self._step:
            self._refresh()

    def _refresh(self, _: object = None) -> None:
        step, theme = self._step, self._session.viewer.theme
        if step is None or not self._changes.changes(step):
            self.hide()
            return
        found = self._changes.of(step)
        if isinstance(found, dict):
            output = self._session.evaluated.step(step).outputs[0]
            self.table.show_lines(lines_of(found, self._session.results[output].units))
            self.message.say(_OPENED if has_opened(found) else "", "warning", theme)
        else:
            self.table.show_lines([])
            self.message.say(found or "Comparing with the surface before…", "hint", theme)
        self.show()
