"""Measure size, shape and intensity of every object."""

from __future__ import annotations

import numpy as np

from napari_delineate import object_shapes
from napari_delineate.declaration import operation
from napari_delineate.measurements.tables import table_of
from napari_delineate.object_properties import (
    convex_columns,
    find_objects,
    inertia_tensors,
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

_MORE: dict[str, int | str] = {
    "surface_area": 2,
    "maximum_radius": 1,
    "mean_radius": 1,
    "median_radius": 1,
    "feret_diameter_max": 1,
    "feret_diameter_min": 1,
    "area_convex": "ndim",
    "moments": "powers",
    "moments_central": "powers",
    "inertia_tensor": 2,
    "inertia_tensor_eigvals": 2,
}

MEASUREMENTS = tuple(
    name
    for name in (*_SHAPE, *_SHAPE_2D, *_OUTLINE_2D, *_INTENSITY)
    if name not in ("centroid", "bbox")
)
"""Columns of the table that say one number about an object; some need 2D or an image."""


@operation(version=3)
def measure(
    labels: Labels,
    image: Image | None = None,
    *,
    boundary: bool = False,
    radii: bool = False,
    feret: bool = False,
    hull: bool = False,
    moments: bool = False,
    inertia: bool = False,
    zernike: bool = False,
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
    boundary : bool
        Add form factor and compactness, in 3D also surface area and sphericity.
    radii : bool
        Add the largest, mean and median distance of the pixels of an object to the nearest
        pixel outside of it; what lies beyond the image is outside.
    feret : bool
        Add the length of an object along its longest line, and its width between the two
        closest parallel lines (planes) that hold it, both from corner to corner of pixels.
    hull : bool
        In 3D, add the volume of the convex hull, and the solidity. In 2D they are always
        there.
    moments : bool
        Add spatial moments (from the first pixel of the bounding box), central and
        normalized ones with powers 0 to 3 along each axis, in 2D also Hu's seven.
    inertia : bool
        Add the inertia tensor, its eigenvalues, the largest first, and the directions of
        the principal axes as unit vectors, the longest axis first.
    zernike : bool
        In 2D, add the magnitudes of the Zernike moments up to degree 9, in the smallest
        circle around the object; NaN for one pixel. Volumes have none.
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
        image mean, standard deviation, minimum and maximum intensity; and what the settings
        add. `table.attrs["units"]` maps each column to its unit, "" where it has none.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If the shapes differ, or an image is empty or holds NaN or infinity.

    See Also
    --------
    measure_intensity : Measures more of the intensities, of several images at once.

    Notes
    -----
    The form factor is 4π area / perimeter² in 2D and 36π volume² / surface area³ in 3D: 1
    for a disc or ball, less for all else but for the rounding of small objects. Compactness
    is its inverse. Perimeters and surface areas in them are Crofton's estimate on any voxels.

    Normalized moments are divided by the size of the object on its physical grid, so that
    anisotropic voxels give the same as isotropic ones; scikit-image divides by the finest
    spacing instead. On isotropic voxels both are the same.

    References
    ----------
    .. [1] `skimage.measure.regionprops_table`, whose columns these are, computed for all objects
           at once.
    .. [2] Stirling et al., "CellProfiler 4: improvements in speed, utility and usability",
           BMC Bioinformatics 22 (2021), 433, module MeasureObjectSizeShape,
           https://doi.org/10.1186/s12859-021-04344-9
    .. [3] Hu, "Visual pattern recognition by moment invariants", IRE Transactions on
           Information Theory 8 (1962), 179-187, https://doi.org/10.1109/TIT.1962.1057692
    .. [4] Boland, Markey and Murphy, "Automated recognition of patterns characteristic of
           subcellular structures in fluorescence microscopy images", Cytometry 33 (1998),
           366-375 (Zernike moments).

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import measurements
    >>> labels = np.zeros((10, 10), int); labels[2:6, 2:8] = 3
    >>> table = measurements.measure(labels, spacing=0.5, units="micrometer")
    >>> float(table["area"][0]), table.attrs["units"]["area"]
    (6.0, 'micrometer²')
    """
    voxel = tuple(float(entry) for entry in np.broadcast_to(spacing, labels.ndim))
    flat = labels.ndim == 2
    objects = find_objects(labels)
    columns = shape_columns(objects, voxel) | outline_columns(objects, voxel)
    powers = dict(_SHAPE)
    if flat:
        columns |= convex_columns(objects, voxel[0] * voxel[1])
        powers |= _SHAPE_2D | _OUTLINE_2D
    if image is not None:
        intensities = image.view(np.uint8) if image.dtype == bool else image
        columns |= intensity_columns(objects, intensities)
        powers |= _INTENSITY
    ordered = {
        column: columns[column]
        for name in powers
        for column in columns
        if column.split("-")[0] == name
    }
    if boundary:
        ordered |= object_shapes.boundary_columns(objects, voxel)
    if radii:
        ordered |= object_shapes.radius_columns(objects, voxel)
    if feret:
        ordered |= object_shapes.feret_columns(objects, voxel)
    if hull and not flat:
        ordered |= object_shapes.hull_columns(objects, float(np.prod(voxel)))
    if moments:
        centres = np.stack([columns[f"centroid-{axis}"] for axis in range(labels.ndim)], axis=1)
        ordered |= object_shapes.moment_columns(objects, centres, voxel)
    if inertia:
        ordered |= object_shapes.inertia_columns(inertia_tensors(objects, voxel))
    if zernike and flat:
        ordered |= object_shapes.zernike_columns(objects, voxel)
    return table_of(objects.numbers, ordered, powers | _MORE, labels.ndim, units)
