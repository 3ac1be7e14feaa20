"""What the vertices of a surface can be coloured by, and which objects a surface shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from napari_delineate import catalogue
from napari_delineate.catalogue import Operation
from napari_delineate.types import Kind
from napari_delineate.wording import spaced
from napari_delineate.workflow import Workflow

__all__ = [
    "VertexQuantity",
    "labels_measured",
    "mesh_of",
    "numbers_of",
    "objects_measured",
    "vertex_quantities",
]

_NUMBERED_BY = frozenset({"surfaces.number_parts", "surfaces.nearest_label"})
"""Operations that give the vertices of a mesh the numbers of other objects."""


@dataclass(frozen=True)
class VertexQuantity:
    """Describe a number per vertex that an operation computes.

    Attributes
    ----------
    title : str
        What people call it.
    operation : Operation
        What computes it.
    parameters : dict
        The settings that say which of its quantities is meant.
    """

    title: str
    operation: Operation
    parameters: dict[str, Any] = field(default_factory=dict)

    def is_made_by(self, operation: str, parameters: dict[str, Any]) -> bool:
        """Tell whether a step with these settings gives this quantity."""
        return operation == self.operation.id and self.parameters.items() <= parameters.items()


def vertex_quantities() -> Iterator[VertexQuantity]:
    """Yield what vertices can be coloured by: one for each choice of what is computed.

    Yields
    ------
    VertexQuantity
        In the order of the menu: each choice of the first setting that names some, of every
        operation that gives a surface other values.

    Examples
    --------
    >>> [one.title for one in vertex_quantities()][:2]
    ['Number parts', 'Fitted curvature: mean']
    """
    for operation in catalogue.operations():
        if not operation.declaration.keeps_mesh:
            continue
        choice = next((one for one in operation.settings if one.choices), None)
        if choice is None:
            yield VertexQuantity(operation.title, operation)
            continue
        for value in choice.choices:
            title = f"{operation.title}: {spaced(str(value))}"
            yield VertexQuantity(title, operation, {choice.name: value})


def mesh_of(workflow: Workflow, name: str) -> str:
    """Return the surface whose mesh a surface has: the one that only got other values.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    name : str
        Name of a surface.

    Returns
    -------
    str
        The surface before all steps that keep the mesh; itself where there are none.
    """
    maker = workflow.maker(name)
    while maker is not None and not maker.bypassed:
        operation = catalogue.find(maker.operation)
        source = maker.inputs[operation.inputs[0].name]
        if not operation.declaration.keeps_mesh or not isinstance(source, str):
            break
        name, maker = source, workflow.maker(source)
    return name


def numbers_of(workflow: Workflow, name: str) -> str:
    """Return the surface whose values say which object each vertex of a surface belongs to.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    name : str
        Name of a surface.

    Returns
    -------
    str
        Itself if it was given numbers or has a mesh of its own; else the surface that has
        the same mesh.
    """
    maker = workflow.maker(name)
    is_numbered = maker is not None and not maker.bypassed and maker.operation in _NUMBERED_BY
    return name if is_numbered else mesh_of(workflow, name)


def objects_measured(workflow: Workflow, name: str) -> tuple[str | None, dict[str, str]]:
    """Return where else the objects of a surface are: labels, and tables with a row for each.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    name : str
        Name of a surface whose values are the numbers of objects.

    Returns
    -------
    labels : str or None
        The labels that it was made of, None if it was made of something else.
    tables : dict of str to str
        For each table that was made from the surface or the labels, the column that holds
        the numbers.
    """
    values = workflow.values
    labels, surfaces = _origin_of_numbers(workflow, name)
    tables = {}
    for step in workflow.steps:
        for output in step.outputs:
            if values[output].kind is Kind.TABLE and not step.over:
                if labels is not None and labels_measured(workflow, output) == labels:
                    tables[output] = "label"
                elif surfaces.intersection(step.sources):
                    tables[output] = "value"
    return labels, tables


def labels_measured(workflow: Workflow, name: str) -> str | None:
    """Return the labels whose numbers stand in the column "label" of a table.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    name : str
        Name of a table. Where it has axes, such as "T", a number means an object only together
        with the columns of these names.

    Returns
    -------
    str or None
        Name of the labels: those that the same step gives and numbers anew, those that have
        the name of the table ("parents", "children"), or those that it measures. None if the
        table is about something else.
    """
    maker = workflow.maker(name) if name in workflow.values else None
    if maker is None or maker.bypassed or workflow.values[name].kind is not Kind.TABLE:
        return None
    outputs = catalogue.find(maker.operation).outputs
    given = {one.name: value for one, value in zip(outputs, maker.outputs, strict=True)}
    title = next(key for key, value in given.items() if value == name)
    measured = (maker.inputs.get(key) for key in (title, "labels", "children"))
    candidates = (given.get("labels"), *measured)
    kinds = {one: workflow.values[one].kind for one in candidates if isinstance(one, str)}
    return next((one for one, kind in kinds.items() if kind in (Kind.LABELS, Kind.MASK)), None)


def _origin_of_numbers(workflow: Workflow, name: str) -> tuple[str | None, set[str]]:
    """Return the labels that the numbers of a surface come from, and all surfaces with them."""
    values, surfaces = workflow.values, {name}
    name = numbers_of(workflow, name)
    while True:
        surfaces.add(name)
        maker = workflow.maker(name)
        if maker is None:
            return None, surfaces
        kept = [one for one in maker.sources if values[one].kind is Kind.SURFACE]
        given = [one for one in maker.sources if values[one].kind is Kind.LABELS]
        is_numbered = not maker.bypassed and maker.operation in _NUMBERED_BY
        if not kept or is_numbered:
            return next(iter(given), None), surfaces
        name = numbers_of(workflow, kept[0])
