"""Make surfaces of masks, of single labels, and of intensities at a level."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks, object_numbers
from napari_delineate.declaration import operation
from napari_delineate.surfaces.creation import labels_to_surface
from napari_delineate.types import Image, Labels, Mask, Range, Spacing, Surface

__all__ = [
    "mask_to_surface",
    "label_to_surface",
    "largest_label_to_surface",
    "image_to_surface",
]


@operation(version=2)
def mask_to_surface(mask: Mask, *, closed: bool = True, spacing: Spacing = 1.0) -> Surface:
    """Make a surface around the foreground.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) ndarray of bool
        True in the foreground. A 2D mask counts as one slice as thick as the finest voxel
        size.
    closed : bool
        Close it at the border of the image. If False, it is open there, at the centres of the
        outermost voxels; a 2D image has no such surface.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    surface : Surface
        (vertices, faces, values): positions in physical units in the order (z, y, x),
        triangles with outward normals, and 1 for each vertex. Without foreground it is
        empty.

    Raises
    ------
    TypeError, ValueError
        If the mask is not a mask, or the image is empty; if a 2D image is to stay open.

    See Also
    --------
    labels_to_surface : Keeps objects that touch apart.

    References
    ----------
    .. [1] Lewiner et al., "Efficient implementation of marching cubes' cases with
           topological guarantees", Journal of Graphics Tools 8 (2003), 1-15,
           https://doi.org/10.1080/10867651.2003.10487582; the triangles are
           those of `skimage.measure.marching_cubes`.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> mask = np.zeros((10, 10, 10), bool); mask[1:9, 1:9, 1:9] = True
    >>> len(surfaces.mask_to_surface(mask).faces)
    764
    """
    return labels_to_surface(mask.astype(np.int32), closed=closed, spacing=spacing)


@operation(version=2)
def label_to_surface(
    labels: Labels,
    *,
    label: Annotated[int, Range(1)] = 1,
    closed: bool = True,
    spacing: Spacing = 1.0,
) -> Surface:
    """Make a surface around one object.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background. A 2D image counts as one slice as thick as the
        finest voxel size.
    label : int
        Number of the object, 1 or more.
    closed : bool
        Close it at the border of the image. If False, it is open there, at the centres of the
        outermost voxels; a 2D image has no such surface.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    surface : Surface
        (vertices, faces, values): positions in physical units in the order (z, y, x),
        triangles with outward normals, and the label for each vertex. Empty if there is no
        such object.

    Raises
    ------
    TypeError, ValueError
        If the labels are not whole numbers from 0 up, or the image is empty; if a 2D image is
        to stay open.

    References
    ----------
    .. [1] Lewiner et al., "Efficient implementation of marching cubes' cases with
           topological guarantees", Journal of Graphics Tools 8 (2003), 1-15,
           https://doi.org/10.1080/10867651.2003.10487582; the triangles are
           those of `skimage.measure.marching_cubes`.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> labels = np.zeros((6, 6, 12), int); labels[2:4, 2:4, 2:4] = 3; labels[2:4, 2:4, 7:9] = 5
    >>> surface = surfaces.label_to_surface(labels, label=5)
    >>> float(surface.vertices[:, 2].min()), np.unique(surface.values).tolist()
    (6.5, [5])
    """
    return labels_to_surface(np.where(labels == label, labels, 0), closed=closed, spacing=spacing)


@operation(version=2)
def largest_label_to_surface(
    labels: Labels, *, closed: bool = True, spacing: Spacing = 1.0
) -> Surface:
    """Make a surface around the largest object.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background. A 2D image counts as one slice as thick as the
        finest voxel size.
    closed : bool
        Close it at the border of the image. If False, it is open there, at the centres of the
        outermost voxels; a 2D image has no such surface.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    surface : Surface
        (vertices, faces, values): positions in physical units in the order (z, y, x),
        triangles with outward normals, and the label for each vertex. Of several objects
        as large, the one with the smallest number. Empty without objects.

    Raises
    ------
    TypeError, ValueError
        If the labels are not whole numbers from 0 up, or the image is empty; if a 2D image is
        to stay open.

    References
    ----------
    .. [1] Lewiner et al., "Efficient implementation of marching cubes' cases with
           topological guarantees", Journal of Graphics Tools 8 (2003), 1-15,
           https://doi.org/10.1080/10867651.2003.10487582; the triangles are
           those of `skimage.measure.marching_cubes`.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> labels = np.zeros((6, 6, 12), int); labels[2:4, 2:4, 2:4] = 3; labels[2:4, 2:4, 6:9] = 5
    >>> np.unique(surfaces.largest_label_to_surface(labels).values).tolist()
    [5]
    """
    numbers, sizes = object_numbers.count_pixels(labels)
    numbers, sizes = numbers[numbers > 0], sizes[numbers > 0]
    largest = numbers[np.argmax(sizes)] if len(numbers) else 0
    return labels_to_surface(np.where(labels == largest, labels, 0), closed=closed, spacing=spacing)


@operation
def image_to_surface(
    image: Image,
    *,
    level: float | None = None,
    closed: bool = True,
    spacing: Spacing = 1.0,
) -> Surface:
    """Make the surface along which the intensities have a level.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities. A 2D image counts as one slice as thick as the finest voxel size.
    level : float, optional
        The level; what is brighter is inside. Without it, the middle between the
        intensities on both sides of Otsu's threshold.
    closed : bool
        Close the surface at the border of the image, half a voxel beyond the centres of
        the outermost ones. If False, it ends at those centres; a 2D image has no such
        surface.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    surface : Surface
        (vertices, faces, values): positions in physical units in the order (z, y, x),
        triangles with outward normals (from bright to dark), and 1 for each vertex. Empty
        if all of the image lies on one side of the level.

    Raises
    ------
    TypeError, ValueError
        If the image holds NaN or infinity, or is empty; if a 2D image is to stay open.

    See Also
    --------
    mask_to_surface : Does not look at how bright voxels are.

    References
    ----------
    .. [1] Lewiner et al., "Efficient implementation of marching cubes' cases with
           topological guarantees", Journal of Graphics Tools 8 (2003), 1-15,
           https://doi.org/10.1080/10867651.2003.10487582; computed by
           `skimage.measure.marching_cubes`.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> distance = np.sqrt(((np.indices((25, 25, 25)) - 12.0) ** 2).sum(axis=0))
    >>> surface = surfaces.image_to_surface(-distance, level=-8)
    >>> round(float(np.linalg.norm(surface.vertices - 12, axis=1).mean()), 1)
    8.0
    """
    from skimage.measure import marching_cubes

    from napari_delineate.thresholds.global_levels import global_level

    per_axis = np.atleast_1d(np.asarray(spacing, float))
    if image.ndim == 2:
        building_blocks.check_closed(closed)
        image, per_axis = image[np.newaxis], np.append(per_axis.min(), per_axis)
    none = Surface(np.zeros((0, 3)), np.zeros((0, 3), np.int64), np.zeros(0, np.int32))
    limit = level
    if limit is None and (found := global_level(image, "otsu")) is not None:
        # Between the darkest of what is brighter and the brightest of all else.
        limit = float(found) / 2 + float(image[image > found].min()) / 2
    low, high = float(image.min()), float(image.max())
    if limit is None or high <= limit or (not closed and (low > limit or min(image.shape) < 2)):
        return none
    # scikit-image computes with float32: the level lies at 0 and the farther end at 1. The
    # largest floats are halved before they are subtracted.
    reach = max(high / 2 - limit / 2, limit / 2 - low / 2)
    values = ((image.astype(np.float64) / 2 - limit / 2) / reach).astype(np.float32)
    if closed:
        values = _closed(values)
    # A voxel at just the level is outside.
    values[values == 0] = -np.finfo(np.float32).tiny
    vertices, faces, _, _ = marching_cubes(values, 0.0)
    surface = Surface(
        (vertices.astype(np.float64) - closed) * per_axis,
        faces[:, ::-1].astype(np.int64),
        np.ones(len(vertices), np.int32),
    )
    return building_blocks.without_folds(surface)


def _closed(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Surround differences to a level by others, so that the level lies halfway between."""
    padded = np.pad(values, 1, mode="edge")
    inner = (slice(1, -1),) * values.ndim
    outside = np.ones(padded.shape, bool)
    outside[inner] = False
    padded[outside] = -np.abs(padded[outside])
    return padded
