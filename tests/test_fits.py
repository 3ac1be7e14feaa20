"""How settings were found travels with the workflow, and is said in notebooks and scripts."""

from __future__ import annotations

import ast
import json
from dataclasses import replace

import numpy as np
import pytest

from napari_delineate import tuning, voxels
from napari_delineate.changes import describe_change
from napari_delineate.export import to_notebook, to_script
from napari_delineate.files import FileError, read_workflow, write_workflow
from napari_delineate.fit_notes import describe_fit
from napari_delineate.fits import Fit, Found
from napari_delineate.tuning import Case, Goal, tunable
from napari_delineate.types import Kind
from napari_delineate.values import Value
from napari_delineate.workflow import Workflow, WorkflowInput

FIT = Fit(
    "metrics.sparse_jaccard",
    "score",
    "sparse",
    seed=7,
    trials=100,
    best=42,
    before=None,
    after=0.81234,
    fitted=("a", "b"),
    held_out=("c",),
    held_out_before=0.5,
    held_out_after=0.61234,
    found={"sigma": Found(voxels(3), voxels(1), voxels(8))},
)


def start():
    described = WorkflowInput(Kind.IMAGE, "YX", (0.5, 0.5), "micrometer", "a.tif", "sha256:0")
    workflow = Workflow().add_input("image", described)
    workflow = workflow.add("filters.gaussian", {"image": "image"}, {"sigma": voxels(3)})
    return workflow.add("segmentation.threshold", {"image": "blurred"})


def noted(fit=FIT, workflow=None):
    first, *rest = (start() if workflow is None else workflow).steps
    return replace(start(), steps=(replace(first, fit=fit), *rest))


@pytest.fixture
def searched():
    """What a search found for a length and an algorithm."""
    image = np.random.default_rng(0).random((24, 24))
    values = {"image": Value.of(image, Kind.IMAGE, spacing=0.5, units="micrometer")}
    right = Value.of((image > 0.6).astype(int), Kind.LABELS, spacing=0.5, units="micrometer")
    chosen = [
        tunable(start(), "gaussian", "sigma", low=0.1, high=4),
        tunable(start(), "threshold", "method", choices=["otsu", "triangle", "mean"]),
    ]
    return tuning.tune(
        start(), [Case("cells", values, right)], chosen, Goal("metrics.dice"), trials=20, seed=5
    )


def test_the_exported_notebook_says_which_search_led_to_a_setting(searched):
    assert searched.best.number > 0
    notebook = json.loads(to_notebook(searched.workflow))
    cells = ["".join(cell["source"]) for cell in notebook["cells"]]
    (gaussian,) = [text for text in cells if text.startswith("## Gaussian")]
    best = searched.best
    sigma = best.parameters["gaussian.sigma"]
    for said in (
        f"`sigma` = {sigma:.4g} px, from 0.1 px to 4 px",
        f"trial {best.number} of 20 with the seed 5",
        "`metrics.dice:score`",
        "(all objects) of `cells`",
        f"{searched.before:.4g} before, {searched.after:.4g} with what was found",
    ):
        assert said in gaussian
    (automatic,) = [text for text in cells if text.startswith("## Threshold")]
    assert "of `otsu`, `triangle`, `mean`" in automatic
    script = to_script(searched.workflow)
    ast.parse(script)
    assert "seed 5" in " ".join(script.replace("#", " ").split())


def test_the_same_search_gives_what_the_workflow_says(searched):
    """Seed, bounds and number of trials as they are noted lead to the same setting again."""
    fit = searched.workflow.step("gaussian").fit
    found = fit.found["sigma"]
    again = tunable(start(), "gaussian", "sigma", low=found.low.number, high=found.high.number)
    assert again == searched.tuned[0]
    assert (fit.seed, fit.trials, fit.after) == (5, 20, searched.after)


def test_a_fit_survives_the_file(searched, tmp_path):
    for number, workflow in enumerate((searched.workflow, noted())):
        path = tmp_path / f"{number}.json"
        write_workflow(path, workflow)
        read = read_workflow(path)
        assert [step.fit for step in read.steps] == [step.fit for step in workflow.steps]
        assert read.steps == workflow.steps


def test_a_workflow_without_a_fit_is_written_as_before(tmp_path):
    path = tmp_path / "plain.json"
    write_workflow(path, start())
    assert "fit" not in json.loads(path.read_text())["steps"][0]


def test_what_was_changed_by_hand_is_not_said_to_be_found():
    workflow = noted().change("gaussian", parameters={"sigma": voxels(2)})
    assert describe_fit(workflow, workflow.step("gaussian")) == ""
    back = workflow.change("gaussian", parameters={"sigma": voxels(3)})
    assert "trial 42 of 100" in describe_fit(back, back.step("gaussian"))
    assert start().replace("gaussian", "filters.median").step("gaussian").fit is None
    two = replace(FIT, found={**FIT.found, "other": Found(1, 0, 2)})
    text = describe_fit(noted(two), noted(two).step("gaussian"))
    assert "Other settings were changed since." in text


def test_a_start_that_was_refused_and_images_kept_aside_are_said():
    text = describe_fit(noted(), noted().step("gaussian"))
    assert "refused before, 0.8123 with what was found" in text
    assert "Kept aside: `c`, 0.5 before, 0.6123 after." in text


@pytest.mark.parametrize("name", ["a\nimport os", "`<script>`", "\u2028os.system(1)", "x" * 900])
def test_names_of_images_are_no_code_and_no_markup(name):
    fit = replace(FIT, fitted=(name,), metric="gone.metric", found=FIT.found)
    workflow = noted(fit)
    text = describe_fit(workflow, workflow.step("gaussian"))
    assert text.isprintable()
    assert len(text) < 500
    assert "`<script>" not in text or "<script>" in text.split("`")[1]
    script = to_script(workflow)
    imported = [one for one in ast.walk(ast.parse(script)) if isinstance(one, ast.Import)]
    assert not [one for one in imported if one.names[0].name == "os"]


@pytest.mark.parametrize(
    ("key", "value"),
    [("seed", "one"), ("fitted", "a"), ("annotation", "wrong"), ("after", None), ("more", 1)],
)
def test_a_fit_of_another_form_is_refused(tmp_path, key, value):
    path = tmp_path / "fit.json"
    write_workflow(path, noted())
    content = json.loads(path.read_text())
    content["steps"][0]["fit"][key] = value
    path.write_text(json.dumps(content))
    with pytest.raises(FileError, match="damaged at"):
        read_workflow(path)


def test_the_history_calls_it_a_fit():
    workflow = noted().change("gaussian", parameters={"sigma": voxels(2)})
    assert describe_change(start(), noted()) == "Fit Gaussian to annotations"
    assert describe_change(noted(), workflow) == "Sigma of Gaussian: 3 px → 2 px"
    before = start().change("gaussian", parameters={"sigma": voxels(1)})
    after = noted().change("threshold", parameters={"method": "li"})
    assert describe_change(before, after).startswith("Fit Gaussian to annotations and 1 more")


def test_nothing_better_leaves_the_workflow_as_it_is():
    image = np.random.default_rng(0).random((24, 24))
    described = WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0))
    workflow = Workflow().add_input("image", described)
    workflow = workflow.add("segmentation.manual_threshold", {"image": "image"}, {"lower": 0.6})
    case = Case("a", {"image": Value.of(image, Kind.IMAGE)}, Value.of(image >= 0.6, Kind.MASK))
    chosen = [tunable(workflow, "manual_threshold", "lower", low=0, high=1)]
    found = tuning.tune(workflow, [case], chosen, Goal("metrics.dice"), trials=8)
    assert found.before == 1
    assert found.workflow == workflow
