"""The dock "Fit to annotation" searches beside the session, and applies as one change."""

from __future__ import annotations

import importlib.util

import numpy as np
import pandas as pd
import pytest
from qtpy.QtWidgets import QAbstractSpinBox, QCheckBox, QComboBox, QFileDialog, QPushButton

from napari_delineate._napari import preferences
from napari_delineate._napari.tuning_dock import TuningDock

LEVEL = "manual_threshold.lower"


@pytest.fixture(autouse=True)
def _own_preferences(monkeypatch, tmp_path):
    monkeypatch.setattr(preferences, "preferences_file", lambda: tmp_path / "preferences.json")


@pytest.fixture
def image(viewer):
    levels = np.random.default_rng(0).permutation(np.linspace(0, 1, 400)).reshape(20, 20)
    return viewer.add_image(levels, name="levels")


@pytest.fixture
def dock(viewer, qtbot):
    """The dock, as napari shows it."""
    dock = TuningDock(viewer)
    viewer.window.add_dock_widget(dock, name="Fit to annotation")
    yield dock
    dock.stop()
    qtbot.waitUntil(lambda: not dock.run.is_running, timeout=10_000)


@pytest.fixture
def ready(viewer, session, image, dock, wait):
    """A threshold that is wrong, and what lies above 0.7 painted by hand."""
    session.run("segmentation.manual_threshold", {"image": image}, {"lower": 0.3})
    wait()
    viewer.add_labels((image.data > 0.7).astype(int), name="by hand")
    dock.kind.setCurrentIndex(0)
    dock.score.setCurrentText("Jaccard")
    row = dock.parameters.rows[LEVEL]
    row.low.setValue(0)
    row.high.setValue(1)
    dock.trials.setValue(20)
    return dock


@pytest.fixture
def search(ready, qtbot):
    """Search, and wait until it has ended."""

    def run():
        ready.start_button.click()
        assert ready.run.is_running
        qtbot.waitUntil(lambda: not ready.run.is_running, timeout=30_000)

    return run


def test_it_says_what_is_missing(dock, image, session, viewer, wait):
    assert "Make one with the Assistant" in dock.message.text()
    assert all(section.isHidden() for section in dock.sections.values())
    session.run("segmentation.manual_threshold", {"image": image}, {"lower": 0.3})
    wait()
    assert "Add a labels layer" in dock.message.text()
    assert not dock.start_button.isEnabled()
    viewer.add_labels(np.zeros((20, 20), int), name="by hand")
    assert dock.message.isHidden()
    assert dock.annotation.layer().name == "by hand"  # no result is an annotation
    assert dock.annotation.count() == 1
    assert dock.start_button.isEnabled()


def test_the_best_is_applied_as_one_change(ready, search, session, wait):
    search()
    found = ready.found
    assert len(found.trials) == 20
    assert found.after > 0.9 > found.before
    assert f"{found.after:#.4g}" in ready.result_line.text()
    assert session.workflow.step("manual_threshold").parameters["lower"] == 0.3
    ready.apply_button.click()
    wait()
    step = session.workflow.step("manual_threshold")
    assert step.parameters["lower"] == found.best.parameters[LEVEL]
    session.undo()
    assert session.workflow.step("manual_threshold").parameters["lower"] == 0.3


@pytest.mark.slow
def test_the_plot_shows_the_best_score_so_far(ready, search):
    search()
    (line,) = ready.plot.canvas.figure.axes[0].lines
    scores = [trial.score for trial in ready.found.trials]
    assert line.get_ydata().tolist() == np.maximum.accumulate(scores).tolist()


def test_cancelling_keeps_the_best_so_far(ready, qtbot):
    ready.trials.setValue(100_000)
    ready.parameters.rows["manual_threshold.side"].tick.setChecked(True)
    ready.start_button.click()
    qtbot.waitUntil(lambda: len(ready._trials) > 2, timeout=20_000)
    assert not ready.start_button.isEnabled()
    ready.cancel_button.click()
    qtbot.waitUntil(lambda: not ready.run.is_running, timeout=10_000)
    assert ready.found.is_cancelled
    assert 2 < len(ready.found.trials) < 100_000
    assert ready.start_button.isEnabled()


def test_scores_follow_what_is_annotated(ready):
    everything = ready.score.count()
    ready.kind.setCurrentText("Strokes: 1 background, 2 objects")
    assert 0 < ready.score.count() <= everything
    assert ready.score.currentText() == "Jaccard"
    assert ready.score.currentData().annotation == "scribbles"


def test_wrong_bounds_are_said_in_place(ready):
    ready.parameters.rows[LEVEL].low.setValue(2)
    ready.start_button.click()
    assert not ready.run.is_running
    assert "lower bound below the upper one" in ready.message.text()


def test_without_optuna_it_says_what_to_install(ready, search, monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "optuna" else real(name)
    )
    search()
    assert "napari-delineate[tune]" in ready.message.text()
    assert ready.found is None


def test_closing_the_dock_ends_the_search(ready, viewer, qtbot):
    ready.trials.setValue(100_000)
    ready.parameters.rows["manual_threshold.side"].tick.setChecked(True)
    ready.start_button.click()
    qtbot.waitUntil(lambda: len(ready._trials) > 2, timeout=20_000)
    viewer.window.remove_dock_widget(ready)
    qtbot.waitUntil(lambda: not ready.run.is_running, timeout=10_000)


def test_strokes_are_enough(ready, search, image, viewer):
    """Strokes on a part of the pixels: the threshold lies between what they tell apart."""
    strokes = np.zeros(image.data.shape, int)
    strokes[:10] = 1 + (image.data[:10] > 0.7)
    viewer.layers["by hand"].data = strokes
    ready.kind.setCurrentText("Strokes: 1 background, 2 objects")
    search()
    assert ready.found.best.parameters[LEVEL] == pytest.approx(0.7, abs=0.05)


def test_the_history_is_saved(ready, search, tmp_path, monkeypatch):
    search()
    path = tmp_path / "history.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    ready.save_button.click()
    assert len(pd.read_csv(path)) == 20


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_control_can_be_named_and_reached(ready, viewer, theme):
    viewer.theme = theme
    kinds = (QAbstractSpinBox, QCheckBox, QComboBox, QPushButton)
    controls = [one for kind in kinds for one in ready.findChildren(kind)]
    assert len(controls) > 10
    for one in controls:
        assert one.toolTip(), one
        assert one.accessibleName() or one.text(), one
    assert ready.minimumSizeHint().width() <= 320
    assert ready.sections["Goal"].parentWidget().minimumSizeHint().width() <= 320
