"""Opening asks only where there is doubt; the library and lost sessions open the same way."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
from napari.layers import Image, Labels
from napari.layers._source import layer_source
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QAbstractButton, QComboBox, QDialog, QFileDialog, QLabel

from napari_delineate import samples, voxels
from napari_delineate._napari import recovery_offer
from napari_delineate._napari.candidates import answer_of
from napari_delineate._napari.layers import LayerError
from napari_delineate._napari.library_menu import LibraryMenu, start_entry, why_not
from napari_delineate._napari.opening import OpenDialog, choose_inputs, open_workflow
from napari_delineate._napari.recovery_offer import RecoveryOffer, RecoveryOffers
from napari_delineate.engine import Engine
from napari_delineate.files import read_workflow, write_value, write_workflow
from napari_delineate.library import entries
from napari_delineate.recovery import Crashed, Recovery, find_crashed
from napari_delineate.types import Kind, Voxels
from napari_delineate.values import Value
from napari_delineate.workflow import Workflow, WorkflowInput
from tests import inputs

# Only one window has the focus of the keyboard, also if tests run side by side.
pytestmark = [pytest.mark.xdist_group("windows"), pytest.mark.slow]

ENTRIES = {entry.name: entry for entry in entries()}
IMAGE = WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0))
LABELS = WorkflowInput(Kind.LABELS, "YX", (1.0, 1.0))


def picture(number=1):
    return Value.of(inputs.image(2, number), Kind.IMAGE)


def watershed(cells=IMAGE, seeds=LABELS):
    return (
        Workflow(inputs={"cells": cells, "seeds": seeds})
        .add("filters.gaussian", {"image": "cells"})
        .add("segmentation.seeded_watershed", {"image": "blurred", "seeds": "seeds"})
    )


def smoothing(cells=IMAGE):
    return Workflow(inputs={"cells": cells}).add("filters.gaussian", {"image": "cells"})


@pytest.fixture
def from_file(tmp_path):
    """A workflow whose image is in a file."""
    path = write_value(tmp_path / "experiment.ome.tif", picture())
    return smoothing(WorkflowInput.of(picture(), str(path)))


@pytest.fixture
def dialog(session, qtbot):
    """Make a dialog as a person sees it."""
    kept = []

    def make(workflow):
        made = OpenDialog(session, workflow)
        qtbot.addWidget(made)
        made.show()
        kept.append(made)
        return made

    return make


@pytest.fixture
def answer(monkeypatch):
    """Answer the next dialog with a function; fail if none appears or one too many."""
    asked = []

    def execute(dialog):
        act = asked.pop()
        return QDialog.DialogCode.Accepted if act(dialog) else QDialog.DialogCode.Rejected

    monkeypatch.setattr(OpenDialog, "exec", execute)
    yield asked.append
    assert not asked, "no dialog appeared"


def choose(row, text):
    """Choose an entry as a person does."""
    index = next(i for i in range(row.box.count()) if text in row.box.itemText(i))
    row.box.setCurrentIndex(index)
    row.box.activated.emit(index)


def texts(row):
    return [row.box.itemText(index) for index in range(row.box.count())]


# Nothing is asked where there is no doubt


def test_an_unchanged_file_is_read(viewer, session, wait, from_file):
    viewer.add_image(inputs.image(2, 2), name="something else")
    given = choose_inputs(session, from_file)
    assert np.array_equal(given["cells"].data, picture().data)
    assert open_workflow(session, from_file)
    wait()
    assert session.results["blurred"].fingerprint() == (
        Engine().run(from_file, {"cells": picture()})["blurred"].fingerprint()
    )


def test_a_layer_that_was_read_from_the_file_is_used(viewer, session, from_file):
    with layer_source(path=from_file.inputs["cells"].source):
        layer = viewer.add_image(inputs.image(2), name="renamed")
    assert choose_inputs(session, from_file) == {"cells": layer}


def test_the_layer_with_the_name_of_the_input_is_used(viewer, session):
    layer = viewer.add_image(inputs.image(2), name="Cells")
    viewer.add_image(inputs.image(2), name="others")
    viewer.add_labels(inputs.labels(2).copy(), name="cells")
    assert choose_inputs(session, smoothing()) == {"cells": layer}


def test_what_is_given_is_not_asked_for(viewer, session):
    layer = viewer.add_image(inputs.image(2), name="a")
    seeds = Value.of(inputs.labels(2), Kind.LABELS)
    given = {"cells": layer, "seeds": seeds}
    assert choose_inputs(session, watershed(), given=given) == given


def test_a_workflow_without_inputs_asks_nothing(session):
    assert choose_inputs(session, Workflow()) == {}


# Where there is doubt, the best match is chosen already


def test_a_layer_of_another_name_is_a_guess(viewer, session, wait, answer):
    layer = viewer.add_image(inputs.image(2), name="DAPI")

    def look(dialog):
        assert not dialog.certain
        assert dialog.answers()["cells"].what is layer
        return dialog.open_button.isEnabled()

    answer(look)
    assert open_workflow(session, smoothing())
    wait()
    assert session.layer("cells") is layer
    assert session.layer("blurred").data.shape == layer.data.shape


def test_cancelling_changes_nothing(viewer, session, answer):
    viewer.add_image(inputs.image(2), name="DAPI")
    answer(lambda _: False)
    assert choose_inputs(session, smoothing()) is None
    answer(lambda _: False)
    assert not open_workflow(session, smoothing())
    assert session.workflow == Workflow()


def test_a_file_and_a_layer_of_that_name_leave_a_doubt(viewer, session, from_file, answer):
    layer = viewer.add_image(inputs.image(2, 2), name="cells")

    def take_the_layer(dialog):
        row = dialog.rows["cells"]
        assert texts(row) == ["cells", "Read from experiment.ome.tif", "Choose a file…"]
        assert row.box.currentText() == "Read from experiment.ome.tif"
        choose(row, "cells")
        return True

    answer(take_the_layer)
    assert choose_inputs(session, from_file) == {"cells": layer}


def test_two_layers_of_one_name_leave_a_doubt(viewer, session, answer):
    viewer.add_image(inputs.image(2, 2), name="Cells")
    top = viewer.add_image(inputs.image(2), name="cells")
    answer(lambda dialog: dialog.answers()["cells"].what is top)
    assert choose_inputs(session, smoothing()) is not None


def test_kinds_and_shapes_tell_layers_apart(viewer, dialog):
    viewer.add_image(np.zeros((5, 5)), name="small")
    image = viewer.add_image(inputs.image(2), name="large")
    labels = viewer.add_labels(inputs.labels(2).copy(), name="drawn")
    shown = dialog(watershed())
    assert {name: one.what for name, one in shown.answers().items()} == {
        "cells": image,
        "seeds": labels,
    }
    assert texts(shown.rows["seeds"]) == ["drawn", "Choose a file…"]
    assert shown.open_button.isEnabled()


def test_the_names_of_inputs_and_what_they_take_are_shown(viewer, dialog):
    shown = dialog(watershed())
    labels = [one.text() for one in shown.rows["seeds"].findChildren(type(shown.message).__base__)]
    assert labels[:2] == ["seeds", "A label image, 2D (Y, X)"]


# What does not fit says why, in its place


def test_a_row_that_nothing_fits_says_why(viewer, dialog):
    viewer.add_image(inputs.value(Kind.RGB, 2), rgb=True, name="coins")
    shown = dialog(smoothing())
    row = shown.rows["cells"]
    assert row.message.text() == (
        "'coins' is an RGB image, the input 'cells' takes an image; "
        "convert it with filters.rgb_to_gray."
    )
    assert row.message.isVisible()
    assert row.answer() is None
    assert not shown.open_button.isEnabled()
    assert shown.message.text() == "Choose a file for cells to open it."


def test_other_axes_are_closer_than_another_kind(viewer, dialog):
    viewer.add_image(inputs.image(3), axis_labels="tyx", name="movie")
    viewer.add_labels(inputs.labels(2).copy(), name="drawn")
    row = dialog(smoothing()).rows["cells"]
    assert row.message.text() == "'movie' has the axes TYX, the input 'cells' takes YX."


def test_layers_that_no_step_takes_say_so(viewer, dialog):
    assert dialog(smoothing()).rows["cells"].message.text() == "No layer is open."
    viewer.add_vectors(np.zeros((1, 2, 2)), name="arrows")
    assert "'arrows' is a Vectors layer" in dialog(smoothing()).rows["cells"].message.text()
    viewer.add_image(inputs.image(2), name="turned", rotate=30)
    assert "rotated or sheared" in dialog(smoothing()).rows["cells"].message.text()


def test_a_layer_stands_for_one_input_only(viewer, dialog):
    for name in ("a", "b"):
        viewer.add_image(inputs.image(2), name=name)
    workflow = Workflow(inputs={"first": IMAGE, "second": IMAGE})
    shown = dialog(workflow)
    assert len({one.what for one in shown.answers().values()}) == 2
    choose(shown.rows["first"], "a")
    choose(shown.rows["second"], "a")
    assert shown.message.text() == "'a' is chosen twice; each input needs one of its own."
    assert not shown.open_button.isEnabled()
    choose(shown.rows["second"], "b")
    assert shown.open_button.isEnabled()


def test_another_unit_is_pointed_out(viewer, dialog):
    viewer.add_image(inputs.image(2), name="plain")
    row = dialog(smoothing(WorkflowInput(Kind.IMAGE, "YX", (0.5, 0.5), "micrometer"))).rows["cells"]
    assert "in micrometer" in row.caution.text()
    assert row.caution.isVisible()


def test_axes_that_are_not_known_are_taken_for_those_wanted(viewer, session, answer):
    layer = viewer.add_image(inputs.image(3), name="stack")
    workflow = smoothing(WorkflowInput(Kind.IMAGE, "TYX", (1.0, 1.0)))

    def look(dialog):
        row = dialog.rows["cells"]
        assert row.caution.text() == "The axes of 'stack' are taken as T, Y, X."
        assert layer.axis_labels != ("T", "Y", "X")
        return True

    answer(look)
    assert choose_inputs(session, workflow) == {"cells": layer}
    assert layer.axis_labels == ("T", "Y", "X")


# Files


def test_a_file_that_changed_is_read_but_said_to_have_changed(session, dialog, from_file):
    write_value(from_file.inputs["cells"].source, picture(2))
    row = dialog(from_file).rows["cells"]
    assert row.answer().what.kind is Kind.IMAGE
    assert row.caution.text() == "experiment.ome.tif has changed since the workflow was made."


def test_a_file_that_is_gone_or_damaged_says_so(viewer, dialog, from_file, tmp_path):
    path = tmp_path / "experiment.ome.tif"
    path.write_bytes(b"II*")
    row = dialog(from_file).rows["cells"]
    assert "experiment.ome.tif can not be read" in row.message.text()
    path.unlink()
    layer = viewer.add_image(inputs.image(2), name="other")
    row = dialog(from_file).rows["cells"]
    assert row.message.text() == f"there is no file {path}."
    assert row.answer().what is layer


def test_a_file_can_be_chosen(session, wait, tmp_path, monkeypatch, answer):
    path = write_value(tmp_path / "new.ome.tif", picture(2))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))

    def pick(dialog):
        row = dialog.rows["cells"]
        assert row.box.currentText() == "(nothing chosen)"
        choose(row, "Choose a file…")
        assert row.box.currentText() == "Read from new.ome.tif"
        assert not row.caution.isVisible()
        return dialog.open_button.isEnabled()

    answer(pick)
    assert open_workflow(session, smoothing())
    wait()
    workflow, _ = session.to_save()
    assert workflow.inputs["cells"].source == str(path)
    assert np.array_equal(session.results["cells"].data, picture(2).data)


def test_a_file_that_does_not_fit_is_refused_in_place(viewer, tmp_path, monkeypatch, dialog):
    layer = viewer.add_image(inputs.image(2), name="a")
    path = write_value(tmp_path / "colours.ome.tif", Value.of(inputs.value(Kind.RGB, 2), Kind.RGB))
    row = dialog(smoothing()).rows["cells"]
    for answered, expected in ((str(path), "convert it with filters.rgb_to_gray"), ("", "")):
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, file=answered: (file, ""))
        choose(row, "Choose a file…")
        assert expected in row.message.text()
        assert row.answer().what is layer


def test_a_workflow_that_was_saved_and_moved_opens_without_a_question(
    viewer, session, wait, tmp_path, from_file
):
    folder = tmp_path / "before"
    seeds = Value.of(inputs.labels(2), Kind.LABELS)
    workflow = watershed(from_file.inputs["cells"], WorkflowInput.of(seeds))
    write_workflow(folder / "work.json", workflow, {"seeds": seeds})
    folder.rename(tmp_path / "after")
    read = read_workflow(tmp_path / "after" / "work.json")
    assert open_workflow(session, read)
    wait()
    expected = Engine().run(workflow, {"cells": picture(), "seeds": seeds})
    assert session.results["labels"].fingerprint() == expected["labels"].fingerprint()


# The dialog itself


def test_the_dialog_works_from_the_keyboard(viewer, dialog, qtbot):
    viewer.add_image(inputs.image(2), name="a")
    viewer.add_labels(inputs.labels(2).copy(), name="b")
    shown = dialog(watershed())
    order, widget = [], shown.rows["cells"].box
    for _ in range(4):
        order.append(widget)
        widget = widget.nextInFocusChain()
        while not (widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible()):
            widget = widget.nextInFocusChain()
    assert [one for one in order if isinstance(one, QComboBox)] == [
        shown.rows["cells"].box,
        shown.rows["seeds"].box,
    ]
    qtbot.keyClick(shown, Qt.Key.Key_Return)
    assert shown.result() == QDialog.DialogCode.Accepted
    shown = dialog(watershed())
    qtbot.keyClick(shown, Qt.Key.Key_Escape)
    assert shown.result() == QDialog.DialogCode.Rejected


def test_every_control_says_what_it_is(viewer, dialog):
    viewer.add_image(inputs.image(2), name="a long name of a layer " * 4)
    shown = dialog(watershed())
    for control in [*shown.findChildren(QComboBox), *shown.findChildren(QAbstractButton)]:
        assert control.toolTip()
        assert control.accessibleName()
    box = shown.rows["cells"].box
    assert viewer.layers[0].name in box.toolTip()
    for index in range(box.count()):
        assert box.itemData(index, Qt.ItemDataRole.ToolTipRole)


@pytest.mark.parametrize("number", [2, 20])
def test_the_dialog_is_usable_when_narrow(viewer, dialog, qtbot, number):
    viewer.add_image(inputs.value(Kind.RGB, 2), rgb=True, name="a long name of a layer " * 4)
    workflow = Workflow(inputs={f"an_input_with_a_long_name_{i}": IMAGE for i in range(number)})
    shown = dialog(workflow)
    assert shown.height() < shown.screen().availableGeometry().height()
    shown.resize(320, shown.height())
    assert shown.width() == 320
    for row in shown.rows.values():
        right = row.mapTo(shown, QPoint(row.width(), 0)).x()
        assert right <= 320
        assert row.height() >= row.heightForWidth(row.width())


def test_the_pointer_is_as_before_when_files_were_read(dialog, from_file):
    dialog(from_file)
    assert QGuiApplication.overrideCursor() is None


def test_layers_are_described_as_they_are(viewer, session):
    points = viewer.add_points(np.ones((3, 3)), axis_labels="zyx", scale=(2, 1, 1))
    surface = viewer.add_surface(tuple(inputs.value(Kind.SURFACE, 3)))
    pyramid = viewer.add_image([np.zeros((8, 8)), np.zeros((4, 4))], multiscale=True)
    colours = viewer.add_image(inputs.value(Kind.RGB, 2), rgb=True)
    unknown = viewer.add_points(np.ones((3, 3)))
    offers = [answer_of(session, one).offer for one in (points, surface, pyramid, colours)]
    assert [(one.kind, one.axes, one.shape) for one in offers] == [
        (Kind.POINTS, "ZYX", ()),
        (Kind.SURFACE, "ZYX", ()),
        (Kind.IMAGE, "YX", (8, 8)),
        (Kind.RGB, "YXS", inputs.value(Kind.RGB, 2).shape),
    ]
    assert offers[0].spacing == (2.0, 1.0, 1.0)
    with pytest.raises(LayerError, match="say what the axes"):
        answer_of(session, unknown)


# The library


def test_the_menu_offers_all_entries(viewer, session, qtbot):
    chosen = []
    menu = LibraryMenu(session, lambda entry, on_sample: chosen.append((entry.name, on_sample)))
    qtbot.addWidget(menu)
    assert [action.text() for action in menu.actions()] == [one.title for one in entries()]
    assert [action.toolTip() for action in menu.actions()] == [one.summary for one in entries()]
    for entry in entries():
        assert not menu.on_layer[entry.name].isEnabled()
        assert menu.on_layer[entry.name].toolTip() == "Select a layer to process it."
        menu.on_sample[entry.name].trigger()
    assert chosen == [(name, True) for name in ENTRIES]
    layer = viewer.add_image(inputs.image(2), name="A & B")
    menu.aboutToShow.emit()
    menu.on_layer["membranes"].trigger()
    assert chosen[-1] == ("membranes", False)
    assert menu.on_layer["membranes"].text() == "On the selected layer: A && B"
    assert menu.on_layer["nuclei_3d"].toolTip() == (
        "'A & B' has the axes YX, the input 'nuclei' takes ZYX."
    )
    layer.name = "x" * 99
    menu.refresh()
    assert len(menu.on_layer["membranes"].text()) < 60


TWO_AXES = {"nuclei_2d", "membranes", "cells_from_nuclei", "nuclei_cells_cytoplasm"}
SUITS = {
    "an image": ("YX", TWO_AXES),
    "a movie": ("TYX", TWO_AXES),
    "a stack": ("ZYX", {"nuclei_3d"}),
    "a movie of stacks": ("TZYX", {"nuclei_3d"}),
}


@pytest.mark.parametrize(("axes", "suited"), SUITS.values(), ids=SUITS)
def test_entries_suit_axes_in_space(viewer, session, axes, suited):
    viewer.add_image(np.zeros((2, 3, 8, 8)[-len(axes) :]), axis_labels=axes)
    assert {one.name for one in entries() if not why_not(session, one)} == suited


def test_axes_that_are_not_known_suit_a_stack(viewer, session, wait):
    stack = samples.nuclei_3d()
    layer = viewer.add_image(stack.data, scale=stack.spacing, units="micrometer")
    assert {one.name for one in entries() if not why_not(session, one)} == {"nuclei_3d"}
    assert start_entry(session, ENTRIES["nuclei_3d"], on_sample=False)
    wait()
    assert layer.axis_labels == ("Z", "Y", "X")
    assert session.results["kept_labels"].data.max() == 60


def test_labels_suit_the_entry_that_begins_with_nuclei(viewer, session):
    viewer.add_labels(inputs.labels(2).copy(), name="found")
    assert {one.name for one in entries() if not why_not(session, one)} == {"cells_from_nuclei"}
    assert why_not(session, ENTRIES["nuclei_2d"]) == (
        "'found' is a label image, the input 'nuclei' takes an image; convert it with "
        "postprocessing.labels_to_mask."
    )


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_runs_on_its_sample(viewer, session, wait, name):
    entry = ENTRIES[name]
    assert start_entry(session, entry, on_sample=True)
    wait()
    assert not session.results.errors
    expected = Engine().run(entry.workflow, entry.example.load())
    for output in entry.workflow.results():
        assert inputs.same(session.results[output].data, expected[output].data)
    assert set(entry.workflow.inputs) <= {layer.name for layer in viewer.layers}
    layer = session.layer(entry.workflow.steps[-1].inputs["labels"])
    assert isinstance(layer, Labels)


@pytest.mark.parametrize("name", ["stained_tissue", "hematoxylin_dab"])
def test_results_leave_the_colour_image_in_sight(viewer, session, wait, name):
    (value,) = ENTRIES[name].example.load().values()
    slide = viewer.add_image(value.data, rgb=True, name="slide")
    assert start_entry(session, ENTRIES[name], on_sample=False)
    wait()
    shown = [layer for layer in viewer.layers if layer.visible]
    assert shown[0] is slide
    assert shown[1:]
    assert all(isinstance(layer, Labels) and layer.opacity < 1 for layer in shown[1:])
    hidden = [layer for layer in viewer.layers if not layer.visible]
    assert hidden
    assert all(isinstance(layer, Image) for layer in hidden)
    hidden[0].visible = True  # a person looks at it, and goes on
    session.run("filters.gaussian", {"image": hidden[0]}, {"sigma": voxels(1)})
    wait()
    assert hidden[0].visible
    assert session.layer("blurred").visible


def test_the_image_that_a_workflow_ends_with_is_shown(viewer, session, wait):
    layer = viewer.add_image(inputs.image(2), name="cells")
    described = WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0))
    workflow = Workflow().add_input("cells", described)
    workflow = workflow.add("filters.median", {"image": "cells"})
    workflow = workflow.add("filters.gaussian", {"image": "denoised"})
    session.open(workflow, {"cells": layer})
    wait()
    shown = {one.name: one.visible for one in viewer.layers}
    assert shown == {"cells": True, "denoised": False, "blurred": True}


def test_a_colour_image_suits_stained_tissue(viewer, session, wait):
    value = ENTRIES["stained_tissue"].example.load()["tissue"]
    layer = viewer.add_image(value.data, rgb=True, name="slide")
    suited = {one.name for one in entries() if not why_not(session, one)}
    assert suited == {"stained_tissue", "hematoxylin_dab"}
    assert start_entry(session, ENTRIES["stained_tissue"], on_sample=False)
    wait()
    assert session.layer("tissue") is layer
    expected = Engine().run(ENTRIES["stained_tissue"].workflow, {"tissue": value})
    assert inputs.same(session.results["nuclei"].data, expected["nuclei"].data)


def test_lengths_follow_the_unit_of_the_layer(viewer, session, wait):
    value = ENTRIES["nuclei_2d"].example.load()["nuclei"]
    viewer.add_image(value.data, scale=(500, 500), units="nanometer", name="first")
    assert start_entry(session, ENTRIES["nuclei_2d"], on_sample=False)
    wait()
    assert session.workflow.step("split_touching_objects").parameters["sigma"] == 1250
    assert session.results["kept_labels"].data.max() == 18
    viewer.add_image(value.data, name="second")
    assert start_entry(session, ENTRIES["nuclei_2d"], on_sample=False)
    wait()
    assert session.workflow.step("split_touching_objects").parameters["sigma"] == Voxels(2.5)
    assert session.results["kept_labels"].data.max() == 18


def test_a_movie_is_looped(viewer, session, wait):
    movie = samples.nuclei_movie()
    layer = viewer.add_image(
        movie.data, scale=(1, 0.5, 0.5), units=("second", "micrometer", "micrometer")
    )
    layer.axis_labels = tuple("tyx")
    assert start_entry(session, ENTRIES["nuclei_2d"], on_sample=False)
    wait()
    assert session.results["kept_labels"].data.shape == movie.data.shape
    assert session.results["table"].data["T"].nunique() == 6


def test_what_else_an_entry_needs_is_asked_for(viewer, session, wait, answer):
    sheet = ENTRIES["cells_from_nuclei"].example.load()
    options = {"scale": (0.26, 0.26), "units": "micrometer"}
    seeds = viewer.add_labels(sheet["nuclei"].data.copy(), name="drawn", **options)
    image = viewer.add_image(sheet["membranes"].data, name="stained", **options)
    assert viewer.layers.selection.active is image

    def look(dialog):
        assert list(dialog.rows) == ["nuclei"]
        return dialog.answers()["nuclei"].what is seeds

    answer(look)
    assert start_entry(session, ENTRIES["cells_from_nuclei"], on_sample=False)
    wait()
    assert session.layer("membranes") is image
    assert session.layer("nuclei") is seeds
    assert session.results["labels"].data.max() == sheet["nuclei"].data.max()


def test_an_entry_that_does_not_suit_is_refused(viewer, session):
    with pytest.raises(LayerError, match="select a layer"):
        start_entry(session, ENTRIES["nuclei_2d"], on_sample=False)
    viewer.add_image(inputs.value(Kind.RGB, 2), rgb=True)
    with pytest.raises(LayerError, match="rgb_to_gray"):
        start_entry(session, ENTRIES["nuclei_2d"], on_sample=False)
    assert session.workflow == Workflow()


# Sessions that were not closed


@pytest.fixture
def crashed(tmp_path, from_file):
    """A session with an image from a file and seeds by hand, whose process has ended."""
    seeds = Value.of(inputs.labels(2), Kind.LABELS)
    workflow = watershed(from_file.inputs["cells"], WorkflowInput.of(seeds))
    kept = Recovery(tmp_path / "sessions")
    kept.save(workflow, {"seeds": seeds})
    kept._unlock()
    [found] = find_crashed(tmp_path / "sessions")
    return found


@pytest.fixture
def offer(session, qtbot):
    kept = []

    def make(crashed):
        made = RecoveryOffer(session, crashed)
        qtbot.addWidget(made)
        made.show()
        kept.append(made)
        return made

    return make


def test_a_session_is_restored(session, wait, crashed, offer, qtbot):
    shown = offer(crashed)
    with qtbot.waitSignals([shown.restored, shown.finished]):
        shown.restore_button.click()
    wait()
    seeds = Value.of(inputs.labels(2), Kind.LABELS)
    expected = Engine().run(watershed(), {"cells": picture(), "seeds": seeds})
    assert session.results["labels"].fingerprint() == expected["labels"].fingerprint()
    assert crashed.folder.exists()
    crashed.discard()
    workflow, values = session.to_save()
    assert workflow.inputs["seeds"].source is None  # it does not lie in the folder any more
    assert np.array_equal(values["seeds"].data, inputs.labels(2))
    assert not shown.isVisible()


def test_a_session_whose_image_is_gone_asks_for_it(
    viewer, session, wait, crashed, offer, answer, tmp_path
):
    (tmp_path / "experiment.ome.tif").unlink()
    layer = viewer.add_image(inputs.image(2), name="found again")

    def look(dialog):
        assert list(dialog.rows) == ["cells"]
        return dialog.answers()["cells"].what is layer

    answer(look)
    offer(crashed).restore_button.click()
    wait()
    assert session.layer("cells") is layer
    assert np.array_equal(session.results["seeds"].data, inputs.labels(2))


def test_a_session_that_can_not_be_loaded_says_so_and_stays(session, crashed, offer):
    next(crashed.folder.rglob("seeds_*")).unlink()
    shown = offer(crashed)
    shown.restore_button.click()
    assert "there is no file" in shown.message.text()
    assert shown.restore_button.isVisible()
    assert crashed.folder.exists()
    assert session.workflow == Workflow()


def test_discarding_can_be_undone(crashed, offer, qtbot, monkeypatch):
    monkeypatch.setattr(recovery_offer, "_TIME_TO_UNDO", 50)
    shown = offer(crashed)
    shown.discard_button.click()
    assert shown.text.text() == "The session was discarded."
    assert shown.undo_button.isVisible()
    assert not shown.restore_button.isVisible()
    assert crashed.folder.exists()
    shown.undo_button.click()
    qtbot.wait(150)
    assert crashed.folder.exists()
    assert shown.restore_button.isVisible()
    assert "was not closed" in shown.text.text()
    with qtbot.waitSignal(shown.finished):
        shown.discard_button.click()
    assert not crashed.folder.exists()
    assert not shown.isVisible()


def test_what_is_discarded_while_napari_closes_is_offered_again(crashed, offer):
    shown = offer(crashed)
    shown.discard_button.click()
    shown.deleteLater()
    assert crashed.folder.exists()


def test_the_offer_says_what_was_found(offer, tmp_path):
    this_year = datetime.datetime.now().astimezone().replace(month=3, day=12, hour=14, minute=5)
    sentences = {
        5: "A session of 12 March, 14:05 with 5 steps was not closed.",
        1: "A session of 12 March, 14:05 with 1 step was not closed.",
        0: "A session of 12 March, 14:05 with no steps was not closed.",
    }
    for steps, sentence in sentences.items():
        shown = offer(Crashed(tmp_path, this_year, "nuclei, seeds", steps))
        assert shown.text.text() == sentence
        assert "nuclei, seeds" in shown.text.toolTip()
    long_ago = Crashed(tmp_path, this_year.replace(year=2019), "nuclei", 2)
    assert "12 March 2019, 14:05" in offer(long_ago).text.text()


@pytest.fixture
def offers(session, qtbot, tmp_path, monkeypatch):
    """Five sessions that can be restored and three that can not be read."""
    monkeypatch.setattr(recovery_offer, "_TIME_TO_UNDO", 10)
    when = datetime.datetime.now().astimezone()
    usable = [Crashed(tmp_path / f"{n}", when, f"cells {n}", n) for n in range(5)]
    for one in usable:
        one.folder.mkdir()
    damaged = [
        Crashed(tmp_path / "damaged" / f"{n}", when, problem=f"{n}.json is damaged")
        for n in range(3)
    ]
    made = RecoveryOffers(session, [damaged[0], *usable, *damaged[1:]])
    qtbot.addWidget(made)
    made.resize(320, 600)
    made.show()
    return made


def test_one_session_is_offered_at_a_time(offers, qtbot):
    for number in range(5):
        position = f"({number + 1} of 5)"
        qtbot.waitUntil(lambda position=position: position in offers.offer.text.text())
        folder = offers.offer.crashed.folder
        offers.offer.discard_button.click()
        qtbot.waitUntil(lambda folder=folder: not folder.exists(), timeout=5000)
    qtbot.waitUntil(lambda: offers.offer is None)
    assert offers.isVisible()
    offers.damaged.close_button.click()
    qtbot.waitUntil(lambda: not offers.isVisible())


def test_deciding_later_hides_all_offers_and_keeps_all_sessions(offers):
    offers.offer.later_button.click()
    assert offers.offer is None
    assert all((offers.damaged.text.toolTip(), offers.damaged.isVisible()))


def test_damaged_sessions_are_one_line_with_their_folder(offers, monkeypatch, tmp_path):
    assert offers.damaged.text.text() == "3 sessions could not be read."
    assert "2.json is damaged" in offers.damaged.text.toolTip()
    opened = []
    monkeypatch.setattr(recovery_offer.QDesktopServices, "openUrl", opened.append)
    offers.damaged.folder_button.click()
    assert [url.toLocalFile() for url in opened] == [str(tmp_path / "damaged")]


@pytest.mark.parametrize("width", [280, 320, 500])
def test_no_text_of_an_offer_is_cut(offers, qtbot, width):
    offers.offer.message.say("The file of the image is not where it was. " * 3, "error")
    offers.resize(width, 600)
    qtbot.wait(50)
    for label in offers.findChildren(QLabel):
        if label.isVisible():
            assert label.height() >= label.heightForWidth(label.width())
    assert offers.height() <= 14 * offers.fontMetrics().lineSpacing()


def test_the_offer_fits_a_narrow_dock(offer, crashed, qtbot):
    shown = offer(crashed)
    shown.resize(320, shown.height())
    qtbot.waitUntil(lambda: shown.text.width() <= 320)
    for button in shown.findChildren(QAbstractButton):
        assert button.toolTip()
        assert button.accessibleName()
        if button.isVisible():
            assert button.mapTo(shown, QPoint(button.width(), 0)).x() <= 320


# On layers of the workflow that is open


def test_an_input_of_the_present_workflow_stays_an_input(viewer, session, wait):
    value = ENTRIES["nuclei_2d"].example.load()["nuclei"]
    layer = viewer.add_image(value.data, name="mine")
    assert start_entry(session, ENTRIES["nuclei_2d"], on_sample=False)
    wait()
    viewer.layers.selection.active = layer
    assert start_entry(session, ENTRIES["membranes"], on_sample=False)
    wait()
    assert session.layer("membranes") is layer
    assert layer in viewer.layers
    assert session.workflow.steps[0].name == "local_minima_seeded_watershed"
    session.undo()
    wait()
    assert session.layer("nuclei") is layer
    assert session.results["kept_labels"].data.max() == 18


def test_a_result_of_the_present_workflow_becomes_an_input(viewer, session, run, wait):
    value = ENTRIES["nuclei_2d"].example.load()["nuclei"]
    image = viewer.add_image(value.data, name="mine")
    run("filters.gaussian", {"image": image})
    blurred = session.layer("blurred")
    data = blurred.data.copy()
    viewer.layers.selection.active = blurred
    assert start_entry(session, ENTRIES["nuclei_2d"], on_sample=False)
    wait()
    assert np.array_equal(session.layer("nuclei").data, data)
    assert session.layer("nuclei") in viewer.layers
    assert session.results["kept_labels"].data.max() == 18


def test_a_layer_that_was_the_input_of_another_workflow_is_known_as_that_of_this_one(
    viewer, session, wait
):
    value = ENTRIES["nuclei_2d"].example.load()["nuclei"]
    layer = viewer.add_image(value.data, name="mine")
    for name in ("nuclei_2d", "membranes"):
        viewer.layers.selection.active = layer
        assert start_entry(session, ENTRIES[name], on_sample=False)
        wait()
    assert session.name_of(layer) == "membranes"
    session.run("filters.gaussian", {"image": layer}, {"sigma": voxels(1)})
    wait()
    assert list(session.workflow.inputs) == ["membranes"]
    viewer.layers.remove(layer)
    assert session.is_deleted("membranes")
    session.undo()
    wait()
    assert layer not in viewer.layers
    session.show("membranes")
    assert viewer.layers[0] is layer
