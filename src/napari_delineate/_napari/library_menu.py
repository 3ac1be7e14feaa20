"""The menu of ready workflows: on a sample, or on the selected layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from napari.layers import Layer
from qtpy.QtGui import QAction
from qtpy.QtWidgets import QMenu, QWidget

from napari_delineate._napari.candidates import answer_of
from napari_delineate._napari.layers import LayerError, remember_axes
from napari_delineate._napari.opening import open_workflow
from napari_delineate._napari.session import Session
from napari_delineate.axes import spatial_axes
from napari_delineate.library import Entry, entries
from napari_delineate.matching import Offer, misfit

__all__ = ["LibraryMenu", "start_entry", "why_not"]

_LONGEST_NAME = 30


class LibraryMenu(QMenu):
    """Offer the workflows of the library, each on a sample or on the selected layer.

    Parameters
    ----------
    session : Session
        The session whose selected layer is meant.
    chosen : callable
        Is called with an entry and whether it is tried on its sample.
    parent : QWidget, optional
        Where the menu stands.
    """

    def __init__(
        self,
        session: Session,
        chosen: Callable[[Entry, bool], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("Library", parent)
        self._session = session
        self.setToolTipsVisible(True)
        self.setAccessibleName("Library of workflows")
        self.on_layer: dict[str, QAction] = {}
        self.on_sample: dict[str, QAction] = {}
        for entry in entries():
            menu = self.addMenu(entry.title)
            menu.setToolTipsVisible(True)
            menu.menuAction().setToolTip(entry.summary)
            sample = menu.addAction(f"On a sample: {entry.example.title}")
            sample.setToolTip(f"Add the sample to the viewer and process it. {entry.summary}")
            sample.triggered.connect(partial(self._choose, chosen, entry, True))
            layer = menu.addAction("On the selected layer")
            layer.triggered.connect(partial(self._choose, chosen, entry, False))
            self.on_sample[entry.name] = sample
            self.on_layer[entry.name] = layer
        self.aboutToShow.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Tell which entries suit the selected layer, and why the others do not."""
        layer = self._session.viewer.layers.selection.active
        for entry in entries():
            action = self.on_layer[entry.name]
            reason = why_not(self._session, entry)
            action.setEnabled(not reason)
            if reason or layer is None:
                action.setText("On the selected layer")
                action.setToolTip(reason)
            else:
                action.setText(f"On the selected layer: {_short(layer.name)}")
                action.setToolTip(f"Process {layer.name}. {entry.summary}")

    def _choose(
        self, chosen: Callable[[Entry, bool], None], entry: Entry, on_sample: bool, _: bool
    ) -> None:
        chosen(entry, on_sample)


def why_not(session: Session, entry: Entry) -> str:
    """Say why an entry of the library can not be used on the selected layer.

    Parameters
    ----------
    session : Session
        The session.
    entry : Entry
        The entry.

    Returns
    -------
    str
        A sentence; empty if it can.
    """
    layer = session.viewer.layers.selection.active
    if layer is None:
        return "Select a layer to process it."
    try:
        _input_for(session, entry, layer)
    except LayerError as error:
        return f"{error}."
    return ""


def start_entry(
    session: Session, entry: Entry, on_sample: bool, parent: QWidget | None = None
) -> bool:
    """Open a workflow of the library on its sample or on the selected layer.

    Its lengths are converted to the unit of the layer, and time and channels are looped.
    Inputs beside the selected layer are asked for where there is doubt.

    Parameters
    ----------
    session : Session
        The session.
    entry : Entry
        The entry.
    on_sample : bool
        Whether it is tried on its sample.
    parent : QWidget, optional
        Where a dialog stands.

    Returns
    -------
    bool
        Whether it was opened; False if the person cancelled.

    Raises
    ------
    LayerError
        If no layer is selected or it does not suit; `why_not` says the same.
    """
    if on_sample:
        session.open(entry.workflow, entry.example.load())
        return True
    layer = session.viewer.layers.selection.active
    if layer is None:
        raise LayerError("select a layer to process it")
    name = _input_for(session, entry, layer)
    offer = answer_of(session, layer).offer
    if offer.axes is None:
        remember_axes(layer, entry.workflow.inputs[name].axes)
        offer = answer_of(session, layer).offer
    # The other inputs are expected on the same grid.
    described = {
        key: replace(one, axes=str(offer.axes), spacing=offer.spacing, units=offer.units)
        for key, one in entry.workflow.inputs.items()
    }
    return open_workflow(session, entry.workflow_for(described), parent, {name: layer})


def _input_for(session: Session, entry: Entry, layer: Layer) -> str:
    """Return the input that a layer suits; `LayerError` if it suits none."""
    offer = answer_of(session, layer).offer
    reasons = []
    for name, wanted in entry.workflow.inputs.items():
        if offer.axes is not None and _differ_in_loops(wanted.axes, offer):
            wanted = replace(wanted, axes=offer.axes)
        reason = misfit(name, wanted, offer)
        if not reason:
            return name
        reasons.append(reason)
    raise LayerError(reasons[0])


def _differ_in_loops(axes: str, offer: Offer) -> bool:
    """Tell whether axes differ in time and channels only, which can be looped."""
    own = str(offer.axes)
    return "S" not in own and spatial_axes(own) == axes


def _short(name: str) -> str:
    """Return a name as it can stand in a menu, where & marks a key."""
    short = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
    return short.replace("&", "&&")
