"""What must be true of a session at any time."""

from __future__ import annotations

import re
import runpy
import warnings

import nbformat
import numpy as np

from napari_delineate.engine import Engine
from napari_delineate.export import write_notebook
from napari_delineate.types import Kind


def check(session, engine=None):
    """Every layer shows what another engine computes for the present workflow."""
    workflow, values = session.snapshot(session.workflow)
    fresh = (engine or Engine()).run(workflow, values, keep_going=True)
    for name, value in fresh.items():
        layer = session.layer(name)
        if layer is not None and value.kind in (Kind.IMAGE, Kind.LABELS, Kind.MASK):
            assert np.array_equal(layer.data, value.data), name
    for name in workflow.values:
        layer = session.layer(name)
        if name not in fresh and layer is not None:
            assert not layer.visible, f"{name} has failed"
    return fresh


def check_notebook(session, folder):
    """The code of the exported notebook gives what the session holds; return how many values.

    It warns of nothing that the steps of the session have not warned of.
    """
    notebook = nbformat.read(
        write_notebook(folder / "session.ipynb", *session.to_save()), as_version=4
    )
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    script = folder / "session.py"
    script.write_text("\n".join(cells), encoding="utf-8")
    with warnings.catch_warnings():
        for report in session.results.reports.values():
            for text in report.warnings:
                warnings.filterwarnings("ignore", f"{re.escape(text)}$", UserWarning)
        found = runpy.run_path(str(script))
    compared = 0
    for name, value in session.results.items():
        if value.kind.is_grid:
            assert np.array_equal(found[name], value.data), name
        elif value.kind is Kind.TABLE:
            assert found[name].equals(value.data), name
        elif value.kind is Kind.SURFACE:
            assert all(map(np.array_equal, found[name], value.data)), name
        elif value.kind is Kind.SCORES:
            assert found[name] == value.data, name
        else:
            continue
        compared += 1
    return compared
