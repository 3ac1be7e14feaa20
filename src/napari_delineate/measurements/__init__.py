"""Turn labelled objects into tables of numbers."""

from napari_delineate.measurements.objects import measure

__all__ = ["measure"]
