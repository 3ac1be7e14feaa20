"""Know which surfaces are too large to be shown before a person agrees."""

from __future__ import annotations

from napari.layers import Layer, Surface
from qtpy.QtCore import QObject, Signal

from napari_delineate._napari.preferences import MOST_TRIANGLES, preference
from napari_delineate.types import Kind
from napari_delineate.values import Value

__all__ = ["SizeGuard"]


class SizeGuard(QObject):
    """Hold back surfaces of more triangles than a person wants to be shown without asking."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.waiting: dict[str, int] = {}  # name of a surface -> number of its triangles
        self._allowed: set[str] = set()

    def holds_back(self, name: str, value: Value, layer: Layer | None) -> bool:
        """Tell whether a surface is to be hidden until a person agrees.

        Parameters
        ----------
        name : str
            Name of the value.
        value : Value
            The value.
        layer : Layer or None
            The layer that shows it already.

        Returns
        -------
        bool
            Whether it is too large, and nothing as large is shown in its layer already.
        """
        most = preference(MOST_TRIANGLES) if value.kind is Kind.SURFACE else 0
        if value.kind is not Kind.SURFACE or len(value.data.faces) <= most:
            if self.waiting.pop(name, None) is not None:
                self.changed.emit()
            return False
        is_shown = isinstance(layer, Surface) and layer.visible and len(layer.faces) > most
        if is_shown or name in self._allowed:
            return False
        self.waiting[name] = len(value.data.faces)
        self.changed.emit()
        return True

    def allow(self, name: str) -> None:
        """Let a surface be shown, however large it is."""
        self._allowed.add(name)
        self.waiting.pop(name, None)
        self.changed.emit()
