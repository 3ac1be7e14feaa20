"""Compare how two segmentations divide an image, without pairs of objects."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate import object_numbers
from napari_delineate.declaration import operation
from napari_delineate.overlaps import within
from napari_delineate.scoring import COUNT, SHARE, Scoring
from napari_delineate.types import Labels, Mask, Range, Scores

__all__ = ["adapted_rand_error", "variation_of_information"]


def _parts(
    reference: NDArray[Any],
    labels: NDArray[Any],
    region: NDArray[np.bool_] | None,
    ignore_background: bool,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the pixels of each pair of labels that meet, and of each label of both images."""
    pairs, counts = object_numbers.count_pairs(*within(reference, labels, region))
    if ignore_background:
        pairs, counts = pairs[:, pairs[0] > 0], counts[pairs[0] > 0]
    sides = []
    for side in pairs:
        _, places = np.unique(side, return_inverse=True)
        sides.append(np.bincount(places, counts).astype(np.float64))
    return counts.astype(np.float64), sides[0], sides[1]


def _is_seen(labels: NDArray[Any], region: NDArray[np.bool_] | None) -> bool:
    """Tell whether there is an object in the region."""
    return bool(labels.any() if region is None else labels[region].any())


@operation(
    scores={
        "adapted_rand_error": Scoring("lower", Range(0, 1)),
        "precision": SHARE,
        "recall": SHARE,
    }
)
def adapted_rand_error(
    reference: Labels,
    labels: Labels,
    region: Mask | None = None,
    *,
    ignore_background: bool = True,
) -> Scores:
    """Measure how often two segmentations disagree on whether two pixels belong together.

    Parameters
    ----------
    reference : (Y, X) or (Z, Y, X) ndarray of int
        Objects that are right, such as outlined by hand. Numbers may have gaps.
    labels : ndarray of int, same shape
        Objects that are scored.
    region : ndarray of bool, same shape, optional
        The pixels that are annotated; what lies elsewhere is ignored. All without.
    ignore_background : bool
        Whether pixels that are background in the reference are left out; else all background
        is one object.

    Returns
    -------
    scores : dict of str to float
        Of pairs of pixels, `precision` is the share of those in one object of the labels that
        are in one object of the reference too (low where objects are merged), `recall` the
        share of those in one object of the reference that are in one of the labels too (low
        where objects are split); both from 0 to 1, higher is better. `adapted_rand_error` is
        1 minus their harmonic mean, from 0 (equal) to 1, lower is better. No units.

    Raises
    ------
    TypeError
        If an image does not hold whole numbers.
    ValueError
        If the shapes differ, an image is empty, or a setting is out of range.

    Notes
    -----
    No object in the reference: the error is 0 if there are no labels either, else 1. No two
    pixels in one object in either: 0. An object counts by the square of its size, so that a
    mistake in a small one hardly matters; where the background of the reference is ignored,
    spurious objects cost nothing. Pixels without a label count as one more object of the labels,
    so that nothing found is everything merged, which costs nothing where the reference has one
    object only. In `skimage.metrics.adapted_rand_error` precision and recall
    have each other's name.

    References
    ----------
    .. [1] Arganda-Carreras et al., "Crowdsourcing the creation of image segmentation algorithms
           for connectomics", Frontiers in Neuroanatomy 9 (2015), 142,
           https://doi.org/10.3389/fnana.2015.00142

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> reference, labels = np.array([[5, 5, 7, 7]]), np.array([[1, 1, 1, 1]])
    >>> scores = metrics.adapted_rand_error(reference, labels)
    >>> {name: round(score, 3) for name, score in scores.items()}
    {'adapted_rand_error': 0.5, 'precision': 0.333, 'recall': 1.0}
    """
    names = ("adapted_rand_error", "precision", "recall")
    counts = _parts(reference, labels, region, ignore_background)
    if not len(counts[0]):
        wrong = _is_seen(labels, region)
        return dict(zip(names, (1.0, 0.0, 0.0) if wrong else (0.0, 1.0, 1.0), strict=True))
    together, first, second = (float((part * (part - 1)).sum()) for part in counts)
    if not first + second:
        return dict(zip(names, (0.0, 1.0, 1.0), strict=True))
    # Sums beyond 2**53 are rounded. Where no two pixels belong together, none do so wrongly.
    error = max(1 - 2 * together / (first + second), 0.0)
    precision = min(together / second, 1.0) if second else 1.0
    recall = min(together / first, 1.0) if first else 1.0
    return dict(zip(names, (error, precision, recall), strict=True))


@operation(scores={"variation_of_information": COUNT, "split": COUNT, "merge": COUNT})
def variation_of_information(
    reference: Labels,
    labels: Labels,
    region: Mask | None = None,
    *,
    ignore_background: bool = True,
) -> Scores:
    """Measure how much information two segmentations do not share, by splits and merges (VI).

    Parameters
    ----------
    reference : (Y, X) or (Z, Y, X) ndarray of int
        Objects that are right, such as outlined by hand. Numbers may have gaps.
    labels : ndarray of int, same shape
        Objects that are scored.
    region : ndarray of bool, same shape, optional
        The pixels that are annotated; what lies elsewhere is ignored. All without.
    ignore_background : bool
        Whether pixels that are background in the reference are left out; else all background
        is one object.

    Returns
    -------
    scores : dict of str to float
        In bits, from 0 (equal) up, lower is better. `split` is the entropy of the labels where
        the reference is known, H(labels | reference): how much objects are split; `merge` is
        the entropy of the reference where the labels are known, H(reference | labels): how
        much objects are merged; `variation_of_information` is their sum.

    Raises
    ------
    TypeError
        If an image does not hold whole numbers.
    ValueError
        If the shapes differ, an image is empty, or a setting is out of range.

    Notes
    -----
    No pixel that counts: 0, also where there are labels, because with `ignore_background` the
    background of the reference is not looked at. There is no upper limit but the logarithm of
    the number of pixels, so that values of different images can hardly be compared. Some
    programs take natural logarithms, which gives 0.69 times as much.

    References
    ----------
    .. [1] Meilă, "Comparing clusterings: an information based distance", Journal of Multivariate
           Analysis 98 (2007), 873-895, https://doi.org/10.1016/j.jmva.2006.11.013
    .. [2] Nunez-Iglesias et al., "Machine learning of hierarchical clustering to segment 2D and
           3D images", PLoS ONE 8 (2013), e71715, https://doi.org/10.1371/journal.pone.0071715

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> reference, labels = np.array([[5, 5, 7, 7]]), np.array([[1, 1, 1, 1]])
    >>> metrics.variation_of_information(reference, labels)
    {'variation_of_information': 1.0, 'split': 0.0, 'merge': 1.0}
    """
    counts = _parts(reference, labels, region, ignore_background)
    total = max(counts[0].sum(), 1.0)
    both, first, second = (_entropy(part / total) for part in counts)
    # What is 0 may have been rounded to less.
    split, merge = max(both - first, 0.0), max(both - second, 0.0)
    return {"variation_of_information": split + merge, "split": split, "merge": merge}


def _entropy(shares: NDArray[np.float64]) -> float:
    return float(-(shares * np.log2(shares)).sum())
