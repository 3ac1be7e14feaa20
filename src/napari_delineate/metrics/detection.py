"""Score how many objects are found, at one overlap or at stricter and stricter ones."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from napari_delineate.building_blocks import ROUNDING
from napari_delineate.declaration import operation
from napari_delineate.overlaps import Annotation, find_overlaps
from napari_delineate.partners import partners_at
from napari_delineate.scoring import SHARE
from napari_delineate.types import Labels, Mask, Range, Score, Table

__all__ = ["average_precision", "mean_average_precision", "average_precision_curve"]


@operation(version=2, scores={"score": SHARE})
def average_precision(
    reference: Labels,
    labels: Labels,
    region: Mask | None = None,
    *,
    overlap: Annotated[float, Range(0.01, 1)] = 0.5,
    annotation: Annotation = "dense",
) -> Score:
    """Score how many objects of a complete reference are found, and how many are wrong (AP).

    An object is found where its intersection over union with an object of the labels is
    large enough; each has one partner at most. The score is TP / (TP + FP + FN) for TP
    objects found, FP objects of the labels and FN of the reference without a partner. From
    0 to 1 (all are found, nothing else is); higher is better; no unit. 1 if there are no
    objects in either.

    Parameters
    ----------
    reference : (Y, X) or (Z, Y, X) ndarray of int
        Objects that are right, such as outlined by hand. Numbers may have gaps.
    labels : ndarray of int, same shape
        Objects that are scored.
    region : ndarray of bool, same shape, optional
        The pixels that are annotated; what lies elsewhere is ignored. All without.
    overlap : float
        Least intersection over union at which an object is found, from 0.01 to 1.
    annotation : {"dense", "sparse"}
        Whether the reference has all objects or only some; then an object of the labels that
        lies mostly beside those of the reference is no mistake.

    Returns
    -------
    score : float
        The share of objects found, 0 to 1.

    Raises
    ------
    TypeError
        If an image does not hold whole numbers.
    ValueError
        If `overlap` is out of range, the shapes differ, or an image is empty.

    See Also
    --------
    sparse_jaccard : Where the reference has only some of the objects.

    Notes
    -----
    As the 2018 Data Science Bowl, StarDist and Cellpose count; in the detection of objects
    in photographs (COCO), average precision is something else, the area below the curve of
    precision and recall, and needs a confidence for each object, which labels do not have.
    Objects get as many partners as is possible, which matters only up to an overlap of one
    half. One overlap says nothing about how well the objects found are outlined, and small
    objects miss it by a pixel: look at `average_precision_curve` too.

    References
    ----------
    .. [1] Caicedo et al., "Nucleus segmentation across imaging experiments: the 2018 Data
           Science Bowl", Nature Methods 16 (2019), 1247-1253,
           https://doi.org/10.1038/s41592-019-0612-7
    .. [2] Schmidt et al., "Cell detection with star-convex polygons", MICCAI (2018),
           https://arxiv.org/abs/1806.03535

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> metrics.average_precision(np.array([[5, 5, 0, 7]]), np.array([[1, 1, 0, 0]]))
    0.5
    """
    overlaps = find_overlaps(reference, labels, region, annotation)
    return partners_at(overlaps, overlap).shares()["average_precision"]


@operation(scores={"score": SHARE})
def mean_average_precision(
    reference: Labels,
    labels: Labels,
    region: Mask | None = None,
    *,
    lowest: Annotated[float, Range(0.01, 1)] = 0.5,
    highest: Annotated[float, Range(0.01, 1)] = 0.95,
    step: Annotated[float, Range(0.01, 1)] = 0.05,
    annotation: Annotation = "dense",
) -> Score:
    """Score how many objects are found, as a mean over stricter and stricter overlaps (mAP).

    The mean of `average_precision` at the overlaps `lowest`, `lowest` + `step`, and so on up
    to `highest`. From 0 to 1 (every outline is exact); higher is better; no unit. 1 if there
    are no objects in either.

    Parameters
    ----------
    reference : (Y, X) or (Z, Y, X) ndarray of int
        Objects that are right, such as outlined by hand. Numbers may have gaps.
    labels : ndarray of int, same shape
        Objects that are scored.
    region : ndarray of bool, same shape, optional
        The pixels that are annotated; what lies elsewhere is ignored. All without.
    lowest, highest : float
        First and last intersection over union, from 0.01 to 1.
    step : float
        How far they are apart.
    annotation : {"dense", "sparse"}
        Whether the reference has all objects or only some; then an object of the labels that
        lies mostly beside those of the reference is no mistake.

    Returns
    -------
    score : float
        The mean share of objects found, 0 to 1.

    Raises
    ------
    TypeError
        If an image does not hold whole numbers.
    ValueError
        If the shapes differ, an image is empty, a setting is out of range, or `lowest` is
        above `highest`.

    See Also
    --------
    average_precision_curve : The single values.

    Notes
    -----
    The mean over 0.5 to 0.95 is that of the 2018 Data Science Bowl. It is not the mean
    average precision (mAP) of COCO, which is the area below curves of precision and recall.
    Small objects hardly reach large overlaps: a pixel more or less is a large share of them.

    References
    ----------
    .. [1] Caicedo et al., "Nucleus segmentation across imaging experiments: the 2018 Data
           Science Bowl", Nature Methods 16 (2019), 1247-1253,
           https://doi.org/10.1038/s41592-019-0612-7

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> metrics.mean_average_precision(np.array([[5, 5, 5, 0]]), np.array([[0, 1, 1, 0]]))
    0.4
    """
    thresholds = _thresholds(lowest, highest, step)
    overlaps = find_overlaps(reference, labels, region, annotation)
    scores = [
        partners_at(overlaps, threshold).shares()["average_precision"] for threshold in thresholds
    ]
    return float(np.mean(scores))


def _thresholds(lowest: float, highest: float, step: float) -> list[float]:
    """Return evenly spaced thresholds, without the traces of adding up."""
    if lowest > highest:
        raise ValueError(f"lowest must not be above highest; got {lowest:g} and {highest:g}")
    number = int((highest - lowest) / step + ROUNDING) + 1
    return [round(lowest + step * index, 9) for index in range(number)]


@operation
def average_precision_curve(
    reference: Labels,
    labels: Labels,
    region: Mask | None = None,
    *,
    lowest: Annotated[float, Range(0.01, 1)] = 0.5,
    highest: Annotated[float, Range(0.01, 1)] = 0.95,
    step: Annotated[float, Range(0.01, 1)] = 0.05,
    annotation: Annotation = "dense",
) -> Table:
    """List how many objects are found at stricter and stricter overlaps.

    Parameters
    ----------
    reference : (Y, X) or (Z, Y, X) ndarray of int
        Objects that are right, such as outlined by hand. Numbers may have gaps.
    labels : ndarray of int, same shape
        Objects that are scored.
    region : ndarray of bool, same shape, optional
        The pixels that are annotated; what lies elsewhere is ignored. All without.
    lowest, highest : float
        First and last intersection over union, from 0.01 to 1.
    step : float
        How far they are apart.
    annotation : {"dense", "sparse"}
        Whether the reference has all objects or only some; then an object of the labels that
        lies mostly beside those of the reference is no mistake.

    Returns
    -------
    table : pandas.DataFrame
        A row for each overlap: `overlap`; `true_positives`, `false_positives` and
        `false_negatives`, numbers of objects; `precision`, `recall`, `f_score` and
        `average_precision`, 0 to 1, higher is better, as in `detection_scores`;
        `mean_iou`, the mean intersection over union of the objects found, 0 where none is.

    Raises
    ------
    TypeError
        If an image does not hold whole numbers.
    ValueError
        If the shapes differ, an image is empty, a setting is out of range, or `lowest` is
        above `highest`.

    Notes
    -----
    Average precision is what StarDist and Cellpose draw, not the curve of precision
    over recall that COCO uses. No object in either image: all shares are 1.

    References
    ----------
    .. [1] Schmidt et al., "Cell detection with star-convex polygons", MICCAI (2018),
           https://arxiv.org/abs/1806.03535

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> reference, labels = np.array([[5, 5, 5, 0]]), np.array([[0, 1, 1, 0]])
    >>> table = metrics.average_precision_curve(reference, labels, step=0.15)
    >>> table[["overlap", "average_precision"]].to_numpy().tolist()
    [[0.5, 1.0], [0.65, 1.0], [0.8, 0.0], [0.95, 0.0]]
    """
    import pandas as pd

    thresholds = _thresholds(lowest, highest, step)
    overlaps = find_overlaps(reference, labels, region, annotation)
    rows = []
    for threshold in thresholds:
        partners = partners_at(overlaps, threshold)
        found, false, missed = partners.counts
        rows.append(
            {
                "overlap": threshold,
                "true_positives": found,
                "false_positives": false,
                "false_negatives": missed,
                **partners.shares(),
                "mean_iou": float(partners.iou.mean()) if found else 0.0,
            }
        )
    table = pd.DataFrame(rows)
    table.attrs["units"] = dict.fromkeys(table.columns, "")
    return table
