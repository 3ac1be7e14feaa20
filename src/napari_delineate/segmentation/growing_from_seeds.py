"""Grow seeds, drawn by hand or found, over an image until they meet."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks, growing
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

__all__ = ["grow_from_seeds", "gradient_watershed", "random_walker"]

_SOLVED_DIRECTLY = 2**19
"""Pixels of a 2D image up to which the factors of its equations fit the memory (2 GB)."""


@operation
def grow_from_seeds(
    image: Image,
    seeds: Labels,
    mask: Mask | None = None,
    *,
    lower: float | None = None,
    upper: float | None = None,
    locality: Annotated[float, Range(0)] = 0.0,
    spacing: Spacing = 1.0,
) -> Labels:
    """Grow seeds over all pixels, along paths with little change of brightness (GrowCut).

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    seeds : ndarray of int, same shape
        Some pixels of every object, each object with its number, 0 elsewhere. What is to be
        background needs seeds with a number of its own.
    mask : ndarray of bool, same shape, optional
        Where labels may grow; everywhere without it. Seeds outside of it do not count.
    lower, upper : float or None
        Darkest and brightest intensity that labels may grow over, both included, in the
        image's own range; None for no limit. Seeds outside of them do not count.
    locality : float
        What a path pays for its length, per finest voxel, as a share of the range of the
        image's intensities, from 0. More keeps labels closer to their seeds, so that they
        leak less, but asks for more seeds.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    labels : ndarray of int32 or int64, same shape
        For every pixel the number of the seed with the cheapest path to it; 0 where none
        may grow.

    Raises
    ------
    TypeError
        If the seeds are not whole numbers.
    ValueError
        If `locality` is negative, `upper` is below `lower`, the shapes differ, or the image
        is empty or holds NaN or infinity.

    See Also
    --------
    gradient_watershed : Quicker, and stops at edges instead of comparing brightness.
    postprocessing.fill_between_slices : Needs no image.

    Notes
    -----
    A step from a pixel to one of its 8 (2D) or 26 (3D) neighbours costs the difference of
    their intensities. In flat regions the seed with the shorter path wins, in physical
    units. 3D Slicer counts its seed locality in intensities per millimetre instead.

    References
    ----------
    .. [1] Zhu, Kolesov, Gao, Kikinis and Tannenbaum, "An effective interactive medical image
           segmentation method using fast GrowCut", MICCAI Workshop on Interactive Medical
           Image Computing (2014).
    .. [2] Vezhnevets and Konouchine, "GrowCut: interactive multi-label N-D image
           segmentation by cellular automata", Graphicon (2005).
    .. [3] "Grow from seeds" of the Segment Editor of 3D Slicer, https://www.slicer.org

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> image = np.array([[10, 10, 10, 10, 80, 80]])
    >>> seeds = np.array([[1, 0, 0, 0, 0, 2]])
    >>> segmentation.grow_from_seeds(image, seeds)
    array([[1, 1, 1, 1, 2, 2]], dtype=int32)
    """
    allowed = growing.within(image, lower, upper, mask)
    return growing.grow_cut(image, seeds, spacing, allowed, locality)


@operation
def gradient_watershed(
    image: Image,
    seeds: Labels,
    mask: Mask | None = None,
    *,
    sigma: Annotated[Length, Range(0)] = voxels(2),
    spacing: Spacing = 1.0,
) -> Labels:
    """Grow seeds until they meet at edges: a watershed of the steepness of the image.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    seeds : ndarray of int, same shape
        Some pixels of every object, each object with its number, 0 elsewhere. What is to be
        background needs seeds with a number of its own.
    mask : ndarray of bool, same shape, optional
        Where labels may grow; everywhere without it. Seeds outside of it do not count.
    sigma : float or Voxels
        Scale of the objects: sigma of the Gaussian before edges are searched, in the units
        of `spacing` or as `voxels(n)`. More ignores finer texture and gives smoother
        outlines.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    labels : ndarray of int32 or int64, same shape
        The seeds, grown until they fill the mask; all 0 if there is no seed.

    Raises
    ------
    TypeError
        If the seeds are not whole numbers.
    ValueError
        If `sigma` is negative, the shapes differ, or the image is empty or holds NaN or
        infinity.

    See Also
    --------
    seeded_watershed : For images that are bright between the objects already.
    grow_from_seeds : Compares brightness instead of looking for edges.

    References
    ----------
    .. [1] Beucher and Lantuejoul, "Use of watersheds in contour detection", International
           Workshop on Image Processing (1979).
    .. [2] "Watershed" of the Segment Editor of 3D Slicer, https://www.slicer.org

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> image = np.array([[10, 10, 10, 80, 80, 80, 80, 80]])
    >>> seeds = np.array([[1, 0, 0, 0, 0, 0, 0, 2]])
    >>> segmentation.gradient_watershed(image, seeds, sigma=1)
    array([[1, 1, 1, 2, 2, 2, 2, 2]], dtype=int32)
    """
    per_axis = length_per_axis(sigma, spacing)
    steepness = growing.gradient_magnitude(image, per_axis, spacing)
    return building_blocks.watershed(steepness, seeds, mask)


@operation
def random_walker(
    image: Image,
    seeds: Labels,
    mask: Mask | None = None,
    *,
    beta: Annotated[float, Range(0)] = 1000.0,
    spacing: Spacing = 1.0,
) -> Labels:
    """Give every pixel to the seed that a random walk which avoids edges reaches first.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    seeds : ndarray of int, same shape
        Some pixels of every object, each object with its number, 0 elsewhere. What is to be
        background needs seeds with a number of its own.
    mask : ndarray of bool, same shape, optional
        Where labels may grow; everywhere without it. Seeds outside of it do not count.
    beta : float
        How much the walk avoids edges, from 0 (not at all: only distances count). Less gives
        smoother outlines where edges are weak; small seeds need more.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    labels : ndarray of int32 or int64, same shape
        For every pixel the most probable seed; 0 outside of the mask and where no walk
        leads to a seed.

    Raises
    ------
    TypeError
        If the seeds are not whole numbers.
    ValueError
        If `beta` is negative, the shapes differ, or the image is empty or holds NaN or
        infinity.

    See Also
    --------
    grow_from_seeds : Much quicker in 3D and with many seeds.

    Notes
    -----
    Outlines stay smooth where edges are weak or noisy. The time grows with the number of
    different seeds: a system of equations as large as the image is solved for each. In 3D
    and in large images this takes minutes.

    Intensities are divided by their standard deviation first, so that `beta` means the same
    for any dtype and exposure.

    References
    ----------
    .. [1] Grady, "Random walks for image segmentation", IEEE Transactions on Pattern
           Analysis and Machine Intelligence 28 (2006), 1768-1783,
           https://doi.org/10.1109/TPAMI.2006.233
    .. [2] `skimage.segmentation.random_walker`, which computes it.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> image = np.array([[10, 10, 10, 10, 80, 80]] * 2)
    >>> seeds = np.array([[1, 0, 0, 0, 0, 2]] * 2)
    >>> segmentation.random_walker(image, seeds)[0]
    array([1, 1, 1, 1, 2, 2], dtype=int32)
    """
    import fastremap
    from skimage.segmentation import random_walker as walk

    allowed = np.ones(image.shape, bool) if mask is None else mask
    # Where no seed is in reach, there is nothing to solve.
    regions = building_blocks.connected_components(allowed, "face")
    allowed = np.isin(regions, np.unique(regions[(seeds > 0) & allowed])) & allowed
    small, table = fastremap.renumber(np.where(allowed, seeds, 0), preserve_zero=True)
    numbers = np.array(sorted(table, key=lambda number: table[number]))
    if len(numbers) < 3:  # at most one seed beside the background
        return np.where(allowed, seeds.max(where=allowed, initial=0), 0).astype(seeds.dtype)
    if not (allowed & (small == 0)).any():
        return np.where(allowed, seeds, 0)
    markers = np.where(allowed, small, -1).astype(np.int32)
    pixels = _standardized(image)
    if pixels is None:
        # Nothing but distances count; the walk can not divide by a contrast of 0.
        pixels, beta = np.indices(image.shape).sum(axis=0, dtype=float), 0.0
    direct = image.ndim == 2 and image.size <= _SOLVED_DIRECTLY
    found = walk(
        pixels,
        markers,
        beta=beta,
        mode="bf" if direct else "cg_j",
        tol=1e-4,
        prob_tol=np.inf,
        spacing=np.asarray(spacing) / np.min(spacing),
    )
    return np.asarray(numbers.astype(seeds.dtype)[np.maximum(found, 0)])


def _standardized(image: NDArray[Any]) -> NDArray[np.float64] | None:
    """Scale intensities to a standard deviation of 1; None for a constant image."""
    if image.min() == image.max():
        return None
    largest = max(abs(float(image.min())), abs(float(image.max())))
    # A power of two changes no digit, and the squares of all floats then fit.
    pixels = np.ldexp(image.astype(np.float64), -int(np.frexp(largest)[1]))
    deviation = pixels.std()
    return pixels / deviation if deviation > 0 else None
