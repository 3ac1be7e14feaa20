"""The form of an operation: layers, parameters, and what running it gave."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import napari
from napari.layers import Image, Labels, Layer
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from napari_delineate import catalogue
from napari_delineate._napari.docks import dock_of
from napari_delineate._napari.layers import (
    LayerError,
    axes_of,
    in_memory,
    likely_axes,
    nbytes_of,
    remember_axes,
    spacing_of,
)
from napari_delineate._napari.session import Session, session_of
from napari_delineate._napari.widgets import (
    LayerChoice,
    LayersChoice,
    Message,
    SettingEdit,
    shrink,
)
from napari_delineate.axes import looped_axes
from napari_delineate.catalogue import Operation
from napari_delineate.engine import Progress, Results
from napari_delineate.signatures import Input
from napari_delineate.types import Kind

__all__ = ["OperationForm", "show_form"]

_DOCK = "Delineate"


def show_form(viewer: napari.Viewer, operation: str) -> OperationForm:
    """Show the form of an operation in the one dock that all forms share.

    Parameters
    ----------
    viewer : napari.Viewer
        The viewer.
    operation : str
        Id of the operation.

    Returns
    -------
    OperationForm
        The form.
    """
    viewer = getattr(viewer, "__wrapped__", viewer)  # menu commands hand over a proxy
    session = session_of(viewer)
    session.warm_up()
    holder = dock_of(viewer, _DOCK, FormHolder)
    return holder.show_form(OperationForm(session, catalogue.find(operation)))


class FormHolder(QScrollArea):
    """Hold the form that is shown, scrolled where it is too tall."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(300)

    def show_form(self, form: OperationForm) -> OperationForm:
        """Show a form in place of the one before."""
        before = self.takeWidget()
        if isinstance(before, OperationForm):
            before.stop()
            before.deleteLater()
        self.setWidget(form)
        return form


class OperationForm(QWidget):
    """Choose layers and parameters of an operation, run it, and see what it gave.

    Parameters
    ----------
    session : Session
        The session that records and computes.
    operation : Operation
        The operation.
    """

    def __init__(self, session: Session, operation: Operation) -> None:
        super().__init__()
        self._session = session
        self.operation = operation
        self._step: str | None = None
        self.choices: dict[str, LayerChoice | LayersChoice] = {}
        self.settings: dict[str, SettingEdit] = {}
        self._axes_rows: list[QWidget] = []

        title = QLabel(operation.title)
        font = title.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.2)
        title.setFont(font)
        summary = QLabel(operation.summary)
        summary.setWordWrap(True)
        self._form = QFormLayout()
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self._axes = QVBoxLayout()
        self.note = Message()
        self.run_button = QPushButton("Run")
        self.run_button.setToolTip("Compute a new layer from these settings (Ctrl+Enter)")
        self.run_button.setShortcut("Ctrl+Return")
        self.run_button.clicked.connect(self.run)
        self.new_button = QPushButton("New result")
        self.new_button.setToolTip("Keep the layer made last; the next run makes another one")
        self.new_button.clicked.connect(self._begin_anew)
        self.new_button.hide()
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setToolTip("Stop computing; nothing is changed")
        self.cancel_button.clicked.connect(session.cancel)
        self.cancel_button.hide()
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setMaximumHeight(6)
        self.progress.hide()
        self.message = Message()
        buttons = QHBoxLayout()
        buttons.addWidget(self.run_button, 1)
        buttons.addWidget(self.new_button)
        buttons.addWidget(self.cancel_button)

        layout = QVBoxLayout(self)
        layout.addWidget(title)
        layout.addWidget(summary)
        layout.addLayout(self._form)
        layout.addLayout(self._axes)
        layout.addWidget(self.note)
        layout.addLayout(buttons)
        layout.addWidget(self.progress)
        layout.addWidget(self.message)
        layout.addStretch(1)
        self._add_inputs()
        self._add_settings()

        session.started.connect(self._on_started)
        session.progressed.connect(self._on_progress)
        session.finished.connect(self._on_finished)
        session.failed.connect(self._on_failed)
        self._refresh()

    def run(self) -> None:
        """Record the step with what the form shows, and compute it."""
        inputs: dict[str, Any] = {}
        for name, choice in self.choices.items():
            inputs[name] = choice.layers() if isinstance(choice, LayersChoice) else choice.layer()
        parameters = {name: edit.value() for name, edit in self.settings.items()}
        try:
            self._step = self._session.run(self.operation.id, inputs, parameters, self._step)
        except (LayerError, ValueError, TypeError, KeyError) as error:
            self._say(str(error), "error")

    def stop(self) -> None:
        """Follow the viewer and the session no longer."""
        for choice in self.choices.values():
            choice.stop()
        session = self._session
        session.started.disconnect(self._on_started)
        session.progressed.disconnect(self._on_progress)
        session.finished.disconnect(self._on_finished)
        session.failed.disconnect(self._on_failed)

    def _add_inputs(self) -> None:
        texts = self.operation.documentation.parameters
        viewer = self._session.viewer
        for entry in self.operation.inputs:
            fits = partial(self._fits, entry)
            choice: LayerChoice | LayersChoice
            if entry.variable:
                choice = LayersChoice(viewer, fits)
            else:
                missing = f"no {_word(entry.kind)} layer"
                choice = LayerChoice(viewer, fits, optional=entry.optional, missing=missing)
            choice.setToolTip(texts.get(entry.name, ""))
            choice.setAccessibleName(_label(entry.name))
            choice.changed.connect(self._refresh)
            self.choices[entry.name] = choice
            self._add_row(entry.name, choice, texts.get(entry.name, ""))

    def _add_settings(self) -> None:
        texts = self.operation.documentation.parameters
        for setting in self.operation.settings:
            edit = SettingEdit(setting)
            edit.setToolTip(texts.get(setting.name, ""))
            edit.setAccessibleName(_label(setting.name))
            self.settings[setting.name] = edit
            self._add_row(setting.name, edit, texts.get(setting.name, ""))

    def _add_row(self, name: str, widget: QWidget, tooltip: str) -> None:
        label = QLabel(_label(name))
        label.setToolTip(tooltip)
        label.setBuddy(widget)
        self._form.addRow(label, widget)

    def _fits(self, entry: Input, layer: Layer) -> bool:
        kind = self._session.kind(layer)
        return kind is not None and catalogue.accepts(entry.kind, kind)

    def _layers(self) -> list[Layer]:
        layers: list[Layer] = []
        for choice in self.choices.values():
            if isinstance(choice, LayersChoice):
                layers += choice.layers()
            else:
                layer = choice.layer()
                layers += [] if layer is None else [layer]
        return list(dict.fromkeys(layers))

    def _refresh(self) -> None:
        """Show what the chosen layers mean: axes, units, memory, and whether it can run."""
        layers = self._layers()
        self._show_axes(layers)
        self._show_units(layers)
        ready = True
        for entry in self.operation.inputs:
            choice = self.choices[entry.name]
            chosen = choice.layers() if isinstance(choice, LayersChoice) else choice.layer()
            ready = ready and (bool(chosen) or entry.optional)
        unknown = [layer.name for layer in layers if axes_of(layer) is None]
        self.run_button.setEnabled(ready and not unknown and not self._session.running)
        large = [layer for layer in layers if not in_memory(layer)]
        if unknown:
            self._hint("Say what the axes are; the layer remembers it.", "warning")
        elif not ready:
            wanted = " and ".join(
                f"{_article(entry.kind)} layer" for entry in self.operation.inputs[:1]
            )
            self._hint(f"Add or choose {wanted} to begin.", "hint")
        elif large:
            gigabytes = sum(nbytes_of(layer) for layer in large) / 1e9
            self._hint(
                f"{large[0].name} is not in memory: running reads all of it, {gigabytes:.2g} GB.",
                "warning",
            )
        else:
            self._hint("", "hint")

    def _show_axes(self, layers: Sequence[Layer]) -> None:
        """Show the axes of stacks and movies, and ask for them where they are not known."""
        for row in self._axes_rows:
            row.deleteLater()
        self._axes_rows = []
        for layer in layers:
            if layer.ndim == 2 or not isinstance(layer, Image | Labels):
                continue
            row = QWidget()
            line = QHBoxLayout(row)
            line.setContentsMargins(0, 0, 0, 0)
            label = QLabel(f"Axes of {layer.name}")
            label.setWordWrap(True)
            label.setMinimumWidth(label.fontMetrics().averageCharWidth() * 12)
            choose = QComboBox()
            shrink(choose)
            choose.setAccessibleName(f"Axes of {layer.name}")
            choose.setToolTip(
                "Z is depth: objects are found in 3D. T (time) and C (channels) are looped: "
                "each image by itself."
            )
            known = axes_of(layer)
            options = likely_axes(layer.ndim)
            if known is None:
                choose.addItem("choose…", None)
            elif known not in options:
                options = (known, *options)
            for axes in options:
                choose.addItem(_axes_text(axes), axes)
            choose.setCurrentIndex(max(choose.findData(known), 0))
            choose.currentIndexChanged.connect(partial(self._on_axes, layer, choose))
            line.addWidget(label)
            line.addWidget(choose, 1)
            self._axes.addWidget(row)
            self._axes_rows.append(row)

    def _on_axes(self, layer: Layer, choose: QComboBox, _: int) -> None:
        axes = choose.currentData()
        if axes is not None:
            remember_axes(layer, axes)
            self._refresh()

    def _show_units(self, layers: Sequence[Layer]) -> None:
        for layer in layers:
            if axes_of(layer) is None:
                continue
            try:
                spacing, units = spacing_of(layer)
            except LayerError as error:
                self._say(str(error), "error")
                return
            for edit in self.settings.values():
                edit.set_spacing(spacing, units)
            return

    def _begin_anew(self) -> None:
        self._step = None
        self._show_mode()
        self._say("", "hint")

    def _show_mode(self) -> None:
        """Say whether the next run changes the result or makes a new one."""
        steps = {step.name for step in self._session.workflow.steps}
        if self._step not in steps:
            self._step = None
        self.run_button.setText("Run" if self._step is None else "Update result")
        self.new_button.setVisible(self._step is not None)

    def _on_started(self) -> None:
        self.run_button.setEnabled(False)
        self.new_button.hide()
        self.cancel_button.show()
        self.progress.setRange(0, 0)
        self.progress.show()
        self._say("", "hint")

    def _on_progress(self, state: Progress) -> None:
        if self._session.running:
            self.progress.setRange(0, 100 * state.total)
            self.progress.setValue(int(100 * (state.done + state.part)))
            self._say(f"{state.title}…", "hint")

    def _on_finished(self, results: Results) -> None:
        self._at_rest()
        if results.errors:
            error = next(iter(results.errors.values()))
            self._say(str(error.__cause__ or error), "error")
        elif self._step is not None and self._step in results.reports:
            self._say(self._describe(results), "hint")

    def _on_failed(self, text: str) -> None:
        self._at_rest()
        self._say(text, "hint" if text == "Cancelled." else "error")

    def _at_rest(self) -> None:
        self.cancel_button.hide()
        self.progress.hide()
        self._show_mode()
        self._refresh()
        self.run_button.setEnabled(
            self.run_button.isEnabled()
            or (bool(self._layers()) and all(axes_of(one) for one in self._layers()))
        )

    def _describe(self, results: Results) -> str:
        """Say what the step gave."""
        step = self._session.workflow.step(str(self._step))
        report = results.reports[step.name]
        said = []
        for name in step.outputs:
            value = results[name]
            if value.kind is Kind.SCORES:
                said.append(f"{name} {value.data:.4g}")
            elif value.kind is Kind.TABLE:
                said.append(f"{name}: {len(value.data)} rows")
            elif value.kind is Kind.LABELS and not looped_axes(value.axes):
                said.append(f"{name}: {_count(value.data)} objects")
            elif value.kind is Kind.SURFACE:
                said.append(f"{name}: {len(value.data.faces):,} triangles")
            else:
                said.append(name)
        return f"{', '.join(said)} · {report.seconds:.2g} s"

    def _say(self, text: str, tone: Any) -> None:
        self.message.say(text, tone, self._session.viewer.theme)

    def _hint(self, text: str, tone: Any) -> None:
        self.note.say(text, tone, self._session.viewer.theme)


def _count(labels: Any) -> int:
    import fastremap

    numbers = fastremap.unique(labels)
    return int((numbers > 0).sum())


def _label(name: str) -> str:
    text = name.replace("_", " ")
    return text[0].upper() + text[1:]


def _word(kind: Kind) -> str:
    return {Kind.RGB: "colour image", Kind.CORRECTIONS: "corrections"}.get(kind, str(kind))


def _article(kind: Kind) -> str:
    word = _word(kind)
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def _axes_text(axes: str) -> str:
    loops = looped_axes(axes)
    words = {"T": "time", "C": "channel"}
    what = "3D" if "Z" in axes else "2D"
    if loops:
        what += f" for each {' and '.join(words.get(one, one) for one in loops)}"
    return f"{', '.join(axes)} · {what}"
