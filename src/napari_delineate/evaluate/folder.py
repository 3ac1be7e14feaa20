"""Evaluate a workflow over folders: run it on all images and put the scores together."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from napari_delineate.engine import CancelledError, StepError
from napari_delineate.evaluate.jobs import Scored, Task, score_pair
from napari_delineate.evaluate.messages import pair_to_json, scored_of, task_to_json
from napari_delineate.evaluate.pairs import (
    Pair,
    Problem,
    choose_input,
    choose_result,
    find_pairs,
    needed_for,
    printable,
)
from napari_delineate.evaluate.processes import JobError, do_jobs
from napari_delineate.evaluate.scores import Annotated, Column, badness, choose_columns
from napari_delineate.evaluate.statistics import (
    DIFFERENT,
    in_pixels,
    recall_of_sizes,
    summarize,
    unit_of,
)
from napari_delineate.files import read_workflow
from napari_delineate.types import Table
from napari_delineate.workflow import Workflow

__all__ = ["Evaluation", "evaluate_folder"]

# -P: no module of the folder that this was started in is imported.
_WORKER = (sys.executable, "-P", "-m", "napari_delineate.evaluate.worker")

_INTERRUPTED = "it was not finished when the evaluation was interrupted"


@dataclass(frozen=True)
class Evaluation:
    """Hold what an evaluation gave.

    Attributes
    ----------
    workflow : Workflow
        What was run: what the result needs.
    result : str
        The labels or mask that was compared.
    places : mapping of str to str
        The file or folder of each input, and of the "annotations".
    annotation : {"dense", "sparse", "scribbles"}
        What is annotated.
    overlap : float
        Least intersection over union at which objects are partners.
    columns : tuple of Column
        The scores; the first decides which images are the worst.
    images : pandas.DataFrame
        A row per image: `image`, its name, and the scores.
    objects : pandas.DataFrame or None
        The objects of all images, as `metrics.match_objects` lists them; None where pixels
        are compared.
    curve : pandas.DataFrame or None
        For each image what `metrics.average_precision_curve` lists.
    frames : pandas.DataFrame or None
        The scores of each image of movies, with columns for time and channel; None without.
    sized : pandas.DataFrame or None
        The objects with sizes in one unit: pixels where the units of images differ.
    sizes : pandas.DataFrame or None
        How many of the small and of the large objects are found.
    summary : pandas.DataFrame
        A row per score: mean, median and their 95 % confidence intervals.
    pictures : mapping of str to bytes
        For each image a PNG image of what is right and wrong.
    problems : tuple of Problem
        What was left out.
    warnings : tuple of Problem
        What is to be known of images that were not left out.
    unfinished : tuple of str
        Images left out because it was interrupted.
    """

    workflow: Workflow
    result: str
    places: Mapping[str, str]
    annotation: Annotated
    overlap: float
    columns: tuple[Column, ...]
    images: Table
    objects: Table | None
    curve: Table | None
    frames: Table | None
    sized: Table | None
    sizes: Table | None
    summary: Table
    pictures: Mapping[str, bytes]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    unfinished: tuple[str, ...] = ()

    def worst_first(self) -> list[str]:
        """Return the names of the images, those with the worst first score first."""
        column = self.columns[0]
        # No number at all is the worst; of equally bad ones, the first by name comes first.
        keys = badness(self.images[column.name], column).tolist()
        places = sorted(range(len(keys)), key=lambda place: -keys[place])
        return [str(self.images["image"].iloc[place]) for place in places]


def evaluate_folder(
    workflow: Workflow | str | os.PathLike[str],
    images: str | os.PathLike[str],
    annotations: str | os.PathLike[str],
    *,
    metrics: Sequence[str] | None = None,
    annotation: Annotated = "dense",
    result: str | None = None,
    inputs: Mapping[str, str | os.PathLike[str]] | None = None,
    overlap: float = 0.5,
    workers: int | None = None,
    progress: Callable[[int, int, str], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Evaluation:
    """Run a workflow on all images of a folder and compare the results with annotations.

    An image and an annotation belong together if their files have the same name, without
    the ending and without words such as "img" and "mask" at an end. Each image of a movie is
    compared by itself; the scores of a movie are means of its images. What has no partner,
    and what fails, is listed in `problems`. Ctrl+C ends it early: what is finished counts.

    Parameters
    ----------
    workflow : Workflow or path
        The workflow, or the file that holds it.
    images, annotations : path
        Two folders.
    metrics : sequence of str, optional
        Operations of `napari_delineate.metrics` for all their scores, such as
        "average_precision", or single scores, such as "detection_scores.recall". By default
        those that suit the result and the annotation.
    annotation : {"dense", "sparse", "scribbles"}
        Whether all objects are annotated, some of them, each completely, or pixels: 0 is
        unknown, 1 is background, everything else is foreground.
    result : str, optional
        The labels or mask that is compared; by default the last one.
    inputs : mapping of str to path, optional
        Files or folders for all inputs but the one that takes the images.
    overlap : float
        Least intersection over union at which objects are partners, from 0.01 to 1.
    workers : int, optional
        How many processes of their own share the work; by default this one does it. The
        scores are the same.
    progress : callable, optional
        Is called with the number of images done, of all, and the name of the last one.
    cancelled : callable, optional
        Is called often. Once it returns True, all stops.

    Returns
    -------
    Evaluation
        Tables, summary and pictures; `write_evaluation` writes them.

    Raises
    ------
    CancelledError
        If `cancelled` returned True.
    FileError
        If the workflow can not be read.
    JobError
        If no image could be evaluated; it says why the first could not.
    KeyboardInterrupt
        If it was interrupted before an image was finished.
    ValueError
        If a folder, a score or a setting is wrong, or the workflow has several inputs or
        results and it is not said which are meant.
    """
    if not isinstance(workflow, Workflow):
        workflow = read_workflow(Path(workflow))
    if annotation not in ("dense", "sparse", "scribbles"):
        raise ValueError(
            f"annotation must be one of 'dense', 'sparse', 'scribbles', got {annotation!r}"
        )
    if not 0.01 <= overlap <= 1:
        raise ValueError(f"overlap must be from 0.01 to 1, got {overlap:g}")
    if workers is not None and workers < 1:
        raise ValueError(f"workers must be 1 or more, got {workers}")
    given = {name: Path(path) for name, path in (inputs or {}).items()}
    result = choose_result(workflow, result)
    workflow = needed_for(workflow, result, given)
    given = {name: path for name, path in given.items() if name in workflow.inputs}
    main = choose_input(workflow, given)
    columns = choose_columns(metrics, workflow.values[result].kind, annotation)
    if not columns:
        raise ValueError("metrics must name at least one score, it is empty")
    places = {main: Path(images), **given}
    pairs, problems = find_pairs(workflow, places, main, Path(annotations))
    task = Task(_unversioned(workflow).to_dict(), main, result, columns, annotation, overlap)

    def check() -> None:
        if cancelled is not None and cancelled():
            raise CancelledError

    outcomes: dict[int, Scored | Exception] = {}
    try:
        with closing(_outcomes(task, pairs, workers, check)) as found:
            for number, outcome in found:
                outcomes[number] = outcome
                if progress is not None:
                    progress(len(outcomes), len(pairs), pairs[number].name)
    except KeyboardInterrupt:
        if not any(isinstance(one, Scored) for one in outcomes.values()):
            raise
    scored = {number: one for number, one in outcomes.items() if isinstance(one, Scored)}
    problems += [
        Problem(pairs[number].name, printable(str(one)))
        for number, one in outcomes.items()
        if not isinstance(one, Scored)
    ]
    unfinished = tuple(pair.name for number, pair in enumerate(pairs) if number not in outcomes)
    problems += [Problem(name, _INTERRUPTED) for name in unfinished]
    if not scored:
        last = next(one for one in problems if one.image == pairs[0].name)
        raise JobError(f"no image could be evaluated; {last.image}: {last.reason}")
    shown = {name: printable(str(path)) for name, path in places.items()}
    shown["annotations"] = printable(str(annotations))
    ordered = {pairs[number].name: scored[number] for number in sorted(scored)}
    tables = _tables(ordered, columns)
    return Evaluation(
        workflow,
        result,
        shown,
        annotation,
        overlap,
        columns,
        **tables,
        pictures={name: one.picture for name, one in ordered.items()},
        problems=tuple(sorted(problems, key=lambda one: one.image)),
        warnings=tuple(
            Problem(name, text) for name, one in ordered.items() for text in one.warnings
        ),
        unfinished=unfinished,
    )


def _unversioned(workflow: Workflow) -> Workflow:
    """Return a workflow for other images than it was made with."""
    return replace(
        workflow,
        inputs={name: replace(one, version=None) for name, one in workflow.inputs.items()},
    )


def _outcomes(
    task: Task, pairs: Sequence[Pair], workers: int | None, check: Callable[[], None]
) -> Generator[tuple[int, Scored | Exception], None, None]:
    if workers is not None:
        jobs = [pair_to_json(pair) for pair in pairs]
        for number, answer in do_jobs(_WORKER, task_to_json(task), jobs, workers, check):
            yield number, answer if isinstance(answer, JobError) else scored_of(answer)
        return
    for number, pair in enumerate(pairs):
        try:
            outcome: Scored | Exception = score_pair(task, pair, check)
        except (StepError, OSError, ValueError, TypeError, RuntimeError, MemoryError) as error:
            outcome = JobError(str(error) or type(error).__name__)
        yield number, outcome


def _tables(scored: Mapping[str, Scored], columns: Sequence[Column]) -> dict[str, Any]:
    """Return the tables of an evaluation."""
    import pandas as pd

    rows = [{"image": name, **one.comparison.scores} for name, one in scored.items()]
    images = pd.DataFrame(rows)
    first = next(iter(scored.values())).comparison
    units = {name: one.comparison.units for name, one in scored.items()}
    unit = first.units if set(units.values()) == {first.units} else DIFFERENT
    ndim = len(first.spacing)
    images.attrs["units"] = {column.name: unit_of(column, unit, ndim) for column in columns}
    tables: dict[str, Any] = {"images": images, "summary": summarize(images, columns)}
    for what in ("objects", "curve", "frames"):
        parts = {name: getattr(one.comparison, what) for name, one in scored.items()}
        tables[what] = _joined(parts) if all(part is not None for part in parts.values()) else None
    if tables["frames"] is not None:
        tables["frames"].attrs["units"] = images.attrs["units"]
    tables["sized"] = tables["sizes"] = None
    if tables["objects"] is not None:
        # Areas and volumes of images whose units differ can only be compared in pixels.
        pixels = {name: math.prod(one.comparison.spacing) for name, one in scored.items()}
        is_physical = unit not in (DIFFERENT, "pixel")
        sized = tables["objects"] if is_physical else in_pixels(tables["objects"], pixels)
        tables["sized"], tables["sizes"] = sized, recall_of_sizes(sized)
        if unit == DIFFERENT:
            tables["objects"].attrs = {}
            tables["objects"].insert(1, "units", tables["objects"]["image"].map(units))
    return tables


def _joined(parts: Mapping[str, Table]) -> Table:
    """Return tables of images as one, with a column for the image."""
    import pandas as pd

    named = []
    for name, part in parts.items():
        part = part.copy()
        part.insert(0, "image", name)
        named.append(part)
    joined = pd.concat(named, ignore_index=True)
    joined.attrs = named[0].attrs
    return joined
