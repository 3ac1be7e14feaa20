"""Evaluate workflows: compute what is not known yet, remember what is."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from napari_delineate import catalogue
from napari_delineate.catalogue import UnknownNameError
from napari_delineate.devices import find_device
from napari_delineate.evaluation import Call, Outcome, evaluate
from napari_delineate.steps import Step, list_names, passed_on
from napari_delineate.types import Kind
from napari_delineate.values import Value
from napari_delineate.workflow import Workflow

__all__ = [
    "CancelledError",
    "Engine",
    "InProcess",
    "Progress",
    "Report",
    "Results",
    "Runner",
    "StepError",
]

DEFAULT_CACHE_BYTES = 2 * 2**30


class CancelledError(Exception):
    """Say that a run was cancelled or overtaken."""


class StepError(RuntimeError):
    """Say which step failed and why.

    Attributes
    ----------
    step : str
        Name of the step.
    reason : str
        Why it failed.
    """

    def __init__(self, step: str, reason: str) -> None:
        super().__init__(f"step {step!r} failed: {reason}")
        self.step = step
        self.reason = reason


class Runner(Protocol):
    """Run calls: here, or in another process."""

    def run(self, call: Call, progress: Callable[[int, int], None]) -> Outcome:
        """Run a call; raise `CancelledError` if it is cancelled meanwhile.

        `progress(0, 1)` is called once `cancel` can reach the call, and raises where the
        run was cancelled before that. Whatever `progress` raises ends the call.
        """

    def cancel(self, patience: float = 0.0) -> None:
        """Stop the call that runs, at once or after some seconds, from any thread."""


class InProcess:
    """Run calls in this process; a call is cancelled between two loops or steps."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()

    def run(self, call: Call, progress: Callable[[int, int], None]) -> Outcome:
        """Run a call."""
        self._cancelled.clear()

        def report(done: int, total: int) -> None:
            if self._cancelled.is_set():
                raise CancelledError
            progress(done, total)

        report(0, 1)
        return evaluate(call, report)

    def cancel(self, patience: float = 0.0) -> None:  # noqa: ARG002 - it always waits
        """Stop before the next loop."""
        self._cancelled.set()


@dataclass(frozen=True)
class Progress:
    """Say how far a run is.

    Attributes
    ----------
    step : str
        Name of the step that runs.
    title : str
        What it does, for people.
    done, total : int
        Steps that are done, and all steps.
    part : float
        Share of the running step that is done, 0 to 1.
    """

    step: str
    title: str
    done: int
    total: int
    part: float = 0.0


@dataclass(frozen=True)
class Report:
    """Say what evaluating a step took.

    Attributes
    ----------
    seconds : float
        The time that it took when it was computed.
    nbytes : int
        The memory that its results hold.
    device : str
        Where it was computed.
    from_cache : bool
        Whether it was known already.
    warnings : tuple of str
        What it warned about.
    """

    seconds: float
    nbytes: int
    device: str
    from_cache: bool
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Results(Mapping[str, Value]):
    """Map names to values, inputs included.

    Attributes
    ----------
    values_by_name : dict of str to Value
        What was computed, read only.
    reports : dict of str to Report
        For each step that was evaluated, what it took; bypassed steps are none.
    errors : dict of str to StepError
        For each step that failed, why. Steps that need it are in none of these.
    content_keys : dict of str to str
        For each value a text that is equal only where all it was computed from is equal.
    """

    values_by_name: dict[str, Value] = field(default_factory=dict)
    reports: dict[str, Report] = field(default_factory=dict)
    errors: dict[str, StepError] = field(default_factory=dict)
    content_keys: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Value:
        return self.values_by_name[name]

    def __iter__(self) -> Any:
        return iter(self.values_by_name)

    def __len__(self) -> int:
        return len(self.values_by_name)


class Engine:
    """Evaluate workflows and remember results by what they were computed from.

    Parameters
    ----------
    runner : Runner, optional
        Where calls run; by default in this process.
    cache_bytes : int
        Memory for results. Those used longest ago go first, and are computed again when
        they are needed.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate.types import Kind
    >>> from napari_delineate.workflow import WorkflowInput
    >>> image = Value.of(np.eye(8), Kind.IMAGE)
    >>> workflow = Workflow().add_input("spots", WorkflowInput.of(image))
    >>> workflow = workflow.add("segmentation.threshold", {"image": "spots"})
    >>> int(Engine().run(workflow, {"spots": image})["mask"].data.sum())
    8
    """

    def __init__(
        self, runner: Runner | None = None, cache_bytes: int = DEFAULT_CACHE_BYTES
    ) -> None:
        self._runner = runner if runner is not None else InProcess()
        self._cache: OrderedDict[str, tuple[Outcome, int]] = OrderedDict()
        self._cache_bytes = cache_bytes
        self._lock = threading.Lock()
        self._run_number = 0

    @property
    def cached_bytes(self) -> int:
        """The memory that remembered results hold."""
        with self._lock:
            return sum(size for _, size in self._cache.values())

    def cancel(self, patience: float = 0.0) -> None:
        """Stop the run that is under way, from any thread.

        Parameters
        ----------
        patience : float
            Seconds for which the step that runs may go on to its end.
        """
        with self._lock:
            self._run_number += 1
        self._runner.cancel(patience)

    def run(
        self,
        workflow: Workflow,
        inputs: Mapping[str, Value],
        *,
        wanted: Iterable[str] | None = None,
        progress: Callable[[Progress], None] | None = None,
        keep_going: bool = False,
    ) -> Results:
        """Evaluate a workflow; a run that is under way is overtaken.

        Parameters
        ----------
        workflow : Workflow
            What is to be computed.
        inputs : mapping of str to Value
            A value for every input.
        wanted : iterable of str, optional
            Names of the outputs wanted; by default all.
        progress : callable, optional
            Is called before each step and while it loops.
        keep_going : bool
            Whether, when a step fails, the steps that do not need it still run.

        Returns
        -------
        Results
            The values, and for each step what it took or why it failed.

        Raises
        ------
        StepError
            If a step fails and `keep_going` is False.
        CancelledError
            If `cancel` was called or another run began meanwhile.
        ValueError
            If an input is missing or of another kind than the workflow says.
        RuntimeError
            If the workflow asks for a device that is not there.
        """
        with self._lock:
            self._run_number += 1
            this_run = self._run_number
        self._runner.cancel()  # a newer run overtakes an older one
        device = find_device(workflow.device)
        wanted = None if wanted is None else tuple(wanted)
        steps = _needed(workflow, wanted)
        results = Results()
        keys = results.content_keys
        used = {source for step in steps for source in step.sources}.union(wanted or ())
        for name in workflow.inputs:
            if name not in used:
                continue
            value = _check_input(workflow, name, inputs)
            results.values_by_name[name] = value.frozen()
            keys[name] = value.fingerprint()
        for number, step in enumerate(steps):
            if any(source not in keys for source in step.sources):
                continue  # something it needs has failed
            self._check_current(this_run)
            title = catalogue.find(step.operation).title

            def report(
                done: int, total: int, step: Step = step, number: int = number, title: str = title
            ) -> None:
                self._check_current(this_run)
                if progress is not None and done:
                    part = done / max(total, 1)
                    progress(Progress(step.name, title, number, len(steps), part))

            if progress is not None:
                progress(Progress(step.name, title, number, len(steps)))
            if step.bypassed:
                source = str(passed_on(step, workflow.values))
                results.values_by_name[step.outputs[0]] = results[source]
                keys[step.outputs[0]] = keys[source]
                continue
            own_device = _device_of(step, device)
            key = _key(step, keys, own_device)
            known = self._recall(key)
            try:
                outcome = known or self._compute(step, results, own_device, report)
            except CancelledError:
                raise
            except Exception as error:
                failure = StepError(step.name, _sentence(error))
                if not keep_going:
                    raise failure from error
                failure.__cause__ = error
                results.errors[step.name] = failure
                continue
            if known is None:
                self._remember(key, outcome)
            self._check_current(this_run)
            nbytes = sum(value.nbytes for value in outcome.values)
            results.reports[step.name] = Report(
                outcome.seconds, nbytes, own_device, known is not None, outcome.warnings
            )
            values = (_handed_out(value) for value in outcome.values)
            results.values_by_name.update(zip(step.outputs, values, strict=True))
            keys.update(_keys_of_outputs(step, key))
        return results

    def _compute(
        self,
        step: Step,
        values: Mapping[str, Value],
        device: str,
        report: Callable[[int, int], None],
    ) -> Outcome:
        def lookup(value: str | tuple[str, ...] | None) -> Value | tuple[Value, ...] | None:
            if isinstance(value, tuple):
                return tuple(values[name] for name in value)
            return None if value is None else values[value]

        operation = catalogue.find(step.operation)
        wired = tuple(lookup(step.inputs[entry.name]) for entry in operation.inputs)
        call = Call(step.operation, wired, dict(step.parameters), step.over, device)
        outcome = self._runner.run(call, report)
        frozen = tuple(value.frozen() for value in outcome.values)
        return Outcome(frozen, outcome.seconds, outcome.warnings)

    def _check_current(self, run: int) -> None:
        with self._lock:
            if run != self._run_number:
                raise CancelledError

    def _recall(self, key: str) -> Outcome | None:
        with self._lock:
            if key not in self._cache:
                return None
            self._cache.move_to_end(key)
            return self._cache[key][0]

    def _remember(self, key: str, outcome: Outcome) -> None:
        size = sum(value.nbytes for value in outcome.values)
        if size > self._cache_bytes:
            return  # it would push out everything else and then go itself
        with self._lock:
            self._cache[key] = (outcome, size)
            held = sum(one for _, one in self._cache.values())
            while held > self._cache_bytes and self._cache:
                _, (_, freed) = self._cache.popitem(last=False)
                held -= freed


def _sentence(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return f"it needs more memory than there is; crop the image ({error or 'no figure given'})"
    return str(error) or type(error).__name__


def _handed_out(value: Value) -> Value:
    """Return a remembered value as others may have it: a table can not be made read only."""
    return replace(value, data=value.data.copy()) if value.kind is Kind.TABLE else value


def _device_of(step: Step, device: str) -> str:
    """Return where a step really runs: the CPU if it has no OpenCL version."""
    return device if catalogue.find(step.operation).declaration.opencl else "cpu"


def _key(step: Step, keys: Mapping[str, str], device: str) -> str:
    """Return what the results of a step depend on, in one text."""
    operation = catalogue.find(step.operation)
    wired = []
    for entry in operation.inputs:
        value = step.inputs[entry.name]
        names = value if isinstance(value, tuple) else () if value is None else (value,)
        wired.append([keys[name] for name in names])
    version, parameters = operation.declaration.version, sorted(step.parameters.items())
    parts = (step.operation, version, parameters, step.over, device, wired)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _keys_of_outputs(step: Step, key: str) -> dict[str, str]:
    return {name: f"{key}/{position}" for position, name in enumerate(step.outputs)}


def _needed(workflow: Workflow, wanted: Iterable[str] | None) -> list[Step]:
    """Return the steps that some values need, in run order."""
    if wanted is None:
        return list(workflow.steps)
    names, needed = set(wanted), []
    unknown = sorted(names - set(workflow.values))
    if unknown:
        raise UnknownNameError(
            f"there is no value {unknown[0]!r}; there are: {list_names(workflow.values)}"
        )
    for step in reversed(workflow.steps):
        if names.intersection(step.outputs):
            names.update(step.sources)
            needed.append(step)
    return needed[::-1]


def _check_input(workflow: Workflow, name: str, inputs: Mapping[str, Value]) -> Value:
    """Return the value of an input, or say why it does not fit."""
    described = workflow.inputs[name]
    if name not in inputs:
        raise ValueError(f"the workflow needs a value for its input {name!r} ({described.kind})")
    value = inputs[name]
    if not catalogue.accepts(described.kind, value.kind):
        raise ValueError(f"input {name!r} must be {described.kind}, it is {value.kind}")
    if value.axes != described.axes:
        raise ValueError(f"input {name!r} must have the axes {described.axes}, it has {value.axes}")
    if value.kind.is_grid and not isinstance(value.data, np.ndarray):
        value = replace(value, data=np.asarray(value.data))  # it was not in memory
    return value
