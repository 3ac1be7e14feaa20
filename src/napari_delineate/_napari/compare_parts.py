"""The parts of the Compare dock: which scores, worst objects, variants, advice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QTableWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_delineate._napari.widgets import icon, shrink
from napari_delineate._napari.widgets.score_table import fit_rows, plain_item
from napari_delineate.comparison import (
    ARROWS,
    ScoreId,
    number_in_words,
    offered_scores,
    scoring_of,
    title_of,
)
from napari_delineate.comparison_variants import Variant, ranked
from napari_delineate.recommendation import QUESTIONS, Recommendation, recommend
from napari_delineate.workflow import Workflow

__all__ = ["AdvicePart", "Place", "ScoreChoice", "VariantsPart", "WorstPart", "legend"]

_MOST_OBJECTS = 500
_ROWS = 7


class ScoreChoice(QWidget):
    """Tick the scores that the table shows."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search for a score")
        self.search.setAccessibleName("Search for a score")
        self.search.setToolTip("Show only scores whose name or operation has this in it")
        self.search.setClearButtonEnabled(True)
        self.list = QListWidget()
        self.list.setAccessibleName("Scores")
        self.list.setToolTip("Tick the scores that the table shows")
        self.list.setFixedHeight(self.list.fontMetrics().height() * 12)
        every = tuple(offered_scores())
        for score, operation in offered_scores().items():
            title = title_of(score, every)
            item = QListWidgetItem(f"{title} {ARROWS[scoring_of(score).better]}".strip(), self.list)
            item.setData(Qt.ItemDataRole.UserRole, score)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Unchecked)
            item.setToolTip(f"{operation.title}: {operation.summary}\n{scoring_of(score)}")
        self.search.textChanged.connect(self._on_search)
        self.list.itemChanged.connect(lambda _: self.changed.emit())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.search)
        layout.addWidget(self.list)

    def scores(self) -> tuple[ScoreId, ...]:
        """Return the scores ticked, in the order of the menu."""
        items = (self.list.item(row) for row in range(self.list.count()))
        return tuple(
            ScoreId(*one.data(Qt.ItemDataRole.UserRole))
            for one in items
            if one is not None and one.checkState() == Qt.CheckState.Checked
        )

    def choose(self, scores: Sequence[ScoreId]) -> None:
        """Tick these scores and no others."""
        self.list.blockSignals(True)
        for row in range(self.list.count()):
            item = self.list.item(row)
            assert item is not None
            is_ticked = ScoreId(*item.data(Qt.ItemDataRole.UserRole)) in scores
            item.setCheckState(Qt.CheckState.Checked if is_ticked else Qt.CheckState.Unchecked)
        self.list.blockSignals(False)
        self.list.viewport().update()
        self.changed.emit()

    def _on_search(self, text: str) -> None:
        for row in range(self.list.count()):
            item = self.list.item(row)
            assert item is not None
            said = f"{item.text()} {item.toolTip()}".lower()
            item.setHidden(not all(word in said for word in text.lower().split()))


class AdvicePart(QWidget):
    """Ask three questions, and say which scores answer them, and why."""

    taken = Signal(object)
    """The `Recommendation` that a person takes."""

    def __init__(self) -> None:
        super().__init__()
        rows = QFormLayout()
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        self.answers: list[QComboBox] = []
        for question, texts in QUESTIONS:
            box = QComboBox()
            shrink(box)
            for name, text in texts.items():
                box.addItem(text, name)
            box.setAccessibleName(question)
            box.setToolTip(question)
            box.currentIndexChanged.connect(self._refresh)
            self.answers.append(box)
            rows.addRow(question, box)
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.button = QPushButton("Use these scores")
        self.button.setToolTip("Show the recommended scores in the table, and no others")
        self.button.clicked.connect(lambda: self.taken.emit(self.recommendation()))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(rows)
        layout.addWidget(self.said)
        layout.addWidget(self.button)
        self._refresh()

    def recommendation(self) -> Recommendation:
        """Return what is recommended for the answers now."""
        return recommend(*(box.currentData() for box in self.answers))

    def _refresh(self, _: Any = None) -> None:
        found = self.recommendation()
        titles = ", ".join(title_of(score, found.scores) for score in found.scores)
        self.said.setText(f"Recommended: {titles}.\n\n{found.reason}\n\nAfter Metrics Reloaded.")


class Place(NamedTuple):
    """Hold an object of the reference.

    Attributes
    ----------
    number : int
        Its number.
    at : dict of str to int
        Where it is along the axes that are looped, by their letters.
    """

    number: int
    at: dict[str, int]


class WorstPart(QWidget):
    """List the objects of a reference, those with the least overlap first."""

    chosen = Signal(object)
    """The `Place` that a person goes to."""

    def __init__(self, theme: str) -> None:
        super().__init__()
        self._places: list[Place] = []
        self.table = QTableWidget(0, 3)
        self.table.setHorizontalHeaderLabels(["Object", "IoU", "Status"])
        self.table.setAccessibleName("Objects of the reference, the worst first")
        self.table.setToolTip("Choose an object to go to it")
        _make_list(self.table)
        self.table.currentCellChanged.connect(self._on_row)
        self.previous_button = _step_button("previous", "Go to the object before", theme)
        self.next_button = _step_button("next", "Go to the next object", theme)
        self.previous_button.clicked.connect(lambda: self._go(-1))
        self.next_button.clicked.connect(lambda: self._go(1))
        self.line = QLabel()
        self.line.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(self.line, 1)
        row.addWidget(self.previous_button)
        row.addWidget(self.next_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self.table)
        self.show_matches(None)

    def show_matches(self, matches: Any) -> None:
        """List objects.

        Parameters
        ----------
        matches : pandas.DataFrame or None
            What `metrics.match_objects` returned, None where it could not.
        """
        row = self.table.currentRow()
        before = self._places[row] if 0 <= row < len(self._places) else None
        known = matches is not None
        table: Any = []
        if known:
            table = matches[matches["reference"] > 0].sort_values("iou", kind="stable")
        worst = table[:_MOST_OBJECTS]
        self.table.blockSignals(True)
        self.table.setRowCount(len(worst))
        self._places = []
        for row, entry in enumerate(worst.to_dict("records") if known else ()):
            looped = {name: int(entry[name]) for name in entry if len(name) == 1}
            self._places.append(Place(int(entry["reference"]), looped))
            where = "".join(f", {name} {index}" for name, index in looped.items())
            texts = f"{entry['reference']}{where}", f"{entry['iou']:.3f}", str(entry["status"])
            for column, text in enumerate(texts):
                self.table.setItem(row, column, plain_item(text))
        row = self._places.index(before) if before in self._places else -1
        self.table.setCurrentCell(row, 0 if row >= 0 else -1)
        self.table.blockSignals(False)
        fit_rows(self.table, _ROWS)
        for part in (self.table, self.previous_button, self.next_button):
            part.setEnabled(bool(self._places))
        if not known:
            self.line.setText("Choose labels as reference and segmentation to list objects.")
        elif len(worst) < len(table):
            self.line.setText(f"The {_MOST_OBJECTS} worst of {len(table):,} objects")
        else:
            self.line.setText("Objects of the reference, the worst first")

    def set_theme(self, theme: str) -> None:
        """Take the colours of a theme."""
        self.previous_button.setIcon(icon("previous", theme))
        self.next_button.setIcon(icon("next", theme))

    def _go(self, step: int) -> None:
        count = len(self._places)
        if count:
            row = self.table.currentRow()
            at_first = 0 if step > 0 else count - 1
            self.table.setCurrentCell((row + step) % count if row >= 0 else at_first, 0)

    def _on_row(self, row: int, _column: int, before: int, *_: Any) -> None:
        if row != before and 0 <= row < len(self._places):
            self.chosen.emit(self._places[row])


class VariantsPart(QWidget):
    """List what the session has computed, the best first, and go back to one of these."""

    taken = Signal(object)
    """The `Variant` to go back to."""

    def __init__(self) -> None:
        super().__init__()
        self._variants: list[Variant] = []
        self._shown: list[Variant] = []
        self._present = Workflow()
        self.hint = QLabel(
            "Tick a result of a step, and change its settings: each state gets a line here."
        )
        self.hint.setWordWrap(True)
        self.ranking = QComboBox()
        self.ranking.setAccessibleName("Score that ranks")
        self.ranking.setToolTip("The score by which states are ranked")
        shrink(self.ranking)
        self.ranking.currentIndexChanged.connect(self._refresh)
        self.table = QTableWidget(0, 3)
        self.table.setAccessibleName("States of the session, the best first")
        self.table.setToolTip("Choose a state to go back to it")
        _make_list(self.table)
        self.table.setWordWrap(True)
        self.table.itemSelectionChanged.connect(self._enable)
        self.button = QPushButton("Go back to this")
        self.button.setToolTip("Make the workflow what it was in the state chosen; undo takes back")
        self.button.clicked.connect(self._on_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for part in (self.hint, self.ranking, self.table, self.button):
            layout.addWidget(part)
        self._refresh()

    def show_variants(
        self, variants: Sequence[Variant], scores: Sequence[ScoreId], present: Workflow
    ) -> None:
        """List states.

        Parameters
        ----------
        variants : sequence of Variant
            The states.
        scores : sequence of ScoreId
            The scores that can rank them.
        present : Workflow
            The workflow now.
        """
        self._variants, self._present = list(variants), present
        before = self.ranking.currentData()
        self.ranking.blockSignals(True)
        self.ranking.clear()
        for score in scores:
            if scoring_of(score).better:
                text = f"{title_of(score, scores)} {ARROWS[scoring_of(score).better]}"
                self.ranking.addItem(text, score)
        self.ranking.setCurrentIndex(max(self.ranking.findData(before), 0))
        self.ranking.blockSignals(False)
        self._refresh()

    def _refresh(self, _: Any = None) -> None:
        chosen = self.ranking.currentData()
        score = None if chosen is None else ScoreId(*chosen)
        self._shown = [] if score is None else ranked(self._variants, score)
        self.hint.setVisible(not self._shown)
        for part in (self.ranking, self.table, self.button):
            part.setVisible(bool(self._shown))
        if score is None:
            return
        title = title_of(score)
        self.table.blockSignals(True)
        self.table.setHorizontalHeaderLabels(["Score", "Result", "State"])
        self.table.setRowCount(len(self._shown))
        for row, one in enumerate(self._shown):
            is_present = one.workflow == self._present
            state = f"Now: {one.title}" if is_present else one.title
            value = number_in_words(one.scores[score], scoring_of(score))
            for column, text in enumerate((value, one.result, state)):
                item = plain_item(text)
                item.setToolTip(f"{title} of {one.result}: {value}\n{state}")
                font = item.font()
                font.setBold(is_present)
                item.setFont(font)
                self.table.setItem(row, column, item)
        self.table.blockSignals(False)
        self.table.resizeColumnToContents(0)
        self.table.resizeRowsToContents()
        fit_rows(self.table, _ROWS)
        self._enable()

    def _chosen(self) -> Variant | None:
        rows = self.table.selectionModel().selectedRows()
        return self._shown[rows[0].row()] if rows else None

    def _enable(self) -> None:
        chosen = self._chosen()
        self.button.setEnabled(chosen is not None and chosen.workflow != self._present)

    def _on_button(self) -> None:
        chosen = self._chosen()
        if chosen is not None:
            self.taken.emit(chosen)


def legend(colours: Mapping[Any, str], titles: Mapping[Any, str]) -> str:
    """Return the meaning of colours as rich text."""
    return " &nbsp; ".join(
        f'<span style="color: {colours[one]}">■</span>&nbsp;{titles[one].replace(" ", "&nbsp;")}'
        for one in titles
    )


def _make_list(table: QTableWidget) -> None:
    """Make a table a list of rows, of which one can be chosen."""
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setTabKeyNavigation(False)
    table.setWordWrap(False)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 8)
    head = table.horizontalHeader()
    head.setHighlightSections(False)
    head.setStretchLastSection(True)
    head.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
    head.setDefaultSectionSize(table.fontMetrics().averageCharWidth() * 10)
    head.setMinimumSectionSize(table.fontMetrics().averageCharWidth() * 4)


def _step_button(name: str, tooltip: str, theme: str) -> QToolButton:
    button = QToolButton()
    button.setIcon(icon(name, theme))
    size = button.fontMetrics().height() + 4
    button.setIconSize(QSize(size, size))
    button.setToolTip(tooltip)
    button.setAccessibleName(tooltip)
    button.setAutoRaise(True)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button
