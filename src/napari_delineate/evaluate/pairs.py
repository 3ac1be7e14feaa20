"""Find which annotation belongs to which image, and which result of a workflow is scored."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from napari_delineate import batches
from napari_delineate.steps import list_names
from napari_delineate.types import Kind
from napari_delineate.workflow import Workflow

_IMAGE_WORDS = ("image", "images", "img", "imgs", "raw")
_ANNOTATION_WORDS = (
    *("annotation", "annotations", "annotated", "label", "labels", "mask", "masks", "cp_masks"),
    *("gt", "truth", "ground_truth", "groundtruth", "seg", "segmentation"),
)

__all__ = ["Pair", "Problem", "choose_input", "choose_result", "find_pairs", "printable"]


@dataclass(frozen=True)
class Problem:
    """Say what was left out of an evaluation, and why.

    Attributes
    ----------
    image : str
        The name of the image.
    reason : str
        A sentence.
    """

    image: str
    reason: str


@dataclass(frozen=True)
class Pair:
    """Hold an image with its annotation.

    Attributes
    ----------
    job : Job
        The run of the workflow.
    annotation : Path
        The file that says what is right.
    """

    job: batches.Job
    annotation: Path

    @property
    def name(self) -> str:
        """The name of the image, for people."""
        return printable(self.job.name)


def printable(name: str) -> str:
    r"""Return a name of a file in letters that every file and terminal can hold.

    Parameters
    ----------
    name : str
        The name.

    Returns
    -------
    str
        The name; what can not be printed is written as an escape.

    Examples
    --------
    >>> printable("cells\n1 µm")
    'cells\\n1 µm'
    """
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in name
    )


def choose_input(workflow: Workflow, given: Mapping[str, Path]) -> str:
    """Return the input that takes the images.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    given : mapping of str to Path
        Files or folders of other inputs.

    Returns
    -------
    str
        The only input that is not given.

    Raises
    ------
    ValueError
        If that is none, or several.
    """
    unknown = [name for name in given if name not in workflow.inputs]
    if unknown:
        raise ValueError(
            f"there is no input {unknown[0]!r}; the inputs are: {list_names(workflow.inputs)}"
        )
    left = [name for name in workflow.inputs if name not in given]
    if not left:
        raise ValueError("all inputs are given, so that none is left that takes the images")
    if len(left) > 1:
        raise ValueError(
            f"the inputs {list_names(left)} could take the images; say which file or folder all "
            "others take, as --input NAME=FILE|FOLDER"
        )
    return left[0]


def choose_result(workflow: Workflow, name: str | None = None) -> str:
    """Return the labels or mask that is scored.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    name : str, optional
        Its name. By default that of the labels or the mask of which no others are made.

    Returns
    -------
    str
        The name.

    Raises
    ------
    ValueError
        If there is no such result, it is of another kind, or there are several to choose from.
    """
    if not workflow.steps:
        raise ValueError("the workflow has no steps, so there is nothing to evaluate")
    kinds = (Kind.LABELS, Kind.MASK)
    made = [one for one in workflow.values if one not in workflow.inputs]
    segmented = [one for one in made if workflow.values[one].kind in kinds]
    if name is None:
        last = [one for one in segmented if not _is_used(workflow, one, segmented)]
        if len(last) > 1:
            raise ValueError(
                f"the workflow gives {list_names(last)}; choose which is compared, as --result "
                f"{last[-1]}"
            )
        if not last:
            raise ValueError("the workflow gives neither labels nor a mask that can be compared")
        name = last[0]
    if name not in segmented:
        raise ValueError(
            f"{name!r} is no result that can be compared; labels and masks of the workflow are: "
            f"{list_names(segmented)}"
        )
    return name


def _is_used(workflow: Workflow, name: str, segmented: list[str]) -> bool:
    """Tell whether labels or masks are made of a value, directly or not."""
    maker = workflow.maker(name)
    assert maker is not None
    reached = {name}
    for step in workflow.steps[workflow.steps.index(maker) + 1 :]:
        if reached.intersection(step.sources):
            reached.update(step.outputs)
    return any(other in reached for other in segmented if other != name)


def find_pairs(
    workflow: Workflow, places: Mapping[str, Path], main: str, annotations: Path
) -> tuple[list[Pair], list[Problem]]:
    """Find the images that have an annotation of the same name.

    Names are the same too if words such as "img" and "mask" at an end are all that differs.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    places : mapping of str to Path
        A file or folder for each input.
    main : str
        The input that takes the images: its place is a folder.
    annotations : Path
        The folder of annotations.

    Returns
    -------
    pairs : list of Pair
        In the order of the names of the files.
    problems : list of Problem
        The images and annotations that have no partner, in the same order.

    Raises
    ------
    ValueError
        If a folder is missing or holds no image, both are the same, two files of one have the
        same name, or there is no pair.
    """
    images = places[main]
    for folder, what in ((images, "images"), (annotations, "annotations")):
        if not folder.exists():
            raise ValueError(f"there is no folder {folder}")
        if not folder.is_dir():
            raise ValueError(f"{folder} is a file, not a folder of {what}")
    if images.resolve() == annotations.resolve():
        raise ValueError(
            f"{images} is given for images and annotations, so that each image would be its own "
            "annotation; put them into two folders"
        )
    jobs = {job.name: job for job in batches.find_jobs(workflow, places)}
    references = batches.images_by_name(annotations)
    if not references:
        raise ValueError(f"{annotations} holds no image that can be read")
    several: dict[str, list[str]] = {}
    for name, others in _alike(jobs, references).items():
        if len(others) == 1:
            references[name] = references.pop(others[0])
        else:
            several[name] = others
    pairs, problems = [], []
    for name in sorted({*jobs, *references}):
        missing = (
            [key for key, path in jobs[name].files.items() if not path] if name in jobs else []
        )
        if name not in jobs or main in missing:
            reason = f"there is no image of this name in {printable(str(images))}"
        elif missing:
            place = printable(str(places[missing[0]]))
            reason = f"there is no image of this name for the input {missing[0]!r} in {place}"
        elif name in several:
            reason = f"several annotations fit: {printable(', '.join(several[name]))}"
        elif name not in references:
            reason = f"there is no annotation of this name in {printable(str(annotations))}"
        else:
            pairs.append(Pair(jobs[name], references[name]))
            continue
        problems.append(Problem(printable(name), reason))
    if not pairs:
        raise ValueError(
            f"no image in {images} has an annotation of the same name in {annotations}; names "
            f"without their endings are compared, such as {problems[0].image!r}"
        )
    return pairs, problems


def _alike(images: Iterable[str], annotations: Iterable[str]) -> dict[str, list[str]]:
    """Return for images without an annotation of the same name those that mean the same."""
    left = set(images) ^ set(annotations)
    cores: dict[str, list[str]] = {}
    for name in sorted(left.intersection(annotations)):
        cores.setdefault(_core(name, _ANNOTATION_WORDS), []).append(name)
    found: dict[str, list[str]] = {}
    claims: dict[str, list[str]] = {}
    for name in sorted(left.intersection(images)):
        core = _core(name, _IMAGE_WORDS)
        claims.setdefault(core, []).append(name)
        if core in cores:
            found[name] = cores[core]
    # Of two images that mean the same, nobody knows which one was annotated.
    alone = {names[0] for names in claims.values() if len(names) == 1}
    return {name: others for name, others in found.items() if name in alone}


def _core(name: str, words: Iterable[str]) -> str:
    """Return a name without words that say what it is.

    Examples
    --------
    >>> _core("cell 01_mask", _ANNOTATION_WORDS), _core("IMG-7", _IMAGE_WORDS)
    ('cell 01', '7')
    """
    one = "|".join(words)
    found = re.fullmatch(rf"(?:(?:{one})[ _.-]+)?(.+?)(?:[ _.-]+(?:{one}))?", name, re.I | re.S)
    return name if found is None else found[1]
