"""Say that a surface is too large to be shown without asking, and offer to simplify it."""

from __future__ import annotations

from qtpy.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_delineate import rewiring
from napari_delineate._napari.preferences import MOST_TRIANGLES, preference
from napari_delineate._napari.session import Session
from napari_delineate._napari.widgets import Message

__all__ = ["SizeNotice"]

SIMPLIFY = "surfaces.simplify"


class SizeNotice(QWidget):
    """Offer to simplify a surface that is too large to be shown without asking.

    Parameters
    ----------
    session : Session
        The session.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.message = Message()
        self.simplify_button = QPushButton("Simplify")
        self.simplify_button.setToolTip("Add a step that reduces the triangles")
        self.simplify_button.clicked.connect(self.simplify)
        self.show_button = QPushButton("Show anyway")
        self.show_button.setToolTip("Show all triangles; the window may become slow")
        self.show_button.clicked.connect(self.show_anyway)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.simplify_button)
        buttons.addWidget(self.show_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.message)
        layout.addLayout(buttons)
        session.size_guard.changed.connect(self.refresh)
        session.changed.connect(self.refresh)
        session.finished.connect(self.refresh)
        self.refresh()

    def refresh(self, _: object = None) -> None:
        """Say which surface waits."""
        name = self._first()
        if name is not None:
            most = preference(MOST_TRIANGLES)
            count = self._session.size_guard.waiting[name]
            self.message.say(
                f"{name} has {count:,} triangles, more than {most:,}, and is hidden: showing it "
                "may make the window slow.",
                "warning",
                self._session.viewer.theme,
            )
            self.simplify_button.setToolTip(f"Add a step that reduces it to {most:,} triangles")
        self.setVisible(name is not None)

    def simplify(self) -> None:
        """Record a step that makes the surface small enough, before what uses it."""
        name, session = self._first(), self._session
        if name is None:
            return
        known = {step.name for step in session.workflow.steps}
        workflow = rewiring.insert(session.workflow, SIMPLIFY, name)
        step = next(one.name for one in workflow.steps if one.name not in known)
        most = preference(MOST_TRIANGLES)
        parameters = {"until": "number of faces", "number_of_faces": most}
        session.apply(workflow.change(step, parameters=parameters))

    def show_anyway(self) -> None:
        """Show the surface as it is."""
        name = self._first()
        if name is not None:
            self._session.size_guard.allow(name)
            layer = self._session.layer(name)
            if layer is not None:
                layer.visible = True

    def set_theme(self, _: str) -> None:
        """Take the colours of the theme."""
        self.refresh()

    def stop(self) -> None:
        """Follow the session no longer."""
        self._session.size_guard.changed.disconnect(self.refresh)
        self._session.changed.disconnect(self.refresh)
        self._session.finished.disconnect(self.refresh)

    def _first(self) -> str | None:
        session = self._session
        for name in session.size_guard.waiting:
            layer = session.layer(name) if name in session.workflow.values else None
            is_used = any(
                name in step.sources and step.operation == SIMPLIFY
                for step in session.workflow.steps
            )
            if layer is not None and not layer.visible and not is_used:
                return name
        return None
