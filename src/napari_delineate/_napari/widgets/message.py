"""A sentence in its place: a hint, a result or an error."""

from __future__ import annotations

from typing import Literal

from napari.utils.theme import get_theme
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QLabel, QSizePolicy, QWidget

from napari_delineate._napari.widgets.step_look import ink_on

__all__ = ["Message"]


class Message(QLabel):
    """Show a sentence, coloured by what it means, or nothing at all."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tone: Literal["hint", "warning", "error"] = "hint"
        """What the sentence means."""
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.hide()

    def say(
        self, text: str, tone: Literal["hint", "warning", "error"] = "hint", theme: str = "dark"
    ) -> None:
        """Show a sentence.

        Parameters
        ----------
        text : str
            The sentence; empty to show nothing.
        tone : {"hint", "warning", "error"}
            What it means.
        theme : str
            Name of napari's theme.
        """
        self.tone = tone
        colours = get_theme(theme)
        fill = {
            "hint": "transparent",
            "warning": colours.warning.as_hex(),
            "error": colours.error.as_hex(),
        }[tone]
        ink = colours.text.as_hex()
        if tone != "hint":
            ink = ink_on(QColor(fill), QColor(ink)).name()
        self.setStyleSheet(f"background: {fill}; color: {ink}; padding: 4px; border-radius: 3px;")
        self.setText(text)
        self.setVisible(bool(text))

    def set_theme(self, theme: str) -> None:
        """Take the colours of a theme."""
        self.say(self.text(), self.tone, theme)
