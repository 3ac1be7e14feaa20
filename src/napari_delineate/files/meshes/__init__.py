"""Read and write surfaces in the formats of other programs.

Files hold coordinates in the order (x, y, z), surfaces in the order (z, y, x). Turning the
order round turns faces inside out, so that the corners of faces are turned too.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from napari_delineate.arrays import convert
from napari_delineate.files.errors import FileError
from napari_delineate.files.meshes import gltf, obj, ply, stl, vtk, vtp
from napari_delineate.files.meshes.parts import Mesh
from napari_delineate.files.saving import atomic_path
from napari_delineate.types import Kind, Surface

__all__ = ["MESHES", "read_mesh", "write_surface", "write_surfaces"]


class _Format(NamedTuple):
    read: Callable[[bytes], Mesh]
    write: Callable[[Mesh], bytes]


_FORMATS = {
    ".ply": _Format(ply.read, ply.write),
    ".stl": _Format(stl.read, stl.write),
    ".obj": _Format(obj.read, obj.write),
    ".glb": _Format(gltf.read_binary, gltf.write_binary),
    ".gltf": _Format(gltf.read_text, gltf.write_text),
    ".vtk": _Format(vtk.read, vtk.write),
    ".vtp": _Format(vtp.read, vtp.write),
}
MESHES = tuple(_FORMATS)
"""Endings of files that hold surfaces."""


def read_mesh(path: Path) -> tuple[Surface, str | None]:
    """Return the surface that a file holds, and the unit that it states.

    Parameters
    ----------
    path : Path
        A file with one of the endings in `MESHES`.

    Returns
    -------
    surface : Surface
        The surface; polygons are cut into triangles, and vertices have the value 1 where the
        file has none.
    units : str or None
        The unit; glTF is in meters where it does not say otherwise.

    Raises
    ------
    ValueError
        If the content is damaged or incomplete, or is no surface.

    Warns
    -----
    UserWarning
        If the last number of a file of text may have been cut off.
    """
    mesh = _FORMATS[path.suffix.lower()].read(path.read_bytes())
    if mesh.doubt:
        warnings.warn(f"{path}: {mesh.doubt}", stacklevel=4)
    if len(mesh.vertices) and not len(mesh.faces):
        raise ValueError(f"it holds {len(mesh.vertices)} points and no triangles")
    values = np.ones(len(mesh.vertices)) if mesh.values is None else mesh.values
    surface: Surface = convert(
        Surface(
            np.ascontiguousarray(mesh.vertices[:, ::-1], np.float64),
            np.ascontiguousarray(mesh.faces[:, ::-1], np.int64),
            values,
        ),
        Kind.SURFACE,
        "mesh",
    )
    return surface, mesh.units


def write_surface(path: str | os.PathLike[str], surface: Surface, units: str | None = None) -> Path:
    """Write a surface as PLY, STL, OBJ, glTF, VTK or VTP.

    Parameters
    ----------
    path : path
        The file; its ending chooses the format: .ply, .stl, .obj, .glb, .gltf, .vtk or .vtp.
        PLY, VTK and VTP keep coordinates and values, OBJ coordinates; STL and glTF round to
        seven digits. STL and OBJ keep no values.
    surface : Surface
        The surface; the file holds its vertices in the order (x, y, z).
    units : str, optional
        The unit of the coordinates, for instance "micrometer", which the file states.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    FileError
        If the ending is another, or the format can not hold the surface.
    OSError
        If the file can not be written; an old one then stays as it was.
    """
    target = Path(path)
    if target.suffix.lower() not in _FORMATS:
        raise FileError(f"{path}: surfaces are written to files that end in {', '.join(MESHES)}")
    vertices, faces, values = (np.asarray(part) for part in surface)
    if vertices.ndim != 2 or vertices.shape[1] != 3:
        raise FileError(f"{path}: mesh files hold surfaces in 3D, without a time axis")
    mesh = Mesh(vertices[:, ::-1], faces[:, ::-1], values, units)
    try:
        content = _FORMATS[target.suffix.lower()].write(mesh)
    except ValueError as error:
        raise FileError(f"{path}: {error}") from error
    with atomic_path(target) as draft:
        draft.write_bytes(content)
    return target


def write_surfaces(
    path: str | os.PathLike[str], surface: Surface, units: str | None = None
) -> list[Path]:
    """Write each object of a surface to a file of its own.

    Parameters
    ----------
    path : path
        Folder, start of the names and format: "meshes/cell.stl" gives "meshes/cell_1.stl",
        "meshes/cell_2.stl" and so on, after the labels.
    surface : Surface
        A surface whose values are labels, as `surfaces.labels_to_surface` makes it. A face
        belongs to the object of its first corner.
    units : str, optional
        The unit of the coordinates.

    Returns
    -------
    list of Path
        The files, in the order of the labels.

    Raises
    ------
    FileError
        If the values are no labels, the ending is unknown, or the format can not hold them.
    OSError
        If a file can not be written.

    Examples
    --------
    >>> import tempfile
    >>> from napari_delineate.surfaces import labels_to_surface
    >>> labels = np.zeros((9, 9, 9), int); labels[2:7, 2:4, 2:7] = 1; labels[2:7, 5:7, 2:7] = 4
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = write_surfaces(Path(folder) / "cell.stl", labels_to_surface(labels))
    ...     [file.name for file in files]
    ['cell_1.stl', 'cell_4.stl']
    """
    from napari_delineate.meshes import groups_of_values

    target = Path(path)
    numbers = np.asarray(surface.values)
    if not (np.isfinite(numbers).all() and (numbers == np.rint(numbers)).all()):
        raise FileError(
            f"{path}: the values of the surface are no labels, so that it has no objects; make it "
            "with surfaces.labels_to_surface, or write it as one"
        )
    parts = groups_of_values(surface, numbers)
    if not parts:
        raise FileError(f"{path}: the surface has no faces, so that it has no objects")
    labels = np.unique(numbers[surface.faces[:, 0]])
    return [
        write_surface(target.with_name(f"{target.stem}_{label:.0f}{target.suffix}"), part, units)
        for label, part in zip(labels, parts, strict=True)
    ]
