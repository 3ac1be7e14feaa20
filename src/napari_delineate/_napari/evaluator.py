"""Compute workflows in the background, the newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari.qt.threading import create_worker
from qtpy.QtCore import QObject, Signal

from napari_delineate._napari.activity import Activity
from napari_delineate._napari.input_files import InputFiles
from napari_delineate.engine import Engine, Progress, Results
from napari_delineate.previews import count_in_words
from napari_delineate.regional import compute_region
from napari_delineate.regions import Region, place_in
from napari_delineate.rewiring import computed_part
from napari_delineate.store import Store
from napari_delineate.values import Value
from napari_delineate.worker import WorkerRunner
from napari_delineate.workflow import Workflow

__all__ = ["CANCELLED", "Computed", "Evaluator", "Task"]

CANCELLED = "Cancelled."
"""What is said where a person has stopped a run: it is no error."""

_PATIENCE = 0.5
"""Seconds that a step which is overtaken may take to its end."""


@dataclass(frozen=True)
class Task:
    """Say what is to be computed.

    Attributes
    ----------
    workflow : Workflow
        The workflow.
    evaluated : Workflow
        The workflow that was computed before.
    results : Results
        Its results.
    region : mapping of str to (int, int), or None
        What is on the screen and computed first; None if there is no hurry.
    """

    workflow: Workflow
    evaluated: Workflow
    results: Results
    region: Region | None = None


@dataclass(frozen=True)
class Computed:
    """Hold what a task gave.

    Attributes
    ----------
    task : Task
        The task.
    results : Results or Exception
        The results, or why there are none.
    described : dict
        The workflow as it is written into files.
    """

    task: Task
    results: Results | Exception
    described: dict[str, Any]


class Evaluator(QObject):
    """Run one task at a time in a worker process; a newer task overtakes an older one.

    Parameters
    ----------
    store : Store
        The values of inputs.
    files : InputFiles
        Describes inputs.

    Signals
    -------
    started : a run begins
    progressed : `Progress` of the run
    previewed : task, and for images what they are with the region computed anew
    computed : `Computed`, unless the task was overtaken
    """

    started = Signal()
    progressed = Signal(object)
    previewed = Signal(object, object)
    computed = Signal(object)

    def __init__(self, store: Store, files: InputFiles) -> None:
        super().__init__()
        self._store = store
        self._files = files
        self._runner = WorkerRunner()
        self.engine = Engine(self._runner)
        self._counts: dict[str, str] = {}  # key of a result -> what it holds
        self._worker: Any = None
        self._next: Task | None = None
        self._closed = False
        self._activity = Activity(self)
        self.progressed.connect(self._on_progressed)

    @property
    def running(self) -> bool:
        """Whether something is being computed."""
        return self._worker is not None

    @property
    def is_overtaken(self) -> bool:
        """Whether a newer task waits for the end of the present one."""
        return self._next is not None or self._closed

    def warm_up(self) -> None:
        """Start the worker processes, so that the first run does not wait for them."""
        self._runner.warm_up()

    def count(self, key: str) -> str:
        """Say how much a result holds, for instance "42 objects"; empty for an image."""
        return self._counts.get(key, "")

    def run(self, task: Task) -> None:
        """Compute a task; what is under way is overtaken."""
        if self._closed:
            return
        if self._worker is not None:
            self._next = task
            self.engine.cancel(_PATIENCE)
            return
        self._worker = create_worker(
            self._compute,
            task,
            _start_thread=False,
            _connect={"returned": self._on_returned, "finished": self._on_finished},
        )
        self._activity.begin("Computing")
        self.started.emit()
        self._worker.start()

    def cancel(self) -> None:
        """Stop what is being computed."""
        self._next = None
        self.engine.cancel()

    def close(self) -> None:
        """End the worker processes."""
        self._closed = True
        self.cancel()
        self._runner.close()

    def _compute(self, task: Task) -> Computed:
        """Compute a task; this runs in a thread."""
        try:
            workflow = computed_part(task.workflow)  # annotations may be large
            inputs = self._files.values(workflow)
            if task.region is not None:
                self._preview(task, inputs, task.region)
            results = self.engine.run(
                workflow, inputs, progress=self.progressed.emit, keep_going=True
            )
            # What takes time on large images is done here, and not while people wait.
            described = self._files.describe(workflow).to_dict()
            self._count(results)
            self._store.compact()
        except Exception as error:
            return Computed(task, error, {})
        return Computed(task, results, described)

    def _preview(self, task: Task, inputs: Mapping[str, Value], region: Region) -> None:
        parts = compute_region(
            self.engine, task.evaluated, task.workflow, task.results, inputs, region
        )
        shown = {
            name: place_in(task.results[name], part, region)
            for name, part in parts.items()
            if name in task.results and task.results[name].data.dtype == part.data.dtype
        }
        if shown:
            self.previewed.emit(task, shown)

    def _count(self, results: Results) -> None:
        # What is undone may be redone: counts are a few bytes, and all are kept.
        for name, key in results.content_keys.items():
            if key not in self._counts:
                self._counts[key] = count_in_words(results[name])

    def _on_returned(self, computed: Computed) -> None:
        if not self.is_overtaken:
            self.computed.emit(computed)

    def _on_finished(self) -> None:
        self._worker = None
        self._activity.end()
        task, self._next = self._next, None
        if task is not None:
            self.run(task)

    def _on_progressed(self, state: Progress) -> None:
        self._activity.report(state.title, (state.done + state.part) / max(state.total, 1))
