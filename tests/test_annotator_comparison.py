"""Several annotators are compared: scores of pairs, who differs most, and where they differ."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from napari_delineate.annotator_comparison import COMPARED, compare_all
from tests.operations.test_metrics_objects import squares

SHAPE = (40, 60)
CORNERS = [(2, 2), (2, 20), (20, 2), (20, 20), (20, 40)]


def three(ndim=2):
    """Cleo has not drawn two of five objects, and draws one that nobody else has."""
    pad = [(1, 1)] * (ndim - 2) + [(0, 0)] * 2
    ada = squares(SHAPE, *CORNERS).astype(np.int32)
    ben = np.where(ada > 0, 9 - ada, 0)
    cleo = squares(SHAPE, *CORNERS[:3], (2, 40)).astype(np.int32)
    return [np.pad(one[(None,) * (ndim - 2)], pad) for one in (ada, ben, cleo)]


def kappa(first, second):
    """Cohen's kappa as its definition says."""
    classes = np.union1d(first, second)
    observed = (first == second).mean()
    chance = sum((first == one).mean() * (second == one).mean() for one in classes)
    return (observed - chance) / (1 - chance)


@pytest.mark.parametrize("ndim", [2, 3])
def test_who_differs_most_and_where(ndim):
    annotations = three(ndim)
    found = compare_all(annotations, "ZYX"[-ndim:])
    assert found.farthest == 2
    (ada_ben,) = (one for one in found.pairs if (one.first, one.second) == (0, 1))
    assert ada_ben.scores["f_score"] == ada_ben.scores["kappa"] == 1
    drawn = {one.numbers: one for one in found.disagreements}
    assert set(drawn) == {(0, 0, 4), (4, 5, 0), (5, 4, 0)}
    assert drawn[0, 0, 4].agreement == 0
    assert drawn[4, 5, 0].agreement == pytest.approx(1 / 3)
    for numbers, one in drawn.items():
        assert one.against == (2,)
        masks = [
            labels == number for labels, number in zip(annotations, numbers, strict=True) if number
        ]
        places = np.nonzero(np.logical_or.reduce(masks))
        assert one.low == [place.min() for place in places]
        assert one.high == [place.max() for place in places]
        assert one.pixels == masks[0].sum()


@settings(deadline=None, max_examples=25)
@given(st.data())
def test_the_scores_are_those_of_their_definitions(data):
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    annotations = [random.integers(0, 4, (6, 7)) for _ in range(3)]
    for compare in ("foreground", "classes"):
        found = compare_all(annotations, "YX", compare)
        votes = [one > 0 for one in annotations] if compare == "foreground" else annotations
        for pair in found.pairs:
            expected = kappa(votes[pair.first], votes[pair.second])
            assert pair.scores["kappa"] == pytest.approx(expected)
        differs = np.any([one != votes[0] for one in votes], axis=0)
        regions, count = ndimage.label(differs, np.ones((3, 3)))
        assert found.count == count
        sizes = np.bincount(regions.ravel())[1:]
        assert [one.pixels for one in found.disagreements] == sorted(sizes, reverse=True)
    both = (annotations[0] > 0) & (annotations[1] > 0)
    pair = compare_all(annotations[:2], "YX", "marked classes").pairs[0]
    agree = (annotations[0] == annotations[1])[both].mean()
    assert pair.scores["agreement"] == pytest.approx(agree)


@settings(deadline=None, max_examples=20)
@given(st.permutations(range(3)), st.sampled_from([*COMPARED]), st.integers(0, 50))
def test_the_order_and_the_numbers_do_not_matter(order, compare, seed):
    annotations = three()
    annotations[0] = np.roll(annotations[0], seed % 3, axis=1)
    found = compare_all(annotations, "YX", compare)
    again = compare_all([annotations[one] for one in order], "YX", compare)
    assert again.count == found.count
    assert np.allclose([found.means[one] for one in order], again.means, equal_nan=True)
    assert None if found.farthest is None else order[again.farthest] == found.farthest
    if compare == "objects":
        other = [np.where(one > 0, 100 - one, 0) for one in annotations]
        assert compare_all(other, "YX").means == found.means


def test_what_overlaps_by_less_than_half_is_drawn_otherwise():
    ada, ben = np.zeros((2, 10, 20), int)
    ada[2:8, 2:8], ben[2:8, 6:12] = 1, 1
    found = compare_all([ada, ben], "YX").disagreements
    assert [one.numbers for one in found] == [(1, 0), (0, 1)]
    assert {one.otherwise for one in found} == {12 / 60}
    assert {one.otherwise for one in compare_all(three(), "YX").disagreements} == {0}


def test_equal_numbers_of_other_frames_are_other_objects():
    one = np.zeros((2, 8, 8), int)
    one[0, 1:4, 1:4], one[1, 1:4, 1:4] = 1, 1
    other = one.copy()
    other[1] = 0
    found = compare_all([one, other], "TYX")
    assert [(place.frame, place.low) for place in found.disagreements] == [((1,), [1, 1])]
    assert found.pairs[0].scores["f_score"] == pytest.approx(2 / 3)
    regions = compare_all([one, other], "TYX", "foreground")
    assert [(place.frame, place.pixels) for place in regions.disagreements] == [((1,), 9)]


def test_strokes_of_two_who_marked_nothing_in_common():
    first, second = np.zeros((2, 4, 4), int)
    first[0], second[3] = 1, 2
    found = compare_all([first, second], "YX", "marked classes")
    assert np.isnan(found.pairs[0].scores["kappa"])
    assert found.farthest is None
    assert found.count == 0


@pytest.mark.parametrize("compare", [*COMPARED])
def test_who_agrees_everywhere_differs_nowhere(compare):
    ada = three()[0]
    found = compare_all([ada, ada, ada], "YX", compare)
    assert (found.count, found.farthest) == (0, None)
    assert {pair.scores["kappa"] for pair in found.pairs} == {1.0}
    nothing = np.zeros((3, 3), int)
    assert compare_all([nothing, nothing], "YX", compare).count == 0


def test_what_can_not_be_compared_is_said():
    ada = three()[0]
    for bad in ([ada], [ada, ada[:5]], []):
        with pytest.raises(ValueError, match="two or more annotations of the same shape"):
            compare_all(bad, "YX")
    with pytest.raises(ValueError, match="have no pixels"):
        compare_all([ada[:0], ada[:0]], "YX")


def test_all_pairs_of_five_are_there():
    found = compare_all([*three(), *three()[:2]], "YX")
    assert [(one.first, one.second) for one in found.pairs] == [
        *itertools.combinations(range(5), 2)
    ]
