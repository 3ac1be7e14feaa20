"""What makes the Assistant pleasant: keys, colours, sentences and a form that fits."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from napari.utils.notifications import notification_manager
from napari.utils.theme import get_theme
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QApplication, QFormLayout

from napari_delineate import filters
from napari_delineate._napari import fields
from napari_delineate._napari.forms import OperationForm
from napari_delineate._napari.widgets.message import Message
from napari_delineate._napari.widgets.step_look import contrast_of
from napari_delineate.engine import Engine
from napari_delineate.files import write_workflow
from napari_delineate.types import Kind
from napari_delineate.workflow import Workflow, WorkflowInput

MEDIAN = "filters.median"
THRESHOLD = "segmentation.threshold"


# Keys


def test_buttons_of_the_tool_bar_are_reached_by_tab(assistant):
    bar = assistant.bar
    buttons = [bar.widgetForAction(one) for one in bar.actions() if not one.isSeparator()]
    assert len(buttons) == 7
    for button in buttons:
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus, button.toolTip()
        assert button.accessibleName()


def test_a_ring_marks_what_has_the_focus(assistant, viewer, coins, add, qtbot):
    add(MEDIAN)
    viewer.window._qt_window.show()
    viewer.window._qt_window.activateWindow()
    for control in (assistant.steps, assistant.panel.live_button, assistant.search):
        control.setFocus()
        QApplication.instance().focusChanged.emit(None, control)
        assert assistant.ring.widget() is control
    QApplication.instance().focusChanged.emit(assistant.search, viewer.window._qt_window)
    assert assistant.ring.widget() is None


def test_escape_takes_back_what_is_being_typed(assistant, session, coins, add, settle, qtbot):
    add(MEDIAN)
    number = assistant.panel.settings["radius"]._editor._number
    before, shown = number.value(), number.text()
    number.selectAll()
    qtbot.keyClicks(number, "77")
    assert number.text() == "77"
    qtbot.keyClick(number, Qt.Key.Key_Escape)
    assert number.text() == shown
    qtbot.keyClick(number, Qt.Key.Key_Return)
    settle()
    assert number.value() == before
    assert len(session.history.past) == 1


# Sentences


def test_an_error_goes_with_what_it_was_about(assistant, session, coins, add, settle):
    add(MEDIAN)
    assistant.steps.renamed.emit("denoised", "median")
    assert "can not be the name" in assistant.message.text()
    session.undo()
    settle()
    assert assistant.message.isHidden()


def test_a_free_name_goes_to_the_layer_and_a_word_to_the_step(
    assistant, session, coins, add, settle
):
    add(MEDIAN)
    layer = session.layer("denoised")
    assistant.steps.renamed.emit("denoised", "my nuclei (1)")
    settle()
    assert session.workflow.steps[0].outputs == ("my_nuclei_1",)
    assert session.layer("my_nuclei_1") is layer
    assert layer.name == "my nuclei (1)"
    assert "my_nuclei_1" in assistant.message.text()
    session.undo()
    settle()
    assert session.workflow.steps[0].outputs == ("denoised",)


@pytest.mark.parametrize(("side", "said"), [(164, ""), (20_000, "reads all of it, 400 MB")])
def test_only_what_takes_time_to_read_is_asked_about(viewer, monkeypatch, side, said):
    layer = viewer.add_image(np.zeros((4, 4), np.uint8), name="far away")
    monkeypatch.setattr(fields, "in_memory", lambda _: False)
    monkeypatch.setattr(fields, "nbytes_of", lambda _: side * side)
    assert said in fields._memory_needed([layer])
    assert bool(fields._memory_needed([layer])) == bool(said)


def test_a_damaged_workflow_file_is_told_in_our_words(viewer, session, tmp_path):
    workflow = Workflow().add_input("coins", WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0)))
    path = tmp_path / "mine.json"
    write_workflow(path, workflow.add(MEDIAN, {"image": "coins"}))
    text = path.read_text("utf-8")
    path.write_text(text[: len(text) // 2], "utf-8")
    notification_manager.records.clear()
    viewer.open(path, plugin="napari-delineate")
    said = [str(one.message) for one in notification_manager.records]
    assert any("mine.json" in one for one in said)
    assert not any("plugin" in one for one in said)
    assert session.workflow == Workflow()


# What does not fit


@pytest.fixture
def colours(viewer):
    pixels = np.random.default_rng(0).integers(0, 255, (40, 50, 3), np.uint8)
    return viewer.add_image(pixels, rgb=True, name="rgb")


def test_a_colour_image_is_converted_by_a_click(assistant, session, colours, settle):
    assert assistant.tiles.tiles["filters.denoise"].isEnabled()
    assistant.add("filters.gaussian")
    form = assistant.panel
    assert isinstance(form, OperationForm)
    assert form.conversion.text() == "rgb is a colour image; convert it first."
    assert not form.run_button.isEnabled()
    form.convert_button.click()
    settle()
    assert [one.operation for one in session.workflow.steps] == [
        "filters.rgb_to_gray",
        "filters.gaussian",
    ]
    expected = filters.gaussian(filters.rgb_to_gray(colours.data))
    assert np.array_equal(session.results[session.workflow.steps[1].outputs[0]].data, expected)


def test_a_form_that_fits_offers_no_conversion(assistant, colours, coins, form):
    assert form("filters.gaussian").convert_button.isHidden()
    assert form("filters.rgb_to_gray").convert_button.isHidden()


def test_algorithms_that_do_not_fit_are_grey_and_say_why(assistant, session, coins, add, settle):
    add(THRESHOLD, "segmentation.label_connected_components")
    box = assistant.panel.algorithm
    model = box.model()
    grey = [row for row in range(box.count()) if not model.item(row).isEnabled()]
    for row in range(box.count()):
        replace = partial(session.workflow.replace, "label_connected_components", box.itemData(row))
        if row in grey:
            with pytest.raises((ValueError, TypeError)) as caught:
                replace()
            assert str(caught.value) in model.item(row).toolTip()
            assert "segmentation." not in model.item(row).toolTip()
        else:
            replace()
    assert grey


# Looks


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_messages_can_be_read(qtbot, theme):
    message = Message()
    qtbot.addWidget(message)
    for tone in ("warning", "error"):
        message.say("Something", tone, theme)
        style = dict(
            part.strip().split(": ") for part in message.styleSheet().rstrip(";").split(";")
        )
        assert style["background"] == getattr(get_theme(theme), tone).as_hex()
        assert contrast_of(QColor(style["color"]), QColor(style["background"])) >= 4.5


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_handle_between_list_and_form_can_be_seen(assistant, viewer, coins, add, theme):
    add(MEDIAN)
    viewer.theme = theme
    viewer.window._qt_window.show()
    handle = assistant._split.handle(1)
    picture = handle.grab().toImage()
    middle = picture.pixelColor(picture.width() // 2, picture.height() // 2)
    ground = QColor(get_theme(theme).background.as_hex())
    assert contrast_of(middle, ground) >= 3


def test_another_theme_keeps_the_gallery_open(assistant, viewer, coins, add):
    add(MEDIAN)
    viewer.window._qt_window.show()
    assistant.open_gallery()
    before = assistant.panel
    viewer.theme = "light"
    assert assistant.stack.currentIndex() == 1
    assert not assistant.gallery.isHidden()
    assert assistant.panel is not before
    assistant._close_gallery()


def test_all_labels_stand_above_their_fields_where_one_must(form, coins, viewer):
    viewer.window._qt_window.show()
    fields_ = form("filters.difference_of_gaussians").fields
    policy = fields_._form.rowWrapPolicy
    fields_.resize(900, 400)
    assert policy() == QFormLayout.RowWrapPolicy.WrapLongRows
    tops = [fields_.choices["image"].y(), fields_._form.labelForField(fields_.choices["image"]).y()]
    assert abs(tops[0] - tops[1]) < 10
    fields_.resize(150, 400)
    assert policy() == QFormLayout.RowWrapPolicy.WrapAllRows


def test_the_list_takes_no_more_room_than_its_rows(assistant, viewer, coins, add):
    viewer.window._qt_window.show()
    add(MEDIAN)
    steps = assistant.steps
    rows = sum(steps.sizeHintForRow(number) for number in range(2))
    assert steps.maximumHeight() <= max(
        rows + 3 * steps.fontMetrics().height(), steps.minimumSizeHint().height()
    )


# Made anew outside


def test_the_exported_script_says_what_it_made(session, coins, add, tmp_path, capsys):
    from napari_delineate.export import write_script

    add("segmentation.voronoi_otsu_labeling", "measurements.measure")
    workflow, values = session.to_save()
    path = write_script(tmp_path / "again.py", workflow, values)
    exec(compile(path.read_text("utf-8"), str(path), "exec"), {"__file__": str(path)})
    said = capsys.readouterr().out
    table = Engine().run(workflow, values)["table"].data
    assert table.to_string(index=False) in said
