"""Separate the stains of histology by their colours."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate.declaration import operation
from napari_delineate.halos import no_halo
from napari_delineate.types import RGB, Image, Range

__all__ = [
    "separate_stains",
    "stain_density",
    "separate_estimated_stains",
    "optical_density_sum",
]

_White = Annotated[float, Range(0.01, 1)]
_Component = Annotated[float, Range(0, 1)]
_Stains = Literal[
    "hematoxylin and eosin",
    "hematoxylin and DAB",
    "hematoxylin, eosin and DAB",
    "own",
]

_HEMATOXYLIN = (0.65, 0.70, 0.29)
_EOSIN = (0.07, 0.99, 0.11)
_DAB = (0.27, 0.57, 0.78)
"""Optical densities in red, green and blue, as Ruifrok and Johnston measured them."""

_DARKEST = 1e-3
"""Share of the white that counts as black, whose optical density would be infinite."""

_FEWEST = 10
"""Pixels with stain without which no stain is estimated."""


class Stains(NamedTuple):
    """Hold the density of each stain.

    Attributes
    ----------
    first_stain : ndarray of float
        Density of the first stain.
    second_stain : ndarray of float
        Density of the second stain.
    third_stain : ndarray of float
        Density of the third stain, or of what is neither of two.
    """

    first_stain: Image
    second_stain: Image
    third_stain: Image


@operation(locality=no_halo)
def separate_stains(
    image: RGB,
    *,
    stains: _Stains = "hematoxylin and eosin",
    first_red: _Component = 0.65,
    first_green: _Component = 0.70,
    first_blue: _Component = 0.29,
    second_red: _Component = 0.07,
    second_green: _Component = 0.99,
    second_blue: _Component = 0.11,
    white_red: _White = 1.0,
    white_green: _White = 1.0,
    white_blue: _White = 1.0,
) -> Stains:
    """Turn a colour image of stained tissue into one image of the density of each stain.

    Parameters
    ----------
    image : (Y, X, 3 or 4) or (Z, Y, X, 3 or 4) ndarray
        Red, green, blue and perhaps alpha, which is ignored. Integers are scaled to 0..1.
    stains : str
        The stains on the slide, or "own" for two whose colours are given below.
    first_red, first_green, first_blue : float
        Optical density of the first own stain in each colour, from 0 to 1; only their ratio
        matters.
    second_red, second_green, second_blue : float
        Optical density of the second own stain in each colour.
    white_red, white_green, white_blue : float
        The colour of empty glass, from 0.01 to 1.

    Returns
    -------
    first_stain : ndarray of float
        Optical density of the first stain: hematoxylin, if not an own one. float32 stays
        float32, all else becomes float64.
    second_stain : ndarray of float
        Optical density of the second stain: eosin, or DAB.
    third_stain : ndarray of float
        Optical density of DAB where there are three stains, else of colours that neither of
        two stains has. Densities of stains that are not there may be a little below 0.

    Raises
    ------
    ValueError
        If both own stains have the same colour or one has none, the last axis does not hold
        3 or 4 colours, or the image is empty or holds NaN or infinity.

    See Also
    --------
    stain_density : Gives one of them.
    separate_estimated_stains : Finds the colours of the stains in the image.

    Notes
    -----
    Optical density is the negative logarithm, to base 10, of the light that is left; black
    counts as 3. Scikit-image divides densities by 6 and sets negative ones to 0.

    References
    ----------
    .. [1] Ruifrok and Johnston, "Quantification of histochemical staining by color
           deconvolution", Analytical and Quantitative Cytology and Histology 23 (2001),
           291-299.
    .. [2] `skimage.color.separate_stains`

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> glass = np.full((2, 2, 3), 255, np.uint8)
    >>> hematoxylin, eosin, rest = filters.separate_stains(glass)
    >>> float(np.abs(hematoxylin).max())
    0.0
    """
    own = (first_red, first_green, first_blue), (second_red, second_green, second_blue)
    density = _optical_densities(image, (white_red, white_green, white_blue))
    inverse = np.linalg.inv(_vectors(stains, *own))
    return Stains(*(_weighted(density, inverse[:, n]) for n in range(3)))


@operation(locality=no_halo)
def stain_density(
    image: RGB,
    *,
    stains: _Stains = "hematoxylin and eosin",
    stain: Literal["first", "second", "third"] = "first",
    first_red: _Component = 0.65,
    first_green: _Component = 0.70,
    first_blue: _Component = 0.29,
    second_red: _Component = 0.07,
    second_green: _Component = 0.99,
    second_blue: _Component = 0.11,
    white_red: _White = 1.0,
    white_green: _White = 1.0,
    white_blue: _White = 1.0,
) -> Image:
    """Turn a colour image of stained tissue into the density of one stain, such as hematoxylin.

    Parameters
    ----------
    image : (Y, X, 3 or 4) or (Z, Y, X, 3 or 4) ndarray
        Red, green, blue and perhaps alpha, which is ignored. Integers are scaled to 0..1.
    stains : str
        The stains on the slide, or "own" for two whose colours are given below.
    stain : {"first", "second", "third"}
        The stain that is wanted, in the order of their names; the third of two is what
        neither explains.
    first_red, first_green, first_blue : float
        Optical density of the first own stain in each colour, from 0 to 1; only their ratio
        matters.
    second_red, second_green, second_blue : float
        Optical density of the second own stain in each colour.
    white_red, white_green, white_blue : float
        The colour of empty glass, from 0.01 to 1.

    Returns
    -------
    density : ndarray of float
        Optical density of the stain, as `separate_stains` gives it. float32 stays float32,
        all else becomes float64.

    Raises
    ------
    ValueError
        If both own stains have the same colour or one has none, the last axis does not hold
        3 or 4 colours, or the image is empty or holds NaN or infinity.

    References
    ----------
    .. [1] Ruifrok and Johnston, "Quantification of histochemical staining by color
           deconvolution", Analytical and Quantitative Cytology and Histology 23 (2001),
           291-299.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.full((2, 2, 3), 10 ** -np.array([0.65, 0.70, 0.29]))
    >>> float(filters.stain_density(image)[0, 0].round(2))
    1.0
    """
    own = (first_red, first_green, first_blue), (second_red, second_green, second_blue)
    density = _optical_densities(image, (white_red, white_green, white_blue))
    inverse = np.linalg.inv(_vectors(stains, *own))
    return _weighted(density, inverse[:, ("first", "second", "third").index(stain)])


@operation(version=2)
def separate_estimated_stains(
    image: RGB,
    *,
    min_density: Annotated[float, Range(0, 1)] = 0.15,
    percentile: Annotated[float, Range(0, 20)] = 1.0,
    white_red: _White = 1.0,
    white_green: _White = 1.0,
    white_blue: _White = 1.0,
) -> Stains:
    """Separate two stains whose colours are estimated from the image itself.

    Parameters
    ----------
    image : (Y, X, 3 or 4) or (Z, Y, X, 3 or 4) ndarray
        Red, green, blue and perhaps alpha, which is ignored. Integers are scaled to 0..1.
    min_density : float
        Optical density, as the length of what it is in the three colours, from which a pixel
        counts as stained.
    percentile : float
        Share of the stained pixels, in percent, that are allowed to have more extreme
        colours than the stains.
    white_red, white_green, white_blue : float
        The colour of empty glass, from 0.01 to 1.

    Returns
    -------
    first_stain : ndarray of float
        Optical density of the stain that takes away more red, such as hematoxylin. float32
        stays float32, all else becomes float64.
    second_stain : ndarray of float
        Optical density of the other stain.
    third_stain : ndarray of float
        Optical density of colours that neither stain has.

    Raises
    ------
    ValueError
        If the last axis does not hold 3 or 4 colours, or the image is empty or holds NaN or
        infinity.

    Notes
    -----
    The stains are the colours at both ends of what is found, so that a slide must show each of
    them almost alone somewhere. Glass or light that is not white, where its colour is not
    given, counts as stain as well. Where fewer than 10 pixels are stained, or all have one
    colour, hematoxylin and eosin are taken.

    References
    ----------
    .. [1] Macenko et al., "A method for normalizing histology slides for quantitative
           analysis", IEEE International Symposium on Biomedical Imaging (2009), 1107-1110,
           https://doi.org/10.1109/ISBI.2009.5193250
    .. [2] HistomicsTK, `separate_stains_macenko_pca`, which counts the same pixels as stained.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> blue, pink = [0.65, 0.70, 0.29], [0.2, 0.9, 0.4]
    >>> image = 10 ** -np.array([[blue] * 20 + [pink] * 20])
    >>> first, second, rest = filters.separate_estimated_stains(image)
    >>> float(first[0, 0].round(1)), float(second[0, 0].round(1)), float(second[0, -1].round(1))
    (1.0, 0.0, 1.0)
    """
    density = _optical_densities(image, (white_red, white_green, white_blue))
    inverse = np.linalg.inv(_estimated_vectors(density, min_density, percentile))
    return Stains(*(_weighted(density, inverse[:, n]) for n in range(3)))


@operation(locality=no_halo)
def optical_density_sum(
    image: RGB,
    *,
    white_red: _White = 1.0,
    white_green: _White = 1.0,
    white_blue: _White = 1.0,
) -> Image:
    """Turn a colour image of stained tissue into the density of all stains together.

    Parameters
    ----------
    image : (Y, X, 3 or 4) or (Z, Y, X, 3 or 4) ndarray
        Red, green, blue and perhaps alpha, which is ignored. Integers are scaled to 0..1.
    white_red, white_green, white_blue : float
        The colour of empty glass, from 0.01 to 1.

    Returns
    -------
    density : ndarray of float
        Sum of the optical densities in red, green and blue, from 0 to 9 (black) unless a
        pixel is brighter than white. float32 stays float32, all else becomes float64.

    Raises
    ------
    ValueError
        If the last axis does not hold 3 or 4 colours, or the image is empty or holds NaN or
        infinity.

    References
    ----------
    .. [1] Ruifrok and Johnston, "Quantification of histochemical staining by color
           deconvolution", Analytical and Quantitative Cytology and Histology 23 (2001),
           291-299.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> float(filters.optical_density_sum(np.full((2, 2, 3), 0.1))[0, 0].round(6))
    3.0
    """
    density = _optical_densities(image, (white_red, white_green, white_blue))
    return np.asarray(density[0] + density[1] + density[2])


def _optical_densities(image: NDArray[Any], white: tuple[float, ...]) -> list[NDArray[Any]]:
    """Return the optical density in red, green and blue."""
    return [_optical_density(image[..., n], white[n]) for n in range(3)]


def _optical_density(channel: NDArray[Any], white: float) -> NDArray[Any]:
    from skimage.util import img_as_float

    if channel.dtype == np.uint8:
        # 256 logarithms instead of one for each pixel.
        table = _optical_density(np.arange(256) / 255, white)
        return np.asarray(table.take(channel))
    light = img_as_float(channel)
    light = np.maximum(light, light.dtype.type(_DARKEST * white))
    return np.asarray(light.dtype.type(np.log10(white)) - np.log10(light))


def _weighted(density: list[NDArray[Any]], weights: NDArray[Any]) -> NDArray[Any]:
    # One after the other: a matrix product rounds otherwise in images of other shapes, so that
    # a part would not come out as in the whole.
    result: NDArray[Any] = density[0] * density[0].dtype.type(weights[0])
    part = np.empty_like(result)
    for one, weight in zip(density[1:], weights[1:], strict=True):
        np.multiply(one, one.dtype.type(weight), out=part)
        result += part
    return result


def _vectors(
    stains: str, first: tuple[float, ...], second: tuple[float, ...]
) -> NDArray[np.float64]:
    """Return the optical densities of three stains, of length 1, one per row."""
    if stains == "hematoxylin, eosin and DAB":
        vectors = np.array([_HEMATOXYLIN, _EOSIN, _DAB])
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    if stains != "own":
        first, second = _HEMATOXYLIN, _EOSIN if stains == "hematoxylin and eosin" else _DAB
    return _with_rest(np.array(first), np.array(second))


def _with_rest(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.float64]:
    """Return two stains and, perpendicular to both, what neither explains."""
    lengths = np.linalg.norm(first), np.linalg.norm(second)
    rest = np.cross(first, second)
    if np.linalg.norm(rest) < 1e-3 * lengths[0] * lengths[1] or min(lengths) == 0:
        raise ValueError(
            "the own stains must have two colours that differ; first_red, first_green, "
            f"first_blue are {first.tolist()}, second_red, second_green, second_blue "
            f"{second.tolist()}"
        )
    vectors = np.array([first, second, rest])
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def _estimated_vectors(
    density: list[NDArray[Any]], min_density: float, percentile: float
) -> NDArray[np.float64]:
    """Return the stains as Macenko finds them: the ends of the plane that colours lie in."""
    usual = _with_rest(np.array(_HEMATOXYLIN), np.array(_EOSIN))
    # All colours together: eosin hardly takes blue light away, however much there is of it.
    squares = sum(np.square(np.maximum(one, 0), dtype=np.float64) for one in density)
    stained = squares >= min_density**2
    colours = np.stack([one[stained] for one in density], axis=-1).astype(np.float64)
    if len(colours) < _FEWEST:
        return usual
    values, axes = np.linalg.eigh(colours.T @ colours / len(colours))
    if values[1] < 1e-6 * values[2]:
        return usual
    plane = axes[:, [2, 1]] * np.where(axes[:, [2, 1]].sum(axis=0) < 0, -1, 1)
    angles = np.arctan2(*(colours @ plane).T[::-1])
    ends = np.percentile(angles, [percentile, 100 - percentile])
    found = np.stack([np.cos(ends), np.sin(ends)], axis=-1) @ plane.T
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    if np.linalg.norm(np.cross(*found)) < 1e-3:
        return usual
    first, second = found[np.argsort(-found[:, 0], kind="stable")]
    return _with_rest(first, second)
