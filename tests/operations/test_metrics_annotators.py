"""Annotators against annotators: published examples, definitions, and laws."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_delineate import metrics
from napari_delineate.annotators import count_ballots, find_drawings

# Two to four label images of one shape
several = hnp.array_shapes(min_dims=2, max_dims=3, max_side=5).flatmap(
    lambda shape: st.lists(
        hnp.arrays(np.int32, shape, elements=st.integers(0, 3)), min_size=2, max_size=4
    )
)
KAPPAS = ["cohen_kappa", "fleiss_kappa", "krippendorff_alpha"]

FLEISS_TABLE = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]
"""How often 14 raters gave each of 10 subjects each of 5 categories."""

KRIPPENDORFF_OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
    [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
]
"""What 4 observers said of 12 units; 0 where they said nothing."""


def test_cohen_of_a_published_table():
    """20 times both say yes, 15 times both say no, 5 and 10 times only one says yes: 0.4."""
    one = np.repeat([1, 1, 0, 0], [20, 5, 10, 15])[None]
    other = np.repeat([1, 0, 1, 0], [20, 5, 10, 15])[None]
    scores = metrics.annotator_agreement([one, other])
    assert scores["agreement"] == 0.7
    assert scores["cohen_kappa"] == pytest.approx(0.4)
    assert metrics.compare_annotators([one, other])["kappa"][0] == pytest.approx(0.4)


def test_fleiss_of_a_published_table():
    subjects = np.array([np.repeat(np.arange(1, 6), row) for row in FLEISS_TABLE])
    annotations = [column[None] for column in subjects.T]
    scores = metrics.annotator_agreement(annotations, compare="classes")
    assert scores["fleiss_kappa"] == pytest.approx(0.210, abs=5e-4)
    assert scores["agreement"] == pytest.approx(0.378, abs=5e-4)


def test_krippendorff_of_a_published_table_with_gaps():
    """Section D of "Computing Krippendorff's alpha-reliability" (2011): 0.743."""
    annotations = [np.array([row]) for row in KRIPPENDORFF_OBSERVERS]
    # One unit has no mark of all; the other scores need some.
    scores = metrics.annotator_agreement(annotations, compare="marked classes")
    assert scores["krippendorff_alpha"] == pytest.approx(0.743, abs=5e-4)


def test_scores_of_pairs_are_those_of_two_images():
    random = np.random.default_rng(3)
    annotations = [random.integers(0, 3, (3, 9, 8)) for _ in range(3)]
    table = metrics.compare_annotators(annotations, overlap=0.1)
    assert list(zip(table["first"], table["second"], strict=True)) == [(1, 2), (1, 3), (2, 3)]
    for row in table.itertuples():
        one, other = annotations[row.first - 1], annotations[row.second - 1]
        for first, second in ((one, other), (other, one)):
            assert row.dice == metrics.dice(first, second)
            assert row.jaccard == metrics.jaccard(first, second)
            found = metrics.detection_scores(first, second, overlap=0.1)
            assert row.f_score == pytest.approx(found["f_score"])
            assert row.average_precision == found["average_precision"]
            assert row.both == found["true_positives"]
    assert (table["both"] > 0).any()


def test_objects_that_one_drew():
    one, other = np.array([[5, 5, 5, 0, 7, 0, 9]]), np.array([[2, 2, 2, 0, 0, 0, 0]])
    row = metrics.compare_annotators([one, other]).iloc[0]
    assert (row["both"], row["first_only"], row["second_only"], row["mean_iou"]) == (1, 2, 0, 1.0)


@settings(deadline=None, max_examples=40)
@given(annotations=several, compare=st.sampled_from(["foreground", "classes", "objects"]))
def test_scores_are_in_range_whoever_comes_first(annotations, compare):
    scores = metrics.annotator_agreement(annotations, compare=compare)
    assert 0 <= scores["agreement"] <= 1
    assert all(-1 - 1e-12 <= scores[name] <= 1 for name in KAPPAS)
    backwards = metrics.annotator_agreement(annotations[::-1], compare=compare)
    assert backwards == pytest.approx(scores)
    same = metrics.annotator_agreement([annotations[0]] * 3, compare=compare)
    assert list(same.values()) == [1.0] * 4


@settings(deadline=None, max_examples=40)
@given(annotations=several)
def test_of_two_annotators_all_kappas_follow_their_definitions(annotations):
    one, other = (labels.ravel() for labels in annotations[:2])
    scores = metrics.annotator_agreement(annotations[:2], compare="classes")
    shares = np.array(
        [[(labels == number).mean() for number in range(4)] for labels in (one, other)]
    )
    agreement = (one == other).mean()
    assert scores["agreement"] == pytest.approx(agreement)
    pooled = shares.mean(axis=0)
    by_chance = {"cohen_kappa": (shares[0] * shares[1]).sum(), "fleiss_kappa": (pooled**2).sum()}
    for name, chance in by_chance.items():
        expected = 1 if chance == 1 else (agreement - chance) / (1 - chance)
        assert scores[name] == pytest.approx(expected)
    # With as many ratings as that, alpha is Fleiss' (here Scott's) kappa but for 1 / n.
    count = 2 * one.size
    expected = 1 - (1 - scores["fleiss_kappa"]) * (count - 1) / count
    assert scores["krippendorff_alpha"] == pytest.approx(expected)


@settings(deadline=None, max_examples=40)
@given(annotations=several, region=st.randoms())
def test_what_is_outside_of_the_region_does_not_count(annotations, region):
    inside = np.array([region.random() < 0.6 for _ in range(annotations[0].size)])
    inside[0] = True
    inside = inside.reshape(annotations[0].shape)
    other = [np.where(inside, one, 3 - one) for one in annotations]
    for compare in ("foreground", "classes", "objects"):
        assert metrics.annotator_agreement(
            annotations, inside, compare=compare
        ) == metrics.annotator_agreement(other, inside, compare=compare)


@settings(deadline=None, max_examples=40)
@given(annotations=several)
def test_maps_follow_their_definitions(annotations):
    for compare, marked in (("classes", False), ("marked classes", True)):
        differ = metrics.map_disagreement(annotations, compare=compare)
        entropy = metrics.map_disagreement(annotations, compare=compare, measure="entropy")
        for place in np.ndindex(annotations[0].shape):
            said = [one[place] for one in annotations if one[place] or not marked]
            counts = np.unique(said, return_counts=True)[1]
            assert differ[place] == len(said) - counts.max(initial=0)
            shares = counts / max(len(said), 1)
            assert entropy[place] == pytest.approx(-(shares * np.log2(shares)).sum(), abs=1e-6)


def test_the_map_shows_a_merger_where_pixels_agree():
    """One annotator sees one long object where others see two; all say it is foreground."""
    two, one = np.zeros((2, 8, 12), int)
    two[2:6, 1:8], two[2:6, 8:11], one[2:6, 1:11] = 4, 2, 9
    differ = metrics.map_disagreement([two, one, 7 * two])
    assert not metrics.map_disagreement([two, one], compare="foreground").any()
    assert (differ[2:6, 8:11] == 1).all()  # the long one is a drawing of the larger part
    assert not differ[2:6, 1:8].any()
    assert not differ[one == 0].any()


@settings(deadline=None, max_examples=40)
@given(annotations=several, order=st.randoms(), overlap=st.sampled_from([0.5, 0.6, 1.0]))
def test_drawings_depend_on_neither_order_nor_numbers(annotations, order, overlap):
    def groups(images, names):
        found = find_drawings(images, overlap)
        sets = [set() for _ in range(found.many)]
        for who, number, thing in zip(*found, strict=True):
            sets[thing].add((names[who], frozenset(np.flatnonzero(images[who] == number))))
        return {frozenset(one) for one in sets}

    names = list(range(len(annotations)))
    expected = groups(annotations, names)
    assert all(len({who for who, _ in one}) == len(one) for one in expected)
    order.shuffle(names)
    swapped = [np.choose(annotations[name], [0, 3, 1, 2]) for name in names]
    assert groups(swapped, names) == expected
    # Everybody who overlaps nobody is alone, and equal objects are together.
    for first, second in itertools.combinations(range(len(annotations)), 2):
        for number in set(np.unique(annotations[first])) - {0}:
            pixels = frozenset(np.flatnonzero(annotations[first] == number))
            if pixels in {
                frozenset(np.flatnonzero(annotations[second] == other)) for other in (1, 2, 3)
            }:
                assert any({(first, pixels), (second, pixels)} <= one for one in expected)


@settings(deadline=None, max_examples=40)
@given(annotations=several)
def test_ballots_give_the_votes_back(annotations):
    shifted = [one.astype(np.int64) * 2**33 for one in annotations]
    ballots = count_ballots(shifted)
    votes = ballots.classes[ballots.votes]
    for annotator, annotation in enumerate(shifted):
        assert np.array_equal(votes[ballots.places, annotator], annotation)
    assert np.array_equal(ballots.pixels, np.bincount(ballots.places.ravel()))
    assert len(np.unique(votes, axis=0)) == len(votes)


def test_what_can_not_be_compared_is_said():
    one = np.array([[1, 0, 2]])
    for function in (
        metrics.compare_annotators,
        metrics.annotator_agreement,
        metrics.map_disagreement,
    ):
        with pytest.raises(ValueError, match="annotations must hold at least 2"):
            function([one])
    with pytest.raises(ValueError, match="pixels that two annotators marked, there are none"):
        metrics.annotator_agreement([one, np.array([[0, 5, 0]])], compare="marked classes")
    with pytest.raises(ValueError, match="pixels that all annotators marked, there are none"):
        metrics.annotator_agreement([one, one, 0 * one], compare="marked classes")


def test_nothing_to_judge_is_agreement():
    scores = metrics.annotator_agreement([np.eye(3, dtype=int)] * 2, np.zeros((3, 3), bool))
    assert list(scores.values()) == [1.0] * 4


def test_four_programs_differ_in_the_published_pixels(shared_image):
    """One differs from the three others in 830 pixels; it has 63 objects, they have 64."""
    programs = ["imagej", "skimage", "clesperanto_python", "clesperanto_imagej"]
    annotations = [shared_image(f"published/blobs_labels_{one}.tif") for one in programs]
    differ = metrics.map_disagreement(annotations, compare="foreground")
    assert np.count_nonzero(differ) == np.count_nonzero(differ == 1) == 830
    table = metrics.compare_annotators(annotations)
    assert (table["both"] + table["first_only"]).tolist() == [63, 63, 63, 64, 64, 64]
    assert (table["dice"] == 1).tolist() == [False] * 3 + [True] * 3
