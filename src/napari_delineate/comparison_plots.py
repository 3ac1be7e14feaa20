"""Draw how segmentations agree with a reference: for docks, notebooks and reports alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from napari_delineate.pictures import Picture
from napari_delineate.plots import PlotColours, dress
from napari_delineate.types import Table

__all__ = ["agreement_of_sizes", "show_precision_curves", "show_sizes"]

_WIDTH, _HEIGHT = 4.2, 3.0  # inches
_LIMITS = 1.96
"""Standard deviations on both sides of a mean between which 95 % of normal values lie."""

# After Okabe and Ito, to be told apart by all; the blues are such as show on light and dark.
_SERIES = ("#2a8fd6", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#8c6bd1")
_MARKERS = "os^Dv*"

_PAPER = PlotColours()


def show_precision_curves(curves: Mapping[str, Table], colours: PlotColours = _PAPER) -> Picture:
    """Draw the average precision over the overlap that partners need.

    Parameters
    ----------
    curves : mapping of str to pandas.DataFrame
        For each segmentation, by its name, what `metrics.average_precision_curve` returned.
    colours : PlotColours
        Colours of text and background.

    Returns
    -------
    Picture
        A matplotlib figure.
    """
    figure, axes = _plot(colours)
    axes.set(xlabel="Least IoU of partners", ylabel="Average precision", ylim=(-0.03, 1.03))
    for number, (name, table) in enumerate(curves.items()):
        steps = table.groupby("overlap", as_index=False)["average_precision"].mean()
        marker = _MARKERS[number % len(_MARKERS)]
        series = _SERIES[number % len(_SERIES)]
        axes.plot(
            steps["overlap"],
            steps["average_precision"],
            color=series,
            marker=marker,
            markersize=4,
            label=name,
        )
    _say_or_explain(axes, colours, len(curves), "No objects to compare")
    return figure


def show_sizes(
    matches: Mapping[str, Table], unit: str = "", colours: PlotColours = _PAPER
) -> Picture:
    """Draw the sizes of partners against each other, after Bland and Altman.

    Parameters
    ----------
    matches : mapping of str to pandas.DataFrame
        For each segmentation, by its name, what `metrics.match_objects` returned.
    unit : str
        Symbol of the unit of sizes.
    colours : PlotColours
        Colours of text and background.

    Returns
    -------
    Picture
        A matplotlib figure: over the mean size of two partners by how much that of the
        segmentation is larger; lines at the mean difference and between which 95 % lie.

    References
    ----------
    .. [1] Bland and Altman, "Statistical methods for assessing agreement between two methods
           of clinical measurement", The Lancet 327 (1986), 307-310,
           https://doi.org/10.1016/S0140-6736(86)90837-8
    """
    figure, axes = _plot(colours)
    behind = f" ({unit})" if unit else ""
    axes.set(xlabel=f"Mean size of partners{behind}", ylabel=f"Larger by{behind}")
    axes.axhline(0, color=colours.text, linewidth=0.6, alpha=0.5)
    drawn = 0
    for number, (name, table) in enumerate(matches.items()):
        pairs = _partners(table)
        if not len(pairs):
            continue
        drawn += 1
        series, marker = _SERIES[number % len(_SERIES)], _MARKERS[number % len(_MARKERS)]
        mean = (pairs["reference_size"] + pairs["label_size"]) / 2
        axes.scatter(
            mean,
            pairs["label_size"] - pairs["reference_size"],
            s=20,
            color=series,
            marker=marker,
            alpha=0.9,
            linewidths=0,
            label=name,
        )
        bias, low, high = agreement_of_sizes(table)
        axes.axhline(bias, color=series, linewidth=1.2)
        for edge in (low, high):
            axes.axhline(edge, color=series, linewidth=1, linestyle="--")
    _say_or_explain(axes, colours, drawn, "No object has a partner")
    return figure


def agreement_of_sizes(matches: Table) -> tuple[float, float, float]:
    """Return by how much the sizes of partners differ, and between which limits 95 % lie.

    Parameters
    ----------
    matches : pandas.DataFrame
        What `metrics.match_objects` returned.

    Returns
    -------
    (float, float, float)
        The mean of size minus reference size, and the limits of agreement: 1.96 standard
        deviations below and above it. NaN without partners; without a second one the limits
        are the mean.

    Examples
    --------
    >>> import pandas as pd
    >>> sizes = {"label": [1, 2], "reference": [1, 2], "reference_size": [10.0, 10.0]}
    >>> agreement_of_sizes(pd.DataFrame({**sizes, "label_size": [9.0, 13.0]}))[0]
    1.0
    """
    pairs = _partners(matches)
    if not len(pairs):
        return np.nan, np.nan, np.nan
    differences = (pairs["label_size"] - pairs["reference_size"]).to_numpy(float)
    bias = float(differences.mean())
    spread = _LIMITS * float(differences.std(ddof=1)) if len(differences) > 1 else 0.0
    return bias, bias - spread, bias + spread


def _partners(matches: Table) -> Table:
    return matches[(matches["reference"] > 0) & (matches["label"] > 0)]


def _plot(colours: PlotColours) -> tuple[Picture, Any]:
    figure = Picture(figsize=(_WIDTH, _HEIGHT), layout="constrained")
    axes: Any = figure.add_subplot()
    dress(axes, colours)
    axes.locator_params(axis="x", nbins=5)
    return figure, axes


def _say_or_explain(axes: Any, colours: PlotColours, drawn: int, empty: str) -> None:
    """Name the series, or say that there is none."""
    if drawn:
        axes.figure.legend(
            loc="outside upper left",
            frameon=False,
            labelcolor=colours.text,
            fontsize="small",
            ncols=2,
        )
    else:
        axes.text(
            0.5, 0.5, empty, transform=axes.transAxes, ha="center", va="center", color=colours.text
        )
