"""Draw columns of tables: the same plots for docks, notebooks and reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.files.tables import column_titles
from napari_delineate.gates import corners_from_text, in_polygon, in_range
from napari_delineate.pictures import Picture
from napari_delineate.types import Table

__all__ = [
    "PlotColours",
    "draw_histogram",
    "draw_scatter",
    "dress",
    "show_histogram",
    "show_scatter",
]

_MOST_BINS = 100
_LARGEST = 1e150
"""Numbers beyond can not be drawn: matplotlib multiplies them with each other."""
_WIDTH, _HEIGHT = 5.0, 3.2  # inches


@dataclass(frozen=True)
class PlotColours:
    """Colours of a plot, as matplotlib takes them.

    Attributes
    ----------
    background : str
        Behind the plot.
    text : str
        Words, numbers and axes.
    mark : str
        Bars and dots.
    accent : str
        What is chosen among them.
    """

    background: str = "white"
    text: str = "black"
    mark: str = "tab:gray"
    accent: str = "tab:orange"


def dress(axes: Any, colours: PlotColours) -> None:
    """Give a plot its colours, and no more lines around it than it needs.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The plot.
    colours : PlotColours
        The colours.
    """
    axes.figure.set_facecolor(colours.background)
    axes.set_facecolor(colours.background)
    axes.tick_params(colors=colours.text, labelsize="small")
    axes.xaxis.label.set_color(colours.text)
    axes.yaxis.label.set_color(colours.text)
    for name, line in axes.spines.items():
        line.set_color(colours.text)
        line.set_visible(name in ("left", "bottom"))


def draw_histogram(
    axes: Any,
    values: NDArray[Any],
    title: str,
    colours: PlotColours,
    chosen: NDArray[np.bool_] | None = None,
) -> None:
    """Draw how often values occur.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where; what was there goes.
    values : (N,) ndarray
        Numbers; those that are missing, or too large to be drawn, are left out.
    title : str
        What they are, with the unit.
    colours : PlotColours
        The colours.
    chosen : (N,) ndarray of bool, optional
        Which of them are chosen.
    """
    axes.clear()
    numbers = np.asarray(values, float)
    known = np.abs(numbers) < _LARGEST
    if known.any():
        edges = _edges(numbers[known])
        some = [(known, colours.mark)]
        if chosen is not None and (chosen & known).any():
            some.append((known & chosen, colours.accent))
        for rows, colour in some:
            counts, _ = np.histogram(numbers[rows], edges)
            axes.stairs(counts, edges, fill=True, color=colour)
    axes.set(xlabel=title, ylabel="objects")
    dress(axes, colours)


def draw_scatter(
    axes: Any,
    x: NDArray[Any],
    y: NDArray[Any],
    titles: tuple[str, str],
    colours: PlotColours,
    chosen: NDArray[np.bool_] | None = None,
) -> None:
    """Draw a dot for each pair of values.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where; what was there goes.
    x, y : (N,) ndarray
        Numbers; pairs of which one is missing, or too large to be drawn, are left out.
    titles : (str, str)
        What they are, with units.
    colours : PlotColours
        The colours.
    chosen : (N,) ndarray of bool, optional
        Which of them are chosen; they are drawn over the others.
    """
    axes.clear()
    pairs = np.stack([np.asarray(x, float), np.asarray(y, float)], axis=1)
    known = (np.abs(pairs) < _LARGEST).all(axis=1)
    over = np.zeros(len(pairs), bool) if chosen is None else chosen
    for some, colour in ((known & ~over, colours.mark), (known & over, colours.accent)):
        axes.plot(*pairs[some].T, "o", markersize=3.5, markeredgewidth=0, color=colour)
    axes.set(xlabel=titles[0], ylabel=titles[1])
    dress(axes, colours)


def show_histogram(
    table: Table, column: str, minimum: float | None = None, maximum: float | None = None
) -> Picture:
    """Draw how often the values of a column occur, and limits among them.

    Parameters
    ----------
    table : pandas.DataFrame
        A table with a row per object.
    column : str
        A column of numbers.
    minimum, maximum : float, optional
        The limits; what lies between them has a colour of its own.

    Returns
    -------
    Picture
        A matplotlib figure.
    """
    figure, colours, values = _empty(), PlotColours(), table[column].to_numpy()
    axes = figure.subplots()
    limits = [one for one in (minimum, maximum) if one is not None]
    chosen = in_range(values, minimum, maximum) if limits else None
    draw_histogram(axes, values, _titles(table)[column], colours, chosen)
    for limit in limits:
        axes.axvline(limit, color=colours.accent)
    return figure


def show_scatter(table: Table, x: str, y: str, corners: str = "") -> Picture:
    """Draw a dot for each row of a table, and a polygon among them.

    Parameters
    ----------
    table : pandas.DataFrame
        A table with a row per object.
    x, y : str
        Columns of numbers.
    corners : str
        Corners of the polygon as `postprocessing.filter_by_gate` takes them; what lies
        inside has a colour of its own.

    Returns
    -------
    Picture
        A matplotlib figure.
    """
    figure, colours, titles = _empty(), PlotColours(), _titles(table)
    axes = figure.subplots()
    first, second = table[x].to_numpy(), table[y].to_numpy()
    polygon = corners_from_text(corners) if corners else []
    chosen = in_polygon(first, second, polygon) if polygon else None
    draw_scatter(axes, first, second, (titles[x], titles[y]), colours, chosen)
    if polygon:
        axes.fill(*zip(*polygon, strict=True), fill=False, edgecolor=colours.accent)
    return figure


def _empty() -> Picture:
    return Picture(figsize=(_WIDTH, _HEIGHT), layout="constrained")


def _titles(table: Table) -> dict[str, str]:
    return dict(zip(table.columns, column_titles(table), strict=True))


def _edges(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the edges of bars, by the rule of Freedman and Diaconis within bounds."""
    low, high = float(values.min()), float(values.max())
    if low == high:
        half = max(0.5, abs(low) / 1000)
        return np.array([low - half, low + half])
    first, third = np.percentile(values, (25, 75))
    width = 2 * (third - first) / np.cbrt(len(values))
    bins = np.ceil((high - low) / width) if width > 0 else np.ceil(np.sqrt(len(values)))
    return np.linspace(low, high, int(np.clip(bins, 5, _MOST_BINS)) + 1)
