"""Remember the states of a workflow with their scores, and rank them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from napari_delineate.changes import describe_change
from napari_delineate.comparison import Comparison, ScoreId, scoring_of
from napari_delineate.types import Kind
from napari_delineate.variants import upstream
from napari_delineate.workflow import Workflow

__all__ = ["Variant", "Variants", "ranked"]

_START = "Start"
_SEGMENTATIONS = (Kind.LABELS, Kind.MASK)


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
        self._seen: list[tuple[str, Workflow]] = []  # what was scored, or could not be

    def all(self) -> list[Variant]:
        """Return all variants, in the order in which they were computed."""
        return list(self._known.values())

    def are_of(self, comparison: Comparison) -> bool:
        """Tell whether scores of a comparison can be put among these."""
        return self._truth == _truth(comparison)

    def unseen(self, states: Iterable[Workflow], name: str) -> list[Workflow]:
        """Return the states that give a result in a way that was not scored yet.

        Parameters
        ----------
        states : iterable of Workflow
            What a workflow was, the oldest first.
        name : str
            Name of the result.

        Returns
        -------
        list of Workflow
            The states, each way once.
        """
        found: list[Workflow] = []
        parts = [part for known, part in self._seen if known == name]
        for state in states:
            value = state.values.get(name)
            if value is None or name in state.inputs or value.kind not in _SEGMENTATIONS:
                continue
            part = upstream(state, [name])
            if part not in parts:
                parts.append(part)
                found.append(state)
        return found

    def retitle(self, states: Iterable[Workflow], name: str) -> None:
        """Say of each variant of a result what was changed since the state before it.

        Parameters
        ----------
        states : iterable of Workflow
            What the workflow was, the oldest first.
        name : str
            Name of the result.
        """
        before: Workflow | None = None
        titled: set[str] = set()
        for state in states:
            if name not in state.values or name in state.inputs:
                continue
            part = upstream(state, [name])
            if part == before:
                continue
            title = _START if before is None else describe_change(before, part)
            for (result, key), variant in self._known.items():
                is_new = result == name and key not in titled
                if is_new and upstream(variant.workflow, [name]) == part:
                    titled.add(key)
                    self._known[result, key] = replace(variant, title=title)
            before = part

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
        if not self.are_of(comparison):
            self._known, self._last, self._seen = {}, {}, []
            self._truth = _truth(comparison)
        for shown, name in results.items():
            part = self.mark(workflow, name)
            found = comparison.found.get(shown)
            if found is None or not found.scores:
                continue
            before = self._known.get((name, found.key))
            if before is None:
                title = self._title(name, part)
                self._known[name, found.key] = Variant(workflow, shown, title, found.scores)
            else:
                # The result is the same: the workflow now may have further steps.
                scores = before.scores | found.scores
                self._known[name, found.key] = replace(
                    before, workflow=workflow, result=shown, scores=scores
                )
            self._last[name] = part

    def mark(self, workflow: Workflow, name: str) -> Workflow:
        """Remember that a state was scored or can not be; return what the result needs."""
        part = upstream(workflow, [name])
        if (name, part) not in self._seen:
            self._seen.append((name, part))
        return part

    def _title(self, name: str, part: Workflow) -> str:
        """Say what was changed of the steps that a result needs."""
        return describe_change(self._last[name], part) if name in self._last else _START


def _truth(comparison: Comparison) -> tuple[str, str, str]:
    """Return what is the same for scores that can be compared."""
    request = comparison.request
    settings = repr(sorted((name, dict(one)) for name, one in request.settings.items()))
    return comparison.key, request.annotation, settings


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
