"""Do the work for one image: read it, run the workflow, compare, and draw."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

import numpy as np

from napari_delineate import batches
from napari_delineate.comparison_hints import annotated_frames, mask_hint
from napari_delineate.engine import Engine, Progress
from napari_delineate.evaluate.frames import beneath, frames_of, place_in
from napari_delineate.evaluate.overview import draw_overview
from napari_delineate.evaluate.pairs import Pair
from napari_delineate.evaluate.scores import (
    Annotated,
    Column,
    Comparison,
    badness,
    compare,
    join_frames,
)
from napari_delineate.files.images import read_sized_value
from napari_delineate.types import Kind
from napari_delineate.values import Value
from napari_delineate.workflow import Workflow

__all__ = ["Scored", "Task", "score_pair"]


@dataclass(frozen=True)
class Task:
    """Hold what is the same for all images.

    Attributes
    ----------
    described : dict
        The workflow, as `Workflow.to_dict` describes it.
    main : str
        The input that takes the images.
    result : str
        The labels or mask that is compared.
    columns : tuple of Column
        The scores.
    annotation : {"dense", "sparse", "scribbles"}
        What is annotated.
    overlap : float
        Least intersection over union at which objects are partners.
    """

    described: dict[str, Any]
    main: str
    result: str
    columns: tuple[Column, ...]
    annotation: Annotated
    overlap: float

    @property
    def workflow(self) -> Workflow:
        """The workflow; other processes get it as a dictionary."""
        return Workflow.from_dict(self.described)

    @property
    def kind(self) -> Kind:
        """Whether labels or a mask are compared."""
        return self.workflow.values[self.result].kind


@dataclass(frozen=True)
class Scored:
    """Hold what one image gave.

    Attributes
    ----------
    comparison : Comparison
        The scores and the objects.
    picture : bytes
        The image with outlines of what is right and wrong, as PNG.
    warnings : tuple of str
        What a person should know.
    """

    comparison: Comparison
    picture: bytes
    warnings: tuple[str, ...]


def score_pair(task: Task, pair: Pair, check: Callable[[], None] = lambda: None) -> Scored:
    """Run the workflow on an image and compare the result with the annotation.

    Parameters
    ----------
    task : Task
        What is the same for all images.
    pair : Pair
        The files.
    check : callable
        Is called between steps; whatever it raises ends the run.

    Returns
    -------
    Scored
        The scores and a picture.

    Raises
    ------
    FileError, StepError, TypeError, ValueError
        If a file or step fails, or the annotation does not suit the result.
    """
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)

        def report(_: Progress) -> None:
            check()

        check()
        workflow = task.workflow
        inputs = batches.load(workflow, pair.job)
        engine = Engine(cache_bytes=0)
        results = engine.run(workflow, inputs, wanted=[task.result], progress=report)
        check()
        result = results[task.result]
        reference = _reference(task, pair, result)
        parts = []
        frames = frames_of(result)
        known = [True] * len(frames)
        if task.annotation != "dense":  # nobody knows what is right in others
            known = annotated_frames(reference).reshape(-1).tolist()
        for at in compress(frames, known):
            check()
            comparison = compare(
                reference.data[place_in(result.axes, at)],
                result.data[place_in(result.axes, at)],
                task.columns,
                kind=task.kind,
                annotation=task.annotation,
                overlap=task.overlap,
                spacing=result.spacing,
                units=result.units,
            )
            parts.append((at, comparison))
        if not all(known):
            warnings.warn(
                f"{known.count(False)} of {len(known)} images of the movie have no annotation and "
                "are left out",
                stacklevel=2,
            )
        at, drawn = _worst(parts, task.columns[0])
        place = place_in(result.axes, at)
        picture = draw_overview(
            beneath(inputs[task.main], result.axes, at),
            reference.data[place],
            result.data[place],
            drawn.objects,
            task.annotation,
        )
        found = join_frames(parts) if at else drawn
    texts = [str(one.message) for one in said]
    texts += [text for about in results.reports.values() for text in about.warnings]
    return Scored(found, picture, tuple(dict.fromkeys(texts)))


def _worst(
    parts: Sequence[tuple[dict[str, int], Comparison]], column: Column
) -> tuple[dict[str, int], Comparison]:
    """Return the image of a movie that has the worst score."""
    import pandas as pd

    values = pd.Series([one.scores[column.name] for _, one in parts])
    return parts[int(badness(values, column).argmax())]


def _reference(task: Task, pair: Pair, result: Value) -> Value:
    """Read the annotation; refuse or warn where it does not suit the result."""
    path = pair.annotation
    reference, assumed = read_sized_value(
        path, Kind.LABELS, result.axes, result.spacing, result.units
    )
    if reference.data.shape != result.data.shape:
        raise ValueError(
            f"the annotation has the shape {reference.data.shape}, the result {task.result!r} has "
            f"{result.data.shape}"
        )
    if reference.data.dtype.kind == "f":
        raise TypeError(
            f"the annotation must hold whole numbers, 0 for background; its dtype is "
            f"{reference.data.dtype}; save it with another one, such as uint16"
        )
    if reference.data.dtype == bool and task.annotation == "scribbles":
        raise TypeError(
            "the annotation is a mask; scribbles are 1 for background and 2 for foreground"
        )
    if reference.data.dtype == bool and task.kind is Kind.LABELS:
        raise TypeError(
            "the annotation is a mask, which has no objects; label its connected components, or "
            "compare a mask with it"
        )
    if not reference.data.any():
        if task.annotation != "dense":
            raise ValueError("the annotation is empty, so that nothing is known")
        warnings.warn("the annotation is empty: everything found is wrong", stacklevel=2)
    if task.kind is Kind.LABELS and task.annotation != "scribbles":
        hint = mask_hint("the annotation", reference)
        if hint:
            warnings.warn(hint, stacklevel=2)
    if not assumed and not (
        reference.units == result.units
        and np.allclose(reference.spacing, result.spacing, rtol=1e-3, atol=0)
    ):
        sizes = [
            f"{' × '.join(f'{size:g}' for size in value.spacing)} {value.units}"
            for value in (reference, result)
        ]
        warnings.warn(
            f"the annotation states the voxel size {sizes[0]}, the image's {sizes[1]} is used",
            stacklevel=2,
        )
    return reference
