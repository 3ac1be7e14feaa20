"""The rows of an operation: what it works on, axes, and settings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

import psutil
from napari.layers import Image, Labels, Layer, Points, Shapes
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_delineate import catalogue
from napari_delineate._napari.axes_row import AxesRow
from napari_delineate._napari.bindings import Source
from napari_delineate._napari.last_settings import Measure
from napari_delineate._napari.layers import (
    LayerError,
    axes_of,
    in_memory,
    level_0,
    nbytes_of,
    share_axes,
    spacing_of,
)
from napari_delineate._napari.session import Session
from napari_delineate._napari.view import is_shown_as_layer
from napari_delineate._napari.widgets import (
    LayerChoice,
    LayersChoice,
    Message,
    SettingEdit,
)
from napari_delineate._napari.widgets.layer_drop import LayerDrop
from napari_delineate._napari.widgets.rows import Rows
from napari_delineate.axes import looped_axes
from napari_delineate.catalogue import Operation
from napari_delineate.signatures import Input
from napari_delineate.steps import Step
from napari_delineate.types import Kind
from napari_delineate.wording import memory_in_words

__all__ = ["Fields"]

_WORTH_ASKING = 100_000_000
"""Bytes up to which reading what is not in memory takes no time to speak of."""
_WORKING_MEMORY = 24
"""Bytes per voxel that an operation takes about: floats, distances, labels."""


class Fields(QWidget):
    """Choose what an operation works on, and its settings.

    Parameters
    ----------
    session : Session
        The session whose layers can be chosen.
    operation : Operation
        The operation.
    unfit : callable or None
        Returns the names of values that can not be chosen although their kind fits.
    """

    inputs_changed = Signal()
    settings_changed = Signal(object)
    """Names of the settings that a person has changed."""

    def __init__(self, session: Session, operation: Operation, unfit: Collection[str] = ()) -> None:
        super().__init__()
        self._session = session
        self.operation = operation
        self._unfit = unfit
        self._filling = False
        self.choices: dict[str, LayerChoice | LayersChoice] = {}
        self.settings: dict[str, SettingEdit] = {}
        self._axes_rows: list[QWidget] = []
        self._form = Rows()
        self._axes = QVBoxLayout()
        self._measure: Measure | None = None  # what lengths mean on what is chosen
        self.defaults_button = QToolButton()
        self.defaults_button.setText("Defaults")
        self.defaults_button.setToolTip("Set everything back to the defaults of the operation")
        self.defaults_button.setAccessibleName("Set everything back to the defaults")
        self.defaults_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.defaults_button.setAutoRaise(True)
        self.defaults_button.setVisible(bool(operation.settings))
        self.defaults_button.clicked.connect(self._on_defaults)
        self.note = Message()
        self.error = Message()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self._form)
        layout.addWidget(self.defaults_button, alignment=Qt.AlignmentFlag.AlignRight)
        layout.addLayout(self._axes)
        layout.addWidget(self.note)
        layout.addWidget(self.error)
        self._add_inputs()
        self._add_settings()
        session.changed.connect(self._on_session)
        self.refresh()

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        """Put all labels above their fields where one of them needs it: an even column."""
        super().resizeEvent(event)
        self._form.fit(self.width())

    def sources(self) -> dict[str, Source | list[Source] | None]:
        """Return what is chosen for each input."""
        return {
            name: choice.sources() if isinstance(choice, LayersChoice) else choice.source()
            for name, choice in self.choices.items()
        }

    def parameters(self) -> dict[str, Any]:
        """Return the value of every setting."""
        return {name: edit.value() for name, edit in self.settings.items()}

    def show_last(self) -> None:
        """Show the settings that the operation was run with last."""
        operation = self.operation
        recalled = self._session.last_settings.recall(
            operation.id, operation.settings, self._measure
        )
        for name, value in recalled.items():
            self.settings[name].set_value(value)
        self._show_whether_default()

    def remember(self) -> None:
        """Keep the settings for the next time that a form of the operation opens."""
        operation, values = self.operation, self.parameters()
        self._session.last_settings.remember(
            operation.id, operation.settings, values, self._measure
        )

    def show_step(self, step: Step) -> None:
        """Show what a step works on, and its settings."""
        self._filling = True
        try:
            for name, choice in self.choices.items():
                wired = step.inputs[name]
                if isinstance(choice, LayersChoice):
                    choice.choose([self._source(one) for one in wired or ()])
                else:
                    choice.choose(None if wired is None else self._source(str(wired)))
            for name, edit in self.settings.items():
                if edit.value() != step.parameters[name]:
                    edit.set_value(step.parameters[name])
        finally:
            self._filling = False
        self.refresh()

    def layers(self) -> list[Layer]:
        """Return the layers that are chosen."""
        layers: list[Layer] = []
        for choice in self.choices.values():
            if isinstance(choice, LayersChoice):
                layers += choice.layers()
            else:
                layer = choice.layer()
                layers += [] if layer is None else [layer]
        return list(dict.fromkeys(layers))

    def is_ready(self) -> bool:
        """Tell whether everything is chosen that the operation needs."""
        sources = self.sources()
        chosen = all(sources[one.name] or one.optional for one in self.operation.inputs)
        return chosen and all(axes_of(layer) for layer in self.layers())

    def is_large(self) -> bool:
        """Tell whether a person should know what running takes before it begins."""
        return bool(_memory_needed(self.layers()))

    def refresh(self) -> None:
        """Show what the chosen layers mean: axes, units, memory, and what is missing."""
        layers = self.layers()
        share_axes(layers)
        self._show_axes(layers)
        self._show_units(layers)
        sources = self.sources()
        missing = [one for one in self.operation.inputs if not (sources[one.name] or one.optional)]
        if any(axes_of(layer) is None for layer in layers):
            self._hint("Say what the axes are; the layer remembers it.", "warning")
        elif missing:
            self._hint(_how_to_begin(missing[0].kind), "hint")
        elif empty := _undrawn(layers):
            self._hint(
                f"Nothing is drawn in {empty[0].name}. What you draw there is used at once.",
                "warning",
            )
        else:
            self._hint(_memory_needed(layers), "warning")
        self._show_whether_default()

    def stop(self) -> None:
        """Follow the viewer and the session no longer."""
        for choice in self.choices.values():
            choice.stop()
        self._session.changed.disconnect(self._on_session)

    def _source(self, name: str) -> Source:
        layer = self._session.layer(name)
        return name if layer is None else layer

    def _on_session(self) -> None:
        self._filling = True
        try:
            for choice in self.choices.values():
                choice.refresh()
        finally:
            self._filling = False

    def _add_inputs(self) -> None:
        texts = self.operation.documentation.parameters
        viewer = self._session.viewer
        for entry in self.operation.inputs:
            fits = partial(self._fits, entry)
            others = partial(self._others, entry)
            choice: LayerChoice | LayersChoice
            if entry.variable:
                choice = LayersChoice(viewer, fits, others=others)
            else:
                missing = f"no {_word(entry.kind)}{_layer(entry.kind)}"
                choice = LayerChoice(
                    viewer, fits, optional=entry.optional, missing=missing, others=others
                )
                if entry.optional and self._is_chosen(choice.source()):
                    choice.choose(None)  # labels would be the region of their own comparison
            choice.changed.connect(self._on_choice)
            LayerDrop(choice).dropped.connect(partial(self._on_drop, entry))
            self.choices[entry.name] = choice
            self._form.add(entry.name, choice, texts.get(entry.name, ""))

    def _is_chosen(self, source: Source | None) -> bool:
        """Tell whether an input has a layer or a name already, or may get it by a tick."""
        if source is None:
            return False
        single = (one for one in self.choices.values() if isinstance(one, LayerChoice))
        several = (one for one in self.operation.inputs if one.variable)
        return any(one.source() == source for one in single) or any(
            self._fits(one, source) for one in several
        )

    def _add_settings(self) -> None:
        texts = self.operation.documentation.parameters
        for setting in self.operation.settings:
            edit = SettingEdit(setting)
            edit.changed.connect(partial(self._on_setting, setting.name))
            self.settings[setting.name] = edit
            self._form.add(setting.name, edit, texts.get(setting.name, ""))

    def _fits(self, entry: Input, source: Source) -> bool:
        kind = self._session.kind(source)
        if kind is None or not catalogue.accepts(entry.kind, kind):
            return False
        name = source if isinstance(source, str) else self._session.name_of(source)
        return name not in self._unfit

    def _others(self, entry: Input) -> dict[str, str]:
        """Return the names of what can be chosen beside layers, and what is shown for them."""
        names = (name for name in self._session.without_layer() if self._fits(entry, name))
        deleted = self._session.is_deleted
        return {name: f"{name} (layer deleted)" if deleted(name) else name for name in names}

    def _on_drop(self, entry: Input, layers: list[Layer]) -> None:
        """Choose layers that were dropped on an input, or say why they do not fit."""
        choice = self.choices[entry.name]
        unfit = [layer for layer in layers if not self._fits(entry, layer)]
        if unfit:
            self.error.say(self._why_not(entry, unfit[0]), "error", self._session.viewer.theme)
        elif isinstance(choice, LayersChoice):
            choice.choose([*choice.sources(), *layers])
        else:
            choice.choose(layers[0])

    def _why_not(self, entry: Input, layer: Layer) -> str:
        kind = self._session.kind(layer)
        if kind is None:
            return f"{layer.name} is a kind of layer that no operation works on; choose another."
        if catalogue.accepts(entry.kind, kind):
            return f"{layer.name} is made from what this step makes; choose another layer."
        return catalogue.explain_mismatch(self.operation, entry, layer.name, kind)

    def _on_choice(self) -> None:
        if not self._filling:
            self.refresh()
            self.inputs_changed.emit()

    def _on_setting(self, name: str) -> None:
        self._show_whether_default()
        if not self._filling:
            self.settings_changed.emit([name])

    def _on_defaults(self) -> None:
        changed = [name for name, edit in self.settings.items() if not edit.is_default()]
        self._filling = True
        try:
            for name in changed:
                self.settings[name].reset()
        finally:
            self._filling = False
        self.settings_changed.emit(changed)

    def _show_whether_default(self) -> None:
        is_default = all(edit.is_default() for edit in self.settings.values())
        self.defaults_button.setEnabled(not is_default)

    def _show_axes(self, layers: Sequence[Layer]) -> None:
        """Show the axes of stacks and movies, and ask for them where they are not known."""
        for row in self._axes_rows:
            row.deleteLater()
        self._axes_rows = []
        for layer in layers:
            if layer.ndim == 2 or not isinstance(layer, Image | Labels | Points | Shapes):
                continue
            row = AxesRow(layer)
            row.answered.connect(self._on_axes)
            self._axes.addWidget(row)
            self._axes_rows.append(row)

    def _on_axes(self) -> None:
        self.refresh()
        self.inputs_changed.emit()

    def _show_units(self, layers: Sequence[Layer]) -> None:
        self.error.say("", "error", self._session.viewer.theme)
        # Points and shapes may lie on any grid.
        for layer in sorted(layers, key=lambda one: not isinstance(one, Image | Labels)):
            if axes_of(layer) is None:
                continue
            try:
                self._set_spacing(*spacing_of(layer))
            except LayerError as error:
                self.error.say(str(error), "error", self._session.viewer.theme)
            return
        # What has no layer, such as one that was deleted, has a size all the same.
        chosen = (one if isinstance(one, list) else [one] for one in self.sources().values())
        named = (one for several in chosen for one in several if isinstance(one, str))
        known = next(filter(None, map(partial(_spacing_of_value, self._session), named)), None)
        if known is not None:
            self._set_spacing(*known)

    def _set_spacing(self, spacing: tuple[float, ...], units: str) -> None:
        self._measure = Measure(units, len(spacing))
        for edit in self.settings.values():
            edit.set_spacing(spacing, units)

    def _hint(self, text: str, tone: Any) -> None:
        self.note.say(text, tone, self._session.viewer.theme)


def _spacing_of_value(session: Session, name: str) -> tuple[tuple[float, ...], str] | None:
    """Return the voxel size and the unit of a value, None while they are not known."""
    known = session.workflow.inputs.get(name) or session.results.get(name)
    return None if known is None or not known.spacing else (known.spacing, known.units)


def _memory_needed(layers: Sequence[Layer]) -> str:
    """Say what running reads into memory, and whether it may be more than there is."""
    said = []
    large = [layer for layer in layers if not in_memory(layer)]
    if large:
        size = sum(nbytes_of(layer) for layer in large)
        if size > _WORTH_ASKING:
            said.append(
                f"{large[0].name} is not in memory: running reads all of it, "
                f"{memory_in_words(size)}."
            )
    images = [layer for layer in layers if isinstance(layer, Image | Labels)]
    voxels = max((_size(layer) for layer in images), default=0)
    needed, free = voxels * _WORKING_MEMORY, psutil.virtual_memory().available
    if needed > free:
        said.append(
            f"Running needs about {memory_in_words(needed)} of memory, "
            f"{memory_in_words(free)} are free: "
            "crop the image, or close other programs."
        )
    return " ".join(said)


def _size(layer: Layer) -> int:
    axes = axes_of(layer) or ""
    sizes = dict(zip(axes, level_0(layer).shape, strict=False))
    size = 1
    for letter, length in sizes.items():
        # Looped axes are computed one by one.
        size *= 1 if letter in looped_axes(axes) else int(length)
    return size


def _word(kind: Kind) -> str:
    return {Kind.RGB: "colour image", Kind.CORRECTIONS: "corrections"}.get(kind, str(kind))


def _layer(kind: Kind) -> str:
    return " layer" if is_shown_as_layer(kind) else ""


def _how_to_begin(kind: Kind) -> str:
    if is_shown_as_layer(kind):
        return f"Add or choose {_article(kind)} layer to begin."
    return f"Make {_article(kind)} with another step to begin."


def _undrawn(layers: Sequence[Layer]) -> list[Layer]:
    """Return the layers of points and shapes that are empty."""
    return [one for one in layers if isinstance(one, Points | Shapes) and not len(one.data)]


def _article(kind: Kind) -> str:
    word = _word(kind)
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"
