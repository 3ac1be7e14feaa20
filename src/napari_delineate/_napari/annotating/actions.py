"""Say what keys do at once while labels are annotated, without a tool."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from napari_delineate._napari.annotating.hand import NO_BRUSH, Hand

__all__ = ["ACTIONS", "HELD_KEYS", "Action"]


@dataclass(frozen=True)
class Action:
    """Describe what a key does.

    Attributes
    ----------
    name : str
        Tells it from others.
    title : str
        Its name for people.
    key : str
        The key.
    hint : str
        What happens.
    act : callable
        Does it with a hand.
    """

    name: str
    title: str
    key: str
    hint: str
    act: Callable[[Hand], None]


def _begin_object(hand: Hand) -> None:
    layer = hand.layer
    if layer is not None:
        layer.selected_label = hand.new_number()
        if layer.multiscale:
            hand.said.emit(NO_BRUSH, False)
        else:
            layer.mode = "paint"


def _toggle_lock(hand: Hand) -> None:
    layer = hand.layer
    if layer is not None:
        number = int(layer.selected_label)
        is_locked = number in hand.locked
        hand.annotate(hand.annotation.with_lock(number, locked=not is_locked))
        hand.said.emit(f"Object {number} is {'open' if is_locked else 'locked'} now.", False)


ACTIONS = (
    Action("new", "New object", "N", "Paint a new object, with the next number", _begin_object),
    Action(
        "lock",
        "Lock or unlock",
        "Shift-L",
        "Let tools leave the selected object alone, or not any more",
        _toggle_lock,
    ),
    Action(
        "next",
        "Next unseen object",
        "Q",
        "Go to the next object that was not looked at yet",
        lambda hand: hand.next_wanted.emit(),
    ),
)
"""All actions, in the order in which they are listed."""

HELD_KEYS = {
    "Enter": ("Finish", "Finish what is under way, as a double click does."),
    "Escape": ("Cancel", "Take back what is not finished; once more puts the tool down."),
    "Space": ("Move the view", "Move the view with the mouse while the key is held."),
}
"""For each key that means something while a tool is held: its name, and what it does."""
