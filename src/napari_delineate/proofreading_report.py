"""Say what a review has changed, object by object and in numbers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate import object_numbers
from napari_delineate.overlaps import find_overlaps
from napari_delineate.proofreading import Review, State

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["report", "summary"]

_DECISIONS: tuple[State, ...] = ("accepted", "fixed", "rejected")


def report(
    review: Review,
    before: NDArray[Any] | None,
    after: NDArray[Any],
    pixel: float = 1.0,
    unit: str = "",
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

    Returns
    -------
    pandas.DataFrame
        One row per object in the order of the review, without those that went before anybody
        judged them and before it began: "label", its number now, 0 if it is gone;
        "label_before", 0 if it was drawn since; "state"; "changed", whether any pixel is
        another; "size_before", "size_after"; "iou", intersection over union of both, NaN if
        nothing is known of it before; "who"; "when"; "comment".
    """
    import pandas as pd

    sizes_after = dict(
        zip(*(one.tolist() for one in object_numbers.count_pixels(after)), strict=True)
    )
    sizes_before: dict[int, int] = {}
    shared: dict[tuple[int, int], int] = {}
    if before is not None:
        counted = object_numbers.count_pixels(before)
        sizes_before = dict(zip(*(one.tolist() for one in counted), strict=True))
        found = find_overlaps(before, after)
        pairs = zip(
            found.reference_numbers[found.rows].tolist(),
            found.label_numbers[found.columns].tolist(),
            strict=True,
        )
        shared = dict(zip(pairs, found.pixels.tolist(), strict=True))
    rows = []
    for one in review.entries:
        if one.gone and not one.origin and not one.is_seen:
            continue  # drawn and removed again
        number = 0 if one.gone else one.number
        first = sizes_before.get(one.origin, 0) if one.origin else 0
        last = sizes_after.get(number, 0) if number else 0
        both = shared.get((one.origin, number), 0)
        is_known = before is not None
        iou = both / (first + last - both) if is_known and first + last else np.nan
        rows.append(
            {
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
    table = pd.DataFrame(rows, columns=columns.split())
    sizes = ("size_before", "size_after")
    table.attrs["units"] = {name: unit if name in sizes else "" for name in table.columns}
    return table


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
