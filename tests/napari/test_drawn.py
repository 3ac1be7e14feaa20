"""What is drawn in layers of points and shapes goes into steps, files and the history."""

from __future__ import annotations

import json
import runpy

import numpy as np
import pytest
from napari.layers import Labels, Shapes

from napari_delineate._napari.drawings import paths_of, to_draw
from napari_delineate._napari.layers import make_layer, plain_place, to_value
from napari_delineate.changes import describe_change
from napari_delineate.export import write_script
from napari_delineate.files import load_inputs, read_workflow, write_workflow
from napari_delineate.types import Kind
from napari_delineate.values import Value
from tests.napari.truth import check

pytestmark = pytest.mark.usefixtures("notebook_is_true")


@pytest.fixture
def labels(viewer):
    """Two boxes, in pixels of half a micrometre."""
    data = np.zeros((20, 40), np.int32)
    data[4:16, 2:18], data[4:16, 22:38] = 1, 2
    return viewer.add_labels(data, name="boxes", scale=(0.5, 0.5), units="um")


@pytest.fixture
def lines(viewer, labels):
    """A layer with the grid of the boxes, as napari's button makes it; one line across both."""
    line = np.array([[10.0, 0.0], [10.0, 39.0]])
    return viewer.add_shapes(
        [line], shape_type="line", name="lines", scale=(0.5, 0.5), units=labels.units
    )


@pytest.mark.slow
def test_shapes_become_vertices_in_physical_units():
    square = np.array([[0.0, 0], [0, 4], [4, 4], [4, 0]])
    layer = Shapes(
        [(square, "ellipse"), (square, "rectangle"), (square[:3], "path"), (square[:2], "line")],
        scale=(2, 0.5),
    )
    value = to_value(layer)
    assert (value.kind, value.axes, value.spacing) == (Kind.SHAPES, "YX", (2.0, 0.5))
    round_, box, path, line = value.data / value.spacing
    assert np.hypot(*(round_[:64] - 2).T) == pytest.approx(2)
    assert box[:5].tolist() == [*square.tolist(), [0, 0]]
    assert (box[4:] == box[4]).all()
    assert path[:3].tolist() == square[:3].tolist()
    assert (path[2:] == path[2]).all()
    assert (line[1:] == line[1]).all()


@pytest.mark.slow
def test_a_layer_of_shapes_gives_back_what_it_was_made_from():
    square = np.array([[0.0, 0], [0, 4], [4, 4], [4, 0]])
    drawn = [(square, "polygon"), (square, "path"), (square[:2], "line")]
    paths = paths_of(Shapes(drawn))
    value = Value.of(paths, Kind.SHAPES, "YX", (2.0, 0.5), "micrometer")
    layer = make_layer("drawn", value, plain_place(value))
    assert layer.shape_type == ["polygon", "path", "line"]
    assert np.array_equal(to_value(layer).data, paths)
    assert [kind for _, kind in to_draw(paths)] == layer.shape_type


@pytest.mark.parametrize("ndim", [2, 3])
def test_an_empty_layer_holds_no_shapes(ndim):
    layer = Shapes(ndim=ndim, axis_labels="ZYX"[-ndim:])
    assert to_value(layer).data.shape == (0, 1, ndim)


def test_lines_split_objects_and_edits_can_be_undone(session, viewer, labels, lines, settle):
    session.run("postprocessing.split_by_lines", {"labels": labels, "lines": lines}, {})
    settle()
    result = session.layer(session.workflow.steps[-1].outputs[0])
    assert isinstance(result, Labels)
    assert len(np.unique(result.data)) == 5
    before = [one.copy() for one in lines.data]
    lines.add(np.array([[0.0, 10], [19, 10], [19, 11]]), shape_type="path")
    settle()
    assert len(np.unique(result.data)) == 7
    check(session)
    assert describe_change(session.history.past[-1], session.workflow) == "Draw in lines"
    lines.remove([0])
    settle()
    assert len(np.unique(result.data)) == 4
    session.undo(2)
    settle()
    assert lines.shape_type == ["line"]
    assert all(map(np.array_equal, lines.data, before))
    assert tuple(lines.scale) == (0.5, 0.5)
    assert len(np.unique(result.data)) == 5
    past = len(session.history.past)
    session.record_edits()
    assert len(session.history.past) == past
    session.redo(2)
    settle()
    assert lines.shape_type == ["path"]
    check(session)


def test_moved_points_can_be_undone(session, viewer, labels, settle):
    points = viewer.add_points(
        [[10.0, 10.0], [10.0, 30.0]], name="seeds", scale=(0.5, 0.5), units=labels.units
    )
    session.run("postprocessing.merge_by_points", {"labels": labels, "points": points}, {})
    settle()
    result = session.layer(session.workflow.steps[-1].outputs[0])
    assert np.unique(result.data).tolist() == [0, 1]
    points.data = [[10.0, 10.0], [0.0, 0.0]]
    settle()
    assert np.unique(result.data).tolist() == [0, 1, 2]
    session.undo()
    settle()
    assert points.data.tolist() == [[10.0, 10.0], [10.0, 30.0]]
    assert tuple(points.scale) == (0.5, 0.5)
    assert np.unique(result.data).tolist() == [0, 1]


@pytest.mark.slow
def test_drawn_layers_are_kept_beside_scripts_and_workflows(
    session, viewer, labels, lines, settle, tmp_path
):
    grey = labels.data.astype(np.float32)
    image = viewer.add_image(grey, name="grey", scale=(0.5, 0.5), units=labels.units)
    session.run("postprocessing.split_by_lines", {"labels": labels, "lines": lines}, {})
    session.run("postprocessing.shapes_to_labels", {"polygons": lines, "image": image}, {})
    settle()
    assert not session.results.errors
    workflow, inputs = session.to_save()
    found = runpy.run_path(str(write_script(tmp_path / "script.py", workflow, inputs)))
    for name, value in session.results.items():
        assert np.array_equal(found[name], value.data), name
    made = session.workflow.steps[-1].outputs[0]
    assert session.results[made].spacing == (0.5, 0.5)
    write_workflow(tmp_path / "workflow.json", workflow, inputs)
    again = read_workflow(tmp_path / "workflow.json")
    values = load_inputs(again)
    assert np.array_equal(values["lines"].data, inputs["lines"].data)
    assert values["lines"].spacing == inputs["lines"].spacing
    for layer in list(viewer.layers):
        viewer.layers.remove(layer)
    session.undo(len(session.history.past))
    settle()
    session.open(again)
    settle()
    assert session.layer("lines").shape_type == ["line"]
    assert np.array_equal(to_value(session.layer("lines")).data, inputs["lines"].data)
    past = len(session.history.past)
    session.record_edits()
    assert len(session.history.past) == past
    assert json.loads((tmp_path / "workflow.json").read_text("utf-8"))["steps"]


def test_a_deleted_layer_of_shapes_and_an_empty_one(
    assistant, session, viewer, labels, lines, settle
):
    session.run("postprocessing.merge_by_lines", {"labels": labels, "lines": lines}, {})
    settle()
    result = session.layer(session.workflow.steps[-1].outputs[0])
    assert np.unique(result.data).tolist() == [0, 1]
    viewer.layers.remove(lines)
    settle()
    assert session.without_layer() == ["lines"]
    check(session)
    viewer.layers.selection.active = labels
    empty = viewer.add_shapes(ndim=2, name="cuts", scale=(0.5, 0.5), units=labels.units)
    viewer.layers.selection.active = labels
    assistant.add("postprocessing.split_by_lines")
    assistant.panel.choices["lines"].choose(empty)
    assert "Nothing is drawn in cuts" in assistant.panel.note.text()
    assert assistant.panel.run_button.isEnabled()


def test_drawn_layers_of_a_stack_get_its_axes(assistant, session, viewer, settle):
    data = np.zeros((4, 20, 40), np.int32)
    data[:, 4:16, 2:38] = 1
    stack = viewer.add_labels(data, name="stack", axis_labels="ZYX", scale=(2, 1, 1))
    line = np.array([[1.0, 10, 0], [1, 10, 39]])
    lines = viewer.add_shapes([line], shape_type="line", name="lines", scale=(2, 1, 1))
    viewer.layers.selection.active = stack
    assistant.add("postprocessing.split_by_lines")
    assistant.panel.choices["lines"].choose(lines)
    assert assistant.panel.run_button.isEnabled(), assistant.panel.note.text()
    assistant.panel.run_button.click()
    settle()
    assert lines.axis_labels == ("Z", "Y", "X")
    assert not session.results.errors
    check(session)


def test_a_table_of_a_step_is_chosen_in_the_form(assistant, session, viewer, labels, settle):
    parents = viewer.add_labels(
        (labels.data > 0).astype(np.int32), name="parents", scale=(0.5, 0.5), units="um"
    )
    session.run("postprocessing.relate", {"children": labels, "parents": parents}, {})
    settle()
    table = next(name for name, one in session.workflow.values.items() if one.kind is Kind.TABLE)
    viewer.layers.selection.active = labels
    assistant.add("postprocessing.merge_by_table")
    choice = assistant.panel.choices["table"]
    assert [choice.itemText(index) for index in range(choice.count())] == [table]
    assistant.panel.run_button.click()
    settle()
    assert session.workflow.steps[-1].operation == "postprocessing.merge_by_table"
    assert not session.results.errors
    check(session)
