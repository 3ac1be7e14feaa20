"""Fit the parameters of a workflow to annotations."""

from napari_delineate.tuning.goals import Annotation, Goal, goals
from napari_delineate.tuning.search import Case, Trial, Tuned, split, tune
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
    "split",
    "tunable",
    "tunables",
    "tune",
]
