"""Choose scores by their names, and compute them for one image."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

from napari_delineate import catalogue, metrics
from napari_delineate.catalogue import Operation
from napari_delineate.comparison import ScoreId, title_of
from napari_delineate.scoring import Scoring
from napari_delineate.steps import list_names
from napari_delineate.types import Kind, Table

__all__ = [
    "Annotated",
    "Column",
    "Comparison",
    "badness",
    "choose_columns",
    "compare",
    "join_frames",
    "name_of",
    "score_of",
    "titles_of",
]

Annotated = Literal["dense", "sparse", "scribbles"]
"""All objects are annotated; some are, each completely; or pixels: 0 is unknown, 1 background."""

_OBJECTS = (
    "average_precision",
    "mean_average_precision",
    "detection_scores.precision",
    "detection_scores.recall",
    "detection_scores.f_score",
    "panoptic_quality.panoptic_quality",
    "panoptic_quality.segmentation_quality",
    "aggregated_jaccard.aggregated_jaccard_plus",
    "seg_score",
    "sparse_jaccard",
    "jaccard",
    "detection_scores.true_positives",
    "detection_scores.false_positives",
    "detection_scores.false_negatives",
    "detection_scores.splits",
    "detection_scores.merges",
)
_SOME_OBJECTS = (
    "sparse_jaccard",
    "seg_score",
    "detection_scores.recall",
    "outline_scores.boundary_iou",
    "detection_scores.true_positives",
    "detection_scores.false_negatives",
    "detection_scores.splits",
    "detection_scores.merges",
)
_PIXELS = (
    "jaccard",
    "dice",
    "pixel_scores.precision",
    "pixel_scores.recall",
    "pixel_scores.specificity",
    "pixel_scores.matthews_correlation",
)

_SPARSE = ("sparse_jaccard", "seg_score", "outline_scores")
"""Scores for which objects beside those of the reference never count as mistakes."""


@dataclass(frozen=True)
class Column:
    """Describe a score of a table.

    Attributes
    ----------
    name : str
        Its name: the operation, and behind a dot which of its scores where it has several.
    operation : str
        Id of the operation.
    key : str
        Which of its scores; empty where it has one only.
    scoring : Scoring
        How it is read.
    """

    name: str
    operation: str
    key: str
    scoring: Scoring


@dataclass(frozen=True)
class Comparison:
    """Hold what comparing one result with its annotation gave.

    Attributes
    ----------
    scores : mapping of str to float
        By names of columns.
    spacing : tuple of float
        Voxel size per axis.
    units : str
        Name of its unit.
    objects : pandas.DataFrame or None
        What `metrics.match_objects` lists; None where pixels are compared.
    curve : pandas.DataFrame or None
        What `metrics.average_precision_curve` lists; None where pixels are compared.
    frames : pandas.DataFrame or None
        The scores of each image of a movie, of which `scores` are the means; None for one
        image. Tables of movies have columns for time and channel.
    """

    scores: Mapping[str, float]
    spacing: tuple[float, ...]
    units: str
    objects: Table | None = None
    curve: Table | None = None
    frames: Table | None = None


def choose_columns(
    names: Sequence[str] | None, kind: Kind, annotation: Annotated
) -> tuple[Column, ...]:
    """Return the scores that are computed.

    Parameters
    ----------
    names : sequence of str or None
        Operations of `napari_delineate.metrics`, such as "average_precision", for all their
        scores, or one score of them, such as "detection_scores.recall". None for those that
        suit the kind of result and of annotation.
    kind : Kind
        Whether labels or a mask are compared.
    annotation : {"dense", "sparse", "scribbles"}
        What is annotated.

    Returns
    -------
    tuple of Column
        Each once.

    Raises
    ------
    ValueError
        If there is no such score, or it can not be computed for this kind of result or of
        annotation.
    """
    if kind is Kind.MASK and annotation == "sparse":
        raise ValueError(
            "the result is a mask, which has no objects of which some could be annotated; for "
            "painted pixels choose the annotation scribbles, for objects label the mask first"
        )
    if names is None:
        objects = _SOME_OBJECTS if annotation == "sparse" else _OBJECTS
        names = _PIXELS if kind is Kind.MASK or annotation == "scribbles" else objects
    columns: dict[str, Column] = {}
    for wish in names:
        name, _, key = wish.partition(".")
        operation = _find(name)
        _check(operation, kind, annotation)
        known = operation.declaration.scores
        is_alone = list(known) == [operation.outputs[0].name]
        if key and (key not in known or is_alone):
            scores = "one score only" if is_alone else f"the scores {list_names(known)}"
            raise ValueError(f"{name} has no score {key!r}; it has {scores}")
        for one in [key] if key else known:
            title = name if is_alone or one == name else f"{name}.{one}"
            columns[title] = Column(title, operation.id, "" if is_alone else one, known[one])
    return tuple(columns.values())


def titles_of(columns: Sequence[Column]) -> dict[str, str]:
    """Return the titles of scores for people, by their names.

    Examples
    --------
    >>> titles_of(choose_columns(["detection_scores.recall", "dice"], Kind.LABELS, "dense"))
    {'detection_scores.recall': 'Recall', 'dice': 'Dice'}
    """
    scores = {one.name: score_of(one) for one in columns}
    return {name: title_of(score, tuple(scores.values())) for name, score in scores.items()}


def name_of(score: ScoreId) -> str:
    """Return the name by which a score is chosen.

    Examples
    --------
    >>> name_of(ScoreId("metrics.dice", "score"))
    'dice'
    >>> name_of(ScoreId("metrics.detection_scores", "recall"))
    'detection_scores.recall'
    """
    operation = catalogue.find(score.operation)
    is_alone = list(operation.declaration.scores) == [operation.outputs[0].name]
    return operation.name if is_alone else f"{operation.name}.{score.score}"


def score_of(column: Column) -> ScoreId:
    """Return the score of a column as comparisons name it."""
    known = catalogue.find(column.operation).declaration.scores
    return ScoreId(column.operation, column.key or next(iter(known)))


def _find(name: str) -> Operation:
    """Return an operation that gives scores."""
    found = [
        operation
        for operation in catalogue.operations()
        if operation.package == "metrics" and operation.declaration.scores
    ]
    for operation in found:
        if operation.name == name:
            return operation
    names = ", ".join(operation.name for operation in found)
    raise ValueError(f"there is no score {name!r}; there are: {names}")


def _check(operation: Operation, kind: Kind, annotation: Annotated) -> None:
    """Refuse a score that would be wrong for a kind of result or of annotation."""
    wanted = operation.inputs[0].kind
    if wanted is Kind.LABELS and annotation == "scribbles":
        raise ValueError(f"{operation.name} compares objects, and scribbles show pixels only")
    if wanted is Kind.LABELS and kind is Kind.MASK:
        raise ValueError(
            f"{operation.name} compares objects, and the result is a mask; label it first"
        )
    if annotation == "sparse" and not (
        operation.name in _SPARSE or _has_setting(operation, "annotation")
    ):
        raise ValueError(
            f"{operation.name} needs everything to be annotated; with a sparse annotation use "
            f"{', '.join(_SPARSE)} or detection_scores"
        )


def _has_setting(operation: Operation, name: str) -> bool:
    return any(setting.name == name for setting in operation.settings)


def badness(values: Any, column: Column) -> Any:
    """Return how bad scores are, infinity for those without a value.

    Parameters
    ----------
    values : pandas.Series
        Scores.
    column : Column
        Which.

    Returns
    -------
    pandas.Series
        Numbers that are larger for worse scores.
    """
    bad = {"higher": -values, "lower": values, "nearer to 0": values.abs()}
    return bad.get(column.scoring.better, 0 * values).fillna(math.inf)


def join_frames(parts: Sequence[tuple[Mapping[str, int], Comparison]]) -> Comparison:
    """Return what comparing all images of a movie gave.

    Parameters
    ----------
    parts : sequence of (mapping of str to int, Comparison)
        For each image where it is along the axes that are looped, by their letters, and what
        comparing it gave.

    Returns
    -------
    Comparison
        The means of scores, of those that have a value; the objects of all.
    """
    import pandas as pd

    first = parts[0][1]
    frames = pd.DataFrame([{**at, **one.scores} for at, one in parts])
    scores = {name: float(frames[name].mean()) for name in first.scores}
    tables: dict[str, Table | None] = {}
    for what in ("objects", "curve"):
        found = [(at, getattr(one, what)) for at, one in parts]
        tables[what] = None
        if getattr(first, what) is not None:
            placed = [table.assign(**at)[[*at, *table.columns]] for at, table in found]
            joined = pd.concat(placed, ignore_index=True)
            joined.attrs = getattr(first, what).attrs
            tables[what] = joined
    return Comparison(scores, first.spacing, first.units, frames=frames, **tables)


def compare(
    reference: NDArray[Any],
    labels: NDArray[Any],
    columns: Sequence[Column],
    *,
    kind: Kind,
    annotation: Annotated,
    overlap: float,
    spacing: tuple[float, ...],
    units: str,
) -> Comparison:
    """Compare a result with its annotation.

    Parameters
    ----------
    reference : (Y, X) or (Z, Y, X) ndarray of int
        What is right.
    labels : ndarray of int or bool, same shape
        What is scored.
    columns : sequence of Column
        The scores.
    kind : Kind
        Whether labels or a mask are compared.
    annotation : {"dense", "sparse", "scribbles"}
        What is annotated.
    overlap : float
        Least intersection over union at which objects are partners.
    spacing : tuple of float
        Voxel size per axis.
    units : str
        Name of its unit.

    Returns
    -------
    Comparison
        The scores, and of labels the objects.

    Raises
    ------
    TypeError, ValueError
        If the annotation does not suit: see `metrics`.
    """
    given: dict[str, Any] = {"overlap": overlap, "annotation": annotation}
    inputs: tuple[Any, ...] = (reference, labels)
    if annotation == "scribbles":
        inputs = (metrics.read_scribbles(reference)[0], labels, reference > 0)
    computed: dict[str, Any] = {}
    for column in columns:
        if column.operation not in computed:
            operation = catalogue.find(column.operation)
            settings = {key: one for key, one in given.items() if _has_setting(operation, key)}
            if operation.takes_spacing:
                settings["spacing"] = spacing
            computed[column.operation] = operation.function(*inputs, **settings)
    scores = {
        column.name: float(
            computed[column.operation][column.key] if column.key else computed[column.operation]
        )
        for column in columns
    }
    if kind is Kind.MASK or annotation == "scribbles":
        return Comparison(scores, spacing, units)
    objects = metrics.match_objects(
        *inputs, overlap=overlap, annotation=annotation, spacing=spacing, units=units
    )
    curve = metrics.average_precision_curve(*inputs, annotation=annotation)
    return Comparison(scores, spacing, units, objects, curve)
