"""What our files state beside what their format has a place for: grid and colours.

Formats of outlines know no image size, no voxel size and no axes. They are stated as JSON in
a place that other programs pass over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from napari_delineate.axes import spatial_axes
from napari_delineate.files.annotations.annotation import (
    AXES,
    Annotation,
    Colour,
    check_size,
    sides,
)
from napari_delineate.types import spacing_per_axis

__all__ = [
    "MEMBER",
    "Statement",
    "colours_in",
    "colours_of_classes",
    "parsed",
    "read_statement",
    "statement_of",
    "text_in",
]

MEMBER = "napari-delineate"
"""The name under which JSON files have the statement."""

_LARGEST_FILE = 2**29


class Statement(NamedTuple):
    """Hold what a file states about the grid of its annotation."""

    shape: tuple[int, ...]
    axes: str
    spacing: tuple[float, ...]
    units: str
    colours: dict[str, Colour]


def statement_of(annotation: Annotation) -> dict[str, Any]:
    """Return the statement about an annotation, ready for JSON."""
    return {
        "shape": list(annotation.labels.shape),
        "axes": annotation.axes,
        "spacing": list(annotation.spacing),
        "units": annotation.units,
        "colours": {name: list(colour) for name, colour in annotation.colours.items()},
    }


def read_statement(stated: Any) -> Statement | None:
    """Return a statement that a file holds, None where it holds none; `ValueError` if wrong."""
    if not isinstance(stated, Mapping):
        return None
    try:
        shape = tuple(_whole(side) for side in stated["shape"])
        axes = str(stated["axes"])
        spacing = spacing_per_axis(tuple(stated["spacing"]), len(spatial_axes(axes)))
        units = str(stated["units"])[:80]
    except (KeyError, TypeError) as error:
        raise ValueError(f"what it states under {MEMBER!r} is damaged: {error}") from error
    if len(shape) != len(axes) or axes not in AXES:
        raise ValueError(
            f"it states the shape {sides(shape)} and the axes {axes[:20]!r}, which do not fit"
        )
    check_size(shape)
    return Statement(shape, axes, spacing, units, colours_in(stated.get("colours")))


def colours_in(stated: Any) -> dict[str, Colour]:
    """Return those colours by name that are three numbers from 0 to 255."""
    pairs = stated.items() if isinstance(stated, Mapping) else ()
    colours = {}
    for name, colour in pairs:
        text, parts = text_in(name), colour[:3] if isinstance(colour, list | tuple) else ()
        is_colour = len(parts) == 3 and all(
            isinstance(part, int) and 0 <= part <= 255 for part in parts
        )
        if text and is_colour:
            colours[text] = (int(parts[0]), int(parts[1]), int(parts[2]))
    return colours


def colours_of_classes(annotation: Annotation) -> dict[str, Colour | None]:
    """Return the colour of every class that has one or is the class of an object, in order."""
    names = dict.fromkeys([*annotation.colours, *annotation.classes.values()])
    return {name: annotation.colours.get(name) for name in names}


def text_in(text: Any) -> str:
    """Return one line of what a file has as a name; nothing where it is no text."""
    if not isinstance(text, str):
        return ""
    return "".join(letter if letter.isprintable() else " " for letter in text[:1000]).strip()


def parsed(path: Path) -> Any:
    """Return what a JSON file holds; `ValueError` if it is too large or none."""
    size = path.stat().st_size
    if size > _LARGEST_FILE:
        raise ValueError(
            f"it has {size / 2**20:,.0f} MB; files of text are read up to "
            f"{_LARGEST_FILE // 2**20} MB, split it"
        )
    try:
        return json.loads(path.read_bytes())
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except UnicodeDecodeError:
        raise ValueError("it is no text") from None
    except ValueError as error:
        raise ValueError(f"it is no JSON, or damaged: {error}") from error


def _whole(number: Any) -> int:
    if isinstance(number, bool) or not isinstance(number, int):
        raise TypeError(f"a side must be a whole number, not {number!r}")
    return number
