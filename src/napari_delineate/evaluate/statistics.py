"""Summarise the scores of many images: means, medians and how certain they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.evaluate.scores import Column
from napari_delineate.types import Quantity, Table

__all__ = [
    "DIFFERENT",
    "RESAMPLES",
    "SEED",
    "bootstrap",
    "in_pixels",
    "recall_of_sizes",
    "short_number",
    "summarize",
    "unit_of",
]

RESAMPLES = 9999
"""How many times images are drawn."""
SEED = 0
"""What the drawing starts from, so that the same scores give the same intervals."""
DIFFERENT = "units differ"
"""The unit of a distance or size that has not the same one in all images."""
_SIZES = ("reference_size", "label_size")
_AT_ONCE = 2**22  # numbers: what a batch of draws may hold


def bootstrap(
    values: NDArray[np.float64],
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> dict[str, tuple[float, float]]:
    """Return confidence intervals of the mean and the median: percentile bootstrap.

    Parameters
    ----------
    values : (N,) ndarray of float
        One number per image.
    confidence : float
        How probably the interval holds what all such images would give, 0 to 1.
    resamples : int
        How many times N of the values are drawn, with replacement.
    seed : int
        What the drawing starts from.

    Returns
    -------
    dict of str to tuple of float
        For "mean" and "median" the lower and the upper end; NaN for fewer than two values,
        and where an end lies between a number and infinity.

    Notes
    -----
    The ends are percentiles of what the draws give, interpolated linearly. Of few images
    the intervals are too narrow.

    References
    ----------
    .. [1] Efron and Tibshirani, "An introduction to the bootstrap", Chapman & Hall (1993),
           chapter 13.

    Examples
    --------
    >>> bootstrap(np.array([0.5, 0.5, 0.5]))
    {'mean': (0.5, 0.5), 'median': (0.5, 0.5)}
    """
    number = len(values)
    if number < 2:
        return {"mean": (np.nan, np.nan), "median": (np.nan, np.nan)}
    random = np.random.default_rng(seed)
    batch = max(_AT_ONCE // number, 1)
    means, medians = np.empty(resamples), np.empty(resamples)
    for start in range(0, resamples, batch):
        stop = min(start + batch, resamples)
        drawn = values[random.integers(0, number, (stop - start, number))]
        means[start:stop], medians[start:stop] = drawn.mean(axis=1), np.median(drawn, axis=1)
    tail = (1 - confidence) / 2
    with np.errstate(invalid="ignore"):  # between a number and infinity
        ends = [np.quantile(found, (tail, 1 - tail)) for found in (means, medians)]
    (low, high), (lower, upper) = ends
    return {"mean": (float(low), float(high)), "median": (float(lower), float(upper))}


def summarize(images: Table, columns: Sequence[Column]) -> Table:
    """Return mean, median and their confidence intervals of each score.

    Parameters
    ----------
    images : pandas.DataFrame
        A row per image, a column per score; `attrs["units"]` maps columns to units.
    columns : sequence of Column
        The scores.

    Returns
    -------
    pandas.DataFrame
        A row per score: `score` and its `unit`; `better`, which way is better; `images`, how
        many have a value; `mean`, `median` and the ends of their 95 % intervals; `lowest`,
        `highest`. Where units differ, there is no value: a mean would be a wrong number.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for column in columns:
        unit = images.attrs.get("units", {}).get(column.name, "")
        values = images[column.name].dropna().to_numpy(np.float64)
        if unit == DIFFERENT:
            values = values[:0]
        ends = bootstrap(values)
        row: dict[str, Any] = {"score": column.name, "unit": unit, "better": column.scoring.better}
        row["images"] = len(values)
        for name, compute in (("mean", np.mean), ("median", np.median)):
            row[name] = float(compute(values)) if len(values) else np.nan
            row[f"{name}_low"], row[f"{name}_high"] = ends[name]
        row["lowest"], row["highest"] = (
            (float(values.min()), float(values.max())) if len(values) else (np.nan, np.nan)
        )
        rows.append(row)
    return pd.DataFrame(rows)


def in_pixels(objects: Table, pixels: Mapping[str, float]) -> Table:
    """Return objects with sizes that can be compared where the units of their images differ.

    Parameters
    ----------
    objects : pandas.DataFrame
        The objects of all images, as `metrics.match_objects` lists them, with a column
        `image`.
    pixels : mapping of str to float
        The size of a pixel of each image.

    Returns
    -------
    pandas.DataFrame
        The same objects; their sizes are numbers of pixels.
    """
    counted = objects.copy()
    areas = objects["image"].map(pixels).to_numpy(np.float64)
    for name in _SIZES:
        counted[name] = np.rint(objects[name].to_numpy(np.float64) / areas)
    counted.attrs = {"units": dict.fromkeys(_SIZES, "pixels")}
    return counted


def recall_of_sizes(objects: Table, groups: int = 4) -> Table:
    """Return how many of the small and of the large objects of all images are found.

    Parameters
    ----------
    objects : pandas.DataFrame
        The objects of all images, as `metrics.match_objects` lists them.
    groups : int
        Into how many groups of about equal number they are put by size.

    Returns
    -------
    pandas.DataFrame
        A row per group: `smallest` and `largest` size, the number of `objects`, how many are
        `found`, and `recall`, 0 to 1.
    """
    import pandas as pd

    annotated = objects[objects["reference"] > 0]
    sizes = annotated["reference_size"].to_numpy(np.float64)
    limits = np.quantile(sizes, np.linspace(0, 1, groups + 1)[1:-1]) if len(sizes) else []
    table = pd.DataFrame(
        {
            "size": sizes,
            "found": (annotated["status"] == "matched").to_numpy(np.int64),
            "group": np.searchsorted(limits, sizes),
        }
    )
    grouped = table.groupby("group")
    sized = pd.DataFrame(
        {
            "smallest": grouped["size"].min(),
            "largest": grouped["size"].max(),
            "objects": grouped["size"].count(),
            "found": grouped["found"].sum(),
            "recall": grouped["found"].mean(),
        }
    ).reset_index(drop=True)
    unit = objects.attrs.get("units", {}).get("reference_size", "")
    sized.attrs["units"] = {"smallest": unit, "largest": unit}
    return sized


def unit_of(column: Column, units: str, ndim: int) -> str:
    """Return the unit of a score.

    Parameters
    ----------
    column : Column
        The score.
    units : str
        Unit of the voxel size.
    ndim : int
        Number of axes in space.

    Returns
    -------
    str
        For instance "micrometer²"; empty where there is none.
    """
    quantity = column.scoring.quantity
    if quantity is None or units == DIFFERENT:
        return "" if quantity is None else DIFFERENT
    return units + ("" if quantity is Quantity.LENGTH else {2: "²", 3: "³"}[ndim])


def short_number(value: float) -> str:
    """Return a number with four digits, or all of those before the point.

    Examples
    --------
    >>> short_number(0.33333), short_number(2.0), short_number(15187.5)
    ('0.3333', '2', '15188')
    """
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"
