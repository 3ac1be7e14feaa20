"""glTF 2.0, as one binary file (.glb) or as text that holds its data (.gltf).

glTF is in metres. Coordinates stay in their own unit, and the size of the node says how long
that is, so that they lose nothing by it.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.files.meshes.parts import (
    GENERATOR,
    Mesh,
    as_places,
    plain_values,
    strips_to_triangles,
)
from napari_delineate.files.units import METRES, unit_comment, unit_name

__all__ = ["read_binary", "read_text", "write_binary", "write_text"]

_MAGIC, _JSON, _BIN = b"glTF", b"JSON", b"BIN\0"
_TYPES = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_FLOAT, _UINT32 = 5126, 5125
_SHAPES = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
_TRIANGLES, _STRIP, _FAN = 4, 5, 6
_VALUE = "_VALUE"
_EXACT = 2**24
"""Whole numbers below this are exact in the numbers that vertices have."""


def read_binary(content: bytes) -> Mesh:
    """Return the mesh that a .glb file holds."""
    if len(content) < 12 or not content.startswith(_MAGIC):
        raise ValueError(f"it is no GLB file: it does not begin with {_MAGIC.decode()!r}")
    version, length = struct.unpack_from("<II", content, 4)
    if version != 2:
        raise ValueError(f"it has version {version} of glTF, which is not known; 2 is")
    if length > len(content):
        raise ValueError(f"it is incomplete: it holds {len(content)} of {length} bytes")
    chunks: dict[bytes, bytes] = {}
    place = 12
    while place + 8 <= length:
        size, kind = struct.unpack_from("<I4s", content, place)
        if place + 8 + size > length:
            raise ValueError("it is damaged: a part is longer than the file")
        chunks.setdefault(kind, content[place + 8 : place + 8 + size])
        place += 8 + size
    if _JSON not in chunks:
        raise ValueError("it is damaged: the part that describes the rest is missing")
    return _read(chunks[_JSON], chunks.get(_BIN))


def read_text(content: bytes) -> Mesh:
    """Return the mesh that a .gltf file holds."""
    return _read(content, None)


def write_binary(mesh: Mesh) -> bytes:
    """Return the content of a .glb file; it rounds numbers to seven digits."""
    tree, data = _described(mesh)
    text = json.dumps(tree, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 4)
    return b"".join(
        (
            _MAGIC,
            struct.pack("<II", 2, 12 + 8 + len(text) + 8 + len(data)),
            struct.pack("<I4s", len(text), _JSON),
            text,
            struct.pack("<I4s", len(data), _BIN),
            data,
        )
    )


def write_text(mesh: Mesh) -> bytes:
    """Return the content of a .gltf file; it rounds numbers to seven digits."""
    tree, data = _described(mesh)
    kind = "data:application/octet-stream;base64,"
    tree["buffers"][0]["uri"] = kind + base64.b64encode(data).decode()
    return json.dumps(tree, ensure_ascii=False).encode()


def _described(mesh: Mesh) -> tuple[dict[str, Any], bytes]:
    """Return what describes a mesh, and its numbers."""
    if not len(mesh.faces):
        raise ValueError("glTF can not hold a surface without triangles; PLY can")
    with np.errstate(over="ignore"):
        places = mesh.vertices.astype("<f4")
    if not np.isfinite(places).all():
        raise ValueError("glTF holds coordinates up to 3e38 only")
    parts = [places, mesh.faces.astype("<u4").ravel()]
    accessors: list[dict[str, Any]] = [
        {
            "type": "VEC3",
            "componentType": _FLOAT,
            "count": len(places),
            "min": places.min(axis=0).tolist(),
            "max": places.max(axis=0).tolist(),
        },
        {"type": "SCALAR", "componentType": _UINT32, "count": len(parts[1])},
    ]
    primitive: dict[str, Any] = {"attributes": {"POSITION": 0}, "indices": 1, "mode": _TRIANGLES}
    if mesh.values is not None:
        values = plain_values(mesh.values)
        if values.dtype.kind == "i":
            if np.abs(values).max(initial=0) > _EXACT:
                raise ValueError(
                    f"glTF holds labels up to {_EXACT} only; PLY, VTK and VTP hold all"
                )
            primitive["extras"] = {"values": values.dtype.name}
        with np.errstate(over="ignore"):
            parts.append(values.astype("<f4"))
        accessors.append({"type": "SCALAR", "componentType": _FLOAT, "count": len(values)})
        primitive["attributes"][_VALUE] = 2
    views, start = [], 0
    for index, part in enumerate(parts):
        views.append({"buffer": 0, "byteOffset": start, "byteLength": part.nbytes})
        accessors[index]["bufferView"] = index
        start += part.nbytes
    node: dict[str, Any] = {"mesh": 0}
    asset: dict[str, Any] = {"version": "2.0", "generator": GENERATOR}
    asset["extras"] = {"units": mesh.units if unit_comment(mesh.units) else "pixel"}
    if mesh.units in METRES:
        node["scale"] = [METRES[mesh.units]] * 3
    tree = {
        "asset": asset,
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [node],
        "meshes": [{"primitives": [primitive]}],
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": start}],
    }
    return tree, b"".join(part.tobytes() for part in parts)


def _read(text: bytes, data: bytes | None) -> Mesh:
    """Return the mesh that a description and the data beside it describe."""
    try:
        tree = json.loads(text.decode("utf-8-sig"))
        return _File(tree, data).mesh()
    except (UnicodeDecodeError, json.JSONDecodeError):
        raise ValueError("it is no glTF file, or incomplete: its text is not JSON") from None
    except (
        KeyError,
        IndexError,
        TypeError,
        AttributeError,
        RecursionError,
        OverflowError,
    ) as error:
        raise ValueError(f"it is damaged: its description does not fit ({error})") from None


class _File:
    """Read a description and the numbers it points at."""

    def __init__(self, tree: dict[str, Any], data: bytes | None) -> None:
        version = str(tree["asset"]["version"])
        if not version.startswith("2."):
            raise ValueError(f"it has version {version[:20]} of glTF, which is not known; 2 is")
        for name in tree.get("extensionsRequired", []):
            if not name.startswith(("KHR_materials_", "KHR_texture_", "KHR_mesh_quantization")):
                raise ValueError(f"it needs the extension {name[:60]} of glTF, which is not known")
        self._tree = tree
        self._buffers = [_buffer(buffer, data) for buffer in tree.get("buffers", [])]

    def mesh(self) -> Mesh:
        """Return all triangles of the scene as one mesh."""
        extras = self._tree["asset"].get("extras")
        stated = extras.get("units") if isinstance(extras, dict) else None
        unit: str | None = "meter"
        if isinstance(stated, str):
            unit = unit_name(stated) if unit_comment(stated) else None
        size = METRES.get(unit or "", 1.0)
        vertices: list[Any] = [np.zeros((0, 3))]
        faces: list[Any] = [np.zeros((0, 3), np.int64)]
        values: list[Any] = []
        number = 0
        for matrix, index in self._meshes():
            place = matrix.copy()
            # Sizes of nodes that the unit undoes are exactly 1.
            place[:3] /= size
            shared: dict[int, int] = {}
            for primitive in self._tree["meshes"][index]["primitives"]:
                if primitive.get("mode", _TRIANGLES) not in (_TRIANGLES, _STRIP, _FAN):
                    continue  # points and lines
                position = primitive["attributes"]["POSITION"]
                points = self._numbers(position, 3)
                if position not in shared:
                    shared[position] = number
                    number += len(points)
                    vertices.append(points @ place[:3, :3].T + place[:3, 3])
                    values.append(self._values(primitive, len(points)))
                corners = self._faces(primitive, len(points))
                if np.linalg.det(place[:3, :3]) < 0:  # a mirror turns faces inside out
                    corners = corners[:, ::-1]
                faces.append(corners + shared[position])
        if number == 0:
            raise ValueError("it holds no triangles")
        known = [each for each in values if each is not None]
        filled = [
            np.ones(len(points)) if each is None else each
            for each, points in zip(values, vertices[1:], strict=True)
        ]
        return Mesh(
            np.concatenate(vertices),
            np.concatenate(faces),
            np.concatenate(filled) if known else None,
            unit,
        )

    def _meshes(self) -> Iterator[tuple[NDArray[Any], int]]:
        """Return the meshes of the scene, each with where it lies."""
        nodes = self._tree.get("nodes", [])
        children = {child for node in nodes for child in node.get("children", [])}
        roots = [index for index in range(len(nodes)) if index not in children]
        if self._tree.get("scenes"):
            roots = self._tree["scenes"][self._tree.get("scene", 0)].get("nodes", [])
        left = [(np.eye(4), root) for root in reversed(roots)]
        seen = set()
        while left:
            matrix, index = left.pop()
            if index in seen or not 0 <= index < len(nodes):
                raise ValueError(f"it is damaged: it leads to the node {index} twice or not at all")
            seen.add(index)
            matrix = matrix @ _matrix(nodes[index])
            if "mesh" in nodes[index]:
                yield matrix, nodes[index]["mesh"]
            left += [(matrix, child) for child in reversed(nodes[index].get("children", []))]

    def _faces(self, primitive: dict[str, Any], number: int) -> NDArray[np.int64]:
        mode = primitive.get("mode", _TRIANGLES)
        if "indices" in primitive:
            corners = as_places(self._numbers(primitive["indices"], 1).ravel())
        else:
            corners = np.arange(number)
        if len(corners) and not 0 <= corners.min() <= corners.max() < number:
            raise ValueError(
                f"faces must point at vertices 0 to {number - 1}, they reach from "
                f"{corners.min()} to {corners.max()}"
            )
        if mode == _TRIANGLES:
            if len(corners) % 3:
                raise ValueError(f"it is damaged: {len(corners)} corners make no triangles")
            return corners.reshape(-1, 3)
        if len(corners) < 3:
            raise ValueError(f"it is damaged: {len(corners)} corners make no triangles")
        if mode == _STRIP:
            return strips_to_triangles([corners])
        return np.stack([np.full(len(corners) - 2, corners[0]), corners[1:-1], corners[2:]], axis=1)

    def _values(self, primitive: dict[str, Any], number: int) -> NDArray[Any] | None:
        """Return the values of vertices, or the first numbers that a program has given them."""
        names = [_VALUE, *primitive["attributes"]]
        for name in names:
            index = primitive["attributes"].get(name)
            if not name.startswith("_") or index is None:
                continue
            if self._tree["accessors"][index]["type"] != "SCALAR":
                continue
            values = self._numbers(index, 1).ravel()
            if len(values) != number:
                raise ValueError(f"it has {len(values)} values for {number} vertices")
            extras = primitive.get("extras")
            stated = extras.get("values") if isinstance(extras, dict) else None
            if stated == "int32" and (values == np.rint(values)).all():
                return values.astype(np.int32)
            return values
        return None

    def _numbers(self, index: int, width: int) -> NDArray[Any]:
        """Return the rows that an accessor describes."""
        accessor = self._tree["accessors"][index]
        count, found = accessor["count"], _SHAPES[accessor["type"]]
        dtype = np.dtype(_TYPES[accessor["componentType"]])
        if found != width or count < 0:
            raise ValueError(
                f"it is damaged: {accessor['type']} stands where {width} numbers belong"
            )
        if "bufferView" in accessor:
            rows = self._rows(accessor, dtype, count, width)
        elif "sparse" in accessor:
            rows = np.zeros((count, width), dtype)
        else:
            raise ValueError("it holds compressed numbers, or none; save it without compression")
        if "sparse" in accessor:
            sparse = accessor["sparse"]
            number = sparse["count"]
            where, what = sparse["indices"], sparse["values"]
            kind = np.dtype(_TYPES[where["componentType"]])
            rows = rows.copy()
            places = self._rows(where, kind, number, 1).ravel()
            rows[places] = self._rows(what, dtype, number, width)
        if accessor.get("normalized"):
            return np.maximum(rows / np.iinfo(dtype).max, -1.0)
        return rows.astype(rows.dtype.newbyteorder("="))

    def _rows(
        self, accessor: dict[str, Any], dtype: np.dtype[Any], count: int, width: int
    ) -> NDArray[Any]:
        view = self._tree["bufferViews"][accessor["bufferView"]]
        if "extensions" in view:
            raise ValueError("it holds compressed numbers; save it without compression")
        buffer = self._buffers[view["buffer"]]
        start = view.get("byteOffset", 0)
        end = start + view["byteLength"]
        first = start + accessor.get("byteOffset", 0)
        stride = view.get("byteStride", dtype.itemsize * width)
        last = first + (count - 1) * stride + dtype.itemsize * width
        if not 0 <= start <= first <= last <= end <= len(buffer) or stride <= 0:
            raise ValueError("it is incomplete: it describes more numbers than it holds")
        return np.ndarray((count, width), dtype, buffer, first, (stride, dtype.itemsize))


def _buffer(buffer: dict[str, Any], data: bytes | None) -> bytes:
    """Return the bytes of a buffer; never those of another file."""
    uri = buffer.get("uri")
    if uri is None:
        found = data or b""
    elif uri.startswith("data:") and ";base64," in uri[:200]:
        try:
            found = base64.b64decode(uri.split(";base64,", 1)[1], validate=True)
        except binascii.Error as error:
            raise ValueError(f"it is damaged: its numbers are no base64 ({error})") from None
    else:
        raise ValueError(
            f"it keeps its numbers in another file ({uri[:60]}), which is not opened; save it "
            "as .glb, which holds all"
        )
    if len(found) < buffer["byteLength"]:
        raise ValueError(f"it is incomplete: it holds {len(found)} of {buffer['byteLength']} bytes")
    return found


def _matrix(node: dict[str, Any]) -> NDArray[np.float64]:
    """Return where a node lies in the one above it."""
    if "matrix" in node:
        return np.array(node["matrix"], np.float64).reshape(4, 4).T
    x, y, z, w = np.array(node.get("rotation", (0, 0, 0, 1)), np.float64)
    rotation = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    matrix = np.eye(4)
    matrix[:3, :3] = rotation * np.array(node.get("scale", (1, 1, 1)), np.float64)
    matrix[:3, 3] = node.get("translation", (0, 0, 0))
    return matrix
