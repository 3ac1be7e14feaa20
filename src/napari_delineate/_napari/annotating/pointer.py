"""Bring pointer and keys to the tool that a person has taken up."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from napari.layers import Labels
from napari.utils.key_bindings import coerce_keybinding
from qtpy.QtCore import QEvent, QObject, QPoint, QRectF, Qt, Signal
from qtpy.QtGui import QColor, QCursor, QPainter, QPen, QPixmap

from napari_delineate._napari.annotating.actions import ACTIONS, Action
from napari_delineate._napari.annotating.aim import Aim
from napari_delineate._napari.annotating.hand import Hand
from napari_delineate._napari.annotating.overlay import Overlay
from napari_delineate._napari.annotating.rehearsals import rehearse_soon
from napari_delineate._napari.annotating.tool import Place, Tool
from napari_delineate._napari.annotating.tool_box import ToolBox
from napari_delineate._napari.layers import LayerError
from napari_delineate._napari.widgets.icons import colour, icon

__all__ = ["Pointer"]

_NO_OBJECT = "in the 3D view this tool begins on an object; turn to the 2D view for other places"
_CURSOR, _HOT, _BADGE, _ICON = 40, 8, 24, 18
"""Pixels of the pointer's picture, where its cross lies in it, of the badge and its icon."""

_holding: weakref.WeakKeyDictionary[Any, Pointer] = weakref.WeakKeyDictionary()
"""Who took up a tool last in each viewer."""


class Pointer(QObject):
    """Hold the tool that a person has taken up; there is none while napari's own are used.

    Parameters
    ----------
    hand : Hand
        What tools edit.
    tools : sequence of type
        All tools; their keys take them up while the layer is selected.
    box : ToolBox
        Holds the settings of tools.

    Signals
    -------
    taken : the name of the tool that is held now, empty for none
    """

    taken = Signal(str)

    def __init__(
        self,
        hand: Hand,
        tools: Sequence[type[Tool]],
        box: ToolBox,
    ) -> None:
        super().__init__()
        self._hand = hand
        self._tools = {tool.name: tool for tool in tools}
        self._box = box
        self._layer: Labels | None = None
        self._overlay: Overlay | None = None
        self._bound: dict[str, Callable[[Any], Any]] = {}  # key of the layer -> what it does
        self._bound_before: dict[str, Callable[[Any], Any]] = {}
        self._aim = Aim()
        self._cursor: QCursor | None = None
        self.tool: Tool | None = None
        viewer = hand.viewer
        viewer.mouse_drag_callbacks.append(self._on_drag)
        viewer.mouse_move_callbacks.append(self._on_move)
        viewer.mouse_double_click_callbacks.append(self._on_double_click)
        viewer.layers.selection.events.active.connect(self._on_active)
        hand.turned.connect(self._on_turned)
        self._on_turned()

    def stop(self) -> None:
        """Leave the viewer."""
        self.put_down()
        self._leave()
        viewer = self._hand.viewer
        viewer.mouse_drag_callbacks.remove(self._on_drag)
        viewer.mouse_move_callbacks.remove(self._on_move)
        viewer.mouse_double_click_callbacks.remove(self._on_double_click)
        viewer.layers.selection.events.active.disconnect(self._on_active)
        self._hand.turned.disconnect(self._on_turned)

    def take_up(self, name: str) -> None:
        """Take up a tool, or put it down where it is held already."""
        before = "" if self.tool is None else self.tool.name
        self.put_down()
        layer = self._layer
        if name in ("", before) or layer is None:
            return
        other = _holding.get(self._hand.viewer)
        if other is not None:
            other.put_down()  # a click is for one tool, also where there are two docks
        _holding[self._hand.viewer] = self
        made = self._tools[name]
        if made.is_for_scales and not layer.multiscale:
            layer.mode = "paint"
            return
        self._guarded(lambda: rehearse_soon(self._hand, name))
        layer.mode = "pan_zoom"
        self._hand.viewer.layers.selection.active = layer
        self._overlay = Overlay(self._hand.viewer, layer)
        box = self._box
        self.tool = made(
            self._hand, self._overlay, partial(box.values, made), partial(box.choose, made)
        )
        layer.mouse_pan = False  # dragging is for the tool now
        for key, react in self._keys_of_tool().items():
            layer.bind_key(key, react, overwrite=True)
        self._show_cursor()
        self._hand.viewer.status = f"{made.title}: {made.hint}"
        self.taken.emit(name)
        self._guarded(self._hand.make_room)  # what it says is not to be wiped away

    def put_down(self) -> None:
        """Use no tool."""
        tool, self.tool = self.tool, None
        if tool is None:
            return
        tool.close()
        if self._overlay is not None:
            self._overlay.remove()
            self._overlay = None
        if self._layer is not None:
            for key in self._keys_of_tool():
                self._layer.bind_key(key, None)
            self._layer.mouse_pan = True
        self._hide_cursor()
        self.taken.emit("")

    def change(self) -> None:
        """Tell the tool that its settings changed."""
        if self.tool is not None:
            self._guarded(self.tool.change)

    # The layer

    def _on_turned(self) -> None:
        self.put_down()
        self._leave()
        self._layer = self._hand.layer
        if self._layer is not None:
            self._bound = self._keys()
            for key, react in self._bound.items():
                before = self._layer.keymap.get(coerce_keybinding(key))
                if before is not None:
                    self._bound_before[key] = before
                self._layer.bind_key(key, react, overwrite=True)
            self._layer.events.mode.connect(self._on_mode)
            if str(self._layer.mode) != "pan_zoom":  # it is painted on already
                self._guarded(self._hand.make_writable)

    def _leave(self) -> None:
        layer, self._layer = self._layer, None
        if layer is not None:
            for key, react in self._bound.items():
                # Another dock that edits the layer may have bound the key since.
                if layer.keymap.get(coerce_keybinding(key)) is react:
                    layer.bind_key(key, self._bound_before.get(key), overwrite=True)
            self._bound, self._bound_before = {}, {}
            layer.events.mode.disconnect(self._on_mode)

    def _on_mode(self, event: Any) -> None:
        if str(event.mode) != "pan_zoom":
            self.put_down()  # a person paints with one of napari's tools
            self._guarded(self._hand.make_writable)

    def _on_active(self, event: Any) -> None:
        if event.value is not self._layer:
            self.put_down()

    # Pointer and keys

    def _on_drag(self, _: Any, event: Any) -> Iterator[None]:
        tool = self.tool
        if tool is None or event.button != 1:
            return
        self._send(tool.press, event)
        yield
        while event.type == "mouse_move":
            if self.tool is tool:
                self._send(tool.drag, event)
            yield
        if self.tool is tool:
            self._send(tool.release, event)

    def _on_move(self, _: Any, event: Any) -> None:
        if self.tool is not None:
            self._send(self.tool.hover, event)

    def _on_double_click(self, _: Any, __: Any) -> None:
        if self.tool is not None:
            self._guarded(self.tool.accept)

    def _keys(self) -> dict[str, Callable[[Any], Any]]:
        """Return what keys do while the layer is selected."""
        keys = {tool.key: self._key_of_tool(tool.name) for tool in self._tools.values()}
        return {**keys, **{action.key: self._key_of_action(action) for action in ACTIONS}}

    # These return functions: napari asks whatever a key does for its name at each key.

    def _key_of_tool(self, name: str) -> Callable[[Any], Any]:
        return lambda _: self.take_up(name)

    def _key_of_action(self, action: Action) -> Callable[[Any], Any]:
        return lambda _: self._guarded(lambda: action.act(self._hand))

    def _keys_of_tool(self) -> dict[str, Callable[[Any], Any]]:
        return {"Enter": self._on_enter, "Escape": self._on_escape, "Space": self._on_space}

    def _on_enter(self, _: Any) -> None:
        if self.tool is not None:
            self._guarded(self.tool.accept)

    def _on_escape(self, _: Any) -> None:
        if self.tool is not None and not self.tool.cancel():
            self.put_down()

    def _on_space(self, layer: Labels) -> Iterator[None]:
        """Let a person move the view while the key is held."""
        layer.mouse_pan = True
        yield
        layer.mouse_pan = self.tool is None

    def _send(self, react: Callable[[Place], None], event: Any) -> None:
        def act() -> None:
            assert self.tool is not None
            layer = self._hand.layer
            if layer is None or layer not in self._hand.viewer.layers:
                return
            if event.type == "mouse_press":
                self._aim.begin()
            at = self._aim.place(layer, event, beyond=self.tool.goes_beyond_objects)
            if at is None:
                if event.type == "mouse_press":
                    raise ValueError(_NO_OBJECT)
                return
            scene = self._hand.scene(with_image=self.tool.looks_at_image)
            point = scene.point(at.tolist())
            keys = {str(key).lower() for key in event.modifiers}
            looks = None
            if self._hand.viewer.dims.ndisplay == 3:
                ways = np.asarray(event.view_direction, float)[-layer.ndim :]
                looks = scene.point(ways / np.asarray(layer.scale))
            react(
                Place(
                    scene, point, scene.label_at(point), "shift" in keys, "control" in keys, looks
                )
            )

        self._guarded(act)

    def _guarded(self, act: Callable[[], None]) -> None:
        """Say what can not be done; nothing has been changed then."""
        try:
            act()
        except (LayerError, ValueError, TypeError) as error:
            self._hand.said.emit(str(error), True)

    # The cursor

    def _canvas(self) -> Any:
        window: Any = self._hand.viewer.window
        return window._qt_viewer.canvas.native

    def eventFilter(self, canvas: Any, event: Any) -> bool:  # noqa: N802
        """Keep the tool's cursor: napari shows its own again whenever the camera zooms."""
        cursor = self._cursor
        if event.type() == QEvent.Type.CursorChange and cursor is not None:
            shown = canvas.cursor().pixmap().cacheKey()
            if shown != cursor.pixmap().cacheKey():
                canvas.setCursor(cursor)
        return bool(super().eventFilter(canvas, event))

    def _hide_cursor(self) -> None:
        """Give the canvas back the cursor that it has without a tool."""
        self._cursor = None
        canvas, cursor = self._canvas(), self._hand.viewer.cursor
        canvas.removeEventFilter(self)
        canvas.unsetCursor()
        cursor.events.style(value=cursor.style)  # napari's, perhaps another one since

    def _show_cursor(self) -> None:
        assert self.tool is not None
        theme = self._hand.viewer.theme
        picture = QPixmap(_CURSOR, _CURSOR)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        for width, shade in ((3, QColor("black")), (1, QColor("white"))):
            painter.setPen(QPen(shade, width))
            painter.drawLine(_HOT, 0, _HOT, 2 * _HOT)
            painter.drawLine(0, _HOT, 2 * _HOT, _HOT)
        # On a ground of its own: the image behind it may be as bright as the icon, or as dark.
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour(theme, "text"), 1))
        painter.setBrush(colour(theme, "background"))
        corner, side = _CURSOR - _BADGE + 0.5, _BADGE - 1
        painter.drawRoundedRect(QRectF(corner, corner, side, side), 4, 4)
        symbol = icon(f"tool-{self.tool.name}", theme, "text").pixmap(_ICON, _ICON)
        place = _CURSOR - (_BADGE + _ICON) // 2
        painter.drawPixmap(QPoint(place, place), symbol)
        painter.end()
        self._cursor = QCursor(picture, _HOT, _HOT)
        canvas = self._canvas()
        canvas.installEventFilter(self)
        canvas.setCursor(self._cursor)
