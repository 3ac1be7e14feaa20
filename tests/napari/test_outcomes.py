"""What goes wrong in a thread is said, and what waits for it goes on."""

from __future__ import annotations

import ast
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

pytest.importorskip("napari")
pytest.importorskip("qtpy.QtWidgets", reason="needs a Qt binding", exc_type=ImportError)

from qtpy.QtWidgets import QFileDialog

from napari_delineate import _napari
from napari_delineate._napari import (
    autosave,
    evaluation_dock,
    picture_part,
    surface_changes,
    tuning_run,
)
from napari_delineate._napari import gallery as gallery_module
from napari_delineate._napari.annotating import file_part
from napari_delineate._napari.evaluation_dock import EvaluationDock
from napari_delineate._napari.gallery import Gallery
from napari_delineate._napari.picture_part import PicturePart
from napari_delineate._napari.surface_changes import surface_changes_of
from napari_delineate._napari.tuning_run import TuningRun
from napari_delineate._napari.widgets import table as table_module
from napari_delineate.types import Kind
from napari_delineate.values import Value
from tests import inputs

# A RuntimeError is what the worker of napari never says anything of.
WORDS = "the process has ended"


def fail(*_, **__):
    raise RuntimeError(WORDS)


def test_every_thread_brings_its_exceptions_back():
    """Others are listed with where they catch what they do."""
    catching = {
        ("gallery.py", "self._job.run"),  # yields an outcome
        ("evaluator.py", "self._compute"),  # returns the exception with its task
    }
    found = set()
    for path in Path(_napari.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "create_worker":
                found.add((path.name, ast.unparse(node.args[0])))
    assert len(found) >= 10
    assert {one for one in found if one[1] != "outcome_of"} == catching


def test_a_search_that_fails_has_ended(qtbot, monkeypatch):
    monkeypatch.setattr(tuning_run, "carry_out", fail)
    run = TuningRun()
    said = []
    run.failed.connect(said.append)
    with qtbot.waitSignal(run.finished, timeout=10_000):
        run.start(None)
    run.close()
    assert said == [WORDS]
    assert not run.is_running


def test_an_evaluation_that_fails_has_ended(viewer, session, qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr(evaluation_dock, "_evaluate", fail)
    monkeypatch.setattr(evaluation_dock, "needed_for", lambda *_: SimpleNamespace(inputs={}))
    dock = EvaluationDock(viewer)
    qtbot.addWidget(dock)
    for choice in (dock.images, dock.annotations, dock.output):
        choice.set_folder(tmp_path)
    dock.run()
    assert dock.running
    qtbot.waitUntil(lambda: not dock.running, timeout=10_000)
    assert dock.message.text() == WORDS
    assert dock.cancel_button.isHidden()
    dock.stop()


def test_a_table_that_can_not_be_written_is_said(qtbot, tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(table_module, "show_error", said.append)
    monkeypatch.setattr(table_module, "write_table", fail)
    monkeypatch.setattr(table_module, "_QUICK", 0)
    path = str(tmp_path / "a.csv")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (path, "CSV"))
    tables = table_module.Tables()
    qtbot.addWidget(tables)
    tables.show_table("cells", pd.DataFrame({"label": [1, 2]}))
    tables._save()
    qtbot.waitUntil(lambda: not tables._workers, timeout=10_000)
    assert said == [WORDS]


def test_an_annotation_that_can_not_be_saved_is_said(qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr(file_part, "write_annotation", fail)
    monkeypatch.setattr(file_part, "annotated_labels", lambda *_: None)
    path = str(tmp_path / "a.tif")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (path, "OME-TIFF (*.tif)"))
    hand = SimpleNamespace(layer=SimpleNamespace(name="cells"), session=None, annotation=None)
    files = file_part.AnnotationFiles(hand)
    qtbot.addWidget(files)
    with qtbot.waitSignal(files.failed, timeout=10_000) as said:
        files.save()
    assert said.args == [WORDS]
    assert files.save_button.isEnabled()


def test_an_animation_that_can_not_be_written_is_said(session, qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr(picture_part, "write_animation", fail)
    part = PicturePart(session)
    qtbot.addWidget(part)
    part._path = tmp_path / "a.gif"
    with qtbot.waitSignal(part.failed, timeout=10_000) as said:
        part._write([])
    assert said.args == [f"a.gif was not saved: {WORDS}"]
    qtbot.waitUntil(part.turn_button.isEnabled, timeout=10_000)


def test_a_session_that_can_not_be_kept_is_tried_again(session, qtbot, monkeypatch):
    said = []
    monkeypatch.setattr(autosave, "show_warning", said.append)
    monkeypatch.setattr(session.autosave, "_save", fail)
    session.autosave.save()
    qtbot.waitUntil(lambda: session.autosave._worker is None, timeout=10_000)
    assert [WORDS in one for one in said] == [True]


def test_a_gallery_that_can_not_go_on_says_so(session, qtbot, monkeypatch):
    monkeypatch.setattr(gallery_module, "try_out", fail)
    gallery = Gallery(session)
    qtbot.addWidget(gallery)
    gallery.show()
    gallery._job = gallery_module._Job((), None)
    gallery._begin()
    qtbot.waitUntil(lambda: gallery._worker is None, timeout=10_000)
    assert gallery.message.text() == WORDS
    gallery.close()


def test_a_surface_that_can_not_be_measured_is_said(session, qtbot, monkeypatch):
    monkeypatch.setattr(surface_changes, "_compute", fail)
    changes = surface_changes_of(session)
    surface = Value.of(inputs.value(Kind.SURFACE, 3), Kind.SURFACE, "ZYX")
    results = {"a": surface, "b": surface}
    monkeypatch.setattr(changes, "_session", SimpleNamespace(results=results, running=True))
    monkeypatch.setattr(changes, "_pair", lambda _: ("a", "b"))
    monkeypatch.setattr(changes, "_tell_layers", lambda: None)
    with qtbot.waitSignal(changes.known, timeout=10_000):
        changes._measure("smooth", ("a", "b"))
    qtbot.waitUntil(lambda: changes._worker is None, timeout=10_000)
    assert changes._measured["a", "b"] == WORDS
