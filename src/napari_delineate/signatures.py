"""Read what an operation takes and gives from its annotations."""

from __future__ import annotations

import collections.abc
import inspect
import math
import numbers
import types
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from napari_delineate.types import Corrections, Kind, Quantity, Range, Surface, Voxels

__all__ = [
    "REQUIRED",
    "Input",
    "Output",
    "Setting",
    "Signature",
    "read_signature",
    "settings_of",
]

REQUIRED = inspect.Parameter.empty
"""The default of a parameter that has none."""

_LONGEST_SHOWN = 80
_KIND_OF_CLASS = {Surface: Kind.SURFACE, Corrections: Kind.CORRECTIONS}


@dataclass(frozen=True)
class Input:
    """Describe one value that an operation works on.

    Attributes
    ----------
    name : str
        Name of the parameter.
    kind : Kind
        Kind of value it takes.
    optional : bool
        Whether it can be left out.
    variable : bool
        Whether it takes any number of values (at least one).
    """

    name: str
    kind: Kind
    optional: bool = False
    variable: bool = False


@dataclass(frozen=True)
class Setting:
    """Describe one parameter that a person chooses.

    Attributes
    ----------
    name : str
        Name of the parameter.
    type : type
        `float`, `int`, `bool` or `str`.
    default : Any
        Its default, `REQUIRED` if it has none.
    choices : tuple of str
        The values allowed, empty if any.
    range : Range
        The numbers allowed.
    quantity : Quantity or None
        Whether it is a length or a size.
    optional : bool
        Whether it may be None.
    """

    name: str
    type: type
    default: Any
    choices: tuple[str, ...] = ()
    range: Range = Range()
    quantity: Quantity | None = None
    optional: bool = False

    def check(self, value: Any) -> Any:
        """Return a value as the operation expects it.

        Parameters
        ----------
        value : Any
            What was given.

        Returns
        -------
        Any
            The value as `type`, a `Voxels`, or None.

        Raises
        ------
        TypeError, ValueError
            If the value is of another type or not allowed; the message says what is.
        """
        if value is None and self.optional:
            return None
        if self.choices:
            if not isinstance(value, str) or value not in self.choices:
                allowed = ", ".join(repr(choice) for choice in self.choices)
                raise ValueError(f"{self.name} must be one of {allowed}; got {_shown(value)}")
            # The choice itself: a str of NumPy would be written as other code.
            return self.choices[self.choices.index(value)]
        number = value.number if isinstance(value, Voxels) else value
        if self.type is bool or self.type is str:
            wrong_type = not isinstance(value, self.type)
        elif isinstance(value, Voxels) and self.quantity is None:
            wrong_type = True
        else:
            number, wrong_type = _as_number(number, self.type)
        if wrong_type:
            raise TypeError(f"{self.name} must be {self.describe_type()}; got {_shown(value)}")
        if self.type in (int, float) and not (math.isfinite(number) and number in self.range):
            raise ValueError(f"{self.name} must be {self.range}; got {_shown(value)}")
        if isinstance(value, Voxels):
            return Voxels(number)
        return str.__str__(number) if self.type is str else number

    def describe_type(self) -> str:
        """Say in words what type of value is expected."""
        words = {bool: "True or False", str: "text", int: "a whole number", float: "a number"}
        word = words[self.type]
        if self.quantity is not None:
            word += " or voxels(number)"
        return word + (" or None" if self.optional else "")


def _shown(value: Any) -> str:
    """Return the `repr` of a value, cut where it is too long for a sentence."""
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _as_number(value: Any, to: type) -> tuple[Any, bool]:
    """Return the value as a plain int or float, and whether it is none."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, numbers.Number):
        return value, True
    try:
        number = float(value)  # type: ignore[arg-type]  # a complex number raises
    except OverflowError:
        return math.inf, False
    except (TypeError, ValueError):
        return value, True
    if number != number:
        return value, True
    if to is int and isinstance(value, numbers.Integral):
        return int(value), False  # as a float, one above 2**53 would be another
    if to is int:
        return (int(number), False) if number.is_integer() else (value, True)
    return number, False


@dataclass(frozen=True)
class Output:
    """Describe one value that an operation gives."""

    name: str
    kind: Kind


@dataclass(frozen=True)
class Signature:
    """Describe what an operation takes and gives.

    Attributes
    ----------
    inputs : tuple of Input
        The values it works on, in order.
    settings : tuple of Setting
        The parameters that a person chooses.
    outputs : tuple of Output
        What it returns; unnamed (empty name) when it returns a single value.
    carried : frozenset of Quantity
        What it must be told about its inputs: spacing, units.
    """

    inputs: tuple[Input, ...]
    settings: tuple[Setting, ...]
    outputs: tuple[Output, ...]
    carried: frozenset[Quantity]


def read_signature(function: Callable[..., Any]) -> Signature:
    """Read the signature of an operation.

    Parameters
    ----------
    function : callable
        A function whose parameters and return value are all annotated.

    Returns
    -------
    Signature
        What it takes and gives.

    Raises
    ------
    TypeError
        If an annotation is missing or says neither a kind nor a type of setting.
    """
    function = inspect.unwrap(function)
    hints = get_type_hints(function, include_extras=True)
    inputs: list[Input] = []
    settings: list[Setting] = []
    carried: set[Quantity] = set()
    for parameter in inspect.signature(function).parameters.values():
        where = f"{function.__module__}.{function.__name__}, parameter {parameter.name!r}"
        if parameter.name not in hints:
            raise TypeError(f"{where}: the annotation is missing")
        hint, optional = _without_none(hints[parameter.name])
        base, marks = _strip(hint)
        if Quantity.SPACING in marks or Quantity.UNITS in marks:
            carried.update(mark for mark in marks if isinstance(mark, Quantity))
        elif parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            settings.append(_read_setting(parameter, base, marks, optional, where))
        else:
            inputs.append(_read_input(parameter.name, hint, optional, where))
    if "return" not in hints:
        raise TypeError(f"{function.__module__}.{function.__name__}: the return kind is missing")
    outputs = _read_outputs(hints["return"], f"{function.__module__}.{function.__name__}")
    return Signature(tuple(inputs), tuple(settings), outputs, frozenset(carried))


def settings_of(function: Callable[..., Any], names: Collection[str]) -> tuple[Setting, ...]:
    """Read some of the keyword parameters of a function as settings.

    Parameters
    ----------
    function : callable
        Any function whose parameters of these names are annotated as settings are.
    names : collection of str
        The parameters.

    Returns
    -------
    tuple of Setting
        The settings, in the order of the names.
    """
    hints = get_type_hints(function, include_extras=True)
    parameters = inspect.signature(function).parameters
    settings = []
    for name in names:
        hint, optional = _without_none(hints[name])
        base, marks = _strip(hint)
        where = f"{function.__module__}.{function.__name__}, parameter {name!r}"
        settings.append(_read_setting(parameters[name], base, marks, optional, where))
    return tuple(settings)


def _without_none(hint: Any) -> tuple[Any, bool]:
    """Split `X | None` into X and True."""
    if get_origin(hint) in (Union, types.UnionType) and type(None) in get_args(hint):
        rest = [part for part in get_args(hint) if part is not type(None)]
        return (rest[0] if len(rest) == 1 else Union[tuple(rest)]), True  # noqa: UP007
    return hint, False


def _strip(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """Split `Annotated[X, marks]` into X and its marks."""
    if get_origin(hint) is Annotated:
        base, *marks = get_args(hint)
        return base, tuple(marks)
    return hint, ()


def _kind(hint: Any, where: str) -> Kind:
    base, marks = _strip(hint)
    for mark in marks:
        if isinstance(mark, Kind):
            return mark
    if base in _KIND_OF_CLASS:
        return _KIND_OF_CLASS[base]
    raise TypeError(f"{where}: {hint!r} is no kind of value")


def _read_input(name: str, hint: Any, optional: bool, where: str) -> Input:
    variable = get_origin(hint) is collections.abc.Sequence
    if variable:
        (hint,) = get_args(hint)
    return Input(name, _kind(hint, where), optional, variable)


def _read_setting(
    parameter: inspect.Parameter, base: Any, marks: tuple[Any, ...], optional: bool, where: str
) -> Setting:
    quantity = next((mark for mark in marks if isinstance(mark, Quantity)), None)
    limits = next((mark for mark in marks if isinstance(mark, Range)), Range())
    choices: tuple[str, ...] = ()
    if get_origin(base) is Literal:
        choices, base = get_args(base), str
    elif quantity is not None:
        base = float
    if base not in (bool, int, float, str):
        raise TypeError(f"{where}: {base!r} is no type of setting")
    return Setting(parameter.name, base, parameter.default, choices, limits, quantity, optional)


def _read_outputs(hint: Any, where: str) -> tuple[Output, ...]:
    base, _ = _strip(hint)
    if base not in _KIND_OF_CLASS and hasattr(base, "_fields"):
        fields = get_type_hints(base, include_extras=True)
        return tuple(Output(name, _kind(field, where)) for name, field in fields.items())
    return (Output("", _kind(hint, f"{where}, return value")),)
