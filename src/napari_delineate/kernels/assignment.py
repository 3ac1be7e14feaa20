"""Choose pairs of rows and columns such that nothing is in two: the cheapest, or greedily.

Libraries look at all columns for each row. Here a search ends at the nearest free column, so
that the time grows with the pairs that compete, not with the square of the number of rows.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from napari_delineate.kernels.buffers import doubled

__all__ = ["assign_cheapest", "assign_greedily"]


@numba.njit(cache=True, nogil=True)
def assign_cheapest(starts: Any, columns: Any, costs: Any, alone: float, width: int) -> Any:
    """Return for each row the place of its pair in the cheapest assignment, -1 without one.

    Parameters
    ----------
    starts : (R + 1,) ndarray of int64
        Where the pairs of each row begin; those of the last one end there.
    columns, costs : (M,) ndarray
        The column of each pair and what it costs, 0 or more.
    alone : float
        What a row without a pair costs.
    width : int
        Number of columns.

    Returns
    -------
    (R,) ndarray of int64
        Places of pairs.

    References
    ----------
    .. [1] Jonker and Volgenant, "A shortest augmenting path algorithm for dense and sparse
           linear assignment problems", Computing 38 (1987), 325-340,
           https://doi.org/10.1007/BF02278710
    """
    height = starts.size - 1
    pair_of = np.full(height, -1, np.int64)
    row_of = np.full(width, -1, np.int64)  # of each column
    prices = np.zeros(width)
    away = np.full(width, np.inf)  # from the row that a search begins with
    reached_by = np.empty(width, np.int64)  # the pair
    coming_from = np.empty(width, np.int64)  # the row
    settled = np.zeros(width, np.bool_)
    touched = np.empty(width, np.int64)
    nearest = np.empty(1024)
    nearest_columns = np.empty(1024, np.int64)
    for first in range(height):
        seen, size = 0, 0
        row, here, offset = first, 0.0, 0.0
        last_row, limit, end = first, alone, -1
        while True:
            for pair in range(starts[row], starts[row + 1]):
                column = columns[pair]
                if settled[column]:
                    continue
                reach = offset + costs[pair] - prices[column]
                if reach < away[column] and reach < limit:
                    if away[column] == np.inf:
                        touched[seen] = column
                        seen += 1
                    away[column] = reach
                    reached_by[column], coming_from[column] = pair, row
                    if size == nearest.size:
                        nearest, nearest_columns = doubled(nearest), doubled(nearest_columns)
                    _push(nearest, nearest_columns, size, reach, column)
                    size += 1
            column = -1
            while size > 0 and column < 0:
                here, column = nearest[0], nearest_columns[0]
                size -= 1
                _drop_first(nearest, nearest_columns, size)
                if settled[column] or here > away[column]:
                    column = -1
            if column < 0 or here >= limit:
                here = limit
                break
            if row_of[column] < 0:
                end = column
                break
            settled[column] = True
            row = row_of[column]
            offset = here - costs[pair_of[row]] + prices[column]
            if offset + alone < limit:  # this row would rather have no pair
                last_row, limit = row, offset + alone
        for number in range(seen):
            column = touched[number]
            if settled[column]:
                prices[column] += away[column] - here
            settled[column] = False
            away[column] = np.inf
        # Along the way back every row gives its column to the one before.
        row, column = last_row, -1
        if end >= 0:
            row, column = coming_from[end], end
        while True:
            pair = pair_of[row]
            pair_of[row] = -1
            if column >= 0:
                pair_of[row] = reached_by[column]
                row_of[column] = row
            if row == first:
                break
            column = columns[pair]
            row = coming_from[column]
    return pair_of


@numba.njit(cache=True, nogil=True)
def _push(keys: Any, values: Any, size: int, key: float, value: int) -> None:
    """Add to a heap; of equal keys the smaller value comes first."""
    place = size
    while place > 0:
        above = (place - 1) // 2
        if keys[above] < key or (keys[above] == key and values[above] <= value):
            break
        keys[place], values[place] = keys[above], values[above]
        place = above
    keys[place], values[place] = key, value


@numba.njit(cache=True, nogil=True)
def _drop_first(keys: Any, values: Any, size: int) -> None:
    """Remove the first entry of a heap, of which `size` are left."""
    key, value = keys[size], values[size]
    place = 0
    while 2 * place + 1 < size:
        below = 2 * place + 1
        other = below + 1
        if other < size and (
            keys[other] < keys[below]
            or (keys[other] == keys[below] and values[other] < values[below])
        ):
            below = other
        if key < keys[below] or (key == keys[below] and value <= values[below]):
            break
        keys[place], values[place] = keys[below], values[below]
        place = below
    keys[place], values[place] = key, value


@numba.njit(cache=True, nogil=True)
def assign_greedily(rows: Any, columns: Any, order: Any, height: int, width: int) -> Any:
    """Tell of each pair whether it is taken, where pairs are looked at in some order."""
    free_rows = np.ones(height, np.bool_)
    free_columns = np.ones(width, np.bool_)
    taken = np.zeros(rows.size, np.bool_)
    for pair in order:
        if free_rows[rows[pair]] and free_columns[columns[pair]]:
            free_rows[rows[pair]] = free_columns[columns[pair]] = False
            taken[pair] = True
    return taken
