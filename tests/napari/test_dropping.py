"""Layers are dragged from napari's list onto an input."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QEvent, QPointF, Qt
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import QAbstractScrollArea, QApplication

from tests.napari.truth import check

pytestmark = pytest.mark.usefixtures("notebook_is_true")


def drop(viewer, layers, widget):
    """Drag layers from napari's own list; return whether the widget would take them."""
    view = viewer.window._qt_viewer.layers
    model = view.model()
    rows = [list(reversed(viewer.layers)).index(layer) for layer in layers]
    data = model.mimeData([model.index(row, 0) for row in rows])
    target = widget.viewport() if isinstance(widget, QAbstractScrollArea) else widget
    nothing = Qt.KeyboardModifier.NoModifier
    common = (Qt.DropAction.MoveAction, data, Qt.MouseButton.LeftButton, nothing)
    centre = target.rect().center()
    enter = QDragEnterEvent(centre, *common)
    QApplication.sendEvent(target, enter)
    dropped = QDropEvent(QPointF(centre), *common, QEvent.Type.Drop)
    QApplication.sendEvent(target, dropped)
    assert dropped.dropAction() == Qt.DropAction.IgnoreAction or not enter.isAccepted()
    return enter.isAccepted()


def test_a_layer_dropped_on_an_input_is_taken(assistant, session, viewer, coins, add, settle):
    other = viewer.add_image(coins.data[::-1].copy(), name="other")
    viewer.layers.selection.active = coins
    add("filters.gaussian")
    assert session.workflow.steps[0].inputs["image"] == "coins"
    assert drop(viewer, [other], assistant.panel.fields.choices["image"])
    settle()
    assert session.workflow.steps[0].inputs["image"] == "other"
    assert [one.name for one in viewer.layers][:2] == ["coins", "other"]
    check(session)


def test_a_layer_of_the_wrong_kind_says_what_converts_it(
    assistant, session, viewer, coins, add, settle
):
    labels = viewer.add_labels(np.ones((5, 5), int), name="drawn")
    viewer.layers.selection.active = coins
    add("filters.gaussian")
    before = session.workflow
    assert drop(viewer, [labels], assistant.panel.fields.choices["image"])
    settle()
    assert session.workflow == before
    said = assistant.panel.fields.error.text()
    assert "'drawn' is labels" in said
    assert "takes an image" in said


def test_a_layer_that_the_step_makes_is_refused(assistant, session, viewer, coins, add, settle):
    add("filters.gaussian", "filters.median")
    assistant.select("gaussian")
    before = session.workflow
    made = session.layer(before.steps[1].outputs[0])
    assert drop(viewer, [made], assistant.panel.fields.choices["image"])
    settle()
    assert session.workflow == before
    assert "made from what this step makes" in assistant.panel.fields.error.text()


def test_layers_are_added_to_those_that_are_ticked(form, session, viewer):
    one = viewer.add_labels(np.ones((5, 5), int), name="one")
    two = viewer.add_labels(np.ones((5, 5), int), name="two")
    shown = form("postprocessing.combine")
    (name,) = shown.fields.choices
    choice = shown.fields.choices[name]
    choice.choose([one])
    assert drop(viewer, [two], choice)
    assert set(choice.layers()) == {one, two}
