"""The Annotate dock: tools by pointer and keys, one history, lists, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image
from skimage.measure import label as components

from napari_delineate import voxels
from napari_delineate._napari.annotate_dock import AnnotateDock
from napari_delineate._napari.annotating import new_part
from napari_delineate._napari.annotating.actions import ACTIONS
from napari_delineate._napari.annotating.tools import TOOLS
from napari_delineate._napari.layers import LayerError
from napari_delineate._napari.sessions import session_of
from napari_delineate.annotation.object_index import ObjectIndex


class Event:
    """A mouse event as napari hands it to callbacks."""

    def __init__(self, kind, position, modifiers=()):
        self.type, self.position, self.modifiers = kind, position, modifiers
        self.button, self.view_direction = 1, None


@pytest.fixture
def discs():
    """Four discs, bright on dark, the upper two bridged."""
    rows, columns = np.mgrid[:60, :80]
    image = np.full((60, 80), 10.0)
    for row, column in ((15, 15), (15, 45), (42, 15), (42, 55)):
        image[np.hypot(rows - row, columns - column) < 10] = 100
    image[14:17, 15:45] = 100
    return image


@pytest.fixture
def dock(make_napari_viewer, discs):
    viewer = make_napari_viewer()
    viewer.add_image(discs, name="discs", scale=(0.5, 0.5), units=("um", "um"))
    dock = AnnotateDock(viewer)
    viewer.window.add_dock_widget(dock, name="Annotate")
    yield dock
    dock.stop()


@pytest.fixture
def layer(dock, discs):
    """An annotation of the discs: three objects."""
    made = dock.new.make()
    found = components(discs > 50)
    places = np.nonzero(found)
    made.data_setitem(places, found[places])
    dock.session.record_edits()
    made.mode = "pan_zoom"
    return made


def draw(dock, *points, modifiers=(), accept=False):
    """Press at the first point, move through the others, and let go at the last."""
    viewer, scale = dock.session.viewer, dock.hand.layer.scale
    sliders = viewer.dims.point

    def world(point):
        shown = np.multiply(point, scale[-2:])
        return (*sliders[:-2], *shown)

    event = Event("mouse_press", world(points[0]), modifiers)
    steps = dock.pointer._on_drag(viewer, event)
    next(steps)
    for point in points[1:]:
        event.type, event.position = "mouse_move", world(point)
        next(steps)
    event.type = "mouse_release"
    with pytest.raises(StopIteration):
        next(steps)
    if accept:
        dock.pointer._on_enter(None)


def take_up(dock, name):
    dock.pointer.take_up(name)
    assert dock.pointer.tool.name == name


def press_key(layer, key):
    """Press a key of a layer, as napari finds it."""
    layer.keymap[key](layer)


def keys_of(layer):
    return {str(key): key for key in layer.keymap}


def test_a_new_annotation_lies_on_its_image(dock):
    layer = dock.new.make()
    assert layer.data.shape == (60, 80)
    assert layer.data.dtype == np.int32
    assert tuple(layer.scale) == (0.5, 0.5)
    assert [str(unit) for unit in layer.units] == ["micrometer", "micrometer"]
    (described,) = dock.session.workflow.inputs.values()
    assert described.annotation is not None


def test_every_tool_has_a_key_of_its_own_an_icon_and_a_hint(dock, layer):
    keys = [tool.key for tool in TOOLS] + [action.key for action in ACTIONS]
    assert len(set(keys)) == len(keys)
    for tool in TOOLS:
        button = dock.box.buttons[tool.name]
        assert tool.hint in button.toolTip()
        assert not button.icon().isNull()
        assert tool.hint.endswith(".")
    from napari.layers import Labels as NapariLabels
    from napari.utils.key_bindings import KeyBinding

    taken = {str(key) for key in NapariLabels.class_keymap} | {
        str(key) for key in type(dock.session.viewer).class_keymap
    }
    assert not taken & {str(KeyBinding.from_str(key.replace("-", "+"))) for key in keys}


def test_objects_are_those_of_the_result_when_a_step_changes(dock, qtbot):
    session = dock.session
    image = session.viewer.layers["discs"]
    operation = "segmentation.voronoi_otsu_labeling"
    session.run(operation, {"image": image}, {"spot_sigma": voxels(20)})
    qtbot.wait_until(lambda: not session.running, timeout=60_000)
    result = session.viewer.layers["labels"]
    dock.choice.choose(result)
    before = list(dock.hand.objects.numbers)
    (step,) = session.workflow.steps
    finer = {**step.parameters, "spot_sigma": voxels(4)}
    session.apply(session.workflow.change(step.name, parameters=finer))
    qtbot.wait_until(lambda: not session.running, timeout=60_000)
    found = np.unique(np.asarray(result.data))
    assert list(dock.hand.objects.numbers) == found[found > 0].tolist() != before
    qtbot.wait_until(lambda: dock.objects.model.rowCount() == len(found) - 1)


def test_a_layer_with_a_chosen_object_can_be_closed(dock, layer, qtbot):
    dock.objects.table.selectRow(1)
    dock.session.viewer.layers.remove(layer)
    assert dock.objects.model.rowCount() == 0
    layer = dock.new.make()
    layer.data = np.ones(layer.data.shape, np.int32)
    qtbot.wait_until(lambda: dock.objects.model.rowCount() == 1)
    layer.editable = False  # the list still says what there is
    dock.objects.refresh()
    assert dock.objects.model.index(0, 1).data() == f"{layer.data.size:,}"


def test_keys_take_tools_up_and_escape_puts_them_down(dock, layer):
    keys = keys_of(layer)
    press_key(layer, keys["D"])
    assert dock.pointer.tool.name == "delete"
    assert dock.box.buttons["delete"].isChecked()
    assert not layer.mouse_pan
    press_key(layer, keys_of(layer)["Escape"])
    assert dock.pointer.tool is None
    assert layer.mouse_pan
    assert "Escape" not in keys_of(layer)  # napari has it again


def test_napari_s_own_tools_put_ours_down(dock, layer):
    take_up(dock, "delete")
    layer.mode = "paint"
    assert dock.pointer.tool is None


def test_merging_splitting_and_deleting_are_one_history(dock, layer):
    session = dock.session
    states = [layer.data.copy()]
    steps = len(session.history.past)
    take_up(dock, "merge")
    draw(dock, (42, 15), (42, 35), (42, 55))
    assert len(np.unique(layer.data)) == 3
    states.append(layer.data.copy())
    take_up(dock, "delete")
    draw(dock, (42, 15))
    assert len(np.unique(layer.data)) == 2
    states.append(layer.data.copy())
    take_up(dock, "split_line")
    draw(dock, (0, 30), (30, 30))
    left, right = layer.data[15, 15], layer.data[15, 45]
    assert 0 != left != right != 0
    assert ((layer.data > 0) == (states[-1] > 0)).all()  # no gap
    states.append(layer.data.copy())
    with layer.block_history():
        layer.paint((50, 5), 9)
    session.record_edits()
    states.append(layer.data.copy())
    titles = [session.store.title(str(one.inputs["discs_annotation"].version))
              for one in (*session.history.past, session.workflow) if one.inputs]  # fmt: skip
    assert titles[-4:] == ["Merge objects 2 and 3", "Delete object 2", "Split object", ""]
    assert len(session.history.past) == steps + 4
    for state in states[-2::-1]:
        press_key(layer, keys_of(layer)["Ctrl+Z"])
        assert (layer.data == state).all()
    for state in states[1:]:
        press_key(layer, keys_of(layer)["Ctrl+Shift+Z"])
        assert (layer.data == state).all()


def test_clicked_objects_are_merged_by_enter(dock, layer):
    take_up(dock, "merge")
    draw(dock, (42, 15))
    draw(dock, (42, 55), accept=True)
    assert layer.data[42, 15] == layer.data[42, 55] > 0


def test_an_object_splits_between_points_and_by_its_shape(dock, layer):
    before = layer.data.copy()
    for name, act in (
        ("split_points", lambda: (draw(dock, (15, 15)), draw(dock, (15, 45), accept=True))),
        ("split_shape", lambda: draw(dock, (15, 15))),
    ):
        take_up(dock, name)
        act()
        assert layer.data[15, 15] != layer.data[15, 45]
        assert ((layer.data > 0) == (before > 0)).all()
        dock.session.undo()
        assert (layer.data == before).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "points"),
    [
        ("wand", [(15, 15), (15, 17)]),
        ("level", [(15, 15), (15, 16)]),
        ("box", [(1, 1), (28, 58)]),
    ],
)
def test_tools_find_the_object_in_the_image(dock, discs, name, points):
    layer = dock.new.make()
    take_up(dock, name)
    draw(dock, *points)
    wanted = components(discs > 50) == components(discs > 50)[15, 15]
    found = layer.data > 0
    assert (found & wanted).sum() / (found | wanted).sum() > 0.85
    assert layer.selected_label == layer.data.max()
    dock.session.undo()
    assert not layer.data.any()


@pytest.mark.slow
def test_seeds_and_scribbles_part_objects(dock, discs):
    layer = dock.new.make()
    take_up(dock, "seeds")
    draw(dock, (15, 15))
    draw(dock, (42, 15))
    draw(dock, (42, 55), accept=True)
    assert len({layer.data[15, 15], layer.data[42, 15], layer.data[42, 55]}) == 3
    dock.session.undo()
    assert not layer.data.any()
    take_up(dock, "scribble")
    draw(dock, (40, 12), (44, 18))
    draw(dock, (28, 5), (28, 40), modifiers=("Control",), accept=True)
    found, wanted = layer.data > 0, components(discs > 50) == components(discs > 50)[42, 15]
    assert (found & wanted).sum() / (found | wanted).sum() > 0.85


def test_outlines_change_as_asked(dock, layer):
    sizes = [dock.hand.objects.size(2)]
    for name in ("grow", "shrink", "smooth", "fill_holes", "keep_component"):
        take_up(dock, name)
        draw(dock, (42, 15))
        sizes.append(dock.hand.objects.size(2))
    assert sizes[1] > sizes[0] > sizes[2] - 40
    assert sizes[2] < sizes[1]


def test_locked_objects_are_left_alone(dock, layer):
    layer.selected_label = 2
    press_key(layer, keys_of(layer)["Shift+L"])
    before = layer.data.copy()
    for name in ("delete", "grow", "smooth"):
        take_up(dock, name)
        draw(dock, (42, 15))
        assert "locked" in dock.message.text()
    assert (layer.data == before).all()


def test_what_can_not_be_done_is_said_and_changes_nothing(dock, layer):
    before, steps = layer.data.copy(), len(dock.session.history.past)
    flat = [(42, 5), (42, 25)]
    for name, points in (("delete", [(30, 75)]), ("merge", [(58, 78)]), ("cut_plane", flat)):
        take_up(dock, name)
        draw(dock, *points)
        assert dock.message.text()
    assert (layer.data == before).all()
    assert len(dock.session.history.past) == steps


def test_the_list_of_objects_follows_edits(dock, layer, qtbot):
    qtbot.waitUntil(lambda: dock.objects.model.numbers == [1, 2, 3])
    take_up(dock, "delete")
    draw(dock, (42, 15))
    qtbot.waitUntil(lambda: dock.objects.model.numbers == [1, 3])
    fresh = ObjectIndex(layer.data)
    assert {n: fresh.size(n) for n in fresh.numbers} == {
        n: dock.hand.objects.size(n) for n in dock.hand.objects.numbers
    }
    dock.objects.next_unseen()
    assert layer.selected_label == 1
    dock.hand.next_wanted.emit()
    assert layer.selected_label == 3
    assert dock.hand.seen == {1, 3}
    dock.objects.delete()
    assert dock.hand.objects.numbers == (1,)
    dock.session.undo()
    assert dock.hand.objects.numbers == (1, 3)
    assert dock.hand.seen == {1, 3}


def test_classes_are_kept_with_the_annotation_and_undone(dock, layer):
    annotation = dock.hand.annotation.named("nucleus").named("debris")
    dock.hand.annotate(annotation)
    dock.hand.annotate(annotation.with_class(2, 1))
    assert dock.hand.annotation.class_number(2) == 1
    saved = dock.session.to_save()[0].to_dict()
    from napari_delineate.workflow import Workflow

    (described,) = Workflow.from_dict(saved).inputs.values()
    assert described.annotation.classes == annotation.classes
    dock.session.undo()
    assert dock.hand.annotation.class_number(2) == 0


def test_semantic_annotations_are_painted_in_the_colours_of_their_classes(dock):
    dock.new.kind.setCurrentText("Classes")
    dock.new.classes.setText("sky, ground")
    layer = dock.new.make()
    dock.classes.list.setCurrentRow(1)
    assert layer.selected_label == 2
    shown = layer.get_color(2)[:3]
    wanted = tuple(
        int(dock.hand.annotation.classes[1].color[k : k + 2], 16) / 255 for k in (1, 3, 5)
    )
    assert np.allclose(shown, wanted, atol=0.01)


def test_the_first_stroke_on_any_labels_can_be_undone(dock, discs, qtbot):
    viewer = dock.session.viewer
    layer = viewer.add_labels(np.zeros((60, 80), np.uint8), scale=(0.5, 0.5), units=("um", "um"))
    assert dock.hand.layer is layer
    with layer.block_history():
        layer.paint((20, 20), 3)
    qtbot.waitUntil(lambda: len(dock.session.history.past) == 2)
    painted = layer.data.copy()
    dock.session.undo()
    assert not layer.data.any()
    dock.session.redo()
    assert (layer.data == painted).all()


def test_several_strokes_before_the_session_knows_labels_are_counted_once(dock, discs, qtbot):
    drawn = dock.session.viewer.add_labels(components(discs > 50), name="drawn")
    other = AnnotateDock(dock.session.viewer)
    dock.choice.choose(drawn)
    other.choice.choose(drawn)
    first = drawn.data.copy()
    hands = (dock.hand, other.hand)
    known = [hand.objects for hand in hands]
    drawn.brush_size = 5
    drawn.paint((30, 70), 9)
    drawn.paint((30, 73), 8)
    last = drawn.data.copy()
    qtbot.wait(50)
    assert np.array_equal(drawn.data, last)
    for hand, index in zip(hands, known, strict=True):
        assert hand.objects is index
        assert {n: index.size(n) for n in index.numbers} == {
            n: int((last == n).sum()) for n in np.unique(last).tolist() if n
        }
    dock.session.undo()
    assert np.array_equal(drawn.data, first)
    other.stop()


def test_strokes_on_labels_that_the_session_can_not_know_stay(dock, discs, qtbot):
    drawn = dock.session.viewer.add_labels(components(discs > 50), name="drawn", rotate=20)
    dock.choice.choose(drawn)
    drawn.brush_size = 5
    said = []
    dock.hand.said.connect(lambda text, is_error: said.append((text, is_error)))
    drawn.paint((30, 70), 9)
    last = drawn.data.copy()
    qtbot.wait(100)
    assert np.array_equal(drawn.data, last)
    assert len(said) == 1
    assert said[0][1]
    assert "rotated" in said[0][0]


def test_a_dtype_that_is_too_small_is_widened_and_that_is_said(dock, discs):
    labels = components(discs > 50).astype(np.uint8)
    labels[labels == 3] = 255
    layer = dock.session.viewer.add_labels(labels, scale=(0.5, 0.5), units=("um", "um"))
    take_up(dock, "split_line")
    draw(dock, (0, 30), (30, 30))
    assert layer.data.dtype.itemsize > 1
    assert layer.data.max() == 256
    assert "int32" in dock.message.text()
    before = layer.data.copy()
    dock.session.undo()
    assert layer.data.max() == 255
    dock.session.redo()
    assert (layer.data == before).all()


def test_images_of_another_shape_are_refused_by_tools_that_look_at_them(dock, layer):
    other = dock.session.viewer.add_image(np.zeros((5, 5)), name="other")
    dock.image.choose(other)
    take_up(dock, "wand")
    draw(dock, (15, 15))
    assert "shape" in dock.message.text()


def test_deleting_the_layer_in_the_middle_of_a_drag_loses_nothing(dock, layer):
    take_up(dock, "box")
    viewer = dock.session.viewer
    event = Event("mouse_press", (5.0, 5.0))
    steps = dock.pointer._on_drag(viewer, event)
    next(steps)
    before = layer.data.copy()
    viewer.layers.remove(layer)
    event.type, event.position = "mouse_move", (20.0, 20.0)
    next(steps)
    event.type = "mouse_release"
    with pytest.raises(StopIteration):
        next(steps)
    assert (layer.data == before).all()
    assert dock.pointer.tool is None


def test_two_docks_do_not_disturb_each_other(dock, layer):
    viewer = dock.session.viewer
    second = AnnotateDock(viewer)
    viewer.window.add_dock_widget(second, name="Annotate too")
    try:
        take_up(second, "delete")
        draw(second, (42, 15))
        assert 2 not in dock.hand.objects
        dock.session.undo()
        assert dock.hand.objects.numbers == second.hand.objects.numbers == (1, 2, 3)
    finally:
        second.stop()


def test_empty_images_are_refused(monkeypatch):
    # napari itself warns of such an image in many places.
    monkeypatch.setattr(new_part, "level_0", lambda _: np.zeros((0, 5)))
    with pytest.raises(LayerError, match="'empty' holds no pixels"):
        new_part.annotation_layer(Image(np.zeros((2, 5)), name="empty"))


@pytest.mark.slow
def test_stacks_are_annotated_slice_by_slice(make_napari_viewer):
    rows, columns = np.mgrid[:40, :40]
    ball = np.stack([np.hypot(rows - 20, columns - 20) < 12 - abs(z - 4) for z in range(9)])
    viewer = make_napari_viewer()
    viewer.add_image(ball * 100.0, name="ball", axis_labels=("z", "y", "x"), scale=(2, 1, 1))
    dock = AnnotateDock(viewer)
    try:
        layer = dock.new.make()
        viewer.dims.set_point(0, 2 * 2)
        take_up(dock, "wand")
        draw(dock, (20, 20), (20, 21))
        assert layer.data[2].any()
        assert not layer.data[3].any()
        assert dock.slices.text.text() == "1 of 9 slices have labels"
        take_up(dock, "propagate")
        draw(dock, (20, 20))
        assert viewer.dims.current_step[0] == 3
        assert (layer.data[3] > 0).sum() > 0.9 * ball[3].sum()
        take_up(dock, "copy_slices")
        draw(dock, (20, 20))
        viewer.dims.set_point(0, 2 * 7)
        layer.data_setitem(tuple(np.nonzero(np.isin(np.arange(9), 7)[:, None, None] & ball)), 1)
        take_up(dock, "interpolate")
        draw(dock, (20, 20))
        assert (layer.data[2:8].reshape(6, -1).max(axis=1) > 0).all()
        dock.solid.setChecked(True)
        take_up(dock, "cut_plane")
        draw(dock, (20, 2), (20, 38))
        assert len(np.unique(layer.data)) == 3
        for _ in range(len(dock.session.history.past) - 1):
            dock.session.undo()
        assert not layer.data.any()
    finally:
        dock.stop()


def test_session_of_the_dock_is_that_of_the_viewer(dock):
    assert dock.session is session_of(dock.session.viewer)


@pytest.mark.slow
def test_edges_are_traced_between_clicks(dock, discs):
    layer = dock.new.make()
    take_up(dock, "trace")
    for angle in np.deg2rad([0, 90, 180, 270]):
        draw(dock, (42 + 10 * np.sin(angle), 55 + 10 * np.cos(angle)))
    dock.pointer._on_enter(None)
    found, wanted = layer.data > 0, components(discs > 50) == components(discs > 50)[42, 55]
    assert (found & wanted).sum() / (found | wanted).sum() > 0.85
    draw(dock, (42, 5))
    draw(dock, (42, 25))
    assert len(dock.pointer.tool._clicks) == 2
    press_key(layer, keys_of(layer)["Escape"])
    assert len(dock.pointer.tool._clicks) == 1
    press_key(layer, keys_of(layer)["Escape"])
    press_key(layer, keys_of(layer)["Escape"])
    assert dock.pointer.tool is None
