"""Turn objects into polygons along the edges of their pixels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Outline", "Polygon", "outlines_of", "planes_of"]

Polygon = list[NDArray[Any]]
"""The outer ring and then those of holes: corners as (x, y), the first not repeated."""


class Outline(NamedTuple):
    """Hold what one object is in one plane."""

    number: int
    polygons: list[Polygon]


def planes_of(labels: NDArray[Any]) -> Iterator[tuple[tuple[int, ...], NDArray[Any]]]:
    """Yield each (Y, X) plane of labels, with its index along the axes before."""
    for index in np.ndindex(labels.shape[:-2]):
        yield index, labels[index]


def outlines_of(plane: NDArray[Any]) -> list[Outline]:
    """Return the outlines of all objects.

    Parameters
    ----------
    plane : (Y, X) ndarray of int
        Numbered objects.

    Returns
    -------
    list of Outline
        The objects by number; parts that touch over corners only are polygons of their
        own. Coordinates are those of ImageJ and QuPath: pixel (0, 0) goes from 0 to 1.

    Examples
    --------
    >>> (only,) = outlines_of(np.array([[0, 0, 0], [0, 4, 4]]))
    >>> only.number, only.polygons[0][0].tolist()
    (4, [[1, 1], [3, 1], [3, 2], [1, 2]])
    """
    import cc3d

    from napari_delineate.kernels.pixel_rings import trace_rings

    if not plane.any():
        return []
    plane = np.ascontiguousarray(plane)
    parts = cc3d.connected_components(plane, connectivity=4, out_dtype=np.uint32)
    corners, ends, pixels = trace_rings(np.ascontiguousarray(parts))
    starts = np.append(0, ends[:-1])
    x, y = corners.T
    following = np.arange(1, len(corners) + 1)
    following[ends - 1] = starts
    areas = np.add.reduceat(x * y[following] - x[following] * y, starts)
    owners, numbers = parts.reshape(-1)[pixels], plane.reshape(-1)[pixels]
    order = np.lexsort((areas < 0, owners, numbers))
    outlines: list[Outline] = []
    previous = -1
    rows = zip(
        numbers[order].tolist(),
        owners[order].tolist(),
        starts[order].tolist(),
        ends[order].tolist(),
        strict=True,
    )
    for number, part, start, end in rows:
        ring = corners[start:end]
        if part == previous:
            outlines[-1].polygons[-1].append(ring)
        elif outlines and outlines[-1].number == number:
            outlines[-1].polygons.append([ring])
        else:
            outlines.append(Outline(number, [[ring]]))
        previous = part
    return outlines
