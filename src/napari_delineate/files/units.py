"""Names of units, as files write them."""

from __future__ import annotations

import re

__all__ = ["METRES", "stated_unit", "unit_comment", "unit_name"]

_NAMES = {
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
METRES = {
    "angstrom": 1e-10,
    "nanometer": 1e-9,
    "micrometer": 1e-6,
    "millimeter": 1e-3,
    "centimeter": 1e-2,
    "meter": 1.0,
}
"""How long units are, by the names that spacing has them under."""

_PLAIN = re.compile(r"[^\s\x00-\x1f\"'<>&,;]{1,40}")
_STATED = re.compile(rf"\bunits?\s*[:=]\s*({_PLAIN.pattern})", re.IGNORECASE)


def unit_name(text: str) -> str:
    """Return the name of a unit that a file may call by a symbol."""
    return _NAMES.get(text.lower(), text)


def unit_comment(units: str | None) -> str:
    """Return the words that state a unit in a comment; none for pixels or what is no word."""
    is_stated = units is not None and units != "pixel" and _PLAIN.fullmatch(units)
    return f"units: {units}" if is_stated else ""


def stated_unit(comment: str) -> str | None:
    """Return the unit that a comment states, None if it states none."""
    found = _STATED.search(comment)
    return unit_name(found.group(1)) if found else None
