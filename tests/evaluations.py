"""Folders of tiny images whose scores are known by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile

from napari_delineate.files import write_workflow
from napari_delineate.types import Kind
from napari_delineate.workflow import Workflow, WorkflowInput

SIDE = 48
PLACES = [(row, column) for row in (2, 14, 26) for column in (2, 14, 26)]
"""Where squares of 8 × 8 pixels lie, so that none touches another."""


def squares(*numbers: int, shifted: int = 0, size: int = 8) -> np.ndarray:
    """Labels of squares at some of the nine places, numbered from 1 as they are given."""
    labels = np.zeros((SIDE, SIDE), np.uint16)
    for label, number in enumerate(numbers, 1):
        row, column = PLACES[number]
        labels[row : row + size, column + shifted : column + shifted + size] = label
    return labels


def steps(*, mask: bool = False) -> Workflow:
    """What is bright, and, unless only the mask is wanted, its connected parts."""
    described = WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0))
    workflow = Workflow(inputs={"image": described}).add(
        "segmentation.threshold", {"image": "image"}
    )
    if mask:
        return workflow
    return workflow.add("segmentation.label_connected_components", {"mask": "mask"})


def write_folders(folder: Path, pairs: dict[str, tuple[np.ndarray | None, np.ndarray | None]]):
    """Write a workflow, images in which labels are bright, and annotations."""
    folder.mkdir(exist_ok=True)
    write_workflow(folder / "workflow.json", steps())
    for place in ("images", "annotations"):
        (folder / place).mkdir()
    for name, (seen, annotated) in pairs.items():
        if seen is not None:
            bright = (seen > 0).astype(np.uint8) * 200
            tifffile.imwrite(folder / "images" / f"{name}.tif", bright)
        if annotated is not None:
            tifffile.imwrite(folder / "annotations" / f"{name}.tif", annotated)


SLIDE = (squares(0, 1, 2, 8), squares(0, 1, 2, 3, 4))
"""Five objects are annotated, of which three are found; a fourth one is none."""
PERFECT = (squares(0, 4), squares(4, 0))
EMPTY = np.zeros((SIDE, SIDE), np.uint16)

MOVIE = WorkflowInput(Kind.IMAGE, "TYX", (1.0, 1.0))


def movies(folder: Path, *names: str) -> Workflow:
    """A workflow for movies, and movies of the slide and of what is perfect."""
    write_folders(folder, {})
    seen, annotated = (np.stack([SLIDE[one], PERFECT[one]]) for one in (0, 1))
    for name in names:
        bright = (seen > 0).astype(np.uint8) * 200
        tifffile.imwrite(folder / "images" / f"{name}.tif", bright, metadata={"axes": "TYX"})
        tifffile.imwrite(folder / "annotations" / f"{name}.tif", annotated)
    workflow = Workflow(inputs={"image": MOVIE}).add("segmentation.threshold", {"image": "image"})
    return workflow.add("segmentation.label_connected_components", {"mask": "mask"})
