"""The blocks that all docks are built from."""

from napari_delineate._napari.widgets.dock import Dock
from napari_delineate._napari.widgets.focus_ring import FocusRing
from napari_delineate._napari.widgets.history_list import HistoryList
from napari_delineate._napari.widgets.icons import icon
from napari_delineate._napari.widgets.layer_choice import LayerChoice, LayersChoice, shrink
from napari_delineate._napari.widgets.message import Message
from napari_delineate._napari.widgets.scrolled import Scrolled
from napari_delineate._napari.widgets.search import OperationSearch
from napari_delineate._napari.widgets.setting import SettingEdit
from napari_delineate._napari.widgets.splitter import Splitter
from napari_delineate._napari.widgets.step_list import StepList
from napari_delineate._napari.widgets.table import Tables
from napari_delineate._napari.widgets.tiles import CategoryTiles

__all__ = [
    "CategoryTiles",
    "Dock",
    "FocusRing",
    "HistoryList",
    "LayerChoice",
    "LayersChoice",
    "Message",
    "OperationSearch",
    "Scrolled",
    "SettingEdit",
    "Splitter",
    "StepList",
    "Tables",
    "icon",
    "shrink",
]
