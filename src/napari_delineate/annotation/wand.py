"""Make objects of what looks alike around a point: magic wand and level tracing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks, holes
from napari_delineate.annotation.edits import Edit
from napari_delineate.annotation.windows import (
    new_object,
    place_in_window,
    read_window,
    window_in,
)
from napari_delineate.types import Length, Range, Spacing, voxels

__all__ = ["Wand", "level_mask", "level_object", "wand_object"]


class Wand:
    """Flood an image from a point, to any tolerance.

    Made when the mouse button goes down; `mask` then answers each tolerance while the mouse
    is dragged. It remembers how far the flood has come, so that a larger tolerance costs only
    what it adds, and a smaller one nothing.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array-like
        Intensities of any real dtype; only the window is read. NaN and infinity are never
        part of an object.
    point : sequence of float
        The place, in pixels.
    within : tuple of slice
        How far the flood may go, for instance what is in view.
    sigma : float or Voxels
        Standard deviation of a Gaussian by which noise is taken out before, in the units of
        `spacing` or as `voxels(n)`; 0 for none.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Attributes
    ----------
    window : tuple of slice
        The part of the image in which it floods.
    value : float
        The intensity at the point.
    largest_tolerance : float
        The tolerance from which on nothing changes.

    Raises
    ------
    ValueError
        If the point is not in the window, or there is no number in the image at it.

    Notes
    -----
    Pixels belong together whose intensity differs from that of the point by no more than the
    tolerance, and which are connected to it over such pixels: over faces, 4 neighbours in 2D
    and 6 in 3D.

    References
    ----------
    .. [1] `skimage.segmentation.flood`, whose results these are.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[10, 12, 15, 90, 10]])
    >>> wand = Wand(image, (0, 0), (slice(0, 1), slice(0, 5)))
    >>> wand.mask(2), wand.mask(5)
    (array([[ True,  True, False, False, False]]), array([[ True,  True,  True, False, False]]))
    """

    def __init__(
        self,
        image: Any,
        point: Sequence[float],
        within: Sequence[slice],
        *,
        sigma: Annotated[Length, Range(0)] = voxels(0),
        spacing: Spacing = 1.0,
    ) -> None:
        from napari_delineate.kernels.minimax import Flood

        self.window = window_in(within, image.shape)
        place = place_in_window(point, self.window)
        pixels = read_window(image, self.window, sigma, spacing)
        self.value = _known(pixels, place)
        self.largest_tolerance = max(
            float(np.nanmax(pixels)) - self.value, self.value - float(np.nanmin(pixels))
        )
        self._flood = Flood(pixels, place)

    def mask(self, tolerance: float, *, fill_holes: bool = False) -> NDArray[np.bool_]:
        """Mark what is within a tolerance.

        Parameters
        ----------
        tolerance : float
            Largest difference to the intensity at the point, from 0.
        fill_holes : bool
            Whether what is enclosed belongs to it.

        Returns
        -------
        ndarray of bool, in the shape of the window
            The pixel at the point and all that belong to it.
        """
        # What is never reached has an infinite level.
        tolerance = float(np.clip(tolerance, 0, np.finfo(np.float32).max))
        found = np.asarray(self._flood.levels(tolerance) <= tolerance)
        return holes.filled(found) if fill_holes else found


def wand_object(
    labels: Any,
    wand: Wand,
    tolerance: float,
    number: int,
    *,
    fill_holes: bool = False,
    locked: Collection[int] = (),
    preserve: bool = False,
) -> Edit:
    """Make what a magic wand marks an object, or add it to one.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array-like of int
        The labels, in the shape of the image.
    wand : Wand
        The wand.
    tolerance : float
        Largest difference to the intensity at the point.
    number : int
        Number of the object.
    fill_holes : bool
        Whether what is enclosed belongs to it.
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
        If the object is locked, or others leave no pixel to it.

    Examples
    --------
    >>> import numpy as np
    >>> wand = Wand(np.array([[10, 12, 15, 90]]), (0, 0), (slice(0, 1), slice(0, 4)))
    >>> wand_object(np.zeros((1, 4), int), wand, 5, number=1)
    Edit(box=(slice(0, 1, None), slice(0, 3, None)), labels=array([[1, 1, 1]]))
    """
    mask = wand.mask(tolerance, fill_holes=fill_holes)
    return new_object(labels, wand.window, mask, number, locked=locked, preserve=preserve)


def level_mask(
    image: Any,
    point: Sequence[float],
    within: Sequence[slice],
    *,
    side: Literal["brighter", "darker"] = "brighter",
    sigma: Annotated[Length, Range(0)] = voxels(0),
    spacing: Spacing = 1.0,
) -> NDArray[np.bool_]:
    """Mark what the contour of equal brightness through a point encloses.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array-like
        Intensities of any real dtype; only the window is read.
    point : sequence of float
        The place, on the rim of an object, in pixels.
    within : tuple of slice
        How far the contour may go, for instance what is in view.
    side : {"brighter", "darker"}
        Whether all that is as bright as the pixel at the point or brighter is within, or all
        that is as dark or darker.
    sigma : float or Voxels
        Standard deviation of a Gaussian by which noise is taken out before, in the units of
        `spacing` or as `voxels(n)`; 0 for none.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    ndarray of bool, in the shape of the window as far as the image goes
        What is connected to the point over faces, with holes filled.

    Raises
    ------
    ValueError
        If the point is not in the window, or there is no number in the image at it.

    See Also
    --------
    napari_delineate.segmentation.level_tracing : The same for a whole image.

    References
    ----------
    .. [1] "Level tracing" of the Segment Editor of 3D Slicer, https://www.slicer.org

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[0, 0, 0, 0, 0], [0, 5, 9, 5, 0], [0, 5, 5, 5, 0], [0, 0, 0, 0, 0]])
    >>> int(level_mask(image, (1, 1), (slice(0, 4), slice(0, 5))).sum())
    6
    """
    window = window_in(within, image.shape)
    place = place_in_window(point, window)
    pixels = read_window(image, window, sigma, spacing)
    level = _known(pixels, place)
    # NaN is on neither side.
    inside = pixels >= level if side == "brighter" else pixels <= level
    parts = building_blocks.components_in_any_order(inside, "face")
    return holes.filled(parts == parts[place])


def level_object(
    labels: Any,
    image: Any,
    point: Sequence[float],
    within: Sequence[slice],
    number: int,
    *,
    side: Literal["brighter", "darker"] = "brighter",
    sigma: Annotated[Length, Range(0)] = voxels(0),
    spacing: Spacing = 1.0,
    locked: Collection[int] = (),
    preserve: bool = False,
) -> Edit:
    """Make what a contour of equal brightness encloses an object, or add it to one.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array-like of int
        The labels, in the shape of the image.
    image, point, within, side, sigma, spacing
        As in `level_mask`.
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
        If the point is not in the window, there is no number in the image at it, the object
        is locked, or others leave no pixel to it.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[0, 5, 9, 5, 0]])
    >>> level_object(np.zeros((1, 5), int), image, (0, 1), (slice(0, 1), slice(0, 5)), 3)
    Edit(box=(slice(0, 1, None), slice(1, 4, None)), labels=array([[3, 3, 3]]))
    """
    mask = level_mask(image, point, within, side=side, sigma=sigma, spacing=spacing)
    window = window_in(within, image.shape)
    return new_object(labels, window, mask, number, locked=locked, preserve=preserve)


def _known(pixels: NDArray[Any], place: tuple[int, ...]) -> float:
    value = float(pixels[place])
    if np.isnan(value):
        raise ValueError("the image holds no number at this place; click where it does")
    return value
