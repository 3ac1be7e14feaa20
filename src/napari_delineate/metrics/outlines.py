"""Compare the outline of every object with that of its partner."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.contours import Gaps, contours_of, gaps_between
from napari_delineate.declaration import operation
from napari_delineate.object_properties import find_objects
from napari_delineate.overlaps import find_overlaps
from napari_delineate.partners import Partners, boundary_iou_of_pairs, partners_at
from napari_delineate.scoring import SHARE
from napari_delineate.types import (
    Labels,
    Length,
    Mask,
    Range,
    Scores,
    Spacing,
    Table,
    Units,
    length_in_units,
    voxels,
)

__all__ = ["compare_outlines", "outline_scores"]

_DISTANCES = (
    "mean_average_surface_distance",
    "average_symmetric_surface_distance",
    "hausdorff",
    "hausdorff_percentile",
)


@operation(version=2)
def compare_outlines(
    reference: Labels,
    labels: Labels,
    region: Mask | None = None,
    *,
    overlap: Annotated[float, Range(0.01, 1)] = 0.5,
    tolerance: Annotated[Length, Range(0)] = voxels(2),
    width: Annotated[Length, Range(0)] = voxels(2),
    percentile: Annotated[float, Range(0, 100)] = 95.0,
    spacing: Spacing = 1.0,
    units: Units = "pixel",
) -> Table:
    """List for every object of a reference how well its partner is outlined.

    Parameters
    ----------
    reference : (Y, X) or (Z, Y, X) ndarray of int
        Objects that are right, such as outlined by hand. Numbers may have gaps.
    labels : ndarray of int, same shape
        Objects that are scored.
    region : ndarray of bool, same shape, optional
        The pixels that are annotated; what lies elsewhere is ignored. All without.
    overlap : float
        Least intersection over union of partners, from 0.01 to 1.
    tolerance : float or Voxels
        For `normalized_surface_distance`: the largest distance that is no mistake, in the
        units of `spacing` or as `voxels(n)`.
    width : float or Voxels
        For `boundary_iou`: how far from the boundary pixels count, in the units of `spacing`
        or as `voxels(n)`.
    percentile : float
        For `hausdorff_percentile`, 0 to 100.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.
    units : str
        Name of the unit of `spacing`.

    Returns
    -------
    table : pandas.DataFrame
        A row for each object of the reference, in the order of their numbers: `reference` and
        `label`, the numbers of the object and of its partner, 0 without one; shares from 0 to
        1, higher is better, 0 without a partner: `iou`, `dice`, `boundary_iou`,
        `normalized_surface_distance`; lengths in the units of `spacing`, lower is better, NaN
        without a partner: `mean_average_surface_distance`,
        `average_symmetric_surface_distance`, `hausdorff`, `hausdorff_percentile`. The
        operations of these names say what they are. `table.attrs["units"]` maps each column to
        its unit.

    Raises
    ------
    TypeError
        If an image does not hold whole numbers.
    ValueError
        If the shapes differ, an image is empty, or a setting is out of range.

    See Also
    --------
    match_objects : Which also lists objects of the labels without a partner.

    Notes
    -----
    Contours are measured from one object to its partner, however near others are, in the box of
    both, which takes a small part of the time that the whole image takes. A mean of lengths
    leaves out the objects that were missed: report how many there are. No object in the
    reference: a table without rows.

    References
    ----------
    .. [1] Maier-Hein et al., "Metrics reloaded", Nature Methods 21 (2024), 195-212,
           https://doi.org/10.1038/s41592-023-02151-z

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> reference = np.zeros((9, 20), int)
    >>> reference[2:7, 2:8], reference[2:7, 12:18] = 4, 9
    >>> labels = np.roll(reference, 1, axis=0) * (reference[4] == 4)
    >>> table = metrics.compare_outlines(reference, labels, spacing=0.5, units="micrometer")
    >>> table[["reference", "label", "hausdorff"]].to_numpy().tolist()
    [[4.0, 4.0, 0.5], [9.0, 0.0, nan]]
    """
    import pandas as pd

    voxel = tuple(float(entry) for entry in np.broadcast_to(spacing, reference.ndim))
    overlaps = find_overlaps(reference, labels, region)
    partners = partners_at(overlaps, overlap)
    numbers = overlaps.reference_numbers
    label = np.zeros(len(numbers), np.int64)
    label[partners.rows] = overlaps.label_numbers[partners.columns]
    columns: dict[str, NDArray[Any]] = {"reference": numbers, "label": label}
    shares = ("iou", "dice", "boundary_iou", "normalized_surface_distance")
    columns |= {name: np.zeros(len(numbers)) for name in shares}
    columns |= {name: np.full(len(numbers), np.nan) for name in _DISTANCES}
    iou = partners.iou
    columns["iou"][partners.rows] = iou
    columns["dice"][partners.rows] = 2 * iou / (1 + iou)
    near = length_in_units(width, voxel)
    bands = boundary_iou_of_pairs(overlaps, reference, labels, region, near, voxel)
    columns["boundary_iou"][partners.rows] = bands[partners.pairs]
    enough = length_in_units(tolerance, voxel)
    for row, gaps in zip(
        partners.rows, _gaps(partners, reference, labels, region, voxel), strict=True
    ):
        one, other, pooled = gaps.mean()
        found = ((one + other) / 2, pooled, max(gaps.percentile(100)))
        high = max(gaps.percentile(percentile)[:2])
        for name, distance in zip(_DISTANCES, (*found, high), strict=True):
            columns[name][row] = distance if np.isfinite(distance) else np.nan
        columns["normalized_surface_distance"][row] = gaps.share_within(enough)
    table = pd.DataFrame(columns)
    table.attrs["units"] = dict.fromkeys(table.columns, "") | dict.fromkeys(_DISTANCES, units)
    return table


def _gaps(
    partners: Partners,
    reference: NDArray[Any],
    labels: NDArray[Any],
    region: NDArray[np.bool_] | None,
    spacing: tuple[float, ...],
) -> Iterator[Gaps]:
    """Measure between the contours of partners, each in the box of both."""
    if region is not None:
        reference, labels = np.where(region, reference, 0), np.where(region, labels, 0)
    first, second = find_objects(reference), find_objects(labels)
    first_contours, second_contours = contours_of(reference, region), contours_of(labels, region)
    for row, column in zip(partners.rows, partners.columns, strict=True):
        starts = np.minimum(first.starts[row], second.starts[column])
        stops = np.maximum(first.stops[row], second.stops[column])
        box = tuple(slice(start, stop) for start, stop in zip(starts, stops, strict=True))
        yield gaps_between(
            first_contours[box] & (first.labels[box] == first.rows[row]),
            second_contours[box] & (second.labels[box] == second.rows[column]),
            spacing,
        )


@operation(
    version=2,
    scores={
        "normalized_surface_distance": SHARE,
        "boundary_iou": SHARE,
        "dice": SHARE,
        "iou": SHARE,
    },
)
def outline_scores(
    reference: Labels,
    labels: Labels,
    region: Mask | None = None,
    *,
    overlap: Annotated[float, Range(0.01, 1)] = 0.5,
    tolerance: Annotated[Length, Range(0)] = voxels(2),
    width: Annotated[Length, Range(0)] = voxels(2),
    spacing: Spacing = 1.0,
) -> Scores:
    """Score the outlines of objects, as a mean over all objects of a reference.

    Parameters
    ----------
    reference : (Y, X) or (Z, Y, X) ndarray of int
        Objects that are right, such as outlined by hand. Numbers may have gaps.
    labels : ndarray of int, same shape
        Objects that are scored.
    region : ndarray of bool, same shape, optional
        The pixels that are annotated; what lies elsewhere is ignored. All without.
    overlap : float
        Least intersection over union of partners, from 0.01 to 1.
    tolerance : float or Voxels
        For `normalized_surface_distance`: the largest distance that is no mistake, in the
        units of `spacing` or as `voxels(n)`.
    width : float or Voxels
        For `boundary_iou`: how far from the boundary pixels count, in the units of `spacing`
        or as `voxels(n)`.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    scores : dict of str to float
        The means of `normalized_surface_distance`, `boundary_iou`, `dice` and `iou` of the
        objects of the reference and their partners; objects without a partner count as 0, so
        that missing an object is never better than outlining it badly. All are from 0 to 1
        (all objects are found and outlined exactly), higher is better, no unit.

    Raises
    ------
    TypeError
        If an image does not hold whole numbers.
    ValueError
        If the shapes differ, an image is empty, or a setting is out of range.

    See Also
    --------
    compare_outlines : The same, object by object.

    Notes
    -----
    No object in the reference: 1 if there are no labels either, else 0. Objects that are in the
    labels only cost nothing; look at `detection_scores` too. For the normalized surface
    distance, pixels of contours are counted, as in Metrics Reloaded.

    References
    ----------
    .. [1] Maier-Hein et al., "Metrics reloaded", Nature Methods 21 (2024), 195-212,
           https://doi.org/10.1038/s41592-023-02151-z

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> reference = np.zeros((9, 20), int)
    >>> reference[2:7, 2:8], reference[2:7, 12:18] = 4, 9
    >>> labels = reference * (reference == 4)
    >>> metrics.outline_scores(reference, labels)["normalized_surface_distance"]
    0.5
    """
    table = compare_outlines(
        reference,
        labels,
        region,
        overlap=overlap,
        tolerance=tolerance,
        width=width,
        spacing=spacing,
    )
    names = ("normalized_surface_distance", "boundary_iou", "dice", "iou")
    if len(table):
        return {name: float(table[name].mean()) for name in names}
    some = labels.any() if region is None else labels[region].any()
    return dict.fromkeys(names, 0.0 if some else 1.0)
