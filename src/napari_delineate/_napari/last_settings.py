"""Remember the settings that operations and tools were used with last, also after a restart."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from napari.utils.notifications import show_warning
from qtpy.compat import isalive
from qtpy.QtCore import QObject, QTimer

from napari_delineate.files.saving import atomic_path
from napari_delineate.signatures import Setting
from napari_delineate.types import Quantity, Voxels

__all__ = ["LastSettings", "Measure", "settings_file"]

_PAUSE = 1000
"""Milliseconds without a further change after which settings are written."""


def settings_file() -> Path:
    """Return the file in which this user's settings are kept; it may not exist yet."""
    from platformdirs import user_config_path

    return user_config_path("napari-delineate", appauthor=False) / "last_settings.json"


class Measure(NamedTuple):
    """Say what lengths that are not given in voxels mean on an image.

    Attributes
    ----------
    units : str
        The unit of lengths.
    dimensions : int
        The number of axes in space: the power of the unit of sizes.
    """

    units: str
    dimensions: int


class LastSettings(QObject):
    """Keep for each operation and tool what it was used with last, in one file for all sessions.

    A file that can not be read is told once and counts as empty; what is kept next replaces it.

    Parameters
    ----------
    parent : QObject
        What it belongs to.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._unwritten: dict[str, dict[str, Any]] = {}
        self._told: set[str] = set()
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE)
        self._pause.timeout.connect(self.save)

    def recall(
        self, name: str, settings: Sequence[Setting], measure: Measure | None
    ) -> dict[str, Any]:
        """Return the settings that an operation or a tool was used with last.

        Parameters
        ----------
        name : str
            The id of the operation, or that of the tool.
        settings : sequence of Setting
            Its settings.
        measure : Measure or None
            What lengths mean on the image that it is to be used on; None if that is not known.

        Returns
        -------
        dict of str to literal
            The values that are still allowed. Lengths in other units than those of the image
            are left out: the same number would be another length.
        """
        kept = self._unwritten.get(name) or self._read().get(name, {})
        recalled = {}
        for setting in settings:
            if setting.name in kept:
                try:
                    recalled[setting.name] = _decode(setting, kept[setting.name], measure)
                except (TypeError, ValueError):
                    continue  # another version allowed it: the default stands
        return recalled

    def remember(
        self,
        name: str,
        settings: Sequence[Setting],
        values: Mapping[str, Any],
        measure: Measure | None,
    ) -> None:
        """Keep what an operation or a tool is used with, on disk in a moment.

        Parameters
        ----------
        name : str
            The id of the operation, or that of the tool.
        settings : sequence of Setting
            Its settings.
        values : mapping of str to literal
            A value for every setting.
        measure : Measure or None
            What lengths mean on the image that it is used on; None if that is not known.
        """
        self._unwritten[name] = {
            setting.name: _encode(setting, values[setting.name], measure) for setting in settings
        }
        self._pause.start()

    def close(self) -> None:
        """Write what is not on disk yet, at the end of the session."""
        if isalive(self._pause):  # where Python ends, Qt may have ended before
            self._pause.stop()
        self.save()
        self._unwritten.clear()  # what can not be written now is not tried again later

    def save(self) -> None:
        """Write what is not on disk yet."""
        if not self._unwritten:
            return
        # Another session may have written meanwhile.
        kept = {**self._read(), **self._unwritten}
        try:
            with atomic_path(settings_file()) as draft:
                draft.write_text(json.dumps(kept, indent=1), encoding="utf-8")
        except OSError as error:
            self._tell(f"The settings used last can not be kept: {error}")
            return
        self._unwritten.clear()

    def _read(self) -> dict[str, dict[str, Any]]:
        """Return the content of the file, nothing where it is missing or damaged."""
        file = settings_file()
        try:
            kept = json.loads(file.read_text(encoding="utf-8"))
            entries = kept.values() if isinstance(kept, dict) else [None]
            if not all(isinstance(entry, dict) for entry in entries):
                raise ValueError("it holds no settings of operations")
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            self._tell(
                f"The settings used last can not be read from {file}: {error}. Forms show "
                "defaults until something is run, which writes the file anew."
            )
            return {}
        return kept

    def _tell(self, text: str) -> None:
        """Say something once: forms open often."""
        if text not in self._told:
            self._told.add(text)
            show_warning(text)


def _encode(setting: Setting, value: Any, measure: Measure | None) -> Any:
    """Return a value as JSON; a length tells what it is measured in."""
    if isinstance(value, Voxels):
        return {"voxels": value.number}
    if value is None or setting.quantity is None:
        return value
    return {"number": value, "unit": _unit(setting, measure)}


def _decode(setting: Setting, kept: Any, measure: Measure | None) -> Any:
    """Return a value that `_encode` gave; `TypeError` or `ValueError` if it is not allowed."""
    if setting.quantity is None or kept is None:
        return setting.check(kept)
    if not isinstance(kept, dict):
        raise TypeError(f"{setting.name} says not what it is measured in")
    if "voxels" in kept:
        return setting.check(Voxels(kept["voxels"]))
    if measure is None or kept.get("unit") != _unit(setting, measure):
        raise ValueError(f"{setting.name} is measured in another unit")
    return setting.check(kept.get("number"))


def _unit(setting: Setting, measure: Measure | None) -> list[Any] | None:
    """Return the unit of a setting and its power, None where nobody knows it."""
    if measure is None:
        return None
    return [measure.units, measure.dimensions if setting.quantity is Quantity.SIZE else 1]
