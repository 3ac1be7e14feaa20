"""What must be true of a session at any time."""

from __future__ import annotations

import numpy as np

from napari_delineate.engine import Engine
from napari_delineate.types import Kind


def check(session, engine=None):
    """Every layer shows what another engine computes for the present workflow."""
    workflow, values = session.snapshot(session.workflow)
    fresh = (engine or Engine()).run(workflow, values, keep_going=True)
    for name, value in fresh.items():
        layer = session.layer(name)
        if layer is not None and value.kind in (Kind.IMAGE, Kind.LABELS, Kind.MASK):
            assert np.array_equal(layer.data, value.data), name
    for name in workflow.values:
        layer = session.layer(name)
        if name not in fresh and layer is not None:
            assert not layer.visible, f"{name} has failed"
    return fresh
