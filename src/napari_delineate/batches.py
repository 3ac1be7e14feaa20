"""Run a workflow on one image or many: which files belong together, what is written where."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_delineate.axes import spatial_axes
from napari_delineate.engine import Results
from napari_delineate.files import (
    READABLE,
    FileError,
    write_result,
    write_surfaces,
    write_table,
)
from napari_delineate.files.images import read_sized_value
from napari_delineate.files.results import as_table, result_path
from napari_delineate.types import Kind
from napari_delineate.values import Value, fingerprint
from napari_delineate.workflow import Workflow

__all__ = [
    "Job",
    "JoinedTables",
    "Meshes",
    "check_folder",
    "check_results",
    "find_jobs",
    "images_by_name",
    "load",
    "write",
]


@dataclass(frozen=True)
class Job:
    """One run: a name, empty for a single one, and a file for each input.

    Where a folder has no file of that name, the file is None.
    """

    name: str
    files: Mapping[str, Path | None]


def find_jobs(workflow: Workflow, places: Mapping[str, Path]) -> list[Job]:
    """Return the runs: one, or one for each image of the folders given.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    places : mapping of str to Path
        A file or folder for inputs; for others the file that the workflow names.

    Returns
    -------
    list of Job
        At least one.

    Raises
    ------
    ValueError
        If an input has no file, a file or folder is missing, or a folder holds no image
        or two of one name.
    """
    chosen: dict[str, Path] = {}
    for name, described in workflow.inputs.items():
        if name in places:
            chosen[name] = places[name]
        elif described.source is not None:
            chosen[name] = Path(described.source)
        else:
            raise ValueError(f"the workflow needs --input {name}=FILE")
        if not chosen[name].exists():
            raise ValueError(f"input {name!r}: there is no file or folder {chosen[name]}")
    folders = {name: images_by_name(path) for name, path in chosen.items() if path.is_dir()}
    if not folders:
        return [Job("", chosen)]
    for name, found in folders.items():
        if not found:
            raise ValueError(f"{chosen[name]} holds no image that can be read")
    stems = dict.fromkeys(stem for found in folders.values() for stem in found)
    return [
        Job(stem, {**chosen, **{name: found.get(stem) for name, found in folders.items()}})
        for stem in stems
    ]


def images_by_name(folder: Path) -> dict[str, Path]:
    """Return the images of a folder by their names without endings, in order.

    Parameters
    ----------
    folder : Path
        The folder. Hidden files and those that can not be read here are left out.

    Returns
    -------
    dict of str to Path
        The files; of "a.ome.tif" the name is "a".

    Raises
    ------
    ValueError
        If two files have one name.
    """
    files = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in READABLE and not path.name.startswith(".") and not path.is_dir()
    )
    found: dict[str, Path] = {}
    for path in files:
        stem = path.stem.removesuffix(".ome")
        if stem in found:
            raise ValueError(
                f"{folder} holds {found[stem].name} and {path.name}, whose results would have "
                "the same names; rename one"
            )
        found[stem] = path
    return found


def check_folder(folder: Path) -> None:
    """Make the folder for results, or refuse one that can not be written to.

    Parameters
    ----------
    folder : Path
        The folder.

    Raises
    ------
    ValueError
        If it can not be made or written to.
    """
    for place in (folder, *folder.parents):
        if place.exists() and not place.is_dir():
            raise ValueError(f"{place} is a file, not a folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"{folder} can not be made: {error.strerror}") from error
    if not os.access(folder, os.W_OK):
        raise ValueError(f"{folder} can not be written to")


@dataclass(frozen=True)
class Meshes:
    """Say how surfaces are written: their ending, and whether each object has a file too."""

    ending: str = ".ply"
    each_object: bool = False


_PLAIN = Meshes()


def check_results(
    workflow: Workflow, jobs: Sequence[Job], folder: Path, meshes: Meshes = _PLAIN
) -> None:
    """Refuse results that would take the place of an input or of another result.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    jobs : sequence of Job
        The runs.
    folder : Path
        Where the results go.
    meshes : Meshes
        How surfaces are written.

    Raises
    ------
    ValueError
        If a result would overwrite an input, or an image has the name of a joined table.
    """
    used = {path.resolve(): path for job in jobs for path in job.files.values() if path}
    joined = [
        f"{name}.csv"
        for name, value in workflow.values.items()
        if len(jobs) > 1 and value.kind in (Kind.TABLE, Kind.SCORES)
    ]
    results = [folder / name for name in joined]
    for job in jobs:
        if job.name in joined:
            raise ValueError(
                f"the results of the image {job.name} would lie in a folder with the name of the "
                f"joined table, {folder / job.name}; rename the image"
            )
        for name in _written(workflow):
            value = workflow.values[name]
            path = result_path(folder / job.name, name, value.kind, value.axes, meshes.ending)
            results.append(path)
            if meshes.each_object and path.suffix == meshes.ending:
                # What they are called is not known before.
                inside = _folder_of_objects(path)
                results += [
                    one for one in used.values() if one.resolve().parent == inside.resolve()
                ]
    for path in results:
        if path.resolve() in used:
            raise ValueError(
                f"the result {path} would overwrite the input {used[path.resolve()]}; choose "
                "another folder for the results"
            )


def _written(workflow: Workflow) -> list[str]:
    """Return the names of the results that are written: everything but intermediate images."""
    final = set(workflow.results())
    return [
        name
        for name, value in workflow.values.items()
        if name not in workflow.inputs and (value.kind is not Kind.IMAGE or name in final)
    ]


def load(workflow: Workflow, job: Job, sized: Collection[str] = ()) -> dict[str, Value]:
    """Read the inputs of a run.

    Parameters
    ----------
    workflow : Workflow
        The workflow. An input with a version is the one that it was made with.
    job : Job
        The run.
    sized : collection of str
        Names of inputs whose voxel size was given for this run.

    Returns
    -------
    dict of str to Value
        A value for each input.

    Raises
    ------
    FileError
        If a file is missing or damaged, or does not fit its input.

    Warns
    -----
    UserWarning
        If the content is another than when the workflow was made, or the voxel size of
        the workflow is taken for another image.
    """
    values = {}
    for name, described in workflow.inputs.items():
        path = job.files[name]
        if path is None:
            raise FileError(f"the folder of the input {name!r} has no image of this name")
        value, assumed = read_sized_value(
            path, described.kind, described.axes, described.spacing, described.units
        )
        if described.version is not None:
            if fingerprint(value.data) != described.version:
                warnings.warn(
                    f"{path} has another content than when the workflow was made", stacklevel=2
                )
        elif assumed and described.units != "pixel" and name not in sized:
            sizes = zip(spatial_axes(value.axes), value.spacing, strict=True)
            used = " × ".join(f"{size:g}" for letter, size in sizes if letter in assumed)
            warnings.warn(
                f"{path} states no voxel size along {', '.join(assumed)}; the workflow's "
                f"{used} {value.units} is used",
                stacklevel=2,
            )
        values[name] = value
    return values


def write(folder: Path, workflow: Workflow, results: Results, meshes: Meshes = _PLAIN) -> None:
    """Write everything but intermediate images, with the workflow in their metadata.

    Parameters
    ----------
    folder : Path
        The folder; it is made where it is missing.
    workflow : Workflow
        The workflow.
    results : Results
        What it gave.
    meshes : Meshes
        How surfaces are written; the objects of a surface go to a folder with its name and
        "_objects".

    Raises
    ------
    FileError, OSError
        If a result can not be written.

    Warns
    -----
    UserWarning
        If a surface has no objects, because its values are no labels.
    """
    described = json.dumps(workflow.to_dict())
    for name in _written(workflow):
        value = results[name]
        path = write_result(folder, name, value, described, meshes.ending)
        if meshes.each_object and value.kind is Kind.SURFACE and path.suffix == meshes.ending:
            try:
                write_surfaces(_folder_of_objects(path) / path.name, value.data, value.units)
            except FileError as error:
                warnings.warn(str(error), stacklevel=2)


def _folder_of_objects(path: Path) -> Path:
    return path.with_name(f"{path.stem}_objects")


class JoinedTables:
    """Join the tables and scores of many images into one file each.

    Parameters
    ----------
    folder : Path
        Where the files go.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts: dict[str, list[Any]] = {}

    def add(self, image: str, results: Results) -> None:
        """Add the results of one image, under its name."""
        for name, value in results.items():
            if value.kind in (Kind.TABLE, Kind.SCORES):
                table = as_table(name, value).copy()
                table.insert(0, "image", image)
                self._parts.setdefault(name, []).append(table)

    def write(self) -> None:
        """Write what was added; nothing if that is nothing."""
        if not self._parts:
            return
        import pandas as pd

        for name, parts in self._parts.items():
            joined = pd.concat(parts, ignore_index=True)
            joined.attrs = parts[0].attrs
            write_table(self._folder / f"{name}.csv", joined)
