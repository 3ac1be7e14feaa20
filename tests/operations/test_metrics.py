"""Scores by hand, by counting, and the laws that they keep."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import linear_sum_assignment

from napari_delineate import metrics
from napari_delineate.declaration import declaration_of
from napari_delineate.finding import search

PIXELS = ["jaccard", "dice", "accuracy", "precision", "recall", "f1"]
SYMMETRIC = ["jaccard", "dice", "accuracy", "f1"]
EVERY = ["sparse_jaccard", "average_precision", *PIXELS]
QUARTER = dict.fromkeys(EVERY, 1 / 4) | {"average_precision": 0}
every = pytest.mark.parametrize("name", EVERY)


def functions(names):
    return [getattr(metrics, name) for name in names]


@st.composite
def pairs(draw, largest=3):
    """Two label images of one shape."""
    shape = draw(hnp.array_shapes(min_dims=2, max_dims=3, max_side=5))
    labels = hnp.arrays(np.int32, shape, elements=st.integers(0, largest))
    return draw(labels), draw(labels)


def counts(reference, labels):
    """Count pixels one by one: true negatives, false and missed ones, true positives."""
    kinds = Counter(zip((reference.ravel() > 0), (labels.ravel() > 0), strict=True))
    return [kinds[kind] for kind in ((0, 0), (0, 1), (1, 0), (1, 1))]


def by_counting(name, reference, labels):
    tn, fp, fn, tp = counts(reference, labels)
    return {
        "jaccard": lambda: tp / (tp + fp + fn),
        "dice": lambda: 2 * tp / (2 * tp + fp + fn),
        "f1": lambda: 2 / (1 / (tp / (tp + fp)) + 1 / (tp / (tp + fn))),
        "accuracy": lambda: (tp + tn) / (tp + tn + fp + fn),
        "precision": lambda: tp / (tp + fp),
        "recall": lambda: tp / (tp + fn),
    }[name]()


# By hand


def test_pixel_scores_of_the_slide_example():
    """4 true positives, 2 false positives, 1 false negative, 13 true negatives."""
    reference = np.zeros((4, 5), int)
    reference[1, 0:5] = 1
    labels = np.zeros((4, 5), int)
    labels[1, 1:5] = 1
    labels[2, 3:5] = 1
    found = {name: getattr(metrics, name)(reference, labels) for name in PIXELS}
    assert found == pytest.approx(
        {
            "jaccard": 4 / 7,
            "dice": 8 / 11,
            "accuracy": 17 / 20,
            "precision": 4 / 6,
            "recall": 4 / 5,
            "f1": 8 / 11,
        }
    )


def test_sparse_jaccard_of_two_objects():
    reference = np.array([[1, 1, 1, 0, 0, 2, 2, 0]])
    labels = np.array([[7, 7, 7, 7, 0, 0, 3, 0]])
    assert metrics.sparse_jaccard(reference, labels) == pytest.approx((3 / 4 + 1 / 2) / 2)


def test_sparse_jaccard_takes_the_best_of_several_overlaps():
    reference = np.array([[1, 1, 1, 1, 1]])
    labels = np.array([[4, 4, 5, 5, 5]])
    assert metrics.sparse_jaccard(reference, labels) == pytest.approx(3 / 5)


NOTHING, SOME, ALL = np.zeros((3, 4), int), np.eye(3, 4, dtype=int), np.ones((3, 4), int)


@pytest.mark.parametrize(
    ("reference", "labels", "expected"),
    [
        (NOTHING, NOTHING, dict.fromkeys(EVERY, 1)),
        (ALL, ALL, dict.fromkeys(EVERY, 1)),
        (NOTHING, ALL, dict.fromkeys(EVERY, 0)),
        (ALL, NOTHING, dict.fromkeys(EVERY, 0)),
        (NOTHING, SOME, dict.fromkeys(EVERY, 0) | {"accuracy": 9 / 12}),
        (SOME, NOTHING, dict.fromkeys(EVERY, 0) | {"accuracy": 9 / 12}),
        (SOME, ALL, QUARTER | {"recall": 1, "dice": 0.4, "f1": 0.4}),
        (ALL, SOME, QUARTER | {"precision": 1, "dice": 0.4, "f1": 0.4}),
        (SOME, 1 - SOME, dict.fromkeys(EVERY, 0)),
    ],
    ids=[
        "both empty",
        "both full",
        "nothing to find, everything found",
        "everything to find, nothing found",
        "nothing to find",
        "nothing found",
        "everything found",
        "everything to find",
        "no overlap",
    ],
)
@every
def test_scores_at_the_edges(name, reference, labels, expected):
    assert getattr(metrics, name)(reference, labels) == pytest.approx(expected[name])


# Against counting


@settings(deadline=None)
@given(pair=pairs())
def test_pixel_scores_equal_counting(pair):
    _, _, _, true_positives = counts(*pair)
    assume(true_positives)  # the cases without are above
    for name in PIXELS:
        expected = by_counting(name, *pair)
        assert getattr(metrics, name)(*pair) == pytest.approx(expected, abs=1e-12)


def sparse_jaccard_by_definition(reference, labels):
    """Compare every object of the reference with every object of the labels."""
    best = []
    for number in np.unique(reference[reference > 0]):
        overlaps = [0.0]
        for other in np.unique(labels[labels > 0]):
            first, second = reference == number, labels == other
            overlaps.append(np.sum(first & second) / np.sum(first | second))
        best.append(max(overlaps))
    return np.mean(best)


@settings(max_examples=150, deadline=None)
@given(pair=pairs(largest=5))
def test_sparse_jaccard_equals_brute_force(pair):
    assume((pair[0] > 0).any())
    expected = sparse_jaccard_by_definition(*pair)
    assert metrics.sparse_jaccard(*pair) == pytest.approx(expected, abs=1e-12)


def average_precision_by_assignment(reference, labels, overlap):
    """The score with one to one partners found by the Hungarian method."""
    numbers = [np.unique(image[image > 0]) for image in (reference, labels)]
    good = np.zeros([len(one) for one in numbers], bool)
    for row, first in enumerate(numbers[0]):
        for column, second in enumerate(numbers[1]):
            one, other = reference == first, labels == second
            good[row, column] = (one & other).sum() >= overlap * (one | other).sum()
    hits = good[linear_sum_assignment(~good)].sum()
    return hits / (sum(good.shape) - hits) if sum(good.shape) else 1.0


@pytest.mark.parametrize("overlap", [0.2, 0.5, 0.8])
@given(pair=pairs())
@settings(max_examples=15)
def test_average_precision_equals_the_best_assignment(overlap, pair):
    expected = average_precision_by_assignment(*pair, overlap)
    found = metrics.average_precision(*pair, overlap=overlap)
    assert found == pytest.approx(expected, abs=1e-12)


def test_average_precision_counts_each_object_once():
    reference = np.array([[1, 1, 1, 1, 0, 2, 2, 0, 3]])
    labels = np.array([[7, 7, 9, 9, 0, 5, 5, 4, 0]])
    # Both halves of 1 reach one half, one of them counts; 2 is found; 3, 4 and a half are wrong.
    assert metrics.average_precision(reference, labels) == pytest.approx(2 / 5)
    assert metrics.average_precision(reference, labels, overlap=0.6) == pytest.approx(1 / 6)


def test_sparse_jaccard_equals_brute_force_on_real_labels(shared_image):
    reference = shared_image("published/blobs_labels_imagej.tif")
    labels = shared_image("published/blobs_labels_skimage.tif")
    expected = sparse_jaccard_by_definition(reference, labels)
    assert metrics.sparse_jaccard(reference, labels) == pytest.approx(expected, abs=1e-12)


# Laws


@settings(deadline=None)
@given(pair=pairs())
def test_scores_are_plain_numbers_from_0_to_1(pair):
    for function in functions(EVERY):
        score = function(*pair)
        assert type(score) is float
        assert 0 <= score <= 1


@settings(deadline=None)
@given(pair=pairs())
def test_equal_segmentations_score_1(pair):
    for function in functions(EVERY):
        assert function(pair[0], pair[0]) == 1


@settings(deadline=None)
@given(pair=pairs())
def test_only_equal_foregrounds_score_1(pair):
    equal = np.array_equal(pair[0] > 0, pair[1] > 0)
    for function in functions(SYMMETRIC):
        assert (function(*pair) == 1) == equal


@settings(deadline=None)
@given(pair=pairs())
def test_symmetric_scores_do_not_ask_which_is_the_reference(pair):
    for function in functions(SYMMETRIC):
        assert function(*pair) == function(*pair[::-1])
    assert metrics.precision(*pair) == metrics.recall(*pair[::-1])


@settings(deadline=None)
@given(pair=pairs())
def test_dice_follows_from_jaccard(pair):
    jaccard = metrics.jaccard(*pair)
    assert metrics.dice(*pair) == pytest.approx(2 * jaccard / (1 + jaccard))
    assert metrics.dice(*pair) == metrics.f1(*pair)


@settings(deadline=None)
@given(pair=pairs(), numbers=st.permutations([1, 5, 2**20, 2**40]))
@pytest.mark.slow
def test_scores_do_not_depend_on_the_numbers_of_objects(pair, numbers):
    table = np.array([0, *numbers])
    for function in functions(EVERY):
        expected = pytest.approx(function(*pair), abs=1e-12)
        assert function(table[pair[0]], pair[1]) == expected
        assert function(pair[0], table[pair[1]]) == expected


@settings(deadline=None)
@given(pair=pairs(), data=st.data())
def test_scores_do_not_depend_on_where_and_how_the_image_lies(pair, data):
    axes = data.draw(st.permutations(range(pair[0].ndim)))
    shift = data.draw(st.tuples(*[st.integers(-3, 3)] * pair[0].ndim))
    changes = [
        lambda image: image.transpose(axes),
        lambda image: np.roll(image, shift, range(image.ndim)),
        lambda image: np.flip(image, 0),
    ]
    for function in functions(EVERY):
        expected = pytest.approx(function(*pair), abs=1e-12)
        for change in changes:
            assert function(*map(change, pair)) == expected


@settings(deadline=None)
@given(pair=pairs())
def test_scores_but_accuracy_ignore_more_background(pair):
    padded = [np.pad(one, 3) for one in pair]
    for function in functions(set(EVERY) - {"accuracy"}):
        assert function(*padded) == pytest.approx(function(*pair), abs=1e-12)


# Sparse references


def test_gaps_in_the_numbers_of_the_reference_cost_nothing():
    labels = np.kron(np.arange(1, 26).reshape(5, 5), np.ones((3, 3), int))
    assert metrics.sparse_jaccard(labels * 10, labels) == 1


@settings(deadline=None)
@given(pair=pairs())
def test_objects_outside_the_reference_cost_nothing(pair):
    reference, labels = pair
    assume((reference > 0).any())
    free = (reference == 0) & (labels == 0)
    more = np.where(free, 99, labels)
    assert metrics.sparse_jaccard(reference, more) == metrics.sparse_jaccard(reference, labels)


def test_a_missed_object_scores_0():
    reference = np.array([[1, 1, 0, 2, 2]])
    assert metrics.sparse_jaccard(reference, reference * (reference == 1)) == 0.5


def test_merged_objects_score_less_although_all_pixels_agree():
    reference = np.array([[1, 1, 2, 2]])
    merged = np.ones((1, 4), int)
    assert metrics.jaccard(reference, merged) == 1
    assert metrics.sparse_jaccard(reference, merged) == 0.5


# All scores of pixels, and volumes


def test_pixel_scores_equal_scikit_learn():
    sklearn = pytest.importorskip("sklearn.metrics")
    random = np.random.default_rng(1)
    for share in (0.1, 0.5, 0.8):
        reference = random.random((30, 40)) < share
        labels = np.where(random.random((30, 40)) < 0.3, ~reference, reference)
        found = metrics.pixel_scores(reference, labels)
        flat = reference.ravel(), labels.ravel()
        expected = {
            "jaccard": sklearn.jaccard_score(*flat),
            "dice": sklearn.f1_score(*flat),
            "precision": sklearn.precision_score(*flat),
            "recall": sklearn.recall_score(*flat),
            "specificity": sklearn.recall_score(*flat, pos_label=False),
            "negative_predictive_value": sklearn.precision_score(*flat, pos_label=False),
            "accuracy": sklearn.accuracy_score(*flat),
            "balanced_accuracy": sklearn.balanced_accuracy_score(*flat),
            "matthews_correlation": sklearn.matthews_corrcoef(*flat),
            "kappa": sklearn.cohen_kappa_score(*flat),
            "youden": sklearn.balanced_accuracy_score(*flat, adjusted=True),
            "hamming": sklearn.hamming_loss(*flat) * reference.size,
        }
        assert {name: found[name] for name in expected} == pytest.approx(expected)
        assert found["classification_error"] == found["hamming"] / reference.sum()


def test_all_pixel_scores_by_hand():
    """TP 4, FP 2, FN 1, TN 13, as above."""
    reference, labels = np.zeros((2, 4, 5), int)
    reference[1, 0:5] = 1
    labels[1, 1:5] = labels[2, 3:5] = 1
    assert metrics.pixel_scores(reference, labels) == pytest.approx(
        {
            "jaccard": 4 / 7,
            "dice": 8 / 11,
            "precision": 4 / 6,
            "recall": 4 / 5,
            "specificity": 13 / 15,
            "negative_predictive_value": 13 / 14,
            "accuracy": 17 / 20,
            "balanced_accuracy": (4 / 5 + 13 / 15) / 2,
            "matthews_correlation": (4 * 13 - 2 * 1) / np.sqrt(6 * 5 * 15 * 14),
            "kappa": (0.85 - 0.6) / (1 - 0.6),  # by chance (6 * 5 + 14 * 15) / 400
            "youden": 4 / 5 + 13 / 15 - 1,
            "hamming": 3,
            "classification_error": 3 / 5,
            "true_positives": 4,
            "false_positives": 2,
            "false_negatives": 1,
            "true_negatives": 13,
        }
    )


@pytest.mark.parametrize(
    ("reference", "labels", "shares", "agreement", "error"),
    [
        (NOTHING, NOTHING, 1, 1, 0),
        (ALL, ALL, 1, 1, 0),
        (NOTHING, ALL, 0, 0, np.inf),
        (ALL, NOTHING, 0, 0, 1),
    ],
)
def test_all_pixel_scores_at_the_edges(reference, labels, shares, agreement, error):
    found = metrics.pixel_scores(reference, labels)
    names = ["specificity", "negative_predictive_value", "balanced_accuracy", *PIXELS[:-1]]
    assert {name: found[name] for name in names} == dict.fromkeys(names, shares)
    assert found["matthews_correlation"] == found["kappa"] == agreement
    assert found["youden"] == 2 * shares - 1
    assert found["classification_error"] == error


@given(shares=st.tuples(st.integers(1, 40), st.integers(1, 40)))
def test_what_is_all_wrong_or_all_right_is_exactly_so(shares):
    reference = np.repeat([[True, False]], shares, axis=1)
    for labels, expected in ((reference, 1), (~reference, -1)):
        found = metrics.pixel_scores(reference, labels)
        assert (found["matthews_correlation"], found["youden"]) == (expected, expected)
        assert -1 <= found["kappa"] <= 1


@settings(deadline=None)
@given(pair=pairs())
def test_all_pixel_scores_are_those_that_have_an_operation(pair):
    found = metrics.pixel_scores(*pair)
    for name in PIXELS[:-1]:
        assert found[name] == getattr(metrics, name)(*pair)
    inverted = metrics.pixel_scores(*(one == 0 for one in pair))
    for here, there in (
        ("specificity", "recall"),
        ("negative_predictive_value", "precision"),
        ("matthews_correlation", "matthews_correlation"),
        ("kappa", "kappa"),
        ("youden", "youden"),
        ("balanced_accuracy", "balanced_accuracy"),
    ):
        assert inverted[here] == pytest.approx(found[there], abs=1e-12)
        assert -1 <= found[there] <= 1


@pytest.mark.parametrize("name", [*PIXELS, "sparse_jaccard", "average_precision"])
@settings(deadline=None, max_examples=25)
@given(pair=pairs(), data=st.data())
def test_only_the_region_counts(name, pair, data):
    shape = pair[0].shape
    region = data.draw(hnp.arrays(bool, shape))
    noise = data.draw(hnp.arrays(np.int32, shape, elements=st.integers(0, 3)))
    function = getattr(metrics, name)
    found = function(*pair, region)
    if name in PIXELS:
        assert function(np.where(region, pair[0], noise), pair[1], region) == found
        assert function(pair[0], np.where(region, pair[1], noise), region) == found
    if region.all():
        assert found == function(*pair)
    if not region.any():
        assert found == 1


def test_scribbles_are_a_reference_in_a_region():
    """2 of 3 pixels painted as foreground are found, and 1 painted as background."""
    annotation = np.array([[0, 1, 1, 2, 2, 2, 0, 0]])
    labels = np.array([[1, 1, 0, 0, 1, 1, 1, 0]])
    reference, region = metrics.read_scribbles(annotation)
    assert reference.tolist() == [[False] * 3 + [True] * 3 + [False] * 2]
    assert metrics.jaccard(reference, labels, region) == 2 / 4
    found = metrics.pixel_scores(reference, labels, region)
    counts = ["true_positives", "false_positives", "false_negatives", "true_negatives"]
    assert [found[name] for name in counts] == [2, 1, 1, 1]
    reference, _ = metrics.read_scribbles(annotation, background=2)
    assert reference.tolist() == (annotation == 1).tolist()


def test_volumes_by_hand():
    reference, labels = np.zeros((2, 4, 5, 6), int)
    reference[1:3, 1:4, 1:5] = 7  # 24 voxels
    labels[0:1, 0:4, 0:4] = 1  # 16 voxels
    assert metrics.volume_scores(reference, labels, spacing=(2.0, 0.5, 0.5)) == {
        "volume_error": -4,
        "absolute_error": 4,
        "relative_error": pytest.approx(-1 / 3),
        "volume_standard_deviation": pytest.approx(2 * 8 / 40),
        "reference_volume": 12,
        "labels_volume": 8,
    }
    region = np.arange(4)[:, np.newaxis, np.newaxis] + np.zeros((4, 5, 6)) < 2
    found = metrics.volume_scores(reference, labels, region)
    assert (found["reference_volume"], found["labels_volume"]) == (12, 16)


@pytest.mark.parametrize(
    ("reference", "labels", "expected"),
    [
        (NOTHING, NOTHING, [0, 0, 0, 0]),
        (NOTHING, ALL, [12, 12, np.inf, 2]),
        (ALL, NOTHING, [-12, 12, -1, 2]),
        (SOME, 1 - SOME, [6, 6, 2, 1]),
    ],
)
def test_volumes_at_the_edges(reference, labels, expected):
    assert list(metrics.volume_scores(reference, labels).values())[:4] == expected


# What is said of a score


@pytest.mark.parametrize(
    "name", [name for name in metrics.__all__ if declaration_of(getattr(metrics, name)).scores]
)
def test_every_score_says_how_it_is_read(name):
    """Its range, direction and unit, what it is of nothing, a pitfall, and its source."""
    said = " ".join(getattr(metrics, name).__doc__.split())
    for needed in (
        "(from|,) (0|-1) (to|up)|From -?[01] to|from 0|any number",
        "(higher|lower|nearer to 0) is better",
        "[Nn]o units?|in the units of|Lengths in|In bits",
        "empty: |No object|no object|No reference object|Nothing to|Nothing found|No pixel"
        "|Both empty|divides by 0",
        "Notes -----",
        "References ----------",
    ):
        assert re.search(needed, said), f"{name} does not say {needed}"


@pytest.mark.parametrize(
    ("name", "conventions"),
    [
        ("average_precision", ["StarDist", "COCO"]),
        ("mean_average_precision", ["Data Science Bowl", "COCO"]),
        ("average_precision_curve", ["StarDist", "COCO"]),
        ("detection_scores", ["StarDist", "COCO"]),
        ("contour_distance", ["MASD", "ASSD", "exchanged"]),
        ("normalized_surface_distance", ["Metrics Reloaded", "program of the paper"]),
        ("hausdorff_distance", ["larger of the two percentiles", "all distances together"]),
    ],
)
def test_where_two_conventions_are_in_use_both_are_named(name, conventions):
    said = " ".join(getattr(metrics, name).__doc__.split())
    assert [one for one in conventions if one not in said] == []


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("IoU", "jaccard"),
        ("threat score", "pixel_scores"),
        ("MCC", "pixel_scores"),
        ("Youden", "pixel_scores"),
        ("NPV", "pixel_scores"),
        ("Hamming", "pixel_scores"),
        ("classification error", "pixel_scores"),
        ("PPV", "precision"),
        ("sensitivity", "recall"),
        ("volume standard deviation", "volume_scores"),
        ("ASSD", "contour_distance"),
        ("bilateral contour distance", "contour_distance"),
        ("HD95", "hausdorff_distance"),
        ("simplified Hausdorff", "hausdorff_distance"),
        ("NSD", "normalized_surface_distance"),
        ("AP", "average_precision"),
        ("mAP", "mean_average_precision"),
        ("F-beta", "detection_scores"),
        ("PQ", "panoptic_quality"),
        ("SEG", "seg_score"),
        ("AJI", "aggregated_jaccard"),
        ("VI", "variation_of_information"),
        ("clDice", "centerline_dice"),
    ],
)
def test_scores_are_found_by_the_names_of_the_field(words, name):
    assert f"metrics.{name}" in [operation.id for operation in search(words)]
