"""Propose parameters to try: a sampler that learns, then a refinement of the numbers."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from napari_delineate import catalogue
from napari_delineate.tuning.tunables import ALGORITHM, Tunable
from napari_delineate.workflow import Workflow

__all__ = ["Proposals"]

_SHARE_OF_SAMPLING = 0.5
"""The part of the trials after which the best one is refined."""
_FIRST_STEP = 0.1
"""How far the refinement looks at first, as a part of the distance of the bounds."""
_KNOWN_IN_A_ROW = 100
"""After so many proposals that were tried before, nothing new is left."""

Attempt = Callable[[Mapping[str, Any], str], float]
"""Tries parameters, and returns how far from good they are; infinite if they failed."""


class _Spent(Exception):  # noqa: N818 - it is no error
    """Say that no further trial may begin."""


class Proposals:
    """Propose parameters, the present ones first.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    tuned : sequence of Tunable
        The parameters that may change.
    seed : int
        The same seed gives the same proposals for the same results.

    Raises
    ------
    RuntimeError
        If Optuna is not installed.
    """

    def __init__(self, workflow: Workflow, tuned: Sequence[Tunable], seed: int) -> None:
        if importlib.util.find_spec("optuna") is None:
            raise RuntimeError(
                'tuning needs Optuna; install it with: pip install "napari-delineate[tune]"'
            )
        self._operations = {one.step: workflow.step(one.step).operation for one in tuned}
        # Which settings there are depends on the algorithm.
        self._tuned = sorted(tuned, key=lambda one: one.setting != ALGORITHM)
        self._seed = seed
        self._known: dict[tuple[tuple[str, Any], ...], float] = {}

    def run(
        self,
        present: Mapping[str, Any],
        attempt: Attempt,
        is_spent: Callable[[], bool],
        trials: int,
    ) -> None:
        """Try parameters until the budget is spent or nothing new is left.

        Parameters
        ----------
        present : mapping of str to Any
            The present values.
        attempt : callable
            Tries parameters.
        is_spent : callable
            Whether no further trial may begin.
        trials : int
            How many there may be.
        """

        def once(parameters: Mapping[str, Any], by: str) -> float:
            key = tuple(sorted(parameters.items()))
            if key not in self._known:
                if is_spent():
                    raise _Spent
                self._known[key] = attempt(parameters, by)
            return self._known[key]

        with _quiet_optuna():
            try:
                self._propose(self._in_use(present), once, trials)
            except _Spent:
                return

    def _propose(self, present: dict[str, Any], once: Attempt, trials: int) -> None:
        import optuna

        sampler = optuna.samplers.TPESampler(seed=self._seed)
        study = optuna.create_study(sampler=sampler)
        self._tell(study, present, once(present, "present"))
        has_numbers = any(one.is_number for one in self._tuned)
        sampled = max(math.ceil(trials * _SHARE_OF_SAMPLING), 2) if has_numbers else trials
        self._sample(study, once, sampled)
        if has_numbers:
            self._refine(study, once)
        self._sample(study, once, trials)

    def _sample(self, study: Any, once: Attempt, until: int) -> None:
        """Try what the sampler proposes, until there are so many different trials."""
        known_in_a_row = 0
        while len(self._known) < until and known_in_a_row < _KNOWN_IN_A_ROW:
            asked = study.ask()
            parameters: dict[str, Any] = {}
            for one in self._tuned:
                if one.belongs_to(self._operation(one.step, parameters)):
                    parameters[one.name] = _suggest(asked, one)
            before = len(self._known)
            loss = once(parameters, "sampling")
            study.tell(asked, loss)
            known_in_a_row = 0 if len(self._known) > before else known_in_a_row + 1

    def _refine(self, study: Any, once: Attempt) -> None:
        """Go downhill from the best trial in its numbers (Nelder-Mead)."""
        import numpy as np
        from scipy.optimize import minimize

        best = dict(min(self._known.items(), key=lambda item: item[1])[0])
        # A present value may lie outside the bounds.
        numbers = [one for one in self._tuned if one.is_number and one.allows(best.get(one.name))]
        if not numbers:
            return

        def loss(point: Any) -> float:
            places = zip(numbers, np.clip(point, 0, 1).tolist(), strict=True)
            parameters = {**best, **{one.name: one.from_unit(part) for one, part in places}}
            before = len(self._known)
            found = once(parameters, "refinement")
            if len(self._known) > before:
                self._tell(study, parameters, found)
            return found

        start = np.array([one.to_unit(best[one.name]) for one in numbers])
        corners = [start]
        for axis in range(len(numbers)):
            corner = start.copy()
            corner[axis] += _FIRST_STEP if corner[axis] <= 0.5 else -_FIRST_STEP
            corners.append(corner)
        options = {"initial_simplex": np.array(corners), "xatol": 1e-3, "fatol": 1e-6}
        minimize(loss, start, method="Nelder-Mead", bounds=[(0, 1)] * len(numbers), options=options)

    def _operation(self, step: str, parameters: Mapping[str, Any]) -> catalogue.Operation:
        return catalogue.find(parameters.get(f"{step}.{ALGORITHM}", self._operations[step]))

    def _in_use(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of settings that the operations in place have."""
        return {
            one.name: values[one.name]
            for one in self._tuned
            if one.name in values and one.belongs_to(self._operation(one.step, values))
        }

    def _tell(self, study: Any, parameters: Mapping[str, Any], loss: float) -> None:
        """Let the sampler learn from a trial that it did not propose, if it could have."""
        import optuna

        named = {one.name: one for one in self._tuned}
        if not all(named[name].allows(value) for name, value in parameters.items()):
            return
        study.add_trial(
            optuna.trial.create_trial(
                params=dict(parameters),
                distributions={name: _distribution(named[name]) for name in parameters},
                value=loss,
            )
        )


def _suggest(asked: Any, one: Tunable) -> Any:
    if not one.is_number:
        return asked.suggest_categorical(one.name, one.choices)
    if one.is_whole:
        return asked.suggest_int(one.name, math.ceil(one.low), math.floor(one.high), log=one.is_log)
    return one.rounded(asked.suggest_float(one.name, one.low, one.high, log=one.is_log))


def _distribution(one: Tunable) -> Any:
    from optuna import distributions

    if not one.is_number:
        return distributions.CategoricalDistribution(one.choices)
    if one.is_whole:
        return distributions.IntDistribution(
            math.ceil(one.low), math.floor(one.high), log=one.is_log
        )
    return distributions.FloatDistribution(one.low, one.high, log=one.is_log)


@contextmanager
def _quiet_optuna() -> Iterator[None]:
    """Keep Optuna from printing each trial."""
    import optuna

    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(level)
