"""Keep what was made by hand: every version, as small differences, and never drop one."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.annotation.edits import NOTHING, Change, joined, put, take_back
from napari_delineate.live_copies import LiveCopy
from napari_delineate.values import Value

__all__ = ["Store"]

_LARGEST_DIFFERENCE = 0.1
"""Share of changed elements above which a version is kept whole."""


@dataclass(frozen=True)
class _Difference:
    """A version as what differs from another one, that before it or that after it."""

    described: Value
    other: str
    change: Change  # from the other version to this one


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
        self._titles: dict[str, str] = {}  # version -> what was done to get it
        self._title = ""
        self._copying: dict[str, LiveCopy] = {}  # version -> its copy under way
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
        return self._add(name, _copied(value) if copy else value)

    def put_live(self, name: str, value: Value) -> str:
        """Keep a version of labels in memory that people go on to paint on.

        The array is copied by another thread; that takes the time of a copy. Whatever is
        painted meanwhile must be put as changes of this version, and `settle` be called in
        this thread after that. Until then `get` waits in other threads, and settles here.

        Parameters
        ----------
        name : str
            As for `put`.
        value : Value
            Labels in memory.

        Returns
        -------
        str
            The version, for `get`.
        """
        return self._add(name, value, LiveCopy(value.data))

    @property
    def copying(self) -> dict[str, bool]:
        """The versions that are not settled, and whether their arrays are copied."""
        return {version: copy.is_copied for version, copy in self._copying.items()}

    def settle(self) -> None:
        """Finish the copies under way: all that was painted since is known as changes."""
        for version, copy in list(self._copying.items()):
            data = copy.wait()
            with self._lock:
                since = [
                    one.change
                    for name, one in self._differences.items()
                    if version in self._way(name)
                ]
                # Each change knows what was there before it: the first of all is right.
                for change in reversed(since):
                    put(data, change.positions, change.before)
                self._whole[version] = replace(self._whole[version], data=data).frozen()
                del self._copying[version]
            copy.settled.set()

    def put_change(self, version: str, change: Change) -> str:
        """Keep a version of labels as what was changed since the last one.

        That takes no time that depends on the size of the labels.

        Parameters
        ----------
        version : str
            The last version.
        change : Change
            What was changed since. Labels that are not in memory, such as those of a Zarr
            array, hold it already: they are not copied.

        Returns
        -------
        str
            The new version, for `get`.
        """
        series = version.rpartition("@")[0]
        with self._lock:
            versions = self._versions[series]
            new = f"{series}@{len(versions) + 1}"
            versions.append(new)
            self._titles[new] = self._title
            described = replace(self._described(version), data=None)
            self._differences[new] = _Difference(described, version, change)
            self._follow(new)
        return new

    @contextmanager
    def titled(self, title: str) -> Iterator[None]:
        """Say what was done to get the versions that are put meanwhile."""
        before, self._title = self._title, title
        try:
            yield
        finally:
            self._title = before

    def title(self, version: str) -> str:
        """Return what was done to get a version; empty where nobody has said it."""
        return self._titles.get(version, "")

    def form(self, version: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
        """Return the shape and the dtype of a version on a grid."""
        with self._lock:
            data = self._start(version)
        return tuple(data.shape), np.dtype(data.dtype)

    def follow(self, version: str, data: Any) -> None:
        """Note that labels that are not in memory hold a version now, as after an undo."""
        with self._lock:
            if self._start(version) is data:
                self._follow(version)

    def is_followed(self, version: str, data: Any) -> bool:
        """Tell whether strokes on labels can be kept as changes of a version.

        Those on labels that are not in memory can where the version is kept by just these.
        """
        with self._lock:
            kept = self._start(version)
        return isinstance(kept, np.ndarray) or kept is data

    def change_between(self, before: str, after: str) -> Change | None:
        """Return what differs from one version to another; None where that is not kept so.

        Parameters
        ----------
        before, after : str
            Versions of the same name, in any order.

        Returns
        -------
        Change or None
            What to change in the one to get the other.
        """
        if before not in self or after not in self:
            return None
        with self._lock:
            there, back = self._way(before), self._way(after)
            common = next((version for version in there if version in back), None)
            if common is None:
                return None
            up = [*there][: [*there].index(common)]
            down = [*back][: [*back].index(common)]
            changes = [take_back(self._differences[version].change) for version in up]
            changes += [self._differences[version].change for version in reversed(down)]
        return joined(changes) if changes else NOTHING

    def get(self, version: str) -> Value:
        """Return the value of a version; `KeyError` if it was never put."""
        self._wait(version)
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
                difference.change.nbytes for difference in self._differences.values()
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
                    if older in self._copying or newer in self._copying:
                        break  # it is compared next time
                    if older in self._differences or newer in self._differences:
                        self._compacted[name] = self._versions[name].index(newer)
                        continue
                    old, new = self._get(older), self._get(newer)
                difference = _difference(old, new, newer)  # unlocked: `put` does not wait
                with self._lock:
                    self._compacted[name] = self._versions[name].index(newer)
                    if difference is not None:
                        self._differences[older] = difference
                        self._whole.pop(older, None)

    def _add(self, name: str, value: Value, copy: LiveCopy | None = None) -> str:
        with self._lock:
            versions = self._versions.setdefault(name, [])
            version = f"{name}@{len(versions) + 1}"
            versions.append(version)
            self._titles[version] = self._title
            self._whole[version] = value
            if copy is not None:
                self._copying[version] = copy
        return version

    def _wait(self, version: str) -> None:
        """Wait until the array that a version is made from is settled."""
        with self._lock:
            *_, start = self._way(version)
            copy = self._copying.get(start)
        if copy is None:
            return
        if copy.is_mine:
            self.settle()
        else:
            copy.settled.wait()

    def _get(self, version: str) -> Value:
        *chain, start = self._way(version)
        value = self._whole[start]
        if not chain:
            return value
        data = np.array(value.data)
        for one in reversed(chain):
            change = self._differences[one].change
            put(data, change.positions, change.after)
        return replace(self._differences[version].described, data=data).frozen()

    def _start(self, version: str) -> Any:
        """Return the labels that are kept whole and lead to a version."""
        *_, start = self._way(version)
        return self._whole[start].data

    def _way(self, version: str) -> dict[str, None]:
        """Return the versions from one to that which is kept whole."""
        way = {version: None}
        while version not in self._whole:
            version = self._differences[version].other
            way[version] = None
        return way

    def _described(self, version: str) -> Value:
        whole = self._whole.get(version)
        return self._differences[version].described if whole is None else whole

    def _follow(self, version: str) -> None:
        """Turn the differences round where the labels that are kept whole hold a version."""
        *chain, start = self._way(version)
        live = self._whole[start]
        if not chain or isinstance(live.data, np.ndarray):
            return
        del self._whole[start]
        for one in reversed(chain):
            known = self._differences.pop(one)
            described = replace(live, data=None)
            live = replace(known.described, data=live.data)
            self._differences[known.other] = _Difference(described, one, take_back(known.change))
        self._whole[version] = live


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
    change = Change(positions, flat_new[positions], flat_old[positions])
    return _Difference(replace(old, data=None), newer, change)


def _bits(array: NDArray[Any]) -> NDArray[Any]:
    """Return floats as whole numbers: 0 and -0 are equal, but not the same."""
    if array.dtype.kind == "f" and array.dtype.itemsize <= 8:
        return array.view(f"u{array.dtype.itemsize}")
    return array


def _copied(value: Value) -> Value:
    """Copy arrays, so that later edits in place do not reach the store."""
    data = value.data
    if isinstance(data, np.ndarray):
        # Zeros take no memory until something is written: an empty annotation costs nothing.
        is_empty = data.dtype.kind in "biu" and not data.any()
        data = np.zeros(data.shape, data.dtype) if is_empty else np.array(data, order="C")
    elif isinstance(data, tuple):
        parts = [np.array(part) if isinstance(part, np.ndarray) else part for part in data]
        data = type(data)(*parts)
    return replace(value, data=data).frozen()
