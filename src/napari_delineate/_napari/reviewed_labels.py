"""The labels that are proofread, and their review, which follows all edits of them."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

import numpy as np
from napari.layers import Labels, Layer
from numpy.typing import NDArray
from qtpy.QtCore import QObject, QTimer, Signal

from napari_delineate._napari.inspection import Box, Inspection, Inspector, OrderAsked, inspect
from napari_delineate._napari.layers import LayerError, axes_of, level_0, to_value
from napari_delineate._napari.scales import make_changes
from napari_delineate.annotation.edits import Edit, change_of
from napari_delineate.axes import looped_axes
from napari_delineate.proofreading import Edited, Review, State, begin
from napari_delineate.proofreading_report import report
from napari_delineate.review_orders import Order
from napari_delineate.review_store import keep_review, recall_review
from napari_delineate.types import Kind
from napari_delineate.values import Value
from napari_delineate.wording import unit_symbol

__all__ = ["METADATA", "ReviewedLabels"]

METADATA = "napari_delineate review"
"""The entry of a layer's metadata that holds its review."""

_PAUSE = 250
"""Milliseconds for which nothing may be edited before labels are looked through again."""


class ReviewedLabels(QObject):
    """Keep a review in step with a layer of labels, whoever edits it.

    Signals
    -------
    resumed : an earlier review of these labels is gone on with
    changed : Edited or None, what became of the objects: the review or where objects are changed
    reported : the report that was asked for
    failed : a sentence
    """

    resumed = Signal()
    changed = Signal(object)
    reported = Signal(object)
    failed = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.layer: Labels | None = None
        self.review = Review()
        self.boxes: dict[int, Box] = {}
        self.values: dict[int, float] = {}
        """What objects are ordered by."""
        self._value: Value | None = None
        self._known: NDArray[Any] | None = None  # the labels that the review is about
        self._first: dict[Any, NDArray[Any]] = {}  # unique_id -> labels when the review began
        self._fingerprint = ""  # that of the labels
        self._unreadable: set[str] = set()  # fingerprints of labels whose reviews are left alone
        self._asked: OrderAsked | None = None
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE)
        self._pause.timeout.connect(self._inspect)
        self._keeps = QTimer(self, singleShot=True, interval=_PAUSE)
        self._keeps.timeout.connect(self._keep)
        self._inspector = Inspector(self)
        self._inspector.found.connect(self._on_inspected)
        self._inspector.failed.connect(self.failed)
        self._reporter = Inspector(self)
        self._reporter.found.connect(self.reported)
        self._reporter.failed.connect(self.failed)

    @property
    def is_known(self) -> bool:
        """Whether the labels were looked through."""
        return self._known is not None

    @property
    def running(self) -> bool:
        """Whether something is being found out, or about to be."""
        return self._inspector.running or self._pause.isActive() or self._reporter.running

    def watch(self, layer: Labels | None) -> None:
        """Take other labels; nothing is known of them before an order is asked for.

        Parameters
        ----------
        layer : Labels or None
            The layer; None for none.
        """
        if self.layer is not None:
            self._keep()
            for emitter in _emitters(self.layer):
                emitter.disconnect(self._on_edit)
        self._pause.stop()
        self._inspector.drop()
        self.layer, self.review = layer, Review()
        self._known = self._value = self._asked = None
        self.boxes, self.values = {}, {}
        if layer is not None:
            for emitter in _emitters(layer):
                emitter.connect(self._on_edit)

    def put_in_order(self, order: Order, *, is_reversed: bool, beside: Layer | None) -> None:
        """Put the objects into an order, in the background.

        Parameters
        ----------
        order : str
            One of `napari_delineate.review_orders.ORDERS`.
        is_reversed : bool
            Whether the last comes first.
        beside : napari.layers.Layer or None
            The image or the labels that the order needs.
        """
        data = None if beside is None else level_0(beside)
        is_labels = order == "disagreement"
        image, other = (None, data) if is_labels else (data, None)
        self._asked = OrderAsked(order, is_reversed, image, other)
        self._inspect()

    def judge(self, number: int, state: State, who: str, comment: str) -> None:
        """Note a decision about an object, with the time.

        Parameters
        ----------
        number : int
            The object.
        state : str
            What was decided.
        who, comment : str
            Who decided, and why.
        """
        when = datetime.now().astimezone().isoformat(timespec="seconds")
        self.review = self.review.judged(number, state, who=who, when=when, comment=comment)
        self._keeps.start()

    def erase(self, number: int) -> bool:
        """Delete an object, as a stroke that can be undone; False where that is not possible."""
        layer = self.layer
        if layer is None:
            return False
        low, high = self.boxes[number]
        box = tuple(slice(first, last + 1) for first, last in zip(low, high, strict=True))
        try:
            held = np.asarray(level_0(layer)[box])
            erased = Edit(box, np.where(held == number, 0, held).astype(held.dtype))
            make_changes(layer, [change_of(level_0(layer), erased)])
        except (TypeError, ValueError, OSError, AttributeError) as error:
            self.failed.emit(f"Object {number} can not be deleted from {layer.name!r}: {error}")
            return False
        return True

    def resume(self, stored: Review) -> None:
        """Go on with a review of these labels that was saved."""
        self.review = stored.among(self.boxes)
        self._keeps.start()
        self.changed.emit(None)

    def start_over(self) -> None:
        """Begin a new review of the labels as they are, in the same order."""
        self.review = begin(one.number for one in self.review.entries if not one.gone)
        if self.layer is not None and self._known is not None:
            self._first[self.layer.unique_id] = self._known
        self._keeps.start()
        self.changed.emit(None)

    def ask_report(self) -> None:
        """Make the report in the background; `reported` has it."""
        value, known = self._value, self._known
        if self.layer is None or known is None or value is None:
            return
        first = self._first.get(self.layer.unique_id)
        if first is not None and first.shape != known.shape:
            first = None
        unit = unit_symbol(value.units, value.spacing, len(value.spacing))
        pixel = float(np.prod(value.spacing))
        self._reporter.ask(partial(report, self.review, first, known, pixel, unit))

    def _on_edit(self, _: Any = None) -> None:
        self._pause.start()

    def _inspect(self) -> None:
        """Look through the labels in the background."""
        if self.layer is None:
            return
        try:
            value = _value_of(self.layer)
        except LayerError as error:
            self.failed.emit(str(error))
            return
        if looped_axes(value.axes):
            self.failed.emit(
                f"Objects are looked at in 2D or 3D, {self.layer.name!r} has the axes "
                f"{', '.join(value.axes)}; take one place along the others first"
            )
            return
        self._value = value
        known = self._known
        if known is not None and known.shape != value.data.shape:
            known = None
        self._inspector.ask(partial(_look_through, value, known, self._asked))

    def _on_inspected(self, found: Inspection | None) -> None:
        if found is None or self.layer is None:
            return  # nothing was edited
        is_first, self._known, self.boxes = self._known is None, found.labels, found.boxes
        self._fingerprint, edited = found.fingerprint, found.edited
        if is_first:
            self.review = self._stored(self.layer, found)
        elif edited is None:  # labels of another shape
            self.review = self.review.among(found.boxes)
        else:
            self.review = self.review.followed(edited)
        if found.ranking is not None:
            self._asked = None
            numbers, values = (one.tolist() for one in found.ranking)
            self.values = dict(zip(numbers, values, strict=False))
            self.review = self.review.ordered(numbers)
        elif edited is not None:
            self.values = _renamed(self.values, edited)
        self._keeps.start()
        self.changed.emit(edited)

    def _stored(self, layer: Labels, found: Inspection) -> Review:
        """Return the review that the layer or labels like these have, or a new one."""
        try:
            held = layer.metadata.get(METADATA)
            review = recall_review(found.fingerprint) if held is None else Review.from_dict(held)
            if review is not None and review.seen:
                self.resumed.emit()
                return review.among(found.boxes)
        except (OSError, ValueError) as error:
            self._unreadable.add(found.fingerprint)
            self.failed.emit(f"The review of {layer.name!r} can not be read: {error}")
        self._first[layer.unique_id] = found.labels
        return begin(found.boxes)

    def _keep(self) -> None:
        """Keep the review with its layer, and for labels like these."""
        self._keeps.stop()
        if self.layer is None or not self.is_known:
            return
        has_kept = METADATA in self.layer.metadata
        if not self.review.seen and not has_kept:
            return  # nothing was decided yet
        self.layer.metadata[METADATA] = self.review.to_dict()
        if self._fingerprint not in self._unreadable:
            try:
                keep_review(self._fingerprint, self.review)
            except OSError as error:
                self.failed.emit(f"Decisions are not kept on disk: {error}")


def _value_of(layer: Labels) -> Value:
    """Return what a layer holds; three axes that nobody has named are taken as space."""
    if axes_of(layer) is not None or layer.ndim != 3:
        return to_value(layer)
    spacing = tuple(float(abs(size)) for size in layer.scale)
    return Value.of(level_0(layer), Kind.LABELS, "ZYX", spacing, str(layer.units[-1]))


def _emitters(layer: Labels) -> tuple[Any, ...]:
    # napari tells of its own undo by `set_data` alone.
    return layer.events.paint, layer.events.data, layer.events.set_data


def _renamed(values: dict[int, float], edited: Edited) -> dict[int, float]:
    """Return values by the numbers that objects have now."""
    if all(one == other for one, other in edited.now.items()):
        return values
    return {edited.now.get(one, one): value for one, value in values.items()}


def _look_through(
    value: Value, known: NDArray[Any] | None, asked: OrderAsked | None
) -> Inspection | None:
    """Look through labels that may be edited meanwhile; None where they are as they were."""
    # What is edited while it is copied is announced, and looked at again.
    labels = np.array(value.data)
    if known is not None and asked is None and np.array_equal(labels, known):
        return None
    return inspect(labels, value.spacing, known, asked)
