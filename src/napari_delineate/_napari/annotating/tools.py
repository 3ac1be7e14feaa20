"""List all tools, in the order in which they stand in the dock."""

from __future__ import annotations

from napari_delineate._napari.annotating import (
    image_tools,
    object_tools,
    paint_tools,
    scribble_tools,
    seed_tools,
    slice_tools,
    splitting_tools,
    trace_tools,
)
from napari_delineate._napari.annotating.tool import Tool

__all__ = ["TOOLS"]

TOOLS: tuple[type[Tool], ...] = (
    paint_tools.Brush,
    object_tools.Merge,
    object_tools.Delete,
    object_tools.FillHoles,
    object_tools.KeepComponent,
    object_tools.SeparateComponents,
    object_tools.Smooth,
    object_tools.Grow,
    object_tools.Shrink,
    splitting_tools.SplitByLine,
    splitting_tools.SplitByPoints,
    splitting_tools.SplitByShape,
    splitting_tools.CutPlane,
    image_tools.MagicWand,
    image_tools.LevelTracing,
    image_tools.ObjectInBox,
    seed_tools.SeededObjects,
    scribble_tools.Scribble,
    trace_tools.TraceEdges,
    slice_tools.Interpolate,
    slice_tools.CopyToSlices,
    slice_tools.Propagate,
)
