"""Steps that several operations share. They take clean arrays and spacing per axis."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate import object_numbers
from napari_delineate.arrays import label_dtype
from napari_delineate.separable import box_mean, correlate, gaussian_weights, is_far_wider
from napari_delineate.thresholds.global_levels import above, global_level
from napari_delineate.types import Length, Spacing, Surface, length_per_axis

__all__ = [
    "DISTANCE_ROUNDING",
    "ROUNDING",
    "components_in_any_order",
    "connected_components",
    "depth",
    "diagonal",
    "difference",
    "distance_inside",
    "distance_to",
    "does_not_fit",
    "expanded",
    "fitting",
    "flat_extremum",
    "flood",
    "gaussian",
    "gaussian_halo",
    "join_surfaces",
    "above_otsu",
    "as_float",
    "offsets_within",
    "parts_of_objects",
    "positive",
    "radius_per_axis",
    "reconstructed",
    "remap",
    "stretched",
    "turned",
    "watershed",
    "window_mean",
    "without_folds",
]

ROUNDING = 1e-9
"""Share of a length or size that counts as rounding: 3 * 0.1 is not more than 0.3."""

DISTANCE_ROUNDING = 1e-6
"""Share of a computed distance that counts as rounding: `edt` computes with 32 bits."""

_SMALL_RADIUS = 100
"""A radius in voxels that fits the memory, so that it is allowed on images of any size."""

_NEIGHBOURS = {("full", 2): 8, ("full", 3): 26, ("face", 2): 4, ("face", 3): 6}
"""How many neighbours of a pixel are connected, in the words of cc3d."""

_TRUNCATE = 4.0
"""Where the Gaussian ends, in sigmas: scikit-image's and scipy's default."""

_NO_BLUR = 1e-15
"""Up to this sigma scipy leaves an axis as it is."""


def gaussian(image: NDArray[Any], sigma: tuple[float, ...]) -> NDArray[Any]:
    """Blur with one sigma in voxels per axis; integers are scaled to 0..1.

    The result equals that of `skimage.filters.gaussian`, several times sooner.
    """
    weights = [
        _weights(entry, reach, length) if entry > _NO_BLUR else None
        for entry, reach, length in zip(sigma, gaussian_halo(sigma), image.shape, strict=True)
    ]
    blurred = correlate(image, weights)
    if image.dtype.kind != "f" or np.isfinite(blurred).all():
        return blurred
    # The largest floats do not fit when they are added up. A power of two changes no digit.
    blurred = correlate(np.ldexp(image, -2), weights)
    low, high = (np.ldexp(limit, -2) for limit in (image.min(), image.max()))
    return np.asarray(np.ldexp(np.clip(blurred, low, high), 2))


def _weights(sigma: float, reach: int, length: int) -> NDArray[np.float64]:
    """Return the weights of a Gaussian for an axis of some length, however wide it is.

    Beyond the image all pixels are the nearest one of it: where almost all weights lie there,
    their sum, an integral, stands for them and takes no memory.
    """
    if not is_far_wider(reach, length):
        return gaussian_weights(sigma, reach)
    offsets = np.arange(-length, length + 1)
    weights = np.exp(-0.5 / (sigma * sigma) * offsets**2)
    unit = sigma * math.sqrt(2)
    ends = math.erf((reach + 0.5) / unit) - math.erf((length - 0.5) / unit)
    weights[[0, -1]] = math.sqrt(math.pi) / 2 * unit * ends
    return np.asarray(weights / weights.sum())


def as_float(image: NDArray[Any]) -> NDArray[Any]:
    """Return an image as floats: float32 where that holds every number exactly."""
    if image.dtype.kind == "f":
        return image
    return image.astype(np.float32 if image.dtype.itemsize <= 2 else np.float64)


def stretched(image: NDArray[Any]) -> NDArray[Any]:
    """Return an image as floats from 0 to 1, all 0 if it is constant."""
    pixels: NDArray[Any] = image.astype(np.float32 if image.dtype == np.float32 else np.float64)
    # Halves of the largest floats can be subtracted.
    pixels /= 2
    pixels -= pixels.min()
    return np.asarray(pixels / (pixels.max() or 1))


def difference(image: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
    """Subtract one image from another of the same dtype; refuse numbers that are too far apart."""
    with np.errstate(over="ignore", invalid="ignore"):
        result: NDArray[Any] = np.asarray(image - other)
    # What leaves the range of signed integers comes back with the wrong sign.
    if result.dtype.kind == "i" and ((result < 0) != (image < other)).any():
        raise does_not_fit("a difference", result.dtype)
    return fitting(result, "a difference")


def fitting(result: NDArray[Any], what: str = "the result") -> NDArray[Any]:
    """Return what was computed of finite numbers; refuse it where a float was too small."""
    if result.dtype.kind == "f" and not np.isfinite(result).all():
        raise does_not_fit(what, result.dtype)
    return result


def does_not_fit(what: str, dtype: np.dtype[Any]) -> ValueError:
    """Return the error that says that a dtype is too small for what was computed."""
    return ValueError(
        f"image holds numbers so large that {what} does not fit its dtype {dtype}; "
        "divide it first, for instance by 1000 with filters.calculate"
    )


def positive(length: tuple[float, ...], name: str) -> tuple[float, ...]:
    """Return a length per axis; refuse 0."""
    if min(length) == 0:
        raise ValueError(f"{name} must be more than 0; got 0")
    return length


def turned(image: NDArray[Any]) -> NDArray[Any]:
    """Return an image of the same dtype in which what was darker is brighter."""
    return np.asarray(-image if image.dtype.kind == "f" else ~image)


def gaussian_halo(sigma: tuple[float, ...]) -> tuple[int, ...]:
    """Return how far a Gaussian looks along each axis, in voxels."""
    return tuple(int(_TRUNCATE * entry + 0.5) for entry in sigma)


def above_otsu(image: NDArray[Any]) -> NDArray[np.bool_]:
    """Mark what is brighter than Otsu's threshold; nothing in a constant image."""
    return above(image, global_level(image, "otsu"))


def connected_components(
    mask: NDArray[Any], connectivity: Literal["full", "face"] = "full"
) -> NDArray[Any]:
    """Give connected pixels numbers from 1, in the order in which a scan meets them."""
    from napari_delineate.kernels.tables import number_as_met

    labels = components_in_any_order(mask, connectivity)
    # cc3d's numbers follow the scan only for some shapes and connectivities.
    largest = int(labels.max(initial=0))
    table = np.empty(largest + 1, label_dtype(largest))
    numbered = np.empty(labels.shape, table.dtype)
    number_as_met(labels.reshape(-1), table, numbered.reshape(-1))
    return numbered


def components_in_any_order(
    mask: NDArray[Any], connectivity: Literal["full", "face"] = "full"
) -> NDArray[Any]:
    """Give connected pixels unsigned numbers from 1."""
    import cc3d

    # cc3d refuses read-only memory, and its way with booleans marks pixels of the background
    # in some images, for instance [[1, 1, 1], [0, 0, 1], [0, 0, 1]].
    pixels = np.require(mask.view(np.uint8), requirements="W")
    return np.asarray(
        cc3d.connected_components(pixels, connectivity=_NEIGHBOURS[connectivity, mask.ndim])
    )


def parts_of_objects(
    labels: NDArray[Any], connectivity: Literal["full", "face"] = "full"
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Give connected parts of objects numbers; return them and the object of each number."""
    import cc3d
    import fastremap

    parts = cc3d.connected_components(
        np.require(labels, requirements="W"), connectivity=_NEIGHBOURS[connectivity, labels.ndim]
    )
    parts, numbers = fastremap.renumber(parts, in_place=True)
    parts = np.asarray(parts.astype(label_dtype(len(numbers)), copy=False))
    owners = np.zeros(max(numbers.values(), default=0) + 1, labels.dtype)
    owners[parts.reshape(-1)] = labels.reshape(-1)
    return parts, owners


def distance_to(mask: NDArray[np.bool_], spacing: Spacing) -> NDArray[np.float32]:
    """Return the distance of every pixel to the mask, infinity if it is empty."""
    import edt

    return np.asarray(edt.edt(~mask, anisotropy=spacing, parallel=0))


def distance_inside(mask: NDArray[np.bool_], spacing: Spacing) -> NDArray[np.float32]:
    """Return the distance of every pixel of the mask to the background.

    The outside of the image does not count as background, unless there is no other.
    """
    import edt

    writable = np.require(mask, requirements="W")  # edt refuses read-only memory
    full = bool(mask.all())
    return np.asarray(edt.edt(writable, anisotropy=spacing, black_border=full, parallel=0))


def depth(shape: NDArray[np.bool_], spacing: Sequence[float]) -> NDArray[np.float32]:
    """Return the distance to the outline of a mask, which lies half a pixel beyond its last one.

    Distances are below 0 outside; infinity where there is no outline.
    """
    if shape.ndim == 1:  # the slices of a 2D image; distances want two axes
        return np.asarray(depth(shape[None], [*spacing, *spacing])[0])
    steps = tuple(float(entry) for entry in spacing)
    half = np.float32(min(steps) / 2)
    inside = distance_inside(shape, steps) - half
    return np.where(shape, inside, half - distance_to(shape, steps))


def diagonal(image: NDArray[Any], spacing: Spacing) -> float:
    """Return a distance that no two pixels of an image exceed."""
    return float(np.linalg.norm(np.multiply(image.shape, spacing)))


def expanded(labels: NDArray[Any], reach: float, spacing: Spacing) -> NDArray[Any]:
    """Give every background pixel within a physical distance the label nearest to it."""
    from napari_delineate.kernels.nearest_label import nearest_label

    per_axis = tuple(np.broadcast_to(spacing, labels.ndim).tolist())
    return nearest_label(labels, reach * (1 + ROUNDING), per_axis)


def watershed(
    image: NDArray[Any],
    seeds: NDArray[Any],
    mask: NDArray[np.bool_] | None = None,
    connectivity: Literal["full", "face"] = "face",
    *,
    compactness: float = 0.0,
    line: bool = False,
) -> NDArray[Any]:
    """Flood an image from seeds, wherever the mask allows, as scikit-image does."""
    from skimage.segmentation import watershed as skimage_watershed

    from napari_delineate.kernels.watershed import flood_levels

    reach = 1 if connectivity == "face" else image.ndim

    def grow(small: NDArray[np.int32]) -> NDArray[Any]:
        if not compactness and not line:
            return flood_levels(image, small, mask, reach)
        return np.asarray(
            skimage_watershed(image, small, reach, None, mask, compactness, watershed_line=line)
        )

    return _with_small_labels(seeds, grow)


def flood(seeds: NDArray[Any], mask: NDArray[np.bool_], spacing: Spacing) -> NDArray[Any]:
    """Give every pixel of a mask to the seed that reaches it first.

    On isotropic voxels the flood advances pixel by pixel, as watershed of a constant
    image does. On anisotropic voxels it advances in the order of the physical distance
    to the nearest seed, so that coarse axes do not run ahead.
    """
    from napari_delineate.kernels.watershed import flood_flat

    steps = np.broadcast_to(spacing, seeds.ndim).tolist()
    long = {step for step, size in zip(steps, seeds.shape, strict=True) if size > 1}
    if len(long) <= 1:  # an axis of one pixel has no neighbours
        return _with_small_labels(seeds, lambda small: flood_flat(small, mask))
    return watershed(distance_to(seeds > 0, spacing), seeds, mask)


def _with_small_labels(
    labels: NDArray[Any], function: Callable[[NDArray[np.int32]], NDArray[Any]]
) -> NDArray[Any]:
    """Apply a function that takes 32-bit labels to any labels from 0 up."""
    if labels.dtype == np.int32:
        return function(labels)
    numbers, positions = np.unique(labels, return_inverse=True)
    small = positions.reshape(labels.shape).astype(np.int32)
    if numbers[0] != 0:
        small += 1
        numbers = np.concatenate([[0], numbers])
    return np.asarray(numbers[function(small)])


def remap(labels: NDArray[Any], numbers: NDArray[Any], new: NDArray[Any]) -> NDArray[Any]:
    """Replace numbers (sorted, all that occur) by new ones of the same length."""
    objects = numbers > 0
    return object_numbers.renumber(labels, numbers[objects], new[objects])


def radius_per_axis(
    radius: Length, spacing: Spacing, extent: tuple[int, ...], name: str = "radius"
) -> tuple[float, ...]:
    """Return the radius of a footprint in voxels along each axis.

    Parameters
    ----------
    radius : float or Voxels
        The radius, in the units of `spacing` or as `voxels(n)`.
    spacing : float or tuple of float
        Voxel size per axis.
    extent : tuple of int
        Shape of the image.
    name : str
        What the operation calls the radius, for the message.

    Returns
    -------
    tuple of float
        The radius in voxels for each axis.

    Raises
    ------
    ValueError
        If the footprint is so much larger than the image that it would only fill the
        memory.

    Examples
    --------
    >>> radius_per_axis(2.0, (1.0, 0.5), (64, 64))
    (2.0, 4.0)
    """
    per_axis = length_per_axis(radius, spacing)
    longest = max(extent)
    if max(per_axis) > max(longest, _SMALL_RADIUS):
        raise ValueError(
            f"{name} is {max(per_axis):g} voxels, the image has only {longest} along its longest "
            f"axis; give at most {max(longest, _SMALL_RADIUS)} voxels"
        )
    return per_axis


def offsets_within(radius: tuple[float, ...], shape: Literal["ball", "box"]) -> NDArray[np.bool_]:
    """Return the footprint of a ball (ellipsoid of the voxels) or a box as a mask."""
    half = [int(np.floor(entry + ROUNDING)) for entry in radius]
    if shape == "box":
        return np.ones([2 * entry + 1 for entry in half], bool)
    squares: Any = 0.0
    for axis, (entry, steps) in enumerate(zip(radius, half, strict=True)):
        along = np.arange(-steps, steps + 1) / max(entry, 1e-12)
        squares = squares + (along**2).reshape([-1 if axis == i else 1 for i in range(len(half))])
    return np.asarray(squares <= 1 + ROUNDING)


def flat_extremum(
    image: NDArray[Any],
    radius: tuple[float, ...],
    shape: Literal["ball", "box"],
    extremum: Literal["minimum", "maximum"],
) -> NDArray[Any]:
    """Erode (minimum) or dilate (maximum) with a flat ball or box, reflected at borders.

    A box is separable. A ball is the union of runs along the last axis: one running
    extremum per length of run, then one comparison of whole images per run, instead of
    one per voxel of the ball.
    """
    from scipy import ndimage

    if shape == "box":
        size = [2 * int(np.floor(entry + ROUNDING)) + 1 for entry in radius]
        function = getattr(ndimage, f"{extremum}_filter")
        return np.asarray(function(image, size=size, mode="reflect"))
    running: Callable[..., Any] = getattr(ndimage, f"{extremum}_filter1d")
    compare: Callable[..., Any] = getattr(np, extremum)
    widths = offsets_within(radius, "ball").sum(axis=-1)
    result: NDArray[Any] | None = None
    for width in np.unique(widths[widths > 0]):
        run = running(image, size=int(width), axis=-1, mode="reflect")
        for window in _shifted(run, widths == width):
            if result is None:
                result = window.copy()
            else:
                compare(result, window, out=result)
    assert result is not None  # a ball holds at least its centre
    return result


def window_mean(
    image: NDArray[Any],
    radius: tuple[float, ...],
    shape: Literal["ball", "box"],
    dtype: Any = np.float64,
) -> NDArray[Any]:
    """Return the mean of the ball or box around every pixel, reflected at borders.

    A box is separable, and float32 is rounded to after each axis. A ball is the union of runs
    along the last axis: one running mean per length of run, then one sum of whole images per
    run, instead of one per voxel of the ball.
    """
    footprint = offsets_within(radius, shape)
    if shape == "box":
        return box_mean(image, footprint.shape, dtype=dtype)
    widths = footprint.sum(axis=-1)
    total = np.zeros(image.shape)
    for width in np.unique(widths[widths > 0]):
        run = box_mean(image, (1,) * (image.ndim - 1) + (int(width),))
        run *= width / footprint.sum()
        for window in _shifted(run, widths == width):
            total += window
    return total.astype(dtype, copy=False)


def _shifted(run: NDArray[Any], chosen: NDArray[np.bool_]) -> Iterator[NDArray[Any]]:
    """Yield an image moved along all axes but the last, once for each offset that is chosen."""
    wide = np.pad(run, [(size // 2, size // 2) for size in chosen.shape] + [(0, 0)], "symmetric")
    for offset in np.argwhere(chosen):
        yield wide[
            tuple(
                slice(start, start + length)
                for start, length in zip(offset, run.shape[:-1], strict=True)
            )
        ]


def reconstructed(
    seed: NDArray[Any],
    limit: NDArray[Any],
    connectivity: Literal["full", "face"],
    method: Literal["dilation", "erosion"] = "dilation",
) -> NDArray[Any]:
    """Dilate (erode) a seed again and again, never above (below) the limit of the same dtype."""
    from napari_delineate.kernels.reconstruction import reconstruct

    if method == "erosion":
        return turned(reconstruct(turned(seed), turned(limit), connectivity == "full"))
    return reconstruct(seed, limit, connectivity == "full")


def join_surfaces(parts: Sequence[Surface]) -> Surface:
    """Put surfaces (at least one) into one, in the order given."""
    starts = np.cumsum([0, *(len(part.vertices) for part in parts[:-1])])
    return Surface(
        np.concatenate([part.vertices for part in parts]),
        np.concatenate(
            [part.faces + start for part, start in zip(parts, starts, strict=True)]
        ).astype(np.int64),
        np.concatenate([part.values for part in parts]),
    )


def without_folds(surface: Surface, candidates: NDArray[np.int64] | None = None) -> Surface:
    """Leave out pairs of faces that lie back to back, and vertices without faces.

    The edges of such a fold belong to four faces, so programs that want a closed surface
    refuse it. A surface without folds stays as it is. `candidates` are numbers of faces, all
    others being known to be in no fold.
    """
    looked_at = np.arange(len(surface.faces)) if candidates is None else candidates
    corners = np.sort(surface.faces[looked_at], axis=1)
    order = np.lexsort(corners.T)
    twins = (corners[order[1:]] == corners[order[:-1]]).all(axis=1)
    if not twins.any():
        return surface
    folded = looked_at[np.append(order[1:][twins], order[:-1][twins])]
    kept = np.delete(surface.faces, folded, axis=0)
    used = np.zeros(len(surface.vertices), bool)
    used[kept] = True
    faces = (np.cumsum(used) - 1)[kept]
    return Surface(surface.vertices[used], faces, surface.values[used])


def check_closed(closed: bool) -> None:
    """Refuse open surfaces of 2D images."""
    if not closed:
        raise ValueError(
            "closed must be True for a 2D image, because its surface is the rim of a slice"
        )
