"""What became of an object when two segmentations are compared, as numbers, words and colours."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["COLOURS", "TITLES", "AgreementClass"]


class AgreementClass(IntEnum):
    """Number what became of an object."""

    FOUND = 1
    SPURIOUS = 2
    MISSED = 3
    SPLIT = 4
    MERGED = 5


TITLES = {
    AgreementClass.FOUND: "Found (TP)",
    AgreementClass.SPURIOUS: "Spurious (FP)",
    AgreementClass.MISSED: "Missed (FN)",
    AgreementClass.SPLIT: "Split",
    AgreementClass.MERGED: "Merged",
}

# The palette of Okabe and Ito, which people who see few colours tell apart too.
COLOURS = {
    AgreementClass.FOUND: "#009e73",
    AgreementClass.SPURIOUS: "#d55e00",
    AgreementClass.MISSED: "#cc79a7",
    AgreementClass.SPLIT: "#56b4e9",
    AgreementClass.MERGED: "#f0e442",
}
