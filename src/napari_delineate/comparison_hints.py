"""Say what a person should know of the scores of labels: that they are a mask, or a movie."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_delineate.axes import looped_axes
from napari_delineate.building_blocks import connected_components
from napari_delineate.values import Value

__all__ = ["annotated_frames", "mask_hint", "movie_hint"]


def annotated_frames(reference: Value) -> NDArray[np.bool_]:
    """Tell for each image of a movie whether anything is annotated in it.

    Parameters
    ----------
    reference : Value
        What is right.

    Returns
    -------
    ndarray of bool
        An entry for each place along the axes that are looped, in their order.

    Examples
    --------
    >>> from napari_delineate.types import Kind
    >>> annotated_frames(Value.of(np.array([[[0, 0]], [[0, 4]]]), Kind.LABELS, "TYX")).tolist()
    [False, True]
    """
    loops = looped_axes(reference.axes)
    space = tuple(place for place, letter in enumerate(reference.axes) if letter not in loops)
    return np.asarray(np.asarray(reference.data).any(axis=space))


def movie_hint(reference: Value, *, is_dense: bool) -> str:
    """Say over how many images of a movie scores are means; empty for one image.

    Parameters
    ----------
    reference : Value
        What is right.
    is_dense : bool
        Whether an image without annotation is known to be empty; else it is left out.

    Examples
    --------
    >>> from napari_delineate.types import Kind
    >>> movie_hint(Value.of(np.ones((5, 3, 4), int), Kind.LABELS, "TYX"), is_dense=True)
    'Scores are means over 5 images (T).'
    """
    loops = ", ".join(looped_axes(reference.axes))
    if not loops:
        return ""
    known = annotated_frames(reference)
    number = int(np.count_nonzero(known))
    if is_dense or number == known.size:
        return f"Scores are means over {known.size} images ({loops})."
    return (
        f"Scores are means over {number} of {known.size} images ({loops}), because the others have "
        "no annotation."
    )


def mask_hint(name: str, labels: Value) -> str:
    """Say that labels are likely a mask; empty if they are not.

    Parameters
    ----------
    name : str
        What the labels are called.
    labels : Value
        Labelled objects.

    Returns
    -------
    str
        A sentence if there is one number only, and several things in an image that have it.

    Examples
    --------
    >>> from napari_delineate.types import Kind
    >>> mask_hint("The annotation", Value.of(np.array([[255, 0, 255]]), Kind.LABELS))[:54]
    'The annotation has one object in 2 parts that lie apar'
    >>> mask_hint("The annotation", Value.of(np.array([[1, 0, 2]]), Kind.LABELS))
    ''
    """
    data = np.asarray(labels.data)
    inside = data > 0
    is_movie = bool(looped_axes(labels.axes))  # an object that moves is one in all images
    if is_movie or not inside.any() or not np.array_equal(inside, data == data.max()):
        return ""
    parts = int(connected_components(inside, "full").max())
    if parts < 2:
        return ""
    return (
        f"{name} has one object in {parts} parts that lie apart. If it is a mask, label connected "
        "components first: scores of objects need a number for each."
    )
