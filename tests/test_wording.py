"""Settings and units are written as a person writes them."""

from __future__ import annotations

import dataclasses

import pytest

from napari_delineate.catalogue import find
from napari_delineate.signatures import Setting
from napari_delineate.types import Kind, Quantity, Voxels
from napari_delineate.wording import spaced, unit_symbol, value_in_words
from napari_delineate.workflow import Workflow, WorkflowInput

IMAGE = WorkflowInput(Kind.IMAGE, "YX", (0.5, 0.5), "micrometer")
SIZE = Setting("a", float, 1.0, quantity=Quantity.SIZE)
LENGTH = Setting("a", float, 1.0, quantity=Quantity.LENGTH)


@pytest.fixture
def blurred():
    return Workflow().add_input("coins", IMAGE).add("filters.gaussian", {"image": "coins"})


@pytest.mark.parametrize(
    ("value", "setting", "words"),
    [
        (None, Setting("a", float, None, optional=True), "none"),
        (None, SIZE, "none"),
        (True, Setting("a", bool, True), "on"),
        (False, Setting("a", bool, True), "off"),
        (7, Setting("a", int, 1), "7"),
        (1_234_567, Setting("a", int, 1), "1234567"),
        (0.3333333, Setting("a", float, 1.0), "0.3333"),
        ("li", Setting("a", str, "li", ("li",)), "li"),
        (Voxels(2), LENGTH, "2 px"),
        (Voxels(100), SIZE, "100 px²"),
        (3, LENGTH, "3 µm"),
        (2.5, SIZE, "2.5 µm²"),
    ],
)
def test_values_in_words(blurred, value, setting, words):
    assert value_in_words(blurred, "gaussian", setting, value) == words


def test_more_digits_can_be_asked_for(blurred):
    assert value_in_words(blurred, "gaussian", LENGTH, 1.23456789, 6) == "1.23457 µm"
    assert value_in_words(blurred, "gaussian", LENGTH, Voxels(1.23456789), 6) == "1.23457 px"


def test_the_unit_of_a_stack_without_one():
    setting = find("postprocessing.filter_by_size").settings[0]
    for size, unit in ((1.0, "px³"), (0.5, "units³")):
        labels = WorkflowInput(Kind.LABELS, "ZYX", (size,) * 3)
        workflow = Workflow().add_input("labels", labels)
        workflow = workflow.add("postprocessing.filter_by_size", {"labels": "labels"})
        assert value_in_words(workflow, "filter_by_size", setting, 8.0) == f"8 {unit}"
    slices = workflow.change("filter_by_size", over="Z")
    assert value_in_words(slices, "filter_by_size", setting, Voxels(8)) == "8 px²"


def test_the_unit_is_that_of_the_input_at_the_start_of_a_long_chain(blurred):
    first = blurred.steps[0]
    steps = [first]
    for number in range(2000):
        source, output = steps[-1].outputs[0], f"blurred_{number}"
        steps.append(
            dataclasses.replace(
                first, name=f"step_{number}", inputs={"image": source}, outputs=(output,)
            )
        )
    inches = dataclasses.replace(IMAGE, units="inch")
    workflow = Workflow(tuple(steps), {"other": IMAGE, "coins": inches})
    assert value_in_words(workflow, "step_1999", LENGTH, 2.0) == "2 inch"


@pytest.mark.parametrize(
    ("units", "size", "power", "symbol"),
    [
        ("micrometer", 1.0, 1, "µm"),
        ("nanometer", 1.0, 2, "nm²"),
        ("millimeter", 1.0, 3, "mm³"),
        ("angstrom", 1.0, 1, "Å"),
        ("furlong", 1.0, 1, "furlong"),
        ("pixel", 1.0, 3, "px³"),
        ("pixel", 2.0, 1, "units"),
    ],
)
def test_units_have_their_symbols(units, size, power, symbol):
    assert unit_symbol(units, (size, size), power) == symbol


def test_names_become_words():
    assert spaced("spot_sigma") == "spot sigma"
