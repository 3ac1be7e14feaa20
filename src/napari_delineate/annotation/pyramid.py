"""Edit labels at several scales: the full size changes, and smaller scales follow."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from napari_delineate.annotation.edits import Change, put, slabs

__all__ = ["Pyramid"]

_PROBES = 12
"""So many places of the smallest scale tell how it was made."""

_LOOKED_AT = 2**22
"""Pixels of the smallest scale that are searched for such places, at most."""

_Rule: TypeAlias = tuple[NDArray[np.int64], ...]
"""Per axis, the pixel at full size that each pixel of a smaller scale shows."""


class Pyramid:
    """Labels at several scales, of which smaller ones follow when the full size changes.

    Means of labels would be other objects. So each pixel of a smaller scale shows the label of
    one pixel at full size: every second, fourth and so on. Which one it is, the first of each
    two or the last, is found out from labels that are there; the first where nothing tells.

    A scale may have been made in another way, for instance by what most pixels say. What it
    held where something changed is remembered then, and is there again when the change is
    undone.

    Parameters
    ----------
    levels : sequence of array-like of int
        The scales, the full size first, each smaller than the one before.

    Raises
    ------
    ValueError
        If these are no scales of the same labels.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate.annotation.edits import Edit, change_of
    >>> labels = np.zeros((4, 6), int)
    >>> pyramid = Pyramid([labels, labels[::2, ::2].copy()])
    >>> pyramid.write(change_of(labels, Edit((slice(1, 3), slice(1, 5)), np.full((2, 4), 7))))
    >>> pyramid.levels[1]
    array([[0, 0, 0],
           [0, 7, 7]])
    """

    def __init__(self, levels: Sequence[Any]) -> None:
        shapes = [tuple(map(int, level.shape)) for level in levels]
        for larger, smaller in itertools.pairwise(shapes):
            if len(smaller) != len(larger) or not all(
                0 < after <= before for after, before in zip(smaller, larger, strict=True)
            ):
                raise ValueError(
                    f"labels of the shapes {larger} and {smaller} are no scales of each other"
                )
        self.levels = tuple(levels)
        self._rules = _rules_of(self.levels)
        # Per smaller scale: position -> the label at full size, and what is shown for it.
        self._others: list[dict[int, tuple[int, int]]] = [{} for _ in self._rules]

    def write(self, change: Change) -> None:
        """Make a change at full size, and in smaller scales where they show what changed.

        Parameters
        ----------
        change : Change
            The change; the labels at full size hold `change.before` at its positions.
        """
        full = self.levels[0]
        places = np.unravel_index(change.positions, tuple(full.shape))
        put(full, change.positions, change.after)
        for level, rule, others in zip(self.levels[1:], self._rules, self._others, strict=True):
            found = [
                np.minimum(np.searchsorted(sampled, place), len(sampled) - 1)
                for sampled, place in zip(rule, places, strict=True)
            ]
            is_shown = np.ones(len(change.positions), bool)
            for sampled, at, place in zip(rule, found, places, strict=True):
                is_shown &= sampled[at] == place
            if not is_shown.any():
                continue
            where = tuple(at[is_shown] for at in found)
            positions = np.ravel_multi_index(where, tuple(level.shape)).astype(np.int64, copy=False)
            before, after = change.before[is_shown], change.after[is_shown].copy()
            _note(others, positions, before, np.asarray(level[where]))
            _show_others(others, positions, after)
            order = np.argsort(positions, kind="stable")
            put(level, positions[order], after[order])

    def with_labels(self, labels: Any) -> Pyramid:
        """Return a pyramid of other labels, with smaller scales in memory made by the same rules.

        Parameters
        ----------
        labels : array-like of int
            Labels of the same shape; they are the full size of the new pyramid themselves.

        Returns
        -------
        Pyramid
            The new one. Where labels are the same, its smaller scales are the same, too.
        """
        new = object.__new__(Pyramid)
        new._rules, new._others = self._rules, self._others
        levels: list[Any] = [labels]
        for level, rule, others in zip(self.levels[1:], self._rules, self._others, strict=True):
            made, before = _sampled(labels, rule), _sampled(self.levels[0], rule)
            held = np.asarray(level)
            is_changed = made != before
            positions = np.flatnonzero(is_changed)
            values = made[is_changed]
            _note(others, positions, before[is_changed], held[is_changed])
            _show_others(others, positions, values)
            made = np.where(is_changed, made, held).astype(made.dtype)
            made.reshape(-1)[positions] = values
            levels.append(made)
        new.levels = tuple(levels)
        return new


def _note(
    others: dict[int, tuple[int, int]],
    positions: NDArray[np.int64],
    labels: NDArray[Any],
    shown: NDArray[Any],
) -> None:
    """Remember what a scale shows that is not the label at full size."""
    for rank in np.flatnonzero(labels != shown).tolist():
        others[int(positions[rank])] = int(labels[rank]), int(shown[rank])


def _show_others(
    others: dict[int, tuple[int, int]], positions: NDArray[np.int64], values: NDArray[Any]
) -> None:
    """Put what a scale shows that was made in another way in the place of labels."""
    if not others:
        return
    known = np.fromiter(others, np.int64, len(others))
    for rank in np.flatnonzero(np.isin(positions, known)).tolist():
        label, shown = others[int(positions[rank])]
        if int(values[rank]) == label:
            values[rank] = shown


def _sampled(labels: Any, rule: _Rule) -> NDArray[Any]:
    """Return labels at the pixels of a rule; parts of them are read one after the other."""
    first, *others = rule
    result = np.empty(tuple(len(sampled) for sampled in rule), np.dtype(labels.dtype))
    for slab in slabs(tuple(slice(0, int(size)) for size in labels.shape), labels):
        start, stop = np.searchsorted(first, (slab[0].start, slab[0].stop)).tolist()
        if start < stop:
            part = np.asarray(labels[slab])
            result[start:stop] = part[np.ix_(first[start:stop] - slab[0].start, *others)]
    return result


# How scales were made


def _rules_of(levels: Sequence[Any]) -> list[_Rule]:
    probes = _probes_of(levels)
    shape = tuple(map(int, levels[0].shape))
    above: _Rule = tuple(np.arange(size) for size in shape)
    rules = []
    for level in levels[1:]:
        candidates = list(_candidates(shape, above, tuple(map(int, level.shape))))
        differing = np.zeros(len(candidates))
        for corner, part in probes if len(candidates) > 1 else ():
            differing += [_differing(level, rule, corner, part) for rule in candidates]
        above = candidates[int(np.argmin(differing))]  # of equally good ones the first
        rules.append(above)
    return rules


def _candidates(shape: tuple[int, ...], above: _Rule, small: tuple[int, ...]) -> Iterator[_Rule]:
    """Yield the ways in which a scale may have been made, the likeliest first.

    It may have been made of the scale above it, of which it shows every n-th pixel, or of the
    full size.
    """
    sizes = tuple(map(len, above))
    known = []
    for start in range(4):
        for is_more in (True, False):
            local = [
                _every(size, count, start, is_more=is_more)
                for size, count in zip(sizes, small, strict=True)
            ]
            direct = [
                _every(size, count, start, is_more=is_more)
                for size, count in zip(shape, small, strict=True)
            ]
            composed = [one[sampled] for one, sampled in zip(above, local, strict=True)]
            known += [tuple(composed), tuple(direct)]
    known.append(
        tuple(
            ((np.arange(count) + 0.5) * size / count).astype(np.int64)
            for size, count in zip(shape, small, strict=True)
        )
    )
    seen = set()
    for rule in known:
        key = tuple(sampled.tobytes() for sampled in rule)
        if key not in seen:
            seen.add(key)
            yield rule


def _every(size: int, count: int, start: int, *, is_more: bool) -> NDArray[np.int64]:
    """Return every n-th of some pixels, beginning with the first, one in the middle or the last.

    Where `size / count` is no whole number, n is the next one above or below.
    """
    step = -(-size // count) if is_more else size // count
    if step * (count - 1) >= size:
        step = size // count
    begin = (0, step // 2, (step - 1) // 2, step - 1)[start]
    begin = min(begin, size - 1 - step * (count - 1))
    return np.asarray(begin + step * np.arange(count), np.int64)


def _probes_of(levels: Sequence[Any]) -> list[tuple[tuple[int, ...], NDArray[Any]]]:
    """Return parts of the full size with borders of objects, and their first corners."""
    if len(levels) < 2:
        return []
    full, last = levels[0], levels[-1]
    sides: list[int] = []
    room = _LOOKED_AT
    for size in reversed(last.shape):
        sides.insert(0, min(int(size), max(room, 1)))
        room //= sides[0]
    held = np.asarray(last[tuple(slice(0, side) for side in sides)])
    is_border = np.zeros(held.shape, bool)
    for axis in range(held.ndim):
        if held.shape[axis] > 1:
            before = tuple(slice(0, -1) if one == axis else slice(None) for one in range(held.ndim))
            behind = tuple(
                slice(1, None) if one == axis else slice(None) for one in range(held.ndim)
            )
            is_border[before] |= held[before] != held[behind]
    borders = np.flatnonzero(is_border)
    picked = borders[np.linspace(0, len(borders) - 1, min(_PROBES, len(borders))).astype(int)]
    probes = []
    for place in np.transpose(np.unravel_index(picked, held.shape)).tolist():
        box = []
        for at, small, size in zip(place, last.shape, full.shape, strict=True):
            step = size / small
            # The pixel, that behind it, and a pixel to spare on each side.
            box.append(slice(max(int((at - 1) * step), 0), min(int((at + 3) * step) + 1, size)))
        probes.append((tuple(side.start for side in box), np.asarray(full[tuple(box)])))
    return probes


def _differing(level: Any, rule: _Rule, corner: tuple[int, ...], part: NDArray[Any]) -> float:
    """Return the share of the pixels in a part of the full size that are not as a rule says."""
    inner, places = [], []
    for sampled, start, size in zip(rule, corner, part.shape, strict=True):
        first, last = np.searchsorted(sampled, (start, start + size)).tolist()
        inner.append(slice(first, last))
        places.append(sampled[first:last] - start)
    held = np.asarray(level[tuple(inner)])
    return float(np.mean(held != part[np.ix_(*places)])) if held.size else 1.0
