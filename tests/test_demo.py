"""The demonstration makes what it says, and its notebooks give the same."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import tifffile
import trimesh

from napari_delineate.cli import main
from napari_delineate.demo import main_job, make_demo
from napari_delineate.engine import Engine
from napari_delineate.files import read, read_workflow
from napari_delineate.samples import nuclei_3d
from napari_delineate.workflow import WorkflowInput


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("with a space")
    return {one.sample.name: one for one in make_demo(folder, execute=False)}


@pytest.mark.parametrize("name", ["coins", "nuclei"])
def test_everything_lies_in_one_folder(made, name):
    files = made[name].files
    assert set(files) == {
        "image",
        "labels",
        "outlines",
        "surface",
        "table",
        "workflow",
        "notebook",
    }
    assert len({path.parent for path in files.values()}) == 1
    assert all(path.stat().st_size > 500 for path in files.values())


def test_there_are_24_coins(made):
    labels = tifffile.imread(made["coins"].files["labels"])
    assert len(np.unique(labels)) - 1 == 24 == made["coins"].objects
    table = pd.read_csv(made["coins"].files["table"])
    assert len(table) == 24
    # Coins are round, and none is as large as two.
    assert (table["solidity"] > 0.8).all()
    assert table["area [pixel²]"].max() < 4 * table["area [pixel²]"].median()


def test_the_60_nuclei_generated_are_found(made):
    image = nuclei_3d()
    workflow = main_job("nuclei", WorkflowInput.of(image))
    results = Engine().run(workflow, {"nuclei": image}, wanted=["labels"])
    assert results["labels"].data.max() == 60


def test_meshes_are_closed_and_as_large_as_the_objects(made):
    mesh = trimesh.load(made["nuclei"].files["surface"], process=False)
    volume = pd.read_csv(made["nuclei"].files["table"])["area [micrometer³]"].sum()
    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(volume, rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["coins", "nuclei"])
def test_the_notebook_gives_the_labels_that_were_written(tmp_path, name):
    """The demo as a person runs it, its notebooks executed."""
    import nbformat

    from napari_delineate.export import run_notebook

    assert main(["demo", "--output", str(tmp_path), "--no-window"]) == 0
    path = tmp_path / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    images = [
        output
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]
    assert len(images) == 7  # the input, two filters, twice labels, two surfaces
    code = "import numpy; numpy.save('found.npy', inner_labels)"
    notebook.cells.append(nbformat.v4.new_code_cell(code))
    nbformat.write(notebook, path)
    run_notebook(path)
    written = read(tmp_path / f"{name}_labels.ome.tif")
    assert np.array_equal(np.load(tmp_path / "found.npy"), written)


def test_the_workflow_is_in_the_metadata_of_the_labels(made):
    with tifffile.TiffFile(made["coins"].files["labels"]) as file:
        text = file.ome_metadata
    workflow = read_workflow(made["coins"].files["workflow"])
    assert all(step.operation in text for step in workflow.steps)
    assert json.loads(made["coins"].files["workflow"].read_text())["format"] == 1
