"""Measure how much of the brightness of objects is in grains of each size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks
from napari_delineate.declaration import operation
from napari_delineate.measurements.tables import suffixed, table_of
from napari_delineate.object_properties import Columns, Objects, find_objects
from napari_delineate.types import (
    Image,
    Labels,
    Length,
    Range,
    Spacing,
    Table,
    length_in_units,
    voxels,
)

__all__ = ["measure_granularity"]

_SMALLEST = 0.1
"""Cubes are not smaller than this part of the finest voxel."""


@operation
def measure_granularity(
    labels: Labels,
    images: Sequence[Image],
    *,
    steps: Annotated[int, Range(1, 100)] = 16,
    step: Annotated[Length, Range(0)] = voxels(4),
    background_radius: Annotated[Length, Range(0)] = voxels(40),
    spacing: Spacing = 1.0,
) -> Table:
    """Measure which percentage of the brightness of objects is in grains of each size.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    images : sequence of ndarray, same shape
        Intensities, one image per channel.
    steps : int
        How many sizes there are, 1 to 100.
    step : float or Voxels
        By how much the radius of the grains grows with each size, at least a tenth of the
        finest voxel: the image is resampled to squares or cubes as wide as that. In the
        units of `spacing` or as `voxels(n)`.
    background_radius : float or Voxels
        Radius of the opening whose result is subtracted first; 0 for none. It should be that
        of the largest grains. In the units of `spacing` or as `voxels(n)`.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    granularity : pandas.DataFrame
        One row per object in the order of the labels: label, and for each size from 1 the
        percentage of its brightness that is lost when grains of this radius, in steps, are
        removed. With several images, names end in the number of the channel. NaN where
        nothing is left without the background.

    Raises
    ------
    TypeError
        If the labels are not whole numbers, or images are no list.
    ValueError
        If a setting is out of range, the shapes differ, or an image is empty or holds NaN or
        infinity.

    Notes
    -----
    Grains are removed by an erosion that takes one more pixel from all sides each time, and
    by reconstruction under the image, both without corners. CellProfiler's settings are
    numbers of pixels of an image that is made smaller: its default, a quarter, a background
    radius of 10 and 16 sizes, is the default here.

    References
    ----------
    .. [1] Ravkin and Temov, "Bit representation techniques and image processing", Applied
           Informatics 14 (1988), 41-90.
    .. [2] Stirling et al., "CellProfiler 4: improvements in speed, utility and usability",
           BMC Bioinformatics 22 (2021), 433, module MeasureGranularity,
           https://doi.org/10.1186/s12859-021-04344-9

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import measurements
    >>> image = np.zeros((15, 15)); image[2:5, 2:5] = image[8:13, 8:13] = 1
    >>> table = measurements.measure_granularity(
    ...     np.ones((15, 15), int), [image], steps=4, step=1, background_radius=0
    ... )
    >>> table.iloc[0, 1:].round(1).tolist()
    [0.0, 26.5, 73.5, 0.0]
    """
    voxel = tuple(float(entry) for entry in np.broadcast_to(spacing, labels.ndim))
    width = length_in_units(step, voxel)
    if width < _SMALLEST * min(voxel) * (1 - building_blocks.ROUNDING):
        raise ValueError(
            f"step must be at least a tenth of the finest voxel, {_SMALLEST * min(voxel):g}; "
            f"got {step}"
        )
    ratio = tuple(width / entry for entry in voxel)
    radius = length_in_units(background_radius, voxel) / width
    objects = find_objects(labels)
    columns: Columns = {}
    for channel, image in enumerate(images):
        grains = _without_background(_resampled(image, ratio), radius)
        means = [_means(objects, _spread(grains, ratio, labels.shape))]
        eroded = grains
        for _ in range(steps):
            eroded = _eroded(eroded)
            left = building_blocks.reconstructed(eroded, grains, "face")
            means.append(_means(objects, _spread(left, ratio, labels.shape)))
        lost = np.subtract(means[:-1], means[1:])
        percent = np.full(lost.shape, np.nan)
        np.divide(100 * lost, means[0], out=percent, where=means[0] > 0)
        one: Columns = {f"granularity-{size}": row for size, row in enumerate(percent, 1)}
        columns |= suffixed(one, channel, len(images))
    table = table_of(objects.numbers, columns, {}, labels.ndim, "")
    table.attrs["units"] |= dict.fromkeys(columns, "%")
    return table


def _resampled(image: NDArray[Any], ratio: tuple[float, ...]) -> NDArray[Any]:
    """Return an image in cubes that are wider than its voxels by a ratio per axis."""
    from scipy import ndimage

    pixels = building_blocks.as_float(image)
    if set(ratio) == {1.0}:
        return pixels
    shape = [
        1 + int((size - 1) / wide + building_blocks.ROUNDING)
        for size, wide in zip(image.shape, ratio, strict=True)
    ]
    return np.asarray(
        ndimage.affine_transform(pixels, ratio, output_shape=shape, order=1, mode="nearest")
    )


def _spread(cubes: NDArray[Any], ratio: tuple[float, ...], shape: tuple[int, ...]) -> NDArray[Any]:
    """Return what `_resampled` made at the voxels of the image."""
    from scipy import ndimage

    if set(ratio) == {1.0}:
        return cubes
    narrow = [1 / wide for wide in ratio]
    return np.asarray(
        ndimage.affine_transform(cubes, narrow, output_shape=shape, order=1, mode="nearest")
    )


def _without_background(image: NDArray[Any], radius: float) -> NDArray[Any]:
    """Subtract what an opening with a ball leaves."""
    # A ball wider than the image leaves what one as wide does.
    per_axis = (min(radius, float(max(image.shape))),) * image.ndim
    if radius < 1:
        return image
    low = building_blocks.flat_extremum(image, per_axis, "ball", "minimum")
    return np.asarray(image - building_blocks.flat_extremum(low, per_axis, "ball", "maximum"))


def _eroded(image: NDArray[Any]) -> NDArray[Any]:
    """Return the smallest of each pixel and its neighbours over edges (faces)."""
    result = image.copy()
    for axis in range(image.ndim):
        lines, found = np.moveaxis(image, axis, 0), np.moveaxis(result, axis, 0)
        np.minimum(found[1:], lines[:-1], out=found[1:])
        np.minimum(found[:-1], lines[1:], out=found[:-1])
    return result


def _means(objects: Objects, image: NDArray[Any]) -> NDArray[np.float64]:
    """Return the mean of an image in each object."""
    from napari_delineate.kernels.object_sums import add_intensities

    sums, low, high = objects.table(), objects.table(), objects.table()
    flat = np.ascontiguousarray(image).reshape(-1).view()
    flat.flags.writeable = False
    add_intensities(objects.labels.reshape(-1), flat, sums, low, high)
    return np.asarray(sums[objects.rows] / objects.pixels)
