"""Magic wand and level tracing mark what floods and components of scipy mark."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import ndimage
from skimage.segmentation import flood

from napari_delineate import segmentation
from napari_delineate.annotation.wand import Wand, level_mask, level_object, wand_object
from tests.annotation.applying import applied, whole

pytestmark = pytest.mark.slow  # what is compiled for them takes seconds


@st.composite
def images(draw):
    """Draw an image with plateaus, and a pixel of it."""
    shape = draw(
        st.one_of(st.tuples(*[st.integers(1, 12)] * 2), st.tuples(*[st.integers(1, 6)] * 3))
    )
    kind = draw(st.sampled_from([np.bool_, np.uint8, np.int16, np.uint64, np.float32, np.float64]))
    levels = st.integers(0, 1) if kind == np.bool_ else st.integers(0, 5)
    image = draw(arrays.arrays(np.uint8, shape, elements=levels)).astype(kind)
    if kind == np.uint64:
        image = image * np.uint64(2**40)
    return image, tuple(draw(st.integers(0, size - 1)) for size in shape)


def component(inside, place):
    parts, _ = ndimage.label(inside)
    return parts == parts[place]


@given(images(), st.lists(st.floats(0, 6), min_size=1, max_size=6))
@settings(max_examples=80, deadline=None)
def test_every_tolerance_gives_the_connected_pixels_within_it(drawn, tolerances):
    image, place = drawn
    unit = 2**40 if image.dtype == np.uint64 else 1
    wand = Wand(image, place, whole(image))
    differences = np.abs(image.astype(float) - float(image[place]))
    for tolerance in tolerances:  # in any order: up and down again
        expected = component(differences <= tolerance * unit, place)
        np.testing.assert_array_equal(wand.mask(tolerance * unit), expected)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(90, 110), (14, 30, 40)])
def test_it_is_the_flood_of_scikit_image(shape, dtype):
    random = np.random.default_rng(3)
    image = ndimage.gaussian_filter(random.normal(size=shape), 2)
    image = (image - image.min()) / np.ptp(image)
    image = (image * {"u1": 255, "u2": 65535}.get(np.dtype(dtype).str[1:], 3)).astype(dtype)
    place = tuple(size // 2 for size in shape)
    wand = Wand(image, place, whole(image))
    reach = wand.largest_tolerance
    for share in (0, 0.1, 0.45, 0.2, 1):
        tolerance = np.floor(reach * share) if image.dtype.kind == "u" else reach * share
        expected = flood(image.astype(float), place, tolerance=float(tolerance), connectivity=1)
        found = wand.mask(tolerance)
        # A float32 difference is rounded; no two pixels of these images are as near as that.
        assert (found != expected).sum() <= 1
    assert wand.mask(reach).all()


def test_one_hot_pixel_does_not_blur_the_tolerance():
    image = np.linspace(0, 1, 500).reshape(1, -1)
    image[0, -1] = 1e12
    wand = Wand(image, (0, 0), whole(image))
    for tolerance in (0.1, 0.5, 0.501):
        np.testing.assert_array_equal(wand.mask(tolerance)[0], image[0] <= tolerance)


@given(images(), st.data())
@settings(max_examples=40, deadline=None)
def test_a_window_is_all_there_is(drawn, data):
    image, place = drawn
    within = tuple(
        slice(data.draw(st.integers(0, at)), data.draw(st.integers(at + 1, size)))
        for at, size in zip(place, image.shape, strict=True)
    )
    inner = tuple(at - side.start for at, side in zip(place, within, strict=True))
    apart = Wand(np.ascontiguousarray(image[within]), inner, whole(image[within]))
    assert (Wand(image, place, within).mask(1) == apart.mask(1)).all()


def test_the_window_is_cut_at_the_image():
    image = np.zeros((4, 5), np.uint8)
    assert Wand(image, (0, 0), (slice(-9, 99), slice(None))).mask(0).shape == (4, 5)


@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_never_marked(hole):
    image = np.array([[1, 1, hole, 1], [1, hole, 1, 1]])
    wand = Wand(image, (0, 0), whole(image))
    assert wand.mask(np.inf).tolist() == [[True, True, False, False], [True, False, False, False]]
    assert not level_mask(image, (0, 0), whole(image))[:, 2:].any()
    with pytest.raises(ValueError, match="no number at this place"):
        Wand(image, (0, 2), whole(image))
    with pytest.raises(ValueError, match="no number at this place"):
        level_mask(image, (0, 2), whole(image))


def test_a_blur_takes_noise_out_and_looks_beyond_the_window():
    random = np.random.default_rng(1)
    disk = np.hypot(*(np.indices((60, 60)) - 29.5)) <= 20
    image = 100 * disk + random.normal(0, 30, disk.shape)
    within = (slice(0, 40), slice(0, 60))
    alone = Wand(image, (30, 30), within).mask(50)
    smooth = Wand(image, (30, 30), within, sigma=2).mask(50)
    expected = disk[within]
    overlap = [(one & expected).sum() / (one | expected).sum() for one in (alone, smooth)]
    assert overlap[1] > 0.95 > overlap[0]
    wider = Wand(image, (30, 30), whole(image), sigma=2)
    value = Wand(image, (30, 30), within, sigma=2).value
    assert value == pytest.approx(wider.value)


def test_a_blur_is_as_wide_in_every_direction_in_space():
    image = np.zeros((9, 33, 33))
    image[4, 16, 16] = 1
    wand = Wand(image, (4, 16, 16), whole(image), sigma=4, spacing=(4, 1, 1))
    level = wand.value - ndimage.gaussian_filter(image, (1, 4, 4), mode="nearest")[5, 16, 16]
    marked = wand.mask(level * (1 + 1e-6))
    assert marked[5, 16, 16]
    assert marked[4, 16, 12]
    assert not marked[4, 16, 11]


def test_unknown_pixels_do_not_darken_their_neighbours():
    image = np.full((20, 20), 7.0)
    image[5:9, 5:9] = np.nan
    found = Wand(image, (0, 0), whole(image), sigma=2).mask(1e-9)
    np.testing.assert_array_equal(found, ~np.isnan(image))


@given(images(), st.sampled_from(["brighter", "darker"]))
@settings(max_examples=60, deadline=None)
def test_level_tracing_is_that_of_the_whole_image(drawn, side):
    image, place = drawn
    expected = segmentation.level_tracing(image, [place], side=side)
    np.testing.assert_array_equal(level_mask(image, place, whole(image), side=side), expected)


def test_an_object_is_made_and_holes_are_filled():
    image = np.zeros((7, 9), np.uint8)
    image[1:6, 1:6] = 50
    image[3, 3] = 0
    labels = np.zeros(image.shape, np.int32)
    wand = Wand(image, (2, 2), whole(image))
    open_ring = applied(labels, wand_object(labels, wand, 10, 4))
    np.testing.assert_array_equal(open_ring, np.where(image == 50, 4, 0))
    closed = applied(labels, wand_object(labels, wand, 10, 4, fill_holes=True))
    assert closed[3, 3] == 4
    traced = applied(labels, level_object(labels, image, (2, 2), whole(image), 4))
    np.testing.assert_array_equal(traced, closed)


def test_other_objects_are_kept_if_they_are_locked_or_preserved():
    image = np.zeros((1, 6), np.uint8)
    labels = np.array([[3, 0, 1, 2, 0, 0]], np.uint8)
    wand = Wand(image, (0, 1), whole(image))
    assert applied(labels, wand_object(labels, wand, 0, 3)).tolist() == [[3] * 6]
    kept = applied(labels, wand_object(labels, wand, 0, 3, locked=[2]), locked=[2])
    assert kept.tolist() == [[3, 3, 3, 2, 3, 3]]
    kept = applied(labels, wand_object(labels, wand, 0, 3, preserve=True))
    assert kept.tolist() == [[3, 3, 1, 2, 3, 3]]


def test_a_stack_of_one_slice_is_a_slice():
    random = np.random.default_rng(0)
    image = random.integers(0, 4, (12, 15))
    flat, deep = (
        Wand(one, at, whole(one)) for one, at in ((image, (3, 4)), (image[None], (0, 3, 4)))
    )
    for tolerance, fill in itertools.product((0, 1, 2), (False, True)):
        found = deep.mask(tolerance, fill_holes=fill)
        np.testing.assert_array_equal(found[0], flat.mask(tolerance, fill_holes=fill))


def test_labels_are_read_only_where_something_is_found():
    class Guarded:
        shape, dtype, ndim = (4, 10**7, 10**7), np.dtype(np.int32), 3

        def __getitem__(self, box):
            assert all(side.stop - side.start <= 5 for side in box)
            return np.zeros([side.stop - side.start for side in box], np.int32)

    image = np.broadcast_to(np.uint8(3), Guarded.shape)
    within = (slice(2, 3), slice(500, 505), slice(10**6, 10**6 + 5))
    edit = wand_object(Guarded(), Wand(image, (2, 501, 10**6 + 1), within), 0, 9)
    assert edit.box == within
    assert (edit.labels == 9).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda i: Wand(i, (9, 9), whole(i)), "outside of what is in view"),
        (lambda i: Wand(i, (np.nan, 1), whole(i)), "outside of what is in view"),
        (lambda i: Wand(i, (1, 1, 1), whole(i)), "2 coordinates"),
        (lambda i: Wand(i, (1, 1), (slice(7, 9), slice(0, 9))), "nothing of the image is in view"),
        (lambda i: Wand(i, (1, 1), (slice(0, 2),)), "1 axes"),
        (lambda i: Wand(i.astype(complex), (1, 1), whole(i)), "real numbers"),
        (lambda i: wand_object(i, Wand(i, (1, 1), whole(i)), 0, 0), "0 is none"),
        (lambda i: wand_object(i, Wand(i, (1, 1), whole(i)), 0, 5, locked=[5]), "5 is locked"),
        (lambda i: wand_object(i, Wand(i, (1, 1), whole(i)), 0, 5, locked=[2]), "protected"),
        (lambda i: wand_object(i[:2], Wand(i, (1, 1), whole(i)), 0, 5), "another shape"),
        (lambda i: wand_object(i[None], Wand(i, (1, 1), whole(i)), 0, 5), "another shape"),
    ],
)
def test_what_cannot_be_done_is_said(make, message):
    with pytest.raises(ValueError, match=message):
        make(np.full((4, 4), 2, np.uint8))


def test_a_number_beyond_the_dtype_asks_for_a_wider_one():
    labels = np.full((4, 4), 2, np.uint8)
    edit = wand_object(labels, Wand(labels, (1, 1), whole(labels)), 0, 300, preserve=False)
    assert edit.labels.dtype == np.int32
    assert (edit.labels == 300).all()
