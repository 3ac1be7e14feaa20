"""Surfaces of masks, images, labels that touch, and points; and the way back to a grid."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.spatial import ConvexHull, KDTree
from skimage.measure import marching_cubes

from napari_delineate import surfaces
from napari_delineate.types import Surface
from tests.operations.test_surfaces_measurement import GRIDS, box, sphere, torus

grids = pytest.mark.parametrize("spacing", GRIDS, ids=str)


def measured(surface):
    return surfaces.measure_surface(surface, each="whole").iloc[0]


def distance_image(radius, spacing=(1.0, 1.0, 1.0)):
    """Return how deep voxels lie inside a ball, and the ball's centre."""
    half = [int(radius / size) + 3 for size in spacing]
    grid = np.indices([2 * n + 1 for n in half]).T * spacing
    centre = np.multiply(half, spacing) + 0.2
    return (radius - np.linalg.norm(grid - centre, axis=-1)).T, centre


def assert_closed_and_outward(surface):
    mesh = trimesh.Trimesh(surface.vertices, surface.faces, process=False)
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert mesh.volume > 0


# Masks, labels, images


def test_f1_and_f9(shared_image):
    small = np.zeros((10, 10, 10), bool)
    small[1:9, 1:9, 1:9] = True
    branchoid = shared_image("surfaces/branchoid_binary.tif") > 0
    for mask, vertices, faces in ((small, 384, 764), (branchoid, 19040, 38076)):
        surface = surfaces.mask_to_surface(mask)
        assert (len(surface.vertices), len(surface.faces)) == (vertices, faces)
        level = surfaces.image_to_surface(mask.astype(float), level=0.5)
        assert (len(level.vertices), len(level.faces)) == (vertices, faces)


def test_one_label_and_the_largest_are_those_of_all():
    labels = np.zeros((9, 9, 30), int)
    labels[2:5, 2:5, 2:5] = 7
    labels[2:7, 2:7, 8:20] = 3
    labels[3:6, 3:6, 22:28] = 5
    every = surfaces.labels_to_surface(labels)
    for number in (3, 5, 7):
        one = surfaces.label_to_surface(labels, label=number)
        assert np.array_equal(one.vertices, every.vertices[every.values == number])
    assert np.unique(surfaces.largest_label_to_surface(labels).values).tolist() == [3]
    assert len(surfaces.label_to_surface(labels, label=4).faces) == 0


@pytest.mark.parametrize(
    ("radius", "spacing"), [(10, GRIDS[0]), *((20, spacing) for spacing in GRIDS)], ids=str
)
def test_a_ball_of_intensities_has_its_size_without_smoothing(radius, spacing):
    image, centre = distance_image(radius, spacing)
    surface = surfaces.image_to_surface(image, level=0, spacing=spacing)
    assert_closed_and_outward(surface)
    away = np.linalg.norm(surface.vertices - centre, axis=1)
    # Between two voxels, the distance is taken to be linear: coarse voxels err by h²/8r.
    np.testing.assert_allclose(away, radius, atol=max(spacing) ** 2 / (4 * radius))
    row = measured(surface)
    assert row["volume"] == pytest.approx(
        4 / 3 * np.pi * radius**3, rel=0.01 if max(spacing) == 1 else 0.03
    )
    assert row["area"] == pytest.approx(
        4 * np.pi * radius**2, rel=0.01 if max(spacing) == 1 else 0.03
    )


def test_the_border_is_closed_where_that_is_wanted():
    image, _ = distance_image(8)
    cut = image[6:, :, :15]
    assert_closed_and_outward(surfaces.image_to_surface(cut, level=0))
    opened = surfaces.image_to_surface(cut, level=0, closed=False)
    assert not measured(opened)["is_closed"]
    assert opened.vertices[:, 0].min() == 0
    assert surfaces.image_to_surface(cut, level=0).vertices[:, 0].min() == -0.5
    whole = surfaces.image_to_surface(image, level=0, closed=False)
    again = surfaces.image_to_surface(image, level=0)
    assert len(whole.faces) == len(again.faces)
    np.testing.assert_allclose(whole.vertices, again.vertices, atol=1e-5)


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        np.int16, hnp.array_shapes(min_dims=2, max_dims=3, max_side=5), elements=st.integers(-3, 3)
    ),
    st.integers(-4, 4),
)
def test_any_image_has_a_closed_surface_at_any_level(image, level):
    surface = surfaces.image_to_surface(image, level=level)
    if (image > level).any():
        sides = np.stack([surface.faces, np.roll(surface.faces, -1, axis=1)], -1).reshape(-1, 2)
        forward, backward = (
            np.unique(one, axis=0, return_counts=True) for one in (sides, sides[:, ::-1])
        )
        assert np.array_equal(forward[0], backward[0])
        assert np.array_equal(forward[1], backward[1])
        assert measured(surface)["volume"] > 0
    else:
        assert len(surface.faces) == 0


def test_otsu_is_the_level_where_none_is_given():
    image, _ = distance_image(8)
    bright = np.where(image > 0, 200, 10).astype(np.uint8)
    assert measured(surfaces.image_to_surface(bright))["volume"] == pytest.approx(
        4 / 3 * np.pi * 8**3, rel=0.1
    )
    assert len(surfaces.image_to_surface(np.full((5, 5, 5), 3)).faces) == 0
    with pytest.raises(ValueError, match="closed must be True"):
        surfaces.image_to_surface(bright[10], closed=False)


# Surfaces that share their boundaries


def two_halves(radius=12, spacing=(1.0, 1.0, 1.0)):
    image, _ = distance_image(radius, spacing)
    labels = (image >= 0).astype(np.int32)
    labels[..., : labels.shape[2] // 2] *= 3
    return labels


@grids
@pytest.mark.parametrize("iterations", [0, 20])
def test_objects_that_touch_share_their_boundary(iterations, spacing):
    labels = two_halves(12, spacing)
    surface = surfaces.surface_nets(labels, iterations=iterations, spacing=spacing)
    table = surfaces.measure_surface(surface)
    assert table["value"].tolist() == [1, 3]
    assert table["is_closed"].all()
    assert (table["euler_number"] == 2).all()
    # Both together are as large as the ball: there is neither gap nor overlap.
    whole = surfaces.surface_nets(labels > 0, iterations=0, spacing=spacing)
    assert table["volume"].sum() == pytest.approx(measured(whole)["volume"], rel=0.03)
    one, two = (set(map(tuple, surface.vertices[surface.values == number])) for number in (1, 3))
    assert len(one & two) > 0.5 * np.pi * 12**2 / (spacing[0] * spacing[1])
    overlap = surfaces.volume_overlap(
        *(
            surface._replace(faces=surface.faces[surface.values[surface.faces[:, 0]] == number])
            for number in (1, 3)
        ),
        resolution=0.5,
    )
    assert overlap < 0.02


@pytest.mark.parametrize("radius", [10, 16])
def test_a_ball_of_surface_nets_has_its_size(radius):
    labels = distance_image(radius)[0] >= 0
    row = measured(surfaces.surface_nets(labels))
    assert row["volume"] == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.02)
    assert row["area"] == pytest.approx(4 * np.pi * radius**2, rel=0.02)


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        np.int32, hnp.array_shapes(min_dims=2, max_dims=3, max_side=5), elements=st.integers(0, 3)
    )
)
def test_nets_of_any_labels_are_closed_and_hold_their_voxels(labels):
    surface = surfaces.surface_nets(labels, iterations=0)
    if labels.any():
        assert surfaces.measure_surface(surface)["is_closed"].all()
    assert (surfaces.surface_to_labels(surface, labels) == labels).all()
    smooth = surfaces.surface_nets(labels, iterations=10)
    if labels.any():
        away, _ = KDTree(surface.vertices).query(smooth.vertices, p=np.inf)
        assert away.max() <= 0.5 + 1e-9
    assert np.array_equal(np.unique(smooth.values), np.unique(labels[labels > 0]))


# Hulls


def test_hulls_are_those_of_scipy_and_convex():
    labels = two_halves()
    labels[10:14, 10:14] = 0
    hulls = surfaces.labels_to_convex_hulls(labels)
    table = surfaces.measure_surface(hulls)
    np.testing.assert_allclose(table["solidity"], 1)
    solids = surfaces.measure_surface(surfaces.labels_to_surface(labels))
    np.testing.assert_allclose(table["volume"], solids["volume_convex"])
    surface, _ = torus()
    hull = surfaces.surface_to_convex_hull(surface)
    assert_closed_and_outward(hull)
    assert measured(hull)["volume"] == pytest.approx(ConvexHull(surface.vertices).volume)
    points = surfaces.points_to_convex_hull(surface.vertices)
    assert measured(points)["volume"] == pytest.approx(measured(hull)["volume"])


def test_points_in_a_plane_have_a_flat_hull_and_those_on_a_line_none():
    corners = np.array([[0.0, 0, 0], [0, 0, 4], [3, 0, 0], [3, 0, 4], [1, 0, 1]])
    for hull in (surfaces.points_to_convex_hull(corners), surfaces.points_to_surface(corners)):
        assert measured(hull)["area"] == pytest.approx(12)
    line = np.arange(12.0)[:, np.newaxis] * (1, 2, 3)
    for wrong in (line, line[:2], line[:0], line[:, :2]):
        for operation in (surfaces.points_to_convex_hull, surfaces.points_to_surface):
            with pytest.raises(ValueError, match="on one line"):
                operation(wrong)
    sheet = surfaces.points_to_convex_hull(corners)
    with pytest.raises(ValueError, match="in one plane"):
        surfaces.surface_to_convex_hull(sheet)
    square = np.array([[0.0, 0], [0, 3], [4, 0], [4, 3], [1, 1]])
    hull = surfaces.points_to_convex_hull(square)
    assert measured(hull)["area"] == pytest.approx(12)


def test_points_on_a_ring_make_a_ring():
    surface, _ = torus(10.0, 3.0, (60, 24))
    random = np.random.default_rng(0)
    inside = surface.vertices + random.normal(0, 0.02, surface.vertices.shape)
    ring = surfaces.points_to_surface(inside, radius=3.2)
    row = measured(ring)
    assert row["is_closed"]
    assert row["euler_number"] == 0
    assert row["volume"] == pytest.approx(2 * np.pi**2 * 10 * 9, rel=0.02)
    whole = surfaces.points_to_surface(inside, radius=1e6)
    assert measured(whole)["volume"] == pytest.approx(ConvexHull(inside).volume)
    assert len(surfaces.points_to_surface(inside, radius=1e-3).faces) == 0


def test_a_ball_goes_to_points_and_back():
    points = surfaces.surface_to_points(sphere(10.0, 4))
    surface = surfaces.points_to_surface(points, radius=20)
    assert measured(surface)["volume"] == pytest.approx(measured(sphere(10.0, 4))["volume"])


# Back to the grid


@grids
@pytest.mark.parametrize("smoothing", [0, 10])
def test_labels_come_back_from_their_surface(smoothing, spacing):
    labels = two_halves(12, spacing)
    surface = surfaces.smooth(
        surfaces.labels_to_surface(labels, spacing=spacing), iterations=smoothing
    )
    back = surfaces.surface_to_labels(surface, labels, spacing=spacing)
    for number in (1, 3):
        shared = ((back == number) & (labels == number)).sum()
        dice = 2 * shared / ((back == number).sum() + (labels == number).sum())
        assert dice == 1 if smoothing == 0 else dice >= 0.99


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        np.int32, hnp.array_shapes(min_dims=2, max_dims=3, max_side=6), elements=st.integers(0, 2)
    ),
    st.sampled_from([(1.0, 1.0, 1.0), (2.5, 0.3, 0.7)]),
)
def test_any_labels_come_back_exactly(labels, spacing):
    spacing = spacing[3 - labels.ndim :]
    surface = surfaces.labels_to_surface(labels, spacing=spacing)
    back = surfaces.surface_to_labels(surface, labels, spacing=spacing)
    assert (back == labels).all()
    turned = surface._replace(faces=surface.faces[:, ::-1])
    assert (surfaces.surface_to_mask(turned, labels, spacing=spacing) == (labels > 0)).all()


def test_only_what_lies_on_the_grid_is_filled():
    ball = sphere(6.0, 4, (0.1, 3.2, 20.3))
    image = np.zeros((9, 12, 18))
    grid = np.indices(image.shape).T
    expected = (np.linalg.norm(grid - (0.1, 3.2, 20.3), axis=-1) < 6).T
    assert (surfaces.surface_to_mask(ball, image) != expected).sum() <= 4
    assert not surfaces.surface_to_mask(sphere(2.0, 2, (100, 0, 0)), image).any()


def test_a_surface_with_holes_fills_nothing():
    open_box = box([4, 4, 4])
    open_box = open_box._replace(faces=open_box.faces[1:])
    for operation in (surfaces.surface_to_mask, surfaces.surface_to_labels):
        with pytest.raises(ValueError, match="fill_surface_holes"):
            operation(open_box, np.zeros((5, 5, 5)))
    surface, angles = torus()
    with pytest.raises(ValueError, match="number_parts"):
        surfaces.surface_to_labels(surface._replace(values=angles), np.zeros((5, 5, 5)))


@pytest.mark.parametrize("shift", [0.0, 1.0, 2.5, 9.0])
def test_boxes_share_the_volume_that_geometry_says(shift):
    one, two = box([4, 4, 4]), box([4, 4, 4])
    two = two._replace(vertices=two.vertices + np.array([0, 0, shift]))
    shared = max(0.0, 1 - shift / 4)
    assert surfaces.volume_overlap(one, two, resolution=0.1) == pytest.approx(shared, abs=0.02)
    jaccard = surfaces.volume_overlap(one, two, resolution=0.1, measure="jaccard")
    assert jaccard == pytest.approx(shared / (2 - shared), abs=0.02)


def test_a_resolution_that_fills_the_memory_is_refused():
    with pytest.raises(ValueError, match="give a larger one"):
        surfaces.volume_overlap(sphere(10.0), sphere(10.0), resolution=1e-4)
    with pytest.raises(ValueError, match="more than 0"):
        surfaces.volume_overlap(sphere(10.0), sphere(10.0), resolution=0)


def test_random_points_lie_on_the_surface_as_many_everywhere():
    ball = sphere(10.0, 4)
    points = surfaces.surface_to_points(ball, places="random", number=4000)
    cloud = Surface(points, np.array([[0, 1, 2]]), np.zeros(len(points)))
    assert np.abs(surfaces.distance_to_surface(cloud, ball).values).max() < 1e-9
    # By Archimedes, heights on a sphere are as many everywhere.
    counts = np.histogram(points[:, 0], 8, (-10, 10))[0]
    assert np.abs(counts - 500).max() < 5 * np.sqrt(500)
    again = surfaces.surface_to_points(ball, places="random", number=4000)
    assert np.array_equal(points, again)
    assert len(surfaces.surface_to_points(ball, places="centres of faces")) == len(ball.faces)


@given(
    hnp.arrays(bool, hnp.array_shapes(min_dims=3, max_dims=3, min_side=2, max_side=6)),
)
def test_an_open_surface_has_the_triangles_of_an_image_without_border(mask):
    assume(mask.any() and not mask.all())
    surface = surfaces.mask_to_surface(mask, closed=False)
    vertices, faces, _, _ = marching_cubes(mask.astype(np.uint8), 0.5)
    # Two triangles back to back, where voxels touch over an edge, are none here.
    corners = np.sort(faces, axis=1)
    _, counts = np.unique(corners, axis=0, return_counts=True)
    assert len(surface.faces) <= len(faces)
    if (counts == 1).all():
        assert len(surface.faces) == len(faces)
        expected = np.unique(vertices[np.unique(faces)], axis=0)
        np.testing.assert_allclose(np.unique(surface.vertices, axis=0), expected)


def test_an_open_ball_has_no_area_where_it_is_cut():
    ball = ((np.indices((24, 41, 41)) - np.array([0, 20, 20])[:, None, None, None]) ** 2).sum(0)
    labels = (ball <= 16**2).astype(int)
    opened = surfaces.smooth(surfaces.labels_to_surface(labels, closed=False), iterations=30)
    area = surfaces.measure_surface(opened)["area"][0]
    assert area == pytest.approx(2 * np.pi * 16**2, rel=0.03)
    assert not surfaces.measure_surface(opened)["is_closed"][0]


@pytest.mark.parametrize(
    "function",
    [
        surfaces.labels_to_surface,
        surfaces.mask_to_surface,
        surfaces.label_to_surface,
        surfaces.largest_label_to_surface,
    ],
)
def test_a_slice_has_no_open_surface(function):
    with pytest.raises(ValueError, match="closed must be True for a 2D image"):
        function(np.ones((4, 5), int), closed=False)
