"""An annotation outlives its process, its window and its computer."""

from __future__ import annotations

import os
import runpy
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pytest

from napari_delineate import recovery
from napari_delineate._napari.annotate_dock import AnnotateDock
from napari_delineate._napari.assistant import Assistant
from napari_delineate._napari.opening import open_workflow
from napari_delineate._napari.recovery_offer import RecoveryOffer
from napari_delineate._napari.sessions import session_of
from napari_delineate.export import write_notebook
from napari_delineate.files import read_workflow, write_workflow

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow

CHILD = """
import sys
from pathlib import Path
import napari
import numpy as np
from qtpy.QtWidgets import QApplication
from napari_delineate import recovery
from napari_delineate._napari.annotate_dock import AnnotateDock

folder = Path(sys.argv[1])
recovery.recovery_folder = lambda: folder
viewer = napari.Viewer(show=False)
image = viewer.add_image(np.zeros((40, 60)), name="cells", scale=(0.5, 0.5))
dock = AnnotateDock(viewer)
viewer.window.add_dock_widget(dock, name="Annotate")
layer = dock.new.make()
for number in range(1, 6):
    layer.paint((4 * number, 5 * number), number)
    QApplication.processEvents()
hand = dock.hand
hand.annotate(hand.annotation.named("lebend").named("tot: ä").with_class(3, 2))
hand.annotate(hand.annotation.with_lock(4, locked=True))
wanted, kept = hand.annotation, ""
while "tot: ä" not in kept or dock.session.autosave._worker is not None:
    QApplication.processEvents()
    if dock.session.autosave._pause.isActive():
        dock.session.autosave._pause.start(0)
    files = [*folder.glob("*/session.json")]
    kept = files[0].read_text("utf-8") if files else ""
np.save(sys.argv[2], layer.data)
print("saved", flush=True)
while True:  # in the middle of a stroke
    with layer.block_history():
        layer.paint((30, 50), 9)
        QApplication.processEvents()
"""


def test_an_annotation_of_a_killed_process_is_offered_bit_for_bit(
    make_napari_viewer, qtbot, tmp_path, monkeypatch
):
    folder = tmp_path / "sessions"
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), str(tmp_path / "drawn.npy")],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    try:
        assert process.stdout.readline().strip() == b"saved"
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
    monkeypatch.setattr(recovery, "recovery_folder", lambda: folder)
    viewer = make_napari_viewer()
    assistant = Assistant(viewer)
    qtbot.waitUntil(lambda: bool(assistant.findChildren(RecoveryOffer)), timeout=5000)
    (offer,) = assistant.findChildren(RecoveryOffer)
    offer.restore_button.click()
    session = session_of(viewer)
    qtbot.waitUntil(lambda: len(viewer.layers) == 1, timeout=20_000)
    (layer,) = viewer.layers
    drawn = np.load(tmp_path / "drawn.npy")
    assert layer.data.dtype == drawn.dtype
    assert np.array_equal(layer.data, drawn)
    assert tuple(layer.scale) == (0.5, 0.5)
    meaning = session.annotations.of(layer)
    assert [one.name for one in meaning.classes] == ["lebend", "tot: ä"]
    assert (meaning.class_of, meaning.locked) == (((3, 2),), (4,))
    # It goes on where it ended: tools, undo and a lock know it.
    dock = AnnotateDock(viewer)
    layer.paint((30, 30), 7)
    session.record_edits()
    session.undo()
    assert np.array_equal(layer.data, drawn)
    dock.stop()
    assistant.stop()
    session.close()


@pytest.fixture
def annotated(viewer, session):
    """An annotation that no step takes, with large numbers, classes, a lock and what was seen."""
    rng = np.random.default_rng(0)
    data = np.zeros((3, 30, 40), np.int64)
    data[1, 3:9, 4:12], data[2, 15:25, 20:35] = 2**40 + 3, 7
    place = {"scale": (2.0, 0.5, 0.5), "units": ("um",) * 3, "axis_labels": ("z", "y", "x")}
    viewer.add_image(rng.random(data.shape), name="Zellen ä", **place)
    layer = viewer.add_labels(data, name="Zellen ä annotation", **place)
    meaning = session.annotations.of(layer).named("Kern").named("Größe?")
    meaning = replace(meaning.with_class(7, 2).with_lock(7, locked=True), sparse=True)
    session.annotations.annotate(layer, meaning)
    session.annotations.see(layer, 7)
    return layer


def moved(folder, tmp_path):
    """What is left of a folder on another computer."""
    other = tmp_path / "another computer"
    shutil.copytree(folder, other)
    shutil.rmtree(folder)
    return other


def test_an_annotation_is_opened_on_another_computer(
    annotated, session, make_napari_viewer, tmp_path
):
    folder = tmp_path / "here"
    folder.mkdir()
    write_workflow(folder / "w.json", *session.to_save())
    other = make_napari_viewer()
    there = session_of(other)
    path = moved(folder, tmp_path) / "w.json"
    assert open_workflow(there, read_workflow(path))
    (layer,) = other.layers
    assert layer.data.dtype == annotated.data.dtype
    assert np.array_equal(layer.data, annotated.data)
    assert np.allclose(layer.scale, annotated.scale)
    assert [str(one) for one in layer.units] == [str(one) for one in annotated.units]
    assert there.annotations.of(layer) == session.annotations.of(annotated)
    assert there.annotations.of(layer).seen == (7,)
    there.close()


def test_the_notebook_of_an_annotation_runs_on_another_computer(
    annotated, session, tmp_path, monkeypatch
):
    folder = tmp_path / "here"
    folder.mkdir()
    write_notebook(folder / "n.ipynb", *session.to_save())
    path = moved(folder, tmp_path) / "n.ipynb"
    notebook = nbformat.read(path, as_version=4)
    script = path.with_name("script.py")
    cells = [one.source for one in notebook.cells if one.cell_type == "code"]
    script.write_text("\n".join(cells), encoding="utf-8")
    monkeypatch.chdir(path.parent)
    found = runpy.run_path(str(script))
    (name,) = session.workflow.inputs
    assert np.array_equal(found[name], annotated.data)
    assert found[name].dtype == annotated.data.dtype
