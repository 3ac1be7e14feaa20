"""Turn the camera around what is shown, and save what it sees as an animation."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import napari
import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject, QTimer, Signal

from napari_delineate._napari.visible import camera_of
from napari_delineate.files.saving import atomic_path

__all__ = ["ENDINGS", "AnimationError", "Turntable", "check_path", "write_animation"]

ENDINGS = (".gif", ".mp4")
"""Endings of the files that an animation can be saved to."""

_PACKAGE = "imageio_ffmpeg"


class AnimationError(ValueError):
    """Say why an animation can not be saved, and what to do."""


def check_path(path: Path) -> None:
    """Refuse files that no animation can be written to.

    Raises
    ------
    AnimationError
        If the ending is another than `ENDINGS`, or MP4 is wanted and what writes it is not
        installed.
    """
    if path.suffix.lower() not in ENDINGS:
        raise AnimationError(
            f"{path.name}: an animation is saved to a file that ends in {' or '.join(ENDINGS)}"
        )
    if path.suffix.lower() == ".mp4" and importlib.util.find_spec(_PACKAGE) is None:
        raise AnimationError(
            f"{path.name}: MP4 needs the package imageio-ffmpeg; install it with "
            "pip install 'napari-delineate[video]', or save a GIF"
        )


def write_animation(path: Path, frames: Sequence[NDArray[np.uint8]], rate: float) -> None:
    """Write frames as GIF or MP4.

    Parameters
    ----------
    path : Path
        The file; its ending chooses the format.
    frames : sequence of (Y, X, 3) ndarray of uint8
        The frames, all of one size.
    rate : float
        Frames per second.

    Raises
    ------
    AnimationError
        If the format can not be written.
    OSError
        If the file can not be written; an old one then stays as it was.
    """
    import imageio.v3 as imageio

    check_path(path)
    stack = np.stack(frames)
    with atomic_path(path) as draft:
        if path.suffix.lower() == ".gif":
            # GIF counts hundredths of a second.
            duration = 10 * max(2, round(100 / rate))
            imageio.imwrite(draft, stack, extension=".gif", duration=duration, loop=0)
            return
        # Most players take only even numbers of pixels.
        height, width = (2 * (size // 2) for size in stack.shape[1:3])
        even = stack[:, :height, :width]
        imageio.imwrite(
            draft, even, extension=".mp4", plugin="FFMPEG", fps=rate, macro_block_size=2
        )


class Turntable(QObject):
    """Take the frames of one turn, one at a time, so that the window goes on.

    The camera turns around the direction that is up on the screen, and comes back to where it
    was. Where the window gets another size meanwhile, the turn begins again.

    Parameters
    ----------
    viewer : napari.Viewer
        The viewer, in 3D.
    count : int
        Number of frames.
    """

    progressed = Signal(int)
    """Number of frames taken."""
    finished = Signal(object)
    """All frames."""

    def __init__(self, viewer: napari.Viewer, count: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._count = count
        self._frames: list[NDArray[np.uint8]] = []
        camera = self._camera = camera_of(viewer)
        self._angles = camera.angles
        self._view = np.asarray(camera.view_direction, float)
        self._up = np.asarray(camera.up_direction, float)
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._take)

    def start(self) -> None:
        """Begin."""
        self._timer.start()

    def stop(self) -> None:
        """End before all frames are taken; the camera goes back."""
        self._timer.stop()
        self._camera.angles = self._angles

    def _take(self) -> None:
        turn = 2 * math.pi * len(self._frames) / self._count
        view = _turned(self._view, self._up, turn)
        self._camera.set_view_direction(tuple(view), tuple(self._up))
        shot: Any = self._viewer.screenshot(canvas_only=True, flash=False)
        if self._frames and shot.shape[:2] != self._frames[0].shape[:2]:
            self._frames.clear()  # the window got another size, and all have to have one
            return
        self._frames.append(np.ascontiguousarray(shot[..., :3]))
        self.progressed.emit(len(self._frames))
        if len(self._frames) == self._count:
            self.stop()
            self.finished.emit(self._frames)


def _turned(vector: NDArray[Any], axis: NDArray[Any], angle: float) -> NDArray[Any]:
    """Turn a vector around an axis, by Rodrigues' formula."""
    axis = axis / np.linalg.norm(axis)
    return np.asarray(
        vector * math.cos(angle)
        + np.cross(axis, vector) * math.sin(angle)
        + axis * (axis @ vector) * (1 - math.cos(angle))
    )
