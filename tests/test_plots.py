"""Plots show the numbers of tables, in the colours they are told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from napari_delineate.plots import (
    PlotColours,
    draw_histogram,
    draw_scatter,
    show_histogram,
    show_scatter,
)

COLOURS = PlotColours("black", "white", "#808080", "#ffaa00")
VALUES = np.array([1.0, 2.0, 2.5, 3.0, np.nan, np.inf, 9.0])
CHOSEN = VALUES < 2.7


def heights(axes, colour):
    return sum(
        one.get_data().values.sum()
        for one in axes.patches
        if one.get_facecolor() == to_rgba(colour)
    )


def test_bars_count_what_is_finite_and_what_is_chosen_of_it():
    axes = Figure().subplots()
    draw_histogram(axes, VALUES, "area [µm²]", COLOURS, CHOSEN)
    assert heights(axes, COLOURS.mark) == 5
    assert heights(axes, COLOURS.accent) == 3
    assert axes.get_xlabel() == "area [µm²]"
    assert axes.figure.get_facecolor() == to_rgba("black")


@pytest.mark.parametrize("values", [[], [np.nan], [4.0, 4.0], [1, 1, 1, 1, 1, 1, 1, 50]])
def test_few_and_equal_values_have_bars_too(values):
    axes = Figure().subplots()
    draw_histogram(axes, np.array(values), "a", COLOURS)
    assert heights(axes, COLOURS.mark) == np.isfinite(values).sum()


@pytest.mark.parametrize("largest", [1e308, 2.0**60, 1e140])
def test_numbers_of_any_size_are_drawn_or_left_out(largest):
    values = np.array([largest, -largest, largest + 1, 1.0, np.inf])
    for some in (values, values[:1]):
        figure = Figure()
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        draw_histogram(axes, some, "a", COLOURS)
        figure.canvas.draw()
        assert heights(axes, COLOURS.mark) == (np.abs(some) < 1e150).sum()
        draw_scatter(axes, some, some, ("a", "b"), COLOURS)
        figure.canvas.draw()


def test_dots_are_pairs_that_are_finite():
    axes = Figure().subplots()
    draw_scatter(axes, VALUES, VALUES[::-1], ("a", "b"), COLOURS, CHOSEN)
    others, chosen = axes.lines
    assert set(chosen.get_xdata()) == {1.0}
    assert set(zip(*others.get_data(), strict=True)) == {(3.0, 3.0), (9.0, 1.0)}
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("a", "b")


def test_notebooks_show_plots_with_units():
    table = pd.DataFrame({"label": [1, 2], "area": [4.0, 9.0], "mean": [1.0, 3.0]})
    table.attrs["units"] = {"area": "micrometer²"}
    for picture in (show_histogram(table, "area"), show_scatter(table, "area", "mean")):
        assert picture.axes[0].get_xlabel() == "area [micrometer²]"
        assert picture._repr_png_().startswith(b"\x89PNG")


def test_limits_are_drawn_and_what_lies_within():
    table = pd.DataFrame({"area": VALUES, "mean": VALUES[::-1]})
    axes = show_histogram(table, "area", minimum=2.0, maximum=3.0).axes[0]
    assert heights(axes, PlotColours().accent) == 3
    assert [line.get_xdata()[0] for line in axes.lines] == [2.0, 3.0]
    axes = show_scatter(table, "area", "mean", corners="0 8, 5 8, 5 10, 0 10").axes[0]
    _, chosen = axes.lines
    assert set(chosen.get_xdata()) == {1.0}
    assert axes.patches[0].get_xy()[:4].tolist() == [[0, 8], [5, 8], [5, 10], [0, 10]]
