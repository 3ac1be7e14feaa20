"""Detect nuclei as blobs above a local background, and the cells around them."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks, nuclei, outlines
from napari_delineate.declaration import operation
from napari_delineate.foregrounds import floats_of
from napari_delineate.types import (
    Image,
    Labels,
    Length,
    Range,
    Spacing,
    length_in_units,
    length_per_axis,
    spacing_per_axis,
    voxels,
)

__all__ = ["detect_cells"]


class DetectedCells(NamedTuple):
    """Hold what `detect_cells` found."""

    nuclei: Labels
    cells: Labels


@operation
def detect_cells(
    image: Image,
    excluded: Image | None = None,
    *,
    pixel_size: Annotated[Length, Range(0)] = voxels(1),
    background_radius: Annotated[Length, Range(0)] = voxels(16),
    opening_by_reconstruction: bool = True,
    median_radius: Annotated[Length, Range(0)] = voxels(0),
    sigma: Annotated[Length, Range(0)] | None = voxels(3),
    minimum_diameter: Annotated[Length, Range(0)] = voxels(7),
    maximum_diameter: Annotated[Length, Range(0)] = voxels(45),
    threshold: float | None = None,
    maximum_background: float | None = None,
    split_by_shape: bool = True,
    cell_expansion: Annotated[Length, Range(0)] = voxels(10),
    smooth_boundaries: bool = True,
    spacing: Spacing = 1.0,
) -> DetectedCells:
    """Detect nuclei in fluorescence or stained tissue, and grow a cell around each.

    The background is subtracted. Where the Laplacian of the blurred image is negative,
    nuclei are brighter than around them; what is bright enough of that is kept. Pieces that
    touch are joined and divided at narrow places. Cells grow by a distance, or until they
    meet.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype, in which nuclei are bright: a fluorescence channel,
        or of stained tissue the optical density, or that of haematoxylin.
    excluded : ndarray, same shape, optional
        A second stain, such as that of DAB: where it is stronger than the first, there is
        no nucleus.
    pixel_size : float or Voxels
        Pixel size of the detection, in the units of `spacing` or as `voxels(n)`: the image
        is averaged along axes with finer voxels. 0 for the full resolution.
    background_radius : float or Voxels
        Radius of the ball with which the background is found, more than that of the widest
        nucleus; 0 to subtract none.
    opening_by_reconstruction : bool
        Whether the background follows the shape of what is wider than the ball, which
        depends on the whole image; or is opened with the ball.
    median_radius : float or Voxels
        Radius of a median filter before the detection; 0 for none.
    sigma : float, Voxels or None
        Sigma of the Gaussian: about a fifth of the diameter of a nucleus. Smaller values
        break nuclei up, larger ones join them. None for a fifth of the diameter that is
        estimated from the image, which suits images at any magnification.
    minimum_diameter, maximum_diameter : float or Voxels
        Diameters of the disk or ball as large as the smallest and largest nucleus.
    threshold : float or None
        Least mean intensity of a nucleus above the background; None to find the threshold
        with the least cross entropy.
    maximum_background : float or None
        Highest mean background below a nucleus, which rejects folds and dirt; None for any.
    split_by_shape : bool
        Whether pieces that touch are joined and divided at narrow places, instead of along
        the brightness.
    cell_expansion : float or Voxels
        How far cells reach beyond their nuclei; 0 for cells that are nuclei.
    smooth_boundaries : bool
        Smooth the outlines of nuclei and cells.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    nuclei : ndarray of int32, same shape
        The nuclei, numbered from 1; 0 for background.
    cells : ndarray of int32, same shape
        The cells with the numbers of their nuclei, which lie inside them.

    Raises
    ------
    ValueError
        If a setting is out of range, the smallest diameter is above the largest, the
        background's radius is far beyond the size of the image, the shapes differ, or the
        image is empty or holds NaN or infinity.

    See Also
    --------
    identify_primary_objects : Finds objects by a threshold.
    identify_secondary_objects : Grows cells that follow an image.

    Notes
    -----
    After the published description of QuPath's cell detection, not after its code; objects
    are not pixel by pixel those of QuPath. Its defaults at 0.5 micrometer per pixel are the
    defaults here, in voxels; areas from 10 to 400 square micrometers have become diameters,
    which mean the same in volumes. The threshold is found where QuPath takes 0.1 of an
    optical density. Where `sigma` is None, the foreground above the threshold with the least
    cross entropy is taken to be round: the mean distance to the outline is a sixth of the
    diameter of a disk, and an eighth of that of a ball. Large nuclei count more. Two wide
    places are one object where the neck between them is wider than 80 % of the narrower one.

    References
    ----------
    .. [1] Bankhead et al., "QuPath: open source software for digital pathology image
           analysis", Scientific Reports 7 (2017), 16878,
           https://doi.org/10.1038/s41598-017-17204-5
    .. [2] Vincent, "Morphological grayscale reconstruction in image analysis: applications
           and efficient algorithms", IEEE Transactions on Image Processing 2 (1993),
           176-201, https://doi.org/10.1109/83.217222

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> y, x = np.ogrid[:60, :80]
    >>> image = np.exp(-((y - 30)**2 + (x - 20)**2) / 50) + np.exp(-((y - 30)**2 + (x - 55)**2) / 50)
    >>> found = segmentation.detect_cells(image)
    >>> int(found.nuclei.max()), int(found.cells[30, 20]), int(found.cells[30, 55])
    (2, 1, 2)
    """  # noqa: E501
    grid = spacing_per_axis(spacing, image.ndim)
    smallest = length_in_units(minimum_diameter, grid)
    largest = length_in_units(maximum_diameter, grid)
    if largest < smallest:
        raise ValueError(
            f"maximum_diameter must be at least minimum_diameter ({minimum_diameter}); "
            f"got {maximum_diameter}"
        )
    pixels = floats_of(image)
    if excluded is not None:
        pixels = np.where(floats_of(excluded) > pixels, pixels.min(), pixels)
    pixels, coarse = _averaged(pixels, length_in_units(pixel_size, grid), grid)
    # Voxels are those of the image, also where the detection has larger ones.
    pixels = _median(pixels, length_in_units(median_radius, grid), coarse)
    background, wide = None, length_in_units(background_radius, grid)
    if wide > 0:
        radius = building_blocks.radius_per_axis(wide, coarse, pixels.shape, "background_radius")
        background = nuclei.local_background(pixels, radius, opening_by_reconstruction)
    if sigma is None:
        above = pixels if background is None else pixels - background
        blur = nuclei.DIAMETER_SHARE * nuclei.typical_diameter(above, coarse)
    else:
        blur = length_in_units(sigma, grid)
    found = nuclei.blobs_above(
        pixels,
        background,
        sigma=length_per_axis(blur, coarse),
        threshold=threshold,
        maximum_background=maximum_background,
        split_by_shape=split_by_shape,
        spacing=coarse,
    )
    numbers, sizes = outlines.object_sizes(found, coarse)
    shape = found.shape
    wrong = (sizes < outlines.ball_size(smallest, shape)) | (
        sizes > outlines.ball_size(largest, shape)
    )
    found = _enlarged(outlines.without_labels(found, numbers[wrong]), image.shape)
    if smooth_boundaries:
        found = _smooth(found, coarse, grid)
    kernels = _numbered(found)
    reach = length_in_units(cell_expansion, grid)
    cells = building_blocks.expanded(kernels, reach, grid)
    if smooth_boundaries and reach > 0:
        cells = np.where(kernels > 0, kernels, _smooth(cells, coarse, grid))
    return DetectedCells(kernels, cells)


def _averaged(
    image: NDArray[Any], size: float, spacing: tuple[float, ...]
) -> tuple[NDArray[Any], tuple[float, ...]]:
    """Average an image to pixels of a size, and return its new spacing."""
    shape = tuple(
        max(1, round(length * min(entry / size, 1.0))) if size else length
        for length, entry in zip(image.shape, spacing, strict=True)
    )
    if shape == image.shape:
        return image, spacing
    from skimage.transform import resize_local_mean

    averaged = resize_local_mean(image, shape, preserve_range=True)
    coarse = tuple(
        entry * before / after
        for entry, before, after in zip(spacing, image.shape, shape, strict=True)
    )
    return np.asarray(averaged, image.dtype), coarse


def _enlarged(labels: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Return labels on a finer grid with the same outer borders."""
    if labels.shape == shape:
        return labels
    places = [
        ((np.arange(fine) + 0.5) * coarse / fine).astype(np.int64)
        for fine, coarse in zip(shape, labels.shape, strict=True)
    ]
    return np.asarray(labels[np.ix_(*places)])


def _median(image: NDArray[Any], radius: float, spacing: tuple[float, ...]) -> NDArray[Any]:
    from scipy import ndimage

    if radius == 0:
        return image
    per_axis = building_blocks.radius_per_axis(radius, spacing, image.shape, "median_radius")
    footprint = building_blocks.offsets_within(per_axis, "ball")
    return np.asarray(ndimage.median_filter(image, footprint=footprint))


def _smooth(
    labels: NDArray[Any], coarse: tuple[float, ...], spacing: tuple[float, ...]
) -> NDArray[Any]:
    """Smooth outlines by the 3 x 3 pixels around, of the size of those of the detection."""
    from napari_delineate.postprocessing import smooth_labels

    return smooth_labels(labels, radius=1.5 * min(coarse), spacing=spacing)


def _numbered(labels: NDArray[Any]) -> NDArray[np.int32]:
    import fastremap

    return np.asarray(fastremap.renumber(labels, in_place=False)[0], np.int32)
