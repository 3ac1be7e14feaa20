"""Secondary and tertiary objects: centrosome, scikit-image, known geometry, invariants."""

from __future__ import annotations

import heapq
import itertools

import numpy as np
import pytest
from centrosome.propagate import propagate as centrosome_propagate
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage.segmentation import expand_labels, watershed

from napari_delineate import segmentation
from napari_delineate.kernels.propagation import propagate
from tests.inputs import same_objects

identify = segmentation.identify_secondary_objects
METHODS = [
    "propagation",
    "watershed_gradient",
    "watershed_image",
    "distance",
    "distance_in_foreground",
]


def scene(seed, shape=(50, 60), share=0.01):
    """An image from 0 to 1 and numbered spots."""
    random = np.random.default_rng(seed)
    image = ndimage.gaussian_filter(random.random(shape), 2)
    image = ((image - image.min()) / np.ptp(image)).astype(np.float32)
    spots = random.random(shape) < share
    spots[tuple(size // 2 for size in shape)] = True
    labels = ndimage.label(ndimage.binary_dilation(spots))[0]
    numbers = np.concatenate([[0], random.permutation(np.arange(1, labels.max() + 1) * 3)])
    return image, numbers[labels].astype(np.int32)


def plain_costs(image, seeds, mask, regularization, spacing):
    """Costs of the cheapest paths, by the definition: a heap and loops."""
    ndim = image.ndim
    padded = np.pad(image.astype(float), 1, mode="edge")
    costs = np.where((seeds > 0) & mask, 0.0, np.inf)
    heap = [(0.0, place) for place in zip(*np.nonzero((seeds > 0) & mask), strict=True)]
    steps = [step for step in itertools.product((-1, 0, 1), repeat=ndim) if any(step)]
    while heap:
        cost, place = heapq.heappop(heap)
        if cost > costs[place]:
            continue
        around = padded[tuple(slice(axis, axis + 3) for axis in place)]
        for step in steps:
            other = tuple(axis + move for axis, move in zip(place, step, strict=True))
            if not all(0 <= a < b for a, b in zip(other, mask.shape, strict=True)):
                continue
            if not mask[other]:
                continue
            there = padded[tuple(slice(axis, axis + 3) for axis in other)]
            change = np.abs(around - there).sum() * 9 / 3**ndim
            length = np.linalg.norm(np.multiply(step, spacing)) / min(spacing)
            reached = cost + np.hypot(change, length * regularization)
            if reached < costs[other]:
                costs[other] = reached
                heapq.heappush(heap, (reached, other))
    return costs


@pytest.mark.parametrize("regularization", [0.001, 0.05, 1.0])
@given(st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_propagation_is_that_of_centrosome(regularization, seed):
    image, seeds = scene(seed)
    mask = ndimage.gaussian_filter(np.random.default_rng(seed + 1).random(image.shape), 2) > 0.48
    found = propagate(image, seeds, mask, regularization=regularization, spacing=(1.0, 1.0))
    expected, _ = centrosome_propagate(image, seeds, mask, regularization)
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (3.0, 1.0, 0.5)])
def test_propagation_in_volumes_takes_the_cheapest_path(spacing):
    image, seeds = scene(3, (5, 7, 8), 0.02)
    mask = np.random.default_rng(1).random(image.shape) > 0.2
    found = propagate(image, seeds, mask, regularization=0.1, spacing=spacing)
    numbers = np.unique(seeds[(seeds > 0) & mask])
    costs = np.stack([plain_costs(image, seeds == one, mask, 0.1, spacing) for one in numbers])
    reached = np.isfinite(costs.min(axis=0)) & (seeds == 0)
    own = costs[np.searchsorted(numbers, found[reached]), *np.nonzero(reached)]
    assert np.allclose(own, costs.min(axis=0)[reached], rtol=1e-9)
    assert np.array_equal(found > 0, np.isfinite(costs.min(axis=0)) | (seeds > 0))


def test_a_stack_of_equal_slices_gives_what_a_slice_gives():
    image, primary = scene(5)
    flat = identify(image, primary, fill_holes=False).secondary
    stack = identify(
        np.stack([image] * 4), np.stack([primary] * 4), fill_holes=False
    ).secondary  # fmt: skip
    assert (flat > 0).sum() > (primary > 0).sum()
    assert all(np.array_equal(slice_, flat) for slice_ in stack)


def test_propagation_ends_at_a_cost():
    image, seeds = scene(7, share=0.001)
    mask = np.ones(image.shape, bool)
    found = propagate(image, seeds, mask, regularization=1.0, spacing=(1.0, 1.0), limit=6.0)
    expected, costs = centrosome_propagate(image, seeds, mask, 1.0)
    assert np.array_equal(found, np.where(costs <= 6, expected, 0))


@pytest.mark.parametrize("grow_by", METHODS)
@pytest.mark.parametrize("ndim", [2, 3])
@given(st.integers(0, 10_000))
@settings(max_examples=6, deadline=None)
def test_keeps_its_promises(ndim, grow_by, seed):
    image, primary = scene(seed, (40, 44) if ndim == 2 else (8, 20, 22))
    found = identify(image, primary, grow_by=grow_by, spacing=(2.0, 1.0, 1.0)[-ndim:])
    # Primary objects lie inside, with the same numbers: one for each.
    assert np.array_equal(found.secondary[primary > 0], primary[primary > 0])
    assert set(np.unique(found.secondary)) - {0} == set(np.unique(primary)) - {0}
    assert np.array_equal(found.primary_kept, primary)
    for number in np.unique(primary)[1:]:
        assert (
            ndimage.label(found.secondary == number, np.ones((3,) * ndim))[1]
            <= (ndimage.label(primary == number, np.ones((3,) * ndim))[1])
        )
    # Other numbers give the same objects.
    other = np.where(primary > 0, 1000 - primary, 0)
    renumbered = identify(image, other, grow_by=grow_by, spacing=(2.0, 1.0, 1.0)[-ndim:]).secondary
    if not grow_by.startswith("watershed"):  # scikit-image's flood breaks ties by its heap
        assert np.array_equal(np.where(renumbered > 0, 1000 - renumbered, 0), found.secondary)


def test_distance_is_that_of_expand_labels_in_physical_units():
    _, primary = scene(2, (12, 30, 32), 0.002)
    spacing = (3.0, 1.0, 1.0)
    image = np.zeros(primary.shape)
    found = identify(
        image, primary, grow_by="distance", distance=4.5, fill_holes=False, spacing=spacing
    ).secondary
    assert np.array_equal(found, expand_labels(primary, 4.5, spacing=spacing))
    mask = np.arange(32) < 16
    mask = np.broadcast_to(mask, primary.shape)
    inside = identify(
        image, primary, None, mask, grow_by="distance", distance=4.5, fill_holes=False,
        spacing=spacing,
    ).secondary  # fmt: skip
    assert np.array_equal(inside, np.where(mask | (primary > 0), found, 0) * (mask | (primary > 0)))


def test_watershed_of_the_image_is_that_of_scikit_image():
    image, primary = scene(4)
    options = {"threshold": 0.4, "fill_holes": False}
    found = identify(image, primary, grow_by="watershed_image", **options).secondary
    mask = (image >= 0.4) | (primary > 0)
    expected = watershed(1 - image.astype(float), primary, connectivity=2, mask=mask)
    assert np.mean(found == expected) > 0.999


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_gradient_is_that_along_every_axis(axis):
    """Two seeds in a step of brightness meet at the step, along whichever axis it lies."""
    image = np.full((24, 24, 24), 0.3)
    np.moveaxis(image, axis, 0)[15:] = 0.9
    primary = np.zeros(image.shape, int)
    np.moveaxis(primary, axis, 0)[2, 12, 12] = 1
    np.moveaxis(primary, axis, 0)[21, 12, 12] = 2
    found = identify(image, primary, grow_by="watershed_gradient", threshold=0.1).secondary
    along = np.moveaxis(found, axis, 0)
    assert (along[:14] == 1).all()
    assert (along[16:] == 2).all()


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (4.0, 1.0, 1.0)])
@pytest.mark.parametrize("grow_by", ["propagation", "distance", "distance_in_foreground"])
def test_two_nuclei_meet_halfway_on_any_grid(grow_by, spacing):
    shape = tuple(int(size / entry) for size, entry in zip((24, 24, 48), spacing, strict=True))
    primary = np.zeros(shape, int)
    middle = (shape[0] // 2, 12)
    primary[(*middle, 11)], primary[(*middle, 36)] = 1, 2
    found = identify(
        np.ones(shape), primary, grow_by=grow_by, threshold=0.5, distance=10.0, spacing=spacing
    ).secondary
    x = np.arange(48)
    assert (found[..., x < 24] != 2).all()
    assert (found[..., x >= 24] != 1).all()
    if grow_by != "propagation":
        heights = np.nonzero((found == 1).any(axis=(1, 2)))[0]
        assert np.ptp(heights) * spacing[0] == pytest.approx(20, abs=spacing[0] + 1)


def test_what_was_found_at_the_border_keeps_its_ground():
    image = np.ones((20, 40))
    primary = np.zeros((20, 40), int)
    primary[9:12, 9:12] = 4
    found = primary > 0
    found[9:12, 37:] = True  # a nucleus that the border cuts
    found[2:4, 18:20] = True  # debris
    alone = identify(image, primary, threshold=0.5).secondary
    assert (alone == 4).all()
    cells = identify(image, primary, found, threshold=0.5).secondary
    assert (cells[9:12, :23] == 4).all()
    assert not cells[9:12, 26:].any()
    assert cells[2, 18] == 4
    assert set(np.unique(cells)) == {0, 4}


def test_discards_cells_at_the_border_with_their_nuclei():
    image = np.zeros((40, 60))
    image[10:30, 10:30] = 1
    image[:20, 40:55] = 1
    primary = np.zeros(image.shape, int)
    primary[15:20, 15:20], primary[8:12, 45:50] = 7, 9
    found = identify(image, primary, threshold=0.5, discard_border=True)
    assert np.array_equal(found.secondary > 0, (image > 0) & (np.arange(60) < 35))
    assert np.array_equal(found.primary_kept, np.where(primary == 7, 7, 0))


def test_gain_and_offset_of_a_camera_change_nothing():
    image, primary = scene(9)
    first = identify(image, primary, threshold=0.4)
    second = identify(image * 512 + 64, primary, threshold=0.4 * 512 + 64)
    assert np.mean(first.secondary == second.secondary) > 0.999


def test_fills_holes():
    image = np.zeros((30, 30))
    image[5:25, 5:25] = 1
    image[12:15, 15:18] = 0
    primary = np.zeros((30, 30), int)
    primary[7:9, 7:9] = 2
    assert identify(image, primary, threshold=0.5).secondary[13, 16] == 2
    assert identify(image, primary, threshold=0.5, fill_holes=False).secondary[13, 16] == 0


def test_cytoplasm_is_the_cell_without_the_nucleus():
    cells, nuclei = np.zeros((2, 20, 20), int)
    cells[2:18, 2:18] = 5
    nuclei[6:12, 6:12] = 5
    found = segmentation.identify_tertiary_objects(cells, nuclei)
    assert (found > 0).sum() == 16 * 16 - 4 * 4
    whole = segmentation.identify_tertiary_objects(cells, nuclei, shrink=0)
    assert np.array_equal(whole, np.where(nuclei > 0, 0, cells))
    assert same_objects(found > 0, found)


def test_touching_nuclei_shrink_from_each_other_in_physical_units():
    cells = np.ones((7, 9, 12), int)
    nuclei = np.zeros(cells.shape, int)
    nuclei[1:6, 2:7, 1:6], nuclei[1:6, 2:7, 6:11] = 1, 2
    found = segmentation.identify_tertiary_objects(cells, nuclei, shrink=1.0, spacing=(2, 1, 1))
    taken = found == 0
    assert np.array_equal(np.unique(np.nonzero(taken)[0]), np.arange(1, 6))
    assert np.array_equal(np.unique(np.nonzero(taken)[1]), np.arange(3, 6))
    assert np.array_equal(np.unique(np.nonzero(taken)[2]), [2, 3, 4, 7, 8, 9])
