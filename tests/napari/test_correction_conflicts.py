"""Corrections whose objects are gone are shown, and settled by a click."""

from __future__ import annotations

import numpy as np
import pytest

from napari_delineate.annotation.conflicts import conflicts_of
from tests.napari.by_hand import as_bits, take_up
from tests.napari.test_annotate_dock import draw
from tests.napari.truth import check_notebook

PLACES = [(15, 15), (15, 45), (15, 75), (45, 30)]


def discs(brightness, places=PLACES):
    image = np.zeros((60, 90), np.float32)
    for (row, column), one in zip(places, brightness, strict=True):
        rows, columns = np.ogrid[:60, :90]
        image[np.hypot(rows - row, columns - column) < 9] = one
    return image


@pytest.fixture
def show(viewer, session, annotate, settle):
    """Segment an image, and let the dock correct the objects."""

    def segment(image, **place):
        viewer.add_image(image, name="spots", **place)
        session.run(
            "segmentation.manual_threshold", {"image": viewer.layers["spots"]}, {"lower": 5.0}
        )
        settle()
        session.run("segmentation.label_connected_components", {"mask": viewer.layers[-1]}, {})
        settle()
        layer = viewer.layers[-1]
        annotate.choice.choose(layer)
        viewer.layers.selection.active = layer
        return layer

    return segment


@pytest.fixture
def lost(show, session, annotate, settle):
    """Objects, of which one was deleted by hand, and then was not found any more."""
    layer = show(discs((10, 20, 30, 40)))
    take_up(annotate, "delete")
    draw(annotate, PLACES[0])
    annotate.pointer.put_down()
    settle()
    session.change("manual_threshold", parameters={"lower": 15.0})
    settle()
    return layer


def rows_of(dock):
    return [dock.conflicts.list.item(row).text() for row in range(dock.conflicts.list.count())]


@pytest.fixture
def wait_for(annotate, qtbot):
    """Wait until the list says something: it is made in the background."""

    def wait(*rows):
        qtbot.waitUntil(lambda: rows_of(annotate) == list(rows), timeout=20_000)
        assert annotate.sections["Conflicts"].isHidden() == (not rows)

    return wait


def test_conflicts_are_listed_and_left_out(
    lost, session, annotate, settle, tmp_path, monkeypatch, wait_for
):
    wait_for("Object 1: deleted")
    shown = as_bits(lost)
    annotate.conflicts.leave_button.click()
    settle()
    wait_for()
    assert as_bits(lost) == shown
    assert not session.results.reports["apply_corrections"].warnings
    monkeypatch.chdir(tmp_path)
    assert check_notebook(session, tmp_path) >= 2
    session.undo()
    settle()
    wait_for("Object 1: deleted")


def test_what_is_attached_to_the_selected_object_deletes_it(
    lost, session, annotate, settle, wait_for
):
    wait_for("Object 1: deleted")
    lost.selected_label = int(lost.data[PLACES[2]])
    assert annotate.conflicts.attach_button.text() == f"Attach to object {lost.selected_label}"
    annotate.conflicts.attach_button.click()
    settle()
    wait_for()
    assert [bool(lost.data[place]) for place in PLACES] == [False, True, False, True]
    lost.selected_label = 77
    session.undo()
    settle()
    wait_for("Object 1: deleted")
    annotate.conflicts.attach_button.click()
    assert "no object 77" in annotate.message.text()
    wait_for("Object 1: deleted")


def test_what_is_kept_is_applied_to_its_pixels(show, session, annotate, settle, wait_for):
    layer = show(discs((10, 20, 30, 40)))
    layer.brush_size = 7
    before = np.count_nonzero(layer.data)
    layer.paint((30, 15), int(layer.data[PLACES[0]]))
    settle()
    painted, added = layer.data[30] > 0, np.count_nonzero(layer.data) - before
    session.change("manual_threshold", parameters={"lower": 15.0})
    settle()
    wait_for(f"Object 1: {added} pixels added")
    assert not layer.data[30, 15]
    annotate.conflicts.keep_button.click()
    settle()
    assert np.array_equal(layer.data[30] > 0, painted)
    assert not layer.data[PLACES[0]]


def test_painting_does_not_lose_what_is_in_conflict(lost, session, annotate, settle, wait_for):
    lost.brush_size = 5
    for column in (5, 80):
        lost.paint((50, column), 9)
        settle()
    wait_for("Object 1: deleted")
    assert [step.operation for step in session.workflow.steps].count(
        "postprocessing.apply_corrections"
    ) == 2
    session.change("manual_threshold", parameters={"lower": 5.0})
    settle()
    wait_for()
    assert [bool(lost.data[place]) for place in PLACES] == [False, True, True, True]
    assert lost.data[50, 5]
    assert lost.data[50, 80]


def test_several_are_settled_at_once(show, session, annotate, settle, wait_for):
    show(discs((10, 10, 30, 40)))
    take_up(annotate, "delete")
    for place in PLACES[:2]:
        draw(annotate, place)
    annotate.pointer.put_down()
    settle()
    session.change("manual_threshold", parameters={"lower": 15.0})
    settle()
    wait_for("Object 1: deleted", "Object 2: deleted")
    entries = len(session.history.past)
    annotate.conflicts.list.selectAll()
    annotate.conflicts.leave_button.click()
    settle()
    wait_for()
    assert len(session.history.past) == entries + 1


def test_in_movies_the_frame_is_shown(show, viewer, session, annotate, settle, wait_for):
    movie = np.stack([discs((40, 20, 30, 40)), discs((10, 20, 30, 40)), discs((40, 20, 30, 40))])
    layer = show(movie, axis_labels="tyx")
    viewer.dims.set_point(0, 1)
    take_up(annotate, "delete")
    draw(annotate, PLACES[0])
    settle()
    viewer.dims.set_point(0, 0)
    session.change("manual_threshold", parameters={"lower": 15.0})
    settle()
    wait_for("Object 1, frame 1: deleted")
    assert viewer.dims.current_step[0] == 1
    assert layer.data[0][PLACES[0]]
    corrections = session.store.get(
        str(
            session.workflow.inputs[
                session.workflow.step("apply_corrections").inputs["corrections"]
            ].version
        )
    ).data
    base = session.results[session.workflow.step("apply_corrections").inputs["labels"]].data
    assert len(conflicts_of(base, corrections, (0,))) == 1


def test_the_list_goes_with_its_layer(lost, viewer, annotate, settle, wait_for):
    viewer.layers.remove(lost)
    settle()
    wait_for()
