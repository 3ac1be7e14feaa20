"""Inputs that change while results of them are shown: nothing old looks fresh."""

from __future__ import annotations

import numpy as np
import pytest

from napari_delineate import filters, segmentation
from napari_delineate._napari.states import states_of
from napari_delineate._napari.widgets.step_rows import Status

pytestmark = pytest.mark.slow

MEDIAN = "filters.median"
VORONOI = "segmentation.voronoi_otsu_labeling"


def statuses(session):
    return {name: state.status for name, state in states_of(session, None).items()}


def test_replaced_data_make_results_stale_until_they_are_updated(
    assistant, session, coins, add, settle
):
    add(MEDIAN, VORONOI)
    before, recorded = coins.data, len(session.history.past)
    assert assistant.notices.inputs.isHidden()
    coins.data = np.ascontiguousarray(before[::-1])
    settle()
    assert statuses(session) == {
        "coins": Status.STALE,
        "median": Status.STALE,
        "voronoi_otsu_labeling": Status.STALE,
    }
    assert not assistant.notices.inputs.isHidden()
    assert assistant.notices.inputs.message.text() == "coins has changed; results are of before."
    assert len(session.history.past) == recorded  # nothing is computed by itself
    assistant.notices.inputs.update_button.click()
    settle()
    assert set(statuses(session).values()) == {Status.FRESH}
    assert assistant.notices.inputs.isHidden()
    expected = segmentation.voronoi_otsu_labeling(filters.median(before[::-1]))
    assert np.array_equal(session.layer("labels").data, expected)
    session.undo()
    settle()
    assert np.array_equal(coins.data, before)
    assert assistant.notices.inputs.isHidden()


@pytest.mark.parametrize(("attribute", "value"), [("scale", (0.5, 0.25)), ("translate", (10, 20))])
def test_results_move_to_where_their_input_is(
    assistant, session, coins, add, settle, attribute, value
):
    add(MEDIAN)
    setattr(coins, attribute, value)
    settle()
    assert statuses(session)["median"] is Status.STALE
    assistant.notices.inputs.update_button.click()
    settle()
    result = session.layer("denoised")
    assert statuses(session)["median"] is Status.FRESH
    assert tuple(getattr(result, attribute)) == value
    session.undo()
    settle()
    assert tuple(getattr(result, attribute)) == tuple(getattr(coins, attribute)) != value
    session.redo()
    settle()
    assert tuple(getattr(result, attribute)) == tuple(getattr(coins, attribute)) == value


def test_what_came_back_is_fresh_again(assistant, session, coins, add, settle):
    add(MEDIAN)
    before = coins.data
    coins.data = before + 1
    settle()
    coins.data = before
    settle()
    assert assistant.notices.inputs.isHidden()
    assert statuses(session)["median"] is Status.FRESH


def test_a_camera_does_not_keep_results_from_being_shown(session, coins, add, settle, qtbot):
    add(MEDIAN)
    session.changed.connect(lambda: setattr(coins, "data", coins.data.copy()))
    session.change("median", parameters={"radius": 3.0})
    settle()
    assert np.array_equal(session.layer("denoised").data, filters.median(coins.data, radius=3.0))


def test_a_rotated_input_is_told(assistant, session, coins, add, settle):
    add(MEDIAN)
    for attribute, turned, straight in (
        ("rotate", 30, 0),
        ("shear", [0.3], [0]),
        ("affine", np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]]), np.eye(3)),
    ):
        setattr(coins, attribute, turned)
        settle()
        text = "coins is rotated or sheared; results are shown without that."
        assert assistant.notices.inputs.message.text() == text, attribute
        assert assistant.notices.inputs.update_button.isHidden()
        setattr(coins, attribute, straight)
        settle()
        assert assistant.notices.inputs.isHidden(), attribute


def test_data_that_can_not_be_used_are_told(assistant, session, coins, add, settle):
    add(MEDIAN)
    coins.data = np.stack([coins.data] * 4)  # depth or time?
    settle()
    text = "Results are of before: say what the axes of the layer 'coins' are."
    assert assistant.notices.inputs.message.text() == text
    assert assistant.notices.inputs.update_button.isHidden()
    assert statuses(session)["median"] is Status.STALE


def test_what_napari_remembers_of_strokes_does_not_put_back_an_old_result(
    session, coins, add, settle, set_value
):
    add(VORONOI)
    layer = session.layer("labels")
    layer.selected_label = 99
    layer.paint((5, 5), 99)
    settle()
    assert "apply_corrections" in statuses(session)
    set_painted = layer.data.copy()
    layer.undo()
    settle()
    assert np.array_equal(layer.data, set_painted)
    session.undo()
    settle()
    assert layer.data[5, 5] != 99
    layer.redo()
    assert np.array_equal(layer.data, segmentation.voronoi_otsu_labeling(coins.data))
