"""Make Ctrl+C count even where a library catches it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["noticed_interrupts"]


@contextmanager
def noticed_interrupts() -> Iterator[Callable[[], None]]:
    """Remember Ctrl+C while a block runs.

    Some libraries try to import others and go on whatever that raises; a Ctrl+C in that
    moment would be lost.

    Yields
    ------
    callable
        Raises KeyboardInterrupt if Ctrl+C was pressed in the block; to be called between
        the parts of the work.

    Examples
    --------
    >>> with noticed_interrupts() as check:
    ...     check()
    """
    pressed = threading.Event()

    def note(*_: Any) -> None:
        pressed.set()
        raise KeyboardInterrupt

    def check() -> None:
        if pressed.is_set():
            raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    # Only the main thread may change it; what runs in the background can ignore Ctrl+C.
    is_usual = before is signal.default_int_handler
    if not (is_usual and threading.current_thread() is threading.main_thread()):
        yield check
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, before)
