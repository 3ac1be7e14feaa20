"""Find which objects belong together, and count those without a partner."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from napari_delineate.declaration import operation
from napari_delineate.overlaps import Annotation, find_overlaps
from napari_delineate.partners import (
    Assignment,
    Criterion,
    centroids,
    find_partners,
    partners_at,
)
from napari_delineate.scoring import COUNT, NUMBER, SHARE
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

__all__ = [
    "match_objects",
    "detection_scores",
    "recall_by_size",
]


@operation(version=2)
def match_objects(
    reference: Labels,
    labels: Labels,
    region: Mask | None = None,
    *,
    criterion: Criterion = "mask IoU",
    assignment: Assignment = "Hungarian",
    overlap: Annotated[float, Range(0.01, 1)] = 0.5,
    distance: Annotated[Length, Range(0)] = voxels(10),
    width: Annotated[Length, Range(0)] = voxels(2),
    annotation: Annotation = "dense",
    spacing: Spacing = 1.0,
    units: Units = "pixel",
) -> Table:
    """List which object of the labels is which of a reference, and what has no partner.

    Parameters
    ----------
    reference : (Y, X) or (Z, Y, X) ndarray of int
        Objects that are right, such as outlined by hand. Numbers may have gaps.
    labels : ndarray of int, same shape
        Objects that are scored.
    region : ndarray of bool, same shape, optional
        The pixels that are annotated; what lies elsewhere is ignored. All without.
    criterion : {"mask IoU", "boundary IoU", "overlap of reference", "centroid distance"}
        What makes two objects partners: intersection over union of their pixels; the same of
        the pixels near their boundaries, where these matter; the share of the reference object
        that is covered, where several small ones may be in one; or centroids that are near,
        where only the place matters.
    assignment : {"Hungarian", "greedy"}
        Where there is a choice: as many partners as possible, and of these choices the best;
        or the best pair first, then the best of what is left. They differ only where an object
        can have several partners, which needs a mask IoU of one half or less.
    overlap : float
        Least overlap of partners, from 0.01 to 1.
    distance : float or Voxels
        Largest distance of the centroids of partners, in the units of `spacing` or as
        `voxels(n)`; for "centroid distance" only.
    width : float or Voxels
        How far from the boundary pixels count, in the units of `spacing` or as `voxels(n)`;
        for "boundary IoU" only.
    annotation : {"dense", "sparse"}
        Whether the reference has all objects or only some; then an object of the labels that
        lies mostly beside those of the reference is no mistake.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.
    units : str
        Name of the unit of `spacing`.

    Returns
    -------
    table : pandas.DataFrame
        A row for each object of the reference, in the order of their numbers, then one for
        each object of the labels that ought to have a partner and has none. `reference` and
        `label` are numbers of objects, 0 where there is none. `status` is "matched"; of the
        reference also "split" (two or more labels lie mostly in it), "merged" (it lies mostly
        in a label that holds another one too) or "missed"; of the labels also "part" (of an
        object that is split), "merger" or "spurious". `iou` and `dice` say how much of their
        pixels partners share (0 to 1, higher is better, 0 without a partner),
        `centroid_distance` how far their centroids are apart (NaN without a partner), the
        sizes are areas or volumes. `parts` counts the labels that lie mostly in the reference
        object, `joined` the reference objects that lie mostly in the label.
        `table.attrs["units"]` maps each column to its unit.

    Raises
    ------
    TypeError
        If an image does not hold whole numbers.
    ValueError
        If the shapes differ, an image is empty, or a setting is out of range.

    Notes
    -----
    "Mostly" is more than half of the pixels. No object in either image: a table without rows.

    References
    ----------
    .. [1] Maier-Hein et al., "Metrics reloaded", Nature Methods 21 (2024), 195-212,
           https://doi.org/10.1038/s41592-023-02151-z
    .. [2] Kuhn, "The Hungarian method for the assignment problem", Naval Research Logistics
           Quarterly 2 (1955), 83-97, https://doi.org/10.1002/nav.3800020109

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> reference, labels = np.array([[5, 5, 0, 7]]), np.array([[1, 1, 0, 0]])
    >>> table = metrics.match_objects(reference, labels)
    >>> table[["reference", "label", "status", "iou"]].to_numpy().tolist()
    [[5, 1, 'matched', 1.0], [7, 0, 'missed', 0.0]]
    """
    import pandas as pd

    voxel = tuple(float(entry) for entry in np.broadcast_to(spacing, reference.ndim))
    partners = find_partners(
        reference,
        labels,
        region,
        criterion=criterion,
        assignment=assignment,
        overlap=overlap,
        distance=length_in_units(distance, voxel),
        width=length_in_units(width, voxel),
        annotation=annotation,
        spacing=voxel,
    )
    overlaps, spurious = partners.overlaps, partners.spurious
    number, more = len(overlaps.reference_numbers), len(spurious)
    found = np.full(number, -1)
    found[partners.rows] = partners.columns
    label = np.concatenate([found, spurious])  # places, -1 where there is none
    has_label, has_reference = label >= 0, np.arange(number + more) < number
    iou = np.zeros(number + more)
    iou[partners.rows] = partners.iou
    apart = np.full(number + more, np.nan)
    if len(partners.rows):
        first = centroids(reference, overlaps.reference_numbers[partners.rows], region, voxel)
        second = centroids(labels, overlaps.label_numbers[partners.columns], region, voxel)
        apart[partners.rows] = np.linalg.norm(first - second, axis=1)
    pixel = float(np.prod(voxel))
    parts, joined = partners.parts, partners.joined
    status = np.concatenate([partners.reference_status, partners.label_status[spurious]])
    none = np.zeros(more, np.int64)
    # Place -1 is that of the last object, whose entry is not used.
    table = pd.DataFrame(
        {
            "reference": np.concatenate([overlaps.reference_numbers, none]),
            "label": np.where(has_label, np.append(overlaps.label_numbers, 0)[label], 0),
            "status": status.astype(object),
            "iou": iou,
            "dice": 2 * iou / (1 + iou),
            "centroid_distance": apart,
            "reference_size": np.concatenate([overlaps.reference_sizes, none]) * pixel,
            "label_size": np.where(has_label, np.append(overlaps.label_sizes, 0)[label], 0) * pixel,
            "parts": np.where(has_reference, np.concatenate([parts, none]), 0),
            "joined": np.where(has_label, np.append(joined, 0)[label], 0),
        }
    )
    power = {2: f"{units}²", 3: f"{units}³"}[reference.ndim]
    table.attrs["units"] = dict.fromkeys(table.columns, "") | {
        "centroid_distance": units,
        "reference_size": power,
        "label_size": power,
    }
    return table


@operation(
    version=2,
    scores={
        "f_score": SHARE,
        "precision": SHARE,
        "recall": SHARE,
        "average_precision": SHARE,
        "true_positives": NUMBER,
        "false_positives": COUNT,
        "false_negatives": COUNT,
        "missed": COUNT,
        "spurious": COUNT,
        "splits": COUNT,
        "merges": COUNT,
    },
)
def detection_scores(
    reference: Labels,
    labels: Labels,
    region: Mask | None = None,
    *,
    criterion: Criterion = "mask IoU",
    assignment: Assignment = "Hungarian",
    overlap: Annotated[float, Range(0.01, 1)] = 0.5,
    distance: Annotated[Length, Range(0)] = voxels(10),
    width: Annotated[Length, Range(0)] = voxels(2),
    beta: Annotated[float, Range(0.1, 10)] = 1.0,
    annotation: Annotation = "dense",
    spacing: Spacing = 1.0,
) -> Scores:
    """Count which objects are found, missed, spurious, split and merged.

    Parameters
    ----------
    reference : (Y, X) or (Z, Y, X) ndarray of int
        Objects that are right, such as outlined by hand. Numbers may have gaps.
    labels : ndarray of int, same shape
        Objects that are scored.
    region : ndarray of bool, same shape, optional
        The pixels that are annotated; what lies elsewhere is ignored. All without.
    criterion : {"mask IoU", "boundary IoU", "overlap of reference", "centroid distance"}
        What makes two objects partners: intersection over union of their pixels; the same of
        the pixels near their boundaries, where these matter; the share of the reference object
        that is covered, where several small ones may be in one; or centroids that are near,
        where only the place matters.
    assignment : {"Hungarian", "greedy"}
        Where there is a choice: as many partners as possible, and of these choices the best;
        or the best pair first, then the best of what is left. They differ only where an object
        can have several partners, which needs a mask IoU of one half or less.
    overlap : float
        Least overlap of partners, from 0.01 to 1.
    distance : float or Voxels
        Largest distance of the centroids of partners, in the units of `spacing` or as
        `voxels(n)`; for "centroid distance" only.
    width : float or Voxels
        How far from the boundary pixels count, in the units of `spacing` or as `voxels(n)`;
        for "boundary IoU" only.
    beta : float
        How many times as important recall is as precision, in the F score.
    annotation : {"dense", "sparse"}
        Whether the reference has all objects or only some; then an object of the labels that
        lies mostly beside those of the reference is no mistake.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    scores : dict of str to float
        For TP objects with a partner, FP objects of the labels and FN of the reference
        without: `f_score` (F-beta), the weighted harmonic mean of precision and recall; `precision`
        TP / (TP + FP); `recall` TP / (TP + FN); `average_precision` TP / (TP + FP + FN). All
        are from 0 to 1 (all objects are found, nothing else is), higher is better, no unit.
        Then numbers of objects, from 0 up, no unit: TP, FP and FN themselves; of FN those
        `missed` that are neither split nor merged, of FP those `spurious` that are neither parts
        nor mergers;
        `splits`, reference objects in which two or more labels lie mostly; `merges`, labels
        in which two or more reference objects lie mostly. Lower is better.

    Raises
    ------
    TypeError
        If an image does not hold whole numbers.
    ValueError
        If the shapes differ, an image is empty, or a setting is out of range.

    See Also
    --------
    match_objects : The same, object by object.

    Notes
    -----
    No object in either: shares are 1. Objects in one only: shares are 0. An object that is
    split or merged may still have a partner, if one part is large enough. How large the least
    overlap is decides the scores of small objects, which miss it by a pixel. The average
    precision is that of StarDist and Cellpose, not that of COCO; see `average_precision`.

    References
    ----------
    .. [1] Maier-Hein et al., "Metrics reloaded", Nature Methods 21 (2024), 195-212,
           https://doi.org/10.1038/s41592-023-02151-z
    .. [2] van Rijsbergen, "Information retrieval", Butterworths (1979), chapter 7.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> reference, labels = np.array([[5, 5, 0, 7]]), np.array([[1, 1, 0, 0]])
    >>> scores = metrics.detection_scores(reference, labels)
    >>> scores["precision"], scores["recall"], scores["missed"]
    (1.0, 0.5, 1.0)
    """
    partners = find_partners(
        reference,
        labels,
        region,
        criterion=criterion,
        assignment=assignment,
        overlap=overlap,
        distance=length_in_units(distance, spacing),
        width=length_in_units(width, spacing),
        annotation=annotation,
        spacing=tuple(np.broadcast_to(spacing, reference.ndim).tolist()),
    )
    found, false, missed = partners.counts
    status = partners.label_status[partners.spurious]
    return {
        **partners.shares(beta),
        "true_positives": float(found),
        "false_positives": float(false),
        "false_negatives": float(missed),
        "missed": float(np.sum(partners.reference_status == "missed")),
        "spurious": float(np.sum(status == "spurious")),
        "splits": float(np.sum(partners.parts > 1)),
        "merges": float(np.sum(partners.joined > 1)),
    }


@operation
def recall_by_size(
    reference: Labels,
    labels: Labels,
    region: Mask | None = None,
    *,
    groups: Annotated[int, Range(1, 100)] = 4,
    overlap: Annotated[float, Range(0.01, 1)] = 0.5,
    spacing: Spacing = 1.0,
    units: Units = "pixel",
) -> Table:
    """List how many of the small and of the large objects of a reference are found.

    Parameters
    ----------
    reference : (Y, X) or (Z, Y, X) ndarray of int
        Objects that are right, such as outlined by hand. Numbers may have gaps.
    labels : ndarray of int, same shape
        Objects that are scored.
    region : ndarray of bool, same shape, optional
        The pixels that are annotated; what lies elsewhere is ignored. All without.
    groups : int
        Into how many groups of about equal number the objects are put by size, 1 to 100.
    overlap : float
        Least intersection over union of partners, from 0.01 to 1.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.
    units : str
        Name of the unit of `spacing`.

    Returns
    -------
    table : pandas.DataFrame
        A row for each group that has objects, small ones first: `smallest` and `largest`, the
        sizes (area or volume) of its objects; `objects`, how many there are; `found`, how many
        have a partner; `recall`, the share of these, 0 to 1, higher is better; `mean_iou`,
        their mean intersection over union, 0 for those without a partner.
        `table.attrs["units"]` maps each column to its unit.

    Raises
    ------
    TypeError
        If an image does not hold whole numbers.
    ValueError
        If the shapes differ, an image is empty, or a setting is out of range.

    Notes
    -----
    Limits of groups are quantiles of the sizes, so that objects of one size are in one group.
    There is no precision by size, because spurious objects have no size in the reference. No
    object in the reference: a table without rows.

    References
    ----------
    .. [1] Maier-Hein et al., "Metrics reloaded", Nature Methods 21 (2024), 195-212,
           https://doi.org/10.1038/s41592-023-02151-z

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> reference, labels = np.array([[5, 5, 0, 7]]), np.array([[1, 1, 0, 0]])
    >>> metrics.recall_by_size(reference, labels, groups=2)["recall"].tolist()
    [0.0, 1.0]
    """
    import pandas as pd

    partners = partners_at(find_overlaps(reference, labels, region), overlap)
    sizes = partners.overlaps.reference_sizes
    found = np.zeros(len(sizes))
    iou = np.zeros(len(sizes))
    found[partners.rows] = 1
    iou[partners.rows] = partners.iou
    limits = np.quantile(sizes, np.linspace(0, 1, groups + 1)[1:-1]) if len(sizes) else np.zeros(0)
    group = np.searchsorted(limits, sizes)
    objects = pd.DataFrame({"size": sizes, "found": found, "iou": iou, "group": group})
    grouped = objects.groupby("group")
    pixel = float(np.prod(np.broadcast_to(spacing, reference.ndim)))
    table = pd.DataFrame(
        {
            "smallest": grouped["size"].min() * pixel,
            "largest": grouped["size"].max() * pixel,
            "objects": grouped["size"].count(),
            "found": grouped["found"].sum().astype(np.int64),
            "recall": grouped["found"].mean(),
            "mean_iou": grouped["iou"].mean(),
        }
    ).reset_index(drop=True)
    power = {2: f"{units}²", 3: f"{units}³"}[reference.ndim]
    table.attrs["units"] = dict.fromkeys(table.columns, "") | {
        "smallest": power,
        "largest": power,
    }
    return table
