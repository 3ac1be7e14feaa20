"""Work on the connected parts of a surface."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np

from napari_delineate import building_blocks, meshes
from napari_delineate.declaration import operation
from napari_delineate.types import Range, Size, Spacing, Surface, size_in_units, voxels

__all__ = ["number_parts", "keep_largest_part", "remove_small_parts"]


@operation(keeps_mesh=True)
def number_parts(surface: Surface) -> Surface:
    """Give every vertex the number of the connected part that it belongs to.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values), positions in physical units.

    Returns
    -------
    numbered_surface : Surface
        The surface, its values the numbers, from 1 in the order of the vertices; 0 for
        vertices without faces.

    Raises
    ------
    TypeError, ValueError
        If the surface is not (vertices, faces, values), or vertices are not finite.

    References
    ----------
    .. [1] Tarjan, "Efficiency of a good but not linear set union algorithm", JACM 22 (1975),
           215-225, https://doi.org/10.1145/321879.321884

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> labels = np.zeros((8, 8, 20), int); labels[2:6, 2:6, 2:6] = labels[2:6, 2:6, 12:16] = 1
    >>> numbered = surfaces.number_parts(surfaces.labels_to_surface(labels))
    >>> np.unique(numbered.values).tolist()
    [1, 2]
    """
    return meshes.with_values(surface, (meshes.part_of_vertices(surface) + 1).astype(np.int32))


@operation
def keep_largest_part(surface: Surface, *, each: Literal["whole", "value"] = "whole") -> Surface:
    """Keep the connected part with the largest area.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values), positions in physical units.
    each : {"whole", "value"}
        Keep one part of the whole surface, or one of each value (the label of an object).

    Returns
    -------
    kept_surface : Surface
        The part; of several as large the first. Vertices without faces are left out.

    Raises
    ------
    TypeError, ValueError
        If the surface is not (vertices, faces, values), or vertices are not finite.

    References
    ----------
    .. [1] Tarjan, "Efficiency of a good but not linear set union algorithm", JACM 22 (1975),
           215-225, https://doi.org/10.1145/321879.321884, for the parts

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> labels = np.zeros((8, 8, 20), int); labels[2:6, 2:6, 2:6] = labels[2:6, 2:6, 12:18] = 1
    >>> largest = surfaces.keep_largest_part(surfaces.labels_to_surface(labels))
    >>> float(largest.vertices[:, 2].min())
    11.5
    """
    parts = meshes.connected_parts(surface)
    groups = [0 if each == "whole" else meshes.value_of(part) for part in parts]
    areas = [meshes.face_areas(part).sum() for part in parts]
    best: dict[Any, int] = {}
    for place, (group, area) in enumerate(zip(groups, areas, strict=True)):
        if group not in best or area > areas[best[group]]:
            best[group] = place
    return _joined(surface, [parts[place] for place in sorted(best.values())])


@operation
def remove_small_parts(
    surface: Surface,
    *,
    minimum_area: Annotated[Size, Range(0)] = voxels(100),
    spacing: Spacing = 1.0,
) -> Surface:
    """Remove connected parts with a small area.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values), positions in physical units.
    minimum_area : float or Voxels
        Parts with less surface area are removed; in the units of `spacing` squared, or
        `voxels(n)`, which counts sides of voxels as wide as the finest voxel size.
    spacing : float or tuple of float
        Voxel size of the image that the surface was made of.

    Returns
    -------
    kept_surface : Surface
        The other parts. Vertices without faces are left out.

    Raises
    ------
    TypeError, ValueError
        If the surface is not (vertices, faces, values), vertices are not finite, or the
        area is negative.

    References
    ----------
    .. [1] Tarjan, "Efficiency of a good but not linear set union algorithm", JACM 22 (1975),
           215-225, https://doi.org/10.1145/321879.321884, for the parts

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> labels = np.zeros((8, 8, 20), int); labels[2:6, 2:6, 2:6] = 1; labels[4, 4, 12] = 2
    >>> kept = surfaces.remove_small_parts(surfaces.labels_to_surface(labels), minimum_area=10)
    >>> np.unique(kept.values).tolist()
    [1]
    """
    # An area has two axes, whatever the number of those of the image.
    least = size_in_units(minimum_area, (float(np.min(spacing)),) * 2)
    least *= 1 - building_blocks.ROUNDING
    parts = meshes.connected_parts(surface)
    return _joined(surface, [part for part in parts if meshes.face_areas(part).sum() >= least])


def _joined(surface: Surface, parts: list[Surface]) -> Surface:
    if parts:
        return building_blocks.join_surfaces(parts)
    return Surface(np.zeros((0, 3)), np.zeros((0, 3), np.int64), surface.values[:0].copy())
