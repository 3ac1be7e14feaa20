"""Turn napari's layers into values, and values into layers in their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pint
from napari.layers import Image, Labels, Layer, Points, Shapes, Surface
from numpy.typing import NDArray

from napari_delineate._napari.drawings import paths_of, show_paths, to_draw
from napari_delineate._napari.scales import level_0, set_labels
from napari_delineate._napari.strokes import show_change
from napari_delineate.annotation.edits import Change
from napari_delineate.axes import looped_axes, spatial_axes
from napari_delineate.types import Kind
from napari_delineate.types import Surface as Mesh
from napari_delineate.values import Value

__all__ = [
    "LayerError",
    "Place",
    "axes_of",
    "is_editable",
    "is_upright",
    "kind_of",
    "lay_at",
    "level_0",
    "likely_axes",
    "make_layer",
    "place_of",
    "plain_place",
    "put_into",
    "remember_axes",
    "share_axes",
    "source_of",
    "to_value",
    "unit_of_surface",
    "unusable",
]

_NAMES_OF_AXES = {
    "t": "T",
    "time": "T",
    "frame": "T",
    "c": "C",
    "ch": "C",
    "channel": "C",
    "channels": "C",
    "z": "Z",
    "depth": "Z",
    "plane": "Z",
    "slice": "Z",
    "y": "Y",
    "x": "X",
}

_ACCENT = "#ff5a36"

_FEW = 0.02
"""Share of pixels that change below which they are written one by one."""

_LIKELY_AXES = {
    2: ("YX",),
    3: ("ZYX", "TYX", "CYX"),
    4: ("TZYX", "CZYX", "ZCYX", "TCYX", "CTYX"),
    5: ("TZCYX", "TCZYX", "CTZYX"),
}


class LayerError(ValueError):
    """Say why a layer can not be used, and what to do."""


@dataclass(frozen=True)
class Place:
    """Say where a layer lies: what a result inherits from its input.

    Attributes
    ----------
    axes : str
        Letters of the axes.
    scale, translate : tuple of float
        Of the layer, one per axis.
    axis_labels, units : tuple of str
        Of the layer, one per axis.
    """

    axes: str
    scale: tuple[float, ...]
    translate: tuple[float, ...]
    axis_labels: tuple[str, ...]
    units: tuple[str, ...]


def kind_of(layer: Layer) -> Kind | None:
    """Return the kind of value that a layer holds, None if it is none of ours."""
    if isinstance(layer, Labels):
        return Kind.MASK if level_0(layer).dtype == bool else Kind.LABELS
    if isinstance(layer, Image):
        return Kind.RGB if layer.rgb else Kind.IMAGE
    kinds = {Points: Kind.POINTS, Shapes: Kind.SHAPES, Surface: Kind.SURFACE}
    return next((kind for type_, kind in kinds.items() if isinstance(layer, type_)), None)


def is_editable(layer: Layer) -> bool:
    """Tell whether a person can edit the data of a layer by hand."""
    return isinstance(layer, Labels | Points | Shapes)


def axes_of(layer: Layer) -> str | None:
    """Return the letters of a layer's axes, None where its axis labels do not say."""
    return axes_from_labels(layer.axis_labels, layer.ndim)


def axes_from_labels(labels: Sequence[str], ndim: int) -> str | None:
    """Return the letters of axes with some labels, None where the labels do not say."""
    letters = [_NAMES_OF_AXES.get(str(label).strip().lower(), "") for label in labels]
    if letters and all(letters) and len(set(letters)) == len(letters):
        axes = "".join(letters)
        if spatial_axes(axes) in ("YX", "ZYX"):
            return axes
    return "YX" if ndim == 2 else None


def likely_axes(ndim: int) -> tuple[str, ...]:
    """Return what the axes of a layer may be, most likely first."""
    return _LIKELY_AXES.get(ndim, ())


def remember_axes(layer: Layer, axes: str) -> None:
    """Write the axes that a person has chosen into the layer, where napari shows them."""
    layer.axis_labels = tuple(axes)


def share_axes(layers: Sequence[Layer]) -> None:
    """Give layers that were drawn the axes of an image with as many, where they lack names."""
    for layer in layers:
        if not isinstance(layer, Points | Shapes) or axes_of(layer) is not None:
            continue
        grids = (one for one in layers if isinstance(one, Image | Labels))
        known = (axes_of(one) for one in grids if one.ndim == layer.ndim)
        axes = next(filter(None, known), None)
        if axes is not None:
            remember_axes(layer, axes)


def place_of(layer: Layer) -> Place:
    """Return where a layer lies; `LayerError` if its axes are not known."""
    axes = axes_of(layer)
    if axes is None:
        raise LayerError(f"say what the axes of the layer {layer.name!r} are")
    return Place(
        axes,
        tuple(float(size) for size in layer.scale),
        tuple(float(shift) for shift in layer.translate),
        tuple(layer.axis_labels),
        tuple(str(unit) for unit in layer.units),
    )


def plain_place(value: Value) -> Place:
    """Return where a value lies that comes straight from a file."""
    axes = value.axes.replace("S", "")
    space = spatial_axes(axes)
    # Coordinates are in physical units already.
    sizes = dict(zip(space, value.spacing, strict=True)) if value.kind.is_grid else {}
    return Place(
        axes,
        tuple(sizes.get(letter, 1.0) for letter in axes),
        (0.0,) * len(axes),
        tuple(axes),
        tuple(value.units if letter in space else "pixel" for letter in axes),
    )


def is_upright(layer: Layer) -> bool:
    """Tell whether scale and translate say all of where a layer lies."""
    straight = np.allclose(np.abs(layer.rotate), np.eye(layer.ndim)) and not np.any(layer.shear)
    return straight and np.allclose(layer.affine.affine_matrix, np.eye(layer.ndim + 1))


def spacing_of(layer: Layer) -> tuple[tuple[float, ...], str]:
    """Return the voxel size along the axes in space, and its unit.

    Raises
    ------
    LayerError
        If the layer is rotated or sheared, or its units can not be converted into one.
    """
    place = place_of(layer)
    if not is_upright(layer):
        raise LayerError(
            f"the layer {layer.name!r} is rotated or sheared; results could not be put in its place"
        )
    sizes, units = [], []
    for letter, size, unit in zip(place.axes, place.scale, place.units, strict=True):
        if letter in spatial_axes(place.axes):
            if size <= 0:
                raise LayerError(
                    f"the layer {layer.name!r} has the scale {size:g}; it must be above 0"
                )
            sizes.append(size)
            units.append(unit)
    unit = units[-1]
    if len(set(units)) > 1:
        registry = pint.get_application_registry()
        try:
            sizes = [
                float(registry.Quantity(size, own).to(unit).magnitude)
                for size, own in zip(sizes, units, strict=True)
            ]
        except pint.DimensionalityError as error:
            raise LayerError(
                f"the units of the layer {layer.name!r} ({', '.join(units)}) can not be converted "
                "into each other"
            ) from error
    return tuple(sizes), unit


def to_value(layer: Layer) -> Value:
    """Return what a layer holds; arrays that are not in memory stay where they are.

    Raises
    ------
    LayerError
        If the layer holds nothing that operations take, or its place can not be described.
    """
    kind = kind_of(layer)
    if kind is None:
        raise unusable(layer)
    if kind is Kind.SURFACE:
        vertices, faces, values = layer.data[:3]
        if vertices.shape[1] < 3:
            raise LayerError(
                f"the surface {layer.name!r} has no depth: its vertices are (y, x), and steps need "
                "(z, y, x)"
            )
        mesh = Mesh(_to_world(vertices, layer), np.asarray(faces), np.asarray(values))
        axes = "T" * (vertices.shape[1] - 3) + "ZYX"
        return Value.of(mesh, kind, axes, units=unit_of_surface(layer))
    spacing, unit = spacing_of(layer)
    axes = place_of(layer).axes
    if kind is Kind.POINTS:
        return Value.of(_to_world(layer.data, layer), kind, axes, spacing, unit)
    if kind is Kind.SHAPES:
        return Value.of(_to_world(paths_of(layer), layer), kind, axes, spacing, unit)
    colours = "S" if kind is Kind.RGB else ""
    return Value.of(level_0(layer), kind, axes + colours, spacing, unit)


def unit_of_surface(layer: Layer) -> str:
    """Return the unit of the coordinates of a surface.

    Raises
    ------
    LayerError
        If it has several along its axes in space.
    """
    units = sorted({str(unit) for unit in layer.units[-3:]})
    if len(units) > 1:
        raise LayerError(
            f"the layer {layer.name!r} has several units ({', '.join(units)}); give it the same "
            "along all axes"
        )
    return units[0]


def source_of(layer: Layer) -> str | None:
    """Return the file that a layer was read from, None if there is none."""
    return str(layer.source.path) if layer.source.path else None


def in_memory(layer: Layer) -> bool:
    """Tell whether the data of a layer lies in memory already."""
    return isinstance(level_0(layer), np.ndarray) or not hasattr(level_0(layer), "nbytes")


def nbytes_of(layer: Layer) -> int:
    """Return the memory that the data of a layer takes, or would take."""
    return int(getattr(level_0(layer), "nbytes", 0))


def make_layer(name: str, value: Value, place: Place) -> Layer:
    """Return a layer that shows a value where its input lies.

    Parameters
    ----------
    name : str
        Name of the layer.
    value : Value
        An image, mask, labels, points, shapes or surface.
    place : Place
        Where the input lies.

    Returns
    -------
    Layer
        The layer; it holds its own copy of labels, which can be painted on.
    """
    value = _aligned(value, place)
    options: dict[str, Any] = {"name": name, **_position(value, place)}
    if value.kind in (Kind.IMAGE, Kind.RGB):
        return Image(value.data, rgb=value.kind is Kind.RGB, **options)
    if value.kind in (Kind.MASK, Kind.LABELS):
        return Labels(_paintable(value.data), **options)
    if value.kind is Kind.POINTS:
        size = 6 * min(value.spacing)
        return Points(
            value.data, size=size, face_color="transparent", border_color=_ACCENT, **options
        )
    if value.kind is Kind.SHAPES:
        drawn = to_draw(value.data)
        width = min(value.spacing) if drawn else 1
        return Shapes(
            drawn or None,
            ndim=value.data.shape[-1],
            edge_width=width,
            edge_color=_ACCENT,
            face_color="transparent",
            **options,
        )
    if value.kind is Kind.SURFACE:
        return Surface(_surface_data(value), colormap="turbo", **options)
    raise TypeError(f"there is no layer for a value of the kind {value.kind}")


def put_into(layer: Layer, value: Value, place: Place, *, is_ours: bool) -> None:
    """Show another value in a layer; colours, contrast and visibility stay.

    Parameters
    ----------
    layer : Layer
        A layer that `make_layer` made for a value of the same kind.
    value : Value
        The value.
    place : Place
        Where the input lies.
    is_ours : bool
        Whether nobody else holds the array of the layer, so that it can be written over:
        that is quicker than giving napari another one.
    """
    value = _aligned(value, place)
    if value.kind is Kind.SURFACE:
        if layer.vertex_colors is not None:
            # They belong to the vertices that were there, which nobody is to see without them.
            with layer.events.data.blocker():
                layer.vertex_colors = None
        layer.data = _surface_data(value)
    elif value.kind is Kind.SHAPES:
        show_paths(layer, value.data)
    elif value.kind in (Kind.MASK, Kind.LABELS):
        if is_ours and _can_hold(layer.data, value.data):
            _write_over(layer, value.data)
        else:
            wanted = _paintable(value.data)
            if layer.selected_label > np.iinfo(wanted.dtype).max:
                layer.selected_label = 1  # napari draws no number that labels can not hold
            set_labels(layer, wanted)
    else:
        layer.data = value.data
    _move(layer, _position(value, place))


def _write_over(layer: Labels, data: NDArray[Any]) -> None:
    """Let the array of a layer hold other labels; where few change, only these are drawn."""
    layer._reset_history()  # as for another array: strokes were on what is gone
    positions = np.flatnonzero(layer.data.reshape(-1) != data.reshape(-1))
    if not len(positions):
        return
    if len(positions) < _FEW * data.size:
        before, after = layer.data.reshape(-1)[positions], data.reshape(-1)[positions]
        show_change(layer, Change(positions, before, after.astype(before.dtype)))
        return
    np.copyto(layer.data, data, casting="unsafe")
    layer.refresh()
    layer.events.data(value=layer.data)  # as for another array: who counts objects listens


def lay_at(layer: Layer, place: Place) -> None:
    """Put a layer where it lay before."""
    _move(
        layer,
        {
            "scale": place.scale,
            "translate": place.translate,
            "axis_labels": place.axis_labels,
            "units": place.units,
        },
    )


def _move(layer: Layer, position: dict[str, tuple[Any, ...]]) -> None:
    for attribute, wanted in position.items():
        if tuple(map(str, getattr(layer, attribute))) != tuple(map(str, wanted)):
            setattr(layer, attribute, wanted)


def unusable(layer: Layer) -> LayerError:
    """Return what says that a layer is of a kind that no operation works on."""
    return LayerError(f"{layer.name!r} is a {type(layer).__name__} layer, which no step takes")


def _paintable(data: Any) -> Any:
    """Return a copy: remembered results are never shared with a layer that can be edited.

    Labels that are not in memory are edited where they are.
    """
    if not isinstance(data, np.ndarray):
        return data
    return data.astype(np.uint8) if data.dtype == bool else data.copy()


def _can_hold(array: Any, data: Any) -> bool:
    """Tell whether an array can be written over with labels or a mask."""
    dtype = np.dtype(np.uint8) if data.dtype == bool else data.dtype
    same = isinstance(array, np.ndarray) and (array.shape, array.dtype) == (data.shape, dtype)
    return same and array.flags.writeable and array.flags.c_contiguous


def _aligned(value: Value, place: Place) -> Value:
    """Return a surface with the axes of the layer that it is shown over.

    napari lines layers up by their last axes. The surfaces of a movie in 2D would have
    depth where the movie has time, so that their depth is left out.
    """
    loops = looped_axes(value.axes)
    if value.kind is not Kind.SURFACE or not loops or "Z" in place.axes:
        return value
    flat = value.data._replace(vertices=np.delete(value.data.vertices, len(loops), axis=1))
    return replace(
        value, data=flat, axes=f"{loops}YX", spacing=value.spacing[1:], origin=value.origin[1:]
    )


def _surface_data(value: Value) -> tuple[Any, Any, Any]:
    vertices, faces, values = value.data
    if not len(vertices):
        # napari needs one triangle at least; this one is a point.
        dimensions = vertices.shape[1]
        return np.zeros((3, dimensions)), np.array([[0, 1, 2]]), np.zeros(3)
    return vertices, faces, np.asarray(values, float)


def _to_world(rows: Any, layer: Layer) -> Any:
    """Return coordinates in space in physical units; looped axes keep their indices."""
    rows = np.array(rows, float)
    space = len(spatial_axes(axes_of(layer) or "ZYX"))
    rows[..., -space:] *= np.asarray(layer.scale)[-space:]
    return rows


def _position(value: Value, place: Place) -> dict[str, tuple[Any, ...]]:
    """Return scale, translate, axis labels and units of the layer of a value."""
    own = dict(zip(place.axes, zip(place.scale, place.translate, strict=True), strict=True))
    labels = dict(zip(place.axes, place.axis_labels, strict=True))
    units = dict(zip(place.axes, place.units, strict=True))
    axes = value.axes.replace("S", "")
    space = spatial_axes(axes)
    spacing = dict(zip(space, value.spacing, strict=True))
    origin = dict(zip(space, value.origin or (0.0,) * len(space), strict=True))
    loops = looped_axes(axes)
    in_physical_units = not value.kind.is_grid

    def scale(letter: str) -> float:
        if letter in loops:
            return float(own.get(letter, (1.0, 0.0))[0])
        return 1.0 if in_physical_units else spacing[letter]

    return {
        "scale": tuple(scale(letter) for letter in axes),
        "translate": tuple(
            float(own.get(letter, (1.0, 0.0))[1]) + origin.get(letter, 0.0) for letter in axes
        ),
        "axis_labels": tuple(labels.get(letter, letter) for letter in axes),
        "units": tuple(
            value.units if letter in space else units.get(letter, "pixel") for letter in axes
        ),
    }


def layer_tuple(name: str, value: Value, place: Place) -> tuple[Any, dict[str, Any], str]:
    """Return a value as napari's layer data: data, attributes, type."""
    return make_layer(name, value, place).as_layer_data_tuple()
