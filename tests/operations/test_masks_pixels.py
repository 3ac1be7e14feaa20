"""Patterns of nine pixels, compared with CellProfiler's library and with plain counting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from napari_delineate import postprocessing

MASKS = arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9)))
RING = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]])


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("bridge", "bridge"),
        ("clean", "clean"),
        ("diagonal", "diag"),
        ("fill", "fill"),
        ("horizontal break", "hbreak"),
        ("majority", "majority"),
        ("spur", "spur"),
        ("thicken", "thicken"),
        ("vertical break", "vbreak"),
    ],
)
@pytest.mark.parametrize("density", [0.2, 0.5, 0.8])
def test_patterns_are_those_of_centrosome(pattern, name, density):
    oracle = pytest.importorskip("centrosome.cpmorphology")
    mask = np.random.default_rng(0).random((60, 70)) < density
    for iterations in (1,) if "break" in name else (1, 3):
        expected = getattr(oracle, name)(mask.copy(), iterations=iterations)
        found = postprocessing.change_pixels(mask, pattern=pattern, iterations=iterations)
        assert np.array_equal(found, expected)


def test_every_slice_is_changed_for_itself():
    volume = np.random.default_rng(0).random((4, 20, 21)) < 0.5
    for pattern in ("spur", "fill", "majority"):
        found = postprocessing.change_pixels(volume, pattern=pattern, iterations=2)
        for mask, changed in zip(volume, found, strict=True):
            alone = postprocessing.change_pixels(mask, pattern=pattern, iterations=2)
            assert np.array_equal(alone, changed)


def test_a_twig_is_taken_off_pixel_by_pixel():
    mask = np.zeros((9, 9), bool)
    mask[4:7, 2:7] = True
    body = mask.copy()
    mask[0:4, 4] = True
    for iterations in range(1, 4):
        found = postprocessing.change_pixels(mask, pattern="spur", iterations=iterations)
        assert found.sum() == mask.sum() - iterations
    assert body.sum() + 1 == found.sum()


@given(MASKS, st.integers(1, 20))
def test_thickening_keeps_all_and_makes_no_parts(mask, iterations):
    corners = np.ones((3, 3))
    thick = postprocessing.change_pixels(mask, pattern="thicken", iterations=iterations)
    assert (thick >= mask).all()
    assert ndimage.label(thick, corners)[1] <= ndimage.label(mask, corners)[1]


@given(MASKS, st.integers(1, 8), st.integers(1, 3))
def test_dilation_counts_neighbours(mask, count, iterations):
    expected = mask
    for _ in range(iterations):
        neighbours = ndimage.correlate(expected.astype(int), RING, mode="constant")
        expected = expected | (neighbours >= count)
    found = postprocessing.dilation_by_count(mask, count=count, iterations=iterations)
    assert np.array_equal(found, expected)


@given(MASKS, st.integers(1, 8), st.integers(1, 3))
def test_erosion_is_dilation_of_what_is_outside(mask, count, iterations):
    settings = {"count": count, "iterations": iterations}
    found = postprocessing.erosion_by_count(mask, **settings)
    assert np.array_equal(found, ~postprocessing.dilation_by_count(~mask, **settings))


@given(MASKS)
def test_a_count_of_one_is_the_square(mask):
    square = np.ones((3, 3))
    assert np.array_equal(
        postprocessing.erosion_by_count(mask, count=1),
        ndimage.binary_erosion(mask, square, border_value=1),
    )
    assert np.array_equal(
        postprocessing.dilation_by_count(mask, count=1), ndimage.binary_dilation(mask, square)
    )
