"""The tool bar of the Assistant: undo, files, export and devices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QAction, QActionGroup, QKeySequence
from qtpy.QtWidgets import QMenu, QToolBar, QToolButton, QWidget, QWidgetAction

from napari_delineate._napari.bindings import HISTORY_KEYS
from napari_delineate._napari.exporting import Exporting
from napari_delineate._napari.session import Session
from napari_delineate._napari.widgets import HistoryList, icon
from napari_delineate.devices import available_devices

__all__ = ["AssistantBar"]


class AssistantBar(QToolBar):
    """Undo and redo, open, save, export, and choose the device.

    Parameters
    ----------
    session : Session
        The session.
    exporting : Exporting
        Writes files.
    fill_open_menu : callable
        Fills the menu of what can be opened, each time it is shown.
    """

    def __init__(
        self, session: Session, exporting: Exporting, fill_open_menu: Callable[[QMenu], None]
    ) -> None:
        super().__init__()
        self._session = session
        self._icons: dict[str, QAction] = {}
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        size = self.fontMetrics().height() + 6
        self.setIconSize(QSize(size, size))

        undo_key, redo_key = HISTORY_KEYS
        self.undo_action = self._add("undo", "Undo", undo_key, lambda: session.undo())
        self.redo_action = self._add("redo", "Redo", redo_key, lambda: session.redo())
        self.history = HistoryList(session.viewer.theme)
        self.history.chosen.connect(self._on_history)
        self.history.setMinimumSize(size * 12, size * 14)
        shown = QWidgetAction(self)
        shown.setDefaultWidget(self.history)
        self.history_menu = QMenu(self)
        self.history_menu.addAction(shown)
        self.history_menu.aboutToShow.connect(self._fill_history)
        self._add_menu("history", "History: every change, to go back to", self.history_menu)
        self.addSeparator()

        self.open_menu = QMenu(self)
        self.open_menu.aboutToShow.connect(partial(fill_open_menu, self.open_menu))
        self._add_menu("open", "Open a workflow, or a ready one", self.open_menu)
        self.save_action = self._add("save", "Save workflow…", "", exporting.save_workflow)
        self.export_menu = QMenu(self)
        for title, act in (
            ("Notebook…", exporting.export_notebook),
            ("Notebook, and run it…", exporting.run_notebook),
            ("Script…", exporting.export_script),
            ("Copy as Python code", exporting.copy_code),
            ("Workflow…", exporting.save_workflow),
            ("Diagram (SVG)…", exporting.export_svg),
            ("Diagram (Mermaid)…", exporting.export_mermaid),
            ("Copy as Mermaid diagram", exporting.copy_mermaid),
        ):
            self.export_menu.addAction(title, act)
        self.export_action = self._add_menu(
            "export", "Export: notebook, script or diagram", self.export_menu
        )
        self.addSeparator()
        self.device_menu = QMenu(self)
        self.device_menu.aboutToShow.connect(self._fill_devices)
        self.device_action = self._add_menu(
            "device", "Device: where steps are computed", self.device_menu
        )
        self.set_theme(session.viewer.theme)
        session.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Enable what can be done now."""
        history = self._session.history
        self.undo_action.setEnabled(bool(history.past))
        self.redo_action.setEnabled(bool(history.future))
        has_steps = bool(self._session.workflow.steps)
        self.save_action.setEnabled(has_steps)
        self.export_action.setEnabled(has_steps)

    def set_theme(self, theme: str) -> None:
        """Draw icons in the colours of a theme."""
        for name, action in self._icons.items():
            action.setIcon(icon(name, theme))
        self.history.set_theme(theme)

    def stop(self) -> None:
        """Follow the session no longer."""
        self._session.changed.disconnect(self.refresh)

    def _add(self, name: str, title: str, keys: str, act: Callable[[], None]) -> QAction:
        action = QAction(title, self)
        sequence = QKeySequence(keys)
        if keys:
            action.setShortcut(sequence)
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shown = sequence.toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(f"{title} ({shown})" if keys else title)
        action.triggered.connect(lambda _=False: act())
        self._icons[name] = action
        self.addAction(action)
        self._reach(action)
        return action

    def _reach(self, action: QAction) -> None:
        """Let the button of an action be reached by Tab: tool bars leave theirs out."""
        button: QWidget | None = self.widgetForAction(action)
        if button is not None:
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.setAccessibleName(action.toolTip())

    def _add_menu(self, name: str, tooltip: str, menu: QMenu) -> QAction:
        action = QAction(tooltip.split(":")[0], self)
        action.setToolTip(tooltip)
        action.setMenu(menu)
        menu.setToolTipsVisible(True)
        self._icons[name] = action
        self.addAction(action)
        button: QWidget | None = self.widgetForAction(action)
        if isinstance(button, QToolButton):
            button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._reach(action)
        return action

    def _fill_history(self) -> None:
        self.history.set_history(self._session.history, self._session.store.title)

    def _on_history(self, steps: int) -> None:
        self.history_menu.close()
        if steps < 0:
            self._session.undo(-steps)
        elif steps > 0:
            self._session.redo(steps)

    def _fill_devices(self) -> None:
        self.device_menu.clear()
        group = QActionGroup(self.device_menu)
        chosen = self._session.workflow.device
        for device in dict.fromkeys(("cpu", *available_devices(), chosen)):
            title = "Processor" if device == "cpu" else device
            action = self.device_menu.addAction(title)
            action.setCheckable(True)
            action.setChecked(device == chosen)
            action.triggered.connect(partial(self._choose_device, device))
            group.addAction(action)

    def _choose_device(self, device: str, _: bool = False) -> None:
        self._session.apply(replace(self._session.workflow, device=device))
