"""Measure more of the shapes of all objects at once: boundaries, widths, hulls, moments."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate import shapes
from napari_delineate.object_properties import Columns, Objects

__all__ = [
    "ZERNIKE_DEGREE",
    "boundary_columns",
    "feret_columns",
    "hull_columns",
    "inertia_columns",
    "moment_columns",
    "radius_columns",
    "zernike_columns",
]

ZERNIKE_DEGREE = 9
"""Largest degree of the Zernike polynomials."""


def boundary_columns(objects: Objects, spacing: tuple[float, ...]) -> Columns:
    """Return how much boundary objects have for their size, after Crofton.

    Parameters
    ----------
    objects : Objects
        Objects of an image.
    spacing : tuple of float
        Voxel size per axis.

    Returns
    -------
    dict of str to ndarray
        Columns: form factor and compactness; of volumes surface area and sphericity.
    """
    from napari_delineate.kernels.outlines import crofton_sizes

    sizes = objects.pixels * float(np.prod(spacing))
    boundaries = crofton_sizes(objects.labels, spacing)[objects.rows - 1]
    if len(spacing) == 2:
        factor = 4 * np.pi * sizes / boundaries**2
        return {"form_factor": factor, "compactness": 1 / factor}
    sphericity = np.cbrt(np.pi) * (6 * sizes) ** (2 / 3) / boundaries
    return {
        "surface_area": boundaries,
        "sphericity": sphericity,
        "form_factor": sphericity**3,
        "compactness": sphericity**-3.0,
    }


def radius_columns(objects: Objects, spacing: tuple[float, ...]) -> Columns:
    """Return the largest, mean and median distance of the pixels of objects to their outside.

    Parameters
    ----------
    objects : Objects
        Objects of an image.
    spacing : tuple of float
        Voxel size per axis.

    Returns
    -------
    dict of str to ndarray
        Columns.
    """
    import edt

    from napari_delineate.kernels.object_statistics import describe
    from napari_delineate.kernels.object_values import collect, starts_of

    labels = np.require(objects.labels, requirements="W")  # edt refuses read-only memory
    distances = edt.edt(labels, anisotropy=spacing, black_border=True, parallel=0)
    starts, ends = starts_of(objects.pixels), objects.table((), np.int64)
    ends[objects.rows] = starts[:-1]
    values = np.empty(starts[-1], distances.dtype)
    collect(objects.labels.reshape(-1), distances.reshape(-1), ends, values)
    found = describe(values, starts[:-1], starts[1:])
    return {
        "maximum_radius": found["max"],
        "mean_radius": found["mean"],
        "median_radius": found["median"],
    }


def feret_columns(objects: Objects, spacing: tuple[float, ...]) -> Columns:
    """Return how long objects are along their longest line, and how wide at their narrowest.

    Parameters
    ----------
    objects : Objects
        Objects of an image.
    spacing : tuple of float
        Voxel size per axis.

    Returns
    -------
    dict of str to ndarray
        Columns.
    """
    longest, narrowest = shapes.feret_diameters(objects.labels, spacing)
    return {
        "feret_diameter_max": longest[objects.rows - 1],
        "feret_diameter_min": narrowest[objects.rows - 1],
    }


def hull_columns(objects: Objects, voxel: float) -> Columns:
    """Return the volume of the convex hull of objects, and how much of it they fill.

    Parameters
    ----------
    objects : Objects
        Objects of a volume.
    voxel : float
        Volume of a voxel.

    Returns
    -------
    dict of str to ndarray
        Columns.
    """
    from napari_delineate.postprocessing.hulls import count_in_hull

    convex = np.empty(len(objects.rows))
    for number, row in enumerate(objects.rows):
        box = tuple(map(slice, objects.starts[number], objects.stops[number]))
        convex[number] = count_in_hull(objects.labels[box] == row)
    return {"area_convex": convex * voxel, "solidity": objects.pixels / convex}


def moment_columns(
    objects: Objects, centres: NDArray[np.float64], spacing: tuple[float, ...]
) -> Columns:
    """Return spatial, central and normalized moments, of planar objects Hu's as well.

    Parameters
    ----------
    objects : Objects
        Objects of an image.
    centres : (N, ndim) ndarray of float64
        Their centroids in physical units.
    spacing : tuple of float
        Voxel size per axis.

    Returns
    -------
    dict of str to ndarray
        Columns named with the powers along the axes, 0 to 3 each.
    """
    spatial = _moments(objects, objects.starts, spacing)
    central = _moments(objects, centres / spacing, spacing)
    ndim = len(spacing)
    powers = np.indices((4,) * ndim).sum(axis=0)
    sizes = (objects.pixels * float(np.prod(spacing)))[(slice(None),) + (np.newaxis,) * ndim]
    normalized = central * float(np.prod(spacing)) / sizes ** (powers / ndim + 1)
    normalized[:, powers < 2] = np.nan
    columns: Columns = {}
    named = {"moments": spatial, "moments_central": central, "moments_normalized": normalized}
    for name, values in named.items():
        for place in np.ndindex(*(4,) * ndim):
            columns["-".join([name, *map(str, place)])] = values[(slice(None), *place)]
    if ndim == 2:
        for number, invariant in enumerate(_hu(normalized)):
            columns[f"moments_hu-{number}"] = invariant
    return columns


def _moments(
    objects: Objects, origins: NDArray[Any], spacing: tuple[float, ...]
) -> NDArray[np.float64]:
    """Return sums of products of powers of the coordinates from an origin in voxels."""
    from napari_delineate.kernels.object_moments import add_powers

    ndim = len(spacing)
    known = objects.table((3,))
    known[objects.rows, 3 - ndim :] = origins
    sums = objects.table((1 if ndim == 2 else 4, 4, 4))
    add_powers(objects.stack, known, np.array((1.0,) * (3 - ndim) + spacing), sums)
    return np.asarray(sums[objects.rows].reshape(-1, *(4,) * ndim))


def _hu(nu: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Return the seven numbers of Hu that turning and mirroring leave as they are."""
    total, apart = nu[:, 2, 0] + nu[:, 0, 2], nu[:, 2, 0] - nu[:, 0, 2]
    mixed = nu[:, 1, 1]
    s, t = nu[:, 3, 0] + nu[:, 1, 2], nu[:, 2, 1] + nu[:, 0, 3]
    p, q = nu[:, 3, 0] - 3 * nu[:, 1, 2], 3 * nu[:, 2, 1] - nu[:, 0, 3]
    return [
        total,
        apart**2 + 4 * mixed**2,
        p**2 + q**2,
        s**2 + t**2,
        p * s * (s**2 - 3 * t**2) + q * t * (3 * s**2 - t**2),
        apart * (s**2 - t**2) + 4 * mixed * s * t,
        q * s * (s**2 - 3 * t**2) - p * t * (3 * s**2 - t**2),
    ]


def inertia_columns(tensor: NDArray[np.float64]) -> Columns:
    """Return the inertia tensor of objects, its eigenvalues and the directions of their axes.

    Parameters
    ----------
    tensor : (N, ndim, ndim) ndarray of float64
        As `napari_delineate.object_properties.inertia_tensors` gives them.

    Returns
    -------
    dict of str to ndarray
        Columns. `principal_axes-i-j` is the part along axis j of the unit vector along
        axis i of the object, the longest axis first; its largest part is positive.
    """
    ndim = tensor.shape[1]
    places = range(ndim)
    columns: Columns = {
        f"inertia_tensor-{i}-{j}": tensor[:, i, j] for i, j in itertools.product(places, places)
    }
    values, vectors = np.linalg.eigh(tensor)
    for number in places:
        columns[f"inertia_tensor_eigvals-{number}"] = np.clip(values[:, ndim - 1 - number], 0, None)
    for number in places:  # mass is far from an axis of much inertia: the longest has least
        vector = vectors[:, :, number]
        largest = np.abs(vector).argmax(axis=1)
        sign = np.sign(np.take_along_axis(vector, largest[:, np.newaxis], axis=1))
        for axis in places:
            columns[f"principal_axes-{number}-{axis}"] = (vector * sign)[:, axis]
    return columns


def zernike_columns(objects: Objects, spacing: tuple[float, ...]) -> Columns:
    """Return the magnitudes of the Zernike moments of planar objects.

    Parameters
    ----------
    objects : Objects
        Objects of an image.
    spacing : tuple of float
        Voxel size per axis.

    Returns
    -------
    dict of str to ndarray
        Columns named with degree and repetition; NaN for objects of one pixel.
    """
    from napari_delineate.kernels.object_hulls import enclosing_circles
    from napari_delineate.kernels.object_moments import add_zernike

    boxes = objects.table((2,), np.int64)
    boxes[objects.rows] = np.stack([objects.starts[:, 0], objects.stops[:, 0]], axis=1)
    circles = enclosing_circles(objects.labels, boxes, spacing)
    orders = [(n, m) for n in range(ZERNIKE_DEGREE + 1) for m in range(n % 2, n + 1, 2)]
    factors = np.zeros((len(orders), ZERNIKE_DEGREE // 2 + 1))
    for number, (n, m) in enumerate(orders):
        for k in range((n - m) // 2 + 1):
            below = math.factorial((n + m) // 2 - k) * math.factorial((n - m) // 2 - k)
            factors[number, k] = (-1) ** k * math.factorial(n - k) / (math.factorial(k) * below)
    sums = objects.table((len(orders), 2))
    add_zernike(objects.labels, circles, np.array(spacing), np.array(orders), factors, sums)
    radii = circles[objects.rows, 2]
    area = np.full(len(radii), np.nan)
    np.divide(math.prod(spacing), np.pi * radii**2, out=area, where=radii > 0)
    magnitudes = np.hypot(sums[objects.rows, :, 0], sums[objects.rows, :, 1])
    return {f"zernike-{n}-{m}": magnitudes[:, i] * area for i, (n, m) in enumerate(orders)}
