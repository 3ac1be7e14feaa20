"""Say what ties the values of a workflow to their layers."""

from __future__ import annotations

from napari_delineate.engine import Results
from napari_delineate.steps import grid_source
from napari_delineate.workflow import Workflow

__all__ = ["APPLY", "Anchors", "has_conflicts", "warning_of"]

APPLY = "postprocessing.apply_corrections"


class Anchors:
    """Know the anchors of all values of a workflow.

    An anchor ties a value to its layer: it stays the same when the value is renamed. Corrected
    labels have the anchor of the labels that they correct, so that one layer shows both.

    Parameters
    ----------
    workflow : Workflow
        A workflow of a session, in which inputs have versions of its store.

    Attributes
    ----------
    workflow : Workflow
        The workflow.
    of : dict of str to str
        The anchor of each value.
    shown : dict of str to str
        For each anchor the value that its layer shows, in the order in which they are made.
    start : dict of str to str
        For each value the input that it follows: where that lies, the value lies.
    """

    def __init__(self, workflow: Workflow) -> None:
        self.workflow = workflow
        self.of: dict[str, str] = {}
        self.start: dict[str, str] = {}
        for name, described in workflow.inputs.items():
            self.of[name] = f"input {str(described.version).rpartition('@')[0]}"
            self.start[name] = name
        corrected: set[str] = set()
        for step in workflow.steps:
            grid = grid_source(step, workflow.values)
            for index, name in enumerate(step.outputs):
                kind = workflow.values[name].kind
                self.of[name] = f"{step.name} {index} {kind}"
                # What is drawn on a grid lies where the grid lies, and not where it was drawn.
                self.start[name] = self.start[grid if kind.is_grid else step.sources[0]]
            if step.operation == APPLY:
                base = str(step.inputs["labels"])
                if base not in workflow.inputs and base not in corrected:
                    self.of[step.outputs[0]] = self.of[base]
                corrected.add(base)
        # Corrected labels come after those they correct, and are what is shown.
        self.shown = {anchor: name for name, anchor in self.of.items()}


def has_conflicts(results: Results, step: str) -> bool:
    """Tell whether a step that applies corrections did not find all of their objects."""
    report = results.reports.get(step)
    return report is not None and bool(report.warnings)


def warning_of(workflow: Workflow, step: str, text: str) -> str:
    """Say what a step warns of, and where a person can do something about it."""
    where = "; decide what becomes of them under Conflicts in the Annotate dock"
    return f"{step}: {text}" + where * (workflow.step(step).operation == APPLY)
