"""Small inputs of every kind, with structure that every operation can work on."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import ndimage

from napari_delineate.catalogue import Operation
from napari_delineate.postprocessing.corrections import record_corrections
from napari_delineate.surfaces import labels_to_surface
from napari_delineate.types import Kind

SHAPES = {2: (24, 28), 3: (10, 24, 28)}


@functools.cache
def labels(ndim: int, number: int = 1) -> np.ndarray:
    """Separate boxes with gaps in their numbers, one of which touches the border."""
    result = np.zeros(SHAPES[ndim], np.int32)
    middle = (slice(3, 7),) * (ndim - 2)
    shift = 2 * (number - 1)
    result[(*middle, slice(2, 9), slice(3 + shift, 10 + shift))] = 3
    result[(*middle, slice(12, 19), slice(2, 11))] = 5
    result[(*middle, slice(12, 19), slice(11, 17))] = 6
    result[(*middle, slice(4, 12), slice(22, 28))] = 9
    result.flags.writeable = False
    return result


@functools.cache
def image(ndim: int, number: int = 1) -> np.ndarray:
    """The same boxes, blurred, with noise; uint16."""
    random = np.random.default_rng(number)
    bright = ndimage.gaussian_filter((labels(ndim, number) > 0).astype(float), 1.0)
    result = (bright * 3000 + random.normal(300, 30, bright.shape)).astype(np.uint16)
    result.flags.writeable = False
    return result


@functools.cache
def value(kind: Kind, ndim: int, number: int = 1) -> Any:
    """Return a value of some kind for (Y, X) or (Z, Y, X)."""
    if kind is Kind.IMAGE:
        return image(ndim, number)
    if kind is Kind.RGB:
        return np.stack([image(ndim, n) for n in (1, 2, 3)], axis=-1)
    if kind is Kind.MASK:
        return labels(ndim, number) > 0
    if kind is Kind.LABELS:
        return labels(ndim, number)
    if kind is Kind.POINTS:  # two in the object 5, one in 3, one on background
        return np.array([[4.0] * (ndim - 2) + at for at in ([14, 4], [16, 8], [5, 6], [21, 21])])
    if kind is Kind.SHAPES:  # through 5 and 6, and across 9; the second has a vertex less
        paths = [[[15, 1], [15, 5], [16, 15]], [[3, 25], [13, 25], [13, 25]]]
        return np.array([[[4.0] * (ndim - 2) + at for at in path] for path in paths])
    if kind is Kind.TABLE:
        return pd.DataFrame({"label": [3, 5, 6, 9], "parent": [1, 2, 2, 0]})
    if kind is Kind.SURFACE:
        return labels_to_surface(labels(ndim))
    if kind is Kind.CORRECTIONS:
        after = labels(ndim).copy()
        after[labels(ndim) == 5] = 0
        after[(slice(3, 7),) * (ndim - 2) + (slice(20, 23), slice(20, 23))] = 12
        return record_corrections(labels(ndim), after)
    raise NotImplementedError(kind)


def arguments(operation: Operation, ndim: int) -> list[Any]:
    """Return inputs for a call of an operation."""
    result: list[Any] = []
    for entry in operation.inputs:
        if entry.variable:
            result.append([value(entry.kind, ndim, number) for number in (1, 2)])
        else:
            result.append(value(entry.kind, ndim))
    return result


def call(operation: Operation, inputs: Sequence[Any], **settings: Any) -> Any:
    """Call an operation, with a spacing where it must have one."""
    if operation.id == "filters.rescale_isotropic":
        settings.setdefault("spacing", 1.0)
    return operation.function(*inputs, **settings)


def parts(result: Any) -> list[Any]:
    """Return the arrays, tables and numbers that a result consists of."""
    if isinstance(result, tuple):
        return [part for one in result for part in parts(one)]
    return [result]


def same(first: Any, second: Any) -> bool:
    """Tell whether two results are equal, bit for bit."""
    if isinstance(first, tuple):
        return len(first) == len(second) and all(map(same, first, second))
    if hasattr(first, "equals"):
        return bool(first.equals(second)) and first.attrs == second.attrs
    if isinstance(first, np.ndarray):
        return first.dtype == second.dtype and np.array_equal(
            first, second, equal_nan=first.dtype.kind == "f"
        )
    return bool(first == second)


def same_objects(first: np.ndarray, second: np.ndarray) -> bool:
    """Tell whether two label images hold the same objects, whatever their numbers."""
    pairs = np.unique(np.stack([first.ravel(), second.ravel()]), axis=1)
    return (
        bool(((first > 0) == (second > 0)).all())
        and len(np.unique(pairs[0])) == pairs.shape[1]
        and len(np.unique(pairs[1])) == pairs.shape[1]
    )
