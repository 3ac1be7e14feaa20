"""Say where the voxels of other grids lie: their size, and the place of the first one.

Operations that change the grid declare one of these functions. The engine calls it, and
exported code does the same.
"""

from __future__ import annotations

from napari_delineate.types import Voxels, length_in_units

__all__ = [
    "origin_of_blocks",
    "origin_of_box",
    "spacing_of_blocks",
    "spacing_of_cubes",
    "spacing_scaled",
]


def spacing_of_cubes(
    spacing: tuple[float, ...], *, voxel_size: float | Voxels
) -> tuple[float, ...]:
    """Return the spacing of a grid of cubes of some size.

    Parameters
    ----------
    spacing : tuple of float
        Voxel size per axis.
    voxel_size : float or Voxels
        Edge of the cubes, in the units of `spacing` or as `voxels(n)`.

    Returns
    -------
    tuple of float
        The edge, for every axis.

    Examples
    --------
    >>> spacing_of_cubes((2.0, 0.5, 0.5), voxel_size=1.0)
    (1.0, 1.0, 1.0)
    """
    return (length_in_units(voxel_size, spacing),) * len(spacing)


def spacing_scaled(
    spacing: tuple[float, ...], *, z_factor: float = 1.0, y_factor: float, x_factor: float
) -> tuple[float, ...]:
    """Return the spacing of a grid with more or fewer voxels along each axis.

    Parameters
    ----------
    spacing : tuple of float
        Voxel size per axis.
    z_factor, y_factor, x_factor : float
        Number of voxels along each axis where there was one.

    Returns
    -------
    tuple of float
        The voxel size per axis.

    Examples
    --------
    >>> spacing_scaled((2.0, 0.5), y_factor=2, x_factor=0.5)
    (1.0, 1.0)
    """
    factors = (z_factor, y_factor, x_factor)[-len(spacing) :]
    return tuple(size / factor for size, factor in zip(spacing, factors, strict=True))


def spacing_of_blocks(
    spacing: tuple[float, ...], *, z_size: int = 1, y_size: int, x_size: int
) -> tuple[float, ...]:
    """Return the spacing of a grid whose voxels are blocks of voxels.

    Parameters
    ----------
    spacing : tuple of float
        Voxel size per axis.
    z_size, y_size, x_size : int
        Number of voxels of a block along each axis.

    Returns
    -------
    tuple of float
        Size of the blocks per axis.

    Examples
    --------
    >>> spacing_of_blocks((2.0, 0.5), y_size=2, x_size=4)
    (4.0, 2.0)
    """
    sizes = (z_size, y_size, x_size)[-len(spacing) :]
    return tuple(step * size for step, size in zip(spacing, sizes, strict=True))


def origin_of_blocks(
    spacing: tuple[float, ...], *, z_size: int = 1, y_size: int, x_size: int
) -> tuple[float, ...]:
    """Return the centre of the first block of voxels, counted from that of the first voxel.

    Parameters
    ----------
    spacing : tuple of float
        Voxel size per axis.
    z_size, y_size, x_size : int
        Number of voxels of a block along each axis.

    Returns
    -------
    tuple of float
        A length per axis.

    Examples
    --------
    >>> origin_of_blocks((2.0, 0.5), y_size=2, x_size=1)
    (1.0, 0.0)
    """
    sizes = (z_size, y_size, x_size)[-len(spacing) :]
    return tuple(step * (size - 1) / 2 for step, size in zip(spacing, sizes, strict=True))


def origin_of_box(
    spacing: tuple[float, ...], *, z_start: int = 0, y_start: int, x_start: int
) -> tuple[float, ...]:
    """Return where the first voxel of a box lies, counted from the first voxel of all.

    Parameters
    ----------
    spacing : tuple of float
        Voxel size per axis.
    z_start, y_start, x_start : int
        Index of the first voxel along each axis.

    Returns
    -------
    tuple of float
        A length per axis.

    Examples
    --------
    >>> origin_of_box((2.0, 0.5), y_start=3, x_start=4)
    (6.0, 2.0)
    """
    starts = (z_start, y_start, x_start)[-len(spacing) :]
    return tuple(step * start for step, start in zip(spacing, starts, strict=True))
