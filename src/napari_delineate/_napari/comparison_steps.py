"""Take what is compared from a session, and record what was found out as its steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from napari.layers import Layer

from napari_delineate import catalogue
from napari_delineate._napari.gestures import one_entry
from napari_delineate._napari.layers import to_value
from napari_delineate._napari.session import Session
from napari_delineate.comparison import SCRIBBLES, Annotations, settings_of
from napari_delineate.values import Value

__all__ = ["find_step", "first_choice", "record_scores", "value_of"]

Settings = Mapping[str, Mapping[str, Any]]


def record_scores(
    session: Session,
    reference: Layer,
    wanted: Iterable[tuple[str, Layer]],
    annotation: Annotations,
    settings: Settings,
) -> None:
    """Record scores as steps, each operation once for a segmentation, as one change.

    Parameters
    ----------
    session : Session
        The session.
    reference : napari.layers.Layer
        What is right.
    wanted : iterable of (str, napari.layers.Layer)
        Ids of operations, and the segmentations that they score.
    annotation : {"dense", "sparse", "scribbles"}
        What of the image the reference annotates.
    settings : mapping of str to mapping
        For operations, settings that differ from their defaults.

    Raises
    ------
    LayerError, ValueError, TypeError
        If a layer can not be used.
    """
    truth: dict[str, Any] = {"reference": reference}
    pairs = list(dict.fromkeys(wanted))
    with one_entry(session):
        if annotation == "scribbles" and pairs:
            step = find_step(session, SCRIBBLES, {"annotation": reference}, {})
            step = step or session.run(SCRIBBLES, {"annotation": reference}, {})
            outputs = session.workflow.step(step).outputs
            truth = dict(zip(("reference", "region"), outputs, strict=True))
        for operation, layer in pairs:
            inputs = {**truth, "labels": layer}
            found = settings_of(operation, annotation, settings)
            if find_step(session, operation, inputs, found) is None:
                session.run(operation, inputs, found)


def find_step(
    session: Session,
    operation: str,
    inputs: Mapping[str, Layer | str],
    settings: Mapping[str, Any],
) -> str | None:
    """Return the step that does something already, None if there is none.

    Parameters
    ----------
    session : Session
        The session.
    operation : str
        Id of an operation.
    inputs : mapping of str to layer or name
        What it is to work on.
    settings : mapping of str to literal
        Settings that differ from their defaults.

    Returns
    -------
    str or None
        The name of the step.
    """
    asked = catalogue.find(operation)
    wired = {
        name: one if isinstance(one, str) else session.name_of(one) for name, one in inputs.items()
    }
    for step in session.workflow.steps:
        is_same = step.operation == operation and not step.bypassed
        if (
            is_same
            and {name: step.inputs.get(name) for name in wired} == wired
            and asked.check_settings(dict(step.parameters)) == asked.check_settings(dict(settings))
        ):
            return step.name
    return None


def value_of(session: Session, layer: Layer) -> Value:
    """Return what a layer shows: a result, or a copy of what a person may paint on.

    Raises
    ------
    LayerError
        If the layer can not be used.
    """
    name = session.name_of(layer)
    if name is not None and name in session.results:
        return session.results[name]
    value = to_value(layer)
    is_here = isinstance(value.data, np.ndarray)
    return replace(value, data=value.data.copy()) if is_here else value


def first_choice(session: Session, layers: Sequence[Layer]) -> tuple[Layer | None, list[Layer]]:
    """Return what is likely the reference, and what can be compared with it.

    Parameters
    ----------
    session : Session
        The session.
    layers : sequence of napari.layers.Layer
        Labels and masks.

    Returns
    -------
    reference : napari.layers.Layer or None
        What no step uses or has made, if there is such a layer; else what no step has made.
    segmentations : list of napari.layers.Layer
        Those of the same shape and kind.
    """
    workflow = session.workflow
    names = {layer: session.name_of(layer) or "" for layer in layers}
    own = [one for one in layers if names[one] not in workflow.values]
    given = [one for one in layers if workflow.maker(names[one]) is None]
    for chosen in own or given or layers:
        shape, kind = chosen.data.shape, session.kind(chosen)
        return chosen, [
            one
            for one in layers
            if one is not chosen and one.data.shape == shape and session.kind(one) == kind
        ]
    return None, []
