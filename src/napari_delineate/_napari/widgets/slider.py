"""Drag a number: a slider that belongs to a spin box."""

from __future__ import annotations

import math

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtWidgets import QDoubleSpinBox, QSlider, QSpinBox

from napari_delineate.types import Range

__all__ = ["NumberSlider"]

_STEPS = 200
"""Places that a slider has where the number is no integer."""
_REACH = 4
"""How many times the default a slider reaches where the range has no end."""
_MOST_STEPS = 10_000
"""Places that a slider has at most, however many integers there are."""


class NumberSlider(QSlider):
    """Drag the number of a spin box.

    Where the range has no end, the slider reaches some times the default, and as far as
    is needed for a larger number that is typed.

    Parameters
    ----------
    box : QSpinBox or QDoubleSpinBox
        Holds the number.
    allowed : Range
        The range of the number.
    default : float
        The default.
    """

    def __init__(self, box: QSpinBox | QDoubleSpinBox, allowed: Range, default: float) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._box = box
        self._whole = isinstance(box, QSpinBox)
        self._allowed = allowed
        self._reach = _REACH * max(abs(default), 1.0)
        # The spin box beside it is what the keyboard reaches, and screen readers tell.
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setToolTip("Drag to change the number")
        self._low = self._high = 0.0
        self.follow()
        self.valueChanged.connect(self._on_dragged)
        box.valueChanged.connect(lambda _: self.follow())

    def follow(self) -> None:
        """Show the number of the spin box."""
        number = float(self._box.value())
        if not self.isSliderDown():  # the ends stay where they are under the mouse
            low, high = self._allowed.minimum, self._allowed.maximum
            self._low = low if math.isfinite(low) else min(-self._reach, 2 * number)
            self._high = high if math.isfinite(high) else max(self._reach, 2 * number)
        span = self._high - self._low
        steps = max(min(round(span), _MOST_STEPS) if self._whole else _STEPS, 1)
        with QSignalBlocker(self):
            self.setRange(0, steps)
            self.setValue(round(steps * (number - self._low) / (span or 1.0)))

    def _on_dragged(self, place: int) -> None:
        step = (self._high - self._low) / self.maximum()
        number = self._low + step * place
        # As many digits as tell two places apart: more would only look exact.
        digits = 0 if self._whole or not step else max(math.ceil(-math.log10(step)), 0)
        self._box.setValue(round(number) if self._whole else round(number, digits))
