"""Workflows never change, and refuse whatever could not run."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_delineate.catalogue import UnknownNameError, find, operations
from napari_delineate.steps import Step, WorkflowInput, check_step
from napari_delineate.types import Kind, Voxels, voxels
from napari_delineate.values import Value
from napari_delineate.workflow import Workflow
from tests.strategies import workflows
from tests.test_names import HOSTILE

IMAGE = WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0))
STACK = WorkflowInput(Kind.IMAGE, "ZYX", (2.0, 0.5, 0.5), "micrometer")
MOVIE = WorkflowInput(Kind.IMAGE, "TYX", (1.0, 1.0))
LABELS = WorkflowInput(Kind.LABELS, "YX", (1.0, 1.0))
COLOURS = WorkflowInput(Kind.RGB, "YXS", (1.0, 1.0))


def with_inputs(**inputs: WorkflowInput) -> Workflow:
    return Workflow(inputs=inputs)


@pytest.fixture
def chain() -> Workflow:
    """Image, blurred, mask, labels, grown, table; and a branch from the mask."""
    return (
        with_inputs(image=IMAGE)
        .add("filters.gaussian", {"image": "image"}, outputs=("blurred",))
        .add("segmentation.threshold", {"image": "blurred"})
        .add("segmentation.label_connected_components", {"mask": "mask"})
        .add("postprocessing.expand_labels", {"labels": "labels"}, outputs=("grown",))
        .add("measurements.measure", {"labels": "grown", "image": "image"})
        .add("metrics.dice", {"reference": "mask", "labels": "grown"})
    )


# Inputs


@pytest.mark.parametrize(
    ("axes", "spacing", "message"),
    [
        ("YX", (1.0,), "the spacing must have one number for each of the axes YX"),
        ("TYX", (1.0, 1.0, 1.0), "one number for each of the axes YX"),
        ("YX", (1.0, 0.0), "spacing must hold finite numbers above 0"),
        ("YX", (1.0, -1.0), "spacing must hold finite numbers above 0"),
        ("YX", (1.0, math.nan), "spacing must hold finite numbers above 0"),
        ("XY", (1.0, 1.0), "can not have the axes 'XY'"),
        ("YXS", (1.0, 1.0), "only those of a colour image contain S"),
    ],
)
def test_an_input_must_make_sense(axes, spacing, message):
    with pytest.raises(ValueError, match=message):
        WorkflowInput(Kind.IMAGE, axes, spacing)


def test_an_input_describes_a_value():
    import numpy as np

    value = Value.of(np.eye(4), Kind.IMAGE, "YX", 0.5, "micrometer")
    found = WorkflowInput.of(value, "eye.tif")
    assert (found.kind, found.axes, found.spacing) == (Kind.IMAGE, "YX", (0.5, 0.5))
    assert (found.units, found.source) == ("micrometer", "eye.tif")
    assert found.version == WorkflowInput.of(value).version
    assert found.version != WorkflowInput.of(Value.of(np.eye(4) * 2, Kind.IMAGE)).version


@pytest.mark.parametrize("name", HOSTILE)
def test_inputs_with_hostile_names_are_refused(name):
    with pytest.raises(ValueError, match="can not be the name of a value"):
        Workflow().add_input(name, IMAGE)


def test_an_input_can_get_another_value(chain):
    changed = chain.add_input("image", dataclasses.replace(IMAGE, source="other.tif"))
    assert changed.inputs["image"].source == "other.tif"
    assert changed.steps == chain.steps


def test_an_input_that_steps_need_can_not_become_another_kind(chain):
    with pytest.raises(TypeError, match="Gaussian takes an image as image"):
        chain.add_input("image", LABELS)


# Immutability


def test_nothing_of_a_workflow_can_be_changed(chain):
    step = chain.steps[0]
    for change in (
        lambda: setattr(chain, "device", "gpu"),
        lambda: setattr(step, "name", "other"),
        lambda: chain.inputs.update(other=IMAGE),
        lambda: chain.inputs.__setitem__("other", IMAGE),
        lambda: step.parameters.__setitem__("sigma", 3),
        lambda: step.inputs.__setitem__("image", "other"),
        lambda: chain.values.__setitem__("other", None),
        lambda: chain.steps.append(step),
    ):
        with pytest.raises((AttributeError, TypeError)):
            change()


def test_a_workflow_does_not_follow_what_it_was_made_from():
    inputs, parameters = {"image": IMAGE}, {"sigma": 1.0}
    step = Step("blur", "filters.gaussian", {"image": "image"}, ("blurred",), parameters)
    workflow = Workflow([step], inputs)
    inputs["other"] = IMAGE
    parameters["sigma"] = 9.0
    assert list(workflow.inputs) == ["image"]
    assert workflow.steps[0].parameters == {"sigma": 1.0}


def test_every_change_leaves_the_old_workflow_as_it_was(chain):
    before = chain.to_dict()
    chain.add("filters.median", {"image": "image"})
    chain.change("gaussian", parameters={"sigma": 9})
    chain.replace("gaussian", "filters.median")
    chain.remove("dice")
    chain.rename("mask", "foreground")
    chain.add_input("other", IMAGE)
    assert chain.to_dict() == before


# Adding steps


def test_a_step_holds_a_value_for_every_parameter(chain):
    step = chain.step("gaussian")
    assert step.parameters == find("filters.gaussian").defaults()
    assert chain.maker("blurred") is step
    assert chain.maker("image") is None


def test_values_say_what_is_known_of_them(chain):
    assert list(chain.values) == ["image", "blurred", "mask", "labels", "grown", "table", "score"]
    assert chain.values["grown"] == (Kind.LABELS, "YX")
    assert chain.values["table"] == (Kind.TABLE, "")
    assert chain.values["score"] == (Kind.SCORES, "")


def test_names_are_made_unique():
    workflow = with_inputs(mask=IMAGE)
    for _ in range(3):
        workflow = workflow.add("segmentation.threshold", {"image": "mask"})
    assert [step.name for step in workflow.steps] == ["threshold", "threshold_2", "threshold_3"]
    assert [step.outputs for step in workflow.steps] == [("mask_2",), ("mask_3",), ("mask_4",)]


def test_steps_and_values_share_no_name():
    workflow = with_inputs(threshold=IMAGE).add("segmentation.threshold", {"image": "threshold"})
    assert workflow.steps[0].name == "threshold_2"
    assert workflow.unique_name("threshold") == "threshold_3"
    workflow = workflow.add("filters.median", {"image": "threshold"}, outputs=("gaussian",))
    workflow = workflow.add("filters.gaussian", {"image": "gaussian"}, outputs=("gaussian_2",))
    assert workflow.steps[-1].name == "gaussian_3"
    with pytest.raises(ValueError, match="'median' can not be the name of a value: a step has it"):
        workflow.rename("gaussian", "median")


def test_a_workflow_in_which_a_step_and_a_value_share_a_name_is_read_and_changed(chain):
    step = dataclasses.replace(chain.step("dice"), name="image")
    clash = dataclasses.replace(chain, steps=(*chain.steps[:-1], step))
    read = Workflow.from_dict(json.loads(json.dumps(clash.to_dict())))
    assert read == clash
    assert read.change("image", bypassed=False) == clash
    assert read.add_input("image", IMAGE).rename("image", "cells").step("image").outputs
    assert read.add("filters.median", {"image": "image"}).steps[-1].name == "median"


@pytest.mark.parametrize(
    ("wish", "name"),
    [
        ("Nuclei!", "nuclei"),
        ("Gaussian", "gaussian_2"),
        ("image", "image_2"),
        ("print", "print_2"),
        ("class", "class_2"),
        ("filters", "filters_2"),
        ("image_file", "image_file_2"),
    ],
)
def test_wishes_become_names(chain, wish, name):
    assert chain.unique_name(wish) == name
    assert chain.unique_name(wish, [name]) != name


def test_a_step_can_stand_behind_another(chain):
    changed = chain.add("filters.median", {"image": "image"}, after="gaussian")
    assert [step.name for step in changed.steps][:3] == ["gaussian", "median", "threshold"]
    with pytest.raises(UnknownNameError, match="'labels', which no input and no step before it"):
        chain.add("postprocessing.clear_border", {"labels": "labels"}, after="gaussian")


def test_several_outputs_get_several_names():
    workflow = with_inputs(image=IMAGE)
    for _ in range(2):
        workflow = workflow.add("segmentation.local_maxima", {"image": "image"})
    assert workflow.steps[1].outputs == ("points_2", "labels_2")


def test_any_number_of_inputs():
    workflow = with_inputs(a=LABELS, b=LABELS)
    both = workflow.add("postprocessing.combine", {"labels": ["a", "b"]})
    assert both.steps[0].sources == ("a", "b")
    one = workflow.add("postprocessing.combine", {"labels": "a"})
    assert one.steps[0].inputs == {"labels": ("a",)}


@pytest.mark.parametrize(
    ("operation", "inputs", "parameters", "error", "message"),
    [
        ("filters.gaussan", {"image": "image"}, {}, UnknownNameError, "mean filters.gaussian"),
        ("os.system", {"image": "image"}, {}, UnknownNameError, "no operation 'os.system'"),
        ("filters.gaussian", {}, {}, ValueError, "needs a value for its input 'image'"),
        ("filters.gaussian", {"image": None}, {}, ValueError, "needs a value for its input"),
        ("filters.gaussian", {"img": "image"}, {}, ValueError, "no input 'img'; its inputs are: i"),
        ("filters.gaussian", {"image": "imgae"}, {}, UnknownNameError, "'imgae', which no input"),
        ("filters.gaussian", {"image": ["image"]}, {}, ValueError, "takes one value for 'image'"),
        ("filters.gaussian", {"image": 3}, {}, ValueError, "takes one value for 'image', got 3"),
        ("filters.gaussian", {"image": "image"}, {"sgm": 1}, ValueError, "no parameter 'sgm'"),
        ("filters.gaussian", {"image": "image"}, {"sigma": -1}, ValueError, "must be 0 or more"),
        ("filters.gaussian", {"image": "image"}, {"sigma": "1"}, TypeError, "must be a number"),
        ("filters.gaussian", {"image": "colours"}, {}, TypeError, "it with RGB to gray"),
        ("filters.gaussian", {"image": "labels"}, {}, TypeError, "it with Labels to mask"),
        ("surfaces.smooth", {"surface": "labels"}, {}, TypeError, "Labels to surface"),
        ("postprocessing.combine", {"labels": []}, {}, ValueError, "at least one value"),
        (
            "postprocessing.combine",
            {"labels": ["labels", 3]},
            {},
            UnknownNameError,
            "uses 3, which",
        ),
    ],
)
def test_a_step_that_does_not_fit_is_refused(operation, inputs, parameters, error, message):
    workflow = with_inputs(image=IMAGE, colours=COLOURS, labels=LABELS)
    with pytest.raises(error, match=message):
        workflow.add(operation, inputs, parameters)


def test_a_mask_is_not_taken_for_labels(chain):
    with pytest.raises(TypeError, match="with Label connected components"):
        chain.add("postprocessing.expand_labels", {"labels": "mask"})


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_of_outputs_are_refused(chain, name):
    with pytest.raises(ValueError, match="can not be the name of a value"):
        chain.add("filters.median", {"image": "image"}, outputs=(name,))


@pytest.mark.parametrize("name", [n for n in HOSTILE if n not in ("print", "eval")])
def test_hostile_names_of_steps_are_refused(chain, name):
    with pytest.raises(ValueError, match="can not be the name of a step"):
        chain.add("filters.median", {"image": "image"}, name=name)


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (("mask",), "it is taken"),
        (("image",), "it is taken"),
        (("image_spacing",), "notebooks use it beside 'image'"),
        (("viewer",), "exported notebooks use it"),
        (("one", "two"), "must name 1 outputs, it names 2"),
        ((), "must name 1 outputs, it names 0"),
    ],
)
def test_names_of_outputs_that_do_not_fit_are_refused(chain, outputs, message):
    with pytest.raises(ValueError, match=message):
        chain.add("filters.median", {"image": "image"}, outputs=outputs)


def test_two_steps_can_not_have_one_name(chain):
    with pytest.raises(ValueError, match="two steps have the name 'dice'"):
        chain.add("filters.median", {"image": "image"}, name="dice")


def test_a_step_without_a_parameter_is_refused():
    step = Step("blur", "filters.gaussian", {"image": "image"}, ("blurred",), {})
    with pytest.raises(ValueError, match="step 'blur' has no value for the parameter sigma"):
        Workflow((step,), {"image": IMAGE})


def test_a_step_can_not_use_what_comes_later_so_nothing_runs_in_circles(chain):
    first, second, *others = chain.steps
    with pytest.raises(UnknownNameError, match="'blurred', which no input and no step before it"):
        Workflow((second, first, *others), chain.inputs)
    with pytest.raises(UnknownNameError, match="'labels', which no input and no step before it"):
        chain.change("gaussian", inputs={"image": "labels"})
    with pytest.raises(UnknownNameError, match="'blurred', which no input"):
        chain.change("gaussian", inputs={"image": "blurred"})


# Loops


def test_axes_that_are_not_in_space_are_looped():
    workflow = with_inputs(movie=MOVIE, still=IMAGE).add("filters.median", {"image": "movie"})
    assert workflow.steps[0].over == "T"
    assert workflow.values["denoised"] == (Kind.IMAGE, "TYX")
    assert workflow.add("filters.median", {"image": "still"}).steps[1].over == ""


def test_axes_of_all_inputs_are_looped():
    labels = WorkflowInput(Kind.LABELS, "CTYX", (1.0, 1.0))
    workflow = with_inputs(movie=MOVIE, labels=labels)
    workflow = workflow.add("measurements.measure", {"labels": "labels", "image": "movie"})
    assert workflow.steps[0].over == "CT"
    assert workflow.values["table"] == (Kind.TABLE, "CT")


def test_a_stack_can_be_looped_slice_by_slice():
    workflow = with_inputs(stack=STACK).add("filters.median", {"image": "stack"}, over="Z")
    assert workflow.values["denoised"].axes == "ZYX"


def test_scores_of_a_loop_are_a_table():
    workflow = with_inputs(a=WorkflowInput(Kind.MASK, "TYX", (1.0, 1.0)))
    workflow = workflow.add("metrics.dice", {"reference": "a", "labels": "a"})
    assert workflow.values["score"] == (Kind.TABLE, "T")


@pytest.mark.parametrize(
    ("over", "message"),
    [
        ("", "must loop over T: 'movie' has the axes TYX"),
        ("C", "must loop over T"),
        ("TC", "can not loop over 'C'"),
        ("TX", "can not loop over 'X'"),
        ("TT", "can loop over 'T' only once"),
        ("Tt", "can not loop over 't'"),
    ],
)
def test_loops_that_do_not_fit_are_refused(over, message):
    with pytest.raises(ValueError, match=message):
        with_inputs(movie=MOVIE).add("filters.median", {"image": "movie"}, over=over)


def test_colours_can_not_be_looped():
    with pytest.raises(ValueError, match="can not loop over 'S'"):
        with_inputs(image=COLOURS).add("filters.rgb_to_gray", {"image": "image"}, over="S")


# Asking


def test_dependants_are_all_that_need_a_step(chain):
    assert chain.dependants("threshold") == (
        "label_connected_components",
        "expand_labels",
        "measure",
        "dice",
    )
    assert chain.dependants("measure") == ()
    assert chain.dependants("gaussian") == tuple(step.name for step in chain.steps[1:])


def test_results_are_what_no_step_uses(chain):
    assert chain.results() == ("table", "score")
    assert Workflow().results() == ()


def test_a_step_that_is_not_there_is_named_with_those_that_are(chain):
    with pytest.raises(UnknownNameError, match="no step 'gauss'; the steps are: 'gaussian', "):
        chain.step("gauss")
    with pytest.raises(UnknownNameError, match="the steps are: none"):
        Workflow().step("gauss")


# Changing


def test_a_parameter_changes_alone(chain):
    changed = chain.change("gaussian", parameters={"sigma": 9})
    assert changed.step("gaussian").parameters == {"sigma": 9.0}
    assert changed.steps[1:] == chain.steps[1:]


def test_an_input_changes_alone(chain):
    changed = chain.change("measure", inputs={"image": "blurred"})
    assert changed.step("measure").inputs == {"labels": "grown", "image": "blurred"}
    without = chain.change("measure", inputs={"image": None})
    assert without.step("measure").inputs == {"labels": "grown", "image": None}


def test_loops_follow_changed_inputs():
    workflow = with_inputs(movie=MOVIE, image=IMAGE).add("filters.median", {"image": "image"})
    changed = workflow.change("median", inputs={"image": "movie"})
    assert changed.steps[0].over == "T"
    assert changed.change("median", inputs={"image": "image"}) == workflow


def test_a_change_that_breaks_a_later_step_is_refused():
    workflow = with_inputs(movie=MOVIE, image=IMAGE)
    workflow = workflow.add("filters.median", {"image": "image"})
    workflow = workflow.add("segmentation.threshold", {"image": "denoised"})
    with pytest.raises(ValueError, match="step 'threshold' must loop over T"):
        workflow.change("median", inputs={"image": "movie"})


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"parameters": {"sigma": -1}}, ValueError),
        ({"parameters": {"other": 1}}, ValueError),
        ({"inputs": {"image": "mask"}}, UnknownNameError),
        ({"inputs": {"other": "image"}}, ValueError),
        ({"over": "T"}, ValueError),
    ],
)
def test_changes_that_do_not_fit_are_refused(chain, change, error):
    with pytest.raises(error):
        chain.change("gaussian", **change)


def test_another_operation_keeps_what_it_can(chain):
    workflow = chain.change("gaussian", parameters={"sigma": voxels(5)})
    changed = workflow.replace("gaussian", "filters.median")
    step = changed.step("gaussian")
    assert step.operation == "filters.median"
    assert step.parameters == find("filters.median").defaults()
    assert step.outputs == ("blurred",)
    back = changed.replace("gaussian", "filters.gaussian")
    assert back.step("gaussian").inputs == chain.step("gaussian").inputs


def test_another_operation_keeps_parameters_of_the_same_name():
    workflow = with_inputs(image=IMAGE).add(
        "segmentation.voronoi_otsu_labeling", {"image": "image"}, {"spot_sigma": 7.0}
    )
    name = workflow.steps[0].name
    changed = workflow.replace(name, "segmentation.local_minima_seeded_watershed")
    assert changed.step(name).parameters["spot_sigma"] == 7.0


def test_another_operation_must_fit(chain):
    with pytest.raises(ValueError, match="Clear border needs a value for its input 'labels'"):
        chain.replace("threshold", "postprocessing.clear_border")
    with pytest.raises(TypeError, match="takes labels as labels, but 'labels' is an image"):
        chain.replace("label_connected_components", "filters.gaussian")
    with pytest.raises(UnknownNameError):
        chain.replace("threshold", "segmentation.nothing")


def test_another_operation_must_give_what_later_steps_use():
    workflow = with_inputs(image=IMAGE).add("segmentation.local_maxima", {"image": "image"})
    alone = workflow.replace("local_maxima", "filters.median")
    assert alone.steps[0].outputs == ("points",)
    used = workflow.add("measurements.measure", {"labels": "labels"})
    message = (
        "step 'local_maxima' can not become Median, which does not give 'labels', used by 'measure'"
    )
    with pytest.raises(ValueError, match=message):
        used.replace("local_maxima", "filters.median")


def test_another_operation_can_have_more_outputs():
    workflow = with_inputs(image=IMAGE).add("filters.median", {"image": "image"})
    changed = workflow.replace("median", "segmentation.local_maxima")
    assert changed.steps[0].outputs == ("denoised", "labels")
    assert changed.values["denoised"].kind is Kind.POINTS


def test_a_removed_step_is_gone(chain):
    changed = chain.remove("dice")
    assert [step.name for step in changed.steps] == [step.name for step in chain.steps[:-1]]


def test_a_step_that_others_need_stays(chain):
    with pytest.raises(ValueError, match="'expand_labels' can not be removed, 'measure', 'dice'"):
        chain.remove("expand_labels")
    changed = chain.remove("expand_labels", with_dependants=True)
    assert changed.results() == ("labels",)
    with pytest.raises(UnknownNameError):
        chain.remove("nothing")


def test_a_renamed_value_is_renamed_everywhere(chain):
    changed = chain.rename("mask", "foreground").rename("image", "nuclei")
    assert "mask" not in changed.values
    assert changed.step("label_connected_components").inputs == {"mask": "foreground"}
    assert changed.step("dice").inputs["reference"] == "foreground"
    assert list(changed.inputs) == ["nuclei"]
    assert changed.rename("foreground", "mask").rename("nuclei", "image") == chain


def test_a_renamed_value_among_any_number():
    workflow = with_inputs(a=LABELS, b=LABELS).add("postprocessing.combine", {"labels": ["a", "b"]})
    assert workflow.rename("a", "c").steps[0].sources == ("c", "b")


@pytest.mark.parametrize("name", ["labels", "print", "x; import os", "image_file", ""])
def test_a_value_can_not_be_renamed_to_what_is_no_free_name(chain, name):
    with pytest.raises(ValueError, match="can not be the name of a value"):
        chain.rename("mask", name)
    with pytest.raises(UnknownNameError, match="no value 'nothing'"):
        chain.rename("nothing", "something")


# As data


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(workflows(to_run=True))
@pytest.mark.slow
def test_a_workflow_survives_json(drawn):
    workflow = dataclasses.replace(drawn.workflow, device="opencl")
    data = json.loads(json.dumps(workflow.to_dict(), allow_nan=False))
    again = Workflow.from_dict(data)
    assert again == workflow
    assert again.to_dict() == workflow.to_dict()


@pytest.mark.parametrize("operation", operations(), ids=lambda one: one.id)
def test_every_default_survives_json(operation):
    parameters = json.loads(json.dumps(step_data(operation.id)))
    found = {k: Voxels(v["voxels"]) if isinstance(v, dict) else v for k, v in parameters.items()}
    assert operation.check_settings(found) == operation.defaults()


def step_data(id: str) -> dict:
    inputs = {
        "image": IMAGE,
        "colours": COLOURS,
        "labels": LABELS,
        "surface": WorkflowInput(Kind.SURFACE, "ZYX", (1.0, 1.0, 1.0)),
        "corrections": WorkflowInput(Kind.CORRECTIONS, "YX", (1.0, 1.0)),
        "mask": WorkflowInput(Kind.MASK, "YX", (1.0, 1.0)),
        "points": WorkflowInput(Kind.POINTS, "YX", (1.0, 1.0)),
        "shapes": WorkflowInput(Kind.SHAPES, "YX", (1.0, 1.0)),
        "table": WorkflowInput(Kind.TABLE, "", ()),
    }
    axes = f"{find(id).declaration.picks}YX"  # what it picks from
    inputs["image"] = dataclasses.replace(IMAGE, axes=axes)
    by_kind = {value.kind: name for name, value in inputs.items()}
    wiring = {entry.name: by_kind[entry.kind] for entry in find(id).inputs}
    return Workflow(inputs=inputs).add(id, wiring).to_dict()["steps"][0]["parameters"]


def test_a_step_gives_what_its_check_says(chain):
    values = {name: chain.values[name] for name in ("image", "blurred")}
    found = check_step(chain.step("threshold"), values)
    assert found == {"mask": chain.values["mask"]}


@given(st.integers(0, 5))
def test_equal_workflows_are_equal(number):
    def make(sigma):
        return with_inputs(image=IMAGE).add(
            "filters.gaussian", {"image": "image"}, {"sigma": sigma}
        )

    assert make(number) == make(float(number))
    assert make(number) != make(number + 1)
    assert make(number) != make(voxels(number))
