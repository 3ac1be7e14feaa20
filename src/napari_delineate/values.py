"""Values together with what must travel with them: kind, axes, voxel size."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from napari_delineate.axes import check_axes, spatial_axes
from napari_delineate.types import Kind, Surface, spacing_per_axis

__all__ = ["Value", "arrays_of", "fingerprint"]


@dataclass(frozen=True, eq=False)
class Value:
    """Hold a value with what must travel with it.

    Attributes
    ----------
    data : Any
        The array, surface, table or score.
    kind : Kind
        What it is.
    axes : str
        Letters of its axes, for instance "TZYX"; for values not on a grid the looped axes,
        and for places in space then those in space.
    spacing : tuple of float
        Voxel size along the axes in space of the grid that it is on or was made from.
    units : str
        Name of the unit of the spacing.
    origin : tuple of float
        Where its first pixel lies along the axes in space, counted from the first pixel of
        the input that it was made from, in units; empty where that is the same place.
    """

    data: Any
    kind: Kind
    axes: str
    spacing: tuple[float, ...]
    units: str = "pixel"
    origin: tuple[float, ...] = ()

    @classmethod
    def of(
        cls,
        data: Any,
        kind: Kind,
        axes: str | None = None,
        spacing: float | tuple[float, ...] = 1.0,
        units: str = "pixel",
    ) -> Value:
        """Return a value, its axes and spacing checked.

        Parameters
        ----------
        data : Any
            The array (also one that is not in memory yet), surface, table or score.
        kind : Kind
            What it is.
        axes : str, optional
            Letters of its axes; by default (Y, X) or (Z, Y, X), with S behind for RGB, and
            none for tables and scores.
        spacing : float or tuple of float
            Voxel size along the axes in space.
        units : str
            Name of the unit of the spacing.

        Returns
        -------
        Value
            The value.

        Raises
        ------
        ValueError
            If the axes or the spacing do not fit the data.
        """
        if kind.is_grid:
            data = data if hasattr(data, "shape") and hasattr(data, "dtype") else np.asarray(data)
            axes = _default_axes(data, kind) if axes is None else axes
            if len(axes) != data.ndim:
                raise ValueError(
                    f"the axes {axes!r} do not fit an array of the shape {data.shape}: it has "
                    f"{data.ndim} axes"
                )
        elif kind is Kind.SURFACE:
            data = Surface(*data)
        elif kind in (Kind.TABLE, Kind.SCORES, Kind.MODEL):
            axes = axes or ""
        if axes is None:
            axes = "YX" if _is_2d(data, kind) else "ZYX"
        check_axes(axes, kind, f"a value of the kind {kind}")
        return cls(data, kind, axes, spacing_per_axis(spacing, len(spatial_axes(axes))), units)

    @property
    def nbytes(self) -> int:
        """The memory that the data takes, in bytes."""
        if self.kind is Kind.TABLE:
            return int(self.data.memory_usage(deep=True).sum())
        return sum(array.nbytes for array in arrays_of(self.data))

    def frozen(self) -> Value:
        """Return the same value with arrays that can not be written to."""
        if isinstance(self.data, np.ndarray):
            return replace(self, data=_read_only(self.data))
        if isinstance(self.data, tuple):
            parts = [
                _read_only(part) if isinstance(part, np.ndarray) else part for part in self.data
            ]
            return replace(self, data=type(self.data)(*parts))
        return self

    def fingerprint(self) -> str:
        """Return a text that changes whenever the content, axes or spacing do."""
        place = (self.axes, self.spacing, self.units, self.origin)
        parts = (self.kind, *place, fingerprint(self.data))
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def fingerprint(data: Any) -> str:
    """Return a checksum of the content of a value.

    Parameters
    ----------
    data : Any
        An array, a surface, corrections, a table or a score.

    Returns
    -------
    str
        "sha256:" and 16 hexadecimal digits, equal for equal shape, dtype and content.

    Examples
    --------
    >>> import numpy as np
    >>> fingerprint(np.arange(3, dtype=np.uint8)) == fingerprint(np.arange(3, dtype=np.uint8))
    True
    """
    digest = hashlib.sha256()
    if hasattr(data, "columns"):
        digest.update(repr([*data.columns, data.attrs]).encode())
        data = tuple(np.asarray(data[column]) for column in data.columns)
    elif hasattr(data, "__array__"):
        data = np.asarray(data)  # perhaps not in memory yet
    for part in data if isinstance(data, tuple) else (data,):
        if isinstance(part, np.ndarray):
            part = part.astype(part.dtype.newbyteorder("="), copy=False)
            digest.update(f"{part.dtype.str} {part.shape}".encode())
            if part.dtype.kind == "O":
                digest.update(repr(part.tolist()).encode())
            else:
                digest.update(np.ascontiguousarray(part).data)
        else:
            digest.update(repr(part).encode())
    return f"sha256:{digest.hexdigest()[:16]}"


def arrays_of(data: Any) -> tuple[Any, ...]:
    """Return the arrays that a value consists of; none for a table or a score."""
    parts = data if isinstance(data, tuple) else (data,)
    return tuple(part for part in parts if isinstance(part, np.ndarray))


def _read_only(array: Any) -> Any:
    view = array.view()
    view.flags.writeable = False
    return view


def _is_2d(data: Any, kind: Kind) -> bool:
    if kind in (Kind.POINTS, Kind.SHAPES):
        return bool(np.shape(data)[-1] == 2)
    return kind is Kind.CORRECTIONS and len(data.shape) == 2


def _default_axes(data: Any, kind: Kind) -> str:
    colours = kind is Kind.RGB
    axes = {2: "YX", 3: "ZYX"}.get(data.ndim - colours)
    if axes is None:
        raise ValueError(
            f"the axes of an array of the shape {data.shape} must be given, for instance TYX"
        )
    return axes + "S" * colours
