"""A plot in the colours of the theme."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from napari.utils.theme import get_theme
from qtpy.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from napari_delineate.plots import PlotColours

__all__ = ["FigureView", "plot_colours"]


def plot_colours(theme: str) -> PlotColours:
    """Return the colours of plots in a theme of napari."""
    colours = get_theme(theme)
    background, text = colours.background.as_hex(), colours.text.as_hex()
    middle = (np.array(to_rgb(background)) + to_rgb(text)) / 2
    return PlotColours(background, text, to_hex((*middle,)), colours.warning.as_hex())


class FigureView(QWidget):
    """Show a matplotlib figure, as wide as there is room.

    Parameters
    ----------
    name : str
        What it shows, for people who hear it.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.canvas: Any = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self.setFixedHeight(self.fontMetrics().height() * 15)

    def show_figure(self, figure: Figure) -> None:
        """Show a figure in the place of the one before."""
        make: Any = FigureCanvasQTAgg  # matplotlib does not say what it takes
        before, self.canvas = self.canvas, make(figure)
        self.canvas.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        if before is not None:
            self._layout.removeWidget(before)
            before.hide()
            before.deleteLater()
        self._layout.addWidget(self.canvas)
