"""Kernels for surfaces give what the libraries give that they are faster than."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.sparse import coo_array, csgraph
from scipy.spatial import KDTree
from skimage.measure import marching_cubes

from napari_delineate import meshes, surfaces, types

SHAPES = st.tuples(*[st.integers(1, 6)] * 3)
MASKS = arrays.arrays(bool, SHAPES)
LABELS = arrays.arrays(np.int32, SHAPES, elements=st.sampled_from([0, 0, 2, 3, 70_000, 2**21]))
SPACINGS = st.sampled_from([(1.0, 1.0, 1.0), (4.0, 1.0, 1.0), (0.3, 0.25, 0.1)])


def without_twins(faces):
    """Leave out triangles of the same three vertices."""
    keys = [tuple(sorted(face)) for face in faces.tolist()]
    return faces[[keys.count(key) == 1 for key in keys]]


@settings(deadline=None)
@given(MASKS, SPACINGS)
def test_a_mask_gets_the_triangles_of_scikit_image(mask, spacing):
    surface = surfaces.mask_to_surface(mask, spacing=spacing)
    if not mask.any():
        assert len(surface.vertices) == len(surface.faces) == 0
        return
    vertices, faces, _, _ = marching_cubes(np.pad(mask, 1).astype(np.uint8), 0.5, spacing=spacing)
    faces = without_twins(faces[:, ::-1])
    used = np.unique(faces)
    np.testing.assert_allclose(
        surface.vertices, vertices[used] - np.array(spacing), rtol=0, atol=1e-5
    )
    np.testing.assert_array_equal(surface.faces, np.searchsorted(used, faces))


@settings(deadline=None)
@given(LABELS)
def test_objects_that_touch_do_not_see_each_other(labels):
    surface = surfaces.labels_to_surface(labels)
    found = 0
    for label in np.unique(labels[labels > 0]):
        alone = surfaces.mask_to_surface(labels == label)
        part = slice(found, found + len(alone.vertices))
        assert (surface.values[part] == label).all()
        np.testing.assert_array_equal(surface.vertices[part], alone.vertices)
        found += len(alone.vertices)
    assert found == len(surface.vertices)


def test_all_cases_are_closed():
    for case in range(1, 255):
        surface = surfaces.mask_to_surface((case >> np.arange(8).reshape(2, 2, 2) & 1).astype(bool))
        sides = np.stack([surface.faces, np.roll(surface.faces, -1, axis=1)], axis=-1)
        sides = sides.reshape(-1, 2).tolist()
        assert sorted(sides) == sorted(side[::-1] for side in sides), case


FACES = arrays.arrays(
    np.int64, st.tuples(st.integers(0, 30), st.just(3)), elements=st.integers(0, 9)
).map(lambda faces: faces[[len(set(face)) == 3 for face in faces.tolist()]])


@settings(deadline=None)
@given(FACES)
def test_edges_are_those_that_sorting_finds(faces):
    edges = meshes.edges_of(faces)
    sides = np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1).reshape(-1, 2)
    ends, of_sides, counts = np.unique(
        np.sort(sides, axis=1), axis=0, return_inverse=True, return_counts=True
    )
    np.testing.assert_array_equal(edges.ends, ends.reshape(-1, 2))
    np.testing.assert_array_equal(edges.of_sides, of_sides.reshape(-1))
    np.testing.assert_array_equal(edges.counts, counts)
    np.testing.assert_array_equal(edges.is_forward, sides[:, 0] < sides[:, 1])


def test_a_vertex_of_many_faces_has_its_edges():
    rim = np.random.default_rng(0).permutation(np.arange(1, 5001))
    fan = np.stack([np.zeros(4999, int), rim[:-1], rim[1:]], axis=1)
    edges = meshes.edges_of(fan)
    assert edges.ends[:5000].tolist() == [[0, vertex] for vertex in range(1, 5001)]
    assert len(edges.ends) == 5000 + 4999


@pytest.mark.parametrize("method", ["taubin", "laplacian", "humphrey"])
@pytest.mark.parametrize("iterations", [0, 1, 10])
def test_closed_surfaces_are_smoothed_as_by_trimesh(method, iterations):
    grid = np.indices((14, 24, 24)) - np.reshape([7.0, 12.0, 12.0], (3, 1, 1, 1))
    ring = (np.hypot(grid[1], grid[2]) - 8) ** 2 + (2 * grid[0]) ** 2 <= 9
    surface = surfaces.mask_to_surface(ring, spacing=(2.0, 1.0, 1.0))
    mesh = trimesh.Trimesh(surface.vertices, surface.faces, process=False)
    settings_ = {"volume_constraint": False} if method == "laplacian" else {}
    getattr(trimesh.smoothing, f"filter_{method}")(mesh, iterations=iterations, **settings_)
    smoothed = surfaces.smooth(surface, method=method, iterations=iterations)
    np.testing.assert_allclose(smoothed.vertices, mesh.vertices, rtol=0, atol=1e-12)


@settings(deadline=None)
@given(FACES.filter(len), st.integers(0, 3))
def test_all_neighbours_count_also_on_the_rim(faces, iterations):
    vertices = np.random.default_rng(0).random((11, 3))
    smoothed = surfaces.smooth(
        (vertices, faces, np.ones(11)), method="laplacian", iterations=iterations
    )
    near = np.zeros((11, 11), bool)
    for corner in range(3):
        near[faces[:, corner], faces[:, corner - 1]] = True
    near |= near.T
    alone = ~near.any(axis=1)
    near[alone, alone] = True
    expected = vertices
    for _ in range(iterations):
        expected = (expected + (near @ expected) / near.sum(axis=1, keepdims=True)) / 2
    np.testing.assert_allclose(smoothed.vertices, expected, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(smoothed.vertices[alone], vertices[alone])


@settings(deadline=None)
@given(FACES)
def test_parts_are_those_of_scipy(faces):
    parts = meshes.part_of_vertices(types.Surface(np.zeros((11, 3)), faces, np.zeros(11)))
    ends = (faces[:, [0, 1]].ravel(), faces[:, [1, 2]].ravel())
    graph = coo_array((np.ones(2 * len(faces)), ends), shape=(11, 11))
    numbers = csgraph.connected_components(graph, directed=False)[1]
    used = np.isin(np.arange(11), faces)
    assert (parts[~used] == -1).all()
    pairs = np.unique(np.stack([parts[used], numbers[used]]), axis=1)
    assert pairs[0].tolist() == list(range(pairs.shape[1])), "in the order of the first vertex"
    assert len(np.unique(pairs[1])) == pairs.shape[1]


@settings(deadline=None, max_examples=15)
@given(LABELS, SPACINGS, st.integers(0, 3))
def test_nets_are_those_of_a_plain_net(labels, spacing, iterations):
    surface = surfaces.surface_nets(labels, iterations=iterations, spacing=spacing)
    places, squares, sides = plain_net(np.pad(labels, 1))
    places = relaxed(places, squares, np.pad(labels, 1), iterations) * spacing
    for label in np.unique(labels[labels > 0]):
        own = squares[(sides == label).any(axis=1)]
        away, cells = KDTree(places).query(surface.vertices)
        assert away.max() < 1e-9
        assert set(cells[surface.values == label]) == set(own.ravel())
        faces = cells[surface.faces[surface.values[surface.faces[:, 0]] == label]]
        assert len(faces) == 2 * len(own)
        of_squares = {frozenset(square) - {corner} for square in own.tolist() for corner in square}
        assert set(map(frozenset, faces.tolist())) <= of_squares


def plain_net(labels):
    """Return the middle of all cells, four of them around each side, and the labels there."""
    cell_of, squares, sides = {}, [], []
    for at in np.ndindex(*(size - 1 for size in labels.shape)):
        if len(np.unique(labels[tuple(slice(place, place + 2) for place in at)])) > 1:
            cell_of[at] = len(cell_of)
    for axis in range(3):
        low, high = np.split(np.stack([labels, np.roll(labels, -1, axis)]), 2)
        for at in np.argwhere((low != high)[0]):
            second, third = np.eye(3, dtype=int)[[axis - 2, axis - 1]]
            around = [at - second - third, at - third, at, at - second]
            squares.append([cell_of[tuple(place)] for place in around])
            sides.append([low[0][tuple(at)], high[0][tuple(at)]])
    places = np.array(list(cell_of), float).reshape(-1, 3) - 0.5
    return places, np.array(squares, int).reshape(-1, 4), np.array(sides, int).reshape(-1, 2)


def relaxed(places, squares, labels, iterations):
    """Move each place to and fro between the mean of its neighbours and itself."""
    corners = [(places + 0.5 + offset).astype(int) for offset in np.ndindex(2, 2, 2)]
    around = np.stack([labels[tuple(corner.T)] for corner in corners], axis=1)
    kinds = np.array([len(set(row)) for row in around.tolist()])
    near = np.zeros((len(places), len(places)), bool)
    for corner in range(4):
        near[squares[:, corner], squares[:, corner - 1]] = True
    near = (near | near.T) & (kinds >= kinds[:, np.newaxis])
    moves = near.sum(axis=1) >= 2
    moved = places.copy()
    for factor in [0.5, -0.52] * iterations:
        mean = (near[moves] @ moved) / near[moves].sum(axis=1, keepdims=True)
        wanted = moved[moves] + factor * (mean - moved[moves])
        moved[moves] = np.clip(wanted, places[moves] - 0.5, places[moves] + 0.5)
    return moved


@pytest.mark.parametrize("radius", [0.0, 1.2, 4.0, 100.0])
def test_curvatures_are_those_of_fits_to_neighbours_in_a_tree(radius):
    mask = np.random.default_rng(0).random((5, 6, 7)) > 0.4
    surface = surfaces.smooth(surfaces.mask_to_surface(mask, spacing=(2.0, 1.0, 1.0)))
    curved = surfaces.fitted_curvature(surface, radius=radius, quantity="gaussian").values
    spheres = surfaces.sphere_fitted_curvature(surface, radius=radius).values
    normals, tree = meshes.vertex_normals(surface), KDTree(surface.vertices)
    for vertex in range(0, len(normals), 9):
        near = tree.query_ball_point(surface.vertices[vertex], radius)
        if len(near) < 12:
            near = tree.query(surface.vertices[vertex], 12)[1]
        away = surface.vertices[near] - surface.vertices[vertex]
        scale = np.sqrt((away**2).sum(axis=1).mean())
        terms = np.column_stack([2 * away / scale, np.ones(len(away))])
        found = np.linalg.lstsq(terms, ((away / scale) ** 2).sum(axis=1))[0]
        expected = 1 / (found[3] + (found[:3] ** 2).sum()) / scale**2
        assert spheres[vertex] == pytest.approx(expected, rel=1e-6)

        away = away[normals[near] @ normals[vertex] > 0]
        scale = np.sqrt((away**2).sum(axis=1).mean())
        first = np.linalg.svd(normals[vertex][np.newaxis])[2][1]
        across = np.cross(normals[vertex], first)
        u, v, h = (away / scale @ side for side in (first, across, normals[vertex]))
        terms = np.column_stack([u * u / 2 + h * h / 4, u * v, v * v / 2 + h * h / 4, u, v, u**0])
        if len(terms) > 6 and np.linalg.cond(terms) < 1e3:
            a, b, c, one, two, _ = np.linalg.lstsq(terms, h)[0]
            expected = (a * c - b * b) / (1 + one**2 + two**2) ** 2 / scale**2
            assert curved[vertex] == pytest.approx(expected, rel=1e-6, abs=1e-9)
