"""Describe the inputs and steps that a workflow is made of, and check how they fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from napari_delineate import catalogue
from napari_delineate.annotation.meaning import Annotation
from napari_delineate.axes import (
    IN_SPACE,
    axes_of_output,
    check_axes,
    looped_axes,
    spatial_axes,
)
from napari_delineate.catalogue import Operation, UnknownNameError
from napari_delineate.fits import Fit
from napari_delineate.names import check_name
from napari_delineate.types import Kind, spacing_per_axis
from napari_delineate.values import Value, fingerprint

__all__ = [
    "Described",
    "Step",
    "Wiring",
    "WorkflowInput",
    "axes_looped_in",
    "check_step",
    "grid_source",
    "list_names",
    "names_in",
    "passed_on",
    "renamed",
    "wire",
]

Wiring = Mapping[str, str | tuple[str, ...] | list[str] | None]
"""For each input of an operation the name of a value, names, or None."""


@dataclass(frozen=True)
class WorkflowInput:
    """Describe a value that a workflow starts from.

    Attributes
    ----------
    kind : Kind
        Kind of the value.
    axes : str
        Letters of its axes, for instance "ZYX" or "TYX".
    spacing : tuple of float
        Voxel size along the axes in space, as it was when the workflow was made.
    units : str
        Name of the unit of the spacing.
    source : str or None
        The file it was read from; None for what was made by hand or by another program.
    version : str or None
        Fingerprint of the content, see `napari_delineate.values.fingerprint`.
    annotation : Annotation or None
        What its labels mean where it is drawn by hand; None for all else. An annotation
        belongs to a workflow even where no step takes it.
    """

    kind: Kind
    axes: str
    spacing: tuple[float, ...]
    units: str = "pixel"
    source: str | None = None
    version: str | None = None
    annotation: Annotation | None = None

    @classmethod
    def of(cls, value: Value, source: str | None = None) -> WorkflowInput:
        """Describe a value.

        Parameters
        ----------
        value : Value
            The value.
        source : str, optional
            The file that it was read from.

        Returns
        -------
        WorkflowInput
            Its kind, axes, spacing, units and the fingerprint of its content.
        """
        version = fingerprint(value.data)
        return cls(value.kind, value.axes, value.spacing, value.units, source, version)

    def __post_init__(self) -> None:
        check_axes(self.axes, self.kind, f"a value of the kind {self.kind}")
        if len(self.spacing) != len(spatial_axes(self.axes)):
            raise ValueError(
                f"the spacing must have one number for each of the axes "
                f"{spatial_axes(self.axes)}, got {self.spacing}"
            )
        spacing_per_axis(self.spacing, len(self.spacing))


@dataclass(frozen=True)
class Step:
    """Describe one call of an operation.

    Attributes
    ----------
    name : str
        Name of the step, unique in its workflow.
    operation : str
        Id of the operation.
    inputs : mapping of str to str, tuple of str or None
        For each input parameter the name of a value, names for one that takes any number,
        or None where it is left out.
    outputs : tuple of str
        Names of the values it gives; unique, and identifiers of Python.
    parameters : mapping of str to literal
        A value for every setting of the operation.
    over : str
        The axes that are looped.
    bypassed : bool
        Whether the step hands on what it is given, as if it were not there; see
        `passed_on`.
    fit : Fit or None
        The search that led to settings of it; it stays when they are changed again.
    """

    name: str
    operation: str
    inputs: Mapping[str, str | tuple[str, ...] | None]
    outputs: tuple[str, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    over: str = ""
    bypassed: bool = False
    fit: Fit | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "inputs", MappingProxyType(dict(self.inputs)))
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of all values it uses, in order."""
        return tuple(name for value in self.inputs.values() for name in names_in(value))


def grid_source(step: Step, values: Mapping[str, Described]) -> str:
    """Return the value whose axes in space, voxel size and place the results of a step have.

    Parameters
    ----------
    step : Step
        The step.
    values : mapping of str to Described
        The values of its workflow.

    Returns
    -------
    str
        The first image, mask or labels among what it uses: points and shapes may lie on
        any grid. Where there is none, the first value.
    """
    grids = (name for name in step.sources if values[name].kind.is_grid)
    return next(grids, step.sources[0])


class Described(NamedTuple):
    """Say what is known of a value before it is computed."""

    kind: Kind
    axes: str


def axes_looped_in(value: Described) -> str:
    """Return the axes of a value that no operation works on; tables have no others."""
    return value.axes if value.kind is Kind.TABLE else looped_axes(value.axes)


def check_step(step: Step, values: Mapping[str, Described]) -> dict[str, Described]:
    """Check one step against the values before it; return what it gives."""
    operation = catalogue.find(step.operation)
    settings = operation.check_settings(dict(step.parameters))
    missing = set(settings) - set(step.parameters)
    if missing:
        raise ValueError(f"step {step.name!r} has no value for the parameter {sorted(missing)[0]}")
    input_axes: list[str] = []
    wired = wire(operation, step.inputs)
    for entry in operation.inputs:
        value = wired[entry.name]
        for source in names_in(value):
            if source not in values:
                raise UnknownNameError(
                    f"step {step.name!r} uses {source!r}, which no input and no step before it "
                    f"gives; there are: {list_names(values)}"
                )
            given = values[source]
            if not catalogue.accepts(entry.kind, given.kind):
                raise TypeError(catalogue.explain_mismatch(operation, entry, source, given.kind))
            left = [letter for letter in axes_looped_in(given) if letter not in step.over]
            if left:
                raise ValueError(
                    f"step {step.name!r} must loop over {', '.join(left)}: {source!r} has the "
                    f"axes {given.axes}, and {operation.id} works on (Y, X) or (Z, Y, X)"
                )
            input_axes.append(given.axes)
    for letter in step.over:
        if letter in "YXS" or not any(letter in axes for axes in input_axes):
            raise ValueError(
                f"step {step.name!r} can not loop over {letter!r}: the axes of its inputs are "
                f"{', '.join(input_axes)}, and Y, X and S can not be looped"
            )
        if step.over.count(letter) > 1:
            raise ValueError(f"step {step.name!r} can loop over {letter!r} only once")
    if "Z" in step.over:
        kinds = {one.kind for one in operation.inputs} | {one.kind for one in operation.outputs}
        if kinds & IN_SPACE:
            raise ValueError(
                f"step {step.name!r} can not loop over 'Z': {operation.id} works on points, shapes "
                "or surfaces, whose depth is a length and no number of a slice"
            )
    picks = operation.declaration.picks
    if picks and picks not in step.over:
        raise ValueError(
            f"{operation.title} needs a value with the axis {picks}, but "
            f"{list_names(step.sources)} has the axes {', '.join(input_axes)}; choose another "
            "value, or correct its axes"
        )
    input_axes.insert(0, values[grid_source(step, values)].axes)
    if len(step.outputs) != len(operation.outputs):
        raise ValueError(
            f"step {step.name!r} must name {len(operation.outputs)} outputs, "
            f"it names {len(step.outputs)}"
        )
    given_now: dict[str, Described] = {}
    for name, output in zip(step.outputs, operation.outputs, strict=True):
        check_name(name, values)
        check_name(name, given_now)
        kind = Kind.TABLE if output.kind is Kind.SCORES and step.over else output.kind
        axes = axes_of_output(
            output.kind, input_axes, step.over, operation.declaration, step.parameters
        )
        given_now[name] = Described(kind, axes)
    if step.bypassed:
        handed_on = passed_on(step, values)
        if handed_on is None:
            raise ValueError(
                f"step {step.name!r} can not be bypassed: none of its inputs is "
                f"{' and '.join(output.kind for output in operation.outputs)}, as what it gives"
            )
        return {step.outputs[0]: values[handed_on]}
    return given_now


def passed_on(step: Step, values: Mapping[str, Described]) -> str | None:
    """Return the value that a step hands on when it is bypassed.

    Parameters
    ----------
    step : Step
        The step.
    values : mapping of str to Described
        The values before it.

    Returns
    -------
    str or None
        The first of its inputs that is of the kind of its one output; None if there is
        none, so that it can not be bypassed.
    """
    outputs = catalogue.find(step.operation).outputs
    if len(outputs) > 1:
        return None
    fits = (source for source in step.sources if values[source].kind == outputs[0].kind)
    return next(fits, None)


def wire(operation: Operation, inputs: Wiring) -> dict[str, str | tuple[str, ...] | None]:
    """Return a name, names or None for every input of an operation."""
    unknown = set(inputs) - {entry.name for entry in operation.inputs}
    if unknown:
        names = ", ".join(entry.name for entry in operation.inputs)
        raise ValueError(
            f"{operation.id} has no input {sorted(unknown)[0]!r}; its inputs are: {names}"
        )
    wired: dict[str, str | tuple[str, ...] | None] = {}
    for entry in operation.inputs:
        value = inputs.get(entry.name)
        if value is None and not entry.optional:
            raise ValueError(f"{operation.title} needs a value for its input {entry.name!r}")
        if entry.variable and value is not None:
            value = (value,) if isinstance(value, str) else tuple(value)
            if not value:
                raise ValueError(f"{operation.id} needs at least one value for {entry.name!r}")
        elif value is not None and not isinstance(value, str):
            raise ValueError(f"{operation.id} takes one value for {entry.name!r}, got {value!r}")
        wired[entry.name] = value
    return wired


def names_in(value: str | Iterable[str] | None) -> tuple[str, ...]:
    """Return the names of the values that an input of a step is given.

    Parameters
    ----------
    value : str, iterable of str or None
        What a step has for the input.

    Returns
    -------
    tuple of str
        The names; none where the input is left out.

    Examples
    --------
    >>> names_in("coins"), names_in(["a", "b"]), names_in(None)
    (('coins',), ('a', 'b'), ())
    """
    return (value,) if isinstance(value, str) else tuple(value or ())


def renamed(
    inputs: Mapping[str, str | tuple[str, ...] | None], names: Mapping[str, str]
) -> dict[str, str | tuple[str, ...] | None]:
    """Return the inputs of a step with other names for values.

    Parameters
    ----------
    inputs : mapping of str to str, tuple of str or None
        The inputs of a step.
    names : mapping of str to str
        The new names by the old ones.

    Returns
    -------
    dict of str to str, tuple of str or None
        The inputs.

    Examples
    --------
    >>> renamed({"labels": ("a", "b"), "image": "coins", "mask": None}, {"a": "c"})
    {'labels': ('c', 'b'), 'image': 'coins', 'mask': None}
    """
    return {
        key: tuple(names.get(one, one) for one in value)
        if isinstance(value, tuple)
        else value and names.get(value, value)
        for key, value in inputs.items()
    }


def list_names(names: Iterable[str]) -> str:
    """List names in a sentence."""
    return ", ".join(map(repr, names)) or "none"
