"""Islands, margins, shells, smoothing and logic of objects, checked with geometry."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from napari_delineate import filters, postprocessing
from napari_delineate.types import voxels

SPACINGS = [(1.0, 1.0), (4.0, 1.0), (1.0, 1.0, 1.0), (4.0, 1.0, 1.0)]
EACH_SPACING = pytest.mark.parametrize("spacing", SPACINGS)


def random_labels(shape, seed=0, count=4, sigma=1.2):
    random = np.random.default_rng(seed)
    strength = [ndimage.gaussian_filter(random.random(shape), sigma) for _ in range(count + 1)]
    return np.argmax(strength, axis=0)


def distance_from(shape, centre, spacing):
    squares = [
        (axis * step - place) ** 2
        for axis, step, place in zip(np.indices(shape), spacing, centre, strict=True)
    ]
    return np.sqrt(np.sum(squares, axis=0))


def ball(spacing, radius, size=40.0):
    shape = tuple(int(size / step) + 1 for step in spacing)
    return distance_from(shape, (size / 2,) * len(spacing), spacing), radius


def parts_of(labels):
    """Find the parts of every object with scipy, as (number, mask)."""
    for number in np.unique(labels)[1:]:
        parts, count = ndimage.label(labels == number, np.ones((3,) * labels.ndim))
        for part in range(1, count + 1):
            yield number, parts == part


@pytest.mark.parametrize("shape", [(24, 26), (7, 12, 13)])
@pytest.mark.parametrize("seed", range(4))
def test_islands_are_the_parts_that_scipy_finds(shape, seed):
    labels = random_labels(shape, seed)
    split = postprocessing.split_islands(labels)
    parts = list(parts_of(labels))
    assert split.max() == len(parts)
    for _, part in parts:
        assert len(np.unique(split[part])) == 1
    first_seen = [np.flatnonzero(split == number)[0] for number in range(1, split.max() + 1)]
    assert first_seen == sorted(first_seen)

    kept = np.zeros(shape, int)
    for number, part in parts:
        kept[part & (part.sum() >= 9)] = number
    assert np.array_equal(postprocessing.remove_small_islands(labels, minimum=9), kept)


def test_the_size_of_islands_is_in_physical_units():
    labels = np.zeros((3, 8), int)
    labels[1, 1:4], labels[1, 6:8] = 5, 5  # 3 and 2 pixels of 2 by 0.5
    for minimum in (3.0, voxels(12)):
        found = postprocessing.remove_small_islands(labels, minimum=minimum, spacing=(2.0, 0.5))
        assert (found > 0).sum() == 3
    all_gone = postprocessing.remove_small_islands(labels, minimum=3.01, spacing=(2.0, 0.5))
    assert not all_gone.any()


@pytest.mark.parametrize("shape", [(24, 26), (7, 12, 13)])
def test_points_select_the_islands_they_lie_in(shape):
    labels = random_labels(shape, 5)
    spacing = (3.0, 0.5, 0.25)[-len(shape) :]
    parts = list(parts_of(labels))
    chosen = [part for _, part in parts[::3]]
    points = np.array([np.argwhere(part)[-1] * spacing for part in chosen])
    inside = np.any(chosen, axis=0)
    kept = postprocessing.select_islands(labels, points, spacing=spacing)
    assert np.array_equal(kept, np.where(inside, labels, 0))
    removed = postprocessing.select_islands(labels, points, action="remove", spacing=spacing)
    assert np.array_equal(removed, np.where(inside, 0, labels))


@EACH_SPACING
def test_margins_of_a_ball_are_balls(spacing):
    distance, radius = ball(spacing, 10.0)
    labels = np.where(distance <= radius, 3, 0)
    for change in (4.0, -4.0):
        found = postprocessing.margin(labels, distance=change, spacing=spacing) > 0
        wrong = found != (distance <= radius + change)
        # The centres of the outermost pixels lie up to half a diagonal inside of the surface.
        assert np.abs(distance[wrong] - radius - change).max(initial=0) <= np.linalg.norm(spacing)
        exact = ndimage.distance_transform_edt(labels == 0, spacing) <= change
        if change > 0:
            assert np.array_equal(found, exact)


@EACH_SPACING
def test_shrinking_is_growing_what_is_outside(spacing):
    labels = random_labels(tuple(int(24 / step) + 1 for step in spacing), 6)
    shrunk = postprocessing.margin(labels, distance=-2.0, spacing=spacing)
    for number in np.unique(labels)[1:]:
        outside = ndimage.distance_transform_edt(labels == number, spacing)
        assert np.array_equal(shrunk == number, outside > 2.0)
        one = postprocessing.margin(labels, distance=-2.0, label=int(number), spacing=spacing)
        expected = np.where((labels == number) & (outside <= 2.0), 0, labels)
        assert np.array_equal(one, expected)


@pytest.mark.parametrize("step", [0.1, 0.2, 0.3, 0.7])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_pixel_exactly_at_the_distance_counts_whatever_the_voxel_size(step, count):
    line = np.zeros((1, 21), int)
    line[0, 5:16] = 1
    reach = count * step  # 3 * 0.3 is 0.8999999999999999
    grown = np.pad(np.ones((1, 11 + 2 * count), int), ((0, 0), (5 - count, 5 - count)))
    shrunken = np.pad(np.ones((1, 11 - 2 * count), int), ((0, 0), (5 + count, 5 + count)))
    for label in (None, 1):
        found = postprocessing.margin(line, distance=reach, label=label, spacing=step)
        assert np.array_equal(found, grown)
        found = postprocessing.margin(line, distance=-reach, label=label, spacing=step)
        assert np.array_equal(found, shrunken)
    found = postprocessing.hollow(line, thickness=reach, spacing=step)
    assert np.array_equal(found, line - shrunken)


def test_any_length_and_number_gets_labels_or_a_sentence():
    labels = random_labels((12, 13))
    assert postprocessing.margin(labels, distance=1e300, label=1, overwrite=True).all()
    assert not postprocessing.hollow(labels, thickness=1e300, label=None).all()
    assert postprocessing.smooth_jointly(labels, sigma=1e9).shape == labels.shape
    for operation in (postprocessing.margin, postprocessing.logical, postprocessing.hollow):
        with pytest.raises(ValueError, match=r"label must be 1 to 9\.22337e\+18; got 10{30}"):
            operation(labels, label=10**30)


def test_one_object_grows_over_background_or_over_all():
    labels = np.array([[0, 1, 0, 2, 2, 2]])
    assert postprocessing.margin(labels, distance=3, label=1).tolist() == [[1, 1, 1, 2, 2, 2]]
    over = postprocessing.margin(labels, distance=3, label=1, overwrite=True)
    assert over.tolist() == [[1, 1, 1, 1, 1, 2]]
    both = postprocessing.margin(np.array([[1, 0, 0, 0, 0, 7]]), distance=9)
    assert both.tolist() == [[1, 1, 1, 7, 7, 7]]


@EACH_SPACING
@pytest.mark.parametrize(
    ("surface", "inner", "outer"), [("outside", 6, 10), ("middle", 8, 12), ("inside", 10, 14)]
)
def test_the_shell_of_a_ball_lies_between_two_balls(spacing, surface, inner, outer):
    distance, radius = ball(spacing, 10.0)
    labels = np.where(distance <= radius, 3, 0)
    shell = postprocessing.hollow(labels, thickness=4.0, surface=surface, spacing=spacing) > 0
    wrong = shell != ((distance > inner) & (distance <= outer))
    off = np.minimum(np.abs(distance - inner), np.abs(distance - outer))[wrong]
    assert off.max(initial=0) <= np.linalg.norm(spacing)
    assert shell.any()
    if surface == "outside":
        assert not shell[distance > radius].any()
    if surface == "inside":
        assert not shell[distance <= radius].any()


def test_shells_leave_other_objects_alone():
    labels = np.zeros((15, 30), int)
    labels[3:12, 3:12], labels[3:12, 14:25] = 1, 2
    around = postprocessing.hollow(labels, thickness=5, surface="inside", label=1)
    assert np.array_equal(around == 2, labels == 2)
    assert not (around == 1)[labels > 0].any()
    both = postprocessing.hollow(labels, thickness=2)
    assert np.array_equal(
        both == 2, (labels == 2) & (ndimage.binary_erosion(labels == 2, np.ones((3, 3)), 2) == 0)
    )


@EACH_SPACING
def test_joint_smoothing_is_a_vote_of_blurred_objects(spacing):
    labels = random_labels(tuple(int(20 / step) + 1 for step in spacing), 7, count=3)
    sigma = [1.5 / step for step in spacing]
    strength = [
        ndimage.gaussian_filter((labels == number).astype(float), sigma, mode="nearest")
        for number in range(labels.max() + 1)
    ]
    ordered = np.sort(strength, axis=0)
    clear = ordered[-1] - ordered[-2] > 1e-6
    found = postprocessing.smooth_jointly(labels, sigma=1.5, spacing=spacing)
    assert np.array_equal(found[clear], np.argmax(strength, axis=0)[clear])
    assert clear.mean() > 0.99


def test_joint_smoothing_leaves_no_gaps_and_moves_no_straight_border():
    labels = np.ones((30, 40), int)
    labels[:, 13:27], labels[:, 27:] = 2, 3
    assert np.array_equal(postprocessing.smooth_jointly(labels, sigma=3), labels)
    rough = random_labels((40, 40), 8, sigma=2) + 1
    assert (postprocessing.smooth_jointly(rough, sigma=2) > 0).all()


@given(
    seed=st.integers(0, 99),
    label=st.integers(1, 6),
    other_label=st.one_of(st.none(), st.integers(1, 6)),
    method=st.sampled_from(["add", "subtract", "intersect", "copy", "invert"]),
    two=st.booleans(),
    overwrite=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_logic_is_that_of_sets(seed, label, other_label, method, two, overwrite):
    labels = random_labels((6, 7), seed, sigma=0.8)
    other = random_labels((6, 7), seed + 1, sigma=0.8) if two else None
    found = postprocessing.logical(
        labels, other, method=method, label=label, other_label=other_label, overwrite=overwrite
    )
    places = set(range(labels.size))
    own = set(np.flatnonzero(labels == label).tolist())
    where = (labels if other is None else other).ravel()
    second = {
        p for p in places if (where[p] > 0 if other_label is None else where[p] == other_label)
    }
    wanted = {
        "add": own | second,
        "subtract": own - second,
        "intersect": own & second,
        "copy": second,
        "invert": places - own,
    }[method]
    taken = {p for p in places if labels.ravel()[p] not in (0, label)}
    if not overwrite:
        wanted -= taken
    assert set(np.flatnonzero(found == label).tolist()) == wanted
    for p in places - wanted:
        assert found.ravel()[p] == (0 if p in own else labels.ravel()[p])


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("step", [1.0, 4.0])
def test_a_cone_between_two_discs_is_filled(axis, step):
    """Between discs of radius 14 and 4, the disc half way has the radius 9."""
    _, y, x = np.indices((11, 36, 36))
    radius = np.linspace(14, 4, 11)[:, None, None]
    cone = np.hypot(y - 17.5, x - 17.5) <= radius
    drawn = np.zeros(cone.shape, int)
    drawn[[0, 10]] = cone[[0, 10]] * 6
    found = postprocessing.fill_between_slices(
        np.moveaxis(drawn, 0, axis),
        direction="zyx"[axis],
        spacing=np.insert([1.0, 1.0], axis, step),
    )
    found = np.moveaxis(found, axis, 0)
    wrong = (found == 6) != cone
    assert np.abs(np.hypot(y - 17.5, x - 17.5) - radius)[wrong].max(initial=0) <= 1
    assert found[5].sum() / 6 == pytest.approx(np.pi * 81, rel=0.05)


def test_shapes_between_slices_follow_physical_distances():
    """In pixels of 4 by 1, a rectangle grows along both axes by the same length."""
    drawn = np.zeros((3, 11, 41), int)
    drawn[0, 4:7, 14:27], drawn[2, 2:9, 6:35] = 2, 2
    found = postprocessing.fill_between_slices(drawn, spacing=(1.0, 4.0, 1.0))[1]
    rows, columns = np.nonzero(found)
    assert (rows.min(), rows.max()) == (3, 7)
    assert (columns.min(), columns.max()) == (10, 30)


def test_slanted_objects_stay_in_one_piece():
    drawn = np.zeros((7, 20, 50), int)
    drawn[0, 6:13, 3:10], drawn[6, 6:13, 33:40] = 4, 4
    found = postprocessing.fill_between_slices(drawn)
    for place in range(7):
        expected = np.zeros((20, 50), int)
        expected[6:13, 3 + 5 * place : 10 + 5 * place] = 4
        assert np.array_equal(found[place], expected)


def test_objects_are_filled_for_themselves_and_drawings_stay():
    drawn = np.zeros((9, 20, 40), int)
    drawn[[0, 8], 5:12, 3:12] = 1
    drawn[[2, 6], 5:12, 9:20] = 2**31
    drawn[4, 2:6, 30:35] = 7
    found = postprocessing.fill_between_slices(drawn)
    assert np.array_equal(found[drawn > 0], drawn[drawn > 0])
    assert np.array_equal(found == 7, drawn == 7)
    assert (found[1:8, 5:12, 3:9] == 1).all()
    assert (found[3:6, 5:12, 12:20] == 2**31).all()
    assert not (found[[0, 1, 7, 8]] == 2**31).any()
    assert np.array_equal(postprocessing.fill_between_slices(found), found)
    flat = drawn[:, 8]
    assert np.array_equal(postprocessing.fill_between_slices(flat), flat)
    lines = postprocessing.fill_between_slices(flat, direction="y")
    assert (lines[:, 3:9] == 1).all()


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int16, np.uint64, np.float32])
def test_masks_fill_an_image_with_a_value(dtype):
    image = np.arange(1, 13).reshape(3, 4).astype(dtype)
    mask = np.eye(3, 4, dtype=bool)
    outside = filters.mask_image(image, mask, value=1)
    assert outside.dtype == dtype
    assert np.array_equal(outside, np.ma.masked_array(image, ~mask).filled(1))
    inside = filters.mask_image(image, mask, fill="inside", value=0)
    assert np.array_equal(inside, np.ma.masked_array(image, mask).filled(0))


@pytest.mark.parametrize(
    ("dtype", "value"), [(np.uint8, 256), (np.uint8, 0.5), (bool, 2), (np.int16, -40000)]
)
def test_a_value_that_the_image_can_not_hold_is_refused(dtype, value):
    with pytest.raises(ValueError, match=r"value must be a whole number from .* to .*; got"):
        filters.mask_image(np.ones((2, 2), dtype), np.eye(2, dtype=bool), value=value)


def test_every_fourth_slice_is_enough_for_nuclei(shared_image):
    """Nuclei of an embryo, drawn in some slices, come back as the reference has them."""
    reference = shared_image("nuclei3d_gt/qcanet_mouse_embryo_8_cell_stage_labels.tif").astype(int)
    drawn = np.zeros_like(reference)
    drawn[::4] = reference[::4]
    found = postprocessing.fill_between_slices(drawn, spacing=(1.75, 0.8, 0.8))
    both = ((found == reference) & (reference > 0)).sum()
    assert 2 * both / ((found > 0).sum() + (reference > 0).sum()) > 0.9
    assert 2 * (drawn > 0).sum() / ((drawn > 0).sum() + (reference > 0).sum()) < 0.5
