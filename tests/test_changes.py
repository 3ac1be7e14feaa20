"""Titles of changes: what a person did is what the title says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_delineate import rewiring, voxels
from napari_delineate.catalogue import find
from napari_delineate.changes import describe_change
from napari_delineate.steps import passed_on
from napari_delineate.types import Kind
from napari_delineate.workflow import Workflow, WorkflowInput
from tests.strategies import workflows

IMAGE = WorkflowInput(Kind.IMAGE, "ZYX", (2.0, 0.5, 0.5), "micrometer", "cells.tif", "v1")
PIXELS = WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0))
LABELS = WorkflowInput(Kind.LABELS, "ZYX", (2.0, 0.5, 0.5), "micrometer", None, "v1")
APPLY = "postprocessing.apply_corrections"

quick = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest.fixture
def first():
    """An image, blurred, thresholded, labelled and filtered; and seeds by hand."""
    workflow = Workflow().add_input("image", IMAGE).add_input("seeds", LABELS)
    workflow = workflow.add("filters.gaussian", {"image": "image"}, {"sigma": voxels(1)})
    workflow = workflow.add("segmentation.threshold", {"image": "blurred"})
    workflow = workflow.add("segmentation.label_connected_components", {"mask": "mask"})
    return workflow.add("postprocessing.filter_by_size", {"labels": "labels"})


def test_nothing_changed(first):
    assert describe_change(first, first) == "No change"
    assert describe_change(Workflow(), Workflow()) == "No change"


def test_steps_are_added_and_removed_with_what_they_need(first):
    start = Workflow()
    one = start.add_input("image", IMAGE).add("filters.median", {"image": "image"})
    assert describe_change(start, one) == "Add Median"
    assert describe_change(one, start) == "Remove Median"
    more = first.add("postprocessing.clear_border", {"labels": "labels"})
    assert describe_change(first, more) == "Add Clear border"
    assert describe_change(more, first) == "Remove Clear border"
    fewer = first.remove("threshold", with_dependants=True)
    assert describe_change(first, fewer) == "Remove Threshold and 2 more"
    assert describe_change(fewer, first) == "Add Threshold and 2 more"


def test_inputs_are_added_and_removed(first):
    other = first.add_input("other", PIXELS)
    assert describe_change(first, other) == "Add input other"
    assert describe_change(other, first) == "Remove input other"


def test_steps_are_inserted_taken_out_and_moved_in_one_change(first):
    inserted = rewiring.insert(first, "filters.median", "blurred")
    assert inserted.step("threshold").sources == ("denoised",)
    assert describe_change(first, inserted) == "Add Median"
    assert describe_change(inserted, first) == "Remove Median"
    assert describe_change(first, rewiring.take_out(first, "gaussian")) == "Remove Gaussian"
    moved = rewiring.move(inserted, "median", "image")
    assert [step.name for step in moved.steps][:2] == ["median", "gaussian"]
    assert describe_change(inserted, moved) == "Move Median"


def test_the_order_of_steps_that_do_not_need_each_other():
    workflow = Workflow().add_input("image", IMAGE)
    for operation in ("filters.gaussian", "filters.median", "filters.white_tophat"):
        workflow = workflow.add(operation, {"image": "image"})
    a, b, c = workflow.steps
    assert describe_change(workflow, replace(workflow, steps=(c, a, b))) == "Move White top-hat"
    assert describe_change(workflow, replace(workflow, steps=(b, c, a))) == "Move Gaussian"
    assert describe_change(workflow, replace(workflow, steps=(c, b, a))) == "Reorder the steps"


@pytest.mark.parametrize(
    ("step", "parameters", "title"),
    [
        ("gaussian", {"sigma": voxels(3)}, "Sigma of Gaussian: 1 px → 3 px"),
        ("gaussian", {"sigma": 2.5}, "Sigma of Gaussian: 1 px → 2.5 µm"),
        ("gaussian", {"sigma": np.float32(2.5)}, "Sigma of Gaussian: 1 px → 2.5 µm"),
        ("gaussian", {"sigma": voxels(1.00001)}, "Sigma of Gaussian: 1 px → 1.00001 px"),
        ("threshold", {"method": "li"}, "Method of Threshold: otsu → li"),
        (
            "filter_by_size",
            {"maximum": voxels(500)},
            "Maximum of Filter by size: none → 500 px³",
        ),
        ("filter_by_size", {"maximum": 20}, "Maximum of Filter by size: none → 20 µm³"),
    ],
)
def test_settings_are_named_with_their_units(first, step, parameters, title):
    assert describe_change(first, first.change(step, parameters=parameters)) == title


def test_lengths_without_a_unit():
    for spacing, unit in (((1.0, 1.0), "px"), ((0.5, 0.5), "units")):
        image = replace(PIXELS, spacing=spacing)
        before = Workflow().add_input("image", image).add("filters.gaussian", {"image": "image"})
        after = before.change("gaussian", parameters={"sigma": 4.0})
        assert describe_change(before, after) == f"Sigma of Gaussian: 2 px → 4 {unit}"


def test_names_of_settings_are_written_as_words():
    before = Workflow().add_input("image", PIXELS)
    before = before.add("segmentation.voronoi_otsu_labeling", {"image": "image"})
    after = before.change("voronoi_otsu_labeling", parameters={"spot_sigma": voxels(5)})
    assert describe_change(before, after).startswith("Spot sigma of Voronoi Otsu labeling: ")


def test_painting_on_an_input(first):
    for kind, title in (
        (Kind.LABELS, "Paint on drawn"),
        (Kind.MASK, "Paint on drawn"),
        (Kind.IMAGE, "Change drawn"),
    ):
        drawn = replace(LABELS, kind=kind)
        before = first.add_input("drawn", drawn)
        after = before.add_input("drawn", replace(drawn, version="v2"))
        assert describe_change(before, after) == title
    points = WorkflowInput(Kind.POINTS, "ZYX", (2.0, 0.5, 0.5), version="v1")
    before = first.add_input("dots", points)
    after = before.add_input("dots", replace(points, version="v2"))
    assert describe_change(before, after) == "Draw in dots"


def test_painting_on_a_result_the_first_time_and_again(first):
    strokes = replace(LABELS, kind=Kind.CORRECTIONS)
    painted = first.add_input("strokes", strokes)
    painted = painted.add(
        APPLY, {"labels": "labels", "corrections": "strokes"}, after="label_connected_components"
    )
    painted = painted.change("filter_by_size", inputs={"labels": "corrected_labels"})
    assert describe_change(first, painted) == "Paint on labels"
    assert describe_change(painted, first) == "Remove Apply corrections"
    again = painted.add_input("strokes", replace(strokes, version="v2"))
    assert describe_change(painted, again) == "Paint on labels"


def test_what_is_known_of_an_input(first):
    def changed(**options):
        return describe_change(first, first.add_input("image", replace(IMAGE, **options)))

    assert changed(version="v2") == "Change image"
    assert changed(version="v2", source="other.tif") == "Change image"
    assert changed(source="/data/other.tif") == "File of image: cells.tif → other.tif"
    assert changed(source=None) == "File of image: cells.tif → none"
    assert changed(spacing=(2.0, 0.25, 0.25)) == (
        "Voxel size of image: 2 × 0.5 × 0.5 µm → 2 × 0.25 × 0.25 µm"
    )
    assert changed(units="nanometer") == (
        "Voxel size of image: 2 × 0.5 × 0.5 µm → 2 × 0.5 × 0.5 nm"
    )
    flat = Workflow().add_input("movie", replace(PIXELS, axes="YX"))
    movie = flat.add_input("movie", replace(PIXELS, axes="TYX"))
    assert describe_change(flat, movie) == "Axes of movie: YX → TYX"
    mask = flat.add_input("movie", replace(PIXELS, kind=Kind.MASK))
    assert describe_change(flat, mask) == "Kind of movie: image → mask"


def test_values_are_renamed(first):
    assert describe_change(first, first.rename("labels", "nuclei")) == "Rename labels to nuclei"
    assert describe_change(first, first.rename("image", "cells")) == "Rename image to cells"
    both = first.rename("labels", "nuclei").rename("image", "cells")
    assert describe_change(first, both).endswith(" and 1 more")


def test_steps_use_other_values(first):
    before = first.add_input("my_image", IMAGE)
    after = before.change("threshold", inputs={"image": "my_image"})
    assert describe_change(before, after) == "Use my_image for Threshold"
    # An input that comes with its use is no change of its own.
    assert describe_change(first, after) == "Use my_image for Threshold"
    measured = before.add("measurements.measure", {"labels": "labels"})
    brighter = measured.change("measure", inputs={"image": "image"})
    assert describe_change(measured, brighter) == "Use image for Measure"
    assert describe_change(brighter, measured) == "Use no image for Measure"
    two = before.add("filters.median", {"image": "image"})
    instead = two.change("gaussian", inputs={"image": "my_image"})
    instead = instead.change("median", inputs={"image": "my_image"})
    assert describe_change(two, instead) == "Use my_image instead of image"
    combined = before.add("postprocessing.combine", {"labels": ["labels", "seeds"]})
    fewer = combined.change("combine", inputs={"labels": ["seeds", "kept_labels"]})
    assert describe_change(combined, fewer) == "Use seeds, kept_labels for Combine"


def test_a_step_calls_another_operation(first):
    before = first.add("segmentation.threshold", {"image": "image"}).remove(
        "threshold", with_dependants=True
    )
    before = before.add("segmentation.gauss_otsu_labeling", {"image": "image"})
    after = before.replace("gauss_otsu_labeling", "segmentation.voronoi_otsu_labeling")
    title = "Replace Gauss Otsu labeling by Voronoi Otsu labeling"
    assert describe_change(before, after) == title


def test_steps_are_bypassed_and_used_again(first):
    off = first.change("gaussian", bypassed=True)
    assert describe_change(first, off) == "Bypass Gaussian"
    assert describe_change(off, first) == "Use Gaussian again"


def test_loops_and_device(first):
    looped = first.change("gaussian", over="Z")
    assert describe_change(first, looped) == "Loop Gaussian over Z"
    assert describe_change(looped, first) == "Loop Gaussian over no axis"
    assert describe_change(first, replace(first, device="gpu")) == "Device: gpu"


def test_another_workflow_is_opened(first):
    other = Workflow().add_input("slide", replace(PIXELS, source="slide.tif"))
    other = other.add("filters.median", {"image": "slide"})
    assert describe_change(first, other) == "Open a workflow"
    assert describe_change(other, first) == "Open a workflow"
    assert describe_change(Workflow(), first) == "Open a workflow"
    # The same image, painted on while a setting was changed, is no other workflow.
    before = Workflow().add_input("image", IMAGE).add("filters.gaussian", {"image": "image"})
    after = before.add_input("image", replace(IMAGE, version="v2"))
    after = after.change("gaussian", parameters={"sigma": voxels(7)})
    assert describe_change(before, after) == "Sigma of Gaussian: 2 px → 7 px and 1 more"


def test_steps_as_files_and_scripts_may_write_them(first):
    """Lists for tuples, optional inputs left out, numbers of NumPy."""
    combined = first.add("postprocessing.combine", {"labels": ("labels", "seeds")})
    step = replace(combined.step("combine"), inputs={"labels": ["labels", "seeds"]})
    same = replace(combined, steps=(*combined.steps[:-1], step))
    assert describe_change(combined, same)
    renamed = combined.rename("seeds", "marks")
    assert describe_change(same, renamed) == "Rename seeds to marks"
    measured = first.add("measurements.measure", {"labels": "labels"})
    short = replace(measured.step("measure"), inputs={"labels": "labels"})
    brighter = measured.change("measure", inputs={"image": "image"})
    short = replace(measured, steps=(*measured.steps[:-1], short))
    assert describe_change(short, brighter) == "Use image for Measure"
    precise = replace(first.steps[0], parameters={"sigma": np.array(4.0)})
    precise = replace(first, steps=(precise, *first.steps[1:]))
    assert describe_change(first, precise) == "Sigma of Gaussian: 1 px → 4 µm"


@quick
@given(workflows(most_steps=4), workflows(most_steps=4))
def test_any_two_workflows_have_a_title(first, second):
    before, after = first.workflow, second.workflow
    title = describe_change(before, after)
    assert title.strip()
    assert "\n" not in title
    assert (title == "No change") == (before == after)
    again = Workflow.from_dict(before.to_dict()), Workflow.from_dict(after.to_dict())
    assert describe_change(*again) == title
    assert describe_change(after, before)
    assert describe_change(before, replace(before)) == "No change"


@quick
@given(workflows(most_steps=5), st.data())
def test_one_change_has_one_title(drawn, data):
    """Whatever the workflow, one thing that a person does is one change."""
    before = drawn.workflow
    step = data.draw(st.sampled_from(before.steps))
    title = find(step.operation).title
    value = data.draw(st.sampled_from(list(before.values)))
    renamed = before.rename(value, "fresh")
    assert describe_change(before, renamed) == f"Rename {value} to fresh"
    assert describe_change(renamed, before) == f"Rename fresh to {value}"
    assert describe_change(before, replace(before, device="gpu")) == "Device: gpu"
    if passed_on(step, before.values) is not None:
        try:
            flipped = before.change(step.name, bypassed=not step.bypassed)
        except (TypeError, ValueError):
            flipped = before  # what needs it can not work on what it hands on
        verb = f"Use {title} again" if step.bypassed else f"Bypass {title}"
        assert describe_change(before, flipped) == ("No change" if flipped is before else verb)
    again = before.add(step.operation, step.inputs, step.parameters, over=step.over)
    assert describe_change(before, again) == f"Add {title}"
    assert describe_change(again, before) == f"Remove {title}"
