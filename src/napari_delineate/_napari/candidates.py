"""Find the layers and files that the inputs of a workflow may stand for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from napari.layers import Layer
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication

from napari_delineate._napari.layers import (
    LayerError,
    axes_of,
    level_0,
    place_of,
    source_of,
    spacing_of,
    unit_of_surface,
    unusable,
)
from napari_delineate._napari.session import Session
from napari_delineate._napari.widgets.input_choice import Answer, read_answer
from napari_delineate.catalogue import accepts
from napari_delineate.files import FileError
from napari_delineate.matching import Offer, caution, match, misfit, same_file
from napari_delineate.names import to_identifier
from napari_delineate.steps import WorkflowInput
from napari_delineate.types import Kind

__all__ = ["Possible", "answer_of", "guess", "look"]


@dataclass(frozen=True)
class Possible:
    """Hold what an input may stand for.

    Attributes
    ----------
    layers : tuple of Answer
        The layers that fit, topmost first.
    file : Answer or None
        What the file holds that the workflow names.
    certain : Answer or None
        The one that leaves no doubt.
    problem : str
        Why nothing fits, or why that file can not be read.
    """

    layers: tuple[Answer, ...]
    file: Answer | None
    certain: Answer | None
    problem: str


def answer_of(session: Session, layer: Layer) -> Answer:
    """Describe a layer as something that an input may stand for.

    Parameters
    ----------
    session : Session
        The session, which knows more of the kinds of its layers.
    layer : Layer
        The layer.

    Returns
    -------
    Answer
        The layer with its description.

    Raises
    ------
    LayerError
        If no input can stand for it; the message says why.
    """
    kind = session.kind(layer)
    if kind is None:
        raise unusable(layer)
    source = source_of(layer)
    if kind is Kind.SURFACE:
        axes = "T" * (layer.ndim - 3) + "ZYX"
        offer = Offer(layer.name, kind, axes, (), (1.0,) * 3, source, unit_of_surface(layer))
        return Answer(layer, source, offer)
    shape = tuple(level_0(layer).shape) if kind.is_grid else ()
    axes_known = axes_of(layer)
    if axes_known is None and shape:
        return Answer(layer, source, Offer(layer.name, kind, None, shape, (), source))
    spacing, units = spacing_of(layer)
    axes = place_of(layer).axes + "S" * (kind is Kind.RGB)
    return Answer(layer, source, Offer(layer.name, kind, axes, shape, spacing, source, units))


def look(
    session: Session, wanted: Mapping[str, WorkflowInput], taken: Sequence[Layer]
) -> dict[str, Possible]:
    """Find what inputs may stand for.

    Parameters
    ----------
    session : Session
        The session whose layers can be chosen.
    wanted : mapping of str to WorkflowInput
        The inputs.
    taken : sequence of Layer
        Layers that can not be chosen.

    Returns
    -------
    dict of str to Possible
        For each input the layers and the file that it may stand for.
    """
    answers, unusable = [], []
    for layer in reversed(session.viewer.layers):
        if layer in taken:
            continue
        try:
            answers.append(answer_of(session, layer))
        except LayerError as error:
            unusable.append(str(error))
    with _busy():
        found = {name: _possible(name, one, answers, unusable) for name, one in wanted.items()}
    certain = [one.certain for one in found.values()]
    return {
        # A layer that two inputs are certain about is certain for none.
        name: replace(one, certain=None) if certain.count(one.certain) > 1 else one
        for name, one in found.items()
    }


def _possible(
    name: str, wanted: WorkflowInput, every: Sequence[Answer], unusable: Sequence[str]
) -> Possible:
    """Find what one input may stand for."""
    layers = tuple(one for one in every if not misfit(name, wanted, one.offer))
    same = [one for one in layers if same_file(wanted.source, one.source)]
    file, problem = None, ""
    if wanted.source is not None and not same:
        try:
            file = read_answer(wanted.source, wanted)
        except FileError as error:
            problem = f"{error}."
    if not layers and file is None and not problem:
        problem = _why_nothing_fits(name, wanted, every, unusable)
    sure = same or [one for one in layers if _is_named(name, wanted, one)]
    if file is not None and _is_unchanged(wanted, file):
        sure.append(file)
    return Possible(layers, file, sure[0] if len(sure) == 1 else None, problem)


def guess(wanted: Mapping[str, WorkflowInput], found: Mapping[str, Possible]) -> dict[str, Answer]:
    """Return what each input most likely stands for.

    Parameters
    ----------
    wanted : mapping of str to WorkflowInput
        The inputs.
    found : mapping of str to Possible
        What they may stand for.

    Returns
    -------
    dict of str to Answer
        An answer for each input that has any left; no layer stands for two.
    """
    guessed: dict[str, Answer] = {}
    for name, one in found.items():
        named = any(_is_named(name, wanted[name], layer) for layer in one.layers)
        if one.certain is not None:
            guessed[name] = one.certain
        elif one.file is not None and (_is_unchanged(wanted[name], one.file) or not named):
            guessed[name] = one.file
    layers = {id(one.offer): one for possible in found.values() for one in possible.layers}
    used = {id(one.offer) for one in guessed.values()}
    offers = [one.offer for key, one in layers.items() if key not in used]
    left = {name: one for name, one in wanted.items() if name not in guessed}
    for name, offer in match(left, offers).items():
        if offer is not None:
            guessed[name] = layers[id(offer)]
    return guessed


def _is_named(name: str, wanted: WorkflowInput, answer: Answer) -> bool:
    """Tell whether a layer has the name of an input, and nothing is to be kept in mind."""
    return to_identifier(answer.offer.name) == name and not caution(wanted, answer.offer)


def _is_unchanged(wanted: WorkflowInput, file: Answer) -> bool:
    return wanted.version is not None and wanted.version == file.offer.version


def _why_nothing_fits(
    name: str, wanted: WorkflowInput, every: Sequence[Answer], unusable: Sequence[str]
) -> str:
    """Say in one sentence why no layer fits."""
    # Other axes are closer to what is wanted than another kind.
    closest = sorted(every, key=lambda one: not accepts(wanted.kind, one.offer.kind))
    reasons = [misfit(name, wanted, one.offer) for one in closest] + list(unusable)
    return f"{reasons[0]}." if reasons else "No layer is open."


@contextmanager
def _busy() -> Iterator[None]:
    """Show that files are being read."""
    QGuiApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
    try:
        yield
    finally:
        QGuiApplication.restoreOverrideCursor()
