"""Find out how much the objects of two label images overlap: one sparse table of pairs.

All that compares objects starts here. The table grows with the pairs that overlap, not with
the product of the numbers of objects. What a sparse annotation says is decided here, once:

- Pixels outside a `region` count for nothing: they belong to no object of either image. An
  object of the reference of which nothing is left does not exist. An object of the labels of
  which most is outside is no mistake, as in panoptic segmentation, where such pixels are void.
- Where `annotation` is "sparse", only some objects are annotated, each completely. Overlaps
  are what they always are, and an object of the labels is a mistake only if most of it lies
  in objects of the reference; of what lies elsewhere, nobody knows whether it is right.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate import object_numbers

__all__ = ["Annotation", "Overlaps", "find_overlaps", "within"]

Annotation = Literal["dense", "sparse"]
"""Whether all objects are annotated or only some."""


class Overlaps(NamedTuple):
    """Hold the pairs of objects that overlap. Objects are known by their place here.

    Attributes
    ----------
    reference_numbers, label_numbers : (R,), (L,) ndarray of int64
        The numbers of the objects, sorted.
    reference_sizes, label_sizes : (R,), (L,) ndarray of int64
        Their pixels in the region.
    rows, columns : (M,) ndarray of int64
        The reference object and the label object of each pair, sorted.
    pixels : (M,) ndarray of int64
        How many pixels they share.
    countable : (L,) ndarray of bool
        Whether an object of the labels is a mistake where it has no partner.
    """

    reference_numbers: NDArray[np.int64]
    reference_sizes: NDArray[np.int64]
    label_numbers: NDArray[np.int64]
    label_sizes: NDArray[np.int64]
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    pixels: NDArray[np.int64]
    countable: NDArray[np.bool_]

    @property
    def unions(self) -> NDArray[np.int64]:
        """How many pixels the objects of each pair have together."""
        sizes = self.reference_sizes[self.rows] + self.label_sizes[self.columns]
        return np.asarray(sizes - self.pixels)

    @property
    def iou(self) -> NDArray[np.float64]:
        """Intersection over union of each pair."""
        return np.asarray(self.pixels / self.unions)

    def best(self) -> NDArray[np.float64]:
        """Return for each reference object the largest intersection over union, perhaps 0."""
        best = np.zeros(len(self.reference_numbers))
        np.maximum.at(best, self.rows, self.iou)
        return best


def within(
    reference: NDArray[Any], labels: NDArray[Any], region: NDArray[np.bool_] | None
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the pixels of both images that are in a region; without one, the images.

    Parameters
    ----------
    reference, labels : ndarray
        Two images.
    region : ndarray of bool or None, same shape
        The pixels that are known.

    Returns
    -------
    tuple of ndarray
        Flat pixels of both.
    """
    if region is None:
        return reference.reshape(-1), labels.reshape(-1)
    return reference[region], labels[region]


def find_overlaps(
    reference: NDArray[Any],
    labels: NDArray[Any],
    region: NDArray[np.bool_] | None = None,
    annotation: Annotation = "dense",
) -> Overlaps:
    """Find the pairs of objects that overlap.

    Parameters
    ----------
    reference, labels : ndarray of int, same shape
        Labelled objects, 0 for background.
    region : ndarray of bool, same shape, optional
        The pixels that are known; all without.
    annotation : {"dense", "sparse"}
        Whether the reference has all objects or only some.

    Returns
    -------
    Overlaps
        The objects and their pairs.

    Examples
    --------
    >>> import numpy as np
    >>> overlaps = find_overlaps(np.array([[5, 5, 0, 7]]), np.array([[1, 1, 1, 0]]))
    >>> overlaps.reference_numbers, overlaps.rows, overlaps.columns, overlaps.iou.round(3)
    (array([5, 7]), array([0]), array([0]), array([0.667]))
    """
    pairs, pixels = object_numbers.count_pairs(*within(reference, labels, region))
    reference_numbers, reference_sizes = _sizes(pairs[0], pixels)
    label_numbers, label_sizes = _sizes(pairs[1], pixels)
    both = (pairs > 0).all(axis=0)
    rows = np.searchsorted(reference_numbers, pairs[0, both])
    columns = np.searchsorted(label_numbers, pairs[1, both])
    pixels = pixels[both]
    countable = np.ones(len(label_numbers), bool)
    if annotation == "sparse":
        known = np.bincount(columns, pixels, minlength=len(label_numbers))
        countable = 2 * known > label_sizes
    if region is not None:
        numbers, counts = object_numbers.count_pixels(labels)
        countable &= 2 * label_sizes >= counts[np.searchsorted(numbers, label_numbers)]
    return Overlaps(
        reference_numbers,
        reference_sizes,
        label_numbers,
        label_sizes,
        rows,
        columns,
        pixels,
        countable,
    )


def _sizes(
    numbers: NDArray[np.int64], pixels: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the objects among numbers that repeat, sorted, and their pixels."""
    objects, places = np.unique(numbers, return_inverse=True)
    sizes = np.bincount(places, pixels, minlength=len(objects)).astype(np.int64)
    return objects[objects > 0], sizes[objects > 0]
