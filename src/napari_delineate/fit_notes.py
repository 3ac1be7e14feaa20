"""Say in a sentence how a search led to the settings of a step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from napari_delineate import catalogue
from napari_delineate.catalogue import UnknownNameError
from napari_delineate.fits import ALGORITHM, Fit, Found
from napari_delineate.wording import value_in_words
from napari_delineate.workflow import Step, Workflow

__all__ = ["describe_fit"]

_MOST_NAMES = 5
_LONGEST = 60
_ANNOTATED = {"dense": "all objects", "sparse": "some objects", "scribbles": "strokes"}


def describe_fit(workflow: Workflow, step: Step) -> str:
    """Say how a search led to the settings of a step.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    step : Step
        One of its steps.

    Returns
    -------
    str
        A few sentences as Markdown on one line: the settings found and where they were looked
        for, the score, the images, the number of trials and the seed. Empty where no search
        led to the step, or where nothing is as it was found.
    """
    fit = step.fit
    if fit is None or not (names := fit.holds(step.operation, step.parameters)):
        return ""
    found = "; ".join(_found(workflow, step, name, fit.found[name]) for name in names)
    changed = "" if len(names) == len(fit.found) else " Other settings were changed since."
    before = "refused" if fit.before is None else f"{fit.before:.4g}"
    text = (
        f"Fitted to annotations ({_ANNOTATED.get(fit.annotation, fit.annotation)}) of "
        f"{_listed(fit.fitted)}: {found}.{changed} It is trial {fit.best} of {fit.trials} with the "
        f"seed {fit.seed}, scored by {_metric(fit)}: {before} before, {fit.after:.4g} with what "
        "was found."
    )
    if fit.held_out:
        scores = [
            "none" if one is None else f"{one:.4g}"
            for one in (fit.held_out_before, fit.held_out_after)
        ]
        text += f" Kept aside: {_listed(fit.held_out)}, {scores[0]} before, {scores[1]} after."
    return text


def _found(workflow: Workflow, step: Step, name: str, found: Found) -> str:
    if name == ALGORITHM:
        titles = ", ".join(_code(str(one)) for one in found.choices)
        return f"the algorithm, {_code(str(found.value))}, of {titles}"
    settings = {one.name: one for one in catalogue.find(step.operation).settings}

    def say(value: Any) -> str:
        if isinstance(value, str):
            return _code(value)
        return value_in_words(workflow, step.name, settings[name], value)

    if found.choices:
        return f"{_code(name)} = {say(found.value)}, of {', '.join(map(say, found.choices))}"
    return f"{_code(name)} = {say(found.value)}, from {say(found.low)} to {say(found.high)}"


def _metric(fit: Fit) -> str:
    try:
        title = catalogue.find(fit.metric).title
    except UnknownNameError:
        title = "a metric"
    settings = "".join(f", {_code(f'{name}={value!r}')}" for name, value in fit.settings.items())
    return f"{title} ({_code(f'{fit.metric}:{fit.score}')}{settings})"


def _listed(names: Sequence[str]) -> str:
    """List names, which are free texts; the first of them if they are many."""
    shown = ", ".join(_code(name) for name in names[:_MOST_NAMES])
    more = len(names) - _MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def _code(text: str) -> str:
    """Return any text as code in Markdown, which shows no markup in it."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text[:_LONGEST])
    return f"`{plain.replace('`', chr(39))}`"
