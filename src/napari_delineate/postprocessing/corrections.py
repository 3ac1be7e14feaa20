"""Apply corrections made by hand, so that they survive when the labels are computed anew."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate import object_numbers
from napari_delineate.arrays import label_dtype
from napari_delineate.declaration import operation
from napari_delineate.types import Corrections, Labels

__all__ = ["apply_corrections"]

_SAME_OBJECT = 0.5
"""Overlap (intersection over union) above which an object is the same; never ambiguous."""


def record_corrections(before: NDArray[Any], after: NDArray[Any]) -> Corrections:
    """Return the corrections that turn one label image into another.

    Parameters
    ----------
    before, after : ndarray of int, same shape
        The labels as computed, and as corrected by hand.

    Returns
    -------
    Corrections
        The changed pixels, and the objects of `before` that they touch.

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate.postprocessing.corrections import record_corrections
    >>> record_corrections(np.array([[1, 1, 2]]), np.array([[1, 1, 0]])).pixels
    array([2])
    """
    if before.shape != after.shape:
        raise ValueError(
            f"before and after must have the same shape, they are {before.shape} and {after.shape}"
        )
    flat_before, flat_after = before.ravel(), after.ravel()
    pixels = np.flatnonzero(flat_before != flat_after)
    return corrections_at(
        before,
        pixels,
        flat_after[pixels],
        lambda numbers: np.flatnonzero(np.isin(flat_before, numbers)),
    )


def corrections_at(
    before: NDArray[Any],
    pixels: NDArray[np.int64],
    new: NDArray[Any],
    pixels_of: Callable[[NDArray[Any]], NDArray[np.int64]],
) -> Corrections:
    """Return the corrections that give some pixels of a label image other labels.

    Parameters
    ----------
    before : ndarray of int
        The labels as computed.
    pixels : (N,) ndarray of int64
        Flat positions (C order) of the pixels, increasing.
    new : (N,) ndarray of int
        Their labels afterwards; all differ from those before.
    pixels_of : callable
        Returns the flat positions of objects of `before`, increasing, given their numbers.

    Returns
    -------
    Corrections
        The changed pixels, and the objects of `before` that they touch.
    """
    flat = before.ravel()
    touched = np.union1d(flat[pixels], new)
    touched_pixels = pixels_of(touched[touched > 0])
    return Corrections(
        before.shape,
        pixels,
        new.astype(np.int64),
        touched_pixels,
        flat[touched_pixels].astype(np.int64),
    )


@operation
def apply_corrections(labels: Labels, corrections: Corrections) -> Labels:
    """Apply changes made by hand to labels, also after they were computed anew.

    Objects that the changes touched are found again by their overlap with what they were,
    whatever their numbers are now. A change that concerned a whole object (deleting or
    merging it) concerns the whole object again. Changes whose object is no longer there
    are not applied, and a warning names how many.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    corrections : Corrections
        The changes; or an integer array of new labels, same shape as `labels`, in which
        -1 leaves a pixel unchanged and 0 erases.

    Returns
    -------
    corrected_labels : ndarray of int32 or int64, same shape
        The corrected objects. New objects keep the numbers they were given where those
        are above all others, else they get numbers above all others.

    Raises
    ------
    TypeError
        If the labels or the corrections do not hold whole numbers.
    ValueError
        If the corrections were made on an image of another shape.

    Warns
    -----
    UserWarning
        If objects that changes belong to can not be found again.

    Notes
    -----
    An object counts as found when an object of `labels` overlaps with it by more than
    half of their union, which at most one can.

    References
    ----------
    .. [1] Kirillov et al., "Panoptic segmentation", CVPR (2019), 9404-9413: matches above
           half of the union are unique, https://arxiv.org/abs/1801.00868

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> changes = np.array([[-1, -1, 0, 5]])
    >>> postprocessing.apply_corrections(np.array([[1, 1, 2, 0]]), changes)
    array([[1, 1, 0, 5]], dtype=int32)
    """
    if tuple(corrections.shape) != labels.shape:
        raise ValueError(
            f"corrections were made on an image of the shape {tuple(corrections.shape)}, "
            f"labels has the shape {labels.shape}"
        )
    if not isinstance(corrections, Corrections):
        after = np.where(corrections < 0, labels, corrections.astype(np.int64))
        corrections = record_corrections(labels, after)
    found, missing = match_objects(labels, corrections)
    changed = corrections.labels >= 0
    pixels, wanted = corrections.pixels[changed], corrections.labels[changed]
    sources = _labels_before(corrections, pixels)
    # Of a movie, corrections know the objects of other frames too that have the same numbers.
    lost = np.intersect1d(missing, np.union1d(sources, wanted)).tolist()
    if lost:
        numbers = ", ".join(map(str, lost[:5])) + (", …" if len(lost) > 5 else "")
        warnings.warn(
            f"{len(lost)} corrected objects are not there any more (they were number "
            f"{numbers}); the corrections that belong to them are not applied",
            stacklevel=2,
        )
    number_of = {0: 0, **found, **_new_numbers(labels, corrections, wanted)}
    size_of = _counts(corrections.touched_labels)

    result = labels.astype(label_dtype(max(int(labels.max()), *number_of.values())))
    flat, flat_labels = result.reshape(-1), labels.reshape(-1)
    painted = []
    for source, number in object_numbers.count_pairs(sources, wanted)[0].T.tolist():
        if source in lost or number in lost:
            continue
        part = pixels[(sources == source) & (wanted == number)]
        if source and len(part) == size_of[source]:
            # The whole object was deleted or merged, so the whole object is again.
            flat[flat_labels == found[source]] = number_of[number]
        else:
            painted.append((source, number, part))
    # What was painted pixel by pixel comes last, so that it lies on top.
    for source, number, part in painted:
        if source and number == 0:
            flat[part[flat_labels[part] == found[source]]] = 0
        else:
            flat[part] = number_of[number]
    return result


def _counts(numbers: NDArray[Any]) -> dict[int, int]:
    """Count how often each number occurs."""
    unique, counts = np.unique(numbers, return_counts=True)
    return dict(zip(unique.tolist(), counts.tolist(), strict=True))


def _labels_before(corrections: Corrections, pixels: NDArray[Any]) -> NDArray[np.int64]:
    """Return the label that each of some changed pixels had before the correction."""
    before = np.zeros(len(pixels), np.int64)
    if len(corrections.touched_pixels):
        places = np.searchsorted(corrections.touched_pixels, pixels)
        places = np.minimum(places, len(corrections.touched_pixels) - 1)
        known = corrections.touched_pixels[places] == pixels
        before[known] = corrections.touched_labels[places[known]]
    return before


def _new_numbers(
    labels: NDArray[Any], corrections: Corrections, wanted: NDArray[Any]
) -> dict[int, int]:
    """Give objects that corrections add numbers above those of all other objects."""
    new = np.setdiff1d(wanted, np.append(corrections.touched_labels, 0)).tolist()
    shift = max(0, int(labels.max()) - new[0] + 1) if new else 0
    return {number: number + shift for number in new}


def match_objects(
    labels: NDArray[Any], corrections: Corrections
) -> tuple[dict[int, int], tuple[int, ...]]:
    """Find the objects that corrections touched among objects computed anew.

    Parameters
    ----------
    labels : ndarray of int
        The labels as they are now.
    corrections : Corrections
        Corrections made on an earlier version of them.

    Returns
    -------
    found : dict of int to int
        From the number that an object had to the number it has.
    lost : tuple of int
        Numbers of the objects that are not there any more.
    """
    had = corrections.touched_labels
    now = labels.reshape(-1)[corrections.touched_pixels].astype(np.int64)
    sizes_had = _counts(had)
    sizes_now = _counts(labels[np.isin(labels, np.unique(now[now > 0]))])
    pairs, overlaps = object_numbers.count_pairs(had, now)
    found = {
        old: new
        for (old, new), overlap in zip(pairs.T.tolist(), overlaps.tolist(), strict=True)
        if new > 0 and overlap > _SAME_OBJECT * (sizes_had[old] + sizes_now[new] - overlap)
    }
    return found, tuple(sorted(set(sizes_had) - set(found)))
