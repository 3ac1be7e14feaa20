"""The Annotators dock compares people, goes to where they differ, and makes one of all."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtWidgets import QAbstractButton, QComboBox, QListWidget, QTableWidget

from napari_delineate import metrics, postprocessing
from napari_delineate._napari.annotators_dock import AnnotatorsDock
from napari_delineate._napari.compare_dock import CompareDock
from napari_delineate._napari.compare_parts import AnnotatorsPart
from napari_delineate._napari.visible import camera_of
from napari_delineate.annotation.meaning import Annotation
from tests.napari.truth import check_notebook
from tests.test_annotator_comparison import three


@pytest.fixture
def opened(viewer, qtbot, session):
    docks = []

    def open_dock():
        dock = AnnotatorsDock(viewer)
        viewer.window.add_dock_widget(dock, name="Annotators")
        docks.append(dock)
        rest(dock)
        return dock

    def rest(dock):
        qtbot.waitUntil(lambda: not (session.running or dock.running), timeout=60_000)

    open_dock.rest = rest
    yield open_dock
    for dock in docks:
        dock.stop()


@pytest.fixture
def layers(viewer):
    annotations = dict(zip(("Ada", "Ben", "Cléo"), three(), strict=True))
    return [viewer.add_labels(one, name=name) for name, one in annotations.items()]


def cells(table):
    return [
        [table.item(row, column).text() for column in range(table.columnCount())]
        for row in range(table.rowCount())
    ]


def test_three_annotators_are_compared(viewer, layers, opened):
    dock = opened()
    table = {row[0]: row[1:] for row in cells(dock.pairs)}
    assert table["Ada – Ben"] == ["1.000", "1.000", "1.000"]
    expected = metrics.compare_annotators([layers[0].data, layers[2].data])["f_score"][0]
    assert float(table["Ada – Cléo"][0]) == pytest.approx(expected, abs=5e-4)
    assert "Cléo – all others" in table
    assert dock.said.text().startswith("Cléo differs most")
    places = cells(dock.places)
    assert places[0] == ["only Cléo drew it", "0.000"]
    assert {row[0] for row in places[1:]} == {"Cléo did not draw it"}
    dock.places.setCurrentCell(1, 0)
    place = dock.comparison.disagreements[1]
    middle = (np.array(place.low) + place.high) / 2
    assert np.allclose(camera_of(viewer).center[-2:], middle)
    # Who paints changes what is found.
    layers[2].data_setitem(np.nonzero(layers[0].data == 4), 9)
    opened.rest(dock)
    assert len(cells(dock.places)) == 2


@pytest.mark.slow
def test_maps_scores_and_consensus_are_steps_of_the_notebook(
    viewer, session, wait, layers, opened, tmp_path, monkeypatch
):
    dock = opened()
    dock.show_map()
    wait()
    dock.make_consensus()
    wait()
    dock.add_scores()
    wait()
    assert [one.operation for one in session.workflow.steps] == [
        "metrics.map_disagreement",
        "postprocessing.consensus_objects",
        "metrics.compare_annotators",
        "metrics.annotator_agreement",
    ]
    data = three()
    map_layer = session.layer(session.workflow.steps[0].outputs[0])
    assert np.array_equal(map_layer.data, metrics.map_disagreement(data, compare="objects"))
    consensus = session.layer(session.workflow.steps[1].outputs[0])
    assert np.array_equal(consensus.data, postprocessing.consensus_objects(data).labels)
    monkeypatch.chdir(tmp_path)
    assert check_notebook(session, tmp_path) >= 2
    for compare, many in (("foreground", 2), ("classes", 2)):
        dock.compare.setCurrentIndex(dock.compare.findData(compare))
        assert dock.method.count() == many
        dock.method.setCurrentIndex(1)
        dock.make_consensus()
        wait()
        assert session.workflow.steps[-1].operation.startswith("postprocessing.staple")
        assert not session.results.errors


def test_annotations_of_other_shapes_are_named(viewer, layers, opened):
    cut = viewer.add_labels(layers[0].data[:20], name="cut")
    dock = opened()
    dock.annotations.choose([*layers, cut])
    opened.rest(dock)
    assert "most have 40 x 60. Untick others: cut (20 x 60)" in dock.message.text()
    assert dock.comparison is None
    dock.annotations.choose(layers)
    opened.rest(dock)
    assert dock.comparison is not None
    dock.annotations.choose(layers[:1])
    opened.rest(dock)
    assert "Tick two or more" in dock.message.text()


def test_a_movie_is_compared_frame_by_frame(viewer, opened):
    ada, _, cleo = three()
    kept = {"axis_labels": ("t", "z", "y", "x")}
    viewer.add_labels(np.stack([ada, ada])[:, None], name="Ada", **kept)
    viewer.add_labels(np.stack([ada, cleo])[:, None], name="Cleo", **kept)
    dock = opened()
    assert {row[0] for row in cells(dock.places)} == {"1"}
    dock.places.setCurrentCell(0, 0)
    assert viewer.dims.current_step[0] == 1
    assert "nobody can say" in dock.said.text()


def test_what_labels_mean_says_what_is_compared(viewer, session, layers, opened):
    classes = Annotation(semantic=True, sparse=True).named("nucleus")
    session.annotations.annotate(layers[0], classes)
    dock = opened()
    assert dock.compare.currentData() == "marked classes"
    assert [dock.pairs.horizontalHeaderItem(one).text() for one in range(3)] == [
        "Annotators",
        "Agree",
        "Kappa",
    ]


def test_axes_that_nobody_named_are_asked_for(viewer, opened):
    stack = np.stack([three()[0]] * 3)
    first = viewer.add_labels(stack, name="Ada", axis_labels=("z", "y", "x"))
    second = viewer.add_labels(stack, name="Ben", axis_labels=("t", "y", "x"))
    dock = opened()
    dock.annotations.choose([first, second])
    opened.rest(dock)
    assert "Say what the axes of all annotations are" in dock.message.text()


def test_nothing_to_compare_says_what_to_do(viewer, opened):
    dock = opened()
    assert dock.message.text() == "Tick two or more annotations of one image."
    for kind in (QAbstractButton, QComboBox, QListWidget, QTableWidget):
        for part in dock.findChildren(kind):
            if isinstance(part.parent(), QTableWidget):
                continue
            assert part.toolTip(), part
            assert part.accessibleName() or getattr(part, "text", str)(), part
    assert dock.minimumSizeHint().width() <= 320


def test_a_layer_that_is_deleted_is_left(viewer, layers, opened):
    dock = opened()
    viewer.layers.remove(layers[0])
    dock.go_to(dock.comparison.disagreements[0])
    opened.rest(dock)
    assert [row[0] for row in cells(dock.pairs)] == ["Ben – Cléo"]


@pytest.mark.slow
def test_the_compare_dock_opens_it_with_the_layers_chosen_there(viewer, layers):
    compare = CompareDock(viewer)
    viewer.window.add_dock_widget(compare, name="Compare")
    compare.reference.choose(layers[0])
    compare.segmentations.choose([layers[2]])
    (part,) = compare.findChildren(AnnotatorsPart)
    part.dock_button.click()
    dock = dict(viewer.window.dock_widgets)["Annotators"]
    assert set(dock.annotations.layers()) == {layers[0], layers[2]}
    dock.stop()
    compare.stop()
