"""Scribbles part windows as linear equations, minimum cuts and known shapes say."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import ndimage, sparse
from scipy.sparse import csgraph

from napari_delineate import segmentation
from napari_delineate.annotation import parting
from napari_delineate.annotation import scribbles as module
from napari_delineate.annotation.scribbles import (
    BACKGROUND,
    OBJECT,
    Scribbling,
    scribbled_object,
)
from napari_delineate.kernels.graph_cut import (
    costs_of_parting,
    costs_of_sides,
    cut,
    unevenness,
)
from tests.annotation.applying import applied, whole

pytestmark = pytest.mark.slow  # what is compiled for them takes seconds

METHODS = ("random walk", "graph cut", "grow cut")


def overlap(one, other):
    return (one & other).sum() / (one | other).sum()


def ball(shape, centre, radius, spacing=1.0):
    at = np.reshape(centre, (-1,) + (1,) * len(shape))
    steps = np.reshape(np.broadcast_to(spacing, len(shape)), at.shape)
    return (((np.indices(shape) - at) * steps) ** 2).sum(0) <= radius**2


def random_network(random, shape, every_neighbour):
    """Return a padded grid of random capacities, as the kernel takes it."""
    sizes = [size + 2 for size in shape]
    strides = [int(np.prod(sizes[axis + 1 :])) for axis in range(len(shape))]
    offsets = [
        step
        for step in itertools.product((-1, 0, 1), repeat=len(shape))
        if any(step) and (every_neighbour or sum(map(abs, step)) == 1)
    ]
    steps = np.array(offsets) @ strides
    inside = np.zeros(sizes, bool)
    inside[(slice(1, -1),) * len(shape)] = True
    inside = inside.ravel()
    places = np.flatnonzero(inside)
    capacities = np.zeros((len(steps), inside.size), np.int32)
    highest = int(random.integers(2, 10))
    for k, step in enumerate(steps):
        here = places[inside[places + step]]
        capacities[k, here] = random.integers(0, highest, len(here))
    terminals = np.zeros(inside.size, np.int32)
    some = random.random(len(places)) < 0.4
    terminals[places] = random.integers(-2 * highest, 2 * highest, len(places)) * some
    return capacities, steps, terminals


@pytest.mark.parametrize("seed", range(60))
def test_the_cut_is_the_smallest_minimum_cut_of_scipy(seed):
    random = np.random.default_rng(seed)
    shape = tuple(random.integers(1, 8, 2)) if seed % 2 else tuple(random.integers(1, 5, 3))
    capacities, steps, terminals = random_network(random, shape, bool(seed % 3))
    size = terminals.size
    rows, columns, values = [], [], []
    for k, step in enumerate(steps):
        here = np.flatnonzero(capacities[k])
        rows += here.tolist()
        columns += (here + step).tolist()
        values += capacities[k, here].tolist()
    for place in np.flatnonzero(terminals):
        ends = (size, place) if terminals[place] > 0 else (place, size + 1)
        rows.append(ends[0])
        columns.append(ends[1])
        values.append(abs(terminals[place]))
    edges = (np.array(values, np.int32), (rows, columns))
    network = sparse.coo_matrix(edges, shape=(size + 2,) * 2, dtype=np.int32).tocsr()
    expected = np.zeros(size + 2, bool)
    expected[size] = True
    if network.nnz:
        left = (network - csgraph.maximum_flow(network, size, size + 1).flow).tocsr()
        left.data[left.data < 0] = 0
        left.eliminate_zeros()
        expected[csgraph.breadth_first_order(left, size, return_predecessors=False)] = True
    found = cut(np.ascontiguousarray(capacities.T), steps, terminals)
    np.testing.assert_array_equal(found, expected[:size])


@pytest.mark.parametrize("shape", [(30, 40), (5, 9, 11)])
def test_costs_are_those_of_their_definition(shape):
    random = np.random.default_rng(len(shape))
    image = np.pad(random.normal(size=shape), 1, constant_values=np.nan)
    image[(2,) * len(shape)] = np.nan
    frame, known = image.ravel(), random.integers(0, 2, image.size)
    strides = np.array(image.strides) // image.itemsize
    steps = np.sort(strides)
    largest = np.linspace(20, 30, len(steps))
    pairs = [(step, np.arange(frame.size - step)) for step in steps]
    squares = [np.square(frame[at + step] - frame[at]) for step, at in pairs]
    total, count = unevenness(frame, steps)
    assert count == sum(np.count_nonzero(~np.isnan(each)) for each in squares)
    assert total == pytest.approx(sum(np.nansum(each) for each in squares))
    costs = costs_of_parting(frame, known, steps, largest, 0.5, 64)
    expected = np.zeros((frame.size, 2 * len(steps)), int)
    for k, ((step, at), each) in enumerate(zip(pairs, squares, strict=True)):
        cost = np.rint(np.nan_to_num(np.exp(-0.5 * each) * largest[k]) * 64)
        cost[(known[at] > 0) & (known[at + step] > 0)] = 0
        expected[at, len(steps) + k] = expected[at + step, len(steps) - 1 - k] = cost
    np.testing.assert_array_equal(costs, expected)
    assert costs.any()
    edges, evidence = np.linspace(-1, 1, 9), np.arange(1, 11, dtype=np.int32)
    frame[np.flatnonzero(~np.isnan(frame))[:3]] = -1, 1, 0.25  # on the limits
    sides = costs_of_sides(frame, known, edges, evidence, np.array([0, 99], np.int32))
    inside = np.where(known > 0, 99, evidence[np.searchsorted(edges, frame)])
    np.testing.assert_array_equal(sides, np.where(np.isnan(frame), 0, inside))


@pytest.mark.parametrize("shape", [(40, 51), (9, 30, 33), (3, 3)])
def test_cells_hold_the_means_of_their_pixels(shape):
    random = np.random.default_rng(len(shape))
    pixels, cell = random.normal(size=shape), (2, 4, 8)[-len(shape) :]
    for share in (0, 0.2):
        pixels[random.random(shape) < share] = np.nan
        found = module._means(pixels, cell)
        for place in np.ndindex(found.shape):
            part = pixels[tuple(slice(a * s, a * s + s) for a, s in zip(place, cell, strict=True))]
            known = part[~np.isnan(part)]
            expected = known.mean() if known.size else np.nan
            assert found[place] == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("shape", [(9, 12), (5, 6, 7), (1, 20), (4, 1, 9)])
@pytest.mark.parametrize("beta", [0.0, 20.0])
def test_the_random_walk_solves_its_equations(shape, beta):
    random = np.random.default_rng(5)
    pixels = random.normal(size=shape)
    pixels[random.random(shape) < 0.1] = np.nan
    seeds = np.zeros(shape, np.uint8)
    seeds.flat[[0, 1]] = OBJECT
    seeds.flat[[-1, -2, -5]] = BACKGROUND
    pixels[seeds > 0] = 0
    spacing = (2.0, 1.0, 1.5)[-len(shape) :]
    weights = parting.edges_of(pixels, spacing, beta)
    numbers = np.arange(pixels.size).reshape(weights.shape[1:])
    matrix = np.zeros((pixels.size,) * 2)
    for axis in range(3):
        count = weights.shape[axis + 1]
        near, far = (
            np.take(numbers, range(*ends), axis).ravel() for ends in ((0, count - 1), (1, count))
        )
        between = np.take(weights[axis], range(count - 1), axis).ravel()
        matrix[near, far] = matrix[far, near] = -between
    np.fill_diagonal(matrix, -matrix.sum(axis=1))
    free = (seeds == 0).ravel()
    linked, _ = ndimage.label(~np.isnan(pixels))
    reached = np.isin(linked, np.unique(linked[seeds > 0])).ravel() & free & (linked > 0).ravel()
    right = -matrix[np.ix_(reached, (seeds == OBJECT).ravel())].sum(axis=1)
    probability = np.zeros(pixels.size)
    probability[reached] = np.linalg.solve(matrix[np.ix_(reached, reached)], right)
    sure = (np.abs(probability - 0.5) > 0.01) & reached
    found = parting.by_random_walk(weights, seeds).ravel()
    np.testing.assert_array_equal(found[sure], probability[sure] > 0.5)
    assert not found[free & ~reached].any()


def test_the_random_walk_is_that_of_the_whole_image():
    random = np.random.default_rng(0)
    image = ndimage.gaussian_filter(random.normal(size=(60, 70)), 3)
    seeds = np.zeros(image.shape, np.int32)
    seeds[20:25, 30] = OBJECT
    seeds[5, 5:60] = seeds[50, 5:60] = BACKGROUND
    expected = segmentation.random_walker(image, seeds) == OBJECT
    found = Scribbling(image, whole(image), sigma=0).mask(seeds)
    assert overlap(found, expected) > 0.99


def test_walls_thinner_than_a_cell_stay():
    weights = np.ones((3, 1, 4, 6))
    weights[1, :, -1] = weights[2, :, :, -1] = weights[0] = 0
    joined = parting.joined_edges(weights, 2)
    assert joined.shape == (3, 1, 4, 3)
    np.testing.assert_allclose(joined[2, 0, 0], [1 / 2, 1 / 2, 0])  # three resistors in a row
    np.testing.assert_allclose(joined[1, 0, 0], [2, 2, 2])  # two side by side
    weights[2, 0, :, 2] = 1e-6  # within the second cell
    joined = parting.joined_edges(weights, 2)
    np.testing.assert_allclose(joined[2, 0, 0, :2], [2e-6, 2e-6], rtol=1e-3)
    odd = parting.joined_edges(np.ones((3, 1, 1, 5)) * [[[[1, 1, 1, 1, 0]]]], 2)
    np.testing.assert_allclose(odd[2, 0, 0], [1 / 2, 1 / 1.5, 0])


def scene(shape, spacing, radius, centre):
    """Return a noisy ball, and lines in it and around it."""
    expected = ball(shape, centre, radius, spacing)
    image = 20 + 60 * expected + np.random.default_rng(1).normal(0, 4, shape)
    lines = np.zeros(shape, np.uint8)
    lines[ball(shape, centre, radius * 0.3, spacing)] = OBJECT
    far = ~ball(shape, centre, radius * 1.6, spacing)
    lines[far & ball(shape, centre, radius * 1.75, spacing)] = BACKGROUND
    return image, lines, expected


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("shape", "spacing", "radius"), [((70, 80), (1, 1), 20), ((16, 60, 60), (4, 1, 1), 20)]
)
def test_a_ball_is_found(method, shape, spacing, radius):
    centre = [size // 2 for size in shape]
    image, lines, expected = scene(shape, spacing, radius, centre)
    found = Scribbling(image, whole(image), method=method, spacing=spacing).mask(lines)
    # Noise and blur move an outline by a share of a pixel; coarse slices have more outline.
    assert overlap(found, expected) > (0.9 if method == "grow cut" else 1.01 - 0.03 * len(shape))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("shape", "spacing", "radius", "centre"),
    [((301, 333), (1, 1), 60, (140, 170)), ((12, 110, 111), (4, 1, 1), 20, (6, 50, 61))],
)
def test_large_windows_are_parted_twice(monkeypatch, method, shape, spacing, radius, centre):
    image, lines, expected = scene(shape, spacing, radius, centre)
    monkeypatch.setitem(module._MOST_PIXELS, method, 2**14)
    found = Scribbling(image, whole(image), method=method, spacing=spacing).mask(lines)
    # Noise and blur move an outline by a share of a pixel; coarse slices have more outline.
    assert overlap(found, expected) > (0.9 if method == "grow cut" else 1.01 - 0.03 * len(shape))


@pytest.mark.parametrize("method", METHODS)
def test_a_line_may_lie_between_cells_and_beside_the_other(monkeypatch, method):
    monkeypatch.setitem(module._MOST_PIXELS, method, 2**8)
    image = np.zeros((64, 64))
    image[:, 31:] = 50
    lines = np.zeros(image.shape, np.uint8)
    lines[30, 31:40] = OBJECT
    lines[30, 20:31] = BACKGROUND
    found = Scribbling(image, whole(image), method=method, sigma=0).mask(lines)
    np.testing.assert_array_equal(found, image > 0)


@pytest.mark.parametrize("method", METHODS)
def test_without_a_line_in_the_background_the_rim_is_it(method):
    image = np.where(ball((40, 40), (20, 20), 10), 9.0, 1.0)
    lines = np.zeros(image.shape, np.uint8)
    lines[16:24, 20] = OBJECT
    np.testing.assert_array_equal(
        Scribbling(image, whole(image), method=method, sigma=0).mask(lines), image > 1
    )


def test_a_graph_cut_takes_only_what_is_connected_to_a_line():
    image = np.where(ball((40, 80), (20, 20), 10) | ball((40, 80), (20, 60), 10), 9.0, 1.0)
    lines = np.zeros(image.shape, np.uint8)
    lines[16:24, 20] = OBJECT
    lines[1, :] = BACKGROUND
    found = Scribbling(image, whole(image), method="graph cut", sigma=0).mask(lines)
    np.testing.assert_array_equal(found, ball((40, 80), (20, 20), 10))


@pytest.mark.parametrize("method", METHODS)
def test_lines_keep_their_side_and_what_is_no_number_has_none(method):
    random = np.random.default_rng(3)
    image = random.normal(size=(30, 30))
    image[12:14] = np.nan
    lines = np.zeros(image.shape, np.uint8)
    lines[5, 3:12] = lines[5, 20:28] = OBJECT
    lines[8, 3:28] = BACKGROUND
    found = Scribbling(image, whole(image), method=method, sigma=0).mask(lines)
    assert found[lines == OBJECT].all()
    assert not found[lines == BACKGROUND].any()
    assert not found[12:].any()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("value", [0, 7])
def test_an_image_without_contrast_is_parted_by_distance_or_not_at_all(method, value):
    image = np.full((21, 41), value, np.uint8)
    lines = np.zeros(image.shape, np.uint8)
    lines[:, 5], lines[:, 35] = OBJECT, BACKGROUND
    found = Scribbling(image, whole(image), method=method).mask(lines)
    assert found[:, :6].all()
    assert not found[:, 35:].any()
    if method != "graph cut":
        np.testing.assert_array_equal(
            found, np.broadcast_to(np.arange(41) <= 19, (21, 41)) | (found & (np.arange(41) == 20))
        )


@pytest.mark.parametrize("method", METHODS)
def test_a_stack_of_one_slice_is_a_slice_and_windows_do_not_matter(method):
    image, lines, _ = scene((60, 60), 1.0, 14, (30, 30))
    within = (slice(2, 58), slice(4, 57))
    found = Scribbling(image, within, method=method, sigma=0).mask(lines)
    deep = Scribbling(image[None], (slice(0, 1), *within), method=method, sigma=0)
    assert (deep.mask(lines[None])[0] != found).sum() <= 2
    part = np.ascontiguousarray(image[within])
    apart = Scribbling(part, whole(part), method=method, sigma=0)
    np.testing.assert_array_equal(apart.mask(lines[within]), found)


def test_an_object_is_made_and_others_are_kept():
    image, lines, expected = scene((60, 60), 1.0, 14, (30, 30))
    labels = np.zeros(image.shape, np.uint16)
    labels[:, :25] = 2
    scribbling = Scribbling(image, whole(image))
    mask = scribbling.mask(lines)
    over = applied(labels, scribbled_object(labels, scribbling, lines, 7))
    np.testing.assert_array_equal(over, np.where(mask, 7, labels))
    for settings in ({"locked": [2]}, {"preserve": True}):
        edit = scribbled_object(labels, scribbling, lines, 7, **settings)
        kept = applied(labels, edit, settings.get("locked", ()))
        np.testing.assert_array_equal(kept, np.where(mask & (labels == 0), 7, labels))
    assert overlap(mask, expected) > 0.95


def test_what_cannot_be_done_is_said():
    image, lines, _ = scene((60, 60), 1.0, 14, (30, 30))
    scribbling = Scribbling(image, whole(image))
    with pytest.raises(ValueError, match="no line in an object"):
        scribbling.mask(np.where(lines == OBJECT, 0, lines))
    with pytest.raises(ValueError, match="nothing of the image"):
        Scribbling(image, (slice(70, 80), slice(0, 9)))
    with pytest.raises(ValueError, match="7 is locked"):
        scribbled_object(np.zeros(image.shape, int), scribbling, lines, 7, locked=[7])
    with pytest.raises(ValueError, match="-1 is none"):
        scribbled_object(np.zeros(image.shape, np.uint8), scribbling, lines, -1)
    wide = scribbled_object(np.zeros(image.shape, np.uint8), scribbling, lines, 256)
    assert wide.labels.max() == 256
    nothing = Scribbling(np.full((9, 9), np.nan), (slice(0, 9),) * 2)
    with pytest.raises(ValueError, match="no line in an object"):
        nothing.mask(np.ones((9, 9), np.uint8))


@pytest.mark.parametrize("method", METHODS)
def test_scribbles_find_annotated_nuclei(shared_image, method):
    image = shared_image("nuclei2d_gt/dsb_df9a4212.tif")
    reference = shared_image("nuclei2d_gt/dsb_df9a4212_labels.tif")
    overlaps = []
    for number in np.unique(reference[reference > 0])[:3]:
        expected = reference == number
        lines = np.zeros(image.shape, np.uint8)
        lines[ndimage.binary_erosion(expected, iterations=4)] = OBJECT
        near = ndimage.binary_dilation(expected, iterations=4)
        lines[ndimage.binary_dilation(near) & ~near] = BACKGROUND
        overlaps.append(
            overlap(Scribbling(image, whole(image), method=method).mask(lines), expected)
        )
    assert np.mean(overlaps) > 0.85
