"""Objects against objects: by hand, by definition, against StarDist, and laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.optimize import linear_sum_assignment

from napari_delineate import metrics, object_numbers
from napari_delineate.partners import assign
from tests.operations.test_metrics import ALL, NOTHING, SOME, pairs

SHARES = ["f_score", "precision", "recall", "average_precision"]


def squares(shape, *places, size=4):
    """Objects of size x size (x size) pixels, numbered from 1, at the places of their corners."""
    labels = np.zeros(shape, int)
    for number, place in enumerate(places, 1):
        labels[tuple(slice(start, start + size) for start in place)] = number
    return labels


def table_of_iou(reference, labels):
    """Compare all objects with all objects."""
    numbers = [np.unique(image[image > 0]) for image in (reference, labels)]
    table = np.zeros([len(one) for one in numbers])
    for row, first in enumerate(numbers[0]):
        for column, second in enumerate(numbers[1]):
            one, other = reference == first, labels == second
            table[row, column] = (one & other).sum() / (one | other).sum()
    return numbers, table


def all_scores(reference, labels, **settings):
    """Every number that compares objects, by name."""
    found = {
        "sparse_jaccard": metrics.sparse_jaccard(reference, labels),
        "seg_score": metrics.seg_score(reference, labels),
        "mean_average_precision": metrics.mean_average_precision(reference, labels),
    }
    for function in (metrics.panoptic_quality, metrics.detection_scores):
        found |= function(reference, labels, **settings)
    return found


# By hand


def test_detection_of_the_slide_example():
    """5 objects, of which 3 are found, and one that is none."""
    corners = [(2, 2), (2, 12), (2, 22), (12, 2), (12, 12)]
    reference = squares((20, 30), *corners)
    labels = squares((20, 30), *corners[:3], (12, 22))
    found = metrics.detection_scores(reference, labels)
    assert found == {
        "f_score": pytest.approx(2 / 3),
        "precision": 0.75,
        "recall": 0.6,
        "average_precision": 0.5,
        "true_positives": 3,
        "false_positives": 1,
        "false_negatives": 2,
        "missed": 2,
        "spurious": 1,
        "splits": 0,
        "merges": 0,
    }
    assert metrics.detection_scores(reference, labels, beta=2)["f_score"] == pytest.approx(
        5 * 0.75 * 0.6 / (4 * 0.75 + 0.6)
    )
    assert metrics.average_precision(reference, labels) == 0.5
    table = metrics.match_objects(reference, labels)
    assert table["status"].tolist() == ["matched"] * 3 + ["missed"] * 2 + ["spurious"]
    assert table["reference"].tolist() == [1, 2, 3, 4, 5, 0]
    assert table["label"].tolist() == [1, 2, 3, 0, 0, 4]


def test_splits_and_merges():
    """1 is split in two halves, 2 and 3 are merged, 4 is split but still found, 5 is missed."""
    reference = np.array([[1, 1, 1, 1, 0, 2, 2, 3, 3, 0, 4, 4, 4, 4, 4, 0, 5, 5, 0, 0]])
    labels = np.array([[1, 1, 2, 2, 0, 3, 3, 3, 3, 0, 4, 4, 4, 4, 5, 0, 0, 0, 0, 6]])
    table = metrics.match_objects(reference, labels, overlap=0.51)
    rows = table[["reference", "label", "status", "parts", "joined"]].to_numpy().tolist()
    assert rows == [
        [1, 0, "split", 2, 0],
        [2, 0, "merged", 0, 0],
        [3, 0, "merged", 0, 0],
        [4, 4, "matched", 2, 1],
        [5, 0, "missed", 0, 0],
        [0, 1, "part", 0, 0],
        [0, 2, "part", 0, 0],
        [0, 3, "merger", 0, 2],
        [0, 5, "part", 0, 0],
        [0, 6, "spurious", 0, 0],
    ]
    assert table["iou"].tolist() == [0, 0, 0, 0.8, 0, 0, 0, 0, 0, 0]
    assert table["dice"][3] == pytest.approx(2 * 4 / 9)
    scores = metrics.detection_scores(reference, labels, overlap=0.51)
    counted = ["missed", "spurious", "splits", "merges", "false_negatives", "false_positives"]
    assert [scores[name] for name in counted] == [1, 1, 2, 1, 4, 5]


def test_matches_have_sizes_and_distances_in_units():
    reference, labels = squares((6, 8, 9), (1, 2, 1)), squares((6, 8, 9), (1, 3, 1))
    table = metrics.match_objects(reference, labels, spacing=(2.0, 0.5, 0.5), units="micrometer")
    assert table["centroid_distance"].tolist() == [0.5]
    assert table["reference_size"].tolist() == [64 * 0.5]
    assert table["iou"].tolist() == [48 / 80]
    units = table.attrs["units"]
    assert (units["centroid_distance"], units["label_size"]) == ("micrometer", "micrometer³")
    assert (units["iou"], units["status"]) == ("", "")


def test_the_hungarian_method_finds_more_partners_than_the_greedy_one():
    #            1 shares 2 of 4 pixels with 1 and 1 with 2; 2 shares 1 of 4 with 1.
    reference = np.array([[1, 1, 1, 1, 2, 2, 0]])
    labels = np.array([[2, 0, 1, 1, 1, 0, 0]])
    settings = {"overlap": 0.2}
    greedy, best = (
        metrics.match_objects(reference, labels, assignment=method, **settings)
        for method in ("greedy", "Hungarian")
    )
    assert greedy[["reference", "label"]].to_numpy().tolist() == [[1, 1], [2, 0], [0, 2]]
    assert best[["reference", "label"]].to_numpy().tolist() == [[1, 2], [2, 1]]


def test_partners_by_the_distance_of_their_centroids():
    reference = squares((20, 30), (2, 2), (2, 12), size=3)
    labels = squares((20, 30), (2, 6), (12, 12), size=3)  # 4 columns and 10 rows away
    for spacing, expected in (((1.0, 1.0), [1, 0]), ((0.3, 1.0), [1, 2]), ((1.0, 2.0), [0, 0])):
        table = metrics.match_objects(
            reference, labels, criterion="centroid distance", distance=4.0, spacing=spacing
        )
        assert table["label"].tolist()[:2] == expected
    assert not table["iou"].any()


def test_partners_by_their_boundaries_by_definition():
    """Large objects may share most of their pixels and still have other boundaries."""
    reference, labels = squares((40, 40), (4, 4), size=30), squares((40, 40), (6, 6), size=30)
    bands = [
        one & (ndimage.distance_transform_edt(one) <= 3) for one in (reference > 0, labels > 0)
    ]
    expected = (bands[0] & bands[1]).sum() / (bands[0] | bands[1]).sum()
    assert expected < 0.3 < 0.7 < (28**2) / (2 * 30**2 - 28**2)
    for overlap, number in ((expected - 0.001, 1), (expected + 0.001, 0)):
        found = metrics.detection_scores(
            reference, labels, criterion="boundary IoU", width=3.0, overlap=overlap
        )
        assert found["true_positives"] == number


def test_partners_by_what_is_covered_of_the_reference():
    reference, labels = squares((20, 20), (2, 2)), squares((20, 20), (1, 1), size=12)
    for criterion, number in (("mask IoU", 0), ("overlap of reference", 1)):
        found = metrics.detection_scores(reference, labels, criterion=criterion)
        assert found["true_positives"] == number


def test_average_precision_over_many_overlaps():
    """IoU 1, 3/4 and 2/4."""
    reference = np.array([[1, 1, 0, 2, 2, 2, 2, 0, 3, 3, 3, 3]])
    labels = np.array([[1, 1, 0, 2, 2, 2, 0, 0, 3, 3, 0, 0]])
    table = metrics.average_precision_curve(reference, labels)
    assert table["overlap"].tolist() == [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]
    assert table["true_positives"].tolist() == [3] + [2] * 5 + [1] * 4
    expected = [1] + [2 / 4] * 5 + [1 / 5] * 4
    assert table["average_precision"].tolist() == pytest.approx(expected)
    assert table["mean_iou"].tolist() == pytest.approx([3 / 4] + [7 / 8] * 5 + [1] * 4)
    found = metrics.mean_average_precision(reference, labels)
    assert found == pytest.approx(np.mean(expected))
    assert metrics.mean_average_precision(
        reference, labels, lowest=0.5, highest=0.5
    ) == metrics.average_precision(reference, labels)
    with pytest.raises(ValueError, match=r"lowest must not be above highest; got 0\.9 and 0\.6"):
        metrics.average_precision_curve(reference, labels, lowest=0.9, highest=0.6)


def test_panoptic_quality_by_hand():
    reference = np.array([[1, 1, 0, 2, 2, 2, 2, 0, 3, 3, 3, 3]])
    labels = np.array([[1, 1, 0, 2, 2, 2, 0, 0, 3, 0, 4, 4]])
    # IoU 1 and 3/4, then 2/4 with 4, and 3 is too small.
    assert metrics.panoptic_quality(reference, labels) == pytest.approx(
        {
            "segmentation_quality": 2.25 / 3,
            "recognition_quality": 3 / 3.5,
            "panoptic_quality": 2.25 / 3.5,
        }
    )


def test_seg_needs_more_than_half_of_an_object():
    reference = np.array([[1, 1, 2, 2, 2, 2, 2]])
    labels = np.array([[1, 0, 2, 2, 2, 0, 0]])
    # 1 of 2 is not more than half; 3 of 5 is.
    assert metrics.seg_score(reference, labels) == pytest.approx((0 + 3 / 5) / 2)
    assert metrics.sparse_jaccard(reference, labels) == pytest.approx((1 / 2 + 3 / 5) / 2)


def test_aggregated_jaccard_by_hand():
    """One label covers two objects: AJI counts it twice, AJI+ once."""
    reference = np.array([[1, 1, 1, 1, 2, 2, 0, 0]])
    labels = np.array([[1, 1, 1, 1, 1, 1, 0, 2]])
    assert metrics.aggregated_jaccard(reference, labels) == pytest.approx(
        {
            "aggregated_jaccard": (4 + 2) / (6 + 6 + 1),
            "aggregated_jaccard_plus": 4 / (6 + 2 + 1),
        }
    )


def test_recall_of_small_and_large_objects():
    reference = np.array([[1, 0, 2, 0, 3, 3, 0, 4, 4, 4, 0, 5, 5, 5, 5]])
    labels = np.where(reference >= 4, reference, 0)
    labels[0, 2] = 9
    table = metrics.recall_by_size(reference, labels, groups=2, spacing=0.5, units="mm")
    # The median is 2 pixels.
    assert table["objects"].tolist() == [3, 2]
    assert table["found"].tolist() == [1, 2]
    assert table["recall"].tolist() == pytest.approx([1 / 3, 1])
    assert table["largest"].tolist() == [0.5, 1.0]
    assert table.attrs["units"]["largest"] == "mm²"
    assert len(metrics.recall_by_size(np.zeros((3, 3), int), labels[:, :3].repeat(3, 0))) == 0


EDGES = [
    (NOTHING, NOTHING, 1.0),
    (ALL, ALL, 1.0),
    (NOTHING, SOME, 0.0),
    (SOME, NOTHING, 0.0),
    (SOME, 1 - SOME, 0.0),
]


@pytest.mark.parametrize(("reference", "labels", "expected"), EDGES)
def test_object_scores_at_the_edges(reference, labels, expected):
    found = all_scores(reference, labels) | metrics.aggregated_jaccard(reference, labels)
    shares = [*SHARES, "sparse_jaccard", "seg_score", "mean_average_precision"]
    shares += ["panoptic_quality", "recognition_quality", "segmentation_quality"]
    shares += ["aggregated_jaccard", "aggregated_jaccard_plus"]
    assert {name: found[name] for name in shares} == dict.fromkeys(shares, expected)
    for criterion in ("boundary IoU", "overlap of reference"):
        found = metrics.detection_scores(reference, labels, criterion=criterion)
        assert [found[name] for name in SHARES] == [expected] * 4
    settings = {"criterion": "centroid distance", "distance": 0.0}
    found = metrics.detection_scores(reference, labels, **settings)
    assert [found[name] for name in SHARES] == [expected] * 4
    curve = metrics.average_precision_curve(reference, labels)
    assert (curve["average_precision"] == expected).all()
    expected_rows = len(np.unique(reference[reference > 0]))
    if expected == 0:
        expected_rows += len(np.unique(labels[labels > 0]))
    assert len(metrics.match_objects(reference, labels)) == expected_rows


# Sparse annotations


def test_a_sparse_annotation_says_nothing_about_objects_elsewhere():
    reference = squares((20, 30), (2, 2), (2, 12))
    labels = squares((20, 30), (2, 2), (12, 2), (12, 12))
    dense, sparse = (
        metrics.detection_scores(reference, labels, annotation=annotation)
        for annotation in ("dense", "sparse")
    )
    assert [dense[name] for name in SHARES] == pytest.approx([2 / 5, 1 / 3, 1 / 2, 1 / 4])
    assert [sparse[name] for name in SHARES] == pytest.approx([2 / 3, 1, 1 / 2, 1 / 2])
    assert metrics.average_precision(reference, labels, annotation="sparse") == 1 / 2
    found = metrics.panoptic_quality(reference, labels, annotation="sparse")
    assert found["recognition_quality"] == pytest.approx(2 / 3)
    found = metrics.aggregated_jaccard(reference, labels, annotation="sparse")
    assert found["aggregated_jaccard"] == 1 / 2
    table = metrics.match_objects(reference, labels, annotation="sparse")
    assert table["label"].tolist() == [1, 0]


def test_a_part_of_an_annotated_object_is_a_mistake_in_sparse_annotations_too():
    reference = np.array([[1, 1, 1, 1, 1, 0, 0]])
    labels = np.array([[1, 1, 1, 2, 2, 2, 3]])
    found = metrics.detection_scores(reference, labels, annotation="sparse")
    assert (found["true_positives"], found["false_positives"]) == (1, 1)
    # Outlines count in full, also where nothing is annotated.
    labels = np.array([[1, 1, 1, 1, 1, 1, 1]])
    found = metrics.panoptic_quality(reference, labels, annotation="sparse")
    assert found["segmentation_quality"] == 5 / 7


def test_what_lies_outside_of_the_region_counts_for_nothing():
    """As void pixels in panoptic segmentation."""
    reference = np.array([[1, 1, 1, 0, 2, 2, 0, 3, 0, 0]])
    labels = np.array([[1, 1, 0, 0, 2, 2, 2, 4, 5, 5]])
    region = np.array([[1, 1, 1, 1, 1, 1, 0, 0, 0, 0]], bool)
    found = metrics.panoptic_quality(reference, labels, region)
    assert found["segmentation_quality"] == pytest.approx((2 / 3 + 1) / 2)
    assert found["recognition_quality"] == 1
    assert metrics.sparse_jaccard(reference, labels, region) == pytest.approx((2 / 3 + 1) / 2)
    assert metrics.match_objects(reference, labels, region)["label"].tolist() == [1, 2]
    # A label of which half is inside counts as a mistake, one of which less is inside not.
    for inside, mistakes in ((2, 1), (1, 0)):
        region = np.arange(4)[np.newaxis] < inside
        nothing, label = np.zeros((1, 4), int), np.ones((1, 4), int)
        found = metrics.detection_scores(nothing, label, region)
        assert found["false_positives"] == mistakes


@settings(deadline=None, max_examples=50)
@given(pair=pairs())
def test_a_region_of_everything_changes_nothing_and_an_empty_one_leaves_nothing(pair):
    everything = np.ones(pair[0].shape, bool)
    for name in ("detection_scores", "panoptic_quality", "aggregated_jaccard"):
        function = getattr(metrics, name)
        assert function(*pair, everything) == function(*pair)
        assert next(iter(function(*pair, ~everything).values())) == 1


# By definition


@pytest.mark.parametrize("overlap", [0.15, 0.3, 0.5, 0.8])
@settings(deadline=None, max_examples=40)
@given(pair=pairs(largest=6))
def test_partners_are_those_of_the_best_assignment(overlap, pair):
    numbers, iou = table_of_iou(*pair)
    good = iou >= overlap
    cost = np.where(good, -(1 + iou / (2 * max(min(iou.shape), 1))), 0.0)
    chosen = linear_sum_assignment(cost)
    hits = good[chosen]
    found = metrics.match_objects(*pair, overlap=overlap)
    found = found[found["status"] == "matched"]
    assert len(found) == hits.sum()
    assert found["iou"].sum() == pytest.approx(iou[chosen][hits].sum())
    for first, second, share in found[["reference", "label", "iou"]].to_numpy():
        row, column = np.searchsorted(numbers[0], first), np.searchsorted(numbers[1], second)
        assert iou[row, column] == pytest.approx(share)


@settings(deadline=None, max_examples=80)
@given(pair=pairs(largest=6))
def test_seg_and_aggregated_jaccard_equal_their_definitions(pair):
    reference, labels = pair
    numbers, iou = table_of_iou(*pair)
    if not len(numbers[0]) or not len(numbers[1]):
        return
    seg, shared, union, used = [], 0, 0, set()
    for row, number in enumerate(numbers[0]):
        one = reference == number
        covering = [n for n in numbers[1] if (one & (labels == n)).sum() > 0.5 * one.sum()]
        seg.append(iou[row, np.searchsorted(numbers[1], covering[0])] if covering else 0)
        best = int(np.argmax(iou[row]))
        if iou[row, best] == 0:
            union += one.sum()
            continue
        other = labels == numbers[1][best]
        shared, union = shared + (one & other).sum(), union + (one | other).sum()
        used.add(best)
    union += sum((labels == n).sum() for i, n in enumerate(numbers[1]) if i not in used)
    assert metrics.seg_score(*pair) == pytest.approx(np.mean(seg))
    found = metrics.aggregated_jaccard(*pair)
    assert found["aggregated_jaccard"] == pytest.approx(shared / union)
    rows, columns = linear_sum_assignment(-iou)
    both = iou[rows, columns] > 0
    assert both.any() == (found["aggregated_jaccard_plus"] > 0)


@settings(deadline=None, max_examples=80)
@given(pair=pairs(largest=6))
def test_splits_and_merges_equal_their_definition(pair):
    reference, labels = pair

    def mostly_in(parts, wholes):
        return {
            whole: sum(
                2 * ((parts == part) & (wholes == whole)).sum() > (parts == part).sum()
                for part in np.unique(parts[parts > 0])
            )
            for whole in np.unique(wholes[wholes > 0])
        }

    found = metrics.detection_scores(*pair)
    assert found["splits"] == sum(n > 1 for n in mostly_in(labels, reference).values())
    assert found["merges"] == sum(n > 1 for n in mostly_in(reference, labels).values())
    table = metrics.match_objects(*pair)
    parts = dict(zip(table["reference"], table["parts"], strict=True))
    parts.pop(0, None)
    assert parts == mostly_in(labels, reference)


@pytest.mark.parametrize("overlap", [0.1, 0.5, 0.7])
@pytest.mark.parametrize("seed", range(4))
def test_equals_stardist(seed, overlap):
    matching = pytest.importorskip("stardist.matching").matching
    random = np.random.default_rng(seed)
    blobs = [
        ndimage.label(ndimage.gaussian_filter(random.random((90, 90)), 2) > 0.51)[0]
        for _ in range(2)
    ]
    blobs[1] = np.where(random.random((90, 90)) > 0.3, blobs[0], blobs[1])
    expected = matching(*blobs, thresh=overlap)
    found = metrics.detection_scores(*blobs, overlap=overlap)
    assert found["true_positives"] == expected.tp
    assert found["false_positives"] == expected.fp
    assert found["false_negatives"] == expected.fn
    names = {"f1": "f_score", "precision": "precision", "recall": "recall"}
    names |= {"accuracy": "average_precision"}
    for theirs, ours in names.items():
        assert found[ours] == pytest.approx(getattr(expected, theirs))
    quality = metrics.panoptic_quality(*blobs, overlap=overlap)
    assert quality["panoptic_quality"] == pytest.approx(expected.panoptic_quality)
    assert quality["segmentation_quality"] == pytest.approx(expected.mean_matched_score)


# Laws


@settings(deadline=None, max_examples=60)
@given(pair=pairs(largest=5))
def test_exchanging_the_images_exchanges_what_is_missed_and_what_is_too_much(pair):
    here, there = metrics.detection_scores(*pair), metrics.detection_scores(*pair[::-1])
    for one, other in (
        ("precision", "recall"),
        ("false_positives", "false_negatives"),
        ("missed", "spurious"),
        ("splits", "merges"),
        ("f_score", "f_score"),
    ):
        assert here[one] == there[other]
    assert metrics.panoptic_quality(*pair) == metrics.panoptic_quality(*pair[::-1])


@settings(deadline=None, max_examples=60)
@given(pair=pairs(largest=4), numbers=st.permutations([1, 5, 2**20, 2**40]))
def test_object_scores_do_not_depend_on_numbers(pair, numbers):
    table = np.array([0, *numbers])
    expected = pytest.approx(all_scores(*pair), abs=1e-12)
    assert all_scores(table[pair[0]], pair[1]) == expected
    assert all_scores(pair[0], table[pair[1]]) == expected


@settings(deadline=None, max_examples=40)
@given(pair=pairs(), data=st.data())
def test_object_scores_do_not_depend_on_where_and_how_the_image_lies(pair, data):
    axes = data.draw(st.permutations(range(pair[0].ndim)))
    shift = data.draw(st.tuples(*[st.integers(-3, 3)] * pair[0].ndim))
    for criterion in ("mask IoU", "overlap of reference"):
        expected = pytest.approx(all_scores_by(pair, criterion), abs=1e-12)
        moved = [np.roll(one.transpose(axes), shift, range(one.ndim)) for one in pair]
        assert all_scores_by(moved, criterion) == expected
    for criterion in ("boundary IoU", "centroid distance"):
        expected = pytest.approx(all_scores_by(pair, criterion), abs=1e-12)
        # Where objects end at the border, it matters for these.
        moved = [np.pad(one.transpose(axes), 2) for one in pair]
        assert all_scores_by(moved, criterion) == expected


def all_scores_by(pair, criterion):
    return metrics.detection_scores(*pair, criterion=criterion, distance=1.5)


@settings(deadline=None, max_examples=40)
@given(pair=pairs(largest=5))
def test_object_scores_lie_where_they_should(pair):
    found = all_scores(*pair) | metrics.aggregated_jaccard(*pair)
    for name in set(found) - {"true_positives", "false_positives", "false_negatives"}:
        assert found[name] >= 0
    assert all_scores(pair[0], pair[0])["panoptic_quality"] == 1
    assert found["panoptic_quality"] <= found["f_score"] + 1e-12
    assert found["seg_score"] <= found["sparse_jaccard"] + 1e-12
    assert set(metrics.aggregated_jaccard(pair[0], pair[0]).values()) == {1.0}
    numbers = found["true_positives"] + found["false_negatives"]
    assert numbers == len(np.unique(pair[0][pair[0] > 0]))


def test_the_table_of_pairs_grows():
    random = np.random.default_rng(0)
    first, second = random.integers(0, 300, (2, 50000))
    expected, often = np.unique(np.stack([first, second]), axis=1, return_counts=True)
    assert expected.shape[1] > 30000
    found, counts = object_numbers.count_pairs(first, second)
    assert np.array_equal(found, expected)
    assert np.array_equal(counts, often)


# How partners are chosen


@pytest.mark.parametrize("as_many", [True, False])
@pytest.mark.parametrize("share", [0.9, 0.1, 0.02])
def test_partners_are_those_that_scipy_finds(share, as_many):
    random = np.random.default_rng(4)
    for height, width in ((1, 9), (7, 7), (60, 45), (45, 60)):
        allowed = random.random((height, width)) < share
        allowed[0, 0] = allowed[0, -1] = True
        rows, columns = np.nonzero(allowed)
        for scores in (random.random(len(rows)), random.integers(1, 4, len(rows)) / 4):
            costs = np.full((height, width), 1000.0 if as_many else 0.0)
            costs[rows, columns] = -scores
            best = linear_sum_assignment(costs)
            for order in (np.arange(len(rows)), random.permutation(len(rows))):
                given = rows[order], columns[order], scores[order]
                chosen = assign(*given, as_many=as_many)
                assert len(chosen) == len(set(given[0][chosen])) == len(set(given[1][chosen]))
                if as_many:
                    assert len(chosen) == allowed[best].sum()
                assert given[2][chosen].sum() == pytest.approx(-costs[best][allowed[best]].sum())


def test_the_greedy_choice_takes_the_best_pair_of_what_is_left():
    random = np.random.default_rng(5)
    rows, columns = np.nonzero(random.random((40, 30)) < 0.2)
    scores = random.random(len(rows))
    chosen, left = [], np.ones(len(rows), bool)
    while left.any():
        best = np.argmax(np.where(left, scores, -1))
        chosen.append(best)
        left &= (rows != rows[best]) & (columns != columns[best])
    assert assign(rows, columns, scores, "greedy").tolist() == sorted(chosen)


def test_a_distance_that_allows_too_many_partners_is_refused():
    labels = np.arange(1, 71 * 71 + 1).reshape(71, 71)
    with pytest.raises(ValueError, match="distance is so large that 25,411,681 pairs of objects"):
        metrics.detection_scores(labels, labels, criterion="centroid distance", distance=200.0)
    settings = {"criterion": "centroid distance", "distance": 2.0}
    assert metrics.detection_scores(labels, labels, **settings)["f_score"] == 1
