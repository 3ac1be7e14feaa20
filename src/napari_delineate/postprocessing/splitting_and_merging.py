"""Cut objects that touch apart, or join them."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from napari_delineate import balls, building_blocks, object_numbers
from napari_delineate.declaration import operation
from napari_delineate.postprocessing import each_object, groups
from napari_delineate.types import (
    Image,
    Labels,
    Length,
    Mask,
    Range,
    Spacing,
    Table,
    length_in_units,
    length_per_axis,
    voxels,
)

__all__ = [
    "split_touching_objects",
    "merge_touching",
    "merge_nearby",
    "merge_by_intensity",
    "merge_by_table",
]


@operation
def split_touching_objects(
    mask: Mask,
    *,
    sigma: Annotated[Length, Range(0)] = voxels(3.5),
    spacing: Spacing = 1.0,
) -> Labels:
    """Cut round objects that touch apart at their narrow places.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) ndarray of bool or int
        Foreground; of integers, everything above 0.
    sigma : float or Voxels
        Sigma of the Gaussian that smooths the distance to the background before its
        maxima become seeds: larger values cut less. In the units of `spacing` or as
        `voxels(n)`.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    split_labels : ndarray of int32, same shape
        The pieces, numbered from 1. Together they cover the mask.

    Raises
    ------
    TypeError
        If the mask holds floats.
    ValueError
        If `sigma` is negative, or the mask is empty.

    Notes
    -----
    A watershed of the smoothed distance to the background, similar to ImageJ's binary
    watershed. A piece of foreground in which smoothing leaves no maximum stays whole.

    References
    ----------
    .. [1] Soille, "Morphological Image Analysis", Springer (2003), chapter 9.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> y, x = np.ogrid[:30, :50]
    >>> mask = ((y - 15)**2 + (x - 15)**2 < 100) | ((y - 15)**2 + (x - 33)**2 < 100)
    >>> int(postprocessing.split_touching_objects(mask).max())
    2
    """
    from skimage.morphology import local_maxima

    if not mask.any():
        return np.zeros(mask.shape, np.int32)
    distance = building_blocks.distance_inside(mask, spacing)
    smooth = building_blocks.gaussian(distance, length_per_axis(sigma, spacing))
    peaks = local_maxima(smooth) & mask
    pieces = building_blocks.connected_components(mask, "face")
    seeded = np.zeros(pieces.max() + 1, bool)
    seeded[pieces[peaks]] = True
    seeds = building_blocks.connected_components(peaks | (mask & ~seeded[pieces]))
    return building_blocks.watershed(-smooth, seeds, mask)


@operation(opencl=True)
def merge_touching(labels: Labels) -> Labels:
    """Join objects that touch into one.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.

    Returns
    -------
    merged_labels : ndarray of int32, same shape
        Groups of objects that touch, also over corners, numbered from 1.

    Raises
    ------
    TypeError, ValueError
        If the labels are not whole numbers from 0 up, or the image is empty.

    Notes
    -----
    The OpenCL version finds the same objects; its numbers may differ.

    References
    ----------
    .. [1] Haase et al., "CLIJ: GPU-accelerated image processing for everyone", Nature
           Methods 17 (2020), 5-6, https://doi.org/10.1038/s41592-019-0650-1

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> postprocessing.merge_touching(np.array([[1, 2, 0, 3]]))
    array([[1, 1, 0, 2]], dtype=int32)
    """
    return building_blocks.connected_components(labels > 0)


@operation
def merge_nearby(
    labels: Labels,
    *,
    distance: Annotated[Length, Range(0)] = voxels(2),
    spacing: Spacing = 1.0,
) -> Labels:
    """Join objects whose gap is no wider than a distance.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    distance : float or Voxels
        Largest distance between the outermost pixels of two objects that are joined, in
        the units of `spacing` or as `voxels(n)`.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    merged_labels : ndarray of int32 or int64, same shape
        The objects as they were, with the smallest number of each group.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If `distance` is negative, or the image is empty.

    Notes
    -----
    Objects over other objects count: what is near to near ones is joined too.

    References
    ----------
    .. [1] Stirling et al., "CellProfiler 4: improvements in speed, utility and usability",
           BMC Bioinformatics 22 (2021), 433, module SplitOrMergeObjects,
           https://doi.org/10.1186/s12859-021-04344-9

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> postprocessing.merge_nearby(np.array([[4, 0, 2, 0, 0, 0, 7]]))
    array([[2, 0, 2, 0, 0, 0, 7]], dtype=int32)
    """
    reach = length_in_units(distance, spacing)
    margin = [int(entry + building_blocks.ROUNDING) for entry in length_per_axis(distance, spacing)]
    pairs = [np.zeros((0, 2), labels.dtype)]
    for number, box in each_object.boxes(labels, margin):
        around = labels[box][balls.dilated(labels[box] == number, reach, spacing)]
        others = np.unique(around[around > number])
        pairs.append(np.column_stack([np.full_like(others, number), others]))
    return groups.joined(labels, np.concatenate(pairs))


@operation
def merge_by_intensity(
    labels: Labels,
    image: Image,
    *,
    minimum_ratio: Annotated[float, Range(0)] = 0.9,
) -> Labels:
    """Join touching objects between which the image is hardly darker than in them.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    image : ndarray, same shape
        Intensities from 0 up, bright in objects.
    minimum_ratio : float
        Smallest ratio at which two objects are joined: the mean intensity of the pixels
        where they touch, divided by that of the darker object. From 0; small values join
        more.

    Returns
    -------
    merged_labels : ndarray of int32 or int64, same shape
        The objects, with the smallest number of each group.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If `minimum_ratio` is negative, the shapes differ, or an image is empty, holds
        intensities below 0, NaN or infinity.

    Notes
    -----
    Undoes cuts through objects that are bright throughout and keeps those along dark
    lines. Objects touch where they share an edge (in 3D a face).

    References
    ----------
    .. [1] Stirling et al., "CellProfiler 4: improvements in speed, utility and usability",
           BMC Bioinformatics 22 (2021), 433, module SplitOrMergeObjects with an intensity
           image, https://doi.org/10.1186/s12859-021-04344-9

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> labels = np.array([[1, 1, 1, 2, 2, 2, 3, 3, 3]])
    >>> image = np.array([[9, 9, 9, 9, 9, 2, 2, 9, 9]])
    >>> postprocessing.merge_by_intensity(labels, image)
    array([[1, 1, 1, 1, 1, 1, 3, 3, 3]], dtype=int32)
    """
    from scipy import ndimage

    lowest = image.min()
    if lowest < 0:
        raise ValueError(
            f"image must hold intensities from 0 up for ratios, it holds {lowest}; subtract its "
            "minimum first"
        )
    numbers, _ = object_numbers.count_pixels(labels)
    numbers = numbers[numbers > 0]
    means = np.asarray(ndimage.mean(image, labels, numbers))
    touching = []  # smaller number, larger number, intensity of both sides
    for axis in range(labels.ndim):
        lines, values = np.moveaxis(labels, axis, 0), np.moveaxis(image, axis, 0)
        first, second = lines[:-1], lines[1:]
        meet = (first != second) & (first > 0) & (second > 0)
        ends = np.searchsorted(numbers, np.sort([first[meet], second[meet]], axis=0))
        sides = (values[:-1][meet].astype(float) + values[1:][meet]) / 2
        touching.append(np.vstack([ends, sides]))
    ends, sides = np.split(np.concatenate(touching, axis=1), [2])
    pairs, of = np.unique(ends.astype(np.intp), axis=1, return_inverse=True)
    counts = np.bincount(of.ravel(), minlength=pairs.shape[1])
    between = np.bincount(of.ravel(), sides[0], minlength=pairs.shape[1]) / counts
    darker = means[pairs].min(axis=0)
    alike = between >= minimum_ratio * darker * (1 - building_blocks.ROUNDING)
    return groups.joined(labels, numbers[pairs[:, alike]].T)


@operation
def merge_by_table(labels: Labels, table: Table, *, column: str = "parent") -> Labels:
    """Join objects that have the same entry in a column of a table.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    table : pandas.DataFrame
        One row per object with its number in the column "label", for instance the
        relations that `relate` gives. Rows of objects that are not there do nothing.
    column : str
        The column whose equal entries join objects. Missing entries, and 0, which means
        that there is no parent, join nothing.

    Returns
    -------
    merged_labels : ndarray of int32 or int64, same shape
        The objects, with the smallest number of each group.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If the table lacks the column "label" or `column`, or the image is empty.

    References
    ----------
    .. [1] Stirling et al., "CellProfiler 4: improvements in speed, utility and usability",
           BMC Bioinformatics 22 (2021), 433, module SplitOrMergeObjects, unify per parent,
           https://doi.org/10.1186/s12859-021-04344-9

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from napari_delineate import postprocessing
    >>> table = pd.DataFrame({"label": [1, 2, 5], "parent": [7, 0, 7]})
    >>> postprocessing.merge_by_table(np.array([[1, 2, 5]]), table)
    array([[1, 2, 1]], dtype=int32)
    """
    if "label" not in table:
        raise ValueError(
            f"table must have a column 'label' with the numbers of objects, it has "
            f"{', '.join(map(repr, table.columns))}"
        )
    if column not in table:
        allowed = ", ".join(repr(name) for name in table.columns if name != "label")
        raise ValueError(f"column must be one of {allowed}; got {column!r}")
    numbers, _ = object_numbers.count_pixels(labels)
    known = table[table["label"].isin(numbers[numbers > 0])]
    named = known[known[column].notna() & (known[column] != 0)]
    pairs = [np.zeros((0, 2), labels.dtype)]
    for _, group in named.groupby(column)["label"]:
        pairs.append(groups.chained(group.to_numpy(labels.dtype)))
    return groups.joined(labels, np.concatenate(pairs))
