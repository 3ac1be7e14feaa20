"""Write workflows as notebooks and scripts that read as if a careful person wrote them.

Only names that the workflow has checked, and the `repr` of numbers, texts and lengths,
enter the code. The same workflow gives the same bytes.
"""

from __future__ import annotations

import asyncio
import json
import os
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from napari_delineate.cells import LINE, cells_of
from napari_delineate.files.saving import atomic_path
from napari_delineate.files.workflows import with_files
from napari_delineate.values import Value
from napari_delineate.workflow import Workflow

__all__ = ["run_notebook", "to_notebook", "to_script", "write_notebook", "write_script"]


def to_notebook(workflow: Workflow, title: str | None = None) -> str:
    """Return a workflow as a Jupyter notebook.

    Parameters
    ----------
    workflow : Workflow
        The workflow; each input names the file that it is read from, relative to the
        folder in which the notebook runs.
    title : str, optional
        The heading; by default it says what is made from what.

    Returns
    -------
    str
        The notebook (nbformat 4) as JSON.

    Raises
    ------
    ValueError
        If an input names no file.
    """
    cells = []
    for number, cell in enumerate(cells_of(workflow, title)):
        content: dict[str, Any] = {
            "cell_type": cell.type,
            "id": f"cell-{number}",
            "metadata": {"tags": list(cell.tags)} if cell.tags else {},
            "source": cell.source.splitlines(keepends=True),
        }
        if cell.type == "code":
            content |= {"execution_count": None, "outputs": []}
        cells.append(content)
    notebook = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def to_script(workflow: Workflow, title: str | None = None) -> str:
    """Return a workflow as a Python script.

    Parameters
    ----------
    workflow : Workflow
        The workflow; each input names the file that it is read from, relative to the
        folder of the script.
    title : str, optional
        What the first line says; by default what is made from what.

    Returns
    -------
    str
        The script. It computes the same values as the notebook, under the same names,
        and draws nothing.

    Raises
    ------
    ValueError
        If an input names no file.
    """
    heading, *cells = cells_of(workflow, title, script=True)
    parts = [f'"""{_plain(heading.text)}\n"""\n']
    for cell in cells:
        if cell.type == "markdown":
            about, _, text = cell.text.removeprefix("## ").partition("\n\n")
            lines = [f"{about}.", *text.split("\n\n")[0].splitlines()]
            plain = [_plain(line.removeprefix("- ")) for line in lines]
            parts.append("\n" + "\n".join(_comment(line) for line in plain))
        elif cell.text:
            parts.append(cell.text)
    return "\n".join(parts).replace("\n\n\n", "\n\n") + "\n"


def _comment(text: str) -> str:
    return textwrap.fill(text, LINE, initial_indent="# ", subsequent_indent="# ")


def _plain(text: str) -> str:
    """Return markdown as plain text."""
    return text.removeprefix("# ").replace("`", "")


def write_notebook(
    path: str | os.PathLike[str],
    workflow: Workflow,
    inputs: Mapping[str, Value] | None = None,
    title: str | None = None,
) -> Path:
    """Write a workflow as a Jupyter notebook.

    Parameters
    ----------
    path : path
        The notebook.
    workflow : Workflow
        The workflow.
    inputs : mapping of str to Value, optional
        Values of inputs. Those that come from no file are written beside the notebook,
        into a folder with its name and "_inputs".
    title : str, optional
        The heading.

    Returns
    -------
    Path
        The notebook.

    Raises
    ------
    ValueError
        If an input names no file and has no value.
    OSError
        If a file can not be written; old ones then stay as they were.
    """
    return _write(path, to_notebook, workflow, inputs, title)


def write_script(
    path: str | os.PathLike[str],
    workflow: Workflow,
    inputs: Mapping[str, Value] | None = None,
    title: str | None = None,
) -> Path:
    """Write a workflow as a Python script; see `write_notebook`."""
    return _write(path, to_script, workflow, inputs, title)


def run_notebook(
    path: str | os.PathLike[str],
    timeout: int = 600,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Run a notebook and keep what it shows in it.

    Parameters
    ----------
    path : path
        The notebook; it runs in its folder, with this Python. In a notebook, call this in
        a thread: there an event loop runs already.
    timeout : int
        The longest that one cell may take, in seconds.
    progress : callable, optional
        Is called with how many cells are done, and how many there are.

    Returns
    -------
    Path
        The notebook, with the outputs of its cells.

    Raises
    ------
    RuntimeError
        If a cell fails, or the packages that run notebooks are not installed.
    """
    try:
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError
    except ImportError as error:
        raise RuntimeError(
            "running notebooks needs more packages; install them with: "
            'pip install "napari-delineate[notebook]"'
        ) from error
    target = Path(path)
    notebook = nbformat.read(target, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        extra_arguments=["--Application.log_level=ERROR"],
        resources={"metadata": {"path": str(target.absolute().parent)}},
    )
    done, total = 0, sum(cell.cell_type == "code" for cell in notebook.cells)

    def report(**_: object) -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    client.on_cell_complete = report
    try:
        # Its own event loop, which nbclient would leave open in a thread.
        asyncio.run(client.async_execute())
    except CellExecutionError as error:
        raise RuntimeError(f"{target} stopped: {error.ename}: {error.evalue}") from error
    with atomic_path(target) as draft:
        nbformat.write(notebook, draft)
    return target


def _write(
    path: str | os.PathLike[str],
    convert: Any,
    workflow: Workflow,
    inputs: Mapping[str, Value] | None,
    title: str | None,
) -> Path:
    target = Path(path).absolute()
    text = convert(_relative(with_files(target, workflow, inputs or {}), target.parent), title)
    with atomic_path(target) as draft:
        draft.write_text(text, encoding="utf-8")
    return target


def _relative(workflow: Workflow, folder: Path) -> Workflow:
    """Name the files of inputs relative to a folder where they lie in it."""
    named = {}
    for name, described in workflow.inputs.items():
        source = described.source
        if source is not None and Path(source).is_relative_to(folder):
            source = Path(source).relative_to(folder).as_posix()
        named[name] = replace(described, source=source)
    return replace(workflow, inputs=named)
