"""Open docks once per viewer, and raise them when they are asked for again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import napari
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QWidget

from napari_delineate._napari.widgets import Tables

__all__ = ["dock_of", "remove_table", "show_table", "table_dock", "tables_of"]

W = TypeVar("W", bound=QWidget)

_TABLES = "Delineate tables"
_LINES = 20
"""Lines of text that the dock of tables is high at first."""


def dock_of(viewer: napari.Viewer, name: str, make: Callable[[], W], area: str = "right") -> W:
    """Return the widget of a dock, made when it is asked for first, and show it.

    Parameters
    ----------
    viewer : napari.Viewer
        The viewer.
    name : str
        The title of the dock.
    make : callable
        Makes the widget.
    area : str
        Where the dock stands at first.

    Returns
    -------
    QWidget
        The widget.
    """
    widgets: dict[str, Any] = dict(viewer.window.dock_widgets)
    widget = widgets.get(name)
    if widget is None:
        widget = make()
        viewer.window.add_dock_widget(widget, name=name, area=area)
    dock = widget.parentWidget()
    if dock is not None:
        dock.show()
        dock.raise_()
    return widget


def table_dock(viewer: napari.Viewer) -> Tables | None:
    """Return the dock of tables of a viewer, None before a table was shown in it."""
    found: Any = dict(viewer.window.dock_widgets).get(_TABLES)
    return found if isinstance(found, Tables) else None


def tables_of(viewer: napari.Viewer) -> Tables:
    """Return the dock of tables of a viewer, and show it."""
    # The dock has a session, whose view shows tables here.
    from napari_delineate._napari.tables_dock import TablesDock

    found = table_dock(viewer)
    tables = dock_of(viewer, _TABLES, lambda: TablesDock(viewer), area="bottom")
    if found is None:
        height = tables.fontMetrics().height() * _LINES
        window = viewer.window._qt_window
        window.resizeDocks([tables.parentWidget()], [height], Qt.Orientation.Vertical)
    return tables


def show_table(viewer: napari.Viewer, name: str, table: Any) -> None:
    """Show a table in the dock of tables."""
    tables_of(viewer).show_table(name, table)


def remove_table(viewer: napari.Viewer, name: str) -> None:
    """Show a table no longer."""
    tables = table_dock(viewer)
    if tables is not None and name in tables.names():
        tables.remove_table(name)
