"""Morphology of intensities against scipy, scikit-image and SimpleITK, and its laws."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage import morphology

from napari_delineate import filters
from napari_delineate.building_blocks import offsets_within

SHAPES = [(21, 24), (7, 20, 22)]
DTYPES = ["u1", "u2", "i2", "i8", "f4", "f8"]
IMAGES = hnp.arrays(
    st.sampled_from([np.uint8, np.int16, np.float32]),
    hnp.array_shapes(min_dims=2, max_dims=3, max_side=7),
    elements=st.integers(0, 9),
)


def smooth(shape, dtype="u2", seed=0, highest=200):
    random = np.random.default_rng(seed)
    image = ndimage.gaussian_filter(random.random(shape), 1)
    image = (image - image.min()) / np.ptp(image) * highest
    return image.astype(dtype)


def footprint(ndim, connectivity):
    return ndimage.generate_binary_structure(ndim, ndim if connectivity == "full" else 1)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("name", ["erosion", "dilation", "opening", "closing"])
def test_ball_of_a_physical_radius_equals_scipy(name, ndim, dtype):
    image = smooth(SHAPES[ndim - 2], dtype)
    spacing = (4.0, 1.0, 1.0)[-ndim:]
    found = getattr(filters, name)(image, radius=4.0, spacing=spacing)
    ball = offsets_within((1.0, 4.0, 4.0)[-ndim:], "ball")
    expected = getattr(ndimage, f"grey_{name}")(image, footprint=ball)
    assert found.dtype == image.dtype
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("shape", ["ball", "box"])
def test_gradient_equals_scipy(shape):
    image = smooth((9, 20, 22), "f8")
    found = filters.morphological_gradient(image, radius=2, shape=shape)
    around = offsets_within((2, 2, 2), shape)
    np.testing.assert_allclose(found, ndimage.morphological_gradient(image, footprint=around))


def test_gradients_never_wrap():
    image = np.array([[-128, 127, 0]], np.int8)
    found = filters.morphological_gradient(image)
    assert found.dtype == np.uint8
    assert found.tolist() == [[255, 255, 127]]


@settings(deadline=None)
@given(IMAGES, st.sampled_from([1, 2]), st.sampled_from(["ball", "box"]))
def test_openings_and_closings_keep_their_laws(image, radius, shape):
    chosen = {"radius": radius, "shape": shape}
    both = (filters.opening, filters.closing)
    by_reconstruction = (filters.opening_by_reconstruction, filters.closing_by_reconstruction)
    for opening, closing in (both, by_reconstruction):
        opened, closed = opening(image, **chosen), closing(image, **chosen)
        assert (opened <= image).all()
        assert (closed >= image).all()
        assert np.array_equal(opening(opened, **chosen), opened)
        turned = image.max() - image
        assert np.array_equal(closing(turned, **chosen), image.max() - opened)
    assert (filters.opening(image, **chosen) <= opened).all()


@pytest.mark.parametrize("connectivity", ["full", "face"])
@pytest.mark.parametrize("dtype", ["?", *DTYPES])
@pytest.mark.parametrize("shape", SHAPES)
def test_reconstruction_equals_scikit_image(shape, dtype, connectivity):
    limit = smooth(shape) > 100 if dtype == "?" else smooth(shape, dtype)
    random = np.random.default_rng(1).random(shape) > 0.97
    around = footprint(len(shape), connectivity)
    seed = np.where(random, limit, limit.min())
    found = filters.reconstruction(seed, limit, connectivity=connectivity)
    assert found.dtype == limit.dtype
    assert np.array_equal(found, morphology.reconstruction(seed, limit, footprint=around))
    seed = np.where(random, limit, limit.max())
    found = filters.reconstruction(seed, limit, method="erosion", connectivity=connectivity)
    expected = morphology.reconstruction(seed * 1.0, limit * 1.0, "erosion", footprint=around)
    assert np.array_equal(found, expected)


@settings(deadline=None)
@given(IMAGES, st.randoms(use_true_random=False), st.sampled_from(["full", "face"]))
def test_reconstruction_is_dilation_until_nothing_changes(limit, random, connectivity):
    seed = np.array([random.randint(0, 9) for _ in range(limit.size)], limit.dtype)
    seed = expected = np.minimum(seed.reshape(limit.shape), limit)
    around = footprint(limit.ndim, connectivity)
    for _ in range(limit.size):
        expected = np.minimum(ndimage.grey_dilation(expected, footprint=around), limit)
    assert np.array_equal(filters.reconstruction(seed, limit, connectivity=connectivity), expected)


def test_reconstruction_of_a_spiral():
    """The way is long and turns: scans alone do not find its end."""
    spiral = np.zeros((41, 41), np.uint8)
    y = x = 0
    dy, dx = 0, 1
    spiral[0, 0] = 9
    while True:
        ahead = [(y + n * dy, x + n * dx) for n in (1, 2)]
        free = [0 <= j < 41 and 0 <= i < 41 and not spiral[j, i] for j, i in ahead]
        outside = not (0 <= ahead[1][0] < 41 and 0 <= ahead[1][1] < 41)
        if not free[0] or (not free[1] and not outside):
            dy, dx = dx, -dy
            j, i = y + dy, x + dx
            if not (0 <= j < 41 and 0 <= i < 41) or spiral[j, i] or spiral[j + dy, i + dx]:
                break
            continue
        y, x = ahead[0]
        spiral[y, x] = 9
    seed = np.zeros_like(spiral)
    seed[y, x] = 5
    found = filters.reconstruction(seed, spiral, connectivity="face")
    assert np.array_equal(found, np.minimum(spiral, 5))


@pytest.mark.parametrize("connectivity", ["full", "face"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_area_openings_equal_scikit_image(shape, dtype, connectivity):
    image = smooth(shape, dtype, highest=60)
    steps = {"full": image.ndim, "face": 1}[connectivity]
    for size in (1, 2, 9, 60):
        found = filters.area_opening(image, min_size=size, connectivity=connectivity)
        assert found.dtype == image.dtype
        assert np.array_equal(found, morphology.area_opening(image, size, connectivity=steps))
        found = filters.area_closing(image, min_size=size, connectivity=connectivity)
        turned = -image if image.dtype.kind == "f" else ~image
        expected = morphology.area_opening(turned, size, connectivity=steps)
        assert np.array_equal(found, -expected if image.dtype.kind == "f" else ~expected)


def test_areas_count_in_physical_units():
    image = np.zeros((9, 9, 9), np.uint8)
    image[2:4, 2:4, 2:4] = 5  # 8 voxels of 4 cubic micrometers
    spacing = (4.0, 1.0, 1.0)
    assert filters.area_opening(image, min_size=32.0, spacing=spacing).max() == 5
    assert filters.area_opening(image, min_size=32.1, spacing=spacing).max() == 0


@pytest.mark.parametrize("function", [filters.area_opening, filters.area_closing])
def test_regions_larger_than_any_image_leave_a_flat_one(function):
    image = np.random.default_rng(0).random((9, 10))
    flat = image.min() if function is filters.area_opening else image.max()
    assert (function(image, min_size=1e308, spacing=0.1) == flat).all()


@pytest.mark.parametrize("height", [0, 1, 7, 40])
@pytest.mark.parametrize("shape", SHAPES)
def test_h_transforms_equal_simpleitk(shape, height):
    image = smooth(shape, "u2")  # its minimum is 0, where ITK ends too
    given_ = SimpleITK.GetImageFromArray(image)
    expected = SimpleITK.GetArrayFromImage(SimpleITK.HMaxima(given_, height))
    levelled = filters.h_maxima_transform(image, height=height, connectivity="face")
    assert np.array_equal(levelled, expected)
    turned = np.array(image.max() - image)
    found = filters.h_minima_transform(turned, height=height, connectivity="face")
    assert np.array_equal(found, image.max() - expected)


@pytest.mark.parametrize("dtype", ["i1", "i8", "u8", "f4", "f8"])
def test_levelling_never_wraps(dtype):
    limits = np.finfo(dtype) if dtype[0] == "f" else np.iinfo(dtype)
    image = np.array([[limits.min, limits.max, limits.min, 0]], dtype)
    found = filters.h_maxima_transform(image, height=3)
    expected = image[0].tolist()
    if dtype[0] == "f":
        expected[3] = -3  # which is lost in the largest floats
        assert found[0].tolist() == expected
        return
    expected[1] -= 3
    expected[3] = max(expected[3] - 3, limits.min)
    assert found[0].tolist() == expected
    assert (filters.h_maxima_transform(image, height=1e300) == limits.min).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_dark_holes_equal_simpleitk(shape):
    image = smooth(shape, "u2")
    expected = SimpleITK.GetArrayFromImage(
        SimpleITK.GrayscaleFillhole(SimpleITK.GetImageFromArray(image), False)
    )
    assert np.array_equal(filters.fill_dark_holes(image), expected)
    expected = SimpleITK.GetArrayFromImage(
        SimpleITK.GrayscaleFillhole(SimpleITK.GetImageFromArray(image), True)
    )
    assert np.array_equal(filters.fill_dark_holes(image, connectivity="full"), expected)
