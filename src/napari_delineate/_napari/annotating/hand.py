"""Let tools edit one layer of labels, and record every edit in the session."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import napari
import numpy as np
from napari.layers import Image, Labels
from qtpy.QtCore import QObject, QTimer, Signal

from napari_delineate._napari.annotating.scene import OTHER_LABELS, Scene, scene_of
from napari_delineate._napari.layers import LayerError, level_0
from napari_delineate._napari.scales import (
    Stroke,
    can_write,
    is_in_memory,
    make_changes,
    set_labels,
    write,
)
from napari_delineate._napari.session import Session
from napari_delineate._napari.strokes import change_of_stroke
from napari_delineate.annotation.edits import (
    NOTHING,
    Change,
    Edit,
    bounding_box,
    change_of,
    take_back,
)
from napari_delineate.annotation.meaning import Annotation
from napari_delineate.annotation.object_index import ObjectIndex
from napari_delineate.arrays import label_dtype

__all__ = ["NO_BRUSH", "Hand"]

NO_BRUSH = (
    "napari does not paint on labels at several scales; take the brush among the tools. They edit "
    "the full size, and smaller scales follow."
)

_MORE_PARTS = 16
"""How many numbers a tool may need that makes several objects at once."""
_COPIED = " A copy in memory is edited now; save it to keep it."
_NO_IMAGE = "this tool looks at an image; choose one under Image"


class Hand(QObject):
    """Edit a layer of labels: all that tools know of the viewer.

    Parameters
    ----------
    session : Session
        The session that edits are recorded in.

    Signals
    -------
    turned : another layer is edited, or none
    edited : `Change` of the labels of the layer, whoever made it; None where all may differ
    said : a sentence for the person, and whether it is an error
    next_wanted : the next object that was not looked at is to be shown
    """

    turned = Signal()
    edited = Signal(object)
    said = Signal(str, bool)
    next_wanted = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.layer: Labels | None = None
        self.image: Image | None = None
        self._index: ObjectIndex | None = None

    @property
    def viewer(self) -> napari.Viewer:
        """The viewer."""
        return self.session.viewer

    # What is edited

    def take(self, layer: Labels | None) -> None:
        """Edit a layer, None to edit none."""
        if layer is self.layer:
            return
        if self.layer is not None:
            self.layer.events.paint.disconnect(self._on_paint)
            self.layer.events.data.disconnect(self._on_data)
        self.layer, self._index = layer, None
        if layer is not None:
            layer.events.paint.connect(self._on_paint)
            layer.events.data.connect(self._on_data)
        self.turned.emit()

    @property
    def objects(self) -> ObjectIndex:
        """The objects of the layer."""
        if self._index is None:
            self._index = ObjectIndex(level_0(self._shown()))
        return self._index

    def scene(self, *, with_image: bool = False) -> Scene:
        """Return what is edited of the layer now.

        Parameters
        ----------
        with_image : bool
            Whether the tool looks at the image.

        Raises
        ------
        LayerError
            If there is no layer, or no image that fits.
        """
        layer = self._labels()
        if with_image and self.image is None:
            raise LayerError(_NO_IMAGE)
        return scene_of(self.viewer, layer, self.image if with_image else None)

    def stack(self, *, with_image: bool = False, with_volumes: bool = False) -> Scene:
        """Return what is shown along a slider, as `scene`; volumes, too, where that is asked."""
        layer = self._labels()
        if with_image and self.image is None:
            raise LayerError(_NO_IMAGE)
        image = self.image if with_image else None
        return scene_of(self.viewer, layer, image, is_stack=True, with_volumes=with_volumes)

    def go_to_slice(self, scene: Scene, place: int) -> None:
        """Turn the slider along which a stack was edited."""
        self.turn_slider(scene.kept[scene.depth_axis], place)

    def turn_slider(self, axis: int, place: int) -> None:
        """Turn the slider of an axis of the layer to a place."""
        layer, viewer = self._shown(), self.viewer
        position = np.zeros(layer.ndim)
        position[axis] = place
        missing = viewer.dims.ndim - layer.ndim
        viewer.dims.set_point(axis + missing, layer.data_to_world(position)[axis])

    def whole(self) -> Scene:
        """Return all of the layer as what is edited, whatever is shown."""
        layer = self._labels()
        view = tuple(slice(0, int(size)) for size in level_0(layer).shape)
        return Scene(layer, None, view, (1.0,) * len(view), "pixel", view)

    def box(self, scene: Scene, numbers: Iterable[int]) -> tuple[slice, ...]:
        """Return a box of the scene that holds objects; `ValueError` where none is there."""
        found = [self.objects.box(number) for number in numbers]
        boxes = [scene.box(box) for box in found if box is not None]
        if not boxes:
            raise ValueError("there is no object at this place")
        return bounding_box(boxes)

    def new_number(self) -> int:
        """Return a number for a new object."""
        return self.objects.new_number()

    def make_room(self) -> None:
        """Let the layer hold the numbers of new objects, by a wider dtype where it must."""
        self.make_writable()
        self._make_room(self._labels(), self.new_number() + _MORE_PARTS)

    def make_writable(self) -> None:
        """Let pixels of the layer be written, those of a copy where they can not be."""
        layer = self._labels()
        if can_write(layer):
            return
        held = np.array(level_0(layer))
        set_labels(layer, held.astype(held.dtype.newbyteorder("="), copy=False))
        self.said.emit(
            f"The labels {layer.name!r} can not be written to where they are.{_COPIED}", False
        )

    @property
    def annotation(self) -> Annotation:
        """What the labels mean."""
        return Annotation() if self.layer is None else self.session.annotations.of(self.layer)

    @property
    def locked(self) -> frozenset[int]:
        """The objects that no tool changes."""
        return frozenset(self.annotation.locked)

    @property
    def preserve(self) -> bool:
        """Whether other objects are not painted over."""
        return self.layer is not None and bool(self.layer.preserve_labels)

    # Edits

    def edit(self, scene: Scene, edit: Edit | Sequence[Edit], title: str) -> bool:
        """Make an edit, or several as one, and record it.

        Parameters
        ----------
        scene : Scene
            What was edited.
        edit : Edit or sequence of Edit
            The edit of the scene's labels; the later of several come on top.
        title : str
            What it is called in the history.

        Returns
        -------
        bool
            Whether anything changed.
        """
        layer = self._begin(scene)
        edits = [edit] if isinstance(edit, Edit) else list(edit)
        self._make_room(layer, max(int(one.labels.max(initial=0)) for one in edits))
        if not make_changes(layer, (change_of(level_0(layer), scene.lifted(one)) for one in edits)):
            return False
        self.session.record_edits(lenient=True, title=title)
        self.make_room()  # before the next tool looks at the labels
        return True

    def begin_stroke(self, scene: Scene) -> Stroke:
        """Return a stroke on the layer at several scales, to be drawn bit by bit."""
        return Stroke(self._begin(scene))

    def end_stroke(self, stroke: Stroke, title: str) -> None:
        """Record a stroke."""
        if stroke.finish():
            self.session.record_edits(lenient=True, title=title)
            self.make_room()

    def _begin(self, scene: Scene) -> Labels:
        """Return the layer of a scene, ready to be edited."""
        layer = self._labels()
        if layer is not scene.layer or not scene.is_there:
            raise LayerError(OTHER_LABELS)
        self.make_writable()
        self._adopt(layer)
        return layer

    def annotate(self, annotation: Annotation) -> None:
        """Change what the labels mean."""
        self.session.annotations.annotate(self._shown(), annotation)

    def see(self, number: int, *, seen: bool = True) -> None:
        """Note that an object was looked at, or not; that is never undone."""
        self.session.annotations.see(self._shown(), number, seen=seen)
        self.edited.emit(NOTHING)

    @property
    def seen(self) -> set[int]:
        """The objects of the layer that were looked at."""
        return set() if self.layer is None else self.session.annotations.seen(self.layer)

    def _adopt(self, layer: Labels) -> None:
        """Let the layer belong to the session, so that what is done to it can be undone there."""
        if self.session.name_of(layer) is None:
            self.annotate(self.annotation)

    def _adopt_with(self, layer: Labels, change: Change) -> None:
        """Let a layer belong to the session that was as it is before the first stroke."""
        if self.layer is None or layer is not self.layer or self.session.name_of(layer) is not None:
            return
        self.make_writable()
        before = take_back(change)
        write(layer, before)
        self._learn(before)  # napari tells of the stroke a second time
        try:
            self._adopt(layer)
        except LayerError as error:
            self.said.emit(f"Strokes can not be undone with the rest: {error}", True)
        finally:
            make_changes(layer, [change])

    def _shown(self) -> Labels:
        if self.layer is None or self.layer not in self.viewer.layers:
            raise LayerError("choose or make an annotation first")
        return self.layer

    def _labels(self) -> Labels:
        layer = self._shown()
        if not (layer.editable or layer.multiscale):  # napari locks those at several scales
            raise LayerError(f"the layer {layer.name!r} can not be edited: unlock it first")
        if not layer.visible:
            raise LayerError(f"the layer {layer.name!r} is hidden: show it first")
        return layer

    def _make_room(self, layer: Labels, number: int) -> None:
        if number <= np.iinfo(layer.data.dtype).max:
            return
        wider = label_dtype(number)
        before = layer.data.dtype
        self._adopt(layer)
        is_copied = not is_in_memory(layer)
        set_labels(layer, np.asarray(level_0(layer)).astype(wider))
        self.session.record_edits(title=f"Store labels as {np.dtype(wider)}")
        text = (
            f"The labels are stored as {np.dtype(wider)} now: {before} holds no number "
            f"above {np.iinfo(before).max}."
        )
        self.said.emit(text + _COPIED if is_copied else text, False)

    def _on_paint(self, event: Any) -> None:
        change = change_of_stroke(event.source, event.value)
        self._learn(change)
        if change is not None and self.session.name_of(event.source) is None:
            # napari is still at it: its stroke is made again once it is known what was before.
            layer = event.source
            QTimer.singleShot(0, lambda: self._adopt_with(layer, change))

    def _learn(self, change: Change | None) -> None:
        """Know what changed, None where all may differ."""
        if change is None:
            self._index = None
        elif self._index is not None:
            self._index.note(change)
        self.edited.emit(change)

    def _on_data(self, _: Any) -> None:
        self._index = None
        self.edited.emit(None)
