"""Keep particles of some size and shape, measure and count them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks, holes, outlines, shapes
from napari_delineate.declaration import operation
from napari_delineate.types import (
    Image,
    Labels,
    Mask,
    Range,
    Size,
    Spacing,
    Table,
    Units,
    Voxels,
    size_in_units,
    spacing_per_axis,
    voxels,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["analyze_particles", "analyze_labeled_particles"]


class Particles(NamedTuple):
    """Hold the particles that are kept, one row for each, and their sums."""

    table: Table
    labels: Labels
    summary: Table


@operation(version=3)
def analyze_particles(
    mask: Mask,
    image: Image | None = None,
    *,
    minimum_size: Annotated[Size, Range(0)] = voxels(0),
    maximum_size: Annotated[Size, Range(0)] | None = None,
    minimum_circularity: Annotated[float, Range(0, 1)] = 0.0,
    maximum_circularity: Annotated[float, Range(0, 1)] = 1.0,
    perimeter: Literal["traced", "crofton"] = "traced",
    exclude_on_edges: bool = False,
    include_holes: bool = False,
    connectivity: Literal["full", "face"] = "full",
    spacing: Spacing = 1.0,
    units: Units = "pixel",
) -> Particles:
    """Count and measure the particles of a mask that have a certain size and shape.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) ndarray of bool or int
        Foreground; of integers, everything above 0.
    image : ndarray, same shape, optional
        Intensities; without it there are no columns of them.
    minimum_size : float or Voxels
        Particles with a smaller area (volume) are dropped. In units of `spacing` to the
        power of the dimensions, or as `voxels(n)`.
    maximum_size : float, Voxels or None
        Particles with a larger area (volume) are dropped; None keeps all.
    minimum_circularity, maximum_circularity : float
        Particles whose circularity (in 3D sphericity) is outside are dropped: 1 is a disk
        or ball, 0 a line.
    perimeter : {"traced", "crofton"}
        The length of the outline, cut at corners as ImageJ does, or an estimate from lines
        in several directions that comes closer to smooth outlines and counts those of
        holes. In 3D the surface area is always of the second kind.
    exclude_on_edges : bool
        Drop particles that touch an edge of the image; an axis of one pixel has none.
    include_holes : bool
        Fill the holes of particles.
    connectivity : {"full", "face"}
        Which pixels are one particle: also those that touch over a corner, or only those
        that share an edge in 2D or a face in 3D.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.
    units : str
        Name of the unit of `spacing`.

    Returns
    -------
    table : pandas.DataFrame
        One row per particle: the columns of `measurements.measure`, and perimeter (surface
        area), circularity (sphericity), largest and smallest Feret diameter, in 2D also
        aspect ratio, roundness and solidity; with an image also median, integrated
        density, skewness, excess kurtosis and the centre of mass.
        `table.attrs["units"]` maps each column to its unit.
    labels : ndarray of int32, same shape
        The particles, numbered from 1 in the order in which a scan meets them.
    summary : pandas.DataFrame
        One row: count, total area (volume), average size, percentage of the image, mean
        perimeter, mean circularity; with an image the mean of the mean intensities.

    Raises
    ------
    TypeError
        If the mask holds floats.
    ValueError
        If a setting is out of its range, a minimum is above its maximum, the shapes differ,
        or an image is empty or holds NaN or infinity.

    See Also
    --------
    analyze_labeled_particles : For objects that touch but have labels of their own.

    Notes
    -----
    ImageJ's Analyze Particles, for volumes too. As there, size and shape are of the
    particle with its holes filled or left, and the traced outline goes around holes.

    References
    ----------
    .. [1] Schneider, Rasband and Eliceiri, "NIH Image to ImageJ: 25 years of image
           analysis", Nature Methods 9 (2012), 671-675, https://doi.org/10.1038/nmeth.2089
    .. [2] `ij.plugin.filter.ParticleAnalyzer` of ImageJ,
           https://imagej.net/ij/docs/menus/analyze.html#ap
    .. [3] Crofton, "On the theory of local probability", Philosophical Transactions 158
           (1868), 181-199, https://doi.org/10.1098/rstl.1868.0008

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> mask = np.zeros((9, 12), bool); mask[1:5, 1:5] = mask[6, 7:10] = True
    >>> found = segmentation.analyze_particles(mask, minimum_size=4, spacing=1.0)
    >>> int(found.summary["count"][0]), float(found.table["area"][0])
    (1, 16.0)
    """
    limits = _limits(
        minimum_size, maximum_size, minimum_circularity, maximum_circularity, spacing, mask.ndim
    )
    if include_holes:
        mask = holes.filled(mask)
    labels = building_blocks.connected_components(mask, connectivity)
    return _analyze(
        labels, image, limits, perimeter, exclude_on_edges, connectivity, spacing, units
    )


@operation(version=2)
def analyze_labeled_particles(
    labels: Labels,
    image: Image | None = None,
    *,
    minimum_size: Annotated[Size, Range(0)] = voxels(0),
    maximum_size: Annotated[Size, Range(0)] | None = None,
    minimum_circularity: Annotated[float, Range(0, 1)] = 0.0,
    maximum_circularity: Annotated[float, Range(0, 1)] = 1.0,
    perimeter: Literal["traced", "crofton"] = "traced",
    exclude_on_edges: bool = False,
    spacing: Spacing = 1.0,
    units: Units = "pixel",
) -> Particles:
    """Count and measure the labelled objects that have a certain size and shape.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    image : ndarray, same shape, optional
        Intensities; without it there are no columns of them.
    minimum_size : float or Voxels
        Objects with a smaller area (volume) are dropped. In units of `spacing` to the power
        of the dimensions, or as `voxels(n)`.
    maximum_size : float, Voxels or None
        Objects with a larger area (volume) are dropped; None keeps all.
    minimum_circularity, maximum_circularity : float
        Objects whose circularity (in 3D sphericity) is outside are dropped: 1 is a disk or
        ball, 0 a line.
    perimeter : {"traced", "crofton"}
        The length of the outline, cut at corners as ImageJ does, or an estimate from lines
        in several directions that comes closer to smooth outlines and counts those of
        holes. In 3D the surface area is always of the second kind.
    exclude_on_edges : bool
        Drop objects that touch an edge of the image; an axis of one pixel has none.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.
    units : str
        Name of the unit of `spacing`.

    Returns
    -------
    table : pandas.DataFrame
        One row per object kept, with its new number, and the columns of
        `analyze_particles`.
    labels : ndarray of int32, same shape
        The objects kept, renumbered from 1 in the order of their labels.
    summary : pandas.DataFrame
        One row, with the columns of `analyze_particles`.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If a setting is out of its range, a minimum is above its maximum, the shapes differ,
        or an image is empty or holds NaN or infinity.

    See Also
    --------
    analyze_particles : Finds the objects in a mask.

    References
    ----------
    .. [1] Schneider, Rasband and Eliceiri, "NIH Image to ImageJ: 25 years of image
           analysis", Nature Methods 9 (2012), 671-675, https://doi.org/10.1038/nmeth.2089

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> labels = np.zeros((9, 12), int); labels[1:5, 1:5] = 7; labels[1:5, 5:7] = 4
    >>> segmentation.analyze_labeled_particles(labels).table["area"].tolist()
    [8.0, 16.0]
    """
    limits = _limits(
        minimum_size, maximum_size, minimum_circularity, maximum_circularity, spacing, labels.ndim
    )
    numbers = np.unique(labels)
    small = np.searchsorted(numbers[numbers > 0], labels, "right").astype(np.int32)
    return _analyze(small, image, limits, perimeter, exclude_on_edges, "full", spacing, units)


def _limits(
    minimum_size: float | Voxels,
    maximum_size: float | Voxels | None,
    minimum_circularity: float,
    maximum_circularity: float,
    spacing: Spacing,
    ndim: int,
) -> tuple[float, float, float, float]:
    """Return sizes in voxels and circularities; refuse those that nothing can meet."""
    if minimum_circularity > maximum_circularity:
        raise ValueError(
            f"maximum_circularity must be at least minimum_circularity ({minimum_circularity:g}); "
            f"got {maximum_circularity:g}"
        )
    voxel = float(np.prod(spacing_per_axis(spacing, ndim)))
    low = size_in_units(minimum_size, spacing) / voxel
    high = np.inf if maximum_size is None else size_in_units(maximum_size, spacing) / voxel
    if low > high:
        raise ValueError(
            f"maximum_size must be at least minimum_size ({minimum_size}); got {maximum_size}"
        )
    rounding = building_blocks.ROUNDING
    return low * (1 - rounding), high * (1 + rounding), minimum_circularity, maximum_circularity


def _analyze(
    labels: NDArray[np.int32],
    image: NDArray[Any] | None,
    limits: tuple[float, float, float, float],
    method: Literal["traced", "crofton"],
    exclude_on_edges: bool,
    connectivity: Literal["full", "face"],
    spacing: Spacing,
    units: str,
) -> Particles:
    """Drop objects (numbered from 1, none missing) outside of the limits, measure the rest."""
    counts = np.bincount(labels.ravel(), minlength=1)[1:]
    keep = (counts >= limits[0]) & (counts <= limits[1])
    if exclude_on_edges:
        keep[outlines.labels_at_border(labels) - 1] = False
    labels, counts = _kept(labels, keep), counts[keep]
    sizes = counts * float(np.prod(spacing_per_axis(spacing, labels.ndim)))
    boundaries = shapes.boundary_sizes(labels, spacing, method, connectivity)
    round_ = shapes.roundness_of(sizes, boundaries, labels.ndim)
    keep = (round_ >= limits[2]) & (round_ <= limits[3])
    labels, boundaries, round_ = _kept(labels, keep), boundaries[keep], round_[keep]
    table = _measured(labels, image, boundaries, round_, spacing, units)
    return Particles(table, labels, _summary(table, labels, spacing, units))


def _kept(labels: NDArray[np.int32], keep: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Keep some objects and renumber them."""
    if keep.all():
        return labels
    return np.append(0, np.where(keep, np.cumsum(keep), 0)).astype(np.int32)[labels]


def _measured(
    labels: NDArray[np.int32],
    image: NDArray[Any] | None,
    boundaries: NDArray[np.float64],
    round_: NDArray[np.float64],
    spacing: Spacing,
    units: str,
) -> pd.DataFrame:
    """Return the table of the objects."""
    from napari_delineate.measurements import measure

    table = measure(labels, image, spacing=spacing, units=units)
    known = dict(table.attrs["units"])
    flat = labels.ndim == 2
    longest, narrowest = shapes.feret_diameters(labels, spacing)
    new: dict[str, tuple[NDArray[Any], str]] = {
        "perimeter" if flat else "surface_area": (boundaries, units if flat else f"{units}²"),
        "circularity" if flat else "sphericity": (round_, ""),
        "feret_diameter_max": (longest, units),
        "feret_diameter_min": (narrowest, units),
    }
    major, minor = table["axis_major_length"].to_numpy(), table["axis_minor_length"].to_numpy()
    if flat:
        thick = minor > 0
        ratio = np.full(len(table), np.nan)
        np.divide(major, minor, out=ratio, where=thick)
        new["aspect_ratio"] = ratio, ""
        new["roundness"] = 1 / ratio, ""
    if image is not None:
        new |= _intensities(labels, image, spacing, units)
    table = table.assign(**{name: column for name, (column, _) in new.items()})
    table.attrs["units"] = known | {name: unit for name, (_, unit) in new.items()}
    return table


def _intensities(
    labels: NDArray[np.int32], image: NDArray[Any], spacing: Spacing, units: str
) -> dict[str, tuple[NDArray[Any], str]]:
    """Return what the histogram of each object tells, and its centre of mass."""
    places = np.nonzero(labels)
    numbers = labels[places]
    values = image[places].astype(np.float64)
    count = np.bincount(numbers)[1:]
    total = np.bincount(numbers, values)[1:]
    mean = total / count
    apart = values - mean[numbers - 1]
    variance, third, fourth = (np.bincount(numbers, apart**n)[1:] / count for n in (2, 3, 4))
    varied = variance > 0
    skewness, kurtosis = np.full(len(count), np.nan), np.full(len(count), np.nan)
    np.divide(third, variance**1.5, out=skewness, where=varied)
    np.divide(fourth, variance**2, out=kurtosis, where=varied)
    order = np.lexsort((values, numbers))
    starts = np.cumsum(count) - count
    ordered = values[order]
    median = (ordered[starts + (count - 1) // 2] + ordered[starts + count // 2]) / 2
    voxel = spacing_per_axis(spacing, labels.ndim)
    result: dict[str, tuple[NDArray[Any], str]] = {
        "intensity_median": (median, ""),
        "intensity_skewness": (skewness, ""),
        "intensity_kurtosis": (kurtosis - 3, ""),
        "intensity_sum": (total, ""),
        "integrated_density": (total * float(np.prod(voxel)), ""),
    }
    for axis, (along, size) in enumerate(zip(places, voxel, strict=True)):
        mass = np.full(len(count), np.nan)
        np.divide(np.bincount(numbers, values * along)[1:], total, out=mass, where=total > 0)
        result[f"centroid_weighted-{axis}"] = mass * size, units
    return result


def _summary(
    table: pd.DataFrame, labels: NDArray[np.int32], spacing: Spacing, units: str
) -> pd.DataFrame:
    """Return one row about all objects."""
    import pandas as pd

    voxel = spacing_per_axis(spacing, labels.ndim)
    size = f"{units}{'²' if labels.ndim == 2 else '³'}"
    total = float(table["area"].sum())
    row = {
        "count": (len(table), ""),
        "total_area": (total, size),
        "average_size": (table["area"].mean(), size),
        "area_percentage": (100 * total / (labels.size * float(np.prod(voxel))), "%"),
    }
    for name in ("perimeter", "surface_area", "circularity", "sphericity", "intensity_mean"):
        if name in table:
            row[f"{name}_mean" if name != "intensity_mean" else name] = (
                table[name].mean(),
                table.attrs["units"][name],
            )
    summary = pd.DataFrame({name: [value] for name, (value, _) in row.items()})
    summary.attrs["units"] = {name: unit for name, (_, unit) in row.items()}
    return summary
