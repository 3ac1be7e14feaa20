"""Name the axes of values, and run operations along time, channels or slices.

Axes are letters as OME-TIFF writes them: Z, Y and X in space, T for time, C for channels,
S for the samples (colours) of one pixel, any other capital letter for what it may be.
Operations work on (Y, X) or (Z, Y, X); every other axis is looped.

In values that are not on a grid, the looped axes come first: looped points and vertices
start with one column of indices per looped axis, looped tables have such columns.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.arrays import stack_paths
from napari_delineate.declaration import Declaration
from napari_delineate.signatures import read_signature
from napari_delineate.types import Corrections, Kind, Surface

__all__ = [
    "AT",
    "PLACES",
    "axes_of_output",
    "check_axes",
    "looped_axes",
    "map_over",
    "spatial_axes",
]

SPATIAL = "ZYX"

PLACES = {"T": "frame", "C": "channel", "Z": "slice"}
"""What a place along an axis is called."""

AT = "at"
"""The entry of a table's `attrs` that says where along looped axes its rows were taken from."""

IN_SPACE = frozenset({Kind.POINTS, Kind.SHAPES, Kind.SURFACE})
"""Kinds of coordinates, whose depth is a length and no number of a slice."""


def spatial_axes(axes: str) -> str:
    """Return the axes in space, in their order.

    Parameters
    ----------
    axes : str
        Letters, for instance "TZYX".

    Returns
    -------
    str
        For instance "ZYX".
    """
    return "".join(letter for letter in axes if letter in SPATIAL)


def looped_axes(axes: str) -> str:
    """Return the axes that operations can not work on, so that they are looped.

    Parameters
    ----------
    axes : str
        Letters, for instance "TCYX".

    Returns
    -------
    str
        For instance "TC".
    """
    return "".join(letter for letter in axes if letter not in SPATIAL + "S")


def check_axes(axes: str, kind: Kind, name: str) -> str:
    """Return axes that are right for a kind of value.

    Parameters
    ----------
    axes : str
        Letters, one for each axis of the value.
    kind : Kind
        Kind of the value.
    name : str
        Name of the value, for messages.

    Returns
    -------
    str
        The axes.

    Raises
    ------
    ValueError
        If a letter occurs twice or is none; for values in space, if Y or X is missing, Z, Y
        and X are in another order, or S is missing (RGB) or there (else).
    """
    problem = ""
    in_space = kind not in (Kind.TABLE, Kind.SCORES, Kind.MODEL)
    if not axes and not in_space:
        return axes
    if not (axes.isascii() and axes.isalpha() and axes.isupper()):
        problem = "they are capital letters such as TZYX"
    elif len(set(axes)) < len(axes):
        problem = "each letter may occur once"
    elif in_space and spatial_axes(axes) not in ("YX", "ZYX"):
        problem = "they must contain Y and X, perhaps Z, in the order Z, Y, X"
    elif kind is Kind.RGB and not axes.endswith("S"):
        problem = "those of a colour image end with S"
    elif kind is not Kind.RGB and "S" in axes:
        problem = "only those of a colour image contain S"
    if problem:
        raise ValueError(f"{name} can not have the axes {axes!r}: {problem}")
    return axes


def axes_of_output(
    kind: Kind,
    input_axes: Sequence[str],
    over: str,
    declaration: Declaration | None = None,
    settings: Mapping[str, Any] | None = None,
) -> str:
    """Return the axes of what an operation returns.

    Parameters
    ----------
    kind : Kind
        Kind of the output.
    input_axes : sequence of str
        Axes of the operation's inputs, that first whose grid the results have.
    over : str
        Axes that were looped.
    declaration : Declaration, optional
        What the operation declares, where it may drop or pick from an axis.
    settings : mapping of str to Any, optional
        Its settings.

    Returns
    -------
    str
        For a grid, the axes of the input (without S unless it is RGB, and without those
        that the operation drops or picks from); for other kinds, the looped axes, and for
        places in space then those in space.

    Examples
    --------
    >>> axes_of_output(Kind.LABELS, ["TYX"], "T"), axes_of_output(Kind.TABLE, ["TYX"], "T")
    ('TYX', 'T')
    """
    if declaration is not None and declaration.picks:
        over = over.replace(declaration.picks, "")
        input_axes = [own.replace(declaration.picks, "") for own in input_axes]
    if kind in (Kind.TABLE, Kind.SCORES):
        return over
    if kind is Kind.SURFACE:
        return over + SPATIAL
    if declaration is not None and _drops(declaration, input_axes, over, settings or {}):
        input_axes = [own.replace("Z", "") for own in input_axes]
    space = "".join(letter for letter in spatial_axes(input_axes[0]) if letter not in over)
    if not kind.is_grid:
        return over + space
    axes = space + "S" * (kind is Kind.RGB)
    # As map_over puts the results together: the last axis looped comes first.
    for position in reversed(range(len(over))):
        left = ["".join(c for c in own if c not in over[:position]) for own in input_axes]
        place = _place(left, over[position])
        axes = axes[:place] + over[position] + axes[place:]
    return axes


def _drops(
    declaration: Declaration, input_axes: Sequence[str], over: str, settings: Mapping[str, Any]
) -> bool:
    """Tell whether results lack an axis in space; whichever it is, Y and X are left."""
    ndim = sum(letter not in over for letter in spatial_axes(input_axes[0]))
    return declaration.drops(ndim, settings) is not None


def map_over(
    function: Callable[..., Any],
    axis: str,
    /,
    *values: Any,
    axes: str | Sequence[str | tuple[str, ...] | None],
    progress: Callable[[int, int], None] | None = None,
    **settings: Any,
) -> Any:
    """Run an operation along one or several axes and put the results together.

    Parameters
    ----------
    function : callable
        An operation.
    axis : str
        The axes to loop over, for instance "T" or "TC"; the last varies fastest.
    *values : Any
        The inputs of the operation, in order; a list for one that takes any number.
    axes : str or sequence of str
        The axes of the values, for instance "TYX": one for all, or one per value (a tuple
        for a list of values). A value without a looped axis is used as it is every time.
    progress : callable, optional
        Is called with the number of runs done and of all runs.
    **settings
        The settings of the operation. Its spacing is that of the axes in space.

    Returns
    -------
    Any
        What the operation returns, with the looped axes where they were. Points and
        vertices get a first column with the index along the axis, tables a first column
        with its name; scores become a table. Operations such as `filters.pick_frame` work
        on one place along their axis, which the result lacks.

    Raises
    ------
    ValueError
        If no value has a looped axis, values have different lengths along it or none, or the
        axis that an operation picks from is not looped.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import map_over, segmentation
    >>> movie = np.zeros((3, 20, 20)); movie[:, 5:9, 5:9] = 1; movie[2, 14:18, 5:9] = 1
    >>> labels = map_over(segmentation.gauss_otsu_labeling, "T", movie, axes="TYX")
    >>> labels.shape, [int(frame.max()) for frame in labels]
    ((3, 20, 20), [1, 1, 2])
    """
    per_value: list[Any] = [axes] * len(values) if isinstance(axes, str) else list(axes)
    if len(per_value) != len(values):
        raise ValueError(f"axes must be given for all {len(values)} values, got {axes!r}")
    if len(set(axis)) < len(axis) or set(axis) & set("YXS"):
        raise ValueError(
            f"the axes to loop over must be other than Y, X and S, each once; got {axis!r}"
        )
    signature = read_signature(function)
    in_space = {one.kind for one in signature.inputs} | {one.kind for one in signature.outputs}
    if "Z" in axis and in_space & IN_SPACE:
        raise ValueError(
            f"{function.__name__} works on points, shapes or surfaces, whose depth is a length and "
            "no number of a slice; it can not be looped over Z"
        )
    kinds = [entry.kind for entry in signature.inputs[: len(values)]]
    declaration: Declaration = getattr(function, "__operation__", Declaration())
    if declaration.picks:
        letter = declaration.picks
        which = next(one for one in signature.settings if one.name == "index")
        index = which.check(settings.get("index", which.default))
        if letter not in axis:
            raise ValueError(
                f"{function.__name__} picks a place along {letter}, so that {letter} must be among "
                f"the axes to loop over; got {axis!r}"
            )
        length = _length(values, per_value, kinds, letter, function)
        if index >= length:
            raise ValueError(
                f"index must be from 0 to {length - 1}, the last place along {letter}; got {index}"
            )
        pairs = zip(values, kinds, per_value, strict=True)
        values = tuple(_take(value, kind, own, letter, index) for value, kind, own in pairs)
        per_value = [_without(own, letter) for own in per_value]
        axis = axis.replace(letter, "")
        settings["index"] = 0  # of the one place that is left
    # The results have the grid of an image, also where points or shapes come before it.
    order = sorted(range(len(values)), key=lambda place: not kinds[place].is_grid)

    def grids_first(parts: Sequence[Any]) -> list[Any]:
        return [parts[place] for place in order]

    all_axes = [its for _, its in _flat(grids_first(values), grids_first(per_value))]
    is_flat = bool(all_axes) and _drops(declaration, all_axes, axis, settings)
    total = int(np.prod([_length(values, per_value, kinds, letter, function) for letter in axis]))
    done = 0

    def loop(rest: str, values: Sequence[Any], per_value: Sequence[Any]) -> tuple[Any, ...]:
        nonlocal done
        if not rest:
            result = function(*values, **settings)
            done += 1
            if progress is not None:
                progress(done, total)
            return (result,) if len(signature.outputs) == 1 else tuple(result)
        letter, rest = rest[0], rest[1:]
        length = _length(values, per_value, kinds, letter, function)
        results = []
        for index in range(length):
            taken = [
                _take(value, kind, own, letter, index)
                for value, kind, own in zip(values, kinds, per_value, strict=True)
            ]
            results.append(loop(rest, taken, [_without(own, letter) for own in per_value]))
        left = [_without(own, "Z") if is_flat else own for own in grids_first(per_value)]
        place = _place(left, letter)
        return tuple(
            _put_together(list(parts), output.kind, letter, place, function)
            for parts, output in zip(zip(*results, strict=True), signature.outputs, strict=True)
        )

    outputs = loop(axis, values, per_value)
    if len(outputs) == 1:
        return outputs[0]
    hint = inspect.signature(inspect.unwrap(function)).return_annotation
    if isinstance(hint, str):
        hint = inspect.unwrap(function).__globals__[hint]
    return hint(*outputs)


def _without(own: Any, letter: str) -> Any:
    if isinstance(own, tuple):
        return tuple(_without(one, letter) for one in own)
    return own.replace(letter, "") if own else own


def _flat(values: Sequence[Any], per_value: Sequence[Any]) -> list[tuple[Any, str]]:
    """Pair every value, also those in lists, with its axes."""
    pairs: list[tuple[Any, str]] = []
    for value, own in zip(values, per_value, strict=True):
        if isinstance(own, tuple):
            pairs += [(one, its or "") for one, its in zip(value, own, strict=True)]
        elif isinstance(value, list):
            pairs += [(one, own or "") for one in value]
        elif value is not None:
            pairs.append((value, own or ""))
    return pairs


def _place(per_value: Sequence[Any], letter: str) -> int:
    """Return where the axis stands in the first value that has it."""
    for own in per_value:
        for one in own if isinstance(own, tuple) else (own,):
            if one and letter in one:
                return int(one.index(letter))
    raise ValueError(f"no value has the axis {letter}")


def _length(
    values: Sequence[Any],
    per_value: Sequence[Any],
    kinds: Sequence[Kind],
    letter: str,
    function: Callable[..., Any],
) -> int:
    """Return how long the values are along an axis."""
    lengths, rows = [], [1]
    for value, own, kind in zip(values, per_value, kinds, strict=True):
        for one, its in _flat([value], [own]):
            if letter in its and (kind.is_grid or kind is Kind.CORRECTIONS):
                shape = one.shape if isinstance(one, Corrections) else np.shape(one)
                if len(shape) != len(its):
                    raise ValueError(f"a value of the shape {shape} can not have the axes {its}")
                lengths.append(shape[its.index(letter)])
            elif letter in its:
                column = _indices(one, kind, its.index(letter), letter)
                rows.append(int(column.max(initial=-1)) + 1)
    if not lengths and len(rows) == 1:
        raise ValueError(f"no value given to {function.__name__} has the axis {letter}")
    if len(set(lengths)) > 1:
        raise ValueError(
            f"the values given to {function.__name__} have different lengths along {letter}: "
            + ", ".join(map(str, lengths))
        )
    if lengths and not lengths[0]:
        raise ValueError(f"the values given to {function.__name__} are empty along {letter}")
    # Rows know only how far they reach: the last images of a movie may hold none.
    return int(lengths[0]) if lengths else max(rows)


def _indices(value: Any, kind: Kind, column: int, letter: str) -> NDArray[np.int64]:
    """Return the index along a looped axis of every row of a value that is not a grid."""
    if kind is Kind.TABLE:
        return np.asarray(value[letter], np.int64)
    rows = np.asarray(value[0] if kind is Kind.SURFACE else value)
    # A shape lies where its first vertex does.
    rows = rows[:, 0] if kind is Kind.SHAPES else rows
    return np.asarray(np.rint(rows[:, column]), np.int64)


def _take(value: Any, kind: Kind, own: Any, letter: str, index: int) -> Any:
    """Return what a value holds at one index along an axis."""
    if isinstance(own, tuple):
        return [_take(one, kind, its, letter, index) for one, its in zip(value, own, strict=True)]
    if isinstance(value, list):
        return [_take(one, kind, own, letter, index) for one in value]
    if value is None or not own or letter not in own:
        return value
    place = own.index(letter)
    if kind is Kind.CORRECTIONS and isinstance(value, Corrections):
        return _take_corrections(value, place, index)
    if kind.is_grid or kind is Kind.CORRECTIONS:
        return np.take(value, index, place) if place else np.asarray(value)[index]
    rows = _indices(value, kind, place, letter) == index
    if kind is Kind.TABLE:
        taken = value[rows].drop(columns=letter).reset_index(drop=True)
        taken.attrs = {**value.attrs, AT: {**value.attrs.get(AT, {}), letter: index}}
        return taken
    if kind is Kind.SURFACE:
        vertices, faces, values = value
        new = np.cumsum(rows) - 1
        inside = rows[faces].all(axis=1)
        return Surface(np.delete(vertices[rows], place, 1), new[faces[inside]], values[rows])
    return np.delete(np.asarray(value)[rows], place, -1)


def _take_corrections(value: Corrections, place: int, index: int) -> Corrections:
    shape = value.shape[:place] + value.shape[place + 1 :]

    def inside(pixels: NDArray[Any]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        coordinates = list(np.unravel_index(pixels, value.shape))
        here = coordinates.pop(place) == index
        kept = tuple(axis[here] for axis in coordinates)
        return here, np.asarray(np.ravel_multi_index(kept, shape), np.int64)

    changed, pixels = inside(value.pixels)
    touched, touched_pixels = inside(value.touched_pixels)
    return Corrections(
        shape, pixels, value.labels[changed], touched_pixels, value.touched_labels[touched]
    )


def _put_together(
    parts: list[Any], kind: Kind, letter: str, place: int, function: Callable[..., Any]
) -> Any:
    """Join the results along an axis; scores of a loop have become tables."""
    if kind.is_grid:
        return np.stack(parts, axis=place)
    if kind is Kind.TABLE or kind is Kind.SCORES:
        return _join_tables(parts, letter, function.__name__)
    if kind is Kind.SURFACE:
        starts = np.cumsum([0, *(len(part.vertices) for part in parts[:-1])])
        return Surface(
            _join_rows([part.vertices for part in parts]),
            np.concatenate([part.faces + n for part, n in zip(parts, starts, strict=True)]),
            np.concatenate([part.values for part in parts]),
        )
    if kind is Kind.SHAPES:
        ndim = parts[0].shape[-1]
        counts = np.cumsum([len(part) for part in parts])[:-1]
        every = stack_paths([path for part in parts for path in part], ndim)
        return _join_rows(np.split(every, counts))
    return _join_rows(parts)


def _join_rows(parts: list[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate([np.insert(part, 0, index, axis=-1) for index, part in enumerate(parts)])


def _one_row(scores: Any, name: str) -> Any:
    """Return scores as a table; one that has no name gets that of the operation."""
    import pandas as pd

    return pd.DataFrame([scores if isinstance(scores, Mapping) else {name: scores}])


def _join_tables(parts: list[Any], letter: str, name: str) -> Any:
    import pandas as pd

    tables = [part if hasattr(part, "columns") else _one_row(part, name) for part in parts]
    units = tables[0].attrs.get("units")
    for index, table in enumerate(tables):
        table.insert(0, letter, index)
    joined = pd.concat(tables, ignore_index=True)
    joined.attrs = {} if units is None else {"units": {letter: "", **units}}
    return joined
