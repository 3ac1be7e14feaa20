"""Exported notebooks and scripts give what the engine gives, bit for bit."""

from __future__ import annotations

import ast
import itertools
import json
import keyword
import re
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from napari_delineate import catalogue
from napari_delineate.engine import Engine, Results
from napari_delineate.export import (
    run_notebook,
    to_notebook,
    to_script,
    write_notebook,
    write_script,
)
from napari_delineate.library import entries
from napari_delineate.lineage import Lineage
from napari_delineate.types import Kind
from napari_delineate.values import Value, fingerprint
from napari_delineate.workflow import Step, Workflow, WorkflowInput
from tests import inputs
from tests.strategies import Drawn, workflows


def evaluate(drawn: Drawn) -> Results:
    with warnings.catch_warnings():
        # Objects that random corrections belong to may be gone.
        warnings.simplefilter("ignore", UserWarning)
        return Engine().run(drawn.workflow, drawn.inputs)


def run_script(path: Path) -> dict:
    """Run a script as Python would."""
    code = compile(path.read_text(encoding="utf-8"), str(path), "exec")
    names: dict = {"__file__": str(path), "__name__": "__main__"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        exec(code, names)
    return names


@given(drawn=workflows(to_run=True))
@settings(max_examples=220, deadline=None, suppress_health_check=list(HealthCheck))
def test_scripts_give_what_the_engine_gives(drawn):
    expected = evaluate(drawn)
    with tempfile.TemporaryDirectory() as folder:
        path = write_script(Path(folder) / "analysis.py", drawn.workflow, drawn.inputs)
        found = run_script(path)
    for name, value in expected.items():
        assert inputs.same(found[name], value.data), name


@given(drawn=workflows())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_lineage_of_a_value_is_what_its_makers_say(drawn):
    workflow = drawn.workflow

    def sources(name):
        maker = workflow.maker(name)
        return () if maker is None else maker.sources

    def ancestors(name):
        return dict.fromkeys(one for at in sources(name) for one in (*ancestors(at), at))

    def origin(name):
        return origin(sources(name)[0]) if sources(name) else name

    lineage = Lineage(workflow)
    for name in workflow.values:
        assert list(lineage.ancestors(name)) == list(ancestors(name))
        assert lineage.origins[name] == origin(name)


def test_a_chain_of_thousands_of_steps_is_exported():
    defaults = catalogue.find("filters.median").defaults()
    names = ["image", *(f"v{number}" for number in range(3000))]
    steps = tuple(
        Step(after, "filters.median", {"image": before}, (after,), defaults)
        for before, after in itertools.pairwise(names)
    )
    image = WorkflowInput(Kind.IMAGE, "YX", (0.5, 0.5), "micrometer", "a.tif")
    workflow = Workflow(steps, {"image": image}).add("segmentation.threshold", {"image": "v2999"})
    assert "v2999 = filters.median(v2998, " in to_script(workflow)
    assert "show_labels(mask, over=image)" in to_notebook(workflow)


def check_notebook(drawn: Drawn, folder: Path) -> None:
    """Run a notebook as Jupyter would and compare the fingerprints of all its values."""
    import nbformat

    expected = evaluate(drawn)
    path = write_notebook(folder / "analysis.ipynb", drawn.workflow, drawn.inputs)
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    names = ", ".join(f"{name!r}: fingerprint({name})" for name in expected)
    question = (
        "import json\nfrom napari_delineate.values import fingerprint\n"
        f"print(json.dumps({{{names}}}))"
    )
    notebook.cells.append(nbformat.v4.new_code_cell(question))
    nbformat.write(notebook, path)
    run_notebook(path)
    answer = nbformat.read(path, as_version=4).cells[-1].outputs[0].text
    assert json.loads(answer) == {name: fingerprint(value.data) for name, value in expected.items()}


@pytest.mark.slow
@given(drawn=workflows(to_run=True))
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), database=None)
def test_notebooks_give_what_the_engine_gives(drawn):
    with tempfile.TemporaryDirectory() as folder:
        check_notebook(drawn, Path(folder))


@pytest.fixture
def nuclei() -> Drawn:
    """A workflow with a branch, a mask from labels, several outputs and a loop."""
    image = Value.of(
        np.stack([inputs.image(2), inputs.image(2, 2)]), Kind.IMAGE, "TYX", 0.5, "micrometer"
    )
    workflow = Workflow().add_input("nuclei", WorkflowInput.of(image))
    for operation, wiring in (
        ("filters.gaussian", {"image": "nuclei"}),
        ("segmentation.voronoi_otsu_labeling", {"image": "blurred"}),
        ("segmentation.local_maxima", {"image": "blurred"}),
        ("postprocessing.split_touching_objects", {"mask": "labels"}),
        ("measurements.measure", {"labels": "split_labels", "image": "nuclei"}),
        ("metrics.jaccard", {"reference": "labels", "labels": "split_labels"}),
    ):
        workflow = workflow.add(operation, wiring)
    return Drawn(workflow, {"nuclei": image})


def test_a_notebook_runs_and_shows_every_result(nuclei, tmp_path):
    import nbformat

    check_notebook(nuclei, tmp_path)
    notebook = nbformat.read(tmp_path / "analysis.ipynb", as_version=4)
    pictures = [
        cell.source
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]
    shown = "\n".join(pictures)
    for name in ("nuclei", "blurred", "labels", "points", "labels_2", "split_labels"):
        assert re.search(rf"show_\w+\({name}\b", shown), name
    tables = [
        cell.source
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "text/html" in output.get("data", {})
    ]
    assert "show_table(table)" in tables


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.name)
def test_a_workflow_of_the_library_gives_the_same_as_a_script(entry, tmp_path):
    given = entry.example.load()
    workflow = entry.workflow_for({name: WorkflowInput.of(one) for name, one in given.items()})
    expected = Engine().run(workflow, given)
    found = run_script(write_script(tmp_path / "analysis.py", workflow, given))
    for name in workflow.values:
        assert inputs.same(found[name], expected[name].data), name


def test_the_same_workflow_gives_the_same_bytes(nuclei, tmp_path):
    first = write_notebook(tmp_path / "a.ipynb", nuclei.workflow, nuclei.inputs).read_bytes()
    copied = Workflow.from_dict(json.loads(json.dumps(nuclei.workflow.to_dict())))
    second = write_notebook(tmp_path / "a.ipynb", copied, nuclei.inputs).read_bytes()
    assert first == second


def test_a_notebook_reads_as_if_written_by_hand(nuclei, tmp_path):
    text = write_script(tmp_path / "a.py", nuclei.workflow, nuclei.inputs).read_text()
    assert max(map(len, text.splitlines())) <= 100
    tree = ast.parse(text)
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert imported <= used  # nothing is imported in vain
    flowing = text.replace("\n# ", " ")
    assert "labels are labels: every labelled pixel counts as foreground" in flowing
    assert flowing.count("It runs for each index along T.") == len(nuclei.workflow.steps)
    assert "nuclei_spacing = (0.5, 0.5)\n" in text


def test_headings_say_what_each_step_does(nuclei, tmp_path):
    path = write_notebook(tmp_path / "a.ipynb", nuclei.workflow, nuclei.inputs)
    cells = json.loads(path.read_text())["cells"]
    texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    assert texts[0].startswith("# From `nuclei` to ")
    gaussian = next(text for text in texts if text.startswith("## Gaussian"))
    assert "Blur an image with a Gaussian." in gaussian
    assert "skimage.filters.gaussian" in gaussian  # the source
    tagged = [cell for cell in cells if cell["metadata"].get("tags") == ["parameters"]]
    assert len(tagged) == 1
    assert "".join(cells[-1]["source"]) == "versions()"


@pytest.mark.slow
def test_inputs_that_come_from_files_are_read_from_there(nuclei, tmp_path):
    from napari_delineate.files import write_value

    image = write_value(tmp_path / "data" / "nuclei.ome.tif", nuclei.inputs["nuclei"])
    described = WorkflowInput.of(nuclei.inputs["nuclei"], str(image))
    workflow = nuclei.workflow.add_input("nuclei", described)
    path = write_notebook(tmp_path / "a.ipynb", workflow)
    assert '"data/nuclei.ome.tif"' in path.read_text().replace('\\"', '"')
    assert not (tmp_path / "a_inputs").exists()
    run_notebook(path)


@pytest.mark.slow
def test_another_content_under_the_same_name_is_noticed(nuclei, tmp_path):
    from napari_delineate.files import write_value

    path = write_notebook(tmp_path / "a.ipynb", nuclei.workflow, nuclei.inputs)
    other = Value.of(nuclei.inputs["nuclei"].data + 1, Kind.IMAGE, "TYX", 0.5, "micrometer")
    write_value(tmp_path / "a_inputs" / "nuclei.ome.tif", other)
    with pytest.raises(RuntimeError, match="has another content than when the workflow was made"):
        run_notebook(path)


def test_an_input_without_file_or_value_is_refused(nuclei):
    with pytest.raises(ValueError, match="input 'nuclei' comes from no file; give its value"):
        to_notebook(nuclei.workflow)
    with pytest.raises(ValueError, match="input 'nuclei' comes from no file"):
        to_script(nuclei.workflow)


@pytest.mark.parametrize("name", ["it's", 'say "hi"', "back\\slash", "new\nline", "ünïcode 图像"])
def test_names_of_files_can_not_become_code(nuclei, tmp_path, name):
    described = WorkflowInput.of(nuclei.inputs["nuclei"], f"{name}.tif")
    script = to_script(nuclei.workflow.add_input("nuclei", described))
    values = {
        target.id: node.value
        for node in ast.walk(ast.parse(script))
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    joined = values["nuclei_file"]
    assert isinstance(joined, ast.BinOp)
    assert isinstance(joined.right, ast.Constant)
    assert joined.right.value == f"{name}.tif"


def test_the_device_is_written_around_the_steps_that_run_on_it(nuclei, tmp_path):
    from dataclasses import replace

    workflow = replace(nuclei.workflow, device='a "device"')
    text = write_script(tmp_path / "a.py", workflow, nuclei.inputs).read_text()
    assert text.count("with use_device('a \"device\"'):\n") == len(
        [step for step in workflow.steps if catalogue.find(step.operation).declaration.opencl]
    )
    ast.parse(text)


def test_rescaled_images_have_a_spacing_of_their_own(tmp_path):
    image = Value.of(inputs.image(3), Kind.IMAGE, "ZYX", (2.0, 0.5, 0.5), "micrometer")
    workflow = Workflow().add_input("stack", WorkflowInput.of(image))
    workflow = workflow.add("filters.rescale_isotropic", {"image": "stack"})
    workflow = workflow.add("filters.gaussian", {"image": "rescaled"})
    text = write_script(tmp_path / "a.py", workflow, {"stack": image}).read_text()
    assert "rescaled_spacing = isotropic_spacing(stack_spacing)\n" in text
    assert "spacing=rescaled_spacing)" in text


def test_variables_are_no_words_of_python(nuclei):
    for name in nuclei.workflow.values:
        assert name.isidentifier()
        assert not keyword.iskeyword(name)


@pytest.mark.slow
def test_an_operation_with_a_setting_named_axis_is_looped(tmp_path):
    movie = np.random.default_rng(0).integers(0, 99, (3, 4, 5, 6)).astype(np.uint8)
    values = {"movie": Value.of(movie, Kind.IMAGE, "TZYX", (2.0, 1.0, 1.0))}
    workflow = Workflow().add_input("movie", WorkflowInput.of(values["movie"]))
    workflow = workflow.add("filters.project", {"image": "movie"}, {"axis": "y"})
    made = workflow.steps[-1].outputs[0]
    results = Engine().run(workflow, values)
    assert np.array_equal(results[made].data, movie.max(axis=2))
    script = write_script(tmp_path / "script.py", workflow, values)
    assert np.array_equal(run_script(script)[made], movie.max(axis=2))
    check_notebook(Drawn(workflow, values), tmp_path)
