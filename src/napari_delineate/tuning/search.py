"""Search for the parameters with which a workflow comes closest to annotations."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_delineate.engine import CancelledError, Engine, StepError
from napari_delineate.steps import WorkflowInput
from napari_delineate.tuning.goals import Goal
from napari_delineate.tuning.proposals import Proposals
from napari_delineate.tuning.tunables import Tunable, changed, present_values
from napari_delineate.types import Kind
from napari_delineate.values import Value
from napari_delineate.workflow import Workflow

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Case", "Trial", "Tuned", "scored_value", "split", "tune"]


@dataclass(frozen=True, eq=False)
class Case:
    """Hold an annotated image.

    Attributes
    ----------
    name : str
        What it is called, for instance the name of its file.
    values : mapping of str to Value
        A value for every input of the workflow.
    annotation : Value
        What is right: labels or a mask, on the grid of the result.
    """

    name: str
    values: Mapping[str, Value]
    annotation: Value


@dataclass(frozen=True)
class Trial:
    """Say what some parameters gave.

    Attributes
    ----------
    number : int
        From 0, which is the workflow as it was.
    parameters : dict of str to Any
        The values that were tried; those of settings that the operation in place lacks are
        left out.
    score : float
        The mean over the images for fitting; NaN if it failed.
    seconds : float
        The time it took.
    reason : str
        Why it failed; empty if it did not.
    by : {"present", "sampling", "refinement"}
        What proposed it.
    """

    number: int
    parameters: Mapping[str, Any]
    score: float
    seconds: float
    reason: str = ""
    by: str = "sampling"


@dataclass(frozen=True, eq=False)
class Tuned:
    """Hold what a search found.

    Attributes
    ----------
    workflow : Workflow
        The workflow with the best parameters.
    best : Trial
        The trial that gave them.
    trials : tuple of Trial
        All trials in their order; the first is the workflow as it was.
    goal : Goal
        What was to become as good as possible.
    seed : int
        What makes the search the same again.
    fitted, held_out : tuple of str
        The names of the images that were searched with, and of those kept aside.
    held_out_before, held_out_after : float
        The scores of the images kept aside with the workflow as it was and as it is now; NaN
        without such images or where the workflow fails on them.
    is_cancelled : bool
        Whether it ended before its budget was spent.
    """

    workflow: Workflow
    best: Trial
    trials: tuple[Trial, ...]
    goal: Goal
    seed: int
    fitted: tuple[str, ...]
    held_out: tuple[str, ...] = ()
    held_out_before: float = math.nan
    held_out_after: float = math.nan
    is_cancelled: bool = False

    @property
    def before(self) -> float:
        """The score of the workflow as it was; NaN if it failed."""
        return self.trials[0].score

    @property
    def after(self) -> float:
        """The best score."""
        return self.best.score

    def table(self) -> pd.DataFrame:
        """Return the history: trial, parameters, score, seconds, reason of a failure.

        Returns
        -------
        pandas.DataFrame
            One row for each trial; metric, kind of annotation and seed are the same in all.
        """
        import pandas as pd

        names = dict.fromkeys(name for trial in self.trials for name in trial.parameters)
        rows = [
            {
                "trial": trial.number,
                **{name: trial.parameters.get(name) for name in names},
                "score": trial.score,
                "seconds": trial.seconds,
                "proposed_by": trial.by,
                "failure": trial.reason,
                "metric": f"{self.goal.metric}:{self.goal.score}",
                "annotation": self.goal.annotation,
                "seed": self.seed,
            }
            for trial in self.trials
        ]
        table = pd.DataFrame(rows)
        table.attrs["units"] = {"seconds": "s"}
        return table


def split(
    cases: Sequence[Case], held_out: int | Sequence[str] = 0, *, seed: int = 0
) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """Divide annotated images into those for fitting and those kept aside.

    Parameters
    ----------
    cases : sequence of Case
        Annotated images.
    held_out : int or sequence of str
        How many are kept aside, drawn by chance, or their names.
    seed : int
        What makes the draw the same again.

    Returns
    -------
    fitting, held_out : tuple of Case
        Both in the order given.

    Raises
    ------
    ValueError
        If nothing would be left to fit, or a name is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> image = Value.of(np.zeros((4, 4)), Kind.IMAGE)
    >>> labels = Value.of(np.zeros((4, 4), int), Kind.LABELS)
    >>> cases = [Case(name, {"image": image}, labels) for name in "abcd"]
    >>> fitting, held_out = split(cases, 1)
    >>> len(fitting), len(held_out)
    (3, 1)
    """
    names = [case.name for case in cases]
    if isinstance(held_out, int):
        if not 0 <= held_out < len(names):
            raise ValueError(
                f"{held_out} of {len(names)} annotated images can not be kept aside: at least "
                "one is needed to fit"
            )
        places = random.Random(seed).sample(range(len(names)), held_out)  # noqa: S311
    else:
        unknown = [name for name in held_out if name not in names]
        if unknown:
            raise ValueError(f"there is no annotated image {unknown[0]!r}")
        places = [place for place, name in enumerate(names) if name in held_out]
        if len(places) == len(names):
            raise ValueError("all annotated images are kept aside: at least one is needed to fit")
    return (
        tuple(case for place, case in enumerate(cases) if place not in places),
        tuple(case for place, case in enumerate(cases) if place in places),
    )


def tune(
    workflow: Workflow,
    cases: Sequence[Case],
    tuned: Sequence[Tunable],
    goal: Goal | None = None,
    *,
    held_out: Sequence[Case] = (),
    result: str | None = None,
    trials: int = 100,
    seconds: float | None = None,
    seed: int = 0,
    engine: Engine | None = None,
    report: Callable[[Trial], None] | None = None,
    check: Callable[[], None] | None = None,
) -> Tuned:
    """Search for the parameters with which a workflow comes closest to annotations.

    The first trial is the workflow as it is. A sampler that learns from all trials (TPE)
    proposes the next ones; then the numbers of the best trial are refined (Nelder-Mead).
    What lies upstream of a changed step is computed once. A trial that a step refuses is the
    worst, and is kept with the reason.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    cases : sequence of Case
        Annotated images; the mean of their scores counts.
    tuned : sequence of Tunable
        The parameters that may change.
    goal : Goal, optional
        What is to become as good as possible; by default the sparse Jaccard index.
    held_out : sequence of Case
        Annotated images that are scored before and after, never searched with.
    result : str, optional
        Name of the value that is scored; by default the last labels or mask.
    trials : int
        How many different settings are tried at most, the present ones among them.
    seconds : float, optional
        The time after which no trial begins. The result then depends on the machine too.
    seed : int
        The same seed gives the same trials.
    engine : Engine, optional
        Where steps run; by default in this process.
    report : callable, optional
        Is called with each `Trial`.
    check : callable, optional
        Is called before each trial; `CancelledError` ends the search with what was found,
        and so does Ctrl+C.

    Returns
    -------
    Tuned
        The best workflow, its score, the history.

    Raises
    ------
    CancelledError
        If it was cancelled before any trial gave a score.
    RuntimeError
        If Optuna is not installed.
    ValueError
        If nothing can change, an annotation can not be compared, or every trial failed.
    """
    if not cases:
        raise ValueError("tuning needs at least one annotated image")
    if not tuned:
        raise ValueError("tuning needs at least one parameter that may change")
    if trials < 1:
        raise ValueError(f"trials must be 1 or more; got {trials}")
    names = [one.name for one in tuned]
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise ValueError(f"{repeated[0]} is there twice")
    goal = Goal() if goal is None else goal
    result = scored_value(workflow) if result is None else result
    proposals = Proposals(workflow, tuned, seed)
    search = _Search(workflow, tuned, goal, result, engine or Engine(), report, check)
    is_cancelled = False
    try:
        search.run(cases, proposals, trials, seconds)
    except (CancelledError, KeyboardInterrupt):
        is_cancelled = True
    scored = [trial for trial in search.trials if not trial.reason]
    if not scored:
        if is_cancelled:
            raise CancelledError
        raise ValueError(f"no trial gave a score; the first failed: {search.trials[0].reason}")
    best = max(scored, key=lambda trial: goal.merit(trial.score))  # the first of equal ones
    found = changed(workflow, tuned, best.parameters)
    before = after = math.nan
    if held_out and not is_cancelled:
        try:
            before, after = (search.kept_aside(held_out, one) for one in (workflow, found))
        except CancelledError:
            is_cancelled = True
    return Tuned(
        found,
        best,
        tuple(search.trials),
        goal,
        seed,
        tuple(case.name for case in cases),
        tuple(case.name for case in held_out),
        before,
        after,
        is_cancelled,
    )


def scored_value(workflow: Workflow) -> str:
    """Return the name of the value that is scored by default: the last labels or mask.

    Parameters
    ----------
    workflow : Workflow
        The workflow.

    Returns
    -------
    str
        The name of a value that no step uses, or else of the last one that there is.

    Raises
    ------
    ValueError
        If there are no labels and no mask.
    """
    values = workflow.values
    made = [name for step in workflow.steps for name in step.outputs]
    grids = [name for name in made if values[name].kind in (Kind.LABELS, Kind.MASK)]
    if not grids:
        raise ValueError("the workflow gives no labels and no mask that could be compared")
    final = [name for name in workflow.results() if name in grids]
    return (final or grids)[-1]


@dataclass
class _Search:
    """Run trials and keep what they gave."""

    workflow: Workflow
    tuned: Sequence[Tunable]
    goal: Goal
    result: str
    engine: Engine
    report: Callable[[Trial], None] | None
    check: Callable[[], None] | None
    trials: list[Trial] = field(default_factory=list)

    def run(
        self, cases: Sequence[Case], proposals: Proposals, trials: int, seconds: float | None
    ) -> None:
        """Try what is proposed until the budget is spent."""
        start = time.perf_counter()

        def is_spent() -> bool:
            late = seconds is not None and time.perf_counter() - start >= seconds
            return len(self.trials) >= trials or (late and bool(self.trials))

        def attempt(parameters: Mapping[str, Any], by: str) -> float:
            trial = self._try(cases, parameters, by)
            self.trials.append(trial)
            if self.report is not None:
                self.report(trial)
            return math.inf if trial.reason else -self.goal.merit(trial.score)

        proposals.run(present_values(self.workflow, self.tuned), attempt, is_spent, trials)

    def kept_aside(self, cases: Sequence[Case], workflow: Workflow) -> float:
        """Return the mean score of images kept aside, NaN if a step fails."""
        try:
            return self._score(cases, workflow)
        except (StepError, TypeError, ValueError):
            return math.nan

    def _try(self, cases: Sequence[Case], parameters: Mapping[str, Any], by: str) -> Trial:
        if self.check is not None:
            self.check()
        start, score, reason = time.perf_counter(), math.nan, ""
        try:
            score = self._score(cases, changed(self.workflow, self.tuned, parameters))
        except (StepError, TypeError, ValueError) as error:
            reason = str(error)
        seconds = time.perf_counter() - start
        return Trial(len(self.trials), dict(parameters), score, seconds, reason, by)

    def _score(self, cases: Sequence[Case], workflow: Workflow) -> float:
        """Return the mean score of a workflow; what is "nearer to 0" counts without its sign."""
        scores = []
        for case in cases:
            described = WorkflowInput(
                case.annotation.kind,
                case.annotation.axes,
                case.annotation.spacing,
                case.annotation.units,
            )
            whole, annotation, wanted = self.goal.attached(workflow, self.result, described)
            values = {**case.values, annotation: case.annotation}
            found = self.engine.run(whole, values, wanted=[wanted])
            score = self.goal.read(found[wanted].data)
            scores.append(abs(score) if self.goal.scoring.better == "nearer to 0" else score)
        return math.fsum(scores) / len(scores)
