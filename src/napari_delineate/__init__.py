"""From pixels to trusted objects in napari, and every click is code you can rerun.

The operations are plain functions in six packages: `filters`, `segmentation`,
`postprocessing`, `surfaces`, `measurements` and `metrics`.
"""

from napari_delineate import (
    filters,
    measurements,
    metrics,
    postprocessing,
    segmentation,
    surfaces,
)
from napari_delineate.axes import map_over
from napari_delineate.devices import use_device
from napari_delineate.types import voxels

__all__ = [
    "filters",
    "map_over",
    "measurements",
    "metrics",
    "postprocessing",
    "segmentation",
    "surfaces",
    "use_device",
    "voxels",
]
