"""Spare Python the search for garbage while it makes millions of lists that are none."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

__all__ = ["garbage_kept"]


@contextlib.contextmanager
def garbage_kept() -> Iterator[None]:
    """Look for no garbage in the block: JSON of many outlines is read twice as fast."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
