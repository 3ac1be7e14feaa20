"""Labels in files: strokes and tools write where they lie, and undo takes all of it back."""

from __future__ import annotations

import numpy as np
import pytest

from napari_delineate._napari.annotate_dock import AnnotateDock
from napari_delineate.annotation.object_index import ObjectIndex
from tests.napari.test_annotate_dock import draw, take_up

zarr = pytest.importorskip("zarr")

KINDS = {
    "memory": True,
    "zarr": True,
    "read-only zarr": False,
    "memory map": True,
    "read-only memory map": False,
    "dask": False,
}
"""Where labels are kept, and whether they can be written there."""


@pytest.fixture
def dock(make_napari_viewer):
    viewer = make_napari_viewer()
    dock = AnnotateDock(viewer)
    viewer.window.add_dock_widget(dock, name="Annotate")
    yield dock
    dock.stop()


@pytest.fixture
def said(dock):
    heard = []
    dock.hand.said.connect(lambda text, _: heard.append(text))
    return heard


def two_objects(dtype=np.int32):
    labels = np.zeros((6, 48, 64), dtype)
    labels[:, 8:24, 8:32] = 1
    labels[:, 8:24, 40:52] = 2
    return labels


def stored(kind, folder, labels):
    """Return labels as they are kept, and what reads them from the file."""
    if kind == "memory":
        return labels.copy(), None
    if kind == "dask":
        return pytest.importorskip("dask.array").from_array(labels, chunks=(2, 32, 32)), None
    if "zarr" in kind:
        group = zarr.create_group(folder / "labels.zarr")
        array = group.create_array(
            "labels", shape=labels.shape, chunks=(2, 32, 32), dtype=labels.dtype
        )
        array[...] = labels

        def read():
            return zarr.open_group(folder / "labels.zarr", mode="r")["labels"]

        return (array if kind == "zarr" else read()), read
    path = folder / "labels.npy"
    np.save(path, labels)
    mode = "r" if "read-only" in kind else "r+"
    return np.load(path, mmap_mode=mode), lambda: np.load(path)


def open_labels(dock, data):
    layer = dock.session.viewer.add_labels(data, axis_labels=("z", "y", "x"))
    dock.choice.choose(layer)
    return layer


def stroke(dock, layer, qtbot, place, number):
    layer.mode, layer.selected_label, layer.brush_size = "paint", number, 6
    count = len(dock.session.history.past)
    with layer.block_history():
        layer.paint(place, number)
        layer.paint((*place[:-1], place[-1] + 3), number)
    qtbot.waitUntil(lambda: len(dock.session.history.past) > count)


@pytest.mark.parametrize("kind", KINDS)
def test_strokes_and_tools_are_undone_wherever_labels_are_kept(dock, said, qtbot, tmp_path, kind):
    labels = two_objects()
    data, read = stored(kind, tmp_path, labels)
    layer, session = open_labels(dock, data), dock.session
    states = [labels]

    def note():
        states.append(np.array(layer.data))
        assert (states[-1] != states[-2]).any()
        if KINDS[kind] and read is not None:
            np.testing.assert_array_equal(read()[...], states[-1])
        check_objects()

    def check_objects():
        known, fresh = dock.hand.objects, ObjectIndex(np.array(layer.data))
        assert known.numbers == fresh.numbers
        sizes = {number: fresh.size(number) for number in fresh.numbers}
        assert {number: known.size(number) for number in known.numbers} == sizes
        shown = np.array(layer.data)[int(session.viewer.dims.point[0])]
        np.testing.assert_array_equal(layer._slice.image.raw, shown)

    stroke(dock, layer, qtbot, (2, 30, 30), 7)
    note()
    session.viewer.dims.set_point(0, 2)
    stroke(dock, layer, qtbot, (2, 10, 10), 8)
    note()
    take_up(dock, "merge")
    draw(dock, (20, 20), (20, 45))
    note()
    dock.solid.setChecked(True)
    take_up(dock, "delete")
    draw(dock, (30, 30))
    note()
    stroke(dock, layer, qtbot, (3, 20, 20), 0)
    note()
    for state in states[-2::-1]:
        session.undo()
        np.testing.assert_array_equal(layer.data, state)
        check_objects()
    for state in states[1:]:
        session.redo()
        np.testing.assert_array_equal(layer.data, state)
        check_objects()
    copied = [text for text in said if "A copy in memory is edited now" in text]
    if KINDS[kind]:
        assert layer.data is data
        assert not copied
    else:
        assert isinstance(layer.data, np.ndarray)
        assert len(copied) == 1
        np.testing.assert_array_equal(np.asarray(data), labels)


def test_labels_of_a_file_that_are_widened_are_a_copy_and_that_is_said(dock, said, tmp_path):
    labels = two_objects(np.uint8)
    labels[0, 0, 0] = 254
    data, read = stored("zarr", tmp_path, labels)
    layer = open_labels(dock, data)
    take_up(dock, "delete")
    draw(dock, (15, 15))
    assert layer.data.dtype == np.int32
    assert said[-1].endswith("A copy in memory is edited now; save it to keep it.")
    np.testing.assert_array_equal(read()[...], labels)
    dock.session.undo(2)
    assert layer.data is data


def test_labels_that_are_painted_on_already_are_copied_when_they_are_chosen(dock, said, tmp_path):
    data, _ = stored("read-only zarr", tmp_path, two_objects())
    layer = dock.session.viewer.add_labels(data, axis_labels=("z", "y", "x"), name="a")
    other = dock.session.viewer.add_labels(two_objects(), axis_labels=("z", "y", "x"))
    dock.choice.choose(other)
    layer.mode = "paint"
    assert layer.data is data
    dock.choice.choose(layer)
    assert "'a' can not be written to where they are" in said[-1]
    assert isinstance(layer.data, np.ndarray)
