"""Labels at several scales: tools edit the full size, and all scales follow, there and back."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Labels
from skimage.measure import label as components

from napari_delineate._napari.annotate_dock import AnnotateDock
from napari_delineate._napari.annotating.actions import ACTIONS
from napari_delineate._napari.proofreading_dock import ProofreadingDock
from tests.napari.test_annotate_dock import Event, draw, take_up

zarr = pytest.importorskip("zarr")


def discs(step=1):
    """Four discs, bright on dark, the upper two bridged; larger by a step."""
    rows, columns = np.mgrid[: 60 * step, : 80 * step] / step
    image = np.full(rows.shape, 10, np.uint8)
    for row, column in ((15, 15), (15, 45), (42, 15), (42, 55)):
        image[np.hypot(rows - row, columns - column) < 10] = 100
    image[14 * step : 17 * step, 15 * step : 45 * step] = 100
    return image


def scales(labels, axes=2):
    kept = (slice(None),) * (labels.ndim - axes)
    return [labels[(*kept, *(slice(None, None, 2**n),) * axes)].copy() for n in range(4)]


def in_zarr(levels, folder):
    group = zarr.create_group(folder)
    for rank, level in enumerate(levels):
        chunks = tuple(min(size, 64) for size in level.shape)
        group.create_array(str(rank), shape=level.shape, chunks=chunks, dtype=level.dtype)
        group[str(rank)][...] = level
    return [group[str(rank)] for rank in range(len(levels))]


def check(layer, axes=2):
    for held, made in zip(layer.data, scales(np.asarray(layer.data[0]), axes), strict=True):
        np.testing.assert_array_equal(np.asarray(held), made)


def bits(layer):
    return [np.asarray(level).tobytes() for level in layer.data]


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer()


@pytest.fixture
def dock(viewer):
    dock = AnnotateDock(viewer)
    viewer.window.add_dock_widget(dock, name="Annotate")
    yield dock
    dock.stop()


def open_scales(viewer, dock, levels, image, axes=("y", "x")):
    shown = viewer.add_image(image, axis_labels=axes)
    layer = viewer.add_labels(levels, multiscale=True, axis_labels=axes)
    dock.image.choose(shown)
    dock.choice.choose(layer)
    return layer


STEP = 4
"""The discs are so many times larger."""

TOOLS = [
    ("delete", [(42, 15)], {}),
    ("split_shape", [(15, 15)], {}),
    ("split_line", [(2, 45), (28, 45)], {}),
    ("merge", [(15, 40), (42, 55)], {}),
    ("grow", [(42, 55)], {}),
    ("smooth", [(15, 15)], {}),
    ("wand", [(42, 15)], {}),
    ("box", [(30, 42), (54, 68)], {}),
    ("trace", None, {}),
    ("seeds", None, {"accept": True}),
    ("scribble", [(30, 30), (33, 45)], {"accept": True}),
]


@pytest.mark.parametrize("kind", ["memory", "zarr"])
def test_every_tool_edits_the_full_size_and_all_scales_follow(viewer, dock, tmp_path, kind):
    image = discs(STEP)
    levels = scales(components(image > 50).astype(np.int32))
    if kind == "zarr":
        levels = in_zarr(levels, tmp_path / "labels.zarr")
    layer = open_scales(viewer, dock, levels, image)
    layer.locked_data_level = 3  # the smallest scale is shown
    states, session = [bits(layer)], dock.session
    for name, points, options in TOOLS:
        take_up(dock, name)
        assert dock.hand.scene().labels.shape == image.shape
        if name == "trace":
            for point in ((32, 55), (42, 65), (52, 55), (42, 45)):
                draw(dock, np.multiply(point, STEP))
            dock.pointer._on_enter(None)
        elif name == "seeds":
            draw(dock, (15 * STEP, 15 * STEP))
            draw(dock, (15 * STEP, 45 * STEP), accept=True)
        else:
            draw(dock, *(np.multiply(point, STEP) for point in points), **options)
        assert bits(layer) != states[-1], f"{name}: {dock.message.text()}"
        check(layer)
        shown = np.asarray(layer._slice.image.raw)
        np.testing.assert_array_equal(shown, np.asarray(layer.data[3]))
        states.append(bits(layer))
    assert list(layer.data) == list(levels)  # they are where they were
    for state in states[-2::-1]:
        session.undo()
        assert bits(layer) == state
    np.testing.assert_array_equal(layer._slice.image.raw, np.asarray(layer.data[3]))
    for state in states[1:]:
        session.redo()
        assert bits(layer) == state
    assert dock.hand.objects.numbers == tuple(np.unique(np.asarray(layer.data[0]))[1:])


def one_object(shape, dtype=np.int32):
    labels = np.zeros(shape, dtype)
    labels[..., 8:24, 8:32] = 1
    labels[..., 8:24, 40:52] = 2
    return labels


AXES = {2: ("y", "x"), 3: ("z", "y", "x"), 4: ("t", "z", "y", "x")}


def open_labels(viewer, dock, levels):
    layer = viewer.add_labels(levels, multiscale=True, axis_labels=AXES[levels[0].ndim])
    dock.choice.choose(layer)
    return layer


@pytest.fixture
def said(dock):
    heard = []
    dock.hand.said.connect(lambda text, _: heard.append(text))
    return heard


@pytest.mark.parametrize("kind", ["memory", "zarr"])
def test_the_brush_paints_on_all_scales_as_napari_s_does(viewer, dock, said, tmp_path, kind):
    labels = one_object((48, 64))
    levels = scales(labels)
    layer = open_labels(
        viewer, dock, in_zarr(levels, tmp_path / "a.zarr") if kind == "zarr" else levels
    )
    plain = Labels(labels.copy())
    for one in (layer, plain):
        one.brush_size, one.selected_label = 6, 7
    layer.locked_data_level = 2
    first, session = bits(layer), dock.session
    take_up(dock, "brush")
    draw(dock, (30, 20))
    plain.paint((30, 20), 7)
    np.testing.assert_array_equal(np.asarray(layer.data[0]), plain.data)
    check(layer)
    np.testing.assert_array_equal(layer._slice.image.raw, np.asarray(layer.data[2]))
    assert dock.hand.objects.size(7) == np.count_nonzero(plain.data == 7)
    draw(dock, (5, 5), (20, 30), (40, 50))  # one stroke over two objects
    painted = bits(layer)
    check(layer)
    assert len(session.history.past) == 3  # the layer was taken in, and two strokes
    assert session.store.title(str(next(iter(session.workflow.inputs.values())).version)) == (
        "Paint object 7"
    )
    draw(dock, (15, 20), (15, 28), modifiers=("Control",))
    erased = np.asarray(layer.data[0])
    assert not erased[15, 20:29].any()
    check(layer)
    session.undo()
    assert bits(layer) == painted
    dock.hand.annotate(dock.hand.annotation.with_lock(7, locked=True))
    draw(dock, (40, 10))
    assert said[-1] == "object 7 is locked; unlock it first"
    assert bits(layer) == painted
    session.undo(3)
    assert bits(layer) == first
    session.redo(2)
    assert bits(layer) == painted


def test_a_stroke_that_is_given_up_leaves_nothing_behind(viewer, dock):
    layer = open_labels(viewer, dock, scales(one_object((48, 64))))
    first, session = bits(layer), dock.session
    layer.selected_label, layer.brush_size = 5, 9
    take_up(dock, "brush")
    for give_up in (lambda: dock.pointer._on_escape(None), lambda: viewer.layers.remove(layer)):
        event = Event("mouse_press", (20, 20))
        steps = dock.pointer._on_drag(viewer, event)
        next(steps)
        event.type, event.position = "mouse_move", (30, 40)
        next(steps)
        assert bits(layer) != first
        session.undo()  # not in the middle of a stroke
        assert bits(layer) != first
        give_up()
        assert bits(layer) == first
        event.position = (40, 40)
        next(steps, None)
        event.type = "mouse_release"
        next(steps, None)
        assert bits(layer) == first


def test_the_brush_is_shown_for_labels_at_several_scales(viewer, dock):
    plain = viewer.add_labels(one_object((48, 64)))
    dock.choice.choose(plain)
    assert not dock.box.buttons["brush"].isVisibleTo(dock)
    dock.pointer.take_up("brush")
    assert dock.pointer.tool is None
    assert plain.mode == "paint"
    open_labels(viewer, dock, scales(one_object((48, 64))))
    assert dock.box.buttons["brush"].isVisibleTo(dock)


def test_that_napari_does_not_paint_is_said(viewer, dock, said):
    layer = open_labels(viewer, dock, scales(one_object((48, 64))))
    assert "napari does not paint on labels at several scales" in dock.message.text()
    new = next(action for action in ACTIONS if action.name == "new")
    new.act(dock.hand)
    assert layer.selected_label == 3
    assert "napari does not paint on labels at several scales" in said[-1]


@pytest.mark.parametrize("kind", ["dask", "read-only"])
def test_scales_that_can_not_be_written_are_copied_and_that_is_said(
    viewer, dock, said, tmp_path, kind
):
    levels = in_zarr(scales(one_object((48, 64))), tmp_path / "labels.zarr")
    before = [np.array(level) for level in levels]
    if kind == "dask":
        levels = [pytest.importorskip("dask.array").from_zarr(level) for level in levels]
    else:
        opened = zarr.open_group(tmp_path / "labels.zarr", mode="r")
        levels = [opened[str(rank)] for rank in range(4)]
    layer = open_labels(viewer, dock, levels)
    take_up(dock, "delete")
    draw(dock, (15, 15))
    assert sum("A copy in memory is edited now" in text for text in said) == 1
    check(layer)
    assert np.unique(layer.data[0]).tolist() == [0, 2]
    take_up(dock, "grow")
    draw(dock, (15, 45))
    assert sum("A copy in memory is edited now" in text for text in said) == 1
    dock.session.undo(2)
    for held, expected in zip(layer.data, before, strict=True):
        np.testing.assert_array_equal(np.asarray(held), expected)
    for held, expected in zip(levels, before, strict=True):
        np.testing.assert_array_equal(np.asarray(held), expected)
    dock.session.redo()
    check(layer)
    assert np.unique(layer.data[0]).tolist() == [0, 2]


def test_all_scales_are_widened_and_narrow_again_by_undo(viewer, dock, said, tmp_path):
    labels = one_object((48, 64), np.uint8)
    labels[40:44, 4:8] = 254
    levels = in_zarr(scales(labels), tmp_path / "labels.zarr")
    layer = open_labels(viewer, dock, levels)
    first = bits(layer)
    take_up(dock, "delete")
    assert [level.dtype for level in layer.data] == [np.int32] * 4
    assert "uint8 holds no number above 255" in said[-1]
    assert "A copy in memory is edited now; save it to keep it." in said[-1]
    draw(dock, (15, 15))
    check(layer)
    dock.session.undo(3)
    assert bits(layer) == first
    assert list(layer.data) == levels


@pytest.mark.parametrize("shape", [(6, 48, 64), (3, 6, 48, 64)], ids=str)
def test_slices_and_volumes_at_several_scales_are_edited(viewer, dock, shape):
    labels = one_object(shape)
    layer = open_labels(viewer, dock, scales(labels))
    first = bits(layer)
    viewer.dims.set_point(0, 2)
    take_up(dock, "delete")
    draw(dock, (15, 15))  # in the slice that is shown
    expected = labels.copy()
    shown = (2, *(0 if viewer.dims.point[1] == 0 else int(viewer.dims.point[1]),))[: len(shape) - 2]
    expected[shown] = np.where(labels[shown] == 1, 0, labels[shown])
    np.testing.assert_array_equal(layer.data[0], expected)
    check(layer)
    dock.solid.setChecked(True)
    draw(dock, (15, 45))
    assert 2 not in np.unique(layer.data[0][shown[: len(shape) - 3]])
    check(layer)
    dock.session.undo(2)
    assert bits(layer) == first


def test_a_click_in_3d_meets_the_object_at_full_size(viewer, dock):
    labels = np.zeros((16, 48, 64), np.int32)
    labels[6:10, 8:24, 8:32] = 1
    labels[6:10, 8:24, 40:52] = 2
    layer = open_labels(viewer, dock, scales(labels, axes=3))
    viewer.dims.ndisplay = 3
    take_up(dock, "delete")
    event = Event("mouse_press", (-5.0, 15.0, 45.0))
    event.view_direction = np.array([1.0, 0.0, 0.0])
    steps = dock.pointer._on_drag(viewer, event)
    next(steps)
    event.type = "mouse_release"
    with pytest.raises(StopIteration):
        next(steps)
    np.testing.assert_array_equal(layer.data[0], np.where(labels == 2, 0, labels))
    check(layer, axes=3)


def test_the_preview_lies_on_the_pixels_whatever_scale_is_shown(viewer, dock):
    labels = np.zeros((96, 128), np.int32)
    layer = open_labels(viewer, dock, scales(labels))
    take_up(dock, "merge")
    overlay, scene = dock.pointer._overlay, dock.hand.scene()
    node = viewer.window._qt_viewer.canvas.layer_to_visual[layer].node
    for level in (0, 1, 3):
        layer.locked_data_level = level
        overlay.lines(scene, [np.array([[7.0, 21.0], [40.0, 90.0]])])
        overlay.labels(scene, (slice(8, 40), slice(16, 90)), np.ones((32, 74), int))
        for name, place, (x, y) in (
            ("lines", (7.0, 21.0), (21.0, 7.0)),  # the middle of a pixel
            ("labels", (8.0, 16.0), (0.0, 0.0)),  # the corner of the first pixel
        ):
            visual = overlay._visuals[name]
            found = node.transform.map(visual.transform.map((x, y, 0, 1)))[:2]
            expected = np.array(place)[::-1] - (0.5 if name == "labels" else 0)
            np.testing.assert_allclose(found, expected)


def test_a_step_works_on_the_full_size(viewer, dock, qtbot, tmp_path):
    layer = open_labels(viewer, dock, in_zarr(scales(one_object((48, 64))), tmp_path / "a.zarr"))
    session = dock.session
    take_up(dock, "delete")
    draw(dock, (15, 15))
    session.run("postprocessing.expand_labels", {"labels": layer}, {})
    qtbot.waitUntil(lambda: not session.running, timeout=60_000)
    (step,) = session.workflow.steps
    found = session.layer(step.outputs[0])
    assert found.data.shape == (48, 64)
    assert np.unique(found.data).tolist() == [0, 2]
    session.undo(2)
    qtbot.waitUntil(lambda: not session.running, timeout=60_000)
    assert np.unique(np.asarray(layer.data[0])).tolist() == [0, 1, 2]
    check(layer)


def test_a_rejected_object_is_erased_on_all_scales(viewer, qtbot):
    layer = viewer.add_labels(scales(one_object((48, 64))), multiscale=True)
    first = bits(layer)
    review = ProofreadingDock(viewer)
    viewer.window.add_dock_widget(review, name="Proofreading")
    qtbot.waitUntil(lambda: len(review.review.entries) == 2)
    review.decide("next")
    review.decide("reject")
    assert len(np.unique(layer.data[0])) == 2
    check(layer)
    review.session.undo()
    assert bits(layer) == first
    review.stop()
