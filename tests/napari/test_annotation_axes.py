"""Tools on movies, volumes and transposed axes, in the 3D view, and where things go wrong."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.measure import label as components

from napari_delineate._napari.annotate_dock import AnnotateDock
from napari_delineate._napari.layers import axes_of
from tests.napari.test_annotate_dock import Event, take_up
from tests.napari.test_annotation_scales import discs

NAMES = {2: ("y", "x"), 3: ("t", "y", "x"), 4: ("t", "z", "y", "x")}


@pytest.fixture
def dock(make_napari_viewer):
    viewer = make_napari_viewer()
    dock = AnnotateDock(viewer)
    viewer.window.add_dock_widget(dock, name="Annotate")
    yield dock
    dock.stop()


@pytest.fixture
def said(dock):
    heard = []
    dock.hand.said.connect(lambda text, _: heard.append(text))
    return heard


def open_layers(dock, image, labels, names=None, **place):
    viewer = dock.session.viewer
    names = names or NAMES[labels.ndim]
    shown = viewer.add_image(image, axis_labels=names[-image.ndim :], **place)
    layer = viewer.add_labels(labels.copy(), axis_labels=names, **place)
    dock.image.choose(shown)
    dock.choice.choose(layer)
    return layer


def movie(frames=4):
    image = np.stack([discs()] * frames)
    return image, np.stack([components(one > 50) for one in image]).astype(np.int32)


def begin(dock, point):
    """Press the button at a point of the layer; return what goes on with it."""
    viewer, layer = dock.session.viewer, dock.hand.layer
    event = Event("mouse_press", tuple(layer.data_to_world(point)))
    steps = dock.pointer._on_drag(viewer, event)
    next(steps)

    def move(to):
        event.type, event.position = "mouse_move", tuple(layer.data_to_world(to))
        next(steps)

    def release():
        event.type = "mouse_release"
        with pytest.raises(StopIteration):
            next(steps)

    return move, release


def drag(dock, *points, accept=False):
    move, release = begin(dock, points[0])
    for point in points[1:]:
        move(point)
    release()
    if accept:
        dock.pointer._on_enter(None)


def overlap(one, other):
    return np.count_nonzero(one & other) / np.count_nonzero(one | other)


# (axes, order of the viewer, the axis of the layer that rows, columns of a plane lie along,
#  slices that are shown along the others)
VIEWS = [
    (("t", "y", "x"), None, (1, 2), {0: 2}),
    (("z", "y", "x"), (0, 2, 1), (1, 2), {0: 2}),
    (("z", "y", "x"), (2, 1, 0), (0, 1), {2: 2}),
    (("t", "z", "y", "x"), (0, 2, 3, 1), (1, 3), {0: 1, 2: 2}),
]


@pytest.mark.parametrize(("names", "order", "plane", "shown"), VIEWS)
def test_tools_edit_the_plane_that_is_shown(dock, names, order, plane, shown):
    flat = discs()
    shape = [5] * len(names)
    for axis, size in zip(plane, flat.shape, strict=True):
        shape[axis] = size
    spread = tuple(slice(None) if axis in plane else None for axis in range(len(names)))
    image = np.broadcast_to(flat[spread], shape).copy()
    held = components(flat > 50).astype(np.int32)
    labels = np.broadcast_to(held[spread], shape).copy()
    layer = open_layers(dock, image, labels, names)
    viewer = dock.session.viewer
    if order is not None:
        viewer.dims.order = order
    for axis, place in shown.items():
        viewer.dims.set_point(axis, place)
    here = tuple(shown.get(axis, slice(None)) for axis in range(len(names)))

    def at(row, column):
        point = [shown.get(axis, 0) for axis in range(len(names))]
        point[plane[0]], point[plane[1]] = row, column
        return point

    def use(name, *points, accept=False):
        take_up(dock, name)
        drag(dock, *(at(*point) for point in points), accept=accept)
        return layer.data[here]

    first = held[42, 15]
    expected = np.where(held == first, 0, held)
    np.testing.assert_array_equal(use("delete", (42, 15)), expected)
    found = use("wand", (42, 15))
    np.testing.assert_array_equal(found > 0, held > 0)
    found = use("split_line", (2, 30), (28, 30))
    assert found[15, 15] != found[15, 45]
    np.testing.assert_array_equal(found > 0, held > 0)
    found = use("merge", (15, 15), (42, 15))
    assert found[15, 15] == found[42, 15]
    found = use("box", (31, 44), (53, 66))
    assert overlap(found == found[42, 55], held == held[42, 55]) > 0.98  # it is smoothed
    others = labels.copy()
    others[here] = layer.data[here]
    np.testing.assert_array_equal(layer.data, others)  # no other plane is touched
    dock.session.undo(5)
    np.testing.assert_array_equal(layer.data, labels)


def test_what_is_begun_in_a_slice_is_shown_and_finished_there(dock, said):
    image, labels = movie()
    layer = open_layers(dock, image, labels)
    viewer = dock.session.viewer

    def seen():
        visuals = dock.pointer._overlay._visuals
        return {kind for kind, visual in visuals.items() if visual.visible}

    for name, first, then in (
        ("seeds", (15, 15), (15, 45)),
        ("scribble", (30, 30), (33, 45)),
        ("trace", (32, 55), (42, 65)),
        ("split_points", (15, 15), (15, 45)),
        ("merge", (15, 15), (42, 15)),
    ):
        viewer.dims.set_point(0, 1)
        take_up(dock, name)
        drag(dock, (1, *first))
        before = seen()
        assert before, name
        viewer.dims.set_point(0, 3)
        assert not seen(), name
        drag(dock, (3, *then))
        assert "in another slice" in said[-1], name
        assert not seen(), name
        viewer.dims.set_point(0, 1)
        assert seen() == before, name
        viewer.dims.set_point(0, 3)
        dock.pointer._on_enter(None)
        np.testing.assert_array_equal(layer.data[[0, 2, 3]], labels[[0, 2, 3]])
    assert (layer.data[1] != labels[1]).any()


def test_a_line_whose_slider_is_moved_splits_where_it_was_begun(dock):
    image, labels = movie()
    layer = open_layers(dock, image, labels)
    dock.session.viewer.dims.set_point(0, 1)
    take_up(dock, "split_line")
    move, release = begin(dock, (1, 2, 30))
    dock.session.viewer.dims.set_point(0, 3)
    move((3, 28, 30))
    release()
    assert (layer.data[1] != labels[1]).any()
    np.testing.assert_array_equal(layer.data[[0, 2, 3]], labels[[0, 2, 3]])


def test_tools_say_that_time_is_on_the_screen(dock, said):
    image, labels = movie()
    layer = open_layers(dock, image, labels)
    viewer = dock.session.viewer
    viewer.dims.order = (1, 0, 2)
    for name in ("delete", "split_points", "seeds", "copy_slices"):
        take_up(dock, name)
        drag(dock, (2, 15, 15))
        assert "the screen shows time" in said[-1]
    np.testing.assert_array_equal(layer.data, labels)
    viewer.dims.ndisplay = 3
    take_up(dock, "delete")
    click_in_3d(dock, (2, 15, 15))
    assert "the screen shows time" in said[-1]
    np.testing.assert_array_equal(layer.data, labels)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_wand_takes_more_where_the_pointer_goes_to_the_right(dock, said, order):
    image = np.add.outer(np.arange(40), np.arange(50)).astype(np.uint8)
    open_layers(dock, image, np.zeros(image.shape, np.int32))
    dock.session.viewer.dims.order = order
    take_up(dock, "wand")
    move, _ = begin(dock, (20, 20))
    tolerance = float(said[-1].split()[-1])
    right, down = ((20, 25), (25, 20)) if order == (0, 1) else ((25, 20), (20, 25))
    move(down)
    assert float(said[-1].split()[-1]) == tolerance
    move(right)
    assert float(said[-1].split()[-1]) > tolerance


def volumes(frames=3):
    rows = np.mgrid[:12, :30, :40]
    ball = sum((one - at) ** 2 for one, at in zip(rows, (6, 14, 20), strict=True)) < 25
    image = np.where(np.stack([ball] * frames), 100, 10).astype(np.uint8)
    labels = np.zeros(image.shape, np.int32)
    labels[0][ball] = 1
    return image, labels


@pytest.mark.parametrize(("name", "view"), [("copy_slices", "slices"), ("propagate", "3D")])
def test_volumes_are_copied_to_the_next_frame(dock, name, view):
    image, labels = volumes()
    layer = open_layers(dock, image, labels)
    viewer = dock.session.viewer
    viewer.dims.set_point(0, 0)
    viewer.dims.set_point(1, 6)
    take_up(dock, name)
    if view == "3D":
        viewer.dims.ndisplay = 3
        click_in_3d(dock, (0, 6, 14, 20))
    else:
        dock.solid.setChecked(True)
        drag(dock, (0, 6, 14, 20))
    assert overlap(layer.data[1] == 1, labels[0] == 1) > (0.9 if name == "propagate" else 0.9999)
    assert not layer.data[2].any()
    assert viewer.dims.point[0] == 1
    dock.session.undo()
    np.testing.assert_array_equal(layer.data, labels)


def test_slices_are_those_of_the_slider_used_last(dock, said):
    _, labels = volumes()
    drawn = labels.copy()
    drawn[:, 3:10] = 0
    layer = open_layers(dock, np.zeros(labels.shape, np.uint8), drawn)
    layer.data[0, 2, 10:20, 10:20] = layer.data[0, 8, 10:20, 10:20] = 5
    dock.hand.edited.emit(None)
    dock.hand._index = None
    viewer = dock.session.viewer
    viewer.dims.set_point(0, 0)
    viewer.dims.set_point(1, 2)
    take_up(dock, "interpolate")
    viewer.dims.last_used = 0
    drag(dock, (0, 2, 15, 15))
    assert said[-1] == "object 5 is drawn in one slice only; draw it in another one, too"
    viewer.dims.last_used = 1
    drag(dock, (0, 2, 15, 15))
    assert (layer.data[0, 2:9, 10:20, 10:20] == 5).all()
    viewer.dims.ndisplay = 3
    click_in_3d(dock, (0, 2, 15, 15))
    assert "volumes are not filled between frames" in said[-1]


def click_in_3d(dock, *points, direction=(1, 0, 0), accept=False):
    """Click along a direction through a point of the layer, and drag through others."""
    viewer, layer = dock.session.viewer, dock.hand.layer
    ray = np.zeros(layer.ndim)
    ray[-3:] = direction

    def world(point):
        return tuple(layer.data_to_world(np.asarray(point, float) - 50 * ray))

    event = Event("mouse_press", world(points[0]))
    event.view_direction = ray / np.linalg.norm(ray)
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


def two_balls():
    rows = np.mgrid[:16, :24, :44]
    balls = [
        sum((one - at) ** 2 for one, at in zip(rows, (8, 12, column), strict=True)) < 49
        for column in (12, 32)
    ]
    return np.where(balls[0], 1, 0) + np.where(balls[1], 2, 0), balls


def test_tools_work_by_clicks_in_the_3d_view(dock, said):
    labels, balls = two_balls()
    image = np.where(labels > 0, 100, 10).astype(np.uint8)
    layer = open_layers(dock, image, labels.astype(np.int32), ("z", "y", "x"), scale=(2, 1, 1))
    viewer = dock.session.viewer
    viewer.dims.ndisplay = 3
    states = [layer.data.copy()]

    def use(name, *points, **options):
        if dock.pointer.tool is None or dock.pointer.tool.name != name:
            take_up(dock, name)
        click_in_3d(dock, *points, **options)
        states.append(layer.data.copy())
        return states[-1]

    left, right = (8, 12, 12), (8, 12, 32)
    merged = use("merge", left, (8, 12, 16), (8, 12, 28), right, direction=(1, 0, 0))
    assert set(np.unique(merged)) == {0, 1} or set(np.unique(merged)) == {0, 2}
    use("separate", left, direction=(0, 1, 0))
    found = use("cut_plane", (8, 6, 32), right, (8, 18, 32))
    assert found[8, 12, 28] != found[8, 12, 36]
    assert (found[balls[1]] > 0).all()
    found = use("delete", left, direction=(0, 0, 1))
    np.testing.assert_array_equal(found > 0, balls[1])
    found = use("wand", (8, 12, 28))
    np.testing.assert_array_equal(found == found[8, 12, 28], balls[1])
    found = use("grow", right, direction=(0, 1, 0))
    assert (found > 0).sum() > balls[1].sum()
    use("delete", (8, 12, 1))
    assert said[-1].startswith("in the 3D view this tool begins on an object")
    use("trace", right)
    assert said[-1] == "edges are traced in a slice; show the layer in 2D"
    use("interpolate", right)
    assert "turn to the 2D view" in said[-1]
    while dock.session.history.past:
        dock.session.undo()
    np.testing.assert_array_equal(layer.data, labels)


@pytest.mark.parametrize("answer", ["asked", "image"])
def test_labels_whose_axes_nobody_named_are_edited_when_they_are_known(dock, said, answer):
    image, labels = movie()
    viewer = dock.session.viewer
    if answer == "image":
        dock.image.choose(viewer.add_image(image, axis_labels=("t", "y", "x")))
    layer = viewer.add_labels(labels.copy())
    dock.choice.choose(layer)
    if answer == "asked":
        assert "Say what the axes" in dock.message.text()
        take_up(dock, "delete")
        drag(dock, (0, 15, 15))
        assert "say what the axes" in said[-1]
        assert (layer.data == labels).all()
        choice = dock.axes.choice
        choice.setCurrentIndex(choice.findData("TYX"))
        assert dock.message.text() == ""
        dock.pointer.put_down()
    assert axes_of(layer) == "TYX"
    assert dock.slices.is_needed
    take_up(dock, "delete")
    place = int(viewer.dims.point[0])
    drag(dock, (place, 15, 15))
    expected = labels.copy()
    expected[place][labels[place] == labels[place, 15, 15]] = 0
    np.testing.assert_array_equal(layer.data, expected)


def test_the_question_for_axes_goes_when_it_is_answered(dock, qtbot):
    layer = dock.session.viewer.add_labels(movie()[1])
    dock.choice.choose(layer)
    assert dock.axes is not None
    dock.axes.choice.setCurrentIndex(1)
    qtbot.waitUntil(lambda: dock.axes is None)
    other = dock.session.viewer.add_labels(movie()[1])
    dock.choice.choose(other)
    assert dock.axes is not None
    dock.choice.choose(layer)
    assert dock.axes is None


def test_labels_replaced_in_the_middle_of_a_drag_are_left_alone(dock, said):
    image, labels = movie()
    layer = open_layers(dock, image, labels)
    dock.session.viewer.dims.set_point(0, 3)
    for name in ("merge", "split_line", "delete"):
        layer.data = labels.copy()
        take_up(dock, name)
        move, release = begin(dock, (3, 2, 30))
        layer.data = np.ones((2, 20, 30), np.int32)
        move((1, 15, 20))
        release()
        assert (layer.data == 1).all()
    assert "the labels are others than those that you began on; begin anew" in said


def test_only_one_of_two_docks_holds_a_tool(dock):
    image, labels = movie()
    layer = open_layers(dock, image, labels)
    other = AnnotateDock(dock.session.viewer)
    dock.session.viewer.window.add_dock_widget(other, name="Annotate 2")
    other.choice.choose(layer)
    take_up(dock, "delete")
    take_up(other, "grow")
    assert dock.pointer.tool is None
    place = int(dock.session.viewer.dims.point[0])
    event = Event("mouse_press", (place, 42, 15))
    assert not list(dock.pointer._on_drag(dock.session.viewer, event))
    drag(other, (place, 42, 15))
    assert (layer.data == layer.data[place, 42, 15]).sum() > (labels == labels[0, 42, 15]).sum()
    take_up(dock, "delete")
    assert other.pointer.tool is None
    other.stop()
    assert dock.pointer.tool is not None
    assert not layer.mouse_pan


def test_labels_of_another_byte_order_are_edited_as_a_copy(dock, said):
    labels = movie(1)[1][0].astype(">u2")
    layer = open_layers(dock, discs(), labels)
    take_up(dock, "split_line")
    drag(dock, (2, 30), (28, 30))
    assert np.unique(layer.data).tolist() == [0, 1, 2, 3, 4]
    assert dock.hand.objects.numbers == (1, 2, 3, 4)
    assert any("A copy in memory is edited now" in text for text in said)
    dock.session.undo()
    np.testing.assert_array_equal(layer.data, labels)


def test_an_image_that_lies_elsewhere_is_refused_and_objects_are_edited(dock, said):
    viewer = dock.session.viewer
    dock.image.choose(viewer.add_image(discs(), scale=(0.5, 0.5)))
    labels = movie(1)[1][0]
    for place in ({"scale": (1, 1)}, {"scale": (0.5, 0.5), "translate": (3, 0)}):
        layer = viewer.add_labels(labels.copy(), **place)
        dock.choice.choose(layer)
        take_up(dock, "wand")
        drag(dock, (42, 15))
        assert "do not lie over each other" in said[-1]
        np.testing.assert_array_equal(layer.data, labels)
        take_up(dock, "delete")
        drag(dock, (42, 15))
        np.testing.assert_array_equal(layer.data, np.where(labels == labels[42, 15], 0, labels))


@pytest.mark.parametrize("name", ["scribble", "merge"])
def test_a_viewer_is_closed_in_the_middle_of_a_drag(make_napari_viewer, name):
    viewer = make_napari_viewer()
    dock = AnnotateDock(viewer)
    viewer.window.add_dock_widget(dock, name="Annotate")
    layer = open_layers(dock, *movie())
    take_up(dock, name)
    before, place = layer.data.copy(), int(viewer.dims.point[0])
    event = Event("mouse_press", (place, 42, 15))
    steps = dock.pointer._on_drag(viewer, event)
    next(steps)
    viewer.close()
    event.type, event.position = "mouse_move", (place, 42, 20)
    next(steps)
    event.type = "mouse_release"
    with pytest.raises(StopIteration):
        next(steps)
    np.testing.assert_array_equal(layer.data, before)
