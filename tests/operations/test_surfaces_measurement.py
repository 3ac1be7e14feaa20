"""Measures of surfaces are those that geometry, and published figures, state."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull

from napari_delineate import building_blocks, surfaces
from napari_delineate.files import read
from napari_delineate.types import Surface

GRIDS = [(1.0, 1.0, 1.0), (4.0, 1.0, 1.0), (1.0, 1.0, 0.25)]


def from_trimesh(mesh):
    return Surface(mesh.vertices, mesh.faces, np.ones(len(mesh.vertices), np.int32))


def sphere(radius=1.0, subdivisions=4, centre=(0, 0, 0)):
    mesh = trimesh.creation.icosphere(subdivisions, radius)
    return from_trimesh(mesh.apply_translation(centre))


def torus(major=10.0, minor=3.0, sections=(96, 48)):
    u, v = (np.arange(n) * 2 * np.pi / n for n in sections)
    u, v = (grid.ravel() for grid in np.meshgrid(u, v, indexing="ij"))
    ring = major + minor * np.cos(v)
    vertices = np.stack([ring * np.cos(u), ring * np.sin(u), minor * np.sin(v)], axis=1)
    place = np.arange(len(u)).reshape(sections)
    right, down = np.roll(place, -1, axis=0), np.roll(place, -1, axis=1)
    both = np.roll(right, -1, axis=1)
    faces = [np.stack([place, right, both], -1), np.stack([place, both, down], -1)]
    faces = np.concatenate(faces).reshape(-1, 3)
    return Surface(vertices, faces, v), v


def voxel_ball(radius, spacing=(1.0, 1.0, 1.0)):
    half = [int(radius / size) + 2 for size in spacing]
    grid = (np.indices([2 * n + 1 for n in half]).T - half + 0.3) * spacing
    return surfaces.labels_to_surface(((grid**2).sum(-1) <= radius**2).T, spacing=spacing)


def box(sides):
    return from_trimesh(trimesh.creation.box(sides))


# Whole surfaces


def test_an_ellipsoid_has_its_volume_place_and_shape():
    ball = sphere(subdivisions=5)
    moved = ball._replace(vertices=ball.vertices * (3, 4, 6) + (10, 20, -30))
    (row,) = surfaces.measure_surface(moved, units="micrometer").to_dict("records")
    assert row["volume"] == pytest.approx(4 / 3 * np.pi * 3 * 4 * 6, rel=2e-3)
    assert [row[f"centroid-{axis}"] for axis in range(3)] == pytest.approx([10, 20, -30])
    assert [row[f"bounds_min-{axis}"] for axis in range(3)] == pytest.approx([7, 16, -36], abs=0.02)
    assert [row[f"bounds_max-{axis}"] for axis in range(3)] == pytest.approx(
        [13, 24, -24], abs=0.02
    )
    assert row["euler_number"] == 2
    assert row["is_closed"]
    assert row["solidity"] == pytest.approx(1)
    assert 0.9 < row["sphericity"] < 0.97


def test_units_follow_the_power_of_the_length():
    units = surfaces.measure_surface(sphere(), units="nm").attrs["units"]
    assert (units["area"], units["volume"], units["centroid-0"]) == ("nm²", "nm³", "nm")
    assert units["sphericity"] == ""


@pytest.mark.parametrize("side", [1.0, 7.0])
def test_a_cube_has_the_sphericity_of_a_cube(side):
    (row,) = surfaces.measure_surface(box([side] * 3)).to_dict("records")
    assert row["sphericity"] == pytest.approx((np.pi / 6) ** (1 / 3))
    assert (row["volume"], row["area"]) == pytest.approx((side**3, 6 * side**2))


def test_a_torus_has_its_volume_area_and_no_euler_number():
    surface, _ = torus()
    (row,) = surfaces.measure_surface(surface, each="whole").to_dict("records")
    assert row["volume"] == pytest.approx(2 * np.pi**2 * 10 * 9, rel=5e-3)
    assert row["area"] == pytest.approx(4 * np.pi**2 * 10 * 3, rel=5e-3)
    assert row["euler_number"] == 0
    assert row["solidity"] < 0.9


@pytest.mark.parametrize(
    ("radius", "spacing"), [(10, GRIDS[0]), *((20, spacing) for spacing in GRIDS)], ids=str
)
def test_a_smoothed_ball_of_voxels_has_its_size_on_any_grid(radius, spacing):
    ball = voxel_ball(radius, spacing)
    smooth = surfaces.smooth(ball, iterations=100)
    (row,) = surfaces.measure_surface(smooth).to_dict("records")
    coarse = max(spacing) > 1
    assert row["volume"] == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.03 if coarse else 0.01)
    assert row["area"] == pytest.approx(4 * np.pi * radius**2, rel=0.03 if coarse else 0.02)


def test_each_value_and_each_part_has_a_row():
    labels = np.zeros((12, 12, 30), int)
    labels[2:5, 2:5, 2:5] = labels[8:10, 8:10, 2:5] = 4
    labels[3:9, 3:9, 12:20] = 9
    surface = surfaces.labels_to_surface(labels)
    table = surfaces.measure_surface(surface)
    assert table["value"].tolist() == [4, 9]
    assert table["euler_number"].tolist() == [4, 2]
    parts = surfaces.measure_surface(surface, each="part")
    assert parts["part"].tolist() == [1, 2, 3]
    assert parts["volume"].sum() == pytest.approx(table["volume"].sum())


def test_an_open_surface_has_an_area_and_no_volume():
    ball = sphere()
    (row,) = surfaces.measure_surface(ball._replace(faces=ball.faces[5:])).to_dict("records")
    assert not row["is_closed"]
    assert np.isnan([row["volume"], row["solidity"], row["sphericity"]]).all()
    assert row["area"] > 0


def test_a_surface_inside_out_has_a_negative_volume():
    ball = sphere()
    (row,) = surfaces.measure_surface(ball._replace(faces=ball.faces[:, ::-1])).to_dict("records")
    assert row["volume"] == pytest.approx(-4 / 3 * np.pi, rel=0.01)


def test_flat_and_absent_surfaces_are_measured():
    flat = Surface(np.array([[0.0, 0, 0], [0, 3, 0], [0, 0, 4]]), np.array([[0, 1, 2]]), np.ones(3))
    (row,) = surfaces.measure_surface(flat).to_dict("records")
    assert row["area"] == 6
    assert row["volume_convex"] == 0
    none = flat._replace(faces=np.zeros((0, 3), int))
    for each in ("value", "part", "whole"):
        assert len(surfaces.measure_surface(none, each=each)) == 0


def test_values_that_are_no_labels_are_said_to_be_none():
    surface, angles = torus()
    with pytest.raises(ValueError, match="not whole numbers"):
        surfaces.measure_surface(surface._replace(values=angles))


def test_f1_and_f5(shared_data, shared_image):
    binary = shared_image("surfaces/branchoid_binary.tif")
    (row,) = surfaces.measure_surface(surfaces.labels_to_surface(binary > 0)).to_dict("records")
    assert (row["number_of_vertices"], row["number_of_faces"]) == (19040, 38076)
    assert row["average_size"] == pytest.approx(31.277, abs=5e-4)
    assert row["volume"] == pytest.approx(92461.167, abs=1e-3)
    assert row["area"] == pytest.approx(13667.02, abs=5e-3)
    assert [row[f"bounds_min-{axis}"] for axis in range(3)] == [25.5, 2.5, 2.5]
    assert [row[f"bounds_max-{axis}"] for axis in range(3)] == [74.5, 88.5, 83.5]
    (row,) = surfaces.measure_surface(gastruloid(shared_data)).to_dict("records")
    assert (row["number_of_vertices"], row["number_of_faces"]) == (3324, 6643)
    assert row["average_size"] == pytest.approx(171.204, abs=5e-4)
    assert row["bounds_min-0"] == pytest.approx(13.983, abs=5e-4)
    assert row["bounds_max-2"] == pytest.approx(807.707, abs=5e-4)


def gastruloid(folder):
    """The file holds (z, y, x), as the system that wrote it had it."""
    surface = read(folder / "surfaces/gastruloid.ply")
    return Surface(surface.vertices[:, ::-1], surface.faces, surface.values)


def test_f10_sphericity_and_solidity():
    # A box has the ratio of volume and area of the published numbers where its sides solve
    # them; the formulas are what is published.
    volume, area, convex = 4690998.704897018, 229569.5362677695, 8379992.083160304
    assert np.pi ** (1 / 3) * (6 * volume) ** (2 / 3) / area == pytest.approx(0.5903099128683961)
    assert volume / convex == pytest.approx(0.5597855771634482)
    surface, _ = torus()
    (row,) = surfaces.measure_surface(surface, each="whole").to_dict("records")
    wadell = np.pi ** (1 / 3) * (6 * row["volume"]) ** (2 / 3) / row["area"]
    assert row["sphericity"] == pytest.approx(wadell)
    assert row["solidity"] == pytest.approx(row["volume"] / ConvexHull(surface.vertices).volume)


@pytest.mark.parametrize("radius", [2.0, 5.0])
def test_a_ball_has_no_dents_and_the_thickness_of_its_diameter(radius):
    (row,) = surfaces.measure_surface(sphere(radius), thickness=True).to_dict("records")
    assert row["convexity"] == pytest.approx(1)
    assert row["area_convex"] == pytest.approx(row["area"])
    assert row["thickness_mean"] == pytest.approx(2 * radius, rel=0.01)
    assert row["thickness_median"] == pytest.approx(2 * radius, rel=0.01)
    assert "thickness_mean" not in surfaces.measure_surface(sphere(radius))


def test_a_row_has_the_value_that_its_faces_begin_with():
    tetrahedron = np.array([[0, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]], float)
    faces = np.array([[1, 0, 2], [2, 0, 3], [3, 0, 1], [1, 2, 3]])
    # As the nearest labels of vertices: no face begins with the first vertex.
    table = surfaces.measure_surface(Surface(tetrahedron, faces, np.array([9, 1, 2, 3])))
    assert dict(zip(table["value"], table["number_of_faces"], strict=True)) == {1: 2, 2: 1, 3: 1}


def test_a_plate_is_as_thick_as_it_is_and_an_open_one_not():
    plate = surfaces.subdivide(box([2, 40, 40]), iterations=4)
    table = surfaces.measure_surface(plate, thickness=True, units="nm")
    assert table["thickness_median"][0] == pytest.approx(2)
    assert table.attrs["units"]["thickness_mean"] == "nm"
    loose = np.full((1, 3), 99.0)
    more = plate._replace(
        vertices=np.concatenate([plate.vertices, loose]), values=np.append(plate.values, 1)
    )
    again = surfaces.measure_surface(more, each="whole", thickness=True)
    assert again["thickness_mean"][0] == pytest.approx(table["thickness_mean"][0])
    opened = surfaces.measure_surface(plate._replace(faces=plate.faces[1:]), thickness=True)
    assert opened[["thickness_mean", "thickness_median"]].isna().all(axis=None)


def test_the_convexity_is_that_of_the_hull_of_scipy():
    surface, _ = torus()
    (row,) = surfaces.measure_surface(surface, each="whole").to_dict("records")
    hull = ConvexHull(surface.vertices).area
    assert row["convexity"] == pytest.approx(hull / row["area"])
    ball = sphere(10.0)
    rough = np.random.default_rng(0).uniform(0.9, 1, (len(ball.vertices), 1))
    dented = ball._replace(vertices=ball.vertices * rough)
    assert surfaces.measure_surface(dented)["convexity"][0] < 0.95


def test_the_table_of_vertices_holds_what_the_operations_show():
    surface, v = torus(10.0, 3.0, (48, 24))
    surface = surface._replace(values=np.ones(len(v)))
    other = sphere(10.0)
    table = surfaces.measure_vertices(surface, other, radius=1, thickness=True, units="nm")
    assert table["vertex"].tolist() == list(range(len(v)))
    np.testing.assert_array_equal(
        table[[f"position-{axis}" for axis in range(3)]], surface.vertices
    )
    for name, expected in (
        ("minimum_angle", surfaces.triangle_quality(surface)),
        ("skewness", surfaces.triangle_quality(surface, measure="skewness")),
        ("mean_curvature", surfaces.fitted_curvature(surface, radius=1)),
        ("shape_index", surfaces.fitted_curvature(surface, quantity="shape index", radius=1)),
        ("thickness", surfaces.thickness(surface)),
        ("signed_distance", surfaces.distance_to_surface(surface, other)),
    ):
        np.testing.assert_array_equal(table[name], expected.values)
    units = table.attrs["units"]
    assert set(units) == set(table.columns)
    assert (units["area"], units["gaussian_curvature"], units["maximum_angle"]) == (
        "nm²",
        "1/nm²",
        "degree",
    )
    sheet = other._replace(faces=other.faces[1:])
    few = surfaces.measure_vertices(surface, sheet, quality=False, curvature=False)
    assert few.columns.tolist() == ["vertex", "value", *list(table.columns[2:5]), "distance"]
    assert (few["distance"] >= 0).all()


# Two surfaces


def test_spheres_inside_each_other_are_their_radii_apart():
    table = surfaces.compare_surfaces(sphere(5.0), sphere(7.0))
    row = table.iloc[0]
    for name in ("hausdorff_distance", "mean_distance", "root_mean_square_distance"):
        assert row[name] == pytest.approx(2, abs=0.02)
    assert row["volume_ratio"] == pytest.approx((7 / 5) ** 3)
    # Positive where the second lies outside of the first, negative where inside.
    for name in ("mean", "min", "max"):
        assert row[f"signed_distance_{name}"] == pytest.approx(2, abs=0.02)
    row = surfaces.compare_surfaces(sphere(7.0), sphere(5.0)).iloc[0]
    assert row["signed_distance_mean"] == pytest.approx(-2, abs=0.02)
    moved = sphere(5.0, centre=(1, 0, 0))
    row = surfaces.compare_surfaces(sphere(5.0), moved).iloc[0]
    assert row["signed_distance_min"] == pytest.approx(-1, abs=0.02)
    assert row["signed_distance_max"] == pytest.approx(1, abs=0.02)
    opened = moved._replace(faces=moved.faces[1:])
    assert np.isnan(surfaces.compare_surfaces(opened, moved)["signed_distance_mean"][0])


def test_the_hausdorff_distance_sees_what_only_one_surface_has():
    far = trimesh.util.concatenate(
        [
            trimesh.creation.icosphere(4, 1.0),
            trimesh.creation.box([1, 1, 1]).apply_translation([9, 0, 0]),
        ]
    )
    for pair in ((sphere(), from_trimesh(far)), (from_trimesh(far), sphere())):
        row = surfaces.compare_surfaces(*pair).iloc[0]
        assert row["hausdorff_distance"] == pytest.approx(np.hypot(9.5, np.sqrt(0.5)) - 1, abs=0.02)
        assert row["mean_distance"] < row["root_mean_square_distance"] < row["hausdorff_distance"]


def test_surfaces_without_faces_are_not_compared():
    none = sphere()._replace(faces=np.zeros((0, 3), int))
    with pytest.raises(ValueError, match="reference has no faces"):
        surfaces.compare_surfaces(none, sphere())
    with pytest.raises(ValueError, match="other has no faces"):
        surfaces.distance_to_surface(sphere(), none)


# Distances


def test_the_signed_distance_to_a_sphere_is_the_radius_less():
    places = np.random.default_rng(0).normal(0, 4, (500, 3))
    cloud = Surface(places, np.array([[0, 1, 2]]), np.zeros(500))
    found = surfaces.distance_to_surface(cloud, sphere(5.0, 5)).values
    np.testing.assert_allclose(found, np.linalg.norm(places, axis=1) - 5, atol=0.01)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[st.floats(-3, 3)] * 3), min_size=1, max_size=20))
def test_the_signed_distance_to_a_box_is_right_at_its_edges_and_corners(places):
    places = np.array([*places, (0.0, 0, 0), (2, 2, 2)])
    cloud = Surface(places, np.array([[0, 0, 0]]), np.zeros(len(places)))
    found = surfaces.distance_to_surface(cloud, box([2, 2, 2])).values
    beyond = np.abs(places) - 1
    expected = np.linalg.norm(np.maximum(beyond, 0), axis=1) + np.minimum(beyond.max(axis=1), 0)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    unsigned = surfaces.distance_to_surface(cloud, box([2, 2, 2]), sign="unsigned").values
    np.testing.assert_allclose(unsigned, np.abs(expected), atol=1e-12)


def test_an_open_surface_has_no_inside():
    open_box = box([2, 2, 2])
    open_box = open_box._replace(faces=open_box.faces[1:])
    with pytest.raises(ValueError, match="fill_surface_holes"):
        surfaces.distance_to_surface(sphere(), open_box)
    with pytest.raises(ValueError, match="fill_surface_holes"):
        surfaces.thickness(open_box)


def test_a_ball_is_as_thick_as_its_diameter_and_a_tube_as_its_own():
    np.testing.assert_allclose(surfaces.thickness(sphere(5.0)).values, 10, rtol=0.01)
    surface, angles = torus()
    outer = np.isclose(angles, 0) | np.isclose(angles, np.pi)
    found = surfaces.thickness(surface._replace(values=np.ones(len(angles)))).values
    np.testing.assert_allclose(found[outer], 6, rtol=0.01)


def test_measured_values_say_no_objects_to_thickness():
    ball = sphere(5.0)
    measured = ball._replace(values=np.linspace(0, 1, len(ball.vertices)))
    found = surfaces.thickness(measured).values
    np.testing.assert_array_equal(found, surfaces.thickness(ball).values)
    assert np.median(found) == pytest.approx(10, rel=0.01)


def test_objects_of_other_values_do_not_make_an_object_thicker_or_thinner():
    both = trimesh.util.concatenate(
        [trimesh.creation.icosphere(3, 5.0), trimesh.creation.icosphere(3, 2.0)]
    )
    values = np.repeat([1, 2], len(both.vertices) // 2)
    found = surfaces.thickness(Surface(both.vertices, both.faces, values)).values
    np.testing.assert_allclose(found[values == 1], 10, rtol=0.02)
    np.testing.assert_allclose(found[values == 2], 4, rtol=0.02)


@pytest.mark.parametrize("spacing", GRIDS, ids=str)
def test_the_nearest_label_is_that_of_the_nearest_voxel(spacing):
    labels = np.zeros((9, 12, 14), int)
    random = np.random.default_rng(1)
    labels[tuple(random.integers(0, 9, (3, 30)))] = random.integers(1, 50, 30)
    places = random.uniform(-2, 12, (200, 3))
    found = surfaces.nearest_label(
        Surface(places, np.zeros((0, 3), int), np.zeros(200)), labels, spacing=spacing
    ).values
    voxels = np.argwhere(labels) * spacing
    away = np.linalg.norm(places[:, None] - voxels, axis=2)
    inside = np.floor(places / spacing + 0.5).astype(int)
    held = ((inside >= 0) & (inside < labels.shape)).all(axis=1)
    expected = labels[labels > 0][away.argmin(axis=1)]
    own = labels[tuple(inside[held].T)]
    expected[held] = np.where(own > 0, own, expected[held])
    assert (found == expected).all()
    assert not surfaces.nearest_label(sphere(), np.zeros((3, 3, 3), int)).values.any()


def test_intensities_are_those_of_a_ramp():
    z, y, x = np.indices((30, 30, 30))
    ball = sphere(10.0, 3, (14, 14, 14))
    found = surfaces.intensity_on_surface(ball, (z + 10 * y + 100 * x).astype(np.uint16))
    np.testing.assert_allclose(found.values, ball.vertices @ [1, 10, 100])
    flat = surfaces.intensity_on_surface(ball, (10 * y + 100 * x)[0], spacing=1.0)
    np.testing.assert_allclose(flat.values, ball.vertices @ [0, 10, 100])


# Curvature


@pytest.mark.parametrize("radius", [10, pytest.param(20, marks=pytest.mark.slow)])
@pytest.mark.parametrize("quantity", ["mean", "gaussian"])
def test_a_smoothed_ball_of_voxels_is_curved_as_a_sphere(radius, quantity):
    surface = surfaces.smooth(voxel_ball(radius), iterations=30)
    found = surfaces.fitted_curvature(surface, quantity=quantity, radius=0.5 * radius).values
    expected = radius ** (-1 if quantity == "mean" else -2)
    assert found.mean() == pytest.approx(expected, rel=0.03 if quantity == "mean" else 0.06)
    fitted = surfaces.sphere_fitted_curvature(surface, radius=0.8 * radius).values
    assert fitted.mean() ** -0.5 == pytest.approx(radius, rel=0.03)


@pytest.mark.parametrize("radius", [0.01, 7.0, 1e5])
def test_every_vertex_of_a_sphere_has_its_curvature(radius):
    ball = sphere(radius, 3)
    for quantity, expected in (
        ("mean", 1 / radius),
        ("maximum", 1 / radius),
        ("minimum", 1 / radius),
        ("curvedness", 1 / radius),
        ("gaussian", 1 / radius**2),
    ):
        found = surfaces.fitted_curvature(ball, quantity=quantity, radius=0.4 * radius).values
        np.testing.assert_allclose(found, expected, rtol=0.03)
    for quantity in ("mean", "gaussian"):
        found = surfaces.discrete_curvature(ball, quantity=quantity).values
        assert np.median(found) == pytest.approx(
            radius ** (-1 if quantity == "mean" else -2), rel=0.03
        )
    found = surfaces.sphere_fitted_curvature(ball, radius=0.5 * radius).values
    np.testing.assert_allclose(found, radius**-2.0, rtol=1e-6)


def test_a_torus_is_curved_as_a_torus():
    surface, v = torus(10.0, 3.0, (160, 80))
    along = np.cos(v) / (10 + 3 * np.cos(v))
    fit = {"radius": 0.8}
    largest = surfaces.fitted_curvature(surface, quantity="maximum", **fit).values
    smallest = surfaces.fitted_curvature(surface, quantity="minimum", **fit).values
    np.testing.assert_allclose(largest, 1 / 3, rtol=0.03)
    np.testing.assert_allclose(smallest, along, atol=0.01)
    gaussian = surfaces.discrete_curvature(surface).values
    np.testing.assert_allclose(gaussian, along / 3, atol=0.003)
    index = surfaces.fitted_curvature(surface, quantity="shape index", **fit).values
    assert (index[np.isclose(v, np.pi)] < 0.5).all()
    assert (index[np.isclose(v, 0)] > 0.5).all()


def test_the_shape_index_tells_caps_from_cups():
    ball = sphere()
    cap = surfaces.fitted_curvature(ball, quantity="shape index", radius=0.3).values
    assert (cap > 0.9).all()
    cup = ball._replace(faces=ball.faces[:, ::-1])
    assert (surfaces.fitted_curvature(cup, quantity="shape index", radius=0.3).values < -0.9).all()


@pytest.mark.parametrize(("make", "euler"), [(sphere, 2), (lambda: torus()[0], 0)])
def test_the_curvature_adds_up_to_the_euler_number(make, euler):
    surface = make()
    random = np.random.default_rng(0)
    rough = surface._replace(
        vertices=surface.vertices + random.normal(0, 0.01, surface.vertices.shape)
    )
    corners = rough.vertices[rough.faces]
    areas = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    shares = np.bincount(rough.faces.ravel(), np.repeat(areas / 6, 3))
    total = (surfaces.discrete_curvature(rough).values * shares).sum()
    assert total == pytest.approx(2 * np.pi * euler, abs=1e-9)


def test_flat_surfaces_are_not_curved():
    y, x = (grid.ravel() for grid in np.meshgrid(np.arange(20.0), np.arange(20.0)))
    place = np.arange(400).reshape(20, 20)
    a, b, c, d = place[:-1, :-1], place[1:, :-1], place[1:, 1:], place[:-1, 1:]
    faces = np.concatenate([np.stack([a, b, c], -1), np.stack([a, c, d], -1)]).reshape(-1, 3)
    sheet = Surface(np.stack([0 * y, y, x], axis=1), faces, np.zeros(400))
    for found in (
        surfaces.fitted_curvature(sheet),
        surfaces.discrete_curvature(sheet),
        surfaces.discrete_curvature(sheet, quantity="mean"),
        surfaces.sphere_fitted_curvature(sheet),
    ):
        np.testing.assert_allclose(found.values, 0, atol=1e-9)


def test_f8_sphere_fitted_curvature(shared_data):
    found = surfaces.sphere_fitted_curvature(gastruloid(shared_data), radius=100).values
    published = [0.00025724, 0.00025043, 0.00025320, 0.00037887, 0.00039058]
    assert np.round(found[:5], 8).tolist() == pytest.approx(published)
    assert found.min() == pytest.approx(0.00015164, abs=5e-9)
    assert found.max() == pytest.approx(0.00054488, abs=5e-9)


# Triangles


def test_an_equilateral_triangle_is_the_best_and_a_needle_the_worst():
    best = np.array([[0.0, 0, 0], [0, 2, 0], [0, 1, np.sqrt(3)]])
    needle = np.array([[9.0, 0, 0], [9, 2, 0], [9, 4, 0]])
    surface = Surface(np.concatenate([best, needle]), np.array([[0, 1, 2], [3, 4, 5]]), np.zeros(6))
    expected = {
        "area": (np.sqrt(3), 0),
        "aspect ratio": (1, 1000),
        "radius ratio": (1, 1000),
        "edge ratio": (1, 2),
        "minimum angle": (60, 0),
        "maximum angle": (60, 180),
        "skewness": (0, 1),
    }
    for measure, (good, bad) in expected.items():
        values = surfaces.triangle_quality(surface, measure=measure).values
        np.testing.assert_allclose(values, [good] * 3 + [bad] * 3, atol=1e-9)


def test_a_right_triangle_has_the_ratios_of_geometry():
    corners = np.array([[0.0, 0, 0], [0, 3, 0], [0, 0, 4]])
    surface = Surface(corners, np.array([[0, 1, 2]]), np.zeros(3))
    # Inscribed circle 1, circumscribed 2.5; the longest side is 5.
    for measure, expected in (
        ("aspect ratio", 5 / (2 * np.sqrt(3))),
        ("radius ratio", 2.5 / 2),
        ("edge ratio", 5 / 3),
        ("area", 6),
        ("minimum angle", np.degrees(np.arctan(3 / 4))),
        ("maximum angle", 90),
    ):
        found = surfaces.triangle_quality(surface, measure=measure).values
        np.testing.assert_allclose(found, expected)


def test_f6_area(shared_data):
    values = surfaces.triangle_quality(gastruloid(shared_data), measure="area").values
    published = [29.997389, 46.087046, 35.886338, 22.887296, 29.952347]
    assert values[:5].tolist() == pytest.approx(published, abs=5e-6)
    assert values.mean() == pytest.approx(33.753233, abs=1e-6)
    assert values.std(ddof=1) == pytest.approx(10.790780, abs=1e-6)
    assert (values.min(), values.max()) == pytest.approx((5.677486, 125.564101), abs=1e-6)


# Summaries


def test_values_of_objects_are_summarized_over_their_area():
    """Two balls: the values of one are its number, those of the other its height."""
    low, high = sphere(5.0), sphere(8.0)
    high = high._replace(vertices=high.vertices + np.array([0, 0, 40]))
    numbered = [
        one._replace(values=np.full(len(one.values), number))
        for one, number in ((low, 3), (high, 9))
    ]
    both = building_blocks.join_surfaces(numbered)
    heights = np.where(both.values == 3, 3.0, both.vertices[:, 0])
    table = surfaces.summarize_values(both, both._replace(values=heights), units="micrometer")
    first, second = table.to_dict("records")
    assert (first["value"], second["value"]) == (3, 9)
    assert first["mean"] == pytest.approx(3)
    assert first["std"] == pytest.approx(0, abs=1e-12)
    # Of a ball, the heights are spread evenly (Archimedes).
    assert second["mean"] == pytest.approx(0, abs=0.01)
    assert second["std"] == pytest.approx(8 / np.sqrt(3), rel=0.01)
    assert (second["min"], second["max"]) == pytest.approx((-8, 8), rel=0.01)
    areas = surfaces.measure_surface(both)["area"]
    assert np.allclose(table["area"], areas)
    assert table.attrs["units"]["area"] == "micrometer²"


def test_other_meshes_are_not_summarized():
    with pytest.raises(ValueError, match="measured must have the vertices and faces of surface"):
        surfaces.summarize_values(sphere(5.0), sphere(6.0))
