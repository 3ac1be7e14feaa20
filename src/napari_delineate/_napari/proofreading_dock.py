"""The Proofreading dock: look at the objects of labels one by one, and decide about each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import napari
import numpy as np
from napari.layers import Labels
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QVBoxLayout,
)

from napari_delineate._napari.go_to import go_to, index_along
from napari_delineate._napari.label_look import LabelLook
from napari_delineate._napari.preferences import ANNOTATOR, preference, set_preference
from napari_delineate._napari.proofreading_order import OrderChoice
from napari_delineate._napari.proofreading_parts import (
    KEYS,
    Decisions,
    ObjectsModel,
    ObjectsView,
)
from napari_delineate._napari.review_files import ReviewFiles
from napari_delineate._napari.reviewed_labels import ReviewedLabels
from napari_delineate._napari.session import Session
from napari_delineate._napari.sessions import session_of
from napari_delineate._napari.widgets import FocusRing, Message, shrink
from napari_delineate._napari.widgets.dock import Dock
from napari_delineate.axes import looped_axes
from napari_delineate.proofreading import Edited, Review, State
from napari_delineate.proofreading_report import summary
from napari_delineate.review_edits import Key, key_of
from napari_delineate.wording import as_sentence

__all__ = ["ProofreadingDock"]

_MOST_COLOURS = 500
"""Objects whose own colours are dimmed; more of them become grey, which takes no time."""

_NO_LABELS = "Open or draw labels to look through. Their objects are listed here one by one."
_NO_OBJECTS = "These labels have no objects."
_START = "Choose an object, or press . to begin with the first."
_LOOKING = "Looking through the labels…"
_FIX = "Correct object {number} with any tool; press {key} when it is right."
_LOCKED = "Object {number} is locked; unlock it in the Annotate dock to delete it."
_RESUMED = "Going on with an earlier review of these labels."
_ALL_SEEN = "All objects were seen."


class ProofreadingDock(Dock):
    """Look at the objects of labels in an order, and accept, fix or reject each.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        The viewer.
    """

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__()
        self.session: Session = session_of(napari_viewer)
        viewer, theme = self.session.viewer, self.session.viewer.theme
        self.reviewed = ReviewedLabels(self, self.session)
        self.number: Key | None = None  # the object that is looked at
        self._title = ""
        self._look: LabelLook | None = None
        self._is_fixing = False
        self._is_looking = False  # through the labels
        self._is_stopped = False
        self._paints = QTimer(self, singleShot=True, interval=0)
        self._paints.timeout.connect(self._paint)

        self.chosen = OrderChoice(self.session)
        self.labels, self.order = self.chosen.labels, self.chosen.order
        self.reverse, self.other = self.chosen.reverse, self.chosen.other
        self.message = Message()
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Objects seen")
        self.progress.setToolTip("How many objects were accepted, fixed or rejected")
        self.counts = QLabel()
        self.counts.setWordWrap(True)
        self.model = ObjectsModel(theme)
        self.list = ObjectsView(self.model)
        self.decisions = Decisions(theme, self._has_keys)
        self.keys = QCheckBox("Keys")
        self.keys.setToolTip("Let 8, 9, 0, comma and period do what the buttons say")
        self.keys.setChecked(True)
        self.others = QComboBox()
        shrink(self.others)
        self.others.addItems(["Shown", "Dimmed", "Hidden"])
        self.others.setCurrentText("Dimmed")
        self.others.setAccessibleName("Other objects")
        self.others.setToolTip("What becomes of the other objects in the canvas")
        self.who = QLineEdit(preference(ANNOTATOR))
        self.who.setAccessibleName("Who")
        self.who.setPlaceholderText("may be empty")
        self.who.setToolTip("Who decides; is written beside each decision and remembered")
        self.time = QCheckBox("Time")
        self.time.setToolTip("Write the time beside each decision")
        self.time.setChecked(True)
        self.comment = QLineEdit()
        self.comment.setAccessibleName("Comment")
        self.comment.setPlaceholderText("may be empty")
        self.comment.setToolTip("A comment on this object, for the report")
        self.files = ReviewFiles(viewer, self.reviewed)
        self._build()

        self.chosen.labels_changed.connect(self._begin)
        self.chosen.changed.connect(self._on_order)
        self.list.chosen.connect(self.go_to)
        self.decisions.asked.connect(self.decide)
        self.keys.toggled.connect(self.decisions.set_keys)
        self.others.currentIndexChanged.connect(self._paints.start)
        self.who.editingFinished.connect(self._on_who)
        self.comment.editingFinished.connect(self._on_comment)
        self.files.said.connect(self._on_said)
        self.reviewed.changed.connect(self._on_changed)
        self.reviewed.resumed.connect(lambda: self._say(_RESUMED))
        self.reviewed.failed.connect(self._on_failed)
        self.session.finished.connect(self._on_finished)
        viewer.events.theme.connect(self._on_theme)
        self._begin()

    def _build(self) -> None:
        """Put all parts into their places."""
        who = QHBoxLayout()
        who.addWidget(self.who, 1)
        who.addWidget(self.time)
        shown = QHBoxLayout()
        shown.addWidget(self.others, 1)
        shown.addWidget(self.keys)
        foot = QFormLayout()
        foot.addRow("Comment", self.comment)
        foot.addRow("Who", who)
        foot.addRow("Others", shown)
        foot.setContentsMargins(0, 0, 0, 0)
        foot.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        layout = QVBoxLayout(self)
        layout.addWidget(self.chosen)
        layout.addWidget(self.progress)
        layout.addWidget(self.counts)
        layout.addWidget(self.message)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.decisions)
        layout.addLayout(foot)
        layout.addWidget(self.files)
        self.ring = FocusRing(self, self.session.viewer.theme)

    @property
    def review(self) -> Review:
        """What was decided."""
        return self.reviewed.review

    # What a person does

    def go_to(self, number: Key) -> None:
        """Look at an object: turn sliders and camera to it, and let it stand out.

        Parameters
        ----------
        number : Key
            Its number, in a movie its frame and number; nothing happens where it is not there.
        """
        layer, boxes = self.reviewed.layer, self.reviewed.boxes
        if layer is not None and number in boxes and number in self.review:
            self._choose(number)
            frame = self.review.entry(number).frame
            at = dict(zip(looped_axes(self.reviewed.axes), frame, strict=True))
            go_to(self.session.viewer, layer, boxes[number], at, is_near=True)

    def decide(self, what: str) -> None:
        """Do what a button or its key says.

        Parameters
        ----------
        what : {"accept", "fix", "reject", "previous", "next"}
            What to do.
        """
        if what in ("previous", "next"):
            walk = self.review.next if what == "next" else self.review.previous
            if self.number is None and what == "next":
                walk = self.review.next_open
            self._go_on(walk(self.number))
        elif self.number is None:
            return
        elif what == "fix" and not self._is_fixing:
            self._start_fixing()
        elif what == "reject":
            self._reject(self.number)
        else:
            self._judge("fixed" if self._is_fixing else "accepted")

    def stop(self) -> None:
        """Follow the viewer and the session no longer, and give objects their colours back."""
        if self._is_stopped:
            return
        self._is_stopped = True
        self._paints.stop()
        self.ring.stop()
        self._watch(None)
        self.reviewed.stop()
        self.decisions.set_keys(False)
        self.chosen.stop()
        self.session.finished.disconnect(self._on_finished)
        self.session.viewer.events.theme.disconnect(self._on_theme)

    # Which labels

    def _begin(self) -> None:
        """Look through the labels that are chosen."""
        layer = self.chosen.layer()
        self._watch(layer)
        self._say("" if layer is not None else _NO_LABELS)
        self._is_looking = False
        self._order_anew()
        self._show()

    def _watch(self, layer: Labels | None) -> None:
        """Leave a layer as it was, and take another one."""
        self._stop_fixing()
        if self._look is not None:
            self._look.layer.events.selected_label.disconnect(self._on_label)
            self._look.restore()
        self.number = None
        self.reviewed.watch(layer)
        self._look = None if layer is None else LabelLook(layer)
        if layer is not None:
            layer.events.selected_label.connect(self._on_label)

    def _on_order(self) -> None:
        self._say("")
        self._order_anew()
        self._show()

    def _order_anew(self) -> None:
        if self.reviewed.layer is None:
            return
        beside = self.chosen.beside()
        self._title = self.chosen.title()
        self._is_looking = True
        self._say(_LOOKING)
        self.reviewed.put_in_order(
            self.chosen.wanted(), is_reversed=self.reverse.isChecked(), beside=beside
        )

    # One object

    def _go_on(self, number: Key | None) -> None:
        """Look at another object, if there is one."""
        if number is not None:
            self.go_to(number)

    def _choose(self, number: Key) -> None:
        """Look at an object without turning to it."""
        if number != self.number:
            self._stop_fixing()
        self.number = number
        self.comment.setText(self.review.entry(number).comment)
        layer = self.reviewed.layer
        if layer is not None:
            with layer.events.selected_label.blocker(self._on_label):  # it is not a person's choice
                layer.selected_label = self._label(number)
        self._say(self.reviewed.problem, "warning")
        self._show()

    def _label(self, number: Key) -> int:
        """Return the number that an object has in the labels."""
        return self.review.entry(number).number

    def _reject(self, number: Key) -> None:
        """Delete an object that nobody has locked, and look at the next one."""
        layer, label = self.reviewed.layer, self._label(number)
        if layer is not None and label in self.session.annotations.of(layer).locked:
            self._say(_LOCKED.format(number=label), "warning")
        elif self.reviewed.reject(number, **self._noted()):
            self._stop_fixing()
            self._look_on(number)

    def _start_fixing(self) -> None:
        layer, viewer = self.reviewed.layer, self.session.viewer
        if layer is None or self.number is None:
            return
        self._is_fixing = True
        viewer.layers.selection.active = layer
        layer.selected_label = self._label(self.number)
        layer.mode = "paint"
        self._say(_FIX.format(number=self._label(self.number), key=KEYS["fix"][0]))
        self._show()

    def _stop_fixing(self) -> None:
        if self._is_fixing and self.reviewed.layer is not None:
            self.reviewed.layer.mode = "pan_zoom"
        self._is_fixing = False

    def _judge(self, state: State) -> None:
        """Note a decision, and look at the next object."""
        number = self.number
        if number is None:
            return
        self._stop_fixing()
        self.reviewed.judge(number, state, **self._noted())
        self._look_on(number)

    def _look_on(self, number: Key) -> None:
        """Look at the next object that is open."""
        following = self.review.next_open(number)
        if following is not None:
            self.go_to(following)
            return
        if self.review.entry(number).state == "rejected":
            self.number = None
        self._say(_ALL_SEEN)
        self._show()

    def _noted(self) -> dict[str, str]:
        """Return what is written beside a decision."""
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        return {
            "who": self.who.text().strip(),
            "when": now if self.time.isChecked() else "",
            "comment": self.comment.text(),
        }

    def _on_comment(self) -> None:
        number = self.number
        if number is None or number not in self.review:
            return
        entry = self.review.entry(number)
        if entry.comment != self.comment.text():
            self.reviewed.judge(number, entry.state, **self._noted())
            self._show()

    def _on_who(self) -> None:
        try:
            set_preference(ANNOTATOR, self.who.text().strip())
        except OSError as error:
            self._say(f"The name is not remembered: {error}", "warning")

    def _on_label(self, _: Any = None) -> None:
        """Look at the object that was picked in the canvas."""
        layer = self.reviewed.layer
        if layer is None or self._is_fixing:
            return  # who corrects an object may need others
        axes, viewer = self.reviewed.axes, self.session.viewer
        shown = (index_along(viewer, letter, layer) for letter in looped_axes(axes))
        number = key_of(tuple(one or 0 for one in shown), int(layer.selected_label))
        if number != self.number and number in self.review:
            self._choose(number)

    def _on_finished(self, _: Any = None) -> None:
        self.chosen.refresh()

    # What is shown

    def _on_changed(self, edited: Edited | None) -> None:
        """Show a review that is not what it was, or of objects that are not."""
        if self.number is not None and edited is not None:
            self.number = edited.now.get(self.number)
        if self.number not in self.review:
            self._stop_fixing()
            self.number = None
        self._is_looking = False
        if self.message.text() == _LOOKING:
            self._say("")
        if self.message.tone != "error":  # which says more
            if not self.review.total:
                self._say(_NO_OBJECTS)
            elif not self.review.seen and self.number is None:
                self._say(_START)
        self._show()

    def _show(self) -> None:
        """Show the review, and the object that is looked at."""
        review, counts = self.review, summary(self.review)
        loops = looped_axes(self.reviewed.axes)
        self.model.show_review(review, self.reviewed.values, self._title, loops)
        self.list.choose(self.number)
        self.progress.setVisible(self._is_looking or review.total > 0)
        # Without an end it shows that something runs.
        self.progress.setMaximum(0 if self._is_looking else max(review.total, 1))
        self.progress.setValue(review.seen)
        self.progress.setFormat(f"{review.seen:,} of {review.total:,} seen")
        said = [f"{counts[state]:,} {state}" for state in ("accepted", "fixed", "rejected")]
        self.counts.setText(", ".join(one for one in said if not one.startswith("0 ")))
        self.counts.setVisible(bool(review.seen))
        self.decisions.set_known(self.number is not None, bool(self.reviewed.boxes))
        self.decisions.set_fixing(self._is_fixing)
        self.comment.setEnabled(self.number is not None)
        self.files.refresh()
        self._paints.start()

    def _paint(self) -> None:
        if self._look is None:
            return
        if self.number is None:
            self._look.restore()
            return
        boxes = self.reviewed.boxes
        many = len(boxes) > _MOST_COLOURS
        label = self._label(self.number)
        there = {one if isinstance(one, int) else one[-1] for one in boxes}
        numbers = np.array([label] if many else sorted(there))
        self._look.show(numbers, None, numbers == label, self.others.currentText())

    def _has_keys(self) -> bool:
        """Tell whether keys mean this dock: it is seen, in a window that is active."""
        active = QApplication.activeWindow()
        ours = (self.session.viewer.window._qt_window, self.window())
        return self.isVisible() and (active is None or active in ours)

    def _say(self, text: str, tone: Any = "hint") -> None:
        self.message.say(text, tone, self.session.viewer.theme)

    def _on_said(self, text: str, is_wrong: bool) -> None:
        if is_wrong:
            self._on_failed(text)
        else:
            self._say(text)

    def _on_failed(self, text: str) -> None:
        self._is_looking = False
        self._say(as_sentence(text), "error")
        self._show()

    def _on_theme(self, event: Any) -> None:
        self.model.set_theme(event.value)
        self.decisions.set_theme(event.value)
        self.ring.set_theme(event.value)
        self.message.set_theme(event.value)
