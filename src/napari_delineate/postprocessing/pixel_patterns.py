"""Change single pixels of masks by the eight pixels around them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate.declaration import operation
from napari_delineate.types import Mask, Range

__all__ = ["change_pixels", "erosion_by_count", "dilation_by_count"]

Pattern = Literal[
    "bridge",
    "clean",
    "diagonal",
    "fill",
    "horizontal break",
    "majority",
    "spur",
    "thicken",
    "vertical break",
]

_CENTRE = 4
"""Place of the pixel itself among the nine of a neighbourhood, row by row."""


def _count_halo(*, spacing: Any, iterations: int, **_: Any) -> tuple[int, ...]:
    return (0,) * (np.size(spacing) - 2) + (iterations, iterations)


def _pattern_halo(*, spacing: Any, pattern: str, iterations: int) -> tuple[int, ...]:
    passes = len(_tables(pattern))
    return _count_halo(spacing=spacing, iterations=passes * iterations)


@operation(locality=_pattern_halo)
def change_pixels(
    mask: Mask,
    *,
    pattern: Pattern = "majority",
    iterations: Annotated[int, Range(1)] = 1,
) -> Mask:
    """Add or remove pixels whose neighbours form a pattern: gaps, single pixels, spurs.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) ndarray of bool or int
        Foreground; of integers, everything above 0. Of a volume, each slice is changed.
    pattern : str
        "clean" removes pixels without a neighbour, "fill" adds pixels all of whose
        neighbours are foreground; "majority" takes what five or more of the nine pixels
        are; "bridge" adds pixels between parts that do not touch, "diagonal" those that
        give pixels that touch over a corner a common neighbour; "spur" removes pixels with
        one neighbour; "thicken" adds pixels that join no parts; "horizontal break" and
        "vertical break" remove the middle of an H that lies or stands.
    iterations : int
        How often, 1 or more.

    Returns
    -------
    changed_mask : ndarray of bool, same shape
        The mask after all changes.

    Raises
    ------
    TypeError
        If the mask holds floats.
    ValueError
        If `pattern` is none of these, `iterations` is below 1, or the mask is empty.

    See Also
    --------
    remove_small_objects, fill_holes, smooth_mask : Do so for sizes in physical units.

    Notes
    -----
    What lies beyond the border of the image is background, for "fill" foreground. Each
    iteration of "spur" looks first for ends whose neighbour lies above or at the left, then
    for the others, so that a line of two pixels leaves one.

    References
    ----------
    .. [1] CellProfiler, Morph, whose operations these are. Its others are `convex_hull`,
           `outline`, `skeletonize`, `skeleton_points` and `filters.distance_transform`.
    .. [2] Pratt, "Digital Image Processing", 4th edition, Wiley (2007), section 14.3.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> mask = np.array([[1, 1, 0, 1, 1], [0, 0, 0, 0, 0]])
    >>> postprocessing.change_pixels(mask, pattern="bridge").astype(int)
    array([[1, 1, 1, 1, 1],
           [0, 0, 1, 0, 0]])
    """
    tables = _tables(pattern)
    result = mask
    for _ in range(iterations):
        before = result
        for table in tables:
            result = table[_codes(result, pattern == "fill")]
        if np.array_equal(result, before):
            break
    return result


@operation(locality=_count_halo)
def erosion_by_count(
    mask: Mask,
    *,
    count: Annotated[int, Range(1, 8)] = 3,
    iterations: Annotated[int, Range(1)] = 1,
) -> Mask:
    """Remove foreground pixels that have many background pixels among their neighbours.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) ndarray of bool or int
        Foreground; of integers, everything above 0. Of a volume, each slice is changed.
    count : int
        How many of the eight neighbours must be background, 1 to 8: 1 removes whatever
        touches the background, large counts only what sticks out.
    iterations : int
        How often, 1 or more.

    Returns
    -------
    eroded_mask : ndarray of bool, same shape
        The foreground pixels that are left.

    Raises
    ------
    TypeError
        If the mask holds floats.
    ValueError
        If `count` is not from 1 to 8, `iterations` is below 1, or the mask is empty.

    See Also
    --------
    binary_erosion : Removes as much everywhere, in physical units.

    Notes
    -----
    What lies beyond the border of the image is no background.

    References
    ----------
    .. [1] ImageJ, Process > Binary > Options, "count", with edges padded when eroding.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> mask = np.array([[0, 0, 0, 0, 0], [0, 0, 1, 0, 0], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1]])
    >>> postprocessing.erosion_by_count(mask, count=4).astype(int)
    array([[0, 0, 0, 0, 0],
           [0, 0, 0, 0, 0],
           [1, 1, 1, 1, 1],
           [1, 1, 1, 1, 1]])
    """
    return ~_grown(~mask, count, iterations)


@operation(locality=_count_halo)
def dilation_by_count(
    mask: Mask,
    *,
    count: Annotated[int, Range(1, 8)] = 3,
    iterations: Annotated[int, Range(1)] = 1,
) -> Mask:
    """Add background pixels that have many foreground pixels among their neighbours.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) ndarray of bool or int
        Foreground; of integers, everything above 0. Of a volume, each slice is changed.
    count : int
        How many of the eight neighbours must be foreground, 1 to 8: 1 adds whatever touches
        the foreground, large counts fill dents and single holes only.
    iterations : int
        How often, 1 or more.

    Returns
    -------
    dilated_mask : ndarray of bool, same shape
        The foreground and what was added.

    Raises
    ------
    TypeError
        If the mask holds floats.
    ValueError
        If `count` is not from 1 to 8, `iterations` is below 1, or the mask is empty.

    See Also
    --------
    binary_dilation : Adds as much everywhere, in physical units.

    References
    ----------
    .. [1] ImageJ, Process > Binary > Options, "count".

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> mask = np.array([[0, 0, 0, 0, 0], [1, 1, 0, 1, 1], [1, 1, 1, 1, 1]])
    >>> postprocessing.dilation_by_count(mask, count=4).astype(int)
    array([[0, 0, 0, 0, 0],
           [1, 1, 1, 1, 1],
           [1, 1, 1, 1, 1]])
    """
    return _grown(mask, count, iterations)


def _grown(mask: NDArray[np.bool_], count: int, iterations: int) -> NDArray[np.bool_]:
    """Add pixels with so many neighbours in the mask; beyond the border there are none."""
    result = mask
    for _ in range(iterations):
        ones = result.view(np.uint8)
        # The pixel itself is none of its neighbours, but where it counts it is set anyway.
        grown = result | (_sum_of_three(_sum_of_three(ones, -1), -2) >= count)
        if np.array_equal(grown, result):
            break
        result = grown
    return result


def _sum_of_three(pixels: NDArray[Any], axis: int) -> NDArray[Any]:
    """Return each pixel plus its two neighbours along an axis."""
    result = pixels.copy()
    here, there = np.moveaxis(result, axis, -1), np.moveaxis(pixels, axis, -1)
    here[..., 1:] += there[..., :-1]
    here[..., :-1] += there[..., 1:]
    return result


def _codes(mask: NDArray[np.bool_], outside: bool) -> NDArray[Any]:
    """Give every neighbourhood a number: bit i is the pixel i of the nine."""
    around = [(0, 0)] * (mask.ndim - 2) + [(1, 1), (1, 1)]
    wide = np.pad(mask, around, constant_values=outside).astype(np.uint16)
    rows = wide[..., :-2] | wide[..., 1:-1] << 1 | wide[..., 2:] << 2
    return np.asarray(rows[..., :-2, :] | rows[..., 1:-1, :] << 3 | rows[..., 2:, :] << 6)


@functools.cache
def _tables(pattern: str) -> tuple[NDArray[np.bool_], ...]:
    """Return what becomes of the pixel in the middle, for every neighbourhood."""
    bits = (np.arange(512)[:, np.newaxis] >> np.arange(9)) & 1 == 1
    pixel = bits[:, _CENTRE]
    number = bits.sum(axis=1) - pixel
    rules: dict[str, Callable[[], tuple[NDArray[np.bool_], ...]]] = {
        "bridge": lambda: (pixel | (_parts(bits) > 1),),
        "clean": lambda: (pixel & (number > 0),),
        "diagonal": lambda: (pixel | _touches_over_a_corner(bits),),
        "fill": lambda: (pixel | (number == 8),),
        "horizontal break": lambda: (pixel & ~_equals(bits, "111010111"),),
        "majority": lambda: (number + pixel >= 5,),
        "spur": lambda: _spurs(bits, pixel & (number == 1)),
        "thicken": lambda: (pixel | (_parts(bits) == _parts(_with_centre(bits))),),
        "vertical break": lambda: (pixel & ~_equals(bits, "101111101"),),
    }
    return rules[pattern]()


def _parts(bits: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Count the connected parts of every neighbourhood, over corners too."""
    from scipy import ndimage

    corners = np.ones((3, 3))
    return np.array([ndimage.label(nine.reshape(3, 3), corners)[1] for nine in bits])


def _with_centre(bits: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(bits | (np.arange(9) == _CENTRE))


def _equals(bits: NDArray[np.bool_], nine: str) -> NDArray[np.bool_]:
    return np.asarray((bits == [sign == "1" for sign in nine]).all(axis=1))


def _touches_over_a_corner(bits: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return where two neighbours by edges touch each other only over a corner."""
    corners = {0: (1, 3), 2: (1, 5), 6: (3, 7), 8: (5, 7)}
    found = [bits[:, one] & bits[:, two] & ~bits[:, at] for at, (one, two) in corners.items()]
    return np.asarray(np.any(found, axis=0))


def _spurs(bits: NDArray[np.bool_], ends: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], ...]:
    first = ends & bits[:, :_CENTRE].any(axis=1)
    pixel = bits[:, _CENTRE]
    return pixel & ~first, pixel & ~(ends & ~first)
