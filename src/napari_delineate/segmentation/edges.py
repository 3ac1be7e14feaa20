"""Mark the edges of objects as thin lines."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from napari_delineate import building_blocks
from napari_delineate.declaration import operation
from napari_delineate.types import (
    Image,
    Length,
    Mask,
    Range,
    Spacing,
    length_per_axis,
    spacing_per_axis,
    voxels,
)

__all__ = ["canny_edges"]


@operation
def canny_edges(
    image: Image,
    *,
    sigma: Annotated[Length, Range(0)] = voxels(1),
    low_quantile: Annotated[float, Range(0, 1)] = 0.8,
    high_quantile: Annotated[float, Range(0, 1)] = 0.9,
    spacing: Spacing = 1.0,
) -> Mask:
    """Mark edges where the brightness changes most, and where they go on from there.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    sigma : float or Voxels
        Sigma of the Gaussian before edges are searched: larger values give fewer and
        smoother edges. In the units of `spacing` or as `voxels(n)`.
    low_quantile : float
        Share of the pixels whose gradient is too low for any edge.
    high_quantile : float
        Share of the pixels whose gradient is too low for an edge to start; at least
        `low_quantile`.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    edges : ndarray of bool, same shape
        True on edges about one pixel wide; in 3D these are surfaces.

    Raises
    ------
    ValueError
        If a setting is out of its range, `high_quantile` is less than `low_quantile`, or the
        image is empty or holds NaN or infinity.

    Notes
    -----
    The gradient is that of physical space. A pixel is on an edge where its gradient is the
    largest along its own direction, one finest voxel to both sides.

    References
    ----------
    .. [1] Canny, "A computational approach to edge detection", IEEE Transactions on
           Pattern Analysis and Machine Intelligence 8 (1986), 679-698,
           https://doi.org/10.1109/TPAMI.1986.4767851

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> image = np.zeros((20, 20)); image[:, 10:] = 1
    >>> int(segmentation.canny_edges(image)[10].sum())
    1
    """
    from scipy import ndimage

    if low_quantile > high_quantile:
        raise ValueError(
            f"high_quantile must be at least low_quantile ({low_quantile:g}); got {high_quantile:g}"
        )
    low, high = float(image.min()), float(image.max())
    if low == high:
        return np.zeros(image.shape, bool)
    # Edges stay where they are when the brightness is scaled, and no square is too large.
    level = (image / 2 - low / 2) / (high / 2 - low / 2)
    smooth = building_blocks.gaussian(level.astype(np.float32), length_per_axis(sigma, spacing))
    voxel = spacing_per_axis(spacing, image.ndim)
    finest = min(voxel)
    gradient = [
        ndimage.sobel(smooth, axis, mode="nearest") * np.float32(finest / size)
        for axis, size in enumerate(voxel)
    ]
    strength = np.sqrt(sum(part**2 for part in gradient))
    weak, strong = np.quantile(strength, [low_quantile, high_quantile])
    places = np.nonzero((strength > 0) & (strength >= weak))
    here = strength[places]
    steps = [
        part[places] / here * np.float32(finest / size)
        for part, size in zip(gradient, voxel, strict=True)
    ]
    before, after = (
        ndimage.map_coordinates(
            strength,
            [place + sign * step for place, step in zip(places, steps, strict=True)],
            order=1,
            mode="nearest",
        )
        for sign in (-1, 1)
    )
    # Of two equal pixels on both sides of an edge, the one the gradient leaves is taken.
    largest = (here > before * (1 + 1e-5)) & (here >= after * (1 - 1e-5))
    edges = np.zeros(image.shape, bool)
    edges[tuple(place[largest] for place in places)] = True
    parts = building_blocks.connected_components(edges)
    starts = np.zeros(int(parts.max()) + 1, bool)
    starts[parts[edges & (strength >= strong)]] = True
    return np.asarray(starts[parts] & edges)
