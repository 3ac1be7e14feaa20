"""Many scores of many segmentations at once, their plots, and which scores to take."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from napari_delineate import metrics
from napari_delineate.comparison import (
    Request,
    ScoreId,
    best_of,
    compare,
    number_in_words,
    offered_scores,
    scoring_of,
    title_of,
    why_not,
)
from napari_delineate.comparison_plots import (
    agreement_of_sizes,
    show_precision_curves,
    show_sizes,
)
from napari_delineate.engine import Engine
from napari_delineate.recommendation import INTERESTS, LOOKS, TASKS, recommend
from napari_delineate.scoring import SHARE, Scoring
from napari_delineate.types import Kind, Range
from napari_delineate.values import Value
from tests.operations.test_metrics_objects import squares

DICE = ScoreId("metrics.dice", "score")
F_SCORE = ScoreId("metrics.detection_scores", "f_score")
QUALITY = ScoreId("metrics.panoptic_quality", "panoptic_quality")
ERROR = ScoreId("metrics.volume_scores", "volume_error")


@pytest.fixture
def three():
    """A reference of two squares, labels that have one of them, and a good segmentation."""
    reference = squares((12, 24), (2, 2), (2, 12))
    one = squares((12, 24), (2, 2))
    good = np.roll(reference, 1, axis=1)
    return {"reference": reference, "one": one, "good": good}


def value(labels, **more):
    kind = Kind.MASK if labels.dtype == bool else Kind.LABELS
    return Value.of(labels, kind, **more)


def test_scores_are_those_of_the_operations(three):
    request = Request(
        value(three["reference"]),
        {name: value(three[name]) for name in ("one", "good")},
        (DICE, F_SCORE, QUALITY),
    )
    found = compare(Engine(), request).found
    for name in ("one", "good"):
        pair = three["reference"], three[name]
        assert found[name].scores == {
            DICE: metrics.dice(*pair),
            F_SCORE: metrics.detection_scores(*pair)["f_score"],
            QUALITY: metrics.panoptic_quality(*pair)["panoptic_quality"],
        }
        assert not found[name].errors
    assert found["one"].matches["status"].tolist() == ["matched", "missed"]
    assert found["one"].curve["average_precision"].tolist() == [0.5] * 10
    assert found["one"].key != found["good"].key


def test_sparse_annotations_leave_what_lies_beside(three):
    request = Request(
        value(three["one"]), {"all": value(three["reference"])}, (F_SCORE, DICE), "sparse"
    )
    found = compare(Engine(), request).found["all"]
    assert found.scores == {F_SCORE: 1.0}
    assert "need all objects" in found.errors["metrics.dice"]


def test_scribbles_tell_some_pixels(three):
    scribbles = np.zeros((12, 24), int)
    scribbles[0, :8], scribbles[3, 2:6] = 1, 2
    request = Request(
        value(scribbles), {"good": value(three["good"])}, (DICE, F_SCORE), "scribbles"
    )
    found = compare(Engine(), request).found["good"]
    # 3 of 4 pixels of the stroke are foreground; no background pixel is.
    assert found.scores == {DICE: pytest.approx(2 * 3 / (4 + 3))}
    assert "tell pixels only" in found.errors["metrics.detection_scores"]
    assert found.matches is None


def test_what_can_not_be_compared_is_said_beside_what_can(three):
    others = {
        "mask": value(three["good"] > 0),
        "small": value(three["good"][:6]),
        "flat": value(np.stack([three["good"]] * 2)),
        "good": value(three["good"]),
    }
    found = compare(Engine(), Request(value(three["reference"]), others, (DICE, F_SCORE))).found
    assert found["small"].error == (
        "small has 6 × 24 pixels, the reference 12 × 24; choose a layer of the same shape."
    )
    assert "has the axes ZYX, the reference YX" in found["flat"].error
    assert set(found["mask"].scores) == {DICE}
    assert "Label connected components" in found["mask"].errors["metrics.detection_scores"]
    assert set(found["good"].scores) == {DICE, F_SCORE}


def test_another_voxel_size_is_an_error_and_no_number(three):
    other = value(three["good"], spacing=(0.5, 0.5), units="micrometer")
    found = compare(
        Engine(), Request(value(three["reference"]), {"other": other}, (F_SCORE, ERROR))
    ).found["other"]
    assert not found.scores
    assert found.error == (
        "other has voxels of 0.5 × 0.5 micrometer, the reference of 1 × 1 pixel; give both layers "
        "the same scale and units."
    )


def test_an_empty_reference_is_said(three):
    nothing = value(np.zeros((12, 24), int))
    found = compare(Engine(), Request(nothing, {"good": value(three["good"])}, (DICE,)))
    assert not found.found
    assert found.error.startswith("The reference holds no objects")


def test_movies_give_the_mean_of_their_times(three):
    movie = {name: value(np.stack([three[name], three["good"]]), axes="TYX") for name in three}
    request = Request(movie["reference"], {"one": movie["one"]}, (DICE, F_SCORE))
    found = compare(Engine(), request).found["one"]
    pair = three["reference"], three["one"]
    assert found.scores[DICE] == pytest.approx((metrics.dice(*pair) + 1) / 2)
    expected = (metrics.detection_scores(*pair)["f_score"] + 1) / 2
    assert found.scores[F_SCORE] == pytest.approx(expected)


def test_the_best_is_what_the_direction_says():
    assert best_of([-3.0, 2.0, math.nan], Scoring("nearer to 0", Range())) == {1}
    assert best_of([1.0, 1.0, 0.5], SHARE) == {0, 1}
    assert best_of([1.0, 2.0], Scoring("", Range())) == set()
    assert best_of([1.0, math.inf], Scoring("lower", Range(0))) == {0}


def test_scores_are_titled_and_written():
    both = [
        ScoreId("metrics.precision", "score"),
        ScoreId("metrics.detection_scores", "precision"),
    ]
    titles = [title_of(score, both) for score in both]
    assert titles == ["Precision", "Precision (detection scores)"]
    units = value(np.ones((2, 2, 2), int), spacing=(2.0, 0.5, 0.5), units="micrometer")
    assert title_of(ERROR, (), units) == "Volume error (µm³)"
    assert number_in_words(math.inf, scoring_of(ERROR)) == "∞"
    assert number_in_words(-12.0, scoring_of(ERROR)) == "−12"


@pytest.mark.parametrize("answers", list(itertools.product(TASKS, LOOKS, INTERESTS)), ids="-".join)
def test_every_problem_has_scores_a_reason_and_settings_that_exist(answers):
    found = recommend(*answers)
    assert 2 <= len(found.scores) <= 7
    assert len(set(found.scores)) == len(found.scores)
    assert set(found.scores) <= set(offered_scores())
    # Dice and IoU of the same pixels are one piece of evidence.
    names = {(score.operation, score.score) for score in found.scores}
    assert not {("metrics.outline_scores", "iou"), ("metrics.outline_scores", "dice")} <= names
    assert found.reason.endswith(".")
    reference = squares((12, 24), (2, 2), (2, 12))
    request = Request(
        value(reference), {"same": value(reference)}, found.scores, "dense", found.settings
    )
    same = compare(Engine(), request).found["same"]
    assert not same.errors
    assert set(same.scores) == set(found.scores)


def test_recommendations_follow_the_problem():
    assert recommend("instances", "small").settings["metrics.detection_scores"] == {
        "criterion": "centroid distance"
    }
    assert recommend("pixels", "thin").scores[0].operation == "metrics.centerline_dice"
    assert any(
        "surface" in one.score for one in recommend("instances", "compact", "boundary").scores
    )
    assert all(not why_not(one, "dense", are_labels=False) for one in recommend("pixels").scores)


def test_limits_of_agreement_are_those_of_bland_and_altman(three):
    table = metrics.match_objects(three["reference"], three["good"]).copy()
    table["label_size"] = table["reference_size"] + [1.0, 5.0]
    # Mean 3, standard deviation sqrt(8).
    assert agreement_of_sizes(table) == pytest.approx((3, 3 - 1.96 * 8**0.5, 3 + 1.96 * 8**0.5))
    assert agreement_of_sizes(table[:1]) == (1, 1, 1)
    assert np.isnan(agreement_of_sizes(table[:0])).all()


def test_plots_draw_what_was_computed(three):
    found = {name: (three["reference"], three[name]) for name in ("one", "good")}
    curves = {name: metrics.average_precision_curve(*pair) for name, pair in found.items()}
    axes = show_precision_curves(curves).axes[0]
    assert [line.get_label() for line in axes.get_lines()] == ["one", "good"]
    drawn = axes.get_lines()[1].get_ydata()
    assert drawn.tolist() == curves["good"]["average_precision"].tolist()
    matches = {name: metrics.match_objects(*pair) for name, pair in found.items()}
    dots = show_sizes(matches).axes[0].collections
    assert [len(one.get_offsets()) for one in dots] == [1, 2]
    assert show_sizes({}).axes[0].texts[0].get_text() == "No object has a partner"


def test_labels_that_are_a_mask_are_told(three):
    """All objects have one number: their scores are right, and not what a person wants."""
    reference = value((three["reference"] > 0) * 255)
    segmentations = {"good": value(three["good"])}
    comparison = compare(Engine(), Request(reference, segmentations, (F_SCORE,)))
    assert comparison.found["good"].scores[F_SCORE] == 0
    (hint,) = comparison.hints
    assert hint.startswith("The reference has one object in 2 parts that lie apart.")
    assert not compare(Engine(), Request(reference, segmentations, (DICE,))).error
    alone = Request(value(three["one"]), {"one": value(three["one"])}, (F_SCORE,))
    assert not compare(Engine(), alone).hints
