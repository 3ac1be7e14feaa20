"""Measure how the intensities of every object spread from its middle to its edge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from napari_delineate.declaration import operation
from napari_delineate.measurements.tables import suffixed, table_of
from napari_delineate.object_properties import Columns, find_objects
from napari_delineate.types import Image, Labels, Range, Spacing, Table

__all__ = ["measure_radial_distribution"]

_FARTHEST = 4
"""How many fine voxels a step along a coarse axis goes sideways at most."""


@operation
def measure_radial_distribution(
    labels: Labels,
    images: Sequence[Image],
    *,
    rings: Annotated[int, Range(1, 100)] = 4,
    spacing: Spacing = 1.0,
) -> Table:
    """Measure how the intensities of every object spread from its middle to its edge.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    images : sequence of ndarray, same shape
        Intensities, one image per channel.
    rings : int
        Into how many rings (in 3D shells) an object is cut, 1 to 100.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    radial_distribution : pandas.DataFrame
        One row per object in the order of the labels: label; for each ring, from 0 in the
        middle, the fraction of the object's intensity that lies there, this fraction divided
        by that of its pixels, and the coefficient of variation of the mean intensities of
        its eight sectors. With several images, names end in the number of the channel. NaN
        where a ring has no pixels or the intensities add up to 0 or less. No column has a
        unit.

    Raises
    ------
    TypeError
        If the labels are not whole numbers, or images are no list.
    ValueError
        If `rings` is out of range, the shapes differ, or an image is empty or holds NaN or
        infinity.

    Notes
    -----
    The middle is the pixel farthest from the outside of the object, which begins at the
    border of the image too. A pixel's place between middle and edge is the length of the
    way to the middle, from pixel to pixel within the object, divided by this length plus its
    distance from the outside. Sectors are halves of the four quadrants, in 3D the octants.
    Parts of an object without a way to its middle are left out. Ways are up to 8 % (in 3D
    13 %) longer than a thread pulled tight.

    References
    ----------
    .. [1] Stirling et al., "CellProfiler 4: improvements in speed, utility and usability",
           BMC Bioinformatics 22 (2021), 433, module MeasureObjectIntensityDistribution,
           https://doi.org/10.1186/s12859-021-04344-9

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import measurements
    >>> labels = np.ones((9, 9), int)
    >>> image = np.zeros((9, 9)); image[4, 4] = 1
    >>> table = measurements.measure_radial_distribution(labels, [image], rings=2)
    >>> table["fraction_at_distance-0"].tolist(), table["fraction_at_distance-1"].tolist()
    ([1.0], [0.0])
    """
    import edt

    from napari_delineate.kernels import object_rings
    from napari_delineate.kernels.object_pixels import grouped

    voxel = tuple(float(entry) for entry in np.broadcast_to(spacing, labels.ndim))
    objects = find_objects(labels)
    stack = objects.stack
    pixels = grouped(objects.labels, objects.rows, objects.pixels)
    writable = np.require(objects.labels, requirements="W")  # edt refuses read-only memory
    depths = edt.edt(writable, anisotropy=voxel, black_border=True, parallel=0).reshape(-1)
    away = np.zeros(stack.shape, np.float32)
    middles = np.zeros(len(objects.numbers), np.int64)
    object_rings.find_middles(*pixels, depths, away.reshape(-1), middles)
    steps = np.array((1.0,) * (3 - labels.ndim) + voxel)
    before = _steps_before(voxel)
    lengths = np.linalg.norm(before * steps, axis=1)
    object_rings.grow_distances(stack, *pixels, before, lengths, away)
    columns: Columns = {}
    for channel, image in enumerate(images):
        flat = (image.view(np.uint8) if image.dtype == bool else image).reshape(-1).view()
        flat.flags.writeable = False
        sums, counts = (np.zeros((len(middles), rings, 8)) for _ in range(2))
        object_rings.add_rings(
            stack.shape, *pixels, middles, steps, depths, away.reshape(-1), flat, sums, counts
        )
        columns |= suffixed(_of_rings(sums, counts), channel, len(images))
    return table_of(objects.numbers, columns, {}, labels.ndim, "")


def _steps_before(voxel: tuple[float, ...]) -> NDArray[np.int64]:
    """Return steps to neighbours before a pixel in a scan, in all directions on any voxels.

    A step along a coarse axis may go as far along a fine one, so that ways are not longer
    for the directions that there are.
    """
    spacing = np.array(voxel)
    reach = np.clip(np.rint(spacing.max() / spacing), 1, _FARTHEST).astype(int)
    steps = np.argwhere(np.ones(2 * reach + 1)) - reach
    longest = np.where(steps != 0, spacing, 0).max(axis=1, keepdims=True)
    allowed = np.maximum(np.minimum(np.rint(longest / spacing), reach), 1)
    kept = steps[(np.abs(steps) <= allowed).all(axis=1)]
    before = np.pad(kept[: len(kept) // 2], [(0, 0), (3 - len(voxel), 0)])
    return np.ascontiguousarray(before, np.int64)


def _of_rings(sums: NDArray[np.float64], counts: NDArray[np.float64]) -> Columns:
    """Return the columns of sums and counts by object, ring and sector."""
    in_ring, size = sums.sum(axis=2), counts.sum(axis=2)
    totals = in_ring.sum(axis=1, keepdims=True)
    fractions = _divided(in_ring, np.where((size > 0) & (totals > 0), totals, 0))
    share = _divided(size, size.sum(axis=1, keepdims=True))
    means = _divided(sums, counts)
    known = ~np.isnan(means)
    number = known.sum(axis=2)
    mean = _divided(np.where(known, means, 0).sum(axis=2), number)
    squares = np.where(known, (means - mean[..., np.newaxis]) ** 2, 0).sum(axis=2)
    variation = _divided(np.sqrt(_divided(squares, number)), np.where(mean > 0, mean, 0))
    named = {
        "fraction_at_distance": fractions,
        "mean_fraction": _divided(fractions, share),
        "radial_variation": variation,
    }
    return {
        f"{name}-{ring}": values[:, ring]
        for name, values in named.items()
        for ring in range(sums.shape[1])
    }


def _divided(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide; NaN where the divisor is 0."""
    above, below = np.broadcast_arrays(above, below)
    quotients = np.full(above.shape, np.nan)
    np.divide(above, below, out=quotients, where=below != 0)
    return quotients
