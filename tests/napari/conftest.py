"""A viewer with our plugin, and helpers that wait for what runs in the background."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from skimage import data

pytest.importorskip("napari")
pytest.importorskip("qtpy.QtWidgets", reason="needs a Qt binding", exc_type=ImportError)

from napari._app_model import get_app_model
from napari.settings import NapariSettings
from npe2 import PluginManifest
from qtpy.QtCore import QTimer

from napari_delineate import recovery
from napari_delineate._napari import (
    comparisons,
    evaluator,
    gallery,
    last_settings,
    surface_changes,
    tuning_run,
)
from napari_delineate._napari.annotate_dock import AnnotateDock
from napari_delineate._napari.assistant import Assistant
from napari_delineate._napari.forms import show_form
from napari_delineate._napari.sessions import session_of
from napari_delineate.worker import WorkerRunner
from tests.napari.truth import check_notebook

_LONGEST_PAUSE = 200
"""Milliseconds that are waited for after a change; longer pauses are for what lasts."""


@pytest.fixture(autouse=True)
def _no_dialogs(monkeypatch):
    """Let file dialogs fail with advice, instead of waiting for a person."""
    from qtpy.QtWidgets import QDialog, QFileDialog

    def refuse(*_, **__):
        raise AssertionError("a dialog opened: replace it with monkeypatch in the test")

    monkeypatch.setattr(QDialog, "exec", refuse)

    for name in ("getSaveFileName", "getOpenFileName", "getExistingDirectory"):
        monkeypatch.setattr(QFileDialog, name, refuse)


@pytest.fixture(autouse=True)
def _own_sessions(monkeypatch, tmp_path):
    """Keep sessions for a crash where no other test finds them."""
    monkeypatch.setattr(recovery, "recovery_folder", lambda: tmp_path / "kept sessions")


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch, tmp_path):
    """Keep the settings used last where neither a person nor another test finds them."""
    folder = tmp_path / "kept settings"
    monkeypatch.setattr(last_settings, "settings_file", lambda: folder / "last_settings.json")


class SharedRunner(WorkerRunner):
    """Worker processes that go on to the next test, because starting them takes seconds."""

    def close(self):
        self.cancel()


@pytest.fixture(scope="session")
def runners():
    """Processes for the sessions, galleries, comparisons and searches of all tests."""
    shared = tuple(SharedRunner() for _ in range(5))
    yield shared
    for one in shared:
        WorkerRunner.close(one)


@pytest.fixture(scope="module", autouse=True)
def _only_new_objects_are_collected():
    """Spare napari, which collects garbage with every layer that goes, all that was imported."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _shared_processes(request, monkeypatch):
    """Share worker processes, unless a test is about how they begin and end."""
    if request.node.get_closest_marker("own_processes"):
        return
    runners = request.getfixturevalue("runners")
    modules = (evaluator, gallery, surface_changes, comparisons, tuning_run)
    for module, runner in zip(modules, runners, strict=True):
        monkeypatch.setattr(module, "WorkerRunner", lambda runner=runner: runner)


@pytest.fixture(scope="session", autouse=True)
def _plugins_are_looked_for_once():
    """Spare every viewer the manifests of all plugins, of which ours alone takes a second."""
    found = list(PluginManifest.discover())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PluginManifest, "discover", lambda *_, **__: iter(found))
        yield


@pytest.fixture(scope="session", autouse=True)
def _settings_of_napari_are_not_written():
    """Spare every viewer a file of settings that nobody reads again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(NapariSettings, "save", lambda *_, **__: None)
        yield


@pytest.fixture(scope="session")
def manifest():
    """The manifest of this plugin as npe2 reads it."""
    return PluginManifest.from_distribution("napari-delineate")


@pytest.fixture
def viewer(make_napari_viewer, npe2pm, manifest, qtbot):
    """A viewer in which only this plugin is installed; its processes end with the test."""
    menus_changed = get_app_model().menus.menus_changed
    with npe2pm.tmp_plugin(manifest=manifest):
        viewer = make_napari_viewer()
        yield viewer
        session = session_of(viewer)
        session.close()
        qtbot.waitUntil(lambda: not session.running, timeout=5000)
        # Nobody looks at the menus while hundreds of operations leave them one by one.
        menus_changed.block()
    menus_changed.unblock()


@pytest.fixture
def session(viewer):
    return session_of(viewer)


@pytest.fixture
def wait(qtbot, session):
    """Wait until nothing runs any more."""
    return lambda timeout=20_000: qtbot.waitUntil(lambda: not session.running, timeout=timeout)


@pytest.fixture
def form(viewer):
    """Show the form of an operation."""
    return lambda operation: show_form(viewer, operation)


@pytest.fixture
def run(form, wait):
    """Run an operation through its form; layers and settings are given by name."""

    def run_operation(operation, layers=None, **settings):
        shown = form(operation)
        for name, layer in (layers or {}).items():
            shown.choices[name].choose(layer)
        for name, value in settings.items():
            shown.settings[name].set_value(value)
        assert shown.run_button.isEnabled(), shown.note.text()
        shown.run_button.click()
        wait()
        return shown

    return run_operation


@pytest.fixture
def assistant(viewer, qtbot):
    assistant = Assistant(viewer)
    viewer.window.add_dock_widget(assistant, name="Assistant")
    yield assistant
    assistant.stop()


@pytest.fixture
def coins(viewer, assistant):
    return viewer.add_image(data.coins()[:150, :180], name="coins")


@pytest.fixture
def settle(qtbot, session):
    """Wait until pauses after changes are over and nothing runs."""

    def is_quiet():
        window = session.viewer.window._qt_window
        timers = (*session.findChildren(QTimer), *window.findChildren(QTimer))
        pauses = [one for one in timers if one.isSingleShot() and one.interval() <= _LONGEST_PAUSE]
        return not session.running and not any(one.isActive() for one in pauses)

    def wait():
        qtbot.wait(10)
        # Machine code is compiled when an operation runs for the first time.
        qtbot.waitUntil(is_quiet, timeout=120_000)
        qtbot.wait(10)
        qtbot.waitUntil(is_quiet, timeout=120_000)

    return wait


@pytest.fixture
def add(assistant, settle):
    def add_step(*operations):
        for operation in operations:
            assistant.add(operation)
            settle()

    return add_step


@pytest.fixture
def set_value(assistant, settle):
    def change(**settings):
        for name, value in settings.items():
            assistant.panel.settings[name].set_value(value)
        settle()

    return change


@pytest.fixture
def notebook_is_true(session, viewer, qtbot, tmp_path_factory, monkeypatch):
    """At the end, what the session exports as a notebook gives what its layers show."""
    yield
    qtbot.waitUntil(lambda: not session.running, timeout=30_000)
    if session.workflow.steps and session.results and not session.results.errors:
        folder = tmp_path_factory.mktemp("notebook")
        monkeypatch.chdir(folder)
        check_notebook(session, folder)


@pytest.fixture
def annotate(viewer):
    """The Annotate dock in a viewer whose session runs steps."""
    dock = AnnotateDock(viewer)
    viewer.window.add_dock_widget(dock, name="Annotate")
    yield dock
    dock.stop()


@pytest.fixture
def nuclei(shared_image):
    """An image of nuclei (BBBC038), and those that people drew in it."""
    name = "nuclei2d_gt/dsb_0bf4b144"
    return shared_image(f"{name}.tif"), shared_image(f"{name}_labels.tif").astype(np.int32)


@pytest.fixture
def embryo(shared_image):
    """A small volume of nuclei, and those that people found in it."""
    name = "nuclei3d_gt/qcanet_mouse_embryo_8_cell_stage"
    image, drawn = shared_image(f"{name}.tif"), shared_image(f"{name}_labels.tif")
    step = tuple(slice(None, None, max(1, size // 48)) for size in image.shape)
    return image[step], drawn[step].astype(np.int32)
