"""Measure how long the event loop of Qt stands still, with a timer that beats every 5 ms."""

from __future__ import annotations

import os
import statistics
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from qtpy.QtCore import QEventLoop, Qt, QTimer

_INTERVAL = 0.005
_LIMIT = 60.0


@dataclass(frozen=True)
class Beats:
    """Hold what was seen after something was done: seconds.

    Attributes
    ----------
    gap : time from one beat to the next at the worst, less the interval
    shown : until what was watched had the value that it kept; 0 if nothing was watched
    idle : until the first moment after which no gap was longer than 20 ms
    """

    gap: float
    shown: float
    idle: float


def watch(
    act: Callable[[], Any],
    look: Callable[[], Any] | None = None,
    *,
    is_done: Callable[[], bool] = lambda: True,
    quiet: float = 1.0,
) -> Beats:
    """Do something in the event loop, and watch until nothing changes for some time.

    Parameters
    ----------
    act : what is done, between two beats
    look : returns what is expected to change, in some microseconds
    is_done : whether nothing is under way
    quiet : seconds without a change after which it is over
    """
    loop, timer = QEventLoop(), QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    ticks: list[float] = []
    seen: list[tuple[float, Any]] = [(0.0, look() if look else None)]
    begun: list[float] = []

    def begin() -> None:
        begun.append(time.perf_counter())
        act()

    def tick() -> None:
        now = time.perf_counter()
        ticks.append(now)
        if not begun:
            return
        found = look() if look else None
        if found != seen[-1][1]:
            seen.append((now, found))
        changed = look is None or len(seen) > 1
        since = now - max(begun[0], seen[-1][0])
        if (changed and since > quiet and is_done()) or now - begun[0] > _LIMIT:
            loop.quit()

    timer.timeout.connect(tick)
    timer.start(round(1000 * _INTERVAL))
    QTimer.singleShot(50, begin)
    loop.exec()
    timer.stop()
    start = begun[0]
    if ticks[-1] - start > _LIMIT:
        raise TimeoutError(f"nothing has changed within {_LIMIT:.0f} s")
    pauses = [(b, b - a - _INTERVAL) for a, b in pairwise(ticks) if b > start]
    return Beats(
        max(gap for _, gap in pauses),
        max(seen[-1][0] - start, 0.0),
        max((end - start for end, gap in pauses if gap > 0.02), default=0.0),
    )


@contextmanager
def ending() -> Iterator[None]:
    """End the process with what is done, whatever threads still run and napari shows."""
    try:
        yield
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def summary(seconds: list[float]) -> dict[str, float]:
    """Return median, worst and best of some times."""
    return {
        "median": statistics.median(seconds),
        "worst": max(seconds),
        "best": min(seconds),
    }


def sample(layer: Any) -> Callable[[], bytes]:
    """Return a function that tells whether a layer shows other data; it is quick between."""
    known: list[bytes] = []

    def forget(_: Any) -> None:
        known.clear()

    def look() -> bytes:
        if not known:
            data = layer.data
            step = tuple(slice(3, None, max(1, size // 40)) for size in data.shape)
            known.append(data[step].tobytes())
        return known[0]

    layer.events.set_data.connect(forget)
    return look
