"""Turn labels into surfaces and surfaces into better surfaces."""

from napari_delineate.surfaces.creation import labels_to_surface
from napari_delineate.surfaces.processing import simplify, smooth

# In menu order.
__all__ = [
    "labels_to_surface",
    "smooth",
    "simplify",
]
