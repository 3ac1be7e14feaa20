"""Scores of each image before and after a search."""

from __future__ import annotations

import math
from collections.abc import Sequence

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget

from napari_delineate._napari.widgets.score_table import fit_rows, plain_item
from napari_delineate.tuning import ImageScore

__all__ = ["ImageScores"]

_HEADS = ("Image", "Used", "Before", "After")
_MOST_ROWS = 8
_NONE = "–"


class ImageScores(QTableWidget):
    """Show a row for each image: whether the search saw it, and its scores before and after."""

    def __init__(self) -> None:
        super().__init__(0, len(_HEADS))
        self.setAccessibleName("Scores of each image")
        self.setToolTip("Images kept aside were never searched with: only they tell what to expect")
        self.setHorizontalHeaderLabels(list(_HEADS))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        head.setMinimumSectionSize(self.fontMetrics().averageCharWidth() * 6)

    def show_images(self, images: Sequence[ImageScore]) -> None:
        """Show the scores of images, in the place of what was before."""
        self.setRowCount(len(images))
        for row, one in enumerate(images):
            used = "kept aside" if one.is_held_out else "fitted"
            texts = (one.name, used, *map(_words, (one.before, one.after)))
            for column, text in enumerate(texts):
                item = plain_item(text)
                item.setToolTip(f"{one.name}, {used}: {texts[2]} before, {texts[3]} after")
                if column >= 2:
                    item.setTextAlignment(
                        Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                    )
                self.setItem(row, column, item)
        fit_rows(self, _MOST_ROWS)


def _words(score: float) -> str:
    return f"{score:#.4g}" if math.isfinite(score) else _NONE
