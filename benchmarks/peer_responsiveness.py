"""Time one change of sigma in napari-assistant; `benchmarks.responsiveness` starts this.

    python -m benchmarks.peer_responsiveness IMAGE.npy

It runs in an environment of its own, with napari-assistant 0.6.0 and
napari-segment-blobs-and-things-with-membranes 0.3.12, and writes its figures as JSON in the
last line of its output.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import napari
import napari_segment_blobs_and_things_with_membranes  # noqa: F401 (it registers what it has)
import numpy as np
from napari_assistant import Assistant
from napari_assistant._categories import CATEGORIES

from benchmarks.heartbeat import ending, sample, summary, watch

SIGMAS = (2.5, 3.0, 3.5, 4.0, 4.5)
STEPS = (
    ("Remove noise", "gaussian (scikit"),
    ("Binarize", "threshold (otsu"),
    ("Label", "connected component"),
)


def build(assistant: Any) -> list[Any]:
    """Add the three steps as clicks on the buttons do; return their forms."""
    forms = []
    for category, search in STEPS:
        assistant.seach_field.blockSignals(True)
        assistant.seach_field.setText(search)
        forms.append(assistant._activate(CATEGORIES[category]))
    return forms


def main() -> None:
    image = np.load(sys.argv[1])
    viewer = napari.Viewer()
    viewer.add_image(image)
    opened = watch(lambda: viewer.window.add_dock_widget(Assistant(viewer), name="Assistant"))
    assistant = next(iter(viewer.window.dock_widgets.values()))
    forms: list[Any] = []
    watch(lambda: forms.extend(build(assistant)), quiet=3.0)
    gaussian = forms[0]
    assert "Gaussian" in gaussian.op_name.value, gaussian.op_name.value
    labels = viewer.layers[-1]
    watch(lambda: setattr(gaussian.x, "value", 2.0), sample(labels), quiet=3.0)
    beats = [
        watch(lambda sigma=sigma: setattr(gaussian.x, "value", sigma), sample(labels), quiet=2.0)
        for sigma in SIGMAS
    ]
    figures = {
        "open": opened.idle,
        "gap": summary([one.gap for one in beats]),
        "shown": summary([one.shown for one in beats]),
        "objects": int(labels.data.max()),
    }
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    with ending():  # its worker never does
        main()
