"""Tell which operations fit the kinds of value there are, and what the others need."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable

from napari_delineate.catalogue import PACKAGES, Operation, accepts, operations
from napari_delineate.types import Kind

__all__ = ["fits", "say_needs"]

_WORDS = {
    Kind.IMAGE: ("an image", "open one"),
    Kind.RGB: ("a colour image", "open one"),
    Kind.MASK: ("a mask", "make one with"),
    Kind.LABELS: ("labels", "make them with"),
    Kind.POINTS: ("points", "make them with"),
    Kind.SHAPES: ("shapes", "draw them in a shapes layer"),
    Kind.SURFACE: ("a surface", "make one with"),
    Kind.TABLE: ("a table", "make one with"),
    Kind.SCORES: ("scores", "make them with"),
    Kind.CORRECTIONS: ("corrections", "paint on labels that a step made"),
    Kind.MODEL: ("a model", "make one with"),
}
"""For each kind what it is called, and how one comes by it."""


def fits(operation: Operation, kinds: Collection[Kind]) -> bool:
    """Tell whether an operation works on a value of one of some kinds.

    Parameters
    ----------
    operation : Operation
        The operation.
    kinds : collection of Kind
        The kinds there are.

    Returns
    -------
    bool
        Whether its first input takes one of them.

    Examples
    --------
    >>> from napari_delineate.catalogue import find
    >>> fits(find("filters.gaussian"), {Kind.IMAGE}), fits(find("filters.gaussian"), {Kind.TABLE})
    (True, False)
    """
    return any(accepts(operation.inputs[0].kind, kind) for kind in kinds)


def say_needs(wanting: Iterable[Operation]) -> str:
    """Say what operations work on, and how one comes by it.

    Parameters
    ----------
    wanting : iterable of Operation
        Operations, for instance of one category.

    Returns
    -------
    str
        One line.

    Examples
    --------
    >>> from napari_delineate.catalogue import find
    >>> say_needs([find("postprocessing.clear_border")])
    'Needs labels: make them with Segmentation'
    >>> say_needs([find("surfaces.smooth")])
    'Needs a surface: make one with Labels to surface'
    """
    wanting = tuple(wanting)
    kinds = list(dict.fromkeys(operation.inputs[0].kind for operation in wanting))
    # An image is the easiest to come by, so that is what the advice is about.
    kinds.sort(key=lambda kind: kind not in (Kind.IMAGE, Kind.RGB))
    words = " or ".join(_WORDS[kind][0] for kind in kinds)
    how = _WORDS[kinds[0]][1]
    if how.endswith(" with"):
        maker = _first_maker(kinds[0])
        if maker is None:
            return f"Needs {words}"
        inside = any(operation.package == maker.package for operation in wanting)
        how = f"{how} {maker.title if inside else PACKAGES[maker.package]}"
    return f"Needs {words}: {how}"


@functools.cache
def _first_maker(kind: Kind) -> Operation | None:
    """Return the first operation that gives a kind without needing it."""
    for operation in operations():
        # The signature is enough: reading hundreds of docstrings would delay the first tiles.
        gives = {output.kind for output in operation.signature.outputs}
        needs = {entry.kind for entry in operation.inputs if not entry.optional}
        if kind in gives - needs:
            return operation
    return None
