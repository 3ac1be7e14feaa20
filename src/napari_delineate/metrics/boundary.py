"""Compare boundaries: how far they are apart, and how much of them agrees."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.contours import Gaps, bands, box_of, contours_of, gaps_between
from napari_delineate.declaration import operation
from napari_delineate.scoring import DISTANCE, SHARE
from napari_delineate.types import (
    Length,
    Mask,
    Range,
    Score,
    Scores,
    Spacing,
    length_in_units,
    voxels,
)

__all__ = [
    "contour_distance",
    "hausdorff_distance",
    "normalized_surface_distance",
    "boundary_iou",
]


def _gaps(
    reference: NDArray[Any],
    labels: NDArray[Any],
    region: NDArray[np.bool_] | None,
    spacing: Spacing,
) -> Gaps:
    """Measure between the contours of two masks, in the box of both."""
    contours = [contours_of(mask, region) for mask in (reference, labels)]
    box = box_of(contours[0] | contours[1])
    voxel = tuple(np.broadcast_to(spacing, reference.ndim).tolist())
    return gaps_between(contours[0][box], contours[1][box], voxel)


@operation(
    scores={
        "mean_average_surface_distance": DISTANCE,
        "average_symmetric_surface_distance": DISTANCE,
        "reference_to_labels": DISTANCE,
        "labels_to_reference": DISTANCE,
    }
)
def contour_distance(
    reference: Mask,
    labels: Mask,
    region: Mask | None = None,
    *,
    spacing: Spacing = 1.0,
) -> Scores:
    """Measure how far the contours of two foregrounds are apart on average (MASD, ASSD).

    Parameters
    ----------
    reference, labels : (Y, X) or (Z, Y, X) ndarray of bool or int, same shape
        What is right, and what is scored; of integers, everything above 0 is foreground.
    region : ndarray of bool, same shape, optional
        The pixels that are annotated; what lies elsewhere is ignored. All without.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    scores : dict of str to float
        Lengths in the units of `spacing`, from 0 (equal contours) up, lower is better.
        `reference_to_labels` is the mean distance from each pixel of the contour of the
        reference to the nearest one of the contour of the labels, `labels_to_reference` the
        other way round: the contour distance, which depends on the direction.
        `mean_average_surface_distance` (MASD) is the mean of both, the bilateral contour
        distance; `average_symmetric_surface_distance` (ASSD) the mean over the pixels of both
        contours together, in which the longer contour counts more.

    Raises
    ------
    TypeError
        If an image holds floats.
    ValueError
        If the shapes differ, an image is empty, or a setting is out of range.

    See Also
    --------
    compare_outlines : The same for every object and its partner.

    Notes
    -----
    Both empty: 0. One empty: infinite. The names MASD and ASSD are exchanged in some programs;
    the definitions here are those of Metrics Reloaded. A contour consists of the pixels of an
    object that have a neighbour over an edge (a face) outside of it; distances are those of
    centres of pixels. A mean hides places that are far off; look at `hausdorff_distance` too.
    Of many objects, the nearest contour may be that of another object.

    References
    ----------
    .. [1] Maier-Hein et al., "Metrics reloaded", Nature Methods 21 (2024), 195-212,
           https://doi.org/10.1038/s41592-023-02151-z
    .. [2] Beneš and Zitová, "Performance evaluation of image segmentation algorithms on
           microscopic image data", Journal of Microscopy 257 (2015), 65-85,
           https://doi.org/10.1111/jmi.12186
    .. [3] Heimann et al., "Comparison and evaluation of methods for liver segmentation from CT
           datasets", IEEE Transactions on Medical Imaging 28 (2009), 1251-1265,
           https://doi.org/10.1109/TMI.2009.2013851

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> reference, labels = np.zeros((2, 9, 9), int)
    >>> reference[4, 2], labels[4, 5], labels[4, 6] = 1, 1, 1
    >>> metrics.contour_distance(reference, labels)["mean_average_surface_distance"]
    3.25
    """
    one, other, pooled = _gaps(reference, labels, region, spacing).mean()
    return {
        "mean_average_surface_distance": (one + other) / 2,
        "average_symmetric_surface_distance": pooled,
        "reference_to_labels": one,
        "labels_to_reference": other,
    }


@operation(
    scores={
        "hausdorff": DISTANCE,
        "hausdorff_percentile": DISTANCE,
        "hausdorff_percentile_pooled": DISTANCE,
        "hausdorff_of_pixels": DISTANCE,
        "reference_to_labels": DISTANCE,
        "labels_to_reference": DISTANCE,
    }
)
def hausdorff_distance(
    reference: Mask,
    labels: Mask,
    region: Mask | None = None,
    *,
    percentile: Annotated[float, Range(0, 100)] = 95.0,
    spacing: Spacing = 1.0,
) -> Scores:
    """Measure how far the contours of two foregrounds are apart at most (HD, HD95).

    Parameters
    ----------
    reference, labels : (Y, X) or (Z, Y, X) ndarray of bool or int, same shape
        What is right, and what is scored; of integers, everything above 0 is foreground.
    region : ndarray of bool, same shape, optional
        The pixels that are annotated; what lies elsewhere is ignored. All without.
    percentile : float
        Of the distances for `hausdorff_percentile`, 0 to 100.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    scores : dict of str to float
        Lengths in the units of `spacing`, from 0 up, lower is better. `reference_to_labels`
        is the largest distance from a pixel of the contour of the reference to the nearest one
        of the contour of the labels, `labels_to_reference` the other way round; `hausdorff`
        (HD) is the larger of both, the bilateral distance. `hausdorff_percentile` (HD95) is
        the larger of the two percentiles, `hausdorff_percentile_pooled` the percentile of all
        distances together: both are in use, the first in Metrics Reloaded.
        `hausdorff_of_pixels` compares all pixels instead of contours only: what lies inside
        the other foreground is 0 away from it.

    Raises
    ------
    TypeError
        If an image holds floats.
    ValueError
        If the shapes differ, an image is empty, or a setting is out of range.

    See Also
    --------
    compare_outlines : The same for every object and its partner.

    Notes
    -----
    Both empty: 0. One empty: infinite. The distance of contours is called the simplified
    Hausdorff distance where that of all pixels is meant by the name. A single wrong pixel makes
    it large, a percentile forgives some. Contours and distances are those of
    `contour_distance`.

    References
    ----------
    .. [1] Huttenlocher et al., "Comparing images using the Hausdorff distance", IEEE
           Transactions on Pattern Analysis and Machine Intelligence 15 (1993), 850-863,
           https://doi.org/10.1109/34.232073
    .. [2] Maier-Hein et al., "Metrics reloaded", Nature Methods 21 (2024), 195-212,
           https://doi.org/10.1038/s41592-023-02151-z

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> reference, labels = np.zeros((2, 9, 9), int)
    >>> reference[4, 2], labels[4, 5], labels[4, 6] = 1, 1, 1
    >>> metrics.hausdorff_distance(reference, labels, spacing=0.5)["hausdorff"]
    2.0
    """
    gaps = _gaps(reference, labels, region, spacing)
    one, other, _ = gaps.percentile(100)
    *directed, pooled = gaps.percentile(percentile)
    return {
        "hausdorff": max(one, other),
        "hausdorff_percentile": max(directed),
        "hausdorff_percentile_pooled": pooled,
        "hausdorff_of_pixels": _of_pixels(reference, labels, region, spacing),
        "reference_to_labels": one,
        "labels_to_reference": other,
    }


def _of_pixels(
    reference: NDArray[Any],
    labels: NDArray[Any],
    region: NDArray[np.bool_] | None,
    spacing: Spacing,
) -> float:
    """Return the Hausdorff distance of all pixels of two masks."""
    if region is not None:
        reference, labels = reference & region, labels & region
    box = box_of(reference | labels)
    voxel = tuple(np.broadcast_to(spacing, reference.ndim).tolist())
    return max(gaps_between(reference[box], labels[box], voxel).percentile(100))


@operation(scores={"score": SHARE})
def normalized_surface_distance(
    reference: Mask,
    labels: Mask,
    region: Mask | None = None,
    *,
    tolerance: Annotated[Length, Range(0)] = voxels(2),
    spacing: Spacing = 1.0,
) -> Score:
    """Score the share of two contours that is not farther apart than tolerated (NSD).

    The number of pixels of both contours that are not farther than `tolerance` from the other
    contour, divided by the number of all pixels of both. From 0 to 1 (all are near); higher is
    better; no unit. Both empty: 1; one empty: 0.

    Parameters
    ----------
    reference, labels : (Y, X) or (Z, Y, X) ndarray of bool or int, same shape
        What is right, and what is scored; of integers, everything above 0 is foreground.
    region : ndarray of bool, same shape, optional
        The pixels that are annotated; what lies elsewhere is ignored. All without.
    tolerance : float or Voxels
        The largest distance that is no mistake, in the units of `spacing` or as `voxels(n)`:
        as far as the outlines of two people are apart.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    score : float
        The normalized surface distance (or surface Dice), 0 to 1.

    Raises
    ------
    TypeError
        If an image holds floats.
    ValueError
        If the shapes differ, an image is empty, or a setting is out of range.

    See Also
    --------
    compare_outlines : The same for every object and its partner.

    Notes
    -----
    Pixels of contours are counted, as in Metrics Reloaded. The program of the paper weights them
    by the area of the surface that they stand for, which gives other numbers. Contours and
    distances are those of `contour_distance`. Scores at different tolerances can not be
    compared.

    References
    ----------
    .. [1] Nikolov et al., "Clinically applicable segmentation of head and neck anatomy for
           radiotherapy", Journal of Medical Internet Research 23 (2021), e26151,
           https://doi.org/10.2196/26151
    .. [2] Maier-Hein et al., "Metrics reloaded", Nature Methods 21 (2024), 195-212,
           https://doi.org/10.1038/s41592-023-02151-z

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> reference, labels = np.zeros((2, 9, 9), int)
    >>> reference[4, 2], labels[4, 3], labels[4, 7] = 1, 1, 1
    >>> metrics.normalized_surface_distance(reference, labels).__round__(3)
    0.667
    """
    gaps = _gaps(reference, labels, region, spacing)
    return gaps.share_within(length_in_units(tolerance, spacing))


@operation(version=2, scores={"score": SHARE})
def boundary_iou(
    reference: Mask,
    labels: Mask,
    region: Mask | None = None,
    *,
    width: Annotated[Length, Range(0)] = voxels(2),
    spacing: Spacing = 1.0,
) -> Score:
    """Score the overlap of two foregrounds near their boundaries only (boundary IoU).

    Intersection over union of those pixels of both that are near the boundary of the
    foreground that they belong to. From 0 to 1 (equal boundaries); higher is better; no unit.
    Both empty: 1; one empty: 0.

    Parameters
    ----------
    reference, labels : (Y, X) or (Z, Y, X) ndarray of bool or int, same shape
        What is right, and what is scored; of integers, everything above 0 is foreground.
    region : ndarray of bool, same shape, optional
        The pixels that are annotated; what lies elsewhere is ignored. All without.
    width : float or Voxels
        How far pixels may be from the nearest one outside, in the units of `spacing` or as
        `voxels(n)`. Pixels of the contour always count.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    score : float
        The boundary IoU, 0 to 1.

    Raises
    ------
    TypeError
        If an image holds floats.
    ValueError
        If the shapes differ, an image is empty, or a setting is out of range.

    See Also
    --------
    compare_outlines : The same for every object and its partner.

    Notes
    -----
    The overlap of large objects hardly changes with their boundary, this does. The paper takes
    2 % of the diagonal of the image as the width, and dilates by boxes; here distances are
    Euclidean. A width of half an object or more gives the overlap of everything, `jaccard`. Where
    a region ends is no boundary.

    References
    ----------
    .. [1] Cheng et al., "Boundary IoU: improving object-centric image segmentation evaluation",
           CVPR (2021), 15334-15342, https://arxiv.org/abs/2103.16562

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> reference, labels = np.zeros((2, 9, 9), int)
    >>> reference[1:6, 1:6], labels[2:7, 1:6] = 1, 1
    >>> metrics.boundary_iou(reference, labels, width=1.0).__round__(3)
    0.333
    """
    distance = length_in_units(width, spacing)
    voxel = tuple(np.broadcast_to(spacing, reference.ndim).tolist())
    first, second = (bands(mask, distance, voxel, region) for mask in (reference, labels))
    union = int(np.count_nonzero(first | second))
    return int(np.count_nonzero(first & second)) / union if union else 1.0
