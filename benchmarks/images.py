"""Images to time with: blobs that partly touch, with noise, the same at every call."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

_SEED = 20240607


def blobs(shape: tuple[int, ...], number: int) -> NDArray[np.uint16]:
    """Return blurred ellipsoids at random places, uint16."""
    random = np.random.default_rng(_SEED)
    signal = np.zeros(shape, np.float32)
    flat = 0.5 if len(shape) == 3 else 1.0
    for _ in range(number):
        centre = np.array([random.uniform(0, size) for size in shape])
        radii = random.uniform(12, 20) * random.uniform(0.8, 1.2, len(shape))
        radii[0] *= flat
        low = np.maximum(np.floor(centre - radii).astype(int), 0)
        high = np.minimum(np.ceil(centre + radii).astype(int) + 1, shape)
        box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        grid = np.ogrid[box]
        squares = sum(
            ((axis - middle) / extent) ** 2
            for axis, middle, extent in zip(grid, centre, radii, strict=True)
        )
        bright = random.uniform(0.6, 1.0) * (1 - 0.4 * squares)
        signal[box] = np.where(squares <= 1, np.maximum(signal[box], bright), signal[box])
    image = ndimage.gaussian_filter(signal, 1.5) * 3000 + 200
    return np.clip(random.poisson(image) + random.normal(0, 30, shape), 0, 65535).astype(np.uint16)


CASES = {
    "2D 2048 × 2048": lambda: blobs((2048, 2048), 1800),
    "3D 64 × 512 × 512": lambda: blobs((64, 512, 512), 400),
}
