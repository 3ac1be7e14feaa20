"""Measurements equal scikit-image's, carry their units, and agree with geometry."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage.measure import regionprops_table

from napari_delineate import measurements
from tests import inputs

SHAPE = [
    "area",
    "centroid",
    "bbox",
    "equivalent_diameter_area",
    "axis_major_length",
    "axis_minor_length",
    "extent",
    "euler_number",
]
SHAPE_2D = ["area_convex", "solidity", "eccentricity", "orientation"]
OUTLINE_2D = ["perimeter", "perimeter_crofton"]
INTENSITY = ["intensity_mean", "intensity_std", "intensity_min", "intensity_max"]


# Sums of whole numbers; all other columns are rounded somewhere.
EXACT = {"label", "area", "bbox", "euler_number", "area_convex", "intensity_min", "intensity_max"}


def assert_columns_equal(table, expected):
    for column, values in expected.items():
        if column.split("-")[0] in EXACT:
            np.testing.assert_array_equal(table[column], values, err_msg=column)
        elif column == "orientation":  # a line points both ways
            np.testing.assert_allclose(np.sin(table[column] - values), 0, atol=1e-9)
        else:
            np.testing.assert_allclose(table[column], values, 1e-9, 1e-12, err_msg=column)


@pytest.mark.parametrize("with_image", [False, True])
@pytest.mark.parametrize("spacing", [1.0, 0.65])
@pytest.mark.parametrize("ndim", [2, 3])
def test_every_column_equals_scikit_image(ndim, spacing, with_image):
    labels = inputs.labels(ndim)
    image = inputs.image(ndim) if with_image else None
    table = measurements.measure(labels, image, spacing=spacing)
    properties = ["label", *SHAPE]
    properties += SHAPE_2D + OUTLINE_2D if ndim == 2 else []
    properties += INTENSITY if with_image else []
    expected = regionprops_table(
        labels, image, properties=properties, spacing=(spacing,) * ndim, separator="-"
    )
    assert set(table.columns) == set(expected)
    assert_columns_equal(table, expected)


@pytest.mark.parametrize("spacing", [(2.0, 0.5), (3.0, 1.0, 0.25)], ids=str)
def test_every_column_equals_scikit_image_on_anisotropic_voxels(spacing):
    labels, image = inputs.labels(len(spacing)), inputs.image(len(spacing))
    table = measurements.measure(labels, image, spacing=spacing)
    properties = ["label", *SHAPE, *INTENSITY] + (SHAPE_2D if len(spacing) == 2 else [])
    expected = regionprops_table(
        labels, image, properties=properties, spacing=spacing, separator="-"
    )
    assert_columns_equal(table, expected)
    extra = set(table.columns) - set(expected)
    assert extra == (set(OUTLINE_2D) if len(spacing) == 2 else set())


def test_perimeters_of_pixels_that_are_not_square_are_nan():
    table = measurements.measure(inputs.labels(2), spacing=(2, 1))
    assert table[OUTLINE_2D].isna().all(axis=None)
    square = measurements.measure(inputs.labels(2), spacing=(2, 2))
    assert square[OUTLINE_2D].notna().all(axis=None)


def test_real_nuclei_equal_scikit_image(shared_image):
    labels = shared_image("nuclei2d_gt/dsb_76c4f14e_labels.tif")
    image = shared_image("nuclei2d_gt/dsb_76c4f14e.tif")
    table = measurements.measure(labels, image)
    names = ["label", *SHAPE, *SHAPE_2D, *OUTLINE_2D, *INTENSITY]
    expected = regionprops_table(labels, image, properties=names, separator="-")
    assert_columns_equal(table, expected)


@settings(max_examples=150, deadline=None)
@given(
    hnp.arrays(
        np.int32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, 2)
    )
)
def test_the_shapes_of_any_planar_objects_equal_scikit_image(labels):
    """Objects in parts, with holes, at the border, around each other."""
    table = measurements.measure(labels)
    names = ["label", "centroid", "bbox", "area_convex", "solidity", "euler_number", *OUTLINE_2D]
    names += ["axis_major_length", "extent"]
    assert_columns_equal(table, regionprops_table(labels, properties=names, separator="-"))


@settings(max_examples=100, deadline=None)
@given(
    hnp.arrays(
        np.int32, hnp.array_shapes(min_dims=3, max_dims=3, max_side=5), elements=st.integers(0, 2)
    )
)
def test_the_euler_numbers_of_any_objects_equal_scikit_image(labels):
    table = measurements.measure(labels)
    names = ["label", "centroid", "bbox", "euler_number", "extent"]
    assert_columns_equal(table, regionprops_table(labels, properties=names, separator="-"))


# Units


def powers(table):
    """Read the power of the length from the units of a table in µm."""
    signs = {"": 0, "µm": 1, "µm²": 2, "µm³": 3}
    return {column: signs[unit] for column, unit in table.attrs["units"].items()}


@pytest.mark.parametrize("ndim", [2, 3])
def test_units_say_how_numbers_scale_with_the_spacing(ndim):
    """The truth is what happens to the numbers when the same pixels are twice as wide."""
    labels, image = inputs.labels(ndim), inputs.image(ndim)
    one = measurements.measure(labels, image, spacing=1.0, units="µm")
    two = measurements.measure(labels, image, spacing=2.0, units="µm")
    power = powers(one)
    assert set(power) == set(one.columns)
    for column in one.columns:
        # Positions of 0 say nothing, but there are none.
        np.testing.assert_allclose(two[column], one[column] * 2.0 ** power[column], err_msg=column)
    assert power["area"] == ndim
    assert power["centroid-0"] == 1
    assert power["bbox-0"] == power["label"] == power["intensity_mean"] == 0


def test_units_of_anisotropic_perimeters_are_lengths():
    table = measurements.measure(inputs.labels(2), spacing=(2, 1), units="µm")
    assert powers(table)["perimeter"] == powers(table)["perimeter_crofton"] == 1


# Geometry with known answers


def test_a_disc_has_its_area_diameter_and_perimeter():
    y, x = np.indices((130, 130)) * 0.5
    disc = (y - 31.3) ** 2 + (x - 30.8) ** 2 <= 25**2
    (row,) = measurements.measure(disc, spacing=0.5).itertuples()
    assert row.area == pytest.approx(np.pi * 25**2, rel=0.005)
    assert row.equivalent_diameter_area == pytest.approx(50, rel=0.003)
    assert row.axis_major_length == pytest.approx(50, rel=0.01)
    assert row.eccentricity < 0.1
    assert row.solidity > 0.98
    assert row.perimeter_crofton == pytest.approx(np.pi * 50, rel=0.01)
    assert row.perimeter == pytest.approx(np.pi * 50, rel=0.06)
    assert row.euler_number == 1


@pytest.mark.parametrize("spacing", [(1, 1, 1), (4, 1, 1), (1, 1, 0.25)], ids=str)
def test_a_ball_has_its_volume_diameter_and_place(spacing):
    shape = [int(50 / step) for step in spacing]
    grid = np.indices(shape) * np.reshape(spacing, (3, 1, 1, 1))
    centre = (25.3, 24.6, 24.9)
    away = sum((axis - at) ** 2 for axis, at in zip(grid, centre, strict=True))
    table = measurements.measure(away <= 20**2, spacing=spacing)
    assert table["area"][0] == pytest.approx(4 / 3 * np.pi * 20**3, rel=0.02)
    assert table["equivalent_diameter_area"][0] == pytest.approx(40, rel=0.01)
    assert table["axis_major_length"][0] == pytest.approx(40, rel=0.03)
    assert table["axis_minor_length"][0] == pytest.approx(40, rel=0.03)
    centroid = [table[f"centroid-{axis}"][0] for axis in range(3)]
    assert centroid == pytest.approx(centre, abs=0.2)


def test_a_rectangle_has_its_centre_box_and_angle():
    labels = np.zeros((40, 60), int)
    labels[10:14, 20:50] = 1
    (row,) = measurements.measure(labels, spacing=2).to_dict("records")
    assert (row["centroid-0"], row["centroid-1"]) == (23, 69)
    assert [row[f"bbox-{i}"] for i in range(4)] == [10, 20, 14, 50]  # in pixels
    assert row["extent"] == row["solidity"] == 1
    assert abs(row["orientation"]) == pytest.approx(np.pi / 2)
    # The axes of the ellipse with the moments of a rectangle are 4 / sqrt(12) of its sides.
    assert row["axis_major_length"] == pytest.approx(2 * 30 * 4 / np.sqrt(12), rel=0.01)


def test_holes_lower_the_euler_number():
    labels = np.ones((9, 15), int)
    labels[3:6, 3:6] = labels[3:6, 9:12] = 0
    assert measurements.measure(labels)["euler_number"][0] == 1 - 2


def test_intensities_of_known_pixels():
    labels = np.array([[1, 1, 0, 2], [1, 1, 0, 0]])
    image = np.array([[1, 2, 99, 7], [3, 6, 99, 99]], np.uint16)
    table = measurements.measure(labels, image)
    assert table["intensity_mean"].tolist() == [3, 7]
    assert table["intensity_std"].tolist() == pytest.approx([np.std([1, 2, 3, 6]), 0])
    assert table["intensity_min"].tolist() == [1, 7]
    assert table["intensity_max"].tolist() == [6, 7]


def test_the_mean_of_a_boolean_image_is_the_share_of_true_pixels():
    labels = np.array([[1, 1, 1, 1, 2]])
    image = np.array([[True, False, False, False, True]])
    table = measurements.measure(labels, image)
    assert table["intensity_mean"].tolist() == [0.25, 1]
    assert table["intensity_max"].tolist() == [1, 1]


# Labels


def test_rows_are_in_the_order_of_the_labels_and_gaps_make_no_rows():
    labels = np.array([[900, 0, 3], [0, 0, 0], [20, 20, 0]])
    table = measurements.measure(labels)
    assert table["label"].tolist() == [3, 20, 900]
    assert table["area"].tolist() == [1, 2, 1]
    assert table.index.tolist() == [0, 1, 2]


def test_huge_numbers_cost_no_memory():
    labels = np.array([[2**62, 0, 5]])
    assert measurements.measure(labels)["label"].tolist() == [5, 2**62]


@pytest.mark.parametrize("ndim", [2, 3])
def test_no_objects_give_an_empty_table_with_the_same_columns(ndim):
    labels, image = inputs.labels(ndim), inputs.image(ndim)
    some = measurements.measure(labels, image, units="µm")
    none = measurements.measure(np.zeros_like(labels), image, units="µm")
    assert len(none) == 0
    assert none.columns.tolist() == some.columns.tolist()
    assert none.attrs == some.attrs


@settings(max_examples=100, deadline=None)
@given(
    labels=hnp.arrays(
        np.int32, hnp.array_shapes(min_dims=2, max_dims=3, max_side=5), elements=st.integers(0, 3)
    ),
    stretch=st.sampled_from([1.0, 2.5]),
)
def test_any_objects_can_be_measured(labels, stretch):
    """Single pixels, lines, planes and objects in parts, without a warning."""
    spacing = (stretch,) + (1.0,) * (labels.ndim - 1)
    table = measurements.measure(labels, spacing=spacing)
    numbers, counts = np.unique(labels[labels > 0], return_counts=True)
    assert table["label"].tolist() == numbers.tolist()
    assert table["area"].tolist() == (counts * stretch).tolist()
    finite = table.drop(columns=OUTLINE_2D, errors="ignore").to_numpy(float)
    assert np.isfinite(finite).all()


def test_measuring_does_not_depend_on_the_numbers_of_the_objects():
    labels, image = inputs.labels(3), inputs.image(3)
    swapped = np.where(labels > 0, 1000 - labels, 0)
    table = measurements.measure(labels, image).drop(columns="label")
    other = measurements.measure(swapped, image).drop(columns="label")
    assert table[::-1].reset_index(drop=True).equals(other)
