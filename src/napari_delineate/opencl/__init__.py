"""The OpenCL versions of operations, with pyclesperanto [1]_.

Each takes pyclesperanto, what its operation takes (checked, with `spacing` as one number per
axis), and gives the same up to what docs/devices.md says. Where float32 or pyclesperanto can
not do what a call asks for, it raises `pixels.NotOnOpenCLError`, and the CPU computes that call.

References
----------
.. [1] Haase et al., "CLIJ: GPU-accelerated image processing for everyone", Nature
       Methods 17 (2020), https://doi.org/10.1038/s41592-019-0650-1
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari_delineate.opencl import (
    arithmetic,
    background,
    cropping,
    denoise,
    edges,
    enhance,
    grey_morphology,
    label_morphology,
    labeling,
    masks,
    objects,
    projection,
    texture,
    thresholding,
)

__all__ = ["VERSIONS"]

VERSIONS: dict[str, Callable[..., Any]] = {
    **denoise.VERSIONS,
    **background.VERSIONS,
    **enhance.VERSIONS,
    **texture.VERSIONS,
    **arithmetic.VERSIONS,
    **grey_morphology.VERSIONS,
    **edges.VERSIONS,
    **projection.VERSIONS,
    **cropping.VERSIONS,
    **thresholding.VERSIONS,
    **labeling.VERSIONS,
    **label_morphology.VERSIONS,
    **masks.VERSIONS,
    **objects.VERSIONS,
}
