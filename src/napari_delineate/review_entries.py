"""Say what is known of one object that is proofread, and check what a file says of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Literal, get_args

import numpy as np

from napari_delineate.review_edits import Frame, Key, key_of

__all__ = ["FORMAT", "Entry", "State", "check", "entries_from", "is_whole", "to_dict"]

State = Literal["open", "accepted", "fixed", "rejected"]
"""What was decided about an object."""

FORMAT = 2
"""The version of the format of reviews that is written."""

_ADDED: Mapping[int, Mapping[str, Any]] = {2: {"frame": [], "size": 0, "spots": ""}}
"""What entries of earlier formats lack, by the format that brought it."""
_SPOTS = re.compile(r"(\d{1,18}( \d{1,18}){0,99})?", re.ASCII)
_LONGEST = 10_000
"""Letters of a name or a comment: more is no name, and fills the file."""


@dataclass(frozen=True)
class Entry:
    """Say what is known of one object.

    Attributes
    ----------
    number : int
        Its number in the labels now; if it is gone, the last one it had.
    origin : int
        Its number when the review began, 0 if it was drawn since.
    state : {"open", "accepted", "fixed", "rejected"}
        What was decided.
    who, comment : str
        Who decided, and why; may be empty.
    when : str
        The time of the decision as in ISO 8601; may be empty.
    gone : bool
        Whether the labels have it no more.
    frame : tuple of int
        Its place along the axes that are not in space; empty in labels without such axes.
    size : int
        How many pixels it had when it was decided about; 0 if that is not known.
    spots : tuple of int
        Some of these pixels, see `napari_delineate.review_edits.spots_of`.
    serial : int
        What tells it from all others of its review, whatever their numbers.
    """

    number: int
    origin: int
    state: State = "open"
    who: str = ""
    when: str = ""
    comment: str = ""
    gone: bool = False
    frame: Frame = ()
    size: int = 0
    spots: tuple[int, ...] = ()
    serial: int = field(default=0, compare=False)

    @property
    def key(self) -> Key:
        """What the object is known by: its number, in labels of several frames after the frame."""
        return key_of(self.frame, self.number)

    @property
    def is_seen(self) -> bool:
        """Whether somebody has decided."""
        return self.state != "open"

    @property
    def is_noted(self) -> bool:
        """Whether somebody has decided, or commented on it."""
        return self.is_seen or bool(self.comment)


def to_dict(entry: Entry) -> dict[str, Any]:
    """Return an entry as plain values, for a file."""
    # What `dataclasses.asdict` does, a hundred times sooner.
    found = {**vars(entry), "frame": list(entry.frame), "spots": " ".join(map(str, entry.spots))}
    del found["serial"]
    return found


def is_whole(value: Any, least: int) -> bool:
    """Tell whether a value is a whole number, no smaller than another, of 64 bits at most."""
    return type(value) is int and least <= value <= np.iinfo(np.int64).max


def check(entry: Mapping[str, Any], where: str) -> None:
    """Refuse values that no entry has.

    Parameters
    ----------
    entry : mapping
        What `to_dict` gave.
    where : str
        What to call it.

    Raises
    ------
    ValueError
        If a value is none that an entry can have; the message says which.
    """
    for name, least in (("number", 1), ("origin", 0), ("size", 0)):
        if not is_whole(entry[name], least):
            raise ValueError(
                f"{where}: {name} must be a whole number from {least}, got {entry[name]!r:.80}"
            )
    if not isinstance(entry["frame"], list) or not all(is_whole(one, 0) for one in entry["frame"]):
        raise ValueError(f"{where}: frame must list whole numbers, got {entry['frame']!r:.80}")
    if not isinstance(entry["spots"], str) or not _SPOTS.fullmatch(entry["spots"]):
        raise ValueError(
            f"{where}: spots must be whole numbers with spaces between them, "
            f"got {entry['spots']!r:.80}"
        )
    if entry["state"] not in get_args(State):
        allowed = ", ".join(get_args(State))
        raise ValueError(f"{where}: state must be one of {allowed}; got {entry['state']!r:.80}")
    for name in ("who", "when", "comment"):
        if not isinstance(entry[name], str) or len(entry[name]) > _LONGEST:
            raise ValueError(f"{where}: {name} must be text of at most {_LONGEST} letters")
    if type(entry["gone"]) is not bool:
        raise ValueError(f"{where}: gone must be True or False, got {entry['gone']!r:.80}")
    if entry["when"]:
        try:
            datetime.fromisoformat(entry["when"])
        except ValueError:
            raise ValueError(
                f"{where}: when must be a time such as 2026-01-31T12:00:00, "
                f"got {entry['when']!r:.80}"
            ) from None


def entries_from(listed: Sequence[Any], version: int) -> tuple[Entry, ...]:
    """Read entries from plain values, which may come from anywhere.

    Parameters
    ----------
    listed : sequence
        What `to_dict` gave for each.
    version : int
        The version of the format, from 1 to `FORMAT`.

    Returns
    -------
    tuple of Entry
        The entries.

    Raises
    ------
    ValueError
        If one is no entry; the message says what is wrong.
    """
    added = {
        name: value
        for since, new in _ADDED.items()
        for name, value in new.items()
        if since > version
    }
    names = {one.name for one in fields(Entry) if one.compare} - set(added)
    entries = []
    for place, one in enumerate(listed):
        where = f"entry {place}"
        if not isinstance(one, Mapping) or set(one) != names:
            raise ValueError(f"{where} must have exactly: {', '.join(sorted(names))}")
        one = {**one, **added}
        check(one, where)
        frame, spots = tuple(one["frame"]), tuple(map(int, one["spots"].split()))
        entries.append(Entry(**{**one, "frame": frame, "spots": spots, "serial": place + 1}))
    return tuple(entries)
