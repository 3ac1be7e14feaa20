"""Turn labelled objects into tables of numbers."""

from napari_delineate.measurements.intensity import measure_intensity
from napari_delineate.measurements.objects import measure

__all__ = ["measure", "measure_intensity"]
