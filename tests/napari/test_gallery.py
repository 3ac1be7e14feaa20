"""The gallery: small pictures of what a step could be, of what is on the screen."""

from __future__ import annotations

import time

import numpy as np
import pytest

pytest.importorskip("napari")
pytest.importorskip("qtpy.QtWidgets", reason="needs a Qt binding", exc_type=ImportError)

from napari.components import ViewerModel
from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QAbstractButton, QComboBox
from scipy import ndimage
from skimage import filters as skimage_filters

from napari_delineate._napari import gallery as gallery_module
from napari_delineate._napari.gallery import Gallery
from napari_delineate._napari.visible import displayed_axes, visible_centre, visible_region
from napari_delineate._napari.widgets.thumbnails import Card, State, Thumbnails
from napari_delineate.regions import crop
from napari_delineate.samples import coins, nuclei_3d, nuclei_movie
from napari_delineate.types import Voxels
from napari_delineate.variants import take
from napari_delineate.worker import WorkerRunner

# Only one window has the focus of the keyboard, also if tests run side by side.
pytestmark = [pytest.mark.xdist_group("windows"), pytest.mark.slow]


def look_at(viewer, centre, zoom):
    viewer.scene.camera.center = (0, *centre)
    viewer.scene.camera.zoom = zoom


def on_screen(viewer, layer, axis, displayed):
    """Return the pixels along an axis that a person sees, by looking at each of them."""
    size = viewer.canvas.size[displayed] / viewer.scene.camera.zoom
    middle = viewer.scene.camera.center[1 + displayed]
    pixels = np.arange(layer.data.shape[axis])
    scale, shift = layer.scale[axis], layer.translate[axis]
    low, high = (pixels - 0.5) * scale + shift, (pixels + 0.5) * scale + shift
    seen = pixels[(high > middle - size / 2) & (low < middle + size / 2)]
    return (int(seen[0]), int(seen[-1]) + 1) if len(seen) else None


# What is visible


@pytest.fixture
def model():
    """A viewer without a window: it says what is shown, which takes no drawing."""
    return ViewerModel()


@pytest.mark.parametrize("zoom", [1.0, 3.3, 20.0])
@pytest.mark.parametrize("centre", [(40.0, 60.0), (0.0, 0.0), (95.0, 130.0)])
def test_the_visible_part_of_an_image(model, zoom, centre):
    layer = model.add_image(np.zeros((200, 300)), scale=(0.5, 0.4), translate=(3, -7))
    look_at(model, centre, zoom)
    region = visible_region(model, layer)
    expected = [on_screen(model, layer, axis, axis) for axis in (0, 1)]
    if None in expected:
        assert region is None
    else:
        assert region == dict(zip("YX", expected, strict=True))
        found = visible_centre(model, layer)
        assert found["Y"] == pytest.approx((centre[0] - 3) / 0.5, abs=0.51)
        assert found["X"] == pytest.approx((centre[1] + 7) / 0.4, abs=0.51)


def test_the_visible_part_agrees_with_what_napari_draws(make_napari_viewer, qtbot):
    viewer = make_napari_viewer(show=True)
    image = np.zeros((10, 200, 300))
    layer = viewer.add_image(image, scale=(2, 0.5, 0.4), translate=(0, 3, -7))
    layer.axis_labels = ("z", "y", "x")
    for centre, zoom in (((50, 50), 5.0), ((20, 90), 30.0)):
        look_at(viewer, centre, zoom)
        qtbot.wait(200)
        region = visible_region(viewer, layer)
        for axis, letter in ((1, "Y"), (2, "X")):
            # napari rounds outwards, and its last pixel is included.
            first, last = layer.corner_pixels[:, axis]
            assert region[letter][0] == pytest.approx(first, abs=1)
            assert region[letter][1] == pytest.approx(last + 1, abs=1)


def test_a_stack_is_seen_as_deep_as_wide_around_the_slider(model):
    layer = model.add_image(np.zeros((60, 200, 200)), scale=(2.0, 0.5, 0.5))
    layer.axis_labels = ("z", "y", "x")
    height, width = model.canvas.size
    look_at(model, (50, 50), max(height, width) / 20)
    for depth in (0, 30, 59):
        model.dims.set_current_step(0, depth)
        region = visible_region(model, layer)
        seen = 0.5 * max(region[one][1] - region[one][0] for one in "YX")
        start, stop = region["Z"]
        assert start <= depth < stop
        assert start == pytest.approx(max(depth - seen / 4, 0), abs=1)
        assert stop == pytest.approx(min(depth + seen / 4, 60), abs=1.5)
        assert visible_centre(model, layer)["Z"] == depth
    model.reset_view()
    model.dims.set_current_step(0, 5)
    assert visible_region(model, layer) == {"Z": (0, 31), "Y": (0, 200), "X": (0, 200)}


def test_all_of_a_stack_is_seen_in_3d(model):
    layer = model.add_image(np.zeros((3, 6, 20, 20)))
    layer.axis_labels = ("t", "z", "y", "x")
    model.dims.ndisplay = 3
    model.dims.set_current_step(0, 2)
    look_at(model, (0, 0), 500)
    region = visible_region(model, layer)
    assert region == {"T": (2, 3), "Z": (0, 6), "Y": (0, 20), "X": (0, 20)}
    assert displayed_axes(model, layer) == "ZYX"


def test_of_a_movie_one_frame_is_seen(model):
    model.add_image(np.zeros((2, 7, 30, 30)))  # with an axis that the movie does not have
    movie = model.add_image(np.zeros((7, 30, 30)), scale=(1, 2, 2), name="movie")
    movie.axis_labels = ("t", "y", "x")
    model.reset_view()
    for frame in (0, 4, 6):
        model.dims.set_current_step(1, frame)
        assert visible_region(model, movie) == {
            "T": (frame, frame + 1),
            "Y": (0, 30),
            "X": (0, 30),
        }


def test_axes_can_be_transposed(model):
    layer = model.add_image(np.zeros((8, 100, 90)), scale=(4.0, 1.0, 1.0))
    layer.axis_labels = ("z", "y", "x")
    model.dims.order = (1, 2, 0)
    model.dims.set_current_step(1, 33)
    assert displayed_axes(model, layer) == "XZ"
    look_at(model, (45, 16), 30)
    region = visible_region(model, layer)
    assert region["X"] == on_screen(model, layer, 2, 0)
    assert region["Z"] == on_screen(model, layer, 0, 1)
    assert region["Y"][0] < 33 < region["Y"][1]


def test_colours_and_several_resolutions(model):
    colours = model.add_image(np.zeros((40, 50, 3), np.uint8), rgb=True)
    levels = model.add_image([np.zeros((40, 50)), np.zeros((20, 25))], multiscale=True)
    model.reset_view()
    for layer in (colours, levels):
        assert visible_region(model, layer) == {"Y": (0, 40), "X": (0, 50)}


# Thumbnails


@pytest.fixture
def thumbnails(qtbot):
    widget = Thumbnails("dark")
    qtbot.addWidget(widget)
    widget.resize(320, 600)
    widget.show()
    return widget


CARDS = [Card(f"Threshold: {name}", f"method {name}") for name in ("otsu", "li", "mean", "yen")]


@pytest.mark.parametrize(("width", "columns"), [(320, 2), (480, 3), (150, 1)])
def test_cards_are_of_one_size_in_columns(qtbot, thumbnails, width, columns):
    thumbnails.set_cards(CARDS)
    thumbnails.resize(width, 900)
    qtbot.wait(20)
    places = [one.geometry() for one in thumbnails.cards]
    assert len({one.left() for one in places}) == columns
    assert len({(one.width(), one.height()) for one in places}) == 1
    assert max(one.right() for one in places) < width


def test_nothing_moves_while_cards_are_filled(qtbot, thumbnails):
    thumbnails.set_cards(CARDS)
    qtbot.wait(20)
    before = [one.geometry() for one in thumbnails.cards], thumbnails.sizeHint()
    thumbnails.begin(0)
    thumbnails.fill(1, np.zeros((300, 50, 3), np.uint8), "123,456 objects", 1234.5)
    thumbnails.fail(2, "It failed for a reason that is rather long to tell " * 5)
    thumbnails.set_present(3)
    qtbot.wait(20)
    assert before == ([one.geometry() for one in thumbnails.cards], thumbnails.sizeHint())


def test_cards_keep_their_height_while_the_view_moves_a_little(qtbot, thumbnails):
    thumbnails.set_cards(CARDS)
    heights = []
    for aspect in (1.0, 0.9, 1.1, 0.6, 0.5, 9.0):
        thumbnails.set_aspect(aspect)
        heights.append(thumbnails.cards[0].height())
    assert heights[0] == heights[1] == heights[2] > heights[3] == heights[4]
    assert heights[0] < heights[5] < 2 * heights[0]


def test_cards_say_what_is_known(thumbnails):
    thumbnails.set_cards(CARDS)
    card = thumbnails.cards[0]
    assert "Not computed yet" in card.toolTip()
    thumbnails.begin(0)
    assert "Computing" in card.accessibleDescription()
    thumbnails.fill(0, np.zeros((9, 9, 3), np.uint8), "7 objects", 0.034)
    assert "7 objects · 0.03 s" in card.toolTip()
    thumbnails.fill(0, None, "0.87", 0.001)
    assert "0.87 · < 0.01 s" in card.toolTip()
    thumbnails.set_present(0)
    assert card.accessibleName() == "Threshold: otsu, in use"
    thumbnails.set_present(1)
    assert card.accessibleName() == "Threshold: otsu"
    thumbnails.fail(0, "No threshold")
    assert "No threshold" in card.toolTip()
    assert "Click" not in card.toolTip()


def test_a_picture_keeps_its_shape_and_colours(qtbot, thumbnails):
    thumbnails.set_cards(CARDS)
    thumbnails.set_aspect(1.0)
    picture = np.zeros((40, 20, 3), np.uint8)
    picture[..., 1] = 255
    thumbnails.fill(0, picture, "", 1.0)
    qtbot.wait(20)
    image = thumbnails.cards[0].grab().toImage()
    green = QColor(0, 255, 0).rgb()
    hits = [
        (x, y)
        for x in range(image.width())
        for y in range(image.height())
        if image.pixel(x, y) == green
    ]
    xs, ys = zip(*hits, strict=True)
    width, height = max(xs) - min(xs) + 1, max(ys) - min(ys) + 1
    assert height == pytest.approx(2 * width, rel=0.03)


def test_cards_by_keyboard_and_mouse(qtbot, thumbnails):
    thumbnails.set_cards(CARDS)
    chosen = []
    thumbnails.chosen.connect(chosen.append)
    qtbot.wait(20)
    qtbot.mouseClick(thumbnails.cards[2], Qt.MouseButton.LeftButton)
    assert chosen == [2]
    stops = [one for one in thumbnails.cards if one.focusPolicy() == Qt.FocusPolicy.StrongFocus]
    assert len(stops) == 1  # the tabulator key stops once
    card = thumbnails.cards[0]
    moves = [(Qt.Key.Key_Right, 1), (Qt.Key.Key_Down, 3), (Qt.Key.Key_Left, 2), (Qt.Key.Key_Up, 0)]
    for key, expected in moves:
        with qtbot.waitSignal(thumbnails._grid.moved) as moved:
            qtbot.keyClick(card, key)
        card = moved.args[0]
        assert card is thumbnails.cards[expected]
    qtbot.keyClick(thumbnails.cards[3], Qt.Key.Key_Return)
    assert chosen == [2, 3]


def test_a_failed_card_is_not_chosen(qtbot, thumbnails):
    thumbnails.set_cards(CARDS)
    thumbnails.fail(1, "No threshold")
    with qtbot.assertNotEmitted(thumbnails.chosen):
        qtbot.mouseClick(thumbnails.cards[1], Qt.MouseButton.LeftButton)


def test_a_table_has_heads(qtbot, thumbnails):
    cards = [Card(f"{row} px, {column} px") for row in (1, 2) for column in (3, 4, 5)]
    thumbnails.set_cards(cards, ["1 px", "2 px"], ["3 px", "4 px", "5 px"])
    qtbot.wait(20)
    places = [one.geometry() for one in thumbnails.cards]
    assert len({one.left() for one in places}) == 3
    assert len({one.top() for one in places}) == 2
    for width in (320, 480):
        thumbnails.resize(width, 900)
        qtbot.wait(20)
        last = thumbnails.cards[-1]
        assert last.mapTo(thumbnails, last.rect().bottomRight()).x() < width
    thumbnails.set_cards(CARDS)
    qtbot.wait(20)
    assert not thumbnails._top.isVisible()
    assert len({one.geometry().left() for one in thumbnails.cards}) == 3


# The gallery


PAUSE = 20
"""Milliseconds for which the view rests in most tests, so that they wait less."""


@pytest.fixture
def gallery(session, qtbot):
    widget = Gallery(session)
    widget._timer.setInterval(PAUSE)
    widget.resize(320, 900)
    widget.taken.connect(lambda _, variant: session.apply(take(session.workflow, variant)))
    yield widget
    widget.close()
    qtbot.waitUntil(lambda: widget._worker is None, timeout=5000)
    widget.deleteLater()


@pytest.fixture
def settle(gallery, qtbot):
    """Wait until all is computed."""

    def settled(timeout=30_000):
        qtbot.waitUntil(lambda: not gallery.is_computing, timeout=timeout)

    return settled


@pytest.fixture
def add(viewer, session, wait):
    """Add an image and steps behind it; return the layer."""

    def add_image(value, *operations):
        labels = tuple(value.axes.lower())
        layer = viewer.add_image(
            value.data,
            name="image",
            scale=(1,) * (len(labels) - len(value.spacing)) + value.spacing,
        )
        layer.axis_labels = labels
        viewer.reset_view()
        source = layer
        for operation, parameters in operations:
            entry = "mask" if operation.endswith("components") else "image"
            step = session.run(operation, {entry: source}, parameters)
            source = session.workflow.step(step).outputs[0]
        wait()
        return layer

    return add_image


def small_coins():
    return crop(coins(), {"Y": (0, 150), "X": (0, 180)})


def states(gallery):
    return {one.state for one in gallery.thumbnails.cards}


def counts(gallery):
    return {one.card.title: one.text for one in gallery.thumbnails.cards}


THRESHOLD = ("segmentation.threshold", {})


def test_thresholds_of_what_is_on_the_screen(viewer, add, gallery, settle):
    layer = add(coins(), THRESHOLD)
    look_at(viewer, (150, 190), 4)
    gallery.show_step("threshold")
    gallery.show()
    assert states(gallery) == {State.WAITING}
    settle()
    region = visible_region(viewer, layer)
    part = layer.data[slice(*region["Y"]), slice(*region["X"])]
    assert part.size < layer.data.size
    found = counts(gallery)
    compared = 0
    for title, text in found.items():
        find = getattr(skimage_filters, f"threshold_{title.rpartition(': ')[2]}", None)
        if find is None or not title.startswith("Threshold: "):
            continue  # scikit-image does not have it
        compared += 1
        number = ndimage.label(part > find(part), np.ones((3, 3)))[1]
        assert text == f"{number} objects"
    assert compared == 7
    failed = [one.card.title for one in gallery.thumbnails.cards if one.state is State.FAILED]
    assert states(gallery) == {State.DONE} | ({State.FAILED} if failed else set())
    assert set(failed) <= {"Threshold: intermodes", "Threshold: minimum"}  # they need two modes
    present = [one.is_present for one in gallery.thumbnails.cards]
    assert len(present) >= 17
    assert present == [True] + [False] * (len(present) - 1)
    words = gallery.region_line.text()
    assert f"on the screen, {part.shape[1]} × {part.shape[0]} px" in words
    assert "whole image may give other results" in words


def test_alternatives_in_a_stack(viewer, add, gallery, settle):
    value = crop(nuclei_3d(), {"Z": (8, 24), "Y": (0, 80), "X": (0, 96)})
    add(value, ("segmentation.voronoi_otsu_labeling", {"spot_sigma": Voxels(4)}))
    gallery.show_step("voronoi_otsu_labeling")
    gallery.show()
    settle()
    from napari_delineate import segmentation, voxels

    expected = {
        "Voronoi Otsu labeling": segmentation.voronoi_otsu_labeling(
            value.data, spot_sigma=voxels(4), spacing=value.spacing
        ),
        "Gauss Otsu labeling": segmentation.gauss_otsu_labeling(value.data, spacing=value.spacing),
    }
    assert counts(gallery) == {
        title: f"{labels.max()} objects" for title, labels in expected.items()
    }
    assert gallery.region_line.text() == "Computed on the whole image, 96 × 80 × 16 px."


def test_frames_of_a_movie(viewer, add, gallery, settle):
    value = crop(nuclei_movie(), {"T": (0, 4)})
    add(value, THRESHOLD)
    gallery.show_step("threshold")
    gallery.show()
    for frame in (0, 3):
        viewer.dims.set_current_step(0, frame)
        settle()
        image = value.data[frame]
        mask = image > skimage_filters.threshold_otsu(image)
        number = ndimage.label(mask, np.ones((3, 3)))[1]
        assert counts(gallery)["Threshold: otsu"] == f"{number} objects"
        assert f"frame {frame + 1}" in gallery.region_line.text()


def test_a_sweep_of_sigma(add, gallery, settle):
    add(small_coins(), ("filters.gaussian", {"sigma": Voxels(2)}))
    gallery.show_step("gaussian")
    gallery.show()
    gallery.variation.settings_button.click()
    settle()
    titles = [one.card.title for one in gallery.thumbnails.cards]
    assert titles == ["0.5 px", "1 px", "2 px", "4 px", "8 px"]
    sharpness = []
    for card in gallery.thumbnails.cards:
        image = card.picture.toImage()
        gray = [
            [image.pixelColor(x, y).red() for x in range(image.width())]
            for y in range(0, image.height(), 7)
        ]
        sharpness.append(np.abs(np.diff(np.array(gray, float), axis=1)).mean())
    assert sharpness == sorted(sharpness, reverse=True)
    # Nothing but the halo was computed beside the screen, so that it is exact.
    assert "other results" not in gallery.region_line.text()


def test_a_table_of_two_settings(qtbot, add, gallery, settle, session, wait):
    add(small_coins(), ("segmentation.voronoi_otsu_labeling", {"spot_sigma": Voxels(4)}))
    gallery.show_step("voronoi_otsu_labeling")
    gallery.show()
    gallery.variation.settings_button.click()
    gallery.variation.second.setCurrentIndex(2)
    settle()
    assert len(gallery.thumbnails.cards) == 9
    assert states(gallery) == {State.DONE}
    assert gallery.thumbnails.cards[3].card.title == "4 px, 1 px"
    assert gallery.thumbnails.cards[4].is_present
    numbers = [int(one.text.split()[0]) for one in gallery.thumbnails.cards]
    assert numbers[0] >= numbers[3] >= numbers[6]  # wider spots are fewer
    qtbot.mouseClick(gallery.thumbnails.cards[5], Qt.MouseButton.LeftButton)
    wait()
    assert session.workflow.steps[0].parameters["outline_sigma"] == Voxels(4)
    # The two settings are never the same.
    gallery.variation.first.setCurrentIndex(1)
    assert gallery.variation.second.currentData() is None


def test_nothing_runs_before_it_is_shown_and_after_it_is_closed(
    monkeypatch, qtbot, add, gallery, settle
):
    monkeypatch.setattr(gallery_module, "WorkerRunner", WorkerRunner)
    add(small_coins(), THRESHOLD)
    gallery.show_step("threshold")
    qtbot.wait(5 * PAUSE)
    assert gallery._runner is None
    gallery.show()
    settle()
    runner = gallery._runner
    processes = [runner._ready, runner._spare]
    assert all(one.alive for one in processes)
    with qtbot.waitSignal(gallery.closed):
        qtbot.keyClick(gallery, Qt.Key.Key_Escape)
    assert not gallery.isVisible()
    assert not any(one.alive for one in processes)
    gallery.show()
    settle()
    assert states(gallery) == {State.DONE}


SLOW = ("filters.median", {"radius": Voxels(40)})
"""Takes some ten seconds on 1000 × 1000 pixels."""


@pytest.fixture
def busy(viewer, session, gallery, qtbot):
    """A gallery that computes something long."""
    image = np.random.default_rng(0).integers(0, 60_000, (1000, 1000)).astype(np.uint16)
    layer = viewer.add_image(image, name="image")
    viewer.reset_view()
    session.run("filters.gaussian", {"image": layer}, {})
    qtbot.waitUntil(lambda: not session.running, timeout=20_000)
    workflow = session.workflow.replace("gaussian", SLOW[0]).change("gaussian", parameters=SLOW[1])
    session.apply(workflow, evaluate=False)
    gallery.show_step("gaussian")
    gallery.show()
    qtbot.waitUntil(
        lambda: (
            gallery.thumbnails.cards[0].state is State.COMPUTING
            and gallery._runner._running is not None
        ),
        timeout=10_000,
    )
    return gallery._runner._running


def test_hiding_cancels(qtbot, gallery, busy):
    gallery.hide()
    qtbot.waitUntil(lambda: gallery._worker is None, timeout=1000)
    assert not busy.alive
    qtbot.wait(5 * PAUSE)
    assert not gallery.is_computing


def test_another_view_cancels_and_begins_anew(qtbot, viewer, session, gallery, busy):
    look_at(viewer, (500, 500), 40)
    assert not busy.alive
    assert states(gallery) == {State.WAITING}
    qtbot.waitUntil(lambda: not gallery.is_computing, timeout=30_000)
    assert states(gallery) == {State.DONE}
    layer = viewer.layers["image"]
    spans = [on_screen(viewer, layer, axis, axis) for axis in (1, 0)]
    size = " × ".join(str(stop - start) for start, stop in spans)
    assert f"on the screen, {size} px" in gallery.region_line.text()


def test_another_step_cancels(qtbot, gallery, busy):
    gallery.show_step(None)
    assert not busy.alive
    assert gallery.thumbnails.cards == []
    assert "Select a step" in gallery.message.text()
    qtbot.waitUntil(lambda: gallery._worker is None, timeout=1000)
    assert not gallery.is_computing


def test_another_setting_cancels(qtbot, session, gallery, busy):
    session.apply(
        session.workflow.change("gaussian", parameters={"radius": Voxels(1)}), evaluate=False
    )
    assert not busy.alive
    qtbot.waitUntil(lambda: not gallery.is_computing, timeout=30_000)
    assert states(gallery) == {State.DONE}


def test_it_waits_until_the_view_rests(qtbot, viewer, add, gallery, settle):
    add(small_coins(), THRESHOLD)
    gallery._timer.setInterval(gallery_module._PAUSE)
    gallery.show_step("threshold")
    gallery.show()
    for step in range(30):
        look_at(viewer, (100 + step, 100), 5)
        moved = time.perf_counter()
        qtbot.wait(20)
        # A slow machine may have rested for longer.
        assert gallery._worker is None or time.perf_counter() - moved > 0.2
    settle()
    assert states(gallery) == {State.DONE}


def test_what_concerns_it_not_changes_nothing(qtbot, viewer, session, add, gallery, settle, wait):
    add(small_coins(), THRESHOLD)
    gallery.show_step("threshold")
    gallery.show()
    settle()
    pictures = [one.picture for one in gallery.thumbnails.cards]
    session.run("segmentation.label_connected_components", {"mask": "mask"}, {})
    look_at(viewer, viewer.scene.camera.center[1:], viewer.scene.camera.zoom)
    wait()
    assert not gallery.is_computing
    assert states(gallery) == {State.DONE}
    assert [one.picture for one in gallery.thumbnails.cards] == pictures


def test_a_click_takes_an_alternative(qtbot, add, session, gallery, settle, wait):
    add(small_coins(), THRESHOLD)
    gallery.show_step("threshold")
    gallery.show()
    settle()
    titles = [one.card.title for one in gallery.thumbnails.cards]
    index = titles.index("Threshold: li")
    with qtbot.waitSignal(gallery.taken) as taken:
        qtbot.mouseClick(gallery.thumbnails.cards[index], Qt.MouseButton.LeftButton)
    assert taken.args[0] == "threshold"
    wait()
    assert session.workflow.step("threshold").parameters["method"] == "li"
    image = small_coins().data
    expected = image > skimage_filters.threshold_li(image)
    np.testing.assert_array_equal(session.layer("mask").data, expected)
    # The cards keep their places; the mark moves.
    assert [one.card.title for one in gallery.thumbnails.cards] == titles
    assert [n for n, one in enumerate(gallery.thumbnails.cards) if one.is_present] == [index]
    with qtbot.assertNotEmitted(gallery.taken):
        qtbot.mouseClick(gallery.thumbnails.cards[index], Qt.MouseButton.LeftButton)
    session.undo()
    wait()
    assert gallery.thumbnails.cards[0].is_present


def test_values_stay_until_an_outer_one_is_taken(qtbot, add, session, gallery, settle, wait):
    add(small_coins(), ("filters.gaussian", {"sigma": Voxels(2)}))
    gallery.show_step("gaussian")
    gallery.show()
    gallery.variation.settings_button.click()

    def pick(index):
        settle()
        qtbot.mouseClick(gallery.thumbnails.cards[index], Qt.MouseButton.LeftButton)
        wait()
        return [one.card.title for one in gallery.thumbnails.cards]

    assert pick(3) == ["0.5 px", "1 px", "2 px", "4 px", "8 px"]
    assert pick(4) == ["2 px", "4 px", "8 px", "16 px", "32 px"]
    assert [one.is_present for one in gallery.thumbnails.cards].index(True) == 2


def test_a_variant_that_fails_shows_its_sentence(qtbot, viewer, session, gallery, settle, wait):
    dark = (250 * np.linspace(0, 1, 60_000) ** 0.5).reshape(200, 300).astype(np.uint8)
    layer = viewer.add_image(dark)
    session.run("segmentation.threshold", {"image": layer}, {})
    wait()
    gallery.show_step("threshold")
    gallery.show()
    settle()
    failed = [one for one in gallery.thumbnails.cards if one.state is State.FAILED]
    # The image has one mode.
    assert [one.card.title for one in failed] == ["Threshold: intermodes", "Threshold: minimum"]
    assert all("finds no threshold" in one.toolTip() for one in failed)
    done = [one for one in gallery.thumbnails.cards if one.state is State.DONE]
    assert len(done) == len(gallery.thumbnails.cards) - 2 >= 15


def test_a_step_whose_source_failed_waits_for_it(qtbot, viewer, session, gallery, settle, wait):
    dark = (250 * np.linspace(0, 1, 60_000) ** 0.5).reshape(200, 300).astype(np.uint8)
    layer = viewer.add_image(dark)
    session.run("segmentation.threshold", {"image": layer}, {"method": "minimum"})
    session.run("segmentation.label_connected_components", {"mask": "mask"}, {})
    wait()
    gallery.show_step("label_connected_components")
    gallery.show()
    qtbot.wait(5 * PAUSE)
    assert "not computed yet" in gallery.message.text()
    assert gallery._runner is None
    session.change("threshold", parameters={"method": "otsu"})
    wait()
    settle()
    assert states(gallery) == {State.DONE}
    assert gallery.message.isHidden()


def test_nothing_on_the_screen_is_said(qtbot, viewer, add, gallery, settle):
    add(small_coins(), THRESHOLD)
    gallery.show_step("threshold")
    gallery.show()
    look_at(viewer, (9000, 9000), 5)
    assert "Nothing of it is on the screen" in gallery.message.text()
    assert gallery.region_line.text() == ""
    viewer.reset_view()
    settle()
    assert states(gallery) == {State.DONE}


def test_a_step_without_settings_and_a_removed_one(qtbot, add, session, gallery, settle, wait):
    add(small_coins(), THRESHOLD, ("segmentation.label_connected_components", {}))
    gallery.show_step("threshold")
    gallery.show()
    gallery.variation.settings_button.click()
    settle()
    assert len(gallery.thumbnails.cards) == 17  # ImageJ's methods
    operation = "postprocessing.relabel_sequential"
    session.apply(session.workflow.add(operation, {"labels": "labels"}))
    wait()
    gallery.show_step("relabel_sequential")
    assert not gallery.variation.settings_button.isEnabled()
    assert "no settings" in gallery.variation.settings_button.toolTip()
    assert gallery.variation.algorithms_button.isChecked()
    settle()
    assert states(gallery) == {State.DONE}
    session.undo()
    wait()
    assert gallery.thumbnails.cards == []
    assert "Select a step" in gallery.message.text()


def test_deleted_layers_mean_the_whole_image(viewer, add, gallery, settle):
    add(small_coins(), THRESHOLD)
    viewer.layers.clear()
    gallery.show_step("threshold")
    gallery.show()
    settle()
    assert gallery.region_line.text() == "Computed on the whole image, 180 × 150 px."
    assert states(gallery) == {State.DONE}


def test_the_viewer_does_not_wait(qtbot, viewer, session, gallery, wait):
    """Pictures of 4 million voxels are drawn and counted beside what a person does."""
    random = np.random.default_rng(0)
    layer = viewer.add_image(random.integers(0, 200, (2000, 2000)).astype(np.uint8))
    viewer.reset_view()
    session.run("segmentation.threshold", {"image": layer}, {})
    wait()
    gallery.show_step("threshold")
    gallery.show()
    gaps, last = [], time.perf_counter()

    def tick():
        nonlocal last
        now = time.perf_counter()
        gaps.append(now - last)
        last = now

    timer = QTimer(interval=5)
    timer.timeout.connect(tick)
    timer.start()
    qtbot.waitUntil(lambda: not gallery.is_computing, timeout=60_000)
    timer.stop()
    assert states(gallery) <= {State.DONE, State.FAILED}
    assert max(gaps) < 0.5
    assert np.quantile(gaps, 0.95) < 0.1


def test_it_takes_the_colours_of_another_theme(qtbot, viewer, add, gallery, settle):
    add(small_coins(), THRESHOLD)
    gallery.show_step("threshold")
    gallery.show()
    settle()
    grabs = []
    for theme in ("dark", "light", "dark"):
        viewer.theme = theme
        grabs.append(gallery.thumbnails.grab().toImage())
    assert grabs[0] != grabs[1]
    assert grabs[0] == grabs[2]


def test_every_control_has_a_name_and_a_tooltip(add, gallery, settle):
    add(small_coins(), THRESHOLD)
    gallery.show_step("threshold")
    gallery.show()
    controls = gallery.findChildren(QAbstractButton) + gallery.findChildren(QComboBox)
    assert len(controls) >= 12
    for control in controls:
        assert control.toolTip()
        assert control.accessibleName()
        assert control.focusPolicy() != Qt.FocusPolicy.NoFocus
