"""Divide an image into small parts of about equal size that follow its edges."""

from __future__ import annotations

import functools
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks
from napari_delineate.declaration import operation
from napari_delineate.denoising import as_volume
from napari_delineate.separable import in_threads
from napari_delineate.types import Image, Labels, Length, Range, Spacing, length_in_units, voxels

__all__ = ["superpixels"]

_MOST = 2**22
"""Number of superpixels that fit the memory, together with the image."""


@operation
def superpixels(
    image: Image,
    *,
    width: Annotated[Length, Range(0)] = voxels(20),
    compactness: Annotated[float, Range(0.001, 100)] = 0.1,
    maximum_iterations: Annotated[int, Range(1, 1000)] = 10,
    spacing: Spacing = 1.0,
) -> Labels:
    """Divide an image into superpixels: compact parts that follow its edges (SLIC).

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    width : float or Voxels
        How wide superpixels are, about, and more than 0, in the units of `spacing` or as
        `voxels(n)`. Along an axis shorter than that there is one.
    compactness : float
        The difference of intensity that counts as much as a distance of `width`, as a share
        of the range of the image, 0.001 to 100: small values follow the image more, large
        ones give squares and cubes.
    maximum_iterations : int
        Stop after so many steps at the latest, 1 to 1000.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    superpixels : ndarray of int32, same shape
        Every pixel has a label; each superpixel is connected.

    Raises
    ------
    ValueError
        If a setting is out of its range, or `width` so small that there are millions of
        superpixels, or the image is empty or holds NaN or infinity.

    See Also
    --------
    segment_maxima : Parts around bright places instead.

    Notes
    -----
    The clusters of the k-means method in space and intensity, where every centre is looked
    for among those nearer than `width` along each axis. Seeds lie on a grid that is even in
    space, whatever the voxel size; the seeds of scikit-image lie as many voxels apart along
    each axis, so that its superpixels are as stretched as the voxels. Parts of a superpixel
    that are not connected with its largest one go to their neighbours. Colours are not
    looked at: give a channel or a stain.

    References
    ----------
    .. [1] Achanta et al., "SLIC superpixels compared to state-of-the-art superpixel methods",
           IEEE Transactions on Pattern Analysis and Machine Intelligence 34 (2012), 2274-2282,
           https://doi.org/10.1109/TPAMI.2012.120
    .. [2] `skimage.segmentation.slic`, which finds the same on isotropic voxels where seeds
           and widths are the same.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> image = np.zeros((40, 40)); image[:, 17:] = 1
    >>> superpixels = segmentation.superpixels(image)
    >>> int(superpixels.max()), np.unique(superpixels[:, 17:]).tolist()
    (4, [2, 4])
    """
    from napari_delineate.kernels.slic import assign, centres_of

    size = building_blocks.positive((length_in_units(width, spacing),), "width")[0]
    volume = as_volume(building_blocks.stretched(image))
    sizes = np.ones(3)
    sizes[3 - image.ndim :] = spacing
    centres = _seeds(volume.shape, sizes, size)
    reach = size / sizes
    weights = np.append((sizes / size) ** 2, 1 / compactness**2)
    labels = np.zeros(volume.shape, np.int32)
    distances = np.empty(volume.shape, volume.dtype)
    rows = volume.shape[0] * volume.shape[1]
    for _ in range(maximum_iterations):
        before = labels.copy()
        in_threads(
            functools.partial(assign, volume, centres, reach, weights, distances, labels),
            rows,
            image.size,
        )
        if np.array_equal(labels, before):
            break
        centres_of(volume, labels, centres)
    return _connected(labels.reshape(image.shape), spacing)


def _seeds(shape: tuple[int, ...], sizes: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    """Return (N, 4) places on a grid that is even in space, and an intensity of 0.

    Where all have the same intensity, it does not count: the first step looks at places only.
    """
    counts = [
        max(1, min(length, round(length * size / width)))
        for length, size in zip(shape, sizes, strict=True)
    ]
    if np.prod(np.array(counts, float)) > _MOST:
        raise ValueError(
            f"a width of {width:g} gives {' x '.join(map(str, counts))} superpixels; choose a "
            f"larger one, for at most {_MOST}"
        )
    places = [
        (np.arange(count) + 0.5) * length / count - 0.5
        for count, length in zip(counts, shape, strict=True)
    ]
    grid = np.meshgrid(*places, indexing="ij")
    return np.stack([*(axis.ravel() for axis in grid), np.zeros(grid[0].size)], axis=1)


def _connected(labels: NDArray[np.int32], spacing: Spacing) -> NDArray[Any]:
    """Keep the largest part of every object, give the others to what is next to them."""
    import fastremap

    parts, owners = building_blocks.parts_of_objects(labels, "face")
    counts = np.bincount(parts.ravel(), minlength=len(owners))
    # The largest part of each object, of several as large the first that a scan meets.
    order = np.lexsort((-counts, owners))
    kept = np.zeros(len(owners), bool)
    kept[order[np.unique(owners[order], return_index=True)[1]]] = True
    seeds = np.where(kept[parts], labels, 0)
    filled = building_blocks.flood(seeds, np.ones(labels.shape, bool), spacing)
    return np.asarray(fastremap.renumber(filled, preserve_zero=True)[0].astype(np.int32))
