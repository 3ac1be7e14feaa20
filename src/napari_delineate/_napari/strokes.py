"""Know what was painted in layers of labels, from what napari tells of every stroke."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray

from napari_delineate._napari.scales import make_changes, write
from napari_delineate.annotation.edits import Change, joined

__all__ = ["Strokes", "change_of_stroke", "has_form", "show_change"]


class Strokes:
    """Collect what was painted since it was asked for last, layer by layer."""

    def __init__(self) -> None:
        self._changes: dict[Any, list[Change]] = {}  # unique_id -> strokes
        self._unknown: set[Any] = set()  # layers in which something else was painted

    def add(self, layer: Labels, change: Change | None) -> None:
        """Note a stroke, of which `None` tells nothing."""
        if change is None:
            self._unknown.add(layer.unique_id)
        else:
            self._changes.setdefault(layer.unique_id, []).append(change)

    def has(self, layer: Any) -> bool:
        """Tell whether something was painted in a layer since the last time."""
        return layer.unique_id in self._changes or layer.unique_id in self._unknown

    def forget(self, layer: Any) -> None:
        """Forget what was painted in a layer: it is known otherwise."""
        self._changes.pop(layer.unique_id, None)
        self._unknown.discard(layer.unique_id)

    def is_known(self, layer: Any) -> bool:
        """Tell whether all that was painted in a layer since the last time is known."""
        return layer.unique_id in self._changes and layer.unique_id not in self._unknown

    def take(self, layer: Any) -> Change | None:
        """Return what was painted since the last time, as one change, and forget it.

        None where nothing was painted, or not all of it is known.
        """
        changes = self._changes.pop(layer.unique_id, None)
        is_unknown = layer.unique_id in self._unknown
        self._unknown.discard(layer.unique_id)
        return joined(changes) if changes and not is_unknown else None


def change_of_stroke(layer: Labels, stroke: Sequence[Any]) -> Change | None:
    """Return what a stroke changed; None where napari describes it in a way not known here.

    Parameters
    ----------
    layer : napari.layers.Labels
        The layer.
    stroke : sequence
        The parts of the stroke, in the order in which they were painted: either
        (positions along each axis, values before, values after), or a box, a mask of the
        changed pixels in it (None for all), the values before and one value after.
    """
    shape = tuple(layer.data.shape)
    changes = []
    for part in stroke:
        if len(part) == 4 and all(isinstance(side, slice) for side in part[0]):
            box, mask, before, after = part
            places = _places_in(box, mask)
        elif len(part) == 3:
            places, before, after = part
        else:
            return None
        positions = np.ravel_multi_index(
            tuple(np.asarray(place).reshape(-1) for place in places), shape
        ).astype(np.int64, copy=False)
        before = np.asarray(before).reshape(-1)
        after = np.broadcast_to(np.asarray(after, before.dtype), before.shape)
        order = np.argsort(positions, kind="stable")
        changes.append(Change(positions[order], before[order], after[order]))
    return joined(changes) if changes else None


def show_change(layer: Labels, change: Change) -> None:
    """Make a change in a layer and draw it; only what is changed is touched.

    Parameters
    ----------
    layer : napari.layers.Labels
        The layer; it holds `change.before` at these positions.
    change : Change
        What to change.
    """
    if not layer.visible:
        write(layer, change)
        layer.refresh()
        layer.events.data(value=layer.data)  # napari tells of no stroke then
    else:
        make_changes(layer, [change])
    layer._reset_history()  # what napari could undo is not what there is now


def has_form(layer: Labels, form: tuple[tuple[int, ...], np.dtype[Any]]) -> bool:
    """Tell whether the labels of a layer have a shape and a dtype."""
    return form == (tuple(layer.data.shape), np.dtype(layer.data.dtype))


def _places_in(box: tuple[slice, ...], mask: NDArray[Any] | None) -> tuple[NDArray[Any], ...]:
    shape = tuple(side.stop - side.start for side in box)
    places = np.nonzero(np.ones(shape, bool) if mask is None else mask)
    return tuple(place + side.start for place, side in zip(places, box, strict=True))
