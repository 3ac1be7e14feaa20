"""Layers and steps that do not go together: steps without layers, layers that become unusable."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from napari_delineate import filters, voxels
from napari_delineate._napari import view
from napari_delineate._napari.step_panel import StepPanel

VORONOI = "segmentation.voronoi_otsu_labeling"


def test_a_step_that_makes_a_table_is_selected_and_stays(
    assistant, session, viewer, coins, add, set_value
):
    add(VORONOI, "measurements.measure")
    assert assistant.steps.selected() == "measure"
    assert assistant.panel.step == "measure"
    assistant.select("voronoi_otsu_labeling")
    set_value(spot_sigma=voxels(3))
    assert assistant.panel.step == "voronoi_otsu_labeling"
    assistant.select("measure")
    session.undo()
    session.redo()
    set_value()
    assert assistant.panel.step == "measure"
    viewer.layers.selection.active = coins
    assert assistant.steps.selected() == "coins"


def test_a_step_that_fails_at_once_says_why(assistant, session, viewer, add):
    image = np.zeros((20, 20))
    image[3, 4] = np.nan
    viewer.add_image(image, name="image")
    add("filters.gaussian")
    assert isinstance(assistant.panel, StepPanel)
    assert "not finite" in assistant.panel.message.text()


def test_a_step_whose_layer_was_deleted_stays_selected(
    assistant, session, viewer, coins, add, set_value
):
    add("filters.gaussian")
    viewer.layers.remove(session.layer("blurred"))
    viewer.layers.selection.active = coins
    assistant.select("gaussian")
    set_value(sigma=voxels(3))
    assert assistant.steps.selected() == "gaussian"
    assert assistant.panel.step == "gaussian"


@pytest.mark.slow
def test_an_input_that_can_not_be_used_any_more_locks_nothing(
    assistant, session, viewer, coins, add, set_value, settle
):
    add("filters.gaussian", "segmentation.threshold")
    image = coins.data
    coins.data = np.stack([image] * 4)  # depth or time?
    assistant.select("gaussian")
    set_value(sigma=voxels(3))
    assert "say what the axes of the layer 'coins' are" in assistant.panel.message.text()
    assistant.bar.undo_action.trigger()
    settle()
    assert [step.name for step in session.workflow.steps] == ["gaussian"]
    session.redo()
    coins.data = image
    settle()
    assistant.select("gaussian")
    set_value(sigma=voxels(4))
    coins.data = np.stack([image] * 4)  # while that is computed
    session.evaluate()
    settle()
    assert not session.running
    assert np.array_equal(session.layer("blurred").data, filters.gaussian(image, sigma=4))


def test_layers_that_go_are_drawn_between_and_come_back_to_their_places(
    session, viewer, coins, add, settle, monkeypatch
):
    add(VORONOI, "postprocessing.clear_border")
    drawn = []
    monkeypatch.setattr(view, "_draw", lambda viewer: drawn.append(len(viewer.layers)))
    session.undo(2)
    settle()
    assert drawn == [2, 1]
    session.redo(2)
    settle()
    assert [layer.name for layer in viewer.layers] == ["coins", "labels", "inner_labels"]


def names_of(viewer):
    return [layer.name for layer in viewer.layers]


@pytest.mark.slow
def test_deleted_layers_come_back_to_their_places_in_any_order(
    assistant, session, viewer, coins, add
):
    add("filters.gaussian", "segmentation.threshold", "segmentation.label_connected_components")
    top = viewer.add_image(coins.data, name="top")
    before = names_of(viewer)
    assert before == ["coins", "blurred", "mask", "labels", "top"]
    orders = list(itertools.permutations(["blurred", "mask", "labels"]))
    for gone, shown in zip(orders, (*orders[2:], *orders[:2]), strict=True):
        for name in (*gone, "top"):
            viewer.layers.remove(viewer.layers[name])
        for name in shown:
            session.show(name)
        assert names_of(viewer) == before[:-1]
        viewer.add_layer(top)
        assert names_of(viewer) == before


def test_what_is_drawn_becomes_labels_where_the_image_lies(session, viewer, settle):
    """Points without a place of their own, on an image that has one."""
    image = viewer.add_image(
        np.zeros((20, 30)), name="image", scale=(0.5, 0.5), translate=(10, 20), units="micrometer"
    )
    points = viewer.add_points([[4, 6], [9, 12]], name="points", scale=(0.5, 0.5))
    points.units = image.units
    session.run("postprocessing.points_to_labels", {"points": points, "image": image}, {})
    settle()
    assert not session.results.errors
    labels = session.layer(session.workflow.steps[0].outputs[0])
    assert labels.data.shape == image.data.shape
    assert np.array_equal(labels.translate, image.translate)
    assert np.array_equal(labels.scale, image.scale)


def test_lengths_keep_their_unit_when_the_layer_is_deleted(assistant, session, viewer, add, settle):
    image = viewer.add_image(
        np.random.default_rng(0).random((20, 30)), scale=(0.5, 0.5), units="micrometer"
    )
    session.run("filters.gaussian", {"image": image}, {"sigma": 1.5})
    settle()
    viewer.layers.selection.active = session.layer("blurred")
    add("filters.median")
    step = session.workflow.steps[1].name
    session.change(step, parameters={"radius": 1.5})
    settle()
    viewer.layers.remove(session.layer("blurred"))
    assistant.select(session.workflow.steps[0].name)
    assistant.select(step)
    assert assistant.panel.fields.sources() == {"image": "blurred"}
    assert assistant.panel.settings["radius"].value() == 1.5
