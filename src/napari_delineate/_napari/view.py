"""Make the layers and tables of a viewer agree with the results of a workflow."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import napari
from napari.layers import Image, Labels, Layer

from napari_delineate._napari import docks
from napari_delineate._napari.bindings import Bindings
from napari_delineate._napari.drawings import put_back
from napari_delineate._napari.layer_order import LayerOrder
from napari_delineate._napari.layers import Place, lay_at, make_layer, put_into
from napari_delineate._napari.scales import can_write, level_0
from napari_delineate._napari.size_guard import SizeGuard
from napari_delineate._napari.strokes import has_form, show_change
from napari_delineate._napari.visible import shown_region
from napari_delineate.engine import Results
from napari_delineate.files.results import as_table
from napari_delineate.quantities import labels_measured
from napari_delineate.regional import outdated
from napari_delineate.regions import Region
from napari_delineate.store import Store
from napari_delineate.types import Kind
from napari_delineate.values import Value
from napari_delineate.workflow import Workflow

__all__ = ["METADATA", "View", "is_shown_as_layer"]

PREVIEW = "preview"
"""What a layer shows while only a part of it is computed."""

METADATA = "napari_delineate"
"""The entry of a layer's metadata that holds the workflow it is a result of."""


def is_shown_as_layer(kind: Kind) -> bool:
    """Tell whether values of a kind are shown as layers."""
    return kind.is_grid or kind in (Kind.POINTS, Kind.SHAPES, Kind.SURFACE)


class View:
    """Show values in layers and tables; what a person chose for a layer stays.

    A layer whose value is undone leaves the viewer and is kept, so that redo brings the
    same layer back. A layer that a person deletes stays away until it is asked for.

    Parameters
    ----------
    viewer : napari.Viewer
        The viewer; it is not kept alive.
    bindings : Bindings
        Which layer shows which value.
    store : Store
        The values of inputs.
    guard : SizeGuard
        Says which surfaces are too large to be shown without asking.
    on_deleted : callable
        Is called after a person has deleted a layer of the workflow.
    """

    def __init__(
        self,
        viewer: napari.Viewer,
        bindings: Bindings,
        store: Store,
        guard: SizeGuard,
        on_deleted: Callable[[], None],
    ) -> None:
        self._viewer = weakref.ref(viewer)
        self._bindings = bindings
        self._store = store
        self._guard = guard
        self._on_deleted = on_deleted
        self._shown = bindings.shown
        self._tables: dict[str, str] = {}  # name -> anchor of tables that are shown
        self._places: dict[str, Place] = {}  # anchor -> where its layer was put
        self._names: dict[str, str] = {}  # anchor -> name of the value, when last shown
        self._kept: dict[str, Layer] = {}  # anchor -> its layer, which is not in the viewer
        self._order = LayerOrder()
        self._deleted: set[str] = set()  # anchors whose layers a person has deleted
        self._unlit: set[str] = set()  # anchors whose layers we hid: there is no result
        self._covering: set[str] = set()  # anchors whose layers are to be made hidden
        self._replaced: dict[str, Layer] = {}  # anchor -> the layer that we hid for its layer
        self._results = Results()
        self._workflow = Workflow()
        viewer.layers.events.removed.connect(self._on_removed)

    def is_deleted(self, workflow: Workflow, name: str) -> bool:
        """Tell whether a person has deleted the layer of a value."""
        anchors = self._bindings.anchors(workflow)
        anchor = anchors.of[name]
        return anchor in self._deleted and anchors.shown[anchor] == name

    def begin(self, workflow: Workflow) -> None:
        """Let the images that lie between inputs and results begin as hidden layers.

        Where all steps come at once, nobody looks at one after the other: images that steps
        have gone on with would only cover the inputs. Labels and masks let them shine through.
        What a person has deleted belonged to another workflow, and is no reason to show less.

        Parameters
        ----------
        workflow : Workflow
            A workflow that is opened.
        """
        self._deleted.clear()
        anchors = self._bindings.anchors(workflow).of
        used = {source for step in workflow.steps for source in step.sources}
        self._covering = {
            anchors[name]
            for step in workflow.steps
            if used.intersection(step.outputs)
            for name in step.outputs
            if workflow.values[name].kind in (Kind.IMAGE, Kind.RGB)
        }

    def show(self, workflow: Workflow, results: Results, described: dict[str, Any]) -> None:
        """Make layers and tables agree with results.

        Parameters
        ----------
        workflow : Workflow
            The workflow.
        results : Results
            Its results; values that are missing have failed, and their layers are hidden.
        described : dict
            The workflow as it is written into the metadata of layers.
        """
        viewer = self._viewer()
        if viewer is None:
            return
        self._workflow, self._results = workflow, results
        with self._changing():
            values = self._bindings.anchors(workflow).shown
            for anchor in list(self._shown):
                if anchor not in values:
                    self._withdraw(viewer, anchor)
            self._deleted.intersection_update(values)
            for anchor, name in values.items():
                if is_shown_as_layer(workflow.values[name].kind):
                    self._show_value(viewer, anchor, name)
                    layer = self._bindings.layer_at(anchor)
                    if layer is not None and workflow.maker(name) is not None:
                        layer.metadata[METADATA] = {"value": name, "workflow": described}
            for anchor, name in values.items():
                if _is_table(workflow, name) and name in results:
                    self._show_table(viewer, anchor, name, results[name])
            computed = [name for name in values.values() if name in results]
            for name in [one for one in self._tables if one not in computed]:
                # What others show, such as scores of a folder, stays.
                docks.remove_table(viewer, name)
                anchor = self._tables.pop(name)
                if anchor not in self._tables.values():  # it has no other name
                    self._shown.pop(anchor, None)

    def preview(self, workflow: Workflow, values: Mapping[str, Value]) -> None:
        """Show values that are not yet what they will be, until `show` is called.

        Parameters
        ----------
        workflow : Workflow
            The workflow.
        values : mapping of str to Value
            Images of which layers exist.
        """
        with self._changing():
            for name, value in values.items():
                layer = self._bindings.layer(workflow, name)
                if layer is not None and layer.visible:
                    put_into(layer, value, self._bindings.place(workflow, name), is_ours=False)
                    self._shown[self._bindings.anchors(workflow).of[name]] = PREVIEW

    def show_inputs(self, workflow: Workflow) -> None:
        """Make the layers of inputs agree with a workflow that computes what is shown."""
        viewer = self._viewer()
        if viewer is not None:
            self._workflow = workflow
            with self._changing():
                for anchor, name in self._bindings.anchors(workflow).shown.items():
                    described = workflow.inputs.get(name)
                    if described is not None and is_shown_as_layer(described.kind):
                        self._show_value(viewer, anchor, name)

    def region_on_screen(self, evaluated: Workflow, workflow: Workflow) -> Region | None:
        """Return what is on the screen of the images that a change outdates."""
        viewer = self._viewer()
        for name in sorted(outdated(evaluated, workflow)):
            layer = self._bindings.layer(workflow, workflow.step(name).outputs[0])
            if viewer is not None and isinstance(layer, Image):
                return shown_region(viewer, layer)
        return None

    def bring_back(self, workflow: Workflow, name: str) -> None:
        """Show the layer of a value that a person has deleted."""
        viewer, anchors = self._viewer(), self._bindings.anchors(workflow)
        anchor = anchors.of[name]
        if viewer is None or anchor not in self._deleted:
            return
        self._deleted.discard(anchor)
        with self._changing():
            self._show_value(viewer, anchor, anchors.shown[anchor])

    def _value(self, name: str) -> Value:
        """Return an input, or a result that could be computed."""
        described = self._workflow.inputs.get(name)
        return self._results[name] if described is None else self._store.get(str(described.version))

    def _key(self, name: str) -> str | None:
        """Return what tells a value from others; None if it could not be computed."""
        described = self._workflow.inputs.get(name)
        if described is not None:
            return str(described.version)
        return self._results.content_keys[name] if name in self._results else None

    def _show_value(self, viewer: napari.Viewer, anchor: str, name: str) -> None:
        if anchor in self._deleted:
            return
        key = self._key(name)
        layer = self._bindings.layer_at(anchor)
        if key is None:
            if layer is not None and layer.visible:
                layer.visible = False
                self._unlit.add(anchor)
            return
        place, made = self._bindings.place(self._workflow, name), self._workflow.maker(name)
        has_moved = made is not None and self._places.get(anchor, place) != place
        is_held_back = made is not None and self._guard.holds_back(name, self._value(name), layer)
        if is_held_back and layer is not None:
            layer.visible = False
        if layer is None:
            layer = self._insert(viewer, anchor, name, self._value(name), is_hidden=is_held_back)
        elif self._shown.get(anchor) != key or has_moved:
            if not self._change(layer, str(self._shown.get(anchor)), name, key):
                self._put(layer, name, self._value(name))
            self._bindings.is_shown(layer)
        if anchor in self._unlit:
            self._unlit.discard(anchor)
            layer.visible = True
        if self._names.get(anchor) not in (None, name) and layer.name == self._names[anchor]:
            layer.name = name  # nobody has given the layer another name
        self._shown[anchor], self._names[anchor], self._places[anchor] = key, name, place

    def _change(self, layer: Layer, shown: str, name: str, version: str) -> bool:
        """Show another version of painted labels by its strokes; false where that is not known."""
        if name not in self._workflow.inputs or not isinstance(layer, Labels):
            return False
        if not self._bindings.is_same_place(shown, version) or not can_write(layer):
            return False
        if self._bindings.is_painted(layer):
            return False  # it does not show just what it should
        change = self._store.change_between(shown, version)
        if change is None or not has_form(layer, self._store.form(version)):
            return False
        show_change(layer, change)
        self._store.follow(version, level_0(layer))
        return True

    def _insert(
        self, viewer: napari.Viewer, anchor: str, name: str, value: Value, *, is_hidden: bool
    ) -> Layer:
        layer = self._kept.pop(anchor, None)
        if layer is None:
            place = self._bindings.place(self._workflow, name)
            layer = make_layer(name, value, place)
            layer.visible = anchor not in self._covering and not is_hidden
            viewer.add_layer(layer)
        else:
            layer.visible = layer.visible and not is_hidden
            self._put(layer, name, value)
            viewer.layers.insert(self._order.come_back(viewer.layers, layer), layer)
        self._covering.discard(anchor)
        self._bindings.bind(anchor, layer)
        if layer.visible:
            self._replace(anchor, name)
        return layer

    def _replace(self, anchor: str, name: str) -> None:
        """Hide the surface that a surface was made of: they lie in each other."""
        maker = self._workflow.maker(name)
        if maker is None or self._workflow.values[name].kind is not Kind.SURFACE:
            return
        for source in maker.sources:
            layer = self._bindings.layer(self._workflow, source)
            is_surface = self._workflow.values[source].kind is Kind.SURFACE
            if is_surface and layer is not None and layer.visible:
                layer.visible = False
                self._replaced[anchor] = layer
                return

    def _put(self, layer: Layer, name: str, value: Value) -> None:
        place = self._bindings.place(self._workflow, name)
        drawing = self._bindings.drawing(self._workflow, name)
        if drawing is None:
            put_into(layer, value, place, is_ours=METADATA in layer.metadata)
        else:
            lay_at(layer, place)
            put_back(layer, drawing)

    def _withdraw(self, viewer: napari.Viewer, anchor: str) -> None:
        """Take away a layer that shows a result which is no more."""
        layer = self._bindings.layer_at(anchor)
        if layer is not None and METADATA not in layer.metadata:
            return  # a person's own layer stays
        del self._shown[anchor]
        if layer is not None:
            replaced = self._replaced.pop(anchor, None)
            if replaced is not None and layer.visible:
                replaced.visible = True
            place = viewer.layers.index(layer)
            viewer.layers.remove(layer)
            self._kept[anchor] = layer
            self._order.leave(viewer.layers, layer, place)
            _draw(viewer)

    def _show_table(self, viewer: napari.Viewer, anchor: str, name: str, value: Value) -> None:
        key = f"{name} {self._results.content_keys[name]}"
        if self._shown.get(anchor) == key:
            return
        self._shown[anchor] = key
        table, workflow = as_table(name, value), self._workflow
        docks.show_table(viewer, name, table)
        self._tables[name] = anchor
        labels = labels_measured(workflow, name)
        layer = None if labels is None else self._bindings.layer(workflow, labels)
        is_of_one_image = not workflow.values[name].axes
        if isinstance(layer, Labels) and "label" in table.columns and is_of_one_image:
            # napari finds the row of a label by this column.
            there = table[table["label"] > 0]
            layer.features = there.assign(index=there["label"])

    def _on_removed(self, event: Any) -> None:
        if self._bindings.own_change:
            return
        viewer, anchors = self._viewer(), self._bindings.anchors_at(event.value)
        if viewer is not None and anchors:
            self._deleted.update(anchors)
            self._kept.update(dict.fromkeys(anchors, event.value))
            self._order.leave(viewer.layers, event.value, event.index)
            self._on_deleted()

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Tell our own changes of layers from those of a person."""
        before, self._bindings.own_change = self._bindings.own_change, True
        try:
            yield
        finally:
            self._bindings.own_change = before


def _draw(viewer: napari.Viewer) -> None:
    """Draw the canvas now.

    Where two layers of labels go without being drawn between, OpenGL ends the process once both
    are shown again (napari 0.9.2 with vispy 0.17).
    """
    canvas = getattr(getattr(viewer.window, "_qt_viewer", None), "canvas", None)
    if canvas is not None:
        canvas.native.repaint()


def _is_table(workflow: Workflow, name: str) -> bool:
    return workflow.values[name].kind in (Kind.TABLE, Kind.SCORES)
