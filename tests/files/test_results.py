"""Tables and other results, as spreadsheets and other programs find them."""

from __future__ import annotations

import csv
import json

import numpy as np
import pandas as pd
import tifffile

from napari_delineate import surfaces
from napari_delineate.files import write_result, write_table
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


def box() -> Surface:
    """A box of 2 x 4 x 6 voxels (z, y, x) and a small one, closed, far from the origin."""
    labels = np.zeros((12, 14, 16), int)
    labels[5:7, 5:9, 5:11] = 7
    labels[9:11, 2:4, 2:4] = 9
    return surfaces.labels_to_surface(labels, spacing=(2.0, 0.5, 0.25))


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
