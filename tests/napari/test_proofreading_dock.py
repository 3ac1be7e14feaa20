"""The Proofreading dock goes through objects, and decisions follow whatever is edited."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from napari.utils.shortcuts import default_shortcuts
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QTableView,
)

from napari_delineate import review_store
from napari_delineate._napari import preferences
from napari_delineate._napari.annotating.actions import ACTIONS
from napari_delineate._napari.annotating.tools import TOOLS
from napari_delineate._napari.docks import table_dock
from napari_delineate._napari.proofreading_dock import ProofreadingDock
from napari_delineate._napari.proofreading_parts import KEYS
from napari_delineate._napari.reviewed_labels import METADATA
from napari_delineate._napari.visible import camera_of
from napari_delineate.annotation.meaning import Annotation
from napari_delineate.proofreading import Review
from tests.operations.test_metrics_objects import squares

SHAPE = (60, 80)
CORNERS = [(4, 4), (4, 24), (4, 44), (24, 4), (24, 30)]


def rows(dock):
    """Read the list as a person does."""
    model = dock.list.model()
    return [
        [model.data(model.index(row, column)) for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def states(dock):
    return {row[0]: row[1] for row in rows(dock)}


@pytest.fixture(autouse=True)
def _own_preferences(monkeypatch, tmp_path):
    monkeypatch.setattr(preferences, "preferences_file", lambda: tmp_path / "own" / "p.json")
    monkeypatch.setattr(review_store, "reviews_folder", lambda: tmp_path / "own" / "reviews")


@pytest.fixture
def opened(viewer, qtbot):
    docks = []

    def open_dock():
        dock = ProofreadingDock(viewer)
        viewer.window.add_dock_widget(dock, name="Proofreading")
        docks.append(dock)
        return dock

    yield open_dock
    for dock in docks:
        dock.stop()


@pytest.fixture
def rest(qtbot, session):
    def wait(dock):
        qtbot.waitUntil(lambda: not (session.running or dock.reviewed.running), timeout=60_000)

    return wait


@pytest.fixture
def labels(viewer):
    """Five squares, of which the third is larger, as large as the second is dark."""
    data = squares(SHAPE, *CORNERS)
    data[4:12, 44:54] = 3
    image = 10.0 * data
    image[data == 2] = 1
    viewer.add_image(image, name="image")
    return viewer.add_labels(data, name="nuclei")


@pytest.fixture
def dock(labels, opened, rest):
    dock = opened()
    rest(dock)
    return dock


def test_without_labels_it_says_what_to_do(viewer, opened):
    dock = opened()
    assert "Open or draw labels" in dock.message.text()
    for button in dock.findChildren(QAbstractButton):
        if button.text().startswith(("Accept", "Fix", "Reject", "Report", "Save", "Open")):
            assert not button.isEnabled(), button.text()
    viewer.add_labels(np.zeros(SHAPE, int), name="nothing")
    assert dock.labels.currentText() == "nothing"


def test_empty_labels_have_no_objects(viewer, opened, rest):
    viewer.add_labels(np.zeros(SHAPE, np.uint8), name="nothing")
    dock = opened()
    rest(dock)
    assert dock.message.text() == "These labels have no objects."
    assert dock.progress.format() == "0 of 0 seen"
    dock.decide("next")
    dock.decide("accept")
    assert dock.number is None


def test_who_accepts_fixes_and_rejects_sees_how_far_it_is(viewer, labels, dock, rest):
    before = labels.data.copy()
    assert [row[0] for row in rows(dock)] == ["1", "2", "3", "4", "5"]
    dock.decide("next")
    assert dock.number == labels.selected_label == 1
    dock.who.setText("Ada")
    dock.comment.setText("round")
    dock.decide("accept")
    assert dock.number == 2
    dock.decide("fix")
    assert labels.mode == "paint"
    assert viewer.layers.selection.active is labels
    assert "Correct object 2" in dock.message.text()
    labels.paint((9, 30), 2)
    rest(dock)
    dock.decide("fix")
    assert labels.mode == "pan_zoom"
    dock.decide("reject")
    assert not (labels.data == 3).any()
    rest(dock)
    assert states(dock) == {"1": "accepted", "2": "fixed", "3": "rejected", "4": "", "5": ""}
    assert dock.progress.format() == "3 of 5 seen"
    assert dock.counts.text() == "1 accepted, 1 fixed, 1 rejected"
    entry = dock.review.entry(1)
    assert (entry.who, entry.comment) == ("Ada", "round")
    assert dock.review.entry(2).comment == ""
    dock.decide("accept")
    dock.decide("accept")
    assert dock.message.text() == "All objects were seen."
    # What was not decided about is as it was.
    untouched = np.isin(before, [1, 4, 5])
    assert np.array_equal(labels.data[untouched], before[untouched])


def test_undo_gives_a_rejected_object_back(labels, dock, rest):
    dock.decide("next")
    dock.decide("reject")
    rest(dock)
    assert dock.progress.format() == "1 of 5 seen"
    labels.undo()
    dock.reviewed._pause.start()  # napari tells of it when it draws
    rest(dock)
    assert (labels.data == 1).sum() == 16
    assert states(dock)["1"] == ""
    assert dock.progress.format() == "0 of 5 seen"


def test_orders_put_what_is_asked_for_first(viewer, labels, dock, rest):
    def first(order, **settings):
        dock.order.setCurrentIndex(dock.order.findData(order))
        for name, value in settings.items():
            getattr(dock, name).choose(viewer.layers[value])
        rest(dock)
        return rows(dock)

    assert first("size")[-1] == ["3", "", "80"]
    dock.reverse.setChecked(True)
    rest(dock)
    assert rows(dock)[0][0] == "3"
    dock.reverse.setChecked(False)
    assert first("intensity", other="image")[0] == ["2", "", "1"]
    other = labels.data.copy()
    other[other == 4] = 0
    viewer.add_labels(other, name="other")
    found = first("disagreement", other="other")
    assert found[0] == ["4", "", "1"]
    assert {row[2] for row in found[1:]} == {"0"}
    assert dock.list.model().headerData(2, Qt.Orientation.Horizontal) == "1 - IoU"
    # What was decided stays.
    dock.go_to(4)
    dock.decide("accept")
    assert first("typical")
    assert states(dock)["4"] == "accepted"


def test_an_order_that_lacks_something_says_what(viewer, opened, rest):
    viewer.add_labels(squares(SHAPE, *CORNERS), name="nuclei")
    dock = opened()
    rest(dock)
    dock.order.setCurrentIndex(dock.order.findData("intensity"))
    rest(dock)
    assert "needs an image" in dock.message.text()
    assert len(rows(dock)) == 5


def test_keys_decide_while_the_dock_is_seen(viewer, labels, dock, rest, qtbot):
    for key, what in (("8", "accept"), (",", "previous"), (".", "next"), ("0", "reject")):
        assert dock.decisions.shortcuts[what].key().toString() == key
    dock.decisions.shortcuts["next"].activated.emit()
    if not dock.isVisible():  # there is no window to see it in
        viewer.window._qt_window.show()
        dock.decisions.shortcuts["next"].activated.emit()
    assert dock.number == 1
    dock.decisions.shortcuts["accept"].activated.emit()
    assert states(dock)["1"] == "accepted"
    dock.keys.setChecked(False)
    assert not any(one.isEnabled() for one in dock.decisions.shortcuts.values())
    dock.keys.setChecked(True)
    dock.parentWidget().hide()
    dock.decisions.shortcuts["accept"].activated.emit()
    assert states(dock)["2"] == ""


def test_no_key_has_another_meaning_while_an_object_is_corrected():
    ours = {key for key, *_ in KEYS.values()}
    napari_uses = {
        str(key)
        for name, keys in default_shortcuts.items()
        if not any(other in name for other in ("shape", "points", "vertex", "vectors", "tracks"))
        for key in keys
    }
    tools = {one.key for one in (*TOOLS, *ACTIONS)}
    assert len(ours) == len(KEYS)
    assert not ours & (napari_uses | tools)
    assert {"1", "E"} <= napari_uses


def test_locked_objects_are_not_deleted(session, labels, dock, rest):
    session.apply(
        session.wire({"labels": labels})[0].add_input(
            "nuclei",
            replace(
                session.wire({"labels": labels})[0].inputs["nuclei"],
                annotation=Annotation().with_lock(2, locked=True),
            ),
        )
    )
    dock.go_to(2)
    dock.decide("reject")
    assert "Object 2 is locked" in dock.message.text()
    assert (labels.data == 2).any()
    dock.go_to(3)
    dock.decide("reject")
    assert not (labels.data == 3).any()


def test_keys_reach_the_dock_from_the_canvas_and_letters_a_field(viewer, labels, dock, qtbot):
    window = viewer.window._qt_window
    window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window, timeout=5000)
    canvas = viewer.window._qt_viewer.canvas.native
    canvas.setFocus()
    qtbot.keyClick(canvas, ".")
    assert dock.number == 1
    qtbot.keyClick(canvas, "8")
    assert states(dock)["1"] == "accepted"
    assert dock.number == 2
    dock.comment.setFocus()
    qtbot.keyClicks(dock.comment, "8, 0.")
    assert dock.comment.text() == "8, 0."
    assert dock.number == 2
    assert states(dock)["2"] == ""


def test_the_camera_shows_the_object_with_its_surroundings(viewer, labels, dock):
    labels.data[50, 70] = 9
    dock.reviewed._pause.start()
    camera = camera_of(viewer)
    camera.zoom = 1000
    dock.go_to(3)
    assert np.allclose(camera.center[-2:], ((4 + 11) / 2, (44 + 53) / 2))
    size = viewer.window._qt_viewer.canvas.native
    assert min(size.width(), size.height()) / camera.zoom >= 10


def test_others_are_dimmed_and_get_their_colours_back(viewer, labels, dock, qtbot):
    plain = labels.colormap
    dock.go_to(2)
    qtbot.waitUntil(lambda: labels.colormap is not plain, timeout=5000)
    assert labels.colormap.map(2)[3] > 2 * labels.colormap.map(4)[3]
    dock.others.setCurrentText("Shown")
    qtbot.waitUntil(lambda: labels.colormap is plain, timeout=5000)
    dock.others.setCurrentText("Hidden")
    qtbot.waitUntil(lambda: labels.colormap is not plain, timeout=5000)
    dock.stop()
    assert labels.colormap is plain


def test_what_is_picked_in_the_canvas_or_the_list_is_looked_at(labels, dock):
    labels.selected_label = 4
    assert dock.number == 4
    assert dock.list.currentIndex().row() == 3
    dock.list.setCurrentIndex(dock.list.model().index(1, 0))
    assert dock.number == labels.selected_label == 2
    labels.selected_label = 77
    assert dock.number == 2


def test_objects_that_are_drawn_merged_and_renumbered_are_followed(labels, dock, rest):
    dock.go_to(4)
    dock.decide("accept")
    data = np.choose(labels.data, [0, 11, 12, 13, 14, 14])  # 4 and 5 are merged
    data[40:50, 60:70] = 20
    labels.data = data
    rest(dock)
    assert states(dock) == {"11": "", "12": "", "13": "", "14": "accepted", "20": ""}
    assert dock.progress.format() == "1 of 5 seen"


@pytest.mark.slow
def test_labels_of_another_shape_are_another_matter(labels, dock, rest):
    labels.data = squares((30, 30), (2, 2), (20, 20))
    rest(dock)
    assert list(states(dock)) == ["1", "2"]


def test_the_review_stays_with_its_layer(viewer, labels, dock, opened, rest):
    dock.go_to(2)
    dock.decide("accept")
    viewer.add_labels(squares(SHAPE, (4, 4)), name="others")
    dock.labels.choose(viewer.layers["others"])
    rest(dock)
    assert list(states(dock)) == ["1"]
    assert Review.from_dict(labels.metadata[METADATA]).entry(2).state == "accepted"
    dock.labels.choose(labels)
    rest(dock)
    assert states(dock)["2"] == "accepted"
    dock.stop()
    again = opened()
    again.labels.choose(labels)
    rest(again)
    assert states(again)["2"] == "accepted"


@pytest.mark.slow
def test_a_damaged_review_in_a_layer_is_told_and_begun_anew(viewer, opened, rest):
    layer = viewer.add_labels(squares(SHAPE, *CORNERS), name="nuclei")
    layer.metadata[METADATA] = {"format": 1, "entries": "?"}
    dock = opened()
    rest(dock)
    assert "can not be read" in dock.message.text()
    assert dock.progress.format() == "0 of 5 seen"
    kept = review_store.reviews_folder()
    dock.go_to(2)
    dock.decide("accept")
    dock.reviewed._keep()
    assert not kept.exists()  # what could not be read is not written over


def test_the_report_is_a_table_that_stays(viewer, labels, dock, rest, qtbot):
    dock.go_to(1)
    dock.decide("accept")
    dock.go_to(3)
    dock.decide("reject")
    rest(dock)
    dock.files.report_button.click()
    rest(dock)
    qtbot.waitUntil(lambda: table_dock(viewer) is not None, timeout=5000)
    name = "Proofreading of nuclei"
    table = table_dock(viewer).table(name)
    assert table["state"].tolist() == ["accepted", "open", "rejected", "open", "open"]
    assert table["size_before"].tolist() == [16, 16, 80, 16, 16]
    assert table["size_after"].tolist() == [16, 16, 0, 16, 16]
    dock.session.evaluate()
    rest(dock)  # what is no result stays after every run
    assert table_dock(viewer).names() == [name]


def test_reports_and_reviews_are_saved_and_reviews_opened(
    viewer, labels, dock, rest, tmp_path, monkeypatch
):
    dock.who.setText("Ada")
    dock.go_to(5)
    dock.decide("accept")
    path = tmp_path / "out"

    def answer(name, ending):
        return lambda *_, **__: (str(path.with_suffix(ending)), f"({name})")

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer("*.csv", ".csv"))
    dock.files.save_button.click()
    rest(dock)
    table = pd.read_csv(path.with_suffix(".csv"))
    assert table["state"].tolist().count("accepted") == 1
    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer("*.json", ""))
    dock.files.save_button.click()
    stored = path.with_suffix(".json")
    assert Review.from_dict(json.loads(stored.read_text("utf-8"))) == dock.review
    dock.files.anew_button.click()
    assert states(dock)["5"] == ""
    monkeypatch.setattr(QFileDialog, "getOpenFileName", answer("*.json", ".json"))
    dock.files.open_button.click()
    assert states(dock)["5"] == "accepted"
    assert dock.review.entry(5).who == "Ada"
    for text in ("{", "[]", "[" * 100_000, json.dumps({"format": 7})):
        stored.write_text(text)
        dock.files.open_button.click()
        assert "out.json can not be read" in dock.message.text()
    assert states(dock)["5"] == "accepted"


def test_labels_that_are_made_again_have_their_review(viewer, labels, dock, rest):
    dock.go_to(4)
    dock.decide("reject")
    dock.decide("accept")
    rest(dock)
    dock.reviewed._keep()
    again = viewer.add_labels(labels.data.copy().astype(np.uint16), name="again")
    dock.labels.choose(again)
    rest(dock)
    assert states(dock) == {"1": "", "2": "", "3": "", "4": "rejected", "5": "accepted"}
    assert "Going on with an earlier review" in dock.message.text()
    other = viewer.add_labels(squares(SHAPE, *CORNERS), name="other")
    dock.labels.choose(other)
    rest(dock)
    assert not any(states(dock).values())


def test_starting_over_can_be_taken_back(labels, dock, rest):
    assert not dock.files.anew_button.isEnabled()
    dock.go_to(4)
    dock.decide("accept")
    dock.files.anew_button.click()
    assert not any(states(dock).values())
    assert dock.files.anew_button.text() == "Take back"
    dock.files.anew_button.click()
    assert states(dock)["4"] == "accepted"
    dock.files.anew_button.click()
    dock.go_to(2)
    dock.decide("accept")
    assert dock.files.anew_button.text() == "Start over"
    assert states(dock)["4"] == ""


def test_starting_over_is_undone_whatever_the_order(session, labels, dock, rest):
    dock.order.setCurrentIndex(dock.order.findData("size"))
    dock.reverse.setChecked(True)
    rest(dock)
    dock.go_to(3)
    dock.decide("accept")
    dock.go_to(5)
    dock.decide("reject")
    rest(dock)
    dock.files.anew_button.click()
    assert not any(states(dock).values())
    session.undo()
    rest(dock)
    assert {one: state for one, state in states(dock).items() if state} == {
        "3": "accepted",
        "5": "rejected",
    }
    dock.files.anew_button.click()
    dock.files.anew_button.click()  # taken back by the button
    session.undo(3)
    rest(dock)
    assert {one: state for one, state in states(dock).items() if state} == {"3": "accepted"}
    assert (labels.data == 5).any()


def test_who_is_remembered(viewer, labels, dock, opened):
    dock.who.setText(" Ada ")
    dock.who.editingFinished.emit()
    dock.stop()
    assert opened().who.text() == "Ada"


def test_labels_that_can_not_be_written_to_keep_their_objects(viewer, opened, rest):
    data = squares(SHAPE, *CORNERS)
    data.flags.writeable = False
    viewer.add_labels(data, name="nuclei")
    dock = opened()
    rest(dock)
    dock.go_to(2)
    dock.decide("reject")
    assert "Object 2 can not be deleted from 'nuclei'" in dock.message.text()
    assert states(dock)["2"] == ""


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [np.uint8, np.uint64])
def test_labels_of_any_dtype_in_3d(viewer, opened, rest, dtype):
    data = squares((8, 30, 40), (1, 2, 3), (2, 14, 20)).astype(dtype)
    layer = viewer.add_labels(data, name="nuclei", scale=(2.0, 0.5, 0.5))
    if dtype is np.uint8:  # else nobody says what the axes are
        layer.axis_labels = ("z", "y", "x")
    dock = opened()
    rest(dock)
    dock.go_to(2)
    assert viewer.dims.current_step[0] in (3, 4)  # of four slices from 2 on
    dock.decide("reject")
    rest(dock)
    assert np.unique(layer.data).tolist() == [0, 1]


@pytest.mark.slow
def test_labels_of_unknown_axes_are_refused_with_a_sentence(viewer, opened, rest, qtbot):
    viewer.add_labels(np.zeros((3, 30, 40), int), name="nuclei", axis_labels=("t", "y", "x"))
    dock = opened()
    rest(dock)
    assert dock.message.text() == "These labels have no objects."
    layer = viewer.add_labels(squares((2, 3, 15, 16), (0, 0, 2, 2)), name="four")
    dock.labels.choose(layer)
    rest(dock)
    assert "Say what the axes of the layer 'four' are" in dock.message.text()
    dock.chosen.axes.choice.setCurrentIndex(dock.chosen.axes.choice.findData("TZYX"))
    qtbot.waitUntil(lambda: bool(rows(dock)), timeout=20_000)
    assert [row[:2] for row in rows(dock)] == [["0", "1"], ["1", "1"]]


@pytest.mark.slow
def test_a_layer_that_is_deleted_is_left(viewer, labels, dock, rest):
    dock.go_to(2)
    dock.decide("fix")
    viewer.layers.remove(labels)
    rest(dock)
    assert dock.number is None
    assert "Open or draw labels" in dock.message.text()
    for what in ("accept", "fix", "reject", "next", "previous"):
        dock.decide(what)


@pytest.mark.slow
def test_a_rejection_in_a_result_is_a_correction_that_undo_takes_back(
    viewer, session, wait, opened, rest
):
    image = viewer.add_image(100.0 * (squares(SHAPE, *CORNERS) > 0), name="image")
    session.run("segmentation.gauss_otsu_labeling", {"image": image}, {})
    wait()
    name = session.workflow.steps[-1].outputs[0]
    layer = session.layer(name)
    before = layer.data.copy()
    dock = opened()
    dock.labels.choose(layer)
    rest(dock)
    total = dock.review.total
    assert total == 5
    dock.decide("next")
    dock.decide("accept")
    gone = dock.number
    dock.decide("reject")
    rest(dock)
    wait()
    rest(dock)
    operations = [step.operation for step in session.workflow.steps]
    assert operations[-1] == "postprocessing.apply_corrections"
    assert not (layer.data[before == gone]).any()
    assert dock.progress.format() == f"2 of {total} seen"
    session.undo()
    wait()
    rest(dock)
    assert np.array_equal(layer.data > 0, before > 0)
    assert sorted(states(dock).values()) == ["", "", "", "", "accepted"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_pressed_and_painted_the_list_is_that_of_the_labels(labels, dock, rest, seed):
    random = np.random.default_rng(seed)
    whats = ["accept", "fix", "reject", "previous", "next"]

    def press():
        dock.decide(str(random.choice(whats)))

    def paint():
        labels.paint(tuple(random.integers(0, 60, 2).tolist()), int(random.integers(0, 9)))

    def undo():
        labels.undo()

    def redo():
        labels.redo()

    def pick():
        labels.selected_label = int(random.integers(0, 9))

    def turn():
        dock.order.setCurrentIndex(int(random.choice([0, 1])))

    for _ in range(12):
        for act in random.choice([press, press, press, paint, undo, redo, pick, turn], 5):
            act()
            assert dock.number is None or dock.number in dock.review
        dock.reviewed._pause.start()
        rest(dock)
        there = [str(one.number) for one in dock.review.entries if not one.gone]
        assert sorted(there) == sorted(map(str, np.unique(labels.data[labels.data > 0])))
        assert dock.review.seen + len(dock.review.entries) >= dock.review.total
        assert set(states(dock)) >= set(there)


def test_everything_has_a_tooltip_and_a_name(dock):
    kinds = QAbstractButton, QComboBox, QLineEdit, QTableView
    for kind in kinds:
        for part in dock.findChildren(kind):
            if (
                part.objectName().startswith("qt_")
                or not part.parent()
                or part.parent() in dock.list.children()
            ):
                continue
            assert part.toolTip(), part
            assert part.accessibleName() or getattr(part, "text", str)(), part


def test_it_fits_in_320_pixels(dock):
    assert dock.minimumSizeHint().width() <= 320
