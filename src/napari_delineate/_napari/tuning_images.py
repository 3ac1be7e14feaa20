"""Choose further annotated images to fit to, from layers or from folders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np
from napari.layers import Labels, Layer
from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_delineate._napari.layers import LayerError, axes_of, kind_of, remember_axes, to_value
from napari_delineate._napari.session import Session
from napari_delineate._napari.widgets import LayerChoice
from napari_delineate._napari.widgets.folder_choice import FolderChoice
from napari_delineate.tuning import Case
from napari_delineate.tuning.folders import Folders
from napari_delineate.types import Kind
from napari_delineate.values import Value
from napari_delineate.wording import spaced
from napari_delineate.workflow import Workflow

__all__ = ["MoreImages", "annotation_of", "is_annotation"]

_SHARED = (Kind.TABLE, Kind.SCORES, Kind.MODEL)
"""Kinds of inputs that may belong to several images."""


def is_annotation(session: Session, layer: Layer) -> bool:
    """Tell whether a person may have painted a layer: it is no result of a step."""
    if not isinstance(layer, Labels):
        return False
    name = session.name_of(layer)
    return name is None or session.workflow.maker(name) is None


def annotation_of(layer: Layer, axes: str) -> Value:
    """Return a copy of what a person has painted, so that painting on changes no search.

    Parameters
    ----------
    layer : napari.layers.Layer
        A layer with labels.
    axes : str
        The axes of what is annotated. A layer with as many that have no names gets these.

    Raises
    ------
    LayerError
        If the layer can not be used.
    """
    value = _value_of(layer, axes)
    return replace(value, data=np.array(value.data))


def _value_of(layer: Layer, axes: str) -> Value:
    axes = axes.replace("S", "")
    if axes_of(layer) is None and layer.ndim == len(axes):
        remember_axes(layer, axes)
    return to_value(layer)


class MoreImages(QWidget):
    """Show a frame for each further image, or pair of folders, to fit to.

    Parameters
    ----------
    session : Session
        The session.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._inputs: dict[str, Kind] = {}
        self.entries: list[LayerEntry | FolderEntry] = []
        self.layers_button = QPushButton("Add layers")
        self.layers_button.setToolTip("Fit to another image that is open, and its annotation")
        self.folders_button = QPushButton("Add folders")
        self.folders_button.setToolTip(
            "Fit to all images of a folder; a second folder has annotations of the same names"
        )
        self.layers_button.clicked.connect(self.add_layers)
        self.folders_button.clicked.connect(self.add_folders)
        buttons = QHBoxLayout()
        buttons.addWidget(self.layers_button, 1)
        buttons.addWidget(self.folders_button, 1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addLayout(buttons)

    def show_inputs(self, workflow: Workflow) -> None:
        """Ask for what the steps of a workflow start from."""
        inputs = {
            name: one.kind for name, one in workflow.inputs.items() if one.kind not in _SHARED
        }
        if inputs == self._inputs:
            return
        self._inputs = inputs
        for entry in self.entries:
            if isinstance(entry, LayerEntry):
                entry.show_inputs(inputs)

    def add_layers(self) -> LayerEntry:
        """Add an image that is open in the viewer."""
        entry = LayerEntry(self._session)
        entry.show_inputs(self._inputs)
        self._add(entry)
        return entry

    def add_folders(self) -> FolderEntry:
        """Add a folder of images and one of annotations."""
        entry = FolderEntry()
        self._add(entry)
        return entry

    def cases(
        self, workflow: Workflow, first: Mapping[str, Value], axes: str
    ) -> tuple[list[Case], list[Case]]:
        """Return the images that are open: those for fitting, and those kept aside.

        Parameters
        ----------
        workflow : Workflow
            The workflow.
        first : mapping of str to Value
            The values of its inputs for the first image.
        axes : str
            The axes of what is annotated.

        Raises
        ------
        LayerError, ValueError
            If a layer is missing or can not be used.
        """
        fitted: list[Case] = []
        held_out: list[Case] = []
        for entry in self.entries:
            if isinstance(entry, LayerEntry):
                case = entry.case(workflow, first, axes)
                (held_out if entry.is_held_out() else fitted).append(case)
        return fitted, held_out

    def folders(self) -> tuple[Folders, ...]:
        """Return the folders; `ValueError` if one is missing, or the workflow needs more."""
        found = [one for one in self.entries if isinstance(one, FolderEntry)]
        if found and len(self._inputs) != 1:
            raise ValueError(
                f"The steps start from {', '.join(map(spaced, self._inputs))}, and a folder holds "
                "one image of each name: add the others as layers, or use the command tune."
            )
        return tuple(one.folders(next(iter(self._inputs))) for one in found)

    def stop(self) -> None:
        """Follow the viewer no longer."""
        for entry in self.entries:
            entry.stop()

    def _add(self, entry: LayerEntry | FolderEntry) -> None:
        self.entries.append(entry)
        self._column.insertWidget(len(self.entries) - 1, entry)
        entry.removed.connect(lambda: self._remove(entry))
        entry.changed.connect(self.changed)
        self.changed.emit()

    def _remove(self, entry: LayerEntry | FolderEntry) -> None:
        if entry not in self.entries:
            return  # a second click, before it is gone
        self.entries.remove(entry)
        entry.stop()
        entry.hide()
        entry.deleteLater()
        self.changed.emit()


class _Entry(QFrame):
    """A frame with fields, and a button that takes it away."""

    removed = Signal()
    changed = Signal()

    def __init__(self, what: str) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.rows = QFormLayout(self)
        self.rows.setContentsMargins(6, 6, 6, 6)
        self.rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.rows.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
        self.remove_button = QPushButton("Remove")
        self.remove_button.setToolTip(f"Do not fit to {what}")
        self.remove_button.clicked.connect(self.removed)

    def stop(self) -> None:
        """Follow the viewer no longer."""


class LayerEntry(_Entry):
    """Choose an image that is open, and what was painted on it.

    Parameters
    ----------
    session : Session
        The session.
    """

    def __init__(self, session: Session) -> None:
        super().__init__("this image")
        self._session = session
        self.inputs: dict[str, LayerChoice] = {}
        self.annotation = LayerChoice(
            session.viewer, lambda layer: is_annotation(session, layer), missing="no labels layer"
        )
        self.annotation.setAccessibleName("Annotation of a further image")
        self.annotation.setToolTip("The layer in which you outlined what is right")
        self.aside = QCheckBox("Keep aside")
        self.aside.setToolTip("Do not search with it: its scores before and after are shown")
        foot = QHBoxLayout()
        foot.addWidget(self.aside, 1)
        foot.addWidget(self.remove_button)
        self.rows.addRow("Annotation", self.annotation)
        self.rows.addRow(foot)
        self.annotation.changed.connect(self.changed)
        self.aside.toggled.connect(lambda _: self.changed.emit())

    def show_inputs(self, inputs: Mapping[str, Kind]) -> None:
        """Ask for a layer for each input of the steps."""
        for choice in self.inputs.values():
            choice.stop()
            self.rows.removeRow(choice)
        self.inputs = {}
        for place, (name, kind) in enumerate(inputs.items()):
            fits = partial(self._fits, name, kind)
            choice = LayerChoice(self._session.viewer, fits)
            choice.setAccessibleName(f"{spaced(name)} of a further image")
            choice.setToolTip(f"What stands for {spaced(name)} in this image")
            choice.changed.connect(self.changed)
            title = "Image" if kind is Kind.IMAGE and len(inputs) == 1 else spaced(name)
            self.rows.insertRow(place, title, choice)
            self.inputs[name] = choice

    def is_held_out(self) -> bool:
        """Tell whether the image is kept aside."""
        return bool(self.aside.isChecked())

    def case(self, workflow: Workflow, first: Mapping[str, Value], axes: str) -> Case:
        """Return the image; see `MoreImages.cases`."""
        values, name = {**first}, ""
        for key, choice in self.inputs.items():
            layer = choice.layer()
            if layer is None:
                raise LayerError(f"Open another image as {spaced(key)}, or remove the empty entry.")
            values[key] = _value_of(layer, workflow.inputs[key].axes)
            name = name or layer.name
        painted = self.annotation.layer()
        if painted is None:
            raise LayerError("Add a labels layer with what is right in the further image.")
        return Case(name or painted.name, values, annotation_of(painted, axes))

    def stop(self) -> None:
        """Follow the viewer no longer."""
        for choice in (self.annotation, *self.inputs.values()):
            choice.stop()

    def _fits(self, name: str, kind: Kind, layer: Layer) -> bool:
        """Tell whether a layer is of a kind, no result, and not the image that is there already."""
        known = self._session.name_of(layer)
        if known is not None and (known == name or self._session.workflow.maker(known)):
            return False
        return kind_of(layer) == kind


class FolderEntry(_Entry):
    """Choose a folder of images, one of annotations, and how many are kept aside."""

    def __init__(self) -> None:
        super().__init__("these folders")
        self.images = FolderChoice("Folder of images")
        self.annotations = FolderChoice("Folder of annotations")
        self.aside = QSpinBox()
        self.aside.setRange(0, 100_000)
        self.aside.setAccessibleName("Images kept aside")
        self.aside.setToolTip("How many images the search does not see, drawn by its seed")
        foot = QHBoxLayout()
        foot.addWidget(self.aside, 1)
        foot.addWidget(self.remove_button)
        self.rows.addRow("Images", self.images)
        self.rows.addRow("Annotations", self.annotations)
        self.rows.addRow("Keep aside", foot)
        for choice in (self.images, self.annotations):
            choice.edit.setToolTip("Images and annotations belong together by their names")
            choice.changed.connect(self.changed)

    def folders(self, main: str) -> Folders:
        """Return the folders; `ValueError` if one is missing."""
        images, annotations = self.images.folder(), self.annotations.folder()
        for folder, what in ((images, "images"), (annotations, "annotations")):
            if folder is None:
                raise ValueError(f"Choose the folder of {what}, or remove the empty entry.")
            if not folder.is_dir():
                raise ValueError(f"There is no folder {folder}.")
        assert images is not None
        assert annotations is not None
        return Folders(main, images, annotations, self.aside.value())
