"""Values reach another process bit for bit, through files that both map into memory."""

from __future__ import annotations

import errno
import gc
import json
import math
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from napari_delineate import sharing
from napari_delineate.sharing import Exchange, decode, encode
from napari_delineate.types import Corrections, Kind, Surface
from napari_delineate.values import Value
from tests import inputs

DTYPES = "?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "g", ">u2", ">f8"


@pytest.fixture
def folders(tmp_path):
    made = [tmp_path / "memory", tmp_path / "disk"]
    for folder in made:
        folder.mkdir()
    return made


@pytest.fixture
def viewer(folders):
    return Exchange(folders, "viewer")


@pytest.fixture
def worker(folders):
    return Exchange(folders, "worker1")


def files(folders) -> list[str]:
    return sorted(path.name for folder in folders for path in folder.iterdir())


def bits(array: np.ndarray) -> tuple:
    return array.dtype.str, array.shape, array.tobytes()


def there_and_back(value: Value, viewer: Exchange, worker: Exchange) -> Value:
    """Send a value to the other side and take it back as a result."""
    message = json.loads(json.dumps(encode(value, viewer)))
    received = decode(message, worker, own=False)
    answer = json.loads(json.dumps(encode(received, worker)))
    return decode(answer, viewer, own=True)


# Values


@pytest.mark.parametrize("dtype", DTYPES)
def test_arrays_of_every_dtype(viewer, worker, dtype):
    array = np.random.default_rng(0).integers(0, 100, (3, 4, 5)).astype(dtype)
    found = there_and_back(Value.of(array, Kind.IMAGE), viewer, worker)
    assert bits(found.data) == bits(array)


@given(
    arrays.arrays(
        st.sampled_from(["?", "u1", "<i8", "<f4", "<f8"]),
        arrays.array_shapes(min_dims=2, max_dims=4, min_side=0, max_side=4),
    )
)
def test_arrays_of_every_shape_and_content(tmp_path_factory, array):
    folder = tmp_path_factory.mktemp("exchange")
    exchange = Exchange([folder], "viewer")
    axes = "TZYX"[-array.ndim :]
    found = there_and_back(Value.of(array, Kind.IMAGE, axes), exchange, exchange)
    assert bits(found.data) == bits(array)


@pytest.mark.parametrize(
    "change",
    [
        np.asfortranarray,
        np.transpose,
        lambda array: array[::2, ::-1],
        lambda array: np.broadcast_to(array[:1], array.shape),
        lambda array: array[:0],
    ],
    ids=["Fortran", "transposed", "strided", "broadcast", "empty"],
)
def test_arrays_however_they_lie_in_memory(viewer, worker, change):
    array = change(np.arange(24.0).reshape(4, 6))
    found = there_and_back(Value.of(array, Kind.IMAGE), viewer, worker)
    assert bits(found.data) == bits(array)


def test_read_only_arrays(viewer, worker):
    value = Value.of(np.eye(5), Kind.IMAGE).frozen()
    assert bits(there_and_back(value, viewer, worker).data) == bits(value.data)


def test_what_travels_with_a_value(viewer, worker):
    value = Value.of(np.zeros((2, 3, 4, 5)), Kind.LABELS, "TZYX", (2.0, 0.1, 1 / 3), "µm ✓")
    found = there_and_back(value, viewer, worker)
    assert (found.kind, found.axes, found.spacing, found.units) == (
        Kind.LABELS,
        "TZYX",
        (2.0, 0.1, 1 / 3),
        "µm ✓",
    )


@pytest.mark.parametrize("ndim", [2, 3])
def test_corrections(viewer, worker, ndim):
    given = inputs.value(Kind.CORRECTIONS, ndim)
    found = there_and_back(Value.of(given, Kind.CORRECTIONS), viewer, worker).data
    assert isinstance(found, Corrections)
    assert found.shape == given.shape
    assert inputs.same(found[1:], given[1:])


def test_corrections_as_an_array(viewer, worker):
    given = np.full((3, 4), -1)
    found = there_and_back(Value.of(given, Kind.CORRECTIONS), viewer, worker).data
    assert bits(found) == bits(given)


def test_surfaces(viewer, worker):
    given = inputs.value(Kind.SURFACE, 3)
    found = there_and_back(Value.of(given, Kind.SURFACE), viewer, worker).data
    assert isinstance(found, Surface)
    assert inputs.same(tuple(found), tuple(given))


def test_empty_surfaces(viewer, worker):
    given = Surface(np.zeros((0, 4)), np.zeros((0, 3), np.int64), np.zeros(0, np.int32))
    found = there_and_back(Value.of(given, Kind.SURFACE, "TZYX"), viewer, worker).data
    assert inputs.same(tuple(found), tuple(given))


def test_tables(viewer, worker):
    given = pd.DataFrame(
        {
            "label": np.array([1, 2**40], np.int64),
            "area [µm²]": [0.1, math.nan],
            "touches": [True, False],
            "name": ["cell", "nucleus ✓"],
            "small": np.array([1, 2], np.uint8),
        }
    )
    given.attrs["units"] = {"area [µm²]": "µm²", "label": ""}
    found = there_and_back(Value.of(given, Kind.TABLE), viewer, worker).data
    pd.testing.assert_frame_equal(found, given, check_exact=True)
    assert found.attrs == given.attrs
    found.loc[0, "label"] = 5  # a table of one's own


@pytest.mark.parametrize("columns", [{}, {"label": np.zeros(0, int), "area": np.zeros(0)}])
def test_tables_without_rows(viewer, worker, columns):
    given = pd.DataFrame(columns)
    found = there_and_back(Value.of(given, Kind.TABLE), viewer, worker).data
    pd.testing.assert_frame_equal(found, given)


@pytest.mark.parametrize("score", [0.1, 0.0, -0.0, 1e-320, math.inf, -math.inf, 1 / 3])
def test_scores(viewer, worker, score):
    found = there_and_back(Value.of(score, Kind.SCORES), viewer, worker).data
    assert repr(found) == repr(score)


def test_a_score_that_is_no_number(viewer, worker):
    assert math.isnan(there_and_back(Value.of(math.nan, Kind.SCORES), viewer, worker).data)


def test_several_scores(viewer, worker):
    given = {"precision": 0.5, "recall": math.inf}
    assert there_and_back(Value.of(given, Kind.SCORES), viewer, worker).data == given


# Files


def test_what_was_taken_is_not_copied_when_it_is_sent_again(viewer, worker, folders):
    result = decode(encode(Value.of(np.eye(50), Kind.IMAGE), worker), viewer, own=True).frozen()
    before = files(folders)
    message = encode(result, viewer)
    assert files(folders) == before == ["worker1-1"]
    assert "copied" not in message["data"]
    assert np.array_equal(decode(message, worker, own=False).data, np.eye(50))


def test_a_part_of_what_was_taken_is_copied(viewer, worker):
    result = decode(encode(Value.of(np.eye(50), Kind.IMAGE), worker), viewer, own=True)
    for part in (result.data[:10], result.data[5:], result.data.T):
        message = encode(Value.of(part, Kind.IMAGE), viewer)
        assert message["data"]["copied"]
        assert np.array_equal(decode(message, worker, own=False).data, part)


def test_a_file_goes_with_the_last_array_that_uses_it(viewer, worker, folders):
    result = decode(encode(Value.of(np.eye(50), Kind.IMAGE), worker), viewer, own=True)
    view = result.data[3:7]
    del result
    gc.collect()
    assert files(folders) == ["worker1-1"]
    assert view.sum() == 4
    del view
    gc.collect()
    assert files(folders) == []


def test_empty_arrays_have_no_file(viewer, folders):
    encode(Value.of(np.zeros((0, 3)), Kind.POINTS), viewer)
    assert files(folders) == []


def test_what_a_process_left_behind_is_removed_but_nothing_else(viewer, folders):
    first, tenth = Exchange(folders, "worker1"), Exchange(folders, "worker10")
    taken = decode(encode(Value.of(np.eye(5), Kind.IMAGE), first), viewer, own=True)
    encode(Value.of(np.eye(5), Kind.IMAGE), first)
    encode(Value.of(np.eye(5), Kind.IMAGE), tenth)
    viewer.remove_files("worker1")
    assert files(folders) == ["worker1-1", "worker10-1"]
    # What was taken can still be sent on.
    assert decode(encode(taken, viewer), tenth, own=False).data.sum() == 5


def test_a_taken_file_that_somebody_removed_is_written_again(viewer, worker, folders):
    taken = decode(encode(Value.of(np.eye(5), Kind.IMAGE), worker), viewer, own=True)
    for path in folders[0].iterdir():
        path.unlink()
    assert decode(encode(taken, viewer), worker, own=False).data.sum() == 5


@pytest.fixture
def fill(monkeypatch):
    """Let folders be full."""

    def fill(*full: Path, code: int = errno.ENOSPC) -> None:
        write = sharing._fill

        def refuse(file, content):
            if Path(file.name).parent in full:
                write(file, content[: len(content) // 2])
                raise OSError(code, os.strerror(code))
            write(file, content)

        monkeypatch.setattr(sharing, "_fill", refuse)

    return fill


def test_where_memory_is_full_the_disk_takes_over(viewer, worker, folders, fill):
    fill(folders[0])
    found = there_and_back(Value.of(np.eye(5), Kind.IMAGE), viewer, worker)
    assert np.array_equal(found.data, np.eye(5))
    assert not list(folders[0].iterdir())
    assert list(folders[1].iterdir())


def test_where_the_disk_is_full_too_it_says_so(viewer, folders, fill):
    fill(*folders)
    with pytest.raises(MemoryError, match=r"no room for 8 MB in .* or ") as caught:
        encode(Value.of(np.zeros((1000, 1000)), Kind.IMAGE), viewer)
    assert str(folders[0].parent) in str(caught.value)
    assert files(folders) == []


def test_other_errors_are_not_taken_for_a_full_disk(viewer, folders, fill):
    fill(*folders, code=errno.EIO)
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        encode(Value.of(np.eye(5), Kind.IMAGE), viewer)
    assert files(folders) == []


def test_files_lie_in_folders_that_only_their_owner_can_read():
    made = Exchange.make_folders()
    try:
        for folder in made:
            assert folder.name.startswith("napari-delineate-")
            assert folder.stat().st_mode & 0o077 == 0
    finally:
        for folder in made:
            folder.rmdir()
