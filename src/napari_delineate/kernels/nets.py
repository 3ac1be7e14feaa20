"""Put a vertex into every cell between eight voxels that differ, and squares between them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from napari_delineate.kernels.layers import layers, rows_of

__all__ = ["Net", "relax", "split", "weave"]


class Net(NamedTuple):
    """Hold the cells where objects meet, and the squares between voxels that differ.

    Attributes
    ----------
    places : (N, 3) ndarray of float
        The middle of each cell in voxels, from the first voxel of the image.
    kinds : (N,) ndarray of int
        How many labels meet there, the background among them.
    starts : (N + 1,) ndarray of int
        Where the entries of each cell in the next two begin.
    labels, vertices : (K,) ndarray of int
        The rows (see `layers`) of the objects that meet in each cell, and the number of their
        vertex there: all vertices of an object follow one another, the objects in rising order.
    squares : (M, 4) ndarray of int
        The four cells around each side between two voxels.
    sides : (M, 2) ndarray of int
        The rows of the labels of the two voxels.
    """

    places: NDArray[np.float64]
    kinds: NDArray[np.int64]
    starts: NDArray[np.int64]
    labels: NDArray[np.int64]
    vertices: NDArray[np.int64]
    squares: NDArray[np.int64]
    sides: NDArray[np.int64]


@numba.njit(cache=True, nogil=True, inline="always")
def _look(below: Any, above: Any, y: int, x: int, cell: Any) -> bool:
    """Read the labels around a cell; tell whether they differ."""
    cell[0], cell[1] = below[y, x], below[y, x + 1]
    cell[2], cell[3] = below[y + 1, x], below[y + 1, x + 1]
    cell[4], cell[5] = above[y, x], above[y, x + 1]
    cell[6], cell[7] = above[y + 1, x], above[y + 1, x + 1]
    differs = False
    for corner in range(1, 8):
        differs |= cell[corner] != cell[0]
    return differs


@numba.njit(cache=True, nogil=True, inline="always")
def _is_new(cell: Any, corner: int) -> bool:
    """Tell whether no corner before has the label."""
    is_new = True
    for other in range(corner):
        is_new &= cell[other] != cell[corner]
    return is_new


@numba.njit(cache=True, nogil=True)
def _count(below: Any, above: Any, of_labels: Any, of_axes: Any) -> int:
    """Add the numbers of cells of each label, and of squares of each axis; return all cells."""
    cell = np.empty(8, np.int32)
    cells = 0
    for y in range(below.shape[0] - 1):
        for x in range(below.shape[1] - 1):
            if not _look(below, above, y, x, cell):
                continue
            cells += 1
            of_axes[0] += cell[0] != cell[4]
            of_axes[1] += cell[0] != cell[2]
            of_axes[2] += cell[0] != cell[1]
            for corner in range(8):
                if cell[corner] and _is_new(cell, corner):
                    of_labels[cell[corner]] += 1
    return cells


@numba.njit(cache=True, nogil=True)
def _fill(
    below: Any, above: Any, z: int, cells: Any, numbers: Any, next_vertex: Any, next_square: Any,
    places: Any, kinds: Any, starts: Any, labels: Any, vertices: Any, squares: Any, sides: Any,
) -> int:  # fmt: skip
    """Write the cells between two slices, and the squares that they complete.

    `numbers` (2, Y, X) are the numbers of the cells of this layer and of the one below, by
    even and odd depth; `cells` is how many there were before.
    """
    cell = np.empty(8, np.int32)
    here, under = numbers[z % 2], numbers[(z + 1) % 2]
    for y in range(below.shape[0] - 1):
        for x in range(below.shape[1] - 1):
            if not _look(below, above, y, x, cell):
                continue
            here[y, x] = cells
            places[cells, 0], places[cells, 1], places[cells, 2] = z + 0.5, y + 0.5, x + 0.5
            entry = starts[cells]
            for corner in range(8):
                if _is_new(cell, corner):
                    kinds[cells] += 1
                    label = cell[corner]
                    if label:
                        labels[entry] = label
                        vertices[entry] = next_vertex[label]
                        next_vertex[label] += 1
                        entry += 1
            cells += 1
            starts[cells] = entry
            # This cell is the last of the four around each side that its first corner has.
            if cell[0] != cell[4]:
                square = next_square[0]
                next_square[0] += 1
                sides[square, 0], sides[square, 1] = cell[0], cell[4]
                squares[square, 0], squares[square, 1] = here[y - 1, x - 1], here[y, x - 1]
                squares[square, 2], squares[square, 3] = here[y, x], here[y - 1, x]
            if cell[0] != cell[2]:
                square = next_square[1]
                next_square[1] += 1
                sides[square, 0], sides[square, 1] = cell[0], cell[2]
                squares[square, 0], squares[square, 1] = under[y, x - 1], under[y, x]
                squares[square, 2], squares[square, 3] = here[y, x], here[y, x - 1]
            if cell[0] != cell[1]:
                square = next_square[2]
                next_square[2] += 1
                sides[square, 0], sides[square, 1] = cell[0], cell[1]
                squares[square, 0], squares[square, 1] = under[y - 1, x], here[y - 1, x]
                squares[square, 2], squares[square, 3] = here[y, x], under[y, x]
    return cells  # type: ignore[no-any-return]


def weave(labels: NDArray[Any], known: NDArray[Any]) -> Net:
    """Make the net between objects; beyond the border of the image is background.

    Parameters
    ----------
    labels : (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    known : (L,) ndarray of int
        All labels but 0, rising.

    Returns
    -------
    Net
        Cells in the order of the voxels; squares along z, then along y, then along x.
    """
    height, width = labels.shape[1:]
    of_labels = np.zeros(int(rows_of(known).max(initial=0)) + 1, np.int64)
    of_axes = np.zeros(3, np.int64)
    cells = sum(
        _count(below, above, of_labels, of_axes) for below, above, _ in layers(labels, known)
    )
    next_vertex = np.cumsum(of_labels) - of_labels
    entries, squares = int(of_labels.sum()), int(of_axes.sum())
    net = Net(
        np.empty((cells, 3)),
        np.zeros(cells, np.int64),
        np.zeros(cells + 1, np.int64),
        np.empty(entries, np.int64),
        np.empty(entries, np.int64),
        np.empty((squares, 4), np.int64),
        np.empty((squares, 2), np.int64),
    )
    next_square = np.cumsum(of_axes) - of_axes
    numbers = np.zeros((2, height + 1, width + 1), np.int64)
    found = 0
    for below, above, z in layers(labels, known):
        found = _fill(below, above, z, found, numbers, next_vertex, next_square, *net)
    net.places[:, 1:] -= 1  # the border
    return net


@numba.njit(cache=True, nogil=True)
def relax(
    vertices: Any, places: Any, starts: Any, found: Any, kinds: Any, factor: float, first: int,
    moved: Any,
) -> None:  # fmt: skip
    """Write vertices moved by a share of the way to the mean of some neighbours, in their cells.

    Neighbours count where at least as many labels meet; a vertex with fewer than two of those
    stays. Nothing moves along the axes before `first`.
    """
    for vertex in range(len(vertices)):
        number = 0
        for place in range(starts[vertex], starts[vertex + 1]):
            number += kinds[found[place]] >= kinds[vertex]
        for axis in range(3):
            here = vertices[vertex, axis]
            moved[vertex, axis] = here
            if number < 2 or axis < first:
                continue
            mean, weight = 0.0, 1.0 / number
            for place in range(starts[vertex], starts[vertex + 1]):
                if kinds[found[place]] >= kinds[vertex]:
                    mean += weight * vertices[found[place], axis]
            middle = places[vertex, axis]
            moved[vertex, axis] = min(
                max(here + factor * (mean - here), middle - 0.5), middle + 0.5
            )


@numba.njit(cache=True, nogil=True)
def _away(vertices: Any, one: int, two: int) -> float:
    total = 0.0
    for axis in range(3):
        total += (vertices[one, axis] - vertices[two, axis]) ** 2
    return np.sqrt(total)  # type: ignore[no-any-return]


@numba.njit(cache=True, nogil=True)
def split(
    vertices: Any, squares: Any, sides: Any, starts: Any, labels: Any, of_labels: Any,
    next_face: Any, faces: Any,
) -> None:  # fmt: skip
    """Split each square along its shorter diagonal, for the objects on both of its sides.

    A face belongs to the object below it, and turned round to the one above it; each is
    written at the next place of its object, which is known for those.
    """
    turns = np.array([[[0, 1, 2], [0, 2, 3]], [[0, 1, 3], [1, 2, 3]]])
    for upper in range(2):
        for square in range(len(squares)):
            label = sides[square, upper]
            if not label:
                continue
            a, b, c, d = squares[square]
            shorter = _away(vertices, a, c) <= _away(vertices, b, d)
            for triangle in range(2):
                face = next_face[label]
                next_face[label] += 1
                for corner in range(3):
                    turn = turns[0 if shorter else 1, triangle, 2 - corner if upper else corner]
                    entry = starts[squares[square, turn]]
                    while labels[entry] != label:
                        entry += 1
                    faces[face, corner] = of_labels[entry]
