"""List all tools, in the order in which they stand in the dock."""

from __future__ import annotations

from napari_delineate._napari.annotating import object_tools
from napari_delineate._napari.annotating.tool import Tool

__all__ = ["TOOLS"]

TOOLS: tuple[type[Tool], ...] = (
    object_tools.Merge,
    object_tools.Delete,
    object_tools.FillHoles,
    object_tools.KeepComponent,
    object_tools.SeparateComponents,
    object_tools.Smooth,
    object_tools.Grow,
    object_tools.Shrink,
)
