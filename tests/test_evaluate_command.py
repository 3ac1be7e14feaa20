"""`napari-delineate evaluate` does what `evaluate_folder` does, and says it in lines."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import psutil
import pytest
import tifffile
from tqdm import tqdm

from napari_delineate.cli import main
from napari_delineate.evaluate import evaluate_folder
from napari_delineate.files import write_workflow
from tests.evaluations import PERFECT, SLIDE, squares, steps, write_folders

CALL = ("evaluate", "workflow.json", "images", "annotations", "--workers", "1")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    write_folders(tmp_path, {"a": SLIDE, "b": PERFECT})
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capsys, *arguments):
    code = main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_the_command_does_what_the_function_does(capsys, folder):
    code, out, err = run(capsys, *CALL, "--output", "out")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "2 images, 95 % confidence intervals in brackets"
    assert lines[2].split() == ["average_precision", "0.75", "[0.5,", "1]", "0.75", "[0.5,", "1]"]
    assert lines[-1] == "tables and report.html in out"
    written = pd.read_csv("out/images.csv")
    truth = evaluate_folder("workflow.json", "images", "annotations").images
    pd.testing.assert_frame_equal(written, truth, check_dtype=False)


def test_without_a_folder_the_summary_is_all(capsys, folder):
    before = sorted(folder.rglob("*"))
    code, out, _ = run(capsys, *CALL, "--metrics", "dice", "detection_scores.recall")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[2:]] == ["dice", "detection_scores.recall"]
    assert sorted(folder.rglob("*")) == before


def test_what_is_left_out_is_said_line_by_line(capsys, folder):
    tifffile.imwrite("images/c.tif", np.zeros((4, 4), np.uint8))
    (folder / "annotations/b.tif").write_bytes(b"no image")
    code, out, err = run(capsys, *CALL)
    assert code == 1
    assert out.startswith("1 image, ")
    lines = err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("napari-delineate: error: b is skipped: annotations/b.tif")
    assert lines[1].endswith("c is skipped: there is no annotation of this name in annotations")


def test_if_nothing_can_be_evaluated_it_fails(capsys, folder):
    for path in (folder / "annotations").iterdir():
        tifffile.imwrite(path, squares(0)[1:])
    code, out, err = run(capsys, *CALL, "--output", "out")
    assert (code, out) == (1, "")
    assert "no image could be evaluated; a: the annotation has the shape (47, 48)" in err


def test_a_warning_names_the_image(capsys, folder):
    tifffile.imwrite("annotations/b.tif", np.zeros_like(PERFECT[0]))
    code, _, err = run(capsys, *CALL)
    assert code == 0
    assert err == (
        "napari-delineate: warning: b: the annotation is empty: everything found is wrong\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--result", "table"], "'table' is no result that can be compared"),
        (["--metrics", "beauty"], "there is no score 'beauty'"),
        (["--annotation", "some"], "invalid choice: 'some'"),
        (["--input", "image"], "--input image: write NAME=FILE or NAME=FOLDER"),
        (["--input", "other=x.tif"], "there is no input 'other'"),
        (["--output", "images"], "the results can not be written into images, which is read"),
        (["--output", "workflow.json"], "workflow.json is a file, not a folder"),
        (["--overlap", "2"], "overlap must be from 0.01 to 1"),
        (["--workers", "0"], "workers must be 1 or more"),
    ],
)
def test_what_is_wrong_with_a_call_is_said_in_one_line(capsys, folder, arguments, message):
    code, out, err = run(capsys, *CALL, *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_one_of_several_results_must_be_named(capsys, folder):
    workflow = steps().add("postprocessing.fill_holes", {"mask": "mask"}, outputs=("filled",))
    write_workflow("workflow.json", workflow)
    code, _, err = run(capsys, *CALL)
    assert code == 2
    assert "gives 'labels', 'filled'; choose which is compared, as --result filled" in err
    assert run(capsys, *CALL, "--result", "labels")[0] == 0


def test_after_ctrl_c_what_is_finished_is_written(capsys, folder, monkeypatch):
    class Pressed(tqdm):
        def set_description(self, name):
            if name == "a":
                raise KeyboardInterrupt

    monkeypatch.setattr("tqdm.tqdm", Pressed)
    code, out, err = run(capsys, *CALL, "--output", "out")
    assert code == 1
    assert "interrupted; 1 image not finished, what follows is of the other" in err
    assert "skipped" not in err
    assert "1 image, 95 %" in out
    assert pd.read_csv("out/images.csv")["image"].tolist() == ["a"]
    assert pd.read_csv("out/problems.csv")["image"].tolist() == ["b"]
    assert "interrupted" in (folder / "out/report.html").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
def test_ctrl_c_ends_all_processes_without_a_traceback(folder):
    for number in range(40):
        for place in ("images", "annotations"):
            tifffile.imwrite(folder / place / f"more {number}.tif", np.eye(700, dtype=np.uint8))
    process = subprocess.Popen(
        [sys.executable, "-m", "napari_delineate", *CALL[:-1], "2", "--output", "out"],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    time.sleep(6)
    os.killpg(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 1, error
    assert "Traceback" not in error
    assert "interrupted" in error
    time.sleep(0.5)
    assert living(process.pid) == []


def living(group):
    """The processes of a group that still run."""
    found = []
    for process in psutil.process_iter(["pid", "status"]):
        try:
            is_member = os.getpgid(process.pid) == group
        except ProcessLookupError:
            continue
        if is_member and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process.pid)
    return found
