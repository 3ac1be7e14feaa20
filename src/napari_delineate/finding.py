"""Find operations by words: those of their title, their name and all that is said of them."""

from __future__ import annotations

import functools
import inspect
import re

from napari_delineate.catalogue import Operation, operations

__all__ = ["search"]

_WORD = re.compile(r"\w+")
_ASIDE = re.compile(r"\n(?:References|Examples)\n-+\n.*", re.DOTALL)
"""Parts of a docstring that name other things than what the operation does."""


def search(text: str) -> tuple[Operation, ...]:
    """Return the operations that have all of some words.

    Parameters
    ----------
    text : str
        Words or their beginnings, in any case; found in the title, the name, the summary, and
        in what the docstring says otherwise.

    Returns
    -------
    tuple of Operation
        Those with the words in the title come first, then those with them in the id, in the
        summary, and elsewhere; equal ones in menu order.

    Examples
    --------
    >>> [operation.id for operation in search("otsu labeling")][:2]
    ['segmentation.gauss_otsu_labeling', 'segmentation.voronoi_otsu_labeling']
    """
    words = _words(text)
    ranked = [(_rank(words, operation), operation) for operation in operations()]
    found = [(rank, operation) for rank, operation in ranked if rank is not None]
    return tuple(operation for _, operation in sorted(found, key=lambda one: one[0]))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower().replace("_", " "))


def _rank(words: list[str], operation: Operation) -> tuple[int, int] | None:
    """Return where the words stand, best first; None if one is missing."""
    places = []
    for word in words:
        where = (
            place
            for place, known in enumerate(_texts(operation))
            if any(one.startswith(word) for one in known)
        )
        place = next(where, None)
        if place is None:
            return None
        places.append(place)
    # What is called just so stands before what only begins so.
    exact = set(_words(operation.title)).issuperset(words)
    return max(places, default=0), int(not exact)


@functools.cache
def _texts(operation: Operation) -> tuple[frozenset[str], ...]:
    """Return the words of an operation, where they count most first."""
    said = _ASIDE.sub("", inspect.cleandoc(operation.function.__doc__ or ""))
    rest = f"{operation.category.title} {operation.category.summary} {said}"
    texts = (operation.title, operation.id, operation.summary, rest)
    return tuple(frozenset(_words(one.replace(".", " "))) for one in texts)
