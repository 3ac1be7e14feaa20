"""The Compare dock shows no number that belongs to something else than what is seen."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from napari_delineate import metrics
from napari_delineate._napari.compare_dock import CompareDock
from napari_delineate._napari.visible import camera_of
from napari_delineate.comparison import ScoreId
from tests.operations.test_metrics_objects import squares

SHAPE = (40, 60)
F_SCORE = ScoreId("metrics.detection_scores", "f_score")


@pytest.fixture
def opened(viewer):
    """Open the dock, and stop it at the end."""
    docks = []

    def open_dock():
        dock = CompareDock(viewer)
        viewer.window.add_dock_widget(dock, name="Compare")
        docks.append(dock)
        return dock

    yield open_dock
    for dock in docks:
        dock.stop()


@pytest.fixture
def rest(qtbot, session):
    def wait(dock):
        qtbot.waitUntil(
            lambda: not (session.running or dock._pause.isActive() or dock.comparisons.running),
            timeout=60_000,
        )

    return wait


def shown(dock):
    """The names and the first row of the table."""
    names = [dock.table.horizontalHeaderItem(place).text() for place in range(count(dock))]
    return names, [dock.table.item(0, place).text() for place in range(count(dock))]


def count(dock):
    return dock.table.columnCount()


def test_a_step_that_failed_has_no_scores(viewer, session, opened, rest, wait):
    """What a layer showed before its step failed is not what the step gives."""
    reference = squares(SHAPE, (4, 4), (24, 30))
    image = viewer.add_image(reference.astype(np.float32), name="image")
    viewer.add_labels(reference, name="truth")
    viewer.add_labels(np.roll(reference, 1), name="other")
    step = session.run("segmentation.threshold", {"image": image}, {})
    source = session.workflow.step(step).outputs[0]
    wait()
    session.run("segmentation.label_connected_components", {"mask": source}, {})
    wait()
    labels = session.layer(session.workflow.steps[-1].outputs[0])
    dock = opened()
    dock.reference.choose(viewer.layers["truth"])
    dock.segmentations.choose([labels, viewer.layers["other"]])
    dock.scores.choose([F_SCORE])
    rest(dock)
    assert sorted(shown(dock)[0]) == ["labels", "other"]
    before = [one.workflow for one in dock._variants.all()]
    image.data = np.full(SHAPE, np.nan, np.float32)
    session.record_edits()
    rest(dock)
    assert session.results.errors
    assert shown(dock)[0] == ["other"]
    assert "labels was not computed" in dock.message.text()
    assert [one.workflow for one in dock._variants.all()] == before


def test_layers_in_different_places_are_not_compared(viewer, opened, rest):
    reference = squares(SHAPE, (4, 4))
    viewer.add_labels(reference, name="truth")
    viewer.add_labels(reference, name="there", translate=(0, 20))
    viewer.add_labels(reference, name="here", translate=(0, 0.2))
    dock = opened()
    dock.reference.choose(viewer.layers["truth"])
    dock.segmentations.choose([viewer.layers["there"], viewer.layers["here"]])
    rest(dock)
    assert shown(dock)[0] == ["here"]
    assert "there lies elsewhere than truth" in dock.message.text()
    viewer.layers["there"].translate = (0, 0)
    dock.segmentations.choose([viewer.layers["there"]])
    rest(dock)
    assert shown(dock)[0] == ["there"]
    assert not dock.message.text()


def test_no_other_layer_becomes_the_reference_unasked(viewer, opened, rest):
    reference = squares(SHAPE, (4, 4))
    for name in ("truth", "one", "two"):
        viewer.add_labels(reference, name=name)
    dock = opened()
    dock.reference.choose(viewer.layers["truth"])
    dock.segmentations.choose([viewer.layers["one"], viewer.layers["two"]])
    rest(dock)
    viewer.layers.remove("truth")
    rest(dock)
    assert dock.reference.layer() is None
    assert dock.comparison is None
    assert dock.message.text().startswith("Choose a reference")


def test_axes_that_nobody_knows_are_asked_once(viewer, opened, rest):
    reference = squares((6, *SHAPE), (1, 4, 4), (2, 24, 30), size=3)
    for name in ("truth", "one", "two"):
        viewer.add_labels(reference, name=name)
    dock = opened()
    dock.reference.choose(viewer.layers["truth"])
    dock.segmentations.choose([viewer.layers["one"], viewer.layers["two"]])
    rest(dock)
    assert dock.message.text().startswith("Say what the axes are")
    choice = dock.choice._axes.choice
    choice.setCurrentIndex(choice.findData("TYX"))
    rest(dock)
    assert dock.choice._axes is None
    assert sorted(shown(dock)[0]) == ["one", "two"]
    assert dock.comparison.request.reference.axes == "TYX"
    assert dock.message.text() == "Scores are means over 6 images (T)."


def test_spurious_objects_are_listed_and_gone_to(viewer, opened, rest):
    reference = squares(SHAPE, (4, 4), (4, 24))
    labels = squares(SHAPE, (4, 4), (30, 50))
    viewer.add_labels(reference, name="truth")
    viewer.add_labels(labels, name="labels")
    dock = opened()
    dock.reference.choose(viewer.layers["truth"])
    dock.segmentations.choose([viewer.layers["labels"]])
    rest(dock)
    table = dock.worst.table
    rows = [[table.item(row, column).text() for column in (0, 2)] for row in range(3)]
    assert rows == [["2", "missed"], ["label 2", "spurious"], ["1", "matched"]]
    table.setCurrentCell(1, 0)
    assert viewer.layers["labels"].selected_label == 2
    where = np.argwhere(labels == 2)
    assert camera_of(viewer).center[-2:] == pytest.approx(where.mean(axis=0))


@pytest.mark.slow
def test_matches_are_those_of_the_scores(viewer, session, opened, rest):
    """Small objects are partners by the distance of their centroids: also where that is shown."""
    reference = squares(SHAPE, (4, 4), (24, 30), size=2)
    labels = np.roll(reference, 2, axis=1)  # without overlap
    viewer.add_labels(reference, name="truth")
    viewer.add_labels(labels, name="labels")
    dock = opened()
    dock.reference.choose(viewer.layers["truth"])
    dock.segmentations.choose([viewer.layers["labels"]])
    dock.advice.answers[1].setCurrentIndex(1)  # a few pixels wide
    dock.advice.button.click()
    rest(dock)
    found = dock.comparison.found["labels"]
    assert found.scores[F_SCORE] == 1
    dock.matches_button.click()
    rest(dock)
    classes = session.results[session.workflow.steps[-1].outputs[0]].data
    assert np.unique(classes).tolist() == [0, 1]
    expected = metrics.map_matches(reference, labels, criterion="centroid distance")
    assert np.array_equal(classes, expected)


@pytest.mark.slow
def test_states_from_before_the_dock_was_opened_are_scored(viewer, session, opened, rest, wait):
    image = viewer.add_image(data.coins()[:150, :180], name="coins")
    mask = session.run("segmentation.threshold", {"image": image}, {"method": "otsu"})
    wait()
    source = session.workflow.step(mask).outputs[0]
    session.run("segmentation.label_connected_components", {"mask": source}, {})
    wait()
    name = session.workflow.steps[-1].outputs[0]
    viewer.add_labels(session.results[name].data.copy(), name="truth")
    best = session.workflow
    for method in ("minimum", "triangle"):
        session.change(mask, parameters={"method": method})
        wait()
        session._gesture = (None, 0.0)  # some time has passed
    session.undo()
    wait()
    dock = opened()
    dock.scores.choose([F_SCORE])
    rest(dock)
    part = dock.variants
    assert part.table.rowCount() == 1
    assert part.earlier_button.text() == "Score 2 more states of the history"
    part.earlier_button.click()
    part.earlier_button.click()  # which stops it
    rest(dock)
    assert not part.earlier_button.isHidden()
    part.earlier_button.click()
    rest(dock)
    assert part.earlier_button.isHidden()
    titles = [part.table.item(row, 2).text() for row in range(3)]
    assert titles[0] == "Start"
    assert part.table.item(0, 0).text() == "1.000"
    assert sorted(titles[1:]) == [
        "Method of Threshold: minimum → triangle",
        "Now: Method of Threshold: otsu → minimum",
    ]
    part.table.selectRow(0)
    part.button.click()
    rest(dock)
    assert session.workflow == best
