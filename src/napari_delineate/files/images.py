"""Read and write images, labels and what was made by hand."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.arrays import convert
from napari_delineate.axes import spatial_axes
from napari_delineate.files.errors import FileError
from napari_delineate.files.meshes import MESHES, read_mesh
from napari_delineate.files.saving import atomic_path
from napari_delineate.files.tiff import KNOWN_AXES, Content, native, read_tiff, write_value
from napari_delineate.types import Corrections, Kind, Surface, spacing_per_axis
from napari_delineate.values import Value, fingerprint

__all__ = ["READABLE", "read", "read_sized_value", "read_value", "write_exact"]

_TIFF = (".tif", ".tiff")
_PICTURES = (".png", ".jpg", ".jpeg", ".bmp")
READABLE = (*_TIFF, *_PICTURES, ".npy", ".npz", *MESHES)
"""Endings of the files that can be read."""


def read(path: str | os.PathLike[str], checksum: str | None = None) -> Any:
    """Read an image, labels, points, shapes, a surface or corrections from a file.

    Parameters
    ----------
    path : path
        A TIFF, PNG, JPEG or BMP image, a NumPy array (.npy), a surface or corrections
        (.npz), or a mesh (.ply, .stl, .obj, .glb, .gltf, .vtk, .vtp).
    checksum : str, optional
        The fingerprint that the content must have.

    Returns
    -------
    ndarray, Surface or Corrections
        The content. Axes stand in the order of the file; colours stand last.

    Raises
    ------
    FileError
        If the file is missing or damaged, or its content has another checksum.

    Warns
    -----
    UserWarning
        If a TIFF holds several images of one shape that it does not say to be a stack.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(Path(folder) / "image.npy", np.eye(2))
    ...     read(Path(folder) / "image.npy")
    array([[1., 0.],
           [0., 1.]])
    """
    data = _read_any(Path(path)).data
    if checksum is not None and fingerprint(data) != checksum:
        raise FileError(
            f"{path} has another content than when the workflow was made "
            f"({fingerprint(data)} instead of {checksum}); to process another image, give None as "
            "the checksum"
        )
    return data


def read_value(
    path: str | os.PathLike[str],
    kind: Kind = Kind.IMAGE,
    axes: str | None = None,
    spacing: tuple[float, ...] | None = None,
    units: str | None = None,
) -> Value:
    """Read a value with its axes and voxel size.

    Parameters
    ----------
    path : path
        A file that `read` can read.
    kind : Kind
        What the value is; a colour file read as an image is refused.
    axes : str, optional
        Letters of the axes, where the file does not say or says it wrongly. Where it says
        the same letters in another order, or leaves out axes of length 1, the array is
        brought into the order asked for.
    spacing : tuple of float, optional
        Voxel size along the axes in space, where the file does not say.
    units : str, optional
        Unit of the voxel size, where the file does not say.

    Returns
    -------
    Value
        The value.

    Raises
    ------
    FileError
        If the file can not be read, its axes are ambiguous or do not fit `axes`, or it is
        of another kind.
    """
    return read_sized_value(path, kind, axes, spacing, units)[0]


def read_sized_value(
    path: str | os.PathLike[str],
    kind: Kind = Kind.IMAGE,
    axes: str | None = None,
    spacing: tuple[float, ...] | None = None,
    units: str | None = None,
) -> tuple[Value, str]:
    """Read a value and what its file states; see `read_value`.

    Parameters
    ----------
    path, kind, axes, spacing, units
        As for `read_value`.

    Returns
    -------
    value : Value
        The value.
    assumed : str
        Letters of the axes of a grid whose voxel size the file does not state, so that it
        is the one given.

    Raises
    ------
    FileError
        As for `read_value`.
    """
    data, found_axes, found_spacing, found_units = _read_any(Path(path))
    _check_kind(Path(path), data, kind)
    if isinstance(data, Surface | Corrections) or kind in (Kind.POINTS, Kind.SHAPES):
        try:
            # Arrays state no unit, meshes may.
            unit = found_units or units or "pixel"
            return Value.of(data, kind, axes, spacing or 1.0, unit), ""
        except ValueError as error:
            raise FileError(f"{path}: {error}") from error
    is_colour = found_axes is not None and found_axes.endswith("S")
    if is_colour and kind is not Kind.RGB:
        raise FileError(
            f"{path} is a colour image where {kind} is needed; convert it with filters.rgb_to_gray"
        )
    if kind is Kind.RGB and not is_colour:
        raise FileError(f"{path} is no colour image; its shape is {data.shape}")
    if axes and found_axes and set(found_axes) <= set(KNOWN_AXES):
        _warn_of_other_axes(Path(path), data.shape, found_axes, axes)
    data = _arranged(data, found_axes, axes)
    chosen = _choose_axes(Path(path), data.shape, found_axes, axes)
    space = spatial_axes(chosen)
    try:
        asked = spacing_per_axis(spacing or 1.0, len(space))
        found = found_spacing or {}
        size = tuple(found.get(letter, own) for letter, own in zip(space, asked, strict=True))
        value = Value.of(data, kind, chosen, size, (found_units if found else units) or "pixel")
    except ValueError as error:
        raise FileError(f"{path}: {error}") from error
    return value, "".join(letter for letter in space if letter not in found)


def write_exact(folder: Path, name: str, value: Value) -> Path:
    """Write a value so that `read` gives exactly the same; return the file."""
    data = value.data
    if isinstance(data, Surface | Corrections):
        path = folder / f"{name}.npz"
        fields: Any = {key: np.asarray(part) for key, part in data._asdict().items()}
        with atomic_path(path) as draft:
            np.savez_compressed(draft, **fields)
        return path
    if value.kind.is_grid and data.dtype != bool:
        path = folder / f"{name}.ome.tif"
        try:
            with atomic_path(path) as draft:
                write_value(draft, value)
                read(draft, checksum=fingerprint(data))
        except FileError:
            pass  # OME-TIFF does not hold just the same: the array is written as it is
        else:
            return path
    path = folder / f"{name}.npy"
    with atomic_path(path) as draft:
        np.save(draft, data, allow_pickle=False)
    return path


def _read_any(path: Path) -> Content:
    """Return what a file holds, and what it states about it."""
    ending = path.suffix.lower()
    if ending not in READABLE:
        raise FileError(
            f"{path} is no file that can be read here; the endings known are {', '.join(READABLE)}"
        )
    if not path.is_file():
        raise FileError(f"there is no file {path}")
    try:
        if ending in _TIFF:
            return read_tiff(path)
        if ending in MESHES:
            surface, units = read_mesh(path)
            return Content(surface, units=units)
        if ending in _PICTURES:
            return _read_picture(path)
        return Content(_read_numpy(path))
    except FileError:
        raise
    except (Exception, MemoryError) as error:
        # Decoders raise errors of many kinds on damaged files.
        raise FileError(f"{path} can not be read: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    """Return what an error says, or rather its cause where it has one."""
    while error.__cause__ is not None:
        error = error.__cause__
    return " ".join(str(error).split())[:200] or type(error).__name__


def _read_picture(path: Path) -> Content:
    import imageio.v3 as imageio

    # Given its bytes, it can not leave a damaged file open.
    content = path.read_bytes()
    mode = imageio.immeta(content, plugin="pillow").get("mode")
    to = "RGB" if mode in ("CMYK", "HSV", "LAB", "YCbCr") else None
    data = np.asarray(imageio.imread(content, plugin="pillow", mode=to))
    if data.ndim == 3 and data.shape[-1] in (3, 4):
        return Content(data, "YXS")
    if data.ndim == 3 and data.shape[-1] == 2:
        data = data[..., 0]  # grey with transparency
    return Content(data, "YX" if data.ndim == 2 else None)


def _read_numpy(path: Path) -> Any:
    with path.open("rb") as file:
        loaded = np.load(file, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return native(loaded)
        with loaded:
            fields = {name: loaded[name] for name in loaded.files}
    if set(fields) == set(Surface._fields):
        return Surface(**fields)
    if set(fields) == set(Corrections._fields):
        fields["shape"] = tuple(np.atleast_1d(fields["shape"]).tolist())
        corrections = Corrections(**fields)
        convert(corrections, Kind.CORRECTIONS, "corrections")
        return corrections
    raise FileError(f"{path} holds neither a surface nor corrections")


def _check_kind(path: Path, data: Any, kind: Kind) -> None:
    """Refuse a file that holds something else than is needed."""
    if isinstance(data, Surface):
        fits, what = kind is Kind.SURFACE, "a surface"
    elif isinstance(data, Corrections):
        fits, what = kind is Kind.CORRECTIONS, "corrections"
    else:
        fits = kind.is_grid or kind in (Kind.POINTS, Kind.SHAPES, Kind.CORRECTIONS)
        what = "an array"
    if not fits:
        raise FileError(f"{path} holds {what} where {kind} is needed")


def _warn_of_other_axes(path: Path, shape: tuple[int, ...], found: str, asked: str) -> None:
    """Say that axes are taken for others than a file states."""
    if len(asked) == len(shape) and set(asked) != set(found):
        warnings.warn(f"{path} states the axes {found}, they are taken as {asked}", stacklevel=3)


def _arranged(data: NDArray[Any], found: str | None, asked: str | None) -> NDArray[Any]:
    """Bring the axes that a file states into the order asked for."""
    if asked is None or found is None:
        return data
    if sorted(found) == sorted(asked):
        return np.ascontiguousarray(data.transpose([found.index(letter) for letter in asked]))
    if "".join(letter for letter in asked if letter in found) == found:
        # Files do not tell an axis of length 1 from none.
        sizes = dict(zip(found, data.shape, strict=True))
        return data.reshape([sizes.get(letter, 1) for letter in asked])
    return data


def _choose_axes(path: Path, shape: tuple[int, ...], found: str | None, asked: str | None) -> str:
    if asked is not None:
        if len(asked) != len(shape):
            raise FileError(
                f"{path} has {len(shape)} axes (shape {shape}), the axes {asked} are {len(asked)}"
            )
        return asked
    if found is not None and set(found) <= set(KNOWN_AXES):
        return found
    if len(shape) == 2:
        return "YX"
    examples = "ZYX for a stack or TYX for a movie" if len(shape) == 3 else "for instance TZYX"
    raise FileError(
        f"{path} does not say what the axes of its shape {shape} are; give them, {examples}"
    )
