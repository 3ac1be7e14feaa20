"""Neighbours and parents are those of the definitions, on any voxels."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from scipy.spatial.distance import cdist

from napari_delineate import measurements, postprocessing, voxels
from tests import inputs

SMALL = hnp.arrays(
    np.int32, hnp.array_shapes(min_dims=2, max_dims=3, max_side=5), elements=st.integers(0, 4)
)


def brute_pairs(labels, reach):
    """All two objects with pixels at offsets that a function of their difference allows."""
    places = {int(n): np.argwhere(labels == n) for n in np.unique(labels[labels > 0])}
    found = set()
    for one, other in itertools.combinations(places, 2):
        steps = np.abs(places[one][:, np.newaxis] - places[other])
        if reach(steps).any():
            found.add((one, other))
    return found


def pairs_of(found):
    return set(zip(found.pairs["label"], found.pairs["neighbor"], strict=True))


@settings(max_examples=60, deadline=None)
@given(SMALL)
def test_adjacent_objects_are_those_with_pixels_side_by_side(labels):
    full = measurements.measure_neighbors(labels)
    assert pairs_of(full) == brute_pairs(labels, lambda steps: steps.max(axis=-1) <= 1)
    face = measurements.measure_neighbors(labels, connectivity="face")
    assert pairs_of(face) == brute_pairs(labels, lambda steps: steps.sum(axis=-1) <= 1)
    counts = pd.concat([full.pairs["label"], full.pairs["neighbor"]]).value_counts()
    for label, number in zip(
        full.neighbors["label"], full.neighbors["neighbor_count"], strict=True
    ):
        assert counts.get(label, 0) == number


@settings(max_examples=60, deadline=None)
@given(SMALL, st.sampled_from([1.0, 2.0, 2.5, 4.0]))
def test_objects_within_a_distance_are_those_of_all_their_pixels(labels, distance):
    spacing = np.array([2.0, 1.0, 0.5][-labels.ndim :])
    found = measurements.measure_neighbors(
        labels, method="within distance", distance=distance, spacing=tuple(spacing)
    )
    expected = brute_pairs(
        labels, lambda steps: np.linalg.norm(steps * spacing, axis=-1) <= distance + 1e-9
    )
    assert pairs_of(found) == expected


@settings(max_examples=40, deadline=None)
@given(SMALL)
def test_distances_are_between_centroids(labels):
    spacing = (3.0, 1.0, 0.5)[-labels.ndim :]
    found = measurements.measure_neighbors(labels, spacing=spacing).neighbors
    numbers = found["label"].to_numpy()
    centres = np.array([np.argwhere(labels == n).mean(axis=0) for n in numbers])
    if not len(numbers):
        return
    away = cdist(centres * spacing, centres * spacing)
    np.fill_diagonal(away, np.inf)
    ordered = np.sort(away, axis=1)
    for place, name in enumerate(("first", "second")):
        distance = found[f"{name}_closest_distance"].to_numpy()
        label = found[f"{name}_closest_label"].to_numpy()
        if len(numbers) <= place + 1:
            assert np.isnan(distance).all()
            assert (label == 0).all()
            continue
        np.testing.assert_allclose(distance, ordered[:, place], atol=1e-9)
        rows = np.searchsorted(numbers, label)
        np.testing.assert_allclose(away[np.arange(len(rows)), rows], distance, atol=1e-9)


def test_a_row_of_squares():
    labels = np.zeros((12, 40), int)
    for number, width in enumerate((8, 7, 6, 4)):
        labels[1:11, 10 * number : 10 * number + width] = number + 1
    labels[1:11, 8:10] = 1  # touches the second
    found = measurements.measure_neighbors(labels, spacing=(2.0, 1.0), units="µm")
    table = found.neighbors
    assert table["neighbor_count"].tolist() == [1, 1, 0, 0]
    assert found.pairs[["label", "neighbor", "contact_size"]].to_numpy().tolist() == [[1, 2, 20]]
    assert table["contact_size"].tolist() == [20, 20, 0, 0]
    # Of the edge of the second, the 10 pixels of one side are next to the first.
    assert table["percent_touching"][1] == pytest.approx(100 * 10 / (2 * 10 + 2 * 7 - 4))
    # Centroids lie at 4.5, 13, 22.5 and 31.5.
    assert table["first_closest_label"].tolist() == [2, 1, 4, 3]
    assert table["second_closest_label"].tolist() == [3, 3, 2, 2]
    assert table["angle_between_neighbors"][[0, 3]].tolist() == pytest.approx([0, 0], abs=1e-5)
    assert table["angle_between_neighbors"][1] == pytest.approx(180)
    units = table.attrs["units"]
    assert units["contact_size"] == units["first_closest_distance"] == "µm"
    assert units["percent_touching"] == "%"
    grown = measurements.measure_neighbors(labels, method="expanded", spacing=(2.0, 1.0))
    assert grown.neighbors["neighbor_count"].tolist() == [1, 2, 2, 1]
    assert grown.neighbors["contact_size"].tolist() == [24, 48, 48, 24]


@pytest.mark.parametrize("method", ["adjacent", "expanded", "within distance"])
def test_stretched_voxels_have_the_neighbors_of_cubes(method):
    blocks = np.zeros((5, 5, 6), int)
    blocks[1, 1:3, 1:3], blocks[2, 1:3, 1:4], blocks[4, 3:, 4:] = 4, 7, 9
    cubes = np.kron(blocks, np.ones((8, 8, 8), int))
    settings_ = {"method": method, "distance": 9.0}
    fine = measurements.measure_neighbors(cubes, **settings_)
    flat = measurements.measure_neighbors(cubes[::4], spacing=(4, 1, 1), **settings_)
    assert flat.pairs["label"].tolist() == fine.pairs["label"].tolist()
    assert flat.pairs["neighbor"].tolist() == fine.pairs["neighbor"].tolist()
    np.testing.assert_allclose(flat.pairs["distance"], fine.pairs["distance"], rtol=0.05)
    if method == "adjacent":
        assert flat.pairs["contact_size"].tolist() == fine.pairs["contact_size"].tolist() == [256]


def test_numbers_of_objects_may_be_large_and_have_gaps():
    labels = inputs.labels(2)
    plain = measurements.measure_neighbors(labels, method="within distance")
    huge = measurements.measure_neighbors(
        np.where(labels > 0, labels + np.int64(2**40), 0), method="within distance"
    )
    assert (huge.pairs["neighbor"] - plain.pairs["neighbor"] == 2**40).all()
    same = ["neighbor_count", "percent_touching", "first_closest_distance"]
    assert huge.neighbors[same].equals(plain.neighbors[same])
    shift = huge.neighbors["first_closest_label"] - plain.neighbors["first_closest_label"]
    assert (shift == 2**40).all()


def test_no_objects_have_no_neighbors():
    some = measurements.measure_neighbors(inputs.labels(2))
    none = measurements.measure_neighbors(np.zeros((5, 6), int))
    for one, other in zip(some, none, strict=True):
        assert len(other) == 0
        assert one.columns.tolist() == other.columns.tolist()
        assert one.attrs == other.attrs


def test_a_distance_larger_than_the_image_is_refused():
    with pytest.raises(ValueError, match="distance is 500 voxels"):
        measurements.measure_neighbors(
            inputs.labels(2), method="within distance", distance=voxels(500)
        )


# Parents and children


def test_spots_in_cells_have_their_counts_and_distances():
    cells = np.zeros((40, 60), int)
    cells[5:36, 2:33], cells[5:36, 38:59] = 7, 9
    spots = np.zeros_like(cells)
    spots[19:22, 16:19], spots[7:10, 16:19], spots[0:3, 0:3] = 3, 4, 12
    spots[20, 30:40] = 20  # 3 pixels in the first, 2 in the second
    found = measurements.measure_relations(spots, cells, spacing=0.5, units="µm")
    parents, children = found
    assert parents["label"].tolist() == [7, 9]
    assert parents["child_count"].tolist() == [3, 0]
    assert children["label"].tolist() == [3, 4, 12, 20]
    assert children["parent"].tolist() == [7, 7, 0, 7]
    # The centre of the cell is (20, 17); its edge the rows 5 and 35 and columns 2 and 32.
    expected = [0, 6, np.nan, 0.5 * 17.5]
    np.testing.assert_allclose(children["distance_to_centroid"], expected)
    expected = [0.5 * 15, 0.5 * 3, np.nan, 0.5 * 2.5]
    np.testing.assert_allclose(children["distance_to_edge"], expected)
    assert np.isnan(parents["mean_distance_to_edge"][1])
    assert parents["mean_distance_to_edge"][0] == pytest.approx(0.5 * (15 + 3 + 2.5) / 3)
    assert children.attrs["units"]["distance_to_edge"] == "µm"
    assert parents.attrs["units"]["mean_distance_to_centroid"] == "µm"


def test_means_of_measurements_are_those_of_the_children_of_each_parent():
    random = np.random.default_rng(3)
    cells = np.kron(np.arange(1, 7).reshape(2, 3), np.ones((20, 20), int))
    spots = ndimage.label(random.random(cells.shape) > 0.7)[0]
    table = measurements.measure(spots, units="µm").sample(frac=1, random_state=1)
    table.attrs["units"] = measurements.measure(spots, units="µm").attrs["units"]
    parents, children = measurements.measure_relations(spots, cells, table)
    related = postprocessing.relate(spots, cells).relations
    assert children["parent"].tolist() == related["parent"].tolist()
    merged = related.merge(table, on="label")
    expected = merged.groupby("parent")[["area", "centroid-0", "perimeter"]].mean()
    for name in expected:
        np.testing.assert_allclose(parents[f"mean_{name}"], expected[name])
    assert parents.attrs["units"]["mean_area"] == "µm²"


def test_a_table_that_does_not_fit_is_refused():
    labels = inputs.labels(2)
    with pytest.raises(ValueError, match='table must have a column "label"'):
        measurements.measure_relations(labels, labels, pd.DataFrame({"area": [1.0]}))
    with pytest.raises(ValueError, match="it has several for 3"):
        measurements.measure_relations(labels, labels, pd.DataFrame({"label": [3, 3]}))


def test_what_a_table_does_not_have_is_left_out_of_the_means():
    labels = inputs.labels(2)
    table = pd.DataFrame({"label": [3, 5], "score": [2.0, np.nan], "name": ["a", "b"]})
    parents, _ = measurements.measure_relations(labels, labels, table)
    np.testing.assert_array_equal(parents["mean_score"], [2.0, np.nan, np.nan, np.nan])
    assert "mean_name" not in parents


def test_objects_at_the_border_have_an_edge_there():
    cell = np.ones((1, 21, 21), int)
    spot = np.zeros_like(cell)
    spot[0, 3, 10] = 1
    children = measurements.measure_relations(spot, cell, spacing=(5, 1, 2)).children
    assert children["distance_to_edge"].tolist() == [3]


def test_no_parents_or_children_give_the_same_columns():
    labels = inputs.labels(3)
    some = measurements.measure_relations(labels, labels)
    for pair in ((labels, 0 * labels), (0 * labels, labels), (0 * labels, 0 * labels)):
        for one, other in zip(some, measurements.measure_relations(*pair), strict=True):
            assert one.columns.tolist() == other.columns.tolist()
            assert one.attrs == other.attrs


@pytest.mark.parametrize(("shape", "spacing"), [((90, 90), (2.0, 0.5)), ((20, 40, 40), (3, 1, 1))])
def test_many_children_of_a_large_parent_are_as_far_from_its_edge_as_few(shape, spacing):
    random = np.random.default_rng(2)
    parents = np.zeros(shape, int)
    inner = (slice(2, -2),) * len(shape)
    parents[inner] = 1
    children = np.zeros(shape, int)
    places = random.choice(np.flatnonzero(parents), 4000, replace=False)
    children.ravel()[places] = np.arange(1, 4001)
    table = measurements.measure_relations(children, parents, spacing=spacing).children
    edge = np.argwhere(parents.astype(bool) & ~ndimage.binary_erosion(parents)) * spacing
    some = random.choice(4000, 60, replace=False)
    for row in table.iloc[some].itertuples():
        apart = np.linalg.norm(edge - np.argwhere(children == row.label)[0] * spacing, axis=1)
        assert row.distance_to_edge == pytest.approx(apart.min())
