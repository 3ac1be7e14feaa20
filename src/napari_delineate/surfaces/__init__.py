"""Turn labels into surfaces and surfaces into better surfaces."""

from napari_delineate.surfaces.conversion import (
    surface_to_labels,
    surface_to_mask,
    surface_to_points,
    volume_overlap,
)
from napari_delineate.surfaces.creation import labels_to_surface
from napari_delineate.surfaces.curvature import (
    discrete_curvature,
    fitted_curvature,
    sphere_fitted_curvature,
)
from napari_delineate.surfaces.hulls import (
    labels_to_convex_hulls,
    points_to_convex_hull,
    points_to_surface,
    surface_to_convex_hull,
)
from napari_delineate.surfaces.isosurfaces import (
    image_to_surface,
    label_to_surface,
    largest_label_to_surface,
    mask_to_surface,
)
from napari_delineate.surfaces.measurement import (
    compare_surfaces,
    measure_surface,
    measure_vertices,
)
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
from napari_delineate.surfaces.remeshing import remesh
from napari_delineate.surfaces.repair import (
    fill_surface_holes,
    flip_normals,
    merge_vertices,
    repair_normals,
)
from napari_delineate.surfaces.shared_boundaries import surface_nets
from napari_delineate.surfaces.summaries import summarize_values

# In menu order.
__all__ = [
    "labels_to_surface",
    "mask_to_surface",
    "label_to_surface",
    "largest_label_to_surface",
    "image_to_surface",
    "surface_nets",
    "labels_to_convex_hulls",
    "surface_to_convex_hull",
    "points_to_convex_hull",
    "points_to_surface",
    "smooth",
    "simplify",
    "subdivide",
    "remesh",
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
    "measure_vertices",
    "compare_surfaces",
    "fitted_curvature",
    "discrete_curvature",
    "sphere_fitted_curvature",
    "distance_to_surface",
    "thickness",
    "nearest_label",
    "intensity_on_surface",
    "triangle_quality",
    "summarize_values",
    "surface_to_mask",
    "surface_to_labels",
    "surface_to_points",
    "volume_overlap",
]
