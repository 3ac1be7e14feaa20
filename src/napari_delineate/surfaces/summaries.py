"""Summarize what was measured at vertices, object by object."""

from __future__ import annotations

import numpy as np

from napari_delineate import meshes
from napari_delineate.declaration import operation
from napari_delineate.surfaces.measurement import unit_of, whole_values
from napari_delineate.types import Surface, Table, Units

__all__ = ["summarize_values"]


@operation
def summarize_values(surface: Surface, measured: Surface, *, units: Units = "pixel") -> Table:
    """Summarize values of vertices, such as curvature, for every object of a surface.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values), its values the numbers of objects.
    measured : Surface
        The same mesh, its values what was measured at each vertex.
    units : str
        Name of the unit of the positions.

    Returns
    -------
    table : pandas.DataFrame
        A row per object: value (its number), area, and of what was measured mean and standard
        deviation, both over the area of the object, minimum, the quartiles and maximum of the
        vertices. `table.attrs["units"]` maps area to its unit; the unit of what was measured
        is not known.

    Raises
    ------
    TypeError, ValueError
        If a surface is not (vertices, faces, values), vertices are not finite, the numbers of
        objects are not whole, or the two are not the same mesh.

    See Also
    --------
    measure_surface : Measures the objects themselves.

    References
    ----------
    .. [1] `napari-process-points-and-surfaces`, "Surface quality table",
           https://github.com/haesleinhuepf/napari-process-points-and-surfaces

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> labels = np.zeros((12, 12, 24), int); labels[2:10, 2:10, 2:10] = 1
    >>> labels[2:10, 2:10, 14:22] = 7
    >>> surface = surfaces.labels_to_surface(labels)
    >>> table = surfaces.summarize_values(surface, surfaces.thickness(surface))
    >>> table["value"].tolist(), float(table["median"].max())
    ([1, 7], 8.0)
    """
    import pandas as pd

    if not np.array_equal(surface.vertices, measured.vertices) or not np.array_equal(
        surface.faces, measured.faces
    ):
        raise ValueError(
            "measured must have the vertices and faces of surface; measure the surface itself, "
            "or give what it was made of as both"
        )
    numbers = whole_values(surface)
    corners = surface.faces.ravel()
    shares = np.bincount(
        corners, np.repeat(meshes.face_areas(surface), 3) / 3, minlength=len(numbers)
    )
    used = np.unique(corners)
    rows = []
    for number in np.unique(numbers[used]):
        own = used[numbers[used] == number]
        values, weights = np.asarray(measured.values[own], float), shares[own]
        weights = weights if weights.any() else np.ones(len(own))
        mean = np.average(values, weights=weights)
        rows.append(
            [
                int(number),
                shares[own].sum(),
                mean,
                np.sqrt(np.average((values - mean) ** 2, weights=weights)),
                *np.percentile(values, (0, 25, 50, 75, 100)),
            ]
        )
    names = ["value", "area", "mean", "std", "min", "quartile_lower", "median"]
    table = pd.DataFrame(rows, columns=[*names, "quartile_upper", "max"])
    table.attrs["units"] = {name: unit_of(units, 2 * (name == "area")) for name in table.columns}
    return table
