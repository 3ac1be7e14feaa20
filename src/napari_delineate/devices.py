"""Choose the device that computes, and run the OpenCL versions of operations.

The OpenCL versions call pyclesperanto [1]_. Each takes what its operation takes and gives
the same up to what its operation's documentation says.

References
----------
.. [1] Haase et al., "CLIJ: GPU-accelerated image processing for everyone", Nature
       Methods 17 (2020), https://doi.org/10.1038/s41592-019-0650-1
"""

from __future__ import annotations

import contextlib
import functools
import math
import warnings
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.types import Voxels, length_in_units, length_per_axis

__all__ = ["available_devices", "current_device", "run", "use_device"]

_device: ContextVar[str] = ContextVar("napari_delineate_device", default="cpu")


def current_device() -> str:
    """Return the device that operations run on now.

    Returns
    -------
    str
        "cpu", or the name of an OpenCL device.

    Examples
    --------
    >>> current_device()
    'cpu'
    """
    return _device.get()


def available_devices() -> tuple[str, ...]:
    """Return the names of the OpenCL devices of this machine, graphics cards first.

    Returns
    -------
    tuple of str
        Names for `use_device`, empty if there is no OpenCL device.
    """
    cle = _pyclesperanto()
    if cle is None:
        return ()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # it warns where there is no device
        cards = list(cle.list_available_devices("gpu"))
        every = list(cle.list_available_devices())
    return (*cards, *(name for name in every if name not in cards))


@contextlib.contextmanager
def use_device(name: str) -> Iterator[str]:
    """Choose the device for the operations called inside a `with` block.

    An operation that has no OpenCL version runs on the CPU.

    Parameters
    ----------
    name : str
        "cpu"; "opencl" for the first OpenCL device, graphics cards before processors; or
        part of the name of a device of `available_devices`.

    Yields
    ------
    str
        The full name of the device.

    Raises
    ------
    RuntimeError
        If there is no such device. Nothing else is used in its place.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters, use_device
    >>> with use_device("cpu"):
    ...     blurred = filters.gaussian(np.eye(5))
    """
    full_name = find_device(name)
    token = _device.set(full_name)
    try:
        yield full_name
    finally:
        _device.reset(token)


def find_device(name: str) -> str:
    """Return the full name of a device.

    Parameters
    ----------
    name : str
        As for `use_device`.

    Returns
    -------
    str
        "cpu" or the full name of an OpenCL device.

    Raises
    ------
    RuntimeError
        If there is no such device.
    """
    if name == "cpu":
        return name
    names = available_devices()
    if not names:
        raise RuntimeError(
            f"the device {name!r} was asked for, but this machine has no OpenCL device; install "
            "the driver of the graphics card (on Debian and Ubuntu, pocl-opencl-icd runs OpenCL "
            'on the processor), or choose the device "cpu"'
        )
    if name == "opencl":
        return names[0]
    matches = [candidate for candidate in names if name.lower() in candidate.lower()]
    if not matches:
        raise RuntimeError(
            f'there is no OpenCL device {name!r}; there are {", ".join(map(repr, names))} and "cpu"'
        )
    return matches[0]


def run(operation: str, arguments: dict[str, Any]) -> Any:
    """Run the OpenCL version of an operation on the current device.

    Parameters
    ----------
    operation : str
        Id of an operation that declares an OpenCL version.
    arguments : dict
        Its inputs and settings, checked, with `spacing` as one number per axis.

    Returns
    -------
    Any
        What the operation returns.
    """
    cle = _pyclesperanto()
    cle.select_device(current_device())
    return _VERSIONS[operation](cle, **arguments)


@functools.cache
def _pyclesperanto() -> Any:
    """Import pyclesperanto, or return None where it can not work."""
    try:
        with warnings.catch_warnings():
            # Without a device the import warns in words that mislead; what is missing is
            # said where a device is asked for.
            warnings.simplefilter("ignore", RuntimeWarning)
            import pyclesperanto as cle
    except (ImportError, OSError, RuntimeError):
        return None
    return cle if hasattr(cle, "gaussian_blur") else None


def _xyz(name: str, per_axis: tuple[float, ...]) -> dict[str, float]:
    """Name one number per axis, in array order, as pyclesperanto does: x is the last axis."""
    padded = (0.0,) * (3 - len(per_axis)) + per_axis
    return dict(zip((f"{name}_z", f"{name}_y", f"{name}_x"), padded, strict=True))


def _to_float(image: NDArray[Any]) -> NDArray[np.float32]:
    """Scale integers to 0..1 as scikit-image does."""
    from skimage.util import img_as_float32

    return np.asarray(img_as_float32(image))


def _gaussian(
    cle: Any, image: NDArray[Any], sigma: float | Voxels, spacing: tuple[float, ...]
) -> NDArray[Any]:
    sigmas = _xyz("sigma", length_per_axis(sigma, spacing))
    return np.asarray(cle.gaussian_blur(_to_float(image), **sigmas))


def _label_connected_components(
    cle: Any, mask: NDArray[Any], connectivity: str
) -> NDArray[np.int32]:
    shape = {"full": "box", "face": "sphere"}[connectivity]
    labels = cle.connected_component_labeling(mask.astype(np.uint8), connectivity=shape)
    return np.asarray(labels).astype(np.int32)


def _voronoi_otsu_labeling(
    cle: Any,
    image: NDArray[Any],
    spot_sigma: float | Voxels,
    outline_sigma: float | Voxels,
    spacing: tuple[float, ...],
) -> NDArray[np.int32]:
    if image.min() == image.max():
        return np.zeros(image.shape, np.int32)
    from skimage.morphology import local_maxima

    from napari_delineate.building_blocks import above_otsu, connected_components, flood

    pushed = cle.push(_to_float(image))
    spots = cle.gaussian_blur(pushed, **_xyz("sigma", length_per_axis(spot_sigma, spacing)))
    outline = cle.gaussian_blur(pushed, **_xyz("sigma", length_per_axis(outline_sigma, spacing)))
    # pyclesperanto's own maxima leave out plateaus, and its threshold bins differently.
    mask = above_otsu(np.asarray(outline))
    maxima = local_maxima(np.asarray(spots)) & mask
    if np.ptp(spacing) > 0:  # a distance in voxels means nothing here
        return np.asarray(flood(connected_components(maxima), mask, spacing), np.int32)
    seeds, within = maxima.astype(np.uint8), mask.astype(np.uint8)
    return np.asarray(cle.masked_voronoi_labeling(seeds, within)).astype(np.int32)


def _expand_labels(
    cle: Any, labels: NDArray[Any], distance: float | Voxels, spacing: tuple[float, ...]
) -> NDArray[Any]:
    import fastremap

    from napari_delineate.building_blocks import ROUNDING, distance_to, expanded

    if np.ptp(spacing) > 0:  # a distance in voxels means nothing here
        return expanded(labels, length_in_units(distance, spacing), spacing)
    # dilate_labels grows octagons, wider than the distance asked for; the exact distance
    # says where to stop.
    reach = length_in_units(distance, spacing) * (1 + ROUNDING)
    within = distance_to(labels > 0, spacing) <= reach
    radius = math.ceil(max(length_per_axis(distance, spacing)))
    # The kernels hold labels in float32, which is exact up to 2**24.
    small, new_numbers = fastremap.renumber(labels)
    numbers = np.zeros(len(new_numbers) + 1, labels.dtype)
    numbers[list(new_numbers.values())] = list(new_numbers)
    grown = np.asarray(cle.dilate_labels(small.astype(np.uint32), radius=radius))
    return np.asarray(np.where(within, numbers[grown.astype(np.int64)], 0))


_VERSIONS: dict[str, Callable[..., Any]] = {
    "filters.gaussian": _gaussian,
    "segmentation.label_connected_components": _label_connected_components,
    "segmentation.voronoi_otsu_labeling": _voronoi_otsu_labeling,
    "postprocessing.expand_labels": _expand_labels,
}
