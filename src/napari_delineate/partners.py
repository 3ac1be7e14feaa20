"""Give objects of a reference at most one partner each among the objects of labels."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate.building_blocks import ROUNDING
from napari_delineate.contours import bands
from napari_delineate.overlaps import Annotation, Overlaps, find_overlaps

__all__ = [
    "Assignment",
    "Criterion",
    "Partners",
    "assign",
    "boundary_iou_of_pairs",
    "centroids",
    "find_partners",
    "partners_at",
]

Assignment = Literal["Hungarian", "greedy"]
"""How partners are chosen where there is a choice."""
Criterion = Literal["mask IoU", "boundary IoU", "overlap of reference", "centroid distance"]
"""What makes two objects partners."""

_DENSE = 8
"""Where one in as many pairs may be partners, a table of all pairs is searched sooner."""
_MOST_PAIRS = 20_000_000
"""How many pairs may be partners by their distance; each takes about 100 bytes."""


class Partners(NamedTuple):
    """Hold which objects belong together.

    Attributes
    ----------
    overlaps : Overlaps
        The objects.
    rows, columns : (N,) ndarray of int64
        The partners, each once, in the order of the reference: places in `overlaps`.
    """

    overlaps: Overlaps
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]

    @property
    def missed(self) -> NDArray[np.int64]:
        """The objects of the reference without a partner: false negatives."""
        free = np.ones(len(self.overlaps.reference_numbers), bool)
        free[self.rows] = False
        return np.flatnonzero(free)

    @property
    def spurious(self) -> NDArray[np.int64]:
        """The objects of the labels that ought to have a partner: false positives."""
        free = self.overlaps.countable.copy()
        free[self.columns] = False
        return np.flatnonzero(free)

    @property
    def pairs(self) -> NDArray[np.int64]:
        """The places of the partners among the pairs of `overlaps`, -1 without an overlap."""
        width = max(len(self.overlaps.label_numbers), 1)
        keys = self.overlaps.rows * width + self.overlaps.columns
        wanted = self.rows * width + self.columns
        if not len(keys):
            return np.full(len(wanted), -1)
        places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[places] == wanted, places, -1)

    @property
    def iou(self) -> NDArray[np.float64]:
        """Intersection over union of the partners, perhaps 0."""
        # Place -1 is that of the last, which is then no overlap.
        return np.append(self.overlaps.iou, 0.0)[self.pairs]

    @property
    def parts(self) -> NDArray[np.int64]:
        """How many labels lie mostly in each object of the reference."""
        sizes = self.overlaps.label_sizes[self.overlaps.columns]
        inside = self.overlaps.rows[2 * self.overlaps.pixels > sizes]
        return np.bincount(inside, minlength=len(self.overlaps.reference_numbers))

    @property
    def joined(self) -> NDArray[np.int64]:
        """How many objects of the reference lie mostly in each label."""
        sizes = self.overlaps.reference_sizes[self.overlaps.rows]
        inside = self.overlaps.columns[2 * self.overlaps.pixels > sizes]
        return np.bincount(inside, minlength=len(self.overlaps.label_numbers))

    @property
    def reference_status(self) -> NDArray[Any]:
        """What became of each object of the reference, in one word."""
        status = np.full(len(self.overlaps.reference_numbers), "missed", "U8")
        sizes = self.overlaps.reference_sizes[self.overlaps.rows]
        mostly = 2 * self.overlaps.pixels > sizes
        joined = self.joined[self.overlaps.columns] > 1
        status[self.overlaps.rows[mostly & joined]] = "merged"
        status[self.parts > 1] = "split"
        status[self.rows] = "matched"
        return status

    @property
    def label_status(self) -> NDArray[Any]:
        """What each object of the labels is, in one word."""
        status = np.full(len(self.overlaps.label_numbers), "spurious", "U8")
        sizes = self.overlaps.label_sizes[self.overlaps.columns]
        mostly = 2 * self.overlaps.pixels > sizes
        divided = self.parts[self.overlaps.rows] > 1
        status[self.overlaps.columns[mostly & divided]] = "part"
        status[self.joined > 1] = "merger"
        status[self.columns] = "matched"
        return status

    @property
    def counts(self) -> tuple[int, int, int]:
        """The numbers of true positives, false positives and false negatives."""
        return len(self.rows), len(self.spurious), len(self.missed)

    def shares(self, beta: float = 1.0) -> dict[str, float]:
        """Return shares of objects that are found; where there are no objects, they are 1."""
        found, false, missed = self.counts
        if not found + false + missed:
            return dict.fromkeys(("f_score", "precision", "recall", "average_precision"), 1.0)
        square = beta * beta
        return {
            "f_score": (1 + square) * found / ((1 + square) * found + square * missed + false),
            "precision": found / max(found + false, 1),
            "recall": found / max(found + missed, 1),
            "average_precision": found / (found + false + missed),
        }


def assign(
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    scores: NDArray[np.float64],
    method: Assignment = "Hungarian",
    *,
    as_many: bool = True,
) -> NDArray[np.int64]:
    """Choose pairs such that nothing is in two.

    Parameters
    ----------
    rows, columns : (M,) ndarray of int
        The pairs that are allowed, each once.
    scores : (M,) ndarray of float
        How good each is, 0 to 1.
    method : {"Hungarian", "greedy"}
        As many pairs as possible, among those choices the one with the largest sum of scores;
        or the best pair first, then the best of what is left.
    as_many : bool
        Whether many pairs are better than good ones; else only the sum of scores counts, all
        of which must be above 0.

    Returns
    -------
    (N,) ndarray of int64
        The places of the pairs that were chosen, sorted.

    Examples
    --------
    >>> import numpy as np
    >>> pairs = np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([0.5, 0.3, 0.4])
    >>> assign(*pairs), assign(*pairs, "greedy")
    (array([1, 2]), array([0]))
    """
    if not len(rows):
        return np.zeros(0, np.int64)
    alone = (np.bincount(rows)[rows] == 1) & (np.bincount(columns)[columns] == 1)
    choice = np.flatnonzero(~alone)
    if not len(choice):
        return np.flatnonzero(alone)
    _, few_rows = np.unique(rows[choice], return_inverse=True)
    _, few_columns = np.unique(columns[choice], return_inverse=True)
    few = few_rows, few_columns, scores[choice]
    chosen = choice[_hungarian(*few, as_many) if method == "Hungarian" else _greedy(*few)]
    return np.sort(np.concatenate([np.flatnonzero(alone), chosen]))


def _hungarian(
    rows: NDArray[Any], columns: NDArray[Any], scores: NDArray[Any], as_many: bool
) -> NDArray[Any]:
    """Choose the pairs with the largest sum of scores, perhaps among as many as possible."""
    from scipy.optimize import linear_sum_assignment

    from napari_delineate.kernels.assignment import assign_cheapest

    height, width = int(rows.max()) + 1, int(columns.max()) + 1
    # No partner costs more than all else, or as much as one with the score 0.
    alone = 2.0 * height + 2 if as_many else 2.0
    if _DENSE * len(rows) >= height * width:
        costs, places = np.full((height, width), alone), np.full((height, width), -1)
        costs[rows, columns], places[rows, columns] = 2 - scores, np.arange(len(rows))
        chosen = places[linear_sum_assignment(costs)]
        return np.asarray(chosen[chosen >= 0])
    order = np.lexsort([columns, rows])
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=height))])
    found = assign_cheapest(starts, columns[order], 2 - scores[order], alone, width)
    return np.asarray(order[found[found >= 0]])


def _greedy(rows: NDArray[Any], columns: NDArray[Any], scores: NDArray[Any]) -> NDArray[Any]:
    """Choose the best pair first, of equal ones that of the first row."""
    from napari_delineate.kernels.assignment import assign_greedily

    order = np.lexsort([columns, rows, -scores])
    height, width = int(rows.max()) + 1, int(columns.max()) + 1
    return np.flatnonzero(assign_greedily(rows, columns, order, height, width))


def partners_at(overlaps: Overlaps, overlap: float, method: Assignment = "Hungarian") -> Partners:
    """Choose partners by the intersection over union of their masks.

    Parameters
    ----------
    overlaps : Overlaps
        The objects.
    overlap : float
        The least that is enough.
    method : {"Hungarian", "greedy"}
        See `assign`.

    Returns
    -------
    Partners
        Which objects belong together.
    """
    enough = np.flatnonzero(overlaps.iou >= overlap)
    return _chosen(overlaps, *_at(overlaps, enough), overlaps.iou[enough], method)


def _at(overlaps: Overlaps, places: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    return overlaps.rows[places], overlaps.columns[places]


def _chosen(
    overlaps: Overlaps,
    rows: NDArray[Any],
    columns: NDArray[Any],
    scores: NDArray[Any],
    method: Assignment,
) -> Partners:
    chosen = assign(rows, columns, scores, method)
    return Partners(overlaps, rows[chosen], columns[chosen])


def find_partners(
    reference: NDArray[Any],
    labels: NDArray[Any],
    region: NDArray[np.bool_] | None,
    *,
    criterion: Criterion,
    assignment: Assignment,
    overlap: float,
    distance: float,
    width: float,
    annotation: Annotation,
    spacing: tuple[float, ...],
) -> Partners:
    """Choose partners by some criterion.

    Parameters
    ----------
    reference, labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects.
    region : ndarray of bool or None, same shape
        The pixels that are known.
    criterion : str
        What makes two objects partners.
    assignment : {"Hungarian", "greedy"}
        See `assign`.
    overlap : float
        The least overlap that is enough.
    distance : float
        The largest distance of centroids that is enough, in the units of `spacing`.
    width : float
        How wide the band along a boundary is, in the units of `spacing`.
    annotation : {"dense", "sparse"}
        Whether the reference has all objects or only some.
    spacing : tuple of float
        Voxel size per axis.

    Returns
    -------
    Partners
        Which objects belong together.
    """
    overlaps = find_overlaps(reference, labels, region, annotation)
    if criterion == "mask IoU":
        return partners_at(overlaps, overlap, assignment)
    if criterion == "centroid distance":
        pairs = _near(overlaps, reference, labels, region, distance, spacing)
        return _chosen(overlaps, *pairs, assignment)
    if criterion == "boundary IoU":
        scores = boundary_iou_of_pairs(overlaps, reference, labels, region, width, spacing)
    else:
        scores = overlaps.pixels / overlaps.reference_sizes[overlaps.rows]
    enough = np.flatnonzero(scores >= overlap)
    return _chosen(overlaps, *_at(overlaps, enough), scores[enough], assignment)


def boundary_iou_of_pairs(
    overlaps: Overlaps,
    reference: NDArray[Any],
    labels: NDArray[Any],
    region: NDArray[np.bool_] | None,
    width: float,
    spacing: tuple[float, ...],
) -> NDArray[np.float64]:
    """Return for each pair how much the bands along their boundaries overlap.

    Parameters
    ----------
    overlaps : Overlaps
        The pairs.
    reference, labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects.
    region : ndarray of bool or None, same shape
        The pixels that are known.
    width : float
        How wide the bands are, in the units of `spacing`.
    spacing : tuple of float
        Voxel size per axis.

    Returns
    -------
    (M,) ndarray of float64
        Intersection over union of the bands.
    """
    outer = [bands(image, width, spacing, region) for image in (reference, labels)]
    found = find_overlaps(outer[0], outer[1], region)
    rows = np.searchsorted(overlaps.reference_numbers, found.reference_numbers)[found.rows]
    columns = np.searchsorted(overlaps.label_numbers, found.label_numbers)[found.columns]
    wide = max(len(overlaps.label_numbers), 1)
    scores = np.zeros(len(overlaps.rows))
    keys = overlaps.rows * wide + overlaps.columns
    scores[np.searchsorted(keys, rows * wide + columns)] = found.iou
    return scores


def _near(
    overlaps: Overlaps,
    reference: NDArray[Any],
    labels: NDArray[Any],
    region: NDArray[np.bool_] | None,
    distance: float,
    spacing: tuple[float, ...],
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return the pairs whose centroids are near, and how near they are, from 0 to 1."""
    from scipy.spatial import KDTree

    if not len(overlaps.reference_numbers) or not len(overlaps.label_numbers):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    trees = [
        KDTree(centroids(image, numbers, region, spacing))
        for image, numbers in (
            (reference, overlaps.reference_numbers),
            (labels, overlaps.label_numbers),
        )
    ]
    reach = distance * (1 + ROUNDING)
    number = int(trees[0].count_neighbors(trees[1], reach))
    if number > _MOST_PAIRS:
        raise ValueError(
            f"distance is so large that {number:,} pairs of objects may be partners, more than "
            f"{_MOST_PAIRS:,}; it should be about that of neighbouring objects, got {distance:g}"
        )
    pairs = trees[0].sparse_distance_matrix(trees[1], reach, output_type="ndarray")
    pairs = pairs[np.lexsort([pairs["j"], pairs["i"]])]
    nearness = 1 - pairs["v"] / reach if reach else np.ones(len(pairs))
    return pairs["i"].astype(np.int64), pairs["j"].astype(np.int64), nearness


def centroids(
    labels: NDArray[Any],
    numbers: NDArray[np.int64],
    region: NDArray[np.bool_] | None,
    spacing: tuple[float, ...],
) -> NDArray[np.float64]:
    """Return the centroid of objects, in the units of the spacing.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects.
    numbers : (N,) ndarray of int64
        Numbers of objects in the region.
    region : ndarray of bool or None, same shape
        The pixels that are known.
    spacing : tuple of float
        Voxel size per axis.

    Returns
    -------
    (N, ndim) ndarray of float64
        The centroids.
    """
    from napari_delineate import object_properties

    inside = labels if region is None else np.where(region, labels, 0)
    objects = object_properties.find_objects(inside)
    places = np.searchsorted(objects.numbers, numbers)
    return np.asarray(object_properties.centroids(objects, spacing)[places])
