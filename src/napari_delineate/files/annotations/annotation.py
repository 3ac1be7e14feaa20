"""What a file of annotations holds, whichever its format, and what readers are told."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.annotation.meaning import CLASS_COLORS, Annotation, AnnotationClass
from napari_delineate.arrays import convert
from napari_delineate.types import Kind
from napari_delineate.values import Value

__all__ = [
    "AXES",
    "LARGEST_NUMBER",
    "LARGEST_SIZE",
    "AnnotatedLabels",
    "Colour",
    "Wanted",
    "check_shape",
    "check_size",
    "sides",
]

AXES = ("YX", "ZYX", "TYX", "TZYX")
"""The axes that annotations can have."""

Colour = tuple[int, int, int]
"""Red, green and blue, from 0 to 255."""

LARGEST_SIZE = 2**31
"""Pixels that an annotation may have: what a file only states can be any number."""

LARGEST_NUMBER = 2**53
"""The largest number of an object in files of text, in which numbers may be floats."""

_LONGEST = 1000


@dataclass(frozen=True)
class AnnotatedLabels:
    """Hold labels with their grid and what they mean: all that files of annotations hold.

    Attributes
    ----------
    labels : ndarray of int32 or int64
        Numbered objects, 0 for background.
    axes : str
        Letters of the axes, for instance "TZYX".
    spacing : tuple of float
        Voxel size along the axes in space.
    units : str
        Name of the unit of the spacing.
    classes : dict of int to str
        Class by the number of the object; objects may have none.
    colours : dict of str to (int, int, int)
        Red, green and blue of classes, from 0 to 255; classes may have none.
    names : dict of int to str
        Names of objects.
    semantic : bool
        Whether a number is that of a class; else each is an object.
    sparse : bool
        Whether unlabelled pixels are unknown; else they are background.
    """

    labels: NDArray[Any]
    axes: str
    spacing: tuple[float, ...]
    units: str = "pixel"
    classes: Mapping[int, str] = field(default_factory=dict)
    colours: Mapping[str, Colour] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)
    semantic: bool = False
    sparse: bool = False

    @classmethod
    def of(
        cls,
        labels: Any,
        axes: str | None = None,
        spacing: float | tuple[float, ...] = 1.0,
        units: str = "pixel",
        classes: Mapping[int, str] | None = None,
        colours: Mapping[str, Colour] | None = None,
        names: Mapping[int, str] | None = None,
        *,
        semantic: bool = False,
        sparse: bool = False,
    ) -> AnnotatedLabels:
        """Make an annotation and check it.

        Parameters
        ----------
        labels : ndarray of int
            Numbered objects, 0 for background.
        axes : str, optional
            Letters of its axes, one of `AXES`; by default (Y, X) or (Z, Y, X).
        spacing : float or tuple of float
            Voxel size along the axes in space.
        units : str
            Name of the unit of the spacing.
        classes, names : mapping of int to str, optional
            Class and name by the number of the object.
        colours : mapping of str to (int, int, int), optional
            Red, green and blue of classes.
        semantic, sparse : bool
            Whether numbers are those of classes, and unlabelled pixels unknown.

        Returns
        -------
        AnnotatedLabels
            The annotation.

        Raises
        ------
        TypeError, ValueError
            If the labels are not whole numbers from 0 up, the axes or the spacing do not fit
            them, or classes, colours or names are of another form.

        Examples
        --------
        >>> AnnotatedLabels.of(np.eye(2, dtype=int), spacing=0.5, classes={1: "nucleus"}).spacing
        (0.5, 0.5)
        """
        value = Value.of(np.asarray(labels), Kind.LABELS, axes, spacing, units)
        if value.axes not in AXES:
            raise ValueError(
                f"annotations have the axes {', '.join(AXES[:-1])} or {AXES[-1]}, got {value.axes}"
            )
        # Checked as one stack, whatever the axes are.
        stack = value.data.reshape(-1, *value.data.shape[-2:])
        data = convert(stack, Kind.LABELS, "labels").reshape(value.data.shape)
        return cls(
            data,
            value.axes,
            value.spacing,
            units,
            {_number(one): _word(text, "class") for one, text in (classes or {}).items()},
            {_word(one, "class"): _colour(its, one) for one, its in (colours or {}).items()},
            {_number(one): _word(text, "name") for one, text in (names or {}).items()},
            semantic,
            sparse,
        )

    @classmethod
    def described(cls, value: Value, meaning: Annotation) -> AnnotatedLabels:
        """Put labels and what they mean together, for a file.

        Parameters
        ----------
        value : Value
            The labels.
        meaning : Annotation
            What they mean. Which objects are locked or seen is no matter of files.

        Returns
        -------
        AnnotatedLabels
            Both.
        """
        names = {one.number: one.name for one in meaning.classes}
        classes = (
            names
            if meaning.semantic
            else {label: names[number] for label, number in meaning.class_of if number in names}
        )
        return cls.of(
            value.data,
            value.axes,
            value.spacing,
            value.units,
            classes,
            {one.name: _parsed(one.color) for one in meaning.classes},
            semantic=meaning.semantic,
            sparse=meaning.sparse,
        )

    @property
    def meaning(self) -> Annotation:
        """What the labels mean; classes without a colour get one."""
        if self.semantic:
            pairs = sorted(self.classes.items())
        else:
            names = dict.fromkeys([*self.colours, *self.classes.values()])
            pairs = list(enumerate(names, 1))
        classes = tuple(
            AnnotationClass(number, name, self._colour(number, name)) for number, name in pairs
        )
        numbers = {name: number for number, name in pairs}
        class_of = sorted((label, numbers[name]) for label, name in self.classes.items())
        return Annotation(
            self.semantic, self.sparse, classes, () if self.semantic else tuple(class_of)
        )

    def _colour(self, number: int, name: str) -> str:
        if name not in self.colours:
            return CLASS_COLORS[(number - 1) % len(CLASS_COLORS)]
        return "#{:02x}{:02x}{:02x}".format(*self.colours[name])

    @property
    def value(self) -> Value:
        """The labels as a value of workflows."""
        return Value.of(self.labels, Kind.LABELS, self.axes, self.spacing, self.units)


@dataclass(frozen=True)
class Wanted:
    """Say what is known about an annotation where its file does not state it.

    Attributes
    ----------
    shape : tuple of int, optional
        Shape of the image that it belongs to; a file that states another is refused.
    spacing : float or tuple of float
        Voxel size along the axes in space.
    axes : str, optional
        Letters of the axes.
    units : str
        Name of the unit of the spacing.
    image : str, optional
        Which one, in a file that has the annotations of several images.
    """

    shape: tuple[int, ...] | None = None
    spacing: float | tuple[float, ...] = 1.0
    axes: str | None = None
    units: str = "pixel"
    image: str | None = None


def check_size(shape: tuple[int, ...]) -> None:
    """Refuse a shape that no annotation has, before memory is taken for it."""
    if min(shape, default=0) < 1:
        raise ValueError(f"it states the shape {sides(shape)}; an image has at least one pixel")
    if math.prod(shape) > LARGEST_SIZE:
        raise ValueError(
            f"it is of an image of {sides(shape)} pixels; annotations are read up to "
            f"{LARGEST_SIZE:,} pixels; take a part of the image, or a smaller scale"
        )


def check_shape(shape: tuple[int, ...], wanted: Wanted) -> None:
    """Refuse an annotation that is not of the image that it is wanted for."""
    if wanted.shape is not None and tuple(shape) != tuple(wanted.shape):
        raise ValueError(
            f"it is of an image of the shape {sides(shape)}, the image has {sides(wanted.shape)}; "
            "open it beside the image that it belongs to"
        )


def sides(shape: tuple[int, ...]) -> str:
    """Return a shape in words, short however large it is stated to be."""
    return " x ".join(f"{side}" if abs(side) < 10**12 else "very many" for side in shape) or "none"


def _parsed(colour: str) -> Colour:
    """Return the parts of "#rrggbb"."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _number(number: Any) -> int:
    if isinstance(number, bool | np.bool_) or not isinstance(number, int | np.integer):
        raise TypeError(f"the number of an object must be a whole number, got {number!r}")
    if number < 1:
        raise ValueError(f"the number of an object must be at least 1, got {number}")
    return int(number)


def _word(text: Any, what: str) -> str:
    if not isinstance(text, str):
        raise TypeError(f"a {what} must be text, got {text!r}")
    if not text or len(text) > _LONGEST or not text.isprintable():
        raise ValueError(f"a {what} must be one line of 1 to {_LONGEST} letters, got {text[:40]!r}")
    return text


def _colour(colour: Any, name: str) -> Colour:
    parts = tuple(colour)
    if len(parts) != 3 or any(
        isinstance(part, bool) or int(part) != part or not 0 <= part <= 255 for part in parts
    ):
        raise ValueError(
            f"the colour of the class {name!r} must be three whole numbers from 0 to 255, got "
            f"{parts}"
        )
    return int(parts[0]), int(parts[1]), int(parts[2])
