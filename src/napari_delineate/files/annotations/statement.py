"""What our files state beside what their format has a place for: grid and colours.

Formats of outlines know no image size, no voxel size and no axes. They are stated as JSON in
a place that other programs pass over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

from napari_delineate.axes import spatial_axes
from napari_delineate.files.annotations.annotation import (
    AXES,
    LARGEST_NUMBER,
    AnnotatedLabels,
    Colour,
    check_size,
    sides,
)
from napari_delineate.types import spacing_per_axis

__all__ = [
    "MEMBER",
    "Statement",
    "by_number",
    "colours_in",
    "colours_of_classes",
    "parsed",
    "read_meaning",
    "read_statement",
    "stated_meaning",
    "statement_of",
    "text_in",
]

MEMBER = "napari-delineate"
"""The name under which JSON files have the statement."""

_LARGEST_FILE = 2**29


class Meaning(TypedDict):
    """Hold what a file states about the meaning of its labels, as `AnnotatedLabels.of` takes it."""

    classes: dict[int, str]
    colours: dict[str, Colour]
    semantic: bool
    sparse: bool


class Statement(NamedTuple):
    """Hold what a file states about the grid and the meaning of its annotation."""

    shape: tuple[int, ...]
    axes: str
    spacing: tuple[float, ...] | None
    units: str
    meaning: Meaning


def statement_of(annotation: AnnotatedLabels) -> dict[str, Any]:
    """Return the statement about an annotation, ready for JSON."""
    is_known = annotation.units != "pixel" or set(annotation.spacing) != {1.0}
    return {
        "shape": list(annotation.labels.shape),
        "axes": annotation.axes,
        **({"spacing": list(annotation.spacing), "units": annotation.units} if is_known else {}),
        **stated_meaning(annotation),
    }


def stated_meaning(annotation: AnnotatedLabels) -> dict[str, Any]:
    """Return what is stated of the meaning of labels, ready for JSON.

    The classes of objects stand where they do. A class of pixels may have none.
    """
    return {
        "semantic": annotation.semantic,
        "sparse": annotation.sparse,
        "colours": {name: list(colour) for name, colour in annotation.colours.items()},
        "classes": dict(annotation.classes) if annotation.semantic else {},
    }


def read_meaning(stated: Mapping[str, Any]) -> Meaning:
    """Return what a file states of the meaning of labels, as far as it has it."""
    return {
        "classes": by_number(stated.get("classes")),
        "colours": colours_in(stated.get("colours")),
        "semantic": stated.get("semantic") is True,
        "sparse": stated.get("sparse") is True,
    }


def by_number(stated: Any) -> dict[int, str]:
    """Return texts by the numbers of objects."""
    pairs = stated.items() if isinstance(stated, Mapping) else ()
    texts = {}
    for key, text in pairs:
        number = int(key) if key.isascii() and key.isdigit() and len(key) < 20 else 0
        if text_in(text) and 1 <= number <= LARGEST_NUMBER:
            texts[number] = text_in(text)
    return texts


def read_statement(stated: Any) -> Statement | None:
    """Return a statement that a file holds, None where it holds none; `ValueError` if wrong."""
    if not isinstance(stated, Mapping):
        return None
    try:
        shape = tuple(_whole(side) for side in stated["shape"])
        axes = str(stated["axes"])
        spacing = stated.get("spacing")
        if spacing is not None:
            spacing = spacing_per_axis(tuple(spacing), len(spatial_axes(axes)))
        units = str(stated.get("units", "pixel"))[:80]
    except (KeyError, TypeError) as error:
        raise ValueError(f"what it states under {MEMBER!r} is damaged: {error}") from error
    if len(shape) != len(axes) or axes not in AXES:
        raise ValueError(
            f"it states the shape {sides(shape)} and the axes {axes[:20]!r}, which do not fit"
        )
    check_size(shape)
    return Statement(shape, axes, spacing, units, read_meaning(stated))


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


def colours_of_classes(annotation: AnnotatedLabels) -> dict[str, Colour | None]:
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
