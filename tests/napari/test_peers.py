"""What breaks in other assistants does not break in this one."""

from __future__ import annotations

import runpy

import numpy as np
import pytest
import tifffile
from napari.layers import Layer
from qtpy.QtGui import QDesktopServices, QGuiApplication
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QLineEdit,
    QWidget,
)
from skimage import data

from napari_delineate import catalogue, samples, voxels
from napari_delineate._napari.forms import OperationForm
from napari_delineate._napari.layers import make_layer, plain_place
from napari_delineate._napari.opening import OpenDialog
from napari_delineate.types import Kind
from tests import inputs
from tests.napari.truth import check

pytestmark = pytest.mark.usefixtures("notebook_is_true")


def test_deleting_all_layers_and_adding_an_image_brings_nothing_back(
    assistant, session, viewer, coins, add, settle
):
    add("filters.median", "segmentation.voronoi_otsu_labeling", "postprocessing.clear_border")
    viewer.layers.clear()
    other = viewer.add_image(inputs.image(2), name="coins")
    settle()
    assert [one.name for one in viewer.layers] == ["coins"]
    add("filters.gaussian")
    assert session.workflow.steps[-1].inputs["image"] == "coins_2"
    assert session.layer("coins_2") is other
    assert len(viewer.layers) == 2
    check(session)


def test_undo_after_a_failed_first_step(assistant, session, viewer, add, set_value, settle):
    image = viewer.add_image(np.linspace(0, 1, 400).reshape(20, 20), name="ramp")
    session.run("segmentation.threshold", {"image": image}, {"method": "minimum"})
    settle()
    assert session.results.errors
    session.undo()
    settle()
    assert session.workflow.steps == ()
    assert [one.name for one in viewer.layers] == ["ramp"]
    session.redo()
    settle()
    assert session.results.errors


@pytest.mark.parametrize("axes", ["ZYX", "TYX", "TZYX"])
@pytest.mark.slow
def test_undo_and_painting_in_stacks_and_movies(
    assistant, session, viewer, add, set_value, settle, axes
):
    shape = {"T": 2, "Z": 6, "Y": 30, "X": 32}
    image = np.random.default_rng(0).normal(100, 5, [shape[letter] for letter in axes])
    image[..., 8:16, 8:16] += 200
    image[..., 18:26, 20:28] += 200
    viewer.add_image(image.astype(np.float32), name="blobs", axis_labels=tuple(axes))
    add("filters.gaussian", "segmentation.gauss_otsu_labeling")
    labels = session.layer("labels")
    labels.brush_size = 3
    labels.paint((0,) * (len(axes) - 2) + (4, 4), int(labels.data.max()) + 1)
    settle()
    painted = labels.data.copy()
    check(session)
    assistant.select("gauss_otsu_labeling")
    set_value(outline_sigma=voxels(1))
    check(session)
    session.undo()
    settle()
    assert np.array_equal(labels.data, painted)
    for _ in range(3):
        session.undo()
    settle()
    assert [one.name for one in viewer.layers] == ["blobs"]
    session.redo(4)
    settle()
    assert labels in viewer.layers
    check(session)


@pytest.mark.slow
def test_every_operation_runs_with_its_defaults(assistant, session, viewer, settle):
    value = samples.nuclei_3d()
    cropped = value.data[:12, :48, :48]
    stack = viewer.add_image(cropped, name="stack", scale=value.spacing, axis_labels="ZYX")
    layers = {Kind.IMAGE: stack, Kind.TABLE: "relations"}
    session.run("segmentation.voronoi_otsu_labeling", {"image": stack}, {})
    session.run("segmentation.threshold", {"image": stack}, {})
    settle()
    labels = session.layer("labels")
    session.run("postprocessing.relate", {"children": labels, "parents": labels}, {})
    layers[Kind.LABELS], layers[Kind.MASK] = session.layer("labels"), session.layer("mask")
    session.run("surfaces.labels_to_surface", {"labels": layers[Kind.LABELS]}, {})
    settle()
    layers[Kind.SURFACE] = session.layer("surface")
    middle = np.argwhere(labels.data > 0)[len(np.argwhere(labels.data > 0)) // 2]
    drawn = {"scale": value.spacing, "ndim": 3}
    around = [[0, 0, 0], [1, 0, 0], [0, 4, 0], [0, 0, 4], [-1, -3, -3]]
    points = np.clip(middle + around, 0, np.array(cropped.shape) - 1)
    layers[Kind.POINTS] = viewer.add_points(points, name="points", **drawn)
    line = middle + np.array([[0, -20, 0], [0, 20, 0]])
    layers[Kind.SHAPES] = viewer.add_shapes([line], shape_type="line", name="lines", **drawn)
    colours = np.stack([cropped[0]] * 3, axis=-1).astype(np.uint8)
    layers[Kind.RGB] = viewer.add_image(colours, name="colours", rgb=True)
    movies = {
        letter: viewer.add_image(np.stack([cropped] * 2), axis_labels=f"{letter}ZYX")
        for letter in "TC"
    }
    other = viewer.add_labels(
        np.roll(labels.data, 2, 1), scale=value.spacing, axis_labels="ZYX", name="other"
    )
    for operation in catalogue.operations():
        if Kind.CORRECTIONS in {entry.kind for entry in operation.inputs}:
            continue  # they are painted
        if not all(entry.kind in layers for entry in operation.inputs if not entry.optional):
            raise AssertionError(f"{operation.id} needs a kind of layer that this test lacks")
        first = movies.get(operation.declaration.picks, layers[operation.inputs[0].kind])
        viewer.layers.selection.active = first if isinstance(first, Layer) else labels
        assistant.add(operation.id)
        if isinstance(assistant.panel, OperationForm):
            for entry in operation.inputs:
                layer = movies.get(operation.declaration.picks, layers[entry.kind])
                several = [layer, other] if entry.kind in (Kind.LABELS, Kind.MASK) else [layer]
                chosen = several if entry.variable else None if entry.optional else layer
                assistant.panel.choices[entry.name].choose(chosen)
            assert assistant.panel.run_button.isEnabled(), operation.id
            assistant.panel.run_button.click()
        settle()
        assert session.workflow.steps[-1].operation == operation.id
        assert not session.results.errors, operation.id
        session.undo()
        settle()


def test_every_control_has_a_name_a_tooltip_and_can_be_reached(assistant, viewer, coins, add):
    add("filters.median", "segmentation.voronoi_otsu_labeling")
    assistant.open_gallery()
    controls = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit)
    checked = 0
    for widget in assistant.findChildren(QWidget):
        inner = isinstance(widget.parent(), (QAbstractSpinBox, QComboBox))
        if not isinstance(widget, controls) or inner or widget.objectName().startswith("qt_"):
            continue
        name = widget.accessibleName() or getattr(widget, "text", str)()
        parents = [widget, widget.parent(), widget.parent().parent()]
        assert name or any(one.accessibleName() for one in parents), widget
        assert any(one.toolTip() for one in parents), f"{name} {widget}"
        checked += 1
    assert checked > 30
    assistant.gallery.close()


@pytest.fixture
def save_as(monkeypatch, tmp_path):
    """Answer dialogs that ask for a file."""

    def answer(name):
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / name), ""))
        return tmp_path / name

    return answer


@pytest.fixture
def tour(assistant, session, viewer, add, set_value, settle):
    """The tour of the documentation: five steps and a correction, on an image from no file."""
    viewer.add_image(data.coins()[:150, :180], name="coins")
    add("filters.median", "segmentation.voronoi_otsu_labeling")
    set_value(spot_sigma=voxels(6))
    labels = session.layer("labels")
    objects = np.argwhere(labels.data > 0)
    labels.fill(tuple(objects[len(objects) // 2]), 0)
    settle()
    add("postprocessing.clear_border", "measurements.measure")
    viewer.layers.selection.active = session.layer("inner_labels")
    add("surfaces.labels_to_surface")
    return session


def export(assistant, title):
    action = next(one for one in assistant.bar.export_menu.actions() if one.text() == title)
    action.trigger()


def compare(session, found):
    compared = 0
    for name, value in session.results.items():
        if value.kind in (Kind.IMAGE, Kind.MASK, Kind.LABELS):
            assert np.array_equal(found[name], value.data), name
        elif value.kind is Kind.TABLE:
            assert found[name].equals(value.data)
        elif value.kind is Kind.SURFACE:
            assert all(map(np.array_equal, found[name], value.data))
        else:
            continue
        compared += 1
    assert compared >= 6


def test_the_exported_script_gives_what_the_layers_show(assistant, tour, save_as):
    path = save_as("tour.py")
    export(assistant, "Script…")
    assert assistant.message.text() == "Exported tour.py."
    compare(tour, runpy.run_path(str(path)))
    check(tour)


def test_the_copied_code_gives_what_the_layers_show(assistant, tour, monkeypatch, tmp_path):
    monkeypatch.setattr(
        "napari_delineate._napari.exporting.user_cache_dir", lambda _: str(tmp_path)
    )
    export(assistant, "Copy as Python code")
    pasted = tmp_path / "elsewhere" / "pasted.py"
    pasted.parent.mkdir()
    pasted.write_text(QGuiApplication.clipboard().text(), encoding="utf-8")
    compare(tour, runpy.run_path(str(pasted)))


def test_diagrams_and_workflow_are_saved(assistant, tour, save_as):
    path = save_as("tour.svg")
    export(assistant, "Diagram (SVG)…")
    assert "Voronoi Otsu labeling" in path.read_text("utf-8")
    path = save_as("tour.mmd")
    export(assistant, "Diagram (Mermaid)…")
    assert path.read_text("utf-8").startswith("flowchart")
    path = save_as("tour.json")
    assistant.bar.save_action.trigger()
    assert path.is_file()
    save_as("tour.json/tour.svg")  # below a file
    export(assistant, "Diagram (SVG)…")
    assert "tour.json" in assistant.message.text()


@pytest.mark.slow
def test_the_notebook_is_run_and_opened(assistant, tour, save_as, qtbot, monkeypatch):
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    path = save_as("tour.ipynb")
    parts = []
    assistant.exporting.progressed.connect(lambda done, total: parts.append(done / total))
    export(assistant, "Notebook, and run it…")
    qtbot.waitUntil(lambda: bool(opened), timeout=120_000)
    assert opened == [str(path)]
    assert parts == sorted(parts)
    assert parts[-1] == 1
    assert "image/png" in path.read_text("utf-8")


@pytest.mark.slow
def test_opening_a_library_workflow_on_the_selected_layer(assistant, session, viewer, settle):
    value = samples.nuclei_3d()
    layer = make_layer("nuclei", value, plain_place(value))
    viewer.add_layer(layer)
    assistant.bar.open_menu.aboutToShow.emit()
    menu = next(one.menu() for one in assistant.bar.open_menu.actions() if one.menu() is not None)
    action = menu.on_layer["nuclei_3d"]
    assert action.isEnabled()
    action.trigger()
    settle()
    assert not session.results.errors
    assert session.name_of(layer) in session.workflow.inputs
    assert session.workflow.steps
    check(session)


def test_a_workflow_file_is_opened_on_the_layers_there_are(
    assistant, tour, session, viewer, save_as, settle, monkeypatch, tmp_path
):
    path = save_as("tour.json")
    assistant.bar.save_action.trigger()
    before = {name: value for name, value in session.results.items() if value.kind is Kind.LABELS}
    session.undo(len(session.history.past))
    settle()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    monkeypatch.setattr(OpenDialog, "exec", lambda _: QDialog.DialogCode.Accepted)
    assistant.open_file()
    settle()
    assert list(session.workflow.inputs) == ["coins", "labels_corrections"]
    for name, value in before.items():
        assert np.array_equal(session.results[name].data, value.data)


def test_a_damaged_file_is_said_in_place(assistant, session, coins, add, monkeypatch, tmp_path):
    add("filters.median")
    path = tmp_path / "bad.json"
    path.write_text("!!python/object/apply:os.system ['touch owned']", encoding="utf-8")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    assistant.open_file()
    assert "bad.json" in assistant.message.text()
    assert len(session.workflow.steps) == 1
    assert not (tmp_path / "owned").exists()


def test_a_file_that_was_read_is_named_in_the_script(
    assistant, session, viewer, add, save_as, tmp_path, settle
):
    tifffile.imwrite(tmp_path / "coins.tif", data.coins()[:90, :90])
    viewer.add_image(data.coins()[:90, :90], name="coins")
    add("filters.gaussian")
    path = save_as("script.py")
    export(assistant, "Script…")
    found = runpy.run_path(str(path))
    assert np.array_equal(found["blurred"], session.results["blurred"].data)
