"""Make a table of columns, with their units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

__all__: list[str] = []  # no operations

_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def table_of(
    labels: NDArray[Any],
    columns: Mapping[str, NDArray[Any]],
    powers: Mapping[str, int | str],
    ndim: int,
    units: str,
) -> pd.DataFrame:
    """Return a table with a row for every object.

    Parameters
    ----------
    labels : (N,) ndarray of int
        The numbers of the objects.
    columns : mapping of str to (N,) ndarray
        Columns by name; numbers behind a dash tell parts of one measurement.
    powers : mapping of str to int or str
        The power of the length in the unit of each measurement that has one: a number,
        "ndim" for areas and volumes, "powers" for the sum of the numbers behind the name.
    ndim : int
        Number of axes.
    units : str
        Name of the unit of lengths.

    Returns
    -------
    pandas.DataFrame
        Columns "label" and those given; `attrs["units"]` maps each to its unit.
    """
    import pandas as pd

    table = pd.DataFrame({"label": labels, **columns})
    table.attrs["units"] = {
        column: _unit(units, _power(column, powers, ndim)) for column in table.columns
    }
    return table


def _power(column: str, powers: Mapping[str, int | str], ndim: int) -> int:
    name, *parts = column.split("-")
    power = powers.get(name, 0)
    if power == "powers":
        return sum(map(int, parts))
    return ndim if power == "ndim" else int(power)


def _unit(units: str, power: int) -> str:
    if power == 0:
        return ""
    return units if power == 1 else units + str(power).translate(_SUPERSCRIPTS)


def suffixed(
    columns: Mapping[str, NDArray[Any]], channel: int, channels: int
) -> dict[str, NDArray[Any]]:
    """Return columns with the number of their channel behind the names, where there are more.

    Parameters
    ----------
    columns : mapping of str to (N,) ndarray
        Columns of one channel.
    channel : int
        Its number from 0.
    channels : int
        How many there are.

    Returns
    -------
    dict of str to (N,) ndarray
        The columns.
    """
    if channels == 1:
        return dict(columns)
    return {f"{name}-{channel}": column for name, column in columns.items()}
