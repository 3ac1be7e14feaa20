"""Make objects of clicked seeds: a watershed that is flooded anew with every seed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks, growing
from napari_delineate.annotation.crops import check_number, tight_box, with_room
from napari_delineate.annotation.edits import Edit
from napari_delineate.annotation.protection import is_one_of, protected, refuse_locked
from napari_delineate.annotation.windows import (
    check_window,
    place_in_window,
    read_window,
    rim_of,
    window_in,
)
from napari_delineate.thresholds.global_levels import global_level
from napari_delineate.types import Length, Range, Spacing, voxels

__all__ = ["Landscape", "Seed", "grow_seeds", "landscape_of", "seeded_objects"]


class Seed(NamedTuple):
    """Say where an object, or the background, was clicked.

    Attributes
    ----------
    point : tuple of float
        The place in pixels of the image.
    number : int
        Number of the object; 0 for background. Seeds of the same number make one object.
    """

    point: tuple[float, ...]
    number: int


class Landscape(NamedTuple):
    """Hold what is flooded: a window of an image.

    Attributes
    ----------
    window : tuple of slice
        The window.
    pixels : ndarray of float, in the shape of the window
        The image there, blurred, NaN where it holds no number.
    heights : ndarray of float, same shape
        How high it is to the flood where outlines are edges or membranes.
    outlines : {"brightness", "edges", "membranes"}
        What ends objects.
    level : float or None
        Otsu's threshold, which parts the dark from the bright; None if all is equal.
    dark, bright : float
        The median of what is darker and of what is brighter.
    """

    window: tuple[slice, ...]
    pixels: NDArray[Any]
    heights: NDArray[Any]
    outlines: str
    level: float | None
    dark: float
    bright: float


def landscape_of(
    image: Any,
    within: Sequence[slice],
    *,
    outlines: Literal["brightness", "edges", "membranes"] = "brightness",
    sigma: Annotated[Length, Range(0)] = voxels(1),
    spacing: Spacing = 1.0,
) -> Landscape:
    """Prepare a window of an image for seeds, once.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array-like
        Intensities of any real dtype; only the window is read.
    within : tuple of slice
        How far objects may grow, for instance what is in view.
    outlines : {"brightness", "edges", "membranes"}
        Where objects end: where they are half as bright (or dark) above the background as at
        the seed; at edges, which suits objects without texture; or at bright membranes. To
        edges the background comes in from the rim of the window; membranes end an object only
        to the other seeds, so that seeds of the background are needed beside the tissue.
    sigma : float or Voxels
        Standard deviation of a Gaussian by which noise is taken out before, in the units of
        `spacing` or as `voxels(n)`; 0 for none.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    Landscape
        What `grow_seeds` floods.

    Raises
    ------
    ValueError
        If nothing of the image is in the window, or no number.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[0, 0, 0, 9, 9, 9, 0, 0, 0]])
    >>> landscape = landscape_of(image, (slice(0, 1), slice(0, 9)), sigma=0)
    >>> grow_seeds(landscape, [Seed((0, 4), 7)])
    array([[0, 0, 0, 7, 7, 7, 0, 0, 0]])
    """
    window = window_in(within, image.shape)
    pixels = read_window(image, window, sigma, spacing)
    unknown = np.isnan(pixels)
    if unknown.all():
        raise ValueError("the image holds no number in what is in view; move the view")
    known = pixels[~unknown] if unknown.any() else pixels
    filled = np.where(unknown, known.mean(), pixels) if unknown.any() else pixels
    level = global_level(known, "otsu")
    sides = (known, known) if level is None else (known[known <= level], known[known > level])
    dark, bright = (float(np.median(side)) for side in sides)
    heights = filled
    if outlines == "edges":
        heights = growing.gradient_magnitude(filled, (0.0,) * pixels.ndim, spacing)
    return Landscape(window, pixels, heights, outlines, level, dark, bright)


def grow_seeds(
    landscape: Landscape,
    seeds: Sequence[Seed],
    closed: NDArray[np.bool_] | None = None,
    *,
    share: Annotated[float, Range(0, 1)] = 0.5,
) -> NDArray[np.int32]:
    """Flood a landscape from seeds.

    Parameters
    ----------
    landscape : Landscape
        What `landscape_of` prepared.
    seeds : sequence of Seed
        All seeds that there are now. Of two on one pixel, the later counts.
    closed : ndarray of bool, in the shape of the window, optional
        Where no object may grow.
    share : float
        If brightness ends objects: how bright they are at least, from 0, the background, to
        1, the brightness at the seed.

    Returns
    -------
    ndarray of int64, in the shape of the window
        The number of the seed that each pixel belongs to, 0 for background.

    Raises
    ------
    ValueError
        If there is no seed of an object, or one lies outside of the window or where nothing
        may grow.

    References
    ----------
    .. [1] Beucher and Lantuejoul, "Use of watersheds in contour detection", International
           Workshop on Image Processing (1979).

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[0, 0, 9, 0, 0, 9, 0]])
    >>> landscape = landscape_of(
    ...     image, (slice(0, 1), slice(0, 7)), outlines="membranes", sigma=0
    ... )
    >>> grow_seeds(landscape, [Seed((0, 0), 4), Seed((0, 3), 8), Seed((0, 6), 0)])
    array([[4, 4, 8, 8, 8, 0, 0]])
    """
    places = [place_in_window(seed.point, landscape.window) for seed in seeds]
    if not any(seed.number for seed in seeds):
        raise ValueError("there is no seed of an object yet; click into one")
    free = ~np.isnan(landscape.pixels)
    if closed is not None:
        free &= ~closed
    # The flood takes 0 for what is free: the rim of the window is 1, seeds follow.
    markers = np.zeros(landscape.pixels.shape, np.int32)
    heights, sign = landscape.heights, _sign(landscape, seeds, places)
    least = np.empty(0)
    if landscape.outlines == "edges":
        markers[rim_of(markers.shape) & ~_is_object(landscape, sign)] = 1
    elif landscape.outlines == "brightness":
        heights = -sign * heights
        values = np.array([landscape.pixels[place] for place in places])
        background = landscape.dark if sign > 0 else landscape.bright
        least = sign * (background + share * (values - background))
    for rank, (seed, place) in enumerate(zip(seeds, places, strict=True)):
        if not free[place]:
            where = ", ".join(f"{at:g}" for at in seed.point)
            raise ValueError(
                f"the seed at ({where}) lies in a protected object or where the image holds no "
                "number; remove it"
            )
        markers[place] = rank + 2
    numbers = np.array([0, 0, *(seed.number for seed in seeds)])
    if landscape.outlines == "brightness":
        # No object reaches over what is too dark for all of them.
        free &= (sign * landscape.pixels >= least.min()) | (markers > 0)
        flooded = building_blocks.watershed(heights, markers, free)
        flooded[~(sign * landscape.pixels >= np.append([np.inf] * 2, least)[flooded])] = 0
        return _with_seeds(numbers[flooded], places)
    flooded = building_blocks.watershed(heights, markers, free)
    return np.asarray(numbers[flooded])


def _sign(landscape: Landscape, seeds: Sequence[Seed], places: Sequence[tuple[int, ...]]) -> int:
    """Return 1 if most seeds of objects are in bright places, -1 if in dark ones."""
    if landscape.level is None:
        return 1
    pairs = zip(seeds, places, strict=True)
    values = np.array([landscape.pixels[place] for seed, place in pairs if seed.number])
    # Which of the two sides a seed is like says more than the threshold between them.
    nearer = np.abs(values - landscape.bright) <= np.abs(values - landscape.dark)
    return 1 if nearer.mean() >= 0.5 else -1


def _is_object(landscape: Landscape, sign: int) -> NDArray[np.bool_]:
    if landscape.level is None:
        return np.zeros(landscape.pixels.shape, bool)
    return np.asarray((landscape.pixels > landscape.level) == (sign > 0))


def _with_seeds(grown: NDArray[Any], places: Sequence[tuple[int, ...]]) -> NDArray[Any]:
    """Erase the parts of objects that hold no seed."""
    parts, owners = building_blocks.parts_of_objects(grown, "face")
    kept = np.zeros(len(owners), bool)
    kept[[parts[place] for place in places]] = True
    kept[0] = False
    return np.asarray(np.where(kept, owners, 0)[parts])


def seeded_objects(
    labels: Any,
    landscape: Landscape,
    seeds: Sequence[Seed],
    *,
    share: Annotated[float, Range(0, 1)] = 0.5,
    earlier: Collection[int] = (),
    locked: Collection[int] = (),
    preserve: bool = False,
) -> Edit:
    """Make the objects of seeds, anew after each seed that was added or removed.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array-like of int
        The labels, in the shape of the image.
    landscape : Landscape
        What `landscape_of` prepared.
    seeds : sequence of Seed
        All seeds that there are now.
    share : float
        As in `grow_seeds`.
    earlier : collection of int
        Numbers of objects that were made with these seeds before, and are replaced; those
        of the seeds are, too.
    locked : collection of int
        Numbers of objects that no tool changes.
    preserve : bool
        Whether pixels of other objects stay as they are.

    Returns
    -------
    Edit
        The edit, of the smallest box that holds all that changes.

    Raises
    ------
    ValueError
        If there is no seed of an object, one lies outside of the window or in a protected
        object, a number is locked, or nothing changes.

    Notes
    -----
    Protected objects are walls to the flood, so that objects end at them.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[0, 0, 0, 9, 9, 9, 0, 0, 0]])
    >>> landscape = landscape_of(image, (slice(0, 1), slice(0, 9)), sigma=0)
    >>> seeded_objects(np.zeros((1, 9), int), landscape, [Seed((0, 4), 7)])
    Edit(box=(slice(0, 1, None), slice(3, 6, None)), labels=array([[7, 7, 7]]))
    """
    window = landscape.window
    check_window(labels, window)
    numbers = {seed.number for seed in seeds} - {0}
    for number in numbers:
        check_number(number)
    own = numbers | (set(earlier) - {0})
    refuse_locked(own, locked)
    held = with_room(np.asarray(labels[window]), max(own, default=1))
    mine = is_one_of(held, own)
    closed = is_one_of(held, locked)
    if preserve:
        closed |= (held != 0) & ~mine
    grown = grow_seeds(landscape, seeds, closed, share=share)
    wanted = np.where(mine, held.dtype.type(0), held)
    wanted = np.where(grown > 0, grown.astype(held.dtype), wanted)
    wanted = protected(held, wanted, locked, preserve, own)
    changed = tight_box(held != wanted)
    if changed is None:
        raise ValueError("the seeds change nothing; remove one or click elsewhere")
    box = tuple(
        slice(around.start + side.start, around.start + side.stop)
        for around, side in zip(window, changed, strict=True)
    )
    return Edit(box, wanted[changed])
