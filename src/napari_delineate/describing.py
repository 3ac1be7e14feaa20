"""Say what a surface is, as text and as HTML for notebooks."""

from __future__ import annotations

import base64
import html
import io
from typing import Any

import numpy as np

from napari_delineate.meshes import closed_volume, edges_of, face_areas
from napari_delineate.types import Surface

__all__ = ["surface_as_html", "surface_in_words"]

_MOST_FACES = 4_000
"""A small picture shows no more."""


def surface_in_words(surface: Surface) -> str:
    """Return how large a surface is and where it lies.

    Parameters
    ----------
    surface : Surface
        Any; one whose arrays do not fit each other is described by their shapes.

    Returns
    -------
    str
        A few lines: counts, bounds, the mean of the vertices, area, volume, values.

    Examples
    --------
    >>> print(surface_in_words(Surface(np.eye(3), np.array([[0, 1, 2]]), np.ones(3))))
    Surface of 3 vertices and 1 face, open
      bounds: z 0 to 1, y 0 to 1, x 0 to 1
      centre: z 0.3333, y 0.3333, x 0.3333
      area: 0.866
      values: 1
    """
    if not _is_whole(surface):
        return f"Surface({', '.join(map(_part_in_words, surface._fields, surface))})"
    first, *others = _facts(surface)
    return "\n".join([f"Surface of {first[1]}", *(f"  {name}: {text}" for name, text in others)])


def surface_as_html(surface: Surface) -> str | None:
    """Return a table of the same facts, beside a picture.

    Parameters
    ----------
    surface : Surface
        Any.

    Returns
    -------
    str or None
        HTML that needs nothing else; None for a surface whose arrays do not fit each other.
    """
    if not _is_whole(surface):
        return None
    rows = "".join(
        f'<tr><th style="text-align:left">{name}</th>'
        f'<td style="text-align:left">{html.escape(text)}</td></tr>'
        for name, text in _facts(surface)
    )
    table = f"<table>{rows}</table>"
    if not len(surface.faces):
        return table
    source = f"data:image/png;base64,{base64.b64encode(_picture(surface)).decode()}"
    image = f'<img src="{source}" width="280" alt="the surface in 3D"/>'
    return f'<div style="display:flex;align-items:center">{image}{table}</div>'


def _picture(surface: Surface) -> bytes:
    from napari_delineate.pictures import show_surface
    from napari_delineate.surfaces import simplify

    shown = surface
    if len(surface.faces) > _MOST_FACES and surface.vertices.shape[1] == 3:
        shown = simplify(surface, fraction=_MOST_FACES / len(surface.faces))
    buffer = io.BytesIO()
    show_surface(shown).savefig(buffer, format="png", dpi=60)
    return buffer.getvalue()


def _is_whole(surface: Surface) -> bool:
    """Tell whether the arrays of a surface fit each other, so that they can be measured."""
    vertices, faces, values = surface
    if not all(isinstance(part, np.ndarray) for part in surface):
        return False
    if vertices.ndim != 2 or vertices.shape[1] < 3 or faces.ndim != 2 or faces.shape[1] != 3:
        return False
    if vertices.dtype.kind not in "iuf" or faces.dtype.kind not in "iu":
        return False
    if values.shape != (len(vertices),) or values.dtype.kind not in "biuf":
        return False
    points_at = not len(faces) or (faces.min() >= 0 and faces.max() < len(vertices))
    return bool(points_at and np.isfinite(vertices).all())


def _part_in_words(name: str, part: Any) -> str:
    if isinstance(part, np.ndarray):
        return f"{name}: {part.dtype} of the shape {part.shape}"
    return f"{name}: {type(part).__name__}"


def _facts(surface: Surface) -> list[tuple[str, str]]:
    """Return what there is to say, each with its name."""
    vertices, faces, values = surface
    size = f"{_counted(len(vertices), 'vertex', 'vertices')} and {_counted(len(faces), 'face')}"
    if not len(vertices):
        return [("size", size)]
    axes = [*(f"index {place}" for place in range(vertices.shape[1] - 3)), "z", "y", "x"]
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    bounds = [
        f"{axis} {_short(a)} to {_short(b)}" for axis, a, b in zip(axes, low, high, strict=True)
    ]
    centre = [f"{axis} {_short(a)}" for axis, a in zip(axes, vertices.mean(axis=0), strict=True)]
    facts = [("size", size), ("bounds", ", ".join(bounds)), ("centre", ", ".join(centre))]
    if len(faces):
        in_space = Surface(vertices[:, -3:].astype(np.float64), faces, values)
        facts.append(("area", _short(face_areas(in_space).sum())))
        is_closed = edges_of(faces).are_closed
        facts[0] = ("size", f"{size}, {'closed' if is_closed else 'open'}")
        if is_closed:
            facts.append(("volume", _short(closed_volume(in_space))))
    known = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    if len(known):
        least, most = _short(known.min()), _short(known.max())
        facts.append(("values", least if least == most else f"{least} to {most}"))
    return facts


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _short(number: Any) -> str:
    """Return a number with four digits, whole ones and large ones with all before the point."""
    number = float(number)
    is_long = abs(number) < 1e9 and (abs(number) >= 1e3 or number.is_integer())
    return f"{number:.0f}" if is_long else f"{number:.4g}"
