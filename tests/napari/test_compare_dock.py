"""The Compare dock scores, shows, lists and ranks segmentations, and records steps."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Labels
from qtpy.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QTableWidget,
)
from skimage import data

from napari_delineate import metrics
from napari_delineate._napari import comparisons
from napari_delineate._napari.compare_dock import CompareDock
from napari_delineate._napari.compare_parts import AnnotatorsPart
from napari_delineate._napari.visible import camera_of
from napari_delineate.comparison import MATCHES_MAP, OVERLAP_MAP, ScoreId
from tests.operations.test_metrics_objects import squares

SHAPE = (40, 60)
CORNERS = [(4, 4), (4, 24), (4, 44), (24, 4), (24, 30)]
F_SCORE = ScoreId("metrics.detection_scores", "f_score")


def texts(table):
    """Read a table as a person does."""
    return [
        [table.item(row, column).text() for column in range(table.columnCount())]
        for row in range(table.rowCount())
    ]


@pytest.fixture
def opened(viewer, qtbot):
    """Open the dock, wait until it rests, and stop it at the end."""
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


@pytest.fixture
def pair(viewer):
    """Five objects, of which a good segmentation has four and a poor one three and a wrong one."""
    reference = squares(SHAPE, *CORNERS)
    good = squares(SHAPE, *CORNERS[:4])
    poor = squares(SHAPE, *CORNERS[:3], (34, 44))
    viewer.add_image(np.asarray(reference, float), name="image")
    for name, labels in (("truth", reference), ("good", good), ("poor", poor)):
        viewer.add_labels(labels, name=name)
    return reference, good, poor


@pytest.mark.slow
def test_empty_states_say_what_to_do(viewer, opened, rest):
    viewer.add_image(np.zeros(SHAPE), name="floats")
    dock = opened()
    rest(dock)
    assert "Open or draw labels" in dock.message.text()
    assert dock.titles["Scores"].isHidden()
    viewer.add_labels(np.zeros(SHAPE, int), name="truth")
    viewer.add_labels(squares(SHAPE, *CORNERS), name="result")
    rest(dock)
    assert "Tick at least one segmentation" in dock.message.text()
    dock.segmentations.choose([viewer.layers["result"]])
    rest(dock)
    assert "The reference holds no objects" in dock.message.text()
    # What is painted is compared at once.
    viewer.layers["truth"].data_setitem((np.array([5, 5]), np.array([5, 6])), 1)
    rest(dock)
    assert not dock.message.text()
    assert dock.table.rowCount() > 0


def test_scores_stand_side_by_side_and_follow_what_is_ticked(viewer, pair, opened, rest):
    reference, good, poor = pair
    dock = opened()
    dock.reference.choose(viewer.layers["truth"])
    dock.segmentations.choose([viewer.layers["good"], viewer.layers["poor"]])
    dock.scores.choose([F_SCORE, ScoreId("metrics.detection_scores", "false_positives")])
    rest(dock)
    heads = [dock.table.horizontalHeaderItem(column).text() for column in range(2)]
    assert heads == ["poor", "good"]
    expected = [metrics.detection_scores(reference, one)["f_score"] for one in (poor, good)]
    assert texts(dock.table) == [[f"{expected[0]:.3f}", f"★ {expected[1]:.3f}"], ["1", "★ 0"]]
    assert dock.table.verticalHeaderItem(0).text() == "↑ F score"
    dock.annotation.setCurrentIndex(1)  # then an object beside the others is no mistake
    rest(dock)
    assert texts(dock.table)[1] == ["0", "0"]
    viewer.add_labels(np.zeros((9, 9), int), name="other")
    dock.segmentations.choose([viewer.layers["good"], viewer.layers["other"]])
    rest(dock)
    assert "other has 9 × 9 pixels, the reference 40 × 60" in dock.message.text()
    assert texts(dock.table)[0][1] == "0.889"


@pytest.mark.slow
def test_scores_and_maps_become_steps(viewer, pair, opened, rest, session):
    reference, _, poor = pair
    dock = opened()
    dock.reference.choose(viewer.layers["truth"])
    dock.segmentations.choose([viewer.layers["poor"]])
    dock.scores.choose([F_SCORE, ScoreId("metrics.dice", "score")])
    rest(dock)
    assert not dock.add_button.isEnabled()
    dock.table.selectAll()
    dock.add_button.click()
    dock.add_button.click()  # what is there already is not added again
    rest(dock)
    done = [step.operation for step in session.workflow.steps]
    assert done == ["metrics.detection_scores", "metrics.dice"]
    dock.matches_button.click()
    rest(dock)
    dock.overlap_button.click()
    rest(dock)
    done = {step.operation: step for step in session.workflow.steps}
    matches = session.layer(done[MATCHES_MAP].outputs[0])
    assert np.array_equal(matches.data, metrics.map_matches(reference, poor))
    assert not np.array_equal(matches.get_color(1), matches.get_color(2))
    overlap = session.layer(done[OVERLAP_MAP].outputs[0])
    assert tuple(overlap.contrast_limits) == (0, 1)
    assert overlap.visible
    assert not matches.visible  # one map at a time
    assert matches not in dock.segmentations.layers()
    count = len(session.workflow.steps)
    dock.matches_button.click()
    assert len(session.workflow.steps) == count
    assert matches.visible
    dock.outlines.setChecked(True)
    assert viewer.layers["truth"].contour == 2
    dock.outlines.setChecked(False)
    assert viewer.layers["truth"].contour == 0


def test_worst_objects_come_first_and_are_gone_to(viewer, opened, rest):
    """In a stack whose voxels are flat, camera and slider go to an object."""
    reference = squares((8, 40, 60), (1, 4, 4), (3, 24, 40), size=4)
    labels = reference.copy()
    labels[:, :, 42:] = 0  # half of the second object
    for name, one in (("truth", reference), ("labels", labels)):
        viewer.add_labels(one, name=name, scale=(2, 0.5, 0.5), axis_labels=("z", "y", "x"))
    dock = opened()
    dock.reference.choose(viewer.layers["truth"])
    dock.segmentations.choose([viewer.layers["labels"]])
    rest(dock)
    assert [row[:2] for row in texts(dock.worst.table)] == [["2", "0.500"], ["1", "1.000"]]
    dock.worst.next_button.click()
    assert viewer.dims.point[0] == pytest.approx(2 * 4.5, abs=1)
    assert camera_of(viewer).center[-2:] == pytest.approx((0.5 * 25.5, 0.5 * 41.5))
    assert viewer.layers["truth"].selected_label == 2
    dock.worst.previous_button.click()
    assert camera_of(viewer).center[-2:] == pytest.approx((0.5 * 5.5, 0.5 * 5.5))
    assert viewer.layers["truth"].selected_label == 1


@pytest.mark.slow
def test_states_are_ranked_and_can_be_gone_back_to(viewer, session, opened, rest, wait):
    image = viewer.add_image(data.coins()[:150, :180], name="coins")
    mask = session.run("segmentation.threshold", {"image": image}, {"method": "otsu"})
    wait()
    source = session.workflow.step(mask).outputs[0]
    session.run("segmentation.label_connected_components", {"mask": source}, {})
    wait()
    name = session.workflow.steps[-1].outputs[0]
    truth = viewer.add_labels(session.results[name].data.copy(), name="truth")
    dock = opened()
    assert dock.reference.layer() is truth
    dock.scores.choose([F_SCORE])
    rest(dock)
    assert dock.segmentations.layers() == [session.layer(name)]
    best = session.workflow
    session.change(mask, parameters={"method": "minimum"})
    rest(dock)
    rows = texts(dock.variants.table)
    assert [row[1] for row in rows] == [name, name]
    assert rows[0][0] == "1.000"
    assert float(rows[1][0]) < 1
    assert rows[0][2] == "Start"
    assert rows[1][2].startswith("Now: Method of Threshold: otsu → minimum")
    dock.variants.table.selectRow(0)
    dock.variants.button.click()
    rest(dock)
    assert session.workflow == best
    assert texts(dock.variants.table)[0][2] == "Now: Start"
    session.undo()
    rest(dock)
    assert session.workflow.step(mask).parameters["method"] == "minimum"
    assert len(texts(dock.variants.table)) == 2


def test_advice_fills_the_table(viewer, pair, opened, rest):
    dock = opened()
    dock.reference.choose(viewer.layers["truth"])
    dock.segmentations.choose([viewer.layers["good"]])
    dock.advice.answers[1].setCurrentIndex(1)  # a few pixels wide
    assert "centroids are near" in dock.advice.said.text()
    dock.advice.button.click()
    rest(dock)
    wanted = dock.advice.recommendation()
    assert set(dock.comparison.request.scores) == set(wanted.scores)
    assert dock.comparison.request.settings["metrics.detection_scores"] == {
        "criterion": "centroid distance"
    }
    assert dock.table.rowCount() == len(wanted.scores)


def test_every_control_says_what_it_is_and_keeps_to_the_width(viewer, pair, opened, rest, qtbot):
    dock = opened()
    dock.reference.choose(viewer.layers["truth"])
    dock.segmentations.choose([viewer.layers["good"]])
    rest(dock)
    kinds = QAbstractButton, QComboBox, QLineEdit, QListWidget, QTableWidget
    for kind in kinds:
        for part in dock.findChildren(kind):
            if part.objectName().startswith("qt_") or isinstance(part.parent(), kinds):
                continue
            assert part.toolTip(), part
            assert part.accessibleName() or part.text(), part
    assert dock.minimumSizeHint().width() <= 320
    for theme in ("light", "dark"):
        viewer.theme = theme
        ink = dock.plots.curves.canvas.figure.axes[0].xaxis.label.get_color()
        assert ink == dock.plots.sizes.canvas.figure.axes[0].xaxis.label.get_color()
    assert all(isinstance(one.text(), str) for one in dock.findChildren(QLabel))


def test_a_closed_dock_follows_nothing(viewer, pair, opened, rest):
    dock = opened()
    rest(dock)
    dock.outlines.setChecked(True)
    dock.stop()
    assert all(one.contour == 0 for one in viewer.layers if isinstance(one, Labels))
    viewer.layers["truth"].data = np.zeros(SHAPE, int)
    assert not dock._pause.isActive()


@pytest.mark.parametrize("error", [RuntimeError("no memory is left"), ValueError("no memory")])
def test_what_goes_wrong_in_the_background_is_said_and_ends(
    viewer, pair, opened, rest, monkeypatch, error
):
    dock = opened()
    rest(dock)

    def fail(*_):
        raise error

    monkeypatch.setattr(comparisons, "compare", fail)
    dock._plan()
    rest(dock)
    assert dock.message.text() == str(error)
    assert dock.progress.isHidden()


def test_several_annotators_are_compared_without_a_reference(viewer, pair, opened, rest):
    dock = opened()
    dock.reference.choose(None)
    dock._had_reference = True
    dock.segmentations.choose([viewer.layers["good"], viewer.layers["poor"]])
    rest(dock)
    assert "Several annotators" in dock.message.text()
    section = dock.titles["Several annotators"]
    assert not section.isHidden()
    part = section.findChild(AnnotatorsPart)
    form = part.open("metrics.compare_annotators")
    assert form.operation.id == "metrics.compare_annotators"
    chosen = form.fields.choices["annotations"].layers()
    assert {layer.name for layer in chosen} == {"good", "poor"}
    # With a reference, its annotator is one of them.
    dock.reference.choose(viewer.layers["truth"])
    for name, button in part.buttons.items():
        button.click()
        form = viewer.window.dock_widgets["Delineate"].widget()
        assert form.operation.id == name
        chosen = form.fields.choices["annotations"].layers()
        assert {layer.name for layer in chosen} == {"truth", "good", "poor"}


def test_a_click_compares_each_pair_of_annotators(viewer, pair, opened, rest, session):
    dock = opened()
    dock.reference.choose(viewer.layers["truth"])
    dock.segmentations.choose([viewer.layers["good"], viewer.layers["poor"]])
    rest(dock)
    part = dock.titles["Several annotators"].findChild(AnnotatorsPart)
    form = part.open("metrics.compare_annotators")
    # The active layer is one of the annotators, not the region that they looked at.
    assert viewer.layers.selection.active.name == "poor"
    assert form.fields.choices["region"].source() is None
    form.run_button.click()
    rest(dock)
    table = session.results[session.workflow.steps[-1].outputs[0]].data
    assert len(table) == 3
    # Of five objects four are in one, three and a wrong one in the other.
    both = sorted(table[["both", "first_only", "second_only"]].sum(axis=1).tolist())
    assert both == [5, 5, 6]
    assert sorted(table["both"].tolist()) == [3, 3, 4]
