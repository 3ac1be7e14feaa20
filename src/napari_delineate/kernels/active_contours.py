"""Move the border of a mask by one pixel: to smooth it, to push it, to fit it to an image.

Masks are uint8, (Z + 2, Y + 2, X + 2): padded with 0 by one pixel at every side, and so are
results. Images are (Z, Y, X). Neighbours are given as steps in the flat array of the mask.
All functions work on the rows `start` to `stop`, counted through all planes of the image.
"""

from __future__ import annotations

from typing import Any

import numba

__all__ = ["attract", "push", "separate", "smooth"]


@numba.njit(cache=True, nogil=True)
def _first_place(shape: Any, row: int) -> Any:
    """Return where a row begins in the flat array of the mask."""
    plane = shape[1] - 2
    return ((row // plane + 1) * shape[1] + row % plane + 1) * shape[2] + 1


@numba.njit(cache=True, nogil=True)
def smooth(mask: Any, groups: Any, value: int, result: Any, start: int, stop: int) -> None:
    """Give a pixel the value if every group (rows) of its neighbours holds it."""
    pixels, found = mask.ravel(), result.ravel()
    for row in range(start, stop):
        first = _first_place(mask.shape, row)
        for place in range(first, first + mask.shape[2] - 2):
            changes = pixels[place] != value
            group = 0
            while changes and group < groups.shape[0]:
                held = False
                for step in groups[group]:
                    if pixels[place + step] == value:
                        held = True
                        break
                changes = held
                group += 1
            found[place] = value if changes else pixels[place]


@numba.njit(cache=True, nogil=True)
def push(
    mask: Any, box: Any, value: int, image: Any, level: float, result: Any, start: int, stop: int
) -> None:
    """Give a pixel above a level the value if one of its neighbours has it."""
    pixels, found = mask.ravel(), result.ravel()
    for row in range(start, stop):
        first = _first_place(mask.shape, row)
        line = image[row // image.shape[1], row % image.shape[1]]
        for x in range(len(line)):
            place = first + x
            found[place] = pixels[place]
            if line[x] > level:
                for step in box:
                    if pixels[place + step] == value:
                        found[place] = value
                        break


@numba.njit(cache=True, nogil=True)
def _around(at: int, size: int) -> Any:
    """Return the places before and behind that exist, and what their difference counts."""
    if size == 1:
        return 0, 0, 0.0
    if at == 0:
        return 0, 1, 1.0
    if at == size - 1:
        return -1, 0, 1.0
    return -1, 1, 0.5


@numba.njit(cache=True, nogil=True)
def separate(
    mask: Any,
    image: Any,
    inside: float,
    outside: float,
    inside_weight: float,
    outside_weight: float,
    result: Any,
    start: int,
    stop: int,
) -> None:
    """Give pixels at the border to the side whose mean intensity is nearer."""
    height = image.shape[1]
    for row in range(start, stop):
        z, y = row // height, row % height
        up, down, _ = _around(z, image.shape[0])
        back, front, _ = _around(y, height)
        for x in range(image.shape[2]):
            left, right, _ = _around(x, image.shape[2])
            k, j, i = z + 1, y + 1, x + 1
            found = mask[k, j, i]
            if (
                mask[k + up, j, i] != mask[k + down, j, i]
                or mask[k, j + back, i] != mask[k, j + front, i]
                or mask[k, j, i + left] != mask[k, j, i + right]
            ):
                worth = inside_weight * (image[z, y, x] - inside) ** 2
                worth -= outside_weight * (image[z, y, x] - outside) ** 2
                if worth < 0:
                    found = 1
                elif worth > 0:
                    found = 0
            result[k, j, i] = found


@numba.njit(cache=True, nogil=True)
def attract(mask: Any, image: Any, weights: Any, result: Any, start: int, stop: int) -> None:
    """Move the border to where the image is darker.

    `weights` of z, y, x say what the product of two differences of neighbours counts.
    """
    height = image.shape[1]
    for row in range(start, stop):
        z, y = row // height, row % height
        up, down, over_z = _around(z, image.shape[0])
        back, front, over_y = _around(y, height)
        for x in range(image.shape[2]):
            left, right, over_x = _around(x, image.shape[2])
            k, j, i = z + 1, y + 1, x + 1
            force = 0.0
            # Away from the border all differences of the mask are 0.
            step = float(mask[k + down, j, i]) - float(mask[k + up, j, i])
            if step != 0:
                rise = image[z + down, y, x] - image[z + up, y, x]
                force += weights[0] * (rise * over_z) * (step * over_z)
            step = float(mask[k, j + front, i]) - float(mask[k, j + back, i])
            if step != 0:
                rise = image[z, y + front, x] - image[z, y + back, x]
                force += weights[1] * (rise * over_y) * (step * over_y)
            step = float(mask[k, j, i + right]) - float(mask[k, j, i + left])
            if step != 0:
                rise = image[z, y, x + right] - image[z, y, x + left]
                force += weights[2] * (rise * over_x) * (step * over_x)
            result[k, j, i] = 1 if force > 0 else 0 if force < 0 else mask[k, j, i]
