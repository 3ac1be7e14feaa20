"""Let the border of a mask move until it fits the image."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks
from napari_delineate.declaration import operation
from napari_delineate.denoising import as_volume, finest_steps
from napari_delineate.separable import in_threads
from napari_delineate.types import Image, Length, Mask, Range, Spacing, voxels

__all__ = ["chan_vese", "geodesic_active_contour"]

_Smoothing = Annotated[int, Range(0, 10)]
_Iterations = Annotated[int, Range(1, 10_000)]


@operation
def chan_vese(
    image: Image,
    start: Mask,
    *,
    inside_weight: Annotated[float, Range(0.01, 100)] = 1.0,
    outside_weight: Annotated[float, Range(0.01, 100)] = 1.0,
    smoothing: _Smoothing = 1,
    maximum_iterations: _Iterations = 100,
) -> Mask:
    """Move the border of a mask until inside and outside each are as even as possible.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype, other inside than outside on average.
    start : ndarray of bool or int, same shape
        Where the objects are, roughly. No object is found far from it.
    inside_weight, outside_weight : float
        What differences from the mean intensity count inside and outside, 0.01 to 100: the
        side with the larger one becomes more even and smaller.
    smoothing : int
        How often the border is smoothed in each step, 0 to 10.
    maximum_iterations : int
        Stop after so many steps at the latest, 1 to 10000; the border moves by a pixel in
        each.

    Returns
    -------
    mask : ndarray of bool, same shape
        True inside of the border; nothing if the start is empty, everything if it is full.

    Raises
    ------
    ValueError
        If a setting is out of its range, the shapes differ, or the image is empty or holds
        NaN or infinity.

    See Also
    --------
    geodesic_active_contour : Looks for edges instead.

    Notes
    -----
    These are active contours without edges, of Chan and Vese, by operators on masks. The
    border is smoothed on the grid: resample stacks with coarse slices to cubes first.

    References
    ----------
    .. [1] Márquez-Neila, Baumela and Álvarez, "A morphological approach to curvature-based
           evolution of curves and surfaces", IEEE Transactions on Pattern Analysis and Machine
           Intelligence 36 (2014), 2-17, https://doi.org/10.1109/TPAMI.2013.106
    .. [2] Chan and Vese, "Active contours without edges", IEEE Transactions on Image
           Processing 10 (2001), 266-277, https://doi.org/10.1109/83.902291
    .. [3] `skimage.segmentation.morphological_chan_vese`, whose results these are.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> y, x = np.mgrid[:40, :40]; disk = (y - 20) ** 2 + (x - 20) ** 2 < 10**2
    >>> start = np.zeros((40, 40), bool); start[18:22, 12:18] = True
    >>> mask = segmentation.chan_vese(100 * disk, start)
    >>> bool((mask & disk).sum() > 0.95 * (mask | disk).sum())
    True
    """
    from napari_delineate.kernels.active_contours import separate

    pixels = building_blocks.stretched(image).astype(np.float64, copy=False)
    volume = as_volume(pixels)

    def step(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
        inner = as_volume(mask)[1:-1, 1:-1, 1:-1].astype(bool)
        inside = _mean(volume, inner)
        outside = _mean(volume, ~inner)
        weights = inside_weight, outside_weight
        return _changed(mask, functools.partial(separate, mask, volume, inside, outside, *weights))

    return _evolved(start, step, smoothing, maximum_iterations)


@operation
def geodesic_active_contour(
    image: Image,
    start: Mask,
    *,
    sigma: Annotated[Length, Range(0)] = voxels(2),
    steepness: Annotated[float, Range(0.01, 10_000)] = 20.0,
    balloon: Literal["none", "grow", "shrink"] = "none",
    threshold: Annotated[float, Range(0, 1)] | None = None,
    smoothing: _Smoothing = 1,
    maximum_iterations: _Iterations = 100,
    spacing: Spacing = 1.0,
) -> Mask:
    """Move the border of a mask until it lies on edges of the image.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    start : ndarray of bool or int, same shape
        Where the objects are: near their borders, or with a balloon inside or around them.
    sigma : float or Voxels
        Standard deviation of the Gaussian of which edges are the slope, more than 0, in the
        units of `spacing` or as `voxels(n)`. Edges draw the border from about so far.
    steepness : float
        How much slopes count, 0.01 to 10000: the border is drawn to where
        1 / sqrt(1 + steepness * slope) is low. The slope is the change of intensity along
        `sigma`, as a share of the range of the image.
    balloon : {"none", "grow", "shrink"}
        What the border does where it is not at an edge.
    threshold : float or None
        Up to which level of 1 / sqrt(1 + steepness * slope) there is an edge that stops the
        balloon, 0 to 1; None takes the lowest 40 % of the pixels.
    smoothing : int
        How often the border is smoothed in each step, 0 to 10.
    maximum_iterations : int
        Stop after so many steps at the latest, 1 to 10000; the border moves by a pixel in
        each.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    mask : ndarray of bool, same shape
        True inside of the border; nothing if the start is empty.

    Raises
    ------
    ValueError
        If a setting is out of its range, `sigma` is 0 or far wider than the image, the shapes
        differ, or the image is empty or holds NaN or infinity.

    See Also
    --------
    chan_vese : Compares inside and outside instead, and needs no edges.

    Notes
    -----
    Slopes are physical. The border is smoothed, and the balloon moves, on the grid: resample
    stacks with coarse slices to cubes first where that matters.

    References
    ----------
    .. [1] Márquez-Neila, Baumela and Álvarez, "A morphological approach to curvature-based
           evolution of curves and surfaces", IEEE Transactions on Pattern Analysis and Machine
           Intelligence 36 (2014), 2-17, https://doi.org/10.1109/TPAMI.2013.106
    .. [2] Caselles, Kimmel and Sapiro, "Geodesic active contours", International Journal of
           Computer Vision 22 (1997), 61-79, https://doi.org/10.1023/A:1007979827043
    .. [3] `skimage.segmentation.morphological_geodesic_active_contour`, which does the same
           with an image of edges.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> y, x = np.mgrid[:60, :60]; disk = (y - 30) ** 2 + (x - 30) ** 2 < 15**2
    >>> start = np.zeros((60, 60), bool); start[27:33, 27:33] = True
    >>> mask = segmentation.geodesic_active_contour(100 * disk, start, balloon="grow")
    >>> bool((mask & disk).sum() > 0.95 * (mask | disk).sum())
    True
    """
    from napari_delineate.filters.edges import gradient_magnitude
    from napari_delineate.kernels.active_contours import attract, push

    pixels = building_blocks.stretched(image).astype(np.float64, copy=False)
    slopes = gradient_magnitude(pixels, sigma=sigma, spacing=spacing)
    evenness = 1 / np.sqrt(1 + steepness * slopes)
    level = float(np.percentile(evenness, 40)) if threshold is None else threshold
    volume = as_volume(evenness)
    weights = finest_steps(spacing) ** 2

    def step(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if balloon != "none":
            box = _steps(mask.shape, _neighbours(image.ndim))
            value = int(balloon == "grow")
            mask = _changed(mask, functools.partial(push, mask, box, value, volume, level))
        return _changed(mask, functools.partial(attract, mask, volume, weights))

    return _evolved(start, step, smoothing, maximum_iterations)


def _mean(image: NDArray[Any], mask: NDArray[np.bool_]) -> float:
    """Return the mean in a mask; nothing is compared with that of an empty one."""
    count = np.count_nonzero(mask)
    return float(image.sum(where=mask)) / count if count else 0.0


def _evolved(
    start: NDArray[np.bool_],
    step: Callable[[NDArray[np.uint8]], NDArray[np.uint8]],
    smoothing: int,
    iterations: int,
) -> NDArray[np.bool_]:
    """Take steps and smooth, until nothing changes or two masks alternate.

    Smoothing begins by turns with what fills and with what cuts off.
    """
    mask = np.pad(as_volume(start).astype(np.uint8), 1)
    groups = np.stack([_steps(mask.shape, group) for group in _through_the_middle(start.ndim)])
    before = None
    for iteration in range(iterations):
        after = step(mask)
        for turn in range(smoothing):
            first = (iteration * smoothing + turn + 1) % 2
            for value in (first, 1 - first):
                after = _smoothed(after, groups, value)
        if before is not None and np.array_equal(after, before):
            # From here on the two alternate.
            mask = mask if (iterations - iteration) % 2 == 0 else after
            break
        before, mask = mask, after
    return mask[1:-1, 1:-1, 1:-1].reshape(start.shape).astype(bool)


def _smoothed(mask: NDArray[np.uint8], groups: NDArray[np.int64], value: int) -> NDArray[np.uint8]:
    from napari_delineate.kernels.active_contours import smooth

    return _changed(mask, functools.partial(smooth, mask, groups, value))


def _changed(mask: NDArray[np.uint8], change: Callable[..., None]) -> NDArray[np.uint8]:
    """Return what a kernel makes of a padded mask."""
    result = np.zeros_like(mask)
    rows = (mask.shape[0] - 2) * (mask.shape[1] - 2)
    in_threads(functools.partial(change, result), rows, mask.size)
    return result


def _neighbours(ndim: int) -> NDArray[np.int64]:
    """Return (N, 3) steps along z, y, x to all neighbours of a pixel."""
    steps = np.array(list(itertools.product((-1, 0, 1), repeat=3)))
    in_reach = steps.any(axis=1) & ((ndim == 3) | (steps[:, 0] == 0))
    return np.asarray(steps[in_reach], np.int64)


def _through_the_middle(ndim: int) -> list[NDArray[np.int64]]:
    """Return the neighbours on each line (2D) or plane (3D) through a pixel.

    Lines and planes are those across a step along one axis or a diagonal of two.
    """
    steps = _neighbours(ndim)
    across = [step for step in steps if np.abs(step).sum() <= 2 and tuple(step) > (0, 0, 0)]
    return [steps[steps @ normal == 0] for normal in across]


def _steps(shape: tuple[int, ...], offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return steps along z, y, x as steps in the flat array of a padded mask."""
    steps: NDArray[np.int64] = offsets @ np.array([shape[1] * shape[2], shape[2], 1])
    return steps
