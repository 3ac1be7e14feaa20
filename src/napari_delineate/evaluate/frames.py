"""Take the images of a movie one by one: axes of time and channels are looped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.axes import looped_axes
from napari_delineate.values import Value

__all__ = ["beneath", "frames_of", "place_in"]


def frames_of(value: Value) -> list[dict[str, int]]:
    """Return where the images of a value are along the axes that are looped.

    Parameters
    ----------
    value : Value
        An image, a mask or labels.

    Returns
    -------
    list of dict of str to int
        For each image the index by the letter of the axis; an empty one where none is looped.

    Examples
    --------
    >>> from napari_delineate.types import Kind
    >>> frames_of(Value.of(np.zeros((2, 3, 4), int), Kind.LABELS, "TYX"))
    [{'T': 0}, {'T': 1}]
    """
    letters = looped_axes(value.axes)
    sizes = [value.data.shape[value.axes.index(letter)] for letter in letters]
    return [dict(zip(letters, place, strict=True)) for place in np.ndindex(*sizes)]


def place_in(axes: str, at: Mapping[str, int]) -> tuple[int | slice, ...]:
    """Return what picks an image from an array with some axes.

    Examples
    --------
    >>> place_in("TYX", {"T": 1})
    (1, slice(None, None, None), slice(None, None, None))
    """
    return tuple(at.get(letter, slice(None)) for letter in axes)


def beneath(image: Value, axes: str, at: Mapping[str, int]) -> NDArray[Any]:
    """Return the pixels that a result is drawn on.

    Parameters
    ----------
    image : Value
        What a workflow began with.
    axes : str
        Letters of the axes of a result.
    at : mapping of str to int
        Which image of the result it is.

    Returns
    -------
    ndarray
        The same image of it; the largest value along axes that the result does not have.
    """
    data = np.asarray(image.data)
    known = [letter for letter in image.axes if letter in at]
    sizes = dict(zip(image.axes, data.shape, strict=True))
    if any(at[letter] >= sizes[letter] for letter in known):
        return np.zeros(0)  # of another grid
    data = data[place_in(image.axes, at)]
    left = [letter for letter in image.axes if letter not in at]
    extra = tuple(place for place, letter in enumerate(left) if letter not in axes + "S")
    return np.asarray(data.max(axis=extra) if extra and data.size else data)
