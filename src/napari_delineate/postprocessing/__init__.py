"""Turn masks and labels into better ones: reshape, select, split, merge, combine, correct."""

from napari_delineate.postprocessing.by_hand import (
    merge_by_lines,
    merge_by_points,
    split_by_lines,
    split_by_points,
)
from napari_delineate.postprocessing.combining import combine, mask_labels, relate, subtract
from napari_delineate.postprocessing.consensus import (
    consensus_objects,
    majority_labels,
    majority_mask,
    staple,
    staple_labels,
)
from napari_delineate.postprocessing.conversion import (
    labels_to_mask,
    labels_to_points,
    labels_to_shapes,
    points_to_labels,
    shapes_to_labels,
)
from napari_delineate.postprocessing.corrections import apply_corrections
from napari_delineate.postprocessing.filtering import (
    clear_border,
    filter_by_measurement,
    filter_by_overlap,
    filter_by_size,
    keep_largest_objects,
    keep_largest_parts,
)
from napari_delineate.postprocessing.gating import filter_by_gate, filter_by_table
from napari_delineate.postprocessing.interpolation import fill_between_slices
from napari_delineate.postprocessing.islands import (
    remove_small_islands,
    select_islands,
    split_islands,
)
from napari_delineate.postprocessing.mask_morphology import (
    binary_closing,
    binary_dilation,
    binary_erosion,
    binary_opening,
)
from napari_delineate.postprocessing.masks import (
    convex_hull,
    fill_holes,
    keep_largest_components,
    remove_small_objects,
    smooth_mask,
)
from napari_delineate.postprocessing.morphology import (
    close_labels,
    convex_hulls,
    expand_labels,
    fill_holes_in_labels,
    open_labels,
    shrink_labels,
    smooth_labels,
)
from napari_delineate.postprocessing.numbering import (
    relabel_by_size,
    relabel_sequential,
    shuffle_labels,
)
from napari_delineate.postprocessing.outlines import (
    outline,
    outline_labels,
    separate_touching,
    skeleton_points,
    skeletonize,
    skeletonize_labels,
)
from napari_delineate.postprocessing.pixel_patterns import (
    change_pixels,
    dilation_by_count,
    erosion_by_count,
)
from napari_delineate.postprocessing.segments import hollow, logical, margin, smooth_jointly
from napari_delineate.postprocessing.splitting_and_merging import (
    merge_by_intensity,
    merge_by_table,
    merge_nearby,
    merge_touching,
    split_touching_objects,
)

# In menu order.
__all__ = [
    "binary_erosion",
    "binary_dilation",
    "binary_opening",
    "binary_closing",
    "change_pixels",
    "erosion_by_count",
    "dilation_by_count",
    "fill_holes",
    "remove_small_objects",
    "keep_largest_components",
    "smooth_mask",
    "convex_hull",
    "clear_border",
    "filter_by_size",
    "filter_by_measurement",
    "filter_by_overlap",
    "keep_largest_objects",
    "keep_largest_parts",
    "filter_by_table",
    "filter_by_gate",
    "expand_labels",
    "shrink_labels",
    "smooth_labels",
    "open_labels",
    "close_labels",
    "fill_holes_in_labels",
    "convex_hulls",
    "split_touching_objects",
    "merge_touching",
    "merge_nearby",
    "merge_by_intensity",
    "merge_by_table",
    "merge_by_points",
    "merge_by_lines",
    "split_by_points",
    "split_by_lines",
    "combine",
    "subtract",
    "mask_labels",
    "relate",
    "consensus_objects",
    "majority_mask",
    "majority_labels",
    "staple",
    "staple_labels",
    "remove_small_islands",
    "split_islands",
    "select_islands",
    "margin",
    "hollow",
    "smooth_jointly",
    "logical",
    "fill_between_slices",
    "relabel_sequential",
    "relabel_by_size",
    "shuffle_labels",
    "outline",
    "outline_labels",
    "separate_touching",
    "skeletonize",
    "skeletonize_labels",
    "skeleton_points",
    "labels_to_mask",
    "labels_to_points",
    "points_to_labels",
    "labels_to_shapes",
    "shapes_to_labels",
    "apply_corrections",
]
