"""Turn images into images: remove noise and background, change the grid or the colours."""

from napari_delineate.filters.background import (
    difference_of_gaussians,
    subtract_background,
    white_tophat,
)
from napari_delineate.filters.color import rgb_to_gray
from napari_delineate.filters.denoise import (
    butterworth,
    gaussian,
    mean,
    median,
    percentile,
    wavelet_denoising,
)
from napari_delineate.filters.edge_preserving import (
    anisotropic_diffusion,
    bilateral,
    non_local_means,
    total_variation,
)
from napari_delineate.filters.edges import (
    gradient_magnitude,
    hessian_eigenvalues,
    laplacian_of_gaussian,
    sobel,
)
from napari_delineate.filters.enhance import (
    adaptive_histogram_equalization,
    enhance_circles,
    enhance_dark_holes,
    local_normalization,
    standard_deviation,
    unsharp_mask,
)
from napari_delineate.filters.ridges import frangi, meijering, sato
from napari_delineate.filters.transform import rescale_isotropic

# In menu order.
__all__ = [
    "gaussian",
    "median",
    "percentile",
    "mean",
    "butterworth",
    "wavelet_denoising",
    "bilateral",
    "total_variation",
    "non_local_means",
    "anisotropic_diffusion",
    "white_tophat",
    "subtract_background",
    "difference_of_gaussians",
    "adaptive_histogram_equalization",
    "unsharp_mask",
    "local_normalization",
    "standard_deviation",
    "enhance_dark_holes",
    "enhance_circles",
    "gradient_magnitude",
    "sobel",
    "laplacian_of_gaussian",
    "hessian_eigenvalues",
    "frangi",
    "sato",
    "meijering",
    "rgb_to_gray",
    "rescale_isotropic",
]
