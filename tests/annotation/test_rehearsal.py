"""Tools are rehearsed on all kinds of labels and images, and their first use is quick then."""

from __future__ import annotations

import numpy as np
import pytest

from napari_delineate._napari.annotating.tools import TOOLS
from napari_delineate.annotation.rehearsal import REHEARSALS, rehearse
from napari_delineate.annotation.wand import Wand
from napari_delineate.kernels import minimax

IMAGES = ["?", "u1", ">u2", "i4", "f2", "f4", "f8", None]


def test_rehearsals_are_of_tools_that_there_are():
    assert set(REHEARSALS) <= {tool.name for tool in TOOLS}


@pytest.mark.parametrize("tool", REHEARSALS)
@pytest.mark.parametrize("axes", [2, 3])
def test_no_kind_of_image_is_refused(tool, axes):
    for image in IMAGES:
        rehearse(tool, axes, np.int32, image)
    for labels in ("u1", "u2", "i8"):
        rehearse(tool, axes, labels, "u2")


def test_nothing_is_compiled_after_a_rehearsal():
    rehearse("wand", 2, np.int32, np.uint16)
    compiled = len(minimax._flood.signatures)
    assert compiled
    image = np.random.default_rng(0).integers(0, 999, (60, 80)).astype(np.uint16)
    Wand(image, (20, 30), (slice(5, 55), slice(5, 70))).mask(100)
    assert len(minimax._flood.signatures) == compiled


def test_tools_without_a_rehearsal_are_left():
    rehearse("merge", 2, np.int32, None)
