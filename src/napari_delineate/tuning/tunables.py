"""Say which parameters of a workflow may change, and between which bounds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from napari_delineate import catalogue
from napari_delineate.catalogue import Operation
from napari_delineate.fits import ALGORITHM, Found
from napari_delineate.signatures import REQUIRED, Setting
from napari_delineate.types import Quantity, Voxels
from napari_delineate.variants import replacements
from napari_delineate.workflow import Workflow

__all__ = ["ALGORITHM", "Tunable", "changed", "tunable", "tunables"]

_DIGITS = 4
_FACTOR = 4.0
"""How far a number is looked for: from its quarter to its fourfold."""
_WIDEST = 100.0
"""The widest range of whole numbers that is searched from end to end."""
_NEAR = 0.02
"""How near to a bound a number is at it, as a part of the distance of the bounds."""
_FROM_ZERO = {None: 100.0, Quantity.LENGTH: 10.0, Quantity.SIZE: 100.0}
"""How far a number that is 0 is looked for."""


@dataclass(frozen=True)
class Tunable:
    """Describe a parameter that may change.

    Attributes
    ----------
    step : str
        Name of the step.
    setting : str
        Name of the setting, or `ALGORITHM` for the operation itself.
    low, high : float
        The bounds of a number, in voxels if `in_voxels`.
    choices : tuple
        The values of what is no number; empty for a number.
    is_log : bool
        Whether equal factors are equally far apart, as for lengths.
    is_whole : bool
        Whether it is a whole number.
    in_voxels : bool
        Whether it is a length or size in voxels.
    """

    step: str
    setting: str
    low: float = 0.0
    high: float = 0.0
    choices: tuple[Any, ...] = ()
    is_log: bool = False
    is_whole: bool = False
    in_voxels: bool = False

    def __post_init__(self) -> None:
        if self.choices:
            return
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError(
                f"{self.name} needs a lower bound below the upper one; got {self.low:g} and "
                f"{self.high:g}"
            )
        if self.is_log and self.low <= 0:
            raise ValueError(f"{self.name}: on a log scale the lower bound must be above 0")

    @property
    def name(self) -> str:
        """Step and setting, for instance "gaussian.sigma"."""
        return f"{self.step}.{self.setting}"

    @property
    def is_number(self) -> bool:
        """Whether it has bounds, and no choices."""
        return not self.choices

    def allows(self, value: Any) -> bool:
        """Tell whether a value is one of the choices, or lies between the bounds."""
        if self.choices:
            return value in self.choices
        is_number = isinstance(value, float | int) and not isinstance(value, bool)
        return is_number and self.low <= value <= self.high

    def is_at_bound(self, value: Any) -> bool:
        """Tell whether a number is so near to a bound that the best may lie beyond it."""
        if not self.is_number or not self.allows(value):
            return False
        return not _NEAR <= self.to_unit(value) <= 1 - _NEAR

    def rounded(self, number: float) -> float | int:
        """Return a number that a person can read and that is between the bounds."""
        if self.is_whole:
            return round(min(max(number, math.ceil(self.low)), math.floor(self.high)))
        return min(max(float(f"{number:.{_DIGITS}g}"), self.low), self.high)

    def to_unit(self, number: float) -> float:
        """Return where a number lies between the bounds, from 0 to 1."""
        if self.is_log:
            return math.log(number / self.low) / math.log(self.high / self.low)
        return (number - self.low) / (self.high - self.low)

    def from_unit(self, part: float) -> float | int:
        """Return the number at a place between the bounds."""
        if self.is_log:
            return self.rounded(self.low * (self.high / self.low) ** part)
        return self.rounded(self.low + part * (self.high - self.low))

    def found(self, value: Any) -> Found:
        """Return a value that was found, and where it was looked for, as a step holds them."""
        if self.choices:
            return Found(value, choices=self.choices)
        if self.in_voxels:
            return Found(Voxels(value), Voxels(self.low), Voxels(self.high))
        return Found(value, self.low, self.high)

    def belongs_to(self, operation: Operation) -> bool:
        """Tell whether an operation has this setting."""
        if self.setting == ALGORITHM:
            return True
        found = next((one for one in operation.settings if one.name == self.setting), None)
        if found is None:
            return False
        if self.choices:
            return set(self.choices) <= set(_choices(found))
        return (
            not _choices(found)
            and found.type in (int, float)
            and (found.type is int) == self.is_whole
            and (found.quantity is not None or not self.in_voxels)
        )


def tunables(workflow: Workflow, steps: Iterable[str] | None = None) -> tuple[Tunable, ...]:
    """Return all parameters of some steps that can change, with sensible bounds.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    steps : iterable of str, optional
        Names of steps; by default all that are not bypassed.

    Returns
    -------
    tuple of Tunable
        Texts, and limits that are not in use, are left out; algorithms are not among them.

    Examples
    --------
    >>> from napari_delineate.types import Kind
    >>> from napari_delineate.workflow import WorkflowInput
    >>> workflow = Workflow().add_input("coins", WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0)))
    >>> workflow = workflow.add("filters.gaussian", {"image": "coins"}, {"sigma": 2.0})
    >>> [(one.name, one.low, one.high) for one in tunables(workflow)]
    [('gaussian.sigma', 0.5, 8.0)]
    """
    if steps is None:
        steps = [step.name for step in workflow.steps if not step.bypassed]
    found = []
    for name in steps:
        step = workflow.step(name)
        for setting in catalogue.find(step.operation).settings:
            present = step.parameters[setting.name]
            if present is not None and (setting.type is not str or setting.choices):
                found.append(tunable(workflow, name, setting.name))
    return tuple(found)


def tunable(
    workflow: Workflow,
    step: str,
    setting: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: Sequence[Any] | None = None,
) -> Tunable:
    """Return a parameter that may change; what is not said follows from its present value.

    A number is looked for in its whole range where that is short, or else from a quarter of
    the present value to its fourfold; lengths and sizes on a log scale.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    step : str
        Name of the step.
    setting : str
        Name of a setting of its operation, or of one that could take its place; or
        `ALGORITHM` for the operation itself.
    low, high : float, optional
        The bounds of a number; in voxels where the present value is.
    choices : sequence, optional
        The values of what is no number: texts, True and False, or ids of operations.

    Returns
    -------
    Tunable
        The parameter.

    Raises
    ------
    UnknownNameError
        If there is no such step.
    ValueError
        If there is no such setting, bounds or choices do not fit it, or it has no present
        value to start from and no bounds are given.

    Examples
    --------
    >>> from napari_delineate.types import Kind
    >>> from napari_delineate.workflow import WorkflowInput
    >>> workflow = Workflow().add_input("coins", WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0)))
    >>> workflow = workflow.add("segmentation.threshold", {"image": "coins"})
    >>> tunable(workflow, "threshold", "method", choices=["otsu", "li"]).choices
    ('otsu', 'li')
    """
    found = workflow.step(step)
    if found.bypassed:
        raise ValueError(f"step {step!r} is bypassed, so that its settings change nothing")
    name = f"{step}.{setting}"
    if setting == ALGORITHM:
        known: tuple[Any, ...] = replacements(workflow, step)
        return Tunable(step, setting, choices=_chosen(name, known, choices))
    declared, present = _declared(workflow, step, setting)
    known = _choices(declared)
    if known or choices is not None:
        if low is not None or high is not None:
            raise ValueError(f"{name} has choices, no bounds")
        if not known:
            raise ValueError(f"{name} has bounds, no choices")
        return Tunable(step, setting, choices=_chosen(name, known, choices))
    if declared.type is str:
        raise ValueError(f"{name} is a text and can not be searched")
    in_voxels = isinstance(present, Voxels)
    number = present.number if isinstance(present, Voxels) else present
    if number in (None, REQUIRED) and (low is None or high is None):
        raise ValueError(f"{name} has no present value to start from: give both bounds")
    if low is None or high is None:
        lowest, highest = _bounds(workflow, declared, float(number), in_voxels=in_voxels)
        low = lowest if low is None else low
        high = highest if high is None else high
    for bound in (low, high):
        declared.check(Voxels(bound) if in_voxels else bound)
    is_whole = declared.type is int
    is_log = declared.quantity in (Quantity.LENGTH, Quantity.SIZE) and low > 0
    return Tunable(step, setting, low, high, (), is_log, is_whole, in_voxels)


def changed(
    workflow: Workflow, tuned: Iterable[Tunable], assignment: Mapping[str, Any]
) -> Workflow:
    """Return a workflow with other values of some parameters.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    tuned : iterable of Tunable
        The parameters.
    assignment : mapping of str to Any
        Values by the names of parameters; what is not named stays.

    Returns
    -------
    Workflow
        The new workflow.

    Raises
    ------
    TypeError, ValueError
        If a step refuses a value.

    Examples
    --------
    >>> from napari_delineate.types import Kind
    >>> from napari_delineate.workflow import WorkflowInput
    >>> workflow = Workflow().add_input("coins", WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0)))
    >>> workflow = workflow.add("filters.gaussian", {"image": "coins"})
    >>> sigma = tunable(workflow, "gaussian", "sigma")
    >>> changed(workflow, [sigma], {"gaussian.sigma": 3.0}).step("gaussian").parameters["sigma"]
    voxels(3)
    """
    named = [one for one in tuned if one.name in assignment]
    for one in named:
        wanted = assignment[one.name]
        if one.setting == ALGORITHM and workflow.step(one.step).operation != wanted:
            workflow = workflow.replace(one.step, wanted)
    settings: dict[str, dict[str, Any]] = {}
    for one in named:
        if one.setting != ALGORITHM:
            value = assignment[one.name]
            value = Voxels(value) if one.in_voxels else value
            settings.setdefault(one.step, {})[one.setting] = value
    for step, parameters in settings.items():
        workflow = workflow.change(step, parameters=parameters)
    return workflow


def present_values(workflow: Workflow, tuned: Iterable[Tunable]) -> dict[str, Any]:
    """Return the present values of parameters, by their names; without those not in use."""
    values = {}
    for one in tuned:
        step = workflow.step(one.step)
        value = step.operation if one.setting == ALGORITHM else step.parameters.get(one.setting)
        number = value.number if isinstance(value, Voxels) else value
        if number is not None:
            values[one.name] = number
    return values


def _choices(setting: Setting) -> tuple[Any, ...]:
    return (False, True) if setting.type is bool else setting.choices


def _chosen(name: str, known: Sequence[Any], choices: Sequence[Any] | None) -> tuple[Any, ...]:
    if choices is None:
        return tuple(known)
    unknown = [one for one in choices if one not in known]
    if unknown or not choices:
        wrong = repr(unknown[0]) if unknown else "no choice"
        raise ValueError(f"{name} can not be {wrong}; it can be {', '.join(map(str, known))}")
    return tuple(dict.fromkeys(choices))


def _declared(workflow: Workflow, step: str, setting: str) -> tuple[Setting, Any]:
    """Return a setting and its present value, or that of an operation that could be there."""
    found = workflow.step(step)
    for one in catalogue.find(found.operation).settings:
        if one.name == setting:
            return one, found.parameters[setting]
    for operation in replacements(workflow, step):
        for one in catalogue.find(operation).settings:
            if one.name == setting:
                return one, one.default
    names = ", ".join(found.parameters) or "none"
    raise ValueError(f"step {step!r} has no setting {setting!r}; its settings are: {names}")


def _bounds(
    workflow: Workflow, setting: Setting, number: float, *, in_voxels: bool
) -> tuple[float, float]:
    least, most = setting.range.minimum, setting.range.maximum
    is_short = setting.type is float or most - least <= _WIDEST
    if math.isfinite(least) and math.isfinite(most) and is_short:
        return least, most
    if number == 0:
        reach = _FROM_ZERO[setting.quantity if setting.quantity in _FROM_ZERO else None]
        if setting.quantity is Quantity.LENGTH and not in_voxels:
            reach *= min(min(one.spacing) for one in workflow.inputs.values() if one.spacing)
        low, high = (0.0 if setting.quantity else -reach), reach
    elif number > 0:
        factor = _FACTOR**2 if setting.quantity is Quantity.SIZE else _FACTOR
        low, high = number / factor, number * factor
    else:
        low, high = number * _FACTOR, -number * _FACTOR
    low, high = max(low, least), min(high, most)
    return (math.floor(low), math.ceil(high)) if setting.type is int else (low, high)
