"""Look through labels in the background: what was edited, where objects are, in which order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from napari.qt.threading import create_worker
from numpy.typing import NDArray
from qtpy.QtCore import QObject, Signal

from napari_delineate.arrays import convert
from napari_delineate.object_properties import find_objects
from napari_delineate.proofreading import Edited, find_edits
from napari_delineate.review_orders import Order, Ranking, rank
from napari_delineate.types import Kind
from napari_delineate.values import fingerprint

__all__ = ["Box", "Inspection", "Inspector", "OrderAsked", "inspect"]

Box = tuple[list[int], list[int]]
"""The first and the last pixel of an object along each axis."""


@dataclass(frozen=True)
class OrderAsked:
    """Say in which order objects are wanted.

    Attributes
    ----------
    order : str
        One of `napari_delineate.review_orders.ORDERS`.
    is_reversed : bool
        Whether the last comes first.
    image, other : ndarray or None
        What the order needs beside the labels.
    """

    order: Order
    is_reversed: bool = False
    image: NDArray[Any] | None = None
    other: NDArray[Any] | None = None


@dataclass(frozen=True)
class Inspection:
    """Hold what was found out about labels.

    Attributes
    ----------
    labels : ndarray of int
        The labels looked at.
    boxes : dict of int to Box
        Where each object is.
    fingerprint : str
        That of the labels.
    edited : Edited or None
        What became of the objects that were known, None if none were.
    ranking : Ranking or None
        The order that was asked for.
    """

    labels: NDArray[Any]
    boxes: dict[int, Box]
    fingerprint: str
    edited: Edited | None
    ranking: Ranking | None


def inspect(
    labels: NDArray[Any],
    spacing: tuple[float, ...],
    known: NDArray[Any] | None,
    asked: OrderAsked | None,
) -> Inspection:
    """Look through labels.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        The labels.
    spacing : tuple of float
        Voxel size per axis.
    known : ndarray of int, same shape, or None
        What they were when they were looked at last.
    asked : OrderAsked or None
        The order that is wanted.

    Returns
    -------
    Inspection
        What was found out.

    Raises
    ------
    TypeError, ValueError
        If these are no labels, or the order can not be had; the message says why.
    """
    clean = convert(labels, Kind.LABELS, "labels")
    objects = find_objects(clean)
    numbers = objects.numbers.tolist()
    ends = zip(objects.starts.tolist(), (objects.stops - 1).tolist(), strict=True)
    boxes = dict(zip(numbers, ends, strict=True))
    edited = None if known is None else find_edits(known, clean)
    ranking = None
    if asked is not None:
        image = None if asked.image is None else convert(asked.image, Kind.IMAGE, "image")
        other = None if asked.other is None else convert(asked.other, Kind.LABELS, "other labels")
        ranking = rank(clean, asked.order, spacing, image=image, other=other)
        if asked.is_reversed:
            ranking = Ranking(ranking.numbers[::-1], ranking.values[::-1])
    return Inspection(np.asarray(clean), boxes, fingerprint(clean), edited, ranking)


class Inspector(QObject):
    """Do one thing at a time in a thread; of what is asked meanwhile, only the last is done.

    Signals
    -------
    started : something is being done
    found : what it returned, unless it was overtaken
    failed : a sentence
    ended : nothing is being done any more
    """

    started = Signal()
    found = Signal(object)
    failed = Signal(str)
    ended = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker: Any = None
        self._next: Callable[[], Any] | None = None
        self._is_dropped = False

    @property
    def running(self) -> bool:
        """Whether something is being done."""
        return self._worker is not None

    def ask(self, job: Callable[[], Any]) -> None:
        """Do something; what is under way is finished and forgotten."""
        if self._worker is not None:
            self._next = job
            return
        self._is_dropped = False
        self._worker = create_worker(
            _outcome_of,
            job,
            _start_thread=False,
            _connect={"returned": self._on_returned, "finished": self._on_finished},
        )
        self.started.emit()
        self._worker.start()

    def drop(self) -> None:
        """Forget what is under way, and what is asked."""
        self._next, self._is_dropped = None, True

    def _on_returned(self, outcome: _Outcome) -> None:
        if self._next is not None or self._is_dropped:
            return
        if outcome.error is None:
            self.found.emit(outcome.found)
        else:
            self.failed.emit(str(outcome.error) or type(outcome.error).__name__)

    def _on_finished(self) -> None:
        self._worker = None
        job, self._next = self._next, None
        if job is None:
            self.ended.emit()
        else:
            self.ask(job)


class _Outcome(NamedTuple):
    """Hold what a job returned or raised: napari raises exceptions that threads return."""

    found: Any = None
    error: Exception | None = None


def _outcome_of(job: Callable[[], Any]) -> _Outcome:
    """Do a job; this runs in a thread."""
    try:
        return _Outcome(job())
    except Exception as error:
        return _Outcome(error=error)
