"""Calculate with the intensities of one image, or of two."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks
from napari_delineate.declaration import Scope, operation
from napari_delineate.halos import no_halo
from napari_delineate.types import Image, Range

__all__ = [
    "combine_images",
    "calculate",
    "apply_function",
    "invert",
    "clip",
    "rescale_intensity",
    "standardize",
    "adjust_gamma",
]

_Percent = Annotated[float, Range(0, 100)]


@operation(locality=no_halo, opencl=True)
def combine_images(
    image: Image,
    other: Image,
    *,
    operator: Literal[
        "add",
        "subtract",
        "multiply",
        "divide",
        "minimum",
        "maximum",
        "mean",
        "absolute difference",
    ] = "subtract",
) -> Image:
    """Calculate with two images, pixel by pixel.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    other : ndarray, same shape
        Intensities of any real dtype.
    operator : str
        What is done. "subtract" takes `other` from `image`, "divide" divides by it; where it
        is 0, the result is 0.

    Returns
    -------
    combined : ndarray, same shape
        The result, never cut off: of the minimum and maximum, the common dtype of both in
        numpy; else float64, of two float32 images float32.

    Raises
    ------
    ValueError
        If the images have different shapes, one is empty or holds NaN or infinity, or
        numbers are too large for the result.

    References
    ----------
    .. [1] ImageJ, "Image Calculator", https://imagej.net/ij/docs/guide/146-29.html

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> first, second = np.array([[5, 200]], np.uint8), np.array([[9, 100]], np.uint8)
    >>> filters.combine_images(first, second, operator="subtract").tolist()
    [[-4.0, 100.0]]
    """
    if operator in ("minimum", "maximum"):
        return np.asarray(getattr(np, operator)(image, other))
    both_single = image.dtype == other.dtype == np.float32
    dtype = np.float32 if both_single else np.float64
    first: NDArray[Any] = image.astype(dtype, copy=False)
    second: NDArray[Any] = other.astype(dtype, copy=False)
    result: NDArray[Any]
    with np.errstate(over="ignore", invalid="ignore"):
        if operator == "add":
            result = first + second
        elif operator == "subtract":
            result = first - second
        elif operator == "multiply":
            result = first * second
        elif operator == "divide":
            result = np.divide(first, second, out=np.zeros_like(first), where=second != 0)
        elif operator == "mean":
            result = first / 2 + second / 2
        else:
            result = np.abs(first - second)
    return building_blocks.fitting(result)


@operation(locality=no_halo, opencl=True)
def calculate(
    image: Image,
    *,
    operator: Literal["add", "subtract", "multiply", "divide", "minimum", "maximum"] = "multiply",
    value: float = 1.0,
) -> Image:
    """Calculate with an image and a number, pixel by pixel.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    operator : str
        What is done. "subtract" takes `value` from the image, "divide" divides by it,
        "minimum" and "maximum" take the lower or higher of both.
    value : float
        The number; not 0 for "divide".

    Returns
    -------
    calculated : ndarray, same shape
        The result, never cut off: float64, of float32 float32.

    Raises
    ------
    ValueError
        If `value` is 0 for "divide", the image is empty or holds NaN or infinity, or
        numbers are too large for the result.

    See Also
    --------
    clip : Keeps the dtype.

    References
    ----------
    .. [1] ImageJ, "Math", https://imagej.net/ij/docs/guide/146-29.html

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> filters.calculate(np.array([[100, 200]], np.uint8), operator="add", value=100).tolist()
    [[200.0, 300.0]]
    """
    check_divisor(operator, value)
    pixels = _as_float(image)
    with np.errstate(over="ignore", invalid="ignore"):
        number = pixels.dtype.type(value)
        if operator == "add":
            result = pixels + number
        elif operator == "subtract":
            result = pixels - number
        elif operator == "multiply":
            result = pixels * number
        elif operator == "divide":
            result = pixels / number
        else:
            result = getattr(np, operator)(pixels, number)
    return building_blocks.fitting(result)


@operation(locality=no_halo, opencl=True)
def apply_function(
    image: Image,
    *,
    function: Literal["square root", "logarithm", "square", "absolute"] = "square root",
) -> Image:
    """Apply a function to every intensity, for instance to make dim objects brighter.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    function : {"square root", "logarithm", "square", "absolute"}
        The function. The logarithm is the natural one of the intensity plus 1, so that 0
        stays 0. Roots and logarithms of negative intensities are those of their amount,
        negative again.

    Returns
    -------
    transformed : ndarray, same shape
        The result: float64, of float32 float32.

    Raises
    ------
    ValueError
        If the image is empty or holds NaN or infinity, or squares are too large for the
        result.

    Notes
    -----
    Logarithms are computed on the processor, also where an OpenCL device was chosen.

    References
    ----------
    .. [1] `numpy.sqrt`, `numpy.log1p`, `numpy.square` and `numpy.abs`, which compute it.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> filters.apply_function(np.array([[0, 9, -16]])).tolist()
    [[0.0, 3.0, -4.0]]
    """
    pixels = _as_float(image)
    with np.errstate(over="ignore"):
        if function == "square":
            return building_blocks.fitting(np.square(pixels))
        if function == "absolute":
            return np.asarray(np.abs(pixels))
        root = np.sqrt if function == "square root" else np.log1p
        return np.asarray(np.copysign(root(np.abs(pixels)), pixels))


@operation(locality=Scope.STATISTIC, opencl=True)
def invert(image: Image) -> Image:
    """Make bright what is dark and dark what is bright, within the range of the image.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.

    Returns
    -------
    inverted : ndarray, same shape and dtype
        The sum of the lowest and the highest intensity, minus the image; float16 becomes
        float32.

    Raises
    ------
    ValueError
        If the image is empty or holds NaN, infinity or numbers too large to subtract.

    Notes
    -----
    `skimage.util.invert` subtracts from the highest number of the dtype, so that a 16-bit
    image of 12 bits becomes almost white.

    References
    ----------
    .. [1] ImageJ, "Invert", https://imagej.net/ij/docs/guide/146-28.html

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> filters.invert(np.array([[10, 20, 50]], np.uint8)).tolist()
    [[50, 40, 10]]
    """
    low, high = image.min(), image.max()
    if image.dtype == bool:
        return np.asarray(image if low == high else ~image).copy()
    # Whole numbers may leave their range in between, but come back into it.
    with np.errstate(over="ignore", invalid="ignore"):
        return building_blocks.fitting(np.asarray((high - image) + low, image.dtype))


@operation(locality=no_halo, opencl=True)
def clip(image: Image, *, lowest: float | None = 0.0, highest: float | None = None) -> Image:
    """Raise intensities that are too low to a limit, and lower those that are too high.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    lowest, highest : float or None
        The limits; None for no limit. Those of integers are rounded towards each other.

    Returns
    -------
    clipped : ndarray, same shape and dtype
        The image within the limits; float16 becomes float32.

    Raises
    ------
    ValueError
        If `lowest` is above `highest`, no number of the dtype lies between them, or the
        image is empty or holds NaN or infinity.

    References
    ----------
    .. [1] `numpy.clip`, which computes it.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> filters.clip(np.array([[-5, 3, 80]]), lowest=0, highest=10.5).tolist()
    [[0, 3, 10]]
    """
    low, high = limits_of(image.dtype, lowest, highest)
    if image.dtype == bool:
        return np.asarray((image | (low > 0)) & (high > 0))
    return np.asarray(np.clip(image, image.dtype.type(low), image.dtype.type(high)))


@operation(locality=Scope.STATISTIC)
def rescale_intensity(
    image: Image,
    *,
    low_percentile: _Percent = 0.1,
    high_percentile: _Percent = 99.9,
) -> Image:
    """Scale intensities so that a dark one becomes 0 and a bright one becomes 1.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    low_percentile : float
        Share of the pixels, in percent, that are at most as bright as what becomes 0.
    high_percentile : float
        Share of the pixels, in percent, that are at most as bright as what becomes 1.

    Returns
    -------
    rescaled : ndarray of float, same shape
        The scaled intensities, cut off at 0 and 1: float64, of float32 float32. All are 0
        where both percentiles are the same intensity.

    Raises
    ------
    ValueError
        If `low_percentile` is not below `high_percentile`, the image is empty or holds NaN
        or infinity.

    References
    ----------
    .. [1] `skimage.exposure.rescale_intensity`, which does the same with given limits.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.array([[10, 20, 30]])
    >>> filters.rescale_intensity(image, low_percentile=0, high_percentile=100).tolist()
    [[0.0, 0.5, 1.0]]
    """
    if low_percentile >= high_percentile:
        raise ValueError(
            f"low_percentile must be below high_percentile, {high_percentile:g}; "
            f"got {low_percentile:g}"
        )
    pixels = _as_float(image)
    low, high = np.percentile(pixels, [low_percentile, high_percentile]).astype(pixels.dtype)
    if low == high:
        return np.zeros_like(pixels)
    # Halves, because the distance of the largest floats is none.
    return np.asarray((np.clip(pixels, low, high) / 2 - low / 2) / (high / 2 - low / 2))


@operation(locality=Scope.STATISTIC)
def standardize(image: Image, *, method: Literal["mean", "median"] = "mean") -> Image:
    """Scale intensities to a mean of 0 and a standard deviation of 1.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    method : {"mean", "median"}
        What is subtracted and divided by: the mean and the standard deviation, or the
        median and 1.4826 times the median absolute deviation, which few bright objects
        hardly change.

    Returns
    -------
    standardized : ndarray of float, same shape
        The scaled intensities: float64, of float32 float32. They are not divided where the
        deviation is 0.

    Raises
    ------
    ValueError
        If the image is empty or holds NaN or infinity, or numbers are too large for the
        result.

    References
    ----------
    .. [1] Rousseeuw and Croux, "Alternatives to the median absolute deviation", Journal of
           the American Statistical Association 88 (1993), 1273-1283,
           https://doi.org/10.1080/01621459.1993.10476408

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> filters.standardize(np.array([[1, 3], [1, 3]])).tolist()
    [[-1.0, 1.0], [-1.0, 1.0]]
    """
    pixels = _as_float(image)
    with np.errstate(over="ignore", invalid="ignore"):
        if method == "mean":
            centred = pixels - pixels.dtype.type(pixels.mean(dtype=np.float64))
            deviation = centred.std(dtype=np.float64)
        else:
            centred = pixels - pixels.dtype.type(np.median(pixels))
            deviation = 1.4826 * float(np.median(np.abs(centred)))
        result = centred / pixels.dtype.type(deviation) if deviation > 0 else centred
    return building_blocks.fitting(result)


@operation(locality=Scope.STATISTIC, opencl=True)
def adjust_gamma(image: Image, *, gamma: Annotated[float, Range(0.01, 100)] = 0.5) -> Image:
    """Brighten or darken what is between the lowest and the highest intensity.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    gamma : float
        The power, from 0.01 to 100, of intensities counted from 0, the lowest, to 1, the
        highest: below 1 makes the image brighter, above 1 darker.

    Returns
    -------
    adjusted : ndarray of float, same shape
        The image, with the same lowest and highest intensity: float64, of float32 float32.

    Raises
    ------
    ValueError
        If `gamma` is out of its range, the image is empty or holds NaN or infinity, or
        numbers are too large for the result.

    References
    ----------
    .. [1] `skimage.exposure.adjust_gamma`, which does the same from 0 to the highest number
           of the dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> filters.adjust_gamma(np.array([[0, 25, 100]])).tolist()
    [[0.0, 50.0, 100.0]]
    """
    pixels = _as_float(image)
    low, high = pixels.min(), pixels.max()
    if low == high:
        return pixels.copy()
    with np.errstate(over="ignore", invalid="ignore"):
        share = (pixels - low) / (high - low)
        result = low + (high - low) * share ** pixels.dtype.type(gamma)
    return building_blocks.fitting(result)


def _as_float(image: NDArray[Any]) -> NDArray[Any]:
    return image if image.dtype == np.float32 else image.astype(np.float64, copy=False)


def check_divisor(operator: str, value: float) -> None:
    """Refuse to divide by 0."""
    if operator == "divide" and value == 0:
        raise ValueError("value must not be 0 for operator 'divide'")


def limits_of(dtype: np.dtype[Any], lowest: float | None, highest: float | None) -> tuple[Any, Any]:
    """Return the limits of `clip` as numbers that a dtype holds."""
    if dtype.kind == "f":
        limits: Any = np.finfo(dtype)
    else:
        limits = np.iinfo(np.uint8 if dtype.kind == "b" else dtype)
    top = 1 if dtype.kind == "b" else limits.max
    low = limits.min if lowest is None else max(lowest, float(limits.min))
    high = top if highest is None else min(highest, float(top))
    if dtype.kind != "f":
        # Numbers of 64 bits are compared as whole ones: as floats they would be rounded.
        low, high = max(int(np.ceil(low)), limits.min), min(int(np.floor(high)), top)
    if low > high or (lowest is not None and highest is not None and lowest > highest):
        raise ValueError(
            f"lowest and highest must leave a number of the dtype {dtype} between them; "
            f"got {lowest} and {highest}"
        )
    return low, high
