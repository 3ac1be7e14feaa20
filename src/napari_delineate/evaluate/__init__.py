"""Evaluate a workflow over a folder of images with annotations."""

from napari_delineate.evaluate.folder import Evaluation, evaluate_folder
from napari_delineate.evaluate.pairs import Problem
from napari_delineate.evaluate.writing import write_evaluation

__all__ = ["Evaluation", "Problem", "evaluate_folder", "write_evaluation"]
