"""Make the pictures of annotating by hand, by doing it with every tool."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.image import imsave
from numpy.typing import NDArray
from picture_window import IMAGES, Window, wait
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QImage
from qtpy.QtTest import QTest

from napari_delineate import voxels
from napari_delineate._napari.annotate_dock import AnnotateDock
from napari_delineate._napari.annotating.tool_box import key_in_words
from napari_delineate._napari.annotating.tools import TOOLS
from napari_delineate._napari.visible import camera_of

Point = tuple[float, float]

COINS = [(125, 102), (127, 153), (124, 205), (197, 43), (198, 154), (125, 337)]
"""Centres of coins in the sample."""
_PANEL = 260  # pixels
_CUT = ((-200, -110), (170, 80))
"""Where the plane of the 3D view begins and ends, in pixels from the middle of the canvas."""


class Gesture(NamedTuple):
    """Say what is done with the pointer: where it goes with the button down, with which keys."""

    points: Sequence[Point]
    keys: tuple[str, ...] = ()


class Scene(NamedTuple):
    """Say what a tool is shown with."""

    tool: str
    labels: Callable[[tuple[int, ...]], NDArray[np.int32]]
    gestures: Sequence[Gesture]
    accept: bool = False
    look: Point = (125, 102)
    width: float = 80
    settings: Mapping[str, Any] = {}
    drawn: Sequence[int] = (16,)
    shown: int = 16


def disc(shape: tuple[int, ...], centre: Point, radius: float) -> NDArray[np.bool_]:
    """Return a disc in an image."""
    rows, columns = np.indices(shape)
    return np.hypot(rows - centre[0], columns - centre[1]) < radius


def nothing(shape: tuple[int, ...]) -> NDArray[np.int32]:
    """Return labels without objects."""
    return np.zeros(shape, np.int32)


def one(radius: float, at: Point = COINS[0]) -> Callable[[tuple[int, ...]], NDArray[np.int32]]:
    """Return what makes labels of one disc."""
    return lambda shape: disc(shape, at, radius).astype(np.int32)


def halves(shape: tuple[int, ...]) -> NDArray[np.int32]:
    """Return a coin in two pieces, beside another one."""
    labels = disc(shape, COINS[0], 20).astype(np.int32)
    labels[:, 105:] *= 2
    labels[disc(shape, COINS[1], 20)] = 3
    return labels


def two_as_one(shape: tuple[int, ...]) -> NDArray[np.int32]:
    """Return two coins as one object, joined by a bridge."""
    labels = disc(shape, COINS[0], 20) | disc(shape, COINS[1], 20)
    labels[121:131, 102:153] = True
    return labels.astype(np.int32)


def holed(shape: tuple[int, ...]) -> NDArray[np.int32]:
    """Return a coin with holes."""
    labels = disc(shape, COINS[0], 20)
    for centre, radius in (((120, 97), 4), ((132, 108), 6), ((118, 110), 2.5)):
        labels &= ~disc(shape, centre, radius)
    return labels.astype(np.int32)


def speckled(shape: tuple[int, ...]) -> NDArray[np.int32]:
    """Return a coin with specks that have its number."""
    labels = disc(shape, COINS[0], 19)
    for centre in ((100, 80), (105, 128), (150, 88), (148, 125), (120, 70)):
        labels |= disc(shape, centre, 3)
    return labels.astype(np.int32)


def apart(shape: tuple[int, ...]) -> NDArray[np.int32]:
    """Return two coins with one number."""
    return (disc(shape, COINS[0], 20) | disc(shape, COINS[1], 20)).astype(np.int32)


def two(shape: tuple[int, ...]) -> NDArray[np.int32]:
    """Return two coins with a number each."""
    labels = disc(shape, COINS[0], 20).astype(np.int32)
    labels[disc(shape, COINS[1], 20)] = 2
    return labels


def ragged(shape: tuple[int, ...]) -> NDArray[np.int32]:
    """Return a coin as a shaking hand outlines it."""
    rows, columns = np.indices(shape)
    rows, columns = rows - COINS[0][0], columns - COINS[0][1]
    wave = 19 + 3 * np.sin(22 * np.arctan2(rows, columns))
    return (np.hypot(rows, columns) < wave).astype(np.int32)


BOTH: dict[str, Any] = {"look": (126, 128), "width": 110}
OBJECTS = (
    Scene("merge", halves, [Gesture([(125, 92), (126, 102), (125, 114)])], **BOTH),
    Scene("delete", two, [Gesture([(127, 153)])], **BOTH),
    Scene("fill_holes", holed, [Gesture([(112, 102)])]),
    Scene("keep_component", speckled, [Gesture([(125, 102)])]),
    Scene("separate", apart, [Gesture([(125, 102)])], **BOTH),
    Scene("smooth", ragged, [Gesture([(125, 102)])], settings={"radius": voxels(3)}),
    Scene("grow", one(16), [Gesture([(125, 102)])], settings={"distance": voxels(5)}),
    Scene("shrink", one(24), [Gesture([(125, 102)])], settings={"distance": voxels(5)}),
)
SPLITS = (
    Scene("split_line", two_as_one, [Gesture([(110, 126), (125, 128), (142, 130)])], **BOTH),
    Scene("split_points", two_as_one, [Gesture([(125, 102)]), Gesture([(127, 153)])], True, **BOTH),
    Scene("split_shape", two_as_one, [Gesture([(126, 110)])], **BOTH),
)
NUCLEI: dict[str, Any] = {"look": (66, 62), "width": 70}
CROWD: dict[str, Any] = {"look": (128, 148), "width": 90}
FROM_IMAGE = (
    Scene("wand", nothing, [Gesture([(66, 49), (66, 68)])], **NUCLEI),
    Scene("level", nothing, [Gesture([(52, 49), (55, 49)])], **NUCLEI),
    Scene("box", nothing, [Gesture([(50, 33), (83, 65)])], **NUCLEI),
    Scene(
        "seeds",
        nothing,
        [Gesture([place]) for place in ((115, 136), (136, 166))]
        + [Gesture([(104, 160)], ("Control",))],
        True,
        **CROWD,
    ),
    Scene(
        "scribble",
        nothing,
        [
            Gesture([(110, 132), (115, 137), (120, 140)]),
            Gesture([(100, 118), (128, 122), (134, 142), (112, 156), (98, 140)], ("Control",)),
        ],
        True,
        **CROWD,
    ),
    Scene(
        "trace",
        nothing,
        [Gesture([place]) for place in ((102, 136), (115, 149), (127, 136), (115, 123))],
        True,
        **CROWD,
    ),
)
NUCLEUS = one(12, (66, 49))
SLICES = (
    Scene("interpolate", NUCLEUS, [Gesture([(66, 49)])], drawn=(13, 19), **NUCLEI),
    Scene("copy_slices", NUCLEUS, [Gesture([(66, 49)])], shown=17, **NUCLEI),
    Scene("propagate", NUCLEUS, [Gesture([(66, 49)])], shown=17, **NUCLEI),
    Scene(
        "cut_plane", NUCLEUS, [Gesture([(50, 44), (82, 54)])], drawn=(14, 15, 16, 17, 18), **NUCLEI
    ),
)


class Person:
    """Someone who annotates in a window, and takes pictures of it."""

    def __init__(self, sample: str) -> None:
        self.window = Window(width=1280, height=860, dock=340)
        self.viewer = self.window.viewer
        self.window.open(sample)
        self.dock = AnnotateDock(self.viewer)
        self.viewer.window.add_dock_widget(self.dock, name="Annotate", area="right", tabify=True)
        self.layer = self.dock.new.make()
        self.layer.mode = "pan_zoom"
        self.window.rest()

    def look(self, centre: Point, width: float) -> None:
        """Show a square part of the image in the middle of the canvas."""
        scale = self.layer.scale[-2:]
        self.viewer.camera.center = (0, *np.multiply(centre, scale))
        self.viewer.camera.zoom = _PANEL / (width * scale[-1])

    def canvas(self) -> NDArray[np.uint8]:
        """Return what the middle of the canvas shows."""
        wait(at_least=0.15)
        shown = self.viewer.screenshot(canvas_only=True, flash=False)
        top, left = ((size - _PANEL) // 2 for size in shown.shape[:2])
        return shown[top : top + _PANEL, left : left + _PANEL, :3]

    def with_cursor(self, shown: NDArray[np.uint8], at: Any) -> NDArray[np.uint8]:
        """Return a picture with the pointer at a place: pictures of windows leave it out."""
        cursor = self.qt_canvas.cursor()
        image = cursor.pixmap().toImage().convertToFormat(QImage.Format.Format_RGBA8888)
        bits = image.constBits().asstring(image.sizeInBytes())
        pixels = np.frombuffer(bits, np.uint8).reshape(image.height(), image.width(), 4)
        top, left = np.rint(at).astype(int) - (cursor.hotSpot().y(), cursor.hotSpot().x())
        rows = slice(max(top, 0), min(top + len(pixels), len(shown)))
        columns = slice(max(left, 0), min(left + pixels.shape[1], shown.shape[1]))
        pixels = pixels[rows.start - top : rows.stop - top, columns.start - left :][
            :, : columns.stop - columns.start
        ]
        solid = pixels[..., 3:] / 255
        found = shown.copy()
        found[rows, columns] = np.rint(
            solid * pixels[..., :3] + (1 - solid) * shown[rows, columns]
        ).astype(np.uint8)
        return found

    @property
    def qt_canvas(self) -> Any:
        """The widget that the viewer draws in."""
        return self.viewer.window._qt_viewer.canvas.native

    def event(self, kind: str, place: Point, keys: Sequence[str]) -> Any:
        """Return what napari tells of the pointer."""
        event = type("Event", (), {})()
        world = np.multiply(place, self.layer.scale[-2:])
        event.type, event.position = kind, (*self.viewer.dims.point[:-2], *world)
        event.modifiers, event.button, event.view_direction = tuple(keys), 1, None
        return event

    def do(self, gesture: Gesture) -> Callable[[], None]:
        """Press and move, and return what lets go."""
        event = self.event("mouse_press", gesture.points[0], gesture.keys)
        steps = self.dock.pointer._on_drag(self.viewer, event)
        next(steps)
        for point in gesture.points[1:]:
            moved = self.event("mouse_move", point, gesture.keys)
            event.type, event.position = "mouse_move", moved.position
            next(steps)

        def let_go() -> None:
            event.type = "mouse_release"
            next(steps, None)

        return let_go

    def slice(self, number: int) -> None:
        """Go to a slice, where there are some."""
        if self.layer.ndim > 2:
            self.viewer.dims.set_point(0, number * self.layer.scale[0])

    def shots(self, scene: Scene) -> list[NDArray[np.uint8]]:
        """Use a tool, and return what is seen while it is used, and after it."""
        data = np.zeros(self.layer.data.shape, np.int32)
        stack = data if data.ndim > 2 else data[None]
        stack[list(scene.drawn) if data.ndim > 2 else 0] = scene.labels(data.shape[-2:])
        self.layer.data = data.copy()
        self.layer.n_edit_dimensions = 3 if scene.tool == "cut_plane" else 2
        self.slice(scene.drawn[0])
        self.window.rest()
        self.look(scene.look, scene.width)
        pointer = self.dock.pointer
        pointer.take_up(scene.tool)
        edits = self.dock.box.form_of(scene.tool).edits
        for name, value in scene.settings.items():
            edits[name].set_value(value)
        seen = self.canvas()
        *first, last = scene.gestures
        for gesture in first:
            self.do(gesture)()
            self.window.rest()
        let_go = self.do(last)
        if scene.accept:
            let_go()
        if scene.accept or len(last.points) > 1:
            wait(at_least=0.3)
            seen = self.canvas()
        at = (np.array(last.points[-1]) - scene.look) * (_PANEL / scene.width) + _PANEL / 2
        seen = self.with_cursor(seen, at)
        if scene.accept:
            pointer._on_enter(None)
        else:
            let_go()
        self.window.rest()
        pointer.put_down()
        if np.array_equal(self.layer.data, data):
            raise RuntimeError(f"{scene.tool}: {self.dock.message.text()}")
        self.slice(scene.shown)
        return [seen, self.canvas()]

    def close(self) -> None:
        """Close the window."""
        self.dock.stop()
        self.window.close()


def draw(person: Person, scenes: Sequence[Scene], path: Path) -> None:
    """Save a picture of what every tool does: with the gesture, and after it."""
    tools = {tool.name: tool for tool in TOOLS}
    pairs = 4 if len(scenes) % 4 == 0 else 3
    rows = -(-len(scenes) // pairs)
    side, gap, title = 1.5, 0.04, 0.28  # inches
    width, height = pairs * (2 * side + 4 * gap), rows * (side + title)
    figure = Figure(figsize=(width, height), dpi=120, facecolor="white")
    for number, scene in enumerate(scenes):
        tool, shots = tools[scene.tool], person.shots(scene)
        left = width / pairs * (number % pairs) + gap
        top = height - (side + title) * (number // pairs)
        figure.text(
            left / width,
            (top - title * 0.75) / height,
            f"{tool.title}  ({key_in_words(tool.key)})",
            fontsize=9,
            fontweight="bold",
            color="black",
        )
        panels = [
            figure.add_axes(
                (
                    (left + place * (side + gap)) / width,
                    (top - title - side) / height,
                    side / width,
                    side / height,
                )
            )
            for place in range(2)
        ]
        for axes, shown in zip(panels, shots, strict=True):
            axes.imshow(shown)
            axes.set_axis_off()
        scale = _PANEL / scene.width
        for gesture in scene.gestures:
            way = (np.array(gesture.points) - np.array(scene.look)) * scale + _PANEL / 2
            panels[0].plot(
                way[:, 1],
                way[:, 0],
                "-" if len(way) > 1 else "o",
                color="#00c8ff" if "Control" in gesture.keys else "#ffd000",
                markerfacecolor="none",
                markersize=9,
                markeredgewidth=1.6,
                linewidth=1.2,
            )
    figure.savefig(path)


def volume(path: Path) -> None:
    """Show how a plane cuts nuclei in the 3D view, with the mouse."""
    person = Person("nuclei")
    window, viewer = person.window, person.viewer
    window.add("segmentation.gauss_otsu_labeling", on="nuclei")
    window.hide("nuclei", "labels")
    found = np.asarray(viewer.layers["labels"].data)
    touching = found == np.argmax(np.bincount(found.ravel())[1:]) + 1
    person.layer.data = 2 * touching.astype(np.int32)  # which is bright
    viewer.layers.selection.active = person.layer
    viewer.dims.ndisplay = 3
    viewer.reset_view()
    camera = camera_of(viewer)
    middle_of = np.mean(np.nonzero(touching), axis=1)
    camera.center = tuple(person.layer.data_to_world(middle_of))
    camera.angles = (0, 20, 90)
    camera.zoom *= 3
    canvas, button = person.qt_canvas, Qt.MouseButton.LeftButton
    middle = canvas.rect().center()
    person.dock.pointer.take_up("cut_plane")
    ends = [middle + QPoint(*one) for one in _CUT]
    panels = []
    QTest.mouseMove(canvas, ends[0])
    QTest.mousePress(canvas, button, pos=ends[0])
    for share in np.linspace(0, 1, 9)[1:]:
        QTest.mouseMove(canvas, ends[0] + (ends[1] - ends[0]) * float(share))
        wait(at_least=0.05)
    side = min(canvas.width(), canvas.height())
    panels.append(_square(person.with_cursor(_shown(viewer), (ends[1].y(), ends[1].x())), side))
    before = np.array(person.layer.data)
    QTest.mouseRelease(canvas, button, pos=ends[1])
    window.rest()
    if np.array_equal(person.layer.data, before):
        raise RuntimeError(f"cut_plane: {person.dock.message.text()}")
    person.dock.pointer.put_down()
    panels.append(_square(_shown(viewer), side))
    camera.angles = (0, 20, 40)
    panels.append(_square(_shown(viewer), side))
    figure = Figure(figsize=(9, 3), dpi=120, facecolor="white")
    for axes, panel in zip(figure.subplots(1, 3), panels, strict=True):
        axes.imshow(panel)
        axes.set_axis_off()
    figure.subplots_adjust(0, 0, 1, 1, 0.02, 0)
    figure.savefig(path)
    person.close()


def _shown(viewer: Any) -> NDArray[np.uint8]:
    wait(at_least=0.4)
    shown: NDArray[np.uint8] = viewer.screenshot(canvas_only=True, flash=False)[..., :3]
    return shown


def _square(shown: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    top, left = ((size - side) // 2 for size in shown.shape[:2])
    return shown[top : top + side, left : left + side]


def correcting() -> None:
    """Show the dock while a computed result is corrected: a stroke joins a coin that was cut."""
    person = Person("coins")
    window, viewer, dock = person.window, person.viewer, person.dock
    window.add("segmentation.voronoi_otsu_labeling", on="coins", spot_sigma=voxels(7))
    window.hide("coins annotation")
    person.layer = viewer.layers["labels"]
    viewer.layers.selection.active = person.layer
    window.rest()
    viewer.reset_view()
    dock.pointer.take_up("merge")
    dock.objects.table.selectRow(3)
    viewer.reset_view()
    stroke = Gesture([(180, 332), (187, 347), (184, 362)])
    let_go = person.do(stroke)
    wait(at_least=0.6)
    camera, canvas = camera_of(viewer), person.qt_canvas
    row, column = np.subtract(stroke.points[-1], camera.center[-2:]) * camera.zoom
    at = canvas.mapTo(viewer.window._qt_window, canvas.rect().center())
    shown = viewer.screenshot(canvas_only=False, flash=False)[..., :3]
    imsave(IMAGES / "annotate_dock.png", person.with_cursor(shown, (at.y() + row, at.x() + column)))
    let_go()
    person.close()


def deciding() -> None:
    """Show corrections whose objects are gone since the coins were found anew."""
    person = Person("coins")
    window, viewer, dock = person.window, person.viewer, person.dock
    window.add("segmentation.voronoi_otsu_labeling", on="coins", spot_sigma=voxels(7))
    window.hide("coins annotation")
    person.layer = viewer.layers["labels"]
    viewer.layers.selection.active = person.layer
    window.rest()
    dock.pointer.take_up("merge")
    for way in ([(28, 335), (52, 347), (51, 320)], [(180, 332), (187, 347), (184, 362)]):
        person.do(Gesture(way))()
        window.rest()
    dock.pointer.put_down()
    window.session.change("voronoi_otsu_labeling", parameters={"spot_sigma": voxels(10)})
    window.rest()
    wait(lambda: dock.conflicts.list.count() > 0)
    for title in ("New annotation", "Tools"):
        dock.sections[title].set_open(False)
    dock.conflicts.list.setCurrentRow(0)
    viewer.reset_view()
    window.shot(IMAGES / "annotate_conflicts.png")
    person.close()


def annotating() -> None:
    """Show what every tool does, and the dock."""
    person = Person("coins")
    draw(person, OBJECTS, IMAGES / "annotate_objects.png")
    draw(person, SPLITS, IMAGES / "annotate_splitting.png")
    person.close()
    person = Person("nuclei")
    person.viewer.layers["nuclei"].contrast_limits = (200, 5500)
    draw(person, FROM_IMAGE, IMAGES / "annotate_image.png")
    draw(person, SLICES, IMAGES / "annotate_slices.png")
    person.close()
    volume(IMAGES / "annotate_volume.png")
    correcting()
    deciding()
