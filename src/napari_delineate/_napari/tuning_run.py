"""Search in the background, in a process of its own."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

from napari.qt.threading import create_worker
from qtpy.compat import isalive
from qtpy.QtCore import QObject, Signal

from napari_delineate._napari.outcomes import Outcome, outcome_of
from napari_delineate.engine import CancelledError, Engine
from napari_delineate.tuning import Trial
from napari_delineate.tuning.folders import Plan, carry_out
from napari_delineate.worker import WorkerRunner

__all__ = ["TuningRun"]

_CACHE_BYTES = 512 * 2**20


class TuningRun(QObject):
    """Run one search at a time; the process begins with the first and ends with `close`."""

    tried = Signal(object)
    """A `Trial` is done."""
    found = Signal(object)
    """The search has ended with a `Tuned`."""
    skipped = Signal(str, str)
    """An image can not be used: its name, and why."""
    failed = Signal(str)
    """It has ended without; why, or empty if it was cancelled."""
    finished = Signal()
    """Nothing runs any more."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner: WorkerRunner | None = None
        self._engine: Engine | None = None
        self._worker: Any = None
        self._cancelled = threading.Event()

    @property
    def is_running(self) -> bool:
        """Whether a search is under way."""
        return self._worker is not None

    def start(self, plan: Plan) -> None:
        """Begin a search.

        Parameters
        ----------
        plan : Plan
            What it is to do.
        """
        if self._engine is None:
            self._runner = WorkerRunner()
            self._engine = Engine(self._runner, _CACHE_BYTES)
        self._cancelled.clear()
        self._worker = create_worker(
            outcome_of,
            partial(carry_out, engine=self._engine, report=self._report),
            plan,
            self._skip,
            self._check,
            _start_thread=False,
            _connect={"returned": self._on_returned, "finished": self._on_finished},
        )
        self._worker.start()

    def cancel(self) -> None:
        """End the search that is under way, in the middle of a trial."""
        self._cancelled.set()
        if self._worker is not None and self._engine is not None:
            self._engine.cancel()

    def close(self) -> None:
        """End the search and its process."""
        self.cancel()
        if self._runner is not None:
            self._runner.close()
        self._engine = self._runner = None

    # These three are called in the thread of the search.

    def _skip(self, name: str, reason: str) -> None:
        if isalive(self):
            self.skipped.emit(name, reason)

    def _report(self, trial: Trial) -> None:
        if isalive(self):
            self.tried.emit(trial)

    def _check(self) -> None:
        if self._cancelled.is_set():
            raise CancelledError

    def _on_returned(self, outcome: Outcome) -> None:
        if not isalive(self):  # the dock may have been closed meanwhile
            return
        if outcome.error is None:
            self.found.emit(outcome.found)
        else:
            is_cancelled = isinstance(outcome.error, CancelledError)
            self.failed.emit("" if is_cancelled else outcome.sentence)

    def _on_finished(self) -> None:
        self._worker = None
        if isalive(self):
            self.finished.emit()
