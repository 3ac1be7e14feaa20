"""Find the least distance of two parallel planes that hold a convex body between them."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

__all__ = ["width_between_edges"]


@numba.njit(cache=True, nogil=True)
def width_between_edges(points: Any, directions: Any, first: Any, second: Any) -> float:
    """Return the least distance of planes that touch a convex polyhedron in two edges.

    Parameters
    ----------
    points, directions : (E, 3) ndarray of float64
        A point on each edge, and its unit vector.
    first, second : (E, 3) ndarray of float64
        The outward normals of the two sides of each edge.

    Returns
    -------
    float
        The distance; infinite where no two edges lie opposite each other.

    Notes
    -----
    Planes that touch the body in an edge have normals on the arc between those of its sides.
    Two edges lie opposite each other where the arc of one crosses that of the other, turned
    round.
    """
    least = np.inf
    for i in range(len(points)):
        a, b, e = first[i], second[i], directions[i]
        for j in range(i):
            c, d, f = first[j], second[j], directions[j]
            # Each arc has its ends on both sides of the plane of the other.
            if _dot(e, c) * _dot(e, d) >= 0 or _dot(f, a) * _dot(f, b) >= 0:
                continue
            z = e[1] * f[2] - e[2] * f[1]
            y = e[2] * f[0] - e[0] * f[2]
            x = e[0] * f[1] - e[1] * f[0]
            # Where the planes meet, it is in the middle of both arcs, not across the sphere.
            here = z * (a[0] + b[0]) + y * (a[1] + b[1]) + x * (a[2] + b[2])
            there = z * (c[0] + d[0]) + y * (c[1] + d[1]) + x * (c[2] + d[2])
            if here * there >= 0:
                continue
            apart = points[i] - points[j]
            length = np.sqrt(z * z + y * y + x * x)
            least = min(least, abs(z * apart[0] + y * apart[1] + x * apart[2]) / length)
    return least


@numba.njit(cache=True, nogil=True, inline="always")
def _dot(one: Any, other: Any) -> float:
    return float(one[0] * other[0] + one[1] * other[1] + one[2] * other[2])
