"""Open files of annotations as layers, and save layers as such files."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from napari.layers import Image, Labels
from napari.utils.notifications import show_warning

from napari_delineate._napari.layers import (
    LayerError,
    Place,
    axes_of,
    level_0,
    make_layer,
    place_of,
    plain_place,
    source_of,
    spacing_of,
    to_value,
)
from napari_delineate._napari.reading import with_known_unit
from napari_delineate._napari.session import Session
from napari_delineate.annotation.meaning import Annotation
from napari_delineate.files import (
    AnnotatedLabels,
    FileError,
    read_annotation,
    write_annotation,
)
from napari_delineate.files.annotations.masks import stated_in_tiff
from napari_delineate.types import Kind
from napari_delineate.values import Value

__all__ = ["annotated_labels", "open_annotation", "save_annotation", "stated_about"]

_NAME = "name"
"""The column of a layer's features that holds the names of objects."""


def open_annotation(session: Session, path: str | Path, image: Image | None = None) -> Labels:
    """Open a file of annotations as a layer of labels, over the image that it belongs to.

    Parameters
    ----------
    session : Session
        The session that gets to know what the labels mean.
    path : path
        A file that `read_annotation` can read.
    image : napari.layers.Image, optional
        The image that it belongs to; by default the chosen one, or the only one. It says
        shape, axes and voxel size where the file does not, and which of several images of
        a file is meant. Where the annotation does not fit it, the file is read alone.

    Returns
    -------
    napari.layers.Labels
        The layer.

    Raises
    ------
    FileError
        If the file can not be read.
    """
    image = _image(session) if image is None else image
    known = {} if image is None else _known(image)
    found, said, is_alone = _read(path, known)
    for text in said:
        show_warning(text)
    value, place = with_known_unit(str(path), found.value), plain_place(found.value)
    over = {}
    if image is not None and not is_alone:
        value, place = _laid_over(path, value, image)
        if image.ndim == len(value.axes):
            over = {"rotate": image.rotate, "shear": image.shear, "affine": image.affine}
    layer = make_layer(Path(path).name.split(".")[0], value, place)
    for what, setting in over.items():
        setattr(layer, what, setting)
    if found.names:
        layer.features = pd.DataFrame(
            {"index": list(found.names), _NAME: list(found.names.values())}
        )
    session.viewer.add_layer(layer)
    if found.meaning != Annotation():
        try:
            session.annotations.annotate(layer, found.meaning)
        except LayerError as error:
            show_warning(f"The classes are not kept: {error}.")
    return layer


def save_annotation(
    session: Session, path: str | Path, layer: Labels, meaning: Annotation | None = None
) -> Path:
    """Save a layer of labels as a file of annotations.

    Parameters
    ----------
    session : Session
        The session that knows what the labels mean.
    path : path
        The file; its ending chooses the format, see `write_annotation`.
    layer : napari.layers.Labels
        The layer.
    meaning : Annotation, optional
        What the labels mean; by default what the workflow says.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    FileError, LayerError
        If the format can not hold the labels, or the place of the layer can not be described.
    """
    return write_annotation(path, annotated_labels(session, layer, meaning))


def annotated_labels(
    session: Session, layer: Labels, meaning: Annotation | None = None
) -> AnnotatedLabels:
    """Return the labels of a layer with what they mean; see `save_annotation`."""
    value = to_value(layer)
    return _described(session, layer, replace(value, data=np.asarray(value.data)), meaning)


def stated_about(session: Session, layer: Labels) -> dict[str, Any]:
    """Return what the metadata of an image file say about the labels of a layer."""
    no_labels = Value.of(np.zeros((1, 1), np.int32), Kind.LABELS)
    return stated_in_tiff(_described(session, layer, no_labels, None))


def _described(
    session: Session, layer: Labels, value: Value, meaning: Annotation | None
) -> AnnotatedLabels:
    meaning = session.annotations.of(layer) if meaning is None else meaning
    found = AnnotatedLabels.described(value, meaning)
    return replace(found, names=_names(layer.features))


def _names(features: Any) -> dict[int, str]:
    """Return the names of objects that the features of a layer have."""
    if _NAME not in features or "index" not in features:
        return {}
    pairs = zip(features["index"].tolist(), features[_NAME].tolist(), strict=True)
    return {int(number): name for number, name in pairs if number > 0 and isinstance(name, str)}


def _image(session: Session) -> Image | None:
    """Return the image that a file is opened over: the chosen one, or the only one."""
    layers = session.viewer.layers
    if isinstance(layers.selection.active, Image):
        return layers.selection.active
    images = [layer for layer in layers if isinstance(layer, Image)]
    return images[0] if len(images) == 1 else None


def _known(image: Image) -> dict[str, Any]:
    """Return what an image says about its annotations; nothing where its axes are unknown."""
    axes = axes_of(image)
    if axes is None:
        return {}
    shape = level_0(image).shape[: len(axes)]
    kept = [place for place, letter in enumerate(axes) if letter in "TZYX"]
    try:
        spacing, units = spacing_of(image)
    except LayerError:
        spacing, units = (1.0,), "pixel"
    return {
        "shape": tuple(int(shape[place]) for place in kept),
        "axes": "".join(axes[place] for place in kept),
        "spacing": spacing if len(spacing) > 1 else 1.0,
        "units": units,
        "image": source_of(image) or image.name,
    }


def _read(path: str | Path, known: dict[str, Any]) -> tuple[AnnotatedLabels, list[str], bool]:
    """Read a file, with what an image says if it fits; return what it warned of, too."""
    for said in [known, {}] if known else [{}]:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                found = read_annotation(path, **said)
            except FileError:
                if not said:
                    raise
                continue
        texts = [str(one.message) for one in caught if one.category is UserWarning]
        return found, texts, not said
    raise AssertionError("the last attempt returns or raises")


def _laid_over(path: str | Path, value: Value, image: Image) -> tuple[Value, Place]:
    """Return labels with the voxel size of their image, so that they lie on it."""
    place = place_of(image)
    try:
        spacing, units = spacing_of(image)
    except LayerError:
        return value, place
    if (value.spacing, value.units) != (spacing, units):
        show_warning(
            f"{path} states a voxel size of {_size(value.spacing, value.units)}, the image "
            f"{image.name!r} has {_size(spacing, units)}; the labels lie on the image."
        )
    return replace(value, spacing=spacing, units=units), place


def _size(spacing: tuple[float, ...], units: str) -> str:
    return " x ".join(f"{size:g}" for size in spacing) + f" {units}"
