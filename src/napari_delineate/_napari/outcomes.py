"""Bring what went wrong in a thread back as a value.

A thread of napari that returns or raises an exception raises it again where nobody can say it in
place, and after a RuntimeError it never says that it has finished.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

__all__ = ["Outcome", "outcome_of"]


class Outcome(NamedTuple):
    """Hold what a job returned, or the exception that it raised."""

    found: Any = None
    error: Exception | None = None

    @property
    def sentence(self) -> str:
        """What went wrong, in words; empty where nothing did."""
        return "" if self.error is None else str(self.error) or type(self.error).__name__


def outcome_of(job: Callable[..., Any], *arguments: Any) -> Outcome:
    """Do a job in a thread.

    Parameters
    ----------
    job : callable
        The job.
    *arguments
        What it takes.

    Returns
    -------
    Outcome
        What came of it.

    Examples
    --------
    >>> outcome_of(int, "7").found, outcome_of(int, "x").sentence
    (7, "invalid literal for int() with base 10: 'x'")
    """
    try:
        return Outcome(job(*arguments))
    except Exception as error:
        return Outcome(error=error)
