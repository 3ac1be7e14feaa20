"""Make smooth surfaces of touching objects that share their boundaries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray

from napari_delineate import meshes
from napari_delineate.declaration import operation
from napari_delineate.types import Labels, Range, Spacing, Surface

if TYPE_CHECKING:
    from napari_delineate.kernels.nets import Net

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

    from napari_delineate.kernels.layers import rows_of
    from napari_delineate.kernels.nets import split, weave

    per_axis = np.atleast_1d(np.asarray(spacing, float))
    is_flat = labels.ndim == 2
    if is_flat:
        labels, per_axis = labels[np.newaxis], np.append(per_axis.min(), per_axis)
    known = fastremap.unique(labels)
    known = known[known > 0]
    rows = rows_of(known)
    net = weave(labels, known)
    cells = _relaxed(net, iterations, is_flat) * per_axis
    # Each object has a vertex of its own in each of its cells.
    vertices = np.empty((len(net.vertices), 3))
    vertices[net.vertices] = np.repeat(cells, np.diff(net.starts), axis=0)
    values = np.repeat(known, np.bincount(net.labels, minlength=rows.max(initial=0) + 1)[rows])
    counts = 2 * np.bincount(net.sides.ravel(), minlength=rows.max(initial=0) + 1)
    counts[0] = 0
    faces = np.empty((int(counts.sum()), 3), np.int64)
    starts = np.cumsum(counts) - counts
    split(cells, net.squares, net.sides, net.starts, net.labels, net.vertices, starts, faces)
    return meshes.without_pinches(Surface(vertices, faces, values))


def _relaxed(net: Net, iterations: int, is_flat: bool) -> NDArray[np.float64]:
    """Move vertices towards their neighbours, within their cells."""
    from napari_delineate.kernels.edges import find_edges, neighbours
    from napari_delineate.kernels.nets import relax

    starts, found = neighbours(find_edges(net.squares)[0], len(net.places))
    moved, spare = net.places.copy(), np.empty_like(net.places)
    for _ in range(iterations):
        # A step back, a little longer, keeps round objects from shrinking.
        for factor in (_STEP, -_STEP_BACK):
            relax(moved, net.places, starts, found, net.kinds, factor, int(is_flat), spare)
            moved, spare = spare, moved
    return moved
