"""Keep some objects and remove the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from napari_delineate import balls, building_blocks, object_numbers
from napari_delineate.declaration import operation
from napari_delineate.gates import in_range
from napari_delineate.measurements.objects import MEASUREMENTS
from napari_delineate.types import (
    Image,
    Labels,
    Length,
    Mask,
    Range,
    Size,
    Spacing,
    length_in_units,
    length_per_axis,
    size_in_units,
    voxels,
)

__all__ = [
    "clear_border",
    "filter_by_size",
    "filter_by_measurement",
    "filter_by_overlap",
    "keep_largest_objects",
    "keep_largest_parts",
]

# Which measurements there are is declared where they are made.
if TYPE_CHECKING:
    Measurement: TypeAlias = str
else:
    Measurement = Literal[MEASUREMENTS]


@operation(version=2, opencl=True)
def clear_border(
    labels: Labels,
    mask: Mask | None = None,
    *,
    buffer: Annotated[Length, Range(0)] = voxels(0),
    top: bool = True,
    bottom: bool = True,
    left: bool = True,
    right: bool = True,
    first_slice: bool = True,
    last_slice: bool = True,
    spacing: Spacing = 1.0,
) -> Labels:
    """Remove objects that touch the border of the image, on all sides or some.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    mask : ndarray of bool, same shape, optional
        The part of the image that counts, such as a tissue or an embryo: objects that
        reach out of it are removed as well.
    buffer : float or Voxels
        Width of a margin: objects that lie within this distance of the outermost pixels,
        or of the outside of the mask, are removed too. In the units of `spacing` or as
        `voxels(n)`.
    top, bottom : bool
        Whether the first and the last row count as border.
    left, right : bool
        Whether the first and the last column count as border.
    first_slice, last_slice : bool
        Whether the first and the last slice of a stack count as border.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    inner_labels : ndarray of int32 or int64, same shape
        The objects that lie wholly inside, with their numbers.

    Raises
    ------
    TypeError, ValueError
        If the labels are not whole numbers from 0 up, `buffer` is negative, or the image
        is empty.

    Notes
    -----
    An axis of one pixel has no border: a single slice of a stack is treated as 2D. An
    object in several parts is removed as a whole when one of them touches the border.
    Objects are counted without bias when two sides that meet, such as right and bottom,
    are cleared and the others are not [2]_.

    OpenCL devices clear both ends of axes without mask and buffer; all else is computed on
    the processor.

    References
    ----------
    .. [1] `skimage.segmentation.clear_border`, whose results these are for objects that
           are connected.
    .. [2] Gundersen, "Notes on the estimation of the numerical density of arbitrary
           profiles: the edge effect", Journal of Microscopy 111 (1977), 219-223.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> postprocessing.clear_border(np.array([[1, 0, 0], [0, 2, 0], [0, 0, 0]]))
    array([[0, 0, 0],
           [0, 2, 0],
           [0, 0, 0]], dtype=int32)
    """
    sides = [(first_slice, last_slice), (top, bottom), (left, right)][-labels.ndim :]
    margin = [
        1 + int(entry * (1 + building_blocks.ROUNDING) + building_blocks.ROUNDING)
        for entry in length_per_axis(buffer, spacing)
    ]
    removed: list[NDArray[Any]] = []
    for axis, (at_start, at_end) in enumerate(sides):
        if labels.shape[axis] == 1:
            continue
        lines = np.moveaxis(labels, axis, 0)
        for counts, part in ((at_start, lines[: margin[axis]]), (at_end, lines[-margin[axis] :])):
            if counts:
                removed.append(object_numbers.count_pixels(np.ascontiguousarray(part))[0])
    if mask is not None:
        outside = balls.dilated(~mask, length_in_units(buffer, spacing), spacing)
        removed.append(np.unique(labels[outside]))
    numbers, _ = object_numbers.count_pixels(labels)
    kept = np.setdiff1d(numbers, np.concatenate([*removed, np.zeros(1, labels.dtype)]))
    return object_numbers.keep(labels, kept)


@operation(opencl=True)
def filter_by_size(
    labels: Labels,
    *,
    minimum: Annotated[Size, Range(0)] = voxels(0),
    maximum: Annotated[Size, Range(0)] | None = None,
    spacing: Spacing = 1.0,
) -> Labels:
    """Keep objects whose area or volume lies between two limits.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    minimum : float or Voxels
        Smallest area (2D) or volume (3D) kept, in the units of `spacing` squared or
        cubed; `voxels(n)` counts squares or cubes as wide as the finest voxel size.
    maximum : float, Voxels or None
        Largest area or volume kept; None for no limit.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    kept_labels : ndarray of int32 or int64, same shape
        The objects kept, with their numbers.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If a limit is negative or `maximum` is below `minimum`, or the image is empty.

    References
    ----------
    .. [1] `skimage.morphology.remove_small_objects`, with an upper limit and units.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> postprocessing.filter_by_size(np.array([[1, 0, 2], [1, 0, 0]]), minimum=2)
    array([[1, 0, 0],
           [1, 0, 0]], dtype=int32)
    """
    smallest, largest = size_limits(minimum, maximum, spacing)
    numbers, counts = object_numbers.count_pixels(labels)
    sizes = counts * np.prod(np.broadcast_to(spacing, labels.ndim))
    rounding = building_blocks.ROUNDING * sizes
    kept = (sizes + rounding >= smallest) & (sizes - rounding <= largest) & (numbers > 0)
    return object_numbers.keep(labels, numbers[kept])


def size_limits(minimum: Size, maximum: Size | None, spacing: Any) -> tuple[float, float]:
    """Return the smallest and the largest size in units; refuse those in the wrong order."""
    smallest = size_in_units(minimum, spacing)
    largest = np.inf if maximum is None else size_in_units(maximum, spacing)
    if largest < smallest:
        raise ValueError(f"maximum must be at least minimum ({minimum}); got {maximum}")
    return smallest, largest


@operation
def filter_by_measurement(
    labels: Labels,
    image: Image | None = None,
    *,
    measurement: Measurement = "area",
    minimum: float | None = None,
    maximum: float | None = None,
    spacing: Spacing = 1.0,
) -> Labels:
    """Keep objects whose size, shape or intensity lies between two limits.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    image : ndarray, same shape, optional
        Intensities, for measurements of intensity.
    measurement : str
        What is measured: a column of the table of `measurements.measure`.
    minimum : float or None
        Smallest value kept, in the units of the table; None for no limit.
    maximum : float or None
        Largest value kept; None for no limit.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    kept_labels : ndarray of int32 or int64, same shape
        The objects kept, with their numbers. With a limit, objects for which the
        measurement is not defined (NaN) are removed.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If `maximum` is below `minimum`, the measurement needs an image that is not given
        or is not defined for this number of axes, or the image is empty.

    See Also
    --------
    filter_by_size : Quicker, where only the area or volume matters.
    filter_by_table : Any column of any table: texture, neighbours, skeletons, colocalization.

    References
    ----------
    .. [1] Stirling et al., "CellProfiler 4: improvements in speed, utility and usability",
           BMC Bioinformatics 22 (2021), 433, module FilterObjects,
           https://doi.org/10.1186/s12859-021-04344-9

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> labels, image = np.array([[1, 1, 0, 2]]), np.array([[5, 7, 0, 9]])
    >>> postprocessing.filter_by_measurement(
    ...     labels, image, measurement="intensity_mean", minimum=8
    ... )
    array([[0, 0, 0, 2]], dtype=int32)
    """
    from napari_delineate.measurements import measure

    table = measure(labels, image, spacing=spacing)
    if measurement not in table:
        if image is None and measurement.startswith("intensity"):
            raise ValueError(f"measurement {measurement!r} needs an image, none is given")
        defined = ", ".join(name for name in MEASUREMENTS if name in table)
        raise ValueError(
            f"measurement {measurement!r} is not defined for images of {labels.ndim} axes; "
            f"there are {defined}"
        )
    kept = in_range(table[measurement].to_numpy(float), minimum, maximum)
    return object_numbers.keep(labels, table["label"].to_numpy()[kept])


@operation
def filter_by_overlap(
    labels: Labels,
    mask: Mask,
    *,
    minimum: Annotated[float, Range(0, 1)] = 0.5,
    maximum: Annotated[float, Range(0, 1)] = 1.0,
) -> Labels:
    """Keep objects of which a certain share lies in a mask.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    mask : ndarray of bool or int, same shape
        The region; of integers, everything above 0.
    minimum, maximum : float
        Smallest and largest share of an object's pixels in the mask, 0 to 1. A maximum of
        0 keeps objects that do not touch the mask.

    Returns
    -------
    kept_labels : ndarray of int32 or int64, same shape
        The objects kept, whole, with their numbers.

    Raises
    ------
    TypeError
        If the labels are not whole numbers, or the mask holds floats.
    ValueError
        If a limit is out of range or `maximum` is below `minimum`, the shapes differ, or
        the image is empty.

    See Also
    --------
    mask_labels : Cuts off what lies outside instead.

    References
    ----------
    .. [1] Stirling et al., "CellProfiler 4: improvements in speed, utility and usability",
           BMC Bioinformatics 22 (2021), 433, module MaskObjects,
           https://doi.org/10.1186/s12859-021-04344-9

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> mask = np.array([[0, 1, 1, 0, 0]])
    >>> postprocessing.filter_by_overlap(np.array([[1, 1, 1, 2, 2]]), mask)
    array([[1, 1, 1, 0, 0]], dtype=int32)
    """
    if maximum < minimum:
        raise ValueError(f"maximum must be at least minimum ({minimum}); got {maximum}")
    numbers, counts = object_numbers.count_pixels(labels)
    inside, inside_counts = object_numbers.count_pixels(np.where(mask, labels, 0))
    overlaps = np.zeros(len(numbers), np.int64)
    overlaps[np.searchsorted(numbers, inside[inside > 0])] = inside_counts[inside > 0]
    shares = overlaps / counts
    rounding = building_blocks.ROUNDING
    kept = (shares >= minimum - rounding) & (shares <= maximum + rounding) & (numbers > 0)
    return object_numbers.keep(labels, numbers[kept])


@operation
def keep_largest_objects(labels: Labels, *, number: Annotated[int, Range(1)] = 1) -> Labels:
    """Keep the objects with the largest areas or volumes.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    number : int
        How many objects are kept, at least 1. Of objects of one size, the smaller number
        goes first.

    Returns
    -------
    largest_labels : ndarray of int32 or int64, same shape
        The objects kept, with their numbers.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If `number` is below 1, or the image is empty.

    References
    ----------
    .. [1] Legland, Arganda-Carreras and Andrey, "MorphoLibJ: integrated library and plugins
           for mathematical morphology with ImageJ", Bioinformatics 32 (2016), 3532-3534,
           https://doi.org/10.1093/bioinformatics/btw413

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> postprocessing.keep_largest_objects(np.array([[1, 0, 2, 2], [3, 3, 3, 0]]), number=2)
    array([[0, 0, 2, 2],
           [3, 3, 3, 0]], dtype=int32)
    """
    numbers, counts = object_numbers.count_pixels(labels)
    numbers, counts = numbers[numbers > 0], counts[numbers > 0]
    order = np.argsort(-counts, kind="stable")
    return object_numbers.keep(labels, np.sort(numbers[order[:number]]))


@operation
def keep_largest_parts(labels: Labels, *, connectivity: Literal["full", "face"] = "full") -> Labels:
    """Keep the largest connected part of every object and remove its fragments.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    connectivity : {"full", "face"}
        Which neighbours are connected: all, also over corners, or those that share an
        edge in 2D or a face in 3D.

    Returns
    -------
    connected_labels : ndarray of int32 or int64, same shape
        The same objects, each in one part, with their numbers. Of parts of one size, the
        first in a scan is kept.

    Raises
    ------
    TypeError, ValueError
        If the labels are not whole numbers from 0 up, `connectivity` is unknown, or the
        image is empty.

    References
    ----------
    .. [1] Legland, Arganda-Carreras and Andrey, "MorphoLibJ: integrated library and plugins
           for mathematical morphology with ImageJ", Bioinformatics 32 (2016), 3532-3534,
           https://doi.org/10.1093/bioinformatics/btw413

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> postprocessing.keep_largest_parts(np.array([[4, 0, 4, 4, 2]]))
    array([[0, 0, 4, 4, 2]], dtype=int32)
    """
    parts, owners = building_blocks.parts_of_objects(labels, connectivity)
    numbers, counts = object_numbers.count_pixels(parts)
    sizes = np.zeros(len(owners), np.int64)
    sizes[numbers] = counts
    # By object, then largest first, then in the order of a scan.
    order = np.lexsort([np.arange(len(owners)), -sizes, owners])
    first = np.append(True, owners[order][1:] != owners[order][:-1])
    largest = order[first & (owners[order] > 0)]
    return object_numbers.renumber(parts, largest, owners[largest])
