"""Say what a review has changed, object by object and in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate import object_numbers
from napari_delineate.axes import looped_axes
from napari_delineate.overlaps import find_overlaps
from napari_delineate.proofreading import Entry, Review, State
from napari_delineate.review_edits import Frame, Key, frames_of, key_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["report", "summary", "title_of_decisions"]

_VERBS: dict[State, str] = {
    "open": "Comment on",
    "accepted": "Accept",
    "fixed": "Mark as fixed",
    "rejected": "Reject",
}
_DECISIONS: tuple[State, ...] = ("accepted", "fixed", "rejected")


def report(
    review: Review,
    before: NDArray[Any] | None,
    after: NDArray[Any],
    pixel: float = 1.0,
    unit: str = "",
    axes: str = "",
) -> pd.DataFrame:
    """List what became of each object.

    Parameters
    ----------
    review : Review
        The review, which follows `after`.
    before : ndarray of int or None
        The labels when the review began, None if they are not known any more.
    after : ndarray of int, same shape
        The labels now.
    pixel : float
        Area or volume of a pixel.
    unit : str
        Its unit.
    axes : str
        The letters of the axes of the labels; by default they are all in space.

    Returns
    -------
    pandas.DataFrame
        One row per object in the order of the review, without those that went before anybody
        judged them and before it began: the index along each axis that is not in space, by its
        letter; "label", its number now, 0 if it is gone;
        "label_before", 0 if it was drawn since; "state"; "changed", whether any pixel is
        another; "size_before", "size_after"; "iou", intersection over union of both, NaN if
        nothing is known of it before; "who"; "when"; "comment".
    """
    import pandas as pd

    axes = axes or "ZYX"[-after.ndim :]
    loops = looped_axes(axes)
    sizes_after: dict[Key, int] = {}
    sizes_before: dict[Key, int] = {}
    shared: dict[tuple[Key, Key], int] = {}
    for frame, now in frames_of(after, axes):
        sizes_after |= _sizes(frame, now)
    pairs = (
        [] if before is None else zip(frames_of(before, axes), frames_of(after, axes), strict=True)
    )
    for (frame, was), (_, now) in pairs:
        sizes_before |= _sizes(frame, was)
        found = find_overlaps(np.ascontiguousarray(was), np.ascontiguousarray(now))
        firsts = found.reference_numbers[found.rows].tolist()
        seconds = found.label_numbers[found.columns].tolist()
        for first, second, pixels in zip(firsts, seconds, found.pixels.tolist(), strict=True):
            shared[key_of(frame, first), key_of(frame, second)] = pixels
    rows = []
    for one in review.entries:
        if one.gone and not one.origin and not one.is_seen:
            continue  # drawn and removed again
        number = 0 if one.gone else one.number
        origin, there = key_of(one.frame, one.origin), key_of(one.frame, number)
        first = sizes_before.get(origin, 0) if one.origin else 0
        last = sizes_after.get(there, 0) if number else 0
        both = shared.get((origin, there), 0)
        is_known = before is not None
        iou = both / (first + last - both) if is_known and first + last else np.nan
        rows.append(
            {
                **dict(zip(loops, one.frame, strict=False)),
                "label": number,
                "label_before": one.origin,
                "state": one.state,
                "changed": iou != 1 if is_known else None,
                "size_before": first * pixel if is_known else np.nan,
                "size_after": last * pixel,
                "iou": iou,
                "who": one.who,
                "when": one.when,
                "comment": one.comment,
            }
        )
    columns = "label label_before state changed size_before size_after iou who when comment"
    table = pd.DataFrame(rows, columns=[*loops, *columns.split()])
    sizes = ("size_before", "size_after")
    table.attrs["units"] = {name: unit if name in sizes else "" for name in table.columns}
    return table


def _sizes(frame: Frame, labels: NDArray[Any]) -> dict[Key, int]:
    """Return how many pixels the objects of a frame have."""
    counted = object_numbers.count_pixels(np.ascontiguousarray(labels))
    numbers, pixels = (one.tolist() for one in counted)
    return {key_of(frame, one): size for one, size in zip(numbers, pixels, strict=True) if one}


def summary(review: Review) -> dict[str, int]:
    """Count what was decided.

    Parameters
    ----------
    review : Review
        The review.

    Returns
    -------
    dict of str to int
        "objects" that are there; how many objects are "accepted", "fixed", "rejected" and
        "open"; those "drawn" and "removed" since the review began.

    Examples
    --------
    >>> from napari_delineate.proofreading import begin
    >>> summary(begin([1, 2, 3]).judged(2, "fixed"))
    {'objects': 3, 'accepted': 0, 'fixed': 1, 'rejected': 0, 'open': 2, 'drawn': 0, 'removed': 0}
    """
    states = Counter((one.state, one.gone) for one in review.entries)
    origins = Counter((one.origin > 0, one.gone) for one in review.entries)
    decided: dict[str, int] = {one: states[one, False] + states[one, True] for one in _DECISIONS}
    return {
        "objects": origins[True, False] + origins[False, False],
        **decided,
        "open": states["open", False],
        "drawn": origins[False, False],
        "removed": origins[True, True],
    }


def title_of_decisions(name: str, before: Review | None, after: Review | None) -> str:
    """Say in a few words what was decided from one state of a review to the next.

    Parameters
    ----------
    name : str
        What the labels are called.
    before, after : Review or None
        The review; None where there was none.

    Returns
    -------
    str
        For instance "Accept object 3 of nuclei".

    Examples
    --------
    >>> from napari_delineate.proofreading import begin
    >>> review = begin([1, 2])
    >>> title_of_decisions("nuclei", review, review.judged(2, "accepted"))
    'Accept object 2 of nuclei'
    """
    was = {one.serial: one for one in (before or Review()).entries if one.is_noted}
    now = {one.serial: one for one in (after or Review()).entries if one.is_noted}
    changed = [
        serial for serial in {**was, **now} if _verdict(was, serial) != _verdict(now, serial)
    ]
    if len(changed) != 1:
        is_forgotten = bool(was) and not now
        return f"Forget what was decided about {name}" if is_forgotten else f"Proofread {name}"
    serial = changed[0]
    if serial not in now:
        return f"Open object {was[serial].number} of {name} again"
    one = now[serial]
    is_same = serial in was and was[serial].state == one.state
    verb = "Comment on" if is_same else _VERBS[one.state]
    return f"{verb} object {one.number} of {name}"


def _verdict(entries: Mapping[int, Entry], serial: int) -> tuple[str, ...]:
    one = entries.get(serial)
    return () if one is None else (one.state, one.who, one.when, one.comment)
