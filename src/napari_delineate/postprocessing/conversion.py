"""Turn labels into masks, points and shapes, and points and shapes into labels."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks, object_numbers, places
from napari_delineate.arrays import label_dtype, stack_paths
from napari_delineate.declaration import operation
from napari_delineate.postprocessing import each_object
from napari_delineate.types import (
    Image,
    Labels,
    Length,
    Mask,
    Points,
    Range,
    Shapes,
    Spacing,
    length_in_units,
    voxels,
)

__all__ = [
    "labels_to_mask",
    "labels_to_points",
    "points_to_labels",
    "labels_to_shapes",
    "shapes_to_labels",
]


@operation(locality=lambda *, spacing: (0,) * len(spacing), opencl=True)
def labels_to_mask(labels: Labels) -> Mask:
    """Make one mask of all objects.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.

    Returns
    -------
    mask : ndarray of bool, same shape
        True in objects.

    Raises
    ------
    TypeError, ValueError
        If the labels are not whole numbers from 0 up, or the image is empty.

    See Also
    --------
    separate_touching : Keeps objects that touch apart in the mask, when run before.

    References
    ----------
    .. [1] Stirling et al., "CellProfiler 4: improvements in speed, utility and usability",
           BMC Bioinformatics 22 (2021), 433, module ConvertObjectsToImage,
           https://doi.org/10.1186/s12859-021-04344-9

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> postprocessing.labels_to_mask(np.array([[0, 3, 7]]))
    array([[False,  True,  True]])
    """
    return np.asarray(labels > 0)


@operation(opencl=True)
def labels_to_points(labels: Labels, *, spacing: Spacing = 1.0) -> Points:
    """Put a point at the centre of every object.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    points : (N, D) ndarray of float
        Centroids in physical units, in the order of the axes and of the objects' numbers.

    Raises
    ------
    TypeError, ValueError
        If the labels are not whole numbers from 0 up, or the image is empty.

    Notes
    -----
    The centre of an object that is bent can lie outside of it.

    The OpenCL version adds positions in float32: it agrees to about 1e-5 of the size of the
    image.

    References
    ----------
    .. [1] `skimage.measure.regionprops`, centroid; computed by connected-components-3d.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> postprocessing.labels_to_points(np.array([[7, 7, 7, 2]]), spacing=0.5)
    array([[0. , 1.5],
           [0. , 0.5]])
    """
    import cc3d

    numbers, _ = object_numbers.count_pixels(labels)
    numbers = numbers[numbers > 0]
    ranks = object_numbers.renumber(labels, numbers, np.arange(1, 1 + len(numbers)))
    centres = cc3d.statistics(ranks.view(np.uint32))["centroids"][1 : 1 + len(numbers)]
    return np.asarray(centres * np.broadcast_to(spacing, labels.ndim), np.float64)


@operation
def points_to_labels(
    points: Points,
    image: Image,
    *,
    radius: Annotated[Length, Range(0)] = voxels(3),
    spacing: Spacing = 1.0,
) -> Labels:
    """Draw a disc (in 3D a ball) around every point, on the grid of an image.

    Parameters
    ----------
    points : (N, D) ndarray of float
        Positions in physical units, in the order of the axes.
    image : (Y, X) or (Z, Y, X) ndarray
        An image of the shape that the labels get; its intensities do not matter.
    radius : float or Voxels
        Radius of the discs or balls, in the units of `spacing` or as `voxels(n)`; 0 marks
        the pixel that the point lies on.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    point_labels : ndarray of int32, same shape as the image
        The first point has number 1, the second 2, and so on. Where discs overlap, a pixel
        belongs to the nearest point. Points outside of the image are left out; of points
        on one pixel the first is kept.

    Raises
    ------
    ValueError
        If `radius` is negative, the points have another number of coordinates than the
        image has axes, or the image is empty or holds NaN or infinity.

    Notes
    -----
    Discs are centred on the pixel that the point lies on.

    References
    ----------
    .. [1] `skimage.segmentation.expand_labels`, whose results these are on single pixels.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> points, image = np.array([[0, 1], [0, 5]]), np.zeros((1, 7))
    >>> postprocessing.points_to_labels(points, image, radius=1)
    array([[1, 1, 1, 0, 2, 2, 2]], dtype=int32)
    """
    seeds = np.zeros(image.shape, np.int32)
    pixels, which = places.pixels_of(points, image.shape, spacing)
    _, first = np.unique(pixels, axis=0, return_index=True)
    seeds[tuple(pixels[first].T)] = 1 + which[first]
    return building_blocks.expanded(seeds, length_in_units(radius, spacing), spacing)


@operation
def labels_to_shapes(labels: Labels, *, spacing: Spacing = 1.0) -> Shapes:
    """Draw a polygon around every object, in stacks around its section in every slice.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    polygons : (N, V, D) ndarray of float
        Vertices in physical units, in the order of the axes; polygons end where they begin,
        and those with fewer vertices repeat their last one. They are sorted by the numbers
        of the objects, then by slice.

    Raises
    ------
    TypeError, ValueError
        If the labels are not whole numbers from 0 up, or the image is empty.

    Notes
    -----
    The lines run halfway between the centres of object and background pixels, and close
    objects at the border of the image. An object in several parts has several polygons;
    holes are not drawn.

    References
    ----------
    .. [1] Lorensen and Cline, "Marching cubes: a high resolution 3D surface construction
           algorithm", SIGGRAPH Computer Graphics 21 (1987), 163-169,
           https://doi.org/10.1145/37402.37422; in 2D, computed by
           `skimage.measure.find_contours`.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> polygons = postprocessing.labels_to_shapes(np.array([[0, 0, 0], [0, 4, 0], [0, 0, 0]]))
    >>> polygons.shape, polygons[0, 0]
    ((1, 5, 2), array([1.5, 1. ]))
    """
    per_axis = np.broadcast_to(spacing, labels.ndim)
    polygons: list[NDArray[Any]] = []
    for number, box in each_object.boxes(labels):
        inside = labels[box] == number
        corner = np.array([side.start for side in box], float)
        if labels.ndim == 2:
            polygons += [(path + corner) * per_axis for path in _outer_contours(inside)]
            continue
        for depth, section in enumerate(inside):
            for path in _outer_contours(section):
                at = np.column_stack([np.full(len(path), float(depth)), path])
                polygons.append((at + corner) * per_axis)
    return stack_paths(polygons, labels.ndim)


def _outer_contours(mask: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """Return the outlines of the parts of a 2D mask without those of holes."""
    from skimage.measure import find_contours

    paths = find_contours(np.pad(mask, 1).astype(float), 0.5, fully_connected="high")
    outer = []
    for path in paths:
        path = path - 1
        rows, columns = path.T
        area = rows[:-1] @ columns[1:] - columns[:-1] @ rows[1:]
        if area < 0:  # holes run the other way round
            outer.append(path)
    return outer


@operation
def shapes_to_labels(polygons: Shapes, image: Image, *, spacing: Spacing = 1.0) -> Labels:
    """Fill polygons on the grid of an image.

    Parameters
    ----------
    polygons : (N, V, D) ndarray of float
        Vertices in physical units, in the order of the axes; polygons with fewer vertices
        repeat their last one. In a stack, a polygon fills the slice that it is drawn in;
        given without it, as (y, x), all slices.
    image : (Y, X) or (Z, Y, X) ndarray
        An image of the shape that the labels get; its intensities do not matter.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    polygon_labels : ndarray of int32, same shape as the image
        The first polygon has number 1, the second 2, and so on; later ones lie on top. A
        pixel belongs to a polygon that its centre lies in.

    Raises
    ------
    ValueError
        If the polygons have another number of coordinates than the image has axes, one is
        not drawn in a single slice, or the image is empty or holds NaN or infinity.

    References
    ----------
    .. [1] `skimage.draw.polygon`, which fills them.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> square = np.array([[[0.5, 0.5], [0.5, 2.5], [2.5, 2.5], [2.5, 0.5]]])
    >>> postprocessing.shapes_to_labels(square, np.zeros((4, 4)))
    array([[0, 0, 0, 0],
           [0, 1, 1, 0],
           [0, 1, 1, 0],
           [0, 0, 0, 0]], dtype=int32)
    """
    from skimage.draw import polygon as filled_polygon

    places.check_axes(polygons, "polygons", {2, image.ndim})
    result = np.zeros(image.shape, label_dtype(len(polygons)))
    per_axis = np.broadcast_to(spacing, image.ndim)
    for number, path in enumerate(polygons, 1):
        rows, columns = (path[:, -2:] / per_axis[-2:]).T
        inside = filled_polygon(rows, columns, image.shape[-2:])
        if path.shape[1] == 2:
            result[(..., *inside)] = number
            continue
        depths = np.unique(np.floor(path[:, 0] / per_axis[0] + 0.5))
        if len(depths) > 1:
            raise ValueError(
                f"polygons must be drawn in one slice each, number {number} reaches from slice "
                f"{depths[0]:g} to {depths[-1]:g}"
            )
        if 0 <= depths[0] < len(result):
            result[int(depths[0])][inside] = number
    return result
