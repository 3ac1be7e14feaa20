"""Compare segmentations in the background, in a process of its own."""

from __future__ import annotations

from typing import Any

from napari.qt.threading import create_worker
from qtpy.QtCore import QObject, Signal

from napari_delineate.comparison import Comparison, Request, compare
from napari_delineate.engine import CancelledError, Engine
from napari_delineate.worker import WorkerRunner

__all__ = ["Comparisons"]

_CACHE_BYTES = 64 * 2**20
_PATIENCE = 0.5
"""Seconds for which a step may go on to its end: another process would begin later."""


class Comparisons(QObject):
    """Compute one comparison at a time; a newer one overtakes an older one.

    The process begins with the first comparison and ends with `close`.

    Signals
    -------
    started : a comparison begins
    progressed : `Progress` of it
    compared : `Comparison`, unless it was overtaken
    failed : a sentence, when nothing could be computed
    ended : nothing is computed any more
    """

    started = Signal()
    progressed = Signal(object)
    compared = Signal(object)
    failed = Signal(str)
    ended = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner: WorkerRunner | None = None
        self._engine: Engine | None = None
        self._worker: Any = None
        self._next: Request | None = None
        self._is_dropped = False

    @property
    def running(self) -> bool:
        """Whether something is being computed."""
        return self._worker is not None

    def ask(self, request: Request) -> None:
        """Compute a comparison; one that is under way is overtaken."""
        if self._engine is None:
            self._runner = WorkerRunner()
            self._engine = Engine(self._runner, _CACHE_BYTES)
        if self._worker is not None:
            self._next = request
            self._engine.cancel(_PATIENCE)
            return
        self._is_dropped = False
        self._worker = create_worker(
            self._compute,
            self._engine,
            request,
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

    def _compute(self, engine: Engine, request: Request) -> Comparison | Exception | None:
        """Compare; this runs in a thread. None if it was cancelled."""
        try:
            return compare(engine, request, self.progressed.emit)
        except CancelledError:
            return None
        except Exception as error:
            return error

    def _on_returned(self, found: Comparison | Exception | None) -> None:
        if found is None or self._next is not None or self._is_dropped:
            return
        if isinstance(found, Exception):
            self.failed.emit(str(found) or type(found).__name__)
        else:
            self.compared.emit(found)

    def _on_finished(self) -> None:
        self._worker = None
        request, self._next = self._next, None
        if request is None or self._engine is None:
            self.ended.emit()
        else:
            self.ask(request)
