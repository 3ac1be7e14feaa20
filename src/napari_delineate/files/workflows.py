"""Read and write workflow files.

A workflow file is JSON. It holds ids of operations that are looked up, names that are
checked, numbers and texts: nothing in it can run. What was made by hand lies beside it in
a folder of its own, and the workflow points there.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from napari_delineate import catalogue
from napari_delineate.catalogue import UnknownNameError
from napari_delineate.files.errors import FileError
from napari_delineate.files.images import read_value, write_exact
from napari_delineate.files.saving import atomic_path
from napari_delineate.fits import bare
from napari_delineate.signatures import REQUIRED
from napari_delineate.values import Value
from napari_delineate.wording import memory_in_words
from napari_delineate.workflow import Workflow

__all__ = [
    "FORMAT",
    "is_workflow_file",
    "load_inputs",
    "read_workflow",
    "with_files",
    "write_workflow",
]

FORMAT = 1
"""The version of the format that is written. It rises when the file changes its form."""

_PROGRAM = "napari-delineate"
_LARGEST_FILE = 16 * 2**20


def write_workflow(
    path: str | os.PathLike[str], workflow: Workflow, inputs: Mapping[str, Value] | None = None
) -> Workflow:
    """Write a workflow file.

    Parameters
    ----------
    path : path
        The file, for instance "nuclei.json".
    workflow : Workflow
        The workflow.
    inputs : mapping of str to Value, optional
        Values of inputs. Those that come from no file are written beside the workflow,
        into a folder with its name and "_inputs".

    Returns
    -------
    Workflow
        The workflow as it was written: each input names its file.

    Raises
    ------
    OSError
        If a file can not be written; old ones then stay as they were.
    """
    target = Path(path).absolute()
    workflow = with_files(target, workflow, inputs or {})
    content = {"program": _PROGRAM, "format": FORMAT, **_portable(workflow, target).to_dict()}
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    with atomic_path(target) as draft:
        draft.write_text(text + "\n", encoding="utf-8")
    return workflow


def read_workflow(path: str | os.PathLike[str]) -> Workflow:
    """Read a workflow file.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    Workflow
        The workflow; the files of its inputs are absolute paths.

    Raises
    ------
    FileError
        If the file is missing, damaged, too large, of another program or of a newer
        format, or names an operation, a parameter or a value that does not exist.

    Warns
    -----
    UserWarning
        If an operation gives other results now than when the workflow was made.
    """
    target = Path(path).absolute()
    content = _load_json(target)
    _check_form(target, content)
    try:
        workflow = Workflow.from_dict(_brought_up_to_date(target, content))
    except (TypeError, ValueError, UnknownNameError) as error:
        raise FileError(f"{path} is no workflow that can run: {error}") from error
    folder = target.parent
    return replace(
        workflow,
        inputs={
            name: replace(value, source=value.source and str(folder / value.source))
            for name, value in workflow.inputs.items()
        },
    )


def is_workflow_file(path: str | os.PathLike[str]) -> bool:
    """Tell whether a file says that it is a workflow file, without reading all of it."""
    try:
        with Path(path).open("rb") as file:
            start = file.read(200)
    except (OSError, ValueError):  # a path that can not be one is a ValueError
        return False
    return f'"program": "{_PROGRAM}"'.encode() in start


def load_inputs(workflow: Workflow) -> dict[str, Value]:
    """Read the files that the inputs of a workflow name.

    Parameters
    ----------
    workflow : Workflow
        The workflow.

    Returns
    -------
    dict of str to Value
        A value for every input that names a file.

    Raises
    ------
    FileError
        If a file is missing or damaged, or does not fit its input.
    """
    return {
        name: read_value(value.source, value.kind, value.axes, value.spacing, value.units)
        for name, value in workflow.inputs.items()
        if value.source is not None
    }


def with_files(target: Path, workflow: Workflow, inputs: Mapping[str, Value]) -> Workflow:
    """Write values that come from no file beside a file to be written.

    Parameters
    ----------
    target : Path
        The workflow or notebook that is to be written.
    workflow : Workflow
        The workflow.
    inputs : mapping of str to Value
        Values of inputs.

    Returns
    -------
    Workflow
        The workflow, in which those inputs name files in a folder called like `target`
        with "_inputs".
    """
    folder = target.with_name(f"{target.stem}_inputs")
    named = dict(workflow.inputs)
    for name, described in workflow.inputs.items():
        if described.source is None and name in inputs:
            source = write_exact(folder, name, inputs[name])
            named[name] = replace(described, source=str(source))
    return replace(workflow, inputs=named)


def _portable(workflow: Workflow, target: Path) -> Workflow:
    """Name files in the folder of the workflow relative to it, so that it can be moved."""
    named = {}
    for name, described in workflow.inputs.items():
        source = described.source
        if source is not None:
            path = Path(source).absolute()
            if path.is_relative_to(target.parent):
                source = path.relative_to(target.parent).as_posix()
            else:
                source = str(path)
        named[name] = replace(described, source=source)
    return replace(workflow, inputs=named)


def _load_json(path: Path) -> Any:
    if path.is_dir():
        raise FileError(f"{path} is a folder, no workflow file")
    if not path.is_file():
        raise FileError(f"there is no file {path}")
    size = path.stat().st_size
    if size > _LARGEST_FILE:
        raise FileError(
            f"{path} is too large for a workflow file: {memory_in_words(size)}, "
            f"{memory_in_words(_LARGEST_FILE)} are allowed"
        )

    def once(entries: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(entries)
        if len(found) < len(entries):
            names = [name for name, _ in entries]
            twice = next(name for name in names if names.count(name) > 1)
            raise FileError(f"{path} is damaged: {twice[:40]!r} occurs twice in one place")
        return found

    try:
        # Some editors put a mark of the encoding at the start.
        return json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=once)
    except FileError:
        raise
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:120]
        raise FileError(f"{path} is no workflow file: it is not JSON ({reason})") from error


def _check_form(path: Path, content: Any) -> None:
    """Refuse content of another program, of a newer format, or of another form."""
    from pydantic import ValidationError

    from napari_delineate.files.form import WorkflowForm

    if not isinstance(content, dict) or content.get("program") != _PROGRAM:
        raise FileError(
            f"{path} is no workflow file of {_PROGRAM}: it does not start with "
            f'"program": "{_PROGRAM}"'
        )
    found = content.get("format")
    if isinstance(found, int) and found > FORMAT:
        raise FileError(
            f"{path} has the format {str(found)[:40]}, this version of {_PROGRAM} reads up to "
            f"{FORMAT}; update it with: pip install --upgrade {_PROGRAM}"
        )
    if found != FORMAT:
        raise FileError(
            f"{path} is damaged: its format must be the number {FORMAT}, "
            f"it is {json.dumps(found)[:40]}"
        )
    try:
        WorkflowForm.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part)[:40] for part in first["loc"])
        raise FileError(f"{path} is damaged at {place!r}: {first['msg']}") from error


def _brought_up_to_date(path: Path, content: Mapping[str, Any]) -> dict[str, Any]:
    """Give steps of earlier versions the settings that their operations have got since.

    Warns where an operation has changed since the workflow was made. What a step of the present
    version lacks was taken out of the file by something else: it stays lacking, and is refused.
    """
    steps = []
    for step in content["steps"]:
        try:
            operation = catalogue.find(step["operation"])
        except UnknownNameError as error:
            raise FileError(f"{path} is no workflow that can run: {error.args[0]}") from error
        present, version, parameters = operation.declaration.version, step["version"], {}
        if version < present:
            parameters = {
                setting.name: bare(setting.default)
                for setting in operation.settings
                if setting.default is not REQUIRED and setting.name not in step["parameters"]
            }
        if version != present:
            new = f"; {', '.join(parameters)}: new, with the default" if parameters else ""
            warnings.warn(
                f"{path}: {step['operation']} was version {version} when the workflow was "
                f"made and is version {present} now; its results may differ{new}",
                stacklevel=3,
            )
        steps.append({**step, "parameters": {**step["parameters"], **parameters}})
    return {**content, "steps": steps}
