"""Tie layers to the values of a workflow, and notice what is edited by hand."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels, Layer

from napari_delineate._napari.anchors import APPLY, Anchors, has_conflicts
from napari_delineate._napari.drawings import Drawing, drawing_of, is_being_drawn
from napari_delineate._napari.layers import (
    LayerError,
    Place,
    is_editable,
    is_upright,
    level_0,
    place_of,
    share_axes,
    source_of,
    to_value,
)
from napari_delineate._napari.painted_results import PaintedResults
from napari_delineate._napari.scales import is_drawing
from napari_delineate._napari.strokes import Strokes, change_of_stroke, has_form
from napari_delineate.engine import Results
from napari_delineate.rewiring import put_in
from napari_delineate.store import Store
from napari_delineate.types import Kind
from napari_delineate.values import Value
from napari_delineate.workflow import Workflow, WorkflowInput

__all__ = ["HISTORY_KEYS", "Bindings", "Source"]

Source: TypeAlias = Layer | str
"""What a step can work on: a layer, or the name of a value that has none."""

HISTORY_KEYS = {
    "Ctrl+Z": ("Undo", "Take the last change back: a stroke, a tool, a setting or a step."),
    "Ctrl+Shift+Z": ("Redo", "Make the change again that was taken back."),
}
"""The keys for undo and redo, on the canvas and in the Assistant: their names, and what they do."""

_CHANGES = frozenset(
    ("data", "scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")
)
"""Events that tell that a layer holds something else, or lies elsewhere."""
_DONE = ("added", "removed", "changed")
"""What napari calls changes of points and shapes that have happened."""

_RECENT = 4
"""Workflows whose anchors are remembered: that now, the one computed, and those in between."""

_AT_ONCE = 2**24
"""Pixels of labels that can be looked at after every stroke without anybody noticing."""

_COPIED_AT_ONCE = 2**22
"""Pixels of labels that are copied without anybody noticing."""

PAINTED = ""
"""What a layer shows on which something was painted that is not computed yet."""


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
    on_stroke : callable
        Is called while something is painted, or points are changed, by hand.
    on_input : callable
        Is called when a layer that may be an input holds other data, or lies elsewhere.
    on_undo, on_redo : callable
        Are called with the layer for these keys.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        store: Store,
        on_stroke: Callable[[], None],
        on_input: Callable[[], None],
        on_undo: Callable[[Layer], None],
        on_redo: Callable[[Layer], None],
    ) -> None:
        self._viewer = weakref.ref(viewer)
        self._store = store
        self._on_stroke = on_stroke
        self._on_input = on_input
        self._keys = dict(zip(HISTORY_KEYS, (on_undo, on_redo), strict=True))
        self._anchors: deque[Anchors] = deque(maxlen=_RECENT)
        self._ids: dict[str, Any] = {}  # anchor -> unique_id of the layer
        self._ties: dict[Any, list[str]] = {}  # unique_id of a layer -> its anchors
        self._present: dict[Any, Layer] = {}  # unique_id -> layer of the viewer
        self._places: dict[str, Place] = {}  # version of an input -> where its layer lay
        self._drawings: dict[str, Drawing] = {}  # version of an input -> what its layer held
        self._touched: set[Any] = set()  # layers whose data may have been edited
        self._strokes = Strokes()  # what was painted since it was recorded last
        self._painted = PaintedResults()
        self._held: dict[Any, tuple[Any, ...]] = {}  # what layers held when they were shown
        self.shown: dict[str, str] = {}  # anchor -> version or key of what its layer shows
        self.own_change = False  # whether it is us who change layers
        viewer.layers.events.inserted.connect(self._on_layers)
        viewer.layers.events.removed.connect(self._on_layers)

    def anchors(self, workflow: Workflow) -> Anchors:
        """Return the anchors of a workflow; those of the last few are remembered."""
        for known in self._anchors:
            if known.workflow is workflow:
                return known
        found = Anchors(workflow)
        self._anchors.append(found)
        return found

    def layer(self, workflow: Workflow, name: str) -> Layer | None:
        """Return the layer that shows a value, None if there is none."""
        anchors = self.anchors(workflow)
        anchor = anchors.of.get(name)
        if anchor is None or anchors.shown[anchor] != name:
            return None
        return self.layer_at(anchor)

    def layer_at(self, anchor: str) -> Layer | None:
        """Return the layer of an anchor, None if it is not in the viewer."""
        viewer, wanted = self._viewer(), self._ids.get(anchor)
        if viewer is None or wanted is None:
            return None
        # Others may hear of a layer that comes or goes before this does.
        if len(self._present) != len(viewer.layers):
            self._present = {layer.unique_id: layer for layer in viewer.layers}
        return self._present.get(wanted)

    def anchors_at(self, layer: Layer) -> tuple[str, ...]:
        """Return the anchors that a layer is tied to, of this workflow or of others."""
        return tuple(self._ties.get(layer.unique_id, ()))

    def name_of(self, layer: Layer, workflow: Workflow) -> str | None:
        """Return the value of a workflow that a layer shows, None if it shows none."""
        shown = self.anchors(workflow).shown
        return next((shown[one] for one in self.anchors_at(layer) if one in shown), None)

    def bind(self, anchor: str, layer: Layer) -> None:
        """Tie a layer to an anchor, and watch whether it is edited."""
        before = self._ids.get(anchor)
        if before is not None and before != layer.unique_id:
            self._ties[before].remove(anchor)
        ties = self._ties.setdefault(layer.unique_id, [])
        if anchor not in ties:
            ties.append(anchor)
        self._ids[anchor] = layer.unique_id
        for change in _CHANGES.intersection(layer.events.emitters):
            layer.events[change].connect(self._on_change)
        if is_editable(layer):
            layer.events.set_data.connect(self._on_edit)
            if isinstance(layer, Labels):
                layer.events.paint.connect(self._on_paint)
                layer.events.data.connect(self._on_replaced)
                # A stroke is undone as any other change, and not by napari beside it.
                for key, react in self._keys.items():
                    layer.bind_key(key, react, overwrite=True)
            else:
                layer.events.data.connect(self._on_drawn)
        self.is_shown(layer)

    def bind_input(self, workflow: Workflow, name: str, layer: Layer | None, place: Place) -> None:
        """Note where an input lies, and which layer shows it."""
        self._places[str(workflow.inputs[name].version)] = place
        drawing = None if layer is None else drawing_of(layer)
        if drawing is not None:
            self._drawings[str(workflow.inputs[name].version)] = drawing
        if layer is not None:
            anchor = self.anchors(workflow).of[name]
            self.bind(anchor, layer)
            self.shown[anchor] = str(workflow.inputs[name].version)

    def is_shown(self, layer: Layer) -> None:
        """Note that a layer shows just what it should."""
        self._touched.discard(layer.unique_id)
        self._strokes.forget(layer)
        self._held[layer.unique_id] = _arrays(layer.data)

    def is_painted(self, layer: Layer) -> bool:
        """Tell whether something was painted in a layer since it showed just what it should."""
        return self._strokes.has(layer)

    def place(self, workflow: Workflow, name: str) -> Place:
        """Return where the input lies that a value follows."""
        start = self.anchors(workflow).start[name]
        return self._places[str(workflow.inputs[start].version)]

    def is_same_place(self, version: str, other: str) -> bool:
        """Tell whether two versions of inputs lie in the same place; false for unknown ones."""
        return version in self._places and self._places[version] == self._places.get(other)

    def drawing(self, workflow: Workflow, name: str) -> Drawing | None:
        """Return what was drawn for an input, None for other inputs and for results."""
        source = workflow.inputs.get(name)
        return None if source is None else self._drawings.get(str(source.version))

    def as_value(self, workflow: Workflow, layer: Layer) -> tuple[Workflow, str]:
        """Return the value that a layer shows, as a new input where it shows none."""
        name = self.name_of(layer, workflow)
        if name is not None:
            return workflow, name
        name = workflow.unique_name(layer.name)
        return self._with_input(workflow, name, layer), name

    def wire(
        self, workflow: Workflow, inputs: Mapping[str, Source | Sequence[Source] | None]
    ) -> tuple[Workflow, dict[str, str | tuple[str, ...] | None]]:
        """Return the values that sources show, and the workflow with what is new to it.

        Parameters
        ----------
        workflow : Workflow
            The workflow.
        inputs : mapping of str to layer, name, several of these, or None
            What the inputs of a step are to be.
        """
        every = (one if isinstance(one, list | tuple) else [one] for one in inputs.values())
        share_axes([one for several in every for one in several if isinstance(one, Layer)])

        def name_of(source: Source) -> str:
            nonlocal workflow
            if isinstance(source, str):
                return source
            workflow, name = self.as_value(workflow, source)
            return name

        wired: dict[str, str | tuple[str, ...] | None] = {}
        for name, given in inputs.items():
            if given is None or isinstance(given, Layer | str):
                wired[name] = None if given is None else name_of(given)
            else:
                wired[name] = tuple(name_of(one) for one in given)
        return workflow, wired

    def changed_inputs(self, workflow: Workflow) -> dict[str, str]:
        """Return the inputs that are no longer what their layers hold.

        Parameters
        ----------
        workflow : Workflow
            The workflow now.

        Returns
        -------
        dict of str to str
            For each such input, what keeps it from being used as it is; empty if nothing does.
        """
        found = {}
        for name in workflow.inputs:
            anchor = self.anchors(workflow).of[name]
            layer, shown = self.layer_at(anchor), self.shown.get(anchor)
            if layer is None or shown is None:
                continue
            try:
                if self._has_changed(shown, layer):
                    found[name] = ""
                    to_value(layer)
            except LayerError as error:
                found[name] = str(error)
        return found

    def turned_inputs(self, workflow: Workflow) -> list[str]:
        """Return the inputs whose layers are rotated or sheared, which results do not follow."""
        layers = ((name, self.layer(workflow, name)) for name in workflow.inputs)
        return [name for name, layer in layers if layer is not None and not is_upright(layer)]

    def with_edits(
        self,
        workflow: Workflow,
        evaluated: Workflow,
        results: Results,
        *,
        lenient: bool = False,
        by_hand: bool = False,
    ) -> Workflow:
        """Return a workflow that knows what was edited by hand since it ran.

        Inputs that were edited, replaced or moved become new versions; what was painted on
        results becomes corrections.

        Parameters
        ----------
        workflow : Workflow
            The workflow now.
        evaluated : Workflow
            The workflow that layers show.
        results : Results
            Its results.
        lenient : bool, optional
            Whether an input that can not be used any more, such as an image that became a
            stack of unknown axes, counts as not edited.
        by_hand : bool, optional
            Whether only what people edit by hand is looked at, and no image that another
            program replaces.

        Returns
        -------
        Workflow
            The same workflow if nothing was edited.

        Raises
        ------
        LayerError
            If an input can not be used any more, unless that is lenient.
        """
        before = self.anchors(evaluated).shown
        for anchor, name in self.anchors(workflow).shown.items():
            layer, shown = self.layer_at(anchor), self.shown.get(anchor)
            if layer is None or shown is None or is_being_drawn(layer):
                continue
            if by_hand and not is_editable(layer):
                continue
            if workflow.maker(name) is None:
                workflow = self._with_strokes(workflow, name, layer)
                if lenient and _takes_long(layer):
                    continue  # what nobody tells of is looked for when it is used
                try:
                    if self._has_changed(self.shown[anchor], layer):
                        workflow = self._with_input(workflow, name, layer)
                except LayerError:
                    if not lenient:
                        raise
                    continue
            elif self._is_edited(layer) and workflow.values[name].kind is Kind.LABELS:
                known = results.get(before.get(anchor, ""))
                if known is None:
                    continue  # it has not been shown yet
                is_known = self._strokes.is_known(layer) and layer.unique_id not in self._touched
                if is_known or shown == PAINTED or not _same(known.data, level_0(layer)):
                    base = _base(evaluated, results, before[anchor])
                    if not is_known:
                        self._painted.note(layer, None)
                    made = self._painted.record(layer, results, base)
                    value = replace(results[base], data=made, kind=Kind.CORRECTIONS)
                    on_top = base == before[anchor] and name == base
                    workflow = self._corrected(workflow, name, value, on_top=on_top)
                    self.shown[anchor] = PAINTED
            self.is_shown(layer)
        return workflow

    def _on_layers(self, _: Any) -> None:
        self._present = {}

    def _on_change(self, _: Any) -> None:
        if not self.own_change:
            self._on_input()

    def _on_edit(self, event: Any) -> None:
        if not (self.own_change or is_drawing(event.source)):  # of strokes we hear otherwise
            self._touched.add(event.source.unique_id)

    def _on_paint(self, event: Any) -> None:
        layer = event.source
        change = change_of_stroke(layer, event.value)
        self._painted.note(layer, change)
        if not self.own_change:
            self._strokes.add(layer, change)
            self._on_stroke()

    def _on_replaced(self, event: Any) -> None:
        """Know no longer what was painted on a result: it may be another one."""
        self._painted.note(event.source, None)

    def _on_drawn(self, event: Any) -> None:
        # What is about to change, or is being dragged, is announced as well.
        if str(event.action) in _DONE and not self.own_change:
            self._touched.add(event.source.unique_id)
            self._on_stroke()

    def _is_edited(self, layer: Layer) -> bool:
        return layer.unique_id in self._touched or self._strokes.has(layer)

    def _with_strokes(self, workflow: Workflow, name: str, layer: Layer) -> Workflow:
        """Return a workflow with what was painted in the layer of an input."""
        if not self._strokes.has(layer):
            return workflow
        anchor = self.anchors(workflow).of[name]
        before = self.shown[anchor]  # an undo may not be shown yet
        change = self._strokes.take(layer)
        is_known = has_form(layer, self._store.form(before))
        if change is None or not is_known or not self._store.is_followed(before, level_0(layer)):
            self._touched.add(layer.unique_id)
            return workflow
        version = self._store.put_change(before, change)
        self._places[version] = self._places[before]
        workflow = workflow.add_input(name, replace(workflow.inputs[name], version=version))
        self.shown[anchor] = version
        return workflow

    def _has_changed(self, version: str, layer: Layer) -> bool:
        """Tell whether an input is no longer what its layer holds."""
        if place_of(layer) != self._places[version]:
            return True
        if is_editable(layer):
            return self._is_edited(layer) and not _same(
                self._store.get(version).data, to_value(layer).data
            )
        # Nobody paints on images: another content is another array.
        held, now = self._held[layer.unique_id], _arrays(layer.data)
        return len(held) != len(now) or any(a is not b for a, b in zip(held, now, strict=True))

    def _with_input(self, workflow: Workflow, name: str, layer: Layer) -> Workflow:
        """Return a workflow with what a layer holds now as an input."""
        value = to_value(layer)
        known = workflow.inputs.get(name)
        series = name if known is None else str(known.version).rpartition("@")[0]
        if _is_copied_later(value):
            version = self._store.put_live(series, value)
        else:
            version = self._store.put(series, value, copy=is_editable(layer))
        described = WorkflowInput(
            value.kind,
            value.axes,
            value.spacing,
            value.units,
            source_of(layer),
            version,
            None if known is None else known.annotation,
        )
        workflow = workflow.add_input(name, described)
        self.bind_input(workflow, name, layer, place_of(layer))
        return workflow

    def _corrected(self, workflow: Workflow, name: str, value: Value, *, on_top: bool) -> Workflow:
        """Return a workflow with a step that applies what was painted on a result.

        Corrections on top of others leave those as they are.
        """
        maker = workflow.maker(name)
        again = maker is not None and maker.operation == APPLY and not on_top
        if maker is not None and again:
            source = str(maker.inputs["corrections"])
            version = str(workflow.inputs[source].version)
            if self._store.get(version).fingerprint() == value.fingerprint():
                return workflow
            series = version.rpartition("@")[0]
        else:
            source = series = workflow.unique_name(f"{name}_corrections")
        version = self._store.put(series, value)
        self._places[version] = self.place(workflow, name)
        described = replace(WorkflowInput.of(value), version=version)
        workflow = workflow.add_input(source, described)
        if again:
            return workflow
        wired = {"labels": name, "corrections": source}
        return put_in(workflow, workflow.add(APPLY, wired).steps[-1], name)


def _base(workflow: Workflow, results: Results, name: str) -> str:
    """Return the labels that a value corrects, or itself.

    Corrections whose objects are gone stay as they are until somebody decides what becomes of
    them: what is painted then comes on top.
    """
    maker = workflow.maker(name)
    if maker is None or maker.operation != APPLY or has_conflicts(results, maker.name):
        return name
    return str(maker.inputs["labels"])


def _arrays(data: Any) -> tuple[Any, ...]:
    return data if isinstance(data, tuple) else (data,)


def _same(first: Any, second: Any) -> bool:
    pairs = zip(_arrays(first), _arrays(second), strict=True)
    # What is not in memory is never copied: it is the same, and strokes tell what changes.
    return all(a is b or np.array_equal(a, b) for a, b in pairs)


def _takes_long(layer: Layer) -> bool:
    """Tell whether people would notice that all labels of a layer are looked at."""
    return isinstance(layer, Labels) and layer.data.size > _AT_ONCE


def _is_copied_later(value: Value) -> bool:
    """Tell whether people would notice that labels are copied."""
    data = value.data
    is_large = isinstance(data, np.ndarray) and data.size > _COPIED_AT_ONCE
    return value.kind is Kind.LABELS and is_large
