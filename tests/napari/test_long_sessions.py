"""What a step costs grows no faster than the number of steps and layers."""

from __future__ import annotations

import sys

import pytest

from napari_delineate._napari import assistant as assistants
from napari_delineate._napari.anchors import Anchors
from napari_delineate._napari.fields import Fields
from napari_delineate._napari.session import Session
from napari_delineate._napari.states import states_of
from napari_delineate._napari.step_panel import StepPanel
from napari_delineate.catalogue import find
from napari_delineate.engine import Progress
from napari_delineate.types import Kind
from napari_delineate.workflow import Workflow, WorkflowInput

GAUSSIAN = "filters.gaussian"


def count_calls(act):
    """Return how many functions are called, which no other program makes more."""
    calls = 0

    def count(frame, event, argument):
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        act()
    finally:
        sys.setprofile(None)
    return calls


@pytest.fixture
def grow(session, viewer, coins):
    """Make a session have a number of steps in a chain; nothing is computed."""

    def add(number):
        workflow = session.workflow
        if not workflow.steps:
            session.run(GAUSSIAN, {"image": coins}, {})
            workflow = session.workflow
        while len(workflow.steps) < number:
            workflow = workflow.add(GAUSSIAN, {"image": workflow.steps[-1].outputs[0]})
        session.apply(workflow, evaluate=False)

    return add


def show_states(session):
    states_of(session, None)


def open_form(session):
    Fields(session, find(GAUSSIAN)).stop()


def select_last(session):
    StepPanel(session, session.workflow.steps[-1].name, live=False).stop()


@pytest.mark.parametrize("act", [show_states, open_form, select_last])
def test_twice_as_many_steps_take_at_most_about_twice_as_long(session, wait, grow, act):
    counts = []
    for number in (5, 40, 80):
        grow(number)
        wait()
        counts.append(count_calls(lambda: act(session)))
    # All that is done once for a step, and what is done once in all, is below this.
    assert counts[2] <= 2.2 * counts[1], counts


def test_hundreds_of_known_results_are_no_hundreds_of_refreshes(
    assistant, session, qtbot, monkeypatch
):
    counted = []
    show = assistants.states_of
    monkeypatch.setattr(assistants, "states_of", lambda *what: counted.append(1) or show(*what))
    monkeypatch.setattr(Session, "running", True)
    for number in range(300):
        session.progressed.emit(Progress("step", "Step", number, 300))
    qtbot.waitUntil(lambda: bool(counted), timeout=5000)
    assert len(counted) < 10
    monkeypatch.undo()


def test_corrected_labels_have_the_anchor_of_what_they_correct():
    described = WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0), version="coins@1")
    drawn = WorkflowInput(Kind.CORRECTIONS, "YX", (1.0, 1.0), version="strokes@2")
    workflow = Workflow().add_input("coins", described).add_input("strokes", drawn)
    workflow = workflow.add("segmentation.voronoi_otsu_labeling", {"image": "coins"})
    for _ in range(2):
        wired = {"labels": "labels", "corrections": "strokes"}
        workflow = workflow.add("postprocessing.apply_corrections", wired)
    first, second = (step.outputs[0] for step in workflow.steps[1:])
    anchors = Anchors(workflow)
    assert anchors.of["labels"] == anchors.of[first] == "voronoi_otsu_labeling 0 labels"
    assert anchors.of[second] == f"{workflow.steps[2].name} 0 labels"
    assert anchors.shown[anchors.of["labels"]] == first
    assert anchors.of["coins"] == "input coins"
    assert set(anchors.start.values()) == {"coins", "strokes"}
    assert anchors.start[second] == "coins"
