"""Read and write annotations in the formats of other programs.

Labels become polygons along the edges of their pixels, and polygons become the pixels whose
centres lie inside, so that labels stay exactly the same on the way out and back.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from napari_delineate.files.annotations import coco, geojson, imagej, masks, ome_zarr
from napari_delineate.files.annotations.annotation import AnnotatedLabels, Colour, Wanted
from napari_delineate.files.annotations.collecting import garbage_kept
from napari_delineate.files.annotations.statement import parsed
from napari_delineate.files.errors import FileError

__all__ = [
    "ANNOTATIONS",
    "WRITTEN",
    "AnnotatedLabels",
    "Colour",
    "read_annotation",
    "write_annotation",
]


class _Format(NamedTuple):
    title: str
    read: Callable[[Path, Wanted], AnnotatedLabels]
    write: Callable[[Path, AnnotatedLabels], None] | None


def _read_json(path: Path, wanted: Wanted) -> AnnotatedLabels:
    with garbage_kept():
        content = parsed(path)
        if geojson.is_geojson(content):
            return geojson.read(path, content, wanted)
        if coco.is_coco(content):
            return coco.read(path, content, wanted)
    raise ValueError(
        "it is neither GeoJSON (features) nor COCO (images and annotations); save one of these"
    )


_FORMATS = {
    "_cp_masks.tif": _Format("Cellpose masks", masks.read, masks.write_plain),
    "_cp_masks.png": _Format("Cellpose masks", masks.read, masks.write_plain),
    ".ome.tif": _Format("OME-TIFF", masks.read, masks.write_ome_tiff),
    ".ome.tiff": _Format("OME-TIFF", masks.read, masks.write_ome_tiff),
    ".tif": _Format("OME-TIFF", masks.read, masks.write_ome_tiff),
    ".tiff": _Format("OME-TIFF", masks.read, masks.write_ome_tiff),
    ".png": _Format("label image", masks.read, masks.write_plain),
    ".zarr": _Format("OME-Zarr labels", ome_zarr.read, ome_zarr.write),
    ".zip": _Format("ImageJ regions", imagej.read, imagej.write),
    ".roi": _Format("ImageJ region", imagej.read_one, None),
    ".geojson": _Format("GeoJSON", _read_json, geojson.write),
    ".coco.json": _Format("COCO", _read_json, coco.write),
    ".json": _Format("GeoJSON or COCO", _read_json, None),
}
ANNOTATIONS = {ending: one.title for ending, one in _FORMATS.items()}
"""Endings of files that hold annotations, and what people call the formats."""
WRITTEN = {one.title: ending for ending, one in reversed(_FORMATS.items()) if one.write is not None}
"""Formats that annotations are written to, each with the ending that files of it get."""


def read_annotation(
    path: str | os.PathLike[str],
    shape: tuple[int, ...] | None = None,
    spacing: float | tuple[float, ...] | None = None,
    *,
    axes: str | None = None,
    units: str | None = None,
    image: str | None = None,
) -> AnnotatedLabels:
    """Read the annotation of an image, a stack or a movie.

    Parameters
    ----------
    path : path
        A label image (OME-TIFF, TIFF, PNG, Cellpose's masks), OME-Zarr labels, regions of
        ImageJ (.zip or .roi), GeoJSON as QuPath writes it, or COCO JSON.
    shape : tuple of int, optional
        Shape of the image that it belongs to. Files of outlines may not state it; an
        annotation of another shape is refused.
    spacing : float or tuple of float, optional
        Voxel size along the axes in space, where the file does not state it; by default 1.
    axes : str, optional
        Letters of the axes, where the file does not state them, for instance "TYX".
    units : str, optional
        Name of the unit of the spacing, where the file does not state it.
    image : str, optional
        Name of the image, in a COCO file that has the annotations of several.

    Returns
    -------
    AnnotatedLabels
        The labels with their axes and voxel size, and classes, their colours and names as
        far as the file has them. Objects without a number get one in the order of the file.

    Raises
    ------
    FileError
        If the file is missing or damaged, is of another image, or can not be read safely.

    Warns
    -----
    UserWarning
        If objects overlap (later ones lie on top), lie outside of the image, have no area,
        or the shape of the image is not known.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> labels = np.zeros((6, 8), int); labels[1:4, 2:7] = 5; labels[2, 3:5] = 0
    >>> annotation = AnnotatedLabels.of(labels, None, 0.5, "micrometer", {5: "ring"})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_annotation(Path(folder) / "cells.geojson", annotation)
    ...     found = read_annotation(path)
    >>> bool((found.labels == labels).all()), found.spacing, found.units, found.classes
    (True, (0.5, 0.5), 'micrometer', {5: 'ring'})
    """
    target = Path(path)
    one = _format_of(target)
    if not target.exists():
        raise FileError(f"there is no file {path}")
    size = shape if shape is None else tuple(int(side) for side in shape)
    wanted = Wanted(size, 1.0 if spacing is None else spacing, axes, units or "pixel", image)
    try:
        return one.read(target, wanted)
    except FileError:
        raise
    except (Exception, MemoryError) as error:
        # Decoders raise errors of many kinds on damaged files.
        raise FileError(f"{path} can not be read: {_reason(error)}") from error


def write_annotation(path: str | os.PathLike[str], annotation: AnnotatedLabels) -> Path:
    """Write an annotation for other programs.

    Parameters
    ----------
    path : path
        The file; its ending chooses the format: .ome.tif, .ome.zarr (a folder), .zip
        (ImageJ), .geojson (QuPath), .coco.json, or _cp_masks.tif and _cp_masks.png
        (Cellpose).
    annotation : AnnotatedLabels
        The annotation. In formats of outlines a stack or a movie has one outline for each
        object in each plane.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    FileError
        If the ending is another, or the format can not hold the annotation.
    OSError
        If the file can not be written; an old one then stays as it was.

    Warns
    -----
    UserWarning
        If the format holds no voxel size, classes or names, and the annotation has them.
    """
    target = Path(path)
    one = _format_of(target)
    if one.write is None:
        endings = ", ".join(ending for ending, its in _FORMATS.items() if its.write is not None)
        raise FileError(f"{path}: annotations are written to files that end in {endings}")
    try:
        with garbage_kept():
            one.write(target, annotation)
    except FileError:
        raise
    except ValueError as error:
        raise FileError(f"{path}: {error}") from error
    return target


def _format_of(path: Path) -> _Format:
    """Return the format of the longest ending that fits; `FileError` if none does."""
    name = path.name.lower()
    if path.parent.name == "labels" and path.parent.parent.suffix.lower() == ".zarr":
        return _FORMATS[".zarr"]  # a label image inside an image
    for ending, one in _FORMATS.items():  # longer ones stand before those that they end in
        if name.endswith(ending):
            return one
    raise FileError(
        f"{path} is no annotation that can be read or written here; the endings known are "
        f"{', '.join(_FORMATS)}"
    )


def _reason(error: BaseException) -> str:
    """Return what an error says, or else what it is."""
    return " ".join(str(error).split())[:400] or type(error).__name__
