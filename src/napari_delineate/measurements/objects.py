"""Measure size, shape and intensity of every object."""

from __future__ import annotations

import numpy as np

from napari_delineate.declaration import operation
from napari_delineate.object_properties import (
    convex_columns,
    find_objects,
    intensity_columns,
    outline_columns,
    shape_columns,
)
from napari_delineate.types import Image, Labels, Spacing, Table, Units

__all__ = ["measure"]

# Properties of skimage.measure.regionprops with the power of the length in their unit;
# "ndim" is the number of axes.
_SHAPE: dict[str, int | str] = {
    "area": "ndim",
    "centroid": 1,
    "bbox": 0,
    "equivalent_diameter_area": 1,
    "axis_major_length": 1,
    "axis_minor_length": 1,
    "extent": 0,
    "euler_number": 0,
}
_SHAPE_2D: dict[str, int | str] = {
    "area_convex": "ndim",
    "solidity": 0,
    "eccentricity": 0,
    "orientation": 0,
}
# scikit-image defines these for square pixels only.
_OUTLINE_2D: dict[str, int | str] = {"perimeter": 1, "perimeter_crofton": 1}
_INTENSITY: dict[str, int | str] = {
    "intensity_mean": 0,
    "intensity_std": 0,
    "intensity_min": 0,
    "intensity_max": 0,
}

MEASUREMENTS = tuple(
    name
    for name in (*_SHAPE, *_SHAPE_2D, *_OUTLINE_2D, *_INTENSITY)
    if name not in ("centroid", "bbox")
)
"""Columns of the table that say one number about an object; some need 2D or an image."""


@operation(version=2)
def measure(
    labels: Labels,
    image: Image | None = None,
    *,
    spacing: Spacing = 1.0,
    units: Units = "pixel",
) -> Table:
    """Measure size, position, shape and intensity of every object.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    image : ndarray, same shape, optional
        Intensities; without it there are no intensity columns.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.
    units : str
        Name of the unit of `spacing`.

    Returns
    -------
    table : pandas.DataFrame
        One row per object in the order of the labels, columns with scikit-image's names:
        label, area (in 3D the volume), centroid, bounding box (in pixels), equivalent
        diameter, axis lengths, extent, Euler number; in 2D also convex area, solidity,
        eccentricity, orientation and perimeters (NaN where pixels are not square); with an
        image mean, standard deviation, minimum and maximum intensity.
        `table.attrs["units"]` maps each column to its unit, "" where it has none.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If the shapes differ, or an image is empty or holds NaN or infinity.

    References
    ----------
    .. [1] `skimage.measure.regionprops_table`, whose columns these are, computed for all objects
           at once.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import measurements
    >>> labels = np.zeros((10, 10), int); labels[2:6, 2:8] = 3
    >>> table = measurements.measure(labels, spacing=0.5, units="micrometer")
    >>> float(table["area"][0]), table.attrs["units"]["area"]
    (6.0, 'micrometer²')
    """
    import pandas as pd

    voxel = tuple(float(entry) for entry in np.broadcast_to(spacing, labels.ndim))
    objects = find_objects(labels)
    columns = shape_columns(objects, voxel) | outline_columns(objects, voxel)
    powers = dict(_SHAPE)
    if labels.ndim == 2:
        columns |= convex_columns(objects, voxel[0] * voxel[1])
        powers |= _SHAPE_2D | _OUTLINE_2D
    if image is not None:
        intensities = image.view(np.uint8) if image.dtype == bool else image
        columns |= intensity_columns(objects, intensities)
        powers |= _INTENSITY
    table = pd.DataFrame({"label": objects.numbers})
    for name in powers:
        for column in columns:
            if column.split("-")[0] == name:
                table[column] = columns[column]
    symbols = {0: "", 1: units, 2: f"{units}²", 3: f"{units}³"}
    table.attrs["units"] = {
        column: symbols[_power(powers.get(column.split("-")[0], 0), labels.ndim)]
        for column in table.columns
    }
    return table


def _power(power: int | str, ndim: int) -> int:
    return ndim if power == "ndim" else int(power)
