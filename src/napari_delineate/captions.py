"""Say in words what the inputs and steps of a workflow are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PureWindowsPath

from napari_delineate import catalogue
from napari_delineate.catalogue import PACKAGES
from napari_delineate.graph import Row
from napari_delineate.steps import names_in
from napari_delineate.types import Kind
from napari_delineate.wording import spaced, value_in_words
from napari_delineate.workflow import Workflow

__all__ = ["Caption", "caption_of", "clean", "uses_of"]

_KINDS = {Kind.RGB: "colour image", Kind.LABELS: "label image"}
_DIGITS = 9
"""Of settings: enough to set them again."""
_LOOPS = {"T": "time", "C": "channel", "Z": "slice"}

# What XML can not hold: control characters, and halves of pairs from undecodable file names.
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Caption:
    """Hold what is written about an input or a step.

    Attributes
    ----------
    group : str
        "Input", or the title of the package that the operation belongs to.
    title : str
        The name of the input, or the title of the operation.
    lines : tuple of str
        Kind and file of an input; what a step gives, how it runs, and the settings that
        differ from their defaults.
    """

    group: str
    title: str
    lines: tuple[str, ...]


def caption_of(workflow: Workflow, row: Row) -> Caption:
    """Return what is written about an input or a step.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    row : Row
        One of its rows, see `napari_delineate.graph.lay_out`.

    Returns
    -------
    Caption
        Plain text, which each drawing must escape as it needs.

    Examples
    --------
    >>> from napari_delineate.graph import lay_out
    >>> from napari_delineate.workflow import WorkflowInput
    >>> image = WorkflowInput(Kind.IMAGE, "YX", (0.5, 0.5), "micrometer")
    >>> workflow = Workflow().add_input("coins", image)
    >>> workflow = workflow.add("filters.gaussian", {"image": "coins"}, {"sigma": 3.0})
    >>> caption_of(workflow, lay_out(workflow)[1]).lines
    ('gives blurred (image)', 'sigma: 3 µm')
    """
    if row.is_input:
        value = workflow.inputs[row.name]
        axes = ", ".join(value.axes.replace("S", ""))
        lines = [f"{_word(value.kind)} ({axes})" if axes else _word(value.kind)]
        if value.source is not None:
            # The name of a file on any system, without the folders of the one who made it.
            lines.append(clean(PureWindowsPath(value.source).name))
        return Caption("Input", row.name, tuple(lines))
    step = workflow.step(row.name)
    operation = catalogue.find(step.operation)
    lines = [f"gives {', '.join(_with_kind(workflow, name) for name in step.outputs)}"]
    if step.bypassed:
        lines.append("bypassed")
    looped = step.over.replace(operation.declaration.picks, "")
    if looped:
        each = " and ".join(_LOOPS.get(axis, f"index along {axis}") for axis in looped)
        lines.append(f"for each {each}")
    for setting in operation.settings:
        value = step.parameters[setting.name]
        if value != setting.default:
            words = value_in_words(workflow, step.name, setting, value, _DIGITS)
            lines.append(clean(f"{spaced(setting.name)}: {words}"))
    return Caption(PACKAGES[operation.package], operation.title, tuple(lines))


def uses_of(workflow: Workflow, row: Row, source: str) -> tuple[str, ...]:
    """Return what a step with several inputs uses a value for.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    row : Row
        The row of a step.
    source : str
        Name of a value that it uses.

    Returns
    -------
    tuple of str
        The inputs in words, for instance ("seeds",); none for a step that uses a single
        input, where it goes without saying.
    """
    inputs = workflow.step(row.name).inputs
    used = {key: names_in(value) for key, value in inputs.items()}
    if sum(bool(names) for names in used.values()) < 2:
        return ()
    return tuple(spaced(key) for key, names in used.items() if source in names)


def clean(text: str) -> str:
    r"""Return a text on one line, with marks in the place of what no drawing can hold.

    Parameters
    ----------
    text : str
        Any text, for instance the name of a file.

    Returns
    -------
    str
        The text, fit for XML.

    Examples
    --------
    >>> clean("my\ncoins\x00.tif")
    'my coins�.tif'
    """
    return _NO_CHARACTER.sub("�", " ".join(text.split()))


def _with_kind(workflow: Workflow, name: str) -> str:
    """Return the name of a value and its kind, once where they are the same."""
    word = _word(workflow.values[name].kind)
    return name if name == word else f"{name} ({word})"


def _word(kind: Kind) -> str:
    return _KINDS.get(kind, str(kind))
