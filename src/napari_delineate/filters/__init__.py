"""Turn images into images: remove noise and background, change the grid or the colours."""

from napari_delineate.filters.arithmetic import (
    adjust_gamma,
    apply_function,
    calculate,
    clip,
    combine_images,
    invert,
    rescale_intensity,
    standardize,
)
from napari_delineate.filters.artifacts import remove_outliers, suppress_stripes
from napari_delineate.filters.background import (
    black_tophat,
    difference_of_gaussians,
    subtract_background,
    subtract_paraboloid,
    tophat_by_reconstruction,
    white_tophat,
)
from napari_delineate.filters.color import rgb_channel, rgb_to_gray
from napari_delineate.filters.cropping import crop, crop_labels
from napari_delineate.filters.denoise import (
    butterworth,
    gaussian,
    mean,
    median,
    percentile,
    wavelet_denoising,
)
from napari_delineate.filters.distances import distance_transform, geodesic_distance
from napari_delineate.filters.edge_preserving import (
    anisotropic_diffusion,
    bilateral,
    kuwahara,
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
    enhance_dic,
    local_normalization,
    unsharp_mask,
)
from napari_delineate.filters.illumination import (
    correct_illumination,
    correct_illumination_by_splines,
)
from napari_delineate.filters.masking import mask_image
from napari_delineate.filters.morphology import (
    closing,
    dilation,
    erosion,
    morphological_gradient,
    opening,
)
from napari_delineate.filters.peaks_and_holes import (
    area_closing,
    area_opening,
    closing_by_reconstruction,
    fill_dark_holes,
    h_maxima_transform,
    h_minima_transform,
    opening_by_reconstruction,
    reconstruction,
)
from napari_delineate.filters.projection import pick_channel, pick_frame, pick_slice, project
from napari_delineate.filters.ridges import frangi, meijering, sato
from napari_delineate.filters.stains import (
    optical_density_sum,
    separate_estimated_stains,
    separate_stains,
    stain_density,
)
from napari_delineate.filters.texture import standard_deviation, weighted_standard_deviation
from napari_delineate.filters.transform import (
    bin_voxels,
    resample,
    resample_labels,
    rescale,
    rescale_isotropic,
    rescale_labels,
)

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
    "kuwahara",
    "white_tophat",
    "black_tophat",
    "tophat_by_reconstruction",
    "subtract_background",
    "subtract_paraboloid",
    "difference_of_gaussians",
    "adaptive_histogram_equalization",
    "unsharp_mask",
    "local_normalization",
    "enhance_dark_holes",
    "enhance_circles",
    "enhance_dic",
    "correct_illumination",
    "correct_illumination_by_splines",
    "remove_outliers",
    "suppress_stripes",
    "mask_image",
    "erosion",
    "dilation",
    "opening",
    "closing",
    "morphological_gradient",
    "opening_by_reconstruction",
    "closing_by_reconstruction",
    "area_opening",
    "area_closing",
    "h_maxima_transform",
    "h_minima_transform",
    "fill_dark_holes",
    "reconstruction",
    "combine_images",
    "calculate",
    "apply_function",
    "invert",
    "clip",
    "rescale_intensity",
    "standardize",
    "adjust_gamma",
    "gradient_magnitude",
    "sobel",
    "laplacian_of_gaussian",
    "hessian_eigenvalues",
    "frangi",
    "sato",
    "meijering",
    "standard_deviation",
    "weighted_standard_deviation",
    "distance_transform",
    "geodesic_distance",
    "rgb_to_gray",
    "rgb_channel",
    "separate_stains",
    "stain_density",
    "separate_estimated_stains",
    "optical_density_sum",
    "project",
    "pick_slice",
    "pick_frame",
    "pick_channel",
    "rescale_isotropic",
    "resample",
    "resample_labels",
    "rescale",
    "rescale_labels",
    "bin_voxels",
    "crop",
    "crop_labels",
]
