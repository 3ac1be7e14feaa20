"""Random sessions: whatever a person does, layers agree with the workflow, and undo undoes."""

from __future__ import annotations

import random
import threading

import numpy as np
import pytest
from napari.layers import Labels
from qtpy.QtWidgets import QDialog

from napari_delineate import catalogue, rewiring, voxels
from napari_delineate._napari.opening import OpenDialog, open_workflow
from napari_delineate.engine import Engine
from napari_delineate.files import read_workflow, write_workflow
from napari_delineate.types import Kind, Quantity
from tests import inputs
from tests.napari import truth

OPERATIONS = (
    "filters.gaussian",
    "filters.median",
    "filters.white_tophat",
    "filters.difference_of_gaussians",
    "segmentation.threshold",
    "segmentation.label_connected_components",
    "segmentation.gauss_otsu_labeling",
    "segmentation.voronoi_otsu_labeling",
    "postprocessing.clear_border",
    "postprocessing.expand_labels",
    "postprocessing.filter_by_size",
    "postprocessing.relabel_sequential",
    "postprocessing.smooth_labels",
)

pytestmark = pytest.mark.usefixtures("notebook_is_true")


class Person:
    """Someone who clicks at random, always the same way for a seed."""

    def __init__(self, session, settle, seed, folder):
        self.session, self.settle, self.folder = session, settle, folder
        self.random = random.Random(seed)
        self.truth = Engine()
        self.said = []

    def act(self):
        names = [name for name in dir(self) if name.startswith("do_")]
        weights = [
            6 if name in ("do_add", "do_change", "do_undo", "do_paint") else 2 for name in names
        ]
        while True:
            name = self.random.choices(names, weights)[0]
            if getattr(self, name)() is not None:
                break
        self.said.append(name)
        self.settle()
        try:
            truth.check(self.session, self.truth)
        except AssertionError as error:
            raise AssertionError(f"after {', '.join(self.said)}: {error}") from error

    def step(self):
        steps = self.session.workflow.steps
        return self.random.choice(steps) if steps else None

    def layer(self, kind):
        layers = [one for one in self.session.viewer.layers if isinstance(one, kind)]
        return self.random.choice(layers) if layers else None

    def do_add(self):
        if len(self.session.workflow.steps) > 7:
            return self.do_delete()
        operation = catalogue.find(self.random.choice(OPERATIONS))
        fits = [
            layer
            for layer in self.session.viewer.layers
            if (kind := self.session.kind(layer))
            and catalogue.accepts(operation.inputs[0].kind, kind)
        ]
        if not fits:
            return None
        layer = self.random.choice(fits)
        return self.session.run(operation.id, {operation.inputs[0].name: layer}, {})

    def do_change(self):
        step = self.step()
        if step is None:
            return None
        settings = [
            one
            for one in catalogue.find(step.operation).settings
            if one.quantity is Quantity.LENGTH and "high" not in one.name
        ]
        if not settings:
            return None
        name = self.random.choice(settings).name
        for _ in range(self.random.randint(1, 3)):
            self.session.change(step.name, parameters={name: voxels(self.random.randint(0, 3))})
        return name

    def do_swap(self):
        step = self.step()
        if step is None:
            return None
        entry = catalogue.find(step.operation).inputs[0]
        unfit = {step.name, *self.session.workflow.dependants(step.name)}
        fits = [
            name
            for name, value in self.session.workflow.values.items()
            if catalogue.accepts(entry.kind, value.kind)
            and getattr(self.session.workflow.maker(name), "name", None) not in unfit
        ]
        try:
            self.session.change(step.name, inputs={entry.name: self.random.choice(fits)})
        except ValueError:
            return None  # a step that is bypassed must give what it takes
        return step

    def do_branch(self):
        step = self.step()
        if step is None or len(self.session.workflow.steps) > 6:
            return None
        self.session.apply(rewiring.duplicate(self.session.workflow, step.name))
        return step

    def do_delete(self):
        step = self.step()
        if step is None:
            return None
        try:
            left = rewiring.take_out(self.session.workflow, step.name)
        except ValueError:
            left = self.session.workflow.remove(step.name, with_dependants=True)
        self.session.apply(left)
        return step

    def do_bypass(self):
        step = self.step()
        try:
            changed = self.session.workflow.change(step.name, bypassed=not step.bypassed)
        except (ValueError, AttributeError):
            return None
        self.session.apply(changed)
        return step

    def do_rename(self):
        values = list(self.session.workflow.values)
        if not values:
            return None
        workflow = self.session.workflow
        old = self.random.choice(values)
        self.session.apply(
            workflow.rename(old, workflow.unique_name(f"thing {self.random.randint(0, 9)}"))
        )
        return old

    def do_rename_layer(self):
        self.random.choice(self.session.viewer.layers).name = f"layer {self.random.randint(0, 9)}"
        return True

    def do_delete_layer(self):
        layers = list(self.session.viewer.layers)[1:]
        if not layers:
            return None
        self.session.viewer.layers.remove(self.random.choice(layers))
        return True

    def do_show(self):
        without = self.session.without_layer()
        hidden = [name for name in without if self.session.is_deleted(name)]
        if not hidden:
            return None
        self.session.show(self.random.choice(hidden))
        return True

    def do_paint(self):
        layer = self.layer(Labels)
        if layer is None or self.session.name_of(layer) is None or not layer.visible:
            return None
        if self.session.kind(layer) is not Kind.LABELS:
            return None
        layer.brush_size = self.random.randint(1, 6)
        place = [self.random.randint(2, 20) for _ in range(layer.ndim)]
        layer.paint(place, self.random.choice([0, 1, int(layer.data.max()) + 1]))
        return True

    def do_undo(self):
        self.session.undo(self.random.randint(1, 3))
        return True

    def do_redo(self):
        if not self.session.history.future:
            return None
        self.session.redo()
        return True

    def do_replace(self):
        step = self.step()
        if step is None:
            return None
        category = catalogue.find(step.operation).category
        others = [
            one.id
            for one in catalogue.operations()
            if one.category == category and one.id in OPERATIONS
        ]
        try:
            replaced = self.session.workflow.replace(
                step.name, self.random.choice(others or [step.operation])
            )
        except (ValueError, TypeError, KeyError):
            return None
        self.session.apply(replaced)
        return step

    def do_save_and_open(self):
        if not self.session.workflow.steps or self.session.results.errors:
            return None
        path = self.folder / "saved.json"
        write_workflow(path, *self.session.to_save())
        self.settle()
        return open_workflow(self.session, read_workflow(path)) or None


@pytest.fixture
def settle(qtbot, session):
    def wait():
        qtbot.wait(10)
        qtbot.waitUntil(lambda: not session.running, timeout=30_000)

    return wait


@pytest.mark.parametrize(
    ("actions", "seed"),
    [(100, 1), pytest.param(1000, 2, marks=pytest.mark.slow)],
)
@pytest.mark.slow
def test_random_actions(viewer, session, settle, tmp_path, monkeypatch, actions, seed):
    # Where it is asked which layers the inputs are, the answer proposed is taken.
    monkeypatch.setattr(OpenDialog, "exec", lambda _: QDialog.DialogCode.Accepted)
    threads = set()
    viewer.layers.events.inserted.connect(lambda _: threads.add(threading.current_thread()))
    image = viewer.add_image(inputs.image(2), name="image")
    mine = viewer.add_labels(inputs.labels(2).copy(), name="mine")
    first = image.data.copy(), mine.data.copy()
    person = Person(session, settle, seed, tmp_path)
    for _ in range(actions):
        person.act()
    assert len(set(person.said)) > 10
    assert threads == {threading.main_thread()}
    # Undo to the start, which gives the first state bit for bit; redo brings all back.
    entries, last = len(session.history.past), session.workflow
    for _ in range(entries):
        session.undo()
    settle()
    assert session.history.past == ()
    assert session.workflow.steps == ()
    assert np.array_equal(image.data, first[0])
    assert np.array_equal(mine.data, first[1])
    session.redo(entries)
    settle()
    assert session.workflow == last
    truth.check(session, person.truth)
