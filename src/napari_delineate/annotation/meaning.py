"""Say what labels mean that are drawn by hand: objects or classes, their names and colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

__all__ = ["CLASS_COLORS", "Annotation", "AnnotationClass"]

CLASS_COLORS = (
    "#e69f00",
    "#56b4e9",
    "#009e73",
    "#f0e442",
    "#0072b2",
    "#d55e00",
    "#cc79a7",
    "#999999",
)
"""Colours of the first classes, which people with any colour vision can tell apart.

Okabe and Ito, "Color universal design" (2008), https://jfly.uni-koeln.de/color/
"""


@dataclass(frozen=True)
class AnnotationClass:
    """Name a class of pixels or objects.

    Attributes
    ----------
    number : int
        Its label where pixels are annotated; above 0.
    name : str
        Its name.
    color : str
        Its colour, as "#rrggbb".
    """

    number: int
    name: str
    color: str


@dataclass(frozen=True)
class Annotation:
    """Say what labels mean that are drawn by hand.

    Attributes
    ----------
    semantic : bool
        Whether a label is a class; else each label is an object.
    sparse : bool
        Whether unlabelled pixels are unknown; else they are background.
    classes : tuple of AnnotationClass
        The classes, in the order in which they are listed.
    class_of : tuple of (int, int)
        For objects that have a class, their number and that of the class, sorted.
    locked : tuple of int
        Objects that no tool changes, sorted.
    seen : tuple of int
        Objects that were looked at, sorted.
    """

    semantic: bool = False
    sparse: bool = False
    classes: tuple[AnnotationClass, ...] = ()
    class_of: tuple[tuple[int, int], ...] = ()
    locked: tuple[int, ...] = ()
    seen: tuple[int, ...] = ()

    def named(self, name: str) -> Annotation:
        """Return the annotation with one more class of a name.

        Raises
        ------
        ValueError
            If the name is empty, or there is such a class already.
        """
        name = self._checked(name)
        number = max((known.number for known in self.classes), default=0) + 1
        color = CLASS_COLORS[(number - 1) % len(CLASS_COLORS)]
        return replace(self, classes=(*self.classes, AnnotationClass(number, name, color)))

    def renamed(self, number: int, name: str) -> Annotation:
        """Return the annotation with another name for a class; `ValueError` as for `named`."""
        name = self._checked(name)
        classes = tuple(
            replace(known, name=name) if known.number == number else known for known in self.classes
        )
        return replace(self, classes=classes)

    def _checked(self, name: str) -> str:
        name = name.strip()
        if not name:
            raise ValueError("a class needs a name")
        if any(known.name == name for known in self.classes):
            raise ValueError(f"there is a class named {name!r} already; choose another name")
        return name

    def class_number(self, label: int) -> int:
        """Return the number of the class of a label, 0 where it has none."""
        return label if self.semantic else dict(self.class_of).get(label, 0)

    def with_class(self, label: int, number: int) -> Annotation:
        """Return the annotation with another class for an object; 0 for none."""
        known = {**dict(self.class_of), label: number}
        return replace(self, class_of=tuple(sorted((a, b) for a, b in known.items() if b)))

    def with_lock(self, label: int, *, locked: bool) -> Annotation:
        """Return the annotation with an object locked, or not."""
        return replace(self, locked=_changed(self.locked, label, locked))

    def to_dict(self) -> dict[str, Any]:
        """Return the annotation as lists, texts and numbers, ready for JSON."""
        return {
            "semantic": self.semantic,
            "sparse": self.sparse,
            "classes": [
                {"number": one.number, "name": one.name, "color": one.color} for one in self.classes
            ],
            "class_of": [list(pair) for pair in self.class_of],
            "locked": list(self.locked),
            "seen": list(self.seen),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Annotation:
        """Return the annotation that `to_dict` described."""
        return cls(
            semantic=data["semantic"],
            sparse=data["sparse"],
            classes=tuple(
                AnnotationClass(one["number"], one["name"], one["color"]) for one in data["classes"]
            ),
            class_of=tuple((label, number) for label, number in data["class_of"]),
            locked=tuple(data["locked"]),
            seen=tuple(data["seen"]),
        )


def _changed(numbers: tuple[int, ...], number: int, is_in: bool) -> tuple[int, ...]:
    return tuple(sorted({*numbers, number} if is_in else {*numbers} - {number}))
