"""Give layers that show how segmentations agree the colours that say it."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
import numpy as np
import pandas as pd
from napari.layers import Image, Labels, Layer
from napari.utils.colormaps import Colormap, DirectLabelColormap

from napari_delineate._napari.session import Session
from napari_delineate.agreement_classes import COLOURS, TITLES
from napari_delineate.comparison import MATCHES_MAP, OVERLAP_MAP
from napari_delineate.palette import SEQUENTIAL

__all__ = ["Outlines", "colour_map", "is_map"]

_NOTHING = (0.0, 0.0, 0.0, 0.0)
_WIDTH = 2  # pixels of an outline


def is_map(session: Session, layer: Layer) -> bool:
    """Tell whether a layer shows how segmentations agree, and is none itself."""
    name = session.name_of(layer)
    maker = None if name is None else session.workflow.maker(name)
    return maker is not None and maker.operation in (MATCHES_MAP, OVERLAP_MAP)


def colour_map(layer: Layer) -> None:
    """Give a layer with classes or overlaps their colours; nothing shows where no object is."""
    if isinstance(layer, Labels):
        layer.colormap = DirectLabelColormap(
            color_dict={None: _NOTHING, 0: _NOTHING}
            | {int(one): colour for one, colour in COLOURS.items()}
        )
        layer.features = pd.DataFrame(
            {"index": [int(one) for one in TITLES], "object": list(TITLES.values())}
        )
    elif isinstance(layer, Image):
        colours = matplotlib.colormaps[SEQUENTIAL](np.linspace(0, 1, 256))
        layer.contrast_limits = (0, 1)
        layer.colormap = Colormap(colours, name="overlap", low_color=_NOTHING)
        layer.blending = "translucent"
        layer.opacity = 0.7
        layer.colorbar.visible = True


class Outlines:
    """Draw labels as outlines, and as they were before."""

    def __init__(self) -> None:
        self._before: dict[Labels, int] = {}

    def draw(self, layers: Sequence[Labels]) -> None:
        """Draw these layers as outlines, and others as they were."""
        for layer in [one for one in self._before if one not in layers]:
            layer.contour = self._before.pop(layer)
        for layer in layers:
            if layer not in self._before:
                self._before[layer] = layer.contour
                layer.contour = _WIDTH
