"""Diagrams: everything is in them, arrows meet their boxes, and nothing breaks out."""

from __future__ import annotations

import html
import itertools
import re
from collections import Counter
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_delineate import catalogue
from napari_delineate.diagram import to_mermaid, to_svg
from napari_delineate.graph import lay_out
from napari_delineate.types import Kind, Voxels
from napari_delineate.workflow import Workflow, WorkflowInput
from tests.strategies import workflows

IMAGE = WorkflowInput(Kind.IMAGE, "YX", (0.5, 0.5), "micrometer", "/home/me/coins.tif")
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    '</text></svg><script>alert("x")</script>.tif',
    "\"]; click n0 href 'javascript:alert(1)'.tif",
    "a\nend\nn1 --> n0 %% |x| #60; `b` \\.tif",
    "\x00\x1b[31m\udcff\ufffe&amp;<!--.tif",
    "]]>" * 40,
    "細胞.tif",
]


def analysis() -> Workflow:
    workflow = Workflow().add_input("coins", IMAGE)
    workflow = workflow.add("filters.gaussian", {"image": "coins"}, {"sigma": 1.5})
    workflow = workflow.add("segmentation.local_maxima", {"image": "blurred"})
    workflow = workflow.add(
        "segmentation.seeded_watershed", {"image": "blurred", "seeds": "labels"}
    )
    workflow = workflow.add(
        "postprocessing.filter_by_size", {"labels": "labels_2"}, {"minimum": 200.0}
    )
    return workflow.add("measurements.measure", {"labels": "kept_labels", "image": "coins"})


def wires(workflow):
    """Return who gives each value to whom, once for each value."""
    makers = {name: name for name in workflow.inputs}
    makers |= {value: step.name for step in workflow.steps for value in step.outputs}
    return Counter(
        (value, makers[value], step.name) for step in workflow.steps for value in set(step.sources)
    )


def words(element):
    return " ".join(part for part in element.itertext() if part)


def boxes(svg):
    """Return the rectangle (left, top, right, bottom) of each input and step, by name."""
    found = {}
    for group in svg.iter(f"{SVG}g"):
        rect = group.find(f"{SVG}rect")
        x, y, width, height = (float(rect.get(key)) for key in ("x", "y", "width", "height"))
        found[group.get("data-name")] = (x, y, x + width, y + height)
    return found


def along(path):
    """Return points along a path of lines and cubic curves."""
    numbers = [
        (command, [float(n) for n in re.findall(r"-?[\d.]+", rest)])
        for command, rest in re.findall(r"([MLC])([^MLC]*)", path)
    ]
    points, place = [], None
    for command, given_numbers in numbers:
        corners = [complex(*pair) for pair in zip(*[iter(given_numbers)] * 2, strict=True)]
        if command != "M":
            a, *middle, d = [place, *corners]
            b, c = middle or (a, d)
            for part in (n / 20 for n in range(21)):
                rest = 1 - part
                points.append(
                    rest**3 * a + 3 * rest**2 * part * b + 3 * rest * part**2 * c + part**3 * d
                )
        place = corners[-1]
    return [(point.real, point.imag) for point in points]


@given(workflows(most_steps=12))
@settings(deadline=None, max_examples=60)
def test_every_wire_is_an_arrow_between_its_boxes(drawn):
    svg = ElementTree.fromstring(to_svg(drawn.workflow))
    frames = boxes(svg)
    assert list(frames) == [row.name for row in lay_out(drawn.workflow)]
    arrows = [path for path in svg.iter(f"{SVG}path") if path.get("class") == "arrow"]
    found = Counter(tuple(a.get(f"data-{key}") for key in ("value", "from", "to")) for a in arrows)
    assert found == wires(drawn.workflow)
    for arrow in arrows:
        points = along(arrow.get("d"))
        left, _, right, bottom = frames[arrow.get("data-from")]
        assert left < points[0][0] < right
        assert points[0][1] == pytest.approx(bottom, abs=0.11)
        left, top, right, _ = frames[arrow.get("data-to")]
        assert left < points[-1][0] < right
        assert points[-1][1] == pytest.approx(top, abs=0.11)
        for x, y in points:
            for left, top, right, bottom in frames.values():
                assert not (left < x < right and top + 0.2 < y < bottom - 0.2), "crosses a box"


@given(workflows(most_steps=12))
@settings(deadline=None, max_examples=60)
def test_all_is_inside_and_no_box_covers_another(drawn):
    svg = ElementTree.fromstring(to_svg(drawn.workflow))
    width, height = (float(svg.get(key)) for key in ("width", "height"))
    frames = sorted(boxes(svg).values(), key=lambda frame: frame[1])
    for left, top, right, bottom in frames:
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
    assert all(above[3] < below[1] for above, below in itertools.pairwise(frames))
    for path in svg.iter(f"{SVG}path"):
        assert all(0 <= x <= width and 0 <= y <= height for x, y in along(path.get("d")))


@given(workflows(most_steps=12))
@settings(deadline=None, max_examples=40)
def test_titles_outputs_and_changed_settings_are_written(drawn):
    workflow = drawn.workflow
    svg, chart = ElementTree.fromstring(to_svg(workflow)), to_mermaid(workflow)
    groups = {group.get("data-name"): words(group) for group in svg.iter(f"{SVG}g")}
    rows = [row.name if not row.is_input else None for row in lay_out(workflow)]
    for step in workflow.steps:
        number = rows.index(step.name)
        operation = catalogue.find(step.operation)
        # Long names are broken into lines, so spaces do not count.
        text = groups[step.name].replace(" ", "")
        node = chart.splitlines()[1 + number]
        assert node.startswith(f'    n{number}["')
        for one in (operation.title, *step.outputs):
            assert one.replace(" ", "") in text
            assert one in node
        for setting in operation.settings:
            label = f"{setting.name.replace('_', ' ')}: "
            # A label may be the end of another one.
            written = sum(
                f" {one.name.replace('_', ' ')}: ".endswith(f" {label}")
                and step.parameters[one.name] != one.default
                for one in operation.settings
            )
            assert text.count(label.replace(" ", "")) == written
            assert node.count(label) == written


def test_settings_have_their_units():
    chart = to_mermaid(analysis())
    assert "sigma: 1.5 µm" in chart
    assert "minimum: 200 µm²" in chart
    in_voxels = analysis().change("gaussian", parameters={"sigma": Voxels(3)})
    assert "sigma: 3 px" in to_mermaid(in_voxels)
    space = replace(IMAGE, axes="ZYX", spacing=(1.0, 0.5, 0.5))
    assert "minimum: 200 µm³" in to_mermaid(analysis().add_input("coins", space))


def test_loops_uses_and_bypassed_steps_are_written():
    workflow = Workflow().add_input("movie", replace(IMAGE, axes="TYX"))
    workflow = workflow.add("filters.gaussian", {"image": "movie"})
    workflow = workflow.change("gaussian", bypassed=True)
    chart, drawing = to_mermaid(workflow), to_svg(workflow)
    assert "for each time" in chart
    assert "for each time" in drawing
    assert "class n1 bypassed" in chart
    assert "stroke-dasharray" in drawing
    assert '-->|"seeds"| n3' in to_mermaid(analysis())
    assert "seeds: labels" in to_svg(analysis())
    assert "stroke-dasharray" not in to_svg(analysis())


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_files_can_not_break_out(name):
    workflow = analysis().add_input("coins", replace(IMAGE, source="/data/" + name))
    plain = analysis()
    text = to_svg(workflow)
    svg = ElementTree.fromstring(text.encode())
    tags = Counter(element.tag for element in ElementTree.fromstring(to_svg(plain)).iter())
    more = Counter(element.tag for element in svg.iter()) - tags
    assert set(more) <= {f"{SVG}text"}  # a longer name takes more lines
    assert {key for element in svg.iter() for key in element.attrib} == {
        key for element in ElementTree.fromstring(to_svg(plain)).iter() for key in element.attrib
    }
    lines, same = to_mermaid(workflow).splitlines(), to_mermaid(plain).splitlines()
    assert lines[2:] == same[2:]
    label = re.fullmatch(r' {4}n0\(\["coins<br/>image \(Y, X\)<br/>(.*)"\]\)', lines[1])[1]
    assert not set(label) & set("\"<>`%|'\\&[]\n")
    shown = html.unescape(re.sub(r"#(\d+);", r"&#\1;", label))
    last = name.replace("\\", "/").rsplit("/", 1)[-1]  # a slash ends the name of a folder
    expected = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "\ufffd", last)
    assert shown == " ".join(expected.split())


@given(st.text(max_size=60), st.text(min_size=1, max_size=20))
@settings(deadline=None)
def test_any_text_gives_a_drawing_that_can_be_read(source, units):
    value = replace(IMAGE, source=source, units=units)
    workflow = analysis().add_input("coins", value)
    ElementTree.fromstring(to_svg(workflow).encode())
    assert len(to_mermaid(workflow).split("\n")) == len(to_mermaid(analysis()).split("\n"))


def test_folders_are_not_told():
    for source in ("/home/secret/coins.tif", r"C:\secret\coins.tif"):
        workflow = analysis().add_input("coins", replace(IMAGE, source=source))
        for text in (to_svg(workflow), to_mermaid(workflow)):
            assert "coins.tif" in text
            assert "secret" not in text


def test_drawings_need_nothing_from_elsewhere_and_are_always_the_same():
    text = to_svg(analysis())
    assert re.findall(r"https?://[^\"]*", text) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"href|url\(|@import|<style|<script|<image", text)
    assert text == to_svg(Workflow.from_dict(analysis().to_dict()))
    assert to_mermaid(analysis()) == to_mermaid(Workflow.from_dict(analysis().to_dict()))


def test_ink_can_be_read_on_the_ground_it_stands_on():
    """Contrast by the rule of the Web Content Accessibility Guidelines."""

    def luminance(colour):
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    def contrast(one, other):
        low, high = sorted((luminance(one), luminance(other)))
        return (high + 0.05) / (low + 0.05)

    svg = ElementTree.fromstring(to_svg(analysis()))
    for group in svg.iter(f"{SVG}g"):
        box = group.find(f"{SVG}rect").get("fill")
        for text in group.iter(f"{SVG}text"):
            assert contrast(text.get("fill"), box) >= 4.5
    ground = svg.find(f"{SVG}rect").get("fill")
    for path in svg.iter(f"{SVG}path"):
        assert contrast(path.get("stroke"), ground) >= 3


def test_an_empty_workflow_is_an_empty_drawing():
    assert to_mermaid(Workflow()) == "flowchart TD\n"
    svg = ElementTree.fromstring(to_svg(Workflow()))
    assert not list(svg.iter(f"{SVG}g"))
    assert float(svg.get("width")) > 0
