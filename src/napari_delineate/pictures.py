"""Draw results: the same pictures for notebooks, reports and docks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.types import Surface

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["show_image", "show_labels", "show_points", "show_surface"]

_SLICES = 3
_WIDTH = 9.0  # inches: the text width of a notebook
_MOST_FACES = 20_000
_GOLDEN_RATIO = 0.618033988749895


def show_image(image: NDArray[Any]) -> Figure:
    """Draw an image; of a stack or movie, three of its slices.

    Parameters
    ----------
    image : ndarray
        (Y, X), (Z, Y, X) or more axes before them; colours if the last axis has 3 or 4
        entries and the others are longer.

    Returns
    -------
    matplotlib.figure.Figure
        The picture, with contrast from the 0.5th to the 99.8th percentile.
    """
    return _draw(np.asarray(image), None)


def show_labels(labels: NDArray[Any], over: NDArray[Any] | None = None) -> Figure:
    """Draw the outlines of objects over an image, or a mask or labels alone.

    Parameters
    ----------
    labels : ndarray of int or bool
        Labelled objects or a mask.
    over : ndarray, optional
        The image below, with the same axes; without it objects are filled.

    Returns
    -------
    matplotlib.figure.Figure
        The picture; each object has its own colour.
    """
    return _draw(None if over is None else np.asarray(over), np.asarray(labels))


def show_points(
    points: NDArray[Any], over: NDArray[Any], spacing: tuple[float, ...] | None = None
) -> Figure:
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
    matplotlib.figure.Figure
        The picture; a slice shows the points that lie in it.
    """
    image = np.asarray(over)
    size = np.ones(points.shape[1])
    if spacing is not None:
        size[-len(spacing) :] = spacing
    pixels = points / size
    figure = _draw(image, None)
    places = _places(image)
    for axes, place in zip(figure.axes, places, strict=True):
        here = pixels
        if place is not None:
            here = pixels[np.rint(pixels[:, -3]) == place]
        axes.plot(here[:, -1], here[:, -2], "o", ms=4, mfc="none", mec="#ff5a36", mew=1.2)
    return figure


def show_surface(surface: Surface) -> Figure:
    """Draw a surface, coloured by its values.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values); a movie shows its first image.

    Returns
    -------
    matplotlib.figure.Figure
        The picture; a large surface is simplified for it.
    """
    from matplotlib.colors import LightSource
    from matplotlib.figure import Figure
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection

    from napari_delineate.surfaces import simplify

    vertices, faces, values = surface
    if vertices.shape[1] > 3:
        first = vertices[:, 0] == vertices[:, 0].min(initial=0)
        faces = faces[first[faces].all(axis=1)]
        vertices = vertices[:, -3:]
    figure = Figure(figsize=(_WIDTH * 0.7, _WIDTH * 0.6), layout="constrained")
    axes: Any = figure.add_subplot(projection="3d")
    axes.set(xlabel="x", ylabel="y", zlabel="z")
    if not len(faces):
        axes.set_title("no surface")
        return figure
    small = Surface(vertices, faces, values)
    if len(faces) > _MOST_FACES:
        small = simplify(small, fraction=_MOST_FACES / len(faces))
    corners = small.vertices[small.faces][:, :, ::-1]  # (x, y, z)
    colours = _colours(np.unique(small.values, return_inverse=True)[1] + 1)
    collection = Poly3DCollection(
        corners,
        facecolors=colours[small.faces[:, 0], :3],
        shade=True,
        lightsource=LightSource(azdeg=225, altdeg=45),
    )
    axes.add_collection3d(collection)
    low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
    axes.set(xlim=(low[0], high[0]), ylim=(high[1], low[1]), zlim=(low[2], high[2]))
    axes.set_box_aspect(np.maximum(high - low, 0.05 * (high - low).max()))
    return figure


def _draw(image: NDArray[Any] | None, labels: NDArray[Any] | None) -> Figure:
    from matplotlib.figure import Figure

    shown = labels if image is None else image
    assert shown is not None
    places = _places(shown)
    height, width = _plane(shown, places[0]).shape[:2]
    columns = len(places)
    panel = _WIDTH / max(columns, 1.6)
    figure = Figure(
        figsize=(panel * columns, panel * min(height / width, 2) + 0.3), layout="constrained"
    )
    levels = None if image is None else _levels(image)
    for axes, place in zip(figure.subplots(1, columns, squeeze=False)[0], places, strict=True):
        axes.set_axis_off()
        if place is not None:
            axes.set_title(f"slice {place + 1} of {shown.shape[_slice_axis(shown)]}", fontsize=9)
        if image is not None:
            plane = _plane(image, place)
            if plane.ndim == 3:
                axes.imshow(_as_colours(plane))
            else:
                low, high = levels or (0, 1)
                axes.imshow(plane, cmap="gray", vmin=low, vmax=high, interpolation="nearest")
        if labels is not None:
            axes.imshow(
                _paint(_plane(labels, place), outlines=image is not None), interpolation="nearest"
            )
    return figure


def _is_colour(image: NDArray[Any]) -> bool:
    return image.ndim > 2 and image.shape[-1] in (3, 4) and min(image.shape[-3:-1]) > 4


def _slice_axis(image: NDArray[Any]) -> int:
    return image.ndim - 3 - _is_colour(image)


def _places(image: NDArray[Any]) -> list[Any]:
    """Return which slices are shown; [None] for an image that has none."""
    axis = _slice_axis(image)
    if axis < 0:
        return [None]
    size = image.shape[axis]
    if size <= _SLICES:
        return list(range(size))
    return [round((index + 1) * size / (_SLICES + 1)) for index in range(_SLICES)]


def _plane(image: NDArray[Any], place: int | None) -> NDArray[Any]:
    """Return one slice; of axes before the slices, the middle."""
    while _slice_axis(image) > 0:
        image = image[image.shape[0] // 2]
    return image if place is None else image[place]


def _levels(image: NDArray[Any]) -> tuple[float, float]:
    low, high = np.percentile(image, (0.5, 99.8))
    if low == high:
        low, high = float(image.min()), float(image.max())
    return float(low), float(high) if high > low else float(low) + 1


def _as_colours(image: NDArray[Any]) -> NDArray[Any]:
    return image if image.dtype == np.uint8 else image / max(float(image.max()), 1e-12)


def _colours(numbers: NDArray[Any]) -> NDArray[Any]:
    """Return a clear colour (RGBA) for each number; 0 is transparent."""
    from matplotlib.colors import hsv_to_rgb

    numbers = np.asarray(numbers)
    # Steps of the golden ratio keep the hues of neighbouring numbers far apart.
    hue = (numbers * _GOLDEN_RATIO) % 1
    colours = np.ones((*numbers.shape, 4))
    colours[..., :3] = hsv_to_rgb(
        np.stack([hue, np.full_like(hue, 0.65), np.full_like(hue, 1.0)], axis=-1)
    )
    colours[..., 3] = numbers > 0
    return colours


def _paint(labels: NDArray[Any], outlines: bool) -> NDArray[Any]:
    from skimage.segmentation import find_boundaries

    numbers = labels.astype(np.int64)
    if outlines:
        numbers = np.where(find_boundaries(numbers, mode="inner"), numbers, 0)
    return _colours(numbers)
