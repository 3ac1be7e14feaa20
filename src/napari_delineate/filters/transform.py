"""Change the grid that an image is sampled on."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks
from napari_delineate.declaration import operation
from napari_delineate.sampling import (
    origin_of_blocks,
    spacing_of_blocks,
    spacing_of_cubes,
    spacing_scaled,
)
from napari_delineate.types import (
    Image,
    Labels,
    Length,
    Range,
    Spacing,
    isotropic_spacing,
    voxels,
)

__all__ = [
    "rescale_isotropic",
    "resample",
    "resample_labels",
    "rescale",
    "rescale_labels",
    "bin_voxels",
]

_MOST_PIXELS = 2**33
"""Of a result, which then has 8 GB and more."""

_Factor = Annotated[float, Range(0.01, 100)]
_Interpolation = Literal["linear", "cubic", "nearest"]


@operation(new_spacing=isotropic_spacing)
def rescale_isotropic(image: Image, *, spacing: Spacing) -> Image:
    """Resample an image so that its voxels are as long along every axis as the finest.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    rescaled : ndarray, same dtype
        The image on a grid of cubes with the edge `min(spacing)`. Its first pixel lies
        where the first pixel of `image` lies; float16 becomes float32.

    Raises
    ------
    ValueError
        If the spacing does not fit the axes, the result would have more than 8 billion pixels,
        or the image is empty or holds NaN or infinity.

    Notes
    -----
    Intensities are interpolated linearly between the centres of voxels, and rounded for
    integers.

    References
    ----------
    .. [1] `scipy.ndimage.affine_transform`, which computes it.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> filters.rescale_isotropic(np.zeros((5, 8, 8)), spacing=(2.0, 0.5, 0.5)).shape
    (17, 8, 8)
    """
    per_axis = tuple(np.atleast_1d(spacing))
    return _sampled(image, _steps(per_axis, isotropic_spacing(per_axis)), "linear")


@operation(new_spacing=spacing_of_cubes)
def resample(
    image: Image,
    *,
    voxel_size: Annotated[Length, Range(1e-9)] = voxels(1),
    interpolation: _Interpolation = "linear",
    spacing: Spacing = 1.0,
) -> Image:
    """Resample an image to cubic voxels of a size that is given.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    voxel_size : float or Voxels
        Edge of the new voxels, in the units of `spacing` or as `voxels(n)`.
    interpolation : {"linear", "cubic", "nearest"}
        How intensities between the centres of voxels are found; "nearest" makes no new
        ones.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    resampled : ndarray, same dtype
        The image on the new grid. Its first pixel lies where the first pixel of `image`
        lies; float16 becomes float32.

    Raises
    ------
    ValueError
        If the spacing does not fit the axes, the result would have more than 8 billion pixels,
        or the image is empty or holds NaN or infinity.

    See Also
    --------
    rescale_isotropic : Resamples to cubes as small as the finest voxel size.
    resample_labels : Does the same with labels.

    Notes
    -----
    Where voxels become larger, the image is blurred before with a Gaussian of half the
    number of voxels left out, as in scikit-image, unless `interpolation` is "nearest".

    References
    ----------
    .. [1] `scipy.ndimage.affine_transform`, which computes it.
    .. [2] `skimage.transform.resize`, whose blur against aliasing this is.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> filters.resample(np.zeros((5, 8, 8)), voxel_size=1.0, spacing=(2.0, 0.5, 0.5)).shape
    (9, 4, 4)
    """
    per_axis = tuple(np.atleast_1d(spacing))
    steps = _steps(per_axis, spacing_of_cubes(per_axis, voxel_size=voxel_size))
    return _sampled(image, steps, interpolation)


@operation(new_spacing=spacing_of_cubes)
def resample_labels(
    labels: Labels,
    *,
    voxel_size: Annotated[Length, Range(1e-9)] = voxels(1),
    spacing: Spacing = 1.0,
) -> Labels:
    """Resample labels to cubic voxels of a size that is given.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Objects.
    voxel_size : float or Voxels
        Edge of the new voxels, in the units of `spacing` or as `voxels(n)`.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    resampled_labels : ndarray of int32
        The label of the nearest voxel, for every voxel of the new grid, which is that of
        `resample`; int64 where a number needs it. Objects smaller than the new voxels may
        be lost.

    Raises
    ------
    ValueError
        If the spacing does not fit the axes, the result would have more than 8 billion pixels,
        or the labels are empty or negative.

    References
    ----------
    .. [1] `scipy.ndimage.affine_transform` with order 0, whose results these are.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> labels = np.array([[1, 1, 2], [0, 0, 2]])
    >>> filters.resample_labels(labels, voxel_size=0.5).tolist()[0]
    [1, 1, 1, 2, 2]
    """
    per_axis = tuple(np.atleast_1d(spacing))
    return _nearest(labels, _steps(per_axis, spacing_of_cubes(per_axis, voxel_size=voxel_size)))


@operation(new_spacing=spacing_scaled)
def rescale(
    image: Image,
    *,
    z_factor: _Factor = 1.0,
    y_factor: _Factor = 0.5,
    x_factor: _Factor = 0.5,
    interpolation: _Interpolation = "linear",
) -> Image:
    """Resize an image, by a factor along each axis.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    z_factor, y_factor, x_factor : float
        Number of voxels along each axis where there was one, from 0.01 to 100. The first
        does not matter for 2D images.
    interpolation : {"linear", "cubic", "nearest"}
        How intensities between the centres of voxels are found; "nearest" makes no new
        ones: with a factor of 0.5 it takes every second pixel.

    Returns
    -------
    rescaled : ndarray, same dtype
        The image on the new grid. Its first pixel lies where the first pixel of `image`
        lies; float16 becomes float32.

    Raises
    ------
    ValueError
        If a factor is out of its range, the result would have more than 8 billion pixels, or
        the image is empty or holds NaN or infinity.

    See Also
    --------
    bin_voxels : Adds up whole blocks of voxels.
    rescale_labels : Does the same with labels.

    Notes
    -----
    Where voxels become larger, the image is blurred before with a Gaussian of half the
    number of voxels left out, as in scikit-image, unless `interpolation` is "nearest".

    References
    ----------
    .. [1] `scipy.ndimage.affine_transform`, which computes it.
    .. [2] `skimage.transform.rescale`, whose blur against aliasing this is.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.arange(6.0).reshape(1, 6)
    >>> filters.rescale(image, x_factor=0.5, interpolation="nearest").tolist()
    [[0.0, 2.0, 4.0]]
    """
    return _sampled(image, _steps_of(image.ndim, z_factor, y_factor, x_factor), interpolation)


@operation(new_spacing=spacing_scaled)
def rescale_labels(
    labels: Labels,
    *,
    z_factor: _Factor = 1.0,
    y_factor: _Factor = 0.5,
    x_factor: _Factor = 0.5,
) -> Labels:
    """Resize labels, by a factor along each axis.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Objects.
    z_factor, y_factor, x_factor : float
        Number of voxels along each axis where there was one, from 0.01 to 100. The first
        does not matter for 2D labels.

    Returns
    -------
    rescaled_labels : ndarray of int32
        The label of the nearest voxel, for every voxel of the new grid, which is that of
        `rescale`; int64 where a number needs it. Objects smaller than the new voxels may be
        lost.

    Raises
    ------
    ValueError
        If a factor is out of its range, the result would have more than 8 billion pixels, or
        the labels are empty or negative.

    References
    ----------
    .. [1] `scipy.ndimage.affine_transform` with order 0, whose results these are.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> labels = np.array([[1, 1, 2, 2, 0]])
    >>> filters.rescale_labels(labels, x_factor=0.5).tolist()
    [[1, 2, 0]]
    """
    return _nearest(labels, _steps_of(labels.ndim, z_factor, y_factor, x_factor))


@operation(new_spacing=spacing_of_blocks, new_origin=origin_of_blocks)
def bin_voxels(
    image: Image,
    *,
    z_size: Annotated[int, Range(1)] = 1,
    y_size: Annotated[int, Range(1)] = 2,
    x_size: Annotated[int, Range(1)] = 2,
    method: Literal["mean", "maximum", "minimum"] = "mean",
) -> Image:
    """Make an image smaller: every block of voxels becomes one.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    z_size, y_size, x_size : int
        Number of voxels of a block along each axis. The first does not matter for 2D
        images.
    method : {"mean", "maximum", "minimum"}
        What becomes of the voxels of a block.

    Returns
    -------
    binned : ndarray
        One pixel for each block; at the ends of the axes, a block may have fewer voxels.
        Each lies at the centre of a whole block. The dtype stays for the maximum and the
        minimum; a mean is float64, of float32 float32.

    Raises
    ------
    ValueError
        If a size is less than 1, or the image is empty or holds NaN or infinity.

    References
    ----------
    .. [1] `skimage.transform.downscale_local_mean`, whose means these are; beyond the ends
           it sees zeros.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> filters.bin_voxels(np.array([[1, 3, 8], [1, 3, 6]])).tolist()
    [[2.0, 7.0]]
    """
    wanted = (z_size, y_size, x_size)[-image.ndim :]
    sizes = [min(size, n) for size, n in zip(wanted, image.shape, strict=True)]
    starts = [np.arange(0, n, size) for n, size in zip(image.shape, sizes, strict=True)]
    result = image
    if method == "mean":
        # Divided first, so that no sum leaves the range of floats.
        result = image / float(math.prod(sizes))
    combine = {"mean": np.add, "maximum": np.maximum, "minimum": np.minimum}[method]
    # The last axis first: it makes the image smaller where memory lies together.
    for axis in reversed(range(image.ndim)):
        result = combine.reduceat(result, starts[axis], axis=axis)
    if method == "mean":
        for axis, (n, size) in enumerate(zip(image.shape, sizes, strict=True)):
            counts = np.minimum(size, n - starts[axis])
            shape = [-1 if axis == other else 1 for other in range(image.ndim)]
            result = result * (size / counts).reshape(shape)
        result = result.astype(np.float32 if image.dtype == np.float32 else np.float64, copy=False)
    return np.array(result)


def _steps(old: tuple[float, ...], new: tuple[float, ...]) -> list[float]:
    """Return how many old voxels a new one is long, per axis."""
    return [after / before for after, before in zip(new, old, strict=True)]


def _steps_of(ndim: int, *factors: float) -> list[float]:
    return [1 / factor for factor in factors[-ndim:]]


def _shape(image: NDArray[Any], steps: list[float]) -> tuple[int, ...]:
    lengths = [
        math.floor(min((size - 1) / step, _MOST_PIXELS) + 1e-9) + 1
        for size, step in zip(image.shape, steps, strict=True)
    ]
    if math.prod(lengths) > _MOST_PIXELS:
        raise ValueError(
            f"the new voxels are so small that more than {_MOST_PIXELS / 1e9:.1f} billion of them "
            "would be needed; choose larger ones"
        )
    return tuple(lengths)


def _nearest(image: NDArray[Any], steps: list[float]) -> NDArray[Any]:
    places = [
        np.clip(np.floor(np.arange(length) * step + 0.5).astype(np.int64), 0, size - 1)
        for length, step, size in zip(_shape(image, steps), steps, image.shape, strict=True)
    ]
    return np.asarray(image[np.ix_(*places)])


def _sampled(image: NDArray[Any], steps: list[float], interpolation: str) -> NDArray[Any]:
    """Return an image on a grid that begins where it does, its voxels `steps` as long."""
    from scipy import ndimage

    if all(step == 1 for step in steps):
        return image.copy()
    if interpolation == "nearest":
        return _nearest(image, steps)
    single = image.dtype == np.float32
    pixels = image.astype(np.float32 if single else np.float64, copy=False)
    if any(step > 1 for step in steps):
        sigma = [max(step - 1, 0) / 2 for step in steps]
        pixels = building_blocks.gaussian(pixels, tuple(sigma))
    result = ndimage.affine_transform(
        pixels,
        np.array(steps),
        output_shape=_shape(image, steps),
        order=3 if interpolation == "cubic" else 1,
        mode="nearest",
    )
    if interpolation == "cubic":
        result = np.clip(result, pixels.min(), pixels.max())
    if image.dtype == bool:
        return np.asarray(result >= 0.5)
    if image.dtype.kind == "f":
        return np.asarray(result, image.dtype)
    # The largest 64-bit integers are no floats; the next floats do not fit their dtype.
    limits = np.iinfo(image.dtype)
    largest = limits.max if image.dtype.itemsize < 8 else np.nextafter(float(limits.max), 0)
    return np.asarray(np.clip(np.rint(result), limits.min, largest), image.dtype)
