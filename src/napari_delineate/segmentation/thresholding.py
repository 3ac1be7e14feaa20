"""Separate foreground from background by brightness."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks
from napari_delineate.declaration import Scope, operation
from napari_delineate.thresholds.classes import class_limits
from napari_delineate.thresholds.global_levels import above, global_level
from napari_delineate.thresholds.histograms import BINS
from napari_delineate.thresholds.levels import Levels, intensity_levels
from napari_delineate.types import Image, Labels, Mask, Range

__all__ = [
    "threshold",
    "manual_threshold",
    "hysteresis_threshold",
    "multi_otsu",
]


@operation(version=2, locality=Scope.STATISTIC)
def threshold(
    image: Image,
    mask: Mask | None = None,
    *,
    method: Literal[
        "default",
        "huang",
        "huang2",
        "intermodes",
        "isodata",
        "li",
        "max_entropy",
        "mean",
        "min_error",
        "minimum",
        "moments",
        "otsu",
        "percentile",
        "renyi_entropy",
        "shanbhag",
        "triangle",
        "yen",
    ] = "otsu",
    objects: Literal["bright", "dark"] = "bright",
    histogram: Literal["stack", "slice"] = "stack",
) -> Mask:
    """Mark every pixel brighter than an automatic threshold.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    mask : ndarray of bool or int, same shape, optional
        Pixels from which the threshold is found; it is applied to all. None takes all.
    method : str
        How the threshold is found. Otsu maximises the variance between the two classes; Li
        minimises cross entropy and keeps dim objects; triangle suits a large background;
        default is ImageJ's modification of isodata; minimum and intermodes need a histogram
        with two modes, min_error one of two normal distributions; percentile takes the
        brighter half.
    objects : {"bright", "dark"}
        Which side of the threshold is foreground.
    histogram : {"stack", "slice"}
        One threshold for the image, or one for each slice along the first of three axes.

    Returns
    -------
    mask : ndarray of bool, same shape
        True where the image is brighter than the threshold, or, for dark objects, where it
        is not; False everywhere in an image (slice) that is constant where it counts.

    Raises
    ------
    ValueError
        If a setting is unknown, the method finds no threshold, the shapes differ, or the
        image is empty or holds NaN or infinity.

    Notes
    -----
    These are the methods of ImageJ, without its reduction to 8 bits: whole numbers that span
    up to 65536 grey levels get one bin per level, everything else 256 bins. The results of
    isodata, li, mean, minimum, otsu, triangle and yen are those of scikit-image. Li and mean
    take floats as they are.

    References
    ----------
    .. [1] ImageJ, `ij.process.AutoThresholder`, https://imagej.net/ij/source/
    .. [2] `skimage.filters.threshold_otsu` and its siblings.
    .. [3] Sezgin and Sankur, "Survey over image thresholding techniques and quantitative
           performance evaluation", Journal of Electronic Imaging 13 (2004), 146-165,
           https://doi.org/10.1117/1.1631315
    .. [4] Otsu, "A threshold selection method from gray-level histograms", IEEE
           Transactions on Systems, Man, and Cybernetics 9 (1979), 62-66,
           https://doi.org/10.1109/TSMC.1979.4310076

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> segmentation.threshold(np.array([[1, 2, 9], [1, 8, 9]]))
    array([[False, False,  True],
           [False,  True,  True]])
    """
    if image.ndim == 2 or histogram == "stack":
        return _on_one_side(image, method, mask, objects)
    slices = []
    for index, plane in enumerate(image):
        within = None if mask is None else mask[index]
        try:
            slices.append(_on_one_side(plane, method, within, objects))
        except ValueError as error:
            raise ValueError(f"slice {index}: {error}") from error
    return np.stack(slices)


def _on_one_side(
    image: NDArray[Any], method: str, mask: NDArray[np.bool_] | None, objects: str
) -> NDArray[np.bool_]:
    level = global_level(image, method, mask)
    bright = above(image, level)
    return bright if objects == "bright" or level is None else ~bright


def _own_pixel(*, spacing: Any, **_: Any) -> tuple[int, ...]:
    return (0,) * len(spacing)


@operation(locality=_own_pixel, opencl=True)
def manual_threshold(
    image: Image,
    *,
    lower: float | None = None,
    upper: float | None = None,
    side: Literal["inside", "outside"] = "inside",
) -> Mask:
    """Mark every pixel whose intensity lies in a range that you choose.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    lower : float or None
        The lowest intensity of the range, in the image's own range; None has no lower end.
    upper : float or None
        The highest intensity of the range; None has no upper end.
    side : {"inside", "outside"}
        Mark what is in the range, or what is not.

    Returns
    -------
    mask : ndarray of bool, same shape
        True where lower <= image <= upper, or where not.

    Raises
    ------
    ValueError
        If `lower` is more than `upper`, or the image is empty or holds NaN or infinity.

    References
    ----------
    .. [1] 3D Slicer, effect "Threshold" of the Segment Editor,
           https://slicer.readthedocs.io/en/latest/user_guide/modules/segmenteditor.html

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> segmentation.manual_threshold(np.array([[1, 2, 9], [1, 8, 9]]), lower=2, upper=8)
    array([[False,  True, False],
           [False,  True, False]])
    """
    check_limits(lower, upper)
    marked = np.ones(image.shape, bool)
    if lower is not None:
        marked &= image >= _comparable(lower, image.dtype, np.ceil)
    if upper is not None:
        marked &= image <= _comparable(upper, image.dtype, np.floor)
    return marked if side == "inside" else ~marked


def check_limits(lower: float | None, upper: float | None) -> None:
    """Refuse limits in the wrong order."""
    if lower is not None and upper is not None and lower > upper:
        raise ValueError(f"lower must be at most upper ({upper:g}); got {lower:g}")


def _comparable(limit: float, dtype: np.dtype[Any], rounded: Any) -> Any:
    """Return a limit that means the same for whole numbers, which floats can not hold all."""
    return int(rounded(limit)) if dtype.kind in "iu" else np.float64(limit)


@operation
def hysteresis_threshold(
    image: Image,
    *,
    low: float | None = None,
    high: float | None = None,
    connectivity: Literal["full", "face"] = "full",
) -> Mask:
    """Mark connected pixels above a low threshold where some are above a high one.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype; objects are bright.
    low : float or None
        Objects reach as far as the image is brighter than this, in its own range; None takes
        the lower one of Otsu's two thresholds for three classes.
    high : float or None
        An object has a pixel brighter than this; None takes the upper one of the two.
    connectivity : {"full", "face"}
        Which neighbours are connected: all, also over corners (8 in 2D, 26 in 3D), or
        those that share an edge in 2D or a face in 3D (4 and 6).

    Returns
    -------
    mask : ndarray of bool, same shape
        True in the objects.

    Raises
    ------
    ValueError
        If `low` is more than `high`, or the image is empty or holds NaN or infinity.

    References
    ----------
    .. [1] Canny, "A computational approach to edge detection", IEEE Transactions on Pattern
           Analysis and Machine Intelligence 8 (1986), 679-698,
           https://doi.org/10.1109/TPAMI.1986.4767851
    .. [2] `skimage.filters.apply_hysteresis_threshold`, which it equals with "face".

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> segmentation.hysteresis_threshold(np.array([[2, 5, 0, 2, 2]]), low=1, high=4)
    array([[ True,  True, False, False, False]])
    """
    if low is None or high is None:
        limits = _otsu_limits(image, None, 3)
        if low is None:
            low = float(limits[0]) if high is None else min(float(limits[0]), high)
        high = max(float(limits[-1]), low) if high is None else high
    if low > high:
        raise ValueError(f"low must be at most high ({high:g}); got {low:g}")
    labels = building_blocks.connected_components(image > np.float64(low), connectivity)
    kept = np.zeros(int(labels.max()) + 1, bool)
    kept[labels[image > np.float64(high)]] = True
    kept[0] = False
    return np.asarray(kept[labels])


@operation(locality=Scope.STATISTIC)
def multi_otsu(
    image: Image,
    mask: Mask | None = None,
    *,
    classes: Annotated[int, Range(2, 5)] = 3,
) -> Labels:
    """Sort pixels into classes of brightness with Otsu's method for several thresholds.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    mask : ndarray of bool or int, same shape, optional
        Pixels from which the thresholds are found; they are applied to all. None takes all.
    classes : int
        Number of classes, 2 to 5.

    Returns
    -------
    labels : ndarray of int32, same shape
        0 in the darkest class, 1 in the next, up to `classes` - 1 in the brightest. With
        fewer intensities than classes, each is a class of its own.

    Raises
    ------
    ValueError
        If `classes` is not 2 to 5, the shapes differ, or the image is empty or holds NaN or
        infinity.

    Notes
    -----
    Whole numbers keep all their levels, floats get 256 bins.

    References
    ----------
    .. [1] Liao, Chen and Chung, "A fast algorithm for multilevel thresholding", Journal of
           Information Science and Engineering 17 (2001), 713-727.
    .. [2] `skimage.filters.threshold_multiotsu`, which finds the same thresholds.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> segmentation.multi_otsu(np.array([[1, 2, 50], [99, 51, 98]]))
    array([[0, 0, 1],
           [2, 1, 2]], dtype=int32)
    """
    labels = np.zeros(image.shape, np.int32)
    for limit in _otsu_limits(image, mask, classes):
        labels += image > limit
    return labels


def _otsu_limits(
    image: NDArray[Any], mask: NDArray[np.bool_] | None, classes: int
) -> NDArray[np.float64]:
    """Return Otsu's thresholds; none if nothing is in the mask, one intensity is its own."""
    if mask is not None and not mask.any():
        return np.zeros(0)
    levels = intensity_levels(image, mask)
    if levels.is_constant:
        return levels.values[-1:]
    if image.dtype.kind == "f" or len(levels.values) > BINS**2:
        counts, centres = levels.histogram(BINS)
        levels = Levels(centres[counts > 0], counts[counts > 0])
    return class_limits(levels, classes)
