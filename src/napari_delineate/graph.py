"""Lay out a workflow as rows with lanes, as a good history of versions is drawn.

Every input and every step is a row with a dot in one lane. A value keeps one lane from the
row that makes it to the last row that uses it, and no other value and no dot that has
nothing to do with it comes into that lane meanwhile. So branches, merges and lines that
pass by can not be mistaken for each other.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from napari_delineate.workflow import Workflow

__all__ = ["Edge", "Row", "count_lanes", "key_of_input", "lay_out"]


@dataclass(frozen=True, order=True)
class Edge:
    """Describe a piece of a line, from one row to the next.

    Attributes
    ----------
    value : str
        Name of the value that flows along it.
    start, end : int
        Lane in the row above, and lane in the row below.
    """

    value: str
    start: int
    end: int


@dataclass(frozen=True)
class Row:
    """Describe an input or a step in a drawing.

    Attributes
    ----------
    key : str
        A text that no other row has: the name of a step, or see `key_of_input`.
    name : str
        Name of the input or the step.
    is_input : bool
        Whether it is an input.
    values : tuple of str
        Names of the values that start here.
    sources : tuple of str
        Names of the values that are used here, each once.
    lane : int
        Lane of its dot, 0 for the leftmost.
    edges : tuple of Edge
        The lines between the row above and this one. Those that end in its lane end here.
    """

    key: str
    name: str
    is_input: bool
    values: tuple[str, ...]
    sources: tuple[str, ...]
    lane: int
    edges: tuple[Edge, ...]


def lay_out(workflow: Workflow) -> tuple[Row, ...]:
    """Return the rows of a drawing of a workflow, and the lines between them.

    An input stands just above the first step that uses it, so that its line passes nothing
    that it has nothing to do with. A step stands in the lane of a value that is not used
    after it, so that a chain of steps is one straight line; otherwise it takes the leftmost
    lane that is free. That needs no more lanes than there are values and steps beside each
    other.

    Parameters
    ----------
    workflow : Workflow
        The workflow.

    Returns
    -------
    tuple of Row
        The steps in the order in which they run, and the inputs; those that no step uses are
        the first.

    Examples
    --------
    >>> from napari_delineate.types import Kind
    >>> from napari_delineate.workflow import WorkflowInput
    >>> image = WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0))
    >>> workflow = Workflow().add_input("coins", image)
    >>> workflow = workflow.add("segmentation.threshold", {"image": "coins"})
    >>> workflow = workflow.add("segmentation.label_connected_components", {"mask": "mask"})
    >>> workflow = workflow.add("measurements.measure", {"labels": "labels", "image": "coins"})
    >>> [(row.name, row.lane) for row in lay_out(workflow)]
    [('coins', 0), ('threshold', 1), ('label_connected_components', 1), ('measure', 0)]
    """
    nodes = list(_nodes(workflow))
    last_use = {source: row for row, node in enumerate(nodes) for source in node[3]}
    step_names = {step.name for step in workflow.steps}
    lanes: dict[str, int] = {}  # of the values that are used below the row
    above: dict[str, int] = {}  # where the line of each of them is in the row above
    rows = []
    for number, (name, is_input, values, sources) in enumerate(nodes):
        ending = [source for source in sources if last_use[source] == number]
        passing = {value: lane for value, lane in lanes.items() if value not in ending}
        lane = min((lanes[value] for value in ending), default=_free(passing))
        edges = {Edge(value, above[value], lane) for value in sources}
        edges |= {Edge(value, above[value], passing[value]) for value in passing}
        key = _key(name, step_names) if is_input else name
        rows.append(Row(key, name, is_input, values, sources, lane, tuple(sorted(edges))))
        lanes, above = dict(passing), dict(passing)
        for value in values:
            if value in last_use:
                lanes[value] = _free(lanes) if lane in lanes.values() else lane
                above[value] = lane
    return tuple(rows)


def count_lanes(rows: Iterable[Row]) -> int:
    """Return how many lanes a drawing is wide.

    Parameters
    ----------
    rows : iterable of Row
        What `lay_out` gave.

    Returns
    -------
    int
        The number of lanes in which there is a dot or a line; 0 where there are no rows.
    """
    return max((1 + max([row.lane, *(edge.end for edge in row.edges)]) for row in rows), default=0)


def key_of_input(workflow: Workflow, name: str) -> str:
    """Return the key of the row of an input: its name, marked where a step has the same.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    name : str
        Name of the input.

    Returns
    -------
    str
        The key, as in `Row`.

    Examples
    --------
    >>> from napari_delineate.types import Kind
    >>> from napari_delineate.workflow import WorkflowInput
    >>> image = WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0))
    >>> key_of_input(Workflow().add_input("coins", image), "coins")
    'coins'
    """
    return _key(name, {step.name for step in workflow.steps})


def _nodes(
    workflow: Workflow,
) -> Iterable[tuple[str, bool, tuple[str, ...], tuple[str, ...]]]:
    """Return name, whether it is an input, values made and values used, from top to bottom."""
    used = {source for step in workflow.steps for source in step.sources}
    left = dict.fromkeys(name for name in workflow.inputs if name in used)
    for name in workflow.inputs:
        if name not in used:
            yield name, True, (name,), ()
    for step in workflow.steps:
        sources = tuple(dict.fromkeys(step.sources))
        for name in [name for name in left if name in sources]:
            del left[name]
            yield name, True, (name,), ()
        yield step.name, False, step.outputs, sources


def _key(name: str, step_names: Collection[str]) -> str:
    return f"{name} (input)" if name in step_names else name


def _free(lanes: Mapping[str, int]) -> int:
    """Return the leftmost lane that no value is in."""
    taken = set(lanes.values())
    return next(lane for lane in itertools.count() if lane not in taken)
