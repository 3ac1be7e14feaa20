"""The Assistant: a whole session through its widgets."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QMenu, QMessageBox

from napari_delineate import filters, postprocessing, segmentation, voxels
from napari_delineate._napari.assistant import Assistant
from napari_delineate._napari.forms import OperationForm
from napari_delineate._napari.step_panel import StepPanel
from napari_delineate._napari.widgets.step_rows import Status
from tests import inputs
from tests.napari.truth import check

MEDIAN = "filters.median"
GAUSSIAN = "filters.gaussian"
VORONOI = "segmentation.voronoi_otsu_labeling"
BORDER = "postprocessing.clear_border"

pytestmark = pytest.mark.usefixtures("notebook_is_true")


def rows(assistant):
    model = assistant.steps.model()
    return [
        model.index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole)
        for row in range(model.rowCount())
    ]


def status(assistant, name):
    from napari_delineate._napari.states import states_of

    return states_of(assistant.session, None)[name].status


def test_a_click_adds_a_step_on_the_selected_layer(assistant, session, coins, add):
    add(MEDIAN, VORONOI, BORDER)
    assert [step.operation for step in session.workflow.steps] == [MEDIAN, VORONOI, BORDER]
    expected = postprocessing.clear_border(
        segmentation.voronoi_otsu_labeling(filters.median(coins.data))
    )
    assert np.array_equal(session.layer("inner_labels").data, expected)
    assert isinstance(assistant.panel, StepPanel)
    assert assistant.panel.step == "clear_border"
    assert len(rows(assistant)) == 4
    assert "4 steps" not in assistant.totals.text()
    assert assistant.totals.text().startswith("3 steps · ")


def test_without_an_image_nothing_can_be_added(assistant, session):
    assert not any(tile.isEnabled() for tile in assistant.tiles.tiles.values())
    assistant.add(MEDIAN)
    assert isinstance(assistant.panel, OperationForm)
    assert assistant.panel.note.text() == "Add or choose an image layer to begin."
    assert session.workflow.steps == ()


@pytest.mark.slow
def test_what_needs_more_than_one_layer_is_asked_for(
    assistant, session, viewer, coins, add, settle
):
    add(VORONOI)
    assistant.add("segmentation.seeded_watershed")
    form = assistant.panel
    assert isinstance(form, OperationForm)
    assert len(session.workflow.steps) == 1
    for name, choice in form.choices.items():
        choice.choose(coins if name == "image" else session.layer("labels"))
    form.run_button.click()
    settle()
    assert isinstance(assistant.panel, StepPanel)
    assert len(session.workflow.steps) == 2
    check(session)


def test_changes_are_live_and_one_gesture_is_one_entry(
    assistant, session, coins, add, set_value, qtbot, settle
):
    add(GAUSSIAN)
    entries = len(session.history.past)
    default = assistant.panel.settings["sigma"].value()
    for sigma in (3, 4, 5):
        assistant.panel.settings["sigma"].set_value(voxels(sigma))
        qtbot.wait(20)
    settle()
    assert len(session.history.past) == entries + 1
    assert np.array_equal(session.layer("blurred").data, filters.gaussian(coins.data, sigma=5))
    session.undo()
    settle()
    assert np.array_equal(session.layer("blurred").data, filters.gaussian(coins.data))
    assert assistant.panel.settings["sigma"].value() == default


def test_without_live_changes_wait_for_update(assistant, session, coins, add, set_value, settle):
    add(GAUSSIAN, "segmentation.threshold")
    assistant.select("gaussian")
    assistant.panel.live_button.click()
    before = session.layer("mask").data.copy()
    set_value(sigma=voxels(6))
    assert status(assistant, "gaussian") is status(assistant, "threshold") is Status.STALE
    assert np.array_equal(session.layer("mask").data, before)
    assistant.panel.update_button.click()
    settle()
    assert status(assistant, "threshold") is Status.FRESH
    check(session)


def test_the_layer_and_the_step_select_each_other(assistant, session, viewer, coins, add):
    add(MEDIAN, VORONOI)
    viewer.layers.selection.active = session.layer("denoised")
    assert assistant.steps.selected() == "median"
    assert assistant.panel.step == "median"
    assistant.steps.select("voronoi_otsu_labeling")
    assert viewer.layers.selection.active is session.layer("labels")


def test_another_algorithm_takes_the_place(assistant, session, coins, add, settle):
    add(MEDIAN, VORONOI)
    assistant.select("median")
    box = assistant.panel.algorithm
    box.setCurrentIndex(box.findData(GAUSSIAN))
    settle()
    assert session.workflow.steps[0].operation == GAUSSIAN
    assert assistant.panel.operation.id == GAUSSIAN
    check(session)
    session.undo()
    settle()
    assert assistant.panel.operation.id == MEDIAN


def test_next_steps_are_offered_and_added_behind(assistant, session, coins, add, settle):
    add(VORONOI)
    buttons = [one for one in assistant.panel.hints.children() if hasattr(one, "click")]
    button = next(one for one in buttons if one.text() == "Clear border")
    button.click()
    settle()
    assert session.workflow.steps[-1].operation == BORDER
    assert session.workflow.steps[-1].inputs["labels"] == "labels"


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.slow
def test_a_failed_step_says_why_and_keeps_the_others(
    assistant, session, viewer, coins, add, set_value, settle, live
):
    coins.data = np.linspace(0, 1, 150 * 180).reshape(150, 180)  # without two modes
    add(GAUSSIAN)
    viewer.layers.selection.active = coins
    add("segmentation.threshold", "segmentation.label_connected_components")
    assistant.select("threshold")
    if not live:
        assistant.panel.live_button.click()
    set_value(method="minimum")
    if not live:
        assistant.panel.update_button.click()
        settle()
    assert status(assistant, "threshold") is Status.FAILED
    assert status(assistant, "label_connected_components") is Status.STALE
    assert status(assistant, "gaussian") is Status.FRESH
    assert "try 'otsu'" in assistant.panel.message.text()
    assert any("failed" in row and "otsu" in row for row in rows(assistant))
    assert not session.layer("mask").visible
    assert session.layer("blurred").visible
    set_value(method="otsu")
    if not live:
        assistant.panel.update_button.click()
        settle()
    assert session.layer("mask").visible
    assert session.layer("labels").visible
    check(session)


def menu_of(assistant, name):
    menu = QMenu()
    assistant.fill_step_menu(menu, name)
    return menu


def find(menu, text):
    for action in menu.actions():
        if action.text() == text:
            return action
        if action.menu() is not None:
            found = find(action.menu(), text)
            if found is not None:
                return found
    return None


@pytest.mark.slow
def test_insert_bypass_and_branch_from_the_menu(assistant, session, coins, add, settle):
    add(MEDIAN, VORONOI)
    menu = menu_of(assistant, "median")
    find(menu, "White top-hat").trigger()
    settle()
    assert [step.name for step in session.workflow.steps] == [
        "median",
        "white_tophat",
        "voronoi_otsu_labeling",
    ]
    assert assistant.panel.step == "white_tophat"
    check(session)
    menu = menu_of(assistant, "white_tophat")
    find(menu, "Bypass").trigger()
    settle()
    assert status(assistant, "white_tophat") is Status.BYPASSED
    expected = segmentation.voronoi_otsu_labeling(filters.median(coins.data))
    assert np.array_equal(session.layer("labels").data, expected)
    assert not find(menu_of(assistant, "voronoi_otsu_labeling"), "Bypass").isEnabled()
    menu = menu_of(assistant, "median")
    find(menu, "Duplicate as a branch").trigger()
    settle()
    assert len(session.workflow.steps) == 6
    check(session)


@pytest.mark.parametrize("answer", ["Delete them too", "Keep them", "Cancel"])
def test_deleting_a_step_asks_about_what_depends_on_it(
    assistant, session, viewer, coins, add, settle, monkeypatch, answer
):
    add(MEDIAN, VORONOI)
    asked = []

    def choose(box):
        asked.append(box.text())
        button = next(one for one in box.buttons() if one.text().replace("&", "") == answer)
        button.click()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", choose)
    assistant.steps.removed.emit("median")
    settle()
    assert asked == ["What becomes of the steps that follow from Median?"]
    left = {
        "Delete them too": [],
        "Keep them": ["voronoi_otsu_labeling"],
        "Cancel": ["median", "voronoi_otsu_labeling"],
    }
    assert [step.name for step in session.workflow.steps] == left[answer]
    if answer == "Keep them":
        assert np.array_equal(
            session.layer("labels").data, segmentation.voronoi_otsu_labeling(coins.data)
        )
    if answer != "Cancel":
        session.undo()
        settle()
        assert len(session.workflow.steps) == 2
        assert session.layer("labels") in viewer.layers
    check(session)


def test_renaming_a_result_renames_its_layer_and_undo_takes_it_back(
    assistant, session, viewer, coins, add, settle
):
    add(VORONOI, BORDER)
    layer = session.layer("labels")
    layer.opacity = 0.4
    assistant.steps.renamed.emit("labels", "nuclei")
    settle()
    assert session.layer("nuclei") is layer
    assert layer.name == "nuclei"
    assert session.workflow.steps[1].inputs["labels"] == "nuclei"
    session.undo()
    settle()
    assert session.layer("labels") is layer
    assert (layer.name, layer.opacity) == ("labels", 0.4)
    assistant.steps.renamed.emit("labels", "x; import os")
    assert "x; import os" in assistant.message.text()
    check(session)


def test_a_deleted_layer_comes_back_with_the_eye(
    assistant, session, viewer, coins, add, set_value, settle
):
    add(GAUSSIAN, "segmentation.threshold")
    layer = session.layer("blurred")
    layer.colormap = "magma"
    viewer.layers.remove(layer)
    assert len(session.workflow.steps) == 2
    assistant.select("gaussian")
    set_value(sigma=voxels(3))
    assert session.layer("blurred") is None  # it stays away
    assistant.steps.show_toggled.emit("gaussian")
    assert session.layer("blurred") is layer
    assert layer.colormap.name == "magma"
    check(session)
    assistant.steps.show_toggled.emit("gaussian")
    assert not layer.visible


def test_a_step_can_work_on_a_value_whose_layer_was_deleted(
    assistant, session, viewer, coins, add, settle
):
    add(GAUSSIAN, "segmentation.threshold")
    viewer.layers.remove(session.layer("blurred"))
    assistant.select("threshold")
    choice = assistant.panel.choices["image"]
    assert choice.source() == "blurred"
    assert choice.currentText() == "blurred (layer deleted)"
    choice.choose(coins)
    settle()
    assert session.workflow.step("threshold").inputs["image"] == "coins"
    check(session)


def test_a_step_is_moved_by_dragging(assistant, session, coins, add, settle):
    add(MEDIAN, GAUSSIAN, VORONOI)
    assistant.steps.moved.emit("median", "gaussian")
    settle()
    assert [step.name for step in session.workflow.steps] == [
        "gaussian",
        "median",
        "voronoi_otsu_labeling",
    ]
    check(session)
    assistant.steps.moved.emit("voronoi_otsu_labeling", "")
    settle()
    assert session.workflow.steps[0].sources == ("coins",)
    check(session)
    assistant.steps.moved.emit("median", "nothing")
    assert "no step 'nothing'" in assistant.message.text()


def test_undo_redo_with_keys_and_buttons(assistant, session, viewer, coins, add, settle):
    add(MEDIAN, VORONOI)
    assistant.bar.undo_action.trigger()
    settle()
    assert len(session.workflow.steps) == 1
    assert [one.name for one in viewer.layers] == ["coins", "denoised"]
    assistant.bar.redo_action.trigger()
    settle()
    assert all(report.from_cache for report in session.results.reports.values())
    viewer.layers.selection.active = session.layer("labels")
    viewer.window._qt_viewer.canvas._key_map_handler.press_key("Control-Z")
    settle()
    assert len(session.workflow.steps) == 1
    assistant.bar.history.chosen.emit(1)
    settle()
    assert len(session.workflow.steps) == 2
    check(session)


@pytest.mark.slow
def test_a_stroke_is_an_entry_that_is_undone_and_survives_changes(
    assistant, session, viewer, coins, add, set_value, settle
):
    add(VORONOI, BORDER)
    labels = session.layer("labels")
    entries = len(session.history.past)
    labels.opacity = 0.5
    labels.brush_size = 6
    first = int(labels.data.max()) + 1
    labels.paint((75, 90), first)
    settle()
    assert len(session.history.past) == entries + 1
    assert session.layer("corrected_labels") is labels
    assert first in labels.data
    assert first in session.layer("inner_labels").data
    labels.paint((40, 90), first + 1)
    settle()
    assert {first, first + 1} <= set(np.unique(session.layer("inner_labels").data))
    assistant.select("voronoi_otsu_labeling")
    set_value(outline_sigma=voxels(1))
    assert labels.data[75, 90] != 0
    check(session)
    session.undo()
    session.undo()
    settle()
    assert first + 1 not in labels.data
    assert first in labels.data
    session.undo()
    settle()
    assert session.layer("labels") is labels
    assert labels.opacity == 0.5
    assert first not in labels.data
    check(session)
    session.redo()
    settle()
    assert first in session.layer("inner_labels").data
    check(session)


def test_undo_of_strokes_on_an_input(assistant, session, viewer, settle, add):
    layer = viewer.add_labels(inputs.labels(2).copy(), name="mine")
    add(BORDER)
    before = layer.data.copy()
    layer.brush_size = 2
    layer.paint((4, 16), 42)
    settle()
    assert 42 in session.layer("inner_labels").data
    session.undo()
    settle()
    assert np.array_equal(layer.data, before)
    assert 42 not in session.layer("inner_labels").data
    session.redo()
    settle()
    assert 42 in layer.data
    check(session)


def test_a_menu_form_records_into_the_same_session(assistant, session, viewer, coins, add, run):
    add(MEDIAN)
    run(VORONOI, {"image": session.layer("denoised")})
    assert [step.name for step in session.workflow.steps] == ["median", "voronoi_otsu_labeling"]
    assert assistant.steps.selected() == "voronoi_otsu_labeling"


def test_the_device_is_a_change_that_can_be_undone(assistant, session, coins, add, settle):
    add(MEDIAN)
    assistant.bar.device_menu.aboutToShow.emit()
    titles = [action.text() for action in assistant.bar.device_menu.actions()]
    assert titles[0] == "Processor"
    assert assistant.bar.device_menu.actions()[0].isChecked()


def test_cancel_takes_the_change_back(assistant, session, viewer, qtbot, settle):
    noise = np.random.default_rng(0).random((40, 256, 256))
    viewer.add_image(noise, name="noise", axis_labels="ZYX")
    assistant.add("segmentation.local_minima_seeded_watershed")
    qtbot.wait(600)
    assert session.running
    assert not assistant.cancel_button.isHidden()
    assistant.cancel_button.click()
    settle()
    assert session.workflow.steps == ()
    assert assistant.message.text() == "Cancelled."
    assert [one.name for one in viewer.layers] == ["noise"]


def test_closing_and_opening_the_dock_again(assistant, session, viewer, coins, add, settle):
    add(MEDIAN)
    assistant.open_gallery()
    closed = []
    assistant.gallery.closed.connect(lambda: closed.append(True))
    viewer.window.remove_dock_widget(assistant)  # as its cross does
    assert closed == [True]
    shown = rows(assistant)
    session.run(GAUSSIAN, {"image": coins}, {})
    settle()
    coins.name = "other"
    coins.visible = False
    viewer.theme = "light"
    assert rows(assistant) == shown
    again = Assistant(viewer)
    viewer.window.add_dock_widget(again, name="Assistant")
    assert len(rows(again)) == 3
    again.select("gaussian")
    again.stop()
