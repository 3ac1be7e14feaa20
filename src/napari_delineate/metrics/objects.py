"""Score how well whole objects are outlined, in one number for all of them."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from napari_delineate.declaration import operation
from napari_delineate.overlaps import Annotation, find_overlaps
from napari_delineate.partners import assign, partners_at
from napari_delineate.scoring import SHARE
from napari_delineate.types import Labels, Mask, Range, Score, Scores

__all__ = ["sparse_jaccard", "panoptic_quality", "seg_score", "aggregated_jaccard"]


@operation(scores={"score": SHARE})
def sparse_jaccard(reference: Labels, labels: Labels, region: Mask | None = None) -> Score:
    """Score how well the objects of a reference, perhaps only some of all, are outlined.

    For each object of the reference, the largest intersection over union with any object
    of the labels; then the mean. From 0 to 1 (every reference object is found exactly);
    higher is better; no unit. No reference object: 1 if there are no labels either, else 0.

    Parameters
    ----------
    reference : (Y, X) or (Z, Y, X) ndarray of int
        Objects that were outlined by hand; others may be left out. Numbers may have gaps.
    labels : ndarray of int, same shape
        Objects that are scored.
    region : ndarray of bool, same shape, optional
        The pixels that are annotated; what lies elsewhere is ignored. All without.

    Returns
    -------
    score : float
        The mean of the best overlaps, 0 to 1.

    Raises
    ------
    TypeError
        If an image does not hold whole numbers.
    ValueError
        If the shapes differ, or an image is empty.

    Notes
    -----
    Objects that are in the labels only cost nothing, because a sparse reference does not
    say whether they are right. An object of the labels may be the best match of several.
    Numbers of objects may have gaps; "the segmentation game" counts each gap as a missed
    object.

    References
    ----------
    .. [1] Jaccard, "The distribution of the flora in the alpine zone", New Phytologist 11
           (1912), 37-50, https://doi.org/10.1111/j.1469-8137.1912.tb05611.x

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> metrics.sparse_jaccard(np.array([[5, 5, 0, 0]]), np.array([[1, 1, 0, 2]]))
    1.0
    """
    overlaps = find_overlaps(reference, labels, region)
    if not len(overlaps.reference_numbers):
        return 0.0 if len(overlaps.label_numbers) else 1.0
    return float(overlaps.best().mean())


@operation(
    scores={"panoptic_quality": SHARE, "segmentation_quality": SHARE, "recognition_quality": SHARE}
)
def panoptic_quality(
    reference: Labels,
    labels: Labels,
    region: Mask | None = None,
    *,
    overlap: Annotated[float, Range(0.01, 1)] = 0.5,
    annotation: Annotation = "dense",
) -> Scores:
    """Score how many objects are found and how well these are outlined (PQ, SQ, RQ).

    Parameters
    ----------
    reference : (Y, X) or (Z, Y, X) ndarray of int
        Objects that are right, such as outlined by hand. Numbers may have gaps.
    labels : ndarray of int, same shape
        Objects that are scored.
    region : ndarray of bool, same shape, optional
        The pixels that are annotated; what lies elsewhere is ignored. All without.
    overlap : float
        Least intersection over union of partners, from 0.01 to 1.
    annotation : {"dense", "sparse"}
        Whether the reference has all objects or only some; then an object of the labels that
        lies mostly beside those of the reference is no mistake.

    Returns
    -------
    scores : dict of str to float
        For TP objects with a partner, FP objects of the labels and FN of the reference
        without: `segmentation_quality` (SQ), the mean intersection over union of the TP;
        `recognition_quality` (RQ), TP / (TP + FP / 2 + FN / 2), the F1 score of objects;
        `panoptic_quality` (PQ), the product of both. All are from 0 to 1 (all objects are
        found exactly, nothing else is), higher is better, no unit.

    Raises
    ------
    TypeError
        If an image does not hold whole numbers.
    ValueError
        If the shapes differ, an image is empty, or a setting is out of range.

    Notes
    -----
    No object in either: all are 1. No object found: all are 0. The product hides whether
    objects are missed or badly outlined; look at both factors. An overlap of one half is hard
    to reach for objects of a few pixels. The paper asks for more than one half, here exactly
    one half is enough, as in StarDist.

    References
    ----------
    .. [1] Kirillov et al., "Panoptic segmentation", CVPR (2019), 9404-9413,
           https://arxiv.org/abs/1801.00868

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> scores = metrics.panoptic_quality(np.array([[5, 5, 0, 7]]), np.array([[1, 1, 0, 0]]))
    >>> {name: round(score, 3) for name, score in scores.items()}
    {'panoptic_quality': 0.667, 'segmentation_quality': 1.0, 'recognition_quality': 0.667}
    """
    partners = partners_at(find_overlaps(reference, labels, region, annotation), overlap)
    found, false, missed = partners.counts
    if not found + false + missed:
        return dict.fromkeys(_PANOPTIC, 1.0)
    quality = float(partners.iou.mean()) if found else 0.0
    recognition = found / (found + 0.5 * false + 0.5 * missed)
    return dict(zip(_PANOPTIC, (quality * recognition, quality, recognition), strict=True))


_PANOPTIC = ("panoptic_quality", "segmentation_quality", "recognition_quality")


@operation(scores={"score": SHARE})
def seg_score(reference: Labels, labels: Labels, region: Mask | None = None) -> Score:
    """Score outlines as the Cell Tracking Challenge does (SEG).

    For each object of the reference, the intersection over union with the object of the
    labels that covers more than half of it, 0 if none does; then the mean. From 0 to 1 (every
    reference object is found exactly); higher is better; no unit. No reference object: 1 if
    there are no labels either, else 0.

    Parameters
    ----------
    reference : (Y, X) or (Z, Y, X) ndarray of int
        Objects that are right, such as outlined by hand. Numbers may have gaps.
    labels : ndarray of int, same shape
        Objects that are scored.
    region : ndarray of bool, same shape, optional
        The pixels that are annotated; what lies elsewhere is ignored. All without.

    Returns
    -------
    score : float
        The mean overlap, 0 to 1.

    Raises
    ------
    TypeError
        If an image does not hold whole numbers.
    ValueError
        If the shapes differ, an image is empty, or a setting is out of range.

    See Also
    --------
    sparse_jaccard : Which takes the best overlap, however little it covers.

    Notes
    -----
    Objects that are in the labels only cost nothing, so the reference may be sparse. Look at
    `detection_scores` too.

    References
    ----------
    .. [1] Maška et al., "A benchmark for comparison of cell tracking algorithms",
           Bioinformatics 30 (2014), 1609-1617, https://doi.org/10.1093/bioinformatics/btu080

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> metrics.seg_score(np.array([[5, 5, 5, 0, 7, 7]]), np.array([[1, 1, 1, 0, 0, 2]]))
    0.5
    """
    overlaps = find_overlaps(reference, labels, region)
    if not len(overlaps.reference_numbers):
        return 0.0 if len(overlaps.label_numbers) else 1.0
    covering = 2 * overlaps.pixels > overlaps.reference_sizes[overlaps.rows]
    return float(overlaps.iou[covering].sum() / len(overlaps.reference_numbers))


@operation(scores={"aggregated_jaccard_plus": SHARE, "aggregated_jaccard": SHARE})
def aggregated_jaccard(
    reference: Labels,
    labels: Labels,
    region: Mask | None = None,
    *,
    annotation: Annotation = "dense",
) -> Scores:
    """Score objects by their pixels, shared by partners and all together (AJI, AJI+).

    Parameters
    ----------
    reference : (Y, X) or (Z, Y, X) ndarray of int
        Objects that are right, such as outlined by hand. Numbers may have gaps.
    labels : ndarray of int, same shape
        Objects that are scored.
    region : ndarray of bool, same shape, optional
        The pixels that are annotated; what lies elsewhere is ignored. All without.
    annotation : {"dense", "sparse"}
        Whether the reference has all objects or only some; then an object of the labels that
        lies mostly beside those of the reference is no mistake.

    Returns
    -------
    scores : dict of str to float
        The number of pixels that partners share, divided by that of all pixels of partners
        together and of objects without a partner. For `aggregated_jaccard` (AJI), the partner
        of a reference object is that with the largest intersection over union, also where it
        is that of another one too. For `aggregated_jaccard_plus` (AJI+), each has one partner
        at most, so that the sum of intersections over union is as large as possible. Both are
        from 0 to 1 (equal objects), higher is better, no unit.

    Raises
    ------
    TypeError
        If an image does not hold whole numbers.
    ValueError
        If the shapes differ, an image is empty, or a setting is out of range.

    Notes
    -----
    No object in either: 1. Objects in one only: 0. A label that is used twice makes AJI lower
    than the mistake deserves, hence AJI+. Large objects count more than small ones. Of equally
    good partners, that with the lowest number is taken.

    References
    ----------
    .. [1] Kumar et al., "A dataset and a technique for generalized nuclear segmentation for
           computational pathology", IEEE Transactions on Medical Imaging 36 (2017), 1550-1560,
           https://doi.org/10.1109/TMI.2017.2677499
    .. [2] Graham et al., "HoVer-Net: simultaneous segmentation and classification of nuclei in
           multi-tissue histology images", Medical Image Analysis 58 (2019), 101563,
           https://doi.org/10.1016/j.media.2019.101563

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> metrics.aggregated_jaccard(np.array([[5, 5, 5, 0, 7]]), np.array([[1, 1, 0, 0, 0]]))
    {'aggregated_jaccard_plus': 0.5, 'aggregated_jaccard': 0.5}
    """
    overlaps = find_overlaps(reference, labels, region, annotation)
    counted = overlaps.label_sizes * overlaps.countable
    everything = overlaps.reference_sizes.sum() + counted.sum()
    if not everything:
        return {"aggregated_jaccard_plus": 1.0, "aggregated_jaccard": 1.0}
    plus = assign(overlaps.rows, overlaps.columns, overlaps.iou, as_many=False)
    # The pairs of a row follow each other: the first of the best ones.
    order = np.lexsort([np.arange(len(overlaps.rows)), -overlaps.iou, overlaps.rows])
    best = order[np.flatnonzero(np.diff(overlaps.rows[order], prepend=-1))]
    scores = []
    for chosen in (plus, best):
        alone = np.ones(len(overlaps.reference_numbers), bool)
        alone[overlaps.rows[chosen]] = False
        unused = counted.copy()
        unused[overlaps.columns[chosen]] = 0
        union = overlaps.unions[chosen].sum()
        union += overlaps.reference_sizes[alone].sum() + unused.sum()
        scores.append(float(overlaps.pixels[chosen].sum() / union))
    return {"aggregated_jaccard_plus": scores[0], "aggregated_jaccard": scores[1]}
