"""Trace the edges of objects between clicks: intelligent scissors, or live wire."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate import holes, places
from napari_delineate.annotation.edits import Edit
from napari_delineate.annotation.windows import (
    new_object,
    place_in_window,
    read_window,
    window_in,
)
from napari_delineate.types import Length, Range, Spacing, spacing_per_axis, voxels

__all__ = ["EdgeMap", "Wires", "edge_map", "outlined_object", "snapped", "wires_from"]

_ZERO_CROSSING, _DIRECTION, _STEEPNESS = 0.43, 0.43, 0.14
"""What each property of a pixel counts: the figures of Mortensen and Barrett."""

_MOST = 200
"""The cost of a pixel that has nothing of an edge."""

_STEEP = 99.5
"""Percentile of the steepness from which on edges are equally good."""


class EdgeMap(NamedTuple):
    """Hold where wires run in a window, with a closed margin of one pixel.

    Attributes
    ----------
    window : tuple of slice
        The window; one slice of a stack.
    axes : tuple of int
        The two axes of the image in which it lies.
    costs, direction : (Y + 2, X + 2) ndarray of uint8
        What a wire pays for each pixel, and the direction along the edge.
    bends : (8, D, D) ndarray of uint8
        What it pays for leaving that direction.
    """

    window: tuple[slice, ...]
    axes: tuple[int, int]
    costs: NDArray[np.uint8]
    direction: NDArray[np.uint8]
    bends: NDArray[np.uint8]


class Wires(NamedTuple):
    """Hold the cheapest wires from one pixel to all others of a window.

    Attributes
    ----------
    window : tuple of slice
        The window.
    axes : tuple of int
        The two axes of the image in which it lies.
    came : (Y + 2, X + 2) ndarray of int8
        By which step each pixel is reached, -1 for none.
    start : tuple of int
        The pixel at which all wires start, in the image.
    """

    window: tuple[slice, ...]
    axes: tuple[int, int]
    came: NDArray[np.int8]
    start: tuple[int, ...]

    def to(self, point: Sequence[float]) -> NDArray[np.intp]:
        """Return the wire to a point.

        Parameters
        ----------
        point : sequence of float
            The place, in pixels of the image.

        Returns
        -------
        (N, D) ndarray of int
            The pixels of the wire, from its start to the point; neighbours share an edge or
            a corner.

        Raises
        ------
        ValueError
            If the point is not in the window, or no wire leads there.
        """
        place = place_in_window(point, self.window)
        row, column = (place[axis] + 1 for axis in self.axes)
        first = tuple(self.start[axis] - self.window[axis].start + 1 for axis in self.axes)
        path = [(row, column)]
        while path[-1] != first:
            step = int(self.came[row, column])
            if step < 0:
                raise ValueError("no wire leads there: the image holds no numbers between")
            step += step > 3  # a scan of the neighbours leaves the pixel itself out
            row, column = row + 1 - step // 3, column + 1 - step % 3
            path.append((row, column))
        wire = np.empty((len(path), len(self.window)), np.intp)
        wire[:] = self.start
        corner = [self.window[axis].start - 1 for axis in self.axes]
        wire[:, self.axes] = np.array(path[::-1]) + corner
        return wire


def edge_map(
    image: Any,
    within: Sequence[slice],
    *,
    outlines: Literal["edges", "membranes"] = "edges",
    sigma: Annotated[Length, Range(0)] = voxels(1),
    spacing: Spacing = 1.0,
) -> EdgeMap:
    """Find where wires run in a window of an image, once.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) array-like
        Intensities of any real dtype; only the window is read.
    within : tuple of slice
        Where wires may run, for instance what is in view; of a stack, a single slice.
    outlines : {"edges", "membranes"}
        Whether they run where brightness changes, or where it is bright.
    sigma : float or Voxels
        Standard deviation of a Gaussian by which noise is taken out before, in the units of
        `spacing` or as `voxels(n)`; 0 for none.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    EdgeMap
        What `wires_from` needs.

    Raises
    ------
    ValueError
        If nothing of the image is in the window, or it is no slice.

    Notes
    -----
    On edges the Laplacian changes sign, the image is steep, and the wire runs along them,
    with the brighter side on the same hand.

    References
    ----------
    .. [1] Mortensen and Barrett, "Intelligent scissors for image composition", SIGGRAPH
           (1995), 191-198, https://doi.org/10.1145/218380.218442

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((5, 9)); image[3:, :] = 9
    >>> found = edge_map(image, (slice(0, 5), slice(0, 9)), sigma=0)
    >>> wires_from(found, (3, 0)).to((3, 8))[:, 0]
    array([3, 3, 3, 3, 3, 3, 3, 3, 3])
    """
    from napari_delineate.kernels.live_wire import CLOSED, DIRECTIONS, describe_edges

    window = window_in(within, image.shape)
    axes = _plane_of([side.stop - side.start for side in window])
    pixels = read_window(image, window, sigma, spacing).reshape(
        [window[axis].stop - window[axis].start for axis in axes]
    )
    unknown = np.isnan(pixels)
    filled = np.where(unknown, np.nanmean(pixels) if not unknown.all() else 0, pixels)
    direction = np.zeros(pixels.shape, np.uint8)
    if outlines == "membranes":
        badness = 1 - _up_to_percentile(filled - filled.min())
        bends = np.zeros((8, DIRECTIONS, DIRECTIONS), np.uint8)
    else:
        pitch = np.array([spacing_per_axis(spacing, len(window))[axis] for axis in axes])
        steep, crossing = np.empty(pixels.shape, np.float32), np.empty(pixels.shape, bool)
        describe_edges(np.pad(filled, 2, mode="edge"), pitch, steep, crossing, direction)
        badness = _ZERO_CROSSING * ~crossing + _STEEPNESS * (1 - _up_to_percentile(steep))
        bends = _bends()
    costs = np.rint(1 + _MOST * badness).astype(np.uint8)
    costs[unknown] = CLOSED
    return EdgeMap(window, axes, np.pad(costs, 1), np.pad(direction, 1), bends)


def _plane_of(sizes: Sequence[int]) -> tuple[int, int]:
    """Return the two axes of a slice."""
    if len(sizes) == 2:
        return 0, 1
    thin = [axis for axis, size in enumerate(sizes) if size == 1]
    if not thin:
        raise ValueError("edges are traced in a slice; show a single slice of the stack")
    first, second = (axis for axis in range(len(sizes)) if axis != thin[0])
    return first, second


def _up_to_percentile(values: NDArray[Any]) -> NDArray[Any]:
    """Scale values from 0 up so that 1 is a high percentile, and cut off what is above."""
    # A sample will do: the figure is a matter of taste.
    sample = values.reshape(-1)[:: max(values.size // 2**16, 1)]
    limit = float(np.percentile(sample, _STEEP)) or float(values.max()) or 1.0
    return np.asarray(np.minimum(values / limit, 1))


def _bends() -> NDArray[np.uint8]:
    """Return what directions at both ends of a step cost, as Mortensen and Barrett have it."""
    from napari_delineate.kernels.live_wire import DIRECTIONS

    angles = np.arange(DIRECTIONS) * (2 * np.pi / DIRECTIONS)
    along = np.stack([np.sin(angles), np.cos(angles)], axis=1)
    steps = np.array([step for step in np.ndindex(3, 3) if step != (1, 1)]) - 1
    units = steps / np.linalg.norm(steps, axis=1, keepdims=True)
    cosines = np.clip(units @ along.T, -1, 1)
    # A wire may run either way: the sign is that of the direction at the start.
    signs = np.where(cosines >= 0, 1, -1)
    start = np.arccos(np.abs(cosines))[:, :, None]
    end = np.arccos(signs[:, :, None] * cosines[:, None, :])
    cost = _MOST * _DIRECTION * (start + end) / (1.5 * np.pi)
    return np.asarray(np.rint(cost).astype(np.uint8))


def wires_from(found: EdgeMap, point: Sequence[float]) -> Wires:
    """Find the cheapest wires from a click to all pixels of the window.

    Parameters
    ----------
    found : EdgeMap
        What `edge_map` found.
    point : sequence of float
        The place, in pixels of the image.

    Returns
    -------
    Wires
        What follows the pointer: see `Wires.to`.

    Raises
    ------
    ValueError
        If the point is not in the window, or there is no number in the image at it.

    Examples
    --------
    >>> import numpy as np
    >>> found = edge_map(np.zeros((4, 4)), (slice(0, 4), slice(0, 4)))
    >>> wires_from(found, (0, 0)).to((0, 2))
    array([[0, 0], [0, 1], [0, 2]])
    """
    from napari_delineate.kernels.live_wire import CLOSED, cheapest_paths

    place = place_in_window(point, found.window)
    width = found.costs.shape[1]
    row, column = (place[axis] + 1 for axis in found.axes)
    if found.costs[row, column] == CLOSED:
        raise ValueError("the image holds no number at this place; click where it does")
    came = cheapest_paths(
        found.costs.reshape(-1), found.direction.reshape(-1), found.bends,
        row * width + column, width,
    )  # fmt: skip
    start = tuple(at + side.start for at, side in zip(place, found.window, strict=True))
    return Wires(found.window, found.axes, came.reshape(found.costs.shape), start)


def snapped(found: EdgeMap, point: Sequence[float], reach: int = 4) -> tuple[int, ...]:
    """Return the best pixel of an edge near a point, so that clicks need not be precise.

    Parameters
    ----------
    found : EdgeMap
        What `edge_map` found.
    point : sequence of float
        The place, in pixels of the image.
    reach : int
        How far from it to look, in pixels.

    Returns
    -------
    tuple of int
        The cheapest pixel in reach; of several, the nearest.

    Raises
    ------
    ValueError
        If the point is not in the window.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((8, 20)); image[:, 10:] = 9
    >>> found = edge_map(image, (slice(0, 8), slice(0, 20)), sigma=0)
    >>> snapped(found, (4, 12), reach=3)
    (4, 10)
    """
    from napari_delineate.kernels.live_wire import CLOSED

    place = place_in_window(point, found.window)
    row, column = (place[axis] + 1 for axis in found.axes)
    top, left = max(row - reach, 1), max(column - reach, 1)
    near = found.costs[top : row + reach + 1, left : column + reach + 1].astype(float)
    rows, columns = np.indices(near.shape) + np.reshape((top, left), (2, 1, 1))
    distance = np.hypot(rows - row, columns - column)
    near[(near == CLOSED) | (distance > reach)] = np.inf
    if not np.isfinite(near).any():
        return tuple(at + side.start for at, side in zip(place, found.window, strict=True))
    best = np.lexsort((distance.ravel(), near.ravel()))[0]
    result = [at + side.start for at, side in zip(place, found.window, strict=True)]
    for axis, at in zip(found.axes, (rows.flat[best], columns.flat[best]), strict=True):
        result[axis] = int(at) - 1 + found.window[axis].start
    return tuple(result)


def outlined_object(
    labels: Any,
    outline: NDArray[Any],
    number: int,
    *,
    locked: Collection[int] = (),
    preserve: bool = False,
) -> Edit:
    """Make what an outline encloses an object, or add it to one.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array-like of int
        The labels.
    outline : (N, D) array-like of float
        Vertices or pixels of the outline, in pixels, in one slice of a stack. A straight line
        closes it.
    number : int
        Number of the object.
    locked : collection of int
        Numbers of objects that no tool changes.
    preserve : bool
        Whether pixels of other objects stay as they are.

    Returns
    -------
    Edit
        The edit; the outline belongs to the object.

    Raises
    ------
    ValueError
        If there are fewer than three vertices, they are not in one slice, the object is
        locked, or others leave no pixel to it.

    Examples
    --------
    >>> import numpy as np
    >>> outline = np.array([[0, 0], [0, 2], [2, 2], [2, 0]])
    >>> outlined_object(np.zeros((3, 4), int), outline, 5).labels
    array([[5, 5, 5],
           [5, 5, 5],
           [5, 5, 5]])
    """
    vertices = np.asarray(outline, float).reshape(len(outline), -1)
    places.check_axes(vertices, "the outline", {len(labels.shape)})
    if len(vertices) < 3:
        raise ValueError("an outline needs at least three points; click on")
    last = np.array(labels.shape) - 1
    inside = np.clip(np.floor(vertices + 0.5), 0, last)  # what lies outside is cut off
    low, high = inside.min(axis=0).astype(int), inside.max(axis=0).astype(int)
    if len(low) == 3 and (low < high).all():
        raise ValueError("an outline lies in one slice of a stack; trace it in a single slice")
    window = tuple(slice(a, b + 1) for a, b in zip(low.tolist(), high.tolist(), strict=True))
    shape = tuple(side.stop - side.start for side in window)
    closed = np.concatenate([inside, inside[:1]]) - low
    mask = np.zeros(shape, bool)
    mask[tuple(places.pixels_along(closed, shape, 1.0).T)] = True
    return new_object(labels, window, holes.filled(mask), number, locked=locked, preserve=preserve)
