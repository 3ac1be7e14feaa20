"""ImageJ's regions of interest: a zip of .roi files, or one such file."""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.files.annotations.annotation import (
    LARGEST_NUMBER,
    AnnotatedLabels,
    Colour,
    Wanted,
)
from napari_delineate.files.annotations.outlines import Outline, Polygon, outlines_of, planes_of
from napari_delineate.files.annotations.painting import ANY_STACK, Drawing, paint, ring
from napari_delineate.files.annotations.skipped import warn_of_skipped
from napari_delineate.files.annotations.statement import read_statement, statement_of, text_in
from napari_delineate.files.saving import atomic_path

__all__ = ["read", "read_one", "write"]

_LARGEST_ROI = 2**26
_LARGEST_ZIP = 2**29
_MOST_ROIS = 1_000_000
_MOST_CORNERS_OF_OVALS = 20_000
_LONGEST_COMMENT = 2**16 - 1
_LARGEST_COORDINATE = 2**15 - 1
"""What the two bytes of whole coordinates hold."""

_STATEMENT = b'{"shape": '
"""How our own statement about the image begins in the comment of a zip."""

_MOVE, _LINE, _CLOSE = 0.0, 1.0, 4.0


def read(path: Path, wanted: Wanted) -> AnnotatedLabels:
    """Return the annotation that a zip holds; `ValueError` if it holds none."""
    with zipfile.ZipFile(path) as archive:
        entries = [one for one in archive.infolist() if _is_region(one.filename)]
        if not entries and _stated(archive.comment) is None:
            raise ValueError("it holds no .roi files of ImageJ")
        size = sum(entry.file_size for entry in entries)
        largest = max((entry.file_size for entry in entries), default=0)
        if size > _LARGEST_ZIP or largest > _LARGEST_ROI or len(entries) > _MOST_ROIS:
            raise ValueError(
                f"it holds {len(entries):,} regions of {size / 2**20:,.0f} MB, the largest of "
                f"{largest / 2**20:,.0f} MB; up to {_MOST_ROIS:,} regions of "
                f"{_LARGEST_ZIP // 2**20} MB are read, each up to {_LARGEST_ROI // 2**20} MB"
            )
        contents = ((entry.filename, _unpacked(archive, entry)) for entry in entries)
        return _annotation(path, contents, wanted, archive.comment)


def _is_region(name: str) -> bool:
    """Tell whether an entry is a region, and not what macOS puts beside every file."""
    return name.lower().endswith(".roi") and not name.rpartition("/")[2].startswith("._")


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Return the content of an entry; never more than it states, which can be a lie."""
    with archive.open(entry) as file:
        return file.read(entry.file_size + 1)  # the end, where the checksum is compared


def read_one(path: Path, wanted: Wanted) -> AnnotatedLabels:
    """Return the annotation that a .roi file holds; `ValueError` if it holds none."""
    size = path.stat().st_size
    if size > _LARGEST_ROI:
        raise ValueError(
            f"it has {size / 2**20:,.0f} MB; a region is read up to {_LARGEST_ROI // 2**20} MB"
        )
    return _annotation(path, iter([(path.name, path.read_bytes())]), wanted, b"")


def write(path: Path, annotation: AnnotatedLabels) -> None:
    """Write one region for every object, in stacks and movies one for each plane."""
    before = annotation.axes[:-2]
    digits = len(str(int(annotation.labels.max(initial=0))))
    classes = dict.fromkeys(annotation.classes.values())
    groups = {name: place for place, name in enumerate(classes, 1)}
    with (
        atomic_path(path) as draft,
        zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for index, plane in planes_of(annotation.labels):
            places = zip(before, index, strict=True)
            suffix = "".join(f"-{letter}{place + 1:04}" for letter, place in places)
            for outline in outlines_of(plane):
                roi = _roi(annotation, outline, groups)
                if len(before) == 1:
                    roi.position = index[0] + 1
                elif before:
                    roi.c_position, roi.t_position, roi.z_position = 1, index[0] + 1, index[1] + 1
                archive.writestr(f"{outline.number:0{digits}}{suffix}.roi", roi.tobytes())
        comment = json.dumps(statement_of(annotation)).encode("ascii")
        if len(comment) > _LONGEST_COMMENT:  # the regions have the colours too
            comment = json.dumps(statement_of(annotation) | {"colours": {}}).encode("ascii")
        archive.comment = comment


def _roi(annotation: AnnotatedLabels, outline: Outline, groups: dict[str, int]) -> Any:
    """Return an object as a polygon, or as a composite region if it has several rings."""
    import roifile

    rings = [corners for polygon in outline.polygons for corners in polygon]
    every = np.concatenate(rings)
    roi = roifile.ImagejRoi()
    (roi.left, roi.top), (roi.right, roi.bottom) = every.min(axis=0), every.max(axis=0)
    if len(rings) == 1:
        roi.roitype = roifile.ROI_TYPE.TRACED
        roi.n_coordinates = len(every)
        roi.integer_coordinates = (every - (roi.left, roi.top)).astype(np.int32)
        if every.max() > _LARGEST_COORDINATE:
            roi.options |= roifile.ROI_OPTIONS.SUB_PIXEL_RESOLUTION
            roi.subpixel_coordinates = every.astype(np.float32)
    else:
        roi.roitype = roifile.ROI_TYPE.RECT
        roi.multi_coordinates = np.concatenate([_path(corners) for corners in rings])
        roi.shape_roi_size = len(roi.multi_coordinates)
    number = outline.number
    name = annotation.names.get(number, str(number))
    # The format counts letters of two bytes.
    roi.name = "".join(letter if letter <= "\uffff" else "?" for letter in name)
    lines = [f"object: {number}"]
    if number in annotation.names:
        lines.append(f"name: {json.dumps(name)}")
    if number in annotation.classes:
        own = annotation.classes[number]
        lines.append(f"class: {json.dumps(own)}")
        roi.group = groups[own] if groups[own] < 256 else 0
        if own in annotation.colours:
            roi.stroke_color = bytes((255, *annotation.colours[own]))
    roi.props = "\n".join(lines) + "\n"
    return roi


def _path(corners: NDArray[Any]) -> NDArray[np.float32]:
    """Return a ring as the steps of a path."""
    steps = np.full((len(corners), 3), _LINE, np.float32)
    steps[0, 0] = _MOVE
    steps[:, 1:] = corners
    return np.append(steps.reshape(-1), np.float32(_CLOSE))


def _annotation(
    path: Path, contents: Iterator[tuple[str, bytes]], wanted: Wanted, comment: bytes
) -> AnnotatedLabels:
    import roifile

    drawings: list[Drawing] = []
    colours: dict[str, Colour] = {}
    skipped: dict[str, int] = {}
    for name, content in contents:
        try:
            roi = roifile.ImagejRoi.frombytes(content)
            polygons = _polygons(roi)
        except Exception as error:
            # It raises errors of many kinds on damaged content.
            raise ValueError(f"its region {name} is damaged: {error}") from error
        if not polygons:
            kind = roi.roitype.name.lower()
            skipped[kind] = skipped.get(kind, 0) + 1
            continue
        drawing = Drawing(polygons, plane=_plane(roi), name=text_in(roi.name))
        _apply_properties(drawing, roi)
        if drawing.object_class and roi.stroke_color != b"\x00\x00\x00\x00":
            _, *colour = roi.stroke_color
            colours.setdefault(drawing.object_class, (colour[0], colour[1], colour[2]))
        drawings.append(drawing)
    warn_of_skipped(path, skipped)
    return paint(path, drawings, wanted, _stated(comment), colours=colours)


def _stated(comment: bytes) -> Any:
    if not comment.startswith(_STATEMENT):
        return None  # a comment can say anything
    try:
        return read_statement(json.loads(comment))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"what its comment states of the image is damaged: {error}") from error


def _plane(roi: Any) -> dict[str, int]:
    """Return where a region lies; nothing where it is shown in the whole stack."""
    places = {"T": roi.t_position - 1, "Z": roi.z_position - 1}
    places = {letter: place for letter, place in places.items() if place >= 0}
    if not places and roi.position > 0:
        return {ANY_STACK: roi.position - 1}
    return places


def _apply_properties(drawing: Drawing, roi: Any) -> None:
    """Take number, name and class from a region's properties, else from its group."""
    stated: dict[str, str] = {}
    for line in roi.props.splitlines():
        key, _, text = line.partition(": ")
        stated[key.strip()] = text.strip()
    number = stated.get("object", "")
    if number.isascii() and number.isdigit() and 1 <= int(number[:20]) <= LARGEST_NUMBER:
        drawing.number = int(number)
        drawing.name = _unquoted(stated.get("name", ""))
    drawing.object_class = _unquoted(stated.get("class", ""))
    if not drawing.object_class and roi.group:
        drawing.object_class = f"group {roi.group}"


def _unquoted(text: str) -> str:
    try:
        return text_in(json.loads(text)) if text.startswith('"') else text_in(text)
    except ValueError:
        return text_in(text)


def _polygons(roi: Any) -> list[Polygon]:
    """Return the polygons of a region; none if it has no area."""
    from roifile import ROI_SUBTYPE, ROI_TYPE

    if roi.multi_coordinates is not None:
        return [[ring(path) for path in roi.coordinates(multi=True) if len(path)]]
    if roi.subtype in (ROI_SUBTYPE.TEXT, ROI_SUBTYPE.ARROW, ROI_SUBTYPE.IMAGE):
        return []
    if roi.roitype in (ROI_TYPE.POLYGON, ROI_TYPE.FREEHAND, ROI_TYPE.TRACED):
        corners = roi.coordinates()
        return [[ring(corners)]] if len(corners) > 2 else []
    left, top, width, height = roi.left, roi.top, roi.right - roi.left, roi.bottom - roi.top
    if roi.subpixelrect:
        left, top, width, height = roi.xd, roi.yd, roi.widthd, roi.heightd
    if roi.roitype not in (ROI_TYPE.RECT, ROI_TYPE.OVAL) or not (width > 0 and height > 0):
        return []
    if roi.roitype == ROI_TYPE.OVAL:
        return [[_rounded(left, top, width, height, width / 2, height / 2)]]
    radius = min(roi.rounded_rect_arc_size, width, height) / 2
    return [[_rounded(left, top, width, height, radius, radius)]]


def _rounded(
    left: float, top: float, width: float, height: float, radius_x: float, radius_y: float
) -> NDArray[np.float64]:
    """Return a rectangle whose corners are rounded, at most to an ellipse, as a polygon."""
    ring([(left, top), (width, height)])  # refuses what is no number
    steps = min(max(16, math.ceil(2 * max(radius_x, radius_y))), _MOST_CORNERS_OF_OVALS)
    angles = (
        np.pi / 2 * (np.arange(4 * steps) // steps + np.arange(4 * steps) % steps / (steps - 1))
    )
    quarter = np.arange(4 * steps) // steps
    right_or_left = np.array([1, -1, -1, 1])[quarter] * (width / 2 - radius_x)
    below_or_above = np.array([1, 1, -1, -1])[quarter] * (height / 2 - radius_y)
    return ring(
        np.column_stack(
            (
                left + width / 2 + right_or_left + radius_x * np.cos(angles),
                top + height / 2 + below_or_above + radius_y * np.sin(angles),
            )
        )
    )
