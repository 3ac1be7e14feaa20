"""Declare a function to be an operation: the one decorator, and what it stores.

What a signature says is not said again here. The decorator keeps what it can not say
(how far a result looks, the version of the results, whether OpenCL has it) and checks
what a call is given against the annotations, so that no operation repeats that.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ParamSpec, TypeVar, overload

from napari_delineate import devices
from napari_delineate.arrays import convert
from napari_delineate.scoring import Scoring
from napari_delineate.signatures import Signature, read_signature
from napari_delineate.types import Kind, Quantity, spacing_per_axis

__all__ = [
    "Declaration",
    "Scope",
    "declaration_of",
    "operation",
    "operation_id",
    "settings_for",
]

P = ParamSpec("P")
R = TypeVar("R")

Halo = Callable[..., tuple[int, ...]]
"""From spacing (one number per axis) and the settings, by keyword, to voxels per axis."""


class Scope(StrEnum):
    """Say how much of an image one pixel of the result depends on."""

    WHOLE = "whole"
    """On all of it: numbering, floods, measurements."""
    STATISTIC = "statistic"
    """On its pixel and a statistic of the whole image, such as a threshold."""


@dataclass(frozen=True)
class Declaration:
    """Keep what the signature of an operation can not say.

    Attributes
    ----------
    version : int
        Rises whenever the results for the same arguments change.
    locality : Scope or callable
        How far a result looks: a function from spacing and settings to the halo in
        voxels per axis, or the scope where no halo is enough.
    new_spacing : callable or None
        For an operation that changes the voxel size: a function of
        `napari_delineate.sampling` from the spacing of the input, and settings by keyword,
        to the spacing of the result.
    new_origin : callable or None
        For an operation whose result begins elsewhere: such a function to where its first
        pixel lies, counted from the first pixel of the input, in the units of the spacing.
    dropped_axis : callable or None
        For an operation whose result has one axis in space less: a function from the
        number of axes of the input, and settings by keyword, to the position of the axis,
        or to None where all axes stay. Two axes that are left are called Y and X.
    picks : str
        For an operation that works on one place along time or channels: the letter of that
        axis. The setting `index` says which place, and the result lacks the axis.
    keeps_mesh : bool
        Whether a surface keeps its vertices and faces and gets other values only.
    opencl : bool
        Whether `napari_delineate.devices` has an OpenCL version.
    scores : mapping of str to Scoring
        For an operation that gives scores: how each of them is read. A single one has the
        name of the output.
    """

    version: int = 1
    locality: Scope | Halo = Scope.WHOLE
    new_spacing: Callable[..., tuple[float, ...]] | None = None
    new_origin: Callable[..., tuple[float, ...]] | None = None
    dropped_axis: Callable[..., int | None] | None = None
    picks: str = ""
    keeps_mesh: bool = False
    opencl: bool = False
    scores: Mapping[str, Scoring] = field(default_factory=dict)

    @property
    def changes_grid(self) -> bool:
        """Whether pixels of the result lie elsewhere than those of the input."""
        changes = (self.new_spacing, self.new_origin, self.dropped_axis)
        return any(change is not None for change in changes)

    def drops(self, ndim: int, settings: Mapping[str, Any]) -> int | None:
        """Return which of the axes in space the result lacks, None if it has them all."""
        if self.dropped_axis is None:
            return None
        return self.dropped_axis(ndim, **settings_for(self.dropped_axis, settings))


@overload
def operation(function: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def operation(
    *,
    version: int = 1,
    locality: Scope | Halo = Scope.WHOLE,
    new_spacing: Callable[..., tuple[float, ...]] | None = None,
    new_origin: Callable[..., tuple[float, ...]] | None = None,
    dropped_axis: Callable[..., int | None] | None = None,
    picks: str = "",
    keeps_mesh: bool = False,
    opencl: bool = False,
    scores: Mapping[str, Scoring] = ...,
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def operation(function: Callable[P, R] | None = None, /, **declared: Any) -> Any:
    """Declare a public function to be an operation.

    A call converts its inputs as `napari_delineate.arrays` says, checks its settings
    against their annotations, and runs the function, or its OpenCL version where
    `napari_delineate.use_device` chose that.

    Parameters
    ----------
    function : callable, optional
        The function, when the decorator is used without arguments.
    version, locality, new_spacing, new_origin, dropped_axis, picks, keeps_mesh, opencl, scores
        See `Declaration`.

    Returns
    -------
    callable
        A function with the same signature and documentation.
    """
    if function is None:
        return functools.partial(_declare, declaration=Declaration(**declared))
    return _declare(function, Declaration())


def _declare(function: Callable[P, R], declaration: Declaration) -> Callable[P, R]:
    parameters = inspect.signature(function)
    read = functools.cache(lambda: read_signature(function))
    name = operation_id(function)

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        bound = parameters.bind(*args, **kwargs)
        bound.apply_defaults()
        arguments = _prepare(read(), bound.arguments)
        if declaration.opencl and devices.current_device() != "cpu":
            return devices.run(name, function, arguments)  # type: ignore[no-any-return]
        return function(**arguments)  # type: ignore[call-arg]

    call.__operation__ = declaration  # type: ignore[attr-defined]
    return call


def settings_for(function: Callable[..., Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return those settings of an operation that a declared function asks for.

    Parameters
    ----------
    function : callable
        What a declaration holds.
    settings : mapping of str to Any
        All settings of the operation.

    Returns
    -------
    dict of str to Any
        The settings that are parameters of the function.

    Examples
    --------
    >>> settings_for(lambda spacing, *, factor: spacing, {"factor": 2, "method": "mean"})
    {'factor': 2}
    """
    asked = inspect.signature(function).parameters
    return {name: value for name, value in settings.items() if name in asked}


def operation_id(function: Callable[..., Any]) -> str:
    """Return the id of an operation, its package and its name.

    Parameters
    ----------
    function : callable
        The operation.

    Returns
    -------
    str
        For instance "segmentation.threshold".

    Examples
    --------
    >>> from napari_delineate import segmentation
    >>> operation_id(segmentation.threshold)
    'segmentation.threshold'
    """
    return f"{function.__module__.split('.')[1]}.{function.__name__}"


def declaration_of(function: Callable[..., Any]) -> Declaration:
    """Return what a function's decorator stored.

    Parameters
    ----------
    function : callable
        An operation.

    Returns
    -------
    Declaration
        What it declares.

    Raises
    ------
    TypeError
        If the function is not decorated with `operation`.
    """
    declaration = getattr(function, "__operation__", None)
    if not isinstance(declaration, Declaration):
        raise TypeError(
            f"{function.__module__}.{function.__name__} is listed as an operation: "
            "decorate it with napari_delineate.declaration.operation"
        )
    return declaration


def _axes_in_space(signature: Signature, values: dict[str, Any]) -> int:
    """Return the number of axes of values that are on no grid: that of points or shapes."""
    for entry in signature.inputs:
        if entry.kind in (Kind.POINTS, Kind.SHAPES) and values[entry.name] is not None:
            return int(values[entry.name].shape[-1])
    return 3


def _prepare(signature: Signature, arguments: dict[str, Any]) -> dict[str, Any]:
    """Convert inputs, check settings, and give the spacing as one number per axis."""
    prepared = dict(arguments)
    grid: tuple[str, tuple[int, ...]] | None = None
    for entry in signature.inputs:
        value = arguments[entry.name]
        if value is None and entry.optional:
            continue
        if entry.variable:
            if not isinstance(value, Sequence) or isinstance(value, str):
                # The slices of one array would pass for as many values.
                raise TypeError(
                    f"{entry.name} must be a list of {entry.kind}, got {type(value).__name__}"
                )
            values = list(value)
            if not values:
                raise ValueError(f"{entry.name} must hold at least one value, it is empty")
            items = [(f"{entry.name}[{index}]", item) for index, item in enumerate(values)]
        else:
            items = [(entry.name, value)]
        converted = []
        for name, item in items:
            item = convert(item, entry.kind, name)
            if entry.kind.is_grid:
                shape = item.shape[:-1] if entry.kind is Kind.RGB else item.shape
                if grid is not None and shape != grid[1]:
                    raise ValueError(
                        f"{name} and {grid[0]} must have the same shape, "
                        f"they are {shape} and {grid[1]}"
                    )
                grid = (name, shape) if grid is None else grid
            converted.append(item)
        prepared[entry.name] = converted if entry.variable else converted[0]
    for setting in signature.settings:
        prepared[setting.name] = setting.check(arguments[setting.name])
    if Quantity.SPACING in signature.carried:
        ndim = len(grid[1]) if grid is not None else _axes_in_space(signature, prepared)
        prepared["spacing"] = spacing_per_axis(arguments["spacing"], ndim)
    return prepared
