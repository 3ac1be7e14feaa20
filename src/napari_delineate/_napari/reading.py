"""Open workflow files, surfaces and annotations in napari."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import napari
import pint
from napari.utils.notifications import show_error, show_warning

from napari_delineate.files import (
    ANNOTATIONS,
    MESHES,
    FileError,
    is_workflow_file,
    read_value,
    read_workflow,
)
from napari_delineate.types import Kind
from napari_delineate.values import Value

__all__ = ["get_annotation_reader", "get_reader", "get_surface_reader", "with_known_unit"]


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


def get_surface_reader(path: str | list[str]) -> Callable[[str], list[Any]] | None:
    """Return a function that reads surfaces, None for any other file.

    Parameters
    ----------
    path : str or list of str
        What is to be opened.

    Returns
    -------
    callable or None
        Reads each file as a surface layer in physical units.
    """
    paths = path if isinstance(path, list) else [path]
    return _read_surfaces if all(Path(one).suffix.lower() in MESHES for one in paths) else None


def get_annotation_reader(path: str | list[str]) -> Callable[[str], list[Any]] | None:
    """Return a function that opens annotations, None for any other file.

    Parameters
    ----------
    path : str or list of str
        What is to be opened.

    Returns
    -------
    callable or None
        Opens each file as a layer of labels in the current viewer.
    """
    paths = path if isinstance(path, list) else [path]
    known = all(Path(one).name.lower().endswith(tuple(ANNOTATIONS)) for one in paths)
    return _open_annotations if known else None


def _open_annotations(path: str | list[str]) -> list[Any]:
    from napari_delineate._napari.annotation_files import open_annotation
    from napari_delineate._napari.sessions import session_of

    viewer = napari.current_viewer()
    if viewer is None:
        raise RuntimeError("annotations are opened in a viewer, and there is none")
    for one in path if isinstance(path, list) else [path]:
        try:
            open_annotation(session_of(viewer), one)
        except FileError as error:
            show_error(f"{error}.")
    return [(None,)]  # the layers are there, with what they mean


def _read_surfaces(path: str | list[str]) -> list[Any]:
    from napari_delineate._napari.layers import layer_tuple, plain_place

    layers: list[Any] = []
    for one in path if isinstance(path, list) else [path]:
        try:
            value = with_known_unit(one, read_value(one, Kind.SURFACE))
            data, attributes, kind = layer_tuple(Path(one).stem, value, plain_place(value))
            # Values keep their type, so that the layer holds just what the file does.
            data = tuple(value.data) if len(value.data.vertices) else data
            layers.append((data, attributes, kind))
        except FileError as error:
            show_error(f"{error}.")
    return layers or [(None,)]


def with_known_unit(path: str, value: Value) -> Value:
    """Return a value whose unit napari knows, which can be anything that a file states."""
    try:
        pint.get_application_registry().Unit(value.units)
    except (pint.PintError, ValueError, TypeError):
        show_warning(f"{path}: the unit {value.units!r} is not known; it is taken as pixels.")
        return replace(value, units="pixel")
    return value


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
