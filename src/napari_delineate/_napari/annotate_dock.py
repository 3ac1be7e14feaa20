"""The Annotate dock: draw, correct, split, merge and grow objects by hand."""

from __future__ import annotations

from typing import Any

import napari
from napari.layers import Image, Labels
from qtpy.QtCore import QSignalBlocker, QTimer
from qtpy.QtWidgets import QCheckBox, QFormLayout, QVBoxLayout, QWidget

from napari_delineate._napari.annotating.class_part import AnnotationClasses
from napari_delineate._napari.annotating.conflict_part import CorrectionConflicts
from napari_delineate._napari.annotating.file_part import AnnotationFiles
from napari_delineate._napari.annotating.hand import NO_BRUSH, Hand
from napari_delineate._napari.annotating.new_part import NewAnnotation
from napari_delineate._napari.annotating.object_part import AnnotatedObjects
from napari_delineate._napari.annotating.pointer import Pointer
from napari_delineate._napari.annotating.slice_part import AnnotatedSlices
from napari_delineate._napari.annotating.tool_box import ToolBox
from napari_delineate._napari.annotating.tools import TOOLS
from napari_delineate._napari.axes_row import AxesRow
from napari_delineate._napari.layers import (
    LayerError,
    axes_of,
    level_0,
    remember_axes,
    spacing_of,
)
from napari_delineate._napari.session import Session
from napari_delineate._napari.sessions import session_of
from napari_delineate._napari.widgets import FocusRing, LayerChoice, Message, Scrolled
from napari_delineate._napari.widgets.dock import Dock
from napari_delineate._napari.widgets.section import Section
from napari_delineate.wording import as_sentence

__all__ = ["AnnotateDock"]


class AnnotateDock(Dock):
    """Annotate an image by hand, or correct what was computed.

    Every edit is recorded in the session: it is undone and redone together with strokes and
    steps, and is in the notebook.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        The viewer.
    """

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__()
        self.session: Session = session_of(napari_viewer)
        viewer, theme = self.session.viewer, self.session.viewer.theme
        self._is_stopped = False
        self.hand = Hand(self.session)
        self.image = LayerChoice(viewer, lambda one: isinstance(one, Image), missing="no image")
        self.image.setAccessibleName("Image")
        self.image.setToolTip("The image that is annotated, and that tools look at")
        self.choice = LayerChoice(
            viewer, lambda one: isinstance(one, Labels), missing="no annotation yet"
        )
        self.choice.setAccessibleName("Labels")
        self.choice.setToolTip("The labels that tools edit: an annotation, or a result to correct")
        self.message = Message()
        self.new = NewAnnotation(self.hand)
        self.box = ToolBox(TOOLS, theme, self.session.last_settings)
        self.pointer = Pointer(self.hand, TOOLS, self.box)
        self.preserve = QCheckBox("Keep other objects")
        self.preserve.setToolTip("Paint only on background: objects are not painted over (B)")
        self.solid = QCheckBox("Edit in 3D")
        self.solid.setToolTip("Tools and brush work on the volume, not only on the slice")
        self.objects = AnnotatedObjects(self.hand, theme)
        self.classes = AnnotationClasses(self.hand)
        self.slices = AnnotatedSlices(self.hand, theme)
        self.conflicts = CorrectionConflicts(self.hand)
        self.files = AnnotationFiles(self.hand)
        tools = QWidget()
        column = QVBoxLayout(tools)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.box)
        column.addWidget(self.preserve)
        column.addWidget(self.solid)
        parts = {
            "Conflicts": self.conflicts,
            "New annotation": self.new,
            "Tools": tools,
            "Objects": self.objects,
            "Classes": self.classes,
            "Slices": self.slices,
            "Files": self.files,
        }
        self.sections = {title: Section(title, theme) for title in parts}
        head = QFormLayout()
        head.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        head.addRow("Image", self.image)
        head.addRow("Labels", self.choice)
        self.head = head
        self.axes: AxesRow | None = None
        inside = QWidget()
        rows = QVBoxLayout(inside)
        rows.setContentsMargins(0, 0, rows.spacing(), 0)  # beside the scroll bar
        for title, section in self.sections.items():
            section.rows.addRow(parts[title])
            rows.addWidget(section)
        rows.addStretch(1)
        holder = Scrolled()
        holder.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.addLayout(head)
        layout.addWidget(self.message)
        layout.addWidget(holder, 1)
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * 40)
        self.ring = FocusRing(self, theme)

        self.image.changed.connect(self._on_image)
        self.choice.changed.connect(self._on_choice)
        self.new.made.connect(self._on_made)
        self.files.opened.connect(self.choice.choose)
        self.files.said.connect(self._say)
        for part in (self.new, self.objects, self.classes, self.conflicts, self.files):
            part.failed.connect(self._on_failed)
        self.hand.said.connect(self._on_said)
        self.hand.turned.connect(self._refresh)
        self.box.wanted.connect(self.pointer.take_up)
        self.box.changed.connect(self.pointer.change)
        self.pointer.taken.connect(self._on_taken)
        self.preserve.toggled.connect(self._on_preserve)
        self.solid.toggled.connect(self._on_solid)
        self.slices.shown.connect(self.sections["Slices"].setVisible)
        self.conflicts.shown.connect(self.sections["Conflicts"].setVisible)
        self.sections["Conflicts"].hide()
        self.session.changed.connect(self._on_changed)
        viewer.layers.selection.events.active.connect(self._on_active)
        viewer.events.theme.connect(self._on_theme)
        self._on_image()
        self._on_active()
        self._on_choice()
        self._refresh()
        self.sections["Slices"].setVisible(self.slices.is_needed)

    def stop(self) -> None:
        """Follow the viewer and the session no longer."""
        if self._is_stopped:
            return
        self._is_stopped = True
        viewer = self.session.viewer
        self.ring.stop()
        self.pointer.stop()
        self.hand.take(None)  # the list is empty before nobody tells it what there is
        for part in (self.image, self.choice, self.objects, self.slices, self.conflicts):
            part.stop()
        self.session.changed.disconnect(self._on_changed)
        viewer.layers.selection.events.active.disconnect(self._on_active)
        viewer.events.theme.disconnect(self._on_theme)

    # What is edited

    def _on_active(self, _: Any = None) -> None:
        active = self.session.viewer.layers.selection.active
        if isinstance(active, Labels):
            self.choice.choose(active)
        elif isinstance(active, Image):
            self.image.choose(active)

    def _on_image(self) -> None:
        self.hand.image = self.image.layer()
        self.new.refresh()

    def _on_choice(self) -> None:
        self._say("")
        before = self.hand.layer
        if before is not None:
            before.events.preserve_labels.disconnect(self._refresh)
            before.events.n_edit_dimensions.disconnect(self._refresh)
            before.events.axis_labels.disconnect(self._on_axes)
        layer = self.choice.layer()
        if layer is not None:
            self._share_axes(layer)
        self.hand.take(layer)
        self._ask_axes()
        if layer is not None:
            layer.events.preserve_labels.connect(self._refresh)
            layer.events.n_edit_dimensions.connect(self._refresh)
            layer.events.axis_labels.connect(self._on_axes)
            if layer.multiscale and axes_of(layer) is not None:
                self._say(NO_BRUSH)

    def _share_axes(self, layer: Labels) -> None:
        """Give labels without names of axes those of the image that they lie on."""
        image = self.image.layer()
        if image is None or axes_of(layer) is not None or image.ndim != layer.ndim:
            return
        known = axes_of(image)
        if known is not None and level_0(image).shape[: layer.ndim] == level_0(layer).shape:
            remember_axes(layer, known)

    def _ask_axes(self) -> None:
        """Ask what the axes of the labels are where nobody has said."""
        layer = self.hand.layer
        if self.axes is not None:
            self.head.removeRow(self.axes)
            self.axes = None
        if layer is not None and axes_of(layer) is None:
            self.axes = AxesRow(layer)
            self.head.addRow(self.axes)

    def _on_axes(self, _: Any = None) -> None:
        self._say("")
        self._refresh()
        self.slices.refresh()
        # The row goes when it has said what was chosen.
        QTimer.singleShot(0, self._ask_axes)

    def _on_made(self) -> None:
        with QSignalBlocker(self.choice):
            self.choice.refresh()
            self.choice.choose(self.hand.layer)
        self.sections["New annotation"].set_open(False)
        self._refresh()

    def _on_changed(self) -> None:
        self.classes.refresh()
        self._show_parts()

    def _refresh(self, _: Any = None) -> None:
        layer = self.hand.layer
        if layer is not None:
            with QSignalBlocker(self.preserve), QSignalBlocker(self.solid):
                self.preserve.setChecked(bool(layer.preserve_labels))
                self.solid.setChecked(layer.n_edit_dimensions > 2)
            self.solid.setVisible(layer.ndim > 2)
            self.box.show_for(has_depth=layer.ndim > 2, several_scales=layer.multiscale)
            try:
                self.box.set_spacing(*spacing_of(layer))
            except LayerError as error:
                self._on_failed(str(error))
        self.new.refresh()
        self.classes.refresh()
        self._show_parts()

    def _show_parts(self) -> None:
        has_layer = self.hand.layer is not None
        for title in ("Tools", "Objects"):
            self.sections[title].setVisible(has_layer)
        self.sections["Classes"].setVisible(has_layer)
        self.files.save_button.setEnabled(has_layer)

    # What a person does

    def _on_preserve(self, is_on: bool) -> None:
        if self.hand.layer is not None:
            self.hand.layer.preserve_labels = is_on

    def _on_solid(self, is_on: bool) -> None:
        layer = self.hand.layer
        if layer is not None:
            layer.n_edit_dimensions = min(3, layer.ndim) if is_on else 2

    def _on_taken(self, name: str) -> None:
        self.box.show_tool(name)
        if name:
            self._say("")

    # Messages

    def _say(self, text: str) -> None:
        self.message.say(text, "hint", self.session.viewer.theme)

    def _on_failed(self, text: str) -> None:
        self.message.say(as_sentence(text), "error", self.session.viewer.theme)

    def _on_said(self, text: str, is_error: bool) -> None:
        (self._on_failed if is_error else self._say)(text)

    def _on_theme(self, event: Any) -> None:
        for section in self.sections.values():
            section.set_theme(event.value)
        for part in (self.box, self.objects, self.slices, self.ring):
            part.set_theme(event.value)
        self.message.set_theme(event.value)
