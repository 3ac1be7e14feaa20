"""Turn labelled objects into tables of numbers."""

from napari_delineate.measurements.colocalization import measure_colocalization
from napari_delineate.measurements.granularity import measure_granularity
from napari_delineate.measurements.intensity import measure_intensity
from napari_delineate.measurements.intensity_distribution import measure_radial_distribution
from napari_delineate.measurements.neighbors import measure_neighbors
from napari_delineate.measurements.objects import measure
from napari_delineate.measurements.relations import measure_relations
from napari_delineate.measurements.skeletons import measure_skeletons
from napari_delineate.measurements.texture import measure_texture

__all__ = [
    "measure",
    "measure_intensity",
    "measure_radial_distribution",
    "measure_texture",
    "measure_granularity",
    "measure_colocalization",
    "measure_neighbors",
    "measure_relations",
    "measure_skeletons",
]
