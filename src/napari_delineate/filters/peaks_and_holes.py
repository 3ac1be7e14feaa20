"""Remove or fill bright and dark regions whose outlines then stay, by size, height or reach."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks
from napari_delineate.declaration import operation
from napari_delineate.filters.morphology import extremum
from napari_delineate.types import Image, Length, Range, Size, Spacing, size_in_units, voxels

__all__ = [
    "opening_by_reconstruction",
    "closing_by_reconstruction",
    "area_opening",
    "area_closing",
    "h_maxima_transform",
    "h_minima_transform",
    "fill_dark_holes",
    "reconstruction",
]

_Radius = Annotated[Length, Range(0)]
_Shape = Literal["ball", "box"]
_Connectivity = Literal["full", "face"]


@operation
def opening_by_reconstruction(
    image: Image,
    *,
    radius: _Radius = voxels(5),
    shape: _Shape = "ball",
    connectivity: _Connectivity = "full",
    spacing: Spacing = 1.0,
) -> Image:
    """Remove what is bright and narrower than a ball, and keep all else in its exact shape.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    radius : float or Voxels
        Radius of the erosion that the reconstruction begins with, in the units of
        `spacing` or as `voxels(n)`.
    shape : {"ball", "box"}
        Shape of the erosion: a disk or ball, or a square or cube.
    connectivity : {"full", "face"}
        Whether pixels are neighbours that share only an edge or a corner, or only those
        that share a face.
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
    opening : Rounds off what it keeps.

    References
    ----------
    .. [1] Vincent, "Morphological grayscale reconstruction in image analysis", IEEE
           Transactions on Image Processing 2 (1993), 176-201,
           https://doi.org/10.1109/83.217222

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.array([[0, 9, 0, 5, 5, 6, 5, 0]])
    >>> filters.opening_by_reconstruction(image, radius=1).tolist()
    [[0, 0, 0, 5, 5, 5, 5, 0]]
    """
    eroded = extremum(image, radius, shape, spacing, "minimum")
    return building_blocks.reconstructed(eroded, image, connectivity)


@operation
def closing_by_reconstruction(
    image: Image,
    *,
    radius: _Radius = voxels(5),
    shape: _Shape = "ball",
    connectivity: _Connectivity = "full",
    spacing: Spacing = 1.0,
) -> Image:
    """Fill what is dark and narrower than a ball, and keep all else in its exact shape.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    radius : float or Voxels
        Radius of the dilation that the reconstruction begins with, in the units of
        `spacing` or as `voxels(n)`.
    shape : {"ball", "box"}
        Shape of the dilation: a disk or ball, or a square or cube.
    connectivity : {"full", "face"}
        Whether pixels are neighbours that share only an edge or a corner, or only those
        that share a face.
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
    closing : Rounds off what it keeps.

    References
    ----------
    .. [1] Vincent, "Morphological grayscale reconstruction in image analysis", IEEE
           Transactions on Image Processing 2 (1993), 176-201,
           https://doi.org/10.1109/83.217222

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.array([[9, 0, 9, 4, 4, 3, 4, 9]])
    >>> filters.closing_by_reconstruction(image, radius=1).tolist()
    [[9, 9, 9, 4, 4, 4, 4, 9]]
    """
    dilated = extremum(image, radius, shape, spacing, "maximum")
    return building_blocks.reconstructed(dilated, image, connectivity, "erosion")


@operation
def area_opening(
    image: Image,
    *,
    min_size: Annotated[Size, Range(0)] = voxels(64),
    connectivity: _Connectivity = "full",
    spacing: Spacing = 1.0,
) -> Image:
    """Remove bright regions that are small, whatever their shape.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    min_size : float or Voxels
        Area or volume that a region must have to keep its brightness, in units of
        `spacing` to the power of the axes or as `voxels(n)`.
    connectivity : {"full", "face"}
        Whether pixels are neighbours that share only an edge or a corner, or only those
        that share a face.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    opened : ndarray, same shape and dtype
        The image, in which every region of pixels at or above any intensity has at least
        that size; float16 becomes float32.

    Raises
    ------
    ValueError
        If `min_size` is negative, or the image is empty or holds NaN or infinity.

    References
    ----------
    .. [1] Meijster and Wilkinson, "A comparison of algorithms for connected set openings
           and closings", IEEE Transactions on Pattern Analysis and Machine Intelligence 24
           (2002), 484-494, https://doi.org/10.1109/34.993556
    .. [2] `skimage.morphology.area_opening`, whose results these are.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> filters.area_opening(np.array([[0, 9, 0, 5, 5, 6, 5, 0]]), min_size=3).tolist()
    [[0, 0, 0, 5, 5, 5, 5, 0]]
    """
    return _opened_by_area(image, min_size, spacing, connectivity)


@operation
def area_closing(
    image: Image,
    *,
    min_size: Annotated[Size, Range(0)] = voxels(64),
    connectivity: _Connectivity = "full",
    spacing: Spacing = 1.0,
) -> Image:
    """Fill dark regions that are small, whatever their shape.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    min_size : float or Voxels
        Area or volume that a region must have to stay dark, in units of `spacing` to the
        power of the axes or as `voxels(n)`.
    connectivity : {"full", "face"}
        Whether pixels are neighbours that share only an edge or a corner, or only those
        that share a face.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    closed : ndarray, same shape and dtype
        The image, in which every region of pixels at or below any intensity has at least
        that size; float16 becomes float32.

    Raises
    ------
    ValueError
        If `min_size` is negative, or the image is empty or holds NaN or infinity.

    References
    ----------
    .. [1] Meijster and Wilkinson, "A comparison of algorithms for connected set openings
           and closings", IEEE Transactions on Pattern Analysis and Machine Intelligence 24
           (2002), 484-494, https://doi.org/10.1109/34.993556
    .. [2] `skimage.morphology.area_closing`, whose results these are.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> filters.area_closing(np.array([[9, 0, 9, 4, 4, 3, 4, 9]]), min_size=3).tolist()
    [[9, 9, 9, 4, 4, 4, 4, 9]]
    """
    return _upside_down(_opened_by_area, image, min_size, spacing, connectivity)


@operation
def h_maxima_transform(
    image: Image,
    *,
    height: Annotated[float, Range(0)] = 10.0,
    connectivity: _Connectivity = "full",
) -> Image:
    """Level peaks that rise less than some height above their surroundings.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    height : float
        How much a peak must rise above the highest saddle to a higher peak, in
        intensities; of it, the whole part counts for integers. Higher peaks are lowered by
        as much.
    connectivity : {"full", "face"}
        Whether pixels are neighbours that share only an edge or a corner, or only those
        that share a face.

    Returns
    -------
    levelled : ndarray, same shape and dtype
        The image, nowhere higher and nowhere below its own minimum; float16 becomes
        float32.

    Raises
    ------
    ValueError
        If `height` is negative, or the image is empty or holds NaN or infinity.

    References
    ----------
    .. [1] Soille, "Morphological image analysis", 2nd edition (Springer 2003), section
           6.3.4.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.array([[0, 30, 20, 25, 0]])
    >>> filters.h_maxima_transform(image, height=10, connectivity="face").tolist()
    [[0, 20, 20, 20, 0]]
    """
    return _levelled(image, height, connectivity)


@operation
def h_minima_transform(
    image: Image,
    *,
    height: Annotated[float, Range(0)] = 10.0,
    connectivity: _Connectivity = "full",
) -> Image:
    """Fill basins that are less deep than some height, for instance before a watershed.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    height : float
        How deep a basin must be below the lowest saddle to a deeper one, in intensities;
        of it, the whole part counts for integers. Deeper basins are filled by as much.
    connectivity : {"full", "face"}
        Whether pixels are neighbours that share only an edge or a corner, or only those
        that share a face.

    Returns
    -------
    filled : ndarray, same shape and dtype
        The image, nowhere lower and nowhere above its own maximum; float16 becomes
        float32.

    Raises
    ------
    ValueError
        If `height` is negative, or the image is empty or holds NaN or infinity.

    References
    ----------
    .. [1] Soille, "Morphological image analysis", 2nd edition (Springer 2003), section
           6.3.4.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.array([[40, 10, 20, 15, 40]])
    >>> filters.h_minima_transform(image, height=10, connectivity="face").tolist()
    [[40, 20, 20, 20, 40]]
    """
    return _upside_down(_levelled, image, height, connectivity)


@operation
def fill_dark_holes(image: Image, *, connectivity: _Connectivity = "face") -> Image:
    """Fill dark regions that no path at their level connects with the border of the image.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    connectivity : {"full", "face"}
        Whether a path may lead over pixels that share only an edge or a corner, or only
        over those that share a face.

    Returns
    -------
    filled : ndarray, same shape and dtype
        The image, in which holes are as bright as the lowest point of their rim; float16
        becomes float32.

    Raises
    ------
    ValueError
        If the image is empty or holds NaN or infinity.

    Notes
    -----
    A 3D image of one slice has holes only where the slice has them.

    References
    ----------
    .. [1] Soille, "Morphological image analysis", 2nd edition (Springer 2003), section
           6.3.7.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> ring = np.full((5, 5), 2); ring[1:4, 1:4] = 8; ring[2, 2] = 0
    >>> int(filters.fill_dark_holes(ring)[2, 2])
    8
    """
    inside = tuple(slice(1, -1) if size > 1 else slice(None) for size in image.shape)
    seed = image.copy()
    seed[inside] = image.max()
    return building_blocks.reconstructed(seed, image, connectivity, "erosion")


@operation
def reconstruction(
    seed: Image,
    limit: Image,
    *,
    method: Literal["dilation", "erosion"] = "dilation",
    connectivity: _Connectivity = "full",
) -> Image:
    """Let the intensities of one image spread, as far as another one allows.

    Parameters
    ----------
    seed : (Y, X) or (Z, Y, X) ndarray
        Intensities that spread. Where they are beyond the limit, the limit counts.
    limit : ndarray, same shape
        Intensities that the result does not exceed ("dilation") or fall below ("erosion").
    method : {"dilation", "erosion"}
        Whether bright or dark intensities spread.
    connectivity : {"full", "face"}
        Whether pixels are neighbours that share only an edge or a corner, or only those
        that share a face.

    Returns
    -------
    reconstructed : ndarray, same shape
        The reconstruction, of the common dtype of both images in numpy.

    Raises
    ------
    ValueError
        If the images have different shapes, or one is empty or holds NaN or infinity.

    References
    ----------
    .. [1] Vincent, "Morphological grayscale reconstruction in image analysis", IEEE
           Transactions on Image Processing 2 (1993), 176-201,
           https://doi.org/10.1109/83.217222
    .. [2] `skimage.morphology.reconstruction`, whose results these are.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> seed = np.array([[0, 4, 0, 0, 0, 0]])
    >>> filters.reconstruction(seed, np.array([[1, 5, 6, 0, 7, 7]])).tolist()
    [[1, 4, 4, 0, 0, 0]]
    """
    dtype = np.result_type(seed, limit)
    seed, limit = seed.astype(dtype, copy=False), limit.astype(dtype, copy=False)
    return building_blocks.reconstructed(seed, limit, connectivity, method)


def _upside_down(
    function: Callable[..., NDArray[Any]], image: NDArray[Any], *settings: Any
) -> NDArray[Any]:
    """Return what a function does to bright things, done to dark ones."""
    return building_blocks.turned(function(building_blocks.turned(image), *settings))


def _levelled(image: NDArray[Any], height: float, connectivity: _Connectivity) -> NDArray[Any]:
    low = image.min()
    if image.dtype == bool:
        return image & low if height >= 1 else image.copy()
    if image.dtype.kind == "f":
        with np.errstate(over="ignore"):
            lower = np.maximum(
                image - image.dtype.type(min(height, np.finfo(image.dtype).max)), low
            )
    else:
        # What would fall below the minimum becomes the minimum, so that nothing wraps.
        # Counted from it, all are unsigned: bit by bit, their difference is that of signed ones.
        unsigned = np.dtype(f"u{image.dtype.itemsize}")
        above = image.view(unsigned) - low.view(unsigned)
        step = unsigned.type(min(int(height), int(image.max()) - int(low)))
        lower = (np.maximum(above, step) - step + low.view(unsigned)).view(image.dtype)
    return building_blocks.reconstructed(lower, image, connectivity)


def _opened_by_area(
    image: NDArray[Any], min_size: Size, spacing: Spacing, connectivity: _Connectivity
) -> NDArray[Any]:
    from napari_delineate.kernels.area_opening import open_by_area

    voxels_wanted = size_in_units(min_size, spacing) / float(np.prod(spacing))
    # No region has more voxels than the image; a size may be too large for an integer.
    wanted = min(voxels_wanted * (1 - building_blocks.ROUNDING), float(image.size))
    if wanted <= 1:
        return image.copy()
    return open_by_area(image, math.ceil(wanted), connectivity == "full")
