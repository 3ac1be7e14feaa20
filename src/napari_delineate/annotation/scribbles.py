"""Make objects of scribbles: lines in the object and in what is around it."""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks
from napari_delineate.annotation import parting
from napari_delineate.annotation.crops import tight_box, widened
from napari_delineate.annotation.edits import Edit
from napari_delineate.annotation.parting import BACKGROUND, OBJECT
from napari_delineate.annotation.windows import new_object, read_window, rim_of, window_in
from napari_delineate.types import Length, Range, Spacing, spacing_per_axis, voxels

__all__ = ["BACKGROUND", "OBJECT", "Scribbling", "scribbled_object"]

_MOST_PIXELS = {"random walk": 2**16, "graph cut": 2**15, "grow cut": 2**18}
"""A window with more is parted in cells of several pixels first: what takes 0.1 s or so."""

_SHORTEST = 8
"""An axis of fewer cells is not made shorter."""


class Scribbling:
    """Part a window of an image by scribbles, anew with each of them.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array-like
        Intensities of any real dtype; only the window is read, once.
    within : tuple of slice
        How far objects may reach, for instance what is in view.
    method : {"random walk", "graph cut", "grow cut"}
        How pixels are parted. A random walk looks only at edges and finds weak ones, too; a
        graph cut also learns from the scribbles how bright object and background are, and
        cuts smoothly; grow cut compares brightness along paths, and is the quickest.
    sigma : float or Voxels
        Standard deviation of a Gaussian by which noise is taken out before, in the units of
        `spacing` or as `voxels(n)`; 0 for none.
    beta : float
        How much a random walk avoids edges.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Attributes
    ----------
    window : tuple of slice
        The part of the image that is parted.

    Raises
    ------
    ValueError
        If nothing of the image is in the window.

    Notes
    -----
    A window of more pixels than 65,536 (32,768 for a graph cut, 262,144 for grow cut) is
    parted twice: first in cells of 2, 4, ... pixels a side (less along coarse axes), and then
    in single pixels within two cells of the outline that this gave. What is thinner than a
    cell may be lost; zoom in to make the window smaller.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[10, 10, 10, 10, 80, 80]] * 2)
    >>> scribbles = np.array([[OBJECT, 0, 0, 0, 0, BACKGROUND], [0] * 6])
    >>> Scribbling(image, (slice(0, 2), slice(0, 6)), sigma=0).mask(scribbles)[0]
    array([ True,  True,  True,  True, False, False])
    """

    def __init__(
        self,
        image: Any,
        within: Sequence[slice],
        *,
        method: Literal["random walk", "graph cut", "grow cut"] = "random walk",
        sigma: Annotated[Length, Range(0)] = voxels(1),
        beta: Annotated[float, Range(0)] = 1000.0,
        spacing: Spacing = 1.0,
    ) -> None:
        self.window = window_in(within, image.shape)
        self._method = method
        self._beta = beta
        self._spacing = spacing_per_axis(spacing, len(self.window))
        self._pixels = _standardized(read_window(image, self.window, sigma, spacing))
        self._cell = _cell_of(self._pixels.shape, self._spacing, _MOST_PIXELS[method])
        self._cells = _means(self._pixels, self._cell)
        if method == "random walk" and max(self._cell) > 1:
            self._cell_edges = _edges_of_cells(self._pixels, self._cell, self._spacing, beta)

    def mask(self, scribbles: Any) -> NDArray[np.bool_]:
        """Mark the object.

        Parameters
        ----------
        scribbles : array-like of int, in the shape of the image
            `OBJECT` (1) and `BACKGROUND` (2) where lines were drawn, 0 elsewhere; only the
            window is read. If none in it is background, its rim is.

        Returns
        -------
        ndarray of bool, in the shape of the window
            What belongs to the lines in the object, and is connected to them over faces.

        Raises
        ------
        ValueError
            If no line in the window is in an object.
        """
        drawn = np.asarray(scribbles[self.window]).astype(np.uint8)
        drawn[np.isnan(self._pixels)] = 0
        if not (drawn == OBJECT).any():
            raise ValueError("there is no line in an object yet; draw one")
        if not (drawn == BACKGROUND).any():
            known = ~np.isnan(self._pixels)
            drawn[rim_of(drawn.shape) & (drawn == 0) & known] = BACKGROUND
            if not (drawn == BACKGROUND).any():
                return _connected_to(known, drawn == OBJECT)
        brightness = parting.brightness_of(self._pixels, drawn)
        if max(self._cell) == 1:
            everywhere = (slice(None),) * drawn.ndim
            found = self._part_pixels(everywhere, drawn, brightness)
        else:
            found = self._parted_twice(drawn, brightness)
        return _connected_to(found, drawn == OBJECT)

    def _part_cells(
        self, seeds: NDArray[np.uint8], brightness: parting.Brightness
    ) -> NDArray[np.bool_]:
        if self._method == "random walk":
            return parting.by_random_walk(self._cell_edges, seeds)
        spacing = tuple(np.multiply(self._spacing, self._cell).tolist())
        if self._method == "grow cut":
            return parting.by_grow_cut(self._cells, seeds, spacing)
        size = float(np.prod(self._cell)) ** (1 / len(self._cell))
        return parting.by_graph_cut(self._cells, seeds, spacing, brightness, size)

    def _part_pixels(
        self, part: tuple[slice, ...], seeds: NDArray[np.uint8], brightness: parting.Brightness
    ) -> NDArray[np.bool_]:
        if self._method == "random walk":
            edges = parting.edges_of(self._pixels[part], self._spacing, self._beta)
            return parting.by_random_walk(edges, seeds)
        if self._method == "grow cut":
            return parting.by_grow_cut(self._pixels[part], seeds, self._spacing)
        return parting.by_graph_cut(self._pixels[part], seeds, self._spacing, brightness)

    def _parted_twice(
        self, drawn: NDArray[np.uint8], brightness: parting.Brightness
    ) -> NDArray[np.bool_]:
        """Part cells, and then the pixels of the cells near to the outline."""
        has = [_any_in_cell(drawn == side, self._cell) for side in (OBJECT, BACKGROUND)]
        seeds = np.where(has[0], OBJECT, np.where(has[1], BACKGROUND, 0)).astype(np.uint8)
        seeds[has[0] & has[1]] = 0
        coarse = self._part_cells(seeds, brightness)
        # The outlines of other objects are nobody's concern, and may be all over the window.
        near = _near_outline(_connected_to(coarse, has[0])) | (has[0] & has[1])
        result = _in_pixels(coarse, self._cell, drawn.shape)
        box = tight_box(near)
        if box is None:
            return result
        cells = widened(box, 1, near.shape)
        part = tuple(
            slice(side.start * size, min(side.stop * size, length))
            for side, size, length in zip(cells, self._cell, drawn.shape, strict=True)
        )
        lengths = tuple(side.stop - side.start for side in part)
        open_pixels = _in_pixels(near[cells], self._cell, lengths)
        fixed = np.where(result[part], OBJECT, BACKGROUND)
        seeds = np.where(open_pixels, 0, fixed).astype(np.uint8)
        seeds = np.where(drawn[part] > 0, drawn[part], seeds)
        result[part] = self._part_pixels(part, seeds, brightness)
        return result


def scribbled_object(
    labels: Any,
    scribbling: Scribbling,
    scribbles: Any,
    number: int,
    *,
    locked: Collection[int] = (),
    preserve: bool = False,
) -> Edit:
    """Make what scribbles mark an object, or add it to one.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array-like of int
        The labels, in the shape of the image.
    scribbling : Scribbling
        What knows the image.
    scribbles : array-like of int, in the shape of the image
        As in `Scribbling.mask`.
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
        If no line in the window is in an object, the object is locked, or others leave no
        pixel to it.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[10, 10, 10, 10, 80, 80]])
    >>> scribbling = Scribbling(image, (slice(0, 1), slice(0, 6)), sigma=0)
    >>> scribbles = np.array([[OBJECT, 0, 0, 0, 0, BACKGROUND]])
    >>> scribbled_object(np.zeros((1, 6), int), scribbling, scribbles, 5).labels
    array([[5, 5, 5, 5]])
    """
    mask = scribbling.mask(scribbles)
    return new_object(labels, scribbling.window, mask, number, locked=locked, preserve=preserve)


def _standardized(pixels: NDArray[Any]) -> NDArray[np.float64]:
    """Scale intensities to a standard deviation of 1, so that settings fit all images."""
    wide = pixels.astype(np.float64)
    unknown = np.isnan(wide)
    if unknown.all():
        return wide
    largest = float(np.nanmax(np.abs(wide)))
    # A power of two changes no digit, and the squares of all floats then fit.
    wide = np.ldexp(wide, -int(np.frexp(largest)[1]))
    deviation = float(np.nanstd(wide)) if unknown.any() else float(wide.std())
    return np.asarray(wide / deviation) if deviation > 0 else wide


def _cell_of(shape: tuple[int, ...], spacing: tuple[float, ...], most: int) -> tuple[int, ...]:
    """Return how many pixels a cell has along each axis, so that there are not too many."""
    cell = [1] * len(shape)
    while np.prod([-(-size // one) for size, one in zip(shape, cell, strict=True)]) > most:
        sides = [
            one * step if size // (2 * one) >= _SHORTEST else np.inf
            for one, step, size in zip(cell, spacing, shape, strict=True)
        ]
        if min(sides) == np.inf:
            break
        cell[int(np.argmin(sides))] *= 2
    return tuple(cell)


def _cells(values: NDArray[Any], cell: tuple[int, ...], function: Any) -> NDArray[Any]:
    """Join the pixels of each cell by a function of two arrays."""
    for axis, (size, length) in enumerate(zip(cell, values.shape, strict=True)):
        if size > 1:
            along = np.moveaxis(values, axis, 0)
            joined = along[::size].copy()
            for k in range(1, min(size, length)):
                part = along[k::size]  # the last cell may have fewer pixels
                function(joined[: len(part)], part, out=joined[: len(part)])
            values = np.ascontiguousarray(np.moveaxis(joined, 0, axis))
    return values


def _edges_of_cells(
    pixels: NDArray[np.float64], cell: tuple[int, ...], spacing: tuple[float, ...], beta: float
) -> NDArray[np.float64]:
    """Return the edges between cells, from those between halves of them."""
    half = tuple(max(size // 2, 1) for size in cell)
    steps = tuple(np.multiply(half, spacing).tolist())
    weights = parting.edges_of(_means(pixels, half), steps, beta)
    for axis, size in enumerate((1,) * (3 - len(cell)) + cell):
        if size > 1:
            weights = parting.joined_edges(weights, axis)
    return weights


def _means(pixels: NDArray[np.float64], cell: tuple[int, ...]) -> NDArray[np.float64]:
    unknown = np.isnan(pixels)
    if not unknown.any():
        sizes = [
            np.minimum(size, length - np.arange(0, length, size))
            for size, length in zip(cell, pixels.shape, strict=True)
        ]
        return np.asarray(_cells(pixels, cell, np.add) / functools.reduce(np.multiply.outer, sizes))
    counts = _cells((~unknown).astype(np.float64), cell, np.add)
    sums = _cells(np.where(unknown, 0, pixels), cell, np.add)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _any_in_cell(mask: NDArray[np.bool_], cell: tuple[int, ...]) -> NDArray[np.bool_]:
    return _cells(mask, cell, np.logical_or)


def _in_pixels(
    cells: NDArray[np.bool_], cell: tuple[int, ...], shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    for axis, size in enumerate(cell):
        if size > 1:
            cells = np.repeat(cells, size, axis=axis)
    return np.ascontiguousarray(cells[tuple(map(slice, shape))])


def _near_outline(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark the cells within two of the other side."""
    from scipy import ndimage

    around = ndimage.generate_binary_structure(mask.ndim, 1)
    outline = ndimage.binary_dilation(mask, around) & ndimage.binary_dilation(~mask, around)
    return np.asarray(
        ndimage.binary_dilation(outline, ndimage.generate_binary_structure(mask.ndim, mask.ndim))
    )


def _connected_to(mask: NDArray[np.bool_], lines: NDArray[np.bool_]) -> NDArray[np.bool_]:
    parts = building_blocks.components_in_any_order(mask | lines, "face")
    kept = np.zeros(int(parts.max()) + 1, bool)
    kept[np.unique(parts[lines])] = True
    return np.asarray(kept[parts])
