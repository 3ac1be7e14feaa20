"""The parts of the Surfaces dock that change how a layer looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import napari
from napari.layers import Layer, Surface
from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QSlider,
    QWidget,
)
from superqt import QLabeledDoubleRangeSlider

from napari_delineate._napari.bindings import Source
from napari_delineate._napari.layers import LayerError
from napari_delineate._napari.session import Session
from napari_delineate._napari.surface_look import COLORMAPS, clip, clipped_at
from napari_delineate._napari.visible import overlays_of
from napari_delineate._napari.widgets import shrink
from napari_delineate.catalogue import accepts, kind_in_words
from napari_delineate.palette import range_of
from napari_delineate.quantities import VertexQuantity, mesh_of, vertex_quantities
from napari_delineate.types import Kind

__all__ = ["ClipPart", "ColourPart", "LookPart"]

_STEPS = 1000
"""Positions of sliders."""


class _Part(QWidget):
    """Rows that show how a layer looks, and follow it when it is changed elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.layer: Surface | None = None
        self.rows = QFormLayout(self)
        self.rows.setContentsMargins(0, 0, 0, 0)
        self._emitters: list[Any] = []

    def follow(self, layer: Surface, *emitters: Any) -> bool:
        """Follow a layer in place of the one before; tell whether it is another one."""
        if layer is self.layer:
            return False
        self.stop()
        self.layer, self._emitters = layer, list(emitters)
        for emitter in emitters:
            emitter.connect(self._on_event)
        return True

    def stop(self) -> None:
        """Follow no layer."""
        for emitter in self._emitters:
            emitter.disconnect(self._on_event)
        self.layer, self._emitters = None, []

    def refresh(self) -> None:
        """Show how the layer looks now."""

    def _on_event(self, _: Any = None) -> None:
        self.refresh()


class ColourPart(_Part):
    """Choose what colours mean, which colours, and their range."""

    chosen = Signal(object)
    """A `VertexQuantity`, or None for the surface's own values."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._is_whole = False
        self.quantity = QComboBox()
        shrink(self.quantity)
        self.quantity.setAccessibleName("Colour by")
        self.quantity.setToolTip("What the colours of the vertices mean; computed as a step")
        self.quantity.addItem("Its own values", None)
        for one in vertex_quantities():
            self.quantity.addItem(one.title, one)
            tip = one.operation.summary
            self.quantity.setItemData(self.quantity.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.quantity.currentIndexChanged.connect(
            lambda _: self.chosen.emit(self.quantity.currentData())
        )
        self.colormap = QComboBox()
        shrink(self.colormap)
        self.colormap.setAccessibleName("Colours")
        self.colormap.setToolTip("The colours, from low to high values")
        self.colormap.addItems(COLORMAPS)
        self.colormap.currentTextChanged.connect(self._on_colormap)
        self.limits = QLabeledDoubleRangeSlider(Qt.Orientation.Horizontal)
        self.limits.setAccessibleName("Range of the colours")
        self.limits.setToolTip("Values from where to where the colours vary")
        self.limits.setEdgeLabelMode(QLabeledDoubleRangeSlider.EdgeLabelMode.LabelIsValue)
        self.limits.setHandleLabelPosition(QLabeledDoubleRangeSlider.LabelPosition.NoLabel)
        self.limits.valueChanged.connect(self._on_limits)
        self.fit_button = QPushButton("Fit")
        self.fit_button.setToolTip(
            "Leave out the lowest and the highest hundredth; around 0 for values of both signs"
        )
        self.fit_button.clicked.connect(self.fit)
        self.bar = QCheckBox("Colour bar")
        self.bar.setToolTip("Show beside the surface what the colours mean")
        self.bar.toggled.connect(self._on_bar)
        limits = QHBoxLayout()
        limits.addWidget(self.limits, 1)
        limits.addWidget(self.fit_button)
        self.rows.addRow("By", self.quantity)
        self.rows.addRow("Colours", self.colormap)
        self.rows.addRow("Range", limits)
        self.rows.addRow(self.bar)

    def show_layer(
        self, layer: Surface, made: tuple[str, dict[str, Any]] | None, *, is_whole: bool
    ) -> None:
        """Show how a layer is coloured.

        Parameters
        ----------
        layer : Surface
            The layer.
        made : (str, dict) or None
            The operation and the settings that made its values, None if they are its own.
        is_whole : bool
            Whether its values are whole numbers.
        """
        self._is_whole = is_whole
        events = layer.events
        self.follow(layer, events.colormap, events.contrast_limits, layer.colorbar.events.visible)
        index = 0
        for row in range(1, self.quantity.count() if made is not None else 0):
            if made is not None and self.quantity.itemData(row).is_made_by(*made):
                index = row
        self._enable(layer)
        with QSignalBlocker(self.quantity):
            self.quantity.setCurrentIndex(index)
        self.refresh()

    def sources(self, quantity: VertexQuantity, surface: Layer | str) -> dict[str, Source | None]:
        """Return what a quantity is computed from.

        Parameters
        ----------
        quantity : VertexQuantity
            The quantity.
        surface : Layer or str
            The surface.

        Returns
        -------
        dict
            A layer or the name of a value for each input.

        Raises
        ------
        LayerError
            If nothing fits.
        """
        first, *others = quantity.operation.inputs
        found: dict[str, Source | None] = {first.name: surface}
        for entry in others:
            if entry.optional:
                found[entry.name] = None
                continue
            source = self._other(entry.kind, surface)
            if source is None:
                raise LayerError(
                    f"{quantity.title} needs {kind_in_words(entry.kind)} besides the surface; "
                    "open or make one first"
                )
            found[entry.name] = source
        return found

    def refresh(self) -> None:
        """Show the colours of the layer."""
        layer = self.layer
        if layer is None:
            return
        with (
            QSignalBlocker(self.colormap),
            QSignalBlocker(self.limits),
            QSignalBlocker(self.bar),
        ):
            name = layer.colormap.name
            if self.colormap.findText(name) < 0:
                self.colormap.addItem(name)
            self.colormap.setCurrentText(name)
            low, high = layer.contrast_limits_range
            self.limits.setDecimals(0 if self._is_whole else _decimals(high - low))
            self.limits.setRange(low, high)
            self.limits.setSingleStep((high - low) / _STEPS)
            self.limits.setValue(tuple(layer.contrast_limits))
            self.bar.setChecked(layer.colorbar.visible)

    def fit(self) -> None:
        """Choose the range over which the colours tell most."""
        if self.layer is not None:
            low, high = range_of(self.layer.vertex_values)
            before = self.layer.contrast_limits_range
            self.layer.contrast_limits_range = min(low, before[0]), max(high, before[1])
            self.layer.contrast_limits = low, high

    def _other(self, kind: Kind, surface: Layer | str) -> Source | None:
        """Return the topmost layer of a kind; for surfaces first what the surface was made of."""
        session = self._session
        workflow = session.workflow
        if kind is Kind.SURFACE and isinstance(surface, str):
            maker = workflow.maker(surface)
            for source in () if maker is None else maker.sources:
                if workflow.values[source].kind is kind:
                    return source
        for layer in reversed(session.viewer.layers):
            found = session.kind(layer)
            name = session.name_of(layer)
            own = layer is surface or (
                name is not None
                and workflow.values[name].kind is Kind.SURFACE
                and mesh_of(workflow, name) == surface
            )
            if found is not None and not own and accepts(kind, found):
                return layer
        return None

    def _enable(self, layer: Surface) -> None:
        """Grey the quantities that need what is not there."""
        name = self._session.name_of(layer)
        surface: Layer | str = layer if name is None else mesh_of(self._session.workflow, name)
        model = self.quantity.model()
        for row in range(1, self.quantity.count()):
            quantity = self.quantity.itemData(row)
            try:
                self.sources(quantity, surface)
            except LayerError as error:
                model.item(row).setEnabled(False)
                model.item(row).setToolTip(str(error))
            else:
                model.item(row).setEnabled(True)
                model.item(row).setToolTip(quantity.operation.summary)

    def _on_colormap(self, name: str) -> None:
        if self.layer is not None and name:
            self.layer.colormap = name

    def _on_limits(self, limits: tuple[float, float]) -> None:
        if self.layer is not None and limits[0] < limits[1]:
            self.layer.contrast_limits = limits

    def _on_bar(self, is_shown: bool) -> None:
        if self.layer is not None:
            self.layer.colorbar.visible = is_shown


class LookPart(_Part):
    """Choose shading and opacity, and what is drawn with a surface."""

    def __init__(self, viewer: napari.Viewer) -> None:
        super().__init__()
        self.shading = QComboBox()
        shrink(self.shading)
        self.shading.setAccessibleName("Shading")
        self.shading.setToolTip("Light on each triangle, across triangles, or none")
        self.shading.addItems(["none", "flat", "smooth"])
        self.shading.currentTextChanged.connect(self._on_shading)
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setAccessibleName("Opacity")
        self.opacity.setToolTip("From invisible to opaque")
        self.opacity.setRange(0, 100)
        self.opacity.valueChanged.connect(self._on_opacity)
        self.wireframe = _check("Wireframe", "Show the edges of the triangles")
        self.normals = _check("Normals", "Show which way the triangles face")
        self.box = _check("Bounding box", "Show the box around the surface")
        self.scale_bar = _check("Scale bar", "Show how long a distance is on the screen")
        self.axes = _check("Axes", "Show where z, y and x point")
        self._checks: dict[QCheckBox, Callable[[Surface], Any]] = {
            self.wireframe: lambda layer: layer.wireframe,
            self.normals: lambda layer: layer.normals.face,
            self.box: lambda layer: layer.bounding_box,
            self.scale_bar: lambda _: overlays_of(viewer).scale_bar,
            self.axes: lambda _: overlays_of(viewer).axes,
        }
        for check in self._checks:
            check.toggled.connect(self._on_check)
        self.rows.addRow("Shading", self.shading)
        self.rows.addRow("Opacity", self.opacity)
        checks = list(self._checks)
        for start in range(0, len(checks), 2):
            row = QHBoxLayout()
            for check in checks[start : start + 2]:
                row.addWidget(check, 1)
            if len(checks[start : start + 2]) == 1:
                row.addStretch(1)
            self.rows.addRow(row)

    def show_layer(self, layer: Surface) -> None:
        """Show how a layer looks."""
        shown = [find(layer).events.visible for find in self._checks.values()]
        self.follow(layer, layer.events.shading, layer.events.opacity, *shown)
        self.refresh()

    def refresh(self) -> None:
        """Show how the layer looks now."""
        layer = self.layer
        if layer is None:
            return
        with QSignalBlocker(self.shading), QSignalBlocker(self.opacity):
            self.shading.setCurrentText(str(layer.shading))
            self.opacity.setValue(round(100 * layer.opacity))
        for check, find in self._checks.items():
            with QSignalBlocker(check):
                check.setChecked(bool(find(layer).visible))

    def _on_shading(self, name: str) -> None:
        if self.layer is not None:
            self.layer.shading = name

    def _on_opacity(self, percent: int) -> None:
        if self.layer is not None:
            self.layer.opacity = percent / 100

    def _on_check(self, _: bool) -> None:
        layer = self.layer
        for check, find in self._checks.items():
            if layer is not None and bool(find(layer).visible) != check.isChecked():
                find(layer).visible = check.isChecked()


class ClipPart(_Part):
    """Cut a surface open by a plane; only the view is cut, the surface stays whole."""

    def __init__(self) -> None:
        super().__init__()
        self._is_own_change = False
        self.on = QCheckBox("Cut the view open")
        self.on.setToolTip("Hide what lies on one side of a plane; the surface stays whole")
        self.axis = QComboBox()
        self.axis.setAccessibleName("Axis of the plane")
        self.axis.setToolTip("The axis that the plane is perpendicular to")
        self.axis.addItems(["z", "y", "x"])
        self.position = QSlider(Qt.Orientation.Horizontal)
        self.position.setAccessibleName("Position of the plane")
        self.position.setToolTip("Where the plane lies between the ends of the surface")
        self.position.setRange(0, _STEPS)
        self.position.setValue(_STEPS // 2)
        self.flip = QCheckBox("Other side")
        self.flip.setToolTip("Show the other side of the plane")
        self.on.toggled.connect(self._on_change)
        self.axis.currentIndexChanged.connect(self._on_change)
        self.position.valueChanged.connect(self._on_change)
        self.flip.toggled.connect(self._on_change)
        where = QHBoxLayout()
        where.addWidget(self.axis)
        where.addWidget(self.position, 1)
        self.rows.addRow(self.on)
        self.rows.addRow("Plane", where)
        self.rows.addRow(self.flip)

    def show_layer(self, layer: Surface) -> None:
        """Show how a layer is cut."""
        self.follow(layer)
        self.refresh()

    def refresh(self) -> None:
        """Show the plane that cuts the layer."""
        if self.layer is None:
            return
        plane = clipped_at(self.layer)
        with self._quietly():
            self.on.setChecked(plane is not None)
            if plane is not None:
                self.axis.setCurrentIndex(plane[0])
                self.position.setValue(round(_STEPS * plane[1]))
                self.flip.setChecked(plane[2])
        self._enable()

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        self._is_own_change = True
        try:
            yield
        finally:
            self._is_own_change = False

    def _enable(self) -> None:
        for part in (self.axis, self.position, self.flip):
            part.setEnabled(self.on.isChecked())

    def _on_change(self, _: Any = None) -> None:
        self._enable()
        if self.layer is None or self._is_own_change:
            return
        if not self.on.isChecked():
            self.layer.experimental_clipping_planes = []
            return
        share = self.position.value() / _STEPS
        clip(self.layer, self.axis.currentIndex(), share, is_flipped=self.flip.isChecked())


def _check(text: str, tooltip: str) -> QCheckBox:
    check = QCheckBox(text)
    check.setToolTip(tooltip)
    return check


def _decimals(spread: float) -> int:
    """Return how many decimals tell numbers apart that spread so far."""
    decimals = 0
    while decimals < 8 and spread * 10**decimals < 100:
        decimals += 1
    return decimals
