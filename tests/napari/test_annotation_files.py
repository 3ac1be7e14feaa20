"""Annotations are opened from files of other programs, and saved for them, in napari."""

from __future__ import annotations

import importlib.util
import json

import numpy as np
import pytest
from napari.utils.notifications import notification_manager
from qtpy.QtWidgets import QFileDialog

from napari_delineate._napari.annotation_files import annotated_labels, open_annotation
from napari_delineate.annotation.meaning import Annotation
from napari_delineate.files import (
    AnnotatedLabels,
    read,
    read_annotation,
    read_workflow,
    write_annotation,
    write_workflow,
)

SAVED = (
    *(".geojson", ".coco.json", ".rois.zip", ".ome.tif"),
    *([".ome.zarr"] if importlib.util.find_spec("zarr") else []),
)
SIZE = {"scale": (2.0, 0.5, 0.5), "units": ("um",) * 3, "axis_labels": "ZYX"}


@pytest.fixture
def labels():
    labels = np.zeros((3, 9, 10), np.int32)
    labels[0, 1:6, 2:8] = 4
    labels[0, 3, 4] = 0
    labels[1:, 7:, :3] = 9
    return labels


@pytest.fixture
def image(viewer):
    return viewer.add_image(np.zeros((3, 9, 10)), name="raw", translate=(0, 3, 4), **SIZE)


def annotation_in(session, layer):
    return session.workflow.inputs[session.name_of(layer)].annotation


def test_labels_are_saved_with_their_classes_and_opened_again(session, image, labels, tmp_path):
    meaning = Annotation().named("nucleus").named("mitosis").with_class(9, 2)
    source = write_annotation(
        tmp_path / "source.geojson",
        AnnotatedLabels.described(AnnotatedLabels.of(labels).value, meaning),
    )
    first = open_annotation(session, source)
    first.features = {"index": [0, 4, 9], "name": [None, "the first", "µ"]}
    for ending in SAVED:
        path = tmp_path / f"cells{ending}"
        assert first.save(str(path), plugin="napari-delineate") == [str(path)]
        found = read_annotation(path)
        assert found.meaning == meaning, ending
        assert (found.spacing, found.units) == ((2.0, 0.5, 0.5), "micrometer"), ending
        assert found.names == {4: "the first", 9: "µ"}, ending
        session.viewer.layers.selection.active = image
        second = open_annotation(session, path)
        assert second.name.startswith("cells")
        assert np.array_equal(second.data, labels), ending
        for what in ("scale", "translate", "units", "axis_labels"):
            assert tuple(getattr(second, what)) == tuple(getattr(image, what)), (ending, what)
        assert annotation_in(session, second) == meaning, ending
        assert annotated_labels(session, second).names == found.names, ending


@pytest.mark.parametrize("ending", SAVED)
def test_the_dock_saves_and_opens_files_and_folders(
    viewer, session, image, labels, annotate, qtbot, tmp_path, monkeypatch, ending
):
    layer = viewer.add_labels(labels, translate=(0, 3, 4), **SIZE)
    annotate.choice.choose(layer)
    path = str(tmp_path / f"cells{ending}")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (path, ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (path, ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: path)
    annotate.files.save_button.click()
    qtbot.waitUntil(lambda: annotate.message.text() == f"Saved as cells{ending}.", timeout=20_000)
    button = annotate.files.folder_button if ending == ".ome.zarr" else annotate.files.open_button
    button.click()
    opened = viewer.layers[-1]
    assert opened is not layer
    assert annotate.hand.layer is opened
    assert np.array_equal(opened.data, labels)


def test_a_file_of_qupath_lies_on_the_image_when_it_is_dropped(viewer, session, image, tmp_path):
    path = tmp_path / "tissue.geojson"
    square = [[1, 2], [4, 2], [4, 5], [1, 5], [1, 2]]
    feature = {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [square], "plane": {"z": 2, "t": 0}},
        "properties": {"classification": {"name": "Tumor", "color": [200, 0, 1]}},
    }
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    viewer.open(str(path), plugin=None)
    layer = viewer.layers["tissue"]
    assert layer.data.shape == (3, 9, 10)
    assert (layer.data[2, 2:5, 1:4] == 1).all()
    assert np.count_nonzero(layer.data) == 9
    assert tuple(layer.translate) == (0, 3, 4)
    (tumour,) = annotation_in(session, layer).classes
    assert (tumour.name, tumour.color) == ("Tumor", "#c80001")


def test_files_are_opened_by_their_names(viewer, tmp_path):
    plane = np.array([[0, 2, 2], [0, 2, 2]])
    for name in ("a.geojson", "a.coco.json", "RoiSet.zip", "a_rois.zip", "a_cp_masks.png"):
        path = write_annotation(tmp_path / name, AnnotatedLabels.of(plane))
        viewer.open(str(path), plugin=None)
        (layer,) = viewer.layers
        assert layer.as_layer_data_tuple()[2] == "labels", name
        assert np.array_equal(layer.data, plane), name
        viewer.layers.clear()


def test_labels_of_another_voxel_size_lie_on_the_image_and_it_is_said(session, image, tmp_path):
    annotation = AnnotatedLabels.of(np.ones((3, 9, 10), int), spacing=2, units="millimeter")
    path = write_annotation(tmp_path / "other.geojson", annotation)
    with notification_manager:
        layer = open_annotation(session, path)
    assert "a voxel size of 2 x 2 x 2 millimeter, the image 'raw' has 2 x 0.5 x 0.5 micro" in (
        notification_manager.records[-1].message
    )
    assert tuple(layer.scale) == (2.0, 0.5, 0.5)


def test_an_annotation_of_another_image_is_opened_alone(viewer, session, image, tmp_path):
    plane = np.eye(4, dtype=np.int32)
    annotation = AnnotatedLabels.of(plane, spacing=(0.1, 0.2), units="millimeter")
    layer = open_annotation(session, write_annotation(tmp_path / "other.rois.zip", annotation))
    assert np.array_equal(layer.data, plane)
    assert tuple(layer.scale) == (0.1, 0.2)
    assert {str(unit) for unit in layer.units} == {"millimeter"}


def test_what_a_file_can_not_say_is_said(viewer, image, tmp_path):
    path = tmp_path / "two.geojson"
    squares = [[[[x, 0], [x + 3, 0], [x + 3, 3], [x, 3]]] for x in (0, 2)]
    features = [
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": one}} for one in squares
    ]
    path.write_text(json.dumps(features))
    with notification_manager:
        viewer.open(str(path), plugin=None)
    assert "two.geojson: 3 pixels lie in several objects" in (
        notification_manager.records[-1].message
    )
    path.write_text("[" * 5000)
    with notification_manager:
        viewer.open(str(path), plugin=None)
    assert "two.geojson can not be read: it is nested too deeply" in (
        notification_manager.records[-1].message
    )
    assert len(viewer.layers) == 2


def test_axes_that_are_not_known_are_asked_for(viewer, labels, tmp_path):
    layer = viewer.add_labels(labels, name="bare")
    with pytest.raises(RuntimeError, match="say what the axes of the layer 'bare' are"):
        layer.save(str(tmp_path / "bare.geojson"), plugin="napari-delineate")


def test_an_opened_annotation_is_saved_with_the_workflow(session, image, tmp_path):
    """Workflows open images and meshes again, no outlines: the labels are kept beside them."""
    plane = np.zeros((3, 9, 10), np.int32)
    plane[1, 2:5, 2:5] = 3
    annotation = AnnotatedLabels.of(plane, classes={3: "cell"})
    open_annotation(session, write_annotation(tmp_path / "cells.coco.json", annotation))
    workflow, inputs = session.to_save()
    path = tmp_path / "workflow.json"
    write_workflow(path, workflow, inputs)
    found = read_workflow(path).inputs["cells"]
    assert found.annotation.class_of == ((3, 1),)
    assert np.array_equal(read(path.parent / found.source), plane)
