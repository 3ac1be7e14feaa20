"""PolyData of VTK as XML (.vtp): numbers as text, in place or appended, also compressed."""

from __future__ import annotations

import base64
import binascii
import lzma
import re
import zlib
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from napari_delineate.files.meshes.parts import (
    GENERATOR,
    Mesh,
    as_floats,
    as_places,
    numbers_in,
    plain_values,
    strips_to_triangles,
    triangles,
)
from napari_delineate.files.units import unit_comment, unit_name

__all__ = ["read", "write"]

_TYPES = {
    "Int8": "i1",
    "UInt8": "u1",
    "Int16": "i2",
    "UInt16": "u2",
    "Int32": "i4",
    "UInt32": "u4",
    "Int64": "i8",
    "UInt64": "u8",
    "Float32": "f4",
    "Float64": "f8",
}
_NAMES = {code: name for name, code in _TYPES.items()}
_BLOCK = 2**20


def read(content: bytes) -> Mesh:
    """Return the mesh that a file of this format holds; its points and lines are left out."""
    return _File(content).mesh()


def write(mesh: Mesh) -> bytes:
    """Return the content of a file, compressed with zlib; numbers lose nothing."""
    faces = np.asarray(mesh.faces, np.int64)
    small = np.int32 if len(mesh.vertices) < 2**31 and faces.size < 2**31 else np.int64
    ends = np.arange(3, 3 * len(faces) + 3, 3, dtype=small)
    unit = mesh.units if unit_comment(mesh.units) else None
    field = values = ""
    if unit:
        text = " ".join(str(byte) for byte in [*unit.encode(), 0])
        array = (
            f'<Array type="String" Name="units" NumberOfTuples="1" format="ascii">{text}</Array>'
        )
        field = f"<FieldData>{array}</FieldData>\n"
    if mesh.values is not None:
        array = _array(plain_values(mesh.values), "value")
        values = f'<PointData Scalars="value">\n{array}</PointData>\n'
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f"<!-- written by {GENERATOR} -->\n"
        '<VTKFile type="PolyData" version="1.0" byte_order="LittleEndian" header_type="UInt64" '
        'compressor="vtkZLibDataCompressor">\n'
        f"<PolyData>\n{field}"
        f'<Piece NumberOfPoints="{len(mesh.vertices)}" NumberOfVerts="0" NumberOfLines="0" '
        f'NumberOfStrips="0" NumberOfPolys="{len(faces)}">\n{values}'
        f"<Points>\n{_array(as_floats(mesh.vertices), 'Points')}</Points>\n"
        f"<Polys>\n{_array(faces.astype(small).ravel(), 'connectivity')}"
        f"{_array(ends, 'offsets')}</Polys>\n"
        "</Piece>\n</PolyData>\n</VTKFile>\n"
    ).encode()


def _array(array: NDArray[Any], name: str) -> str:
    """Return the element of an array."""
    width = f' NumberOfComponents="{array.shape[1]}"' if array.ndim > 1 else ""
    data = array.astype(array.dtype.newbyteorder("<")).tobytes()
    blocks = [
        zlib.compress(data[start : start + _BLOCK], level=1)
        for start in range(0, len(data), _BLOCK)
    ]
    sizes = [len(blocks), _BLOCK, len(data) % _BLOCK, *map(len, blocks)]
    head = base64.b64encode(np.array(sizes, "<u8").tobytes()).decode()
    body = base64.b64encode(b"".join(blocks)).decode()
    return (
        f'<DataArray type="{_NAMES[array.dtype.str[1:]]}" Name="{name}"{width} format="binary">'
        f"{head}{body}</DataArray>\n"
    )


def _count(element: Any, name: str, default: str = "0") -> int:
    """Return the number that an attribute states."""
    text = element.get(name, default).strip()
    if re.fullmatch(r"\d{1,15}", text) is None:
        raise ValueError(f"it is damaged: {name} is {text[:20]!r}")
    return int(text)


class _File:
    """Read the arrays that a file describes."""

    def __init__(self, content: bytes) -> None:
        head, self._appended = _parted(content)
        try:
            text = head.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ValueError("it is no VTP file: its text is not UTF-8") from None
        # Entities can be made to grow without end, and to name other files.
        if re.search(r"<!\s*(DOCTYPE|ENTITY)", text, re.IGNORECASE):
            raise ValueError("it defines a document type of its own, which is not read")
        try:
            root = ElementTree.fromstring(text)  # noqa: S314 - without entities
        except ElementTree.ParseError as error:
            raise ValueError(f"it is no VTP file, or incomplete: {error}") from None
        kind = root.get("type", root.tag)
        if root.tag != "VTKFile" or kind != "PolyData":
            raise ValueError(f"it holds {kind[:40]}; surfaces are PolyData")
        self._root = root
        self._order = "<" if root.get("byte_order", "LittleEndian") == "LittleEndian" else ">"
        self._size = "u8" if root.get("header_type") == "UInt64" else "u4"
        self._compressor = root.get("compressor")
        appended = root.find("AppendedData")
        self._is_raw = appended is not None and appended.get("encoding") == "raw"

    def mesh(self) -> Mesh:
        """Return the polygons and strips of all pieces as triangles."""
        vertices, faces, values, number = [np.zeros((0, 3))], [np.zeros((0, 3), np.int64)], [], 0
        pieces = self._root.findall("PolyData/Piece")
        if not pieces:
            raise ValueError("it is damaged: it has no piece")
        for piece in pieces:
            size = _count(piece, "NumberOfPoints")
            element = piece.find("Points/DataArray")
            points = np.zeros(0) if element is None else self._numbers(element)
            if points.size != 3 * size:
                raise ValueError(
                    f"it is incomplete: it holds {points.size} of {3 * size} coordinates"
                )
            points = points.reshape(-1, 3)
            corners, counts = self._cells(piece, "Polys")
            strips, lengths = self._cells(piece, "Strips")
            parts = np.split(strips, np.cumsum(lengths)[:-1]) if len(lengths) else []
            if any(len(part) < 3 for part in parts):
                raise ValueError("it holds a strip of triangles with less than three corners")
            vertices.append(points)
            own = [triangles(points, corners, counts), strips_to_triangles(parts)]
            faces += [part + number for part in own]
            values.append(self._values(piece, size))
            number += size
        known = [value for value in values if value is not None]
        is_whole = len(known) == len(values)
        return Mesh(
            np.concatenate(vertices),
            np.concatenate(faces),
            np.concatenate(known) if is_whole else None,
            self._unit(),
        )

    def _cells(self, piece: Any, name: str) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the corners of cells, one behind the other, and how many each has."""
        number = _count(piece, f"NumberOf{name}")
        arrays = {array.get("Name"): array for array in piece.findall(f"{name}/DataArray")}
        if not number:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        if not {"connectivity", "offsets"} <= set(arrays):
            raise ValueError("it is damaged: the corners of its faces are missing")
        corners = as_places(self._numbers(arrays["connectivity"]))
        ends = as_places(self._numbers(arrays["offsets"]))
        counts = np.diff(ends, prepend=0)
        if len(ends) != number or (counts < 0).any() or ends[-1] != len(corners):
            raise ValueError(f"it is damaged: its {number} faces do not fit their corners")
        return corners, counts

    def _values(self, piece: Any, number: int) -> NDArray[Any] | None:
        """Return the active scalars, or the first array with one number per point."""
        data = piece.find("PointData")
        if data is None:
            return None
        active = data.get("Scalars")
        arrays = sorted(data.findall("DataArray"), key=lambda array: array.get("Name") != active)
        for array in arrays:
            if _count(array, "NumberOfComponents", "1") == 1 and array.get("type") in _TYPES:
                values = self._numbers(array)
                if len(values) != number:
                    raise ValueError(f"it has {len(values)} values for {number} vertices")
                return values
        return None

    def _unit(self) -> str | None:
        for array in self._root.findall("PolyData/FieldData/*"):
            if str(array.get("Name")).lower() == "units" and array.get("type") == "String":
                letters = self._bytes(array, "i1").astype(np.uint8)
                text = letters.tobytes().split(b"\0")[0].decode("utf-8", "replace")
                return unit_name(text) if unit_comment(text) else None
        return None

    def _numbers(self, array: Any) -> NDArray[Any]:
        kind = _TYPES.get(array.get("type"))
        if kind is None:
            raise ValueError(f"it holds numbers of the type {str(array.get('type'))[:20]!r}")
        return self._bytes(array, kind)

    def _bytes(self, array: Any, kind: str) -> NDArray[Any]:
        """Return the numbers of an array, wherever and however they are kept."""
        form, text = array.get("format", "ascii"), array.text or ""
        if form == "ascii":
            return numbers_in(text.split(), "numbers", kind)
        if form == "binary":
            data = self._unpacked(_Base64("".join(text.split()).encode()))
        elif form == "appended":
            start = _count(array, "offset")
            if start > len(self._appended):
                raise ValueError("it is incomplete: numbers lie behind its end")
            rest = memoryview(self._appended)[start:]
            data = self._unpacked(_Raw(rest) if self._is_raw else _Base64(rest))
        else:
            raise ValueError(f"it keeps numbers in the format {form[:20]!r}")
        if len(data) % int(kind[1]):
            raise ValueError("it is damaged: numbers are cut off")
        return np.frombuffer(data, self._order + kind).astype(kind)

    def _unpacked(self, source: _Raw | _Base64) -> bytes:
        """Return the bytes of an array, without what says how long they are."""
        width = int(self._size[1])
        if self._compressor is None:
            size = int(np.frombuffer(source.start(width), self._order + self._size)[0])
            return source.part(width, size)
        head = np.frombuffer(source.start(width), self._order + self._size)
        number = int(head[0])
        head = np.frombuffer(source.start((3 + number) * width), self._order + self._size)
        sizes = [int(size) for size in head[3:]]
        block, last = int(head[1]), int(head[2])
        packed = source.after((3 + number) * width, sum(sizes))
        parts, place = [], 0
        for index, size in enumerate(sizes):
            full = last if index == number - 1 and last else block
            parts.append(self._block(packed[place : place + size], full))
            place += size
        return b"".join(parts)

    def _block(self, packed: bytes, size: int) -> bytes:
        try:
            if self._compressor == "vtkZLibDataCompressor":
                data = zlib.decompressobj().decompress(packed, size + 1)
            elif self._compressor == "vtkLZMADataCompressor":
                data = lzma.LZMADecompressor().decompress(packed, size + 1)
            else:
                raise ValueError(
                    f"it is compressed with {str(self._compressor)[:40]}; zlib, LZMA and none can "
                    "be read"
                )
        except (zlib.error, lzma.LZMAError, OverflowError) as error:
            raise ValueError(f"it is damaged: it can not be unpacked ({error})") from None
        if len(data) != size:
            raise ValueError("it is damaged: it unpacks to another length than it states")
        return data


class _Raw:
    """Bytes as they are, what says how long they are before them."""

    def __init__(self, data: Any) -> None:
        self._data = data

    def start(self, size: int) -> bytes:
        return self.part(0, size)

    def part(self, start: int, size: int) -> bytes:
        if start + size > len(self._data):
            raise ValueError("it is incomplete: it describes more numbers than it holds")
        return bytes(self._data[start : start + size])

    after = part


class _Base64:
    """Bytes as letters; compressed ones begin anew after what says how long they are."""

    def __init__(self, letters: Any) -> None:
        self._letters = letters

    def start(self, size: int) -> bytes:
        return self.part(0, size)

    def part(self, start: int, size: int) -> bytes:
        return self._decoded(0, start + size)[start:]

    def after(self, start: int, size: int) -> bytes:
        return self._decoded(-(-start // 3) * 4, size)

    def _decoded(self, first: int, size: int) -> bytes:
        end = first + -(-size // 3) * 4
        if end > len(self._letters):
            raise ValueError("it is incomplete: it describes more numbers than it holds")
        try:
            data = base64.b64decode(bytes(self._letters[first:end]), validate=True)
        except binascii.Error as error:
            raise ValueError(f"it is damaged: {error}") from None
        if len(data) < size:
            raise ValueError("it is incomplete: it describes more numbers than it holds")
        return data[:size]


def _parted(content: bytes) -> tuple[bytes, bytes]:
    """Return the text of a file, and what is appended to it, which may be no text."""
    start = re.search(rb"<AppendedData[^>]*>\s*_", content)
    if start is None:
        return content, b""
    end = content.rfind(b"</AppendedData>")
    if end < start.end() or re.search(rb"</VTKFile>\s*\Z", content[end:]) is None:
        raise ValueError("it is incomplete: it does not end with </VTKFile>")
    return content[: start.end() - 1] + content[end:], content[start.end() : end]
