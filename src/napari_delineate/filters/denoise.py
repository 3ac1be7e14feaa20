"""Remove noise by averaging over a neighbourhood."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np

from napari_delineate import building_blocks
from napari_delineate.declaration import operation
from napari_delineate.types import Image, Length, Range, Spacing, length_per_axis, voxels

__all__ = ["gaussian", "median"]


def _gaussian_halo(*, spacing: Any, sigma: Length) -> tuple[int, ...]:
    return building_blocks.gaussian_halo(length_per_axis(sigma, spacing))


@operation(locality=_gaussian_halo, opencl=True)
def gaussian(
    image: Image,
    *,
    sigma: Annotated[Length, Range(0)] = voxels(2),
    spacing: Spacing = 1.0,
) -> Image:
    """Blur an image with a Gaussian.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype. Integers are scaled to 0..1 (uint8 is divided by
        255, uint16 by 65535), as scikit-image does; floats keep their range.
    sigma : float or Voxels
        Standard deviation of the Gaussian, the same physical length along every axis, in
        the units of `spacing` or as `voxels(n)`. 0 leaves the image as it is.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    blurred : ndarray of float, same shape
        The blurred image. float32 stays float32, all else becomes float64.

    Raises
    ------
    ValueError
        If `sigma` is negative, or the image is empty or holds NaN or infinity.

    See Also
    --------
    median : Keeps edges sharper.

    Notes
    -----
    Beyond its borders the image continues with the nearest pixel; the Gaussian ends at
    four sigmas. The OpenCL version computes in float32: it agrees to about 1e-6 of the
    largest value.

    References
    ----------
    .. [1] `skimage.filters.gaussian`, whose results these are, to the last digit.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.zeros((5, 5)); image[2, 2] = 1
    >>> float(filters.gaussian(image, sigma=1)[2, 2].round(3))
    0.159
    """
    return building_blocks.gaussian(image, length_per_axis(sigma, spacing))


def _median_halo(*, spacing: Any, radius: Length, **_: Any) -> tuple[int, ...]:
    return tuple(int(entry + 1e-9) for entry in length_per_axis(radius, spacing))


@operation(locality=_median_halo)
def median(
    image: Image,
    *,
    radius: Annotated[Length, Range(0)] = voxels(1),
    shape: Literal["ball", "box"] = "ball",
    spacing: Spacing = 1.0,
) -> Image:
    """Replace every pixel by the median of its neighbourhood.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    radius : float or Voxels
        Distance from the centre of the neighbourhood to its edge, in the units of
        `spacing` or as `voxels(n)`. Below one voxel along an axis, only that slice counts.
    shape : {"ball", "box"}
        Shape of the neighbourhood: a disk or ball, or a square or cube.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    denoised : ndarray, same shape and dtype
        The denoised image; float16 becomes float32.

    Raises
    ------
    ValueError
        If `radius` is negative or far beyond the size of the image, or the image is empty
        or holds NaN or infinity.

    See Also
    --------
    gaussian : Faster, but blurs edges.

    References
    ----------
    .. [1] `scipy.ndimage.median_filter`, which computes it (mode "reflect").

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.zeros((5, 5), np.uint8); image[2, 2] = 255
    >>> int(filters.median(image).max())
    0
    """
    from scipy import ndimage

    per_axis = building_blocks.radius_per_axis(radius, spacing, image.shape)
    footprint = building_blocks.offsets_within(per_axis, shape)
    pixels = image.view(np.uint8) if image.dtype == bool else image
    return np.asarray(ndimage.median_filter(pixels, footprint=footprint), image.dtype)
