"""The threshold of a background with few bright objects: its level and some deviations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from napari_delineate.thresholds.levels import Levels

__all__ = ["RobustBackground", "robust_background_level"]


@dataclass(frozen=True)
class RobustBackground:
    """Say how the background's level and its spread are estimated.

    Attributes
    ----------
    lower_outlier_fraction, upper_outlier_fraction : float
        Shares of the darkest and of the brightest pixels that are left out, below 1 together.
    average : {"mean", "median", "mode"}
        What stands for the level of the background.
    deviation : {"standard_deviation", "median_absolute_deviation"}
        What stands for its spread.
    number_of_deviations : float
        How many spreads the threshold lies above the level.
    """

    lower_outlier_fraction: float = 0.05
    upper_outlier_fraction: float = 0.05
    average: Literal["mean", "median", "mode"] = "mean"
    deviation: Literal["standard_deviation", "median_absolute_deviation"] = "standard_deviation"
    number_of_deviations: float = 2.0

    def __post_init__(self) -> None:
        together = self.lower_outlier_fraction + self.upper_outlier_fraction
        if together >= 1:
            raise ValueError(
                "lower_outlier_fraction and upper_outlier_fraction must be less than 1 together, "
                f"or no pixel is left; got {self.lower_outlier_fraction} and "
                f"{self.upper_outlier_fraction}"
            )


def robust_background_level(levels: Levels, settings: RobustBackground) -> float:
    """Return a level some deviations above the average of all but the outliers.

    Parameters
    ----------
    levels : Levels
        The intensities.
    settings : RobustBackground
        What is left out, and what stands for level and spread.

    Returns
    -------
    float
        The level; the only intensity where all are equal, or are so without the outliers.

    Notes
    -----
    The mode is the centre of the fullest of as many bins as the root of the number of pixels.
    CellProfiler instead takes that bin's place as a percentile.
    """
    number = float(levels.counts.sum())
    first = round(number * settings.lower_outlier_fraction)
    last = number - round(number * settings.upper_outlier_fraction)
    until = np.clip(np.cumsum(levels.counts), first, last)
    counts = np.diff(until, prepend=first)
    kept = Levels(levels.values[counts > 0], counts[counts > 0])
    if len(kept.values) == 0 or kept.is_constant:
        return float(kept.values[0] if len(kept.values) else _median(levels))
    average = {"mean": _mean, "median": _median, "mode": _mode}[settings.average](kept)
    deviation = {
        "standard_deviation": _standard_deviation,
        "median_absolute_deviation": _median_absolute_deviation,
    }[settings.deviation](kept)
    return average + settings.number_of_deviations * deviation


def _mean(levels: Levels) -> float:
    return float(np.average(levels.values, weights=levels.counts))


def _standard_deviation(levels: Levels) -> float:
    squares = (levels.values - _mean(levels)) ** 2
    return float(np.sqrt(np.average(squares, weights=levels.counts)))


def _median(levels: Levels) -> float:
    until = np.cumsum(levels.counts)
    number = until[-1]
    middle = np.searchsorted(until, [(number - 1) // 2, number // 2], side="right")
    return float(levels.values[middle].mean())


def _median_absolute_deviation(levels: Levels) -> float:
    distances = np.abs(levels.values - _median(levels))
    order = np.argsort(distances)
    return _median(Levels(distances[order], levels.counts[order]))


def _mode(levels: Levels) -> float:
    counts, centres = levels.histogram(int(np.ceil(np.sqrt(levels.counts.sum()))))
    return float(centres[np.argmax(counts)])
