"""Compare several annotations of one image: each pair, who differs most, and where they differ.

Nobody says who is right. All that is found treats the annotators alike, whatever their order.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate import object_numbers
from napari_delineate.annotators import Vote, cast, count_votes, find_drawings, winners
from napari_delineate.arrays import label_dtype
from napari_delineate.metrics import annotator_agreement, compare_annotators
from napari_delineate.object_properties import find_objects
from napari_delineate.overlaps import find_overlaps
from napari_delineate.review_edits import Frame, frames_of

__all__ = ["COMPARED", "MOST", "AnnotatorComparison", "Disagreement", "Pair", "compare_all"]

COMPARED: dict[Vote, str] = {
    "objects": "Objects, whatever their numbers",
    "foreground": "Foreground",
    "classes": "Classes: a number means the same for all",
    "marked classes": "Marked classes: 0 says nothing",
}
"""What can be compared, and what it is called."""

MOST = 1000
"""Disagreements that are listed, the largest ones."""
_OVERLAP = 0.5


@dataclass(frozen=True)
class Pair:
    """Hold how well two annotators agree.

    Attributes
    ----------
    first, second : int
        The annotators, from 0.
    scores : dict of str to float
        For objects and foreground the columns of `metrics.compare_annotators`; "agreement" and
        "kappa" of what is compared; NaN where two marked no pixel in common.
    """

    first: int
    second: int
    scores: dict[str, float]


@dataclass(frozen=True)
class Disagreement:
    """Say where annotators differ.

    Attributes
    ----------
    frame : tuple of int
        The place along the axes that are not in space.
    low, high : list of int
        The first and the last pixel along the axes in space.
    numbers : tuple of int
        Of an object, its number in each annotation, 0 where it was not drawn; else empty.
    pixels : int
        How many pixels the place has on which not all agree.
    agreement : float
        Of an object, the mean IoU of all pairs, 0 for a pair of which one has not drawn it; of
        pixels 0.
    against : tuple of int
        The annotators who say something else than most; empty where there is no most.
    otherwise : float
        Of an object, the largest IoU with what those drew who have not drawn it: below one half.
    """

    frame: Frame
    low: list[int]
    high: list[int]
    numbers: tuple[int, ...]
    pixels: int
    agreement: float
    against: tuple[int, ...]
    otherwise: float = 0.0


@dataclass(frozen=True)
class AnnotatorComparison:
    """Hold how well annotators agree.

    Attributes
    ----------
    compare : str
        What was compared, one of `COMPARED`.
    pairs : tuple of Pair
        Each pair once.
    means : tuple of float
        Of each annotator, the mean kappa with the others.
    farthest : int or None
        Who differs most from the others; None for two, or where several differ as much.
    disagreements : tuple of Disagreement
        Where they differ, what matters most first; at most `MOST`.
    count : int
        How many there are.
    """

    compare: Vote
    pairs: tuple[Pair, ...]
    means: tuple[float, ...]
    farthest: int | None
    disagreements: tuple[Disagreement, ...]
    count: int


def compare_all(
    annotations: Sequence[NDArray[Any]], axes: str, compare: Vote = "objects"
) -> AnnotatorComparison:
    """Compare annotations of one image.

    Parameters
    ----------
    annotations : sequence of ndarray of int, same shape
        Labels of each annotator.
    axes : str
        The letters of their axes; objects of different frames are different ones.
    compare : str
        What they agree on, one of `COMPARED`.

    Returns
    -------
    AnnotatorComparison
        How well they agree.

    Raises
    ------
    ValueError
        If there is one annotation only, the shapes differ, or they have no pixels.

    Examples
    --------
    >>> import numpy as np
    >>> ada, ben, cleo = np.eye(3, 9, dtype=int), np.eye(3, 9, dtype=int), np.eye(3, 9, 4, int)
    >>> found = compare_all([ada, ben, cleo], "YX")
    >>> found.farthest, found.count, found.disagreements[0].numbers
    (2, 2, (0, 0, 1))
    """
    shapes = {one.shape for one in annotations}
    if len(annotations) < 2 or len(shapes) > 1:
        raise ValueError("two or more annotations of the same shape are needed to compare them")
    if not annotations[0].size:
        raise ValueError("the annotations have no pixels")
    if compare == "objects":
        annotations = [_numbered_apart(one, axes) for one in annotations]
    flat = [one.reshape(-1, one.shape[-1]) for one in annotations]
    pairs = tuple(
        Pair(first, second, _scores(flat[first], flat[second], compare))
        for first, second in itertools.combinations(range(len(flat)), 2)
    )
    means = tuple(
        float(np.mean([pair.scores["kappa"] for pair in pairs if who in (pair.first, pair.second)]))
        for who in range(len(flat))
    )
    if compare == "objects":
        found = _objects(annotations, axes)
    else:
        found = _regions(cast(annotations, compare, _OVERLAP), axes, compare == "marked classes")
    return AnnotatorComparison(
        compare, pairs, means, _farthest(means), tuple(found[:MOST]), len(found)
    )


def _numbered_apart(labels: NDArray[Any], axes: str) -> NDArray[Any]:
    """Return labels in which no number is in two frames, if there are several."""
    frames = list(frames_of(labels, axes))
    if len(frames) == 1:
        return labels
    found = [object_numbers.count_pixels(np.ascontiguousarray(one))[0] for _, one in frames]
    found = [one[one > 0] for one in found]
    apart = np.zeros(labels.shape, label_dtype(sum(map(len, found))))
    last = 0
    for (_, plane), (_, target), numbers in zip(frames, frames_of(apart, axes), found, strict=True):
        new = np.arange(last + 1, last + 1 + len(numbers))
        target[:] = object_numbers.renumber(np.ascontiguousarray(plane), numbers, new)
        last += len(numbers)
    return apart


def _scores(first: NDArray[Any], second: NDArray[Any], compare: Vote) -> dict[str, float]:
    """Return how well two annotators agree."""
    scores: dict[str, float] = {}
    if compare in ("objects", "foreground"):
        (row,) = compare_annotators([first, second]).to_dict("records")
        scores = {str(name): float(value) for name, value in row.items()}
    try:
        agreement = annotator_agreement([first, second], compare=compare)
    except ValueError:  # no pixel that both have marked
        agreement = {"agreement": np.nan, "cohen_kappa": np.nan}
    return {**scores, "agreement": agreement["agreement"], "kappa": agreement["cohen_kappa"]}


def _farthest(means: Sequence[float]) -> int | None:
    """Return who differs most from the others, if it can be said."""
    if len(means) < 3 or np.isnan(means).any():
        return None
    first, second = np.argsort(means)[:2].tolist()
    return int(first) if means[second] - means[first] > 1e-9 else None


def _objects(annotations: Sequence[NDArray[Any]], axes: str) -> list[Disagreement]:
    """Return the objects that not all have drawn alike, those with the least agreement first."""
    drawings = find_drawings(annotations, _OVERLAP)
    count = len(annotations)
    numbers = np.zeros((drawings.many, count), np.int64)
    numbers[drawings.things, drawings.annotators] = drawings.numbers
    shared = np.zeros(drawings.many)
    missed = np.zeros(drawings.many, np.int64)
    otherwise = np.zeros(drawings.many)
    for first, second in itertools.combinations(range(count), 2):
        overlaps = find_overlaps(annotations[first], annotations[second])
        ones = overlaps.reference_numbers[overlaps.rows].tolist()
        others = overlaps.label_numbers[overlaps.columns].tolist()
        apart = (overlaps.unions - overlaps.pixels).tolist()
        rows = zip(ones, others, overlaps.iou.tolist(), apart, strict=True)
        known = {(one, other): values for one, other, *values in rows}
        best = [
            dict(zip(one.reference_numbers.tolist(), one.best().tolist(), strict=True))
            for one in (overlaps, find_overlaps(annotations[second], annotations[first]))
        ]
        for thing, own in enumerate(numbers[:, [first, second]].tolist()):
            iou, pixels = known.get((own[0], own[1]), (0.0, 0))
            shared[thing] += iou
            missed[thing] += pixels
            if not all(own):
                there = max(best[place].get(number, 0.0) for place, number in enumerate(own))
                otherwise[thing] = max(otherwise[thing], there)
    agreement = shared / (count * (count - 1) / 2)
    boxes = [_boxes(one, axes) for one in annotations]
    found = []
    for thing in np.flatnonzero(agreement < 1).tolist():
        own = numbers[thing].tolist()
        places = [boxes[who][number] for who, number in enumerate(own) if number]
        frame, *_ = places[0]
        largest = max(size for *_, size in places)
        drew = sum(one > 0 for one in own)
        against: tuple[int, ...] = ()
        if 2 * drew != count:
            against = tuple(who for who, one in enumerate(own) if (one > 0) != (2 * drew > count))
        found.append(
            Disagreement(
                frame,
                np.min([low for _, low, *_ in places], axis=0).tolist(),
                np.max([high for *_, high, _ in places], axis=0).tolist(),
                tuple(own),
                largest if drew < count else int(missed[thing]) // (count - 1),
                float(agreement[thing]),
                against,
                float(otherwise[thing]),
            )
        )
    return sorted(found, key=lambda one: (one.agreement, -one.pixels, one.frame, one.low))


def _boxes(labels: NDArray[Any], axes: str) -> dict[int, tuple[Frame, list[int], list[int], int]]:
    """Return of each object its frame, its first and last pixel, and how many it has."""
    found = {}
    for frame, plane in frames_of(labels, axes):
        objects = find_objects(np.ascontiguousarray(plane))
        for number, low, stop, size in zip(
            objects.numbers.tolist(),
            objects.starts.tolist(),
            objects.stops.tolist(),
            objects.pixels.tolist(),
            strict=True,
        ):
            found[number] = frame, low, [one - 1 for one in stop], size
    return found


def _regions(votes: Sequence[NDArray[Any]], axes: str, without_zero: bool) -> list[Disagreement]:
    """Return the connected regions in which not all say the same, the largest first."""
    import cc3d

    found = []
    frames = [list(frames_of(one, axes)) for one in votes]
    for planes in zip(*frames, strict=True):
        frame, own = planes[0][0], [np.ascontiguousarray(plane) for _, plane in planes]
        counts = count_votes(own, without_zero=without_zero)
        best, tied = winners(own, counts)
        against = [(one != best) & ~tied & ((one > 0) | (not without_zero)) for one in own]
        differs = tied | np.logical_or.reduce(against)
        regions = cc3d.connected_components(differs, connectivity=8 if differs.ndim == 2 else 26)
        objects = find_objects(np.asarray(regions, np.int32))
        size = int(regions.max()) + 1
        outvoted = np.stack([np.bincount(regions[one], minlength=size) for one in against])
        rows = zip(
            objects.numbers.tolist(),
            objects.starts.tolist(),
            (objects.stops - 1).tolist(),
            objects.pixels.tolist(),
            strict=True,
        )
        for number, low, high, pixels in rows:
            most = outvoted[:, number]
            who = tuple(np.flatnonzero((most == most.max()) & (most > 0)).tolist())
            found.append(Disagreement(frame, low, high, (), pixels, 0.0, who))
    return sorted(found, key=lambda one: (-one.pixels, one.frame, one.low))
