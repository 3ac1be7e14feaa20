"""Make an object of what lies in a drawn box."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks, holes
from napari_delineate.annotation.edits import Edit
from napari_delineate.annotation.windows import new_object, read_window, window_in
from napari_delineate.thresholds.global_levels import global_level
from napari_delineate.types import Length, Range, Spacing, spacing_per_axis, voxels

__all__ = ["box_mask", "box_object"]

_ROUNDS = 3
"""How often the level is taken anew; then it hardly changes."""

_CORE = 1 / 3
"""How near to the middle of the box, of 1, pixels surely belong to its object."""


def box_mask(
    image: Any,
    box: Sequence[slice],
    *,
    side: Literal["either", "brighter", "darker"] = "either",
    sigma: Annotated[Length, Range(0)] = voxels(1),
    spacing: Spacing = 1.0,
) -> NDArray[np.bool_]:
    """Mark the object in a box.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array-like
        Intensities of any real dtype; only the box and what the blur needs is read.
    box : tuple of slice
        The box, drawn loosely around one object. It may reach beyond the image.
    side : {"either", "brighter", "darker"}
        Whether the object is brighter or darker than what is around it; "either" takes
        most of the rim of the box for what is around.
    sigma : float or Voxels
        Standard deviation of a Gaussian by which noise is taken out before, in the units of
        `spacing` or as `voxels(n)`; 0 for none.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    ndarray of bool, in the shape of the box as far as the image goes
        The object, with holes filled.

    Raises
    ------
    ValueError
        If nothing of the image is in the box, or all pixels in it are equal.

    Notes
    -----
    Otsu's threshold parts the pixels of the box. Of the connected parts (over faces) on the
    side of the object, the one is taken that has most pixels in the middle of the box: a
    pixel counts 1 in the middle and less outwards, down to 0 at the rim, so that neighbours
    that look into the box are left out even if more of them is in it. Then the level is set
    halfway between the medians of the object and of what is around it, a few times, because
    Otsu's threshold may part bright texture from the rest of the object. What reaches the
    rim is cut off by a watershed of the distance to the outline. The border of the image is
    no rim.

    References
    ----------
    .. [1] Otsu, "A threshold selection method from gray-level histograms", IEEE Transactions
           on Systems, Man, and Cybernetics 9 (1979), 62-66,
           https://doi.org/10.1109/TSMC.1979.4310076

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[0] * 7, [9, 9, 0, 7, 8, 0, 0], [9, 9, 0, 0, 0, 0, 0]])
    >>> box_mask(image, (slice(0, 3), slice(1, 6)), sigma=0).astype(int)
    array([[0, 0, 0, 0, 0],
           [0, 0, 1, 1, 0],
           [0, 0, 0, 0, 0]])
    """
    window = window_in(box, image.shape)
    pixels = read_window(image, window, sigma, spacing)
    known = pixels[~np.isnan(pixels)]
    level = global_level(known, "otsu")
    if level is None:
        raise ValueError("all that lies in the box is equally bright; draw it larger")
    nearness = _nearness(window, image.shape)
    bright, dark = pixels > level, pixels <= level  # NaN is neither
    if side == "either":
        rim = nearness == nearness.min()
        mostly_dark = np.count_nonzero(dark & rim) >= np.count_nonzero(bright & rim)
        side = "brighter" if mostly_dark else "darker"
    sign = 1 if side == "brighter" else -1
    found = _central_part(sign * pixels > sign * level, nearness)
    for _ in range(_ROUNDS):
        around = pixels[(sign * pixels <= sign * level) & ~found]
        if not around.size:
            break
        level = (float(np.median(pixels[found])) + float(np.median(around))) / 2
        found = _central_part(sign * pixels > sign * level, nearness)
    return _cut_off(holes.filled(found), nearness, spacing)


def _central_part(inside: NDArray[np.bool_], nearness: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return the connected part that has most in the middle of the box."""
    parts = building_blocks.components_in_any_order(inside, "face")
    sizes = np.bincount(parts.reshape(-1), nearness.reshape(-1))
    sizes[0] = -1
    return np.asarray(parts == sizes.argmax())


def _cut_off(
    found: NDArray[np.bool_], nearness: NDArray[np.float64], spacing: Spacing
) -> NDArray[np.bool_]:
    """Cut what reaches the rim off the object in the middle, where it is narrow."""
    seeds = np.zeros(found.shape, np.int32)
    seeds[found & (nearness == 0)] = 2
    seeds[found & (nearness > _CORE)] = 1
    if set(np.unique(seeds)) != {0, 1, 2}:
        return found
    per_axis = spacing_per_axis(spacing, found.ndim)
    depth = building_blocks.distance_inside(found, per_axis)
    return np.asarray(building_blocks.watershed(-depth, seeds, found) == 1)


def _nearness(window: Sequence[slice], shape: Sequence[int]) -> NDArray[np.float64]:
    """Return how near to the middle each pixel of a box is, from 0 at the rim to 1."""
    result = np.ones([side.stop - side.start for side in window])
    for axis, (side, size) in enumerate(zip(window, shape, strict=True)):
        last = side.stop - side.start - 1
        at = np.arange(last + 1, dtype=float)
        # An object that the image cuts has its middle at the border of the image.
        ends = [at] * (side.start > 0) + [at[::-1]] * (side.stop < size)
        if not ends or last == 0:
            continue
        along = np.minimum.reduce(ends) * len(ends) / last
        result = np.minimum(
            result, along.reshape([-1 if other == axis else 1 for other in range(len(window))])
        )
    return result


def box_object(
    labels: Any,
    image: Any,
    box: Sequence[slice],
    number: int,
    *,
    side: Literal["either", "brighter", "darker"] = "either",
    sigma: Annotated[Length, Range(0)] = voxels(1),
    spacing: Spacing = 1.0,
    locked: Collection[int] = (),
    preserve: bool = False,
) -> Edit:
    """Make what lies in a box an object, or add it to one.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array-like of int
        The labels, in the shape of the image.
    image, box, side, sigma, spacing
        As in `box_mask`.
    number : int
        Number of the object.
    locked : collection of int
        Numbers of objects that no tool changes.
    preserve : bool
        Whether pixels of other objects stay as they are.

    Returns
    -------
    Edit
        The edit.

    Raises
    ------
    ValueError
        If nothing of the image is in the box, all pixels in it are equal, the object is
        locked, or others leave no pixel to it.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[0, 0, 0, 0, 0], [0, 0, 7, 8, 0], [0, 0, 0, 0, 0]])
    >>> box_object(np.zeros((3, 5), int), image, (slice(0, 3), slice(1, 5)), 4, sigma=0)
    Edit(box=(slice(1, 2, None), slice(2, 4, None)), labels=array([[4, 4]]))
    """
    mask = box_mask(image, box, side=side, sigma=sigma, spacing=spacing)
    window = window_in(box, image.shape)
    return new_object(labels, window, mask, number, locked=locked, preserve=preserve)
