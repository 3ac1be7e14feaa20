"""Ready workflows for common images, each with a sample to try it on."""

from napari_delineate.library.entries import Entry, Example, entries
from napari_delineate.library.fitting import fitted

__all__ = ["Entry", "Example", "entries", "fitted"]
