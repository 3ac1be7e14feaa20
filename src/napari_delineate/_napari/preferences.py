"""Remember what a person has chosen for all sessions, in one small file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from napari_delineate.files.saving import atomic_path

__all__ = [
    "ANNOTATOR",
    "MOST_TRIANGLES",
    "TRIALS",
    "TUNED_FOR",
    "TUNED_TO",
    "preference",
    "preferences_file",
    "set_preference",
]

ANNOTATOR = "annotator"
"""The preference that says who looks at objects; may be empty."""

MOST_TRIANGLES = "most_triangles"
"""The preference that says how many triangles are shown without asking."""

TRIALS = "trials"
"""The preference that says how many settings a search tries."""

TUNED_TO = "tuned_to"
"""The preference that says what of an image was annotated when a search began last."""

TUNED_FOR = "tuned_for"
"""The preference that says which score a search was for last."""

DEFAULTS: dict[str, Any] = {
    MOST_TRIANGLES: 1_000_000,
    ANNOTATOR: "",
    TRIALS: 100,
    TUNED_TO: "",
    TUNED_FOR: "",
}


def preferences_file() -> Path:
    """Return the file in which this user's preferences are kept; it may not exist yet."""
    from platformdirs import user_config_path

    return user_config_path("napari-delineate", appauthor=False) / "preferences.json"


def preference(name: str) -> Any:
    """Return a preference.

    Parameters
    ----------
    name : str
        One of `DEFAULTS`.

    Returns
    -------
    int or str
        What was chosen last; the default where nothing was, or the file can not be read.
    """
    value, default = _stored().get(name), DEFAULTS[name]
    is_allowed = type(value) is type(default) and (not isinstance(value, int) or value > 0)
    return value if is_allowed else default


def set_preference(name: str, value: int | str) -> None:
    """Remember a preference.

    Parameters
    ----------
    name : str
        One of `DEFAULTS`.
    value : int or str
        Its value; a number is more than 0.

    Raises
    ------
    OSError
        If it can not be written.
    """
    path = preferences_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    known = _stored()
    known[name] = value
    with atomic_path(path) as draft:
        draft.write_text(json.dumps(known, indent=1), encoding="utf-8")


def _stored() -> dict[str, Any]:
    try:
        stored = json.loads(preferences_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # nothing was chosen, or what was is lost: the defaults serve
    return stored if isinstance(stored, dict) else {}
