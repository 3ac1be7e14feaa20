"""Measure the texture of every object: how grey levels lie next to each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate.declaration import operation
from napari_delineate.measurements.tables import suffixed, table_of
from napari_delineate.object_properties import Columns, find_objects
from napari_delineate.types import (
    Image,
    Labels,
    Length,
    Range,
    Spacing,
    Table,
    length_per_axis,
    spacing_per_axis,
    voxels,
)

__all__ = ["measure_texture"]


@operation(version=2)
def measure_texture(
    labels: Labels,
    images: Sequence[Image],
    *,
    distance: Annotated[Length, Range(0)] = voxels(3),
    levels: Annotated[int, Range(2, 256)] = 256,
    minimum: float | None = None,
    maximum: float | None = None,
    directions: Literal["mean", "each"] = "mean",
    spacing: Spacing = 1.0,
) -> Table:
    """Measure the texture of every object by Haralick's thirteen numbers, in all directions.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    images : sequence of ndarray, same shape
        Intensities, one image per channel.
    distance : float or Voxels
        Distance between two pixels along each axis, at least one pixel. In the units of
        `spacing` or as `voxels(n)`; textures of another scale need another call.
    levels : int
        Number of grey levels, 2 to 256. Few of them are steadier in small objects.
    minimum, maximum : float or None
        Intensities that the grey levels extend from and to; what lies outside has the first
        or the last. None for the darkest and the brightest pixel of all objects of an image;
        numbers make several images comparable.
    directions : {"mean", "each"}
        Whether to give the mean over all directions, 4 in 2D and 13 in 3D, or columns for
        each.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    textures : pandas.DataFrame
        One row per object in the order of the labels: label, angular second moment,
        contrast, correlation, variance, inverse difference moment, sum average, sum
        variance, sum entropy, entropy, difference variance, difference entropy, and two
        information measures of correlation. With each direction, names end in its number;
        with several images, in the number of the channel. No column has a unit.

    Raises
    ------
    TypeError
        If the labels are not whole numbers, or images are no list.
    ValueError
        If the shapes differ, a setting is out of range, `maximum` is not above `minimum`,
        or an image is empty or holds NaN or infinity.

    Notes
    -----
    Only pairs of pixels of one object count, in both orders. Objects without such a pair
    have NaN. Entropies are in bits, levels count from 1. Where all pixels have one level,
    the correlation is 1, as mahotas and scikit-image have it. The difference variance is
    that of the difference of two levels, as in the paper; CellProfiler gives the variance of
    the histogram of the differences instead.

    References
    ----------
    .. [1] Haralick, Shanmugam and Dinstein, "Textural features for image classification",
           IEEE Transactions on Systems, Man and Cybernetics 3 (1973), 610-621,
           https://doi.org/10.1109/TSMC.1973.4309314
    .. [2] Stirling et al., "CellProfiler 4: improvements in speed, utility and usability",
           BMC Bioinformatics 22 (2021), 433, module MeasureTexture,
           https://doi.org/10.1186/s12859-021-04344-9

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import measurements
    >>> labels = np.ones((8, 8), int); labels[:, 4:] = 2
    >>> image = np.indices((8, 8)).sum(axis=0) % 2 * (labels == 1)
    >>> table = measurements.measure_texture(labels, [image], distance=1, levels=2)
    >>> table["contrast"].tolist()
    [0.5, 0.0]
    """
    from napari_delineate.kernels.object_pixels import grouped
    from napari_delineate.kernels.object_textures import FEATURES, add_haralick

    if minimum is not None and maximum is not None and maximum <= minimum:
        raise ValueError(f"maximum must be above minimum ({minimum}); got {maximum}")
    voxel = spacing_per_axis(spacing, labels.ndim)
    offsets = _offsets(length_per_axis(distance, voxel))
    objects = find_objects(labels)
    pixels = grouped(objects.labels, objects.rows, objects.pixels)
    missing = [(0, 0), (3 - labels.ndim, 0)]
    corners = np.pad(objects.starts, missing)
    sizes = np.pad(objects.stops - objects.starts, missing, constant_values=1)
    columns: Columns = {}
    for channel, image in enumerate(images):
        grey = _grey_levels(image, pixels.places, levels, minimum, maximum)
        found = np.full((len(objects.numbers), len(offsets), len(FEATURES)), np.nan)
        add_haralick(objects.stack.shape, *pixels, grey, corners, sizes, offsets, levels, found)
        one: Columns = {}
        for number, name in enumerate(FEATURES):
            if directions == "mean":
                one[name] = _mean(found[:, :, number])
            else:
                for way in range(len(offsets)):
                    one[f"{name}-{way}"] = found[:, way, number]
        columns |= suffixed(one, channel, len(images))
    return table_of(objects.numbers, columns, {}, labels.ndim, "")


def _offsets(steps: tuple[float, ...]) -> NDArray[np.int64]:
    """Return the offsets along z, y, x of half of all neighbours, in the order of a scan."""
    ndim = len(steps)
    signs = np.argwhere(np.ones((3,) * ndim)) - 1
    half = signs[len(signs) // 2 + 1 :]
    whole = np.maximum(np.rint(steps).astype(np.int64), 1)
    return np.ascontiguousarray(np.pad(half * whole, [(0, 0), (3 - ndim, 0)]), np.int64)


def _grey_levels(
    image: NDArray[Any],
    places: NDArray[Any],
    levels: int,
    minimum: float | None,
    maximum: float | None,
) -> NDArray[np.uint16]:
    """Return the levels of the pixels at some places, from 1."""
    grey = np.ones(len(places), np.uint16)
    if not len(places):
        return grey
    values = image.reshape(-1)[places].astype(np.float64)
    low = values.min() if minimum is None else minimum
    high = values.max() if maximum is None else maximum
    if high > low:
        share = (values / 2 - low / 2) / (high / 2 - low / 2)  # halves do not overflow
        grey += np.clip(np.floor(share * levels), 0, levels - 1).astype(np.uint16)
    return grey


def _mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of each row without what is NaN; NaN where all is."""
    known = ~np.isnan(values)
    number = known.sum(axis=1)
    means = np.full(len(values), np.nan)
    np.divide(np.where(known, values, 0).sum(axis=1), number, out=means, where=number > 0)
    return means
