"""Tables and surfaces, as spreadsheets and other programs find them."""

from __future__ import annotations

import csv
import json
import re

import numpy as np
import pandas as pd
import pytest
import tifffile
import trimesh

from napari_delineate import surfaces
from napari_delineate.files import FileError, read, write_result, write_surface, write_table
from napari_delineate.files.results import as_table
from napari_delineate.types import Kind, Surface
from napari_delineate.values import Value
from tests import inputs

# Tables


def table() -> pd.DataFrame:
    result = pd.DataFrame({"label": [1, 2], "area": [0.1, np.nan], "name": ["a,b", 'say "µ"']})
    result.attrs["units"] = {"label": "", "area": "micrometer²"}
    return result


def test_the_header_has_units(tmp_path):
    path = write_table(tmp_path / "table.csv", table())
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["label", "area [micrometer²]", "name"]
    assert rows[1] == ["1", "0.1", "a,b"]
    assert rows[2] == ["2", "", 'say "µ"']
    assert len(rows) == 3


def test_spreadsheets_are_told_that_it_is_utf_8(tmp_path):
    path = write_table(tmp_path / "table.csv", table())
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")


def test_pandas_reads_it_with_no_digit_lost(tmp_path):
    random = np.random.default_rng(0)
    given = pd.DataFrame({"label": np.arange(50) + 2**50, "area": random.random(50) * 1e-7})
    found = pd.read_csv(write_table(tmp_path / "table.csv", given), dtype={"area": str})
    assert found["label"].tolist() == given["label"].tolist()
    assert [float(text) for text in found["area"]] == given["area"].tolist()


def test_tables_without_units_or_rows(tmp_path):
    path = write_table(tmp_path / "a.csv", pd.DataFrame({"a": [1]}))
    assert path.read_text(encoding="utf-8-sig").split() == ["a", "1"]
    path = write_table(tmp_path / "b.csv", pd.DataFrame({"a": [], "b": []}))
    assert path.read_text(encoding="utf-8-sig").split() == ["a,b"]


# Surfaces


def box() -> Surface:
    """A box of 2 x 4 x 6 voxels (z, y, x), closed, far from the origin."""
    labels = np.zeros((12, 14, 16), int)
    labels[5:7, 5:9, 5:11] = 7
    labels[9:11, 2:4, 2:4] = 9
    return surfaces.labels_to_surface(labels, spacing=(2.0, 0.5, 0.25))


@pytest.mark.parametrize("ending", ["ply", "stl", "obj", "PLY"])
def test_other_programs_see_x_y_z_and_the_outside(tmp_path, ending):
    surface = box()
    mesh = trimesh.load(write_surface(tmp_path / f"mesh.{ending}", surface), force="mesh")
    low, high = surface.vertices.min(axis=0), surface.vertices.max(axis=0)
    assert mesh.bounds == pytest.approx(np.array([low[::-1], high[::-1]]), rel=1e-6)
    assert len(mesh.faces) == len(surface.faces)
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    # The sum over tetrahedra is negative where faces look inwards.
    volume = (2 * 4 * 6 + 2 * 2 * 2) * 2.0 * 0.5 * 0.25
    assert 0.5 * volume < mesh.volume < volume


@pytest.mark.parametrize("ending", ["ply", "stl", "obj"])
def test_what_is_written_is_read_again(tmp_path, ending):
    surface = box()
    found = read(write_surface(tmp_path / f"mesh.{ending}", surface))
    assert isinstance(found, Surface)
    corners, expected = found.vertices[found.faces], surface.vertices[surface.faces]
    assert corners.dtype == np.float64
    key = np.round(np.sort(corners.reshape(len(corners), -1), axis=1), 4)
    other = np.round(np.sort(expected.reshape(len(expected), -1), axis=1), 4)
    assert sorted(map(tuple, key)) == sorted(map(tuple, other))
    # Neighbouring triangles share their corners, so that it can be smoothed.
    assert len(found.vertices) == len(surface.vertices)
    smooth = surfaces.smooth(found)
    assert trimesh.Trimesh(smooth.vertices, smooth.faces, process=False).is_watertight


def test_ply_keeps_order_and_values(tmp_path):
    surface = box()
    found = read(write_surface(tmp_path / "mesh.ply", surface))
    assert np.array_equal(found.vertices, surface.vertices.astype(np.float32))
    assert np.array_equal(found.faces, surface.faces)
    assert np.array_equal(found.values, surface.values)


@pytest.mark.parametrize(
    "values",
    [
        np.array([1, 2, 2**31 - 1], np.int32),
        np.array([0, 2**31, 2**52], np.int64),
        np.array([0.1, -1e-30, 1e30]),
        np.array([0.1, 0.2, np.nan], np.float32),
        np.array([True, False, True]),
        np.array([1, 2, 255], np.uint8),
    ],
    ids=lambda values: str(values.dtype),
)
def test_ply_keeps_values_of_every_dtype(tmp_path, values):
    surface = Surface(np.eye(3), np.array([[0, 1, 2]]), values)
    found = read(write_surface(tmp_path / "mesh.ply", surface))
    assert np.array_equal(found.values, values, equal_nan=values.dtype.kind == "f")


def test_a_ply_file_of_text_keeps_its_values(tmp_path):
    (tmp_path / "mesh.ply").write_text(
        "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\n"
        "property float z\nproperty int value\nelement face 1\n"
        "property list uchar int vertex_indices\nend_header\n"
        "1 2 3 7\n4 5 6 8\n7 8 10 9\n3 0 1 2\n"
    )
    found = read(tmp_path / "mesh.ply")
    assert found.vertices.tolist() == [[3, 2, 1], [6, 5, 4], [10, 8, 7]]
    assert found.values.tolist() == [7, 8, 9]
    assert found.faces.tolist() == [[2, 1, 0]]


PLY = """ply
format ascii 1.0
element vertex {vertices}
property float x
property float y
property float z
element face {faces}
property list uchar int vertex_indices
end_header
1 2 3
4 5 {number}
7 8 10
3 0 1 {corner}
"""


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"corner": 3}, "faces must point at vertices 0 to 2, they reach from 0 to 3"),
        ({"corner": -1}, "faces must point at vertices 0 to 2, they reach from -1 to 1"),
        ({"number": "nan"}, "vertices holds 1 values that are not finite"),
        ({"number": "inf"}, "vertices holds 1 values that are not finite"),
        ({"vertices": 300}, "is incomplete: it holds 4 of 300 vertex entries"),
        ({"vertices": 4}, "is incomplete: it holds 0 of 1 face entries"),
        ({"faces": 20}, "is incomplete: it holds 1 of 20 face entries"),
    ],
    ids=str,
)
def test_a_damaged_ply_file_is_refused(tmp_path, wrong, message):
    path, right = tmp_path / "mesh.ply", {"vertices": 3, "faces": 1, "number": 6, "corner": 2}
    path.write_text(PLY.format(**right))
    assert read(path).faces.tolist() == [[2, 1, 0]]
    path.write_text(PLY.format(**{**right, **wrong}))
    with pytest.raises(FileError, match=re.escape(message)) as error:
        read(path)
    assert str(path) in str(error.value)


def test_a_mesh_without_values_has_ones(tmp_path):
    trimesh.creation.box().export(tmp_path / "mesh.ply")
    found = read(tmp_path / "mesh.ply")
    assert found.values.tolist() == [1] * len(found.vertices)


def test_a_surface_without_objects_can_be_written(tmp_path):
    empty = Surface(np.zeros((0, 3)), np.zeros((0, 3), np.int64), np.zeros(0, np.int32))
    for ending in ("ply", "stl", "obj"):
        assert write_surface(tmp_path / f"mesh.{ending}", empty).exists()
    assert len(read(tmp_path / "mesh.ply").faces) == 0


def test_a_mesh_can_not_make_another_file_be_read(tmp_path):
    secret = tmp_path / "secret.mtl"
    secret.write_text("newmtl a\nKd 1 0 0\nmap_Kd secret.png\n")
    (tmp_path / "mesh.obj").write_text(
        "mtllib secret.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nusemtl a\nf 1 2 3\n"
    )
    secret.chmod(0)
    assert len(read(tmp_path / "mesh.obj").faces) == 1


@pytest.mark.parametrize("name", ["mesh.vtk", "mesh", "mesh.ply.gz", "mesh.glb", "mesh.pkl"])
def test_other_formats_are_refused_with_those_known(tmp_path, name):
    with pytest.raises(FileError, match=r"to files that end in \.ply, \.stl, \.obj") as error:
        write_surface(tmp_path / name, box())
    assert name in str(error.value)
    assert not list(tmp_path.iterdir())


# Every kind of result


def test_results_on_a_grid_are_ome_tiff_with_the_workflow(tmp_path):
    value = Value.of(inputs.labels(3), Kind.LABELS, "ZYX", 0.5, "micrometer")
    text = json.dumps({"steps": [{"name": "é ✓ <&>"}]})
    path = write_result(tmp_path / "new", "labels", value, text)
    assert path == tmp_path / "new" / "labels.ome.tif"
    assert np.array_equal(tifffile.imread(path), inputs.labels(3))
    with tifffile.TiffFile(path) as file:
        root = tifffile.xml2dict(file.ome_metadata)
    assert json.loads(root["OME"]["Image"]["Description"]) == json.loads(text)


def test_results_of_other_kinds(tmp_path):
    points = Value.of(np.array([[1.0, 2.0]]), Kind.POINTS, units="micrometer")
    written = {
        "mesh": Value.of(box(), Kind.SURFACE),
        "table": Value.of(table(), Kind.TABLE),
        "score": Value.of(0.75, Kind.SCORES),
        "points": points,
    }
    paths = [write_result(tmp_path, name, value) for name, value in written.items()]
    assert [path.name for path in paths] == ["mesh.ply", "table.csv", "score.csv", "points.csv"]
    assert pd.read_csv(tmp_path / "score.csv").to_dict("list") == {"score": [0.75]}
    assert pd.read_csv(tmp_path / "points.csv").to_dict("list") == {
        "Y [micrometer]": [1.0],
        "X [micrometer]": [2.0],
    }


def test_points_of_a_movie_have_a_column_without_unit(tmp_path):
    value = Value.of(np.array([[0, 1.5, 2.5]]), Kind.POINTS, "TYX", 0.5, "micrometer")
    found = as_table("points", value)
    assert list(found.columns) == ["T", "Y", "X"]
    assert found.attrs["units"] == {"T": "", "Y": "micrometer", "X": "micrometer"}


def test_vertices_of_a_movie_are_a_table(tmp_path):
    vertices = np.insert(box().vertices, 0, 3, axis=1)
    value = Value.of(box()._replace(vertices=vertices), Kind.SURFACE, "TZYX", 0.5, "micrometer")
    path = write_result(tmp_path, "mesh", value)
    found = pd.read_csv(path)
    assert path.name == "mesh.csv"
    assert list(found.columns) == ["T", "Z [micrometer]", "Y [micrometer]", "X [micrometer]"]
    assert len(found) == len(vertices)


def test_several_scores_are_a_table(tmp_path):
    value = Value.of({"precision": 0.5, "recall": 1.0}, Kind.SCORES)
    assert as_table("scores", value).to_dict("list") == {"precision": [0.5], "recall": [1.0]}
