"""Keep objects whose rows in a table lie within limits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_delineate import gates, object_numbers
from napari_delineate.axes import AT
from napari_delineate.conditions import rows_meeting
from napari_delineate.declaration import operation
from napari_delineate.types import Labels, Table

__all__ = ["filter_by_table", "filter_by_gate"]


@operation(version=2)
def filter_by_table(
    labels: Labels,
    table: Table,
    *,
    column: str = "label",
    minimum: float | None = None,
    maximum: float | None = None,
    condition: str = "",
) -> Labels:
    """Keep objects whose rows in a table lie between two limits or meet conditions.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    table : pandas.DataFrame
        One row per object with its number in the column "label", as all measurements give it:
        of size, shape and intensity, texture, granularity, neighbors, skeletons,
        colocalization or parents. Rows of objects that are not there do nothing.
    column : str
        The column.
    minimum : float or None
        Smallest value kept, in the unit of the column; None for no limit.
    maximum : float or None
        Largest value kept; None for no limit.
    condition : str
        Further conditions, all of which are to be met, such as "area > 50 and class = round":
        a column, one of < <= = != >= >, and a number or a text; "and" or commas stand between
        several. Empty for none.

    Returns
    -------
    kept_labels : ndarray of int32 or int64, same shape
        The objects kept, with their numbers. Objects without a row are removed; with a
        limit or condition, also those whose value is missing (NaN). Of several rows of an
        object one is enough.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If the table lacks the column "label" or `column`, the column holds no numbers,
        `maximum` is below `minimum`, the condition can not be read, or the image is empty.

    See Also
    --------
    filter_by_measurement : Measures size, shape or intensity by itself.
    filter_by_gate : Keeps what lies in a region over two columns.

    References
    ----------
    .. [1] Stirling et al., "CellProfiler 4: improvements in speed, utility and usability",
           BMC Bioinformatics 22 (2021), 433, module FilterObjects,
           https://doi.org/10.1186/s12859-021-04344-9

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from napari_delineate import postprocessing
    >>> table = pd.DataFrame({"label": [1, 2], "area": [4.0, 9.0]})
    >>> postprocessing.filter_by_table(np.array([[1, 2]]), table, column="area", minimum=5)
    array([[0, 2]], dtype=int32)
    """
    table = _with_place(table)
    kept = gates.in_range(_numbers(table, "column", column), minimum, maximum)
    return _keep(labels, table, kept & _meeting(table, condition))


@operation(version=2)
def filter_by_gate(
    labels: Labels,
    table: Table,
    *,
    x: str = "label",
    y: str = "label",
    corners: str = "",
    condition: str = "",
) -> Labels:
    """Keep objects that lie inside of a polygon in a scatter plot of two columns of a table.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    table : pandas.DataFrame
        One row per object with its number in the column "label", for instance what
        `measurements.measure` gives. Rows of objects that are not there do nothing.
    x, y : str
        The columns of the two axes.
    corners : str
        Corners of the polygon in order, in the units of the columns: x and y with a space
        between them, and commas between corners, such as "0 0, 4 0, 0 4". Empty for no
        polygon.
    condition : str
        Further conditions on columns, as for `filter_by_table`. Empty for none.

    Returns
    -------
    kept_labels : ndarray of int32 or int64, same shape
        The objects kept, with their numbers. Objects without a row are removed; with a
        polygon or condition, also those for which one of the values is missing (NaN). Of
        several rows of an object one is enough.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If the table lacks one of the columns, a column holds no numbers, a text says no
        polygon or no condition, or the image is empty.

    See Also
    --------
    filter_by_table : Keeps what lies between two limits of one column.

    Notes
    -----
    What the sides of a polygon that crosses itself go around twice is outside.

    References
    ----------
    .. [1] Polygon gates of flow cytometry: Spidlen et al., "Gating-ML: XML-based gating
           descriptions in flow cytometry", Cytometry A 73 (2008), 1151-1157,
           https://doi.org/10.1002/cyto.a.20637

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from napari_delineate import postprocessing
    >>> table = pd.DataFrame({"label": [1, 2], "area": [4.0, 9.0], "mean": [1.0, 1.0]})
    >>> postprocessing.filter_by_gate(
    ...     np.array([[1, 2]]), table, x="area", y="mean", corners="0 0, 5 0, 5 5, 0 5"
    ... )
    array([[1, 0]], dtype=int32)
    """
    table = _with_place(table)
    first, second = _numbers(table, "x", x), _numbers(table, "y", y)
    kept = _meeting(table, condition)
    if corners.strip():
        kept &= gates.in_polygon(first, second, gates.corners_from_text(corners))
    return _keep(labels, table, kept)


def _with_place(table: Table) -> Table:
    """Return a table with the columns that it lacks in a loop: in which image its rows are."""
    return table.assign(**table.attrs.get(AT, {}))


def _meeting(table: Table, condition: str) -> NDArray[np.bool_]:
    try:
        return rows_meeting(table, condition)
    except ValueError as error:
        raise ValueError(
            f"condition must be comparisons of columns, such as 'area > 50'; got {condition!r}: "
            f"{error}"
        ) from None


def _numbers(table: Table, setting: str, column: str) -> NDArray[np.float64]:
    """Return the column that a setting names as numbers."""
    if "label" not in table:
        raise ValueError(
            f"table must have a column 'label' with the numbers of objects, it has "
            f"{', '.join(map(repr, table.columns))}"
        )
    numeric = [name for name in table.columns if table[name].dtype.kind in "biuf"]
    if column not in numeric:
        allowed = ", ".join(map(repr, numeric))
        raise ValueError(f"{setting} must be one of the columns {allowed}; got {column!r}")
    return table[column].to_numpy(float)


def _keep(labels: NDArray[np.int_], table: Table, kept: NDArray[np.bool_]) -> NDArray[np.int_]:
    numbers, _ = object_numbers.count_pixels(labels)
    numbers = numbers[numbers > 0]
    return object_numbers.keep(labels, numbers[np.isin(numbers, table["label"].to_numpy()[kept])])
