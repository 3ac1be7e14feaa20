"""Go from object to object of a surface: by number, by a click, from labels and tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from napari.layers import Labels, Surface
from numpy.typing import NDArray
from qtpy.compat import isalive
from qtpy.QtCore import QSize, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_delineate._napari.session import Session
from napari_delineate._napari.surface_look import dimmed, triangle_at
from napari_delineate._napari.visible import camera_of
from napari_delineate._napari.widgets import Tables, icon
from napari_delineate.files.tables import column_titles

__all__ = ["ObjectPart"]

_MOST_FACTS = 6


class ObjectPart(QWidget):
    """Choose one object of a surface, and see what is known of it.

    Parameters
    ----------
    session : Session
        The session.
    """

    chosen = Signal(int)
    """Number of the object that a person chose."""
    summary_wanted = Signal()
    """A table of what the colours mean is wanted, with a row for each object."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._layer: Surface | None = None
        self._numbers: NDArray[Any] | None = None  # the object of each vertex
        self._objects = np.zeros(0, np.int64)
        self.labels: Labels | None = None
        self.tables: dict[str, str] = {}
        self._dock: Tables | None = None
        self._present: int | None = None  # the object that was gone to last
        self._is_seen = False
        self._greyed: Surface | None = None  # the layer whose other objects are grey
        self._own_colours: NDArray[Any] | None = None  # of its vertices, before
        self.is_greying = False
        """Whether it is us who change the colours of the layer right now."""
        self.hint = QLabel("Click on an object in 3D, or choose its number.")
        self.hint.setWordWrap(True)
        self.number = QDoubleSpinBox()  # numbers of objects may have more than 32 bits
        self.number.setDecimals(0)
        self.number.setAccessibleName("Object")
        self.number.setToolTip("Number of the object, as in labels and tables")
        self.number.setKeyboardTracking(False)
        self.number.valueChanged.connect(lambda number: self._on_number(int(number)))
        self.previous_button = self._button("previous", "Previous object", -1)
        self.next_button = self._button("next", "Next object", 1)
        self.only = QCheckBox("Grey the others")
        self.only.setToolTip("Take the colour from all other objects")
        self.only.toggled.connect(lambda _: self._show())
        self.facts = QLabel()
        self.facts.setWordWrap(True)
        self.summary_button = QPushButton("Summarize per object")
        self.summary_button.setToolTip(
            "Add a table with mean, spread and quartiles of the colours of each object"
        )
        self.summary_button.clicked.connect(self.summary_wanted)
        row = QHBoxLayout()
        row.addWidget(self.previous_button)
        row.addWidget(self.number, 1)
        row.addWidget(self.next_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.hint)
        layout.addLayout(row)
        layout.addWidget(self.only)
        layout.addWidget(self.facts)
        layout.addWidget(self.summary_button)

    def show_objects(
        self,
        layer: Surface,
        numbers: NDArray[Any] | None,
        objects: NDArray[np.int64],
        labels: Labels | None,
        tables: Mapping[str, str],
        dock: Tables | None,
    ) -> None:
        """Show the objects of a surface.

        Parameters
        ----------
        layer : Surface
            The layer.
        numbers : (N,) ndarray or None
            The object of each vertex, None if that is not known.
        objects : ndarray of int64
            The numbers of the objects, in rising order.
        labels : Labels or None
            The layer of the same objects as labels.
        tables : mapping of str to str
            For each table with a row per object, the column of their numbers.
        dock : Tables or None
            The dock that shows the tables.
        """
        self._follow(labels, dock)
        if layer is not self._layer:
            self._present = None
        is_changed = layer is not self._layer or numbers is not self._numbers
        self._layer, self._numbers, self.tables = layer, numbers, dict(tables)
        self._objects = objects
        is_known = len(self._objects) > 0
        self.hint.setText(
            "Click on an object in 3D, or choose its number."
            if is_known
            else "The values of this surface say no objects. Number parts gives each part one."
        )
        for part in (self.number, self.previous_button, self.next_button, self.only):
            part.setEnabled(is_known)
        if is_known:
            self.number.blockSignals(True)
            self.number.setRange(int(self._objects[0]), int(self._objects[-1]))
            self.number.blockSignals(False)
        if is_changed or layer.vertex_colors is None:
            self._show()
        self._show_facts()

    def enter(self, layer: Surface) -> None:
        """Let a click on a layer choose the object below it."""
        layer.mouse_drag_callbacks.append(self._on_mouse)

    def leave(self, layer: Surface) -> None:
        """Follow a layer no longer, and give all its objects their colours."""
        if self._on_mouse in layer.mouse_drag_callbacks:
            layer.mouse_drag_callbacks.remove(self._on_mouse)
        self._give_back()
        self._layer = self._numbers = None
        self._objects = np.zeros(0, np.int64)
        self._follow(None, None)

    def choose(self, number: int, *, is_seen: bool = False) -> None:
        """Go to an object.

        Parameters
        ----------
        number : int
            Its number; nothing happens where no object has it.
        is_seen : bool
            Whether a person looks at it already, so that the camera stays where it is.
        """
        if number not in self._objects or number == self._present:
            return
        self._is_seen = is_seen
        if int(self.number.value()) == number:
            self._on_number(number)
        else:
            self.number.setValue(number)

    def stop(self) -> None:
        """Follow labels and tables no longer."""
        self._follow(None, None)

    def set_theme(self, theme: str) -> None:
        """Take the colours of a theme."""
        self.previous_button.setIcon(icon("previous", theme))
        self.next_button.setIcon(icon("next", theme))

    def _follow(self, labels: Labels | None, dock: Tables | None) -> None:
        if labels is not self.labels:
            if self.labels is not None:
                self.labels.events.selected_label.disconnect(self._on_label)
            if labels is not None:
                labels.events.selected_label.connect(self._on_label)
        self.labels = labels
        if dock is not self._dock:
            if self._dock is not None and isalive(self._dock):
                self._dock.row_chosen.disconnect(self._on_row)
            if dock is not None:
                dock.row_chosen.connect(self._on_row)
        self._dock = dock

    def _button(self, name: str, tooltip: str, step: int) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon(name, self._session.viewer.theme))
        size = button.fontMetrics().height() + 4
        button.setIconSize(QSize(size, size))
        button.setToolTip(tooltip)
        button.setAccessibleName(tooltip)
        button.setAutoRaise(True)
        button.clicked.connect(lambda: self._go(step))
        return button

    def _go(self, step: int) -> None:
        """Go to the next object in the order of numbers, which may have gaps."""
        if not len(self._objects):
            return
        number = int(self.number.value())
        if step > 0:
            place = int(np.searchsorted(self._objects, number, "right"))
        else:
            place = int(np.searchsorted(self._objects, number, "left")) - 1
        self.choose(int(self._objects[place % len(self._objects)]))

    def _on_number(self, number: int) -> None:
        is_seen, self._is_seen = self._is_seen, False
        self._show()
        self._show_facts()
        if number in self._objects:
            self._present = number
            if not is_seen:
                self._look_at(number)
            self.chosen.emit(number)

    def _look_at(self, number: int) -> None:
        """Turn the camera to an object."""
        layer, viewer = self._layer, self._session.viewer
        if layer is None or self._numbers is None or viewer.dims.ndisplay != 3:
            return
        own = layer.vertices[self._numbers == number]
        middle = (own.min(axis=0) + own.max(axis=0)) / 2
        camera_of(viewer).center = tuple(layer.data_to_world(middle)[-3:])

    def _on_mouse(self, layer: Surface, event: Any) -> Any:
        is_drag = False
        yield
        while event.type == "mouse_move":
            is_drag = True
            yield
        if is_drag or self._numbers is None or len(event.dims_displayed) < 3:
            return
        triangle = triangle_at(layer, event)
        if triangle is not None:
            self.choose(int(self._numbers[layer.faces[triangle][0]]), is_seen=True)

    def _on_label(self, _: Any = None) -> None:
        if self.labels is not None:
            self.choose(int(self.labels.selected_label))

    def _on_row(self, name: str, row: int) -> None:
        table = self._table(name)
        if name in self.tables and table is not None:
            self.choose(int(table[self.tables[name]].iloc[row]))

    def _table(self, name: str) -> Any:
        """Return a table, None where there is none, or its dock was closed."""
        return self._dock.table(name) if self._dock is not None and isalive(self._dock) else None

    def _show(self) -> None:
        """Show in the layer which object is chosen."""
        layer, numbers = self._layer, self._numbers
        if layer is None or numbers is None or not len(self._objects) or not self.only.isChecked():
            self._give_back()
            return
        own = self._own_colours
        is_grey = self._greyed is layer
        if not is_grey or layer.vertex_colors is None:
            self._give_back()
            own = layer.vertex_colors
            if own is not None and own.shape[:-1] != numbers.shape:
                return  # colours that vary in time stay as they are
            self._greyed, self._own_colours = layer, own
        self._recolour(layer, dimmed(layer, numbers, int(self.number.value()), own))

    def _give_back(self) -> None:
        """Give all objects the colours back that we took."""
        layer, own = self._greyed, self._own_colours
        if layer is not None and layer.vertex_colors is not None:
            fits = own is not None and len(own) == len(layer.vertices)
            self._recolour(layer, own if fits else None)
        self._greyed = self._own_colours = None

    def _recolour(self, layer: Surface, colours: NDArray[Any] | None) -> None:
        before, self.is_greying = self.is_greying, True
        try:
            layer.vertex_colors = colours
        finally:
            self.is_greying = before

    def _show_facts(self) -> None:
        """Say what is known of the object."""
        number = int(self.number.value())
        if self._layer is None or self._numbers is None or number not in self._objects:
            self.facts.setText("No object has this number." if len(self._objects) else "")
            return
        count = int((self._numbers[self._layer.faces[:, 0]] == number).sum())
        said = [f"{count:,} triangles"]
        for name, column in self.tables.items():
            table = self._table(name)
            if table is None or column not in table.columns:
                continue
            row = table[table[column] == number]
            titles = dict(zip(table.columns, column_titles(table), strict=True))
            for other in table.columns[: 1 + _MOST_FACTS] if len(row) else ():
                if other != column:
                    said.append(f"{titles[other]}: {_short(row[other].iloc[0])}")
        self.facts.setText("\n".join(said))


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
