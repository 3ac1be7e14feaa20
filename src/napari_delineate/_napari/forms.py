"""The form of an operation: layers, parameters, and what running it gave."""

from __future__ import annotations

from typing import Any

import napari
from napari.layers import Layer
from qtpy.QtCore import QEvent, Signal
from qtpy.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_delineate import catalogue
from napari_delineate._napari.docks import dock_of
from napari_delineate._napari.evaluator import CANCELLED
from napari_delineate._napari.fields import Fields
from napari_delineate._napari.layers import LayerError
from napari_delineate._napari.session import Session
from napari_delineate._napari.sessions import session_of
from napari_delineate._napari.widgets import Message, Scrolled
from napari_delineate.catalogue import Operation
from napari_delineate.engine import Progress, Results
from napari_delineate.types import Kind

__all__ = ["OperationForm", "describe_results", "show_form"]

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


class FormHolder(Scrolled):
    """Hold the form that is shown, scrolled where it is too tall."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumWidth(300)

    def show_form(self, form: OperationForm) -> OperationForm:
        """Show a form in place of the one before."""
        self._end_form()
        self.setWidget(form)
        return form

    def event(self, event: Any) -> bool:
        """End the form when the dock is closed: napari takes this out of it for good."""
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self._end_form()
        return bool(super().event(event))

    def _end_form(self) -> None:
        form = self.takeWidget()
        if isinstance(form, OperationForm):
            form.stop()
            form.deleteLater()


class OperationForm(QWidget):
    """Choose layers and parameters of an operation, run it, and see what it gave.

    Parameters
    ----------
    session : Session
        The session that records and computes.
    operation : Operation
        The operation.

    Signals
    -------
    recorded : name of the step that was made or changed
    """

    recorded = Signal(str)

    def __init__(self, session: Session, operation: Operation) -> None:
        super().__init__()
        self._session = session
        self.operation = operation
        self._step: str | None = None
        title = QLabel(operation.title)
        font = title.font()
        font.setBold(True)
        title.setFont(font)
        summary = QLabel(operation.summary)
        summary.setWordWrap(True)
        self.fields = Fields(session, operation)
        self.fields.show_last()
        self.choices, self.settings = self.fields.choices, self.fields.settings
        self.note = self.fields.note
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
        self.conversion = Message()
        self.convert_button = QPushButton("Convert and run")
        self.convert_button.clicked.connect(self.convert)
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
        layout.addWidget(self.conversion)
        layout.addWidget(self.convert_button)
        layout.addWidget(self.fields)
        layout.addLayout(buttons)
        layout.addWidget(self.progress)
        layout.addWidget(self.message)
        layout.addStretch(1)

        self.fields.inputs_changed.connect(self._refresh)
        session.changed.connect(self._show_mode)
        session.started.connect(self._on_started)
        session.progressed.connect(self._on_progress)
        session.finished.connect(self._on_finished)
        session.failed.connect(self._on_failed)
        self._refresh()

    @property
    def step(self) -> str | None:
        """The step that the form has made, None before it has run."""
        return self._step

    def run(self) -> None:
        """Record the step with what the form shows, and compute it."""
        sources, parameters = self.fields.sources(), self.fields.parameters()
        try:
            self._step = self._session.run(self.operation.id, sources, parameters, self._step)
        except (LayerError, ValueError, TypeError, KeyError) as error:
            self._say(str(error), "error")
            return
        self.fields.remember()
        self.recorded.emit(self._step)

    def convert(self) -> None:
        """Record a step that makes what the operation takes, and the operation on its result."""
        found = self._conversion()
        if found is None:
            return
        layer, converter = found
        session, first = self._session, self.operation.inputs[0].name
        try:
            made = session.run(converter.id, {converter.inputs[0].name: layer}, {})
            value = session.workflow.step(made).outputs[0]
            sources = {**self.fields.sources(), first: value}
            self._step = session.run(self.operation.id, sources, self.fields.parameters())
        except (LayerError, ValueError, TypeError, KeyError) as error:
            self._say(str(error), "error")
            return
        self.fields.remember()
        self.recorded.emit(self._step)

    def _conversion(self) -> tuple[Layer, Operation] | None:
        """Return the selected layer, and what makes of it what the operation takes."""
        layer, first = self._session.viewer.layers.selection.active, self.operation.inputs[0]
        kind = None if layer is None else self._session.kind(layer)
        if self._step is not None or kind is None or first.variable:
            return None
        chosen, others = self.fields.sources(), self.operation.inputs[1:]
        if not all(chosen[one.name] or one.optional for one in others):
            return None
        is_used = layer in self.fields.layers() or catalogue.accepts(first.kind, kind)
        converter = None if is_used else catalogue.converter(kind, first.kind)
        # What people mean by another image is no mask of it: only colours are taken apart.
        return (layer, converter) if converter is not None and kind is Kind.RGB else None

    def _show_conversion(self) -> None:
        found = self._conversion()
        self.convert_button.setVisible(found is not None)
        if found is None:
            self.conversion.say("")
            return
        layer, converter = found
        kind = catalogue.kind_in_words(Kind.RGB)
        text = f"{layer.name} is {kind}; convert it first."
        self.conversion.say(text, "hint", self._session.viewer.theme)
        said = f"Add {converter.title} on {layer.name}, then {self.operation.title} on its result"
        self.convert_button.setToolTip(said)
        self.convert_button.setAccessibleName(said)

    def stop(self) -> None:
        """Follow the viewer and the session no longer."""
        self.fields.stop()
        session = self._session
        session.changed.disconnect(self._show_mode)
        session.started.disconnect(self._on_started)
        session.progressed.disconnect(self._on_progress)
        session.finished.disconnect(self._on_finished)
        session.failed.disconnect(self._on_failed)

    def _refresh(self) -> None:
        self.run_button.setEnabled(self.fields.is_ready() and not self._session.running)
        self._show_conversion()

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
        self.new_button.setVisible(self._step is not None and not self._session.running)
        self._show_conversion()

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
            error = results.errors.get(self._step or "") or next(iter(results.errors.values()))
            self._say(error.reason, "error")
        elif self._step is not None and self._step in results.reports:
            seconds = results.reports[self._step].seconds
            said = describe_results(self._session, self._step)
            self._say(f"{said} · {seconds:.2g} s", "hint")

    def _on_failed(self, text: str) -> None:
        self._at_rest()
        self._say(text, "hint" if text == CANCELLED else "error")

    def _at_rest(self) -> None:
        self.cancel_button.hide()
        self.progress.hide()
        self._show_mode()
        self.new_button.setVisible(self._step is not None)
        self.run_button.setEnabled(self.fields.is_ready())

    def _say(self, text: str, tone: Any) -> None:
        self.message.say(text, tone, self._session.viewer.theme)


def describe_results(session: Session, step: str) -> str:
    """Say what a step gave: how many objects, rows or triangles."""
    said = []
    for name in session.workflow.step(step).outputs:
        count = session.count(name)
        said.append(f"{name}: {count}" if count else name)
    return ", ".join(said)
