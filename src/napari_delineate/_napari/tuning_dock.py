"""The dock "Fit to annotation": search for the parameters that come closest to it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import napari
from napari.layers import Layer
from napari.utils.notifications import show_warning
from qtpy.compat import isalive
from qtpy.QtCore import QSignalBlocker, Qt, QTimer
from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_delineate import catalogue
from napari_delineate._napari.layers import LayerError
from napari_delineate._napari.preferences import (
    TRIALS,
    TUNED_FOR,
    TUNED_TO,
    preference,
    set_preference,
)
from napari_delineate._napari.session import Session
from napari_delineate._napari.sessions import session_of
from napari_delineate._napari.tuning_images import MoreImages, annotation_of, is_annotation
from napari_delineate._napari.tuning_parameters import ParameterRows
from napari_delineate._napari.tuning_run import TuningRun
from napari_delineate._napari.tuning_words import found_in_words
from napari_delineate._napari.widgets import LayerChoice, Message, Scrolled, shrink
from napari_delineate._napari.widgets.dock import Dock
from napari_delineate._napari.widgets.image_scores import ImageScores
from napari_delineate._napari.widgets.score_plot import ScorePlot
from napari_delineate._napari.widgets.section import Section
from napari_delineate.files import write_table
from napari_delineate.tuning import Case, Goal, Trial, Tuned, goals
from napari_delineate.tuning.folders import Plan
from napari_delineate.types import Kind
from napari_delineate.variants import upstream

__all__ = ["TuningDock"]

_NO_RESULT = "No segmentation yet. Make one with the Assistant: its steps are what can be fitted."
_NO_ANNOTATION = "Add a labels layer and outline some objects in it, or paint strokes."
_NO_SCORE = (
    "No score of a mask knows that only some objects are outlined: outline all, paint strokes, or "
    "make labels of the mask with Label connected components."
)
_NO_PARAMETER = "Tick a parameter that may change."
_MISSING = (_NO_RESULT, _NO_ANNOTATION, _NO_SCORE, _NO_PARAMETER)
_KINDS = {
    "All objects": "dense",
    "Some objects": "sparse",
    "Strokes: 1 background, 2 objects": "scribbles",
}
_MOST_SKIPPED = 5
_PAUSE = 200
"""Milliseconds between two looks at the trials, at least."""
_REST = 9
"""How many times longer than a look took the dock rests."""
_SECTIONS = ("Goal", "More images", "Parameters", "Search")


class TuningDock(Dock):
    """Fit the parameters of the workflow to what a person has outlined.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        The viewer.
    """

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__()
        self.session: Session = session_of(napari_viewer)
        viewer, theme = self.session.viewer, self.session.viewer.theme
        self._is_stopped = False
        self._trials: list[Trial] = []
        self._meaning: tuple[Layer | None, object] = None, None
        self._is_kind_chosen = False
        self._skipped: list[str] = []
        self._goal = Goal()
        self.found: Tuned | None = None
        self.run = TuningRun(self)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE)
        self._pause.timeout.connect(self._show_trials)

        self.result = QComboBox()
        shrink(self.result)
        self.result.setAccessibleName("Segmentation")
        self.result.setToolTip("The labels or mask that is to come close to the annotation")
        self.annotation = LayerChoice(
            viewer,
            lambda layer: is_annotation(self.session, layer),
            missing="no labels layer",
        )
        self.annotation.setAccessibleName("Annotation")
        self.annotation.setToolTip("The layer in which you outlined what is right")
        self.kind = QComboBox()
        shrink(self.kind)
        self.kind.setAccessibleName("What is annotated")
        self.kind.setToolTip("Whether all objects are outlined, some are, or you painted strokes")
        for title, kind in _KINDS.items():
            self.kind.addItem(title, kind)
        known = self.kind.findData(preference(TUNED_TO))
        self.kind.setCurrentIndex(known if known >= 0 else 1)
        self.score = QComboBox()
        shrink(self.score)
        self.score.setAccessibleName("Score")
        self.score.setToolTip("What is to become as good as possible")
        self.more = MoreImages(self.session)
        self.parameters = ParameterRows()
        self.trials = QSpinBox()
        self.trials.setAccessibleName("Trials")
        self.trials.setToolTip("How many different settings are tried")
        self.trials.setRange(2, 100_000)
        self.trials.setValue(preference(TRIALS))
        self.seed = QSpinBox()
        self.seed.setAccessibleName("Seed")
        self.seed.setToolTip("The same seed gives the same trials")
        self.seed.setRange(0, 2**31 - 1)
        self.start_button = QPushButton("Start")
        self.start_button.setToolTip(
            "Search for better parameters; nothing changes until you apply"
        )
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setToolTip("Stop the search; the best so far can be applied")
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Trials done")
        self.plot = ScorePlot(theme)
        self.plot.hide()  # there is nothing to see before the first trial
        self.scores = ImageScores()
        self.scores.hide()
        self.result_line = QLabel()
        self.result_line.setWordWrap(True)
        self.result_line.setTextFormat(Qt.TextFormat.PlainText)
        self.apply_button = QPushButton("Apply")
        self.apply_button.setToolTip("Take the best parameters into the steps; undo takes it back")
        self.save_button = QPushButton("Save history…")
        self.save_button.setToolTip("Save all trials with their scores as CSV")
        self.message = Message()
        self.sections = {title: Section(title, theme) for title in _SECTIONS}
        self.sections["More images"].set_open(False)
        self._foot = (
            self.start_button,
            self.cancel_button,
            self.progress,
            self.result_line,
            self.apply_button,
            self.save_button,
        )
        self._lay_out()

        self.result.currentIndexChanged.connect(self._on_result)
        self.kind.activated.connect(self._on_kind_chosen)
        self.kind.currentIndexChanged.connect(lambda _: self._fill_scores())
        self.annotation.changed.connect(self._on_annotation)
        self.parameters.changed.connect(self._refresh)
        self.start_button.clicked.connect(self.start)
        self.cancel_button.clicked.connect(self.run.cancel)
        self.apply_button.clicked.connect(self.apply)
        self.save_button.clicked.connect(self.ask_history)
        self.more.changed.connect(self._refresh)
        self.run.tried.connect(self._on_tried)
        self.run.skipped.connect(self._on_skipped)
        self.run.found.connect(self._on_found)
        self.run.failed.connect(self._on_failed)
        self.run.finished.connect(self._refresh)
        self.session.closed.connect(self.run.close)
        self.session.changed.connect(self._follow)
        self.session.finished.connect(self._follow)
        viewer.events.theme.connect(self._on_theme)
        self._follow()

    def start(self) -> None:
        """Begin to search."""
        layer, name = self.annotation.layer(), self.result.currentData()
        if layer is None or name is None:
            return
        self._goal = self.score.currentData()
        try:
            plan = self._plan(layer, name)
        except (LayerError, ValueError, TypeError, OSError) as error:
            self._on_failed(str(error))
            return
        self._remember()
        self._trials, self.found, self._skipped = [], None, []
        self._say("")
        self.result_line.setText("Reading images…" if plan.folders else "")
        self.scores.hide()
        self.progress.setRange(0, self.trials.value())
        self.progress.setValue(0)
        self.run.start(plan)
        self._refresh()

    def _plan(self, layer: Layer, name: str) -> Plan:
        """Return what the search is to do."""
        session = self.session
        # What was painted into an input a moment ago counts too.
        session.record_edits(evaluate=False, lenient=True)
        workflow = upstream(session.workflow, [name])
        tuned = self.parameters.chosen(workflow)
        _, values = session.snapshot(workflow)
        axes = workflow.values[name].axes
        image = next((session.layer(one) for one in workflow.inputs), None)
        title = layer.name if image is None else image.name
        fitted, held_out = self.more.cases(workflow, values, axes)
        return Plan(
            workflow,
            (Case(title, values, annotation_of(layer, axes)), *fitted),
            tuple(held_out),
            self.more.folders(),
            name,
            self.seed.value(),
            {"tuned": tuned, "goal": self._goal, "trials": self.trials.value()},
        )

    def _remember(self) -> None:
        """Keep what was chosen for the next time."""
        try:
            set_preference(TRIALS, self.trials.value())
            set_preference(TUNED_TO, self.kind.currentData())
            set_preference(TUNED_FOR, self.score.currentText())
        except OSError as error:
            show_warning(f"What was chosen can not be kept: {error}")

    def apply(self) -> None:
        """Take the best parameters into the workflow, as one change."""
        if self.found is None:
            return
        try:
            self.session.apply(self.found.applied(self.session.workflow))
        except (ValueError, TypeError, KeyError) as error:
            self._on_failed(f"The workflow is another by now: {error}")
        else:
            self._say("Applied. Undo takes it back.")

    def ask_history(self) -> None:
        """Ask where to save all trials."""
        path, _ = QFileDialog.getSaveFileName(self, "Save history", "tuning.csv", "CSV (*.csv)")
        if path and self.found is not None:
            try:
                saved = write_table(Path(path), self.found.table(), self.found.provenance())
            except OSError as error:
                self._on_failed(f"The history was not saved: {error}")
            else:
                self._say(f"Saved {saved.name}.")

    def stop(self) -> None:
        """End the search, and follow the viewer and the session no longer."""
        if self._is_stopped:
            return
        self._is_stopped = True
        self._pause.stop()
        self.run.close()
        self.annotation.stop()
        self.more.stop()
        self.session.closed.disconnect(self.run.close)
        self.session.changed.disconnect(self._follow)
        self.session.finished.disconnect(self._follow)
        self.session.viewer.events.theme.disconnect(self._on_theme)

    # What there is

    def _lay_out(self) -> None:
        goal, more, parameters, search = self.sections.values()
        goal.rows.addRow("Fit", self.result)
        goal.rows.addRow("To", self.annotation)
        goal.rows.addRow("It shows", self.kind)
        goal.rows.addRow("Score", self.score)
        more.rows.addRow(self.more)
        parameters.rows.addRow(self.parameters)
        buttons = QHBoxLayout()
        buttons.addWidget(self.start_button, 1)
        buttons.addWidget(self.cancel_button, 1)
        search.rows.addRow("Trials", self.trials)
        search.rows.addRow("Seed", self.seed)
        search.rows.addRow(self.plot)
        search.rows.addRow(self.scores)
        taking = QHBoxLayout()
        taking.addWidget(self.apply_button, 1)
        taking.addWidget(self.save_button, 1)
        for section in self.sections.values():
            section.rows.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
        inside = QWidget()
        column = QVBoxLayout(inside)
        for section in self.sections.values():
            column.addWidget(section)
        column.addStretch(1)
        self.holder = Scrolled()
        self.holder.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.addWidget(self.message)
        layout.addWidget(self.holder, 1)
        # What to do, and what came out, is in sight however long the rest is.
        layout.addLayout(buttons)
        layout.addWidget(self.progress)
        layout.addWidget(self.result_line)
        layout.addLayout(taking)
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * 40)

    def _follow(self, _: Any = None) -> None:
        """Follow the workflow: which results there are."""
        workflow, before = self.session.workflow, self.result.currentData()
        made = [name for step in workflow.steps for name in step.outputs]
        names = [
            name for name in made[::-1] if workflow.values[name].kind in (Kind.LABELS, Kind.MASK)
        ]
        with QSignalBlocker(self.result):
            self.result.clear()
            for name in names:
                layer = self.session.layer(name)
                self.result.addItem(name if layer is None else layer.name, name)
            self.result.setCurrentIndex(max(self.result.findData(before), 0 if names else -1))
        self.annotation.refresh()
        self._on_annotation()
        self._on_result()

    def _on_kind_chosen(self, index: int) -> None:
        self._is_kind_chosen = True
        with QSignalBlocker(self.kind):
            self.kind.setCurrentIndex(index)
        self._fill_scores()

    def _on_result(self, _: Any = None) -> None:
        name = self.result.currentData()
        if name is not None:
            part = upstream(self.session.workflow, [name])
            maker = part.maker(name)
            self.more.show_inputs(part)
            self.parameters.show_workflow(part, None if maker is None else maker.name)
        self._fill_scores()

    def _on_annotation(self) -> None:
        """Take over what the labels are said to mean, where a person has just said it."""
        layer = self.annotation.layer()
        name = None if layer is None else self.session.name_of(layer)
        described = None if name is None else self.session.workflow.inputs.get(name)
        meaning = None if described is None else described.annotation
        if meaning is not None and not meaning.semantic and (layer, meaning) != self._meaning:
            self._is_kind_chosen = True
            self.kind.setCurrentIndex(self.kind.findData("sparse" if meaning.sparse else "dense"))
        self._meaning = layer, meaning
        self._refresh()

    def _fill_scores(self) -> None:
        name = self.result.currentData()
        before = self.score.currentText() or preference(TUNED_FOR)
        with QSignalBlocker(self.score):
            self.score.clear()
            if name is not None:
                kind = self.session.workflow.values[name].kind
                if not (self._is_kind_chosen or goals(kind, self.kind.currentData())):
                    with QSignalBlocker(self.kind):
                        self.kind.setCurrentIndex(self.kind.findData("dense"))
                for row, goal in enumerate(goals(kind, self.kind.currentData())):
                    self.score.addItem(goal.title, goal)
                    tip = catalogue.find(goal.metric).summary
                    self.score.setItemData(row, tip, Qt.ItemDataRole.ToolTipRole)
            self.score.setCurrentIndex(max(self.score.findText(before), 0))
        self._refresh()

    def _refresh(self, _: Any = None) -> None:
        """Let be done what can be done now."""
        number = len(self.more.entries)
        self.sections["More images"].head.setText(
            f"More images ({number})" if number else "More images"
        )
        has_result = self.result.currentData() is not None
        has_annotation = self.annotation.layer() is not None
        is_ticked = any(row.tick.isChecked() for row in self.parameters.rows.values())
        is_running = self.run.is_running
        for section in self.sections.values():
            section.setVisible(has_result)
        self.sections["Goal"].body.setEnabled(not is_running)
        self.more.setEnabled(not is_running)
        self.parameters.set_running(is_running)
        self.trials.setEnabled(not is_running)
        self.seed.setEnabled(not is_running)
        for one in self._foot:
            one.setVisible(has_result or is_running)
        has_score = self.score.currentData() is not None
        is_ready = has_annotation and has_score and is_ticked
        self.start_button.setEnabled(is_ready and not is_running)
        self.cancel_button.setEnabled(is_running)
        found = self.found
        self.apply_button.setEnabled(found is not None and found.best.number > 0)
        self.save_button.setEnabled(found is not None)
        if not has_result:
            self._say(_NO_RESULT)
        elif not has_annotation:
            self._say(_NO_ANNOTATION)
        elif not has_score:
            self._say(_NO_SCORE)
        elif not is_ticked:
            self._say(_NO_PARAMETER)
        elif self.message.text() in _MISSING:
            self._say("")

    # What the search says

    def _on_tried(self, trial: Trial) -> None:
        # Trials may be a thousandth of a second, and a plot of many takes its time.
        self._trials.append(trial)
        if not self._pause.isActive():
            self._pause.start()

    def _show_trials(self) -> None:
        """Show what was tried until now, and rest long enough for other things."""
        if not self._trials:
            return
        start = time.perf_counter()
        self.progress.setValue(len(self._trials))
        is_new = self.plot.isHidden()
        self.plot.show_trials(self._trials, self._goal)
        self.plot.show()
        scored = [one for one in self._trials if not one.reason]
        if scored and self.run.is_running:
            best = max(scored, key=lambda one: self._goal.merit(one.score))
            self.result_line.setText(f"Best so far {best.score:#.4g}, in trial {best.number}.")
        if is_new:  # it has its place when it is laid out
            QTimer.singleShot(50, self._show_plot)
        spent = 1000 * (time.perf_counter() - start)
        self._pause.setInterval(round(max(_PAUSE, _REST * spent)))

    def _show_plot(self) -> None:
        if isalive(self):
            self.holder.ensureWidgetVisible(self.plot)

    def _on_found(self, found: Tuned) -> None:
        self.found = found
        self._pause.stop()
        self._show_trials()
        self.scores.show_images(found.images)
        self.scores.setVisible(len(found.images) > 1)
        # It has its place only when all that changed is laid out.
        QTimer.singleShot(50, self._show_scores)
        self.progress.setValue(self.progress.maximum())
        self.result_line.setText(found_in_words(found))
        self._refresh()

    def _show_scores(self) -> None:
        if isalive(self) and not self.scores.isHidden():
            self.holder.ensureWidgetVisible(self.scores)

    def _on_skipped(self, name: str, reason: str) -> None:
        self._skipped.append(f"{name} is skipped: {reason}")
        shown = self._skipped[:_MOST_SKIPPED]
        more = len(self._skipped) - len(shown)
        text = "\n".join(shown) + (f"\n… and {more} more" if more else "")
        self.message.say(text, "warning", self.session.viewer.theme)

    def _say(self, text: str) -> None:
        self.message.say(text, "hint", self.session.viewer.theme)

    def _on_failed(self, text: str) -> None:
        if not text:
            self._say("Cancelled before anything was tried.")
            return
        self.message.say(text, "error", self.session.viewer.theme)

    def _on_theme(self, event: Any) -> None:
        for section in self.sections.values():
            section.set_theme(event.value)
        self.plot.set_theme(event.value)
