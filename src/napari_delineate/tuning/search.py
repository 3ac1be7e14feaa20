"""Search for the parameters with which a workflow comes closest to annotations."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from napari_delineate.engine import CancelledError, Engine, StepError
from napari_delineate.fits import ALGORITHM, Fit, Found
from napari_delineate.tuning.cases import Case, CaseError, Scorer, check_apart
from napari_delineate.tuning.goals import Goal
from napari_delineate.tuning.proposals import Proposals
from napari_delineate.tuning.tunables import Tunable, changed, present_values
from napari_delineate.types import Kind
from napari_delineate.workflow import Workflow

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ImageScore", "Trial", "Tuned", "scored_value", "tune"]


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
    scores : tuple of float
        The score of each image for fitting, in their order; empty if it failed.
    """

    number: int
    parameters: Mapping[str, Any]
    score: float
    seconds: float
    reason: str = ""
    by: str = "sampling"
    scores: tuple[float, ...] = ()


@dataclass(frozen=True)
class ImageScore:
    """Say what the best parameters gave on one image.

    Attributes
    ----------
    name : str
        The name of the image.
    is_held_out : bool
        Whether it was kept aside, so that the search never saw it.
    before, after : float
        Its scores with the workflow as it was and as it is now; NaN where a step refused it,
        or where it was not computed because the search was cancelled.
    """

    name: str
    is_held_out: bool
    before: float
    after: float


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
    tuned : tuple of Tunable
        The parameters that could change, with their bounds and choices.
    images : tuple of ImageScore
        The scores of each image, those for fitting first.
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
    tuned: tuple[Tunable, ...] = ()
    images: tuple[ImageScore, ...] = ()

    @property
    def before(self) -> float:
        """The score of the workflow as it was; NaN if it failed."""
        return self.trials[0].score

    @property
    def after(self) -> float:
        """The best score."""
        return self.best.score

    def applied(self, workflow: Workflow) -> Workflow:
        """Return a workflow with the best parameters, and with how they were found.

        Parameters
        ----------
        workflow : Workflow
            A workflow that holds the steps of which parameters were searched for.

        Returns
        -------
        Workflow
            The workflow with other parameters. Each of these steps holds a
            `napari_delineate.fits.Fit`, unless nothing better was found.

        Raises
        ------
        UnknownNameError
            If one of the steps is not there.
        ValueError, TypeError
            If a step is another operation by now, or refuses the parameters.
        """
        if self.best.number == 0:
            return workflow
        kept = {one.step for one in self.tuned} - {
            one.step for one in self.tuned if one.setting == ALGORITHM
        }
        for name in kept:
            if workflow.step(name).operation != self.workflow.step(name).operation:
                raise ValueError(f"step {name!r} is another operation by now")
        found = changed(workflow, self.tuned, self.best.parameters)
        fits: dict[str, Fit] = {}
        for name in {one.step: None for one in self.tuned}:
            values = {
                one.setting: one.found(self.best.parameters[one.name])
                for one in self.tuned
                if one.step == name and one.name in self.best.parameters
            }
            if values:
                fits[name] = self._fit(values)
        steps = tuple(replace(one, fit=fits.get(one.name, one.fit)) for one in found.steps)
        return replace(found, steps=steps)

    def _fit(self, found: Mapping[str, Found]) -> Fit:
        return Fit(
            self.goal.metric,
            self.goal.score,
            self.goal.annotation,
            self.seed,
            len(self.trials),
            self.best.number,
            _or_none(self.before),
            self.after,
            self.fitted,
            self.held_out,
            _or_none(self.held_out_before),
            _or_none(self.held_out_after),
            self.goal.settings,
            found,
        )

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

    def provenance(self) -> dict[str, Any]:
        """Return how the search was made, ready for JSON: it belongs to the history.

        Returns
        -------
        dict
            The metric with its settings, the seed, the bounds and choices, and the scores of
            each image before and after.
        """
        found: dict[str, Any] = self._fit({}).to_dict()
        del found["found"]
        return {
            **found,
            "is_cancelled": self.is_cancelled,
            "parameters": {
                one.name: {"choices": list(one.choices)}
                if one.choices
                else {"low": one.low, "high": one.high, "unit": "voxels" if one.in_voxels else ""}
                for one in self.tuned
            },
            "best_parameters": dict(self.best.parameters),
            "images": [
                {
                    "name": one.name,
                    "is_held_out": one.is_held_out,
                    "before": _or_none(one.before),
                    "after": _or_none(one.after),
                }
                for one in self.images
            ],
            "workflow": self.workflow.to_dict(),
        }


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
    What lies upstream of a changed step is computed once for each image. A trial that a step
    refuses is the worst, and is kept with the reason.

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
        Is called before each image of a trial; `CancelledError` ends the search with what was
        found, and so does Ctrl+C.

    Returns
    -------
    Tuned
        The best workflow, its score, the history.

    Raises
    ------
    CancelledError
        If it was cancelled before any trial gave a score.
    CaseError
        If an image can not be scored, whatever the parameters are: its annotation is empty, or
        does not lie on the grid of the result. It is a ValueError.
    RuntimeError
        If Optuna is not installed.
    ValueError
        If nothing can change, an annotation can not be compared, every trial failed, or an image
        is both for fitting and kept aside.
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
    check_apart(cases, held_out)
    goal = Goal() if goal is None else goal
    result = scored_value(workflow) if result is None else result
    proposals = Proposals(workflow, tuned, seed)
    engine = Engine() if engine is None else engine
    scorer = Scorer(workflow, [one.step for one in tuned], goal, result, engine)
    search = _Search(workflow, tuned, goal, scorer, report, check)
    for case in (*cases, *held_out):
        search.check_case(case)
    aside = search.kept_aside(held_out, workflow)
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
    after = (math.nan,) * len(held_out)
    if held_out and not is_cancelled:
        try:
            after = search.kept_aside(held_out, changed(workflow, tuned, best.parameters))
        except (CancelledError, KeyboardInterrupt):
            is_cancelled = True
    first = search.trials[0].scores or (math.nan,) * len(cases)
    images = [
        ImageScore(case.name, False, *pair)
        for case, *pair in zip(cases, first, best.scores, strict=True)
    ]
    images += [
        ImageScore(case.name, True, *pair)
        for case, *pair in zip(held_out, aside, after, strict=True)
    ]
    found = Tuned(
        workflow,
        best,
        tuple(search.trials),
        goal,
        seed,
        tuple(case.name for case in cases),
        tuple(case.name for case in held_out),
        _mean(aside),
        _mean(after),
        is_cancelled,
        tuple(tuned),
        tuple(images),
    )
    return replace(found, workflow=found.applied(workflow))


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
    scorer: Scorer
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

    def check_case(self, case: Case) -> None:
        """Refuse an image that can not be scored; images may take their time to look at."""
        self._check()
        self.scorer.check(case)

    def kept_aside(self, cases: Sequence[Case], workflow: Workflow) -> tuple[float, ...]:
        """Return the score of each image kept aside, NaN where a step fails."""
        scores = []
        for case in cases:
            self._check()
            try:
                scores.append(self.scorer.score(case, workflow))
            except CaseError:
                raise
            except (StepError, TypeError, ValueError):
                scores.append(math.nan)
        return tuple(scores)

    def _try(self, cases: Sequence[Case], parameters: Mapping[str, Any], by: str) -> Trial:
        start, name, reason = time.perf_counter(), "", ""
        scores: list[float] = []
        try:
            workflow = changed(self.workflow, self.tuned, parameters)
            for case in cases:
                self._check()
                name = f"{case.name}: " if len(cases) > 1 else ""
                scores.append(self.scorer.score(case, workflow))
        except CaseError:
            raise
        except (StepError, TypeError, ValueError) as error:
            reason = f"{name}{error}"
            scores = []
        seconds = time.perf_counter() - start
        mean = _mean(scores)
        return Trial(len(self.trials), dict(parameters), mean, seconds, reason, by, tuple(scores))

    def _check(self) -> None:
        if self.check is not None:
            self.check()


def _mean(scores: Sequence[float]) -> float:
    """Return the mean, NaN where there is none or one of them is missing."""
    return math.fsum(scores) / len(scores) if scores else math.nan


def _or_none(score: float) -> float | None:
    return score if math.isfinite(score) else None
