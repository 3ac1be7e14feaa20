"""Limits on columns of a table, and which rows lie within them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.building_blocks import ROUNDING

__all__ = ["corners_as_text", "corners_from_text", "in_polygon", "in_range"]

_FEWEST_CORNERS = 3


def in_range(
    values: NDArray[Any], minimum: float | None = None, maximum: float | None = None
) -> NDArray[np.bool_]:
    """Tell which numbers lie between two limits, both included.

    Parameters
    ----------
    values : (N,) ndarray
        Numbers.
    minimum, maximum : float or None
        The limits; None for no limit.

    Returns
    -------
    (N,) ndarray of bool
        False for NaN where there is a limit. A number that is beyond a limit by rounding
        only lies within it.

    Raises
    ------
    ValueError
        If `maximum` is below `minimum`.

    Examples
    --------
    >>> import numpy as np
    >>> in_range(np.array([1, 2, np.nan]), minimum=2)
    array([False,  True, False])
    """
    if minimum is not None and maximum is not None and maximum < minimum:
        raise ValueError(f"maximum must be at least minimum ({minimum}); got {maximum}")
    numbers = np.asarray(values, float)
    inside = np.ones(len(numbers), bool)
    rounding = ROUNDING * np.abs(np.where(np.isinf(numbers), 0, numbers))
    if minimum is not None:
        inside &= numbers + rounding >= minimum
    if maximum is not None:
        inside &= numbers - rounding <= maximum
    return inside


def in_polygon(
    x: NDArray[Any], y: NDArray[Any], corners: Sequence[tuple[float, float]]
) -> NDArray[np.bool_]:
    """Tell which points lie inside of a polygon.

    Parameters
    ----------
    x, y : (N,) ndarray
        Coordinates of the points.
    corners : sequence of (float, float)
        Corners of the polygon in order, which need not end where it begins; where its
        sides cross, what they go around an even number of times is outside.

    Returns
    -------
    (N,) ndarray of bool
        False where a coordinate is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> in_polygon(np.array([1, 5]), np.array([1, 1]), [(0, 0), (4, 0), (0, 4)])
    array([ True, False])
    """
    from skimage.measure import points_in_poly

    points = np.stack([np.asarray(x, float), np.asarray(y, float)], axis=1)
    inside: NDArray[np.bool_] = np.isfinite(points).all(axis=1)
    inside[inside] = points_in_poly(points[inside], np.asarray(corners, float))
    return inside


def corners_as_text(corners: Sequence[tuple[float, float]]) -> str:
    """Write the corners of a polygon such that no digit is lost.

    Parameters
    ----------
    corners : sequence of (float, float)
        The corners.

    Returns
    -------
    str
        For instance "0.0 0.0, 4.0 0.0, 0.0 4.0".
    """
    return ", ".join(f"{float(x)!r} {float(y)!r}" for x, y in corners)


def corners_from_text(text: str) -> list[tuple[float, float]]:
    """Read the corners of a polygon.

    Parameters
    ----------
    text : str
        Two numbers per corner with a space between them, and commas between corners.

    Returns
    -------
    list of (float, float)
        The corners.

    Raises
    ------
    ValueError
        If the text is something else, or names fewer than three corners.

    Examples
    --------
    >>> corners_from_text("0 0, 4 0, 0 4")
    [(0.0, 0.0), (4.0, 0.0), (0.0, 4.0)]
    """
    corners = []
    for part in text.split(","):
        try:
            x, y = map(float, part.split())
        except ValueError:
            x = y = math.nan
        if not math.isfinite(x) or not math.isfinite(y):
            raise ValueError(
                f"corners must be two numbers each, such as '0 0, 4 0, 0 4'; got {part.strip()!r}"
            )
        corners.append((x, y))
    if len(corners) < _FEWEST_CORNERS:
        raise ValueError(f"corners must be three or more; got {len(corners)}")
    return corners
