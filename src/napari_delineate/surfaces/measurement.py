"""Measure surfaces, and compare one with another."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from napari_delineate import meshes
from napari_delineate.declaration import operation
from napari_delineate.surfaces.curvature import (
    Quantities,
    derived_curvature,
    principal_curvatures,
)
from napari_delineate.surfaces.proximity import NearestPlace, distance_to_surface
from napari_delineate.surfaces.proximity import thickness as thickness_below
from napari_delineate.surfaces.quality import Measures, quality_values
from napari_delineate.types import (
    Length,
    Range,
    Spacing,
    Surface,
    Table,
    Units,
    length_in_units,
    voxels,
)

__all__ = ["measure_surface", "measure_vertices", "compare_surfaces"]

_POWERS = {
    "number_of_vertices": 0,
    "number_of_faces": 0,
    "is_closed": 0,
    "area": 2,
    "volume": 3,
    "centroid-0": 1,
    "centroid-1": 1,
    "centroid-2": 1,
    "bounds_min-0": 1,
    "bounds_min-1": 1,
    "bounds_min-2": 1,
    "bounds_max-0": 1,
    "bounds_max-1": 1,
    "bounds_max-2": 1,
    "average_size": 1,
    "area_convex": 2,
    "volume_convex": 3,
    "convexity": 0,
    "solidity": 0,
    "sphericity": 0,
    "euler_number": 0,
    "thickness_mean": 1,
    "thickness_median": 1,
}
"""Columns, with the power of the length in their unit."""


@operation(version=3)
def measure_surface(
    surface: Surface,
    *,
    each: Literal["value", "part", "whole"] = "value",
    thickness: bool = False,
    units: Units = "pixel",
) -> Table:
    """Measure size, place, shape and closedness of every object of a surface.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values), positions in physical units.
    each : {"value", "part", "whole"}
        What gets a row: all vertices of one value (the label of an object), each part that
        shares no vertex with others, or the whole surface.
    thickness : bool
        Measure also how thick each object is, which takes longer.
    units : str
        Name of the unit of the positions.

    Returns
    -------
    table : pandas.DataFrame
        A row per object: value (or part), number of vertices and faces, whether it is
        closed, area, volume, centroid and bounds along (z, y, x), average size (mean
        distance of the vertices from their mean), area and volume of the convex hull,
        convexity (area of the convex hull by its own, 1 without dents), solidity (share
        of the convex hull that it fills), sphericity (1 for a ball, less for all else) and
        Euler number (2 for a ball, 0 for a ring); with `thickness`, the mean and the median
        over the area of the thickness below it. What has no meaning is NaN:
        volume, solidity, sphericity and thickness of an open surface. A surface that is
        inside out has a negative volume. `table.attrs["units"]` maps each column to its
        unit.

    Raises
    ------
    TypeError, ValueError
        If the surface is not (vertices, faces, values), or vertices are not finite; if
        `each` is "value" and the values are not whole numbers.

    Notes
    -----
    The centroid is that of the volume where the surface is closed, that of the area where
    it is open. A surface that follows the steps of the voxels has too large an area, for a
    ball by about 9 % in cubic voxels and by up to 20 % in slices four times as thick; `smooth`
    removes the steps.

    References
    ----------
    .. [1] Wadell, "Volume, shape and roundness of quartz particles", Journal of Geology 43
           (1935), 250-280, for the sphericity, pi^(1/3) (6 V)^(2/3) / A.
    .. [2] Barber et al., "The quickhull algorithm for convex hulls", ACM TOMS 22 (1996),
           469-483, https://doi.org/10.1145/235815.235821; computed by
           `scipy.spatial.ConvexHull`.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> labels = np.zeros((12, 12, 12), int); labels[1:11, 1:11, 1:11] = 7
    >>> table = surfaces.measure_surface(surfaces.labels_to_surface(labels))
    >>> int(table["value"][0]), int(table["euler_number"][0]), bool(table["is_closed"][0])
    (7, 2, True)
    """
    import pandas as pd

    if each == "value":
        parts = meshes.groups_of_values(surface, whole_values(surface))
        first = {"value": [int(meshes.value_of(part)) for part in parts]}
    elif each == "part":
        parts = meshes.connected_parts(surface)
        first = {"part": list(range(1, 1 + len(parts)))}
    else:
        parts, first = ([surface] if len(surface.faces) else []), {}
    rows = [_measured(part) | (_thick(part) if thickness else {}) for part in parts]
    names = [name for name in _POWERS if thickness or not name.startswith("thickness")]
    table = pd.DataFrame(first | {name: [row[name] for row in rows] for name in names})
    table.attrs["units"] = {name: unit_of(units, _POWERS.get(name, 0)) for name in table.columns}
    return table


def unit_of(units: str, power: int) -> str:
    """Return the unit of a length to some power."""
    return {0: "", 1: units, 2: f"{units}²", 3: f"{units}³", -1: f"1/{units}"}.get(
        power, f"1/{units}²"
    )


def _thick(surface: Surface) -> dict[str, float]:
    """Measure the thickness of one object, where a ray into it comes out."""
    mean = median = np.nan
    if meshes.edges_of(surface.faces).are_closed:
        corners = surface.faces.ravel()
        size = len(surface.vertices)
        shares = np.bincount(corners, np.repeat(meshes.face_areas(surface), 3), minlength=size)
        # As one object, whatever the values are.
        found = thickness_below(surface._replace(values=np.ones(size))).values
        is_found = (found > 0) & (shares > 0)
        if is_found.any():
            mean = np.average(found[is_found], weights=shares[is_found])
            order = np.argsort(found)
            order = order[is_found[order]]
            total = np.cumsum(shares[order])
            median = found[order[np.searchsorted(total, total[-1] / 2)]]
    return {"thickness_mean": float(mean), "thickness_median": float(median)}


def whole_values(surface: Surface) -> NDArray[Any]:
    """Return the numbers of objects that values are, or refuse them."""
    if (surface.values != np.round(surface.values)).any():
        raise ValueError(
            "surface has values that are not whole numbers, so they do not say which object a "
            'vertex belongs to; set each to "part" or "whole"'
        )
    return surface.values


def _measured(surface: Surface) -> dict[str, Any]:
    """Measure one object without loose vertices."""
    used = np.unique(surface.faces)
    vertices = surface.vertices[used]
    edges = meshes.edges_of(surface.faces)
    areas = meshes.face_areas(surface)
    area = float(areas.sum())
    is_closed = edges.are_closed
    volume = meshes.closed_volume(surface) if is_closed else np.nan
    hull_area, hull = _hull_size(vertices)
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    numbers = [
        len(used),
        len(surface.faces),
        is_closed,
        area,
        volume,
        *_centroid(surface, areas, volume),
        *low,
        *high,
        meshes.average_size(surface),
        hull_area,
        hull,
        hull_area / area if area > 0 else np.nan,
        abs(volume) / hull if hull > 0 else np.nan,
        np.cbrt(np.pi) * np.cbrt(6 * abs(volume)) ** 2 / area if area > 0 else np.nan,
        len(used) - len(edges.ends) + len(surface.faces),
    ]
    return dict(zip(list(_POWERS)[: len(numbers)], numbers, strict=True))


def _centroid(surface: Surface, areas: NDArray[Any], volume: float) -> NDArray[Any]:
    """Return the centre of the volume, or of the area where there is no volume."""
    middle = surface.vertices[surface.faces[:, 0]].mean(axis=0)
    corners = surface.vertices[surface.faces] - middle
    if volume and np.isfinite(volume):
        of_faces = np.einsum("ij,ij->i", corners.mean(axis=1), meshes.face_vectors(surface)) / 6
        # A tetrahedron over a face reaches to the middle.
        inside = (of_faces[:, np.newaxis] * corners.sum(axis=1) / 4).sum(axis=0)
        return np.asarray(middle + inside / volume)
    if not areas.sum():
        return np.asarray(surface.vertices[surface.faces].mean(axis=(0, 1)))
    return np.asarray(middle + np.average(corners.mean(axis=1), axis=0, weights=areas))


def _hull_size(vertices: NDArray[Any]) -> tuple[float, float]:
    """Return area and volume of the convex hull."""
    from scipy.spatial import ConvexHull, QhullError

    try:
        hull = ConvexHull(vertices)
    except QhullError:  # flat: the hull has no volume
        return np.nan, 0.0
    return float(hull.area), float(hull.volume)


@operation
def measure_vertices(
    surface: Surface,
    other: Surface | None = None,
    *,
    quality: bool = True,
    curvature: bool = True,
    radius: Annotated[Length, Range(0)] = voxels(5),
    thickness: bool = False,
    units: Units = "pixel",
    spacing: Spacing = 1.0,
) -> Table:
    """Measure place, triangles and curvature at every vertex of a surface, as a table.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values), positions in physical units.
    other : Surface, optional
        A surface that the distance of the vertices is measured to.
    quality : bool
        Measure the triangles at each vertex, as `triangle_quality` does.
    curvature : bool
        Measure how the surface is curved, as `fitted_curvature` does.
    radius : float or Voxels
        Neighbours up to this far away say how the surface is curved; in the units of
        `spacing` or as `voxels(n)`, but at least the twelve nearest.
    thickness : bool
        Measure how thick the object is below each vertex, as `thickness` does, which takes
        longer.
    units : str
        Name of the unit of the positions.
    spacing : float or tuple of float
        Voxel size of the image that the surface was made of.

    Returns
    -------
    table : pandas.DataFrame
        A row per vertex, in their order: its number from 0, its value, its position along
        (z, y, x), and what is asked for. The distance to the other surface is called
        signed_distance, negative inside of it, if that one is closed, and distance if it is
        open. `table.attrs["units"]` maps each column to its unit.

    Raises
    ------
    TypeError
        If a surface is not (vertices, faces, values).
    ValueError
        If vertices are not finite, or the radius is negative; if the other surface has no
        faces; or if thickness is asked for and the surface has holes.

    See Also
    --------
    triangle_quality, fitted_curvature, thickness, distance_to_surface : Show one of them as
        colours of the surface.

    References
    ----------
    .. [1] `napari-process-points-and-surfaces`, "Surface quality table",
           https://github.com/haesleinhuepf/napari-process-points-and-surfaces

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> labels = np.zeros((12, 12, 12), int); labels[2:10, 2:10, 2:10] = 1
    >>> table = surfaces.measure_vertices(surfaces.labels_to_surface(labels))
    >>> len(table), round(float(table["maximum_angle"].median()))
    (384, 90)
    """
    import pandas as pd

    # Each column with the power of the length in its unit, None for degrees.
    columns: dict[str, tuple[Any, int | None]] = {
        "vertex": (np.arange(len(surface.vertices)), 0),
        "value": (surface.values, 0),
    }
    for axis in range(3):
        columns[f"position-{axis}"] = surface.vertices[:, axis], 1
    for measure, values in quality_values(surface, get_args(Measures) if quality else ()).items():
        power = {"area": 2, "minimum angle": None, "maximum angle": None}.get(measure, 0)
        columns[measure.replace(" ", "_")] = values, power
    if curvature:
        largest, smallest = principal_curvatures(surface, length_in_units(radius, spacing))
        for quantity, power in _CURVATURES.items():
            name = quantity if power == 0 or quantity == "curvedness" else f"{quantity} curvature"
            columns[name.replace(" ", "_")] = derived_curvature(largest, smallest, quantity), power
    if thickness:
        columns["thickness"] = thickness_below(surface).values, 1
    if other is not None:
        if meshes.edges_of(other.faces).are_closed:
            columns["signed_distance"] = distance_to_surface(surface, other).values, 1
        else:
            away = distance_to_surface(surface, other, sign="unsigned")
            columns["distance"] = away.values, 1
    table = pd.DataFrame({name: values for name, (values, _) in columns.items()})
    table.attrs["units"] = {
        name: "degree" if power is None else unit_of(units, power)
        for name, (_, power) in columns.items()
    }
    return table


_CURVATURES: dict[Quantities, int] = {
    "mean": -1,
    "gaussian": -2,
    "maximum": -1,
    "minimum": -1,
    "shape index": 0,
    "curvedness": -1,
}
"""What the principal curvatures say, with the power of the length in its unit."""


@operation(version=2)
def compare_surfaces(
    reference: Surface,
    surface: Surface,
    *,
    number_of_places: Annotated[int, Range(1)] | None = None,
    units: Units = "pixel",
) -> Table:
    """Measure how far two surfaces are apart, and how their sizes differ.

    Parameters
    ----------
    reference : Surface
        (vertices, faces, values) of one surface.
    surface : Surface
        The other.
    number_of_places : int, optional
        Measure distances at so many places of each surface at most, 1 or more, spread evenly
        over the order of its vertices and faces. Without it, at all.
    units : str
        Name of the unit of the positions.

    Returns
    -------
    table : pandas.DataFrame
        One row: the Hausdorff distance (the largest distance from a place on one surface
        to the other), its 95th percentile, the mean distance (averaged over both, weighted
        by area) and the root of the mean square; the mean of the signed distances of the
        surface to the reference, the least and the largest, negative inside of it; of both
        the area, the volume, the numbers of vertices and faces and whether they are closed;
        and the ratio of the volumes. Volumes of open surfaces are NaN, and so are signed
        distances to an open reference. `table.attrs["units"]` maps each column to its unit.

    Raises
    ------
    TypeError, ValueError
        If a surface is not (vertices, faces, values), vertices are not finite, or it has no
        faces; if `number_of_places` is less than 1.

    See Also
    --------
    volume_overlap : Scores how much volume two surfaces share.

    Notes
    -----
    Distances are exact, from places to triangles. The places are the vertices and the
    centres of the faces of each surface, in both directions; an edge longer than the detail
    of the other surface can hide a larger distance between them.

    References
    ----------
    .. [1] Cignoni et al., "Metro: measuring error on simplified surfaces", Computer Graphics
           Forum 17 (1998), 167-174, https://doi.org/10.1111/1467-8659.00236

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> labels = np.zeros((12, 12, 12), int); labels[2:8, 2:8, 2:8] = 1
    >>> surface = surfaces.labels_to_surface(labels)
    >>> moved = surface._replace(vertices=surface.vertices + [3, 0, 0])
    >>> float(surfaces.compare_surfaces(surface, moved)["hausdorff_distance"][0])
    3.0
    """
    import pandas as pd

    pair = {"reference": reference, "surface": surface}
    for name, one in pair.items():
        if not len(one.faces):
            raise ValueError(f"{name} has no faces, so there is no distance to it")
    sizes = {name: meshes.sizes_of(one) for name, one in pair.items()}
    outside, weight_outside = _distances(surface, reference, number_of_places)
    inside, weight_inside = _distances(reference, surface, number_of_places)
    away = np.abs(np.concatenate([inside, outside]))
    # Each surface counts by its area, however many of its places are looked at.
    weight = np.concatenate([weight_inside, weight_outside])
    order = np.argsort(away)
    shares = np.cumsum(weight[order]) / weight.sum()
    is_closed = sizes["reference"]["is_closed"]
    signed = outside if is_closed else np.full(len(outside), np.nan)
    columns = {
        "hausdorff_distance": (away.max(), units),
        "hausdorff_distance_95": (away[order[np.searchsorted(shares, 0.95)]], units),
        "mean_distance": (np.average(away, weights=weight), units),
        "root_mean_square_distance": (np.sqrt(np.average(away**2, weights=weight)), units),
        "signed_distance_mean": (np.average(signed, weights=weight_outside), units),
        "signed_distance_min": (signed.min(), units),
        "signed_distance_max": (signed.max(), units),
    }
    before, after = sizes["reference"], sizes["surface"]
    for name, power in meshes.SIZES.items():
        columns[f"reference_{name}"] = (before[name], unit_of(units, power))
        columns[name] = (after[name], unit_of(units, power))
    ratio = after["volume"] / before["volume"] if before["volume"] else np.nan
    columns["volume_ratio"] = (ratio, "")
    table = pd.DataFrame({name: [number] for name, (number, _) in columns.items()})
    table.attrs["units"] = {name: unit for name, (_, unit) in columns.items()}
    return table


def _distances(
    surface: Surface, other: Surface, most: int | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return distances of places to another surface, outside of it above 0, and their areas."""
    places, areas = _places(surface)
    if most is not None and most < len(places):
        chosen = np.linspace(0, len(places) - 1, most).round().astype(np.int64)
        whole = areas.sum()
        places, areas = places[chosen], areas[chosen]
        areas = areas * (whole / areas.sum()) if areas.any() else np.full(most, whole / most)
    nearest = NearestPlace(other, places)
    away = places - nearest.places
    distances = np.linalg.norm(away, axis=1)
    distances[(away * nearest.outwards()).sum(axis=1) < 0] *= -1
    return distances, areas


def _places(surface: Surface) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return vertices and centres of faces, and the area that each stands for."""
    areas = meshes.face_areas(surface)
    # A point-like surface has no area: all places count the same.
    areas = areas if areas.any() else np.ones(len(areas))
    used = np.unique(surface.faces)
    of_vertices = np.bincount(surface.faces.ravel(), np.repeat(areas, 3) / 12)[used]
    places = np.concatenate([surface.vertices[used], surface.vertices[surface.faces].mean(axis=1)])
    return places, np.concatenate([of_vertices, areas * 3 / 4])
