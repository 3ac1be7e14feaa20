"""The command line: it does the same as the viewer, and says in one line what is wrong."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile

from napari_delineate import batches, filters, map_over, segmentation, surfaces
from napari_delineate.__main__ import main as start
from napari_delineate.catalogue import operations
from napari_delineate.cli import main
from napari_delineate.engine import Engine
from napari_delineate.files import read_value, write_surface, write_value, write_workflow
from napari_delineate.files.results import result_path
from napari_delineate.types import Kind
from napari_delineate.values import Value
from napari_delineate.workflow import Workflow, WorkflowInput
from tests import inputs


def image(number: int = 1) -> np.ndarray:
    return inputs.image(2, number)


def labels_of(array: np.ndarray) -> np.ndarray:
    return segmentation.gauss_otsu_labeling(filters.gaussian(array, sigma=0.5), outline_sigma=1)


def workflow(axes: str = "YX", source: str | None = None, device: str = "cpu") -> Workflow:
    described = WorkflowInput(Kind.IMAGE, axes, (1.0,) * len(axes.replace("T", "")), source=source)
    start = Workflow(inputs={"image": described}, device=device)
    return (
        start.add("filters.gaussian", {"image": "image"}, {"sigma": 0.5}, outputs=("blurred",))
        .add("segmentation.gauss_otsu_labeling", {"image": "blurred"}, {"outline_sigma": 1.0})
        .add("measurements.measure", {"labels": "labels", "image": "image"})
    )


@pytest.fixture
def saved(tmp_path):
    """A workflow file and an image, in a folder that is the current one."""
    write_workflow(tmp_path / "workflow.json", workflow())
    write_value(tmp_path / "image.ome.tif", Value.of(image(), Kind.IMAGE))
    before = Path.cwd()
    os.chdir(tmp_path)
    yield tmp_path
    os.chdir(before)


@pytest.fixture
def folder(saved):
    """Three images beside it, of which one is damaged."""
    images = saved / "images"
    images.mkdir()
    for number in (1, 3):
        write_value(images / f"plate {number}.ome.tif", Value.of(image(number), Kind.IMAGE))
    (images / "plate 2.tif").write_bytes(b"II*\0 this is no image")
    (images / "notes.txt").write_text("not an image")
    (images / ".hidden.tif").write_bytes(b"")
    return images


def names(folder: str) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    code = main([str(one) for one in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def refused(capsys, *arguments: str, code: int = 2) -> str:
    """Expect an error, and return its only line."""
    found, _, error = run(capsys, *arguments)
    assert found == code, error
    assert error.startswith("napari-delineate: error: ")
    assert error.count("\n") == 1
    assert "Traceback" not in error
    return error


# List and describe


def test_list_shows_every_operation_under_its_menu(capsys):
    code, out, err = run(capsys, "list")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert [line.split()[0] for line in lines if line.startswith("  ")] == [
        one.id for one in operations()
    ]
    assert lines[0] == "Filters"
    assert "Post-processing" in lines


def test_list_finds_words(capsys):
    code, out, _ = run(capsys, "list", "otsu", "LABELING")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == [
        "Segmentation",
        "segmentation.gauss_otsu_labeling",
        "segmentation.voronoi_otsu_labeling",
    ]


def test_list_finds_nothing(capsys):
    assert "no operation contains 'xyz abc'" in refused(capsys, "list", "xyz", "abc")


@pytest.mark.parametrize("operation", operations(), ids=lambda one: one.id)
def test_describe_says_all_there_is_to_know(capsys, operation):
    code, out, err = run(capsys, "describe", operation.id)
    assert (code, err) == (0, "")
    text = " ".join(out.split())
    assert out.startswith(f"{operation.id} ({operation.title})")
    assert " ".join(operation.summary.split()) in text
    for entry in operation.inputs:
        assert f"{entry.name}: {entry.kind}" in out
    for setting in operation.settings:
        assert f"{setting.name}: " in out
        assert f"default {setting.default!r}" in text
        assert operation.documentation.parameters[setting.name] in text
    for output in operation.outputs:
        assert f"{output.name}: {output.kind}" in out
    assert "\nsources\n" in out
    assert max(map(len, out.splitlines())) <= 100


def test_describe_suggests_what_was_meant(capsys):
    line = refused(capsys, "describe", "segmentation.treshold")
    assert "no operation 'segmentation.treshold'; did you mean segmentation.threshold" in line


# Run


def test_one_image_gives_what_the_operations_give(capsys, saved):
    code, out, err = run(
        capsys, "run", "workflow.json", "--input", "image=image.ome.tif", "--output", "out"
    )
    assert (code, err) == (0, "")
    assert out == "1 of 1 done, results in out\n"
    # Intermediate images are not written, all else is.
    assert names("out") == ["labels.ome.tif", "table.csv"]
    expected = labels_of(image())
    assert np.array_equal(tifffile.imread("out/labels.ome.tif"), expected)
    table = pd.read_csv("out/table.csv")
    assert table["label"].tolist() == list(range(1, expected.max() + 1))
    assert table["intensity_mean"].iloc[0] == pytest.approx(image()[expected == 1].mean())


def test_the_workflow_is_in_the_metadata_of_results(capsys, saved):
    run(capsys, "run", "workflow.json", "--input", "image.ome.tif", "--output", "out")
    with tifffile.TiffFile("out/labels.ome.tif") as file:
        root = tifffile.xml2dict(file.ome_metadata)
    found = json.loads(root["OME"]["Image"]["Description"])
    assert [step["operation"] for step in found["steps"]] == [
        step.operation for step in workflow().steps
    ]


def test_the_file_named_in_the_workflow_is_used(capsys, saved):
    write_workflow("own.json", workflow(source=str(saved / "image.ome.tif")))
    code, _, _ = run(capsys, "run", "own.json", "--output", "out")
    assert code == 0
    assert np.array_equal(tifffile.imread("out/labels.ome.tif"), labels_of(image()))


def test_the_last_images_are_written_too(capsys, saved):
    blur = Workflow(inputs=workflow().inputs).add("filters.gaussian", {"image": "image"})
    write_workflow("blur.json", blur)
    run(capsys, "run", "blur.json", "--input", "image.ome.tif", "--output", "out")
    (name,) = names("out")
    assert np.array_equal(tifffile.imread(Path("out") / name), filters.gaussian(image()))


def test_a_movie_gives_what_map_over_gives(capsys, saved):
    movie = np.stack([image(number) for number in (1, 2, 3)])
    write_workflow("movie.json", workflow("TYX"))
    tifffile.imwrite("movie.tif", movie, photometric="minisblack")
    arguments = ("run", "movie.json", "--input", "image=movie.tif", "--output", "out")
    code, _, err = run(capsys, *arguments)
    assert (code, err) == (0, "")
    found = tifffile.imread("out/labels.ome.tif")
    assert np.array_equal(found, [labels_of(frame) for frame in movie])
    blurred = map_over(filters.gaussian, "T", movie, axes="TYX", sigma=0.5)
    assert np.array_equal(
        found,
        map_over(segmentation.gauss_otsu_labeling, "T", blurred, axes="TYX", outline_sigma=1.0),
    )
    assert pd.read_csv("out/table.csv")["T"].unique().tolist() == [0, 1, 2]


def test_a_movie_of_one_image_is_a_movie(capsys, saved):
    write_workflow("movie.json", workflow("TYX"))
    value = Value.of(image()[np.newaxis], Kind.IMAGE, "TYX")
    write_value("movie.ome.tif", value)
    code, _, err = run(capsys, "run", "movie.json", "--input", "movie.ome.tif", "--output", "out")
    assert (code, err) == (0, "")
    assert pd.read_csv("out/table.csv")["T"].unique().tolist() == [0]


def test_axes_and_voxel_size_can_be_given(capsys, saved):
    stack = inputs.image(3)
    described = WorkflowInput(Kind.IMAGE, "TYX", (1.0, 1.0), "micrometer")
    steps = Workflow(inputs={"image": described}).add(
        "segmentation.gauss_otsu_labeling", {"image": "image"}, over="T"
    )
    write_workflow("slices.json", steps)
    tifffile.imwrite("stack.tif", stack, photometric="minisblack")
    code, _, err = run(
        capsys,
        *("run", "slices.json", "--input", "stack.tif", "--output", "out"),
        *("--axes", "image=TYX", "--spacing", "image=2,0.5"),
    )
    assert (code, err) == (0, "")
    with tifffile.TiffFile("out/labels.ome.tif") as file:
        pixels = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]["Pixels"]
    assert (pixels["PhysicalSizeY"], pixels["PhysicalSizeX"]) == (2, 0.5)
    expected = [segmentation.gauss_otsu_labeling(one, spacing=(2.0, 0.5)) for one in stack]
    assert np.array_equal(tifffile.imread("out/labels.ome.tif"), expected)


def test_spacing_of_the_file_counts(capsys, saved):
    write_value("sized.ome.tif", Value.of(image(), Kind.IMAGE, "YX", 0.25, "micrometer"))
    run(
        capsys,
        *("run", "workflow.json", "--input", "sized.ome.tif", "--output", "out"),
        *("--spacing", "9,9"),
    )
    table = pd.read_csv("out/table.csv")
    assert "area [micrometer²]" in table.columns
    labels = tifffile.imread("out/labels.ome.tif")
    assert table["area [micrometer²]"].sum() == pytest.approx((labels > 0).sum() * 0.0625)


def test_two_inputs(capsys, saved):
    steps = Workflow(
        inputs={
            "reference": WorkflowInput(Kind.LABELS, "YX", (1.0, 1.0)),
            "found": WorkflowInput(Kind.LABELS, "YX", (1.0, 1.0)),
        }
    ).add("metrics.jaccard", {"reference": "reference", "labels": "found"})
    write_workflow("score.json", steps)
    for number in (1, 2):
        np.save(f"{number}.npy", inputs.labels(2, number))
    code, _, _ = run(
        capsys,
        *("run", "score.json", "--output", "out"),
        *("--input", "reference=1.npy", "--input", "found=2.npy"),
    )
    assert code == 0
    first, second = inputs.labels(2, 1) > 0, inputs.labels(2, 2) > 0
    expected = (first & second).sum() / (first | second).sum()
    assert pd.read_csv("out/score.csv")["score"].tolist() == pytest.approx([expected])


# Folders


def test_of_a_folder_all_images_are_processed_and_a_bad_one_is_skipped(capsys, folder):
    code, out, err = run(capsys, "run", "workflow.json", "--input", "images", "--output", "out")
    assert code == 1
    assert out == "2 of 3 done, results in out\n"
    assert err.count("\n") == 1
    assert "plate 2 is skipped: images/plate 2.tif holds no image" in err
    assert names("out") == ["plate 1", "plate 3", "table.csv"]
    for number in (1, 3):
        found = tifffile.imread(f"out/plate {number}/labels.ome.tif")
        assert np.array_equal(found, labels_of(image(number)))


def test_tables_of_a_folder_are_joined(capsys, folder):
    run(capsys, "run", "workflow.json", "--input", "image=images/", "--output", "out")
    joined = pd.read_csv("out/table.csv")
    parts = [pd.read_csv(f"out/plate {number}/table.csv") for number in (1, 3)]
    assert list(joined.columns) == ["image", *parts[0].columns]
    expected = pd.concat(parts, ignore_index=True)
    pd.testing.assert_frame_equal(joined.drop(columns="image"), expected)
    assert joined["image"].value_counts().to_dict() == {
        "plate 1": len(parts[0]),
        "plate 3": len(parts[1]),
    }


def test_scores_of_a_folder_are_joined(capsys, saved):
    steps = Workflow(
        inputs={
            "reference": WorkflowInput(Kind.MASK, "YX", (1.0, 1.0)),
            "found": WorkflowInput(Kind.MASK, "YX", (1.0, 1.0)),
        }
    ).add("metrics.dice", {"reference": "reference", "labels": "found"})
    write_workflow("score.json", steps)
    for name in ("references", "founds"):
        Path(name).mkdir()
        for number in (1, 2):
            shown = number if name == "founds" else 1
            mask = Value.of(inputs.labels(2, shown) > 0, Kind.MASK)
            write_value(f"{name}/{number}.ome.tif", mask)
    code, _, err = run(
        capsys,
        *("run", "score.json", "--output", "out"),
        *("--input", "reference=references", "--input", "found=founds"),
    )
    assert (code, err) == (0, "")
    table = pd.read_csv("out/score.csv")
    assert table["image"].tolist() == [1, 2]
    assert table["score"].iloc[0] == 1
    assert table["score"].iloc[1] < 1


def test_an_image_without_its_partner_is_skipped(capsys, saved):
    steps = Workflow(
        inputs={
            "a": WorkflowInput(Kind.MASK, "YX", (1.0, 1.0)),
            "b": WorkflowInput(Kind.MASK, "YX", (1.0, 1.0)),
        }
    ).add("metrics.dice", {"reference": "a", "labels": "b"})
    write_workflow("score.json", steps)
    for name, numbers in {"a": (1, 2), "b": (1, 3)}.items():
        Path(name).mkdir()
        for number in numbers:
            write_value(f"{name}/{number}.ome.tif", Value.of(inputs.labels(2) > 0, Kind.MASK))
    code, out, err = run(
        capsys, "run", "score.json", "--output", "out", "--input", "a=a", "--input", "b=b"
    )
    assert code == 1
    assert "1 of 3 done" in out
    assert "3 is skipped: the folder of the input 'a' has no image of this name" in err
    assert "2 is skipped: the folder of the input 'b' has no image of this name" in err


def test_names_with_dots_are_different_images(capsys, saved):
    Path("images").mkdir()
    for name in ("a.1", "a.2", "b.1.final"):
        np.save(f"images/{name}.npy", image())
    code, _, _ = run(capsys, "run", "workflow.json", "--input", "images", "--output", "out")
    assert code == 0
    assert names("out") == ["a.1", "a.2", "b.1.final", "table.csv"]


def test_images_whose_results_would_overwrite_each_other_are_refused(capsys, saved):
    Path("images").mkdir()
    np.save("images/a.npy", image())
    tifffile.imwrite("images/a.tif", image())
    line = refused(capsys, "run", "workflow.json", "--input", "images", "--output", "out")
    assert "a.npy and a.tif" in line
    assert not Path("out").exists()


def test_a_step_that_fails_on_one_image_does_not_stop_the_others(capsys, folder):
    (folder / "plate 2.tif").unlink()
    broken = np.full((9, 9), np.nan)
    np.save(folder / "plate 2.npy", broken)
    code, out, err = run(capsys, "run", "workflow.json", "--input", "images", "--output", "out")
    assert code == 1
    assert "2 of 3 done" in out
    assert "plate 2 is skipped: step 'gaussian' failed: image holds 81 values" in err


def test_warnings_are_one_line_each_and_name_the_image(capsys, folder):
    (folder / "plate 2.tif").unlink()
    corrections = Value.of(inputs.value(Kind.CORRECTIONS, 2), Kind.CORRECTIONS)
    steps = (
        workflow()
        .add_input("painted", WorkflowInput.of(corrections))
        .add("postprocessing.apply_corrections", {"labels": "labels", "corrections": "painted"})
    )
    write_workflow("workflow.json", steps, {"painted": corrections})
    for path in folder.glob("plate*"):  # what was corrected is not there
        write_value(path, Value.of(np.full_like(image(), 7), Kind.IMAGE))
    code, _, err = run(capsys, "run", "workflow.json", "--input", "image=images", "--output", "out")
    assert code == 0
    lines = err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("napari-delineate: warning: plate ") for line in lines)
    assert "corrected objects are not there any more" in lines[0]


# What is wrong with a call

RUN = ("run", "workflow.json", "--input", "image.ome.tif", "--output", "out")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["fly"], "invalid choice: 'fly'"),
        (["run"], "the following arguments are required: workflow, --output"),
        (["run", "workflow.json"], "required: --output"),
        (["run", "nothing.json", "--output", "out"], "nothing.json"),
        (
            ["run", "image.ome.tif", "--output", "out"],
            "image.ome.tif is no workflow file: it is not JSON",
        ),
        (["run", "workflow.json", "--output", "out"], "the workflow needs --input image=FILE"),
        (
            ["run", "workflow.json", "--output", "out", "--input", "image=nothing.tif"],
            "input 'image': there is no file or folder nothing.tif",
        ),
        (
            ["run", "workflow.json", "--output", "out", "--input", "photo=image.ome.tif"],
            "--input photo=image.ome.tif: write NAME=VALUE with an input of: image",
        ),
        (
            ["run", "workflow.json", "--output", "out", "--input", "image="],
            "write NAME=VALUE",
        ),
        (
            ["run", "workflow.json", "--output", "out", "--input", "workflow.json"],
            "the endings known are .tif",
        ),
        (
            ["run", "workflow.json", "--output", "out", "--input", "empty"],
            "empty holds no image that can be read",
        ),
        (
            [
                "run",
                "workflow.json",
                "--output",
                "out",
                "--input",
                "image.ome.tif",
                "--spacing",
                "a",
            ],
            "--spacing a: write one number per axis, for instance 1,0.3,0.3",
        ),
        (
            [
                "run",
                "workflow.json",
                "--output",
                "out",
                "--input",
                "image.ome.tif",
                "--spacing",
                "1",
            ],
            "the spacing must have one number for each of the axes YX",
        ),
        (
            [*RUN, "--spacing", "0,1"],
            "spacing must hold finite numbers above 0",
        ),
        (
            [*RUN, "--spacing", "nan,1"],
            "spacing must hold finite numbers above 0",
        ),
        (
            [*RUN, "--axes", "XY"],
            "can not have the axes 'XY'",
        ),
        (
            [*RUN, "--axes", "TYX"],
            "step 'gaussian' must loop over T",
        ),
        (
            [*RUN, "--device", "no such card"],
            "no such card",
        ),
        (["run", "nosteps.json", "--output", "out"], "has no steps, so there is nothing to run"),
        (["export", "workflow.json"], "say what to write: --notebook FILE or --script FILE"),
        (
            ["export", "workflow.json", "--script", "a.py"],
            "input 'image' comes from no file",
        ),
        (["run", "folder.json", "--output", "out"], "folder.json is a folder, no workflow file"),
        (["export", "workflow.json", "--notebook", "a.txt"], "a.txt must end in .ipynb"),
        (["export", "workflow.json", "--script", "a.ipynb"], "a.ipynb must end in .py"),
        (
            ["export", "workflow.json", "--script", "a.py", "--run"],
            "--run runs a notebook; say which to write with --notebook FILE",
        ),
        (["describe", "os.system"], "there is no operation 'os.system'"),
        (["describe"], "required: operation"),
    ],
    ids=lambda value: " ".join(value[:7])[:60] if isinstance(value, list) else "",
)
def test_what_is_wrong_is_said_in_one_line(capsys, saved, arguments, message):
    Path("empty").mkdir()
    Path("folder.json").mkdir()
    write_workflow("nosteps.json", Workflow(inputs=workflow().inputs))
    assert message in refused(capsys, *arguments)


def test_nothing_is_computed_when_results_can_not_be_written(capsys, saved, monkeypatch):
    monkeypatch.setattr(Engine, "run", lambda *_, **__: pytest.fail("it was computed"))
    Path("taken").write_text("a file")
    arguments = ("run", "workflow.json", "--input", "image.ome.tif", "--output")
    for folder in ("taken", "taken/inside"):
        assert "taken is a file, not a folder" in refused(capsys, *arguments, folder)
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    assert "out can not be written to" in refused(capsys, *arguments, "out")


def test_a_disk_that_is_full_is_one_line(capsys, saved, monkeypatch):
    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tifffile, "imwrite", fail)
    line = refused(capsys, "run", "workflow.json", "--input", "image.ome.tif", "--output", "out")
    assert "No space left on device" in line


def test_a_failing_step_is_one_line(capsys, saved):
    np.save("broken.npy", np.full((9, 9), np.nan))
    arguments = ("run", "workflow.json", "--input", "broken.npy", "--output", "out")
    assert "step 'gaussian' failed: image holds 81 values" in refused(capsys, *arguments, code=1)


def test_a_damaged_image_is_one_line(capsys, saved):
    content = Path("image.ome.tif").read_bytes()
    Path("image.ome.tif").write_bytes(content[: len(content) // 2])
    arguments = ("run", "workflow.json", "--input", "image.ome.tif", "--output", "out")
    assert "image.ome.tif" in refused(capsys, *arguments)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (MemoryError(), "the memory is not enough"),
        (OverflowError("too big"), "unexpected OverflowError: too big"),
        (AttributeError("no such thing"), "unexpected AttributeError: no such thing"),
    ],
)
def test_errors_that_nobody_thought_of_are_one_line(capsys, saved, monkeypatch, error, message):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(batches, "load", fail)
    arguments = ("run", "workflow.json", "--input", "image.ome.tif", "--output", "out")
    assert message in refused(capsys, *arguments, code=1)


def test_an_image_that_is_too_large_for_the_memory_is_skipped(capsys, folder, monkeypatch):
    spoil(monkeypatch, "load", "plate 1", MemoryError("unable to allocate 3 TB"))
    (folder / "plate 2.tif").unlink()
    code, out, err = run(capsys, "run", "workflow.json", "--input", "images", "--output", "out")
    assert (code, out) == (1, "1 of 2 done, results in out\n")
    assert "plate 1 is skipped: the memory is not enough unable to allocate 3 TB" in err


def spoil(monkeypatch, function: str, name: str, error: BaseException) -> None:
    """Let a function of a batch fail for one image."""
    real = getattr(batches, function)

    def fail(*arguments):
        if any(name in (str(one), getattr(one, "name", "")) for one in arguments):
            raise error
        return real(*arguments)

    monkeypatch.setattr(batches, function, fail)


@pytest.fixture
def three(folder):
    """Three good images."""
    (folder / "plate 2.tif").unlink()
    write_value(folder / "plate 2.ome.tif", Value.of(image(2), Kind.IMAGE))
    return folder


BATCH = ("run", "workflow.json", "--input", "images", "--output", "out")


def images_in_table() -> list[str]:
    return pd.read_csv("out/table.csv")["image"].unique().tolist()


def test_a_result_that_can_not_be_written_does_not_stop_the_others(capsys, three, monkeypatch):
    real = tifffile.imwrite

    def fail(path, *arguments, **options):
        if "plate 1" in str(path):
            raise OSError(errno.EFBIG, "File too large")
        real(path, *arguments, **options)

    monkeypatch.setattr(tifffile, "imwrite", fail)
    code, out, err = run(capsys, *BATCH)
    assert (code, out) == (1, "2 of 3 done, results in out\n")
    assert err.count("\n") == 1
    assert "plate 1 is skipped: " in err
    assert "File too large" in err
    assert "out/plate 1/labels.ome.tif" in err
    assert images_in_table() == ["plate 2", "plate 3"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_ends_a_batch_and_what_was_done_is_kept(capsys, three, monkeypatch, number):
    spoil(monkeypatch, "write", "out/plate 2", OSError(number, os.strerror(number), "b.tif"))
    code, out, err = run(capsys, *BATCH)
    assert (code, out) == (1, "1 of 3 done, results in out\n")
    first, second = err.splitlines()
    assert "plate 2 is skipped" in first
    assert "b.tif" in first
    assert "the disk is full, so the images after it are not processed" in second
    assert names("out") == ["plate 1", "table.csv"]
    assert images_in_table() == ["plate 1"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), AttributeError("nobody thought of it")])
def test_tables_are_joined_of_what_was_done_whatever_stops_a_batch(
    capsys, three, monkeypatch, error
):
    spoil(monkeypatch, "load", "plate 3", error)
    refused(capsys, *BATCH, code=1)
    assert images_in_table() == ["plate 1", "plate 2"]


@pytest.mark.parametrize("function", ["load", "write"])
def test_an_interrupt_that_a_library_catches_counts(capsys, three, monkeypatch, function):
    """As trimesh does, which tries to import others and goes on whatever that raises."""
    loaded, load, real = [], batches.load, getattr(batches, function)

    def press(*arguments):
        with contextlib.suppress(BaseException):
            signal.raise_signal(signal.SIGINT)
        return real(*arguments)

    def counted(workflow, job, sized):
        loaded.append(job.name)
        return press(workflow, job, sized) if function == "load" else load(workflow, job, sized)

    monkeypatch.setattr(batches, function, press)
    monkeypatch.setattr(batches, "load", counted)
    before = signal.getsignal(signal.SIGINT)
    assert "interrupted" in refused(capsys, *BATCH, code=1)
    assert loaded == ["plate 1"]
    assert names("out") == ([] if function == "load" else ["plate 1", "table.csv"])
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupt_between_steps_counts(capsys, saved, monkeypatch):
    real, steps = Engine.run, []

    def press(engine, workflow, values, progress):
        def swallowed(state):
            steps.append(state.step)
            with contextlib.suppress(BaseException):
                signal.raise_signal(signal.SIGINT)
            progress(state)

        return real(engine, workflow, values, progress=swallowed)

    monkeypatch.setattr(Engine, "run", press)
    assert "interrupted" in refused(capsys, *RUN, code=1)
    assert steps == ["gaussian"]
    assert names("out") == []


def test_an_interrupt_in_the_last_step_counts(capsys, saved, monkeypatch):
    real = Engine.run

    def press(*arguments, **options):
        results = real(*arguments, **options)
        with contextlib.suppress(BaseException):
            signal.raise_signal(signal.SIGINT)
        return results

    monkeypatch.setattr(Engine, "run", press)
    assert "interrupted" in refused(capsys, *RUN, code=1)
    assert names("out") == []


def test_a_program_that_ignores_interrupts_goes_on_ignoring_them(capsys, saved, monkeypatch):
    # As a shell starts it in the background.
    real = batches.load

    def press(*arguments):
        signal.raise_signal(signal.SIGINT)
        return real(*arguments)

    monkeypatch.setattr(batches, "load", press)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        code, _, err = run(capsys, *RUN)
    finally:
        signal.signal(signal.SIGINT, before)
    assert (code, err) == (0, "")


def test_an_interrupt_while_the_program_starts_is_one_line(capsys, monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr("napari_delineate.cli.main", interrupted)
    assert start() == 1
    assert capsys.readouterr().err == "napari-delineate: error: interrupted\n"


# Surfaces


@pytest.fixture
def cells(saved):
    """A workflow from a surface file to a smooth surface and a table, and that file."""
    labels = np.zeros((12, 14, 16), int)
    labels[3:9, 3:10, 3:7] = 4
    labels[3:9, 3:10, 9:13] = 9
    surface = surfaces.labels_to_surface(labels, spacing=(2.0, 0.5, 0.25))
    write_surface("cells.vtp", surface, "micrometer")
    described = WorkflowInput.of(read_value("cells.vtp", Kind.SURFACE), "cells.vtp")
    steps = Workflow(inputs={"cells": described}).add("surfaces.smooth", {"surface": "cells"})
    (smooth,) = steps.steps[0].outputs
    steps = steps.add("surfaces.measure_surface", {"surface": smooth}, outputs=("table",))
    write_workflow("cells.json", steps)
    return surfaces.smooth(surface), smooth


def test_a_workflow_runs_on_a_surface_file(capsys, cells):
    expected, name = cells
    code, _, err = run(capsys, "run", "cells.json", "--output", "out")
    assert (code, err) == (0, "")
    assert names("out") == [f"{name}.ply", "table.csv"]
    value = read_value(f"out/{name}.ply", Kind.SURFACE)
    assert inputs.same(value.data, expected)
    assert value.units == "micrometer"
    assert any("[micrometer³]" in column for column in pd.read_csv("out/table.csv").columns)


def test_surfaces_are_written_in_the_format_asked_for_and_object_by_object(capsys, cells):
    expected, name = cells
    asked = ("--mesh-format", "stl", "--each-object", "--output", "out")
    code, _, err = run(capsys, "run", "cells.json", *asked)
    assert (code, err) == (0, "")
    assert names("out") == [f"{name}.stl", f"{name}_objects", "table.csv"]
    files = names(f"out/{name}_objects")
    assert files == [f"{name}_4.stl", f"{name}_9.stl"]
    found = [read_value(f"out/{name}_objects/{file}", Kind.SURFACE) for file in files]
    assert [one.units for one in found] == ["micrometer"] * 2
    assert sum(len(one.data.faces) for one in found) == len(expected.faces)
    # The input lies where an object would be written to.
    Path("cells.vtp").rename(f"out/{name}_objects/cells.vtp")
    line = refused(capsys, "run", "cells.json", "--input", f"out/{name}_objects/cells.vtp", *asked)
    assert "would overwrite the input" in line


def test_surfaces_without_labels_have_no_objects(capsys, cells):
    described = WorkflowInput.of(read_value("cells.vtp", Kind.SURFACE), "cells.vtp")
    steps = Workflow(inputs={"cells": described})
    steps = steps.add("surfaces.discrete_curvature", {"surface": "cells"}, outputs=("bent",))
    write_workflow("bent.json", steps)
    code, _, err = run(capsys, "run", "bent.json", "--each-object", "--output", "out")
    assert code == 0
    assert "warning" in err
    assert "the values of the surface are no labels" in err
    assert names("out") == ["bent.ply"]


def test_a_surface_file_is_exported_and_read_by_script_and_notebook(capsys, cells):
    expected, name = cells
    code, _, _ = run(
        capsys, "export", "cells.json", "--script", "cells.py", "--notebook", "cells.ipynb"
    )
    assert code == 0
    text = Path("cells.py").read_text(encoding="utf-8")
    scope = {"__name__": "cells", "__file__": str(Path("cells.py").absolute())}
    exec(compile(text, "cells.py", "exec"), scope)
    assert inputs.same(scope[name], expected)
    notebook = json.loads(Path("cells.ipynb").read_text(encoding="utf-8"))
    scope = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), scope)
    assert inputs.same(scope[name], expected)


def test_a_surface_file_that_can_not_be_used_is_one_line(capsys, cells):
    Path("cells.vtp").write_text("<VTKFile", encoding="utf-8")
    line = refused(capsys, "run", "cells.json", "--output", "out")
    assert "cells.vtp can not be read: it is no VTP file, or incomplete" in line
    line = refused(capsys, "run", "cells.json", "--input", "image.ome.tif", "--output", "out")
    assert "image.ome.tif holds an array where surface is needed" in line


# What would be overwritten


def test_a_result_does_not_take_the_place_of_its_input(capsys, saved, monkeypatch):
    monkeypatch.setattr(Engine, "run", lambda *_, **__: pytest.fail("it was computed"))
    Path("out").mkdir()
    Path("image.ome.tif").rename("out/labels.ome.tif")
    before = Path("out/labels.ome.tif").read_bytes()
    Path("link").symlink_to("out")
    for file in ("out/labels.ome.tif", "link/labels.ome.tif", str(saved / "out/labels.ome.tif")):
        line = refused(capsys, "run", "workflow.json", "--input", file, "--output", "out")
        assert f"the result out/labels.ome.tif would overwrite the input {file}" in line
    assert Path("out/labels.ome.tif").read_bytes() == before
    assert names("out") == ["labels.ome.tif"]


def test_no_result_of_a_batch_takes_the_place_of_an_input(capsys, saved):
    steps = Workflow(
        inputs={
            "reference": WorkflowInput(Kind.LABELS, "YX", (1.0, 1.0)),
            "image": WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0)),
        }
    ).add("segmentation.gauss_otsu_labeling", {"image": "image"})
    write_workflow("two.json", steps)
    Path("images").mkdir()
    for name in ("a", "b"):
        np.save(f"images/{name}.npy", image())
    reference = write_value(Path("out/b/labels.ome.tif"), Value.of(inputs.labels(2), Kind.LABELS))
    before = reference.read_bytes()
    line = refused(
        capsys,
        *("run", "two.json", "--output", "out"),
        *("--input", f"reference={reference}", "--input", "image=images"),
    )
    assert f"the result {reference} would overwrite the input {reference}" in line
    assert reference.read_bytes() == before
    assert names("out") == ["b"]


def test_every_kind_of_result_is_written_where_it_was_said_to_be(capsys, saved):
    steps = workflow().add("surfaces.labels_to_surface", {"labels": "labels"})
    steps = steps.add("metrics.dice", {"reference": "labels", "labels": "labels"})
    write_workflow("all.json", steps)
    run(capsys, "run", "all.json", "--input", "image.ome.tif", "--output", "out")
    said = [
        result_path(Path("out"), name, value.kind, value.axes).name
        for name, value in steps.values.items()
        if value.kind is not Kind.IMAGE
    ]
    assert names("out") == sorted(said)
    assert {Path(name).suffix for name in said} == {".tif", ".csv", ".ply"}


def test_an_image_with_the_name_of_a_joined_table_is_refused(capsys, three, monkeypatch):
    monkeypatch.setattr(Engine, "run", lambda *_, **__: pytest.fail("it was computed"))
    (three / "plate 2.ome.tif").rename(three / "table.csv.ome.tif")
    line = refused(capsys, *BATCH)
    assert "the image table.csv" in line
    assert "joined table, out/table.csv; rename the image" in line
    assert not Path("out").exists()


# What is said of an image


def test_another_content_of_the_file_of_the_workflow_is_a_warning(capsys, saved):
    value = Value.of(image(), Kind.IMAGE)
    described = WorkflowInput.of(value, str(saved / "image.ome.tif"))
    write_workflow("own.json", workflow().add_input("image", described))
    code, _, err = run(capsys, "run", "own.json", "--output", "out")
    assert (code, err) == (0, "")
    write_value("image.ome.tif", Value.of(image(2), Kind.IMAGE))
    code, _, err = run(capsys, "run", "own.json", "--output", "out")
    assert code == 0
    assert err == (
        f"napari-delineate: warning: {saved / 'image.ome.tif'} has another content than when the "
        "workflow was made\n"
    )
    # Another image has another content.
    code, _, err = run(capsys, "run", "own.json", "--input", "image.ome.tif", "--output", "out")
    assert (code, err) == (0, "")


def test_a_voxel_size_taken_from_the_workflow_is_a_warning(capsys, saved):
    value = Value.of(image(), Kind.IMAGE, "YX", (0.5, 0.25), "micrometer")
    described = WorkflowInput.of(value)
    write_workflow("sized.json", workflow().add_input("image", described))
    arguments = ("run", "sized.json", "--output", "out", "--input")
    code, _, err = run(capsys, *arguments, "image.ome.tif")
    assert code == 0
    assert err == (
        "napari-delineate: warning: image.ome.tif states no voxel size along Y, X; the "
        "workflow's 0.5 × 0.25 micrometer is used\n"
    )
    assert run(capsys, *arguments, "image.ome.tif", "--spacing", "1,1")[2] == ""
    write_value("stating.ome.tif", value)
    assert run(capsys, *arguments, "stating.ome.tif")[2] == ""


def test_the_voxel_size_of_the_image_of_the_workflow_is_no_warning(capsys, saved):
    value = Value.of(image(), Kind.IMAGE, "YX", 0.5, "micrometer")
    described = WorkflowInput.of(value, str(saved / "image.ome.tif"))
    write_workflow("own.json", workflow().add_input("image", described))
    code, _, err = run(capsys, "run", "own.json", "--output", "out")
    assert (code, err) == (0, "")


def test_an_interrupt_is_one_line(capsys, folder, monkeypatch):
    calls = []
    real = Engine.run

    def interrupted(engine, *arguments, **options):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(engine, *arguments, **options)

    monkeypatch.setattr(Engine, "run", interrupted)
    (folder / "plate 2.tif").unlink()
    line = refused(capsys, "run", "workflow.json", "--input", "images", "--output", "out", code=1)
    assert "interrupted" in line
    assert tifffile.imread("out/plate 1/labels.ome.tif").any()  # what was done is complete


# Export


def test_export_writes_what_was_asked_for(capsys, saved):
    write_workflow("own.json", workflow(source=str(saved / "image.ome.tif")))
    code, out, err = run(capsys, "export", "own.json", "--notebook", "a.ipynb", "--script", "a.py")
    assert (code, err) == (0, "")
    assert out == "wrote a.ipynb\nwrote a.py\n"
    assert json.loads(Path("a.ipynb").read_text(encoding="utf-8"))["nbformat"] == 4
    compile(Path("a.py").read_text(encoding="utf-8"), "a.py", "exec")


def test_export_to_a_place_that_can_not_be_written_to(capsys, saved):
    write_workflow("own.json", workflow(source=str(saved / "image.ome.tif")))
    Path("taken").write_text("a file")
    for option, name in (("--notebook", "a.ipynb"), ("--script", "a.py")):
        assert "taken" in refused(capsys, "export", "own.json", option, f"taken/{name}")


def test_a_device_of_the_workflow_counts_unless_another_is_given(capsys, saved):
    write_workflow("card.json", workflow(device="no such card"))
    arguments = ("run", "card.json", "--input", "image.ome.tif", "--output", "out")
    assert "no such card" in refused(capsys, *arguments)
    code, _, err = run(capsys, *arguments, "--device", "cpu")
    assert (code, err) == (0, "")


def test_an_older_operation_is_a_warning(capsys, saved):
    text = Path("workflow.json").read_text()
    Path("workflow.json").write_text(text.replace('"version": 1', '"version": 77', 1))
    arguments = ("run", "workflow.json", "--input", "image.ome.tif", "--output", "out")
    code, _, err = run(capsys, *arguments)
    assert code == 0
    assert err.count("\n") == 1
    assert err.startswith("napari-delineate: warning: ")
    assert "workflow.json: filters.gaussian was version 77" in err


def test_workflows_are_the_same_after_a_run(capsys, saved):
    before = Path("workflow.json").read_bytes()
    run(capsys, "run", "workflow.json", "--input", "image.ome.tif", "--output", "out")
    assert Path("workflow.json").read_bytes() == before
    assert dataclasses.asdict(workflow().inputs["image"])["source"] is None


# As a program


def program(*arguments: str, **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "napari_delineate", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


def test_the_program_runs_a_workflow(saved):
    done = program("run", "workflow.json", "--input", "image.ome.tif", "--output", "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert np.array_equal(tifffile.imread("out/labels.ome.tif"), labels_of(image()))


def test_the_program_says_what_is_wrong_in_one_line(saved):
    done = program("run", "image.ome.tif", "--output", "out")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("napari-delineate: error: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_names_that_the_terminal_can_not_show_are_no_error(saved):
    done = program(
        *("run", "workflow.json", "--input", "image.ome.tif", "--output", "Ergebnisse ✓"),
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert names("Ergebnisse ✓") == ["labels.ome.tif", "table.csv"]


def test_the_program_does_not_show_what_libraries_log(folder):
    for name in ("plate 1.ome.tif", "plate 3.ome.tif"):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) * 2 // 3])
    done = program("run", "workflow.json", "--input", "images", "--output", "out")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 3
    assert done.stderr.count("is skipped: ") == 3


def test_help_has_examples_for_every_command():
    done = program("--help")
    assert done.returncode == 0
    for command in ("list", "describe", "run", "export", "demo"):
        assert f"\n    {command}" in done.stdout
        assert f"napari-delineate {command}" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="needs pipes of Unix")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_has_seen_enough_is_no_error(unbuffered):
    # As in `napari-delineate list | head -1`.
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "napari_delineate", "list"],
            stdout=writing,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )
    finally:
        os.close(writing)
    assert done.stderr == b""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell of Unix")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
@pytest.mark.slow
def test_closed_streams_are_no_error(saved, closed):
    command = f'exec "{sys.executable}" -m napari_delineate "$@" {closed}'
    for arguments in (["list"], list(RUN)):
        done = subprocess.run(
            ["/bin/sh", "-c", command, "sh", *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert bool(done.stdout) == (closed == "2>&-")
    assert np.array_equal(tifffile.imread("out/labels.ome.tif"), labels_of(image()))
