"""Islands: the connected parts that objects consist of."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks, growing
from napari_delineate.declaration import operation
from napari_delineate.types import (
    Labels,
    Points,
    Range,
    Size,
    Spacing,
    size_in_units,
    voxels,
)

__all__ = ["remove_small_islands", "split_islands", "select_islands"]


@operation
def remove_small_islands(
    labels: Labels,
    *,
    minimum: Annotated[Size, Range(0)] = voxels(10),
    spacing: Spacing = 1.0,
) -> Labels:
    """Remove the connected parts of objects that are smaller than a size.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    minimum : float or Voxels
        Smallest area (2D) or volume (3D) of a part that is kept, in the units of `spacing`
        squared or cubed; `voxels(n)` counts squares or cubes as wide as the finest voxel.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    kept_labels : ndarray of int32 or int64, same shape
        What is left of the objects, with their numbers.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If `minimum` is negative, or the image is empty.

    See Also
    --------
    filter_by_size : Looks at whole objects, whatever they consist of.

    Notes
    -----
    Pixels are connected over faces, edges and corners: 8 neighbours in 2D, 26 in 3D.

    References
    ----------
    .. [1] "Islands", remove small islands, of the Segment Editor of 3D Slicer,
           https://www.slicer.org

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> postprocessing.remove_small_islands(np.array([[3, 3, 0, 3, 0, 5]]), minimum=2)
    array([[3, 3, 0, 0, 0, 0]], dtype=int32)
    """
    islands, counts = _islands(labels)
    smallest = size_in_units(minimum, spacing) / np.prod(np.broadcast_to(spacing, labels.ndim))
    kept = counts * (1 + building_blocks.ROUNDING) >= smallest
    return np.where(kept[islands], labels, 0)


@operation
def split_islands(labels: Labels) -> Labels:
    """Make every connected part of an object an object of its own.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.

    Returns
    -------
    island_labels : ndarray of int32, same shape
        The parts, numbered from 1 in the order in which a scan meets them.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If the image is empty.

    See Also
    --------
    split_touching_objects : Splits what is connected.

    Notes
    -----
    Pixels are connected over faces, edges and corners: 8 neighbours in 2D, 26 in 3D. Objects
    with different numbers that touch stay apart.

    References
    ----------
    .. [1] "Islands", split islands to segments, of the Segment Editor of 3D Slicer,
           https://www.slicer.org

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> postprocessing.split_islands(np.array([[3, 3, 0, 3, 5]]))
    array([[1, 1, 0, 2, 3]], dtype=int32)
    """
    return _islands(labels)[0]


@operation
def select_islands(
    labels: Labels,
    points: Points,
    *,
    action: Literal["keep", "remove"] = "keep",
    spacing: Spacing = 1.0,
) -> Labels:
    """Keep or remove the connected parts of objects that points lie in.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    points : (N, 2) or (N, 3) ndarray
        Positions, in the units of `spacing`, in the order of the axes. Points in
        the background select nothing.
    action : {"keep", "remove"}
        Whether the parts with points stay, and all others go, or the other way round.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    kept_labels : ndarray of int32 or int64, same shape
        What is left of the objects, with their numbers.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If the points have another number of axes than the image or lie outside of it,
        or the image is empty.

    Notes
    -----
    Pixels are connected over faces, edges and corners: 8 neighbours in 2D, 26 in 3D.

    References
    ----------
    .. [1] "Islands", keep and remove selected island, of the Segment Editor of 3D Slicer,
           https://www.slicer.org

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> postprocessing.select_islands(np.array([[3, 3, 0, 3, 0, 5]]), [[0, 1], [0, 5]])
    array([[3, 3, 0, 0, 0, 5]], dtype=int32)
    """
    places = growing.pixels_at(points, spacing, labels.shape)
    islands, counts = _islands(labels)
    selected = np.zeros(len(counts), bool)
    selected[islands[places]] = True
    return np.where(selected[islands] == (action == "keep"), labels, 0)


def _islands(labels: NDArray[Any]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the connected parts of all objects, numbered, and their numbers of pixels.

    The part 0 is the background.
    """
    import cc3d
    import fastremap

    found = cc3d.connected_components(
        np.require(labels, requirements="W"), connectivity={2: 8, 3: 26}[labels.ndim]
    )
    islands = np.asarray(fastremap.renumber(found, in_place=True)[0], np.int32)
    return islands, np.bincount(islands.ravel())
