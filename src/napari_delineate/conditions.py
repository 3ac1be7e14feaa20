"""Read conditions on the columns of a table, such as "area > 50 and solidity >= 0.9"."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.types import Table

__all__ = ["rows_meeting"]

_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "!=": operator.ne,
    "==": operator.eq,
    "≤": operator.le,
    "≥": operator.ge,
    "≠": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}
_CLAUSE = re.compile(rf"(.+?)\s*({'|'.join(_COMPARISONS)})\s*(.+)")
_BETWEEN = re.compile(r"\s+and\s+|[,;&]+", re.IGNORECASE)


def rows_meeting(table: Table, text: str) -> NDArray[np.bool_]:
    """Tell which rows of a table meet conditions.

    Parameters
    ----------
    table : pandas.DataFrame
        The table.
    text : str
        Conditions with "and" or commas between them; each is a column, one of < <= = != >= >,
        and a number, or a text for a column of texts. Empty for none.

    Returns
    -------
    (N,) ndarray of bool
        True for rows that meet all of them; missing values (NaN) meet none.

    Raises
    ------
    ValueError
        If a condition can not be read; the message says why.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"label": [1, 2, 3], "area": [5.0, 70.0, 90.0]})
    >>> rows_meeting(table, "area > 10 and label != 3")
    array([False,  True, False])
    """
    met = np.ones(len(table), bool)
    for clause in filter(None, map(str.strip, _BETWEEN.split(text))):
        found = _CLAUSE.fullmatch(clause)
        if found is None:
            raise ValueError(
                f"'{clause}' is no condition; write a column, a comparison and a number, "
                "such as area > 50"
            )
        name, comparison, wanted = found.groups()
        met &= _compare(table[_column(table, name)], comparison, wanted)
    return met


def _column(table: Table, name: str) -> Any:
    """Return the column that is meant; capitals matter only where two differ by them."""
    known = list(table.columns)
    if name in known:
        return name
    alike = [one for one in known if str(one).lower() == name.lower()]
    if len(alike) == 1:
        return alike[0]
    begun = [str(one) for one in known if name.lower() in str(one).lower()]
    hint = f"; there is {', '.join(begun)}" if begun else ""
    raise ValueError(f"there is no column '{name}'{hint}")


def _compare(values: Any, comparison: str, wanted: str) -> NDArray[np.bool_]:
    compare = _COMPARISONS[comparison]
    if values.dtype.kind not in "biuf":
        if compare not in (operator.eq, operator.ne):
            raise ValueError(f"column '{values.name}' holds texts, which are = or != another")
        return np.asarray(compare(values.astype(str).to_numpy(), wanted.strip("'\"")), bool)
    try:
        number: float = int(wanted) if values.dtype.kind in "iu" else float(wanted)
    except ValueError:
        try:
            number = float(wanted)
        except ValueError:
            raise ValueError(f"'{wanted}' is no number") from None
    numbers = values.to_numpy()
    return np.asarray(compare(numbers, number) & ~np.isnan(numbers), bool)
