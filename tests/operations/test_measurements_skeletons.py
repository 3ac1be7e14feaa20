"""Skeletons have the branches, ends and lengths of figures known by hand and of graphs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse.csgraph import connected_components
from skimage.draw import line

from napari_delineate import measurements, postprocessing
from tests import inputs


def drawn(*segments, shape=(60, 60)):
    image = np.zeros(shape, int)
    for segment in segments:
        image[line(*segment)] = 1
    return image


def row_of(*arguments, **settings_):
    (row,) = measurements.measure_skeletons(*arguments, **settings_).to_dict("records")
    return row


@pytest.mark.parametrize("spacing", [(1, 1), (2, 1), (1, 0.5)], ids=str)
def test_straight_lines_have_their_length_and_two_ends(spacing):
    up, across = spacing
    for segment, length in (
        ((10, 5, 10, 45), 40 * across),
        ((5, 10, 35, 10), 30 * up),
        ((5, 5, 35, 35), 30 * np.hypot(up, across)),
    ):
        row = row_of(drawn(segment), spacing=spacing)
        assert row["skeleton_length"] == pytest.approx(length)
        assert row["longest_branch"] == row["mean_branch"] == pytest.approx(length)
        assert (row["end_count"], row["branch_count"], row["junction_count"]) == (2, 1, 0)
        assert row["ring_count"] == 0


def test_a_cross_a_letter_and_a_comb():
    cross = row_of(drawn((30, 10, 30, 50), (10, 30, 50, 30)))
    assert (cross["end_count"], cross["junction_count"], cross["branch_count"]) == (4, 1, 4)
    assert cross["skeleton_length"] == 80
    assert cross["mean_branch"] == 20
    y = row_of(drawn((30, 30, 50, 30), (30, 30, 15, 15), (30, 30, 15, 45)))
    assert (y["end_count"], y["junction_count"], y["branch_count"]) == (3, 1, 3)
    assert y["longest_branch"] == pytest.approx(15 * np.sqrt(2), abs=2)
    teeth = [(20, 10 + 10 * n, 40, 10 + 10 * n) for n in range(1, 4)]
    comb = row_of(drawn((20, 5, 20, 55), *teeth))
    assert (comb["end_count"], comb["junction_count"], comb["branch_count"]) == (5, 3, 7)
    assert comb["skeleton_length"] == 50 + 3 * 20


def test_rings_are_counted_and_measured():
    box = drawn((10, 10, 10, 40), (10, 40, 40, 40), (40, 40, 40, 10), (40, 10, 10, 10))
    row = row_of(box)
    assert (row["ring_count"], row["branch_count"], row["end_count"]) == (1, 1, 0)
    assert row["skeleton_length"] == pytest.approx(120, abs=3)  # thinning may cut corners
    eight = box | drawn((25, 10, 25, 40))
    row = row_of(eight)
    assert (row["ring_count"], row["junction_count"], row["branch_count"]) == (2, 2, 3)


@pytest.mark.parametrize("spacing", [(1, 1, 1), (4, 1, 1)], ids=str)
def test_three_bars_in_space_meet_once(spacing):
    labels = np.zeros((21, 21, 21), int)
    labels[10, 10, :] = labels[10, :, 10] = labels[:, 10, 10] = 7
    row = row_of(labels, spacing=spacing)
    assert (row["end_count"], row["junction_count"], row["branch_count"]) == (6, 1, 6)
    assert row["skeleton_length"] == pytest.approx(20 * sum(spacing))


def test_trunks_begin_at_a_seed():
    neuron = drawn((30, 5, 30, 55), (30, 45, 45, 45), (5, 25, 30, 25))
    body = np.zeros_like(neuron)
    body[26:35, 21:30] = 1
    whole = neuron | body
    row = row_of(whole, body)
    # Left, up and right begin at the body; the right one branches once.
    assert row["trunk_count"] == 3
    assert (row["branch_count"], row["junction_count"]) == (5, 1)
    assert "trunk_count" not in row_of(whole)


def test_objects_are_skeletonized_and_skeletons_stay():
    thick = np.zeros((40, 60), int)
    thick[10:15, 5:50], thick[25:34, 5:50] = 3, 8
    table = measurements.measure_skeletons(thick)
    lines = postprocessing.skeletonize_labels(thick)
    assert measurements.measure_skeletons(lines).equals(table)
    assert table["label"].tolist() == [3, 8]
    assert table["end_count"].ge(2).all()


@settings(max_examples=40, deadline=None)
@given(
    hnp.arrays(
        np.int32, hnp.array_shapes(min_dims=2, max_dims=3, max_side=7), elements=st.integers(0, 2)
    )
)
def test_any_objects_obey_the_rules_of_graphs(labels):
    table = measurements.measure_skeletons(labels)
    assert table["label"].tolist() == np.unique(labels[labels > 0]).tolist()
    lines = postprocessing.skeletonize_labels(labels)
    for _, row in table.iterrows():
        pixels = np.argwhere(lines == row["label"])
        near = np.abs(pixels[:, np.newaxis] - pixels).max(axis=-1) <= 1
        parts = connected_components(near)[0] if len(pixels) else 0
        # A graph has as many rings as it has links more than a forest of its parts.
        assert row["ring_count"] >= 0
        if row["junction_count"] == 0:
            assert row["branch_count"] <= parts
            assert row["end_count"] % 2 == 0
        assert row["skeleton_length"] >= len(pixels) - parts - 1e-9
        if row["branch_count"] > 0:
            assert row["mean_branch"] <= row["longest_branch"] + 1e-9
            assert row["longest_branch"] <= row["skeleton_length"] + 1e-9


def test_single_pixels_and_no_objects():
    labels = np.zeros((5, 5), int)
    labels[2, 2] = 4
    row = row_of(labels)
    assert (row["branch_count"], row["end_count"], row["skeleton_length"]) == (0, 0, 0)
    assert np.isnan(row["mean_branch"])
    some = measurements.measure_skeletons(inputs.labels(2), units="µm")
    none = measurements.measure_skeletons(0 * inputs.labels(2), units="µm")
    assert len(none) == 0
    assert none.columns.tolist() == some.columns.tolist()
    assert none.attrs == some.attrs
    assert some.attrs["units"]["skeleton_length"] == "µm"
