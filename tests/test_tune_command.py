"""The command `tune`: folders in, a workflow and its history out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tifffile

from napari_delineate import metrics
from napari_delineate.cli import main
from napari_delineate.engine import Engine
from napari_delineate.files import read_workflow, write_workflow
from napari_delineate.types import Kind
from napari_delineate.values import Value
from napari_delineate.workflow import Workflow, WorkflowInput


def ramp(seed):
    return np.random.default_rng(seed).permutation(np.linspace(0, 1, 400)).reshape(20, 20)


@pytest.fixture
def folder(tmp_path):
    """A workflow with a wrong threshold, and three images with what is above 0.7."""
    workflow = Workflow().add_input("image", WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0)))
    workflow = workflow.add("segmentation.manual_threshold", {"image": "image"}, {"lower": 0.3})
    write_workflow(tmp_path / "workflow.json", workflow)
    for name in ("images", "annotations"):
        (tmp_path / name).mkdir()
    for number, name in enumerate("abc"):
        image = ramp(number)
        tifffile.imwrite(tmp_path / "images" / f"{name}.tif", image)
        right = (image > 0.7).astype(np.uint8)
        tifffile.imwrite(tmp_path / "annotations" / f"{name}.tif", right)
    return tmp_path


def run(folder, *options):
    places = (str(folder / name) for name in ("workflow.json", "images", "annotations"))
    output = ("--output", str(folder / "tuned.json"))
    return main(["tune", *places, "--metric", "metrics.jaccard", *output, *options])


def test_a_workflow_comes_out_that_is_as_good_as_the_history_says(folder, capsys):
    options = ("--trials", "25", "--held-out", "1", "--seed", "2")
    assert run(folder, *options, "--parameter", "manual_threshold.lower=0:1") == 0
    found = read_workflow(folder / "tuned.json")
    history = pd.read_csv(folder / "tuned.csv")
    assert len(history) == 25
    assert set(history["seed"]) == {2}
    best = history.loc[history["score"].idxmax()]
    lower = found.steps[0].parameters["lower"]
    assert lower == best["manual_threshold.lower"] == pytest.approx(0.7, abs=0.03)
    scores = []
    for path in sorted((folder / "images").iterdir()):
        image = tifffile.imread(path)
        mask = Engine().run(found, {"image": Value.of(image, Kind.IMAGE)})["mask"].data
        scores.append(metrics.jaccard(image > 0.7, mask))
    # All three images have the same levels, so that the score is that of each.
    assert best["score"] == pytest.approx(np.mean(scores))
    said = capsys.readouterr().out
    assert "2 fitted" in said
    assert "1 held out" in said


def test_an_image_without_annotation_is_skipped_and_named(folder, capsys):
    (folder / "annotations" / "b.tif").unlink()
    assert run(folder, "--trials", "2") == 0
    said = capsys.readouterr()
    assert "b is skipped: there is no annotation" in said.err
    assert "2 fitted" in said.out


def test_algorithms_and_choices_are_searched(folder):
    options = ("--algorithm", "manual_threshold", "--parameter", "manual_threshold.lower=0:1")
    assert run(folder, "--trials", "6", *options, "--steps", "manual_threshold") == 0
    history = pd.read_csv(folder / "tuned.csv")
    assert history["manual_threshold.algorithm"].nunique() > 1
    assert history["manual_threshold.lower"].isna().any()  # others have no lower limit


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--held-out", "3"), "can not be kept aside"),
        (("--parameter", "lower=0:1"), "write STEP.SETTING"),
        (("--parameter", "manual_threshold.lower=a:b"), "write the bounds as LOW:HIGH"),
        (("--parameter", "manual_threshold.side=beside"), "can not be 'beside'"),
        (("--steps", "gaussian"), "there is no step 'gaussian'"),
        (("--metric", "filters.gaussian"), "does not compare"),
        (("--result", "nothing"), "gives no 'nothing'"),
        (("--output", "tuned.txt"), "must end in .json"),
        (("--input", "other=a.tif"), "write NAME=FILE"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(folder, capsys, options, words):
    assert run(folder, *options) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert words in said[0]
    assert not (folder / "tuned.json").exists()
