"""How the Annotate and Proofreading docks look and are used by mouse and keyboard."""

from __future__ import annotations

import numpy as np
import pytest
from napari.qt import get_stylesheet
from qtpy.QtCore import QPoint, QRect, QSize, Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QWidget

from napari_delineate._napari.annotate_dock import AnnotateDock
from napari_delineate._napari.annotating.aim import Aim
from napari_delineate._napari.annotating.object_model import COLUMNS, TICKED
from napari_delineate._napari.annotating.tool_box import key_in_words
from napari_delineate._napari.annotating.tools import TOOLS
from napari_delineate._napari.layers import LayerError
from napari_delineate._napari.proofreading_dock import ProofreadingDock
from napari_delineate._napari.visible import camera_of
from tests import inputs

SEEN, LOCKED = (COLUMNS.index(name) for name in ("Seen", "Locked"))
NARROW = 300
"""Pixels that a dock has in a window whose right side is 320 pixels wide."""


def squares(count):
    """Return labels of small squares."""
    side = int(np.ceil(np.sqrt(count)))
    numbers = np.arange(side * side).reshape(side, side) + 1
    numbers[numbers > count] = 0
    labels = np.kron(numbers, np.ones((6, 6), int)).astype(np.int32)
    labels[::6] = labels[:, ::6] = 0
    return labels


@pytest.fixture
def begin(make_napari_viewer, qtbot):
    """Open the Annotate dock over labels, as narrow as it gets."""
    docks = []

    def open_dock(labels, *, theme="dark", classes=()):
        viewer = make_napari_viewer()
        viewer.theme = theme
        axes = "zyx"[-labels.ndim :]
        viewer.add_image(np.zeros(labels.shape), name="image", axis_labels=axes)
        layer = viewer.add_labels(labels, name="labels", axis_labels=axes)
        dock = AnnotateDock(viewer)
        docks.append(dock)
        annotation = dock.hand.annotation
        for name in classes:
            annotation = annotation.named(name)
        if classes:
            for number in range(1, int(labels.max()) + 1):
                annotation = annotation.with_class(number, 1 + number % len(classes))
            dock.hand.annotate(annotation)
        dock.objects.refresh()
        dock.setStyleSheet(get_stylesheet(theme))
        dock.resize(NARROW, 1600)
        qtbot.addWidget(dock)
        dock.show()
        qtbot.waitExposed(dock)
        return dock, layer

    yield open_dock
    for dock in docks:
        dock.stop()


@pytest.mark.parametrize("count", [50, pytest.param(5000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("classes", [(), ("nucleus", "the cytoplasm of a dividing cell")])
def test_the_table_is_never_scrolled_sideways(begin, count, classes):
    dock, _ = begin(squares(count), classes=classes)
    table = dock.objects.table
    assert table.horizontalScrollBar().maximum() == 0
    assert table.horizontalHeader().length() <= table.viewport().width()
    if classes:
        assert table.columnWidth(COLUMNS.index("Class")) >= 4 * table.fontMetrics().height()
        index = dock.objects.model.index(0, COLUMNS.index("Class"))
        assert index.data(Qt.ItemDataRole.ToolTipRole) == index.data()


def test_the_table_is_as_high_as_its_rows(begin, qtbot):
    dock, layer = begin(squares(1))
    low = dock.objects.table.height()
    layer.data = squares(400)
    qtbot.waitUntil(lambda: dock.objects.model.rowCount() == 400)
    assert low < dock.objects.table.height() < 400


def test_nothing_is_listed_before_there_is_an_object(begin, qtbot):
    dock, layer = begin(np.zeros((20, 20), np.int32))
    assert dock.objects.table.isHidden()
    assert "N" in dock.objects.count.text()
    layer.data = squares(2)
    qtbot.waitUntil(lambda: not dock.objects.table.isHidden())
    assert dock.objects.count.text() == "2 objects, 0 seen"


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_boxes_are_seen_in_every_theme(begin, theme):
    dock, _ = begin(squares(4), theme=theme)
    dock.hand.see(2)
    dock.objects.refresh()
    table = dock.objects.table
    shown = table.viewport().grab().toImage()

    def contrast(row):
        place = table.visualRect(dock.objects.model.index(row, SEEN))
        inner = place.adjusted(2, 2, -2, -2)
        lights = [
            shown.pixelColor(x, y).lightness()
            for x in range(inner.left(), inner.right())
            for y in range(inner.top(), inner.bottom())
        ]
        return max(lights) - min(lights), sum(abs(light - lights[0]) > 60 for light in lights)

    (empty, thin), (ticked, more) = contrast(0), contrast(1)
    assert empty > 60
    assert ticked > 60
    assert more > thin  # the tick


@pytest.mark.parametrize("column", [SEEN, LOCKED])
def test_a_click_on_a_box_ticks_it_and_goes_nowhere(begin, qtbot, column):
    dock, _ = begin(squares(9))
    table, model = dock.objects.table, dock.objects.model
    centre = tuple(camera_of(dock.session.viewer).center)
    held = {SEEN: lambda: dock.hand.seen, LOCKED: lambda: set(dock.hand.locked)}[column]
    place = table.visualRect(model.index(3, column)).center()
    for wanted in ({4}, set()):
        qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
        assert held() == wanted
        assert dock.objects.chosen() == []
    assert tuple(camera_of(dock.session.viewer).center) == centre
    # The space bar does it, too.
    table.setCurrentIndex(model.index(5, column))
    before = 6 in held()
    qtbot.keyClick(table, Qt.Key.Key_Space)
    assert (6 in held()) is not before


def test_columns_of_boxes_say_what_they_are(begin):
    dock, _ = begin(squares(1))
    for section in TICKED:
        head = {
            role: dock.objects.model.headerData(section, Qt.Orientation.Horizontal, role)
            for role in (
                Qt.ItemDataRole.ToolTipRole,
                Qt.ItemDataRole.AccessibleTextRole,
                Qt.ItemDataRole.DecorationRole,
            )
        }
        assert COLUMNS[section] in head[Qt.ItemDataRole.ToolTipRole]
        assert head[Qt.ItemDataRole.AccessibleTextRole] == COLUMNS[section]
        assert not head[Qt.ItemDataRole.DecorationRole].isNull()


def test_a_class_keeps_its_colour_where_it_is_chosen(begin):
    dock, _ = begin(squares(2), classes=("nucleus",))
    swatch = dock.classes.list.item(0).icon()
    modes = type(swatch).Mode
    colours = {
        swatch.pixmap(QSize(8, 8), mode).toImage().pixelColor(4, 4).name()
        for mode in (modes.Normal, modes.Selected)
    }
    assert colours == {dock.hand.annotation.classes[0].color.lower()}


def test_tools_for_stacks_are_offered_for_stacks(begin):
    flat, _ = begin(squares(4))
    deep, _ = begin(np.stack([squares(4)] * 3))
    for tool in TOOLS:
        is_here = not tool.is_for_scales
        assert flat.box.buttons[tool.name].isHidden() is (tool.needs_depth or not is_here)
        assert deep.box.buttons[tool.name].isHidden() is not is_here


def test_nothing_is_wider_than_the_narrow_dock(begin):
    dock, _ = begin(np.stack([squares(50)] * 3), classes=("nucleus", "cytoplasm"))
    for tool in TOOLS:
        dock.pointer.take_up(tool.name)
        dock._on_failed("the image 'cells' has another shape, choose one of the shape (3, 48, 48)")
        dock.layout().activate()
        whole = QRect(QPoint(0, 0), dock.size())
        for part in dock.findChildren(QWidget):
            if part.isVisible():
                at = QRect(part.mapTo(dock, QPoint(0, 0)), part.size())
                assert at.right() <= whole.right(), (tool.name, part, part.accessibleName())
    assert dock.message.text().startswith("The image")
    assert dock.message.text().endswith(".")


def test_the_keyboard_goes_from_tools_to_their_settings(begin, qtbot):
    dock, _ = begin(squares(4))
    dock.pointer.take_up("scribble")
    dock.pointer.take_up("wand")  # made later, and still in its place
    dock.box.buttons["trace"].setFocus()
    part = dock.box.buttons["trace"]
    stops = []
    while part is not dock.preserve:
        part = part.nextInFocusChain()
        if part.isVisibleTo(dock) and part.focusPolicy() & Qt.FocusPolicy.TabFocus:
            stops.append(part)
        assert len(stops) < 30
    form = dock.box.form_of("wand")
    assert sum(form.isAncestorOf(stop) for stop in stops) >= 3


def test_themes_are_followed(begin):
    dock, _ = begin(np.stack([squares(4)] * 3))
    dock._on_failed("nothing was found")
    looks = []
    for theme in ("dark", "light"):
        dock.session.viewer.theme = theme
        looks.append(
            (dock.message.styleSheet(), dock.box.styleSheet(), dock.slices.strip.grab().toImage())
        )
    assert all(one != other for one, other in zip(*looks, strict=True))
    assert dock.message.tone == "error"


def test_proofreading_says_that_it_looks_and_then_what_it_found(make_napari_viewer, qtbot):
    viewer = make_napari_viewer()
    dock = ProofreadingDock(viewer)
    qtbot.addWidget(dock)
    assert dock.progress.isHidden()
    viewer.add_labels(squares(4), name="labels")
    assert dock.progress.maximum() == 0
    assert not dock.progress.isHidden()
    assert "…" in dock.message.text()
    qtbot.waitUntil(lambda: dock.reviewed.is_known)
    assert dock.progress.maximum() == 4
    assert "…" not in dock.message.text()
    dock._on_failed("the image has another shape")
    assert dock.message.text() == "The image has another shape."
    dock.stop()


def test_orders_are_read_in_a_narrow_dock(make_napari_viewer, qtbot):
    viewer = make_napari_viewer()
    viewer.add_labels(inputs.labels(2), name="labels")
    dock = ProofreadingDock(viewer)
    qtbot.addWidget(dock)
    dock.resize(NARROW, 900)
    dock.show()
    longest = max(dock.order.fontMetrics().horizontalAdvance(dock.order.itemText(row))
                  for row in range(dock.order.count()))  # fmt: skip
    assert dock.order.width() > longest
    dock.stop()


# Keys and the cursor over the canvas


@pytest.fixture
def stack(make_napari_viewer):
    """A dock over a stack, in a window, and the canvas that has the keyboard."""
    viewer = make_napari_viewer()
    viewer.add_image(np.zeros((4, 40, 40)), name="image", axis_labels="zyx")
    dock = AnnotateDock(viewer)
    viewer.window.add_dock_widget(dock, name="Annotate")
    layer = dock.new.make()
    layer.mode = "pan_zoom"
    yield dock, layer, viewer.window._qt_viewer.canvas.native
    dock.stop()


@pytest.mark.parametrize("dimensions", [2, 3])
def test_each_tool_is_taken_up_by_its_key_and_seen_at_the_pointer(stack, qtbot, dimensions):
    dock, _, canvas = stack
    viewer = dock.session.viewer
    viewer.dims.ndisplay = dimensions
    looks = set()
    for tool in (one for one in TOOLS if not one.is_for_scales):
        pressed = QKeySequence(key_in_words(tool.key))[0]
        qtbot.keyClick(canvas, pressed.key(), pressed.keyboardModifiers())
        assert dock.pointer.tool is not None, tool.name
        assert dock.pointer.tool.name == tool.name
        tip = dock.box.buttons[tool.name].toolTip()
        assert f"({key_in_words(tool.key)})" in tip
        looks.add(picture(canvas.cursor()))
        camera_of(viewer).zoom *= 1.1  # after which napari shows its own
        assert picture(canvas.cursor()) in looks
        qtbot.keyClick(canvas, Qt.Key.Key_Escape)
        assert dock.pointer.tool is None
        assert canvas.cursor().pixmap().isNull()
    assert len(looks) == sum(not tool.is_for_scales for tool in TOOLS)


def picture(cursor):
    """Return the pixels of a cursor."""
    shown = cursor.pixmap().toImage()
    return tuple(shown.pixel(x, y) for x in range(shown.width()) for y in range(shown.height()))


def test_napari_s_tools_have_their_own_cursor_again(stack):
    dock, layer, canvas = stack
    layer.mode = "paint"
    own = canvas.cursor().shape()
    layer.mode = "pan_zoom"
    dock.pointer.take_up("wand")
    assert canvas.cursor().shape() != own
    layer.mode = "paint"
    assert dock.pointer.tool is None
    assert canvas.cursor().shape() == own


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_cursor_is_seen_on_bright_and_dark_images(stack, theme):
    dock, _, canvas = stack
    dock.session.viewer.theme = theme
    dock.pointer.take_up("grow")
    shown = canvas.cursor().pixmap().toImage()
    solid = [
        shown.pixelColor(x, y).lightness()
        for x in range(16, shown.width())  # beside the cross
        for y in range(16, shown.height())
        if shown.pixelColor(x, y).alpha() == 255
    ]
    assert min(solid) < 60  # seen on white
    assert max(solid) > 195  # seen on black


def test_every_key_of_the_layer_has_a_name_that_napari_asks_for(stack):
    dock, layer, _ = stack
    dock.pointer.take_up("grow")
    assert all(react.__name__ for react in layer.keymap.values() if callable(react))


def test_tools_for_slices_say_what_to_do_in_the_3d_view(stack):
    dock, _, _ = stack
    dock.session.viewer.dims.ndisplay = 3
    with pytest.raises(LayerError, match="2D view"):
        dock.hand.stack()


class Aimed:
    """A mouse event in the 3D view, looking along z, as napari hands it to callbacks."""

    def __init__(self, kind, row, column):
        self.type, self.position = kind, (-5.0, row, column)
        self.view_direction = np.array([1.0, 0.0, 0.0])
        self.button, self.modifiers = 1, ()


def stroke(dock, *points):
    """Press at the first point, move through the others, and let go at the last."""
    event = Aimed("mouse_press", *points[0])
    steps = dock.pointer._on_drag(dock.session.viewer, event)
    next(steps)
    for row, column in points[1:]:
        event.type, event.position = "mouse_move", (-5.0, row, column)
        next(steps)
    event.type = "mouse_release"
    next(steps, None)


@pytest.mark.parametrize("tool", ["cut_plane", "split_line"])
def test_in_3d_a_line_begins_and_ends_beside_the_object(stack, tool):
    dock, layer, _ = stack
    data = layer.data.copy()
    data[1:3, 10:30, 10:30] = 1
    layer.data = data
    dock.session.viewer.dims.ndisplay = 3
    dock.pointer.take_up(tool)
    # From beside the object, and from beside the volume, to the other side of it.
    stroke(dock, (19.4, -8), (19.4, 5), (19.4, 20), (19.4, 35), (19.4, 48))
    assert len(np.unique(layer.data)) == 3
    assert ((layer.data > 0) == (data > 0)).all()
    upper, lower = (layer.data[1:3, rows, 10:30] for rows in (slice(10, 19), slice(20, 30)))
    assert len(np.unique(upper)) == len(np.unique(lower)) == 1


def test_in_3d_what_is_begun_on_an_object_ends_wherever_the_button_goes_up(stack):
    dock, layer, _ = stack
    data = layer.data.copy()
    data[1:3, 10:30, 10:20] = 1
    data[1:3, 10:30, 20:30] = 2
    layer.data = data
    dock.session.viewer.dims.ndisplay = 3
    dock.pointer.take_up("merge")
    stroke(dock, (20, 12), (20, 25), (20, 36))
    assert np.unique(layer.data).tolist() == [0, 1]
    dock.pointer.take_up("grow")
    stroke(dock, (20, 36))
    assert "2D view" in dock.message.text()


def test_in_3d_places_lie_under_the_pointer(stack):
    dock, layer, _ = stack
    layer.data[1:3, 10:30, 10:30] = 1
    layer.scale = (2, 1, 1)
    dock.session.viewer.dims.ndisplay = 3
    aim = Aim()
    for row, column in ((12.3, 11.8), (20.0, 29.2)):
        place = aim.place(layer, Aimed("mouse_press", row, column), beyond=False)
        assert place[0] == pytest.approx(1, abs=0.5)
        assert place[1:].tolist() == pytest.approx([row, column])
    beside = Aimed("mouse_move", 20.0, 35.0)
    assert aim.place(layer, beside, beyond=False) is None
    assert aim.place(layer, beside, beyond=True)[1:].tolist() == pytest.approx([20, 35])
