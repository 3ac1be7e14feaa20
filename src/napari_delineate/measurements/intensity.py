"""Measure how bright every object is, where, and at its edge, in one or more channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.declaration import operation
from napari_delineate.measurements.tables import suffixed, table_of
from napari_delineate.object_properties import Columns, Objects, find_objects
from napari_delineate.types import Image, Labels, Spacing, Table, Units

__all__ = ["measure_intensity"]

_POWERS = {"centroid_weighted": 1, "mass_displacement": 1, "location_max": 1}
_STATISTICS = {
    "intensity_mean": "mean",
    "intensity_std": "std",
    "intensity_min": "min",
    "intensity_max": "max",
    "intensity_sum": "sum",
    "intensity_lower_quartile": "lower",
    "intensity_median": "median",
    "intensity_upper_quartile": "upper",
    "intensity_median_deviation": "deviation",
}
_EDGE = ("sum", "mean", "std", "min", "max")


@operation
def measure_intensity(
    labels: Labels,
    images: Sequence[Image],
    *,
    spacing: Spacing = 1.0,
    units: Units = "pixel",
) -> Table:
    """Measure the intensities of every object and where they are, in one or more channels.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    images : sequence of ndarray, same shape
        Intensities, one image per channel.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.
    units : str
        Name of the unit of `spacing`.

    Returns
    -------
    intensities : pandas.DataFrame
        One row per object in the order of the labels: label; mean, standard deviation,
        minimum, maximum, sum, quartiles, median, and median deviation from the median of
        the intensities; sum, mean, standard deviation, minimum and maximum at the edge; the
        centroid weighted by intensity, its distance from the centroid, and the place of the
        brightest pixel, in physical units. With several images, names end in the number of
        the channel from 0, as scikit-image's do.

    Raises
    ------
    TypeError
        If the labels are not whole numbers, or images are no list.
    ValueError
        If the shapes differ, or an image is empty or holds NaN or infinity.

    See Also
    --------
    measure : Measures sizes and shapes.

    Notes
    -----
    The edge is every pixel of an object that shares an edge (a face in 3D) with a pixel of
    another object or of the background; the border of the image makes none. Objects without
    an edge have NaN there, and those whose intensities add up to 0 or less have no weighted
    centroid. Quartiles are interpolated as `numpy.quantile` does. Of several brightest
    pixels the first in a scan is taken.

    References
    ----------
    .. [1] Stirling et al., "CellProfiler 4: improvements in speed, utility and usability",
           BMC Bioinformatics 22 (2021), 433, module MeasureObjectIntensity,
           https://doi.org/10.1186/s12859-021-04344-9
    .. [2] `skimage.measure.regionprops_table`, whose columns these are where it has them.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import measurements
    >>> labels, image = np.array([[1, 1, 0, 2]]), np.array([[5, 7, 0, 9]])
    >>> table = measurements.measure_intensity(labels, [image, 2 * image])
    >>> table[["label", "intensity_sum-0", "intensity_sum-1"]]
       label  intensity_sum-0  intensity_sum-1
    0      1             12.0             24.0
    1      2              9.0             18.0
    """
    voxel = tuple(float(entry) for entry in np.broadcast_to(spacing, labels.ndim))
    objects = find_objects(labels)
    columns: Columns = {}
    for channel, image in enumerate(images):
        columns |= suffixed(_of_channel(objects, image, voxel), channel, len(images))
    return table_of(objects.numbers, columns, _POWERS, labels.ndim, units)


def _of_channel(objects: Objects, image: NDArray[Any], spacing: tuple[float, ...]) -> Columns:
    """Return what one image says about every object."""
    from napari_delineate.kernels.object_statistics import describe
    from napari_delineate.kernels.object_values import collect_with_places, starts_of

    starts = starts_of(objects.pixels)
    ends, edge_ends = objects.table((), np.int64), objects.table((), np.int64)
    ends[objects.rows] = edge_ends[objects.rows] = starts[:-1]
    pixels = np.ascontiguousarray(image.view(np.uint8) if image.dtype == bool else image).view()
    pixels.flags.writeable = False  # numba compiles once, whatever was given
    values, at_edge = np.empty((2, starts[-1]), pixels.dtype)
    places = [objects.table((3,)) for _ in range(3)]
    collect_with_places(
        objects.stack,
        pixels.reshape(objects.stack.shape),
        ends,
        edge_ends,
        values,
        at_edge,
        *places,
    )
    found = describe(values, starts[:-1], starts[1:])
    edge = describe(at_edge, starts[:-1], edge_ends[objects.rows], ranks=False)
    columns: Columns = {name: found[key] for name, key in _STATISTICS.items()}
    columns |= {f"intensity_{key}_edge": edge[key] for key in _EDGE}
    columns["intensity_sum_edge"] = np.where(np.isnan(edge["mean"]), np.nan, edge["sum"])
    sums, weighted, brightest = (
        place[objects.rows, 3 - len(spacing) :] * spacing for place in places
    )
    return columns | _places(objects.pixels, found["sum"], sums, weighted, brightest)


def _places(
    counts: NDArray[np.int64],
    totals: NDArray[np.float64],
    sums: NDArray[np.float64],
    weighted: NDArray[np.float64],
    brightest: NDArray[np.float64],
) -> Columns:
    """Return where the intensities of every object are."""
    bright = totals > 0
    centres = np.full_like(sums, np.nan)
    centres[bright] = weighted[bright] / totals[bright, np.newaxis]
    axes = range(sums.shape[1])
    columns: Columns = {f"centroid_weighted-{axis}": centres[:, axis] for axis in axes}
    apart = centres - sums / counts[:, np.newaxis]
    columns["mass_displacement"] = np.linalg.norm(apart, axis=1)
    return columns | {f"location_max-{axis}": brightest[:, axis] for axis in axes}
