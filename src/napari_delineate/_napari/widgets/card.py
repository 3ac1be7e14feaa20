"""A card of a grid of pictures: a picture, a title, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from numpy.typing import NDArray
from qtpy.QtCore import QPointF, QRect, QRectF, Qt
from qtpy.QtGui import QFontMetrics, QImage, QPainter, QPainterPath, QPixmap
from qtpy.QtWidgets import QWidget

from napari_delineate._napari.widgets.grid import GridButton
from napari_delineate._napari.widgets.step_look import StepLook, pen

__all__ = ["Card", "CardButton", "State"]

_MOST_LINES = 2
_OLD = 0.3
"""How strongly a picture is shown that is not right any more."""
_BUSY_STEPS = 24


class State(Enum):
    """Say how far what a card shows is."""

    WAITING = "waiting"
    COMPUTING = "computing"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Card:
    """Describe a card.

    Attributes
    ----------
    title : str
        What it is called; what is in the heads of the grid need not be said again.
    detail : str
        More about it, for the tooltip.
    """

    title: str
    detail: str = ""


class CardButton(GridButton):
    """Show a card: a picture above a title and what is known of it.

    Parameters
    ----------
    card : Card
        The card.
    look : StepLook
        The colours.
    """

    def __init__(self, card: Card, look: StepLook, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.card = card
        self.state = State.WAITING
        self.is_present = False
        self.picture: QPixmap | None = None
        self.text, self.time = "", ""
        self._look = look
        self._aspect, self._lines = 1.0, 1
        self._phase = 0
        self.hide()
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._describe()

    @staticmethod
    def picture_box(width: int, aspect: float, metrics: QFontMetrics) -> QRect:
        """Return where the picture of a card of some width lies."""
        margin = metrics.height() // 3
        inside = max(width - 2 * margin, 1)
        return QRect(margin, margin, inside, max(round(inside * aspect), 1))

    def set_card(self, card: Card) -> None:
        """Show another card with the same title."""
        self.card = card
        self._describe()

    def set_look(self, look: StepLook) -> None:
        """Take other colours."""
        self._look = look
        self.update()

    def set_shape(self, aspect: float, lines: int) -> None:
        """Say how high the picture is for its width, and how many lines the title has."""
        self._aspect, self._lines = aspect, lines
        self.update()

    def set_present(self, is_present: bool) -> None:
        """Say whether the card is the one in use."""
        if is_present != self.is_present:
            self.is_present = is_present
            self._describe()

    def set_state(self, state: State) -> None:
        """Say how far it is; what is shown stays, faded."""
        self.state = state
        self._describe()

    def fill(self, picture: NDArray[Any] | None, text: str, seconds: float) -> None:
        """Show a picture and what is in it."""
        self.picture = None if picture is None else _pixmap(picture)
        self.text, self.time = text, _time(seconds)
        self.set_state(State.DONE)

    def fail(self, sentence: str) -> None:
        """Show why there is no picture."""
        self.picture, self.text, self.time = None, sentence, ""
        self.set_state(State.FAILED)

    def advance(self) -> None:
        """Move what shows that it is busy."""
        self._phase = (self._phase + 1) % _BUSY_STEPS
        self.update()

    def lines(self, width: int) -> list[str]:
        """Return the title in lines for a card of some width."""
        metrics = self.fontMetrics()
        return _wrap(self.card.title, metrics, width - metrics.height(), _MOST_LINES)

    def _describe(self) -> None:
        """Say all of it to those who hover, and to those who can not see it."""
        known = {
            State.WAITING: "Not computed yet",
            State.COMPUTING: "Computing…",
            State.DONE: " · ".join(one for one in (self.text, self.time) if one),
            State.FAILED: self.text,
        }[self.state]
        use = "In use" if self.is_present else "Click to use it"
        said = [self.card.title, self.card.detail, known]
        said += [] if self.state is State.FAILED else [use]
        self.setToolTip("\n".join(dict.fromkeys(one for one in said if one)))
        self.setAccessibleName(f"{self.card.title}, in use" if self.is_present else self.card.title)
        self.setAccessibleDescription(f"{self.card.detail}. {known}" if self.card.detail else known)
        self.update()

    def paintEvent(self, event: Any) -> None:  # noqa: ARG002, N802
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        look, metrics = self._look, self.fontMetrics()
        line = metrics.height()
        ground = look.ground(is_selected=False, is_hovered=True)
        if self.isDown():
            ground = look.ground(is_selected=True, is_hovered=False)
        box = self.picture_box(self.width(), self._aspect, metrics)
        self._draw_frame(painter, line, ground)
        self._draw_picture(painter, box, line)
        place = QRect(line // 2, box.bottom() + 1 + line // 2, self.width() - line, line)
        painter.setPen(look.text)
        for text in self.lines(self.width()) if self._lines else ():
            painter.drawText(place, Qt.AlignmentFlag.AlignLeft, text)
            place.translate(0, line)
        place.moveTop(self.height() - line // 3 - line)
        painter.setPen(look.dim(ground))
        if self.state is State.FAILED:
            painter.setPen(look.error(ground))
        painter.drawText(place, Qt.AlignmentFlag.AlignLeft, self._caption(place.width()))

    def _caption(self, width: int) -> str:
        """Return as much of what is known as there is room for."""
        if self.state is State.FAILED:
            return "Failed"
        if self.state is State.COMPUTING:
            return "Computing…"
        if self.state is State.WAITING:
            return "Waiting"
        metrics = self.fontMetrics()
        in_picture = self.picture is None
        parts = [one for one in ("" if in_picture else self.text, self.time) if one]
        both = " · ".join(parts)
        if metrics.horizontalAdvance(both) <= width or not parts:
            return both
        return metrics.elidedText(parts[0], Qt.TextElideMode.ElideRight, width)

    def _draw_frame(self, painter: QPainter, line: int, ground: Any) -> None:
        width = max(line / 8, 1.0)
        frame = QRectF(self.rect()).adjusted(width / 2, width / 2, -width / 2, -width / 2)
        radius = line / 4
        hovered = self.underMouse() and self.state is not State.FAILED
        border = self._look.selected if hovered else ground
        if self.is_present:
            border = self._look.accent(ground)
        if self.hasFocus():
            border = self._look.text
        painter.setBrush(ground)
        painter.setPen(pen(border, width))
        painter.drawRoundedRect(frame, radius, radius)

    def _draw_picture(self, painter: QPainter, box: QRect, line: int) -> None:
        look = self._look
        painter.save()
        path = QPainterPath()
        path.addRoundedRect(QRectF(box), line / 6, line / 6)
        painter.setClipPath(path)
        painter.fillRect(box, look.background)
        if self.picture is not None:
            if self.state in (State.WAITING, State.COMPUTING):
                painter.setOpacity(_OLD)
            size = self.picture.size().scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio)
            place = QRect(box.topLeft(), size)
            place.moveCenter(box.center())
            painter.drawPixmap(place, self.picture)
            painter.setOpacity(1.0)
        elif self.state in (State.DONE, State.FAILED):
            inside = box.adjusted(line // 3, line // 3, -line // 3, -line // 3)
            ink = look.error(look.background) if self.state is State.FAILED else look.text
            painter.setPen(ink)
            most = max(inside.height() // self.fontMetrics().lineSpacing(), 1)
            lines = _wrap(self.text, self.fontMetrics(), inside.width(), most)
            painter.drawText(inside, Qt.AlignmentFlag.AlignCenter, "\n".join(lines))
        if self.state is State.COMPUTING:
            track = QRect(box.left(), box.bottom() + 1 - line // 5, box.width(), line // 5)
            painter.fillRect(track, look.track(look.background))
            done = self._phase / _BUSY_STEPS
            part = QRectF(track)
            part.setWidth(track.width() / 3)
            part.moveLeft(track.left() + (track.width() * 4 / 3) * done - track.width() / 3)
            painter.fillRect(part, look.accent(look.background))
        painter.restore()
        if self.is_present:
            self._draw_tick(painter, box, line)

    def _draw_tick(self, painter: QPainter, box: QRect, line: int) -> None:
        """Mark in a corner of the picture that this is what is in use."""
        side, gap = line * 1.2, line / 5
        place = QRectF(box.right() + 1 - side - gap, box.top() + gap, side, side)
        accent = self._look.accent(self._look.background)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(accent)
        painter.drawEllipse(place)
        painter.setPen(pen(self._look.background, line / 8))
        corners = ((0.28, 0.52), (0.44, 0.68), (0.72, 0.34))
        painter.drawPolyline(
            [QPointF(place.x() + x * side, place.y() + y * side) for x, y in corners]
        )


def _pixmap(picture: NDArray[Any]) -> QPixmap:
    height, width, _ = picture.shape
    image = QImage(picture.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
    return QPixmap.fromImage(image.copy())


def _time(seconds: float) -> str:
    if seconds < 0.01:
        return "< 0.01 s"
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.0f} s"


def _wrap(text: str, metrics: QFontMetrics, width: int, most: int) -> list[str]:
    """Break a text between words into lines, the last one cut where it is too long."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and (metrics.horizontalAdvance(longer) <= width or len(lines) == most):
            lines[-1] = longer
        else:
            lines.append(word)
    return [metrics.elidedText(line, Qt.TextElideMode.ElideRight, width) for line in lines]
