"""The legacy format of VTK (.vtk), of text or binary, up to version 5.1: its PolyData."""

from __future__ import annotations

import re
import struct
from typing import Any
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from napari_delineate.files.meshes.parts import (
    Mesh,
    as_floats,
    as_places,
    check_counts,
    counts_in_words,
    doubt_of_end,
    numbers_in,
    plain_values,
    strips_to_triangles,
    triangles,
)
from napari_delineate.files.units import unit_comment, unit_name

__all__ = ["read", "write"]

_TYPES = {
    "bit": "u1",
    "char": "i1",
    "signed_char": "i1",
    "unsigned_char": "u1",
    "short": "i2",
    "unsigned_short": "u2",
    "int": "i4",
    "unsigned_int": "u4",
    "long": "i8",
    "unsigned_long": "u8",
    "vtktypeint64": "i8",
    "vtktypeuint64": "u8",
    "vtkidtype": "i4",
    "float": "f4",
    "double": "f8",
}
_NAMES = {"i4": "int", "f4": "float", "f8": "double"}
_PER_ROW = {"vectors": 3, "normals": 3, "tensors": 9, "tensors6": 6}
_CELLS = ("vertices", "lines", "polygons", "triangle_strips")


def read(content: bytes) -> Mesh:
    """Return the mesh that a file of this format holds; its points and lines are left out."""
    return _File(content).mesh()


def write(mesh: Mesh) -> bytes:
    """Return the content of a binary file; coordinates lose nothing."""
    vertices = as_floats(mesh.vertices)
    faces = np.full((len(mesh.faces), 4), 3, ">i4")
    faces[:, 1:] = mesh.faces
    parts: list[str | bytes] = [
        f"# vtk DataFile Version 3.0\n{counts_in_words(mesh)}\nBINARY\nDATASET POLYDATA\n"
    ]
    if unit_comment(mesh.units):
        text = (mesh.units or "").encode()
        # The length of a text, below 16384, has two bits before it that say how long it is.
        parts += ["FIELD FieldData 1\nunits 1 1 string\n", struct.pack(">H", 2 << 14 | len(text))]
        parts += [text, "\n"]
    parts += [f"POINTS {len(vertices)} {_NAMES[vertices.dtype.str[1:]]}\n", _big(vertices), "\n"]
    if len(faces):  # VTK can not read that there are none
        parts += [f"POLYGONS {len(faces)} {faces.size}\n", faces.tobytes(), "\n"]
    if mesh.values is not None:
        values = plain_values(mesh.values)
        parts += [
            f"POINT_DATA {len(values)}\nSCALARS value {_NAMES[values.dtype.str[1:]]} 1\n"
            "LOOKUP_TABLE default\n",
            _big(values),
            "\n",
        ]
    return b"".join(part.encode() if isinstance(part, str) else part for part in parts)


def _big(array: NDArray[Any]) -> bytes:
    return array.astype(array.dtype.newbyteorder(">")).tobytes()


def _count(word: str) -> int:
    if re.fullmatch(r"\d{1,15}", word) is None:
        raise ValueError(f"it is damaged: {word[:20]!r} stands where a number belongs")
    return int(word)


class _File:
    """Read the sections of a file one after the other."""

    def __init__(self, content: bytes) -> None:
        head = re.match(
            rb"# vtk DataFile Version [\d.]+[^\n]*\n([^\n]*)\n\s*(ASCII|BINARY)\s*\n\s*"
            rb"DATASET\s+(\w+)[^\n]*\n",
            content,
            re.IGNORECASE,
        )
        if head is None:
            raise ValueError('it is no VTK file: it does not begin with "# vtk DataFile Version"')
        kind = head[3].decode().lower()
        if kind != "polydata":
            raise ValueError(f"it holds {kind.replace('_', ' ')}; surfaces are PolyData")
        self._content, self._place = content, head.end()
        self._title = head[1].decode("utf-8", "replace")
        self._is_text = head[2].lower() == b"ascii"
        self._points: NDArray[Any] = np.zeros((0, 3))
        self._cells: dict[str, tuple[NDArray[Any], NDArray[Any]]] = {}
        self._scalars: NDArray[Any] | None = None
        self._unit: str | None = None

    def mesh(self) -> Mesh:
        """Return the polygons and strips as triangles."""
        # What the sections after POINT_DATA or CELL_DATA are about, and how many rows they have.
        about, rows = "", 0
        while line := self._line():
            words = line.split()
            match [words[0].lower(), *words[1:]]:
                case ["points", number, type_]:
                    self._points = self._array(_count(number) * 3, type_).reshape(-1, 3)
                case [kind, first, second] if kind in _CELLS:
                    self._cells[kind] = self._read_cells(_count(first), _count(second))
                case ["point_data" | "cell_data" as about, number]:
                    rows = _count(number)
                case ["metadata"]:
                    while self._line(blank=True).strip():
                        pass
                case ["field", _, number]:
                    self._read_field(_count(number), about)
                case ["scalars", _, type_, *more]:
                    width = _count(more[0]) if more else 1
                    self._skip_line("LOOKUP_TABLE")
                    values = self._array(rows * width, type_)
                    if about == "point_data" and width == 1:
                        self._scalars = values
                case ["lookup_table", _, number]:
                    self._array(4 * _count(number), "float" if self._is_text else "unsigned_char")
                case ["color_scalars", _, width]:
                    type_ = "float" if self._is_text else "unsigned_char"
                    self._array(rows * _count(width), type_)
                case ["texture_coordinates", _, width, type_]:
                    self._array(rows * _count(width), type_)
                case ["global_ids" | "pedigree_ids" | "edge_flags", _, type_]:
                    self._array(rows, type_)
                case [kind, _, type_] if kind in _PER_ROW:
                    self._array(rows * _PER_ROW[kind], type_)
                case _:
                    raise ValueError(f"it is damaged: {line[:40]!r} stands where a part begins")
        nothing = (np.zeros(0, np.int64), np.zeros(0, np.int64))
        corners, counts = self._cells.get("polygons", nothing)
        strips, lengths = self._cells.get("triangle_strips", nothing)
        parts = np.split(strips, np.cumsum(lengths)[:-1]) if len(lengths) else []
        if any(len(part) < 3 for part in parts):
            raise ValueError("it holds a strip of triangles with less than three corners")
        faces = [triangles(self._points, corners, counts), strips_to_triangles(parts)]
        doubt = doubt_of_end(self._content) if self._is_text else ""
        mesh = Mesh(self._points, np.concatenate(faces), self._scalars, self._unit, doubt)
        if not check_counts(self._title, mesh) and not len(mesh.faces):
            raise ValueError("it holds no triangles")
        return mesh

    def _read_cells(self, first: int, second: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the corners of cells, one behind the other, and how many each has."""
        if (line := self._peek().split())[:1] == ["OFFSETS"]:  # since version 5
            self._line()
            offsets = as_places(self._array(first, line[1]))
            words = self._line().split()
            if words[:1] != ["CONNECTIVITY"] or len(words) != 2:
                raise ValueError("it is incomplete: the corners of its faces are missing")
            corners = as_places(self._array(second, words[1]))
            counts = np.diff(offsets)
            if len(offsets) and (offsets[0] != 0 or offsets[-1] != second or (counts < 0).any()):
                raise ValueError("it is damaged: its faces do not fit their corners")
            return corners, counts
        numbers = self._array(second, "int").astype(np.int64)
        width = second // first if first else 1
        if first * width == second and (numbers[::width] + 1 == width).all():
            table = numbers.reshape(first, width)
            return table[:, 1:].ravel(), table[:, 0]
        is_count, place = np.zeros(second, bool), 0
        while place < second:
            is_count[place] = True
            place += 1 + max(int(numbers[place]), 0)
        counts = numbers[is_count]
        if place != second or len(counts) != first or (counts < 0).any():
            raise ValueError("it is damaged: its faces do not fit their corners")
        return numbers[~is_count], counts

    def _read_field(self, number: int, about: str) -> None:
        for _ in range(number):
            words = self._line().split()
            while words[:1] == ["METADATA"]:
                while self._line(blank=True).strip():
                    pass
                words = self._line().split()
            if len(words) != 4:
                raise ValueError("it is incomplete: the description of its numbers is cut off")
            name, width, rows, type_ = (
                unquote(words[0]),
                _count(words[1]),
                _count(words[2]),
                words[3],
            )
            if type_.lower() == "string":
                texts = [self._text() for _ in range(width * rows)]
                if about == "" and name.lower() == "units" and texts:
                    self._unit = unit_name(texts[0]) if unit_comment(texts[0]) else None
                continue
            values = self._array(width * rows, type_)
            if about == "point_data" and width == 1 and self._scalars is None:
                self._scalars = values

    def _text(self) -> str:
        """Return the next text of an array of them."""
        if self._is_text:
            return unquote(self._line(blank=True).strip())
        head = self._content[self._place : self._place + 8].ljust(8, b"\0")
        size = (8, 4, 2, 1)[head[0] >> 6]
        length = int.from_bytes(head[:size], "big") & ((1 << (8 * size - 2)) - 1)
        start = self._place + size
        if start + length > len(self._content):
            raise ValueError("it is incomplete: a text is cut off")
        self._place = start + length
        return self._content[start : start + length].decode("utf-8", "replace")

    def _array(self, number: int, type_: str) -> NDArray[Any]:
        """Return the next numbers."""
        kind = _TYPES.get(type_.lower())
        if kind is None or number < 0:
            raise ValueError(f"it holds {number} numbers of the type {type_[:20]!r}")
        if self._is_text:
            *words, rest = [*self._content[self._place :].split(None, number), b""][: number + 1]
            if len(words) < number:
                raise ValueError(f"it is incomplete: it holds {len(words)} of {number} numbers")
            self._place = len(self._content) - len(rest)
            return numbers_in(words, "numbers", kind)
        size = -(-number // 8) if type_.lower() == "bit" else number * int(kind[1])
        end = self._place + size
        if end > len(self._content):
            raise ValueError("it is incomplete: it describes more numbers than it holds")
        array = np.frombuffer(self._content[self._place : end], f">{kind}")
        self._place = end
        if type_.lower() == "bit":
            return np.unpackbits(array)[:number]
        return array.astype(kind)

    def _peek(self) -> str:
        place = self._place
        line = self._line()
        self._place = place
        return line

    def _skip_line(self, word: str) -> None:
        if self._peek().startswith(word):
            self._line()

    def _line(self, *, blank: bool = False) -> str:
        """Return the next line, empty at the end; blank ones count where that is asked for."""
        while self._place < len(self._content):
            end = self._content.find(b"\n", self._place)
            end = len(self._content) if end < 0 else end
            line = self._content[self._place : end].decode("utf-8", "replace").strip()
            self._place = end + 1
            if line or blank:
                return line
        return ""
