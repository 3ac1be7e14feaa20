"""The Surfaces dock: colour, cut, pick, compare and film surfaces."""

from __future__ import annotations

from typing import Any

import napari
import numpy as np
from napari.layers import Labels, Surface
from numpy.typing import NDArray
from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_delineate._napari.change_panel import ChangePanel
from napari_delineate._napari.docks import table_dock
from napari_delineate._napari.layers import LayerError
from napari_delineate._napari.object_part import ObjectPart
from napari_delineate._napari.picture_part import PicturePart
from napari_delineate._napari.session import Session
from napari_delineate._napari.sessions import session_of
from napari_delineate._napari.size_notice import SizeNotice
from napari_delineate._napari.surface_look import KnownObjects, colour_well
from napari_delineate._napari.surface_parts import ClipPart, ColourPart, LookPart
from napari_delineate._napari.widgets import LayerChoice, Message, Scrolled
from napari_delineate._napari.widgets.dock import Dock
from napari_delineate._napari.widgets.section import Section
from napari_delineate.quantities import VertexQuantity, mesh_of, numbers_of, objects_measured

__all__ = ["SurfacesDock"]

_SUMMARY = "surfaces.summarize_values"

_EMPTY = (
    "No surface yet. Select labels or a mask and make one, for instance with Labels to surface, "
    "or open a mesh file."
)


class SurfacesDock(Dock):
    """Look at surfaces, and find out what they measure.

    Everything that changes how a layer looks is done at once; everything that computes is a
    step of the session.

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
        self._watched: Surface | None = None
        self._colouring: str | None = None  # the step whose result is to get colours
        self._known = KnownObjects()
        self.choice = LayerChoice(
            viewer, lambda layer: isinstance(layer, Surface), missing="no surface"
        )
        self.choice.setAccessibleName("Surface")
        self.choice.setToolTip("The surface that this dock shows")
        self.view_button = QPushButton("Show in 3D")
        self.view_button.setToolTip("Look at all that is visible in 3D")
        self.view_button.clicked.connect(self.show_in_3d)
        self.facts = QLabel()
        self.facts.setWordWrap(True)
        self.message = Message()
        self.sizes = SizeNotice(self.session)
        self.change = ChangePanel(self.session)
        self.colour = ColourPart(self.session)
        self.look = LookPart(viewer)
        self.clip = ClipPart()
        self.objects = ObjectPart(self.session)
        self.pictures = PicturePart(self.session)
        self.sections = {
            "Before and after": self.change,
            "Colour": self.colour,
            "Look": self.look,
            "Clipping plane": self.clip,
            "Objects": self.objects,
            "Pictures": self.pictures,
        }
        head = QHBoxLayout()
        head.addWidget(self.choice, 1)
        head.addWidget(self.view_button)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.addWidget(self.facts)
        column.addWidget(self.sizes)
        self.titles = {}
        for title, part in self.sections.items():
            section = Section(title, theme, is_open=title not in ("Clipping plane", "Pictures"))
            section.rows.addRow(part)
            self.titles[title] = section
            column.addWidget(section)
        column.addStretch(1)
        holder = Scrolled()
        holder.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.addLayout(head)
        layout.addWidget(self.message)
        layout.addWidget(holder, 1)
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * 40)

        self.choice.changed.connect(self._on_choice)
        self.colour.chosen.connect(self._on_quantity)
        self.objects.chosen.connect(self._on_object)
        self.objects.summary_wanted.connect(self._on_summary)
        self.pictures.said.connect(self._say)
        self.pictures.failed.connect(self._on_failed)
        self.session.changed.connect(self._refresh)
        self.session.finished.connect(self._on_finished)
        self.session.failed.connect(self._on_session_failed)
        viewer.layers.selection.events.active.connect(self._on_active)
        viewer.events.theme.connect(self._on_theme)
        self._on_choice()

    @property
    def layer(self) -> Surface | None:
        """The surface that is looked at, None if there is none."""
        return self.choice.layer()

    def show_in_3d(self) -> None:
        """Look at everything that is visible in 3D."""
        viewer = self.session.viewer
        viewer.dims.ndisplay = 3
        viewer.reset_view()

    def stop(self) -> None:
        """Follow the viewer and the session no longer."""
        if self._is_stopped:
            return
        self._is_stopped = True
        self._watch(None)
        viewer = self.session.viewer
        self.choice.stop()
        for part in (
            self.sizes,
            self.change,
            self.colour,
            self.look,
            self.clip,
            self.objects,
            self.pictures,
        ):
            part.stop()
        self.session.changed.disconnect(self._refresh)
        self.session.finished.disconnect(self._on_finished)
        self.session.failed.disconnect(self._on_session_failed)
        viewer.layers.selection.events.active.disconnect(self._on_active)
        viewer.events.theme.disconnect(self._on_theme)

    # What is looked at

    def _on_active(self, _: Any = None) -> None:
        active = self.session.viewer.layers.selection.active
        if isinstance(active, Surface) and active is not self.layer:
            self.choice.choose(active)

    def _on_choice(self) -> None:
        self._say("")
        self._watch(self.layer)
        self._refresh()

    def _watch(self, layer: Surface | None) -> None:
        before, self._watched = self._watched, layer
        if before is layer:
            return
        self._known.forget()
        if before is not None:
            before.events.data.disconnect(self._on_data)
            self.objects.leave(before)
        if layer is not None:
            layer.events.data.connect(self._on_data)
            self.objects.enter(layer)

    def _on_data(self, _: Any = None) -> None:
        if not self.objects.is_greying:
            self._known.forget()
            self._refresh()

    def _refresh(self, _: Any = None) -> None:
        layer = self.layer
        for section in self.titles.values():
            section.setVisible(layer is not None)
        self.view_button.setEnabled(layer is not None)
        if layer is None:
            self.facts.setText(_EMPTY)
            for part in (self.colour, self.look, self.clip):
                part.stop()
            return
        name = self.session.name_of(layer)
        self.facts.setText(f"{len(layer.vertices):,} vertices · {len(layer.faces):,} triangles")
        step = None if name is None else self.session.workflow.maker(name)
        self.change.show_step(None if step is None else step.name)
        self.titles["Before and after"].setVisible(not self.change.isHidden())
        is_whole = len(self._known.of(np.asarray(layer.vertex_values))) > 0
        self.colour.show_layer(layer, self._quantity_of(name), is_whole=is_whole)
        self.look.show_layer(layer)
        is_solid = layer.vertices.shape[1] > 2  # nothing to cut in a plane
        self.titles["Clipping plane"].setVisible(is_solid)
        if is_solid:
            self.clip.show_layer(layer)
        else:
            self.clip.stop()
        labels, tables = (
            (None, {}) if name is None else objects_measured(self.session.workflow, name)
        )
        found = None if labels is None else self.session.layer(labels)
        numbers = self._numbers(layer, name)
        self.objects.show_objects(
            layer,
            numbers,
            np.zeros(0, np.int64) if numbers is None else self._known.of(numbers),
            found if isinstance(found, Labels) else None,
            tables,
            table_dock(self.session.viewer),
        )
        self.objects.summary_button.setVisible(self._is_coloured(name))

    def _numbers(self, layer: Surface, name: str | None) -> NDArray[Any] | None:
        """Return the object of each vertex: the values, or those of the mesh before."""
        source = None if name is None else numbers_of(self.session.workflow, name)
        values: Any = layer.vertex_values
        if name is not None and source != name:
            before = self.session.results.get(str(source))
            values = () if before is None else before.data.values
        values = np.asarray(values)
        is_known = values.shape == (len(layer.vertices),) and len(self._known.of(values)) > 0
        return values if is_known else None

    def _is_coloured(self, name: str | None) -> bool:
        return name is not None and mesh_of(self.session.workflow, name) != name

    def _quantity_of(self, name: str | None) -> tuple[str, dict[str, Any]] | None:
        """Return operation and settings of the step that coloured a surface, if one did."""
        if not self._is_coloured(name):
            return None
        maker = self.session.workflow.maker(str(name))
        assert maker is not None
        return maker.operation, dict(maker.parameters)

    # What a person does

    def _on_quantity(self, quantity: VertexQuantity | None) -> None:
        layer, session = self.layer, self.session
        if layer is None:
            return
        self._say("")
        name = session.name_of(layer)
        mesh = None if name is None else mesh_of(session.workflow, name)
        if quantity is None:
            if mesh is not None and session.is_deleted(mesh):
                session.show(mesh)
            shown = None if mesh is None else session.layer(mesh)
            if shown is not None and shown is not layer:
                layer.visible, shown.visible = False, True
                self.choice.choose(shown)
            return
        # A surface that is coloured already gets other colours, no further layer.
        maker = session.workflow.maker(name) if name is not None and mesh != name else None
        step = None if maker is None else maker.name
        try:
            sources = self.colour.sources(quantity, layer if mesh is None else mesh)
            if step is not None and maker is not None and maker.operation == quantity.operation.id:
                session.change(step, parameters=quantity.parameters)
            elif step is not None and len(quantity.operation.inputs) == 1:
                replaced = session.workflow.replace(step, quantity.operation.id)
                session.apply(replaced.change(step, parameters=quantity.parameters))
            else:
                step = session.run(quantity.operation.id, sources, quantity.parameters)
        except (LayerError, ValueError, TypeError, KeyError) as error:
            self._on_failed(str(error))
            self._refresh()
            return
        self._colouring = step

    def _on_finished(self, _: Any = None) -> None:
        step, self._colouring = self._colouring, None
        session = self.session
        if step is not None and any(one.name == step for one in session.workflow.steps):
            error = session.results.errors.get(step)
            layer = session.layer(session.workflow.step(step).outputs[0])
            if error is not None:
                self._on_failed(error.reason)
            elif isinstance(layer, Surface):
                colour_well(layer)
                layer.colorbar.visible = True
                with QSignalBlocker(self.choice):
                    self.choice.refresh()
                    self.choice.choose(layer)
                self._watch(layer)
        self._refresh()

    def _on_object(self, number: int) -> None:
        """Show an object also where else it is: in its labels and in tables."""
        labels, tables = self.objects.labels, self.objects.tables
        if labels is not None:
            labels.selected_label = number
        dock = table_dock(self.session.viewer)
        if dock is not None:
            for name, column in tables.items():
                dock.select_row(name, column, number)

    def _on_summary(self) -> None:
        """Record a table of the colours, object by object."""
        layer, session = self.layer, self.session
        name = None if layer is None else session.name_of(layer)
        if name is None:
            return
        sources = {"surface": mesh_of(session.workflow, name), "measured": name}
        try:
            session.run(_SUMMARY, sources, {})
        except (LayerError, ValueError, TypeError, KeyError) as error:
            self._on_failed(str(error))

    def _on_session_failed(self, text: str) -> None:
        self._colouring = None  # a later step may get the same name
        self._on_failed(text)

    # Messages

    def _say(self, text: str) -> None:
        self.message.say(text, "hint", self.session.viewer.theme)

    def _on_failed(self, text: str) -> None:
        self.message.say(text, "error", self.session.viewer.theme)

    def _on_theme(self, event: Any) -> None:
        for section in self.titles.values():
            section.set_theme(event.value)
        self.sizes.set_theme(event.value)
        self.objects.set_theme(event.value)
