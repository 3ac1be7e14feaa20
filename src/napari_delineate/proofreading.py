"""Look through the objects of a segmentation one by one: what was judged how, and what changed.

A review knows objects by their numbers. Where labels are edited or renumbered, it follows the
objects by their overlap; objects that are gone stay in it, because their removal was a decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from napari_delineate.overlaps import find_overlaps

__all__ = ["Edited", "Entry", "Review", "State", "begin", "find_edits"]

State = Literal["open", "accepted", "fixed", "rejected"]
"""What was decided about an object."""

_FORMAT = 1
_SAME_OBJECT = 0.5
"""The least overlap of an object before an edit and after it, whatever its number."""
_LONGEST = 10_000
"""Letters of a name or a comment: more is no name, and fills the file."""


class Edited(NamedTuple):
    """Say what became of objects.

    Attributes
    ----------
    now : dict of int to int
        The number of each object that is still there, by its number before.
    new : tuple of int
        The numbers of objects that were not there.
    """

    now: Mapping[int, int]
    new: tuple[int, ...]


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
    """

    number: int
    origin: int
    state: State = "open"
    who: str = ""
    when: str = ""
    comment: str = ""
    gone: bool = False

    @property
    def is_seen(self) -> bool:
        """Whether somebody has decided."""
        return self.state != "open"


@dataclass(frozen=True)
class Review:
    """Hold all objects in the order in which they are looked at.

    Attributes
    ----------
    entries : tuple of Entry
        Each object once.
    """

    entries: tuple[Entry, ...] = ()

    @cached_property
    def _places(self) -> dict[int, int]:
        """The places of the objects that are there, by number."""
        return {one.number: place for place, one in enumerate(self.entries) if not one.gone}

    def __contains__(self, number: object) -> bool:
        return number in self._places

    def entry(self, number: int) -> Entry:
        """Return what is known of an object that is there.

        Parameters
        ----------
        number : int
            Its number.

        Returns
        -------
        Entry
            What is known.

        Raises
        ------
        KeyError
            If no object has this number.
        """
        return self.entries[self._places[number]]

    @cached_property
    def total(self) -> int:
        """How many objects are or were to be looked at: not those that went unjudged."""
        return sum(one.is_seen or not one.gone for one in self.entries)

    @cached_property
    def seen(self) -> int:
        """How many were judged."""
        return sum(one.is_seen for one in self.entries)

    def judged(
        self, number: int, state: State, *, who: str = "", when: str = "", comment: str = ""
    ) -> Review:
        """Return the review with a decision about an object.

        Parameters
        ----------
        number : int
            The object, which is there.
        state : {"open", "accepted", "fixed", "rejected"}
            What is decided; "open" takes a decision back.
        who, when, comment : str
            See `Entry`.

        Returns
        -------
        Review
            The new review.

        Raises
        ------
        KeyError
            If no object has this number.
        ValueError
            If the state is another one, or the time is none.

        Examples
        --------
        >>> import numpy as np
        >>> review = begin([1, 2]).judged(2, "accepted", who="Ada")
        >>> review.seen, review.total, review.next_open(2)
        (1, 2, 1)
        """
        place = self._places[number]
        new = replace(
            self.entries[place], state=state, who=who, when=when, comment=comment, gone=False
        )
        _check(vars(new), f"object {number}")
        return Review((*self.entries[:place], new, *self.entries[place + 1 :]))

    def next_open(self, number: int | None = None) -> int | None:
        """Return the next object that nobody has judged, going round at the end.

        Parameters
        ----------
        number : int or None
            The object looked at now; None to begin at the first.

        Returns
        -------
        int or None
            Its number; None if all other objects were judged.
        """
        return self._walk(number, 1, only_open=True)

    def previous_open(self, number: int | None = None) -> int | None:
        """Return the object before that nobody has judged, going round at the beginning."""
        return self._walk(number, -1, only_open=True)

    def next(self, number: int | None = None) -> int | None:
        """Return the next object, judged or not, going round at the end."""
        return self._walk(number, 1, only_open=False)

    def previous(self, number: int | None = None) -> int | None:
        """Return the object before, judged or not, going round at the beginning."""
        return self._walk(number, -1, only_open=False)

    def _walk(self, number: int | None, step: int, *, only_open: bool) -> int | None:
        count = len(self.entries)
        start = self._places.get(number, None) if number is not None else None
        if start is None:
            start = -1 if step > 0 else count
        for distance in range(1, count + 1):
            one = self.entries[(start + step * distance) % count]
            if one.gone or one.number == number or (only_open and one.is_seen):
                continue
            return one.number
        return None

    def ordered(self, numbers: Iterable[int]) -> Review:
        """Return the review in another order.

        Parameters
        ----------
        numbers : iterable of int
            Objects that are there, in the new order; others follow as they were.

        Returns
        -------
        Review
            The same decisions.

        Examples
        --------
        >>> [one.number for one in begin([1, 2, 3]).ordered([3, 1]).entries]
        [3, 1, 2]
        """
        places = [self._places[one] for one in dict.fromkeys(numbers) if one in self._places]
        named = set(places)
        rest = [place for place in range(len(self.entries)) if place not in named]
        return Review(tuple(self.entries[place] for place in places + rest))

    def followed(self, edited: Edited) -> Review:
        """Return the review of labels that were edited or renumbered.

        Parameters
        ----------
        edited : Edited
            What became of the objects that the review is about.

        Returns
        -------
        Review
            Objects keep their place and what was decided. Those that are new are open and come
            last. One that comes back, as by undo, takes its place again; if it had been
            rejected, it is open.
        """
        return Review(tuple(_after_edit(self.entries, edited)))

    def among(self, numbers: Iterable[int]) -> Review:
        """Return the review of labels of which nothing but the numbers of objects are known.

        Parameters
        ----------
        numbers : iterable of int
            The objects that are there.

        Returns
        -------
        Review
            As if objects with equal numbers were the same.
        """
        there = [int(one) for one in numbers]
        known = {one: one for one in there if one in self._places}
        return self.followed(Edited(known, tuple(one for one in there if one not in known)))

    def to_dict(self) -> dict[str, Any]:
        """Return the review as plain values, for a file.

        Returns
        -------
        dict
            What `from_dict` reads.
        """
        # What `dataclasses.asdict` does, a hundred times sooner.
        return {"format": _FORMAT, "entries": [dict(vars(one)) for one in self.entries]}

    @classmethod
    def from_dict(cls, stored: Any) -> Review:
        """Read a review from plain values, which may come from anywhere.

        Parameters
        ----------
        stored : dict
            What `to_dict` gave.

        Returns
        -------
        Review
            The review.

        Raises
        ------
        ValueError
            If it is no review; the message says what is wrong.

        Examples
        --------
        >>> review = begin([4, 7]).judged(7, "rejected")
        >>> Review.from_dict(review.to_dict()) == review
        True
        """
        if not isinstance(stored, Mapping):
            raise ValueError(f"a review must be a mapping, got {type(stored).__name__}")
        if stored.get("format") != _FORMAT:
            raise ValueError(
                f"the format of a review must be {_FORMAT}, got {stored.get('format')!r:.80}; "
                "update napari-delineate if it is newer"
            )
        listed = stored.get("entries")
        if not isinstance(listed, list):
            raise ValueError(f"entries must be a list, got {type(listed).__name__}")
        names = {field.name for field in fields(Entry)}
        entries = []
        for place, one in enumerate(listed):
            where = f"entry {place}"
            if not isinstance(one, Mapping) or set(one) != names:
                raise ValueError(f"{where} must have exactly: {', '.join(sorted(names))}")
            _check(one, where)
            entries.append(Entry(**one))
        review = cls(tuple(entries))
        if len(review._places) != sum(not one.gone for one in entries):
            raise ValueError("entries must have different numbers, but two objects have the same")
        return review


def _check(entry: Mapping[str, Any], where: str) -> None:
    """Refuse values that no entry has."""
    for name, least in (("number", 1), ("origin", 0)):
        value = entry[name]
        if type(value) is not int or not least <= value <= np.iinfo(np.int64).max:
            raise ValueError(
                f"{where}: {name} must be a whole number from {least}, got {value!r:.80}"
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


def _after_edit(entries: tuple[Entry, ...], edited: Edited) -> Iterator[Entry]:
    """Give each entry its number after an edit; then come new objects."""
    left = dict.fromkeys(edited.new)
    for one in entries:
        if one.gone:
            if one.number in left:
                del left[one.number]
                back = replace(one, gone=False)
                yield replace(back, state="open") if one.state == "rejected" else back
            else:
                yield one
        elif one.number in edited.now:
            number = edited.now[one.number]
            yield one if number == one.number else replace(one, number=number)
        else:
            yield replace(one, gone=True)
    for number in left:
        yield Entry(number, 0)


def find_edits(before: NDArray[Any], after: NDArray[Any]) -> Edited:
    """Find out what became of the objects of labels that were edited or renumbered.

    Parameters
    ----------
    before, after : ndarray of int, same shape
        The labels before and after.

    Returns
    -------
    Edited
        What became of them.

    Notes
    -----
    An object after the edit is the one before with which it shares at least half of all
    pixels; else the one with its number, if they share any.

    Examples
    --------
    >>> import numpy as np
    >>> find_edits(np.array([[1, 1, 0, 2]]), np.array([[4, 4, 5, 0]]))
    Edited(now={1: 4}, new=(5,))
    """
    found = find_overlaps(before, after)
    one = found.reference_numbers[found.rows].tolist()
    other = found.label_numbers[found.columns].tolist()
    half = found.iou >= _SAME_OBJECT
    # The number decides between two halves, and last of all where little is left.
    wanted = np.lexsort([-found.iou, np.not_equal(one, other), ~half])
    now: dict[int, int] = {}
    taken: set[int] = set()
    for place in wanted.tolist():
        first, second = one[place], other[place]
        is_same = half[place] or first == second
        if is_same and first not in now and second not in taken:
            now[first] = second
            taken.add(second)
    return Edited(now, tuple(one for one in found.label_numbers.tolist() if one not in taken))


def begin(numbers: Iterable[int]) -> Review:
    """Begin a review of objects, none of which was judged.

    Parameters
    ----------
    numbers : iterable of int
        Their numbers, in the order in which they are looked at.

    Returns
    -------
    Review
        The review.

    Examples
    --------
    >>> begin([3, 1]).next_open()
    3
    """
    return Review(tuple(Entry(int(one), int(one)) for one in dict.fromkeys(numbers)))
