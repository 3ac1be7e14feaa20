"""Keep what was made by hand: every version, as small differences, and never drop one."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.values import Value

__all__ = ["Store"]

_LARGEST_DIFFERENCE = 0.1
"""Share of changed elements above which a version is kept whole."""


@dataclass(frozen=True)
class _Difference:
    """A version as what differs from a newer one."""

    described: Value
    newer: str
    positions: NDArray[np.int64]
    elements: NDArray[Any]


class Store:
    """Keep the versions of values that a workflow starts from.

    `put` only takes a copy. `compact`, which may run in another thread, replaces older
    versions by their difference to the next one where that is smaller. Nothing is ever
    dropped, so undo finds every version.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate.types import Kind
    >>> from napari_delineate.values import Value
    >>> store = Store()
    >>> first = store.put("seeds", Value.of(np.zeros((9, 9), np.uint8), Kind.LABELS))
    >>> second = store.put("seeds", Value.of(np.eye(9, dtype=np.uint8), Kind.LABELS))
    >>> store.compact()
    >>> int(store.get(first).data.sum()), int(store.get(second).data.sum())
    (0, 9)
    """

    def __init__(self) -> None:
        self._whole: dict[str, Value] = {}
        self._differences: dict[str, _Difference] = {}
        self._versions: dict[str, list[str]] = {}
        self._compacted: dict[str, int] = {}  # how many versions of a name have been compared
        self._lock = threading.Lock()

    def put(self, name: str, value: Value, *, copy: bool = True) -> str:
        """Keep a version of a value.

        Parameters
        ----------
        name : str
            What the versions have in common: the name of an input.
        value : Value
            The value.
        copy : bool
            Whether its arrays are copied; only what nobody edits in place need not be.

        Returns
        -------
        str
            The version, for `get`.
        """
        kept = _copied(value) if copy else value
        with self._lock:
            versions = self._versions.setdefault(name, [])
            version = f"{name}@{len(versions) + 1}"
            versions.append(version)
            self._whole[version] = kept
        return version

    def get(self, version: str) -> Value:
        """Return the value of a version; `KeyError` if it was never put."""
        with self._lock:
            return self._get(version)

    def load(self, version: str) -> Value:
        """Return the value of a version with its data in memory, and keep it so."""
        value = self.get(version)
        if value.kind.is_grid and not isinstance(value.data, np.ndarray):
            value = replace(value, data=np.asarray(value.data))
            with self._lock:
                self._whole[version] = value
        return value

    def __contains__(self, version: object) -> bool:
        return version in self._whole or version in self._differences

    @property
    def nbytes(self) -> int:
        """The memory held, in bytes."""
        with self._lock:
            whole = sum(value.nbytes for value in self._whole.values())
            return whole + sum(
                difference.positions.nbytes + difference.elements.nbytes
                for difference in self._differences.values()
            )

    def compact(self) -> None:
        """Replace older versions by their difference to the next."""
        with self._lock:
            known = {
                name: versions[self._compacted.get(name, 0) :]
                for name, versions in self._versions.items()
            }
        for name, versions in known.items():
            for older, newer in itertools.pairwise(versions):
                with self._lock:
                    old, new = self._get(older), self._get(newer)
                difference = _difference(old, new, newer)  # unlocked: `put` does not wait
                with self._lock:
                    self._compacted[name] = self._versions[name].index(newer)
                    if difference is not None:
                        self._differences[older] = difference
                        self._whole.pop(older, None)

    def _get(self, version: str) -> Value:
        chain: list[_Difference] = []
        while version not in self._whole:
            chain.append(self._differences[version])
            version = chain[-1].newer
        value = self._whole[version]
        if not chain:
            return value
        data = value.data.copy()
        for difference in reversed(chain):
            data.reshape(-1)[difference.positions] = difference.elements
        return replace(chain[0].described, data=data).frozen()


def _difference(old: Value, new: Value, newer: str) -> _Difference | None:
    """Return a version as what differs from the next, None where that is not smaller."""
    if not (
        isinstance(old.data, np.ndarray)
        and isinstance(new.data, np.ndarray)
        and (old.data.shape, old.data.dtype) == (new.data.shape, new.data.dtype)
    ):
        return None
    flat_old, flat_new = old.data.reshape(-1), new.data.reshape(-1)
    positions = np.flatnonzero(_bits(flat_old) != _bits(flat_new))
    if len(positions) > _LARGEST_DIFFERENCE * old.data.size:
        return None
    return _Difference(replace(old, data=None), newer, positions, flat_old[positions])


def _bits(array: NDArray[Any]) -> NDArray[Any]:
    """Return floats as whole numbers: 0 and -0 are equal, but not the same."""
    if array.dtype.kind == "f" and array.dtype.itemsize <= 8:
        return array.view(f"u{array.dtype.itemsize}")
    return array


def _copied(value: Value) -> Value:
    """Copy arrays, so that later edits in place do not reach the store."""
    data = value.data
    if isinstance(data, np.ndarray):
        data = np.array(data, order="C")
    elif isinstance(data, tuple):
        parts = [np.array(part) if isinstance(part, np.ndarray) else part for part in data]
        data = type(data)(*parts)
    return replace(value, data=data).frozen()
