"""Tables in the formats of spreadsheets and of other programs, read back by those."""

from __future__ import annotations

import importlib.util
import json

import numpy as np
import pandas as pd
import pytest

from napari_delineate.files import FileError, write_table
from napari_delineate.files.tables import TABLES

PROVENANCE = {"versions": {"numpy": "2.0"}, "workflow": {"steps": [{"name": "measure – µ"}]}}


@pytest.fixture
def table():
    result = pd.DataFrame(
        {
            "label": [1, 2, 3],
            "area": [0.1, np.nan, 1 / 3],
            "name": ["=1+1", "µ", "@x"],
        }
    )
    result.attrs["units"] = {"label": "", "area": "micrometer²"}
    return result


def test_excel_has_every_text_as_a_text_and_csv_as_it_is(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    texts = ["=1+1", '=HYPERLINK("http://x")', "+1", "-1", "@x", "#N/A", "#REF!", "\tx", "1e5"]
    table = pd.DataFrame({"image": texts, "=area": 1.0})
    sheet = openpyxl.load_workbook(write_table(tmp_path / "a.xlsx", table))["Table"]
    assert [cell.value for cell in sheet[1]] == ["image", "=area"]
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == texts
    kinds = {cell.data_type for cell in [*sheet["A"], *sheet[1]]}
    assert kinds == {"s"}
    read = pd.read_csv(write_table(tmp_path / "a.csv", table), keep_default_na=False)
    assert read["image"].tolist() == texts


def test_excel_refuses_what_it_can_not_hold(tmp_path):
    pytest.importorskip("openpyxl")
    path = tmp_path / "a.xlsx"
    with pytest.raises(FileError, match=r"control character in .bell \\x07.; save a CSV"):
        write_table(path, pd.DataFrame({"image": ["fine", "bell \a"]}))
    assert not path.exists()


def test_excel_has_units_provenance_and_no_formulas(tmp_path, table):
    openpyxl = pytest.importorskip("openpyxl")
    before = table.copy()
    path = write_table(tmp_path / "table.xlsx", table, PROVENANCE)
    book = openpyxl.load_workbook(path)
    rows = [[cell.value for cell in row] for row in book["Table"].iter_rows()]
    assert rows[0] == ["label", "area [micrometer²]", "name"]
    assert rows[1:] == [[1, 0.1, "=1+1"], [2, None, "µ"], [3, 1 / 3, "@x"]]
    assert "f" not in {cell.data_type for row in book["Table"].iter_rows() for cell in row}
    lines = [row[0].value for row in book["Provenance"].iter_rows(min_row=2)]
    assert json.loads("\n".join(lines)) == PROVENANCE
    assert [file.name for file in tmp_path.iterdir()] == ["table.xlsx"]
    pd.testing.assert_frame_equal(table, before)
    assert "provenance" not in table.attrs


def test_parquet_gives_pandas_all_back(tmp_path, table):
    pytest.importorskip("pyarrow")
    found = pd.read_parquet(write_table(tmp_path / "table.parquet", table, PROVENANCE))
    assert found["area"].equals(table["area"])
    assert found["name"].tolist() == table["name"].tolist()
    assert found.attrs == {"units": table.attrs["units"], "provenance": PROVENANCE}


def test_a_csv_has_its_provenance_beside_it(tmp_path, table):
    path = write_table(tmp_path / "table.csv", table, PROVENANCE)
    assert pd.read_csv(path).shape == table.shape
    beside = tmp_path / "table.provenance.json"
    assert json.loads(beside.read_text(encoding="utf-8")) == PROVENANCE


@pytest.mark.parametrize("ending", [".xlsx", ".parquet"])
def test_formats_that_need_a_package_say_which(tmp_path, table, monkeypatch, ending):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(FileError, match=rf"table{ending}: {TABLES[ending]} needs the package"):
        write_table(tmp_path / f"table{ending}", table)
    assert not list(tmp_path.iterdir())
