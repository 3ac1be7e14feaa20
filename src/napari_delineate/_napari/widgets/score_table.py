"""Scores of several segmentations side by side."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from napari_delineate.comparison import (
    ARROWS,
    Comparison,
    ScoreId,
    best_of,
    number_in_words,
    offered_scores,
    scoring_of,
    title_of,
)

__all__ = ["ScoreTable", "fit_rows", "plain_item"]

_NONE, _BEST = "–", "★"


class ScoreTable(QTableWidget):
    """Show a row for each score and a column for each segmentation; the best has a star."""

    chosen = Signal()
    """Other cells than before are selected."""

    def __init__(self) -> None:
        super().__init__()
        self._scores: tuple[ScoreId, ...] = ()
        self._names: list[str] = []
        self.setAccessibleName("Scores of segmentations")
        self.setToolTip("Select scores to add them as steps; a star marks the best of a row")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        heads = self.verticalHeader(), self.horizontalHeader()
        for head in heads:
            head.setHighlightSections(False)
            head.setTextElideMode(Qt.TextElideMode.ElideRight)
        heads[0].setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        heads[0].setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        heads[0].setDefaultSectionSize(self.fontMetrics().height() + 8)
        self.itemSelectionChanged.connect(self.chosen)

    def show_comparison(self, comparison: Comparison) -> None:
        """Show what is known, in the place of what was before; the selection stays."""
        request, found = comparison.request, comparison.found
        before = self.selected()
        self.blockSignals(True)
        self._scores, self._names = request.scores, list(request.segmentations)
        self.setRowCount(len(self._scores))
        self.setColumnCount(len(self._names))
        for column, name in enumerate(self._names):
            head = plain_item(name)
            head.setToolTip(name)
            self.setHorizontalHeaderItem(column, head)
        for row, score in enumerate(self._scores):
            scoring = scoring_of(score)
            title = title_of(score, self._scores, request.reference)
            head = plain_item(f"{ARROWS[scoring.better]} {title}".strip())
            operation = offered_scores()[score]
            head.setToolTip(f"{title}: {scoring}.\n{operation.title}: {operation.summary}")
            self.setVerticalHeaderItem(row, head)
            values = [found[name].scores.get(score) for name in self._names]
            best = best_of(values, scoring)
            for column, name in enumerate(self._names):
                value = values[column]
                text = _NONE if value is None else number_in_words(value, scoring)
                item = plain_item(f"{_BEST} {text}" if column in best else text)
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                font = item.font()
                font.setBold(column in best)
                item.setFont(font)
                why = found[name].error or found[name].errors.get(score.operation, "")
                item.setToolTip(why or f"{title} of {name}: {text}")
                self.setItem(row, column, item)
        for score, name in before:
            if score in self._scores and name in self._names:
                row, column = self._scores.index(score), self._names.index(name)
                self.item(row, column).setSelected(True)
        self.blockSignals(False)
        width = self.fontMetrics().averageCharWidth()
        heads = self.verticalHeader()
        heads.setFixedWidth(min(heads.sizeHint().width(), 22 * width))
        self.resizeColumnsToContents()
        for column in range(len(self._names)):
            self.setColumnWidth(column, min(max(self.columnWidth(column), 9 * width), 16 * width))
        fit_rows(self)
        self.chosen.emit()

    def selected(self) -> list[tuple[ScoreId, str]]:
        """Return the scores selected, with the names of segmentations, row by row."""
        places = sorted((index.row(), index.column()) for index in self.selectedIndexes())
        return [(self._scores[row], self._names[column]) for row, column in places]


def plain_item(text: str) -> QTableWidgetItem:
    """Return a cell that can be selected and not edited."""
    item = QTableWidgetItem(text)
    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
    return item


def fit_rows(table: Any, most: int = 30) -> None:
    """Make a table as high as its rows, up to some number of them."""
    row = table.verticalHeader().defaultSectionSize()
    head = table.horizontalHeader().sizeHint().height()
    bar = table.horizontalScrollBar().sizeHint().height()
    rows = min(max(table.verticalHeader().length(), row), most * row)
    table.setFixedHeight(head + rows + bar + 2 * table.frameWidth() + 2)
