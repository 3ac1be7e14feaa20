"""The dock of tables: rows and objects are chosen together, coloured, and kept by a gate."""

from __future__ import annotations

from typing import Any

import napari
import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QPushButton, QTabWidget

from napari_delineate._napari.go_to import box_of, go_to, index_along
from napari_delineate._napari.label_look import LabelLook
from napari_delineate._napari.layers import LayerError, axes_of
from napari_delineate._napari.object_colours import ObjectColours
from napari_delineate._napari.session import Session
from napari_delineate._napari.sessions import session_of
from napari_delineate._napari.widgets import Scrolled, Tables
from napari_delineate._napari.widgets.plot import Gate, Plot
from napari_delineate.environment import versions
from napari_delineate.files.tables import PROVENANCE, column_titles
from napari_delineate.gates import corners_as_text
from napari_delineate.quantities import labels_measured

__all__ = ["TablesDock"]

_NO_ROWS: NDArray[np.intp] = np.zeros(0, np.intp)
_SLIDERS = ("current_step", "point", "order", "ndisplay")
"""What says that other images than before are looked at."""


class TablesDock(Tables):
    """Show tables, and the objects that their rows are about.

    Parameters
    ----------
    viewer : napari.Viewer
        The viewer.
    """

    def __init__(self, viewer: napari.Viewer) -> None:
        super().__init__()
        self.session: Session = session_of(viewer)
        viewer = self.session.viewer
        self._is_stopped = False
        self._look: LabelLook | None = None
        self._label = 0  # the object that was chosen last
        self._chosen: NDArray[np.intp] = np.zeros(0, np.intp)  # positions of its rows
        # Who goes through the rows quickly does not wait for the colours of each.
        self._paints = QTimer(self, singleShot=True, interval=0)
        self._paints.timeout.connect(self._paint)
        self.plot = Plot(viewer.theme)
        self.objects = ObjectColours()
        self.keep_button = QPushButton("Keep only these")
        self.keep_button.setToolTip(
            "Remove the objects that the filter hides and those outside of the gate, as a step "
            "that can be undone and changed"
        )
        self.keep_button.clicked.connect(self.keep)
        self.buttons.addWidget(self.keep_button)
        self.plot.gated.connect(self._on_gate)
        self.objects.changed.connect(self._paints.start)
        self.plot.controls.addStretch(1)
        self.tools = QTabWidget()
        self.tools.setDocumentMode(True)
        for title, part, tooltip in (
            ("Plot", self.plot, "A histogram or a scatter plot, and a gate in it"),
            ("Objects", self.objects, "How the objects of the table look in the canvas"),
        ):
            holder = Scrolled()
            holder.setWidget(part)
            self.tools.setTabToolTip(self.tools.addTab(holder, title), tooltip)
        self.splitter.addWidget(self.tools)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 2)
        self.turned.connect(self._on_turned)
        self.row_chosen.connect(self._on_row)
        self.rows_chosen.connect(self._on_rows)
        self.filtered.connect(self._on_filtered)
        self.session.finished.connect(self._on_finished)
        self.session.changed.connect(self._on_changed)
        viewer.dims.events.connect(self._on_slider)
        viewer.mouse_drag_callbacks.append(self._on_mouse)
        viewer.events.theme.connect(self._on_theme)
        self.set_theme(viewer.theme)
        self._on_turned()

    @property
    def layer(self) -> Labels | None:
        """The layer of the objects that the table is about, None if there is none."""
        return None if self._look is None else self._look.layer

    def select_row(self, name: str, column: str, value: Any) -> None:
        """Go to the row of a table that has a value in a column, if there is one."""
        super().select_row(name, column, value)
        if name == self.current():
            self._chosen = self.positions(name)
            self._show(is_gated=False)

    def keep(self) -> None:
        """Record a step that keeps the objects that are shown and inside of the gate."""
        gate, name = self.plot.gate, self.current()
        labels = labels_measured(self.session.workflow, name)
        condition = "" if labels is None else self._condition_by_names()
        if labels is None or (gate is None and not condition):
            return
        operation = "postprocessing.filter_by_table"
        parameters: dict[str, Any] = {"condition": condition}
        if gate is not None and gate.y:
            operation = "postprocessing.filter_by_gate"
            parameters |= {"x": gate.x, "y": gate.y, "corners": corners_as_text(gate.corners)}
        elif gate is not None:
            low, high = gate.limits
            parameters |= {"column": gate.x, "minimum": low, "maximum": high}
        try:
            self.session.run(operation, {"labels": labels, "table": name}, parameters)
        except (LayerError, ValueError, TypeError) as error:
            self.message.say(str(error), "error", self._theme)

    def provenance(self) -> dict[str, Any]:
        """Return what is saved with a table: the workflow, and versions of packages."""
        table = self.table(self.current())
        if PROVENANCE in table.attrs:  # of a workflow that may have changed since
            return dict(table.attrs[PROVENANCE])
        workflow, _ = self.session.snapshot(self.session.workflow)
        return {
            "table": self.current(),
            "versions": versions(),
            "workflow": workflow.to_dict(),
        }

    def stop(self) -> None:
        """Follow the viewer and the session no longer, and give objects their colours back."""
        if self._is_stopped:
            return
        self._is_stopped = True
        self._paints.stop()
        self._watch(None)
        viewer = self.session.viewer
        self.session.finished.disconnect(self._on_finished)
        self.session.changed.disconnect(self._on_changed)
        viewer.dims.events.disconnect(self._on_slider)
        viewer.mouse_drag_callbacks.remove(self._on_mouse)
        viewer.events.theme.disconnect(self._on_theme)

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        """Put the plot beside the table or below it, where there is more room."""
        is_wide = self.width() > self.height() * 1.2
        self.splitter.setOrientation(
            Qt.Orientation.Horizontal if is_wide else Qt.Orientation.Vertical
        )
        super().resizeEvent(event)

    def set_theme(self, theme: str) -> None:
        """Take the colours of a theme."""
        super().set_theme(theme)
        self.plot.set_theme(theme)

    # What is looked at

    def _on_turned(self, _: str = "") -> None:
        """Show what belongs to another table, or to new numbers of the same."""
        name = self.current()
        table = self.table(name) if name else None
        self._chosen = self.positions(name)
        self._find_layer()
        self.plot.show_table(name, table, None if table is None else self.shown(name))
        self.objects.show_table(table)
        self.tools.setVisible(table is not None and len(table) > 1)
        self._show()

    def _on_finished(self, _: Any = None) -> None:
        # Tables are shown before or after the layers that they are about.
        self._find_layer()
        self._show()

    def _on_changed(self) -> None:
        """Let a layer go that a person has deleted, and take one that came back."""
        before = self.layer
        self._find_layer()
        if self.layer is not before:
            self._show()

    def _find_layer(self) -> None:
        name = self.current()
        labels = labels_measured(self.session.workflow, name) if name else None
        table = self.table(name) if name else None
        found = None if labels is None else self.session.layer(labels)
        has_label = table is not None and "label" in table.columns
        is_known = isinstance(found, Labels) and axes_of(found) is not None
        self._watch(found if has_label and is_known else None)

    def _watch(self, layer: Any) -> None:
        if layer is self.layer:
            return
        if self._look is not None:
            self._look.layer.events.selected_label.disconnect(self._on_label)
            self._look.restore()
        self._look = None if layer is None else LabelLook(layer)
        if layer is not None:
            layer.events.selected_label.connect(self._on_label)
            self._label = int(layer.selected_label)

    def _labels(self) -> NDArray[Any]:
        """Return the object of each row."""
        return np.asarray(self.table(self.current())["label"])

    def _loops(self) -> str:
        """Return the axes each place of which has objects of its own: the table's columns."""
        value = self.session.workflow.values.get(self.current())
        columns = self.table(self.current()).columns
        return "" if value is None else "".join(axis for axis in value.axes if axis in columns)

    def _here(self) -> NDArray[np.bool_]:
        """Tell which rows are about objects of the images at which the sliders are."""
        table = self.table(self.current())
        here = np.ones(len(table), bool)
        for axis in self._loops() if self.layer is not None else "":
            here &= table[axis].to_numpy() == index_along(self.session.viewer, axis, self.layer)
        return here

    def _rows_of(self, label: int | None) -> NDArray[np.intp]:
        """Return the rows of an object at which the sliders are; none for the background."""
        return np.flatnonzero(self._here() & (self._labels() == label)) if label else _NO_ROWS

    def _condition_by_names(self) -> str:
        """Return the condition without the units of titles, which other images may not have."""
        table, condition = self.table(self.current()), self.condition_of(self.current())
        for name, title in zip(table, column_titles(table), strict=True):
            condition = condition.replace(title, str(name))
        return condition

    # Choosing

    def _on_row(self, name: str, position: int) -> None:
        layer = self.layer
        if layer is None or name != self.current():
            return
        label, row = int(self._labels()[position]), self.table(name).iloc[position]
        if label == 0:
            return
        at = {axis: int(row[axis]) for axis in self._loops()}
        self._label = label
        layer.selected_label = label
        if self.objects.follow.isChecked():
            box = box_of(layer, label, at)
            if box is not None:
                go_to(self.session.viewer, layer, box, at)

    def _on_rows(self, name: str) -> None:
        if name == self.current():
            self._chosen = self.positions(name)
            self._show(is_gated=False)

    def _on_filtered(self, name: str) -> None:
        self.plot.show_rows(self.shown(name))
        self._chosen = self.positions(name)
        if self.plot.gate is None:
            self._show()
        else:
            self._on_gate(self.plot.gate)

    def _on_label(self, _: Any = None) -> None:
        """Go to the row of an object that was picked in the layer."""
        layer = self.layer
        # Other colours announce the label too.
        if layer is not None and int(layer.selected_label) != self._label:
            self._label = int(layer.selected_label)
            self._choose(self._rows_of(self._label))

    def _on_slider(self, event: Any) -> None:
        # At once, so that no object is seen in the colour of one with its number elsewhere.
        if event.type in _SLIDERS and self.layer is not None and self._loops():
            self._paint()

    def _on_mouse(self, viewer: Any, event: Any) -> Any:
        is_drag = False
        yield
        while event.type == "mouse_move":
            is_drag = True
            yield
        layer, active = self.layer, viewer.layers.selection.active
        is_free = active is None or active.mode == "pan_zoom"
        if layer is None or is_drag or not is_free or not layer.visible or event.button != 1:
            return
        label = layer.get_value(
            event.position,
            view_direction=event.view_direction,
            dims_displayed=event.dims_displayed,
            world=True,
        )
        if isinstance(label, tuple):
            label = label[1]  # behind the level, of labels at several scales
        places = self._rows_of(label)
        if "Shift" in event.modifiers or "Control" in event.modifiers:
            places = np.setxor1d(self._chosen, places)
        elif not len(places) and not len(self._chosen):
            return
        self._choose(places)
        if label and len(places):
            self._label = int(label)
            layer.selected_label = self._label

    def _on_gate(self, gate: Gate | None) -> None:
        name = self.current()
        if gate is None:
            self._choose(_NO_ROWS)
        else:
            inside = gate.rows(self.table(name)) & self.shown(name)
            self._choose(np.flatnonzero(inside), is_gated=True)

    def _choose(self, positions: NDArray[np.intp], *, is_gated: bool = False) -> None:
        self.choose(self.current(), positions)
        self._chosen = self.positions(self.current())
        self._show(is_gated=is_gated)

    def _show(self, *, is_gated: bool | None = None) -> None:
        """Show what is chosen in the plot and in the canvas."""
        name = self.current()
        if name:
            is_drawn = self.plot.gate is not None if is_gated is None else is_gated
            self.plot.show_chosen(self._mask(), is_gated=is_drawn)
        is_limited = self.plot.gate is not None or bool(self.condition_of(name))
        self.keep_button.setVisible(self.layer is not None)
        self.keep_button.setEnabled(is_limited)
        self._paints.start()

    def _mask(self) -> NDArray[np.bool_]:
        chosen = np.zeros(len(self.table(self.current())), bool)
        chosen[self._chosen] = True
        return chosen

    def _paint(self) -> None:
        if self._look is None:
            return
        here, colours = self._here(), self.objects.colours()
        # What the filter leaves stands out while nothing of it is chosen, and an empty gate
        # holds nothing.
        is_chosen = len(self._chosen) > 0 or self.plot.gate is not None
        picked = self._mask() if is_chosen else self.shown(self.current())
        self._look.show(
            self._labels()[here],
            None if colours is None else colours[here],
            picked[here],
            "Shown" if picked.all() else self.objects.others.currentText(),
        )

    def _on_theme(self, event: Any) -> None:
        self.set_theme(event.value)
