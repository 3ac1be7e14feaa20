"""Results with fewer axes or another first pixel: the engine, the layers and exported code."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from napari_delineate import filters, map_over
from napari_delineate.axes import axes_of_output
from napari_delineate.declaration import declaration_of
from napari_delineate.engine import Engine
from napari_delineate.export import to_notebook, to_script, write_script
from napari_delineate.lineage import Lineage
from napari_delineate.types import Kind, voxels
from napari_delineate.values import Value
from napari_delineate.workflow import Workflow, WorkflowInput
from tests import inputs
from tests.strategies import Drawn
from tests.test_export import check_notebook, run_script

SPACING = {"Z": 2.0, "Y": 0.5, "X": 0.25}
SIZES = {"T": 3, "C": 2, "Z": 5, "Y": 12, "X": 16}


def start(axes: str) -> Drawn:
    random = np.random.default_rng(3)
    data = random.integers(0, 4000, [SIZES[letter] for letter in axes]).astype(np.uint16)
    spacing = tuple(SPACING[letter] for letter in axes if letter in SPACING)
    image = Value.of(data, Kind.IMAGE, axes, spacing, "micrometer")
    workflow = Workflow().add_input("image", WorkflowInput.of(image))
    return Drawn(workflow, {"image": image})


def add(drawn: Drawn, operation: str, source: str, output: str, over=None, **settings) -> Value:
    """Add a step to a workflow and return what it gives."""
    found = operation.partition(".")[2]
    name = "labels" if found.endswith("_labels") or "measure" in found else "image"
    drawn.workflow = drawn.workflow.add(
        operation, {name: source}, settings, over=over, outputs=(output,)
    )
    return Engine().run(drawn.workflow, drawn.inputs)[output]


@pytest.mark.parametrize(
    ("axis", "spacing", "place"),
    [("z", (0.5, 0.25), 0), ("y", (2.0, 0.25), 1), ("x", (2.0, 0.5), 2)],
)
@pytest.mark.parametrize(
    ("method", "function"),
    [("maximum", np.max), ("mean", np.mean), ("standard deviation", np.std), ("sum", np.sum)],
)
def test_a_projection_has_the_axes_and_voxel_size_that_are_left(
    axis, spacing, place, method, function
):
    drawn = start("ZYX")
    found = add(drawn, "filters.project", "image", "flat", method=method, axis=axis)
    assert (found.axes, found.spacing, found.units) == ("YX", spacing, "micrometer")
    assert drawn.workflow.values["flat"].axes == "YX"
    np.testing.assert_allclose(found.data, function(drawn.inputs["image"].data, axis=place))


@pytest.mark.parametrize("axes", ["TZYX", "ZTYX", "ZYXT", "CZYX", "TCZYX", "ZYX"])
@pytest.mark.parametrize("axis", ["z", "x"])
def test_projections_of_movies_keep_time_where_it_stands(axes, axis):
    drawn = start(axes)
    found = add(drawn, "filters.project", "image", "flat", axis=axis)
    assert found.axes == drawn.workflow.values["flat"].axes == axes.replace("Z", "")
    expected = drawn.inputs["image"].data.max(axis=axes.index(axis.upper()))
    if axis == "x":  # what was Z is Y, what was Y is X
        left = axes.replace("X", "")
        order = [left.index({"Y": "Z", "X": "Y"}.get(one, one)) for one in found.axes]
        expected = expected.transpose(order)
    assert np.array_equal(found.data, expected)


@pytest.mark.parametrize("axes", ["TYX", "ZTYX", "TCZYX", "CTYX"])
def test_a_frame_has_no_time(axes):
    drawn = start(axes)
    found = add(drawn, "filters.pick_frame", "image", "frame", index=2)
    assert found.axes == drawn.workflow.values["frame"].axes == axes.replace("T", "")
    assert np.array_equal(found.data, drawn.inputs["image"].data.take(2, axes.index("T")))


def test_a_channel_of_a_movie_keeps_its_time():
    drawn = start("TCZYX")
    found = add(drawn, "filters.pick_channel", "image", "channel", index=1)
    assert found.axes == "TZYX"
    assert np.array_equal(found.data, drawn.inputs["image"].data[:, 1])
    flat = add(drawn, "filters.pick_slice", "channel", "flat", index=4)
    assert np.array_equal(flat.data, drawn.inputs["image"].data[:, 1, 4])


def test_a_frame_that_is_not_there_is_refused():
    movie = np.zeros((3, 4, 5))
    with pytest.raises(ValueError, match=r"index must be from 0 to 2, .* along T; got 3"):
        map_over(filters.pick_frame, "T", movie, axes="TYX", index=3)


@pytest.mark.parametrize(("index", "message"), [(-1, "0 or more"), (1.5, "a whole number")])
def test_a_place_that_can_not_be_is_refused(index, message):
    with pytest.raises((TypeError, ValueError), match=f"index must be {message}; got {index}"):
        map_over(filters.pick_frame, "T", np.zeros((3, 4, 5)), axes="TYX", index=index)


def test_the_first_place_is_picked_by_default():
    movie = np.arange(24).reshape(2, 3, 4)
    assert np.array_equal(map_over(filters.pick_frame, "T", movie, axes="TYX"), movie[0])


def test_nothing_is_picked_along_an_axis_that_is_not_there():
    drawn = start("CYX")
    with pytest.raises(ValueError, match=r"Pick frame needs .* axis T, but 'image' has .* CYX"):
        drawn.workflow.add("filters.pick_frame", {"image": "image"})
    with pytest.raises(ValueError, match=r"picks a place along T, .* to loop over; got 'C'"):
        map_over(filters.pick_frame, "C", np.zeros((3, 4, 5)), axes="CYX", index=1)
    for function, letter in ((filters.pick_frame, "T"), (filters.pick_channel, "C")):
        assert not function(np.zeros((4, 5))).any()
        with pytest.raises(ValueError, match=f"index must be 0 for an image without .* {letter};"):
            function(np.zeros((4, 5)), index=1)


def test_a_place_left_out_leaves_the_other_axes_in_their_order():
    picks = declaration_of(filters.pick_frame)
    assert axes_of_output(Kind.IMAGE, ["CTYX"], "CT", picks, {"index": 0}) == "CYX"
    assert axes_of_output(Kind.TABLE, ["CTYX"], "CT", picks, {"index": 0}) == "C"


def test_measurements_after_a_projection_use_the_voxel_size_that_is_left():
    drawn = start("ZYX")
    add(drawn, "filters.project", "image", "flat", axis="y", method="mean")
    drawn.workflow = drawn.workflow.add(
        "segmentation.threshold", {"image": "flat"}, outputs=("mask",)
    )
    drawn.workflow = drawn.workflow.add(
        "segmentation.label_connected_components", {"mask": "mask"}, outputs=("labels",)
    )
    drawn.workflow = drawn.workflow.add(
        "measurements.measure", {"labels": "labels", "image": "flat"}, outputs=("table",)
    )
    results = Engine().run(drawn.workflow, drawn.inputs)
    table, labels = results["table"].data, results["labels"].data
    column = next(name for name in table.columns if name.startswith("area"))
    pixels = np.bincount(labels.ravel())[1:]
    np.testing.assert_allclose(table[column], pixels * 2.0 * 0.25)


def test_a_box_stays_where_it_is_in_space():
    drawn = start("ZYX")
    found = add(drawn, "filters.crop", "image", "box", z_start=1, y_start=2, y_stop=8, x_start=4)
    assert found.origin == (2.0, 1.0, 1.0)
    assert np.array_equal(found.data, drawn.inputs["image"].data[1:, 2:8, 4:])
    smaller = add(drawn, "filters.crop", "box", "smaller", y_start=1)
    assert smaller.origin == (2.0, 1.5, 1.0)
    blocks = add(drawn, "filters.bin_voxels", "smaller", "blocks", y_size=2, x_size=4)
    assert blocks.spacing == (2.0, 1.0, 1.0)
    assert blocks.origin == (2.0, 1.75, 1.375)
    for axis, origin in (("z", (1.75, 1.375)), ("y", (2.0, 1.375)), ("x", (2.0, 1.75))):
        assert add(drawn, "filters.project", "blocks", f"flat_{axis}", axis=axis).origin == origin


def test_slices_that_are_cropped_one_by_one_keep_their_depth():
    drawn = start("TZYX")
    add(drawn, "filters.crop", "image", "box", z_start=2)
    found = add(drawn, "filters.crop", "box", "slices", over="TZ", x_start=4)
    assert (found.axes, found.spacing, found.origin) == ("TZYX", (2, 0.5, 0.25), (4.0, 0.0, 1.0))
    assert np.array_equal(found.data, drawn.inputs["image"].data[:, 2:, :, 4:])


def everything(axes: str) -> Drawn:
    """A workflow with every way to change axes and places, and steps behind it."""
    drawn = start(axes)
    if "T" in axes:
        add(drawn, "filters.pick_frame", "image", "frame", index=1)
    last = "frame" if "T" in axes else "image"
    add(drawn, "filters.crop", last, "box", z_start=1, y_start=2, x_start=4)
    add(drawn, "filters.bin_voxels", "box", "blocks")
    add(drawn, "filters.rescale", "blocks", "large", y_factor=2.0, x_factor=1.5)
    add(drawn, "filters.gaussian", "large", "blurred", sigma=0.5)
    add(drawn, "filters.crop", "blurred", "by_slice", over="Z" if "Z" in axes else None, y_start=1)
    add(drawn, "filters.resample", "by_slice", "cubes", voxel_size=voxels(2))
    for axis in "zyx" if "Z" in axes else "z":
        add(drawn, "filters.project", "cubes", f"flat_{axis}", axis=axis)
        add(drawn, "filters.gaussian", f"flat_{axis}", f"smooth_{axis}", sigma=0.5)
    drawn.workflow = drawn.workflow.add("segmentation.local_maxima", {"image": "blurred"})
    return drawn


@pytest.mark.parametrize("axes", ["YX", "ZYX", "TZYX"])
def test_scripts_give_the_same_arrays_sizes_and_places(axes, tmp_path):
    drawn = everything(axes)
    path = write_script(tmp_path / "a.py", drawn.workflow, drawn.inputs)
    found = run_script(path)
    lineage = Lineage(drawn.workflow)
    for name, value in Engine().run(drawn.workflow, drawn.inputs).items():
        assert inputs.same(found[name], value.data), name
        grid = lineage.grids[name]
        assert found[f"{grid}_spacing"] == pytest.approx(value.spacing)
        if grid in lineage.moved:
            assert found[f"{grid}_origin"] == pytest.approx(value.origin)
        else:
            assert not value.origin


@pytest.mark.slow
def test_a_notebook_gives_the_same_arrays(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        check_notebook(everything("TZYX"), tmp_path)


def test_notebooks_put_moved_layers_in_their_place():
    drawn = start("TZYX")
    drawn.inputs["image"] = drawn.inputs["image"]
    add(drawn, "filters.crop", "image", "box", y_start=2)
    add(drawn, "filters.pick_frame", "box", "frame", index=1)
    described = drawn.workflow.inputs["image"]
    workflow = drawn.workflow.add_input(
        "image", WorkflowInput(described.kind, described.axes, described.spacing, "um", "a.tif")
    )
    text = to_notebook(workflow)
    assert "translate=(0, *box_origin)" in text
    assert "scale=box_spacing, translate=box_origin" in text
    assert "origin_of_box(image_spacing, z_start=0, y_start=2, x_start=0)" in to_script(workflow)
    assert 'map_over(filters.pick_frame, "T", box, axes="TZYX", index=1)' in to_script(workflow)
    assert "It runs for each index along T" in text  # the crop does, the pick does not
    assert text.count("It runs for each index along T") == 1
