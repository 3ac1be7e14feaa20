"""Turn two segmentations into scores that say how well they agree."""

from napari_delineate.metrics.agreement import map_matches, map_overlap
from napari_delineate.metrics.annotations import read_scribbles
from napari_delineate.metrics.annotators import (
    annotator_agreement,
    compare_annotators,
    map_disagreement,
)
from napari_delineate.metrics.boundary import (
    boundary_iou,
    contour_distance,
    hausdorff_distance,
    normalized_surface_distance,
)
from napari_delineate.metrics.centerlines import centerline_dice
from napari_delineate.metrics.clustering import adapted_rand_error, variation_of_information
from napari_delineate.metrics.detection import (
    average_precision,
    average_precision_curve,
    mean_average_precision,
)
from napari_delineate.metrics.object_matching import (
    detection_scores,
    match_objects,
    recall_by_size,
)
from napari_delineate.metrics.objects import (
    aggregated_jaccard,
    panoptic_quality,
    seg_score,
    sparse_jaccard,
)
from napari_delineate.metrics.outlines import compare_outlines, outline_scores
from napari_delineate.metrics.overlap import (
    accuracy,
    dice,
    f1,
    jaccard,
    pixel_scores,
    precision,
    recall,
)
from napari_delineate.metrics.volume import volume_scores

# In menu order.
__all__ = [
    "sparse_jaccard",
    "panoptic_quality",
    "seg_score",
    "aggregated_jaccard",
    "match_objects",
    "detection_scores",
    "recall_by_size",
    "map_matches",
    "map_overlap",
    "average_precision",
    "mean_average_precision",
    "average_precision_curve",
    "compare_outlines",
    "outline_scores",
    "jaccard",
    "dice",
    "accuracy",
    "precision",
    "recall",
    "f1",
    "pixel_scores",
    "volume_scores",
    "contour_distance",
    "hausdorff_distance",
    "normalized_surface_distance",
    "boundary_iou",
    "adapted_rand_error",
    "variation_of_information",
    "centerline_dice",
    "compare_annotators",
    "annotator_agreement",
    "map_disagreement",
    "read_scribbles",
]
