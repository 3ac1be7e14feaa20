"""Keep what was made by hand: every version, as small differences, and never evict one."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.values import Value, fingerprint

__all__ = ["Store"]

_LARGEST_DIFFERENCE = 0.1
"""Share of changed elements above which a version is kept whole."""


@dataclass(frozen=True)
class _Difference:
    """A version as what differs from a newer one."""

    newer: str
    positions: NDArray[np.int64]
    elements: NDArray[Any]


class Store:
    """Keep the versions of values made by hand.

    The newest version of each value is held whole, an older one as its difference to the
    next where that is smaller. Nothing is ever dropped, so undo finds every version.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate.types import Kind
    >>> from napari_delineate.values import Value
    >>> store = Store()
    >>> first = store.put("seeds", Value.of(np.zeros((9, 9), np.uint8), Kind.LABELS))
    >>> second = store.put("seeds", Value.of(np.eye(9, dtype=np.uint8), Kind.LABELS))
    >>> int(store.get(first).data.sum()), int(store.get(second).data.sum())
    (0, 9)
    """

    def __init__(self) -> None:
        self._whole: dict[str, Value] = {}
        self._differences: dict[str, tuple[Value, _Difference]] = {}
        self._newest: dict[str, str] = {}
        self._lock = threading.Lock()

    def put(self, name: str, value: Value) -> str:
        """Keep a version of a value.

        Parameters
        ----------
        name : str
            What the versions have in common, for instance the name of an input.
        value : Value
            The value; its arrays are copied.

        Returns
        -------
        str
            The version: the fingerprint of the content.
        """
        version = fingerprint(value.data)
        with self._lock:
            if version not in self._whole and version not in self._differences:
                self._whole[version] = _copy(value)
                self._shrink(self._newest.get(name), version)
            if version in self._whole:
                self._newest[name] = version
        return version

    def get(self, version: str) -> Value:
        """Return the value of a version; `KeyError` if it was never put."""
        with self._lock:
            return self._get(version)

    def __contains__(self, version: object) -> bool:
        return version in self._whole or version in self._differences

    @property
    def nbytes(self) -> int:
        """The memory held, in bytes."""
        whole = sum(value.nbytes for value in self._whole.values())
        return whole + sum(
            difference.positions.nbytes + difference.elements.nbytes
            for _, difference in self._differences.values()
        )

    def _get(self, version: str) -> Value:
        if version in self._whole:
            return self._whole[version]
        described, difference = self._differences[version]
        data = self._get(difference.newer).data.copy()
        data.reshape(-1)[difference.positions] = difference.elements
        return replace(described, data=data).frozen()

    def _shrink(self, older: str | None, newer: str) -> None:
        """Keep an older version as its difference to a newer one."""
        if older is None or older not in self._whole:
            return
        old, new = self._whole[older], self._whole[newer]
        if not (
            isinstance(old.data, np.ndarray)
            and isinstance(new.data, np.ndarray)
            and (old.data.shape, old.data.dtype) == (new.data.shape, new.data.dtype)
        ):
            return
        flat_old, flat_new = old.data.reshape(-1), new.data.reshape(-1)
        positions = np.flatnonzero(flat_old != flat_new)
        if len(positions) <= _LARGEST_DIFFERENCE * old.data.size:
            difference = _Difference(newer, positions, flat_old[positions])
            self._differences[older] = (replace(old, data=None), difference)
            del self._whole[older]


def _copy(value: Value) -> Value:
    """Copy arrays, so that later edits in place do not reach the store."""
    data = value.data
    if isinstance(data, np.ndarray):
        data = np.array(data, order="C")
    elif isinstance(data, tuple):
        parts = [np.array(part) if isinstance(part, np.ndarray) else part for part in data]
        data = type(data)(*parts)
    return replace(value, data=data).frozen()
