"""Show and save what was decided in a review, and go on with one that was saved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import napari
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QWidget

from napari_delineate._napari.docks import show_table
from napari_delineate._napari.reviewed_labels import ReviewedLabels
from napari_delineate.files.tables import write_table
from napari_delineate.proofreading import Review
from napari_delineate.review_store import read_review, write_review

__all__ = ["ReviewFiles"]


class ReviewFiles(QWidget):
    """Buttons for reports and files of a review.

    Signals
    -------
    said : a sentence, and whether it is an error

    Parameters
    ----------
    viewer : napari.Viewer
        The viewer.
    reviewed : ReviewedLabels
        The labels and their review.
    """

    said = Signal(str, bool)

    def __init__(self, viewer: napari.Viewer, reviewed: ReviewedLabels) -> None:
        super().__init__()
        self._viewer, self._reviewed = viewer, reviewed
        self._then: Callable[[Any], None] | None = None  # what is done with the report
        self.report_button = _button("Report", "Show a table of what was decided and changed")
        self.save_button = _button(
            "Save…", "Save the report as CSV, or the review as JSON to go on with it later"
        )
        self.open_button = _button("Open…", "Go on with a review that was saved as JSON")
        self.anew_button = _button("Start over", "")
        self.anew_button.clicked.connect(self.start_over)
        self._before: Review | None = None  # what was decided before it was started over
        self.report_button.clicked.connect(self.show_report)
        self.save_button.clicked.connect(self.save)
        self.open_button.clicked.connect(self.open)
        reviewed.reported.connect(self._on_report)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for button in self._buttons():
            row.addWidget(button)

    def refresh(self) -> None:
        """Enable what can be done."""
        review = self._reviewed.review
        if review.seen:
            self._before = None
        for button in self._buttons():
            button.setEnabled(self._reviewed.is_known)
        can_go_back = self._before is not None
        self.anew_button.setText("Take back" if can_go_back else "Start over")
        self.anew_button.setToolTip(
            "Decide again what was decided before"
            if can_go_back
            else "Forget all decisions; what was deleted or corrected stays so"
        )
        self.anew_button.setEnabled(can_go_back or review.seen > 0)

    def show_report(self) -> None:
        """Show a table of what was decided and changed."""
        layer, viewer = self._reviewed.layer, self._viewer
        if layer is not None:
            name = f"Proofreading of {layer.name}"
            self._ask(lambda table: show_table(viewer, name, table))

    def save(self) -> None:
        """Save the report as CSV or the review as JSON, wherever a person says."""
        layer = self._reviewed.layer
        if layer is None:
            return
        chosen, kind = QFileDialog.getSaveFileName(
            self,
            "Save what was decided",
            f"{layer.name} review.csv",
            "Report (*.csv);;Review to go on with (*.json)",
        )
        if not chosen:
            return
        path = Path(chosen)
        if not path.suffix:
            path = path.with_suffix(".json" if "json" in kind else ".csv")
        if path.suffix.lower() == ".json":
            self._write(path, None)
        else:
            self._ask(lambda table: self._write(path, table))

    def open(self) -> None:
        """Go on with a review that was saved."""
        chosen, _ = QFileDialog.getOpenFileName(self, "Go on with a review", "", "Review (*.json)")
        if not chosen or not self._reviewed.is_known:
            return
        path = Path(chosen)
        try:
            self._reviewed.resume(read_review(path))
        except (OSError, ValueError) as error:
            self.said.emit(f"{path.name} can not be read: {error}", True)
            return
        self.said.emit(f"Going on with {path.name}.", False)

    def start_over(self) -> None:
        """Forget all decisions, or bring those back that were just forgotten."""
        before, reviewed = self._before, self._reviewed
        self._before = reviewed.review if before is None else None
        if before is None:
            reviewed.start_over()
        else:
            reviewed.resume(before)

    def _buttons(self) -> tuple[QPushButton, ...]:
        return self.report_button, self.save_button, self.open_button, self.anew_button

    def _ask(self, then: Callable[[Any], None]) -> None:
        """Make the report in the background, and do something with it."""
        self._then = then
        self._reviewed.ask_report()

    def _on_report(self, table: Any) -> None:
        then, self._then = self._then, None
        if then is not None:
            then(table)

    def _write(self, path: Path, table: Any) -> None:
        """Write the report, or the review where there is none."""
        try:
            if table is None:
                write_review(path, self._reviewed.review)
            else:
                write_table(path, table)
        except OSError as error:
            self.said.emit(f"{path.name} was not saved: {error}", True)
        else:
            self.said.emit(f"Saved {path.name}.", False)


def _button(text: str, tooltip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tooltip)
    return button
