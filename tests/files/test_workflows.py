"""Workflow files: what was saved comes back, and nothing in a file can do harm."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import json
import pickle
import shutil
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_delineate.files import (
    FORMAT,
    FileError,
    is_workflow_file,
    load_inputs,
    read_workflow,
    write_value,
    write_workflow,
)
from napari_delineate.types import Kind, voxels
from napari_delineate.values import Value, fingerprint
from napari_delineate.workflow import Workflow, WorkflowInput
from tests import inputs
from tests.strategies import workflows
from tests.test_names import HOSTILE

IMAGE = Value.of(inputs.image(2), Kind.IMAGE, "YX", 0.5, "micrometer")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def example(source: str | None = None) -> Workflow:
    return (
        Workflow(inputs={"image": WorkflowInput.of(IMAGE, source)})
        .add("filters.gaussian", {"image": "image"}, {"sigma": 1.5}, outputs=("blurred",))
        .add("segmentation.gauss_otsu_labeling", {"image": "blurred"}, {"outline_sigma": voxels(2)})
        .add("measurements.measure", {"labels": "labels", "image": None})
    )


@pytest.fixture
def content() -> dict:
    """What a workflow file holds, for a test to spoil."""
    return {"program": "napari-delineate", "format": FORMAT, **example().to_dict()}


@pytest.fixture
def refuse(tmp_path):
    """Write a file, expect that it is refused, and return the one sentence."""

    def refuse(text: str | bytes | dict) -> str:
        path = tmp_path / "foreign.json"
        if isinstance(text, dict):
            text = json.dumps(text)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        with pytest.raises(FileError) as error:
            read_workflow(path)
        sentence = str(error.value)
        assert str(path) in sentence
        assert "\n" not in sentence
        assert len(sentence) < 600
        return sentence.replace(str(path), "FILE")

    return refuse


# There and back


def test_a_workflow_comes_back(tmp_path):
    workflow = dataclasses.replace(example(), device="opencl")
    write_workflow(tmp_path / "nuclei.json", workflow)
    assert read_workflow(tmp_path / "nuclei.json") == workflow
    assert names(tmp_path) == ["nuclei.json"]


@settings(max_examples=30, suppress_health_check=list(HealthCheck), deadline=None)
@given(drawn=workflows(most_steps=5, to_run=True))
@pytest.mark.slow
def test_every_workflow_comes_back_with_its_inputs(tmp_path_factory, drawn):
    folder = tmp_path_factory.mktemp("saved")
    written = write_workflow(folder / "a.json", drawn.workflow, drawn.inputs)
    found = read_workflow(folder / "a.json")
    assert found == written
    assert found.steps == drawn.workflow.steps
    values = load_inputs(found)
    assert set(values) == set(drawn.inputs)
    for name, value in values.items():
        assert inputs.same(value.data, drawn.inputs[name].data)
        assert value.axes == drawn.inputs[name].axes
        assert fingerprint(value.data) == found.inputs[name].version


def test_the_file_is_readable_text_that_says_what_it_is(tmp_path):
    write_workflow(tmp_path / "nuclei.json", example())
    text = (tmp_path / "nuclei.json").read_text(encoding="utf-8")
    found = json.loads(text)
    assert found["program"] == "napari-delineate"
    assert found["format"] == FORMAT
    assert found["steps"][0]["operation"] == "filters.gaussian"
    assert found["steps"][0]["parameters"] == {"sigma": 1.5}
    assert found["steps"][1]["parameters"] == {"outline_sigma": {"voxels": 2.0}}
    assert len(text.splitlines()) > 20
    assert is_workflow_file(tmp_path / "nuclei.json")


def test_saving_twice_gives_the_same_bytes(tmp_path):
    for name in ("a.json", "b.json"):
        write_workflow(tmp_path / name, example())
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_what_was_made_by_hand_lies_beside_it(tmp_path):
    write_workflow(tmp_path / "nuclei.json", example(), {"image": IMAGE})
    assert names(tmp_path / "nuclei_inputs") == ["image.ome.tif"]
    source = json.loads((tmp_path / "nuclei.json").read_text())["inputs"]["image"]["source"]
    assert source == "nuclei_inputs/image.ome.tif"


def test_it_is_found_after_moving_the_folder(tmp_path):
    corrections = Value.of(inputs.value(Kind.CORRECTIONS, 2), Kind.CORRECTIONS)
    labels = Value.of(inputs.labels(2), Kind.LABELS)
    workflow = Workflow(
        inputs={"mine": WorkflowInput.of(labels), "painted": WorkflowInput.of(corrections)}
    ).add("postprocessing.apply_corrections", {"labels": "mine", "corrections": "painted"})
    (tmp_path / "old").mkdir()
    given = {"mine": labels, "painted": corrections}
    write_workflow(tmp_path / "old" / "a.json", workflow, given)
    shutil.move(tmp_path / "old", tmp_path / "new place ✓")
    found = load_inputs(read_workflow(tmp_path / "new place ✓" / "a.json"))
    assert inputs.same(found["mine"].data, labels.data)
    assert inputs.same(found["painted"].data, corrections.data)


def test_a_file_elsewhere_keeps_its_whole_path(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "work").mkdir()
    image = write_value(tmp_path / "data" / "image.ome.tif", IMAGE)
    write_workflow(tmp_path / "work" / "a.json", example(str(image)), {"image": IMAGE})
    assert read_workflow(tmp_path / "work" / "a.json").inputs["image"].source == str(image)
    assert names(tmp_path / "work") == ["a.json"]  # it is not copied


def test_a_file_in_the_same_folder_is_named_relative_to_it(tmp_path):
    image = write_value(tmp_path / "image.ome.tif", IMAGE)
    write_workflow(tmp_path / "a.json", example(str(image)))
    text = json.loads((tmp_path / "a.json").read_text())
    assert text["inputs"]["image"]["source"] == "image.ome.tif"
    assert read_workflow(tmp_path / "a.json").inputs["image"].source == str(image)


def test_inputs_that_name_no_file_and_have_no_value_stay_open(tmp_path):
    write_workflow(tmp_path / "a.json", example())
    workflow = read_workflow(tmp_path / "a.json")
    assert workflow.inputs["image"].source is None
    assert load_inputs(workflow) == {}


def test_a_missing_or_damaged_input_is_named(tmp_path):
    write_workflow(tmp_path / "a.json", example(), {"image": IMAGE})
    workflow = read_workflow(tmp_path / "a.json")
    path = tmp_path / "a_inputs" / "image.ome.tif"
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(FileError, match=r"image\.ome\.tif"):
        load_inputs(workflow)
    path.unlink()
    with pytest.raises(FileError, match=r"there is no file .*image\.ome\.tif"):
        load_inputs(workflow)


def test_the_old_file_is_kept_when_the_new_one_can_not_be_written(tmp_path, monkeypatch):
    write_workflow(tmp_path / "a.json", example())
    before = (tmp_path / "a.json").read_bytes()

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", fail)
    with pytest.raises(OSError, match="No space left"):
        write_workflow(tmp_path / "a.json", Workflow())
    assert (tmp_path / "a.json").read_bytes() == before
    assert names(tmp_path) == ["a.json"]


@given(st.dictionaries(st.sampled_from("abcdef"), st.text(max_size=30), max_size=4))
@pytest.mark.slow
def test_units_of_every_kind_come_back(tmp_path_factory, units):
    path = tmp_path_factory.mktemp("saved") / "a.json"
    inputs_ = {
        name: WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0), text) for name, text in units.items()
    }
    write_workflow(path, Workflow(inputs=inputs_))
    assert read_workflow(path).inputs == inputs_


# Older and newer versions


def test_a_newer_format_says_to_update(refuse, content):
    sentence = refuse({**content, "format": FORMAT + 1, "unknown": 1})
    assert f"has the format {FORMAT + 1}, this version of napari-delineate reads up to" in sentence
    assert "pip install --upgrade napari-delineate" in sentence


@pytest.mark.parametrize("format", [0, -1, "1", None, 1.5, True, [1], {}])
def test_other_formats_are_refused(refuse, content, format):
    assert "format" in refuse({**content, "format": format})


def test_a_format_that_is_text_is_not_taken_for_the_number(refuse, content):
    sentence = refuse({**content, "format": "1"})
    assert 'its format must be the number 1, it is "1"' in sentence


def test_a_mark_of_the_encoding_is_no_damage(tmp_path, content):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(content), encoding="utf-8-sig")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert read_workflow(path) == example()


def test_an_operation_that_gives_other_results_now_is_a_warning(tmp_path, content):
    content["steps"][0]["version"] = 99
    (tmp_path / "a.json").write_text(json.dumps(content))
    with pytest.warns(
        UserWarning,
        match=r"a\.json: filters\.gaussian was version 99 .* version 1 now; its results may differ",
    ):
        workflow = read_workflow(tmp_path / "a.json")
    assert workflow == example()


def filtering() -> Workflow:
    """Steps that keep objects by what was measured of them."""
    measured = example().steps[-1].outputs[0]
    return (
        example()
        .add(
            "postprocessing.filter_by_table",
            {"labels": "labels", "table": measured},
            {"column": "area", "minimum": 20.0},
            outputs=("kept",),
        )
        .add("postprocessing.filter_by_gate", {"labels": "kept", "table": measured})
    )


@pytest.mark.parametrize("step", [3, 4])
def test_a_setting_that_an_operation_got_since_has_its_default(tmp_path, content, step):
    content.update(filtering().to_dict())
    # As these steps were written before they had conditions.
    content["steps"][step]["version"] = 1
    assert content["steps"][step]["parameters"].pop("condition") == ""
    (tmp_path / "a.json").write_text(json.dumps(content))
    with pytest.warns(UserWarning, match=r"was version 1 .*; condition: new, with the default"):
        assert read_workflow(tmp_path / "a.json") == filtering()


def test_only_a_step_of_an_earlier_version_can_lack_a_setting(refuse, content):
    content.update(filtering().to_dict())
    del content["steps"][3]["parameters"]["condition"]
    assert "has no value for the parameter condition" in refuse(content)
    content["steps"][3]["version"] = 99
    with pytest.warns(UserWarning, match="was version 99"):
        assert "has no value for the parameter condition" in refuse(content)


def test_a_step_of_an_earlier_version_can_not_have_a_setting_that_there_is_not(refuse, content):
    content.update(filtering().to_dict())
    content["steps"][3].update(version=1)
    content["steps"][3]["parameters"]["limit"] = 3
    with pytest.warns(UserWarning, match="was version 1"):
        assert "has no parameter 'limit'" in refuse(content)


def test_a_device_that_is_not_here_can_be_read(tmp_path, content):
    content["device"] = "Some Card 9000"
    (tmp_path / "a.json").write_text(json.dumps(content))
    assert read_workflow(tmp_path / "a.json").device == "Some Card 9000"


# Foreign and hostile files


def test_a_missing_file_and_a_folder(tmp_path):
    for path, message in ((tmp_path / "nothing.json", "there is no file"), (tmp_path, "a folder")):
        with pytest.raises(FileError, match=message):
            read_workflow(path)
        assert not is_workflow_file(path)


class Hostile:
    """What runs a command when it is unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def test_a_pickle_is_refused_and_not_run(refuse, tmp_path):
    mark = tmp_path / "mark"
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert "it is not JSON" in refuse(pickle.dumps(Hostile(mark), protocol))
    assert not mark.exists()


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['touch mark']",
        "program: napari-delineate\nformat: 1\nsteps: !!python/name:os.system\n",
        "__import__('os').system('touch mark')",
        "",
        "{",
        "nothing",
        '{"program": "napari-delineate",}',
        "{'program': 'napari-delineate'}",
        "\ufeff{}",
        "1" * 5000,
    ],
)
def test_what_is_no_json_is_refused(refuse, text):
    assert "FILE is no workflow file" in refuse(text)


@pytest.mark.parametrize("text", [b"\xff\xfe\x00", b"\x00" * 100, b'{"program": "\xff"}'])
def test_what_is_no_text_is_refused(refuse, text):
    assert "FILE is no workflow file: it is not JSON" in refuse(text)


@pytest.mark.parametrize(
    "text", ["[]", "null", '"text"', "3", "{}", '{"program": "other"}', '{"cells": []}']
)
def test_files_of_other_programs_are_refused(refuse, text):
    assert "FILE is no workflow file of napari-delineate" in refuse(text)


def test_a_huge_file_is_refused_without_reading_it(tmp_path):
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(2**30)  # a hole: it takes no room
    start = time.monotonic()
    with pytest.raises(FileError, match=r"too large for a workflow file: 1\.1 GB, 17 MB are"):
        read_workflow(path)
    assert not is_workflow_file(path)
    assert time.monotonic() - start < 0.5


@pytest.mark.parametrize("depth", [500, 5_000, 500_000])
def test_deep_nesting_is_refused(refuse, depth):
    refuse("[" * depth + "]" * depth)
    refuse(
        '{"program": "napari-delineate", "format": 1, "steps": ' + "[" * depth + "]" * depth + "}"
    )
    refuse('{"a":' * depth + "1" + "}" * depth)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
@pytest.mark.parametrize("place", ["sigma", "voxels", "spacing"])
def test_numbers_that_are_none_are_refused(refuse, content, place, number):
    text = json.dumps(content)
    if place == "sigma":
        text = text.replace('"sigma": 1.5', f'"sigma": {number}')
    elif place == "voxels":
        text = text.replace('"voxels": 2.0', f'"voxels": {number}')
    else:
        text = text.replace("[0.5, 0.5]", f"[0.5, {number}]")
    assert number in text
    assert place in refuse(text)


@pytest.mark.parametrize("digits", [20, 400, 4_000, 100_000])
def test_huge_whole_numbers_are_refused(refuse, content, digits):
    number = "9" * digits
    for old in ('"sigma": 1.5', '"voxels": 2.0', '"version": 1', "[0.5, 0.5]", '"format": 1'):
        name = old.split('"')[1] if '"' in old else ""
        new = f'"{name}": {number}' if name else f"[0.5, {number}]"
        text = json.dumps(content).replace(old, new, 1)
        assert number in text
        if digits == 20 and name in ("sigma", "voxels", ""):
            continue  # large, but a number like others
        refuse(text)


@pytest.mark.parametrize(
    "operation",
    [
        "os.system",
        "builtins.eval",
        "subprocess.Popen",
        "napari_delineate.filters.gaussian",
        "filters.np",
        "filters.__builtins__",
        "filters.gaussian.__globals__",
        "filters/gaussian",
        "",
        "filters.gaussian\n",
    ],
)
def test_operations_that_do_not_exist_are_refused(refuse, content, operation):
    content["steps"][0]["operation"] = operation
    assert "there is no operation" in refuse(content)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_refused_everywhere(refuse, content, name):
    for spoil in (
        lambda c: c["steps"][0].update(outputs=[name]),
        lambda c: c["inputs"].update({name: c["inputs"].pop("image")}),
    ):
        spoiled = copy.deepcopy(content)
        spoil(spoiled)
        assert "can not be the name of" in refuse(spoiled)
    if name not in ("print", "eval"):  # steps are no variables
        content["steps"][0]["name"] = name
        assert "can not be the name of a step" in refuse(content)


def test_settings_and_inputs_that_do_not_exist_are_refused(refuse, content):
    spoiled = copy.deepcopy(content)
    spoiled["steps"][0]["parameters"]["__class__"] = 1
    assert "has no parameter '__class__'" in refuse(spoiled)
    spoiled = copy.deepcopy(content)
    spoiled["steps"][0]["parameters"] = {}
    assert "has no value for the parameter sigma" in refuse(spoiled)
    spoiled = copy.deepcopy(content)
    spoiled["steps"][0]["inputs"]["self"] = "image"
    assert "has no input 'self'" in refuse(spoiled)


def spoil(content: dict, path: str, value: object) -> dict:
    """Return a copy of nested data with one entry replaced."""
    spoiled = copy.deepcopy(content)
    *places, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    inside = spoiled
    for place in places:
        inside = inside[place]
    inside[last] = value
    return spoiled


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("device", [3, None, ["cpu"]]),
        ("inputs", [[], None, {"image": 3}]),
        ("inputs.image.kind", ["photo", 3, None, "os"]),
        ("inputs.image.axes", ["YXQQQQQQQQQQQ", "XY", "", 3, "yx"]),
        ("inputs.image.spacing", ["1", [1.0], [1.0, "2"], [0.5, -1.0], [0.5, 0], [1.0] * 9]),
        ("inputs.image.units", [3, "m" * 81]),
        ("inputs.image.source", [3, ["a"], {}, ""]),
        ("inputs.image.version", [3, "v" * 81]),
        ("steps", [{}, None, "steps", [3], [None]]),
        ("steps.0.inputs", [[], "image", {"image": 3}, {"image": {"a": 1}}, {"image": [["a"]]}]),
        ("steps.0.outputs", ["blurred", [], ["a", "b"], [3], [None]]),
        ("steps.0.parameters", [[], {"sigma": [1]}, {"sigma": {"pixels": 1}}, {"sigma": "1"}]),
        ("steps.0.parameters.sigma", [True, None, {"voxels": "2"}, {"voxels": 1, "x": 2}, -1]),
        ("steps.0.over", [None, 3, "T", "YX", "TTTTTTTTTTTTT"]),
        ("steps.0.version", ["1", None, 1.5, True]),
    ],
)
def test_wrong_types_and_values_are_refused_with_their_place(refuse, content, path, values):
    for value in values:
        sentence = refuse(spoil(content, path, value))
        assert sentence.startswith(("FILE is damaged at ", "FILE is no workflow that can run: "))


@pytest.mark.parametrize("path", ["", "inputs.image", "steps.0"])
def test_unknown_entries_are_refused(refuse, content, path):
    place = f"{path}.__reduce__".lstrip(".")
    assert "damaged at" in refuse(spoil(content, place, "os.system"))


@pytest.mark.parametrize("path", ["device", "inputs", "steps", "inputs.image.axes", "steps.0.over"])
def test_missing_entries_are_refused(refuse, content, path):
    *places, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    inside = content
    for place in places:
        inside = inside[place]
    del inside[last]
    sentence = refuse(content)
    assert f"'{path}'" in sentence
    assert "required" in sentence


def test_names_that_occur_twice_are_refused(refuse, content):
    content["steps"].append(content["steps"][-1])
    assert "two steps have the name 'measure'" in refuse(content)
    content["steps"][-1] = {**content["steps"][-1], "name": "again"}
    assert "'table' can not be the name of a value: it is taken" in refuse(content)


def test_an_entry_that_occurs_twice_is_refused(refuse, content):
    # Which of the two counts would depend on the program that reads it.
    text = json.dumps(content)
    twice = text.replace('"steps":', '"steps": [], "steps":', 1)
    assert "'steps' occurs twice" in refuse(twice)
    twice = text.replace('"sigma": 1.5', '"sigma": 1.5, "sigma": 9.0')
    assert "'sigma' occurs twice" in refuse(twice)


def test_wiring_in_a_circle_is_refused(refuse, content):
    content["steps"][0]["inputs"]["image"] = "blurred"
    assert "uses 'blurred', which no input and no step before it gives" in refuse(content)
    content["steps"][0]["inputs"]["image"] = "labels"
    assert "uses 'labels', which no input and no step before it gives" in refuse(content)


def test_values_of_a_wrong_kind_are_refused(refuse, content):
    content["steps"][2]["inputs"]["labels"] = "blurred"
    assert "Measure takes labels as labels, but 'blurred' is an image" in refuse(content)


def test_too_many_steps_are_refused(refuse, content):
    content["steps"] = content["steps"][:1] * 10_001
    assert "damaged at 'steps'" in refuse(content)


def test_many_steps_are_read_quickly(tmp_path):
    workflow = example()
    for number in range(300):
        workflow = workflow.add(
            "filters.gaussian", {"image": "image"}, name=f"s{number}", outputs=(f"v{number}",)
        )
    write_workflow(tmp_path / "a.json", workflow)
    start = time.monotonic()
    assert read_workflow(tmp_path / "a.json") == workflow
    assert time.monotonic() - start < 5


SOURCES = ["../../../etc/passwd", "/dev/zero", "/dev/stdin", "a\0b.tif", "http://x.org/a.tif"]


@pytest.mark.parametrize("source", SOURCES)
def test_a_hostile_path_is_read_as_an_image_or_not_at_all(tmp_path, content, source):
    content["inputs"]["image"]["source"] = source
    (tmp_path / "a.json").write_text(json.dumps(content))
    workflow = read_workflow(tmp_path / "a.json")
    with pytest.raises(FileError):
        load_inputs(workflow)


@settings(max_examples=150, suppress_health_check=list(HealthCheck), deadline=None)
@given(
    path=st.sampled_from(
        ["device", "format", "inputs", "steps", "steps.0", "steps.1.parameters", "inputs.image"]
    ),
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
        ),
        max_leaves=6,
    ),
)
def test_anything_anywhere_is_a_workflow_or_a_file_error(tmp_path, content, path, value):
    text = json.dumps(spoil(content, path, value))
    (tmp_path / "fuzzed.json").write_text(text)
    with warnings.catch_warnings(), contextlib.suppress(FileError):
        warnings.simplefilter("ignore")
        assert isinstance(read_workflow(tmp_path / "fuzzed.json"), Workflow)


def test_other_files_do_not_say_that_they_are_workflows(tmp_path):
    for name, text in {"a.json": "{}", "b.json": "[" * 300, "c.ipynb": '{"cells": []}'}.items():
        (tmp_path / name).write_text(text)
        assert not is_workflow_file(tmp_path / name)
    assert not is_workflow_file("a\0b.json")


def test_arrays_made_by_hand_are_not_written_where_a_file_holds_them(tmp_path):
    image = write_value(tmp_path / "image.ome.tif", IMAGE)
    written = write_workflow(tmp_path / "a.json", example(str(image)), {"image": IMAGE})
    assert written.inputs["image"].source == str(image)
    assert not (tmp_path / "a_inputs").exists()
    assert np.array_equal(load_inputs(written)["image"].data, IMAGE.data)
