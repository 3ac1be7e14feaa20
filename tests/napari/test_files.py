"""The manifest, sample data, the reader and the writers, as napari uses them."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import tifffile
from napari.utils.notifications import notification_manager

from napari_delineate import samples, segmentation, surfaces, voxels
from napari_delineate._napari.opening import OpenDialog
from napari_delineate.export import run_notebook
from napari_delineate.files import (
    read,
    read_value,
    read_workflow,
    write_surface,
    write_workflow,
)
from napari_delineate.manifest import manifest
from napari_delineate.types import Kind
from napari_delineate.values import Value
from napari_delineate.workflow import Workflow, WorkflowInput
from tests import inputs


def test_every_command_of_the_manifest_is_there(npe2pm):
    with npe2pm.tmp_plugin(package="napari-delineate") as plugin:
        for command in plugin.manifest.contributions.commands:
            assert callable(npe2pm.commands.get(command.id)), command.id


def test_the_menus_hold_every_operation(viewer):
    from napari._app_model import get_app_model

    app = get_app_model()
    shown = {
        item.command.id
        for menu_id in manifest()["contributions"]["menus"]
        if menu_id.startswith("napari-delineate/")
        for item in app.menus.get_menu(menu_id)
        if not hasattr(item, "submenu")
    }
    expected = {
        item["command"]
        for menu, items in manifest()["contributions"]["menus"].items()
        for item in items
        if "command" in item
    }
    assert shown == expected
    parents = [
        item.title
        for parent in ("filter", "segment", "visualize", "measure")
        for item in app.menus.get_menu(f"napari/layers/{parent}")
        if hasattr(item, "submenu")
    ]
    for title in ("Filters", "Segmentation", "Post-processing", "Surfaces", "Metrics"):
        assert any(title in parent for parent in parents), title


def test_a_menu_entry_opens_the_form(viewer):
    from napari._app_model import get_app_model

    command = "napari-delineate.segmentation.threshold"
    get_app_model().commands.execute_command(command).result()
    (holder,) = viewer.window.dock_widgets.values()
    assert holder.widget().operation.id == "segmentation.threshold"


@pytest.mark.parametrize("sample", samples.SAMPLES, ids=lambda sample: sample.name)
def test_samples_open_with_their_voxel_size(viewer, sample):
    (layer,) = viewer.open_sample("napari-delineate", sample.name)
    value = sample.load()
    assert np.array_equal(layer.data, value.data)
    assert layer.axis_labels == tuple(value.axes)
    assert tuple(layer.scale[-2:]) == value.spacing[-2:]
    assert str(layer.units[-1]) == value.units


@pytest.fixture
def segmented(viewer, session, run):
    """A viewer with an image that came from nowhere, labels and a table."""
    layer = viewer.add_image(
        inputs.image(3), name="raw", scale=(2, 0.5, 0.5), units=("um",) * 3, axis_labels="ZYX"
    )
    run("segmentation.voronoi_otsu_labeling", {"image": layer}, spot_sigma=voxels(1))
    run("measurements.measure", {"labels": session.layer("labels"), "image": layer})
    return viewer


def test_labels_are_saved_with_size_and_workflow(segmented, session, tmp_path):
    path = tmp_path / "labels.ome.tif"
    layer = session.layer("labels")
    assert layer.save(str(path), plugin="napari-delineate") == [str(path)]
    assert np.array_equal(tifffile.imread(path), layer.data)
    with tifffile.TiffFile(path) as file:
        text = file.ome_metadata
    assert 'PhysicalSizeZ="2.0"' in text
    assert 'PhysicalSizeX="0.5"' in text
    assert "voronoi_otsu_labeling" in text  # the workflow


def test_images_are_saved_with_size(segmented, tmp_path):
    path = tmp_path / "raw.ome.tif"
    segmented.layers["raw"].save(str(path), plugin="napari-delineate")
    assert np.array_equal(read(path), inputs.image(3))


def test_measurements_are_saved_with_units(segmented, session, tmp_path):
    path = tmp_path / "numbers.csv"
    session.layer("labels").save(str(path), plugin="napari-delineate")
    table = pd.read_csv(path)
    expected = session.results["table"].data
    np.testing.assert_allclose(table.filter(like="area").iloc[:, 0], expected["area"])


def test_surfaces_are_saved_in_physical_units(segmented, session, run, tmp_path):
    run("surfaces.labels_to_surface", {"labels": session.layer("labels")})
    path = tmp_path / "surface.ply"
    session.layer("surface").save(str(path), plugin="napari-delineate")
    np.testing.assert_allclose(
        read(path).vertices, session.results["surface"].data.vertices, rtol=1e-6
    )


def test_each_object_of_a_surface_is_saved(segmented, session, run, npe2pm, tmp_path):
    run("surfaces.labels_to_surface", {"labels": session.layer("labels")})
    writers = npe2pm.iter_compatible_writers(["surface"])
    each = next(one for one in writers if one.command.endswith("write_meshes"))
    segmented.layers.selection = {session.layer("surface")}
    path = str(tmp_path / "cell.vtp")
    written = segmented.layers.save(path, selected=True, _writer=each)
    labels = np.unique(session.results["labels"].data)[1:]
    assert written == [str(tmp_path / f"cell_{label}.vtp") for label in labels]
    found = read_value(written[0], Kind.SURFACE)
    assert found.units == "micrometer"
    assert (found.data.values == labels[0]).all()


def test_a_surface_is_opened_and_stays_its_file(viewer, session, run, tmp_path):
    """In its unit, and what is made from it is exported with the file itself."""
    labels = np.zeros((12, 14, 16), int)
    labels[3:9, 3:10, 3:12] = 7
    surface = surfaces.labels_to_surface(labels, spacing=(2.0, 0.5, 0.25))
    path = write_surface(tmp_path / "cell.vtp", surface, "micrometer")
    (layer,) = viewer.open(str(path), plugin=None)  # as what is dropped
    assert layer.name == "cell"
    assert tuple(layer.scale) == (1, 1, 1)
    assert {str(unit) for unit in layer.units} == {"micrometer"}
    assert np.array_equal(layer.data[0], surface.vertices)
    run("surfaces.smooth", {"surface": layer})
    (smoothed,) = session.workflow.steps[0].outputs
    run("surfaces.measure_surface", {"surface": session.layer(smoothed)})
    workflow, _ = session.to_save()
    assert [step.sources for step in workflow.steps] == [("cell",), (smoothed,)]
    assert workflow.inputs["cell"].source == str(path)
    assert workflow.inputs["cell"].units == "micrometer"
    assert {str(unit) for unit in session.layer(smoothed).units} == {"micrometer"}


def test_surfaces_that_can_not_be_read_say_why(viewer, tmp_path):
    broken = tmp_path / "broken.glb"
    broken.write_bytes(b"glTF")
    with notification_manager:
        viewer.open(str(broken), plugin=None)
    assert "broken.glb can not be read: it is no GLB file" in (
        notification_manager.records[-1].message
    )
    assert len(viewer.layers) == 0
    odd = write_surface(tmp_path / "odd.ply", inputs.value(Kind.SURFACE, 3), "smoot")
    with notification_manager:
        (layer,) = viewer.open(str(odd), plugin=None)
    assert "the unit 'smoot' is not known" in notification_manager.records[-1].message
    assert {str(unit) for unit in layer.units} == {"pixel"}


def test_surfaces_in_several_units_are_not_saved(viewer, tmp_path):
    surface = inputs.value(Kind.SURFACE, 3)
    layer = viewer.add_surface(tuple(surface), units=("mm", "um", "um"), name="odd")
    with pytest.raises(RuntimeError, match="'odd' has several units"):
        layer.save(str(tmp_path / "odd.ply"), plugin="napari-delineate")


def test_a_workflow_is_saved_and_opened_again(
    segmented, session, make_napari_viewer, tmp_path, qtbot
):
    from napari_delineate._napari.sessions import session_of

    path = tmp_path / "nuclei.json"
    segmented.layers.save(str(path), plugin="napari-delineate")
    workflow = read_workflow(path)
    assert [step.operation for step in workflow.steps] == [
        "segmentation.voronoi_otsu_labeling",
        "measurements.measure",
    ]
    assert (tmp_path / "nuclei_inputs" / "raw.ome.tif").exists()
    labels = session.layer("labels").data.copy()
    other = make_napari_viewer()
    other.open(str(path), plugin="napari-delineate")
    qtbot.waitUntil(lambda: not session_of(other).running, timeout=20_000)
    assert [layer.name for layer in other.layers] == ["raw", "labels"]
    assert np.array_equal(other.layers["labels"].data, labels)
    assert tuple(other.layers["labels"].scale) == (2, 0.5, 0.5)
    session_of(other).close()


@pytest.mark.slow
def test_the_exported_notebook_gives_the_layers(segmented, session, tmp_path):
    import nbformat

    path = tmp_path / "nuclei.ipynb"
    labels = session.layer("labels")
    labels.data_setitem((np.full(4, 5), np.arange(4), np.arange(4)), 30)  # and a correction
    segmented.layers.save(str(path), plugin="napari-delineate")
    notebook = nbformat.read(path, as_version=4)
    code = "import numpy; numpy.save('found.npy', corrected_labels)"
    notebook.cells.append(nbformat.v4.new_code_cell(code))
    nbformat.write(notebook, path)
    run_notebook(path)
    assert np.array_equal(np.load(tmp_path / "found.npy"), labels.data)


def test_saving_without_a_workflow_says_so(viewer, tmp_path):
    viewer.add_image(inputs.image(2))
    with pytest.raises(RuntimeError, match="there is no workflow yet; run a step"):
        viewer.layers.save(str(tmp_path / "nothing.json"), plugin="napari-delineate")


def test_a_labels_layer_without_measurements_says_so(viewer, tmp_path):
    layer = viewer.add_labels(inputs.labels(2).copy(), name="bare")
    with pytest.raises(RuntimeError, match="'bare' has no measurements"):
        layer.save(str(tmp_path / "nothing.csv"), plugin="napari-delineate")


def test_json_of_other_programs_is_left_to_others(tmp_path):
    from napari_delineate._napari.reading import get_reader

    other = tmp_path / "other.json"
    other.write_text(json.dumps({"format": 1}))
    assert get_reader(str(other)) is None
    assert get_reader(str(tmp_path / "missing.json")) is None
    assert get_reader(str(tmp_path / "image.tif")) is None


def test_a_damaged_workflow_changes_nothing(viewer, session, tmp_path):
    path = tmp_path / "bad.json"
    write_workflow(path, Workflow())
    path.write_text(path.read_text().replace('"steps": []', '"steps": [{"name": "x; import os"}]'))
    with notification_manager:
        viewer.open(str(path), plugin="napari-delineate")
    assert "bad.json is damaged at 'steps.0" in notification_manager.records[-1].message
    assert session.workflow == Workflow()
    assert len(viewer.layers) == 0


def test_a_workflow_whose_image_is_missing_asks_for_it(viewer, session, tmp_path, monkeypatch):
    asked = []

    def cancel(dialog):
        asked.extend(dialog.rows)
        return 0

    monkeypatch.setattr(OpenDialog, "exec", cancel)
    image = Value.of(inputs.image(2), Kind.IMAGE)
    described = WorkflowInput.of(image, str(tmp_path / "gone.tif"))
    workflow = Workflow().add_input("image", described)
    workflow = workflow.add("filters.gaussian", {"image": "image"})
    write_workflow(tmp_path / "w.json", workflow)
    viewer.open(str(tmp_path / "w.json"), plugin="napari-delineate")
    assert asked == ["image"]
    assert session.workflow == Workflow()
    assert len(viewer.layers) == 0


def test_the_file_of_an_image_is_named_where_it_holds_just_the_same(
    viewer, session, run, npe2pm, tmp_path
):
    path = tmp_path / "image.tif"
    tifffile.imwrite(path, inputs.image(2))
    with npe2pm.tmp_plugin(package="napari"):
        (layer,) = viewer.open(str(path), plugin="napari")
    run("segmentation.threshold", {"image": layer})
    workflow, _ = session.to_save()
    assert workflow.inputs["image"].source == str(path)
    assert np.array_equal(session.layer("mask").data > 0, segmentation.threshold(inputs.image(2)))
    tifffile.imwrite(path, inputs.image(2) + 1)  # another content under the same name
    workflow, _ = session.to_save()
    assert workflow.inputs["image"].source is None
