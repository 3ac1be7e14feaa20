"""STL, of text or binary: triangles that do not say which corners they share."""

from __future__ import annotations

import re
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.files.meshes.parts import GENERATOR, Mesh, numbers_in
from napari_delineate.files.units import stated_unit, unit_comment

__all__ = ["read", "write"]

_TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("more", "<u2")])
_HEADER = 80


def read(content: bytes) -> Mesh:
    """Return the mesh that a file of this format holds; corners at one place are one vertex."""
    stated = struct.unpack_from("<I", content, _HEADER)[0] if len(content) >= _HEADER + 4 else -1
    found = (len(content) - _HEADER - 4) // _TRIANGLE.itemsize
    if len(content) == _HEADER + 4 + stated * _TRIANGLE.itemsize:
        header = content[:_HEADER]
        corners = np.frombuffer(content, _TRIANGLE, offset=_HEADER + 4)["corners"]
    elif content[:200].lstrip().lower().startswith(b"solid") and b"\0" not in content:
        header = content.split(b"\n", 1)[0][:200]
        corners = _read_text(content.lower())
    elif 0 <= found < stated:
        raise ValueError(f"it is incomplete: it holds {found} of {stated} triangles")
    else:
        raise ValueError("it is no STL file: its length does not fit the triangles it states")
    vertices, faces = _welded(corners.reshape(-1, 3).astype(np.float32))
    return Mesh(vertices, faces, None, stated_unit(header.decode("utf-8", "replace")))


def write(mesh: Mesh) -> bytes:
    """Return the content of a binary file; it rounds coordinates to seven digits."""
    with np.errstate(over="ignore"):
        corners = mesh.vertices.astype(np.float32)[mesh.faces]
    if not np.isfinite(corners).all():
        raise ValueError("STL holds coordinates up to 3e38 only")
    triangles = np.zeros(len(corners), _TRIANGLE)
    triangles["corners"] = corners
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    normals = np.cross(first.astype(np.float64), second.astype(np.float64))
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    triangles["normal"] = np.divide(normals, lengths, np.zeros_like(normals), where=lengths > 0)
    text = f"written by {GENERATOR} {unit_comment(mesh.units)}".strip().encode()
    header = text[:_HEADER].ljust(_HEADER)
    return header + struct.pack("<I", len(triangles)) + triangles.tobytes()


def _read_text(content: bytes) -> NDArray[Any]:
    """Return the corners of triangles written as text."""
    if re.search(rb"\bendsolid\b[^\n]*\s*\Z", content) is None:
        raise ValueError('it is incomplete: it does not end with "endsolid"')
    lines = [line.split() for line in content.splitlines()]
    corners = [line[1:] for line in lines if line[:1] == [b"vertex"]]
    number = sum(line[:1] == [b"endfacet"] for line in lines)
    if len(corners) != 3 * number or any(len(corner) != 3 for corner in corners):
        raise ValueError(f"it has {number} facets and {len(corners)} corners, not three for each")
    return numbers_in(corners, "corners").reshape(-1, 3, 3)


def _welded(corners: NDArray[np.float32]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return vertices, each once in the order of their appearance, and faces."""
    # -0 and 0 are one place. Two numbers of 32 bits are sorted as one of 64.
    bits = (corners + np.float32(0)).view(np.uint32).astype(np.uint64)
    _, pairs = np.unique(bits[:, 0] << np.uint64(32) | bits[:, 1], return_inverse=True)
    keys = pairs.reshape(-1).astype(np.uint64) << np.uint64(32) | bits[:, 2]
    _, first, number = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return corners[first[order]].astype(np.float64), rank[number.reshape(-1)].reshape(-1, 3)
