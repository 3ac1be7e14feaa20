"""Draw results: the same pictures for notebooks, reports and docks."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LightSource, Normalize
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d.art3d import Poly3DCollection
from numpy.typing import NDArray

from napari_delineate.consequences import compare, lines_of
from napari_delineate.files.tables import column_titles
from napari_delineate.palette import (
    colormap_of,
    colours_of_numbers,
    colours_of_values,
    object_numbers,
    range_of,
)
from napari_delineate.types import Surface, Table

__all__ = [
    "Picture",
    "contrast",
    "show_image",
    "show_labels",
    "show_points",
    "show_shapes",
    "show_surface",
    "show_surface_change",
    "show_table",
]

_SLICES = 3
_WIDTH = 9.0  # inches: the text width of a notebook
_MOST_FACES = 20_000
_ACCENT = "#ff5a36"


class Picture(Figure):
    """A figure that notebooks show by themselves, without a window system behind it."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=100)
        return buffer.getvalue()


def show_image(image: NDArray[Any]) -> Picture:
    """Draw an image; of a stack or movie, three of its slices.

    Parameters
    ----------
    image : ndarray
        (Y, X), (Z, Y, X) or more axes before them; colours if the last axis has 3 or 4
        entries and the others are longer.

    Returns
    -------
    Picture
        A matplotlib figure, with contrast from the 0.5th to the 99.8th percentile.
    """
    shown = np.asarray(image)
    return _draw(shown, None, colours=_is_colour(shown))


def show_labels(labels: NDArray[Any], over: NDArray[Any] | None = None) -> Picture:
    """Draw the outlines of objects over an image, or a mask or labels alone.

    Parameters
    ----------
    labels : ndarray of int or bool
        Labelled objects or a mask.
    over : ndarray, optional
        The image below, with the same axes; without it objects are filled.

    Returns
    -------
    Picture
        A matplotlib figure; each object has its own colour.
    """
    shown, image = np.asarray(labels), None if over is None else np.asarray(over)
    return _draw(image, shown, colours=image is not None and image.ndim > shown.ndim)


def show_points(
    points: NDArray[Any], over: NDArray[Any], spacing: tuple[float, ...] | None = None
) -> Picture:
    """Draw points over an image.

    Parameters
    ----------
    points : (N, D) ndarray
        Coordinates in physical units, with one column of indices per looped axis before.
    over : ndarray
        The image below.
    spacing : tuple of float, optional
        Voxel size along the axes in space; 1 by default.

    Returns
    -------
    Picture
        A matplotlib figure; a slice shows the points that lie in it.
    """
    dots = {"ms": 4, "mfc": "none", "mec": _ACCENT, "mew": 1.2}
    return _draw_paths(np.asarray(points)[:, None], over, spacing, "o", **dots)


def show_shapes(
    shapes: NDArray[Any], over: NDArray[Any], spacing: tuple[float, ...] | None = None
) -> Picture:
    """Draw the lines of shapes over an image.

    Parameters
    ----------
    shapes : (N, V, D) ndarray
        Vertices in physical units, with one column of indices per looped axis before.
    over : ndarray
        The image below.
    spacing : tuple of float, optional
        Voxel size along the axes in space; 1 by default.

    Returns
    -------
    Picture
        A matplotlib figure; a slice shows the shapes that begin in it.
    """
    return _draw_paths(shapes, over, spacing, "-", color=_ACCENT, lw=1.2)


def show_surface(surface: Surface) -> Picture:
    """Draw a surface, coloured by its values.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values); a movie shows its first image.

    Returns
    -------
    Picture
        A matplotlib figure; a large surface is simplified for it. Whole numbers are objects
        with a colour each; other values have colours with a bar beside it.
    """
    from napari_delineate.surfaces import simplify

    vertices, faces, values = surface
    if vertices.shape[1] > 3:
        first = (vertices[:, :-3] == vertices[:1, :-3]).all(axis=1)
        faces = faces[first[faces].all(axis=1)]
        vertices = vertices[:, -3:]
    figure = Picture(figsize=(_WIDTH * 0.7, _WIDTH * 0.6), layout="constrained")
    axes: Any = figure.add_subplot(projection="3d")
    axes.set(xlabel="x", ylabel="y", zlabel="z")
    if not len(faces):
        axes.set_title("no surface")
        return figure
    small = Surface(vertices, faces, values)
    if len(faces) > _MOST_FACES:
        small = simplify(small, fraction=_MOST_FACES / len(faces))
    corners = small.vertices[small.faces][:, :, ::-1]  # (x, y, z)
    measured = not len(object_numbers(small.values))
    if measured:
        colours = colours_of_values(small.values)[:, :3]
    else:
        colours = colours_of_numbers(np.unique(small.values, return_inverse=True)[1] + 1)
    collection = Poly3DCollection(
        corners,
        facecolors=colours[small.faces[:, 0]],
        shade=True,
        lightsource=LightSource(azdeg=225, altdeg=45),
    )
    axes.add_collection3d(collection)
    low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
    thinnest = 0.05 * (high - low).max() or 1.0
    flat = np.where(high > low, 0, thinnest / 2)
    low, high = low - flat, high + flat
    axes.set(xlim=(low[0], high[0]), ylim=(high[1], low[1]), zlim=(low[2], high[2]))
    axes.set_box_aspect(np.maximum(high - low, thinnest))
    if measured:
        limits = range_of(small.values)
        scale = ScalarMappable(Normalize(*limits), colormap_of(limits))
        figure.colorbar(scale, ax=axes, shrink=0.6, pad=0.12)
    return figure


def show_surface_change(before: Surface, after: Surface, units: str = "pixel") -> Table:
    """Return a table for reading of what a step did to a surface.

    Parameters
    ----------
    before, after : Surface
        The surface, and what a step made of it.
    units : str
        Name of the unit of the positions.

    Returns
    -------
    pandas.DataFrame
        Texts: a row each for the numbers of vertices and triangles, area, volume and
        closedness, before and after; and for the deviation of one from the other (mean,
        largest, and mean outwards), measured at 20,000 places of each at most.
    """
    import pandas as pd

    lines = lines_of(compare(before, after), units)
    return pd.DataFrame(
        [line[1:] for line in lines], columns=["before", "after", "change"]
    ).set_axis([line.quantity for line in lines])


def show_table(table: Table) -> Table:
    """Return a table for reading: units in the header, three decimals.

    Parameters
    ----------
    table : pandas.DataFrame
        The table.

    Returns
    -------
    pandas.DataFrame
        A copy that notebooks show.
    """
    return table.round(3).set_axis(column_titles(table), axis="columns")


def _draw_paths(
    paths: NDArray[Any],
    over: NDArray[Any],
    spacing: tuple[float, ...] | None,
    mark: str,
    **style: Any,
) -> Picture:
    """Draw paths over an image, in each slice those that begin in it."""
    image, ndim = np.asarray(over), paths.shape[-1]
    size = np.ones(ndim)
    if spacing is not None:
        size[-len(spacing) :] = spacing
    pixels = paths / size
    colours = image.ndim > ndim
    figure = _draw(image, None, colours=colours)
    before = [size // 2 for size in image.shape[: max(_slice_axis(image, colours), 0)]]
    for axes, place in zip(figure.axes, _places(image, colours), strict=True):
        here = pixels
        if place is not None:
            shown = [*before, place]
            indices = np.rint(pixels[:, 0, -2 - len(shown) : -2])
            here = pixels[(indices == shown).all(axis=1)]
        if paths.shape[1] == 1:  # points are drawn at once
            here = here.reshape(1, -1, ndim)
        # matplotlib draws the columns as lines of their own.
        axes.plot(here[..., -1].T, here[..., -2].T, mark, **style)
    return figure


def _draw(image: NDArray[Any] | None, labels: NDArray[Any] | None, *, colours: bool) -> Picture:
    shown = labels if image is None else image
    assert shown is not None
    places = _places(shown, colours)
    height, width = _plane(shown, places[0], colours).shape[:2]
    columns = len(places)
    panel = _WIDTH / max(columns, 1.6)
    figure = Picture(
        figsize=(panel * columns, panel * min(height / width, 2) + 0.3), layout="constrained"
    )
    levels = None if image is None else contrast(image)
    for axes, place in zip(figure.subplots(1, columns, squeeze=False)[0], places, strict=True):
        axes.set_axis_off()
        if place is not None:
            number = shown.shape[_slice_axis(shown, colours)]
            axes.set_title(f"slice {place + 1} of {number}", fontsize=9)
        if image is not None:
            plane = _plane(image, place, colours)
            if colours:
                axes.imshow(_as_colours(plane))
            else:
                low, high = levels or (0, 1)
                gray = np.asarray(plane, np.float64)
                axes.imshow(gray, cmap="gray", vmin=low, vmax=high, interpolation="nearest")
        if labels is not None:
            painted = _paint(_plane(labels, place, False), outlines=image is not None)
            axes.imshow(painted, interpolation="nearest")
    return figure


def _is_colour(image: NDArray[Any]) -> bool:
    """Tell whether an image of which nothing else is known looks like one in colour."""
    return image.ndim > 2 and image.shape[-1] in (3, 4) and min(image.shape[-3:-1]) > 4


def _slice_axis(image: NDArray[Any], colours: bool) -> int:
    return image.ndim - 3 - colours


def _places(image: NDArray[Any], colours: bool) -> list[Any]:
    """Return which slices are shown; [None] for an image that has none."""
    axis = _slice_axis(image, colours)
    if axis < 0:
        return [None]
    size = image.shape[axis]
    if size <= _SLICES:
        return list(range(size))
    return [round((index + 1) * size / (_SLICES + 1)) for index in range(_SLICES)]


def _plane(image: NDArray[Any], place: int | None, colours: bool) -> NDArray[Any]:
    """Return one slice; of axes before the slices, the middle."""
    while _slice_axis(image, colours) > 0:
        image = image[image.shape[0] // 2]
    return image if place is None else image[place]


def contrast(image: NDArray[Any]) -> tuple[float, float]:
    """Return the values that are drawn black and white: the 0.5th and 99.8th percentile.

    Parameters
    ----------
    image : ndarray
        An image.

    Returns
    -------
    tuple of float
        Two numbers, the second above the first.
    """
    known = image[np.isfinite(image)] if image.dtype.kind == "f" else image
    if not known.size:
        return 0.0, 1.0
    known = known.view(np.uint8) if known.dtype == bool else known
    low, high = np.percentile(known, (0.5, 99.8))
    if low == high:
        low, high = float(known.min()), float(known.max())
    return float(low), float(high) if high > low else float(low) + 1


def _as_colours(image: NDArray[Any]) -> NDArray[Any]:
    return image if image.dtype == np.uint8 else image / max(float(image.max()), 1e-12)


def _colours(numbers: NDArray[Any]) -> NDArray[Any]:
    """Return a clear colour (RGBA) for each number; 0 is transparent."""
    numbers = np.asarray(numbers)
    colours = np.ones((*numbers.shape, 4))
    colours[..., :3] = colours_of_numbers(numbers)
    colours[..., 3] = numbers > 0
    return colours


def _paint(labels: NDArray[Any], outlines: bool) -> NDArray[Any]:
    from skimage.segmentation import find_boundaries

    numbers = labels.astype(np.int64)
    if outlines:
        numbers = np.where(find_boundaries(numbers, mode="inner"), numbers, 0)
    return _colours(numbers)
