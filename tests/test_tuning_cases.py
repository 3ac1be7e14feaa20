"""Annotated images: what can not be scored is said at once, and only what is annotated counts."""

from __future__ import annotations

import json

import numpy as np
import pytest

from napari_delineate import metrics, tuning, voxels
from napari_delineate.engine import Engine, InProcess
from napari_delineate.tuning import Case, CaseError, Goal, goals, tunable, tunables
from napari_delineate.types import Kind
from napari_delineate.values import Value
from napari_delineate.workflow import Workflow, WorkflowInput

SIZE = 24


def levels(seed=0):
    """An image of all levels from 0 to 1 in disorder."""
    found = np.linspace(0, 1, SIZE**2)
    return np.random.default_rng(seed).permutation(found).reshape(SIZE, SIZE)


def squares(count):
    """An image and the labels of some bright squares on its diagonal."""
    right = np.zeros((SIZE, SIZE), int)
    for number in range(count):
        right[6 * number : 6 * number + 4, 6 * number : 6 * number + 4] = number + 1
    return np.where(right > 0, 1.0, 0.0), right


def threshold(axes="YX", lower=0.4):
    workflow = Workflow().add_input("image", WorkflowInput(Kind.IMAGE, axes, (1.0, 1.0)))
    return workflow.add("segmentation.manual_threshold", {"image": "image"}, {"lower": lower})


def objects(axes="YX", lower=0.4):
    workflow = threshold(axes, lower)
    return workflow.add("segmentation.label_connected_components", {"mask": "mask"})


def level(workflow):
    return tunable(workflow, "manual_threshold", "lower", low=0, high=1)


def case(image, right, name="image", kind=Kind.LABELS, axes=None):
    return Case(name, {"image": Value.of(image, Kind.IMAGE, axes)}, Value.of(right, kind, axes))


class Counting(InProcess):
    """Run calls here, and count them by operation."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def run(self, call, progress):
        self.calls.append(call.operation)
        return super().run(call, progress)


# Only what is annotated counts


@pytest.mark.parametrize(
    "goal", [one for one in goals(Kind.LABELS, "sparse") if "false" not in one.score], ids=str
)
def test_frames_in_which_nothing_is_outlined_do_not_count(goal):
    image, right = squares(4)
    right[right > 2] = 0  # half of the objects are outlined
    movie = case(np.stack([image, image]), np.stack([right, 0 * right]), axes="TYX")
    alone = tuning.tune(objects(), [case(image, right)], [level(objects())], goal, trials=1)
    found = tuning.tune(objects("TYX"), [movie], [level(objects("TYX"))], goal, trials=1)
    assert found.before == alone.before


def test_frames_without_strokes_do_not_count():
    strokes = np.where(levels() > 0.6, 2, 1)
    movie = case(np.stack([levels(), levels(1)]), np.stack([strokes, 0 * strokes]), axes="TYX")
    goal = Goal("metrics.dice", annotation="scribbles")
    found = tuning.tune(threshold("TYX"), [movie], [level(threshold("TYX"))], goal, trials=1)
    assert found.before == pytest.approx(metrics.dice(levels() > 0.6, levels() >= 0.4))


def test_errors_up_and_down_in_a_movie_do_not_make_up_for_each_other():
    right = np.stack([levels() >= 0.6, levels() >= 0.2])
    movie = case(np.stack([levels(), levels()]), right, kind=Kind.MASK, axes="TYX")
    goal = Goal("metrics.volume_scores", "volume_error")
    found = tuning.tune(threshold("TYX"), [movie], [level(threshold("TYX"))], goal, trials=1)
    marked = (levels() >= 0.4).sum()
    errors = [abs(int(marked) - int(one.sum())) for one in right]
    assert found.before == pytest.approx(np.mean(errors))
    assert found.before > 50


def test_scores_of_outlines_are_not_offered_for_strokes():
    metric_ids = {one.metric for one in goals(Kind.MASK, "scribbles")}
    assert "metrics.jaccard" in metric_ids
    assert not [one for one in metric_ids if "distance" in one or "boundary" in one]


# What can not be scored


@pytest.mark.parametrize(
    ("right", "annotation", "words"),
    [
        (np.zeros((SIZE, SIZE), int), "sparse", "is empty: outline some objects"),
        (np.zeros((SIZE, SIZE), int), "scribbles", "must tell two things apart"),
        (np.ones((SIZE, SIZE), int), "scribbles", "must tell two things apart"),
        (np.full((SIZE, SIZE), 2), "scribbles", "must tell two things apart"),
        (np.full((SIZE, SIZE), 0.5), "dense", "its dtype is float64"),
        (np.full((SIZE, SIZE), -1), "dense", "labels below 0: -1"),
    ],
)
@pytest.mark.parametrize("is_held_out", [False, True])
def test_an_annotation_that_says_nothing_is_refused_before_anything_runs(
    right, annotation, words, is_held_out
):
    image, outlined = squares(3)
    good = case(image, 1 + (outlined > 0) if annotation == "scribbles" else outlined)
    bad = case(image, right, "wrong")
    goal = Goal("metrics.dice" if annotation == "scribbles" else "metrics.sparse_jaccard")
    goal = Goal(goal.metric, annotation=annotation)
    runner = Counting()
    fitted, aside = ([good], [bad]) if is_held_out else ([bad], [])
    with pytest.raises(CaseError, match=words) as caught:
        tuning.tune(
            objects(),
            fitted,
            [level(objects())],
            goal,
            held_out=aside,
            engine=Engine(runner),
        )
    assert "'wrong'" in str(caught.value)
    assert not runner.calls


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Value.of(np.ones((SIZE, SIZE - 1), int), Kind.LABELS), "24 × 24; it has 24 × 23"),
        (Value.of(np.ones((1, SIZE, SIZE), int), Kind.LABELS), "has the axes ZYX"),
        (Value.of(np.ones((SIZE, SIZE), int), Kind.LABELS, spacing=3.0), "voxels of 3 × 3 pixel"),
        (
            Value.of(np.ones((SIZE, SIZE), int), Kind.LABELS, units="micrometer"),
            "1 × 1 micrometer",
        ),
    ],
)
def test_an_annotation_that_lies_elsewhere_is_said_without_a_trial(value, words):
    image, _ = squares(3)
    runner, seen = Counting(), []
    wrong = Case("wrong", {"image": Value.of(image, Kind.IMAGE)}, value)
    with pytest.raises(CaseError, match=words):
        tuning.tune(
            objects(), [wrong], [level(objects())], engine=Engine(runner), report=seen.append
        )
    assert not seen
    assert not [one for one in runner.calls if one.startswith("metrics.")]


def test_parameters_that_change_nothing_are_refused():
    image, right = squares(3)
    workflow = objects().add("postprocessing.clear_border", {"labels": "labels"})
    chosen = tunables(workflow, ["clear_border"])
    with pytest.raises(ValueError, match="'clear_border' do not change 'labels'"):
        tuning.tune(workflow, [case(image, right)], chosen, result="labels")


def test_a_failure_names_the_image():
    cases = [case(levels(seed), levels(seed) > 0.5, f"image {seed}", Kind.MASK) for seed in (0, 1)]
    workflow = threshold().change("manual_threshold", parameters={"upper": 0.6})
    found = tuning.tune(workflow, cases, [level(workflow)], Goal("metrics.dice"), trials=12)
    reasons = {one.reason[:9] for one in found.trials if one.reason}
    assert reasons == {"image 0: "}


# What is computed, and what comes out


def test_upstream_is_computed_once_for_each_image_however_little_is_remembered():
    workflow = Workflow().add_input("image", WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0)))
    workflow = workflow.add("filters.gaussian", {"image": "image"}, {"sigma": voxels(1)})
    workflow = workflow.add("segmentation.manual_threshold", {"image": "blurred"}, {"lower": 0.4})
    cases = [case(levels(seed), levels(seed) > 0.5, str(seed), Kind.MASK) for seed in range(4)]
    runner = Counting()
    engine = Engine(runner, cache_bytes=2 * SIZE**2 * 8)
    tuning.tune(workflow, cases, [level(workflow)], Goal("metrics.dice"), trials=7, engine=engine)
    assert runner.calls.count("filters.gaussian") == 4
    assert runner.calls.count("segmentation.manual_threshold") == 4 * 7


def test_each_image_has_its_scores():
    cases = [case(levels(seed), levels(seed) > 0.5, str(seed), Kind.MASK) for seed in range(3)]
    found = tuning.tune(
        threshold(),
        cases[:2],
        [level(threshold())],
        Goal("metrics.dice"),
        held_out=cases[2:],
        trials=9,
    )
    best = found.best.parameters["manual_threshold.lower"]
    for seed, one in enumerate(found.images):
        right = levels(seed) > 0.5
        assert (one.name, one.is_held_out) == (str(seed), seed == 2)
        assert one.before == pytest.approx(metrics.dice(right, levels(seed) >= 0.4))
        assert one.after == pytest.approx(metrics.dice(right, levels(seed) >= best))
    assert found.after == pytest.approx(np.mean([one.after for one in found.images[:2]]))
    assert found.held_out_after == found.images[2].after


def test_the_history_says_bounds_and_what_was_scored():
    image, right = squares(3)
    goal = Goal("metrics.panoptic_quality", annotation="sparse", settings={"overlap": 0.7})
    found = tuning.tune(objects(), [case(image, right)], [level(objects())], goal, trials=5, seed=3)
    said = json.loads(json.dumps(found.provenance(), allow_nan=False))
    assert said["parameters"] == {"manual_threshold.lower": {"low": 0, "high": 1, "unit": ""}}
    assert said["settings"] == {"overlap": 0.7, "annotation": "sparse"}
    assert (said["seed"], said["trials"], said["fitted"]) == (3, 5, ["image"])
    assert said["images"][0]["after"] == found.after
    assert Workflow.from_dict(said["workflow"]) == found.workflow


def test_a_metric_that_takes_no_such_result_is_said_without_a_trial():
    seen = []
    with pytest.raises(CaseError, match="takes labels"):
        tuning.tune(
            threshold(), [case(*squares(3))], [level(threshold())], Goal(), report=seen.append
        )
    assert not seen
