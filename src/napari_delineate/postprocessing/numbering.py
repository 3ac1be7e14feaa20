"""Renumber objects."""

from __future__ import annotations

import numpy as np

from napari_delineate import object_numbers
from napari_delineate.declaration import operation
from napari_delineate.types import Labels

__all__ = ["relabel_sequential"]


@operation
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
