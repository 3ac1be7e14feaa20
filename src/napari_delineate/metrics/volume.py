"""Compare how much foreground there is, wherever it lies."""

from __future__ import annotations

import math

import numpy as np

from napari_delineate.declaration import operation
from napari_delineate.overlaps import within
from napari_delineate.scoring import Scoring
from napari_delineate.types import Mask, Quantity, Range, Scores, Spacing

__all__ = ["volume_scores"]


@operation(
    scores={
        "volume_error": Scoring("nearer to 0", Range(), Quantity.SIZE),
        "absolute_error": Scoring("lower", Range(0), Quantity.SIZE),
        "relative_error": Scoring("nearer to 0", Range(-1)),
        "volume_standard_deviation": Scoring("lower", Range(0, 2)),
        "reference_volume": Scoring("", Range(0), Quantity.SIZE),
        "labels_volume": Scoring("", Range(0), Quantity.SIZE),
    }
)
def volume_scores(
    reference: Mask,
    labels: Mask,
    region: Mask | None = None,
    *,
    spacing: Spacing = 1.0,
) -> Scores:
    """Compare the volumes (in 2D the areas) of two foregrounds.

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
        With A, the volume of the reference, and B, that of the labels, in the units of
        `spacing` to the power of the number of axes: `volume_error` B - A, any number, nearer
        to 0 is better; `absolute_error` |B - A|, from 0 up, lower is better;
        `relative_error` (B - A) / A, from -1 (nothing found) up, nearer to 0 is better, no
        unit; `volume_standard_deviation` 2 |A - B| / (A + B), from 0 (equal) to 2 (one is
        empty), lower is better, no unit; then A and B.

    Raises
    ------
    TypeError
        If an image holds floats.
    ValueError
        If the shapes differ, an image is empty, or a setting is out of range.

    See Also
    --------
    match_objects : The volume of every object and of its partner.

    Notes
    -----
    Both empty: all are 0. Only the reference empty: the relative error is infinite. Volumes may
    be equal although nothing overlaps; look at `pixel_scores` too.

    References
    ----------
    .. [1] Taha and Hanbury, "Metrics for evaluating 3D medical image segmentation", BMC Medical
           Imaging 15 (2015), 29, https://doi.org/10.1186/s12880-015-0068-x

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> reference, labels = np.array([[1, 1, 0, 0]]), np.array([[1, 1, 1, 0]])
    >>> scores = metrics.volume_scores(reference, labels, spacing=2.0)
    >>> scores["volume_error"], scores["relative_error"], scores["volume_standard_deviation"]
    (4.0, 0.5, 0.4)
    """
    voxel = float(np.prod(np.broadcast_to(spacing, reference.ndim)))
    pixels = [int(np.count_nonzero(mask)) for mask in within(reference, labels, region)]
    first, second = pixels
    more = second - first
    relative = more / first if first else (math.inf if more else 0.0)
    return {
        "volume_error": more * voxel,
        "absolute_error": abs(more) * voxel,
        "relative_error": relative,
        "volume_standard_deviation": 2 * abs(more) / (first + second) if any(pixels) else 0.0,
        "reference_volume": first * voxel,
        "labels_volume": second * voxel,
    }
