"""Rehearse tools in the background when they are taken up."""

from __future__ import annotations

import threading

import numpy as np

from napari_delineate._napari.annotating.hand import Hand
from napari_delineate._napari.layers import level_0
from napari_delineate.annotation.rehearsal import REHEARSALS, rehearse

__all__ = ["rehearse_soon"]

_rehearsed: set[tuple[str, int, str, str | None]] = set()


def rehearse_soon(hand: Hand, tool: str) -> None:
    """Rehearse a tool in another thread, once for each kind of labels and image.

    Parameters
    ----------
    hand : Hand
        Knows the labels and the image.
    tool : str
        Name of the tool.

    Raises
    ------
    LayerError
        If there is nothing that can be edited.
    """
    if tool not in REHEARSALS:
        return
    scene = hand.scene()
    image = None if hand.image is None else np.dtype(level_0(hand.image).dtype).str
    wanted = (tool, len(scene.kept), np.dtype(scene.labels.dtype).str, image)
    if wanted not in _rehearsed:
        _rehearsed.add(wanted)
        # Python waits for it at its end: a compiler must not be left in the middle.
        threading.Thread(target=rehearse, args=wanted).start()
