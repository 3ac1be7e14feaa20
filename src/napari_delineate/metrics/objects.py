"""Compare objects with objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.declaration import operation
from napari_delineate.types import Labels, Range, Score

if TYPE_CHECKING:
    from scipy.sparse import coo_array

__all__ = ["sparse_jaccard", "average_precision"]


@operation
def sparse_jaccard(reference: Labels, labels: Labels) -> Score:
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
    overlaps = _overlaps(reference, labels)
    if not overlaps.shape[0]:
        return 0.0 if overlaps.shape[1] else 1.0
    best = np.zeros(overlaps.shape[0])
    np.maximum.at(best, overlaps.row, overlaps.data)
    return float(best.mean())


@operation
def average_precision(
    reference: Labels,
    labels: Labels,
    *,
    overlap: Annotated[float, Range(0.01, 1)] = 0.5,
) -> Score:
    """Score how many objects of a complete reference are found, and how many are wrong.

    An object is found where its intersection over union with an object of the labels is
    large enough; each has one partner at most. The score is TP / (TP + FP + FN) for TP
    objects found, FP objects of the labels and FN of the reference without a partner. From
    0 to 1 (all are found, nothing else is); higher is better; no unit. 1 if there are no
    objects in either.

    Parameters
    ----------
    reference : (Y, X) or (Z, Y, X) ndarray of int
        All objects, such as outlined by hand. Numbers may have gaps.
    labels : ndarray of int, same shape
        Objects that are scored.
    overlap : float
        Least intersection over union at which an object is found, from 0.01 to 1.

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
    in photographs, average precision is something else. Objects get as many partners as is
    possible, which matters only up to an overlap of one half.

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
    from scipy.sparse.csgraph import maximum_bipartite_matching

    overlaps = _overlaps(reference, labels)
    objects = int(sum(overlaps.shape))
    if not objects:
        return 1.0
    overlaps.data = np.where(overlaps.data >= overlap, 1.0, 0.0)
    overlaps.eliminate_zeros()
    found = int((maximum_bipartite_matching(overlaps.tocsr()) >= 0).sum())
    return found / (objects - found)


def _overlaps(reference: NDArray[Any], labels: NDArray[Any]) -> coo_array:
    """Return the intersection over union of objects: a sparse array, one row per reference."""
    from scipy.sparse import coo_array

    reference_numbers, reference_sizes = np.unique(reference[reference > 0], return_counts=True)
    label_numbers, label_sizes = np.unique(labels[labels > 0], return_counts=True)
    shape = len(reference_numbers), len(label_numbers)
    both = (reference > 0) & (labels > 0)
    row = np.searchsorted(reference_numbers, reference[both])
    column = np.searchsorted(label_numbers, labels[both])
    pairs, counts = np.unique(row * max(shape[1], 1) + column, return_counts=True)
    rows, columns = np.divmod(pairs, max(shape[1], 1))
    unions = reference_sizes[rows] + label_sizes[columns] - counts
    return coo_array((counts / unions, (rows, columns)), shape=shape)
