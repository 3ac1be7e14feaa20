"""The Surfaces dock colours, cuts, picks and films surfaces, and computes in steps only."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from napari.layers import Labels, Surface
from PIL import Image

from napari_delineate._napari import preferences, surface_look
from napari_delineate._napari.assistant import Assistant
from napari_delineate._napari.docks import table_dock
from napari_delineate._napari.size_notice import SizeNotice
from napari_delineate._napari.surface_look import colour_well, triangle_at
from napari_delineate._napari.surfaces_dock import SurfacesDock
from napari_delineate._napari.turntable import Turntable
from napari_delineate._napari.visible import camera_of

RADII = {1: 7, 5: 5}
CENTRES = {1: 12, 5: 28}


@pytest.fixture(autouse=True)
def _own_preferences(monkeypatch, tmp_path):
    monkeypatch.setattr(preferences, "preferences_file", lambda: tmp_path / "preferences.json")


@pytest.fixture
def cells(viewer):
    """Two balls in a stack with flat voxels, with a gap between their numbers."""
    z, y, x = np.indices((12, 40, 40))
    labels = np.zeros(z.shape, np.int32)
    for label, radius in RADII.items():
        distance = (2 * (z - 6)) ** 2 + (y - 20) ** 2 + (x - CENTRES[label]) ** 2
        labels[distance <= radius**2] = label
    layer = Labels(labels, name="cells", scale=(2, 1, 1), units="um", axis_labels=("z", "y", "x"))
    return viewer.add_layer(layer)


@pytest.fixture
def dock(viewer, qtbot):
    """The dock, as napari shows it."""
    dock = SurfacesDock(viewer)
    viewer.window.add_dock_widget(dock, name="Surfaces")
    yield dock
    dock.stop()


@pytest.fixture
def surface(session, cells, dock, wait):
    """The surface of the balls, that the dock shows."""
    session.run("surfaces.labels_to_surface", {"labels": cells}, {})
    wait()
    return session.layer("surface")


def choose_quantity(dock, title, wait):
    row = dock.colour.quantity.findText(title)
    assert row >= 0, title
    dock.colour.quantity.setCurrentIndex(row)
    wait()
    return dock.layer


def test_without_a_surface_it_says_what_to_do(dock):
    assert "make one" in dock.facts.text()
    assert all(section.isHidden() for section in dock.titles.values())


def test_it_follows_the_selected_surface(dock, surface, session, viewer, wait):
    assert dock.layer is surface
    assert f"{len(surface.faces):,} triangles" in dock.facts.text()
    session.run("surfaces.smooth", {"surface": surface}, {})
    wait()
    viewer.layers.selection.active = session.layer("smoothed_surface")
    assert dock.layer is session.layer("smoothed_surface")
    assert not dock.titles["Before and after"].isHidden()


# Colour


def test_a_quantity_is_a_step_and_the_next_takes_its_place(dock, surface, session, wait):
    coloured = choose_quantity(dock, "Discrete curvature: mean", wait)
    assert [step.operation for step in session.workflow.steps] == [
        "surfaces.labels_to_surface",
        "surfaces.discrete_curvature",
    ]
    assert coloured is not surface
    assert not surface.visible
    assert coloured.colorbar.visible
    assert dock.colour.quantity.currentText() == "Discrete curvature: mean"
    mean = np.copy(coloured.vertex_values)

    choose_quantity(dock, "Discrete curvature: gaussian", wait)
    assert len(session.workflow.steps) == 2
    assert dock.layer is coloured
    assert not np.array_equal(coloured.vertex_values, mean)

    choose_quantity(dock, "Thickness", wait)
    assert session.workflow.steps[1].operation == "surfaces.thickness"
    assert len(session.workflow.steps) == 2
    # A ball is nowhere thicker than its diameter, and its two halves meet in the middle.
    assert np.nanmedian(dock.layer.vertex_values) == pytest.approx(2 * RADII[1], rel=0.2)

    session.undo()
    wait()
    assert session.workflow.steps[1].operation == "surfaces.discrete_curvature"


def test_its_own_values_bring_the_surface_before_back(dock, surface, session, wait):
    coloured = choose_quantity(dock, "Thickness", wait)
    dock.colour.quantity.setCurrentIndex(0)
    assert dock.layer is surface
    assert surface.visible
    assert not coloured.visible


def test_a_quantity_that_needs_more_says_what(dock, session, viewer, wait):
    triangle = (np.eye(3) * 9, np.array([[0, 1, 2]]), np.ones(3))
    viewer.add_layer(Surface(triangle, name="triangle"))
    row = dock.colour.quantity.findText("Nearest label")
    assert not dock.colour.quantity.model().item(row).isEnabled()
    dock.colour.quantity.setCurrentIndex(row)
    assert "needs labels besides the surface" in dock.message.text()
    assert not session.workflow.steps


def test_distances_are_from_the_surface_before(dock, surface, session, wait, viewer):
    session.run("surfaces.smooth", {"surface": surface}, {})
    wait()
    viewer.layers.selection.active = session.layer("smoothed_surface")
    choose_quantity(dock, "Distance to surface: signed", wait)
    step = session.workflow.steps[-1]
    assert dict(step.inputs) == {"surface": "smoothed_surface", "other": "surface"}


def test_colours_and_range_are_those_of_the_layer_both_ways(dock, surface, wait):
    layer = choose_quantity(dock, "Fitted curvature: mean", wait)
    dock.colour.colormap.setCurrentText("magma")
    assert layer.colormap.name == "magma"
    layer.colormap = "gray"
    assert dock.colour.colormap.currentText() == "gray"
    low, high = layer.contrast_limits_range
    layer.contrast_limits = (low, (low + high) / 2)
    assert dock.colour.limits.value() == pytest.approx((low, (low + high) / 2), rel=0.05)
    dock.colour.fit_button.click()
    assert layer.contrast_limits == pytest.approx(
        np.percentile(layer.vertex_values, (1, 99)), rel=1e-6
    ) or layer.contrast_limits[0] == pytest.approx(-layer.contrast_limits[1])


# Look and cut


def test_what_is_ticked_is_what_the_layer_shows(dock, surface, viewer):
    overlays = viewer.canvas.overlays if hasattr(viewer, "canvas") else viewer
    pairs = {
        dock.look.wireframe: surface.wireframe,
        dock.look.normals: surface.normals.face,
        dock.look.box: surface.bounding_box,
        dock.look.scale_bar: overlays.scale_bar,
        dock.look.axes: overlays.axes,
    }
    for check, shown in pairs.items():
        before = shown.visible
        check.setChecked(not before)
        assert shown.visible is not before
        shown.visible = before
        assert check.isChecked() is before
    dock.look.shading.setCurrentText("smooth")
    assert str(surface.shading) == "smooth"
    dock.look.opacity.setValue(40)
    assert surface.opacity == pytest.approx(0.4)


def test_the_plane_cuts_where_the_slider_stands(dock, surface):
    dock.clip.on.setChecked(True)
    dock.clip.axis.setCurrentIndex(2)
    dock.clip.position.setValue(250)
    dock.clip.flip.setChecked(True)
    (plane,) = surface.experimental_clipping_planes
    low, high = surface.vertices[:, 2].min(), surface.vertices[:, 2].max()
    assert plane.position[2] == pytest.approx(low + (high - low) / 4)
    assert tuple(plane.normal) == (0, 0, -1)
    dock._refresh()  # shows what the layer has
    assert (dock.clip.position.value(), dock.clip.flip.isChecked()) == (250, True)
    dock.clip.on.setChecked(False)
    assert not len(surface.experimental_clipping_planes)


# Objects


def click(layer, viewer, at, *, moves=0):
    """Press and release the button over a point, seen along z."""
    event = SimpleNamespace(
        type="mouse_press",
        position=tuple(at),
        view_direction=np.array([1.0, 0, 0]),
        dims_displayed=[0, 1, 2],
    )
    for callback in layer.mouse_drag_callbacks:
        running = callback(layer, event)
        next(running)
        for _ in range(moves):
            event.type = "mouse_move"
            next(running)
        event.type = "mouse_release"
        with pytest.raises(StopIteration):
            next(running)


def test_a_click_chooses_the_object_its_label_and_its_row(
    dock, surface, session, cells, wait, viewer
):
    session.run("measurements.measure", {"labels": cells}, {})
    wait()
    session.run("surfaces.measure_surface", {"surface": surface}, {})
    wait()
    viewer.dims.ndisplay = 3
    click(surface, viewer, (-10, 20, CENTRES[5]))
    assert dock.objects.number.value() == 5
    assert cells.selected_label == 5
    tables = table_dock(viewer)
    for name in ("table", "table_2"):
        rows = tables._find(name).selectionModel().selectedRows()
        assert [index.row() for index in rows] == [1]
    assert "area" in dock.objects.facts.text()
    click(surface, viewer, (-10, 20, CENTRES[1]), moves=3)  # turns the view
    assert dock.objects.number.value() == 5
    click(surface, viewer, (-10, 2, 2))  # beside all
    assert dock.objects.number.value() == 5


def test_labels_and_rows_choose_the_object(dock, surface, session, cells, wait, viewer):
    session.run("measurements.measure", {"labels": cells}, {})
    wait()
    cells.selected_label = 5
    assert dock.objects.number.value() == 5
    view = table_dock(viewer)._find("table")
    view.setCurrentIndex(view.model().index(0, 0))
    assert dock.objects.number.value() == 1
    assert cells.selected_label == 1


def test_numbers_with_gaps_are_stepped_through(dock, surface):
    dock.objects.choose(1)
    dock.objects.next_button.click()
    assert dock.objects.number.value() == 5
    dock.objects.next_button.click()
    assert dock.objects.number.value() == 1
    dock.objects.previous_button.click()
    assert dock.objects.number.value() == 5
    dock.objects.number.setValue(3)
    assert "No object" in dock.objects.facts.text()


def test_only_one_object_keeps_its_colour(dock, surface, session, wait):
    dock.objects.choose(5)
    dock.objects.only.setChecked(True)
    own = surface.vertex_values == 5
    spread = np.ptp(surface.vertex_colors[:, :3], axis=1)
    assert (spread[own] > 0.1).all()
    assert (spread[~own] < 1e-6).all()
    dock.objects.only.setChecked(False)
    assert surface.vertex_colors is None
    dock.objects.only.setChecked(True)
    session.change("labels_to_surface", inputs={"labels": "cells"})
    session.run("surfaces.simplify", {"surface": surface}, {})
    wait()
    simplified = session.layer("simplified_surface")
    assert dock.layer is simplified
    assert surface.vertex_colors is None
    assert simplified.vertex_colors.shape == (len(simplified.vertices), 4)


def test_objects_are_known_on_a_coloured_surface(dock, surface, wait):
    choose_quantity(dock, "Discrete curvature: mean", wait)
    dock.objects.choose(5)
    assert dock.objects.number.value() == 5
    count = (surface.vertex_values[surface.faces[:, 0]] == 5).sum()
    assert dock.objects.facts.text().startswith(f"{count:,} triangles")


def test_colours_are_summarized_per_object(dock, surface, session, viewer, wait):
    assert dock.objects.summary_button.isHidden()
    choose_quantity(dock, "Thickness", wait)
    dock.objects.summary_button.click()
    wait()
    table = table_dock(viewer).table("table")
    assert table["value"].tolist() == [1, 5]
    assert table["median"][0] > table["median"][1]  # the larger ball is thicker
    dock.objects.choose(5)
    assert "median" in dock.objects.facts.text()


def test_the_other_objects_stay_grey_when_the_surface_changes(
    dock, surface, session, cells, wait, viewer
):
    dock.objects.choose(5)
    dock.objects.only.setChecked(True)
    before = len(surface.vertices)
    data = cells.data.copy()
    data[:5] = 0
    cells.data = data
    session.record_edits()
    wait()
    assert len(surface.vertices) < before
    grey = np.ptp(surface.vertex_colors[:, :3], axis=1) < 1e-6
    np.testing.assert_array_equal(grey, surface.vertex_values != 5)
    session.undo()
    session.undo()
    wait()
    assert dock.layer is None
    cells.selected_label = 1  # nobody listens
    session.redo()
    wait()
    assert dock.objects.only.isChecked()
    assert surface.vertex_colors is not None


OCTAHEDRON = (
    np.array([[0, 0, 1], [0, 0, -1], [0, 1, 0], [0, -1, 0], [1, 0, 0], [-1, 0, 0]]) * 5.0,
    np.array(
        [[0, 2, 4], [2, 1, 4], [1, 3, 4], [3, 0, 4], [2, 0, 5], [1, 2, 5], [3, 1, 5], [0, 3, 5]]
    ),
)
HALVES = np.array([1.0, 1, 1, 2, 2, 2])


def use_everything(dock):
    """Touch all that the dock offers for what it shows."""
    dock.colour.fit_button.click()
    dock.clip.on.setChecked(True)
    for axis in range(3):
        dock.clip.axis.setCurrentIndex(axis)
        dock.clip.position.setValue(300)
    dock.clip.flip.setChecked(True)
    dock.session.changed.emit()
    dock.clip.on.setChecked(False)
    dock.objects.only.setChecked(True)
    dock.objects.next_button.click()
    dock.objects.only.setChecked(False)


@pytest.mark.parametrize(
    ("values", "objects"),
    [
        (np.full(6, np.nan), []),
        (np.full(6, 1e20), []),
        (np.array([1, 2, 3, np.inf, -np.inf, np.nan]), []),
        (np.array([1, 1, 1, 3e9, 3e9, 3e9]), [1, 3_000_000_000]),
        (np.array([1, 0, 1, 0, 1, 0], bool), [0, 1]),
        (np.array([-1.0, -1, -1, 2, 2, 2]), [-1, 2]),
        (np.stack([HALVES, HALVES + 1, HALVES + 2]), []),  # one row per point in time
    ],
    ids=["missing", "huge", "infinite", "many bits", "bool", "negative", "in time"],
)
def test_any_values_can_be_looked_at(dock, viewer, values, objects):
    viewer.add_layer(Surface((*OCTAHEDRON, values)))
    use_everything(dock)
    assert dock.objects._objects.tolist() == objects
    if objects:
        dock.objects.choose(objects[1])
        assert dock.objects.number.value() == objects[1]
        assert "triangles" in dock.objects.facts.text()


def test_measured_values_that_are_missing_get_colours():
    for values in (np.full(6, np.nan), np.array([np.inf, -np.inf, 1, 2, 3, np.nan])):
        layer = Surface((*OCTAHEDRON, np.ones(6)))
        layer.vertex_values = values
        colour_well(layer)
        assert np.isfinite(layer.contrast_limits_range).all()


def test_a_flat_surface_has_nothing_to_cut_and_to_measure(dock, viewer, session):
    vertices, faces = OCTAHEDRON
    viewer.add_layer(Surface((vertices[:, 1:], faces, HALVES)))
    use_everything(dock)
    assert dock.titles["Clipping plane"].isHidden()
    dock.colour.quantity.setCurrentIndex(1)
    assert "has no depth" in dock.message.text()
    assert not session.workflow.steps
    viewer.add_layer(Surface((vertices, faces, HALVES)))
    assert not dock.titles["Clipping plane"].isHidden()


def test_a_click_in_a_movie_chooses_what_is_there_now(dock, viewer):
    vertices, faces = OCTAHEDRON
    movie = np.concatenate([np.c_[np.full(6, time), vertices] for time in range(3)])
    layer = Surface(
        (movie, np.concatenate([faces + 6 * time for time in range(3)]), np.repeat([4, 7, 9], 6)),
        scale=(2, 1, 1, 1),
    )
    viewer.add_layer(layer)
    viewer.dims.ndisplay = 3
    viewer.dims.set_point(0, 4)
    event = SimpleNamespace(
        position=(4, -30, 1, 1), view_direction=np.array([0, 1.0, 0, 0]), dims_displayed=[1, 2, 3]
    )
    place = triangle_at(layer, event)
    assert layer.vertex_values[layer.faces[place]].tolist() == [9, 9, 9]


def test_the_colours_that_a_person_gave_stay(dock, viewer):
    colours = np.random.default_rng(0).random((6, 4)).astype(np.float32)
    layer = viewer.add_layer(Surface((*OCTAHEDRON, HALVES), vertex_colors=colours))
    dock.objects.choose(2)
    dock.objects.only.setChecked(True)
    np.testing.assert_array_equal(layer.vertex_colors[3:], colours[3:])
    assert np.ptp(layer.vertex_colors[:3, :3], axis=1).max() < 1e-6
    dock.objects.only.setChecked(False)
    np.testing.assert_array_equal(layer.vertex_colors, colours)
    dock.objects.only.setChecked(True)
    viewer.add_layer(Surface((*OCTAHEDRON, HALVES)))
    np.testing.assert_array_equal(layer.vertex_colors, colours)


def test_a_closed_table_dock_is_no_trouble(dock, surface, session, cells, wait, viewer, qtbot):
    session.run("measurements.measure", {"labels": cells}, {})
    wait()
    dock.objects.choose(5)
    tables = table_dock(viewer)
    viewer.window.remove_dock_widget(tables)
    tables.deleteLater()
    qtbot.wait(20)
    dock.objects.choose(1)
    session.changed.emit()
    assert dock.objects.facts.text().endswith("triangles")


def test_the_dock_keeps_no_surface_that_is_gone(dock, viewer):
    layer = viewer.add_layer(Surface((*OCTAHEDRON, HALVES)))
    dock.objects.choose(2)
    dock.clip.on.setChecked(True)
    viewer.layers.remove(layer)
    parts = (dock.colour, dock.look, dock.clip)
    assert [part.layer for part in parts] == [None] * 3
    held = [one for part in (dock, dock.objects) for one in vars(part).values()]
    assert not any(one is layer for one in held)


def test_numbers_of_parts_are_those_of_no_labels(dock, viewer, session, cells, wait):
    session.run("postprocessing.labels_to_mask", {"labels": cells}, {})
    wait()
    session.run("surfaces.mask_to_surface", {"mask": session.layer("mask")}, {})
    wait()
    assert dock.objects._objects.tolist() == [1]
    assert dock.objects.labels is None
    choose_quantity(dock, "Number parts", wait)
    assert dock.objects._objects.tolist() == [1, 2]
    assert dock.objects.labels is None
    dock.objects.choose(2)
    assert cells.selected_label == 1


def test_a_deleted_mesh_comes_back_for_its_own_values(dock, surface, session, viewer, wait):
    choose_quantity(dock, "Discrete curvature: mean", wait)
    viewer.layers.remove(surface)
    dock.colour.quantity.setCurrentIndex(0)
    assert dock.layer is session.layer("surface")
    assert dock.layer.visible


def test_a_step_that_was_cancelled_gives_no_colours_later(dock, surface, session):
    dock._colouring = "labels_to_surface"
    session.failed.emit("Cancelled.")
    session.finished.emit(session.results)
    assert not surface.colorbar.visible


def test_values_are_looked_at_once(dock, surface, session, monkeypatch):
    seen = []
    monkeypatch.setattr(surface_look, "object_numbers", lambda _: seen.append(1) or HALVES)
    session.changed.emit()
    surface.contrast_limits = (0, 3)
    dock.objects.only.setChecked(True)
    assert not seen
    surface.vertex_values = surface.vertex_values + 1
    assert seen


# Pictures


def test_a_screenshot_is_what_the_canvas_shows(dock, surface, viewer, tmp_path):
    viewer.show()
    dock.view_button.click()
    dock.pictures.save_screenshot(tmp_path / "shot")
    assert np.ptp(np.asarray(Image.open(tmp_path / "shot.png").convert("RGB"))) > 0
    dock.pictures.save_screenshot(tmp_path / "missing" / "shot.png")
    assert "was not saved" in dock.message.text()


@pytest.mark.slow
def test_a_turntable_goes_round_once_and_leaves_the_camera(dock, surface, viewer, tmp_path, qtbot):
    viewer.show()
    viewer.dims.ndisplay = 3
    camera = camera_of(viewer)
    camera.angles = (10, -30, 60)
    before = np.array(camera.view_direction)
    dock.pictures.seconds.setValue(0.5)
    dock.pictures.save_turntable(tmp_path / "turn.gif")
    qtbot.waitUntil(dock.pictures.turn_button.isEnabled, timeout=30_000)
    assert dock.message.text() == "Saved turn.gif."
    with Image.open(tmp_path / "turn.gif") as animation:
        assert animation.n_frames == 10
        assert animation.info["duration"] == 50
    assert np.allclose(camera.view_direction, before, atol=1e-6)


def test_a_turntable_can_be_cancelled(dock, surface, viewer, tmp_path, qtbot):
    dock.pictures.save_turntable(tmp_path / "turn.gif")
    dock.pictures.cancel_button.click()
    assert dock.pictures.turn_button.isEnabled()
    assert not (tmp_path / "turn.gif").exists()


def test_a_turntable_begins_again_where_the_window_gets_another_size(viewer, qtbot, monkeypatch):
    viewer.dims.ndisplay = 3
    sizes = iter([4, 4, 6, 6, 6, 6, 6, 6])
    monkeypatch.setattr(
        type(viewer), "screenshot", lambda *_, **__: np.zeros((next(sizes), 8, 4), np.uint8)
    )
    turntable = Turntable(viewer, 3)
    with qtbot.waitSignal(turntable.finished) as found:
        turntable.start()
    assert [frame.shape for frame in found.args[0]] == [(6, 8, 3)] * 3


@pytest.mark.slow
def test_an_animation_is_written_also_after_the_dock_is_closed(
    dock, surface, viewer, tmp_path, qtbot
):
    viewer.show()
    dock.pictures.seconds.setValue(0.5)
    dock.pictures.save_turntable(tmp_path / "turn.gif")
    qtbot.waitUntil(lambda: dock.pictures._worker is not None, timeout=20_000)
    worker = dock.pictures._worker
    with qtbot.waitSignal(worker.finished, timeout=20_000):
        viewer.window.remove_dock_widget(dock)
        dock.deleteLater()
    qtbot.wait(20)
    assert (tmp_path / "turn.gif").exists()


def test_other_formats_and_missing_packages_are_said(dock, surface, tmp_path, monkeypatch):
    dock.pictures.save_turntable(tmp_path / "turn.avi")
    assert "ends in .gif or .mp4" in dock.message.text()
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    dock.pictures.save_turntable(tmp_path / "turn.mp4")
    assert "napari-delineate[video]" in dock.message.text()


# Large surfaces


def test_a_large_surface_waits_until_a_person_agrees(dock, session, cells, wait, qtbot):
    dock.pictures.most.setValue(1000)
    session.run("surfaces.labels_to_surface", {"labels": cells}, {})
    wait()
    layer = session.layer("surface")
    assert len(layer.faces) > 1000
    assert not layer.visible
    notice: SizeNotice = dock.sizes
    assert not notice.isHidden()
    assert f"{len(layer.faces):,} triangles, more than 1,000" in notice.message.text()
    notice.show_button.click()
    assert layer.visible
    assert notice.isHidden()


def test_a_large_surface_is_simplified_on_request(viewer, session, cells, wait, qtbot):
    preferences.set_preference(preferences.MOST_TRIANGLES, 1000)
    assistant = Assistant(viewer)
    viewer.window.add_dock_widget(assistant)
    viewer.layers.selection.active = cells
    assistant.add("surfaces.labels_to_surface")
    wait()
    assistant.notices.sizes.simplify_button.click()
    wait()
    simple = session.layer("simplified_surface")
    assert simple.visible
    assert len(simple.faces) <= 1000
    assert assistant.notices.sizes.isHidden()
    assert not session.layer("surface").visible
    session.undo()
    wait()
    assert not assistant.notices.sizes.isHidden()
    assistant.stop()


def test_preferences_survive_a_damaged_file(tmp_path):
    default = preferences.preference(preferences.MOST_TRIANGLES)
    preferences.preferences_file().write_text("{", encoding="utf-8")
    assert preferences.preference(preferences.MOST_TRIANGLES) == default
    preferences.set_preference(preferences.MOST_TRIANGLES, 5000)
    assert preferences.preference(preferences.MOST_TRIANGLES) == 5000
