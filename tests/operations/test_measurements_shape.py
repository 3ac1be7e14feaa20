"""The groups of columns that settings of `measure` add equal other libraries and geometry."""

from __future__ import annotations

import numpy as np
import pytest
from centrosome import cpmorphology, zernike
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from scipy.spatial import ConvexHull, Delaunay
from scipy.spatial.distance import pdist
from scipy.spatial.transform import Rotation
from skimage.measure import regionprops_table

from napari_delineate import measurements
from tests import inputs

GROUPS = ("boundary", "radii", "feret", "hull", "moments", "inertia", "zernike")
ALL_GROUPS = dict.fromkeys(GROUPS, True)


@pytest.fixture
def nuclei(shared_image):
    return shared_image("nuclei2d_gt/dsb_76c4f14e_labels.tif")


@pytest.fixture(scope="module")
def shapes():
    """Objects of many shapes, also in parts and with holes, away from the border."""
    random = np.random.default_rng(7)
    noise = ndimage.gaussian_filter(random.random((120, 130)), 3)
    labels = ndimage.label(noise > np.quantile(noise, 0.7))[0]
    labels[:4] = labels[-4:] = labels[:, :4] = labels[:, -4:] = 0
    return labels


def ellipsoid(radii, spacing, centre=(25.3, 24.6, 24.9)):
    shape = [int(50 / step) for step in spacing]
    grid = np.indices(shape) * np.reshape(spacing, (-1,) + (1,) * len(shape))
    away = sum(
        ((axis - at) / radius) ** 2 for axis, at, radius in zip(grid, centre, radii, strict=False)
    )
    return (away <= 1).astype(np.int32)


@pytest.mark.parametrize("spacing", [1.0, 0.65])
@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.slow
def test_moments_inertia_and_hulls_equal_scikit_image(ndim, spacing):
    labels = inputs.labels(ndim).copy()
    labels[..., 5, 4] = 9  # an object in two parts that is not symmetric
    table = measurements.measure(labels, spacing=spacing, **ALL_GROUPS)
    names = ["moments", "moments_central", "moments_normalized", "inertia_tensor"]
    names += ["inertia_tensor_eigvals", "area_convex", "solidity"]
    expected = regionprops_table(labels, properties=names, spacing=(spacing,) * ndim, separator="-")
    for column, values in expected.items():
        size = np.abs(values[np.isfinite(values)]).max(initial=0)
        assert np.allclose(table[column], values, 1e-9, 1e-9 * size + 1e-9, True), column


def test_invariants_of_hu_equal_scikit_image(shapes):
    table = measurements.measure(shapes, moments=True)
    expected = regionprops_table(shapes, properties=["moments_hu"], separator="-")
    for column, values in expected.items():
        np.testing.assert_allclose(table[column], values, 1e-6, 1e-12)


def test_turning_an_object_changes_no_invariant_of_hu():
    shape = np.zeros((21, 30), int)
    shape[3:9, 4:25] = shape[3:18, 4:9] = 1
    names = [f"moments_hu-{number}" for number in range(7)]
    first = measurements.measure(shape, moments=True)[names]
    turned = measurements.measure(np.rot90(shape), moments=True)[names]
    np.testing.assert_allclose(first, turned, 1e-9)


def test_moments_of_anisotropic_pixels_are_those_of_the_same_object_on_square_ones():
    fine = np.zeros((40, 60), int)
    fine[8:32, 10:30], fine[16:24, 30:50] = 1, 1
    names = [f"moments_normalized-{i}-{j}" for i in range(3) for j in range(3) if 2 <= i + j <= 3]
    names += [f"moments_hu-{number}" for number in range(2)]
    square = measurements.measure(fine, moments=True)[names]
    coarse = measurements.measure(fine[::4], moments=True, spacing=(4, 1))[names]
    # Squares are short of what a pixel of 4 extends by itself: (4² - 1) / 12 along y.
    np.testing.assert_allclose(coarse, square, rtol=0.2, atol=2e-3)
    zoomed = measurements.measure(np.repeat(fine, 3, 1), moments=True, spacing=(3, 1))[names]
    again = measurements.measure(np.repeat(np.repeat(fine, 3, 1), 3, 0), moments=True)[names]
    np.testing.assert_allclose(zoomed, again, rtol=0.02, atol=1e-4)


@pytest.mark.slow
def test_zernike_moments_equal_centrosome(shapes):
    """Centrosome loses pixels that rounding puts beyond the circle; here none lies there."""
    table = measurements.measure(shapes, zernike=True)
    numbers = table["label"].to_numpy()
    centres, radii = cpmorphology.minimum_enclosing_circle(shapes, numbers)
    orders = zernike.get_zernike_indexes(10)
    for row in np.flatnonzero(radii > 0):
        y, x = np.nonzero(shapes == numbers[row])
        y, x = (y - centres[row, 0]) / radii[row], (x - centres[row, 1]) / radii[row]
        inward = 1 - 1e-12
        values = zernike.construct_zernike_polynomials(x * inward, y * inward, orders)
        expected = np.abs(values.sum(axis=0)) / (np.pi * radii[row] ** 2)
        found = [table[f"zernike-{n}-{m}"][row] for n, m in orders]
        np.testing.assert_allclose(found, expected, atol=1e-8)


def test_zernike_moments_of_a_disc_are_those_of_the_constant():
    y, x = np.indices((401, 401)) - 200
    table = measurements.measure(y**2 + x**2 <= 190**2, zernike=True)
    found = [table[name][0] for name in table if name.startswith("zernike")]
    assert len(found) == 30
    assert found[0] == pytest.approx(1, abs=0.01)
    assert max(found[1:]) < 0.02


def test_radii_equal_the_distances_of_each_object_alone(shapes):
    table = measurements.measure(shapes, radii=True, spacing=(0.5, 0.25))
    for row, number in enumerate(table["label"]):
        alone = np.pad(shapes == number, 1)
        inside = ndimage.distance_transform_edt(alone, sampling=(0.5, 0.25))[alone]
        found = table.loc[row, ["maximum_radius", "mean_radius", "median_radius"]].to_numpy(float)
        np.testing.assert_allclose(found, [inside.max(), inside.mean(), np.median(inside)], 1e-6)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (2.0, 0.5)], ids=str)
def test_feret_diameters_equal_those_of_the_hull_of_the_corners(shapes, spacing):
    table = measurements.measure(shapes, feret=True, spacing=spacing)
    for row, number in enumerate(table["label"]):
        pixels = np.argwhere(shapes == number)
        corners = np.concatenate([pixels + step for step in np.ndindex(2, 2)]) * spacing
        hull = ConvexHull(corners)
        ends = hull.points[hull.vertices]
        width = np.ptp(ends @ hull.equations[:, :-1].T, axis=0).min()
        found = table.loc[row, ["feret_diameter_max", "feret_diameter_min"]].to_numpy(float)
        np.testing.assert_allclose(found, [pdist(ends).max(), width], 1e-9)


@pytest.mark.parametrize("spacing", [(1, 1, 1), (3, 1, 0.5)], ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_the_width_of_a_body_may_be_between_two_edges(seed, spacing):
    # That of a tetrahedron is: its sides are up to 15 % farther from the corners across.
    corners = Rotation.random(random_state=seed).apply(
        [[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]
    )
    places = np.argwhere(np.ones((21, 21, 21)))
    body = (Delaunay(5.5 * corners + 10).find_simplex(places) >= 0).reshape(21, 21, 21)
    voxels = np.argwhere(body)
    hull = ConvexHull(np.concatenate([voxels + step for step in np.ndindex(2, 2, 2)]) * spacing)
    ends = hull.points[hull.vertices]
    # By force: planes along any two edges.
    sides = hull.points[hull.simplices]
    edges = np.unique((sides - np.roll(sides, 1, axis=1)).reshape(-1, 3), axis=0)
    normals = np.cross(edges[:, np.newaxis], edges).reshape(-1, 3)
    lengths = np.linalg.norm(normals, axis=1)
    normals = normals[lengths > 1e-6] / lengths[lengths > 1e-6, np.newaxis]
    narrowest = np.ptp(ends @ normals.T, axis=0).min()
    table = measurements.measure(body.astype(int), feret=True, spacing=spacing)
    assert table["feret_diameter_min"][0] == pytest.approx(narrowest)
    assert table["feret_diameter_min"][0] < np.ptp(ends @ hull.equations[:, :-1].T, axis=0).min()


def test_feret_diameters_are_a_pixel_more_than_between_centres(nuclei):
    numbers = np.unique(nuclei[nuclei > 0])
    least, most = cpmorphology.feret_diameter(*cpmorphology.convex_hull(nuclei, numbers), numbers)
    table = measurements.measure(nuclei, feret=True)
    assert (table["feret_diameter_max"] - most).between(1, np.sqrt(2) + 1e-9).all()
    assert (table["feret_diameter_min"] - least).between(1 - 1e-9, np.sqrt(2) + 1e-9).all()


@pytest.mark.parametrize("spacing", [(1, 1, 1), (4, 1, 1), (1, 1, 0.25)], ids=str)
def test_a_ball_is_the_roundest_body_on_any_voxels(spacing):
    ball = ellipsoid((20, 20, 20), spacing)
    (row,) = measurements.measure(ball, spacing=spacing, **ALL_GROUPS).to_dict("records")
    assert row["surface_area"] == pytest.approx(4 * np.pi * 400, rel=0.02)
    assert row["sphericity"] == pytest.approx(1, abs=0.02)
    assert row["form_factor"] == pytest.approx(1, abs=0.06)
    assert row["compactness"] == pytest.approx(1, abs=0.06)
    assert row["maximum_radius"] == pytest.approx(20, abs=0.6 * max(spacing))
    assert row["mean_radius"] == pytest.approx(5, rel=0.12)  # a quarter of the radius
    voxel = np.linalg.norm(spacing)  # centres are 40 apart, corners up to a voxel more
    assert row["feret_diameter_max"] == pytest.approx(40, abs=voxel)
    assert row["feret_diameter_min"] == pytest.approx(40, abs=voxel)
    assert row["solidity"] == pytest.approx(1, abs=0.1)
    assert [row[f"inertia_tensor_eigvals-{i}"] for i in range(3)] == pytest.approx(
        [0.4 * 400] * 3, rel=0.03
    )


@pytest.mark.parametrize("spacing", [(1, 1, 1), (4, 1, 1), (2, 1, 0.5)], ids=str)
def test_principal_axes_are_those_of_an_ellipsoid(spacing):
    body = ellipsoid((8, 12, 20), spacing)
    (row,) = measurements.measure(body, spacing=spacing, inertia=True).to_dict("records")
    axes = np.array([[row[f"principal_axes-{i}-{j}"] for j in range(3)] for i in range(3)])
    np.testing.assert_allclose(axes, np.eye(3)[::-1], atol=0.05)
    expected = sorted([(144 + 400) / 5, (64 + 400) / 5, (64 + 144) / 5], reverse=True)
    found = [row[f"inertia_tensor_eigvals-{i}"] for i in range(3)]
    assert found == pytest.approx(expected, rel=0.06)


def test_the_form_factor_of_a_disc_is_1_on_any_pixels():
    for spacing in ((1, 1), (4, 1), (1, 0.5)):
        disc = ellipsoid((20, 20), spacing)
        (row,) = measurements.measure(disc, spacing=spacing, boundary=True).to_dict("records")
        assert row["form_factor"] == pytest.approx(1, abs=0.05)
        assert row["compactness"] == pytest.approx(1 / row["form_factor"])


@pytest.mark.parametrize("ndim", [2, 3])
def test_units_of_all_groups_say_how_numbers_scale(ndim):
    labels = inputs.labels(ndim)
    one = measurements.measure(labels, units="", **ALL_GROUPS)
    two = measurements.measure(labels, spacing=2, units="", **ALL_GROUPS)
    signs = {"": 0, **{sign: power for power, sign in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}}
    length = measurements.measure(labels, units="u", **ALL_GROUPS).attrs["units"]
    for column in one.columns:
        power = 1 if length[column] == "u" else signs[length[column].removeprefix("u")]
        size = np.abs(one[column].dropna()).max() if one[column].notna().any() else 0
        close = np.allclose(two[column], one[column] * 2.0**power, 1e-6, 1e-9 * size + 1e-9, True)
        assert close, column


@pytest.mark.parametrize("ndim", [2, 3])
def test_settings_only_add_columns(ndim):
    labels, image = inputs.labels(ndim), inputs.image(ndim)
    plain = measurements.measure(labels, image)
    for group in GROUPS:
        more = measurements.measure(labels, image, **{group: True})
        assert more[plain.columns].equals(plain)
        wanted = group not in (("hull",) if ndim == 2 else ("zernike",))
        assert (len(more.columns) > len(plain.columns)) == wanted


@settings(max_examples=25, deadline=None)
@given(
    hnp.arrays(
        np.int32, hnp.array_shapes(min_dims=2, max_dims=3, max_side=5), elements=st.integers(0, 3)
    )
)
def test_every_group_takes_any_objects(labels):
    """Pixels, lines, planes and objects in parts, without a warning; nothing is infinite."""
    table = measurements.measure(labels, **ALL_GROUPS)
    assert not np.isinf(table.to_numpy(float)).any()
    none = measurements.measure(np.zeros_like(labels), **ALL_GROUPS)
    assert none.columns.tolist() == table.columns.tolist()
    assert len(none) == 0
    renamed = measurements.measure(np.where(labels > 0, 50 - 7 * labels, 0), **ALL_GROUPS)
    same = renamed[::-1].reset_index(drop=True).drop(columns="label")
    assert same.equals(table.drop(columns="label"))
