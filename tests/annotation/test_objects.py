"""Tools for whole objects do in a box what a plain computation does on all labels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import ndimage

from napari_delineate import postprocessing
from napari_delineate.annotation import objects
from napari_delineate.annotation.edits import place_in
from napari_delineate.types import voxels
from tests.annotation.applying import applied, box_of, small_labels, whole

SPACINGS = {2: [(1.0, 1.0), (2.0, 0.5)], 3: [(1.0, 1.0, 1.0), (4.0, 1.0, 1.0)]}


def done(tool, labels, *args, **settings):
    """Return the labels after a tool, None where it says that it cannot."""
    try:
        edit = tool(labels, *args, **settings)
    except ValueError:
        return None
    return applied(labels, edit, settings.get("locked", ()))


def agrees(result, labels, expected):
    """A tool that cannot do anything says so; otherwise the result is the expected one."""
    np.testing.assert_array_equal(labels if result is None else result, expected)


@given(small_labels(), st.permutations([1, 2, 3]))
@settings(max_examples=21, deadline=None)
def test_merged_objects_get_the_first_number(labels, numbers):
    assume(np.isin(numbers, labels).all())
    result = applied(labels, objects.merge(labels, numbers, box_of(labels, *numbers)))
    np.testing.assert_array_equal(result, np.where(labels > 0, numbers[0], 0))


def test_the_first_of_merged_objects_may_lie_elsewhere():
    labels = np.array([[2, 0, 0, 5]], np.uint16)
    edit = objects.merge(labels, [2, 5], (slice(0, 1), slice(2, 4)))
    assert applied(labels, edit).tolist() == [[2, 0, 0, 2]]


@given(small_labels(), st.sets(st.sampled_from([1, 2, 3]), min_size=1))
@settings(max_examples=21, deadline=None)
def test_deleted_objects_are_background(labels, numbers):
    assume(np.isin(list(numbers), labels).all())
    result = applied(labels, objects.delete(labels, list(numbers), whole(labels)))
    np.testing.assert_array_equal(result, np.where(np.isin(labels, list(numbers)), 0, labels))


def test_many_objects_are_deleted_at_once():
    labels = np.arange(100, dtype=np.uint64).reshape(10, 10)
    labels[0, 1] = 2**63 + 1
    numbers = [2**63 + 1, *range(2, 50)]
    result = applied(labels, objects.delete(labels, numbers, whole(labels)))
    assert np.unique(result).tolist() == [0, *range(50, 100)]


@given(small_labels(), st.integers(4, 255))
@settings(max_examples=15, deadline=None)
def test_a_relabelled_object_has_another_number(labels, number):
    result = applied(labels, objects.relabel(labels, 1, number, box_of(labels, 1)))
    np.testing.assert_array_equal(result, np.where(labels == 1, number, labels))


@given(small_labels(), st.booleans(), st.sampled_from([(), (2,)]))
@settings(max_examples=52, deadline=None)
def test_holes_are_those_of_scipy(labels, preserve, locked):
    result = done(objects.fill_holes, labels, 1, whole(labels), preserve=preserve, locked=locked)
    mask = labels == 1
    # A single slice is treated as 2D.
    tight = box_of(labels, 1)
    flat = np.squeeze(mask[tight])
    filled = np.zeros(mask.shape, bool)
    full = ndimage.binary_fill_holes(flat) if flat.ndim > 1 else flat
    filled[tight] = full.reshape(mask[tight].shape)
    may = (labels == 0) if preserve else ~np.isin(labels, locked)
    agrees(result, labels, np.where(filled & may, 1, labels))


@given(small_labels(3), st.integers(0, 2))
@settings(max_examples=21, deadline=None)
def test_holes_of_slices_are_filled_slice_by_slice(labels, axis):
    result = done(objects.fill_holes, labels, 1, whole(labels), axis=axis)
    expected = labels.copy()
    for one in np.moveaxis(expected, axis, 0):
        if (one == 1).any():
            one[ndimage.binary_fill_holes(one == 1) & (one == 0)] = 1
    agrees(result, labels, expected)


@given(small_labels(), st.sampled_from(["full", "face"]), st.integers(0, 10**6))
@settings(max_examples=35, deadline=None)
def test_the_component_of_the_point_is_kept(labels, connectivity, chosen):
    mask = labels == 1
    places = np.argwhere(mask)
    point = places[chosen % len(places)]
    reach = labels.ndim if connectivity == "full" else 1
    parts, _ = ndimage.label(mask, ndimage.generate_binary_structure(labels.ndim, reach))
    expected = np.where(mask & (parts != parts[tuple(point)]), 0, labels)
    nearby = point + np.array([0.49, -0.5, 0.3])[: labels.ndim]
    result = done(
        objects.keep_component, labels, 1, nearby, whole(labels), connectivity=connectivity
    )
    agrees(result, labels, expected)


@given(small_labels(), st.sampled_from(["full", "face"]))
@settings(max_examples=35, deadline=None)
def test_components_get_numbers_of_their_own(labels, connectivity):
    mask = labels == 1
    reach = labels.ndim if connectivity == "full" else 1
    parts, count = ndimage.label(mask, ndimage.generate_binary_structure(labels.ndim, reach))
    result = done(
        objects.separate_components,
        labels,
        1,
        box_of(labels, 1),
        new_number=7,
        connectivity=connectivity,
    )
    if count == 1:
        assert result is None
        return
    np.testing.assert_array_equal(result[~mask], labels[~mask])
    pairs = set(zip(parts[mask].tolist(), result[mask].tolist(), strict=True))
    assert len(pairs) == count
    assert {number for _, number in pairs} == {1, *range(7, 6 + count)}
    assert (result == 1).sum() == np.bincount(parts[mask]).max()
    first = [np.flatnonzero(result == number)[0] for number in range(7, 6 + count)]
    assert first == sorted(first)


def most_frequent(labels, ball):
    """Count each label by a convolution: what the mode filter is by definition."""
    numbers = np.unique(labels)
    counts = np.stack(
        [ndimage.convolve((labels == n).astype(int), ball.astype(int), mode="constant")
         for n in numbers]
    )  # fmt: skip
    own = counts[np.searchsorted(numbers, labels), *np.indices(labels.shape)]
    return np.where(own == counts.max(axis=0), labels, numbers[counts.argmax(axis=0)])


@given(
    small_labels(),
    st.sampled_from([1.2, 2.3]),
    st.integers(0, 1),
    st.booleans(),
    st.sampled_from([(), (2,), (2, 3)]),
)
@settings(max_examples=52, deadline=None)
def test_smoothed_objects_are_those_of_counted_labels(labels, radius, which, preserve, locked):
    spacing = SPACINGS[labels.ndim][which]
    steps = [np.arange(-int(radius / step), int(radius / step) + 1) * step for step in spacing]
    ball = sum(axis**2 for axis in np.meshgrid(*steps, indexing="ij")) <= radius**2
    frequent = most_frequent(labels, ball)
    may = np.isin(labels, (0, 1)) if preserve else ~np.isin(labels, locked)
    may &= ~np.isin(frequent, locked)
    mask = labels == 1
    expected = np.where((mask | (frequent == 1)) & may, frequent, labels)
    result = done(
        objects.smooth,
        labels,
        1,
        box_of(labels, 1),
        radius=radius,
        spacing=spacing,
        preserve=preserve,
        locked=locked,
    )
    if not (expected == 1).any():
        assert result is None
    else:
        agrees(result, labels, expected)


def test_smoothing_is_that_of_the_operation_for_a_single_object():
    random = np.random.default_rng(0)
    mask = ndimage.gaussian_filter(random.random((40, 50)), 2) > 0.5
    labels = np.where(mask, 6, 0).astype(np.int32)
    result = applied(labels, objects.smooth(labels, 6, box_of(labels, 6), radius=3))
    np.testing.assert_array_equal(result, postprocessing.smooth_labels(labels, radius=3))


@given(
    small_labels(),
    st.sampled_from([1.1, 2.3, 40.0]),
    st.integers(0, 1),
    st.booleans(),
    st.sampled_from([(), (2,), (2, 3)]),
)
@settings(max_examples=52, deadline=None)
def test_grown_objects_reach_as_far_as_the_distance(labels, distance, which, preserve, locked):
    spacing = SPACINGS[labels.ndim][which]
    mask = labels == 1
    near = ndimage.distance_transform_edt(~mask, spacing) <= distance
    may = mask | (labels == 0) if preserve else ~np.isin(labels, locked)
    reached = ndimage.binary_propagation(mask, mask=near & may)
    result = done(
        objects.grow,
        labels,
        1,
        box_of(labels, 1),
        distance=distance,
        spacing=spacing,
        preserve=preserve,
        locked=locked,
    )
    agrees(result, labels, np.where(reached, 1, labels))


@given(small_labels(), st.sampled_from([1.1, 2.3]), st.integers(0, 1))
@settings(max_examples=52, deadline=None)
def test_shrunken_objects_lose_what_is_near_others(labels, distance, which):
    spacing = SPACINGS[labels.ndim][which]
    mask = labels == 1
    kept = mask
    if not mask.all():
        kept = ndimage.distance_transform_edt(mask, spacing) > distance
    result = done(objects.shrink, labels, 1, box_of(labels, 1), distance=distance, spacing=spacing)
    expected = np.where(mask & ~kept, 0, labels)
    agrees(result, labels, expected if kept.any() else labels)


def test_a_ball_grows_and_shrinks_to_balls_in_physical_units():
    z, y, x = np.ogrid[:16, :60, :60]
    spacing = (4.0, 1.0, 1.0)
    away = np.sqrt((4.0 * (z - 8)) ** 2 + (y - 30) ** 2 + (x - 30) ** 2)
    ball = np.where(away <= 16, 5, 0)
    larger = applied(ball, objects.grow(ball, 5, box_of(ball, 5), distance=6, spacing=spacing))
    smaller = applied(ball, objects.shrink(ball, 5, box_of(ball, 5), distance=6, spacing=spacing))
    # The pixels of the ball reach its surface up to half the diagonal of a voxel.
    assert not (larger[away > 22] > 0).any()
    assert (larger[away <= 22 - 2.2] > 0).all()
    assert not (smaller[away > 10 + 2.2] > 0).any()
    assert (smaller[away < 10] > 0).all()


TOOLS = {
    "merge": lambda labels, box, **kw: objects.merge(labels, [2, 1], box, **kw),
    "delete": lambda labels, box, **kw: objects.delete(labels, [1], box, **kw),
    "relabel": lambda labels, box, **kw: objects.relabel(labels, 1, 9, box, **kw),
    "fill_holes": lambda labels, box, **kw: objects.fill_holes(labels, 1, box, **kw),
    "keep_component": lambda labels, box, **kw: objects.keep_component(
        labels, 1, np.argwhere(labels == 1)[0], box, **kw
    ),
    "separate": lambda labels, box, **kw: objects.separate_components(
        labels, 1, box, new_number=7, **kw
    ),
    "smooth": lambda labels, box, **kw: objects.smooth(labels, 1, box, **kw),
    "grow": lambda labels, box, **kw: objects.grow(labels, 1, box, distance=2, **kw),
    "shrink": lambda labels, box, **kw: objects.shrink(labels, 1, box, **kw),
}


@pytest.mark.parametrize("name", TOOLS)
def test_locked_objects_are_refused_and_missing_ones_named(name):
    labels = np.array([[0, 1, 1, 0, 2]])
    with pytest.raises(ValueError, match="object 1 is locked; unlock it first"):
        TOOLS[name](labels, whole(labels), locked={1})
    if name != "keep_component":
        with pytest.raises(ValueError, match="there is no object 1 at this place"):
            TOOLS[name](labels, (slice(0, 1), slice(3, 5)))


@pytest.mark.parametrize("name", TOOLS)
@given(small_labels(2))
@settings(max_examples=15, deadline=None)
def test_slices_shifts_and_views_give_the_same(name, labels):
    tool = TOOLS[name]
    result = done(tool, labels, box_of(labels, 1))
    in_stack = done(tool, labels[None], box_of(labels[None], 1))
    agrees(None if in_stack is None else in_stack[0], labels, labels if result is None else result)
    turned = np.ascontiguousarray(labels.T).T  # the same labels, in another order of memory
    agrees(done(tool, turned, box_of(labels, 1)), labels, labels if result is None else result)
    wide = np.pad(labels, 9)
    shifted = done(tool, wide, box_of(wide, 1))
    if name in ("merge", "delete", "relabel", "keep_component", "separate"):
        inner = None if shifted is None else shifted[9:-9, 9:-9]
        agrees(inner, labels, labels if result is None else result)


def test_an_edit_of_a_slice_is_placed_in_the_stack():
    stack = np.zeros((3, 5, 5), np.uint8)
    stack[1, 1:4, 1:4] = 4
    stack[1, 2, 2] = 0
    edit = objects.fill_holes(stack[1], 4, (slice(1, 4), slice(1, 4)))
    result = applied(stack, place_in(edit, (1, slice(None), slice(None))))
    assert result.sum() == 36


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda one: objects.merge(one, [1], whole(one)), "two objects or more"),
        (lambda one: objects.merge(one, [1, 0], whole(one)), "no object 0"),
        (lambda one: objects.merge(one, [0, 1], whole(one)), "0 is none"),
        (lambda one: objects.merge(one, [1, 5, 2], whole(one)), "no object 5 at"),
        (lambda one: objects.relabel(one, 1, 256, whole(one)), "numbers up to 255"),
        (lambda one: objects.relabel(one, 1, 0, whole(one)), "0 is none"),
        (lambda one: objects.relabel(one, 1, 1, whole(one)), "has this number already"),
        (lambda one: objects.relabel(one, 1, 2, whole(one), locked=[2]), "2 is locked"),
        (lambda one: objects.merge(one, [2, 1], whole(one), locked=[2]), "2 is locked"),
        (lambda one: objects.fill_holes(one, 1, whole(one)), "object 1 has no holes"),
        (lambda one: objects.fill_holes(one, 1, whole(one), axis=0), "no holes in any slice"),
        (lambda one: objects.separate_components(one, 1, whole(one), new_number=5), "one piece"),
        (lambda one: objects.keep_component(one, 1, (0, 1), whole(one)), "one piece"),
        (lambda one: objects.keep_component(one, 1, (0, 4), whole(one)), "not at this place"),
        (lambda one: objects.keep_component(one, 1, (0, 9), whole(one)), "not at this place"),
        (lambda one: objects.keep_component(one, 1, (0, 0, 1), whole(one)), "2 coordinates"),
        (lambda one: objects.grow(one, 1, whole(one), distance=-1), "from 0 up; got -1"),
        (lambda one: objects.grow(one, 1, whole(one), distance=np.nan), "got nan"),
        (lambda one: objects.grow(one, 1, whole(one), distance=0), "nothing around object 1"),
        (lambda one: objects.shrink(one, 1, whole(one), distance=voxels(5)), "nothing would be"),
        (lambda one: objects.smooth(one, 1, whole(one), radius=-1), "from 0 up; got -1"),
        (lambda one: objects.smooth(one, 3, whole(one), radius=5), "3 is thinner than the ball"),
        (lambda one: objects.smooth(one, 1, whole(one), radius=0), "smooth already"),
    ],
)
def test_what_can_not_be_done_is_said(call, message):
    labels = np.zeros((9, 9), np.uint8)
    labels[:2, 1:3] = 1
    labels[0, 4] = 2
    labels[6, 6] = 3
    with pytest.raises(ValueError, match=message):
        call(labels)


def test_separated_parts_that_need_too_large_numbers_are_refused():
    labels = np.array([[1, 0, 1, 0, 1]], np.uint8)
    with pytest.raises(ValueError, match="256 is too large"):
        objects.separate_components(labels, 1, whole(labels), new_number=255)
