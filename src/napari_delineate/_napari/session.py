"""One session per viewer: the workflow and its history, the engine, and the layers.

What a person does becomes a change of the workflow; after any change the layers are made
to agree with it. Layers are tied to values by their `unique_id`, so renaming, reordering,
hiding or recolouring a layer disturbs nothing. Layers are only touched in the GUI thread;
everything is computed in the engine's worker process.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import napari
from napari.layers import Labels, Layer
from napari.qt.threading import create_worker
from napari.utils import progress as activity
from napari.utils.notifications import show_warning
from qtpy.QtCore import QObject, Signal

from napari_delineate._napari import docks
from napari_delineate._napari.bindings import APPLY, Bindings
from napari_delineate._napari.layers import (
    kind_of,
    make_layer,
    plain_place,
    put_into,
)
from napari_delineate.engine import CancelledError, Engine, Progress, Results
from napari_delineate.files import FileError, load_inputs, read
from napari_delineate.files.results import as_table
from napari_delineate.history import History
from napari_delineate.store import Store
from napari_delineate.types import Kind
from napari_delineate.values import Value, fingerprint
from napari_delineate.worker import WorkerRunner
from napari_delineate.workflow import Workflow, WorkflowInput

__all__ = ["Session", "session_of"]

METADATA = "napari_delineate"
"""The entry of a layer's metadata that holds the workflow it is a result of."""

_SHOWN_AS_LAYER = (Kind.IMAGE, Kind.RGB, Kind.MASK, Kind.LABELS, Kind.POINTS, Kind.SURFACE)

_sessions: dict[int, Session] = {}


def session_of(viewer: napari.Viewer) -> Session:
    """Return the session of a viewer; the first call makes it.

    Parameters
    ----------
    viewer : napari.Viewer
        The viewer.

    Returns
    -------
    Session
        Its session. It ends with the viewer.
    """
    # Menu commands hand over a proxy of the viewer.
    viewer = getattr(viewer, "__wrapped__", viewer)
    known = _sessions.get(id(viewer))
    if known is None:
        known = _sessions[id(viewer)] = Session(viewer)
        weakref.finalize(viewer, _end, id(viewer))
    return known


def _end(key: int) -> None:
    session = _sessions.pop(key, None)
    if session is not None:
        session.close()


class Session(QObject):
    """Tie a viewer to a workflow.

    Signals
    -------
    started : a run begins
    progressed : `Progress` of the run
    finished : `Results` of the run, after the layers agree with them
    failed : a sentence, when nothing could be computed
    """

    started = Signal()
    progressed = Signal(object)
    finished = Signal(object)
    failed = Signal(str)

    def __init__(self, viewer: napari.Viewer) -> None:
        super().__init__()
        self._viewer = weakref.ref(viewer)
        self._runner = WorkerRunner()
        self.engine = Engine(self._runner)
        self.store = Store()
        self.history: History[Workflow] = History(Workflow())
        self.results = Results()
        self._bindings = Bindings(viewer, self.store)
        self._shown: dict[str, str] = {}  # value -> key of the result that its layer shows
        self._files: dict[str, WorkflowInput] = {}  # version -> input with checksum and file
        self._worker: Any = None
        self._again = False
        self._before: Workflow | None = None  # to go back to if a new step fails
        self._activity: Any = None
        self.progressed.connect(self._show_progress)

    @property
    def workflow(self) -> Workflow:
        """The workflow now."""
        return self.history.present

    @property
    def running(self) -> bool:
        """Whether something is being computed."""
        return self._worker is not None

    @property
    def viewer(self) -> napari.Viewer:
        """The viewer."""
        viewer = self._viewer()
        if viewer is None:
            raise RuntimeError("the viewer of this session is closed")
        return viewer

    def warm_up(self) -> None:
        """Start the worker processes, so that the first run does not wait for them."""
        self._runner.warm_up()

    def layer(self, name: str) -> Layer | None:
        """Return the layer that shows a value, None if it was deleted or never made."""
        return self._bindings.layer(name)

    def name_of(self, layer: Layer) -> str | None:
        """Return the value that a layer shows, None if it is no part of the workflow."""
        return self._bindings.name_of(layer, self.workflow)

    def kind(self, layer: Layer) -> Kind | None:
        """Return the kind of a layer: the workflow knows masks that layers do not show."""
        name = self.name_of(layer)
        return kind_of(layer) if name is None else self.workflow.values[name].kind

    def run(
        self,
        operation: str,
        inputs: Mapping[str, Layer | Sequence[Layer] | None],
        parameters: Mapping[str, Any],
        step: str | None = None,
    ) -> str:
        """Record a step, or a change of one, and compute what follows.

        Parameters
        ----------
        operation : str
            Id of the operation.
        inputs : mapping of str to layer, layers or None
            The layers to work on.
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
        workflow = self._bindings.with_edits(self.workflow, self.results)
        wired: dict[str, str | tuple[str, ...] | None] = {}
        for name, given in inputs.items():
            if given is None:
                wired[name] = None
            elif isinstance(given, Layer):
                workflow, wired[name] = self._bindings.as_value(workflow, given)
            else:
                names = []
                for layer in given:
                    workflow, value = self._bindings.as_value(workflow, layer)
                    names.append(value)
                wired[name] = tuple(names)
        if step is None:
            workflow = workflow.add(operation, wired, parameters)
            step = workflow.steps[-1].name
        else:
            workflow = workflow.change(step, inputs=wired, parameters=parameters)
        self._before = self.workflow
        self.history = self.history.push(workflow)
        self._evaluate()
        return step

    def open(self, workflow: Workflow) -> None:
        """Replace the workflow by another one, read its inputs, and compute it.

        Parameters
        ----------
        workflow : Workflow
            A workflow whose inputs name files.

        Raises
        ------
        FileError
            If a file can not be read; nothing changes then.
        """
        missing = [name for name, value in workflow.inputs.items() if value.source is None]
        if missing:
            raise FileError(f"the workflow does not say where its input {missing[0]!r} is")
        for name, value in load_inputs(workflow).items():
            described = workflow.inputs[name]
            version = self.store.put(name, value, copy=False)
            self._files[version] = replace(described, version=fingerprint(value.data))
            workflow = workflow.add_input(name, replace(described, version=version))
            if value.kind in _SHOWN_AS_LAYER:
                place = plain_place(value)
                layer = self.viewer.add_layer(make_layer(name, value, place))
                self._bindings.bind(name, layer, place)
        self.history = self.history.push(workflow)
        self._evaluate()

    def undo(self) -> None:
        """Go back to the workflow before the last change."""
        self.history = self.history.undo()
        self._evaluate()

    def redo(self) -> None:
        """Go forward to the workflow that was undone."""
        self.history = self.history.redo()
        self._evaluate()

    def cancel(self) -> None:
        """Stop what is being computed; a step that was just added is taken back."""
        self._again = False
        self.engine.cancel()

    def close(self) -> None:
        """End the worker processes."""
        self._again = False
        self.engine.cancel()
        self._runner.close()

    def to_save(self) -> tuple[Workflow, dict[str, Value]]:
        """Return the workflow with checksums and files of its inputs, and their values.

        Returns
        -------
        workflow : Workflow
            The workflow. What was edited since the last run is in it.
        inputs : dict of str to Value
            The values of all inputs.
        """
        workflow = self._bindings.with_edits(self.workflow, self.results)
        self.history = self.history.push(workflow)
        inputs = {
            name: self.store.load(str(described.version))
            for name, described in workflow.inputs.items()
        }
        return self._with_files(workflow), inputs

    # Evaluation

    def _evaluate(self) -> None:
        """Compute the present workflow; what is under way is overtaken."""
        if self._worker is not None:
            self._again = True
            self.engine.cancel()
            return
        self._again = False
        self._worker = create_worker(
            self._compute,
            self.workflow,
            _start_thread=False,
            _connect={"returned": self._on_results, "finished": self._on_finished},
        )
        self.started.emit()
        self._worker.start()

    def _compute(self, workflow: Workflow) -> tuple[Workflow, Results | Exception]:
        """Evaluate a workflow; this runs in a thread."""
        try:
            inputs = {
                name: self.store.load(str(described.version))
                for name, described in workflow.inputs.items()
            }
            results = self.engine.run(
                workflow, inputs, progress=self.progressed.emit, keep_going=True
            )
            self._with_files(workflow)
            self.store.compact()
        except Exception as error:
            return workflow, error
        return workflow, results

    def _with_files(self, workflow: Workflow) -> Workflow:
        """Return a workflow whose inputs have checksums, and files that hold just the same."""
        inputs = {}
        for name, described in workflow.inputs.items():
            version = str(described.version)
            if version not in self._files:
                data = self.store.load(version).data
                checksum = fingerprint(data)
                file = _file_with(described.source, checksum)
                self._files[version] = replace(described, source=file, version=checksum)
            inputs[name] = self._files[version]
        return replace(workflow, inputs=inputs)

    def _on_results(self, given: tuple[Workflow, Results | Exception]) -> None:
        workflow, results = given
        if self._again or self._viewer() is None:
            return
        before, self._before = self._before, None
        if isinstance(results, Exception):
            self._take_back(before)
            cancelled = isinstance(results, CancelledError)
            self.failed.emit("Cancelled." if cancelled else str(results))
            return
        self.results = results
        self._show(workflow, results)
        for step, report in results.reports.items():
            for text in () if report.from_cache else report.warnings:
                show_warning(f"{step}: {text}")
        if results.errors:
            self._take_back(before)
        self.finished.emit(results)

    def _take_back(self, before: Workflow | None) -> None:
        """Forget a change that could not be computed."""
        if before is not None:
            past = self.history.past
            self.history = History(before, past[:-1] if past and past[-1] == before else past)

    def _on_finished(self) -> None:
        self._worker = None
        if self._activity is not None:
            self._activity.close()
            self._activity = None
        if self._again:
            self._evaluate()

    def _show_progress(self, state: Progress) -> None:
        """Show progress in napari's activity dock."""
        if self._worker is None:
            return
        if self._activity is None:
            self._activity = activity(total=100 * state.total, desc=state.title)
        bar = self._activity
        bar.set_description(state.title)
        # napari handles events while it shows that, among them perhaps the end of the run.
        if bar is self._activity:
            bar.update(int(100 * (state.done + state.part)) - bar.n)

    # Results as layers and tables

    def _show(self, workflow: Workflow, results: Results) -> None:
        """Make the layers and tables agree with results."""
        for name in self._bindings:
            if name in workflow.values:
                continue
            layer = self.layer(name)
            if layer is not None and METADATA in layer.metadata:
                self.viewer.layers.remove(layer)
            self._bindings.unbind(name)
            self._shown.pop(name, None)
        replaced = {step.inputs["labels"] for step in workflow.steps if step.operation == APPLY}
        described = self._with_files(workflow).to_dict()
        made = {
            name: results[name]
            for step in workflow.steps
            for name in step.outputs
            if name in results
        }
        for name, value in made.items():
            # Corrected labels are shown in the place of those they correct.
            if value.kind in _SHOWN_AS_LAYER and name not in replaced:
                self._show_layer(workflow, name, value, results.content_keys[name])
                layer = self.layer(name)
                if layer is not None:
                    layer.metadata[METADATA] = {"value": name, "workflow": described}
        for name, value in made.items():
            if value.kind in (Kind.TABLE, Kind.SCORES):
                self._show_table(workflow, name, value)

    def _show_layer(self, workflow: Workflow, name: str, value: Value, key: str) -> None:
        layer = self.layer(name)
        if self._shown.get(name) == key:
            return  # up to date, or deleted by a person
        place = self._bindings.place(workflow, name)
        if layer is None:
            layer = self.viewer.add_layer(make_layer(name, value, place))
            self._bindings.bind(name, layer)
        else:
            put_into(layer, value, place)
            self._bindings.is_shown(layer)
        self._shown[name] = key

    def _show_table(self, workflow: Workflow, name: str, value: Value) -> None:
        table = as_table(name, value)
        docks.show_table(self.viewer, name, table)
        maker = workflow.maker(name)
        if maker is None or "label" not in table.columns or maker.over:
            return
        layer = self.layer(str(maker.inputs.get("labels", "")))
        if isinstance(layer, Labels):
            # napari finds the row of a label by this column.
            layer.features = table.assign(index=table["label"])


def _file_with(path: str | None, checksum: str) -> str | None:
    """Return a file if reading it gives just what the layer that came from it holds."""
    if path is None or not Path(path).is_file():
        return None
    try:
        return path if fingerprint(read(path)) == checksum else None
    except FileError:
        return None  # another plugin has read it: its content is kept beside the workflow
