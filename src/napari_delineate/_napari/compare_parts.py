"""The parts of the Compare dock: what is compared, which scores, plots, what colours mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from napari.components import ViewerModel
from napari.layers import Layer
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QFlowLayout

from napari_delineate import catalogue
from napari_delineate._napari.axes_row import AxesRow
from napari_delineate._napari.docks import dock_of
from napari_delineate._napari.forms import OperationForm, show_form
from napari_delineate._napari.widgets import LayerChoice, LayersChoice, shrink
from napari_delineate._napari.widgets.figure import FigureView, plot_colours
from napari_delineate.comparison import (
    ANNOTATIONS,
    ARROWS,
    Comparison,
    ScoreId,
    offered_scores,
    scoring_of,
    title_of,
)
from napari_delineate.comparison_plots import show_precision_curves, show_sizes
from napari_delineate.engine import Progress
from napari_delineate.recommendation import QUESTIONS, Recommendation, recommend
from napari_delineate.wording import unit_symbol

__all__ = [
    "AdvicePart",
    "AnnotatorsPart",
    "ComparedPart",
    "PlotsPart",
    "ProgressLine",
    "ScoreChoice",
    "legend",
]


_FOR_ANNOTATORS = (
    "metrics.compare_annotators",
    "metrics.annotator_agreement",
    "metrics.map_disagreement",
    "postprocessing.consensus_objects",
)
_ANNOTATIONS = "annotations"
"""What these operations call the labels of all annotators."""
_FREE = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable


class ComparedPart(QWidget):
    """Choose what is right, what of the image it annotates, and what is compared with it.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer.
    fits : callable
        Tells whether a layer can be chosen.
    """

    answered = Signal()
    """A layer has other axes than before."""

    def __init__(self, viewer: ViewerModel, fits: Callable[[Layer], bool]) -> None:
        super().__init__()
        self._axes: AxesRow | None = None
        # Where the reference is deleted, no other layer becomes it unasked.
        self.reference = LayerChoice(viewer, fits, optional=True)
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
            viewer, lambda layer: fits(layer) and layer is not self.reference.layer()
        )
        self.segmentations.setAccessibleName("Segmentations")
        self.segmentations.setToolTip("Tick the labels or masks that are compared")
        self.segmentations.setFixedHeight(self.fontMetrics().height() * 5)
        self.rows = QFormLayout(self)
        self.rows.setContentsMargins(0, 0, 0, 0)
        self.rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.rows.addRow("Reference", self.reference)
        self.rows.addRow("Annotated", self.annotation)
        self.rows.addRow("Compare", self.segmentations)

    def ask_axes(self, layer: Layer | None) -> None:
        """Ask what the axes of a layer are, or ask nothing."""
        if self._axes is not None:
            self.rows.removeRow(self._axes)
            self._axes = None
        if layer is not None:
            self._axes = AxesRow(layer)
            self._axes.answered.connect(self.answered)
            self.rows.addRow(self._axes)


class AnnotatorsPart(QWidget):
    """Compare people with each other, where nobody says which of them is right.

    Parameters
    ----------
    viewer : napari.Viewer
        The viewer.
    compared : ComparedPart
        The layers chosen there are those of the annotators.
    """

    def __init__(self, viewer: Any, compared: ComparedPart) -> None:
        super().__init__()
        self._viewer, self._compared = viewer, compared
        said = QLabel(
            "Several people annotated the same image, and nobody says who is right? Tick their "
            "labels above; the reference counts as one of them."
        )
        said.setWordWrap(True)
        row = QWidget()
        flow = QFlowLayout(row)
        flow.setContentsMargins(0, 0, 0, 0)
        self.buttons: dict[str, QPushButton] = {}
        self.dock_button = QPushButton("Compare annotators…")
        self.dock_button.setToolTip(
            "Open a dock with the scores of each pair, the places where they differ, and buttons "
            "that make one annotation of all"
        )
        self.dock_button.clicked.connect(self.open_dock)
        for operation in map(catalogue.find, _FOR_ANNOTATORS):
            button = self.buttons[operation.id] = QPushButton(operation.title)
            button.setToolTip(operation.summary)
            button.clicked.connect(partial(self.open, operation.id))
            flow.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(said)
        layout.addWidget(self.dock_button)
        layout.addWidget(row)

    def open_dock(self) -> None:
        """Show the dock that compares the layers that are chosen."""
        from napari_delineate._napari.annotators_dock import AnnotatorsDock

        dock = dock_of(self._viewer, "Annotators", lambda: AnnotatorsDock(self._viewer))
        dock.annotations.choose(self._chosen())

    def _chosen(self) -> list[Layer]:
        reference = self._compared.reference.layer()
        chosen = [one for one in (reference,) if one is not None]
        return [*chosen, *self._compared.segmentations.layers()]

    def open(self, operation: str, _: bool = False) -> OperationForm:
        """Show the form of an operation with the layers that are chosen."""
        form = show_form(self._viewer, operation)
        form.fields.choices[_ANNOTATIONS].choose(self._chosen())
        return form


class ScoreChoice(QWidget):
    """Tick the scores that the table shows."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search for a score")
        self.search.setAccessibleName("Search for a score")
        self.search.setToolTip("Show only scores whose name or operation has this in it")
        self.search.setClearButtonEnabled(True)
        self.list = QListWidget()
        self.list.setAccessibleName("Scores")
        self.list.setToolTip("Tick the scores that the table shows")
        self.list.setFixedHeight(self.list.fontMetrics().height() * 12)
        every = tuple(offered_scores())
        for score in every:
            title = title_of(score, every)
            item = QListWidgetItem(f"{title} {ARROWS[scoring_of(score).better]}".strip(), self.list)
            item.setData(Qt.ItemDataRole.UserRole, score)
            item.setFlags(_FREE)
            item.setCheckState(Qt.CheckState.Unchecked)
            item.setToolTip(_meaning(score))
        self.search.textChanged.connect(self._on_search)
        self.list.itemChanged.connect(lambda _: self.changed.emit())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.search)
        layout.addWidget(self.list)

    def scores(self) -> tuple[ScoreId, ...]:
        """Return the scores ticked, in the order of the menu."""
        items = (self.list.item(row) for row in range(self.list.count()))
        return tuple(
            ScoreId(*one.data(Qt.ItemDataRole.UserRole))
            for one in items
            if one is not None and one.checkState() == Qt.CheckState.Checked
        )

    def choose(self, scores: Sequence[ScoreId]) -> None:
        """Tick these scores and no others."""
        self.list.blockSignals(True)
        for row in range(self.list.count()):
            item = self.list.item(row)
            assert item is not None
            is_ticked = ScoreId(*item.data(Qt.ItemDataRole.UserRole)) in scores
            item.setCheckState(Qt.CheckState.Checked if is_ticked else Qt.CheckState.Unchecked)
        self.list.blockSignals(False)
        self.list.viewport().update()
        self.changed.emit()

    def allow(self, why_not: Callable[[ScoreId], str]) -> None:
        """Let a person tick only those scores of which nothing says why they can not be had."""
        self.list.blockSignals(True)
        for row in range(self.list.count()):
            item = self.list.item(row)
            assert item is not None
            score = ScoreId(*item.data(Qt.ItemDataRole.UserRole))
            why = why_not(score)
            item.setFlags(_FREE if not why else Qt.ItemFlag.NoItemFlags)
            if why:
                item.setCheckState(Qt.CheckState.Unchecked)
            item.setToolTip(f"{why}\n{_meaning(score)}" if why else _meaning(score))
        self.list.blockSignals(False)
        self.list.viewport().update()
        self.changed.emit()

    def _on_search(self, text: str) -> None:
        for row in range(self.list.count()):
            item = self.list.item(row)
            assert item is not None
            said = f"{item.text()} {item.toolTip()}".lower()
            item.setHidden(not all(word in said for word in text.lower().split()))


def _meaning(score: ScoreId) -> str:
    operation = offered_scores()[score]
    return f"{operation.title}: {operation.summary}\n{scoring_of(score)}"


class AdvicePart(QWidget):
    """Ask three questions, and say which scores answer them, and why."""

    taken = Signal(object)
    """The `Recommendation` that a person takes."""

    def __init__(self) -> None:
        super().__init__()
        rows = QFormLayout()
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        self.answers: list[QComboBox] = []
        for question, texts in QUESTIONS:
            box = QComboBox()
            shrink(box)
            for name, text in texts.items():
                box.addItem(text, name)
            box.setAccessibleName(question)
            box.setToolTip(question)
            box.currentIndexChanged.connect(self._refresh)
            self.answers.append(box)
            rows.addRow(question, box)
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.button = QPushButton("Use these scores")
        self.button.setToolTip("Show the recommended scores in the table, and no others")
        self.button.clicked.connect(lambda: self.taken.emit(self.recommendation()))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(rows)
        layout.addWidget(self.said)
        layout.addWidget(self.button)
        self._refresh()

    def recommendation(self) -> Recommendation:
        """Return what is recommended for the answers now."""
        return recommend(*(box.currentData() for box in self.answers))

    def _refresh(self, _: Any = None) -> None:
        found = self.recommendation()
        titles = ", ".join(title_of(score, found.scores) for score in found.scores)
        self.said.setText(f"Recommended: {titles}.\n\n{found.reason}\n\nAfter Metrics Reloaded.")


class ProgressLine(QProgressBar):
    """Show how far a run is as a thin line, which keeps its place while nothing runs.

    Parameters
    ----------
    name : str
        What it shows, for people who hear it.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setTextVisible(False)
        self.setFixedHeight(self.fontMetrics().height() // 3)
        kept = self.sizePolicy()
        kept.setRetainSizeWhenHidden(True)
        self.setSizePolicy(kept)
        self.hide()

    def begin(self) -> None:
        """Show that a run has begun."""
        self.setRange(0, 0)
        self.show()

    def show_progress(self, state: Progress) -> None:
        """Show how far a run is."""
        self.setRange(0, 100 * max(state.total, 1))
        self.setValue(round(100 * (state.done + state.part)))
        self.setToolTip(f"{state.title}: {state.done + 1} of {state.total}")


class PlotsPart(QWidget):
    """Show how strict partners are, and how their sizes differ."""

    def __init__(self) -> None:
        super().__init__()
        self.curves = FigureView("Average precision over the overlap that partners need")
        self.sizes = FigureView("Differences of the sizes of partners, after Bland and Altman")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.curves)
        layout.addWidget(self.sizes)

    def show_comparison(self, comparison: Comparison, theme: str) -> None:
        """Draw a comparison in the colours of a theme."""
        found, reference = comparison.found, comparison.request.reference
        colours = plot_colours(theme)
        curves = {name: one.curve for name, one in found.items() if one.curve is not None}
        matches = {name: one.matches for name, one in found.items() if one.matches is not None}
        unit = unit_symbol(reference.units, reference.spacing, len(reference.spacing))
        self.curves.show_figure(show_precision_curves(curves, colours))
        self.sizes.show_figure(show_sizes(matches, unit, colours))


def legend(colours: Mapping[Any, str], titles: Mapping[Any, str]) -> str:
    """Return the meaning of colours as rich text."""
    return " &nbsp; ".join(
        f'<span style="color: {colours[one]}">■</span>&nbsp;{titles[one].replace(" ", "&nbsp;")}'
        for one in titles
    )
