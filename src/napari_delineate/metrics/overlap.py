"""Compare foreground with foreground, pixel by pixel."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate.declaration import operation
from napari_delineate.overlaps import within
from napari_delineate.scoring import AGREEMENT, COUNT, NUMBER, SHARE
from napari_delineate.types import Mask, Score, Scores

__all__ = ["jaccard", "dice", "accuracy", "precision", "recall", "f1", "pixel_scores"]


class _Counts(NamedTuple):
    """Hold the numbers of pixels of each kind."""

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int


def _counts(
    reference: NDArray[Any], labels: NDArray[Any], region: NDArray[np.bool_] | None
) -> _Counts:
    reference, labels = within(reference, labels, region)
    both = int(np.count_nonzero(reference & labels))
    false = int(np.count_nonzero(labels)) - both
    missed = int(np.count_nonzero(reference)) - both
    return _Counts(both, false, missed, reference.size - both - false - missed)


def _ratio(part: float, whole: float, *, perfect: bool) -> float:
    """Divide; 0/0 is 1 where both segmentations are empty, else the worst value, 0."""
    if whole == 0:
        return 1.0 if perfect else 0.0
    return part / whole


@operation(opencl=True, scores={"score": SHARE})
def jaccard(reference: Mask, labels: Mask, region: Mask | None = None) -> Score:
    """Score the overlap of two foregrounds as intersection over union (IoU).

    TP / (TP + FP + FN), from 0 (no overlap) to 1 (equal); higher is better; no unit.
    Both empty: 1; one empty: 0.

    Parameters
    ----------
    reference, labels : (Y, X) or (Z, Y, X) ndarray of bool or int, same shape
        What is right, and what is scored; of integers, everything above 0 is foreground.
    region : ndarray of bool, same shape, optional
        The pixels that are annotated; what lies elsewhere is ignored. All without.

    Returns
    -------
    score : float
        The Jaccard index, 0 to 1.

    Raises
    ------
    TypeError
        If an image holds floats.
    ValueError
        If the shapes differ, or an image is empty.

    Notes
    -----
    Says nothing about single objects: two that are merged score as well as two that are
    apart. One pixel changes much for small foregrounds.

    References
    ----------
    .. [1] Jaccard, "The distribution of the flora in the alpine zone", New Phytologist 11
           (1912), 37-50, https://doi.org/10.1111/j.1469-8137.1912.tb05611.x

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> metrics.jaccard(np.array([[1, 1, 0, 0]]), np.array([[0, 1, 1, 0]])).__round__(3)
    0.333
    """
    true, false, missed, _ = _counts(reference, labels, region)
    return _ratio(true, true + false + missed, perfect=True)


@operation(scores={"score": SHARE})
def dice(reference: Mask, labels: Mask, region: Mask | None = None) -> Score:
    """Score the overlap of two foregrounds relative to their mean size.

    2 TP / (2 TP + FP + FN), from 0 (no overlap) to 1 (equal); higher is better; no unit.
    Both empty: 1; one empty: 0.

    Parameters
    ----------
    reference, labels : (Y, X) or (Z, Y, X) ndarray of bool or int, same shape
        What is right, and what is scored; of integers, everything above 0 is foreground.
    region : ndarray of bool, same shape, optional
        The pixels that are annotated; what lies elsewhere is ignored. All without.

    Returns
    -------
    score : float
        The Dice coefficient, 0 to 1. It is 2 J / (1 + J) with the Jaccard index J, so it
        adds nothing to it, and it equals `f1`.

    Raises
    ------
    TypeError
        If an image holds floats.
    ValueError
        If the shapes differ, or an image is empty.

    Notes
    -----
    Says nothing about single objects. One pixel changes much for small foregrounds, and hardly
    anything for large ones, however wrong their boundary is there.

    References
    ----------
    .. [1] Dice, "Measures of the amount of ecologic association between species", Ecology
           26 (1945), 297-302, https://doi.org/10.2307/1932409

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> metrics.dice(np.array([[1, 1, 0, 0]]), np.array([[0, 1, 1, 0]]))
    0.5
    """
    true, false, missed, _ = _counts(reference, labels, region)
    return _ratio(2 * true, 2 * true + false + missed, perfect=True)


@operation(scores={"score": SHARE})
def accuracy(reference: Mask, labels: Mask, region: Mask | None = None) -> Score:
    """Score the share of pixels that are foreground in both or background in both.

    (TP + TN) / all pixels, from 0 to 1 (equal); higher is better; no unit. Both empty: 1.

    Parameters
    ----------
    reference, labels : (Y, X) or (Z, Y, X) ndarray of bool or int, same shape
        What is right, and what is scored; of integers, everything above 0 is foreground.
    region : ndarray of bool, same shape, optional
        The pixels that are annotated; what lies elsewhere is ignored. All without.

    Returns
    -------
    score : float
        The accuracy, 0 to 1.

    Raises
    ------
    TypeError
        If an image holds floats.
    ValueError
        If the shapes differ, or an image is empty.

    Notes
    -----
    Where most of the image is background, any result scores well.

    References
    ----------
    .. [1] Maier-Hein et al., "Metrics reloaded", Nature Methods 21 (2024), 195-212,
           https://doi.org/10.1038/s41592-023-02151-z

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> metrics.accuracy(np.array([[1, 1, 0, 0]]), np.array([[0, 1, 0, 0]]))
    0.75
    """
    true, false, missed, empty = _counts(reference, labels, region)
    return _ratio(true + empty, true + false + missed + empty, perfect=True)


@operation(scores={"score": SHARE})
def precision(reference: Mask, labels: Mask, region: Mask | None = None) -> Score:
    """Score the share of the foreground found that is right.

    TP / (TP + FP), from 0 to 1; higher is better; no unit. Nothing found: 1 if there was
    nothing to find, else 0.

    Parameters
    ----------
    reference, labels : (Y, X) or (Z, Y, X) ndarray of bool or int, same shape
        What is right, and what is scored; of integers, everything above 0 is foreground.
    region : ndarray of bool, same shape, optional
        The pixels that are annotated; what lies elsewhere is ignored. All without.

    Returns
    -------
    score : float
        The precision (positive predictive value, PPV), 0 to 1.

    Raises
    ------
    TypeError
        If an image holds floats.
    ValueError
        If the shapes differ, or an image is empty.

    Notes
    -----
    Finding very little scores well: look at `recall` too.

    References
    ----------
    .. [1] Maier-Hein et al., "Metrics reloaded", Nature Methods 21 (2024), 195-212,
           https://doi.org/10.1038/s41592-023-02151-z

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> metrics.precision(np.array([[1, 1, 0, 0]]), np.array([[0, 1, 0, 0]]))
    1.0
    """
    true, false, missed, _ = _counts(reference, labels, region)
    return _ratio(true, true + false, perfect=missed == 0)


@operation(scores={"score": SHARE})
def recall(reference: Mask, labels: Mask, region: Mask | None = None) -> Score:
    """Score the share of the reference foreground that was found.

    TP / (TP + FN), from 0 to 1; higher is better; no unit. Nothing to find: 1 if nothing
    was found, else 0.

    Parameters
    ----------
    reference, labels : (Y, X) or (Z, Y, X) ndarray of bool or int, same shape
        What is right, and what is scored; of integers, everything above 0 is foreground.
    region : ndarray of bool, same shape, optional
        The pixels that are annotated; what lies elsewhere is ignored. All without.

    Returns
    -------
    score : float
        The recall (sensitivity, true positive rate, TPR), 0 to 1.

    Raises
    ------
    TypeError
        If an image holds floats.
    ValueError
        If the shapes differ, or an image is empty.

    Notes
    -----
    Calling everything foreground scores 1: look at `precision` too.

    References
    ----------
    .. [1] Maier-Hein et al., "Metrics reloaded", Nature Methods 21 (2024), 195-212,
           https://doi.org/10.1038/s41592-023-02151-z

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> metrics.recall(np.array([[1, 1, 0, 0]]), np.array([[0, 1, 0, 0]]))
    0.5
    """
    true, false, missed, _ = _counts(reference, labels, region)
    return _ratio(true, true + missed, perfect=false == 0)


@operation(scores={"score": SHARE})
def f1(reference: Mask, labels: Mask, region: Mask | None = None) -> Score:
    """Score foreground by the harmonic mean of precision and recall.

    2 TP / (2 TP + FP + FN), from 0 to 1 (equal); higher is better; no unit. Both empty: 1;
    one empty: 0.

    Parameters
    ----------
    reference, labels : (Y, X) or (Z, Y, X) ndarray of bool or int, same shape
        What is right, and what is scored; of integers, everything above 0 is foreground.
    region : ndarray of bool, same shape, optional
        The pixels that are annotated; what lies elsewhere is ignored. All without.

    Returns
    -------
    score : float
        The F1 score of the pixels, 0 to 1; the same number as `dice`.

    Raises
    ------
    TypeError
        If an image holds floats.
    ValueError
        If the shapes differ, or an image is empty.

    See Also
    --------
    detection_scores : The F score of whole objects, with any weight of the recall (F-beta).

    Notes
    -----
    Says nothing about single objects, and hides which of precision and recall is low.

    References
    ----------
    .. [1] van Rijsbergen, "Information retrieval", Butterworths (1979), chapter 7.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> metrics.f1(np.array([[1, 1, 0, 0]]), np.array([[0, 1, 1, 0]]))
    0.5
    """
    return dice(reference, labels, region)


@operation(
    scores={
        "jaccard": SHARE,
        "dice": SHARE,
        "precision": SHARE,
        "recall": SHARE,
        "specificity": SHARE,
        "negative_predictive_value": SHARE,
        "accuracy": SHARE,
        "balanced_accuracy": SHARE,
        "matthews_correlation": AGREEMENT,
        "kappa": AGREEMENT,
        "youden": AGREEMENT,
        "hamming": COUNT,
        "classification_error": COUNT,
        "true_positives": NUMBER,
        "false_positives": COUNT,
        "false_negatives": COUNT,
        "true_negatives": NUMBER,
    }
)
def pixel_scores(reference: Mask, labels: Mask, region: Mask | None = None) -> Scores:
    """Compare two foregrounds pixel by pixel with all usual scores at once.

    Parameters
    ----------
    reference, labels : (Y, X) or (Z, Y, X) ndarray of bool or int, same shape
        What is right, and what is scored; of integers, everything above 0 is foreground.
    region : ndarray of bool, same shape, optional
        The pixels that are annotated; what lies elsewhere is ignored. All without.

    Returns
    -------
    scores : dict of str to float
        Of the pixels, TP are foreground in both, FP in the labels only, FN in the reference
        only, TN in neither. From 0 to 1, higher is better: `jaccard` (IoU, threat score)
        TP / (TP + FP + FN); `dice` (F1) 2 TP / (2 TP + FP + FN); `precision` (positive
        predictive value, PPV) TP / (TP + FP); `recall` (sensitivity, TPR) TP / (TP + FN);
        `specificity` (TNR, 1 - FPR) TN / (TN + FP); `negative_predictive_value` (NPV)
        TN / (TN + FN); `accuracy` (TP + TN) / all; `balanced_accuracy`, the mean of recall and
        specificity. From -1 to 1, 0 for a guess, higher is better: `matthews_correlation`
        (MCC), Pearson's correlation of the two masks; `kappa` (Cohen), how much of the
        agreement that chance leaves open is reached; `youden` (Youden's J), recall +
        specificity - 1. From 0 up, lower is better: `hamming`,
        the number FP + FN of pixels that differ; `classification_error`, hamming / (TP + FN).
        At last the numbers of pixels themselves. No units.

    Raises
    ------
    TypeError
        If an image holds floats.
    ValueError
        If the shapes differ, an image is empty, or a setting is out of range.

    Notes
    -----
    Where a score divides by 0 there is nothing to judge: it is 1 if the masks agree in what is
    asked (nothing to find and nothing found), else 0; `classification_error` is then 0 or
    infinite. Scores with TN (accuracy, specificity and what comes of them) depend on how much
    background the image shows: accuracy is high for any result where there is much of it.
    Jaccard and Dice say the same, 2 J / (1 + J) = D; report one.

    References
    ----------
    .. [1] Maier-Hein et al., "Metrics reloaded", Nature Methods 21 (2024), 195-212,
           https://doi.org/10.1038/s41592-023-02151-z
    .. [2] Matthews, "Comparison of the predicted and observed secondary structure of T4 phage
           lysozyme", Biochimica et Biophysica Acta 405 (1975), 442-451,
           https://doi.org/10.1016/0005-2795(75)90109-9
    .. [3] Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological
           Measurement 20 (1960), 37-46, https://doi.org/10.1177/001316446002000104
    .. [4] Youden, "Index for rating diagnostic tests", Cancer 3 (1950), 32-35.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> scores = metrics.pixel_scores(np.array([[1, 1, 0, 0]]), np.array([[0, 1, 0, 0]]))
    >>> scores["specificity"], scores["balanced_accuracy"], scores["hamming"]
    (1.0, 0.75, 1.0)
    """
    counts = _counts(reference, labels, region)
    true, false, missed, empty = counts
    wrong, everything = false + missed, sum(counts)
    recall = _ratio(true, true + missed, perfect=false == 0)
    specificity = _ratio(empty, empty + false, perfect=missed == 0)
    # One root of whole numbers: that of a square is exact, so no correlation is beyond 1.
    spread = math.sqrt((true + false) * (true + missed) * (empty + false) * (empty + missed))
    # How many pixels would agree by chance, times the number of pixels.
    chance = (true + false) * (true + missed) + (empty + false) * (empty + missed)
    open_to_chance = everything * everything - chance
    return {
        "jaccard": _ratio(true, true + wrong, perfect=True),
        "dice": _ratio(2 * true, 2 * true + wrong, perfect=True),
        "precision": _ratio(true, true + false, perfect=missed == 0),
        "recall": recall,
        "specificity": specificity,
        "negative_predictive_value": _ratio(empty, empty + missed, perfect=false == 0),
        "accuracy": _ratio(true + empty, everything, perfect=True),
        "balanced_accuracy": (recall + specificity) / 2,
        "matthews_correlation": _ratio(true * empty - false * missed, spread, perfect=wrong == 0),
        "kappa": _ratio(everything * (true + empty) - chance, open_to_chance, perfect=wrong == 0),
        "youden": recall + specificity - 1,
        "hamming": float(wrong),
        "classification_error": wrong / (true + missed)
        if true + missed
        else (math.inf if wrong else 0.0),
        **{name: float(number) for name, number in counts._asdict().items()},
    }
