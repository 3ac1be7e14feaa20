"""Turn labels into surfaces and surfaces into better surfaces."""

from napari_delineate.surfaces.creation import labels_to_surface
from napari_delineate.surfaces.curvature import (
    discrete_curvature,
    fitted_curvature,
    sphere_fitted_curvature,
)
from napari_delineate.surfaces.measurement import compare_surfaces, measure_surface
from napari_delineate.surfaces.parts import keep_largest_part, number_parts, remove_small_parts
from napari_delineate.surfaces.placement import (
    clip_by_plane,
    rotate_surface,
    scale_surface,
    translate_surface,
)
from napari_delineate.surfaces.processing import simplify, smooth, subdivide
from napari_delineate.surfaces.proximity import (
    distance_to_surface,
    intensity_on_surface,
    nearest_label,
    thickness,
)
from napari_delineate.surfaces.quality import triangle_quality
from napari_delineate.surfaces.repair import (
    fill_surface_holes,
    flip_normals,
    merge_vertices,
    repair_normals,
)

# In menu order.
__all__ = [
    "labels_to_surface",
    "smooth",
    "simplify",
    "subdivide",
    "fill_surface_holes",
    "merge_vertices",
    "repair_normals",
    "flip_normals",
    "number_parts",
    "keep_largest_part",
    "remove_small_parts",
    "scale_surface",
    "translate_surface",
    "rotate_surface",
    "clip_by_plane",
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
