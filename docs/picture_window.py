"""The window that pictures of the documentation are made in."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path

import napari
from PIL import Image
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from napari_delineate._napari.assistant import Assistant

IMAGES = Path(__file__).parent / "images"


def wait(until: Callable[[], bool] = lambda: True, at_least: float = 0.3) -> None:
    """Handle events until something is true, and a little longer."""
    start = time.monotonic()
    while not until() or time.monotonic() - start < at_least:
        QApplication.processEvents()
        time.sleep(0.01)


def make_small(folder: Path) -> None:
    """Store pictures in as few bytes as show the same."""
    for path in sorted(folder.glob("*.png")):
        with Image.open(path) as picture:
            plain = picture.convert("RGB")
        small = io.BytesIO()
        plain.save(small, "PNG", optimize=True)
        if small.tell() < path.stat().st_size:
            path.write_bytes(small.getvalue())


class Window:
    """A viewer with the Assistant, and someone who clicks in it."""

    def __init__(
        self, width: int = 1280, height: int = 800, dock: int = 360, theme: str = "dark"
    ) -> None:
        self.viewer = napari.Viewer()
        self.viewer.theme = theme
        self.viewer.window.resize(width, height)
        self.assistant = Assistant(self.viewer)
        shown = self.viewer.window.add_dock_widget(self.assistant, name="Assistant", area="right")
        self.session = self.assistant.session
        window = self.viewer.window._qt_window
        window.resizeDocks([shown], [dock], Qt.Orientation.Horizontal)
        self.rest()

    def rest(self) -> None:
        """Wait until nothing runs."""
        wait(lambda: not self.session.running)

    def open(self, sample: str) -> None:
        """Open a sample image."""
        self.viewer.open_sample("napari-delineate", sample)
        self.rest()

    def add(self, operation: str, on: str = "", **settings: object) -> None:
        """Add a step, perhaps on another layer than the selected one, and set it."""
        if on:
            self.viewer.layers.selection.active = self.viewer.layers[on]
        self.assistant.add(operation)
        self.rest()
        for name, value in settings.items():
            self.assistant.panel.settings[name].set_value(value)
            self.rest()

    def hide(self, *layers: str) -> None:
        """Hide layers."""
        for layer in layers:
            self.viewer.layers[layer].visible = False

    def shot(self, path: Path) -> None:
        """Save a picture of the whole window."""
        wait(at_least=0.6)
        self.viewer.screenshot(str(path), canvas_only=False, flash=False)

    def close(self) -> None:
        """Close the window."""
        self.assistant.stop()
        self.viewer.close()
