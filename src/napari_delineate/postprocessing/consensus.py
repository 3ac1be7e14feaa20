"""Make one segmentation of several: what most annotators, or most methods, agree on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate import object_numbers
from napari_delineate.annotators import (
    Ballots,
    Drawings,
    at_least_two,
    count_ballots,
    count_votes,
    find_drawings,
    winners,
)
from napari_delineate.arrays import label_dtype
from napari_delineate.declaration import operation
from napari_delineate.overlaps import find_overlaps
from napari_delineate.types import Image, Labels, Mask, Range, Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["majority_mask", "majority_labels", "staple", "staple_labels", "consensus_objects"]

_MOST_CLASSES = 256


@operation
def majority_mask(
    masks: Sequence[Mask], *, ties: Literal["background", "foreground"] = "background"
) -> Mask:
    """Keep the pixels that most of several masks have.

    Parameters
    ----------
    masks : sequence of (Y, X) or (Z, Y, X) ndarray of bool or int
        Two or more masks of one image; of integers, everything above 0.
    ties : {"background", "foreground"}
        What a pixel becomes that exactly half of the masks have. Of two masks, "background" is
        what both have, "foreground" what any has.

    Returns
    -------
    consensus_mask : ndarray of bool, same shape
        True where more than half of the masks are True.

    Raises
    ------
    TypeError
        If a mask holds floats.
    ValueError
        If there is one mask only, the shapes differ, or they are empty.

    See Also
    --------
    staple : Which trusts reliable annotators more.

    References
    ----------
    .. [1] Heckemann et al., "Automatic anatomical brain MRI segmentation combining label
           propagation and decision fusion", NeuroImage 33 (2006), 115-126,
           https://doi.org/10.1016/j.neuroimage.2006.05.061

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> masks = np.array([[1, 1, 0, 0]]), np.array([[0, 1, 1, 0]]), np.array([[0, 1, 1, 1]])
    >>> postprocessing.majority_mask(masks)
    array([[False,  True,  True, False]])
    """
    at_least_two(masks, "masks")
    votes = np.zeros(masks[0].shape, np.uint16)
    for mask in masks:
        votes += mask
    half, odd = divmod(len(masks), 2)
    enough = half if ties == "foreground" and not odd else half + 1
    return votes >= enough


@operation
def majority_labels(
    annotations: Sequence[Labels],
    *,
    ties: Literal["background", "undecided"] = "background",
    unmarked: Literal["background", "no vote"] = "background",
) -> Labels:
    """Give every pixel the class that most annotators gave it.

    Parameters
    ----------
    annotations : sequence of (Y, X) or (Z, Y, X) ndarray of int
        Two or more annotations of one image, in which a number is a class with the same meaning
        for all, 0 for background.
    ties : {"background", "undecided"}
        What a pixel becomes for which several classes have most votes: background, or a class
        of its own, numbered one above the largest.
    unmarked : {"background", "no vote"}
        What 0 means: that a pixel is background, or that an annotator says nothing of it, such
        as beside painted strokes; then those decide who marked it.

    Returns
    -------
    consensus_labels : ndarray of int32 or int64, same shape
        The class with most votes, more than any other; half of the annotators need not agree.

    Raises
    ------
    TypeError
        If an annotation does not hold whole numbers.
    ValueError
        If there is one annotation only, the shapes differ, or they are empty.

    See Also
    --------
    consensus_objects : For objects, whose numbers mean nothing.
    staple_labels : Trusts reliable annotators more.

    References
    ----------
    .. [1] Heckemann et al., "Automatic anatomical brain MRI segmentation combining label
           propagation and decision fusion", NeuroImage 33 (2006), 115-126,
           https://doi.org/10.1016/j.neuroimage.2006.05.061
    .. [2] ITK's LabelVotingImageFilter, after Rohlfing and Maurer, "Multi-classifier framework
           for atlas-based image segmentation", Pattern Recognition Letters 26 (2005), 2070-2079,
           https://doi.org/10.1016/j.patrec.2005.03.017

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> annotations = np.array([[1, 1, 2, 0]]), np.array([[1, 2, 2, 0]]), np.array([[2, 0, 2, 0]])
    >>> postprocessing.majority_labels(annotations, ties="undecided")
    array([[1, 3, 2, 0]], dtype=int32)
    """
    at_least_two(annotations, "annotations")
    counts = count_votes(annotations, without_zero=unmarked == "no vote")
    best, tied = winners(annotations, counts)
    undecided = max(int(one.max()) for one in annotations) + 1
    return _decided(best, tied, undecided if ties == "undecided" else 0)


def _decided(best: NDArray[Any], tied: NDArray[np.bool_], undecided: int) -> NDArray[Any]:
    """Return labels in which pixels with a tie have a number of their own."""
    if tied.any():
        best = best.astype(np.promote_types(best.dtype, label_dtype(undecided)), copy=False)
        best[tied] = undecided
    return object_numbers.narrowed(best)


class Staple(NamedTuple):
    """Hold the consensus of masks and how reliable each is."""

    consensus_mask: Mask
    probability: Image
    performance: Table


@operation
def staple(
    masks: Sequence[Mask],
    *,
    threshold: Annotated[float, Range(0, 1)] = 0.5,
    prior: Annotated[float, Range(0, 1)] | None = None,
) -> Staple:
    """Estimate foreground from several masks, and how reliable each of them is (STAPLE).

    Parameters
    ----------
    masks : sequence of (Y, X) or (Z, Y, X) ndarray of bool or int
        Two or more masks of one image; of integers, everything above 0.
    threshold : float
        The least probability of foreground in the consensus, from 0 to 1.
    prior : float or None
        The share of the image that is foreground, from 0 to 1; if None, the mean of the masks.

    Returns
    -------
    consensus_mask : ndarray of bool, same shape
        True where foreground is likely.
    probability : ndarray of float32, same shape
        The probability of foreground, 0 to 1.
    performance : pandas.DataFrame
        One row per mask, in the order of the list: "annotator", from 1; "sensitivity", the share
        of the foreground that it has; "specificity", the share of the background that it leaves
        out; NaN where there is no foreground, or no background.

    Raises
    ------
    TypeError
        If a mask holds floats.
    ValueError
        If there is one mask only, the shapes differ, they are empty, or a setting is out of
        range.

    See Also
    --------
    majority_mask : Counts votes; all masks have the same weight.

    Notes
    -----
    Masks are weighted by their sensitivity and specificity, which are estimated together with
    the truth, from 0.99999 on, until none changes by 1e-8. Of images that are mostly background
    that all agree on, the specificity of all is near 1, and the consensus includes more than the
    majority; crop to what is in question.

    References
    ----------
    .. [1] Warfield, Zou and Wells, "Simultaneous truth and performance level estimation
           (STAPLE)", IEEE Transactions on Medical Imaging 23 (2004), 903-921,
           https://doi.org/10.1109/TMI.2004.828354

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> rows = [1, 1, 1, 0, 0, 0], [1, 1, 1, 1, 0, 0], [1, 1, 0, 0, 0, 0], [0, 0, 1, 1, 1, 1]
    >>> found = postprocessing.staple([np.array([row]) for row in rows])
    >>> found.consensus_mask.tolist()
    [[True, True, True, False, False, False]]
    >>> found.performance["specificity"].round(2).tolist()
    [1.0, 0.67, 1.0, 0.0]
    """
    import pandas as pd

    from napari_delineate.staple import estimate_foreground

    at_least_two(masks, "masks")
    ballots = count_ballots([np.ascontiguousarray(mask).view(np.uint8) for mask in masks])
    found = estimate_foreground(ballots, prior)
    performance = pd.DataFrame(
        {
            "annotator": np.arange(1, len(masks) + 1),
            "sensitivity": found.sensitivity,
            "specificity": found.specificity,
        }
    )
    performance.attrs["units"] = dict.fromkeys(performance.columns, "")
    probability = found.probability.astype(np.float32)[ballots.places]
    likely = found.probability >= threshold
    return Staple(likely[ballots.places], probability, performance)


class StapleLabels(NamedTuple):
    """Hold the consensus of classes and how reliable each annotator is."""

    consensus_labels: Labels
    performance: Table


@operation
def staple_labels(
    annotations: Sequence[Labels], *, ties: Literal["background", "undecided"] = "background"
) -> StapleLabels:
    """Estimate classes from several annotations, and how reliable each is (multi-label STAPLE).

    Parameters
    ----------
    annotations : sequence of (Y, X) or (Z, Y, X) ndarray of int
        Two or more annotations of one image, in which a number is a class with the same meaning
        for all, 0 for background. At most 256 classes.
    ties : {"background", "undecided"}
        What a pixel becomes for which several classes are equally likely: background, or a class
        of its own, numbered one above the largest.

    Returns
    -------
    consensus_labels : ndarray of int32 or int64, same shape
        The most likely class of each pixel.
    performance : pandas.DataFrame
        One row for each annotator and class: "annotator", from 1 in the order of the list;
        "class", with the background; "sensitivity", the share of the class that is given this
        class; "specificity", the share of all else that is not; NaN where there is nothing to
        share.

    Raises
    ------
    TypeError
        If an annotation does not hold whole numbers.
    ValueError
        If there is one annotation only, the shapes differ, they are empty, or there are more
        than 256 classes: then numbers are objects rather than classes.

    See Also
    --------
    consensus_objects : For objects, whose numbers mean nothing.

    Notes
    -----
    How often each annotator confuses which classes is estimated together with the truth, from
    the majority on, until nothing changes by 1e-8. Classes are as frequent as annotators say.

    References
    ----------
    .. [1] Rohlfing, Russakoff and Maurer, "Performance-based classifier combination in
           atlas-based image segmentation using expectation-maximization parameter estimation",
           IEEE Transactions on Medical Imaging 23 (2004), 983-994,
           https://doi.org/10.1109/TMI.2004.830803

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> annotations = [np.array([row]) for row in ([1, 1, 2, 2], [1, 1, 2, 2], [2, 1, 2, 1])]
    >>> found = postprocessing.staple_labels(annotations)
    >>> found.consensus_labels, found.performance["sensitivity"].round(2).tolist()
    (array([[1, 1, 2, 2]], dtype=int32), [1.0, 1.0, 1.0, 1.0, 0.5, 0.5])
    """
    from napari_delineate.staple import estimate_classes

    at_least_two(annotations, "annotations")
    ballots = count_ballots(annotations)
    if len(ballots.classes) > _MOST_CLASSES:
        raise ValueError(
            f"annotations must have at most {_MOST_CLASSES} classes, they have "
            f"{len(ballots.classes)}; of objects, whose numbers differ between annotators, take "
            "postprocessing.consensus_objects"
        )
    found = estimate_classes(ballots)
    best = found.probability.max(axis=1, keepdims=True)
    # What differs by rounding only is as likely.
    tied = (found.probability >= best * (1 - 1e-9)).sum(axis=1) > 1
    classes = ballots.classes[found.probability.argmax(axis=1)]
    undecided = int(ballots.classes[-1]) + 1 if ties == "undecided" else 0
    # For each combination of votes first: there are few.
    consensus = _decided(classes, tied, undecided)[ballots.places]
    return StapleLabels(consensus, _performance(ballots, found.probability, found.confusion))


def _performance(
    ballots: Ballots, probability: NDArray[np.float64], confusion: NDArray[np.float64]
) -> pd.DataFrame:
    """Return how reliable each annotator is for each class."""
    import pandas as pd

    sizes = ballots.pixels @ probability
    annotators, classes = len(confusion), len(sizes)
    said = np.nan_to_num(confusion) * sizes
    right = np.diagonal(said, axis1=1, axis2=2)
    wrong = said.sum(axis=2) - right
    others = sizes.sum() - sizes
    elsewhere = np.where(others > 0, others, np.nan)
    table = pd.DataFrame(
        {
            "annotator": np.repeat(np.arange(1, annotators + 1), classes),
            "class": np.tile(ballots.classes, annotators),
            "sensitivity": np.diagonal(confusion, axis1=1, axis2=2).reshape(-1),
            "specificity": np.clip(1 - wrong / elsewhere, 0, 1).reshape(-1),
        }
    )
    table.attrs["units"] = dict.fromkeys(table.columns, "")
    return table


class ConsensusObjects(NamedTuple):
    """Hold the objects that several annotators drew, and who drew them."""

    labels: Labels
    drawings: Table


@operation
def consensus_objects(
    annotations: Sequence[Labels],
    *,
    overlap: Annotated[float, Range(0.5, 1)] = 0.5,
    minimum_annotators: Annotated[int, Range(1)] = 2,
    ties: Literal["background", "object"] = "background",
) -> ConsensusObjects:
    """Make one segmentation of objects that several annotators drew, by majority.

    Parameters
    ----------
    annotations : sequence of (Y, X) or (Z, Y, X) ndarray of int
        Two or more annotations of one image, 0 for background. Numbers of objects mean nothing.
    overlap : float
        Least intersection over union of drawings of one object, from 0.5 to 1.
    minimum_annotators : int
        How many must have drawn an object; others are removed. From 1 to the number of
        annotations.
    ties : {"background", "object"}
        What a pixel becomes that exactly half of those who drew an object gave it.

    Returns
    -------
    labels : ndarray of int32, same shape
        Of each object, the pixels that more than half of those gave it who drew it. They are
        numbered from 1 in the order in which a scan meets them; the order of the annotations
        does not matter.
    drawings : pandas.DataFrame
        One row per object: "label", its number; "annotators", how many drew it; "mean_iou", of
        their drawings with it; "annotator_1", "annotator_2" and so on, the number of the object
        in each annotation, 0 if it is not in it.

    Raises
    ------
    TypeError
        If an annotation does not hold whole numbers.
    ValueError
        If there is one annotation only, the shapes differ, they are empty, or a setting is out
        of range.

    See Also
    --------
    majority_labels : For classes, whose numbers have a meaning.

    Notes
    -----
    Drawings are joined from the largest overlap down, and no annotator has two of one object.
    A pixel that the majorities of two objects claim goes to the one with more votes, and to
    none of them if these are equal.

    References
    ----------
    .. [1] Kirillov et al., "Panoptic segmentation", CVPR (2019), 9404-9413, for why more than
           half an overlap leaves one partner, https://arxiv.org/abs/1801.00868

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> annotations = [np.array([row]) for row in ([4, 4, 4, 0, 9], [1, 1, 0, 0, 0], [0, 8, 8, 0, 0])]
    >>> found = postprocessing.consensus_objects(annotations)
    >>> found.labels
    array([[1, 1, 1, 0, 0]], dtype=int32)
    >>> found.drawings.drop(columns="mean_iou")
       label  annotators  annotator_1  annotator_2  annotator_3
    0      1           3            4            1            8
    """  # noqa: E501
    import fastremap

    at_least_two(annotations, "annotations")
    if minimum_annotators > len(annotations):
        raise ValueError(
            f"minimum_annotators must be 1 to {len(annotations)}, the number of annotations; got "
            f"{minimum_annotators}"
        )
    drawings = find_drawings(annotations, overlap)
    drawn = np.bincount(drawings.things, minlength=drawings.many)
    needed = drawn // 2 + 1 if ties == "background" else (drawn + 1) // 2
    nobody = len(annotations) + 1
    needed = np.append(nobody, np.where(drawn >= minimum_annotators, needed, nobody))
    votes = [drawings.painted(one, place) for place, one in enumerate(annotations)]
    counts = count_votes(votes, without_zero=True)
    for vote, count in zip(votes, counts, strict=True):
        short = count < needed.astype(np.uint16)[vote]
        vote[short] = 0
        count[short] = 0
    best, tied = winners(votes, counts)
    best[tied] = 0
    consensus, numbers = fastremap.renumber(best)
    consensus = np.asarray(consensus.astype(label_dtype(len(numbers))))
    things = np.array(sorted((new, old) for old, new in numbers.items() if old), np.int64)
    table = _drawn(annotations, drawings, consensus, things.reshape(-1, 2)[:, 1] - 1)
    return ConsensusObjects(consensus, table)


def _drawn(
    annotations: Sequence[NDArray[Any]],
    drawings: Drawings,
    consensus: NDArray[Any],
    things: NDArray[np.int64],
) -> pd.DataFrame:
    """Return who drew each object of a consensus, numbered from 1."""
    import pandas as pd

    columns, overlaps = {}, np.full((len(annotations), len(things)), np.nan)
    for annotator, annotation in enumerate(annotations):
        own = drawings.annotators == annotator
        numbers = np.zeros(drawings.many, np.int64)
        numbers[drawings.things[own]] = drawings.numbers[own]
        columns[f"annotator_{annotator + 1}"] = numbers[things]
        found = find_overlaps(consensus, annotation)
        objects = found.reference_numbers[found.rows] - 1
        same = numbers[things][objects] == found.label_numbers[found.columns]
        overlaps[annotator, objects[same]] = found.iou[same]
        missed = (numbers[things] > 0) & np.isnan(overlaps[annotator])
        overlaps[annotator, missed] = 0
    count = np.sum([column > 0 for column in columns.values()], axis=0)
    table = pd.DataFrame(
        {
            "label": np.arange(1, len(things) + 1),
            "annotators": count,
            "mean_iou": np.nansum(overlaps, axis=0) / np.maximum(count, 1),
            **columns,
        }
    )
    table.attrs["units"] = dict.fromkeys(table.columns, "")
    return table
