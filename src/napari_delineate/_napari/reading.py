"""Open workflow files in napari."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import napari
from napari.utils.notifications import show_error

from napari_delineate.files import FileError, is_workflow_file, read_workflow

__all__ = ["get_reader"]


def get_reader(path: str | list[str]) -> Callable[[str], list[Any]] | None:
    """Return a function that opens a workflow file, None for any other file.

    Parameters
    ----------
    path : str or list of str
        What is to be opened.

    Returns
    -------
    callable or None
        Opens the workflow in the session of the current viewer.
    """
    first = path[0] if isinstance(path, list) else path
    if Path(first).suffix.lower() != ".json" or not is_workflow_file(first):
        return None
    return _open


def _open(path: str | list[str]) -> list[Any]:
    from napari_delineate._napari.layers import LayerError
    from napari_delineate._napari.opening import open_workflow
    from napari_delineate._napari.sessions import session_of

    viewer = napari.current_viewer()
    if viewer is None:
        raise RuntimeError("a workflow file is opened in a viewer, and there is none")
    first = path[0] if isinstance(path, list) else path
    try:
        open_workflow(session_of(viewer), read_workflow(first))
    except (FileError, LayerError) as error:
        # napari would advise to try another plugin instead of saying what is wrong.
        show_error(f"{error}.")
    # The session adds the layers: napari's word for "no layers" is an empty tuple.
    return [(None,)]
