"""A histogram of one column of a table or a scatter plot of two, and a gate in it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.backend_bases import MouseButton
from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
from matplotlib.figure import Figure
from matplotlib.widgets import PolygonSelector, RectangleSelector, SpanSelector
from numpy.typing import NDArray
from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtGui import QDoubleValidator
from qtpy.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_delineate import gates
from napari_delineate._napari.widgets.figure import plot_colours
from napari_delineate._napari.widgets.layer_choice import shrink
from napari_delineate.files.tables import column_titles
from napari_delineate.plots import draw_histogram, draw_scatter

__all__ = ["Gate", "Plot"]

_NONE = "Histogram"
_RECTANGLE, _POLYGON = "Rectangle", "Polygon"
_SMALLEST = 9
"""Lines of text that a plot is high at least."""
_DIGITS = 4
"""Of numbers that are pointed at: parts of an axis below a pixel."""
_WIDE = 1.4
"""Width by height from which on there is more room beside a plot than below it."""


@dataclass(frozen=True)
class Gate:
    """Limits in a plot.

    Attributes
    ----------
    x : str
        The column along the horizontal axis.
    y : str
        The column along the vertical axis, empty for a histogram.
    limits : (float or None, float or None)
        Of a histogram: from where to where; None for no limit.
    corners : tuple of (float, float)
        Of a scatter plot: the corners of a polygon.
    """

    x: str
    y: str = ""
    limits: tuple[float | None, float | None] = (None, None)
    corners: tuple[tuple[float, float], ...] = ()

    @property
    def is_rectangle(self) -> bool:
        """Whether its sides are along the axes."""
        xs, ys = ({corner[axis] for corner in self.corners} for axis in range(2))
        return len(self.corners) == len(xs) * len(ys) == 4

    def rows(self, table: Any) -> NDArray[np.bool_]:
        """Tell which rows of a table lie inside."""
        if not self.y:
            return gates.in_range(table[self.x].to_numpy(), *self.limits)
        return gates.in_polygon(table[self.x].to_numpy(), table[self.y].to_numpy(), self.corners)


class Plot(QWidget):
    """Show columns of a table; a gate drawn in the plot chooses rows.

    Parameters
    ----------
    theme : str
        Name of napari's theme.
    """

    gated = Signal(object)
    """A `Gate`, or None where there is none any more."""

    def __init__(self, theme: str) -> None:
        super().__init__()
        self._theme = theme
        self._table: Any = None
        self._name = ""
        self._shown: NDArray[np.bool_] | None = None
        self._chosen: NDArray[np.bool_] | None = None
        self._gates: dict[str, Gate] = {}  # of tables by their names
        self._selector: Any = None
        self.gate: Gate | None = None
        self.x = self._columns("Column along x", "The column that is drawn from left to right")
        self.y = self._columns("Column along y", "The second column of a scatter plot, if any")
        self.shape = QComboBox()
        self.shape.addItems([_RECTANGLE, _POLYGON])
        self.shape.setAccessibleName("Shape of the gate")
        self.shape.setToolTip(
            "Rectangle: drag it. Polygon: click its corners, and the first again at the end"
        )
        self.shape.currentTextChanged.connect(lambda _: self.clear())
        self.limits = [
            self._number(
                f"{edge} of {axis}", f"{edge} {axis} of the gate; empty for all that is in the plot"
            )
            for axis in ("x", "y")
            for edge in ("Smallest", "Largest")
        ]
        self.clear_button = QPushButton("Clear gate")
        self.clear_button.setToolTip("Take the gate away")
        self.clear_button.clicked.connect(self.clear)
        self.figure = Figure(layout="constrained")
        make_canvas: Any = FigureCanvasQTAgg  # without types
        self.canvas = make_canvas(self.figure)
        self.canvas.setMinimumHeight(self.fontMetrics().height() * _SMALLEST)
        self.canvas.setAccessibleName("Plot")
        self.canvas.setToolTip("Drag over the plot to choose objects")
        self.axes = self.figure.subplots()
        fields = QGridLayout()
        fields.setContentsMargins(0, 0, 0, 0)
        self._y_words = [QLabel("y"), QLabel("to")]
        for column, part in enumerate((QLabel("x"), self.limits[0], QLabel("to"), self.limits[1])):
            fields.addWidget(part, 0, column)
        y_row = (self._y_words[0], self.limits[2], self._y_words[1], self.limits[3])
        for column, part in enumerate(y_row):
            fields.addWidget(part, 1, column)
        buttons = QHBoxLayout()
        buttons.addWidget(self.shape, 1)
        buttons.addWidget(self.clear_button)
        self.controls = QVBoxLayout()
        self.controls.addWidget(self.x)
        self.controls.addWidget(self.y)
        self.controls.addLayout(fields)
        self.controls.addLayout(buttons)
        self._parts = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._parts.setContentsMargins(0, 0, 0, 0)
        self._parts.addWidget(self.canvas, 1)
        self._parts.addLayout(self.controls)

    def show_table(self, name: str, table: Any, shown: NDArray[np.bool_] | None = None) -> None:
        """Show columns of a table; None for none.

        Parameters
        ----------
        name : str
            Its name. A gate is that of one table, and stays while the table has its columns.
        table : pandas.DataFrame or None
            The table.
        shown : (N,) ndarray of bool, optional
            Which of its rows are shown; by default all.
        """
        self._name, self._table, self._shown, self._chosen = name, table, shown, None
        names = [] if table is None else [n for n in table if table[n].dtype.kind in "biuf"]
        titles = {} if table is None else dict(zip(table, column_titles(table), strict=True))
        # Up to the label, columns say what is measured.
        measured = names[names.index("label") + 1 :] if "label" in names else names
        gate = self._gates.get(name)
        if gate is not None and not {gate.x, gate.y} - {""} <= set(names):
            gate = None
        for box, first in ((self.x, (measured or names)[:1]), (self.y, [""])):
            before = box.currentData()
            if gate is not None:
                before = gate.x if box is self.x else gate.y
            with QSignalBlocker(box):
                box.clear()
                if box is self.y:
                    box.addItem(_NONE, "")
                for name in names:
                    box.addItem(titles[name] if box is self.x else f"against {titles[name]}", name)
                wanted = before if before in (*names, "") and before is not None else None
                chosen = wanted if wanted is not None else (first or [""])[0]
                box.setCurrentIndex(max(box.findData(chosen), 0))
        if gate is not None and gate.y:
            with QSignalBlocker(self.shape):
                self.shape.setCurrentText(_RECTANGLE if gate.is_rectangle else _POLYGON)
        self._set_gate(None)
        self._restart()
        if gate is not None:
            self._show_gate(gate)

    def show_rows(self, shown: NDArray[np.bool_]) -> None:
        """Draw other rows than before; the gate stays."""
        self._shown = shown
        self._draw()

    def show_chosen(self, chosen: NDArray[np.bool_] | None, *, is_gated: bool) -> None:
        """Draw which rows are chosen; without a gate, the one drawn goes."""
        self._chosen = chosen
        if not is_gated and self.gate is not None:
            self._set_gate(None)
            self._restart()
        else:
            self._draw()

    def set_theme(self, theme: str) -> None:
        """Take the colours of a theme."""
        self._theme = theme
        gate = self.gate
        self._restart()
        if gate is not None:
            self._show_gate(gate)

    def clear(self) -> None:
        """Take the gate away."""
        had = self.gate is not None
        self._set_gate(None)
        self._restart()
        if had:
            self.gated.emit(None)

    def choose(self, x: str, y: str = "") -> None:
        """Show other columns; no second one for a histogram."""
        self.x.setCurrentIndex(self.x.findData(x))
        self.y.setCurrentIndex(self.y.findData(y))

    def _columns(self, name: str, tooltip: str) -> QComboBox:
        box = QComboBox()
        shrink(box)
        box.setAccessibleName(name)
        box.setToolTip(tooltip)
        box.currentIndexChanged.connect(lambda _: self.clear())
        return box

    def _number(self, name: str, tooltip: str) -> QLineEdit:
        field = QLineEdit()
        field.setAccessibleName(name)
        field.setToolTip(tooltip)
        validator = QDoubleValidator(field)
        validator.setLocale(validator.locale().c())
        field.setValidator(validator)
        field.setMinimumWidth(field.fontMetrics().averageCharWidth() * 6)
        field.editingFinished.connect(self._on_fields)
        return field

    # Drawing

    def _restart(self) -> None:
        """Draw anew, with nothing gated."""
        self._draw()
        if self._selector is not None:
            self._selector.disconnect_events()
            self._selector = None
        is_scatter, is_there = bool(self.y.currentData()), bool(self.x.currentData())
        is_polygon = is_scatter and self.shape.currentText() == _POLYGON
        for part in (*self.limits[2:], *self._y_words, self.shape):
            part.setVisible(is_scatter)
        for field in self.limits:
            field.setEnabled(is_there and not is_polygon)
        self.canvas.setVisible(is_there)
        if not is_there:
            return
        view = self.axes.get_xlim(), self.axes.get_ylim()
        accent = plot_colours(self._theme).accent
        area = {"facecolor": accent, "edgecolor": accent, "alpha": 0.25}
        if not is_scatter:
            self._selector = SpanSelector(
                self.axes,
                self._on_span,
                "horizontal",
                useblit=True,
                interactive=True,
                drag_from_anywhere=True,
                props=area,
                handle_props={"color": accent},
            )
        elif is_polygon:
            self._selector = PolygonSelector(
                self.axes,
                self._on_polygon,
                useblit=True,
                props={"color": accent, "linewidth": 1.5},
                handle_props={"markeredgecolor": accent, "markerfacecolor": accent},
            )
        else:
            self._selector = RectangleSelector(
                self.axes,
                self._on_rectangle,
                useblit=True,
                interactive=True,
                drag_from_anywhere=True,
                button=MouseButton.LEFT,
                props=area,
                handle_props={"markeredgecolor": accent, "markerfacecolor": accent},
            )
        # What selectors are drawn with begins at 0, wherever the data lie.
        self.axes.set(xlim=view[0], ylim=view[1])

    def _draw(self) -> None:
        x, y = self.x.currentData(), self.y.currentData()
        if self._table is None or not x:
            return
        colours = plot_colours(self._theme)
        view = (self.axes.get_xlim(), self.axes.get_ylim()) if self.gate is not None else None
        artists = [] if self._selector is None else list(self._selector.artists)
        for artist in artists:
            artist.remove()
        shown = slice(None) if self._shown is None else self._shown
        chosen = None if self._chosen is None else self._chosen[shown]
        if y:
            titles = (self.x.currentText(), self.y.currentText().removeprefix("against "))
            values = self._table[x].to_numpy()[shown], self._table[y].to_numpy()[shown]
            draw_scatter(self.axes, *values, titles, colours, chosen)
        else:
            title = self.x.currentText()
            draw_histogram(self.axes, self._table[x].to_numpy()[shown], title, colours, chosen)
        for artist in artists:
            self.axes.add_artist(artist)
        if view is not None:
            self.axes.set(xlim=view[0], ylim=view[1])
        self.canvas.draw_idle()

    # The gate

    def _set_gate(self, gate: Gate | None) -> None:
        self.gate = gate
        if gate is None:
            self._gates.pop(self._name, None)
        else:
            self._gates[self._name] = gate
        self.clear_button.setEnabled(gate is not None)
        shown: tuple[float | None, ...] = (None,) * 4
        if gate is not None and not gate.y:
            shown = (*gate.limits, None, None)
        elif gate is not None:
            (left, right), (low, high) = (
                (min(one), max(one)) for one in zip(*gate.corners, strict=True)
            )
            shown = (left, right, low, high)
        for field, number in zip(self.limits, shown, strict=True):
            with QSignalBlocker(field):
                field.setText("" if number is None else f"{number:.12g}")

    def _take(self, gate: Gate) -> None:
        self._set_gate(gate)
        self.gated.emit(gate)

    def _show_gate(self, gate: Gate) -> None:
        """Draw a gate that was not drawn by hand, and take it."""
        if self._selector is None:
            return
        (low, high), (bottom, top) = self.axes.get_xlim(), self.axes.get_ylim()
        if not gate.y:
            first, last = gate.limits
            extents = (low if first is None else first, high if last is None else last)
            self._selector.extents = extents
        elif isinstance(self._selector, PolygonSelector):
            self._selector.verts = list(gate.corners)
        else:
            xs, ys = zip(*gate.corners, strict=True)
            self._selector.extents = (min(xs), max(xs), min(ys), max(ys))
        self.axes.set(xlim=(low, high), ylim=(bottom, top))
        self._take(gate)

    def _on_span(self, low: float, high: float) -> None:
        if low == high:
            self.clear()
        else:
            limits = _short([low, high], self.axes.get_xlim())
            self._take(Gate(self.x.currentData(), limits=(limits[0], limits[1])))

    def _on_rectangle(self, *_: Any) -> None:
        ends = self._selector.extents
        left, right = _short(ends[:2], self.axes.get_xlim())
        low, high = _short(ends[2:], self.axes.get_ylim())
        if left == right or low == high:
            self.clear()
        else:
            self._take(self._rectangle(left, right, low, high))

    def _on_polygon(self, corners: Any, *_: Any) -> None:
        xs, ys = zip(*corners, strict=True)
        short = zip(_short(xs, self.axes.get_xlim()), _short(ys, self.axes.get_ylim()), strict=True)
        self._take(Gate(self.x.currentData(), self.y.currentData(), corners=tuple(short)))

    def _rectangle(self, left: float, right: float, low: float, high: float) -> Gate:
        corners = ((left, low), (right, low), (right, high), (left, high))
        return Gate(self.x.currentData(), self.y.currentData(), corners=corners)

    def _on_fields(self) -> None:
        """Take limits that were written."""
        numbers = [float(field.text()) if field.text() else None for field in self.limits]
        if not self.y.currentData():
            first, last = numbers[:2]
            if first is None and last is None:
                self.clear()
            elif first is None or last is None or first <= last:
                self._show_gate(Gate(self.x.currentData(), limits=(first, last)))
            return
        if all(number is None for number in numbers):
            self.clear()
            return
        ends = [*self.axes.get_xlim(), *self.axes.get_ylim()]
        left, right, low, high = (
            end if number is None else number for number, end in zip(numbers, ends, strict=True)
        )
        if left < right and low < high:
            self._show_gate(self._rectangle(left, right, low, high))

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        """Put the choices beside the plot or below it, where there is more room."""
        self._parts.setDirection(
            QBoxLayout.Direction.LeftToRight
            if self.width() > self.height() * _WIDE
            else QBoxLayout.Direction.TopToBottom
        )
        super().resizeEvent(event)


def _short(numbers: Sequence[float], limits: tuple[float, float]) -> list[float]:
    """Return numbers that were pointed at, no finer than a person can point between limits."""
    span = abs(limits[1] - limits[0]) or 1.0
    digits = _DIGITS - math.floor(math.log10(span))
    return [round(float(number), digits) for number in numbers]
