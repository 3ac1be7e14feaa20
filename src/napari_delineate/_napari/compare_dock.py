"""The Compare dock: how well segmentations agree with a reference, and where they do not."""

from __future__ import annotations

from typing import Any

import napari
from napari.layers import Labels, Layer
from qtpy.QtCore import QEvent, Qt, QTimer
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_delineate._napari.compare_parts import (
    AdvicePart,
    Place,
    ScoreChoice,
    VariantsPart,
    WorstPart,
    legend,
)
from napari_delineate._napari.comparison_steps import (
    find_step,
    first_choice,
    record_scores,
    value_of,
)
from napari_delineate._napari.comparisons import Comparisons
from napari_delineate._napari.go_to import go_to
from napari_delineate._napari.layers import LayerError
from napari_delineate._napari.match_layers import (
    MATCHES_MAP,
    OVERLAP_MAP,
    Outlines,
    colour_map,
    is_map,
)
from napari_delineate._napari.session import Session
from napari_delineate._napari.sessions import session_of
from napari_delineate._napari.widgets import LayerChoice, LayersChoice, Message, Scrolled, shrink
from napari_delineate._napari.widgets.figure import FigureView, plot_colours
from napari_delineate._napari.widgets.score_table import ScoreTable
from napari_delineate._napari.widgets.section import Section
from napari_delineate.agreement_classes import COLOURS, TITLES
from napari_delineate.comparison import (
    ANNOTATIONS,
    MATCHES,
    Comparison,
    Request,
    settings_of,
)
from napari_delineate.comparison_plots import show_precision_curves, show_sizes
from napari_delineate.comparison_variants import Variant, Variants
from napari_delineate.engine import Progress
from napari_delineate.recommendation import Recommendation, recommend
from napari_delineate.wording import unit_symbol
from napari_delineate.workflow import Workflow

__all__ = ["CompareDock"]

_PAUSE = 300
"""Milliseconds for which nothing may change before anything is computed."""

_NO_LABELS = (
    "Open or draw labels to compare with: a reference, and a segmentation of the same image. "
    "An image that holds labels becomes a layer of labels by a right click on it: Convert to "
    "Labels."
)
_NO_SEGMENTATION = "Tick at least one segmentation to compare with the reference."


class CompareDock(QWidget):
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
        self._watched: list[Labels] = []
        self._colouring: set[str] = set()  # steps whose results are to get colours
        self._variants = Variants()
        self._outlines = Outlines()
        self._is_stopped = False
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE)
        self._pause.timeout.connect(self._begin)
        self.comparisons = Comparisons(self)

        self.reference = LayerChoice(viewer, self._fits, missing="no labels")
        self.reference.setAccessibleName("Reference")
        self.reference.setToolTip("Labels or a mask that are right, such as outlined by hand")
        self.annotation = QComboBox()
        shrink(self.annotation)
        self.annotation.setAccessibleName("What is annotated")
        self.annotation.setToolTip(
            "Whether the reference has all objects; what lies beside some is not counted as wrong"
        )
        for name, text in ANNOTATIONS.items():
            self.annotation.addItem(text, name)
        self.segmentations = LayersChoice(
            viewer, lambda layer: self._fits(layer) and layer is not self.reference.layer()
        )
        self.segmentations.setAccessibleName("Segmentations")
        self.segmentations.setToolTip("Tick the labels or masks that are compared")
        self.segmentations.setFixedHeight(self.fontMetrics().height() * 5)
        self.message = Message()
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Progress of the comparison")
        self.progress.setToolTip("How far the comparison is")
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(self.fontMetrics().height() // 3)
        kept = self.progress.sizePolicy()
        kept.setRetainSizeWhenHidden(True)
        self.progress.setSizePolicy(kept)
        self.progress.hide()

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
        self.curves = FigureView("Average precision over the overlap that partners need")
        self.sizes = FigureView("Differences of the sizes of partners, after Bland and Altman")
        self.variants = VariantsPart()
        self._build(theme)

        self.scores.choose(recommend().scores)
        self.reference.changed.connect(self._on_reference)
        self.segmentations.changed.connect(self._plan)
        self.annotation.currentIndexChanged.connect(self._plan)
        self.scores.changed.connect(self._plan)
        self.table.chosen.connect(self._enable)
        self.looked_at.currentIndexChanged.connect(self._show_objects)
        self.worst.chosen.connect(self.go_to)
        self.advice.taken.connect(self._on_advice)
        self.variants.taken.connect(self._on_variant)
        self.comparisons.started.connect(self._on_started)
        self.comparisons.progressed.connect(self._on_progressed)
        self.comparisons.compared.connect(self._on_compared)
        self.comparisons.failed.connect(self._on_failed)
        self.comparisons.ended.connect(self.progress.hide)
        self.session.finished.connect(self._on_finished)
        self.session.failed.connect(self._on_failed)
        self.session.closed.connect(self.comparisons.close)
        viewer.events.theme.connect(self._on_theme)
        self._choose_first()
        self._plan()

    def _build(self, theme: str) -> None:
        """Put all parts into their places."""
        head = QFormLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        head.addRow("Reference", self.reference)
        head.addRow("Annotated", self.annotation)
        head.addRow("Compare", self.segmentations)
        buttons = QHBoxLayout()
        buttons.addWidget(self.matches_button)
        buttons.addWidget(self.overlap_button)
        parts: dict[str, tuple[Any, ...]] = {
            "Scores": (self.table, self.add_button),
            "Scores in the table": (self.scores,),
            "Which metric should I use?": (self.advice,),
            "Objects": (self.looked_at, buttons, self.key, self.outlines, self.worst),
            "Plots": (self.curves, self.sizes),
            "States of the session": (self.variants,),
        }
        folded = ("Scores in the table", "Which metric should I use?")
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
        layout.addLayout(head)
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
        """Move camera and sliders to an object of the reference."""
        layer = self.reference.layer()
        places = None if self.comparison is None else self.comparison.places
        if layer is None or places is None:
            return
        found = places[places["label"] == place.number]
        for name, index in place.at.items():
            found = found[found[name] == index]
        if len(found):
            box = found.iloc[0]
            ndim = sum(name.startswith("centroid-") for name in places.columns)
            low = [int(box[f"bbox-{axis}"]) for axis in range(ndim)]
            high = [int(box[f"bbox-{axis + ndim}"]) - 1 for axis in range(ndim)]
            go_to(self.session.viewer, layer, (low, high), place.at, is_near=True)
            layer.selected_label = place.number

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

    def event(self, event: Any) -> bool:
        """Stop when the dock is closed: napari takes this out of it, and nobody sees it again."""
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self.stop()
        return bool(super().event(event))

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
        reference, layers = self.reference.layer(), self._segmentations()
        self._watch([*layers, *([reference] if isinstance(reference, Labels) else [])])
        self._draw_outlines(self.outlines.isChecked())
        why = ""
        if reference is None:
            why = _NO_LABELS
        elif not layers:
            count = sum(self._fits(layer) for layer in self.session.viewer.layers)
            why = _NO_SEGMENTATION if count > 1 else _NO_LABELS
        elif not self.scores.scores():
            why = "Tick a score under Scores in the table."
        if why:
            self._rest(why)
            return
        try:
            values = {layer.name: value_of(self.session, layer) for layer in layers}
            truth = value_of(self.session, reference)
        except (LayerError, ValueError) as error:
            self._rest("")
            self._on_failed(str(error))
            return
        workflow, name_of = self.session.evaluated, self.session.name_of
        named = {one.name: name_of(one) or "" for one in layers}
        made = {shown: name for shown, name in named.items() if workflow.maker(name) is not None}
        self._asked = workflow, made
        scores = self.scores.scores()
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

    def _rest(self, why: str) -> None:
        """Compare nothing, and say why."""
        self.comparisons.cancel()
        self.comparison = None
        self._say(why)
        for title in ("Scores", "Objects", "Plots"):
            self.titles[title].setVisible(False)

    # What was found out

    def _on_started(self) -> None:
        self.progress.setRange(0, 0)
        self.progress.show()

    def _on_progressed(self, state: Progress) -> None:
        self.progress.setRange(0, 100 * max(state.total, 1))
        self.progress.setValue(round(100 * (state.done + state.part)))
        self.progress.setToolTip(f"{state.title}: {state.done + 1} of {state.total}")

    def _on_compared(self, comparison: Comparison) -> None:
        if comparison.error:
            self._rest("")
            self._on_failed(comparison.error)
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
        said = [one.error for one in found.values() if one.error]
        whys = (why for one in found.values() for why in one.errors.values() if why)
        said += list(dict.fromkeys(whys))
        is_bad = any(one.error or not one.scores for one in found.values())
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
        if self.comparison is None:
            return
        found, reference = self.comparison.found, self.comparison.request.reference
        colours = plot_colours(self.session.viewer.theme)
        curves = {name: one.curve for name, one in found.items() if one.curve is not None}
        matches = {name: one.matches for name, one in found.items() if one.matches is not None}
        unit = unit_symbol(reference.units, reference.spacing, len(reference.spacing))
        self.curves.show_figure(show_precision_curves(curves, colours))
        self.sizes.show_figure(show_sizes(matches, unit, colours))

    def _show_variants(self) -> None:
        scores = () if self.comparison is None else self.comparison.request.scores
        self.variants.show_variants(self._variants.all(), scores, self.session.workflow)

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
