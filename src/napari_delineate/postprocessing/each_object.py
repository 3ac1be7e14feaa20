"""Work on every object in its box."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate import object_numbers

__all__: list[str] = []  # no operations


def boxes(
    labels: NDArray[Any], margin: Sequence[int] | None = None
) -> Iterator[tuple[int, tuple[slice, ...]]]:
    """Yield each object's number and box, in the order of the numbers.

    Parameters
    ----------
    labels : ndarray of int
        Labelled objects.
    margin : sequence of int, optional
        By how many pixels the box is larger than the object, per axis, as far as the image
        goes.
    """
    from scipy import ndimage

    numbers, _ = object_numbers.count_pixels(labels)
    numbers = numbers[numbers > 0]
    ranks = object_numbers.renumber(labels, numbers, np.arange(1, 1 + len(numbers)))
    wider = margin if margin is not None else [0] * labels.ndim
    for number, box in zip(numbers.tolist(), ndimage.find_objects(ranks), strict=True):
        yield (
            number,
            tuple(
                slice(max(side.start - more, 0), min(side.stop + more, size))
                for side, more, size in zip(box, wider, labels.shape, strict=True)
            ),
        )


def fill_background(
    labels: NDArray[Any],
    grown: Callable[[NDArray[np.bool_]], NDArray[np.bool_]],
    margin: Sequence[int],
) -> NDArray[Any]:
    """Give objects the background pixels that a function of their mask adds.

    Pixels that several objects would get stay background.
    """
    result = labels.copy()
    taken = labels > 0
    for number, box in boxes(labels, margin):
        added = grown(labels[box] == number) & (labels[box] == 0)
        result[box][added] = np.where(taken[box][added], 0, number)
        taken[box] |= added
    return result
