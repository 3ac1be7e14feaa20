"""The tables of the Annotators dock: pairs with their scores, and places where they differ."""

from __future__ import annotations

import math
from collections.abc import Sequence

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from napari_delineate.annotator_comparison import AnnotatorComparison, Disagreement, Pair
from napari_delineate.annotators import Vote

__all__ = ["DisagreementTable", "PairTable"]

_OF_CLASSES = {"agreement": "Agree", "kappa": "Kappa"}
_SCORES: dict[Vote, dict[str, str]] = {
    "objects": {"f_score": "F1", "mean_iou": "IoU", "kappa": "Kappa"},
    "foreground": {"dice": "Dice", "jaccard": "IoU", "kappa": "Kappa"},
    "classes": _OF_CLASSES,
    "marked classes": _OF_CLASSES,
}
"""The scores that are shown, by what is compared."""

_MEANINGS = {
    "F1": "Objects that both drew, of all that they drew: 1 if these are the same",
    "IoU": "Mean intersection over union: of objects that both drew, or of the foreground",
    "Dice": "Dice coefficient of the foreground",
    "Agree": "Share of the pixels on which both say the same",
    "Kappa": "Cohen's kappa of the pixels: 1 is perfect agreement, 0 what chance gives",
}
_FRAMES = {"T": "Time", "C": "Channel"}


class _Table(QTableWidget):
    """Show rows that nobody edits."""

    def __init__(self, name: str, tooltip: str, lines: int) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setToolTip(tooltip)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)
        self.horizontalHeader().setHighlightSections(False)
        self.setFixedHeight((self.fontMetrics().height() + 8) * lines)

    def fill(self, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Show rows under titles; the first column takes the room that is left."""
        self.blockSignals(True)
        self.clear()
        self.setColumnCount(len(titles))
        self.setRowCount(len(rows))
        for column, title in enumerate(titles):
            item = QTableWidgetItem(title)
            item.setToolTip(_MEANINGS.get(title, title))
            self.setHorizontalHeaderItem(column, item)
        for place, row in enumerate(rows):
            for column, text in enumerate(row):
                cell = QTableWidgetItem(text)
                cell.setToolTip(text)
                if text[:1].isdigit() or text[:1] == "-":
                    cell.setTextAlignment(
                        int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                    )
                self.setItem(place, column, cell)
        mode = QHeaderView.ResizeMode
        self.horizontalHeader().setResizeContentsPrecision(0)
        for column in range(len(titles)):
            is_wide = titles[column] in ("Annotators", "Differs")
            self.horizontalHeader().setSectionResizeMode(
                column, mode.Stretch if is_wide else mode.ResizeToContents
            )
        self.blockSignals(False)


class PairTable(_Table):
    """List pairs of annotators with their scores, and each with all others."""

    def __init__(self) -> None:
        super().__init__("Pairs of annotators", "How well each two annotators agree", 8)

    def show_pairs(self, found: AnnotatorComparison, names: Sequence[str]) -> None:
        """Show what was found about annotators with these names."""
        scores = _SCORES[found.compare]
        rows = [
            [
                f"{names[pair.first]} – {names[pair.second]}",
                *(_number(pair.scores[score]) for score in scores),
            ]
            for pair in _sorted(found)
        ]
        if len(names) > 2:
            for who, mean in enumerate(found.means):
                own = [_number(mean) if score == "kappa" else "" for score in scores]
                rows.append([f"{names[who]} – all others", *own])
        self.fill(["Annotators", *scores.values()], rows)
        for place, pair in enumerate(_sorted(found)):
            cell = self.item(place, 0)
            if cell is not None and "both" in pair.scores:
                cell.setToolTip(_objects_in_words(pair, names))


class DisagreementTable(_Table):
    """List places where annotators differ; that which a person goes to is announced."""

    chosen = Signal(object)
    """The `Disagreement` that a person goes to."""

    def __init__(self) -> None:
        super().__init__(
            "Places where annotators differ", "Choose a place to go to it; ↑ and ↓ go on", 10
        )
        self._places: Sequence[Disagreement] = ()
        self.currentCellChanged.connect(self._on_cell)
        self.cellClicked.connect(self._on_cell)

    def show_places(self, found: AnnotatorComparison, names: Sequence[str], loops: str) -> None:
        """Show places where annotators with these names differ."""
        self._places = found.disagreements
        is_objects = found.compare == "objects"
        frames = [_FRAMES.get(one, one) for one in loops]
        titles = [*frames, "Differs", "IoU" if is_objects else "Pixels"]
        rows = [
            [
                *map(str, one.frame),
                _who(one, names),
                _number(one.agreement) if is_objects else f"{one.pixels:,}",
            ]
            for one in self._places
        ]
        self.fill(titles, rows)

    def _on_cell(self, row: int, *_: int) -> None:
        if 0 <= row < len(self._places):
            self.chosen.emit(self._places[row])


def _who(place: Disagreement, names: Sequence[str]) -> str:
    """Say who differs at a place."""
    numbers = place.numbers
    drew = [name for name, number in zip(names, numbers, strict=False) if number]
    missed = [name for name, number in zip(names, numbers, strict=False) if not number]
    if numbers and not missed:
        return "outlined differently by all"
    if numbers and place.otherwise:
        return f"{_listed(drew)} drew it otherwise, IoU {place.otherwise:.2f}"
    if numbers and len(drew) <= len(missed):
        return f"only {_listed(drew)} drew it"
    if numbers:
        return f"{_listed(missed)} did not draw it"
    if not place.against:
        return "as many say one as another"
    return f"{_listed([names[one] for one in place.against])} against most"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _sorted(found: AnnotatorComparison) -> list[Pair]:
    """Return the pairs, that which agrees least first."""
    return sorted(found.pairs, key=lambda pair: pair.scores["kappa"])


def _objects_in_words(pair: Pair, names: Sequence[str]) -> str:
    """Say how many objects two drew, and only one of them."""
    first, second = names[pair.first], names[pair.second]
    both, one, other = (int(pair.scores[name]) for name in ("both", "first_only", "second_only"))
    return (
        f"{first} – {second}\nObjects: {both:,} of both, {one:,} only of {first}, "
        f"{other:,} only of {second}"
    )


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"
