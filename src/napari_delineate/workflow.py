"""Describe what was done: inputs and steps, as values that never change.

A workflow is immutable: every change returns a new one, so undo is a matter of keeping the
old one. A step can only use what inputs and earlier steps give, so a workflow never runs
in circles.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from napari_delineate import catalogue
from napari_delineate.annotation.meaning import Annotation
from napari_delineate.catalogue import UnknownNameError
from napari_delineate.fits import Fit, bare, full
from napari_delineate.names import NAMING_RULE, check_name, is_free, is_identifier, to_identifier
from napari_delineate.proofreading import Review
from napari_delineate.steps import (
    Described,
    Step,
    Wiring,
    WorkflowInput,
    axes_looped_in,
    check_step,
    list_names,
    names_in,
    renamed,
    wire,
)
from napari_delineate.types import Kind

__all__ = ["Step", "Workflow", "WorkflowInput"]


@dataclass(frozen=True)
class Workflow:
    """Hold inputs and steps; every change returns a new workflow.

    Attributes
    ----------
    steps : tuple of Step
        In the order in which they run.
    inputs : mapping of str to WorkflowInput
        The values that the steps start from.
    device : str
        Where the steps run, as for `napari_delineate.use_device`.
    reviews : mapping of str to Review
        What was decided about the objects of labels that were proofread, by their names. Those of
        values that a change takes away go with them.

    Examples
    --------
    >>> image = WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0))
    >>> workflow = Workflow().add_input("coins", image)
    >>> workflow = workflow.add("filters.median", {"image": "coins"})
    >>> workflow = workflow.add("segmentation.threshold", {"image": "denoised"})
    >>> [step.outputs for step in workflow.steps]
    [('denoised',), ('mask',)]
    """

    steps: tuple[Step, ...] = ()
    inputs: Mapping[str, WorkflowInput] = field(default_factory=dict)
    device: str = "cpu"
    reviews: Mapping[str, Review] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", tuple(self.steps))
        object.__setattr__(self, "inputs", MappingProxyType(dict(self.inputs)))
        object.__setattr__(self, "_values", MappingProxyType(self._check()))
        kept = {name: review for name, review in self.reviews.items() if name in self.values}
        object.__setattr__(self, "reviews", MappingProxyType(kept))

    @property
    def values(self) -> Mapping[str, Described]:
        """Kind and axes of every input and output, by name, in the order they are made."""
        return self._values  # type: ignore[attr-defined, no-any-return]

    def step(self, name: str) -> Step:
        """Return a step by its name; `UnknownNameError` if there is none."""
        for step in self.steps:
            if step.name == name:
                return step
        names = ", ".join(repr(step.name) for step in self.steps) or "none"
        raise UnknownNameError(f"there is no step {name!r}; the steps are: {names}")

    def maker(self, output: str) -> Step | None:
        """Return the step that gives a value, None for an input."""
        return next((step for step in self.steps if output in step.outputs), None)

    def dependants(self, name: str) -> tuple[str, ...]:
        """Return the names of the steps that need what a step gives, directly or not."""
        made, found = set(self.step(name).outputs), []
        for step in self.steps:
            if made.intersection(step.sources):
                made.update(step.outputs)
                found.append(step.name)
        return tuple(found)

    def results(self) -> tuple[str, ...]:
        """Return the names of the outputs that no step uses."""
        used = {name for step in self.steps for name in step.sources}
        return tuple(name for step in self.steps for name in step.outputs if name not in used)

    def unique_name(self, wish: str, taken: Iterable[str] = ()) -> str:
        """Return a name for a new value or step, as close to a wish as possible.

        Parameters
        ----------
        wish : str
            The name wanted.
        taken : iterable of str
            Names that are taken as well.

        Returns
        -------
        str
            The wish as an identifier, with a number behind it where an input, an output or a
            step has it.
        """
        base = to_identifier(wish)
        values, steps = {*self.values, *taken}, self._step_names()
        return next(name for name in _numbered(base) if is_free(name, values) and name not in steps)

    def add_input(self, name: str, value: WorkflowInput) -> Workflow:
        """Return a workflow with one more input, or with another value for one."""
        return replace(self, inputs={**self.inputs, name: value})

    def add(
        self,
        operation: str,
        inputs: Wiring,
        parameters: Mapping[str, Any] | None = None,
        *,
        over: str | None = None,
        name: str | None = None,
        outputs: tuple[str, ...] | None = None,
        after: str | None = None,
    ) -> Workflow:
        """Return a workflow with one more step.

        Parameters
        ----------
        operation : str
            Id of the operation.
        inputs : mapping of str to str, sequence of str or None
            For each input the name of a value, or names.
        parameters : mapping of str to literal, optional
            Settings that differ from their defaults.
        over : str, optional
            Axes to loop over; by default those of the inputs that are not in space.
        name : str, optional
            Name of the step; by default the operation's, with a number where it is taken.
        outputs : tuple of str, optional
            Names of the outputs; by default those of the operation's documentation.
        after : str, optional
            Name of the step behind which it stands; by default the last.

        Returns
        -------
        Workflow
            The new workflow; the new step is its last, or follows `after`.

        Raises
        ------
        UnknownNameError
            If there is no such operation, value or step.
        TypeError
            If a value is of a kind that the operation does not take.
        ValueError
            If a parameter or a name is not allowed.
        """
        found = catalogue.find(operation)
        wired = wire(found, inputs)
        if over is None:
            over = self._axes_to_loop(wired)
        if outputs is None:
            names: list[str] = []
            for output in found.outputs:
                names.append(self.unique_name(output.name, names))
            outputs = tuple(names)
        if name is None:
            taken = {*self._step_names(), *self.values, *outputs}
            name = next(one for one in _numbered(found.name) if one not in taken)
        settings = found.check_settings(dict(parameters or {}))
        step = Step(name, operation, wired, outputs, settings, over)
        place = len(self.steps) if after is None else self.steps.index(self.step(after)) + 1
        return replace(self, steps=(*self.steps[:place], step, *self.steps[place:]))

    def change(
        self,
        name: str,
        *,
        inputs: Wiring | None = None,
        parameters: Mapping[str, Any] | None = None,
        over: str | None = None,
        bypassed: bool | None = None,
    ) -> Workflow:
        """Return a workflow in which a step has other inputs, parameters or looped axes.

        Parameters
        ----------
        name : str
            Name of the step.
        inputs, parameters : mapping, optional
            What changes; the rest stays.
        over : str, optional
            Axes to loop over; when the inputs change, by default those not in space.
        bypassed : bool, optional
            Whether it hands on what it is given, as if it were not there.

        Returns
        -------
        Workflow
            The new workflow.
        """
        step = self.step(name)
        found = catalogue.find(step.operation)
        if inputs is not None:
            wired = wire(found, {**step.inputs, **inputs})
            over = self._axes_to_loop(wired) if over is None else over
            step = replace(step, inputs=wired)
        if parameters is not None:
            merged = {**step.parameters, **parameters}
            step = replace(step, parameters=found.check_settings(merged))
        if over is not None:
            step = replace(step, over=over)
        if bypassed is not None:
            step = replace(step, bypassed=bypassed)
        return self._with(name, step)

    def replace(self, name: str, operation: str) -> Workflow:
        """Return a workflow in which a step calls another operation.

        Inputs and parameters that the other operation has under the same name, or inputs
        of a kind that it takes, are kept; the outputs keep their names.

        Parameters
        ----------
        name : str
            Name of the step.
        operation : str
            Id of the other operation.

        Returns
        -------
        Workflow
            The new workflow.

        Raises
        ------
        UnknownNameError
            If there is no such step or operation.
        TypeError
            If a value is of a kind that the other operation or a later step does not take.
        ValueError
            If the other operation can not take the place: it needs other inputs, or gives
            less than later steps use.
        """
        step, found = self.step(name), catalogue.find(operation)
        lost = [one for one in step.outputs[len(found.outputs) :] if one not in self.results()]
        if lost:
            users = [one.name for one in self.steps if set(lost).intersection(one.sources)]
            raise ValueError(
                f"step {name!r} can not become {found.title}, which does not give "
                f"{list_names(lost)}, used by {list_names(users)}"
            )
        left = dict(step.inputs)
        wired: dict[str, Any] = {}
        for entry in found.inputs:
            candidates = [entry.name] if entry.name in left else list(left)
            fits = (key for key in candidates if self._fits(left[key], entry.kind, entry.variable))
            key = next(fits, None)
            if key is not None:
                wired[entry.name] = left.pop(key)
        settings = found.defaults()
        for setting in found.settings:
            if setting.name in step.parameters:
                try:
                    settings[setting.name] = setting.check(step.parameters[setting.name])
                except (TypeError, ValueError):
                    continue  # the other operation does not allow it: its default stands
        names = list(step.outputs[: len(found.outputs)])
        for output in found.outputs[len(names) :]:
            names.append(self.unique_name(output.name, names))
        new = Step(name, operation, wire(found, wired), tuple(names), settings, step.over)
        return self._with(name, new)

    def remove(self, name: str, *, with_dependants: bool = False) -> Workflow:
        """Return a workflow without a step.

        Parameters
        ----------
        name : str
            Name of the step.
        with_dependants : bool
            Whether the steps that need it go too.

        Returns
        -------
        Workflow
            The new workflow.

        Raises
        ------
        ValueError
            If steps need it and `with_dependants` is False.
        """
        needing = self.dependants(name)
        if needing and not with_dependants:
            raise ValueError(
                f"step {name!r} can not be removed, {', '.join(map(repr, needing))} need it"
            )
        gone = {name, *needing}
        return replace(self, steps=tuple(step for step in self.steps if step.name not in gone))

    def rename(self, old: str, new: str) -> Workflow:
        """Return a workflow in which an input or output has another name."""
        if old not in self.values:
            raise UnknownNameError(
                f"there is no value {old!r}; there are: {list_names(self.values)}"
            )
        if new in self._step_names():
            raise ValueError(f"{new!r} can not be the name of a value: a step has it")

        return replace(
            self,
            inputs={new if key == old else key: value for key, value in self.inputs.items()},
            reviews={new if key == old else key: one for key, one in self.reviews.items()},
            steps=tuple(
                replace(
                    step,
                    inputs=renamed(step.inputs, {old: new}),
                    outputs=tuple(new if one == old else one for one in step.outputs),
                )
                for step in self.steps
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the workflow as dictionaries, lists, texts and numbers.

        Returns
        -------
        dict
            What `from_dict` takes, ready for JSON.
        """
        return {
            "device": self.device,
            "inputs": {
                name: {
                    "kind": str(value.kind),
                    "axes": value.axes,
                    "spacing": list(value.spacing),
                    "units": value.units,
                    "source": value.source,
                    "version": value.version,
                    **({"annotation": value.annotation.to_dict()} if value.annotation else {}),
                }
                for name, value in self.inputs.items()
            },
            "steps": [
                {
                    "name": step.name,
                    "operation": step.operation,
                    "version": catalogue.find(step.operation).declaration.version,
                    "inputs": {
                        key: list(value) if isinstance(value, tuple) else value
                        for key, value in step.inputs.items()
                    },
                    "outputs": list(step.outputs),
                    "parameters": {key: bare(value) for key, value in step.parameters.items()},
                    "over": step.over,
                    "bypassed": step.bypassed,
                    **({} if step.fit is None else {"fit": step.fit.to_dict()}),
                }
                for step in self.steps
            ],
            **(
                {"reviews": {name: review.to_dict() for name, review in self.reviews.items()}}
                if self.reviews
                else {}
            ),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Workflow:
        """Return the workflow that `to_dict` described.

        Parameters
        ----------
        data : mapping
            What `to_dict` gave; see `napari_delineate.files.read_workflow` for what comes
            from a file.

        Returns
        -------
        Workflow
            An equal workflow.
        """
        return cls(
            steps=tuple(
                Step(
                    step["name"],
                    step["operation"],
                    {
                        key: tuple(value) if isinstance(value, list) else value
                        for key, value in step["inputs"].items()
                    },
                    tuple(step["outputs"]),
                    {key: full(value) for key, value in step["parameters"].items()},
                    step["over"],
                    step.get("bypassed", False),
                    None if step.get("fit") is None else Fit.from_dict(step["fit"]),
                )
                for step in data["steps"]
            ),
            inputs={
                name: WorkflowInput(
                    Kind(value["kind"]),
                    value["axes"],
                    tuple(value["spacing"]),
                    value["units"],
                    value["source"],
                    value["version"],
                    Annotation.from_dict(value["annotation"]) if value.get("annotation") else None,
                )
                for name, value in data["inputs"].items()
            },
            device=data["device"],
            reviews={
                name: Review.from_dict(review) for name, review in data.get("reviews", {}).items()
            },
        )

    def _step_names(self) -> set[str]:
        return {step.name for step in self.steps}

    def _with(self, name: str, step: Step) -> Workflow:
        return replace(self, steps=tuple(step if s.name == name else s for s in self.steps))

    def _fits(self, value: Any, kind: Kind, variable: bool) -> bool:
        if value is None or isinstance(value, tuple) != variable:
            return False
        names = value if variable else (value,)
        return all(catalogue.accepts(kind, self.values[name].kind) for name in names)

    def _axes_to_loop(self, wired: Mapping[str, str | tuple[str, ...] | None]) -> str:
        """Return the axes of some inputs that no operation works on, in their order."""
        axes: dict[str, None] = {}
        for value in wired.values():
            for name in names_in(value):
                if name in self.values:
                    axes.update(dict.fromkeys(axes_looped_in(self.values[name])))
        return "".join(axes)

    def _check(self) -> dict[str, Described]:
        """Check names, wiring, kinds and parameters; return what each value is."""
        values: dict[str, Described] = {}
        for name, value in self.inputs.items():
            check_name(name, values)
            values[name] = Described(value.kind, value.axes)
        seen: set[str] = set()
        for step in self.steps:
            if not (isinstance(step.name, str) and is_identifier(step.name)):
                raise ValueError(f"{step.name!r} can not be the name of a step: {NAMING_RULE}")
            if step.name in seen:
                raise ValueError(f"two steps have the name {step.name!r}")
            seen.add(step.name)
            values.update(check_step(step, values))
        return values


def _numbered(name: str) -> Iterator[str]:
    """Return a name, then the name with 2, 3 and so on behind it."""
    yield name
    yield from (f"{name}_{number}" for number in itertools.count(2))
