"""Make a new annotation for an image."""

from __future__ import annotations

import numpy as np
from napari.layers import Image, Labels
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLineEdit, QPushButton, QWidget

from napari_delineate._napari.annotating.hand import Hand
from napari_delineate._napari.layers import (
    LayerError,
    axes_of,
    level_0,
    likely_axes,
    place_of,
    remember_axes,
)
from napari_delineate._napari.widgets.layer_choice import shrink
from napari_delineate.annotation.meaning import Annotation

__all__ = ["NewAnnotation", "annotation_layer"]

_KINDS = {"Objects": False, "Classes": True}
_DTYPE = np.int32
"""Enough numbers for any count of objects; napari shows it without a copy."""


class NewAnnotation(QWidget):
    """Ask what is to be annotated, and make the layer for it.

    Parameters
    ----------
    hand : Hand
        Edits the new layer.

    Signals
    -------
    made : a layer was made
    failed : a sentence about what can not be done
    """

    made = Signal()
    failed = Signal(str)

    def __init__(self, hand: Hand) -> None:
        super().__init__()
        self._hand = hand
        self.kind = QComboBox()
        shrink(self.kind)
        self.kind.addItems(list(_KINDS))
        self.kind.setAccessibleName("What is annotated")
        self.kind.setToolTip(
            "Objects: every object has a number of its own. Classes: every pixel has a class"
        )
        self.kind.currentTextChanged.connect(self._on_kind)
        self.classes = QLineEdit()
        self.classes.setAccessibleName("Classes")
        self.classes.setPlaceholderText("for instance nucleus, cytoplasm")
        self.classes.setToolTip("Names of the classes, with commas between them")
        self.sparse = QCheckBox("Unlabelled pixels are unknown")
        self.sparse.setToolTip(
            "Off: what has no label is background. On: only what is labelled says something"
        )
        self.axes = QComboBox()
        shrink(self.axes)
        self.axes.setAccessibleName("Axes")
        self.axes.setToolTip("What the axes of the image are")
        self.button = QPushButton("New annotation")
        self.button.setToolTip("Make an empty layer of labels over the image")
        self.button.clicked.connect(self.make)
        self.rows = QFormLayout(self)
        self.rows.setContentsMargins(0, 0, 0, 0)
        self.rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.rows.addRow("Annotate", self.kind)
        self.rows.addRow("Classes", self.classes)
        self.rows.addRow("Axes", self.axes)
        self.rows.addRow(self.sparse)
        self.rows.addRow(self.button)
        self._on_kind(self.kind.currentText())

    def refresh(self) -> None:
        """Ask for what is not known of the image."""
        image = self._hand.image
        self.button.setEnabled(image is not None)
        self.button.setText("New annotation" if image is not None else "Open an image first")
        wanted = [] if image is None or axes_of(image) is not None else likely_axes(image.ndim)
        if [self.axes.itemText(row) for row in range(self.axes.count())] != list(wanted):
            self.axes.clear()
            self.axes.addItems(list(wanted))
        self.rows.setRowVisible(self.axes, bool(wanted))

    def make(self) -> Labels | None:
        """Make the annotation, and edit it; None where that can not be done."""
        image = self._hand.image
        try:
            if image is None:
                raise LayerError("choose the image that is to be annotated under Image")
            annotation = self._annotation()
            if axes_of(image) is None:
                remember_axes(image, self.axes.currentText())
            layer = annotation_layer(image)
        except (LayerError, ValueError) as error:
            self.failed.emit(str(error))
            return None
        viewer = self._hand.viewer
        viewer.add_layer(layer)
        viewer.layers.selection.active = layer
        self._hand.take(layer)
        self._hand.annotate(annotation)
        layer.mode = "paint"
        self.made.emit()
        return layer

    def _annotation(self) -> Annotation:
        annotation = Annotation(
            semantic=_KINDS[self.kind.currentText()], sparse=self.sparse.isChecked()
        )
        for name in filter(None, (part.strip() for part in self.classes.text().split(","))):
            annotation = annotation.named(name)
        if annotation.semantic and not annotation.classes:
            raise ValueError("name the classes first, for instance: nucleus, cytoplasm")
        return annotation

    def _on_kind(self, kind: str) -> None:
        self.classes.setToolTip(
            "Names of the classes, with commas between them"
            if _KINDS[kind]
            else "Names of classes that objects can be given, with commas between them; "
            "may be left empty"
        )


def annotation_layer(image: Image) -> Labels:
    """Return an empty layer of labels over an image, with its shape and place.

    Parameters
    ----------
    image : napari.layers.Image
        The image; of one at several scales, its full size.

    Raises
    ------
    LayerError
        If nothing can be annotated in it.
    """
    data = level_0(image)
    shape = tuple(int(size) for size in (data.shape[:-1] if image.rgb else data.shape))
    if not all(shape):
        raise LayerError(f"the image {image.name!r} holds no pixels: its shape is {shape}")
    place = place_of(image)
    return Labels(
        np.zeros(shape, _DTYPE),
        name=f"{image.name} annotation",
        scale=place.scale,
        translate=place.translate,
        rotate=image.rotate,
        shear=image.shear,
        affine=image.affine,
        axis_labels=place.axis_labels,
        units=place.units,
    )
