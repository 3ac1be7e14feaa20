"""Change the labels of layers, of those at several scales at their full size first."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Iterable
from typing import Any

import numpy as np
from napari.layers import Labels, Layer

from napari_delineate.annotation.edits import (
    NOTHING,
    Change,
    Edit,
    change_of,
    joined,
    put,
    take_back,
)
from napari_delineate.annotation.pyramid import Pyramid

__all__ = [
    "Stroke",
    "can_write",
    "is_drawing",
    "is_drawn_on",
    "is_in_memory",
    "level_0",
    "make_changes",
    "set_labels",
    "write",
]

_REMEMBERED = 4
"""Pyramids of a layer: an undo may bring back those that were there before."""

_drawing: weakref.WeakSet[Layer] = weakref.WeakSet()
_drawn_on: weakref.WeakSet[Layer] = weakref.WeakSet()
_pyramids: weakref.WeakKeyDictionary[Labels, deque[Pyramid]] = weakref.WeakKeyDictionary()


def level_0(layer: Layer) -> Any:
    """Return the data of a layer, of an image or labels at several scales those at full size."""
    return layer.data[0] if getattr(layer, "multiscale", False) else layer.data


def can_write(layer: Labels) -> bool:
    """Tell whether single pixels of a layer can be written where they are."""
    return all(map(_can_write, layer.data if layer.multiscale else [layer.data]))


def is_in_memory(layer: Labels) -> bool:
    """Tell whether the labels of a layer are an array in memory, and in no file."""
    data = level_0(layer)
    return isinstance(data, np.ndarray) and not isinstance(data, np.memmap)


def make_changes(layer: Labels, changes: Iterable[Change]) -> bool:
    """Make changes of a layer as one stroke, and draw them; only what is changed is touched.

    Parameters
    ----------
    layer : napari.layers.Labels
        The layer.
    changes : iterable of Change
        What to change; the next one is asked for when those before it are made.

    Returns
    -------
    bool
        Whether anything changed.
    """
    shape, made = tuple(level_0(layer).shape), []
    if not layer.multiscale:
        with layer.block_history():
            for change in changes:
                if len(change.positions):
                    places = np.unravel_index(change.positions, shape)
                    layer.data_setitem(tuple(places), np.asarray(change.after))
                    made.append(change)
        return bool(made)
    for change in changes:
        if len(change.positions):
            write(layer, change)
            made.append(change)
    if made:
        _draw(layer)
        _tell(layer, joined(made))
    return bool(made)


class Stroke:
    """Draw on a layer bit by bit; others hear of it as one stroke when it is finished.

    Parameters
    ----------
    layer : napari.layers.Labels
        A layer at several scales.
    """

    def __init__(self, layer: Labels) -> None:
        self._layer, self._labels = layer, level_0(layer)
        self._changes: list[Change] = []
        _drawn_on.add(layer)

    def add(self, edit: Edit) -> None:
        """Draw an edit of the layer."""
        if level_0(self._layer) is not self._labels:
            return  # somebody has given the layer other labels meanwhile
        change = change_of(self._labels, edit)
        if len(change.positions):
            write(self._layer, change)
            self._changes.append(change)
            _draw(self._layer)

    def finish(self) -> bool:
        """Tell of the stroke; return whether anything is changed by it."""
        _drawn_on.discard(self._layer)
        change = joined(self._changes) if self._changes else NOTHING
        if not len(change.positions) or level_0(self._layer) is not self._labels:
            return False
        _tell(self._layer, change)
        return True

    def abandon(self) -> None:
        """Take back what was drawn."""
        _drawn_on.discard(self._layer)
        if self._changes and level_0(self._layer) is self._labels:
            write(self._layer, take_back(joined(self._changes)))
            _draw(self._layer)


def is_drawn_on(layer: Layer) -> bool:
    """Tell whether a stroke on a layer is under way."""
    return layer in _drawn_on


def is_drawing(layer: Layer) -> bool:
    """Tell whether it is us who draw the labels of a layer anew."""
    return layer in _drawing


def write(layer: Labels, change: Change) -> None:
    """Write a change into the labels of a layer, and draw nothing."""
    if layer.multiscale:
        _pyramid_of(layer).write(change)
    else:
        put(layer.data, change.positions, change.after)


def set_labels(layer: Labels, labels: Any) -> None:
    """Give a layer other labels; where it has several scales, the smaller ones are made."""
    if not layer.multiscale:
        layer.data = labels
        return
    before = _pyramid_of(layer)
    known = _pyramids[layer]
    after = next((one for one in known if one.levels[0] is labels), None)
    if after is None and tuple(labels.shape) == tuple(before.levels[0].shape):
        after = before.with_labels(labels)
    if after is None:
        steps = layer.downsample_factors.round().astype(int).tolist()
        every = (tuple(slice(None, None, step) for step in one) for one in steps[1:])
        after = Pyramid([labels, *(np.asarray(labels[one]) for one in every)])
    known.append(after)
    layer.data = list(after.levels)


def _pyramid_of(layer: Labels) -> Pyramid:
    known = _pyramids.setdefault(layer, deque(maxlen=_REMEMBERED))
    levels = list(layer.data)
    for pyramid in known:
        if len(pyramid.levels) == len(levels) and all(map(_is, pyramid.levels, levels)):
            return pyramid
    try:
        known.append(Pyramid(levels))
    except ValueError as error:
        raise ValueError(f"the layer {layer.name!r} can not be edited: {error}") from error
    return known[-1]


def _is(one: Any, other: Any) -> bool:
    return one is other


def _draw(layer: Labels) -> None:
    """Draw the labels anew; napari keeps the smallest scale in memory since 0.9."""
    forget = getattr(layer, "_reset_thumbnail_level_data", None)
    if forget is not None:
        forget()
    _drawing.add(layer)
    try:
        layer.refresh(extent=False)
    finally:
        _drawing.discard(layer)


def _tell(layer: Labels, change: Change) -> None:
    """Tell of a stroke as napari does."""
    places = np.unravel_index(change.positions, tuple(level_0(layer).shape))
    layer.events.paint(value=[(places, change.before, change.after)])


def _can_write(data: Any) -> bool:
    if isinstance(data, np.ndarray):
        # What napari draws into labels in memory of another byte order turns into other numbers.
        return bool(data.flags.writeable and data.dtype.isnative)
    return not hasattr(data, "__dask_graph__") and not getattr(data, "read_only", False)
