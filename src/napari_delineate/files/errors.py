"""What goes wrong with files."""

from __future__ import annotations

__all__ = ["FileError"]


class FileError(ValueError):
    """Say which file is wrong, how, and what to do."""
