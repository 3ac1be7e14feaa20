"""The lists of the Compare dock: the worst objects, and the states of the session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
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
    scoring_of,
    title_of,
)
from napari_delineate.comparison_variants import Variant, ranked
from napari_delineate.workflow import Workflow

__all__ = ["Place", "VariantsPart", "WorstPart"]

_MOST_OBJECTS = 500
_ROWS = 7


class Place(NamedTuple):
    """Hold an object.

    Attributes
    ----------
    number : int
        Its number.
    at : dict of str to int
        Where it is along the axes that are looped, by their letters.
    is_reference : bool
        Whether it is one of the reference; else it is one of the segmentation.
    """

    number: int
    at: dict[str, int]
    is_reference: bool = True


class WorstPart(QWidget):
    """List objects, those with the least overlap first, of equal ones the largest."""

    chosen = Signal(object)
    """The `Place` that a person goes to."""

    def __init__(self, theme: str) -> None:
        super().__init__()
        self._places: list[Place] = []
        self.table = QTableWidget(0, 3)
        self.table.setHorizontalHeaderLabels(["Object", "IoU", "Status"])
        self.table.setAccessibleName("Objects, the worst first")
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
            size = matches[["reference_size", "label_size"]].max(axis=1)
            table = matches.assign(size=size).sort_values(
                ["iou", "size"], ascending=[True, False], kind="stable"
            )
        worst = table[:_MOST_OBJECTS]
        self.table.blockSignals(True)
        self.table.setRowCount(len(worst))
        self._places = []
        for row, entry in enumerate(worst.to_dict("records") if known else ()):
            looped = {name: int(entry[name]) for name in entry if len(name) == 1}
            where = "".join(f", {name} {index}" for name, index in looped.items())
            number = int(entry["reference"])
            text = f"{number}{where}" if number else f"label {entry['label']}{where}"
            self._places.append(Place(number or int(entry["label"]), looped, number > 0))
            for column, shown in enumerate((text, f"{entry['iou']:.3f}", str(entry["status"]))):
                self.table.setItem(row, column, plain_item(shown))
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
            self.line.setText("Objects, the worst first")

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
    earlier_wanted = Signal()
    """States of the history are to be scored."""

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
        self.earlier_button = QPushButton()
        self.earlier_button.setToolTip(
            "Compute what undo and redo lead to, and score it by what the table shows"
        )
        self.earlier_button.clicked.connect(self.earlier_wanted)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for part in (self.hint, self.ranking, self.table, self.button, self.earlier_button):
            layout.addWidget(part)
        self.offer_earlier(0)
        self._refresh()

    def offer_earlier(self, number: int) -> None:
        """Offer to score states of the history that were not scored yet."""
        self.earlier_button.setText(
            f"Score {number} more state{'s' * (number != 1)} of the history"
        )
        self.earlier_button.setVisible(number > 0)

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
