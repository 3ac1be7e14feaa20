"""Read and write images, labels and what was made by hand."""

from __future__ import annotations

import logging
import os
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from napari_delineate.arrays import label_dtype
from napari_delineate.axes import looped_axes, spatial_axes
from napari_delineate.files.saving import atomic_path
from napari_delineate.types import Corrections, Kind, Surface, spacing_per_axis
from napari_delineate.values import Value, fingerprint

__all__ = ["READABLE", "FileError", "read", "read_value", "write_value"]

_TIFF = (".tif", ".tiff")
_PICTURES = (".png", ".jpg", ".jpeg", ".bmp")
MESHES = (".ply", ".stl", ".obj")
READABLE = (*_TIFF, *_PICTURES, ".npy", ".npz", *MESHES)
"""Endings of the files that can be read."""

_UNITS = {
    "µm": "micrometer",
    "μm": "micrometer",
    "um": "micrometer",
    "micron": "micrometer",
    "microns": "micrometer",
    "\\u00b5m": "micrometer",
    "nm": "nanometer",
    "mm": "millimeter",
    "cm": "centimeter",
    "m": "meter",
    "å": "angstrom",
}
_SYMBOLS = {
    "micrometer": "µm",
    "nanometer": "nm",
    "millimeter": "mm",
    "centimeter": "cm",
    "meter": "m",
    "angstrom": "Å",
}
_METRES = {
    "angstrom": 1e-10,
    "nanometer": 1e-9,
    "micrometer": 1e-6,
    "millimeter": 1e-3,
    "centimeter": 1e-2,
    "meter": 1.0,
}
_KNOWN_AXES = "TCZYXS"
_DAMAGE = re.compile(
    "invalid page offset|corrupt|missing data are|out of range|incompletely written"
    "|TiffTag 270 .*invalid value offset",  # the tag that holds the axes and the voxel size
    re.IGNORECASE,
)
"""What tifffile logs when it returns less than the file should hold."""


class FileError(ValueError):
    """Say which file is wrong, how, and what to do."""


def read(path: str | os.PathLike[str], checksum: str | None = None) -> Any:
    """Read an image, labels, points, a surface or corrections from a file.

    Parameters
    ----------
    path : path
        A TIFF, PNG, JPEG or BMP image, a NumPy array (.npy), a surface or corrections
        (.npz), or a mesh (.ply, .stl, .obj).
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
    data, _, _, _ = _read_any(Path(path))
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
    data, found_axes, found_spacing, found_units = _read_any(Path(path))
    _check_kind(Path(path), data, kind)
    if isinstance(data, Surface | Corrections) or kind is Kind.POINTS:
        try:
            return Value.of(data, kind, axes, spacing or 1.0, units or "pixel")
        except ValueError as error:
            raise FileError(f"{path}: {error}") from error
    is_colour = found_axes is not None and found_axes.endswith("S")
    if is_colour and kind is not Kind.RGB:
        raise FileError(
            f"{path} is a colour image where {kind} is needed; convert it with filters.rgb_to_gray"
        )
    if kind is Kind.RGB and not is_colour:
        raise FileError(f"{path} is no colour image; its shape is {data.shape}")
    data = _arranged(data, found_axes, axes)
    chosen = _choose_axes(Path(path), data.shape, found_axes, axes)
    space = spatial_axes(chosen)
    try:
        asked = spacing_per_axis(spacing or 1.0, len(space))
        found = found_spacing or {}
        size = tuple(found.get(letter, own) for letter, own in zip(space, asked, strict=True))
        return Value.of(data, kind, chosen, size, (found_units if found else units) or "pixel")
    except ValueError as error:
        raise FileError(f"{path}: {error}") from error


def write_value(path: str | os.PathLike[str], value: Value, description: str = "") -> Path:
    """Write an image, mask or labels as OME-TIFF.

    Parameters
    ----------
    path : path
        The file; its name should end in .ome.tif.
    value : Value
        A value on a grid. Axes such as time that stand behind Y or X are moved before
        them, as the format demands.
    description : str
        A text for the metadata, for instance the workflow as JSON.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    FileError
        If the format can not hold the labels or the axes.
    OSError
        If the file can not be written; an old one then stays as it was.
    """
    import tifffile

    unknown = sorted(set(value.axes) - set(_KNOWN_AXES))
    if unknown:
        raise FileError(f"{path}: OME-TIFF can not hold the axis {unknown[0]} of {value.axes}")
    axes = value.axes
    if not axes.endswith(("YX", "YXS")):
        axes = looped_axes(axes) + spatial_axes(axes) + "S" * axes.endswith("S")
    data = _for_tiff(value, path)
    data = data.transpose([value.axes.index(letter) for letter in axes])
    metadata: dict[str, Any] = {"axes": axes, "Description": description}
    if value.units != "pixel" or set(value.spacing) != {1.0}:
        for letter, size in zip(spatial_axes(value.axes), value.spacing, strict=True):
            metadata[f"PhysicalSize{letter}"] = size
            metadata[f"PhysicalSize{letter}Unit"] = _SYMBOLS.get(value.units, value.units)
    with atomic_path(path) as draft:
        tifffile.imwrite(
            draft,
            data,
            ome=True,
            photometric="rgb" if value.kind is Kind.RGB else "minisblack",
            compression="zlib",
            bigtiff=data.nbytes >= 2**31,
            metadata=metadata,
        )
    return Path(path)


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


def _read_any(
    path: Path,
) -> tuple[Any, str | None, dict[str, float] | None, str | None]:
    """Return content, axes, spacing by axis and unit, the last three where known."""
    ending = path.suffix.lower()
    if ending not in READABLE:
        raise FileError(
            f"{path} is no file that can be read here; the endings known are {', '.join(READABLE)}"
        )
    if not path.is_file():
        raise FileError(f"there is no file {path}")
    try:
        if ending in _TIFF:
            return _read_tiff(path)
        if ending in MESHES:
            return _read_mesh(path), None, None, None
        if ending in _PICTURES:
            return _read_picture(path)
        return _read_numpy(path), None, None, None
    except FileError:
        raise
    except (Exception, MemoryError) as error:
        # Decoders raise errors of many kinds on damaged files.
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise FileError(f"{path} can not be read: {reason}") from error


def _read_tiff(
    path: Path,
) -> tuple[NDArray[Any], str | None, dict[str, float] | None, str | None]:
    import tifffile

    with _complaints() as complaints, tifffile.TiffFile(path) as file:
        if not file.series:
            raise FileError(f"{path} holds no image")
        series = file.series[0]
        alike = sum(one.shape == series.shape for one in file.series)
        data = _native(series.asarray())
        axes = str(series.axes)
        spacing, units = _tiff_spacing(file)
    for text in complaints:
        if _DAMAGE.search(text):
            reason = text.split("> ")[-1].rstrip("')")
            raise FileError(f"{path} is damaged or incomplete: {reason}")
    if alike > 1:
        warnings.warn(f"{path} holds {alike} images; only the first is read", stacklevel=4)
    if "S" in axes and not axes.endswith("S"):
        data = np.ascontiguousarray(np.moveaxis(data, axes.index("S"), -1))
        axes = axes.replace("S", "") + "S"
    if data.ndim - axes.endswith("S") == 2:
        axes = "YX" + "S" * axes.endswith("S")
    return data, axes, spacing, units


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """Collect what tifffile logs in this thread, in place of printing it."""
    texts: list[str] = []
    thread = threading.get_ident()

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == thread:
                texts.append(record.getMessage())

    logger, collector = logging.getLogger("tifffile"), Collector(logging.WARNING)
    logger.addHandler(collector)
    try:
        yield texts
    finally:
        logger.removeHandler(collector)


def _tiff_spacing(file: Any) -> tuple[dict[str, float] | None, str | None]:
    """Read the voxel size that OME or ImageJ metadata state."""
    if file.is_ome:
        root = ElementTree.fromstring(file.ome_metadata)  # noqa: S314 - expat limits expansion
        pixels = next((node for node in root.iter() if node.tag.endswith("}Pixels")), None)
        sizes = {} if pixels is None else pixels.attrib
        spacing = {
            letter: float(sizes[f"PhysicalSize{letter}"])
            for letter in "ZYX"
            if float(sizes.get(f"PhysicalSize{letter}", 0)) > 0
        }
        units = {letter: _unit(sizes.get(f"PhysicalSize{letter}Unit", "µm")) for letter in spacing}
        if not spacing:
            return None, None
        unit = units.get("X", next(iter(units.values())))
        for letter, own in units.items():
            if own != unit and not {own, unit} <= set(_METRES):
                raise ValueError(f"it states voxel sizes in {own} and in {unit}")
            if own != unit:
                spacing[letter] *= _METRES[own] / _METRES[unit]
        return spacing, unit
    if file.is_imagej and file.imagej_metadata.get("unit"):
        unit = str(file.imagej_metadata["unit"]).strip()
        if unit.lower() in ("pixel", "pixels", "null", ""):
            return None, None
        depth = file.imagej_metadata.get("spacing")
        spacing = {} if depth is None else {"Z": abs(float(depth))}
        for letter in "YX":
            tag = file.pages[0].tags.get(f"{letter}Resolution")
            if tag is None or not tag.value[0]:
                return None, None
            spacing[letter] = tag.value[1] / tag.value[0]
        return spacing, _unit(unit)
    return None, None


def _unit(text: str) -> str:
    return _UNITS.get(text.lower(), text)


def _read_picture(
    path: Path,
) -> tuple[NDArray[Any], str | None, dict[str, float] | None, str | None]:
    import imageio.v3 as imageio

    # Given its bytes, it can not leave a damaged file open.
    content = path.read_bytes()
    mode = imageio.immeta(content, plugin="pillow").get("mode")
    to = "RGB" if mode in ("CMYK", "HSV", "LAB", "YCbCr") else None
    data = np.asarray(imageio.imread(content, plugin="pillow", mode=to))
    if data.ndim == 3 and data.shape[-1] in (3, 4):
        return data, "YXS", None, None
    if data.ndim == 3 and data.shape[-1] == 2:
        data = data[..., 0]  # grey with transparency
    return data, "YX" if data.ndim == 2 else None, None, None


def _read_numpy(path: Path) -> Any:
    with path.open("rb") as file:
        loaded = np.load(file, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return _native(loaded)
        with loaded:
            fields = {name: loaded[name] for name in loaded.files}
    if set(fields) == set(Surface._fields):
        return Surface(**fields)
    if set(fields) == set(Corrections._fields):
        fields["shape"] = tuple(int(size) for size in fields["shape"])
        return Corrections(**fields)
    raise FileError(f"{path} holds neither a surface nor corrections")


def _read_mesh(path: Path) -> Surface:
    import trimesh

    ending = path.suffix.lower()
    with path.open("rb") as file:
        # Given an open file, it reads no other: a mesh can name files with colours.
        mesh: Any = trimesh.load(file, file_type=ending[1:], force="mesh", process=False)
    vertices, faces = np.asarray(mesh.vertices, np.float64), np.asarray(mesh.faces, np.int64)
    if not len(faces) and ending != ".ply":  # PLY says how many there are
        raise FileError(f"{path} holds no triangles")
    if ending == ".stl":
        # Each triangle has corners of its own; those at one place are one vertex.
        vertices, vertex_of = np.unique(vertices, axis=0, return_inverse=True)
        faces = np.asarray(vertex_of.reshape(-1)[faces], np.int64)
    # Mesh files hold (x, y, z); turning the order round turns the faces inside out.
    return Surface(
        np.ascontiguousarray(vertices.reshape(-1, 3)[:, ::-1]),
        np.ascontiguousarray(faces.reshape(-1, 3)[:, ::-1]),
        _values_of_vertices(mesh, len(vertices)),
    )


def _values_of_vertices(mesh: Any, number: int) -> NDArray[Any]:
    """Return the property "value" of the vertices of a PLY file, 1 where there is none."""
    raw = mesh.metadata.get("_ply_raw", {}).get("vertex", {}).get("data")
    names = raw.dtype.names if isinstance(raw, np.ndarray) else raw
    if names is None or "value" not in names or np.size(raw["value"]) != number:
        return np.ones(number)
    return _native(np.array(raw["value"]).reshape(-1))


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
    if found is not None and set(found) <= set(_KNOWN_AXES):
        return found
    if len(shape) == 2:
        return "YX"
    examples = "ZYX for a stack or TYX for a movie" if len(shape) == 3 else "for instance TZYX"
    raise FileError(
        f"{path} does not say what the axes of its shape {shape} are; give them, {examples}"
    )


def _native(array: NDArray[Any]) -> NDArray[Any]:
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _for_tiff(value: Value, path: str | os.PathLike[str]) -> NDArray[Any]:
    """Return an array of a dtype that OME-TIFF has, without loss for labels."""
    data = np.asarray(value.data)
    if value.kind is Kind.LABELS:
        largest = int(data.max(initial=0))
        if largest >= 2**32:
            raise FileError(
                f"{path}: OME-TIFF holds labels below 2**32, there is {largest}; renumber them "
                "with postprocessing.relabel_sequential"
            )
        if data.dtype.itemsize > 4 or data.dtype == bool:
            data = data.astype(np.uint32 if largest >= 2**31 else label_dtype(largest))
    elif value.kind is Kind.MASK:
        data = (data > 0).astype(np.uint8)
    elif data.dtype == np.float16:
        data = data.astype(np.float32)
    if data.dtype.kind not in "uif" or data.dtype.itemsize > (8 if data.dtype.kind == "f" else 4):
        raise FileError(f"{path}: OME-TIFF can not hold the dtype {data.dtype}")
    return data
