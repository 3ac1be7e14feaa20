"""The labels that are proofread, and their review, which follows all edits of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray
from qtpy.QtCore import QObject, QTimer, Signal

from napari_delineate._napari.beside import Beside
from napari_delineate._napari.inspection import Box, Inspection, Inspector, OrderAsked, inspect
from napari_delineate._napari.layers import LayerError, axes_of, level_0, to_value
from napari_delineate._napari.review_record import ReviewRecord
from napari_delineate._napari.scales import make_changes
from napari_delineate._napari.session import Session
from napari_delineate.annotation.edits import Edit, change_of
from napari_delineate.axes import looped_axes
from napari_delineate.proofreading import Edited, Review, State, begin
from napari_delineate.proofreading_report import report
from napari_delineate.review_edits import Frame, Key, frames_of, spots_of
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

    def __init__(self, parent: QObject, session: Session) -> None:
        super().__init__(parent)
        self._session = session
        self._record = ReviewRecord(session)
        self.layer: Labels | None = None
        self.review = Review()
        self.axes = ""
        """The letters of the axes of the labels."""
        self.boxes: dict[Key, Box] = {}
        self.values: dict[Key, float] = {}
        """What objects are ordered by."""
        self.problem = ""
        """Why decisions are not in the workflow; empty if they are."""
        self._sizes: dict[Key, int] = {}
        self._value: Value | None = None
        self._known: NDArray[Any] | None = None  # the labels that the review is about
        self._kept: Review | None = None  # a review to go on with, once the labels are known
        self._recorded: Review | None = None  # what the workflow says of these labels
        self._ours: dict[int, Review] = {}  # what it said and we know to be of these labels
        self._is_recording = False
        self._is_unreadable = False
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
        session.changed.connect(self._on_session)

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
        self.layer, self.review, self.axes = layer, Review(), ""
        self._known = self._value = self._asked = self._kept = self._recorded = None
        self.boxes, self.values, self._sizes, self._ours = {}, {}, {}, {}
        self.problem = ""
        if layer is not None:
            self._recorded = self._record.of(layer)
            for emitter in _emitters(layer):
                emitter.connect(self._on_edit)

    def stop(self) -> None:
        """Follow labels and session no longer."""
        self.watch(None)
        self._session.changed.disconnect(self._on_session)

    def put_in_order(self, order: Order, *, is_reversed: bool, beside: Beside | None) -> None:
        """Put the objects into an order, in the background.

        Parameters
        ----------
        order : str
            One of `napari_delineate.review_orders.ORDERS`.
        is_reversed : bool
            Whether the last comes first.
        beside : Beside or None
            What of an image or of other labels the order needs.
        """
        is_labels = order == "disagreement"
        image, other = (None, beside) if is_labels else (beside, None)
        self._asked = OrderAsked(order, is_reversed, image, other)
        self._inspect()

    def judge(self, key: Key, state: State, *, who: str, when: str, comment: str) -> None:
        """Note a decision about an object, which can be undone.

        Parameters
        ----------
        key : Key
            The object.
        state : str
            What was decided.
        who, when, comment : str
            Who decided, when and why.
        """
        self.review = self.review.judged(key, state, who=who, when=when, comment=comment)
        self.review = self.review.spotted(self._spots([key]))
        self._decided()

    def reject(self, key: Key, *, who: str, when: str, comment: str) -> bool:
        """Delete an object and note that, as one change; False where that is not possible."""
        layer = self.layer
        if layer is None:
            return False
        frame, number = self.review.entry(key).frame, self.review.entry(key).number
        box = _with_frame(self.axes, frame, _slices(self.boxes[key]))
        spots = self._spots([key])
        with suppress(LayerError):  # it is said when the decision is recorded
            self._recording(lambda: self._record.begin(layer))
        try:
            held = np.asarray(level_0(layer)[box])
            if not (held == number).any():
                raise ValueError("it is not there any more")
            erased = Edit(box, np.where(held == number, 0, held).astype(held.dtype))
            make_changes(layer, [change_of(level_0(layer), erased)])
        except (TypeError, ValueError, OSError, AttributeError) as error:
            self.failed.emit(f"Object {number} can not be deleted from {layer.name!r}: {error}")
            return False
        self.review = self.review.judged(key, "rejected", who=who, when=when, comment=comment)
        self.review = self.review.spotted(spots)
        self._decided(f"Reject object {number} of {layer.name}")
        return True

    def resume(self, stored: Review) -> None:
        """Go on with a review of labels like these that was saved.

        Raises
        ------
        ValueError
            If it is of other labels.
        """
        if self._known is None:
            return
        order = [one.key for one in self.review.entries]
        self.review = stored.attached(self._known, self.axes).ordered(order)
        self._ours = {}  # its objects are counted in another way
        self._decided()
        self.changed.emit(None)

    def start_over(self) -> None:
        """Begin a new review of the labels as they are, in the same order."""
        self.review = self.review.anew()
        if self.layer is not None and self._known is not None:
            self._first[self.layer.unique_id] = self._known
        self._decided()
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
        self._reporter.ask(partial(report, self.review, first, known, pixel, unit, self.axes))

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
        self._value = value
        known = self._known
        if known is not None and known.shape != value.data.shape:
            known = None
        if self._known is None:
            self._kept = self._review_kept(self.layer)
        self._inspector.ask(partial(_look_through, value, known, self._asked, self._kept))

    def _on_inspected(self, found: Inspection | None) -> None:
        if found is None or self.layer is None:
            return  # nothing was edited
        is_first, self._known, self.boxes = self._known is None, found.labels, found.boxes
        self.axes, self._sizes = found.axes, found.sizes
        self._fingerprint, edited = found.fingerprint, found.edited
        if found.review is not None or found.problem:
            self._kept = None
        if is_first:
            self.review = self._stored(self.layer, found)
        elif found.review is not None:
            self.review, self._ours = found.review, {}
            if self._recorded is not None:
                self._is_ours(self._recorded)
        elif found.problem:
            self.failed.emit(f"The review of {self.layer.name!r} can not be read: {found.problem}")
        elif edited is None:  # labels of another shape
            self.review = replace(self.review.among(found.boxes), shape=found.labels.shape)
        else:
            self.review = self.review.followed(edited)
        noted = [one for one in self.review.entries if one.is_noted and not one.gone]
        self.review = self.review.spotted(self._spots([one.key for one in noted]))
        if found.ranking is not None:
            self._asked = None
            keys = found.ranking.keys()
            self.values = dict(zip(keys, found.ranking.values.tolist(), strict=False))
            self.review = self.review.ordered(keys)
        elif edited is not None:
            self.values = _renamed(self.values, edited)
        self._follow()
        self._keeps.start()
        self.changed.emit(edited)

    def _review_kept(self, layer: Labels) -> Review | None:
        """Return the review that the workflow or the layer has."""
        recorded = self._record.of(layer)
        if recorded is not None and recorded.entries:
            return recorded
        try:
            held = layer.metadata.get(METADATA)
            return None if held is None else Review.from_dict(held)
        except ValueError as error:
            self._is_unreadable = True
            self.failed.emit(f"The review of {layer.name!r} can not be read: {error}")
        return None

    def _stored(self, layer: Labels, found: Inspection) -> Review:
        """Return the review that the layer or labels like these have, or a new one."""
        if self._is_unreadable:
            self._unreadable.add(found.fingerprint)
            self._is_unreadable = False
        else:
            try:
                if found.problem:
                    raise ValueError(found.problem)
                review = found.review
                if review is None:  # a workflow that is opened may come after its layers
                    self._recorded = recorded = self._record.of(layer)
                    is_known = recorded is not None and bool(recorded.entries)
                    known = recorded if is_known else recall_review(found.fingerprint)
                    review = known and known.attached(found.labels, found.axes)
                if review is not None and review.notable().entries:
                    if self._recorded is not None:
                        self._is_ours(self._recorded)
                    self.resumed.emit()
                    return review
            except (OSError, ValueError) as error:
                self._unreadable.add(found.fingerprint)
                self.failed.emit(f"The review of {layer.name!r} can not be read: {error}")
        self._first[layer.unique_id] = found.labels
        return begin(found.boxes, found.labels.shape)

    # The workflow

    def _decided(self, title: str = "") -> None:
        """Record what was decided, under the title of what was deleted with it."""
        layer, notable = self.layer, self.review.notable()
        self._keeps.start()
        if layer is None:
            return
        self._is_ours(notable)
        self.problem = ""
        try:
            if title:
                self._recording(lambda: self._record.delete(layer, notable, title))
            else:
                self._recording(lambda: self._record.decide(layer, notable))
        except LayerError as error:
            self.problem = f"Decisions are kept, but not in the workflow: {error}."

    def _follow(self) -> None:
        """Let the workflow know what became of objects that were decided about."""
        layer, notable = self.layer, self.review.notable()
        if layer is None or self._record.of(layer) is None or notable == self._recorded:
            return
        self._is_ours(notable)
        self._recording(lambda: self._record.follow(layer, notable))

    def _is_ours(self, review: Review) -> None:
        self._recorded = review
        self._ours[id(review)] = review

    def _recording(self, record: Callable[[], None]) -> None:
        """Record something ourselves, which is no news."""
        self._is_recording = True
        try:
            record()
        finally:
            self._is_recording = False

    def _on_session(self) -> None:
        """Take what was decided at another time where that is undone or made again."""
        layer = self.layer
        if layer is None or self._is_recording or not self.is_known:
            return
        recorded = self._record.of(layer)
        if recorded is self._recorded:
            return
        self._recorded = recorded
        if recorded is None or not recorded.entries or id(recorded) in self._ours:
            self.review = self.review.with_decisions(recorded or Review())
            self._keeps.start()
            self.changed.emit(None)
        else:  # nobody knows of which labels it is
            self._kept = recorded
            self._inspect()

    def _spots(self, keys: list[Key]) -> dict[Key, tuple[int, tuple[int, ...]]]:
        """Return how many pixels objects have, and some of them, where that is another news."""
        if self._known is None:
            return {}
        found = {}
        planes = dict(frames_of(self._known, self.axes))
        for key in keys:
            entry = self.review.entry(key)
            plane = planes[entry.frame]
            places = np.array(entry.spots, np.int64)
            is_there = entry.size == self._sizes[key] and bool(len(places))
            if is_there and (plane.reshape(-1)[places] == entry.number).all():
                continue
            some = spots_of(plane, entry.number, _slices(self.boxes[key]))
            found[key] = self._sizes[key], some
        return found

    def _keep(self) -> None:
        """Keep the review with its layer, and for labels like these."""
        self._keeps.stop()
        if self.layer is None or not self.is_known:
            return
        has_kept = METADATA in self.layer.metadata
        if not self.review.seen and not has_kept:
            return  # nothing was decided yet
        notable = self.review.notable()  # of all others there is nothing to keep
        self.layer.metadata[METADATA] = notable.to_dict()
        if self._fingerprint not in self._unreadable:
            try:
                keep_review(self._fingerprint, notable)
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


def _slices(box: Box) -> tuple[slice, ...]:
    return tuple(slice(first, last + 1) for first, last in zip(*box, strict=True))


def _with_frame(axes: str, frame: Frame, box: tuple[slice, ...]) -> tuple[slice, ...]:
    """Return where a box in space of a frame is in the whole array."""
    loops, sides = iter(frame), iter(box)
    looped = looped_axes(axes)
    return tuple(
        slice(place := next(loops), place + 1) if letter in looped else next(sides)
        for letter in axes
    )


def _renamed(values: dict[Key, float], edited: Edited) -> dict[Key, float]:
    """Return values by the numbers that objects have now."""
    if all(one == other for one, other in edited.now.items()):
        return values
    return {edited.now.get(one, one): value for one, value in values.items()}


def _look_through(
    value: Value, known: NDArray[Any] | None, asked: OrderAsked | None, kept: Review | None
) -> Inspection | None:
    """Look through labels that may be edited meanwhile; None where they are as they were."""
    # What is edited while it is copied is announced, and looked at again.
    labels = np.array(value.data)
    is_asked = asked is not None or kept is not None
    if known is not None and not is_asked and np.array_equal(labels, known):
        return None
    return inspect(labels, value.axes, value.spacing, known, asked, kept)
