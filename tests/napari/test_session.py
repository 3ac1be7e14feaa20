"""Sessions: recording, layers that agree with the workflow, edits by hand, undo."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from qtpy.QtWidgets import QFileDialog, QPushButton

from napari_delineate import filters, metrics, postprocessing, regional, segmentation, voxels
from napari_delineate._napari.session import METADATA
from napari_delineate._napari.sessions import session_of
from napari_delineate._napari.widgets import table
from tests import inputs
from tests.napari.truth import check


@pytest.fixture
def image(viewer):
    return viewer.add_image(inputs.image(2), name="my image")


def layer_names(viewer):
    return [layer.name for layer in viewer.layers]


def test_a_step_is_recorded_with_names_for_people(viewer, session, image, run):
    run("segmentation.voronoi_otsu_labeling", spot_sigma=voxels(1))
    (step,) = session.workflow.steps
    assert list(session.workflow.inputs) == ["my_image"]
    assert (step.name, dict(step.inputs), step.outputs) == (
        "voronoi_otsu_labeling",
        {"image": "my_image"},
        ("labels",),
    )
    layer = session.layer("labels")
    assert layer.metadata[METADATA]["workflow"]["steps"][0]["name"] == step.name
    check(session)


def test_renaming_reordering_and_hiding_layers_disturbs_nothing(viewer, session, image, run):
    run("filters.gaussian")
    blurred = session.layer("blurred")
    image.name, blurred.name = "raw", "smooth"
    viewer.layers.move(0, 2)
    image.visible = False
    run("segmentation.gauss_otsu_labeling", {"image": blurred})
    assert session.workflow.steps[-1].inputs["image"] == "blurred"
    check(session)


def test_deleting_an_input_layer_does_not_harm_the_workflow(viewer, session, image, run):
    run("filters.gaussian")
    viewer.layers.remove(image)
    run("segmentation.gauss_otsu_labeling", {"image": session.layer("blurred")})
    assert session.workflow.steps[-1].inputs["image"] == "blurred"
    check(session)


def test_undo_and_redo_move_between_workflows_and_compute_nothing_again(
    viewer, session, image, run, wait, form
):
    run("filters.gaussian")
    shown = run("segmentation.gauss_otsu_labeling", {"image": session.layer("blurred")})
    shown.settings["outline_sigma"].set_value(voxels(4))
    shown.run_button.click()
    wait()
    labels = session.layer("labels")
    wide, narrow = (
        labels.data.copy(),
        segmentation.gauss_otsu_labeling(session.results["blurred"].data, outline_sigma=2),
    )
    labels.opacity = 0.3
    session.undo()
    wait()
    assert np.array_equal(session.layer("labels").data, narrow)
    session.undo()
    wait()
    assert layer_names(viewer) == ["my image", "blurred"]
    session.undo()
    wait()
    assert layer_names(viewer) == ["my image"]
    for _ in range(3):
        session.redo()
        wait()
    assert np.array_equal(session.layer("labels").data, wide)
    assert all(report.from_cache for report in session.results.reports.values())
    check(session)


def test_an_edited_input_is_computed_anew(viewer, session, run):
    labels = viewer.add_labels(inputs.labels(2).copy(), name="mine")
    run("postprocessing.clear_border")
    before = session.layer("inner_labels").data.copy()
    labels.data_setitem((np.arange(3, 7), np.arange(15, 19)), 42)  # as the brush does
    run("postprocessing.relabel_sequential", {"labels": labels})
    assert not np.array_equal(session.layer("inner_labels").data, before)
    assert 42 in session.layer("inner_labels").data
    check(session)
    labels.undo()  # napari's own undo of strokes
    run("postprocessing.relabel_sequential", {"labels": labels})
    assert np.array_equal(session.layer("inner_labels").data, before)


def test_a_corrected_voxel_size_is_noticed(viewer, session, image, run):
    run("measurements.measure", {"labels": viewer.add_labels(inputs.labels(2).copy())})
    area = session.results["table"].data["area"].iloc[0]
    viewer.layers["Labels"].scale = (0.5, 0.5)
    run("postprocessing.clear_border", {"labels": viewer.layers["Labels"]})
    assert session.results["table"].data["area"].iloc[0] == area / 4
    assert tuple(session.layer("inner_labels").scale) == (0.5, 0.5)


def test_another_image_in_the_same_layer_is_noticed(viewer, session, image, run):
    run("filters.gaussian")
    image.data = inputs.image(2, 2)
    run("segmentation.threshold", {"image": image})
    assert np.array_equal(session.layer("blurred").data, filters.gaussian(inputs.image(2, 2)))
    check(session)


def test_what_is_painted_on_a_result_survives_a_change_upstream(viewer, session, image, run, wait):
    blobs = np.zeros((60, 60), np.float32)
    for y, x in ((12, 12), (12, 40), (40, 14), (42, 44)):
        blobs[y - 5 : y + 6, x - 5 : x + 6] = 100
    image.data = blobs
    run("segmentation.voronoi_otsu_labeling", spot_sigma=voxels(2))
    labels = session.layer("labels")
    labels.fill((12, 40), 0)
    labels.data_setitem(tuple(np.mgrid[27:31, 27:31].reshape(2, -1)), 9)
    session.run(
        "segmentation.voronoi_otsu_labeling",
        {"image": image},
        {"spot_sigma": voxels(2), "outline_sigma": voxels(1)},
        "voronoi_otsu_labeling",
    )
    wait()
    corrected = session.layer("corrected_labels")
    assert corrected is labels
    assert corrected.data[12, 40] == 0
    assert corrected.data[28, 28] == 9
    assert set(np.unique(corrected.data)) == {0, 9, *np.unique(session.results["labels"].data)} - {
        session.results["labels"].data[12, 40]
    }
    # Painting again extends the same corrections.
    corrected.fill((12, 12), 0)
    run("postprocessing.relabel_sequential", {"labels": corrected})
    operations = [step.operation for step in session.workflow.steps]
    assert operations.count("postprocessing.apply_corrections") == 1
    assert session.layer("corrected_labels").data[12, 12] == 0
    assert session.layer("corrected_labels").data[12, 40] == 0
    check(session)


def test_a_newer_change_overtakes_an_older_one(viewer, session, qtbot):
    noise = np.random.default_rng(0).random((40, 200, 200))
    layer = viewer.add_image(noise, name="noise", axis_labels="ZYX")
    slow = {"spot_sigma": voxels(1), "outline_sigma": voxels(0), "minimum_intensity": None}
    session.run("segmentation.local_minima_seeded_watershed", {"image": layer}, slow)
    qtbot.wait(800)
    session.run("filters.gaussian", {"image": layer}, {"sigma": voxels(1)})
    session.cancel()
    qtbot.waitUntil(lambda: not session.running, timeout=5000)


def test_two_viewers_have_sessions_of_their_own(viewer, session, make_napari_viewer, qtbot):
    other = make_napari_viewer()
    assert session_of(other) is not session
    assert session_of(viewer) is session
    layer = other.add_image(inputs.image(2), name="there")
    session_of(other).run("filters.gaussian", {"image": layer}, {"sigma": voxels(1)})
    qtbot.waitUntil(lambda: not session_of(other).running, timeout=20_000)
    assert [one.name for one in other.layers] == ["there", "blurred"]
    assert len(viewer.layers) == 0
    assert session.workflow.steps == ()
    session_of(other).close()


def test_layers_are_made_in_the_gui_thread(viewer, session, image, run):
    import threading

    threads = set()
    viewer.layers.events.inserted.connect(lambda _: threads.add(threading.current_thread()))
    run("filters.gaussian")
    assert threads == {threading.main_thread()}


def test_the_event_loop_goes_on_while_a_step_runs(viewer, session, qtbot):
    """No operation runs in the viewer's process: timers keep firing."""
    from qtpy.QtCore import QTimer

    noise = np.random.default_rng(0).random((32, 256, 256))
    layer = viewer.add_image(noise, name="noise", axis_labels="ZYX")
    ticks = []
    timer = QTimer()
    timer.timeout.connect(lambda: ticks.append(None))
    timer.start(10)
    session.run("filters.median", {"image": layer}, {"radius": voxels(2), "shape": "ball"})
    qtbot.waitUntil(lambda: not session.running, timeout=60_000)
    timer.stop()
    seconds = session.results.reports["median"].seconds
    assert seconds > 0.5
    assert len(ticks) > 20 * seconds  # of 100 per second, were nothing else to do


def test_tables_become_features_and_are_shown(viewer, session, image, run):
    from napari_delineate._napari.docks import tables_of

    labels = viewer.add_labels(inputs.labels(2).copy(), name="labels", scale=(0.5, 0.5))
    image.scale = (0.5, 0.5)
    run("measurements.measure", {"labels": labels, "image": image})
    table = tables_of(viewer).table("table")
    assert table["label"].tolist() == [3, 5, 6, 9]
    assert table["area"].tolist() == [49 / 4, 63 / 4, 42 / 4, 48 / 4]
    features = labels.features
    assert features.set_index("index").loc[5, "area"] == 63 / 4
    view = tables_of(viewer)._find("table")
    from qtpy.QtCore import Qt

    header = view.model().headerData(1, Qt.Orientation.Horizontal)
    assert header == "area [pixel²]"
    view.selectRow(1)
    view.copy()
    from qtpy.QtGui import QGuiApplication

    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].startswith("label\tarea")
    assert lines[1].startswith("5\t15.75")


def test_scores_are_shown(viewer, session, run):
    from napari_delineate._napari.docks import tables_of

    first = viewer.add_labels(inputs.labels(2).copy(), name="first")
    second = viewer.add_labels(inputs.labels(2, 2).copy(), name="second")
    shown = run("metrics.dice", {"reference": first, "labels": second})
    expected = metrics.dice(first.data, second.data)
    assert tables_of(viewer).table("score")["score"].tolist() == [expected]
    assert f"score: {expected:.3g}" in shown.message.text()


def test_several_scores_are_shown_as_one_row(viewer, session, run):
    from napari_delineate._napari.docks import tables_of

    first = viewer.add_labels(inputs.labels(2).copy(), name="first")
    second = viewer.add_labels(inputs.labels(2, 2).copy(), name="second")
    shown = run("metrics.panoptic_quality", {"reference": first, "labels": second})
    expected = metrics.panoptic_quality(first.data, second.data)
    assert tables_of(viewer).table("scores").to_dict("records") == [expected]
    assert f"panoptic quality {expected['panoptic_quality']:.3g}" in shown.message.text()


def test_several_inputs_are_ticked(viewer, session, run):
    layers = [viewer.add_labels(inputs.labels(2, n).copy(), name=f"n{n}") for n in (1, 2, 3)]
    run("postprocessing.combine", {"labels": layers}, method="intersection")
    step = session.workflow.steps[-1]
    assert set(step.inputs["labels"]) == {"n1", "n2", "n3"}
    expected = postprocessing.combine([one.data for one in layers], method="intersection")
    assert inputs.same_objects(session.layer("combined_labels").data, expected)


def test_what_operations_warn_about_is_shown(viewer, session, image, run, wait):
    from napari.utils.notifications import notification_manager

    image.data = np.kron(np.eye(2), np.ones((12, 12)))
    run("segmentation.gauss_otsu_labeling", outline_sigma=voxels(0))
    labels = session.layer("labels")
    labels.fill((3, 3), 0)  # delete the first object
    run("postprocessing.clear_border", {"labels": labels})
    image.data = np.kron(np.eye(2)[::-1], np.ones((12, 12)))  # now it is not there at all
    said = []

    def listen(note):
        said.append(note.message)

    notification_manager.notification_ready.connect(listen)
    run("filters.gaussian", {"image": image})
    notification_manager.notification_ready.disconnect(listen)
    assert any("1 corrected objects are not there any more" in text for text in said)


def test_filters_keep_contrast_chosen_by_a_person(viewer, session, image, form, wait):
    shown = form("filters.gaussian")
    shown.run_button.click()
    wait()
    layer = session.layer("blurred")
    layer.contrast_limits = (0.01, 0.02)
    shown.settings["sigma"].set_value(voxels(3))
    shown.run_button.click()
    wait()
    assert layer.contrast_limits == [0.01, 0.02]
    assert np.array_equal(layer.data, filters.gaussian(image.data, sigma=3))


def test_quick_undo_records_nothing(viewer, session, image, run, wait, tmp_path):
    """Also while layers do not show yet what the workflow has gone back to."""
    from napari_delineate.files import read_workflow, write_workflow

    run("filters.gaussian")
    write_workflow(tmp_path / "w.json", *session.to_save())
    session.open(read_workflow(tmp_path / "w.json"), {"my_image": image})
    wait()
    labels = viewer.add_labels(inputs.labels(2).copy(), name="mine")
    run("postprocessing.clear_border", {"labels": labels})
    labels.data_setitem((np.arange(3, 7), np.arange(15, 19)), 42)
    wait()
    session.record_edits()
    entries = len(session.history.past)
    for _ in range(entries):
        session.undo()
    assert session.history.past == ()
    assert len(session.history.future) == entries
    wait()


@pytest.mark.slow
def test_what_is_on_the_screen_is_shown_first(viewer, session, qtbot, wait, monkeypatch):
    monkeypatch.setattr(regional, "_QUICK", 0.0)
    monkeypatch.setattr(regional, "_SMALL", 0.5)
    noise = np.random.default_rng(0).normal(100, 20, (24, 200, 200)).astype(np.float32)
    layer = viewer.add_image(noise, name="noise", axis_labels="ZYX")
    step = session.run("filters.median", {"image": layer}, {"radius": voxels(1)})
    wait(60_000)
    shown = session.layer("denoised")
    before = shown.data
    viewer.dims.set_current_step(0, 7)
    seen = []
    session._evaluator.previewed.connect(lambda *_: seen.append(shown.data))
    session.change(step, parameters={"radius": voxels(2)})
    wait(60_000)
    expected = filters.median(noise, radius=2)
    assert len(seen) == 1
    assert np.array_equal(seen[0][7], expected[7])
    assert np.array_equal(seen[0][:7], before[:7])
    assert np.array_equal(seen[0][8:], before[8:])
    assert np.array_equal(shown.data, expected)
    check(session)


def test_a_table_that_can_not_be_saved_says_why(qtbot, monkeypatch, tmp_path):
    blocked = tmp_path / "a file"
    blocked.write_text("")
    said = []
    tables = table.Tables()
    qtbot.addWidget(tables)
    tables.show_table("cells", pd.DataFrame({"label": [1]}))
    monkeypatch.setattr(table, "show_error", said.append)
    chosen = str(blocked / "cells.csv"), ""
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: chosen)
    (save,) = (one for one in tables.findChildren(QPushButton) if one.text() == "Save…")
    save.click()
    assert len(said) == 1
    assert said[0].startswith("cells was not saved: ")
    assert str(blocked) in said[0]
