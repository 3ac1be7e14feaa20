"""Colour labels by numbers, and let some objects stand out."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray

from napari_delineate._napari.label_colormap import colormap_of_labels
from napari_delineate.palette import UNKNOWN

__all__ = ["LabelLook", "Others"]

Others = Literal["Shown", "Dimmed", "Hidden"]

_DIM = 0.25
"""Opacity of objects that others stand out from."""


class LabelLook:
    """Change the colours of a layer of labels, and give its own back.

    Parameters
    ----------
    layer : Labels
        The layer.
    """

    def __init__(self, layer: Labels) -> None:
        self.layer = layer
        self._plain = layer.colormap
        self._ours: Any = None

    def show(
        self,
        numbers: NDArray[Any],
        colours: NDArray[np.float64] | None,
        chosen: NDArray[np.bool_],
        others: Others,
    ) -> None:
        """Colour objects.

        Parameters
        ----------
        numbers : (N,) ndarray of int
            The objects; one that occurs several times is chosen where it is so once.
        colours : (N, 4) ndarray or None
            Their colours, None for those that they had.
        chosen : (N,) ndarray of bool
            Which of them stand out.
        others : {"Shown", "Dimmed", "Hidden"}
            What becomes of all others.
        """
        is_picked = others != "Shown"
        if colours is None and not is_picked:
            self.restore()
            return
        if self._ours is None or self.layer.colormap is not self._ours:
            self._plain = self.layer.colormap  # a person has given it other colours meanwhile
        shown = np.array(self._plain.map(numbers) if colours is None else colours, np.float32)
        rest = np.array(UNKNOWN, np.float32)
        if is_picked:
            opacity = _DIM if others == "Dimmed" else 0
            shown[~chosen, 3] *= opacity
            rest[3] *= opacity
        last = np.argsort(chosen, kind="stable")
        self._ours = colormap_of_labels(numbers[last], shown[last], rest)
        self.layer.colormap = self._ours

    def restore(self) -> None:
        """Give the layer the colours it had."""
        if self._ours is not None and self.layer.colormap is self._ours:
            self.layer.colormap = self._plain
        self._ours = None
