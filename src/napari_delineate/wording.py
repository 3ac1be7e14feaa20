"""Say values of settings and units as a person writes them, the same everywhere."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from napari_delineate.axes import spatial_axes
from napari_delineate.signatures import Setting
from napari_delineate.steps import grid_source
from napari_delineate.types import Quantity, Voxels

if TYPE_CHECKING:
    from napari_delineate.steps import WorkflowInput
    from napari_delineate.workflow import Workflow

__all__ = ["SYMBOLS", "as_sentence", "memory_in_words", "spaced", "unit_symbol", "value_in_words"]

SYMBOLS = MappingProxyType(
    {
        "micrometer": "µm",
        "nanometer": "nm",
        "millimeter": "mm",
        "centimeter": "cm",
        "meter": "m",
        "angstrom": "Å",
    }
)
"""Symbols of units, by the names that spacing has them under."""

_BYTES = MappingProxyType(
    {"B": "byte", "kB": "kilobyte", "MB": "megabyte", "GB": "gigabyte", "TB": "terabyte"}
)
"""Units of memory, each 1000 times the one before, and what they are called."""

_POWERS = {2: "²", 3: "³"}


def unit_symbol(units: str, spacing: tuple[float, ...], power: int = 1) -> str:
    """Return the symbol of a unit.

    Parameters
    ----------
    units : str
        Name of the unit, "pixel" where there is none.
    spacing : tuple of float
        The voxel size. Without a unit, a length counts pixels only where a pixel is 1 wide.
    power : int
        2 for areas, 3 for volumes.

    Returns
    -------
    str
        For instance "µm" or "px²"; the name where a unit has no symbol.

    Examples
    --------
    >>> unit_symbol("micrometer", (0.5, 0.5), 2), unit_symbol("pixel", (1.0, 1.0))
    ('µm²', 'px')
    >>> unit_symbol("pixel", (0.5, 0.5)), unit_symbol("inch", (1.0, 1.0))
    ('units', 'inch')
    """
    symbol = SYMBOLS.get(units, units)
    if units == "pixel":
        symbol = "px" if all(size == 1 for size in spacing) else "units"
    return symbol + _POWERS.get(power, "")


def value_in_words(
    workflow: Workflow, step: str, setting: Setting, value: Any, digits: int = 4
) -> str:
    """Return the value of a setting as a person writes it, with its unit.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    step : str
        Name of the step.
    setting : Setting
        One of its settings.
    value : Any
        A value of the setting.
    digits : int
        Number of digits of fractions and lengths.

    Returns
    -------
    str
        For instance "2 px", "0.65 µm" or "on"; "none" for a limit that is not used.

    Examples
    --------
    >>> from napari_delineate import catalogue
    >>> from napari_delineate.types import Kind
    >>> from napari_delineate.workflow import Workflow, WorkflowInput
    >>> image = WorkflowInput(Kind.IMAGE, "YX", (0.5, 0.5), "micrometer")
    >>> workflow = Workflow().add_input("coins", image)
    >>> workflow = workflow.add("filters.gaussian", {"image": "coins"})
    >>> sigma = catalogue.find("filters.gaussian").settings[0]
    >>> value_in_words(workflow, "gaussian", sigma, 0.65)
    '0.65 µm'
    """
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if setting.quantity is None or isinstance(value, str):
        return f"{value:.{digits}g}" if isinstance(value, float) else str(value)
    found = workflow.step(step)
    source = grid_source(found, workflow.values)
    power = 1
    if setting.quantity is Quantity.SIZE:
        axes = spatial_axes(workflow.values[source].axes)
        power = sum(letter not in found.over for letter in axes)
    if isinstance(value, Voxels):
        return f"{value.number:.{digits}g} {unit_symbol('pixel', (), power)}"
    origin = _origin(workflow, source)
    return f"{value:.{digits}g} {unit_symbol(origin.units, origin.spacing, power)}"


def memory_in_words(nbytes: float, *, spoken: bool = False) -> str:
    """Return an amount of memory with its unit.

    Parameters
    ----------
    nbytes : float
        The number of bytes.
    spoken : bool
        Whether the unit is a whole word.

    Returns
    -------
    str
        The text; a kilobyte is 1000 bytes.

    Examples
    --------
    >>> memory_in_words(512), memory_in_words(16_000_000), memory_in_words(1_250_000_000)
    ('512 B', '16 MB', '1.2 GB')
    >>> memory_in_words(16_000_000, spoken=True)
    '16 megabytes'
    """
    size, units = float(nbytes), list(_BYTES)
    place = 0
    while size >= 999.5 and place < len(units) - 1:
        size, place = size / 1000, place + 1
    number = f"{size:.1f}".removesuffix(".0") if place and size < 9.95 else f"{size:.0f}"
    if not spoken:
        return f"{number} {units[place]}"
    return f"{number} {_BYTES[units[place]]}{'' if number == '1' else 's'}"


def as_sentence(text: str) -> str:
    """Return what is wrong as a sentence.

    Examples
    --------
    >>> as_sentence("there is no object"), as_sentence("out.json can not be read")
    ('There is no object.', 'out.json can not be read.')
    """
    end = "" if text.endswith((".", "!", "?", "…")) or not text else "."
    is_word = text.partition(" ")[0].isalpha()  # a name of a file stays as it is
    return f"{text[:1].upper() if is_word else text[:1]}{text[1:]}{end}"


def spaced(name: str) -> str:
    """Return a name of the code as words: "spot_sigma" as "spot sigma"."""
    return name.replace("_", " ")


def _origin(workflow: Workflow, name: str) -> WorkflowInput:
    """Return the input whose units a value has."""
    for step in reversed(workflow.steps):
        if name in step.outputs:
            name = grid_source(step, workflow.values)
    return workflow.inputs[name]
