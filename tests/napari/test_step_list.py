"""The list of steps: what it shows, what stays while it changes, and what a person can do."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace

import pytest
from napari.utils.theme import available_themes
from qtpy.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from qtpy.QtGui import (
    QColor,
    QContextMenuEvent,
    QDrag,
    QDragEnterEvent,
    QDropEvent,
    QHelpEvent,
    QMouseEvent,
)
from qtpy.QtWidgets import QApplication, QLineEdit, QToolTip

from napari_delineate._napari.widgets import step_list
from napari_delineate._napari.widgets.step_delegate import ROW
from napari_delineate._napari.widgets.step_list import Status, StepList, StepState
from napari_delineate._napari.widgets.step_look import StepLook
from napari_delineate.catalogue import UnknownNameError
from napari_delineate.types import Kind
from napari_delineate.workflow import Workflow, WorkflowInput

# Only one window has the focus of the keyboard, also if tests run side by side.
pytestmark = pytest.mark.xdist_group("windows")

IMAGE = WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0))
FRESH = StepState(Status.FRESH, seconds=0.12, nbytes=16_000_000)


def analysis() -> Workflow:
    """A branch and a merge, and a step with two outputs."""
    workflow = Workflow().add_input("coins", IMAGE)
    workflow = workflow.add("filters.subtract_background", {"image": "coins"})
    workflow = workflow.add("filters.gaussian", {"image": "foreground"})
    workflow = workflow.add("segmentation.local_maxima", {"image": "blurred"})
    workflow = workflow.add(
        "segmentation.seeded_watershed", {"image": "blurred", "seeds": "labels"}
    )
    workflow = workflow.add("postprocessing.clear_border", {"labels": "labels_2"})
    return workflow.add("measurements.measure", {"labels": "inner_labels", "image": "coins"})


def all_fresh(workflow):
    names = [*workflow.inputs, *(step.name for step in workflow.steps)]
    return dict.fromkeys(names, FRESH)


@pytest.fixture
def steps(qtbot):
    """A list at the smallest width that must do."""
    shown = StepList()
    qtbot.addWidget(shown)
    shown.resize(320, 500)
    with qtbot.waitExposed(shown):
        shown.show()
    return shown


@pytest.fixture
def filled(steps):
    steps.set_workflow(analysis(), all_fresh(analysis()))
    return steps


def index_of(steps, name):
    model = steps.model()
    return next(
        model.index(n, 0)
        for n in range(model.rowCount())
        if model.index(n, 0).data(ROW).key == name
    )


def names_of(steps):
    return [steps.model().index(n, 0).data(ROW).key for n in range(steps.model().rowCount())]


def places_of(steps, name):
    index = index_of(steps, name)
    return steps.itemDelegate().ruler().places(index.data(ROW), steps.visualRect(index))


def spoken(steps, name):
    return index_of(steps, name).data(Qt.ItemDataRole.AccessibleTextRole)


def listen(signal):
    """Return a list that fills with what a signal says."""
    heard = []
    signal.connect(lambda *what: heard.append(what[0] if len(what) == 1 else what))
    return heard


# What it shows


def test_rows_are_inputs_and_steps_in_run_order(filled):
    workflow = analysis()
    assert names_of(filled) == ["coins", *(step.name for step in workflow.steps)]


def test_screen_readers_say_the_whole_row(steps):
    failed = StepState(Status.FAILED, message="The seeds are empty.")
    states = {
        "coins": StepState(Status.FRESH, nbytes=1_000_000, layer_name="my coins"),
        "subtract_background": replace(FRESH, layer_name="foreground", shown=False),
        "gaussian": FRESH,
        "local_maxima": StepState(Status.RUNNING, part=0.4),
        "seeded_watershed": failed,
        "clear_border": StepState(Status.BYPASSED),
    }
    steps.set_workflow(analysis(), states)
    assert [spoken(steps, name) for name in names_of(steps)] == [
        "my coins, image (Y, X), 1 megabyte",
        "Subtract background, gives foreground, fresh, 0.12 seconds, 16 megabytes, layer hidden",
        "Gaussian, gives blurred, fresh, 0.12 seconds, 16 megabytes",
        "Local maxima, gives points and labels, running, 40 percent",
        "Seeded watershed, gives labels_2, failed: The seeds are empty.",
        "Clear border, gives inner_labels, bypassed",
        "Measure, gives table, waiting",
    ]


@pytest.mark.parametrize("theme", available_themes())
def test_lanes_are_drawn_where_the_layout_says(filled, qtbot, theme):
    """Between two rows there is ink in the lanes of values that pass, and in no other."""
    filled.set_theme(theme)
    picture = filled.viewport().grab().toImage()
    scale = picture.devicePixelRatio()
    look = StepLook(theme)
    for name in names_of(filled):
        index = index_of(filled, name)
        row, places = index.data(ROW), places_of(filled, name)
        for lane, x in enumerate(places.lanes):
            y = filled.visualRect(index).bottom()
            colour = picture.pixelColor(int(x * scale), int(y * scale))
            expected = look.lane(lane) if lane in row.below else look.background
            assert colour.name() == expected.name(), (name, lane)


@pytest.mark.parametrize("theme", available_themes())
def test_all_ink_can_be_read(theme):
    """Contrast by the rule of the Web Content Accessibility Guidelines."""

    def luminance(colour):
        parts = (colour.redF(), colour.greenF(), colour.blueF())
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    def contrast(one, other):
        low, high = sorted((luminance(one), luminance(other)))
        return (high + 0.05) / (low + 0.05)

    look = StepLook(theme)
    for is_selected, is_hovered in itertools.product((True, False), repeat=2):
        ground = look.ground(is_selected=is_selected, is_hovered=is_hovered)
        for ink in (look.text, look.dim(ground), look.error(ground)):
            assert contrast(ink, ground) >= 4.5
        for ink in (look.sign(ground), look.accent(ground)):
            assert contrast(ink, ground) >= 3
    lanes = [look.lane(number) for number in range(8)]
    assert all(contrast(ink, look.background) >= 3 for ink in lanes)
    assert len({ink.name() for ink in lanes}) == 8


@pytest.mark.parametrize("width", [120, 320, 420])
def test_parts_of_a_row_do_not_overlap(filled, width):
    filled.resize(width, 500)
    for name in names_of(filled):
        places, rect = places_of(filled, name), filled.visualRect(index_of(filled, name))
        across = [places.icon, places.title, places.mark, places.eye, places.more]
        if width >= 320:
            assert all(one.right() < other.left() for one, other in itertools.pairwise(across))
            assert places.title.width() > 0.4 * width
            assert all(rect.contains(one) for one in (*across, places.detail))
        assert places.lanes[-1] + places.radius < places.icon.left()
    assert not filled.viewport().grab().isNull()


def test_nothing_jumps_while_a_step_runs(filled):
    states = all_fresh(analysis())
    before = [filled.visualRect(index_of(filled, name)) for name in names_of(filled)]
    marks = places_of(filled, "gaussian")
    for state in (
        StepState(Status.STALE),
        StepState(Status.RUNNING),
        StepState(Status.RUNNING, part=0.7),
        StepState(Status.BYPASSED),
        FRESH,
    ):
        filled.set_workflow(analysis(), {**states, "gaussian": state})
        assert [filled.visualRect(index_of(filled, name)) for name in names_of(filled)] == before
        assert places_of(filled, "gaussian") == marks


def test_progress_is_drawn_as_far_as_it_is(filled):
    workflow, states = analysis(), all_fresh(analysis())
    look = StepLook("dark")
    reached = []
    for part in (0.0, 0.25, 0.5, 1.0):
        states["gaussian"] = StepState(Status.RUNNING, part=part)
        filled.set_workflow(workflow, states)
        bar = places_of(filled, "gaussian").bar
        picture = filled.viewport().grab().toImage()
        scale, y = picture.devicePixelRatio(), bar.center().y()
        accent = look.accent(look.background).name()
        row = [
            picture.pixelColor(int(x * scale), int(y * scale)).name() == accent
            for x in range(int(bar.left()), int(bar.right()))
        ]
        reached.append(sum(row) / len(row))
    assert reached == pytest.approx([0, 0.25, 0.5, 1], abs=0.04)


def test_an_error_stands_in_its_row_and_whole_in_the_tooltip(filled):
    workflow, states = analysis(), all_fresh(analysis())
    height = filled.visualRect(index_of(filled, "gaussian")).height()
    line = filled.itemDelegate().ruler().small.height()
    heights = {}
    for words in (1, 30, 300):
        message = "sigma must be a <b>number</b>. " * words
        states["gaussian"] = StepState(Status.FAILED, message=message)
        filled.set_workflow(workflow, states)
        filled.doItemsLayout()
        heights[words] = filled.visualRect(index_of(filled, "gaussian")).height()
        assert message.strip() in index_of(filled, "gaussian").data(Qt.ItemDataRole.ToolTipRole)
    assert height + line <= heights[1] < height + 2 * line
    assert height + 3 * line <= heights[30] == heights[300] < height + 4 * line
    states["gaussian"] = FRESH
    filled.set_workflow(workflow, states)
    filled.doItemsLayout()
    assert filled.visualRect(index_of(filled, "gaussian")).height() == height


def test_an_error_has_more_room_in_a_wider_list(filled, qtbot):
    states = all_fresh(analysis())
    states["gaussian"] = StepState(
        Status.FAILED, message="The image is empty, and so is this. " * 2
    )
    filled.set_workflow(analysis(), states)
    filled.doItemsLayout()
    narrow = filled.visualRect(index_of(filled, "gaussian")).height()
    filled.resize(800, 500)
    qtbot.waitUntil(lambda: filled.visualRect(index_of(filled, "gaussian")).height() < narrow)


@pytest.mark.parametrize("text", ["word " * 40, "x" * 500, "😀細 " * 90, "two\nlines", ""])
def test_errors_are_broken_into_lines_that_fit(filled, text):
    ruler = filled.itemDelegate().ruler()
    lines = ruler.wrapped(text, 200)
    assert len(lines) <= 3
    assert all(ruler.small.horizontalAdvance(line) <= 201 for line in lines)
    plain = " ".join(text.split())
    shown = " ".join(lines)
    if "…" not in shown:
        assert shown.split() == plain.split()
    else:
        assert plain.replace(" ", "").startswith(shown.replace(" ", "").rstrip("…"))


def test_tooltips_show_markup_as_it_is(filled, qtbot):
    states = all_fresh(analysis())
    states["gaussian"] = StepState(Status.FAILED, message="got <img src='x'> & more")
    filled.set_workflow(analysis(), states)
    filled.doItemsLayout()
    position = places_of(filled, "gaussian").title.center()
    place = filled.viewport().mapToGlobal(position)
    filled.viewportEvent(QHelpEvent(QEvent.Type.ToolTip, position, place))
    assert "got &lt;img src=" in QToolTip.text()
    assert "&amp; more" in QToolTip.text()
    QToolTip.hideText()


def test_tooltips_say_what_signs_do(filled):
    states = all_fresh(analysis()) | {"gaussian": replace(FRESH, layer_name="x", shown=False)}
    filled.set_workflow(analysis(), states)
    places = places_of(filled, "gaussian")
    for place, text in ((places.eye, "Show the layer"), (places.more, "What can be done")):
        where = place.center()
        event = QHelpEvent(QEvent.Type.ToolTip, where, filled.viewport().mapToGlobal(where))
        filled.viewportEvent(event)
        assert text in QToolTip.text()
    QToolTip.hideText()


def test_an_empty_list_says_what_to_do(steps):
    steps.setFixedSize(300, 200)  # whatever its rows are
    blank = steps.viewport().grab().toImage()
    steps.set_empty_text("Open an image, then choose an operation above.")
    written = steps.viewport().grab().toImage()
    assert written != blank
    assert steps.accessibleDescription() == "Open an image, then choose an operation above."
    steps.set_workflow(analysis(), {})
    steps.set_workflow(Workflow(), {})
    assert steps.viewport().grab().toImage() == written


# What stays while it changes


def test_selection_scroll_and_rows_stay_while_states_change(filled):
    filled.resize(320, 120)
    filled.select("clear_border")
    heard, reset = listen(filled.selected_changed), listen(filled.model().modelReset)
    place = filled.verticalScrollBar().value()
    assert place > 0
    states = all_fresh(analysis())
    for part in range(20):
        states["gaussian"] = StepState(Status.RUNNING, part=part / 20)
        filled.set_workflow(analysis(), states)
    assert filled.selected() == "clear_border"
    assert filled.verticalScrollBar().value() == place
    assert not heard
    assert not reset


def test_only_rows_that_differ_are_drawn_again(filled):
    changed = []
    filled.model().dataChanged.connect(lambda first, *_: changed.append(first.row()))
    workflow, states = analysis(), all_fresh(analysis())
    filled.set_workflow(workflow, states)
    assert changed == []
    filled.set_workflow(workflow, {**states, "gaussian": StepState(Status.STALE)})
    assert changed == [2]


def test_fifty_steps_are_updated_twenty_times_per_second(steps, qtbot):
    workflow = Workflow().add_input("coins", IMAGE)
    for number in range(50):
        image = "coins" if number % 3 == 0 else workflow.steps[-1].outputs[0]
        workflow = workflow.add("filters.gaussian", {"image": image})
    states = all_fresh(workflow)
    steps.set_workflow(workflow, states)
    start = time.process_time()
    for part in range(20):
        states["gaussian_5"] = StepState(Status.RUNNING, part=part / 20)
        steps.set_workflow(workflow, states)
        steps.viewport().repaint()
    assert time.process_time() - start < 0.6


def test_inserted_moved_and_removed_steps_leave_the_selection(filled):
    workflow = analysis()
    filled.select("clear_border")
    heard = listen(filled.selected_changed)
    more = workflow.add("filters.median", {"image": "coins"}, after="gaussian")
    filled.set_workflow(more, all_fresh(more))
    assert names_of(filled) == ["coins", *(step.name for step in more.steps)]
    reordered = replace(
        more,
        steps=(more.step("median"), *(step for step in more.steps if step.name != "median")),
    )
    filled.set_workflow(reordered, all_fresh(reordered))
    assert names_of(filled)[1] == "median"
    filled.set_workflow(workflow, all_fresh(workflow))
    assert names_of(filled) == ["coins", *(step.name for step in workflow.steps)]
    assert filled.selected() == "clear_border"
    assert not heard


def test_removing_the_selected_step_selects_another_and_says_so_once(filled):
    filled.select("measure")
    heard = listen(filled.selected_changed)
    workflow = analysis().remove("measure")
    filled.set_workflow(workflow, all_fresh(workflow))
    assert heard == [filled.selected()] == ["clear_border"]
    filled.set_workflow(Workflow(), {})
    assert filled.selected() is None
    assert heard == ["clear_border", ""]


def test_a_renamed_input_stays_selected(filled):
    filled.select("coins")
    heard = listen(filled.selected_changed)
    workflow = analysis().rename("coins", "money")
    filled.set_workflow(workflow, all_fresh(workflow))
    assert filled.selected() == "money"
    assert heard == ["money"]


def test_an_input_and_a_step_with_one_name_are_two_rows(steps):
    workflow = Workflow().add_input("threshold", IMAGE)
    workflow = workflow.add("segmentation.threshold", {"image": "threshold"}, name="threshold")
    steps.set_workflow(workflow, {"threshold": FRESH})
    assert names_of(steps) == ["threshold (input)", "threshold"]
    steps.select("threshold")
    assert steps.currentIndex().row() == 1


# What a person can do


def test_rows_are_selected_by_name_keys_and_clicks(filled, qtbot):
    heard = listen(filled.selected_changed)
    assert filled.selected() is None
    filled.select("gaussian")
    filled.select("gaussian")
    qtbot.keyClick(filled, Qt.Key.Key_Down)
    qtbot.keyClick(filled, Qt.Key.Key_End)
    place = places_of(filled, "coins").title.center()
    qtbot.mouseClick(filled.viewport(), Qt.MouseButton.LeftButton, pos=place)
    filled.select(None)
    assert heard == ["gaussian", "local_maxima", "measure", "coins", ""]
    with pytest.raises(UnknownNameError, match="no step or input 'nuclei'"):
        filled.select("nuclei")


@pytest.mark.parametrize("key", [Qt.Key.Key_Delete, Qt.Key.Key_Backspace])
def test_delete_asks_to_remove_the_selected_row(filled, qtbot, key):
    heard = listen(filled.removed)
    qtbot.keyClick(filled, key)
    assert heard == []
    filled.select("gaussian")
    qtbot.keyClick(filled, key)
    assert heard == ["gaussian"]
    assert "gaussian" in names_of(filled)


def editor_of(steps):
    return steps.viewport().findChild(QLineEdit)


def double_click(qtbot, steps, place):
    qtbot.mouseClick(steps.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseDClick(steps.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_f2_renames_the_first_value(filled, qtbot):
    heard = listen(filled.renamed)
    filled.select("gaussian")
    qtbot.keyClick(filled, Qt.Key.Key_F2)
    editor = editor_of(filled)
    assert editor.text() == "blurred"
    assert editor.selectedText() == "blurred"
    qtbot.keyClicks(editor, "smooth")
    # What runs meanwhile leaves what is typed alone.
    states = all_fresh(analysis())
    for state in (StepState(Status.RUNNING, part=0.3), StepState(Status.STALE)):
        filled.set_workflow(analysis(), {**states, "gaussian": state})
    assert editor.text() == "smooth"
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: heard == [("blurred", "smooth")])
    assert index_of(filled, "gaussian").data(ROW).names == ("blurred",)


@pytest.mark.parametrize("text", ["", "  ", "blurred"])
def test_no_new_name_is_no_wish(filled, qtbot, text):
    heard = listen(filled.renamed)
    filled.edit_name("gaussian")
    editor = editor_of(filled)
    editor.setText(text)
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.wait(50)
    assert heard == []


def test_escape_leaves_the_name(filled, qtbot):
    heard = listen(filled.renamed)
    filled.edit_name("coins")
    editor = editor_of(filled)
    qtbot.keyClicks(editor, "money")
    qtbot.keyClick(editor, Qt.Key.Key_Escape)
    qtbot.wait(50)
    assert heard == []


def test_a_double_click_renames_the_name_under_it(filled, qtbot):
    heard = listen(filled.renamed)
    ruler, places = filled.itemDelegate().ruler(), places_of(filled, "local_maxima")
    start = ruler.small.horizontalAdvance("points, ")
    place = QPoint(places.detail.left() + start + 3, places.detail.center().y())
    double_click(qtbot, filled, place)
    editor = editor_of(filled)
    assert editor.text() == "labels"
    editor.setText("seeds")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: heard == [("labels", "seeds")])


def test_a_double_click_elsewhere_edits_nothing(filled, qtbot):
    places = places_of(filled, "gaussian")
    double_click(qtbot, filled, places.icon.center())
    assert editor_of(filled) is None


def test_a_layer_that_was_renamed_is_shown_and_edited_by_its_name(filled, qtbot):
    heard = listen(filled.renamed)
    states = all_fresh(analysis())
    states["gaussian"] = replace(FRESH, layer_name="My coins, smooth")
    filled.set_workflow(analysis(), states)
    assert "gives My coins, smooth" in spoken(filled, "gaussian")
    filled.edit_name("gaussian")
    editor = editor_of(filled)
    assert editor.text() == "My coins, smooth"
    editor.setText("soft")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: heard == [("blurred", "soft")])


def test_the_eye_asks_to_hide_and_selects_nothing(filled, qtbot):
    states = all_fresh(analysis()) | {"gaussian": replace(FRESH, layer_name="blurred")}
    filled.set_workflow(analysis(), states)
    filled.select("measure")
    heard = listen(filled.show_toggled)
    eye = places_of(filled, "gaussian").eye.center()
    qtbot.mouseClick(filled.viewport(), Qt.MouseButton.LeftButton, pos=eye)
    assert heard == ["gaussian"]
    qtbot.mouseDClick(filled.viewport(), Qt.MouseButton.LeftButton, pos=eye)
    qtbot.mouseRelease(filled.viewport(), Qt.MouseButton.LeftButton, pos=eye)
    assert len(heard) >= 2
    assert filled.selected() == "measure"
    before = len(heard)
    other = places_of(filled, "measure").eye.center()  # a table has no layer
    qtbot.mouseClick(filled.viewport(), Qt.MouseButton.LeftButton, pos=other)
    assert len(heard) == before


def test_a_press_that_ends_elsewhere_does_nothing(filled, qtbot):
    states = all_fresh(analysis()) | {"gaussian": replace(FRESH, layer_name="blurred")}
    filled.set_workflow(analysis(), states)
    heard = listen(filled.show_toggled)
    places = places_of(filled, "gaussian")
    button = Qt.MouseButton.LeftButton
    qtbot.mousePress(filled.viewport(), button, pos=places.eye.center())
    qtbot.mouseRelease(filled.viewport(), button, pos=places.title.center())
    assert heard == []


def test_space_asks_to_hide(filled, qtbot):
    states = all_fresh(analysis()) | {"gaussian": replace(FRESH, layer_name="blurred")}
    filled.set_workflow(analysis(), states)
    heard = listen(filled.show_toggled)
    for name in ("gaussian", "measure"):
        filled.select(name)
        qtbot.keyClick(filled, Qt.Key.Key_Space)
    assert heard == ["gaussian"]


def test_menus_are_asked_for_in_three_ways(filled, qtbot):
    heard = listen(filled.menu_requested)
    viewport, places = filled.viewport(), places_of(filled, "gaussian")
    qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=places.more.center())
    assert heard.pop() == ("gaussian", viewport.mapToGlobal(places.more.bottomLeft()))
    assert filled.selected() == "gaussian"
    place = places_of(filled, "measure").title.center()
    where = viewport.mapToGlobal(place)
    filled.contextMenuEvent(QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, where))
    assert heard.pop() == ("measure", where)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(), QPoint())
    filled.contextMenuEvent(event)
    name, where = heard.pop()
    assert name == "gaussian"
    assert filled.visualRect(index_of(filled, name)).contains(viewport.mapFromGlobal(where))
    empty = QPoint(50, viewport.height() - 5)
    filled.contextMenuEvent(QContextMenuEvent(QContextMenuEvent.Reason.Mouse, empty, empty))
    assert heard == []


def test_the_button_for_more_shows_under_the_pointer(filled, qtbot):
    box = places_of(filled, "gaussian").more
    before = filled.viewport().grab(box).toImage()
    # Sent, not moved: the pointer of the screen belongs to other tests too.
    place = QPointF(places_of(filled, "gaussian").title.center())
    none = Qt.MouseButton.NoButton
    moved = QMouseEvent(
        QEvent.Type.MouseMove, place, place, none, none, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(filled.viewport(), moved)
    hovered = filled.viewport().grab(box).toImage()
    ground = StepLook("dark").hovered
    colours = {hovered.pixelColor(x, y).name() for x in range(10) for y in range(10)}
    assert ground.name() in colours
    assert hovered != before
    filled.leaveEvent(QEvent(QEvent.Type.Leave))
    assert filled.viewport().grab(box).toImage() == before


def drop(steps, name, place):
    """Drop a step at a place of the viewport."""
    content = QMimeData()
    content.setData("application/x-napari-delineate-step", name.encode())
    steps.dropEvent(
        QDropEvent(
            QPointF(place),
            Qt.DropAction.MoveAction,
            content,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )


def test_a_step_is_dropped_between_rows(filled):
    heard = listen(filled.moved)
    order = names_of(filled)

    def edge(name, is_below):
        rect = filled.visualRect(index_of(filled, name))
        return rect.center() + QPoint(0, 5 if is_below else -5)

    drop(filled, "measure", edge("gaussian", True))
    drop(filled, "measure", edge("gaussian", False))
    drop(filled, "gaussian", edge("subtract_background", False))
    drop(filled, "gaussian", edge("coins", False))  # never among the inputs
    drop(filled, "gaussian", QPoint(50, filled.viewport().height() - 5))
    assert heard == [
        ("measure", "gaussian"),
        ("measure", "subtract_background"),
        ("gaussian", ""),
        ("gaussian", ""),
        ("gaussian", "measure"),
    ]
    heard.clear()
    drop(filled, "gaussian", edge("gaussian", True))
    drop(filled, "gaussian", edge("subtract_background", True))
    drop(filled, "coins", edge("measure", True))
    drop(filled, "nuclei", edge("measure", True))
    assert heard == []
    assert names_of(filled) == order


def test_alt_and_arrows_move_a_step(filled, qtbot):
    heard = listen(filled.moved)
    alt = Qt.KeyboardModifier.AltModifier
    for name in ("gaussian", "subtract_background", "measure", "coins"):
        filled.select(name)
        qtbot.keyClick(filled, Qt.Key.Key_Up, alt)
        qtbot.keyClick(filled, Qt.Key.Key_Down, alt)
    assert heard == [
        ("gaussian", ""),
        ("gaussian", "local_maxima"),
        ("subtract_background", "gaussian"),
        ("measure", "seeded_watershed"),
    ]


@pytest.fixture
def with_late_input(steps):
    """A chain whose last step uses a second input."""
    workflow = Workflow().add_input("coins", IMAGE).add_input("other", IMAGE)
    workflow = workflow.add("filters.gaussian", {"image": "coins"})
    workflow = workflow.add("segmentation.threshold", {"image": "blurred"})
    workflow = workflow.add("segmentation.label_connected_components", {"mask": "mask"})
    workflow = workflow.add("measurements.measure", {"labels": "labels", "image": "other"})
    steps.set_workflow(workflow, all_fresh(workflow))
    return steps


def test_an_input_stands_above_the_step_that_uses_it(with_late_input):
    names = ["coins", "gaussian", "threshold", "label_connected_components", "other", "measure"]
    assert names_of(with_late_input) == names
    rows = [index_of(with_late_input, name).data(ROW) for name in names]
    assert [row.lane for row in rows] == [0, 0, 0, 0, 1, 0]
    assert [len(row.edges) for row in rows] == [0, 1, 1, 1, 1, 2]


def test_inputs_between_steps_count_nothing_when_steps_are_moved(with_late_input, qtbot):
    heard = listen(with_late_input.moved)

    def middle(name, below):
        rect = with_late_input.visualRect(index_of(with_late_input, name))
        return rect.center() + QPoint(0, 5 if below else -5)

    drop(with_late_input, "gaussian", middle("other", False))
    drop(with_late_input, "gaussian", middle("other", True))
    drop(with_late_input, "measure", middle("other", True))  # where it stands
    drop(with_late_input, "measure", middle("other", False))
    drop(with_late_input, "threshold", middle("coins", False))
    for name in ("measure", "label_connected_components"):
        with_late_input.select(name)
        qtbot.keyClick(with_late_input, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
        qtbot.keyClick(with_late_input, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert heard == [
        ("gaussian", "label_connected_components"),
        ("gaussian", "label_connected_components"),
        ("threshold", ""),
        ("measure", "threshold"),
        ("label_connected_components", "gaussian"),
        ("label_connected_components", "measure"),
    ]


def test_nothing_from_elsewhere_is_taken(filled):
    content = QMimeData()
    content.setText("gaussian")
    event = QDragEnterEvent(
        QPoint(50, 50),
        Qt.DropAction.MoveAction,
        content,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    filled.dragEnterEvent(event)
    assert not event.isAccepted()


def test_the_sign_of_a_running_step_turns_only_while_it_runs(filled, qtbot):
    delegate, states = filled.itemDelegate(), all_fresh(analysis())
    filled.set_workflow(analysis(), {**states, "gaussian": StepState(Status.RUNNING)})
    before = delegate.turn
    qtbot.waitUntil(lambda: delegate.turn != before, timeout=2000)
    filled.set_workflow(analysis(), states)
    before = delegate.turn
    qtbot.wait(200)
    assert delegate.turn == before


def test_colours_follow_the_theme(filled):
    corners = []
    for theme in ("dark", "light"):
        filled.set_theme(theme)
        picture = filled.viewport().grab().toImage()
        corners.append(QColor(picture.pixelColor(2, picture.height() - 2)).name())
    assert corners == [StepLook(theme).background.name() for theme in ("dark", "light")]


def test_only_steps_are_dragged(filled, monkeypatch):
    taken = []

    class Drag(QDrag):
        def exec(self, action):
            taken.append((bytes(self.mimeData().data(self.mimeData().formats()[0])), action))
            assert not self.pixmap().isNull()

    monkeypatch.setattr(step_list, "QDrag", Drag)
    for name in ("coins", "gaussian"):
        filled.select(name)
        filled.startDrag(Qt.DropAction.MoveAction)
    assert taken == [(b"gaussian", Qt.DropAction.MoveAction)]
