"""Renumber objects."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from napari_delineate import object_numbers
from napari_delineate.declaration import operation
from napari_delineate.types import Labels, Range

__all__ = ["relabel_sequential", "relabel_by_size", "shuffle_labels"]


@operation(opencl=True)
def relabel_sequential(labels: Labels) -> Labels:
    """Renumber objects from 1 without gaps, in the same order.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.

    Returns
    -------
    sequential_labels : ndarray of int32, same shape
        The same objects with the numbers 1 to n; the smallest number becomes 1.

    Raises
    ------
    TypeError, ValueError
        If the labels are not whole numbers from 0 up, or the image is empty.

    References
    ----------
    .. [1] `skimage.segmentation.relabel_sequential`, whose results these are.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> postprocessing.relabel_sequential(np.array([[0, 5, 9]]))
    array([[0, 1, 2]], dtype=int32)
    """
    numbers, _ = object_numbers.count_pixels(labels)
    numbers = numbers[numbers > 0]
    return object_numbers.renumber(labels, numbers, np.arange(1, 1 + len(numbers)))


@operation
def relabel_by_size(
    labels: Labels,
    *,
    order: Literal["largest first", "smallest first"] = "largest first",
) -> Labels:
    """Renumber objects from 1 in the order of their areas or volumes.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    order : {"largest first", "smallest first"}
        Which object becomes number 1. Objects of one size keep the order they have.

    Returns
    -------
    sorted_labels : ndarray of int32, same shape
        The same objects with the numbers 1 to n.

    Raises
    ------
    TypeError, ValueError
        If the labels are not whole numbers from 0 up, `order` is unknown, or the image is
        empty.

    References
    ----------
    .. [1] `SimpleITK.RelabelComponent`, which sorts objects the same way.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> postprocessing.relabel_by_size(np.array([[4, 0, 7, 7]]))
    array([[2, 0, 1, 1]], dtype=int32)
    """
    numbers, counts = object_numbers.count_pixels(labels)
    numbers, counts = numbers[numbers > 0], counts[numbers > 0]
    sign = -1 if order == "largest first" else 1
    by_size = numbers[np.argsort(sign * counts, kind="stable")]
    return object_numbers.renumber(labels, by_size, np.arange(1, 1 + len(by_size)))


@operation
def shuffle_labels(labels: Labels, *, seed: Annotated[int, Range(0, 2**32 - 1)] = 0) -> Labels:
    """Exchange the numbers of objects at random, so that neighbours get distinct colours.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    seed : int
        Another seed gives another order, the same seed the same.

    Returns
    -------
    shuffled_labels : ndarray of int32 or int64, same shape
        The same objects and numbers, given out anew.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If `seed` is out of range, or the image is empty.

    References
    ----------
    .. [1] `numpy.random.Generator.permutation`, which draws the order.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> shuffled = postprocessing.shuffle_labels(np.array([[2, 2, 0, 5, 7]]))
    >>> sorted(set(shuffled.ravel().tolist()))
    [0, 2, 5, 7]
    """
    numbers, _ = object_numbers.count_pixels(labels)
    numbers = numbers[numbers > 0]
    return object_numbers.renumber(
        labels, numbers, np.random.default_rng(seed).permutation(numbers)
    )
