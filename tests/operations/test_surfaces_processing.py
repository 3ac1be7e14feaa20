"""Refining, repairing, moving and cutting surfaces keep what geometry says they keep."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_delineate import meshes, surfaces, voxels
from napari_delineate.files import read
from napari_delineate.types import Surface
from tests.operations.test_surfaces_measurement import box, sphere, torus, voxel_ball


def measured(surface, each="whole"):
    return surfaces.measure_surface(surface, each=each).iloc[0]


def assert_same(first, second):
    for one, two in zip(first, second, strict=True):
        np.testing.assert_allclose(one, two, atol=1e-12)


# Smoothing and simplifying


def test_methods_of_smoothing_shrink_as_they_are_known_to():
    ball = voxel_ball(12)
    volume = {
        method: measured(surfaces.smooth(ball, method=method, iterations=30))["volume"]
        for method in ("taubin", "humphrey", "laplacian")
    }
    before = measured(ball)["volume"]
    assert volume["taubin"] == pytest.approx(before, rel=0.02)
    assert volume["humphrey"] == pytest.approx(before, rel=0.03)
    assert volume["laplacian"] < 0.95 * before
    for method in volume:
        smooth = surfaces.smooth(ball, method=method, iterations=30)
        assert measured(smooth)["area"] < measured(ball)["area"]


def test_f2_numbers_of_faces(shared_data):
    branchoid = surfaces.smooth(read(shared_data / "surfaces/branchoid.ply"))
    for fraction, vertices, faces in ((0.1, 1905, 3806), (0.01, 192, 380), (0.001, 22, 38)):
        simple = surfaces.simplify(branchoid, fraction=fraction)
        assert len(simple.faces) == pytest.approx(faces, abs=1)
        assert len(simple.vertices) == pytest.approx(vertices, abs=1)


def test_simplify_to_a_number_of_faces():
    ball = sphere(10.0)
    simple = surfaces.simplify(ball, until="number of faces", number_of_faces=500)
    assert len(simple.faces) == 500
    same = surfaces.simplify(ball, until="number of faces", number_of_faces=10**6)
    assert_same(same, ball)


@pytest.mark.parametrize("error", [0.1, 0.5])
def test_simplify_moves_no_vertex_by_more_than_the_error(error):
    ball = sphere(10.0)
    simple = surfaces.simplify(ball, until="error", error=error)
    away = surfaces.distance_to_surface(ball, simple, sign="unsigned").values
    assert away.max() <= error
    assert len(simple.faces) < len(ball.faces) / 4
    # Triangles of a sphere of radius r with sides a lie a²/8r off it: fewer faces do not fit.
    fewer = surfaces.simplify(ball, fraction=0.5 * len(simple.faces) / len(ball.faces))
    assert surfaces.distance_to_surface(ball, fewer, sign="unsigned").values.max() > error


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.1, 0.3, 0.5]),
    st.sampled_from([0.5, 0.1, 0.05, 0.01, 0.001, 0]),
)
def test_simplified_surfaces_of_any_mask_stay_closed_or_keep_faces_and_say_so(seed, share, part):
    mask = np.random.default_rng(seed).random((7, 7, 7)) < share
    surface = surfaces.mask_to_surface(mask)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        simple = surfaces.simplify(surface, fraction=part)
    edges = meshes.edges_of(simple.faces)
    assert edges.are_closed
    assert edges.counts.max() == 2
    wanted = sum(
        max(4, part * one)
        for one in surfaces.measure_surface(surface, each="part")["number_of_faces"]
    )
    # Small parts that would fold flat keep more than four faces.
    if len(simple.faces) > 3 * wanted:
        assert "keeps" in str(caught[0].message)


@pytest.mark.parametrize("fraction", [0.5, 0.1, 0.01, 0.001])
@pytest.mark.parametrize("name", ["branchoid", "knot"])
def test_simplified_real_meshes_stay_closed(shared_data, name, fraction):
    surface = read(shared_data / f"surfaces/{name}.ply")
    simple = surfaces.simplify(surface, fraction=fraction)
    edges = meshes.edges_of(simple.faces)
    assert edges.are_closed
    assert edges.counts.max() == 2
    assert len(simple.faces) == pytest.approx(max(4, fraction * len(surface.faces)), abs=3)


# Refining


def test_midpoints_keep_the_shape():
    surface, _ = torus()
    fine = surfaces.subdivide(surface, iterations=2)
    assert len(fine.faces) == 16 * len(surface.faces)
    for name in ("area", "volume", "euler_number", "is_closed"):
        assert measured(fine)[name] == pytest.approx(measured(surface)[name])


@pytest.mark.parametrize("make", [lambda: box([1, 2, 3]), lambda: sphere(3.0, 1)])
def test_loop_subdivision_equals_that_of_trimesh(make):
    surface = make()
    ours = surfaces.subdivide(surface, method="loop")
    vertices, faces = trimesh.remesh.subdivide_loop(surface.vertices, surface.faces, iterations=1)
    assert len(ours.faces) == len(faces)
    key, other = (np.lexsort(np.round(one, 9).T) for one in (ours.vertices, vertices))
    np.testing.assert_allclose(ours.vertices[key], vertices[other], atol=1e-9)


def test_loop_subdivision_keeps_a_flat_rim_flat():
    square = Surface(
        np.array([[0.0, 0, 0], [0, 0, 4], [0, 4, 4], [0, 4, 0], [0, 2, 2]]),
        np.array([[0, 1, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4]]),
        np.ones(5),
    )
    fine = surfaces.subdivide(square, method="loop", iterations=3)
    assert not fine.vertices[:, 0].any()
    assert fine.vertices.min() >= 0
    assert fine.vertices.max() <= 4


def test_what_can_not_be_refined_is_said():
    fan = Surface(
        np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1]]),
        np.array([[0, 1, 2], [0, 1, 3], [0, 1, 4]]),
        np.ones(5),
    )
    with pytest.raises(ValueError, match="more than two faces meet"):
        surfaces.subdivide(fan, method="loop")
    assert len(surfaces.subdivide(fan).faces) == 12
    many = sphere(1.0, 5)
    with pytest.raises(ValueError, match="use fewer"):
        surfaces.subdivide(many, iterations=6)


# Repairing


@settings(max_examples=40, deadline=None)
@given(st.sets(st.integers(0, 319), min_size=1, max_size=120))
def test_filled_holes_leave_a_closed_surface(removed):
    ball = sphere(5.0, 2)
    kept = np.delete(ball.faces, list(removed), axis=0)
    filled = surfaces.fill_surface_holes(ball._replace(faces=kept))
    mesh = trimesh.Trimesh(filled.vertices, filled.faces, process=False)
    assert mesh.is_winding_consistent
    for part in mesh.split(only_watertight=False):
        assert part.is_watertight


def test_large_holes_stay_open():
    ball = sphere(5.0, 3)
    centres = ball.vertices[ball.faces].mean(axis=1)
    cup = ball._replace(faces=ball.faces[(centres[:, 0] < 0) & (centres[:, 0] > -4.5)])
    assert measured(surfaces.fill_surface_holes(cup, radius=1))["is_closed"] == False  # noqa: E712
    closed = measured(surfaces.fill_surface_holes(cup, radius=6))
    assert closed["is_closed"]
    assert closed["volume"] == pytest.approx(2 / 3 * np.pi * 125, rel=0.08)
    # The small hole at the pole is closed alone.
    rims = surfaces.fill_surface_holes(cup, radius=3)
    assert len(rims.vertices) == len(ball.vertices) + 1


def test_merged_vertices_make_a_soup_of_triangles_a_solid():
    ball = sphere(5.0, 3)
    soup = Surface(
        ball.vertices[ball.faces].reshape(-1, 3),
        np.arange(ball.faces.size).reshape(-1, 3),
        np.ones(ball.faces.size),
    )
    assert not measured(soup)["is_closed"]
    merged = surfaces.merge_vertices(soup)
    assert len(merged.vertices) == len(ball.vertices)
    assert measured(merged)["volume"] == pytest.approx(measured(ball)["volume"])
    rough = soup._replace(
        vertices=soup.vertices + np.random.default_rng(0).uniform(0, 1e-4, soup.vertices.shape)
    )
    assert not measured(surfaces.merge_vertices(rough))["is_closed"]
    assert measured(surfaces.merge_vertices(rough, distance=1e-3))["is_closed"]


def test_objects_that_touch_are_not_merged():
    labels = np.zeros((8, 8, 12), int)
    labels[2:6, 2:6, 2:6] = 1
    labels[2:6, 2:6, 6:10] = 2
    surface = surfaces.labels_to_surface(labels)
    assert len(surfaces.merge_vertices(surface).vertices) == len(surface.vertices)
    one = surfaces.merge_vertices(surface._replace(values=np.ones(len(surface.values))))
    assert len(one.vertices) < len(surface.vertices)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_normals_are_repaired_whichever_were_wrong(seed, share):
    surface, _ = torus(10.0, 3.0, (16, 8))
    wrong = np.random.default_rng(seed).random(len(surface.faces)) < share
    faces = np.where(wrong[:, None], surface.faces[:, ::-1], surface.faces)
    repaired = surfaces.repair_normals(surface._replace(faces=faces))
    assert measured(repaired)["volume"] == pytest.approx(measured(surface)["volume"])


def test_the_wall_of_a_hollow_points_into_it_and_other_objects_outwards():
    labels = np.zeros((16, 16, 16), int)
    labels[1:15, 1:15, 1:15] = 1
    labels[4:12, 4:12, 4:12] = 0
    labels[6:10, 6:10, 6:10] = 2
    surface = surfaces.labels_to_surface(labels)
    turned = surface._replace(faces=surface.faces[:, ::-1])
    repaired = surfaces.repair_normals(turned)
    before, after = (surfaces.measure_surface(one)["volume"] for one in (surface, repaired))
    assert after.tolist() == pytest.approx(before.tolist())


def test_a_strip_with_one_side_can_not_be_turned():
    turn = np.arange(24) * 2 * np.pi / 24
    rims = []
    for side in (-1, 1):
        across = 3 + side * np.cos(turn / 2)
        rims.append(
            np.stack([side * np.sin(turn / 2), across * np.sin(turn), across * np.cos(turn)], 1)
        )
    place = np.arange(24)
    following = np.where(place == 23, 24, place + 1)
    beside = np.where(place == 23, 0, place + 25)
    faces = np.concatenate(
        [np.stack([place, following, place + 24], 1), np.stack([following, beside, place + 24], 1)]
    )
    strip = Surface(np.concatenate(rims), faces, np.ones(48))
    with pytest.raises(ValueError, match="only one side"):
        surfaces.repair_normals(strip)


def test_a_surface_inside_out_is_turned_and_turned_back():
    ball = sphere()
    flipped = surfaces.flip_normals(ball)
    assert measured(flipped)["volume"] == pytest.approx(-measured(ball)["volume"])
    assert_same(surfaces.flip_normals(flipped), ball)
    assert measured(surfaces.repair_normals(flipped))["volume"] == pytest.approx(
        measured(ball)["volume"]
    )


# Parts


def test_every_part_is_looked_at_by_itself(monkeypatch):
    labels = np.zeros((6, 6, 120), int)
    for number in range(20):
        labels[2:4, 2:4, 6 * number + 2 : 6 * number + 4] = number + 1
    surface = surfaces.labels_to_surface(labels)
    sizes = []
    measure = meshes.closed_volume
    monkeypatch.setattr(
        meshes, "closed_volume", lambda part: sizes.append(len(part.vertices)) or measure(part)
    )
    repaired = surfaces.repair_normals(surfaces.flip_normals(surface))
    assert sizes == [len(surface.vertices) // 20] * 20
    assert surfaces.measure_surface(repaired).equals(surfaces.measure_surface(surface))


def three_balls():
    parts = [
        trimesh.creation.icosphere(2, radius).apply_translation([0, 0, place])
        for radius, place in ((2.0, 0), (5.0, 20), (1.0, 40))
    ]
    mesh = trimesh.util.concatenate(parts)
    values = np.repeat([1, 1, 2], len(parts[0].vertices))
    return Surface(mesh.vertices, mesh.faces, values)


def test_parts_are_numbered_and_chosen_by_their_area():
    balls = three_balls()
    assert (
        np.unique(surfaces.number_parts(balls).values, return_counts=True)[1].tolist() == [162] * 3
    )
    largest = surfaces.keep_largest_part(balls)
    assert measured(largest)["volume"] == pytest.approx(4 / 3 * np.pi * 125, rel=0.05)
    of_each = surfaces.keep_largest_part(balls, each="value")
    assert surfaces.measure_surface(of_each)["value"].tolist() == [1, 2]
    assert len(of_each.faces) == 2 * len(largest.faces)
    kept = surfaces.remove_small_parts(balls, minimum_area=20)
    assert len(kept.faces) == 2 * len(largest.faces)
    assert len(surfaces.remove_small_parts(balls, minimum_area=1e6).faces) == 0
    in_voxels = surfaces.remove_small_parts(balls, minimum_area=voxels(20), spacing=(4, 2, 2))
    assert len(in_voxels.faces) == len(largest.faces)


# Moving and cutting


@settings(max_examples=30, deadline=None)
@given(st.sampled_from("zyx"), st.floats(-360, 360))
def test_turning_keeps_the_size_and_turns_back(axis, angle):
    surface = box([1, 2, 3])
    turned = surfaces.rotate_surface(surface, axis=axis, angle=angle)
    assert measured(turned)["volume"] == pytest.approx(6)
    assert measured(turned)["area"] == pytest.approx(22)


def test_quarter_turns_exchange_axes():
    surface = box([1, 2, 4])
    turned = surfaces.rotate_surface(surface, axis="z", angle=90, about="origin")
    np.testing.assert_allclose(np.ptp(turned.vertices, axis=0), [1, 4, 2])
    point = Surface(np.array([[0.0, 1, 0]]), np.zeros((0, 3), int), np.ones(1))
    turned = surfaces.rotate_surface(point, axis="z", angle=90, about="origin").vertices[0]
    np.testing.assert_allclose(turned, [0, 0, 1], atol=1e-12)


def test_scaling_and_moving():
    surface = sphere(2.0, 3, (5, 6, 7))
    large = surfaces.scale_surface(surface, z=2, y=3, x=4)
    assert measured(large)["volume"] == pytest.approx(24 * measured(surface)["volume"])
    assert [measured(large)[f"centroid-{axis}"] for axis in range(3)] == pytest.approx([5, 6, 7])
    moved = surfaces.translate_surface(surface, z=voxels(2), x=-3, spacing=(2, 0.5, 0.5))
    np.testing.assert_allclose(
        moved.vertices - surface.vertices, np.broadcast_to([1, 0, -3], surface.vertices.shape)
    )


@pytest.mark.parametrize("tilt", [0.0, 30.0, -45.0])
@pytest.mark.parametrize("axis", ["z", "y", "x"])
def test_half_a_ball_has_half_the_volume(axis, tilt):
    ball = sphere(5.0, 3)
    halves = [
        surfaces.clip_by_plane(ball, axis=axis, tilt=tilt, keep=keep, cap=True)
        for keep in ("above", "below")
    ]
    for half in halves:
        assert measured(half)["is_closed"]
        assert measured(half)["volume"] == pytest.approx(measured(ball)["volume"] / 2, rel=1e-6)
    opened = surfaces.clip_by_plane(ball, axis=axis, tilt=tilt)
    assert not measured(opened)["is_closed"]
    assert measured(opened)["area"] == pytest.approx(measured(ball)["area"] / 2)


@pytest.mark.parametrize("position", [0.1, 0.37, 0.8])
def test_the_cap_of_a_ball_has_the_area_of_archimedes(position):
    ball = sphere(5.0, 5)
    below = surfaces.clip_by_plane(ball, position=position, keep="below")
    assert measured(below)["area"] == pytest.approx(2 * np.pi * 5 * 10 * position, rel=0.005)
    above = surfaces.clip_by_plane(ball, position=position)
    whole = measured(below)["area"] + measured(above)["area"]
    assert whole == pytest.approx(measured(ball)["area"])


def test_nothing_is_left_beyond_the_ends():
    ball = sphere(5.0, 3)
    assert len(surfaces.clip_by_plane(ball, position=1).faces) == 0
    assert len(surfaces.clip_by_plane(ball, position=0).faces) == len(ball.faces)


def test_surfaces_without_faces_stay_without():
    none = Surface(np.zeros((0, 3)), np.zeros((0, 3), int), np.zeros(0))
    for name in surfaces.__all__:
        if name in (
            "smooth",
            "simplify",
            "subdivide",
            "fill_surface_holes",
            "merge_vertices",
            "repair_normals",
            "flip_normals",
            "number_parts",
            "keep_largest_part",
            "remove_small_parts",
            "scale_surface",
            "translate_surface",
            "rotate_surface",
            "clip_by_plane",
            "fitted_curvature",
            "discrete_curvature",
            "sphere_fitted_curvature",
            "thickness",
            "triangle_quality",
        ):
            assert len(getattr(surfaces, name)(none).faces) == 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda s: s._replace(vertices=s.vertices * np.nan), "vertices holds .*not finite"),
        (lambda s: s._replace(faces=s.faces + 10**6), "must point at vertices"),
        (lambda s: s._replace(values=s.values[:5]), "one number for each"),
    ],
)
def test_broken_surfaces_are_refused(wrong, message):
    for operation in (surfaces.repair_normals, surfaces.subdivide, surfaces.measure_surface):
        with pytest.raises(ValueError, match=message):
            operation(wrong(sphere(1.0, 1)))
