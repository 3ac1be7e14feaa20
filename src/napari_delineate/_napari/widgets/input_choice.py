"""Choose what an input of a workflow stands for: a layer, or a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from napari.layers import Layer
from napari.utils.theme import get_theme
from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QPaintEvent
from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QLabel,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QVBoxLayout,
    QWidget,
)

from napari_delineate._napari.widgets.layer_choice import shrink
from napari_delineate._napari.widgets.message import Message
from napari_delineate.files import READABLE, FileError, read_value
from napari_delineate.matching import Offer, caution, in_words
from napari_delineate.steps import WorkflowInput
from napari_delineate.values import Value, fingerprint

__all__ = ["Answer", "InputChoice", "read_answer"]


@dataclass(frozen=True, eq=False)
class Answer:
    """Say what an input stands for.

    Attributes
    ----------
    what : Layer or Value
        The layer, or what a file holds.
    source : str or None
        The file that it comes from.
    offer : Offer
        How it is described when inputs are matched.
    """

    what: Layer | Value
    source: str | None
    offer: Offer


def read_answer(path: str, wanted: WorkflowInput) -> Answer:
    """Read a file for an input.

    Parameters
    ----------
    path : str
        The file.
    wanted : WorkflowInput
        The input.

    Returns
    -------
    Answer
        What the file holds, with its checksum.

    Raises
    ------
    FileError
        If it can not be read or does not fit the input.
    """
    value = read_value(path, wanted.kind, wanted.axes, wanted.spacing, wanted.units)
    shape = value.data.shape if value.kind.is_grid else ()
    offer = Offer(
        Path(path).name,
        value.kind,
        value.axes,
        shape,
        value.spacing,
        path,
        value.units,
        fingerprint(value.data),
    )
    return Answer(value, path, offer)


class _Box(QComboBox):
    """A pull-down that shortens a text that is too long in its middle."""

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802
        """Draw what is chosen, both its ends."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        field = QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, field, self)
        middle = Qt.TextElideMode.ElideMiddle
        width = room.width() - self.fontMetrics().averageCharWidth()
        option.currentText = self.fontMetrics().elidedText(option.currentText, middle, width)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)


class _Caution(QLabel):
    """A sentence to keep in mind, marked by a bar in the colour of warnings."""

    def __init__(self, theme: str) -> None:
        super().__init__()
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        bar = self.fontMetrics().averageCharWidth() // 2
        colour = get_theme(theme).warning.as_hex()
        self.setStyleSheet(f"border-left: {bar}px solid {colour}; padding-left: {bar}px;")

    def say(self, text: str) -> None:
        """Show a sentence; hide where it is empty."""
        self.setText(text)
        self.setVisible(bool(text))


class InputChoice(QWidget):
    """Choose what one input stands for.

    Parameters
    ----------
    name : str
        Name of the input.
    wanted : WorkflowInput
        The input.
    layers : sequence of Answer
        The layers that fit, topmost first.
    file : Answer or None
        What the file holds that the workflow names.
    problem : str
        Why nothing fits, or why that file can not be read.
    theme : str
        Name of napari's theme.
    """

    changed = Signal()

    def __init__(
        self,
        name: str,
        wanted: WorkflowInput,
        layers: Sequence[Answer],
        file: Answer | None,
        problem: str,
        theme: str,
    ) -> None:
        super().__init__()
        self.name = name
        self._wanted = wanted
        self._problem = problem
        self._theme = theme
        self._last = -1
        title = QLabel(name)
        font = title.font()
        font.setBold(True)
        title.setFont(font)
        words = in_words(wanted)
        kind = QLabel(words[0].upper() + words[1:])
        for label in (title, kind):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.box = _Box()
        shrink(self.box)
        self.box.setAccessibleName(f"Input {name}")
        title.setBuddy(self.box)
        self.caution = _Caution(theme)
        self.message = Message()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(self.fontMetrics().height() // 4)
        for part in (title, kind, self.box, self.caution, self.message):
            layout.addWidget(part)

        if not layers and file is None:
            self._add("(nothing chosen)", None, "No layer fits; choose a file")
        for answer in layers:
            self._add(answer.offer.name, answer, _describe(answer))
        if file is not None:
            self._add(f"Read from {file.offer.name}", file, _describe(file))
        endings = ", ".join(READABLE)
        self._add("Choose a file…", self._ask, f"Read another file ({endings})")
        self._last = self.box.currentIndex()
        self.box.currentIndexChanged.connect(self._on_choice)
        self.box.activated.connect(self._on_activated)
        self._show()

    def answer(self) -> Answer | None:
        """Return what is chosen, None if nothing is."""
        chosen = self.box.currentData()
        return chosen if isinstance(chosen, Answer) else None

    def answers(self) -> list[Answer]:
        """Return what can be chosen."""
        every = (self.box.itemData(index) for index in range(self.box.count()))
        return [one for one in every if isinstance(one, Answer)]

    def choose(self, answer: Answer) -> None:
        """Choose one of the answers."""
        for index in range(self.box.count()):
            if self.box.itemData(index) is answer:
                self.box.setCurrentIndex(index)

    def _add(self, text: str, data: Answer | Callable[[], None] | None, tooltip: str) -> None:
        self.box.addItem(text, data)
        self.box.setItemData(self.box.count() - 1, tooltip, Qt.ItemDataRole.ToolTipRole)

    def _on_choice(self) -> None:
        if not callable(self.box.currentData()):
            self._last = self.box.currentIndex()
            self._show()
            self.changed.emit()

    def _on_activated(self) -> None:
        chosen = self.box.currentData()
        if callable(chosen):
            self.box.setCurrentIndex(self._last)  # until a file is chosen
            chosen()

    def _ask(self) -> None:
        """Let a person choose a file, and choose what it holds."""
        endings = " ".join(f"*{ending}" for ending in READABLE)
        folder = str(Path(self._wanted.source).parent) if self._wanted.source else ""
        path, _ = QFileDialog.getOpenFileName(
            self, f"Choose a file for {self.name}", folder, f"Files that can be read ({endings})"
        )
        if not path:
            return
        try:
            answer = read_answer(path, self._wanted)
        except FileError as error:
            self.message.say(f"{error}.", "error", self._theme)
            return
        last = self.box.count() - 1
        self.box.insertItem(last, f"Read from {answer.offer.name}", answer)
        self.box.setItemData(last, _describe(answer), Qt.ItemDataRole.ToolTipRole)
        self.box.setCurrentIndex(last)

    def _show(self) -> None:
        """Say what the choice means."""
        answer = self.answer()
        self.box.setToolTip(
            "Choose the layer or the file that this input stands for"
            if answer is None
            else _describe(answer)
        )
        self.caution.say("" if answer is None else self._caution(answer))
        self.message.say(self._problem, "warning" if answer is None else "hint", self._theme)

    def _caution(self, answer: Answer) -> str:
        """Return what is to be kept in mind about an answer."""
        text = caution(self._wanted, answer.offer)
        known, now = self._wanted.version, answer.offer.version
        if self._is_own(answer) and known not in (None, now):
            text = f"{answer.offer.name} has changed since the workflow was made. {text}".strip()
        return text

    def _is_own(self, answer: Answer) -> bool:
        """Tell whether an answer is the file that the workflow names."""
        return answer.source is not None and answer.source == self._wanted.source


def _describe(answer: Answer) -> str:
    """Describe a layer or a file in a few lines."""
    offer = answer.offer
    lines = [offer.name]
    if offer.shape:
        axes = offer.axes or ""
        size = " × ".join(map(str, offer.shape))
        lines.append(f"{', '.join(axes)}: {size}" if len(axes) == len(offer.shape) else size)
    if offer.spacing:
        sizes = " × ".join(f"{one:g}" for one in offer.spacing)
        lines.append(f"voxel size {sizes} {offer.units}")
    if answer.source:
        lines.append(answer.source)
    return "\n".join(lines)
