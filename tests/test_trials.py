"""Trials of variants on a region give what the whole image has there."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage import filters as skimage_filters

from napari_delineate.catalogue import find
from napari_delineate.engine import CancelledError, Engine
from napari_delineate.previews import draw
from napari_delineate.samples import coins, nuclei_3d, nuclei_movie
from napari_delineate.trials import Sight, backdrop, isolate, try_out
from napari_delineate.types import Kind, Voxels
from napari_delineate.values import Value
from napari_delineate.variants import alternatives, sensible_values, sweep
from napari_delineate.workflow import Workflow, WorkflowInput

REGION = {"Y": (40, 240), "X": (100, 300)}


def nothing() -> None:
    """Let trials go on."""


def start(value, operation, **parameters):
    """Return a workflow of one step, and its name."""
    workflow = Workflow().add_input("image", WorkflowInput.of(value))
    entry = find(operation).inputs[0].name
    workflow = workflow.add(operation, {entry: "image"}, parameters)
    return workflow, workflow.steps[0].name


def trials(variants, sight, engine=None):
    """Return the trials that are done."""
    found = list(try_out(engine or Engine(), variants, sight, 200, nothing))
    assert [one.index for one in found] == [n for n in range(len(variants)) for _ in (0, 1)]
    assert [one.is_done for one in found] == [False, True] * len(variants)
    return found[1::2]


def test_thresholds_of_a_region_as_scikit_image_finds_them():
    image = coins()
    workflow, step = start(image, "segmentation.threshold")
    methods = ["isodata", "li", "mean", "minimum", "otsu", "triangle", "yen"]
    variants = sweep(workflow, step, "method", methods)
    found = trials(variants, Sight({"image": image}, image, REGION, {}))
    part = image.data[40:240, 100:300]
    for variant, trial in zip(variants, found, strict=True):
        level = getattr(skimage_filters, f"threshold_{variant.title}")(part)
        objects = ndimage.label(part > level, np.ones((3, 3)))[1]
        assert trial.count == f"{objects} objects"
        mask = Value.of(part > level, Kind.MASK)
        expected = draw(mask, 200, Value.of(part, Kind.IMAGE))
        np.testing.assert_array_equal(trial.picture, expected)
        assert trial.seconds > 0
        assert not trial.error


def test_what_is_local_is_exact_up_to_the_border_of_the_region():
    image = coins()
    workflow, step = start(image, "filters.gaussian", sigma=Voxels(2))
    setting = find("filters.gaussian").settings[0]
    variants = sweep(workflow, step, "sigma", sensible_values(setting, Voxels(2)))
    found = trials(variants, Sight({"image": image}, None, REGION, {}))
    for variant, trial in zip(variants, found, strict=True):
        whole = Engine().run(variant.workflow, {"image": image})["blurred"]
        part = Value.of(whole.data[40:240, 100:300], Kind.IMAGE)
        np.testing.assert_array_equal(trial.picture, draw(part, 200))
        assert trial.count == ""


def test_a_halo_that_is_far_larger_than_the_region_is_left_out():
    image = Value.of(np.random.default_rng(0).random((400, 400)), Kind.IMAGE)
    workflow, step = start(image, "filters.gaussian", sigma=Voxels(40))
    shapes = []

    class Watched(Engine):
        def run(self, workflow, inputs, **options):
            shapes.append(inputs["image"].data.shape)
            return super().run(workflow, inputs, **options)

    (variant,) = sweep(workflow, step, "sigma", [Voxels(40)])
    region = {"Y": (190, 210), "X": (190, 210)}
    trials([variant], Sight({"image": image}, None, region, {}), Watched())
    assert shapes == [(20, 20)]
    (variant,) = sweep(workflow, step, "sigma", [Voxels(2)])
    trials([variant], Sight({"image": image}, None, region, {}), Watched())
    assert shapes[1] == (36, 36)


def test_a_stack_is_counted_in_3d_and_drawn_as_a_slice():
    image = nuclei_3d()
    workflow, step = start(image, "segmentation.gauss_otsu_labeling")
    variants = alternatives(workflow, step)
    region = {"Z": (4, 28), "Y": (10, 150), "X": (20, 190)}
    found = trials(variants, Sight({"image": image}, image, region, {"Z": 15}))
    part = image.data[4:28, 10:150, 20:190]
    for variant, trial in zip(variants, found, strict=True):
        done = variant.workflow.step(step)
        function = find(done.operation).function
        labels = function(part, spacing=image.spacing, **done.parameters)
        assert trial.count == f"{len(np.unique(labels)) - 1} objects"
        expected = draw(Value.of(labels[11], Kind.LABELS), 200, Value.of(part[11], Kind.IMAGE))
        np.testing.assert_array_equal(trial.picture, expected)


def test_one_image_of_a_movie():
    movie = nuclei_movie()
    workflow, step = start(movie, "segmentation.threshold")
    counts = []
    for time in range(6):
        sight = Sight({"image": movie}, movie, {"T": (time, time + 1)}, {"T": time})
        (trial, *_) = trials(alternatives(workflow, step)[:1], sight)
        frame = movie.data[time]
        mask = frame > skimage_filters.threshold_otsu(frame)
        assert trial.count == f"{ndimage.label(mask, np.ones((3, 3)))[1]} objects"
        counts.append(trial.picture)
    assert not np.array_equal(counts[0], counts[5])


def test_points_surfaces_and_scores():
    image = nuclei_3d()
    workflow, step = start(image, "segmentation.local_maxima", sigma=Voxels(3))
    region = {"Z": (0, 32), "Y": (0, 96), "X": (0, 96)}
    variants = sweep(workflow, step, "sigma", [Voxels(3)])
    (points,) = trials(variants, Sight({"image": image}, image, region, {}))
    function = find("segmentation.local_maxima").function
    part = image.data[:, :96, :96]
    expected = function(part, sigma=Voxels(3), spacing=image.spacing).points
    assert points.count == f"{len(expected)} points"

    labels = Value.of(np.zeros((9, 20, 20), int), Kind.LABELS)
    labels.data[2:7, 2:7, 2:7], labels.data[2:7, 12:18, 12:18] = 1, 2
    surface = Value.of(find("surfaces.labels_to_surface").function(labels.data), Kind.SURFACE)
    workflow, step = start(surface, "surfaces.smooth")
    sight = Sight({"image": surface}, None, {"Y": (0, 10), "X": (0, 10)}, {})
    (trial, *_) = trials(alternatives(workflow, step)[:1], sight)
    of_first = surface.data.values[surface.data.faces[:, 0]] == 1
    assert trial.count == f"{of_first.sum():,} triangles"
    assert trial.picture is not None

    workflow = Workflow().add_input("one", WorkflowInput.of(labels))
    workflow = workflow.add_input("two", WorkflowInput.of(labels))
    workflow = workflow.add("metrics.dice", {"reference": "one", "labels": "two"})
    sight = Sight({"one": labels, "two": labels}, None, {}, {})
    (score, *_) = trials(alternatives(workflow, "dice")[:1], sight)
    assert (score.count, score.picture) == ("1", None)


def test_a_variant_that_fails_says_why_and_the_others_go_on():
    dark = (250 * np.linspace(0, 1, 60_000) ** 0.5).reshape(200, 300).astype(np.uint8)
    image = Value.of(dark, Kind.IMAGE)
    workflow, step = start(image, "segmentation.threshold")
    methods = sensible_values(find("segmentation.threshold").settings[0], "otsu")
    assert len(methods) == 17
    found = trials(sweep(workflow, step, "method", methods), Sight({"image": image}, image, {}, {}))
    by_method = dict(zip(methods, found, strict=True))
    for method in ("minimum", "intermodes"):
        failed = by_method.pop(method)
        assert failed.error.startswith(f"Method '{method}' finds no threshold in this image")
        assert "try 'otsu', 'li' or 'triangle'" in failed.error
        assert failed.picture is None
    for trial in by_method.values():
        assert not trial.error
        assert trial.picture is not None
        assert trial.count.endswith(("object", "objects"))


def test_a_grid_that_changes_is_not_cut():
    image = nuclei_3d()
    workflow, step = start(image, "filters.rescale_isotropic")
    region = {"Z": (0, 10), "Y": (0, 50), "X": (0, 50)}
    variants = alternatives(workflow, step)
    found = trials(variants, Sight({"image": image}, image, region, {}))
    assert {trial.error for trial in found} == {""}
    for variant, trial in zip(variants, found, strict=True):
        assert trial.picture is not None
        if variant.workflow.step(step).operation == "filters.rescale_isotropic":
            assert trial.picture.shape == (200, 200, 3)


def test_trials_end_when_they_are_told_to():
    image = coins()
    workflow, step = start(image, "segmentation.threshold")
    calls = 0

    def check():
        nonlocal calls
        calls += 1
        if calls > 4:
            raise CancelledError

    sight = Sight({"image": image}, None, {}, {})
    with pytest.raises(CancelledError):
        list(try_out(Engine(), alternatives(workflow, step), sight, 50, check))
    assert calls == 5


def test_the_same_region_again_is_not_computed_again():
    image = coins()
    workflow, step = start(image, "segmentation.threshold")
    calls = []

    class Counting:
        def run(self, call, progress):
            from napari_delineate.evaluation import evaluate

            calls.append(call.operation)
            return evaluate(call, progress)

        def cancel(self):
            pass

    engine = Engine(Counting())
    sight = Sight({"image": image}, image, REGION, {})
    variants = sweep(workflow, step, "method", ["otsu", "li", "triangle"])
    first = trials(variants, sight, engine)
    assert len(calls) == 6  # a threshold and a count for each
    again = trials(variants, sight, engine)
    assert len(calls) == 6
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.picture, other.picture)
        assert (one.count, one.seconds) == (other.count, other.seconds)


def test_a_step_alone_starts_from_what_it_works_on():
    image = coins()
    workflow, _ = start(image, "filters.gaussian")
    workflow = workflow.add("segmentation.threshold", {"image": "blurred"})
    variant = alternatives(workflow, "threshold")[1]
    blurred = Engine().run(workflow, {"image": image})["blurred"]
    alone = isolate(variant, {"blurred": blurred, "more": image})
    assert list(alone.inputs) == ["blurred"]
    assert alone.steps == variant.workflow.steps[1:]


def test_the_backdrop_is_the_nearest_image_on_the_same_grid():
    stack = WorkflowInput(Kind.IMAGE, "ZYX", (2.0, 1.0, 1.0))
    workflow = Workflow().add_input("stack", stack)
    workflow = workflow.add("filters.gaussian", {"image": "stack"})
    workflow = workflow.add("segmentation.threshold", {"image": "blurred"})
    assert backdrop(workflow, "gaussian") == "stack"
    assert backdrop(workflow, "threshold") == "blurred"
    workflow = workflow.add("segmentation.label_connected_components", {"mask": "mask"})
    assert backdrop(workflow, "label_connected_components") == "blurred"
    scaled = workflow.add("filters.rescale_isotropic", {"image": "stack"})
    name = scaled.steps[-1].outputs[0]
    scaled = scaled.add("segmentation.threshold", {"image": name})
    assert backdrop(scaled, "threshold_2") == name
    masks = Workflow().add_input("mask", WorkflowInput(Kind.MASK, "YX", (1.0, 1.0)))
    masks = masks.add("segmentation.label_connected_components", {"mask": "mask"})
    assert backdrop(masks, "label_connected_components") is None
