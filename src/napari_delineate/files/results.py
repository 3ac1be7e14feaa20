"""Write tables and surfaces for people and other programs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

import numpy as np

from napari_delineate.axes import spatial_axes
from napari_delineate.files.images import write_value
from napari_delineate.files.saving import atomic_path
from napari_delineate.types import Kind, Surface, Table
from napari_delineate.values import Value

__all__ = ["as_table", "write_result", "write_surface", "write_table"]


def write_table(path: str | os.PathLike[str], table: Table) -> Path:
    """Write a table as CSV, with units in the header.

    Parameters
    ----------
    path : path
        The file.
    table : pandas.DataFrame
        The table; a column "area" with the unit "micrometer²" becomes
        "area [micrometer²]".

    Returns
    -------
    Path
        The file: UTF-8 with a mark at its start that spreadsheets need.

    Raises
    ------
    OSError
        If the file can not be written; an old one then stays as it was.
    """
    units = table.attrs.get("units", {})
    header = [f"{name} [{units[name]}]" if units.get(name) else name for name in table.columns]
    with atomic_path(path) as draft:
        table.to_csv(draft, index=False, header=header, encoding="utf-8-sig")
    return Path(path)


def write_surface(path: str | os.PathLike[str], surface: Surface) -> Path:
    """Write a surface as PLY, STL or OBJ.

    Parameters
    ----------
    path : path
        The file; its ending chooses the format. PLY keeps the values of the vertices.
    surface : Surface
        The surface; the file holds its vertices in the order (x, y, z).

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OSError
        If the file can not be written; an old one then stays as it was.
    """
    import trimesh

    vertices, faces, values = surface
    # Mesh files hold (x, y, z); turning the order round turns the faces inside out.
    mesh = trimesh.Trimesh(vertices[:, ::-1], faces[:, ::-1], process=False)
    mesh.vertex_attributes["value"] = np.asarray(values, np.float32)
    with atomic_path(path) as draft:
        mesh.export(draft, file_type=Path(path).suffix[1:].lower())
    return Path(path)


def write_result(folder: Path, name: str, value: Value, description: str = "") -> Path:
    """Write a value into a folder, in the format that suits its kind.

    Parameters
    ----------
    folder : Path
        The folder; it is made where it is missing.
    name : str
        Name of the file without its ending.
    value : Value
        The value: grids become OME-TIFF, surfaces PLY, all else CSV.
    description : str
        A text for the metadata of images, for instance the workflow as JSON.

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
    if value.kind.is_grid:
        return write_value(folder / f"{name}.ome.tif", value, description)
    if value.kind is Kind.SURFACE and value.data.vertices.shape[1] == 3:
        return write_surface(folder / f"{name}.ply", value.data)
    return write_table(folder / f"{name}.csv", as_table(name, value))


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
        return pd.DataFrame({name: [value.data]})
    rows = value.data.vertices if value.kind is Kind.SURFACE else value.data
    table = pd.DataFrame(np.asarray(rows), columns=list(value.axes))
    table.attrs["units"] = {
        axis: value.units if axis in spatial_axes(value.axes) else "" for axis in value.axes
    }
    return table
