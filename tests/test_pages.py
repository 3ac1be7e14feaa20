"""The code on pages of the documentation runs as it stands there."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

PAGES = sorted(
    page
    for page in (Path(__file__).parents[1] / "docs").glob("*.md")
    if ">>> " in page.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_code_of_a_page_runs(page):
    found = doctest.testfile(str(page), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert found.attempted > 0
    assert found.failed == 0
