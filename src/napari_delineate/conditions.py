"""Read conditions on the columns of a table, such as "area > 50 and solidity >= 0.9"."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.files.tables import column_titles
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
_CLAUSES = re.compile(r"""(?:'[^']*'|"[^"]*"|(?!\s+and\s|[,;&]).)+""", re.IGNORECASE | re.DOTALL)
"""What stands between "and" and commas; between quotes they mean themselves."""
_AND = re.compile(r"\s*and\s+", re.IGNORECASE)
_TRUTHS = {"true": 1.0, "false": 0.0}


def rows_meeting(table: Table, text: str) -> NDArray[np.bool_]:
    """Tell which rows of a table meet conditions.

    Parameters
    ----------
    table : pandas.DataFrame
        The table.
    text : str
        Conditions with "and" or commas between them; each is a column, one of < <= = != >= >,
        and a number, or a text for a column of texts, which may stand in quotes. Empty for
        none.

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
    for part in _CLAUSES.findall(text):
        clause = _AND.sub("", part, count=1).strip() if _AND.match(part) else part.strip()
        if not clause:
            continue
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
    titles = zip(known, column_titles(table), strict=True)
    alike = [one for one, title in titles if name.lower() in (str(one).lower(), title.lower())]
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
        met = compare(values.astype(str).to_numpy(), _without_quotes(wanted))
        return np.asarray(values.notna() & met, bool)
    numbers = values.to_numpy()
    met = compare(numbers, _number(wanted, values.dtype.kind))
    return np.asarray(met & ~np.isnan(numbers), bool)


def _without_quotes(text: str) -> str:
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if is_quoted else text


def _number(text: str, kind: str) -> float:
    """Return the number that a text means in a column of whole numbers, truths or others."""
    number: float = math.nan
    if kind == "b" and text.lower() in _TRUTHS:
        return _TRUTHS[text.lower()]
    for read in (int, float) if kind in "iu" else (float,):
        try:
            number = read(text)
        except ValueError:
            continue  # no number of this kind
        break
    if math.isnan(number):
        raise ValueError(f"'{text}' is no number")
    return number
