"""Objects kept by limits on a table: pandas and plane geometry say which."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.path import Path

from napari_delineate import gates, measurements, postprocessing
from napari_delineate.engine import Engine
from napari_delineate.types import Kind
from napari_delineate.values import Value
from napari_delineate.workflow import Workflow, WorkflowInput
from tests import inputs

LABELS = np.arange(1, 7).repeat(2).reshape(3, 4)
TABLE = pd.DataFrame(
    {
        "label": [6, 5, 4, 3, 2, 1],
        "area": [6.0, np.nan, 4.0, 3.0, 2.0, 1.0],
        "mean": [1.0, 1.0, -1.0, np.nan, 5.0, 0.5],
        "class": list("abcabc"),
    }
)
FINITE = st.floats(-1e6, 1e6, allow_subnormal=False)


def kept(labels):
    return set(np.unique(labels)) - {0}


def test_a_range_keeps_what_pandas_finds_between_the_limits():
    between = TABLE[TABLE["area"].between(2, 4)]["label"]
    found = postprocessing.filter_by_table(LABELS, TABLE, column="area", minimum=2, maximum=4)
    assert kept(found) == set(between) == {2, 3, 4}
    assert np.array_equal(found, np.where(np.isin(LABELS, between), LABELS, 0))


def test_missing_values_and_rows_are_removed_and_other_rows_do_nothing():
    assert kept(postprocessing.filter_by_table(LABELS, TABLE, column="area")) == {1, 2, 3, 4, 5, 6}
    assert kept(postprocessing.filter_by_table(LABELS, TABLE, column="area", minimum=-9)) == {
        1, 2, 3, 4, 6,
    }  # fmt: skip
    other = pd.DataFrame({"label": [2, 99], "area": [1.0, 1.0]})
    assert kept(postprocessing.filter_by_table(LABELS, other, column="area", minimum=0)) == {2}


def test_conditions_keep_what_pandas_finds_and_limits_besides():
    condition = "mean > 0 and class != a"
    found = postprocessing.filter_by_table(LABELS, TABLE, condition=condition)
    expected = TABLE.query("mean > 0 and `class` != 'a'")
    assert kept(found) == set(expected["label"]) == {5, 2, 1}
    found = postprocessing.filter_by_table(
        LABELS, TABLE, column="area", maximum=1, condition=condition
    )
    assert kept(found) == {1}
    gate = {"x": "area", "y": "mean", "corners": "0 0, 3 0, 3 9, 0 9"}
    assert kept(postprocessing.filter_by_gate(LABELS, TABLE, **gate)) == {2, 1}
    found = postprocessing.filter_by_gate(LABELS, TABLE, **gate, condition="class = c")
    assert kept(found) == {1}
    with pytest.raises(ValueError, match=r"condition must be .* there is no column 'size'"):
        postprocessing.filter_by_table(LABELS, TABLE, condition="size > 5")


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_range_on_the_table_is_the_filter_that_measures_by_itself(ndim):
    labels, spacing = inputs.labels(ndim), (4.0, 1.0, 1.0)[-ndim:]
    table = measurements.measure(labels, spacing=spacing)
    limits = {"minimum": 49.0, "maximum": float(table["area"].max())}
    by_table = postprocessing.filter_by_table(labels, table, column="area", **limits)
    by_itself = postprocessing.filter_by_measurement(
        labels, measurement="area", spacing=spacing, **limits
    )
    assert np.array_equal(by_table, by_itself)


def test_infinite_values_lie_beyond_all_limits():
    values = np.array([-np.inf, 0, np.inf, np.nan])
    assert gates.in_range(values, maximum=1e300).tolist() == [True, True, False, False]
    assert gates.in_range(values, minimum=-1e300).tolist() == [False, True, True, False]


def test_a_rectangle_is_a_range_of_both_columns():
    corners = gates.corners_as_text([(0.2, 0), (4.5, 0), (4.5, 5.5), (0.2, 5.5)])
    found = postprocessing.filter_by_gate(LABELS, TABLE, x="area", y="mean", corners=corners)
    inside = TABLE[TABLE["area"].between(0.2, 4.5) & TABLE["mean"].between(0, 5.5)]
    assert kept(found) == set(inside["label"]) == {1, 2}


@given(
    corners=st.lists(st.tuples(FINITE, FINITE), min_size=3, max_size=3, unique=True),
    points=st.lists(st.tuples(FINITE, FINITE), min_size=1, max_size=20),
)
def test_the_inside_of_a_triangle_is_on_one_side_of_all_its_sides(corners, points):
    one, two, three = (np.array(corner) for corner in corners)
    found = gates.in_polygon(*np.array(points).T, corners)
    for point, is_inside in zip(points, found, strict=True):
        sides = [
            np.cross(np.append(b - a, 0), np.append(np.array(point) - a, 0))[2]
            for a, b in ((one, two), (two, three), (three, one))
        ]
        if min(map(abs, sides)) > 1e-3 * max(*map(abs, sides), 1):  # not on a side
            assert is_inside == (min(sides) > 0 or max(sides) < 0)


def test_a_polygon_with_a_dent_is_what_matplotlib_says():
    corners = [(0, 0), (10, 0), (10, 10), (5, 2.5), (0, 10)]
    points = np.random.default_rng(0).random((500, 2)) * 12 - 1
    assert np.array_equal(
        gates.in_polygon(*points.T, corners), Path(corners).contains_points(points)
    )


def test_nothing_is_inside_where_a_value_is_missing():
    corners = [(-9, -9), (9, -9), (9, 9), (-9, 9)]
    x, y = np.array([0, np.nan, 0, np.inf]), np.array([0, 0, np.nan, 0])
    assert gates.in_polygon(x, y, corners).tolist() == [True, False, False, False]


@given(st.lists(st.tuples(st.floats(-1e300, 1e300), FINITE), min_size=3))
def test_corners_lose_no_digit_as_text(corners):
    assert gates.corners_from_text(gates.corners_as_text(corners)) == corners


@pytest.mark.parametrize("text", ["1 2", "1 2, 3 4", "0 0, 1 1, 2", "0 0, 1 nan, 2 2", "a b, c d"])
def test_what_is_no_polygon_is_refused(text):
    with pytest.raises(ValueError, match=r"^corners must be"):
        postprocessing.filter_by_gate(LABELS, TABLE, x="area", y="mean", corners=text)


def test_wrong_columns_and_limits_are_refused():
    with pytest.raises(ValueError, match=r"column must be one of .*'size'"):
        postprocessing.filter_by_table(LABELS, TABLE, column="size")
    with pytest.raises(ValueError, match=r"y must be one of .*'class'"):
        postprocessing.filter_by_gate(LABELS, TABLE, x="area", y="class")
    with pytest.raises(ValueError, match="must have a column 'label'"):
        postprocessing.filter_by_table(LABELS, TABLE.drop(columns="label"), column="area")
    with pytest.raises(ValueError, match="at least minimum"):
        postprocessing.filter_by_table(LABELS, TABLE, column="area", minimum=2, maximum=1)


def test_rows_of_slices_keep_the_objects_of_their_slice():
    """The same number in two slices means two objects, whatever axis tables are joined along."""
    slices = np.zeros((2, 6, 6), np.int32)
    slices[0, :3, :3], slices[0, 5, 5] = 1, 2
    slices[1, :3, :3], slices[1, 5, 5] = 2, 1
    labels = Value.of(slices, Kind.LABELS, "ZYX", (1.0, 1.0, 1.0))
    workflow = Workflow().add_input("labels", WorkflowInput.of(labels))
    workflow = workflow.add("measurements.measure", {"labels": "labels"}, over="Z")
    workflow = workflow.add(
        "postprocessing.filter_by_table",
        {"labels": "labels", "table": "table"},
        {"column": "area", "minimum": 5},
    )
    found = Engine().run(workflow, {"labels": labels})["kept_labels"].data
    assert [kept(image) for image in found] == [{1}, {2}]
    workflow = workflow.change(
        "filter_by_table", parameters={"minimum": None, "condition": "Z > 0 and area > 5"}
    )
    found = Engine().run(workflow, {"labels": labels})["kept_labels"].data
    assert [kept(image) for image in found] == [set(), {2}]
    with pytest.raises(ValueError, match="must loop over Z"):
        _ = workflow.change("filter_by_table", over="").values
