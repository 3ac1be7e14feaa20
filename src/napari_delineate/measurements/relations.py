"""Measure how objects lie in larger ones, such as spots in cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate.declaration import operation
from napari_delineate.measurements.tables import table_of
from napari_delineate.object_properties import Columns, Objects, centroids, find_objects
from napari_delineate.types import Labels, Spacing, Table, Units

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["measure_relations"]


class Relations(NamedTuple):
    """Hold what parents have of their children, and where the children lie.

    Attributes
    ----------
    parents : pandas.DataFrame
        One row per parent.
    children : pandas.DataFrame
        One row per child.
    """

    parents: Table
    children: Table


@operation
def measure_relations(
    children: Labels,
    parents: Labels,
    table: Table | None = None,
    *,
    spacing: Spacing = 1.0,
    units: Units = "pixel",
) -> Relations:
    """Count the children of every parent, and measure where in it they lie and what they have.

    Parameters
    ----------
    children : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, such as spots.
    parents : ndarray of int, same shape
        Labelled objects that children can lie in, such as cells.
    table : pandas.DataFrame, optional
        Measurements of the children, with a column "label": their means are found for
        every parent.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.
    units : str
        Name of the unit of `spacing`.

    Returns
    -------
    parents_table : pandas.DataFrame
        One row per parent in the order of the labels: label, number of children, the means
        of their distances, and of each column of numbers of the table as "mean_" and its
        name. Without children means are NaN.
    children_table : pandas.DataFrame
        One row per child in the order of the labels: label; parent, the number of the object
        that most of its pixels lie in, 0 if there is none; the share of its pixels there;
        the distance of its centroid from that of its parent; and from the nearest pixel at
        the edge of its parent. Without a parent distances are NaN.

    Raises
    ------
    TypeError
        If children or parents are not whole numbers.
    ValueError
        If the shapes differ, the images are empty, or the table has no column "label" or
        several rows for one.

    See Also
    --------
    napari_delineate.postprocessing.relate : Gives the children the numbers of their parents.

    Notes
    -----
    A child that lies in several objects belongs to the one with the largest overlap; of
    equal ones, to the smallest number. Edge pixels share an edge (a face in 3D) with a pixel
    that is not of the parent, or lie at the border of the image.

    References
    ----------
    .. [1] Stirling et al., "CellProfiler 4: improvements in speed, utility and usability",
           BMC Bioinformatics 22 (2021), 433, module RelateObjects,
           https://doi.org/10.1186/s12859-021-04344-9

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import measurements
    >>> children, parents = np.array([[1, 0, 2, 2]]), np.array([[7, 7, 7, 8]])
    >>> measurements.measure_relations(children, parents).parents["child_count"].tolist()
    [2, 0]
    """
    from napari_delineate.postprocessing.combining import relate

    voxel = tuple(float(entry) for entry in np.broadcast_to(spacing, children.ndim))
    relations = relate(children, parents).relations
    small, large = find_objects(children), find_objects(parents)
    owners = relations["parent"].to_numpy()
    has = owners > 0
    rows = np.searchsorted(large.numbers, owners[has])
    places, centres = centroids(small, voxel), centroids(large, voxel)
    apart, to_edge = np.full(len(owners), np.nan), np.full(len(owners), np.nan)
    apart[has] = np.linalg.norm(places[has] - centres[rows], axis=1)
    to_edge[has] = _to_edge(large, places[has], rows, voxel)
    of_children: Columns = {
        "parent": owners,
        "overlap": relations["overlap"].to_numpy(),
        "distance_to_centroid": apart,
        "distance_to_edge": to_edge,
    }
    powers = {
        "distance_to_centroid": 1,
        "distance_to_edge": 1,
        "mean_distance_to_centroid": 1,
        "mean_distance_to_edge": 1,
    }
    ndim = children.ndim
    below = table_of(small.numbers, of_children, powers, ndim, units)
    values = {name: of_children[name] for name in ("distance_to_centroid", "distance_to_edge")}
    known = {}
    if table is not None:
        more = _measured(table, small.numbers)
        given = table.attrs.get("units", {})
        known = {f"mean_{name}": given.get(name, "") for name in more}
        values |= more
    count = np.bincount(rows, minlength=len(large.numbers))
    of_parents: Columns = {"child_count": count}
    for name, column in values.items():
        of_parents[f"mean_{name}"] = _means(column[has], rows, len(count))
    above = table_of(large.numbers, of_parents, powers, ndim, units)
    above.attrs["units"] |= known
    return Relations(above, below)


def _to_edge(
    parents: Objects,
    places: NDArray[np.float64],
    rows: NDArray[np.int64],
    spacing: tuple[float, ...],
) -> NDArray[np.float64]:
    """Return the distances of places from the nearest edge pixels of their parents."""
    from napari_delineate.kernels import object_pixels

    missing = 3 - len(spacing)
    pixels = object_pixels.grouped(parents.labels, parents.rows, parents.pixels)
    edges = object_pixels.edges_of(parents.stack, pixels, border=True)
    return object_pixels.distances_to(
        edges,
        parents.stack.shape,
        np.array((1.0,) * missing + spacing),
        np.pad(places, [(0, 0), (missing, 0)]),
        rows,
    )


def _measured(table: pd.DataFrame, numbers: NDArray[Any]) -> Columns:
    """Return the columns of numbers of a table, a row for each number; NaN where it has none."""
    if "label" not in table:
        raise ValueError('table must have a column "label" with the numbers of the children')
    if table["label"].duplicated().any():
        twice = table["label"][table["label"].duplicated()].iloc[0]
        raise ValueError(f"table must have one row for each label, it has several for {twice}")
    values = table.set_index("label").select_dtypes("number").reindex(numbers)
    return {str(name): values[name].to_numpy(float) for name in values}


def _means(values: NDArray[np.float64], rows: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Return the mean of the values of each row that are not NaN."""
    known = ~np.isnan(values)
    number = np.bincount(rows[known], minlength=count)
    means = np.full(count, np.nan)
    np.divide(np.bincount(rows[known], values[known], count), number, out=means, where=number > 0)
    return means
