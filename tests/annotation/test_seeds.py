"""Clicked seeds give the watershed of scikit-image, and objects that end where they should."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage.segmentation import watershed

from napari_delineate.annotation.seeds import Seed, grow_seeds, landscape_of, seeded_objects
from tests.annotation.applying import applied, whole

pytestmark = pytest.mark.slow  # what is compiled for them takes seconds


def bumps(shape, centres, sigma, heights):
    """Return Gaussian bumps: their half maximum is a ball of a known radius."""
    grid = np.indices(shape)
    total = np.zeros(shape)
    for centre, height in zip(centres, heights, strict=True):
        at = np.reshape(centre, (-1,) + (1,) * len(shape))
        total = np.maximum(total, height * np.exp(-((grid - at) ** 2).sum(0) / (2 * sigma**2)))
    return total


@pytest.mark.parametrize("turned", [1, -1])
@pytest.mark.parametrize(
    ("shape", "centres"),
    [((60, 90), [(30, 25), (28, 65)]), ((30, 34, 60), [(15, 16, 16), (15, 17, 42)])],
)
def test_objects_end_at_half_of_their_own_brightness(shape, centres, turned):
    sigma = 4.0
    image = turned * bumps(shape, centres, sigma, [100, 30])
    landscape = landscape_of(image, whole(image), sigma=0)
    seeds = [Seed(centre, 5 + rank) for rank, centre in enumerate(centres)]
    found = grow_seeds(landscape, seeds)
    radius = sigma * np.sqrt(2 * np.log(2))
    for seed in seeds:
        at = np.reshape(seed.point, (-1,) + (1,) * len(shape))
        ball = ((np.indices(shape) - at) ** 2).sum(0) <= radius**2
        assert ((found == seed.number) != ball).sum() <= 0.03 * ball.sum()
    fewer = grow_seeds(landscape, seeds, share=0.25)
    wider = sigma * np.sqrt(2 * np.log(4))
    first = ((np.indices(shape) - np.reshape(centres[0], (-1,) + (1,) * len(shape))) ** 2).sum(0)
    assert ((fewer == 5) != (first <= wider**2)).sum() <= 0.03 * (first <= wider**2).sum()


def test_a_second_seed_splits_where_it_is_darkest_between_them():
    image = bumps((41, 81), [(20, 30), (20, 50)], 9.0, [100, 100])
    landscape = landscape_of(image, whole(image), sigma=0)
    one = grow_seeds(landscape, [Seed((20, 30), 1)])
    assert one[20, 50] == 1
    two = grow_seeds(landscape, [Seed((20, 30), 1), Seed((20, 50), 2)])
    assert (two[:, :40] != 2).all()
    assert (two[:, 41:] != 1).all()
    np.testing.assert_array_equal(two > 0, one > 0)
    same = grow_seeds(landscape, [Seed((20, 30), 3), Seed((20, 50), 3)])
    np.testing.assert_array_equal(same > 0, one > 0)


def random_image(shape):
    random = np.random.default_rng(7)
    return ndimage.gaussian_filter(random.normal(size=shape), 2.0)


@pytest.mark.parametrize("shape", [(50, 70), (12, 25, 30)])
def test_membranes_are_flooded_as_scikit_image_does(shape):
    image = random_image(shape)
    random = np.random.default_rng(2)
    points = [tuple(random.integers(0, size) for size in shape) for _ in range(6)]
    seeds = [
        Seed(point, number) for point, number in zip(points, (3, 900, 0, 3, 7, 12), strict=True)
    ]
    markers = np.zeros(shape, int)
    for rank, point in enumerate(points):
        markers[point] = rank + 1
    landscape = landscape_of(image, whole(image), outlines="membranes", sigma=0)
    expected = np.array([0, 3, 900, 0, 3, 7, 12])[watershed(image, markers)]
    np.testing.assert_array_equal(grow_seeds(landscape, seeds), expected)


@pytest.mark.parametrize("turned", [1, -1])
def test_edges_end_objects_without_a_seed_of_the_background(turned):
    image = np.zeros((40, 60))
    image[10:30, 15:35] = 50
    image[5:20, 45:60] = 90  # at the border of the image
    image = turned * ndimage.gaussian_filter(image, 1, mode="nearest")
    landscape = landscape_of(image, whole(image), outlines="edges", sigma=0)
    found = grow_seeds(landscape, [Seed((20, 20), 1), Seed((10, 52), 2)])
    for number, box in ((1, np.s_[10:30, 15:35]), (2, np.s_[5:20, 45:60])):
        square = np.zeros(image.shape, bool)
        square[box] = True
        wrong = (found == number) != square
        assert not wrong[
            ~ndimage.binary_dilation(
                square ^ ndimage.binary_erosion(square, border_value=1), iterations=1
            )
        ].any()


def test_removed_seeds_take_their_objects_with_them():
    image = bumps((20, 60), [(10, 12), (10, 45)], 3.0, [50, 50])
    labels = np.zeros(image.shape, np.uint16)
    landscape = landscape_of(image, whole(image))
    seeds = [Seed((10, 12), 8), Seed((10, 45), 9)]
    both = applied(labels, seeded_objects(labels, landscape, seeds))
    assert set(np.unique(both)) == {0, 8, 9}
    one = applied(both, seeded_objects(both, landscape, seeds[:1], earlier=[8, 9]))
    alone = applied(labels, seeded_objects(labels, landscape, seeds[:1]))
    np.testing.assert_array_equal(one, alone)
    with pytest.raises(ValueError, match="change nothing"):
        seeded_objects(one, landscape, seeds[:1], earlier=[9])


def test_protected_objects_are_walls():
    image = np.zeros((9, 21))
    image[:, :] = 10.0
    labels = np.zeros(image.shape, np.int32)
    labels[:, 10] = 4
    landscape = landscape_of(image, whole(image), outlines="membranes")
    seeds = [Seed((4, 3), 1)]
    over = applied(labels, seeded_objects(labels, landscape, seeds))
    assert (over == 1).all()
    for settings in ({"locked": [4]}, {"preserve": True}):
        edit = seeded_objects(labels, landscape, seeds, **settings)
        kept = applied(labels, edit, settings.get("locked", ()))
        assert (kept[:, :10] == 1).all()
        assert (kept[:, 11:] == 0).all()
        assert (kept[:, 10] == 4).all()
        with pytest.raises(ValueError, match="protected object"):
            seeded_objects(labels, landscape, [Seed((4, 10), 1)], **settings)


@pytest.mark.parametrize("outlines", ["brightness", "edges", "membranes"])
def test_a_stack_of_one_slice_is_a_slice_and_windows_do_not_matter(outlines):
    image = random_image((40, 50)).astype(np.float32)
    within = (slice(5, 35), slice(10, 45))
    points = [(12, 20), (30, 40), (20, 15)]
    flat = landscape_of(image, within, outlines=outlines, sigma=0)
    found = grow_seeds(flat, [Seed(point, rank + 1) for rank, point in enumerate(points)])
    deep = landscape_of(image[None], (slice(0, 1), *within), outlines=outlines, sigma=0)
    seeds = [Seed((0, *point), rank + 1) for rank, point in enumerate(points)]
    np.testing.assert_array_equal(grow_seeds(deep, seeds)[0], found)
    part = np.ascontiguousarray(image[within])
    apart = landscape_of(part, whole(part), outlines=outlines, sigma=0)
    seeds = [Seed((y - 5, x - 10), rank + 1) for rank, (y, x) in enumerate(points)]
    np.testing.assert_array_equal(grow_seeds(apart, seeds), found)


def test_what_is_no_number_is_no_object():
    image = bumps((20, 20), [(10, 10)], 4.0, [10])
    image[8:12, 12] = np.nan
    found = grow_seeds(landscape_of(image, whole(image)), [Seed((10, 10), 2)])
    assert not found[np.isnan(image)].any()
    assert found[10, 10] == 2
    with pytest.raises(ValueError, match="holds no number"):
        landscape_of(np.full((4, 4), np.nan), (slice(0, 4),) * 2)


def test_an_image_without_contrast_is_one_object():
    image = np.full((8, 9), 3, np.uint8)
    for outlines in ("brightness", "membranes"):
        landscape = landscape_of(image, whole(image), outlines=outlines)
        assert (grow_seeds(landscape, [Seed((2, 2), 6)]) == 6).all()


@pytest.mark.parametrize(
    ("seeds", "settings", "message"),
    [
        ([], {}, "no seed of an object"),
        ([Seed((1, 1), 0)], {}, "no seed of an object"),
        ([Seed((50, 1), 3)], {}, "outside of what is in view"),
        ([Seed((1, 1), -3)], {}, "-3 is none"),
        ([Seed((1, 1), 3)], {"locked": [3]}, "3 is locked"),
    ],
)
def test_what_cannot_be_done_is_said(seeds, settings, message):
    image = random_image((20, 20))
    landscape = landscape_of(image, whole(image))
    with pytest.raises(ValueError, match=message):
        seeded_objects(np.zeros(image.shape, np.uint8), landscape, seeds, **settings)


def test_clicks_find_most_nuclei_of_a_real_image(shared_image):
    image = shared_image("nuclei2d_gt/dsb_a02ec007.tif")
    reference = shared_image("nuclei2d_gt/dsb_a02ec007_labels.tif")
    numbers = np.unique(reference[reference > 0])
    centres = ndimage.center_of_mass(reference > 0, reference, numbers)
    seeds = [
        Seed(centre, int(number))
        for centre, number in zip(centres, numbers, strict=True)
        if reference[tuple(np.round(centre).astype(int))] == number
    ]
    found = grow_seeds(landscape_of(image, whole(image)), seeds)
    overlap = [
        ((found == seed.number) & (reference == seed.number)).sum()
        / ((found == seed.number) | (reference == seed.number)).sum()
        for seed in seeds
    ]
    assert np.mean(np.array(overlap) > 0.5) > 0.8


def test_a_number_beyond_the_dtype_asks_for_a_wider_one():
    image = random_image((20, 20))
    landscape = landscape_of(image, whole(image))
    seeds = [Seed((1, 1), 300), Seed((18, 18), 7)]
    edit = seeded_objects(np.zeros(image.shape, np.uint8), landscape, seeds)
    assert edit.labels.dtype == np.int32
    assert {7, 300} <= set(np.unique(edit.labels).tolist())
