"""Look through the objects of a segmentation one by one: what was judged how, and what changed.

A review knows objects by their numbers, in a movie by their frames and numbers. Where labels are
edited or renumbered, it follows the objects by their overlap; objects that are gone stay in it,
because their removal was a decision. Of what was decided about, it knows some pixels, so that the
objects are found again in labels that are made anew, on another computer or by other settings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate import object_numbers
from napari_delineate.axes import looped_axes
from napari_delineate.review_edits import (
    Edited,
    Frame,
    Key,
    find_again,
    find_edits,
    frames_of,
    key_of,
)
from napari_delineate.review_entries import (
    FORMAT,
    Entry,
    State,
    check,
    entries_from,
    is_whole,
    to_dict,
)

__all__ = ["Edited", "Entry", "Review", "State", "begin", "find_edits"]

_UNDECIDED = Entry(1, 0)


@dataclass(frozen=True)
class Review:
    """Hold all objects in the order in which they are looked at.

    Attributes
    ----------
    entries : tuple of Entry
        Each object once.
    shape : tuple of int
        The shape of the labels; empty if it is not known.
    """

    entries: tuple[Entry, ...] = ()
    shape: tuple[int, ...] = ()

    @cached_property
    def _places(self) -> dict[Key, int]:
        """The places of the objects that are there, by number."""
        return {one.key: place for place, one in enumerate(self.entries) if not one.gone}

    def __contains__(self, number: object) -> bool:
        return number in self._places

    def entry(self, number: Key) -> Entry:
        """Return what is known of an object that is there.

        Parameters
        ----------
        number : Key
            Its number; in labels of several frames, its frame and number.

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
        self, number: Key, state: State, *, who: str = "", when: str = "", comment: str = ""
    ) -> Review:
        """Return the review with a decision about an object.

        Parameters
        ----------
        number : Key
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
        check(to_dict(new), f"object {number}")
        return self._alike((*self.entries[:place], new, *self.entries[place + 1 :]))

    def _alike(self, entries: tuple[Entry, ...]) -> Review:
        """Return the review with other entries of the same objects, whose places are known."""
        new = replace(self, entries=entries)
        vars(new)["_places"] = self._places
        return new

    def spotted(self, spots: Mapping[Key, tuple[int, tuple[int, ...]]]) -> Review:
        """Return the review with pixels by which objects are found again.

        Parameters
        ----------
        spots : mapping of Key to (int, tuple of int)
            Of some objects, how many pixels they have, and some of these.

        Returns
        -------
        Review
            The new review.
        """
        entries = list(self.entries)
        for key, (size, some) in spots.items():
            place = self._places[key]
            entries[place] = replace(entries[place], size=size, spots=some)
        return self._alike(tuple(entries))

    def next_open(self, number: Key | None = None) -> Key | None:
        """Return the next object that nobody has judged, going round at the end.

        Parameters
        ----------
        number : Key or None
            The object looked at now; None to begin at the first.

        Returns
        -------
        Key or None
            Its number; None if all other objects were judged.
        """
        return self._walk(number, 1, only_open=True)

    def previous_open(self, number: Key | None = None) -> Key | None:
        """Return the object before that nobody has judged, going round at the beginning."""
        return self._walk(number, -1, only_open=True)

    def next(self, number: Key | None = None) -> Key | None:
        """Return the next object, judged or not, going round at the end."""
        return self._walk(number, 1, only_open=False)

    def previous(self, number: Key | None = None) -> Key | None:
        """Return the object before, judged or not, going round at the beginning."""
        return self._walk(number, -1, only_open=False)

    def _walk(self, number: Key | None, step: int, *, only_open: bool) -> Key | None:
        count = len(self.entries)
        start = self._places.get(number, None) if number is not None else None
        if start is None:
            start = -1 if step > 0 else count
        for distance in range(1, count + 1):
            one = self.entries[(start + step * distance) % count]
            if one.gone or one.key == number or (only_open and one.is_seen):
                continue
            return one.key
        return None

    def ordered(self, numbers: Iterable[Key]) -> Review:
        """Return the review in another order.

        Parameters
        ----------
        numbers : iterable of Key
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
        return replace(self, entries=tuple(self.entries[place] for place in places + rest))

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
        return replace(self, entries=tuple(_after_edit(self.entries, edited)))

    def among(self, numbers: Iterable[Key]) -> Review:
        """Return the review of labels of which nothing but the numbers of objects are known.

        Parameters
        ----------
        numbers : iterable of Key
            The objects that are there.

        Returns
        -------
        Review
            As if objects with equal numbers were the same.
        """
        there = list(numbers)
        known = {one: one for one in there if one in self._places}
        return self.followed(Edited(known, tuple(one for one in there if one not in known)))

    def attached(self, labels: NDArray[Any], axes: str) -> Review:
        """Return the review of labels that were made anew, maybe with other numbers.

        Parameters
        ----------
        labels : ndarray of int
            The labels.
        axes : str
            The letters of their axes.

        Returns
        -------
        Review
            Objects are found again by the pixels that are known of them, else by their numbers.
            Those that are not there any more are gone; all others are open.

        Raises
        ------
        ValueError
            If the review is of labels of another shape.

        Examples
        --------
        >>> import numpy as np
        >>> review = begin([1, 2]).judged(2, "accepted").spotted({2: (2, (2, 3))})
        >>> found = review.notable().attached(np.array([[8, 0, 7, 7]]), "YX")
        >>> found.entry(7).state, found.entry(8).state
        ('accepted', 'open')
        """
        if self.shape not in ((), labels.shape):
            known, given = (" x ".join(map(str, one)) for one in (self.shape, labels.shape))
            raise ValueError(f"it is of labels with {known} pixels, these have {given}")
        loops = len(looped_axes(axes))
        if any(len(one.frame) != loops for one in self.entries):
            raise ValueError(f"the axes of its labels were not {', '.join(axes)}")
        now: dict[Key, Key] = {}
        there: list[Key] = []
        for frame, plane in frames_of(labels, axes):
            here = [one for one in self.entries if one.frame == frame and not one.gone]
            plane = np.ascontiguousarray(plane)
            numbers = [int(one) for one in object_numbers.count_pixels(plane)[0] if one]
            found = find_again(plane, ((one.number, one.size, one.spots) for one in here))
            left = set(numbers) - set(found.values())
            for one in here:
                if not one.spots and one.number in left:
                    found[one.number] = one.number
            now |= {key_of(frame, a): key_of(frame, b) for a, b in found.items()}
            there += [key_of(frame, one) for one in numbers]
        taken = set(now.values())
        kept = tuple(_after_edit(self.entries, Edited(now, ())))
        fresh = begin(one for one in there if one not in taken).entries
        first = count(1 + max((one.serial for one in kept), default=0))
        new = tuple(replace(one, serial=number) for one, number in zip(fresh, first, strict=False))
        return Review((*kept, *new), labels.shape)

    def notable(self) -> Review:
        """Return the review without the objects about which nobody has decided or said anything."""
        return replace(self, entries=tuple(one for one in self.entries if one.is_noted))

    def anew(self) -> Review:
        """Return a review of the objects that are there, of which none was judged."""
        return replace(
            self,
            entries=tuple(
                Entry(one.number, one.number, frame=one.frame, serial=one.serial)
                for one in self.entries
                if not one.gone
            ),
        )

    def with_decisions(self, decided: Review) -> Review:
        """Return the review with what was decided at another time, as when that is undone.

        Parameters
        ----------
        decided : Review
            This review as it was then, or what was notable of it.

        Returns
        -------
        Review
            The objects as they are now; what was not decided about then is open.
        """
        then = {one.serial: one for one in decided.entries}
        entries = []
        for one in self.entries:
            was = then.get(one.serial, _UNDECIDED)
            if was is _UNDECIDED and not one.is_noted:
                entries.append(one)
                continue
            new = replace(one, state=was.state, who=was.who, when=was.when, comment=was.comment)
            entries.append(one if new == one else new)
        known = {one.serial for one in self.entries}
        lost = [one for one in decided.entries if one.gone and one.serial not in known]
        return self._alike((*entries, *lost))

    def to_dict(self) -> dict[str, Any]:
        """Return the review as plain values, for a file.

        Returns
        -------
        dict
            What `from_dict` reads.
        """
        return {
            "format": FORMAT,
            "shape": list(self.shape),
            "entries": [to_dict(one) for one in self.entries],
        }

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
        version = stored.get("format")
        if type(version) is not int or not 1 <= version <= FORMAT:
            raise ValueError(
                f"the format of a review must be from 1 to {FORMAT}, got {version!r:.80}; "
                "update napari-delineate if it is newer"
            )
        shape = stored.get("shape", [])
        if not isinstance(shape, list) or not all(is_whole(one, 0) for one in shape):
            raise ValueError(f"shape must be a list of whole numbers, got {shape!r:.80}")
        listed = stored.get("entries")
        if not isinstance(listed, list):
            raise ValueError(f"entries must be a list, got {type(listed).__name__}")
        entries = entries_from(listed, version)
        review = cls(entries, tuple(shape))
        if len(review._places) != sum(not one.gone for one in entries):
            raise ValueError("entries must have different numbers, but two objects have the same")
        return review


def _after_edit(entries: tuple[Entry, ...], edited: Edited) -> Iterator[Entry]:
    """Give each entry its number after an edit; then come new objects."""
    left = dict.fromkeys(edited.new)
    for one in entries:
        if one.gone:
            if one.key in left:
                del left[one.key]
                back = replace(one, gone=False)
                yield replace(back, state="open") if one.state == "rejected" else back
            else:
                yield one
        elif one.key in edited.now:
            key = edited.now[one.key]
            yield one if key == one.key else replace(one, number=_parts(key)[1])
        else:
            yield replace(one, gone=True)
    serials = count(1 + max((one.serial for one in entries), default=0))
    for key in left:
        frame, number = _parts(key)
        yield Entry(number, 0, frame=frame, serial=next(serials))


def _parts(key: Key) -> tuple[Frame, int]:
    """Return the frame and the number of an object."""
    return (key[:-1], key[-1]) if isinstance(key, tuple) else ((), key)


def begin(numbers: Iterable[Key], shape: tuple[int, ...] = ()) -> Review:
    """Begin a review of objects, none of which was judged.

    Parameters
    ----------
    numbers : iterable of Key
        Their numbers, in the order in which they are looked at; in labels of several frames, the
        frames and numbers.
    shape : tuple of int
        The shape of the labels.

    Returns
    -------
    Review
        The review.

    Examples
    --------
    >>> begin([3, 1]).next_open()
    3
    >>> begin([(0, 3), (1, 3)]).judged((0, 3), "accepted").next_open()
    (1, 3)
    """
    entries = []
    for serial, key in enumerate(dict.fromkeys(numbers), 1):
        frame, number = _parts(key)
        whole = int(number)
        entries.append(Entry(whole, whole, frame=tuple(map(int, frame)), serial=serial))
    return Review(tuple(entries), shape)
