"""A box around an object finds it: shapes of known size, and reference annotations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_delineate.annotation.box import box_mask, box_object
from tests.annotation.applying import applied, whole


def ball(shape, centre, radius, spacing=1.0):
    at = np.reshape(centre, (-1,) + (1,) * len(shape))
    steps = np.reshape(np.broadcast_to(spacing, len(shape)), at.shape)
    return (((np.indices(shape) - at) * steps) ** 2).sum(0) <= radius**2


def overlap(one, other):
    return (one & other).sum() / (one | other).sum()


@pytest.mark.parametrize("turned", [1, -1])
@pytest.mark.parametrize(
    ("shape", "spacing"), [((60, 70), (1, 1)), ((50, 60, 60), (1, 1, 1)), ((12, 60, 60), (4, 1, 1))]
)
def test_a_ball_is_found_bright_or_dark(shape, spacing, turned):
    centre = [size // 2 for size in shape]
    expected = ball(shape, centre, 15, spacing)
    image = np.where(expected, 60.0, 10.0) * turned
    image += np.random.default_rng(0).normal(0, 4, shape)
    reach = [round(19 / step) for step in spacing]
    box = tuple(slice(at - by, at + by + 1) for at, by in zip(centre, reach, strict=True))
    for side in ("either", "brighter" if turned > 0 else "darker"):
        found = box_mask(image, box, side=side, spacing=spacing)
        assert overlap(found, expected[tuple(slice(max(s.start, 0), s.stop) for s in box)]) > 0.95


def test_without_noise_it_is_exact():
    expected = ball((40, 40), (20, 20), 9)
    found = box_mask(np.where(expected, 200, 3).astype(np.uint8), whole(expected), sigma=0)
    np.testing.assert_array_equal(found, expected)


def test_holes_are_filled():
    disk = ball((40, 40), (20, 20), 12)
    image = np.where(disk & ~ball((40, 40), (20, 20), 4), 9, 0)
    np.testing.assert_array_equal(box_mask(image, whole(image), sigma=0), disk)


def test_a_neighbour_that_looks_in_is_left_out_even_if_it_is_larger():
    disk, neighbour = ball((40, 60), (20, 20), 7), ball((40, 60), (20, 48), 17)
    image = np.where(disk | neighbour, 50, 0)
    found = box_mask(image, (slice(8, 33), slice(5, 42)), sigma=0)
    np.testing.assert_array_equal(found, disk[8:33, 5:42])


def test_a_neighbour_that_touches_is_cut_off_where_it_is_narrow():
    disk, neighbour = ball((50, 80), (25, 25), 12), ball((50, 80), (25, 48), 12)
    image = np.where(disk | neighbour, 50, 0)
    found = box_mask(image, (slice(8, 42), slice(8, 46)), sigma=0)
    assert overlap(found, disk[8:42, 8:46]) > 0.93


def test_bright_texture_does_not_stand_for_the_object():
    disk = ball((50, 50), (25, 25), 17)
    spots = np.zeros(disk.shape)
    for at in ((20, 18), (28, 30), (22, 31), (31, 20)):
        spots += ball(disk.shape, at, 3) * 70
    image = 8 + 45 * disk + spots
    assert overlap(box_mask(image, (slice(4, 46), slice(4, 46))), disk[4:46, 4:46]) > 0.95


@pytest.mark.parametrize("corner", [(0, 0), (0, 25), (39, 49)])
def test_an_object_that_the_image_cuts_is_found(corner):
    disk = ball((40, 50), corner, 12)
    box = tuple(slice(at - 16, at + 17) for at in corner)
    inside = tuple(slice(max(s.start, 0), s.stop) for s in box)
    np.testing.assert_array_equal(box_mask(disk * 9, box, sigma=0), disk[inside])


def test_a_stack_of_one_slice_is_a_slice():
    image = ndimage.gaussian_filter(np.random.default_rng(4).normal(size=(40, 40)), 3)
    box = (slice(5, 30), slice(8, 36))
    found = box_mask(image[None], (slice(0, 1), *box), sigma=0)
    np.testing.assert_array_equal(found[0], box_mask(image, box, sigma=0))


def test_what_is_no_number_is_left_out():
    image = np.where(ball((30, 30), (15, 15), 8), 9.0, 1.0)
    image[0, :] = np.nan
    image[:, 3] = np.inf
    found = box_mask(image, whole(image), sigma=0)
    np.testing.assert_array_equal(found, image == 9)


def test_the_object_takes_what_is_allowed():
    disk = ball((30, 30), (15, 15), 8)
    labels = np.zeros(disk.shape, np.uint8)
    labels[:, :12] = 3
    box = (slice(3, 27), slice(3, 27))
    over = applied(labels, box_object(labels, disk * 7, box, 9, sigma=0))
    np.testing.assert_array_equal(over, np.where(disk, 9, labels))
    for settings in ({"locked": [3]}, {"preserve": True}):
        edit = box_object(labels, disk * 7, box, 9, sigma=0, **settings)
        kept = applied(labels, edit, settings.get("locked", ()))
        np.testing.assert_array_equal(kept, np.where(disk & (labels == 0), 9, labels))


@pytest.mark.parametrize(
    ("box", "settings", "message"),
    [
        ((slice(40, 50), slice(0, 9)), {}, "nothing of the image"),
        ((slice(5, 5), slice(0, 9)), {}, "nothing of the image"),
        ((slice(0, 3), slice(0, 3)), {}, "equally bright"),
        ((slice(3, 27), slice(3, 27)), {"locked": [9]}, "9 is locked"),
        ((slice(3, 27), slice(3, 27)), {"locked": [2]}, "protected"),
    ],
)
def test_what_cannot_be_done_is_said(box, settings, message):
    image = ball((30, 30), (15, 15), 8) * 5
    with pytest.raises(ValueError, match=message):
        box_object(np.full(image.shape, 2), image, box, 9, sigma=0, **settings)


@pytest.mark.parametrize(
    ("name", "least"), [("dsb_a02ec007", 0.95), ("dsb_9ebcfaf2", 0.7), ("dsb_87642352", 0.95)]
)
def test_boxes_around_annotated_nuclei_find_them(shared_image, name, least):
    image = shared_image(f"nuclei2d_gt/{name}.tif")
    reference = shared_image(f"nuclei2d_gt/{name}_labels.tif")
    overlaps = []
    for number, tight in enumerate(ndimage.find_objects(reference), 1):
        box = tuple(slice(max(side.start - 4, 0), side.stop + 4) for side in tight)
        expected = reference[box] == number
        if expected.sum() >= 60:
            overlaps.append(overlap(box_mask(image, box), expected))
    assert np.mean(np.array(overlaps) > 0.5) >= least
