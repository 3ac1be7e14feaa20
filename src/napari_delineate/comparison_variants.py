"""Remember the states of a workflow with their scores, and rank them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from napari_delineate.changes import describe_change
from napari_delineate.comparison import Comparison, ScoreId, scoring_of
from napari_delineate.variants import upstream
from napari_delineate.workflow import Workflow

__all__ = ["Variant", "Variants", "ranked"]


@dataclass(frozen=True)
class Variant:
    """Hold a state of a workflow and how good its result is.

    Attributes
    ----------
    workflow : Workflow
        The state.
    result : str
        Name of the result that was scored.
    title : str
        What was changed to come here.
    scores : dict of ScoreId to float
        The scores of the result.
    """

    workflow: Workflow
    result: str
    title: str
    scores: dict[ScoreId, float]


class Variants:
    """Collect the variants of one comparison; with another reference they begin anew."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Variant] = {}
        self._truth: tuple[str, str, str] | None = None
        self._last: dict[str, Workflow] = {}  # by the names of results

    def all(self) -> list[Variant]:
        """Return all variants, in the order in which they were computed."""
        return list(self._known.values())

    def add(self, workflow: Workflow, comparison: Comparison, results: Mapping[str, str]) -> None:
        """Remember how good results of a workflow are.

        Parameters
        ----------
        workflow : Workflow
            The workflow.
        comparison : Comparison
            What was found out.
        results : mapping of str to str
            The names of those segmentations that steps made, as the comparison has them, and
            as the workflow does.
        """
        request = comparison.request
        settings = repr(sorted((name, dict(one)) for name, one in request.settings.items()))
        truth = comparison.key, request.annotation, settings
        if truth != self._truth:
            self._known, self._truth, self._last = {}, truth, {}
        for shown, name in results.items():
            found = comparison.found.get(shown)
            if found is None or not found.scores:
                continue
            before = self._known.get((name, found.key))
            if before is None:
                title = self._title(name, upstream(workflow, [name]))
                self._known[name, found.key] = Variant(workflow, shown, title, found.scores)
            else:
                # The result is the same: the workflow now may have further steps.
                scores = before.scores | found.scores
                self._known[name, found.key] = replace(
                    before, workflow=workflow, result=shown, scores=scores
                )
            self._last[name] = upstream(workflow, [name])

    def _title(self, name: str, part: Workflow) -> str:
        """Say what was changed of the steps that a result needs."""
        return describe_change(self._last[name], part) if name in self._last else "Start"


def ranked(variants: Iterable[Variant], score: ScoreId) -> list[Variant]:
    """Return those variants that have a score, the best first.

    Parameters
    ----------
    variants : iterable of Variant
        The variants.
    score : ScoreId
        What ranks them.

    Returns
    -------
    list of Variant
        The variants; of equal ones the earlier is first.
    """
    better = scoring_of(score).better

    def rank(variant: Variant) -> float:
        value = variant.scores[score]
        if math.isnan(value):
            return math.inf
        return {"higher": -value, "nearer to 0": abs(value)}.get(better, value)

    return sorted((one for one in variants if score in one.scores), key=rank)
