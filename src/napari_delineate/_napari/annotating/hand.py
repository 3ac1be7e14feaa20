"""Let tools edit one layer of labels, and record every edit in the session."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import napari
import numpy as np
from napari.layers import Image, Labels
from qtpy.QtCore import QObject, QTimer, Signal

from napari_delineate._napari.annotating.counting import Counting, is_counted_at_once
from napari_delineate._napari.annotating.scene import OTHER_LABELS, Scene, scene_of
from napari_delineate._napari.drawings import is_being_edited
from napari_delineate._napari.layers import LayerError, level_0
from napari_delineate._napari.scales import (
    Stroke,
    can_write,
    is_in_memory,
    make_changes,
    set_labels,
)
from napari_delineate._napari.session import Session
from napari_delineate._napari.strokes import change_of_stroke, show_change
from napari_delineate.annotation.edits import (
    NOTHING,
    Change,
    Edit,
    apart,
    bounding_box,
    change_of,
    joined,
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
    counted : the objects are known now that were counted in the background
    said : a sentence for the person, and whether it is an error
    next_wanted : the next object that was not looked at is to be shown
    """

    turned = Signal()
    edited = Signal(object)
    counted = Signal()
    said = Signal(str, bool)
    next_wanted = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.layer: Labels | None = None
        self.image: Image | None = None
        self._index: ObjectIndex | None = None
        self._counting: Counting | None = None
        self._early: list[Change] = []  # strokes on a layer that the session does not know yet

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
        self._adopt_with_strokes()
        self.layer = layer
        self._forget_objects()
        if layer is not None:
            layer.events.paint.connect(self._on_paint)
            layer.events.data.connect(self._on_data)
        self.turned.emit()

    @property
    def objects(self) -> ObjectIndex:
        """The objects of the layer; who asks waits until they are counted."""
        known = self.known_objects
        if known is not None:
            return known
        assert self._counting is not None
        return self._keep(self._counting.index())

    @property
    def known_objects(self) -> ObjectIndex | None:
        """The objects of the layer; None while they are counted in the background."""
        labels = level_0(self._shown())
        if self._index is not None:
            return self._index
        if self._counting is not None:
            return self._keep(self._counting.index()) if self._counting.is_finished else None
        if is_counted_at_once(labels):
            return self._keep(ObjectIndex(labels))
        self._counting = Counting(labels, self._is_painted)
        self._counting.finished.connect(self._on_counted)
        return None

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

    def boxes(self, scene: Scene, numbers: Sequence[int]) -> list[tuple[slice, ...]]:
        """Return boxes of the scene that hold objects and do not meet; see `box`."""
        boxes = [scene.box(box) for box in self.objects.boxes(numbers) if scene.has_part_of(box)]
        if not boxes:
            raise ValueError("there is no object at this place")
        return boxes

    def new_number(self) -> int:
        """Return a number for a new object."""
        return self.objects.new_number()

    def make_room(self) -> None:
        """Let the layer hold the numbers of new objects, by a wider dtype where it must."""
        self.make_writable()
        known = self.known_objects
        if known is not None:
            self._make_room(self._labels(), known.new_number() + _MORE_PARTS)

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
        changes = (
            joined([change_of(level_0(layer), scene.lifted(one)) for one in together])
            for together in apart(edits)
        )
        if not make_changes(layer, changes):
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

    def _adopt_with_strokes(self) -> None:
        """Let a layer belong to the session that was as it is before the first stroke."""
        layer, strokes, self._early = self.layer, self._early, []
        is_known = layer is None or self.session.name_of(layer) is not None
        if layer is None or is_known or not strokes or layer not in self.viewer.layers:
            return
        change = joined(strokes)
        self.make_writable()
        show_change(layer, take_back(change))
        try:
            self._adopt(layer)
        except LayerError as error:
            self.said.emit(f"Strokes can not be undone with the rest: {error}", True)
        finally:
            show_change(layer, change)
            self._early = []  # those that were just made again

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

    # The objects

    def _keep(self, index: ObjectIndex) -> ObjectIndex:
        """Keep what was counted, unless something is being painted that nobody knows yet."""
        if not self._is_painted():
            self._index = index
        return index

    def _forget_objects(self) -> None:
        counting, self._counting, self._index = self._counting, None, None
        if counting is not None:
            counting.stop()
            counting.finished.disconnect(self._on_counted)

    def _is_painted(self) -> bool:
        return is_being_edited(self.viewer)

    def _on_counted(self) -> None:
        self.counted.emit()
        if self._index is not None:
            self._counting = None

    def _note(self, change: Change) -> None:
        if self._index is not None:
            self._index.note(change)
        elif self._counting is not None:
            self._counting.note(change)

    def _on_paint(self, event: Any) -> None:
        change = change_of_stroke(event.source, event.value)
        if change is None:
            self._forget_objects()
        else:
            self._note(change)
        self.edited.emit(change)
        if change is not None and self.session.name_of(event.source) is None:
            # napari is still at it: its stroke is made again once it is known what was before.
            self._early.append(change)
            QTimer.singleShot(0, self._adopt_with_strokes)

    def _on_data(self, _: Any) -> None:
        self._forget_objects()
        self.edited.emit(None)
