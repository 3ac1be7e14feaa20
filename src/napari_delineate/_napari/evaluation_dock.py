"""The Evaluation dock: run the session's workflow on a folder and score the results."""

from __future__ import annotations

import os
import threading
from functools import partial
from pathlib import Path
from typing import Any

import napari
from napari.qt.threading import create_worker
from qtpy.QtCore import QSignalBlocker, QUrl, Signal
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_delineate import batches
from napari_delineate._napari.compare_parts import ScoreChoice
from napari_delineate._napari.docks import show_table
from napari_delineate._napari.outcomes import Outcome, outcome_of
from napari_delineate._napari.session import Session
from napari_delineate._napari.sessions import session_of
from napari_delineate._napari.widgets import Message, Scrolled
from napari_delineate._napari.widgets.dock import Dock
from napari_delineate._napari.widgets.folder_choice import FolderChoice
from napari_delineate._napari.widgets.section import Section
from napari_delineate.comparison import why_not
from napari_delineate.engine import CancelledError
from napari_delineate.environment import versions
from napari_delineate.evaluate import Evaluation, evaluate_folder, write_evaluation
from napari_delineate.evaluate.pairs import choose_result, needed_for
from napari_delineate.evaluate.scores import Annotated, choose_columns, name_of, score_of
from napari_delineate.evaluate.writing import check_output
from napari_delineate.files.tables import PROVENANCE
from napari_delineate.types import Kind
from napari_delineate.variants import upstream

__all__ = ["EvaluationDock"]

_EMPTY = "No labels or mask yet. Make them with the Assistant, or open a workflow."
_READY = "The workflow runs on every image that has an annotation of the same name."
_SUMMARY = "evaluation summary"
"""The title of the table: with a space in it, no result of a step has the same."""
_CANCELLED = "Cancelled; nothing was written."
_ANNOTATIONS: dict[str, Annotated] = {
    "all objects": "dense",
    "some objects": "sparse",
    "painted pixels": "scribbles",
}


class EvaluationDock(Dock):
    """Evaluate the workflow of the session over a folder of images.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        The viewer.
    """

    progressed = Signal(int, int, str)

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__()
        self.session: Session = session_of(napari_viewer)
        self._worker: Any = None
        self._cancelled = threading.Event()
        self._is_stopped = False
        self._report: Path | None = None
        self._suits: tuple[Kind, Annotated] | None = None  # what the scores are offered for
        self._are_chosen = False  # whether a person has ticked scores
        self.hint = QLabel(_EMPTY)
        self.hint.setWordWrap(True)
        self.images = FolderChoice("Images")
        self.annotations = FolderChoice("Annotations")
        self.output = FolderChoice("Results")
        self.main = _Names("The input that takes the images; others keep their files")
        self.result = _Names("The labels or the mask that is compared with the annotation")
        self.annotation = QComboBox()
        self.annotation.addItems(list(_ANNOTATIONS))
        self.annotation.setToolTip("Painted pixels: 0 unknown, 1 background, 2 foreground")
        self.overlap = QDoubleSpinBox()
        self.overlap.setRange(0.01, 1)
        self.overlap.setSingleStep(0.05)
        self.overlap.setValue(0.5)
        self.overlap.setAccessibleName("Least IoU of partners")
        self.overlap.setToolTip("From which intersection over union on an object is found")
        self.scores = ScoreChoice()
        self.suit_button = QPushButton("Tick those that suit")
        self.suit_button.setToolTip("Tick the scores that suit the result and the annotation")
        self.suit_button.clicked.connect(self._on_suit)
        self.run_button = QPushButton("Evaluate")
        self.run_button.clicked.connect(self.run)
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setToolTip("Stop; nothing is written")
        self.cancel_button.clicked.connect(self._cancelled.set)
        self.report_button = QPushButton("Open report")
        self.report_button.clicked.connect(self.open_report)
        self.progress = QProgressBar()
        self.message = Message()
        self.rows = QFormLayout()
        self.rows.addRow("Images", self.images)
        self.rows.addRow("Annotations", self.annotations)
        self.rows.addRow("Annotated are", self.annotation)
        self.rows.addRow("Images are", self.main)
        self.rows.addRow("Compare", self.result)
        self.rows.addRow("Least IoU", self.overlap)
        self.rows.addRow("Results", self.output)
        self.more = Section("Scores", self.session.viewer.theme, is_open=False)
        self.more.rows.addRow(self.scores)
        self.more.rows.addRow(self.suit_button)
        running = QHBoxLayout()
        running.addWidget(self.progress, 1)
        running.addWidget(self.cancel_button)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self.rows)
        column.addWidget(self.more)
        column.addStretch(1)
        holder = Scrolled()
        holder.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.addWidget(self.hint)
        layout.addWidget(holder, 1)
        layout.addWidget(self.run_button)
        layout.addLayout(running)
        layout.addWidget(self.message)
        layout.addWidget(self.report_button)
        self._set_running(False)
        self.report_button.hide()
        for choice in (self.images, self.annotations, self.output):
            choice.changed.connect(self._refresh)
        self.images.changed.connect(self._propose_output)
        self.progressed.connect(self._on_progress)
        self.session.changed.connect(self._refresh)
        self.session.viewer.events.theme.connect(self._on_theme)
        self.annotation.currentIndexChanged.connect(self._refresh)
        self.result.textActivated.connect(self._refresh)
        self.scores.changed.connect(self._on_scores)
        self._refresh()

    @property
    def running(self) -> bool:
        """Whether an evaluation runs."""
        return self._worker is not None

    def run(self) -> None:
        """Evaluate in the background."""
        images, annotations, output = (
            choice.folder() for choice in (self.images, self.annotations, self.output)
        )
        if self.running or images is None or annotations is None or output is None:
            return
        self.report_button.hide()
        workflow, _ = self.session.to_save()
        main = self.main.currentText()
        try:
            needed = needed_for(workflow, self.result.currentText(), {}).inputs
        except ValueError as error:
            self._fail(str(error))
            return
        others = {name: one.source for name, one in needed.items() if name != main}
        missing = [name for name, source in others.items() if source is None]
        if missing:
            self._fail(f"The input {missing[0]!r} comes from no file; save its layer and open it.")
            return
        settings = {
            "annotation": _ANNOTATIONS[self.annotation.currentText()],
            "result": self.result.currentText(),
            "metrics": [name_of(one) for one in self.scores.scores()] if self._are_chosen else None,
            "overlap": self.overlap.value(),
            "inputs": others,
            "workers": max((os.cpu_count() or 1) // 2, 1),  # people go on working meanwhile
            "progress": self.progressed.emit,
            "cancelled": self._cancelled.is_set,
        }
        self._cancelled.clear()
        self._say("")
        self.progress.setRange(0, 0)
        self._worker = create_worker(
            outcome_of,
            _evaluate,
            (workflow, images, annotations),
            output,
            settings,
            _start_thread=False,
        )
        self._worker.returned.connect(self._on_returned)
        self._worker.finished.connect(self._on_finished)
        self._set_running(True)
        self._worker.start()

    def open_report(self) -> None:
        """Show the report in a browser."""
        if self._report is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._report)))

    def stop(self) -> None:
        """End what runs, and follow the session no longer."""
        self._cancelled.set()
        if not self._is_stopped:
            self._is_stopped = True
            self.session.changed.disconnect(self._refresh)
            self.session.viewer.events.theme.disconnect(self._on_theme)

    def _refresh(self, _: Any = None) -> None:
        workflow = self.session.workflow
        results = [
            name
            for name, value in workflow.values.items()
            if name not in workflow.inputs and value.kind in (Kind.LABELS, Kind.MASK)
        ]
        try:
            proposed = choose_result(workflow)
        except ValueError:
            proposed = results[-1] if results else ""
        self.result.offer(results, proposed)
        shown = self.result.currentText()
        inputs = list(upstream(workflow, [shown]).inputs) if shown else []
        self.main.offer(inputs, next(iter(inputs), ""))
        self.rows.setRowVisible(self.main, len(inputs) > 1)
        self.hint.setText(_READY if results else _EMPTY)
        places = (self.images, self.annotations, self.output)
        self._offer_scores()
        is_complete = bool(self.scores.scores()) and all(place.folder() for place in places)
        self.run_button.setEnabled(is_complete and not self.running)

    def _offer_scores(self) -> None:
        """Offer the scores that can be had; those that suit are ticked until a person ticks."""
        value = self.session.workflow.values.get(self.result.currentText())
        annotation = _ANNOTATIONS[self.annotation.currentText()]
        if value is None or (value.kind, annotation) == self._suits:
            return
        self._suits = (value.kind, annotation)
        are_labels = value.kind is Kind.LABELS
        with QSignalBlocker(self.scores):
            self.scores.allow(partial(why_not, annotation=annotation, are_labels=are_labels))
        if not self._are_chosen:
            self._tick_suiting()
        self.overlap.setEnabled(are_labels and annotation != "scribbles")

    def _tick_suiting(self) -> None:
        try:
            found = choose_columns(None, *self._suits) if self._suits else ()
        except ValueError:  # a mask has no objects of which some could be annotated
            found = ()
        with QSignalBlocker(self.scores):
            self.scores.choose([score_of(one) for one in found])

    def _on_suit(self) -> None:
        self._are_chosen = False
        self._tick_suiting()
        self._refresh()

    def _on_scores(self) -> None:
        self._are_chosen = True
        self._refresh()

    def _on_theme(self, event: Any) -> None:
        self.more.set_theme(event.value)

    def _propose_output(self) -> None:
        images = self.images.folder()
        if images is not None and images.is_dir() and self.output.folder() is None:
            self.output.set_folder(images.parent / f"{images.name} evaluation")

    def _set_running(self, running: bool) -> None:
        self.progress.setVisible(running)
        self.cancel_button.setVisible(running)
        self._refresh()

    def _on_progress(self, done: int, total: int, name: str) -> None:
        self.progress.setRange(0, total)
        self.progress.setValue(done)
        self.progress.setFormat(f"{name} (%v of %m)")

    def _on_returned(self, outcome: Outcome) -> None:
        if self._is_stopped:
            return
        if isinstance(outcome.error, CancelledError):
            self._say(_CANCELLED)
            return
        if outcome.error is not None:
            self._fail(outcome.sentence)
            return
        evaluation, self._report = outcome.found
        number, left_out = len(evaluation.images), evaluation.problems
        text = f"{number} image{'s' * (number != 1)} evaluated, report in {self._report.parent}."
        for one in left_out[:5]:
            text += f"\n{one.image} is left out: {one.reason}"
        if len(left_out) > 5:
            text += f"\n… and {len(left_out) - 5} more, see problems.csv"
        self._say(text, "warning" if left_out else "hint")
        self.report_button.show()
        summary = evaluation.summary.copy()
        # The workflow of the session may be another one when this is saved.
        summary.attrs[PROVENANCE] = {
            "table": _SUMMARY,
            "versions": versions(),
            "places": dict(evaluation.places),
            "workflow": evaluation.workflow.to_dict(),
        }
        show_table(self.session.viewer, _SUMMARY, summary)

    def _on_finished(self) -> None:
        self._worker = None
        if not self._is_stopped:
            self._set_running(False)

    def _fail(self, text: str) -> None:
        self._say(text, "error")

    def _say(self, text: str, tone: Any = "hint") -> None:
        self.message.say(text, tone, self.session.viewer.theme)


class _Names(QComboBox):
    """Names to choose from: what a person chose stays, else the proposal is followed."""

    def __init__(self, tip: str) -> None:
        super().__init__()
        self.setToolTip(tip)
        self._chosen = ""
        self.textActivated.connect(self._on_activated)

    def offer(self, names: list[str], proposed: str) -> None:
        """Offer names."""
        with QSignalBlocker(self):
            self.clear()
            self.addItems(names)
            self.setCurrentText(self._chosen if self._chosen in names else proposed)

    def _on_activated(self, name: str) -> None:
        self._chosen = name


def _evaluate(
    places: tuple[Any, Path, Path], output: Path, settings: dict[str, Any]
) -> tuple[Evaluation, Path]:
    """Evaluate and write, in a thread; return the report too."""
    check_output(output, places[1:])
    batches.check_folder(output)
    evaluation = evaluate_folder(*places, **settings)
    return evaluation, write_evaluation(evaluation, output)
