"""Lay an image or other labels beside labels, whatever axes they have besides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import napari
import numpy as np
from napari.layers import Layer
from numpy.typing import NDArray

from napari_delineate._napari.layers import axes_of, level_0
from napari_delineate.axes import looped_axes

__all__ = ["Beside", "beside", "fits_beside", "known_axes", "shown_channel"]


@dataclass(frozen=True)
class Beside:
    """Say what is read of an array that is looked at beside labels.

    Attributes
    ----------
    data : Any
        The array; it may not be in memory.
    at : tuple of int or slice
        What of it is read: one channel of an image with several.
    order : tuple of int
        The axes of what is read, in the order of those of the labels.
    missing : tuple of int
        The axes that the labels have and the array lacks: it is the same in all frames.
    shape : tuple of int
        The shape of the labels.
    is_rgb : bool
        Whether the last axis of the array has colours, of which the brightness counts.
    """

    data: Any
    at: tuple[int | slice, ...]
    order: tuple[int, ...]
    missing: tuple[int, ...]
    shape: tuple[int, ...]
    is_rgb: bool = False

    def read(self) -> NDArray[Any]:
        """Return the array with the axes and the shape of the labels."""
        found = np.asarray(self.data[self.at])
        if self.is_rgb:
            from skimage.color import rgb2gray

            found = rgb2gray(found[..., :3])
        found = np.expand_dims(np.transpose(found, self.order), self.missing)
        return np.broadcast_to(found, self.shape)


def known_axes(layer: Layer) -> str | None:
    """Return the axes of labels; three that nobody has named are taken as space."""
    axes = axes_of(layer)
    return "ZYX" if axes is None and layer.ndim == 3 else axes


def fits_beside(labels: Layer, other: Layer) -> bool:
    """Tell whether a layer can be looked at beside labels.

    Parameters
    ----------
    labels : napari.layers.Labels
        The labels.
    other : napari.layers.Image or Labels
        A layer with the same pixels in space. It may have channels besides, and may be the same
        in all frames.
    """
    return _axes_beside(labels, other) is not None


def beside(viewer: napari.Viewer, labels: Layer, other: Layer) -> Beside:
    """Return what of a layer is looked at beside labels: of several channels that shown now.

    Parameters
    ----------
    viewer : napari.Viewer
        The viewer; its sliders say which channel is shown.
    labels : napari.layers.Labels
        The labels.
    other : napari.layers.Image or Labels
        A layer that fits, see `fits_beside`.
    """
    found = _axes_beside(labels, other)
    if found is None:
        raise ValueError(f"{other.name!r} has other pixels than {labels.name!r}")
    own, axes = found
    left = [letter for letter in axes if letter in own]
    at = tuple(
        slice(None) if letter in own else _index(viewer, other, place)
        for place, letter in enumerate(axes)
    )
    return Beside(
        level_0(other),
        at,
        tuple(left.index(letter) for letter in own if letter in left),
        tuple(place for place, letter in enumerate(own) if letter not in left),
        tuple(level_0(labels).shape),
        bool(getattr(other, "rgb", False)),
    )


def shown_channel(viewer: napari.Viewer, labels: Layer, other: Layer) -> tuple[int, ...]:
    """Return where an image has more axes than labels, what of it is shown; else nothing."""
    found = _axes_beside(labels, other)
    if found is None:
        return ()
    own, axes = found
    extra = (place for place, letter in enumerate(axes) if letter not in own)
    return tuple(_index(viewer, other, place) for place in extra)


def _axes_beside(labels: Layer, other: Layer) -> tuple[str, str] | None:
    """Return letters for the axes of both; None where they do not fit."""
    shape, size = level_0(labels).shape, level_0(other).shape[: other.ndim]
    named = axes_of(labels), axes_of(other)
    if named[0] is None or named[1] is None or labels.ndim == other.ndim:
        # Nobody says what the axes are: as napari does, the last ones belong together.
        own = "ABCDEFGH"[: labels.ndim]
        axes = "STUVW"[: other.ndim - labels.ndim] + own
        fits = other.ndim >= labels.ndim and size[other.ndim - labels.ndim :] == shape
        if fits or None in named:
            return (own, axes) if fits else None
    own, axes = str(named[0]), str(named[1])
    sizes, wanted = dict(zip(axes, size, strict=True)), dict(zip(own, shape, strict=True))
    fits = all(sizes[one] == wanted[one] for one in own if one in sizes)
    is_space_alike = set(own) - set(axes) <= set(looped_axes(own))
    return (own, axes) if fits and is_space_alike and set(axes) - set(own) <= {"C"} else None


def _index(viewer: napari.Viewer, layer: Layer, axis: int) -> int:
    """Return where the slider of an axis of a layer is, 0 where the axis lies on the screen."""
    if axis + viewer.dims.ndim - layer.ndim in viewer.dims.displayed:
        return 0
    place = int(np.rint(layer.world_to_data(viewer.dims.point)[axis]))
    return min(max(place, 0), level_0(layer).shape[axis] - 1)
