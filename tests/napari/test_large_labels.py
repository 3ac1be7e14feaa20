"""Large labels are copied while people paint on them; nothing that they painted is lost."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QItemSelectionModel

from napari_delineate._napari import bindings
from napari_delineate._napari.annotate_dock import AnnotateDock


@pytest.fixture
def dock(make_napari_viewer, monkeypatch):
    monkeypatch.setattr(bindings, "_COPIED_AT_ONCE", 0)
    viewer = make_napari_viewer()
    dock = AnnotateDock(viewer)
    viewer.window.add_dock_widget(dock, name="Annotate")
    yield dock
    dock.stop()


@pytest.fixture
def labels():
    return np.random.default_rng(0).integers(0, 5, (3, 30, 40)).astype(np.int32)


def open_labels(dock, labels):
    layer = dock.session.viewer.add_labels(labels.copy(), axis_labels=("z", "y", "x"))
    dock.choice.choose(layer)
    layer.mode = "paint"
    return layer


def test_what_is_painted_while_labels_are_copied_is_undone_and_kept(dock, labels, qtbot):
    layer, session = open_labels(dock, labels), dock.session
    held = [labels.copy()]
    for number in range(6, 9):
        with layer.block_history():
            layer.paint((1, number, number), number)
            layer.paint((1, 2 * number, number), number)
        qtbot.waitUntil(lambda number=number: len(session.history.past) > number - 5)
        held.append(np.array(layer.data))
    qtbot.waitUntil(lambda: not session.store.copying)
    versions = [str(one.version) for w in session.history.past[1:] for one in w.inputs.values()]
    versions.append(str(session.workflow.inputs["labels"].version))
    assert len(versions) == len(held)
    for version, expected in zip(versions, held, strict=True):
        assert np.array_equal(session.store.get(version).data, expected)
    for expected in held[-2::-1]:
        session.undo()
        assert np.array_equal(layer.data, expected)


def test_labels_that_leave_the_workflow_are_settled_before_anybody_paints_on(dock, labels, qtbot):
    layer, session = open_labels(dock, labels), dock.session
    with layer.block_history():
        layer.paint((1, 9, 9), 7)
    qtbot.waitUntil(lambda: len(session.history.past) == 2)
    first = str(session.history.past[1].inputs["labels"].version)
    session.undo(2)
    assert not session.workflow.inputs
    assert not session.store.copying
    layer.data[:] = 9
    assert np.array_equal(session.store.get(first).data, labels)


def test_the_selection_of_many_objects_is_kept_in_every_order(dock, qtbot):
    many = np.repeat(np.arange(1, 4001, dtype=np.int32).reshape(40, 100), 3, axis=1)
    many[many % 7 == 0] += 4000
    layer = open_labels(dock, many[None])
    objects = dock.objects
    objects.refresh()
    wanted = {3, 4, 5, 90, 4014, 3999}
    for column in range(objects.model.columnCount()):
        objects.model.sort(column)
        rows = [objects.model.row_of(number) for number in wanted]
        objects.table.clearSelection()
        objects.table.selectionModel().select(
            objects._selection(rows),
            QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows,
        )
        objects.refresh()
        assert set(objects.chosen()) == wanted
        assert len(objects.chosen()) == len(wanted)
        assert [objects.model.numbers.index(number) for number in wanted] == rows
    layer.data = np.where(layer.data == 90, 0, layer.data)
    objects.refresh()
    assert set(objects.chosen()) == wanted - {90}


def test_looking_at_an_object_counts_no_pixels_anew(dock, labels):
    open_labels(dock, labels)
    changes = []
    dock.hand.edited.connect(changes.append)
    dock.hand.see(3)
    assert [len(change.positions) for change in changes] == [0]
