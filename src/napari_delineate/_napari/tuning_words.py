"""Say in a few sentences what a search has found, and what to make of it."""

from __future__ import annotations

import math

from napari_delineate.tuning import Tuned
from napari_delineate.wording import spaced

__all__ = ["found_in_words"]

_ONE_IMAGE = "Fitted to this image alone: look at others before you trust it."
_NONE_ASIDE = "No image was kept aside: look at others before you trust it."


def found_in_words(found: Tuned) -> str:
    """Say what a search has found.

    Parameters
    ----------
    found : Tuned
        What it found.

    Returns
    -------
    str
        The scores before and now, whether bounds are too narrow, and what images that were
        kept aside tell.
    """
    failed = sum(bool(trial.reason) for trial in found.trials)
    tried = f"{len(found.trials)} trials" + (f", {failed} refused" if failed else "")
    before = _words(found.before)
    if found.best.number == 0:
        sentences = [f"Nothing better than now, {before}, in {tried}."]
    else:
        now = f"{_words(found.after)} in trial {found.best.number} of {tried}"
        sentences = [f"{before} before, {now}."]
        values = found.best.parameters
        ends = [
            spaced(one.setting)
            for one in found.tuned
            if one.name in values and one.is_at_bound(values[one.name])
        ]
        if ends:
            sentences.append(f"Widen the bounds of {', '.join(ends)}: the best lies there.")
    if found.held_out:
        sentences.append(_aside(found))
    elif found.best.number > 0:
        sentences.append(_ONE_IMAGE if len(found.fitted) == 1 else _NONE_ASIDE)
    return " ".join(sentences)


def _aside(found: Tuned) -> str:
    """Say what the images kept aside tell."""
    if found.is_cancelled:
        return "Cancelled, so that the images kept aside were not scored."
    before, after = found.held_out_before, found.held_out_after
    if found.best.number == 0:
        return f"{_words(before)} on what was kept aside."
    is_worse = found.goal.merit(after) < found.goal.merit(before)
    worse = " That is worse: they fit the other images only." if is_worse else ""
    return f"On what was kept aside {_words(before)} before, {_words(after)} now.{worse}"


def _words(score: float) -> str:
    return "refused" if math.isnan(score) else f"{score:#.4g}"
