"""The Compare dock: how well segmentations agree with a reference, and where they do not."""

from __future__ import annotations

from functools import partial
from typing import Any

import napari
from napari.layers import Labels, Layer
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_delineate._napari.compare_lists import Place, VariantsPart, WorstPart
from napari_delineate._napari.compare_parts import (
    AdvicePart,
    AnnotatorsPart,
    ComparedPart,
    PlotsPart,
    ProgressLine,
    ScoreChoice,
    legend,
)
from napari_delineate._napari.comparison_steps import (
    find_step,
    first_choice,
    record_scores,
    unknown_axes,
    value_of,
    values_of,
)
from napari_delineate._napari.comparisons import Comparisons, State
from napari_delineate._napari.go_to import box_of, go_to
from napari_delineate._napari.layers import LayerError
from napari_delineate._napari.match_layers import Outlines, colour_map, is_map
from napari_delineate._napari.session import Session
from napari_delineate._napari.sessions import session_of
from napari_delineate._napari.widgets import Message, Scrolled, shrink
from napari_delineate._napari.widgets.dock import Dock
from napari_delineate._napari.widgets.score_table import ScoreTable
from napari_delineate._napari.widgets.section import Section
from napari_delineate.agreement_classes import COLOURS, TITLES
from napari_delineate.comparison import (
    MATCHES,
    MATCHES_MAP,
    OVERLAP_MAP,
    Comparison,
    Request,
    settings_of,
)
from napari_delineate.comparison_variants import Variant, Variants
from napari_delineate.recommendation import Recommendation, recommend
from napari_delineate.values import Value
from napari_delineate.workflow import Workflow

__all__ = ["CompareDock"]

_PAUSE = 300
"""Milliseconds for which nothing may change before anything is computed."""

_NO_LABELS = (
    "Open or draw labels to compare with: a reference, and a segmentation of the same image. "
    "An image that holds labels becomes a layer of labels by a right click on it: Convert to "
    "Labels."
)
_NO_REFERENCE = "Choose a reference: labels or a mask that are right; else open Several annotators."
_WHAT_AXES = "Say what the axes are; the layers remember it."
_NO_SEGMENTATION = "Tick at least one segmentation to compare with the reference."


class CompareDock(Dock):
    """Compare segmentations with a reference.

    Everything is computed in the background, and again when a result changes. What changes
    the session (scores, maps, going back) is a step or a change of it.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        The viewer.
    """

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__()
        self.session: Session = session_of(napari_viewer)
        viewer, theme = self.session.viewer, self.session.viewer.theme
        self.comparison: Comparison | None = None
        self._settings = recommend().settings
        self._asked: tuple[Workflow, dict[str, str]] = (Workflow(), {})
        self._left_out: list[str] = []  # why layers are not compared
        self._had_reference = False
        self._is_scoring = False  # states of the history
        self._watched: list[Labels] = []
        self._colouring: set[str] = set()  # steps whose results are to get colours
        self._variants = Variants()
        self._outlines = Outlines()
        self._is_stopped = False
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE)
        self._pause.timeout.connect(self._begin)
        self.comparisons = Comparisons(self)

        self.choice = ComparedPart(viewer, self._fits)
        self.reference, self.annotation = self.choice.reference, self.choice.annotation
        self.segmentations = self.choice.segmentations
        self.message = Message()
        self.progress = ProgressLine("Progress of the comparison")

        self.table = ScoreTable()
        self.add_button = QPushButton("Add as steps")
        self.add_button.setToolTip(
            "Record the scores selected as steps, so that the notebook has them too"
        )
        self.add_button.clicked.connect(self.add_scores)
        self.scores = ScoreChoice()
        self.advice = AdvicePart()
        self.looked_at = QComboBox()
        shrink(self.looked_at)
        self.looked_at.setAccessibleName("Segmentation to look at")
        self.looked_at.setToolTip("The segmentation whose objects are shown and listed")
        self.matches_button = QPushButton("Show matches")
        self.matches_button.setToolTip(
            "Add a layer that says which objects are found, spurious, missed, split and merged"
        )
        self.matches_button.clicked.connect(lambda: self.show_map(MATCHES_MAP))
        self.overlap_button = QPushButton("Show overlap")
        self.overlap_button.setToolTip("Add a layer that colours objects by their best IoU")
        self.overlap_button.clicked.connect(lambda: self.show_map(OVERLAP_MAP))
        self.outlines = QCheckBox("Draw outlines only")
        self.outlines.setToolTip("Draw reference and segmentations as outlines over the image")
        self.outlines.toggled.connect(self._on_outlines)
        self.key = QLabel(legend(COLOURS, TITLES))
        self.key.setTextFormat(Qt.TextFormat.RichText)
        self.key.setWordWrap(True)
        self.worst = WorstPart(theme)
        self.plots = PlotsPart()
        self.variants = VariantsPart()
        self._build(theme)

        self.scores.choose(recommend().scores)
        self.reference.changed.connect(self._on_reference)
        self.segmentations.changed.connect(self._plan)
        self.annotation.currentIndexChanged.connect(self._plan)
        self.choice.answered.connect(self._plan)
        self.scores.changed.connect(self._plan)
        self.table.chosen.connect(self._enable)
        self.looked_at.currentIndexChanged.connect(self._show_objects)
        self.worst.chosen.connect(self.go_to)
        self.advice.taken.connect(self._on_advice)
        self.variants.taken.connect(self._on_variant)
        self.variants.earlier_wanted.connect(self.score_earlier)
        self.comparisons.started.connect(self.progress.begin)
        self.comparisons.progressed.connect(self.progress.show_progress)
        self.comparisons.compared.connect(self._on_compared)
        self.comparisons.scored.connect(self._on_scored)
        self.comparisons.failed.connect(self._on_failed)
        self.comparisons.ended.connect(self._on_ended)
        self.session.finished.connect(self._on_finished)
        self.session.failed.connect(self._on_failed)
        self.session.closed.connect(self.comparisons.close)
        viewer.events.theme.connect(self._on_theme)
        self._choose_first()
        self._plan()

    def _build(self, theme: str) -> None:
        """Put all parts into their places."""
        buttons = QHBoxLayout()
        buttons.addWidget(self.matches_button)
        buttons.addWidget(self.overlap_button)
        parts: dict[str, tuple[Any, ...]] = {
            "Scores": (self.table, self.add_button),
            "Scores in the table": (self.scores,),
            "Which metric should I use?": (self.advice,),
            "Objects": (self.looked_at, buttons, self.key, self.outlines, self.worst),
            "Plots": (self.plots,),
            "States of the session": (self.variants,),
            "Several annotators": (AnnotatorsPart(self.session.viewer, self.choice),),
        }
        folded = ("Scores in the table", "Which metric should I use?", "Several annotators")
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        self.titles: dict[str, Section] = {}
        for title, rows in parts.items():
            section = self.titles[title] = Section(title, theme, is_open=title not in folded)
            for row in rows:
                section.rows.addRow(row)
            column.addWidget(section)
        column.addStretch(1)
        self.holder = Scrolled()
        self.holder.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.addWidget(self.choice)
        layout.addWidget(self.message)
        layout.addWidget(self.progress)
        layout.addWidget(self.holder, 1)
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * 40)

    # What a person does

    def add_scores(self) -> None:
        """Record the scores that are selected as steps."""
        layers = {layer.name: layer for layer in self._segmentations()}
        reference, found = self.reference.layer(), self.comparison
        if reference is None or found is None:
            return
        wanted = [
            (score.operation, layers[name])
            for score, name in self.table.selected()
            if name in layers and score in found.found[name].scores
        ]
        try:
            record_scores(self.session, reference, wanted, self._annotation(), self._settings)
        except (LayerError, ValueError, TypeError) as error:
            self._on_failed(str(error))

    def show_map(self, operation: str) -> None:
        """Record a step that shows how a segmentation agrees, unless there is one."""
        reference, layer, session = self.reference.layer(), self._looked_at(), self.session
        if reference is None or layer is None:
            return
        inputs = {"reference": reference, "labels": layer}
        settings = settings_of(operation, self._annotation(), self._settings)
        step = find_step(session, operation, inputs, settings)
        if step is not None:
            name = session.workflow.step(step).outputs[0]
            session.show(name)
            shown = session.layer(name)
            if shown is not None:
                self._show_alone(shown)
            return
        try:
            self._colouring.add(session.run(operation, inputs, settings))
        except (LayerError, ValueError, TypeError) as error:
            self._on_failed(str(error))

    def go_to(self, place: Place) -> None:
        """Move camera and sliders to an object of the reference, or of the segmentation."""
        layer = self.reference.layer() if place.is_reference else self._looked_at()
        if not isinstance(layer, Labels):
            return
        box = box_of(layer, place.number, place.at)
        if box is not None:
            go_to(self.session.viewer, layer, box, place.at, is_near=True)
            layer.selected_label = place.number

    def score_earlier(self) -> None:
        """Score what undo and redo lead to, or stop doing so."""
        if self._is_scoring:
            self.comparisons.cancel()
        elif self.comparison is not None:
            self._is_scoring = True
            states = [
                State(one, name, shown, partial(self._inputs_of, one))
                for shown, name in self._asked[1].items()
                for one in self._variants.unseen(self._states(), name)
            ]
            self.comparisons.ask_states(self.comparison.request, states)
            self._show_variants()

    def _inputs_of(self, workflow: Workflow) -> dict[str, Value]:
        return self.session.snapshot(workflow)[1]

    def _states(self) -> list[Workflow]:
        """Return all states of the history, the oldest first."""
        history = self.session.history
        return [*history.past, history.present, *history.future]

    def stop(self) -> None:
        """Follow the viewer and the session no longer, and end the processes."""
        if self._is_stopped:
            return
        self._is_stopped = True
        self._pause.stop()
        self._watch([])
        self._outlines.draw([])
        self.reference.stop()
        self.segmentations.stop()
        self.comparisons.close()
        self.session.finished.disconnect(self._on_finished)
        self.session.failed.disconnect(self._on_failed)
        self.session.closed.disconnect(self.comparisons.close)
        self.session.viewer.events.theme.disconnect(self._on_theme)

    # What is compared

    def _fits(self, layer: Any) -> bool:
        return isinstance(layer, Labels) and not is_map(self.session, layer)

    def _annotation(self) -> Any:
        return self.annotation.currentData()

    def _segmentations(self) -> list[Labels]:
        return [one for one in self.segmentations.layers() if isinstance(one, Labels)]

    def _looked_at(self) -> Labels | None:
        name = self.looked_at.currentText()
        return next((layer for layer in self._segmentations() if layer.name == name), None)

    def _choose_first(self) -> None:
        """Take what no step has made as the reference, and compare all that is like it."""
        layers = [layer for layer in self.session.viewer.layers if self._fits(layer)]
        chosen, alike = first_choice(self.session, layers)
        self.reference.choose(chosen)
        self.segmentations.choose(alike)

    def _on_reference(self) -> None:
        self.segmentations.refresh()
        self._plan()

    def _plan(self, _: Any = None) -> None:
        """Compare once nothing has changed for a while."""
        self._pause.start()

    def _begin(self) -> None:
        fitting = [layer for layer in self.session.viewer.layers if self._fits(layer)]
        if self.reference.layer() is None and not self._had_reference:
            self.reference.choose(first_choice(self.session, fitting)[0])
        reference, layers = self.reference.layer(), self._segmentations()
        self._had_reference = self._had_reference or reference is not None
        chosen = [*([reference] if isinstance(reference, Labels) else []), *layers]
        self._watch(chosen)
        self._draw_outlines(self.outlines.isChecked())
        unknown = unknown_axes(chosen)
        self.choice.ask_axes(unknown)
        why = ""
        if reference is None:
            why = _NO_REFERENCE if fitting else _NO_LABELS
        elif not layers:
            why = _NO_SEGMENTATION if len(fitting) > 1 else _NO_LABELS
        elif unknown is not None:
            why = _WHAT_AXES
        elif not self.scores.scores():
            why = "Tick a score under Scores in the table."
        if why or reference is None:
            self._rest(why)
            return
        try:
            truth = value_of(self.session, reference)
            values, self._left_out = values_of(self.session, layers, reference)
        except (LayerError, ValueError) as error:
            self._rest(str(error), "error")
            return
        if not values:
            self._rest("\n".join(self._left_out), "error")
            return
        workflow, name_of = self.session.evaluated, self.session.name_of
        named = {one.name: name_of(one) or "" for one in layers if one.name in values}
        made = {shown: name for shown, name in named.items() if workflow.maker(name) is not None}
        self._asked = workflow, made
        scores, self._is_scoring = self.scores.scores(), False
        self.comparisons.ask(Request(truth, values, scores, self._annotation(), self._settings))

    def _watch(self, layers: list[Labels]) -> None:
        """Compare again when these layers are painted on."""
        for layer in self._watched:
            for emitter in (layer.events.data, layer.events.paint):
                emitter.disconnect(self._plan)
        self._watched = layers
        for layer in layers:
            for emitter in (layer.events.data, layer.events.paint):
                emitter.connect(self._plan)

    def _rest(self, why: str, tone: Any = "hint") -> None:
        """Compare nothing, and say why."""
        self.comparisons.cancel()
        self.comparison = None
        self._say(why, tone)
        for title in ("Scores", "Objects", "Plots"):
            self.titles[title].setVisible(False)

    # What was found out

    def _on_ended(self) -> None:
        self.progress.hide()
        self._is_scoring = False
        self._show_variants()

    def _on_compared(self, comparison: Comparison) -> None:
        if comparison.error:
            self._rest(comparison.error, "error")
            return
        self.comparison = comparison
        found = comparison.found
        for title in ("Scores", "Objects", "Plots"):
            self.titles[title].setVisible(True)
        self.table.show_comparison(comparison)
        workflow, made = self._asked
        self._variants.add(workflow, comparison, made)
        self._show_variants()
        before = self.looked_at.currentText()
        self.looked_at.blockSignals(True)
        self.looked_at.clear()
        self.looked_at.addItems([name for name in found if not found[name].error])
        self.looked_at.setCurrentIndex(max(self.looked_at.findText(before), 0))
        self.looked_at.blockSignals(False)
        self._show_objects()
        self._show_plots()
        said = [*self._left_out, *(one.error for one in found.values() if one.error)]
        said += [why for one in found.values() for why in one.errors.values() if why]
        is_bad = bool(self._left_out) or any(one.error or not one.scores for one in found.values())
        said += comparison.hints
        self._say("\n".join(dict.fromkeys(said)), "warning" if is_bad else "hint")

    def _show_objects(self, _: Any = None) -> None:
        name = self.looked_at.currentText()
        found = None if self.comparison is None else self.comparison.found.get(name)
        matches = None if found is None else found.matches
        self.worst.show_matches(matches)
        self.matches_button.setEnabled(matches is not None)
        self.overlap_button.setEnabled(matches is not None)
        self._enable()

    def _show_plots(self) -> None:
        if self.comparison is not None:
            self.plots.show_comparison(self.comparison, self.session.viewer.theme)

    def _on_scored(self, state: State, found: Comparison | None) -> None:
        """Add a state of the history to those that are known."""
        if found is None:
            self._variants.mark(state.workflow, state.result)
        elif self._variants.are_of(found):
            self._variants.add(state.workflow, found, {state.shown: state.result})
            self._variants.retitle(self._states(), state.result)
        self._show_variants()

    def _show_variants(self) -> None:
        scores = () if self.comparison is None else self.comparison.request.scores
        self.variants.show_variants(self._variants.all(), scores, self.session.workflow)
        names = [] if self.comparison is None else self._asked[1].values()
        states = self._states()
        number = sum(len(self._variants.unseen(states, one)) for one in names)
        self.variants.offer_earlier(number, is_running=self._is_scoring)

    def _enable(self) -> None:
        self.add_button.setEnabled(bool(self.table.selected()))

    def _on_advice(self, found: Recommendation) -> None:
        self._settings = {MATCHES: {}, **found.settings}
        self.scores.choose(found.scores)
        self.titles["Scores"].set_open(True)
        self.holder.ensureWidgetVisible(self.table)

    def _on_variant(self, variant: Variant) -> None:
        self.session.apply(variant.workflow)

    def _draw_outlines(self, is_on: bool) -> None:
        self._outlines.draw(self._watched if is_on else [])

    def _on_outlines(self, is_on: bool) -> None:
        self._draw_outlines(is_on)
        for layer in self._watched if is_on else []:
            layer.visible = True

    def _on_finished(self, _: Any = None) -> None:
        session = self.session
        for step in [one for one in session.evaluated.steps if one.name in self._colouring]:
            self._colouring.discard(step.name)
            layer = session.layer(step.outputs[0])
            if layer is not None:
                colour_map(layer)
                self._show_alone(layer)
            elif step.name in session.results.errors:
                self._on_failed(session.results.errors[step.name].reason)
        self.reference.refresh()
        self.segmentations.refresh()
        self._show_variants()
        self._plan()

    def _show_alone(self, layer: Layer) -> None:
        """Show a map without labels and other maps, whose colours would mix with its own."""
        for other in self.session.viewer.layers:
            is_plain = isinstance(other, Labels) and not self.outlines.isChecked()
            if is_plain or is_map(self.session, other):
                other.visible = False
        layer.visible = True

    def _say(self, text: str, tone: Any = "hint") -> None:
        self.message.say(text, tone, self.session.viewer.theme)

    def _on_failed(self, text: str) -> None:
        self._say(text, "error")

    def _on_theme(self, event: Any) -> None:
        for section in self.titles.values():
            section.set_theme(event.value)
        self.worst.set_theme(event.value)
        self._show_plots()
