"""Compare thin structures, such as vessels and fibres, by their centrelines."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.building_blocks import components_in_any_order
from napari_delineate.contours import box_of
from napari_delineate.declaration import operation
from napari_delineate.scoring import SHARE
from napari_delineate.types import Mask, Scores

__all__ = ["centerline_dice"]


@operation(
    version=2,
    scores={"centerline_dice": SHARE, "topology_precision": SHARE, "topology_sensitivity": SHARE},
)
def centerline_dice(reference: Mask, labels: Mask, region: Mask | None = None) -> Scores:
    """Score how much of the centrelines of thin structures lies in the other foreground (clDice).

    Parameters
    ----------
    reference, labels : (Y, X) or (Z, Y, X) ndarray of bool or int, same shape
        What is right, and what is scored; of integers, everything above 0 is foreground.
    region : ndarray of bool, same shape, optional
        The pixels that are annotated; what lies elsewhere is ignored. All without.

    Returns
    -------
    scores : dict of str to float
        `topology_precision` is the share of the centreline of the labels that lies in the
        reference, `topology_sensitivity` the share of the centreline of the reference that
        lies in the labels, `centerline_dice` (clDice) their harmonic mean. All are from 0 to 1
        (no branch is missing or too much), higher is better, no unit.

    Raises
    ------
    TypeError
        If an image holds floats.
    ValueError
        If the shapes differ, an image is empty, or a setting is out of range.

    Notes
    -----
    Both empty: 1; one empty: 0. Not for round objects: their centreline is a point, which two
    shifted discs both contain, so the score is 1. Width hardly matters, which is the purpose.
    Centrelines are those of `skimage.morphology.skeletonize`, thinned pixel by pixel whatever
    the voxel size; resample images with flat voxels first. A piece so small that thinning
    leaves nothing is its own centreline. Of a region, what lies in it is thinned.

    References
    ----------
    .. [1] Shit et al., "clDice: a novel topology-preserving loss function for tubular structure
           segmentation", CVPR (2021), 16560-16569, https://arxiv.org/abs/2003.07311

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import metrics
    >>> reference, labels = np.zeros((2, 9, 12), int)
    >>> reference[4, 1:11], labels[4, 1:6] = 1, 1
    >>> scores = metrics.centerline_dice(reference, labels)
    >>> scores["topology_precision"], scores["topology_sensitivity"]
    (1.0, 0.5)
    """
    names = ("centerline_dice", "topology_precision", "topology_sensitivity")
    wide, other_wide = (mask if region is None else mask & region for mask in (reference, labels))
    line, other_line = _centerline(wide), _centerline(other_wide)
    if not wide.any() and not other_wide.any():
        return dict.fromkeys(names, 1.0)
    sensitivity, precision = _share(line, other_wide), _share(other_line, wide)
    both = sensitivity + precision
    score = 2 * sensitivity * precision / both if both else 0.0
    return dict(zip(names, (score, precision, sensitivity), strict=True))


def _share(line: NDArray[np.bool_], mask: NDArray[np.bool_]) -> float:
    """Return the share of a line that lies in a mask; none is there where there is no line."""
    return int(np.count_nonzero(line & mask)) / max(int(np.count_nonzero(line)), 1)


def _centerline(mask: NDArray[np.bool_]) -> NDArray[Any]:
    """Thin a mask to lines of one pixel."""
    from skimage.morphology import skeletonize

    line = np.zeros(mask.shape, bool)
    box = box_of(mask)
    if not mask[box].size:
        return line
    # It takes no memory that can not be written to.
    line[box] = skeletonize(mask[box].copy())
    pieces = components_in_any_order(mask)
    has_line = np.zeros(int(pieces.max()) + 1, bool)
    has_line[pieces[line]] = True
    return np.asarray(line | (mask & ~has_line[pieces]))
