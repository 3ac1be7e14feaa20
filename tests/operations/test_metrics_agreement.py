"""Images of which objects agree, against the tables and scores that say the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from napari_delineate import metrics
from tests.operations.test_metrics import pairs
from tests.operations.test_metrics_objects import squares

CLASSES = {"matched": 1, "missed": 3, "split": 4, "merged": 5}
OF_LABELS = {"spurious": 2, "part": 4, "merger": 5}


def test_each_kind_of_mistake_by_hand():
    """Found, missed, spurious; one that is cut in halves; two that are one."""
    reference = np.array([[1, 1, 0, 2, 2, 0, 0, 0, 3, 3, 3, 3, 0, 4, 4, 5, 5]])
    labels = np.array([[9, 9, 0, 0, 0, 0, 8, 0, 1, 1, 2, 2, 0, 3, 3, 3, 3]])
    classes = metrics.map_matches(reference, labels, overlap=0.6)
    assert classes.tolist() == [[1, 1, 0, 3, 3, 0, 2, 0, 4, 4, 4, 4, 0, 5, 5, 5, 5]]


def test_a_sparse_reference_leaves_what_lies_beside_it():
    reference = squares((8, 24), (2, 2))
    labels = squares((8, 24), (2, 2), (2, 12))
    assert np.unique(metrics.map_matches(reference, labels)).tolist() == [0, 1, 2]
    sparse = metrics.map_matches(reference, labels, annotation="sparse")
    assert np.unique(sparse).tolist() == [0, 1]


def test_what_is_outside_of_the_region_is_nothing():
    reference = squares((8, 24), (2, 2), (2, 12))
    region = np.zeros(reference.shape, bool)
    region[:, :10] = True
    assert not metrics.map_matches(reference, reference, region)[:, 10:].any()
    overlap = metrics.map_overlap(reference, reference, region)
    assert (overlap[:, 10:] == -1).all()
    assert overlap.max() == 1


@settings(max_examples=40, deadline=None)
@given(pairs())
def test_maps_say_what_the_table_and_the_score_say(pair):
    reference, labels = pair
    table = metrics.match_objects(reference, labels)
    classes = metrics.map_matches(reference, labels)
    for row in table.itertuples():
        if row.reference:
            assert (classes[reference == row.reference] == CLASSES[row.status]).all()
        else:
            beside = (labels == row.label) & (reference == 0)
            assert (classes[beside] == OF_LABELS[row.status]).all()
    assert not classes[(reference == 0) & (labels == 0)].any()
    overlap = metrics.map_overlap(reference, labels)
    assert ((overlap == -1) == (reference == 0)).all()
    numbers = np.unique(reference[reference > 0])
    if len(numbers):
        mean = np.mean([overlap[reference == number][0] for number in numbers])
        assert mean == pytest.approx(metrics.sparse_jaccard(reference, labels), abs=1e-6)
