"""What tables are about: the numbers in their rows are those of the objects meant."""

from __future__ import annotations

import numpy as np
import pytest

from napari_delineate import catalogue
from napari_delineate.engine import Engine
from napari_delineate.quantities import labels_measured, objects_measured
from napari_delineate.types import Kind
from napari_delineate.values import Value
from napari_delineate.workflow import Workflow, WorkflowInput


def squares(**corners):
    """Return squares of six pixels with some numbers, none of which begins at 1."""
    image = np.zeros((40, 40), np.int32)
    for number, (y, x) in corners.items():
        image[y : y + 6, x : x + 6] = int(number[1:])
    return image


LABELS = squares(n9=(2, 2), n5=(2, 12), n7=(20, 20))
OTHER = squares(n3=(2, 3), n8=(21, 20))
VALUES = {
    "labels": Value.of(LABELS, Kind.LABELS, "YX", (1.0, 1.0)),
    "children": Value.of(OTHER, Kind.LABELS, "YX", (1.0, 1.0)),
    "parents": Value.of(LABELS, Kind.LABELS, "YX", (1.0, 1.0)),
    "reference": Value.of(OTHER, Kind.LABELS, "YX", (1.0, 1.0)),
    "mask": Value.of(LABELS > 0, Kind.MASK, "YX", (1.0, 1.0)),
    "other_mask": Value.of(OTHER > 0, Kind.MASK, "YX", (1.0, 1.0)),
    "image": Value.of(LABELS * 1.0, Kind.IMAGE, "YX", (1.0, 1.0)),
}
SEVERAL = {Kind.LABELS: ("labels", "children"), Kind.MASK: ("mask", "other_mask")}
INPUTS = {name: WorkflowInput.of(value) for name, value in VALUES.items()}
MEASURING = [
    one.id
    for one in catalogue.operations()
    if any(output.kind is Kind.TABLE for output in one.outputs)
    and any(entry.kind in (Kind.LABELS, Kind.MASK) for entry in one.inputs)
]


def wired(operation):
    """Return values for the inputs of an operation, by their names or their kinds."""
    chosen = {}
    for entry in catalogue.find(operation).inputs:
        by_kind = "image" if entry.kind is Kind.IMAGE else None
        name = entry.name if entry.name in VALUES else by_kind
        chosen[entry.name] = (name,) if entry.variable and name else name
        if entry.variable and entry.kind in SEVERAL:
            chosen[entry.name] = SEVERAL[entry.kind]
    return chosen


@pytest.mark.parametrize("operation", MEASURING)
def test_numbers_in_tables_are_those_of_the_labels_they_are_tied_to(operation):
    workflow = Workflow(inputs=INPUTS).add(operation, wired(operation))
    results = Engine().run(workflow, VALUES)
    assert not results.errors
    for name in workflow.steps[0].outputs:
        value = results[name]
        if value.kind is Kind.TABLE and "label" in value.data and len(value.data):
            tied = labels_measured(workflow, name)
            labels = (VALUES | {one: results[one] for one in workflow.steps[0].outputs})[tied]
            assert set(value.data["label"]) <= set(np.unique(labels.data))


def test_a_table_that_numbers_objects_anew_does_not_tell_of_those_before():
    workflow = Workflow(inputs=INPUTS)
    workflow = workflow.add("surfaces.labels_to_surface", {"labels": "labels"})
    surface = workflow.steps[0].outputs[0]
    workflow = workflow.add("measurements.measure", {"labels": "labels"})
    workflow = workflow.add("segmentation.analyze_labeled_particles", {"labels": "labels"})
    assert objects_measured(workflow, surface) == ("labels", {"table": "label"})


def test_tables_about_no_labels_are_tied_to_none():
    workflow = Workflow(inputs=INPUTS)
    workflow = workflow.add("segmentation.threshold", {"image": "image"})
    assert labels_measured(workflow, workflow.steps[0].outputs[0]) is None
    assert labels_measured(workflow, "unknown") is None
