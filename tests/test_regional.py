"""Regions computed first: exact, small, and only where it is worth it."""

from __future__ import annotations

import numpy as np
import pytest

from napari_delineate import regional, voxels
from napari_delineate.engine import Engine
from napari_delineate.regional import compute_region, outdated
from napari_delineate.regions import crop, place_in
from napari_delineate.types import Kind
from napari_delineate.values import Value
from napari_delineate.workflow import Workflow, WorkflowInput

IMAGE = Value.of(
    np.random.default_rng(0).normal(100, 20, (12, 80, 90)).astype(np.float32), Kind.IMAGE
)
REGION = {"Z": (3, 5), "Y": (20, 50), "X": (10, 45)}


@pytest.fixture(autouse=True)
def _always(monkeypatch):
    monkeypatch.setattr(regional, "_QUICK", 0.0)
    monkeypatch.setattr(regional, "_SMALL", 0.9)


@pytest.fixture
def before():
    workflow = Workflow().add_input("image", WorkflowInput.of(IMAGE))
    workflow = workflow.add("filters.gaussian", {"image": "image"}, {"sigma": voxels(1)})
    workflow = workflow.add("filters.median", {"image": "blurred"})
    return workflow.add("segmentation.threshold", {"image": "denoised"})


def test_what_is_computed_in_the_region_is_what_the_whole_gives(before):
    engine, inputs = Engine(), {"image": IMAGE}
    results = engine.run(before, inputs)
    after = before.change("gaussian", parameters={"sigma": voxels(2)})
    parts = compute_region(engine, before, after, results, inputs, REGION)
    assert set(parts) == {"blurred", "denoised"}  # a threshold is one of the whole image
    whole = Engine().run(after, inputs)
    for name, part in parts.items():
        assert np.array_equal(part.data, crop(whole[name], REGION).data)
        shown = place_in(results[name], part, REGION)
        assert np.array_equal(crop(shown, REGION).data, part.data)
        differs = shown.data != results[name].data
        differs[tuple(slice(*limits) for limits in REGION.values())] = False
        assert not differs.any()


def test_only_what_a_change_reaches_is_computed(before):
    engine, inputs = Engine(), {"image": IMAGE}
    results = engine.run(before, inputs)
    after = before.change("median", parameters={"radius": voxels(2)})
    assert outdated(before, after) == {"median", "threshold"}
    assert set(compute_region(engine, before, after, results, inputs, REGION)) == {"denoised"}
    last = before.change("threshold", parameters={"method": "li"})
    assert compute_region(engine, before, last, results, inputs, REGION) == {}


def test_a_region_that_is_nearly_the_whole_is_not_computed_first(before):
    engine, inputs = Engine(), {"image": IMAGE}
    results = engine.run(before, inputs)
    after = before.change("gaussian", parameters={"sigma": voxels(2)})
    large = {"Z": (0, 6), "Y": (0, 80), "X": (0, 90)}
    assert compute_region(engine, before, after, results, inputs, large) == {}
