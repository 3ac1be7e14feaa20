"""Names of values: identifiers of Python that exported notebooks can use as variables."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Container, Mapping
from types import MappingProxyType
from typing import Any

from napari_delineate import sampling
from napari_delineate.catalogue import PACKAGES

__all__ = [
    "IMPORTS",
    "NAMING_RULE",
    "check_name",
    "is_identifier",
    "SUFFIXES",
    "VARIABLES",
    "is_free",
    "to_identifier",
]

IMPORTS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(PACKAGES, "napari_delineate"),
        "map_over": "napari_delineate",
        "use_device": "napari_delineate",
        "voxels": "napari_delineate",
        "isotropic_spacing": "napari_delineate.types",
        **dict.fromkeys(sampling.__all__, "napari_delineate.sampling"),
        "read": "napari_delineate.files",
        "show_image": "napari_delineate.pictures",
        "show_labels": "napari_delineate.pictures",
        "show_points": "napari_delineate.pictures",
        "show_shapes": "napari_delineate.pictures",
        "show_surface": "napari_delineate.pictures",
        "show_histogram": "napari_delineate.plots",
        "show_scatter": "napari_delineate.plots",
        "show_surface_change": "napari_delineate.pictures",
        "show_table": "napari_delineate.pictures",
        "versions": "napari_delineate.environment",
        "Path": "pathlib",
    }
)
"""The names that exported code may import, with the modules that have them."""

VARIABLES = ("folder", "napari", "show_in_napari", "viewer")
"""Other names that exported code uses."""

SUFFIXES = ("_file", "_checksum", "_spacing", "_units", "_origin")
"""What exported code appends to a name, for what belongs to it."""

_LONGEST_NAME = 80


NAMING_RULE = (
    "names are words of Latin letters, digits and underscores, such as labels_2, and no words "
    "of Python"
)


def is_identifier(name: str) -> bool:
    """Tell whether a text can be the name of a step or a variable of a notebook."""
    return (
        name.isascii()
        and name.isidentifier()
        and not name.startswith("_")
        and len(name) <= _LONGEST_NAME
        and not keyword.iskeyword(name)
        and not keyword.issoftkeyword(name)
    )


def _problem(name: Any, taken: Container[str]) -> str:
    """Say why a value can not have a name; empty if it can."""
    if not (isinstance(name, str) and is_identifier(name)) or hasattr(builtins, name):
        return NAMING_RULE
    if name in IMPORTS or name in VARIABLES:
        return "exported notebooks use it"
    if name in taken:
        return "it is taken"
    for suffix in SUFFIXES:
        for other in (name.removesuffix(suffix), name + suffix):
            if other != name and other in taken:
                return f"exported notebooks use it beside {other!r}"
    return ""


def is_free(name: str, taken: Container[str]) -> bool:
    """Tell whether a value can have a name beside those that are taken."""
    return not _problem(name, taken)


def check_name(name: str, taken: Container[str]) -> str:
    """Return a name that a value can have.

    Parameters
    ----------
    name : str
        The name.
    taken : container of str
        Names of other values.

    Returns
    -------
    str
        The name.

    Raises
    ------
    ValueError
        If it is no identifier, taken, or used by exported notebooks.
    """
    problem = _problem(name, taken)
    if problem:
        raise ValueError(f"{str(name)[:_LONGEST_NAME]!r} can not be the name of a value: {problem}")
    return name


def to_identifier(text: str) -> str:
    """Return a text as a readable identifier of Python.

    Parameters
    ----------
    text : str
        Any text, for instance the name of a layer.

    Returns
    -------
    str
        Lower-case words joined by underscores; "value" where nothing is left.

    Examples
    --------
    >>> to_identifier("DAPI (488 nm)"), to_identifier("2nd")
    ('dapi_488_nm', 'value_2nd')
    """
    words = re.sub(r"[^0-9a-z]+", "_", text.lower()).strip("_")[: _LONGEST_NAME - 8].strip("_")
    return f"value_{words}".strip("_") if not words or words[0].isdigit() else words
