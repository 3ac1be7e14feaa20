"""OpenCL versions of `napari_delineate.segmentation.labeling`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.building_blocks import above_otsu, connected_components, flood
from napari_delineate.opencl.denoise import blurred
from napari_delineate.opencl.pixels import pulled, scaled_to_one
from napari_delineate.types import Voxels

__all__ = ["VERSIONS", "components"]


def components(cle: Any, mask: NDArray[Any], connectivity: str = "full") -> Any:
    """Give connected pixels numbers from 1, on the device."""
    shape = {"full": "box", "face": "sphere"}[connectivity]
    return cle.connected_component_labeling(mask.astype(np.uint8), connectivity=shape)


def _label_connected_components(
    cle: Any, mask: NDArray[Any], connectivity: str
) -> NDArray[np.int32]:
    return np.asarray(components(cle, mask, connectivity)).astype(np.int32)


def _gauss_otsu_labeling(
    cle: Any, image: NDArray[Any], outline_sigma: float | Voxels, spacing: tuple[float, ...]
) -> NDArray[np.int32]:
    # pyclesperanto's own threshold bins differently.
    mask = above_otsu(pulled(blurred(cle, scaled_to_one(image), outline_sigma, spacing)))
    return np.asarray(components(cle, mask)).astype(np.int32)


def _voronoi_otsu_labeling(
    cle: Any,
    image: NDArray[Any],
    spot_sigma: float | Voxels,
    outline_sigma: float | Voxels,
    spacing: tuple[float, ...],
) -> NDArray[np.int32]:
    if image.min() == image.max():
        return np.zeros(image.shape, np.int32)
    from skimage.morphology import local_maxima

    pushed = cle.push(scaled_to_one(image))
    spots = blurred(cle, pushed, spot_sigma, spacing)
    outline = blurred(cle, pushed, outline_sigma, spacing)
    # pyclesperanto's own maxima leave out plateaus, and its threshold bins differently.
    mask = above_otsu(pulled(outline))
    maxima = local_maxima(pulled(spots)) & mask
    if np.ptp(spacing) > 0:  # a distance in voxels means nothing here
        return np.asarray(flood(connected_components(maxima), mask, spacing), np.int32)
    seeds, within = maxima.astype(np.uint8), mask.astype(np.uint8)
    return np.asarray(cle.masked_voronoi_labeling(seeds, within)).astype(np.int32)


VERSIONS: dict[str, Callable[..., Any]] = {
    "segmentation.label_connected_components": _label_connected_components,
    "segmentation.gauss_otsu_labeling": _gauss_otsu_labeling,
    "segmentation.voronoi_otsu_labeling": _voronoi_otsu_labeling,
}
