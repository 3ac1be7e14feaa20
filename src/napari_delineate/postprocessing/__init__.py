"""Turn labels into better labels: reshape, select, split, merge, combine, correct."""

from napari_delineate.postprocessing.combining import combine
from napari_delineate.postprocessing.corrections import apply_corrections
from napari_delineate.postprocessing.filtering import clear_border, filter_by_size
from napari_delineate.postprocessing.interpolation import fill_between_slices
from napari_delineate.postprocessing.islands import (
    remove_small_islands,
    select_islands,
    split_islands,
)
from napari_delineate.postprocessing.morphology import expand_labels, smooth_labels
from napari_delineate.postprocessing.numbering import relabel_sequential
from napari_delineate.postprocessing.segments import hollow, logical, margin, smooth_jointly
from napari_delineate.postprocessing.splitting_and_merging import (
    merge_touching,
    split_touching_objects,
)

# In menu order.
__all__ = [
    "clear_border",
    "filter_by_size",
    "expand_labels",
    "smooth_labels",
    "split_touching_objects",
    "merge_touching",
    "combine",
    "remove_small_islands",
    "split_islands",
    "select_islands",
    "margin",
    "hollow",
    "smooth_jointly",
    "logical",
    "fill_between_slices",
    "relabel_sequential",
    "apply_corrections",
]
