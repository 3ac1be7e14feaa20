"""Distances to a border and along a mask, compared with geometry and other libraries."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from napari_delineate import filters

MASKS = arrays(bool, st.tuples(*[st.integers(2, 6)] * 3))


@given(MASKS, st.tuples(*[st.sampled_from([0.5, 1.0, 4.0])] * 3))
def test_distances_are_those_of_scipy(mask, spacing):
    if mask.all() or not mask.any():
        return
    inside = ndimage.distance_transform_edt(mask, spacing)
    outside = ndimage.distance_transform_edt(~mask, spacing)
    for side, expected in (("inside", inside), ("outside", outside), ("both", inside - outside)):
        found = filters.distance_transform(mask, side=side, spacing=spacing)
        np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("spacing", [(1, 1, 1), (4, 1, 1)], ids=str)
def test_the_middle_of_a_ball_is_as_far_as_its_radius(spacing):
    z, y, x = np.ogrid[-12:13, -12:13, -12:13]
    ball = np.hypot(np.hypot(z * spacing[0], y), x) <= 10
    distances = filters.distance_transform(ball, spacing=spacing)
    assert np.unravel_index(distances.argmax(), ball.shape) == (12, 12, 12)
    assert abs(distances.max() - 10) <= 1


def test_the_border_of_the_image_counts_only_where_there_is_no_other():
    everything = np.ones((5, 7), bool)
    assert filters.distance_transform(everything).max() == 3
    everything[2, 6] = False
    assert filters.distance_transform(everything)[2, 0] == 6


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (3.0, 0.5)], ids=str)
def test_paths_are_the_shortest_of_a_graph(spacing):
    mask = np.random.default_rng(0).random((9, 11)) < 0.7
    seeds = np.zeros_like(mask)
    seeds[tuple(np.argwhere(mask)[0])] = True
    places = np.argwhere(mask)
    steps = np.abs(places[:, None] - places[None])
    neighbours = (steps.max(axis=-1) == 1).nonzero()
    lengths = np.linalg.norm(steps[neighbours] * spacing, axis=-1)
    graph = coo_array((lengths, neighbours), shape=(len(places),) * 2)
    expected = dijkstra(graph.tocsr(), indices=0)
    found = filters.geodesic_distance(seeds, mask, spacing=spacing)
    assert np.array_equal(found.reached[mask], np.isfinite(expected))
    expected[~np.isfinite(expected)] = 0
    np.testing.assert_allclose(found.distances[mask], expected, rtol=1e-6)
    assert not found.distances[~mask].any()
    assert not found.reached[~mask].any()


@given(MASKS, MASKS)
def test_no_path_is_shorter_than_the_straight_line(mask, seeds):
    seeds = np.resize(seeds, mask.shape)
    found = filters.geodesic_distance(seeds, mask)
    assert not found.distances[seeds & mask].any()
    if (seeds & mask).any():
        straight = ndimage.distance_transform_edt(~(seeds & mask))
        assert (found.distances[found.reached] >= straight[found.reached] - 1e-5).all()
    else:
        assert not found.reached.any()
