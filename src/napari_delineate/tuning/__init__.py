"""Fit the parameters of a workflow to annotations."""

from napari_delineate.tuning.goals import Annotation, Goal, goals
from napari_delineate.tuning.search import Case, Trial, Tuned, scored_value, split, tune
from napari_delineate.tuning.tunables import ALGORITHM, Tunable, changed, tunable, tunables

__all__ = [
    "ALGORITHM",
    "Annotation",
    "Case",
    "Goal",
    "Trial",
    "Tunable",
    "Tuned",
    "changed",
    "goals",
    "scored_value",
    "split",
    "tunable",
    "tunables",
    "tune",
]
