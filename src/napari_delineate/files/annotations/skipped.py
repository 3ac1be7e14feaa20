"""Say what a file holds that labels can not."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path

__all__ = ["warn_of_skipped"]


def warn_of_skipped(path: Path, skipped: Mapping[str, int]) -> None:
    """Warn of shapes without an area, by what they are."""
    if skipped:
        kinds = ", ".join(f"{kind} ({number:,})" for kind, number in skipped.items())
        warnings.warn(f"{path}: shapes without an area are left out: {kinds}", stacklevel=4)
