"""Objects of large labels are counted while people go on, and what they do is counted too."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from napari_delineate._napari import sessions
from napari_delineate._napari.annotate_dock import AnnotateDock
from napari_delineate._napari.annotating import counting
from napari_delineate._napari.annotating import hand as hand_module
from napari_delineate.annotation import object_index
from napari_delineate.annotation.object_index import count_tile
from tests.napari.by_hand import check_index

_SOON = 30_000
"""Milliseconds: machines may be busy."""

COUNTING = "Counting objects…"


@pytest.fixture
def gate(monkeypatch):
    """Let nothing be counted, or what was counted not be known, until this is set."""
    gate = threading.Event()
    gate.is_behind = False

    def slowly(labels, tile):
        counted = count_tile(labels, tile) if gate.is_behind else None
        assert gate.wait(30)
        return counted or count_tile(labels, tile)

    monkeypatch.setattr(counting, "_AT_ONCE", 0)
    monkeypatch.setattr(object_index, "_TILE", 1000)
    monkeypatch.setattr(counting, "count_tile", slowly)
    yield gate
    gate.set()


@pytest.fixture
def dock(make_napari_viewer):
    viewer = make_napari_viewer()
    dock = AnnotateDock(viewer)
    viewer.window.add_dock_widget(dock, name="Annotate")
    yield dock
    dock.stop()


def open_labels(dock):
    labels = np.zeros((9, 30, 40), np.int32)
    labels[2:7, 5:15, 5:15], labels[3:5, 18:28, 20:38], labels[8, 2, 3] = 4, 9, 2
    layer = dock.session.viewer.add_labels(labels, axis_labels=("z", "y", "x"))
    dock.choice.choose(layer)
    return layer


@pytest.mark.parametrize("is_behind", [False, True])
def test_what_is_painted_while_objects_are_counted_is_counted(gate, dock, qtbot, is_behind):
    gate.is_behind = is_behind
    layer = open_labels(dock)
    assert dock.objects.count.text() == dock.slices.text.text() == COUNTING
    assert not dock.slices.next_button.isEnabled()
    qtbot.wait(50)
    with layer.block_history():
        layer.paint((2, 7, 7), 5)
        layer.paint((2, 25, 5), 5)
    qtbot.waitUntil(lambda: len(dock.session.history.past) == 2, timeout=_SOON)
    with layer.block_history():
        layer.paint((8, 2, 3), 0)
    dock.session.undo()
    assert dock.objects.count.text() == COUNTING
    gate.set()
    qtbot.waitUntil(lambda: dock.objects.model.numbers == [2, 4, 5, 9], timeout=_SOON)
    assert dock.objects.count.text() == "4 objects, 0 seen"
    assert dock.slices.text.text() == "6 of 9 slices have labels"
    check_index(dock)
    np.testing.assert_array_equal(
        dock.hand.objects.filled(0), np.count_nonzero(layer.data, axis=(1, 2))
    )


def test_a_tool_waits_for_what_it_needs(gate, dock, qtbot):
    layer = open_labels(dock)
    dock.pointer.take_up("delete")  # which needs nothing yet
    assert dock.hand.known_objects is None
    gate.set()
    scene = dock.hand.whole()
    assert dock.hand.box(scene, [4]) == (slice(2, 7), slice(5, 15), slice(5, 15))
    assert dock.hand.known_objects is not None
    qtbot.waitUntil(lambda: dock.objects.count.text() == "3 objects, 0 seen", timeout=_SOON)
    layer.data = np.where(layer.data == 4, 0, layer.data)
    assert dock.hand.known_objects is None
    assert dock.hand.objects.numbers == (2, 9)


def test_a_stroke_that_is_not_over_is_not_counted_twice(gate, dock, qtbot, monkeypatch):
    gate.set()
    pressed = [True]
    monkeypatch.setattr(hand_module, "is_being_edited", lambda _: pressed[0])
    layer = open_labels(dock)
    with layer.block_history():  # which napari tells of when it ends
        layer.paint((2, 25, 5), 5)
        assert dock.hand.objects.numbers  # counted now, perhaps in the middle of the stroke
        qtbot.wait(120)
        assert dock.hand._index is None
    pressed[0] = False
    check_index(dock)
    assert dock.hand.known_objects is not None


def test_labels_that_can_not_be_counted_are_said(gate, dock, qtbot):
    gate.set()
    dock.session.viewer.add_labels(np.full((3, 5, 5), -2), axis_labels=("z", "y", "x"))
    qtbot.waitUntil(lambda: "must not be negative" in dock.objects.count.text(), timeout=_SOON)
    assert "must not be negative" in dock.slices.text.text()


def test_closing_the_dock_ends_the_counting(gate, dock):
    open_labels(dock)
    counted = dock.hand._counting
    dock.stop()
    gate.set()
    counted._thread.join(10)
    assert not counted._thread.is_alive()
    assert counted._left


def test_sessions_are_closed_where_windows_are(make_napari_viewer, qtbot, monkeypatch):
    viewer = make_napari_viewer()
    session = sessions.session_of(viewer)
    closed_in = []
    monkeypatch.setattr(
        session.autosave, "close", lambda: closed_in.append(threading.current_thread())
    )
    other = threading.Thread(target=sessions._end, args=(id(viewer),))
    other.start()
    other.join()
    qtbot.waitUntil(lambda: closed_in == [threading.main_thread()], timeout=_SOON)
