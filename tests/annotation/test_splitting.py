"""Objects are cut where a line, a plane, points or their shape say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage.graph import MCP_Geometric

from napari_delineate.annotation import splitting
from napari_delineate.kernels.prominence import most_prominent_maxima, prominent_maxima
from napari_delineate.kernels.quick_paths import reached_first
from tests.annotation.applying import applied, box_of, small_labels, whole


def disk(shape, centre, radius, spacing=(1.0, 1.0)):
    grid = np.ogrid[tuple(map(slice, shape))]
    squares = [((g - c) * s) ** 2 for g, c, s in zip(grid, centre, spacing, strict=True)]
    return sum(squares) <= radius**2


def line_split(labels, line, number=5, **settings):
    edit = splitting.split_by_line(
        labels, number, line, box_of(labels, number), new_number=9, **settings
    )
    return applied(labels, edit)


def split_in_two(labels, result, number=5):
    """Nothing but the object changes, no gap is left, and the larger side keeps the number."""
    mask = labels == number
    np.testing.assert_array_equal(result[~mask], labels[~mask])
    counts = {n: int((result[mask] == n).sum()) for n in (number, 9)}
    assert sum(counts.values()) == mask.sum()
    assert counts[number] >= counts[9] > 0


@given(
    st.tuples(*[st.floats(8, 32)] * 2),
    st.floats(0, np.pi),
    st.tuples(*[st.floats(0.5, 2.0)] * 2),
)
@settings(max_examples=28, deadline=None)
def test_a_straight_line_leaves_what_lies_left_and_right_of_it(place, angle, spacing):
    labels = np.where(disk((41, 41), (20, 20), 15), 5, 0)
    labels[3:8] = np.where(labels[3:8], 5, 2)
    along = np.array([np.sin(angle), np.cos(angle)])
    ends = np.array(place) + np.outer([-60, 60], along)
    away = (np.indices(labels.shape).T - place) @ np.array([-along[1], along[0]])
    away = away.T
    mask = labels == 5
    assume(min((mask & (away > 2)).sum(), (mask & (away < -2)).sum()) > 12)
    result = line_split(labels, ends, spacing=spacing)
    split_in_two(labels, result)
    sides = [np.unique(result[mask & far]) for far in (away > 1, away < -1)]
    assert [len(side) for side in sides] == [1, 1]
    assert sides[0] != sides[1]


@pytest.mark.parametrize("last", [12, 16, 20, 27, 28])
@pytest.mark.parametrize("turned", [False, True])
def test_a_line_that_ends_in_the_object_goes_on_to_the_other_side(last, turned):
    labels = np.zeros((40, 50), int)
    labels[10:30, 5:45] = 5
    line = np.array([[5, 20], [last, 20]])
    result = line_split(labels, line[::-1] if turned else line)
    split_in_two(labels, result)
    assert (result[10:30, 21:45] == 5).all()
    assert (result[10:30, 5:20] == 9).all()


def test_a_line_within_the_object_goes_on_at_both_ends():
    labels = np.where(disk((60, 60), (20, 20), 12) | disk((60, 60), (40, 40), 14), 5, 0)
    labels[28:33, 28:33] = 5
    result = line_split(labels, [[31, 28], [28, 31]])
    split_in_two(labels, result)
    inner = disk((60, 60), (20, 20), 11), disk((60, 60), (40, 40), 13)
    assert [np.unique(result[one]).tolist() for one in inner] == [[9], [5]]


def test_a_line_is_continued_over_a_hole():
    ring = disk((50, 50), (25, 25), 20) & ~disk((50, 50), (25, 25), 8)
    labels = np.where(ring, 5, 0)
    split_in_two(labels, result := line_split(labels, [[2, 25], [22, 25]]))
    assert ndimage.label(result == 5)[1] == ndimage.label(result == 9)[1] == 1
    assert abs(int((result == 5).sum()) - int((result == 9).sum())) < 40


def test_all_pieces_on_a_side_become_one_object():
    labels = np.zeros((30, 40), int)
    labels[2:28, 5:12] = labels[2:28, 28:35] = labels[20:28, 5:35] = 5
    result = line_split(labels, [[10, 0], [10, 39]])
    split_in_two(labels, result)
    assert (result[2:10][labels[2:10] == 5] == 9).all()
    assert (result[11:][labels[11:] == 5] == 5).all()


def test_parts_that_the_line_does_not_touch_keep_the_number():
    labels = np.zeros((20, 60), int)
    labels[5:15, 5:30] = labels[5:15, 40:55] = 5
    result = line_split(labels, [[0, 20], [19, 20]])
    assert (result[5:15, 40:55] == 5).all()
    assert (result[5:15, 5:20] == 5).all()
    assert (result[5:15, 21:30] == 9).all()


def test_a_curved_line_goes_around():
    labels = np.full((40, 40), 5)
    around = np.linspace(0, 2 * np.pi, 200)
    loop = 20 + 10 * np.stack([np.sin(around), np.cos(around)], axis=1)
    edge = np.array([[-1, 20]])  # it comes from outside and leaves as it came
    result = line_split(labels, np.concatenate([edge, loop[50:], loop[:51], edge]))
    split_in_two(labels, result)
    assert (result[disk((40, 40), (20, 20), 8.5)] == 9).all()
    assert (result[~disk((40, 40), (20, 20), 11.5)] == 5).all()


@given(small_labels(2), st.integers(0, 2**16), st.booleans())
@settings(max_examples=70, deadline=None)
def test_any_line_divides_or_says_that_it_does_not(labels, seed, locked):
    random = np.random.default_rng(seed)
    line = random.uniform(-2, 13, (random.integers(1, 6), 2))
    locked = {2} if locked else ()
    try:
        edit = splitting.split_by_line(labels, 1, line, whole(labels), new_number=9, locked=locked)
    except ValueError as error:
        assert str(error).startswith(("the line does not", "a line needs two ends"))  # noqa: PT017
        return
    split_in_two(labels, applied(labels, edit, locked), number=1)


@given(small_labels(2), st.integers(0, 2**16), st.integers(0, 2))
@settings(max_examples=21, deadline=None)
def test_a_line_through_a_stack_cuts_all_slices_alike(labels, seed, axis):
    line = np.random.default_rng(seed).uniform(-2, 13, (3, 2))
    settings = {"new_number": 9, "axis": axis}

    def done(labels, line):
        try:
            edit = splitting.split_by_line(labels, 1, line, box_of(labels, 1), **settings)
        except ValueError as error:
            return str(error)
        return applied(labels, edit)

    flat = done(labels, line)
    stack = np.ascontiguousarray(np.moveaxis(np.stack([labels] * 3), 0, axis))
    in_space = np.insert(line, axis, 1, axis=1)
    for given_line in (line, in_space):
        deep = done(stack, given_line)
        if isinstance(flat, str):
            assert deep == flat
        else:
            for one in np.moveaxis(deep, axis, 0):
                np.testing.assert_array_equal(one, flat)


def test_a_line_is_continued_through_what_other_slices_hold():
    labels = np.zeros((5, 30, 30), np.uint16)
    labels[:, 5:25, 5:25] = 5
    labels[2] = 0
    labels[2, 10:20, 5:25] = 5
    result = line_split(labels, [[2, 8, 12], [2, 22, 12]])
    split_in_two(labels, result)
    assert (result[:, :, 13:][labels[:, :, 13:] == 5] == 5).all()
    assert (result[:, :, :12][labels[:, :, :12] == 5] == 9).all()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ([[0, 0], [0, 19]], "does not run through object 5; draw it across it"),
        ([[10, 10], [10, 10]], "two ends"),
        ([[10, 10]], "two ends"),
        (np.zeros((0, 2)), "two ends"),
        ([[4, 3], [4, 12]], "does not divide object 5"),
        ([[0, 0], [np.nan, 5]], "far away"),
        ([[0, 0], [1e12, 5]], "far away"),
        ([[0, 0, 0], [1, 5, 0]], r"vertices \(N, 2\) in a plane"),
        ([0, 0], r"vertices \(N, 2\) in a plane"),
    ],
)
def test_lines_that_can_not_cut_are_refused(line, message):
    labels = np.zeros((20, 20), np.uint8)
    labels[4:16, 4:16] = 5
    labels[8:12, 8:12] = 0
    labels[4, 4:12] = 0
    labels[4, 4:11] = 0
    labels[3, 4:12] = 0
    labels[4, 12] = 5
    if "divide" in message:  # it runs along the outline, where no pixel is beyond it
        labels[4, 4:12] = 5
    with pytest.raises(ValueError, match=message):
        line_split(labels, line)


def test_too_large_numbers_are_refused():
    labels = np.full((4, 4), 5, np.uint8)
    with pytest.raises(ValueError, match="256 is too large"):
        splitting.split_by_line(labels, 5, [[0, 2], [3, 2]], whole(labels), new_number=256)
    with pytest.raises(ValueError, match="256 is too large"):
        splitting.split_by_points(
            labels, 5, [[0, 0], [0, 3], [3, 3]], whole(labels), new_number=255
        )


def quickest(mask, points, slowness, spacing):
    """Return when paths from each point reach each pixel, by scikit-image."""
    costs = np.where(mask, slowness, -1.0)
    return np.stack(
        [MCP_Geometric(costs, sampling=spacing).find_costs([tuple(p)])[0] for p in points]
    )


@given(small_labels(), st.integers(0, 2**16))
@settings(max_examples=30, deadline=None)
def test_pixels_go_to_the_point_with_the_shortest_path(labels, seed):
    mask = labels == 1
    random = np.random.default_rng(seed)
    places = np.argwhere(mask)
    assume(len(places) >= 3)
    points = random.permutation(places)[: random.integers(2, 4)]
    spacing = (1.0 + 2 * (seed % 2), *(1.0,) * (labels.ndim - 1))
    edit = splitting.split_by_points(
        labels, 1, points, box_of(labels, 1), new_number=7, method="nearest", spacing=spacing
    )
    result = applied(labels, edit)
    np.testing.assert_array_equal(result[~mask], labels[~mask])
    numbers = [1, *range(7, 6 + len(points))]
    times = quickest(mask, points, 1.0, spacing)
    best = times.min(axis=0)
    for number, point, own in zip(numbers, points, times, strict=True):
        assert result[tuple(point)] == number
        reached = mask & (result == number) & np.isfinite(best)
        np.testing.assert_allclose(own[reached], best[reached], rtol=1e-6)
    assert (result[mask & ~np.isfinite(best)] == 1).all()


@given(small_labels(), st.integers(0, 2**16))
@settings(max_examples=30, deadline=None)
def test_quick_paths_are_those_of_scikit_image(labels, seed):
    mask = labels == 1
    random = np.random.default_rng(seed)
    slowness = random.uniform(0.2, 5, mask.shape).astype(np.float32)
    spacing = tuple(random.uniform(0.5, 3, mask.ndim))
    points = random.permutation(np.argwhere(mask))[:3]
    seeds = np.zeros(mask.shape, np.int32)
    seeds[tuple(points.T)] = np.arange(1, len(points) + 1)
    found = reached_first(seeds, mask, slowness, spacing)
    times = quickest(mask, points, slowness, spacing)
    np.testing.assert_array_equal(found > 0, mask & np.isfinite(times.min(axis=0)))
    for number, own in enumerate(times, 1):
        np.testing.assert_allclose(
            own[found == number], times.min(axis=0)[found == number], rtol=1e-5
        )


@given(small_labels(), st.integers(0, 2**16))
@settings(max_examples=30, deadline=None)
def test_every_point_gets_a_piece(labels, seed):
    mask = labels == 1
    points = np.random.default_rng(seed).permutation(np.argwhere(mask))[:4]
    assume(len(points) > 1)
    edit = splitting.split_by_points(labels, 1, points, box_of(labels, 1), new_number=7)
    result = applied(labels, edit)
    np.testing.assert_array_equal(result[~mask], labels[~mask])
    assert result[tuple(points.T)].tolist() == [1, *range(7, 6 + len(points))]
    assert np.unique(result[mask]).tolist() == [1, *range(7, 6 + len(points))]


@pytest.mark.parametrize("radius", [15, 11])
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (3.0, 1.0), (1.0, 1.0, 1.0), (3.0, 1.0, 1.0)])
def test_points_anywhere_in_two_balls_cut_them_at_the_neck(radius, spacing):
    shape = (*(int(36 / step) for step in spacing[:-1]), 70)
    middle = [size // 2 for size in shape[:-1]]
    # In the second one, they touch right of the middle between their centres.
    meeting = 20 + int(np.sqrt(15**2 - 64)) + 1
    other = meeting + int(np.sqrt(radius**2 - 64))
    one = disk(shape, (*middle, 20), 15, spacing)
    two = disk(shape, (*middle, other), radius, spacing)
    labels = np.where(one | two, 5, 0)
    columns = np.broadcast_to(np.arange(shape[-1]), shape)
    up, aside = np.zeros(len(shape)), np.zeros(len(shape))
    up[0], aside[-1] = int(8 / spacing[0]), 6
    for first, last in ((up, 0 * up), (0 * up, -up), (up - aside, aside), (-aside, up)):
        points = [np.array([*middle, 20]) + first, np.array([*middle, other]) + last]
        edit = splitting.split_by_points(
            labels, 5, points, box_of(labels, 5), new_number=9, spacing=spacing
        )
        result = applied(labels, edit)
        wrong = (labels == 5) & ((result == 9) != (columns > meeting))
        assert wrong[np.abs(columns - meeting) > 3].sum() == 0


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([[5, 5]], "two points or more"),
        (np.zeros((0, 2)), "two points or more"),
        ([[5, 5], [5.2, 4.9]], "points 1 and 2 lie in the same pixel"),
        ([[5, 5], [0, 0]], "point 2 does not lie in object 5"),
        ([[5, 5], [99, 0]], "point 2 does not lie in object 5"),
        ([[5, 5, 5], [5, 5, 6]], "2 coordinates"),
    ],
)
def test_points_that_can_not_cut_are_refused(points, message):
    labels = np.where(disk((11, 11), (5, 5), 4), 5, 0)
    with pytest.raises(ValueError, match=message):
        splitting.split_by_points(labels, 5, points, whole(labels), new_number=9)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (2.0, 1.0), (1.0, 1.0, 1.0), (4.0, 1.0, 1.0)])
@pytest.mark.parametrize("parts", [None, 3])
def test_balls_in_a_row_are_cut_where_they_meet(spacing, parts):
    shape = (*(int(36 / step) for step in spacing[:-1]), 90)
    middle = [(size - 1) / 2 for size in shape[:-1]]
    balls = [disk(shape, (*middle, at), 14, spacing) for at in (20, 44, 66)]
    labels = np.where(np.any(balls, axis=0), 5, 0)
    edit = splitting.split_by_shape(
        labels, 5, box_of(labels, 5), new_number=8, parts=parts, spacing=spacing
    )
    result = applied(labels, edit)
    assert np.unique(result).tolist() == [0, 5, 8, 9]
    # The planes in which the balls meet; the pixels next to them may go either way.
    for first, last in ((6, 30), (34, 53), (57, 80)):
        inner = result[..., first:last][labels[..., first:last] > 0]
        assert len(np.unique(inner)) == 1
    sizes = np.bincount(result.reshape(-1))
    assert sizes[5] == sizes[1:].max()
    assert np.argmax(result.reshape(-1) == 8) < np.argmax(result.reshape(-1) == 9)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (4.0, 1.0, 1.0)])
def test_a_shape_without_narrow_places_is_halved_across_its_longest_axis(spacing):
    shape = (int(64 / spacing[0]), 30, 30)
    grid = np.indices(shape).T * spacing
    along = np.abs(grid - grid.mean(axis=(0, 1, 2))).T
    labels = np.where((along[0] / 30) ** 2 + (along[1] / 12) ** 2 + (along[2] / 12) ** 2 < 1, 5, 0)
    box = box_of(labels, 5)
    with pytest.raises(ValueError, match="no narrow places; choose the number of parts"):
        splitting.split_by_shape(labels, 5, box, new_number=8, spacing=spacing)
    edit = splitting.split_by_shape(labels, 5, box, new_number=8, parts=2, spacing=spacing)
    result = applied(labels, edit)
    half = shape[0] // 2
    assert len({*np.unique(result[:half]), 0}) == len({*np.unique(result[half:]), 0}) == 2


@given(small_labels(), st.integers(2, 6), st.integers(0, 1))
@settings(max_examples=35, deadline=None)
def test_as_many_parts_are_made_as_asked_for(labels, parts, which):
    spacing = [(1.0,) * labels.ndim, (3.0, *(1.0,) * (labels.ndim - 1))][which]
    mask = labels == 1
    assume(mask.sum() >= parts)
    edit = splitting.split_by_shape(
        labels, 1, box_of(labels, 1), new_number=7, parts=parts, spacing=spacing
    )
    result = applied(labels, edit)
    np.testing.assert_array_equal(result[~mask], labels[~mask])
    numbers = np.unique(result[mask])
    assert numbers.tolist() == [1, *range(7, 6 + parts)]


@pytest.mark.parametrize("parts", [0, 1, 17])
def test_impossible_numbers_of_parts_are_refused(parts):
    labels = np.full((4, 4), 5)
    with pytest.raises(ValueError, match="must be 2 to 16"):
        splitting.split_by_shape(labels, 5, whole(labels), new_number=9, parts=parts)


def test_a_prominence_below_0_is_refused():
    with pytest.raises(ValueError, match="0 or more; got -1"):
        splitting.split_by_shape(
            np.ones((4, 4), int), 1, whole(np.ones((4, 4))), new_number=9, prominence=-1
        )


@given(small_labels(), st.integers(0, 2**16))
@settings(max_examples=35, deadline=None)
def test_a_plane_leaves_what_lies_before_and_behind_it(labels, seed):
    random = np.random.default_rng(seed)
    point = random.uniform(0, np.array(labels.shape) - 1)
    normal = random.normal(size=labels.ndim)
    spacing = tuple(random.uniform(0.5, 3, labels.ndim))
    mask = labels == 1
    beyond = ((np.indices(labels.shape).T - point) * spacing @ normal).T >= 0
    sides = [mask & ~beyond, mask & beyond]
    try:
        edit = splitting.cut_with_plane(
            labels, 1, point, normal, box_of(labels, 1), new_number=9, spacing=spacing
        )
    except ValueError:
        assert not all(side.any() for side in sides)
        return
    smaller = sides[1] if sides[1].sum() <= sides[0].sum() else sides[0]
    np.testing.assert_array_equal(applied(labels, edit), np.where(smaller, 9, labels))


@given(st.integers(0, 2**16))
@settings(max_examples=15, deadline=None)
def test_the_plane_through_a_line_holds_it_and_the_direction(seed):
    random = np.random.default_rng(seed)
    line, direction = random.normal(size=(2, 3)), random.normal(size=3)
    spacing = tuple(random.uniform(0.5, 3, 3))
    normal = splitting.normal_of_plane(line, direction, spacing)
    assert np.linalg.norm(normal) == pytest.approx(1)
    assert normal @ ((line[1] - line[0]) * spacing) == pytest.approx(0, abs=1e-9)
    assert normal @ (direction * np.array(spacing)) == pytest.approx(0, abs=1e-9)


def test_planes_that_can_not_cut_are_refused():
    labels = np.full((4, 4), 5)
    cut = splitting.cut_with_plane
    with pytest.raises(ValueError, match="does not run through object 5"):
        cut(labels, 5, (9, 9), (1, 0), whole(labels), new_number=7)
    with pytest.raises(ValueError, match="no direction"):
        cut(labels, 5, (2, 2), (0, 0), whole(labels), new_number=7)
    with pytest.raises(ValueError, match="2 coordinates"):
        cut(labels, 5, (2, 2), (0, 0, 1), whole(labels), new_number=7)
    with pytest.raises(ValueError, match="no direction"):
        splitting.normal_of_plane([[0, 0, 0], [0, 0, 0]], (1, 0, 0))
    with pytest.raises(ValueError, match="no direction"):
        splitting.normal_of_plane([[0, 0, 0], [4, 0, 0]], (1, 0, 0))


TOOLS = {
    "line": lambda one, box, **kw: splitting.split_by_line(one, 5, [[0, 1], [9, 1]], box, **kw),
    "points": lambda one, box, **kw: splitting.split_by_points(one, 5, [[0, 0], [0, 1]], box, **kw),
    "shape": lambda one, box, **kw: splitting.split_by_shape(one, 5, box, parts=2, **kw),
    "plane": lambda one, box, **kw: splitting.cut_with_plane(one, 5, (0, 1), (0, 1), box, **kw),
}


@pytest.mark.parametrize("name", TOOLS)
def test_locked_objects_are_refused_and_missing_ones_named(name):
    labels = np.full((3, 3), 5)
    with pytest.raises(ValueError, match="object 5 is locked; unlock it first"):
        TOOLS[name](labels, whole(labels), new_number=7, locked={5})
    with pytest.raises(ValueError, match="there is no object 5 at this place"):
        TOOLS[name](np.zeros((3, 3), int), whole(labels), new_number=7)


@given(st.integers(0, 2**16), st.integers(1, 8))
@settings(max_examples=15, deadline=None)
def test_the_most_prominent_maxima_outlast_the_others(seed, number):
    random = np.random.default_rng(seed)
    image = ndimage.gaussian_filter(random.random((12, 15)), 1.2)
    found = most_prominent_maxima(image, number).tolist()
    assert len(set(found)) == len(found) <= number
    for depth in np.linspace(0, np.ptp(image), 20):
        standing = prominent_maxima(image, depth)[0].tolist()
        shared = [one for one in found if one in standing]
        assert len(shared) == min(len(standing), len(found))
        assert shared == found[: len(shared)]
