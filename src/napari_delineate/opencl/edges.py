"""OpenCL versions of `napari_delineate.filters.edges`.

The weights are those of the CPU: pyclesperanto's own know no spacing, and its derivatives of
a Gaussian see an edge in a constant image.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks
from napari_delineate.curvature import eigenvalues_of
from napari_delineate.filters.edges import place_of, sobel_weights
from napari_delineate.opencl.pixels import correlated, pulled, scaled_to_one
from napari_delineate.separable import derivative_weights
from napari_delineate.types import Voxels, length_per_axis

__all__ = ["VERSIONS"]


def _derivative(cle: Any, image: Any, sigma: tuple[float, ...], orders: tuple[int, ...]) -> Any:
    return correlated(cle, image, derivative_weights(sigma, orders, image.shape), len(sigma))


def _length(cle: Any, parts: list[Any]) -> Any:
    squares = [cle.square(part) for part in parts]
    total = squares[0]
    for part in squares[1:]:
        total = cle.add_images(total, part)
    return cle.square_root(total)


def _gradient_magnitude(
    cle: Any, image: NDArray[Any], sigma: float | Voxels, spacing: tuple[float, ...]
) -> NDArray[Any]:
    per_axis = building_blocks.positive(length_per_axis(sigma, spacing), "sigma")
    given = cle.push(scaled_to_one(image))
    axes = np.eye(image.ndim, dtype=int).tolist()
    return pulled(_length(cle, [_derivative(cle, given, per_axis, tuple(one)) for one in axes]))


def _sobel(cle: Any, image: NDArray[Any], spacing: tuple[float, ...]) -> NDArray[Any]:
    given = cle.push(scaled_to_one(image))
    parts = [correlated(cle, given, weights, image.ndim) for weights in sobel_weights(spacing)]
    return pulled(
        cle.multiply_image_and_scalar(_length(cle, parts), scalar=1 / np.sqrt(image.ndim))
    )


def _laplacian_of_gaussian(
    cle: Any, image: NDArray[Any], sigma: float | Voxels, spacing: tuple[float, ...]
) -> NDArray[Any]:
    per_axis = building_blocks.positive(length_per_axis(sigma, spacing), "sigma")
    given = cle.push(scaled_to_one(image))
    axes = (2 * np.eye(image.ndim, dtype=int)).tolist()
    parts = [_derivative(cle, given, per_axis, tuple(one)) for one in axes]
    total = parts[0]
    for part in parts[1:]:
        total = cle.add_images(total, part)
    return pulled(total)


def _hessian_eigenvalues(
    cle: Any,
    image: NDArray[Any],
    which: str,
    sigma: float | Voxels,
    spacing: tuple[float, ...],
) -> NDArray[Any]:
    place = place_of(which, image.ndim)
    per_axis = building_blocks.positive(length_per_axis(sigma, spacing), "sigma")
    given = cle.push(scaled_to_one(image))
    pairs = itertools.combinations_with_replacement(range(image.ndim), 2)
    elements = [
        pulled(_derivative(cle, given, per_axis, tuple(map(pair.count, range(image.ndim)))))
        for pair in pairs
    ]
    return np.ascontiguousarray(eigenvalues_of(np.stack(elements))[place])


VERSIONS: dict[str, Callable[..., Any]] = {
    "filters.gradient_magnitude": _gradient_magnitude,
    "filters.sobel": _sobel,
    "filters.laplacian_of_gaussian": _laplacian_of_gaussian,
    "filters.hessian_eigenvalues": _hessian_eigenvalues,
}
