"""Make the reference pages from the catalogue: one page per package, in menu order."""

from __future__ import annotations

import sys

from napari_delineate.catalogue import PACKAGES, Operation, operations
from napari_delineate.signatures import REQUIRED, Setting
from napari_delineate.types import Range

__all__ = ["reference_pages"]

_NOTE = "<!-- Made by `python -m napari_delineate.manifest` from the code; do not edit. -->\n"


def reference_pages() -> dict[str, str]:
    """Return the reference pages.

    Returns
    -------
    dict of str to str
        From names of files to Markdown: an index, and a page for each package.

    Examples
    --------
    >>> "segmentation.md" in reference_pages()
    True
    """
    index = [_NOTE, "# Operations\n"]
    pages = {}
    for package, title in PACKAGES.items():
        inside = [operation for operation in operations() if operation.package == package]
        index.append(f"## [{title}]({package}.md)\n")
        index.append("| operation | what it does | takes | gives |")
        index.append("|---|---|---|---|")
        for operation in inside:
            takes = ", ".join(str(entry.kind) for entry in operation.inputs)
            gives = ", ".join(str(output.kind) for output in operation.outputs)
            link = f"[{operation.title}]({package}.md#{_anchor(operation)})"
            index.append(f"| {link} | {operation.summary} | {takes} | {gives} |")
        index.append("")
        pages[f"{package}.md"] = _page(package, title, inside)
    return {"index.md": "\n".join(index), **pages}


def _anchor(operation: Operation) -> str:
    return operation.title.lower().replace(" ", "-")


def _page(package: str, title: str, inside: list[Operation]) -> str:
    summary = sys.modules[f"napari_delineate.{package}"].__doc__ or ""
    lines = [_NOTE, f"# {title}\n", f"{summary}\n"]
    category = None
    for operation in inside:
        if operation.category != category:
            category = operation.category
            lines.append(f"*{category.title}: {category.summary}*\n")
        lines += _describe(operation)
    return "\n".join(lines)


def _describe(operation: Operation) -> list[str]:
    doc = operation.documentation
    lines = [f"## {operation.title}\n", f"`{operation.id}{_call(operation)}`\n", f"{doc.summary}\n"]
    lines += ["| input | kind | |", "|---|---|---|"]
    for entry in operation.inputs:
        extra = ", optional" if entry.optional else ", one or more" if entry.variable else ""
        lines.append(f"| `{entry.name}` | {entry.kind}{extra} | {doc.parameters[entry.name]} |")
    if operation.settings:
        lines += ["", "| parameter | allowed | default | |", "|---|---|---|---|"]
    for setting in operation.settings:
        default = "required" if setting.default is REQUIRED else f"`{setting.default!r}`"
        text = doc.parameters[setting.name]
        lines.append(f"| `{setting.name}` | {_allowed(setting)} | {default} | {text} |")
    lines += ["", "| output | kind | |", "|---|---|---|"]
    for output, (_, text) in zip(operation.outputs, doc.outputs, strict=True):
        lines.append(f"| `{output.name}` | {output.kind} | {text} |")
    if operation.declaration.scores:
        lines += ["", "| score | range and direction |", "|---|---|"]
    for name, scoring in operation.declaration.scores.items():
        lines.append(f"| `{name}` | {scoring} |")
    lines.append("")
    if operation.declaration.opencl:
        lines.append("Also runs on [OpenCL devices](../devices.md).\n")
    lines += [f"{reference}\n" for reference in doc.references]
    return lines


def _call(operation: Operation) -> str:
    names = [entry.name for entry in operation.inputs]
    names += [f"{setting.name}={setting.default!r}" for setting in operation.settings]
    return f"({', '.join(names)})"


def _allowed(setting: Setting) -> str:
    if setting.choices:
        return ", ".join(f"`{choice}`" for choice in setting.choices)
    allowed = setting.describe_type()
    return allowed if setting.range == Range() else f"{allowed}, {setting.range}"
