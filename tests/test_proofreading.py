"""Reviews follow what a person does, orders follow their definitions, files are checked."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from napari_delineate.postprocessing import relabel_sequential, shuffle_labels
from napari_delineate.proofreading import Entry, Review, begin, find_edits
from napari_delineate.proofreading_report import report, summary
from napari_delineate.review_orders import ORDERS, rank

TIME = "2026-02-03T04:05:06"


def row(*numbers):
    """Objects of four pixels, in a row."""
    return np.repeat([numbers], 4, axis=1)


def follow(review, before, after):
    return review.followed(find_edits(before, after))


def numbers_of(review):
    return [one.number for one in review.entries if not one.gone]


# Going through objects


def test_who_accepts_rejects_and_fixes_reaches_the_end():
    review, number, walked = begin([5, 2, 9]), None, []
    for state in ("accepted", "rejected", "fixed"):
        number = review.next_open(number)
        walked.append(number)
        assert review.seen == len(walked) - 1
        review = review.judged(number, state, who="Ada", when=TIME, comment="?")
    assert walked == [5, 2, 9]
    assert (review.seen, review.total, review.next_open(9)) == (3, 3, None)
    assert review.entry(2) == Entry(2, 2, "rejected", "Ada", TIME, "?")
    again = review.judged(5, "open")
    assert (again.next_open(5), again.next_open(2), again.previous_open(2)) == (None, 5, 5)


@settings(deadline=None, max_examples=50)
@given(
    numbers=st.lists(st.integers(1, 50), unique=True, min_size=1, max_size=8),
    judged=st.data(),
)
def test_the_next_is_the_nearest_that_is_open_behind(numbers, judged):
    review = begin(numbers)
    for number in judged.draw(st.lists(st.sampled_from(numbers), unique=True)):
        review = review.judged(number, "accepted")
    at = judged.draw(st.sampled_from(numbers))
    place = numbers.index(at)
    behind = numbers[place + 1 :] + numbers[:place]
    is_open = [one for one in behind if not review.entry(one).is_seen]
    assert review.next_open(at) == (is_open[0] if is_open else None)
    assert review.previous_open(at) == (is_open[-1] if is_open else None)
    assert review.next(at) == (behind[0] if behind else None)
    assert review.previous(at) == (behind[-1] if behind else None)
    assert review.next() == numbers[0]
    assert review.previous() == numbers[-1]


def test_what_can_not_be_judged_is_said():
    with pytest.raises(KeyError):
        begin([1]).judged(2, "accepted")
    with pytest.raises(ValueError, match="state must be one of open, accepted, fixed, rejected"):
        begin([1]).judged(1, "good")
    with pytest.raises(ValueError, match="when must be a time such as"):
        begin([1]).judged(1, "accepted", when="yesterday")
    assert begin([]).next() is None
    assert begin([]).next_open() is None
    assert begin([4]).next(4) is None


def test_another_order_keeps_what_was_decided():
    review = begin([1, 2, 3]).judged(2, "accepted").ordered([3, 2, 8, 3])
    assert numbers_of(review) == [3, 2, 1]
    assert review.entry(2).state == "accepted"


# Following edits


def test_a_new_numbering_changes_nothing_but_the_numbers():
    before = row(0, 8, 0, 3, 5, 0, 2)
    review = begin([5, 2, 8, 3]).judged(8, "accepted").judged(2, "fixed")
    for renumber in (relabel_sequential, shuffle_labels):
        after = renumber(before)
        followed = follow(review, before, after)
        assert [one.state for one in followed.entries] == ["open", "fixed", "accepted", "open"]
        for one, old in zip(followed.entries, review.entries, strict=True):
            assert (after[before == old.number] == one.number).all()
            assert one.origin == old.number
        assert follow(followed, after, before) == review


def test_objects_that_are_removed_split_merged_and_drawn():
    before = row(1, 0, 2, 2, 2, 0, 3, 4, 0, 0)
    after = row(0, 0, 2, 2, 6, 0, 4, 4, 0, 7)  # 1 is removed, 2 split, 3 merged into 4, 7 drawn
    review = follow(begin([1, 2, 3, 4]).judged(1, "rejected"), before, after)
    found = {one.number: (one.origin, one.gone) for one in review.entries}
    assert found == {
        1: (1, True),
        2: (2, False),
        3: (3, True),
        4: (4, False),
        6: (0, False),
        7: (0, False),
    }
    assert numbers_of(review) == [2, 4, 6, 7]
    assert (review.seen, review.total) == (1, 5)
    assert review.next() == 2
    # Undo brings them back where they were; a rejected one is open again.
    back = follow(review, after, before)
    assert [one.number for one in back.entries if not one.gone] == [1, 2, 3, 4]
    assert back.entry(1).state == "open"
    assert summary(back)["removed"] == 0


def test_the_number_of_a_removed_object_may_be_used_again_by_another():
    """Object 1 is rejected, and a new numbering makes 2 to 1: no decision changes hands."""
    review = follow(begin([1, 2]).judged(1, "rejected"), row(1, 0, 2), row(0, 0, 2))
    review = follow(review, row(0, 0, 2), row(0, 0, 1))
    assert [(one.number, one.state, one.gone) for one in review.entries] == [
        (1, "rejected", True),
        (1, "open", False),
    ]
    assert Review.from_dict(review.to_dict()) == review
    assert review.judged(1, "accepted").entries[1].origin == 2


def test_an_object_of_which_little_is_left_keeps_its_number():
    before, after = row(5, 5, 5, 0), row(5, 0, 0, 0)
    assert follow(begin([5]).judged(5, "fixed"), before, after).entry(5).state == "fixed"


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_all_objects_and_no_others_are_in_the_review(data):
    images = st.lists(st.integers(0, 5), min_size=12, max_size=12)
    labels = np.array([data.draw(images)])
    review = begin(np.unique(labels[labels > 0]).tolist())
    for _ in range(4):
        changed = np.array([data.draw(images)])
        review = follow(review, labels, changed)
        labels = changed
        assert sorted(numbers_of(review)) == np.unique(labels[labels > 0]).tolist()
        # One entry for what was there at first, and no two for one.
        origins = [one.origin for one in review.entries if one.origin]
        assert len(origins) == len(set(origins))
        assert Review.from_dict(json.loads(json.dumps(review.to_dict()))) == review


def test_a_review_meets_labels_of_which_only_numbers_are_known():
    review = begin([3, 1, 2]).judged(1, "accepted").judged(2, "rejected").among([1, 3, 9])
    assert numbers_of(review) == [3, 1, 9]
    assert review.entry(1).state == "accepted"
    assert (review.entries[2].number, review.entries[2].gone) == (2, True)
    assert review.entry(9).origin == 0


# Reports


def test_the_report_says_what_was_corrected():
    before, after = row(1, 0, 2, 2, 3, 3, 0, 4), row(1, 0, 2, 9, 3, 3, 3, 0)
    review = begin([1, 2, 3, 4])
    for number, state in ((1, "accepted"), (2, "fixed"), (4, "rejected")):
        review = review.judged(number, state, who="Ada", when=TIME)
    review = follow(review, before, after)
    table = report(review, before, after, pixel=0.5, unit="µm²")
    rows = table[["label", "label_before", "state", "changed", "size_before", "size_after"]]
    assert rows.to_numpy().tolist() == [
        [1, 1, "accepted", False, 2, 2],
        [2, 2, "fixed", True, 4, 2],
        [3, 3, "open", True, 4, 6],
        [0, 4, "rejected", True, 2, 0],
        [9, 0, "open", True, 0, 2],
    ]
    assert table.attrs["units"]["size_after"] == "µm²"
    assert table["iou"].tolist() == [1, 0.5, pytest.approx(2 / 3), 0, 0]
    assert table["who"].tolist() == ["Ada", "Ada", "", "Ada", ""]
    assert summary(review) == {
        "objects": 4,
        "accepted": 1,
        "fixed": 1,
        "rejected": 1,
        "open": 2,
        "drawn": 1,
        "removed": 1,
    }


def test_a_report_without_the_first_labels_says_nothing_of_them():
    labels = row(1, 0, 2)
    table = report(begin([2, 1]), None, labels)
    assert table["label"].tolist() == [2, 1]
    assert table["iou"].isna().all()
    assert table["size_before"].isna().all()
    assert table["size_after"].tolist() == [4, 4]
    assert report(begin([]), None, 0 * labels).empty


# Files


def entry(**changed):
    return {**begin([1]).to_dict()["entries"][0], **changed}


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        (None, "must be a mapping, got NoneType"),
        ({}, "format of a review must be from 1 to 2, got None"),
        ({"format": 3, "entries": []}, "must be from 1 to 2, got 3; update"),
        ({"format": 2, "entries": {}}, "entries must be a list"),
        ({"format": 2, "entries": [3]}, "entry 0 must have exactly"),
        ({"format": 2, "entries": [{**entry(), "more": 1}]}, "entry 0 must have exactly"),
        ({"format": 2, "entries": [entry(number="1")]}, "number must be a whole number from 1"),
        ({"format": 2, "entries": [entry(number=True)]}, "number must be a whole number from 1"),
        ({"format": 2, "entries": [entry(number=2**64)]}, "number must be a whole number from 1"),
        ({"format": 2, "entries": [entry(origin=-1)]}, "origin must be a whole number from 0"),
        ({"format": 2, "entries": [entry(state="good")]}, "state must be one of"),
        ({"format": 2, "entries": [entry(state=["open"])]}, "state must be one of"),
        ({"format": 2, "entries": [entry(who=None)]}, "who must be text"),
        ({"format": 2, "entries": [entry(comment="x" * 10_001)]}, "comment must be text of"),
        ({"format": 2, "entries": [entry(when="now")]}, "when must be a time"),
        ({"format": 2, "entries": [entry(gone=0)]}, "gone must be True or False"),
        ({"format": 2, "entries": [entry(frame=3)]}, "frame must list whole numbers"),
        ({"format": 2, "entries": [entry(frame=[-1])]}, "frame must list whole numbers"),
        ({"format": 2, "entries": [entry(size=-1)]}, "size must be a whole number from 0"),
        ({"format": 2, "entries": [entry(spots=[1])]}, "spots must be whole numbers"),
        ({"format": 2, "entries": [entry(spots="1 -2")]}, "spots must be whole numbers"),
        ({"format": 2, "entries": [entry(spots="9" * 30)]}, "spots must be whole numbers"),
        ({"format": 2, "shape": 3, "entries": []}, "shape must be a list of whole numbers"),
        ({"format": 2, "shape": [1.5], "entries": []}, "shape must be a list of whole numbers"),
        ({"format": True, "entries": []}, "must be from 1 to 2, got True"),
        ({"format": 2, "entries": [entry(), entry()]}, "two objects have the same"),
    ],
)
def test_files_from_strangers_are_checked(stored, message):
    with pytest.raises(ValueError, match=message):
        Review.from_dict(stored)


# Orders


def disks(seed=0):
    """Disks of different sizes in both dimensions, with noise."""
    random = np.random.default_rng(seed)
    rows, columns = np.ogrid[:64, :80]
    labels = np.zeros((64, 80), int)
    for number, (y, x) in enumerate(
        [(12, 10), (14, 40), (12, 68), (45, 15), (48, 45), (46, 68)], 2
    ):
        labels[(rows - y) ** 2 + (columns - x) ** 2 <= (3 + number) ** 2] = number
    return labels, random.normal(100, 10, labels.shape) + 5 * (labels % 4)


def test_order_by_size_and_intensity_and_place():
    labels, image = disks()
    sizes = ndimage.sum_labels(np.ones_like(labels), labels, range(2, 8))
    found = rank(labels, "size", (0.5, 2.0))
    assert found.numbers.tolist() == list(range(2, 8))
    assert found.values.tolist() == sizes.tolist()
    means = ndimage.mean(image, labels, range(2, 8))
    found = rank(labels, "intensity", (1.0, 1.0), image=image)
    assert found.numbers.tolist() == (np.argsort(means) + 2).tolist()
    np.testing.assert_allclose(found.values, np.sort(means))
    starts = [(one[0].start, one[1].start) for one in ndimage.find_objects(labels)[1:]]
    expected = sorted(range(6), key=lambda place: starts[place])
    assert rank(labels, "place", (1.0, 1.0)).numbers.tolist() == [one + 2 for one in expected]


def test_order_by_disagreement():
    labels = row(1, 1, 0, 2, 2, 0, 3)
    other = row(4, 4, 0, 5, 0, 0, 0)
    found = rank(labels, "disagreement", (1.0, 1.0), other=other)
    assert found.numbers.tolist() == [3, 2, 1]
    assert found.values.tolist() == [1.0, 0.5, 0.0]


def test_order_by_what_one_is_unsure_of():
    labels, _ = disks()
    unsure = np.zeros(labels.shape)
    inside = ndimage.distance_transform_edt(labels == 5) > 0
    around = (ndimage.distance_transform_edt(labels != 5) <= 2) & ~inside
    unsure[around] = 1  # around the object only
    found = rank(labels, "uncertainty", (1.0, 1.0), image=unsure)
    assert found.numbers[0] == 5
    assert found.values[0] == pytest.approx(around.sum() / (around | inside).sum())
    assert not found.values[1:].any()
    probability = np.where(labels > 0, 1.0, 0.0)
    probability[labels == 4] = 0.75
    found = rank(labels, "probability", (1.0, 1.0), image=probability)
    assert found.numbers[0] == 4
    ring = (ndimage.distance_transform_edt(labels != 4) <= 2).sum()
    assert found.values[0] == pytest.approx(0.5 * (labels == 4).sum() / ring)
    whole = rank(labels, "probability", (1.0, 1.0), image=(255 * probability).astype(np.uint8))
    np.testing.assert_allclose(whole.values, found.values, atol=0.01)


def test_what_is_unlike_all_others_comes_first():
    random = np.random.default_rng(4)
    labels, image = np.zeros((100, 120), int), random.normal(50, 5, (100, 120))
    places = [(y, x) for y in range(5, 90, 20) for x in range(5, 110, 20)]
    for number, (y, x) in enumerate(places, 1):
        labels[y : y + 8 + random.integers(3), x : x + 9 + random.integers(3)] = number
    labels[labels == 9] = 0
    labels[45:48, 41:59][labels[45:48, 41:59] == 0] = 9  # long and thin
    image[labels == 14] += 100
    found = rank(labels, "typical", (1.0, 1.0), image=image)
    assert set(found.numbers[:2].tolist()) == {9, 14}
    assert found.values[1] > 3 * found.values[2]
    assert rank(labels, "typical", (1.0, 1.0)).numbers[0] == 9


def test_equal_objects_are_all_typical():
    labels = row(1, 0, 2, 0, 3, 0, 4)
    found = rank(labels, "typical", (1.0, 1.0))
    assert found.numbers.tolist() == [1, 2, 3, 4]
    assert not found.values.any()


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("shape", [(20, 24), (6, 20, 24)])
def test_every_order_has_all_objects_once(order, shape):
    random = np.random.default_rng(1)
    labels = np.kron(
        random.integers(0, 9, [size // 2 for size in shape]), np.ones([2] * len(shape))
    )
    labels = labels.astype(int)
    image = random.random(shape)
    for one in (labels, 0 * labels, labels.astype(np.int64) * 2**33):
        found = rank(one, order, (2.0, 0.5, 0.5)[-len(shape) :], image=image, other=labels)
        assert sorted(found.numbers.tolist()) == np.unique(one[one > 0]).tolist()
        assert len(found.values) == (0 if order == "place" else len(found.numbers))
        assert all(map(math.isfinite, found.values))


def test_orders_say_what_they_need():
    labels = row(1, 2)
    with pytest.raises(ValueError, match="by intensity needs an image"):
        rank(labels, "intensity", (1.0, 1.0))
    with pytest.raises(ValueError, match="needs other labels"):
        rank(labels, "disagreement", (1.0, 1.0))
    with pytest.raises(ValueError, match="image must have the shape of the labels"):
        rank(labels, "uncertainty", (1.0, 1.0), image=np.zeros((2, 2)))
