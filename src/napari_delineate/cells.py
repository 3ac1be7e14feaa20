"""Say a workflow as text and code: the cells that notebooks and scripts are made of.

Only names that the workflow has checked, and the `repr` of numbers, texts and lengths,
enter the code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import PurePath
from typing import Any

from napari_delineate import catalogue
from napari_delineate.axes import looped_axes, spatial_axes
from napari_delineate.consequences import changed_surface
from napari_delineate.declaration import settings_for
from napari_delineate.fit_notes import describe_fit
from napari_delineate.lineage import Lineage
from napari_delineate.names import IMPORTS
from napari_delineate.steps import Step, grid_source, passed_on
from napari_delineate.types import Kind
from napari_delineate.workflow import Workflow

__all__ = ["LINE", "Cell", "cells_of"]

LINE = 88
"""The longest line of code."""


@dataclass(frozen=True)
class Cell:
    """One cell: text for people, or code that computes, and code that shows."""

    type: str
    text: str
    tags: tuple[str, ...] = ()
    shown: str = ""

    @property
    def source(self) -> str:
        """The code or text of the whole cell."""
        return "\n".join(part for part in (self.text, self.shown) if part)


def cells_of(workflow: Workflow, title: str | None, *, script: bool = False) -> Iterator[Cell]:
    """Return the cells of a notebook or script.

    Parameters
    ----------
    workflow : Workflow
        The workflow; each input names its file.
    title : str or None
        The heading; by default it says what is made from what.
    script : bool
        Whether they are for a script, which draws nothing.

    Yields
    ------
    Cell
        Text and code, in order.

    Raises
    ------
    ValueError
        If an input names no file.
    """
    body = list(_body(workflow, script=script))
    yield Cell("markdown", f"# {title or _title(workflow)}\n\n{_INTRODUCTION}")
    yield Cell("code", _imports(cell.text if script else cell.source for cell in body))
    yield from body


_INTRODUCTION = (
    "Made with napari-delineate. It computes the same results again whenever it runs. To\n"
    "process another image, name its file and give `None` as its checksum."
)


def _title(workflow: Workflow) -> str:
    return f"From {_listed(workflow.inputs)} to {_listed(workflow.results())}"


def _listed(names: Iterable[str]) -> str:
    """List names as in a sentence: a, b and c."""
    *first, last = [f"`{name}`" for name in names] or ["nothing"]
    return f"{', '.join(first)} and {last}" if first else last


def _imports(texts: Iterable[str]) -> str:
    """Return import statements for what some code uses."""
    code = "\n".join(texts)
    by_module: dict[str, list[str]] = {}
    for name, module in sorted(IMPORTS.items(), key=lambda item: (item[1] != "pathlib", item[1])):
        if any(f"{name}{end}" in code for end in "(." if _is_used(name, end, code)):
            by_module.setdefault(module, []).append(name)
    lines = []
    for module, names in by_module.items():
        listed = ", ".join(sorted(names))
        line = f"from {module} import {listed}"
        if len(line) > LINE:
            line = f"from {module} import (\n    " + ",\n    ".join(sorted(names)) + ",\n)"
        lines.append(line + ("\n" if module == "pathlib" else ""))
    return "\n".join(lines)


def _is_used(name: str, end: str, code: str) -> bool:
    """Tell whether code calls a function or a function of a module."""
    start = code.find(name + end)
    while start >= 0:
        if start == 0 or not (code[start - 1].isalnum() or code[start - 1] in "_."):
            return True
        start = code.find(name + end, start + 1)
    return False


def _body(workflow: Workflow, *, script: bool) -> Iterator[Cell]:
    """Return everything after the imports."""
    lineage = Lineage(workflow)
    yield Cell("markdown", _describe_inputs(workflow))
    yield Cell("code", _parameters(workflow, script=script), tags=("parameters",))
    for name in workflow.inputs:
        text = f"{name} = read({name}_file, checksum={name}_checksum)"
        yield Cell("code", text, shown=_picture(lineage, name))
    for step in workflow.steps:
        yield Cell("markdown", _describe_step(workflow, step))
        first, *others = (_picture(lineage, name) for name in step.outputs)
        yield Cell("code", _call(lineage, step), shown=first)
        for picture in (*others, _consequence(lineage, step), _gate(step)):
            if picture:
                yield Cell("code", "", shown=picture)
    if script:
        yield Cell("markdown", "## What was made")
        yield Cell("code", "\n".join(_told(workflow, name) for name in workflow.results()))
        return
    tables = [name for name, value in workflow.values.items() if value.kind is Kind.TABLE]
    if tables:
        yield Cell("markdown", "## Measurements")
        for name in tables:
            yield Cell("code", "", shown=f"show_table({name})")
    yield Cell("markdown", "## In napari\n\nSet `show_in_napari` to `True` above to see layers.")
    yield Cell("code", "", shown=_in_napari(lineage))
    yield Cell("markdown", "## Computed with")
    yield Cell("code", "", shown="versions()")


def _told(workflow: Workflow, name: str) -> str:
    """Return the code that says what a result is; a table is printed whole."""
    kind = workflow.values[name].kind
    if kind is Kind.TABLE:
        return f'print("{name}:")\nprint({name}.to_string(index=False))'
    if kind.is_grid:
        return f'print("{name}: {_article(kind)},", *{name}.shape, {name}.dtype)'
    if kind is Kind.SURFACE:
        return f'print("{name}: {_article(kind)},", len({name}.faces), "triangles")'
    if kind is Kind.POINTS:
        return f'print("{name}:", len({name}), "points")'
    return f'print("{name}:", {name})'


def _describe_inputs(workflow: Workflow) -> str:
    lines = ["## Inputs", ""]
    for name, value in workflow.inputs.items():
        looped = looped_axes(value.axes)
        loops = f", looped over {', '.join(looped)}" if looped else ""
        lines.append(f"- `{name}` is {_article(value.kind)} ({', '.join(value.axes)}){loops}.")
    return "\n".join(lines)


def _article(kind: Kind) -> str:
    words = {
        Kind.IMAGE: "an image",
        Kind.RGB: "a colour image",
        Kind.MASK: "a mask",
        Kind.LABELS: "a label image",
        Kind.SURFACE: "a surface",
        Kind.POINTS: "points in space",
        Kind.SHAPES: "shapes in space",
        Kind.CORRECTIONS: "corrections made by hand",
    }
    return words.get(kind, str(kind))


def _parameters(workflow: Workflow, *, script: bool) -> str:
    lines = []
    units = any(catalogue.find(step.operation).takes_units for step in workflow.steps)
    if not script:
        units = units or any(changed_surface(workflow, step) for step in workflow.steps)
    for name, value in workflow.inputs.items():
        if value.source is None:
            raise ValueError(
                f"input {name!r} comes from no file; give its value, so that it can be written "
                "beside the notebook"
            )
        is_relative = not PurePath(value.source).is_absolute()
        where = "folder / " if script and is_relative else ""
        lines.append(f"{name}_file = {where}{_quoted(value.source)}")
        lines.append(f"{name}_checksum = {_quoted(value.version)}")
        lines.append(f"{name}_spacing = {value.spacing!r}")
        if units:
            lines.append(f"{name}_units = {_quoted(value.units)}")
    if script and any("folder / " in line for line in lines):
        lines.insert(0, "folder = Path(__file__).parent")
    if not script:
        lines.append("show_in_napari = False")
    return "\n".join(lines)


def _quoted(text: str | None) -> str:
    """Return the `repr` of a text, in double quotes where that needs no escape."""
    plain = repr(text)
    if text is not None and plain.startswith("'") and '"' not in plain:
        return f'"{plain[1:-1]}"'
    return plain


def _describe_step(workflow: Workflow, step: Step) -> str:
    operation = catalogue.find(step.operation)
    lines = [f"## {operation.title}", "", operation.summary]
    for entry in operation.inputs:
        value = step.inputs[entry.name]
        for name in (value,) if isinstance(value, str) else value or ():
            if (entry.kind, workflow.values[name].kind) == (Kind.MASK, Kind.LABELS):
                lines[-1] += f" `{name}` are labels: every labelled pixel counts as foreground."
    if step.bypassed:
        lines[-1] += " Here it is bypassed."
    elif looped := step.over.replace(operation.declaration.picks, ""):
        lines[-1] += f" It runs for each index along {' and '.join(looped)}."
    if note := describe_fit(workflow, step):
        lines.append(note)
    references = operation.documentation.references
    lines += ["", *(f"<small>{text}</small>\n" for text in references)]
    return "\n".join(lines).rstrip()


def _call(lineage: Lineage, step: Step) -> str:
    workflow = lineage.workflow
    if step.bypassed:
        return f"{step.outputs[0]} = {passed_on(step, workflow.values)}"
    operation = catalogue.find(step.operation)
    function = f"{operation.package}.{operation.name}"
    left = ", ".join(step.outputs)
    values = [_wired(step.inputs[entry.name]) for entry in operation.inputs]
    while values[-1] == "None":
        values.pop()
    axes = [_wired_axes(workflow, step.inputs[entry.name]) for entry in operation.inputs]
    settings = [
        f"{name}={_quoted(value) if isinstance(value, str) else repr(value)}"
        for name, value in step.parameters.items()
    ]
    source = grid_source(step, workflow.values)
    if operation.takes_spacing:
        settings.append(f"spacing={_spacing(lineage, source, step.over)}")
    if operation.takes_units:
        settings.append(f"units={lineage.origins[source]}_units")
    if step.over:
        known = axes[: len(values)]
        is_one = len(set(known)) == 1 and known[0].startswith('"')
        together = known[0] if is_one else f"({', '.join(known)}{',' * (len(known) == 1)})"
        arguments = [function, f'"{step.over}"', *values, f"axes={together}", *settings]
        text = _wrapped(f"{left} = map_over", arguments)
    else:
        text = _wrapped(f"{left} = {function}", [*values, *settings])
    if workflow.device != "cpu" and operation.declaration.opencl:
        text = f"with use_device({_quoted(workflow.device)}):\n" + _indented(text)
    if operation.declaration.changes_grid:
        text += f"\n{step.outputs[0]}_spacing = {_new_spacing(lineage, step)}"
        if step.outputs[0] in lineage.moved:
            text += f"\n{step.outputs[0]}_origin = {_new_origin(lineage, step)}"
    return text


def _new_spacing(lineage: Lineage, step: Step) -> str:
    """Return the expression for the voxel size of what a step makes on another grid."""
    source = grid_source(step, lineage.workflow.values)
    declaration = catalogue.find(step.operation).declaration
    new = _spacing(lineage, source, step.over)
    if declaration.new_spacing is not None:
        new = _declared(declaration.new_spacing, new, step)
        if "Z" in step.over:
            new = f"({_spacing(lineage, source, '')}[0], *{new})"
    elif "Z" in step.over:
        new = _spacing(lineage, source, "")
    return new + _left_out(lineage, step)


def _new_origin(lineage: Lineage, step: Step) -> str:
    """Return the expression for where the first pixel of another grid lies."""
    source = grid_source(step, lineage.workflow.values)
    declaration = catalogue.find(step.operation).declaration
    terms = []
    if lineage.grids[source] in lineage.moved:
        terms.append(f"{lineage.grids[source]}_origin")
    if declaration.new_origin is not None:
        own = _declared(declaration.new_origin, _spacing(lineage, source, step.over), step)
        terms.append(f"(0.0, *{own})" if "Z" in step.over else own)
    origin = terms[0] if len(terms) == 1 else f"tuple(map(sum, zip({', '.join(terms)})))"
    return origin + _left_out(lineage, step)


def _declared(function: Callable[..., Any], spacing: str, step: Step) -> str:
    """Return the call of a function that a declaration names."""
    settings = settings_for(function, step.parameters).items()
    return _wrapped(function.__name__, [spacing, *(f"{name}={one!r}" for name, one in settings)])


def _left_out(lineage: Lineage, step: Step) -> str:
    """Return what leaves out the entry of an axis that a step drops."""
    axes = spatial_axes(lineage.workflow.values[grid_source(step, lineage.workflow.values)].axes)
    ndim = sum(letter not in step.over for letter in axes)
    dropped = catalogue.find(step.operation).declaration.drops(ndim, step.parameters)
    # Only one of three axes is ever dropped.
    return "" if dropped is None else ("[1:]", "[::2]", "[:2]")[dropped]


def _wired(value: str | tuple[str, ...] | None) -> str:
    return f"[{', '.join(value)}]" if isinstance(value, tuple) else str(value)


def _wired_axes(workflow: Workflow, value: str | tuple[str, ...] | None) -> str:
    if value is None:
        return "None"
    if isinstance(value, str):
        return f'"{workflow.values[value].axes}"'
    each = [f'"{workflow.values[name].axes}"' for name in value]
    return each[0] if len(set(each)) == 1 else f"({', '.join(each)})"


def _wrapped(start: str, arguments: list[str]) -> str:
    """Return a call on one line, or broken into lines where that is too long."""
    listed = ", ".join(arguments)
    if len(f"{start}({listed})") <= LINE:
        return f"{start}({listed})"
    if len(listed) + 4 <= LINE:
        return f"{start}(\n    {listed}\n)"
    return f"{start}(\n" + "".join(f"    {argument},\n" for argument in arguments) + ")"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def _spacing(lineage: Lineage, name: str, over: str) -> str:
    """Return the expression for the voxel size of a value, without looped axes."""
    expression = f"{lineage.grids[name]}_spacing"
    return f"{expression}[1:]" if "Z" in over else expression


def _picture(lineage: Lineage, name: str) -> str:
    """Return the code that shows a value; none for tables, which are shown at the end."""
    kind = lineage.workflow.values[name].kind
    if kind in (Kind.IMAGE, Kind.RGB):
        return f"show_image({name})"
    if kind is Kind.SURFACE:
        return f"show_surface({name})"
    if kind not in (Kind.MASK, Kind.LABELS, Kind.POINTS, Kind.SHAPES):
        return name if kind is Kind.SCORES else ""
    below = _image_below(lineage, name)
    if kind.is_grid:
        return f"show_labels({name}, over={below})" if below else f"show_labels({name})"
    if below is None:
        return ""
    spacing = _spacing(lineage, below, "")
    shown = "show_points" if kind is Kind.POINTS else "show_shapes"
    return _wrapped(shown, [name, f"over={below}", f"spacing={spacing}"])


def _gate(step: Step) -> str:
    """Return the code that draws the limits by which a step keeps objects, if it does."""
    table, settings = step.inputs.get("table"), step.parameters
    if step.operation == "postprocessing.filter_by_table":
        drawn, names = "show_histogram", ("column", "minimum", "maximum")
    elif step.operation == "postprocessing.filter_by_gate":
        drawn, names = "show_scatter", ("x", "y", "corners")
    else:
        return ""
    given = [name for name in names if settings.get(name) not in (None, "")]
    if step.bypassed or not isinstance(table, str) or len(given) < 2 or names[0] not in given:
        return ""
    return _wrapped(drawn, [table, *(f"{name}={settings[name]!r}" for name in given)])


def _consequence(lineage: Lineage, step: Step) -> str:
    """Return the code that says what a step did to a surface, if it did."""
    pair = changed_surface(lineage.workflow, step)
    if pair is None:
        return ""
    units = f"units={lineage.origins[pair[0]]}_units"
    return _wrapped("show_surface_change", [*pair, units])


def _image_below(lineage: Lineage, name: str) -> str | None:
    """Return an image on the grid of a value that it was made from, or any such input."""
    workflow, grids = lineage.workflow, lineage.grids
    axes = workflow.values[name].axes
    for candidate in chain(lineage.ancestors(name), workflow.inputs):
        value = workflow.values[candidate]
        is_image = value.kind in (Kind.IMAGE, Kind.RGB)
        same_grid = value.axes.replace("S", "") == axes and grids[candidate] == grids[name]
        if is_image and same_grid:
            return candidate
    return None


def _in_napari(lineage: Lineage) -> str:
    """Return code that adds inputs and results as layers, where that is asked for."""
    lines = ["if show_in_napari:", "    import napari", "", "    viewer = napari.Viewer()"]
    for name, value in lineage.workflow.values.items():
        adding = {
            Kind.IMAGE: "add_image",
            Kind.RGB: "add_image",
            Kind.MASK: "add_labels",
            Kind.LABELS: "add_labels",
            Kind.POINTS: "add_points",
            Kind.SHAPES: "add_shapes",
            Kind.SURFACE: "add_surface",
        }.get(value.kind)
        if adding is None:
            continue
        arguments = [name, f"name={_quoted(name)}"]
        if value.kind is Kind.SHAPES:
            arguments.append('shape_type="path"')
        if value.kind.is_grid:
            loops = len(looped_axes(value.axes))
            spacing = _spacing(lineage, name, "")
            space = spatial_axes(value.axes)
            ones = ", ".join(["1"] * loops)
            leading = value.axes.startswith(looped_axes(value.axes)) and space
            if loops and leading:
                spacing = f"({ones}, *{spacing})"
            elif loops:
                spacing = ""
            if spacing:
                arguments.append(f"scale={spacing}")
        grid = lineage.grids[name]
        if grid in lineage.moved:
            space = spatial_axes(lineage.workflow.values[grid].axes)
            zeros = "0, " * (len(value.axes.replace("S", "")) - len(space))
            place = f"({zeros}*{grid}_origin)" if zeros else f"{grid}_origin"
            arguments.append(f"translate={place}")
        lines += _indented(_wrapped(f"viewer.{adding}", arguments)).splitlines()
    return "\n".join(lines)
