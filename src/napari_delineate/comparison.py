"""Compare segmentations with a reference: many scores at once, matches, and curves."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, NamedTuple

import numpy as np

from napari_delineate import catalogue
from napari_delineate.axes import looped_axes
from napari_delineate.building_blocks import connected_components
from napari_delineate.catalogue import Operation
from napari_delineate.engine import Engine, Progress, Results
from napari_delineate.scoring import Scoring
from napari_delineate.steps import WorkflowInput
from napari_delineate.types import Kind, Quantity
from napari_delineate.values import Value
from napari_delineate.wording import unit_symbol
from napari_delineate.workflow import Workflow

__all__ = [
    "ANNOTATIONS",
    "ARROWS",
    "CURVE",
    "MATCHES",
    "MATCHES_MAP",
    "OVERLAP_MAP",
    "SCRIBBLES",
    "Annotations",
    "Compared",
    "Comparison",
    "Request",
    "ScoreId",
    "best_of",
    "compare",
    "mask_hint",
    "number_in_words",
    "offered_scores",
    "scoring_of",
    "settings_of",
    "title_of",
    "why_not",
]

Annotations = Literal["dense", "sparse", "scribbles"]

ANNOTATIONS: dict[Annotations, str] = {
    "dense": "All objects",
    "sparse": "Some of the objects",
    "scribbles": "Scribbles (1 background, 2 foreground)",
}
"""What of an image can be annotated, as `metrics.read_scribbles` describes."""

ARROWS = {"higher": "↑", "lower": "↓", "nearer to 0": "→ 0", "": ""}
"""Which way a score is better, in one sign."""

MATCHES, CURVE, SCRIBBLES = (
    "metrics.match_objects",
    "metrics.average_precision_curve",
    "metrics.read_scribbles",
)

MATCHES_MAP, OVERLAP_MAP = "metrics.map_matches", "metrics.map_overlap"
"""Operations whose results show how segmentations agree, and are none themselves."""

# What they say of the objects annotated is not changed by objects beside them.
_FOR_SOME_OBJECTS = ("metrics.sparse_jaccard", "metrics.seg_score", "metrics.outline_scores")


class ScoreId(NamedTuple):
    """Name a score: the operation that gives it, and its name there."""

    operation: str
    score: str


@dataclass(frozen=True)
class Request:
    """Say what is to be compared, and how.

    Attributes
    ----------
    reference : Value
        Labels or a mask that are right.
    segmentations : mapping of str to Value
        Labels or masks that are scored, by their names.
    scores : tuple of ScoreId
        The scores, in the order of the table.
    annotation : {"dense", "sparse", "scribbles"}
        What of the image the reference annotates.
    settings : mapping of str to mapping
        For operations, settings that differ from their defaults.
    """

    reference: Value
    segmentations: Mapping[str, Value]
    scores: tuple[ScoreId, ...]
    annotation: Annotations = "dense"
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Compared:
    """Hold what is known of one segmentation.

    Attributes
    ----------
    scores : dict of ScoreId to float
        The scores that could be computed.
    errors : dict of str to str
        For operations that could not, why.
    error : str
        Why nothing could be computed.
    matches, curve : pandas.DataFrame or None
        What `metrics.match_objects` and `metrics.average_precision_curve` give.
    key : str
        Equal only for equal segmentations.
    """

    scores: dict[ScoreId, float] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    error: str = ""
    matches: Any = None
    curve: Any = None
    key: str = ""


@dataclass(frozen=True)
class Comparison:
    """Hold what is known of all segmentations.

    Attributes
    ----------
    request : Request
        What was asked.
    found : dict of str to Compared
        For each segmentation what is known.
    error : str
        Why nothing could be compared.
    key : str
        Equal only for equal references.
    hints : tuple of str
        What a person should know of the scores.
    """

    request: Request
    found: dict[str, Compared] = field(default_factory=dict)
    error: str = ""
    key: str = ""
    hints: tuple[str, ...] = ()


@cache
def offered_scores() -> dict[ScoreId, Operation]:
    """Return all scores of two segmentations, with their operations, in menu order.

    Examples
    --------
    >>> offered_scores()[ScoreId("metrics.dice", "score")].title
    'Dice'
    """
    return {
        ScoreId(operation.id, name): operation
        for operation in catalogue.operations()
        if operation.package == "metrics"
        for name in operation.declaration.scores
    }


def scoring_of(score: ScoreId) -> Scoring:
    """Return how a score is read."""
    return offered_scores()[score].declaration.scores[score.score]


def title_of(score: ScoreId, among: Sequence[ScoreId] = (), units: Value | None = None) -> str:
    """Return a title of a score.

    Parameters
    ----------
    score : ScoreId
        The score.
    among : sequence of ScoreId
        Other scores beside it; where these have the same title, its operation is named too
        if that gives several.
    units : Value, optional
        What has the units of distances and sizes, which are then named.

    Returns
    -------
    str
        For instance "Panoptic quality".

    Examples
    --------
    >>> title_of(ScoreId("metrics.dice", "score"))
    'Dice'
    >>> f_score = ScoreId("metrics.detection_scores", "f_score")
    >>> title_of(f_score)
    'F score'
    """
    title = _plain_title(score)
    if score.score != "score" and any(
        other != score and _plain_title(other) == title for other in among
    ):
        title = f"{title} ({offered_scores()[score].title.lower()})"
    quantity = scoring_of(score).quantity
    if units is not None and quantity is not None:
        power = len(units.spacing) if quantity is Quantity.SIZE else 1
        title += f" ({unit_symbol(units.units, units.spacing, power)})"
    return title


def _plain_title(score: ScoreId) -> str:
    operation = offered_scores()[score]
    is_alone = list(operation.declaration.scores) == ["score"]
    return operation.title if is_alone else catalogue.title_of(score.score)


def number_in_words(value: float, scoring: Scoring) -> str:
    """Write a score with three digits, a number of objects as it is.

    Examples
    --------
    >>> from napari_delineate.scoring import COUNT, SHARE
    >>> number_in_words(0.8333, SHARE), number_in_words(3.0, COUNT), number_in_words(1e9, COUNT)
    ('0.833', '3', '1e+09')
    """
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    is_whole = float(value).is_integer() and abs(value) < 1e6
    if scoring.range.maximum == 1:
        text = f"{value:.3f}"
    else:
        text = f"{value:.0f}" if is_whole else f"{value:.3g}"
    return text.replace("-", "−") if "e" not in text else text


def best_of(values: Sequence[float | None], scoring: Scoring) -> set[int]:
    """Return which of several values of a score are the best; none where all are equal.

    Examples
    --------
    >>> from napari_delineate.scoring import COUNT, SHARE
    >>> best_of([0.2, None, 0.7], SHARE), best_of([0.2, None, 0.7], COUNT), best_of([1, 1], COUNT)
    ({2}, {0}, set())
    """
    worth = {"higher": 1.0, "lower": -1.0, "nearer to 0": -1.0}.get(scoring.better)
    known = {
        place: abs(value) if scoring.better == "nearer to 0" else value
        for place, value in enumerate(values)
        if value is not None and not math.isnan(value)
    }
    if worth is None or len(set(known.values())) < 2:
        return set()
    best = max(worth * value for value in known.values())
    return {place for place, value in known.items() if worth * value == best}


def why_not(score: ScoreId, annotation: Annotations, *, are_labels: bool) -> str:
    """Say why a score can not be had of such segmentations; empty if it can.

    Parameters
    ----------
    score : ScoreId
        The score.
    annotation : {"dense", "sparse", "scribbles"}
        What of the image the reference annotates.
    are_labels : bool
        Whether reference and segmentation hold objects; else one is a mask.

    Examples
    --------
    >>> why_not(ScoreId("metrics.dice", "score"), "sparse", are_labels=True)
    'Scores that count what lies beside the objects annotated as wrong need all objects.'
    """
    operation = offered_scores()[score]
    takes_labels = operation.inputs[0].kind is Kind.LABELS
    if annotation == "scribbles":
        if takes_labels:
            return "Scores of objects can not be had from scribbles, which tell pixels only."
        if all(entry.name != "region" for entry in operation.inputs):
            return "Some scores need all pixels, scribbles tell some."
        return ""
    if takes_labels and not are_labels:
        return "Scores of objects need labels; Label connected components makes them of a mask."
    has_choice = any(setting.name == "annotation" for setting in operation.settings)
    if annotation == "sparse" and not has_choice and operation.id not in _FOR_SOME_OBJECTS:
        return "Scores that count what lies beside the objects annotated as wrong need all objects."
    return ""


def settings_of(
    operation: str, annotation: Annotations, settings: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the settings that an operation gets for a kind of annotation.

    Parameters
    ----------
    operation : str
        Id of the operation.
    annotation : {"dense", "sparse", "scribbles"}
        What of the image the reference annotates.
    settings : mapping of str to mapping
        For operations, settings that differ from their defaults.

    Returns
    -------
    dict of str to literal
        Settings that differ from their defaults.
    """
    found = dict(settings.get(operation, {}))
    names = {setting.name for setting in catalogue.find(operation).settings}
    if annotation == "sparse" and "annotation" in names:
        found["annotation"] = "sparse"
    return found


def compare(
    engine: Engine, request: Request, progress: Callable[[Progress], None] | None = None
) -> Comparison:
    """Compute all that is asked for, but for what can not be computed.

    Parameters
    ----------
    engine : Engine
        Computes, and remembers what it computed.
    request : Request
        What is to be compared.
    progress : callable, optional
        Is called before each step.

    Returns
    -------
    Comparison
        Scores, matches and curves, or why there are none.

    Raises
    ------
    CancelledError
        If it was cancelled or a newer run began.
    """
    reference = request.reference
    if not np.asarray(reference.data).any():
        what = "scribbles" if request.annotation == "scribbles" else "objects"
        return Comparison(
            request, error=f"The reference holds no {what}. Paint some, or choose another layer."
        )
    workflow = Workflow().add_input("reference", WorkflowInput.of(reference))
    inputs = {"reference": reference}
    truth, region = "reference", None
    if request.annotation == "scribbles":
        if reference.kind is Kind.MASK:
            return Comparison(request, error="A mask has no scribbles: they are labels 1 and 2.")
        workflow = workflow.add(SCRIBBLES, {"annotation": "reference"})
        truth, region = workflow.steps[-1].outputs
    steps: dict[tuple[str, str], str] = {}
    errors: dict[str, str] = {}
    for number, (name, value) in enumerate(request.segmentations.items()):
        errors[name] = _misfit(name, value, reference)
        if errors[name]:
            continue
        own = f"labels_{number}"
        workflow = workflow.add_input(own, WorkflowInput.of(value))
        inputs[own] = value
        for operation in _operations(request, value):
            entries = {entry.name for entry in catalogue.find(operation).inputs}
            wired = {"reference": truth, "labels": own}
            if region is not None and "region" in entries:
                wired["region"] = region
            parameters = settings_of(operation, request.annotation, request.settings)
            workflow = workflow.add(operation, wired, parameters)
            steps[name, operation] = workflow.steps[-1].name
    results = engine.run(workflow, inputs, progress=progress, keep_going=True)
    found = {
        name: Compared(error=error) if error else _read(request, name, workflow, results, steps)
        for name, error in errors.items()
    }
    key = str(workflow.inputs["reference"].version)
    return Comparison(request, found, key=key, hints=_hints(request, found))


def _hints(request: Request, found: Mapping[str, Compared]) -> tuple[str, ...]:
    """Return what a person should know of the scores that there are."""
    reference, hints = request.reference, []
    compared = [name for name, one in found.items() if one.scores]
    loops = looped_axes(reference.axes)
    if loops and compared:
        sizes = dict(zip(reference.axes, reference.data.shape, strict=False))
        number = math.prod(sizes[letter] for letter in loops)
        hints.append(f"Scores are means over {number} images ({', '.join(loops)}).")
    if not loops and any(one.matches is not None for one in found.values()):
        values = {"The reference": reference}
        values |= {name: request.segmentations[name] for name in compared}
        hints += [said for name, one in values.items() if (said := mask_hint(name, one.data))]
    return tuple(hints)


def mask_hint(name: str, labels: Any) -> str:
    """Say that labels are likely a mask; empty if they are not.

    Parameters
    ----------
    name : str
        What the labels are called.
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects.

    Returns
    -------
    str
        A sentence if there is one number only, and several things that have it.

    Examples
    --------
    >>> mask_hint("The annotation", np.array([[255, 0, 255]]))[:54]
    'The annotation has one object in 2 parts that lie apar'
    >>> mask_hint("The annotation", np.array([[1, 0, 2]]))
    ''
    """
    labels = np.asarray(labels)
    inside = labels > 0
    if not inside.any() or not np.array_equal(inside, labels == labels.max()):
        return ""
    parts = int(connected_components(inside, "full").max())
    if parts < 2:
        return ""
    return (
        f"{name} has one object in {parts} parts that lie apart. If it is a mask, label connected "
        "components first: scores of objects need a number for each."
    )


def _operations(request: Request, value: Value) -> list[str]:
    """Return the operations that a segmentation needs, each once."""
    are_labels = Kind.MASK not in (value.kind, request.reference.kind)
    found = [
        score.operation
        for score in request.scores
        if not why_not(score, request.annotation, are_labels=are_labels)
    ]
    if are_labels and request.annotation != "scribbles":
        found += [MATCHES, CURVE]
    return list(dict.fromkeys(found))


def _misfit(name: str, value: Value, reference: Value) -> str:
    """Say why a segmentation can not be compared with a reference; empty if it can."""
    if value.axes != reference.axes:
        return (
            f"{name} has the axes {value.axes}, the reference {reference.axes}; choose a layer "
            "with the same axes."
        )
    if value.data.shape != reference.data.shape:
        sizes = [" × ".join(map(str, one.data.shape)) for one in (value, reference)]
        return (
            f"{name} has {sizes[0]} pixels, the reference {sizes[1]}; choose a layer of the same "
            "shape."
        )
    if value.units != reference.units or not np.allclose(
        value.spacing, reference.spacing, rtol=1e-3, atol=0
    ):
        voxels = [" × ".join(f"{size:g}" for size in one.spacing) for one in (value, reference)]
        return (
            f"{name} has voxels of {voxels[0]} {value.units}, the reference of {voxels[1]} "
            f"{reference.units}; give both layers the same scale and units."
        )
    return ""


def _read(
    request: Request,
    name: str,
    workflow: Workflow,
    results: Results,
    steps: Mapping[tuple[str, str], str],
) -> Compared:
    """Return what the steps found out about one segmentation."""
    value = request.segmentations[name]
    are_labels = Kind.MASK not in (value.kind, request.reference.kind)
    scores, errors = {}, {}
    for score in request.scores:
        refused = why_not(score, request.annotation, are_labels=are_labels)
        step = steps.get((name, score.operation))
        if refused or step is None:
            errors[score.operation] = refused
            continue
        if step in results.errors:
            errors[score.operation] = f"{name}: {results.errors[step].reason}"
            continue
        data = results[workflow.step(step).outputs[0]].data
        if isinstance(data, float | int):
            scores[score] = float(data)
        else:  # a mapping, or a table with a row for each time: then the mean of these
            column = score.score if score.score in data else score.operation.split(".")[1]
            scores[score] = float(np.mean(data[column]))
    matches, curve = (
        _result(workflow, results, steps.get((name, one))) for one in (MATCHES, CURVE)
    )
    key = value.fingerprint()
    return Compared(scores, errors, matches=matches, curve=curve, key=key)


def _result(workflow: Workflow, results: Results, step: str | None) -> Any:
    if step is None or step in results.errors:
        return None
    return results[workflow.step(step).outputs[0]].data
