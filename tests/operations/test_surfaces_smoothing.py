"""The windowed sinc filter is the one of the paper, and smoothed shapes have their size."""

from __future__ import annotations

import numpy as np
import pytest

from napari_delineate import surfaces
from napari_delineate.types import Surface
from napari_delineate.windowed_sinc import coefficients
from tests.operations.test_surfaces import area_of_ellipsoid, ellipsoid
from tests.operations.test_surfaces_measurement import sphere, torus

SINC = {"method": "windowed sinc", "iterations": 50, "pass_band": 0.01}
"""What takes away the steps of thick slices too."""

GRIDS = [(1, 1, 1), (4, 1, 1)]


def response(weights, frequencies):
    """Evaluate the filter for eigenvalues of the Laplacian, 0 to 2."""
    angles = np.multiply.outer(np.arccos(1 - frequencies / 2), np.arange(len(weights)))
    return np.cos(angles) @ weights


# The filter


@pytest.mark.parametrize("window", ["nuttall", "hamming"])
@pytest.mark.parametrize("iterations", [20, 50, 200])
@pytest.mark.parametrize("pass_band", [0.05, 0.1, 0.5])
def test_the_filter_lets_long_waves_pass_and_no_short_ones(window, iterations, pass_band):
    weights = coefficients(iterations, pass_band, window)
    assert response(weights, 0.0) == pytest.approx(1, abs=0.01 if window == "hamming" else 1e-3)
    assert response(weights, pass_band) == pytest.approx(1, abs=2e-3)
    frequencies = np.linspace(0, 2, 500)
    assert np.abs(response(weights, frequencies)).max() < 1.01
    if iterations == 200:
        assert np.abs(response(weights, frequencies[frequencies > 2.5 * pass_band])).max() < 0.1


@pytest.mark.parametrize("window", ["nuttall", "hamming"])
@pytest.mark.parametrize("iterations", [1, 2, 3, 4, 5, 10, 15, 100, 1000])
@pytest.mark.parametrize("pass_band", [1e-4, 1e-3, 0.1, 1, 1.9, 2])
def test_there_is_a_filter_for_all_settings(window, iterations, pass_band):
    weights = coefficients(iterations, pass_band, window)
    assert response(weights, np.float64(pass_band)) == pytest.approx(1, abs=1e-3)
    assert np.abs(response(weights, np.linspace(0, 2, 200))).max() < 1.02


def test_a_wave_around_a_tube_is_damped_as_the_filter_says():
    # On a ring of tubes, all alike, a wave along the ring is an eigenvector of the Laplacian.
    sections = (48, 16)
    surface, _ = torus(10.0, 3.0, sections)
    place = np.repeat(np.arange(sections[0]), sections[1])
    base = surface._replace(vertices=np.zeros_like(surface.vertices))
    for turns in (1, 4, 12):
        wave = np.cos(2 * np.pi * turns * place / sections[0])
        # Of six neighbours two lie beside the vertex and two on each side.
        value = 1 - (2 + 4 * np.cos(2 * np.pi * turns / sections[0])) / 6
        moved = base._replace(vertices=np.outer(wave, [1.0, 0, 0]))
        found = surfaces.smooth(moved, method="windowed sinc", iterations=20)
        expected = response(coefficients(20, 0.1, "nuttall"), np.float64(value))
        np.testing.assert_allclose(found.vertices[:, 0], wave * expected, atol=1e-9)


@pytest.mark.parametrize(("window", "number"), [("nuttall", 0), ("hamming", 3)])
@pytest.mark.parametrize(("iterations", "pass_band"), [(15, 0.1), (40, 0.02)])
def test_vtk_moves_vertices_to_the_same_places(window, number, iterations, pass_band):
    vtk = pytest.importorskip("vtk")
    from vtk.util import numpy_support

    ball = surfaces.mask_to_surface(ellipsoid((6, 7, 9)))
    points, cells, data = vtk.vtkPoints(), vtk.vtkCellArray(), vtk.vtkPolyData()
    points.SetData(numpy_support.numpy_to_vtk(ball.vertices, deep=True))
    for face in ball.faces:
        cells.InsertNextCell(3, face.tolist())
    data.SetPoints(points)
    data.SetPolys(cells)
    smoother = vtk.vtkWindowedSincPolyDataFilter()
    smoother.SetInputData(data)
    smoother.SetNumberOfIterations(iterations)
    smoother.SetPassBand(pass_band)
    smoother.SetWindowFunction(number)
    smoother.NormalizeCoordinatesOn()
    smoother.Update()
    expected = numpy_support.vtk_to_numpy(smoother.GetOutput().GetPoints().GetData())
    found = surfaces.smooth(
        ball, method="windowed sinc", iterations=iterations, pass_band=pass_band, window=window
    )
    np.testing.assert_allclose(found.vertices, expected, atol=1e-6)


def test_a_rim_and_edges_of_many_faces_and_loose_vertices_stay():
    ball = sphere(5.0, 3)
    cup = ball.faces[ball.vertices[ball.faces].mean(axis=1)[:, 0] < 2]
    fins = np.array([[0, 1, len(ball.vertices)], [0, 1, len(ball.vertices) + 1]])
    extra = np.array([[7.0, 7, 7], [8, 8, 9], [20, 20, 20]])
    surface = Surface(
        np.concatenate([ball.vertices, extra]),
        np.concatenate([cup, fins]),
        np.ones(len(ball.vertices) + 3),
    )
    rough = np.random.default_rng(0).normal(0, 0.1, surface.vertices.shape)
    surface = surface._replace(vertices=surface.vertices + rough)
    found = surfaces.smooth(surface, method="windowed sinc", iterations=20).vertices
    sides = np.sort(surface.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    edges, counts = np.unique(sides, axis=0, return_counts=True)
    still = np.unique(np.append(edges[counts != 2], len(surface.vertices) - 1))
    assert np.array_equal(found[still], surface.vertices[still])
    inner = np.setdiff1d(cup, still)
    assert (np.abs(found[inner] - surface.vertices[inner]).max(axis=1) > 0).all()


def test_no_steps_change_nothing():
    ball = sphere(5.0, 3)
    same = surfaces.smooth(ball, method="windowed sinc", iterations=0)
    assert np.array_equal(same.vertices, ball.vertices)


def test_the_place_of_a_surface_does_not_matter():
    ball = surfaces.mask_to_surface(ellipsoid((6, 6, 6)))
    far = ball._replace(vertices=ball.vertices + np.array([1000, -2000, 500]))
    settings = {"method": "windowed sinc", "window": "hamming", "iterations": 15}
    moved = surfaces.smooth(far, **settings).vertices - surfaces.smooth(ball, **settings).vertices
    np.testing.assert_allclose(moved, np.broadcast_to([1000, -2000, 500], moved.shape), atol=1e-9)


# Shapes of ten voxels radius or more, also ten thick slices


def voxel_torus(major, minor, spacing):
    sides = (minor + 5, major + minor + 5, major + minor + 5)
    axes = (
        np.arange(-side, side + 1, step) + 0.3 for side, step in zip(sides, spacing, strict=True)
    )
    z, y, x = np.meshgrid(*axes, indexing="ij")
    inside = (np.hypot(y, x) - major) ** 2 + z**2 <= minor**2
    return surfaces.mask_to_surface(inside, spacing=spacing)


def sizes(surface):
    row = surfaces.measure_surface(surface).iloc[0]
    return row["volume"], row["area"]


def assert_within(surface, volume, area):
    found = sizes(surface)
    assert found[0] == pytest.approx(volume, rel=0.01)
    assert found[1] == pytest.approx(area, rel=0.02)


@pytest.mark.parametrize("spacing", GRIDS, ids=str)
@pytest.mark.parametrize("voxels", [10, 15])
def test_balls_have_their_size_on_thick_slices_too(spacing, voxels):
    radius = voxels * spacing[0]
    surface = surfaces.mask_to_surface(ellipsoid((radius,) * 3, spacing), spacing=spacing)
    volume, area = 4 / 3 * np.pi * radius**3, 4 * np.pi * radius**2
    assert_within(surfaces.smooth(surface, **SINC), volume, area)
    # What the documentation says of surfaces that are not smoothed.
    raw = sizes(surface)[1] / area - 1
    assert raw == pytest.approx(0.09 if spacing == GRIDS[0] else 0.195, abs=0.01)


@pytest.mark.parametrize("spacing", GRIDS, ids=str)
def test_ellipsoids_have_their_size_on_thick_slices_too(spacing):
    radii = np.multiply((10, 12, 15), spacing[0])
    surface = surfaces.mask_to_surface(ellipsoid(radii, spacing), spacing=spacing)
    smooth = surfaces.smooth(surface, **SINC)
    assert_within(smooth, 4 / 3 * np.pi * np.prod(radii), area_of_ellipsoid(*radii))


@pytest.mark.parametrize(
    "spacing", [GRIDS[0], pytest.param(GRIDS[1], marks=pytest.mark.slow)], ids=str
)
def test_rings_have_their_size_on_thick_slices_too(spacing):
    minor = 10 * spacing[0]
    major = 2 * minor
    smooth = surfaces.smooth(voxel_torus(major, minor, spacing), **SINC)
    assert_within(smooth, 2 * np.pi**2 * major * minor**2, 4 * np.pi**2 * major * minor)


@pytest.mark.parametrize("minor", [10, 15])
def test_rings_have_their_size_with_defaults(minor):
    smooth = surfaces.smooth(voxel_torus(3 * minor, minor, GRIDS[0]))
    assert_within(smooth, 6 * np.pi**2 * minor**3, 12 * np.pi**2 * minor**2)
