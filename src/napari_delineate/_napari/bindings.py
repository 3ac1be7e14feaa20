"""Tie layers to the values of a workflow, and notice what is edited by hand."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels, Layer

from napari_delineate._napari.layers import (
    Place,
    is_editable,
    place_of,
    source_of,
    to_value,
)
from napari_delineate.postprocessing.corrections import record_corrections
from napari_delineate.store import Store
from napari_delineate.types import Kind
from napari_delineate.values import Value
from napari_delineate.workflow import Step, Workflow, WorkflowInput

__all__ = ["APPLY", "Bindings"]

APPLY = "postprocessing.apply_corrections"


class Bindings:
    """Know which layer shows which value, and where inputs lie.

    Layers are known by their `unique_id`, so that renaming, reordering or hiding them
    disturbs nothing.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer; it is not kept alive.
    store : Store
        Keeps what layers held.
    """

    def __init__(self, viewer: ViewerModel, store: Store) -> None:
        self._viewer = weakref.ref(viewer)
        self._store = store
        self._ids: dict[str, Any] = {}  # value -> unique_id of the layer that shows it
        self._places: dict[str, Place] = {}  # input -> where its layer lies
        self._touched: set[Any] = set()  # layers whose data may have been edited

    def __iter__(self) -> Any:
        return iter(list(self._ids))

    def layer(self, name: str) -> Layer | None:
        """Return the layer that shows a value, None if it was deleted or never made."""
        viewer, wanted = self._viewer(), self._ids.get(name)
        if viewer is None:
            return None
        return next((one for one in viewer.layers if one.unique_id == wanted), None)

    def name_of(self, layer: Layer, workflow: Workflow) -> str | None:
        """Return the value of a workflow that a layer shows, None if it shows none."""
        for name, unique_id in self._ids.items():
            if unique_id == layer.unique_id and name in workflow.values:
                return name
        return None

    def bind(self, name: str, layer: Layer, place: Place | None = None) -> None:
        """Tie a layer to a value, and watch whether it is edited."""
        self._ids[name] = layer.unique_id
        if place is not None:
            self._places[name] = place
        if is_editable(layer):
            # Undo of strokes announces itself by `set_data` alone, a stroke by `paint` alone.
            layer.events.set_data.connect(self._on_edit)
            if isinstance(layer, Labels):
                layer.events.paint.connect(self._on_edit)
        self.is_shown(layer)

    def is_shown(self, layer: Layer) -> None:
        """Note that a layer shows just what was computed."""
        self._touched.discard(layer.unique_id)

    def unbind(self, name: str) -> None:
        """Forget which layer shows a value."""
        self._ids.pop(name, None)

    def place(self, workflow: Workflow, name: str) -> Place:
        """Return where the input lies that a value follows."""
        maker = workflow.maker(name)
        while maker is not None:
            name = maker.sources[0]
            maker = workflow.maker(name)
        return self._places[name]

    def as_value(self, workflow: Workflow, layer: Layer) -> tuple[Workflow, str]:
        """Return the value that a layer shows, as a new input where it shows none."""
        name = self.name_of(layer, workflow)
        if name is not None:
            return workflow, name
        name = workflow.unique_name(layer.name)
        return self._with_input(workflow, name, layer), name

    def with_edits(self, workflow: Workflow, results: Mapping[str, Value]) -> Workflow:
        """Return a workflow that knows what was edited by hand since it ran.

        Inputs that were edited, replaced or moved become new versions; what was painted on
        results becomes corrections.

        Parameters
        ----------
        workflow : Workflow
            The workflow.
        results : mapping of str to Value
            What its layers showed.

        Returns
        -------
        Workflow
            The same workflow if nothing was edited.
        """
        for name in self:
            layer = self.layer(name) if name in workflow.values else None
            if layer is None:
                continue
            maker = workflow.maker(name)
            if maker is None:
                if self._has_changed(workflow, name, layer):
                    workflow = self._with_input(workflow, name, layer)
            elif (
                layer.unique_id in self._touched
                and workflow.values[name].kind is Kind.LABELS
                and name in results
                and not _same(results[name].data, layer.data)
            ):
                workflow = self._corrected(workflow, name, maker, layer, results)
            self.is_shown(layer)
        return workflow

    def _on_edit(self, event: Any) -> None:
        self._touched.add(event.source.unique_id)

    def _has_changed(self, workflow: Workflow, name: str, layer: Layer) -> bool:
        """Tell whether an input is no longer what its layer holds."""
        if place_of(layer) != self._places[name]:
            return True
        known, now = self._store.get(str(workflow.inputs[name].version)), to_value(layer)
        if is_editable(layer):
            return layer.unique_id in self._touched and not _same(known.data, now.data)
        # Nobody paints on images: another content is another array.
        return all(a is not b for a, b in zip(_arrays(known), _arrays(now), strict=False))

    def _with_input(self, workflow: Workflow, name: str, layer: Layer) -> Workflow:
        """Return a workflow with what a layer holds now as an input."""
        value = to_value(layer)
        version = self._store.put(name, value, copy=is_editable(layer))
        self.bind(name, layer, place_of(layer))
        described = WorkflowInput(
            value.kind, value.axes, value.spacing, value.units, source_of(layer), version
        )
        return workflow.add_input(name, described)

    def _corrected(
        self,
        workflow: Workflow,
        name: str,
        maker: Step,
        layer: Layer,
        results: Mapping[str, Value],
    ) -> Workflow:
        """Return a workflow with a step that applies what was painted on a result."""
        again = maker.operation == APPLY
        base = str(maker.inputs["labels"]) if again else name
        before = results[base]
        corrections = record_corrections(before.data, layer.data)
        value = replace(before, data=corrections, kind=Kind.CORRECTIONS)
        wish = f"{name}_corrections"
        source = str(maker.inputs["corrections"]) if again else workflow.unique_name(wish)
        version = self._store.put(source, value)
        self._places[source] = self.place(workflow, base)
        described = replace(WorkflowInput.of(value), version=version)
        workflow = workflow.add_input(source, described)
        if again:
            return workflow
        users = [step for step in workflow.steps if name in step.sources]
        workflow = workflow.add(APPLY, {"labels": name, "corrections": source}, after=maker.name)
        corrected = next(step for step in workflow.steps if source in step.sources).outputs[0]
        for step in users:
            workflow = workflow.change(step.name, inputs=_swapped(step, name, corrected))
        # The layer shows the corrected labels from now on.
        self._ids[corrected] = self._ids.pop(name)
        return workflow


def _swapped(step: Step, old: str, new: str) -> dict[str, Any]:
    """Return the inputs of a step with one name replaced."""
    swapped: dict[str, Any] = {}
    for key, value in step.inputs.items():
        if isinstance(value, tuple):
            swapped[key] = tuple(new if one == old else one for one in value)
        else:
            swapped[key] = new if value == old else value
    return swapped


def _arrays(value: Value) -> tuple[Any, ...]:
    return value.data if isinstance(value.data, tuple) else (value.data,)


def _same(first: Any, second: Any) -> bool:
    firsts = first if isinstance(first, tuple) else (first,)
    seconds = second if isinstance(second, tuple) else (second,)
    return all(np.array_equal(a, b) for a, b in zip(firsts, seconds, strict=True))
