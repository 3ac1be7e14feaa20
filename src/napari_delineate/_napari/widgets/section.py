"""A titled part of a dock that can be folded away."""

from __future__ import annotations

from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import QFormLayout, QToolButton, QVBoxLayout, QWidget

from napari_delineate._napari.widgets.icons import icon

__all__ = ["Section"]


class Section(QWidget):
    """Show rows of labels and fields under a title; a click on the title folds them away.

    Parameters
    ----------
    title : str
        The title.
    theme : str
        Name of napari's theme.
    is_open : bool
        Whether the rows are shown at first.
    """

    def __init__(self, title: str, theme: str, *, is_open: bool = True) -> None:
        super().__init__()
        self._theme = theme
        self.head = QToolButton()
        self.head.setText(title)
        self.head.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.head.setAutoRaise(True)
        self.head.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        font = self.head.font()
        font.setBold(True)
        self.head.setFont(font)
        size = self.head.fontMetrics().height()
        self.head.setIconSize(QSize(size, size))
        self.head.clicked.connect(lambda: self.set_open(not self.is_open()))
        self.body = QWidget()
        self.rows = QFormLayout(self.body)
        self.rows.setContentsMargins(size // 2, 0, 0, 0)
        self.rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.head, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.body)
        self._is_open = is_open
        self.set_open(is_open)

    def is_open(self) -> bool:
        """Tell whether the rows are shown."""
        return self._is_open

    def set_open(self, is_open: bool) -> None:
        """Show the rows, or fold them away."""
        self._is_open = is_open
        self.body.setVisible(is_open)
        self.head.setToolTip(f"{'Fold' if is_open else 'Unfold'} {self.head.text().lower()}")
        self.set_theme(self._theme)

    def set_theme(self, theme: str) -> None:
        """Take the colours of a theme."""
        self._theme = theme
        self.head.setIcon(icon("expanded" if self._is_open else "collapsed", theme))
