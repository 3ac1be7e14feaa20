"""Rewiring: what is inserted, moved, duplicated and taken out, checked by what is computed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_delineate import filters, segmentation, voxels
from napari_delineate.engine import Engine
from napari_delineate.rewiring import duplicate, insert, move, rewire, take_out
from napari_delineate.types import Kind
from napari_delineate.values import Value
from napari_delineate.workflow import Workflow, WorkflowInput
from tests import inputs, strategies

VALUE = Value.of(inputs.image(2), Kind.IMAGE)


@pytest.fixture
def chain():
    workflow = Workflow().add_input("image", WorkflowInput.of(VALUE))
    workflow = workflow.add("filters.gaussian", {"image": "image"})
    workflow = workflow.add("filters.median", {"image": "blurred"})
    return workflow.add("segmentation.threshold", {"image": "denoised"})


def compute(workflow, name):
    return Engine().run(workflow, {"image": VALUE})[name].data


def test_insert_in_the_middle(chain):
    result = insert(chain, "filters.white_tophat", "blurred", {"radius": voxels(4)})
    assert [step.name for step in result.steps] == [
        "gaussian",
        "white_tophat",
        "median",
        "threshold",
    ]
    blurred = filters.gaussian(VALUE.data)
    flat = filters.median(filters.white_tophat(blurred, radius=4))
    assert np.array_equal(compute(result, "mask"), segmentation.threshold(flat))


def test_insert_behind_an_input(chain):
    result = insert(chain, "filters.median", "image")
    assert result.steps[0].operation == "filters.median"
    assert result.step("gaussian").sources == result.steps[0].outputs


def test_insert_leaves_steps_that_can_not_use_it(chain):
    result = insert(chain, "segmentation.gauss_otsu_labeling", "image")
    assert result.step("gaussian").sources == ("image",)


def test_insert_says_what_does_not_fit(chain):
    with pytest.raises(TypeError, match="takes labels as labels, but 'mask' is a mask"):
        insert(chain, "postprocessing.clear_border", "mask")
    with pytest.raises(ValueError, match="needs a value"):
        insert(chain, "metrics.dice", "mask")


def test_duplicate_computes_the_same_twice(chain):
    result = duplicate(chain, "median")
    assert [step.name for step in result.steps[3:]] == ["median_2", "threshold_2"]
    assert np.array_equal(compute(result, "mask"), compute(result, "mask_2"))
    changed = result.change("median_2", parameters={"radius": voxels(3)})
    wide = filters.median(filters.gaussian(VALUE.data), radius=3)
    assert np.array_equal(compute(changed, "mask_2"), segmentation.threshold(wide))
    assert np.array_equal(compute(changed, "mask"), compute(chain, "mask"))


def test_take_out_and_bypass_compute_the_same(chain):
    out, bypassed = take_out(chain, "median"), chain.change("median", bypassed=True)
    expected = segmentation.threshold(filters.gaussian(VALUE.data))
    assert np.array_equal(compute(out, "mask"), expected)
    assert np.array_equal(compute(bypassed, "mask"), expected)


def test_take_out_says_what_it_can_not(chain):
    labelled = chain.add("segmentation.label_connected_components", {"mask": "mask"})
    with pytest.raises(ValueError, match="'threshold' can not be taken out alone"):
        take_out(labelled, "threshold")
    with pytest.raises(ValueError, match="'threshold' can not be bypassed"):
        labelled.change("threshold", bypassed=True)


def test_move_swaps_two_steps(chain):
    result = move(chain, "gaussian", "denoised")
    assert [step.name for step in result.steps] == ["median", "gaussian", "threshold"]
    expected = segmentation.threshold(filters.gaussian(filters.median(VALUE.data)))
    assert np.array_equal(compute(result, "mask"), expected)
    with pytest.raises(ValueError, match="gives itself"):
        move(chain, "gaussian", "blurred")


def test_rewire_to_what_is_made_later(chain):
    longer = chain.add("filters.white_tophat", {"image": "image"})
    result = rewire(longer, "median", {"image": "foreground"})
    assert result.step("median").sources == ("foreground",)
    assert [step.name for step in result.steps][-2:] == ["median", "threshold"]
    with pytest.raises(ValueError, match="can not work on 'mask', which needs it"):
        rewire(longer, "gaussian", {"image": "mask"})


@given(drawn=strategies.workflows(6, to_run=True), data=st.data())
@settings(max_examples=60, deadline=None)
@pytest.mark.slow
def test_any_step_can_be_duplicated_and_bypassing_is_taking_out(drawn, data):
    workflow = drawn.workflow
    name = data.draw(st.sampled_from([step.name for step in workflow.steps]))
    twice = duplicate(workflow, name)
    assert len(twice.steps) == len(workflow.steps) + 1 + len(workflow.dependants(name))
    assert twice.steps[: len(workflow.steps)] == workflow.steps
    try:
        bypassed = workflow.change(name, bypassed=True)
        out = take_out(workflow, name)
    except ValueError:
        return  # it gives another kind than it takes
    engine = Engine()
    first = engine.run(bypassed, drawn.inputs, keep_going=True)
    second = engine.run(out, drawn.inputs, keep_going=True)
    for value in set(out.values) & set(second):
        assert first.content_keys[value] == second.content_keys[value]
