"""Write `docs/keyboard.md`, the page of all keys, from where the program declares them.

    .venv/bin/python docs/make_keyboard.py

It needs no screen. A test tells when the page is not what the program does.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from napari_delineate._napari.annotating.actions import ACTIONS, HELD_KEYS
from napari_delineate._napari.annotating.tool_box import key_in_words
from napari_delineate._napari.annotating.tools import TOOLS
from napari_delineate._napari.bindings import HISTORY_KEYS
from napari_delineate._napari.proofreading_parts import KEYS
from napari_delineate._napari.widgets.step_list import STEP_KEYS

PAGE = Path(__file__).parent / "keyboard.md"

_HEAD = """\
# Keyboard

Every key, as the program declares it: `docs/make_keyboard.py` writes this page. Keys of tools work
while the labels that the *Annotate* dock edits are the selected layer. None of them is one that
napari has for labels: its brush, eraser, bucket and brush sizes keep theirs (*File ▸ Preferences ▸
Shortcuts*). [Annotating](annotating.md) shows what each tool does.
"""


def keyboard_page() -> str:
    """Return the page."""
    parts = [_HEAD]
    parts.append(_section("Undo and redo", "", _pairs(HISTORY_KEYS)))
    for group in dict.fromkeys(tool.group for tool in TOOLS):
        tools = ((tool.key, tool.title, tool.hint) for tool in TOOLS if tool.group == group)
        parts.append(_section(f"Tools: {group[0].lower()}{group[1:]}", "", tools))
    parts.append(_section("While a tool is held", "", _pairs(HELD_KEYS)))
    parts.append(
        _section(
            "While labels are annotated",
            "With a tool or without:",
            ((action.key, action.title, f"{action.hint}.") for action in ACTIONS),
        )
    )
    parts.append(
        _section(
            "Proofreading",
            "While the *Proofreading* dock is seen and its *Keys* are on:",
            ((key, title, f"{hint}.") for key, title, _, hint in KEYS.values()),
        )
    )
    parts.append(
        _section("List of steps", "In the Assistant, on the selected row:", _pairs(STEP_KEYS))
    )
    return "\n".join(parts)


def _pairs(keys: dict[str, tuple[str, str]]) -> Iterable[tuple[str, str, str]]:
    return ((key, title, hint) for key, (title, hint) in keys.items())


def _section(title: str, text: str, rows: Iterable[tuple[str, str, str]]) -> str:
    """Return a heading and a table of keys, names and what they do."""
    lines = [f"## {title}", "", *([text, ""] if text else []), "| key | name | what it does |"]
    lines.append("|---|---|---|")
    lines += [f"| {key_in_words(key)} | {name} | {hint} |" for key, name, hint in rows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(keyboard_page(), encoding="utf-8")
