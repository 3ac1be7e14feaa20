"""Turn images into masks, seeds and labelled objects."""

from napari_delineate.segmentation.adaptive_thresholding import (
    niblack_threshold,
    phansalkar_threshold,
    sauvola_threshold,
)
from napari_delineate.segmentation.corrected_thresholding import (
    cellprofiler_threshold,
    robust_background_threshold,
)
from napari_delineate.segmentation.labeling import (
    gauss_otsu_labeling,
    label_connected_components,
    voronoi_otsu_labeling,
)
from napari_delineate.segmentation.local_thresholding import (
    bernsen_threshold,
    local_contrast_threshold,
    local_otsu_threshold,
    local_threshold,
)
from napari_delineate.segmentation.thresholding import (
    hysteresis_threshold,
    manual_threshold,
    multi_otsu,
    threshold,
)
from napari_delineate.segmentation.watershed import (
    local_maxima,
    local_minima_seeded_watershed,
    seeded_watershed,
)

# In menu order.
__all__ = [
    "threshold",
    "manual_threshold",
    "hysteresis_threshold",
    "multi_otsu",
    "robust_background_threshold",
    "cellprofiler_threshold",
    "local_threshold",
    "local_contrast_threshold",
    "bernsen_threshold",
    "niblack_threshold",
    "sauvola_threshold",
    "phansalkar_threshold",
    "local_otsu_threshold",
    "label_connected_components",
    "gauss_otsu_labeling",
    "voronoi_otsu_labeling",
    "seeded_watershed",
    "local_minima_seeded_watershed",
    "local_maxima",
]
