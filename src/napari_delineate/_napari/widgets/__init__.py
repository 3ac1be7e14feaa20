"""The blocks that all docks are built from."""

from napari_delineate._napari.widgets.layer_choice import LayerChoice, LayersChoice, shrink
from napari_delineate._napari.widgets.message import Message
from napari_delineate._napari.widgets.setting import SettingEdit
from napari_delineate._napari.widgets.table import Tables

__all__ = ["LayerChoice", "LayersChoice", "Message", "SettingEdit", "Tables", "shrink"]
