"""Write tables and other results for people and other programs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import numpy as np

from napari_delineate.axes import spatial_axes
from napari_delineate.files.meshes import MESHES, write_surface
from napari_delineate.files.tables import write_table
from napari_delineate.files.tiff import write_value
from napari_delineate.types import Kind, Table
from napari_delineate.values import Value

__all__ = ["as_table", "result_path", "write_result"]


def write_result(
    folder: Path, name: str, value: Value, description: str = "", mesh: str = ".ply"
) -> Path:
    """Write a value into a folder, in the format that suits its kind.

    Parameters
    ----------
    folder : Path
        The folder; it is made where it is missing.
    name : str
        Name of the file without its ending.
    value : Value
        The value: grids become OME-TIFF, surfaces meshes, all else CSV.
    description : str
        A text for the metadata of images, for instance the workflow as JSON.
    mesh : str
        The ending of surfaces, one of `MESHES`.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    FileError
        If the format can not hold the value.
    OSError
        If the file can not be written; an old one then stays as it was.
    """
    path = result_path(folder, name, value.kind, value.axes, mesh)
    if value.kind.is_grid:
        return write_value(path, value, description)
    if path.suffix in MESHES:
        return write_surface(path, value.data, value.units)
    return write_table(path, as_table(name, value))


def result_path(folder: Path, name: str, kind: Kind, axes: str, mesh: str = ".ply") -> Path:
    """Return the file that `write_result` writes for a value.

    Parameters
    ----------
    folder : Path
        The folder.
    name : str
        Name of the file without its ending.
    kind : Kind
        Kind of the value.
    axes : str
        Letters of its axes; a surface with more than those in space is written as a table.
    mesh : str
        The ending of surfaces.

    Returns
    -------
    Path
        The file.

    Examples
    --------
    >>> result_path(Path("results"), "labels", Kind.LABELS, "YX").name
    'labels.ome.tif'
    """
    if kind.is_grid:
        return folder / f"{name}.ome.tif"
    is_mesh = kind is Kind.SURFACE and len(axes) == 3
    return folder / f"{name}{mesh if is_mesh else '.csv'}"


def as_table(name: str, value: Value) -> Table:
    """Return points, the vertices of looped surfaces, scores or a table as a table.

    Parameters
    ----------
    name : str
        Name of the value, the column of a score.
    value : Value
        A value that is not on a grid.

    Returns
    -------
    pandas.DataFrame
        The table; coordinates have one column per axis.
    """
    import pandas as pd

    if value.kind is Kind.TABLE:
        return cast("Table", value.data)
    if value.kind is Kind.SCORES:
        scores = value.data if isinstance(value.data, Mapping) else {name: value.data}
        return pd.DataFrame({each: [score] for each, score in scores.items()})
    rows = value.data.vertices if value.kind is Kind.SURFACE else value.data
    table = pd.DataFrame(np.asarray(rows), columns=list(value.axes))
    table.attrs["units"] = {
        axis: value.units if axis in spatial_axes(value.axes) else "" for axis in value.axes
    }
    return table
