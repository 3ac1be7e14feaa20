"""Run one call of an operation on values, wherever it runs."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from napari_delineate import catalogue
from napari_delineate.axes import axes_of_output, map_over, spatial_axes
from napari_delineate.catalogue import Operation
from napari_delineate.declaration import Declaration, settings_for
from napari_delineate.devices import use_device
from napari_delineate.types import Kind
from napari_delineate.values import Value

__all__ = ["Call", "Outcome", "evaluate"]

CallInput = Value | tuple[Value, ...] | None


@dataclass(frozen=True, eq=False)
class Call:
    """Describe what is to be computed.

    Attributes
    ----------
    operation : str
        Id of the operation.
    inputs : tuple
        For each of its inputs a value, several, or None.
    parameters : dict
        A value for every setting.
    over : str
        The axes that are looped.
    device : str
        "cpu" or the full name of an OpenCL device.
    """

    operation: str
    inputs: tuple[CallInput, ...]
    parameters: dict[str, Any]
    over: str = ""
    device: str = "cpu"


@dataclass(frozen=True, eq=False)
class Outcome:
    """Hold what a call gave.

    Attributes
    ----------
    values : tuple of Value
        The outputs of the operation.
    seconds : float
        The time it took.
    warnings : tuple of str
        What it warned about.
    """

    values: tuple[Value, ...]
    seconds: float
    warnings: tuple[str, ...] = ()


def evaluate(call: Call, progress: Callable[[int, int], None] | None = None) -> Outcome:
    """Run a call.

    Parameters
    ----------
    call : Call
        What is to be computed.
    progress : callable, optional
        Is called with the number of loops done and of all loops.

    Returns
    -------
    Outcome
        The outputs, with axes, voxel size, place and units, and the time it took.

    Raises
    ------
    TypeError, ValueError
        If the operation refuses its inputs or parameters.
    """
    operation = catalogue.find(call.operation)
    grid = _first(call)
    spacing = _looped_out(grid, call.over)
    if operation.needs_one_voxel_size:
        _check_spacing(operation, call)
    settings = dict(call.parameters)
    if operation.takes_spacing:
        settings["spacing"] = spacing
    if operation.takes_units:
        settings["units"] = grid.units
    data = [_data(value) for value in call.inputs]
    start = time.perf_counter()
    with use_device(call.device), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if call.over:
            axes = [_axes(value) for value in call.inputs]
            result = map_over(
                operation.function, call.over, *data, axes=axes, progress=progress, **settings
            )
        else:
            result = operation.function(*data, **settings)
    seconds = time.perf_counter() - start
    outputs = tuple(result) if len(operation.outputs) > 1 else (result,)
    values = tuple(
        _wrap(operation, call, grid, output.kind, data)
        for output, data in zip(operation.outputs, outputs, strict=True)
    )
    said = tuple(dict.fromkeys(str(one.message) for one in caught if _is_for_people(one)))
    return Outcome(values, seconds, said)


def _is_for_people(warning: warnings.WarningMessage) -> bool:
    return issubclass(warning.category, UserWarning | RuntimeWarning)


def _each(value: CallInput) -> tuple[Value, ...]:
    return value if isinstance(value, tuple) else () if value is None else (value,)


def _data(value: CallInput) -> Any:
    return [one.data for one in value] if isinstance(value, tuple) else value and value.data


def _axes(value: CallInput) -> Any:
    return tuple(one.axes for one in value) if isinstance(value, tuple) else value and value.axes


def _first(call: Call) -> Value:
    """Return the value that axes and spacing of the results follow; see `grid_source`."""
    every = [one for value in call.inputs for one in _each(value)]
    return next((one for one in every if one.kind.is_grid), every[0])


def _looped_out(value: Value, over: str) -> tuple[float, ...]:
    """Return the spacing along the axes in space that are not looped."""
    space = zip(spatial_axes(value.axes), value.spacing, strict=True)
    return tuple(size for letter, size in space if letter not in over)


def _check_spacing(operation: Operation, call: Call) -> None:
    """Refuse values of different voxel size where the size matters."""
    first, name_of_first = None, ""
    for entry, value in zip(operation.inputs, call.inputs, strict=True):
        for one in _each(value):
            if not one.kind.is_grid:
                continue
            known = (_looped_out(one, call.over), one.units)
            if first is not None and not _is_same(known, first):
                raise ValueError(
                    f"{name_of_first} has the voxel size {_size(*first)}, {entry.name} has "
                    f"{_size(*known)}; they must be the same, correct the one that is wrong"
                )
            first, name_of_first = known, entry.name


def _is_same(one: tuple[tuple[float, ...], str], other: tuple[tuple[float, ...], str]) -> bool:
    """Compare voxel sizes; files round them."""
    return (
        one[1] == other[1]
        and len(one[0]) == len(other[0])
        and all(math.isclose(*pair, rel_tol=1e-3) for pair in zip(one[0], other[0], strict=True))
    )


def _size(spacing: tuple[float, ...], units: str) -> str:
    return f"{' × '.join(f'{entry:g}' for entry in spacing)} {units}"


def _wrap(operation: Operation, call: Call, grid: Value, kind: Kind, data: Any) -> Value:
    """Give a result the axes, voxel size, place and units that it has."""
    if kind is Kind.SCORES and call.over:
        kind = Kind.TABLE
    declaration, settings = operation.declaration, call.parameters
    input_axes = [grid.axes, *(one.axes for value in call.inputs for one in _each(value))]
    axes = axes_of_output(kind, input_axes, call.over, declaration, settings)
    space = spatial_axes(grid.axes)
    spacing = dict(zip(space, grid.spacing, strict=True))
    origin = dict(zip(space, grid.origin, strict=True)) if grid.origin else {}
    if declaration.changes_grid:
        left = [letter for letter in space if letter not in call.over]
        spacing, origin = _moved(declaration, settings, left, spacing, origin)
    if kind is Kind.SURFACE and "Z" not in spacing:
        # The surface of a 2D image is one slice as thick as its finest pixel size.
        spacing = {"Z": min(spacing.values()), **spacing}
        origin = {"Z": 0.0, **origin} if origin else {}
    return replace(
        grid,
        data=data,
        kind=kind,
        axes=axes,
        spacing=tuple(spacing.values()),
        origin=tuple(origin.values()) if any(origin.values()) else (),
    )


def _moved(
    declaration: Declaration,
    settings: dict[str, Any],
    left: list[str],
    spacing: dict[str, float],
    origin: dict[str, float],
) -> tuple[dict[str, float], dict[str, float]]:
    """Return spacing and origin on the grid of a result, for the axes that it has.

    Operations see the axes in `left` only; another one, Z, may be looped.
    """
    sizes = tuple(spacing[letter] for letter in left)
    starts = tuple(origin.get(letter, 0.0) for letter in left)
    new = sizes
    if declaration.new_spacing is not None:
        new = declaration.new_spacing(sizes, **settings_for(declaration.new_spacing, settings))
    if declaration.new_origin is not None:
        steps = declaration.new_origin(sizes, **settings_for(declaration.new_origin, settings))
        starts = tuple(start + step for start, step in zip(starts, steps, strict=True))
    dropped = declaration.drops(len(left), settings)
    if dropped is not None:
        new, starts = (entries[:dropped] + entries[dropped + 1 :] for entries in (new, starts))
        return dict(zip("YX", new, strict=True)), dict(zip("YX", starts, strict=True))
    looped = {letter: 0.0 for letter in spacing if letter not in left}
    return (
        {**spacing, **dict(zip(left, new, strict=True))},
        {**looped, **origin, **dict(zip(left, starts, strict=True))},
    )
