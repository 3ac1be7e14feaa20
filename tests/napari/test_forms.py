"""Forms: what they ask, what they say, and what running them gives."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from napari.layers import Image, Labels, Points, Surface
from qtpy.QtWidgets import QComboBox

from napari_delineate import catalogue, filters, map_over, samples, segmentation, voxels
from napari_delineate.catalogue import operations
from napari_delineate.types import Kind, Voxels
from tests import inputs


def add(viewer, kind, ndim=2, number=1, **options):
    """Add a layer of some kind."""
    value = inputs.value(kind, ndim, number)
    options.setdefault("axis_labels", "ZYX"[-ndim:])
    if kind in (Kind.IMAGE, Kind.RGB):
        return viewer.add_image(value, rgb=kind is Kind.RGB, **options)
    return viewer.add_labels(value.copy(), **options)


def axes_boxes(form):
    boxes = form.findChildren(QComboBox)
    return [box for box in boxes if box.accessibleName().startswith("Axes of")]


# One viewer for several operations: opening and closing one takes longer than a form.
SEVERAL = [operations()[start : start + 20] for start in range(0, len(operations()), 20)]
some_operations = pytest.mark.parametrize("some", SEVERAL, ids=lambda some: f"from {some[0].id}")


@some_operations
def test_every_operation_has_a_form(viewer, form, some):
    for operation in some:
        shown = form(operation.id)
        assert set(shown.choices) == {entry.name for entry in operation.inputs}
        assert set(shown.settings) == {setting.name for setting in operation.settings}
        for setting in operation.settings:
            assert shown.settings[setting.name].value() == setting.default
            assert shown.settings[setting.name].toolTip()
            assert shown.settings[setting.name].accessibleName()
        assert all(choice.toolTip() for choice in shown.choices.values())


@pytest.mark.slow
@some_operations
def test_every_operation_runs_from_its_form(viewer, session, run, some):
    """Long sessions with all operations; the layers hold what plain calls give."""
    labels = add(viewer, Kind.LABELS, name="labels")
    other = add(viewer, Kind.LABELS, number=2, name="other")
    run("surfaces.labels_to_surface", {"labels": labels})
    run("postprocessing.relate", {"children": labels, "parents": other})
    made = {
        Kind.IMAGE: add(viewer, Kind.IMAGE, name="image"),
        Kind.RGB: add(viewer, Kind.RGB, name="colours"),
        Kind.LABELS: labels,
        Kind.MASK: labels,
        Kind.POINTS: viewer.add_points(inputs.value(Kind.POINTS, 2), axis_labels="YX"),
        Kind.SHAPES: viewer.add_shapes(
            list(inputs.value(Kind.SHAPES, 2)), shape_type="path", axis_labels="YX"
        ),
        Kind.SURFACE: session.layer("surface"),
        Kind.TABLE: session.workflow.steps[-1].outputs[0],
    }
    labelled = [labels, other]
    several = {
        Kind.LABELS: labelled,
        Kind.MASK: labelled,
        Kind.IMAGE: [made[Kind.IMAGE]],
    }
    for operation in some:
        if operation.id == "postprocessing.apply_corrections":
            continue  # corrections are painted, see test_session
        layers = {
            entry.name: several[entry.kind] if entry.variable else made[entry.kind]
            for entry in operation.inputs
        }
        if letter := operation.declaration.picks:
            frames = np.stack([inputs.image(2, number) for number in (1, 2)])
            layers["image"] = viewer.add_image(frames, axis_labels=f"{letter}YX")
        shown = run(operation.id, layers)
        step = session.workflow.steps[-1]
        assert step.operation == operation.id, shown.message.text()
        assert step.name not in session.results.errors, shown.message.text()
        plain = {
            name: [session.results[n].data for n in source]
            if isinstance(source, tuple)
            else source and session.results[source].data
            for name, source in step.inputs.items()
        }
        spacing = {"spacing": 1.0} if operation.id == "filters.rescale_isotropic" else {}
        function = operation.function
        if step.over:
            function = partial(map_over, function, step.over, axes=f"{step.over}YX")
        expected = function(*plain.values(), **step.parameters, **spacing)
        found = [session.results[name].data for name in step.outputs]
        expected = list(expected) if len(step.outputs) > 1 else [expected]
        for one, two in zip(found, expected, strict=True):
            assert inputs.same(one, two), operation.id
    types = {Kind.IMAGE: Image, Kind.MASK: Labels, Kind.LABELS: Labels}
    types |= {Kind.POINTS: Points, Kind.SURFACE: Surface}
    for step in session.workflow.steps:
        for name in step.outputs:
            kind = session.workflow.values[name].kind
            if kind in types:
                assert type(session.layer(name)) is types[kind]


def test_results_lie_where_their_input_lies(viewer, session, run):
    image = add(
        viewer,
        Kind.IMAGE,
        3,
        name="stack",
        scale=(2, 0.5, 0.5),
        translate=(10, 20, 30),
        units=("um", "um", "um"),
    )
    run("segmentation.voronoi_otsu_labeling", {"image": image}, spot_sigma=1.0)
    labels = session.layer("labels")
    expected = segmentation.voronoi_otsu_labeling(image.data, spot_sigma=1.0, spacing=(2, 0.5, 0.5))
    assert np.array_equal(labels.data, expected)
    for attribute in ("scale", "translate", "axis_labels", "units"):
        assert tuple(getattr(labels, attribute)) == tuple(getattr(image, attribute)), attribute
    run("surfaces.labels_to_surface", {"labels": labels})
    run("segmentation.local_maxima", {"image": image})
    run("filters.rescale_isotropic", {"image": image})
    for name in ("surface", "points"):
        layer = session.layer(name)
        assert tuple(layer.scale) == (1, 1, 1)
        assert tuple(layer.translate) == (10, 20, 30)
        assert tuple(map(str, layer.units)) == ("micrometer",) * 3
    # In the world, the surface encloses just the labelled voxels.
    low, high = session.layer("surface").extent.world
    inside = np.argwhere(labels.data > 0) * labels.scale + labels.translate
    np.testing.assert_allclose(low, inside.min(axis=0) - labels.scale / 2)
    np.testing.assert_allclose(high, inside.max(axis=0) + labels.scale / 2)
    assert tuple(session.layer("rescaled").scale) == (0.5, 0.5, 0.5)


def test_lengths_are_shown_and_typed_in_both_units(viewer, form):
    add(viewer, Kind.IMAGE, 3, scale=(2, 0.25, 0.25), units=("um", "um", "um"))
    edit = form("filters.gaussian").settings["sigma"]
    number, unit, other = edit._editor._number, edit._editor._unit, edit._editor._other
    assert edit.value() == voxels(2)
    assert (number.text(), unit.currentText(), other.text()) == ("2", "px", "· 0.5 µm")
    unit.setCurrentText("µm")
    assert edit.value() == 0.5
    assert other.text() == "· 2 px"
    number.setValue(1.25)
    assert edit.value() == 1.25
    assert other.text() == "· 5 px"


def test_without_units_lengths_are_in_pixels(viewer, form):
    add(viewer, Kind.IMAGE)
    edit = form("filters.gaussian").settings["sigma"]
    assert edit._editor._other.isHidden()
    assert [edit._editor._unit.itemText(i) for i in range(edit._editor._unit.count())] == ["px"]


def test_sizes_are_in_units_to_the_power_of_the_dimensions(viewer, form):
    add(viewer, Kind.LABELS, 3, scale=(1, 0.5, 0.5), units=("um", "um", "um"))
    edit = form("postprocessing.filter_by_size").settings["minimum"]
    edit.set_value(Voxels(8))
    assert edit._editor._other.text() == "· 1 µm³"


def test_optional_settings_can_be_left_out(viewer, form):
    edit = form("postprocessing.filter_by_size").settings["maximum"]
    assert edit.value() is None
    edit._use.setChecked(True)
    edit._editor.set_value(12.0)
    assert edit.value() == Voxels(12)  # without a unit, numbers count pixels
    edit._use.setChecked(False)
    assert edit.value() is None


def test_ranges_of_settings_are_those_of_the_annotations(viewer, form):
    shown = form("surfaces.smooth")
    widget = shown.settings["iterations"]._editor._widget
    assert (widget.min, widget.max) == (0, 1000)
    choice = form("segmentation.threshold").settings["method"]._editor._widget
    (method,) = (
        one for one in catalogue.find("segmentation.threshold").settings if one.name == "method"
    )
    assert choice.choices == method.choices


def test_layers_are_chosen_by_kind(viewer, form):
    image, labels = add(viewer, Kind.IMAGE), add(viewer, Kind.LABELS)
    colours = add(viewer, Kind.RGB)
    viewer.add_points(np.zeros((1, 2)))

    def offered(operation, name):
        box = form(operation).choices[name]
        return {box.itemData(i) for i in range(box.count())}

    assert offered("filters.gaussian", "image") == {image.unique_id}
    assert offered("filters.rgb_to_gray", "image") == {colours.unique_id}
    assert offered("postprocessing.clear_border", "labels") == {labels.unique_id}
    # Labels can be used as a mask; an optional input can be left out.
    assert offered("postprocessing.split_touching_objects", "mask") == {labels.unique_id}
    assert offered("measurements.measure", "image") == {None, image.unique_id}


def test_an_optional_input_begins_with_nothing_where_another_has_the_active_layer(viewer, form):
    """Labels would be the region of their own comparison, and nobody would see it."""
    image, labels = add(viewer, Kind.IMAGE), add(viewer, Kind.LABELS)
    shown = form("metrics.dice")
    assert shown.choices["reference"].layer() is labels
    assert shown.choices["region"].source() is None
    viewer.layers.selection.active = image
    assert form("measurements.measure").choices["image"].layer() is image


def test_a_mask_is_offered_as_a_mask_and_not_as_labels(viewer, form, run, session):
    add(viewer, Kind.IMAGE)
    run("segmentation.threshold")
    mask = session.layer("mask")
    assert form("segmentation.label_connected_components").choices["mask"].layer() is mask
    assert form("postprocessing.clear_border").choices["labels"].layer() is None


def test_choices_follow_layers_that_are_renamed_moved_added_and_removed(viewer, form):
    first = add(viewer, Kind.IMAGE, name="first")
    shown = form("filters.gaussian")
    box = shown.choices["image"]
    second = add(viewer, Kind.IMAGE, name="second")
    assert box.layer() is first
    first.name = "renamed"
    assert box.currentText() == "renamed"
    viewer.layers.move(0, 2)
    assert box.layer() is first
    box.choose(second)
    viewer.layers.remove(second)
    assert box.layer() is first
    viewer.layers.remove(first)
    assert box.layer() is None
    assert not shown.run_button.isEnabled()
    assert shown.note.text() == "Add or choose an image layer to begin."


def test_the_active_layer_is_chosen_first(viewer, form):
    add(viewer, Kind.IMAGE, name="a")
    second = add(viewer, Kind.IMAGE, name="b")
    add(viewer, Kind.IMAGE, name="c")
    viewer.layers.selection.active = second
    assert form("filters.gaussian").choices["image"].layer() is second


def test_running_again_updates_the_layer_in_place(viewer, session, form, wait):
    image = add(viewer, Kind.IMAGE)
    shown = form("filters.gaussian")
    shown.run_button.click()
    wait()
    layer = session.layer("blurred")
    layer.colormap, layer.name, layer.visible = "magma", "my picture", False
    assert shown.run_button.text() == "Update result"
    shown.settings["sigma"].set_value(voxels(4))
    shown.run_button.click()
    wait()
    assert session.layer("blurred") is layer
    assert np.array_equal(layer.data, filters.gaussian(image.data, sigma=4))
    assert (layer.colormap.name, layer.name, layer.visible) == ("magma", "my picture", False)
    assert len(session.workflow.steps) == 1
    shown.new_button.click()
    shown.run_button.click()
    wait()
    assert [step.name for step in session.workflow.steps] == ["gaussian", "gaussian_2"]
    assert len(viewer.layers) == 3


def test_an_error_is_said_in_place_and_the_step_can_be_mended(viewer, session, run, wait):
    image = add(viewer, Kind.IMAGE)
    image.data = np.linspace(0, 1, 24 * 28).reshape(24, 28)  # a histogram without two modes
    shown = run("segmentation.threshold", method="minimum")
    assert "finds no threshold in this image" in shown.message.text()
    assert "try 'otsu'" in shown.message.text()
    assert not shown.message.isHidden()
    assert len(viewer.layers) == 1
    shown.settings["method"].set_value("otsu")
    shown.run_button.click()
    wait()
    assert len(session.workflow.steps) == 1
    assert not session.results.errors
    assert np.array_equal(session.layer("mask").data, segmentation.threshold(image.data))


def test_two_limits_in_the_wrong_order_are_refused(viewer, session, run):
    add(viewer, Kind.LABELS)
    shown = run("postprocessing.filter_by_size", minimum=voxels(50), maximum=voxels(20))
    assert "maximum must be at least minimum" in shown.message.text()
    assert len(viewer.layers) == 1


def test_the_axes_of_a_movie_are_asked_once(viewer, session, form, run):
    movie = samples.nuclei_movie()
    layer = viewer.add_image(movie.data, name="movie")
    shown = form("segmentation.voronoi_otsu_labeling")
    assert not shown.run_button.isEnabled()
    assert shown.note.text() == "Say what the axes are; the layer remembers it."
    (box,) = axes_boxes(shown)
    assert [box.itemData(i) for i in range(box.count())] == [None, "ZYX", "TYX", "CYX"]
    box.setCurrentIndex(box.findData("TYX"))
    assert layer.axis_labels == ("T", "Y", "X")
    assert shown.run_button.isEnabled()
    (box,) = axes_boxes(form("filters.gaussian"))  # the next form knows
    assert box.currentData() == "TYX"
    run("segmentation.voronoi_otsu_labeling", {"image": layer}, spot_sigma=Voxels(3))
    expected = [segmentation.voronoi_otsu_labeling(frame, spot_sigma=3) for frame in movie.data]
    assert np.array_equal(session.layer("labels").data, np.stack(expected))
    assert session.workflow.steps[-1].over == "T"


def test_flat_images_are_not_asked_for_axes(viewer, form):
    viewer.add_image(inputs.image(2))
    shown = form("filters.gaussian")
    assert axes_boxes(shown) == []
    assert shown.run_button.isEnabled()


def test_known_axes_are_shown_and_can_be_changed(viewer, form):
    layer = add(viewer, Kind.IMAGE, 3)
    (box,) = axes_boxes(form("filters.gaussian"))
    assert box.currentText() == "Z, Y, X · 3D"
    box.setCurrentIndex(box.findData("TYX"))
    assert layer.axis_labels == ("T", "Y", "X")


def test_a_rotated_layer_is_refused_with_the_reason(viewer, session, form):
    add(viewer, Kind.IMAGE, name="tilted", rotate=30)
    shown = form("filters.gaussian")
    shown.run_button.click()
    assert "'tilted' is rotated or sheared" in shown.message.text()
    assert not session.running


def test_images_that_are_not_in_memory_say_how_large_they_are(
    viewer, session, form, wait, monkeypatch
):
    monkeypatch.setattr("napari_delineate._napari.fields._WORTH_ASKING", 1000)
    dask = pytest.importorskip("dask.array")
    lazy = dask.from_array(inputs.image(3), chunks=4)
    viewer.add_image(lazy, name="lazy", axis_labels="ZYX")
    shown = form("filters.gaussian")
    assert "lazy is not in memory: running reads all of it" in shown.note.text()
    shown.run_button.click()
    wait()
    assert np.array_equal(session.layer("blurred").data, filters.gaussian(inputs.image(3)))


def test_multiscale_images_are_computed_at_their_full_size(viewer, session, run):
    image = np.kron(inputs.image(2), np.ones((16, 16), np.uint16))
    viewer.add_image([image, image[::2, ::2]], name="pyramid", multiscale=True)
    run("filters.gaussian")
    assert np.array_equal(session.layer("blurred").data, filters.gaussian(image))


def test_progress_and_cancel(viewer, session, form, qtbot):
    from napari.utils import progress

    noise = np.random.default_rng(1).random((64, 320, 320))
    viewer.add_image(noise, name="noise", axis_labels="ZYX")
    shown = form("segmentation.local_minima_seeded_watershed")
    shown.settings["spot_sigma"].set_value(voxels(1))
    shown.run_button.click()
    qtbot.waitUntil(lambda: bool(progress._all_instances), timeout=5000)
    assert not shown.cancel_button.isHidden()
    assert not shown.run_button.isEnabled()
    assert [bar.desc for bar in progress._all_instances] == ["Local minima seeded watershed: "]
    qtbot.wait(1500)  # until the flood is under way
    assert session.running
    with qtbot.waitSignal(session.failed, timeout=1000):
        shown.cancel_button.click()
    qtbot.waitUntil(lambda: not session.running, timeout=1000)
    assert shown.message.text() == "Cancelled."
    assert session.workflow.steps == ()
    assert not progress._all_instances
    assert shown.run_button.isEnabled()
    assert [layer.name for layer in viewer.layers] == ["noise"]


def test_a_form_ends_with_its_dock(viewer, session, form, run):
    image = viewer.add_image(inputs.image(2))
    shown = run("filters.gaussian", {"image": image})
    assert shown.run_button.text() == "Update result"
    viewer.window.remove_dock_widget(viewer.window.dock_widgets["Delineate"])
    session.undo()
    assert shown.run_button.text() == "Update result"  # it does not follow any more
    assert form("filters.gaussian") is not shown


def test_the_forms_share_one_dock(viewer, form):
    form("filters.gaussian")
    form("segmentation.threshold")
    assert list(viewer.window.dock_widgets) == ["Delineate"]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_forms_are_usable_when_narrow_and_in_both_themes(viewer, form, theme):
    viewer.theme = theme
    add(
        viewer,
        Kind.LABELS,
        3,
        name="a layer with quite a long name",
        scale=(2, 1, 1),
        units=("um", "um", "um"),
    )
    for operation in ("postprocessing.filter_by_size", "postprocessing.combine"):
        shown = form(operation)
        assert shown.minimumSizeHint().width() <= 320
