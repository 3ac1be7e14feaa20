"""What the manifest points to: one command per operation, and samples, readers, writers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import napari

from napari_delineate import catalogue, samples
from napari_delineate._napari.layers import layer_tuple, plain_place
from napari_delineate.manifest import SAMPLE_PREFIX, command_name

__all__ = ["load_sample"]


def __getattr__(name: str) -> Callable[..., Any]:
    """Return the command of an operation, or the function that loads a sample."""
    for sample in samples.SAMPLES:
        if name == f"{SAMPLE_PREFIX}{sample.name}":
            return partial(load_sample, sample)
    for operation in catalogue.operations():
        if name == command_name(operation.id):
            return _form_command(operation.id)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _form_command(operation: str) -> Callable[[napari.Viewer], None]:
    def show(viewer: napari.Viewer) -> None:
        from napari_delineate._napari.forms import show_form

        show_form(viewer, operation)

    return show


def load_sample(sample: samples.Sample) -> list[Any]:
    """Return a sample image as napari's layer data."""
    value = sample.load()
    return [layer_tuple(sample.name, value, plain_place(value))]
