"""Say something on the command line, and how it ended."""

from __future__ import annotations

import sys

__all__ = ["FAILED", "OK", "WRONG", "say", "warn", "write"]

OK, FAILED, WRONG = 0, 1, 2
"""Exit codes: all done; something failed or was interrupted; the call or a file is wrong."""


def say(problem: object, code: int) -> int:
    """Print one line about a problem; return the exit code."""
    _line("error", problem)
    return code


def warn(text: object) -> None:
    """Print one line about what a person should know."""
    _line("warning", text)


def write(text: str = "") -> None:
    """Print a line of what was asked for."""
    print(text)  # noqa: T201


def _line(what: str, text: object) -> None:
    print(f"napari-delineate: {what}: {' '.join(str(text).split())}", file=sys.stderr)  # noqa: T201
