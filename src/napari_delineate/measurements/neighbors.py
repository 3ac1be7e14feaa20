"""Measure which objects lie next to each other, how close, and how much of them touches."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks, object_numbers
from napari_delineate.declaration import operation
from napari_delineate.measurements.tables import table_of
from napari_delineate.object_properties import Columns, Objects, centroids, find_objects
from napari_delineate.types import Labels, Length, Range, Spacing, Table, Units, voxels

__all__ = ["measure_neighbors"]


class Neighbors(NamedTuple):
    """Hold what each object has for neighbors, and every two neighbors.

    Attributes
    ----------
    neighbors : pandas.DataFrame
        One row per object.
    pairs : pandas.DataFrame
        One row per two neighbors.
    """

    neighbors: Table
    pairs: Table


@operation
def measure_neighbors(
    labels: Labels,
    *,
    method: Literal["adjacent", "expanded", "within distance"] = "adjacent",
    distance: Annotated[Length, Range(0)] = voxels(5),
    connectivity: Literal["full", "face"] = "full",
    spacing: Spacing = 1.0,
    units: Units = "pixel",
) -> Neighbors:
    """Count the neighbors of every object and measure how close they are and how they touch.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    method : {"adjacent", "expanded", "within distance"}
        Which objects are neighbors: those with pixels side by side; those that would be
        after all have grown until they meet; or those with pixels at most `distance` apart.
    distance : float or Voxels
        The largest distance of neighbors, from centre to centre of pixels; only for
        "within distance". In the units of `spacing` or as `voxels(n)`.
    connectivity : {"full", "face"}
        Whether pixels are side by side over corners as well, or only if they share an edge
        in 2D or a face in 3D.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.
    units : str
        Name of the unit of `spacing`.

    Returns
    -------
    neighbors : pandas.DataFrame
        One row per object in the order of the labels: label; number of neighbors; percentage
        of its edge pixels that have a neighbor next to them, or within the distance; number
        and distance of the two objects whose centroids are closest to its own, neighbors or
        not, and the angle between the lines to them, 0 to 180 degrees; mean, smallest and
        largest distance of the centroids of its neighbors; and the length (2D) or area (3D)
        of the border that it shares with others. Where there is none, numbers are 0 and
        distances NaN.
    pairs : pandas.DataFrame
        One row per two neighbors, the smaller label first: label, neighbor, distance of the
        centroids, and the size of the border that they share.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If `distance` is negative or much larger than the image, or the image is empty.

    Notes
    -----
    Edge pixels share an edge (face) with a pixel of something else in the image. Once grown,
    only edges that face nothing but the border of the image have no neighbor.

    References
    ----------
    .. [1] Stirling et al., "CellProfiler 4: improvements in speed, utility and usability",
           BMC Bioinformatics 22 (2021), 433, module MeasureObjectNeighbors,
           https://doi.org/10.1186/s12859-021-04344-9
    .. [2] Legland, Arganda-Carreras and Andrey, "MorphoLibJ: integrated library and plugins
           for mathematical morphology with ImageJ", Bioinformatics 32 (2016), 3532-3534,
           https://doi.org/10.1093/bioinformatics/btw413 (region adjacency graph).

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import measurements
    >>> labels = np.array([[1, 1, 2, 2, 0, 3]])
    >>> found = measurements.measure_neighbors(labels)
    >>> found.neighbors["neighbor_count"].tolist()
    [1, 1, 0]
    >>> found.pairs
       label  neighbor  distance  contact_size
    0      1         2       2.0           1.0
    """
    from napari_delineate.kernels import object_contacts, object_pixels

    voxel = tuple(float(entry) for entry in np.broadcast_to(spacing, labels.ndim))
    ndim = labels.ndim
    offsets = _offsets(method, distance, connectivity, voxel, labels.shape)
    objects = find_objects(labels)
    count = len(objects.numbers)
    ranks = _ranked(objects)
    shown = building_blocks.expanded(ranks, np.inf, voxel) if method == "expanded" else ranks
    stack = np.ascontiguousarray(shown).reshape((1,) * (3 - ndim) + shown.shape)
    pixels = object_pixels.grouped(
        shown, np.arange(1, 1 + count), np.bincount(shown.ravel(), minlength=1 + count)[1:]
    )
    edges = object_pixels.edges_of(stack, pixels)
    both_ways, touching = object_contacts.pairs_near(stack, edges, offsets)
    pairs = both_ways[both_ways[:, 0] < both_ways[:, 1]] - 1
    pairs = pairs[np.lexsort(pairs.T[::-1])]
    centres = centroids(objects, voxel)
    distances = np.linalg.norm(centres[pairs[:, 0]] - centres[pairs[:, 1]], axis=1)
    sizes = _contact_sizes(stack, pairs, count, voxel)
    columns = _of_objects(pairs, distances, sizes, count)
    edge_pixels = np.diff(edges.starts)
    percent = np.zeros(count)
    np.divide(100 * touching, edge_pixels, out=percent, where=edge_pixels > 0)
    columns = {
        "neighbor_count": columns.pop("neighbor_count"),
        "percent_touching": percent,
        **_closest(centres, objects.numbers),
        **columns,
    }
    powers = dict.fromkeys([name for name in columns if name.endswith("distance")], 1)
    powers |= {"contact_size": ndim - 1, "distance": 1}
    table = table_of(objects.numbers, columns, powers, ndim, units)
    table.attrs["units"] |= {"percent_touching": "%", "angle_between_neighbors": "°"}
    numbers = objects.numbers[pairs]
    of_pairs = {"neighbor": numbers[:, 1], "distance": distances, "contact_size": sizes}
    return Neighbors(table, table_of(numbers[:, 0], of_pairs, powers, ndim, units))


def _offsets(
    method: str,
    distance: Length,
    connectivity: str,
    spacing: tuple[float, ...],
    shape: tuple[int, ...],
) -> NDArray[np.int64]:
    """Return where other objects are looked for, in voxels along z, y, x."""
    ndim = len(shape)
    if method == "within distance":
        radius = building_blocks.radius_per_axis(distance, spacing, shape, "distance")
        footprint = building_blocks.offsets_within(radius, "ball")
        steps = np.argwhere(footprint) - np.array(footprint.shape) // 2
    else:
        steps = np.argwhere(np.ones((3,) * ndim)) - 1
        if connectivity == "face":
            steps = steps[np.abs(steps).sum(axis=1) <= 1]
    steps = steps[steps.any(axis=1)]
    return np.ascontiguousarray(np.pad(steps, [(0, 0), (3 - ndim, 0)]), np.int64)


def _ranked(objects: Objects) -> NDArray[np.int32]:
    """Return labels numbered from 1 without gaps."""
    wanted = np.arange(1, 1 + len(objects.rows))
    if np.array_equal(objects.rows, wanted):
        return objects.labels
    return np.asarray(object_numbers.renumber(objects.labels, objects.rows, wanted))


def _contact_sizes(
    stack: NDArray[np.int32],
    pairs: NDArray[np.int64],
    count: int,
    spacing: tuple[float, ...],
) -> NDArray[np.float64]:
    """Return the size of the border between the objects of every pair."""
    from napari_delineate.kernels.object_contacts import contacts

    faces, axes = contacts(stack)
    steps = np.array((1.0,) * (3 - len(spacing)) + spacing)
    keys = pairs[:, 0] * count + pairs[:, 1]
    wanted = (faces[0] - 1) * count + faces[1] - 1
    places = np.searchsorted(keys, wanted)
    # Pixels side by side may be farther apart than neighbors are allowed to be.
    known = np.isin(wanted, keys)
    areas = (np.prod(steps) / steps)[axes]
    return np.asarray(np.bincount(places[known], areas[known], len(pairs)), np.float64)


def _of_objects(
    pairs: NDArray[np.int64],
    distances: NDArray[np.float64],
    sizes: NDArray[np.float64],
    count: int,
) -> Columns:
    """Sum up the pairs of every object."""
    one = np.concatenate([pairs[:, 0], pairs[:, 1]])
    away = np.concatenate([distances, distances])
    number = np.bincount(one, minlength=count)
    mean = np.full(count, np.nan)
    np.divide(np.bincount(one, away, count), number, out=mean, where=number > 0)
    nearest, farthest = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(nearest, one, away)
    np.maximum.at(farthest, one, away)
    return {
        "neighbor_count": number,
        "mean_neighbor_distance": mean,
        "min_neighbor_distance": np.where(number > 0, nearest, np.nan),
        "max_neighbor_distance": np.where(number > 0, farthest, np.nan),
        "contact_size": np.bincount(one, np.concatenate([sizes, sizes]), count),
    }


def _closest(centres: NDArray[np.float64], numbers: NDArray[np.int64]) -> Columns:
    """Return the two objects with the closest centroids, and the angle between them."""
    from scipy.spatial import cKDTree

    count = len(numbers)
    away, others = np.full((count, 2), np.nan), np.full((count, 2), -1)
    known = min(count - 1, 2)
    if known > 0:
        distances, found = cKDTree(centres).query(centres, k=known + 1)
        itself = found == np.arange(count)[:, np.newaxis]
        # Where several have one centroid, an object may not be among its own closest.
        itself[~itself.any(axis=1), -1] = True
        away[:, :known] = distances[~itself].reshape(count, known)
        others[:, :known] = found[~itself].reshape(count, known)
    named = np.where(others >= 0, numbers[others] if count else 0, 0)
    first, second = (centres[others[:, n]] - centres for n in (0, 1)) if count else (centres,) * 2
    lengths = away[:, 0] * away[:, 1]
    cosine = np.full(count, np.nan)
    np.divide((first * second).sum(axis=1), lengths, out=cosine, where=lengths > 0)
    angle = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    return {
        "first_closest_label": named[:, 0],
        "first_closest_distance": away[:, 0],
        "second_closest_label": named[:, 1],
        "second_closest_distance": away[:, 1],
        "angle_between_neighbors": angle,
    }
