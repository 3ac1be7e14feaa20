"""Remeshed surfaces have triangles that are all alike, and are still the same surfaces."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_delineate import meshes, surfaces, voxels
from napari_delineate.files import read
from napari_delineate.types import Surface
from tests.operations.test_surfaces_measurement import box, sphere, torus

FAN = Surface(
    np.array([[0.0, 0, 0], [0, 0, 3], [0, 3, 0], [3, 0, 0], [-3, -3, 0]]),
    np.array([[0, 1, 2], [0, 1, 3], [0, 1, 4]]),
    np.ones(5),
)


def lengths(surface):
    edges = meshes.edges_of(surface.faces).ends
    return np.linalg.norm(surface.vertices[edges[:, 0]] - surface.vertices[edges[:, 1]], axis=1)


def measured(surface):
    return surfaces.measure_surface(surface, each="whole").iloc[0]


@pytest.mark.parametrize("length", [0.5, 1.0, 3.0])
def test_sides_are_as_long_as_wanted_and_triangles_nearly_equilateral(length):
    ball = sphere(10.0)
    found = surfaces.remesh(ball, edge_length=length)
    assert np.median(lengths(found)) == pytest.approx(length, rel=0.1)
    low, high = np.percentile(lengths(found), [2, 98])
    assert 0.7 * length < low
    assert high < 4 / 3 * length
    # Triangles of those sides cover the area.
    expected = measured(ball)["area"] / (np.sqrt(3) / 4 * length**2)
    assert len(found.faces) == pytest.approx(expected, rel=0.2)
    angles = np.degrees(meshes.corner_angles(found))
    assert angles.min() > 25
    assert np.median(angles.min(axis=1)) > 50


@pytest.mark.parametrize("make", [lambda: sphere(10.0), lambda: torus()[0]], ids=["ball", "ring"])
def test_the_surface_stays_where_it_is(make):
    surface = make()
    found = surfaces.remesh(surface, edge_length=1)
    for name in ("is_closed", "euler_number"):
        assert measured(found)[name] == measured(surface)[name]
    # All vertices lie on it, and flat triangles with sides a are a²/(8 r) off a curve.
    away = surfaces.distance_to_surface(found, surface, sign="unsigned").values
    assert away.max() < 1e-9
    assert surfaces.compare_surfaces(surface, found)["hausdorff_distance"][0] < 0.1
    assert measured(found)["volume"] == pytest.approx(measured(surface)["volume"], rel=0.02)
    assert measured(found)["area"] == pytest.approx(measured(surface)["area"], rel=0.02)


def test_a_box_of_twelve_triangles_is_refined():
    found = surfaces.remesh(box([10, 20, 30]), edge_length=1)
    assert measured(found)["volume"] == pytest.approx(6000, rel=0.01)
    assert measured(found)["is_closed"]
    assert np.median(lengths(found)) == pytest.approx(1, rel=0.1)


@settings(max_examples=40, deadline=None)
@given(
    labels=hnp.arrays(
        np.int32, hnp.array_shapes(min_dims=3, max_dims=3, max_side=5), elements=st.integers(0, 2)
    ),
    length=st.sampled_from([0.4, 1.0, 2.5]),
)
def test_whatever_is_closed_stays_closed(labels, length):
    surface = surfaces.labels_to_surface(labels)
    found = surfaces.remesh(surface, edge_length=length, iterations=3)
    before, after = (surfaces.measure_surface(one) for one in (surface, found))
    assert after["is_closed"].all()
    assert after["value"].tolist() == before["value"].tolist()
    assert after["euler_number"].tolist() == before["euler_number"].tolist()


def test_the_rim_stays_where_it_is():
    ball = sphere(10.0, 3)
    cup = ball._replace(faces=ball.faces[ball.vertices[ball.faces].mean(axis=1)[:, 0] < 3])
    found = surfaces.remesh(cup, edge_length=1)
    rims = []
    for surface in (cup, found):
        edges = meshes.edges_of(surface.faces)
        ends = surface.vertices[edges.ends[edges.counts == 1]]
        rims.append((np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1).sum(), ends.min(), ends.max()))
    np.testing.assert_allclose(*rims)
    assert measured(found)["euler_number"] == 1
    assert measured(found)["area"] == pytest.approx(measured(cup)["area"], rel=0.02)


def test_objects_keep_their_values_and_measures_go_along():
    labels = np.zeros((20, 20, 34), int)
    labels[3:17, 3:17, 3:17] = 4
    labels[3:17, 3:17, 17:31] = 9
    found = surfaces.remesh(surfaces.labels_to_surface(labels))
    assert (np.ptp(found.values[found.faces], axis=1) == 0).all()
    assert surfaces.measure_surface(found)["value"].tolist() == [4, 9]
    ball = sphere(10.0)
    found = surfaces.remesh(ball._replace(values=ball.vertices[:, 0]), edge_length=2)
    np.testing.assert_allclose(found.values, found.vertices[:, 0], atol=1)


def test_edges_that_many_faces_share_stay():
    found = surfaces.remesh(FAN, edge_length=0.5)
    edges = meshes.edges_of(found.faces)
    (crowded,) = edges.ends[edges.counts > 2]
    assert sorted(map(tuple, found.vertices[crowded])) == [(0, 0, 0), (0, 0, 3)]
    assert measured(found)["area"] == pytest.approx(measured(FAN)["area"])
    assert len(found.faces) > 4 * len(FAN.faces)


def test_a_real_mesh_with_such_an_edge(shared_data):
    surface = read(shared_data / "surfaces/gastruloid.ply")
    found = surfaces.remesh(surface, edge_length=15)
    assert measured(found)["euler_number"] == measured(surface)["euler_number"]
    assert measured(found)["area"] == pytest.approx(measured(surface)["area"], rel=0.03)
    assert np.median(lengths(found)) == pytest.approx(15, rel=0.1)
    assert np.median(surfaces.triangle_quality(found).values) > np.median(
        surfaces.triangle_quality(surface).values
    )


def test_real_meshes_stay_closed(shared_data):
    for name, length, euler in (("branchoid", 2, 2), ("knot", 6, 0)):
        surface = surfaces.smooth(read(shared_data / f"surfaces/{name}.ply"))
        found = surfaces.remesh(surface, edge_length=length, iterations=5)
        assert measured(found)["is_closed"]
        assert measured(found)["euler_number"] == euler
        assert measured(found)["volume"] == pytest.approx(measured(surface)["volume"], rel=0.02)
        assert np.median(lengths(found)) == pytest.approx(length, rel=0.1)


def test_lengths_in_voxels_and_lengths_that_can_not_be():
    ball = sphere(10.0)
    same = surfaces.remesh(ball, edge_length=voxels(3), spacing=(2, 0.5, 0.5))
    assert len(same.faces) == len(surfaces.remesh(ball, edge_length=1.5).faces)
    with pytest.raises(ValueError, match="edge_length must be more than 0"):
        surfaces.remesh(ball, edge_length=0)
    with pytest.raises(ValueError, match="edge_length is so small"):
        surfaces.remesh(ball, edge_length=1e-4)
