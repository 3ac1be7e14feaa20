"""Ask what the axes of a stack or a movie are; the layer remembers it."""

from __future__ import annotations

from typing import Any

from napari.layers import Layer
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QWidget

from napari_delineate._napari.layers import axes_of, likely_axes, remember_axes
from napari_delineate._napari.widgets import shrink
from napari_delineate.axes import looped_axes

__all__ = ["AxesRow"]


class AxesRow(QWidget):
    """Show the axes of a layer, and let a person say what they are.

    Parameters
    ----------
    layer : napari.layers.Layer
        A layer with more than two axes.
    """

    answered = Signal()
    """The layer has other axes than before."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self._layer = layer
        label = QLabel(f"Axes of {layer.name}")
        label.setWordWrap(True)
        label.setMinimumWidth(label.fontMetrics().averageCharWidth() * 12)
        self.choice = QComboBox()
        shrink(self.choice)
        self.choice.setAccessibleName(f"Axes of {layer.name}")
        self.choice.setToolTip(
            "Z is depth: objects are found in 3D. T (time) and C (channels) are looped: "
            "each image by itself."
        )
        known = axes_of(layer)
        options = likely_axes(layer.ndim)
        if known is None:
            self.choice.addItem("choose…", None)
        elif known not in options:
            options = (known, *options)
        for axes in options:
            self.choice.addItem(_in_words(axes), axes)
        self.choice.setCurrentIndex(max(self.choice.findData(known), 0))
        self.choice.currentIndexChanged.connect(self._on_chosen)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(label)
        line.addWidget(self.choice, 1)

    def _on_chosen(self, _: Any = None) -> None:
        axes = self.choice.currentData()
        if axes is not None:
            remember_axes(self._layer, axes)
            self.answered.emit()


def _in_words(axes: str) -> str:
    loops = looped_axes(axes)
    words = {"T": "time", "C": "channel"}
    what = "3D" if "Z" in axes else "2D"
    if loops:
        what += f" for each {' and '.join(words.get(one, one) for one in loops)}"
    return f"{', '.join(axes)} · {what}"
