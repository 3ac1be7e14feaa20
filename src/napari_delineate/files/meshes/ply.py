"""The Polygon File Format (PLY), of text or binary."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate.files.meshes.parts import (
    GENERATOR,
    Mesh,
    as_floats,
    doubt_of_end,
    numbers_in,
    plain_values,
    triangles,
)
from napari_delineate.files.units import stated_unit, unit_comment

__all__ = ["read", "write"]

_TYPES = {
    "char": "i1",
    "int8": "i1",
    "uchar": "u1",
    "uint8": "u1",
    "short": "i2",
    "int16": "i2",
    "ushort": "u2",
    "uint16": "u2",
    "int": "i4",
    "int32": "i4",
    "uint": "u4",
    "uint32": "u4",
    "float": "f4",
    "float32": "f4",
    "double": "f8",
    "float64": "f8",
}
_NAMES = {"i4": "int", "f4": "float", "f8": "double"}
_ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
_NO_VALUE = re.compile(
    r"n?[xyz]|[uvst]|texture_[uv]|alpha|(diffuse_|ambient_|specular_)?(red|green|blue|alpha)"
)
"""Properties that are positions, normals, places in textures or colours."""


class _Property(NamedTuple):
    name: str
    type: str
    count_type: str | None


class _Element(NamedTuple):
    name: str
    number: int
    properties: list[_Property]


def read(content: bytes) -> Mesh:
    """Return the mesh that a file of this format holds."""
    end = re.search(rb"\nend_header[ \t]*\r?\n", content)
    if not content.startswith((b"ply\n", b"ply\r")) or end is None:
        raise ValueError('it is no PLY file: it does not begin with a header from "ply" on')
    header = content[: end.start()].decode("utf-8", "replace").splitlines()
    order, elements = _read_header(header)
    body = _Text(content[end.end() :]) if order == "" else _Binary(content[end.end() :], order)
    found = {element.name: body.read(element) for element in elements}
    if body.rest():
        raise ValueError("it holds more than its header states")
    vertex, face = found.get("vertex", {}), found.get("face", {})
    if not {"x", "y", "z"} <= set(vertex):
        raise ValueError("it holds no vertices with x, y and z")
    vertices = np.stack([vertex[letter] for letter in "xyz"], axis=1).astype(np.float64)
    corners = next((face[name] for name in ("vertex_indices", "vertex_index") if name in face), ())
    comments = "\n".join(line for line in header if line.startswith(("comment", "obj_info")))
    return Mesh(
        vertices,
        triangles(vertices, *corners) if corners else np.zeros((0, 3), np.int64),
        _value_of(vertex),
        stated_unit(comments),
        "" if order else doubt_of_end(content),
    )


def write(mesh: Mesh) -> bytes:
    """Return the content of a binary file; coordinates lose nothing."""
    vertices = as_floats(mesh.vertices)
    columns = {letter: vertices[:, index] for index, letter in enumerate("xyz")}
    if mesh.values is not None:
        columns["value"] = plain_values(mesh.values)
    rows = np.empty(
        len(vertices), [(name, f"<{column.dtype.str[1:]}") for name, column in columns.items()]
    )
    for name, column in columns.items():
        rows[name] = column
    faces = np.empty(len(mesh.faces), [("number", "u1"), ("corners", "<i4", 3)])
    faces["number"], faces["corners"] = 3, mesh.faces
    unit = unit_comment(mesh.units)
    header = [
        "ply",
        "format binary_little_endian 1.0",
        f"comment written by {GENERATOR}",
        *([f"comment {unit}"] if unit else []),
        f"element vertex {len(rows)}",
        *(f"property {_NAMES[column.dtype.str[1:]]} {name}" for name, column in columns.items()),
        f"element face {len(faces)}",
        "property list uchar int vertex_indices",
        "end_header\n",
    ]
    return "\n".join(header).encode() + rows.tobytes() + faces.tobytes()


def _read_header(lines: list[str]) -> tuple[str, list[_Element]]:
    """Return the byte order, empty for text, and what the file holds."""
    order, elements = None, []
    for line in lines[1:]:
        match line.split():
            case ["format", name, *_] if name in _ORDERS:
                order = _ORDERS[name]
            case ["element", name, number] if number.isdecimal():
                elements.append(_Element(name, int(number), []))
            case ["property", "list", count, type_, name] if elements and (
                {count, type_} <= set(_TYPES)
            ):
                elements[-1].properties.append(_Property(name, _TYPES[type_], _TYPES[count]))
            case ["property", type_, name] if elements and type_ in _TYPES:
                elements[-1].properties.append(_Property(name, _TYPES[type_], None))
            case ["comment" | "obj_info", *_] | []:
                pass
            case _:
                raise ValueError(f"its header has a line that is not known: {line[:60]!r}")
    if order is None:
        raise ValueError("its header does not say whether it is text or binary")
    return order, elements


def _value_of(vertex: dict[str, Any]) -> NDArray[Any] | None:
    """Return the property "value", or the first that has no meaning of its own."""
    plain = (
        name
        for name, column in vertex.items()
        if isinstance(column, np.ndarray) and not _NO_VALUE.fullmatch(name)
    )
    name = "value" if "value" in vertex else next(plain, None)
    column = vertex.get(name) if name else None
    return column if isinstance(column, np.ndarray) else None


def _incomplete(element: _Element, found: int) -> ValueError:
    return ValueError(
        f"it is incomplete: it holds {max(found, 0)} of {element.number} {element.name} entries"
    )


class _Text:
    """Read the elements of a file of text, one after the other."""

    def __init__(self, content: bytes) -> None:
        self._numbers = numbers_in(content.split(), "vertices and faces")
        self._place = 0

    def rest(self) -> bool:
        """Tell whether there is more than was read."""
        return self._place < len(self._numbers)

    def read(self, element: _Element) -> dict[str, Any]:
        """Return a column per property; (entries, counts) of lists."""
        lists: dict[int, tuple[list[Any], list[int]]] = {
            index: ([], []) for index, one in enumerate(element.properties) if one.count_type
        }
        rest = self._numbers[self._place :]
        widths = self._widths(element, rest)
        width = sum(widths)
        if not element.number or not element.properties:
            return _empty_columns(element)
        block = rest[: element.number * width]
        if len(block) == element.number * width:
            table = block.reshape(element.number, width)
            ends = np.cumsum(widths)
            if all((table[:, ends[one] - widths[one]] == widths[one] - 1).all() for one in lists):
                self._place += block.size
                return {
                    one.name: _columns_of(one, table[:, end - wide : end])
                    for one, end, wide in zip(element.properties, ends, widths, strict=True)
                }
        if not lists:
            raise _incomplete(element, len(rest) // width)
        return self._read_uneven(element, rest, lists)

    def _widths(self, element: _Element, rest: NDArray[Any]) -> list[int]:
        """Return how many numbers each property has in the first row."""
        widths: list[int] = []
        for one in element.properties:
            place = sum(widths)
            number = rest[place] if place < len(rest) else 0
            widths.append(1 + _whole(number) if one.count_type else 1)
        return widths

    def _read_uneven(
        self,
        element: _Element,
        rest: NDArray[Any],
        lists: dict[int, tuple[list[Any], list[int]]],
    ) -> dict[str, Any]:
        place = 0
        scalars: dict[int, list[float]] = {
            index: [] for index in range(len(element.properties)) if index not in lists
        }
        for row in range(element.number):
            for index in range(len(element.properties)):
                if place >= len(rest):
                    raise _incomplete(element, row)
                if index in scalars:
                    scalars[index].append(rest[place])
                    place += 1
                    continue
                number = _whole(rest[place])
                place += 1 + number
                if place > len(rest):
                    raise _incomplete(element, row)
                lists[index][0].append(rest[place - number : place])
                lists[index][1].append(number)
        self._place += place
        return _joined(element, lists, scalars)


class _Binary:
    """Read the elements of a binary file, one after the other."""

    def __init__(self, content: bytes, order: str) -> None:
        self._content, self._order, self._place = content, order, 0

    def rest(self) -> bool:
        """Tell whether there is more than was read, but for the end of a line."""
        return bool(self._content[self._place :].strip(b"\r\n\0 "))

    def read(self, element: _Element) -> dict[str, Any]:
        """Return a column per property; (entries, counts) of lists."""
        if not element.number or not element.properties:
            return _empty_columns(element)
        fields: list[Any] = []
        place = self._place
        for index, one in enumerate(element.properties):
            if one.count_type is not None:
                number = self._number(one.count_type, place)
                fields.append((f"n{index}", self._order + one.count_type))
                fields.append((f"p{index}", self._order + one.type, (number,)))
            else:
                fields.append((f"p{index}", self._order + one.type))
            place = self._place + np.dtype(fields).itemsize
        row = np.dtype(fields)
        whole = (len(self._content) - self._place) // row.itemsize
        lists = [index for index, one in enumerate(element.properties) if one.count_type]
        if whole >= element.number:
            rows = np.frombuffer(self._content, row, element.number, self._place)
            if all((rows[f"n{one}"] == rows.dtype[f"p{one}"].shape[0]).all() for one in lists):
                self._place += element.number * row.itemsize
                return {
                    one.name: _native(rows[f"p{index}"])
                    if one.count_type is None
                    else (_native(rows[f"p{index}"]).ravel(), rows[f"n{index}"].astype(np.int64))
                    for index, one in enumerate(element.properties)
                }
        if not lists:
            raise _incomplete(element, whole)
        return self._read_uneven(element)

    def _number(self, type_: str, place: int) -> int:
        size = int(type_[1])
        word = self._content[place : place + size]
        return _whole(np.frombuffer(word, self._order + type_)[0]) if len(word) == size else 0

    def _read_uneven(self, element: _Element) -> dict[str, Any]:
        lists: dict[int, tuple[list[Any], list[int]]] = {}
        scalars: dict[int, list[Any]] = {}
        place, end = self._place, len(self._content)
        for row in range(element.number):
            for index, one in enumerate(element.properties):
                number = 1
                if one.count_type is not None:
                    number = self._number(one.count_type, place)
                    place += int(one.count_type[1])
                size = number * int(one.type[1])
                if place + size > end:
                    raise _incomplete(element, row)
                part = np.frombuffer(self._content, self._order + one.type, number, place)
                place += size
                if one.count_type is None:
                    scalars.setdefault(index, []).append(part[0])
                else:
                    parts, counts = lists.setdefault(index, ([], []))
                    parts.append(part)
                    counts.append(number)
        self._place = place
        return _joined(element, lists, scalars)


def _native(column: NDArray[Any]) -> NDArray[Any]:
    return column.astype(column.dtype.newbyteorder("="))


def _whole(number: Any) -> int:
    if not 0 <= number < 2**31 or number != int(number):
        raise ValueError(f"it holds a list of {number:g} entries")
    return int(number)


def _columns_of(one: _Property, table: NDArray[Any]) -> Any:
    """Return a column of text, or the entries of lists and their counts."""
    if one.count_type is None:
        return numbers_in(table[:, 0], one.name, one.type)
    entries = numbers_in(table[:, 1:], one.name, one.type)
    return entries.ravel(), np.full(len(table), entries.shape[1])


def _empty_columns(element: _Element) -> dict[str, Any]:
    nothing = np.zeros(0, np.int64)
    return {
        one.name: np.zeros(0, one.type) if one.count_type is None else (nothing, nothing)
        for one in element.properties
    }


def _joined(
    element: _Element,
    lists: dict[int, tuple[list[Any], list[int]]],
    scalars: dict[int, list[Any]],
) -> dict[str, Any]:
    """Return the columns of rows that were read one by one."""
    found: dict[str, Any] = {}
    for index, one in enumerate(element.properties):
        if index in scalars:
            found[one.name] = numbers_in(scalars[index], one.name, one.type)
        else:
            parts, counts = lists[index]
            entries = numbers_in(np.concatenate(parts), one.name, one.type)
            found[one.name] = entries, np.array(counts, np.int64)
    return found
