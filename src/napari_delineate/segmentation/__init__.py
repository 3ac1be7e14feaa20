"""Turn images into masks, seeds and labelled objects."""

from napari_delineate.segmentation.active_contours import chan_vese, geodesic_active_contour
from napari_delineate.segmentation.adaptive_thresholding import (
    niblack_threshold,
    phansalkar_threshold,
    sauvola_threshold,
)
from napari_delineate.segmentation.cell_detection import detect_cells
from napari_delineate.segmentation.corrected_thresholding import (
    cellprofiler_threshold,
    robust_background_threshold,
)
from napari_delineate.segmentation.edges import canny_edges
from napari_delineate.segmentation.growing_from_points import (
    connected_threshold,
    level_tracing,
    local_threshold_at_points,
)
from napari_delineate.segmentation.growing_from_seeds import (
    gradient_watershed,
    grow_from_seeds,
    random_walker,
)
from napari_delineate.segmentation.labeling import (
    gauss_otsu_labeling,
    label_connected_components,
    voronoi_labeling,
    voronoi_otsu_labeling,
)
from napari_delineate.segmentation.local_thresholding import (
    bernsen_threshold,
    local_contrast_threshold,
    local_otsu_threshold,
    local_threshold,
)
from napari_delineate.segmentation.maxima import (
    find_maxima,
    local_maxima,
    segment_maxima,
    ultimate_points,
)
from napari_delineate.segmentation.particles import analyze_labeled_particles, analyze_particles
from napari_delineate.segmentation.primary_objects import identify_primary_objects
from napari_delineate.segmentation.secondary_objects import (
    identify_secondary_objects,
    identify_tertiary_objects,
)
from napari_delineate.segmentation.superpixel_segmentation import superpixels
from napari_delineate.segmentation.thresholding import (
    hysteresis_threshold,
    manual_threshold,
    multi_otsu,
    threshold,
)
from napari_delineate.segmentation.watershed import (
    binary_watershed,
    distance_transform_watershed,
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
    "local_otsu_threshold",
    "niblack_threshold",
    "sauvola_threshold",
    "phansalkar_threshold",
    "label_connected_components",
    "gauss_otsu_labeling",
    "voronoi_otsu_labeling",
    "voronoi_labeling",
    "seeded_watershed",
    "local_minima_seeded_watershed",
    "distance_transform_watershed",
    "binary_watershed",
    "local_maxima",
    "find_maxima",
    "segment_maxima",
    "ultimate_points",
    "analyze_particles",
    "analyze_labeled_particles",
    "superpixels",
    "canny_edges",
    "connected_threshold",
    "local_threshold_at_points",
    "level_tracing",
    "grow_from_seeds",
    "gradient_watershed",
    "random_walker",
    "chan_vese",
    "geodesic_active_contour",
    "identify_primary_objects",
    "identify_secondary_objects",
    "identify_tertiary_objects",
    "detect_cells",
]
