"""Measure the rows of the list of steps: where each part is, and what is at a position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from qtpy.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from qtpy.QtGui import QFont, QFontInfo, QFontMetrics, QTextLayout, QTextOption

from napari_delineate._napari.widgets.step_rows import StepRow

__all__ = ["Part", "Places", "StepRuler"]

_MOST_LINES = 3
_ANYWHERE = QTextOption()
_ANYWHERE.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)


class Part(Enum):
    """Name what can be pointed at in a row."""

    NAME = auto()
    MARK = auto()
    EYE = auto()
    MORE = auto()


@dataclass(frozen=True)
class Places:
    """Say where the parts of a row are."""

    lanes: tuple[int, ...]
    dot: QPointF
    radius: float
    icon: QRect
    title: QRect
    detail: QRect
    mark: QRect
    eye: QRect
    more: QRect
    bar: QRectF
    message: QRect


class StepRuler:
    """Measure rows that are drawn with a font.

    Parameters
    ----------
    font : QFont
        The font of the list.
    lanes : int
        How many lanes there are.
    """

    def __init__(self, font: QFont, lanes: int) -> None:
        self.title_font, self.small_font = QFont(font), QFont(font)
        self.title_font.setWeight(QFont.Weight.DemiBold)
        self.small_font.setPointSizeF(QFontInfo(font).pointSizeF() * 0.92)
        self.title = QFontMetrics(self.title_font)
        self.small = QFontMetrics(self.small_font)
        self._gap = self.title.height() // 3
        self._lanes = max(lanes, 1)

    def height(self, row: StepRow, width: int) -> int:
        """Return the height of a row: two lines, and up to three more for an error."""
        height = self.title.height() + self.small.height() + 2 * self._gap
        if row.message:
            room = self.places(row, QRect(0, 0, width, height)).message.width()
            height += len(self.wrapped(row.message, room)) * self.small.height() + self._gap // 2
        return height

    def places(self, row: StepRow, rect: QRect) -> Places:
        """Return where the parts of a row are.

        Parameters
        ----------
        row : StepRow
            The row.
        rect : QRect
            Its place.

        Returns
        -------
        Places
            The places, none of which moves when the state changes.
        """
        title, small, gap = self.title.height(), self.small.height(), self._gap
        block = title + small
        top, middle = rect.top() + gap, rect.top() + gap + block // 2
        # Many lanes stand closer, so that text keeps most of the width.
        pitch = min(0.85 * title, 0.25 * rect.width() / self._lanes)
        left = rect.left() + gap
        lanes = tuple(round(left + (lane + 0.5) * pitch) for lane in range(self._lanes))

        def square(x: int, side: int) -> QRect:
            return QRect(x, middle - side // 2, side, side)

        side = round(1.15 * title)
        icon = square(round(left + self._lanes * pitch) + gap // 2, side)
        more = square(rect.right() - gap // 2 - side + 1, side)
        eye = square(more.left() - side - gap // 2, side)
        mark = square(eye.left() - side - gap // 2, side)
        text = icon.right() + gap + 1
        width = max(mark.left() - gap - text, 1)
        bar = QRectF(text, top + block + 1, width, max(gap - 3, 2))
        below = rect.bottom() - top - block - gap + 1
        return Places(
            lanes,
            QPointF(lanes[row.lane], middle),
            0.3 * pitch,
            icon,
            QRect(text, top, width, title),
            QRect(text, top + title, width, small),
            mark,
            eye,
            more,
            bar,
            QRect(text, top + block + gap // 2, rect.right() - gap - text, below),
        )

    def part_at(self, row: StepRow, rect: QRect, position: QPoint) -> Part | None:
        """Return what is at a position in a row."""
        places = self.places(row, rect)
        if places.more.contains(position):
            return Part.MORE
        if places.eye.contains(position) and row.has_layer:
            return Part.EYE
        if places.mark.contains(position):
            return Part.MARK
        return None if self.name_at(row, rect, position) is None else Part.NAME

    def name_at(self, row: StepRow, rect: QRect, position: QPoint) -> int | None:
        """Return the number of the name at a position, None where there is none."""
        places = self.places(row, rect)
        if row.is_input:
            width = min(self.title.horizontalAdvance(row.title), places.title.width())
            name = QRect(places.title.topLeft(), QSize(width, places.title.height()))
            return 0 if name.contains(position) else None
        if not places.detail.contains(position):
            return None
        for number in range(len(row.names)):
            start = self.small.horizontalAdvance(
                "".join(f"{name}, " for name in row.names[:number])
            )
            end = start + self.small.horizontalAdvance(row.names[number])
            if start <= position.x() - places.detail.left() < end:
                return number
        return None

    def wrapped(self, text: str, width: int) -> Sequence[str]:
        """Break a text into the few lines that a row has room for; the last one is cut."""
        layout = QTextLayout(" ".join(text.split()), self.small_font)
        layout.setTextOption(_ANYWHERE)
        # Qt counts in halves of characters: emoji in a message have two.
        halves = layout.text().encode("utf-16-le", "replace")
        layout.beginLayout()
        lines: list[str] = []
        while (line := layout.createLine()).isValid():
            line.setLineWidth(width)
            start = 2 * line.textStart()
            if len(lines) == _MOST_LINES - 1:
                rest = halves[start:].decode("utf-16-le", "replace")
                lines.append(self.small.elidedText(rest, Qt.TextElideMode.ElideRight, width))
                break
            end = start + 2 * line.textLength()
            lines.append(halves[start:end].decode("utf-16-le", "replace").rstrip())
        layout.endLayout()
        return lines
