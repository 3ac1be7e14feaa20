"""A crash loses nothing: whatever ends a process, its session is found and is the same."""

from __future__ import annotations

import datetime
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_delineate import recovery
from napari_delineate.engine import Engine
from napari_delineate.files import FileError, load_inputs, write_value
from napari_delineate.postprocessing.corrections import record_corrections
from napari_delineate.recovery import Crashed, Recovery, find_crashed, recovery_folder
from napari_delineate.types import Kind
from napari_delineate.values import Value, fingerprint
from napari_delineate.workflow import Workflow, WorkflowInput
from tests import inputs as make

ROOT = Path(__file__).parents[1]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "user" / "sessions"


def seeds(number=0):
    data = np.zeros((24, 28), np.int32)
    data[5, 5:9], data[15, 20] = 1, 2 + number
    return Value.of(data, Kind.LABELS, "YX", (0.3, 0.3), "micrometer")


def session(image_file, hand_made):
    """A workflow with an image from a file and seeds made by hand."""
    image = Value.of(make.image(2), Kind.IMAGE, "YX", (0.3, 0.3), "micrometer")
    write_value(image_file, image)
    workflow = (
        Workflow()
        .add_input("cells", WorkflowInput.of(image, str(image_file)))
        .add_input("seeds", WorkflowInput.of(hand_made))
        .add("filters.gaussian", {"image": "cells"}, {"sigma": 0.6})
        .add("segmentation.seeded_watershed", {"image": "blurred", "seeds": "seeds"})
        .add("measurements.measure", {"labels": "labels", "image": "cells"})
    )
    return workflow, {"cells": image, "seeds": hand_made}


def crash(kept):
    """End a session as a crash does: its lock is free, its files are there."""
    kept._unlock()


CHILD = """
import sys, time
from pathlib import Path
from tests.test_recovery import session, seeds
from napari_delineate.recovery import Recovery
kept = Recovery(Path(sys.argv[1]))
workflow, inputs = session(Path(sys.argv[2]), seeds())
kept.save(workflow, inputs)
print("saved", flush=True)
time.sleep(60)
"""


@pytest.fixture
def child(folder, tmp_path):
    """A process that has saved a session and runs on."""
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), str(tmp_path / "cells.ome.tif")],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdout.readline().strip() == b"saved"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_session_of_a_running_process_is_not_offered(folder, child):
    assert find_crashed(folder) == ()
    assert len(list(folder.glob(f"*-{child.pid}-*/session.json"))) == 1


def test_what_a_killed_process_saved_is_found_bit_for_bit(folder, child, tmp_path):
    before = datetime.datetime.now().astimezone() - datetime.timedelta(minutes=1)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    [crashed] = find_crashed(folder)
    assert (crashed.title, crashed.steps, crashed.problem) == ("cells, seeds", 3, "")
    assert before < crashed.when < datetime.datetime.now().astimezone()
    workflow, loaded = crashed.load()
    expected, values = session(tmp_path / "cells.ome.tif", seeds())
    assert workflow == expected
    assert set(loaded) == {"seeds"}
    now = Engine().run(workflow, {**load_inputs(workflow), **loaded})
    then = Engine().run(expected, values)
    for name in expected.values:
        assert make.same(now[name].data, then[name].data), name
        assert now[name].fingerprint() == then[name].fingerprint()
    crashed.discard()
    assert find_crashed(folder) == ()
    assert list(folder.iterdir()) == []


def test_what_is_restored_does_not_depend_on_the_folder(folder, tmp_path):
    kept = Recovery(folder)
    kept.save(*session(tmp_path / "cells.tif", seeds()))
    crash(kept)
    [crashed] = find_crashed(folder)
    workflow, loaded = crashed.load()
    assert workflow.inputs["seeds"].source is None
    crashed.discard()
    assert np.array_equal(loaded["seeds"].data, seeds().data)
    # It can be kept anew, and lost again.
    again = Recovery(folder)
    again.save(workflow, loaded)
    crash(again)
    [crashed] = find_crashed(folder)
    assert crashed.load()[1]["seeds"].fingerprint() == seeds().fingerprint()


HAND_MADE = {
    "labels": seeds(),
    "mask": Value.of(make.labels(2) > 0, Kind.MASK),
    "movie": Value.of(
        np.arange(2 * 3 * 4, dtype=np.uint16).reshape(2, 3, 4),
        Kind.IMAGE,
        "TYX",
        (0.1 + 0.2, 1 / 3),
        "nanometer",
    ),
    "stack": Value.of(make.image(3).astype(np.float64) / 7, Kind.IMAGE, spacing=(1e-7, 0.3, 0.3)),
    "colours": Value.of(make.value(Kind.RGB, 2), Kind.RGB),
    "spots": Value.of(np.random.default_rng(1).normal(size=(5, 3)), Kind.POINTS),
    "mesh": Value.of(make.value(Kind.SURFACE, 3), Kind.SURFACE),
    "nothing": Value.of(np.zeros((0, 2)), Kind.POINTS),
    "corrections": Value.of(make.value(Kind.CORRECTIONS, 2), Kind.CORRECTIONS),
}


def test_every_kind_comes_back_bit_for_bit(folder):
    workflow = Workflow(inputs={name: WorkflowInput.of(one) for name, one in HAND_MADE.items()})
    kept = Recovery(folder)
    kept.save(workflow, HAND_MADE)
    crash(kept)
    [crashed] = find_crashed(folder)
    read, loaded = crashed.load()
    assert read == workflow
    for name, value in HAND_MADE.items():
        assert loaded[name].fingerprint() == value.fingerprint(), name


def test_a_voxel_size_that_was_corrected_is_kept(folder):
    """The content is the same, its place is another."""
    kept = Recovery(folder)
    for spacing in (0.3, 0.7):
        value = Value.of(seeds().data, Kind.LABELS, "YX", spacing, "micrometer")
        kept.save(Workflow(inputs={"seeds": WorkflowInput.of(value)}), {"seeds": value})
    crash(kept)
    [crashed] = find_crashed(folder)
    assert crashed.load()[1]["seeds"].spacing == (0.7, 0.7)


# Saving


def files(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_files_are_referenced_and_versions_written_once(folder, tmp_path, monkeypatch):
    kept = Recovery(folder)
    workflow, values = session(tmp_path / "cells.tif", seeds())
    kept.save(workflow, values)
    written = [path.name for path in folder.rglob("seeds_*")]
    assert len(written) == 1
    assert not list(folder.rglob("cells*"))
    document = json.loads(next(folder.rglob("session.json")).read_text())
    assert document["inputs"]["cells"]["source"] == str(tmp_path / "cells.tif")
    assert document["inputs"]["seeds"]["source"] == f"session_inputs/{written[0]}"
    before = files(folder)
    kept.save(workflow.change("gaussian", parameters={"sigma": 1.0}), values)
    after = files(folder)
    assert [path.name for path in after if after[path] != before.get(path)] == ["session.json"]
    # A new version replaces the old one.
    value = seeds(1)
    kept.save(workflow.add_input("seeds", WorkflowInput.of(value)), {**values, "seeds": value})
    assert [path.name for path in folder.rglob("seeds_*")] != written
    assert len(list(folder.rglob("seeds_*"))) == 1


def test_a_version_that_vanished_is_written_again(folder, tmp_path):
    kept = Recovery(folder)
    workflow, values = session(tmp_path / "cells.tif", seeds())
    kept.save(workflow, values)
    next(folder.rglob("seeds_*")).unlink()
    kept.save(workflow, values)
    crash(kept)
    [crashed] = find_crashed(folder)
    assert crashed.load()[1]["seeds"].fingerprint() == seeds().fingerprint()


def test_checksums_are_those_of_the_content(folder):
    """A session's own numbers of versions mean nothing to another process."""
    described = replace(WorkflowInput.of(seeds()), version="seeds@3")
    kept = Recovery(folder)
    kept.save(Workflow(inputs={"seeds": described}), {"seeds": seeds()})
    crash(kept)
    [crashed] = find_crashed(folder)
    assert crashed.load()[0].inputs["seeds"].version == fingerprint(seeds().data)


def test_closing_leaves_nothing(folder, tmp_path):
    kept = Recovery(folder)
    kept.discard()
    assert not folder.exists()
    kept.save(*session(tmp_path / "cells.tif", seeds()))
    kept.discard()
    kept.discard()
    assert list(folder.iterdir()) == []
    assert find_crashed(folder) == ()


def test_an_empty_workflow_leaves_nothing(folder, tmp_path):
    kept = Recovery(folder)
    kept.save(Workflow(), {})
    assert not folder.exists()
    kept.save(*session(tmp_path / "cells.tif", seeds()))
    kept.save(Workflow(), {})
    assert list(folder.iterdir()) == []
    kept.save(*session(tmp_path / "cells.tif", seeds()))
    assert len(list(folder.rglob("session.json"))) == 1
    kept.discard()


def test_two_sessions_do_not_meet(folder, tmp_path):
    first, second = Recovery(folder), Recovery(folder)
    workflow, values = session(tmp_path / "cells.tif", seeds())
    first.save(workflow, values)
    second.save(workflow.remove("measure"), values)
    assert find_crashed(folder) == ()
    crash(first)
    [crashed] = find_crashed(folder)
    assert crashed.steps == 3
    crash(second)
    assert [one.steps for one in find_crashed(folder)] == [2, 3]  # the latest first
    crashed.discard()
    assert [one.steps for one in find_crashed(folder)] == [2]


def test_an_input_without_a_file_and_a_value_is_an_error(folder):
    with pytest.raises(ValueError, match="no value for the input 'seeds'"):
        Recovery(folder).save(Workflow(inputs={"seeds": WorkflowInput.of(seeds())}), {})


# What goes wrong


def test_a_folder_that_can_not_be_written_to(tmp_path):
    (tmp_path / "file").write_text("")
    kept = Recovery(tmp_path / "file" / "sessions")
    with pytest.raises(FileError, match=r"the session can not be kept in .*Not a directory"):
        kept.save(*session(tmp_path / "cells.tif", seeds()))
    assert find_crashed(tmp_path / "file" / "sessions") == ()


FULL = """
import resource, sys
from dataclasses import replace
from pathlib import Path
import numpy as np
from tests.test_recovery import session, seeds
from napari_delineate.files import FileError
from napari_delineate.recovery import Recovery
from napari_delineate.types import Kind
from napari_delineate.values import Value
from napari_delineate.workflow import WorkflowInput
kept = Recovery(Path(sys.argv[1]))
workflow, inputs = session(Path(sys.argv[2]), seeds())
kept.save(workflow, inputs)
noise = np.random.default_rng(0).integers(0, 2**31, (300, 300), dtype=np.int32)
value = Value.of(noise, Kind.LABELS, "YX", (0.3, 0.3), "micrometer")
changed = workflow.add_input("seeds", WorkflowInput.of(value))
limit = int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    kept.save(changed, {**inputs, "seeds": value})
except FileError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits for processes")
@pytest.mark.parametrize("limit", [100, 100_000])
@pytest.mark.slow
def test_the_older_save_survives_a_full_disk(folder, tmp_path, limit):
    """A real limit of the system; the process ends without closing its session."""
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(folder), str(tmp_path / "cells.tif"), str(limit)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert "the session can not be kept in" in done.stdout
    assert "File too large" in done.stdout
    [crashed] = find_crashed(folder)
    assert crashed.load()[1]["seeds"].fingerprint() == seeds().fingerprint()


def test_the_older_save_survives_whichever_file_fails(folder, tmp_path, monkeypatch):
    workflow, values = session(tmp_path / "cells.tif", seeds())
    changed = {**values, "seeds": seeds(1)}
    later = workflow.add_input("seeds", WorkflowInput.of(seeds(1)))
    rename, calls = Path.replace, []

    def fail_at(number):
        def replace_file(path, target):
            calls.append(target)
            if len(calls) == number:
                raise OSError(28, "No space left on device")
            return rename(path, target)

        calls.clear()
        monkeypatch.setattr(Path, "replace", replace_file)

    for number in (1, 2):
        kept = Recovery(folder)
        kept.save(workflow, values)
        fail_at(number)
        with pytest.raises(FileError, match="No space left on device"):
            kept.save(later, changed)
        monkeypatch.setattr(Path, "replace", rename)
        crash(kept)
        [crashed] = find_crashed(folder)
        assert crashed.load()[1]["seeds"].fingerprint() == seeds().fingerprint()
        crashed.discard()


DAMAGE = {
    "cut short": lambda text: text[: len(text) // 2],
    "empty": lambda _: "",
    "no JSON": lambda text: "\x00" * len(text),
    "another form": lambda text: text.replace('"steps"', '"stages"'),
    "an unknown operation": lambda text: text.replace("filters.gaussian", "filters.magic"),
    "a newer format": lambda text: text.replace('"format": 1', '"format": 99'),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_session_is_told_once_and_kept_aside(folder, tmp_path, damage):
    kept = Recovery(folder)
    kept.save(*session(tmp_path / "cells.tif", seeds()))
    crash(kept)
    path = next(folder.rglob("session.json"))
    path.write_text(damage(path.read_text()))
    [crashed] = find_crashed(folder)
    assert crashed.problem
    assert crashed.problem.count("\n") == 0
    assert crashed.folder.parent.name == "damaged"
    assert str(crashed.folder) in crashed.problem
    assert list(crashed.folder.rglob("seeds_*"))  # what was made by hand is still there
    with pytest.raises(FileError):
        crashed.load()
    assert find_crashed(folder) == ()
    crashed.discard()
    assert not crashed.folder.exists()


def test_a_session_that_ended_in_its_first_save_is_kept_aside(folder, tmp_path):
    kept = Recovery(folder)
    kept.save(*session(tmp_path / "cells.tif", seeds()))
    crash(kept)
    next(folder.rglob("session.json")).unlink()
    [crashed] = find_crashed(folder)
    assert "there is no file" in crashed.problem
    assert list(crashed.folder.rglob("seeds_*"))


def test_damaged_content_is_an_error_when_it_is_loaded(folder, tmp_path):
    kept = Recovery(folder)
    kept.save(*session(tmp_path / "cells.tif", seeds()))
    crash(kept)
    [crashed] = find_crashed(folder)
    path = next(folder.rglob("seeds_*"))
    other = write_value(tmp_path / "other.ome.tif", seeds(1))
    path.write_bytes(other.read_bytes())
    with pytest.raises(FileError, match="another content"):
        crashed.load()
    path.write_bytes(other.read_bytes()[:200])
    with pytest.raises(FileError, match="seeds_"):
        crashed.load()
    path.unlink()
    with pytest.raises(FileError, match="there is no file"):
        crashed.load()
    assert len(find_crashed(folder)) == 1


def test_starting_never_fails(folder, tmp_path):
    assert find_crashed(folder) == ()
    folder.mkdir(parents=True)
    (folder / "note.txt").write_text("not a session")
    (folder / "20240101-000000-1-abcd").mkdir()  # it ended before it saved
    (folder / "20240101-000000-1-abcd.lock").write_bytes(b"")
    assert find_crashed(folder) == ()
    assert [path.name for path in folder.iterdir()] == ["note.txt"]


def test_a_session_that_nobody_can_lock_is_left_alone(folder, tmp_path, monkeypatch):
    kept = Recovery(folder)
    kept.save(*session(tmp_path / "cells.tif", seeds()))
    crash(kept)

    def no_locks(session):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(recovery, "_lock", no_locks)
    assert find_crashed(folder) == ()
    with pytest.raises(FileError, match="No locks available"):
        Recovery(folder).save(*session(tmp_path / "cells.tif", seeds()))
    monkeypatch.undo()
    assert len(find_crashed(folder)) == 1


def test_warnings_wait_until_the_session_is_loaded(folder, tmp_path):
    kept = Recovery(folder)
    kept.save(*session(tmp_path / "cells.tif", seeds()))
    crash(kept)
    path = next(folder.rglob("session.json"))
    path.write_text(path.read_text().replace('"version": 1,', '"version": 77,', 1))
    [crashed] = find_crashed(folder)
    with pytest.warns(UserWarning, match="its results may differ"):
        crashed.load()


def test_sessions_are_kept_per_user(monkeypatch, tmp_path):
    if sys.platform == "linux":
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
        assert recovery_folder() == tmp_path / "napari-delineate" / "sessions"
    assert recovery_folder().is_absolute()
    assert not recovery_folder().is_relative_to(os.environ.get("TMPDIR", "/tmp/nowhere"))


def test_a_session_that_is_gone_can_be_discarded(folder):
    Crashed(folder / "gone", datetime.datetime.now().astimezone()).discard()


def test_corrections_of_a_killed_process_are_kept(folder):
    """Painted pixels are what a crash would hurt most."""
    before = make.labels(2)
    after = before.copy()
    after[before == 5] = 0
    value = Value.of(record_corrections(before, after), Kind.CORRECTIONS)
    kept = Recovery(folder)
    kept.save(Workflow(inputs={"painted": WorkflowInput.of(value)}), {"painted": value})
    crash(kept)
    [crashed] = find_crashed(folder)
    assert make.same(crashed.load()[1]["painted"].data, value.data)
