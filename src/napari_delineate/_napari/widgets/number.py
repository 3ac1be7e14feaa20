"""Edit a number, written as people write it, whatever the language of the system is."""

from __future__ import annotations

import re
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QValidator
from qtpy.QtWidgets import QDoubleSpinBox

__all__ = ["NumberEdit"]

_BEGUN = re.compile(r"[+-]?\d*\.?\d*(e[+-]?\d*)?", re.ASCII | re.IGNORECASE)


def _read(text: str) -> float | None:
    """Return the number that a text is, or None while it is not a number yet."""
    try:
        return float(text)
    except ValueError:
        return None


class NumberEdit(QDoubleSpinBox):
    """A number that shows as few digits as it has.

    A point and a comma both begin the decimals, and 1e-3 is a number too: Qt would take one of
    the signs as a separator of thousands, depending on the language, and make 15 of 1.5. A number
    out of range becomes the nearest one in it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setDecimals(9)
        self.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
        self.setKeyboardTracking(False)

    def validate(self, text: str | None, position: int) -> tuple[QValidator.State, str, int]:
        """Say whether a text is a number, or may become one."""
        text = (text or "").replace(",", ".")
        stripped = text.strip()
        if not _BEGUN.fullmatch(stripped):
            return QValidator.State.Invalid, text, position
        if _read(stripped) is None:
            return QValidator.State.Intermediate, text, position
        return QValidator.State.Acceptable, text, position

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802
        """Take back with Escape what is being typed; where nothing is, others may use the key."""
        shown = self.textFromValue(self.value())
        if event.key() == Qt.Key.Key_Escape and self.text() != shown:
            self.lineEdit().setText(shown)
            self.selectAll()
        else:
            super().keyPressEvent(event)

    def valueFromText(self, text: str | None) -> float:  # noqa: N802
        number = _read((text or "").replace(",", "."))
        if number is None:
            return self.value()
        return min(max(number, self.minimum()), self.maximum())

    def textFromValue(self, value: float) -> str:  # noqa: N802
        return f"{value:.9g}"
