"""Say what a step did to a surface: its sizes before and after, and how far it moved.

Every step that works on a surface has consequences for what is measured afterwards. The
Assistant and notebooks say them in the same words.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from napari_delineate import catalogue
from napari_delineate.steps import Step
from napari_delineate.types import Kind, Surface
from napari_delineate.wording import unit_symbol
from napari_delineate.workflow import Workflow

__all__ = [
    "COMPARISON",
    "NUMBER_OF_PLACES",
    "Line",
    "changed_surface",
    "compare",
    "has_opened",
    "lines_of",
]

COMPARISON = "surfaces.compare_surfaces"
"""The operation that measures what a step did."""

NUMBER_OF_PLACES = 20_000
"""Places of each surface that are looked at: enough for three digits of a mean."""

_LABELS = {
    "number_of_vertices": "Vertices",
    "number_of_faces": "Triangles",
    "area": "Area",
    "volume": "Volume",
    "is_closed": "Closed",
}
_DISTANCES = {
    "mean_distance": "Mean deviation",
    "hausdorff_distance": "Largest deviation",
    "signed_distance_mean": "Mean outwards",
}
_NONE = "–"


class Line(NamedTuple):
    """Hold one line of a comparison, ready to be read.

    Attributes
    ----------
    quantity : str
        What is compared, with its unit.
    before, after : str
        Its value before and after; a deviation has none before.
    change : str
        By how much it changed.
    """

    quantity: str
    before: str
    after: str
    change: str


def changed_surface(workflow: Workflow, step: Step) -> tuple[str, str] | None:
    """Return the names of the surface that a step worked on and of the one that it made.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    step : Step
        One of its steps.

    Returns
    -------
    (str, str) or None
        None if the step makes no surface of a surface, keeps its mesh, or works on a movie.
    """
    operation = catalogue.find(step.operation)
    if step.bypassed or step.over or operation.declaration.keeps_mesh:
        return None
    first = step.inputs[operation.inputs[0].name]
    values = workflow.values
    if operation.outputs[0].kind is not Kind.SURFACE or not isinstance(first, str):
        return None
    if values[first].kind is not Kind.SURFACE or values[first].axes != "ZYX":
        return None
    return first, step.outputs[0]


def compare(before: Surface, after: Surface) -> dict[str, Any]:
    """Measure what became of a surface.

    Parameters
    ----------
    before, after : Surface
        The surface, and what a step made of it.

    Returns
    -------
    dict of str to number
        The columns of `surfaces.compare_surfaces`, at `NUMBER_OF_PLACES` at most; distances
        are missing where one of the surfaces is empty.
    """
    from napari_delineate.meshes import sizes_of
    from napari_delineate.surfaces import compare_surfaces

    if len(before.faces) and len(after.faces):
        table = compare_surfaces(before, after, number_of_places=NUMBER_OF_PLACES)
        return dict(table.iloc[0])
    sizes = {f"reference_{name}": value for name, value in sizes_of(before).items()}
    return sizes | sizes_of(after)


def has_opened(measured: Mapping[str, Any]) -> bool:
    """Tell whether a closed surface is open now, so that it has no volume any more."""
    return bool(measured["reference_is_closed"]) and not measured["is_closed"]


def lines_of(measured: Mapping[str, Any], units: str = "pixel") -> list[Line]:
    """Say in words what became of a surface.

    Parameters
    ----------
    measured : mapping of str to number
        What `compare` returned.
    units : str
        Name of the unit of the positions.

    Returns
    -------
    list of Line
        Counts, area, volume, closedness, and deviations.

    Examples
    --------
    >>> sizes = {"area": 8.0, "volume": 4.0, "number_of_vertices": 9, "number_of_faces": 4}
    >>> after = {**sizes, "area": 6.0, "is_closed": True}
    >>> before = {f"reference_{name}": value for name, value in sizes.items()}
    >>> tuple(lines_of(before | after | {"reference_is_closed": True})[2])
    ('Area (px²)', '8', '6', '−25 %')
    """
    from napari_delineate.meshes import SIZES

    lines = []
    for name, label in _LABELS.items():
        before, after = measured[f"reference_{name}"], measured[name]
        if name == "is_closed":
            said = ("yes" if before else "no", "yes" if after else "no")
            lines.append(Line(label, *said, ""))
            continue
        unit = f" ({unit_symbol(units, (1.0,), SIZES[name])})" if SIZES[name] else ""
        lines.append(
            Line(f"{label}{unit}", _number(before), _number(after), _change(before, after))
        )
    for name, label in _DISTANCES.items():
        if not math.isnan(measured.get(name, math.nan)):
            unit = f" ({unit_symbol(units, (1.0,))})"
            lines.append(Line(f"{label}{unit}", "", f"{measured[name]:.3g}".replace("-", "−"), ""))
    return lines


def _number(value: float) -> str:
    """Write a number with four digits, whole ones with all of theirs."""
    if math.isnan(value):
        return _NONE
    if float(value).is_integer() or abs(value) >= 1000:
        return f"{value:,.0f}".replace("-", "−")
    return f"{value:.4g}".replace("-", "−")


def _change(before: float, after: float) -> str:
    if math.isnan(before) or math.isnan(after) or not before:
        return ""
    share = 100 * (after / before - 1)
    digits = 0 if abs(share) >= 10 or not share else 2
    said = f"{abs(share):.{digits}f}".rstrip("0").rstrip(".") if digits else f"{abs(share):.0f}"
    if float(said or 0) == 0:
        return "0 %" if after == before else "< 0.01 %"
    return f"{'+' if share > 0 else '−'}{said} %"
