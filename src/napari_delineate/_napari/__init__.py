"""The only part that knows napari, Qt and magicgui."""
