"""Merging and splitting by distance, intensity, tables, points and lines."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.spatial.distance import cdist
from skimage.measure import label

from napari_delineate import postprocessing, voxels
from tests.inputs import same_objects
from tests.operations.test_postprocessing import discs, random_labels, small_labels


def merged(labels, pairs):
    """Join pairs one after the other until nothing changes."""
    result = labels.copy()
    for _ in range(len(pairs) + 1):
        for first, second in pairs:
            one, other = (result[labels == number][0] for number in (first, second))
            result[np.isin(result, [one, other])] = min(one, other)
    return result


@settings(deadline=None, max_examples=50)
@given(
    labels=small_labels(),
    distance=st.sampled_from([0, 1, 1.5, 2, 3]),
    stretch=st.sampled_from([1.0, 2.0]),
)
def test_merge_nearby_joins_objects_with_small_gaps(labels, distance, stretch):
    spacing = np.array((stretch,) + (1.0,) * (labels.ndim - 1))
    numbers = np.unique(labels[labels > 0]).tolist()
    places = {number: np.argwhere(labels == number) * spacing for number in numbers}
    pairs = [
        (first, second)
        for first in numbers
        for second in numbers
        if first < second and cdist(places[first], places[second]).min() <= distance + 1e-9
    ]
    found = postprocessing.merge_nearby(labels, distance=distance, spacing=tuple(spacing))
    assert np.array_equal(found, merged(labels, pairs))


def test_merge_nearby_by_a_diagonal_is_merge_touching():
    labels = label(random_labels((40, 41), density=0.2))
    found = postprocessing.merge_nearby(labels, distance=voxels(1.5))
    assert same_objects(found, postprocessing.merge_touching(labels))


@settings(deadline=None, max_examples=50)
@given(labels=small_labels(), ratio=st.sampled_from([0.0, 0.5, 0.9, 1.2]), seed=st.integers(0, 9))
def test_merge_by_intensity_compares_what_lies_between(labels, ratio, seed):
    image = np.random.default_rng(seed).integers(0, 9, labels.shape)
    pairs = []
    numbers = np.unique(labels[labels > 0]).tolist()
    for first in numbers:
        for second in (number for number in numbers if number > first):
            meetings = []
            for place in np.argwhere(labels == first):
                for axis in range(labels.ndim):
                    for step in (-1, 1):
                        other = place.copy()
                        other[axis] += step
                        if (other < 0).any() or (other >= labels.shape).any():
                            continue
                        if labels[tuple(other)] == second:
                            meetings.append((image[tuple(place)] + image[tuple(other)]) / 2)
            darker = min(image[labels == number].mean() for number in (first, second))
            if meetings and np.mean(meetings) >= ratio * darker - 1e-9:
                pairs.append((first, second))
    found = postprocessing.merge_by_intensity(labels, image, minimum_ratio=ratio)
    assert np.array_equal(found, merged(labels, pairs))


def test_merge_by_intensity_undoes_cuts_but_not_along_dark_lines():
    labels = np.repeat([[1, 2, 3]], 10, axis=0).repeat(10, axis=1)
    image = np.full(labels.shape, 100)
    image[:, 19:21] = 20
    found = postprocessing.merge_by_intensity(labels, image)
    assert np.unique(found).tolist() == [1, 3]
    with pytest.raises(ValueError, match="intensities from 0 up"):
        postprocessing.merge_by_intensity(labels, image - 50)


def test_children_of_one_parent_become_one():
    children = random_labels((40, 41), density=0.3)
    parents = random_labels((40, 41), density=0.6, seed=3)
    related = postprocessing.relate(children, parents)
    found = postprocessing.merge_by_table(children, related.relations)
    inside = related.related_labels > 0
    assert same_objects(np.where(inside, found, 0), related.related_labels)
    assert np.array_equal(found[~inside], children[~inside])


def test_merge_by_table_leaves_what_has_no_entry():
    labels = np.array([[1, 2, 3, 4, 5]])
    table = pd.DataFrame({"label": [5, 4, 2, 1, 9], "class": ["a", None, "b", "a", "b"]})
    found = postprocessing.merge_by_table(labels, table, column="class")
    assert found.tolist() == [[1, 2, 3, 4, 1]]
    with pytest.raises(ValueError, match="column must be one of 'class'; got 'parent'"):
        postprocessing.merge_by_table(labels, table)
    with pytest.raises(ValueError, match="must have a column 'label'"):
        postprocessing.merge_by_table(labels, table.drop(columns="label"))


# Points and lines


@settings(deadline=None)
@given(labels=small_labels(), data=st.data())
def test_merge_by_points_joins_what_has_a_point(labels, data):
    place = st.tuples(*(st.integers(-1, size) for size in labels.shape))
    places = data.draw(st.lists(place, max_size=4))
    spacing = (2.0, 1.0, 0.5)[: labels.ndim]
    points = np.array(places, float).reshape(-1, labels.ndim) * spacing
    inside = [p for p in places if all(0 <= i < n for i, n in zip(p, labels.shape, strict=True))]
    numbers = [int(labels[p]) for p in inside if labels[p]]
    expected = labels.copy()
    if numbers:
        expected[np.isin(labels, numbers)] = min(numbers)
    assert np.array_equal(postprocessing.merge_by_points(labels, points, spacing=spacing), expected)


def test_each_line_makes_one_group():
    labels = np.zeros((20, 50), int)
    labels[5:15] = np.repeat([1, 0, 2, 3, 0, 4, 5, 6, 0, 7], 5)
    lines = np.array([[[10, 2], [10, 12]], [[1, 0], [8, 28]], [[10, 32], [10, 48]]], float)
    found = postprocessing.merge_by_lines(labels, lines)
    # The second line reaches the first row of the objects, 4.5, at column 14, and ends in 4.
    groups = [{1, 2}, {2, 3, 4}, {5, 6, 7}]
    pairs = [(min(group), number) for group in groups for number in group]
    assert np.array_equal(found, merged(labels, pairs))


@pytest.mark.parametrize("spacing", [(1, 1), (3, 1), (1, 1, 1), (4, 1, 1)])
def test_points_cut_touching_balls_in_the_middle(spacing):
    ndim = len(spacing)
    shape = tuple(
        int(size / step) for size, step in zip((40, 60, 80)[-ndim:], spacing, strict=True)
    )
    low, high = np.array((20.0, 30.0, 22.0)[-ndim:]), np.array((20.0, 30.0, 50.0)[-ndim:])
    mask = discs(low, high, radius=16, shape=shape, spacing=spacing)
    labels = 4 * mask
    found = postprocessing.split_by_points(labels, np.array([low, high]), spacing=spacing)
    assert np.array_equal(found > 0, mask)
    assert np.unique(found).tolist() == [0, 4, 5]
    # By symmetry the cut lies halfway, up to a pixel.
    columns = np.nonzero(mask)[-1]
    halfway = np.sum(columns < 36)
    assert abs(np.sum(found == 4) - halfway) <= np.sum(columns == 36)


def test_objects_with_one_point_stay_and_pieces_get_new_numbers():
    labels = np.zeros((20, 60), int)
    labels[2:18, 2:20], labels[2:18, 30:58] = 3, 8
    points = np.array([[10, 10], [10, 54], [10, 33], [1, 1], [99, 9], [10, 45]])
    found = postprocessing.split_by_points(labels, points)
    assert np.array_equal(found == 3, labels == 3)
    assert (found[10, 54], found[10, 33], found[10, 45]) == (8, 9, 10)
    assert np.array_equal(found > 0, labels > 0)


@settings(deadline=None)
@given(labels=small_labels(largest=2), data=st.data())
def test_cuts_never_join_or_lose_anything(labels, data):
    place = st.tuples(*(st.integers(0, size - 1) for size in labels.shape))
    points = np.array(data.draw(st.lists(place, min_size=2, max_size=5)), float)
    for found in (
        postprocessing.split_by_points(labels, points),
        postprocessing.split_by_lines(labels, points[None]),
    ):
        assert np.array_equal(found > 0, labels > 0)
        for number in np.unique(found[found > 0]):
            assert len(np.unique(labels[found == number])) == 1
        assert set(np.unique(labels)) <= set(np.unique(found))


@pytest.mark.parametrize("slope", [-2, -0.3, 0, 0.5, 1, 3])
@pytest.mark.parametrize("ndim", [2, 3])
def test_a_line_cuts_a_disc_into_its_two_sides(slope, ndim):
    rows, columns = np.indices((81, 81)) - 40
    mask = rows**2 + columns**2 <= 30**2
    ends = np.array([[-50 * slope, -50], [50 * slope, 50]]) + 40
    labels = np.where(mask, 7, 0)
    if ndim == 3:
        labels = np.stack([labels] * 3)
        ends = np.column_stack([[1, 1], ends])
    found = postprocessing.split_by_lines(labels, ends[None])
    assert np.unique(found).tolist() == [0, 7, 8]
    # Far from the line by more than a pixel, each side has one number.
    side = (rows - slope * columns) / np.hypot(1, slope)
    for far in (side > 1, side < -1):
        assert len(np.unique(found[..., far & mask])) == 1
    assert found[..., side > 1].max() != found[..., side < -1].max()


def test_a_line_that_ends_inside_does_not_cut():
    labels = np.full((20, 20), 3)
    lines = np.array([[[-1, 10], [12, 10]]], float)
    assert np.array_equal(postprocessing.split_by_lines(labels, lines), labels)


def test_lines_in_physical_units_cut_where_they_are_drawn():
    labels = np.full((10, 40), 3)
    lines = np.array([[[-1, 5], [50, 5]]], float)
    found = postprocessing.split_by_lines(labels, lines, spacing=(4, 0.5))
    assert set(np.unique(found[:, :10])) == {4}
    assert set(np.unique(found[:, 11:])) == {3}


def test_points_and_lines_of_other_axes_are_refused():
    labels = random_labels((9, 20, 21))
    with pytest.raises(ValueError, match="points must have 3 coordinates"):
        postprocessing.merge_by_points(labels, np.zeros((1, 2)))
    with pytest.raises(ValueError, match="lines must have 3 coordinates"):
        postprocessing.merge_by_lines(labels, np.zeros((1, 2, 2)))
    with pytest.raises(ValueError, match="lines must have 2 coordinates"):
        postprocessing.split_by_lines(labels[0], np.zeros((1, 2, 3)))
    with pytest.raises(ValueError, match=r"shape \(N, V, 2\) or \(N, V, 3\), it is \(3, 2\)"):
        postprocessing.merge_by_lines(labels, np.zeros((3, 2)))


def test_nothing_drawn_changes_nothing():
    labels = random_labels((20, 21))
    for function in (postprocessing.merge_by_points, postprocessing.split_by_points):
        assert np.array_equal(function(labels, np.zeros((0, 2))), labels)
    for function in (postprocessing.merge_by_lines, postprocessing.split_by_lines):
        assert np.array_equal(function(labels, np.zeros((0, 2, 2))), labels)


def test_cut_pieces_are_connected_if_the_object_was():
    rows, columns = np.indices((60, 60)) - 30
    labels = np.where(rows**2 + columns**2 <= 28**2, 2, 0)
    path = np.array([[[-5, 10], [30, 30], [20, 65]]], float)
    found = postprocessing.split_by_lines(labels, path)
    for number in (2, 3):
        assert ndimage.label(found == number)[1] == 1
