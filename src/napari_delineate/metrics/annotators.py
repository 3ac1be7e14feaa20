"""Compare annotations of one image by two or more people."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate.annotators import (
    Ballots,
    Vote,
    at_least_two,
    cast,
    count_ballots,
    count_votes,
)
from napari_delineate.declaration import operation
from napari_delineate.metrics.overlap import pixel_scores
from napari_delineate.overlaps import find_overlaps
from napari_delineate.partners import partners_at
from napari_delineate.scoring import AGREEMENT, SHARE
from napari_delineate.types import Image, Labels, Mask, Range, Scores, Table

__all__ = ["compare_annotators", "annotator_agreement", "map_disagreement"]


@operation
def compare_annotators(
    annotations: Sequence[Labels],
    region: Mask | None = None,
    *,
    overlap: Annotated[float, Range(0.01, 1)] = 0.5,
) -> Table:
    """Compare each annotator with each other one: pixels (Dice, IoU, kappa) and objects (F1).

    Parameters
    ----------
    annotations : sequence of (Y, X) or (Z, Y, X) ndarray of int
        Two or more annotations of one image, 0 for background.
    region : ndarray of bool, same shape, optional
        The pixels that all annotators looked at; what lies elsewhere is ignored. All without.
    overlap : float
        Least intersection over union of objects that are the same, from 0.01 to 1.

    Returns
    -------
    comparisons : pandas.DataFrame
        One row for each pair of annotators, "first" and "second", who are numbered from 1 in
        the order of the list. Of foreground pixels, whatever the object: "jaccard" (IoU),
        "dice", "kappa" (Cohen). Of objects: "f_score" (F1) and "average_precision" at the
        overlap, "mean_iou" of the objects that both drew, NaN if there is none, and how many
        these are: "both", "first_only", "second_only". No score says who is right: each is the
        same with the annotators exchanged. 1 is perfect agreement, no units.

    Raises
    ------
    TypeError
        If an annotation does not hold whole numbers.
    ValueError
        If there is one annotation only, the shapes differ, an image is empty, or a setting is
        out of range.

    See Also
    --------
    annotator_agreement : One number for all annotators together.

    Notes
    -----
    Objects have one partner at most, chosen so that there are as many as possible. Two without
    objects agree: all shares are 1.

    References
    ----------
    .. [1] Maier-Hein et al., "Metrics reloaded", Nature Methods 21 (2024), 195-212,
           https://doi.org/10.1038/s41592-023-02151-z

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> one, other = np.array([[5, 5, 5, 0, 7]]), np.array([[1, 1, 0, 0, 0]])
    >>> table = metrics.compare_annotators([one, other])
    >>> table[["first", "second", "jaccard", "f_score", "mean_iou", "both"]].round(3)
       first  second  jaccard  f_score  mean_iou  both
    0      1       2      0.5    0.667     0.667     1
    """
    import pandas as pd

    at_least_two(annotations, "annotations")
    rows = []
    for first, second in itertools.combinations(range(len(annotations)), 2):
        pair = annotations[first], annotations[second]
        pixels = pixel_scores(*pair, region)
        partners = partners_at(find_overlaps(*pair, region), overlap)
        shares = partners.shares()
        both, second_only, first_only = partners.counts
        rows.append(
            {
                "first": first + 1,
                "second": second + 1,
                **{name: pixels[name] for name in ("jaccard", "dice", "kappa")},
                "f_score": shares["f_score"],
                "average_precision": shares["average_precision"],
                "mean_iou": float(partners.iou.mean()) if both else np.nan,
                "both": both,
                "first_only": first_only,
                "second_only": second_only,
            }
        )
    table = pd.DataFrame(rows)
    table.attrs["units"] = dict.fromkeys(table.columns, "")
    return table


_KAPPAS = ("cohen_kappa", "fleiss_kappa", "krippendorff_alpha")


@operation(scores={"agreement": SHARE, **dict.fromkeys(_KAPPAS, AGREEMENT)})
def annotator_agreement(
    annotations: Sequence[Labels],
    region: Mask | None = None,
    *,
    compare: Vote = "foreground",
    overlap: Annotated[float, Range(0.5, 1)] = 0.5,
) -> Scores:
    """Score how well all annotators agree, beyond chance: kappa and Krippendorff's alpha.

    Parameters
    ----------
    annotations : sequence of (Y, X) or (Z, Y, X) ndarray of int
        Two or more annotations of one image, 0 for background.
    region : ndarray of bool, same shape, optional
        The pixels that all annotators looked at; what lies elsewhere is ignored. All without.
    compare : {"foreground", "classes", "marked classes", "objects"}
        What annotators agree on at a pixel: whether it is in an object; which number it has,
        where numbers are classes with one meaning for all; the same, where 0 says nothing, such
        as beside painted strokes; or which object it is in, whatever its number.
    overlap : float
        For "objects", the least intersection over union that makes the objects of two annotators
        one, from 0.5 to 1.

    Returns
    -------
    scores : dict of str to float
        `agreement`, the share of pairs of annotators that say the same of a pixel, 0 to 1.
        Corrected for chance, which has the value 0, up to 1 for perfect agreement and down to
        -1: `cohen_kappa`, the mean of Cohen's kappa of all pairs (Light's kappa);
        `fleiss_kappa`, for which annotators are exchangeable; `krippendorff_alpha` of nominal
        data, which takes pixels too that some annotators did not mark; higher is better, no
        units.

    Raises
    ------
    TypeError
        If an annotation does not hold whole numbers.
    ValueError
        If there is one annotation only, the shapes differ, an image is empty, a setting is out
        of range, or no pixel was marked by two annotators (by all, for Fleiss).

    See Also
    --------
    compare_annotators : Each pair of annotators, with scores of whole objects.

    Notes
    -----
    All annotators give all pixels one and the same class, or the region is empty: the scores
    are 1. Pixels next to each
    other are not independent, so these numbers have no meaningful confidence interval. Where
    "marked classes" leaves gaps, `agreement` and `cohen_kappa` use the pixels that both
    annotators marked, `fleiss_kappa` those that all marked, `krippendorff_alpha` those that two
    or more marked.

    References
    ----------
    .. [1] Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological
           Measurement 20 (1960), 37-46, https://doi.org/10.1177/001316446002000104
    .. [2] Fleiss, "Measuring nominal scale agreement among many raters", Psychological Bulletin
           76 (1971), 378-382, https://doi.org/10.1037/h0031619
    .. [3] Krippendorff, "Content analysis", Sage (2004), chapter 11.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> one, other = np.array([[1, 1, 0, 0]]), np.array([[4, 0, 0, 0]])
    >>> scores = metrics.annotator_agreement([one, other])
    >>> {name: round(score, 3) for name, score in scores.items()}
    {'agreement': 0.75, 'cohen_kappa': 0.5, 'fleiss_kappa': 0.467, 'krippendorff_alpha': 0.533}
    """
    at_least_two(annotations, "annotations")
    if region is not None:
        annotations = [np.where(region, one, one.dtype.type(0)) for one in annotations]
    votes = cast(annotations, compare, overlap)
    if region is not None:
        votes = [one[region] for one in votes]
        if not votes[0].size:
            return dict.fromkeys(("agreement", *_KAPPAS), 1.0)
    ballots = count_ballots(votes)
    known = np.ones(ballots.votes.shape, bool)
    if compare == "marked classes":
        known = ballots.classes[ballots.votes] > 0
    agreement, cohen = _of_pairs(ballots, known)
    kappas = cohen, _fleiss(ballots, known), _krippendorff(ballots, known)
    return {"agreement": agreement, **dict(zip(_KAPPAS, kappas, strict=True))}


def _agreeing(ballots: Ballots, known: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return how many ordered pairs of annotators agree in each combination of votes."""
    votes = ballots.votes
    same = np.zeros(len(votes), np.int64)
    for first, second in itertools.combinations(range(votes.shape[1]), 2):
        both = known[:, first] & known[:, second]
        same += both & (votes[:, first] == votes[:, second])
    return 2 * same


def _of_classes(ballots: Ballots, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return how often each class occurs among votes that are chosen."""
    weights = np.broadcast_to(ballots.pixels[:, None], chosen.shape)[chosen]
    classes = ballots.votes[chosen]
    return np.bincount(classes, weights, minlength=len(ballots.classes)).astype(np.float64)


def _beyond_chance(agreement: float, chance: float) -> float:
    return 1.0 if chance == 1 else (agreement - chance) / (1 - chance)


def _of_pairs(ballots: Ballots, known: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the share of votes of two that agree, and the mean of Cohen's kappa of all pairs."""
    kappas, agreeing, compared = [], 0, 0
    for first, second in itertools.combinations(range(known.shape[1]), 2):
        both = known[:, first] & known[:, second]
        pixels = ballots.pixels[both]
        total = int(pixels.sum())
        if not total:
            continue
        votes = ballots.votes[both][:, [first, second]]
        same = int(pixels[votes[:, 0] == votes[:, 1]].sum())
        agreeing, compared = agreeing + same, compared + total
        shares = [np.bincount(one, pixels, len(ballots.classes)) / total for one in votes.T]
        kappas.append(_beyond_chance(same / total, float(shares[0] @ shares[1])))
    if not compared:
        raise ValueError(
            "annotations must have pixels that two annotators marked, there are none; where 0 is "
            'the background, compare "classes"'
        )
    return agreeing / compared, float(np.mean(kappas))


def _fleiss(ballots: Ballots, known: NDArray[np.bool_]) -> float:
    full = np.asarray(known.all(axis=1))
    count = known.shape[1]
    total = int(ballots.pixels[full].sum())
    if not total:
        raise ValueError(
            "annotations must have pixels that all annotators marked, there are none; compare "
            'two annotators at a time, or "classes" where 0 is the background'
        )
    same = int((_agreeing(ballots, known) * ballots.pixels)[full].sum())
    shares = _of_classes(ballots, known & full[:, None]) / (total * count)
    return _beyond_chance(same / (total * count * (count - 1)), float(shares @ shares))


def _krippendorff(ballots: Ballots, known: NDArray[np.bool_]) -> float:
    marks = known.sum(axis=1)
    several = np.asarray(marks > 1)
    differing = (marks * (marks - 1) - _agreeing(ballots, known)) * ballots.pixels
    per_mark = differing[several] / (marks[several] - 1)
    of_classes = _of_classes(ballots, known & several[:, None])
    total = float(of_classes.sum())
    by_chance = total * total - float(of_classes @ of_classes)
    if not by_chance:
        return 1.0
    return 1 - float(per_mark.sum()) * (total - 1) / by_chance


@operation
def map_disagreement(
    annotations: Sequence[Labels],
    *,
    measure: Literal["annotators", "entropy"] = "annotators",
    compare: Vote = "objects",
    overlap: Annotated[float, Range(0.5, 1)] = 0.5,
) -> Image:
    """Show where annotators disagree: how many differ from the majority, or the entropy.

    Parameters
    ----------
    annotations : sequence of (Y, X) or (Z, Y, X) ndarray of int
        Two or more annotations of one image, 0 for background.
    measure : {"annotators", "entropy"}
        What a pixel shows: how many annotators do not say what most say, or the Shannon entropy
        of what is said, in bits.
    compare : {"foreground", "classes", "marked classes", "objects"}
        What annotators agree on at a pixel: whether it is in an object; which number it has,
        where numbers are classes with one meaning for all; the same, where 0 says nothing, such
        as beside painted strokes; or which object it is in, whatever its number.
    overlap : float
        For "objects", the least intersection over union that makes the objects of two annotators
        one, from 0.5 to 1.

    Returns
    -------
    disagreement : ndarray of float32, same shape
        0 where all agree; the number of annotators from 1 up, or bits, up to the logarithm of
        the number of annotators to base 2, where all differ.

    Raises
    ------
    TypeError
        If an annotation does not hold whole numbers.
    ValueError
        If there is one annotation only, the shapes differ, an image is empty, or a setting is
        out of range.

    References
    ----------
    .. [1] Shannon, "A mathematical theory of communication", Bell System Technical Journal 27
           (1948), 379-423, https://doi.org/10.1002/j.1538-7305.1948.tb01338.x
    .. [2] Kohl et al., "A probabilistic U-Net for segmentation of ambiguous images", NeurIPS
           (2018), https://arxiv.org/abs/1806.05034

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> annotations = [np.array([[5, 5, 0]]), np.array([[1, 1, 0]]), np.array([[2, 0, 0]])]
    >>> metrics.map_disagreement(annotations)
    array([[0., 1., 0.]], dtype=float32)
    >>> metrics.map_disagreement(annotations, measure="entropy").round(3)
    array([[0.   , 0.918, 0.   ]], dtype=float32)
    """
    at_least_two(annotations, "annotations")
    votes = cast(annotations, compare, overlap)
    marked_only = compare == "marked classes"
    counts = count_votes(votes, without_zero=marked_only)
    many = len(votes)
    said: NDArray[Any] | int = many
    if marked_only:
        said = np.zeros(votes[0].shape, np.uint16)
        for vote in votes:
            said += vote > 0
    if measure == "annotators":
        return np.asarray(said - functools.reduce(np.maximum, counts), np.float32)
    # What an annotator adds to the entropy if so many of all who say something say the same.
    voters, same = np.ogrid[1 : many + 1, 1 : many + 1]
    shares = np.zeros((many + 1, many + 1), np.float32)
    shares[1:, 1:] = np.maximum(np.log2(voters / same), 0) / voters
    entropy = np.zeros(votes[0].shape, np.float32)
    for count in counts:
        entropy += shares[said, count]
    return entropy
