"""The selected step stays selected while it is computed, with a layer or without one."""

from __future__ import annotations

import numpy as np

from napari_delineate import voxels
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
