"""Growing regions from points and seeds, checked with geometry and other libraries."""

from __future__ import annotations

import heapq
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage, sparse
from scipy.sparse.csgraph import dijkstra

from napari_delineate import segmentation

SPACINGS = {2: [(1.0, 1.0), (4.0, 1.0)], 3: [(1.0, 1.0, 1.0), (4.0, 1.0, 1.0)]}
EACH_SPACING = pytest.mark.parametrize("spacing", [one for two in SPACINGS.values() for one in two])


def noise(shape, seed=0, sigma=1.0):
    random = np.random.default_rng(seed)
    return ndimage.gaussian_filter(random.random(shape), sigma)


def some_seeds(shape, count, seed=0):
    random = np.random.default_rng(seed)
    seeds = np.zeros(shape, np.int32)
    for number in range(1, count + 1):
        seeds[tuple(random.integers(0, size) for size in shape)] = number
    return seeds


def distance_from(shape, centre, spacing):
    """Return the physical distance of every pixel to a place in physical units."""
    squares = [
        (axis * step - place) ** 2
        for axis, step, place in zip(np.indices(shape), spacing, centre, strict=True)
    ]
    return np.sqrt(np.sum(squares, axis=0))


def balls(spacing, bridge):
    """Two balls of radius 8, centres 24 apart along x, joined by a bar this wide."""
    ndim = len(spacing)
    shape = (*tuple(int(25 / step) + 1 for step in spacing[:-1]), 57)
    middle = (12.0,) * (ndim - 1)
    first = distance_from(shape, (*middle, 16.0), spacing) <= 8
    second = distance_from(shape, (*middle, 40.0), spacing) <= 8
    across = np.array(
        [abs(axis * step - 12) for axis, step in zip(np.indices(shape), spacing, strict=True)][:-1]
    )
    bar = (across <= bridge / 2).all(axis=0) & (abs(np.indices(shape)[-1] - 28) < 10)
    return first, second, bar


def plain_grow(image, seeds, mask, penalty, spacing):
    """Grow labels as GrowCut does, with a heap and one pixel at a time."""
    cost = dict.fromkeys(map(tuple, np.argwhere((seeds > 0) & mask)), 0.0)
    labels = {place: seeds[place] for place in cost}
    heap = [(0.0, place) for place in cost]
    steps = [step for step in itertools.product((-1, 0, 1), repeat=image.ndim) if any(step)]
    while heap:
        here, place = heapq.heappop(heap)
        if here > cost[place]:
            continue
        for step in steps:
            other = tuple(a + b for a, b in zip(place, step, strict=True))
            if any(not 0 <= a < b for a, b in zip(other, image.shape, strict=True)):
                continue
            if not mask[other]:
                continue
            length = np.linalg.norm(np.multiply(step, spacing)) / min(spacing)
            found = here + abs(image[place] - image[other]) + penalty * length
            if found < cost.get(other, np.inf):
                cost[other], labels[other] = found, labels[place]
                heapq.heappush(heap, (found, other))
    result = np.zeros_like(seeds)
    for place, label in labels.items():
        result[place] = label
    return result


@pytest.mark.parametrize("locality", [0.0, 0.02, 3.0])
@EACH_SPACING
def test_grow_from_seeds_is_the_plain_algorithm(spacing, locality):
    shape = (9, 11, 12)[-len(spacing) :] if len(spacing) == 3 else (23, 28)
    image, seeds = noise(shape), some_seeds(shape, 5)
    mask = noise(shape, 3) < 0.55
    found = segmentation.grow_from_seeds(image, seeds, mask, locality=locality, spacing=spacing)
    penalty = np.ptp(image) * (locality + 1e-9)
    assert np.array_equal(found, plain_grow(image, seeds, mask, penalty, spacing))
    assert 0.1 < mask.mean() < 0.95


def test_grow_from_seeds_takes_the_cheapest_paths_of_a_graph():
    """The costs that scipy finds for each seed alone tell whose pixel it is."""
    image, seeds = noise((20, 24), 1), some_seeds((20, 24), 6, 1)
    index = np.arange(image.size).reshape(image.shape)
    weights, first, second = [], [], []
    for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1)):
        a = index[: 20 - dy, max(-dx, 0) : 24 - max(dx, 0)].ravel()
        b = index[dy:, max(dx, 0) : 24 + min(dx, 0)].ravel()
        first.append(a), second.append(b)
        weights.append(np.abs(image.ravel()[a] - image.ravel()[b]))
    graph = sparse.coo_array(
        (np.concatenate(weights), (np.concatenate(first), np.concatenate(second))),
        shape=(image.size,) * 2,
    ).tocsr()
    places = [np.flatnonzero(seeds.ravel() == number)[0] for number in range(1, 7)]
    costs = dijkstra(graph, directed=False, indices=places)
    expected = costs.argmin(axis=0).reshape(image.shape) + 1
    assert np.array_equal(segmentation.grow_from_seeds(image, seeds), expected)


@EACH_SPACING
def test_grow_from_seeds_splits_a_flat_image_at_the_middle(spacing):
    shape = (5,) * (len(spacing) - 1) + (40,)
    for axis in range(len(spacing)):
        image = np.full(np.roll(shape, axis + 1), 7)
        seeds = np.zeros(image.shape, int)
        lines = np.moveaxis(seeds, axis, -1)
        lines[..., 0], lines[..., -1] = 1, 2
        found = np.moveaxis(segmentation.grow_from_seeds(image, seeds, spacing=spacing), axis, -1)
        assert (found[..., :20] == 1).all()
        assert (found[..., 20:] == 2).all()


def test_grow_from_seeds_goes_around_a_ridge_and_locality_across():
    image = np.zeros((21, 21))
    image[:18, 10] = 1.0
    seeds = np.zeros(image.shape, int)
    seeds[0, 9], seeds[20, 20] = 1, 2
    seeds[:18, 10] = 3
    free = segmentation.grow_from_seeds(image, np.where(seeds == 3, 0, seeds))
    assert free[0, 12] == 2  # on the other side of the ridge
    bright = segmentation.grow_from_seeds(image, seeds, upper=0.5)
    assert (bright[:18, 10] == 0).all()
    assert not (bright == 3).any()
    near = segmentation.grow_from_seeds(image, np.where(seeds == 3, 0, seeds), locality=1.0)
    assert near[0, 12] == 1


@given(seed=st.integers(0, 50), axis=st.integers(0, 1))
@settings(max_examples=10, deadline=None)
@pytest.mark.slow
def test_grow_from_seeds_does_not_depend_on_numbers_and_directions(seed, axis):
    image, seeds = noise((14, 17), seed), some_seeds((14, 17), 4, seed)
    found = segmentation.grow_from_seeds(image, seeds, locality=0.01)
    flipped = segmentation.grow_from_seeds(
        np.flip(image, axis), np.flip(seeds, axis), locality=0.01
    )
    assert np.array_equal(np.flip(flipped, axis), found)
    table = np.array([0, 2**31 + 5, 9, 4, 1])
    renamed = segmentation.grow_from_seeds(image, table[seeds], locality=0.01)
    assert np.array_equal(renamed, table[found])


def test_grow_from_seeds_knows_neighbouring_levels_of_large_numbers():
    image = np.array([[0, 1, 3, 4]], np.uint64) + np.uint64(2**63)
    seeds = np.array([[1, 0, 0, 2]])
    assert segmentation.grow_from_seeds(image, seeds).tolist() == [[1, 1, 2, 2]]


@EACH_SPACING
def test_gradient_watershed_finds_the_edge_of_a_ball(spacing):
    shape = tuple(int(40 / step) + 1 for step in spacing)
    distance = distance_from(shape, (20.0,) * len(spacing), spacing)
    image = np.where(distance <= 11, 100, 20)
    seeds = np.where(distance <= 4, 1, np.where(distance >= 18, 2, 0))
    found = segmentation.gradient_watershed(image, seeds, sigma=1.0, spacing=spacing)
    wrong = (found == 1) != (distance <= 11)
    assert np.abs(distance[wrong] - 11).max(initial=0) <= max(spacing)
    assert (found > 0).all()


@pytest.mark.parametrize("shape", [(60, 70), (14, 30, 32)])
def test_gradient_watershed_agrees_with_itk(shape):
    import SimpleITK

    spacing = (2.0,) * (len(shape) == 3) + (0.5, 0.5)
    image, seeds = noise(shape, 2, 4.0).astype(np.float32), some_seeds(shape, 5, 2)
    itk_image = SimpleITK.GetImageFromArray(image)
    itk_image.SetSpacing(spacing[::-1])
    steepness = SimpleITK.GradientMagnitudeRecursiveGaussian(itk_image, 1.0)
    markers = SimpleITK.GetImageFromArray(seeds.astype(np.uint8))
    markers.SetSpacing(spacing[::-1])
    flooded = SimpleITK.MorphologicalWatershedFromMarkers(steepness, markers, False, False)
    found = segmentation.gradient_watershed(image, seeds, sigma=1.0, spacing=spacing)
    # ITK's Gaussian is a recursive approximation, and it extends borders in another way.
    assert (found == SimpleITK.GetArrayFromImage(flooded)).mean() > 0.9


def test_random_walker_follows_the_resistances_of_a_chain():
    """Along a chain the probability falls in proportion to the resistance behind."""
    levels = np.array([0.0, 0.3, 0.35, 0.9, 1.0, 0.8, 0.8, 0.2, 0.5, 0.55])
    seeds = np.zeros((1, 10), int)
    seeds[0, 0], seeds[0, -1] = 4, 7
    resistance = np.exp(20 * np.diff(levels / levels.std()) ** 2 / 10)
    behind = np.concatenate([[0], np.cumsum(resistance)]) / resistance.sum()
    found = segmentation.random_walker(levels[None] * 50 + 3, seeds, beta=20)
    assert np.array_equal(found[0], np.where(behind < 0.5, 4, 7))


def test_random_walker_leaves_alone_what_no_seed_reaches():
    image = np.arange(40.0).reshape(4, 10) % 7
    mask = np.ones((4, 10), bool)
    mask[:, 5] = False
    seeds = np.zeros((4, 10), int)
    seeds[0, 0], seeds[3, 3], seeds[0, 5] = 2**31, 3, 8
    found = segmentation.random_walker(image, seeds, mask)
    assert set(np.unique(found[:, :5])) == {3, 2**31}
    assert not found[:, 5:].any()
    one = segmentation.random_walker(image, np.where(seeds == 3, 3, 0), mask)
    assert (one[:, :5] == 3).all()
    assert not one[:, 5:].any()
    assert not segmentation.random_walker(image, np.zeros((4, 10), int)).any()
    assert np.array_equal(segmentation.random_walker(image, seeds + 1), seeds + 1)


@EACH_SPACING
def test_random_walker_halves_a_flat_image(spacing):
    image = np.full((6,) * (len(spacing) - 1) + (10,), 5)
    seeds = np.zeros(image.shape, int)
    seeds[..., 0], seeds[..., -1] = 1, 2
    found = segmentation.random_walker(image, seeds, spacing=spacing)
    assert (found[..., :5] == 1).all()
    assert (found[..., 5:] == 2).all()


@pytest.mark.parametrize("shape", [(50, 60), (12, 20, 24)])
def test_connected_threshold_agrees_with_itk(shape):
    import SimpleITK

    image = (noise(shape, 4, 1.5) * 255).astype(np.uint8)
    places = np.argwhere((image >= 120) & (image <= 140))[[3, -3]]
    expected = SimpleITK.ConnectedThreshold(
        SimpleITK.GetImageFromArray(image), places[:, ::-1].tolist(), 120, 140
    )
    spacing = (2.5, 0.5, 0.25)[-len(shape) :]
    found = segmentation.connected_threshold(
        image, places * spacing, lower=120, upper=140, spacing=spacing
    )
    assert np.array_equal(found, SimpleITK.GetArrayFromImage(expected) > 0)
    assert found.any()


def test_points_lie_in_the_nearest_pixel():
    image = np.eye(5)
    for offset in (-0.49, 0.49):
        point = [[2 * 3.0 + offset * 3.0, 2 * 0.5 + offset * 0.5]]
        found = segmentation.connected_threshold(image, point, lower=0.5, spacing=(3.0, 0.5))
        assert np.argwhere(found).tolist() == [[2, 2]]
    with pytest.raises(ValueError, match=r"ends at \(12, 2\): 1 of 1 do not.*\(13.6, 1\)"):
        segmentation.connected_threshold(image, [[13.6, 1]], lower=0.5, spacing=(3.0, 0.5))


def test_without_points_nothing_is_marked():
    none = np.zeros((0, 2))
    assert not segmentation.connected_threshold(np.eye(5), none, lower=0.5).any()
    assert not segmentation.local_threshold_at_points(np.eye(5), none, lower=0.5).any()
    assert not segmentation.level_tracing(np.eye(5), none).any()


def test_a_range_that_is_none_is_refused():
    for operation in (segmentation.connected_threshold, segmentation.local_threshold_at_points):
        with pytest.raises(ValueError, match=r"upper must be at least lower \(3\); got 2"):
            operation(np.eye(5), [[2, 2]], lower=3, upper=2)


@pytest.mark.parametrize("method", ["growcut", "watershed", "masking"])
@EACH_SPACING
def test_local_threshold_cuts_thin_bridges(spacing, method):
    first, second, bar = balls(spacing, bridge=4.0)
    image = np.where(first | second | bar, 200, 10)
    point = (*(12.0,) * (len(spacing) - 1), 16.0)
    sigma = min(spacing)
    found = segmentation.local_threshold_at_points(
        image, [point], minimum_diameter=10.0, method=method, sigma=sigma, spacing=spacing
    )
    # What is missing lies at the surface: a watershed stops within a voxel of it.
    depth = 8 - distance_from(image.shape, point, spacing)
    assert depth[first & ~found].max(initial=0) <= max(spacing)
    assert not found[second].any()
    assert not found[image == 10].any()
    whole = segmentation.local_threshold_at_points(
        image, [point], minimum_diameter=2.0, method=method, sigma=sigma, spacing=spacing
    )
    far = 8 - distance_from(image.shape, (*point[:-1], 40.0), spacing)
    assert far[second & ~whole].max(initial=0) <= max(spacing)


def test_local_threshold_moves_points_into_what_is_left_after_the_cut():
    first, second, bar = balls((1.0, 1.0), bridge=3.0)
    image = (first | second | bar) * 1.0
    settings = {"lower": 0.5, "minimum_diameter": 6.0}
    edge = segmentation.local_threshold_at_points(image, [[12, 8.4]], **settings)
    centre = segmentation.local_threshold_at_points(image, [[12, 16]], **settings)
    assert np.array_equal(edge, centre)
    assert centre[first].all()
    assert not segmentation.local_threshold_at_points(image, [[0, 0]], **settings).any()
    both = segmentation.local_threshold_at_points(image, [[12, 16], [12, 40]], **settings)
    assert both[first].all()
    assert both[second].all()
    only = segmentation.local_threshold_at_points(image, [[12, 16]], second, **settings)
    assert not only.any()


@EACH_SPACING
def test_level_tracing_of_a_cone_is_a_ball(spacing):
    shape = tuple(int(32 / step) + 1 for step in spacing)
    distance = distance_from(shape, (16.0,) * len(spacing), spacing)
    image = 100 - distance
    point = [*(16.0,) * (len(spacing) - 1), 6.0]
    found = segmentation.level_tracing(image, [point], spacing=spacing)
    assert np.array_equal(found, distance <= 10)
    dark = segmentation.level_tracing(-image, [point], side="darker", spacing=spacing)
    assert np.array_equal(dark, found)
    hollow = np.where(distance < 5, 0, image)  # the contour encloses the hole, too
    assert np.array_equal(segmentation.level_tracing(hollow, [point], spacing=spacing), found)


@pytest.mark.parametrize(
    "grow",
    [segmentation.grow_from_seeds, segmentation.gradient_watershed],
    ids=["grow_from_seeds", "gradient_watershed"],
)
def test_a_seed_in_every_nucleus_and_around_finds_the_nuclei(shared_image, grow):
    """Against nuclei outlined by hand, with one pixel of each and what is far from all."""
    image = shared_image("nuclei2d_gt/dsb_a891bbc8.tif")
    reference = shared_image("nuclei2d_gt/dsb_a891bbc8_labels.tif").astype(int)
    depth = ndimage.distance_transform_edt(reference)
    numbers = np.unique(reference)[1:]
    seeds = np.zeros(reference.shape, int)
    for place, number in zip(
        ndimage.maximum_position(depth, reference, numbers), numbers, strict=True
    ):
        seeds[place] = number
    background = reference.max() + 1
    seeds[ndimage.distance_transform_edt(reference == 0) > 4] = background
    found = grow(image, seeds)
    found[found == background] = 0
    right = (found == reference)[reference > 0].sum()
    assert right / ((found > 0) | (reference > 0)).sum() > 0.8
