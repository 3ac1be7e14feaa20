"""Remove noise and keep edges sharp."""

from __future__ import annotations

import functools
import itertools
from typing import Annotated

import numpy as np

from napari_delineate import building_blocks
from napari_delineate.declaration import operation
from napari_delineate.denoising import (
    ROUNDING_OF_VARIANCES,
    as_float,
    as_volume,
    finest_steps,
    noise_level,
    window_sums,
)
from napari_delineate.halos import window_halo
from napari_delineate.separable import correlate, in_threads
from napari_delineate.types import Image, Length, Range, Spacing, voxels

__all__ = [
    "bilateral",
    "total_variation",
    "non_local_means",
    "anisotropic_diffusion",
    "kuwahara",
]


_SIMILAR_ENDS = 6.0
"""Sigmas from which on a difference of intensities has no weight."""
_SIMILAR_STEPS = 2**14
"""Entries of the table of weights."""


@operation
def bilateral(
    image: Image,
    *,
    sigma: Annotated[Length, Range(0)] = voxels(2),
    intensity_sigma: Annotated[float, Range(0)] | None = None,
    spacing: Spacing = 1.0,
) -> Image:
    """Average every pixel with near ones of similar intensity.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype. Integers are scaled to 0..1, as in `gaussian`.
    sigma : float or Voxels
        Standard deviation of the Gaussian of the distance, in the units of `spacing` or as
        `voxels(n)`. The time grows with its square (2D) or cube (3D).
    intensity_sigma : float or None
        Standard deviation of the Gaussian of the difference of intensities, in the range of
        the result: 0 changes nothing, a large one blurs as `gaussian` does. None takes
        three times the noise of the image.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    denoised : ndarray of float, same shape
        The denoised image. float32 stays float32, all else becomes float64.

    Raises
    ------
    ValueError
        If a sigma is negative or far beyond the size of the image, or the image is empty or
        holds NaN, infinity or numbers too large to add up.

    Notes
    -----
    The neighbourhood is a box that ends at three sigmas. Weights of differences are read
    from a table, with an error below 0.0003. Beyond its borders the image continues with
    the nearest pixel.

    References
    ----------
    .. [1] Tomasi and Manduchi, "Bilateral filtering for gray and color images", ICCV (1998),
           839-846, https://doi.org/10.1109/ICCV.1998.710815

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.zeros((9, 9)); image[:, 5:] = 1; image[4, 1] = 0.1
    >>> denoised = filters.bilateral(image, intensity_sigma=0.1)
    >>> bool(denoised[4, 1] < 0.05), bool(denoised[4, 5] > 0.99)
    (True, True)
    """
    from napari_delineate.kernels.bilateral import bilateral as filter_rows

    pixels = as_float(image)
    similar = 3 * noise_level(pixels) if intensity_sigma is None else intensity_sigma
    per_axis = building_blocks.radius_per_axis(sigma, spacing, image.shape, "sigma")
    if similar == 0 or max(per_axis) == 0:
        return pixels.copy()
    reach = [int(np.ceil(3 * entry)) for entry in per_axis]
    volume = as_volume(np.pad(pixels, [(entry, entry) for entry in reach], mode="edge"))
    reach = [0] * (3 - len(reach)) + reach
    widths = [1.0] * (3 - len(per_axis)) + [entry or 1.0 for entry in per_axis]
    offsets = np.array(list(itertools.product(*(range(2 * entry + 1) for entry in reach))))
    nearness = np.exp(-0.5 * (((offsets - reach) / widths) ** 2).sum(axis=1))
    similarity = np.exp(-0.5 * np.linspace(0, _SIMILAR_ENDS, _SIMILAR_STEPS) ** 2)
    similarity[-1] = 0
    # Infinitely many would make no number of a difference of 0.
    steps = min((_SIMILAR_STEPS - 1) / _SIMILAR_ENDS / similar, np.finfo(np.float64).max)
    result = np.empty_like(pixels)
    target = as_volume(result)
    in_threads(
        functools.partial(filter_rows, volume, offsets, nearness, similarity, steps, target),
        target.shape[0] * target.shape[1],
        image.size,
    )
    return building_blocks.fitting(result)


@operation
def total_variation(
    image: Image,
    *,
    weight: Annotated[float, Range(0)] | None = None,
    tolerance: Annotated[float, Range(0, 1)] = 0.0002,
    maximum_iterations: Annotated[int, Range(1, 10_000)] = 200,
    spacing: Spacing = 1.0,
) -> Image:
    """Make areas flat with sharp borders, by minimising the total variation.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype. Integers are scaled to 0..1, as in `gaussian`.
    weight : float or None
        Larger values remove more, in the range of the result; 0 changes nothing. None takes
        twice the noise of the image.
    tolerance : float
        Stop when the energy changes by less than this share of its first value, 0 to 1.
    maximum_iterations : int
        Stop after so many steps at the latest, 1 to 10000.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    denoised : ndarray of float, same shape
        The denoised image, with the same mean. float32 stays float32, all else becomes
        float64.

    Raises
    ------
    ValueError
        If a number is out of its range, or the image is empty or holds NaN, infinity or
        numbers too large to add up.

    Notes
    -----
    Differences along a coarse axis are divided by its length in finest voxels.

    References
    ----------
    .. [1] Rudin, Osher and Fatemi, "Nonlinear total variation based noise removal algorithms",
           Physica D 60 (1992), 259-268, https://doi.org/10.1016/0167-2789(92)90242-F
    .. [2] Chambolle, "An algorithm for total variation minimization and applications",
           Journal of Mathematical Imaging and Vision 20 (2004), 89-97.
    .. [3] `skimage.restoration.denoise_tv_chambolle`, whose results these are on isotropic
           voxels.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.zeros((9, 9)); image[:, 5:] = 1; image[4, 1] = 0.1
    >>> denoised = filters.total_variation(image, weight=0.1)
    >>> bool(denoised[4, 1] < 0.05), bool(denoised[4, 5] > 0.9)
    (True, True)
    """
    from napari_delineate.kernels.total_variation import follow_dual, update_dual

    pixels = as_float(image)
    chosen = 2 * noise_level(pixels) if weight is None else weight
    if chosen == 0:
        return pixels.copy()
    steps = finest_steps(spacing)
    rate = 1 / (2 * (steps**2).sum())
    given = as_volume(pixels)
    result = pixels.copy()
    target = as_volume(result)
    dual = np.zeros((3, *given.shape), pixels.dtype)
    rows = given.shape[0] * given.shape[1]
    parts = np.empty(rows)
    first = before = 0.0
    for iteration in range(maximum_iterations):
        in_threads(
            functools.partial(follow_dual, given, dual, steps, target, parts),
            rows,
            image.size,
        )
        in_threads(
            functools.partial(update_dual, target, dual, steps, chosen, rate, parts),
            rows,
            image.size,
        )
        energy = float(parts.sum()) / image.size
        if iteration == 0:
            first = energy
        elif abs(before - energy) < tolerance * first:
            break
        before = energy
    return building_blocks.fitting(result)


@operation
def non_local_means(
    image: Image,
    *,
    patch_radius: Annotated[Length, Range(0)] = voxels(2),
    search_radius: Annotated[Length, Range(0)] = voxels(3),
    strength: Annotated[float, Range(0.01, 100)] = 0.8,
    noise: Annotated[float, Range(0)] | None = None,
    spacing: Spacing = 1.0,
) -> Image:
    """Average every pixel with near ones whose surroundings look alike.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype. Integers are scaled to 0..1, as in `gaussian`.
    patch_radius : float or Voxels
        Half the width of the boxes that are compared, in the units of `spacing` or as
        `voxels(n)`.
    search_radius : float or Voxels
        How far along each axis alike boxes are searched, in the units of `spacing` or as
        `voxels(n)`. The time grows with its square (2D) or cube (3D).
    strength : float
        How different boxes may be, in standard deviations of the noise, 0.01 to 100: larger
        values blur more.
    noise : float or None
        Standard deviation of the noise in the range of the result; 0 changes nothing. None
        estimates it from the image.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    denoised : ndarray of float, same shape
        The denoised image. float32 stays float32, all else becomes float64.

    Raises
    ------
    ValueError
        If a radius is negative or far beyond the size of the image, `noise` is negative, or
        the image is empty or holds NaN, infinity or numbers too large to add up.

    Notes
    -----
    Beyond its borders the image is reflected.

    References
    ----------
    .. [1] Buades, Coll and Morel, "A non-local algorithm for image denoising", CVPR (2005),
           60-65, https://doi.org/10.1109/CVPR.2005.38
    .. [2] Darbon et al., "Fast nonlocal filtering applied to electron cryomicroscopy", ISBI
           (2008), 1331-1334, https://doi.org/10.1109/ISBI.2008.4541250

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.zeros((9, 9)); image[:, 5:] = 1; image[4, 1] = 0.1
    >>> denoised = filters.non_local_means(image, noise=0.1)
    >>> bool(denoised[4, 1] < 0.05), bool(denoised[4, 5] > 0.99)
    (True, True)
    """
    pixels = as_float(image)
    # A power of two changes no digit, and squares of the differences then fit.
    exponent = int(np.frexp(np.abs(pixels).max())[1])
    pixels = np.ldexp(pixels, -exponent)
    level = noise_level(pixels) if noise is None else float(np.ldexp(noise, -exponent))
    if strength * level == 0:
        return np.asarray(np.ldexp(pixels, exponent))
    # Less noise than a number can show, or more than there can be, is as good as the limit.
    limits = np.finfo(pixels.dtype)
    level = float(np.clip(level, np.sqrt(limits.tiny) / strength, np.sqrt(limits.max) / 200))
    search, patch = (
        [
            int(entry + building_blocks.ROUNDING)
            for entry in building_blocks.radius_per_axis(radius, spacing, image.shape, name)
        ]
        for radius, name in ((search_radius, "search_radius"), (patch_radius, "patch_radius"))
    )
    box = [np.full(2 * entry + 1, 1 / (2 * entry + 1)) for entry in patch]
    padded = np.pad(
        pixels, [(a + b, a + b) for a, b in zip(search, patch, strict=True)], mode="symmetric"
    )
    whole = tuple(slice(a, n - a) for a, n in zip(search, padded.shape, strict=True))
    inside = tuple(slice(b, b + n) for b, n in zip(patch, image.shape, strict=True))
    total = pixels.copy()
    weights = np.ones_like(pixels)
    for shift in itertools.product(*(range(-entry, entry + 1) for entry in search)):
        if not any(shift):
            continue
        other = padded[
            tuple(
                slice(a + s, n - a + s) for a, s, n in zip(search, shift, padded.shape, strict=True)
            )
        ]
        squares = (other - padded[whole]) ** 2
        distance = correlate(np.ascontiguousarray(squares), box)[inside]
        distance -= 2 * level**2
        np.maximum(distance, 0, out=distance)
        distance *= -1 / (strength * level) ** 2
        weight = np.exp(distance, out=distance)
        weights += weight
        weight *= other[inside]
        total += weight
    total /= weights
    return building_blocks.fitting(np.asarray(np.ldexp(total, exponent)))


@operation
def anisotropic_diffusion(
    image: Image,
    *,
    sigma: Annotated[Length, Range(0)] = voxels(2),
    contrast: Annotated[float, Range(0)] | None = None,
    spacing: Spacing = 1.0,
) -> Image:
    """Let intensities spread as heat does, but hardly over edges (Perona and Malik).

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype. Integers are scaled to 0..1, as in `gaussian`.
    sigma : float or Voxels
        How far they spread where there is no edge: as a Gaussian with this standard
        deviation, in the units of `spacing` or as `voxels(n)`. The time grows with its
        square.
    contrast : float or None
        Differences between neighbours beyond it are edges, in the range of the result per
        finest voxel; 0 changes nothing. None takes three times the noise of the image.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    denoised : ndarray of float, same shape
        The denoised image, with the same mean. float32 stays float32, all else becomes
        float64.

    Raises
    ------
    ValueError
        If a number is negative, `sigma` is far beyond the size of the image, or the image is
        empty or holds NaN, infinity or numbers too large to add up.

    Notes
    -----
    The flow along each axis is exp(-(slope / contrast)²) times the slope, both physical.
    Nothing flows over the borders. Every step is short enough that no pixel leaves the
    range of its neighbours.

    References
    ----------
    .. [1] Perona and Malik, "Scale-space and edge detection using anisotropic diffusion",
           IEEE Transactions on Pattern Analysis and Machine Intelligence 12 (1990), 629-639,
           https://doi.org/10.1109/34.56205

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.zeros((9, 9)); image[:, 5:] = 1; image[4, 1] = 0.1
    >>> denoised = filters.anisotropic_diffusion(image, contrast=0.2)
    >>> bool(denoised[4, 1] < 0.05), bool(denoised[4, 5] > 0.99)
    (True, True)
    """
    from napari_delineate.kernels.diffusion import diffuse

    pixels = as_float(image)
    edge = 3 * noise_level(pixels) if contrast is None else contrast
    reach = max(building_blocks.radius_per_axis(sigma, spacing, image.shape, "sigma"))
    if edge == 0 or reach == 0:
        return pixels.copy()
    steps = finest_steps(spacing)
    # Heat spreads with sigma² = 2 time. Steps of half of what is stable leave no chequerboard.
    iterations = int(np.ceil(2 * reach**2 * (steps**2).sum()))
    time = reach**2 / 2 / iterations
    source = as_volume(pixels)
    results = np.empty_like(source), np.empty_like(source)
    for iteration in range(iterations):
        target = results[iteration % 2]
        in_threads(
            functools.partial(diffuse, source, steps, edge, time, target),
            source.shape[0] * source.shape[1],
            image.size,
        )
        source = target
    return building_blocks.fitting(source.reshape(image.shape))


@operation(locality=window_halo)
def kuwahara(
    image: Image,
    *,
    radius: Annotated[Length, Range(0)] = voxels(2),
    spacing: Spacing = 1.0,
) -> Image:
    """Replace every pixel by the mean of the most even window that has it as a corner.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype. Integers are scaled to 0..1, as in `gaussian`.
    radius : float or Voxels
        How far the windows reach from the pixel along each axis, in the units of `spacing`
        or as `voxels(n)`. The time grows with it.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    smoothed : ndarray of float, same shape
        Flat areas with sharp borders. float32 stays float32, all else becomes float64.

    Raises
    ------
    ValueError
        If `radius` is negative or far beyond the size of the image, or the image is empty or
        holds NaN, infinity or numbers too large to multiply.

    Notes
    -----
    There are four windows in 2D and eight in 3D, boxes of radius + 1 pixels along each axis.
    The one with the smallest variance counts; where several have the same, their mean does,
    so that a mirrored image gives the mirrored result. Along an axis whose voxels are longer
    than the radius, the windows have one pixel. Beyond its borders the image is reflected.

    References
    ----------
    .. [1] Kuwahara et al., "Processing of RI-angiocardiographic images", Digital Processing
           of Biomedical Images (1976), 187-202,
           https://doi.org/10.1007/978-1-4684-0769-3_13

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.zeros((9, 9)); image[:, 5:] = 1; image[4, 1] = 0.1
    >>> smoothed = filters.kuwahara(image)
    >>> bool(smoothed[4, 1] < 0.05), bool(smoothed[4, 5] == 1)
    (True, True)
    """
    reach = [
        int(entry + building_blocks.ROUNDING)
        for entry in building_blocks.radius_per_axis(radius, spacing, image.shape)
    ]
    # Integers are scaled at the end, so that their sums are exact, and what is equal is a tie.
    scale = as_float(np.ones(1, image.dtype))
    padded = np.pad(image.astype(np.float64), [(n, n) for n in reach], mode="symmetric")
    number = float(np.prod([n + 1 for n in reach]))
    with np.errstate(over="ignore", invalid="ignore"):
        sums = window_sums(padded, reach)
        variances = building_blocks.fitting(number * window_sums(padded**2, reach))
        squares = sums**2
        variances -= squares
    variances[variances <= ROUNDING_OF_VARIANCES * squares] = 0
    lowest = np.full(image.shape, np.inf)
    total = np.zeros(image.shape)
    ties = np.zeros(image.shape, np.uint8)
    # The window that begins `n` pixels before a pixel ends there, the next begins there.
    for starts in itertools.product(*((0, n) if n else (0,) for n in reach)):
        window = tuple(
            slice(start, start + size) for start, size in zip(starts, image.shape, strict=True)
        )
        variance = variances[window]
        better = variance < lowest
        np.copyto(total, 0, where=better)
        np.copyto(ties, 0, where=better)
        np.minimum(lowest, variance, out=lowest)
        chosen = variance == lowest
        np.add(total, sums[window], out=total, where=chosen)
        ties += chosen
    total *= float(scale[0]) / number
    total /= ties
    return total.astype(scale.dtype, copy=False)
