"""Turn images into masks, seeds and labelled objects."""

from napari_delineate.segmentation.cell_detection import detect_cells
from napari_delineate.segmentation.labeling import (
    gauss_otsu_labeling,
    label_connected_components,
    voronoi_otsu_labeling,
)
from napari_delineate.segmentation.primary_objects import identify_primary_objects
from napari_delineate.segmentation.secondary_objects import (
    identify_secondary_objects,
    identify_tertiary_objects,
)
from napari_delineate.segmentation.thresholding import threshold
from napari_delineate.segmentation.watershed import (
    local_maxima,
    local_minima_seeded_watershed,
    seeded_watershed,
)

# In menu order.
__all__ = [
    "threshold",
    "label_connected_components",
    "gauss_otsu_labeling",
    "voronoi_otsu_labeling",
    "seeded_watershed",
    "local_minima_seeded_watershed",
    "local_maxima",
    "identify_primary_objects",
    "identify_secondary_objects",
    "identify_tertiary_objects",
    "detect_cells",
]
