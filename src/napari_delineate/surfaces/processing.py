"""Smooth, simplify and refine surfaces."""

from __future__ import annotations

import warnings
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks, meshes
from napari_delineate.declaration import operation
from napari_delineate.types import Length, Range, Spacing, Surface, length_in_units, voxels
from napari_delineate.windowed_sinc import Window, windowed_sinc

__all__ = ["smooth", "simplify", "subdivide"]

_FEWEST = 4
"""Fewest faces of a closed surface."""


@operation(version=2)
def smooth(
    surface: Surface,
    *,
    method: Literal["taubin", "laplacian", "humphrey", "windowed sinc"] = "taubin",
    iterations: Annotated[int, Range(0, 1000)] = 10,
    pass_band: Annotated[float, Range(0.0001, 2)] = 0.1,
    window: Window = "nuttall",
) -> Surface:
    """Smooth a surface.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values), as `labels_to_surface` makes it.
    method : {"taubin", "laplacian", "humphrey", "windowed sinc"}
        "taubin" shrinks and grows in turn, so that the size stays; "laplacian" moves every
        vertex halfway to the mean of its neighbours, which smooths most and shrinks;
        "humphrey" pushes the vertices back to where they came from, which keeps detail;
        "windowed sinc" takes away all waves shorter than a limit, and leaves the size.
    iterations : int
        Number of steps, 0 to 1000.
    pass_band : float
        Waves that stay, only for "windowed sinc": 0.0001 (the longest) to 2 (all). About
        the square of 2 pi by the length of a wave in edges, so 0.1 keeps waves of 20 edges.
        A smaller pass band smooths more, and needs more iterations.
    window : {"nuttall", "hamming"}
        How the filter fades out, only for "windowed sinc". "hamming" is steeper, and changes
        the size by up to 1 %; it gives what VTK before 9.4 gave.

    Returns
    -------
    smoothed_surface : Surface
        The surface with moved vertices; faces and values stay.

    Raises
    ------
    TypeError, ValueError
        If the surface is not (vertices, faces, values), faces point at vertices that do
        not exist, vertices are not finite, or `iterations` is out of range.

    Notes
    -----
    The steps of cubic voxels are gone after 10 iterations of "taubin": a ball, an ellipsoid
    or a ring of 10 voxels radius has its volume within 1 % and its area within 2 %. The steps
    of slices four times as thick as the pixels are wide are longer: they take "windowed sinc"
    with 50 iterations and a pass band of 0.01, on objects of 10 slices radius or more; it
    shrinks smaller ones. The edges of a cube are rounded by every method. "windowed sinc"
    leaves the rim of an open surface where it is.

    References
    ----------
    .. [1] Taubin, "A signal processing approach to fair surface design", SIGGRAPH (1995),
           351-358, https://doi.org/10.1145/218380.218473; with factors 0.5 and 0.5, as
           trimesh has them.
    .. [2] Vollmer, Mencl and Müller, "Improved Laplacian smoothing of noisy surface meshes",
           Computer Graphics Forum 18 (1999), 131-138,
           https://doi.org/10.1111/1467-8659.00334; alpha 0.1, beta 0.5. On closed surfaces these
           methods give what trimesh gives; on the rim of an open one, where its
           releases differ, all neighbours count.
    .. [3] Taubin, Zhang and Golub, "Optimal surface smoothing as filter design", ECCV (1996),
           283-292, https://doi.org/10.1007/BFb0015544; with the windows, and the offset of the
           pass band, of vtkWindowedSincPolyDataFilter.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> labels = np.zeros((10, 10, 10), int); labels[2:8, 2:8, 2:8] = 1
    >>> surface = surfaces.labels_to_surface(labels)
    >>> moved = surfaces.smooth(surface).vertices - surface.vertices
    >>> bool(np.abs(moved).max() > 0)
    True
    """
    if not len(surface.faces):
        return surface
    if method == "windowed sinc":
        vertices = windowed_sinc(surface, iterations, pass_band, window)
        return Surface(vertices, surface.faces, surface.values)
    return Surface(_smoothed(surface, method, iterations), surface.faces, surface.values)


def _smoothed(surface: Surface, method: str, iterations: int) -> NDArray[np.float64]:
    """Move vertices to and fro between where they are and the mean of their neighbours."""
    from napari_delineate.kernels.edges import neighbours, step

    near = neighbours(meshes.edges_of(surface.faces).ends, len(surface.vertices))
    vertices = np.array(surface.vertices, np.float64, order="C")
    spare = np.empty_like(vertices)
    for number in range(iterations):
        if method == "humphrey":
            step(vertices, *near, 1.0, spare)
            back = spare - (0.1 * surface.vertices + 0.9 * vertices)
            step(back, *near, 1.0, vertices)
            spare -= 0.5 * back + 0.5 * vertices
        else:
            is_back = method == "taubin" and number % 2
            step(vertices, *near, -0.5 if is_back else 0.5, spare)
        vertices, spare = spare, vertices
    return vertices


@operation(version=2)
def simplify(
    surface: Surface,
    *,
    until: Literal["fraction", "number of faces", "error"] = "fraction",
    fraction: Annotated[float, Range(0, 1)] = 0.5,
    number_of_faces: Annotated[int, Range(4)] = 1000,
    error: Annotated[Length, Range(0)] = voxels(0.5),
    spacing: Spacing = 1.0,
) -> Surface:
    """Reduce the number of triangles while keeping the shape.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values), as `labels_to_surface` makes it.
    until : {"fraction", "number of faces", "error"}
        How far to go: to a share of the faces, to a number of faces in all, or as far as
        the surface moves by no more than an error.
    fraction : float
        Share of the faces that is kept, 0 to 1, in each part that is not connected to
        others.
    number_of_faces : int
        Number of faces of the whole surface, shared among its parts by their faces.
    error : float or Voxels
        Largest distance of a vertex that was there to the new surface, in the units of
        `spacing` or as `voxels(n)`.
    spacing : float or tuple of float
        Voxel size of the image that the surface was made of.

    Returns
    -------
    simplified_surface : Surface
        A surface with fewer faces; each vertex keeps the value of a vertex that was merged
        into it. A small object keeps four faces even where fewer are asked for, so none
        disappears. What is closed stays closed: where fewer faces would open it, it keeps
        more, and a warning says so.

    Raises
    ------
    TypeError, ValueError
        If the surface is not (vertices, faces, values), faces point at vertices that do
        not exist, vertices are not finite, or a setting is out of range.

    Notes
    -----
    For an error, numbers of faces are tried, halving what lies between too few and enough.

    References
    ----------
    .. [1] Garland and Heckbert, "Surface simplification using quadric error metrics",
           SIGGRAPH (1997), 209-216, https://doi.org/10.1145/258734.258849; computed by
           fast-simplification.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> labels = np.zeros((10, 10, 10), int); labels[1:9, 1:9, 1:9] = 1
    >>> simple = surfaces.simplify(surfaces.labels_to_surface(labels), fraction=0.25)
    >>> len(simple.faces)
    190
    """
    share = fraction if until == "fraction" else number_of_faces / max(1, len(surface.faces))
    if not len(surface.faces) or (until != "error" and share >= 1):
        return surface
    # One by one, because merging is cheapest, and soon complete, in small objects.
    parts = meshes.connected_parts(surface)
    if until == "error":
        reach = length_in_units(error, spacing)
        return building_blocks.join_surfaces([_within(part, reach) for part in parts])
    reduced = [_reduced(part, share) for part in parts]
    simpler = building_blocks.join_surfaces([part for part, _ in reduced])
    if any(is_stopped for _, is_stopped in reduced):
        warnings.warn(
            f"surface keeps {len(simpler.faces)} faces, more than asked for: with fewer it "
            "would not be closed any more",
            stacklevel=2,
        )
    return simpler


_TRIALS = 8
"""Numbers of faces that are tried to find the fewest within an error."""


def _within(surface: Surface, reach: float) -> Surface:
    """Reduce the faces of a connected surface as far as its vertices stay that near to it."""
    from napari_delineate.surfaces.proximity import NearestPlace

    best = surface
    low, high = _FEWEST / len(surface.faces), 1.0
    for _ in range(_TRIALS):
        share = (low * high) ** 0.5
        simpler, _ = _reduced(surface, share)
        away = surface.vertices - NearestPlace(simpler, surface.vertices).places
        if np.linalg.norm(away, axis=1).max() <= reach:
            high, best = share, simpler
        else:
            low = share
    return best


@operation
def subdivide(
    surface: Surface,
    *,
    method: Literal["midpoint", "loop"] = "midpoint",
    iterations: Annotated[int, Range(1, 6)] = 1,
) -> Surface:
    """Split every triangle into four.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values), positions in physical units.
    method : {"midpoint", "loop"}
        "midpoint" keeps the shape: new vertices lie in the middle of the sides. "loop"
        rounds it: vertices move to where the surface becomes smooth.
    iterations : int
        How often all triangles are split, 1 to 6.

    Returns
    -------
    refined_surface : Surface
        The surface with four times the faces per iteration. A new vertex has the value of
        one end of its side.

    Raises
    ------
    ValueError
        If more than 50 million faces would result, or the vertices are not finite; or, for
        "loop", if more than two faces meet in one side.
    TypeError
        If the surface is not (vertices, faces, values).

    References
    ----------
    .. [1] Loop, "Smooth subdivision surfaces based on triangles", master's thesis,
           University of Utah (1987); computed as by
           `trimesh.remesh.subdivide_loop`.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> triangle = (np.eye(3), np.array([[0, 1, 2]]), np.ones(3))
    >>> len(surfaces.subdivide(triangle).faces)
    4
    """
    if len(surface.faces) * 4**iterations > _MOST:
        raise ValueError(
            f"surface has {len(surface.faces)} faces: {iterations} iterations would make more "
            f"than {_MOST} of them; use fewer"
        )
    for _ in range(iterations):
        surface = _split(surface, method == "loop")
    return surface


_MOST = 50_000_000
"""Faces that subdividing makes, at most."""


def _split(surface: Surface, moves: bool) -> Surface:
    """Split every face into four, at vertices on its sides."""
    size = len(surface.vertices)
    edges = meshes.edges_of(surface.faces)
    one, two = edges.ends.T
    middles = surface.vertices[one] / 2 + surface.vertices[two] / 2
    old = surface.vertices
    if moves:
        if (edges.counts > 2).any():
            raise ValueError(
                "surface has sides where more than two faces meet, which can not be rounded; "
                'set method to "midpoint"'
            )
        old, middles = _rounded(surface, edges, middles)
    sides = edges.of_sides.reshape(-1, 3) + size
    a, b, c = surface.faces.T
    ab, bc, ca = sides.T
    faces = [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
    return Surface(
        np.concatenate([old, middles]),
        np.stack([np.stack(face, axis=1) for face in faces], axis=1).reshape(-1, 3),
        np.concatenate([surface.values, surface.values[one]]),
    )


def _rounded(
    surface: Surface, edges: meshes.Edges, middles: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where Loop's rule puts the old vertices and those on the sides."""
    one, two = edges.ends.T
    opposite = surface.vertices[np.roll(surface.faces, 1, axis=1).ravel()]
    across = np.zeros_like(middles)
    np.add.at(across, edges.of_sides, opposite)
    is_inner = (edges.counts == 2)[:, np.newaxis]
    new = np.where(is_inner, middles * 3 / 4 + across / 8, middles)

    # On the rim, only the neighbours along the rim count, so that it stays a line.
    size = len(surface.vertices)
    on_rim = np.zeros(size, bool)
    on_rim[edges.ends[edges.counts == 1]] = True
    sums, counts = np.zeros((size, 3)), np.zeros(size)
    for start, end in ((one, two), (two, one)):
        counted = ~on_rim[start] | (edges.counts == 1)
        np.add.at(sums, start[counted], surface.vertices[end[counted]])
        np.add.at(counts, start[counted], 1)
    counts = np.maximum(counts, 1)
    turn = 3 / 8 + np.cos(2 * np.pi / counts) / 4
    share = np.where(on_rim, 1 / 4, 5 / 8 - turn**2)  # of the mean of the neighbours
    used = np.zeros(size, bool)
    used[surface.faces] = True
    moved = (1 - share[:, np.newaxis]) * surface.vertices
    moved += (share / counts)[:, np.newaxis] * sums
    return np.where(used[:, np.newaxis], moved, surface.vertices), new


_FAILURES = 16
"""Times that too few faces are tried before a surface stays as it is."""


def _reduced(surface: Surface, fraction: float) -> tuple[Surface, bool]:
    """Reduce the faces of a connected surface, but not to less than a tetrahedron.

    A closed surface stays closed, without edges where more than two faces meet. Say also
    whether it has more faces for that reason.
    """
    wanted = target = max(_FEWEST, int(fraction * len(surface.faces)))
    edges = meshes.edges_of(surface.faces)
    failures = 0
    while len(surface.faces) > target and failures < _FAILURES:
        simpler = _simplified(surface, target)
        if 0 < len(simpler.faces) < _FEWEST:  # folded flat
            wanted = target = target + 2
        elif len(simpler.faces) == len(surface.faces):
            break
        elif not _is_as_sound(meshes.edges_of(simpler.faces), edges):
            failures += 1
            target = (target + len(surface.faces)) // 2
        else:  # a pass stops early where cheap merges run out; the next one finds more
            surface = simpler
            # What can not be done at once is done by halves.
            target = max(wanted, len(surface.faces) // 2) if failures else wanted
    return surface, failures > 0 and len(surface.faces) > wanted


def _is_as_sound(edges: meshes.Edges, before: meshes.Edges) -> bool:
    """Tell whether a surface is there, closed if it was, with no more faces at its edges."""
    is_closed = edges.are_closed or not before.are_closed
    most = max(2, before.counts.max())
    return bool(len(edges.ends) and is_closed and edges.counts.max() <= most)


def _simplified(surface: Surface, target: int) -> Surface:
    """Merge vertices of a connected surface once, until it has few enough faces."""
    import fast_simplification

    # fast-simplification refuses read-only memory.
    before, faces = surface.vertices.copy(), surface.faces.astype(np.int32)
    vertices, new_faces, collapses = fast_simplification.simplify(
        before, faces, target_count=target, return_collapses=True
    )
    # The replay rounds to single precision, which throws vertices of flat parts far away. It
    # is asked only which vertices were merged into which.
    _, _, merged_into = fast_simplification.replay_simplification(before, faces, collapses)
    if not len(vertices):
        return Surface(vertices, np.zeros((0, 3), np.int64), surface.values[:0])
    values = np.zeros(len(vertices), surface.values.dtype)
    values[merged_into[::-1]] = surface.values[::-1]
    # The best place for a vertex can lie a little outside of what was there.
    vertices = np.clip(vertices, before.min(axis=0), before.max(axis=0))
    simpler = Surface(vertices, np.asarray(new_faces, np.int64), values)
    return meshes.without_pinches(building_blocks.without_folds(simpler))
