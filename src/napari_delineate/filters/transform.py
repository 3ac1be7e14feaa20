"""Change the grid that an image is sampled on."""

from __future__ import annotations

import numpy as np

from napari_delineate.declaration import operation
from napari_delineate.types import Image, Spacing, isotropic_spacing

__all__ = ["rescale_isotropic"]


@operation(new_spacing=isotropic_spacing)
def rescale_isotropic(image: Image, *, spacing: Spacing) -> Image:
    """Resample an image so that its voxels are as long along every axis as the finest.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    rescaled : ndarray, same dtype
        The image on a grid of cubes with the edge `min(spacing)`. Its first pixel lies
        where the first pixel of `image` lies; float16 becomes float32.

    Raises
    ------
    ValueError
        If the spacing does not fit the axes, or the image is empty or holds NaN or
        infinity.

    Notes
    -----
    Intensities are interpolated linearly between the centres of voxels, and rounded for
    integers.

    References
    ----------
    .. [1] `scipy.ndimage.affine_transform`, which computes it.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> filters.rescale_isotropic(np.zeros((5, 8, 8)), spacing=(2.0, 0.5, 0.5)).shape
    (17, 8, 8)
    """
    from scipy import ndimage

    per_axis = tuple(np.atleast_1d(spacing))
    steps = [new / old for new, old in zip(isotropic_spacing(per_axis), per_axis, strict=True)]
    if all(step == 1 for step in steps):
        return image.copy()
    shape = tuple(
        int(np.floor((size - 1) / step + 1e-9)) + 1
        for size, step in zip(image.shape, steps, strict=True)
    )
    single = image.dtype == np.float32
    result = ndimage.affine_transform(
        image.astype(np.float32 if single else np.float64, copy=False),
        np.array(steps),
        output_shape=shape,
        order=1,
        mode="nearest",
    )
    if image.dtype == bool:
        return np.asarray(result >= 0.5)
    if image.dtype.kind == "f":
        return np.asarray(result, image.dtype)
    # The largest 64-bit integers are no floats; the next floats do not fit their dtype.
    limits = np.iinfo(image.dtype)
    largest = limits.max if image.dtype.itemsize < 8 else np.nextafter(float(limits.max), 0)
    return np.asarray(np.clip(np.rint(result), limits.min, largest), image.dtype)
