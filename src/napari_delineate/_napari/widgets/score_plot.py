"""Plot the scores of a search in napari's colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
from matplotlib.figure import Figure
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_delineate._napari.widgets.step_look import StepLook
from napari_delineate.tuning import Goal, Trial
from napari_delineate.tuning.plots import draw_history

__all__ = ["ScorePlot"]

_LINES = 11
"""Its height, in lines of text."""


class ScorePlot(QWidget):
    """Show the score of each trial, and the best score so far.

    Parameters
    ----------
    theme : str
        Name of napari's theme.
    """

    def __init__(self, theme: str) -> None:
        super().__init__()
        self._theme = theme
        self._shown: tuple[Sequence[Trial], Goal] | None = None
        make: Any = FigureCanvasQTAgg  # its methods have no types
        self.canvas = make(Figure(layout="constrained"))
        self.canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.canvas.setAccessibleName("Scores of the trials")
        self.canvas.setToolTip("A point for each trial; the line is the best score so far")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.canvas)
        self.setFixedHeight(_LINES * self.fontMetrics().lineSpacing())

    def show_trials(self, trials: Sequence[Trial], goal: Goal) -> None:
        """Show trials in their order.

        Parameters
        ----------
        trials : sequence of Trial
            The trials.
        goal : Goal
            What they were scored by.
        """
        self._shown = tuple(trials), goal
        self._draw()

    def set_theme(self, theme: str) -> None:
        """Take the colours of a theme."""
        self._theme = theme
        self._draw()

    def _draw(self) -> None:
        if self._shown is None:
            return
        look, figure = StepLook(self._theme), self.canvas.figure
        ground, text = look.background.name(), look.dim(look.background).name()
        figure.set_facecolor(ground)
        axes = figure.axes[0] if figure.axes else figure.subplots()
        draw_history(axes, *self._shown, ink=look.accent(look.background).name())
        axes.set_facecolor(ground)
        size = self.canvas.fontInfo().pointSizeF() * 0.9
        for label in (axes.xaxis.label, axes.yaxis.label):
            label.set(color=text, fontsize=size)
        axes.tick_params(colors=text, labelsize=size)
        for name, line in axes.spines.items():
            line.set_color(text)
            line.set_visible(name in ("left", "bottom"))
        self.canvas.draw_idle()
