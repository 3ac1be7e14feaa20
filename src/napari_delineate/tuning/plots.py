"""Draw how a search went on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from napari_delineate.tuning.goals import Goal
from napari_delineate.tuning.search import Trial

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_history"]


def draw_history(axes: Axes, trials: Sequence[Trial], goal: Goal, ink: Any = "C0") -> None:
    """Draw the score of each trial, and the best score so far.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where it is drawn; what was there is cleared.
    trials : sequence of Trial
        Trials in their order; those that failed have no point.
    goal : Goal
        Says which way is better.
    ink : matplotlib colour
        The colour of points and line.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> axes = Figure().subplots()
    >>> tried = [Trial(0, {}, 0.5, 0.1), Trial(1, {}, 0.4, 0.1), Trial(2, {}, 0.7, 0.1)]
    >>> draw_history(axes, tried, Goal("metrics.dice"))
    >>> [float(score) for score in axes.lines[0].get_ydata()]
    [0.5, 0.5, 0.7]
    """
    axes.clear()
    scored = [trial for trial in trials if not trial.reason]
    numbers: list[int] = []
    best: list[float] = []
    for trial in scored:
        numbers.append(trial.number)
        better = not best or goal.merit(trial.score) > goal.merit(best[-1])
        best.append(trial.score if better else best[-1])
    axes.scatter(numbers, [trial.score for trial in scored], s=8, color=ink, alpha=0.5)
    axes.plot(numbers, best, color=ink, drawstyle="steps-post")
    axes.set_xlabel("Trial")
    axes.set_ylabel(f"{goal.title}\n({goal.scoring.better} is better)")
    axes.locator_params("x", integer=True)
