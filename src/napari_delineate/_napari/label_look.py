"""Colour labels by numbers, and let some objects stand out."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap, ensure_colormap
from numpy.typing import NDArray

__all__ = ["LabelLook", "Others", "colours_of_values"]

Others = Literal["Shown", "Dimmed", "Hidden"]

_DIM = 0.25
"""Opacity of objects that others stand out from."""
_UNKNOWN = (0.5, 0.5, 0.5, 1.0)
"""The colour of objects without a value: a grey that no colormap for values has."""


def colours_of_values(
    values: NDArray[Any], colormap: str, limits: tuple[float, float]
) -> NDArray[np.float32]:
    """Return a colour for each value.

    Parameters
    ----------
    values : (N,) ndarray
        Numbers.
    colormap : str
        Name of a colormap of napari.
    limits : (float, float)
        The values of the first and the last colour.

    Returns
    -------
    (N, 4) ndarray of float32
        Red, green, blue and opacity, 0 to 1; grey where a value is missing.
    """
    numbers = np.asarray(values, float)
    low, high = limits
    shares = np.clip((np.nan_to_num(numbers) - low) / ((high - low) or 1), 0, 1)
    colours = np.array(ensure_colormap(colormap).map(shares), np.float32)
    colours[np.isnan(numbers)] = _UNKNOWN
    return colours


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
        colours: NDArray[np.float32] | None,
        chosen: NDArray[np.bool_],
        others: Others,
    ) -> None:
        """Colour objects.

        Parameters
        ----------
        numbers : (N,) ndarray of int
            The objects.
        colours : (N, 4) ndarray or None
            Their colours, None for those that they had.
        chosen : (N,) ndarray of bool
            Which of them stand out.
        others : {"Shown", "Dimmed", "Hidden"}
            What becomes of all others where some are chosen.
        """
        is_picked = bool(chosen.any()) and others != "Shown"
        if colours is None and not is_picked:
            self.restore()
            return
        if self._ours is None or self.layer.colormap is not self._ours:
            self._plain = self.layer.colormap  # a person has given it other colours meanwhile
        shown = np.array(self._plain.map(numbers) if colours is None else colours, np.float32)
        rest = np.array(_UNKNOWN, np.float32)
        if is_picked:
            opacity = _DIM if others == "Dimmed" else 0
            shown[~chosen, 3] *= opacity
            rest[3] *= opacity
        entries: dict[int | None, Any] = dict(zip(map(int, numbers), shown, strict=True))
        entries[0] = np.zeros(4, np.float32)
        entries[None] = rest
        self._ours = DirectLabelColormap(color_dict=entries)
        self.layer.colormap = self._ours

    def restore(self) -> None:
        """Give the layer the colours it had."""
        if self._ours is not None and self.layer.colormap is self._ours:
            self.layer.colormap = self._plain
        self._ours = None
