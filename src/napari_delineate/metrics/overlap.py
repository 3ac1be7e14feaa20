"""Compare foreground with foreground, pixel by pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.declaration import operation
from napari_delineate.scoring import SHARE
from napari_delineate.types import Mask, Score

__all__ = ["jaccard", "dice", "accuracy", "precision", "recall", "f1"]


def _counts(reference: NDArray[Any], labels: NDArray[Any]) -> tuple[int, int, int]:
    """Return the numbers of true positives, false positives and false negatives."""
    both = int(np.count_nonzero(reference & labels))
    return both, int(np.count_nonzero(labels)) - both, int(np.count_nonzero(reference)) - both


def _ratio(part: float, whole: float, *, perfect: bool) -> float:
    """Divide; 0/0 is 1 where both segmentations are empty, else the worst value, 0."""
    if whole == 0:
        return 1.0 if perfect else 0.0
    return part / whole


@operation(opencl=True, scores={"score": SHARE})
def jaccard(reference: Mask, labels: Mask) -> Score:
    """Score the overlap of two foregrounds as intersection over union (IoU).

    TP / (TP + FP + FN), from 0 (no overlap) to 1 (equal); higher is better; no unit.
    Both empty: 1; one empty: 0.

    Parameters
    ----------
    reference, labels : (Y, X) or (Z, Y, X) ndarray of bool or int, same shape
        What is right, and what is scored; of integers, everything above 0 is foreground.

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
    true, false, missed = _counts(reference, labels)
    return _ratio(true, true + false + missed, perfect=True)


@operation(scores={"score": SHARE})
def dice(reference: Mask, labels: Mask) -> Score:
    """Score the overlap of two foregrounds relative to their mean size.

    2 TP / (2 TP + FP + FN), from 0 (no overlap) to 1 (equal); higher is better; no unit.
    Both empty: 1; one empty: 0.

    Parameters
    ----------
    reference, labels : (Y, X) or (Z, Y, X) ndarray of bool or int, same shape
        What is right, and what is scored; of integers, everything above 0 is foreground.

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
    true, false, missed = _counts(reference, labels)
    return _ratio(2 * true, 2 * true + false + missed, perfect=True)


@operation(scores={"score": SHARE})
def accuracy(reference: Mask, labels: Mask) -> Score:
    """Score the share of pixels that are foreground in both or background in both.

    (TP + TN) / all pixels, from 0 to 1 (equal); higher is better; no unit. Both empty: 1.

    Parameters
    ----------
    reference, labels : (Y, X) or (Z, Y, X) ndarray of bool or int, same shape
        What is right, and what is scored; of integers, everything above 0 is foreground.

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
    _, false, missed = _counts(reference, labels)
    return 1 - (false + missed) / reference.size


@operation(scores={"score": SHARE})
def precision(reference: Mask, labels: Mask) -> Score:
    """Score the share of the foreground found that is right.

    TP / (TP + FP), from 0 to 1; higher is better; no unit. Nothing found: 1 if there was
    nothing to find, else 0.

    Parameters
    ----------
    reference, labels : (Y, X) or (Z, Y, X) ndarray of bool or int, same shape
        What is right, and what is scored; of integers, everything above 0 is foreground.

    Returns
    -------
    score : float
        The precision (positive predictive value), 0 to 1.

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
    true, false, missed = _counts(reference, labels)
    return _ratio(true, true + false, perfect=missed == 0)


@operation(scores={"score": SHARE})
def recall(reference: Mask, labels: Mask) -> Score:
    """Score the share of the reference foreground that was found.

    TP / (TP + FN), from 0 to 1; higher is better; no unit. Nothing to find: 1 if nothing
    was found, else 0.

    Parameters
    ----------
    reference, labels : (Y, X) or (Z, Y, X) ndarray of bool or int, same shape
        What is right, and what is scored; of integers, everything above 0 is foreground.

    Returns
    -------
    score : float
        The recall (sensitivity, true positive rate), 0 to 1.

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
    true, false, missed = _counts(reference, labels)
    return _ratio(true, true + missed, perfect=false == 0)


@operation(scores={"score": SHARE})
def f1(reference: Mask, labels: Mask) -> Score:
    """Score foreground by the harmonic mean of precision and recall.

    2 TP / (2 TP + FP + FN), from 0 to 1 (equal); higher is better; no unit. Both empty: 1;
    one empty: 0.

    Parameters
    ----------
    reference, labels : (Y, X) or (Z, Y, X) ndarray of bool or int, same shape
        What is right, and what is scored; of integers, everything above 0 is foreground.

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
    return dice(reference, labels)
