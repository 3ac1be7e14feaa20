"""Turn colours into intensities."""

from __future__ import annotations

from typing import Literal

import numpy as np

from napari_delineate.declaration import operation
from napari_delineate.halos import no_halo
from napari_delineate.types import RGB, Image

__all__ = ["rgb_to_gray", "rgb_channel"]

_WEIGHTS = (0.2125, 0.7154, 0.0721)
"""Shares of red, green and blue in the luminance, as scikit-image has them."""


@operation(locality=no_halo)
def rgb_to_gray(image: RGB) -> Image:
    """Turn a colour image into a grey one by its luminance.

    Parameters
    ----------
    image : (Y, X, 3 or 4) or (Z, Y, X, 3 or 4) ndarray
        Red, green, blue and perhaps alpha, which is ignored. Integers are scaled to 0..1.

    Returns
    -------
    gray : (Y, X) or (Z, Y, X) ndarray of float
        0.2125 red + 0.7154 green + 0.0721 blue. float32 stays float32, all else becomes
        float64.

    Raises
    ------
    ValueError
        If the last axis does not hold 3 or 4 colours, or the image is empty or holds NaN
        or infinity.

    References
    ----------
    .. [1] `skimage.color.rgb2gray`, whose weights these are.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.zeros((2, 2, 3), np.uint8); image[..., 1] = 255
    >>> float(filters.rgb_to_gray(image)[0, 0])
    0.7154
    """
    from skimage.util import img_as_float

    colours = img_as_float(image[..., :3])
    # One after the other: a matrix product rounds otherwise in images of other shapes, so that
    # a part would not come out as in the whole.
    red, green, blue = (
        colours[..., channel] * colours.dtype.type(weight)
        for channel, weight in enumerate(_WEIGHTS)
    )
    return np.asarray(red + green + blue)


@operation(locality=no_halo)
def rgb_channel(image: RGB, *, channel: Literal["red", "green", "blue"] = "red") -> Image:
    """Take red, green or blue of a colour image.

    Parameters
    ----------
    image : (Y, X, 3 or 4) or (Z, Y, X, 3 or 4) ndarray
        Red, green, blue and perhaps alpha.
    channel : {"red", "green", "blue"}
        The colour that is taken.

    Returns
    -------
    channel : (Y, X) or (Z, Y, X) ndarray, same dtype
        The intensities of the colour; float16 becomes float32.

    Raises
    ------
    ValueError
        If the last axis does not hold 3 or 4 colours, or the image is empty or holds NaN
        or infinity.

    References
    ----------
    .. [1] ImageJ, "Split channels", https://imagej.net/ij/docs/guide/146-28.html

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.zeros((2, 2, 3), np.uint8); image[..., 1] = 9
    >>> int(filters.rgb_channel(image, channel="green").max())
    9
    """
    return image[..., ("red", "green", "blue").index(channel)].copy()
