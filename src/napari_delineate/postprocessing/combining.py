"""Combine several segmentations of one image, or say how they belong together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate import object_numbers
from napari_delineate.arrays import label_dtype
from napari_delineate.declaration import operation
from napari_delineate.types import Labels, Mask, Table

__all__ = ["combine", "subtract", "mask_labels", "relate"]


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
    edges, _ = object_numbers.count_pairs(first[both], second[both] + offset)
    graph = coo_array((np.ones(edges.shape[1], bool), (edges[0], edges[1])), shape=(size, size))
    _, groups = connected_components(graph, directed=False)
    either = np.where(first > 0, first, np.where(second > 0, second + offset, 0))
    return _renumbered(np.where(either > 0, groups[either] + 1, 0))


@operation(opencl=True)
def mask_labels(labels: Labels, mask: Mask) -> Labels:
    """Cut off the parts of objects that lie outside of a mask.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    mask : ndarray of bool or int, same shape
        The region that is kept; of integers, everything above 0.

    Returns
    -------
    masked_labels : ndarray of int32 or int64, same shape
        The objects inside of the mask, with their numbers.

    Raises
    ------
    TypeError
        If the labels are not whole numbers, or the mask holds floats.
    ValueError
        If the shapes differ, or the image is empty.

    See Also
    --------
    filter_by_overlap : Keeps or removes whole objects instead.

    References
    ----------
    .. [1] Stirling et al., "CellProfiler 4: improvements in speed, utility and usability",
           BMC Bioinformatics 22 (2021), 433, module MaskObjects,
           https://doi.org/10.1186/s12859-021-04344-9

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> postprocessing.mask_labels(np.array([[1, 1, 2]]), np.array([[0, 1, 1]]))
    array([[0, 1, 2]], dtype=int32)
    """
    return object_numbers.narrowed(np.where(mask, labels, labels.dtype.type(0)))


@operation(opencl=True)
def subtract(labels: Labels, removed: Mask) -> Labels:
    """Cut a mask, or other objects, out of objects: cells without nuclei are cytoplasm.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    removed : ndarray of bool or int, same shape
        What is cut out; of integers, everything above 0.

    Returns
    -------
    remaining_labels : ndarray of int32 or int64, same shape
        What is left of the objects, with their numbers.

    Raises
    ------
    TypeError
        If the labels are not whole numbers, or `removed` holds floats.
    ValueError
        If the shapes differ, or the image is empty.

    References
    ----------
    .. [1] Stirling et al., "CellProfiler 4: improvements in speed, utility and usability",
           BMC Bioinformatics 22 (2021), 433, module IdentifyTertiaryObjects,
           https://doi.org/10.1186/s12859-021-04344-9

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> postprocessing.subtract(np.array([[1, 1, 2, 2]]), np.array([[0, 5, 5, 0]]))
    array([[1, 0, 0, 2]], dtype=int32)
    """
    return object_numbers.narrowed(np.where(removed, labels.dtype.type(0), labels))


class Relation(NamedTuple):
    """Hold objects that have the numbers of their parents, and who belongs to whom.

    Attributes
    ----------
    related_labels : ndarray of int
        The children, each with the number of its parent.
    relations : pandas.DataFrame
        One row per child.
    """

    related_labels: Labels
    relations: Table


@operation
def relate(children: Labels, parents: Labels) -> Relation:
    """Assign objects to larger ones that they lie in, such as spots to cells.

    Parameters
    ----------
    children : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    parents : ndarray of int, same shape
        Labelled objects that children can belong to.

    Returns
    -------
    related_labels : ndarray of int32 or int64, same shape
        The children, each with the number of its parent; those without one are removed.
    relations : pandas.DataFrame
        One row per child: "label", its number; "parent", the number of the object that
        most of its pixels lie in, 0 if there is none; "overlap", the share of its pixels
        that lie in its parent.

    Raises
    ------
    TypeError
        If children or parents are not whole numbers.
    ValueError
        If the shapes differ, or the images are empty.

    Notes
    -----
    A child that overlaps with several objects belongs to the one with the largest overlap;
    of equal ones, to the smallest number.

    References
    ----------
    .. [1] Stirling et al., "CellProfiler 4: improvements in speed, utility and usability",
           BMC Bioinformatics 22 (2021), 433, module RelateObjects,
           https://doi.org/10.1186/s12859-021-04344-9

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> children, parents = np.array([[1, 0, 2, 2]]), np.array([[7, 7, 7, 0]])
    >>> postprocessing.relate(children, parents).relations
       label  parent  overlap
    0      1       7      1.0
    1      2       7      0.5
    """
    import pandas as pd

    numbers, counts = object_numbers.count_pixels(children)
    numbers, counts = numbers[numbers > 0], counts[numbers > 0]
    both = (children > 0) & (parents > 0)
    pairs, overlaps = object_numbers.count_pairs(children[both], parents[both])
    # By child, then the largest overlap first, then the smallest parent.
    order = np.lexsort((pairs[1], -overlaps, pairs[0]))
    first = np.append(True, pairs[0][order][1:] != pairs[0][order][:-1])[: len(order)]
    best = order[first]
    rows = np.searchsorted(numbers, pairs[0][best])
    parent, shares = np.zeros(len(numbers), np.int64), np.zeros(len(numbers))
    parent[rows] = pairs[1][best]
    shares[rows] = overlaps[best] / counts[rows]
    relations = pd.DataFrame({"label": numbers, "parent": parent, "overlap": shares})
    relations.attrs["units"] = dict.fromkeys(relations.columns, "")
    return Relation(object_numbers.renumber(children, numbers, parent), relations)
