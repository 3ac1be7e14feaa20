"""A colormap for labels that thousands of objects share without making anybody wait."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from napari.utils.colormaps import DirectLabelColormap
from numpy.typing import NDArray

__all__ = ["colormap_of_labels"]

_LARGEST = 2**24
"""Numbers up to here are looked up in a table of their own, which takes a few MB at most."""
_MOST_COLOURS = 2**16 - 5
"""More do not fit into a texture of 16 bits beside those that napari adds."""
_STEPS = 255
_NONE = np.zeros(4, np.float32)


def colormap_of_labels(
    numbers: NDArray[Any], colours: NDArray[Any], rest: NDArray[Any]
) -> DirectLabelColormap:
    """Return a colormap that gives labels a colour each.

    Parameters
    ----------
    numbers : (N,) ndarray of int
        The labels; of one that occurs twice the last colour counts.
    colours : (N, 4) ndarray
        Their colours, 0 to 1.
    rest : (4,) ndarray
        The colour of all other labels but the background.

    Returns
    -------
    DirectLabelColormap
        The colormap; colours are as exact as a screen shows them.
    """
    known = numbers > 0
    numbers, colours = numbers[known].astype(np.int64), np.asarray(colours)[known]
    largest = int(numbers.max(initial=0))
    shown = np.vstack([rest, _NONE, colours]).astype(np.float32)
    packed = np.rint(shown * _STEPS).astype(np.uint8).view(np.uint32)[:, 0]
    own, places = np.unique(packed[2:], return_inverse=True)
    if largest > _LARGEST or len(own) > _MOST_COLOURS:
        entries: dict[int | None, Any] = dict(zip(numbers.tolist(), colours, strict=True))
        return DirectLabelColormap(color_dict={**entries, 0: _NONE, None: rest})
    # In the order in which napari counts colours: that of unknown labels is the first.
    values = np.concatenate([packed[:2], own]).view(np.uint8).reshape(-1, 4) / np.float32(_STEPS)
    lookup = np.zeros(largest + 2, np.uint16 if len(values) + 2 > _STEPS else np.uint8)
    lookup[0] = 1
    lookup[numbers] = places + 2
    colormap = _LookupColormap(color_dict={0: _NONE, None: rest, **dict(enumerate(values[2:3], 1))})
    colormap.take(values, lookup)
    return colormap


class _LookupColormap(DirectLabelColormap):
    """Look labels up in arrays, where napari goes through a dictionary label by label."""

    def take(self, values: NDArray[Any], lookup: NDArray[Any]) -> None:
        """Take the colours, and the place among them of each label and of all above."""
        # As napari keeps what it caches: these are no fields, which would be checked one by one.
        self.__dict__.update(_values=values, _lookup=lookup)

    def map(self, values: Any) -> NDArray[Any]:
        """Return the colours of labels."""
        labels = np.asarray(values)
        found = self._map_without_cache(labels)
        if self.use_selection:
            found[labels != self.selection] = 0
        return found

    # What napari asks for when it draws, in all versions from 0.6.2 to 0.9

    @cached_property
    def _num_unique_colors(self) -> int:
        return len(self._values)

    @cached_property
    def _label_mapping_and_color_dict(self) -> tuple[dict[Any, int], dict[int, Any]]:
        places = enumerate(self._lookup[:-1].tolist())
        return {None: 0, **dict(places)}, dict(enumerate(self._values))

    def _values_mapping_to_minimum_values_set(
        self, apply_selection: bool = True
    ) -> tuple[dict[Any, int], dict[int, Any]]:
        if self.use_selection and apply_selection:
            colour = self._map_without_cache(np.asarray(self.selection))
            return {self.selection: 1, None: 0}, {0: _NONE, 1: colour}
        return self._label_mapping_and_color_dict

    def _data_to_texture(self, values: Any) -> Any:
        if self.use_selection or values.dtype.itemsize <= 2:
            return super()._data_to_texture(values)
        return self._places(values)

    def _map_without_cache(self, values: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(self._values[self._places(values)])

    def _places(self, labels: Any) -> Any:
        unsigned = labels.view(f"u{labels.itemsize}")  # labels below 0 are unknown ones too
        last = min(len(self._lookup) - 1, np.iinfo(unsigned.dtype).max)
        return self._lookup[np.minimum(unsigned, last)]
