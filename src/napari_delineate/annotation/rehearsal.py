"""Run what a tool needs once on a few pixels, so that its first use waits for no compiler."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from napari_delineate.annotation import objects
from napari_delineate.annotation.box import box_object
from napari_delineate.annotation.edges import edge_map, outlined_object, wires_from
from napari_delineate.annotation.scribbles import (
    BACKGROUND,
    OBJECT,
    Scribbling,
    scribbled_object,
)
from napari_delineate.annotation.seeds import Seed, landscape_of, seeded_objects
from napari_delineate.annotation.slices import interpolate, propagate
from napari_delineate.annotation.splitting import split_by_line, split_by_points, split_by_shape
from napari_delineate.annotation.wand import Wand, level_object, wand_object

__all__ = ["REHEARSALS", "rehearse"]

_SIZE = 24
_THICK = 5


def rehearse(tool: str, axes: int, labels: DTypeLike, image: DTypeLike | None) -> None:
    """Do once what a tool does, on a few pixels; it may be called in any thread.

    Parameters
    ----------
    tool : str
        Name of the tool; nothing is done for tools that compile nothing.
    axes : int
        How many axes that is edited has: 2 or 3.
    labels, image : dtype
        Types of the labels, and of the image, None where there is none.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate.annotation.rehearsal import rehearse
    >>> rehearse("wand", 2, np.int32, np.uint8)
    """
    act = REHEARSALS.get(tool)
    if act is None:
        return
    shape = (_THICK, _SIZE, _SIZE)[-axes:]
    squares = [
        (place - size // 2) ** 2 for place, size in zip(np.indices(shape), shape, strict=True)
    ]
    distance = np.sum(squares, axis=0)
    disc = distance <= (_SIZE // 4) ** 2
    dtype = np.dtype(np.uint8 if image is None else image)
    pixels = disc if dtype.kind == "b" else np.where(disc, 100, 10) - np.minimum(distance, 50) // 10
    act(disc.astype(labels), pixels.astype(dtype))


def _middle(array: NDArray[Any]) -> tuple[int, ...]:
    return tuple(size // 2 for size in array.shape)


def _inside(array: NDArray[Any]) -> tuple[slice, ...]:
    """Return a window that does not hold all, as that on the screen."""
    return (
        *(slice(0, size) for size in array.shape[:-2]),
        slice(1, _SIZE - 1),
        slice(1, -1 + _SIZE),
    )


def _wand(labels: NDArray[Any], image: NDArray[Any]) -> None:
    found = Wand(image, _middle(image), _inside(image))
    found.mask(3.0)
    found.mask(5.0)
    wand_object(labels, found, 20.0, 2, fill_holes=True)


def _level(labels: NDArray[Any], image: NDArray[Any]) -> None:
    level_object(labels, image, _middle(image), _inside(image), 2)


def _box(labels: NDArray[Any], image: NDArray[Any]) -> None:
    box_object(labels, image, _inside(image), 2)


def _seeds(labels: NDArray[Any], image: NDArray[Any]) -> None:
    corner = (*_middle(image)[:-2], 2, 2)
    land = landscape_of(image, _inside(image))
    seeded_objects(labels, land, [Seed(_middle(image), 2), Seed(corner, 3)])


def _scribbles(labels: NDArray[Any], image: NDArray[Any]) -> None:
    lines = np.zeros(image.shape, np.uint8)
    lines[_middle(image)] = OBJECT
    lines[(*_middle(image)[:-2], 2)] = BACKGROUND
    for method in ("random walk", "graph cut", "grow cut"):
        scribbled_object(labels, Scribbling(image, _inside(image), method=method), lines, 2)


def _edges(labels: NDArray[Any], image: NDArray[Any]) -> None:
    middle = _middle(image)
    plane = (*(slice(at, at + 1) for at in middle[:-2]), *_inside(image)[-2:])
    wires = wires_from(edge_map(image, plane), middle)
    line = np.concatenate([wires.to((*middle[:-2], 2, 2)), wires.to((*middle[:-2], 2, 20))[::-1]])
    outlined_object(labels, line, 2)


def _whole(labels: NDArray[Any]) -> tuple[slice, ...]:
    return tuple(slice(0, size) for size in labels.shape)


def _split_line(labels: NDArray[Any], _: NDArray[Any]) -> None:
    middle = _middle(labels)
    line = np.array([(*middle[:-1], 0), (*middle[:-1], _SIZE - 1)])
    split_by_line(labels, 1, line, _whole(labels), new_number=2)


def _split_points(labels: NDArray[Any], _: NDArray[Any]) -> None:
    middle = _middle(labels)
    points = [(*middle[:-1], middle[-1] - 4), (*middle[:-1], middle[-1] + 4)]
    split_by_points(labels, 1, points, _whole(labels), new_number=2)


def _split_shape(labels: NDArray[Any], _: NDArray[Any]) -> None:
    two = labels.copy()
    two[..., _SIZE // 2, :] = 1
    for parts in (2, None):
        try:
            split_by_shape(two, 1, _whole(two), new_number=2, parts=parts)
        except ValueError:
            continue  # it has no such parts: all has been run by then


def _separate(labels: NDArray[Any], _: NDArray[Any]) -> None:
    objects.separate_components(_in_two(labels), 1, _whole(labels), new_number=2)


def _keep(labels: NDArray[Any], _: NDArray[Any]) -> None:
    two = _in_two(labels)
    objects.keep_component(two, 1, np.argwhere(two)[0].tolist(), _whole(two))


def _in_two(labels: NDArray[Any]) -> NDArray[Any]:
    """Cut the object in two."""
    two = labels.copy()
    two[..., _SIZE // 2, :] = 0
    return two


def _fill_holes(labels: NDArray[Any], _: NDArray[Any]) -> None:
    hollow = labels.copy()
    hollow[_middle(labels)] = 0
    objects.fill_holes(hollow, 1, _whole(labels))


def _stacked(labels: NDArray[Any], image: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return slices of which the first and the last hold the object, and the image of them."""
    first = labels if labels.ndim == 2 else labels[_THICK // 2]
    stack = np.stack([first, np.zeros_like(first), first])
    return stack, np.stack([image if image.ndim == 2 else image[_THICK // 2]] * 3)


def _interpolate(labels: NDArray[Any], image: NDArray[Any]) -> None:
    stack, _ = _stacked(labels, image)
    interpolate(stack, 1, _whole(stack))


def _propagate(labels: NDArray[Any], image: NDArray[Any]) -> None:
    stack, images = _stacked(labels, image)
    for follow in (False, True):
        propagate(stack, [1], 0, 1, _whole(stack), images, follow=follow)


def _smooth(labels: NDArray[Any], _: NDArray[Any]) -> None:
    objects.smooth(labels, 1, _whole(labels))


def _grow(labels: NDArray[Any], _: NDArray[Any]) -> None:
    objects.grow(labels, 1, _whole(labels))


def _shrink(labels: NDArray[Any], _: NDArray[Any]) -> None:
    objects.shrink(labels, 1, _whole(labels))


REHEARSALS: dict[str, Callable[[NDArray[Any], NDArray[Any]], None]] = {
    "wand": _wand,
    "level": _level,
    "box": _box,
    "seeds": _seeds,
    "scribble": _scribbles,
    "trace": _edges,
    "fill_holes": _fill_holes,
    "keep_component": _keep,
    "separate": _separate,
    "split_line": _split_line,
    "split_points": _split_points,
    "split_shape": _split_shape,
    "smooth": _smooth,
    "grow": _grow,
    "shrink": _shrink,
    "interpolate": _interpolate,
    "propagate": _propagate,
}
"""What tools do that compile something, or load large modules."""
