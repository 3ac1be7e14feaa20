"""Take what is compared from a session, and record what was found out as its steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from napari.layers import Layer

from napari_delineate import catalogue
from napari_delineate._napari.gestures import one_entry
from napari_delineate._napari.layers import LayerError, axes_of, remember_axes, to_value
from napari_delineate._napari.session import Session
from napari_delineate.comparison import SCRIBBLES, Annotations, settings_of
from napari_delineate.values import Value

__all__ = [
    "find_step",
    "first_choice",
    "record_scores",
    "unknown_axes",
    "value_of",
    "values_of",
]

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
    """Return what a layer shows: a result, or what a person may go on painting on.

    Raises
    ------
    LayerError
        If the layer can not be used, or shows what a step gave before it failed.
    """
    name = session.name_of(layer)
    if name is not None and name in session.results:
        return session.results[name]
    maker = None if name is None else session.workflow.maker(name)
    if maker is not None:
        raise LayerError(
            f"{layer.name} was not computed: the step {maker.name} or one before it failed."
        )
    return to_value(layer)


def values_of(
    session: Session, layers: Iterable[Layer], reference: Layer
) -> tuple[dict[str, Value], list[str]]:
    """Return what can be compared with a reference, by the names of layers.

    Parameters
    ----------
    session : Session
        The session.
    layers : iterable of napari.layers.Layer
        Labels and masks.
    reference : napari.layers.Layer
        What they are compared with; its axes are known.

    Returns
    -------
    values : dict of str to Value
        What the layers show.
    whys : list of str
        Why others can not be compared.
    """
    values, whys = {}, []
    for layer in layers:
        try:
            value = value_of(session, layer)
        except (LayerError, ValueError) as error:
            whys.append(str(error))
            continue
        if _lies_elsewhere(layer, reference):
            whys.append(
                f"{layer.name} lies elsewhere than {reference.name}; give both layers the same "
                "translate."
            )
        else:
            values[layer.name] = value
    return values, whys


def _lies_elsewhere(layer: Layer, reference: Layer) -> bool:
    """Tell whether pixels of two layers on equal grids do not lie on each other."""
    if layer.data.shape != reference.data.shape or not np.allclose(layer.scale, reference.scale):
        return False  # which is said elsewhere
    shift = np.abs(np.subtract(layer.translate, reference.translate))
    return bool((shift > np.abs(reference.scale) / 2).any())


def unknown_axes(layers: Sequence[Layer]) -> Layer | None:
    """Return a layer whose axes a person must say; others get those that one like them has.

    Parameters
    ----------
    layers : sequence of napari.layers.Layer
        Labels and masks.

    Returns
    -------
    napari.layers.Layer or None
        The first layer whose axes nobody knows.
    """
    known = {one.data.shape: axes for one in layers if (axes := axes_of(one)) is not None}
    for layer in layers:
        if axes_of(layer) is None:
            if layer.data.shape not in known:
                return layer
            remember_axes(layer, known[layer.data.shape])
    return None


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
