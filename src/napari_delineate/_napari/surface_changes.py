"""Measure in the background what the steps of a session did to surfaces."""

from __future__ import annotations

from typing import Any

from napari.qt.threading import create_worker
from qtpy.QtCore import QObject, QTimer, Signal

from napari_delineate._napari.outcomes import Outcome, outcome_of
from napari_delineate._napari.session import Session
from napari_delineate._napari.view import METADATA
from napari_delineate.consequences import COMPARISON, NUMBER_OF_PLACES, changed_surface
from napari_delineate.engine import CancelledError, Engine, StepError
from napari_delineate.steps import WorkflowInput
from napari_delineate.worker import WorkerRunner
from napari_delineate.workflow import Workflow

__all__ = ["SurfaceChanges", "surface_changes_of"]

_PAUSE = 400
"""Milliseconds for which nothing may run before anything is measured."""

_CACHE_BYTES = 2**20


class SurfaceChanges(QObject):
    """Know what each step of a session did to the surface that it worked on.

    After a run it is measured in a process of its own, which begins with the first step that
    changes a surface. A new run comes first. The layer of a result carries what is known in
    its metadata.

    Parameters
    ----------
    session : Session
        The session.
    """

    known = Signal(str)
    """Name of a step of which more is known now."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._measured: dict[tuple[str, str], dict[str, Any] | str] = {}  # by keys of the pair
        self._runner: WorkerRunner | None = None
        self._engine: Engine | None = None
        self._worker: Any = None
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE)
        self._pause.timeout.connect(self._begin)
        session.started.connect(self._give_way)
        session.finished.connect(self._on_finished)
        session.failed.connect(self._on_finished)
        session.closed.connect(self.close)
        self._on_finished()

    def of(self, step: str) -> dict[str, Any] | str | None:
        """Return what a step did to its surface.

        Parameters
        ----------
        step : str
            Name of the step.

        Returns
        -------
        dict, str or None
            What `surfaces.compare_surfaces` measured; why that was not possible; or None
            where that is not known yet, or the step changes no surface.
        """
        keys = self._keys(step)
        return None if keys is None else self._measured.get(keys)

    def changes(self, step: str) -> bool:
        """Tell whether a step changed a surface, so that something will be known of it."""
        return self._keys(step) is not None

    def close(self) -> None:
        """End the processes."""
        self._pause.stop()
        self._give_way()
        if self._runner is not None:
            self._runner.close()
        self._runner = self._engine = None

    def _pair(self, step: str) -> tuple[str, str] | None:
        """Return the names of the surfaces before and after a step that has results."""
        workflow, results = self._session.evaluated, self._session.results
        found = next((one for one in workflow.steps if one.name == step), None)
        pair = None if found is None else changed_surface(workflow, found)
        return pair if pair is not None and all(name in results for name in pair) else None

    def _keys(self, step: str) -> tuple[str, str] | None:
        pair, keys = self._pair(step), self._session.results.content_keys
        return None if pair is None else (keys[pair[0]], keys[pair[1]])

    def _on_finished(self, _: Any = None) -> None:
        self._tell_layers()
        self._pause.start()

    def _give_way(self) -> None:
        self._pause.stop()
        if self._worker is not None and self._engine is not None:
            self._engine.cancel()

    def _begin(self) -> None:
        """Measure the next step that nothing is known of."""
        session = self._session
        if self._worker is not None or session.running:
            return
        for step in session.evaluated.steps:
            keys = self._keys(step.name)
            if keys is not None and keys not in self._measured:
                self._measure(step.name, keys)
                return

    def _measure(self, step: str, keys: tuple[str, str]) -> None:
        pair = self._pair(step)
        assert pair is not None
        values = [self._session.results[name] for name in pair]
        empty = [name for name, value in zip(pair, values, strict=True) if not len(value.data[1])]
        if empty:
            self._learn(step, keys, f"{empty[0]} has no triangles, so there is nothing to compare.")
            self._pause.start()
            return
        if self._engine is None:
            self._runner = WorkerRunner()
            self._engine = Engine(self._runner, _CACHE_BYTES)
        workflow = Workflow()
        inputs = dict(zip(("reference", "surface"), values, strict=True))
        for name, value in inputs.items():
            workflow = workflow.add_input(name, WorkflowInput.of(value))
        workflow = workflow.add(
            COMPARISON,
            {name: name for name in inputs},
            {"number_of_places": NUMBER_OF_PLACES},
        )
        self._worker = create_worker(
            outcome_of,
            _compute,
            self._engine,
            workflow,
            inputs,
            _start_thread=False,
            _connect={
                "returned": lambda found: self._on_returned(step, keys, found),
                "finished": self._on_ended,
            },
        )
        self._worker.start()

    def _on_returned(self, step: str, keys: tuple[str, str], outcome: Outcome) -> None:
        if isinstance(outcome.error, CancelledError):
            return
        if isinstance(outcome.error, StepError):
            self._learn(step, keys, outcome.error.reason)
        else:
            self._learn(step, keys, outcome.sentence or outcome.found)

    def _on_ended(self) -> None:
        self._worker = None
        if self._engine is not None and not self._session.running:
            self._pause.start()

    def _learn(self, step: str, keys: tuple[str, str], found: dict[str, Any] | str) -> None:
        self._measured[keys] = found
        self._tell_layers()
        self.known.emit(step)

    def _tell_layers(self) -> None:
        """Let the layers of results carry what is known."""
        for step in self._session.evaluated.steps:
            found, pair = self.of(step.name), self._pair(step.name)
            layer = None if pair is None else self._session.layer(pair[1])
            if isinstance(found, dict) and layer is not None and METADATA in layer.metadata:
                layer.metadata[METADATA]["change"] = found


def _compute(engine: Engine, workflow: Workflow, inputs: Any) -> dict[str, Any]:
    """Measure; this runs in a thread."""
    results = engine.run(workflow, inputs)
    table = results[workflow.steps[0].outputs[0]].data
    return {name: table[name].iloc[0].item() for name in table.columns}


def surface_changes_of(session: Session) -> SurfaceChanges:
    """Return what knows of the surfaces of a session; the first call makes it."""
    known = session.findChild(SurfaceChanges)
    return SurfaceChanges(session) if known is None else known
