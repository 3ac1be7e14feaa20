"""Tuning: it finds what is known to be best, learns nothing from images kept aside, repeats."""

from __future__ import annotations

import importlib.util
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_delineate import metrics, tuning, voxels
from napari_delineate.catalogue import find, operations
from napari_delineate.engine import CancelledError, Engine, InProcess
from napari_delineate.signatures import REQUIRED
from napari_delineate.tuning import Case, Goal, Tunable, changed, goals, split, tunable, tunables
from napari_delineate.tuning.proposals import Proposals
from napari_delineate.types import Kind, Voxels
from napari_delineate.values import Value
from napari_delineate.workflow import Workflow, WorkflowInput

SHAPE = (24, 24)


def start(operation="segmentation.manual_threshold", **parameters):
    described = WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0))
    return Workflow().add_input("image", described).add(operation, {"image": "image"}, parameters)


def ramp(seed=0):
    """An image of all levels from 0 to 1 in disorder."""
    levels = np.linspace(0, 1, math.prod(SHAPE))
    return np.random.default_rng(seed).permutation(levels).reshape(SHAPE)


def case(name, image, right, kind=Kind.MASK):
    return Case(name, {"image": Value.of(image, Kind.IMAGE)}, Value.of(right, kind))


@pytest.fixture
def above():
    """An image whose foreground is what lies above 0.7."""
    return case("ramp", ramp(), ramp() > 0.7)


@pytest.fixture
def shared_case(shared_image):
    """A published image and its annotation; as float, its intensities stay as they are."""

    def read(image, annotation):
        values = {"image": Value.of(shared_image(f"published/{image}").astype(float), Kind.IMAGE)}
        right = shared_image(f"published/{annotation}").astype(np.int64)
        return Case(image, values, Value.of(right, Kind.LABELS))

    return read


# What was published


@pytest.fixture
def membranes(shared_case):
    """The cells that were outlined, and the workflow with the parameters published for them."""
    workflow = start(
        "segmentation.local_minima_seeded_watershed",
        spot_sigma=voxels(2.34307473),
        outline_sigma=voxels(5.6861856),
        minimum_intensity=-74.78749191,
    )
    return workflow, shared_case("membranes_2d.tif", "membranes_2d_sparse_labels.tif")


def test_j4_is_where_it_starts(membranes):
    workflow, annotated = membranes
    found = tuning.tune(workflow, [annotated], tunables(workflow), trials=1)
    assert found.before == pytest.approx(0.8300891581238193, abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_j4_is_beaten(membranes, seed):
    workflow, annotated = membranes
    found = tuning.tune(workflow, [annotated], tunables(workflow), trials=60, seed=seed)
    assert found.after > 0.889


def blobs(sigma, level):
    described = WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0))
    return (
        Workflow()
        .add_input("image", described)
        .add("filters.gaussian", {"image": "image"}, {"sigma": voxels(sigma)})
        .add("segmentation.manual_threshold", {"image": "blurred"}, {"lower": level})
    )


def test_j6_is_one_trial_per_threshold(shared_case):
    """From the lowest threshold, the search over the same eleven finds the best of them."""
    scribbled = shared_case("blobs.tif", "blobs_annotated.tif")
    workflow = blobs(5, 70.0)
    level = tunable(workflow, "manual_threshold", "lower", low=70, high=170)
    goal = Goal("metrics.jaccard", annotation="scribbles")
    found = tuning.tune(workflow, [scribbled], [level], goal, trials=40)
    assert found.before == pytest.approx(0.49048626, abs=5e-8)
    assert found.after >= 0.8378158
    assert 110 < found.best.parameters["manual_threshold.lower"] < 130


def test_j7_is_beaten_from_the_same_start(shared_case):
    scribbled = shared_case("blobs.tif", "blobs_annotated.tif")
    workflow = blobs(5, 100.0)
    chosen = [one for one in tunables(workflow) if one.is_number]
    goal = Goal("metrics.jaccard", annotation="scribbles")
    assert [one.name for one in chosen] == ["gaussian.sigma", "manual_threshold.lower"]
    found = tuning.tune(workflow, [scribbled], chosen, goal, trials=60)
    assert found.before == pytest.approx(0.74251497, abs=5e-8)
    assert found.after > 0.8576131463
    at_optimum = tuning.tune(blobs(3.895, 121.94), [scribbled], chosen, goal, trials=1)
    assert at_optimum.after == pytest.approx(0.8576131463, abs=5e-8)


# What is known


@pytest.mark.parametrize("seed", range(3))
def test_the_minimum_of_a_bowl_is_found(seed):
    """Quadratic in the logarithm of a length, in an intensity and in a choice."""
    workflow = blobs(2, 50.0)
    chosen = tunables(workflow)
    proposals, losses = Proposals(workflow, chosen, seed), {}

    def bowl(values, by):
        sigma, level = values["gaussian.sigma"], values["manual_threshold.lower"]
        loss = math.log(sigma / 3) ** 2 + ((level - 60) / 50) ** 2
        loss += values["manual_threshold.side"] == "outside"
        losses[loss] = values
        return loss

    present = {
        "gaussian.sigma": 2,
        "manual_threshold.lower": 50.0,
        "manual_threshold.side": "outside",
    }
    proposals.run(present, bowl, lambda: len(losses) >= 100, 100)
    best = losses[min(losses)]
    assert best["gaussian.sigma"] == pytest.approx(3, rel=0.05)
    assert best["manual_threshold.lower"] == pytest.approx(60, abs=3)
    assert best["manual_threshold.side"] == "inside"


def test_a_threshold_between_two_levels_is_found(above):
    workflow = start(lower=0.2)
    chosen = [tunable(workflow, "manual_threshold", "lower", low=0, high=1)]
    found = tuning.tune(workflow, [above], chosen, Goal("metrics.jaccard"), trials=60)
    assert found.after > 0.98
    assert found.best.parameters["manual_threshold.lower"] == pytest.approx(0.7, abs=0.01)


def test_the_best_of_choices_is_found_and_each_is_tried_once(above):
    image = above.values["image"].data
    method = find("segmentation.threshold").settings[0]
    scores = {}
    for choice in method.choices:
        right = start("segmentation.threshold", method=choice)
        results = Engine().run(right, above.values, keep_going=True)
        if "mask" in results:  # one method finds no threshold in such an image
            scores[choice] = metrics.jaccard(image > 0.7, results["mask"].data)
    workflow = start("segmentation.threshold", method=min(scores, key=scores.get))
    chosen = [tunable(workflow, "threshold", "method")]
    found = tuning.tune(workflow, [above], chosen, Goal("metrics.jaccard"), trials=200)
    assert found.after == max(scores.values())
    tried = [trial.parameters["threshold.method"] for trial in found.trials]
    assert sorted(tried) == sorted(method.choices)


def test_the_algorithm_itself_changes(above):
    """No method of the automatic threshold is right; a threshold by hand is, at its bound."""
    workflow = start("segmentation.threshold")
    algorithm = tunable(
        workflow,
        "threshold",
        tuning.ALGORITHM,
        choices=["segmentation.threshold", "segmentation.manual_threshold"],
    )
    level = tunable(workflow, "threshold", "lower", low=0.0, high=1.0)
    found = tuning.tune(workflow, [above], [level, algorithm], Goal("metrics.dice"), trials=60)
    assert found.workflow.step("threshold").operation == "segmentation.manual_threshold"
    assert found.after > 0.97 > found.before
    for trial in found.trials:
        by_hand = trial.parameters["threshold.algorithm"] == "segmentation.manual_threshold"
        assert ("threshold.lower" in trial.parameters) == by_hand


def test_a_distance_becomes_small(above):
    workflow = start(lower=0.1)
    chosen = [tunable(workflow, "manual_threshold", "lower", low=0, high=1)]
    goal = Goal("metrics.pixel_scores", "hamming")
    found = tuning.tune(workflow, [above], chosen, goal, trials=40)
    assert found.after < 10 < found.before


# What is kept aside


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**16))
def test_images_kept_aside_change_nothing_but_their_own_score(number):
    fitted = case("fitted", ramp(), ramp() > 0.7)
    aside = case("aside", ramp(number), ramp(number + 1) > 0.3)
    workflow = start(lower=0.2)
    chosen = [tunable(workflow, "manual_threshold", "lower", low=0, high=1)]
    goal = Goal("metrics.jaccard")
    alone = tuning.tune(workflow, [fitted], chosen, goal, trials=8)
    both = tuning.tune(workflow, [fitted], chosen, goal, held_out=[aside], trials=8)
    assert history(both) == history(alone)
    assert without_aside(both.workflow) == alone.workflow
    level = both.best.parameters["manual_threshold.lower"]
    wanted = metrics.jaccard(aside.annotation.data, ramp(number) >= level)
    assert both.held_out_after == wanted
    assert math.isnan(alone.held_out_after)


def without_aside(workflow):
    """The workflow, of whose fit the images kept aside are forgotten."""
    (step,) = workflow.steps
    forgotten = {"held_out": (), "held_out_before": None, "held_out_after": None}
    fit = None if step.fit is None else replace(step.fit, **forgotten)
    return replace(workflow, steps=(replace(step, fit=fit),))


def history(found):
    return [(one.number, one.parameters, one.score, one.reason, one.by) for one in found.trials]


@given(st.integers(2, 9), st.data())
def test_a_split_keeps_every_image_once(count, data):
    held = data.draw(st.integers(0, count - 1))
    seed = data.draw(st.integers(0, 1000))
    cases = [case(str(number), np.zeros(SHAPE), np.zeros(SHAPE, bool)) for number in range(count)]
    fitting, aside = split(cases, held, seed=seed)
    assert len(aside) == held
    assert sorted(one.name for one in (*fitting, *aside)) == [one.name for one in cases]
    assert split(cases, held, seed=seed) == (fitting, aside)
    assert split(cases, [one.name for one in aside]) == (fitting, aside)


# How it runs


def test_the_same_seed_gives_the_same_history(above):
    workflow = start(lower=0.2)
    chosen = [tunable(workflow, "manual_threshold", "lower", low=0, high=1)]
    runs = [
        tuning.tune(workflow, [above], chosen, Goal("metrics.f1"), trials=12, seed=seed)
        for seed in (3, 3, 4)
    ]
    assert history(runs[0]) == history(runs[1]) != history(runs[2])
    assert len(runs[0].trials) == 12
    table = runs[0].table()
    assert table["trial"].tolist() == list(range(12))
    assert table["score"].max() == runs[0].after
    assert set(table["seed"]) == {3}
    assert set(table["metric"]) == {"metrics.f1:score"}


class Counting(InProcess):
    """Run calls here, and count them by operation."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def run(self, call, progress):
        self.calls.append(call.operation)
        return super().run(call, progress)


def test_what_lies_upstream_is_computed_once(above):
    workflow = blobs(1, 0.2)
    chosen = [tunable(workflow, "manual_threshold", "lower", low=0, high=1)]
    runner = Counting()
    engine, goal = Engine(runner), Goal("metrics.f1")
    tuning.tune(workflow, [above], chosen, goal, trials=9, engine=engine)
    assert runner.calls.count("filters.gaussian") == 1
    assert runner.calls.count("segmentation.manual_threshold") == 9


def test_a_setting_that_a_step_refuses_is_the_worst_and_says_why(above):
    workflow = start(lower=0.2, upper=0.6)
    chosen = [tunable(workflow, "manual_threshold", "lower", low=0.0, high=1.0)]
    found = tuning.tune(workflow, [above], chosen, Goal("metrics.accuracy"), trials=25)
    failed = [trial for trial in found.trials if trial.reason]
    assert failed
    assert all(trial.parameters["manual_threshold.lower"] > 0.6 for trial in failed)
    assert all(math.isnan(trial.score) for trial in failed)
    assert failed[0].reason in found.table()["failure"].tolist()
    assert found.best.parameters["manual_threshold.lower"] <= 0.6


def test_a_cancelled_search_returns_the_best_so_far(above):
    workflow, seen = start(lower=0.2), []

    def check():
        if len(seen) == 5:
            raise CancelledError

    chosen = [tunable(workflow, "manual_threshold", "lower", low=0, high=1)]
    found = tuning.tune(
        workflow, [above], chosen, Goal("metrics.f1"), report=seen.append, check=check
    )
    assert found.is_cancelled
    assert list(found.trials) == seen
    assert found.after == max(trial.score for trial in seen)
    seen[:] = seen[:5]
    with pytest.raises(CancelledError):
        tuning.tune(workflow, [above], chosen, check=check)


def test_no_time_is_enough_for_the_present_settings_only(above):
    workflow = start(lower=0.2)
    chosen = [tunable(workflow, "manual_threshold", "lower", low=0, high=1)]
    found = tuning.tune(workflow, [above], chosen, Goal("metrics.f1"), seconds=0)
    assert [trial.by for trial in found.trials] == ["present"]
    assert found.workflow == workflow


def test_a_movie_is_scored_by_the_mean_over_time():
    image = np.stack([ramp(), ramp(1)])
    described = WorkflowInput(Kind.IMAGE, "TYX", (1.0, 1.0))
    workflow = Workflow().add_input("image", described)
    workflow = workflow.add("segmentation.manual_threshold", {"image": "image"}, {"lower": 0.4})
    movie = Case(
        "movie",
        {"image": Value.of(image, Kind.IMAGE, "TYX")},
        Value.of(image > 0.7, Kind.MASK, "TYX"),
    )
    chosen = [tunable(workflow, "manual_threshold", "lower", low=0, high=1)]
    for goal in (Goal("metrics.jaccard"), Goal("metrics.pixel_scores", "jaccard")):
        found = tuning.tune(workflow, [movie], chosen, goal, trials=1)
        frames = [metrics.jaccard(one > 0.7, one >= 0.4) for one in image]
        assert found.before == pytest.approx(np.mean(frames))


# What may change


def test_bounds_follow_from_the_present_value_and_the_range_allowed():
    workflow = blobs(2, 100.0)
    sigma, level, side = tunables(workflow)
    assert (sigma.low, sigma.high, sigma.is_log, sigma.in_voxels) == (0.5, 8.0, True, True)
    assert (level.low, level.high, level.is_log, level.in_voxels) == (25.0, 400.0, False, False)
    assert side.choices == ("inside", "outside")
    found = changed(workflow, [sigma, side], {sigma.name: 3.0, side.name: "outside"})
    assert found.step("gaussian").parameters["sigma"] == Voxels(3.0)
    assert found.step("manual_threshold").parameters["side"] == "outside"
    assert found.step("manual_threshold").parameters["lower"] == 100.0


IN_SPACE = [one for one in operations() if not one.declaration.picks]


@pytest.mark.parametrize("operation", IN_SPACE, ids=lambda one: one.id)
def test_every_setting_has_bounds_that_it_allows(operation):
    """What is proposed is allowed by the setting, and the present value is in reach."""
    workflow = Workflow()
    wired = {}
    for entry in operation.inputs:
        axes = "" if entry.kind in (Kind.TABLE, Kind.SCORES, Kind.MODEL) else "ZYX"
        axes += "S" if entry.kind is Kind.RGB else ""
        spacing = (2.0, 0.5, 0.5)[: len(axes.removesuffix("S"))]
        workflow = workflow.add_input(entry.name, WorkflowInput(entry.kind, axes, spacing, "um"))
        wired[entry.name] = (entry.name,) if entry.variable else entry.name
    required = {
        one.name: one.choices[0] if one.choices else 1
        for one in operation.settings
        if one.default is REQUIRED
    }
    workflow = workflow.add(operation.id, wired, required)
    step = workflow.steps[0]
    for one in tunables(workflow):
        present = step.parameters[one.setting]
        assert one.allows(present.number if isinstance(present, Voxels) else present)
        ends = one.choices or (one.from_unit(0), one.from_unit(1))
        assert len(ends) > 1
        for value in ends:
            given = changed(workflow, [one], {one.name: value}).step(step.name).parameters
            assert given[one.setting] == (Voxels(value) if one.in_voxels else value)


@given(st.floats(0, 1), st.booleans(), st.booleans())
def test_places_between_the_bounds_go_there_and_back(part, is_log, is_whole):
    one = Tunable("step", "setting", 1, 400, (), is_log, is_whole)
    number = one.from_unit(part)
    assert one.allows(number)
    assert isinstance(number, int) == is_whole
    assert one.from_unit(one.to_unit(number)) == pytest.approx(number, rel=2e-3)


@pytest.mark.parametrize(
    ("setting", "given", "words"),
    [
        ("wrong", {}, "has no setting 'wrong'"),
        ("upper", {}, "give both bounds"),
        ("lower", {"low": 3, "high": 2}, "lower bound below the upper"),
        ("lower", {"choices": [1, 2]}, "has bounds, no choices"),
        ("side", {"low": 1}, "has choices, no bounds"),
        ("side", {"choices": ["beside"]}, "can not be 'beside'"),
        ("algorithm", {"choices": ["filters.gaussian"]}, "can not be 'filters.gaussian'"),
    ],
)
def test_what_can_not_change_is_refused(setting, given, words):
    with pytest.raises(ValueError, match=words):
        tunable(start(lower=0.2), "manual_threshold", setting, **given)


def test_a_bypassed_step_has_nothing_to_tune():
    workflow = blobs(2, 100.0).change("gaussian", bypassed=True)
    assert {one.step for one in tunables(workflow)} == {"manual_threshold"}
    with pytest.raises(ValueError, match="bypassed"):
        tunable(workflow, "gaussian", "sigma")


# What is good


def test_only_scores_that_fit_the_annotation_are_offered():
    dense, sparse, scribbles = (goals(Kind.LABELS, one) for one in ("dense", "sparse", "scribbles"))
    assert {one.metric for one in sparse} < {one.metric for one in dense}
    assert {"metrics.sparse_jaccard", "metrics.panoptic_quality"} <= {one.metric for one in sparse}
    assert "metrics.adapted_rand_error" not in {one.metric for one in sparse}
    assert all(find(one.metric).input("reference").kind is Kind.MASK for one in scribbles)
    assert not [one for one in goals(Kind.MASK) if one.metric == "metrics.sparse_jaccard"]
    assert all(one.scoring.better for one in dense)
    panoptic = next(one for one in sparse if one.metric == "metrics.panoptic_quality")
    assert panoptic.settings["annotation"] == "sparse"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Goal("filters.gaussian"), "does not compare"),
        (lambda: Goal("metrics.dice", "iou"), "has no score 'iou'"),
        (lambda: Goal(annotation="painted"), "must be one of dense, sparse, scribbles"),
    ],
)
def test_a_goal_that_is_none_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_an_annotation_of_another_shape_is_said(above):
    other = case("other", ramp(), np.ones((3, 3), bool))
    workflow = start(lower=0.2)
    chosen = [tunable(workflow, "manual_threshold", "lower", low=0, high=1)]
    with pytest.raises(ValueError, match="same shape"):
        tuning.tune(workflow, [other], chosen, Goal("metrics.dice"), trials=3)
    with pytest.raises(ValueError, match="at least one annotated image"):
        tuning.tune(workflow, [], chosen)
    with pytest.raises(ValueError, match="at least one parameter"):
        tuning.tune(workflow, [above], [])


def test_without_optuna_a_sentence_says_what_to_install(above, monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "optuna" else real(name)
    )
    workflow = start(lower=0.2)
    with pytest.raises(RuntimeError, match=r"napari-delineate\[tune\]"):
        tuning.tune(workflow, [above], tunables(workflow))
