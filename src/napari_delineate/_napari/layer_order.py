"""Remember where layers lay among the others, also those that were taken away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from napari.layers import Layer

__all__ = ["LayerOrder"]


class LayerOrder:
    """Know where a layer that left the viewer lay, however many others come and go.

    A number would not do: where two layers leave one after the other, both may have had the
    same one.
    """

    def __init__(self) -> None:
        self._below: dict[Any, set[Any]] = {}  # layer that is away -> what lay below it

    def leave(self, layers: Sequence[Layer], layer: Layer, place: int) -> None:
        """Note where a layer lay.

        Parameters
        ----------
        layers : sequence of Layer
            The layers that are left, the lowest first.
        layer : Layer
            The layer that has left.
        place : int
            The index that it had.
        """
        gone = layer.unique_id
        below = {one.unique_id for one in layers[:place]}
        present = {one.unique_id for one in layers}
        for away, under in self._below.items():
            if away not in present and gone not in under and _above(layers, under) <= place:
                below.add(away)
        self._below[gone] = below

    def come_back(self, layers: Sequence[Layer], layer: Layer) -> int:
        """Return the index at which a layer that has left is to be inserted.

        Parameters
        ----------
        layers : sequence of Layer
            The layers that are there, the lowest first.
        layer : Layer
            The layer.

        Returns
        -------
        int
            Above all that lay below it.
        """
        return _above(layers, self._below.pop(layer.unique_id))


def _above(layers: Sequence[Layer], below: set[Any]) -> int:
    """Return the lowest index at which a layer lies above some others."""
    places = (place for place, one in enumerate(layers) if one.unique_id in below)
    return max(places, default=-1) + 1
