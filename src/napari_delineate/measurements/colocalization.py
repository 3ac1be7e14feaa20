"""Measure how much two channels lie at the same places in every object."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from napari_delineate.declaration import operation
from napari_delineate.measurements.tables import table_of
from napari_delineate.object_properties import Columns, find_objects
from napari_delineate.types import Image, Labels, Range, Table

__all__ = ["measure_colocalization"]


@operation
def measure_colocalization(
    labels: Labels,
    first: Image,
    second: Image,
    *,
    threshold: Annotated[float, Range(0, 100)] = 15.0,
) -> Table:
    """Measure how much two channels correlate and overlap in every object.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    first, second : ndarray, same shape
        Intensities of the two channels, from which the background has been subtracted.
    threshold : float
        Where a channel counts as present in an object: from this percentage of its brightest
        pixel there, 0 to 100. Correlation, slope and Costes' shares do not depend on it.

    Returns
    -------
    colocalization : pandas.DataFrame
        One row per object in the order of the labels: label; Pearson's correlation, -1 to 1;
        the slope of the line that tells the second channel from the first; Manders' M1 and
        M2, the share of the first (second) channel that lies where both are present; the
        same weighted by how alike the ranks of both are; the overlap coefficient and its
        two parts K1 and K2; Costes' shares, those of Manders above the thresholds that
        Costes' method finds for all objects of the image together, and these thresholds.
        NaN where something is not defined, such as the correlation with a constant. No
        column has a unit.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If `threshold` is out of range, the shapes differ, or an image is empty or holds NaN
        or infinity.

    Notes
    -----
    Costes' thresholds lie on the line of the orthogonal regression of both channels; below
    them (in one channel or both) pixels do not correlate, above them they may. They are the
    largest such, found among all pixels instead of step by step. Ranks are those among the
    pixels of an object, so that no object depends on the others; CellProfiler ranks the
    pixels of all objects together.

    References
    ----------
    .. [1] Manders, Verbeek and Aten, "Measurement of co-localization of objects in
           dual-colour confocal images", Journal of Microscopy 169 (1993), 375-382,
           https://doi.org/10.1111/j.1365-2818.1993.tb03313.x
    .. [2] Costes et al., "Automatic and quantitative measurement of protein-protein
           colocalization in live cells", Biophysical Journal 86 (2004), 3993-4003,
           https://doi.org/10.1529/biophysj.103.038422
    .. [3] Singan, Jones, Curran and Simpson, "Dual channel rank-based intensity weighting
           for quantitative co-localization of microscopy images", BMC Bioinformatics 12
           (2011), 407, https://doi.org/10.1186/1471-2105-12-407
    .. [4] Stirling et al., "CellProfiler 4: improvements in speed, utility and usability",
           BMC Bioinformatics 22 (2021), 433, module MeasureColocalization,
           https://doi.org/10.1186/s12859-021-04344-9

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import measurements
    >>> labels = np.array([[1, 1, 1, 2, 2, 2]])
    >>> first, second = np.array([[1, 2, 3, 1, 2, 3]]), np.array([[2, 4, 6, 3, 2, 1]])
    >>> table = measurements.measure_colocalization(labels, first, second)
    >>> table["correlation"].round(6).tolist()
    [1.0, -1.0]
    """
    from napari_delineate.kernels import object_pairs
    from napari_delineate.kernels.object_pixels import grouped

    objects = find_objects(labels)
    pixels = grouped(objects.labels, objects.rows, objects.pixels)
    channels = []
    for image in (first, second):
        flat = (image.view(np.uint8) if image.dtype == bool else image).reshape(-1).view()
        flat.flags.writeable = False
        channels.append(flat)
    thresholds = _costes(*(one[pixels.places].astype(np.float64) for one in channels))
    found = np.full((len(objects.numbers), len(object_pairs.COLUMNS)), np.nan)
    object_pairs.compare(*pixels, *channels, threshold / 100, thresholds, found)
    columns: Columns = dict(zip(object_pairs.COLUMNS, found.T, strict=True))
    for number, level in enumerate(thresholds, 1):
        columns[f"costes_threshold_{number}"] = np.full(len(found), level)
    return table_of(objects.numbers, columns, {}, labels.ndim, "")


def _costes(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the largest thresholds on the line of both below which nothing correlates.

    Every pixel is below from one place of the line on: pixels are sorted by that place, and
    sums from the start tell the correlation of all below any threshold. NaN where both do not
    increase together.
    """
    nothing = np.full(2, np.nan)
    present = (x > 0) | (y > 0)
    if np.count_nonzero(present) < 2:
        return nothing
    (square_x, product), (_, square_y) = np.cov(x[present], y[present])
    if not product > 0:
        return nothing
    apart = square_y - square_x
    slope = (apart + np.hypot(apart, 2 * product)) / (2 * product)
    level = y[present].mean() - slope * x[present].mean()
    last = np.minimum(x, (y - level) / slope)  # below all thresholds above this
    order = np.argsort(last, kind="stable")
    x, y, last = x[order] - x.mean(), y[order] - y.mean(), last[order]
    count = np.arange(1, 1 + len(x))
    covariance = np.cumsum(x * y) - np.cumsum(x) * np.cumsum(y) / count
    # Up to here all pixels with the same place are included.
    ends = np.append(last[1:] != last[:-1], True)
    rounding = 1e-13 * np.sqrt((x**2).sum() * (y**2).sum())
    free = np.flatnonzero(ends & (covariance <= rounding))
    place = free[-1] if len(free) else -1
    if place + 1 < len(last):
        limit = last[place + 1]
        return np.array([limit, slope * limit + level])
    return nothing
