"""Objects of movies are proofread frame by frame, and reviews are part of workflow files."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import regionprops

from napari_delineate.changes import describe_change
from napari_delineate.files import FileError, read_workflow, write_workflow
from napari_delineate.postprocessing import relabel_sequential, shuffle_labels
from napari_delineate.proofreading import Review, begin
from napari_delineate.proofreading_report import report, summary
from napari_delineate.recovery import Recovery, find_crashed
from napari_delineate.review_edits import find_again, find_edits_in_frames, frames_of, spots_of
from napari_delineate.review_orders import rank
from napari_delineate.rewiring import computed_part, is_computed_alike, without_unused_inputs
from napari_delineate.types import Kind
from napari_delineate.workflow import Workflow, WorkflowInput

SPACING = {2: (0.5, 0.25), 3: (2.0, 0.5, 0.25)}


def movie(ndim, frames=3, seed=1):
    """Boxes that do not touch, with the numbers of each frame drawn anew."""
    random = np.random.default_rng(seed)
    labels = np.zeros((frames, *(12, 20, 30)[-ndim:]), np.int32)
    for frame in labels:
        numbers = random.permutation(9) + 1
        for place, number in enumerate(numbers[: random.integers(4, 9)].tolist()):
            low = [1, 1 + 9 * (place // 4), 1 + 7 * (place % 4)][-ndim:]
            size = random.integers(1, [4, 6, 6][-ndim:], ndim, endpoint=True)
            frame[tuple(slice(a, a + b) for a, b in zip(low, size, strict=True))] = number
    return labels


def by_oracle(labels, order, spacing, image, other):
    """What scikit-image and NumPy say of each object of each frame."""
    found = {}
    for time, frame in enumerate(labels):
        for one in regionprops(frame, image[time], spacing=spacing):
            mask = frame == one.label
            if order == "size":
                value = one.area
            elif order == "intensity":
                value = one.intensity_mean
            elif order == "disagreement":
                numbers = set(other[time][mask].tolist()) - {0}
                overlaps = [
                    (mask & (other[time] == number)).sum() / (mask | (other[time] == number)).sum()
                    for number in numbers
                ]
                value = 1 - max(overlaps, default=0)
            else:
                elongation = (one.axis_major_length + min(spacing)) / (
                    one.axis_minor_length + min(spacing)
                )
                value = [np.log(one.area), np.log(elongation), one.extent, one.intensity_mean]
            found[time, one.label] = value
    if order == "typical":
        table = np.array([*found.values()])
        table = table[:, np.ptp(table, axis=0) > 1e-9]  # all boxes are full
        away = np.abs(table - np.median(table, axis=0))
        scores = away / (1.4826 * np.median(away, axis=0))
        found = dict(zip(found, np.sqrt((scores**2).mean(axis=1)), strict=True))
    return found


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("order", ["size", "intensity", "disagreement", "typical"])
def test_orders_of_a_movie_are_those_of_other_libraries(order, ndim):
    labels, spacing = movie(ndim), SPACING[ndim]
    image = np.random.default_rng(0).random(labels.shape)
    other = np.roll(labels, 1, axis=-1)
    axes = "TZYX"[0] + "ZYX"[-ndim:]
    found = rank(labels, order, spacing, image=image, other=other, axes=axes)
    expected = by_oracle(labels, order, spacing, image, other)
    assert sorted(found.keys()) == sorted(expected)
    assert np.allclose(found.values, [expected[key] for key in found.keys()])  # noqa: SIM118
    falls = order in ("disagreement", "typical")
    assert (np.diff(-found.values if falls else found.values) >= 0).all()


def test_places_of_a_movie_come_frame_by_frame():
    labels = movie(2)
    keys = rank(labels, "place", (1.0, 1.0), axes="TYX").keys()
    assert [key[0] for key in keys] == sorted(key[0] for key in keys)
    for time, frame in enumerate(labels):
        numbers, first = np.unique(frame, return_index=True)
        rows = dict(zip(numbers.tolist(), np.unravel_index(first, frame.shape)[0], strict=True))
        here = [rows[number] for when, number in keys if when == time]
        assert here == sorted(here)


def test_time_may_stand_behind_depth():
    labels = np.moveaxis(movie(3), 0, 1)
    ranked = rank(labels, "size", (1.0, 1.0, 1.0), axes="ZTYX")
    again = rank(np.moveaxis(labels, 1, 0), "size", (1.0, 1.0, 1.0), axes="TZYX")
    assert ranked.keys() == again.keys()
    assert (ranked.values == again.values).all()


def test_equal_numbers_in_other_frames_are_other_objects():
    labels = np.stack([np.eye(4, dtype=int), np.eye(4, dtype=int)])
    review = begin([(0, 1), (1, 1)]).judged((0, 1), "accepted")
    assert review.next_open() == (1, 1)
    after = labels.copy()
    after[1] *= 7
    review = review.followed(find_edits_in_frames(labels, after, "TYX"))
    assert review.entry((0, 1)).state == "accepted"
    assert review.entry((1, 7)).state == "open"
    table = report(review.judged((1, 7), "fixed"), labels, after, axes="TYX")
    assert table[["T", "label", "label_before", "state", "iou"]].to_numpy().tolist() == [
        [0, 1, 1, "accepted", 1.0],
        [1, 7, 1, "fixed", 1.0],
    ]


# Labels that are made anew


def decided(labels, axes):
    """Reviews in which every second object is decided about, as the dock makes them."""
    keys = rank(labels, "place", (1.0,) * (len(axes) - axes.count("T")), axes=axes).keys()
    review = begin(keys, labels.shape)
    planes = dict(frames_of(labels, axes))
    for place, key in enumerate(keys[::2]):
        frame, number = (key[:-1], key[-1]) if isinstance(key, tuple) else ((), key)
        mask = planes[frame] == number
        box = tuple(slice(int(one.min()), int(one.max()) + 1) for one in np.nonzero(mask))
        state = ("accepted", "fixed")[place % 2]
        review = review.judged(key, state, who="Ädä", comment=str(key))
        some = spots_of(planes[frame], number, box)
        assert mask.reshape(-1)[list(some)].all()
        assert len(set(some)) == min(16, int(mask.sum()))
        review = review.spotted({key: (int(mask.sum()), some)})
    return review


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 1000), ndim=st.sampled_from([2, 3]), is_movie=st.booleans())
def test_decisions_find_renumbered_objects_again(seed, ndim, is_movie):
    labels, axes = movie(ndim, seed=seed), "T" + "ZYX"[-ndim:]
    if not is_movie:
        labels, axes = labels[0], axes[1:]
    review = Review.from_dict(json.loads(json.dumps(decided(labels, axes).notable().to_dict())))
    after = labels.copy()
    for _, plane in frames_of(after, axes):
        plane[:] = shuffle_labels(relabel_sequential(plane), seed=seed)
    found = review.attached(after, axes)
    planes, was = dict(frames_of(after, axes)), dict(frames_of(labels, axes))
    for one in found.entries:
        same = was[one.frame][planes[one.frame] == one.number]
        assert len(np.unique(same)) == 1
        old = (*one.frame, int(same[0])) if is_movie else int(same[0])
        assert one.comment in ("", str(old))
        assert one.is_seen == (old in review)
    assert found.total == len(rank(after, "place", (1.0,) * ndim, axes=axes).numbers)


def test_what_is_not_there_any_more_is_no_other_object():
    labels = np.zeros((20, 20), int)
    labels[2:8, 2:8], labels[12:18, 2:8] = 3, 4
    review = decided(labels, "YX").judged(4, "rejected")
    review = review.spotted({4: (36, spots_of(labels, 4, (slice(12, 18), slice(2, 8))))})
    after = np.where(labels == 4, 0, labels)
    after[12:18, 12:18] = 4  # another object has its number
    found = review.attached(after, "YX")
    states = {(one.number, one.gone): one.state for one in found.entries}
    assert states == {(3, False): "accepted", (4, True): "rejected", (4, False): "open"}
    assert summary(found)["objects"] == 2


def test_a_review_of_other_labels_is_refused():
    review = decided(movie(2)[0], "YX")
    with pytest.raises(ValueError, match="of labels with 20 x 30 pixels, these have 4 x 4"):
        review.attached(np.eye(4, dtype=int), "YX")


def test_reviews_of_the_first_format_are_read():
    entry = {"number": 3, "origin": 3, "state": "accepted", "who": "", "when": ""}
    entry |= {"comment": "", "gone": False}
    review = Review.from_dict({"format": 1, "entries": [entry]})
    assert review.attached(np.array([[3, 0, 5]]), "YX").entry(3).state == "accepted"
    with pytest.raises(ValueError, match="entry 0 must have exactly"):
        Review.from_dict({"format": 1, "entries": [{**entry, "spots": ""}]})


def test_pixels_outside_the_labels_find_nothing():
    assert find_again(np.ones((2, 2), int), [(1, 4, (9, 10**15))]) == {}


def test_what_was_decided_is_taken_back_whatever_the_numbers_are_now():
    before = begin([1, 2]).judged(1, "accepted")
    labels, after = np.array([[1, 1, 2, 2]]), np.array([[5, 5, 2, 2]])
    now = before.judged(2, "fixed").followed(find_edits_in_frames(labels, after, "YX"))
    back = now.with_decisions(before.notable())
    assert {one.number: one.state for one in back.entries} == {5: "accepted", 2: "open"}
    assert not back.with_decisions(Review()).seen
    assert back.with_decisions(now).entries == now.entries


# Workflow files


def reviewed():
    image = WorkflowInput(Kind.IMAGE, "TYX", (1.0, 1.0), source="a.tif")
    labels = WorkflowInput(Kind.LABELS, "TYX", (1.0, 1.0), source="b.tif")
    workflow = Workflow().add_input("image", image).add_input("nuclei", labels)
    workflow = workflow.add("segmentation.gauss_otsu_labeling", {"image": "image"})
    reviews = {"labels": decided(movie(2), "TYX").notable(), "nuclei": Review()}
    return Workflow(workflow.steps, workflow.inputs, reviews=reviews)


def test_a_workflow_file_has_the_decisions(tmp_path):
    workflow = reviewed()
    write_workflow(tmp_path / "w.json", workflow)
    read = read_workflow(tmp_path / "w.json")
    assert read.reviews == workflow.reviews
    assert "Ädä" in (tmp_path / "w.json").read_text("utf-8")
    assert Workflow.from_dict(workflow.to_dict()) == workflow


def test_a_crash_loses_no_decision(tmp_path):
    workflow = reviewed()
    kept = Recovery(tmp_path)
    kept.save(workflow, {})
    kept._unlock()  # as where the process ends
    (crashed,) = find_crashed(tmp_path)
    found, _ = crashed.load()
    assert found.reviews == workflow.reviews


def test_decisions_go_with_their_labels_and_are_not_computed():
    workflow = reviewed()
    assert "labels" not in workflow.remove(workflow.steps[-1].name).reviews
    renamed = workflow.rename("labels", "cells")
    assert [*renamed.reviews] == ["cells", "nuclei"]
    assert "nuclei" in without_unused_inputs(workflow).inputs  # nothing but the review needs it
    plain = Workflow(workflow.steps, workflow.inputs)
    assert is_computed_alike(workflow, plain)
    assert not computed_part(workflow).reviews


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda reviews: {"nothing": reviews["labels"]}, "a review of 'nothing', which no step"),
        (lambda _: {"labels": {"format": 9}}, "review of 'labels' can not be read: the format"),
        (lambda _: {"labels": []}, "must be a mapping, got list"),
        (lambda _: [], "reviews"),
        (
            lambda reviews: {"labels": {**reviews["labels"], "shape": "x"}},
            "shape must be a list of whole numbers",
        ),
    ],
)
def test_workflow_files_with_bad_reviews_are_refused(tmp_path, spoil, message):
    path = tmp_path / "w.json"
    write_workflow(path, reviewed())
    content = json.loads(path.read_text("utf-8"))
    content["reviews"] = spoil(content["reviews"])
    path.write_text(json.dumps(content))
    with pytest.raises(FileError, match=message):
        read_workflow(path)


def test_the_history_says_what_was_decided():
    labels = WorkflowInput(Kind.LABELS, "YX", (1.0, 1.0))
    empty, review = Workflow(), begin([3, 7])

    def with_review(one):
        return Workflow(inputs={"nuclei": labels}, reviews={"nuclei": one.notable()})

    accepted = review.judged(7, "accepted")
    pairs = [
        (empty, with_review(review), "Proofread nuclei"),
        (empty, with_review(accepted), "Accept object 7 of nuclei"),
        (with_review(accepted), with_review(review), "Open object 7 of nuclei again"),
        (
            with_review(accepted),
            with_review(accepted.judged(7, "rejected")),
            "Reject object 7 of nuclei",
        ),
        (
            with_review(accepted),
            with_review(accepted.judged(7, "accepted", comment="!")),
            "Comment on object 7 of nuclei",
        ),
        (with_review(review), with_review(accepted.judged(3, "fixed")), "Proofread nuclei"),
    ]
    for before, after, title in pairs:
        assert describe_change(before, after) == title
