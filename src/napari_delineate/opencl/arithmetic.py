"""OpenCL versions of `napari_delineate.filters.arithmetic` and `.masking`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.filters.arithmetic import check_divisor, limits_of
from napari_delineate.filters.masking import check_value
from napari_delineate.opencl.pixels import NotOnOpenCLError, exact, pulled, single

__all__ = ["VERSIONS"]


def _combine_images(
    cle: Any, image: NDArray[Any], other: NDArray[Any], operator: str
) -> NDArray[Any]:
    first, second = cle.push(single(image)), cle.push(single(other))
    if operator in ("minimum", "maximum"):
        chosen = getattr(cle, f"{operator}_images")(first, second)
        return pulled(chosen, np.result_type(image, other))
    if operator == "divide":
        # Where the divisor is 0 the result is 0, and the device gives what is not a number.
        ratio = np.asarray(cle.divide_images(first, second))
        return pulled(np.where(np.asarray(second) != 0, ratio, np.float32(0)))
    if operator == "multiply":
        return pulled(cle.multiply_images(first, second))
    if operator == "absolute difference":
        return pulled(cle.absolute_difference(first, second))
    factor1, factor2 = {"add": (1, 1), "subtract": (1, -1), "mean": (0.5, 0.5)}[operator]
    return pulled(cle.add_images_weighted(first, second, factor1=factor1, factor2=factor2))


def _calculate(cle: Any, image: NDArray[Any], operator: str, value: float) -> NDArray[Any]:
    check_divisor(operator, value)
    number = float(single(np.array([value]))[0])
    pixels = single(image)
    if operator == "add":
        result = cle.add_image_and_scalar(pixels, scalar=number)
    elif operator == "subtract":
        result = cle.add_image_and_scalar(pixels, scalar=-number)
    elif operator == "multiply":
        result = cle.multiply_image_and_scalar(pixels, scalar=number)
    elif operator == "divide":
        result = cle.multiply_image_and_scalar(pixels, scalar=1 / number)
    else:
        result = getattr(cle, f"{operator}_image_and_scalar")(pixels, scalar=number)
    return pulled(result)


def _apply_function(cle: Any, image: NDArray[Any], function: str) -> NDArray[Any]:
    if function == "logarithm":
        raise NotOnOpenCLError  # adding 1 first takes the digits of numbers below 1
    pixels = cle.push(single(image))
    if function == "square":
        return pulled(cle.square(pixels))
    size = cle.absolute(pixels)
    if function == "absolute":
        return pulled(size)
    return pulled(cle.multiply_images(cle.square_root(size), cle.sign(pixels)))


def _invert(cle: Any, image: NDArray[Any]) -> NDArray[Any]:
    pixels = single(image)
    middle = float(pixels.min()) + float(pixels.max())
    return pulled(cle.subtract_image_from_scalar(pixels, scalar=middle), image.dtype)


def _clip(
    cle: Any, image: NDArray[Any], lowest: float | None, highest: float | None
) -> NDArray[Any]:
    low, high = limits_of(image.dtype, lowest, highest)
    pixels = single(image)
    # float32 may not hold the limits of the dtype; those of the pixels do as well.
    low = min(float(pixels.min()), high) if lowest is None else low
    high = max(float(pixels.max()), low) if highest is None else high
    limits = single(np.array([low, high], float))
    clipped = cle.clip(pixels, min_intensity=float(limits[0]), max_intensity=float(limits[1]))
    return pulled(clipped, image.dtype)


def _adjust_gamma(cle: Any, image: NDArray[Any], gamma: float) -> NDArray[Any]:
    pixels = exact(image)  # a power below 1 shows what rounding does to the darkest pixels
    low, high = float(pixels.min()), float(pixels.max())
    if low == high:
        return pixels.copy()
    share = cle.multiply_image_and_scalar(
        cle.add_image_and_scalar(pixels, scalar=-low), scalar=1 / (high - low)
    )
    power = cle.power(share, scalar=gamma)
    bright = cle.multiply_image_and_scalar(power, scalar=high - low)
    return pulled(cle.add_image_and_scalar(bright, scalar=low))


def _mask_image(
    cle: Any, image: NDArray[Any], mask: NDArray[np.bool_], fill: str, value: float
) -> NDArray[Any]:
    check_value(value, image.dtype)
    number = float(single(np.array([value]))[0])
    replaced = cle.push((mask if fill == "inside" else ~mask).astype(np.float32))
    kept = cle.mask(single(image), cle.binary_not(replaced))
    filled = cle.add_images_weighted(kept, replaced, factor1=1, factor2=number)
    return pulled(filled, image.dtype)


VERSIONS: dict[str, Callable[..., Any]] = {
    "filters.combine_images": _combine_images,
    "filters.calculate": _calculate,
    "filters.apply_function": _apply_function,
    "filters.invert": _invert,
    "filters.clip": _clip,
    "filters.adjust_gamma": _adjust_gamma,
    "filters.mask_image": _mask_image,
}
