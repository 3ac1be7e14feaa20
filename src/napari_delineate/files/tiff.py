"""Read and write TIFF: pixels, axes and voxel size, also of OME and ImageJ."""

from __future__ import annotations

import logging
import os
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from napari_delineate.arrays import label_dtype
from napari_delineate.axes import looped_axes, spatial_axes
from napari_delineate.files.errors import FileError
from napari_delineate.files.saving import atomic_path
from napari_delineate.files.units import METRES, unit_name
from napari_delineate.types import Kind
from napari_delineate.values import Value
from napari_delineate.wording import SYMBOLS

__all__ = ["KNOWN_AXES", "Content", "native", "read_description", "read_tiff", "write_value"]

KNOWN_AXES = "TCZYXS"
"""The axes that OME-TIFF has and that have a meaning here."""

_DAMAGE = re.compile(
    "invalid page offset|corrupt|missing data are|out of range|incompletely written"
    "|TiffTag 270 .*invalid value offset",  # the tag that holds the axes and the voxel size
    re.IGNORECASE,
)
"""What tifffile logs when it returns less than the file should hold."""


class Content(NamedTuple):
    """Hold what a file holds: the data, and what it states about it."""

    data: Any
    axes: str | None = None
    spacing: dict[str, float] | None = None
    units: str | None = None


def native(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array in the byte order of this machine."""
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


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

    unknown = sorted(set(value.axes) - set(KNOWN_AXES))
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
            metadata[f"PhysicalSize{letter}Unit"] = SYMBOLS.get(value.units, value.units)
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


def read_tiff(path: Path) -> Content:
    """Return the first image of a TIFF file; `FileError` if a part of it is missing."""
    import tifffile

    with _complaints() as complaints, tifffile.TiffFile(path) as file:
        if not file.series:
            raise FileError(f"{path} holds no image")
        series = file.series[0]
        alike = sum(one.shape == series.shape for one in file.series)
        data = native(series.asarray())
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
    return Content(data, axes, spacing, units)


def read_description(path: Path) -> tuple[tuple[int, ...], str]:
    """Return the shape of the first image, and the description that OME metadata have of it."""
    import tifffile

    with _complaints(), tifffile.TiffFile(path) as file:
        shape = tuple(file.series[0].shape) if file.series else ()
        if not file.is_ome:
            return shape, ""
        root = ElementTree.fromstring(file.ome_metadata)  # noqa: S314 - expat limits expansion
    texts = (node.text for node in root.iter() if node.tag.endswith("}Description"))
    return shape, next((text for text in texts if text), "")


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
        units = {
            letter: unit_name(sizes.get(f"PhysicalSize{letter}Unit", "µm")) for letter in spacing
        }
        if not spacing:
            return None, None
        unit = units.get("X", next(iter(units.values())))
        for letter, own in units.items():
            if own != unit and not {own, unit} <= set(METRES):
                raise ValueError(f"it states voxel sizes in {own} and in {unit}")
            if own != unit:
                spacing[letter] *= METRES[own] / METRES[unit]
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
        return spacing, unit_name(unit)
    return None, None


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
