"""Exchange values with another process through files that both map into memory.

On Linux the files lie in /dev/shm, which is memory; elsewhere, and where that is full, in
the folder for temporary files. Messages are JSON: nothing that is read can run code.
"""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
import tempfile
import threading
import weakref
from io import RawIOBase
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.types import Corrections, Kind, Surface
from napari_delineate.values import Value
from napari_delineate.wording import memory_in_words

__all__ = ["Exchange", "decode", "encode"]


class Exchange:
    """Hold arrays in files that another process can map.

    Parameters
    ----------
    folders : sequence of Path
        Where files are made; the next is used where one is full.
    prefix : str
        What the names of new files start with.
    """

    def __init__(self, folders: list[Path], prefix: str) -> None:
        self._folders = folders
        self._prefix = prefix
        self._count = 0
        self._paths: dict[int, str] = {}  # address of mapped memory -> file
        self._lock = threading.Lock()

    @staticmethod
    def make_folders() -> list[Path]:
        """Make folders of one's own for files, in memory where that is possible."""
        places = [Path("/dev/shm")] if os.access("/dev/shm", os.W_OK) else []  # noqa: S108
        places.append(Path(tempfile.gettempdir()))
        return [Path(tempfile.mkdtemp(prefix="napari-delineate-", dir=place)) for place in places]

    def put(self, array: NDArray[Any]) -> dict[str, Any]:
        """Return a description of an array in a file; one that is mapped is not copied."""
        described: dict[str, Any] = {"dtype": array.dtype.str, "shape": list(array.shape)}
        if array.nbytes == 0:
            return {**described, "file": None}
        if array.flags.c_contiguous:
            with self._lock:
                known = self._paths.get(_address(array))
            if known is not None and _has_size(Path(known), array.nbytes):
                return {**described, "file": known}
        return {**described, "file": str(self._write(array)), "copied": True}

    def take(self, described: dict[str, Any]) -> NDArray[Any]:
        """Return the array of a description, and own its file: it goes when the array does."""
        array = self.look(described)
        if described["file"] is not None:
            address = _address(array)
            with self._lock:
                self._paths[address] = described["file"]
            weakref.finalize(array.base, self._release, address, described["file"])
        return array

    def look(self, described: dict[str, Any]) -> NDArray[Any]:
        """Return the array of a description, whose file belongs to the other process."""
        dtype, shape = np.dtype(described["dtype"]), tuple(described["shape"])
        if described["file"] is None:
            return np.zeros(shape, dtype)
        return _map(Path(described["file"]), dtype, shape)

    def remove_files(self, prefix: str) -> None:
        """Remove files that a process left behind which was ended; those taken stay."""
        with self._lock:
            taken = set(self._paths.values())
        for folder in self._folders:
            for path in folder.glob(f"{prefix}-*"):
                if str(path) not in taken:
                    path.unlink(missing_ok=True)

    def _write(self, array: NDArray[Any]) -> Path:
        with self._lock:
            self._count += 1
            name = f"{self._prefix}-{self._count}"
        # Writing takes half as long as reserving, mapping and copying: no page is cleared first.
        content = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
        for folder in self._folders:
            path = folder / name
            with path.open("xb", buffering=0) as file:
                try:
                    _fill(file, content)
                except OSError as error:
                    path.unlink()
                    if error.errno != errno.ENOSPC:
                        raise
                else:
                    return path
        raise MemoryError(
            f"there is no room for {memory_in_words(array.nbytes)} in "
            f"{' or '.join(str(folder.parent) for folder in self._folders)}"
        )

    def _release(self, address: int, path: str) -> None:
        with self._lock:
            self._paths.pop(address, None)
        # Some systems refuse to remove a mapped file; it then goes with the folder.
        with contextlib.suppress(OSError):
            Path(path).unlink()


def _fill(file: RawIOBase, content: memoryview) -> None:
    """Write all of some content; a full disk takes only a part at a time."""
    while content:
        content = content[file.write(content) :]


def _map(path: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    with path.open("r+b") as file:
        memory = mmap.mmap(file.fileno(), 0)
    # The array keeps the mapping alive, as its base, for as long as it is used.
    return np.ndarray(shape, dtype, buffer=memory)


def _has_size(path: Path, nbytes: int) -> bool:
    # A program that tidies up may have removed the file; the mapping still holds its content.
    return path.is_file() and path.stat().st_size == nbytes


def _address(array: NDArray[Any]) -> int:
    return int(array.__array_interface__["data"][0])


def encode(value: Value, exchange: Exchange) -> dict[str, Any]:
    """Return a value as JSON can hold it, with its arrays in the exchange.

    Parameters
    ----------
    value : Value
        The value.
    exchange : Exchange
        Where its arrays go.

    Returns
    -------
    dict
        What `decode` takes.
    """
    data: Any = value.data
    if isinstance(data, Corrections):
        data = {"shape": list(data.shape), "arrays": [exchange.put(part) for part in data[1:]]}
    elif isinstance(data, tuple):
        data = [exchange.put(part) for part in data]
    elif isinstance(data, np.ndarray):
        data = exchange.put(data)
    elif value.kind is Kind.TABLE:
        data = {
            "attrs": data.attrs,
            "columns": [[name, _encode_column(data[name], exchange)] for name in data.columns],
        }
    return {
        "data": data,
        "kind": str(value.kind),
        "axes": value.axes,
        "spacing": list(value.spacing),
        "origin": list(value.origin),
        "units": value.units,
    }


def decode(message: dict[str, Any], exchange: Exchange, *, own: bool) -> Value:
    """Return the value that `encode` described.

    Parameters
    ----------
    message : dict
        What `encode` gave in the other process.
    exchange : Exchange
        Where its arrays are.
    own : bool
        Whether the files belong to this process from now on.

    Returns
    -------
    Value
        The value.
    """
    take = exchange.take if own else exchange.look
    kind, data = Kind(message["kind"]), message["data"]
    if kind is Kind.CORRECTIONS and isinstance(data, dict) and "arrays" in data:
        arrays = [take(part) for part in data["arrays"]]
        data = Corrections(tuple(data["shape"]), arrays[0], arrays[1], arrays[2], arrays[3])
    elif kind is Kind.SURFACE:
        data = Surface(*(take(part) for part in data))
    elif kind is Kind.TABLE:
        import pandas as pd

        table = pd.DataFrame(
            {
                name: column if isinstance(column, list) else take(column).copy()
                for name, column in data["columns"]
            }
        )
        table.attrs = data["attrs"]
        data = table
    elif isinstance(data, dict) and kind is not Kind.SCORES:
        data = take(data)
    spacing, origin = tuple(message["spacing"]), tuple(message["origin"])
    return Value(data, kind, message["axes"], spacing, message["units"], origin)


def _encode_column(column: Any, exchange: Exchange) -> Any:
    array = np.asarray(column)
    return array.tolist() if array.dtype.kind == "O" else exchange.put(array)
