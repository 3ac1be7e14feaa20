"""Thresholds that a histogram's shape, moments or classes decide.

Every function takes a `Histogram` and returns the intensity at the centre of the background's
highest bin. One that can not work on a histogram raises RuntimeError, which says why.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.thresholds.histograms import BINS, Histogram

__all__ = [
    "default",
    "huang",
    "huang2",
    "intermodes",
    "isodata",
    "min_error",
    "minimum",
    "moments",
    "otsu",
    "percentile",
    "triangle",
    "yen",
]

_MOST_SMOOTHING = 10_000
_FIRST_TRIES = 512
_EXACT_MEANS = 1024
"""Up to this number of bins, Huang's method takes the means as they are."""


def otsu(histogram: Histogram) -> Any:
    """Return the threshold that maximises the variance between the two classes.

    References
    ----------
    .. [1] Otsu, "A threshold selection method from gray-level histograms", IEEE
           Transactions on Systems, Man, and Cybernetics 9 (1979), 62-66,
           https://doi.org/10.1109/TSMC.1979.4310076
    """
    from skimage.filters import threshold_otsu

    return threshold_otsu(hist=(histogram.counts, histogram.centres))


def yen(histogram: Histogram) -> Any:
    """Return the threshold that maximises Yen's correlation criterion.

    References
    ----------
    .. [1] Yen, Chang and Chang, "A new criterion for automatic multilevel thresholding", IEEE
           Transactions on Image Processing 4 (1995), 370-378,
           https://doi.org/10.1109/83.366472
    """
    from skimage.filters import threshold_yen

    return threshold_yen(hist=(histogram.counts, histogram.centres))


def isodata(histogram: Histogram) -> Any:
    """Return the lowest threshold halfway between the means of the two classes.

    References
    ----------
    .. [1] Ridler and Calvard, "Picture thresholding using an iterative selection method", IEEE
           Transactions on Systems, Man, and Cybernetics 8 (1978), 630-632,
           https://doi.org/10.1109/TSMC.1978.4310039
    """
    from skimage.filters import threshold_isodata

    return threshold_isodata(hist=(histogram.counts, histogram.centres))


def default(histogram: Histogram) -> Any:
    """Return the threshold of ImageJ's method "Default", a modified isodata.

    The highest bin is cut to 1.5 times the second highest if it is more than twice as high,
    and what marks erased or saturated pixels is left out.

    References
    ----------
    .. [1] ImageJ, `ij.process.AutoThresholder`, https://imagej.net/ij/source/
    """
    counts = histogram.counts.astype(np.float64)
    mode = int(np.argmax(counts))
    second = np.delete(counts, mode).max()
    if second > 0 and counts[mode] > 2 * second:
        counts[mode] = np.floor(1.5 * second)
    kept = np.where(np.isin(histogram.centres, histogram.erased), 0.0, counts)
    if np.count_nonzero(kept) < 2:
        kept = counts
    first, last = np.flatnonzero(kept)[[0, -1]]
    places = np.arange(first, last + 1)
    numbers = np.cumsum(kept[first : last + 1])
    sums = np.cumsum(kept[first : last + 1] * places)
    dark = sums[:-1] / numbers[:-1]
    bright = (sums[-1] - sums[:-1]) / (numbers[-1] - numbers[:-1])
    halfway = (dark + bright) / 2
    stops = (places[:-1] + 2 > halfway) | (places[:-1] + 1 >= last - 1)
    return histogram.centres[int(halfway[np.argmax(stops)] + 0.5)]


def triangle(histogram: Histogram) -> Any:
    """Return the threshold farthest from the line between the mode and the longer tail's end.

    References
    ----------
    .. [1] Zack, Rogers and Latt, "Automatic measurement of sister chromatid exchange
           frequency", Journal of Histochemistry and Cytochemistry 25 (1977), 741-753,
           https://doi.org/10.1177/25.7.70454
    """
    counts = histogram.counts
    mode, last = int(np.argmax(counts)), len(counts) - 1
    to_the_right = mode < last - mode
    if to_the_right:
        counts, mode = counts[::-1], last - mode
    height = counts[mode]
    norm = np.sqrt(height**2 + mode**2)
    distances = height / norm * np.arange(mode) - mode / norm * counts[:mode]
    place = int(np.argmax(distances))
    return histogram.centres[last - place if to_the_right else place]


def percentile(histogram: Histogram) -> Any:
    """Return the threshold with half of the pixels on either side, or nearest to that.

    References
    ----------
    .. [1] Doyle, "Operations useful for similarity-invariant pattern recognition", Journal of
           the ACM 9 (1962), 259-267, https://doi.org/10.1145/321119.321123
    """
    until = np.cumsum(histogram.counts)
    return histogram.centres[np.argmin(np.abs(2 * until - until[-1]))]


def moments(histogram: Histogram) -> Any:
    """Return the threshold that keeps the first three moments in an image of two intensities.

    References
    ----------
    .. [1] Tsai, "Moment-preserving thresholding: a new approach", Computer Vision, Graphics,
           and Image Processing 29 (1985), 377-393,
           https://doi.org/10.1016/0734-189X(85)90133-1
    """
    until = np.cumsum(histogram.counts)
    bins = np.arange(len(until))
    places = bins - np.average(bins, weights=histogram.counts)
    variance, third = (np.average(places**power, weights=histogram.counts) for power in (2, 3))
    # About the mean, the two intensities are the roots of z**2 - skew * z - variance.
    skew = third / variance
    dark_share = (skew / np.sqrt(skew**2 + 4 * variance) + 1) / 2
    return histogram.centres[np.argmax(until > dark_share * until[-1])]


def min_error(histogram: Histogram) -> Any:
    """Return the threshold at which two normal distributions are equally likely.

    From the mean, the threshold moves to where the distributions with the moments of its two
    classes cross, until it stays.

    References
    ----------
    .. [1] Kittler and Illingworth, "Minimum error thresholding", Pattern Recognition 19
           (1986), 41-47, https://doi.org/10.1016/0031-3203(86)90030-0
    .. [2] ImageJ, `ij.process.AutoThresholder`, https://imagej.net/ij/source/, whose
           iteration with a decadic logarithm this is.
    """
    counts = histogram.counts
    places = np.arange(len(counts), dtype=np.float64)
    numbers, sums, squares = (np.cumsum(counts * places**power) for power in (0, 1, 2))
    place, seen = int(sums[-1] / numbers[-1]), set()
    while place not in seen:
        seen.add(place)
        if not 0 <= place < len(counts) - 1:
            raise RuntimeError("its classes do not look like two normal distributions")
        dark, bright = numbers[place], numbers[-1] - numbers[place]
        mean, other = sums[place] / dark, (sums[-1] - sums[place]) / bright
        variance = squares[place] / dark - mean**2
        other_variance = (squares[-1] - squares[place]) / bright - other**2
        if not (variance > 0 and other_variance > 0):
            raise RuntimeError("one of its classes has a single intensity")
        a = 1 / variance - 1 / other_variance
        b = mean / variance - other / other_variance
        c = mean**2 / variance - other**2 / other_variance
        c += np.log10(variance * bright**2 / (other_variance * dark**2))
        root = b**2 - a * c
        if root < 0 or a == 0:
            raise RuntimeError("its classes do not look like two normal distributions")
        place = int(np.floor((b + np.sqrt(root)) / a))
    return histogram.centres[place]


def intermodes(histogram: Histogram) -> Any:
    """Return the threshold halfway between the two modes of the smoothed histogram.

    Up to 256 bins are smoothed with a running mean of 3, more with one of the same width.

    References
    ----------
    .. [1] Prewitt and Mendelsohn, "The analysis of cell images", Annals of the New York Academy
           of Sciences 128 (1966), 1035-1053,
           https://doi.org/10.1111/j.1749-6632.1965.tb11715.x
    """
    from scipy import ndimage

    width = 3 * len(histogram.counts) // (2 * BINS) * 2 + 1
    smooth = histogram.counts.astype(np.float64)
    for _ in range(_MOST_SMOOTHING):
        modes = _modes(np.concatenate([[0.0], smooth, [0.0]])) - 1
        if len(modes) <= 2:
            break
        smooth = ndimage.uniform_filter1d(smooth, max(width, 3), mode="constant")
    if len(modes) != 2:
        raise RuntimeError("its histogram does not have two modes")
    return histogram.centres[modes.sum() // 2]


def minimum(histogram: Histogram) -> Any:
    """Return the rarest intensity between the two modes of the smoothed histogram.

    `skimage.filters.threshold_minimum` returns the same, but looks for the modes level by
    level in Python, which takes it a minute for 16 bits.

    References
    ----------
    .. [1] Prewitt and Mendelsohn, "The analysis of cell images", Annals of the New York Academy
           of Sciences 128 (1966), 1035-1053,
           https://doi.org/10.1111/j.1749-6632.1965.tb11715.x
    """
    from scipy import ndimage

    smooth = histogram.counts.astype(np.float32)
    for _ in range(_MOST_SMOOTHING - 1):
        smooth = ndimage.uniform_filter1d(smooth, 3)
        modes = _modes(smooth)
        if len(modes) < 3:
            break
    if len(modes) != 2:
        raise RuntimeError("its histogram does not have two modes")
    return histogram.centres[modes[0] + np.argmin(smooth[modes[0] : modes[1] + 1])]


def _modes(smooth: NDArray[Any]) -> NDArray[np.intp]:
    """Return where a histogram falls after it rose, also from its first bin on."""
    steps = np.diff(smooth)
    changes = np.flatnonzero(steps)
    falls = steps[changes] < 0
    return np.asarray(changes[falls & np.append(True, ~falls)[:-1]])


def huang(histogram: Histogram) -> Any:
    """Return the threshold that leaves the least doubt to which class the pixels belong.

    With more than 1024 bins the means are rounded to whole bins, as `huang2` does it always.

    References
    ----------
    .. [1] Huang and Wang, "Image thresholding by minimizing the measures of fuzziness",
           Pattern Recognition 28 (1995), 41-51, https://doi.org/10.1016/0031-3203(94)E0043-K
    """
    if len(histogram.counts) > _EXACT_MEANS:
        return huang2(histogram)
    dark, bright = _class_means(histogram.counts)
    places = np.arange(len(histogram.counts))
    is_dark = places <= places[:-1, None]
    distances = np.abs(places - np.where(is_dark, dark[:, None], bright[:, None]))
    doubts = _doubt(distances, len(places) - 1) @ histogram.counts
    return histogram.centres[np.argmin(doubts)]


def huang2(histogram: Histogram) -> Any:
    """Return Huang's threshold with the means of the classes rounded to whole bins.

    With more than 1024 bins, only what is near the best of 512 thresholds is searched bin by
    bin.

    References
    ----------
    .. [1] Huang and Wang, "Image thresholding by minimizing the measures of fuzziness",
           Pattern Recognition 28 (1995), 41-51, https://doi.org/10.1016/0031-3203(94)E0043-K
    """
    counts = histogram.counts.astype(np.float64)
    last = len(counts) - 1
    # The doubt at distance d is at the place `last` + d, and mirrored, so that the sum over a
    # class is a product of two slices.
    doubt = _doubt(np.abs(np.arange(-last, last + 1)), last)
    dark, bright = (np.floor(mean + 0.5).astype(int) for mean in _class_means(histogram.counts))

    def least_doubtful(places: NDArray[np.intp]) -> int:
        doubts = [
            counts[: place + 1] @ doubt[last - dark[place] :][: place + 1]
            + counts[place + 1 :] @ doubt[last - bright[place] :][place + 1 : last + 1]
            for place in places
        ]
        return int(places[np.argmin(doubts)])

    # Every threshold takes a sum over all bins: of many thresholds some are tried first, then
    # all that are near the best one.
    step = max(1, last // _FIRST_TRIES)
    best = least_doubtful(np.arange(0, last, step))
    near = np.arange(max(0, best - step + 1), min(last, best + step))
    return histogram.centres[best if step == 1 else least_doubtful(near)]


def _class_means(counts: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the means of both classes in bins, for each threshold but the last."""
    numbers = np.cumsum(counts)
    sums = np.cumsum(counts * np.arange(len(counts)))
    return sums[:-1] / numbers[:-1], (sums[-1] - sums[:-1]) / (numbers[-1] - numbers[:-1])


def _doubt(distances: NDArray[Any], widest: int) -> NDArray[np.float64]:
    """Return Shannon's entropy of belonging to a class from the distance to its mean."""
    belongs = 1 / (1 + distances / widest)
    rest = np.where(distances > 0, 1 - belongs, 1.0)
    return np.asarray(-belongs * np.log(belongs) - rest * np.log(rest))
