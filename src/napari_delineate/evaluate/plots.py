"""Draw the plots of an evaluation."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from napari_delineate.comparison_plots import show_sizes
from napari_delineate.evaluate.folder import Evaluation
from napari_delineate.evaluate.scores import titles_of
from napari_delineate.evaluate.statistics import short_number
from napari_delineate.pictures import Picture
from napari_delineate.plots import PlotColours, dress
from napari_delineate.types import Range

__all__ = ["draw_plots"]

_DARK, _LIGHT, _ACCENT = "#1f4e79", "#b8c7d6", "#d1495b"
_WIDTH, _HEIGHT = 5.0, 4.0  # inches
_MOST_NAMES = 40
"""How many images can have their names below a plot."""


def draw_plots(evaluation: Evaluation) -> dict[str, bytes]:
    """Draw the plots.

    Parameters
    ----------
    evaluation : Evaluation
        What is drawn.

    Returns
    -------
    dict of str to bytes
        PNG images: "scores", the first score of each image; of labels also "curve", average
        precision at stricter and stricter overlaps, "sizes", the recall of small and of large
        objects, and "agreement", the differences of the sizes of partners.
    """
    figures = {"scores": _scores(evaluation)}
    if evaluation.curve is not None and evaluation.annotation == "dense":
        figures["curve"] = _curve(evaluation, "average_precision", "average precision")
    elif evaluation.curve is not None:
        figures["curve"] = _curve(evaluation, "recall", "recall")
    if evaluation.sizes is not None and len(evaluation.sizes):
        figures["sizes"] = _sizes(evaluation)
    if evaluation.sized is not None:
        unit = evaluation.sized.attrs["units"]["reference_size"]
        figures["agreement"] = show_sizes({evaluation.result: evaluation.sized}, unit)
        figures["agreement"].set_size_inches(_WIDTH, _HEIGHT)
    return {name: _png(figure) for name, figure in figures.items()}


def _png(figure: Picture) -> bytes:
    file = io.BytesIO()
    # Without the version of what draws it: it does not change a pixel.
    figure.savefig(file, format="png", dpi=110, metadata={"Software": None})
    return file.getvalue()


def _axes(width: float = _WIDTH) -> tuple[Picture, Any]:
    figure = Picture(figsize=(width, _HEIGHT), layout="constrained")
    axes: Any = figure.add_subplot()
    dress(axes, PlotColours())
    return figure, axes


def _curve(evaluation: Evaluation, column: str, title: str) -> Picture:
    """Draw a line per image and their mean."""
    assert evaluation.curve is not None
    figure, axes = _axes()
    # The images of a movie are one line.
    table = evaluation.curve.groupby(["image", "overlap"], sort=False)[column].mean().reset_index()
    for _, rows in table.groupby("image", sort=False):
        axes.plot(rows["overlap"], rows[column], color=_LIGHT, lw=1)
    mean = table.groupby("overlap")[column].mean()
    axes.plot(mean.index, mean.to_numpy(), "o-", color=_DARK, lw=2, ms=4, label="mean of images")
    axes.set(xlabel="least intersection over union", ylabel=title, ylim=(-0.02, 1.02))
    axes.legend(frameon=False, loc="upper right")
    return figure


def _scores(evaluation: Evaluation) -> Picture:
    """Draw the first score of each image, the best on the left."""
    column = evaluation.columns[0]
    names = evaluation.worst_first()[::-1]
    values = evaluation.images.set_index("image")[column.name].loc[names].to_numpy(np.float64)
    are_named = len(names) <= _MOST_NAMES
    figure, axes = _axes(min(max(_WIDTH, 0.35 * len(names)), 14))
    axes.plot(np.arange(len(names)), values, "o", color=_DARK, ms=5)
    row = evaluation.summary.iloc[0]
    axes.axhline(row["mean"], color=_ACCENT, lw=1.2, label="mean")
    if np.isfinite([row["mean_low"], row["mean_high"]]).all():
        axes.axhspan(
            row["mean_low"],
            row["mean_high"],
            color=_ACCENT,
            alpha=0.15,
            lw=0,
            label="95 % interval",
        )
    axes.set(ylabel=titles_of(evaluation.columns)[column.name])
    if column.scoring.range == Range(0, 1):
        axes.set_ylim(-0.02, 1.02)
    if are_named:
        shown = [name if len(name) <= 24 else f"{name[:23]}…" for name in names]
        # A dollar sign begins a formula otherwise.
        axes.set_xticks(range(len(names)), [name.replace("$", r"\$") for name in shown])
        axes.tick_params(axis="x", rotation=90, labelsize=8)
    else:
        axes.set(xlabel="images, the best first")
    axes.legend(frameon=False, fontsize=8)
    return figure


def _sizes(evaluation: Evaluation) -> Picture:
    """Draw the recall of groups of objects."""
    table = evaluation.sizes
    assert table is not None
    figure, axes = _axes()
    places = np.arange(len(table))
    bars = axes.bar(places, table["recall"], color=_DARK, width=0.7)
    counts = [f"{row.found} of {row.objects}" for row in table.itertuples()]
    axes.bar_label(bars, counts, fontsize=8, padding=2)
    ends = table[["smallest", "largest"]].to_numpy(np.float64).tolist()
    limits = [
        short_number(low) if low == high else f"{short_number(low)} to\n{short_number(high)}"
        for low, high in ends
    ]
    axes.set_xticks(places, limits, fontsize=8)
    axes.set_xlim(-0.5, max(len(table), 4) - 0.5)
    unit = table.attrs.get("units", {}).get("smallest", "")
    axes.set(xlabel=f"size of the annotated object [{unit}]", ylabel="recall", ylim=(0, 1.12))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    return figure
