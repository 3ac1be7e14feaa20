"""Find contours, and how far those of two objects are apart, with the voxel size.

A contour consists of pixels: those of an object that have a neighbour over an edge (in 3D, a
face) that is not of it. What is outside the image is not of it. Where a region is given, what
is outside the region counts as unknown: it is no contour and makes none.

Distances are those of centres of pixels. They are computed in the box of the two objects.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate.building_blocks import DISTANCE_ROUNDING

__all__ = ["Gaps", "bands", "box_of", "contours_of", "gaps_between"]

_LARGE = 2**20


class Gaps(NamedTuple):
    """Hold the distances of two contours, from each pixel of one to the nearest of the other.

    Attributes
    ----------
    from_reference, from_labels : (N,), (M,) ndarray of float32
        A distance for each pixel of the contour of the reference, and of the labels.
    """

    from_reference: NDArray[np.float32]
    from_labels: NDArray[np.float32]

    @property
    def both(self) -> NDArray[np.float32]:
        """The distances of both, one after the other."""
        return np.concatenate([self.from_reference, self.from_labels])

    def mean(self) -> tuple[float, float, float]:
        """Return the mean distance from the reference, from the labels, and of all pixels."""
        if not (len(self.from_reference) and len(self.from_labels)):
            return (_apart(self),) * 3
        parts = self.from_reference, self.from_labels, self.both
        one, other, pooled = (float(part.mean(dtype=np.float64)) for part in parts)
        return one, other, pooled

    def percentile(self, percentile: float) -> tuple[float, float, float]:
        """Return a percentile of the distances from the reference, the labels, and of all."""
        if not (len(self.from_reference) and len(self.from_labels)):
            return (_apart(self),) * 3
        parts = self.from_reference, self.from_labels, self.both
        one, other, pooled = (float(np.percentile(part, percentile)) for part in parts)
        return one, other, pooled

    def share_within(self, tolerance: float) -> float:
        """Return the share of the pixels that are not farther away than allowed; 1 of none."""
        if not (len(self.from_reference) and len(self.from_labels)):
            return float(_apart(self) == 0)
        return float((self.both <= tolerance * (1 + DISTANCE_ROUNDING)).mean())


def _apart(gaps: Gaps) -> float:
    """Return the distance where there is a contour less than two."""
    return np.inf if len(gaps.from_reference) or len(gaps.from_labels) else 0.0


def contours_of(labels: NDArray[Any], region: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
    """Mark the contours of all objects.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int or bool
        Labelled objects, or one object.
    region : ndarray of bool, same shape, optional
        The pixels that are known.

    Returns
    -------
    ndarray of bool
        True in contours.

    Examples
    --------
    >>> import numpy as np
    >>> contours_of(np.array([[0, 1, 1], [0, 1, 1], [0, 1, 1]])).astype(int)
    array([[0, 1, 1],
           [0, 1, 1],
           [0, 1, 1]])
    """
    from napari_delineate.kernels.contours import mark_contours

    volume = (1,) * (3 - labels.ndim) + labels.shape
    known = np.zeros((0, 0, 0), bool) if region is None else region.reshape(volume)
    marked = np.zeros(volume, bool)
    views = [np.ascontiguousarray(one).view() for one in (labels.reshape(volume), known)]
    for view in views:
        view.flags.writeable = False  # numba compiles once, whatever was given
    mark_contours(*views, labels.ndim == 2, marked)
    return marked.reshape(labels.shape)


def box_of(mask: NDArray[np.bool_]) -> tuple[slice, ...]:
    """Return the smallest box with all that is marked; an empty one where nothing is."""
    sides = []
    for axis in range(mask.ndim):
        others = tuple(other for other in range(mask.ndim) if other != axis)
        places = np.flatnonzero(mask.any(axis=others))
        sides.append(slice(int(places[0]), int(places[-1]) + 1) if len(places) else slice(0, 0))
    return tuple(sides)


def gaps_between(
    reference: NDArray[np.bool_], labels: NDArray[np.bool_], spacing: tuple[float, ...]
) -> Gaps:
    """Measure from each pixel of one contour to the nearest pixel of another.

    Parameters
    ----------
    reference, labels : ndarray of bool, same shape
        Two contours, or other sets of pixels.
    spacing : tuple of float
        Voxel size per axis.

    Returns
    -------
    Gaps
        The distances; none where one of them has no pixel, but one, 0, for each in the other.
    """
    import edt

    if not (reference.any() and labels.any()):
        nothing = (np.zeros(np.count_nonzero(one), np.float32) for one in (reference, labels))
        return Gaps(*nothing)
    # Threads take longer to start than a small box takes.
    settings = {"anisotropy": spacing, "parallel": 1 if reference.size < _LARGE else 0}
    return Gaps(edt.edt(~labels, **settings)[reference], edt.edt(~reference, **settings)[labels])


def bands(
    labels: NDArray[Any],
    width: float,
    spacing: tuple[float, ...],
    region: NDArray[np.bool_] | None = None,
) -> NDArray[Any]:
    """Return labels of which only pixels near the boundary of their object are left.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int or bool
        Labelled objects, or one object.
    width : float
        Largest distance to the nearest pixel that is not of the object; what is outside the
        image is not. Contours always stay.
    spacing : tuple of float
        Voxel size per axis.
    region : ndarray of bool, same shape, optional
        The pixels that are known. What lies elsewhere is in no band, and makes none.

    Returns
    -------
    ndarray of the same dtype
        The bands.
    """
    near = contours_of(labels, region)
    if region is None:
        near |= _depths(labels, spacing) <= width * (1 + DISTANCE_ROUNDING)
    else:
        for box, inside in _alone(np.where(region, labels, labels.dtype.type(0)), width, spacing):
            # What is not known may be of the object as well.
            depths = _depths(inside | ~region[box], spacing)
            near[box] |= inside & (depths <= width * (1 + DISTANCE_ROUNDING))
    return np.where(near, labels, labels.dtype.type(0))


def _depths(labels: NDArray[Any], spacing: tuple[float, ...]) -> NDArray[np.float32]:
    """Return how far each pixel is from the nearest one that is not of its object."""
    import edt

    writable = np.require(labels, requirements="W")
    parallel = 1 if labels.size < _LARGE else 0
    return np.asarray(
        edt.edt(writable, anisotropy=spacing, black_border=True, parallel=parallel), np.float32
    )


def _alone(
    labels: NDArray[Any], width: float, spacing: tuple[float, ...]
) -> Iterator[tuple[tuple[slice, ...], NDArray[np.bool_]]]:
    """Give each object in a box that is wider than it by some distance, within the image."""
    from napari_delineate.object_properties import find_objects

    objects = find_objects(labels.astype(np.int32) if labels.dtype == bool else labels)
    # No wider than the image, however far it is.
    more = np.minimum(np.ceil(np.divide(width, spacing)), max(labels.shape)).astype(int) + 1
    starts = np.maximum(objects.starts - more, 0)
    stops = np.minimum(objects.stops + more, labels.shape)
    for row, start, stop in zip(objects.rows, starts, stops, strict=True):
        box = tuple(map(slice, start, stop))
        yield box, objects.labels[box] == row
