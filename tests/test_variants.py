"""Variants of a step: what can take its place, and settings worth a try."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_delineate.catalogue import find, operations
from napari_delineate.engine import Engine
from napari_delineate.samples import coins
from napari_delineate.signatures import Setting
from napari_delineate.types import Kind, Quantity, Range, Voxels
from napari_delineate.values import Value
from napari_delineate.variants import (
    alternatives,
    sensible_values,
    sweep,
    take,
    upstream,
)
from napari_delineate.workflow import Workflow, WorkflowInput
from tests.strategies import workflows

# One setting of every sort, by all that the values to try are made from.
SETTINGS = {
    (setting.type, setting.choices, setting.range, setting.quantity): pytest.param(
        setting, id=f"{one.id} {setting.name}"
    )
    for one in operations()
    for setting in one.settings
    if setting.type is not str or setting.choices  # there is nothing to try for a text
}


@pytest.fixture
def chain():
    """A workflow with a branch that the threshold does not need."""
    image = WorkflowInput(Kind.IMAGE, "YX", (0.5, 0.5), "micrometer")
    workflow = Workflow().add_input("coins", image).add_input("other", image)
    workflow = workflow.add("filters.gaussian", {"image": "coins"}, {"sigma": 3.0})
    workflow = workflow.add("filters.median", {"image": "other"})
    workflow = workflow.add("segmentation.threshold", {"image": "blurred"}, {"method": "li"})
    return workflow.add("segmentation.label_connected_components", {"mask": "mask"})


def test_the_methods_of_a_threshold_are_its_alternatives(chain):
    variants = alternatives(chain, "threshold")
    own = [one for one in variants if one.title.startswith("Threshold: ")]
    settings = find("segmentation.threshold").settings
    methods = ["li", *(one for one in settings[0].choices if one != "li")]
    others = ["objects dark", "histogram slice"]
    assert [one.title for one in own] == [f"Threshold: {one}" for one in methods + others]
    found = [one.workflow.step("threshold").parameters for one in own]
    assert [one["method"] for one in found] == [*methods, "li", "li"]
    assert [one["objects"] for one in found[-2:]] == ["dark", "bright"]
    assert variants[0].detail == "method li · objects bright · histogram stack"
    assert "Manual threshold: inside" in [one.title for one in variants]


def test_only_what_the_step_needs_is_kept(chain):
    for variant in alternatives(chain, "threshold"):
        assert [one.name for one in variant.workflow.steps] == ["gaussian", "threshold"]
        assert set(variant.workflow.inputs) == {"coins"}
    assert upstream(chain, ["mask", "denoised"]).results() == ("denoised", "mask")
    assert upstream(chain, chain.results()) == chain


def test_other_operations_keep_inputs_outputs_and_settings(chain):
    chain = chain.change("median", parameters={"radius": Voxels(3)})
    chain = chain.replace("gaussian", "filters.white_tophat")
    chain = chain.change("gaussian", parameters={"radius": 5.0})
    found = [one.workflow.step("gaussian") for one in alternatives(chain, "gaussian")]
    assert [(one.operation, one.parameters.get("shape")) for one in found] == [
        ("filters.white_tophat", "ball"),
        ("filters.white_tophat", "box"),
        ("filters.black_tophat", "ball"),
        ("filters.black_tophat", "box"),
        ("filters.tophat_by_reconstruction", None),
        ("filters.tophat_by_reconstruction", None),
        ("filters.subtract_background", None),
        ("filters.subtract_background", None),
        ("filters.subtract_paraboloid", None),
        ("filters.subtract_paraboloid", None),
        ("filters.difference_of_gaussians", None),
    ]
    assert {one.outputs for one in found} == {("blurred",)}
    assert found[2].parameters["radius"] == 5.0


def test_what_works_on_something_else_is_no_alternative():
    image = WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0))
    workflow = Workflow().add_input("image", image)
    workflow = workflow.add("segmentation.voronoi_otsu_labeling", {"image": "image"})
    titles = [one.title for one in alternatives(workflow, "voronoi_otsu_labeling")]
    assert titles == ["Voronoi Otsu labeling", "Gauss Otsu labeling"]


def test_what_a_later_step_can_not_work_on_is_no_alternative():
    """The points of ultimate points are no labels that could be measured."""
    mask = WorkflowInput(Kind.MASK, "YX", (1.0, 1.0))
    workflow = Workflow().add_input("mask", mask)
    workflow = workflow.add("postprocessing.skeletonize", {"mask": "mask"})
    (step,) = workflow.steps
    kinds = {
        find(one.operation).outputs[0].kind
        for variant in alternatives(workflow, step.name)
        for one in variant.workflow.steps
    }
    assert Kind.POINTS in kinds
    workflow = workflow.add("segmentation.label_connected_components", {"mask": step.outputs[0]})
    kinds = {
        find(variant.workflow.steps[0].operation).outputs[0].kind
        for variant in alternatives(workflow, step.name)
    }
    assert kinds <= {Kind.MASK, Kind.LABELS}


@settings(max_examples=40, deadline=None)
@given(drawn=workflows(most_steps=5))
def test_every_alternative_can_be_taken(drawn):
    workflow = drawn.workflow
    for step in workflow.steps:
        variants = alternatives(workflow, step.name)
        assert variants[0].workflow.step(step.name).parameters == step.parameters
        titles = [one.title for one in variants]
        assert len(set(titles)) == len(titles)
        category = find(step.operation).category
        for variant in variants:
            found = variant.workflow.step(step.name)
            assert find(found.operation).category == category
            assert not found.bypassed
            taken = take(workflow, variant)
            assert taken.step(step.name) == found
            assert [one.name for one in taken.steps] == [one.name for one in workflow.steps]
            assert upstream(taken, found.outputs) == variant.workflow
        if not step.bypassed:
            assert take(workflow, variants[0]) == workflow


def test_an_alternative_gives_what_the_changed_workflow_gives():
    image = coins()
    workflow = Workflow().add_input("coins", WorkflowInput.of(image))
    workflow = workflow.add("segmentation.threshold", {"image": "coins"})
    for variant in alternatives(workflow, "threshold"):
        found = Engine().run(variant.workflow, {"coins": image})["mask"].data
        step = variant.workflow.step("threshold")
        expected = find(step.operation).function(image.data, **step.parameters)
        np.testing.assert_array_equal(found, expected)


def test_a_sweep_of_one_setting(chain):
    values = [Voxels(1), 0.65, 2.0]
    variants = sweep(chain, "gaussian", "sigma", values)
    assert [one.title for one in variants] == ["1 px", "0.65 µm", "2 µm"]
    assert [one.detail for one in variants] == ["sigma 1 px", "sigma 0.65 µm", "sigma 2 µm"]
    assert [one.workflow.step("gaussian").parameters["sigma"] for one in variants] == values
    assert all(len(one.workflow.steps) == 1 for one in variants)


def test_a_sweep_of_two_settings_goes_through_the_second_first(chain):
    chain = chain.replace("gaussian", "filters.median")
    variants = sweep(chain, "gaussian", "radius", [Voxels(1), Voxels(2)], "shape", ["ball", "box"])
    assert [one.title for one in variants] == ["1 px, ball", "1 px, box", "2 px, ball", "2 px, box"]
    last = variants[-1].workflow.step("gaussian").parameters
    assert (last["radius"], last["shape"]) == (Voxels(2), "box")


def test_a_sweep_refuses_what_the_setting_does_not_allow(chain):
    with pytest.raises(ValueError, match="sigma must be 0 or more"):
        sweep(chain, "gaussian", "sigma", [-1.0])
    with pytest.raises(ValueError, match="no parameter 'radius'"):
        sweep(chain, "gaussian", "radius", [1.0])


@pytest.mark.parametrize("setting", SETTINGS.values())
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_sensible_values_are_allowed_ordered_and_hold_the_present_one(setting, data):
    low, high = max(setting.range.minimum, 0), min(setting.range.maximum, 1e4)
    if setting.choices:
        value = data.draw(st.sampled_from(setting.choices))
    elif setting.type is bool:
        value = data.draw(st.booleans())
    elif setting.type is int:
        value = data.draw(st.integers(int(low), int(high)))
    else:
        value = data.draw(st.floats(low, high, allow_subnormal=False))
        if setting.quantity is not None and data.draw(st.booleans()):
            value = Voxels(value)
    count = data.draw(st.integers(2, 7))
    values = sensible_values(setting, value, count)
    assert value in values
    assert [setting.check(one) for one in values] == list(values)
    assert {type(one) for one in values} == {type(value)}
    if setting.choices or setting.type is bool:
        assert values == (setting.choices or (False, True))
        return
    numbers = [one.number if isinstance(one, Voxels) else one for one in values]
    assert numbers == sorted(set(numbers))
    there_are = setting.range.maximum - setting.range.minimum + 1  # whole numbers
    assert len(numbers) == (min(count, there_are) if setting.type is int else count)


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        (Setting("a", float, 1.0), 10.0, (2.5, 5.0, 10.0, 20.0, 40.0)),
        (Setting("a", float, 1.0), -2.0, (-8.0, -4.0, -2.0, -1.0, -0.5)),
        (Setting("a", float, 1.0, range=Range(0)), 0.0, (0.0, 1.0, 2.0, 4.0, 8.0)),
        (Setting("a", float, 1.0, range=Range(0, 1)), 0.5, (0.0, 0.25, 0.5, 0.75, 1.0)),
        (Setting("a", float, 1.0, range=Range(0, 1)), 0.6, (0.0, 0.25, 0.6, 0.75, 1.0)),
        (Setting("a", int, 1, range=Range(0, 1000)), 10, (2, 5, 10, 20, 40)),
        (Setting("a", int, 1, range=Range(1, 3)), 2, (1, 2, 3)),
        (Setting("a", int, 1, range=Range(0, 1000)), 1000, (62, 125, 250, 500, 1000)),
        (Setting("a", bool, True), True, (False, True)),
        (Setting("a", str, "x"), "x", ("x",)),
        (Setting("a", float, None, optional=True), None, (None,)),
        (
            Setting("a", float, Voxels(1), quantity=Quantity.SIZE),
            Voxels(100),
            tuple(map(Voxels, (6.25, 25.0, 100.0, 400.0, 1600.0))),
        ),
        (
            Setting("a", float, None, quantity=Quantity.LENGTH, optional=True),
            None,
            (None, *map(Voxels, (0.25, 0.5, 1.0, 2.0))),
        ),
    ],
)
def test_sensible_values(setting, value, expected):
    assert sensible_values(setting, value) == expected


def test_values_are_spread_geometrically():
    values = sensible_values(Setting("sigma", float, 1.0, range=Range(0)), 0.7, 7)
    steps = np.diff(np.log(values))
    np.testing.assert_allclose(steps, math.log(2), rtol=1e-2)  # three digits


def test_a_bypassed_step_is_varied_as_if_it_were_used():
    image = WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0))
    workflow = Workflow().add_input("image", image)
    workflow = workflow.add("filters.gaussian", {"image": "image"}).change(
        "gaussian", bypassed=True
    )
    (variant, *_) = sweep(workflow, "gaussian", "sigma", [Voxels(2)])
    assert not variant.workflow.step("gaussian").bypassed


def test_values_can_be_used_at_once():
    image = Value.of(np.eye(30), Kind.IMAGE)
    workflow = Workflow().add_input("image", WorkflowInput.of(image))
    workflow = workflow.add("filters.gaussian", {"image": "image"}, {"sigma": Voxels(2)})
    setting = find("filters.gaussian").settings[0]
    widths = []
    for variant in sweep(workflow, "gaussian", "sigma", sensible_values(setting, Voxels(2))):
        blurred = Engine().run(variant.workflow, {"image": image})["blurred"].data
        widths.append(float(blurred[15, 15]))
    assert widths == sorted(widths, reverse=True)
