"""Label images: OME-TIFF with classes, and plain masks as Cellpose writes them."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from napari_delineate.files.annotations.annotation import (
    AnnotatedLabels,
    Wanted,
    check_shape,
    check_size,
    sides,
)
from napari_delineate.files.annotations.statement import (
    MEMBER,
    by_number,
    read_meaning,
    stated_meaning,
)
from napari_delineate.files.images import read_value
from napari_delineate.files.saving import atomic_path
from napari_delineate.files.tiff import read_description, write_value
from napari_delineate.types import Kind

__all__ = ["read", "stated_in_tiff", "write_ome_tiff", "write_plain"]

_MOST_PIXELS_OF_A_BYTE = 50_000
"""More than compression makes of an image without objects."""

_TIFF = (".tif", ".tiff")


def read(path: Path, wanted: Wanted) -> AnnotatedLabels:
    """Return the labels of an image file, with classes where it states them."""
    stated: Mapping[str, Any] = {}
    if path.suffix.lower() in _TIFF and path.is_file():
        shape, description = read_description(path)
        check_size(shape)
        if math.prod(shape) > _MOST_PIXELS_OF_A_BYTE * path.stat().st_size:
            raise ValueError(f"it states {sides(shape)} pixels and is far too small to hold them")
        stated = _parsed(description)
    spacing = np.atleast_1d(wanted.spacing).tolist()
    value = read_value(
        path,
        Kind.LABELS,
        wanted.axes,
        spacing[0] if len(spacing) == 1 else tuple(spacing),
        wanted.units,
    )
    check_shape(value.data.shape, wanted)
    return AnnotatedLabels.of(
        value.data,
        value.axes,
        value.spacing,
        value.units,
        names=by_number(stated.get("names")),
        **read_meaning(stated),
    )


def write_ome_tiff(path: Path, annotation: AnnotatedLabels) -> None:
    """Write labels as OME-TIFF; classes and names are stated in its description."""
    stated = stated_in_tiff(annotation)
    write_value(path, annotation.value, json.dumps(stated) if stated else "")


def stated_in_tiff(annotation: AnnotatedLabels) -> dict[str, Any]:
    """Return what the description of an OME-TIFF says about labels; nothing if there is nothing."""
    stated = stated_meaning(annotation) | {
        "classes": dict(annotation.classes),
        "names": dict(annotation.names),
    }
    return {MEMBER: stated} if any(stated.values()) else {}


def write_plain(path: Path, annotation: AnnotatedLabels) -> None:
    """Write a mask as Cellpose does, as TIFF or PNG; it holds numbers and nothing else."""
    import imageio.v3 as imageio
    import tifffile

    labels = annotation.labels
    largest = int(labels.max(initial=0))
    is_tiff = path.suffix.lower() in _TIFF
    if largest >= 2 ** (32 if is_tiff else 16):
        raise ValueError(
            f"its kind holds numbers below {2 ** (32 if is_tiff else 16):,}, there is {largest:,}; "
            "renumber them with postprocessing.relabel_sequential, or save an OME-TIFF"
        )
    if not is_tiff and labels.ndim > 2:
        raise ValueError(
            f"PNG holds a single plane, the labels have the axes {annotation.axes}; save a TIFF"
        )
    lost = [
        what
        for what, is_there in (
            ("voxel size", annotation.units != "pixel" or set(annotation.spacing) != {1.0}),
            ("classes", annotation.classes or annotation.colours),
            ("names", annotation.names),
        )
        if is_there
    ]
    data = labels.astype(np.uint16 if largest < 2**16 else np.uint32)
    with atomic_path(path) as draft:
        if is_tiff:
            tifffile.imwrite(draft, data, compression="zlib", photometric="minisblack")
        else:
            imageio.imwrite(draft, data, plugin="pillow", extension=".png")
    if lost:
        warnings.warn(
            f"plain masks hold neither {' nor '.join(lost)}; OME-TIFF holds them", stacklevel=4
        )


def _parsed(description: str) -> Mapping[str, Any]:
    try:
        content = json.loads(description) if description.startswith("{") else {}
    except (ValueError, RecursionError):
        content = {}  # a description can say anything
    stated = content.get(MEMBER) if isinstance(content, Mapping) else None
    return stated if isinstance(stated, Mapping) else {}
