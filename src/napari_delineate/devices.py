"""Choose the device that computes, and run the OpenCL versions of operations there.

`napari_delineate.opencl` holds the versions. Nothing else imports pyclesperanto.
"""

from __future__ import annotations

import contextlib
import functools
import warnings
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

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


def run(operation: str, function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """Run the OpenCL version of an operation on the current device.

    Parameters
    ----------
    operation : str
        Id of an operation that declares an OpenCL version.
    function : callable
        Its CPU version, which computes what OpenCL can not: numbers that float32 does not
        hold, or settings that pyclesperanto does not have.
    arguments : dict
        Its inputs and settings, checked, with `spacing` as one number per axis.

    Returns
    -------
    Any
        What the operation returns.
    """
    from napari_delineate.opencl import VERSIONS
    from napari_delineate.opencl.pixels import NotOnOpenCLError

    cle = _pyclesperanto()
    cle.select_device(current_device())
    try:
        return VERSIONS[operation](cle, **arguments)
    except NotOnOpenCLError:
        return function(**arguments)


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
