"""Solve for where a random walk on a grid ends: conjugate gradients with many grids.

The unknown probabilities are the solution of a system of equations with a row for each pixel.
Conjugate gradients solve it in few steps if a rough solution of the same system is at hand for
any right side. Grids give it: pixels are joined two by two along each axis, again and again,
with edges between the joined pixels that are the sums of those between their pixels; on each
grid a sweep there and back takes out what is uneven on its scale.

Arrays are flat, with a margin in front and behind, so that all neighbours can be read.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["Grid", "grids_of", "solve"]

_FEW = 64
"""A grid of so few pixels is not joined any further."""

_SWEEPS_ON_LAST = 8


class Grid(NamedTuple):
    """Hold the equations of one grid.

    Attributes
    ----------
    shape : tuple of int
        Pixels along (Z, Y, X).
    margin : int
        Entries in front of the first pixel, and behind the last.
    weights : (3, N) ndarray of float64
        Weight of the edge to the next pixel along each axis; 0 for none.
    sums, inverse : (N,) ndarray of float64
        Sum of all weights at a pixel, and one by it; 0 where nothing is unknown.
    residual, solution : (N,) ndarray of float64
        Room to work in.
    """

    shape: tuple[int, int, int]
    margin: int
    weights: NDArray[np.float64]
    sums: NDArray[np.float64]
    inverse: NDArray[np.float64]
    residual: NDArray[np.float64]
    solution: NDArray[np.float64]


def grids_of(
    weights: NDArray[np.float64], leaks: NDArray[np.float64], unknown: NDArray[np.bool_]
) -> list[Grid]:
    """Make the grids for a system of equations.

    Parameters
    ----------
    weights : (3, Z, Y, X) ndarray of float64
        Weight of the edge from each pixel to the next one along each axis, between unknown
        pixels only; 0 elsewhere.
    leaks : (Z, Y, X) ndarray of float64
        Sum of the weights from each pixel to pixels that are known.
    unknown : (Z, Y, X) ndarray of bool
        The pixels to solve for.

    Returns
    -------
    list of Grid
        The finest first.
    """
    grids = []
    while True:
        grids.append(_grid(weights, leaks, unknown))
        if unknown.size <= _FEW or max(unknown.shape) == 1:
            return grids
        weights, leaks, unknown = _joined(weights, leaks, unknown)


def _grid(weights: Any, leaks: Any, unknown: Any) -> Grid:
    shape = unknown.shape
    margin = max(shape[1] * shape[2], 1)
    size = unknown.size + 2 * margin
    flat = np.zeros((3, size))
    flat[:, margin:-margin] = weights.reshape(3, -1)
    sums, inverse = np.zeros(size), np.zeros(size)
    _invert(flat, leaks.reshape(-1), unknown.reshape(-1), sums, inverse, shape, margin)
    return Grid(shape, margin, flat, sums, inverse, np.zeros(size), np.zeros(size))


def _joined(weights: Any, leaks: Any, unknown: Any) -> tuple[Any, Any, Any]:
    halves = tuple((size + 1) // 2 for size in unknown.shape)
    joined = np.zeros((3, *halves))
    leaky, open_cells = np.zeros(halves), np.zeros(halves, np.bool_)
    _join(weights, leaks, unknown, joined, leaky, open_cells)
    return joined, leaky, open_cells


@numba.njit(cache=True, nogil=True)
def _join(weights: Any, leaks: Any, unknown: Any, joined: Any, leaky: Any, open_cells: Any) -> None:
    depth, height, width = unknown.shape
    for z in range(depth):
        for y in range(height):
            for x in range(width):
                if not unknown[z, y, x]:
                    continue
                k, j, i = z >> 1, y >> 1, x >> 1
                open_cells[k, j, i] = True
                leaky[k, j, i] += leaks[z, y, x]
                # Edges within a cell of the coarser grid are gone. Along an axis of one
                # pixel there are none.
                if z & 1:
                    joined[0, k, j, i] += weights[0, z, y, x]
                if y & 1:
                    joined[1, k, j, i] += weights[1, z, y, x]
                if x & 1:
                    joined[2, k, j, i] += weights[2, z, y, x]


@numba.njit(cache=True, nogil=True)
def _invert(
    weights: Any, leaks: Any, unknown: Any, sums: Any, inverse: Any, shape: Any, margin: int
) -> None:
    row, plane = shape[2], shape[1] * shape[2]
    for at in range(unknown.size):
        if unknown[at]:
            place = at + margin
            total = leaks[at] + weights[2, place] + weights[2, place - 1]
            total += weights[1, place] + weights[1, place - row]
            total += weights[0, place] + weights[0, place - plane]
            if total > 0:
                sums[place] = total
                inverse[place] = 1 / total


@numba.njit(cache=True, nogil=True, inline="always")
def _around(weights: Any, values: Any, place: int, row: int, plane: int, deep: bool) -> Any:
    """Add up the neighbours of a pixel, each with the weight of its edge."""
    # The one before comes last: a sweep waits for it.
    total = weights[2, place] * values[place + 1] + weights[1, place] * values[place + row]
    total += weights[1, place - row] * values[place - row]
    if deep:
        total += weights[0, place] * values[place + plane]
        total += weights[0, place - plane] * values[place - plane]
    total += weights[2, place - 1] * values[place - 1]
    return total


@numba.njit(cache=True, nogil=True)
def _sweep(
    weights: Any, inverse: Any, right: Any, values: Any, shape: Any, margin: int, back: bool
) -> None:
    row, plane, deep = shape[2], shape[1] * shape[2], shape[0] > 1
    count = shape[0] * plane
    for at in range(count):
        place = margin + (count - 1 - at if back else at)
        if inverse[place] > 0:
            total = right[place] + _around(weights, values, place, row, plane, deep)
            values[place] = total * inverse[place]


@numba.njit(cache=True, nogil=True)
def _pass_down(
    weights: Any, sums: Any, right: Any, values: Any, shape: Any, margin: int,
    coarse: Any, coarse_shape: Any, coarse_margin: int,
) -> None:  # fmt: skip
    """Add up what is left to solve for in the cells of the coarser grid."""
    row, plane, deep = shape[2], shape[1] * shape[2], shape[0] > 1
    coarse[:] = 0
    place = margin
    for z in range(shape[0]):
        for y in range(shape[1]):
            above = coarse_margin + ((z >> 1) * coarse_shape[1] + (y >> 1)) * coarse_shape[2]
            for x in range(shape[2]):
                if sums[place] > 0:
                    left = right[place] - values[place] * sums[place]
                    left += _around(weights, values, place, row, plane, deep)
                    coarse[above + (x >> 1)] += left
                place += 1


@numba.njit(cache=True, nogil=True)
def _pass_up(
    values: Any, inverse: Any, shape: Any, margin: int,
    coarse: Any, coarse_shape: Any, coarse_margin: int,
) -> None:  # fmt: skip
    place = margin
    for z in range(shape[0]):
        for y in range(shape[1]):
            above = coarse_margin + ((z >> 1) * coarse_shape[1] + (y >> 1)) * coarse_shape[2]
            for x in range(shape[2]):
                if inverse[place] > 0:
                    values[place] += coarse[above + (x >> 1)]
                place += 1


@numba.njit(cache=True, nogil=True)
def _multiply(weights: Any, sums: Any, values: Any, result: Any, shape: Any, margin: int) -> float:
    """Apply the equations to values; return the product of both."""
    row, plane, deep = shape[2], shape[1] * shape[2], shape[0] > 1
    product = 0.0
    for place in range(margin, margin + shape[0] * plane):
        if sums[place] > 0:
            total = values[place] * sums[place]
            total -= _around(weights, values, place, row, plane, deep)
            result[place] = total
            product += total * values[place]
    return product


@numba.njit(cache=True, nogil=True)
def _product(one: Any, other: Any) -> Any:
    # That of BLAS wakes threads, which takes longer than to add up.
    total = 0.0
    for place in range(one.size):
        total += one[place] * other[place]
    return total


@numba.njit(cache=True, nogil=True)
def _step(solution: Any, direction: Any, residual: Any, image: Any, length: float) -> None:
    for place in range(solution.size):
        solution[place] += length * direction[place]
        residual[place] -= length * image[place]


@numba.njit(cache=True, nogil=True)
def _turn(direction: Any, rough: Any, share: float) -> None:
    for place in range(direction.size):
        direction[place] = rough[place] + share * direction[place]


def _rough_solution(grids: list[Grid], level: int = 0) -> None:
    grid = grids[level]
    parts = grid.weights, grid.inverse, grid.residual, grid.solution, grid.shape, grid.margin
    grid.solution[:] = 0
    if level == len(grids) - 1:
        for _ in range(_SWEEPS_ON_LAST):
            _sweep(*parts, False)
            _sweep(*parts, True)
        return
    coarse = grids[level + 1]
    _sweep(*parts, False)
    down = grid.weights, grid.sums, grid.residual, grid.solution, grid.shape, grid.margin
    _pass_down(*down, coarse.residual, coarse.shape, coarse.margin)
    _rough_solution(grids, level + 1)
    to = grid.solution, grid.inverse, grid.shape, grid.margin
    _pass_up(*to, coarse.solution, coarse.shape, coarse.margin)
    _sweep(*parts, True)


def solve(
    grids: list[Grid],
    right: NDArray[np.float64],
    start: NDArray[np.float64],
    tolerance: float,
    most_steps: int,
) -> tuple[NDArray[np.float64], int]:
    """Solve the equations.

    Parameters
    ----------
    grids : list of Grid
        What `grids_of` made.
    right : (Z, Y, X) ndarray of float64
        Sum of the weights from each pixel to known pixels where walks are to end.
    start : (Z, Y, X) ndarray of float64
        A guess at the solution.
    tolerance : float
        By which share the error of the guess "0 everywhere" is to fall, in the norm of the
        equations.
    most_steps : int
        When to stop at the latest.

    Returns
    -------
    (Z, Y, X) ndarray of float64
        The probabilities.
    int
        How many steps were taken.
    """
    finest = grids[0]
    inner = slice(finest.margin, -finest.margin)
    parts = finest.weights, finest.sums
    size = finest.shape, finest.margin
    values, direction, image = (np.zeros_like(finest.inverse) for _ in range(3))
    goal = finest.residual
    goal[:] = 0
    goal[inner] = np.where(finest.inverse[inner] > 0, right.reshape(-1), 0)
    _rough_solution(grids)
    limit = tolerance**2 * _product(goal, finest.solution)
    values[inner] = np.where(finest.inverse[inner] > 0, start.reshape(-1), 0)
    _multiply(*parts, values, image, *size)
    goal -= image
    taken = 0
    _rough_solution(grids)
    rest = _product(goal, finest.solution)
    direction[:] = finest.solution
    while rest > limit and taken < most_steps:
        length = rest / _multiply(*parts, direction, image, *size)
        _step(values, direction, goal, image, length)
        _rough_solution(grids)
        before, rest = rest, _product(goal, finest.solution)
        _turn(direction, finest.solution, rest / before)
        taken += 1
    return values[inner].reshape(finest.shape), taken
