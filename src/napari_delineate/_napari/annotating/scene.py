"""Say what tools see of a layer: the slice or the volume that is edited, and what is on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import napari
import numpy as np
from napari.layers import Image, Labels
from numpy.typing import NDArray

from napari_delineate._napari.layers import LayerError, level_0, place_of, spacing_of
from napari_delineate._napari.visible import displayed_axes, shown_region
from napari_delineate.annotation.edits import Edit, place_in
from napari_delineate.axes import spatial_axes

__all__ = ["OTHER_LABELS", "Scene", "pixel_at", "scene_of"]

OTHER_LABELS = "the labels are others than those that you began on; begin anew"


_MOST_VOXELS = 3 * 2**19
"""So many are looked at in a volume before a person would wait."""

_LEAST_REACH = 16
"""Voxels around points that are always looked at, however far they are apart."""


@dataclass(frozen=True)
class Scene:
    """Hold the part of a layer that is edited now.

    Attributes
    ----------
    layer : napari.layers.Labels
        The layer.
    image : array-like or None
        The image there, in the same shape.
    view : tuple of int or slice
        What is taken of each axis of the layer; see `annotation.edits.place_in`.
    spacing : tuple of float
        Voxel size along the axes of `labels`.
    units : str
        The unit of the voxel size.
    window : tuple of slice
        What is on the screen.
    depth_axis : int
        The axis of `labels` along which one looks at the screen; 0 where all are on it.
    slice_shown : int
        The slice along that axis that is shown.
    column_axis : int
        The axis of `labels` that runs from left to right on the screen.
    """

    layer: Labels
    image: Any
    view: tuple[int | slice, ...]
    spacing: tuple[float, ...]
    units: str
    window: tuple[slice, ...]
    depth_axis: int = 0
    slice_shown: int = 0
    column_axis: int = -1

    @property
    def labels(self) -> Any:
        """The labels as they are now; (Y, X) or (Z, Y, X), a view where they are in memory.

        `LayerError` where the layer holds labels of another shape meanwhile.
        """
        if not self.is_there:
            raise LayerError(OTHER_LABELS)
        return _taken(level_0(self.layer), self.view)

    @property
    def is_there(self) -> bool:
        """Tell whether the layer still has the shape that it had."""
        sizes = level_0(self.layer).shape
        return len(sizes) == len(self.view) and all(
            taken.stop == size if isinstance(taken, slice) else taken < size
            for taken, size in zip(self.view, sizes, strict=True)
        )

    @property
    def kept(self) -> tuple[int, ...]:
        """The axes of the layer that are edited."""
        return tuple(axis for axis, taken in enumerate(self.view) if isinstance(taken, slice))

    def lifted(self, edit: Edit) -> Edit:
        """Return an edit of what is edited as one of the layer."""
        return place_in(edit, self.view)

    def point(self, place: Sequence[float]) -> NDArray[np.float64]:
        """Return a place in the layer as a place in what is edited."""
        return np.asarray(place, float)[list(self.kept)]

    def box(self, box: Sequence[slice]) -> tuple[slice, ...]:
        """Return the part of a box of the layer that is edited."""
        return tuple(box[axis] for axis in self.kept)

    def has_part_of(self, box: Sequence[slice]) -> bool:
        """Tell whether something of a box of the layer is edited."""
        return all(
            isinstance(taken, slice) or side.start <= taken < side.stop
            for taken, side in zip(self.view, box, strict=True)
        )

    def window_around(self, points: Sequence[NDArray[np.float64]]) -> tuple[slice, ...]:
        """Return what tools look at that are used at points.

        That is what is on the screen. Of a volume with more voxels than can be looked at while
        a person goes on, it is what is nearest to the points.
        """
        sizes = [side.stop - side.start for side in self.window]
        if len(sizes) < 3 or np.prod(sizes) <= _MOST_VOXELS:
            return self.window
        ends = np.array([[side.start, side.stop - 1] for side in self.window]).T
        low, high = (
            np.clip(np.floor(one(points, axis=0) + 0.5), *ends) for one in (np.min, np.max)
        )

        def within(reach: float) -> tuple[slice, ...]:
            steps = np.floor(reach / np.array(self.spacing))
            starts, stops = np.maximum(low - steps, ends[0]), np.minimum(high + steps, ends[1]) + 1
            return tuple(slice(int(a), int(b)) for a, b in zip(starts, stops, strict=True))

        near, far = 0.0, float(np.max(np.multiply(sizes, self.spacing)))
        while far - near > min(self.spacing) / 2:
            middle = (near + far) / 2
            voxels = np.prod([side.stop - side.start for side in within(middle)])
            near, far = (middle, far) if voxels <= _MOST_VOXELS else (near, middle)
        return within(max(near, _LEAST_REACH * min(self.spacing)))

    def holds(self, point: NDArray[np.float64]) -> bool:
        """Tell whether a point lies in what is edited."""
        pixel = np.floor(point + 0.5)
        return bool(np.all((pixel >= 0) & (pixel < self.labels.shape)))

    def label_at(self, point: NDArray[np.float64]) -> int:
        """Return the label at a point; 0 outside."""
        if not self.holds(point):
            return 0
        return int(self.labels[tuple(np.floor(point + 0.5).astype(int).tolist())])


def scene_of(
    viewer: napari.Viewer,
    layer: Labels,
    image: Image | None,
    *,
    is_stack: bool = False,
    with_volumes: bool = False,
) -> Scene:
    """Return what is edited of a layer now.

    Parameters
    ----------
    viewer : napari.Viewer
        The viewer.
    layer : napari.layers.Labels
        The labels. All axes in space are edited where the layer is painted in 3D or shown in
        3D, else the two on the screen.
    image : napari.layers.Image, optional
        The image that tools look at.
    is_stack : bool
        Whether what is on the screen is edited along a slider, slices or frames: that which
        was used last, as the arrow keys of napari.
    with_volumes : bool
        Whether volumes are edited along time, where they are edited in 3D.

    Returns
    -------
    Scene
        The part of the layer at the sliders.

    Raises
    ------
    LayerError
        If the axes are not known, time is on the screen, the image has another shape or lies
        elsewhere, or a stack is wanted and there is no slider.
    """
    axes = place_of(layer).axes
    in_space = spatial_axes(axes)
    solid = layer.n_edit_dimensions >= len(in_space) or viewer.dims.ndisplay == 3
    on_screen = displayed_axes(viewer, layer)
    missing = viewer.dims.ndim - layer.ndim
    is_time = any(
        axes[axis - missing] not in in_space for axis in viewer.dims.displayed if axis >= missing
    )
    if is_time or len(on_screen) < 2:
        raise LayerError(
            "the screen shows time or channels; roll or transpose the axes until its sides are "
            "axes in space"
        )
    edited = in_space if solid else "".join(sorted(on_screen, key=axes.index))
    labels, along = level_0(layer), ""
    if is_stack:
        left = [
            letter
            for letter, size in zip(axes, labels.shape, strict=True)
            if letter not in on_screen and size > 1
        ]
        if viewer.dims.ndisplay == 3 and not left:
            raise LayerError("this tool goes from slice to slice; turn to the 2D view")
        if not left:
            raise LayerError(
                "this tool goes from slice to slice; show the layer in 2D, one slice at a time"
                if viewer.dims.ndisplay == 3
                else "this tool goes from slice to slice, and there is only one"
            )
        frames = [letter for letter in left if letter not in in_space]
        are_volumes = with_volumes and solid and bool(frames)
        used = axes[viewer.dims.last_used - missing] if viewer.dims.last_used >= missing else ""
        choice = frames if are_volumes else left
        along = used if used in choice else choice[0]
        edited = "".join(
            letter for letter in axes if letter in (in_space if are_volumes else on_screen) + along
        )
    at = layer.world_to_data(viewer.dims.point[-layer.ndim :])
    view: list[int | slice] = []
    for letter, place, size in zip(axes, at, labels.shape, strict=True):
        if letter in edited:
            view.append(slice(0, size))
        else:
            view.append(pixel_at(place, size))
    sizes, units = spacing_of(layer)
    spacing = dict(zip(in_space, sizes, strict=True))
    region = shown_region(viewer, layer)
    whole = dict(zip(axes, ((0, size) for size in labels.shape), strict=True))
    # Along an edited axis that has a slider, all of it belongs to what is looked at.
    shown = {
        letter: (region or whole)[letter] if letter in on_screen else whole[letter]
        for letter in edited
    }
    depth = next((rank for rank, letter in enumerate(edited) if letter not in on_screen), 0)
    if is_stack:
        depth = edited.index(along)
    shape = [labels.shape[axes.index(letter)] for letter in edited]
    return Scene(
        layer,
        None if image is None else _image_of(layer, image, view),
        tuple(view),
        tuple(spacing.get(letter, min(sizes)) for letter in edited),
        units,
        tuple(slice(*shown[letter]) for letter in edited),
        depth,
        pixel_at(at[axes.index(edited[depth])], shape[depth]),
        edited.index(on_screen[-1]),
    )


def pixel_at(place: float, size: int) -> int:
    """Return the pixel of an axis at a place, the nearest one outside."""
    return int(np.clip(np.floor(place + 0.5), 0, size - 1))


def _image_of(layer: Labels, image: Image, view: Sequence[int | slice]) -> Any:
    data = level_0(image)
    grid = data.shape[:-1] if image.rgb else data.shape
    if tuple(grid) != tuple(level_0(layer).shape):
        raise LayerError(
            f"the image {image.name!r} has the shape {tuple(grid)} and the labels "
            f"{layer.name!r} have {tuple(level_0(layer).shape)}; choose an image of their shape"
        )
    same = np.allclose(image.scale, layer.scale) and np.allclose(image.translate, layer.translate)
    if not same:
        raise LayerError(
            f"the image {image.name!r} and the labels {layer.name!r} do not lie over each other: "
            "give both layers the same scale and translate"
        )
    return _Gray(data, view) if image.rgb else _taken(data, view)


def _taken(data: Any, view: Sequence[int | slice]) -> Any:
    return data[tuple(view)] if isinstance(data, np.ndarray) else _Part(data, view)


class _Part:
    """A part of an array that is not in memory: only boxes that are asked for are read."""

    def __init__(self, data: Any, view: Sequence[int | slice]) -> None:
        self._data, self._view = data, tuple(view)
        kept = [axis for axis, taken in enumerate(self._view) if isinstance(taken, slice)]
        self.shape = tuple(int(data.shape[axis]) for axis in kept)
        self.ndim, self.dtype = len(kept), np.dtype(data.dtype)
        chunks = getattr(data, "chunks", None)
        self.chunks = None if chunks is None else tuple(chunks[axis] for axis in kept)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    def __getitem__(self, box: Any) -> Any:
        inner = iter(box if isinstance(box, tuple) else (box,))
        # What is left out at the end is taken whole.
        return np.asarray(
            self._data[
                tuple(
                    next(inner, slice(None)) if isinstance(taken, slice) else taken
                    for taken in self._view
                )
            ]
        )

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.asarray(self[()], dtype)


class _Gray(_Part):
    """A part of a colour image in gray."""

    def __getitem__(self, box: Any) -> Any:
        from skimage.color import rgb2gray

        return rgb2gray(super().__getitem__(box)[..., :3])
