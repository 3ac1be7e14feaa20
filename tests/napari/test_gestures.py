"""Several changes that belong together are one entry of the history."""

from __future__ import annotations

import numpy as np
import pytest

from napari_delineate._napari.comparison_steps import record_scores
from napari_delineate._napari.gestures import one_entry

SCORES = ("metrics.dice", "metrics.jaccard", "metrics.accuracy")


@pytest.fixture
def pair(viewer):
    labels = np.zeros((20, 20), int)
    labels[4:12, 4:12] = 1
    return viewer.add_labels(labels, name="truth"), viewer.add_labels(labels.copy(), name="found")


@pytest.mark.parametrize("annotation", ["dense", "scribbles"])
def test_scores_added_as_steps_are_taken_back_by_one_undo(session, pair, wait, annotation):
    reference, found = pair
    record_scores(session, reference, [(one, found) for one in SCORES], annotation, {})
    wait()
    steps = session.workflow.steps
    assert [one.operation for one in steps][-3:] == list(SCORES)
    assert len(session.history.past) == 1
    session.undo()
    wait()
    assert not session.workflow.steps
    session.redo()
    wait()
    assert session.workflow.steps == steps
    assert all(one.outputs[0] in session.results for one in steps)


def test_what_was_recorded_before_an_error_stays_as_one_entry(session, pair, wait):
    reference, found = pair

    def record():
        with one_entry(session):
            for name in SCORES:
                session.run(name, {"reference": reference, "labels": found}, {})
            raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        record()
    wait()
    assert len(session.workflow.steps) == 3
    assert len(session.history.past) == 1


def test_one_change_and_none_are_as_ever(session, pair, wait):
    reference, found = pair
    with one_entry(session):
        pass
    assert not session.history.past
    with one_entry(session):
        session.run(SCORES[0], {"reference": reference, "labels": found}, {})
    wait()
    assert len(session.history.past) == 1
