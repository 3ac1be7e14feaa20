"""Find which of the images at hand a workflow's inputs stand for."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_delineate import catalogue
from napari_delineate.axes import looped_axes, spatial_axes
from napari_delineate.names import to_identifier
from napari_delineate.steps import WorkflowInput
from napari_delineate.types import Kind

__all__ = ["Offer", "caution", "in_words", "match", "misfit", "same_file"]

_WORDS = {
    Kind.IMAGE: "an image",
    Kind.RGB: "an RGB image",
    Kind.MASK: "a mask",
    Kind.LABELS: "a label image",
    Kind.POINTS: "points",
    Kind.SHAPES: "shapes",
    Kind.SURFACE: "a surface",
    Kind.TABLE: "a table",
    Kind.SCORES: "scores",
    Kind.CORRECTIONS: "corrections made by hand",
    Kind.MODEL: "a model",
}

# For one input, each of these counts more than all below it together.
_FITS = 512.0
_SAME_CONTENT = 256.0
_SAME_FILE = 128.0
_SAME_NAME = 64.0
_SAME_KIND = 32.0
_SAME_AXES = 16.0
_SAME_SHAPE = 8.0
_SAME_UNITS = 4.0
_SAME_SPACING = 2.0
# Similar names count from 0 to 1.
_EARLIER = 1e-6


@dataclass(frozen=True)
class Offer:
    """Describe something that an input of a workflow may stand for.

    Attributes
    ----------
    name : str
        Its name, for instance that of a layer.
    kind : Kind
        What it is.
    axes : str or None
        Letters of its axes; None where they are not known.
    shape : tuple of int
        Its shape; empty for what is not on a grid.
    spacing : tuple of float
        Voxel size along the axes in space; empty where the axes are not known.
    source : str or None
        The file it was read from.
    units : str
        Unit of the spacing.
    version : str or None
        Fingerprint of its content, where it is known.
    """

    name: str
    kind: Kind
    axes: str | None
    shape: tuple[int, ...] = ()
    spacing: tuple[float, ...] = ()
    source: str | None = None
    units: str = "pixel"
    version: str | None = None


def match(wanted: Mapping[str, WorkflowInput], offered: Sequence[Offer]) -> dict[str, Offer | None]:
    """Return the offer that each input most likely stands for.

    As many inputs as possible get an offer. Among those that fit, the same content counts
    most, then the same file, name, kind, axes, a shape that the other inputs have too, the
    same units, the same voxel size, and similar names.

    Parameters
    ----------
    wanted : mapping of str to WorkflowInput
        The inputs of a workflow.
    offered : sequence of Offer
        What there is. Of equal ones, the earlier is taken.

    Returns
    -------
    dict of str to Offer or None
        An offer for every input, None where none is left that fits. Each is used once.

    Examples
    --------
    >>> image = WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0))
    >>> offers = [Offer("coins", Kind.IMAGE, "YX"), Offer("DAPI", Kind.IMAGE, "YX")]
    >>> match({"dapi": image}, offers)["dapi"].name
    'DAPI'
    """
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    if not wanted or not offered:
        return dict.fromkeys(wanted)
    scores = np.array(
        [
            [_score(name, value, offer) - _EARLIER * place for place, offer in enumerate(offered)]
            for name, value in wanted.items()
        ]
    )
    fits = scores > 0
    scores += _FITS * len(wanted) * fits  # one more input that has an offer outweighs all else
    # The inputs of a workflow mostly lie on one grid. Which one that is, is found by trying.
    shapes = [_shape_in_space(offer) for offer in offered]
    best: tuple[float, list[tuple[int, int]]] = (-1.0, [])
    for grid in dict.fromkeys(shapes):
        on_grid = np.array([bool(shape) and shape == grid for shape in shapes])
        total = np.where(fits, scores + _SAME_SHAPE * on_grid, 0)
        rows, columns = linear_sum_assignment(total, maximize=True)
        reached = float(total[rows, columns].sum())
        if reached > best[0] + _EARLIER / 10:
            best = reached, list(zip(rows.tolist(), columns.tolist(), strict=True))
    names = list(wanted)
    found: dict[str, Offer | None] = dict.fromkeys(names)
    for row, column in best[1]:
        if fits[row, column]:
            found[names[row]] = offered[column]
    return found


def misfit(name: str, wanted: WorkflowInput, offer: Offer) -> str:
    """Say why an offer can not be used for an input.

    Parameters
    ----------
    name : str
        Name of the input.
    wanted : WorkflowInput
        The input.
    offer : Offer
        What is offered.

    Returns
    -------
    str
        A sentence; empty if it can be used.

    Examples
    --------
    >>> image = WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0))
    >>> misfit("nuclei", image, Offer("coins", Kind.RGB, "YXS"))
    "'coins' is an RGB image, the input 'nuclei' takes an image; convert it with filters.rgb_to_gray"
    """  # noqa: E501
    if not catalogue.accepts(wanted.kind, offer.kind):
        sentence = (
            f"{offer.name!r} is {_WORDS[offer.kind]}, the input {name!r} takes "
            f"{_WORDS[wanted.kind]}"
        )
        found = catalogue.converter(offer.kind, wanted.kind)
        return sentence if found is None else f"{sentence}; convert it with {found.id}"
    if offer.axes is None:
        needed = wanted.axes.replace("S", "")
        has = len(offer.shape) - (offer.kind is Kind.RGB)
        if offer.shape and has != len(needed):
            return f"{offer.name!r} has {has} axes, the input {name!r} takes {needed}"
    elif offer.axes != wanted.axes:
        return f"{offer.name!r} has the axes {offer.axes}, the input {name!r} takes {wanted.axes}"
    return ""


def caution(wanted: WorkflowInput, offer: Offer) -> str:
    """Say what to keep in mind when an offer that fits is used for an input.

    Parameters
    ----------
    wanted : WorkflowInput
        The input.
    offer : Offer
        An offer that fits.

    Returns
    -------
    str
        A sentence; empty if there is nothing.

    Examples
    --------
    >>> image = WorkflowInput(Kind.IMAGE, "YX", (0.5, 0.5), "micrometer")
    >>> caution(image, Offer("coins", Kind.IMAGE, "YX", (9, 9), (1.0, 1.0)))
    "Lengths of this workflow are in micrometer, the voxel size of 'coins' is in pixel."
    """
    if offer.axes is None:
        return f"The axes of {offer.name!r} are taken as {', '.join(wanted.axes.replace('S', ''))}."
    if offer.units != wanted.units:
        return (
            f"Lengths of this workflow are in {wanted.units}, the voxel size of {offer.name!r} "
            f"is in {offer.units}."
        )
    return ""


def in_words(wanted: WorkflowInput) -> str:
    """Describe an input by its kind and axes.

    Parameters
    ----------
    wanted : WorkflowInput
        The input.

    Returns
    -------
    str
        A few words.

    Examples
    --------
    >>> in_words(WorkflowInput(Kind.LABELS, "TYX", (1.0, 1.0)))
    'a label image, 2D for each time (T, Y, X)'
    """
    if not spatial_axes(wanted.axes):
        return _WORDS[wanted.kind]
    words = {"T": "time", "C": "channel"}
    text = f"{_WORDS[wanted.kind]}, {'3D' if 'Z' in wanted.axes else '2D'}"
    loops = looped_axes(wanted.axes)
    if loops:
        text += f" for each {' and '.join(words.get(letter, letter) for letter in loops)}"
    return f"{text} ({', '.join(wanted.axes.replace('S', ''))})"


def same_file(first: str | None, second: str | None) -> bool:
    """Tell whether two paths name the same file; None names none.

    Examples
    --------
    >>> same_file("/data/a/../a.tif", "/data/a.tif")
    True
    """
    if first is None or second is None:
        return False
    return Path(first).absolute().resolve() == Path(second).absolute().resolve()


def _score(name: str, wanted: WorkflowInput, offer: Offer) -> float:
    """Return how well an offer suits an input: 0 if it does not fit."""
    if misfit(name, wanted, offer):
        return 0.0
    own = to_identifier(offer.name)
    score = 1 + difflib.SequenceMatcher(None, name, own, autojunk=False).ratio()
    score += _SAME_CONTENT * (wanted.version is not None and wanted.version == offer.version)
    score += _SAME_FILE * same_file(wanted.source, offer.source)
    score += _SAME_NAME * (name == own)
    score += _SAME_KIND * (wanted.kind == offer.kind)
    score += _SAME_AXES * (wanted.axes == offer.axes)
    score += _SAME_UNITS * (wanted.units == offer.units)
    return score + _SAME_SPACING * (wanted.spacing == offer.spacing)


def _shape_in_space(offer: Offer) -> tuple[int, ...]:
    """Return the shape along the axes in space, empty where it is not known."""
    if offer.axes is None or len(offer.axes) != len(offer.shape):
        return ()
    sizes = dict(zip(offer.axes, offer.shape, strict=True))
    return tuple(sizes[letter] for letter in spatial_axes(offer.axes))
