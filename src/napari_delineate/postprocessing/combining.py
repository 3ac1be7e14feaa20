"""Combine several segmentations of one image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate.arrays import label_dtype
from napari_delineate.declaration import operation
from napari_delineate.types import Labels

__all__ = ["combine"]


@operation
def combine(
    labels: Sequence[Labels], *, method: Literal["union", "intersection"] = "union"
) -> Labels:
    """Combine any number of label images into one.

    Parameters
    ----------
    labels : sequence of (Y, X) or (Z, Y, X) ndarray of int
        Label images of the same shape, 0 for background.
    method : {"union", "intersection"}
        Union keeps what is labelled in any image and makes objects that overlap one.
        Intersection keeps what is labelled in all images and makes each overlap an object
        of its own.

    Returns
    -------
    combined_labels : ndarray of int32, same shape
        The combined objects, numbered from 1 in the order in which a scan meets them.
        The order of the images does not matter.

    Raises
    ------
    TypeError
        If an image does not hold whole numbers.
    ValueError
        If no image is given, their shapes differ, or they are empty.

    References
    ----------
    .. [1] The join and the meet of partitions, in Stanley, "Enumerative Combinatorics",
           volume 1, Cambridge University Press (2011), section 3.1.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> first, second = np.array([[1, 1, 0, 0]]), np.array([[0, 3, 3, 0]])
    >>> postprocessing.combine([first, second])
    array([[1, 1, 1, 0]], dtype=int32)
    >>> postprocessing.combine([first, second], method="intersection")
    array([[0, 1, 0, 0]], dtype=int32)
    """
    combined = _renumbered(np.asarray(labels[0]))
    for other in labels[1:]:
        other = _renumbered(np.asarray(other))
        if method == "intersection":
            pair = combined.astype(np.int64) * (int(other.max()) + 1) + other
            combined = _renumbered(np.where((combined > 0) & (other > 0), pair, 0))
        else:
            combined = _joined(combined, other)
    return combined


def _renumbered(labels: NDArray[Any]) -> NDArray[Any]:
    """Give objects numbers from 1 in the order in which a scan meets them."""
    import fastremap

    result, numbers = fastremap.renumber(labels)
    return np.asarray(result.astype(label_dtype(len(numbers))))


def _joined(first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    """Make objects of two images that share a pixel, directly or over others, one."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    offset = int(first.max())
    size = offset + int(second.max()) + 1
    both = (first > 0) & (second > 0)
    edges = np.unique(np.stack([first[both], second[both] + offset]), axis=1)
    graph = coo_array((np.ones(edges.shape[1], bool), (edges[0], edges[1])), shape=(size, size))
    _, groups = connected_components(graph, directed=False)
    either = np.where(first > 0, first, np.where(second > 0, second + offset, 0))
    return _renumbered(np.where(either > 0, groups[either] + 1, 0))
