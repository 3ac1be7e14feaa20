"""Kinds of data, physical lengths, and the values that operations exchange.

Every alias here is an ordinary type (an array, a tuple, a number) annotated with what
it means, so operations stay ordinary functions that anyone can import and call.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "RGB",
    "Corrections",
    "Image",
    "Kind",
    "Labels",
    "Length",
    "Mask",
    "Model",
    "Points",
    "Quantity",
    "Range",
    "Score",
    "Scores",
    "Shapes",
    "Size",
    "Spacing",
    "Surface",
    "Table",
    "Units",
    "Voxels",
    "isotropic_spacing",
    "length_in_units",
    "length_per_axis",
    "size_in_units",
    "spacing_per_axis",
    "voxels",
]


class Kind(StrEnum):
    """Say what a value is, beyond its dtype and shape."""

    IMAGE = "image"
    RGB = "rgb"
    MASK = "mask"
    LABELS = "labels"
    POINTS = "points"
    SHAPES = "shapes"
    SURFACE = "surface"
    TABLE = "table"
    SCORES = "scores"
    CORRECTIONS = "corrections"
    MODEL = "model"

    @property
    def is_grid(self) -> bool:
        """Tell whether values of this kind are sampled on the grid of an image."""
        return self in (Kind.IMAGE, Kind.RGB, Kind.MASK, Kind.LABELS)


class Quantity(StrEnum):
    """Say what a parameter measures or carries, beyond its number."""

    LENGTH = "length"
    SIZE = "size"
    SPACING = "spacing"
    UNITS = "units"


@dataclass(frozen=True)
class Range:
    """Limit a numeric parameter to an interval, both ends included.

    Parameters
    ----------
    minimum, maximum : float
        Smallest and largest value allowed, in the parameter's own units.
    """

    minimum: float = -math.inf
    maximum: float = math.inf

    def __contains__(self, value: float) -> bool:
        return self.minimum <= value <= self.maximum

    def __str__(self) -> str:
        if self == Range():
            return "a finite number"
        if self.maximum == math.inf:
            return f"{self.minimum:g} or more"
        if self.minimum == -math.inf:
            return f"{self.maximum:g} or less"
        return f"{self.minimum:g} to {self.maximum:g}"


@dataclass(frozen=True)
class Voxels:
    """Give a length or a size in voxels instead of physical units; see `voxels`."""

    number: float

    def __repr__(self) -> str:
        number = int(self.number) if float(self.number).is_integer() else self.number
        return f"voxels({number!r})"

    def __str__(self) -> str:
        return f"{self.number:g} voxels"


def voxels(number: float) -> Voxels:
    """Give a length as a multiple of the finest voxel size.

    Parameters
    ----------
    number : float
        Number of voxels. For a length, one voxel is the smallest entry of the spacing;
        for a size (area or volume), it is that length to the power of the dimensions.

    Returns
    -------
    Voxels
        The length, for any parameter that takes a length or a size.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters, voxels
    >>> image = np.zeros((8, 64, 64)); image[4, 32, 32] = 1
    >>> blurred = filters.gaussian(image, sigma=voxels(3), spacing=(2.0, 0.5, 0.5))
    """
    try:
        finite = isinstance(number, numbers.Real) and math.isfinite(number)
    except OverflowError:
        finite = False
    if not finite:
        raise ValueError(f"voxels needs a finite number, got {number!r}")
    return Voxels(float(number))


# Arrays. The axes of images, masks and labels are (Z, Y, X) or (Y, X).
Image: TypeAlias = Annotated[NDArray[Any], Kind.IMAGE]
"""Intensities on a grid, any real dtype."""
RGB: TypeAlias = Annotated[NDArray[Any], Kind.RGB]
"""Colours on a grid: the last axis holds red, green, blue and perhaps alpha."""
Mask: TypeAlias = Annotated[NDArray[Any], Kind.MASK]
"""Foreground (True) and background (False) on a grid."""
Labels: TypeAlias = Annotated[NDArray[Any], Kind.LABELS]
"""Number of the object that each pixel belongs to, 0 for background."""
Points: TypeAlias = Annotated[NDArray[Any], Kind.POINTS]
"""(N, D) coordinates in physical units, in the order of the axes."""
Shapes: TypeAlias = Annotated[NDArray[Any], Kind.SHAPES]
"""(N, V, D) vertices in physical units; shapes with fewer vertices repeat their last one.

Closed shapes end where they begin.
"""
Score: TypeAlias = Annotated[float, Kind.SCORES]
"""One number that says how good a result is."""
Scores: TypeAlias = Annotated[Mapping[str, float], Kind.SCORES]
"""Several named scores."""
Model: TypeAlias = Annotated[Any, Kind.MODEL]
"""A trained classifier or network."""

# pandas takes half a second to import, so the kind carries no class at run time.
if TYPE_CHECKING:
    Table: TypeAlias = pd.DataFrame
else:
    Table = Annotated[Any, Kind.TABLE]
"""A pandas DataFrame; `attrs["units"]` maps a column to its unit."""


class Surface(NamedTuple):
    """Hold a triangle mesh.

    Attributes
    ----------
    vertices : (N, 3) ndarray of float
        Positions in physical units, in the order of the axes (z, y, x).
    faces : (M, 3) ndarray of int
        Indices into `vertices`; seen from outside, corners run so that normals
        computed in (z, y, x) order point outwards.
    values : (N,) ndarray
        One number per vertex, for instance the label of its object.
    """

    vertices: NDArray[Any]
    faces: NDArray[Any]
    values: NDArray[Any]

    def __repr__(self) -> str:
        from napari_delineate.describing import surface_in_words

        return surface_in_words(self)

    def _repr_html_(self) -> str | None:
        from napari_delineate.describing import surface_as_html

        return surface_as_html(self)


class Corrections(NamedTuple):
    """Hold hand-made changes to a label image, so that they survive a recomputation.

    Only what changed is stored. `pixels` and `labels` say which pixels got which new
    label; `touched_pixels` and `touched_labels` hold the whole objects that the changes
    touched, as they were, so that the same objects are found again by overlap when the
    labels are computed anew with other numbers.

    Attributes
    ----------
    shape : tuple of int
        Shape of the label image.
    pixels : (N,) ndarray of int64
        Flat (C order) indices of changed pixels, sorted.
    labels : (N,) ndarray of int64
        New label of each changed pixel: 0 erases, -1 leaves the pixel unchanged, a
        number of `touched_labels` extends that object, any other number is a new object.
    touched_pixels : (M,) ndarray of int64
        Flat indices of all pixels of the touched objects before the change.
    touched_labels : (M,) ndarray of int64
        Label of each of those pixels before the change.
    """

    shape: tuple[int, ...]
    pixels: NDArray[Any]
    labels: NDArray[Any]
    touched_pixels: NDArray[Any]
    touched_labels: NDArray[Any]


Length: TypeAlias = Annotated[float | Voxels, Quantity.LENGTH]
"""A length in the units of `spacing`, or `voxels(n)`."""
Size: TypeAlias = Annotated[float | Voxels, Quantity.SIZE]
"""An area (2D) or a volume (3D) in the units of `spacing`, or `voxels(n)`."""
Spacing: TypeAlias = Annotated[float | tuple[float, ...], Quantity.SPACING]
"""Voxel size: one number for all axes, or one per axis in the order of the axes."""
Units: TypeAlias = Annotated[str, Quantity.UNITS]
"""Name of the unit of `spacing`, for instance "micrometer"."""


def spacing_per_axis(spacing: float | tuple[float, ...], ndim: int) -> tuple[float, ...]:
    """Return the voxel size along each axis.

    Parameters
    ----------
    spacing : float or sequence of float
        Voxel size, more than 0: one for all axes, or one per axis.
    ndim : int
        Number of axes.

    Returns
    -------
    tuple of float
        `ndim` voxel sizes.

    Raises
    ------
    ValueError
        If the number of entries is not 1 or `ndim`, or an entry is not positive.

    Examples
    --------
    >>> spacing_per_axis(0.5, 3)
    (0.5, 0.5, 0.5)
    """
    try:
        entries = np.atleast_1d(np.asarray(spacing, dtype=float))
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"spacing must be numbers above 0, got {spacing!r}") from None
    if entries.ndim != 1 or entries.size not in (1, ndim):
        raise ValueError(
            f"spacing must be one number or {ndim} numbers, one per axis, got {spacing!r}"
        )
    if not (np.isfinite(entries).all() and (entries > 0).all()):
        raise ValueError(f"spacing must hold finite numbers above 0, got {spacing!r}")
    return tuple(float(entry) for entry in np.broadcast_to(entries, ndim))


def isotropic_spacing(spacing: tuple[float, ...]) -> tuple[float, ...]:
    """Return the spacing of a grid of cubes as small as the finest voxel size.

    Parameters
    ----------
    spacing : tuple of float
        Voxel size per axis.

    Returns
    -------
    tuple of float
        The smallest entry, for every axis.

    Examples
    --------
    >>> isotropic_spacing((2.0, 0.5, 0.5))
    (0.5, 0.5, 0.5)
    """
    return (min(spacing),) * len(spacing)


def length_in_units(length: float | Voxels, spacing: float | tuple[float, ...]) -> float:
    """Return a length in the units of the spacing.

    Parameters
    ----------
    length : float or Voxels
        Length in the units of `spacing`, or `voxels(n)`.
    spacing : float or tuple of float
        Voxel size, for all axes or per axis.

    Returns
    -------
    float
        The length.

    Examples
    --------
    >>> length_in_units(voxels(4), (1.0, 0.5))
    2.0
    """
    if isinstance(length, Voxels):
        return float(length.number * np.min(spacing))
    return float(length)


def length_per_axis(
    length: float | Voxels, spacing: float | tuple[float, ...]
) -> tuple[float, ...]:
    """Return a length in voxels along each axis.

    Parameters
    ----------
    length : float or Voxels
        Length in the units of `spacing`, or `voxels(n)`.
    spacing : float or tuple of float
        Voxel size per axis.

    Returns
    -------
    tuple of float
        The same length counted in voxels, for each entry of `spacing`.

    Examples
    --------
    >>> length_per_axis(2.0, (1.0, 0.5))
    (2.0, 4.0)
    >>> length_per_axis(voxels(4), (1.0, 0.5))
    (2.0, 4.0)
    """
    entries = [float(entry) for entry in np.atleast_1d(spacing)]
    if isinstance(length, Voxels):
        # The quotient is exactly 1 along the finest axis, so voxels(n) is exactly n there.
        return tuple(length.number * (min(entries) / entry) for entry in entries)
    return tuple(length / entry for entry in entries)


def size_in_units(size: float | Voxels, spacing: float | tuple[float, ...]) -> float:
    """Return an area or a volume in the units of the spacing.

    Parameters
    ----------
    size : float or Voxels
        Area or volume in the units of `spacing` to the power of its length, or
        `voxels(n)`, which counts cubes (squares) as wide as the finest voxel size.
    spacing : float or tuple of float
        Voxel size per axis.

    Returns
    -------
    float
        The size in units of `spacing` to the power of the number of axes.

    Examples
    --------
    >>> size_in_units(voxels(100), (1.0, 0.5))
    25.0
    """
    if isinstance(size, Voxels):
        return float(size.number * np.min(spacing) ** np.size(spacing))
    return float(size)
