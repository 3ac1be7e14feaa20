"""What a person should know before going on: changed inputs, and surfaces held back."""

from __future__ import annotations

from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_delineate._napari.input_notice import InputNotice
from napari_delineate._napari.session import Session
from napari_delineate._napari.size_notice import SizeNotice

__all__ = ["Notices"]


class Notices(QWidget):
    """Show the notices of a session below each other; nothing where there is none.

    Parameters
    ----------
    session : Session
        The session.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.inputs = InputNotice(session)
        self.sizes = SizeNotice(session)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for notice in (self.inputs, self.sizes):
            layout.addWidget(notice)

    def set_theme(self, theme: str) -> None:
        """Take the colours of a theme."""
        self.inputs.set_theme(theme)
        self.sizes.set_theme(theme)

    def stop(self) -> None:
        """Follow the session no longer."""
        self.inputs.stop()
        self.sizes.stop()
