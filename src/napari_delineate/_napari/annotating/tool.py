"""Say what a tool is: what it reacts to, what it is called, and which settings it has."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_delineate._napari.annotating.hand import Hand
from napari_delineate._napari.annotating.overlay import Overlay
from napari_delineate._napari.annotating.scene import Scene
from napari_delineate.annotation.edits import Edit
from napari_delineate.catalogue import documentation_of
from napari_delineate.signatures import Setting, settings_of

__all__ = ["ClickTool", "LineTool", "Place", "Tool", "check_slice", "labels_along"]


@dataclass(frozen=True)
class Place:
    """Say where the pointer is.

    Attributes
    ----------
    scene : Scene
        What is edited.
    at : (D,) ndarray of float
        The place in pixels of the scene's labels.
    label : int
        The label there; 0 for background and outside.
    shift, control : bool
        Whether these keys are held.
    direction : (D,) ndarray of float or None
        Where one looks to in pixels of the scene, in the 3D view only.
    """

    scene: Scene
    at: NDArray[np.float64]
    label: int
    shift: bool = False
    control: bool = False
    direction: NDArray[np.float64] | None = None


class Tool:
    """React to the pointer, and edit labels by it; one object for each time it is taken up.

    Attributes
    ----------
    name : str
        Tells it from other tools; its icon is called "tool-" and this.
    title : str
        Its name for people.
    key : str
        The key that takes it up.
    hint : str
        What to do with it, in one or two sentences.
    group : str
        Title of the group of tools that it stands in.
    settings_from : tuple of (callable, tuple of str)
        Functions or classes, and those of their parameters that a person chooses: their types,
        ranges, defaults and texts are read there.
    looks_at_image : bool
        Whether it needs an image.
    needs_depth : bool
        Whether it needs a stack or a movie.
    goes_beyond_objects : bool
        Whether it is also used beside objects in the 3D view, where depth is not seen.
    is_for_scales : bool
        Whether it is for labels at several scales only; napari has one for others.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    key: ClassVar[str]
    hint: ClassVar[str]
    group: ClassVar[str] = "Objects"
    settings_from: ClassVar[tuple[tuple[Callable[..., Any], tuple[str, ...]], ...]] = ()
    looks_at_image: ClassVar[bool] = False
    needs_depth: ClassVar[bool] = False
    goes_beyond_objects: ClassVar[bool] = False
    is_for_scales: ClassVar[bool] = False

    def __init__(
        self,
        hand: Hand,
        overlay: Overlay,
        values: Callable[[], dict[str, Any]],
        choose: Callable[[str, Any], None],
    ) -> None:
        self.hand = hand
        self.overlay = overlay
        self._values = values
        self.choose = choose
        """Give a setting another value, as a person does in its field."""

    @classmethod
    def id(cls) -> str:
        """Return what its settings are remembered by; no operation is called so."""
        return f"tool {cls.name}"

    @classmethod
    def settings(cls) -> tuple[Setting, ...]:
        """Return the settings that a person chooses."""
        return tuple(
            setting
            for source, names in cls.settings_from
            for setting in settings_of(_function_of(source), names)
        )

    @classmethod
    def help_of(cls, setting: str) -> str:
        """Return what is said about a setting."""
        source = next(source for source, names in cls.settings_from if setting in names)
        return documentation_of(source).parameters[setting]

    @property
    def values(self) -> dict[str, Any]:
        """The settings as they are now."""
        return self._values()

    @property
    def guards(self) -> dict[str, Any]:
        """What edits leave alone: locked objects."""
        return {"locked": self.hand.locked}

    @property
    def protection(self) -> dict[str, Any]:
        """What edits that add pixels leave alone: locked objects, and others where wanted."""
        return {**self.guards, "preserve": self.hand.preserve}

    # What happens

    def press(self, place: Place) -> None:
        """React to the button going down."""

    def drag(self, place: Place) -> None:
        """React to the pointer moving with the button down."""

    def release(self, place: Place) -> None:
        """React to the button going up."""

    def hover(self, place: Place) -> None:
        """React to the pointer moving with no button down."""

    def accept(self) -> None:
        """React to Enter or a double click: finish what is under way."""

    def cancel(self) -> bool:
        """Take back what is not finished, as for Escape; false where there is nothing."""
        self.overlay.clear()
        return False

    def change(self) -> None:
        """React to another setting."""

    def close(self) -> None:
        """Leave nothing behind when the tool is put down."""
        self.cancel()


class ClickTool(Tool, ABC):
    """Do something with the object that is clicked."""

    verb: ClassVar[str]

    def press(self, place: Place) -> None:
        if not place.label:
            raise ValueError("there is no object at this place; click on one")
        edit = self.edit_of(place)
        if not self.hand.edit(place.scene, edit, f"{self.verb} object {place.label}"):
            self.hand.said.emit(f"Object {place.label} stays as it is.", False)

    def box_of(self, place: Place) -> tuple[slice, ...]:
        """Return a box that holds the object at a place."""
        return self.hand.box(place.scene, [place.label])

    @abstractmethod
    def edit_of(self, place: Place) -> Edit | list[Edit]:
        """Return the edit of the object at a place, or several that are one."""


class LineTool(Tool, ABC):
    """Do something with what a line is drawn across."""

    goes_beyond_objects: ClassVar[bool] = True

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._line: list[NDArray[np.float64]] = []
        self._scene: Scene | None = None

    def press(self, place: Place) -> None:
        self._scene, self._line = place.scene, [place.at]

    def drag(self, place: Place) -> None:
        if self._scene is not None and len(place.at) == len(self._line[0]):
            self._line.append(place.at)
            self.overlay.lines(place.scene, [np.array(self._line)])

    def release(self, _: Place) -> None:
        scene, line = self._finish()
        if scene is not None and len(line):
            self.draw(scene, line)

    def cancel(self) -> bool:
        return self._finish()[0] is not None

    def _finish(self) -> tuple[Scene | None, NDArray[np.float64]]:
        scene, line = self._scene, np.array(self._line)
        self._scene, self._line = None, []
        self.overlay.clear()
        return scene, line

    @abstractmethod
    def draw(self, scene: Scene, line: NDArray[np.float64]) -> None:
        """Act on a finished line of (N, D) points."""


def _function_of(source: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function, or that which makes the objects of a class."""
    return vars(source)["__init__"] if isinstance(source, type) else source


def check_slice(begun: Scene, now: Scene, what: str) -> None:
    """Refuse to go on in another slice than that in which something was begun.

    Parameters
    ----------
    begun : Scene
        Where it was begun.
    now : Scene
        Where the pointer is.
    what : str
        What is there, such as "the seeds lie".

    Raises
    ------
    ValueError
        If it was begun elsewhere.
    """
    if begun.view != now.view:
        raise ValueError(
            f"{what} in another slice; press Enter to finish there, or Esc to begin anew"
        )


def labels_along(scene: Scene, line: Sequence[NDArray[np.float64]]) -> list[int]:
    """Return the objects that a line runs through, in order, each once."""
    found: dict[int, None] = {}
    points = np.asarray(line, float)
    for first, last in itertools.pairwise(points):
        count = int(np.ceil(np.abs(last - first).max() * 2)) + 1
        for share in np.linspace(0, 1, count):
            label = scene.label_at(first + share * (last - first))
            if label:
                found[label] = None
    if len(points) == 1 and scene.label_at(points[0]):
        found[scene.label_at(points[0])] = None
    return list(found)
