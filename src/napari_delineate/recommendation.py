"""Recommend scores for a problem, after "Metrics reloaded".

Three questions of the problem's fingerprint decide: what is to be found, how the objects
look, and what about them matters [1]_. Whether the annotation has all objects is asked
elsewhere, because it changes how scores are computed and not which.

References
----------
.. [1] Maier-Hein et al., "Metrics reloaded: recommendations for image analysis validation",
       Nature Methods 21 (2024), 195-212, https://doi.org/10.1038/s41592-023-02151-z
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from napari_delineate.comparison import MATCHES, MATCHES_MAP, ScoreId

__all__ = ["INTERESTS", "LOOKS", "QUESTIONS", "TASKS", "Recommendation", "recommend"]

Task = Literal["instances", "detection", "pixels"]
Look = Literal["compact", "small", "thin"]
Interest = Literal["nothing", "boundary", "size"]

TASKS: dict[Task, str] = {
    "instances": "Objects and their outlines",
    "detection": "Which objects there are",
    "pixels": "Which pixels are foreground",
}
LOOKS: dict[Look, str] = {
    "compact": "Compact, many pixels each",
    "small": "A few pixels wide",
    "thin": "Thin and branched",
}
INTERESTS: dict[Interest, str] = {
    "nothing": "Nothing in particular",
    "boundary": "Where boundaries lie",
    "size": "Areas or volumes",
}
QUESTIONS = (
    ("What is to be found?", TASKS),
    ("What do objects look like?", LOOKS),
    ("What matters most?", INTERESTS),
)
"""The questions, and for each the answers with their texts."""


@dataclass(frozen=True)
class Recommendation:
    """Hold which scores to take, and why.

    Attributes
    ----------
    scores : tuple of ScoreId
        The scores, the most important first.
    reason : str
        Why these, in sentences.
    settings : dict of str to dict
        For operations, settings that the problem asks for.
    """

    scores: tuple[ScoreId, ...]
    reason: str
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


_DETECTION = "metrics.detection_scores"
_OUTLINES = "metrics.outline_scores"
_CENTERLINE = ScoreId("metrics.centerline_dice", "centerline_dice")
_RELATIVE = ScoreId("metrics.volume_scores", "relative_error")


def recommend(
    task: Task = "instances", look: Look = "compact", interest: Interest = "nothing"
) -> Recommendation:
    """Recommend scores.

    Parameters
    ----------
    task : {"instances", "detection", "pixels"}
        What is to be found.
    look : {"compact", "small", "thin"}
        What the objects look like.
    interest : {"nothing", "boundary", "size"}
        What about them matters most.

    Returns
    -------
    Recommendation
        The scores, why, and settings that go with them.

    Examples
    --------
    >>> found = recommend("pixels", "thin")
    >>> found.scores[0].score
    'centerline_dice'
    """
    if task == "pixels":
        return _for_pixels(look, interest)
    scores = [ScoreId(_DETECTION, "f_score")]
    criterion, reason = _criterion(look, interest)
    if task == "detection":
        scores += [ScoreId(_DETECTION, name) for name in ("precision", "recall")]
        scores.append(ScoreId(_DETECTION, "average_precision"))
        reasons = [
            "The F score weighs objects missed against spurious ones; precision and recall say "
            "which of the two it is.",
            reason,
        ]
        return Recommendation(tuple(scores), " ".join(reasons), _settings(criterion))
    scores.insert(0, ScoreId("metrics.panoptic_quality", "panoptic_quality"))
    scores += [ScoreId(_DETECTION, "splits"), ScoreId(_DETECTION, "merges")]
    reasons = [
        "Panoptic quality is how many objects are found times how well these are outlined; the "
        "F score, splits and merges say what lowers it.",
        reason,
    ]
    if look == "thin":
        scores.append(_CENTERLINE)
        reasons.append("clDice says whether thin structures keep together.")
    elif interest != "boundary":
        scores.append(ScoreId(_OUTLINES, "iou"))
        reasons.append("The IoU of each object says how well it is outlined; Dice says the same.")
    if interest == "boundary":
        scores += [ScoreId(_OUTLINES, "normalized_surface_distance")]
        scores += [ScoreId(_OUTLINES, "boundary_iou")]
        reasons.append(
            "Normalized surface distance says how much of the boundaries is near enough: set its "
            "tolerance to how far two people differ."
        )
    if interest == "size":
        scores.append(_RELATIVE)
        reasons.append(
            "A sum of sizes hides errors that cancel, so look at the plot of sizes (Bland-Altman)."
        )
    return Recommendation(tuple(scores), " ".join(filter(None, reasons)), _settings(criterion))


def _for_pixels(look: Look, interest: Interest) -> Recommendation:
    """Recommend scores of foreground against background."""
    scores, reasons = [], []
    if look == "thin":
        scores.append(_CENTERLINE)
        reasons.append("clDice says whether thin structures keep together, which overlap does not.")
    scores.append(ScoreId("metrics.dice", "score"))
    reasons.append("Dice is the usual overlap; IoU says the same in other numbers.")
    if look == "small":
        scores += [ScoreId("metrics.precision", "score"), ScoreId("metrics.recall", "score")]
        reasons.append(
            "Of what is a few pixels wide one pixel changes much, so say also what is missed and "
            "what is too much."
        )
    if interest == "size":
        scores.append(_RELATIVE)
        reasons.append("The relative error is that of the whole area or volume, with its sign.")
    else:
        scores.append(ScoreId("metrics.normalized_surface_distance", "score"))
        reasons.append(
            "Overlap hardly sees boundaries; normalized surface distance does. Set its tolerance "
            "to how far two people differ."
        )
    if interest == "boundary":
        scores.append(ScoreId("metrics.hausdorff_distance", "hausdorff_percentile"))
        reasons.append("The 95th percentile of the Hausdorff distance says how bad the worst is.")
    return Recommendation(tuple(scores), " ".join(reasons))


def _criterion(look: Look, interest: Interest) -> tuple[str, str]:
    """Return what makes two objects partners, and why."""
    if look == "small":
        return (
            "centroid distance",
            "Objects are partners where their centroids are near: in a few pixels overlap is "
            "chance.",
        )
    if interest == "boundary" and look == "compact":
        return (
            "boundary IoU",
            "Objects are partners where their boundaries overlap: in large objects the inside "
            "hides these.",
        )
    return "mask IoU", "Objects are partners where they share half of their pixels."


def _settings(criterion: str) -> dict[str, dict[str, str]]:
    if criterion == "mask IoU":
        return {}
    return {operation: {"criterion": criterion} for operation in (_DETECTION, MATCHES, MATCHES_MAP)}
