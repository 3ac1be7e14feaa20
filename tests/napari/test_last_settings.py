"""Forms and tools show the settings that were used last; workflows mean the same without."""

from __future__ import annotations

import json

import numpy as np
import pytest

from napari_delineate import catalogue, voxels
from napari_delineate._napari import last_settings
from napari_delineate._napari.annotate_dock import AnnotateDock
from napari_delineate._napari.annotating.tool import Place
from napari_delineate._napari.annotating.tools import TOOLS
from napari_delineate._napari.fields import Fields
from napari_delineate._napari.sessions import session_of
from napari_delineate.variants import Variant
from napari_delineate.workflow import Workflow
from tests import inputs

pytestmark = pytest.mark.slow

GAUSSIAN = "filters.gaussian"
BY_SIZE = "postprocessing.filter_by_size"
DEFAULT = catalogue.find(GAUSSIAN).defaults()["sigma"]


@pytest.fixture
def image(viewer):
    return viewer.add_image(inputs.image(2), name="cells")


@pytest.fixture
def notices(monkeypatch):
    said = []
    monkeypatch.setattr(last_settings, "show_warning", said.append)
    return said


@pytest.fixture
def restart(session, make_napari_viewer, qtbot):
    """Close the session, and return what opens forms in another one."""
    others = []

    def begin():
        session.close()
        other = make_napari_viewer()
        others.append(other)
        return other

    yield begin
    for other in others:
        session_of(other).close()


def fields_of(viewer, operation=GAUSSIAN):
    fields = Fields(session_of(viewer), catalogue.find(operation))
    fields.show_last()
    return fields


def sigma_in(viewer):
    fields = fields_of(viewer)
    value = fields.parameters()["sigma"]
    fields.stop()
    return value


def test_a_form_shows_what_was_run_last_and_goes_back_to_defaults(
    viewer, session, image, form, run, restart
):
    assert form(GAUSSIAN).settings["sigma"].value() == DEFAULT
    run(GAUSSIAN, sigma=voxels(7))
    form("filters.median")
    shown = form(GAUSSIAN)
    assert shown.settings["sigma"].value() == voxels(7)
    button = shown.fields.defaults_button
    assert button.isEnabled()
    assert button.toolTip()
    button.click()
    assert shown.settings["sigma"].value() == DEFAULT
    assert not button.isEnabled()
    # Only what is run is kept.
    assert form(GAUSSIAN).settings["sigma"].value() == voxels(7)
    assert sigma_in(restart()) == voxels(7)


def test_defaults_that_are_run_are_what_was_run_last(viewer, image, form, run):
    run(GAUSSIAN, sigma=voxels(7))
    shown = form(GAUSSIAN)
    shown.fields.defaults_button.click()
    shown.run_button.click()
    assert form(GAUSSIAN).settings["sigma"].value() == DEFAULT


def test_an_operation_without_settings_offers_no_defaults(viewer, form):
    name = next(one.id for one in catalogue.operations() if not one.settings)
    assert form(name).fields.defaults_button.isHidden()


def test_the_assistant_adds_steps_with_what_was_set_last(
    assistant, session, viewer, coins, add, set_value, settle
):
    add(GAUSSIAN)
    set_value(sigma=voxels(6))
    viewer.layers.selection.active = coins
    add(GAUSSIAN, "segmentation.threshold")
    first, second, threshold = session.workflow.steps
    assert first.parameters == second.parameters == {"sigma": voxels(6)}
    # Each step holds every parameter, whatever is remembered.
    for step in session.workflow.steps:
        assert set(step.parameters) == set(catalogue.find(step.operation).defaults())
    assert Workflow.from_dict(session.workflow.to_dict()) == session.workflow
    # The form of a step shows that step, and its defaults are one entry of the history.
    assistant.select(first.name)
    set_value(sigma=voxels(2.5))
    assistant.select(second.name)
    assert assistant.panel.settings["sigma"].value() == voxels(6)
    before = session.history
    assistant.panel.fields.defaults_button.click()
    settle()
    assert session.workflow.step(second.name).parameters == {"sigma": DEFAULT}
    assert session.workflow.step(first.name).parameters == {"sigma": voxels(2.5)}
    assert session.workflow.step(threshold.name) == threshold
    session.undo()
    assert session.history.present == before.present


def test_all_settings_go_back_in_one_entry(assistant, session, viewer, coins, add, set_value):
    add("segmentation.voronoi_otsu_labeling")
    step = session.workflow.steps[0]
    set_value(spot_sigma=voxels(9), outline_sigma=voxels(3))
    entries = len(session.history.past)
    assistant.panel.fields.defaults_button.click()
    assert session.workflow.steps[0] == step
    assert len(session.history.past) == entries + 1


def test_what_is_taken_from_the_gallery_is_remembered(
    assistant, session, viewer, coins, add, settle
):
    add(GAUSSIAN)
    step = session.workflow.steps[0].name
    changed = session.workflow.change(step, parameters={"sigma": voxels(5)})
    assistant._on_taken(step, Variant("5", "", changed, step))
    settle()
    assert sigma_in(viewer) == voxels(5)


def test_opening_a_workflow_or_undoing_one_is_not_remembered(viewer, session, image, run, wait):
    run(GAUSSIAN, sigma=voxels(7))
    opened = session.workflow.change("gaussian", parameters={"sigma": voxels(3)})
    session.open(opened, {"cells": image})
    wait()
    session.undo()
    wait()
    assert sigma_in(viewer) == voxels(7)


def test_lengths_are_shown_only_in_the_units_that_they_were_given_in(viewer, session, run, form):
    layer = viewer.add_image(inputs.image(2), name="cells", scale=(0.5, 0.5), units="micrometer")
    run(GAUSSIAN, sigma=1.5)
    viewer.layers.selection.active = layer
    assert form(GAUSSIAN).settings["sigma"].value() == 1.5
    layer.units = "millimeter"
    assert form(GAUSSIAN).settings["sigma"].value() == DEFAULT
    layer.scale, layer.units = (1, 1), "pixel"
    assert form(GAUSSIAN).settings["sigma"].value() == DEFAULT


def test_areas_are_no_volumes(viewer, session, form, run):
    labels = inputs.labels(2)
    flat = viewer.add_labels(labels, name="flat", scale=(0.5, 0.5), units="micrometer")
    run(BY_SIZE, minimum=12.5, maximum=voxels(4000))
    shown = form(BY_SIZE).settings
    assert (shown["minimum"].value(), shown["maximum"].value()) == (12.5, voxels(4000))
    viewer.layers.remove(flat)
    options = {"scale": (0.5,) * 3, "units": "micrometer", "axis_labels": "ZYX"}
    viewer.add_labels(inputs.labels(3), name="thick", **options)
    shown = form(BY_SIZE).settings
    assert shown["minimum"].value() == catalogue.find(BY_SIZE).defaults()["minimum"]
    assert shown["maximum"].value() == voxels(4000)


DAMAGED = [b"", b"{", b"\xff\xfe", b"[1]", b'{"filters.gaussian": 3}', b"[" * 100_000]


@pytest.mark.parametrize("content", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_file_is_told_once_and_written_anew(
    viewer, session, image, form, run, notices, content
):
    file = last_settings.settings_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    for _ in range(2):
        assert form(GAUSSIAN).settings["sigma"].value() == DEFAULT
    assert len(notices) == 1
    assert str(file) in notices[0]
    run(GAUSSIAN, sigma=voxels(7))
    assert form(GAUSSIAN).settings["sigma"].value() == voxels(7)
    session.close()
    assert set(json.loads(file.read_text("utf-8"))) == {GAUSSIAN}


NOT_ALLOWED = [
    '{"voxels": -1}',
    '{"voxels": "7"}',
    '{"voxels": NaN}',
    "7",
    '"7"',
    "null",
    "[]",
    "{}",
]


@pytest.mark.parametrize("value", NOT_ALLOWED)
def test_what_is_not_allowed_any_more_is_the_default(viewer, image, form, notices, value):
    file = last_settings.settings_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    kept = f'{{"{GAUSSIAN}": {{"sigma": {value}, "gone": 1}}, "gone.away": {{"a": 1}}}}'
    file.write_text(kept, "utf-8")
    assert form(GAUSSIAN).settings["sigma"].value() == DEFAULT
    assert notices == []


def test_one_value_that_is_not_allowed_leaves_the_others(viewer, image, form):
    file = last_settings.settings_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    kept = {"segmentation.threshold": {"method": "gone"}, BY_SIZE: {"minimum": {"voxels": 9}}}
    file.write_text(json.dumps(kept), "utf-8")
    defaults = catalogue.find("segmentation.threshold").defaults()
    assert form("segmentation.threshold").fields.parameters() == defaults
    assert form(BY_SIZE).settings["minimum"].value() == voxels(9)


def test_where_nothing_can_be_written_everything_works(
    viewer, session, image, form, run, notices, tmp_path, monkeypatch
):
    blocked = tmp_path / "a file"
    blocked.write_text("")
    monkeypatch.setattr(last_settings, "settings_file", lambda: blocked / "last_settings.json")
    run(GAUSSIAN, sigma=voxels(7))
    session.last_settings.save()
    session.last_settings.save()
    assert form(GAUSSIAN).settings["sigma"].value() == voxels(7)
    assert len(set(notices)) == len(notices) > 0
    session.close()  # here, where nothing can be written


def test_two_sessions_keep_what_the_other_has_written(viewer, session, image, run, restart):
    run(GAUSSIAN, sigma=voxels(7))
    session.last_settings.save()
    file = last_settings.settings_file()
    kept = json.loads(file.read_text("utf-8"))
    kept["filters.median"] = {"radius": {"voxels": 4}}
    file.write_text(json.dumps(kept), "utf-8")
    run(GAUSSIAN, sigma=voxels(8))
    other = restart()
    assert sigma_in(other) == voxels(8)
    assert fields_of(other, "filters.median").parameters()["radius"] == voxels(4)


def test_settings_are_written_soon_after_a_run(viewer, session, image, run, qtbot):
    run(GAUSSIAN, sigma=voxels(7))
    qtbot.waitUntil(last_settings.settings_file().exists, timeout=5000)


# Tools


@pytest.fixture
def tools():
    """Return the settings of tools, as the Annotate dock shows them in a viewer."""
    docks = []

    def begin(viewer):
        image = viewer.add_image(inputs.image(2), name="cells", scale=(0.5, 0.5), units="um")
        docks.append(AnnotateDock(viewer))
        docks[-1].image.choose(image)
        docks[-1].new.make()
        return docks[-1]

    yield begin
    for dock in docks:
        dock.stop()


def test_tools_are_used_as_they_were_set_last(viewer, session, tools, restart):
    dock = tools(viewer)
    dock.box.form_of("scribble").edits["method"].set_value("graph cut")
    dock.box.form_of("grow").edits["distance"].set_value(2.5)
    dock.box.form_of("split_shape").edits["parts"].set_value(3)
    dock.stop()
    other = tools(restart())
    assert other.box.form_of("scribble").values()["method"] == "graph cut"
    assert other.box.form_of("grow").values() == {"distance": 2.5}
    assert other.box.form_of("split_shape").values()["parts"] == 3
    assert other.box.form_of("shrink").edits["distance"].is_default()
    # One file holds what operations and tools were used with.
    kept = json.loads(last_settings.settings_file().read_text("utf-8"))
    assert set(kept) == {"tool scribble", "tool grow", "tool split_shape"}


def test_the_tolerance_of_the_wand_is_what_was_dragged(viewer, session, tools, restart):
    dock = tools(viewer)
    dock.pointer.take_up("wand")
    wand, layer = dock.pointer.tool, dock.hand.layer
    scene = dock.hand.scene(with_image=True)
    width = scene.window[-1].stop - scene.window[-1].start
    at = [side / 2 for side in layer.data.shape]
    wand.press(Place(scene, np.array(at), 0))
    wand.drag(Place(scene, np.array([at[0], at[1] + 0.25 * width]), 0))
    wand.release(Place(scene, np.array([at[0], at[1] + 0.25 * width]), 0))
    assert wand.values["tolerance"] == pytest.approx(0.35, abs=1e-3)
    dock.stop()
    other = tools(restart())
    assert other.box.form_of("wand").values()["tolerance"] == pytest.approx(0.35, abs=1e-3)


def test_settings_of_a_tool_go_back_to_defaults(viewer, session, tools):
    form = tools(viewer).box.form_of("scribble")
    assert not form.defaults_button.isEnabled()
    form.edits["sigma"].set_value(voxels(3))
    form.defaults_button.click()
    assert all(edit.is_default() for edit in form.edits.values())
    assert not form.defaults_button.isEnabled()


def test_a_length_of_a_tool_is_not_taken_for_another_unit(viewer, session, tools):
    dock = tools(viewer)
    dock.box.form_of("grow").edits["distance"].set_value(2.5)
    plain = viewer.add_labels(inputs.labels(2), name="plain")
    dock.choice.choose(plain)
    assert dock.box.form_of("grow").values() == {"distance": voxels(1)}
    dock.choice.choose(viewer.layers["cells annotation"])
    assert dock.box.form_of("grow").values() == {"distance": 2.5}


def test_every_setting_of_a_tool_is_explained_and_in_a_range():
    for tool in TOOLS:
        for setting in tool.settings():
            text = tool.help_of(setting.name)
            assert len(text) > 20, (tool.name, setting.name)
            assert not text.startswith("As in"), (tool.name, setting.name)
            if setting.type in (int, float):
                assert setting.range.minimum >= 0, (tool.name, setting.name)
