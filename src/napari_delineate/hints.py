"""Say which operations may come next."""

from __future__ import annotations

from napari_delineate import catalogue
from napari_delineate.catalogue import Operation
from napari_delineate.types import Kind

__all__ = ["next_operations"]


def next_operations(kind: Kind, after: str | None = None, count: int = 5) -> tuple[Operation, ...]:
    """Return operations that may follow: one of each package, then of more categories.

    Parameters
    ----------
    kind : Kind
        Kind of the value that they are to work on.
    after : str, optional
        Id of the operation that gave the value: its category is left out.
    count : int
        How many at most.

    Returns
    -------
    tuple of Operation
        Those made for values of this kind, before those that only accept them; what needs
        nothing else before what does.

    Examples
    --------
    >>> [operation.id for operation in next_operations(Kind.MASK)][:1]
    ['segmentation.label_connected_components']
    """
    left = None if after is None else catalogue.find(after).category
    fitting = sorted(catalogue.next_steps(kind), key=lambda one: _distance(one, kind))
    of_package: dict[str, Operation] = {}
    of_category: dict[str, Operation] = {}
    for operation in fitting:
        if operation.category != left:
            of_package.setdefault(operation.package, operation)
            of_category.setdefault(operation.category.id, operation)
    return tuple(dict.fromkeys((*of_package.values(), *of_category.values())))[:count]


def _distance(operation: Operation, kind: Kind) -> tuple[bool, bool, int]:
    needed = [one for one in operation.inputs if not one.optional]
    # Whoever has objects rarely goes back to images.
    goes_back = kind not in (Kind.IMAGE, Kind.RGB) and operation.outputs[0].kind is Kind.IMAGE
    return goes_back, operation.inputs[0].kind != kind, len(needed)
