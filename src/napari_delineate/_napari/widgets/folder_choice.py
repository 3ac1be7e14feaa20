"""Choose a folder: type it, drop it, or look for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget

__all__ = ["FolderChoice"]


class FolderChoice(QWidget):
    """Show the path of a folder and a button that looks for one.

    Parameters
    ----------
    title : str
        What the folder is for.
    """

    changed = Signal()

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self.edit = QLineEdit()
        self.edit.setAccessibleName(title)
        self.edit.setPlaceholderText("type or drop a folder")
        self.edit.textChanged.connect(self.changed)
        self.button = QPushButton("…")
        self.button.setToolTip(f"Look for the folder: {title}")
        self.button.setMaximumWidth(self.button.fontMetrics().averageCharWidth() * 6)
        self.button.clicked.connect(self.ask)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.edit, 1)
        row.addWidget(self.button)
        self.edit.setAcceptDrops(False)  # it would take the address instead of the path
        self.setAcceptDrops(True)

    def folder(self) -> Path | None:
        """Return the folder, None where none is chosen."""
        text = self.edit.text().strip()
        return Path(text).expanduser() if text else None

    def set_folder(self, folder: Path) -> None:
        """Choose a folder."""
        self.edit.setText(str(folder))

    def ask(self) -> None:
        """Ask for a folder."""
        before = self.folder() or Path.home()
        chosen = QFileDialog.getExistingDirectory(self, self._title, str(before))
        if chosen:
            self.set_folder(Path(chosen))

    def dragEnterEvent(self, event: Any) -> None:  # noqa: N802
        """Take one file or folder."""
        if len(event.mimeData().urls()) == 1:
            event.acceptProposedAction()

    def dropEvent(self, event: Any) -> None:  # noqa: N802
        """Choose the folder dropped."""
        self.set_folder(Path(event.mimeData().urls()[0].toLocalFile()))
