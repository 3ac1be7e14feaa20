"""The Annotators dock: how well several people agree, where they differ, and one of all."""

from __future__ import annotations

from functools import partial
from typing import Any

import napari
import numpy as np
from napari.layers import Image, Labels, Layer
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_delineate import catalogue
from napari_delineate._napari.annotator_tables import DisagreementTable, PairTable
from napari_delineate._napari.axes_row import AxesRow
from napari_delineate._napari.beside import known_axes
from napari_delineate._napari.go_to import go_to
from napari_delineate._napari.inspection import Inspector, as_clean
from napari_delineate._napari.layers import LayerError, axes_of, level_0, to_value
from napari_delineate._napari.match_layers import is_map
from napari_delineate._napari.session import Session
from napari_delineate._napari.sessions import session_of
from napari_delineate._napari.widgets import LayersChoice, Message, shrink
from napari_delineate._napari.widgets.dock import Dock
from napari_delineate._napari.widgets.scrolled import Scrolled
from napari_delineate._napari.widgets.section import Section
from napari_delineate.annotator_comparison import (
    COMPARED,
    MOST,
    AnnotatorComparison,
    Disagreement,
    compare_all,
)
from napari_delineate.annotators import Vote
from napari_delineate.axes import looped_axes
from napari_delineate.types import Kind

__all__ = ["AnnotatorsDock"]

_PAUSE = 300
"""Milliseconds for which nothing may change before annotators are compared again."""

_FEW = "Tick two or more annotations of one image."
_COMPARING = "Comparing…"
_MAP = "metrics.map_disagreement"
_PAIRS, _ALL = "metrics.compare_annotators", "metrics.annotator_agreement"
_CONSENSUS: dict[Vote, tuple[str, ...]] = {
    "objects": ("postprocessing.consensus_objects",),
    "foreground": ("postprocessing.majority_mask", "postprocessing.staple"),
    "classes": ("postprocessing.majority_labels", "postprocessing.staple_labels"),
    "marked classes": ("postprocessing.majority_labels", "postprocessing.staple_labels"),
}
"""What makes one annotation of several, by what is compared."""


class AnnotatorsDock(Dock):
    """Compare annotations of one image with each other, and make one of them.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        The viewer.
    """

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__()
        self.session: Session = session_of(napari_viewer)
        viewer, theme = self.session.viewer, self.session.viewer.theme
        self.comparison: AnnotatorComparison | None = None
        self._compared: list[Layer] = []  # the annotators, as in the comparison
        self._watched: list[Layer] = []
        self._maps: set[str] = set()  # steps whose results are to be shown alone
        self._axes: AxesRow | None = None
        self._is_stopped = False
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE)
        self._pause.timeout.connect(self._begin)
        self._inspector = Inspector(self)
        self._inspector.found.connect(self._on_found)
        self._inspector.failed.connect(self._on_failed)

        self.annotations = LayersChoice(viewer, self._fits)
        self.annotations.setAccessibleName("Annotations")
        self.annotations.setToolTip("Tick the labels of all annotators; nobody of them is right")
        self.annotations.setFixedHeight(self.fontMetrics().height() * 5)
        self.compare = QComboBox()
        shrink(self.compare)
        self.compare.setAccessibleName("What is compared")
        self.compare.setToolTip("What annotators agree on: objects, pixels or classes")
        for name, text in COMPARED.items():
            self.compare.addItem(text, name)
        self.message = Message()
        self.pairs = PairTable()
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.scores_button = QPushButton("Add scores as steps")
        self.scores_button.setToolTip(
            "Record the scores of all pairs as steps, so that the notebook has them too"
        )
        self.scores_button.clicked.connect(self.add_scores)
        self.places = DisagreementTable()
        self.map_button = QPushButton("Show disagreement")
        self.map_button.setToolTip(
            "Add a layer, as a step: how many annotators do not say what most say, pixel by pixel"
        )
        self.map_button.clicked.connect(self.show_map)
        self.method = QComboBox()
        shrink(self.method)
        self.method.setAccessibleName("How one annotation is made of all")
        self.make_button = QPushButton("Make consensus")
        self.make_button.setToolTip("Make one annotation of all that are ticked, as a step")
        self.make_button.clicked.connect(self.make_consensus)
        self._build(theme)

        self.annotations.changed.connect(self._plan)
        self.compare.currentIndexChanged.connect(self._on_compare)
        self.method.currentIndexChanged.connect(self._on_method)
        self.places.chosen.connect(self.go_to)
        self.session.finished.connect(self._on_finished)
        self.session.failed.connect(self._on_failed)
        viewer.events.theme.connect(self._on_theme)
        self._choose_first()
        self._on_compare()

    def _build(self, theme: str) -> None:
        """Put all parts into their places."""
        make = QHBoxLayout()
        make.addWidget(self.method, 1)
        make.addWidget(self.make_button)
        parts: dict[str, tuple[Any, ...]] = {
            "How well they agree": (self.pairs, self.said, self.scores_button),
            "Where they differ": (self.places, self.map_button),
            "One annotation of all": (make,),
        }
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        self.sections: dict[str, Section] = {}
        for title, rows in parts.items():
            section = self.sections[title] = Section(title, theme)
            for row in rows:
                section.rows.addRow(row)
            column.addWidget(section)
        column.addStretch(1)
        holder = Scrolled()
        holder.setWidget(inside)
        self.rows = QFormLayout()
        self.rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.rows.addRow("Annotations", self.annotations)
        self.rows.addRow("Compare", self.compare)
        layout = QVBoxLayout(self)
        layout.addLayout(self.rows)
        layout.addWidget(self.message)
        layout.addWidget(holder, 1)

    @property
    def running(self) -> bool:
        """Whether annotators are being compared, or about to be."""
        return self._inspector.running or self._pause.isActive()

    # What a person does

    def add_scores(self) -> None:
        """Record the scores as steps."""
        compare = self._vote()
        if compare in ("objects", "foreground"):
            self._run(_PAIRS, {})
        self._run(_ALL, {"compare": compare})

    def show_map(self) -> None:
        """Record a step that shows where annotators differ."""
        step = self._run(_MAP, {"compare": self._vote()})
        if step is not None:
            self._maps.add(step)

    def make_consensus(self) -> None:
        """Record a step that makes one annotation of all."""
        self._run(self.method.currentData(), {})

    def go_to(self, place: Disagreement) -> None:
        """Turn sliders and camera to a place where annotators differ, and show them all."""
        layer = self._compared[0] if self._compared else None
        if layer is None or layer not in self.session.viewer.layers:
            return
        at = dict(zip(looped_axes(known_axes(layer) or ""), place.frame, strict=False))
        go_to(self.session.viewer, layer, (place.low, place.high), at, is_near=True)

    def stop(self) -> None:
        """Follow the viewer and the session no longer."""
        if self._is_stopped:
            return
        self._is_stopped = True
        self._pause.stop()
        self._inspector.drop()
        self._watch([])
        self.annotations.stop()
        self.session.finished.disconnect(self._on_finished)
        self.session.failed.disconnect(self._on_failed)
        self.session.viewer.events.theme.disconnect(self._on_theme)

    # What is compared

    def _fits(self, layer: Any) -> bool:
        return isinstance(layer, Labels) and not is_map(self.session, layer)

    def _vote(self) -> Vote:
        vote: Vote = self.compare.currentData()
        return vote

    def _choose_first(self) -> None:
        """Tick what no step has made, if that is several of one shape, and what it means."""
        session = self.session
        drawn = []
        for layer in session.viewer.layers:
            name = session.name_of(layer) if self._fits(layer) else None
            is_made = name is not None and session.workflow.maker(name) is not None
            if self._fits(layer) and not is_made:
                drawn.append(layer)
        alike = [one for one in drawn if one.data.shape == drawn[-1].data.shape]
        if len(alike) < 2:
            return
        self.annotations.choose(alike)
        meanings = [session.annotations.of(one) for one in alike]
        vote = "objects"
        if any(one.semantic for one in meanings):
            vote = "marked classes" if any(one.sparse for one in meanings) else "classes"
        self.compare.setCurrentIndex(self.compare.findData(vote))

    def _on_compare(self, _: Any = None) -> None:
        self.method.clear()
        for operation in map(catalogue.find, _CONSENSUS[self._vote()]):
            self.method.addItem(operation.title, operation.id)
        self._on_method()
        self._plan()

    def _on_method(self, _: Any = None) -> None:
        if self.method.currentData() is not None:
            self.method.setToolTip(catalogue.find(self.method.currentData()).summary)

    def _plan(self, _: Any = None) -> None:
        """Compare once nothing has changed for a while."""
        self._pause.start()

    def _begin(self) -> None:
        layers = self.annotations.layers()[::-1]  # the first is the lowest in the list
        self._watch(layers)
        self._ask_axes(next((one for one in layers if axes_of(one) is None), None))
        if len(layers) < 2:
            self._rest(_FEW)
            return
        shapes = [tuple(level_0(one).shape) for one in layers]
        first = max(shapes, key=shapes.count)
        others = [
            f"{layer.name} ({_size(shape)})"
            for layer, shape in zip(layers, shapes, strict=True)
            if shape != first
        ]
        if others:
            self._rest(
                f"Annotations of one image have one shape, most have {_size(first)}. Untick "
                f"others: {', '.join(others)}",
                "warning",
            )
            return
        axes = {one.name: known_axes(one) for one in layers}
        if len(set(axes.values())) > 1 or None in axes.values():
            known = {name: ", ".join(one or "unknown") for name, one in axes.items()}
            said = "; ".join(f"{name}: {one}" for name, one in known.items())
            self._rest(f"Say what the axes of all annotations are. {said}", "warning")
            return
        self._say(_COMPARING)
        self._compared = layers
        arrays = [level_0(one) for one in layers]
        (known_one,) = set(axes.values())
        self._inspector.ask(partial(_compare, arrays, str(known_one), self._vote()))

    def _ask_axes(self, layer: Layer | None) -> None:
        """Ask what the axes of a layer are, or ask nothing."""
        if self._axes is not None:
            self.rows.removeRow(self._axes)
            self._axes = None
        if layer is not None:
            self._axes = AxesRow(layer)
            self._axes.answered.connect(self._plan)
            self.rows.addRow(self._axes)

    def _watch(self, layers: list[Layer]) -> None:
        """Compare again when these layers are painted on."""
        for layer in self._watched:
            for emitter in (layer.events.data, layer.events.paint):
                emitter.disconnect(self._plan)
        self._watched = list(layers)
        for layer in layers:
            for emitter in (layer.events.data, layer.events.paint):
                emitter.connect(self._plan)

    def _rest(self, why: str, tone: Any = "hint") -> None:
        """Compare nothing, and say why."""
        self._inspector.drop()
        self.comparison = None
        self._say(why, tone)
        for section in self.sections.values():
            section.setVisible(False)

    # What was found out

    def _on_found(self, found: AnnotatorComparison) -> None:
        self.comparison = found
        names = [one.name for one in self._compared]
        for section in self.sections.values():
            section.setVisible(True)
        loops = looped_axes(known_axes(self._compared[0]) or "")
        self.pairs.show_pairs(found, names)
        self.places.show_places(found, names, loops)
        self.said.setText(_in_words(found, names))
        self._say("" if found.count <= MOST else f"The {MOST:,} largest of {found.count:,} places.")
        self.map_button.setEnabled(bool(found.count))

    def _run(self, operation: str, settings: dict[str, Any]) -> str | None:
        """Record a step that works on all annotations; None where that is not possible."""
        entry = catalogue.find(operation).inputs[0].name
        try:
            for layer in self._compared:
                to_value(layer)
            return self.session.run(operation, {entry: list(self._compared)}, settings)
        except (LayerError, ValueError, TypeError) as error:
            self._on_failed(str(error))
            return None

    def _on_finished(self, _: Any = None) -> None:
        session = self.session
        for step in [one for one in session.evaluated.steps if one.name in self._maps]:
            self._maps.discard(step.name)
            layer = session.layer(step.outputs[0])
            if isinstance(layer, Image):
                layer.colormap, layer.blending, layer.opacity = "inferno", "additive", 0.8
        self.annotations.refresh()

    def _say(self, text: str, tone: Any = "hint") -> None:
        self.message.say(text, tone, self.session.viewer.theme)

    def _on_failed(self, text: str) -> None:
        self._say(text, "error")

    def _on_theme(self, event: Any) -> None:
        for section in self.sections.values():
            section.set_theme(event.value)


def _compare(arrays: list[Any], axes: str, compare: Vote) -> AnnotatorComparison:
    """Compare annotations that may be edited meanwhile; this runs in a thread."""
    copies = [as_clean(np.array(one), Kind.LABELS, "an annotation") for one in arrays]
    return compare_all(copies, axes, compare)


def _in_words(found: AnnotatorComparison, names: list[str]) -> str:
    """Say who differs most, and how many places there are."""
    if not found.count:
        return "They agree everywhere."
    if len(names) == 2:
        return "Of two, nobody can say who is nearer to the others."
    if found.farthest is None:
        return "Nobody differs more from the others than all do."
    rest = [mean for who, mean in enumerate(found.means) if who != found.farthest]
    return (
        f"{names[found.farthest]} differs most: kappa {found.means[found.farthest]:.2f} with the "
        f"others on average; they have {min(rest):.2f} or more."
    )


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
