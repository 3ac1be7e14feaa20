"""Say how a score is read: which way is better, what values it has, what its unit is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from napari_delineate.types import Quantity, Range

__all__ = ["AGREEMENT", "COUNT", "DISTANCE", "NUMBER", "SHARE", "Scoring"]


@dataclass(frozen=True)
class Scoring:
    """Describe a score.

    Attributes
    ----------
    better : {"higher", "lower", "nearer to 0", ""}
        Which of two values is better; empty where a value alone says nothing.
    range : Range
        The values that it has. What a distance can not be given for is infinite.
    quantity : Quantity or None
        Whether its unit is that of a length or of a size (area, volume).
    """

    better: Literal["higher", "lower", "nearer to 0", ""]
    range: Range
    quantity: Quantity | None = None

    def __str__(self) -> str:
        words = f"{self.better} is better" if self.better else "for information"
        unit = {
            None: "",
            Quantity.LENGTH: ", in the unit of the spacing",
            Quantity.SIZE: ", an area or a volume in the unit of the spacing",
        }[self.quantity]
        return f"{self.range}; {words}{unit}"


SHARE = Scoring("higher", Range(0, 1))
"""A share of what is perfect."""
AGREEMENT = Scoring("higher", Range(-1, 1))
"""1 is perfect, 0 is chance."""
DISTANCE = Scoring("lower", Range(0), Quantity.LENGTH)
"""A distance between what should be at one place."""
COUNT = Scoring("lower", Range(0))
"""A number of mistakes."""
NUMBER = Scoring("", Range(0, math.inf))
"""A number that is neither good nor bad."""
