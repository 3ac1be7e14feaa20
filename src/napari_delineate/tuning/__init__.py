"""Fit the parameters of a workflow to annotations."""

from napari_delineate.tuning.cases import Case, CaseError, split
from napari_delineate.tuning.goals import Annotation, Goal, goals
from napari_delineate.tuning.search import ImageScore, Trial, Tuned, scored_value, tune
from napari_delineate.tuning.tunables import ALGORITHM, Tunable, changed, tunable, tunables

__all__ = [
    "ALGORITHM",
    "Annotation",
    "Case",
    "CaseError",
    "Goal",
    "ImageScore",
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
