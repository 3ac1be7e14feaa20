"""Pictures in a grid, each with a title and what is known of it; one of them is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from numpy.typing import NDArray
from qtpy.QtCore import QEvent, QRect, QSize, Qt, QTimer, Signal
from qtpy.QtGui import QPainter
from qtpy.QtWidgets import QGridLayout, QSizePolicy, QWidget

from napari_delineate._napari.widgets.card import Card, CardButton, State
from napari_delineate._napari.widgets.grid import ButtonGrid
from napari_delineate._napari.widgets.step_look import StepLook

__all__ = ["Card", "State", "Thumbnails"]

_NARROWEST = 22
"""Width of a card in widths of a character: two of them fit into 320 pixels."""
_SAME_ASPECT = 0.2
_BUSY_INTERVAL = 60


class Thumbnails(QWidget):
    """Show cards of one size in columns, or in a table with heads.

    Cards keep their place and size while they are filled. Arrow keys move between them;
    Enter or a click chooses one, unless it has failed.

    Parameters
    ----------
    theme : str
        Name of napari's theme.
    """

    chosen = Signal(int)
    """Number of a card."""

    def __init__(self, theme: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = StepLook(theme)
        self._aspect = 1.0
        self._columns = 0
        self.cards: list[CardButton] = []
        self._grid = ButtonGrid()
        self._top, self._side = _Heads(Qt.Orientation.Horizontal), _Heads(Qt.Orientation.Vertical)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._top, 0, 1)
        layout.addWidget(self._side, 1, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._grid, 1, 1)
        layout.setRowStretch(2, 1)
        layout.setColumnStretch(1, 1)
        self._busy = QTimer(self, interval=_BUSY_INTERVAL)
        self._busy.timeout.connect(self._advance)
        self.set_theme(theme)

    def set_cards(
        self, cards: Sequence[Card], rows: Sequence[str] = (), columns: Sequence[str] = ()
    ) -> None:
        """Show some cards, all of them waiting; cards of the same titles stay as they are.

        Parameters
        ----------
        cards : sequence of Card
            The cards; of a table row by row.
        rows, columns : sequence of str
            The heads of a table; none for cards in as many columns as there is room for.
        """
        same = [one.card.title for one in self.cards] == [one.title for one in cards]
        heads = (tuple(rows), tuple(columns)) == (self._side.texts, self._top.texts)
        if same and heads:
            for button, card in zip(self.cards, cards, strict=True):
                button.set_card(card)
            return
        self._grid.set_buttons(())
        for button in self.cards:
            button.deleteLater()
        self.cards = []
        for index, card in enumerate(cards):
            button = CardButton(card, self._look, self._grid)
            button.clicked.connect(partial(self._on_click, index))
            self.cards.append(button)
        self._columns = len(columns)
        self._top.set_texts(columns, self._look)
        self._side.set_texts(rows, self._look)
        self._grid.set_buttons(self.cards)
        self._busy.stop()
        self._lay_out()

    def set_present(self, index: int | None) -> None:
        """Mark the card that is in use now.

        Parameters
        ----------
        index : int or None
            Its number; None if none is.
        """
        for number, button in enumerate(self.cards):
            button.set_present(number == index)

    def wait(self, index: int) -> None:
        """Say that a card is not begun; its picture fades.

        Parameters
        ----------
        index : int
            Number of the card.
        """
        self.cards[index].set_state(State.WAITING)

    def begin(self, index: int) -> None:
        """Say that what a card shows is being computed.

        Parameters
        ----------
        index : int
            Number of the card.
        """
        self.cards[index].set_state(State.COMPUTING)
        self._busy.start()

    def fill(self, index: int, picture: NDArray[Any] | None, text: str, seconds: float) -> None:
        """Show what a card stands for.

        Parameters
        ----------
        index : int
            Number of the card.
        picture : (N, M, 3) ndarray of uint8 or None
            The picture; without one, the text stands in its place.
        text : str
            What is in it, for instance "42 objects".
        seconds : float
            The time it took.
        """
        self.cards[index].fill(picture, text, seconds)

    def fail(self, index: int, sentence: str) -> None:
        """Say in the place of a picture why there is none.

        Parameters
        ----------
        index : int
            Number of the card.
        sentence : str
            The reason.
        """
        self.cards[index].fail(sentence)

    def set_aspect(self, aspect: float) -> None:
        """Say how high pictures are for their width, before they are there.

        Parameters
        ----------
        aspect : float
            Height for a width of 1; very high and very flat pictures get margins. Cards
            stay as they are where it differs little, as it does while a view is moved.
        """
        aspect = min(max(aspect, 0.5), 1.25)
        if abs(aspect - self._aspect) > _SAME_ASPECT:
            self._aspect = aspect
            self._lay_out()

    def picture_size(self) -> int:
        """Return how many pixels of the screen the longer side of a picture has."""
        box = CardButton.picture_box(self._grid.cell_width(), self._aspect, self.fontMetrics())
        return round(max(box.width(), box.height()) * self.devicePixelRatioF())

    def set_theme(self, theme: str) -> None:
        """Take the colours of a theme.

        Parameters
        ----------
        theme : str
            Name of napari's theme.
        """
        self._look = StepLook(theme)
        for button in self.cards:
            button.set_look(self._look)
        self._top.set_texts(self._top.texts, self._look)
        self._side.set_texts(self._side.texts, self._look)

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._lay_out()

    def changeEvent(self, event: Any) -> None:  # noqa: N802
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._lay_out()

    def _lay_out(self) -> None:
        """Give all cards one size, from the room there is and the words they show."""
        metrics = self.cards[0].fontMetrics() if self.cards else self.fontMetrics()
        gap = metrics.height() // 3
        narrowest, most = metrics.averageCharWidth() * _NARROWEST, max(len(self.cards), 2)
        side = self._side.needed_width() if self._columns else 0
        self._side.setFixedWidth(side)
        if self._columns:
            most = self._columns
            room = self.width() - side - gap * (most - 1)
            narrowest = max(room // most, metrics.averageCharWidth() * 5)
        # The room is known before Qt hands it on to the grid.
        self._grid.resize(self.width() - side, self._grid.height())
        self._grid.set_cell(narrowest, 1, gap, most)
        width = self._grid.cell_width()
        lines = 0
        if not self._columns:
            lines = max((len(one.lines(width)) for one in self.cards), default=1)
        for one in self.cards:
            one.set_shape(self._aspect, lines)
        box = CardButton.picture_box(width, self._aspect, metrics)
        below = metrics.height() * (lines + 1)
        height = box.bottom() + 1 + metrics.height() // 2 + below + metrics.height() // 3
        self._grid.set_cell(narrowest, height, gap, most)
        self._top.set_cells(width, gap)
        self._side.set_cells(height, gap)

    def _on_click(self, index: int, _: bool = False) -> None:
        if self.cards[index].state is not State.FAILED:
            self.chosen.emit(index)

    def _advance(self) -> None:
        busy = [one for one in self.cards if one.state is State.COMPUTING]
        for button in busy:
            button.advance()
        if not busy:
            self._busy.stop()


class _Heads(QWidget):
    """Show the heads of columns or rows, each in the middle of its cell.

    Parameters
    ----------
    orientation : Qt.Orientation
        Horizontal for the heads of columns.
    """

    def __init__(self, orientation: Qt.Orientation) -> None:
        super().__init__()
        self.texts: tuple[str, ...] = ()
        self._look: StepLook | None = None
        self._is_top = orientation == Qt.Orientation.Horizontal
        self._cell, self._gap = 1, 0
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        if self._is_top:
            self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_texts(self, texts: Sequence[str], look: StepLook) -> None:
        self.texts, self._look = tuple(texts), look
        self.setVisible(bool(texts))
        self.setToolTip("\n".join(texts))
        self.setAccessibleName(", ".join(texts))
        self.update()

    def set_cells(self, length: int, gap: int) -> None:
        self._cell, self._gap = length, gap
        if self._is_top:
            self.setFixedHeight(round(self.fontMetrics().height() * 1.3))
        else:
            self.setFixedHeight(max(len(self.texts) * (length + gap) - gap, 0))
        self.update()

    def needed_width(self) -> int:
        metrics = self.fontMetrics()
        widest = max(map(metrics.horizontalAdvance, self.texts), default=0)
        return min(widest + metrics.height() // 2, metrics.averageCharWidth() * 12)

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(self.needed_width(), self.height())

    def paintEvent(self, event: Any) -> None:  # noqa: ARG002, N802
        if self._look is None:
            return
        painter = QPainter(self)
        painter.setPen(self._look.dim(self._look.background))
        metrics = self.fontMetrics()
        for index, text in enumerate(self.texts):
            start = index * (self._cell + self._gap)
            place = QRect(start, 0, self._cell, self.height())
            if not self._is_top:
                place = QRect(0, start, self.width() - metrics.height() // 3, self._cell)
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, place.width())
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, shown)
