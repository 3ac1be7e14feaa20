"""Wavefront OBJ: vertices and polygons as text; nothing else of it is read."""

from __future__ import annotations

import re

import numpy as np

from napari_delineate.files.meshes.parts import (
    Mesh,
    check_counts,
    counts_in_words,
    doubt_of_end,
    numbers_in,
    triangles,
)
from napari_delineate.files.units import stated_unit, unit_comment

__all__ = ["read", "write"]


def read(content: bytes) -> Mesh:
    """Return the mesh that a file of this format holds."""
    text = re.sub(r"\\\r?\n", " ", content.decode("utf-8", "replace"))
    vertices: list[str] = []
    faces: list[str] = []
    counts, before, comments = [], [], []
    for line in text.splitlines():
        word, *rest = line.split() or [""]
        if word == "v":
            if len(rest) < 3:
                raise ValueError("it holds a vertex with less than three coordinates")
            vertices += rest[:3]
        elif word == "f":
            # The vertex of a corner stands before those of its texture and its normal.
            faces += [corner.split("/", 1)[0] for corner in rest] if "/" in line else rest
            counts.append(len(rest))
            before.append(len(vertices) // 3)
        elif word.startswith("#"):
            comments.append(line)
    places = numbers_in(vertices, "vertices").reshape(-1, 3)
    numbers = numbers_in(faces, "faces", "i4")
    if (numbers == 0).any():
        raise ValueError("its faces point at the vertex 0; they are counted from 1")
    # Numbers below zero count back from the vertices that came before.
    since = np.repeat(np.array(before, np.int64), counts)
    corners_of = np.where(numbers < 0, since + numbers, numbers - 1)
    mesh = Mesh(places, triangles(places, corners_of, np.array(counts, np.int64)))
    head, doubt = "\n".join(comments), doubt_of_end(content)
    if check_counts(head, mesh):
        if doubt:
            raise ValueError(f"it is incomplete: {doubt}")
    elif not counts:
        raise ValueError("it holds no triangles")
    return mesh._replace(units=stated_unit(head), doubt=doubt)


def write(mesh: Mesh) -> bytes:
    """Return the content of a file; coordinates lose nothing, values are left out."""
    unit = unit_comment(mesh.units)
    head = [f"# {counts_in_words(mesh._replace(values=None))}", *([f"# {unit}"] if unit else [])]
    columns = np.asarray(mesh.vertices, np.float64).T.tolist()
    corners = (np.asarray(mesh.faces, np.int64) + 1).T.tolist()
    lines = [
        *head,
        *map("v {!r} {!r} {!r}".format, *columns),
        *map("f {} {} {}".format, *corners),
    ]
    return ("\n".join(lines) + "\n").encode()
