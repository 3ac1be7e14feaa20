"""GeoJSON as QuPath reads and writes it: polygons with holes, in pixels."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from napari_delineate.files.annotations.annotation import (
    LARGEST_NUMBER,
    AnnotatedLabels,
    Colour,
    Wanted,
)
from napari_delineate.files.annotations.outlines import Outline, outlines_of, planes_of
from napari_delineate.files.annotations.painting import Drawing, paint, ring
from napari_delineate.files.annotations.skipped import warn_of_skipped
from napari_delineate.files.annotations.statement import (
    MEMBER,
    colours_in,
    read_statement,
    statement_of,
    text_in,
)
from napari_delineate.files.saving import atomic_path

__all__ = ["is_geojson", "read", "write"]

_NUMBER = "object"
"""The measurement that says which object a shape belongs to; QuPath keeps measurements."""

_KINDS = ("Polygon", "MultiPolygon")
_DEEPEST = 8


def is_geojson(content: Any) -> bool:
    """Tell whether JSON holds features, in a collection or as QuPath's list."""
    first = content[0] if isinstance(content, list) and content else content
    return isinstance(first, Mapping) and first.get("type") in ("FeatureCollection", "Feature")


def read(path: Path, content: Any, wanted: Wanted) -> AnnotatedLabels:
    """Return the annotation that parsed GeoJSON holds; `ValueError` if it holds none."""
    collection = content if isinstance(content, Mapping) else {}
    features = collection.get("features", content)
    if isinstance(features, Mapping):
        features = [features]
    if not isinstance(features, list):
        raise ValueError("it has no list of features")
    drawings: list[Drawing] = []
    colours: dict[str, Colour] = {}
    skipped: dict[str, int] = {}
    for place, feature in enumerate(features):
        try:
            drawing = _drawing(feature, colours, skipped)
        except ValueError as error:
            raise ValueError(f"feature {place + 1} of {len(features)}: {error}") from error
        if drawing is not None:
            drawings.append(drawing)
    warn_of_skipped(path, skipped)
    stated = read_statement(collection.get(MEMBER))
    return paint(path, drawings, wanted, stated, colours=colours)


def write(path: Path, annotation: AnnotatedLabels) -> None:
    """Write one feature for every object, in stacks and movies one for each plane."""
    before = annotation.axes[:-2]
    features = [
        _feature(annotation, outline, dict(zip(before, index, strict=True)))
        for index, plane in planes_of(annotation.labels)
        for outline in outlines_of(plane)
    ]
    content = {
        "type": "FeatureCollection",
        MEMBER: statement_of(annotation),
        "features": features,
    }
    with atomic_path(path) as draft:
        draft.write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")


def _feature(
    annotation: AnnotatedLabels, outline: Outline, plane: dict[str, int]
) -> dict[str, Any]:
    polygons = [
        [np.concatenate((corners, corners[:1])).tolist() for corners in polygon]
        for polygon in outline.polygons
    ]
    geometry: dict[str, Any] = (
        {"type": "Polygon", "coordinates": polygons[0]}
        if len(polygons) == 1
        else {"type": "MultiPolygon", "coordinates": polygons}
    )
    if any(plane.values()):
        geometry["plane"] = {"c": -1, "z": plane.get("Z", 0), "t": plane.get("T", 0)}
    number = outline.number
    properties: dict[str, Any] = {"objectType": "annotation"}
    if number in annotation.names:
        properties["name"] = annotation.names[number]
    if number in annotation.classes:
        name = annotation.classes[number]
        colour = annotation.colours.get(name)
        properties["classification"] = {"name": name} | (
            {} if colour is None else {"color": list(colour)}
        )
    properties["measurements"] = {_NUMBER: number}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _drawing(feature: Any, colours: dict[str, Colour], skipped: dict[str, int]) -> Drawing | None:
    """Return what a feature draws, None where it has no area."""
    if not isinstance(feature, Mapping):
        raise ValueError("it is no feature")
    geometry = feature.get("geometry")
    polygons = [
        [ring(corners) for corners in rings] for rings in _polygons(geometry, skipped) if rings
    ]
    if not polygons:
        return None
    properties = feature.get("properties")
    properties = properties if isinstance(properties, Mapping) else {}
    name, colour = _classification(properties.get("classification"))
    if name and colour is not None:
        colours.setdefault(name, colour)
    plane = geometry.get("plane") if isinstance(geometry, Mapping) else None
    plane = plane if isinstance(plane, Mapping) else {}
    return Drawing(
        polygons,
        number=_number(properties.get("measurements")),
        plane={letter: _index(plane.get(letter.lower(), 0)) for letter in "TZ"},
        object_class=name,
        name=text_in(properties.get("name")),
    )


def _polygons(geometry: Any, skipped: dict[str, int], depth: int = 0) -> Iterator[list[Any]]:
    """Yield the rings of every polygon of a geometry; count what has no area."""
    if geometry is None and not depth:  # the standard has features that lie nowhere
        skipped["feature without a geometry"] = skipped.get("feature without a geometry", 0) + 1
        return
    if not isinstance(geometry, Mapping) or depth > _DEEPEST:
        raise ValueError("it has no geometry, or one that is nested too deeply")
    kind = geometry.get("type")
    if kind == "GeometryCollection":
        for part in _list(geometry.get("geometries")):
            yield from _polygons(part, skipped, depth + 1)
    elif kind in _KINDS:
        coordinates = _list(geometry.get("coordinates"))
        for rings in [coordinates] if kind == "Polygon" else coordinates:
            yield _list(rings)
    else:
        name = text_in(kind) or "unknown geometry"
        skipped[name] = skipped.get(name, 0) + 1


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("its coordinates are no lists")
    return value


def _classification(stated: Any) -> tuple[str, Colour | None]:
    """Return the class and its colour, in the ways that versions of QuPath write them."""
    if isinstance(stated, str):
        return text_in(stated), None
    if not isinstance(stated, Mapping):
        return "", None
    parts = stated.get("names")
    name = text_in(stated.get("name"))
    if not name and isinstance(parts, list):
        name = ": ".join(filter(None, map(text_in, parts)))
    packed = stated.get("colorRGB")
    if isinstance(packed, int):  # older versions: one number of 32 bits with a sign
        return name, ((packed >> 16) & 255, (packed >> 8) & 255, packed & 255)
    return name, colours_in({name: stated.get("color")}).get(name)


def _number(measurements: Any) -> int | None:
    """Return the number of the object, None where there is none."""
    if isinstance(measurements, list):  # as older versions of QuPath write them
        pairs = [one for one in measurements if isinstance(one, Mapping)]
        measurements = {str(one.get("name")): one.get("value") for one in pairs}
    number = measurements.get(_NUMBER) if isinstance(measurements, Mapping) else None
    is_number = isinstance(number, int | float) and not isinstance(number, bool)
    if not is_number or number is None or not 1 <= number <= LARGEST_NUMBER:
        return None
    return int(number) if number == int(number) else None


def _index(place: Any) -> int:
    if isinstance(place, bool) or not isinstance(place, int) or not 0 <= place < 2**31:
        raise ValueError(f"its plane has the place {place!r}; places count from 0")
    return place
