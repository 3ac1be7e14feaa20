"""Put objects into an order in which to look at them: what is most likely wrong comes first."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate.axes import looped_axes
from napari_delineate.building_blocks import expanded
from napari_delineate.object_properties import (
    Objects,
    find_objects,
    intensity_columns,
    shape_columns,
)
from napari_delineate.overlaps import find_overlaps
from napari_delineate.review_edits import Frame, Key, frames_of, key_of

__all__ = ["ORDERS", "Order", "Ranking", "rank"]

Order = Literal[
    "place", "size", "intensity", "disagreement", "uncertainty", "probability", "typical"
]

ORDERS: dict[Order, str] = {
    "place": "Place, from the first row",
    "size": "Size, smallest first",
    "intensity": "Intensity, darkest first",
    "disagreement": "Disagreement with other labels",
    "uncertainty": "Uncertainty",
    "probability": "Probability near one half",
    "typical": "Distance from the typical",
}
"""What orders are called."""

_NEAR = 2
"""How many voxels around an object count: one is unsure of outlines."""
_MAD_TO_SIGMA = 1.4826
"""Of a normal distribution, the standard deviation is so many times the median deviation."""
_FEWEST = 3
"""Objects from which it can be said what is typical."""


class Ranking(NamedTuple):
    """Hold objects in an order, and why.

    Attributes
    ----------
    numbers : (N,) ndarray of int64
        The objects, the first to look at first.
    values : (N,) ndarray of float64
        What they are ordered by; empty for "place".
    frames : (N, F) ndarray of int64
        Their places along the axes that are not in space, F of them.
    """

    numbers: NDArray[np.int64]
    values: NDArray[np.float64]
    frames: NDArray[np.int64]

    def keys(self) -> list[Key]:
        """Return what the objects are known by, in this order."""
        numbers, frames = self.numbers.tolist(), self.frames.tolist()
        return [key_of(tuple(one), number) for one, number in zip(frames, numbers, strict=True)]

    def reversed(self) -> Ranking:
        """Return the objects, the last first."""
        return Ranking(self.numbers[::-1], self.values[::-1], self.frames[::-1])


def rank(
    labels: NDArray[Any],
    order: Order,
    spacing: tuple[float, ...],
    *,
    image: NDArray[Any] | None = None,
    other: NDArray[Any] | None = None,
    axes: str = "",
) -> Ranking:
    """Put the objects of labels into an order.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects; with `axes`, of any number of frames, each with objects of its own.
    order : str
        By what: "place", rows of the image from the first on; "size", the smallest first;
        "intensity", the mean, the darkest first; "disagreement" with other labels, 1 - the best
        intersection over union; "uncertainty", the mean of an image of it in the object and in
        the background up to 2 voxels around it; "probability", the same of 1 - |2 p - 1| for an
        image of probabilities; "typical", how far an object is from the median of size,
        elongation, filling of its bounding box and, with an image, mean intensity: the root of
        the mean square of robust z scores.
    spacing : tuple of float
        Voxel size per axis in space.
    image : ndarray, same shape, optional
        Intensities, uncertainty or probability (0 to 1; whole numbers up to the largest of
        their dtype).
    other : ndarray of int, same shape, optional
        Other labels.
    axes : str
        The letters of the axes; by default they are all in space. What is typical is that of the
        objects of all frames.

    Returns
    -------
    Ranking
        The objects; of equal ones, that of the earlier frame or with the lower number first.

    Raises
    ------
    ValueError
        If the order needs an image or labels that are not given, or shapes differ.

    Examples
    --------
    >>> import numpy as np
    >>> rank(np.array([[7, 7, 0, 2]]), "size", (1.0, 1.0)).numbers
    array([2, 7])
    """
    _check(labels, order, image, other)
    axes = axes or "ZYX"[-labels.ndim :]
    parts = []
    for frame, plane in frames_of(labels, axes):
        beside = (None if one is None else _at(one, axes, frame) for one in (image, other))
        objects = find_objects(np.ascontiguousarray(plane))
        parts.append((frame, objects, _columns(objects, order, spacing, *beside)))
    loops = len(looped_axes(axes))
    frames = [np.tile(np.array(one, np.int64), (len(its.numbers), 1)) for one, its, _ in parts]
    where = np.concatenate([*frames, np.zeros((0, loops), np.int64)])
    numbers = np.concatenate([its.numbers.astype(np.int64) for _, its, _ in parts])
    columns = np.concatenate([columns for *_, columns in parts])
    earlier = where.T[::-1]
    if order == "place":
        places = np.lexsort([numbers, *columns.T[::-1], *earlier])
        return Ranking(numbers[places], np.zeros(0), where[places])
    values = _from_typical(columns) if order == "typical" else columns[:, 0].astype(np.float64)
    rises = order in ("size", "intensity")
    places = np.lexsort([numbers, *earlier, values if rises else -values])
    return Ranking(numbers[places], values[places], where[places])


def _at(data: NDArray[Any], axes: str, frame: Frame) -> NDArray[Any]:
    """Return what an array holds in space at one place along its other axes."""
    for letter, index in zip(looped_axes(axes), frame, strict=True):
        data, axes = np.take(data, index, axes.index(letter)), axes.replace(letter, "")
    return data


def _check(
    labels: NDArray[Any], order: Order, image: NDArray[Any] | None, other: NDArray[Any] | None
) -> None:
    needs_image = order in ("intensity", "uncertainty", "probability")
    if needs_image and image is None:
        raise ValueError(f"the order by {order} needs an image: choose one")
    if order == "disagreement" and other is None:
        raise ValueError("the order by disagreement needs other labels: choose them")
    for value, name in ((image, "image"), (other, "other labels")):
        if value is not None and value.shape != labels.shape:
            raise ValueError(
                f"the {name} must have the shape of the labels, {labels.shape}; it is {value.shape}"
            )


def _columns(
    objects: Objects,
    order: Order,
    spacing: tuple[float, ...],
    image: NDArray[Any] | None,
    other: NDArray[Any] | None,
) -> NDArray[Any]:
    """Return what objects are ordered by, a row for each."""
    if order == "place":
        return objects.starts
    if order == "typical":
        return _described(objects, spacing, image)
    if order == "size":
        values = objects.pixels * float(np.prod(spacing))
    elif order == "disagreement":
        values = 1 - find_overlaps(objects.labels, np.asarray(other)).best()
    else:
        values = _means(objects, np.asarray(image), order, spacing)
    return values[:, np.newaxis]


def _means(
    objects: Objects, image: NDArray[Any], order: Order, spacing: tuple[float, ...]
) -> NDArray[np.float64]:
    """Return the mean of an image in each object, or in and around it."""
    if order == "intensity":
        return np.asarray(intensity_columns(objects, image)["intensity_mean"], np.float64)
    values = image.astype(np.float32)
    if order == "probability":
        if image.dtype.kind in "iu":
            values /= np.iinfo(image.dtype).max
        values = 1 - np.abs(2 * np.clip(values, 0, 1) - 1)
    near = find_objects(expanded(objects.labels, _NEAR * min(spacing), spacing))
    return np.asarray(intensity_columns(near, values)["intensity_mean"], np.float64)


def _described(
    objects: Objects, spacing: tuple[float, ...], image: NDArray[Any] | None
) -> NDArray[np.float64]:
    """Return what is compared where it is asked what is typical."""
    columns = shape_columns(objects, spacing)
    finest = min(spacing)
    described = [
        np.log(columns["area"]),
        np.log((columns["axis_major_length"] + finest) / (columns["axis_minor_length"] + finest)),
        columns["extent"],
    ]
    if image is not None:
        described.append(np.asarray(intensity_columns(objects, image)["intensity_mean"]))
    return np.stack(described, axis=1)


def _from_typical(described: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far each object is from the median one."""
    if len(described) < _FEWEST:
        return np.zeros(len(described))
    scores = []
    for column in described.T:
        away = np.abs(column - np.median(column))
        spread = _MAD_TO_SIGMA * np.median(away)
        # Where more than half are equal, there is still a mean deviation.
        spread = spread or float(away.mean()) * np.sqrt(np.pi / 2)
        if spread > 0:
            scores.append(away / spread)
    if not scores:
        return np.zeros(len(described))
    return np.asarray(np.sqrt(np.mean(np.square(scores), axis=0)))
