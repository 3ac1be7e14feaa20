"""Lengths, sizes and spacings: what `voxels(n)` and plain numbers mean."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_delineate.types import (
    Kind,
    Range,
    Voxels,
    isotropic_spacing,
    length_in_units,
    length_per_axis,
    size_in_units,
    spacing_per_axis,
    voxels,
)

HUGE = pytest.param(10**400, id="huge")  # more than a float can hold
sizes = st.floats(1e-9, 1e9)
spacings = st.lists(sizes, min_size=2, max_size=3).map(tuple)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_voxels_are_written_as_code_that_gives_them_back(number):
    assert eval(repr(voxels(number)), {"voxels": voxels}) == voxels(number)


@pytest.mark.parametrize(
    ("number", "code", "words"),
    [(2, "voxels(2)", "2 voxels"), (2.5, "voxels(2.5)", "2.5 voxels"), (0, "voxels(0)", None)],
)
def test_voxels_read_well(number, code, words):
    assert repr(voxels(number)) == code
    assert words is None or str(voxels(number)) == words


def test_voxels_of_equal_numbers_are_equal():
    assert voxels(2) == voxels(2.0) == voxels(np.float32(2)) == Voxels(2)
    assert voxels(2) != voxels(3)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf, "2", None, 2j, [1], HUGE])
def test_voxels_refuse_what_is_no_finite_number(wrong):
    with pytest.raises(ValueError, match="voxels needs a finite number, got"):
        voxels(wrong)


def test_a_plain_length_is_in_the_units_of_the_spacing():
    assert length_in_units(3.0, (2.0, 0.5)) == 3.0
    assert length_per_axis(3.0, (2.0, 0.5)) == (1.5, 6.0)


def test_a_length_in_voxels_counts_the_finest_voxel_size():
    assert length_in_units(voxels(4), (2.0, 0.5)) == 2.0
    assert length_per_axis(voxels(4), (2.0, 0.5)) == (1.0, 4.0)


@given(st.floats(0, 1e6), spacings)
def test_lengths_in_voxels_and_in_units_agree(number, spacing):
    in_units = length_in_units(voxels(number), spacing)
    assert in_units == pytest.approx(number * min(spacing))
    assert length_per_axis(voxels(number), spacing) == pytest.approx(
        length_per_axis(in_units, spacing)
    )


@given(st.floats(0, 1e6), spacings)
def test_a_length_in_voxels_is_exact_along_the_finest_axis(number, spacing):
    # Otherwise results would depend on the unit that somebody has chosen.
    assert length_per_axis(voxels(number), spacing)[int(np.argmin(spacing))] == number


def test_a_plain_size_is_in_the_units_of_the_spacing():
    assert size_in_units(7.0, (2.0, 0.5, 0.5)) == 7.0


def test_a_size_in_voxels_counts_squares_and_cubes_of_the_finest_voxel_size():
    assert size_in_units(voxels(100), (1.0, 0.5)) == 25.0
    assert size_in_units(voxels(8), (3.0, 0.5, 0.5)) == 1.0


def test_spacing_is_one_number_or_one_per_axis():
    assert spacing_per_axis(0.5, 3) == (0.5, 0.5, 0.5)
    assert spacing_per_axis((2, 1), 2) == (2.0, 1.0)
    assert spacing_per_axis(np.array([2, 1, 1]), 3) == (2.0, 1.0, 1.0)
    assert spacing_per_axis(np.float32(0.5), 2) == (0.5, 0.5)
    assert all(type(entry) is float for entry in spacing_per_axis(np.array([2, 1]), 2))


@pytest.mark.parametrize("wrong", [(1, 2), (1, 2, 3, 4), [[1, 1, 1]], ()])
def test_a_spacing_of_another_length_is_refused(wrong):
    with pytest.raises(ValueError, match="spacing must be one number or 3 numbers"):
        spacing_per_axis(wrong, 3)


@pytest.mark.parametrize("wrong", [0, -1, math.nan, math.inf, (1, 0, 1), (1, 1, -0.0)])
def test_a_spacing_that_is_not_positive_is_refused(wrong):
    with pytest.raises(ValueError, match="spacing must hold finite numbers above 0, got"):
        spacing_per_axis(wrong, 3)


@pytest.mark.parametrize("wrong", ["wide", None, {}, object(), (1, "a", 2), 1j])
def test_a_spacing_that_is_no_number_is_refused(wrong):
    with pytest.raises(ValueError, match="spacing must"):
        spacing_per_axis(wrong, 3)


@given(spacings)
def test_an_isotropic_spacing_is_the_finest_for_every_axis(spacing):
    assert isotropic_spacing(spacing) == (min(spacing),) * len(spacing)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Range(), "a finite number"),
        (Range(0), "0 or more"),
        (Range(maximum=1), "1 or less"),
        (Range(0, 1), "0 to 1"),
    ],
)
def test_ranges_read_well(limits, words):
    assert str(limits) == words


def test_ranges_include_both_ends():
    assert 0 in Range(0, 1)
    assert 1 in Range(0, 1)
    assert -0.01 not in Range(0, 1)
    assert math.nan not in Range(0, 1)


def test_the_kinds_on_a_grid_are_those_that_images_share():
    assert {kind for kind in Kind if kind.is_grid} == {
        Kind.IMAGE,
        Kind.RGB,
        Kind.MASK,
        Kind.LABELS,
    }
