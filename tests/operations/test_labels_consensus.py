"""Consensus of annotators: ITK, closed forms, known truth, and laws."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  # as its documentation has it
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_delineate import postprocessing
from napari_delineate.quantities import labels_measured
from napari_delineate.types import Kind
from napari_delineate.workflow import Workflow, WorkflowInput
from tests.inputs import same_objects
from tests.operations.test_metrics_annotators import several


def in_itk(images):
    return [sitk.GetImageFromArray(np.asarray(one).astype(np.uint8)) for one in images]


def noisy(truth, reliability, number=4):
    """What annotators say who are right so often, and guess else."""
    random = np.random.default_rng(7)
    return [
        np.where(random.random(truth.shape) < share, truth, random.integers(0, number, truth.shape))
        for share in reliability
    ]


def classes(ndim):
    truth = np.zeros((5, 24, 30)[-ndim:], int)
    truth[..., 2:12, 3:14], truth[..., 2:12, 14:27], truth[..., 15:22, 5:20] = 1, 2, 3
    return truth


@settings(deadline=None, max_examples=40)
@given(annotations=several)
def test_the_majority_of_classes_is_that_of_itk(annotations):
    found = postprocessing.majority_labels(annotations, ties="undecided")
    if found.max() > max(one.max() for one in annotations):
        found = np.where(found == found.max(), 9, found)
    assert np.array_equal(found, sitk.GetArrayFromImage(sitk.LabelVoting(in_itk(annotations), 9)))
    decided = postprocessing.majority_labels(annotations)
    assert np.array_equal(decided, np.where(found == 9, 0, found))


@settings(deadline=None, max_examples=40)
@given(annotations=several)
def test_who_marked_nothing_has_no_vote(annotations):
    found = postprocessing.majority_labels(annotations, unmarked="no vote")
    for place in np.ndindex(found.shape):
        said = [one[place] for one in annotations if one[place]]
        counts = np.bincount(said, minlength=4)
        most = np.flatnonzero(counts == counts.max())
        assert found[place] == (most[0] if said and len(most) == 1 else 0)


@settings(deadline=None, max_examples=40)
@given(annotations=several)
def test_the_majority_of_masks_counts(annotations):
    count = sum((one > 0).astype(int) for one in annotations)
    half = len(annotations) / 2
    assert np.array_equal(postprocessing.majority_mask(annotations), count > half)
    wide = postprocessing.majority_mask(annotations, ties="foreground")
    assert np.array_equal(wide, count >= half)


@pytest.mark.parametrize("ndim", [2, 3])
def test_staple_is_that_of_itk(ndim):
    masks = [one > 0 for one in noisy(classes(ndim), (0.9, 0.6, 0.7, 0.8))]
    found = postprocessing.staple(masks)
    oracle = sitk.STAPLEImageFilter()
    probability = sitk.GetArrayFromImage(oracle.Execute(in_itk(masks)))
    np.testing.assert_allclose(found.probability, probability, atol=1e-5)
    assert np.array_equal(found.consensus_mask, probability >= 0.5)
    assert found.performance["sensitivity"].tolist() == pytest.approx(oracle.GetSensitivity())
    assert found.performance["specificity"].tolist() == pytest.approx(oracle.GetSpecificity())


@pytest.mark.parametrize("ndim", [2, 3])
def test_staple_of_classes_is_that_of_itk(ndim):
    annotations = noisy(classes(ndim), (0.9, 0.6, 0.7, 0.8))
    found = postprocessing.staple_labels(annotations, ties="undecided")
    oracle = sitk.MultiLabelSTAPLEImageFilter()
    oracle.SetLabelForUndecidedPixels(4)
    oracle.SetTerminationUpdateThreshold(1e-7)
    oracle.SetMaximumNumberOfIterations(1000)
    expected = sitk.GetArrayFromImage(oracle.Execute(in_itk(annotations)))
    assert np.array_equal(found.consensus_labels, expected)
    for annotator, rows in found.performance.groupby("annotator"):
        matrix = np.reshape(oracle.GetConfusionMatrix(annotator - 1), (-1, 4))
        assert rows["sensitivity"].tolist() == pytest.approx(np.diag(matrix), abs=1e-5)


def test_staple_finds_how_reliable_annotators_are():
    truth = np.zeros((200, 200), bool)
    truth[40:160, 30:150] = True
    random = np.random.default_rng(2)
    reliable = [(0.95, 0.9), (0.7, 0.99), (0.85, 0.8)]
    masks = [
        np.where(truth, random.random(truth.shape) < p, random.random(truth.shape) > q)
        for p, q in reliable
    ]
    found = postprocessing.staple(masks).performance
    np.testing.assert_allclose(found[["sensitivity", "specificity"]], reliable, atol=0.02)
    table = postprocessing.staple_labels(masks).performance
    inside = table[table["class"] == 1]
    np.testing.assert_allclose(inside[["sensitivity", "specificity"]], reliable, atol=0.02)


def test_staple_of_equal_masks_is_the_mask():
    for mask in (np.eye(4, dtype=bool), np.zeros((3, 3), bool), np.ones((3, 3), bool)):
        found = postprocessing.staple([mask] * 3)
        assert np.array_equal(found.consensus_mask, mask)
        assert found.performance["sensitivity"].isna().all() == (not mask.any())
        assert found.performance["specificity"].isna().all() == bool(mask.all())
        assert np.nanmin(found.performance[["sensitivity", "specificity"]]) == pytest.approx(1)


def test_a_prior_moves_what_is_in_doubt():
    masks = [one > 0 for one in noisy(classes(2), (0.9, 0.6))]
    areas = [
        postprocessing.staple(masks, prior=prior).consensus_mask.sum() for prior in (0.1, 0.5, 0.9)
    ]
    assert areas == sorted(areas)
    assert areas[0] < areas[2]


def test_too_many_classes_are_objects():
    objects = np.arange(300)[None]
    with pytest.raises(ValueError, match="at most 256 classes, they have 300; of objects"):
        postprocessing.staple_labels([objects, objects])


@settings(deadline=None, max_examples=40)
@given(annotations=several, order=st.randoms())
def test_objects_depend_on_neither_order_nor_numbers(annotations, order):
    found = postprocessing.consensus_objects(annotations)
    names = list(range(len(annotations)))
    order.shuffle(names)
    swapped = [np.choose(annotations[name], [0, 3, 1, 2]) for name in names]
    again = postprocessing.consensus_objects(swapped)
    assert np.array_equal(found.labels, again.labels)
    same = ["label", "annotators", "mean_iou"]
    assert np.allclose(found.drawings[same], again.drawings[same])


@settings(deadline=None, max_examples=40)
@given(annotations=several, ties=st.sampled_from(["background", "object"]))
def test_an_object_is_what_most_who_drew_it_gave_it(annotations, ties):
    found = postprocessing.consensus_objects(annotations, ties=ties)
    columns = [f"annotator_{number}" for number in range(1, len(annotations) + 1)]
    table = found.drawings
    assert table["label"].tolist() == list(range(1, found.labels.max() + 1))
    for row in table.itertuples():
        numbers = [getattr(row, column) for column in columns]
        drawn = [one == number for one, number in zip(annotations, numbers, strict=True) if number]
        assert len(drawn) == row.annotators >= 2
        votes = sum(one.astype(int) for one in drawn)
        pixels = found.labels == row.label
        assert (votes[pixels] * 2 >= len(drawn) + (ties == "background")).all()
        overlaps = [(pixels & one).sum() / (pixels | one).sum() for one in drawn]
        assert row.mean_iou == pytest.approx(np.mean(overlaps))


@settings(deadline=None, max_examples=40)
@given(annotations=several)
def test_the_consensus_of_equal_annotations_is_that(annotations):
    found = postprocessing.consensus_objects([annotations[0], 5 * annotations[0]])
    assert same_objects(found.labels, annotations[0])
    assert (found.drawings["mean_iou"] == 1).all()


@pytest.mark.parametrize("shape", [(60, 80), (7, 60, 80)])
def test_boxes_that_are_shifted_leave_what_most_have(shape):
    """Three drawings of a box, 2 pixels apart: the middle one is the majority."""
    annotations = np.zeros((3, *shape), int)
    for number, labels in enumerate(annotations):
        labels[..., 10:30, 10 + 2 * number : 40 + 2 * number] = number + 1
    annotations[2][..., 40:50, 60:70] = 8  # drawn by one only
    found = postprocessing.consensus_objects(annotations.tolist())
    assert np.array_equal(found.labels, annotations[1] > 0)
    assert found.drawings["annotator_3"].tolist() == [3]
    assert found.drawings["mean_iou"][0] == pytest.approx((1 + 2 * 28 / 32) / 3)
    everybody = postprocessing.consensus_objects(annotations.tolist(), minimum_annotators=1)
    assert len(everybody.drawings) == 2
    assert everybody.drawings["annotators"].tolist() == [3, 1]


def test_rows_of_drawings_are_about_the_consensus():
    given = WorkflowInput(Kind.LABELS, "YX", (1.0, 1.0))
    workflow = Workflow().add_input("one", given).add_input("other", given)
    workflow = workflow.add("postprocessing.consensus_objects", {"annotations": ("one", "other")})
    labels, drawings = workflow.steps[0].outputs
    assert labels_measured(workflow, drawings) == labels


def test_wrong_numbers_of_annotations_are_refused():
    one = np.array([[1, 0, 2]])
    for function in (postprocessing.majority_labels, postprocessing.consensus_objects):
        with pytest.raises(ValueError, match="annotations must hold at least 2"):
            function([one])
    with pytest.raises(ValueError, match="minimum_annotators must be 1 to 2"):
        postprocessing.consensus_objects([one, one], minimum_annotators=3)
