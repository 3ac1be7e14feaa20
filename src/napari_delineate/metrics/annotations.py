"""Bring annotations of a part of an image into the form that the scores take."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from napari_delineate.declaration import operation
from napari_delineate.types import Labels, Mask, Range

__all__ = ["read_scribbles"]


class Scribbles(NamedTuple):
    """Hold what was annotated, and where."""

    reference: Mask
    region: Mask


@operation
def read_scribbles(annotation: Labels, *, background: Annotated[int, Range(1)] = 1) -> Scribbles:
    """Turn scribbles (0 unknown, 1 background, 2 foreground) into a reference and its region.

    Parameters
    ----------
    annotation : (Y, X) or (Z, Y, X) ndarray of int
        Painted pixels: one number for background, all other numbers for foreground, 0 where
        nothing was painted.
    background : int
        The number of the background, 1 or more.

    Returns
    -------
    reference : ndarray of bool, same shape
        True where foreground was painted.
    region : ndarray of bool, same shape
        True where anything was painted. All scores of pixels and of objects take it, and
        ignore what lies elsewhere.

    Raises
    ------
    TypeError
        If the annotation does not hold whole numbers.
    ValueError
        If the annotation is empty, holds negative numbers, or `background` is out of range.

    Notes
    -----
    There are two kinds of sparse annotations. Of scribbles, only painted pixels are known:
    give `region` to a score. Of some objects that are outlined completely, other objects are
    unknown: give these as they are, and choose the `annotation` "sparse" where a score counts
    spurious objects. `sparse_jaccard` and `seg_score` never do.

    Distances between boundaries need regions with all that is in them, because the end of a
    stroke is no boundary.

    References
    ----------
    .. [1] Berg et al., "ilastik: interactive machine learning for (bio)image analysis", Nature
           Methods 16 (2019), 1226-1232, https://doi.org/10.1038/s41592-019-0582-9

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> reference, region = metrics.read_scribbles(np.array([[0, 1, 2, 2]]))
    >>> metrics.jaccard(reference, np.array([[1, 0, 0, 1]]), region)
    0.5
    """
    region = annotation > 0
    return Scribbles(region & (annotation != background), region)
