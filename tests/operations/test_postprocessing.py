"""Labels to labels: other libraries, brute force, and laws that must hold."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage import segmentation as sksegmentation
from skimage.measure import label
from skimage.morphology import remove_small_objects

from napari_delineate import postprocessing, segmentation, voxels
from napari_delineate.building_blocks import ROUNDING
from tests.inputs import same_objects

SPACINGS = [0.1, 0.3, 1 / 3, 0.65, 0.7, 1.0, 123.4]


def random_labels(shape, density=0.4, seed=0):
    """Clumps of random numbers, many of them touching."""
    random = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(random.random(shape), 1)
    numbers = random.integers(1, 400, shape)
    coarse = numbers[tuple(np.indices(shape) // 3 * 3)]
    return np.where(smooth > np.quantile(smooth, 1 - density), coarse, 0)


def small_labels(largest=4, max_side=6):
    return hnp.arrays(
        np.int32,
        hnp.array_shapes(min_dims=2, max_dims=3, max_side=max_side),
        elements=st.integers(0, largest),
    )


# Borders and sizes


@pytest.mark.parametrize("shape", [(40, 41), (9, 20, 21)])
def test_clear_border_equals_scikit_image(shape):
    labels = label(random_labels(shape, density=0.2))
    expected = sksegmentation.clear_border(labels)
    assert expected.any()
    assert np.array_equal(postprocessing.clear_border(labels), expected)


@settings(deadline=None)
@given(labels=small_labels())
def test_clear_border_keeps_the_objects_without_a_pixel_on_the_border(labels):
    inner = labels[(slice(1, -1),) * labels.ndim]
    on_border = np.ones(labels.shape, bool)
    on_border[(slice(1, -1),) * labels.ndim] = False
    kept = np.setdiff1d(inner, labels[on_border])
    # An axis of one pixel has no border here, so that a single slice can be used.
    if min(labels.shape) > 1:
        expected = np.where(np.isin(labels, kept), labels, 0)
        assert np.array_equal(postprocessing.clear_border(labels), expected)


def test_clear_border_of_one_slice_is_that_of_the_2d_image():
    labels = random_labels((30, 31))
    expected = postprocessing.clear_border(labels)
    assert expected.any()
    assert np.array_equal(postprocessing.clear_border(labels[None])[0], expected)


def test_filter_by_size_equals_scikit_image():
    labels = random_labels((40, 41))
    expected = remove_small_objects(labels, max_size=6)
    assert np.array_equal(postprocessing.filter_by_size(labels, minimum=7), expected)


def test_filter_by_size_keeps_both_limits():
    labels = np.repeat([1, 2, 3, 4], [1, 2, 3, 4])[None]
    kept = postprocessing.filter_by_size(labels, minimum=2, maximum=3)
    assert np.unique(kept).tolist() == [0, 2, 3]


def test_filter_by_size_counts_areas_and_volumes_in_physical_units():
    labels = np.zeros((4, 10, 10), int)
    labels[0, 0, :5] = 1  # 5 voxels of 2 * 0.5 * 0.5 are 2.5
    labels[2, 3:5, 3:6] = 2  # 6 are 3
    kept = postprocessing.filter_by_size(labels, minimum=2.6, spacing=(2, 0.5, 0.5))
    assert np.unique(kept).tolist() == [0, 2]
    # voxels(n) are n cubes as wide as the finest voxel, here an eighth of a unit.
    kept = postprocessing.filter_by_size(labels, maximum=voxels(20), spacing=(2, 0.5, 0.5))
    assert np.unique(kept).tolist() == [0, 1]


@pytest.mark.parametrize("ratio", [1, 2, 3])
@pytest.mark.parametrize("unit", SPACINGS)
def test_an_object_of_exactly_the_limit_is_kept_at_any_spacing(unit, ratio):
    # 0.1 * 0.1 * 0.1 and 0.1**3 differ by rounding.
    for number in range(1, 40):
        labels = np.ones((1, 1, number), int)
        limit = voxels(ratio * number)
        kept = postprocessing.filter_by_size(
            labels, minimum=limit, maximum=limit, spacing=(ratio * unit, unit, unit)
        )
        assert kept.all()


def test_filter_by_size_refuses_limits_in_the_wrong_order():
    with pytest.raises(ValueError, match="maximum must be at least minimum"):
        postprocessing.filter_by_size(np.ones((2, 2), int), minimum=3, maximum=2)


# Growing and smoothing


@pytest.mark.parametrize("distance", [0, 0.9, 1, 2.5, 6, 100])
@pytest.mark.parametrize(
    ("shape", "spacing"),
    [
        ((40, 41), 1),
        ((40, 41), (3, 1)),
        ((9, 20, 21), 1),
        ((9, 20, 21), (4, 1, 1)),
        ((9, 20, 21), (1, 1, 0.25)),
    ],
)
def test_expand_labels_equals_scikit_image(shape, spacing, distance):
    labels = random_labels(shape, density=0.05)
    expected = sksegmentation.expand_labels(
        labels, distance * (1 + ROUNDING), spacing=np.broadcast_to(spacing, len(shape))
    )
    found = postprocessing.expand_labels(labels, distance=distance, spacing=spacing)
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("unit", SPACINGS)
def test_expand_labels_grows_by_whole_voxels_at_any_spacing(unit):
    # 3 * 0.1 is more than 0.3 by rounding.
    labels = np.zeros((1, 41), int)
    labels[0, 20] = 1
    for number in range(1, 15):
        for distance in (voxels(number), round(number * unit, 12)):
            grown = postprocessing.expand_labels(labels, distance=distance, spacing=unit)
            assert grown.sum() == 2 * number + 1


def test_expand_labels_fills_a_disc_with_its_area():
    labels = np.zeros((101, 101), int)
    labels[50, 50] = 1
    grown = postprocessing.expand_labels(labels, distance=40)
    assert grown.sum() == pytest.approx(np.pi * 40**2, rel=0.01)
    # The same disc, sampled four times as densely along y.
    labels = np.zeros((401, 101), int)
    labels[200, 50] = 1
    dense = postprocessing.expand_labels(labels, distance=40, spacing=(0.25, 1))
    assert np.array_equal(dense[::4], grown)


@settings(max_examples=60, deadline=None)
@given(labels=small_labels(), distance=st.floats(0, 4))
def test_expand_labels_gives_pixels_to_a_nearest_object(labels, distance):
    grown = postprocessing.expand_labels(labels, distance=distance)
    assert np.array_equal(grown[labels > 0], labels[labels > 0])
    sources = np.argwhere(labels)
    for place in np.argwhere(labels == 0):
        if not len(sources):
            assert not grown.any()
            break
        distances = np.linalg.norm(sources - place, axis=1)
        nearest = distances.min()
        if nearest <= distance:
            allowed = labels[tuple(sources[distances <= nearest + 1e-9].T)]
            assert grown[tuple(place)] in allowed
        elif nearest > distance * (1 + 2 * ROUNDING):
            assert grown[tuple(place)] == 0


def most_frequent(labels, footprint):
    """Smooth labels pixel by pixel, as the documentation says it."""
    half = np.array(footprint.shape) // 2
    result = labels.copy()
    for place in np.ndindex(labels.shape):
        counts = {}
        for step in np.argwhere(footprint) - half:
            other = np.array(place) + step
            if (other >= 0).all() and (other < labels.shape).all():
                number = int(labels[tuple(other)])
                counts[number] = counts.get(number, 0) + 1
        own = int(labels[place])
        # The most frequent wins, then the pixel's own, then the smallest.
        result[place] = min(counts, key=lambda n: (-counts[n], n != own, n))
    return result


@settings(max_examples=80, deadline=None)
@given(labels=small_labels(), radius=st.sampled_from([0, 1, 1.5, 2, 3]))
def test_smooth_labels_equals_brute_force(labels, radius):
    steps = np.indices((2 * int(radius) + 1,) * labels.ndim) - int(radius)
    footprint = (steps**2).sum(axis=0) <= radius**2
    found = postprocessing.smooth_labels(labels, radius=radius)
    assert np.array_equal(found, most_frequent(labels, footprint))


@settings(max_examples=30, deadline=None)
@given(labels=small_labels())
def test_smooth_labels_takes_a_ball_in_physical_space(labels):
    spacing = (2.0, 1.0, 0.5)[-labels.ndim :]
    reach = [int(2 / step) for step in spacing]
    steps = np.indices([2 * n + 1 for n in reach]).T - reach
    footprint = (((steps * spacing) ** 2).sum(axis=-1) <= 4).T
    found = postprocessing.smooth_labels(labels, radius=2, spacing=spacing)
    assert np.array_equal(found, most_frequent(labels, footprint))


def test_smooth_labels_keeps_apart_more_labels_than_a_byte_holds():
    # Objects of 3 by 3 pixels with numbers above 255, and above 32 bits.
    blocks = np.kron(np.arange(1, 401).reshape(20, 20), np.ones((3, 3), int))
    assert np.array_equal(postprocessing.smooth_labels(blocks), blocks)
    large = np.where(blocks > 200, blocks + 2**40, blocks)
    assert np.array_equal(postprocessing.smooth_labels(large), large)


def test_smooth_labels_removes_single_pixels_and_fills_single_holes():
    labels = np.zeros((20, 20), int)
    labels[5:15, 5:15] = 300
    noisy = labels.copy()
    noisy[2, 2], noisy[9, 9], noisy[12, 7] = 7, 0, 8
    smooth = postprocessing.smooth_labels(noisy)
    assert set(np.unique(smooth)) == {0, 300}
    assert smooth[9, 9] == smooth[12, 7] == 300


def test_smooth_labels_refuses_a_radius_far_beyond_the_image():
    labels = random_labels((30, 31))
    with pytest.raises(ValueError, match="radius is 500 voxels, the image has only 31 along"):
        postprocessing.smooth_labels(labels, radius=500)
    assert postprocessing.smooth_labels(labels, radius=40).shape == labels.shape


# Splitting and merging


def discs(*centres, radius=10, shape=(40, 80), spacing=(1, 1)):
    """A mask of discs (or balls) given by their centres in physical units."""
    grid = np.indices(shape) * np.reshape(spacing, (-1,) + (1,) * len(shape))
    away = [
        sum((axis - at) ** 2 for axis, at in zip(grid, centre, strict=True)) for centre in centres
    ]
    return np.min(away, axis=0) <= radius**2


def test_two_touching_discs_become_two():
    mask = discs((20, 20), (20, 38))
    labels = postprocessing.split_touching_objects(mask)
    assert labels.max() == 2
    # The cut lies in the middle, up to a pixel.
    columns = np.nonzero(mask)[1]
    assert np.abs(np.bincount(labels[mask])[1] - np.sum(columns < 29)) <= mask[:, 29].sum()


def test_a_single_disc_stays_whole():
    assert postprocessing.split_touching_objects(discs((20, 20))).max() == 1


def test_a_larger_sigma_cuts_less():
    mask = discs((20, 20), (20, 30), (20, 44))
    numbers = [
        postprocessing.split_touching_objects(mask, sigma=sigma).max() for sigma in (1, 4, 30)
    ]
    assert numbers[0] == 3
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[-1] == 1


def test_touching_balls_in_coarse_slices_become_two():
    mask = discs((20, 20, 20), (20, 38, 20), shape=(10, 60, 40), spacing=(4, 1, 1))
    labels = postprocessing.split_touching_objects(mask, sigma=3.5, spacing=(4, 1, 1))
    assert labels.max() == 2


@settings(max_examples=100, deadline=None)
@given(
    mask=hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=3, max_side=9)),
    sigma=st.sampled_from([0, 0.5, 3.5, 20]),
    stretch=st.sampled_from([1.0, 3.0]),
)
def test_the_pieces_cover_the_mask_and_lie_in_one_component_each(mask, sigma, stretch):
    spacing = (stretch,) + (1.0,) * (mask.ndim - 1)
    labels = postprocessing.split_touching_objects(mask, sigma=sigma, spacing=spacing)
    assert np.array_equal(labels > 0, mask)
    assert np.unique(labels[mask]).tolist() == list(range(1, labels.max() + 1))
    # No component is lost to a neighbour that it only meets at a corner or not at all.
    components = label(mask, connectivity=mask.ndim)
    for number in range(1, labels.max() + 1):
        assert len(np.unique(components[labels == number])) == 1


def test_split_binary_blobs_agree_with_imagej(shared_image):
    mask = shared_image("published/blobs_otsu.tif") > 0
    theirs = label(shared_image("published/blobs_otsu_watershed.tif") > 0, connectivity=1)
    ours = postprocessing.split_touching_objects(mask)
    # ImageJ draws lines between the pieces. Most pieces of either are a piece of the other.
    for first, second in ((theirs, ours), (ours, theirs)):
        numbers = range(1, first.max() + 1)
        found = [
            np.bincount(second[(first == n) & (second > 0)], minlength=1).max() / np.sum(first == n)
            for n in numbers
        ]
        assert np.mean(np.array(found) > 0.8) > 0.9


def test_merge_touching_joins_over_corners_too():
    labels = np.array([[1, 0, 0, 0], [0, 2, 2, 0], [0, 0, 0, 0], [7, 0, 9, 0]])
    merged = postprocessing.merge_touching(labels)
    assert merged.tolist() == [[1, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0], [2, 0, 3, 0]]


@settings(deadline=None)
@given(labels=small_labels())
def test_merge_touching_equals_the_components_of_the_foreground(labels):
    expected = label(labels > 0, connectivity=labels.ndim)
    assert np.array_equal(postprocessing.merge_touching(labels), expected)


def test_merging_undoes_splitting(shared_image):
    mask = shared_image("published/blobs_otsu.tif") > 0
    merged = postprocessing.merge_touching(postprocessing.split_touching_objects(mask))
    assert np.array_equal(merged, segmentation.label_connected_components(mask))


# Combining: the join and the meet of partitions

several = st.integers(1, 4).flatmap(
    lambda number: hnp.array_shapes(min_dims=2, max_dims=3, max_side=4).flatmap(
        lambda shape: st.lists(
            hnp.arrays(np.int32, shape, elements=st.integers(0, 3)),
            min_size=number,
            max_size=number,
        )
    )
)
methods = st.sampled_from(["union", "intersection"])


def combined_by_definition(images, method):
    """Combine by comparing every pair of pixels."""
    stack = np.stack([image.ravel() for image in images])
    present = (stack > 0).any(axis=0) if method == "union" else (stack > 0).all(axis=0)
    places = np.flatnonzero(present)
    related = np.eye(len(places), dtype=bool)
    for (i, first), (j, second) in itertools.product(enumerate(places), repeat=2):
        same = (stack[:, first] == stack[:, second]) & (stack[:, first] > 0)
        related[i, j] = same.any() if method == "union" else same.all()
    for _ in range(len(places)):  # the transitive closure
        related = related @ related
    result = np.zeros(stack.shape[1], int)
    for place, row in zip(places, related, strict=True):
        result[place] = 1 + places[np.argmax(row)]
    return result.reshape(images[0].shape)


@settings(max_examples=80, deadline=None)
@given(images=several, method=methods)
def test_combine_is_the_join_or_meet_of_the_objects(images, method):
    found = postprocessing.combine(images, method=method)
    assert same_objects(found, combined_by_definition(images, method))
    # Numbers are in the order of a scan.
    first = [np.argmax(found.ravel() == n) for n in range(1, found.max() + 1)]
    assert first == sorted(first)


@settings(max_examples=60, deadline=None)
@given(images=several, method=methods, data=st.data())
def test_combine_does_not_depend_on_the_order(images, method, data):
    shuffled = data.draw(st.permutations(images))
    assert np.array_equal(
        postprocessing.combine(images, method=method),
        postprocessing.combine(shuffled, method=method),
    )


@settings(max_examples=60, deadline=None)
@given(images=several, method=methods)
def test_combining_in_steps_is_combining_at_once(images, method):
    at_once = postprocessing.combine(images, method=method)
    rest = postprocessing.combine(images[1:], method=method) if images[1:] else images[0]
    assert np.array_equal(postprocessing.combine([images[0], rest], method=method), at_once)


@settings(max_examples=60, deadline=None)
@given(images=several, method=methods, times=st.integers(1, 5))
def test_combining_an_image_with_itself_changes_only_numbers(images, method, times):
    found = postprocessing.combine([images[0]] * times, method=method)
    assert same_objects(found, images[0])


@settings(max_examples=60, deadline=None)
@given(images=several)
def test_union_and_intersection_absorb_each_other(images):
    first = images[0]
    union = postprocessing.combine(images, method="union")
    assert same_objects(postprocessing.combine([first, union], method="intersection"), first)
    intersection = postprocessing.combine(images, method="intersection")
    assert same_objects(postprocessing.combine([first, intersection], method="union"), first)


def test_combine_takes_many_images():
    # A chain of 50 overlapping pairs of pixels is one object; nothing is in all of them.
    images = []
    for start in range(50):
        image = np.zeros((1, 60), int)
        image[0, start : start + 2] = start + 1
        images.append(image)
    assert postprocessing.combine(images).tolist() == [[1] * 51 + [0] * 9]
    assert not postprocessing.combine(images, method="intersection").any()


def test_intersections_of_many_large_numbers_stay_apart():
    # Products of the numbers of objects do not fit 64 bits after a few images.
    random = np.random.default_rng(0)
    images = [random.integers(1, 2**62, (30, 30)) for _ in range(6)]
    found = postprocessing.combine(images, method="intersection")
    assert found.max() == 900


# Numbering


@pytest.mark.parametrize("dtype", ["?", "u1", "i4", "u4", "i8"])
def test_relabel_sequential_equals_scikit_image(dtype):
    labels = random_labels((40, 41)).astype(dtype)
    expected = sksegmentation.relabel_sequential(labels.astype(int))[0]
    assert np.array_equal(postprocessing.relabel_sequential(labels), expected)


@settings(deadline=None)
@given(labels=small_labels(largest=2**31 - 1))
def test_relabel_sequential_equals_scikit_image_on_any_labels(labels):
    # scikit-image makes a table up to the largest number, so it gets their ranks' squares.
    _, ranks = np.unique(np.append(labels, 0), return_inverse=True)
    ranks = ranks[:-1].reshape(labels.shape)
    expected = sksegmentation.relabel_sequential(ranks**2)[0]
    found = postprocessing.relabel_sequential(labels)
    assert found.dtype == np.int32
    assert np.array_equal(found, expected)


def test_relabel_sequential_keeps_the_order_of_huge_numbers():
    labels = np.array([[2**62, 0, 5], [5, 2**40, 2**62]])
    assert postprocessing.relabel_sequential(labels).tolist() == [[3, 0, 1], [1, 2, 3]]
