"""Make the pages that say which features of other systems are here, and prove it by running.

`docs/coverage.csv` is written by hand: a feature of another system, the operations that do
the same here with the settings that matter, the tests that prove it, and a remark. This
script checks that all of them exist, runs the tests, and if they pass writes
`docs/coverage.md` (all of it) and `docs/toolbox.md` (for people who know the other system).
Some tests need a screen, or without one a virtual screen:

    xvfb-run -a -s "-screen 0 1600x1000x24" .venv/bin/python docs/make_coverage.py

An entry of the column `operations` is the id of an operation, with names of its inputs,
settings and outputs in brackets, a setting perhaps with its choice:
`segmentation.threshold(method=otsu, mask)`; or a module of the package that is more than an
operation, such as `napari_delineate.history`. Entries are separated by semicolons, tests,
named as pytest names them, by spaces.
"""

from __future__ import annotations

import ast
import csv
import functools
import itertools
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from napari_delineate.catalogue import Operation, find

ROOT = Path(__file__).parent.parent
TABLE = ROOT / "docs" / "coverage.csv"
COLUMNS = ["system", "section", "feature", "operations", "tests", "remark"]

_NOTE = "<!-- Made by `docs/make_coverage.py` from `docs/coverage.csv`; do not edit. -->\n"


@dataclass(frozen=True)
class Use:
    """Name an operation or a module, and of an operation what matters for a feature."""

    name: str
    details: tuple[str, ...] = ()

    @property
    def is_operation(self) -> bool:
        """Whether it is an operation, and not another module of the package."""
        return not self.name.startswith("napari_delineate.")


@dataclass(frozen=True)
class Row:
    """Say what does here what a feature of another system does there."""

    system: str
    section: str
    feature: str
    uses: tuple[Use, ...]
    tests: tuple[str, ...]
    remark: str


def read_rows() -> list[Row]:
    """Read the table."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        head, *lines = csv.reader(file)
    if head != COLUMNS:
        raise ValueError(f"the columns must be {COLUMNS}, they are {head}")
    return [row(line) for line in lines]


def row(line: Sequence[str]) -> Row:
    """Read a line of the table."""
    system, section, feature, operations, tests, remark = line
    return Row(system, section, feature, _uses(operations), tuple(tests.split()), remark)


def _uses(text: str) -> tuple[Use, ...]:
    uses = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        name, _, details = part.rstrip(")").partition("(")
        uses.append(Use(name, tuple(d.strip() for d in details.split(",")) if details else ()))
    return tuple(uses)


def problems(rows: Iterable[Row]) -> list[str]:
    """Say what in the table is not there, or left open without a reason."""
    found = []
    seen = set()
    for row in rows:
        where = f"{row.system}, {row.section}, {row.feature}"
        if (row.system, row.section, row.feature) in seen:
            found.append(f"{where}: stands there twice")
        seen.add((row.system, row.section, row.feature))
        if bool(row.uses) != bool(row.tests):
            found.append(f"{where}: operations need tests, and tests operations")
        if not row.uses and not row.remark:
            found.append(f"{where}: is not there, and no remark says why")
        found += [f"{where}: {problem}" for use in row.uses for problem in _wrong(use)]
        found += [f"{where}: there is no test {test}" for test in row.tests if not _exists(test)]
    return found


def _wrong(use: Use) -> list[str]:
    if not use.is_operation:
        return [] if _module_file(use.name) is not None else [f"there is no module {use.name}"]
    try:
        operation = find(use.name)
    except KeyError as error:
        return [str(error)]
    others = {entry.name for entry in operation.inputs + operation.outputs}
    settings = {setting.name: setting for setting in operation.settings}
    wrong = []
    for detail in use.details:
        name, _, choice = detail.partition("=")
        if name not in settings.keys() | others:
            wrong.append(f"{use.name} has no {name}")
        elif choice and (name not in settings or choice not in settings[name].choices):
            wrong.append(f"{name} of {use.name} has no choice {choice!r}")
    return wrong


def _module_file(name: str) -> Path | None:
    path = ROOT / "src" / Path(*name.split("."))
    files = (path.with_suffix(".py"), path / "__init__.py")
    return next((file for file in files if file.is_file()), None)


def _exists(test: str) -> bool:
    file, *names = test.partition("[")[0].split("::")
    return (ROOT / file).is_file() and tuple(names) in _tests_in(file)


@functools.cache
def _tests_in(file: str) -> set[tuple[str, ...]]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    tests: set[tuple[str, ...]] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            tests.add((node.name,))
        elif isinstance(node, ast.ClassDef):
            tests |= {(node.name, e.name) for e in node.body if isinstance(e, ast.FunctionDef)}
    return tests


class _Outcomes:
    """Note for pytest which tests ran and which did not pass."""

    def __init__(self) -> None:
        self.ran: set[str] = set()
        self.not_passed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the report on a part of a test."""
        self.ran.add(report.nodeid)
        if report.outcome != "passed":
            self.not_passed.add(report.nodeid)


def run(tests: Sequence[str]) -> list[str]:
    """Run tests, and return those that prove nothing."""
    outcomes = _Outcomes()
    code = pytest.main(["-q", "--no-cov", *tests], plugins=[outcomes])
    bad = unproven(tests, outcomes.ran, outcomes.not_passed)
    return bad if bad or code == pytest.ExitCode.OK else [f"pytest ended with {code!r}"]


def unproven(tests: Iterable[str], ran: set[str], not_passed: set[str]) -> list[str]:
    """Return the tests that failed, were skipped or did not run."""
    with_all_numbers = {name.partition("[")[0] for name in ran} | ran
    return sorted(not_passed | (set(tests) - with_all_numbers))


def coverage_page(rows: Sequence[Row]) -> str:
    """Return the page with every feature and its tests, all of which passed."""
    here = sum(bool(row.uses) for row in rows)
    tests = {test for row in rows for test in row.tests}
    lines = [
        _NOTE,
        "# Coverage\n",
        "What people use in other systems, what does it here, and the tests that prove it.",
        "All tests named here ran and passed (✓) when this page was made.\n",
        f"{len(rows)} features; {here} are here, proven by {len(tests)} tests; "
        f"{len(rows) - here} are not, each with its reason.\n",
    ]
    for (system, section), group in _sections(rows):
        lines += [f"## {system}: {section}\n", "| feature | here | proof | remark |"]
        lines.append("|---|---|---|---|")
        for row in group:
            proof = "<br>".join(f"✓ {_link_to_test(test)}" for test in row.tests)
            uses = "<br>".join(_link(use) for use in row.uses)
            lines.append(f"| {row.feature} | {uses or '—'} | {proof or '—'} | {row.remark} |")
        lines.append("")
    return "\n".join(lines)


def toolbox_page(rows: Sequence[Row]) -> str:
    """Return the page for people who look for what they know from another system."""
    lines = [
        _NOTE,
        "# Where is it here?\n",
        "You know how it is done elsewhere: this is what does it here. Every operation is in the",
        "menu *Layers* of napari under its package, and in the Assistant. The tests behind each",
        "entry are in [Coverage](coverage.md).\n",
    ]
    for (system, section), group in _sections(rows):
        lines += [f"## {system}: {section}\n", f"| in {system} | here |", "|---|---|"]
        for alike, rows_alike in itertools.groupby(group, _without_choices):
            features = "; ".join(row.feature for row in rows_alike)
            uses, remark = alike
            here = ", ".join(_link(use) for use in uses) or "Not here"
            lines.append(f"| {features} | {here}. {remark}".rstrip() + " |")
        lines.append("")
    return "\n".join(lines)


def _without_choices(row: Row) -> tuple[tuple[Use, ...], str]:
    """Return what a row shares with rows that differ only in the choice of a setting."""
    uses = (Use(use.name, tuple(d.partition("=")[0] for d in use.details)) for use in row.uses)
    return tuple(uses), row.remark


def _sections(rows: Sequence[Row]) -> Iterable[tuple[tuple[str, str], Iterable[Row]]]:
    return itertools.groupby(rows, lambda row: (row.system, row.section))


def _link(use: Use) -> str:
    if not use.is_operation:
        return f"built in (`{use.name.removeprefix('napari_delineate.')}`)"
    operation: Operation = find(use.name)
    anchor = operation.title.lower().replace(" ", "-")
    link = f"[{operation.title}](reference/{operation.package}.md#{anchor})"
    return f"{link} (`{', '.join(use.details)}`)" if use.details else link


def _link_to_test(test: str) -> str:
    file, _, name = test.partition("::")
    return f"[{name.replace('[', '(').replace(']', ')')}](../{file})"


def main() -> int:
    """Check the table, run the tests, write the pages; return 0 if all is well."""
    rows = read_rows()
    wrong = problems(rows)
    if not wrong:
        wrong = run(list(dict.fromkeys(test for row in rows for test in row.tests)))
    if wrong:
        sys.stderr.write("\n".join(["The pages were not written:", *wrong, ""]))
        return 1
    pages = {"coverage.md": coverage_page(rows), "toolbox.md": toolbox_page(rows)}
    for name, text in pages.items():
        (ROOT / "docs" / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
