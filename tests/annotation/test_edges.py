"""Live wires are shortest paths, and follow edges, membranes and annotated outlines."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import ndimage, sparse
from scipy.sparse import csgraph
from skimage.measure import find_contours

from napari_delineate import places
from napari_delineate.annotation.edges import (
    edge_map,
    outlined_object,
    snapped,
    wires_from,
)
from napari_delineate.kernels.live_wire import DIRECTIONS, LENGTHS, cheapest_paths
from tests.annotation.applying import applied, whole

pytestmark = pytest.mark.slow  # what is compiled for them takes seconds


def disk(shape, centre, radius):
    return np.hypot(*(np.indices(shape) - np.reshape(centre, (2, 1, 1)))) <= radius


def overlap(one, other):
    return (one & other).sum() / (one | other).sum()


def traced(found, clicks):
    """Return the closed wire through clicks."""
    ends = [*clicks[1:], clicks[0]]
    return np.concatenate(
        [wires_from(found, start).to(end) for start, end in zip(clicks, ends, strict=True)]
    )


@pytest.mark.parametrize("seed", range(8))
def test_wires_are_the_shortest_paths_of_scipy(seed):
    random = np.random.default_rng(seed)
    height, width = random.integers(1, 14, 2)
    costs = np.zeros((height + 2, width + 2), np.uint8)
    costs[1:-1, 1:-1] = random.integers(1, 201, (height, width))
    costs[1:-1, 1:-1][random.random((height, width)) < 0.1] = 0
    costs[1, 1] = 5
    direction = random.integers(0, DIRECTIONS, costs.shape).astype(np.uint8)
    bends = random.integers(0, 87, (8, DIRECTIONS, DIRECTIONS)).astype(np.uint8)
    wide = costs.shape[1]
    steps = [wide * (y - 1) + x - 1 for y, x in np.ndindex(3, 3) if (y, x) != (1, 1)]
    flat, turns = costs.ravel(), direction.ravel()
    edges = {}
    for place in np.flatnonzero(flat):
        for k, step in enumerate(steps):
            if flat[place + step]:
                paid = int(flat[place + step]) + int(bends[k, turns[place], turns[place + step]])
                edges[place, place + step] = paid * int(LENGTHS[k])
    rows, columns = zip(*edges, strict=True) if edges else ((), ())
    network = sparse.coo_matrix((list(edges.values()), (rows, columns)), shape=(flat.size,) * 2)
    expected = csgraph.dijkstra(network.tocsr(), indices=wide + 1)
    came = cheapest_paths(flat, turns, bends, wide + 1, wide)
    for place in np.flatnonzero(flat):
        paid, at = 0, place
        while came[at] >= 0:
            before = at - steps[came[at]]
            paid += edges[before, at]
            at = before
        assert (at == wide + 1) == np.isfinite(expected[place])
        if at == wide + 1:
            assert paid == expected[place]


@pytest.mark.parametrize("turned", [1, -1])
def test_a_few_clicks_trace_a_disk(turned):
    expected = disk((90, 100), (45, 50), 30)
    random = np.random.default_rng(0)
    image = ndimage.gaussian_filter(turned * 60.0 * expected, 1) + random.normal(0, 4, (90, 100))
    found = edge_map(image, whole(image))
    clicks = [snapped(found, at) for at in ((16, 50), (45, 78), (74, 51), (46, 22))]
    labels = np.zeros(image.shape, np.uint8)
    result = applied(labels, outlined_object(labels, traced(found, clicks), 3)) == 3
    assert overlap(result, expected) > 0.94


def test_membranes_are_followed_in_their_middle():
    ring = np.hypot(*(np.indices((80, 80)) - 39.5))
    image = 10 + 90 * np.exp(-((ring - 28) ** 2) / 4)
    found = edge_map(image, whole(image), outlines="membranes", sigma=0)
    clicks = [snapped(found, at) for at in ((13, 40), (55, 60), (52, 17))]
    wire = traced(found, clicks)
    assert np.abs(np.hypot(*(wire - 39.5).T) - 28).max() <= 1
    # A line would be shorter, but is not what the image shows.
    assert len(wire) > 2 * np.pi * 28 * 0.85


def test_wires_join_their_ends_without_gaps():
    random = np.random.default_rng(1)
    image = ndimage.gaussian_filter(random.normal(size=(40, 50)), 2)
    within = (slice(5, 38), slice(10, 50))
    wires = wires_from(edge_map(image, within), (7.4, 12.6))
    for end in ((37, 49), (5, 10), (7, 13), (20, 30)):
        wire = wires.to(end)
        assert tuple(wire[0]) == (7, 13)
        assert tuple(wire[-1]) == end
        assert (np.abs(np.diff(wire, axis=0)).max(axis=1, initial=0) == 1).all()
        assert len(np.unique(wire, axis=0)) == len(wire)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_slice_of_a_stack_is_traced_in_the_stack(axis):
    random = np.random.default_rng(2)
    image = ndimage.gaussian_filter(random.normal(size=(40, 45)), 2)
    stack = np.stack([random.normal(size=image.shape), image], axis=axis)
    flat = wires_from(edge_map(image, whole(image), sigma=0), (3, 4)).to((35, 40))
    within = tuple(slice(1, 2) if at == axis else slice(0, n) for at, n in enumerate(stack.shape))
    start, end = (tuple(np.insert(at, axis, 1)) for at in ((3, 4), (35, 40)))
    found = edge_map(stack, within, sigma=0)
    wire = wires_from(found, start).to(end)
    np.testing.assert_array_equal(wire, np.insert(flat, axis, 1, axis=1))
    assert snapped(found, start)[axis] == 1
    labels = np.zeros(stack.shape, np.int32)
    outline = np.insert([[3, 4], [30, 6], [20, 40]], axis, 1, axis=1)
    result = applied(labels, outlined_object(labels, outline, 2))
    apart = np.zeros(image.shape, np.int32)
    apart = applied(apart, outlined_object(apart, np.delete(outline, axis, axis=1), 2))
    np.testing.assert_array_equal(np.take(result, 1, axis), apart)
    assert not np.take(result, 0, axis).any()


def test_windows_do_not_matter_where_a_wire_runs():
    random = np.random.default_rng(4)
    image = ndimage.gaussian_filter(random.normal(size=(40, 50)), 2)
    within = (slice(4, 36), slice(6, 44))
    part = np.ascontiguousarray(image[within])
    here = wires_from(edge_map(image, within, sigma=0), (10, 12)).to((30, 40))
    there = wires_from(edge_map(part, whole(part), sigma=0), (6, 6)).to((26, 34))
    np.testing.assert_array_equal(here - [4, 6], there)


def test_coarse_axes_do_not_look_steep():
    image = np.zeros((30, 40))
    image[:, 20:] = 10
    image[15:] += 10
    even = edge_map(image, whole(image), sigma=0)
    coarse = edge_map(image, whole(image), sigma=0, spacing=(4, 1))
    assert even.costs[16, 6] == even.costs[8, 21]
    assert coarse.costs[16, 6] > coarse.costs[8, 21]


def test_wires_go_around_what_is_no_number():
    image = np.zeros((20, 20))
    image[:15, 10] = np.nan
    wire = wires_from(edge_map(image, whole(image), sigma=0), (5, 5)).to((5, 15))
    assert not np.isnan(image[tuple(wire.T)]).any()
    image[:, 10] = np.inf
    wires = wires_from(edge_map(image, whole(image), sigma=0), (5, 5))
    with pytest.raises(ValueError, match="no wire leads there"):
        wires.to((5, 15))
    with pytest.raises(ValueError, match="no number at this place"):
        wires_from(edge_map(image, whole(image)), (5, 10))


@pytest.mark.parametrize("value", [0, 9])
@pytest.mark.parametrize("outlines", ["edges", "membranes"])
def test_in_an_image_without_contrast_a_wire_is_a_line(outlines, value):
    image = np.full((12, 12), value, np.uint16)
    wires = wires_from(edge_map(image, whole(image), outlines=outlines), (2, 2))
    assert wires.to((2, 9)).tolist() == [[2, x] for x in range(2, 10)]
    assert wires.to((9, 9)).tolist() == [[at, at] for at in range(2, 10)]


def test_a_click_snaps_to_the_best_edge_in_reach():
    image = np.zeros((20, 40))
    image[:, 20:] = 10
    found = edge_map(image, whole(image), sigma=0)
    assert snapped(found, (10, 23), reach=4)[1] in (19, 20)
    assert snapped(found, (10, 30), reach=4)[1] >= 26
    image[8:13, 18:25] = np.nan
    nothing = edge_map(image, whole(image), sigma=0)
    assert snapped(nothing, (10, 21), reach=1) == (10, 21)


def test_an_outline_is_filled_like_a_polygon():
    labels = np.zeros((20, 20), np.int32)
    result = applied(labels, outlined_object(labels, [[2, 3], [2, 15], [17, 15], [17, 3]], 4))
    expected = np.zeros_like(labels)
    expected[2:18, 3:16] = 4
    np.testing.assert_array_equal(result, expected)
    beyond = applied(labels, outlined_object(labels, [[2, 3], [2, 90], [17, 90], [17, 3]], 4))
    expected[2:18, 3:] = 4
    np.testing.assert_array_equal(beyond, expected)


def test_other_objects_are_kept_if_they_are_locked_or_preserved():
    labels = np.zeros((12, 12), np.uint8)
    labels[:, 6:] = 2
    outline = [[2, 2], [2, 9], [9, 9], [9, 2]]
    for settings in ({"locked": [2]}, {"preserve": True}):
        edit = outlined_object(labels, outline, 5, **settings)
        kept = applied(labels, edit, settings.get("locked", ()))
        assert (kept == 2).sum() == (labels == 2).sum()
        assert (kept[2:10, 2:6] == 5).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda i: edge_map(i, (slice(0, 9),) * 3), "show a single slice"),
        (lambda i: edge_map(i, (slice(20, 30), slice(0, 9), slice(0, 9))), "nothing of the image"),
        (lambda i: wires_from(edge_map(i[0], whole(i[0])), (50, 1)), "outside of what is in view"),
        (lambda i: wires_from(edge_map(i[0], whole(i[0])), (1, 1)).to((1, 50)), "outside of what"),
        (lambda i: outlined_object(i, [[0, 1, 1], [0, 2, 2]], 3), "three points"),
        (lambda i: outlined_object(i, [[0, 1, 1], [1, 4, 2], [2, 5, 5]], 3), "one slice"),
        (lambda i: outlined_object(i, [[1, 1], [4, 2], [5, 5]], 3), "3 coordinates"),
        (lambda i: outlined_object(i[0], [[1, 1], [4, 2], [5, 5]], -1), "-1 is none"),
        (lambda i: outlined_object(i[0], [[1, 1], [4, 2], [5, 5]], 3, locked=[3]), "3 is locked"),
    ],
)
def test_what_cannot_be_done_is_said(make, message):
    with pytest.raises(ValueError, match=message):
        make(np.zeros((9, 9, 9), np.uint8))


def test_pixels_along_many_lines_are_those_along_each():
    random = np.random.default_rng(0)
    for ndim, _ in itertools.product((2, 3), range(20)):
        path = np.round(random.uniform(-4, 30, (6, ndim)) * 2) / 2
        each = [
            places.pixels_along(np.array(pair), (25,) * ndim, 1.0)
            for pair in itertools.pairwise(path)
        ]
        np.testing.assert_array_equal(
            places.pixels_along(path, (25,) * ndim, 1.0), np.unique(np.concatenate(each), axis=0)
        )


@pytest.mark.parametrize("name", ["dsb_a02ec007", "dsb_87642352", "dsb_df9a4212"])
def test_clicks_on_annotated_outlines_give_the_objects(shared_image, name):
    image = shared_image(f"nuclei2d_gt/{name}.tif")
    reference = shared_image(f"nuclei2d_gt/{name}_labels.tif")
    overlaps = []
    for number, box in list(enumerate(ndimage.find_objects(reference), 1))[:6]:
        expected = reference == number
        if expected.sum() < 100:
            continue
        within = tuple(
            slice(max(side.start - 20, 0), min(side.stop + 20, size))
            for side, size in zip(box, image.shape, strict=True)
        )
        found = edge_map(image, within)
        outline = max(find_contours(expected.astype(float), 0.5), key=len)
        clicks = [
            snapped(found, outline[at], 2)
            for at in np.linspace(0, len(outline) - 1, 7)[:-1].astype(int)
        ]
        labels = np.zeros(image.shape, np.int32)
        result = applied(labels, outlined_object(labels, traced(found, clicks), 1)) == 1
        overlaps.append(overlap(result, expected))
    assert np.mean(overlaps) > 0.75
