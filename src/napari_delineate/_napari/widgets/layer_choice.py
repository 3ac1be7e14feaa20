"""Choose one or several layers of the right kind."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from napari.components import ViewerModel
from napari.layers import Layer
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QWidget,
)

__all__ = ["LayerChoice", "LayersChoice", "shrink"]

Fits = Callable[[Layer], bool]
Others = Callable[[], Mapping[str, str]]


def shrink(box: QComboBox) -> None:
    """Let a pull-down be as narrow or wide as its row, whatever its longest entry."""
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(8)
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)


class _Follower:
    """Keep a list of layers in step with a viewer's."""

    def __init__(self, viewer: ViewerModel, fits: Fits, refresh: Callable[[], None]) -> None:
        self._viewer = weakref.ref(viewer)
        self._fits = fits
        self._refresh = refresh
        for layer in viewer.layers:
            layer.events.name.connect(self._on_change)
        events = viewer.layers.events
        self._emitters = (events.removed, events.reordered)
        for emitter in self._emitters:
            emitter.connect(self._on_change)
        events.inserted.connect(self._on_inserted)

    def layers(self) -> list[Layer]:
        """Return the layers that fit, topmost first."""
        viewer = self._viewer()
        return [] if viewer is None else [one for one in reversed(viewer.layers) if self._fits(one)]

    def find(self, key: Any) -> Layer | None:
        """Return the layer with a `unique_id`, None if there is none that fits."""
        viewer = self._viewer()
        found = (one for one in (() if viewer is None else viewer.layers) if one.unique_id == key)
        return next(filter(self._fits, found), None)

    def active(self) -> Layer | None:
        viewer = self._viewer()
        return None if viewer is None else viewer.layers.selection.active

    def stop(self) -> None:
        for emitter in self._emitters:
            emitter.disconnect(self._on_change)
        viewer = self._viewer()
        if viewer is not None:
            viewer.layers.events.inserted.disconnect(self._on_inserted)
            for layer in viewer.layers:
                layer.events.name.disconnect(self._on_change)

    def _on_inserted(self, event: Any) -> None:
        event.value.events.name.connect(self._on_change)  # connecting twice changes nothing
        self._refresh()

    def _on_change(self, _: Any = None) -> None:
        self._refresh()


class LayerChoice(QComboBox):
    """Choose a layer; the choice follows the layer, whatever its name or place.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer.
    fits : callable
        Tells whether a layer can be chosen.
    optional : bool
        Whether no layer can be chosen too.
    missing : str
        What is shown when there is no layer that fits.
    others : callable
        Returns the names of what can be chosen beside layers, and the texts shown for them.
    """

    changed = Signal()

    def __init__(
        self,
        viewer: ViewerModel,
        fits: Fits,
        *,
        optional: bool = False,
        missing: str = "no layer that fits",
        others: Others = dict,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._optional = optional
        self._missing = missing
        self._others = others
        self._follower = _Follower(viewer, fits, self._fill)
        shrink(self)
        self._fill()
        active = self._follower.active()
        if active is not None and fits(active):
            self.choose(active)
        self.currentIndexChanged.connect(lambda _: self.changed.emit())

    def layer(self) -> Layer | None:
        """Return the layer chosen, None if there is none."""
        return self._follower.find(self.currentData())

    def source(self) -> Layer | str | None:
        """Return the layer or the name chosen, None if there is none."""
        chosen = self.currentData()
        return chosen if isinstance(chosen, str) else self.layer()

    def choose(self, source: Layer | str | None) -> None:
        """Choose a layer or a name."""
        index = self.findData(_key(source))
        if index >= 0:
            self.setCurrentIndex(index)

    def refresh(self) -> None:
        """List again what can be chosen."""
        self._fill()

    def stop(self) -> None:
        """Follow the viewer no longer."""
        self._follower.stop()

    def _fill(self) -> None:
        before = self.currentData()
        self.blockSignals(True)
        self.clear()
        layers, others = self._follower.layers(), self._others()
        if self._optional:
            self.addItem("none", None)
        elif not layers and not others:
            self.addItem(f"({self._missing})", None)
        for layer in layers:
            self.addItem(layer.name, layer.unique_id)
        for name, text in others.items():
            self.addItem(text, name)
        index = self.findData(before)
        self.setCurrentIndex(max(index, 0))
        self.setEnabled(bool(layers or others) or self._optional)
        self.blockSignals(False)
        if self.currentData() != before:
            self.changed.emit()


class LayersChoice(QListWidget):
    """Choose any number of layers by ticking them."""

    changed = Signal()

    def __init__(
        self,
        viewer: ViewerModel,
        fits: Fits,
        *,
        others: Others = dict,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._others = others
        self._follower = _Follower(viewer, fits, self._fill)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setMaximumHeight(self.fontMetrics().height() * 6)
        self._fill()
        self.itemChanged.connect(lambda _: self.changed.emit())

    def layers(self) -> list[Layer]:
        """Return the layers ticked, topmost first."""
        ticked = self._ticked()
        return [layer for layer in self._follower.layers() if layer.unique_id in ticked]

    def sources(self) -> list[Layer | str]:
        """Return the layers and names ticked, topmost first."""
        ticked = self._ticked()
        return [*self.layers(), *(name for name in self._others() if name in ticked)]

    def choose(self, sources: Sequence[Layer | str]) -> None:
        """Tick these layers and names and no others."""
        wanted = {_key(source) for source in sources}
        for index in range(self.count()):
            item = self.item(index)
            ticked = item.data(Qt.ItemDataRole.UserRole) in wanted
            item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)

    def refresh(self) -> None:
        """List again what can be chosen."""
        self._fill()

    def stop(self) -> None:
        """Follow the viewer no longer."""
        self._follower.stop()

    def _ticked(self) -> set[Any]:
        items = (self.item(index) for index in range(self.count()))
        return {
            item.data(Qt.ItemDataRole.UserRole)
            for item in items
            if item.checkState() == Qt.CheckState.Checked
        }

    def _fill(self) -> None:
        ticked = self._ticked()
        self.blockSignals(True)
        self.clear()
        offered: list[tuple[str, Any]] = [
            *((layer.name, layer.unique_id) for layer in self._follower.layers()),
            *((text, name) for name, text in self._others().items()),
        ]
        for text, key in offered:
            item = QListWidgetItem(text, self)
            item.setData(Qt.ItemDataRole.UserRole, key)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            is_ticked = key in ticked
            item.setCheckState(Qt.CheckState.Checked if is_ticked else Qt.CheckState.Unchecked)
        self.blockSignals(False)
        self.changed.emit()


def _key(source: Layer | str | None) -> Any:
    return source.unique_id if isinstance(source, Layer) else source
