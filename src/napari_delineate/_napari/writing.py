"""Save results, and the workflow that they come from, from napari."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import napari
import numpy as np

from napari_delineate.axes import spatial_axes
from napari_delineate.files import (
    FileError,
    write_surface,
    write_surfaces,
    write_table,
    write_value,
)
from napari_delineate.types import Kind, Surface
from napari_delineate.values import Value

__all__ = [
    "write_annotation_file",
    "write_image",
    "write_labels",
    "write_mesh",
    "write_meshes",
    "write_notebook_file",
    "write_table_file",
    "write_workflow_file",
]


class SavingError(RuntimeError):
    """Say why something could not be saved."""


def _saying_why(write: Callable[..., list[str]]) -> Callable[..., list[str]]:
    """Keep what a writer says: napari takes a ValueError for "try another writer"."""

    @functools.wraps(write)
    def wrapped(*arguments: Any) -> list[str]:
        try:
            return write(*arguments)
        except ValueError as error:
            raise SavingError(str(error)) from error

    return wrapped


@_saying_why
def write_image(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    """Write an image layer as OME-TIFF, with the workflow that it comes from."""
    kind = Kind.RGB if attributes.get("rgb") else Kind.IMAGE
    return _write_grid(path, data, attributes, kind)


@_saying_why
def write_labels(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    """Write a labels layer as OME-TIFF, with its workflow and what the labels mean."""
    from napari_delineate._napari.annotation_files import stated_about
    from napari_delineate._napari.sessions import session_of

    layer = _layer(data, attributes)
    stated = {} if layer is None else stated_about(session_of(napari.current_viewer()), layer)
    return _write_grid(path, data, attributes, Kind.LABELS, stated)


@_saying_why
def write_annotation_file(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    """Write a labels layer for other programs, with its classes and their colours."""
    from napari_delineate._napari.annotation_files import save_annotation
    from napari_delineate._napari.sessions import session_of

    layer = _layer(data, attributes)
    if layer is None:
        raise FileError(f"{path}: annotations are saved from a viewer, which shows their layer")
    return [str(save_annotation(session_of(napari.current_viewer()), path, layer))]


def _layer(data: Any, attributes: dict[str, Any]) -> Any:
    """Return the layer of the current viewer that is saved, None where it shows none."""
    viewer, name = napari.current_viewer(), attributes.get("name")
    if viewer is None or name not in viewer.layers:
        return None
    return viewer.layers[name] if viewer.layers[name].data is data else None


@_saying_why
def write_mesh(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    """Write a surface layer for other programs, in physical units."""
    return [str(write_surface(path, *_surface(path, data, attributes)))]


@_saying_why
def write_meshes(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    """Write each object of a surface layer to a file of its own, in physical units."""
    return [str(file) for file in write_surfaces(path, *_surface(path, data, attributes))]


def _surface(path: str, data: Any, attributes: dict[str, Any]) -> tuple[Surface, str]:
    """Return the surface that a layer holds in physical units, and the unit."""
    vertices, faces, *values = data
    units = {str(unit) for unit in attributes.get("units", ())} or {"pixel"}
    if len(units) > 1:
        raise FileError(
            f"{path}: the layer {attributes.get('name')!r} has several units "
            f"({', '.join(sorted(units))}); give it the same along all axes"
        )
    vertices = np.asarray(vertices) * attributes.get("scale", 1)
    ones = np.ones(len(vertices))
    mesh = Surface(vertices, np.asarray(faces), np.asarray(values[0]) if values else ones)
    return mesh, units.pop()


@_saying_why
def write_table_file(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:  # noqa: ARG001
    """Write the measurements of a labels layer as CSV, Excel or Parquet."""
    table = attributes.get("features")
    if table is None or not len(table):
        raise FileError(
            f"{path}: the layer {attributes.get('name')!r} has no measurements; make them with "
            "measurements.measure"
        )
    return [str(write_table(path, table.drop(columns="index", errors="ignore")))]


@_saying_why
def write_workflow_file(path: str, layers: list[Any]) -> list[str]:  # noqa: ARG001
    """Write the workflow of the current viewer, with what was made by hand beside it."""
    from napari_delineate.files import write_workflow

    workflow, inputs = _to_save(path)
    write_workflow(path, workflow, inputs)
    return [path]


@_saying_why
def write_notebook_file(path: str, layers: list[Any]) -> list[str]:  # noqa: ARG001
    """Write the workflow of the current viewer as a Jupyter notebook."""
    from napari_delineate.export import write_notebook

    workflow, inputs = _to_save(path)
    return [str(write_notebook(path, workflow, inputs))]


def _to_save(path: str) -> Any:
    from napari_delineate._napari.sessions import session_of

    viewer = napari.current_viewer()
    workflow, inputs = session_of(viewer).to_save() if viewer is not None else (None, {})
    if workflow is None or not workflow.steps:
        raise FileError(f"{path}: there is no workflow yet; run a step of Delineate first")
    return workflow, inputs


def _write_grid(
    path: str,
    data: Any,
    attributes: dict[str, Any],
    kind: Kind,
    stated: Mapping[str, Any] = MappingProxyType({}),
) -> list[str]:
    from napari_delineate._napari.layers import axes_from_labels
    from napari_delineate._napari.session import METADATA

    data = np.asarray(data[0] if isinstance(data, list | tuple) else data)
    ndim = data.ndim - (kind is Kind.RGB)
    axes = axes_from_labels(attributes.get("axis_labels", ()), ndim)
    if axes is None:
        raise FileError(
            f"{path}: the axes of the layer {attributes.get('name')!r} are not known; give it "
            'axis labels such as "T", "Y", "X"'
        )
    scale = dict(zip(axes, attributes.get("scale", (1.0,) * ndim), strict=True))
    units = [str(unit) for unit in attributes.get("units", ("pixel",) * ndim)]
    value = Value.of(
        data,
        kind,
        axes + "S" * (kind is Kind.RGB),
        tuple(float(scale[letter]) for letter in spatial_axes(axes)),
        units[-1],
    )
    workflow = attributes.get("metadata", {}).get(METADATA, {}).get("workflow")
    described = {**(workflow or {}), **stated}
    description = json.dumps(described) if described else ""
    return [str(write_value(path, value, description))]
