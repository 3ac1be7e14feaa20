"""Rows of tables and objects are chosen, coloured and kept together."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import StepPatch
from napari.layers import Labels
from napari.utils.colormaps import CyclicLabelColormap, DirectLabelColormap, ensure_colormap
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QMessageBox,
    QPushButton,
)

from napari_delineate._napari.docks import tables_of
from napari_delineate._napari.label_colormap import colormap_of_labels
from napari_delineate._napari.label_look import LabelLook
from napari_delineate._napari.visible import camera_of
from napari_delineate._napari.widgets import Tables
from napari_delineate._napari.widgets.plot import Gate
from napari_delineate.export import write_notebook
from napari_delineate.palette import colours_of_values

SIZES = {2: 3, 4: 9, 7: 5, 9: 7}  # the sides of squares, with gaps between their numbers
CENTRES = {2: (10, 10), 4: (10, 40), 7: (40, 10), 9: (40, 40)}


@pytest.fixture
def squares(viewer):
    """Squares of four sizes."""
    labels = np.zeros((50, 50), np.int32)
    for label, (y, x) in CENTRES.items():
        half = SIZES[label] // 2
        labels[y - half : y + half + 1, x - half : x + half + 1] = label
    return viewer.add_labels(labels, name="squares", scale=(0.5, 0.5))


@pytest.fixture
def dock(session, viewer, squares, wait):
    """The dock, with their table."""
    session.run("measurements.measure", {"labels": squares}, {})
    wait()
    return tables_of(viewer)


def labels_of(dock, rows):
    return dock.table("table")["label"].to_numpy()[rows].tolist()


def chosen(dock):
    return sorted(labels_of(dock, dock.positions("table")))


def painted(layer):
    """Return the colours of a layer once they are what they will be."""
    QApplication.processEvents()
    return layer.colormap


def visible(layer):
    colormap = painted(layer)
    return {n for n in SIZES if colormap.map(np.array([n]))[0, 3] > 0.9}


# The table by itself


@pytest.fixture
def tables(qtbot):
    tables = Tables()
    qtbot.addWidget(tables)
    table = pd.DataFrame(
        {
            "label": [1, 2, 3, 4, 5],
            "area": [10.0, np.nan, 9.0, 100.0, 9.0],
            "class": ["b", "a", "c", "a", "b"],
        }
    )
    table.attrs["units"] = {"area": "pixel²"}
    tables.show_table("table", table)
    tables.show()
    return tables


def shown(tables):
    view = tables._find("table")
    return view.model().labels[view.model().rows].tolist()


def test_a_click_on_a_header_sorts_numbers_as_numbers_and_missing_last(tables, qtbot):
    view, before = tables._find("table"), tables.table("table").copy()
    header = view.horizontalHeader()
    orders = []
    for _ in range(3):
        at = QPoint(header.sectionViewportPosition(1) + 5, header.height() // 2)
        qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=at)
        orders.append(shown(tables))
    assert orders == [[3, 5, 1, 4, 2], [4, 1, 3, 5, 2], [1, 2, 3, 4, 5]]
    view.sort(2)
    assert shown(tables) == [2, 4, 1, 5, 3]
    pd.testing.assert_frame_equal(tables.table("table"), before)


def test_the_keyboard_sorts_too(tables, qtbot):
    view = tables._find("table")
    view.setCurrentIndex(view.model().index(0, 1))
    qtbot.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert shown(tables) == [4, 1, 3, 5, 2]
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert not len(tables.positions("table"))


def test_only_rows_that_meet_conditions_are_shown(tables, qtbot):
    tables.condition.setText("area >= 9 and label != 3")
    assert shown(tables) == [1, 4, 5]
    assert tables.count.text() == "3 of 5 rows"
    tables.condition.setText("area >= 9 and lab")
    assert shown(tables) == [1, 4, 5]
    qtbot.keyClick(tables.condition, Qt.Key.Key_Return)
    assert "no condition" in tables.message.text()
    tables.condition.clear()
    assert shown(tables) == [1, 2, 3, 4, 5]
    assert tables.message.isHidden()


def test_rows_stay_chosen_whatever_the_order_and_in_new_tables(tables):
    view = tables._find("table")
    heard = []
    tables.row_chosen.connect(lambda *one: heard.append(one))
    tables.rows_chosen.connect(heard.append)
    tables.choose("table", [0, 3])
    view.sort(1, is_falling=True)
    tables.condition.setText("area > 9")
    assert tables.positions("table").tolist() == [3, 0]
    tables.show_table("table", tables.table("table").drop(index=[1]).assign(area=20.0))
    assert sorted(labels_of(tables, tables.positions("table"))) == [1, 4]
    assert heard == []
    view.selectRow(0)
    assert heard == ["table", ("table", 0)]


def test_chosen_rows_are_copied_with_labels_in_the_order_shown(tables):
    view = tables._find("table")
    view.sort(1, is_falling=True)
    tables.choose("table", [0, 3])
    view.setColumnHidden(2, True)
    view.copy()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines == ["label\tarea", "4\t100.0", "1\t10.0"]


def saved_as(monkeypatch, path, kind=""):
    """Let a person choose a file."""
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(path), kind))


def test_large_tables_are_saved_and_copied_in_the_background(qtbot, monkeypatch, tmp_path):
    tables = Tables()
    qtbot.addWidget(tables)
    table = pd.DataFrame(np.random.default_rng(0).random((3_000, 20))).rename(columns=str)
    table.insert(0, "label", np.arange(1, 3_001))
    tables.show_table("table", table)
    buttons = {one.text(): one for one in tables.findChildren(QPushButton)}
    saved_as(monkeypatch, tmp_path / "table.xlsx")
    start = time.perf_counter()
    buttons["Save…"].click()
    buttons["Copy"].click()
    tables._find("table").sort(2)
    assert time.perf_counter() - start < 0.5
    assert not (tmp_path / "table.xlsx").exists()
    qtbot.waitUntil(lambda: not tables._workers, timeout=60_000)
    found = pd.read_excel(tmp_path / "table.xlsx", sheet_name="Table")
    assert np.allclose(found, table)
    rows = QGuiApplication.clipboard().text().splitlines()
    assert len(rows) == 3_001


@pytest.mark.parametrize(
    ("written", "kind", "expected"),
    [
        ("cells", "Excel (*.xlsx)", "cells.xlsx"),
        ("plate.1", "Parquet (*.parquet)", "plate.1.parquet"),
        ("plate.1", "", "plate.1.csv"),
        ("cells.CSV", "Excel (*.xlsx)", "cells.CSV"),
    ],
)
def test_a_name_without_a_known_ending_gets_that_of_the_format(
    tables, monkeypatch, tmp_path, written, kind, expected
):
    saved_as(monkeypatch, tmp_path / written, kind)
    tables._save()
    assert (tmp_path / expected).exists()
    assert tables.message.text() == f"Saved {expected}."


def test_no_file_is_replaced_that_the_dialog_did_not_ask_about(tables, monkeypatch, tmp_path):
    old = tmp_path / "cells.csv"
    saved_as(monkeypatch, tmp_path / "cells")
    for answer in (QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes):
        old.write_text("old")
        monkeypatch.setattr(QMessageBox, "question", lambda *_, answer=answer: answer)
        tables._save()
        assert (old.read_text() == "old") == (answer == QMessageBox.StandardButton.No)


def test_hidden_columns_stay_hidden_in_new_tables(tables):
    view = tables._find("table")
    view.setColumnHidden(1, True)
    view.setColumnWidth(2, 77)
    tables.show_table("table", tables.table("table").iloc[::-1])
    assert view.isColumnHidden(1)
    assert view.columnWidth(2) == 77


def test_missing_texts_come_last(tables):
    table = pd.DataFrame({"label": [1, 2, 3, 4], "class": ["b", None, "z", "a"]})
    tables.show_table("texts", table)
    view = tables._find("texts")
    for is_falling, order in ((False, [4, 1, 3, 2]), (True, [3, 1, 4, 2])):
        view.sort(1, is_falling=is_falling)
        assert view.model().labels[view.model().rows].tolist() == order


def test_thousands_of_rows_are_quick(qtbot):
    tables = Tables()
    qtbot.addWidget(tables)
    random = np.random.default_rng(0)
    table = pd.DataFrame(random.random((50_000, 30)), columns=[f"c{n}" for n in range(30)])
    table.insert(0, "label", np.arange(1, 50_001))
    tables.show_table("table", table)
    tables.show()
    start = time.perf_counter()
    tables._find("table").sort(4)
    tables.condition.setText("c4 > 0.5")
    tables.choose("table", np.flatnonzero(table["c5"] > 0.9))
    QApplication.processEvents()
    assert time.perf_counter() - start < 2
    rows = shown(tables)
    assert len(rows) == (table["c4"] > 0.5).sum()
    assert table.set_index("label")["c3"].loc[rows].is_monotonic_increasing


def test_thousands_of_scattered_rows_are_chosen_at_once_and_changed_by_clicks(qtbot):
    tables = Tables()
    qtbot.addWidget(tables)
    table = pd.DataFrame({"label": np.arange(1, 50_001), "area": 1.0})
    tables.show_table("table", table)
    tables.show()
    view, some = tables._find("table"), np.arange(0, 50_000, 2)
    heard = []
    tables.rows_chosen.connect(heard.append)
    start = time.thread_time()
    for rows in (some, some + 1, some):
        tables.choose("table", rows)
        QApplication.processEvents()
    view.selectAll()
    view.viewport().repaint()
    assert time.thread_time() - start < 1
    assert len(tables.positions("table")) == 50_000
    tables.choose("table", some)
    highlight, plain = (
        view.model().index(row, 1).data(Qt.ItemDataRole.BackgroundRole) for row in (0, 1)
    )
    assert highlight is not None
    assert plain is None
    for row, is_more in ((1, True), (2, False)):
        at = view.visualRect(view.model().index(row, 1)).center()
        click = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, at
        qtbot.mouseClick(view.viewport(), *click)
        assert (row in tables.positions("table")) == is_more
    assert len(tables.positions("table")) == 25_000
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert not len(tables.positions("table"))
    tables.choose("table", some)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert tables.positions("table").tolist() == [2]
    assert heard == ["table"] * 5


# The colours of labels


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.uint64])
def test_labels_have_the_colours_that_napari_gives_them_one_by_one(dtype):
    numbers = np.array([2, 5, 6, 90, 2])
    colours = np.array([[1, 0, 0, 1], [0, 1, 0, 1], [0, 1, 0, 1], [0, 0, 1, 0.2], [1, 1, 0, 1]])
    rest = np.array([0.2, 0.4, 0.6, 0.8])
    ours = colormap_of_labels(numbers, colours, rest)
    theirs = DirectLabelColormap(
        color_dict={**dict(zip(numbers.tolist(), colours, strict=True)), 0: np.zeros(4), None: rest}
    )
    image = np.array([[0, 1, 2, 5], [6, 90, 91, 120]], dtype)
    assert np.allclose(ours.map(image), theirs.map(image), atol=1e-6)
    layer = Labels(image, colormap=ours)
    assert np.allclose(layer.get_color(90), colours[3], atol=1e-6)
    if image.itemsize > 2:  # napari draws others by their numbers
        drawn = ours._values_mapping_to_minimum_values_set()[1]
        shown = np.array([drawn[place] for place in layer._slice.image.view.ravel()])
        assert np.allclose(shown, theirs.map(image).reshape(-1, 4), atol=1e-6)
    layer.selected_label, layer.show_selected_label = 5, True
    assert np.allclose(layer.get_color(90), 0)
    assert np.allclose(layer.get_color(5), colours[1])


def test_numbers_too_large_for_a_list_of_all_have_their_colours_too():
    numbers, colours = np.array([1, 2**40]), np.array([[1, 0, 0, 1], [0, 1, 0, 1]])
    colormap = colormap_of_labels(numbers, colours, np.zeros(4))
    assert np.allclose(colormap.map(np.array([2**40, 3])), [[0, 1, 0, 1], [0, 0, 0, 0]])


def test_thousands_of_objects_are_coloured_at_once():
    layer = Labels(np.arange(50_000, dtype=np.int32).reshape(200, 250))
    look, numbers = LabelLook(layer), np.arange(1, 50_000)
    colours = colours_of_values(numbers)
    look.show(numbers, colours, numbers > 9, "Dimmed")
    start = time.thread_time()
    look.show(numbers, colours, numbers > 10, "Dimmed")
    assert time.thread_time() - start < 0.5
    assert np.allclose(layer.get_color(40_000), colours[39_999], atol=1 / 255)
    assert layer.get_color(10)[3] == pytest.approx(0.25, abs=1 / 255)


def test_an_object_with_several_rows_stands_out_where_one_of_them_is_chosen():
    layer = Labels(np.array([[1, 2]]))
    chosen = np.array([True, False, False])
    LabelLook(layer).show(np.array([1, 1, 2]), None, chosen, "Hidden")
    assert [layer.get_color(label)[3] for label in (1, 2)] == [1, 0]


# The table and the canvas


def test_rows_and_objects_are_chosen_in_both_directions(dock, squares, viewer, qtbot):
    assert dock.layer is squares
    camera = camera_of(viewer)
    before = camera.center
    dock._find("table").selectRow(2)
    assert squares.selected_label == 7
    assert camera.center == before  # it is on the screen
    camera.center = (0, 5000, 5000)
    dock._find("table").selectRow(1)
    assert np.allclose(camera.center[-2:], (5, 20))  # in physical units
    dock._find("table").selectRow(2)
    assert visible(squares) == {7}
    squares.selected_label = 9
    assert chosen(dock) == [9]
    assert visible(squares) == {9}
    click(viewer, squares, CENTRES[2])
    assert (chosen(dock), squares.selected_label) == ([2], 2)
    click(viewer, squares, CENTRES[4], "Shift")
    assert chosen(dock) == [2, 4]
    assert visible(squares) == {2, 4}
    dock.objects.others.setCurrentText("Hidden")
    assert painted(squares).map(np.array([7]))[0, 3] == 0
    click(viewer, squares, (25, 25))  # background
    assert chosen(dock) == []
    assert isinstance(painted(squares), CyclicLabelColormap)


def click(viewer, layer, place, *modifiers):
    """Click in the canvas as napari reports it."""

    class Event:
        type = "mouse_press"
        button = 1
        position = layer.data_to_world(place)
        view_direction = None

    event = Event()
    event.modifiers = modifiers
    event.dims_displayed = list(viewer.dims.displayed)
    dock = tables_of(viewer)
    callback = next(one for one in viewer.mouse_drag_callbacks if one == dock._on_mouse)
    handler = callback(viewer, event)
    next(handler)
    event.type = "mouse_release"
    with pytest.raises(StopIteration):
        next(handler)


@pytest.mark.slow
def test_objects_are_coloured_by_a_column_and_get_their_own_colours_back(dock, squares):
    own = squares.colormap
    column = dock.objects.column
    column.setCurrentIndex(column.findData("area"))
    assert isinstance(painted(squares), DirectLabelColormap)
    dock.objects.low.setText("0")
    dock.objects.high.setText("20.25")
    dock.objects.high.editingFinished.emit()
    expected = ensure_colormap("viridis").map(np.array([SIZES[n] ** 2 / 4 / 20.25 for n in SIZES]))
    found = painted(squares).map(np.array(list(SIZES)))
    assert np.allclose(found, expected, atol=0.01)
    column.setCurrentIndex(0)
    assert painted(squares) is own


def test_a_range_in_the_histogram_is_kept_as_a_step(dock, squares, session, wait, viewer):
    assert dock.plot.x.currentData() == "area"
    assert not dock.keep_button.isEnabled()
    dock.plot._on_span(6.0, 13.0)
    assert chosen(dock) == [7, 9]
    assert visible(squares) == {7, 9}
    dock.keep_button.click()
    wait()
    kept = session.layer("kept_labels")
    assert set(np.unique(kept.data)) == {0, 7, 9}
    step = session.workflow.steps[-1]
    assert step.operation == "postprocessing.filter_by_table"
    limits = {"column": "area", "minimum": 6.0, "maximum": 13.0}
    assert dict(step.parameters) == {**limits, "condition": ""}
    session.undo()
    wait()
    assert kept not in viewer.layers
    dock.plot.clear_button.click()
    assert chosen(dock) == []
    assert not dock.keep_button.isEnabled()


def test_what_a_filter_shows_stands_out_and_is_kept_with_the_gate(dock, squares, session, wait):
    dock.condition.setText("area > 3")
    assert visible(squares) == {4, 7, 9}
    assert dock.keep_button.isEnabled()
    bars = [one for one in dock.plot.axes.patches if isinstance(one, StepPatch)]
    assert sum(one.get_data().values.sum() for one in bars) == 3
    dock.plot._on_span(0.0, 13.0)
    assert chosen(dock) == [7, 9]
    dock.condition.setText("area > 7")
    assert chosen(dock) == [9]
    assert visible(squares) == {9}
    dock.condition.setText("area [pixel²] > 3 and label != 7")
    dock.keep_button.click()
    wait()
    assert set(np.unique(session.layer("kept_labels").data)) == {0, 9}
    dock.plot.clear()
    dock.keep_button.click()
    wait()
    assert set(np.unique(session.layer("kept_labels_2").data)) == {0, 4, 9}
    parameters = session.workflow.steps[-1].parameters
    assert parameters["condition"] == "area > 3 and label != 7"
    dock.condition.clear()
    assert visible(squares) == set(SIZES)
    assert not dock.keep_button.isEnabled()


# Objects of several images


@pytest.fixture
def movie(viewer):
    """Squares that change places and sizes: the same number means another object in each frame."""
    labels = np.zeros((3, 60, 60), np.int32)
    for frame in range(3):
        for label, (y, x) in {1: (5, 5), 2: (40, 40)}.items():
            half = 2 * label + frame
            labels[frame, y : y + half, x + frame : x + frame + half] = label
    return viewer.add_labels(labels, name="movie", axis_labels=("t", "y", "x"), scale=(2, 1, 1))


@pytest.fixture
def movie_dock(session, viewer, movie, wait):
    session.run("measurements.measure", {"labels": movie}, {})
    wait()
    return tables_of(viewer)


def frame_of(viewer):
    return viewer.dims.current_step[0]


def test_rows_of_a_movie_are_objects_of_their_frame(movie_dock, movie, viewer, qtbot):
    dock, table = movie_dock, movie_dock.table("table")
    assert dock.layer is movie
    row = table.query("T == 2 and label == 1").index[0]
    dock._find("table").selectRow(row)
    assert (frame_of(viewer), movie.selected_label) == (2, 1)
    place = (0, 42, 42)
    viewer.dims.set_point(0, 0)
    click(viewer, movie, place)
    assert table.iloc[dock.positions("table")][["T", "label"]].values.tolist() == [[0, 2]]
    viewer.dims.set_point(0, 2)  # the second frame: one is two apart
    movie.selected_label = 1
    assert table.iloc[dock.positions("table")][["T", "label"]].values.tolist() == [[1, 1]]
    chosen_before = dock.positions("table")
    dock.show_table("table", table.copy())
    assert dock.positions("table").tolist() == chosen_before.tolist()


def test_objects_of_a_movie_have_the_colours_of_their_frame(movie_dock, movie, viewer):
    dock, table = movie_dock, movie_dock.table("table")
    column = dock.objects.column
    column.setCurrentIndex(column.findData("area"))
    expected = colours_of_values(table["area"].to_numpy(), "viridis", dock.objects._limits)
    for frame in (0, 2, 1):
        viewer.dims.set_current_step(0, frame)
        rows = (table["T"] == frame).to_numpy()
        labels = table["label"].to_numpy()[rows]
        assert np.allclose(movie.colormap.map(labels), expected[rows], atol=0.01)
    dock.plot._on_span(3.0, 10.0)
    frames = table[table["area"].between(3, 10)][["T", "label"]].values.tolist()
    assert frames == [[0, 1], [1, 1]]
    for frame, opacities in ((0, [1, 0.25]), (1, [1, 0.25]), (2, [0.25, 0.25])):
        viewer.dims.set_current_step(0, frame)
        assert np.allclose(painted(movie).map(np.array([1, 2]))[:, 3], opacities, atol=0.01)


def test_a_gate_in_a_movie_keeps_objects_of_single_frames(movie_dock, movie, session, wait):
    assert movie_dock.plot.x.currentData() == "area"
    movie_dock.plot._on_span(3.0, 10.0)
    movie_dock.condition.setText("T > 0")
    movie_dock.keep_button.click()
    wait()
    kept = session.layer("kept_labels").data
    assert [sorted(set(np.unique(frame)) - {0}) for frame in kept] == [[], [1], []]
    assert np.array_equal(kept[1] == 1, movie.data[1] == 1)


def test_rows_turn_to_the_frame_of_an_image_that_labels_are_measured_in(
    session, viewer, squares, wait
):
    squares.scale = (1, 1)
    images = np.random.default_rng(0).random((4, 50, 50))
    image = viewer.add_image(images, axis_labels=("t", "y", "x"))
    session.run("measurements.measure", {"labels": squares, "image": image}, {})
    wait()
    dock = tables_of(viewer)
    table = dock.table("table")
    dock._find("table").selectRow(table.query("T == 3 and label == 7").index[0])
    assert frame_of(viewer) == 3
    viewer.dims.set_current_step(0, 1)
    squares.selected_label = 4
    assert table.iloc[dock.positions("table")][["T", "label"]].values.tolist() == [[1, 4]]


def test_a_gate_in_the_scatter_plot_is_kept_and_the_notebook_agrees(
    dock, session, wait, notebook_is_true, tmp_path
):
    plot = dock.plot
    plot.choose("area", "centroid-0")
    for field, text in zip(plot.limits, ("5", "", "", "10"), strict=True):
        field.setText(text)
    plot.limits[0].editingFinished.emit()
    assert chosen(dock) == [4]
    plot.shape.setCurrentText("Polygon")
    assert chosen(dock) == []
    plot._on_polygon([(0.0, 0.0), (7.0, 0.0), (7.0, 30.0), (0.0, 30.0)])
    assert chosen(dock) == [2, 7]
    assert plot.gate == Gate("area", "centroid-0", corners=plot.gate.corners)
    dock.keep()
    wait()
    assert set(np.unique(session.layer("kept_labels").data)) == {0, 2, 7}
    path = write_notebook(tmp_path / "gated.ipynb", *session.to_save())
    assert "show_scatter(" in path.read_text(encoding="utf-8")


def test_limits_that_are_being_written_disturb_nobody(dock, squares):
    column = dock.objects.column
    column.setCurrentIndex(column.findData("area"))
    before = painted(squares).map(np.array(list(SIZES)))
    dock.objects.low.setText("-")
    dock._find("table").selectRow(1)
    dock._find("table").choose([])
    dock._find("table").chosen.emit()
    assert np.allclose(painted(squares).map(np.array(list(SIZES))), before)
    dock.objects.low.editingFinished.emit()
    assert dock.objects.low.text() != "-"


def test_a_gate_belongs_to_one_table(dock, session, squares, wait, viewer):
    dock.plot._on_span(6.0, 13.0)
    image = viewer.add_image(squares.data * 1.0, scale=squares.scale)
    session.run("measurements.measure", {"labels": squares, "image": image}, {})
    wait()
    assert dock.current() == "table_2"
    assert dock.plot.gate is None
    assert not dock.keep_button.isEnabled()
    assert len(dock.positions("table_2")) == 0
    dock._tabs.setCurrentIndex(0)
    assert dock.plot.gate == Gate("area", limits=(6.0, 13.0))
    assert chosen(dock) == [7, 9]


def test_a_deleted_layer_is_let_go_and_found_again(dock, squares, session, viewer):
    dock._find("table").selectRow(0)
    viewer.layers.remove(squares)
    assert dock.layer is None
    assert dock.keep_button.isHidden()
    assert isinstance(painted(squares), CyclicLabelColormap)
    dock._find("table").selectRow(1)
    session.show("squares")
    assert dock.layer is squares
    squares.name = "renamed"
    dock._find("table").selectRow(2)
    assert visible(squares) == {7}


def test_rows_of_missed_objects_choose_nothing_in_the_canvas(session, viewer, squares, wait):
    other = np.zeros((50, 50), np.int32)
    other[8:13, 8:13] = 5
    reference = viewer.add_labels(other, name="reference", scale=squares.scale)
    session.run("metrics.match_objects", {"reference": reference, "labels": squares}, {})
    session.run("metrics.match_objects", {"reference": squares, "labels": reference}, {})
    wait()
    dock = tables_of(viewer)
    assert dock.layer is reference
    table, before = dock.table(dock.current()), reference.selected_label
    assert 0 in table["label"].tolist()
    dock._find(dock.current()).selectRow(table["label"].tolist().index(0))
    assert reference.selected_label == before
    click(viewer, reference, (25, 25))
    assert len(dock.positions(dock.current())) == 0
    assert 0 not in reference.features["label"].tolist()


def test_it_looks_after_itself(dock, squares, viewer, session, wait):
    """Every control is explained, themes are taken, and a closed dock gives colours back."""
    for one in dock.findChildren((QAbstractButton, QComboBox, QLineEdit)):
        if one.isVisibleTo(dock) and type(one).__module__.startswith("PyQt") and one.toolTip():
            assert one.accessibleName() or getattr(one, "text", str)(), one
    for theme in ("light", "dark"):
        viewer.theme = theme
        assert dock.plot.figure.get_facecolor()[0] > 0.5 or theme == "dark"
    assert dock.minimumSizeHint().width() <= 320
    dock._find("table").selectRow(1)
    assert isinstance(painted(squares), DirectLabelColormap)
    session.undo()
    wait()
    assert dock.names() == []
    assert isinstance(painted(squares), CyclicLabelColormap)
