"""Tools read windows of any image: in any order in memory, of any range, with holes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_delineate.annotation import scribbles as module
from napari_delineate.annotation.box import box_mask
from napari_delineate.annotation.edges import edge_map, wires_from
from napari_delineate.annotation.scribbles import OBJECT, Scribbling
from napari_delineate.annotation.seeds import Seed, grow_seeds, landscape_of
from napari_delineate.annotation.wand import Wand, level_mask
from napari_delineate.annotation.windows import read_window
from napari_delineate.types import voxels
from tests.annotation.applying import whole


def lines_in(shape):
    lines = np.zeros(shape, np.uint8)
    lines[tuple(slice(size // 2 - 1, size // 2 + 1) for size in shape)] = OBJECT
    return lines


def scribbled(method):
    return lambda i: Scribbling(i, whole(i), method=method).mask(lines_in(i.shape))


def middle(image):
    return tuple(size // 2 for size in image.shape)


TOOLS = {
    "wand": lambda i: Wand(i, middle(i), whole(i)).mask(0.4),
    "level": lambda i: level_mask(i, middle(i), whole(i)),
    "seeds": lambda i: grow_seeds(landscape_of(i, whole(i)), [Seed(middle(i), 3)]),
    "box": lambda i: box_mask(i, whole(i)),
    "wire": lambda i: wires_from(edge_map(i, whole(i)), (0, 0)).to(middle(i)),
    "random walk": scribbled("random walk"),
    "graph cut": scribbled("graph cut"),
    "grow cut": scribbled("grow cut"),
}


@pytest.fixture
def image():
    return ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(30, 40)), 3)


@pytest.mark.parametrize("tool", TOOLS)
def test_the_order_in_memory_does_not_matter(image, tool):
    expected = TOOLS[tool](image)
    backwards = image[::-1].copy()[::-1]
    frozen = image.copy()
    frozen.flags.writeable = False
    swapped = image.astype(image.dtype.newbyteorder(">"))
    for other in (
        np.asfortranarray(image),
        backwards,
        frozen,
        swapped,
        image.astype(np.longdouble),
    ):
        np.testing.assert_array_equal(TOOLS[tool](other), expected)


@pytest.mark.parametrize("tool", TOOLS)
def test_numbers_that_are_too_large_to_compute_with_are_refused(image, tool):
    with pytest.raises(ValueError, match="too large to compute with"):
        TOOLS[tool](image * 1e300)


@pytest.mark.parametrize("tool", ["level", "seeds", "box", "wire", "random walk", "graph cut"])
def test_large_floats_are_like_small_ones(image, tool):
    expected = TOOLS[tool](image.astype(np.float32).astype(np.float64))
    large = np.ldexp(image.astype(np.float32), 100)
    np.testing.assert_array_equal(TOOLS[tool](large), expected)


def test_a_window_is_read_as_floats_that_hold_its_numbers():
    for dtype in (np.bool_, np.uint8, np.int16, np.float16, np.float32):
        assert read_window(np.ones((2, 2), dtype), whole(np.ones((2, 2)))).dtype == np.float32
    exact = np.array([[2**31, 2**31 + 1]])
    np.testing.assert_array_equal(read_window(exact, whole(exact)), exact)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.1, 0.2)])
def test_a_blur_in_voxels_is_that_of_scipy_wherever_the_window_is(image, spacing):
    sigma = np.array([1.5, 1.5]) * 0.1 / spacing if spacing[0] < 1 else (1.5, 1.5)
    expected = ndimage.gaussian_filter(image, sigma, mode="nearest")
    window = (slice(7, 20), slice(0, 25))
    found = read_window(image, window, voxels(1.5), spacing)
    np.testing.assert_allclose(found, expected[window], atol=1e-12)


def test_an_image_of_holes_leaves_scribbles_what_there_is():
    image = np.array([[np.nan, 1.0, np.nan, 2.0]])
    lines = np.array([[0, OBJECT, 0, 0]], np.uint8)
    for method in module._MOST_PIXELS:
        found = Scribbling(image, whole(image), method=method, sigma=0).mask(lines)
        assert found[0, 1]
        assert not found[0, [0, 2]].any()


@pytest.mark.parametrize("shape", [(5, 7), (4, 5, 6), (3, 10**6)])
def test_cells_are_no_longer_than_axes_allow(shape):
    cell = module._cell_of(shape, (1.0,) * len(shape), 4)
    assert all(one == 1 or size // one >= 8 for size, one in zip(shape, cell, strict=True))
