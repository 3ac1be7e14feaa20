"""Write tables with units and with how they were made, for spreadsheets and other programs."""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from napari_delineate.files.errors import FileError
from napari_delineate.files.saving import atomic_path
from napari_delineate.types import Table

__all__ = ["PROVENANCE", "TABLES", "column_titles", "write_table"]

TABLES = {".csv": "CSV", ".xlsx": "Excel", ".parquet": "Parquet"}
"""Endings of files that tables are written to, and what people call the formats."""

PROVENANCE = "provenance"
"""The entry of a table's `attrs` that says how it was made."""

_PACKAGES = {".xlsx": "openpyxl", ".parquet": "pyarrow"}
_ROWS_OF_EXCEL = 2**20
_READ_AS_MORE = ("f", "e")
"""What openpyxl makes of a text that begins with =, a formula, and of one such as #N/A, an error.
There are neither in a table: names of files and objects are texts."""


def write_table(
    path: str | os.PathLike[str], table: Table, provenance: Mapping[str, Any] | None = None
) -> Path:
    """Write a table as CSV, Excel or Parquet, with units.

    Parameters
    ----------
    path : path
        The file; its ending chooses the format, CSV where it is none of `TABLES`.
    table : pandas.DataFrame
        The table; a column "area" with the unit "micrometer²" becomes
        "area [micrometer²]" in CSV and Excel. Parquet keeps the names, and pandas reads the
        units back as `attrs["units"]`.
    provenance : mapping, optional
        How the table was made, ready for JSON: a further sheet in Excel, `attrs["provenance"]`
        in Parquet, and a file beside a CSV that ends in ".provenance.json".

    Returns
    -------
    Path
        The file. CSV is UTF-8 with a mark at its start that spreadsheets need. Texts are
        written as they are: Excel gets them as texts, but a CSV can not say so, and a
        spreadsheet that opens one may take a name that begins with = + - or @ for a formula.

    Raises
    ------
    FileError
        If the format needs a package that is not installed, or can not hold the table.
    OSError
        If the file can not be written; an old one then stays as it was.
    """
    ending = Path(path).suffix.lower()
    package = _PACKAGES.get(ending)
    if package is not None and importlib.util.find_spec(package) is None:
        raise FileError(
            f"{Path(path).name}: {TABLES[ending]} needs the package {package}; install it with "
            "pip install 'napari-delineate[tables]', or save a CSV"
        )
    if ending == ".xlsx" and len(table) >= _ROWS_OF_EXCEL:
        raise FileError(
            f"{Path(path).name}: Excel holds {_ROWS_OF_EXCEL - 1:,} rows, the table has "
            f"{len(table):,}; save a CSV or Parquet"
        )
    with atomic_path(path) as draft:
        if ending == ".xlsx":
            _write_excel(draft, table, provenance)
        elif ending == ".parquet":
            _write_parquet(draft, table, provenance)
        else:
            table.to_csv(draft, index=False, header=column_titles(table), encoding="utf-8-sig")
    if provenance is not None and package is None:
        with atomic_path(Path(path).with_suffix(".provenance.json")) as draft:
            draft.write_text(_as_text(provenance), encoding="utf-8")
    return Path(path)


def column_titles(table: Table) -> list[str]:
    """Return the names of a table's columns with their units.

    Parameters
    ----------
    table : pandas.DataFrame
        A table whose `attrs["units"]` maps columns to units.

    Returns
    -------
    list of str
        For instance "area [micrometer²]"; the name alone where there is no unit.
    """
    units = table.attrs.get("units", {})
    return [f"{name} [{units[name]}]" if units.get(name) else str(name) for name in table.columns]


def _write_excel(path: Path, table: Table, provenance: Mapping[str, Any] | None) -> None:
    import pandas as pd
    from openpyxl.utils.exceptions import IllegalCharacterError

    sheets = {"Table": table.set_axis(column_titles(table), axis="columns")}
    if provenance is not None:
        lines = _as_text(provenance).splitlines()  # a cell holds 32,767 letters
        sheets["Provenance"] = pd.DataFrame({"How the table was made": lines})
    with pd.ExcelWriter(path, engine="openpyxl") as writer:
        for name, content in sheets.items():
            try:
                content.to_excel(writer, sheet_name=name, index=False)
            except IllegalCharacterError as error:
                text = str(error).removesuffix(" cannot be used in worksheets.")
                raise FileError(
                    f"Excel can not hold the control character in {text!r}; save a CSV"
                ) from error
            sheet = writer.sheets[name]
            sheet.freeze_panes = "B2" if name == "Table" else "A2"
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.data_type in _READ_AS_MORE:
                        cell.data_type = "s"


def _write_parquet(path: Path, table: Table, provenance: Mapping[str, Any] | None) -> None:
    kept = table.copy()
    kept.columns = kept.columns.map(str)
    if provenance is not None:
        kept.attrs[PROVENANCE] = dict(provenance)
    kept.to_parquet(path, engine="pyarrow", index=False)


def _as_text(provenance: Mapping[str, Any]) -> str:
    return json.dumps(provenance, indent=2, ensure_ascii=False)
