"""Whatever is done by hand, undone and done again at random: the history knows every state."""

from __future__ import annotations

import random

import numpy as np
import pytest
from napari.layers import Labels

from napari_delineate._napari.annotating.tools import TOOLS
from tests.napari.by_hand import as_bits, check_index, take_up, undo_all
from tests.napari.test_annotate_dock import draw

GROW = "postprocessing.expand_labels"


class Annotator:
    """Someone who annotates at random, always the same way for a seed."""

    def __init__(self, dock, seed, settle):
        self.dock, self.session, self.settle = dock, dock.session, settle
        self.random = random.Random(seed)
        self.states = []
        self.said = []

    def shown(self):
        """Return what is shown of the layer that is edited: all of it, or a slice."""
        layer = self.dock.hand.layer
        sliders = self.session.viewer.dims.current_step[: layer.ndim - 2]
        return layer.data[tuple(sliders)]

    def place(self, *, on_object):
        data = self.shown()
        if on_object and data.any():
            where = np.argwhere(data)
            return tuple(where[self.random.randrange(len(where))].tolist())
        return tuple(self.random.randrange(size) for size in data.shape)

    def act(self):
        choice = self.random.choices(
            ("tool", "paint", "undo", "redo", "step", "setting", "turn", "lock"),
            (8, 4, 4, 2, 1, 1, 1, 0.5),
        )[0]
        self.said.append(choice)
        getattr(self, f"do_{choice}")()
        self.look()

    def do_tool(self):
        name = self.random.choice([one for one in TOOLS if not one.is_for_scales]).name
        self.said.append(name)
        take_up(self.dock, name)
        is_solid = self.dock.hand.layer.ndim > 2 and self.random.random() < 0.3
        self.dock.solid.setChecked(is_solid)
        for _ in range(self.random.randint(1, 3)):
            points = [self.place(on_object=self.random.random() < 0.8) for _ in range(3)]
            draw(self.dock, *points[: self.random.randint(1, 3)])
        if self.random.random() < 0.8:
            self.dock.pointer._on_enter(None)
        self.dock.pointer.put_down()
        self.dock.solid.setChecked(False)

    def do_paint(self):
        layer = self.dock.hand.layer
        layer.brush_size = self.random.randint(1, 9)
        sliders = self.session.viewer.dims.current_step[: layer.ndim - 2]
        place = (*sliders, *self.place(on_object=False))
        layer.paint(place, self.random.choice([0, 1, int(layer.data.max()) + 1]))
        self.settle()
        self.session.record_edits()

    def do_undo(self):
        self.session.undo(self.random.randint(1, 3))
        self.settle()

    def do_redo(self):
        self.session.redo(self.random.randint(1, 3))
        self.settle()

    def do_step(self):
        if len(self.session.workflow.steps) < 3:
            layer = self.dock.hand.layer
            distance = round(self.random.uniform(1, 6), 1)
            self.session.run(GROW, {"labels": layer}, {"distance": distance})
            self.settle()

    def do_setting(self):
        steps = [one for one in self.session.workflow.steps if one.operation == GROW]
        if steps:
            step = self.random.choice(steps)
            distance = round(self.random.uniform(1, 6), 1)
            self.session.change(step.name, parameters={"distance": distance})
            self.settle()

    def do_turn(self):
        viewer = self.session.viewer
        labels = [layer for layer in viewer.layers if isinstance(layer, Labels)]
        viewer.layers.selection.active = self.random.choice(labels)
        if viewer.dims.ndim > 2:
            viewer.dims.set_point(0, self.random.randrange(int(viewer.dims.nsteps[0])))

    def do_lock(self):
        hand, number = self.dock.hand, self.random.randint(1, 5)
        hand.annotate(hand.annotation.with_lock(number, locked=number not in hand.locked))

    def look(self):
        """What the layers show belongs to the state of the history, whenever it comes back."""
        self.settle()
        check_index(self.dock)
        layers = {
            name: as_bits(layer)
            for name in self.session.workflow.values
            if (layer := self.session.layer(name)) is not None
        }
        past = self.session.history.past
        for known, shown in self.states:
            if known == self.session.workflow:
                assert {n: b for n, b in layers.items() if n in shown} == {
                    n: b for n, b in shown.items() if n in layers
                }, self.said
                break
        else:
            self.states.append((self.session.workflow, layers))
        self.said.append((self.session.name_of(self.dock.hand.layer), len(past)))
        if self.random.random() < 0.1:
            self.session.store.compact()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "seed"), [("nuclei", 0), ("nuclei", 1), ("nuclei", 2), ("embryo", 3), ("embryo", 4)]
)
def test_whatever_is_done_is_undone_and_done_again(
    request, viewer, session, annotate, settle, given, seed
):
    image, drawn = request.getfixturevalue(given)
    part = (..., slice(90), slice(110))
    viewer.add_image(image[part], name=given, axis_labels="zyx"[-image.ndim :])
    layer = annotate.new.make()
    first = as_bits(layer)
    places = np.nonzero(drawn[part])
    layer.data_setitem(places, drawn[part][places])
    session.record_edits()
    person = Annotator(annotate, seed, settle)
    for _ in range(60):
        person.act()
    assert len(person.states) > 10
    undo_all(session, settle, layer, first)
    check_index(annotate)
