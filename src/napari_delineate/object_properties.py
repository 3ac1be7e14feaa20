"""Measure all objects of a label image at once, as scikit-image does one after the other.

The definitions are those of `skimage.measure.regionprops`; so are the results, but for the
last digits of what is rounded.
"""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate import object_numbers

__all__ = [
    "Columns",
    "Objects",
    "centroids",
    "convex_columns",
    "find_objects",
    "inertia_tensors",
    "intensity_columns",
    "outline_columns",
    "shape_columns",
]

Columns = dict[str, NDArray[Any]]
"""Properties by name, each with one number for every object, in the order of the labels."""

_GAPS = 4
"""Results have a row for each number up to the largest, so few numbers may be missing."""
_PIXELS_OF_A_ROW = 1000
"""Where there are as many pixels for each row, all rows are smaller than other labels would be."""
_SMALL_TABLE = 2**16
"""Tables up to this size need no look at how many numbers there are."""

# Benkrid and Crookes, "Design and FPGA implementation of a perimeter estimator": how long
# the outline is in a pixel, by neighbours over an edge and over a corner.
_LENGTHS = np.zeros((5, 5))
_LENGTHS[[2, 3, 2, 3, 2, 3], [0, 0, 1, 1, 2, 2]] = 1
_LENGTHS[[0, 1], [2, 3]] = np.sqrt(2)
_LENGTHS[[1, 1], [1, 2]] = (1 + np.sqrt(2)) / 2


class Objects(NamedTuple):
    """Hold a label image and what is known of its objects, in the order of their numbers.

    Attributes
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int32
        Objects whose numbers are small enough for a table with a row for each.
    rows : (N,) ndarray of int
        The number of each object in `labels`.
    numbers : (N,) ndarray of int
        Its number in the image that was given.
    pixels : (N,) ndarray of int64
        How many pixels it has.
    starts, stops : (N, ndim) ndarray of int64
        Its bounding box.
    """

    labels: NDArray[np.int32]
    rows: NDArray[Any]
    numbers: NDArray[Any]
    pixels: NDArray[np.int64]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]

    def table(self, shape: tuple[int, ...] = (), dtype: type = np.float64) -> NDArray[Any]:
        """Return zeros of a shape for each number in the labels."""
        return np.zeros((int(self.rows.max(initial=0)) + 1, *shape), dtype)

    @property
    def stack(self) -> NDArray[np.int32]:
        """The labels as (Z, Y, X)."""
        shape = self.labels.shape
        return self.labels.reshape((1,) * (3 - len(shape)) + shape)


def find_objects(labels: NDArray[Any]) -> Objects:
    """Find the objects of a label image.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects.

    Returns
    -------
    Objects
        What the functions here take. Its labels may be the memory of those given.
    """
    from napari_delineate.kernels.object_sums import find_boxes

    few_rows = labels.size // _PIXELS_OF_A_ROW
    largest, numbers = int(labels.max()), None
    if labels.dtype != np.int32 or largest > max(_SMALL_TABLE, few_rows):
        numbers, _ = object_numbers.count_pixels(labels)
        numbers = numbers[numbers > 0]
        if labels.dtype != np.int32 or largest > _GAPS * len(numbers):
            labels, largest = _without_gaps(labels, numbers), len(numbers)
    labels = _frozen(labels)
    boxes, counts = np.zeros((largest + 1, 6), np.int64), np.zeros(largest + 1, np.int64)
    find_boxes(labels.reshape((1,) * (3 - labels.ndim) + labels.shape), boxes, counts)
    rows = np.flatnonzero(counts)
    boxes, counts = boxes[rows], counts[rows]
    if numbers is None:
        numbers = rows.astype(labels.dtype)
    if largest > max(few_rows, _GAPS * len(rows)):
        labels, rows = _frozen(_without_gaps(labels, rows)), np.arange(1, 1 + len(rows))
    starts, stops = boxes[:, 3 - labels.ndim : 3], boxes[:, 6 - labels.ndim :]
    return Objects(labels, rows, numbers, counts, starts, stops)


def _without_gaps(labels: NDArray[Any], numbers: NDArray[Any]) -> NDArray[Any]:
    return object_numbers.renumber(labels, numbers, np.arange(1, 1 + len(numbers)))


def _frozen(labels: NDArray[Any]) -> NDArray[Any]:
    """Return a view that can not be written to: numba compiles once, whatever was given."""
    view = np.ascontiguousarray(labels).view()
    view.flags.writeable = False
    return view


def shape_columns(objects: Objects, spacing: tuple[float, ...]) -> Columns:
    """Return size, place, extent and the axes of the ellipse with the same moments.

    Parameters
    ----------
    objects : Objects
        Objects of an image.
    spacing : tuple of float
        Voxel size per axis.

    Returns
    -------
    dict of str to ndarray
        Columns; of volumes without eccentricity and orientation.
    """
    _, _, _, pixels, starts, stops = objects
    ndim = len(spacing)
    first, second = _sums_of_coordinates(objects)
    voxel = float(np.prod(spacing))
    areas = pixels * voxel
    columns: Columns = {"area": areas}
    centres = _middles(objects, first) * spacing
    for axis in range(ndim):
        columns[f"centroid-{axis}"] = centres[:, axis]
    for side in range(2 * ndim):
        columns[f"bbox-{side}"] = (starts, stops)[side // ndim][:, side % ndim]
    columns["equivalent_diameter_area"] = (2 * ndim * areas / np.pi) ** (1 / ndim)
    tensor = _inertia(pixels, first, second, spacing)
    eigenvalues = np.clip(np.linalg.eigvalsh(tensor), 0, None)[:, ::-1]
    if ndim == 2:
        columns["axis_major_length"] = 4 * np.sqrt(eigenvalues[:, 0])
        columns["axis_minor_length"] = 4 * np.sqrt(eigenvalues[:, 1])
    else:
        high, middle, low = eigenvalues.T
        columns["axis_major_length"] = np.sqrt(np.maximum(10 * (high + middle - low), 0))
        columns["axis_minor_length"] = np.sqrt(np.maximum(10 * (-high + middle + low), 0))
    columns["extent"] = areas / ((stops - starts).prod(axis=1) * voxel)
    if ndim == 2:
        high, low = eigenvalues.T
        ratio = np.divide(low, high, out=np.ones_like(low), where=high > 0)
        columns["eccentricity"] = np.sqrt(1 - ratio)
        columns["orientation"] = _orientation(tensor)
    return columns


def centroids(objects: Objects, spacing: tuple[float, ...]) -> NDArray[np.float64]:
    """Return the centroid of every object.

    Parameters
    ----------
    objects : Objects
        Objects of an image.
    spacing : tuple of float
        Voxel size per axis.

    Returns
    -------
    (N, ndim) ndarray of float64
        The centroids, in physical units.
    """
    return np.asarray(_middles(objects, _sums_of_coordinates(objects)[0]) * spacing)


def _middles(objects: Objects, first: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the centroids in voxels from sums of coordinates."""
    means = first[:, 3 - objects.labels.ndim :] / objects.pixels[:, np.newaxis]
    return np.asarray(means + objects.starts)


def inertia_tensors(objects: Objects, spacing: tuple[float, ...]) -> NDArray[np.float64]:
    """Return the inertia tensor of every object, for a mass of 1.

    Parameters
    ----------
    objects : Objects
        Objects of an image.
    spacing : tuple of float
        Voxel size per axis.

    Returns
    -------
    (N, ndim, ndim) ndarray of float64
        The tensors, in physical units.
    """
    return _inertia(objects.pixels, *_sums_of_coordinates(objects), spacing)


def _sums_of_coordinates(objects: Objects) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return sums of coordinates from the corner of the box, and of their products."""
    from napari_delineate.kernels import object_sums

    ndim = objects.labels.ndim
    boxes, first, second = objects.table((3,), np.int64), objects.table((3,)), objects.table((6,))
    boxes[objects.rows, 3 - ndim :] = objects.starts
    object_sums.add_moments(objects.stack, boxes, first, second)
    return first[objects.rows], second[objects.rows]


def _inertia(
    pixels: NDArray[Any],
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    spacing: tuple[float, ...],
) -> NDArray[np.float64]:
    """Return the inertia tensor of every object from sums of coordinates."""
    ndim = len(spacing)
    steps = (1.0,) * (3 - ndim) + spacing
    pairs = list(itertools.combinations_with_replacement(range(3), 2))
    moments = np.zeros((len(pixels), 3, 3))
    for number, (one, other) in enumerate(pairs):
        moment = second[:, number] - first[:, one] / pixels * first[:, other]
        moments[:, one, other] = moments[:, other, one] = moment * (steps[one] * steps[other])
    moments = moments[:, 3 - ndim :, 3 - ndim :]
    tensor = -moments
    axes = np.arange(ndim)
    tensor[:, axes, axes] += np.trace(moments, axis1=1, axis2=2)[:, np.newaxis]
    return np.asarray(tensor / pixels[:, np.newaxis, np.newaxis])


def _orientation(tensor: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the angle between the rows and the longest axis of planar objects."""
    a, b, c = tensor[:, 0, 0], tensor[:, 0, 1], tensor[:, 1, 1]
    diagonal = np.where(b < 0, np.pi / 4, -np.pi / 4)
    return np.asarray(np.where(a == c, diagonal, 0.5 * np.arctan2(-2 * b, c - a)))


def convex_columns(objects: Objects, pixel: float) -> Columns:
    """Return the area of the convex hull of planar objects, and how much of it they fill.

    Parameters
    ----------
    objects : Objects
        Objects of an image.
    pixel : float
        Area of a pixel.

    Returns
    -------
    dict of str to ndarray
        Columns.
    """
    from napari_delineate.kernels import object_outlines

    tops, bottoms, counts = (objects.table((), np.int64) for _ in range(3))
    tops[objects.rows], bottoms[objects.rows] = objects.starts[:, 0], objects.stops[:, 0]
    object_outlines.add_convex_areas(objects.labels, tops, bottoms, counts)
    convex = counts[objects.rows]
    return {"area_convex": convex * pixel, "solidity": objects.pixels / convex}


def outline_columns(objects: Objects, spacing: tuple[float, ...]) -> Columns:
    """Return Euler numbers, and the perimeters of objects of square pixels.

    Parameters
    ----------
    objects : Objects
        Objects of an image.
    spacing : tuple of float
        Voxel size per axis.

    Returns
    -------
    dict of str to ndarray
        Columns. Perimeters are NaN where pixels are not square; volumes have none.
    """
    from napari_delineate.kernels import object_outlines

    labels, rows = objects.labels, objects.rows
    if labels.ndim == 3:
        totals = objects.table((), np.int64)
        object_outlines.add_euler_numbers(labels, _euler_shares(3), totals)
        return {"euler_number": totals[rows] // 8}
    squares = objects.table((16,), np.int64)
    object_outlines.count_squares(labels, squares)
    columns: Columns = {"euler_number": squares[rows] @ _euler_shares(2) // 4}
    if len(set(spacing)) > 1:
        nothing = np.full(len(rows), np.nan)
        return columns | {"perimeter": nothing, "perimeter_crofton": nothing.copy()}
    borders = objects.table((5, 5), np.int64)
    object_outlines.count_borders(labels, borders)
    columns["perimeter"] = np.tensordot(borders[rows], _LENGTHS, 2) * spacing[0]
    columns["perimeter_crofton"] = squares[rows] @ _crofton_shares() * spacing[0]
    return columns


def _patterns(ndim: int) -> NDArray[np.bool_]:
    """Return all patterns of 2 x 2 (x 2) pixels, by number, around their common corner.

    The axes after the first are x, y and z: along each, 0 is here and 1 is one before.
    """
    codes = np.arange(2 ** (2**ndim))[:, np.newaxis]
    # Numbers count y first, then x, then z.
    patterns = (codes >> np.arange(2**ndim) & 1).astype(bool).reshape(-1, *(2,) * ndim)
    return np.asarray(patterns)


def _euler_shares(ndim: int) -> NDArray[np.int64]:
    """Return the share of each pattern in the Euler number, in 4ths (2D) or 8ths (3D).

    That number is corners - edges + faces (- voxels) of all pixels together. The corner in
    the middle counts in full, an edge from it is half of one, and so on.
    """
    patterns = _patterns(ndim)
    axes = range(1, ndim + 1)
    total = np.zeros(len(patterns), np.int64)
    for dimension in range(ndim + 1):
        for along in itertools.combinations(axes, ndim - dimension):
            # What pixels have in common of which one or more are there.
            found = patterns.any(axis=along) if along else patterns
            number = found.reshape(len(patterns), -1).sum(axis=1)
            total += (-1) ** dimension * 2 ** (ndim - dimension) * number
    return total


def _crofton_shares() -> NDArray[np.float64]:
    """Return the share of each pattern of 2 x 2 pixels in the perimeter.

    Lines in four directions enter an object where a pixel is not in it and the next one is.
    """
    here, above, left, above_left = _patterns(2).reshape(-1, 4).T
    straight = (here & ~left).astype(float) + (here & ~above)
    corners = ((here & ~above_left).astype(float) + (left & ~above)) / np.sqrt(2)
    return np.asarray(np.pi / 4 * (straight + corners))


def intensity_columns(objects: Objects, image: NDArray[Any]) -> Columns:
    """Return mean, standard deviation, minimum and maximum of the intensities.

    Parameters
    ----------
    objects : Objects
        Objects of an image.
    image : ndarray, same shape
        Intensities.

    Returns
    -------
    dict of str to ndarray
        Columns.
    """
    from napari_delineate.kernels import object_sums

    rows, labels = objects.rows, objects.labels.reshape(-1)
    intensities = np.ascontiguousarray(image).reshape(-1).view()
    intensities.flags.writeable = False
    sums, squares, means = objects.table(), objects.table(), objects.table()
    lowest, highest = objects.table() + np.inf, objects.table() - np.inf
    object_sums.add_intensities(labels, intensities, sums, lowest, highest)
    means[rows] = sums[rows] / objects.pixels
    object_sums.add_deviations(labels, intensities, means, squares)
    return {
        "intensity_mean": means[rows],
        "intensity_std": np.sqrt(squares[rows] / objects.pixels),
        "intensity_min": lowest[rows],
        "intensity_max": highest[rows],
    }
