"""Objects of movies are proofread; decisions are undone, saved and opened with the workflow."""

# ruff: noqa: F811

from __future__ import annotations

import shutil
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from napari.layers import Labels
from qtpy.QtCore import Qt

from napari_delineate import review_store
from napari_delineate._napari.opening import open_workflow
from napari_delineate.changes import describe_change
from napari_delineate.files import read_workflow, write_workflow
from tests.napari.test_proofreading_dock import (  # noqa: F401
    CORNERS,
    SHAPE,
    _own_preferences,
    opened,
    rest,
    rows,
    states,
)
from tests.operations.test_metrics_objects import squares


@pytest.fixture
def movie(viewer):
    """Two frames in which equal numbers are different objects, and an image of two channels."""
    data = np.stack([squares(SHAPE, *CORNERS), squares(SHAPE, *CORNERS[::-1])])
    image = np.stack([10 * data, 100 - 10 * data])
    image[0, 1][data[1] == 4] = 1
    viewer.add_image(image, name="image", axis_labels=("c", "t", "y", "x"))
    return viewer.add_labels(data, name="nuclei", axis_labels=("t", "y", "x"))


def titles(session):
    history = (*session.history.past, session.history.present)
    return [
        describe_change(before, after, session.store.title) for before, after in pairwise(history)
    ]


def test_objects_of_a_movie_are_looked_at_frame_by_frame(viewer, session, movie, opened, rest):
    before = movie.data.copy()
    dock = opened()
    rest(dock)
    shown = [row[:2] for row in rows(dock)]
    assert sorted(shown) == [[str(time), str(one)] for time in range(2) for one in range(1, 6)]
    assert shown == sorted(shown, key=lambda row: row[0])
    dock.go_to((1, 2))
    assert viewer.dims.current_step[1] == 1
    dock.decide("reject")
    rest(dock)
    assert not (movie.data[1] == 2).any()
    assert (movie.data[0] == before[0]).all()
    movie.selected_label = 5
    assert dock.number == (1, 5)
    dock.decide("accept")
    assert dock.progress.format() == "2 of 10 seen"
    dock.files.report_button.click()
    rest(dock)
    session.undo()
    rest(dock)
    assert dock.counts.text() == "1 rejected"
    session.undo()
    rest(dock)
    assert dock.counts.text() == ""
    assert np.array_equal(movie.data, before)
    session.redo(2)
    rest(dock)
    assert dock.counts.text() == "1 accepted, 1 rejected"
    assert titles(session) == [
        "Proofread nuclei",
        "Reject object 2 of nuclei",
        "Accept object 5 of nuclei",
    ]


def test_the_channel_that_is_shown_gives_the_intensity(viewer, movie, opened, rest):
    dock = opened()
    dock.order.setCurrentIndex(dock.order.findData("intensity"))
    rest(dock)
    assert rows(dock)[0] == ["1", "4", "", "1"]
    viewer.dims.set_point(0, 1)
    dock.chosen._turned.setInterval(0)
    dock.chosen._turned.start()
    rest(dock)
    dock.chosen._on_turned()
    rest(dock)
    assert rows(dock)[0][1:] == ["5", "", "50"]
    assert dock.list.model().headerData(3, Qt.Orientation.Horizontal) == "Intensity, 1"


def test_an_image_without_time_stands_beside_all_frames(viewer, movie, opened, rest):
    ramp = np.tile(np.arange(SHAPE[1], dtype=float), (SHAPE[0], 1))
    viewer.add_image(ramp, name="ramp")
    dock = opened()
    dock.order.setCurrentIndex(dock.order.findData("intensity"))
    dock.other.choose(viewer.layers["ramp"])
    rest(dock)
    values = {(row[0], row[1]): float(row[3]) for row in rows(dock)}
    expected = {
        (str(t), str(n)): ramp[movie.data[t] == n].mean() for t in range(2) for n in range(1, 6)
    }
    assert values == pytest.approx(expected)


def test_colours_count_by_their_brightness(viewer, opened, rest):
    labels = viewer.add_labels(squares(SHAPE, *CORNERS), name="nuclei")
    image = np.full((*SHAPE, 3), 200, np.uint8)
    image[labels.data == 3] = (0, 0, 200)
    viewer.add_image(image, name="colours")
    dock = opened()
    dock.order.setCurrentIndex(dock.order.findData("intensity"))
    rest(dock)
    assert rows(dock)[0][0] == "3"


def test_a_time_is_written_only_where_it_is_wanted(viewer, opened, rest):
    viewer.add_labels(squares(SHAPE, *CORNERS), name="nuclei")
    dock = opened()
    rest(dock)
    dock.go_to(1)
    dock.decide("accept")
    dock.time.setChecked(False)
    dock.decide("accept")
    assert dock.review.entry(1).when
    assert (dock.review.entry(2).when, dock.review.entry(2).who) == ("", "")


def test_a_comment_on_an_open_object_is_kept(viewer, session, opened, rest):
    viewer.add_labels(squares(SHAPE, *CORNERS), name="nuclei")
    dock = opened()
    rest(dock)
    dock.go_to(2)
    dock.comment.setText("ask Ben")
    dock.comment.editingFinished.emit()
    assert session.workflow.reviews["nuclei"].entries[0].comment == "ask Ben"
    session.undo()
    assert dock.review.entry(2).comment == ""


def test_what_can_not_be_recorded_is_still_decided(viewer, session, opened, rest, qtbot):
    viewer.add_labels(squares((4, *SHAPE), (1, 4, 4), (1, 24, 4)), name="nuclei")
    dock = opened()
    rest(dock)
    dock.decide("next")
    dock.decide("accept")
    assert "not in the workflow: say what the axes" in dock.message.text()
    assert states(dock) == {"1": "accepted", "2": ""}
    dock.chosen.axes.choice.setCurrentIndex(dock.chosen.axes.choice.findData("TYX"))
    qtbot.waitUntil(lambda: len(rows(dock)) == 6, timeout=20_000)
    assert "were not T, Y, X" in dock.message.text()


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    """Let nothing but files be left of what was decided."""

    def move():
        monkeypatch.setattr(review_store, "reviews_folder", lambda: tmp_path / "elsewhere")
        folder = tmp_path / "copy"
        shutil.copytree(tmp_path / "saved", folder)
        shutil.rmtree(tmp_path / "saved")
        return folder / "w.json"

    (tmp_path / "saved").mkdir()
    return SimpleNamespace(path=tmp_path / "saved" / "w.json", move=move)


@pytest.mark.slow
def test_decisions_about_drawn_labels_are_opened_elsewhere(
    viewer, session, movie, opened, rest, wait, elsewhere
):
    dock = opened()
    rest(dock)
    dock.who.setText("Ädä")
    dock.go_to((0, 3))
    dock.decide("accept")
    dock.go_to((1, 1))
    dock.decide("reject")
    rest(dock)
    after = movie.data.copy()
    write_workflow(elsewhere.path, *session.to_save())
    dock.stop()
    viewer.layers.clear()
    open_workflow(session, read_workflow(elsewhere.move()))
    wait()
    (layer,) = (one for one in viewer.layers if isinstance(one, Labels))
    assert np.array_equal(layer.data, after)
    again = opened()
    rest(again)
    assert "Going on with an earlier review" in again.message.text()
    assert again.counts.text() == "1 accepted, 1 rejected"
    assert again.review.entry((0, 3)).who == "Ädä"
    again.go_to((0, 4))
    again.decide("accept")
    session.undo()
    assert again.counts.text() == "1 accepted, 1 rejected"


@pytest.mark.slow
def test_decisions_about_a_result_are_found_again_whatever_its_numbers(
    viewer, session, wait, opened, rest, elsewhere
):
    image = viewer.add_image(100.0 * (squares(SHAPE, *CORNERS) > 0), name="image")
    session.run("segmentation.gauss_otsu_labeling", {"image": image}, {})
    wait()
    layer = session.layer("labels")
    session.run("postprocessing.shuffle_labels", {"labels": layer}, {"seed": 1})
    wait()
    layer = session.layer(session.workflow.steps[-1].outputs[0])
    dock = opened()
    dock.labels.choose(layer)
    rest(dock)
    places = [tuple(np.argwhere(layer.data == one)[0]) for one in range(1, 6)]
    dock.go_to(1)
    dock.decide("accept")
    dock.go_to(2)
    dock.decide("reject")
    rest(dock)
    wait()
    rest(dock)
    write_workflow(elsewhere.path, *session.to_save())
    dock.stop()
    viewer.layers.clear()
    read = read_workflow(elsewhere.move())
    (name,) = read.reviews
    shuffle = next(one for one in read.steps if one.operation.endswith("shuffle_labels"))
    # The numbers are others before anybody looks.
    open_workflow(session, read.change(shuffle.name, parameters={"seed": 5}))
    wait()
    layer = session.layer(name)
    again = opened()
    again.labels.choose(layer)
    rest(again)
    number = int(layer.data[places[0]])
    assert number != 1
    assert states(again)[str(number)] == "accepted"
    assert again.counts.text() == "1 accepted, 1 rejected"
    assert layer.data[places[1]] == 0
    session.undo()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_whatever_is_decided_and_painted_undo_goes_all_the_way_back(
    session, movie, opened, rest, seed
):
    """Decisions and strokes in any order: all are taken back, and made again, bit for bit."""
    random = np.random.default_rng(seed)
    first = movie.data.copy()
    dock = opened()
    rest(dock)

    def verdicts():
        return {(one.origin, one.frame): one.state for one in dock.review.entries if one.is_seen}

    def decide():
        keys = [one.key for one in dock.review.entries if not one.gone]
        if keys:
            dock.go_to(keys[random.integers(len(keys))])
            dock.decide(str(random.choice(["accept", "reject", "fix"])))

    def paint():
        if session.name_of(movie) is None:
            return  # what is no part of the workflow is undone by napari
        place = (*random.integers(0, 2, 1), *random.integers(0, 60, 2))
        movie.paint(tuple(map(int, place)), int(random.integers(0, 12)))
        session.record_edits()

    def undo():
        session.undo()

    def redo():
        session.redo()

    for act in random.choice([decide, decide, paint, undo, redo], 25):
        act()
        rest(dock)
        recorded = session.workflow.reviews.get("nuclei")
        assert (recorded.entries if recorded else ()) == dock.review.notable().entries
    session.redo(len(session.history.future))
    rest(dock)
    last, decided = movie.data.copy(), verdicts()
    many = len(session.history.past)
    session.undo(many)
    rest(dock)
    assert np.array_equal(movie.data, first)
    assert not verdicts()
    session.redo(many)
    rest(dock)
    assert np.array_equal(movie.data, last)
    assert verdicts() == decided


@pytest.mark.slow
def test_a_dock_that_is_open_shows_what_a_workflow_says_that_is_opened(
    viewer, session, movie, opened, rest, wait, elsewhere, qtbot
):
    dock = opened()
    rest(dock)
    for key, what in (((0, 3), "accept"), ((1, 1), "reject")):
        dock.go_to(key)
        dock.decide(what)
    rest(dock)
    write_workflow(elsewhere.path, *session.to_save())
    viewer.layers.clear()
    rest(dock)
    open_workflow(session, read_workflow(elsewhere.move()))
    wait()
    qtbot.waitUntil(lambda: dock.counts.text() == "1 accepted, 1 rejected", timeout=10_000)
    assert states_of(dock)["0", "3"] == "accepted"
    layer = dock.reviewed.layer
    dock.go_to((0, 1))
    dock.decide("reject")
    rest(dock)
    assert not (layer.data[0] == 1).any()
    session.undo()
    rest(dock)
    assert (layer.data[0] == 1).any()
    assert dock.counts.text() == "1 accepted, 1 rejected"


def states_of(dock):
    return {(row[0], row[1]): row[2] for row in rows(dock)}
