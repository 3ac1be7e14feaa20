"""Read images and workflows, write results; never run code from a file."""

from napari_delineate.files.annotations import (
    ANNOTATIONS,
    AnnotatedLabels,
    read_annotation,
    write_annotation,
)
from napari_delineate.files.errors import FileError
from napari_delineate.files.images import READABLE, read, read_value
from napari_delineate.files.meshes import MESHES, write_surface, write_surfaces
from napari_delineate.files.results import write_result
from napari_delineate.files.saving import atomic_path
from napari_delineate.files.tables import write_table
from napari_delineate.files.tiff import write_value
from napari_delineate.files.workflows import (
    FORMAT,
    is_workflow_file,
    load_inputs,
    read_workflow,
    write_workflow,
)

__all__ = [
    "ANNOTATIONS",
    "FORMAT",
    "MESHES",
    "READABLE",
    "AnnotatedLabels",
    "FileError",
    "atomic_path",
    "is_workflow_file",
    "load_inputs",
    "read",
    "read_annotation",
    "read_value",
    "read_workflow",
    "write_annotation",
    "write_result",
    "write_surface",
    "write_surfaces",
    "write_table",
    "write_value",
    "write_workflow",
]
