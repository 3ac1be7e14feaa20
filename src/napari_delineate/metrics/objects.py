"""Compare objects with objects."""

from __future__ import annotations

import numpy as np

from napari_delineate.declaration import operation
from napari_delineate.types import Labels, Score

__all__ = ["sparse_jaccard"]


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
    reference_numbers, reference_sizes = np.unique(reference[reference > 0], return_counts=True)
    label_numbers, label_sizes = np.unique(labels[labels > 0], return_counts=True)
    if not len(reference_numbers):
        return 0.0 if len(label_numbers) else 1.0
    both = (reference > 0) & (labels > 0)
    row = np.searchsorted(reference_numbers, reference[both])
    column = np.searchsorted(label_numbers, labels[both])
    pairs, overlaps = np.unique(row * max(len(label_numbers), 1) + column, return_counts=True)
    rows, columns = np.divmod(pairs, max(len(label_numbers), 1))
    best = np.zeros(len(reference_numbers))
    unions = reference_sizes[rows] + label_sizes[columns] - overlaps
    np.maximum.at(best, rows, overlaps / unions)
    return float(best.mean())
