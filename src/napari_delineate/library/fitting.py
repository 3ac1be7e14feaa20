"""Bring a workflow to images with other axes or another unit of length."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from napari_delineate import catalogue
from napari_delineate.axes import spatial_axes
from napari_delineate.steps import Step, WorkflowInput
from napari_delineate.types import Quantity, Voxels
from napari_delineate.workflow import Workflow

__all__ = ["fitted"]

_PER_MICROMETER = {
    "meter": 1e-6,
    "centimeter": 1e-4,
    "millimeter": 1e-3,
    "micrometer": 1.0,
    "micron": 1.0,
    "nanometer": 1e3,
    "angstrom": 1e4,
}


def fitted(workflow: Workflow, inputs: Mapping[str, WorkflowInput], pixel: float = 1.0) -> Workflow:
    """Return a workflow made in micrometer for inputs in other units or with looped axes.

    Lengths and sizes are converted to the unit of the inputs. Where they have none (their
    unit is the pixel, and a pixel is 1 wide), lengths become `voxels(n)`. Time and channels
    are looped.

    Parameters
    ----------
    workflow : Workflow
        A workflow whose lengths are in micrometer.
    inputs : mapping of str to WorkflowInput
        What its inputs are to be: all of them.
    pixel : float
        The voxel size in micrometer that is assumed where the inputs have none.

    Returns
    -------
    Workflow
        The same steps on these inputs.

    Raises
    ------
    ValueError
        If an input has other axes in space than the workflow was made for, or the inputs
        have different units.
    TypeError
        If an input is of a kind that the workflow does not take.

    Examples
    --------
    >>> from napari_delineate.types import Kind
    >>> image = WorkflowInput(Kind.IMAGE, "YX", (0.5, 0.5), "micrometer")
    >>> workflow = Workflow().add_input("nuclei", image)
    >>> workflow = workflow.add("filters.gaussian", {"image": "nuclei"}, {"sigma": 1.5})
    >>> movie = WorkflowInput(Kind.IMAGE, "TYX", (300.0, 300.0), "nanometer")
    >>> step = fitted(workflow, {"nuclei": movie}).steps[0]
    >>> step.parameters["sigma"], step.over
    (1500.0, 'T')
    """
    if not workflow.inputs:
        return workflow
    for name, wanted in workflow.inputs.items():
        given = inputs[name]
        if spatial_axes(given.axes) != spatial_axes(wanted.axes):
            raise ValueError(
                f"the input {name!r} has the axes {given.axes}, the workflow is made for "
                f"{spatial_axes(wanted.axes)}"
            )
    units = dict.fromkeys(given.units for given in inputs.values())
    if len(units) > 1:
        raise ValueError(
            f"the inputs have different units, {' and '.join(units)}; give their layers one unit"
        )
    convert = _Conversion(workflow, inputs, pixel)
    result = replace(workflow, steps=(), inputs={name: inputs[name] for name in workflow.inputs})
    for step in workflow.steps:
        result = result.add(
            step.operation, step.inputs, convert(step), name=step.name, outputs=step.outputs
        ).change(step.name, bypassed=step.bypassed)
    return result


class _Conversion:
    """Convert the lengths and sizes of steps."""

    def __init__(
        self, workflow: Workflow, inputs: Mapping[str, WorkflowInput], pixel: float
    ) -> None:
        self._axes = {name: value.axes for name, value in workflow.values.items()}
        first = next(iter(inputs.values()))
        # Many images have a scale whose unit nobody has noted: it is micrometer then.
        self._in_voxels = first.units not in _PER_MICROMETER and min(first.spacing) == 1
        self._factor = 1 / pixel if self._in_voxels else _PER_MICROMETER.get(first.units, 1.0)

    def __call__(self, step: Step) -> dict[str, Any]:
        """Return the parameters of a step."""
        dimensions = max(len(spatial_axes(self._axes[name])) for name in step.sources)
        powers = {Quantity.LENGTH: 1, Quantity.SIZE: dimensions}
        parameters = dict(step.parameters)
        for setting in catalogue.find(step.operation).settings:
            value = parameters[setting.name]
            if setting.quantity in powers and isinstance(value, float | int):
                number = value * self._factor ** powers[setting.quantity]
                parameters[setting.name] = Voxels(number) if self._in_voxels else number
        return parameters
