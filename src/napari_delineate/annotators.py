"""Put annotations of one image by several people side by side: their votes and their objects.

All that compares or combines annotators starts here. What a vote is, is decided once:

- foreground: a pixel is in an object or not, whatever its number;
- classes: numbers have the same meaning in all annotations, 0 is the background;
- marked classes: the same, and 0 says nothing, as where only strokes were painted;
- objects: numbers mean nothing. Objects of several annotators that overlap enough are one.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate import object_numbers
from napari_delineate.arrays import label_dtype
from napari_delineate.overlaps import find_overlaps

__all__ = [
    "Ballots",
    "Drawings",
    "Vote",
    "at_least_two",
    "cast",
    "count_ballots",
    "count_votes",
    "find_drawings",
    "unanimous",
    "winners",
]

Vote = Literal["foreground", "classes", "marked classes", "objects"]
"""What annotators are compared by."""


def at_least_two(annotations: Sequence[Any], name: str) -> None:
    """Refuse a list of annotations with nothing to compare.

    Parameters
    ----------
    annotations : sequence
        Annotations of one image.
    name : str
        Name of the parameter.

    Raises
    ------
    ValueError
        If there is one only.
    """
    if len(annotations) < 2:
        raise ValueError(f"{name} must hold at least 2 annotations to compare, got 1")


class Drawings(NamedTuple):
    """Hold which objects of several annotators are drawings of the same thing.

    Attributes
    ----------
    annotators : (M,) ndarray of int64
        Who drew each object, from 0.
    numbers : (M,) ndarray of int64
        Its number in that annotation.
    things : (M,) ndarray of int64
        What it is a drawing of, from 0 without gaps.
    """

    annotators: NDArray[np.int64]
    numbers: NDArray[np.int64]
    things: NDArray[np.int64]

    @property
    def many(self) -> int:
        """How many things were drawn."""
        return int(self.things.max(initial=-1)) + 1

    def painted(self, annotation: NDArray[Any], annotator: int) -> NDArray[Any]:
        """Return an annotation with the things, from 1, in place of its own numbers."""
        own = self.annotators == annotator
        return object_numbers.renumber(annotation, self.numbers[own], self.things[own] + 1)


def find_drawings(annotations: Sequence[NDArray[Any]], overlap: float) -> Drawings:
    """Find which objects of several annotators are drawings of the same thing.

    Parameters
    ----------
    annotations : sequence of ndarray of int, same shape
        Labelled objects of each annotator.
    overlap : float
        The least intersection over union that makes two objects one thing, from 0.5 to 1.

    Returns
    -------
    Drawings
        Each object once; of one annotator, at most one object is a drawing of a thing.

    Notes
    -----
    Pairs are joined from the largest overlap down. A pair that would give an annotator two
    drawings of a thing stays apart, and so do all that are joined by pairs of just that overlap,
    so that neither the order of the annotators nor their numbers matter.
    """
    numbers = [object_numbers.count_pixels(one)[0] for one in annotations]
    numbers = [one[one > 0].astype(np.int64) for one in numbers]
    starts = np.cumsum([0, *map(len, numbers)])
    pairs, scores = [np.zeros((0, 2), np.int64)], [np.zeros(0)]
    for first, second in itertools.combinations(range(len(annotations)), 2):
        overlaps = find_overlaps(annotations[first], annotations[second])
        enough = overlaps.iou >= overlap
        rows, columns = overlaps.rows[enough], overlaps.columns[enough]
        pairs.append(np.stack([rows + starts[first], columns + starts[second]], axis=1))
        scores.append(overlaps.iou[enough])
    annotators = np.repeat(np.arange(len(annotations)), np.diff(starts))
    things = _things(annotators, np.concatenate(pairs), np.concatenate(scores))
    return Drawings(annotators, np.concatenate(numbers), things)


def _things(
    annotators: NDArray[np.int64], pairs: NDArray[np.int64], scores: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Join objects from the largest overlap down; no annotator draws a thing twice."""
    things = _joined(pairs, len(annotators))
    unclear = _drawn_twice(things, annotators)[things]
    if not unclear.any():
        return things
    # Few objects are left to look at one overlap after another.
    kept = pairs[~unclear[pairs[:, 0]]]
    doubtful = unclear[pairs[:, 0]]
    pairs, scores = pairs[doubtful], scores[doubtful]
    for score in np.unique(scores)[::-1]:
        level = pairs[scores == score]
        together = _joined(np.concatenate([kept, level]), len(annotators))
        apart = _drawn_twice(together, annotators)[together[level[:, 0]]]
        kept = np.concatenate([kept, level[~apart]])
    return _joined(kept, len(annotators))


def _joined(pairs: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return the number, from 0, of the group that each object is in."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not count:
        return np.zeros(0, np.int64)
    links = np.ones(len(pairs), bool)
    graph = coo_array((links, (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def _drawn_twice(things: NDArray[np.int64], annotators: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell of each thing whether an annotator has several drawings of it."""
    keys, counts = np.unique(np.stack([things, annotators]), axis=1, return_counts=True)
    twice = np.zeros(int(things.max(initial=-1)) + 1, bool)
    twice[keys[0, counts > 1]] = True
    return twice


def cast(
    annotations: Sequence[NDArray[Any]], compare: Vote, overlap: float
) -> Sequence[NDArray[Any]]:
    """Return annotations in which equal numbers at a pixel are equal votes.

    Parameters
    ----------
    annotations : sequence of ndarray of int, same shape
        Labels of each annotator.
    compare : str
        What a vote is.
    overlap : float
        The least intersection over union that makes two objects one, for "objects".

    Returns
    -------
    sequence of ndarray of int
        The votes of each annotator.
    """
    if compare == "foreground":
        return [(one > 0).view(np.uint8) for one in annotations]
    if compare == "objects":
        drawings = find_drawings(annotations, overlap)
        return [drawings.painted(one, place) for place, one in enumerate(annotations)]
    return annotations


def count_votes(
    votes: Sequence[NDArray[Any]], *, without_zero: bool = False
) -> list[NDArray[np.uint16]]:
    """Count for every pixel of each annotation how many annotators gave it the same vote.

    Parameters
    ----------
    votes : sequence of K ndarray of int, same shape
        The votes of each annotator.
    without_zero : bool
        Whether 0 is no vote; it has the count 0 then.

    Returns
    -------
    list of K ndarray of uint16
        From 1 to K, the annotator included.
    """
    counts = [np.ones(votes[0].shape, np.uint16) for _ in votes]
    for first, second in itertools.combinations(range(len(votes)), 2):
        equal = votes[first] == votes[second]
        counts[first] += equal
        counts[second] += equal
    if without_zero:
        for count, vote in zip(counts, votes, strict=True):
            count[vote == 0] = 0
    return counts


def winners(
    votes: Sequence[NDArray[Any]], counts: Sequence[NDArray[Any]]
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return the most frequent vote of every pixel, and where it is not the only one.

    Parameters
    ----------
    votes : sequence of ndarray of int, same shape
        The votes of each annotator.
    counts : sequence of ndarray of int
        How frequent each is, from `count_votes`.

    Returns
    -------
    winners : ndarray of int
        The most frequent vote; anything where there is a tie.
    tied : ndarray of bool
        Whether another vote is as frequent.
    """
    best, most = votes[0].copy(), counts[0].copy()
    tied = np.zeros(best.shape, bool)
    for vote, count in zip(votes[1:], counts[1:], strict=True):
        tied |= (count == most) & (vote != best)
        better = count > most
        tied &= ~better
        np.copyto(best, vote, where=better)
        np.copyto(most, count, where=better)
    return best, tied


class Ballots(NamedTuple):
    """Hold which combinations of votes pixels have. There are few, however large an image is.

    Attributes
    ----------
    classes : (C,) ndarray of int64
        The votes that occur, sorted.
    votes : (P, K) ndarray of int64
        For each combination the place of the vote of each annotator in `classes`.
    pixels : (P,) ndarray of int64
        How many pixels have it.
    places : ndarray of int
        The combination of each pixel.
    """

    classes: NDArray[np.int64]
    votes: NDArray[np.int64]
    pixels: NDArray[np.int64]
    places: NDArray[Any]


def count_ballots(votes: Sequence[NDArray[Any]]) -> Ballots:
    """Count the combinations of votes.

    Parameters
    ----------
    votes : sequence of K ndarray of int, same shape
        The votes of each annotator.

    Returns
    -------
    Ballots
        The combinations, in the order of their votes.

    Examples
    --------
    >>> import numpy as np
    >>> ballots = count_ballots([np.array([0, 7, 7, 7]), np.array([0, 0, 7, 7])])
    >>> ballots.classes[ballots.votes].tolist(), ballots.pixels.tolist()
    ([[0, 0], [7, 0], [7, 7]], [1, 1, 2])
    """
    places = np.zeros(votes[0].shape, np.int32)
    combinations = np.zeros((1, 0), np.int64)
    for vote in votes:
        numbers = np.union1d([0], object_numbers.count_pixels(vote)[0]).astype(np.int64)
        ranks = object_numbers.renumber(vote, numbers[1:], np.arange(1, len(numbers)))
        # One code for what was voted before and for this vote, whatever its number is.
        dtype = label_dtype(len(combinations) * len(numbers))
        codes = places.astype(dtype, copy=False) * dtype(len(numbers))
        codes += ranks
        found = np.union1d([0], object_numbers.count_pixels(codes)[0]).astype(np.int64)
        places = object_numbers.renumber(codes, found[1:], np.arange(1, len(found)))
        before, now = np.divmod(found, len(numbers))
        combinations = np.concatenate([combinations[before], numbers[now, None]], axis=1)
    pixels = np.bincount(places.reshape(-1), minlength=len(combinations))
    if not pixels[0]:  # that nobody voted for anything
        combinations, pixels, places = combinations[1:], pixels[1:], places - 1
    classes = np.unique(combinations)
    return Ballots(classes, np.searchsorted(classes, combinations), pixels, places)


def unanimous(ballots: Ballots) -> bool:
    """Tell whether all annotators gave every pixel the same vote.

    Parameters
    ----------
    ballots : Ballots
        What was voted.

    Returns
    -------
    bool
        Whether they agree.
    """
    return bool((ballots.votes == ballots.votes[:, :1]).all())
