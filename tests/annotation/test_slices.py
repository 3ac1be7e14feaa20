"""Objects are carried over slices and frames: filled between, copied, found again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import ndimage

from napari_delineate import postprocessing
from napari_delineate.annotation import slices
from napari_delineate.types import voxels
from tests.annotation.applying import applied, box_of, small_labels, whole


def disk(centre, radius, shape=(60, 60)):
    y, x = np.ogrid[tuple(map(slice, shape))]
    return (y - centre[0]) ** 2 + (x - centre[1]) ** 2 <= radius**2


def overlap(first, second):
    return 2 * (first & second).sum() / (first.sum() + second.sum())


@given(small_labels(3), st.integers(-3, 2), st.booleans(), st.sampled_from([(), (2,)]))
@settings(max_examples=35, deadline=None)
def test_gaps_are_filled_as_on_the_whole_stack(labels, axis, preserve, locked):
    spacing = (2.0, 1.0, 0.5)
    direction = "zyx"[axis % 3]
    alone = np.where(labels == 1, 1, 0)
    filled = postprocessing.fill_between_slices(alone, direction=direction, spacing=spacing) > 0
    may = (labels == 0) if preserve else ~np.isin(labels, locked)
    expected = np.where(filled & may, 1, labels)
    try:
        edit = slices.interpolate(
            labels, 1, box_of(labels, 1), axis=axis, spacing=spacing, preserve=preserve,
            locked=locked,
        )  # fmt: skip
    except ValueError as error:
        assert "object 1" in str(error)  # noqa: PT017
        np.testing.assert_array_equal(expected, labels)
        return
    np.testing.assert_array_equal(applied(labels, edit, locked), expected)


def test_between_two_disks_lies_a_cone():
    labels = np.zeros((11, 60, 60), np.uint8)
    labels[0][disk((30, 30), 10)] = labels[10][disk((30, 30), 20)] = 5
    result = applied(labels, slices.interpolate(labels, 5, box_of(labels, 5)))
    for place in range(11):
        assert (result[place][disk((30, 30), 9 + place)] == 5).all()
        assert not result[place][~disk((30, 30), 11 + place)].any()


@given(small_labels(3), st.integers(-3, 2), st.integers(0, 2**16), st.booleans(), st.booleans())
@settings(max_examples=52, deadline=None)
def test_copies_are_what_the_source_holds(labels, axis, seed, replace, preserve):
    random = np.random.default_rng(seed)
    stack = np.moveaxis(labels, axis, 0)
    source = int(random.choice(np.flatnonzero((stack == 1).any(axis=(1, 2)))))
    numbers = [n for n in (1, 3) if (stack[source] == n).any()]
    targets = random.choice(len(stack), random.integers(1, len(stack) + 1), replace=False)
    locked = () if preserve else (2,)
    expected = stack.copy()
    for target in set(targets.tolist()) - {source}:
        before, after = stack[target], expected[target]
        for number in numbers:
            if replace:
                after[before == number] = 0
        for number in numbers:
            if replace or not (before == number).any():
                # The objects that are copied may change each other.
                own = np.isin(before, [0, *numbers])
                may = own if preserve else ~np.isin(before, locked)
                after[(stack[source] == number) & may] = number
    try:
        edit = slices.copy_to(
            labels, numbers, source, targets.tolist(), box_of(labels, *numbers), axis=axis,
            replace=replace, preserve=preserve, locked=locked,
        )  # fmt: skip
    except ValueError:
        np.testing.assert_array_equal(expected, stack)
        return
    result = applied(labels, edit, locked)
    np.testing.assert_array_equal(np.moveaxis(result, axis, 0), expected)


def test_objects_are_copied_over_frames_of_stacks():
    labels = np.zeros((3, 4, 5, 6), np.int32)
    labels[0, 1:3, 2, 3:] = 7
    edit = slices.copy_to(labels, [7], 0, [2], (slice(0, 1), *box_of(labels[0], 7)))
    result = applied(labels, edit)
    np.testing.assert_array_equal(result[2], labels[0])
    assert not result[1].any()


def scene(places, radii, seed=0, noise=8, levels=(200, 120)):
    """Return noisy disks on a dark ground, and the disks."""
    random = np.random.default_rng(seed)
    labels = np.zeros((60, 60), np.uint8)
    for number, (place, radius) in enumerate(zip(places, radii, strict=True), 1):
        labels[disk(place, radius) & (labels == 0)] = number
    image = np.choose(labels, [60, *levels[: len(places)]]).astype(float)
    return image + random.normal(0, noise, image.shape), labels


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("seed", range(3))
def test_objects_are_found_again_where_outlines_changed(axis, seed):
    first, drawn = scene([(20, 20), (38, 42)], [10, 9], seed)
    second, truth = scene([(21, 22), (37, 41)], [8, 11], seed + 9)
    labels = np.stack([np.zeros_like(drawn), drawn, np.zeros_like(drawn)])
    image = np.stack([second, first, second])
    labels, image = np.moveaxis(labels, 0, axis), np.moveaxis(image, 0, axis)
    edit = slices.propagate(labels, [1, 2], 1, 2, whole(labels), image, axis=axis)
    found = np.moveaxis(applied(labels, edit), axis, 0)
    assert not found[0].any()
    for number in (1, 2):
        copied = overlap(drawn == number, truth == number)
        adapted = overlap(found[2] == number, truth == number)
        assert adapted > 0.96
        assert adapted > copied + 0.08


def test_objects_of_a_stack_are_found_in_the_next_frame():
    first, drawn = scene([(20, 20), (38, 42)], [10, 9])
    second, truth = scene([(21, 22), (37, 41)], [8, 11], 1)
    frames = [np.stack([one] * 4) for one in (drawn, np.zeros_like(drawn), first, second)]
    for frame, ground in zip(frames, (0, 0, 60, 60), strict=True):
        frame[::3] = ground  # the objects lie in the two slices in the middle
    labels, image = np.stack(frames[:2]), np.stack(frames[2:])
    edit = slices.propagate(labels, [2], 0, 1, whole(labels), image, spacing=(1.0, 5.0, 1.0, 1.0))
    found = applied(labels, edit)[1]
    assert not found[::3].any()
    assert min(overlap(one == 2, truth == 2) for one in found[1:3]) > 0.95


def test_objects_that_move_are_followed():
    first, drawn = scene([(20, 20), (45, 45)], [7, 6])
    second, truth = scene([(27, 26), (39, 52)], [7, 6], 1)
    labels = np.stack([drawn, np.zeros_like(drawn)])
    image = np.stack([first, second])
    reach = {"reach": voxels(10)}
    edit = slices.propagate(labels, [1, 2], 0, 1, whole(labels), image, follow=True, **reach)
    found = applied(labels, edit)[1]
    assert min(overlap(found == n, truth == n) for n in (1, 2)) > 0.95


def test_an_image_that_tells_nothing_gives_a_copy():
    _, drawn = scene([(20, 20), (38, 42)], [10, 9])
    labels = np.stack([drawn, np.zeros_like(drawn)])
    for follow in (False, True):
        edit = slices.propagate(
            labels, [1, 2], 0, 1, whole(labels), np.full(labels.shape, 7), follow=follow
        )
        np.testing.assert_array_equal(applied(labels, edit)[1], drawn)


@pytest.mark.parametrize("factor", [1e-300, 1.0, 1e300])
def test_the_range_of_intensities_does_not_matter(factor):
    first, drawn = scene([(20, 20)], [10])
    second, _ = scene([(21, 22)], [8], 1)
    labels = np.stack([drawn, np.zeros_like(drawn)])
    image = np.stack([first, second])
    plain = slices.propagate(labels, [1], 0, 1, whole(labels), image)
    scaled = slices.propagate(labels, [1], 0, 1, whole(labels), image * factor)
    np.testing.assert_array_equal(plain.labels, scaled.labels)


def test_lengths_are_physical():
    first, drawn = scene([(30, 30)], [12])
    second, _ = scene([(30, 32)], [10], 1)
    labels = np.stack([drawn, np.zeros_like(drawn)])
    image = np.stack([first, second])
    box = whole(labels)
    plain = slices.propagate(labels, [1], 0, 1, box, image, reach=4)
    in_microns = slices.propagate(labels, [1], 0, 1, box, image, reach=1, spacing=(3.0, 0.25, 0.25))
    np.testing.assert_array_equal(plain.labels, in_microns.labels)


def test_only_what_is_near_is_read():
    first, drawn = scene([(30, 30)], [6])
    labels = np.zeros((2, 400, 400), np.uint16)
    labels[0, 100:160, 100:160] = drawn
    image = np.full(labels.shape, np.nan)
    image[:, 100:160, 100:160] = first
    edit = slices.propagate(labels, [1], 0, 1, box_of(labels, 1), image)
    assert overlap(edit.labels[0] == 1, labels[0][edit.box[1:]] == 1) > 0.95
    with pytest.raises(ValueError, match="not finite"):
        slices.propagate(labels, [1], 0, 1, box_of(labels, 1), image, reach=40)


def test_others_and_locked_objects_stay():
    first, drawn = scene([(20, 20)], [10])
    labels = np.stack([drawn, np.zeros_like(drawn)])
    labels[1, 15:25, 15:25] = 2
    image = np.stack([first, first])
    box = box_of(labels, 1)
    kept = applied(labels, slices.propagate(labels, [1], 0, 1, box, image))
    np.testing.assert_array_equal(kept[1] == 2, labels[1] == 2)
    over = applied(labels, slices.propagate(labels, [1], 0, 1, box, image, preserve=False))
    assert not (over[1] == 2).any()
    edit = slices.propagate(labels, [1], 0, 1, box, image, preserve=False, locked=[2])
    np.testing.assert_array_equal(applied(labels, edit, [2])[1] == 2, labels[1] == 2)


def test_what_is_drawn_already_is_replaced_only_if_asked():
    first, drawn = scene([(20, 20)], [10])
    labels = np.stack([drawn, np.zeros_like(drawn)])
    labels[1, 40:45, 40:45] = 1
    image = np.stack([first, first])
    with pytest.raises(ValueError, match="there already"):
        slices.propagate(labels, [1], 0, 1, whole(labels), image)
    edit = slices.propagate(labels, [1], 0, 1, whole(labels), image, replace=True)
    result = applied(labels, edit)
    assert not result[1, 40:45, 40:45].any()
    assert overlap(result[1] == 1, drawn == 1) > 0.95


def test_an_object_that_is_gone_is_not_found():
    first, drawn = scene([(20, 20)], [3])
    labels = np.stack([drawn, np.zeros_like(drawn)])
    image = np.stack([first, np.full(drawn.shape, 60.0)])
    with pytest.raises(ValueError, match="object 1 is not to be seen in slice 1"):
        slices.propagate(labels, [1], 0, 1, whole(labels), image)


LABELS = np.zeros((4, 9, 9), np.uint8)
LABELS[1, 2:5, 2:5] = 5
LABELS[2, 4:7, 4:7] = 5
LABELS[1, 6:8, 6:8] = 3
IMAGE = np.random.default_rng(0).random(LABELS.shape)
BOX = whole(LABELS)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: slices.interpolate(LABELS, 5, BOX), "object 5 has no gap between its slices"),
        (lambda: slices.interpolate(LABELS, 3, BOX), "object 3 is drawn in one slice only"),
        (lambda: slices.interpolate(LABELS, 4, BOX), "no object 4"),
        (lambda: slices.interpolate(LABELS, 5, BOX, locked=[5]), "object 5 is locked"),
        (lambda: slices.copy_to(LABELS, [5], 1, [2], BOX), "there already"),
        (lambda: slices.copy_to(LABELS, [5], 0, [2], BOX), "no object 5 in slice 0"),
        (lambda: slices.copy_to(LABELS, [], 0, [2], BOX), "no object chosen in slice 0"),
        (lambda: slices.copy_to(LABELS, [5], 9, [2], BOX), "no slice 9; they .* from 0 to 3"),
        (lambda: slices.copy_to(LABELS, [5], 1, [-1], BOX), "no slice -1"),
        (lambda: slices.copy_to(LABELS, [5], 1, [], BOX), "choose another slice"),
        (lambda: slices.copy_to(LABELS, [5], 1, [1], BOX), "choose another slice"),
        (lambda: slices.copy_to(LABELS, [5], 1, [3], BOX, locked=[5]), "object 5 is locked"),
        (lambda: slices.propagate(LABELS, [5], 1, 3, BOX, IMAGE, reach=0), "above 0"),
        (lambda: slices.propagate(LABELS, [5], 1, 3, BOX, IMAGE, reach=-1), "above 0"),
        (
            lambda: slices.propagate(LABELS[1], [5], 2, 5, BOX[1:], IMAGE[1]),
            "lines have no outlines; copy",
        ),
        (lambda: slices.propagate(LABELS, [5], 1, 4, BOX, IMAGE), "no slice 4"),
        (lambda: slices.propagate(LABELS, [5], 1, 1, BOX, IMAGE), "choose another slice"),
        (lambda: slices.propagate(LABELS, [4], 1, 2, BOX, IMAGE), "no object 4 in slice 1"),
        (lambda: slices.propagate(LABELS, [5], 1, 3, BOX, IMAGE[0]), "the shape of the labels"),
        (
            lambda: slices.propagate(LABELS, [5], 1, 3, BOX, IMAGE, locked=[5]),
            "object 5 is locked",
        ),
    ],
)
def test_what_can_not_be_done_is_said(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@given(small_labels(3), st.integers(0, 2**16), st.booleans())
@settings(max_examples=21, deadline=None)
def test_any_image_gives_objects_near_where_they_were(labels, seed, follow):
    random = np.random.default_rng(seed)
    image = ndimage.gaussian_filter(random.random(labels.shape), 1)
    assume(len(labels) > 1 and (labels[0] == 1).any())
    try:
        edit = slices.propagate(
            labels, [1], 0, 1, whole(labels), image, reach=2, follow=follow, replace=True
        )
    except ValueError:
        return
    result = applied(labels, edit)
    np.testing.assert_array_equal(result[0], labels[0])
    away = ndimage.distance_transform_edt(labels[0] != 1)
    assert away[result[1] == 1].max(initial=0) <= (2 + 2 * np.sqrt(2) if follow else 2.5)
