"""Find the intensity that separates objects from background.

Everything here works on clean arrays, as `napari_delineate.arrays` makes them; the operations
of `napari_delineate.segmentation` and whatever else needs a threshold call it.
"""
