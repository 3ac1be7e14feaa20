"""Turn labelled objects into tables of numbers."""

from napari_delineate.measurements.intensity import measure_intensity
from napari_delineate.measurements.neighbors import measure_neighbors
from napari_delineate.measurements.objects import measure
from napari_delineate.measurements.relations import measure_relations

__all__ = ["measure", "measure_intensity", "measure_neighbors", "measure_relations"]
