"""Know what was painted on results, so that corrections are recorded stroke by stroke."""

from __future__ import annotations

from typing import Any

from napari.layers import Labels

from napari_delineate._napari.scales import level_0
from napari_delineate.annotation.correcting import Correcting
from napari_delineate.annotation.edits import Change
from napari_delineate.engine import Results
from napari_delineate.types import Corrections

__all__ = ["PaintedResults"]


class PaintedResults:
    """Record the corrections of results in layers."""

    def __init__(self) -> None:
        # unique_id of a layer -> key of the result it was made from, and what was painted on it
        self._known: dict[Any, tuple[str, Correcting]] = {}

    def note(self, layer: Labels, change: Change | None) -> None:
        """Learn what changed in a layer, whoever changed it; None where all may differ."""
        _, correcting = self._known.get(layer.unique_id, ("", None))
        if correcting is not None:
            correcting.forget() if change is None else correcting.note(change.positions)

    def record(self, layer: Labels, results: Results, name: str) -> Corrections:
        """Return the corrections that turn a result into what a layer holds.

        Parameters
        ----------
        layer : napari.layers.Labels
            The layer.
        results : Results
            All results.
        name : str
            The result that the layer was made from.
        """
        key = results.content_keys[name]
        known, correcting = self._known.get(layer.unique_id, ("", None))
        if correcting is None or known != key:
            correcting = Correcting(results[name].data)
            self._known[layer.unique_id] = (key, correcting)
        return correcting.record(level_0(layer))
