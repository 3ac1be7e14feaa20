"""Compare segmentations in the background, in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from napari.qt.threading import create_worker
from qtpy.QtCore import QObject, Signal

from napari_delineate._napari.outcomes import Outcome, outcome_of
from napari_delineate.comparison import Comparison, Request, compare
from napari_delineate.engine import CancelledError, Engine, Progress, StepError
from napari_delineate.values import Value
from napari_delineate.variants import upstream
from napari_delineate.worker import WorkerRunner
from napari_delineate.workflow import Workflow

__all__ = ["Comparisons", "State"]

_Job: TypeAlias = Callable[[Engine], Comparison | None]

_CACHE_BYTES = 64 * 2**20
_PATIENCE = 0.5
"""Seconds for which a step may go on to its end: another process would begin later."""


@dataclass(frozen=True)
class State:
    """Hold what a workflow was.

    Attributes
    ----------
    workflow : Workflow
        The workflow.
    result : str
        Name of the result that is scored.
    shown : str
        What the result is called for people.
    load : callable
        Returns the inputs of the workflow; any thread may ask for them.
    """

    workflow: Workflow
    result: str
    shown: str
    load: Callable[[], Mapping[str, Value]]


class Comparisons(QObject):
    """Compute one comparison at a time; a newer one overtakes an older one.

    The process begins with the first comparison and ends with `close`.

    Signals
    -------
    started : a comparison begins
    progressed : `Progress` of it
    compared : `Comparison`, unless it was overtaken
    scored : a `State`, and the `Comparison` of its result, None if that can not be computed
    failed : a sentence, when nothing could be computed
    ended : nothing is computed any more
    """

    started = Signal()
    progressed = Signal(object)
    compared = Signal(object)
    scored = Signal(object, object)
    failed = Signal(str)
    ended = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner: WorkerRunner | None = None
        self._engine: Engine | None = None
        self._worker: Any = None
        self._next: _Job | None = None
        self._is_dropped = False

    @property
    def running(self) -> bool:
        """Whether something is being computed."""
        return self._worker is not None

    def ask(self, request: Request) -> None:
        """Compute a comparison; what is under way is overtaken."""
        self._begin(lambda engine: compare(engine, _frozen(request), self.progressed.emit))

    def ask_states(self, request: Request, states: Sequence[State]) -> None:
        """Score states of a workflow as a comparison was; what is under way is overtaken."""
        self._begin(lambda engine: self._score(engine, request, states))

    def _begin(self, job: _Job) -> None:
        if self._engine is None:
            self._runner = WorkerRunner()
            self._engine = Engine(self._runner, _CACHE_BYTES)
        if self._worker is not None:
            self._next = job
            self._engine.cancel(_PATIENCE)
            return
        self._is_dropped = False
        self._worker = create_worker(
            outcome_of,
            job,
            self._engine,
            _start_thread=False,
            _connect={"returned": self._on_returned, "finished": self._on_finished},
        )
        self.started.emit()
        self._worker.start()

    def cancel(self) -> None:
        """Stop what is being computed."""
        self._next, self._is_dropped = None, True
        if self._engine is not None:
            self._engine.cancel()

    def close(self) -> None:
        """End the processes."""
        self.cancel()
        if self._runner is not None:
            self._runner.close()
        self._runner = self._engine = None

    def _score(self, engine: Engine, request: Request, states: Sequence[State]) -> None:
        """Score states one by one; this runs in a thread."""
        request = replace(request, reference=_copied(request.reference))
        for done, state in enumerate(states):
            if self._next is not None or self._is_dropped:
                return
            self.progressed.emit(Progress("", f"State of {state.shown}", done, len(states)))
            part = upstream(state.workflow, [state.result])
            try:
                results = engine.run(part, state.load(), wanted=[state.result])
            except StepError:
                self.scored.emit(state, None)
                continue
            segmentations = {state.shown: results[state.result]}
            found = compare(engine, replace(request, segmentations=segmentations))
            self.scored.emit(state, found)

    def _on_returned(self, outcome: Outcome) -> None:
        is_cancelled = isinstance(outcome.error, CancelledError)
        if is_cancelled or self._next is not None or self._is_dropped:
            return
        if outcome.error is not None:
            self.failed.emit(outcome.sentence)
        elif outcome.found is not None:
            self.compared.emit(outcome.found)

    def _on_finished(self) -> None:
        self._worker = None
        job, self._next = self._next, None
        if job is None or self._engine is None:
            self.ended.emit()
        else:
            self._begin(job)


def _frozen(request: Request) -> Request:
    """Return a request whose arrays nobody paints on; who copies them waits for large ones."""
    segmentations = {name: _copied(one) for name, one in request.segmentations.items()}
    return replace(request, reference=_copied(request.reference), segmentations=segmentations)


def _copied(value: Value) -> Value:
    """Return a value whose array belongs to nobody else."""
    data = value.data
    is_own = not isinstance(data, np.ndarray) or (not data.flags.writeable and data.base is None)
    if is_own:
        return value
    data = data.copy()
    data.setflags(write=False)
    return replace(value, data=data)
