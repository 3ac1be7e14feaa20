"""The Evaluation dock runs the session's workflow on folders, in the background."""

from __future__ import annotations

import pytest
import tifffile

from napari_delineate._napari import evaluation_dock
from napari_delineate._napari.docks import table_dock
from napari_delineate._napari.evaluation_dock import EvaluationDock
from napari_delineate.comparison import ScoreId
from napari_delineate.evaluate.scores import name_of
from tests.evaluations import PERFECT, SLIDE, squares, write_folders


@pytest.fixture
def dock(viewer, qtbot):
    dock = EvaluationDock(viewer)
    viewer.window.add_dock_widget(dock, name="Evaluation")
    yield dock
    dock.stop()
    qtbot.waitUntil(lambda: not dock.running, timeout=60_000)


@pytest.fixture
def labels(session, viewer, wait):
    """A workflow that gives labels; machine code is compiled when it runs first."""
    layer = viewer.add_image((PERFECT[0] > 0) * 200, name="nuclei")
    session.run("segmentation.threshold", {"image": layer}, {})
    wait(120_000)
    session.run("segmentation.label_connected_components", {"mask": session.layer("mask")}, {})
    wait(120_000)  # machine code is compiled when it runs for the first time


def choose(dock, folder):
    dock.images.set_folder(folder / "images")
    dock.annotations.set_folder(folder / "annotations")


def test_without_labels_it_says_what_to_do(dock, tmp_path):
    write_folders(tmp_path, {"a": PERFECT})
    choose(dock, tmp_path)
    assert "No labels or mask yet" in dock.hint.text()
    assert not dock.run_button.isEnabled()


def test_it_evaluates_and_writes_a_report(dock, labels, tmp_path, qtbot, viewer, monkeypatch):
    write_folders(tmp_path, {"a": SLIDE, "b": PERFECT, "c": (squares(0), None)})
    assert dock.result.currentText() == "labels"
    assert [dock.result.itemText(row) for row in range(dock.result.count())] == ["mask", "labels"]
    assert not dock.run_button.isEnabled()
    choose(dock, tmp_path)
    assert dock.output.folder() == tmp_path / "images evaluation"
    dock.run_button.click()
    assert dock.running
    assert not dock.cancel_button.isHidden()
    assert not dock.run_button.isEnabled()
    qtbot.waitUntil(lambda: not dock.running, timeout=60_000)
    assert "2 images evaluated" in dock.message.text()
    assert "c is left out: there is no annotation of this name" in dock.message.text()
    assert (tmp_path / "images evaluation/report.html").is_file()
    assert table_dock(viewer).names() == ["evaluation summary"]
    opened = []
    monkeypatch.setattr(evaluation_dock.QDesktopServices, "openUrl", opened.append)
    dock.report_button.click()
    assert opened[0].toLocalFile() == str(tmp_path / "images evaluation/report.html")
    assert dock.run_button.isEnabled()


def test_cancelling_writes_nothing(dock, labels, tmp_path, qtbot):
    write_folders(tmp_path, {"a": SLIDE, "b": PERFECT})
    choose(dock, tmp_path)
    dock.run_button.click()
    dock.cancel_button.click()
    qtbot.waitUntil(lambda: not dock.running, timeout=60_000)
    assert dock.message.text() == "Cancelled; nothing was written."
    assert not list((tmp_path / "images evaluation").iterdir())
    assert dock.progress.isHidden()


def test_what_is_wrong_with_a_folder_is_said(dock, labels, tmp_path, qtbot):
    write_folders(tmp_path, {"a": (squares(0), None)})
    choose(dock, tmp_path)
    dock.run_button.click()
    qtbot.waitUntil(lambda: not dock.running, timeout=60_000)
    assert "annotations holds no image that can be read" in dock.message.text()
    assert dock.report_button.isHidden()


def test_a_result_that_a_person_chose_stays(dock, labels, session, wait):
    dock.result.textActivated.emit("mask")
    session.run("postprocessing.expand_labels", {"labels": session.layer("labels")}, {})
    wait()
    assert dock.result.currentText() == "mask"


def test_other_inputs_keep_their_files(dock, labels, session, viewer, tmp_path, wait):
    write_folders(tmp_path, {"a": PERFECT})
    choose(dock, tmp_path)
    assert dock.main.isHidden()
    other = viewer.add_image((PERFECT[0] > 0) * 100, name="cells")
    session.run("filters.mask_image", {"image": other, "mask": session.layer("mask")}, {})
    wait()
    assert dock.main.isHidden()  # what is compared does not need it
    name = session.workflow.steps[-1].outputs[0]
    session.run("segmentation.threshold", {"image": session.layer(name)}, {})
    wait()
    compare_with(dock, session.workflow.steps[-1].outputs[0])
    assert [dock.main.itemText(row) for row in range(dock.main.count())] == ["nuclei", "cells"]
    assert not dock.main.isHidden()
    dock.run_button.click()
    assert not dock.running
    assert "The input 'cells' comes from no file" in dock.message.text()


def test_a_folder_is_looked_for(dock, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "napari_delineate._napari.widgets.folder_choice.QFileDialog.getExistingDirectory",
        lambda *_: str(tmp_path),
    )
    dock.annotations.button.click()
    assert dock.annotations.folder() == tmp_path


def test_images_are_no_place_for_results(dock, labels, tmp_path, qtbot):
    write_folders(tmp_path, {"a": PERFECT})
    choose(dock, tmp_path)
    dock.output.set_folder(tmp_path / "images")
    dock.run_button.click()
    qtbot.waitUntil(lambda: not dock.running, timeout=60_000)
    assert "can not be written into" in dock.message.text()
    assert [path.name for path in (tmp_path / "images").iterdir()] == ["a.tif"]
    assert tifffile.imread(tmp_path / "images/a.tif").any()


def compare_with(dock, name):
    """Choose a result as a person does."""
    dock.result.setCurrentText(name)
    dock.result.textActivated.emit(name)


def ticked(dock):
    return [one.score for one in dock.scores.scores()]


@pytest.mark.slow
def test_scores_are_chosen_among_those_that_can_be_had(
    dock, labels, session, viewer, tmp_path, qtbot, wait
):
    assert "aggregated_jaccard_plus" in ticked(dock)
    dock.annotation.setCurrentText("some objects")
    assert "aggregated_jaccard_plus" not in ticked(dock)
    assert "recall" in ticked(dock)
    dock.annotation.setCurrentText("all objects")
    dock.scores.choose([ScoreId("metrics.dice", "score"), ScoreId("metrics.seg_score", "score")])
    chosen = dock.scores.scores()
    compare_with(dock, "mask")  # which has no objects
    assert [one.operation for one in dock.scores.scores()] == ["metrics.dice"]
    why = next(
        dock.scores.list.item(row)
        for row in range(dock.scores.list.count())
        if dock.scores.list.item(row).data(256) == ScoreId("metrics.seg_score", "score")
    )
    assert not why.flags()
    assert "Scores of objects need labels" in why.toolTip()
    compare_with(dock, "labels")
    dock.scores.choose(chosen)
    write_folders(tmp_path, {"a": SLIDE, "b": PERFECT})
    choose(dock, tmp_path)
    dock.run_button.click()
    qtbot.waitUntil(lambda: not dock.running, timeout=60_000)
    table = table_dock(viewer).table("evaluation summary")
    assert set(table["score"]) == {name_of(one) for one in chosen}
    # Steps that run take their own tables away, and no others.
    session.run("measurements.measure", {"labels": session.layer("labels")}, {})
    wait()
    assert table_dock(viewer).names() == ["evaluation summary", "table"]
    session.undo()
    wait()
    assert table_dock(viewer).names() == ["evaluation summary"]
    session.redo()
    wait()
    assert table_dock(viewer).names() == ["evaluation summary", "table"]
    table_dock(viewer)._tabs.setCurrentIndex(0)
    provenance = table_dock(viewer).provenance()
    assert [one["operation"] for one in provenance["workflow"]["steps"]] == [
        "segmentation.threshold",
        "segmentation.label_connected_components",
    ]
    dock.suit_button.click()
    assert "aggregated_jaccard_plus" in ticked(dock)


def test_without_a_score_nothing_is_evaluated(dock, labels, tmp_path):
    write_folders(tmp_path, {"a": SLIDE})
    choose(dock, tmp_path)
    assert dock.run_button.isEnabled()
    dock.scores.choose([])
    assert not dock.run_button.isEnabled()


def test_the_dock_keeps_to_the_width(dock, viewer):
    assert dock.minimumSizeHint().width() <= 320
    for theme in ("light", "dark"):
        viewer.theme = theme
