"""Draw a workflow as a diagram for reports, papers and web pages.

What a workflow holds, names of files and texts among them, is escaped, so that a diagram
shows it and nothing else. The same workflow gives the same text.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from xml.etree import ElementTree

from napari_delineate.captions import Caption, caption_of, clean, uses_of
from napari_delineate.graph import Row, lay_out
from napari_delineate.workflow import Workflow

__all__ = ["to_mermaid", "to_svg"]

_PLAIN = re.compile(r"[A-Za-z0-9 _.,:()+\-=×·²³µ–]")

# Drawn on a light ground of its own, so that it reads the same on every page.
_GROUND, _BOX, _ARROW, _INK, _DIM = "#fbfbfa", "#ffffff", "#6b7280", "#1f2328", "#57606a"
_ACCENTS = {
    "Filters": "#1f6feb",
    "Segmentation": "#1a7f37",
    "Post-processing": "#7a5af5",
    "Surfaces": "#a04b00",
    "Measurements": "#bf3989",
    "Metrics": "#8a5a00",
}
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"

# All in pixels of the drawing, the height of lines in parts of their text.
_MARGIN, _WIDTH, _PADDING = 20.0, 250.0, 14.0
_BESIDE, _BETWEEN, _NARROW = 36.0, 46.0, 24.0
_LINE, _HEAD = 1.4, 5.0


class _Text(NamedTuple):
    """A line in a box."""

    text: str
    size: float
    colour: str
    weight: str


@dataclass(frozen=True)
class _Box:
    """A row as it is drawn: what is written, and where it stands."""

    row: Row
    lines: tuple[_Text, ...]
    accent: str
    is_bypassed: bool
    left: float
    top: float

    @property
    def middle(self) -> float:
        return self.left + _WIDTH / 2

    @property
    def height(self) -> float:
        return sum(line.size * _LINE for line in self.lines) + 2 * _PADDING

    @property
    def bottom(self) -> float:
        return self.top + self.height


def to_mermaid(workflow: Workflow) -> str:
    """Return a workflow as a flowchart in Mermaid's language.

    Parameters
    ----------
    workflow : Workflow
        The workflow.

    Returns
    -------
    str
        The flowchart: a node for each input and step, with the settings that differ from
        their defaults, and an arrow for each value that a step uses.

    Examples
    --------
    >>> from napari_delineate.types import Kind
    >>> from napari_delineate.workflow import WorkflowInput
    >>> image = WorkflowInput(Kind.IMAGE, "YX", (0.5, 0.5), "micrometer")
    >>> workflow = Workflow().add_input("coins", image)
    >>> workflow = workflow.add("filters.gaussian", {"image": "coins"}, {"sigma": 3.0})
    >>> print(to_mermaid(workflow), end="")
    flowchart TD
        n0(["coins<br/>image (Y, X)"])
        n1["Gaussian<br/>gives blurred (image)<br/>sigma: 3 µm"]
        n0 --> n1
    """
    rows = lay_out(workflow)
    maker = {value: number for number, row in enumerate(rows) for value in row.values}
    nodes, arrows, bypassed = [], [], []
    for number, row in enumerate(rows):
        caption = caption_of(workflow, row)
        text = "<br/>".join(_escaped(part) for part in (caption.title, *caption.lines))
        nodes.append(f'n{number}(["{text}"])' if row.is_input else f'n{number}["{text}"]')
        for source in row.sources:
            uses = ", ".join(uses_of(workflow, row, source))
            label = f'|"{_escaped(uses)}"|' if uses else ""
            arrows.append(f"n{maker[source]} -->{label} n{number}")
        if _is_bypassed(workflow, row):
            bypassed.append(f"n{number}")
    if bypassed:
        arrows += [
            "classDef bypassed stroke-dasharray: 5 4",
            f"class {','.join(bypassed)} bypassed",
        ]
    return "\n    ".join(["flowchart TD", *nodes, *arrows]) + "\n"


def to_svg(workflow: Workflow) -> str:
    r"""Return a workflow as a drawing in SVG.

    Parameters
    ----------
    workflow : Workflow
        The workflow.

    Returns
    -------
    str
        The drawing, complete in itself: a box for each input and step, in run order from
        top to bottom, and an arrow for each value that a step uses. No arrow crosses a box.

    Examples
    --------
    >>> from napari_delineate.types import Kind
    >>> from napari_delineate.workflow import WorkflowInput
    >>> image = WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0))
    >>> to_svg(Workflow().add_input("coins", image))
    '<svg xmlns="http://www.w3.org/2000/svg" ...</svg>\n'
    """
    rows = lay_out(workflow)
    middles = _middles(rows)
    boxes = _boxes(workflow, rows, middles)
    right = [box.left + _WIDTH for box in boxes] + [x + _NARROW / 2 for x in middles.values()]
    width = _number(max(right, default=_MARGIN) + _MARGIN)
    height = _number((boxes[-1].bottom if boxes else _MARGIN) + _MARGIN)
    svg = ElementTree.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "width": width,
            "height": height,
            "viewBox": f"0 0 {width} {height}",
            "role": "img",
            "font-family": _FONT,
        },
    )
    start, end = ", ".join(workflow.inputs), ", ".join(workflow.results())
    title = ElementTree.SubElement(svg, "title")
    title.text = f"From {start or 'nothing'} to {end or 'nothing'}"
    ground = {"width": width, "height": height, "rx": "8", "fill": _GROUND}
    ElementTree.SubElement(svg, "rect", ground)
    _draw_arrows(svg, boxes, middles)
    for box in boxes:
        _draw_box(svg, box)
    return ElementTree.tostring(svg, encoding="unicode") + "\n"


def _escaped(text: str) -> str:
    """Return a text for a quoted label: all that could mean something as its number."""
    return "".join(one if _PLAIN.match(one) else f"#{ord(one)};" for one in clean(text))


def _is_bypassed(workflow: Workflow, row: Row) -> bool:
    return not row.is_input and workflow.step(row.name).bypassed


def _middles(rows: Sequence[Row]) -> dict[int, float]:
    """Return where the middle of each lane is; one that holds lines alone is narrow."""
    with_box = {row.lane for row in rows}
    left, found = _MARGIN, {}
    for lane in sorted(with_box | {edge.end for row in rows for edge in row.edges}):
        width = _WIDTH if lane in with_box else _NARROW
        found[lane] = left + width / 2
        left += width + _BESIDE
    return found


def _boxes(workflow: Workflow, rows: Sequence[Row], middles: dict[int, float]) -> list[_Box]:
    """Return the boxes: each in its lane, one below the other."""
    boxes: list[_Box] = []
    top = _MARGIN
    for row in rows:
        caption = caption_of(workflow, row)
        used = [
            f"{' and '.join(uses)}: {source}"
            for source in row.sources
            if (uses := uses_of(workflow, row, source))
        ]
        accent = _ACCENTS.get(caption.group, _DIM)
        lines = tuple(_lines(caption, used, accent))
        left = middles[row.lane] - _WIDTH / 2
        boxes.append(_Box(row, lines, accent, _is_bypassed(workflow, row), left, top))
        top = boxes[-1].bottom + _BETWEEN
    return boxes


def _lines(caption: Caption, used: Sequence[str], accent: str) -> list[_Text]:
    """Return the lines in a box, broken where they are too long for it."""
    parts = [_Text(caption.group, 10.0, accent, "600"), _Text(caption.title, 14.0, _INK, "600")]
    parts += [_Text(line, 12.0, _DIM, "400") for line in (*used, *caption.lines)]
    room = _WIDTH - 2 * _PADDING
    return [
        part._replace(text=piece)
        for part in parts
        for piece in _wrapped(part.text, room / part.size)
    ]


def _wrapped(text: str, room: float) -> list[str]:
    """Break a text into lines that are, in any common font, at most some ems wide."""
    lines, rest = [], text
    while rest:
        used, end, gap = 0.0, 0, 0
        while end < len(rest) and (used := used + _width(rest[end])) <= room:
            end += 1
            gap = end if rest[end - 1] in " _/" else gap
        cut = end if end == len(rest) else gap or max(end, 1)
        lines.append(rest[:cut].rstrip())
        rest = rest[cut:]
    return lines


def _width(character: str) -> float:
    """Return about how wide a character is, in ems."""
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    return 0.75 if character.isupper() or character in "mw" else 0.55


def _draw_box(svg: ElementTree.Element, box: _Box) -> None:
    """Draw a box with its lines."""
    is_input = box.row.is_input
    what = {"class": "input" if is_input else "step", "data-name": box.row.name}
    group = ElementTree.SubElement(svg, "g", what)
    shape = {
        "x": _number(box.left),
        "y": _number(box.top),
        "width": _number(_WIDTH),
        "height": _number(box.height),
        "rx": "16" if is_input else "6",
        "fill": _BOX,
        "stroke": box.accent,
        "stroke-width": "1.5",
    }
    if box.is_bypassed:
        shape["stroke-dasharray"] = "5 4"
    ElementTree.SubElement(group, "rect", shape)
    bottom = box.top + _PADDING
    for line in box.lines:
        bottom += line.size * _LINE
        options = {
            "x": _number(box.left + _PADDING),
            "y": _number(bottom - line.size * 0.4),
            "font-size": _number(line.size),
            "font-weight": line.weight,
            "fill": line.colour,
        }
        ElementTree.SubElement(group, "text", options).text = line.text


def _draw_arrows(
    svg: ElementTree.Element, boxes: Sequence[_Box], middles: dict[int, float]
) -> None:
    """Draw an arrow for each value that a step uses, along the lane of the value."""
    maker = {value: number for number, box in enumerate(boxes) for value in box.row.values}
    passed = (edge for box in boxes for edge in box.row.edges if edge.end != box.row.lane)
    lane = {edge.value: edge.end for edge in passed}
    for number, box in enumerate(boxes):
        start_lane = {edge.value: edge.start for edge in box.row.edges}
        sources = sorted(box.row.sources, key=lambda source: start_lane[source])
        for place, source in enumerate(sources):
            above = boxes[maker[source]]
            end = (box.middle + _spread(place, len(sources)), box.top)
            points = [(above.middle, above.bottom), end]
            if number > maker[source] + 1:
                x = middles[lane[source]]
                points[1:1] = [(x, boxes[maker[source] + 1].top), (x, boxes[number - 1].bottom)]
            curves = "".join(_curve(*pair) for pair in itertools.pairwise(points))
            names = {"class": "arrow", "data-value": source, "data-from": above.row.key}
            _stroke(svg, f"M{_point(points[0])}{curves}", {**names, "data-to": box.row.key})
            left, right = (
                _point((end[0] + side * _HEAD, end[1] - _LINE * _HEAD)) for side in (-1, 1)
            )
            _stroke(svg, f"M{left}L{_point(end)}L{right}", {"class": "head"})


def _stroke(svg: ElementTree.Element, path: str, options: dict[str, str]) -> None:
    look = {"fill": "none", "stroke": _ARROW, "stroke-width": "1.5", "stroke-linecap": "round"}
    ElementTree.SubElement(svg, "path", {**options, "d": path, **look})


def _spread(place: int, number: int) -> float:
    """Return how far from the middle of a box one of several arrows ends."""
    apart = min(36.0, (_WIDTH - 4 * _PADDING) / max(number - 1, 1))
    return (place - (number - 1) / 2) * apart


def _curve(start: tuple[float, float], end: tuple[float, float]) -> str:
    """Return a line that leaves and arrives upright."""
    if start[0] == end[0]:
        return f"L{_point(end)}"
    middle = (start[1] + end[1]) / 2
    return f"C{_point((start[0], middle))} {_point((end[0], middle))} {_point(end)}"


def _point(point: tuple[float, float]) -> str:
    return f"{_number(point[0])} {_number(point[1])}"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
