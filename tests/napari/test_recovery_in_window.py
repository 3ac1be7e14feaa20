"""Sessions are kept while they run, and offered again after a crash."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from napari_delineate._napari import fields
from napari_delineate._napari.assistant import Assistant
from napari_delineate._napari.recovery_offer import RecoveryOffer
from napari_delineate._napari.sessions import session_of
from tests.napari.truth import check

pytestmark = pytest.mark.slow


@pytest.fixture
def crashed(assistant, session, viewer, coins, add, settle, qtbot):
    """A session with a stroke that was saved and then lost its process."""
    add("segmentation.voronoi_otsu_labeling", "postprocessing.clear_border")
    labels = session.layer("labels")
    labels.paint((75, 90), int(labels.data.max()) + 1)
    settle()
    session.autosave.save()
    qtbot.waitUntil(lambda: session.autosave._worker is None, timeout=10_000)
    kept = session.autosave._recovery._own
    copy = kept.with_name("crashed")
    shutil.copytree(kept, copy)
    (workflow,) = copy.glob("*.json")
    workflow.write_text(workflow.read_text("utf-8").replace(str(kept), str(copy)), "utf-8")
    return session.layer("inner_labels").data.copy()


def test_a_crashed_session_is_offered_and_restored(
    crashed, session, make_napari_viewer, qtbot, settle
):
    other = make_napari_viewer()
    assistant = Assistant(other)
    qtbot.waitUntil(lambda: bool(assistant.findChildren(RecoveryOffer)), timeout=5000)
    (offer,) = assistant.findChildren(RecoveryOffer)
    assert "with 3 steps was not closed" in offer.text.text()
    offer.restore_button.click()
    restored = session_of(other)
    qtbot.waitUntil(lambda: bool(restored.results) and not restored.running, timeout=20_000)
    assert np.array_equal(restored.layer("inner_labels").data, crashed)
    check(restored)
    restored.undo()
    qtbot.waitUntil(lambda: not restored.running, timeout=20_000)
    assert restored.workflow.steps == ()
    assistant.stop()
    restored.close()


def test_a_session_that_is_closed_leaves_nothing(crashed, session):
    kept = session.autosave._recovery._own
    assert kept.is_dir()
    session.close()
    assert not kept.exists()
    assert kept.with_name("crashed").is_dir()


def test_a_session_that_is_closed_after_qt_leaves_nothing(crashed, session, monkeypatch):
    """As where a script ends that holds the viewer: Qt's objects are gone by then."""
    from napari_delineate._napari import autosave as autosaving
    from napari_delineate._napari import session as sessions

    emitted = []
    session.closed.connect(lambda: emitted.append(True))
    kept = session.autosave._recovery._own
    for module in (autosaving, sessions):
        monkeypatch.setattr(module, "isalive", lambda _: False)
    session.close()
    assert not kept.exists()
    assert not emitted
    monkeypatch.undo()


def test_closing_during_a_run(make_napari_viewer, qtbot):
    viewer = make_napari_viewer()
    noise = np.random.default_rng(0).random((40, 256, 256))
    viewer.add_image(noise, name="noise", axis_labels="ZYX")
    assistant = Assistant(viewer)
    viewer.window.add_dock_widget(assistant)
    session = assistant.session
    assistant.add("segmentation.local_minima_seeded_watershed")
    qtbot.wait(500)
    assert session.running
    assistant.stop()
    session.close()
    viewer.close()
    qtbot.waitUntil(lambda: not session.running, timeout=5000)


def test_too_little_memory_is_said_before(assistant, viewer, coins, monkeypatch):
    class Little:
        available = 1000

    monkeypatch.setattr(fields.psutil, "virtual_memory", Little)
    assistant.add("segmentation.threshold")
    note = assistant.panel.note.text()
    assert "Running needs about 648 kB of memory, 1 kB are free" in note
    assert "crop the image" in note
