"""Say which search led to the settings of a step, for people who read the workflow later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from napari_delineate.types import Voxels

__all__ = ["ALGORITHM", "Fit", "Found", "bare", "full"]

ALGORITHM = "algorithm"
"""Stands for the operation of a step where a setting could stand."""


@dataclass(frozen=True)
class Found:
    """Hold the value of a setting that a search found, and where it looked.

    Attributes
    ----------
    value : literal
        The value; the id of an operation for `ALGORITHM`.
    low, high : literal or None
        The bounds of a number; None for what has choices.
    choices : tuple
        The values of what is no number.
    """

    value: Any
    low: Any = None
    high: Any = None
    choices: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Fit:
    """Describe a search for the settings of a step that come closest to annotations.

    Attributes
    ----------
    metric, score : str
        Id of the operation that scored the results, and which of its scores counted.
    settings : mapping of str to literal
        Settings of the metric that differ from their defaults.
    annotation : str
        What was annotated: "dense", "sparse" or "scribbles".
    seed : int
        The seed of the search.
    trials, best : int
        How many settings were tried, and the number of the best of them.
    before, after : float or None
        The mean score of the images for fitting with the settings as they were, None where a
        step refused them, and with the best ones.
    fitted, held_out : tuple of str
        The names of the images that were searched with, and of those kept aside.
    held_out_before, held_out_after : float or None
        The mean scores of the images kept aside; None where there is none.
    found : mapping of str to Found
        What was found for the settings of this step, by their names.
    """

    metric: str
    score: str
    annotation: str
    seed: int
    trials: int
    best: int
    before: float | None
    after: float
    fitted: tuple[str, ...]
    held_out: tuple[str, ...] = ()
    held_out_before: float | None = None
    held_out_after: float | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    found: Mapping[str, Found] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "settings", MappingProxyType(dict(self.settings)))
        object.__setattr__(self, "found", MappingProxyType(dict(self.found)))

    def holds(self, operation: str, parameters: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the settings that are still as they were found.

        Parameters
        ----------
        operation : str
            Id of the operation of the step.
        parameters : mapping of str to literal
            Its settings.

        Returns
        -------
        tuple of str
            Their names.
        """
        present = {**parameters, ALGORITHM: operation}
        return tuple(
            name
            for name, one in self.found.items()
            if name in present and present[name] == one.value
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the fit as dictionaries, lists, texts and numbers."""
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            **{name: list(getattr(self, name)) for name in _NAMES},
            "settings": {name: bare(value) for name, value in self.settings.items()},
            "found": {
                name: {
                    "value": bare(one.value),
                    "low": bare(one.low),
                    "high": bare(one.high),
                    "choices": [bare(choice) for choice in one.choices],
                }
                for name, one in self.found.items()
            },
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Fit:
        """Return the fit that `to_dict` described."""
        found = {
            name: Found(
                full(one["value"]),
                full(one["low"]),
                full(one["high"]),
                tuple(full(choice) for choice in one["choices"]),
            )
            for name, one in data["found"].items()
        }
        given: dict[str, Any] = {name: data[name] for name in _PLAIN}
        given |= {name: tuple(data[name]) for name in _NAMES}
        settings = {name: full(value) for name, value in data["settings"].items()}
        return cls(**given, settings=settings, found=found)


_PLAIN = (
    "metric",
    "score",
    "annotation",
    "seed",
    "trials",
    "best",
    "before",
    "after",
    "held_out_before",
    "held_out_after",
)
_NAMES = ("fitted", "held_out")


def bare(value: Any) -> Any:
    """Return the value of a setting as JSON holds it."""
    return {"voxels": value.number} if isinstance(value, Voxels) else value


def full(value: Any) -> Any:
    """Return the value of a setting that `bare` gave."""
    return Voxels(value["voxels"]) if isinstance(value, dict) else value
