"""Open annotations of other programs, and save annotations for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari.qt.threading import create_worker
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QLabel, QPushButton, QVBoxLayout, QWidget
from superqt import QFlowLayout

from napari_delineate._napari.annotating.hand import Hand
from napari_delineate._napari.annotation_files import annotated_labels, open_annotation
from napari_delineate._napari.layers import LayerError
from napari_delineate._napari.outcomes import Outcome, outcome_of
from napari_delineate.files import FileError, write_annotation
from napari_delineate.files.annotations import ANNOTATIONS, WRITTEN

__all__ = ["AnnotationFiles"]


class AnnotationFiles(QWidget):
    """Open and save annotations.

    Parameters
    ----------
    hand : Hand
        What is edited.

    Signals
    -------
    opened : the layer of a file that was opened
    said : a sentence about what was saved
    failed : a sentence about what can not be done
    """

    opened = Signal(object)
    said = Signal(str)
    failed = Signal(str)

    def __init__(self, hand: Hand) -> None:
        super().__init__()
        self._hand = hand
        self._worker: Any = None
        text = QLabel(f"Formats: {', '.join(WRITTEN)}.")
        text.setWordWrap(True)
        self.open_button = QPushButton("Open…")
        self.open_button.setToolTip("Open annotations that another program has made")
        self.open_button.clicked.connect(self.open)
        self.folder_button = QPushButton("Open folder…")
        self.folder_button.setToolTip("Open annotations that are a folder: OME-Zarr labels")
        self.folder_button.clicked.connect(self.open_folder)
        self.save_button = QPushButton("Save…")
        self.save_button.setToolTip("Save the annotation, with its voxel size and classes")
        self.save_button.clicked.connect(self.save)
        row = QWidget()
        buttons = QFlowLayout(row)
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.addWidget(self.open_button)
        buttons.addWidget(self.folder_button)
        buttons.addWidget(self.save_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(text)
        column.addWidget(row)

    def open(self) -> None:
        """Ask for a file, and open it over the image."""
        endings = " ".join(f"*{ending}" for ending in ANNOTATIONS)
        path, _ = QFileDialog.getOpenFileName(
            self, "Open annotation", "", f"Annotations ({endings})"
        )
        self._open(path)

    def open_folder(self) -> None:
        """Ask for a folder, and open it over the image."""
        self._open(QFileDialog.getExistingDirectory(self, "Open annotation"))

    def _open(self, path: str) -> None:
        if not path:
            return
        try:
            layer = open_annotation(self._hand.session, path, self._hand.image)
        except (FileError, LayerError, OSError) as error:
            self.failed.emit(str(error))
            return
        self.opened.emit(layer)

    def save(self) -> None:
        """Ask for a file, and save the annotation in the background."""
        layer = self._hand.layer
        if layer is None:
            return
        filters = ";;".join(f"{title} (*{ending})" for title, ending in WRITTEN.items())
        path, chosen = QFileDialog.getSaveFileName(self, "Save annotation", layer.name, filters)
        if not path:
            return
        if not any(path.lower().endswith(ending) for ending in ANNOTATIONS):
            path += WRITTEN.get(chosen.partition(" (")[0], WRITTEN["OME-TIFF"])
        try:
            found = annotated_labels(self._hand.session, layer, self._hand.annotation)
        except (FileError, LayerError, ValueError) as error:
            self.failed.emit(str(error))
            return
        self.save_button.setEnabled(False)
        self._worker = create_worker(
            outcome_of,
            write_annotation,
            path,
            found,
            _start_thread=True,
            _connect={"returned": self._on_saved},
        )

    def _on_saved(self, outcome: Outcome) -> None:
        self._worker = None
        self.save_button.setEnabled(True)
        if outcome.error is None:
            self.said.emit(f"Saved as {Path(outcome.found).name}.")
        else:
            self.failed.emit(outcome.sentence)
