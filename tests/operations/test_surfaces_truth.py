"""Surfaces of real and of known shapes agree with their voxels and with geometry."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_delineate import meshes, surfaces
from tests.operations.test_surfaces import ellipsoid
from tests.operations.test_surfaces_measurement import sphere, torus

STACKS = {
    "mouse embryo": ("nuclei3d_gt/qcanet_mouse_embryo_8_cell_stage_labels.tif", (1.75, 0.8, 0.8)),
    "ovule": ("nuclei3d_gt/gonuclear_ovule_1135_labels.tif", (0.2837, 0.1268, 0.1268)),
    "membranes": ("membrane/plantseg_ovule_y0-64_labels.tif", (0.235, 0.15, 0.15)),
    "Platynereis": ("published/Platynereis_tp7_gt.tif", (1.0, 1.0, 1.0)),
}


def dice_of_objects(one, other):
    number = int(max(one.max(), other.max())) + 1
    sizes, others = (np.bincount(labels.ravel(), minlength=number) for labels in (one, other))
    shared = np.bincount(one[one == other], minlength=number)
    there = np.flatnonzero(sizes[1:]) + 1
    return 2 * shared[there] / (sizes + others)[there]


@pytest.mark.parametrize(
    "settings",
    [{}, {"method": "windowed sinc", "iterations": 20}],
    ids=["defaults", "windowed sinc"],
)
@pytest.mark.parametrize(
    "name",
    ["mouse embryo", *(pytest.param(one, marks=pytest.mark.slow) for one in list(STACKS)[1:])],
)
def test_real_labels_come_back_from_their_smoothed_surface(shared_image, name, settings):
    path, spacing = STACKS[name]
    labels = shared_image(path).astype(np.int32)
    surface = surfaces.labels_to_surface(labels, spacing=spacing)
    assert meshes.edges_of(surface.faces).are_closed
    same = surfaces.surface_to_labels(surface, labels, spacing=spacing)
    assert np.array_equal(same, labels)
    smooth = surfaces.smooth(surface, **settings)
    back = surfaces.surface_to_labels(smooth, labels, spacing=spacing)
    assert dice_of_objects(labels, back).min() >= 0.99


# Curvature


def total_curvature(surface):
    """Add up the discrete Gaussian curvature over the area."""
    shares = np.bincount(
        surface.faces.ravel(),
        np.repeat(meshes.face_areas(surface), 3) / 3,
        minlength=len(surface.vertices),
    )
    return (surfaces.discrete_curvature(surface).values * shares).sum()


def plate_with_holes(number):
    mask = np.zeros((12, 24, 8 + 16 * max(1, number)), bool)
    mask[2:-2, 2:-2, 2:-2] = True
    for hole in range(number):
        mask[:, 9:15, 9 + 16 * hole : 15 + 16 * hole] = False
    return surfaces.mask_to_surface(mask, spacing=(2.0, 1.0, 1.0))


@pytest.mark.parametrize("genus", [0, 1, 2, 3])
@pytest.mark.parametrize(
    "change",
    [
        lambda one: one,
        surfaces.smooth,
        lambda one: surfaces.smooth(one, method="windowed sinc"),
        lambda one: surfaces.simplify(one, fraction=0.3),
        lambda one: surfaces.remesh(one, iterations=3),
        surfaces.subdivide,
    ],
    ids=["as made", "smoothed", "filtered", "simplified", "remeshed", "subdivided"],
)
def test_the_curvature_of_a_body_with_holes_adds_up(genus, change):
    surface = change(plate_with_holes(genus))
    euler = 2 - 2 * genus
    assert surfaces.measure_surface(surface, each="whole")["euler_number"][0] == euler
    # Gauss and Bonnet.
    assert total_curvature(surface) == pytest.approx(2 * np.pi * euler, abs=1e-6)


@pytest.mark.parametrize(
    ("radius", "spacing"),
    [(10, (1, 1, 1)), pytest.param(20, (2, 1, 1), marks=pytest.mark.slow)],
    ids=str,
)
def test_a_smoothed_ball_is_curved_as_a_sphere_by_every_measure(radius, spacing):
    ball = surfaces.mask_to_surface(ellipsoid((radius,) * 3, spacing), spacing=spacing)
    smooth = surfaces.smooth(ball, method="windowed sinc", iterations=50, pass_band=0.03)
    areas = np.bincount(smooth.faces.ravel(), np.repeat(meshes.face_areas(smooth), 3))
    reach = 0.5 * radius
    found = {
        "fitted mean": surfaces.fitted_curvature(smooth, radius=reach).values,
        "fitted gaussian": surfaces.fitted_curvature(
            smooth, quantity="gaussian", radius=reach
        ).values,
        "discrete mean": surfaces.discrete_curvature(smooth, quantity="mean").values,
        "discrete gaussian": surfaces.discrete_curvature(smooth).values,
        "of the sphere": surfaces.sphere_fitted_curvature(smooth, radius=reach).values,
    }
    for name, values in found.items():
        mean = np.average(values, weights=areas)
        curvature = mean if name.endswith("mean") else np.sqrt(mean)
        assert curvature == pytest.approx(1 / radius, rel=0.03), name


def test_neighbours_within_a_share_of_the_size_scale_with_it():
    surface, _ = torus()
    size = surfaces.measure_surface(surface, each="whole")["average_size"][0]
    share = {"neighbours": "fraction", "fraction": 0.2}
    found = surfaces.sphere_fitted_curvature(surface, **share).values
    within = surfaces.sphere_fitted_curvature(surface, radius=0.2 * size).values
    np.testing.assert_allclose(found, within, rtol=1e-9)
    large = surface._replace(vertices=surface.vertices * 7)
    again = surfaces.sphere_fitted_curvature(large, **share).values
    np.testing.assert_allclose(found, again * 49, rtol=1e-6)


# Two surfaces


@pytest.mark.parametrize("shift", [0.5, 2.0, 6.0])
def test_two_balls_share_the_lens_that_geometry_says(shift):
    one, other = sphere(5.0), sphere(5.0, centre=(0, shift, 0))
    lens = np.pi * (10 - shift) ** 2 * (shift**2 + 20 * shift) / (12 * shift)
    ball = 4 / 3 * np.pi * 125
    dice = surfaces.volume_overlap(one, other, resolution=0.25)
    assert dice == pytest.approx(lens / ball, abs=0.01)
    # The poles are as far from the other ball as its centre is moved.
    row = surfaces.compare_surfaces(one, other).iloc[0]
    assert row["hausdorff_distance"] == pytest.approx(shift, rel=0.02)
    assert row["signed_distance_max"] == pytest.approx(shift, rel=0.02)


def test_the_thickness_of_a_mask_is_twice_its_largest_ball():
    mask = np.zeros((16, 60, 60), bool)
    mask[4:12, 5:55, 5:55] = True
    surface = surfaces.smooth(surfaces.mask_to_surface(mask))
    table = surfaces.measure_surface(surface, thickness=True)
    inner = ndimage.distance_transform_edt(mask).max()  # to the centre of the voxel beyond
    assert table["thickness_median"][0] == pytest.approx(2 * inner, abs=1)
    assert table["thickness_median"][0] == pytest.approx(8, abs=0.05)
