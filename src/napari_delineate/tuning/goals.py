"""Say what makes one segmentation better than another: a score, and the annotation it takes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from napari_delineate import catalogue
from napari_delineate.catalogue import Operation
from napari_delineate.scoring import Scoring
from napari_delineate.types import Kind
from napari_delineate.values import Value
from napari_delineate.workflow import Workflow, WorkflowInput

__all__ = ["Annotation", "Goal", "goals"]

Annotation = Literal["dense", "sparse", "scribbles"]
"""All objects are outlined; some are; or strokes say 1 for background, above for foreground."""


@dataclass(frozen=True)
class Goal:
    """Name the score that is to become as good as possible.

    Attributes
    ----------
    metric : str
        Id of an operation of the Metrics menu.
    score : str
        Which of its scores; by default the first that says which way is better.
    annotation : {"dense", "sparse", "scribbles"}
        Whether all objects are annotated, or some, or strokes were painted (0 unknown,
        1 background, above 1 foreground).
    settings : mapping of str to Any
        Settings of the metric that differ from their defaults.

    Examples
    --------
    >>> goal = Goal("metrics.hausdorff_distance")
    >>> goal.score, goal.scoring.better
    ('hausdorff', 'lower')
    """

    metric: str = "metrics.sparse_jaccard"
    score: str = ""
    annotation: Annotation = "dense"
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        found = catalogue.find(self.metric)
        known = _scores(found)
        if not known:
            raise ValueError(f"{self.metric} does not compare labels with a reference")
        if self.annotation not in get_args(Annotation):
            raise ValueError(
                f"the annotation must be one of {', '.join(get_args(Annotation))}; got "
                f"{self.annotation!r}"
            )
        score = self.score or next(iter(known))
        if score not in known:
            raise ValueError(
                f"{self.metric} has no score {score!r} that can be better or worse; it has "
                f"{', '.join(known)}"
            )
        settings = dict(self.settings)
        names = {one.name for one in found.settings}
        if self.annotation == "sparse" and "annotation" in names:
            settings.setdefault("annotation", "sparse")
        found.check_settings(settings)
        object.__setattr__(self, "score", score)
        object.__setattr__(self, "settings", MappingProxyType(settings))

    @property
    def scoring(self) -> Scoring:
        """How the score is read."""
        return catalogue.find(self.metric).declaration.scores[self.score]

    @property
    def title(self) -> str:
        """The score for people, for instance "Outline scores: dice"."""
        return _title(catalogue.find(self.metric), self.score)

    def merit(self, value: float) -> float:
        """Return a number that is higher for a better score."""
        better = self.scoring.better
        return value if better == "higher" else -value if better == "lower" else -abs(value)

    def read(self, result: Any, annotation: Value | None = None) -> float:
        """Return the score from what the metric gave: the mean over looped axes.

        What is better the nearer it is to 0 counts without its sign.

        Parameters
        ----------
        result : float, mapping of str to float, or pandas.DataFrame
            What the metric gave; a table has a row for each place along looped axes.
        annotation : Value, optional
            What it was compared with. Where not all objects are annotated, only the places
            that hold an annotation count; by default all do.

        Returns
        -------
        float
            The score.

        Raises
        ------
        ValueError
            If it is not finite.
        """
        part = result
        if not isinstance(result, float | int):
            # A single score has the name of its operation in a table.
            part = result[self.score if self.score in result else self.metric.split(".")[1]]
        if self.scoring.better == "nearer to 0":
            part = abs(part)  # or else errors up and down would make up for each other
        if not isinstance(part, float | int):
            part = part[self._known_places(result, annotation)].mean(skipna=False)
        value = float(part)
        if not math.isfinite(value):
            raise ValueError(f"the score is {value:g}: nothing is there to compare")
        return value

    def _known_places(self, table: Any, annotation: Value | None) -> NDArray[np.bool_]:
        """Tell which rows of a table belong to places that hold an annotation."""
        if annotation is None or self.annotation == "dense":
            return np.ones(len(table), bool)
        data, axes = np.asarray(annotation.data), annotation.axes
        over = [letter for letter in axes if letter in table]
        inside = tuple(place for place, letter in enumerate(axes) if letter not in over)
        known = (data != 0).any(axis=inside)
        places: NDArray[np.bool_] = known[tuple(table[letter].to_numpy() for letter in over)]
        return places

    def attached(
        self, workflow: Workflow, result: str, annotation: WorkflowInput
    ) -> tuple[Workflow, str, str]:
        """Return a workflow that also computes the score.

        Parameters
        ----------
        workflow : Workflow
            The workflow.
        result : str
            Name of the value that is scored.
        annotation : WorkflowInput
            What the annotation is.

        Returns
        -------
        workflow : Workflow
            The steps and those that compare.
        annotation : str
            The name of the new input.
        score : str
            The name of what the metric gives.

        Raises
        ------
        TypeError
            If the metric does not take such a result or annotation.
        """
        reference = name = workflow.unique_name("annotation")
        region = None
        workflow = workflow.add_input(name, annotation)
        if self.annotation == "scribbles":
            workflow = workflow.add("metrics.read_scribbles", {"annotation": name})
            reference, region = workflow.steps[-1].outputs
        wired = {"reference": reference, "labels": result, "region": region}
        workflow = workflow.add(self.metric, wired, self.settings)
        return workflow, name, workflow.steps[-1].outputs[0]


def goals(result: Kind, annotation: Annotation = "dense") -> tuple[Goal, ...]:
    """Return all scores that can be given for a kind of result.

    Parameters
    ----------
    result : Kind
        `Kind.LABELS` or `Kind.MASK`.
    annotation : {"dense", "sparse", "scribbles"}
        What was annotated.

    Returns
    -------
    tuple of Goal
        In the order of the Metrics menu. For scribbles those that compare pixels; for some
        objects of all those that do not count the others as wrong.

    Examples
    --------
    >>> [goal.title for goal in goals(Kind.MASK, "scribbles")][:3]
    ['Jaccard', 'Dice', 'Accuracy']
    >>> goals(Kind.LABELS, "sparse")[0].metric
    'metrics.sparse_jaccard'
    """
    found = []
    for operation in catalogue.operations():
        scores = _scores(operation)
        if not scores or not catalogue.accepts(operation.input("labels").kind, result):
            continue
        takes_masks = operation.input("reference").kind is Kind.MASK
        if annotation == "scribbles" and (not takes_masks or operation.id in _OF_OUTLINES):
            continue
        if annotation == "sparse" and not _bears_missing(operation):
            continue
        found += [Goal(operation.id, score, annotation) for score in scores]
    return tuple(found)


_OF_OUTLINES = (
    "metrics.contour_distance",
    "metrics.hausdorff_distance",
    "metrics.normalized_surface_distance",
    "metrics.boundary_iou",
    "metrics.centerline_dice",
)
"""Scores of where outlines or centrelines lie; those of strokes are no outlines of objects."""

_OF_REFERENCE_ONLY = ("metrics.sparse_jaccard", "metrics.seg_score")
"""Scores that look at the objects of the reference alone."""


def _bears_missing(operation: Operation) -> bool:
    has_setting = any(one.name == "annotation" for one in operation.settings)
    return has_setting or operation.id in _OF_REFERENCE_ONLY


def _scores(operation: Operation) -> dict[str, Scoring]:
    """Return the scores of a metric of two segmentations that can be better or worse."""
    if not {"reference", "labels", "region"} <= {entry.name for entry in operation.inputs}:
        return {}
    return {name: one for name, one in operation.declaration.scores.items() if one.better}


def _title(operation: Operation, score: str) -> str:
    if len(operation.declaration.scores) == 1:
        return operation.title
    return f"{operation.title}: {score.replace('_', ' ')}"
