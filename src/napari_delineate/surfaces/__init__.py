"""Turn labels into surfaces and surfaces into better surfaces."""

from napari_delineate.surfaces.creation import labels_to_surface
from napari_delineate.surfaces.curvature import (
    discrete_curvature,
    fitted_curvature,
    sphere_fitted_curvature,
)
from napari_delineate.surfaces.measurement import compare_surfaces, measure_surface
from napari_delineate.surfaces.processing import simplify, smooth
from napari_delineate.surfaces.proximity import (
    distance_to_surface,
    intensity_on_surface,
    nearest_label,
    thickness,
)
from napari_delineate.surfaces.quality import triangle_quality

# In menu order.
__all__ = [
    "labels_to_surface",
    "smooth",
    "simplify",
    "measure_surface",
    "compare_surfaces",
    "fitted_curvature",
    "discrete_curvature",
    "sphere_fitted_curvature",
    "distance_to_surface",
    "thickness",
    "nearest_label",
    "intensity_on_surface",
    "triangle_quality",
]
