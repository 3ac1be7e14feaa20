"""Read annotated images from folders, and fit to them together with images in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from napari_delineate import batches
from napari_delineate.axes import spatial_axes
from napari_delineate.files import FileError
from napari_delineate.files.images import read_value
from napari_delineate.steps import WorkflowInput
from napari_delineate.tuning.cases import Case, split
from napari_delineate.tuning.search import Tuned, tune
from napari_delineate.types import Kind
from napari_delineate.values import Value
from napari_delineate.workflow import Workflow

__all__ = ["Folders", "Plan", "carry_out", "read_cases"]


@dataclass(frozen=True)
class Folders:
    """Name folders of images and annotations that belong together by their names.

    Attributes
    ----------
    main : str
        The input of the workflow that takes the images.
    images, annotations : Path
        The folders.
    held_out : int
        How many of the images are kept aside, drawn by the seed of the search; all of them if
        that is more than there are.
    """

    main: str
    images: Path
    annotations: Path
    held_out: int = 0


@dataclass(frozen=True, eq=False)
class Plan:
    """Hold what a search is to do.

    Attributes
    ----------
    workflow : Workflow
        The workflow.
    fitted, held_out : tuple of Case
        Annotated images in memory.
    folders : tuple of Folders
        Folders of further ones. Inputs beside `main` have the values of the first case.
    result : str
        Name of the value that is scored.
    seed : int
        The seed, of the search and of what is kept aside.
    search : mapping of str to Any
        What else `tune` is given.
    """

    workflow: Workflow
    fitted: tuple[Case, ...]
    held_out: tuple[Case, ...]
    folders: tuple[Folders, ...]
    result: str
    seed: int
    search: Mapping[str, Any]


def carry_out(
    plan: Plan,
    skipped: Callable[[str, str], None],
    check: Callable[[], None],
    **options: Any,
) -> Tuned:
    """Read the folders of a plan and search.

    Parameters
    ----------
    plan : Plan
        The plan.
    skipped : callable
        Is called with the name of an image that can not be used, and why.
    check : callable
        Is called often; `CancelledError` ends the search.
    **options
        What else `tune` is given.

    Returns
    -------
    Tuned
        What the search found.

    Raises
    ------
    ValueError
        If a folder holds no annotated image, or the search refuses what it is given.
    """
    fitted, held_out = list(plan.fitted), list(plan.held_out)
    axes = plan.workflow.values[plan.result].axes
    known = (*plan.fitted, *plan.held_out)[0].values
    seen = {one.fingerprint() for one in (*fitted, *held_out)} if plan.folders else set()
    for folders in plan.folders:
        others = {name: value for name, value in known.items() if name != folders.main}
        places = {folders.main: folders.images}
        cases = []
        for case in read_cases(
            plan.workflow, places, folders.annotations, axes, skipped, check, others
        ):
            key = case.fingerprint()
            if key in seen:  # what is kept aside must be new to the search
                skipped(case.name, "the same image is there already")
            else:
                seen.add(key)
                cases.append(case)
        if folders.held_out >= len(cases):  # perhaps there is none left
            held_out += cases
        else:
            further, aside = split(cases, folders.held_out, seed=plan.seed)
            fitted += further
            held_out += aside
    return tune(
        plan.workflow,
        fitted,
        held_out=held_out,
        result=plan.result,
        seed=plan.seed,
        check=check,
        **plan.search,
        **options,
    )


def read_cases(
    workflow: Workflow,
    places: Mapping[str, Path],
    annotations: Path,
    axes: str,
    skipped: Callable[[str, str], None],
    check: Callable[[], None] = lambda: None,
    values: Mapping[str, Value] | None = None,
) -> list[Case]:
    """Read images and annotations that belong together by their names.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    places : mapping of str to Path
        Files or folders for inputs, that of the images first; for others the file that the
        workflow names.
    annotations : Path
        A file or folder.
    axes : str
        The axes of what is annotated.
    skipped : callable
        Is called with the name of an image that can not be used, and why.
    check : callable
        Is called before each image.
    values : mapping of str to Value, optional
        Values of inputs that are the same for all images.

    Returns
    -------
    list of Case
        At least one.

    Raises
    ------
    ValueError
        If a place is missing or holds no image, or no image has an annotation.
    """
    values = values or {}
    inputs = {
        name: replace(described, version=None) if name in places else described
        for name, described in workflow.inputs.items()
        if name not in values
    }
    workflow = replace(workflow, steps=(), inputs=inputs)
    annotation = workflow.unique_name("annotation")
    described = WorkflowInput(Kind.LABELS, axes, (1.0,) * len(spatial_axes(axes)))
    both = workflow.add_input(annotation, described)
    main, place = next(iter(places.items()))
    cases = []
    for job in batches.find_jobs(both, {**places, annotation: annotations}):
        check()
        name = job.name or place.stem
        try:
            path = job.files[annotation]
            if path is None:
                raise FileError("there is no annotation of this name")
            read = batches.load(workflow, job)
            image = read[main]
            # Masks painted by hand seldom state a voxel size: it is that of the image.
            right = read_value(path, Kind.LABELS, axes, image.spacing, image.units)
        except (OSError, ValueError) as error:
            skipped(name, str(error))
            continue
        cases.append(Case(name, {**values, **read}, right))
    if not cases:
        raise ValueError("no image could be read together with its annotation")
    return cases
