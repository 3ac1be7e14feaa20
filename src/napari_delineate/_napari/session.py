"""One session per viewer: the workflow and its history, the engine, and the layers.

What a person does becomes a change of the workflow; after any change the layers are made
to agree with it. Layers are only touched in the GUI thread; everything is computed in the
engine's worker process.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import napari
from napari.layers import Layer
from napari.utils.notifications import show_warning
from qtpy.compat import isalive
from qtpy.QtCore import QObject, QTimer, Signal

from napari_delineate import rewiring
from napari_delineate._napari.anchors import warning_of
from napari_delineate._napari.annotations import Annotations
from napari_delineate._napari.autosave import Autosave
from napari_delineate._napari.bindings import HISTORY_KEYS, Bindings, Source
from napari_delineate._napari.drawings import is_being_edited
from napari_delineate._napari.evaluator import CANCELLED, Computed, Evaluator, Task
from napari_delineate._napari.input_files import InputFiles
from napari_delineate._napari.last_settings import LastSettings
from napari_delineate._napari.layers import (
    is_editable,
    kind_of,
    place_of,
    plain_place,
    to_value,
)
from napari_delineate._napari.settling import Settling
from napari_delineate._napari.size_guard import SizeGuard
from napari_delineate._napari.view import METADATA, View, is_shown_as_layer
from napari_delineate.engine import CancelledError, Engine, Results
from napari_delineate.files import FileError, load_inputs
from napari_delineate.history import History
from napari_delineate.store import Store
from napari_delineate.types import Kind
from napari_delineate.values import Value
from napari_delineate.workflow import Workflow

__all__ = ["METADATA", "Session"]

_ONE_GESTURE = 1.0
"""Changes of the same settings within so many seconds are one entry of the history."""


class Session(QObject):
    """Tie a viewer to a workflow.

    Signals
    -------
    changed : the workflow, its history or which layers are shown changed
    started : a run begins
    progressed : `Progress` of the run
    finished : `Results` of the run, after the layers agree with them
    failed : a sentence, when nothing could be computed
    inputs_changed : other inputs than before are no longer what the workflow knows
    closed : the viewer is closed
    """

    changed = Signal()
    started = Signal()
    progressed = Signal(object)
    finished = Signal(object)
    failed = Signal(str)
    inputs_changed = Signal()
    closed = Signal()

    def __init__(self, viewer: napari.Viewer) -> None:
        super().__init__()
        self._viewer = weakref.ref(viewer)
        self.store = Store()
        self.history: History[Workflow] = History(Workflow())
        self.results = Results()
        self.evaluated = Workflow()  # the workflow that the results belong to
        self.changed_inputs: dict[str, str] = {}  # see `Bindings.changed_inputs`
        self.turned_inputs: list[str] = []
        # The end of a stroke is announced while napari is still at it.
        strokes = QTimer(self, singleShot=True, interval=0)
        strokes.timeout.connect(lambda: self.record_edits(lenient=True))
        looks = QTimer(self, singleShot=True, interval=0)
        looks.timeout.connect(self._look_at_inputs)
        self._bindings = Bindings(
            viewer, self.store, strokes.start, looks.start, self._on_undo_key, self._on_redo_key
        )
        self.size_guard = SizeGuard(self)
        self._view = View(viewer, self._bindings, self.store, self.size_guard, self.changed.emit)
        self._files = InputFiles(self.store)
        self._evaluator = Evaluator(self.store, self._files)
        self._task: Task | None = None  # what was computed last, or is being computed
        self._gesture: tuple[Any, float] = (None, 0.0)  # what was changed last, and when
        self._evaluator.started.connect(self.started)
        self._evaluator.progressed.connect(self.progressed)
        self._evaluator.previewed.connect(self._on_previewed)
        self._evaluator.computed.connect(self._on_computed)
        self.annotations = Annotations(self)
        self.autosave = Autosave(self)
        self._settling = Settling(self)
        self.last_settings = LastSettings(self)
        for key, act in zip(HISTORY_KEYS, (self.undo, self.redo), strict=True):
            viewer.bind_key(key, lambda _, act=act: act(), overwrite=True)

    # What there is

    @property
    def workflow(self) -> Workflow:
        """The workflow now."""
        return self.history.present

    @property
    def running(self) -> bool:
        """Whether something is being computed."""
        return self._evaluator.running

    @property
    def engine(self) -> Engine:
        """The engine, which remembers results."""
        return self._evaluator.engine

    @property
    def viewer(self) -> napari.Viewer:
        """The viewer."""
        viewer = self._viewer()
        if viewer is None:
            raise RuntimeError("the viewer of this session is closed")
        return viewer

    def warm_up(self) -> None:
        """Start the worker processes, so that the first run does not wait for them."""
        self._evaluator.warm_up()

    def layer(self, name: str) -> Layer | None:
        """Return the layer that shows a value, None if it was deleted or never made."""
        return self._bindings.layer(self.workflow, name)

    def name_of(self, layer: Layer) -> str | None:
        """Return the value that a layer shows, None if it is no part of the workflow."""
        return self._bindings.name_of(layer, self.workflow)

    def kind(self, source: Source) -> Kind | None:
        """Return the kind of a source: the workflow knows masks that layers do not show."""
        name = source if isinstance(source, str) else self.name_of(source)
        if name is None:
            return kind_of(source)
        return self.workflow.values[name].kind

    def count(self, name: str) -> str:
        """Say how much a result holds, for instance "42 objects"; empty for an image."""
        return self._evaluator.count(self.results.content_keys.get(name, ""))

    def is_deleted(self, name: str) -> bool:
        """Tell whether a person has deleted the layer of a value."""
        return self._view.is_deleted(self.workflow, name)

    def without_layer(self) -> list[str]:
        """Return the values that have no layer, the last first; steps can work on them.

        Layers may have been deleted; tables have none.
        """
        values = self.workflow.values
        names = reversed(self._bindings.anchors(self.workflow).shown.values())
        return [
            name
            for name in names
            if self.is_deleted(name) or not is_shown_as_layer(values[name].kind)
        ]

    # What a person does

    def run(
        self,
        operation: str,
        inputs: Mapping[str, Source | Sequence[Source] | None],
        parameters: Mapping[str, Any],
        step: str | None = None,
    ) -> str:
        """Record a step, or a change of one, and compute what follows.

        Parameters
        ----------
        operation : str
            Id of the operation.
        inputs : mapping of str to layer, name, several of these, or None
            What to work on.
        parameters : mapping of str to literal
            The settings.
        step : str, optional
            Name of a step to change; by default a new one is added.

        Returns
        -------
        str
            Name of the step.

        Raises
        ------
        LayerError, ValueError, TypeError
            If a layer or a parameter does not fit; nothing is recorded then.
        """
        workflow, wired = self.wire(inputs)
        if step is None:
            workflow = workflow.add(operation, wired, parameters)
            step = workflow.steps[-1].name
        else:
            workflow = rewiring.rewire(workflow, step, wired)
            workflow = workflow.change(step, parameters=parameters)
        self.apply(workflow)
        return step

    def insert(self, operation: str, value: str) -> str:
        """Record a step with its defaults behind a value, before what used the value.

        Parameters
        ----------
        operation : str
            Id of an operation.
        value : str
            Name of the value.

        Returns
        -------
        str
            Name of the step.
        """
        workflow = self._with_edits()
        inserted = rewiring.insert(workflow, operation, value)
        known = {step.name for step in workflow.steps}
        self.apply(inserted)
        return next(step.name for step in inserted.steps if step.name not in known)

    def change(
        self,
        step: str,
        *,
        inputs: Mapping[str, Source | Sequence[Source] | None] | None = None,
        parameters: Mapping[str, Any] | None = None,
        evaluate: bool = True,
    ) -> None:
        """Record a change of a step; quick changes of the same settings are one entry.

        Parameters
        ----------
        step : str
            Name of the step.
        inputs : mapping of str to layer, name, several of these, or None, optional
            The inputs that change.
        parameters : mapping of str to literal, optional
            The settings that change.
        evaluate : bool
            Whether it is computed at once.

        Raises
        ------
        LayerError, ValueError, TypeError
            If a layer or a parameter does not fit; nothing is recorded then.
        """
        workflow, wired = self.wire(inputs or {})
        if wired:
            workflow = rewiring.rewire(workflow, step, wired)
        if parameters:
            workflow = workflow.change(step, parameters=parameters)
        gesture = (step, *sorted(parameters or ())) if parameters and not wired else None
        self.apply(workflow, gesture=gesture, evaluate=evaluate)

    def apply(self, workflow: Workflow, *, gesture: Any = None, evaluate: bool = True) -> None:
        """Record any change of the workflow, and compute it.

        Parameters
        ----------
        workflow : Workflow
            The new workflow, made from the one now.
        gesture : object, optional
            What is being changed; several quick changes of it are one entry of the
            history.
        evaluate : bool
            Whether it is computed at once.
        """
        workflow = rewiring.without_unused_inputs(workflow)
        now = time.monotonic()
        last, when = self._gesture
        if gesture is not None and gesture == last and now - when < _ONE_GESTURE:
            self.history = self.history.replace(workflow)
        else:
            self.history = self.history.push(workflow)
        self._gesture = (gesture, now)
        self._look_at_inputs()
        self.changed.emit()
        if evaluate:
            self.evaluate(preview=gesture is not None)

    def amend(self, workflow: Workflow) -> None:
        """Change what nothing is computed from, such as what was looked at; no undo is needed."""
        if self.evaluated == self.workflow:
            self.evaluated = workflow
        self.history = self.history.amend(workflow)
        self.changed.emit()

    def open(self, workflow: Workflow, given: Mapping[str, Source | Value] | None = None) -> None:
        """Replace the workflow by another one, read its inputs, and compute it.

        Parameters
        ----------
        workflow : Workflow
            A workflow.
        given : mapping of str to layer or Value, optional
            What its inputs are; the others are read from the files that they name.

        Raises
        ------
        FileError
            If a file can not be read; nothing changes then.
        """
        given = dict(given or {})
        left = {name: one for name, one in workflow.inputs.items() if name not in given}
        missing = [name for name, value in left.items() if value.source is None]
        if missing:
            raise FileError(f"the workflow does not say where its input {missing[0]!r} is")
        given |= load_inputs(replace(workflow, steps=(), inputs=left))
        for name, described in workflow.inputs.items():
            source = given[name]
            layer = source if isinstance(source, Layer) else None
            value = source if isinstance(source, Value) else to_value(source)
            place = plain_place(value) if layer is None else place_of(layer)
            is_painted = layer is not None and is_editable(layer)
            version = self.store.put(name, value, copy=is_painted)
            described = replace(
                described,
                axes=value.axes,
                spacing=value.spacing,
                units=value.units,
                version=version,
            )
            workflow = workflow.add_input(name, described)
            self._bindings.bind_input(workflow, name, layer, place)
        self._view.begin(workflow)
        self.apply(workflow)

    def undo(self, steps: int = 1) -> None:
        """Go back to the workflow before the last changes; not in the middle of a stroke."""
        if is_being_edited(self.viewer):
            return
        # An input that can not be used any more must not lock the way back.
        self.record_edits(evaluate=False, lenient=True)
        for _ in range(steps):
            if self.workflow.inputs.keys() - (self.history.past or [Workflow()])[-1].inputs.keys():
                self._view.show_inputs(self.workflow)  # layers that leave it hold what they held
            self.history = self.history.undo()
        self._go()

    def redo(self, steps: int = 1) -> None:
        """Go forward to the workflow that was undone; not in the middle of a stroke."""
        if is_being_edited(self.viewer):
            return
        self.record_edits(evaluate=False, lenient=True)
        for _ in range(steps):
            self.history = self.history.redo()
        self._go()

    def cancel(self) -> None:
        """Stop what is being computed; a change that was not computed is taken back."""
        self._evaluator.cancel()
        back = self.evaluated in self.history.past
        if self.running and (back or self.evaluated in self.history.future):
            while self.workflow != self.evaluated:
                self.history = self.history.undo() if back else self.history.redo()
            self._view.show_inputs(self.workflow)
            self.changed.emit()

    def show(self, name: str) -> None:
        """Bring the layer of a value back that was deleted."""
        self._view.bring_back(self.workflow, name)
        self.changed.emit()

    def record_edits(
        self, *, evaluate: bool = True, lenient: bool = False, title: str = ""
    ) -> None:
        """Record what was painted or replaced by hand, in the history under a title.

        Where that is lenient, an input that can not be used any more is left as it was.
        """
        with self.store.titled(title):
            workflow = self._with_edits(lenient=lenient)
        if workflow != self.workflow:
            self.apply(workflow, evaluate=evaluate)

    def close(self) -> None:
        """End the worker processes, and forget what was kept for a crash."""
        self.store.settle()  # threads may wait for it
        self._evaluator.close()
        self.autosave.close()
        self.last_settings.close()
        if isalive(self):  # where Python ends, Qt may have ended before
            self.closed.emit()

    def to_save(self) -> tuple[Workflow, dict[str, Value]]:
        """Return the workflow with checksums and files of its inputs, and their values.

        Returns
        -------
        workflow : Workflow
            The workflow. What was edited since the last run is in it.
        inputs : dict of str to Value
            The values of all inputs.
        """
        self.record_edits()
        return self.snapshot(self.workflow)

    def snapshot(self, workflow: Workflow) -> tuple[Workflow, dict[str, Value]]:
        """Return a workflow of the history as `to_save` does; any thread may ask for it."""
        return self._files.describe(workflow), self._files.values(workflow)

    # Evaluation

    def evaluate(self, *, preview: bool = False) -> None:
        """Compute the present workflow; what is under way is overtaken.

        Parameters
        ----------
        preview : bool
            Whether what is on the screen is shown first where that saves time.
        """
        known = self._task.workflow if self.running and self._task else self.evaluated
        if rewiring.is_computed_alike(known, self.workflow):
            self._view.show_inputs(self.workflow)  # nobody paints on what was undone
            if known != self.workflow:
                if not self.running:
                    self.evaluated = self.workflow
                    self.finished.emit(self.results)
                return
        region = self._view.region_on_screen(self.evaluated, self.workflow) if preview else None
        self._task = Task(self.workflow, self.evaluated, self.results, region)
        self._evaluator.run(self._task)

    def wire(
        self, inputs: Mapping[str, Source | Sequence[Source] | None]
    ) -> tuple[Workflow, dict[str, str | tuple[str, ...] | None]]:
        """Return the workflow with what was edited, and the values that sources show."""
        return self._bindings.wire(self._with_edits(), inputs)

    def _with_edits(self, *, lenient: bool = False, by_hand: bool = False) -> Workflow:
        return self._bindings.with_edits(
            self.workflow, self.evaluated, self.results, lenient=lenient, by_hand=by_hand
        )

    def _look_at_inputs(self) -> None:
        """Say whether inputs changed; what a camera shows is not computed until it is asked for."""
        changed = self._bindings.changed_inputs(self.workflow)
        turned = self._bindings.turned_inputs(self.workflow)
        if (changed, turned) != (self.changed_inputs, self.turned_inputs):
            self.changed_inputs, self.turned_inputs = changed, turned
            self.inputs_changed.emit()

    def _go(self) -> None:
        self._gesture = (None, 0.0)
        self.changed.emit()
        self._view.show_inputs(self.workflow)
        self.evaluate()

    def _on_previewed(self, task: Task, values: Mapping[str, Value]) -> None:
        if task is self._task and not self._evaluator.is_overtaken:
            self._view.preview(task.workflow, values)

    def _on_computed(self, computed: Computed) -> None:
        task, results = computed.task, computed.results
        if task is not self._task or self._viewer() is None:
            return  # overtaken meanwhile
        if isinstance(results, Exception):
            self.failed.emit(CANCELLED if isinstance(results, CancelledError) else str(results))
            return
        if is_being_edited(self.viewer):
            # What is being painted would be painted over.
            QTimer.singleShot(50, lambda: self._on_computed(computed))
            return
        edited = self._with_edits(lenient=True, by_hand=True)
        if edited != self.workflow:
            self.apply(edited)  # what was painted meanwhile
            return
        # What was annotated meanwhile needs nothing of the results.
        is_alike = rewiring.is_computed_alike(task.workflow, self.workflow)
        self.results, self.evaluated = results, self.workflow if is_alike else task.workflow
        self._view.show(self.evaluated, results, computed.described)
        self._look_at_inputs()
        for step, report in results.reports.items():
            for text in () if report.from_cache else report.warnings:
                show_warning(warning_of(task.workflow, step, text))
        self.finished.emit(results)

    def _on_undo_key(self, layer: Layer) -> None:
        layer.undo() if self.name_of(layer) is None and layer._undo_history else self.undo()

    def _on_redo_key(self, layer: Layer) -> None:
        layer.redo() if self.name_of(layer) is None and layer._redo_history else self.redo()
