"""Show corrections whose objects are gone, and let a person say what becomes of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from napari.layers import Labels
from napari.qt.threading import create_worker
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QAbstractItemView, QLabel, QListWidget, QPushButton, QVBoxLayout, QWidget
from superqt import QFlowLayout

from napari_delineate._napari.anchors import APPLY, has_conflicts
from napari_delineate._napari.annotating.hand import Hand
from napari_delineate._napari.annotating.overlay import Overlay
from napari_delineate._napari.go_to import go_to
from napari_delineate._napari.layers import LayerError, place_of
from napari_delineate._napari.outcomes import Outcome, outcome_of
from napari_delineate.annotation import conflicts
from napari_delineate.annotation.conflicts import Conflict
from napari_delineate.axes import PLACES, looped_axes
from napari_delineate.types import Corrections

__all__ = ["CorrectionConflicts"]

_ROWS = 6


class _Open(NamedTuple):
    """A conflict, and the step and the labels that its corrections belong to."""

    step: str
    labels: str
    conflict: Conflict


class CorrectionConflicts(QWidget):
    """List the corrections of a result whose objects are gone since it was computed anew.

    Parameters
    ----------
    hand : Hand
        What is edited.

    Signals
    -------
    shown : whether there is a conflict
    failed : a sentence about what can not be done
    """

    shown = Signal(bool)
    failed = Signal(str)

    def __init__(self, hand: Hand) -> None:
        super().__init__()
        self._hand = hand
        self._open: list[_Open] = []
        self._job: object = None  # the last that was asked for
        self._overlay: Overlay | None = None
        self._layer: Labels | None = None
        text = QLabel(
            "These corrections are not applied: the objects they were made on are not there any "
            "more. Select one to see where its object was."
        )
        text.setWordWrap(True)
        self.list = QListWidget()
        self.list.setAccessibleName("Conflicts")
        self.list.setToolTip(
            "Corrections whose objects are gone; select one to go there, or several"
        )
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.currentRowChanged.connect(self._on_row)
        self.attach_button = QPushButton()
        self.attach_button.clicked.connect(self.attach)
        self.keep_button = QPushButton("Keep as painted")
        self.keep_button.setToolTip("Change the pixels that were changed, whatever is there now")
        self.keep_button.clicked.connect(self.keep)
        self.leave_button = QPushButton("Leave out")
        self.leave_button.setToolTip("Forget these corrections")
        self.leave_button.clicked.connect(self.leave_out)
        row_of_buttons = QWidget()
        buttons = QFlowLayout(row_of_buttons)
        buttons.setContentsMargins(0, 0, 0, 0)
        for button in (self.attach_button, self.keep_button, self.leave_button):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(text)
        column.addWidget(self.list)
        column.addWidget(row_of_buttons)
        hand.turned.connect(self._on_turned)
        hand.session.finished.connect(self._on_finished)
        self._on_turned()

    def stop(self) -> None:
        """Follow the hand no longer."""
        self._hand.turned.disconnect(self._on_turned)
        self._hand.session.finished.disconnect(self._on_finished)
        self._job = None
        self._leave()

    def chosen(self) -> list[_Open]:
        """Return the conflicts that are selected."""
        return [self._open[index.row()] for index in self.list.selectedIndexes()]

    def current(self) -> _Open | None:
        """Return the conflict that was selected last."""
        row = self.list.currentRow()
        return self._open[row] if 0 <= row < len(self._open) else None

    # What a person decides

    def attach(self) -> None:
        """Let the corrections concern the object that is selected in the layer."""
        layer, current = self._layer, self.current()
        if layer is not None and current is not None:
            number = int(layer.selected_label)

            def settle(corrections: Corrections, one: _Open) -> Corrections:
                results = self._hand.session.results
                if one.labels not in results:
                    raise ValueError(f"{one.labels} could not be computed; mend its step first")
                labels = np.asarray(results[one.labels].data)
                return conflicts.attach(corrections, one.conflict, labels, number)

            self._settle([current], settle, f"Attach corrections of object {{}} to object {number}")

    def keep(self) -> None:
        """Apply the corrections to the pixels on which they were made."""
        self._settle(
            self.chosen(),
            lambda corrections, one: conflicts.keep_as_painted(corrections, one.conflict),
            "Keep corrections of object {} as painted",
        )

    def leave_out(self) -> None:
        """Forget the corrections."""
        self._settle(
            self.chosen(),
            lambda corrections, one: conflicts.leave_out(corrections, one.conflict),
            "Leave out corrections of object {}",
        )

    def _settle(
        self, chosen: list[_Open], settle: Callable[[Corrections, _Open], Corrections], title: str
    ) -> None:
        session = self._hand.session
        session.record_edits(lenient=True)
        workflow = session.workflow
        for one in chosen:
            source = str(workflow.step(one.step).inputs["corrections"])
            described = workflow.inputs[source]
            value = session.store.get(str(described.version))
            try:
                value = replace(value, data=settle(value.data, one))
            except ValueError as error:
                self.failed.emit(str(error))
                return
            series = str(described.version).rpartition("@")[0]
            with session.store.titled(title.format(one.conflict.number)):
                version = session.store.put(series, value)
            workflow = workflow.add_input(source, replace(described, version=version))
        if chosen:
            session.apply(workflow)

    # What there is

    def _on_turned(self) -> None:
        self._leave()
        self._layer = self._hand.layer
        if self._layer is not None:
            self._layer.events.selected_label.connect(self._on_selected)
            self._on_selected()
        self._show([])
        self._look()

    def _leave(self) -> None:
        self._clear()
        if self._layer is not None:
            self._layer.events.selected_label.disconnect(self._on_selected)
            self._layer = None

    def _on_finished(self, _: Any) -> None:
        self._look()

    def _look(self) -> None:
        """Look for conflicts in the background, where a step has said that there are some."""
        session, layer = self._hand.session, self._layer
        name = None if layer is None else session.name_of(layer)
        jobs = []
        workflow, results = session.evaluated, session.results
        maker = None if name is None or name not in workflow.values else workflow.maker(name)
        while maker is not None and maker.operation == APPLY:
            labels, source = str(maker.inputs["labels"]), str(maker.inputs["corrections"])
            if has_conflicts(results, maker.name):
                corrections = session.store.get(str(workflow.inputs[source].version)).data
                axes = workflow.values[labels].axes
                looped = tuple(axes.index(letter) for letter in looped_axes(axes))
                jobs.append((maker.name, labels, results[labels].data, corrections, looped))
            maker = workflow.maker(labels)
        job = self._job = object()
        if not jobs:
            self._show([])
            return

        def on_found(outcome: Outcome) -> None:
            if self._job is not job:
                return  # something else was computed since
            if outcome.error is not None:
                self.failed.emit(outcome.sentence)
            else:
                self._show(outcome.found)

        create_worker(
            outcome_of, _conflicts, jobs, _start_thread=True, _connect={"returned": on_found}
        )

    def _show(self, found: list[_Open]) -> None:
        row = max(self.list.currentRow(), 0)
        self._open = found
        self.list.clear()
        axes = "" if self._layer is None or not found else place_of(self._layer).axes
        self.list.addItems([_text(one.conflict, axes) for one in found])
        if found:
            self.list.setCurrentRow(min(row, len(found) - 1))
            lines = min(len(found), _ROWS) + 0.5
            self.list.setFixedHeight(int(lines * self.list.sizeHintForRow(0)))
        else:
            self._clear()
        self.shown.emit(bool(found))

    def _on_selected(self, _: Any = None) -> None:
        number = 0 if self._layer is None else int(self._layer.selected_label)
        self.attach_button.setText(f"Attach to object {number}")
        self.attach_button.setToolTip(
            "Let these corrections concern the object that is selected in the layer; pick "
            "another one with napari's picker (L)"
        )
        self.attach_button.setEnabled(number > 0)

    def _on_row(self, _: int) -> None:
        one, layer = self.current(), self._layer
        if one is None or layer is None:
            self._clear()
            return
        box = _box_of(layer, one.conflict)
        frame = dict(one.conflict.frame)
        letters = {place_of(layer).axes[axis]: index for axis, index in frame.items()}
        free = [side for axis, side in enumerate(box) if axis not in frame]
        ends = [side.start for side in free], [side.stop - 1 for side in free]
        go_to(self._hand.viewer, layer, ends, letters)
        self._draw()

    def _draw(self) -> None:
        """Draw the outline of where the object was."""
        one, layer = self.current(), self._layer
        if one is None or layer is None or not self.isVisible():
            self._clear()
            return
        try:
            scene = self._hand.whole()
        except LayerError:
            self._clear()
            return
        if self._overlay is None:
            self._overlay = Overlay(self._hand.viewer, layer)
        box = _box_of(layer, one.conflict)
        places = np.unravel_index(one.conflict.was, scene.labels.shape)
        mask = np.zeros([side.stop - side.start for side in box], bool)
        mask[tuple(at - side.start for at, side in zip(places, box, strict=True))] = True
        self._overlay.outline(scene, box, mask)

    def _clear(self) -> None:
        if self._overlay is not None:
            self._overlay.remove()
            self._overlay = None

    def hideEvent(self, event: Any) -> None:  # noqa: N802
        """Draw nothing where nobody sees the list."""
        self._clear()
        super().hideEvent(event)

    def showEvent(self, event: Any) -> None:  # noqa: N802
        """Draw what is selected."""
        super().showEvent(event)
        self._draw()


def _conflicts(jobs: list[tuple[str, str, Any, Corrections, tuple[int, ...]]]) -> list[_Open]:
    return [
        _Open(step, name, conflict)
        for step, name, labels, corrections, looped in jobs
        for conflict in conflicts.conflicts_of(np.asarray(labels), corrections, looped)
    ]


def _box_of(layer: Labels, conflict: Conflict) -> tuple[slice, ...]:
    """Return the box of the layer in which an object was."""
    places = np.unravel_index(conflict.was, layer.data.shape)
    return tuple(slice(int(at.min()), int(at.max()) + 1) for at in places)


def _text(conflict: Conflict, axes: str) -> str:
    frame = "".join(
        f", {PLACES.get(axes[axis], axes[axis])} {index}" for axis, index in conflict.frame
    )
    return f"Object {conflict.number}{frame}: {conflict}"
