"""The table of what other systems have names only what is there, and leaves nothing open."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"


@pytest.fixture(scope="module")
def table():
    spec = importlib.util.spec_from_file_location("make_coverage", DOCS / "make_coverage.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_every_operation_setting_and_test_exists(table):
    assert table.problems(table.read_rows()) == []


@pytest.mark.parametrize("page", ["coverage.md", "toolbox.md"])
def test_the_pages_were_made_from_the_table(table, page):
    made = getattr(table, f"{page.removesuffix('.md')}_page")(table.read_rows())
    assert (DOCS / page).read_text(encoding="utf-8") == made, "run docs/make_coverage.py"


@pytest.mark.parametrize(
    ("operations", "tests", "remark", "problem"),
    [
        ("segmentation.treshold", "T", "", "did you mean"),
        ("segmentation.threshold(color)", "T", "", "has no color"),
        ("segmentation.threshold(method=magic)", "T", "", "no choice 'magic'"),
        ("segmentation.threshold(mask=magic)", "T", "", "no choice 'magic'"),
        ("napari_delineate.magic", "T", "", "no module"),
        ("segmentation.threshold", "tests/test_coverage_table.py::test_magic", "", "no test"),
        ("segmentation.threshold", "", "", "need tests"),
        ("", "", "", "no remark says why"),
    ],
)
def test_what_is_not_there_is_said(table, operations, tests, remark, problem):
    here = f"tests/test_coverage_table.py::{test_what_is_not_there_is_said.__name__}"
    row = ["System", "Section", "Feature", operations, tests.replace("T", here, 1), remark]
    if tests.startswith("tests/"):
        row[4] = tests
    (found,) = table.problems([table.row(row)])
    assert problem in found.lower() or problem in found


def test_a_feature_stands_there_once(table):
    row = table.row(["System", "Section", "Feature", "", "", "a reason"])
    assert "twice" in table.problems([row, row])[0]


def test_only_tests_that_ran_and_passed_are_a_proof(table):
    ran = {"a.py::one", "a.py::two[0]", "a.py::two[1]", "a.py::three"}
    assert table.unproven(["a.py::one", "a.py::two", "a.py::two[1]"], ran, set()) == []
    assert table.unproven(["a.py::two"], ran, {"a.py::two[1]"}) == ["a.py::two[1]"]
    assert table.unproven(["a.py::two[2]", "a.py::four"], ran, set()) == [
        "a.py::four",
        "a.py::two[2]",
    ]
