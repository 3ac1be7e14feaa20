"""Importing is quick, and only `_napari` needs napari and Qt; each in a fresh process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import napari_delineate

FOLDER = Path(napari_delineate.__file__).parent
HEAVY = (
    "cc3d",
    "docstring_parser",
    "edt",
    "fastremap",
    "imageio",
    "magicgui",
    "matplotlib",
    "napari",
    "pandas",
    "pyclesperanto",
    "pydantic",
    "qtpy",
    "roifile",
    "scipy",
    "skimage",
    "tifffile",
    "trimesh",
    "yaml",
    "zarr",
)
GRAPHICAL = ("magicgui", "napari", "npe2", "PyQt6", "qtpy", "superqt", "vispy")
MODULES = sorted(
    "napari_delineate"
    + "".join(f".{part}" for part in path.relative_to(FOLDER).with_suffix("").parts).removesuffix(
        ".__init__"
    )
    for path in FOLDER.rglob("*.py")
    if "_napari" not in path.parts and path.stem != "__main__"
)


def run(code: str) -> str:
    """Run code in a fresh process and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def loaded_by(statement: str) -> set[str]:
    """Return which heavy packages a statement loads."""
    code = f"import sys\n{statement}\nprint(*(set({HEAVY!r}) & set(sys.modules)))"
    return set(run(code).split())


def test_importing_the_package_loads_nothing_heavy():
    assert loaded_by("import napari_delineate") == set()


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ("from napari_delineate.catalogue import operations; operations()", set()),
        ("import napari_delineate.workflow, napari_delineate.engine", set()),
        ("import napari_delineate.worker, napari_delineate.store", set()),
        ("import napari_delineate.files, napari_delineate.cli", set()),
        ("import napari_delineate.samples, napari_delineate.manifest", set()),
    ],
)
def test_reading_the_catalogue_and_starting_the_program_load_nothing_heavy(statement, allowed):
    assert loaded_by(statement) <= allowed


WITHOUT = f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {GRAPHICAL!r}:
            raise ModuleNotFoundError(f"{{name}} is not installed")

sys.meta_path.insert(0, Absent())
"""


def test_every_other_module_works_without_napari_and_qt():
    assert len(MODULES) > 40
    lines = "\n".join(f"import {module}" for module in MODULES)
    code = f"{WITHOUT}{lines}\nprint(len(sys.modules))"
    assert int(run(code)) > len(MODULES)


def test_a_workflow_runs_and_is_exported_without_napari_and_qt(tmp_path):
    code = f"""{WITHOUT}
from napari_delineate.demo import main_job
from napari_delineate.engine import Engine
from napari_delineate.export import to_notebook
from napari_delineate.files import write_result, write_value, write_workflow
from napari_delineate.samples import coins
from napari_delineate.workflow import WorkflowInput

image = coins()
write_value({str(tmp_path / "coins.tif")!r}, image)
workflow = main_job("coins", WorkflowInput.of(image, {str(tmp_path / "coins.tif")!r}))
results = Engine().run(workflow, {{"coins": image}})
to_notebook(workflow)
write_workflow({str(tmp_path / "coins.json")!r}, workflow)
print(len(results["table"].data))
"""
    assert int(run(code)) > 10


def test_the_modules_of_the_plugin_are_the_only_ones_that_name_napari_or_qt():
    for path in FOLDER.rglob("*.py"):
        if "_napari" in path.parts:
            continue
        for line in path.read_text(encoding="utf-8").splitlines():
            words = line.split()
            if words and words[0] in ("import", "from") and len(words) > 1:
                assert words[1].split(".")[0] not in GRAPHICAL, (path, line)
