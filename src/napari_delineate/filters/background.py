"""Remove the background: uneven light, haze, signal from other planes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks
from napari_delineate.declaration import operation
from napari_delineate.halos import opening_halo
from napari_delineate.types import Image, Length, Range, Spacing, length_per_axis, voxels

__all__ = [
    "white_tophat",
    "black_tophat",
    "tophat_by_reconstruction",
    "subtract_background",
    "subtract_paraboloid",
    "difference_of_gaussians",
]

_EXACT = 2**53
"""Up to here every whole number is a float64."""


@operation(locality=opening_halo, opencl=True)
def white_tophat(
    image: Image,
    *,
    radius: Annotated[Length, Range(0)] = voxels(10),
    shape: Literal["ball", "box"] = "ball",
    spacing: Spacing = 1.0,
) -> Image:
    """Keep what is bright and narrower than a ball, remove everything wider.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    radius : float or Voxels
        Distance from the centre of the structuring element to its edge, somewhat more
        than the radius of the largest object, in the units of `spacing` or `voxels(n)`.
    shape : {"ball", "box"}
        Shape of the structuring element: a disk or ball, or a square or cube.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    foreground : ndarray, same shape and dtype
        The image minus its opening; float16 becomes float32.

    Raises
    ------
    ValueError
        If `radius` is negative or far beyond the size of the image, or the image is empty
        or holds NaN, infinity or numbers too large to subtract.

    See Also
    --------
    subtract_background : Follows smooth backgrounds more closely, much slower in 3D.

    Notes
    -----
    Beyond its borders the image is reflected. Results equal those of
    `scipy.ndimage.white_tophat` with the same footprint.

    References
    ----------
    .. [1] Meyer, "Contrast feature extraction", Practical Metallography special issue 8
           (1978), 374-380.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.full((30, 30), 50); image[10:13, 10:13] = 80
    >>> int(filters.white_tophat(image, radius=4).max())
    30
    """
    voxel_radius = building_blocks.radius_per_axis(radius, spacing, image.shape)
    eroded = building_blocks.flat_extremum(image, voxel_radius, shape, "minimum")
    opened = building_blocks.flat_extremum(eroded, voxel_radius, shape, "maximum")
    if image.dtype == bool:
        return np.asarray(image ^ opened)
    return building_blocks.difference(image, opened)


@operation(locality=opening_halo, opencl=True)
def black_tophat(
    image: Image,
    *,
    radius: Annotated[Length, Range(0)] = voxels(10),
    shape: Literal["ball", "box"] = "ball",
    spacing: Spacing = 1.0,
) -> Image:
    """Keep what is dark and narrower than a ball, as bright things on a dark background.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    radius : float or Voxels
        Distance from the centre of the structuring element to its edge, somewhat more
        than the radius of the largest object, in the units of `spacing` or `voxels(n)`.
    shape : {"ball", "box"}
        Shape of the structuring element: a disk or ball, or a square or cube.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    foreground : ndarray, same shape and dtype
        The closing of the image minus the image; float16 becomes float32.

    Raises
    ------
    ValueError
        If `radius` is negative or far beyond the size of the image, or the image is empty
        or holds NaN, infinity or numbers too large to subtract.

    Notes
    -----
    Beyond its borders the image is reflected. Results equal those of
    `scipy.ndimage.black_tophat` with the same footprint.

    References
    ----------
    .. [1] Meyer, "Contrast feature extraction", Practical Metallography special issue 8
           (1978), 374-380.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.full((30, 30), 80); image[10:13, 10:13] = 50
    >>> int(filters.black_tophat(image, radius=4).max())
    30
    """
    voxel_radius = building_blocks.radius_per_axis(radius, spacing, image.shape)
    dilated = building_blocks.flat_extremum(image, voxel_radius, shape, "maximum")
    closed = building_blocks.flat_extremum(dilated, voxel_radius, shape, "minimum")
    if image.dtype == bool:
        return np.asarray(image ^ closed)
    return building_blocks.difference(closed, image)


@operation
def tophat_by_reconstruction(
    image: Image,
    *,
    radius: Annotated[Length, Range(0)] = voxels(15),
    background: Literal["dark", "light"] = "dark",
    spacing: Spacing = 1.0,
) -> Image:
    """Subtract a background found by opening by reconstruction, which keeps flat ground flat.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    radius : float or Voxels
        Radius of the ball of the erosion that the reconstruction begins with, somewhat more
        than that of the largest object, in the units of `spacing` or as `voxels(n)`.
    background : {"dark", "light"}
        Whether objects are brighter or darker than the background.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    foreground : ndarray, same shape and dtype
        How much brighter than the background a pixel is, or how much darker than a light
        one, from 0 up; float16 becomes float32.

    Raises
    ------
    ValueError
        If `radius` is negative or far beyond the size of the image, or the image is empty
        or holds NaN, infinity or numbers too large to subtract.

    See Also
    --------
    white_tophat : Looks no farther than twice its radius, so that it fits parts of images.

    References
    ----------
    .. [1] Vincent, "Morphological grayscale reconstruction in image analysis", IEEE
           Transactions on Image Processing 2 (1993), 176-201,
           https://doi.org/10.1109/83.217222
    .. [2] Bankhead et al., "QuPath", Scientific Reports 7 (2017), 16878, whose cell
           detection finds backgrounds in this way,
           https://doi.org/10.1038/s41598-017-17204-5

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.full((30, 30), 50); image[10:13, 10:13] = 80; image[20:, 20:] = 60
    >>> found = filters.tophat_by_reconstruction(image, radius=4)
    >>> int(found[11, 11]), int(found[29, 29])
    (30, 0)
    """
    pixels = image if background == "dark" else building_blocks.turned(image)
    voxel_radius = building_blocks.radius_per_axis(radius, spacing, image.shape)
    eroded = building_blocks.flat_extremum(pixels, voxel_radius, "ball", "minimum")
    opened = building_blocks.reconstructed(eroded, pixels, "full")
    if image.dtype == bool:
        return np.asarray(pixels ^ opened)
    return building_blocks.difference(pixels, opened)


@operation(version=2, locality=opening_halo)
def subtract_background(
    image: Image,
    *,
    radius: Annotated[Length, Range(0)] = voxels(10),
    background: Literal["dark", "light"] = "dark",
    spacing: Spacing = 1.0,
) -> Image:
    """Subtract the background that a ball rolling under the intensities touches.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    radius : float or Voxels
        Radius of the ball, somewhat more than the radius of the largest object, in the
        units of `spacing` or as `voxels(n)`. The time grows with its square (2D) or
        cube (3D).
    background : {"dark", "light"}
        Whether objects are brighter or darker than the background.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    foreground : ndarray, same shape and dtype
        How much brighter than the background a pixel is, or how much darker than a light
        one; float16 becomes float32.

    Raises
    ------
    ValueError
        If `radius` is negative or far beyond the size of the image, or the image is empty
        or holds NaN, infinity or numbers too large to subtract.

    See Also
    --------
    white_tophat : Much faster with a flat ball.
    subtract_paraboloid : Much faster with a paraboloid as curved as the ball.

    Notes
    -----
    Along the intensity axis, the ball is as high as `radius` counted in the finest
    voxels, as in ImageJ.

    References
    ----------
    .. [1] Sternberg, "Biomedical image processing", Computer 16 (1983), 22-34,
           https://doi.org/10.1109/MC.1983.1654163
    .. [2] `skimage.restoration.rolling_ball`, which computes it.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.full((30, 30), 50.0); image[10:13, 10:13] = 80
    >>> float(filters.subtract_background(image, radius=4)[0, 0])
    0.0
    """
    from skimage.restoration import rolling_ball

    # scikit-image cuts the background of integers off, so that rounding would become a grey
    # level: 0.6 in voxels of 0.1 is 6.
    per_axis = building_blocks.radius_per_axis(radius, spacing, image.shape)
    voxel_radius = [round(entry, 9) for entry in per_axis]
    reach = max(voxel_radius)
    # The kernel of skimage.restoration.ball_kernel, with the distance counted along each
    # axis in units of the finest voxel.
    squares = np.zeros([1] * image.ndim)
    for axis, entry in enumerate(voxel_radius):
        steps = int(np.ceil(entry))
        along = np.arange(-steps, steps + 1) * reach / (entry or 1.0)
        squares = squares + np.moveaxis(
            (along**2).reshape((-1,) + (1,) * (image.ndim - 1)), 0, axis
        )
    kernel = np.where(
        np.sqrt(squares) > reach,
        np.inf,
        np.sqrt(np.clip(reach**2 - squares, 0, None)),
    )
    turned = image if background == "dark" else building_blocks.turned(image)
    pixels = _for_rolling_ball(turned)
    below = rolling_ball(pixels, kernel=kernel)
    return np.asarray(building_blocks.difference(pixels, below), image.dtype)


def _for_rolling_ball(image: NDArray[Any]) -> NDArray[Any]:
    """Return an image with the same foreground that scikit-image can compute as floats."""
    if image.dtype.kind == "b":
        return image.astype(np.uint8)
    if image.dtype.kind == "f":
        return image
    low, high = int(image.min()), int(image.max())
    if max(abs(low), abs(high)) <= _EXACT:
        return image
    if high - low > _EXACT:
        raise ValueError(
            f"image holds whole numbers from {low} to {high}, too far apart to be computed "
            "exactly; divide it first, or make it float64"
        )
    # A ball touches the same pixels wherever zero is.
    return np.asarray(image - image.dtype.type(low))


@operation
def subtract_paraboloid(
    image: Image,
    *,
    radius: Annotated[Length, Range(0.0)] = voxels(10),
    background: Literal["dark", "light"] = "dark",
    spacing: Spacing = 1.0,
) -> Image:
    """Subtract the background that a paraboloid slid under the intensities touches.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    radius : float or Voxels
        Radius of the ball that is as curved as the tip of the paraboloid, somewhat more
        than the radius of the largest object, in the units of `spacing` or as `voxels(n)`.
        The time does not depend on it. A radius of 0 leaves nothing.
    background : {"dark", "light"}
        Whether objects are brighter or darker than the background.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    foreground : ndarray, same shape and dtype
        How much brighter than the background a pixel is, or how much darker than a light
        one; float16 becomes float32. Backgrounds of integers are rounded down.

    Raises
    ------
    ValueError
        If `radius` is negative, or the image is empty or holds NaN, infinity or numbers too
        large to be computed exactly.

    See Also
    --------
    subtract_background : Rolls a ball, as ImageJ does by default.

    Notes
    -----
    Along the intensity axis, lengths are counted in the finest voxels, as in ImageJ, whose
    sliding paraboloid comes near to this one. Pixels beyond the borders do not count.

    References
    ----------
    .. [1] van den Boomgaard et al., "Quadratic structuring functions in mathematical
           morphology", Mathematical Morphology and its Applications to Image and Signal
           Processing (1996), 147-154, https://doi.org/10.1007/978-1-4613-0469-2_18
    .. [2] Felzenszwalb and Huttenlocher, "Distance transforms of sampled functions", Theory
           of Computing 8 (2012), 415-428, https://doi.org/10.4086/toc.2012.v008a019

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.full((30, 30), 50); image[10:13, 10:13] = 80
    >>> int(filters.subtract_paraboloid(image, radius=4)[11, 11])
    30
    """
    from napari_delineate.kernels.paraboloid import erode_with_paraboloid

    per_axis = length_per_axis(radius, spacing)
    if max(per_axis) == 0:
        return np.zeros_like(image)
    turned = image if background == "dark" else building_blocks.turned(image)
    pixels = _for_rolling_ball(turned)
    # The paraboloid falls by d²/2r at a distance d, all in finest voxels, of which the radius
    # has max(per_axis).
    highest = max(per_axis)
    curvature = tuple(highest / entry / entry / 2 for entry in per_axis)
    single = pixels.dtype == np.float32
    ground: NDArray[Any] = pixels.astype(np.float32 if single else np.float64, copy=False)
    eroded = erode_with_paraboloid(ground, curvature)
    below = np.minimum(-erode_with_paraboloid(-eroded, curvature), ground)
    if pixels.dtype.kind != "f":
        # Rounding of the last digits is no grey level.
        below = np.floor(below + 1e-6).astype(pixels.dtype)
    return np.asarray(building_blocks.difference(pixels, below), image.dtype)


def _difference_halo(*, spacing: Any, low_sigma: Length, high_sigma: Length) -> tuple[int, ...]:
    return tuple(
        max(pair)
        for pair in zip(
            building_blocks.gaussian_halo(length_per_axis(low_sigma, spacing)),
            building_blocks.gaussian_halo(length_per_axis(high_sigma, spacing)),
            strict=True,
        )
    )


@operation(locality=_difference_halo, opencl=True)
def difference_of_gaussians(
    image: Image,
    *,
    low_sigma: Annotated[Length, Range(0)] = voxels(1),
    high_sigma: Annotated[Length, Range(0)] = voxels(10),
    spacing: Spacing = 1.0,
) -> Image:
    """Keep structures between two sizes: blur out smaller ones, subtract larger ones.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype. Integers are scaled to 0..1, as in `gaussian`.
    low_sigma : float or Voxels
        Sigma of the Gaussian that removes noise, in the units of `spacing` or `voxels(n)`.
    high_sigma : float or Voxels
        Sigma of the Gaussian that estimates the background; at least `low_sigma`.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    foreground : ndarray of float, same shape
        The difference, around 0 in the background. float32 stays float32, all else
        becomes float64.

    Raises
    ------
    ValueError
        If a sigma is negative or `high_sigma` is less than `low_sigma`, or the image is
        empty or holds NaN, infinity or numbers too large to subtract.

    References
    ----------
    .. [1] Marr and Hildreth, "Theory of edge detection", Proceedings of the Royal Society
           B 207 (1980), 187-217, https://doi.org/10.1098/rspb.1980.0020
    .. [2] `skimage.filters.difference_of_gaussians`, whose results these are.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.full((30, 30), 5.0)
    >>> float(np.abs(filters.difference_of_gaussians(image)).max().round(6))
    0.0
    """
    low, high = ordered_sigmas(low_sigma, high_sigma, spacing)
    return building_blocks.difference(
        building_blocks.gaussian(image, low), building_blocks.gaussian(image, high)
    )


def ordered_sigmas(
    low_sigma: Length, high_sigma: Length, spacing: Any
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return both sigmas in voxels per axis; refuse those in the wrong order."""
    low, high = length_per_axis(low_sigma, spacing), length_per_axis(high_sigma, spacing)
    if max(low) > max(high):
        raise ValueError(f"high_sigma must be at least low_sigma ({low_sigma}); got {high_sigma}")
    return low, high
