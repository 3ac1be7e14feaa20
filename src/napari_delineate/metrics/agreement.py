"""Show as images which objects and pixels two segmentations agree on."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate import object_numbers
from napari_delineate.agreement_classes import AgreementClass
from napari_delineate.declaration import operation
from napari_delineate.overlaps import Annotation, find_overlaps
from napari_delineate.partners import Assignment, Criterion, find_partners
from napari_delineate.types import (
    Image,
    Labels,
    Length,
    Mask,
    Range,
    Spacing,
    length_in_units,
    voxels,
)

__all__ = ["map_matches", "map_overlap"]

_CLASS_OF_STATUS = {
    "matched": AgreementClass.FOUND,
    "spurious": AgreementClass.SPURIOUS,
    "missed": AgreementClass.MISSED,
    "split": AgreementClass.SPLIT,
    "part": AgreementClass.SPLIT,
    "merged": AgreementClass.MERGED,
    "merger": AgreementClass.MERGED,
}


@operation(version=2)
def map_matches(
    reference: Labels,
    labels: Labels,
    region: Mask | None = None,
    *,
    criterion: Criterion = "mask IoU",
    assignment: Assignment = "Hungarian",
    overlap: Annotated[float, Range(0.01, 1)] = 0.5,
    distance: Annotated[Length, Range(0)] = voxels(10),
    width: Annotated[Length, Range(0)] = voxels(2),
    annotation: Annotation = "dense",
    spacing: Spacing = 1.0,
) -> Labels:
    """Mark objects that are found (1), spurious (2), missed (3), split (4) and merged (5).

    Parameters
    ----------
    reference : (Y, X) or (Z, Y, X) ndarray of int
        Objects that are right, such as outlined by hand. Numbers may have gaps.
    labels : ndarray of int, same shape
        Objects that are scored.
    region : ndarray of bool, same shape, optional
        The pixels that are annotated; what lies elsewhere is ignored. All without.
    criterion : {"mask IoU", "boundary IoU", "overlap of reference", "centroid distance"}
        What makes two objects partners, as in `match_objects`.
    assignment : {"Hungarian", "greedy"}
        Where there is a choice: as many partners as possible, and of these choices the best;
        or the best pair first, then the best of what is left.
    overlap : float
        Least overlap of partners, from 0.01 to 1.
    distance : float or Voxels
        Largest distance of the centroids of partners, in the units of `spacing` or as
        `voxels(n)`; for "centroid distance" only.
    width : float or Voxels
        How far from the boundary pixels count, in the units of `spacing` or as `voxels(n)`;
        for "boundary IoU" only.
    annotation : {"dense", "sparse"}
        Whether the reference has all objects or only some; then an object of the labels that
        lies mostly beside those of the reference is not marked.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    matches : ndarray of int, same shape
        What the object of each pixel is: 1 where it has a partner (true positive), 2 where an
        object of the labels is spurious (false positive), 3 where one of the reference is
        missed (false negative), 4 where it is split, 5 where it is merged with another one,
        0 where there is none. Where objects of both overlap, that of the reference says it.

    Raises
    ------
    TypeError
        If an image does not hold whole numbers.
    ValueError
        If the shapes differ, an image is empty, or a setting is out of range.

    Notes
    -----
    The words are those of `match_objects`, which lists the same objects as a table; the parts
    of a split object are marked like it, and so is a label that merges several.

    References
    ----------
    .. [1] Maier-Hein et al., "Metrics reloaded", Nature Methods 21 (2024), 195-212,
           https://doi.org/10.1038/s41592-023-02151-z

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> reference, labels = np.array([[5, 5, 0, 7, 0]]), np.array([[1, 1, 0, 0, 2]])
    >>> metrics.map_matches(reference, labels).tolist()
    [[1, 1, 0, 3, 2]]
    """
    partners = find_partners(
        reference,
        labels,
        region,
        criterion=criterion,
        assignment=assignment,
        overlap=overlap,
        distance=length_in_units(distance, spacing),
        width=length_in_units(width, spacing),
        annotation=annotation,
        spacing=tuple(np.broadcast_to(spacing, reference.ndim).tolist()),
    )
    overlaps = partners.overlaps
    marked = overlaps.countable.copy()
    marked[partners.columns] = True
    of_labels = np.where(marked, _classes(partners.label_status), 0)
    classes = _painted(reference, overlaps.reference_numbers, _classes(partners.reference_status))
    beside = _painted(labels, overlaps.label_numbers, of_labels)
    np.copyto(classes, beside, where=classes == 0)
    if region is not None:
        classes[~region] = 0
    return classes


@operation
def map_overlap(reference: Labels, labels: Labels, region: Mask | None = None) -> Image:
    """Give each object of a reference its best intersection over union with the labels.

    Parameters
    ----------
    reference : (Y, X) or (Z, Y, X) ndarray of int
        Objects that are right, such as outlined by hand. Numbers may have gaps.
    labels : ndarray of int, same shape
        Objects that are scored.
    region : ndarray of bool, same shape, optional
        The pixels that are annotated; what lies elsewhere is ignored. All without.

    Returns
    -------
    overlap : ndarray of float32, same shape
        In each object of the reference its largest intersection over union with an object of
        the labels, from 0 (nothing of it is found) to 1 (outlined alike), no unit; -1 outside
        of the objects.

    Raises
    ------
    TypeError
        If an image does not hold whole numbers.
    ValueError
        If the shapes differ, or an image is empty.

    Notes
    -----
    The mean of all objects is `sparse_jaccard`.

    References
    ----------
    .. [1] Jaccard, "The distribution of the flora in the alpine zone", New Phytologist 11
           (1912), 37-50, https://doi.org/10.1111/j.1469-8137.1912.tb05611.x

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> reference, labels = np.array([[5, 5, 0, 7]]), np.array([[1, 0, 0, 0]])
    >>> metrics.map_overlap(reference, labels).tolist()
    [[0.5, 0.5, -1.0, 0.0]]
    """
    overlaps = find_overlaps(reference, labels, region)
    numbers = overlaps.reference_numbers
    places = object_numbers.renumber(reference, numbers, np.arange(1, len(numbers) + 1))
    if region is not None:
        places[~region] = 0
    values = np.concatenate([[-1.0], overlaps.best()]).astype(np.float32)
    return np.asarray(values[places])


def _classes(status: NDArray[Any]) -> NDArray[np.int64]:
    """Return the classes of objects of which words say what they are."""
    return np.array([_CLASS_OF_STATUS[str(word)] for word in status], np.int64)


def _painted(
    labels: NDArray[Any], numbers: NDArray[np.int64], classes: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Return the class of the object of each pixel; an object without one becomes background."""
    return np.asarray(object_numbers.renumber(labels, numbers, classes), np.int32)
