"""Look through labels in the background: what was edited, where objects are, in which order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from napari.qt.threading import create_worker
from numpy.typing import NDArray
from qtpy.QtCore import QObject, Signal

from napari_delineate._napari.beside import Beside
from napari_delineate._napari.outcomes import Outcome, outcome_of
from napari_delineate.arrays import convert
from napari_delineate.object_properties import find_objects
from napari_delineate.proofreading import Edited, Review
from napari_delineate.review_edits import Key, find_edits_in_frames, frames_of, key_of
from napari_delineate.review_orders import Order, Ranking, rank
from napari_delineate.types import Kind
from napari_delineate.values import fingerprint

__all__ = ["Box", "Inspection", "Inspector", "OrderAsked", "as_clean", "inspect"]

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
    image, other : Beside or None
        What the order needs beside the labels.
    """

    order: Order
    is_reversed: bool = False
    image: Beside | None = None
    other: Beside | None = None


@dataclass(frozen=True)
class Inspection:
    """Hold what was found out about labels.

    Attributes
    ----------
    labels : ndarray of int
        The labels looked at.
    axes : str
        The letters of their axes.
    boxes : dict of Key to Box
        Where each object is in space.
    sizes : dict of Key to int
        How many pixels each has.
    fingerprint : str
        That of the labels.
    edited : Edited or None
        What became of the objects that were known, None if none were.
    ranking : Ranking or None
        The order that was asked for.
    review : Review or None
        The review that was to be gone on with, of these labels.
    problem : str
        Why it can not be gone on with; empty if it can.
    """

    labels: NDArray[Any]
    axes: str
    boxes: dict[Key, Box]
    sizes: dict[Key, int]
    fingerprint: str
    edited: Edited | None
    ranking: Ranking | None
    review: Review | None
    problem: str


def inspect(
    labels: NDArray[Any],
    axes: str,
    spacing: tuple[float, ...],
    known: NDArray[Any] | None,
    asked: OrderAsked | None,
    kept: Review | None,
) -> Inspection:
    """Look through labels.

    Parameters
    ----------
    labels : ndarray of int
        The labels.
    axes : str
        The letters of their axes.
    spacing : tuple of float
        Voxel size per axis in space.
    known : ndarray of int, same shape, or None
        What they were when they were looked at last.
    asked : OrderAsked or None
        The order that is wanted.
    kept : Review or None
        A review to go on with, of labels that may have been made anew since.

    Returns
    -------
    Inspection
        What was found out.

    Raises
    ------
    TypeError, ValueError
        If these are no labels, or the order can not be had; the message says why.
    """
    clean = as_clean(labels, Kind.LABELS, "labels")
    boxes: dict[Key, Box] = {}
    sizes: dict[Key, int] = {}
    for frame, plane in frames_of(clean, axes):
        objects = find_objects(np.ascontiguousarray(plane))
        keys = [key_of(frame, number) for number in objects.numbers.tolist()]
        ends = zip(objects.starts.tolist(), (objects.stops - 1).tolist(), strict=True)
        boxes |= dict(zip(keys, ends, strict=True))
        sizes |= dict(zip(keys, objects.pixels.tolist(), strict=True))
    edited = None if known is None else find_edits_in_frames(known, clean, axes)
    review, problem = None, ""
    try:
        review = None if kept is None else kept.attached(clean, axes)
    except ValueError as error:
        problem = str(error)
    return Inspection(
        np.asarray(clean),
        axes,
        boxes,
        sizes,
        fingerprint(clean),
        edited,
        None if asked is None else _ranked(clean, axes, spacing, asked),
        review,
        problem,
    )


def as_clean(array: NDArray[Any], kind: Kind, name: str) -> NDArray[Any]:
    """Return an array as operations take it, whatever its axes; an error names it."""
    stack = array.reshape(-1, *array.shape[-2:]) if array.ndim > 3 else array
    return np.asarray(convert(stack, kind, name)).reshape(array.shape)


def _ranked(
    labels: NDArray[Any], axes: str, spacing: tuple[float, ...], asked: OrderAsked
) -> Ranking:
    """Return the objects in the order that was asked for."""
    image, other = (None if one is None else one.read() for one in (asked.image, asked.other))
    image = None if image is None else as_clean(image, Kind.IMAGE, "image")
    other = None if other is None else as_clean(other, Kind.LABELS, "other labels")
    ranking = rank(labels, asked.order, spacing, image=image, other=other, axes=axes)
    return ranking.reversed() if asked.is_reversed else ranking


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
            outcome_of,
            job,
            _start_thread=False,
            _connect={"returned": self._on_returned, "finished": self._on_finished},
        )
        self.started.emit()
        self._worker.start()

    def drop(self) -> None:
        """Forget what is under way, and what is asked."""
        self._next, self._is_dropped = None, True

    def _on_returned(self, outcome: Outcome) -> None:
        if self._next is not None or self._is_dropped:
            return
        if outcome.error is None:
            self.found.emit(outcome.found)
        else:
            self.failed.emit(outcome.sentence)

    def _on_finished(self) -> None:
        self._worker = None
        job, self._next = self._next, None
        if job is None:
            self.ended.emit()
        else:
            self.ask(job)
