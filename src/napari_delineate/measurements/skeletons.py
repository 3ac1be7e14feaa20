"""Measure the lines in the middle of objects: their branches, ends and lengths."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.declaration import operation
from napari_delineate.measurements.tables import table_of
from napari_delineate.object_properties import Columns, find_objects
from napari_delineate.types import Labels, Mask, Spacing, Table, Units

__all__ = ["measure_skeletons"]


@operation
def measure_skeletons(
    labels: Labels,
    seeds: Mask | None = None,
    *,
    spacing: Spacing = 1.0,
    units: Units = "pixel",
) -> Table:
    """Count the branches and ends of the skeleton of every object and measure their lengths.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, or their skeletons as `postprocessing.skeletonize_labels` gives
        them; 0 for background.
    seeds : ndarray of bool or int, same shape, optional
        Where branches come from, such as the bodies of neurons. Skeletons end at them: what
        lies in them is left out.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.
    units : str
        Name of the unit of `spacing`.

    Returns
    -------
    skeletons : pandas.DataFrame
        One row per object in the order of the labels: label; number of ends; of places where
        branches meet; of branches, which are the lines between ends, such places, and rings;
        of rings; length of all branches together, of the longest and of the mean one; with
        seeds also the number of trunks, which are the branches that begin at a seed. Objects
        without a line have 0 branches and NaN for the longest and the mean.

    Raises
    ------
    TypeError
        If the labels are not whole numbers, or the seeds hold floats.
    ValueError
        If the shapes differ, or the image is empty.

    See Also
    --------
    napari_delineate.postprocessing.skeleton_points : Gives the places of ends and branches.

    Notes
    -----
    Lengths are from centre to centre of pixels. Pixels that touch over a corner are linked
    where no pixel lies between them. Where several pixels with three links or more touch,
    they are one meeting place; what links them is no branch, but counts in the length.
    Rings are the independent ones, of all parts of an object.

    References
    ----------
    .. [1] Arganda-Carreras et al., "3D reconstruction of histological sections: application
           to mammary gland tissue", Microscopy Research and Technique 73 (2010), 1019-1029,
           https://doi.org/10.1002/jemt.20829
    .. [2] Stirling et al., "CellProfiler 4: improvements in speed, utility and usability",
           BMC Bioinformatics 22 (2021), 433, module MeasureObjectSkeleton,
           https://doi.org/10.1186/s12859-021-04344-9

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import measurements
    >>> labels = np.zeros((9, 9), int); labels[4, 1:8] = labels[1:8, 4] = 3
    >>> table = measurements.measure_skeletons(labels)
    >>> table[["end_count", "branch_count", "skeleton_length"]].iloc[0].tolist()
    [4.0, 4.0, 12.0]
    """
    from napari_delineate.kernels.skeleton_graph import links_of
    from napari_delineate.postprocessing.outlines import skeletonize_labels

    voxel = tuple(float(entry) for entry in np.broadcast_to(spacing, labels.ndim))
    objects = find_objects(labels)
    lines = skeletonize_labels(objects.labels)
    if seeds is not None:
        lines[seeds] = 0
    stack = lines.reshape(objects.stack.shape)
    links, lengths = links_of(stack, (1.0,) * (3 - labels.ndim) + voxel)
    places = np.flatnonzero(stack)
    owners = np.searchsorted(objects.rows, stack.reshape(-1)[places])
    links = np.searchsorted(places, links)
    roots = None
    if seeds is not None:
        roots = _next_to(seeds.reshape(stack.shape)).reshape(-1)[places]
    columns = _columns(owners, links, lengths, roots, len(objects.numbers))
    powers = {"skeleton_length": 1, "longest_branch": 1, "mean_branch": 1}
    return table_of(objects.numbers, columns, powers, labels.ndim, units)


def _next_to(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark the pixels next to a mask, over corners too."""
    from scipy import ndimage

    return np.asarray(ndimage.binary_dilation(mask, np.ones((3, 3, 3), bool)) & ~mask)


def _columns(
    owners: NDArray[Any],
    links: NDArray[np.int64],
    lengths: NDArray[np.float64],
    roots: NDArray[np.bool_] | None,
    count: int,
) -> Columns:
    """Return the columns of pixels of lines, their objects, and links between them."""

    def per_object(rows: NDArray[Any], weights: NDArray[Any] | None = None) -> NDArray[Any]:
        return np.bincount(rows, weights, count)

    pixels = len(owners)
    degrees = np.bincount(links.ravel(), minlength=pixels)
    meets = degrees >= 3
    of_links = owners[links[:, 0]]
    within = meets[links].all(axis=1)  # both ends belong to one meeting place
    meetings = _parts(links[within], pixels)
    first_of_meeting = meets & (meetings == np.arange(pixels))
    # A pixel of a branch belongs to its end that is no meeting place; a link between two
    # meeting places is a branch of its own only if they are not one, which it makes them.
    outward = ~within & meets[links].any(axis=1)
    inward = ~within & ~outward
    branches = _parts(links[inward], pixels)
    branch_length = np.bincount(branches[links[inward, 0]], lengths[inward], pixels)
    inner = np.where(meets[links[outward, 0]], links[outward, 1], links[outward, 0])
    branch_length += np.bincount(branches[inner], lengths[outward], pixels)
    is_branch = ~meets & (branches == np.arange(pixels)) & (branch_length > 0)
    number = per_object(owners[is_branch])
    longest = np.full(count, -np.inf)
    np.maximum.at(longest, owners[is_branch], branch_length[is_branch])
    total = per_object(of_links, lengths)
    mean = np.full(count, np.nan)
    np.divide(
        per_object(owners[is_branch], branch_length[is_branch]), number, out=mean, where=number > 0
    )
    parts = _parts(links, pixels)
    components = per_object(owners[parts == np.arange(pixels)])
    columns: Columns = {
        "end_count": per_object(owners[degrees == 1]),
        "junction_count": per_object(owners[first_of_meeting]),
        "branch_count": number,
        "ring_count": per_object(of_links) - per_object(owners) + components,
        "skeleton_length": total,
        "longest_branch": np.where(number > 0, longest, np.nan),
        "mean_branch": mean,
    }
    if roots is not None:
        rooted = np.zeros(pixels, bool)
        rooted[branches[roots & ~meets]] = True
        # Where branches meet right at a seed, each begins there.
        at_seed = np.zeros(pixels, bool)
        at_seed[meetings[roots & meets]] = True
        across = np.where(meets[links[outward, 0]], links[outward, 0], links[outward, 1])
        rooted[branches[inner[at_seed[meetings[across]]]]] = True
        columns["trunk_count"] = per_object(owners[rooted & is_branch])
    return columns


def _parts(links: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return for each of some pixels the first one that links lead to from it."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not count:
        return np.zeros(0, np.int64)
    entries = (np.ones(len(links), bool), (links[:, 0], links[:, 1]))
    _, parts = connected_components(coo_array(entries, shape=(count, count)), directed=False)
    first = np.full(int(parts.max()) + 1, count)
    np.minimum.at(first, parts, np.arange(count))
    return np.asarray(first[parts])
