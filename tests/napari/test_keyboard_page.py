"""The page of keys says what the program does."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence

from napari_delineate._napari.annotate_dock import AnnotateDock
from napari_delineate._napari.annotating.actions import HELD_KEYS
from napari_delineate._napari.annotating.tools import TOOLS
from napari_delineate._napari.bindings import HISTORY_KEYS
from napari_delineate._napari.widgets.step_list import STEP_KEYS

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def page() -> str:
    spec = importlib.util.spec_from_file_location("make_keyboard", DOCS / "make_keyboard.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.keyboard_page()


def test_the_page_is_made_from_the_program(page):
    assert (DOCS / "keyboard.md").read_text(encoding="utf-8") == page, "run docs/make_keyboard.py"


def test_every_tool_stands_there_once(page):
    for tool in TOOLS:
        assert page.count(f"| {tool.title} |") == 1


def test_no_cell_breaks_its_table(page):
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert rows
    assert {row.count("|") for row in rows} == {4}


def test_keys_of_a_held_tool_are_those_that_stand_there(viewer):
    layer = viewer.add_labels(np.ones((9, 9), int))
    dock = AnnotateDock(viewer)
    before = {str(key) for key in layer.keymap}
    dock.pointer.take_up("grow")
    bound = {str(key) for key in layer.keymap} - before
    assert bound == set(HELD_KEYS)
    assert set(HISTORY_KEYS) <= {str(key) for key in viewer.keymap}
    dock.stop()


def test_keys_of_steps_are_keys(qapp):
    for keys in STEP_KEYS:
        assert QKeySequence(keys)[0].key() != Qt.Key.Key_unknown
