"""Turn two segmentations into scores that say how well they agree."""

from napari_delineate.metrics.objects import average_precision, sparse_jaccard
from napari_delineate.metrics.overlap import accuracy, dice, f1, jaccard, precision, recall

# In menu order.
__all__ = [
    "sparse_jaccard",
    "average_precision",
    "jaccard",
    "dice",
    "accuracy",
    "precision",
    "recall",
    "f1",
]
