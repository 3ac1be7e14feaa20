"""Surfaces have the volume, area and topology that geometry says they have."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage.measure import euler_number, marching_cubes

from napari_delineate import segmentation, surfaces, voxels
from napari_delineate.samples import nuclei_3d
from napari_delineate.types import Surface

GRIDS = [(1.0, 1.0, 1.0), (0.5, 0.5, 0.5), (2.0, 1.0, 1.0), (4.0, 1.0, 1.0), (1.0, 1.0, 0.25)]
grids = pytest.mark.parametrize("spacing", GRIDS, ids=str)


def mesh(surface):
    """Turn a surface into trimesh's, which is in (x, y, z)."""
    return trimesh.Trimesh(surface.vertices[:, ::-1], surface.faces[:, ::-1], process=False)


def ellipsoid(radii, spacing=(1, 1, 1)):
    """The voxels whose centres lie in an ellipsoid that lies askew on the grid."""
    half = [int(r / s) + 2 for r, s in zip(radii, spacing, strict=True)]
    grid = np.indices([2 * n + 1 for n in half]) - np.reshape(half, (3, 1, 1, 1)) + 0.3
    steps = [axis * s / r for axis, s, r in zip(grid, spacing, radii, strict=True)]
    return sum(step**2 for step in steps) <= 1


def area_of_ellipsoid(a, b, c):
    """Integrate the area of an ellipsoid numerically."""
    u, v = np.meshgrid(np.linspace(0, np.pi, 801), np.linspace(0, 2 * np.pi, 801), indexing="ij")
    element = np.sin(u) * np.sqrt(
        (b * c * np.sin(u) * np.cos(v)) ** 2
        + (a * c * np.sin(u) * np.sin(v)) ** 2
        + (a * b * np.cos(u)) ** 2
    )
    return np.trapezoid(np.trapezoid(element, v[0], axis=1), u[:, 0])


def assert_closed_and_outward(surface):
    body = mesh(surface)
    assert body.is_watertight
    assert body.is_winding_consistent
    assert body.volume > 0
    assert np.unique(surface.faces).size == len(surface.vertices)


# Geometry with known answers


@pytest.mark.parametrize("radius", [10, 14, 20, 30])
def test_a_ball_has_its_volume_and_smoothed_its_area(radius):
    surface = surfaces.labels_to_surface(ellipsoid((radius,) * 3))
    smooth = surfaces.smooth(surface)
    volume, area = 4 / 3 * np.pi * radius**3, 4 * np.pi * radius**2
    assert mesh(surface).volume == pytest.approx(volume, rel=0.01)
    assert mesh(smooth).volume == pytest.approx(volume, rel=0.01)
    assert mesh(smooth).area == pytest.approx(area, rel=0.02)
    # The steps of the grid, which do not shrink with it, are why smoothing is needed.
    assert 0.07 < mesh(surface).area / area - 1 < 0.11


def test_an_ellipsoid_has_its_volume_and_smoothed_its_area():
    radii = (12, 18, 25)
    smooth = surfaces.smooth(surfaces.labels_to_surface(ellipsoid(radii)))
    assert mesh(smooth).volume == pytest.approx(4 / 3 * np.pi * np.prod(radii), rel=0.01)
    assert mesh(smooth).area == pytest.approx(area_of_ellipsoid(*radii), rel=0.02)


@pytest.mark.parametrize("iterations", [10, 100])
@grids
def test_a_ball_has_its_size_on_any_grid(spacing, iterations):
    radius = 20
    surface = surfaces.labels_to_surface(ellipsoid((radius,) * 3, spacing), spacing=spacing)
    smooth = mesh(surfaces.smooth(surface, iterations=iterations))
    assert smooth.volume == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.03)
    # Steps as high as coarse voxels need more iterations.
    excess = smooth.area / (4 * np.pi * radius**2) - 1
    assert abs(excess) < (0.02 if iterations == 100 or spacing == (1, 1, 1) else 0.1)


@grids
def test_a_surface_lies_at_the_physical_place_of_its_object(spacing):
    labels = np.zeros((12, 40, 80), int)
    labels[3:9, 10:30, 20:60] = 1
    vertices = surfaces.labels_to_surface(labels, spacing=spacing).vertices
    # Halfway between the centres of the last voxels inside and the first outside.
    assert vertices.min(axis=0) == pytest.approx(np.array([2.5, 9.5, 19.5]) * spacing)
    assert vertices.max(axis=0) == pytest.approx(np.array([8.5, 29.5, 59.5]) * spacing)


def test_a_box_has_the_volume_of_its_voxels_but_for_its_edges():
    labels = np.zeros((40, 50, 60), int)
    labels[5:35, 5:45, 5:55] = 1
    body = mesh(surfaces.labels_to_surface(labels, spacing=(2, 1, 0.5)))
    assert body.volume == pytest.approx(30 * 40 * 50 * 2 * 1 * 0.5, rel=0.01)
    area = 2 * (60 * 40 + 60 * 25 + 40 * 25)
    assert body.area == pytest.approx(area, rel=0.04)


def test_smoothing_does_not_shrink():
    surface = surfaces.labels_to_surface(ellipsoid((15, 15, 15)))
    volume = mesh(surface).volume
    for iterations in (10, 100, 1000):
        smooth = surfaces.smooth(surface, iterations=iterations)
        assert mesh(smooth).volume == pytest.approx(volume, rel=0.01)


# Closedness, orientation, topology


@grids
def test_surfaces_are_closed_with_normals_pointing_outwards(spacing):
    surface = surfaces.labels_to_surface(ellipsoid((8, 8, 8), spacing), spacing=spacing)
    assert_closed_and_outward(surface)
    # In the order of the axes too: the docstring says (z, y, x).
    corners = surface.vertices[surface.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    away = corners.mean(axis=1) - surface.vertices.mean(axis=0)
    assert ((normals * away).sum(axis=1) > 0).mean() > 0.99


def test_objects_are_closed_at_the_border_of_the_image():
    surface = surfaces.labels_to_surface(np.ones((5, 6, 7), int))
    assert_closed_and_outward(surface)
    assert surface.vertices.min(axis=0).tolist() == [-0.5, -0.5, -0.5]
    assert surface.vertices.max(axis=0).tolist() == [4.5, 5.5, 6.5]


@settings(max_examples=150, deadline=None)
@given(
    labels=hnp.arrays(
        np.int32, hnp.array_shapes(min_dims=2, max_dims=3, max_side=5), elements=st.integers(0, 2)
    )
)
def test_surfaces_of_any_labels_are_closed(labels):
    surface = surfaces.labels_to_surface(labels)
    if labels.any():
        assert_closed_and_outward(surface)
    assert np.unique(surface.values).tolist() == np.unique(labels[labels > 0]).tolist()


@pytest.mark.parametrize(
    ("hole", "euler"),
    [
        ((slice(0, 0),) * 3, 2),  # a ball
        ((slice(None), slice(6, 10), slice(6, 10)), 0),  # a ring
        ((slice(6, 10), slice(6, 10), slice(6, 10)), 4),  # a shell: two balls
    ],
    ids=["ball", "ring", "shell"],
)
def test_the_euler_number_is_that_of_the_shape(hole, euler):
    labels = np.zeros((16, 16, 16), int)
    labels[2:14, 2:14, 2:14] = 1
    labels[hole] = 0
    surface = surfaces.labels_to_surface(labels)
    assert mesh(surface).euler_number == euler
    # A body has half the Euler number of its surface.
    assert euler_number(labels, connectivity=3) == euler / 2
    for other in (surfaces.smooth(surface), surfaces.simplify(surface, fraction=0.3)):
        assert mesh(other).euler_number == euler


def test_touching_objects_have_surfaces_of_their_own():
    labels = np.zeros((10, 10, 16), int)
    labels[2:8, 2:8, 2:8] = 3
    labels[2:8, 2:8, 8:14] = 300
    surface = surfaces.labels_to_surface(labels)
    bodies = mesh(surface).split(only_watertight=True)
    assert len(bodies) == 2
    # No face joins two objects.
    of_corners = surface.values[surface.faces]
    assert (of_corners == of_corners[:, :1]).all()
    assert np.unique(surface.values).tolist() == [3, 300]
    for number in (3, 300):
        alone = surfaces.labels_to_surface(np.where(labels == number, labels, 0))
        own = surface.vertices[surface.values == number]
        assert np.array_equal(own, alone.vertices)


def test_one_object_equals_scikit_image():
    labels = ellipsoid((7, 9, 11))
    surface = surfaces.labels_to_surface(labels, spacing=(2, 1, 0.5))
    vertices, faces, _, _ = marching_cubes(labels.astype(float), 0.5, spacing=(2, 1, 0.5))
    assert len(surface.faces) == len(faces)
    key = np.lexsort(vertices.T)
    ours = np.lexsort(surface.vertices.T)
    np.testing.assert_allclose(surface.vertices[ours], vertices[key], atol=1e-5)


def test_a_2d_object_is_a_slab_as_thick_as_the_finest_voxel():
    spacing = (0.5, 0.25)
    y, x = np.indices((170, 330)) * np.reshape(spacing, (2, 1, 1))
    radius = 38
    disc = (y - 42) ** 2 + (x - 41) ** 2 <= radius**2
    body = mesh(surfaces.labels_to_surface(disc, spacing=spacing))
    assert body.is_watertight
    assert np.ptp(body.vertices[:, 2]) == 0.25
    # The rim slopes from the middle of the slab to its faces.
    assert body.volume / 0.25 == pytest.approx(np.pi * radius**2, rel=0.02)
    assert body.area / 2 == pytest.approx(np.pi * radius**2, rel=0.02)


def test_no_objects_have_no_surface():
    for shape in ((5, 6), (5, 6, 7)):
        surface = surfaces.labels_to_surface(np.zeros(shape, int))
        assert surface.vertices.shape == surface.faces.shape == (0, 3)
        assert surface.values.shape == (0,)
        assert len(surfaces.smooth(surface).faces) == 0
        assert len(surfaces.simplify(surface).faces) == 0


# Smoothing and simplifying


def many_balls():
    """Balls of several sizes, from a single voxel up."""
    labels = np.zeros((24, 60, 60), int)
    grid = np.indices(labels.shape)
    for number, radius in enumerate((0, 1, 2, 4, 8, 10), start=1):
        place = (12, 12 + 36 * (number % 2), 5 + 10 * ((number - 1) // 2) * 2)
        away = sum((axis - at) ** 2 for axis, at in zip(grid, place, strict=True))
        labels[away <= radius**2] = 10 * number
    return labels


def test_smooth_keeps_faces_and_values():
    surface = surfaces.labels_to_surface(many_balls())
    smooth = surfaces.smooth(surface)
    assert np.array_equal(smooth.faces, surface.faces)
    assert np.array_equal(smooth.values, surface.values)
    assert not np.array_equal(smooth.vertices, surface.vertices)
    assert np.array_equal(surfaces.smooth(surface, iterations=0).vertices, surface.vertices)


def test_smooth_leaves_the_surface_given_as_it_is():
    surface = surfaces.labels_to_surface(many_balls())
    before = surface.vertices.copy()
    surfaces.smooth(surface)
    surfaces.simplify(surface)
    assert np.array_equal(surface.vertices, before)


def test_smooth_leaves_vertices_without_faces_in_place():
    ball = surfaces.labels_to_surface(ellipsoid((6, 6, 6)))
    loose = np.array([[100.0, 0, 0], [0, 100, 0]])
    surface = Surface(
        np.concatenate([loose[:1], ball.vertices, loose[1:]]),
        ball.faces + 1,
        np.concatenate([[7], ball.values, [8]]),
    )
    smooth = surfaces.smooth(surface)
    assert np.array_equal(smooth.vertices[[0, -1]], loose)
    np.testing.assert_allclose(smooth.vertices[1:-1], surfaces.smooth(ball).vertices, atol=1e-12)
    # Simplifying has no use for them.
    simple = surfaces.simplify(surface, fraction=0.5)
    assert np.unique(simple.faces).size == len(simple.vertices)


@pytest.mark.parametrize("fraction", [0.5, 0.1])
@grids
def test_simplified_balls_stay_closed_and_keep_their_size(spacing, fraction):
    ball = surfaces.labels_to_surface(ellipsoid((20, 20, 20), spacing), spacing=spacing)
    for surface in (ball, surfaces.smooth(ball)):
        simple = surfaces.simplify(surface, fraction=fraction)
        assert len(simple.faces) == pytest.approx(fraction * len(surface.faces), rel=0.03)
        assert_closed_and_outward(simple)
        assert mesh(simple).euler_number == 2
        assert mesh(simple).volume == pytest.approx(mesh(surface).volume, rel=0.03)


@pytest.mark.parametrize("fraction", [0, 0.01, 0.1, 0.5])
def test_simplify_keeps_every_object_with_its_value_and_place(fraction):
    labels = many_balls()
    surface = surfaces.labels_to_surface(labels)
    simple = surfaces.simplify(surface, fraction=fraction)
    assert_closed_and_outward(simple)
    of_corners = simple.values[simple.faces]
    assert (of_corners == of_corners[:, :1]).all()
    for number in np.unique(labels[labels > 0]):
        own = simple.vertices[simple.values == number]
        assert len(own) >= 4
        old = surface.vertices[surface.values == number]
        radius = np.ptp(old, axis=0).max() / 2
        assert np.linalg.norm(own.mean(axis=0) - old.mean(axis=0)) < 0.6 * radius


@pytest.mark.parametrize("fraction", [0.3, 0.6])
def test_simplify_reduces_every_object_alike(fraction):
    # One error for all would spend the faces on large objects and melt small ones.
    large, small = ellipsoid((24, 24, 24)), ellipsoid((5, 5, 5))
    labels = np.zeros((60, 60, 110), int)
    labels[: len(large), : len(large), : len(large)][large] = 1
    labels[: len(small), : len(small), 80 : 80 + len(small)][small] = 2
    surface = surfaces.labels_to_surface(labels)
    simple = surfaces.simplify(surface, fraction=fraction)
    for number in (1, 2):
        before = np.sum(surface.values[surface.faces[:, 0]] == number)
        after = np.sum(simple.values[simple.faces[:, 0]] == number)
        assert after == pytest.approx(fraction * before, rel=0.05)


@pytest.fixture(scope="module")
def nuclei():
    """Labels of objects of all shapes, two of them with a tunnel."""
    value = nuclei_3d()
    return segmentation.voronoi_otsu_labeling(
        value.data, spot_sigma=voxels(4), spacing=value.spacing
    )


@pytest.mark.parametrize("fraction", [0.5, 0.2])
@pytest.mark.parametrize("spacing", [(1.0, 0.3, 0.3), (4.0, 1.0, 1.0), (1.0, 1.0, 1.0)], ids=str)
@pytest.mark.slow
def test_simplified_nuclei_stay_in_place_closed_and_as_large(nuclei, spacing, fraction):
    surface = surfaces.labels_to_surface(nuclei, spacing=spacing)
    simple = surfaces.simplify(surface, fraction=fraction)
    assert len(simple.faces) == pytest.approx(fraction * len(surface.faces), rel=0.01)
    assert (np.ptp(simple.values[simple.faces], axis=1) == 0).all()
    assert np.unique(simple.values).tolist() == np.unique(nuclei[nuclei > 0]).tolist()
    for number in np.unique(simple.values):
        old, new = (
            one._replace(faces=one.faces[one.values[one.faces[:, 0]] == number])
            for one in (surface, simple)
        )
        before, after = (one.vertices[one.values == number] for one in (old, new))
        assert (after >= before.min(axis=0)).all()
        assert (after <= before.max(axis=0)).all()
        assert mesh(new).is_watertight
        assert mesh(new).is_winding_consistent
        assert mesh(new).volume == pytest.approx(mesh(old).volume, rel=0.01)


@pytest.mark.parametrize("spacing", [(1.0, 0.3, 0.3), (1.0, 1.0, 1.0)], ids=str)
def test_a_simplified_vertex_has_the_value_of_one_that_was_there(nuclei, spacing):
    surface = surfaces.labels_to_surface(nuclei, spacing=spacing)
    surface = surface._replace(values=np.arange(len(surface.vertices)))
    simple = surfaces.simplify(surface, fraction=0.5)
    assert len(np.unique(simple.values)) == len(simple.values)
    away = np.abs(simple.vertices - surface.vertices[simple.values]) / spacing
    assert away.max() < 5
    assert np.median(away) == 0


@pytest.mark.parametrize("fraction", [0.5, 0.3, 0.2, 0.1, 0.05])
def test_a_surface_with_tunnels_stays_closed_when_they_are_pinched(fraction):
    labels = np.zeros((9, 40, 40), int)
    labels[2:7, 3:37, 3:37] = 1
    labels[:, 8::6, 8::6] = 0  # tunnels of a single voxel
    surface = surfaces.labels_to_surface(labels, spacing=(2.0, 0.7, 0.7))
    assert mesh(surface).euler_number < -20
    simple = surfaces.simplify(surface, fraction=fraction)
    assert_closed_and_outward(simple)
    assert mesh(simple).volume == pytest.approx(mesh(surface).volume, rel=0.03)


def test_simplify_to_all_faces_changes_nothing():
    surface = surfaces.labels_to_surface(many_balls())
    same = surfaces.simplify(surface, fraction=1)
    assert all(np.array_equal(a, b) for a, b in zip(same, surface, strict=True))


def test_simplify_keeps_flat_faces_flat():
    labels = np.zeros((20, 20, 20), int)
    labels[4:16, 4:16, 4:16] = 1
    surface = surfaces.labels_to_surface(labels)
    simple = surfaces.simplify(surface, fraction=0.1)
    assert simple.vertices.min(axis=0) == pytest.approx([3.5] * 3, abs=0.05)
    assert simple.vertices.max(axis=0) == pytest.approx([15.5] * 3, abs=0.05)
    assert mesh(simple).volume == pytest.approx(mesh(surface).volume, rel=0.01)


def test_simplify_reaches_the_fraction_of_a_real_surface(shared_data):
    from napari_delineate.files import read

    knot = read(shared_data / "surfaces/knot.ply")
    simple = surfaces.simplify(knot, fraction=0.2)
    assert len(simple.faces) == pytest.approx(0.2 * len(knot.faces), rel=0.02)
    assert mesh(simple).euler_number == mesh(knot).euler_number
    assert mesh(simple).area == pytest.approx(mesh(knot).area, rel=0.02)
