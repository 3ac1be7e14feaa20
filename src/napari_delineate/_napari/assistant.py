"""The Assistant: one dock that records everything, and takes everything back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import napari
from napari.layers import Layer
from qtpy.QtCore import QPoint, Qt, QTimer
from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
)

from napari_delineate import catalogue, rewiring
from napari_delineate._napari.evaluator import CANCELLED
from napari_delineate._napari.exporting import Exporting
from napari_delineate._napari.forms import OperationForm
from napari_delineate._napari.gallery import Gallery
from napari_delineate._napari.layers import LayerError
from napari_delineate._napari.library_menu import LibraryMenu, start_entry
from napari_delineate._napari.notices import Notices
from napari_delineate._napari.opening import open_workflow
from napari_delineate._napari.recovery_offer import RecoveryOffers
from napari_delineate._napari.sessions import session_of
from napari_delineate._napari.states import describe_totals, states_of
from napari_delineate._napari.step_menu import delete_step, fill_menu
from napari_delineate._napari.step_panel import StepPanel
from napari_delineate._napari.toolbar import AssistantBar
from napari_delineate._napari.widgets import (
    CategoryTiles,
    FocusRing,
    Message,
    OperationSearch,
    Scrolled,
    Splitter,
    StepList,
)
from napari_delineate._napari.widgets.dock import Dock
from napari_delineate.engine import Progress
from napari_delineate.files import FileError, read_workflow
from napari_delineate.library import Entry
from napari_delineate.names import is_identifier
from napari_delineate.recovery import find_crashed
from napari_delineate.types import Kind
from napari_delineate.variants import Variant, take

__all__ = ["Assistant"]

_WARM_UP_DELAY = 500
"""Milliseconds after which worker processes are started."""
_PROGRESS_PAUSE = 50
"""Milliseconds between two looks at how far it is: results that are known come by hundreds."""


class Assistant(Dock):
    """Build a workflow step by step on the layers of a viewer.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        The viewer.
    """

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__()
        session = self.session = session_of(napari_viewer)
        # The processes start once the dock stands: they would compete with drawing it.
        QTimer.singleShot(_WARM_UP_DELAY, session.warm_up)
        viewer, theme = session.viewer, session.viewer.theme
        self._progress: Progress | None = None
        self._progress_pause = QTimer(self, singleShot=True, interval=_PROGRESS_PAUSE)
        self._progress_pause.timeout.connect(self._refresh)
        self._live = True
        self._is_stopped = False
        self._told = session.workflow  # what the message at the foot is about
        self._selecting = False
        self.exporting = Exporting(session, self)
        self.bar = AssistantBar(session, self.exporting, self._fill_open_menu)
        self.search = OperationSearch(theme)
        self.tiles = CategoryTiles(theme)
        self.steps = StepList()
        self.steps.set_theme(theme)
        self.steps.set_empty_text(
            "Open an image, then choose an operation above. Each step appears here."
        )
        self.panel: StepPanel | OperationForm | None = None
        self.gallery: Gallery | None = None
        self.holder = Scrolled()
        self.ring = FocusRing(self, theme)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.holder)
        self.notices = Notices(session)
        self.message = Message()
        self.totals = QLabel()
        self.totals.setToolTip("Time that the steps took, and memory that results hold")
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setToolTip("Stop computing, and take the last change back (Escape)")
        self.cancel_button.clicked.connect(session.cancel)
        keep = self.cancel_button.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self.cancel_button.setSizePolicy(keep)
        self.cancel_button.hide()

        split = self._split = Splitter(theme)
        split.addWidget(self.steps)
        split.addWidget(self.stack)
        split.setStretchFactor(0, 2)
        split.setStretchFactor(1, 3)
        foot = QHBoxLayout()
        foot.addWidget(self.totals, 1)
        foot.addWidget(self.cancel_button)
        layout = self._column = QVBoxLayout(self)
        layout.addWidget(self.bar)
        layout.addWidget(self.search)
        layout.addWidget(self.tiles)
        layout.addWidget(self.notices)
        layout.addWidget(split, 1)
        layout.addWidget(self.message)
        layout.addLayout(foot)
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * 40)

        self.search.chosen.connect(self.add)
        self.tiles.chosen.connect(self.add)
        self.steps.selected_changed.connect(self._on_selected)
        self.steps.show_toggled.connect(self._on_show)
        self.steps.removed.connect(self._on_removed)
        self.steps.renamed.connect(self._on_renamed)
        self.steps.menu_requested.connect(self._on_menu)
        self.steps.moved.connect(self._on_moved)
        self.exporting.said.connect(self._say)
        self.exporting.failed.connect(self._on_failed)
        session.changed.connect(self._on_changed)
        session.inputs_changed.connect(self._refresh)
        session.started.connect(self._on_started)
        session.progressed.connect(self._on_progress)
        session.finished.connect(self._on_finished)
        session.failed.connect(self._on_ended)
        viewer.layers.selection.events.active.connect(self._on_active)
        viewer.events.theme.connect(self._on_theme)
        for layer in viewer.layers:
            self._watch(layer)
        viewer.layers.events.inserted.connect(self._on_inserted)
        self._refresh()
        self._on_active()
        QTimer.singleShot(0, self._offer_recovery)

    def add(self, operation: str) -> None:
        """Add a step on the selected layer; where more must be chosen, ask for it in a form.

        Parameters
        ----------
        operation : str
            Id of the operation.
        """
        self._say("")
        found = catalogue.find(operation)
        form = OperationForm(self.session, found)
        required = [entry for entry in found.inputs if not entry.optional]
        active = self.session.viewer.layers.selection.active
        first = form.fields.sources()[found.inputs[0].name]
        is_certain = first is active and active is not None
        at_once = len(required) == 1 and is_certain and not form.fields.is_large()
        if at_once and form.fields.is_ready():
            form.run()
            if form.step is not None:
                self.select(form.step)
                form.stop()
                form.deleteLater()
                return
        self.steps.select(None)
        form.recorded.connect(self.select)
        self._show_panel(form)

    def select(self, step: str) -> None:
        """Select a step, and show its form."""
        self._refresh()
        self.steps.select(step)

    def stop(self) -> None:
        """Follow the viewer and the session no longer; processes of the gallery end."""
        if self._is_stopped:
            return
        self._is_stopped = True
        self._progress_pause.stop()
        self._show_panel(None)
        if self.gallery is not None:
            self.gallery.close()
        session = self.session
        session.changed.disconnect(self._on_changed)
        session.inputs_changed.disconnect(self._refresh)
        self.notices.stop()
        self.ring.stop()
        session.started.disconnect(self._on_started)
        session.progressed.disconnect(self._on_progress)
        session.finished.disconnect(self._on_finished)
        session.failed.disconnect(self._on_ended)
        self.bar.stop()
        viewer = session.viewer
        viewer.layers.selection.events.active.disconnect(self._on_active)
        viewer.layers.events.inserted.disconnect(self._on_inserted)
        for layer in viewer.layers:
            layer.events.name.disconnect(self._on_layer)
            layer.events.visible.disconnect(self._on_layer)
        viewer.events.theme.disconnect(self._on_theme)

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        super().resizeEvent(event)
        # Steps and their settings are looked at longer than categories.
        self.tiles.set_room(self.height() // 3)

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_Escape and self.session.running:
            self.session.cancel()
        else:
            super().keyPressEvent(event)

    # What the session says

    def _on_changed(self) -> None:
        if self.session.workflow is not self._told:
            self._told = self.session.workflow
            self._say("")  # what was said is about what was there before
        self._refresh()
        self._follow_selected()

    def _on_started(self) -> None:
        self._progress = None
        self.cancel_button.show()
        self._refresh()

    def _on_progress(self, state: Progress) -> None:
        if self.session.running:
            self._progress = state
            if not self._progress_pause.isActive():
                self._progress_pause.start()

    def _on_finished(self, _: Any = None) -> None:
        self._progress = None
        self.cancel_button.hide()
        self._refresh()
        self._enable()
        # A step without a layer (a table, a failure) was selected by itself, not by its layer.
        row = self.steps.selected()
        if row is None or self._layer_of(row) is not None:
            self._select_active()

    def _on_ended(self, text: str) -> None:
        self._on_finished()
        if text == CANCELLED:
            self._say(text)
        else:
            self._on_failed(text)

    def _refresh(self) -> None:
        self._progress_pause.stop()
        states = states_of(self.session, self._progress)
        self.steps.set_workflow(self.session.workflow, states)
        self.totals.setText(describe_totals(self.session))

    # What a person does with steps

    def _on_selected(self, name: str) -> None:
        self._say("")
        self._follow_selected()
        layer = self._layer_of(name)
        if layer is not None and not self._selecting:
            self.session.viewer.layers.selection.active = layer

    def _follow_selected(self, *, anew: bool = False) -> None:
        """Show the form of the step that is selected, as it is now."""
        name = self.steps.selected()
        steps = {step.name: step for step in self.session.workflow.steps}
        if name not in steps:
            if isinstance(self.panel, StepPanel):
                self._show_panel(None)
            return
        shown = self.panel
        if not anew and isinstance(shown, StepPanel) and shown.shows(steps[name]):
            return
        panel = StepPanel(self.session, name, live=self._live)
        panel.live_changed.connect(self._on_live)
        panel.next_chosen.connect(self._on_next)
        panel.gallery_wanted.connect(self.open_gallery)
        self._show_panel(panel)
        if self.gallery is not None:
            self.gallery.show_step(name)

    def _show_panel(self, panel: StepPanel | OperationForm | None) -> None:
        before, self.panel = self.panel, panel
        if before is not None:
            self.holder.takeWidget()
            before.stop()
            before.deleteLater()
        if panel is not None:
            self.holder.setWidget(panel)
        if not isinstance(panel, StepPanel):
            self._close_gallery()

    def open_gallery(self) -> None:
        """Compare what other algorithms and settings give in place of the selected step."""
        if self.gallery is None:
            self.gallery = Gallery(self.session)
            self.gallery.taken.connect(self._on_taken)
            self.gallery.closed.connect(self._close_gallery)
            holder = Scrolled()
            holder.setWidget(self.gallery)
            self.stack.addWidget(holder)
        self.tiles.hide()  # the pictures need the room
        self.stack.setCurrentIndex(1)
        self.gallery.show()
        self.gallery.show_step(self.steps.selected())

    def _close_gallery(self) -> None:
        if self.stack.currentIndex() == 1:
            self.stack.setCurrentIndex(0)
            self.tiles.show()
            if self.gallery is not None:
                self.gallery.hide()

    def _on_taken(self, _: str, variant: Variant) -> None:
        self.session.apply(take(self.session.workflow, variant))
        if isinstance(self.panel, StepPanel):
            self.panel.fields.remember()

    def _on_live(self, live: bool) -> None:
        self._live = live

    def _on_next(self, operation: str) -> None:
        layer = self._layer_of(self.steps.selected() or "")
        if layer is not None:
            self.session.viewer.layers.selection.active = layer
        self.add(operation)

    def _on_show(self, name: str) -> None:
        value = self._value_of(name)
        layer = self.session.layer(value)
        if layer is None:
            self.session.show(value)
        else:
            layer.visible = not layer.visible

    def _on_removed(self, name: str) -> None:
        if any(step.name == name for step in self.session.workflow.steps):
            delete_step(self.session, name, self)
        else:
            self._say("An input goes when no step uses it any more.")

    def _on_renamed(self, value: str, name: str) -> None:
        workflow, layer = self.session.workflow, self.session.layer(value)
        is_free = layer is not None and not is_identifier(name)
        try:
            # A layer may be called as a person likes; its value is a word of the exported code.
            plain = workflow.unique_name(name) if is_free else name
            self.session.apply(workflow.rename(value, plain))
        except (ValueError, KeyError) as error:
            self._on_failed(str(error))
            return
        if layer is not None and is_free:
            layer.name = name
            self._say(f"The layer is called {name}, and {plain} in exported code.")

    def _on_moved(self, name: str, after: str) -> None:
        workflow = self.session.workflow
        try:
            value = workflow.step(after).outputs[0] if after else next(iter(workflow.inputs))
            self.session.apply(rewiring.move(workflow, name, value))
        except (ValueError, TypeError, KeyError) as error:
            self._on_failed(str(error))

    def _on_menu(self, name: str, place: QPoint) -> None:
        menu = QMenu(self)
        self.fill_step_menu(menu, name)
        if not menu.isEmpty():
            menu.popup(place)

    def fill_step_menu(self, menu: QMenu, name: str) -> None:
        """Fill a menu with what can be done with a row of the list of steps."""
        step = next((one for one in self.session.workflow.steps if one.name == name), None)
        if step is not None:
            fill_menu(
                menu,
                self.session,
                step,
                select=self.select,
                rename=lambda: self.steps.edit_name(name),
                fail=self._on_failed,
            )

    # What happens in the viewer

    def _on_active(self, _: Any = None) -> None:
        """Enable what fits the selected layer, and select its step."""
        self._enable()
        self._select_active()

    def _enable(self) -> None:
        """Enable the operations that fit the selected layer."""
        active = self.session.viewer.layers.selection.active
        kind = None if active is None else self.session.kind(active)
        kinds: set[Kind] = set() if kind is None else {kind}
        if kind is Kind.RGB:
            kinds.add(Kind.IMAGE)  # the form offers to convert it
        self.tiles.set_available(kinds)
        self.tiles.show_usable_package()
        self.search.set_available(kinds)

    def _select_active(self) -> None:
        """Select the step that made the selected layer."""
        active = self.session.viewer.layers.selection.active
        value = None if active is None else self.session.name_of(active)
        if value is None:
            return
        maker = self.session.workflow.maker(value)
        row = value if maker is None else maker.name
        if self.steps.selected() != row and not isinstance(self.panel, OperationForm):
            self._selecting = True
            self.steps.select(row)
            self._selecting = False

    def _on_inserted(self, event: Any) -> None:
        self._watch(event.value)

    def _watch(self, layer: Layer) -> None:
        layer.events.name.connect(self._on_layer)
        layer.events.visible.connect(self._on_layer)

    def _on_layer(self, _: Any = None) -> None:
        self._refresh()

    def _on_theme(self, event: Any) -> None:
        for part in (self.bar, self.search, self.tiles, self.steps, self.notices, self.ring):
            part.set_theme(event.value)
        self._split.set_theme(event.value)
        if isinstance(self.panel, StepPanel):
            self._follow_selected(anew=True)

    def _value_of(self, row: str) -> str:
        """Return the value that the layer of a row shows."""
        for step in self.session.workflow.steps:
            if step.name == row:
                return step.outputs[0]
        return row.removesuffix(" (input)")

    def _layer_of(self, row: str) -> Layer | None:
        return self.session.layer(self._value_of(row))

    # Messages

    def _say(self, text: str) -> None:
        self.message.say(text, "hint", self.session.viewer.theme)

    def _on_failed(self, text: str) -> None:
        self.message.say(text, "error", self.session.viewer.theme)

    # Opening

    def open_file(self) -> None:
        """Ask for a workflow file, and open it."""
        path, _ = QFileDialog.getOpenFileName(self, "Open workflow", "", "Workflow (*.json)")
        if path:
            self._try(lambda: open_workflow(self.session, read_workflow(path), self))

    def _fill_open_menu(self, menu: QMenu) -> None:
        menu.clear()
        menu.addAction("Open workflow…", self.open_file)
        menu.addMenu(LibraryMenu(self.session, self._on_entry, menu))

    def _on_entry(self, entry: Entry, on_sample: bool) -> None:
        self._try(lambda: start_entry(self.session, entry, on_sample, self))

    def _try(self, act: Callable[[], bool]) -> None:
        self._say("")
        try:
            act()
        except (FileError, LayerError, ValueError, TypeError) as error:
            self._on_failed(str(error))

    def _offer_recovery(self) -> None:
        crashed = find_crashed()
        if crashed:
            offers = RecoveryOffers(self.session, crashed)
            offers.restored.connect(self.session.autosave.replace)
            self._column.insertWidget(1, offers)
