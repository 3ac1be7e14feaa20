"""Shrink, grow, smooth or fill what is bright, by the shape of its neighbourhood."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks
from napari_delineate.declaration import operation
from napari_delineate.halos import opening_halo, window_halo
from napari_delineate.types import (
    Image,
    Length,
    Range,
    Spacing,
    voxels,
)

__all__ = [
    "erosion",
    "dilation",
    "opening",
    "closing",
    "morphological_gradient",
]

_Radius = Annotated[Length, Range(0)]
_Shape = Literal["ball", "box"]


@operation(locality=window_halo, opencl=True)
def erosion(
    image: Image,
    *,
    radius: _Radius = voxels(1),
    shape: _Shape = "ball",
    spacing: Spacing = 1.0,
) -> Image:
    """Replace every pixel by the minimum of its neighbourhood, which shrinks what is bright.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    radius : float or Voxels
        Distance from the centre of the neighbourhood to its edge, in the units of
        `spacing` or as `voxels(n)`.
    shape : {"ball", "box"}
        Shape of the neighbourhood: a disk or ball, or a square or cube.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    eroded : ndarray, same shape and dtype
        The minima; float16 becomes float32.

    Raises
    ------
    ValueError
        If `radius` is negative or far beyond the size of the image, or the image is empty
        or holds NaN or infinity.

    Notes
    -----
    Beyond its borders the image is reflected.

    References
    ----------
    .. [1] `scipy.ndimage.grey_erosion`, whose results these are.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> filters.erosion(np.array([[9, 9, 2, 9]])).tolist()
    [[9, 2, 2, 2]]
    """
    return extremum(image, radius, shape, spacing, "minimum")


@operation(locality=window_halo, opencl=True)
def dilation(
    image: Image,
    *,
    radius: _Radius = voxels(1),
    shape: _Shape = "ball",
    spacing: Spacing = 1.0,
) -> Image:
    """Replace every pixel by the maximum of its neighbourhood, which grows what is bright.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    radius : float or Voxels
        Distance from the centre of the neighbourhood to its edge, in the units of
        `spacing` or as `voxels(n)`.
    shape : {"ball", "box"}
        Shape of the neighbourhood: a disk or ball, or a square or cube.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    dilated : ndarray, same shape and dtype
        The maxima; float16 becomes float32.

    Raises
    ------
    ValueError
        If `radius` is negative or far beyond the size of the image, or the image is empty
        or holds NaN or infinity.

    Notes
    -----
    Beyond its borders the image is reflected.

    References
    ----------
    .. [1] `scipy.ndimage.grey_dilation`, whose results these are.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> filters.dilation(np.array([[0, 0, 7, 0]])).tolist()
    [[0, 7, 7, 7]]
    """
    return extremum(image, radius, shape, spacing, "maximum")


@operation(locality=opening_halo, opencl=True)
def opening(
    image: Image,
    *,
    radius: _Radius = voxels(1),
    shape: _Shape = "ball",
    spacing: Spacing = 1.0,
) -> Image:
    """Remove what is bright and narrower than a ball: an erosion, then a dilation.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    radius : float or Voxels
        Distance from the centre of the neighbourhood to its edge, in the units of
        `spacing` or as `voxels(n)`.
    shape : {"ball", "box"}
        Shape of the neighbourhood: a disk or ball, or a square or cube.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    opened : ndarray, same shape and dtype
        The opening, nowhere above the image; float16 becomes float32.

    Raises
    ------
    ValueError
        If `radius` is negative or far beyond the size of the image, or the image is empty
        or holds NaN or infinity.

    See Also
    --------
    opening_by_reconstruction : Keeps the outlines of what stays.
    white_tophat : Keeps what an opening removes.

    Notes
    -----
    Beyond its borders the image is reflected.

    References
    ----------
    .. [1] `scipy.ndimage.grey_opening`, whose results these are.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> filters.opening(np.array([[0, 9, 0, 0, 5, 5, 5, 0, 0]])).tolist()
    [[0, 0, 0, 0, 5, 5, 5, 0, 0]]
    """
    return _both(image, radius, shape, spacing, "minimum", "maximum")


@operation(locality=opening_halo, opencl=True)
def closing(
    image: Image,
    *,
    radius: _Radius = voxels(1),
    shape: _Shape = "ball",
    spacing: Spacing = 1.0,
) -> Image:
    """Fill what is dark and narrower than a ball: a dilation, then an erosion.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    radius : float or Voxels
        Distance from the centre of the neighbourhood to its edge, in the units of
        `spacing` or as `voxels(n)`.
    shape : {"ball", "box"}
        Shape of the neighbourhood: a disk or ball, or a square or cube.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    closed : ndarray, same shape and dtype
        The closing, nowhere below the image; float16 becomes float32.

    Raises
    ------
    ValueError
        If `radius` is negative or far beyond the size of the image, or the image is empty
        or holds NaN or infinity.

    See Also
    --------
    closing_by_reconstruction : Keeps the outlines of what stays.
    black_tophat : Keeps what a closing fills.

    Notes
    -----
    Beyond its borders the image is reflected.

    References
    ----------
    .. [1] `scipy.ndimage.grey_closing`, whose results these are.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> filters.closing(np.array([[9, 0, 9, 9, 4, 4, 4, 9, 9]])).tolist()
    [[9, 9, 9, 9, 4, 4, 4, 9, 9]]
    """
    return _both(image, radius, shape, spacing, "maximum", "minimum")


@operation(locality=window_halo, opencl=True)
def morphological_gradient(
    image: Image,
    *,
    radius: _Radius = voxels(1),
    shape: _Shape = "ball",
    spacing: Spacing = 1.0,
) -> Image:
    """Show edges: the difference between the maximum and the minimum of each neighbourhood.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    radius : float or Voxels
        Distance from the centre of the neighbourhood to its edge, in the units of
        `spacing` or as `voxels(n)`; edges are twice as thick.
    shape : {"ball", "box"}
        Shape of the neighbourhood: a disk or ball, or a square or cube.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    gradient : ndarray, same shape
        The differences, from 0 up. The dtype stays, but that of signed integers becomes
        unsigned, because differences may be twice as large; float16 becomes float32.

    Raises
    ------
    ValueError
        If `radius` is negative or far beyond the size of the image, or the image is empty
        or holds NaN, infinity or numbers too large to subtract.

    Notes
    -----
    Beyond its borders the image is reflected.

    References
    ----------
    .. [1] Rivest, Soille and Beucher, "Morphological gradients", Journal of Electronic
           Imaging 2 (1993), 326-336, https://doi.org/10.1117/12.159642
    .. [2] `scipy.ndimage.morphological_gradient`, whose results these are.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> filters.morphological_gradient(np.array([[2, 2, 2, 9, 9, 9]])).tolist()
    [[0, 0, 7, 7, 0, 0]]
    """
    high = extremum(image, radius, shape, spacing, "maximum")
    low = extremum(image, radius, shape, spacing, "minimum")
    if image.dtype == bool:
        return np.asarray(high ^ low)
    if image.dtype.kind == "i":
        # Bit by bit, the difference of signed integers is that of unsigned ones.
        unsigned = np.dtype(f"u{image.dtype.itemsize}")
        return np.asarray(high.view(unsigned) - low.view(unsigned))
    return building_blocks.difference(high, low)


def extremum(
    image: NDArray[Any],
    radius: Length,
    shape: _Shape,
    spacing: Spacing,
    extremum: Literal["minimum", "maximum"],
) -> NDArray[Any]:
    """Return the minimum or maximum around every pixel, within a physical radius."""
    per_axis = building_blocks.radius_per_axis(radius, spacing, image.shape)
    return building_blocks.flat_extremum(image, per_axis, shape, extremum)


def _both(
    image: NDArray[Any],
    radius: Length,
    shape: _Shape,
    spacing: Spacing,
    first: Literal["minimum", "maximum"],
    second: Literal["minimum", "maximum"],
) -> NDArray[Any]:
    return extremum(extremum(image, radius, shape, spacing, first), radius, shape, spacing, second)
