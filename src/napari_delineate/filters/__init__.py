"""Turn images into images: remove noise and background, change the grid or the colours."""

from napari_delineate.filters.background import (
    difference_of_gaussians,
    subtract_background,
    white_tophat,
)
from napari_delineate.filters.color import rgb_to_gray
from napari_delineate.filters.denoise import gaussian, median
from napari_delineate.filters.masking import mask_image
from napari_delineate.filters.transform import rescale_isotropic

# In menu order.
__all__ = [
    "gaussian",
    "median",
    "white_tophat",
    "subtract_background",
    "difference_of_gaussians",
    "mask_image",
    "rgb_to_gray",
    "rescale_isotropic",
]
