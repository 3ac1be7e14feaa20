"""Erode, dilate, open and close masks."""

from __future__ import annotations

from typing import Annotated

from napari_delineate import balls
from napari_delineate.declaration import operation
from napari_delineate.types import Length, Mask, Range, Spacing, length_in_units, voxels

__all__ = ["binary_erosion", "binary_dilation", "binary_opening", "binary_closing"]


@operation(locality=balls.halo, opencl=True)
def binary_erosion(
    mask: Mask, *, radius: Annotated[Length, Range(0)] = voxels(1), spacing: Spacing = 1.0
) -> Mask:
    """Shrink the foreground: remove what lies within a radius of the background.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) ndarray of bool or int
        Foreground; of integers, everything above 0.
    radius : float or Voxels
        Radius of the ball, in the units of `spacing` or as `voxels(n)`.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    eroded_mask : ndarray of bool, same shape
        Foreground pixels farther than the radius from all background pixels.

    Raises
    ------
    TypeError
        If the mask holds floats.
    ValueError
        If `radius` is negative, or the mask is empty.

    Notes
    -----
    What lies beyond the border of the image does not count as background. The radius
    costs no time: distances are computed once.

    References
    ----------
    .. [1] `skimage.morphology.isotropic_erosion`, whose results these are.
    .. [2] Soille, "Morphological Image Analysis", Springer (2003), chapter 3.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> postprocessing.binary_erosion(np.array([[0, 1, 1, 1, 0]]))
    array([[False, False,  True, False, False]])
    """
    return balls.eroded(mask, length_in_units(radius, spacing), spacing)


@operation(locality=balls.halo, opencl=True)
def binary_dilation(
    mask: Mask, *, radius: Annotated[Length, Range(0)] = voxels(1), spacing: Spacing = 1.0
) -> Mask:
    """Grow the foreground: add what lies within a radius of it.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) ndarray of bool or int
        Foreground; of integers, everything above 0.
    radius : float or Voxels
        Radius of the ball, in the units of `spacing` or as `voxels(n)`.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    dilated_mask : ndarray of bool, same shape
        Pixels no farther than the radius from a foreground pixel.

    Raises
    ------
    TypeError
        If the mask holds floats.
    ValueError
        If `radius` is negative, or the mask is empty.

    See Also
    --------
    expand_labels : Grows labelled objects without joining them.

    References
    ----------
    .. [1] `skimage.morphology.isotropic_dilation`, whose results these are.
    .. [2] Soille, "Morphological Image Analysis", Springer (2003), chapter 3.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> postprocessing.binary_dilation(np.array([[0, 0, 1, 0, 0]]))
    array([[False,  True,  True,  True, False]])
    """
    return balls.dilated(mask, length_in_units(radius, spacing), spacing)


@operation(locality=balls.halo_of_two, opencl=True)
def binary_opening(
    mask: Mask, *, radius: Annotated[Length, Range(0)] = voxels(1), spacing: Spacing = 1.0
) -> Mask:
    """Remove specks and thin parts: keep what a ball covers that fits into the foreground.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) ndarray of bool or int
        Foreground; of integers, everything above 0.
    radius : float or Voxels
        Radius of the ball, in the units of `spacing` or as `voxels(n)`.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    opened_mask : ndarray of bool, same shape
        The foreground eroded, then dilated.

    Raises
    ------
    TypeError
        If the mask holds floats.
    ValueError
        If `radius` is negative, or the mask is empty.

    Notes
    -----
    At the border of the image, the part of a ball that lies inside must fit.

    References
    ----------
    .. [1] `skimage.morphology.isotropic_opening`, whose results these are.
    .. [2] Soille, "Morphological Image Analysis", Springer (2003), chapter 4.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> postprocessing.binary_opening(np.array([[0, 1, 0, 0, 1, 1, 1, 0]])).astype(int)
    array([[0, 0, 0, 0, 1, 1, 1, 0]])
    """
    reach = length_in_units(radius, spacing)
    return balls.dilated(balls.eroded(mask, reach, spacing), reach, spacing)


@operation(locality=balls.halo_of_two, opencl=True)
def binary_closing(
    mask: Mask, *, radius: Annotated[Length, Range(0)] = voxels(1), spacing: Spacing = 1.0
) -> Mask:
    """Close gaps and narrow bays: fill what no ball reaches from the background.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) ndarray of bool or int
        Foreground; of integers, everything above 0.
    radius : float or Voxels
        Radius of the ball, in the units of `spacing` or as `voxels(n)`.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    closed_mask : ndarray of bool, same shape
        The foreground dilated, then eroded.

    Raises
    ------
    TypeError
        If the mask holds floats.
    ValueError
        If `radius` is negative, or the mask is empty.

    Notes
    -----
    At the border of the image, the part of a ball that lies inside must fit.

    References
    ----------
    .. [1] `skimage.morphology.isotropic_closing`, whose results these are.
    .. [2] Soille, "Morphological Image Analysis", Springer (2003), chapter 4.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> postprocessing.binary_closing(np.array([[1, 1, 0, 1, 0, 0, 0, 1]])).astype(int)
    array([[1, 1, 1, 1, 0, 0, 0, 1]])
    """
    reach = length_in_units(radius, spacing)
    return balls.eroded(balls.dilated(mask, reach, spacing), reach, spacing)
