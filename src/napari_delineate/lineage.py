"""Say what the values of a workflow were made from, however long the chain of steps is."""

from __future__ import annotations

from collections.abc import Iterator

from napari_delineate import catalogue
from napari_delineate.steps import Step, grid_source, passed_on
from napari_delineate.workflow import Workflow

__all__ = ["Lineage"]


class Lineage:
    """Look up what each value of a workflow was made from.

    Parameters
    ----------
    workflow : Workflow
        The workflow.

    Attributes
    ----------
    workflow : Workflow
        The workflow.
    origins : dict of str to str
        For each value the input whose axes and units it follows.
    grids : dict of str to str
        For each value the value whose grid it is on: an input, or what an operation made
        on another grid, such as a rescaled image.
    moved : set of str
        Those grids that may begin elsewhere than their input.

    Examples
    --------
    >>> from napari_delineate.types import Kind
    >>> from napari_delineate.workflow import WorkflowInput
    >>> image = WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0))
    >>> workflow = Workflow().add_input("coins", image)
    >>> workflow = workflow.add("filters.median", {"image": "coins"})
    >>> workflow = workflow.add("segmentation.threshold", {"image": "denoised"})
    >>> lineage = Lineage(workflow)
    >>> lineage.origins["mask"]
    'coins'
    >>> list(lineage.ancestors("mask"))
    ['coins', 'denoised']
    """

    def __init__(self, workflow: Workflow) -> None:
        self.workflow = workflow
        self.origins = {name: name for name in workflow.inputs}
        self.grids = dict(self.origins)
        self.moved: set[str] = set()
        self._makers: dict[str, Step] = {}
        for step in workflow.steps:
            origin = self.origins[grid_source(step, workflow.values)]
            grid = self._grid(step)
            for name in step.outputs:
                self.origins[name], self._makers[name] = origin, step
                self.grids[name] = grid

    def ancestors(self, name: str) -> Iterator[str]:
        """Yield the values that a value was made from, each after its own, inputs first.

        Parameters
        ----------
        name : str
            Name of the value.

        Yields
        ------
        str
            Name of a value.
        """
        seen = {name}
        # What is left to look at of each value on the way down: no recursion, which ends
        # after some hundred steps.
        path = [(name, iter(self._sources(name)))]
        while path:
            value, left = path[-1]
            source = next((one for one in left if one not in seen), None)
            if source is not None:
                seen.add(source)
                path.append((source, iter(self._sources(source))))
                continue
            path.pop()
            if path:
                yield value

    def _sources(self, name: str) -> tuple[str, ...]:
        return self._makers[name].sources if name in self._makers else ()

    def _grid(self, step: Step) -> str:
        if step.bypassed:
            return self.grids[str(passed_on(step, self.workflow.values))]
        grid = self.grids[grid_source(step, self.workflow.values)]
        declaration = catalogue.find(step.operation).declaration
        if not declaration.changes_grid:
            return grid
        if declaration.new_origin is not None or grid in self.moved:
            self.moved.add(step.outputs[0])
        return step.outputs[0]
