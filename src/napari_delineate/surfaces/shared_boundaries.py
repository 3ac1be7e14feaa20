"""Make smooth surfaces of touching objects that share their boundaries."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate import meshes
from napari_delineate.declaration import operation
from napari_delineate.types import Labels, Range, Spacing, Surface

__all__ = ["surface_nets"]

_STEP, _STEP_BACK = 0.5, 0.52
"""Shares of the way to the mean of the neighbours, as Taubin's lambda and mu."""


@operation
def surface_nets(
    labels: Labels, *, iterations: Annotated[int, Range(0, 1000)] = 20, spacing: Spacing = 1.0
) -> Surface:
    """Make smooth surfaces of all objects that fit together where objects touch.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background. A 2D image counts as one slice as thick as the
        finest voxel size.
    iterations : int
        Number of steps of smoothing, 0 to 1000.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    surface : Surface
        (vertices, faces, values): positions in physical units in the order (z, y, x),
        triangles with outward normals, and the label of each vertex. Each object is closed
        and has vertices of its own; where two touch, those of both lie at the same places.

    Raises
    ------
    TypeError, ValueError
        If the labels are not whole numbers from 0 up, or the image is empty.

    See Also
    --------
    labels_to_surface : Follows the voxels exactly; `smooth` then moves each object alone.

    Notes
    -----
    No vertex moves by more than half a voxel, so small and thin objects do not vanish.
    Vertices where three objects meet are smoothed along that line only.

    References
    ----------
    .. [1] Gibson, "Constrained elastic surface nets: generating smooth surfaces from binary
           segmented data", MICCAI (1998), 888-898, https://doi.org/10.1007/BFb0056277
    .. [2] Frisken, "SurfaceNets for multi-label segmentations with preservation of sharp
           boundaries", Journal of Computer Graphics Techniques 11 (2022), 34-54,
           https://jcgt.org/published/0011/01/03/
    .. [3] Taubin, "A signal processing approach to fair surface design", SIGGRAPH (1995),
           351-358, https://doi.org/10.1145/218380.218473, for steps back against shrinking

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> labels = np.zeros((10, 10, 16), int); labels[2:8, 2:8, 2:8] = 1
    >>> labels[2:8, 2:8, 8:14] = 2
    >>> surface = surfaces.surface_nets(labels)
    >>> one, two = (surface.vertices[surface.values == number] for number in (1, 2))
    >>> len(set(map(tuple, one)) & set(map(tuple, two)))  # places that both have
    49
    """
    import fastremap

    per_axis = np.atleast_1d(np.asarray(spacing, float))
    is_flat = labels.ndim == 2
    if is_flat:
        labels, per_axis = labels[np.newaxis], np.append(per_axis.min(), per_axis)
    small, numbers = fastremap.renumber(np.pad(labels, 1))
    known = np.zeros(len(numbers) + 1, labels.dtype)
    for old, new in numbers.items():
        known[new] = old
    cells, kinds = _cells(small)
    quads, sides = _quads(small, cells)
    if not len(quads):
        return Surface(np.zeros((0, 3)), np.zeros((0, 3), np.int64), np.zeros(0, labels.dtype))
    places = np.asarray(np.argwhere(cells >= 0) - 0.5, np.float64)
    vertices = _relaxed(places, quads, kinds, iterations, is_flat) * per_axis
    faces = _triangles(vertices, quads)
    # A face belongs to the object below it, and turned round to the one above it.
    owners = np.concatenate([known[sides[:, 0]], known[sides[:, 1]]]).repeat(2)
    faces = np.concatenate([faces, faces[:, ::-1]])[owners > 0]
    owners = owners[owners > 0]
    order = np.argsort(owners, kind="stable")
    faces, owners = faces[order], owners[order]
    _, rank = np.unique(owners, return_inverse=True)
    keys, corners = np.unique(rank.reshape(-1, 1) * len(vertices) + faces, return_inverse=True)
    owner_of = np.unique(owners)[keys // len(vertices)]
    surface = Surface(
        vertices[keys % len(vertices)], corners.reshape(-1, 3).astype(np.int64), owner_of
    )
    return meshes.without_pinches(surface)


def _cells(labels: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give cells between eight voxels that differ numbers; return how many labels meet there.

    The cells are -1 where all voxels are equal.
    """
    cut = [slice(None, -1), slice(1, None)]
    eight = [labels[a, b, c] for a in cut for b in cut for c in cut]
    differs = np.zeros(eight[0].shape, bool)
    for other in eight[1:]:
        differs |= other != eight[0]
    cells = np.full(differs.shape, -1, np.int64)
    cells[differs] = np.arange(int(differs.sum()))
    around = np.sort(np.stack([one[differs] for one in eight], axis=1), axis=1)
    return cells, 1 + (np.diff(around, axis=1) != 0).sum(axis=1)


def _quads(
    labels: NDArray[Any], cells: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return four cells around each side between voxels that differ, and the labels there."""
    quads, sides = [], []
    for axis in range(3):
        low, high = (
            np.take(labels, range(cut, labels.shape[axis] - 1 + cut), axis) for cut in (0, 1)
        )
        at = np.argwhere(low != high)
        sides.append(np.stack([low[tuple(at.T)], high[tuple(at.T)]], axis=1))
        second, third = (axis + 1) % 3, (axis + 2) % 3
        corners = []
        for one, two in ((1, 1), (0, 1), (0, 0), (1, 0)):
            place = at.copy()
            place[:, second] -= one
            place[:, third] -= two
            corners.append(cells[tuple(place.T)])
        quads.append(np.stack(corners, axis=1))
    return np.concatenate(quads), np.concatenate(sides)


def _relaxed(
    places: NDArray[np.float64],
    quads: NDArray[np.int64],
    kinds: NDArray[np.int64],
    iterations: int,
    is_flat: bool,
) -> NDArray[np.float64]:
    """Move vertices towards their neighbours, within their cells."""
    from scipy.sparse import coo_array

    size = len(places)
    pairs = np.stack([quads, np.roll(quads, -1, axis=1)], axis=-1).reshape(-1, 2)
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    pairs = np.concatenate([pairs, pairs[:, ::-1]])
    # Where several objects meet, only neighbours where as many meet count.
    pairs = pairs[kinds[pairs[:, 1]] >= kinds[pairs[:, 0]]]
    counts = np.bincount(pairs[:, 0], minlength=size)
    pairs = pairs[counts[pairs[:, 0]] >= 2]  # the ends of such a line stay
    counts = np.bincount(pairs[:, 0], minlength=size)
    weights = 1 / counts[pairs[:, 0]]
    mean = coo_array((weights, tuple(pairs.T)), shape=(size, size)).tocsr()
    moves = counts > 0
    moved = places.copy()
    first = 1 if is_flat else 0
    for _ in range(iterations):
        # A step back, a little longer, keeps round objects from shrinking.
        for factor in (_STEP, -_STEP_BACK):
            step = factor * (mean @ moved - moved)[moves]
            wanted = moved[moves]
            wanted[:, first:] += step[:, first:]
            moved[moves] = np.clip(wanted, places[moves] - 0.5, places[moves] + 0.5)
    return moved


def _triangles(vertices: NDArray[np.float64], quads: NDArray[np.int64]) -> NDArray[np.int64]:
    """Split each quad along its shorter diagonal, into two triangles one after the other."""
    a, b, c, d = (vertices[quads[:, corner]] for corner in range(4))
    shorter = np.linalg.norm(a - c, axis=1) <= np.linalg.norm(b - d, axis=1)
    split = np.where(
        shorter[:, np.newaxis], quads[:, [0, 1, 2, 0, 2, 3]], quads[:, [0, 1, 3, 1, 2, 3]]
    )
    return split.reshape(-1, 3)
