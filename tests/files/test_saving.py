"""Whatever goes wrong while a file is written, the old one is still there."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from napari_delineate.files import atomic_path, read, write_table, write_value
from napari_delineate.types import Kind
from napari_delineate.values import Value


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_and_nothing_else(tmp_path):
    with atomic_path(tmp_path / "note.txt") as draft:
        draft.write_text("new")
        assert draft.parent == tmp_path
        assert draft.suffix == ".txt"
        assert not (tmp_path / "note.txt").exists()
    assert (tmp_path / "note.txt").read_text() == "new"
    assert names(tmp_path) == ["note.txt"]


def test_missing_folders_are_made(tmp_path):
    with atomic_path(tmp_path / "a" / "b" / "note.txt") as draft:
        draft.write_text("new")
    assert (tmp_path / "a" / "b" / "note.txt").read_text() == "new"


@pytest.mark.parametrize("error", [ValueError, MemoryError, OSError, KeyboardInterrupt])
def test_an_error_in_the_middle_keeps_the_old_file(tmp_path, error):
    path = tmp_path / "note.txt"
    path.write_text("old")

    def write_half():
        with atomic_path(path) as draft:
            draft.write_text("half of the n")
            raise error

    with pytest.raises(error):
        write_half()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["note.txt"]


def test_a_result_that_can_not_be_written_keeps_the_old_file(tmp_path, monkeypatch):
    import tifffile

    path = tmp_path / "image.ome.tif"
    write_value(path, Value.of(np.eye(9), Kind.IMAGE))
    before = path.read_bytes()

    def fail(draft, *_, **__):
        Path(draft).write_bytes(b"II*\0half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tifffile, "imwrite", fail)
    with pytest.raises(OSError, match="No space left"):
        write_value(path, Value.of(np.ones((9, 9)), Kind.IMAGE))
    assert path.read_bytes() == before
    assert names(tmp_path) == ["image.ome.tif"]


FULL_DISK = """
import resource, sys
import numpy as np, pandas as pd
from pathlib import Path
from napari_delineate.files import *
from napari_delineate.surfaces import labels_to_surface
from napari_delineate.types import Kind
from napari_delineate.values import Value
from napari_delineate.workflow import Workflow, WorkflowInput

folder = Path(sys.argv[1])
noise = np.random.default_rng(0).random((100, 100))
labels = np.zeros((12, 40, 40), int)
labels[2:10, 2:38, 2:38] = 1
image = WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0))
workflow = Workflow(inputs={f"image_{number}": image for number in range(100)})
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))  # no file can grow beyond
for write in (
    lambda: write_value(folder / "image.ome.tif", Value.of(noise, Kind.IMAGE)),
    lambda: write_table(folder / "table.csv", pd.DataFrame(noise)),
    lambda: write_surface(folder / "mesh.ply", labels_to_surface(labels)),
    lambda: write_workflow(folder / "workflow.json", workflow),
    lambda: write_workflow(folder / "small.json",
        Workflow(inputs={"image": image}), {"image": Value.of(noise, Kind.IMAGE)}),
):
    try:
        write()
    except OSError as error:
        print(error.errno)
    else:
        print("written")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of file sizes")
@pytest.mark.slow
def test_a_full_disk_keeps_the_old_files(tmp_path):
    (tmp_path / "small_inputs").mkdir()
    old = ["image.ome.tif", "table.csv", "mesh.ply", "workflow.json", "small.json"]
    old.append("small_inputs/image.ome.tif")
    for name in old:
        (tmp_path / name).write_text(f"old {name}")
    before = names(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(errno.EFBIG)] * 5
    assert names(tmp_path) == before
    assert names(tmp_path / "small_inputs") == ["image.ome.tif"]
    for name in old:
        assert (tmp_path / name).read_text() == f"old {name}"


@pytest.mark.skipif(os.name != "posix", reason="needs permissions of Unix")
def test_permissions_of_an_old_file_are_kept(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    path.chmod(0o640)
    with atomic_path(path) as draft:
        draft.write_text("new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.skipif(os.name != "posix", reason="needs permissions of Unix")
def test_a_new_file_has_the_usual_permissions(tmp_path):
    before = os.umask(0o027)
    try:
        with atomic_path(tmp_path / "new.txt") as draft:
            draft.write_text("new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new.txt").stat().st_mode) == 0o640


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root can write anywhere")
def test_a_folder_that_can_not_be_written_to_is_an_error(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(PermissionError), atomic_path(tmp_path / "note.txt"):
            pass
    finally:
        tmp_path.chmod(0o700)


def test_a_folder_is_not_replaced(tmp_path):
    (tmp_path / "note.txt").mkdir()
    with (
        pytest.raises(OSError, match=r"note\.txt is a folder"),
        atomic_path(tmp_path / "note.txt") as draft,
    ):
        draft.write_text("new")
    assert names(tmp_path) == ["note.txt"]


@pytest.mark.skipif(os.name != "posix", reason="needs pipes and sockets of Unix")
@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize("kind", ["pipe", "socket"])
def test_pipes_and_devices_are_not_replaced(tmp_path, kind, linked, monkeypatch):
    import socket

    monkeypatch.chdir(tmp_path)  # paths of sockets must be short
    if kind == "pipe":
        os.mkfifo("special")
    else:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind("special")
    target = tmp_path / "special"
    if linked:
        target = tmp_path / "link"
        target.symlink_to("special")
    before = names(tmp_path)
    with (
        pytest.raises(OSError, match=f"{target} is no file but a device or a pipe"),
        atomic_path(target) as draft,
    ):
        draft.write_text("new")
    assert names(tmp_path) == before
    mode = (tmp_path / "special").lstat().st_mode
    assert stat.S_ISFIFO(mode) if kind == "pipe" else stat.S_ISSOCK(mode)


def test_what_the_system_says_names_the_file_and_not_the_draft(tmp_path):
    path = tmp_path / "table.csv"
    for names_draft in (False, True):
        with pytest.raises(OSError, match="File too large") as error, atomic_path(path) as draft:
            raise OSError(errno.EFBIG, "File too large", str(draft) if names_draft else None)
        assert str(path) in str(error.value)
    with pytest.raises(OSError, match="elsewhere"), atomic_path(path):
        raise OSError(errno.ENOENT, "No such file", "elsewhere")


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "far").mkdir()
    real, link = tmp_path / "far" / "real.txt", tmp_path / "link.txt"
    real.write_text("old")
    try:
        link.symlink_to(real)
    except OSError:
        pytest.skip("links can not be made here")
    with atomic_path(link) as draft:
        draft.write_text("new")
    assert link.is_symlink()
    assert real.read_text() == "new"
    assert names(tmp_path / "far") == ["real.txt"]


def test_names_as_long_as_file_systems_allow(tmp_path):
    path = tmp_path / ("n" * 247 + ".ome.tif")
    write_value(path, Value.of(np.eye(4), Kind.IMAGE))
    assert np.array_equal(read(path), np.eye(4))


@pytest.mark.parametrize(
    "name", ["naïve µm ✓.csv", "a b'c\".csv", "no_ending", ".hidden", "a.b.c.csv"]
)
def test_names_of_every_form(tmp_path, name):
    import pandas as pd

    write_table(tmp_path / name, pd.DataFrame({"a": [1]}))
    assert names(tmp_path) == [name]
