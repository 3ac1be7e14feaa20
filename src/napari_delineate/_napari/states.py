"""Say how each step of a session stands: fresh, running, waiting, failed or bypassed."""

from __future__ import annotations

from napari_delineate._napari.session import Session
from napari_delineate._napari.widgets.step_rows import Status, StepState, time_text
from napari_delineate.engine import Progress
from napari_delineate.graph import key_of_input
from napari_delineate.regional import outdated
from napari_delineate.wording import memory_in_words

__all__ = ["describe_totals", "states_of"]


def states_of(session: Session, progress: Progress | None) -> dict[str, StepState]:
    """Return how each step and input of a session stands.

    Parameters
    ----------
    session : Session
        The session.
    progress : Progress or None
        How far it is; None while nothing runs.

    Returns
    -------
    dict of str to StepState
        For each step and each input.
    """
    workflow, results = session.workflow, session.results
    waiting = outdated(session.evaluated, workflow, session.changed_inputs)
    states = {}
    reached = progress is None
    for step in workflow.steps:
        status, part = Status.FRESH, 0.0
        report = results.reports.get(step.name)
        message = ""
        if progress is not None and step.name == progress.step:
            reached = True
            if step.name in waiting:
                status, part = Status.RUNNING, progress.part
        elif step.name in waiting:
            # What stands before the step that runs is done, only not shown yet.
            status = Status.FRESH if session.running and not reached else Status.STALE
        elif step.bypassed:
            status = Status.BYPASSED
        elif step.name in results.errors:
            status, message = Status.FAILED, results.errors[step.name].reason
        elif report is None:
            status = Status.STALE  # what it needs has failed
        states[step.name] = StepState(
            status,
            part,
            message,
            None if report is None else report.seconds,
            None if report is None else report.nbytes,
            *_layer_of(session, step.outputs[0]),
        )
    for name in workflow.inputs:
        shown, layer_name = _layer_of(session, name)
        status = Status.STALE if name in session.changed_inputs else Status.FRESH
        key = key_of_input(workflow, name)
        states[key] = StepState(status, shown=shown, layer_name=layer_name)
    return states


def _layer_of(session: Session, name: str) -> tuple[bool, str | None]:
    """Return whether the layer of a value is visible, and what it is called."""
    layer = session.layer(name)
    if layer is not None:
        return bool(layer.visible), str(layer.name)
    return False, name if session.is_deleted(name) else None


def describe_totals(session: Session) -> str:
    """Say how many steps a session has, how long they took, and what they hold."""
    reports = session.results.reports.values()
    count = len(session.workflow.steps)
    if not count:
        return ""
    seconds = sum(report.seconds for report in reports)
    held = session.engine.cached_bytes + session.store.nbytes
    steps = "1 step" if count == 1 else f"{count} steps"
    return f"{steps} · {time_text(seconds)} · {memory_in_words(held)} held"
