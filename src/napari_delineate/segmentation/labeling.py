"""Find objects that are brighter than the background."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import numpy as np

from napari_delineate import building_blocks
from napari_delineate.declaration import operation
from napari_delineate.types import (
    Image,
    Labels,
    Length,
    Mask,
    Range,
    Spacing,
    length_per_axis,
    voxels,
)

__all__ = [
    "label_connected_components",
    "gauss_otsu_labeling",
    "voronoi_otsu_labeling",
    "voronoi_labeling",
]


@operation(opencl=True)
def label_connected_components(
    mask: Mask, *, connectivity: Literal["full", "face"] = "full"
) -> Labels:
    """Give each group of connected foreground pixels its own number.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) ndarray of bool or int
        Foreground; of integers, everything above 0.
    connectivity : {"full", "face"}
        Which neighbours are connected: all, also over corners (8 in 2D, 26 in 3D), or
        those that share an edge in 2D or a face in 3D (4 and 6).

    Returns
    -------
    labels : ndarray of int32, same shape
        0 for background, objects numbered from 1 in the order in which a scan along the
        rows meets them.

    Raises
    ------
    TypeError
        If the mask holds floats.
    ValueError
        If `connectivity` is unknown or the mask is empty.

    Notes
    -----
    The OpenCL version finds the same objects; its numbers may differ.

    References
    ----------
    .. [1] Wu, Otoo and Suzuki, "Optimizing two-pass connected-component labeling
           algorithms", Pattern Analysis and Applications 12 (2009), 117-135,
           https://doi.org/10.1007/s10044-008-0109-y; computed by connected-components-3d.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> segmentation.label_connected_components(np.array([[1, 0, 1], [1, 0, 0]]))
    array([[1, 0, 2],
           [1, 0, 0]], dtype=int32)
    """
    return building_blocks.connected_components(mask, connectivity)


@operation(opencl=True)
def gauss_otsu_labeling(
    image: Image,
    *,
    outline_sigma: Annotated[Length, Range(0)] = voxels(2),
    spacing: Spacing = 1.0,
) -> Labels:
    """Blur, threshold after Otsu, and number the connected pixels.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype; objects are bright and do not touch.
    outline_sigma : float or Voxels
        Sigma of the Gaussian: larger values give smoother outlines and join fragments. In
        the units of `spacing` or as `voxels(n)`.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    labels : ndarray of int32, same shape
        0 for background, objects numbered from 1.

    Raises
    ------
    ValueError
        If `outline_sigma` is negative, or the image is empty or holds NaN or infinity.

    See Also
    --------
    voronoi_otsu_labeling : Also splits objects that touch.

    Notes
    -----
    The OpenCL version blurs with rounding to float32, which may decide about pixels at the
    threshold; its numbers may differ.

    References
    ----------
    .. [1] Otsu, "A threshold selection method from gray-level histograms", IEEE
           Transactions on Systems, Man, and Cybernetics 9 (1979), 62-66,
           https://doi.org/10.1109/TSMC.1979.4310076

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> image = np.zeros((20, 20)); image[2:8, 2:8] = image[12:18, 12:18] = 1
    >>> int(segmentation.gauss_otsu_labeling(image, outline_sigma=1).max())
    2
    """
    blurred = building_blocks.gaussian(image, length_per_axis(outline_sigma, spacing))
    return building_blocks.connected_components(building_blocks.above_otsu(blurred))


@operation(version=2, opencl=True)
def voronoi_otsu_labeling(
    image: Image,
    *,
    spot_sigma: Annotated[Length, Range(0)] = voxels(2),
    outline_sigma: Annotated[Length, Range(0)] = voxels(2),
    spacing: Spacing = 1.0,
) -> Labels:
    """Find blob-like objects such as nuclei and split those that touch.

    The brightest points of the image blurred with `spot_sigma` become seeds, one per
    object. The foreground is what exceeds Otsu's threshold in the image blurred with
    `outline_sigma`. Each foreground pixel then belongs to the seed that reaches it first.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype; objects are bright.
    spot_sigma : float or Voxels
        Sigma of the Gaussian before the seeds are searched, about a third of the radius of
        an object: larger values give fewer objects. In the units of `spacing` or as
        `voxels(n)`.
    outline_sigma : float or Voxels
        Sigma of the Gaussian before the threshold: larger values give smoother outlines.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    labels : ndarray of int32, same shape
        0 for background, objects numbered from 1.

    Raises
    ------
    ValueError
        If a sigma is negative, or the image is empty or holds NaN or infinity.

    See Also
    --------
    gauss_otsu_labeling : For objects that do not touch.

    Notes
    -----
    On isotropic voxels the seeds are flooded pixel by pixel, on anisotropic ones by
    physical distance; axes of one pixel do not count. Foreground without a seed, which only large sigmas leave, stays
    background. The OpenCL version finds the same objects; on isotropic voxels it grows
    octagons, so the borders between touching ones lie up to a few pixels apart, and on
    anisotropic ones it floods on the CPU.

    References
    ----------
    .. [1] Haase et al., "CLIJ: GPU-accelerated image processing for everyone", Nature
           Methods 17 (2020), 5-6, https://doi.org/10.1038/s41592-019-0650-1

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> y, x = np.ogrid[:40, :40]
    >>> image = np.exp(-((y - 20)**2 + (x - 13)**2) / 50) + np.exp(-((y - 20)**2 + (x - 27)**2) / 50)
    >>> int(segmentation.voronoi_otsu_labeling(image).max())
    2
    """  # noqa: E501
    from skimage.morphology import local_maxima

    spots = building_blocks.gaussian(image, length_per_axis(spot_sigma, spacing))
    outline = building_blocks.gaussian(image, length_per_axis(outline_sigma, spacing))
    mask = building_blocks.above_otsu(outline)
    seeds = building_blocks.connected_components(local_maxima(spots) & mask)
    return building_blocks.flood(seeds, mask, spacing)


class Voronoi(NamedTuple):
    """Hold the plane or space divided by `voronoi_labeling`."""

    zones: Labels
    lines: Mask


@operation
def voronoi_labeling(labels: Labels, *, spacing: Spacing = 1.0) -> Voronoi:
    """Divide an image into the zones that are nearest to each object, by lines between them.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    zones : ndarray of int32 or int64, same shape
        The label of the nearest object for every pixel; all 0 if there is none.
    lines : ndarray of bool, same shape
        True on background pixels where one zone borders on the next: lines (in 3D walls)
        one pixel wide that are equally far from two objects.

    Raises
    ------
    TypeError, ValueError
        If the labels are not whole numbers from 0 up, or the image is empty.

    Notes
    -----
    ImageJ's Voronoi gives the lines of a mask's connected components.

    References
    ----------
    .. [1] Aurenhammer, "Voronoi diagrams: a survey of a fundamental geometric data
           structure", ACM Computing Surveys 23 (1991), 345-405,
           https://doi.org/10.1145/116873.116880

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> found = segmentation.voronoi_labeling(np.array([[1, 0, 0, 0, 0, 2]] * 2))
    >>> found.zones[0], found.lines[0]
    (array([1, 1, 1, 2, 2, 2], dtype=int32), array([False, False,  True, False, False, False]))
    """
    zones = building_blocks.expanded(labels, building_blocks.diagonal(labels, spacing), spacing)
    lines = np.zeros(zones.shape, bool)
    background = labels == 0
    for axis in range(zones.ndim):
        before = tuple(slice(None, -1) if i == axis else slice(None) for i in range(zones.ndim))
        after = tuple(slice(1, None) if i == axis else slice(None) for i in range(zones.ndim))
        differ = zones[before] != zones[after]
        lines[before] |= differ & background[before]
        # Where an object reaches the middle, the line runs beside it.
        lines[after] |= differ & ~background[before] & background[after]
    return Voronoi(zones, lines)
